//! Stripe's side of the wire.

use std::sync::{LazyLock, Mutex};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;

use super::{
    errors::Refusal,
    held::{Session, Status},
    ledger::Pen,
    rules, wire,
};
use crate::{
    Desk, PaymentDesk,
    hosted_page::{HostedPage, notice},
    lock::lock,
    payment_desk::{Account, Known},
    server::Vendor,
    specs::Specs,
    web,
    witness::Lens,
};

const NAME: &str = "Stripe";
const LISTED: usize = 10;

static SPECS: LazyLock<Specs> = LazyLock::new(|| {
    let requests =
        ["checkout_sessions_create", "checkout_sessions_list", "refunds_create", "refunds_list", "disputes_list", "one"];
    Specs::read(include_str!("../../specs/stripe.json"), &requests)
});

pub struct Service {
    pub desk: PaymentDesk,
    pub sessions: Mutex<Vec<Session>>,
}

impl Vendor for Service {
    fn desk(&self) -> &Desk {
        &self.desk.desk
    }

    fn kind(&self, request: &Request<Bytes>) -> String {
        let parts = web::parts(request);
        let method = request.method();
        match parts.as_slice() {
            ["v1", "checkout", "sessions"] => format!("{method} checkout/sessions"),
            ["v1", "checkout", "sessions", _] => format!("{method} checkout/sessions/id"),
            ["v1", "checkout", "sessions", _, "expire"] => format!("{method} checkout/sessions/id/expire"),
            ["v1", list] => format!("{method} {list}"),
            ["v1", list, _] => format!("{method} {list}/id"),
            ["c", "pay", _] => format!("{method} page"),
            _ => request.uri().path().to_owned(),
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        self.pass_time();
        let parts = web::parts(request);
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["c", "pay", id]) => self.page(id),
            (&Method::POST, ["c", "pay", id]) => self.pressed(id, request),
            (_, ["v1", rest @ ..]) => self.of_account(request, rest).unwrap_or_else(|refusal| refusal.answer()),
            (method, _) => Refusal::no_route(method.as_str(), request.uri().path()).answer(),
        }
    }

    fn refusal(&self, status: StatusCode) -> Response<Bytes> {
        Refusal::of_status(status).answer()
    }

    fn lens(&self) -> Lens {
        Lens::NOTHING
    }
}

impl Service {
    /// Lets expire what nobody paid in time.
    pub fn pass_time(&self) {
        let now = self.desk.now();
        let mut pen = Pen::new(&self.desk);
        for session in lock(&self.sessions).iter_mut() {
            if session.status == Status::Open && session.asked.expires_at <= now {
                pen.expire(session);
            }
        }
        self.desk.tell(pen.events);
    }

    fn of_account(&self, request: &Request<Bytes>, rest: &[&str]) -> Result<Response<Bytes>, Refusal> {
        let said = web::bearer(request);
        let account = self.desk.account_by("secret_key", said).ok_or_else(|| Refusal::stranger(said))?;
        let pairs: Vec<(String, String)> = match *request.method() {
            Method::POST => form_urlencoded::parse(request.body()).into_owned().collect(),
            _ => form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect(),
        };
        match (request.method(), rest) {
            (&Method::POST, _) => self.once(request, &account, rest, &pairs),
            (&Method::GET, ["checkout", "sessions"]) => {
                let params = checked("checkout_sessions_list", &pairs)?;
                let wanted = params["payment_intent"].as_str();
                self.list(&account, &params, "/v1/checkout/sessions", |session| {
                    let is_wanted = wanted.is_none() || session.intent.as_deref() == wanted;
                    if is_wanted { vec![wire::session(session)] } else { Vec::new() }
                })
            }
            (&Method::GET, ["refunds" | "disputes"]) => {
                let is_dispute = rest == ["disputes"];
                let params = checked(if is_dispute { "disputes_list" } else { "refunds_list" }, &pairs)?;
                let (intent, charge) = (params["payment_intent"].as_str(), params["charge"].as_str());
                let url = if is_dispute { "/v1/disputes" } else { "/v1/refunds" };
                self.list(&account, &params, url, |session| {
                    let is_of = |wanted: Option<&str>, own: Option<&str>| wanted.is_none() || wanted == own;
                    if !is_of(intent, session.intent.as_deref()) || !is_of(charge, session.charge.as_deref()) {
                        return Vec::new();
                    }
                    let taken = session.taken_back.iter().filter(|one| one.is_dispute == is_dispute);
                    taken.map(|one| if is_dispute { wire::dispute(session, one) } else { wire::refund(session, one) }).collect()
                })
            }
            (&Method::GET, _) => {
                checked("one", &pairs)?;
                self.one(&account, rest).map(|object| web::json(StatusCode::OK, &object))
            }
            (method, _) => Err(Refusal::no_route(method.as_str(), request.uri().path())),
        }
    }

    /// Carries a request out once, however often it comes with its key.
    fn once(
        &self,
        request: &Request<Bytes>,
        account: &Account,
        rest: &[&str],
        pairs: &[(String, String)],
    ) -> Result<Response<Bytes>, Refusal> {
        let Some(key) = web::header(request, "idempotency-key") else { return self.post(request, account, rest, pairs) };
        if key.is_empty() || key.len() > 255 {
            return Err(Refusal::of("", None, "Idempotency keys have 1 to 255 characters"));
        }
        let mut sorted = pairs.to_vec();
        sorted.sort();
        let (endpoint, body) = (request.uri().path(), format!("{sorted:?}"));
        match self.desk.known(&account.name, key, endpoint, &body) {
            Known::Answered(mut answer) => {
                answer.headers_mut().insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
                return Ok(answer);
            }
            Known::AnotherBody(_) => return Err(Refusal::key_reused(key, "with the same parameters")),
            Known::AnotherEndpoint(other) => {
                return Err(Refusal::key_reused(key, &format!("for the same endpoint ('{endpoint}' vs '{other}')")));
            }
            Known::Nothing => {}
        }
        let answer = self.post(request, account, rest, pairs)?;
        self.desk.answered(&account.name, key, endpoint, &body, &answer);
        Ok(answer)
    }

    fn post(
        &self,
        request: &Request<Bytes>,
        account: &Account,
        rest: &[&str],
        pairs: &[(String, String)],
    ) -> Result<Response<Bytes>, Refusal> {
        let object = match rest {
            ["checkout", "sessions"] => self.begin(request, account, checked("checkout_sessions_create", pairs)?)?,
            ["checkout", "sessions", id, "expire"] => {
                checked("one", pairs)?;
                let mut sessions = lock(&self.sessions);
                let session = find(&mut sessions, account, id)?;
                if session.status != Status::Open {
                    let message = format!(
                        "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a \
                         status of `{}`.",
                        session.status.word()
                    );
                    return Err(Refusal::of("", None, message));
                }
                let mut pen = Pen::new(&self.desk);
                pen.expire(session);
                let object = wire::session(session);
                drop(sessions);
                self.desk.tell(pen.events);
                object
            }
            ["refunds"] => self.refund(account, &checked("refunds_create", pairs)?)?,
            _ => return Err(Refusal::no_route("POST", request.uri().path())),
        };
        Ok(web::json(StatusCode::OK, &object))
    }

    fn begin(&self, request: &Request<Bytes>, account: &Account, params: Value) -> Result<Value, Refusal> {
        let now = self.desk.now();
        let asked = rules::asked(&params, now)?;
        let id = self.desk.id("cs_test_a1", 58);
        let session = Session {
            account: account.name.clone(),
            url: format!("{}/c/pay/{id}", self.desk.base()),
            id,
            params,
            asked,
            version: web::header(request, "stripe-version").unwrap_or(wire::API_VERSION).to_owned(),
            created: now,
            status: Status::Open,
            intent: None,
            charge: None,
            method: None,
            other_amount: None,
            received: 0,
            failure: None,
            taken_back: Vec::new(),
        };
        let object = wire::session(&session);
        lock(&self.sessions).push(session);
        Ok(object)
    }

    fn refund(&self, account: &Account, params: &Value) -> Result<Value, Refusal> {
        let named = [("payment_intent", "payment_intent"), ("charge", "charge")];
        let Some((what, id)) = named.iter().find_map(|(what, name)| Some((*what, params[*name].as_str()?))) else {
            let message = "One of the following params should be provided for this request: payment_intent or charge.";
            return Err(Refusal::of("", None, message));
        };
        let mut sessions = lock(&self.sessions);
        let session = sessions
            .iter_mut()
            .find(|session| {
                session.account == account.name && [&session.intent, &session.charge].iter().any(|own| own.as_deref() == Some(id))
            })
            .ok_or_else(|| Refusal::missing(what, id, what))?;
        if session.received == 0 {
            return Err(Refusal::of("", None, format!("This PaymentIntent ({id}) does not have a successful charge to refund.")));
        }
        let mut pen = Pen::new(&self.desk);
        let amount = params["amount"].as_i64().unwrap_or_else(|| session.left());
        let refund = pen.refund(session, amount, params)?;
        let object = wire::refund(session, &refund);
        drop(sessions);
        self.desk.tell(pen.events);
        Ok(object)
    }

    fn one(&self, account: &Account, rest: &[&str]) -> Result<Value, Refusal> {
        let sessions = lock(&self.sessions);
        let mut own = sessions.iter().filter(|session| session.account == account.name);
        let found = match rest {
            ["checkout", "sessions", id] => own.find(|session| session.id == *id).map(wire::session),
            ["payment_intents", id] => own.find(|session| session.intent.as_deref() == Some(*id)).map(wire::payment_intent),
            ["charges", id] => own.find(|session| session.charge.as_deref() == Some(*id)).map(wire::charge),
            ["refunds" | "disputes", id] => own.find_map(|session| {
                let one = session.taken_back.iter().find(|one| one.id == *id && one.is_dispute == (rest[0] == "disputes"))?;
                Some(if one.is_dispute { wire::dispute(session, one) } else { wire::refund(session, one) })
            }),
            _ => return Err(Refusal::no_route("GET", &format!("/v1/{}", rest.join("/")))),
        };
        let (what, id) = (rest.first().copied().unwrap_or_default(), rest.last().copied().unwrap_or_default());
        found.ok_or_else(|| Refusal::missing(what.trim_end_matches('s'), id, "id"))
    }

    /// The newest first, as Stripe lists.
    fn list(
        &self,
        account: &Account,
        params: &Value,
        url: &str,
        objects: impl Fn(&Session) -> Vec<Value>,
    ) -> Result<Response<Bytes>, Refusal> {
        let sessions = lock(&self.sessions);
        let own = sessions.iter().rev().filter(|session| session.account == account.name);
        let mut all: Vec<Value> = own.flat_map(objects).collect();
        if let Some(after) = params["starting_after"].as_str() {
            let at = all.iter().position(|one| one["id"] == after);
            let at = at.ok_or_else(|| Refusal::missing("object", after, "starting_after"))?;
            all.drain(..=at);
        }
        let limit = params["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LISTED);
        let has_more = all.len() > limit;
        all.truncate(limit);
        Ok(web::json(StatusCode::OK, &wire::list(url, all, has_more)))
    }

    fn page(&self, id: &str) -> Response<Bytes> {
        let sessions = lock(&self.sessions);
        let Some(session) = sessions.iter().find(|session| session.id == id) else {
            return notice(StatusCode::NOT_FOUND, NAME, "There is no such payment.");
        };
        if session.status != Status::Open {
            return notice(StatusCode::OK, NAME, "This payment is over: it was made, or its time is up.");
        }
        let button = |method: &String| match method.as_str() {
            "card" => (method.clone(), "Pay by card".to_owned()),
            other => (method.clone(), format!("Pay by {}", other.replace('_', " "))),
        };
        HostedPage {
            provider: NAME,
            lines: session.asked.lines.clone(),
            total_minor: session.asked.amount,
            currency: &session.asked.currency.to_ascii_uppercase(),
            action: &format!("/c/pay/{id}"),
            pay: session.asked.methods.iter().map(button).collect(),
            cancel: session.params["cancel_url"].is_string(),
        }
        .answer()
    }

    fn pressed(&self, id: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let said = web::Parameters::of(request.body());
        let mut sessions = lock(&self.sessions);
        let Some(session) = sessions.iter_mut().find(|session| session.id == id) else {
            return notice(StatusCode::NOT_FOUND, NAME, "There is no such payment.");
        };
        let back = |name: &str| session.params[name].as_str().unwrap_or_default().replace("{CHECKOUT_SESSION_ID}", id);
        let (success, cancel) = (back("success_url"), back("cancel_url"));
        if session.status != Status::Open {
            return notice(StatusCode::CONFLICT, NAME, "This payment is over: it was made, or its time is up.");
        }
        let mut pen = Pen::new(&self.desk);
        match said.get("pay") {
            None if !cancel.is_empty() => return web::redirect(&cancel),
            None => return notice(StatusCode::BAD_REQUEST, NAME, "Press a button of the page."),
            Some(method) => pen.press(session, method),
        }
        drop(sessions);
        if pen.events.is_empty() {
            return notice(StatusCode::BAD_REQUEST, NAME, "This payment cannot be made that way.");
        }
        self.desk.tell(pen.events);
        web::redirect(&success)
    }
}

fn find<'a>(sessions: &'a mut [Session], account: &Account, id: &str) -> Result<&'a mut Session, Refusal> {
    let own = sessions.iter_mut().find(|session| session.account == account.name && session.id == id);
    own.ok_or_else(|| Refusal::missing("checkout.session", id, "id"))
}

/// Parameters that Stripe's specification allows, as a document.
fn checked(request: &str, pairs: &[(String, String)]) -> Result<Value, Refusal> {
    let params = SPECS.of_form(request, pairs);
    match SPECS.flaws(request, &params).first() {
        None => Ok(params),
        Some(flaw) => Err(Refusal::of_flaw(flaw)),
    }
}
