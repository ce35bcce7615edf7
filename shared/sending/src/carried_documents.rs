//! The documents that a mail carries: what its step or statement asks for, each made in time or left out.

use std::collections::BTreeSet;

use channels::{Attachment, CarriedDocument};
use domain::{
    Action, AttachedDocument, Channel, Covered, Facts, InvoiceId, Mode, Pending, Policy, attached_document::COPIES_ATTACHED_MAX,
    attachment::ATTACHED_BYTES_MAX, is_statement, own_message::is_own_message,
};
use futures::future::join_all;

use crate::{Sender, queued::QueuedMessage};

/// Bytes that are left for the images that a mail shows.
const IMAGES_BYTES: u64 = 256 * 1024;

/// A document that is wanted, and the invoice that it is a copy of.
type Wanted = (CarriedDocument, Option<InvoiceId>);

impl Sender {
    /// The documents that a mail carries which leaves: all copies of invoices or none, and nothing for which there is no room.
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
        let made = wanted
            .iter()
            .map(|(_, invoice)| make(queued.tenant.clone(), queued.customer.clone(), invoice.clone(), language.to_owned()));
        let made = join_all(made).await;
        fitting(wanted.into_iter().zip(made).collect(), language)
    }
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

/// The invoices that a message is about, each once, with what people call them.
fn invoices(facts: &Facts, rows: &[Covered]) -> Vec<(InvoiceId, String)> {
    let covered: BTreeSet<&InvoiceId> = rows.iter().filter_map(|row| row.item.invoice()).collect();
    let known = facts.invoices.iter().map(|fact| &fact.invoice).filter(|invoice| covered.contains(&invoice.id));
    known.map(|invoice| (invoice.id.clone(), invoice.number.clone())).collect()
}

/// The documents, the statement first. Of more invoices than a mail carries copies of, none.
fn wanted(asked: &BTreeSet<AttachedDocument>, invoices: Vec<(InvoiceId, String)>) -> Vec<Wanted> {
    let statement = asked.contains(&AttachedDocument::Statement).then_some((CarriedDocument::Statement, None));
    let copied = asked.contains(&AttachedDocument::Invoices) && invoices.len() <= COPIES_ATTACHED_MAX;
    let copy = |(id, number): (InvoiceId, String)| (CarriedDocument::InvoiceCopy { number }, Some(id));
    statement.into_iter().chain(invoices.into_iter().filter(|_| copied).map(copy)).collect()
}

/// The files of documents that were made: the statement where there is room for it, and the copies where all of them were made and there is room for
/// all. No two are called alike.
fn fitting(made: Vec<(Wanted, Option<Vec<u8>>)>, language: &str) -> Vec<Attachment> {
    let (copies, statement): (Vec<_>, Vec<_>) = made.into_iter().partition(|((_, invoice), _)| invoice.is_some());
    let mut room = ATTACHED_BYTES_MAX.saturating_sub(IMAGES_BYTES);
    let mut files: Vec<Attachment> = Vec::new();
    for group in [statement, copies] {
        let bytes = |made: &Option<Vec<u8>>| made.as_ref().map(|bytes| bytes.len() as u64);
        let Some(sizes) = group.iter().map(|(_, made)| bytes(made)).collect::<Option<Vec<u64>>>() else { continue };
        let Some(left) = room.checked_sub(sizes.iter().fold(0, |sum: u64, size| sum.saturating_add(*size))) else { continue };
        room = left;
        for ((document, _), made) in group {
            let name = document.file_name(language);
            let is_taken = files.iter().any(|file| file.name == name);
            let name = if is_taken { format!("{}-{name}", files.len() + 1) } else { name };
            files.extend(made.map(|bytes| Attachment {
                name,
                content_type: "application/pdf".to_owned(),
                bytes,
                shown_as: None,
            }));
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
        let most = usize::try_from(ATTACHED_BYTES_MAX - IMAGES_BYTES).unwrap();
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
