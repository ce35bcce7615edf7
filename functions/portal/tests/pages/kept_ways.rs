//! Ways of paying that are kept: seen, paid by and removed by whoever entered a code, and by nobody else.

use domain::{Channel, Currency, CustomerId, LinkId, PaymentId, WayOfPaying};
use payments::ErrandKind;
use serde_json::json;
use store::{AddressId, KeptWay};

use crate::{
    paying::{amount, connected, first, form_of, good, wish},
    visitor::{Portal, acme},
};

fn basket(name: &str) -> PaymentId {
    PaymentId::of_basket(&[name])
}

impl Portal {
    /// GoCardless is connected too.
    async fn takes_debits(&self) {
        let secret = json!({"access_token": "sandbox_1", "webhook_secret": "w"}).to_string();
        let config = json!({"base_url": "http://127.0.0.1:9"});
        self.world.vault.put_connection(&acme(), "pay-gocardless", secret.as_bytes(), &config, None, None).await.unwrap();
    }

    /// A mandate of whoever has an address, in a currency.
    async fn keeps(&self, customer: &CustomerId, name: &str, email: &str, currency: Currency) {
        let (store, now) = (&self.world.store, self.world.now());
        let address = AddressId::of(Channel::Email, email);
        let (basket, link) = (basket(name), LinkId::derive(&[email]));
        let way = KeptWay::asked((&basket, &link), &address, ("gocardless", &WayOfPaying::SepaDebit, currency), now);
        store.ask_to_keep(&acme(), customer, &way).await.unwrap();
        assert!(store.keep_way((&acme(), customer), &basket, ("MD1", Some("1234")), now).await.unwrap());
    }
}

#[tokio::test]
async fn what_is_kept_is_seen_after_a_code_alone_and_is_the_addresss_own() {
    let (portal, id, code) = connected().await;
    portal.takes_debits().await;
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    portal.keeps(&id, "own", "ap@acme.example", Currency::EUR).await;
    portal.keeps(&id, "a colleague's", "berta@acme.example", Currency::EUR).await;
    portal.keeps(&other, "of another customer", "ap@acme.example", Currency::EUR).await;
    portal.keeps(&id, "in pounds", "ap@acme.example", Currency::GBP).await;
    let (ways, pay) = (format!("/p/{code}/ways"), format!("/p/{code}/pay"));
    portal.get(&format!("/p/{code}")).await.is(200).says("Gemerkte Zahlungsarten");
    let own = format!("kept:{}", basket("own"));
    // The link alone shows nothing of it, removes nothing, and offers the code.
    portal.get(&ways).await.is(200).hides("1234").says("value=\"ways\"");
    portal.get(&pay).await.is(200).hides("1234").hides(&own).hides("name=\"keep\"").says("Eine gemerkte Zahlungsart verwenden");
    portal.post(&ways, &[("remove", basket("own").as_str())]).await.is(403).hides("1234");
    let cookie = portal.confirm(&id, &code).await;
    let page = portal.get_with(&[&cookie], &ways).await.is(200);
    page.says("SEPA-Lastschrift (GoCardless), Konto mit den letzten Ziffern 1234")
        .says(basket("own").as_str())
        .says(basket("in pounds").as_str())
        .hides(basket("a colleague's").as_str())
        .hides(basket("of another customer").as_str());
    let page = portal.get_with(&[&cookie], &pay).await.is(200);
    page.says(&format!("value=\"{own}\" required>"))
        .says("value=\"stripe:card\" checked")
        .hides(&format!("kept:{}", basket("in pounds")))
        .hides(&format!("kept:{}", basket("a colleague's")))
        .says("name=\"keep\" value=\"1\"")
        .says("GoCardless, Stripe")
        .hides("Eine gemerkte Zahlungsart verwenden");
    // A cookie of another link is none here.
    let theirs = portal.code(&acme(), &other).await;
    portal.get_with(&[&cookie], &format!("/p/{theirs}/ways")).await.is(200).hides("1234");
}

#[tokio::test]
async fn it_is_paid_by_what_is_kept_and_nothing_of_it_without_a_code() {
    let (portal, id, code) = connected().await;
    portal.takes_debits().await;
    portal.keeps(&id, "own", "ap@acme.example", Currency::EUR).await;
    portal.keeps(&id, "a colleague's", "berta@acme.example", Currency::EUR).await;
    let cookie = portal.confirm(&id, &code).await;
    let pay = format!("/p/{code}/pay");
    let form = form_of(&portal.get_with(&[&cookie], &pay).await);
    let (invoice, typed) = (first().to_string(), amount(&first(), "100,00"));
    let by = |way: &str| {
        let fields = good(&form, &invoice, &typed).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fields = fields.map(|(name, value)| if name == "way" { (name, way.to_owned()) } else { (name, value) });
        fields.collect::<Vec<_>>()
    };
    let own = by(&format!("kept:{}", basket("own")));
    let sent: Vec<(&str, &str)> = own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    portal.post(&pay, &sent).await.is(422).says("ist wieder ein Code nötig");
    let foreign = by(&format!("kept:{}", basket("a colleague's")));
    let foreign: Vec<(&str, &str)> = foreign.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    portal.post_with(&[&cookie], &pay, &foreign).await.is(422).says("Wählen Sie");
    assert!(portal.errands().is_empty(), "nothing is begun by what somebody else keeps, or without a code");
    portal.answers(json!({"status": "begun"}));
    let here = portal.post_with(&[&cookie], &pay, &sent).await.leads();
    let errands = portal.errands();
    let begun = wish(&errands[0]);
    assert_eq!((begun.kept.as_ref(), begun.keep), (Some(&basket("own")), false));
    assert_eq!((begun.provider.as_str(), &begun.way), ("gocardless", &WayOfPaying::SepaDebit));
    assert_eq!(here, format!("/p/{code}/paid/{}", begun.id), "nobody is sent on to a page");
}

#[tokio::test]
async fn a_providers_page_that_shows_or_keeps_a_way_is_for_its_payer_alone() {
    for (way, keep) in
        [(format!("kept:{}", basket("own")), false), ("stripe:card".to_owned(), true), ("stripe:card".to_owned(), false)]
    {
        let (portal, id, code) = connected().await;
        portal.takes_debits().await;
        portal.keeps(&id, "own", "ap@acme.example", Currency::EUR).await;
        let cookie = portal.confirm(&id, &code).await;
        let pay = format!("/p/{code}/pay");
        let form = form_of(&portal.get_with(&[&cookie], &pay).await);
        let (invoice, typed) = (first().to_string(), amount(&first(), "100,00"));
        let fields = good(&form, &invoice, &typed).into_iter();
        let mut fields: Vec<(&str, &str)> =
            fields.map(|(name, value)| if name == "way" { (name, way.as_str()) } else { (name, value) }).collect();
        fields.extend(keep.then_some(("keep", "1")));
        portal.answers(json!({"status": "begun", "pay_url": "https://checkout.example/c/1"}));
        portal.post_with(&[&cookie], &pay, &fields).await.is(303);
        let errands = portal.errands();
        portal.begins(&errands[0], Some("https://checkout.example/c/1")).await;
        let here = format!("/p/{code}/paid/{}", wish(&errands[0]).id);
        portal.get_with(&[&cookie], &here).await.is(200).says("checkout.example");
        // Whoever has the link alone, and a colleague with a link of their own, read how it stands.
        let alone = portal.get(&here).await.is(200);
        if way == "stripe:card" && !keep {
            alone.says("checkout.example");
        } else {
            alone.hides("checkout.example").says("cancel");
        }
    }
}

#[tokio::test]
async fn a_way_is_kept_where_its_payer_entered_a_code_and_ticked_it() {
    let (portal, id, code) = connected().await;
    let cookie = portal.confirm(&id, &code).await;
    let pay = format!("/p/{code}/pay");
    let form = form_of(&portal.get_with(&[&cookie], &pay).await);
    let (invoice, typed) = (first().to_string(), amount(&first(), "100,00"));
    let mut ids = Vec::new();
    for (cookies, extra, keep) in [
        (vec![cookie.as_str()], Some("1"), true),
        (vec![cookie.as_str()], None, false),
        (vec![], Some("1"), false),
        (vec![cookie.as_str()], Some("yes"), false),
    ] {
        let mut fields = good(&form, &invoice, &typed);
        fields.extend(extra.map(|value| ("keep", value)));
        portal.answers(json!({"status": "begun", "pay_url": "https://checkout.example/c/1"}));
        portal.post_with(&cookies, &pay, &fields).await.is(303);
        let errands = portal.errands();
        assert_eq!((wish(&errands[0]).keep, &wish(&errands[0]).kept), (keep, &None), "{extra:?}");
        ids.push(wish(&errands[0]).id.clone());
    }
    assert_ne!(ids[0], ids[1], "a provider takes one request alone under the basket's key");
    assert_eq!(ids[1], ids[2]);
    // A debit of Stripe's is not kept, whatever is ticked.
    let fields: Vec<(&str, &str)> = good(&form, &invoice, &typed)
        .into_iter()
        .map(|(name, value)| if name == "way" { (name, "stripe:sepa_debit") } else { (name, value) })
        .chain([("keep", "1")])
        .collect();
    portal.answers(json!({"status": "begun", "pay_url": "https://checkout.example/c/1"}));
    portal.post_with(&[&cookie], &pay, &fields).await.is(303);
    assert!(!wish(&portal.errands()[0]).keep);
}

#[tokio::test]
async fn what_is_kept_is_removed_at_its_provider() {
    let (portal, id, code) = connected().await;
    portal.takes_debits().await;
    portal.keeps(&id, "own", "ap@acme.example", Currency::EUR).await;
    let cookie = portal.confirm(&id, &code).await;
    let (ways, own) = (format!("/p/{code}/ways"), basket("own"));
    portal.answers(json!({"status": "later"}));
    let sorry = portal.post_with(&[&cookie], &ways, &[("remove", own.as_str())]).await.is(503);
    sorry.says("ließ sich beim Zahlungsdienst nicht entfernen").says(own.as_str());
    for answer in ["ended", "unknown"] {
        portal.answers(json!({"status": answer}));
        let reply = portal.post_with(&[&cookie], &ways, &[("remove", own.as_str())]).await;
        assert_eq!(reply.leads(), ways);
    }
    let errands = portal.errands();
    assert_eq!(errands.len(), 3);
    for errand in &errands {
        assert!(matches!(&errand.what, ErrandKind::Forget { way, .. } if *way == own), "{errand:?}");
    }
    for fields in [vec![("remove", "")], vec![("remove", "inv_1")], vec![], vec![("remove", own.as_str()), ("role", "admin")]] {
        portal.post_with(&[&cookie], &ways, &fields).await.is(400).says("Die Seite lässt sich so nicht verwenden.");
    }
    assert!(portal.errands().is_empty());
    let nothing = portal.world.customer("acme", "C-2", |_| {}).await;
    let code = portal.code(&acme(), &nothing).await;
    let cookie = portal.confirm(&nothing, &code).await;
    portal.get_with(&[&cookie], &format!("/p/{code}/ways")).await.is(200).says("ist keine Zahlungsart gemerkt");
}
