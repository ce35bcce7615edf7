//! The documents that a mail carries, each made in time or left out: what its step or statement asks for, and the copies that somebody asked for.
//!
//! A message carries the copies of all its invoices or none, because some of them would look like all. An answer to whoever asked for copies names those that
//! it brings, so that it brings what there is room for.

use std::collections::{BTreeMap, BTreeSet};

use channels::{Attachment, CarriedDocument};
use domain::{
    Action, AttachedDocument, Channel, Covered, CustomerId, Facts, Invoice, InvoiceId, Mode, Pending, Policy, TenantId,
    attached_document::COPIES_ATTACHED_MAX, attachment::ATTACHED_BYTES_MAX, is_statement, own_message::is_own_message,
};
use futures::future::join_all;

use crate::{Sender, attached::MakeDocument, queued::QueuedMessage, told::Told};

/// Bytes that are left for the images that a mail shows.
const IMAGES_BYTES: u64 = 256 * 1024;
/// Most bytes of all documents of a mail.
const ROOM_BYTES: u64 = ATTACHED_BYTES_MAX - IMAGES_BYTES;

/// A document that is wanted, and the invoice that it is a copy of.
type Wanted = (CarriedDocument, Option<InvoiceId>);

impl Sender {
    /// The documents that a mail carries which leaves: all copies of invoices or none, in the order of its rows, and nothing for which there is no room.
    pub(crate) async fn documents(
        &self,
        queued: &QueuedMessage,
        (facts, policy, pending): (&Facts, &Policy, &Pending),
        rows: &[Covered],
        language: &str,
    ) -> Vec<Attachment> {
        let Some(make) = self.documents.as_ref().filter(|_| pending.mode == Mode::Live && pending.channel == Channel::Email)
        else {
            return Vec::new();
        };
        let wanted = wanted(&asked(facts, policy, pending), invoices(facts, rows));
        fitting(made(make, (&queued.tenant, &queued.customer), wanted, language).await, language)
    }

    /// The copies of the invoices that a notice is to bring to whoever asked for them, each with its number. One that cannot be had in time, or for which there
    /// is no room, stays on the page.
    pub(crate) async fn copies(&self, of: (&TenantId, &CustomerId), told: &Told, language: &str) -> Vec<(String, Attachment)> {
        let Some(make) = self.documents.as_ref() else { return Vec::new() };
        let wanted = told.copies().iter().cloned().map(copy).collect();
        each_that_fits(made(make, of, wanted, language).await, language)
    }
}

/// Has documents made, all at once; nothing in the place of one that cannot be had.
async fn made(
    make: &MakeDocument,
    (tenant, customer): (&TenantId, &CustomerId),
    wanted: Vec<Wanted>,
    language: &str,
) -> Vec<(Wanted, Option<Vec<u8>>)> {
    let made = wanted.iter().map(|(_, invoice)| make(tenant.clone(), customer.clone(), invoice.clone(), language.to_owned()));
    let made = join_all(made).await;
    wanted.into_iter().zip(made).collect()
}

fn copy((id, number): (InvoiceId, String)) -> Wanted {
    (CarriedDocument::InvoiceCopy { number }, Some(id))
}

/// The file of a document. No two of a mail are called alike.
fn file(document: &CarriedDocument, bytes: Vec<u8>, beside: &[&Attachment], language: &str) -> Attachment {
    let name = document.file_name(language);
    let is_taken = beside.iter().any(|file| file.name == name);
    let name = if is_taken { format!("{}-{name}", beside.len() + 1) } else { name };
    Attachment { name, content_type: "application/pdf".to_owned(), bytes, shown_as: None }
}

/// The copies for which there is room, one after the other, each with its number.
fn each_that_fits(made: Vec<(Wanted, Option<Vec<u8>>)>, language: &str) -> Vec<(String, Attachment)> {
    let mut room = ROOM_BYTES;
    let mut all: Vec<(String, Attachment)> = Vec::new();
    for ((document, _), bytes) in made {
        let CarriedDocument::InvoiceCopy { number } = &document else { continue };
        let Some(bytes) = bytes else { continue };
        let Some(left) = room.checked_sub(bytes.len() as u64) else { continue };
        room = left;
        let beside: Vec<&Attachment> = all.iter().map(|(_, file)| file).collect();
        let attached = file(&document, bytes, &beside, language);
        all.push((number.clone(), attached));
    }
    all
}

/// What a message's mails carry, by the workflow that drives its case. A person's message carries what the person attached.
fn asked(facts: &Facts, policy: &Policy, pending: &Pending) -> BTreeSet<AttachedDocument> {
    let workflow = facts.cases.get(&pending.case).and_then(|case| policy.driving(case));
    let Some(workflow) = workflow.filter(|_| !is_own_message(&pending.template)) else { return BTreeSet::new() };
    if is_statement(&pending.rows) {
        return workflow.statement.iter().flat_map(|plan| plan.attach.iter().copied()).collect();
    }
    let is_at = |step: &&domain::Step| pending.rows.iter().any(|row| row.step == step.id);
    let attach = |step: &domain::Step| match &step.action {
        // Rows at a step before come along: the message is that of its own step.
        Action::Send(send) if send.template == pending.template => send.attach.clone(),
        Action::Send(_)
        | Action::Task(_)
        | Action::Notify(_)
        | Action::Escalate(_)
        | Action::CreditHold(_)
        | Action::ChangeTerms(_)
        | Action::HandOff(_)
        | Action::Fee(_) => Vec::new(),
    };
    workflow.steps.iter().filter(is_at).flat_map(attach).collect()
}

/// The invoices that a message is about, each once, with what people call them, in the order of its rows.
fn invoices(facts: &Facts, rows: &[Covered]) -> Vec<(InvoiceId, String)> {
    let mut places: BTreeMap<&InvoiceId, usize> = BTreeMap::new();
    for (place, invoice) in rows.iter().filter_map(|row| row.item.invoice()).enumerate() {
        places.entry(invoice).or_insert(place);
    }
    let placed = |invoice: &Invoice| Some((*places.get(&invoice.id)?, (invoice.id.clone(), invoice.number.clone())));
    let known: BTreeMap<usize, (InvoiceId, String)> = facts.invoices.iter().filter_map(|fact| placed(&fact.invoice)).collect();
    known.into_values().collect()
}

/// The documents, the statement first. Of more invoices than a mail carries copies of, none.
fn wanted(asked: &BTreeSet<AttachedDocument>, invoices: Vec<(InvoiceId, String)>) -> Vec<Wanted> {
    let statement = asked.contains(&AttachedDocument::Statement).then_some((CarriedDocument::Statement, None));
    let copied = asked.contains(&AttachedDocument::Invoices) && invoices.len() <= COPIES_ATTACHED_MAX;
    statement.into_iter().chain(invoices.into_iter().filter(|_| copied).map(copy)).collect()
}

/// The files of documents that were made: the statement where there is room for it, and the copies where all of them were made and there is room for
/// all. No two are called alike.
fn fitting(made: Vec<(Wanted, Option<Vec<u8>>)>, language: &str) -> Vec<Attachment> {
    let (copies, statement): (Vec<_>, Vec<_>) = made.into_iter().partition(|((_, invoice), _)| invoice.is_some());
    let mut room = ROOM_BYTES;
    let mut files: Vec<Attachment> = Vec::new();
    for group in [statement, copies] {
        let bytes = |made: &Option<Vec<u8>>| made.as_ref().map(|bytes| bytes.len() as u64);
        let Some(sizes) = group.iter().map(|(_, made)| bytes(made)).collect::<Option<Vec<u64>>>() else { continue };
        let Some(left) = room.checked_sub(sizes.iter().fold(0, |sum: u64, size| sum.saturating_add(*size))) else { continue };
        room = left;
        for ((document, _), made) in group {
            let beside: Vec<&Attachment> = files.iter().collect();
            let attached = made.map(|bytes| file(&document, bytes, &beside, language));
            files.extend(attached);
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(number: &str, size: Option<usize>) -> (Wanted, Option<Vec<u8>>) {
        let document = CarriedDocument::InvoiceCopy { number: number.to_owned() };
        ((document, Some(InvoiceId::derive(&[number]))), size.map(|size| vec![0; size]))
    }

    fn statement(size: Option<usize>) -> (Wanted, Option<Vec<u8>>) {
        ((CarriedDocument::Statement, None), size.map(|size| vec![0; size]))
    }

    #[test]
    fn copies_go_along_all_or_none_and_never_beyond_the_room() {
        let most = usize::try_from(ROOM_BYTES).unwrap();
        for (made, expected) in [
            (vec![], vec![]),
            (
                vec![statement(Some(10)), copy("1", Some(10)), copy("2", Some(10))],
                vec!["statement.pdf", "invoice-1-copy.pdf", "invoice-2-copy.pdf"],
            ),
            // One could not be made.
            (vec![statement(Some(10)), copy("1", Some(10)), copy("2", None)], vec!["statement.pdf"]),
            (vec![statement(None), copy("1", Some(10))], vec!["invoice-1-copy.pdf"]),
            (vec![statement(Some(most))], vec!["statement.pdf"]),
            (vec![statement(Some(most + 1))], vec![]),
            (vec![statement(Some(most)), copy("1", Some(1))], vec!["statement.pdf"]),
            (vec![copy("1", Some(most)), copy("2", Some(1))], vec![]),
            (vec![copy("A/1", Some(1)), copy("A 1", Some(1))], vec!["invoice-A-1-copy.pdf", "2-invoice-A-1-copy.pdf"]),
        ] {
            let names: Vec<String> = fitting(made, "en").into_iter().map(|file| file.name).collect();
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn whoever_asked_for_copies_gets_those_for_which_there_is_room_and_hears_which() {
        let most = usize::try_from(ROOM_BYTES).unwrap();
        for (made, expected) in [
            (vec![copy("1", Some(10)), copy("2", None), copy("3", Some(10))], vec!["1", "3"]),
            (vec![copy("1", Some(most)), copy("2", Some(1))], vec!["1"]),
            (vec![copy("1", Some(most + 1)), copy("2", Some(1))], vec!["2"]),
        ] {
            let numbers: Vec<String> = each_that_fits(made, "en").into_iter().map(|(number, _)| number).collect();
            assert_eq!(numbers, expected);
        }
        let alike = each_that_fits(vec![copy("A/1", Some(1)), copy("A 1", Some(1))], "en");
        let names: Vec<&str> = alike.iter().map(|(_, file)| file.name.as_str()).collect();
        assert_eq!(names, ["invoice-A-1-copy.pdf", "2-invoice-A-1-copy.pdf"]);
    }

    #[test]
    fn a_mail_about_many_invoices_carries_no_copies() {
        let invoices = |count: usize| -> Vec<(InvoiceId, String)> {
            (0..count).map(|at| (InvoiceId::derive(&[&at.to_string()]), at.to_string())).collect()
        };
        for (count, copies) in [(0, 0), (1, 1), (COPIES_ATTACHED_MAX, COPIES_ATTACHED_MAX), (COPIES_ATTACHED_MAX + 1, 0)] {
            let both = BTreeSet::from([AttachedDocument::Statement, AttachedDocument::Invoices]);
            assert_eq!(wanted(&both, invoices(count)).len(), copies + 1, "{count}");
            assert_eq!(wanted(&BTreeSet::from([AttachedDocument::Invoices]), invoices(count)).len(), copies, "{count}");
            assert!(wanted(&BTreeSet::new(), invoices(count)).is_empty());
        }
    }
}
