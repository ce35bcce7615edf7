//! Ways of paying that are kept: whose they are, and that they are forgotten at their provider first.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use domain::{BasketLine, BasketStatus, Channel, Currency, CustomerId, InvoiceId, LinkId, PaymentId, WayOfPaying};
use payments::{BasketWish, ErrandAnswer, ErrandKind, PaymentErrand, PaymentWords};
use serde_json::json;
use store::{AddressId, KeptWay, PortalLink};
use testbed::aws::{Aws, event};

struct Desk {
    aws: Aws,
    handler: begin_payment::Handler,
    customer: CustomerId,
    invoice: InvoiceId,
}

fn address(email: &str) -> AddressId {
    AddressId::of(Channel::Email, email)
}

fn link_of(email: &str) -> LinkId {
    LinkId::derive(&[email])
}

impl Desk {
    /// A customer who owes one invoice, and two people who have a link to it.
    async fn new() -> Self {
        let aws = Aws::start().await;
        let customer = aws.owes("INV-1").await;
        let head = aws.store.head(&aws.tenant, &customer).await.unwrap().unwrap();
        let invoice = aws.store.facts(&aws.tenant, &head).await.unwrap().invoices[0].invoice.id.clone();
        for email in ["anna@acme.example", "bernd@acme.example"] {
            let link = PortalLink {
                id: link_of(email),
                address: address(email),
                generation: 1,
                earlier: vec![],
                revoked_earlier: vec![],
                channel: Channel::Email,
                contact: email.into(),
                person: None,
                shown: "…@acme.example".into(),
                made_at: aws.now(),
                expires_at: aws.now() + jiff::SignedDuration::from_hours(24),
                revoked_at: None,
            };
            assert!(aws.store.keep_link(&aws.tenant, &customer, None, &link).await.unwrap());
        }
        let handler = begin_payment::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        Self { handler, customer, invoice, aws }
    }

    /// GoCardless is connected, and nobody listens there.
    async fn connects_in_vain(&self) {
        let secret = json!({"access_token": "sandbox_1", "webhook_secret": "w"}).to_string();
        let config = json!({"base_url": "http://127.0.0.1:9"});
        let (vault, tenant) = (&self.aws.vault, &self.aws.tenant);
        vault.put_connection(tenant, "pay-gocardless", secret.as_bytes(), &config, None, None).await.unwrap();
    }

    /// Anna keeps a mandate that she set up.
    async fn annas_mandate(&self) -> PaymentId {
        let (store, tenant, basket) = (&self.aws.store, &self.aws.tenant, PaymentId::of_basket(&["before"]));
        let of = ("gocardless", &WayOfPaying::SepaDebit, Currency::EUR);
        let anna = "anna@acme.example";
        let way = KeptWay::asked((&basket, &link_of(anna)), &address(anna), of, self.aws.now());
        store.ask_to_keep(tenant, &self.customer, &way).await.unwrap();
        assert!(store.keep_way((tenant, &self.customer), &basket, ("MD1", Some("12")), self.aws.now()).await.unwrap());
        basket
    }

    fn wish(&self, name: &str, email: &str, (kept, keep): (Option<&PaymentId>, bool)) -> BasketWish {
        BasketWish {
            id: PaymentId::of_basket(&[name]),
            link: link_of(email),
            currency: Currency::EUR,
            legal_entity: String::new(),
            lines: vec![BasketLine { invoice: self.invoice.clone(), number: "INV-1".to_owned(), amount_minor: 100 }],
            provider: "gocardless".to_owned(),
            way: WayOfPaying::SepaDebit,
            kept: kept.cloned(),
            keep,
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

    async fn begin(&self, wish: BasketWish) -> ErrandAnswer {
        self.run(ErrandKind::Begin(Box::new(wish))).await
    }

    async fn forget(&self, email: &str, way: &PaymentId) -> ErrandAnswer {
        self.run(ErrandKind::Forget { link: link_of(email), way: way.clone() }).await
    }

    async fn kept_by(&self, email: &str) -> usize {
        self.aws.store.kept_ways(&self.aws.tenant, &self.customer, &address(email)).await.unwrap().len()
    }
}

#[tokio::test]
async fn nobody_pays_by_what_somebody_else_keeps() {
    let desk = Desk::new().await;
    desk.connects_in_vain().await;
    let way = desk.annas_mandate().await;
    for (name, email, kept) in [
        ("another's", "bernd@acme.example", way.clone()),
        ("a stranger's", "nobody@acme.example", way.clone()),
        ("unknown", "anna@acme.example", PaymentId::of_basket(&["never"])),
    ] {
        let answer = desk.begin(desk.wish(name, email, (Some(&kept), false))).await;
        assert!(matches!(answer, ErrandAnswer::NotTaken { .. }), "{name}: {answer:?}");
        let basket = desk.aws.store.basket(&desk.aws.tenant, &desk.customer, &PaymentId::of_basket(&[name])).await.unwrap();
        assert_eq!(basket.unwrap().status, BasketStatus::Cancelled, "{name}: nothing is kept back");
    }
    let other_way = BasketWish { way: WayOfPaying::Bacs, ..desk.wish("other", "anna@acme.example", (Some(&way), false)) };
    assert!(matches!(desk.begin(other_way).await, ErrandAnswer::NotTaken { .. }));
    // Her own is asked for at its provider, where nobody answers now.
    assert_eq!(desk.begin(desk.wish("hers", "anna@acme.example", (Some(&way), false))).await, ErrandAnswer::Later);
}

#[tokio::test]
async fn a_payment_by_a_mandate_whose_answer_was_lost_is_not_given_up() {
    let desk = Desk::new().await;
    desk.connects_in_vain().await;
    let way = desk.annas_mandate().await;
    let wish = desk.wish("hers", "anna@acme.example", (Some(&way), false));
    assert_eq!(desk.begin(wish.clone()).await, ErrandAnswer::Later);
    // The provider may have made it: whoever gave it up and paid by card would pay twice.
    assert_eq!(desk.run(ErrandKind::Cancel { basket: wish.id.clone() }).await, ErrandAnswer::Later);
    let stands = async || desk.aws.store.basket(&desk.aws.tenant, &desk.customer, &wish.id).await.unwrap().unwrap();
    assert_eq!(stands().await.status, BasketStatus::Begun);
    let other = desk.wish("by card", "anna@acme.example", (None, false));
    assert_eq!(desk.begin(other).await, ErrandAnswer::NotPayable, "it is in the way of another payment");
    assert_eq!(desk.begin(wish.clone()).await, ErrandAnswer::Later, "the same errand asks the same again");
    // On a page nothing is paid that its payer does not pay there.
    let desk = Desk::new().await;
    desk.connects_in_vain().await;
    let plain = desk.wish("plain", "anna@acme.example", (None, false));
    assert_eq!(desk.begin(plain.clone()).await, ErrandAnswer::Later);
    assert_eq!(desk.run(ErrandKind::Cancel { basket: plain.id }).await, ErrandAnswer::Ended);
}

#[tokio::test]
async fn a_way_that_is_to_be_kept_is_written_down_once() {
    let desk = Desk::new().await;
    desk.connects_in_vain().await;
    let wish = desk.wish("form", "anna@acme.example", (None, true));
    assert_eq!((desk.begin(wish.clone()).await, desk.begin(wish.clone()).await), (ErrandAnswer::Later, ErrandAnswer::Later));
    let way = desk.aws.store.kept_way(&desk.aws.tenant, &desk.customer, &wish.id).await.unwrap().unwrap();
    assert!(way.is_of(&address("anna@acme.example")) && !way.is_good(), "its provider has not said anything yet: {way:?}");
    let audit = desk.aws.store.audit(&desk.aws.tenant, None, None, 10, None).await.unwrap();
    let kept = audit.entries.iter().filter(|entry| entry.operation == "keep_way_by_link").count();
    assert_eq!(kept, 1, "that she agreed is noted, once");
    let plain = desk.wish("plain", "bernd@acme.example", (None, false));
    assert_eq!(desk.begin(plain.clone()).await, ErrandAnswer::NotPayable, "hers is in the way");
    assert_eq!(desk.aws.store.kept_way(&desk.aws.tenant, &desk.customer, &plain.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_way_is_forgotten_at_its_provider_first() {
    let desk = Desk::new().await;
    let way = desk.annas_mandate().await;
    desk.connects_in_vain().await;
    assert_eq!(desk.forget("bernd@acme.example", &way).await, ErrandAnswer::Unknown, "it is not his");
    assert_eq!(desk.forget("anna@acme.example", &PaymentId::of_basket(&["never"])).await, ErrandAnswer::Unknown);
    assert_eq!(desk.forget("anna@acme.example", &way).await, ErrandAnswer::Later, "its provider does not answer");
    assert_eq!(desk.kept_by("anna@acme.example").await, 1);
    // Where the provider is not connected any more nobody can be asked, and nobody takes money.
    let desk = Desk::new().await;
    let way = desk.annas_mandate().await;
    assert_eq!(desk.forget("anna@acme.example", &way).await, ErrandAnswer::Ended);
    assert_eq!(desk.forget("anna@acme.example", &way).await, ErrandAnswer::Ended, "sent twice, it is done once");
    assert_eq!(desk.kept_by("anna@acme.example").await, 0);
}
