//! What is done from the page of a customer: each form of it, and the acts on what was agreed.

use domain::{
    Currency, CustomerId,
    proposal::{Proposal, ProposedEnd, ProposedPart, ProposedScope},
};
use jiff::civil::Date;
use minijinja::{Value, value::Serde};
use serde::Serialize;
use service::{
    NotDone, Operation,
    agreement_making::{self, ActAsked, AgreementAsked},
    links::{self, LinkAsked},
    logged_contacts::{self, ContactMade},
    messages,
    notes::{self, NoteAsked},
    owners,
    tasks::{self, EndAsked, TaskAsked},
};

use super::customer;
use crate::{
    back::back_to,
    outcome::{ConsolePage, ConsoleReply, ConsoleTrouble, PageResult},
    sections::Section,
    typed_amount::typed_minor,
    visit::ConsoleVisit,
};

/// What is wrong with a form: the field, and a sentence.
type FlawsFound = Vec<(String, String)>;

/// `POST /console/customers/{id}/promises`.
pub(crate) async fn promise(visit: &ConsoleVisit) -> PageResult {
    let mut flaws = Vec::new();
    let posted = visit.posted();
    let (scope, amount_minor) = scope_and_amount(visit, &mut flaws);
    let pays_on = day(visit, "pays_on", &mut flaws);
    let proposal = Proposal { amount_minor, pays_on, way: posted.owned("way"), ..proposed("promise", scope) };
    make(visit, ("promise", "The promise is recorded."), proposal, flaws).await
}

/// `POST /console/customers/{id}/disputes`.
pub(crate) async fn dispute(visit: &ConsoleVisit) -> PageResult {
    let mut flaws = Vec::new();
    let posted = visit.posted();
    let (scope, amount_minor) = scope_and_amount(visit, &mut flaws);
    let until_on = day(visit, "until_on", &mut flaws);
    let proposal = Proposal { amount_minor, until_on, reason: posted.owned("reason"), ..proposed("dispute", scope) };
    make(visit, ("dispute", "The dispute is recorded."), proposal, flaws).await
}

/// `POST /console/customers/{id}/plans`: so many equal parts, the first on a day, the others a month after one another; the last takes the rest.
pub(crate) async fn plan(visit: &ConsoleVisit) -> PageResult {
    let mut flaws = Vec::new();
    let posted = visit.posted();
    let (scope, amount_minor) = scope_and_amount(visit, &mut flaws);
    let first_on = day(visit, "first_on", &mut flaws);
    let count = posted.text("parts").and_then(|text| text.parse::<i64>().ok()).filter(|count| (1..=60).contains(count));
    if count.is_none() {
        flaws.push(("/parts".to_owned(), "a plan of equal parts has 1 to 60 of them".to_owned()));
    }
    if first_on.is_none() && flaws.is_empty() {
        flaws.push(("/first_on".to_owned(), "say when the first part is due".to_owned()));
    }
    if amount_minor.is_none() && flaws.is_empty() {
        flaws.push(("/amount_minor".to_owned(), "say how much is paid in parts".to_owned()));
    }
    let parts = match (count, first_on, amount_minor) {
        (Some(count), Some(first_on), Some(minor)) => Some(equal_parts(minor, count, first_on)),
        (None, ..) | (_, None, _) | (.., None) => None,
    };
    let proposal = Proposal { amount_minor, parts, way: posted.owned("way"), ..proposed("plan", scope) };
    make(visit, ("plan", "The plan runs."), proposal, flaws).await
}

/// `POST /console/customers/{id}/pauses`: a hold.
pub(crate) async fn pause(visit: &ConsoleVisit) -> PageResult {
    let mut flaws = Vec::new();
    let posted = visit.posted();
    let scope = scope_of(visit, None);
    let until_on = day(visit, "until_on", &mut flaws);
    let ends_with = posted.text("ends_with").filter(|text| *text == "replied").map(|_| ProposedEnd::Replied);
    let proposal = Proposal { until_on, ends_with, reason: posted.owned("reason"), ..proposed("pause", scope) };
    make(visit, ("pause", "Nothing is sent while the pause runs."), proposal, flaws).await
}

/// `POST /console/customers/{id}/notes`.
pub(crate) async fn note(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let (customer, about) = (visit.path_value("id").to_owned(), posted.owned("about"));
    let asked = NoteAsked { customer, about, text: posted.owned("text").unwrap_or_default() };
    let done = notes::add(visit.store(), &visit.actor, &asked, visit.now).await;
    led(visit, ("note", "The note is saved."), done.map(|_| ())).await
}

/// `POST /console/customers/{id}/calls`: a call, or a letter, that somebody made.
pub(crate) async fn call(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let made = ContactMade {
        customer: visit.path_value("id").to_owned(),
        kind: posted.owned("kind").unwrap_or_else(|| "call".to_owned()),
        outcome: posted.owned("outcome").unwrap_or_default(),
        contact: posted.owned("contact"),
        case: None,
        note: posted.owned("note"),
    };
    let done = logged_contacts::log(visit.store(), &visit.actor, &made, visit.now).await;
    // A call in which something was promised leads on to the form of the promise.
    if done.is_ok() && made.outcome == "promised" {
        return Ok(ConsoleReply::done(format!("{}?act=promise", page_of(visit)), "The call is logged. What was promised?"));
    }
    led(visit, ("call", "The call is logged."), done.map(|_| ())).await
}

/// `POST /console/customers/{id}/tasks`: a follow-up, or a matter that somebody else is to take.
pub(crate) async fn task(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let mut flaws = Vec::new();
    let due_on = day(visit, "due_on", &mut flaws);
    if !flaws.is_empty() {
        return customer::again(visit, "task", flaws).await;
    }
    let asked = TaskAsked {
        title: posted.owned("title").unwrap_or_default(),
        detail: posted.owned("detail"),
        customer: Some(visit.path_value("id").to_owned()),
        to: posted.owned("to"),
        due_on,
    };
    let done = tasks::raise(visit.store(), &visit.actor, &asked, visit.now).await;
    led(visit, ("task", "The task is raised."), done.map(|_| ())).await
}

/// `POST /console/customers/{id}/owner`; an empty name leaves it to the rules.
pub(crate) async fn owner(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let (id, owner, reason) = (visit.path_value("id"), posted.text("owner"), posted.text("reason"));
    let done = owners::set(visit.store(), &visit.actor, id, owner, reason, visit.now).await;
    let said = if owner.is_some() { "The owner is set." } else { "The rules say who the owner is." };
    led(visit, ("owner", said), done.map(|_| ())).await
}

/// The address of a portal link, which is shown once.
#[derive(Serialize)]
struct LinkPage<'a> {
    id: &'a str,
    url: String,
    shown: String,
    expires: String,
}

/// `POST /console/customers/{id}/links`: a link to the portal, where the customer pays.
pub(crate) async fn link(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let id = visit.path_value("id");
    // One choice names both: a contact and the channel of one of its addresses.
    let (channel, contact) = posted.text("address").and_then(|text| text.split_once(' ')).unzip();
    let asked =
        LinkAsked { contact: contact.map(str::to_owned), channel: channel.map(str::to_owned), reason: posted.owned("reason") };
    match links::issue(visit.store(), visit.vault(), &visit.actor, id, &asked, visit.now).await {
        Ok((code, link)) => {
            let shown = LinkPage {
                id,
                url: format!("{}/p/{}", visit.public_url(), code.as_str()),
                shown: link.shown,
                expires: visit.formats.moment(link.expires_at),
            };
            Ok(ConsolePage::new(Section::Customers, "Pay link", "pay_link", Value::from(Serde(&shown))).into())
        }
        Err(NotDone::Fields(flaws)) => customer::again(visit, "link", flaws).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/agreements/{id}/{act}`: keeps, cancels, upholds, rejects, withdraws or releases what was agreed.
pub(crate) async fn act(visit: &ConsoleVisit) -> PageResult {
    let act = visit.path_value("act").to_owned();
    let asked = ActAsked { act, amount_minor: None, customer: None };
    let (customer, after) = agreement_making::act(visit.store(), &visit.actor, visit.path_value("id"), &asked, visit.now).await?;
    let mut said = format!("It is {} now.", crate::agreement_rows::in_words(after.status()));
    // The work that asked for it is over with it.
    if let Some(task) = visit.posted().text("task") {
        tasks::end(visit.store(), &visit.actor, Operation::FinishTask, task, EndAsked::default(), visit.now).await?;
        said.push_str(" Its task is over.");
    }
    Ok(ConsoleReply::done(back_to(visit, &format!("/console/customers/{customer}")), said))
}

/// `POST /console/messages/{id}/undo`: takes a message back before its sender has it, or a call that was logged by mistake.
pub(crate) async fn undo(visit: &ConsoleVisit) -> PageResult {
    let (customer, _) = messages::undo(visit.store(), &visit.actor, visit.path_value("id"), None, visit.now).await?;
    Ok(ConsoleReply::done(format!("/console/customers/{customer}"), "It is taken back."))
}

fn page_of(visit: &ConsoleVisit) -> String {
    format!("/console/customers/{}", visit.path_value("id"))
}

/// Where a form leads that was carried out, or the page again with what is wrong.
async fn led(visit: &ConsoleVisit, (act, said): (&'static str, &str), done: Result<(), NotDone>) -> PageResult {
    match done {
        Ok(()) => Ok(ConsoleReply::done(page_of(visit), said)),
        Err(NotDone::Fields(flaws)) => customer::again(visit, act, flaws).await,
        Err(other) => Err(other.into()),
    }
}

/// A proposal of a kind, with nothing more in it.
fn proposed(kind: &str, scope: ProposedScope) -> Proposal {
    Proposal {
        kind: kind.to_owned(),
        scope,
        amount_minor: None,
        pays_on: None,
        sent_on: None,
        way: None,
        reason: None,
        parts: None,
        until_on: None,
        ends_with: None,
        line: None,
        lines: Vec::new(),
    }
}

async fn make(visit: &ConsoleVisit, (act, said): (&'static str, &str), proposal: Proposal, mut flaws: FlawsFound) -> PageResult {
    let Some(customer) = CustomerId::parse(visit.path_value("id")) else { return Err(ConsoleTrouble::NoPage) };
    let why = visit.posted().text("note").and_then(|text| notes::why_text(text, &mut flaws));
    // The mark of the form tells one attempt from the same done again on another day.
    let text = format!("{act} {proposal:?}");
    let asked = AgreementAsked { customer, proposal, text, why, once: None, flaws };
    let done = agreement_making::make(visit.store(), &visit.actor, asked, visit.now).await;
    let said = match &done {
        Ok(made) if !made.is_new => "The same was agreed before, and stands.",
        Ok(_) | Err(_) => said,
    };
    led(visit, (act, said), done.map(|_| ())).await
}

/// What a form is about, and how much of it: amounts are typed in the currency that the form names.
fn scope_and_amount(visit: &ConsoleVisit, flaws: &mut FlawsFound) -> (ProposedScope, Option<i64>) {
    let posted = visit.posted();
    let currency = posted.text("currency").and_then(|code| Currency::parse(code).ok());
    let amount_minor = match (posted.text("amount_minor"), currency) {
        (None, _) => None,
        (Some(text), Some(currency)) => {
            let minor = typed_minor(text, currency);
            if minor.is_none() {
                let detail = format!("an amount in {} is written such as 1,250.00", currency.code());
                flaws.push(("/amount_minor".to_owned(), detail));
            }
            minor
        }
        (Some(_), None) => {
            flaws.push(("/currency".to_owned(), "say in which currency the amount is".to_owned()));
            None
        }
    };
    (scope_of(visit, currency), amount_minor)
}

/// The invoice that a form names, else everything in its currency, else everything.
fn scope_of(visit: &ConsoleVisit, currency: Option<Currency>) -> ProposedScope {
    match (visit.posted().owned("invoice"), currency) {
        (Some(invoice), _) => ProposedScope::Invoice(invoice),
        (None, Some(currency)) => ProposedScope::Case(currency),
        (None, None) => ProposedScope::Customer,
    }
}

/// A day that was typed.
fn day(visit: &ConsoleVisit, name: &str, flaws: &mut FlawsFound) -> Option<Date> {
    let text = visit.posted().text(name)?;
    let read = text.parse().ok();
    if read.is_none() {
        flaws.push((format!("/{name}"), "a day is written such as 2026-02-04".to_owned()));
    }
    read
}

/// Equal parts, a month after one another; the last takes what does not divide.
fn equal_parts(minor: i64, count: i64, first_on: Date) -> Vec<ProposedPart> {
    let each = minor / count;
    let part = |at: i64| ProposedPart {
        amount_minor: if at + 1 == count { minor - each * (count - 1) } else { each },
        due_on: first_on.checked_add(jiff::Span::new().months(at)).unwrap_or(Date::MAX),
    };
    (0..count).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_to_the_whole() {
        let parts = equal_parts(10_000, 3, "2026-01-31".parse().unwrap());
        let amounts: Vec<i64> = parts.iter().map(|part| part.amount_minor).collect();
        assert_eq!((amounts.as_slice(), amounts.iter().sum::<i64>()), ([3_333, 3_333, 3_334].as_slice(), 10_000));
        let days: Vec<String> = parts.iter().map(|part| part.due_on.to_string()).collect();
        assert_eq!(days, ["2026-01-31", "2026-02-28", "2026-03-31"]);
    }
}
