//! The statement: what is open in each currency, a page of due items, and what was paid lately. Nothing here knows how it is shown.
//!
//! It is made in one of two ways. The whole is read of a customer with few open invoices. Of one with many, the sums are those that the
//! customer's head says, and the page is read from the list of its invoices: it costs the same however many there are.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Agreement, AgreementScope, Currency, DisputeStatus, Facts, Invoice, InvoiceFact, InvoiceId, Owed, PaymentFact, PaymentId,
    PaymentKind, PaymentStatus, PlanStatus, PromiseStatus, Settings, TakenHere, Terms,
    calendar::tenant_zone,
    dates::days_between,
    decide,
    pay_sources::is_web,
    receivables::{DueItem, Overpaid, Receivables, ReceivablesRules},
};
use jiff::{Timestamp, civil::Date};
use store::{Head, InvoiceLine, Line, PaymentLine};

use crate::plan_statement::{RunningPlan, running_plans};

/// Due items on a page.
pub(crate) const PAGE_ROWS: u32 = 40;
/// Open invoices up to which the whole is read: it costs no more than a page of a list then, and says more.
const FEW_INVOICES: u64 = 20;
/// Payments and credit notes that are shown, the newest.
const RECEIVED_SHOWN: usize = 8;

/// What a customer owes and paid, at one instant.
#[derive(Clone, Debug)]
pub(crate) struct AccountStatement {
    /// Today in the tenant's zone.
    pub(crate) as_of: Date,
    pub(crate) totals: Vec<StatementTotal>,
    /// Those of the page, oldest first.
    pub(crate) items: Vec<StatementItem>,
    /// Newest first.
    pub(crate) received: Vec<ReceivedItem>,
    pub(crate) page: StatementPage,
    /// Those that run.
    pub(crate) plans: Vec<RunningPlan>,
    /// To whom something is owed; empty for the default one.
    pub(crate) legal_entities: BTreeSet<String>,
}

/// What is open in one currency, in minor units. Open is the sum of what is past due, what is not, and what is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatementTotal {
    pub(crate) currency: Currency,
    pub(crate) open_minor: i64,
    pub(crate) overdue_minor: i64,
    /// What is not past due, what falls due today included.
    pub(crate) upcoming_minor: i64,
    /// What of that falls due today; `None` where only the sums of the customer's head are read.
    pub(crate) due_today_minor: Option<i64>,
    /// What disputes, promises and credit keep back.
    pub(crate) kept_minor: i64,
    /// What was received and is for no invoice yet.
    pub(crate) credit_minor: i64,
    pub(crate) oldest_due_on: Option<Date>,
    /// When the first of what is not past due falls due.
    pub(crate) next_due_on: Option<Date>,
    /// When the first of what comes after today falls due, where it is known what falls due today.
    pub(crate) later_due_on: Option<Date>,
}

/// One due item, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatementItem {
    /// `None` for a part of a plan and a charge.
    pub(crate) invoice: Option<InvoiceId>,
    pub(crate) number: String,
    pub(crate) instalment: Option<(usize, usize)>,
    pub(crate) purchase_order: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) currency: Currency,
    pub(crate) issued_on: Date,
    pub(crate) due_on: Date,
    pub(crate) days_past_due: i64,
    pub(crate) original_minor: i64,
    pub(crate) paid_minor: i64,
    pub(crate) open_minor: i64,
    pub(crate) notes: BTreeSet<ItemNote>,
}

/// What was agreed or said about a due item that the customer knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ItemNote {
    /// All of it is contested, or, where one invoice is contested in part, so many minor units.
    Disputed(Option<i64>),
    Promised(Date),
    OnItsWay,
    Planned,
    /// What was promised for the day did not come, or not all of it.
    PromiseMissed(Date),
    /// A part of its plan was missed.
    PlanBroken,
    DisputeUpheld,
    DisputePartlyUpheld,
    DisputeRejected,
}

/// A payment or credit note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReceivedItem {
    pub(crate) id: PaymentId,
    pub(crate) kind: PaymentKind,
    pub(crate) status: PaymentStatus,
    pub(crate) currency: Currency,
    pub(crate) amount_minor: i64,
    pub(crate) received_on: Date,
    reference: Option<String>,
    taken_here: Option<Box<TakenHere>>,
}

impl ReceivedItem {
    /// Whether it is the entry in the books of another one, which was taken here: the two are one payment.
    fn is_entry_of(&self, other: &Self) -> bool {
        let is_like = self.kind == other.kind && self.currency == other.currency;
        let here = other.taken_here.as_deref().filter(|here| is_like && !here.undone && self.taken_here.is_none());
        here.is_some_and(|here| here.has_entry(&self.id, self.reference.as_deref()))
    }
}

/// Which page of how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatementPage {
    /// From 1.
    pub(crate) number: u32,
    /// How many there are: of a long list, as far as it is known.
    pub(crate) of: u32,
    /// Where the next page begins, in the words of the list; empty where its number is enough. `None` at the end.
    pub(crate) next: Option<String>,
    /// Whether it is a page of a list: such a one is found from the page before it, by no number.
    pub(crate) is_of_list: bool,
}

impl StatementPage {
    /// Where the next page is, of pages at an address; `None` at the end.
    pub(crate) fn next_at(&self, address: &str) -> Option<String> {
        let after = self.next.as_ref()?;
        let begins = if after.is_empty() { String::new() } else { format!("&after={after}") };
        Some(format!("{address}?page={}{begins}", self.number.saturating_add(1)))
    }
}

/// Which page somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageNumber {
    /// From 1.
    pub(crate) number: u32,
    /// Where it begins, as the page before said.
    pub(crate) after: Option<String>,
}

/// Whether the head says what is owed today: nothing was said of the customer since it was decided, and no day began that makes more past due.
pub(crate) fn is_reckoned(head: &Head, settings: &Settings, now: Timestamp) -> bool {
    let today = now.to_zoned(tenant_zone(settings)).date();
    let waits = head.due.at().is_some_and(|at| at <= now);
    head.decided_at.is_some() && !waits && head.owed.values().all(|owed| owed.grows_on.is_none_or(|grows_on| grows_on > today))
}

/// Whether a customer has more open invoices than are read to show one page of them.
pub(crate) fn is_long(head: &Head) -> bool {
    head.open_invoices > FEW_INVOICES
}

/// Whether something is owed that no list of invoices has: parts of a plan, and charges.
pub(crate) fn owes_besides(facts: &Facts) -> bool {
    let runs = |agreement: &Agreement| matches!(&agreement.terms, Terms::Plan(_)) && !agreement.is_over();
    facts.agreements.iter().any(runs) || facts.charges.iter().any(|charge| charge.open().is_some())
}

/// The statement of facts that are whole; `None` for the asked page is all of it.
pub(crate) fn whole(
    facts: &Facts,
    settings: &Settings,
    listed: &[PaymentLine],
    asked: Option<&PageNumber>,
    now: Timestamp,
) -> AccountStatement {
    let zone = tenant_zone(settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(settings, &zone), now);
    // What the parts of a plan stand for is shown as those parts.
    let open: Vec<&DueItem<'_>> = receivables.items.iter().filter(|item| item.owed_minor() > 0).collect();
    let legal_entities = open.iter().map(|item| item.legal_entity.to_owned()).collect();
    let rows = PAGE_ROWS as usize;
    let of = open.len().div_ceil(rows).max(1);
    let (page, first, most) = match asked {
        None => (StatementPage { number: 1, of: 1, next: None, is_of_list: false }, 0, open.len()),
        Some(asked) => {
            let number = usize::try_from(asked.number).unwrap_or(1).clamp(1, of);
            let next = (number < of).then(String::new);
            let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let page = StatementPage { number: small(number), of: small(of), next, is_of_list: false };
            (page, (number - 1) * rows, rows)
        }
    };
    let items = open.into_iter().skip(first).take(most).map(|item| item_of(facts, item, receivables.today)).collect();
    AccountStatement {
        as_of: receivables.today,
        totals: with_today(totals(&receivables, &receivables.overpaid, &decide::owed(&receivables)), &receivables),
        items,
        received: received(facts, listed),
        page,
        plans: running_plans(facts, &receivables),
        legal_entities,
    }
}

/// Invoices of a list that are to be read themselves: their payments were taken back, and what a list says of them may not say so.
pub(crate) fn to_be_read(facts: &Facts, lines: &[InvoiceLine]) -> Vec<InvoiceId> {
    let is_back = |fact: &&PaymentFact| {
        let reversals = facts.reversals.iter().chain(&facts.shared_reversals);
        !fact.payment.status.counts() || reversals.into_iter().any(|reversal| reversal.payment == fact.payment.id)
    };
    let back: BTreeSet<&InvoiceId> =
        facts.payments.iter().chain(&facts.shared).filter(is_back).flat_map(PaymentFact::invoices).collect();
    lines.iter().map(|line| &line.invoice).filter(|invoice| back.contains(invoice)).cloned().collect()
}

/// The statement of a page of the list of a customer's invoices. `facts` are the customer's but for its invoices; `read` are those of the
/// page that were read themselves.
pub(crate) fn listed(
    facts: Facts,
    head: &Head,
    settings: &Settings,
    (lines, read): (Vec<InvoiceLine>, Vec<Invoice>),
    payments: &[PaymentLine],
    page: (u32, Option<String>),
    now: Timestamp,
) -> AccountStatement {
    let mut read: BTreeMap<InvoiceId, Invoice> = read.into_iter().map(|invoice| (invoice.id.clone(), invoice)).collect();
    let invoices = lines.into_iter().map(|line| read.remove(&line.invoice).unwrap_or_else(|| invoice_of(line)));
    let invoices = invoices.map(|invoice| InvoiceFact { invoice, folded: vec![], archived: false }).collect();
    let facts = Facts { invoices, ..facts };
    let zone = tenant_zone(settings);
    let receivables = Receivables::at(&facts, ReceivablesRules::of(settings, &zone), now);
    let items = receivables.items.iter().filter(|item| item.owed_minor() > 0);
    let items: Vec<StatementItem> = items.map(|item| item_of(&facts, item, receivables.today)).collect();
    let (number, next) = page;
    let known = u32::try_from(head.open_invoices.div_ceil(u64::from(PAGE_ROWS))).unwrap_or(u32::MAX);
    let of = if next.is_some() { known.max(number.saturating_add(1)) } else { number };
    let cases = head.cases.keys().filter(|key| head.owed.contains_key(&key.currency()));
    AccountStatement {
        as_of: receivables.today,
        // What the invoices of one page were overpaid by would make the sums differ from page to page.
        totals: totals(&receivables, &[], &head.owed),
        items,
        received: received(&facts, payments),
        page: StatementPage { number, of, next, is_of_list: true },
        // Where one runs, the whole is read.
        plans: vec![],
        legal_entities: cases.map(|key| key.balance.legal_entity.to_string()).collect(),
    }
}

/// An invoice as far as its row says it.
fn invoice_of(line: InvoiceLine) -> Invoice {
    let dates = (line.issued_on.unwrap_or(line.due_on), line.due_on);
    Invoice {
        number: line.number,
        paid_minor: line.paid_minor,
        credited_minor: line.credited_minor,
        ..Invoice::open(line.invoice, &line.external_id, (line.currency, line.total_minor), dates)
    }
}

/// The rows of a list that are of invoices.
pub(crate) fn invoice_lines(lines: Vec<Line>) -> Vec<InvoiceLine> {
    lines.into_iter().filter_map(|line| if let Line::Invoice(line) = line { Some(line) } else { None }).collect()
}

/// The rows of lists that are of payments and credit notes.
pub(crate) fn payment_lines(lines: Vec<Line>) -> Vec<PaymentLine> {
    lines.into_iter().filter_map(|line| if let Line::Payment(line) = line { Some(line) } else { None }).collect()
}

/// What is open in each currency, and what is credit there.
fn totals(receivables: &Receivables<'_>, overpaid: &[Overpaid], owed: &BTreeMap<Currency, Owed>) -> Vec<StatementTotal> {
    let credit = credit(receivables, overpaid);
    let currencies: BTreeSet<Currency> = owed.keys().chain(credit.keys()).copied().collect();
    let total = |currency: Currency| {
        let owed = owed.get(&currency).copied().unwrap_or_default();
        StatementTotal {
            currency,
            open_minor: owed.open_minor,
            overdue_minor: owed.overdue_minor,
            upcoming_minor: owed.due_now_minor.saturating_sub(owed.overdue_minor),
            due_today_minor: None,
            kept_minor: owed.open_minor.saturating_sub(owed.due_now_minor),
            credit_minor: credit.get(&currency).copied().unwrap_or(0),
            oldest_due_on: owed.oldest_due_on,
            next_due_on: owed.grows_on.map(|grows_on| domain::dates::add_days(grows_on, -1)),
            later_due_on: None,
        }
    };
    currencies.into_iter().map(total).collect()
}

/// The totals with what falls due today, where all items are there.
fn with_today(totals: Vec<StatementTotal>, receivables: &Receivables<'_>) -> Vec<StatementTotal> {
    let today = receivables.today;
    let of = |total: StatementTotal| {
        let due = || receivables.in_currency(total.currency).filter(|item| item.due_now_minor > 0);
        let falls_due = due().filter(|item| item.due_on == today).map(|item| item.due_now_minor).fold(0, i64::saturating_add);
        let later_due_on = due().map(|item| item.due_on).filter(|on| *on > today).min();
        StatementTotal { due_today_minor: Some(falls_due), later_due_on, ..total }
    };
    totals.into_iter().map(of).collect()
}

/// What was received of the customer and pays no invoice, by currency: what is for none, and what went beyond an invoice's total.
fn credit(receivables: &Receivables<'_>, overpaid: &[Overpaid]) -> BTreeMap<Currency, i64> {
    let mut credit = BTreeMap::<Currency, i64>::new();
    let left = receivables.counted.iter().map(|counted| (counted.payment.currency, counted.left_minor));
    let beyond = overpaid.iter().map(|over| (over.currency, over.excess_minor));
    for (currency, minor) in left.chain(beyond).filter(|(_, minor)| *minor > 0) {
        let sum = credit.entry(currency).or_default();
        *sum = sum.saturating_add(minor);
    }
    credit
}

/// What was received lately: what the lists say, which know older ones too, and what the facts say, which are newer. A payment that was taken
/// here is one with its entry in the books.
fn received(facts: &Facts, listed: &[PaymentLine]) -> Vec<ReceivedItem> {
    let of_line = |line: &PaymentLine| ReceivedItem {
        id: line.payment.clone(),
        kind: line.kind,
        status: line.status,
        currency: line.currency,
        amount_minor: line.amount_minor,
        received_on: line.received_on,
        reference: line.reference.clone(),
        taken_here: line.taken_here.clone(),
    };
    let of_fact = |fact: &PaymentFact| ReceivedItem {
        id: fact.payment.id.clone(),
        kind: fact.payment.kind,
        status: fact.payment.status,
        currency: fact.payment.currency,
        amount_minor: fact.payment.amount_minor,
        received_on: fact.payment.received_on,
        reference: fact.payment.reference.clone(),
        taken_here: fact.payment.taken_here.clone(),
    };
    let listed = listed.iter().map(|line| (line.payment.clone(), of_line(line)));
    let facts = facts.payments.iter().map(|fact| (fact.payment.id.clone(), of_fact(fact)));
    let known: BTreeMap<PaymentId, ReceivedItem> = listed.chain(facts).collect();
    // What only a later release knows is not shown in words that may be wrong.
    let is_shown = |item: &&ReceivedItem| {
        let is_entry = known.values().any(|other| item.is_entry_of(other));
        !item.kind.is_later() && !item.status.is_later() && !is_entry
    };
    let mut all: Vec<ReceivedItem> = known.values().filter(is_shown).cloned().collect();
    all.sort_by(|a, b| b.received_on.cmp(&a.received_on).then_with(|| a.id.cmp(&b.id)));
    all.truncate(RECEIVED_SHOWN);
    all
}

fn item_of(facts: &Facts, item: &DueItem<'_>, today: Date) -> StatementItem {
    StatementItem {
        invoice: item.invoice.map(|invoice| invoice.id.clone()),
        number: item.number.to_owned(),
        instalment: item.instalment,
        purchase_order: item.purchase_order.map(str::to_owned),
        url: item.url.filter(|url| is_web(url)).map(str::to_owned),
        currency: item.currency,
        issued_on: item.issued_on,
        due_on: item.due_on,
        days_past_due: days_between(item.due_on, today),
        original_minor: item.amount_minor,
        paid_minor: item.paid_minor,
        open_minor: item.owed_minor(),
        notes: notes(facts, item),
    }
}

/// What agreements say of a due item: those that are not over, and of promises, disputes and plans that are, the last one, where none of its kind
/// runs.
/// That somebody pauses it is the tenant's own matter.
pub(crate) fn notes(facts: &Facts, item: &DueItem<'_>) -> BTreeSet<ItemNote> {
    let of_item = item.invoice.map(|invoice| &invoice.id);
    let covers = |agreement: &&Agreement| agreement.scope.covers(of_item, item.currency, item.legal_entity);
    let about: Vec<&Agreement> = facts.agreements.iter().filter(covers).collect();
    let mut notes: BTreeSet<ItemNote> =
        about.iter().filter(|agreement| agreement.runs()).filter_map(|agreement| note(agreement, of_item)).collect();
    for kind in ["promise", "dispute", "plan"] {
        let of_kind = about.iter().filter(|agreement| agreement.kind() == kind);
        if of_kind.clone().any(|agreement| agreement.runs()) {
            continue;
        }
        // It spoke of what was owed then, and of no later invoice.
        let named = of_kind.filter(|agreement| agreement.of().iter().any(|stood| Some(&stood.invoice) == of_item));
        let last = named.max_by(|a, b| (a.status_at, &a.id).cmp(&(b.status_at, &b.id)));
        notes.extend(last.and_then(|agreement| how_it_ended(agreement)));
    }
    notes
}

fn note(agreement: &Agreement, of_item: Option<&InvoiceId>) -> Option<ItemNote> {
    match &agreement.terms {
        Terms::Promise(promise) => Some(ItemNote::Promised(promise.pays_on)),
        Terms::Dispute(_) => {
            let is_of_one = matches!(&agreement.scope, AgreementScope::Invoices(invoices) if invoices.len() == 1);
            Some(ItemNote::Disputed(agreement.amount_minor.filter(|_| is_of_one)))
        }
        Terms::Plan(plan) => plan.of.iter().any(|of| Some(&of.invoice) == of_item).then_some(ItemNote::Planned),
        Terms::Money(_) => Some(ItemNote::OnItsWay),
        Terms::Pause(_) | Terms::Later(_) => None,
    }
}

/// What is still to be said of a promise, dispute or plan that is over, while its invoice is open.
fn how_it_ended(agreement: &Agreement) -> Option<ItemNote> {
    match &agreement.terms {
        Terms::Promise(promise) => match promise.status {
            PromiseStatus::Broken | PromiseStatus::PartlyKept => Some(ItemNote::PromiseMissed(promise.pays_on)),
            PromiseStatus::Open | PromiseStatus::Kept | PromiseStatus::Cancelled | PromiseStatus::Later(_) => None,
        },
        Terms::Dispute(dispute) => match dispute.status {
            DisputeStatus::Upheld => Some(ItemNote::DisputeUpheld),
            DisputeStatus::PartlyUpheld => Some(ItemNote::DisputePartlyUpheld),
            DisputeStatus::Rejected => Some(ItemNote::DisputeRejected),
            DisputeStatus::Open | DisputeStatus::Withdrawn | DisputeStatus::Later(_) => None,
        },
        Terms::Plan(plan) => (plan.status == PlanStatus::Broken).then_some(ItemNote::PlanBroken),
        Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
    }
}
