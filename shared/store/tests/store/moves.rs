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

/// What is open of a customer's invoices, and its credit that is left, in euro cents.
async fn owes(table: &Table, customer: &str) -> i64 {
    if table.store.head(&table.tenant, &customer_of(customer)).await.unwrap().is_none() {
        return 0;
    }
    let facts = table.facts_of(customer).await;
    let zone = jiff::tz::TimeZone::UTC;
    let rules = domain::receivables::ReceivablesRules {
        zone: &zone,
        after_refund: settings::AfterRefund::Chase,
        chase_unsent: true,
        by_legal_entity: false,
    };
    domain::receivables::Receivables::at(&facts, rules, at(100)).exposure_minor(Currency::EUR)
}

/// A payment of P over `amount_minor`, all of it for one invoice.
fn parent_pays(version: u64, invoice: &str, amount_minor: i64) -> Document {
    let allocations = vec![Allocation { invoice: invoice_id(invoice), amount_minor }];
    Document::Payment { customer: other("P"), payment: Payment { amount_minor, allocations, ..payment("P-1", version, invoice) } }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_payment_pays_for_another_customers_invoice_wherever_that_is_in_any_order(
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        repeats in prop::collection::vec(0_usize..6, 0..4),
        reversed in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (found, left) = runtime.block_on(async {
            let table = table().await;
            let own = Document::Invoice { customer: other("P"), invoice: invoice("INV-2", 1) };
            let story = [
                owed_by("A", 1),
                owed_by("B", 2),
                own,
                parent_pays(1, "INV-2", 30_000),
                parent_pays(2, "INV-1", 50_000),
                Document::Reversal(Reversal { amount_minor: 20_000, in_force: reversed, ..reversal("R-1", "P-1") }),
            ];
            for (minute, at) in order.iter().chain(&repeats).enumerate() {
                table.say(&format!("e{minute}"), &[story[*at].clone()], i64::try_from(minute).unwrap()).await;
            }
            let found = [owes(&table, "A").await, owes(&table, "B").await, owes(&table, "P").await];
            (found, [table.facts_of("A").await.shared, table.facts_of("P").await.shared])
        });
        prop_assert_eq!(found, [0, if reversed { 95_000 } else { 75_000 }, 125_000]);
        prop_assert_eq!(left, [vec![], vec![]]);
    }
}

#[tokio::test]
async fn one_payment_pays_for_invoices_of_two_others_and_two_payments_for_one_invoice() {
    let table = table().await;
    let theirs = [("A", "INV-1"), ("B", "INV-2")];
    let theirs = theirs.map(|(who, number)| Document::Invoice { customer: other(who), invoice: invoice(number, 1) });
    table.say("e1", &theirs, 0).await;
    let of = |external: &str, invoices: &[&str]| {
        let allocation = |number: &&str| Allocation { invoice: invoice_id(number), amount_minor: 5_000 };
        let allocations: Vec<Allocation> = invoices.iter().map(allocation).collect();
        let paid = Payment { amount_minor: 10_000, allocations, ..payment(external, 1, "INV-1") };
        Document::Payment { customer: other("P"), payment: paid }
    };
    table.say("e2", &[of("P-1", &["INV-1", "INV-2"])], 1).await;
    assert_eq!([owes(&table, "A").await, owes(&table, "B").await], [120_000, 120_000]);
    table.say("e3", &[of("P-2", &["INV-1", "INV-1"])], 2).await;
    table.say("e4", &[Document::Invoice { customer: other("C"), invoice: invoice("INV-1", 2) }], 3).await;
    assert_eq!([owes(&table, "A").await, owes(&table, "C").await], [0, 110_000]);
}

#[tokio::test]
async fn a_payment_follows_an_invoice_that_left_its_customer_and_is_put_aside_with_it() {
    let table = table().await;
    let mut split = payment("P-2", 1, "INV-1");
    split.amount_minor = 130_000;
    split.allocations = vec![
        Allocation { invoice: invoice_id("INV-1"), amount_minor: 125_000 },
        Allocation { invoice: invoice_id("INV-2"), amount_minor: 5_000 },
    ];
    let stays = Document::Invoice { customer: other("A"), invoice: invoice("INV-2", 1) };
    let split = Document::Payment { customer: other("A"), payment: split };
    table.say("e1", &[owed_by("A", 1), stays, split], 0).await;
    for (event, to, number) in [("e2", "B", 2), ("e3", "C", 3), ("e4", "A", 4), ("e5", "B", 5)] {
        table.say(event, &[owed_by(to, number)], 1).await;
        assert_eq!(owes(&table, to).await, if to == "A" { 120_000 } else { 0 }, "{event}");
        assert_eq!(owes(&table, "A").await, 120_000, "{event}");
        for left in ["A", "B", "C"].iter().filter(|left| **left != to) {
            if table.store.head(&table.tenant, &customer_of(left)).await.unwrap().is_some() {
                assert!(table.facts_of(left).await.shared.is_empty(), "{event} {left}");
            }
        }
    }
    // Closed by it, the invoice takes the payment out of what is read, and brings it back when it is reversed.
    let (head, facts) = (table.head_of("B").await, table.facts_of("B").await);
    let mut plan = decision(vec![], Next::Nothing);
    plan.archiving = Archiving {
        archive_invoices: vec![(invoice_id("INV-1"), vec![])],
        archive_shared: facts.shared.iter().map(|fact| fact.payment.id.clone()).collect(),
        covered_from: 1,
        ..Archiving::default()
    };
    table.store.commit(&table.tenant, &head, &facts, &plan, at(2)).await.unwrap();
    let facts = table.facts_of("B").await;
    assert!(facts.invoices.is_empty() && facts.shared.is_empty());
    let whole = Reversal { amount_minor: 130_000, ..reversal("R-1", "P-2") };
    table.say("e6", &[Document::Reversal(whole)], 3).await;
    assert_eq!(owes(&table, "B").await, 125_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_at_once_a_payment_counts_where_its_invoice_is() {
    for round in 0..8 {
        let table = table().await;
        table.say("e0", &[owed_by("A", 1)], 0).await;
        let all = [owed_by("B", 2), owed_by("C", 3), parent_pays(1, "INV-1", 25_000), parent_pays(2, "INV-1", 50_000)];
        join_all(all.into_iter().enumerate().map(|(at_once, document)| {
            let (store, tenant) = (table.store.clone(), table.tenant.clone());
            tokio::spawn(async move {
                let receipt = Receipt { source: "stripe".into(), event_id: format!("e{}", at_once + 1) };
                store.apply(&tenant, &receipt, &[document], at(1)).await.unwrap();
            })
        }))
        .await
        .into_iter()
        .for_each(|done| done.unwrap());
        let found = [owes(&table, "A").await, owes(&table, "B").await, owes(&table, "C").await];
        assert_eq!(found, [0, 0, 75_000], "round {round}");
        assert!(table.facts_of("B").await.shared.is_empty(), "round {round}");
    }
}

#[tokio::test]
async fn agreements_that_name_an_invoice_go_along_and_are_found_by_their_id() {
    let table = table().await;
    table.say("e1", &[owed_by("A", 1), Document::Invoice { customer: other("A"), invoice: invoice("INV-2", 1) }], 0).await;
    table.say("e2", &[Document::Customer(customer(Some(1), "B"))], 0).await;
    let (a, b) = (customer_of("A"), customer_of("B"));
    let pause = |name: &str, invoices: &[&str]| Agreement {
        id: AgreementId::derive(&[name]),
        terms: Terms::Pause(Pause { reason: HoldReason::Manual, ends_with: None, of: vec![], status: PauseStatus::Running }),
        scope: AgreementScope::Invoices(invoices.iter().map(|name| invoice_id(name)).collect()),
        amount_minor: None,
        clock: HoldClock::Freeze,
        made_at: at(0),
        from_at: at(0),
        until_on: None,
        ended_at: None,
        status_at: at(0),
        by: String::new(),
        folded: vec![],
    };
    let (own, both) = (pause("own", &["INV-1"]), pause("both", &["INV-1", "INV-2"]));
    let everything = Agreement { scope: AgreementScope::Customer, ..pause("everything", &[]) };
    for agreement in [&own, &both, &everything] {
        table.store.put_agreement(&table.tenant, &a, None, agreement, at(1)).await.unwrap();
    }
    table.say("e3", &[owed_by("B", 3)], 2).await;
    let of = async |customer: &str| {
        let mut scopes: Vec<_> =
            table.facts_of(customer).await.agreements.into_iter().map(|known| (known.scope, known.id)).collect();
        scopes.sort_by_key(|(_, id)| id.clone());
        scopes
    };
    let only = |name: &str| AgreementScope::Invoices(vec![invoice_id(name)]);
    let share = AgreementId::derive(&[both.id.as_str(), invoice_id("INV-1").as_str()]);
    let sorted = |mut all: Vec<(AgreementScope, AgreementId)>| {
        all.sort_by_key(|(_, id)| id.clone());
        all
    };
    assert_eq!(of("A").await, sorted(vec![(only("INV-2"), both.id.clone()), (AgreementScope::Customer, everything.id.clone())]));
    assert_eq!(of("B").await, sorted(vec![(only("INV-1"), own.id.clone()), (only("INV-1"), share.clone())]));
    for (id, whose) in [(&own.id, &b), (&share, &b), (&both.id, &a), (&everything.id, &a)] {
        assert_eq!(table.store.whose(&table.tenant, id.as_str()).await.unwrap().as_ref(), Some(whose));
    }
}
