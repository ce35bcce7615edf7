//! Opting out: one address, one channel. Asking changes nothing, doing it twice changes nothing more.

use domain::{Channel, Contact, SuppressionReason};
use jiff::Timestamp;
use minijinja::context;
use store::Store;

use crate::{Visit, page::Page, request::Request};

/// Whom a request is about, and how to reach them.
struct Target<'a> {
    contact: &'a Contact,
    channel: Channel,
    address: &'a str,
}

/// Asks whether messages should stop.
pub fn ask(visit: &Visit, request: &Request) -> Page {
    let Some(target) = target(visit, request.query("c"), request.query("ch")) else { return no_address(visit) };
    let words = visit.words;
    let question = if target.channel == Channel::Sms { words.ask_sms } else { words.ask_email };
    let values = context! {
        title => words.opt_out,
        tenant => visit.settings.name.clone(),
        text => question.replace("{}", &masked(target.address)),
        action => format!("{}/opt-out", visit.base),
        contact => target.contact.external_id.clone(),
        channel => target.channel.as_str(),
        statement => visit.base.clone(),
        asks => true,
    };
    Page::Filled { status: 200, template: "opt-out", words, values }
}

/// Stops messages to the address. The form names it, or for one-click requests the query.
///
/// # Errors
///
/// Those of writing.
pub async fn stop(store: &Store, visit: &Visit, request: &Request, now: Timestamp) -> store::Result<Page> {
    let contact = request.form("contact").or_else(|| request.query("c"));
    let channel = request.form("channel").or_else(|| request.query("ch"));
    let Some(target) = target(visit, contact, channel) else { return Ok(no_address(visit)) };
    let reason = SuppressionReason::OptOut;
    store.suppress(&visit.tenant, target.channel, target.address, reason, now, Some(&visit.customer)).await?;
    let words = visit.words;
    let said = if target.channel == Channel::Sms { words.stopped_sms } else { words.stopped_email };
    let values = context! {
        title => words.stopped,
        tenant => visit.settings.name.clone(),
        text => said.replace("{}", &masked(target.address)),
        statement => visit.base.clone(),
        asks => false,
    };
    Ok(Page::Filled { status: 200, template: "opt-out", words, values })
}

fn target<'a>(visit: &'a Visit, contact: Option<&str>, channel: Option<&str>) -> Option<Target<'a>> {
    let channel = match channel? {
        "email" => Channel::Email,
        "sms" => Channel::Sms,
        _ => return None,
    };
    let wanted = contact?;
    let contact = visit.facts.customer.contacts.iter().find(|contact| contact.external_id == wanted)?;
    Some(Target { contact, channel, address: contact.address(channel)? })
}

fn no_address(visit: &Visit) -> Page {
    let words = visit.words;
    let values = context! { title => words.not_found, text => words.no_address_text };
    Page::Filled { status: 404, template: "plain", words, values }
}

/// Enough of an address to know it by: `a…@acme.example`, `…678`. A forwarded link must not tell a colleague's whole address.
fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => format!("{}…@{domain}", local.chars().next().map(String::from).unwrap_or_default()),
        None => {
            let tail: Vec<char> = address.chars().rev().take(3).collect();
            format!("…{}", tail.into_iter().rev().collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn addresses_are_masked() {
        for (address, shown) in [("ap@acme.example", "a…@acme.example"), ("+493012345678", "…678"), ("@x", "…@x"), ("", "…")]
        {
            assert_eq!(masked(address), shown, "{address}");
        }
    }
}
