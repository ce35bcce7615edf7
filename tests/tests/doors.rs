//! Who may not come in, and as whom nobody may write: attacks on what belongs to one tenant.

use doubles::{
    Double, QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use jiff::civil::date;
use local::tenants::TenantIn;
use serde_json::{Value, json};
use tests::{
    company::{clock, code_of},
    test_tenant::{Reply, TestTenant},
};

const REALM: &str = "9130347596842384";
const OTHER: &str = "1185883450";

/// The admin API as an admin of any tenant.
async fn as_admin(desk: &TestTenant, tenant: &str, method: &str, path: &str, body: &Value) -> Reply {
    let token = desk.stack.token(tenant, "admin").unwrap();
    let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    desk.call(method, path, &headers, &body).await
}

/// A second tenant beside the desk's own.
async fn tenant(desk: &TestTenant, name: &str, settings: Value) {
    let settings = settings.as_object().unwrap().clone();
    desk.stack.create_tenant(TenantIn { tenant: name.to_owned(), settings, ..TenantIn::default() }).await.unwrap();
}

/// A company at the vendor, whose owner agrees to whatever is asked.
async fn vendor(desk: &TestTenant) -> QuickBooks {
    let double = QuickBooks::start(clock(desk)).await.unwrap();
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    double.add_company(Company::new(OTHER, "Somebody Else"));
    let customer = double.add_customer(REALM, Customer::new("Harbour Bakery", "ap@harbourbakery.example"));
    double.add_invoice(REALM, Invoice::new(&customer, "362.07", date(2026, 2, 2), date(2026, 3, 4)));
    desk.set_app("quickbooks", &double).await;
    double.consent(&[REALM]);
    double
}

async fn desk() -> TestTenant {
    TestTenant::with("2026-03-04T15:00:00Z", json!({"country": "US", "time_zone": "America/New_York", "language": "en"}), None)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tenant_writes_as_another() {
    let desk = desk().await;
    tenant(&desk, "bank", json!({"name": "Bank", "sender": {"email": "billing@bank.example", "sms": "BANK"}})).await;
    tenant(&desk, "evil", json!({"name": "Evil", "reply_to": "evil@evil.example"})).await;
    for (settings, pointer) in [
        (json!({"name": "Bank", "sender": {"email": "Bank of Acme <billing@bank.example>", "sms": "evil"}}), "/sender/email"),
        (json!({"name": "Bank", "sender": {"email": "other@bank.example", "sms": "evil"}}), "/sender/email"),
        (json!({"name": "Bank", "sender": {"email": "Evil <evil@dunlin.example>", "sms": "Bank"}}), "/sender/sms"),
        (
            json!({"name": "Bank", "sender": {"email": "Evil <evil@dunlin.example>", "sms": "evil"}, "reply_to": "billing@bank.example"}),
            "/reply_to",
        ),
        (
            json!({"name": "Bank", "sender": {"email": "Evil <evil@dunlin.example>", "sms": "evil"}, "legal_entities": {"b": {"sender": {"email": "billing@bank.example"}}}}),
            "/legal_entities/b/sender/email",
        ),
        // Without a sender of its own its texts would leave by a number of the account, which may be another tenant's.
        (json!({"name": "Bank", "sender": {"email": "Evil <evil@dunlin.example>"}}), "/sender/sms"),
    ] {
        let refused = as_admin(&desk, "evil", "PUT", "/v1/settings", &settings).await.is(422);
        assert_eq!(refused.pointers(), [pointer], "{settings}");
    }
    let own = json!({"name": "Evil", "sender": {"email": "Evil <evil@dunlin.example>", "sms": "evil"}, "reply_to": "evil@evil.example"});
    as_admin(&desk, "evil", "PUT", "/v1/settings", &own).await.is(200);
    // The list is the operator's alone.
    let list = json!({"senders": {"email": ["bank.example"]}});
    as_admin(&desk, "evil", "PUT", "/v1/tenants/evil/senders", &list).await.is(403);
    let listed = as_admin(&desk, "evil", "GET", "/v1/senders", &Value::Null).await.is(200);
    assert!(!listed.text.contains("bank"), "{}", listed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_was_taken_off_the_list_sends_nothing_more() {
    let desk = desk().await;
    let buyer = json!({"external_id": "C-1", "source_version": 1, "name": "Birch", "country": "US",
        "contacts": [{"external_id": "p1", "name": "Robin", "roles": ["billing"], "email": "robin@birch.example"}]});
    let invoice = json!({"external_id": "I-1", "source_version": 1, "number": "1001", "currency": "USD", "total_minor": 125_000,
        "issued_on": "2026-01-20", "due_on": "2026-02-20", "status": "open", "paid_minor": 0, "credited_minor": 0});
    desk.operator("PUT", "/v1/tenants/acme/senders", &json!({"senders": {"email": ["elsewhere.example"]}})).await.is(200);
    desk.put(&json!({"type": "invoice.upserted", "customer": buyer, "invoice": invoice})).await;
    desk.to("2026-03-10T00:00:00Z").await;
    assert!(desk.sent().is_empty(), "{:?}", desk.sent());
    let tasks = desk.exceptions().await;
    assert!(tasks.iter().any(|task| task["title"] == "A sender is not the tenant's"), "{tasks:?}");
    // Listed again, what was kept back leaves.
    desk.operator("PUT", "/v1/tenants/acme/senders", &json!({"senders": {"email": ["dunlin.example"]}})).await.is(200);
    desk.to("2026-03-14T00:00:00Z").await;
    assert_eq!(desk.sent().len(), 1, "{:?}", desk.sent());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_agreed_to_is_not_connected() {
    let desk = desk().await;
    let double = vendor(&desk).await;
    tenant(&desk, "mallory", json!({"name": "Mallory Ltd"})).await;
    let begin = json!({"base_url": double.base_url()});
    let begun = as_admin(&desk, "mallory", "POST", "/v1/connections/quickbooks/authorize", &begin).await.is(200);
    // Another browser, without any token, opens the address and agrees.
    let page = desk.follow(begun.body["url"].as_str().unwrap()).await.is(200);
    assert!(page.text.contains("Mallory Ltd (tenant mallory)") && page.text.contains("Coastal Supplies"), "{}", page.text);
    desk.advance("PT10M").await;
    as_admin(&desk, "mallory", "GET", "/v1/connections/quickbooks", &Value::Null).await.is(404);
    let listed = as_admin(&desk, "mallory", "GET", "/v1/connections", &Value::Null).await.is(200);
    assert!(!listed.text.contains("\"quickbooks\""), "{}", listed.text);
    // Who began it does not know what the page showed to who agreed, and who knows it may not end it.
    let path = "/v1/connections/quickbooks/confirm";
    for code in ["", "AAAA-AAAA", "2222-2222"] {
        let guess = json!({"company": "Coastal Supplies", "code": code});
        let refused = as_admin(&desk, "mallory", "POST", path, &guess).await.is(400);
        assert_eq!(refused.pointers(), ["/code"], "{code}");
    }
    let known = json!({"company": "Coastal Supplies", "code": code_of(&page)});
    as_admin(&desk, "acme", "POST", path, &known).await.is(404);
    let wrong = json!({"company": "Somebody Else", "code": code_of(&page)});
    assert_eq!(as_admin(&desk, "mallory", "POST", path, &wrong).await.is(400).pointers(), ["/company"]);
    // The owner connects the company meanwhile; afterwards nobody takes it by a sign-in that waits.
    let own = desk.sign_in("quickbooks", begin).await.is(200);
    desk.confirm("quickbooks", &own, "Coastal Supplies").await.is(200);
    as_admin(&desk, "mallory", "POST", path, &known).await.is(409);
    // It waits for an hour.
    desk.advance("PT1H").await;
    as_admin(&desk, "mallory", "POST", path, &known).await.is(404);
    assert_eq!(desk.health("quickbooks").await["status"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_company_is_taken_that_the_vendor_did_not_confirm() {
    let desk = desk().await;
    let double = vendor(&desk).await;
    let begin = json!({"base_url": double.base_url()});
    // A code for one's own company, and another company in the address that the browser comes back to.
    double.consent(&[OTHER]);
    let begun = desk.admin("POST", "/v1/connections/quickbooks/authorize", &begin).await.is(200);
    let back = desk.call("GET", begun.body["url"].as_str().unwrap(), &[], b"").await.is(302).location.unwrap();
    let page = desk.call("GET", &back.replace(OTHER, REALM), &[], b"").await.is(400);
    assert!(page.text.contains("did not say that the sign-in opens company"), "{}", page.text);
    // Tokens that nobody gave.
    let tokens = json!({"access_token": "made", "refresh_token": "up", "expires_at": "2099-01-01T00:00:00Z"});
    let given = json!({"realm": REALM, "base_url": double.base_url(), "tokens": tokens});
    desk.admin("PUT", "/v1/connections/quickbooks", &given).await.is(409);
    let past = json!({"access_token": "made", "refresh_token": "up", "expires_at": "2020-01-01T00:00:00Z"});
    let given = json!({"realm": REALM, "base_url": double.base_url(), "tokens": past});
    desk.admin("PUT", "/v1/connections/quickbooks", &given).await.is(409);
    let path = format!("/v1/companies/quickbooks/{REALM}");
    desk.operator("GET", &path, &Value::Null).await.is(404);
    desk.admin("GET", "/v1/connections/quickbooks", &Value::Null).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_frees_a_company() {
    let desk = desk().await;
    let double = vendor(&desk).await;
    tenant(&desk, "owner", json!({"name": "Owner"})).await;
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT5M").await;
    let path = format!("/v1/companies/quickbooks/{REALM}");
    assert_eq!(desk.operator("GET", &path, &Value::Null).await.is(200).body["tenant"], "acme");
    desk.admin("DELETE", &path, &Value::Null).await.is(403);
    assert_eq!(desk.operator("DELETE", &path, &Value::Null).await.is(200).body["tenant"], "acme");
    desk.operator("DELETE", &path, &Value::Null).await.is(404);
    desk.admin("GET", "/v1/connections/quickbooks", &Value::Null).await.is(404);
    assert_eq!(desk.tasks("connection").await.len(), 1, "its people are told");
    desk.advance("PT1H").await;
    let begin = json!({"base_url": double.base_url()});
    let begun = as_admin(&desk, "owner", "POST", "/v1/connections/quickbooks/authorize", &begin).await.is(200);
    let page = desk.follow(begun.body["url"].as_str().unwrap()).await.is(200);
    let said = json!({"company": REALM, "code": code_of(&page)});
    as_admin(&desk, "owner", "POST", "/v1/connections/quickbooks/confirm", &said).await.is(200);
    assert_eq!(desk.operator("GET", &path, &Value::Null).await.is(200).body["tenant"], "owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_origin_drives_the_local_stack() {
    let desk = desk().await;
    let body = json!({"tenant": "acme", "role": "admin"}).to_string();
    let ask = async |name: &str, value: &str| {
        let headers = [(name.to_owned(), value.to_owned())];
        desk.call("POST", "/_local/token", &headers, body.as_bytes()).await.status
    };
    for (name, value, status) in [
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("host", "evil.example", 403),
        ("host", "localhost", 200),
        ("origin", "http://127.0.0.1:8787", 200),
        ("accept", "*/*", 200),
    ] {
        assert_eq!(ask(name, value).await, status, "{name}: {value}");
    }
    let strange = [("host".to_owned(), "evil.example".to_owned())];
    desk.call("GET", "/_local/outbox", &strange, b"").await.is(403);
}
