//! Setting up at the console on a whole stack: an admin invites somebody, changes settings, makes a key and connects a source that is used at once.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{Reply, TENANT, TestTenant},
};

use crate::console::Browser;

fn as_role(role: &'static str) -> [(&'static str, &'static str); 4] {
    [("tenant", TENANT), ("role", role), ("sub", if role == "admin" { "ada" } else { "vic" }), ("name", "Ada Vale")]
}

/// A value of a page's form, as a browser sends it.
fn value(html: &str, name: &str) -> String {
    let rest = html.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {html}")).1;
    let escaped = [("&#x2f;", "/"), ("&#x27;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    let text = rest.split('"').next().unwrap().to_owned();
    escaped.iter().fold(text, |text, (from, to)| text.replace(from, to))
}

/// Posts the form of a page with these fields, as whoever looks at the page does.
async fn send(browser: &Browser<'_>, page: &str, to: &str, typed: &[(&str, &str)]) -> Reply {
    let html = browser.get(page).await.is(200).text;
    let mut fields = vec![("form_token".to_owned(), value(&html, "form_token")), ("once".to_owned(), value(&html, "once"))];
    for name in ["revision", "seen"] {
        if html.contains(&format!("name=\"{name}\" value=\"")) {
            fields.push((name.to_owned(), value(&html, name)));
        }
    }
    fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(to, &fields).await
}

async fn desk() -> TestTenant {
    TestTenant::with("2026-02-04T09:00:00Z", json!({"country": "GB", "time_zone": "Europe/London"}), None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sets_a_tenant_up_and_a_viewer_is_told_who_may() {
    let desk = desk().await;
    let (admin, viewer) = (Browser::of(&desk), Browser::of(&desk));
    assert_eq!(admin.sign_in("/console/people", &as_role("admin")).await, "/console/people");
    // Somebody is invited, and is there in the API too.
    let invited = [("email", "kim@acme.example"), ("role", "collector")];
    send(&admin, "/console/people", "/console/people/invitations", &invited).await.is(303);
    let listed = desk.admin("GET", "/v1/invitations", &Value::Null).await.is(200).text;
    assert!(listed.contains("kim@acme.example"), "{listed}");
    // Two things are wrong at once, and each is said at its field.
    let page = "/console/settings/caps";
    let wrong = [("caps.per_person.count", "3"), ("caps.per_person.days", "61"), ("caps.per_day", "many")];
    let refused = send(&admin, page, page, &[&wrong[..], &[("breaker.factor", "3"), ("breaker.minimum", "50")]].concat())
        .await
        .is(422)
        .text;
    for text in ["id=\"flaw-caps.per_person.days\"", "id=\"flaw-caps.per_day\"", "value=\"many\""] {
        assert!(refused.contains(text), "no '{text}' in {refused}");
    }
    let good = [("caps.per_day", "50"), ("breaker.factor", "3"), ("breaker.minimum", "50"), ("act", "save")];
    send(&admin, page, page, &good).await.is(303);
    let stored: Value = serde_json::from_str(&desk.admin("GET", "/v1/settings", &Value::Null).await.is(200).text).unwrap();
    assert_eq!(stored["settings"]["caps"], json!({"per_day": 50}));
    // A key's secret is shown once, and opens what its scopes say.
    let asked = [("name", "ERP"), ("role", "viewer"), ("scopes", "read")];
    let made = send(&admin, "/console/keys", "/console/keys", &asked).await.is(200).text;
    let key = format!("dun_{}", made.split_once("dun_").expect("a key").1.split('"').next().unwrap());
    assert!(!admin.get("/console/keys").await.is(200).text.contains(&key), "it is shown once");
    let header = ("authorization".to_owned(), format!("Bearer {key}"));
    desk.call("GET", "/v1/settings", std::slice::from_ref(&header), b"").await.is(200);
    desk.call("POST", "/v1/pause", std::slice::from_ref(&header), b"").await.is(403);
    // Who did it is in the audit.
    let audit = admin.get("/console/audit?by=ada").await.is(200).text;
    assert!(audit.contains("caps.per_day") && audit.contains("<ins><bdi>50</bdi></ins>"), "{audit}");
    // A viewer reads, and is told which role it takes.
    viewer.sign_in("/console/settings", &as_role("viewer")).await;
    let form =
        [("form_token", viewer.form_token().await), ("once", "0123456789abcdef".to_owned()), ("caps.per_day", "5".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = viewer.post(page, &form).await.is(403).text;
    assert!(refused.contains("needs the role admin; you are viewer"), "{refused}");
    viewer.get("/console/keys").await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_by_a_connection_is_found_at_the_console() {
    let desk = desk().await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-01-05")).await;
    desk.advance("PT10M").await;
    let admin = Browser::of(&desk);
    admin.sign_in("/console/connections", &as_role("admin")).await;
    let page = admin.get("/console/connections/canonical").await.is(200).text;
    assert!(page.contains("Make a new secret") && page.contains(">applied<"), "{page}");
    let webhook = page
        .replace("&#x2f;", "/")
        .split_once("/console/webhooks/whk_")
        .expect("a webhook")
        .1
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let one = admin.get(&format!("/console/webhooks/whk_{webhook}")).await.is(200).text;
    assert!(one.contains("what it says was taken"), "{one}");
    // Another secret is shown once; the one before is still believed.
    let made = send(&admin, "/console/connections/canonical", "/console/connections/canonical", &[("overlap_hours", "24")])
        .await
        .is(200);
    assert!(made.text.contains("The secret before is accepted until"), "{}", made.text);
    desk.put(&invoice(&customer("C-2"), "F-2", 5_000, "2026-01-05")).await;
}
