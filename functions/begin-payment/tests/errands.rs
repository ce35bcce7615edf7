//! What a payer wants is begun once, or not at all.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use domain::{
    Basket, BasketLine, BasketStatus, Currency, CustomerId, CustomerRef, Document, Invoice, InvoiceId, LinkId, PaymentId,
    SourceVersion, WayOfPaying,
};
use jiff::SignedDuration;
use payments::{BasketWish, ErrandAnswer, ErrandKind, PaymentErrand, PaymentWords};
use serde_json::json;
use store::Receipt;
use testbed::{
    aws::{Aws, event},
    documents,
};

struct Desk {
    aws: Aws,
    handler: begin_payment::Handler,
    customer: CustomerId,
    invoice: InvoiceId,
    open_minor: i64,
}

impl Desk {
    /// A customer who owes one invoice.
    async fn new() -> Self {
        let aws = Aws::start().await;
        let customer = aws.owes("INV-1").await;
        let head = aws.store.head(&aws.tenant, &customer).await.unwrap().unwrap();
        let facts = aws.store.facts(&aws.tenant, &head).await.unwrap();
        let owed = facts.invoices[0].invoice.clone();
        let handler = begin_payment::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        Self { handler, customer, invoice: owed.id, open_minor: owed.total_minor, aws }
    }

    fn wish(&self, name: &str, provider: &str, way: WayOfPaying, amount_minor: i64) -> BasketWish {
        BasketWish {
            id: PaymentId::of_basket(&[name]),
            link: LinkId::derive(&["link"]),
            currency: Currency::EUR,
            legal_entity: String::new(),
            lines: vec![BasketLine { invoice: self.invoice.clone(), number: "INV-1".to_owned(), amount_minor }],
            provider: provider.to_owned(),
            way,
            return_url: "https://pay.example/p/x/paid/y".to_owned(),
            cancel_url: "https://pay.example/p/x/paid/y".to_owned(),
            language: None,
            words: PaymentWords { invoice: "Invoice".to_owned(), balance: "Balance".to_owned() },
        }
    }

    async fn run(&self, what: ErrandKind) -> ErrandAnswer {
        let errand = PaymentErrand { tenant: self.aws.tenant.clone(), customer: self.customer.clone(), what };
        let payload = serde_json::to_value(kit::Queued::new(errand)).unwrap();
        serde_json::from_value(self.handler.handle(event(payload)).await.unwrap()).unwrap()
    }

    async fn begin(&self, wish: &BasketWish) -> ErrandAnswer {
        self.run(ErrandKind::Begin(Box::new(wish.clone()))).await
    }

    async fn cancel(&self, basket: &PaymentId) -> ErrandAnswer {
        self.run(ErrandKind::Cancel { basket: basket.clone() }).await
    }

    /// A provider is connected at which nobody listens.
    async fn connects_in_vain(&self) {
        let secret = json!({"secret_key": "sk_test_1", "webhook_secret": "whsec_1"}).to_string();
        let config = json!({"base_url": "http://127.0.0.1:9"});
        let (vault, tenant) = (&self.aws.vault, &self.aws.tenant);
        vault.put_connection(tenant, "pay-stripe", secret.as_bytes(), &config, None, None).await.unwrap();
    }

    async fn baskets(&self) -> Vec<Basket> {
        self.aws.store.baskets(&self.aws.tenant, &self.customer, 10).await.unwrap()
    }
}

const BEGUN: ErrandAnswer = ErrandAnswer::Begun { pay_url: None };

#[tokio::test]
async fn a_transfer_is_announced_once_and_given_up() {
    let desk = Desk::new().await;
    let wish = desk.wish("form", "transfer", WayOfPaying::Transfer, desk.open_minor);
    assert_eq!((desk.begin(&wish).await, desk.begin(&wish).await), (BEGUN, BEGUN));
    let baskets = desk.baskets().await;
    let [basket] = baskets.as_slice() else { panic!("{baskets:?}") };
    assert_eq!((&basket.id, basket.status, basket.asked_minor()), (&wish.id, BasketStatus::Begun, desk.open_minor));
    assert!(basket.provider_id.as_deref().unwrap().starts_with("RF"), "{basket:?}");
    // Another form for the same invoice.
    let other = desk.wish("other", "transfer", WayOfPaying::Transfer, 1);
    assert_eq!(desk.begin(&other).await, ErrandAnswer::NotPayable);
    assert_eq!((desk.cancel(&wish.id).await, desk.cancel(&wish.id).await), (ErrandAnswer::Ended, ErrandAnswer::Ended));
    assert_eq!(desk.baskets().await[0].status, BasketStatus::Cancelled);
    assert_eq!(desk.cancel(&other.id).await, ErrandAnswer::Unknown);
    // The form of what was given up leads to what became of it.
    assert_eq!(desk.begin(&wish).await, BEGUN);
    assert_eq!(desk.baskets().await[0].status, BasketStatus::Cancelled);
}

#[tokio::test]
async fn the_account_says_which_form_the_reference_has() {
    for (accounts, starts, length) in [
        (json!([]), "RF", 24),
        (json!([{"holder": "Acme", "iban": "DE89370400440532013000"}]), "RF", 24),
        (json!([{"holder": "Acme", "iban": "BE68 5390 0754 7034"}]), "", 12),
        (json!([{"holder": "Acme", "iban": "FI21 1234 5600 0007 85"}]), "", 20),
        (json!([{"holder": "Acme", "qr_iban": "CH44 3199 9123 0008 8901 2"}]), "", 27),
        // Euros come to the plain IBAN where there is one.
        (json!([{"holder": "Acme", "iban": "CH93 0076 2011 6238 5295 7", "qr_iban": "CH44 3199 9123 0008 8901 2"}]), "RF", 24),
        (json!([{"holder": "Acme", "local": {"number": "12345678"}}]), "RF", 24),
        (json!([{"holder": "Acme", "iban": "BE68 5390 0754 7034", "currency": "USD"}]), "RF", 24),
    ] {
        let desk = Desk::new().await;
        let known = desk.aws.store.settings(&desk.aws.tenant).await.unwrap().unwrap();
        let settings = domain::Settings { bank_accounts: serde_json::from_value(accounts.clone()).unwrap(), ..known.value };
        desk.aws.store.put_settings(&desk.aws.tenant, &settings, Some(known.rev), desk.aws.now()).await.unwrap();
        assert_eq!(desk.begin(&desk.wish("form", "transfer", WayOfPaying::Transfer, 100)).await, BEGUN);
        let reference = desk.baskets().await.remove(0).provider_id.unwrap();
        assert!(reference.starts_with(starts) && reference.len() == length, "{reference} for {accounts}");
        let has_letters = reference.bytes().any(|byte| byte.is_ascii_alphabetic());
        assert_eq!(has_letters, starts == "RF", "{reference} for {accounts}");
    }
}

#[tokio::test]
async fn what_cannot_be_paid_or_taken_writes_nothing() {
    let desk = Desk::new().await;
    let before = desk.aws.items().len();
    let over = desk.wish("a", "transfer", WayOfPaying::Transfer, desk.open_minor + 1);
    let zero = desk.wish("b", "transfer", WayOfPaying::Transfer, 0);
    for wish in [over, zero] {
        assert_eq!(desk.begin(&wish).await, ErrandAnswer::NotPayable);
    }
    for provider in ["stripe", "cash"] {
        let wish = desk.wish("c", provider, WayOfPaying::Card, 100);
        assert!(matches!(desk.begin(&wish).await, ErrandAnswer::NotTaken { .. }), "{provider}");
    }
    let mut stranger = desk.wish("d", "transfer", WayOfPaying::Transfer, 100);
    stranger.lines[0].invoice = InvoiceId::derive(&["elsewhere"]);
    assert_eq!(desk.begin(&stranger).await, ErrandAnswer::NotPayable);
    assert_eq!(desk.aws.items().len(), before);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_asked_again_and_its_time_passes() {
    let desk = Desk::new().await;
    desk.connects_in_vain().await;
    let wish = desk.wish("form", "stripe", WayOfPaying::Card, 100);
    assert_eq!((desk.begin(&wish).await, desk.begin(&wish).await), (ErrandAnswer::Later, ErrandAnswer::Later));
    let baskets = desk.baskets().await;
    assert_eq!((baskets.len(), baskets[0].status, &baskets[0].provider_id), (1, BasketStatus::Begun, &None));
    // A way that the provider does not take in this currency keeps nothing back.
    let dollars = desk.wish("dollars", "stripe", WayOfPaying::Ach, 100);
    assert_eq!(desk.begin(&dollars).await, ErrandAnswer::NotPayable, "the first is in the way");
    desk.aws.advance(SignedDuration::from_mins(30));
    assert!(matches!(desk.begin(&dollars).await, ErrandAnswer::NotTaken { .. }));
    let mut statuses: Vec<(PaymentId, BasketStatus)> =
        desk.baskets().await.into_iter().map(|basket| (basket.id, basket.status)).collect();
    let mut expected = vec![(wish.id, BasketStatus::Expired), (dollars.id, BasketStatus::Cancelled)];
    statuses.sort();
    expected.sort();
    assert_eq!(statuses, expected);
}

#[tokio::test]
async fn what_is_over_of_an_invoice_that_moved_is_ended_before_another_payment_of_it_begins() {
    let mut desk = Desk::new().await;
    desk.connects_in_vain().await;
    let wish = desk.wish("form", "stripe", WayOfPaying::Card, 100);
    assert_eq!(desk.begin(&wish).await, ErrandAnswer::Later);
    let (store, tenant, before) = (&desk.aws.store, &desk.aws.tenant, desk.customer.clone());
    let head = store.head(tenant, &before).await.unwrap().unwrap();
    let owed = store.facts(tenant, &head).await.unwrap().invoices.remove(0).invoice;
    let invoice = Invoice { source_version: SourceVersion::Number(1_000_000), ..owed };
    let customer = documents::customer("acme", "canonical", "C-2");
    let now_owes = customer.id.clone();
    let moves = Document::Invoice { customer: CustomerRef::Full(Box::new(customer)), invoice };
    let receipt = Receipt { source: "canonical".to_owned(), event_id: "moves".to_owned() };
    store.apply(tenant, &receipt, &[moves], desk.aws.now()).await.unwrap();
    desk.aws.advance(SignedDuration::from_mins(30));

    desk.customer = now_owes;
    let other = desk.wish("other", "stripe", WayOfPaying::Card, 100);
    assert_eq!(desk.begin(&other).await, ErrandAnswer::Later);
    assert_eq!(desk.baskets().await.into_iter().map(|basket| basket.id).collect::<Vec<_>>(), [other.id]);
    let first = desk.aws.store.basket(&desk.aws.tenant, &before, &wish.id).await.unwrap().unwrap();
    assert_eq!(first.status, BasketStatus::Expired, "its page is nobody's any more");
}
