//! Documents that customers get by the page behind their link: asked for there, made by another function, fetched from the bucket.

use local::Mode;
use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice, payment},
    test_tenant::{Reply, TENANT, TestTenant, portal_path},
};

use crate::described::is_described;

/// A tenant with three invoices of a customer who was reminded, and the path of the customer's page.
async fn reminded() -> (TestTenant, String) {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    for (number, total) in [("F-1", 125_000), ("F-2", 50_000), ("F-3", 7_500)] {
        desk.put(&invoice_of(number, total)).await;
    }
    desk.to("2026-02-05T16:30:00Z").await;
    let path = portal_path(&desk.sent()[0]);
    (desk, path)
}

fn invoice_of(number: &str, total_minor: i64) -> Value {
    invoice(&customer("C-1"), number, total_minor, "2026-02-04")
}

async fn ask(desk: &TestTenant, address: &str) -> Reply {
    desk.call("GET", address, &[], b"").await
}

/// Where a document lies, and whether it is one.
async fn fetched(desk: &TestTenant, address: &str) -> String {
    let link = ask(desk, address).await.is(303).location.unwrap();
    let file = ask(desk, &link).await.is(200);
    assert!(file.text.starts_with("%PDF-"), "{address}: {}", &file.text.chars().take(80).collect::<String>());
    let (place, _) = link.split_once('?').unwrap();
    place.split_once("/documents/").unwrap().1.to_owned()
}

/// How many objects the function that makes documents put into the bucket.
fn made(desk: &TestTenant) -> u64 {
    let calls = desk.stack.metrics().calls_of;
    calls.get("make-documents").and_then(|calls| calls.get("s3:PutObject")).copied().unwrap_or(0)
}

/// The id of an invoice of the customer's.
async fn id_of(desk: &TestTenant, customer: &str, number: &str) -> String {
    let matter = desk.matter(customer).await;
    let items = matter["due_items"].as_array().unwrap();
    let item = items.iter().find(|item| item["number"] == number).unwrap_or_else(|| panic!("no {number} in {matter}"));
    item["item"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_made_once_and_anew_when_something_changed() {
    let (desk, path) = reminded().await;
    let statement = format!("{path}/statement.pdf");
    // The function that makes documents is away, and then it is there.
    desk.fault("lambda", Mode::Error, 1);
    let away = ask(&desk, &statement).await.is(503);
    assert!(away.text.contains("kann gerade nicht erstellt werden"), "{}", away.text);
    let first = fetched(&desk, &statement).await;
    assert!(first.starts_with("acme/"), "{first}");
    assert_eq!(fetched(&desk, &statement).await, first);
    // What is held by the portal for a minute is over, and the same document is found.
    desk.advance("PT2M").await;
    assert_eq!(fetched(&desk, &statement).await, first);
    assert_eq!(made(&desk), 1, "one object");
    desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 25_000)).await;
    let second = fetched(&desk, &statement).await;
    assert_ne!(second, first);
    assert_eq!(made(&desk), 2);
    // A link ends.
    let link = ask(&desk, &statement).await.is(303).location.unwrap();
    ask(&desk, &link.replace(&second, &first)).await.is(403);
    desk.advance("PT16M").await;
    ask(&desk, &link).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_of_an_invoice_that_is_issued_and_the_customers_own() {
    let (desk, path) = reminded().await;
    let own = id_of(&desk, "C-1", "F-2").await;
    let page = ask(&desk, &format!("{path}/invoices/{own}")).await.is(200).text;
    assert!(page.contains(&format!("{own}.pdf\">Kopie dieser Rechnung als PDF herunterladen")), "{page}");
    let copy = format!("{path}/invoices/{own}.pdf");
    fetched(&desk, &copy).await;
    assert_eq!(made(&desk), 1);
    desk.put(&invoice(&customer("C-2"), "G-1", 5_000, "2026-02-04")).await;
    let foreign = id_of(&desk, "C-2", "G-1").await;
    ask(&desk, &format!("{path}/invoices/{foreign}.pdf")).await.is(404);
    desk.put(&changed(&invoice_of("F-2", 50_000), 2, &json!({"status": "draft"}))).await;
    ask(&desk, &copy).await.is(404);
    ask(&desk, &format!("{path}/paid/pay_0123456789abcdef.pdf")).await.is(404);
    assert_eq!(made(&desk), 1, "nothing of these is made");
    // A link that was revoked opens nothing.
    let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    desk.admin("POST", &format!("/v1/customers/{customer}/links/revoke"), &Value::Null).await.is(204);
    ask(&desk, &format!("{path}/statement.pdf")).await.is(410);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_the_document_that_the_customer_gets() {
    let (desk, path) = reminded().await;
    let theirs = fetched(&desk, &format!("{path}/statement.pdf")).await;
    let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    let statement = format!("/v1/customers/{customer}/statement");
    let copy = format!("/v1/invoices/{}/copy", id_of(&desk, "C-1", "F-2").await);
    for address in [&statement, &copy] {
        let given = desk.admin("GET", address, &Value::Null).await.is(200).body;
        is_described(&desk, "DocumentLinkOut", &given).await;
        let url = given["url"].as_str().unwrap();
        assert_eq!(url.contains(&theirs), *address == statement, "one object for both: {url}");
        assert!(ask(&desk, url).await.is(200).text.starts_with("%PDF-"), "{address}");
        for (role, status) in [("viewer", 403), ("collector", 200)] {
            let token = desk.stack.token(TENANT, role).unwrap();
            let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
            desk.call("GET", address, &headers, b"").await.is(status);
        }
    }
    assert_eq!(made(&desk), 2);
    desk.admin("GET", "/v1/customers/cus_0000/statement", &Value::Null).await.is(404);
    desk.admin("GET", "/v1/invoices/inv_0000/copy", &Value::Null).await.is(404);
    desk.put(&changed(&invoice_of("F-2", 50_000), 2, &json!({"status": "draft"}))).await;
    desk.admin("GET", &copy, &Value::Null).await.is(404);
    desk.fault("lambda", Mode::Error, 1);
    let away = desk.admin("GET", &statement, &Value::Null).await.is(503).body;
    assert!(away["detail"].as_str().unwrap().contains("cannot be made now"), "{away}");
}
