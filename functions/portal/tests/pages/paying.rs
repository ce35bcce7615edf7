//! Paying: the form, what is wrong with one, what it is sent to, and how a payment stands.

use domain::{Basket, Currency, CustomerId, CustomerRef, Document, Invoice, InvoiceId, PaymentId, basket::BasketBegin};
use payments::{BasketWish, ErrandKind, PaymentErrand};
use serde_json::{Value, json};
use store::{BasketHeard, BasketOwner, BasketSays, Receipt};
use testbed::{api::at, baskets::begun};

use crate::visitor::{Portal, Reply, acme};

/// Where the stand-in of a provider would be.
const STAND_IN: &str = "http://127.0.0.1:9";
const PAGE: &str = "https://checkout.example/c/1";

/// A portal whose tenant takes cards and SEPA debits by Stripe, with a customer.
async fn connected() -> (Portal, CustomerId, String) {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    portal.world.vault.ensure_key(&acme()).await.unwrap();
    let secret = json!({"secret_key": "sk_test_1", "webhook_secret": "whsec_1"}).to_string();
    let config = json!({"base_url": STAND_IN});
    portal.world.vault.put_connection(&acme(), "pay-stripe", secret.as_bytes(), &config, None, None).await.unwrap();
    let code = portal.code(&acme(), &id).await;
    (portal, id, code)
}

pub(crate) fn first() -> InvoiceId {
    Portal::invoice("C-1", "1001")
}

impl Portal {
    /// What the function answers next that begins payments.
    pub(crate) fn answers(&self, answer: Value) {
        self.world.aws.invocations.lock().unwrap().push_back(Some(answer));
    }

    /// The errands that it was given since it was last asked.
    pub(crate) fn errands(&self) -> Vec<PaymentErrand> {
        let invoked: Vec<(String, Value)> = self.world.aws.invoked.lock().unwrap().drain(..).collect();
        assert!(invoked.iter().all(|(function, payload)| function == "begin-payment" && payload["schema_version"] == 1));
        invoked.into_iter().map(|(_, payload)| serde_json::from_value(payload).unwrap()).collect()
    }

    /// Does what `begin-payment` does with an errand, without a provider.
    pub(crate) async fn begins(&self, errand: &PaymentErrand, pay_url: Option<&str>) -> Basket {
        let wish = wish(errand);
        let begin = BasketBegin {
            id: wish.id.clone(),
            currency: wish.currency,
            legal_entity: wish.legal_entity.as_str().into(),
            lines: wish.lines.clone(),
            provider: wish.provider.clone(),
            way: wish.way.clone(),
            link: wish.link.clone(),
            pays_on: (wish.provider == "transfer").then(|| "2026-02-10".parse().unwrap()),
        };
        let basket = begun(&self.world.store, &acme(), &errand.customer, begin, self.world.now()).await;
        let provider_id = if pay_url.is_some() { "cs_1" } else { "RF18539007547034" };
        self.says(&errand.customer, &basket.id, BasketSays::SentOn { provider_id, pay_url }).await
    }

    pub(crate) async fn says(&self, customer: &CustomerId, id: &PaymentId, says: BasketSays<'_>) -> Basket {
        let store = &self.world.store;
        let settings = store.settings(&acme()).await.unwrap().unwrap().value;
        let owner = BasketOwner { tenant: acme(), customer: customer.clone() };
        match store.change_basket(&owner, id, says, &settings, self.world.now()).await.unwrap() {
            BasketHeard::Heard(basket, _) => *basket,
            BasketHeard::Unknown => panic!("no basket {id}"),
        }
    }
}

fn wish(errand: &PaymentErrand) -> &BasketWish {
    match &errand.what {
        ErrandKind::Begin(wish) => wish,
        ErrandKind::Cancel { .. } => panic!("nothing is begun: {errand:?}"),
    }
}

/// What tells the form of a page from others.
pub(crate) fn form_of(page: &Reply) -> String {
    let found = page.html.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    found.unwrap_or_else(|| panic!("no form in {}", page.html)).to_owned()
}

/// A good form for the invoice that is due.
pub(crate) fn good<'f>(form: &'f str, invoice: &'f str, amount: &'f [(String, String)]) -> Vec<(&'f str, &'f str)> {
    let mut fields = vec![("form", form), ("in", "EUR"), ("to", ""), ("way", "stripe:card"), ("pay", invoice)];
    fields.extend(amount.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    fields
}

pub(crate) fn amount(invoice: &InvoiceId, text: &str) -> Vec<(String, String)> {
    vec![(format!("amount_{invoice}"), text.to_owned())]
}

#[tokio::test]
async fn the_form_offers_what_is_due_and_the_ways_of_the_currency() {
    let (portal, _, code) = connected().await;
    portal
        .get(&format!("/p/{code}"))
        .await
        .is(200)
        .says(&format!("class=\"button\" href=\"&#x2f;p&#x2f;{code}&#x2f;pay\">Bezahlen</a>"));
    let second = Portal::invoice("C-1", "1002");
    let invoice = portal.get(&format!("/p/{code}/invoices/{second}")).await.is(200);
    invoice.says(&format!("pay?invoice={second}"));
    let page = portal.get(&format!("/p/{code}/pay")).await.is(200);
    let policy = page.headers["content-security-policy"].as_str().unwrap();
    assert!(policy.contains(&format!("form-action 'self' https: {STAND_IN};")), "{policy}");
    page.says(&format!("name=\"pay\" value=\"{}\" checked", first()))
        .says(&format!("name=\"pay\" value=\"{second}\">"))
        .says("value=\"1250,00\"")
        .says("höchstens 1.250,00\u{a0}€")
        .says("value=\"99,00\"")
        .says("Karte (Stripe)")
        .says("SEPA-Lastschrift (Stripe)")
        .hides("ACH")
        .hides("Überweisung");
    // From an invoice's page it is that one.
    let page = portal.get(&format!("/p/{code}/pay?invoice={second}")).await.is(200);
    page.says(&format!("value=\"{second}\" checked")).says(&format!("value=\"{}\">", first()));
    // Other pages lead nowhere else.
    let page = portal.get(&format!("/p/{code}")).await.is(200);
    assert!(page.headers["content-security-policy"].as_str().unwrap().contains("form-action 'self';"));
    for address in [format!("/p/{code}/pay"), format!("/p/{code}/paid/pay_0123456789abcdef/cancel")] {
        portal.call("PUT", &address, "").await.is(405);
    }
    for address in ["/p/nothing/pay".to_owned(), format!("/p/{}/pay", "0".repeat(22)), format!("/p/{code}/pay/x")] {
        portal.get(&address).await.is(404);
    }
}

#[tokio::test]
async fn what_is_ticked_to_begin_with_is_added_up() {
    let (portal, id, code) = connected().await;
    let address = format!("/p/{code}/pay");
    let sum = |amount: &str| format!("Was zu Anfang angekreuzt ist, macht zusammen {amount} aus.");
    let none = "zu Anfang angekreuzt";
    portal.get(&address).await.is(200).says(&sum("1.250,00\u{a0}€"));
    let store = &portal.world.store;
    let head = store.head(&acme(), &id).await.unwrap().unwrap();
    let facts = store.facts(&acme(), &head).await.unwrap();
    let known = &facts.invoices.iter().find(|fact| fact.invoice.number == "1001").unwrap().invoice;
    let documents = [
        ("2001", "2026-02-10", "EUR"),
        ("2002", "2026-03-05", "USD"),
        ("2003", "2026-03-05", "USD"),
        ("2004", "2026-02-01", "GBP"),
    ]
    .map(|(number, due_on, currency)| {
        let id = Portal::invoice("C-1", number);
        let (due_on, currency) = (due_on.parse().unwrap(), Currency::parse(currency).unwrap());
        let (number, external_id) = (number.to_owned(), number.to_owned());
        let invoice = Invoice { id, external_id, number, due_on, currency, ..known.clone() };
        Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice }
    });
    let receipt = Receipt { source: "canonical".to_owned(), event_id: "more".to_owned() };
    store.apply(&acme(), &receipt, &documents, portal.world.now()).await.unwrap();
    // What is due today is ticked too.
    let today = Portal::invoice("C-1", "2001");
    let page = portal.get(&format!("{address}?in=EUR")).await.is(200).says(&sum("2.500,00\u{a0}€"));
    page.says(&format!("value=\"{today}\" checked"));
    // From an invoice's page it is that one.
    let second = Portal::invoice("C-1", "1002");
    let page = portal.get(&format!("{address}?invoice={second}")).await.is(200).says(&sum("99,00\u{a0}€"));
    let form = form_of(&page);
    // Of none that is ticked, and of one that is listed alone, there is nothing to add up.
    for (currency, listed) in [("USD", 2), ("GBP", 1)] {
        let page = portal.get(&format!("{address}?in={currency}")).await.is(200).hides(none);
        assert_eq!(page.html.matches("name=\"pay\"").count(), listed, "{currency}: {}", page.html);
    }
    // What was sent is the payer's own.
    let (invoice, typed) = (first().to_string(), amount(&first(), "alles"));
    portal.post(&address, &good(&form, &invoice, &typed)).await.is(422).hides(none);
}

#[tokio::test]
async fn a_long_form_leads_past_its_invoices_to_the_ways_of_paying() {
    let jump = "<a href=\"#how\">Wie möchten Sie bezahlen?</a>";
    for (more, is_long) in [(8, false), (9, true)] {
        let (portal, id, code) = connected().await;
        let store = &portal.world.store;
        let head = store.head(&acme(), &id).await.unwrap().unwrap();
        let facts = store.facts(&acme(), &head).await.unwrap();
        let known = &facts.invoices.iter().find(|fact| fact.invoice.number == "1001").unwrap().invoice;
        let another = |number: String| {
            let id = Portal::invoice("C-1", &number);
            let invoice = Invoice { id, external_id: number.clone(), number, ..known.clone() };
            Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice }
        };
        let documents: Vec<Document> = (0..more).map(|nth| another(format!("20{nth:02}"))).collect();
        let receipt = Receipt { source: "canonical".to_owned(), event_id: "more".to_owned() };
        store.apply(&acme(), &receipt, &documents, portal.world.now()).await.unwrap();
        // Two are the customer's anyway.
        let page = portal.get(&format!("/p/{code}/pay")).await.is(200).says("<fieldset id=\"how\">");
        assert_eq!(page.html.matches("name=\"pay\"").count(), more + 2);
        assert_eq!(page.html.contains(jump), is_long, "{}", page.html);
    }
}

#[tokio::test]
async fn without_a_provider_and_an_account_nothing_is_offered() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    portal.get(&format!("/p/{code}")).await.is(200).hides("class=\"button\"");
    portal.get(&format!("/p/{code}/pay")).await.is(200).says("können hier nicht bezahlt werden").hides("<form");
    portal.set(|settings| settings.payment_details = Some("IBAN: DE00 1234".to_owned())).await;
    portal.get(&format!("/p/{code}")).await.is(200).says("class=\"button\"");
    let page = portal.get(&format!("/p/{code}/pay")).await.is(200).says("Überweisung").hides("Karte");
    assert!(page.headers["content-security-policy"].as_str().unwrap().contains("form-action 'self';"));
    // A transfer leads to a page of our own, which says where to, how much and with which reference.
    let form = form_of(&page);
    portal.answers(json!({"status": "begun"}));
    let (invoice, typed) = (first().to_string(), amount(&first(), "1.250,00"));
    let mut fields = good(&form, &invoice, &typed);
    fields[3].1 = "transfer:transfer";
    let reply = portal.post(&format!("/p/{code}/pay"), &fields).await.is(303);
    let errand = portal.errands().remove(0);
    let basket = portal.begins(&errand, None).await;
    let here = format!("/p/{code}/paid/{}", basket.id);
    assert_eq!(reply.headers["location"], here.as_str());
    let page = portal.get(&here).await.is(200).says("IBAN: DE00 1234").says("RF18 5390 0754 7034").says("1.250,00\u{a0}€");
    assert_eq!(page.headers["refresh"], Value::Null, "nothing comes of it by itself");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_begun() {
    let (portal, _, code) = connected().await;
    let address = format!("/p/{code}/pay");
    let form = form_of(&portal.get(&address).await);
    let before = portal.world.everything().await;
    let invoice = first().to_string();
    let changed = |name: &'static str, value: &'static str| {
        let typed = amount(&first(), "1250,00");
        let fields = good(&form, &invoice, &typed).into_iter().filter(|(known, _)| *known != name);
        let mut fields: Vec<(String, String)> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        fields.push((name.to_owned(), value.to_owned()));
        fields
    };
    let typed = |text: &str| {
        let typed = amount(&first(), text);
        good(&form, &invoice, &typed).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let stranger = Portal::invoice("C-2", "1001").to_string();
    let mut foreign = typed("1250,00");
    foreign.extend([("pay".to_owned(), stranger.clone()), (format!("amount_{stranger}"), "1".to_owned())]);
    let mut twice = typed("1,00");
    twice.push(("pay".to_owned(), invoice.clone()));
    for (what, fields, says) in [
        ("what is no invoice", changed("pay", ""), "unvollständig"),
        ("no invoice", typed("1").into_iter().filter(|(name, _)| name != "pay").collect(), "Wählen Sie mindestens eine Rechnung"),
        ("below zero", typed("-5"), "Schreiben Sie einen Betrag"),
        ("zero", typed("0,00"), "über null"),
        ("over what is due", typed("1250,01"), "höchstens 1.250,00\u{a0}€ bezahlt"),
        ("far over", typed("99999999999"), "höchstens 1.250,00\u{a0}€ bezahlt"),
        ("no number", typed("alles"), "Schreiben Sie einen Betrag"),
        ("empty", typed(""), "Schreiben Sie einen Betrag"),
        ("of somebody else", foreign, "gehört nicht zu diesem Konto"),
        ("twice", twice, "zweimal"),
        ("in another currency", changed("in", "USD"), "lautet auf EUR"),
        ("in no currency", changed("in", "bread"), "hat sich geändert"),
        ("to another company", changed("to", "branch"), "anderen Unternehmen"),
        ("by a way of another currency", changed("way", "stripe:ach"), "wie Sie bezahlen möchten"),
        ("by nobody", changed("way", "paypal:paypal"), "wie Sie bezahlen möchten"),
        ("without a form", typed("1").into_iter().filter(|(name, _)| name != "form").collect(), "unvollständig"),
        ("of a long form", changed("form", "0123456789012345678901234567890123456789012345"), "unvollständig"),
    ] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let reply = portal.post(&address, &fields).await;
        assert_eq!(reply.status, 422, "{what}: {}", reply.html);
        assert!(reply.html.contains(says), "{what}: no '{says}' in {}", reply.html);
    }
    assert!(portal.errands().is_empty());
    assert_eq!(portal.world.everything().await, before);
    // What was typed stays, and so does what tells the form from others.
    let fields = typed("9.000,00");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let reply = portal.post(&address, &fields).await.is(422).says("value=\"9.000,00\"").says("aria-invalid=\"true\"");
    assert_eq!(form_of(&reply), form);
    portal.post(&address, &[("form", &"x".repeat(140_000))]).await.is(413);
}

#[tokio::test]
async fn a_form_sent_twice_is_one_payment_and_a_second_tab_finds_it() {
    let (portal, id, code) = connected().await;
    let address = format!("/p/{code}/pay");
    let form = form_of(&portal.get(&address).await);
    let (invoice, typed) = (first().to_string(), amount(&first(), "1.000,00"));
    portal.answers(json!({"status": "begun", "pay_url": PAGE}));
    let reply = portal.post(&address, &good(&form, &invoice, &typed)).await.is(303);
    assert_eq!(reply.headers["location"], PAGE);
    let errand = portal.errands().remove(0);
    let wished = wish(&errand).clone();
    assert_eq!((errand.tenant.clone(), errand.customer.clone()), (acme(), id.clone()));
    assert_eq!((wished.provider.as_str(), wished.way.as_str(), wished.currency.code()), ("stripe", "card", "EUR"));
    assert_eq!((wished.lines.len(), wished.lines[0].amount_minor, wished.lines[0].number.as_str()), (1, 100_000, "1001"));
    let back = format!("https://pay.example/p/{code}/paid/{}", wished.id);
    assert_eq!((wished.return_url.as_str(), wished.cancel_url.as_str()), (back.as_str(), back.as_str()));
    let basket = portal.begins(&errand, Some(PAGE)).await;

    portal.answers(json!({"status": "begun", "pay_url": PAGE}));
    let reply = portal.post(&address, &good(&form, &invoice, &typed)).await.is(303);
    assert_eq!(reply.headers["location"], PAGE);
    assert_eq!(wish(&portal.errands()[0]).id, wished.id, "the same payment");

    // Another amount of the same form, and the same of another form, would be a second one.
    let other = amount(&first(), "900");
    for (form, typed) in [(form.as_str(), &other), ("0another", &typed)] {
        portal.post(&address, &good(form, &invoice, typed)).await.is(422).says("wurde bereits begonnen");
    }
    assert!(portal.errands().is_empty());
    let page = portal.get(&address).await.is(200).says("Eine Zahlung läuft bereits").says("1.000,00\u{a0}€");
    page.says("10. Februar 2026, 11:30").says(&format!("paid&#x2f;{}", basket.id)).hides(&invoice).says("1002");

    // Given up, the same form does not bring it back.
    portal.says(&id, &basket.id, BasketSays::Cancelled).await;
    portal.get(&address).await.is(200).hides("läuft bereits").says(&invoice);
    portal.get(&format!("/p/{code}/paid/{}", basket.id)).await.is(200).says("Diese Zahlung ist beendet").hides("<form");
}

#[tokio::test]
async fn what_the_function_says_reaches_the_payer() {
    let (portal, _, code) = connected().await;
    let address = format!("/p/{code}/pay");
    let form = form_of(&portal.get(&address).await);
    let (invoice, typed) = (first().to_string(), amount(&first(), "1250"));
    let before = portal.world.everything().await;
    for (answer, status, says) in [
        (json!({"status": "not_payable"}), 422, "hat sich geändert"),
        (json!({"status": "not_taken", "why": "the key sk_test_1 is wrong"}), 422, "anderen"),
        (json!({"status": "later"}), 503, "in einer Minute"),
        (json!({"status": "unheard of"}), 503, "in einer Minute"),
    ] {
        portal.answers(answer);
        let reply = portal.post(&address, &good(&form, &invoice, &typed)).await.is(status).says(says).hides("sk_test_1");
        assert_eq!(form_of(&reply), form, "what is tried again is the same payment");
    }
    // It fails.
    portal.post(&address, &good(&form, &invoice, &typed)).await.is(503).says("in einer Minute");
    let ids: std::collections::BTreeSet<PaymentId> = portal.errands().iter().map(|errand| wish(errand).id.clone()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(portal.world.everything().await, before);
}

#[tokio::test]
async fn a_payment_shows_as_it_is_stored() {
    let (portal, id, code) = connected().await;
    let form = form_of(&portal.get(&format!("/p/{code}/pay")).await);
    let (invoice, typed) = (first().to_string(), amount(&first(), "1250"));
    portal.answers(json!({"status": "begun", "pay_url": PAGE}));
    portal.post(&format!("/p/{code}/pay"), &good(&form, &invoice, &typed)).await.is(303);
    let errand = portal.errands().remove(0);
    let basket = portal.begins(&errand, Some(PAGE)).await;
    let here = format!("/p/{code}/paid/{}", basket.id);
    let page = portal.get(&format!("{here}?paid=1&status=succeeded")).await.is(200).says("Wir warten").says("checkout.example");
    assert_eq!(page.headers["refresh"], format!("10; url={here}?seen=1").as_str());
    for last in ["12", "99", "-1", "x"] {
        let page = portal.get(&format!("{here}?seen={last}")).await.is(200);
        assert_eq!(page.headers["refresh"].is_null(), ["12", "99"].contains(&last), "it ends by itself: {last}");
    }
    // Nobody else's.
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    let theirs = portal.code(&acme(), &other).await;
    portal.get(&format!("/p/{theirs}/paid/{}", basket.id)).await.is(404);
    portal.get(&format!("/p/{code}/paid/pay_0000000000000000")).await.is(404);
    // Looking changes nothing, and gives nothing up.
    let before = portal.world.everything().await;
    for address in [here.clone(), format!("/p/{code}/pay"), format!("{here}/cancel")] {
        portal.get(&address).await;
        portal.call("HEAD", &address, "").await;
    }
    portal.get(&format!("{here}/cancel")).await.is(405);
    assert_eq!(portal.world.everything().await, before);
    assert!(portal.errands().is_empty());
    // Giving it up.
    portal.answers(json!({"status": "ended"}));
    let reply = portal.post(&format!("{here}/cancel"), &[]).await.is(303);
    assert_eq!(reply.headers["location"], here.as_str());
    assert_eq!(portal.errands()[0].what, ErrandKind::Cancel { basket: basket.id.clone() });
    portal.answers(json!({"status": "unknown"}));
    portal.post(&format!("{here}/cancel"), &[]).await.is(404);
    portal.post(&format!("{here}/cancel"), &[]).await.is(503);
    // Its time passes.
    *portal.world.now.lock().unwrap() = at("2026-02-10T10:29:59Z");
    portal.get(&here).await.is(200).says("Wir warten");
    *portal.world.now.lock().unwrap() = at("2026-02-10T10:30:00Z");
    portal.get(&here).await.is(200).says("Diese Zahlung ist beendet").hides("checkout.example").says("Zurück zum Bezahlen");
    // And the provider's word.
    let money = domain::Money::from_minor(125_000, domain::Currency::EUR);
    let what = domain::ProviderOutcome::Received { money, way: domain::WayOfPaying::Card, reference: "pi_1".to_owned() };
    let said = domain::ProviderSaid {
        basket: basket.id.clone(),
        event: "evt_1".to_owned(),
        at: at("2026-02-10T10:30:00Z"),
        provider_id: None,
        what,
    };
    portal.says(&id, &basket.id, BasketSays::Provider(&said, None)).await;
    // There is nothing to give up any more, and nothing is past due: what is left to do is one answer.
    let page = portal.get(&here).await.is(200).says("Ihre Zahlung ist eingegangen").hides("cancel");
    page.says(&format!("rate&#x2f;{}", basket.id)).says("Wie einfach war es");
}

#[tokio::test]
async fn what_lives_at_stripe_is_paid_there() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |customer| customer.source = "stripe".to_owned()).await;
    let code = portal.code(&acme(), &id).await;
    portal.set(|settings| settings.payment_details = Some("IBAN: DE00 1234".to_owned())).await;
    let page = portal.get(&format!("/p/{code}/pay")).await.is(200);
    let form = form_of(&page);
    page.says("Dort bezahlen").says("https:&#x2f;&#x2f;acme.example&#x2f;i&#x2f;1001").hides(&format!("value=\"{}\"", first()));
    // What is paid there is not ticked here.
    portal.get(&format!("/p/{code}/pay")).await.is(200).hides("zu Anfang angekreuzt");
    portal.get(&format!("/p/{code}/invoices/{}", first())).await.is(200).hides("class=\"button\"");
    let (invoice, typed) = (first().to_string(), amount(&first(), "1250"));
    let mut fields = good(&form, &invoice, &typed);
    fields[3].1 = "transfer:transfer";
    portal.post(&format!("/p/{code}/pay"), &fields).await.is(422).says("auf einer eigenen Seite");
    assert!(portal.errands().is_empty());
}
