//! What the vendors of books recorded or published, over the real HTTP path: their webhooks posted as they are, their answers served
//! as they are.

use std::{collections::BTreeMap, convert::Infallible, fs, path::Path, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use doubles::{App, Delivery};
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tests::{documents::hmac, test_tenant::TestTenant};

/// Whose the recorded webhooks are: of QuickBooks in its new and its old form, of Xero's contact and its credit note.
const COMPANIES: [&str; 4] =
    ["310687", "1185883450", "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f", "aef86862-2015-4b6b-88bc-d89032cecc50"];
const ORGANISATION: &str = "b2c885a9-4bb9-4a00-9b6e-6c2bf60b1a2b";

fn fixture(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/connectors/fixtures").join(path)).unwrap()
}

/// A vendor that answers each path with a recording, other lists without objects, and knows no other object.
async fn replay(answers: BTreeMap<&'static str, Vec<u8>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let answers = Arc::new(answers);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answers = Arc::clone(&answers);
            let service = service_fn(move |request: Request<Incoming>| {
                let path = request.uri().path().trim_start_matches("/api.xro/2.0/").to_owned();
                let known = answers.get(path.as_str()).cloned();
                let status = if known.is_none() && path.contains('/') { 404 } else { 200 };
                let empty = json!({"DateTimeUTC": "/Date(1552331100745)/", path: []}).to_string().into_bytes();
                let answer = Response::builder().status(status).body(Full::new(Bytes::from(known.unwrap_or(empty))));
                async move { Ok::<_, Infallible>(answer.unwrap()) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_webhooks_are_believed_and_each_mutation_is_refused() {
    let desk = TestTenant::at("2026-03-04T09:00:00Z").await;
    for (source, header, files) in [
        ("quickbooks", "intuit-signature", &["webhook-cloudevents", "webhook-legacy"][..]),
        ("xero", "x-xero-signature", &["webhook-intent-to-receive", "webhook-contact-update", "webhook-creditnote-create"]),
    ] {
        let secret = App::of(source).webhook_secret;
        for file in files {
            let body = fixture(&format!("{source}/{file}.json"));
            let signature = STANDARD.encode(hmac(secret.as_bytes(), &[&body]));
            let delivery = |body: Vec<u8>, signature: &str| {
                let mut headers = HeaderMap::new();
                headers.insert(header, signature.parse().unwrap());
                Delivery { headers, body: body.into() }
            };
            let good = desk.deliver(source, &delivery(body.clone(), &signature)).await.is(200);
            assert_eq!(good.text, "", "{source} {file}");
            for at in 0..body.len() {
                let mut changed = body.clone();
                changed[at] ^= 1;
                let refused = desk.deliver(source, &delivery(changed, &signature)).await.is(401);
                assert_eq!(refused.text, "", "{source} {file} with byte {at} changed");
            }
            for at in 0..signature.len() - 1 {
                let mut changed = signature.clone().into_bytes();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                desk.deliver(source, &delivery(body.clone(), &changed)).await.is(401);
            }
        }
    }
    // Companies that nobody connected are the operator's to see; what is none of our business is nobody's.
    let worklist = desk.operator("GET", "/v1/apps/tasks", &Value::Null).await.is(200).body;
    let mut titles: Vec<(&str, &str)> = Vec::new();
    for task in worklist["tasks"].as_array().unwrap() {
        let (title, detail) = (task["title"].as_str().unwrap(), task["detail"].as_str().unwrap());
        let company = COMPANIES.iter().find(|company| detail.contains(*company)).copied();
        titles.push((title, company.unwrap_or_else(|| panic!("{task}"))));
    }
    titles.sort_unstable();
    let of = |source: &str| match source {
        "quickbooks" => "An unknown company of quickbooks",
        _ => "An unknown company of xero",
    };
    // An account, and a credit that the company has with its supplier, are none of it.
    let [_accounts, legacy, contacts, _credits] = COMPANIES;
    assert_eq!(titles, [(of("quickbooks"), legacy), (of("xero"), contacts)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_answers_of_xero_become_what_is_owed() {
    let base = replay(BTreeMap::from([
        ("Organisation", fixture("xero/organisation.json")),
        ("Contacts", fixture("xero/contacts-list.json")),
        ("Contacts/8138a266-fb42-49b2-a104-014b7045753d", fixture("xero/contact.json")),
        ("Invoices", fixture("xero/invoices-list.json")),
        ("Invoices/a03ffcd2-5d91-4c7e-b483-318584e9e439", fixture("xero/invoice.json")),
        ("Invoices/7ef31b20-de17-4312-8382-412f869b1510/OnlineInvoice", fixture("xero/online-invoice.json")),
        ("CreditNotes", fixture("xero/creditnotes-list.json")),
        ("Payments", fixture("xero/payments-list.json")),
    ]))
    .await;
    let desk = TestTenant::at("2026-03-04T09:00:00Z").await;
    let connection = json!({
        "realm": ORGANISATION, "base_url": base,
        "tokens": {"access_token": "a", "refresh_token": "r", "expires_at": "2099-01-01T00:00:00Z"},
    });
    desk.admin("PUT", "/v1/connections/xero", &connection).await.is(200);
    desk.advance("PT5M").await;
    let health = desk.health("xero").await;
    assert_eq!(health["status"], "good", "{health}");
    assert_eq!(health["company"], "Dev Evangelist - Sid Test 3 (NZ-2016-02)");

    // Of three invoices one is void, one is paid, one is open.
    assert_eq!(desk.open_here("xero", "a3675fc4-f8dd-4f03-ba5b-f1870566bcd7").await, [("INV-0003".to_owned(), 11_500)]);
    // Another has only credit.
    assert_eq!(desk.open_here("xero", "430fa14a-f945-44d3-9f97-5df5e28441b8").await, []);
    let path = "/v1/customers/xero/430fa14a-f945-44d3-9f97-5df5e28441b8?last=1";
    desk.admin("GET", path, &Value::Null).await.is(200);
    let path = "/v1/customers/xero/5cc8cf28-567e-4d43-b287-687cfcaec47c?last=1";
    let contact = desk.admin("GET", path, &Value::Null).await.is(200).body;
    let recorded: Value = serde_json::from_slice(&fixture("xero/contacts-list.json")).unwrap();
    assert_eq!(contact["customer"]["name"], recorded["Contacts"][0]["Name"]);
}
