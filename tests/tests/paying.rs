//! Paying on the portal, from the mail's link to the books: on the local stack with the stand-ins of Stripe and PayPal.

use std::collections::BTreeMap;

use local::{Mode, Options, Sent};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{Reply, TENANT, TestTenant, at, berlin, portal_path, step},
};

/// A tenant that takes cards, and a customer with three invoices who was reminded of them; the path of the customer's page.
async fn reminded() -> (TestTenant, String) {
    reminded_by("stripe").await
}

/// The same of a tenant that is connected to a provider.
async fn reminded_by(provider: &str) -> (TestTenant, String) {
    let options = Options { now: Some(at("2026-02-04T20:00:00Z")), seed: Some(1), ..Options::default() };
    let wish = json!({"tenant": TENANT, "settings": berlin(), "payments": [{"provider": provider}]});
    let desk = TestTenant::of(options, serde_json::from_value(wish).unwrap()).await;
    for (number, total) in [("F-1", 125_000), ("F-2", 50_000), ("F-3", 7_500)] {
        desk.put(&invoice(&customer("C-1"), number, total, "2026-02-04")).await;
    }
    desk.to("2026-02-05T16:30:00Z").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
    let path = portal_path(&desk.sent()[0]);
    let mail = desk.sent()[0].text.clone().unwrap();
    assert!(mail.contains(&format!("{path}/pay)")) && mail.contains("Ansehen und bezahlen"), "{mail}");
    (desk, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_today_is_due_now_on_the_statement_and_ticked_on_the_form() {
    let options = Options { now: Some(at("2026-02-03T08:00:00Z")), seed: Some(1), ..Options::default() };
    let wish = json!({"tenant": TENANT, "settings": berlin(), "payments": [{"provider": "stripe"}]});
    let desk = TestTenant::of(options, serde_json::from_value(wish).unwrap()).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-09")).await;
    desk.put(&invoice(&customer("C-1"), "F-2", 50_000, "2026-03-09")).await;
    desk.end_of("2026-02-04").await;
    assert_eq!(desk.log(), ["2026-02-04 email heads-up"]);
    let path = portal_path(&desk.sent()[0]);
    desk.to("2026-02-09T10:00:00Z").await;
    let statement = page(&desk, &path).await;
    for said in
        ["Jetzt fällig", "1.250,00\u{a0}€", "heute fällig", "Später fällig: 500,00\u{a0}€, nächste Fälligkeit 9. März 2026"]
    {
        assert!(statement.contains(said), "no '{said}' in {statement}");
    }
    let form = page(&desk, &format!("{path}/pay")).await;
    let ticked = form.matches(" checked").count();
    assert!(form.contains("1.250,00\u{a0}€") && ticked >= 1, "{form}");
    let of = |number: &str| format!("value=\"{}\"", offered(&form)[number]);
    let is_ticked = |number: &str| form.split(&of(number)).nth(1).unwrap().split('>').next().unwrap().contains("checked");
    assert_eq!((is_ticked("F-1"), is_ticked("F-2")), (true, false), "{form}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_leads_to_paying_only_where_all_that_it_asks_for_can_be_paid() {
    let options = Options { now: Some(at("2026-02-04T20:00:00Z")), seed: Some(1), ..Options::default() };
    // Debits are in euros, and there is no account.
    let wish = json!({"tenant": TENANT, "settings": berlin(), "payments": [{"provider": "gocardless"}]});
    let desk = TestTenant::of(options, serde_json::from_value(wish).unwrap()).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    let mut dollars = invoice(&customer("C-1"), "F-2", 50_000, "2026-02-04");
    dollars["invoice"]["currency"] = json!("USD");
    desk.put(&dollars).await;
    desk.to("2026-02-05T16:30:00Z").await;
    let mails: Vec<String> = desk.sent().iter().map(|sent| sent.text.clone().unwrap()).collect();
    assert_eq!(mails.len(), 2, "{mails:?}");
    let path = portal_path(&desk.sent()[0]);
    for mail in &mails {
        let (is_euros, leads) = (mail.contains("F-1"), mail.contains(&format!("{path}/pay?in=EUR)")));
        assert_eq!((leads, mail.contains("Ansehen und bezahlen")), (is_euros, is_euros), "{mail}");
        assert!(is_euros || !mail.contains("/pay"), "{mail}");
    }
    assert!(page(&desk, &format!("{path}/pay?in=EUR")).await.contains("F-1"));
    // Once there is an account for dollars, those can be paid as well.
    let account = json!([{"holder": "Acme Inc", "local": {"routing": "021000021", "number": "123456789"}, "currency": "USD"}]);
    desk.set(json!({"bank_accounts": account})).await;
    desk.end_of("2026-02-13").await;
    let later: Vec<String> = desk.sent().iter().skip(2).map(|sent| sent.text.clone().unwrap()).collect();
    assert_eq!(later.len(), 2, "{later:?}");
    for (number, currency) in [("F-1", "EUR"), ("F-2", "USD")] {
        let of = later.iter().find(|mail| mail.contains(number)).unwrap_or_else(|| panic!("{later:?}"));
        assert!(of.contains(&format!("{path}/pay?in={currency})")), "{of}");
    }
}

pub(crate) async fn page(desk: &TestTenant, path: &str) -> String {
    desk.call("GET", path, &[], b"").await.is(200).text
}

/// The value of the first input of a name.
pub(crate) fn value<'p>(page: &'p str, name: &str) -> &'p str {
    let found = page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next());
    found.unwrap_or_else(|| panic!("no {name} in {page}"))
}

/// The invoices that a form offers, by number.
pub(crate) fn offered(page: &str) -> BTreeMap<String, String> {
    let each = page.split("name=\"pay\" value=\"").skip(1).map(|rest| {
        let id = rest.split('"').next().unwrap().to_owned();
        let number = rest.split("<bdi>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        (number, id)
    });
    each.collect()
}

/// A form that pays these of what a page offers, by card.
fn form(page: &str, pays: &[(&str, &str)]) -> String {
    form_by("stripe:card", page, pays)
}

pub(crate) fn form_by(way: &str, page: &str, pays: &[(&str, &str)]) -> String {
    let offered = offered(page);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("form", value(page, "form")).append_pair("in", "EUR").append_pair("to", "").append_pair("way", way);
    for (number, amount) in pays {
        let id = &offered[*number];
        form.append_pair("pay", id).append_pair(&format!("amount_{id}"), amount);
    }
    form.finish()
}

pub(crate) async fn post(desk: &TestTenant, path: &str, form: &str) -> Reply {
    let headers = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    desk.call("POST", path, &headers, form.as_bytes()).await
}

/// The baskets that the stand-in knows.
pub(crate) async fn there(desk: &TestTenant) -> Vec<Value> {
    let all = desk.call("GET", &format!("/_local/baskets?tenant={TENANT}"), &[], b"").await.is(200).body;
    all.as_array().unwrap().clone()
}

pub(crate) async fn happens(desk: &TestTenant, basket: &str, outcome: &str) {
    let wish = json!({"outcome": outcome}).to_string();
    let told = desk.call("POST", &format!("/_local/baskets/{basket}"), &[], wish.as_bytes()).await.is(200).body;
    let events = told["events"].as_array().unwrap();
    assert!(!events.is_empty() && events.iter().all(|event| event["webhooks"].as_array().unwrap().len() == 1), "{told}");
    desk.advance("PT1M").await;
}

pub(crate) async fn open(desk: &TestTenant) -> BTreeMap<String, i64> {
    let matter = desk.matter("C-1").await;
    let items = matter["due_items"].as_array().unwrap().iter();
    items.map(|item| (item["number"].as_str().unwrap().to_owned(), item["open_minor"].as_i64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_invoices_are_paid_by_card_and_the_next_mail_is_about_the_third() {
    let (desk, path) = reminded().await;
    assert!(page(&desk, &path).await.contains("class=\"button\""), "there is a way to pay");
    let pay = format!("{path}/pay");
    let shown = page(&desk, &pay).await;
    assert_eq!(offered(&shown).len(), 3);
    let chosen = form(&shown, &[("F-1", "1.250,00"), ("F-2", "500,00")]);
    // The function that begins payments is away, and then it is there.
    desk.fault("lambda", Mode::Error, 1);
    let away = post(&desk, &pay, &chosen).await.is(503);
    assert!(away.text.contains("in einer Minute") && there(&desk).await.is_empty(), "{}", away.text);
    let sent_on = post(&desk, &pay, &chosen).await.is(303);
    let baskets = there(&desk).await;
    let [basket] = baskets.as_slice() else { panic!("{baskets:?}") };
    assert_eq!((&basket["amount_minor"], &basket["currency"]), (&json!(175_000), &json!("EUR")));
    assert_eq!(sent_on.location.as_deref(), basket["pay_url"].as_str());
    let id = basket["id"].as_str().unwrap();
    // Sent twice it is the same, and from a second tab it is found.
    assert_eq!(post(&desk, &pay, &chosen).await.is(303).location, sent_on.location);
    let other = chosen.replace(value(&shown, "form"), "0another");
    let found = post(&desk, &pay, &other).await.is(422);
    assert!(found.text.contains("wurde bereits begonnen") && found.text.contains(id), "{}", found.text);
    assert_eq!(there(&desk).await.len(), 1);
    // Whoever comes back proves nothing.
    let here = format!("{path}/paid/{id}");
    assert!(page(&desk, &format!("{here}?paid=yes")).await.contains("Wir warten"));
    assert_eq!(open(&desk).await.get("F-1"), Some(&125_000));
    let as_pdf = format!("{here}.pdf");
    desk.call("GET", &as_pdf, &[], b"").await.is(404);

    happens(&desk, id, "paid").await;
    let arrived = page(&desk, &here).await;
    assert!(arrived.contains("Ihre Zahlung ist eingegangen") && arrived.contains("Zahlungsbestätigung als PDF"), "{arrived}");
    let link = desk.call("GET", &as_pdf, &[], b"").await.is(303).location.unwrap();
    assert!(desk.call("GET", &link, &[], b"").await.is(200).text.starts_with("%PDF-"));
    assert_eq!(open(&desk).await, BTreeMap::from([("F-3".to_owned(), 7_500)]));
    let paid = desk.admin("GET", "/v1/payments", &Value::Null).await.is(200).body;
    let paid = paid["data"].as_array().unwrap();
    assert_eq!(paid.len(), 1, "{paid:?}");
    assert_eq!((&paid[0]["id"], &paid[0]["amount_minor"]), (&json!(id), &json!(175_000)));
    let receipts = desk.notices();
    let [receipt] = receipts.as_slice() else { panic!("{receipts:?}") };
    let text = receipt.text.as_deref().unwrap();
    for part in ["1.750,00\u{a0}€", "F-1", "F-2", "ist nichts mehr offen", id, "als PDF"] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    let file = &receipt.attachments[0];
    assert_eq!((receipt.attachments.len(), &file["content_type"]), (1, &json!("application/pdf")));
    desk.end_of("2026-02-13").await;
    let sent = desk.sent();
    let nudges: Vec<&Sent> = sent.iter().filter(|sent| step(sent) == "nudge").collect();
    let [nudge] = nudges.as_slice() else { panic!("{:?}", desk.log()) };
    let nudge = nudge.text.as_deref().unwrap();
    assert!(nudge.contains("F-3") && !nudge.contains("F-1") && !nudge.contains("F-2"), "{nudge}");

    // What is given back is open again.
    happens(&desk, id, "refunded").await;
    let expected = [("F-1", 125_000), ("F-2", 50_000), ("F-3", 7_500)].map(|(number, minor)| (number.to_owned(), minor));
    assert_eq!(open(&desk).await, BTreeMap::from(expected));
    assert!(page(&desk, &here).await.contains("ging zurück"));
    desk.call("GET", &as_pdf, &[], b"").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_payment_is_acknowledged_with_the_rest_that_is_due_and_the_next_message_says_so() {
    let (desk, path) = reminded().await;
    let pay = format!("{path}/pay");
    let shown = page(&desk, &pay).await;
    post(&desk, &pay, &form(&shown, &[("F-1", "500")])).await.is(303);
    let id = there(&desk).await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(desk.notices().len(), 0, "nothing came yet");
    happens(&desk, &id, "paid").await;
    let receipts = desk.notices();
    let [receipt] = receipts.as_slice() else { panic!("{receipts:?}") };
    let text = receipt.text.as_deref().unwrap();
    for part in ["500,00\u{a0}€", "sind noch 750,00\u{a0}€ offen"] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    // The provider says it again: it is one receipt.
    desk.call("POST", &format!("/_local/baskets/{id}"), &[], b"{}").await.is(200);
    desk.advance("PT1M").await;
    assert_eq!(desk.notices().len(), 1);
    desk.end_of("2026-02-13").await;
    let sent = desk.sent();
    let nudge = sent.iter().find(|sent| step(sent) == "nudge").and_then(|sent| sent.text.as_deref()).unwrap();
    assert!(nudge.contains("500,00\u{a0}€ von 1.250,00\u{a0}€ bezahlt"), "{nudge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_makes_ends_at_its_provider() {
    let (desk, path) = reminded().await;
    let pay = format!("{path}/pay");
    let first = page(&desk, &pay).await;
    post(&desk, &pay, &form(&first, &[("F-1", "1250")])).await.is(303);
    let begun = there(&desk).await;
    let lost = begun[0]["id"].as_str().unwrap().to_owned();
    // Half an hour and no word: the invoice is offered again, and the page at the provider, which is still open, ends before another begins.
    desk.advance("PT30M30S").await;
    assert!(page(&desk, &format!("{path}/paid/{lost}")).await.contains("Diese Zahlung ist beendet"));
    let second = page(&desk, &pay).await;
    post(&desk, &pay, &form(&second, &[("F-1", "1250")])).await.is(303);
    let both = there(&desk).await;
    let is_expired = |basket: &Value| basket["status"].as_str().unwrap().starts_with("expired");
    let again = both.iter().map(|basket| basket["id"].as_str().unwrap()).find(|id| *id != lost).unwrap().to_owned();
    let expired: Vec<&str> = both.iter().filter(|one| is_expired(one)).map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!((expired, both.len()), (vec![lost.as_str()], 2), "{both:?}");
    // Given up by the payer, nobody can pay it either.
    let here = format!("{path}/paid/{again}");
    let back = post(&desk, &format!("{here}/cancel"), "").await.is(303);
    assert_eq!(back.location.as_deref(), Some(here.as_str()));
    assert!(page(&desk, &here).await.contains("Diese Zahlung ist beendet"));
    let ended = there(&desk).await;
    assert!(ended.iter().all(is_expired), "{ended:?}");
    assert_eq!(offered(&page(&desk, &pay).await).len(), 3, "nothing is kept back");
    assert_eq!(open(&desk).await.get("F-1"), Some(&125_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_was_made_is_not_given_up_and_not_made_again() {
    let (desk, path) = reminded().await;
    let pay = format!("{path}/pay");
    let shown = page(&desk, &pay).await;
    post(&desk, &pay, &form(&shown, &[("F-2", "500")])).await.is(303);
    let id = there(&desk).await[0]["id"].as_str().unwrap().to_owned();
    // It was paid, and the word of it is lost.
    let wish = json!({"outcome": "paid", "deliver": false}).to_string();
    desk.call("POST", &format!("/_local/baskets/{id}"), &[], wish.as_bytes()).await.is(200);
    let here = format!("{path}/paid/{id}");
    assert!(page(&desk, &here).await.contains("Wir warten"));
    post(&desk, &format!("{here}/cancel"), "").await.is(303);
    assert!(page(&desk, &here).await.contains("Ihre Zahlung ist eingegangen"), "the provider was asked");
    desk.advance("PT1M").await;
    assert_eq!(open(&desk).await.get("F-2"), None);
    assert!(!offered(&page(&desk, &pay).await).contains_key("F-2"));
    // The word comes after all, and is the same payment.
    desk.call("POST", &format!("/_local/baskets/{id}"), &[], b"{}").await.is(200);
    desk.advance("PT1M").await;
    let paid = desk.admin("GET", "/v1/payments", &Value::Null).await.is(200).body;
    assert_eq!((paid["data"].as_array().unwrap().len(), &paid["data"][0]["amount_minor"]), (1, &json!(50_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_is_taken_in_its_time_and_not_after_it() {
    let (desk, path) = reminded_by("paypal").await;
    let pay = format!("{path}/pay");
    let payments = async || {
        let paid = desk.admin("GET", "/v1/payments", &Value::Null).await.is(200).body;
        paid["data"].as_array().unwrap().iter().map(|payment| payment["amount_minor"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let shown = page(&desk, &pay).await;
    post(&desk, &pay, &form_by("paypal:paypal", &shown, &[("F-1", "1250")])).await.is(303);
    let first = there(&desk).await[0]["id"].as_str().unwrap().to_owned();
    happens(&desk, &first, "paid").await;
    assert_eq!(payments().await, [125_000], "the approval was heard, and the money taken");
    assert_eq!(open(&desk).await.get("F-1"), None);

    let shown = page(&desk, &pay).await;
    post(&desk, &pay, &form_by("paypal:paypal", &shown, &[("F-2", "500")])).await.is(303);
    let all = there(&desk).await;
    let late = all.iter().map(|basket| basket["id"].as_str().unwrap()).find(|id| *id != first).unwrap().to_owned();
    // Its time is over here before PayPal lets the order go, and the invoice is offered again.
    desk.advance("PT35M").await;
    assert!(offered(&page(&desk, &pay).await).contains_key("F-2"));
    happens(&desk, &late, "paid").await;
    assert_eq!(payments().await, [125_000], "nobody took what was approved too late");
    assert_eq!(open(&desk).await.get("F-2"), Some(&50_000));
    assert!(offered(&page(&desk, &pay).await).contains_key("F-2"));
}
