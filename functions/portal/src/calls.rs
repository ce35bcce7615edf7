//! Calls of the customer's own system under its link: JSON in, the agreement as it stands or a problem document out. The rules are those of the
//! forms.

use domain::{Agreement, InvoiceId, agreement::INVOICES_MAX};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use kit::{FieldError, Problem};
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::{
    NotDone,
    flaws::{BodyFlaws, read},
    link_holder::{
        ASKED_ENOUGH, CONTESTED_ALREADY, DisputedByLink, InvoicesNamed, KEY_USED_BEFORE, KEY_WRONG, LinkHolder, PROMISES_ENOUGH,
        PROMISES_UNKEPT, PromisedByLink, REJECTED_ENOUGH, RemittedByLink,
    },
};

use crate::{
    agreed_data::agreed,
    call_bodies::{DisputeCall, PromiseCall, RemittanceCall},
    form_visit::FormVisit,
    form_wanted::PortalCall,
    page::PortalPage,
    visit::Visit,
};

/// The pointer of the flaw that the customer has as many agreements as there may be.
const AGREED_ENOUGH: &str = "/kind";
/// What the customer has already, by the pointers of their flaws.
const STANDING: [&str; 5] = [PROMISES_ENOUGH, PROMISES_UNKEPT, CONTESTED_ALREADY, REJECTED_ENOUGH, AGREED_ENOUGH];

/// Why a call was not carried out.
enum NotCalled {
    /// Its body is no JSON.
    NotJson(String),
    /// Its body has not the fields of the call: JSON pointers, each with what is wrong.
    Unread(Vec<(String, String)>),
    /// What it asks for was not done.
    NotDone(NotDone),
}

impl From<NotDone> for NotCalled {
    fn from(error: NotDone) -> Self {
        Self::NotDone(error)
    }
}

/// The answer; `None` where the link's address is none of the customer's any more.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn answer(form: &FormVisit<'_>, call: &PortalCall) -> store::Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let called = match call {
        PortalCall::Stands(id) => {
            let known = form.agreement(id.as_str()).await?;
            let none = PortalPage::Plain(404, visit.words);
            return Ok(Some(known.and_then(|known| stands(&visit, &known)).unwrap_or(none)));
        }
        PortalCall::Promise | PortalCall::Dispute | PortalCall::Remit => called(form, call).await,
    };
    let error = match called {
        Ok(made) => return Ok(Some(stands(&visit, &made).unwrap_or(PortalPage::Plain(404, visit.words)))),
        Err(NotCalled::NotJson(detail)) => return Ok(Some(not_taken(Problem::new(400, "bad-request", "Bad request", detail)))),
        Err(NotCalled::Unread(flaws)) => return Ok(Some(invalid(flaws))),
        Err(NotCalled::NotDone(error)) => error,
    };
    let problem = match error {
        NotDone::Store(error) => return Err(error),
        NotDone::NotFound(_) | NotDone::NotAllowed(_) | NotDone::Cursor => return Ok(None),
        NotDone::Fields(flaws) => return Ok(Some(flawed(flaws, call, form.now))),
        NotDone::Changed(detail) => Problem::new(409, "changed-meanwhile", "Changed meanwhile", detail),
        NotDone::Stale(_) => Problem::new(409, "changed-meanwhile", "Changed meanwhile", "something changed; send it again"),
        NotDone::Conflict(detail) => Problem::new(409, "not-possible", "Not possible", detail),
    };
    Ok(Some(not_taken(problem)))
}

/// An agreement as it stands; `None` of what customers do not make.
fn stands(visit: &Visit, agreement: &Agreement) -> Option<PortalPage> {
    agreed(visit, agreement).unwrap_or_else(|error| {
        tracing::error!(error = kit::causes(&error), "an agreement cannot be written");
        Some(PortalPage::Plain(500, visit.words))
    })
}

/// Carries a call out: once, where it has a key.
async fn called(form: &FormVisit<'_>, call: &PortalCall) -> Result<Agreement, NotCalled> {
    let body = form.request.json().unwrap_or_default();
    let holder = match form.request.key() {
        Some(key) => form.holder.clone().for_request(key, &[format!("{call:?}").as_bytes(), body], form.now)?,
        None => form.holder.clone(),
    };
    if let Some(known) = holder.done_before(form.store, form.vault, form.now).await? {
        return Ok(known);
    }
    let made = Box::pin(carried_out(form, &holder, call, body)).await;
    // Of two that came at once under one key, what the other asked for counts.
    if holder.has_lost()
        && let Some(first) = holder.done_before(form.store, form.vault, form.now).await?
    {
        return Ok(first);
    }
    made
}

async fn carried_out(form: &FormVisit<'_>, holder: &LinkHolder, call: &PortalCall, body: &[u8]) -> Result<Agreement, NotCalled> {
    let made = match call {
        PortalCall::Promise => {
            let asked: PromiseCall = read_body(body)?;
            if asked.amount_minor.is_some() && asked.currency.is_none() {
                return Err(NotDone::field("/currency", "it is needed with an amount").into());
            }
            if asked.invoices.len() > INVOICES_MAX {
                return Err(NotDone::field("/invoices", format!("at most {INVOICES_MAX} invoices of one promise")).into());
            }
            let named = asked.invoices.into_iter().enumerate().map(|(nth, text)| (format!("/invoices/{nth}"), text));
            let named = InvoicesNamed { named: named.collect(), currency: asked.currency };
            let invoices = holder.invoices(form.store, &named).await?;
            let (amount_minor, pays_on, way) = (asked.amount_minor, asked.pays_on, asked.way);
            holder.promise(form.store, &PromisedByLink { invoices, amount_minor, pays_on, way }, form.now).await?
        }
        PortalCall::Dispute => {
            let asked: DisputeCall = read_body(body)?;
            let named = InvoicesNamed { named: vec![("/invoice".to_owned(), asked.invoice)], currency: None };
            let found: Vec<InvoiceId> = holder.invoices(form.store, &named).await?;
            let none = || NotDone::field("/invoice", "name an invoice");
            let invoice = found.into_iter().next().ok_or_else(none)?;
            let (line, amount_minor, reason, words) = (asked.line, asked.amount_minor, asked.reason, asked.words);
            holder.dispute(form.store, &DisputedByLink { invoice, line, amount_minor, reason, words }, form.now).await?
        }
        PortalCall::Remit => {
            let asked: RemittanceCall = read_body(body)?;
            holder.remit(form.store, &RemittedByLink::from(asked), form.now).await?
        }
        PortalCall::Stands(_) => return Err(NotDone::NotFound("it is looked at, and nothing is done".to_owned()).into()),
    };
    Ok(made)
}

fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, NotCalled> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| NotCalled::NotJson(format!("the body is no JSON: {error}")))?;
    read(body).map_err(|BodyFlaws(flaws)| NotCalled::Unread(flaws))
}

fn not_taken(problem: Problem) -> PortalPage {
    PortalPage::NotTaken { problem: Box::new(problem), retry_after_s: None }
}

/// That fields are wrong.
fn invalid(flaws: Vec<(String, String)>) -> PortalPage {
    let errors = flaws.into_iter().map(|(pointer, detail)| FieldError { pointer, detail });
    let detail = "nothing was recorded; put right what errors names, and send it again";
    not_taken(Problem::new(422, "invalid-request", "Invalid request", detail).with_errors(errors.collect()))
}

/// What is wrong with what was sent, or with sending it.
fn flawed(flaws: Vec<(String, String)>, call: &PortalCall, now: Timestamp) -> PortalPage {
    let of = |pointers: &[&str]| {
        let found = flaws.iter().find(|(pointer, _)| pointers.contains(&pointer.as_str()));
        found.map(|(_, detail)| detail.clone())
    };
    if let Some(detail) = of(&[KEY_WRONG]) {
        return not_taken(Problem::new(400, "bad-request", "Bad request", detail));
    }
    if let Some(detail) = of(&[KEY_USED_BEFORE]) {
        return not_taken(Problem::new(422, "idempotency-key-reused", "Idempotency key reused", detail));
    }
    if let Some(detail) = of(&[ASKED_ENOUGH]) {
        let problem = Problem::new(429, "too-many-requests", "Too many requests", detail);
        return PortalPage::NotTaken { problem: Box::new(problem), retry_after_s: Some(to_tomorrow_s(now)) };
    }
    // What the customer has already stands in the way, and nothing of what was sent.
    if let Some(detail) = of(&STANDING)
        && flaws.iter().all(|(pointer, _)| STANDING.contains(&pointer.as_str()))
    {
        return not_taken(Problem::new(409, "not-possible", "Not possible", detail));
    }
    invalid(flaws.into_iter().map(|(pointer, detail)| (sent_as(&pointer, call), detail)).collect())
}

/// Where a flaw of an agreement is in what was sent.
fn sent_as(pointer: &str, call: &PortalCall) -> String {
    let Some(rest) = pointer.strip_prefix("/scope") else {
        return if STANDING.contains(&pointer) { String::new() } else { pointer.to_owned() };
    };
    match call {
        PortalCall::Promise if rest.starts_with("/invoices") => rest.to_owned(),
        PortalCall::Promise => "/invoices".to_owned(),
        PortalCall::Dispute => "/invoice".to_owned(),
        PortalCall::Remit | PortalCall::Stands(_) => "/lines".to_owned(),
    }
}

/// Seconds until the next day, in UTC, by which a link's agreements are counted.
fn to_tomorrow_s(now: Timestamp) -> i64 {
    let tomorrow = now.to_zoned(TimeZone::UTC).date().checked_add(1.day()).ok();
    let begins = tomorrow.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|at| at.timestamp());
    begins.map_or(1, |begins| begins.duration_since(now).as_secs().max(0) + 1)
}
