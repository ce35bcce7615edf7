//! What happened to an invoice, as its customer may know it: no note, no task, no name of anybody, and no message that was not sent.

use std::collections::BTreeSet;

use domain::{
    Agreement, Channel, Coverage, DisputeStatus, Facts, Invoice, InvoiceFact, Mode, Outcome, PaymentFact, PaymentKind,
    PaymentStatus, ReversalKind, Terms, WayOfPaying,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::visit::Visit;

/// Something that happened, or will.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoryEvent {
    pub(crate) on: Date,
    pub(crate) text: String,
}

/// What happened to an invoice, oldest first; each thing once.
pub(crate) fn story_of(visit: &Visit, facts: &Facts, fact: &InvoiceFact, zone: &TimeZone) -> Vec<StoryEvent> {
    let invoice = &fact.invoice;
    let mut events: BTreeSet<(Date, u8, String)> = BTreeSet::new();
    events.insert((invoice.issued_on, 0, visit.words.was_issued.to_owned()));
    events.extend(due(visit, invoice).into_iter().map(|(on, text)| (on, 1, text)));
    let payments = || facts.payments.iter().chain(&facts.shared);
    // A payment that was taken here is one with its entry in the books.
    let is_one = |fact: &&PaymentFact| !payments().any(|other| fact.payment.is_entry_of(&other.payment));
    events.extend(payments().filter(is_one).flat_map(|fact| paid(visit, facts, fact, invoice)));
    for agreement in facts.agreements.iter().filter(|agreement| is_of(agreement, invoice)) {
        events.extend(agreed(visit, agreement, zone).into_iter().map(|(on, text)| (on, 3, text)));
    }
    let marks = fact.folded.iter().chain(&facts.coverage).filter(|mark| is_message_about(mark, invoice));
    events.extend(marks.map(|mark| (mark.at.to_zoned(zone.clone()).date(), 4, sent(visit, mark))));
    events.into_iter().map(|(on, _, text)| StoryEvent { on, text }).collect()
}

fn due(visit: &Visit, invoice: &Invoice) -> Vec<(Date, String)> {
    let words = visit.words;
    if invoice.instalments.len() < 2 {
        return vec![(invoice.due_on, words.fell_due.to_owned())];
    }
    let part = |minor| words.part_fell_due.replace("{}", &visit.money(minor, invoice.currency));
    invoice.instalments.iter().map(|instalment| (instalment.due_on, part(instalment.amount_minor))).collect()
}

/// What a payment or credit note did, and what became of it.
fn paid(visit: &Visit, facts: &Facts, fact: &PaymentFact, invoice: &Invoice) -> Vec<(Date, u8, String)> {
    let words = visit.words;
    let payment = &fact.payment;
    let parts = payment.allocations.iter().filter(|part| part.invoice == invoice.id).map(|part| part.amount_minor);
    let minor = parts.fold(0, i64::saturating_add);
    if minor == 0 || payment.currency != invoice.currency {
        return vec![];
    }
    let said = |text: &str| text.replace("{}", &visit.money(minor, payment.currency));
    let text = match (payment.kind, payment.status) {
        (PaymentKind::CreditNote, PaymentStatus::Received | PaymentStatus::Pending) => said(words.was_credited),
        (PaymentKind::Payment, PaymentStatus::Received) => said(words.was_paid),
        (PaymentKind::Payment, PaymentStatus::Pending) => said(words.was_announced),
        (PaymentKind::Payment, PaymentStatus::Reversed) => said(words.was_returned),
        (PaymentKind::Payment, PaymentStatus::Refunded) => said(words.was_refunded),
        // A credit note that was taken back stands for nothing, and what only a later release knows is not told in words that may be wrong.
        (PaymentKind::CreditNote, PaymentStatus::Reversed | PaymentStatus::Refunded)
        | (PaymentKind::Later(_), _)
        | (_, PaymentStatus::Later(_)) => return vec![],
    };
    let mut events = vec![(payment.received_on, 2, text)];
    // A source says what it took back, and not when: it is told with the payment.
    let reversals = facts.reversals.iter().chain(&facts.shared_reversals);
    for reversal in reversals.filter(|reversal| reversal.in_force && reversal.payment == payment.id) {
        let money = visit.money(reversal.amount_minor, reversal.currency);
        let text = match reversal.kind {
            ReversalKind::Refund => words.was_refunded,
            ReversalKind::Chargeback => words.was_returned,
            ReversalKind::Later(_) => continue,
        };
        events.push((payment.received_on, 2, text.replace("{}", &money)));
    }
    events
}

/// Whether an agreement speaks of an invoice: it names it, or it was open when all of the customer's was agreed about.
fn is_of(agreement: &Agreement, invoice: &Invoice) -> bool {
    agreement.concerns(&invoice.id) || agreement.of().iter().any(|stood| stood.invoice == invoice.id)
}

fn agreed(visit: &Visit, agreement: &Agreement, zone: &TimeZone) -> Vec<(Date, String)> {
    let words = visit.words;
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let (made, ended) = (day(agreement.made_at), day(agreement.status_at));
    match &agreement.terms {
        Terms::Promise(promise) => vec![(made, words.was_promised.replace("{}", &visit.locale.date(promise.pays_on)))],
        Terms::Dispute(dispute) => {
            let decided = match &dispute.status {
                DisputeStatus::Open | DisputeStatus::Later(_) => None,
                DisputeStatus::Upheld => Some(words.dispute_upheld),
                DisputeStatus::PartlyUpheld => Some(words.dispute_partly_upheld),
                DisputeStatus::Rejected => Some(words.dispute_rejected),
                DisputeStatus::Withdrawn => Some(words.dispute_withdrawn),
            };
            let decided = decided.map(|text| (ended, text.to_owned()));
            [(made, words.was_disputed.to_owned())].into_iter().chain(decided).collect()
        }
        Terms::Plan(_) => {
            let over = agreement.is_over().then(|| (ended, words.plan_over.to_owned()));
            [(made, words.plan_made.to_owned())].into_iter().chain(over).collect()
        }
        // Whoever was sent on to a provider's page announced nothing: what came of it is told as a payment.
        Terms::Money(money) if money.basket.is_some() && money.way != WayOfPaying::Transfer => vec![],
        Terms::Money(money) => vec![(made, words.money_sent.replace("{}", &visit.locale.date(money.expected_on)))],
        // That somebody waits is the tenant's own matter.
        Terms::Pause(_) | Terms::Later(_) => vec![],
    }
}

/// Whether a mark is of a message that was sent about an invoice.
fn is_message_about(mark: &Coverage, invoice: &Invoice) -> bool {
    let left = mark.message.is_some() && mark.mode == Mode::Live && mark.outcome == Outcome::Sent;
    left && mark.rows.iter().any(|row| row.item.invoice() == Some(&invoice.id))
}

fn sent(visit: &Visit, mark: &Coverage) -> String {
    let words = visit.words;
    let text = match mark.way.as_ref().map(|(channel, _)| *channel) {
        Some(Channel::Email) => words.sent_email,
        Some(Channel::Sms) => words.sent_text,
        Some(Channel::Whatsapp) => words.sent_whatsapp,
        Some(Channel::Letter) => words.sent_letter,
        Some(Channel::Voice) => words.called,
        Some(Channel::Later(_)) | None => words.sent_other,
    };
    text.to_owned()
}
