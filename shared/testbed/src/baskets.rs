//! What customers set out to pay, as tests begin it.

use domain::{
    Basket, BasketLine, Currency, CustomerId, InvoiceId, LinkId, PaymentId, TenantId, WayOfPaying, basket::BasketBegin,
};
use jiff::Timestamp;
use store::{BasketBegun, Store};

/// 50.00 euros of an invoice, by card at Stripe; `name` tells it from others.
pub fn by_card(name: &str, invoice: InvoiceId, number: &str) -> BasketBegin {
    BasketBegin {
        id: PaymentId::of_basket(&["acme", name]),
        currency: Currency::EUR,
        legal_entity: "".into(),
        lines: vec![BasketLine { invoice, number: number.to_owned(), amount_minor: 5_000 }],
        provider: "stripe".to_owned(),
        way: WayOfPaying::Card,
        link: LinkId::derive(&["link"]),
        pays_on: None,
    }
}

/// Begins a basket of a customer, of which no provider was told.
pub async fn begun(store: &Store, tenant: &TenantId, customer: &CustomerId, begin: BasketBegin, now: Timestamp) -> Basket {
    let settings = store.settings(tenant).await.unwrap().unwrap().value;
    let head = store.head(tenant, customer).await.unwrap().unwrap();
    let facts = store.facts(tenant, &head).await.unwrap();
    let (basket, money) = begin.begin(&facts, &settings, now).unwrap();
    let came = store.begin_basket(tenant, &basket, &money, facts.version, now).await.unwrap();
    assert_eq!(came, BasketBegun::Begun);
    basket
}
