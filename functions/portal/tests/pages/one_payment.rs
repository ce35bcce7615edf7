//! A payment that was taken here and its entry in the books are one payment, wherever a customer looks.

use domain::{
    Allocation, Currency, CustomerId, CustomerRef, Document, Payment, PaymentId, PaymentKind, PaymentStatus, SourceVersion,
    TakenHere,
};
use serde_json::Value;
use store::Receipt;

use crate::visitor::{Portal, acme};

/// A payment of 300.00 for the first invoice, on a day of its own: of one day the story tells the same thing once.
fn payment(id: PaymentId, on: &str, reference: Option<&str>, taken_here: Option<TakenHere>) -> Payment {
    Payment {
        external_id: id.to_string(),
        id,
        kind: PaymentKind::Payment,
        source_version: SourceVersion::Number(1),
        status: PaymentStatus::Received,
        amount_minor: 30_000,
        currency: Currency::EUR,
        received_on: on.parse().unwrap(),
        legal_entity: None,
        allocations: vec![Allocation { invoice: Portal::invoice("C-1", "1001"), amount_minor: 30_000 }],
        reference: reference.map(str::to_owned),
        taken_here: taken_here.map(Box::new),
    }
}

async fn comes(portal: &Portal, customer: &CustomerId, payment: Payment) {
    let receipt = Receipt { source: "canonical".to_owned(), event_id: payment.external_id.clone() };
    let document = Document::Payment { customer: CustomerRef::Named(customer.clone()), payment };
    portal.world.store.apply(&acme(), &receipt, &[document], portal.world.now()).await.unwrap();
}

/// How many payments the statement lists, and how many the story of the invoice tells.
async fn shown(portal: &Portal, code: &str) -> (usize, usize) {
    let statement = portal.data(&format!("/p/{code}"), "application/json").await.is(200);
    let statement: Value = serde_json::from_str(&statement.html).unwrap();
    let page = portal.get(&format!("/p/{code}/invoices/{}", Portal::invoice("C-1", "1001"))).await.is(200);
    (statement["received"].as_array().unwrap().len(), page.html.matches("Zahlung über 300,00\u{a0}€").count())
}

#[tokio::test]
async fn a_payment_that_was_taken_here_is_shown_once_with_its_entry_in_the_books() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let basket = PaymentId::of_basket(&["acme", "C-1", "form"]);
    let entry = |name: &str| PaymentId::derive(&["books", name]);
    let (said_same, said_apart) = (entry("P-2"), entry("P-3"));
    let here = TakenHere {
        basket: basket.clone(),
        begun_at: portal.world.now(),
        stated: vec![],
        same: vec![said_same.clone()],
        apart: vec![said_apart.clone()],
        undone: false,
    };
    comes(&portal, &id, payment(basket.clone(), "2026-02-10", None, Some(here))).await;
    assert_eq!(shown(&portal, &code).await, (1, 1));
    let named = format!("Rechnung 1001 {}", basket.as_str().to_uppercase());
    comes(&portal, &id, payment(entry("P-1"), "2026-02-11", Some(&named), None)).await;
    comes(&portal, &id, payment(said_same, "2026-02-12", None, None)).await;
    assert_eq!(shown(&portal, &code).await, (1, 1), "both are the one payment");
    // What a person told apart is another one, also where it names the basket.
    comes(&portal, &id, payment(said_apart, "2026-02-09", Some(basket.as_str()), None)).await;
    assert_eq!(shown(&portal, &code).await, (2, 2));
}
