//! The one place that looks who asks for a page, and hands on to its handler: session, form, right, once.

use std::sync::Arc;

use issuer::SignInClient;
use jiff::Timestamp;
use reading::Web;
use serde_json::Value as Json;
use service::{Actor, NotDone, entering::Entered, sessions};
use store::ConsoleSession;

use crate::{
    cookies,
    formats::Formats,
    once::{self, FormBefore},
    outcome::{ConsolePage, ConsoleReply, ConsoleTrouble, PageResult},
    own_pages::{self, SIGN_OUT, SIGN_OUT_EVERYWHERE, TENANT, YOU},
    request::ConsoleRequest,
    routes::{self, FoundRoute},
    secrets::SessionSecrets,
    shell::{self, Around, Shell, ShownTo, see},
    sign_in_pages::{self, SIGN_IN, SIGNED_IN, SIGNED_OUT, SignInTrouble},
    static_files::{StaticFiles, is_file},
    trouble::{self, WayOut},
    visit::{ConsoleDesk, ConsoleVisit},
};

/// What every form names the session's token by.
const FORM_TOKEN: &str = "form_token";

/// The gate, and what lies behind it.
pub(crate) struct Gate {
    pub(crate) desk: Arc<ConsoleDesk>,
    pub(crate) shell: Shell,
    pub(crate) files: StaticFiles,
    /// Where people sign in; nothing where the console is switched off.
    pub(crate) client: Option<SignInClient>,
    pub(crate) web: Web,
    /// The address of the API as people reach it; the host that was asked where nothing is said.
    pub(crate) own: Option<String>,
}

/// Somebody who is signed in, and with what.
struct SignedIn {
    session: ConsoleSession,
    secrets: SessionSecrets,
    now: Timestamp,
}

impl Gate {
    /// Answers a request.
    pub(crate) async fn answer(&self, request: ConsoleRequest) -> Json {
        let (method, path, now) = (request.method(), request.path(), self.desk.clock.now());
        if is_file(path) {
            return match self.files.at(path).filter(|_| method == "GET") {
                Some(file) => shell::lasting(file.content_type, file.body),
                None => {
                    self.alone(&trouble::page(404, "There is no such file", "The address leads to nothing here.", None, false))
                }
            };
        }
        let Some(client) = &self.client else {
            let why = "Whoever runs this deployment switches it on with the parameter OidcClientId; docs/console.md says how.";
            return self.alone(&trouble::page(404, "The console is switched off", why, None, false));
        };
        let own = self.own.as_deref().unwrap_or(request.host());
        let signed_in = match (method, path) {
            ("GET", SIGN_IN) => sign_in_pages::begin((client, &self.web), &request, own, now).await,
            ("GET", SIGNED_IN) => sign_in_pages::end((client, &self.web), &self.desk, &request, own, now).await,
            ("GET", SIGNED_OUT) => {
                let why =
                    "Your session is over, and this browser holds nothing of it. At your issuer you may still be signed in.";
                let values = minijinja::context! { why };
                let page = ConsolePage::new(crate::sections::Section::Own, "You are signed out", "signed_out", values);
                return self.alone(&page);
            }
            ("GET" | "POST", _) => return self.guarded(&request, now).await,
            _ => return self.alone(&trouble::page(405, "This is not taken", "A page is read, or a form posted.", None, false)),
        };
        signed_in.unwrap_or_else(|why| match why {
            SignInTrouble::NotSignedIn(why) => self.alone(&trouble::of_sign_in(&why)),
            SignInTrouble::NotDone(why) => self.alone(&trouble::of(why.into(), SIGN_IN)),
        })
    }

    /// A page for whoever comes.
    pub(crate) fn alone(&self, page: &ConsolePage) -> Json {
        self.shell.page(page, Around { to: None, said: None, form_token: None }, &[])
    }

    /// What is there for whoever is signed in, and for nobody else.
    async fn guarded(&self, request: &ConsoleRequest, now: Timestamp) -> Json {
        let is_form = request.method() == "POST";
        if is_form {
            let origins = [request.host(), self.own.as_deref().unwrap_or(request.host())];
            if !request.is_posted_by(&origins) {
                let why =
                    "A form of the console is posted by its own pages alone. Open the page here and send the form from there.";
                return self.alone(&trouble::page(403, "The form was not taken", why, Some(home()), false));
            }
        }
        let opened = match cookies::session_id(request) {
            Some(id) => sessions::open(&self.desk.store, &id, now).await.map(|found| found.map(|session| (id, session))),
            None => Ok(None),
        };
        let (id, session) = match opened {
            Ok(Some(found)) => found,
            Ok(None) if is_form => {
                let why = "You are not signed in any more, and the form was not taken. Go back and copy what you typed; then sign in, open its page \
                           again and send it from there.";
                let way = WayOut { to: SIGN_IN, label: "Sign in" };
                return self.alone(&trouble::page(401, "You are not signed in", why, Some(way), false));
            }
            Ok(None) => return see(&sign_in_pages::address_from(request), request.is_in_place(), &[]),
            Err(error) => return self.alone(&trouble::of(error.into(), "/console")),
        };
        let signed_in = SignedIn { session, secrets: SessionSecrets::of(&id), now };
        if is_form && let Err(why) = look_at_form(request, &signed_in.secrets) {
            return self.alone(&trouble::of(why, request.came_from().unwrap_or("/console")));
        }
        match self.entered(request, &signed_in).await {
            Ok(answer) => answer,
            Err(why) => self.alone(&trouble::of(why, request.came_from().unwrap_or("/console"))),
        }
    }

    /// What there is for somebody who is signed in, whatever they may do.
    async fn entered(&self, request: &ConsoleRequest, signed_in: &SignedIn) -> Result<Json, ConsoleTrouble> {
        let SignedIn { session, now, .. } = signed_in;
        let store = &self.desk.store;
        match (request.method(), request.path()) {
            ("POST", SIGN_OUT) => {
                sessions::end(store, session).await?;
                return Ok(see(SIGNED_OUT, false, &[cookies::no_session_cookie(request)]));
            }
            ("POST", SIGN_OUT_EVERYWHERE) => {
                sessions::end_all(store, session).await?;
                return Ok(see(SIGNED_OUT, false, &[cookies::no_session_cookie(request)]));
            }
            ("POST", TENANT) => {
                return match own_pages::choose_tenant(&self.desk, session, request, *now).await {
                    Ok(()) => Ok(see("/console", false, &[])),
                    Err(NotDone::NotAllowed(why)) => self.ask_for_tenant(signed_in, &why).await,
                    Err(other) => Err(other.into()),
                };
            }
            _ => {}
        }
        match sessions::entered(store, session, *now).await? {
            Entered::As(actor) => self.acts(request, signed_in, actor).await,
            Entered::Nowhere(why) => {
                // Who claims no tenant chooses one, or is told why they may not act for the one that they chose.
                let has_none = session.chosen.is_none() && session.tenant.is_none();
                let why = if has_none { "Choose for whom you work." } else { why.as_str() };
                self.ask_for_tenant(signed_in, why).await
            }
        }
    }

    async fn ask_for_tenant(&self, signed_in: &SignedIn, why: &str) -> Result<Json, ConsoleTrouble> {
        let page = own_pages::ask_for_tenant(&self.desk, &signed_in.session, why).await?;
        let form_token = Some(signed_in.secrets.form_token());
        Ok(self.shell.page(&page, Around { to: None, said: None, form_token }, &[]))
    }

    /// A page, or a form, of somebody who acts for a tenant.
    async fn acts(&self, request: &ConsoleRequest, signed_in: &SignedIn, actor: Actor) -> Result<Json, ConsoleTrouble> {
        let SignedIn { session, secrets, now } = signed_in;
        let settings = self.desk.store.settings(actor.tenant()).await?.map(|settings| settings.value);
        let formats = Formats::of(settings.as_ref(), *now);
        let name = [&session.name, &session.email].into_iter().flatten().next().unwrap_or(&session.subject);
        let to = ShownTo {
            name: name.clone(),
            tenant: if actor.is_operator() { String::new() } else { actor.tenant().to_string() },
            tenant_name: settings.as_ref().map_or_else(|| actor.tenant().to_string(), |settings| settings.name.clone()),
            role: actor.as_what().to_owned(),
            sections: routes::listed_sections().into_iter().filter(|listed| actor.may(listed.operation).is_ok()).collect(),
        };
        if own_pages::is_own(request.path()) {
            if (request.method(), request.path()) != ("GET", YOU) {
                return Err(ConsoleTrouble::NoPage);
            }
            let page = own_pages::you(&self.desk, session, &actor, &formats, *now).await?;
            return Ok(self.show(request, secrets, to, ConsoleReply::Page(page)));
        }
        let (route, path_values) = match routes::find(request.method(), request.path()) {
            FoundRoute::Row(route, values) => (route, values),
            FoundRoute::OtherMethod | FoundRoute::Nothing => return Err(ConsoleTrouble::NoPage),
        };
        actor.may(route.operation)?;
        let mark = if request.method() == "POST" {
            match once::look(&self.desk, &actor, request, *now).await? {
                FormBefore::New(mark) => Some(mark),
                FormBefore::Done(reply) => return Ok(self.show(request, secrets, to, reply)),
            }
        } else {
            None
        };
        let actor = match &mark {
            // The text of the attempt is fresh, and tells what it does from the same done by another one.
            Some(mark) => actor.by_act(mark.attempt.clone()).only_once(mark.clone()),
            None => actor,
        };
        let desk = Arc::clone(&self.desk);
        let visit = ConsoleVisit { desk, actor, now: *now, request: request.clone(), settings, formats, path_values };
        let result: PageResult = (route.handler)(&visit).await;
        let result = match &mark {
            Some(mark) => once::settle(&self.desk, mark, *now, result).await,
            None => result,
        };
        Ok(self.show(request, secrets, to, result?))
    }

    /// An answer as it leaves.
    fn show(&self, request: &ConsoleRequest, secrets: &SessionSecrets, to: ShownTo, reply: ConsoleReply) -> Json {
        match reply {
            ConsoleReply::Page(page) => {
                // What htmx asks for is a part of a page, which says nothing of what was done before.
                let said = cookies::said(request, secrets).filter(|_| !request.is_in_place());
                let forgets: Vec<String> = said.iter().map(|_| cookies::no_said_cookie(request)).collect();
                let around = Around { to: Some(to), said, form_token: Some(secrets.form_token()) };
                self.shell.page(&page, around, &forgets)
            }
            ConsoleReply::See { to, said } => {
                let cookies: Vec<String> = said.iter().map(|said| cookies::said_cookie(request, secrets, said)).collect();
                see(&to, request.is_in_place(), &cookies)
            }
            ConsoleReply::File { content_type, name, body } => shell::download(content_type, &name, &body),
            ConsoleReply::Document { html } => shell::document(&html),
            ConsoleReply::Binary { content_type, name, body } => shell::download_bytes(content_type, &name, &body),
        }
    }
}

/// The way to where the console begins.
fn home() -> WayOut<'static> {
    WayOut { to: "/console", label: "Open the console" }
}

/// Refuses what is no form of this session.
fn look_at_form(request: &ConsoleRequest, secrets: &SessionSecrets) -> Result<(), ConsoleTrouble> {
    let no = |why: &str| Err(ConsoleTrouble::NoForm(why.to_owned()));
    let Some(fields) = request.form() else { return no("what was sent is no form of a page here") };
    let token = fields.iter().find(|(name, _)| name == FORM_TOKEN).map(|(_, value)| value.as_str());
    if token.is_some_and(|token| secrets.is_form_token(token)) {
        return Ok(());
    }
    no("the form is of another session than the one that you are signed in by now; load its page again and send it from there")
}
