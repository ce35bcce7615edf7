//! A transfer, from the mail's link to the books: the page says where to and under which reference, the canonical webhook brings the payment.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice, payment},
    test_tenant::{TestTenant, portal_path},
};

use crate::paying::{form_by, open, page, post};

const ACCOUNT: &str = "DE89 3704 0044 0532 0130 00";

/// A tenant with an account, and a customer who was reminded of an invoice of 1,250.00; the path of the customer's page.
async fn reminded() -> (TestTenant, String) {
    let account = json!([{"holder": "Acme GmbH", "iban": ACCOUNT, "bic": "COBADEFFXXX"}]);
    let desk = TestTenant::with("2026-02-04T20:00:00Z", json!({"bank_accounts": account}), None).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-05T16:30:00Z").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
    let mail = desk.sent()[0].text.clone().unwrap();
    assert!(mail.contains(ACCOUNT) && mail.contains("F-1"), "{mail}");
    let path = portal_path(&desk.sent()[0]);
    assert!(mail.contains(&format!("{path}/pay)")), "an account is a way to pay: {mail}");
    // The code goes along, so that no reader's program loads it from elsewhere.
    let sent = &desk.sent()[0];
    assert!(
        mail.contains("Verwendungszweck: F-1") && sent.html.as_ref().unwrap().contains("src=\"cid:transfer-code\""),
        "{mail}"
    );
    let [code] = sent.attachments.as_slice() else { panic!("{:?}", sent.attachments) };
    assert_eq!((&code["name"], &code["content_type"]), (&json!("transfer-code.png"), &json!("image/png")));
    let along = &sent.raw["Content"]["Simple"]["Attachments"][0];
    assert_eq!((&along["ContentId"], &along["ContentDisposition"]), (&json!("transfer-code"), &json!("INLINE")));
    (desk, path)
}

/// Announces a transfer of an amount; the address of its page, and the reference on it.
async fn announce(desk: &TestTenant, path: &str, amount: &str) -> (String, String) {
    let pay = format!("{path}/pay");
    let form = form_by("transfer:transfer", &page(desk, &pay).await, &[("F-1", amount)]);
    let here = post(desk, &pay, &form).await.is(303).location.unwrap();
    let shown = page(desk, &here).await;
    assert!(shown.contains("Bitte überweisen Sie") && shown.contains(ACCOUNT) && shown.contains("<svg"), "{shown}");
    let reference = shown.split("Verwendungszweck: ").nth(1).expect("a reference to copy");
    let reference: String = reference.chars().take_while(char::is_ascii_alphanumeric).collect();
    assert!(reference.starts_with("RF") && reference.len() == 24, "{reference}");
    (here, reference)
}

async fn basket(desk: &TestTenant, here: &str) -> Value {
    let id = here.rsplit('/').next().unwrap();
    desk.admin("GET", &format!("/v1/baskets/{id}"), &Value::Null).await.is(200).body
}

async fn due_now(desk: &TestTenant) -> i64 {
    let matter = desk.matter("C-1").await;
    matter["due_items"].as_array().unwrap().iter().map(|item| item["due_now_minor"].as_i64().unwrap()).sum()
}

/// A payment in the books for the invoice, with a reference where one is named.
fn entry(amount_minor: i64, reference: Option<&str>) -> Value {
    let mut document = payment("C-1", "P-1", 1, "received", "F-1", amount_minor);
    document["payment"]["received_on"] = json!("2026-02-06");
    if let Some(reference) = reference {
        document["payment"]["reference"] = json!(reference);
    }
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payment_in_the_books_that_names_the_reference_is_the_transfer() {
    let (desk, path) = reminded().await;
    let (here, reference) = announce(&desk, &path, "1.250,00").await;
    assert_eq!((open(&desk).await, due_now(&desk).await), (BTreeMap::from([("F-1".to_owned(), 125_000)]), 0));
    desk.to("2026-02-09T21:00:00Z").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"], "nobody is chased for what is on its way");
    // As a bank's file has it, with words around it.
    let groups: Vec<String> =
        reference.to_lowercase().as_bytes().chunks(4).map(|group| String::from_utf8(group.to_vec()).unwrap()).collect();
    desk.put(&entry(125_000, Some(&format!("Rechnung F-1 {} danke", groups.join(" "))))).await;
    desk.advance("PT1M").await;
    assert!(page(&desk, &here).await.contains("Ihre Zahlung ist eingegangen"));
    let known = basket(&desk, &here).await;
    assert_eq!((&known["status"], &known["received_minor"], &known["receipts"]), (&json!("paid"), &json!(125_000), &json!([])));
    let paid = desk.admin("GET", "/v1/payments", &Value::Null).await.is(200).body;
    let paid = paid["data"].as_array().unwrap();
    assert_eq!(paid.len(), 1, "the entry is the one payment: {paid:?}");
    assert_eq!((&known["payment"], &known["booked"][0]["entry"]), (&paid[0]["id"], &paid[0]["id"]));
    assert_eq!(open(&desk).await, BTreeMap::new());
    desk.end_of("2026-02-27").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
    assert!(desk.tasks("seen_twice").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_without_a_reference_is_no_longer_kept_back() {
    let (desk, path) = reminded().await;
    let (here, _) = announce(&desk, &path, "500,00").await;
    assert_eq!(due_now(&desk).await, 75_000);
    desk.put(&entry(50_000, None)).await;
    desk.advance("PT1M").await;
    let left = BTreeMap::from([("F-1".to_owned(), 75_000)]);
    assert_eq!((open(&desk).await, due_now(&desk).await), (left, 75_000), "nothing more is on its way");
    assert!(page(&desk, &here).await.contains("nichts mehr zu überweisen"));
    assert_eq!(basket(&desk, &here).await["booked"], json!([]));
}
