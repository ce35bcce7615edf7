//! What somebody does about being signed in, for whatever tenant, or none: who they are here, which tenant, and signing out. These need no right of
//! the table: they are about nobody else.

use domain::{TenantId, language::CUSTOMER_LANGUAGES};
use jiff::Timestamp;
use minijinja::{Value, context};
use service::{Actor, Done, members, sessions};
use store::ConsoleSession;

use crate::{formats::Formats, outcome::ConsolePage, request::ConsoleRequest, sections::Section, visit::ConsoleDesk};

/// Who somebody is here.
pub(crate) const YOU: &str = "/console/you";
/// Which tenant they act for.
pub(crate) const TENANT: &str = "/console/tenant";
/// The ways out.
pub(crate) const SIGN_OUT: &str = "/console/sign-out";
pub(crate) const SIGN_OUT_EVERYWHERE: &str = "/console/sign-out/everywhere";

/// The languages in which people are told of work, and that of the tenant.
pub(crate) fn language_choices() -> Vec<Value> {
    let names = ["English", "German", "French", "Spanish", "Italian", "Japanese", "Dutch", "Portuguese"];
    let of_tenant = context! { value => "", label => "the tenant's language" };
    let each = CUSTOMER_LANGUAGES.into_iter().zip(names).map(|(value, label)| context! { value, label });
    [of_tenant].into_iter().chain(each).collect()
}

/// Whether a path is one of these.
pub(crate) fn is_own(path: &str) -> bool {
    [YOU, TENANT, SIGN_OUT, SIGN_OUT_EVERYWHERE].contains(&path)
}

/// Who somebody is here: their sessions, and the tenants that they are a member of.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn you(
    desk: &ConsoleDesk,
    session: &ConsoleSession,
    actor: &Actor,
    formats: &Formats,
    now: Timestamp,
) -> Done<ConsolePage> {
    let tenants = tenants(desk, session, Some(actor.tenant())).await?;
    let all = sessions::list(&desk.store, session, now).await?;
    let shown = all.iter().map(|one| {
        context! {
            agent => one.agent.as_deref().unwrap_or_default(), is_this => one.hash == session.hash,
            began => formats.moment(one.began_at), seen => formats.from_now(one.seen_at),
        }
    });
    let person = context! {
        subject => session.subject.as_str(),
        name => session.name.as_deref().unwrap_or_default(),
        email => session.email.as_deref().unwrap_or_default(),
    };
    let (me, _) = desk.store.member(actor.tenant(), actor.by(), None).await?;
    let values = context! {
        person, tenants,
        sessions => shown.collect::<Vec<Value>>(),
        // Whoever acts by the claims of their sign-in alone is no member, and is told of nothing.
        language => me.as_ref().map(|me| me.language.clone().unwrap_or_default()),
        languages => language_choices(),
    };
    Ok(ConsolePage::new(Section::Own, "You", "you", values))
}

/// Asks for which tenant, of somebody who may act for none as things are.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn ask_for_tenant(desk: &ConsoleDesk, session: &ConsoleSession, why: &str) -> Done<ConsolePage> {
    let tenants = tenants(desk, session, None).await?;
    Ok(ConsolePage::new(Section::Own, "Which tenant?", "tenant", context! { why, tenants }).with_status(403))
}

/// Has the session be about the tenant that the form names.
///
/// # Errors
///
/// [`service::NotDone::NotAllowed`] where they may not act for it; those of the table.
pub(crate) async fn choose_tenant(
    desk: &ConsoleDesk,
    session: &ConsoleSession,
    request: &ConsoleRequest,
    now: Timestamp,
) -> Done<()> {
    let fields = request.form().unwrap_or_default();
    let named = fields.iter().find(|(name, _)| name == "tenant").map(|(_, value)| value.trim()).unwrap_or_default();
    sessions::choose(&desk.store, session, named, now).await
}

async fn tenants(desk: &ConsoleDesk, session: &ConsoleSession, current: Option<&TenantId>) -> Done<Vec<Value>> {
    let all = members::memberships(&desk.store, &session.subject).await?;
    let shown = all.iter().map(|one| {
        context! { id => one.tenant.as_str(), role => one.role.as_str(), is_current => Some(&one.tenant) == current }
    });
    Ok(shown.collect())
}
