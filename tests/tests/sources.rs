//! What every source whose books are read back must do: connect, renew, wait, recover, lose nothing.

use std::{sync::Arc, time::Duration};

use connectors::by_source;
use doubles::{
    Delivery, Double, Fault, QuickBooks, Xero,
    quickbooks::{Company, Customer, Invoice},
    xero::Organisation,
};
use futures::future::join_all;
use jiff::{SignedDuration, civil::date};
use local::Mode;
use serde_json::{Value, json};
use tests::{company::clock, test_tenant::TestTenant};

const REALM: &str = "9130347596842384";
const OTHER: &str = "1185883450";
const ORGANISATION: &str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";

async fn company(now: &str) -> (TestTenant, QuickBooks) {
    let desk = TestTenant::with(now, json!({"country": "US", "time_zone": "America/New_York", "language": "en"}), None).await;
    let double = QuickBooks::start(clock(&desk)).await.unwrap();
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    double.add_company(Company::new(OTHER, "Somebody Else"));
    (desk, double)
}

fn owing(double: &QuickBooks, count: usize) -> Vec<(String, String)> {
    (0..count)
        .map(|at| {
            let customer = double.add_customer(REALM, Customer::new(&format!("Customer {at}"), &format!("c{at}@buyer.example")));
            let invoice = Invoice::new(&customer, "100.00", date(2026, 2, 2), date(2026, 3, 4));
            let invoice = double.add_invoice(REALM, invoice);
            (customer, invoice)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_connects_a_company_once() {
    let (desk, double) = company("2026-03-04T15:00:00Z").await;
    owing(&double, 2);
    let begin = json!({"base_url": double.base_url()});
    desk.set_app("quickbooks", &double).await;
    let url = |reply: tests::test_tenant::Reply| reply.is(200).body["url"].as_str().unwrap().to_owned();

    let declined = url(desk.admin("POST", "/v1/connections/quickbooks/authorize", &begin).await);
    let page = desk.follow(&declined).await;
    assert!(page.status == 400 && page.text.contains("access_denied"), "{}", page.text);

    double.consent(&[REALM]);
    let first = url(desk.admin("POST", "/v1/connections/quickbooks/authorize", &begin).await);
    let response = desk.call("GET", &first, &[], b"").await;
    let back = response.location.unwrap();
    let page = desk.call("GET", &back, &[], b"").await.is(200);
    for word in ["One step is left", "Acme (tenant acme)", "Coastal Supplies", REALM] {
        assert!(page.text.contains(word), "{word} in {}", page.text);
    }
    desk.call("GET", &back, &[], b"").await.is(400);
    desk.call("GET", &back.replace("state=", "state=x"), &[], b"").await.is(400);
    desk.confirm("quickbooks", &page, "coastal  supplies").await.is(200);
    desk.confirm("quickbooks", &page, "Coastal Supplies").await.is(404);
    desk.advance("PT5M").await;
    assert_eq!(desk.health("quickbooks").await["status"], "good");
    desk.equals("quickbooks", &double, REALM).await;
    assert_eq!(desk.admin("GET", "/v1/settings", &Value::Null).await.body["settings"]["freshness"]["quickbooks"], "PT180M");

    desk.set(json!({"country": "US", "time_zone": "America/New_York"})).await;
    let settings = desk.admin("GET", "/v1/settings", &Value::Null).await.is(200).body;
    assert_eq!(settings["settings"]["freshness"]["quickbooks"], "PT180M", "left out, the demand stays");

    double.consent(&[OTHER]);
    let other = url(desk.admin("POST", "/v1/connections/quickbooks/authorize", &begin).await);
    let page = desk.follow(&other).await;
    assert!(page.status == 400 && page.text.contains(REALM), "another company needs the first to be disconnected: {}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_are_as_frequent_as_the_demanded_freshness_takes() {
    let (desk, double) = company("2026-03-04T15:00:00Z").await;
    desk.connect("quickbooks", &double, REALM).await;
    for (demand, minutes) in [("PT180M", 30), ("PT12H", 120), ("PT20M", 5), ("P7D", 240)] {
        desk.set(json!({"country": "US", "time_zone": "America/New_York", "freshness": {"quickbooks": demand}})).await;
        // The change counts from the next poll on.
        desk.advance("PT4H1M").await;
        let health = desk.health("quickbooks").await;
        let at = |name: &str| health[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(at("poll_at").duration_since(at("good_at")).as_mins(), minutes, "{demand}: {health}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_consent_is_a_persons_to_renew() {
    let (desk, double) = company("2026-03-04T15:00:00Z").await;
    owing(&double, 1);
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT5M").await;
    double.revoke(REALM);
    desk.advance("PT31M").await;
    let tasks = desk.tasks("connection").await;
    let detail = tasks[0]["detail"].as_str().unwrap();
    assert_eq!((tasks.len(), desk.health("quickbooks").await["status"].as_str()), (1, Some("reconnect")));
    // Whoever may read the task cannot replace the tokens by it: it names the call, which is an admin's.
    assert!(detail.contains("POST /v1/connections/quickbooks/authorize") && !detail.contains("http"), "{detail}");
    double.consent(&[REALM]);
    let page = desk.sign_in("quickbooks", json!({})).await.is(200);
    assert!(page.text.contains("Connected"), "{}", page.text);
    desk.advance("PT5M").await;
    assert_eq!(desk.health("quickbooks").await["status"], "good");
    let audit = desk.admin("GET", "/v1/audit?object=quickbooks", &Value::Null).await.is(200).body;
    let said =
        |entry: &Value| format!("{} {}", entry["operation"].as_str().unwrap(), entry["what"]["came"].as_str().unwrap_or("-"));
    let said: std::collections::BTreeSet<String> = audit["data"].as_array().unwrap().iter().map(said).collect();
    for expected in ["authorize_connection -", "end_sign_in connected_again"] {
        assert!(said.contains(expected), "{expected}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_refresh_once() {
    let (desk, double) = company("2026-03-04T15:00:00Z").await;
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT5M").await;
    desk.fault("sync", Mode::Skip, 100_000);
    desk.advance("PT2H").await;
    let before = double.refreshes();
    let path = "/v1/connections/quickbooks/test";
    let replies = join_all((0..200).map(|_| desk.admin("POST", path, &Value::Null))).await;
    for reply in replies {
        assert_eq!(reply.is(200).body["ok"], true);
    }
    assert_eq!(double.refreshes() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_bad_answer_is_outlived() {
    let (desk, double) = company("2026-03-04T15:00:00Z").await;
    let owed = owing(&double, 12);
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT5M").await;
    double.notifications();
    let status = |status, retry_after_s| Fault::Status { status, retry_after_s };
    let faults = [
        status(401, None),
        status(403, None),
        status(404, None),
        status(429, None),
        status(429, Some(120)),
        status(500, None),
        Fault::Html,
        Fault::Truncated,
        Fault::Redirect("https://elsewhere.example/".to_owned()),
        Fault::Huge,
        Fault::WrongContentType,
        Fault::DropConnection,
    ];
    for (fault, (_, invoice)) in faults.into_iter().zip(&owed) {
        // A lost answer to a refresh ends a consent at this vendor; that is another test.
        double.fail_next_at("/v3/", 3, fault.clone());
        double.pay(REALM, invoice, "40.00", date(2026, 3, 4));
        desk.deliver_all("quickbooks", &double).await;
        desk.advance("PT10S").await;
        double.clear_faults();
        desk.advance("PT7H").await;
        desk.equals("quickbooks", &double, REALM).await;
        assert_eq!(desk.health("quickbooks").await["status"], "good", "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_many_companies_are_told_apart() {
    let (desk, double) = company("2026-03-04T15:00:00Z").await;
    let owed = owing(&double, 1);
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT5M").await;
    double.notifications();
    double.pay(REALM, &owed[0].1, "40.00", date(2026, 3, 4));
    let stranger = double.add_customer(OTHER, Customer::new("Stranger", "x@stranger.example"));
    double.add_invoice(OTHER, Invoice::new(&stranger, "5.00", date(2026, 2, 2), date(2026, 3, 4)));
    let happened = double.notifications();
    let mixed = double.delivery(&happened);
    for _ in 0..3 {
        desk.deliver("quickbooks", &mixed).await.is(200);
    }
    desk.deliver("quickbooks", &double.legacy_delivery(&happened)).await.is(200);
    desk.advance("PT10S").await;
    desk.equals("quickbooks", &double, REALM).await;
    let worklist = desk.operator("GET", "/v1/apps/tasks", &Value::Null).await.is(200).body;
    let about: Vec<&str> = worklist["tasks"].as_array().unwrap().iter().filter_map(|task| task["detail"].as_str()).collect();
    assert!(about.len() == 1 && about[0].contains(OTHER), "{about:?}");

    // A signed body of which half does not read: the good half is taken, the rest is seen.
    double.pay(REALM, &owed[0].1, "10.00", date(2026, 3, 4));
    let good = double.delivery(&double.notifications());
    let mut elements: Vec<Value> = serde_json::from_slice(&good.body).unwrap();
    elements.push(json!({"type": "qbo.invoice.updated.v1", "id": "e"}));
    elements.push(json!(17));
    desk.deliver("quickbooks", &signed(&double, json!(elements).to_string().as_bytes())).await.is(200);
    desk.advance("PT10S").await;
    desk.equals("quickbooks", &double, REALM).await;
    for rubbish in ["", "null", "{", "[1,2", "\"x\"", "{\"eventNotifications\": 3}"] {
        let reply = desk.deliver("quickbooks", &signed(&double, rubbish.as_bytes())).await.is(200);
        assert_eq!(reply.text, "");
    }
    let worklist = desk.operator("GET", "/v1/apps/tasks", &Value::Null).await.is(200).body;
    assert_eq!(worklist["tasks"].as_array().unwrap().len(), 8, "{worklist}");
    let first = worklist["tasks"][0]["id"].as_str().unwrap();
    desk.admin("POST", &format!("/v1/apps/tasks/{first}/done"), &Value::Null).await.is(403);
    desk.operator("POST", &format!("/v1/apps/tasks/{first}/done"), &Value::Null).await.is(200);
    desk.operator("POST", "/v1/apps/tasks/x/done", &Value::Null).await.is(404);
    let worklist = desk.operator("GET", "/v1/apps/tasks", &Value::Null).await.is(200).body;
    assert_eq!(worklist["tasks"].as_array().unwrap().len(), 7, "{worklist}");
    desk.operator("GET", "/v1/settings", &Value::Null).await.is(403);
    desk.admin("GET", "/v1/apps", &Value::Null).await.is(403);
}

/// A body signed with the app's secret.
fn signed(double: &QuickBooks, body: &[u8]) -> Delivery {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mac = tests::documents::hmac(double.app().webhook_secret.as_bytes(), &[body]);
    let mut delivery = double.delivery(&[]);
    delivery.headers.insert("intuit-signature", STANDARD.encode(mac).parse().unwrap());
    delivery.body = body.to_vec().into();
    delivery
}

#[tokio::test(flavor = "multi_thread")]
async fn published_vectors_pass_over_http() {
    let (desk, _) = company("2026-03-04T15:00:00Z").await;
    let text = include_str!("../../shared/connectors/fixtures/vectors/signatures.json");
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut covered = 0;
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap_or_default().to_owned();
        let source = text("system");
        if !["quickbooks", "xero"].contains(&source.as_str()) {
            continue;
        }
        assert!(by_source(&source).is_some());
        let app = json!({"client_id": "a", "client_secret": "b", "webhook_secret": text("secret")});
        desk.operator("PUT", &format!("/v1/apps/{source}"), &app).await.is(200);
        let (path, headers, body) = (format!("/webhooks/app/{source}"), [(text("header"), text("expected"))], text("body"));
        let reply = desk.call("POST", &path, &headers, body.as_bytes()).await.is(200);
        assert_eq!(reply.text, "");
        for at in 0..body.len() {
            let mut changed = body.clone().into_bytes();
            changed[at] ^= 1;
            desk.call("POST", &path, &headers, &changed).await.is(401);
        }
        for at in 0..headers[0].1.len() {
            let mut changed = headers[0].1.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = [(headers[0].0.clone(), String::from_utf8(changed).unwrap())];
            desk.call("POST", &path, &changed, body.as_bytes()).await.is(401);
        }
        covered += 1;
    }
    assert_eq!(covered, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_do_not_shorten_a_wait() {
    let (desk, double) = company("2026-03-04T15:00:00Z").await;
    let owed = owing(&double, 3);
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT5M").await;
    double.notifications();
    double.fail_next_at("/v3/", 1, Fault::Status { status: 429, retry_after_s: Some(600) });
    let mut calls = Vec::new();
    for (_, invoice) in &owed {
        double.pay(REALM, invoice, "40.00", date(2026, 3, 4));
        desk.deliver_all("quickbooks", &double).await;
        desk.advance("PT2M").await;
        calls.push(double.calls().values().sum::<u64>());
    }
    assert!(calls.windows(2).all(|pair| pair[0] == pair[1]), "the vendor is left alone: {calls:?}");
    desk.advance("PT5M").await;
    desk.equals("quickbooks", &double, REALM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_clock_may_be_wrong_by_minutes() {
    for off in [SignedDuration::from_mins(12), SignedDuration::from_mins(-12)] {
        let (desk, _) = company("2026-03-04T15:00:00Z").await;
        let ours = clock(&desk);
        let double = QuickBooks::start(Arc::new(move || ours() + off)).await.unwrap();
        double.add_company(Company::new(REALM, "Coastal Supplies"));
        let owed = owing(&double, 40);
        desk.connect("quickbooks", &double, REALM).await;
        desk.advance("PT5M").await;
        // Every webhook is lost. Each minute something else changes, whichever comes before or after a poll.
        for (_, invoice) in &owed {
            double.pay(REALM, invoice, "10.00", date(2026, 3, 4));
            desk.advance("PT1M").await;
        }
        double.notifications();
        desk.advance("PT31M").await;
        desk.equals("quickbooks", &double, REALM).await;
        assert_eq!(desk.health("quickbooks").await["status"], "good", "{off:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_does_not_answer_holds_no_other_up() {
    let (desk, slow) = company("2026-03-04T15:00:00Z").await;
    owing(&slow, 1);
    let quick = Xero::start(clock(&desk)).await.unwrap();
    quick.add_organisation(Organisation::new(ORGANISATION, "Inland Supplies"));
    // Due before the other.
    desk.connect("quickbooks", &slow, REALM).await;
    desk.connect("xero", &quick, ORGANISATION).await;
    // Longer than a vendor is waited for.
    slow.fail_next_at("/v3/", u32::MAX, Fault::Slow(Duration::from_secs(21)));
    desk.advance("PT1M").await;
    let status = async |source| desk.health(source).await["status"].as_str().unwrap().to_owned();
    assert_eq!(status("xero").await, "good");
    assert_ne!(status("quickbooks").await, "good", "nothing was read of it");
    slow.clear_faults();
    desk.advance("PT10M").await;
    desk.equals("quickbooks", &slow, REALM).await;
}
