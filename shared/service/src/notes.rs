//! Notes of people on a customer, or on an invoice, a case or an agreement of it; and why an agreement was made, which is a note on it.

use domain::{Agreement, AgreementId, CaseId, CustomerId, InvoiceId, NoteId};
use jiff::Timestamp;
use serde_json::json;
use store::{CustomerNote, NotePage, Store};

use crate::{
    Actor, Done, NotDone, Operation, StaffRole,
    cursors::{no_cursor, page_size},
    customers::{known_customer, no_customer, reason_of},
    matter,
};

/// Longest note, in characters.
const TEXT_MAX: usize = 4_000;
/// Most texts that a note keeps beside the one that it has.
const BEFORE_MAX: usize = 20;

/// A note as a person makes it.
#[derive(Clone, Debug, Default)]
pub struct NoteAsked {
    /// The customer.
    pub customer: String,
    /// The invoice, case or agreement that it is about, by its id here; the customer as a whole when left out.
    pub about: Option<String>,
    /// What it says.
    pub text: String,
}

/// Makes a note.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], and those of the table.
pub async fn add(store: &Store, actor: &Actor, asked: &NoteAsked, now: Timestamp) -> Done<(CustomerId, CustomerNote)> {
    let tenant = actor.may(Operation::AddNote)?;
    let customer = CustomerId::parse(&asked.customer).ok_or_else(no_customer)?;
    let head = store.head(tenant, &customer).await?.ok_or_else(no_customer)?;
    let mut flaws = Vec::new();
    let text = text_of(&asked.text, &mut flaws);
    if let Some(about) = asked.about.as_deref() {
        let is_case = CaseId::parse(about).is_some_and(|id| head.cases.values().any(|case| case.id == id));
        let is_id = InvoiceId::parse(about).is_some() || AgreementId::parse(about).is_some();
        let is_theirs = is_id && store.whose(tenant, about).await?.as_ref() == Some(&customer);
        if !is_case && !is_theirs {
            let detail = "the customer has no invoice (`inv_…`), case (`case_…`) or agreement (`agr_…`) of this id";
            flaws.push(("/about".to_owned(), detail.to_owned()));
        }
    }
    let (Some(text), true) = (text, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    let about = asked.about.clone();
    let parts = [customer.as_str(), actor.by(), about.as_deref().unwrap_or_default(), text.as_str()];
    let id = NoteId::at(now, &parts);
    let note = CustomerNote::new(id, about, text, actor.by(), now);
    let entry = actor.entry(Operation::AddNote, now).of(note.id.as_str()).about(&customer).with(json!({ "about": note.about }));
    store.acting(entry).add_note(tenant, &customer, &note).await?;
    Ok((customer, note))
}

/// What somebody says of why an agreement is made; nothing where that is empty. What is wrong with it goes to `flaws`.
pub fn why_text(given: &str, flaws: &mut Vec<(String, String)>) -> Option<String> {
    matter::text("/note", Some(given), TEXT_MAX, flaws)
}

/// Why an agreement is made, as a note about it.
pub fn why(actor: &Actor, agreement: &Agreement, text: String) -> CustomerNote {
    CustomerNote::new(why_id(agreement), Some(agreement.id.to_string()), text, actor.by(), agreement.made_at)
}

/// Why an agreement was made, as its note says now; `None` where nothing was said, or it was taken away.
///
/// # Errors
///
/// Those of reading.
pub async fn why_of(store: &Store, actor: &Actor, customer: &CustomerId, agreement: &Agreement) -> Done<Option<String>> {
    let note = store.note(actor.tenant(), customer, &why_id(agreement)).await?;
    Ok(note.filter(|note| note.deleted.is_none()).map(|note| note.text))
}

/// The id of the note that says why an agreement was made: it follows from the agreement.
fn why_id(agreement: &Agreement) -> NoteId {
    NoteId::at(agreement.made_at, &[agreement.id.as_str(), "why"])
}

/// A customer's notes, newest first; those about one invoice, case or agreement where it is named.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for a cursor that is none, and those of reading.
pub async fn list(
    store: &Store,
    actor: &Actor,
    customer: &str,
    about: Option<&str>,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Done<NotePage> {
    let tenant = actor.may(Operation::ListNotes)?;
    let customer = known_customer(store, tenant, customer).await?;
    let after = cursor.map(|text| NoteId::parse(text).ok_or_else(no_cursor)).transpose()?;
    Ok(store.notes(tenant, &customer, about, page_size(limit), after.as_ref()).await?)
}

/// What becomes of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteChange {
    /// It says something else: only its author may.
    Edit(String),
    /// It is taken away; it stays in the table, and can be put back. Its author may, and managers.
    Delete,
    /// It is put back.
    Restore,
}

/// Changes a note. What is so already changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`] for another's note, [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where it was taken away;
/// those of the table.
pub async fn change(
    store: &Store,
    actor: &Actor,
    id: &str,
    change: &NoteChange,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<(CustomerId, CustomerNote)> {
    let (operation, word) = match change {
        NoteChange::Edit(_) => (Operation::EditNote, "edit"),
        NoteChange::Delete => (Operation::DeleteNote, "delete"),
        NoteChange::Restore => (Operation::RestoreNote, "restore"),
    };
    let tenant = actor.may(operation)?;
    let reason = reason_of(reason)?;
    let none = || NotDone::NotFound("there is no such note".to_owned());
    let id = NoteId::parse(id).ok_or_else(none)?;
    let customer = store.whose(tenant, id.as_str()).await?.ok_or_else(none)?;
    let before = store.note(tenant, &customer, &id).await?.ok_or_else(none)?;
    let is_own = !actor.by().is_empty() && before.by == actor.by();
    let is_manager = actor.role().is_some_and(|role| role >= StaffRole::Manager);
    if !is_own && (!is_manager || matches!(change, NoteChange::Edit(_))) {
        let who = if matches!(change, NoteChange::Edit(_)) { "its author" } else { "its author or a manager" };
        return Err(NotDone::NotAllowed(format!("a note is changed by {who}; write one of your own")));
    }
    let after = match change {
        NoteChange::Edit(text) => {
            if before.deleted.is_some() {
                return Err(NotDone::Conflict("it was taken away; put it back first".to_owned()));
            }
            let mut flaws = Vec::new();
            let Some(text) = text_of(text, &mut flaws) else { return Err(NotDone::Fields(flaws)) };
            if text == before.text {
                return Ok((customer, before));
            }
            let mut texts = before.before.clone();
            texts.push((now, before.text.clone()));
            let left_out = texts.len().saturating_sub(BEFORE_MAX);
            CustomerNote { text, before: texts.into_iter().skip(left_out).collect(), ..before.clone() }
        }
        NoteChange::Delete => {
            let deleted = before.deleted.clone().or_else(|| Some((now, actor.by().to_owned())));
            CustomerNote { deleted, ..before.clone() }
        }
        NoteChange::Restore => CustomerNote { deleted: None, ..before.clone() },
    };
    if after != before {
        let entry = actor.entry(operation, now).of(id.as_str()).about(&customer).with(json!({ "act": word })).noting(reason);
        store.acting(entry).change_note(tenant, &customer, &before, &after).await?;
    }
    Ok((customer, after))
}

fn text_of(text: &str, flaws: &mut Vec<(String, String)>) -> Option<String> {
    let before = flaws.len();
    let text = matter::text("/text", Some(text), TEXT_MAX, flaws);
    if text.is_none() && before == flaws.len() {
        flaws.push(("/text".to_owned(), "a note says something".to_owned()));
    }
    text
}
