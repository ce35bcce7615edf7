//! Plans, from the customer's page to the outbox: agreed with a code, told, reminded of, paid on the page, broken, and told again; and offers.

use local::{Options, Sent};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TENANT, TestTenant, at, berlin, code_in, portal_path},
};

use crate::paying::{page, there, value};

/// A tenant that takes cards and lets customers pay in up to six parts, and a customer who owes 1,250.00 and was reminded; the path of its page.
async fn reminded() -> (TestTenant, String) {
    let options = Options { now: Some(at("2026-02-03T08:00:00Z")), seed: Some(1), ..Options::default() };
    let mut settings = berlin();
    settings.insert("plans".to_owned(), json!({"max_parts": 6, "max_days": 200}));
    let wish = json!({"tenant": TENANT, "settings": settings, "payments": [{"provider": "stripe"}]});
    let desk = TestTenant::of(options, serde_json::from_value(wish).unwrap()).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-02")).await;
    desk.end_of("2026-02-03").await;
    assert_eq!(desk.log(), ["2026-02-03 email reminder"]);
    let path = portal_path(&desk.sent()[0]);
    (desk, path)
}

/// Has a code sent before a plan, and enters it: the cookie of whoever did.
async fn confirmed(desk: &TestTenant, path: &str) -> String {
    desk.post_page(&format!("{path}/code"), "to=plan").await.is(303);
    desk.advance("PT10S").await;
    let code = code_in(desk.notices().last().unwrap());
    let right = desk.post_page(&format!("{path}/code/enter"), &format!("to=plan&code={code}")).await.is(303);
    assert_eq!(right.location.as_deref(), Some(format!("{path}/plan").as_str()));
    right.cookie.as_deref().and_then(|cookie| cookie.split(';').next()).unwrap().to_owned()
}

async fn status(desk: &TestTenant, id: &str) -> Value {
    desk.admin("GET", &format!("/v1/agreements/{id}"), &Value::Null).await.is(200).body["status"].clone()
}

fn text(sent: &Sent) -> &str {
    sent.text.as_deref().unwrap()
}

const BROKEN: &str = "Die Ratenzahlung für F-1 ist beendet, weil eine Rate nicht rechtzeitig angekommen ist.";

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_agreed_with_a_code_its_parts_are_asked_for_and_a_missed_one_is_told() {
    let (desk, path) = reminded().await;
    let form = page(&desk, &format!("{path}/plan")).await;
    let invoice = value(&form, "invoice").to_owned();
    let wish = format!("invoice={invoice}&parts=3&first_on=2026-02-23&rhythm=monthly");
    let cookie = confirmed(&desk, &path).await;
    let looked = desk.post_page_as(&format!("{path}/plan"), &cookie, &format!("act=look&{wish}")).await.is(200).text;
    for part in ["23. Februar 2026", "23. März 2026", "23. April 2026", "416,66\u{a0}€", "416,68\u{a0}€"] {
        assert!(looked.contains(part), "no '{part}' in {looked}");
    }
    let agree = format!("act=agree&{wish}&seen={}", value(&looked, "seen"));
    desk.post_page(&format!("{path}/plan"), &agree).await.is(403);
    let made = desk.post_page_as(&format!("{path}/plan"), &cookie, &agree).await.is(303).location.unwrap();
    assert_eq!(
        desk.post_page_as(&format!("{path}/plan"), &cookie, &agree).await.is(303).location.as_deref(),
        Some(made.as_str())
    );
    let id = made.split_once("made=").unwrap().1.to_owned();
    desk.advance("PT10S").await;
    let notices = desk.notices();
    let [_, agreed] = notices.as_slice() else { panic!("{notices:?}") };
    for part in ["416,66\u{a0}€", "416,68\u{a0}€", "23. März 2026"] {
        assert!(text(agreed).contains(part), "no '{part}' in {}", text(agreed));
    }

    // The messages are about the parts: the first is announced.
    desk.end_of("2026-02-22").await;
    let sent = desk.sent();
    assert_eq!(
        (sent.len(), text(&sent[1]).contains("416,66"), text(&sent[1]).contains("1.250,00")),
        (2, true, false),
        "{sent:?}"
    );
    // The page leads to paying it, and to no more.
    let pay = format!("{path}/pay?plan={id}&in=EUR&to=");
    let shown = page(&desk, &pay).await;
    assert_eq!(value(&shown, &format!("amount_{invoice}")), "416,66", "{shown}");
    let paying = format!("form={}&in=EUR&to=&way=stripe:card&pay={invoice}&amount_{invoice}=416%2C66", value(&shown, "form"));
    desk.post_page(&format!("{path}/pay"), &paying).await.is(303);
    let basket = there(&desk).await[0]["id"].as_str().unwrap().to_owned();
    desk.call("POST", &format!("/_local/baskets/{basket}"), &[], br#"{"outcome": "paid"}"#).await.is(200);
    desk.advance("PT1M").await;
    let statement = page(&desk, &path).await;
    assert!(statement.contains("Ihre Ratenzahlung für F-1") && statement.contains("beglichen"), "{statement}");
    desk.end_of("2026-03-10").await;
    assert_eq!((desk.sent().len(), status(&desk, &id).await), (2, json!("running")), "the first was paid");

    // Nothing comes for the second: on the ledger by the 25th, and broken the day after.
    desk.to("2026-03-25T22:00:00Z").await;
    assert_eq!(status(&desk, &id).await, "running");
    assert!(desk.sent().iter().all(|sent| !text(sent).contains(BROKEN)), "nothing is told before it is so");
    let before = desk.sent().len();
    desk.end_of("2026-04-30").await;
    assert_eq!(status(&desk, &id).await, "broken");
    let sent = desk.sent();
    let after = &sent[before..];
    assert!(after.len() >= 2, "{:?}", desk.log());
    assert!(text(&after[0]).contains(BROKEN) && text(&after[0]).contains("833,34"), "{}", text(&after[0]));
    assert!(after[1..].iter().all(|sent| !text(sent).contains(BROKEN)), "it is told once");
    let statement = page(&desk, &path).await;
    assert!(statement.contains("die Ratenzahlung dafür ist beendet"), "{statement}");
    let matter = desk.matter("C-1").await;
    let rate = json!({"kept": 0, "partly_kept": 0, "broken": 0, "plans_completed": 0, "plans_broken": 1});
    assert_eq!(matter["kept_rate"], rate);
    // Another one is asked for from a person, who sees how the first one ended.
    let refused = desk.post_page(&format!("{path}/plan"), &format!("act=look&{}", wish.replace("02-23", "05-04"))).await.is(400);
    assert!(refused.text.contains("Eine Ratenzahlung über eine dieser Rechnungen ist beendet"), "{}", refused.text);
    desk.post_page(&format!("{path}/write"), "for=plan&invoice=&words=Bitte+noch+einmal").await.is(303);
    let tasks = desk.tasks("customer_asked").await;
    assert!(tasks[0].to_string().contains("of its plans 0 were paid and 1 broken"), "{tasks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_chosen_is_kept_over_the_code() {
    let (desk, path) = reminded().await;
    let form = page(&desk, &format!("{path}/plan")).await;
    let wish = format!("invoice={}&parts=4&first_on=2026-02-23&rhythm=two_weekly", value(&form, "invoice"));
    let looked = desk.post_page(&format!("{path}/plan"), &format!("act=look&{wish}")).await.is(200).text;
    let keep = value(&looked, "keep").to_owned();
    let enter = desk.post_page(&format!("{path}/code"), &format!("to=plan&keep={keep}")).await.is(303).location.unwrap();
    assert_eq!(enter, format!("{path}/code/enter?to=plan&keep={keep}"));
    assert_eq!(value(&page(&desk, &enter).await, "keep"), keep);
    desk.advance("PT10S").await;
    let notices = desk.notices();
    let code = code_in(notices.last().unwrap());
    assert!(
        text(notices.last().unwrap()).contains(&format!("{path}/code/enter?to=statement")),
        "the mail leads to where it is entered"
    );
    let right = desk.post_page(&format!("{path}/code/enter"), &format!("to=plan&code={code}&keep={keep}")).await.is(303);
    let back = right.location.unwrap();
    assert_eq!(back, format!("{path}/plan?chosen={keep}"));
    let cookie = right.cookie.as_deref().and_then(|cookie| cookie.split(';').next()).unwrap().to_owned();
    let headers = [("cookie".to_owned(), cookie.clone())];
    let shown = desk.call("GET", &back, &headers, b"").await.is(200).text;
    assert!(shown.contains("312,50\u{a0}€") && shown.contains("23. Februar 2026"), "{shown}");
    let agree = format!("act=agree&{wish}&seen={}", value(&shown, "seen"));
    desk.post_page_as(&format!("{path}/plan"), &cookie, &agree).await.is(303);
    // What is no choice leads to the page itself, and nowhere else.
    let enter = desk.post_page(&format!("{path}/code"), "to=plan&keep=//elsewhere.example").await.is(303).location.unwrap();
    assert_eq!(enter, format!("{path}/code/enter?to=plan"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_keeps_nothing_back_is_agreed_to_and_ends_with_its_last_day() {
    let (desk, path) = reminded().await;
    let whose = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    let offers = format!("/v1/customers/{whose}/plan_offers");
    let parts = json!([{"amount_minor": 60_000, "due_on": "2026-02-27"}, {"amount_minor": 65_000, "due_on": "2026-03-27"}]);
    let asked = json!({"invoices": ["F-1"], "parts": parts, "valid_until": "2026-02-20"});
    let offer = desk.admin("POST", &offers, &asked).await.is(200).body;
    let id = offer["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&offer["status"], &offer["amount_minor"], &offer["valid_until"]),
        (&json!("open"), &json!(125_000), &json!("2026-02-20"))
    );
    assert_eq!(desk.admin("POST", &offers, &asked).await.is(200).body["id"], json!(id), "the same again is the one there is");
    // It is told by mail, once, and the mail leads to it.
    desk.advance("PT10S").await;
    let told: Vec<String> = desk.notices().iter().map(|notice| text(notice).to_owned()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    for said in [format!("{path}/plan/{id}"), "bis zum 20. Februar 2026 zustimmen".to_owned(), "650,00".to_owned()] {
        assert!(told[0].contains(&said), "no '{said}' in {}", told[0]);
    }
    let short = json!({"invoices": ["F-1"], "parts": parts, "valid_until": "2026-02-12"});
    let short = desk.admin("POST", &offers, &short).await.is(200).body["id"].as_str().unwrap().to_owned();
    assert!(page(&desk, &path).await.contains("Wir bieten Ihnen an, in Raten zu zahlen"));
    // Whatever is offered, the invoice is chased.
    desk.end_of("2026-02-12").await;
    assert!(desk.log().len() >= 2, "{:?}", desk.log());
    let over = desk.call("GET", &format!("{path}/plan/{short}"), &[], b"").await.is(410).text;
    assert!(over.contains("Diesem Angebot konnten Sie bis zum 12. Februar 2026 zustimmen."), "{over}");

    let cookie = confirmed(&desk, &path).await;
    let made = desk.post_page_as(&format!("{path}/plan/{id}"), &cookie, "").await.is(303).location.unwrap();
    let plan = made.split_once("made=").unwrap().1;
    assert_eq!(status(&desk, plan).await, "running");
    let listed = desk.admin("GET", &offers, &Value::Null).await.is(200).body;
    let known = listed["data"].as_array().unwrap().iter().find(|offer| offer["id"] == json!(id)).unwrap();
    assert_eq!((&known["status"], &known["agreement"]), (&json!("agreed"), &json!(plan)));
    desk.admin("POST", &format!("/v1/plan_offers/{id}/withdraw"), &Value::Null).await.is(409);
    let gone = desk.admin("POST", &format!("/v1/plan_offers/{short}/withdraw"), &json!({"reason": "they agreed"})).await.is(200);
    assert_eq!(gone.body["status"], "withdrawn");
    desk.advance("PT10S").await;
    let notices = desk.notices();
    assert!(text(notices.last().unwrap()).contains("600,00"), "{notices:?}");
    desk.end_of("2026-02-24").await;
    assert!(desk.log().last().unwrap().ends_with("email heads-up"), "of the first part: {:?}", desk.log());
}
