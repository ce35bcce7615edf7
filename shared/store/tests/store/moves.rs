//! What is sent again under another customer's name.

use domain::*;
use futures::future::join_all;
use proptest::prelude::*;
use store::{Claim, Receipt};

use crate::common::*;

fn owed_by(customer: &str, version: u64) -> Document {
    Document::Invoice { customer: other(customer), invoice: invoice("INV-1", version) }
}

fn paid_by(customer: &str, version: u64, kind: PaymentKind) -> Document {
    Document::Payment { customer: other(customer), payment: Payment { kind, ..payment("P-1", version, "INV-1") } }
}

/// The customers among `all` that an invoice, and that a payment is at, each with its version.
async fn places(table: &Table, all: &[&str]) -> (Vec<String>, Vec<String>) {
    let (mut invoices, mut payments) = (vec![], vec![]);
    for customer in all {
        if table.store.head(&table.tenant, &customer_of(customer)).await.unwrap().is_none() {
            continue;
        }
        let facts = table.facts_of(customer).await;
        let named = |version: SourceVersion| format!("{customer} {}", version.sortable().trim_start_matches('0'));
        invoices.extend(facts.invoices.iter().map(|fact| named(fact.invoice.source_version)));
        payments.extend(facts.payments.iter().map(|fact| named(fact.payment.source_version)));
    }
    (invoices, payments)
}

fn version(customer: &str, number: u64) -> String {
    format!("{customer} {}", SourceVersion::Number(number).sortable().trim_start_matches('0'))
}

/// Lets a customer wait for long, so that being woken shows.
async fn lull(table: &Table, customer: &str) {
    let head = table.head_of(customer).await;
    let facts = table.store.facts(&table.tenant, &head).await.unwrap();
    let later = decision(vec![], Next::At(at(50_000)));
    table.store.commit(&table.tenant, &head, &facts, &later, at(1)).await.unwrap();
}

fn transactions(table: &Table) -> usize {
    let mut operations = table.aws.world.operations.lock().unwrap();
    operations.drain(..).filter(|operation| operation == "TransactWriteItems").count()
}

#[tokio::test]
async fn an_invoice_moves_in_one_transaction_and_both_customers_are_woken() {
    let table = table().await;
    table.say("e1", &[owed_by("A", 1)], 0).await;
    table.say("e2", &[Document::Customer(customer(Some(1), "B")), owed_by("B", 2)], 0).await;
    assert_eq!(places(&table, &["A", "B"]).await.0, [version("B", 2)]);
    table.say("e3", &[owed_by("A", 3)], 1).await;
    lull(&table, "A").await;
    lull(&table, "B").await;
    transactions(&table);
    table.say("e4", &[owed_by("B", 4)], 5).await;
    assert_eq!(transactions(&table), 1);
    assert_eq!(places(&table, &["A", "B"]).await.0, [version("B", 4)]);
    let (a, b) = (table.head_of("A").await, table.head_of("B").await);
    assert_eq!((a.due, b.due), (Next::At(at(5)), Next::At(at(5))));
    assert_eq!((a.open_invoices, b.open_invoices), (0, 1));
}

#[tokio::test]
async fn a_message_about_what_moved_away_cannot_be_claimed() {
    let table = table().await;
    table.say("e1", &[owed_by("A", 1)], 0).await;
    let head = table.head_of("A").await;
    let facts = table.store.facts(&table.tenant, &head).await.unwrap();
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
    table.say("e2", &[owed_by("B", 2)], 2).await;
    let claim = table.store.claim(&table.tenant, &customer_of("A"), head.version, &message, &attempt("a1", 5)).await.unwrap();
    let Claim::Changed(now) = claim else { panic!("{claim:?}") };
    assert!(table.store.facts(&table.tenant, &now).await.unwrap().invoices.is_empty());
}

#[tokio::test]
async fn payments_and_credit_notes_move_too() {
    for kind in [PaymentKind::Payment, PaymentKind::CreditNote] {
        let table = table().await;
        table.say("e1", &[owed_by("A", 1), paid_by("A", 1, kind), Document::Reversal(reversal("R-1", "P-1"))], 0).await;
        lull(&table, "A").await;
        transactions(&table);
        table.say("e2", &[paid_by("B", 2, kind)], 5).await;
        assert_eq!(transactions(&table), 1, "{kind:?}");
        let (invoices, payments) = places(&table, &["A", "B"]).await;
        assert_eq!((invoices, payments), (vec![version("A", 1)], vec![version("B", 2)]), "{kind:?}");
        let (a, b) = (table.facts_of("A").await, table.facts_of("B").await);
        assert_eq!((a.reversals.len(), b.reversals), (0, vec![reversal("R-1", "P-1")]), "{kind:?}");
        assert_eq!(table.head_of("A").await.due, Next::At(at(5)), "{kind:?}");
        // What is said of the payment later finds it where it is.
        table.say("e3", &[Document::Reversal(reversal("R-2", "P-1")), paid_by("A", 1, kind)], 6).await;
        assert_eq!(table.facts_of("B").await.reversals.len(), 2, "{kind:?}");
        assert!(table.facts_of("A").await.payments.is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn an_invoice_takes_along_what_is_for_it_alone() {
    let table = table().await;
    let mut split = payment("P-2", 1, "INV-1");
    split.allocations = vec![
        Allocation { invoice: invoice_id("INV-1"), amount_minor: 2_000 },
        Allocation { invoice: invoice_id("INV-2"), amount_minor: 3_000 },
    ];
    let stays = Document::Invoice { customer: other("A"), invoice: invoice("INV-2", 1) };
    let split = Document::Payment { customer: other("A"), payment: split };
    let alone = paid_by("A", 1, PaymentKind::Payment);
    table.say("e1", &[owed_by("A", 1), stays, alone, split, Document::Reversal(reversal("R-1", "P-1"))], 0).await;
    for (event, to, from, version) in [("e2", "B", "A", 2), ("e3", "A", "B", 3), ("e4", "B", "A", 4)] {
        table.say(event, &[owed_by(to, version)], 1).await;
        let (to, from) = (table.facts_of(to).await, table.facts_of(from).await);
        let names = |facts: &Facts| facts.payments.iter().map(|fact| fact.payment.external_id.clone()).collect::<Vec<_>>();
        assert!(names(&to).contains(&"P-1".to_owned()) && !names(&from).contains(&"P-1".to_owned()), "{event}");
        assert_eq!((to.reversals.len(), from.reversals.len()), (1, 0), "{event}");
    }
    let left: Vec<String> = table.facts_of("A").await.payments.iter().map(|fact| fact.payment.external_id.clone()).collect();
    assert_eq!(left, ["P-2"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn the_newest_word_says_whose_it_is_in_any_order(
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        repeats in prop::collection::vec(0_usize..6, 0..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(async {
            let table = table().await;
            let story = [
                owed_by("A", 1), owed_by("B", 2), owed_by("C", 3),
                paid_by("C", 1, PaymentKind::Payment), paid_by("A", 2, PaymentKind::Payment), paid_by("C", 3, PaymentKind::Payment),
            ];
            for (minute, at) in order.iter().chain(&repeats).enumerate() {
                table.say(&format!("e{minute}"), &[story[*at].clone()], i64::try_from(minute).unwrap()).await;
            }
            places(&table, &["A", "B", "C"]).await
        });
        prop_assert_eq!(found, (vec![version("C", 3)], vec![version("C", 3)]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_at_once_leaves_it_at_one_customer() {
    for round in 0..8 {
        let table = table().await;
        if round % 2 == 0 {
            table.say("e0", &[owed_by("A", 1)], 0).await;
        }
        let all = [("B", 2), ("C", 3), ("A", 4), ("B", 5), ("C", 6)];
        join_all(all.map(|(customer, version)| {
            let (store, tenant) = (table.store.clone(), table.tenant.clone());
            tokio::spawn(async move {
                let receipt = Receipt { source: "stripe".into(), event_id: format!("e{version}") };
                // As its sender would, again until it is taken.
                while store.apply(&tenant, &receipt, &[owed_by(customer, version)], at(1)).await.is_err() {}
            })
        }))
        .await;
        assert_eq!(places(&table, &["A", "B", "C"]).await.0, [version("C", 6)], "round {round}");
    }
}

/// A story of one object.
struct Story {
    says: fn(customer: &str, version: u64) -> Document,
    /// What is said before and waits for it.
    waits: Option<Document>,
    /// With how many other invoices of the customer it comes.
    crowd: u64,
}

const NEWS: [(&str, u64); 5] = [("B", 2), ("C", 3), ("A", 4), ("B", 5), ("C", 6)];

impl Story {
    async fn say(&self, table: &Table, (customer, version): (&str, u64)) {
        let crowd = (0..self.crowd).map(|number| Document::Invoice {
            customer: other(customer),
            invoice: Invoice { status: InvoiceStatus::Draft, ..invoice(&format!("{customer} {number}"), 1) },
        });
        let documents: Vec<Document> = crowd.chain([(self.says)(customer, version)]).collect();
        table.say(&format!("{customer} {version}"), &documents, 1).await;
    }

    /// Plays it with one call of the held news interrupted by other news. The state that it ends in, or none when the call does
    /// not come.
    async fn play(
        &self,
        table: &Table,
        begins: bool,
        held: (&str, u64),
        call: usize,
        between: &[(&str, u64)],
    ) -> Option<Vec<String>> {
        if let Some(waits) = &self.waits {
            table.say("waits", std::slice::from_ref(waits), 0).await;
        }
        if begins {
            self.say(table, ("B", 1)).await;
        }
        let (came, go) = table.aws.world.hold_after(call);
        let others = async {
            let reached = came.await.is_ok();
            for news in between.iter().filter(|_| reached) {
                self.say(table, *news).await;
            }
            drop(go);
            reached
        };
        let first = async {
            self.say(table, held).await;
            table.aws.world.hold_none();
        };
        let ((), reached) = tokio::join!(first, others);
        if !reached {
            return None;
        }
        let (invoices, payments) = places(table, &["A", "B", "C"]).await;
        Some([invoices, payments].concat())
    }
}

/// Plays a story for each call of each held news, each time for a tenant of its own.
async fn at_each_call(story: Story, held: &[(bool, (&str, u64))], between: &[Vec<(&str, u64)>]) {
    let mut table = table().await;
    let mut played = 0;
    for (begins, held) in held {
        for between in between.iter().filter(|news| !news.contains(held)) {
            let newest = between.iter().chain([held]).max_by_key(|(_, version)| *version).unwrap();
            let mut expected = vec![version(newest.0, newest.1)];
            if matches!(story.waits, Some(Document::Payment { .. })) {
                expected.push(version(newest.0, 1));
            }
            for call in 0.. {
                table.tenant = TenantId::parse(&format!("acme-{played}")).unwrap();
                played += 1;
                let Some(found) = story.play(&table, *begins, *held, call, between).await else { break };
                assert_eq!(found, expected, "begins {begins}, {held:?} held at call {call} by {between:?}");
            }
        }
    }
}

fn paid(customer: &str, version: u64) -> Document {
    paid_by(customer, version, PaymentKind::Payment)
}

#[tokio::test]
async fn whatever_comes_between_two_calls_leaves_it_at_one_customer() {
    let mut between: Vec<Vec<(&str, u64)>> = NEWS.iter().map(|news| vec![*news]).collect();
    between.extend((0..4).map(|one| vec![NEWS[one], NEWS[one + 1]]));
    let held = [(false, NEWS[3]), (true, NEWS[2])];
    let early = payment("P-2", 1, "INV-1");
    let early = Document::Payment { customer: CustomerRef::OfInvoice(invoice_id("INV-1")), payment: early };
    let reversal = Document::Reversal(reversal("R-1", "P-1"));
    at_each_call(Story { says: owed_by, waits: None, crowd: 0 }, &held, &between).await;
    at_each_call(Story { says: paid, waits: None, crowd: 0 }, &held, &between).await;
    at_each_call(Story { says: owed_by, waits: Some(early), crowd: 0 }, &held[..1], &between).await;
    at_each_call(Story { says: paid, waits: Some(reversal), crowd: 0 }, &held[..1], &between).await;
}

#[tokio::test]
async fn nor_does_what_comes_between_the_transactions_of_a_large_document() {
    let reversal = Document::Reversal(reversal("R-1", "P-1"));
    let story = Story { says: paid, waits: Some(reversal), crowd: 70 };
    at_each_call(story, &[(false, NEWS[0])], &[vec![NEWS[1]]]).await;
}
