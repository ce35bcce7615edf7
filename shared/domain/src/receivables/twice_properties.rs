//! In the end as much is asked for as is owed less the money that really came, in whatever order a payment taken here, its entry in the
//! books and what takes them back become known; and nobody who paid is chased on the way there.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Receivables, ReceivablesRules};
use crate::{
    Allocation, Basket, BasketLine, Currency, Facts, InvoiceId, Money, Payment, PaymentFact, PaymentId, PaymentKind,
    PaymentStatus, ProviderOutcome, Reversal, ReversalKind, SourceVersion,
    basket::tests::{beginning, line, received, said, take},
    settings::AfterRefund,
    testing::{Stage, at, ladder, on},
};

const EUR: Currency = Currency::EUR;
const BEGUN: &str = "2026-02-10T09:00:00Z";
const NOW: &str = "2026-02-20T09:00:00Z";
const TOTAL: i64 = 3_000;

/// How the books know of the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    None,
    Named,
    Plain,
}

/// Where the books have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placed {
    /// For the invoices that it was asked for.
    Alike,
    /// For another invoice.
    Elsewhere,
    /// For none yet.
    Nowhere,
}

/// What happens.
#[derive(Clone, Debug)]
struct Story {
    /// What is paid of the first and of the second invoice.
    lines: (i64, i64),
    /// What the books had before: of the first invoice.
    before: i64,
    /// Whether the books give payments, or only say in the invoice what was paid.
    with_payments: bool,
    entry: Entry,
    placed: Placed,
    /// Another payment of the same amount that came otherwise while the basket was open, for the third invoice.
    other: bool,
    /// What the provider gave back.
    refunded: i64,
    /// Whether the books tell of the refund too.
    refund_in_books: bool,
    /// In which order the parts become known.
    order: Vec<u8>,
}

fn story() -> impl Strategy<Value = Story> {
    let lines = (1_i64..=500, 0_i64..=500);
    let entry = prop_oneof![Just(Entry::None), Just(Entry::Named), Just(Entry::Plain)];
    let placed = prop_oneof![3 => Just(Placed::Alike), 1 => Just(Placed::Elsewhere), 1 => Just(Placed::Nowhere)];
    let refunded = prop_oneof![2 => Just(0_i64), 2 => 1_i64..=100];
    let order = Just(vec![0, 1, 2, 3, 4]).prop_shuffle();
    (lines, 0_i64..=400, any::<bool>(), entry, placed, any::<bool>(), refunded, any::<bool>(), order).prop_map(
        |(lines, before, with_payments, entry, placed, other, refunded, refund_in_books, order)| Story {
            lines,
            before,
            with_payments,
            entry,
            placed,
            other,
            refunded: (lines.0 + lines.1) * refunded / 100,
            refund_in_books,
            order,
        },
    )
}

fn entry_id(name: &str) -> PaymentId {
    PaymentId::derive(&["books", name])
}

fn entry(name: &str, amount_minor: i64, allocations: Vec<Allocation>, reference: Option<String>) -> Payment {
    Payment {
        id: entry_id(name),
        kind: PaymentKind::Payment,
        external_id: name.to_owned(),
        source_version: SourceVersion::Number(1),
        status: PaymentStatus::Received,
        amount_minor,
        currency: EUR,
        received_on: on("2026-02-11"),
        legal_entity: None,
        allocations,
        reference,
        taken_here: None,
    }
}

struct World {
    stage: Stage,
    invoices: Vec<InvoiceId>,
    basket: Basket,
    /// The money that came and stayed, minor units, as far as it is known.
    really: i64,
}

impl World {
    fn of(story: &Story) -> Self {
        let mut stage = Stage::new(ladder());
        stage.policy.settings.after_refund = AfterRefund::Chase;
        let invoices: Vec<InvoiceId> =
            ["A", "B", "C"].iter().map(|name| stage.invoice(name, EUR, TOTAL / 3, "2026-02-04")).collect();
        let mut world = Self { basket: begun(&stage, &[]), stage, invoices, really: 0 };
        if story.before > 0 {
            let part = Allocation { invoice: world.invoices[0].clone(), amount_minor: story.before };
            world.books(story, entry("before", story.before, vec![part], None), "2026-02-09T09:00:00Z");
            world.really += story.before;
        }
        let lines = [(0, story.lines.0), (1, story.lines.1)];
        let lines: Vec<BasketLine> =
            lines.into_iter().filter(|(_, minor)| *minor > 0).map(|(at, minor)| line(&world.invoices[at], minor)).collect();
        world.basket = begun(&world.stage, &lines);
        world
    }

    /// An entry comes to the books.
    fn books(&mut self, story: &Story, entry: Payment, recorded_at: &str) {
        for part in &entry.allocations {
            self.stage.invoice_mut(&part.invoice).paid_minor += part.amount_minor;
        }
        if story.with_payments {
            let fact = PaymentFact::merge(None, &entry, at(recorded_at)).expect("a first version");
            self.stage.facts.payments.push(fact);
        }
    }

    fn said(&mut self, event: &str, when: &str, what: ProviderOutcome) {
        let said = said(&self.basket, event, when, what);
        let change = self.basket.hear(&said, &self.stage.policy.settings, at(NOW));
        self.take(&change);
    }

    fn take(&mut self, change: &crate::basket::BasketChange) {
        take(&mut self.stage.facts, change, &self.stage.policy.settings, at(NOW));
        self.basket = change.basket.clone();
    }

    fn receivables(&self) -> i64 {
        exposure(&self.stage.facts, &self.stage)
    }
}

fn begun(stage: &Stage, lines: &[BasketLine]) -> Basket {
    let any = stage.facts.invoices.first().map(|fact| fact.invoice.id.clone()).expect("an invoice");
    let lines = if lines.is_empty() { vec![line(&any, 1)] } else { lines.to_vec() };
    beginning("b", lines).begin(&stage.facts, &stage.policy.settings, at(BEGUN)).expect("no flaw").0
}

fn reckon<'a>(facts: &'a Facts, stage: &Stage, now: Timestamp) -> Receivables<'a> {
    let zone = jiff::tz::TimeZone::UTC;
    Receivables::at(facts, ReceivablesRules::of(&stage.policy.settings, &zone), now)
}

fn exposure(facts: &Facts, stage: &Stage) -> i64 {
    reckon(facts, stage, at(NOW)).exposure_minor(EUR)
}

proptest! {
    #[test]
    fn what_is_asked_for_is_what_is_owed_less_what_really_came(story in story()) {
        let mut world = World::of(&story);
        let paid = story.lines.0 + story.lines.1;
        let part = |at: usize, amount_minor: i64| Allocation { invoice: world.invoices[at].clone(), amount_minor };
        let parts: Vec<Allocation> = match story.placed {
            Placed::Alike => [(0, story.lines.0), (1, story.lines.1)].into_iter().filter(|(_, minor)| *minor > 0)
                .map(|(at, minor)| part(at, minor)).collect(),
            Placed::Elsewhere => vec![part(2, paid)],
            Placed::Nowhere => vec![],
        };
        let other = vec![part(2, paid)];
        // Books that give no payments tell nothing of what is for no invoice.
        let entry_known = story.entry != Entry::None && (story.with_payments || story.placed == Placed::Alike);
        let other_known = story.other && story.with_payments;
        let (mut paid_here, mut entered, mut refunded) = (false, false, false);
        for what in story.order.clone() {
            match what {
                0 => {
                    world.said("e", "2026-02-10T10:00:00Z", received(paid, EUR, "pi"));
                    paid_here = true;
                }
                1 if entry_known => {
                    let reference = (story.entry == Entry::Named).then(|| format!("Card {}", world.basket.id.as_str().to_uppercase()));
                    world.books(&story, entry("entry", paid, parts.clone(), reference), "2026-02-11T09:00:00Z");
                    entered = true;
                }
                2 if other_known => {
                    world.books(&story, entry("other", paid, other.clone(), None), "2026-02-11T10:00:00Z");
                    world.really += paid;
                }
                3 if story.refunded > 0 => {
                    let money = Money::from_minor(story.refunded, EUR);
                    world.said("f", "2026-02-12T10:00:00Z", ProviderOutcome::TakenBack {
                        external_id: "re".to_owned(), kind: ReversalKind::Refund, money, in_force: true,
                    });
                    refunded = true;
                }
                4 if story.refunded > 0 && story.refund_in_books && story.with_payments && entry_known => {
                    world.stage.facts.reversals.push(Reversal {
                        external_id: "books-refund".to_owned(), source_version: SourceVersion::Number(1), payment: entry_id("entry"),
                        amount_minor: story.refunded, currency: EUR, in_force: true, kind: ReversalKind::Refund,
                    });
                    // What books take back of an entry their invoices no longer say is paid: here of the last of its allocations.
                    refunded = true;
                }
                _ => {}
            }
            // Nobody is chased for what came: by the provider's word, or by the books' where only they know.
            let came = if paid_here || entered { paid - if refunded { story.refunded } else { 0 } } else { 0 };
            prop_assert!(world.receivables() <= TOTAL - world.really - came, "{} asked, {} came", world.receivables(), world.really + came);
        }
        // A person says of every pair whether it is one.
        for _ in 0..3 {
            let pairs: Vec<PaymentId> =
                reckon(&world.stage.facts, &world.stage, at(NOW)).twice.iter().map(|twice| twice.entry.clone()).collect();
            for pair in pairs {
                let change = world.basket.judged(&pair, pair == entry_id("entry"), &world.stage.policy.settings, at(NOW));
                world.take(&change);
            }
        }
        // What the documents of invoices say of a refund follows it, as books do.
        let mut taken = if entry_known { story.refunded } else { 0 };
        for part in parts.iter().rev() {
            let back = part.amount_minor.min(taken);
            world.stage.invoice_mut(&part.invoice).paid_minor -= back;
            taken -= back;
        }
        let receivables = reckon(&world.stage.facts, &world.stage, at(NOW));
        prop_assert!(receivables.twice.is_empty());
        prop_assert_eq!(receivables.exposure_minor(EUR), TOTAL - world.really - (paid - story.refunded));
    }
}
