//! Documents in any order, archiving, and what a tenant decides by.

use crate::common::*;
use domain::*;
use proptest::prelude::*;
use store::AppliedOutcome;

fn story() -> Vec<Document> {
    let of = || CustomerRef::Named(customer_id());
    vec![
        invoice_doc("INV-1", 1),
        Document::Invoice { customer: CustomerRef::Full(Box::new(customer(Some(2), "Acme AG"))), invoice: invoice("INV-1", 3) },
        Document::Payment { customer: CustomerRef::OfInvoice(invoice_id("INV-1")), payment: payment("P-1", 1, "INV-1") },
        Document::Payment { customer: of(), payment: payment("P-1", 2, "INV-1") },
        Document::Reversal(reversal("R-1", "P-1")),
    ]
}

async fn told(order: &[usize]) -> (Customer, Vec<InvoiceFact>, Vec<Payment>, Vec<Reversal>) {
    let table = table().await;
    let story = story();
    for (minute, at) in order.iter().enumerate() {
        table.say(&format!("e{minute}"), &[story[*at].clone()], i64::try_from(minute).unwrap()).await;
    }
    let facts = table.facts().await;
    let payments = facts.payments.into_iter().map(|fact| fact.payment).collect();
    (facts.customer, facts.invoices, payments, facts.reversals)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_order_and_any_repeats_give_the_same_facts(
        order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(),
        repeats in prop::collection::vec(0_usize..5, 0..4),
    ) {
        let order: Vec<usize> = order.into_iter().chain(repeats).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (customer, invoices, payments, reversals) = runtime.block_on(told(&order));
        prop_assert_eq!(customer.name, "Acme AG");
        prop_assert_eq!(invoices.len(), 1);
        prop_assert_eq!(&invoices[0].invoice, &invoice("INV-1", 3));
        prop_assert_eq!(payments, vec![payment("P-1", 2, "INV-1")]);
        prop_assert_eq!(reversals, vec![reversal("R-1", "P-1")]);
    }
}

#[tokio::test]
async fn an_event_counts_once() {
    let table = table().await;
    let first = table.say("e1", &[invoice_doc("INV-1", 2)], 0).await;
    let again = table.say("e1", &[invoice_doc("INV-1", 2)], 0).await;
    let older = table.say("e2", &[invoice_doc("INV-1", 1)], 0).await;
    assert_eq!(
        [first.outcome, again.outcome, older.outcome],
        [AppliedOutcome::Applied, AppliedOutcome::Duplicate, AppliedOutcome::Stale]
    );
    assert_eq!(table.head().await.version, 1);
}

#[tokio::test]
async fn archived_invoices_come_back_with_their_marks() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let mark = Coverage {
        number: 1,
        at: at(1),
        mode: Mode::Live,
        outcome: Outcome::Skipped,
        message: None,
        way: None,
        person: None,
        pay_by: None,
        workflow: "standard".into(),
        rows: vec![row("INV-1")],
        copy: false,
        receipt_by: None,
    };
    let mut plan = decision(vec![], Next::Parked);
    plan.marks = vec![mark.clone()];
    let (head, facts) = (table.head().await, table.facts().await);
    table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap();
    let (head, facts) = (table.head().await, table.facts().await);
    assert_eq!(facts.coverage, vec![mark.clone()]);
    let mut plan = decision(vec![], Next::Nothing);
    plan.archiving =
        Archiving { archive_invoices: vec![(invoice_id("INV-1"), vec![mark.clone()])], covered_from: 2, ..Archiving::default() };
    table.store.commit(&table.tenant, &head, &facts, &plan, at(2)).await.unwrap();
    let facts = table.facts().await;
    assert!(facts.invoices.is_empty() && facts.coverage.is_empty());
    let due = table.store.due(&table.tenant, table.head().await.shard, None, 10, None).await.unwrap();
    assert!(due.entries.is_empty(), "nothing is owed");

    let pays = Document::Payment { customer: CustomerRef::Named(customer_id()), payment: payment("P-1", 1, "INV-1") };
    table.say("e2", &[pays], 3).await;
    let (head, facts) = (table.head().await, table.facts().await);
    assert!(facts.invoices[0].archived);
    assert_eq!(facts.invoices[0].folded, vec![mark.clone()]);
    let mut plan = decision(vec![], Next::Parked);
    plan.archiving = Archiving { restore_invoices: vec![invoice_id("INV-1")], ..Archiving::default() };
    table.store.commit(&table.tenant, &head, &facts, &plan, at(4)).await.unwrap();
    let facts = table.facts().await;
    assert!(!facts.invoices[0].archived);
    assert_eq!(facts.invoices[0].folded, vec![mark]);
}

/// Files everything that the customer has.
async fn file_all(table: &Table, minute: i64) {
    let (head, facts) = (table.head().await, table.facts().await);
    let mut plan = decision(vec![], Next::Nothing);
    plan.archiving = Archiving {
        archive_invoices: facts
            .invoices
            .iter()
            .filter(|fact| !fact.archived)
            .map(|fact| (fact.invoice.id.clone(), vec![]))
            .collect(),
        archive_payments: facts.payments.iter().map(|fact| fact.payment.id.clone()).collect(),
        ..Archiving::default()
    };
    table.store.commit(&table.tenant, &head, &facts, &plan, at(minute)).await.unwrap();
}

#[tokio::test]
async fn what_comes_back_brings_all_that_it_is_judged_by() {
    let pays = |external: &str, version: u64| Document::Payment {
        customer: CustomerRef::Named(customer_id()),
        payment: payment(external, version, "INV-1"),
    };
    let back = |external: &str| Document::Reversal(reversal(external, "P-1"));
    let cases: [(&str, Vec<Document>, usize); 5] = [
        ("a reversal", vec![back("R-2")], 2),
        ("a newer payment", vec![pays("P-1", 2)], 1),
        ("a reversal with its payment as it was", vec![pays("P-1", 1), back("R-2")], 2),
        ("a newer invoice", vec![invoice_doc("INV-1", 2)], 1),
        ("another payment", vec![pays("P-3", 1)], 1),
    ];
    for (what, documents, reversals) in cases {
        let table = table().await;
        table.say("e1", &[invoice_doc("INV-1", 1), pays("P-1", 1)], 0).await;
        // Archived at different times: the second payment finds its invoice archived.
        file_all(&table, 1).await;
        table.say("e2", &[pays("P-2", 1), back("R-1")], 2).await;
        file_all(&table, 3).await;
        let idle = table.facts().await;
        assert!(idle.invoices.is_empty() && idle.payments.is_empty() && idle.reversals.is_empty(), "{what}");
        for _ in 0..2 {
            table.say("e3", &documents, 4).await;
        }
        let facts = table.facts().await;
        let mut payments: Vec<&str> = facts.payments.iter().map(|fact| fact.payment.external_id.as_str()).collect();
        payments.sort_unstable();
        assert_eq!(facts.invoices.len(), 1, "{what}");
        assert_eq!(&payments[..2], ["P-1", "P-2"], "{what}");
        assert_eq!(facts.reversals.len(), reversals, "{what}");
        assert_eq!(table.head().await.due, Next::At(at(4)), "{what}: the customer is decided again");
    }
}

#[tokio::test]
async fn a_change_of_mode_asks_for_every_customer() {
    let table = table().await;
    let known = table.store.settings(&table.tenant).await.unwrap().unwrap();
    assert_eq!(table.store.tenants().await.unwrap()[0].replan, None);
    let settings = Settings { mode: Mode::Shadow, ..known.value };
    table.store.put_settings(&table.tenant, &settings, Some(known.rev), at(1)).await.unwrap();
    assert!(table.store.put_settings(&table.tenant, &settings, Some(known.rev), at(1)).await.is_err());
    let row = table.store.tenant(&table.tenant).await.unwrap().unwrap();
    assert_eq!(row.mode, Mode::Shadow);
    table.store.set_replan(&table.tenant, row.replan.as_ref(), None).await.unwrap();
    assert_eq!(table.store.tenant(&table.tenant).await.unwrap().unwrap().replan, None);
}

/// A version that no true one follows freezes an object, until a person resets it; what is known stays until the source says more.
#[tokio::test]
async fn a_version_that_nothing_follows_is_reset() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    table.say("e1", &[invoice_doc("INV-1", u64::MAX)], 0).await;
    let of = CustomerRef::OfInvoice(invoice_id("INV-1"));
    let far = Document::Payment { customer: of.clone(), payment: payment("P-1", u64::MAX, "INV-1") };
    table.say("e2", &[far], 1).await;
    let true_invoice = invoice_doc("INV-1", 7);
    let true_payment = Document::Payment { customer: of, payment: payment("P-1", 7, "INV-1") };
    let stale = table.say("e3", &[true_invoice.clone(), true_payment.clone()], 2).await;
    assert_eq!(stale.outcome, AppliedOutcome::Stale, "it is frozen");

    let before = table.head().await.version;
    for of in [VersionOf::Invoice(invoice_id("INV-1")), VersionOf::Payment(payment_id("P-1"))] {
        let had = store.reset_version(tenant, &customer_id(), &of, at(3)).await.unwrap();
        assert_eq!(had, Some(SourceVersion::Number(u64::MAX)), "{of:?}");
    }
    let facts = table.facts().await;
    let expected = Invoice { source_version: SourceVersion::RESET, ..invoice("INV-1", 1) };
    assert_eq!(facts.invoices[0].invoice, expected, "the invoice itself stays");
    assert_eq!(table.head().await.version, before + 2, "the customer is decided again");

    assert_eq!(table.say("e4", &[true_invoice, true_payment], 4).await.outcome, AppliedOutcome::Applied);
    let facts = table.facts().await;
    assert_eq!(facts.invoices[0].invoice.source_version, SourceVersion::Number(7));
    assert_eq!(facts.payments[0].payment.source_version, SourceVersion::Number(7));
    let had = store.reset_version(tenant, &customer_id(), &VersionOf::Customer, at(5)).await.unwrap();
    assert_eq!(had, Some(SourceVersion::Number(1)), "the customer's own description");
    // What is not there has none.
    for of in [VersionOf::Invoice(invoice_id("INV-9")), VersionOf::Payment(payment_id("P-9"))] {
        assert_eq!(store.reset_version(tenant, &customer_id(), &of, at(5)).await.unwrap(), None, "{of:?}");
    }
}
