//! Payments that were taken here and are written into the books that their invoices are of.
//!
//! ```text
//! queued ──▶ calling ──▶ done
//!   │           ├──────▶ failed: the vendor refused it, and a person enters it
//!   │           ├──────▶ unknown: its answer was lost; it is looked for in the books before it is asked for again
//!   │           └──────▶ queued: the vendor asked to wait
//!   ├──────────────────▶ failed: nothing of it can be written; queued again where a person has it tried again
//!   └──────────────────▶ withdrawn: it was taken back before anybody asked; queued again where it is paid again
//! ```
//!
//! A customer is of one source, and so are its invoices: a payment is written into one company's books at most. What is written is fixed when
//! the vendor is asked for the first time, so that whatever is repeated asks for the same.

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Basket, BasketStatus, Currency, Document, Invoice, InvoiceId, Money, NewTask, Payment, PaymentId, Settings, TaskId, TaskKind,
    TenantId, word::stored_words,
};

/// How often a vendor is asked whose answer was lost, before a person is asked to look.
const WRITE_CALLS_MAX: u32 = 24;
/// The longest account that a tenant names, in characters.
pub const ACCOUNT_MAX: usize = 64;
/// The wait after the first answer that was lost; it doubles.
const WAIT: SignedDuration = SignedDuration::from_mins(1);
/// The longest wait.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);
/// Invoices that a task names at most.
const NAMED_MAX: usize = 10;
/// The characters of a basket's id.
const REFERENCE_CHARS: usize = 20;
/// What the key of a task to enter a payment says after the basket.
const ENTER: &str = "enter";
/// The same of a task to look for one.
const LOOK: &str = "look";

/// That payments are written into a source's books, as its connection says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteBackSetting {
    /// The account of the books that the money is deposited to, as the vendor names it; the vendor's own choice where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

stored_words!(
    /// Where the writing of a payment into the books stands.
    WriteBackStatus {
        /// It waits for whoever reads the books.
        Queued = "queued",
        /// The vendor is being asked, or whoever asked died.
        Calling = "calling",
        /// The books have it.
        Done = "done",
        /// The books do not have it, or not all of it: a person enters the rest.
        Failed = "failed",
        /// The vendor's answer was lost: it is looked for in the books, and a person looks when that does not settle it.
        Unknown = "unknown",
        /// It was taken back before the vendor was asked.
        Withdrawn = "withdrawn",
    }
);

impl WriteBackStatus {
    /// Whether nobody asks the vendor for it any more.
    pub fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Calling | Self::Unknown | Self::Later(_) => false,
            Self::Done | Self::Failed | Self::Withdrawn => true,
        }
    }
}

/// What of a payment is for an invoice of the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BooksPart {
    /// The invoice's id here.
    pub invoice: InvoiceId,
    /// The vendor's own id of it.
    pub external_id: String,
    /// What people call it.
    pub number: String,
    /// How much, minor units, above zero.
    pub amount_minor: i64,
}

/// A payment as it is written into books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BooksPayment {
    /// The basket's id: the reference of the entry, by which it is known to be this payment, and what a vendor tells repeats by. 20 characters.
    pub reference: PaymentId,
    /// The vendor's own id of the customer.
    pub customer: String,
    /// The currency of every amount.
    pub currency: Currency,
    /// The day on which it came, where the tenant is.
    pub received_on: Date,
    /// The account that the money is deposited to, as the vendor names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What it pays, each invoice once.
    pub parts: Vec<BooksPart>,
    /// How often a person had it tried again: what is asked anew is no repeat of what was refused.
    #[serde(default, skip_serializing_if = "is_first")]
    pub round: u32,
}

fn is_first(round: &u32) -> bool {
    *round == 0
}

impl BooksPayment {
    /// The payment of a basket as far as it is for these invoices: those of the books that it is written into. `None` where nothing of it is, or
    /// nothing of it stayed.
    pub fn of(
        basket: &Basket,
        settings: &Settings,
        customer: &str,
        invoices: &[Invoice],
        account: Option<String>,
    ) -> Option<Self> {
        if basket.status != BasketStatus::Paid {
            return None;
        }
        let own = basket.payment_in(basket.currency);
        let documents = basket.documents(settings);
        let mut payments = documents.iter().filter_map(Document::as_payment);
        let payment = payments.find(|payment| payment.id == own && payment.status.counts())?;
        let parts: Vec<BooksPart> = payment
            .allocations
            .iter()
            .filter_map(|part| {
                let invoice =
                    invoices.iter().find(|invoice| invoice.id == part.invoice && invoice.currency == payment.currency)?;
                (part.amount_minor > 0).then(|| BooksPart {
                    invoice: invoice.id.clone(),
                    external_id: invoice.external_id.clone(),
                    number: invoice.number.clone(),
                    amount_minor: part.amount_minor,
                })
            })
            .collect();
        (!parts.is_empty()).then(|| Self {
            reference: basket.id.clone(),
            customer: customer.to_owned(),
            currency: payment.currency,
            received_on: payment.received_on,
            account,
            parts,
            round: 0,
        })
    }

    /// What a vendor tells repeats of a request by, at most 32 characters: the payment, and the round where a person had it tried again.
    pub fn repeats_by(&self) -> String {
        if self.round == 0 { self.reference.to_string() } else { format!("{}-{}", self.reference, self.round) }
    }

    /// What is written, minor units.
    pub fn amount_minor(&self) -> i64 {
        self.parts.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add)
    }

    /// The same of some of its invoices alone.
    #[must_use]
    pub fn of_parts(&self, parts: &[BooksPart]) -> Self {
        Self { parts: parts.to_vec(), ..self.clone() }
    }
}

/// The writing of one payment into the books of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteBack {
    /// The basket.
    pub basket: PaymentId,
    /// Whose books.
    pub source: String,
    /// Where it stands.
    pub status: WriteBackStatus,
    /// Since when.
    pub status_at: Timestamp,
    /// Counts its changes.
    pub revision: u64,
    /// How often the vendor was asked; not counted where it asked to wait.
    #[serde(default)]
    pub calls: u32,
    /// Before which the vendor is not asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Why it failed, or what is known of an answer that was lost; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is written; fixed when the vendor is asked for the first time, and once more with each round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<BooksPayment>,
    /// How often a person had it tried again.
    #[serde(default, skip_serializing_if = "is_first")]
    pub round: u32,
}

impl WriteBack {
    /// The beginning: it waits.
    pub fn asked(basket: &PaymentId, source: &str, now: Timestamp) -> Self {
        Self {
            basket: basket.clone(),
            source: source.to_owned(),
            status: WriteBackStatus::Queued,
            status_at: now,
            revision: 0,
            calls: 0,
            not_before: None,
            reason: None,
            writes: None,
            round: 0,
        }
    }

    /// What it is after a person has it tried again: whatever was the reason is mended by then. `None` while the vendor is still asked without them,
    /// and where there is nothing to try. What was asked for before is looked for in the books first, and what is asked for is reckoned anew.
    pub fn tried_again(&self, now: Timestamp) -> Option<Self> {
        let may = match self.status {
            WriteBackStatus::Failed => true,
            WriteBackStatus::Unknown => self.is_given_up(),
            WriteBackStatus::Queued
            | WriteBackStatus::Calling
            | WriteBackStatus::Done
            | WriteBackStatus::Withdrawn
            | WriteBackStatus::Later(_) => false,
        };
        let (round, queued) = (self.round.saturating_add(1), self.becomes(WriteBackStatus::Queued, None, now));
        may.then(|| Self { calls: 0, round, ..queued })
    }

    /// What the vendor is asked for, where that is fixed in this round.
    pub fn fixed(&self) -> Option<&BooksPayment> {
        self.writes.as_ref().filter(|writes| writes.round == self.round)
    }

    /// The beginning again of one that was withdrawn; `None` of any other.
    pub fn asked_again(&self, now: Timestamp) -> Option<Self> {
        (self.status == WriteBackStatus::Withdrawn).then(|| self.becomes(WriteBackStatus::Queued, None, now))
    }

    /// What it is after its payment was taken back; `None` where the vendor was asked before, or it is over.
    pub fn withdrawn(&self, now: Timestamp) -> Option<Self> {
        let waits = self.status == WriteBackStatus::Queued && self.writes.is_none();
        waits.then(|| self.becomes(WriteBackStatus::Withdrawn, None, now))
    }

    /// The vendor is asked for this now.
    #[must_use]
    pub fn calling(&self, writes: BooksPayment, now: Timestamp) -> Self {
        let anew = BooksPayment { round: self.round, ..writes };
        let writes = Some(self.fixed().cloned().unwrap_or(anew));
        Self { calls: self.calls.saturating_add(1), writes, ..self.becomes(WriteBackStatus::Calling, None, now) }
    }

    /// The books have it.
    #[must_use]
    pub fn done(&self, now: Timestamp) -> Self {
        self.becomes(WriteBackStatus::Done, None, now)
    }

    /// The books will not have it, or not all of it.
    #[must_use]
    pub fn failed(&self, reason: &str, now: Timestamp) -> Self {
        self.becomes(WriteBackStatus::Failed, Some(reason), now)
    }

    /// The vendor asked to wait, or there is no token: nobody took it.
    #[must_use]
    pub fn put_off(&self, now: Timestamp) -> Self {
        Self { calls: self.calls.saturating_sub(1), ..self.becomes(WriteBackStatus::Queued, None, now) }
    }

    /// The vendor's answer was lost.
    #[must_use]
    pub fn lost(&self, reason: &str, now: Timestamp) -> Self {
        let wait = WAIT.saturating_mul(1 << self.calls.saturating_sub(1).min(6)).min(WAIT_MAX);
        let not_before = Some(now.saturating_add(wait).unwrap_or(Timestamp::MAX));
        Self { not_before, ..self.becomes(WriteBackStatus::Unknown, Some(reason), now) }
    }

    /// Whether a person is to look, because the vendor's answer was lost too often.
    pub fn is_given_up(&self) -> bool {
        self.status == WriteBackStatus::Unknown && self.calls >= WRITE_CALLS_MAX
    }

    fn becomes(&self, status: WriteBackStatus, reason: Option<&str>, now: Timestamp) -> Self {
        let status_at = if status == self.status { self.status_at } else { now };
        let (revision, reason) = (self.revision + 1, reason.map(str::to_owned));
        Self { status, status_at, revision, not_before: None, reason, ..self.clone() }
    }
}

/// The task to enter a payment in the books, as far as Dunlin does not write it: `money` of it, for invoices of these numbers.
pub fn enter_task(basket: &Basket, money: Money, numbers: &[&str], why: &str) -> NewTask {
    let what = if numbers.is_empty() { String::new() } else { format!(" for {}", named(numbers)) };
    let detail = format!(
        "{money} of payment {id}{what} came by {provider}. {why} Enter it in the books with {id} as its reference: by it the entry and this \
         payment are one, and the invoice counts it once. Where the books have it already, put {id} there.",
        id = basket.id,
        provider = basket.provider,
    );
    task(basket, ENTER, "A payment is to be entered in the books", detail)
}

/// The task to look whether the books have a payment of which nobody knows.
pub fn look_task(basket: &Basket, source: &str, why: &str) -> NewTask {
    let detail = format!(
        "{source} was asked {WRITE_CALLS_MAX} times to write payment {id}, and each answer was lost, the last with: {why}. Look there for the \
         reference {id}, and enter what is missing with it.",
        id = basket.id,
    );
    task(basket, LOOK, "It is not known whether the books have a payment", detail)
}

/// The tasks that are over once the books have all of a basket's payment: to enter it, and to look for it.
pub fn over_with_entry(tenant: &TenantId, basket: &Basket) -> [TaskId; 2] {
    let id = |what: &str| task(basket, what, "", String::new()).id(tenant, Some(&basket.customer));
    [id(ENTER), id(LOOK)]
}

/// The basket whose id a reference in the books holds.
pub fn basket_named_in(reference: &str) -> Option<PaymentId> {
    let text = reference.to_ascii_lowercase();
    let mut places = text.match_indices(PaymentId::PREFIX);
    places.find_map(|(at, _)| PaymentId::parse(text.get(at..at + REFERENCE_CHARS)?))
}

/// Whether entries in the books, each once, that are the payment of a basket come to all that stayed of it: those that name it, and those of which
/// a person said so.
pub fn is_in_books<'p>(basket: &Basket, entries: impl Iterator<Item = &'p Payment>) -> bool {
    let here = basket.taken_here();
    let is_its = |entry: &&Payment| {
        let is_linked = here.has_entry(&entry.id, entry.reference.as_deref());
        is_linked && entry.is_booked_money() && entry.currency == basket.currency
    };
    let there = entries.filter(is_its).map(|entry| entry.amount_minor).fold(0, i64::saturating_add);
    there > 0 && there >= stayed_minor(basket)
}

/// What came of a basket and nobody took back, minor units.
pub fn stayed_minor(basket: &Basket) -> i64 {
    (basket.received_minor - basket.taken_back_minor).max(0)
}

/// The task to take a payment back in the books that was written there. Dunlin deletes nothing there.
pub fn undo_task(basket: &Basket, source: &str) -> NewTask {
    let gone = if basket.status == BasketStatus::Paid {
        Money::from_minor(basket.taken_back_minor, basket.currency)
    } else {
        basket.asked()
    };
    let detail = format!(
        "Payment {id} was written or entered into the books of {source} as far as they took it, or is to be, and {gone} of it did not stay: it \
         is {status} at {provider}. Dunlin deletes nothing there. Find the entry by the reference {id}, and take it back in the books; if its \
         money came otherwise, take {id} out of its reference.",
        id = basket.id,
        status = basket.status,
        provider = basket.provider,
    );
    task(basket, &format!("undo:{}", basket.revision), "A payment is to be taken back in the books", detail)
}

/// The task to see that the books have a payment that went, so that a person was asked to take it back there, and came back.
pub fn back_task(basket: &Basket, source: &str) -> NewTask {
    let detail = format!(
        "Payment {id} was in the books of {source}, or on its way there, when it did not stay, and a person was asked to take it back there. It \
         is {status} at {provider} again, with {money}. See that the books of {source} have it, with {id} as its reference.",
        id = basket.id,
        status = basket.status,
        provider = basket.provider,
        money = Money::from_minor(stayed_minor(basket), basket.currency),
    );
    task(basket, &format!("back:{}", basket.revision), "A payment came back that was to be taken back in the books", detail)
}

/// Numbers of invoices, at most [`NAMED_MAX`] of them.
fn named(numbers: &[&str]) -> String {
    let shown = numbers.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = numbers.len().saturating_sub(NAMED_MAX);
    let word = if numbers.len() == 1 { "invoice" } else { "invoices" };
    if more == 0 { format!("{word} {shown}") } else { format!("{word} {shown} and {more} more") }
}

fn task(basket: &Basket, what: &str, title: &str, detail: String) -> NewTask {
    NewTask {
        kind: TaskKind::EnterPayment,
        key: format!("{}:{what}", basket.id),
        title: title.to_owned(),
        detail,
        to: None,
        due_on: None,
        step: None,
        currency: Some(basket.currency),
        case: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Allocation, PaymentKind, WayOfPaying,
        basket::TakenPayment,
        testing::{Stage, at, ladder, on},
    };

    const NOW: &str = "2026-02-10T10:00:00Z";

    /// A payment of 700 that a collector took: 400 for A, 200 for B, the rest is credit.
    fn paid() -> (Stage, Basket) {
        let mut stage = Stage::new(ladder());
        let invoices = ["A", "B"].map(|name| stage.invoice(name, Currency::EUR, 1_000, "2026-02-04"));
        let [first, second] = invoices;
        let part = |invoice: InvoiceId, amount_minor| Allocation { invoice, amount_minor };
        let taken = TakenPayment {
            id: PaymentId::of_basket(&["cash"]),
            currency: Currency::EUR,
            amount_minor: 700,
            allocations: vec![part(first, 400), part(second, 200)],
            received_on: on("2026-02-09"),
            way: WayOfPaying::Cash,
            reference: None,
        };
        let basket = taken.take(&stage.facts, &stage.policy.settings, at(NOW)).expect("no flaw");
        (stage, basket)
    }

    fn of(stage: &Stage, basket: &Basket, numbers: &[&str]) -> Option<BooksPayment> {
        let all = stage.facts.invoices.iter().map(|fact| fact.invoice.clone());
        let invoices: Vec<Invoice> = all.filter(|invoice| numbers.contains(&invoice.number.as_str())).collect();
        BooksPayment::of(basket, &stage.policy.settings, "58", &invoices, Some("35".to_owned()))
    }

    #[test]
    fn what_is_for_invoices_of_these_books_is_written_and_nothing_else() {
        let (stage, basket) = paid();
        for (numbers, amounts) in [(vec!["A", "B"], vec![400, 200]), (vec!["B"], vec![200])] {
            let written = of(&stage, &basket, &numbers).expect("something");
            assert_eq!(written.parts.iter().map(|part| part.amount_minor).collect::<Vec<_>>(), amounts);
            assert_eq!(written.amount_minor(), amounts.iter().sum::<i64>());
            assert_eq!((written.received_on, written.reference.as_str().len()), (on("2026-02-09"), 20));
        }
        assert_eq!(of(&stage, &basket, &[]), None, "none of its invoices is of these books");
        let undone = basket.undone(&stage.policy.settings, at(NOW)).basket;
        assert_eq!(of(&stage, &undone, &["A", "B"]), None, "nothing of it stayed");
    }

    #[test]
    fn what_is_written_is_fixed_by_the_first_call() {
        let (stage, basket) = paid();
        let first = of(&stage, &basket, &["A", "B"]).expect("something");
        let asked = WriteBack::asked(&basket.id, "xero", at(NOW));
        let calling = asked.calling(first.clone(), at(NOW));
        let again = calling.lost("502", at(NOW)).calling(first.of_parts(&[]), at(NOW));
        assert_eq!((again.writes, again.calls, again.status), (Some(first), 2, WriteBackStatus::Calling));
    }

    #[test]
    fn a_person_has_tried_again_what_was_refused_or_given_up_and_nothing_else() {
        let (stage, basket) = paid();
        let writes = of(&stage, &basket, &["A"]).expect("something");
        let asked = WriteBack::asked(&basket.id, "xero", at(NOW));
        let calling = asked.calling(writes.clone(), at(NOW));
        for one in [asked.clone(), calling.clone(), calling.lost("502", at(NOW)), calling.done(at(NOW))] {
            assert_eq!(one.tried_again(at(NOW)), None, "{}", one.status);
        }
        let again = calling.failed("the account takes no deposits", at(NOW)).tried_again(at(NOW)).expect("a round");
        assert_eq!((again.status, again.calls, again.round, again.reason.as_deref()), (WriteBackStatus::Queued, 0, 1, None));
        assert!(again.writes.is_some() && again.fixed().is_none(), "it is looked for by what was asked, and reckoned anew");
        let other = BooksPayment { account: Some("40".to_owned()), ..writes.clone() };
        let second = again.calling(other, at(NOW));
        let fixed = second.fixed().expect("fixed anew");
        assert_eq!((fixed.account.as_deref(), fixed.round), (Some("40"), 1));
        assert_ne!(fixed.repeats_by(), writes.repeats_by(), "it is no repeat of what was refused");
        assert_eq!(second.put_off(at(NOW)).calling(writes, at(NOW)).writes, second.writes, "and stays so within the round");
        assert_eq!(second.put_off(at(NOW)).withdrawn(at(NOW)), None, "somebody was asked");
    }

    #[test]
    fn lost_answers_are_asked_for_ever_more_rarely_and_in_the_end_by_a_person() {
        let (stage, basket) = paid();
        let writes = of(&stage, &basket, &["A"]).expect("something");
        let mut one = WriteBack::asked(&basket.id, "xero", at(NOW));
        let mut waits = Vec::new();
        while !one.is_given_up() {
            one = one.calling(writes.clone(), at(NOW)).lost("502", at(NOW));
            waits.push(one.not_before.expect("a moment").duration_since(at(NOW)).as_mins());
        }
        assert_eq!(&waits[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!((waits.len(), one.status.is_over()), (24, false));
    }

    #[test]
    fn only_what_nobody_asked_for_is_withdrawn() {
        let (stage, basket) = paid();
        let writes = of(&stage, &basket, &["A"]).expect("something");
        let asked = WriteBack::asked(&basket.id, "xero", at(NOW));
        let withdrawn = asked.withdrawn(at(NOW)).expect("nobody asked");
        assert_eq!(withdrawn.asked_again(at(NOW)).map(|one| one.status), Some(WriteBackStatus::Queued));
        let calling = asked.calling(writes, at(NOW));
        for one in [calling.put_off(at(NOW)), calling.done(at(NOW)), calling.failed("closed", at(NOW)), calling] {
            assert_eq!((one.withdrawn(at(NOW)), one.asked_again(at(NOW))), (None, None), "{}", one.status);
        }
    }

    #[test]
    fn tasks_name_the_reference_and_few_invoices() {
        let (_, basket) = paid();
        let numbers: Vec<String> = (0..12).map(|number| format!("F-{number}")).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let task = enter_task(&basket, basket.asked(), &numbers, "Nobody writes it.");
        assert_eq!(task.kind, TaskKind::EnterPayment);
        assert!(task.detail.contains(basket.id.as_str()) && task.detail.contains("F-9 and 2 more"), "{}", task.detail);
        assert!(!task.detail.contains("F-10"), "{}", task.detail);
        let undo = undo_task(&basket, "xero");
        assert_ne!(undo.key, task.key);
        assert!(undo.detail.contains("xero") && look_task(&basket, "xero", "502").detail.contains("502"));
    }

    #[test]
    fn the_books_have_a_payment_once_entries_that_are_it_come_to_all_of_it() {
        let (_, basket) = paid();
        let entry = |name: &str, amount_minor: i64, reference: Option<String>| Payment {
            id: PaymentId::derive(&["books", name]),
            kind: PaymentKind::Payment,
            external_id: name.to_owned(),
            source_version: crate::SourceVersion::Number(1),
            status: crate::PaymentStatus::Received,
            amount_minor,
            currency: Currency::EUR,
            received_on: on("2026-02-10"),
            legal_entity: None,
            allocations: Vec::new(),
            reference,
            taken_here: None,
        };
        let id = basket.id.to_string();
        let named = |name: &str, minor: i64| entry(name, minor, Some(format!("Cash {}, thanks", id.to_uppercase())));
        let unnamed = entry("U", 700, None);
        assert_eq!(basket_named_in(&format!("x {id} y")), Some(basket.id.clone()));
        for text in ["", "pay_", "pay_1", "payé_0123456789abcdef", "10264"] {
            assert_eq!(basket_named_in(text), None, "{text}");
        }
        let reversed = Payment { status: crate::PaymentStatus::Reversed, ..named("E", 700) };
        let dollars = Payment { currency: Currency::USD, ..named("E", 700) };
        for (entries, is_there) in [
            (vec![], false),
            (vec![unnamed.clone()], false),
            (vec![named("E", 699)], false),
            (vec![named("E", 700)], true),
            (vec![named("E", 400), named("F", 300)], true),
            (vec![reversed], false),
            (vec![dollars], false),
        ] {
            assert_eq!(is_in_books(&basket, entries.iter()), is_there, "{entries:?}");
        }
        let settings = Settings::named("Acme");
        let judged = |is_same| basket.judged(&unnamed.id, is_same, &settings, at(NOW)).basket;
        assert!(is_in_books(&judged(true), [&unnamed].into_iter()));
        let apart = basket.judged(&named("E", 700).id, false, &settings, at(NOW)).basket;
        assert!(!is_in_books(&apart, [&named("E", 700)].into_iter()), "a person said that it is another one");
        let tenant = TenantId::parse("acme").expect("a tenant");
        let enter = enter_task(&basket, basket.asked(), &[], "").id(&tenant, Some(&basket.customer));
        let look = look_task(&basket, "xero", "").id(&tenant, Some(&basket.customer));
        assert_eq!(over_with_entry(&tenant, &basket), [enter, look]);
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        let (stage, basket) = paid();
        let writes = of(&stage, &basket, &["A"]).expect("something");
        let one = WriteBack::asked(&basket.id, "xero", at(NOW)).calling(writes, at(NOW)).lost("502", at(NOW));
        let text = serde_json::to_string(&one).expect("a text");
        assert_eq!(serde_json::from_str::<WriteBack>(&text).expect("the same"), one);
    }
}
