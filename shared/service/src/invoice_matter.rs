//! An invoice on one page: its particulars, what was paid on it, what was agreed about it, and its ladder: what was, what is next and what will be.

use std::cmp::Reverse;

use domain::{
    Action, Agreement, BilledLine, Case, Channel, Coverage, DueItemKey, Facts, InvoiceFact, InvoiceId, MessageId, Mode, Outcome,
    PaymentId, PaymentKind, PaymentStatus, Policy, Step,
    dates::days_between,
    decide::{NextStep, StepLadder, assess, case_by_item, decide, ladder_of},
    explain::SwitchedOff,
    receivables::DueItem,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use store::{CustomerName, Explained, KnownInvoice, Read, Record};

use crate::{
    Actor, Done, Operation,
    lists::{ListReading, invoices},
};

/// How many of the customer's last records are looked through for what happened to the invoice.
const RECORDS_MAX: u32 = 200;

/// A part of a payment or credit note that is for an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidPart {
    /// The payment.
    pub payment: PaymentId,
    /// Money or a credit note.
    pub kind: PaymentKind,
    /// Where it stands.
    pub status: PaymentStatus,
    /// When it was received.
    pub received_on: Date,
    /// What of it is for the invoice, minor units of the invoice's currency; `None` of a payment of the past, of which that is not kept.
    pub amount_minor: Option<i64>,
    /// The source's own id of it; empty of a payment of the past.
    pub external_id: String,
    /// What its source's people wrote to know it by.
    pub reference: Option<String>,
}

/// Where a step of a ladder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RungStanding {
    /// Something came of it.
    Was,
    /// It lapsed: its day passed before it could happen.
    Lapsed,
    /// It is next.
    Next,
    /// It follows if nothing changes.
    Later,
    /// A reminder of a promise, which stands beside the ladder and is to come.
    Beside,
}

/// A step of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LadderRung {
    /// Where it stands.
    pub standing: RungStanding,
    /// The step's id.
    pub step: String,
    /// What it does, in words; empty of a step that the workflow no longer has.
    pub does: &'static str,
    /// The day on which something came of it, or on which it is to come at the earliest.
    pub on: Option<Date>,
    /// The moment of what came of it, or the earliest one of the next step.
    pub at: Option<Timestamp>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// The message that it was.
    pub message: Option<MessageId>,
    /// By which channel.
    pub channel: Option<Channel>,
    /// Whether that was in shadow mode.
    pub is_shadow: bool,
}

/// The ladder of one due item of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemLadder {
    /// Which instalment or part of how many, from 1; `None` for a whole invoice.
    pub instalment: Option<(usize, usize)>,
    /// When it falls due.
    pub due_on: Date,
    /// What of it is open, minor units.
    pub open_minor: i64,
    /// What of it may be chased now, minor units.
    pub due_now_minor: i64,
    /// How many days past due it is; negative before.
    pub days_past_due: i64,
    /// The workflow and its version; `None` where none applies, and of what is closed.
    pub workflow: Option<String>,
    /// Its steps: what was in the order in which it came, what lapsed, what is next, and what follows.
    pub rungs: Vec<LadderRung>,
}

/// An invoice with everything around it.
#[derive(Clone, Debug)]
pub struct InvoiceMatter {
    /// The invoice, whose it is, and where it stands.
    pub known: KnownInvoice,
    /// What the customer is called.
    pub name: Option<CustomerName>,
    /// Its lines.
    pub lines: Vec<BilledLine>,
    /// What was paid and credited on it, the latest first.
    pub paid: Vec<PaidPart>,
    /// What was agreed or claimed about it, as time and money have it now.
    pub agreements: Vec<Agreement>,
    /// The ladder of each of its due items that are open; of a closed invoice one of what was.
    pub ladders: Vec<ItemLadder>,
    /// Why no step comes, while the tenant is switched off.
    pub switched_off: Option<SwitchedOff>,
    /// Where the customer's people are: the days of steps are theirs.
    pub zone: TimeZone,
    /// The moments of the customer's last records, the oldest first: when something was decided or settled.
    pub moments: Vec<Timestamp>,
}

impl InvoiceMatter {
    /// A moment of a day by which it is explained: that of the last record of that day, else its noon.
    pub fn moment_of(&self, on: Date, zone: &TimeZone) -> Option<Timestamp> {
        let is_of = |at: &&Timestamp| at.to_zoned(zone.clone()).date() == on;
        let recorded = self.moments.iter().rev().find(is_of).copied();
        recorded.or_else(|| Some(on.at(12, 0, 0, 0).to_zoned(zone.clone()).ok()?.timestamp()))
    }

    /// The moments of the records before and after an instant.
    pub fn beside(&self, at: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let before = self.moments.iter().rev().find(|moment| **moment < at).copied();
        (before, self.moments.iter().find(|moment| **moment > at).copied())
    }
}

/// An invoice with everything around it, whatever became of it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`](crate::NotDone::NotAllowed), [`NotDone::NotFound`](crate::NotDone::NotFound), and those of reading.
pub async fn show(reading: ListReading<'_>, actor: &Actor, id: &str, now: Timestamp) -> Done<InvoiceMatter> {
    let tenant = actor.may(Operation::ShowInvoice)?;
    let store = reading.store;
    let (known, name, lines) = invoices::show(reading, actor, id).await?;
    let (customer, invoice) = (known.customer.clone(), known.invoice.id.clone());
    let explained = store.explain(tenant, &customer, RECORDS_MAX).await?.ok_or_else(crate::customers::no_customer)?;
    let Explained { head, mut facts, records } = explained;
    let policy = store.policy(tenant, &head.cases, Read::Fresh).await?;
    let is_known = facts.invoices.iter().any(|fact| fact.invoice.id == invoice);
    let mut past = Vec::new();
    if !is_known {
        // What is closed is not among what is decided.
        facts = store.facts_of_invoice(tenant, &head, &invoice).await?.unwrap_or(facts);
        past = store.past(tenant, &customer).await?.payments.into_iter().collect();
    }
    let mut paid = paid_of(&facts, &invoice);
    for (payment, of_past) in past {
        if of_past.invoices.contains(&invoice) && !paid.iter().any(|part| part.payment == payment) {
            paid.push(PaidPart {
                payment,
                kind: PaymentKind::Payment,
                status: PaymentStatus::Received,
                received_on: of_past.received_on,
                amount_minor: None,
                external_id: String::new(),
                reference: None,
            });
        }
    }
    paid.sort_by_key(|part| Reverse(part.received_on));
    let (ladders, agreements, zone) = ladders_of(&known, &facts, &policy, &records, now);
    let mut moments: Vec<Timestamp> = records.iter().map(|record| record.at).collect();
    moments.sort_unstable();
    moments.dedup();
    let switched_off = SwitchedOff::of(policy.settings.mode);
    Ok(InvoiceMatter { known, name, lines, paid, agreements, ladders, switched_off, zone, moments })
}

fn paid_of(facts: &Facts, invoice: &InvoiceId) -> Vec<PaidPart> {
    let mut paid = Vec::new();
    for payment in facts.payments.iter().map(|fact| &fact.payment) {
        let of_it = payment.allocations.iter().filter(|allocation| allocation.invoice == *invoice);
        let minor = of_it.map(|allocation| allocation.amount_minor).reduce(i64::saturating_add);
        let Some(amount_minor) = minor else { continue };
        paid.push(PaidPart {
            payment: payment.id.clone(),
            kind: payment.kind,
            status: payment.status,
            received_on: payment.received_on,
            amount_minor: Some(amount_minor),
            external_id: payment.external_id.clone(),
            reference: payment.reference.clone(),
        });
    }
    paid
}

/// Something that came of a step for a due item.
#[derive(Clone, Debug, PartialEq)]
struct StepMark {
    item: DueItemKey,
    at: Timestamp,
    step: String,
    outcome: Outcome,
    message: Option<MessageId>,
    channel: Option<Channel>,
    mode: Mode,
}

/// What came of steps for an invoice, the earliest first: what its own item has kept, and what the last records say.
fn marks_of(facts: &Facts, records: &[Record], invoice: &InvoiceId) -> Vec<StepMark> {
    let folded = facts.invoices.iter().filter(|fact: &&InvoiceFact| fact.invoice.id == *invoice).flat_map(|fact| &fact.folded);
    let recorded = records.iter().flat_map(|record| &record.coverage);
    let mut marks: Vec<StepMark> = Vec::new();
    for coverage in folded.chain(recorded) {
        let coverage: &Coverage = coverage;
        for row in coverage.rows.iter().filter(|row| row.item.invoice() == Some(invoice)) {
            let mark = StepMark {
                item: row.item.clone(),
                at: coverage.at,
                step: row.step.clone(),
                outcome: coverage.outcome,
                message: coverage.message.clone(),
                channel: coverage.way.as_ref().map(|(channel, _)| *channel),
                mode: coverage.mode,
            };
            if !marks.contains(&mark) {
                marks.push(mark);
            }
        }
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// The ladders, the agreements about the invoice, and where its customer's people are.
fn ladders_of(
    known: &KnownInvoice,
    facts: &Facts,
    policy: &Policy,
    records: &[Record],
    now: Timestamp,
) -> (Vec<ItemLadder>, Vec<Agreement>, TimeZone) {
    let invoice = &known.invoice;
    let (situation, decision) = (assess(facts, policy, now), decide(facts, policy, now));
    let joined = case_by_item(&situation);
    let zone = situation.place.zone().clone();
    let today = situation.receivables.today;
    let entity = invoice.legal_entity.as_deref().or(facts.customer.legal_entity.as_deref()).unwrap_or_default();
    let covers = |agreement: &&Agreement| agreement.scope.covers(Some(&invoice.id), invoice.currency, entity);
    let agreements: Vec<Agreement> = situation.receivables.agreements_of(facts).filter(covers).cloned().collect();
    let marks = marks_of(facts, records, &invoice.id);
    let is_on = SwitchedOff::of(policy.settings.mode).is_none();
    let mut ladders = Vec::new();
    let mut open: Vec<DueItemKey> = Vec::new();
    for (at, item) in situation.receivables.items.iter().enumerate() {
        if item.key.invoice() != Some(&invoice.id) {
            continue;
        }
        open.push(item.key.clone());
        let case: Option<&Case> = joined.case_of(at).and_then(|key| decision.cases.get(key));
        let workflow = case.and_then(|case| policy.workflow(&case.workflow, case.version));
        let steps: &[Step] = workflow.map_or(&[], |workflow| workflow.steps.as_slice());
        let mut rungs = was(marks.iter().filter(|mark| mark.item == item.key), steps, &zone);
        if let (Some(case), Some(workflow), true) = (case, workflow, is_on) {
            let ahead = ladder_of(&situation, workflow, case, at).unwrap_or_default();
            rungs.extend(to_come(&ahead, steps, &zone));
        }
        let workflow = case.map(|case| format!("{}@{}", case.workflow, case.version));
        ladders.push(of_item(item, today, workflow, rungs));
    }
    let closed = was(marks.iter().filter(|mark| !open.contains(&mark.item)), &[], &zone);
    if !closed.is_empty() {
        ladders.push(ItemLadder {
            instalment: None,
            due_on: invoice.due_on,
            open_minor: 0,
            due_now_minor: 0,
            days_past_due: days_between(invoice.due_on, today),
            workflow: None,
            rungs: closed,
        });
    }
    (ladders, agreements, zone)
}

fn of_item(item: &DueItem<'_>, today: Date, workflow: Option<String>, rungs: Vec<LadderRung>) -> ItemLadder {
    ItemLadder {
        instalment: item.instalment,
        due_on: item.due_on,
        open_minor: item.owed_minor(),
        due_now_minor: item.due_now_minor,
        days_past_due: item.days_past_due(today),
        workflow,
        rungs,
    }
}

/// What came of steps, as rungs.
fn was<'m>(marks: impl Iterator<Item = &'m StepMark>, steps: &[Step], zone: &TimeZone) -> Vec<LadderRung> {
    let rung = |mark: &StepMark| LadderRung {
        standing: RungStanding::Was,
        step: mark.step.clone(),
        does: doing(steps, &mark.step),
        on: Some(mark.at.to_zoned(zone.clone()).date()),
        at: Some(mark.at),
        outcome: Some(mark.outcome),
        message: mark.message.clone(),
        channel: mark.channel,
        is_shadow: mark.mode == Mode::Shadow,
    };
    marks.map(rung).collect()
}

/// What lapsed and what is to come, as rungs.
fn to_come(ahead: &StepLadder, steps: &[Step], zone: &TimeZone) -> Vec<LadderRung> {
    let rung = |standing: RungStanding, step: &str, on: Option<Date>, at: Option<Timestamp>| LadderRung {
        standing,
        step: step.to_owned(),
        does: doing(steps, step),
        on,
        at,
        outcome: None,
        message: None,
        channel: None,
        is_shadow: false,
    };
    let id = |step: &NextStep| steps.get(step.index).map(|known| known.id.as_str()).unwrap_or_default().to_owned();
    let mut rungs: Vec<LadderRung> = ahead.lapsed.iter().map(|step| rung(RungStanding::Lapsed, step, None, None)).collect();
    if let Some((next, at)) = &ahead.next {
        let on = at.to_zoned(zone.clone()).date();
        rungs.push(rung(RungStanding::Next, &id(next), Some(on), Some(*at)));
    }
    rungs.extend(ahead.reminders.iter().map(|step| rung(RungStanding::Beside, &id(step), Some(step.on), None)));
    rungs.extend(ahead.later.iter().map(|step| rung(RungStanding::Later, &id(step), Some(step.on), None)));
    rungs
}

/// What a step does, in a word or two; empty of one that the workflow does not have.
fn doing(steps: &[Step], id: &str) -> &'static str {
    steps.iter().find(|step| step.id == id).map_or("", |step| match &step.action {
        Action::Send(_) => "message",
        Action::Task(_) => "task",
        Action::Notify(_) => "notice to the team",
        Action::Escalate(_) => "escalation",
        Action::CreditHold(_) => "credit hold",
        Action::ChangeTerms(_) => "stricter terms",
        Action::HandOff(_) => "hand-off",
        Action::Fee(_) => "charge",
    })
}
