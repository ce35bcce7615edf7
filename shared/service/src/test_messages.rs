//! Test messages: what a tenant's own people send to one another to see a message as it arrives. Each is marked, goes to nobody else, counts as
//! no contact and stands in no ledger.

use domain::{Channel, CustomerId, Settings, id::digest};
use jiff::Timestamp;
use serde_json::json;
use store::{AddressId, Store, TESTS_PER_HOUR, TestMessage, TestResult};

use crate::{Actor, Done, NotDone, Operation};

/// What stands before the subject.
const MARK: &str = "[Test] ";
/// What stands before the text.
const SAID: &str = "This is a test of Dunlin. It was sent to nobody else, nothing is owed by it, and its links open nothing.";

/// A message as it was rendered, and who sees it.
#[derive(Clone, Debug)]
pub struct TestGiven {
    /// The customer whose facts it shows.
    pub customer: CustomerId,
    /// Which message it is of: the template and the language of its text.
    pub of: String,
    /// Its subject; a text message has none.
    pub subject: Option<String>,
    /// What it says.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
}

/// The address that a test goes to: the caller's own, which the issuer of their token verified, or that of a member who came by an invitation
/// to it, so that nobody has mail sent to an address that they typed in.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`] for any other address, and where none is named and the caller has none; those of reading.
pub async fn recipient(store: &Store, actor: &Actor, asked: Option<&str>) -> Done<String> {
    let tenant = actor.may(Operation::SendTestMessage)?;
    let Some(asked) = asked.map(|asked| asked.trim().to_lowercase()) else {
        let none = || {
            let why =
                "the token names no verified email of yours (claims 'email' and 'email_verified'); name the address of a member";
            NotDone::field("/to", why)
        };
        return actor.email().map(str::to_owned).ok_or_else(none);
    };
    if actor.email() == Some(asked.as_str()) {
        return Ok(asked);
    }
    let members = store.members(tenant).await?;
    let mut present = members.iter().filter(|member| member.removed_at.is_none() && member.email_verified);
    if present.any(|member| member.email.as_deref() == Some(asked.as_str())) {
        return Ok(asked);
    }
    let why = "a test goes to your own verified address or to that of a member who came by an invitation to it; POST /v1/invitations \
               invites";
    Err(NotDone::field("/to", why))
}

/// Has a test message sent, from the tenant's own sender of emails. Its id.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`] where the address must not be used, [`NotDone::Conflict`] where the settings name no sender that
/// the operator listed, the tenant is for training, or it had its twenty of the hour, and those of the table.
pub async fn request(
    store: &Store,
    actor: &Actor,
    settings: &Settings,
    given: TestGiven,
    to: String,
    now: Timestamp,
) -> Done<String> {
    let tenant = actor.may(Operation::SendTestMessage)?;
    if store.stopped(tenant, &AddressId::of(Channel::Email, &to)).await?.is_some() {
        return Err(NotDone::field("/to", "the address must not be used; GET /v1/suppressions says why"));
    }
    if settings.training {
        let why = "the tenant is for training, and nothing of it is sent; POST /v1/messages/preview shows a message".to_owned();
        return Err(NotDone::Conflict(why));
    }
    let none = || NotDone::Conflict("the settings name no sender of emails; PATCH /v1/settings sets sender.email".to_owned());
    let from = settings.sender_of("", Channel::Email).filter(|from| !from.is_empty()).ok_or_else(none)?.to_owned();
    let listed = store.identities(tenant).await?.map(|listed| listed.value);
    if let Some(unlisted) = listed.and_then(|listed| listed.missing(settings, "", Channel::Email).map(str::to_owned)) {
        return Err(NotDone::Conflict(format!("the operator did not list '{unlisted}' for the tenant; ask the operator for it")));
    }
    let id = format!("tst_{}", digest(&[tenant.as_str(), actor.by(), &given.of, &to, &now.as_millisecond().to_string()]));
    let message = TestMessage {
        id: id.clone(),
        customer: given.customer,
        to,
        from,
        name: settings.name.clone(),
        subject: format!("{MARK}{}", given.subject.as_deref().unwrap_or("text message")),
        text: format!("{SAID}\n\n{}", given.text),
        html: given.html.as_deref().map(marked),
    };
    let entry = actor.entry(Operation::SendTestMessage, now).of(&id).about(&message.customer).with(json!({ "of": given.of }));
    if store.acting(entry).request_test(tenant, &message, now).await? {
        return Ok(id);
    }
    Err(NotDone::Conflict(format!("{TESTS_PER_HOUR} test messages an hour are sent, and these were; try again in the next hour")))
}

/// What became of a test message.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where there is none, or no longer; those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str, now: Timestamp) -> Done<TestResult> {
    let tenant = actor.may(Operation::ShowTestMessage)?;
    let none = || NotDone::NotFound("there is no such test message; what became of one is kept for a day".to_owned());
    store.test_result(tenant, id, now).await?.ok_or_else(none)
}

/// HTML with the mark at the top of its body.
fn marked(html: &str) -> String {
    let mark = format!("<p style=\"padding:12px;background:#fff3cd;color:#000;font-family:sans-serif\">{SAID}</p>");
    let body = html.find("<body").and_then(|at| html.get(at..)?.find('>').map(|end| at + end + 1));
    match body.and_then(|at| html.split_at_checked(at)) {
        Some((before, after)) => format!("{before}{mark}{after}"),
        None => format!("{mark}{html}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_at_the_top_of_the_body() {
        let html = marked("<html><head></head><body class=\"x\"><p>Hello</p></body></html>");
        assert!(html.starts_with("<html><head></head><body class=\"x\"><p style="), "{html}");
        assert!(html.ends_with("</p><p>Hello</p></body></html>"), "{html}");
        assert!(marked("<p>Hello</p>").ends_with("<p>Hello</p>"));
    }
}
