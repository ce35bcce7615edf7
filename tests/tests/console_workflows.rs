//! A workflow through the forms of the console: changed, simulated, published to some and rolled back; and a tenant that goes live by the checklist.
//! Each takes some five seconds in a debug build.

use std::cell::Cell;

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{Reply, TENANT, TestTenant},
};

use crate::console::Browser;

/// Somebody who is signed in and posts forms.
struct Desk<'a> {
    browser: Browser<'a>,
    token: String,
    forms: Cell<u32>,
}

impl<'a> Desk<'a> {
    async fn of(tenant: &'a TestTenant, role: &str) -> Self {
        let browser = Browser::of(tenant);
        let person = [("tenant", TENANT), ("role", role), ("sub", "robin"), ("name", "Robin Birch")];
        browser.sign_in("/console/workflows", &person).await;
        let token = browser.form_token().await;
        Self { browser, token, forms: Cell::new(0) }
    }

    async fn page(&self, address: &str) -> String {
        self.browser.get(address).await.is(200).text
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.forms.set(self.forms.get() + 1);
        let once = format!("console-workflows-{}", self.forms.get());
        let all = [&[("form_token", self.token.as_str()), ("once", once.as_str())][..], fields].concat();
        self.browser.post(path, &all).await
    }

    /// The revision that the forms of a page are of.
    async fn rev(&self, address: &str) -> String {
        let page = self.page(address).await;
        let rest = page.split_once("name=\"revision\" value=\"").expect("a page with a form").1;
        rest.split('"').next().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_changed_simulated_published_to_some_and_rolled_back_by_forms() {
    let tenant = TestTenant::with("2026-02-04T20:00:00Z", json!({"country": "GB", "time_zone": "Europe/London"}), None).await;
    tenant.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-20")).await;
    let known = tenant.admin("GET", "/v1/workflows/standard", &Value::Null).await.is(200).body;
    let gone = known["steps"][0]["id"].as_str().unwrap().to_owned();
    let desk = Desk::of(&tenant, "manager").await;
    let draft = "/console/workflows/standard/draft";

    let begun = desk.form("/console/workflows/begin", &[("id", "standard"), ("from", "current")]).await.is(303);
    assert_eq!(begun.location.as_deref(), Some(draft));
    let rev = desk.rev(draft).await;
    desk.form(&format!("{draft}/steps"), &[("revision", &rev), ("do", "delete"), ("step", "0")]).await.is(303);

    let played = desk.form("/console/workflows/standard/simulate", &[("days", "60"), ("paying", "nobody")]).await.is(303);
    let played = played.location.unwrap();
    tenant.advance("PT10S").await;
    let page = desk.page(&played).await;
    for said in
        ["What differs", "Messages by day", "By the version in force", "By the draft", "<svg", "Nobody pays.", "The numbers"]
    {
        assert!(page.contains(said), "no '{said}' in {page}");
    }
    assert_eq!(tenant.sent().len(), 0, "nothing was sent");

    let gone = format!("migration.{gone}");
    assert!(desk.page("/console/workflows/standard/publish").await.contains(&format!("name=\"{gone}\"")));
    let share = [("share", "10"), ("cases", "move"), (gone.as_str(), "")];
    desk.form("/console/workflows/standard/publish", &share).await.is(303);
    let page = desk.page("/console/workflows/standard").await;
    assert!(page.contains("version 2 for 10 of 100 cases; the others take version 1"), "{page}");

    desk.form("/console/workflows/standard/rollback", &[("to", "1")]).await.is(303);
    assert!(desk.page("/console/workflows/standard").await.contains("version 3 for all cases"));
    let now = tenant.admin("GET", "/v1/workflows/standard", &Value::Null).await.is(200).body;
    assert_eq!((&now["version"], &now["steps"]), (&json!(3), &known["steps"]));
    let audit = tenant.admin("GET", "/v1/audit?operation=roll_back_workflow", &Value::Null).await.is(200).body;
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_goes_live_by_the_checklist_and_not_past_it() {
    let settings = json!({"country": "GB", "time_zone": "Europe/London", "mode": "shadow"});
    let tenant = TestTenant::with("2026-02-04T20:00:00Z", settings, None).await;
    tenant.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-20")).await;
    let desk = Desk::of(&tenant, "admin").await;
    let page = "/console/go-live";
    let rev = desk.rev(page).await;
    let refused = desk.form(page, &[("revision", &rev), ("do", "live")]).await.is(422).text;
    assert!(refused.contains("the book was not looked through yet") && refused.contains("were not played yet"), "{refused}");
    desk.form("/console/go-live/jobs", &[("kind", "audit_book")]).await.is(303);
    desk.form("/console/go-live/jobs", &[("kind", "simulate"), ("days", "10")]).await.is(303);
    tenant.advance("PT10S").await;
    let ready = desk.page(page).await;
    assert!(ready.contains("Nothing is missing.") && ready.contains("Go live"), "{ready}");
    let rev = desk.rev(page).await;
    desk.form(page, &[("revision", &rev), ("do", "live")]).await.is(303);
    assert!(desk.page(page).await.contains("This tenant is <b>live</b>."));
    let now = tenant.admin("GET", "/v1/settings", &Value::Null).await.is(200).body;
    assert_eq!(now["settings"]["mode"], "live");
}
