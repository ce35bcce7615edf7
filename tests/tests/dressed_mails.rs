//! Mails as their readers see them: whose they are, who signs them, and what they carry.

use local::{Mode, Sent};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

/// A picture of one pixel.
const LOGO: &str =
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// One reminder, whose mails carry this.
fn plan(attach: Value) -> Value {
    json!({"id": "plan", "name": "Plan", "scope": "customer", "steps": [
        {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"},
         "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"], "attach": attach}}},
        {"id": "person", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}},
    ]})
}

async fn owing(settings: Value, attach: Value, invoices: usize) -> TestTenant {
    let desk = TestTenant::with("2026-02-04T08:00:00Z", settings, Some(vec![plan(attach)])).await;
    for at in 1..=invoices {
        desk.put(&invoice(&customer("C-1"), &format!("F-{at}"), 125_000, "2026-02-04")).await;
    }
    desk
}

/// The one mail that left by the evening of the day after.
async fn mail(desk: &TestTenant) -> Sent {
    desk.end_of("2026-02-05").await;
    let mut sent = desk.sent();
    assert_eq!(sent.len(), 1, "{:?}", desk.log());
    sent.remove(0)
}

fn names(mail: &Sent) -> Vec<&str> {
    mail.attachments.iter().filter_map(|file| file["name"].as_str()).collect()
}

fn from(mail: &Sent) -> &str {
    mail.raw["FromEmailAddress"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customers_owner_signs_under_the_tenants_look() {
    let settings = json!({
        "brand": {"colour": "#0b5d4a", "logo": LOGO, "particulars": "Acme GmbH\nHauptstr. 1, 10115 Berlin"},
        "signing": {"sender_name": "owner", "signature": "Ihre Buchhaltung"},
    });
    let desk = owing(settings, json!([]), 1).await;
    desk.admin("POST", "/v1/members", &json!({"sub": "robin", "role": "collector", "name": "Robin Blau"})).await.is(200);
    let signature = json!({"signature": "Robin Blau\nForderungen\n+49 30 1234"});
    let member = desk.admin("PATCH", "/v1/members/robin", &signature).await.is(200).body;
    assert_eq!(member["signature"], signature["signature"], "{member}");
    let id = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    desk.admin("PUT", &format!("/v1/owners/{id}"), &json!({"owner": "robin"})).await.is(200);

    let mail = mail(&desk).await;
    assert!(from(&mail).starts_with("\"Robin Blau, Acme\" <"), "{}", from(&mail));
    let (text, html) = (mail.text.as_deref().unwrap(), mail.html.as_deref().unwrap());
    assert!(text.contains("Freundliche Grüße\nRobin Blau\nForderungen\n+49 30 1234"), "{text}");
    assert!(
        text.contains("Acme GmbH\nHauptstr. 1, 10115 Berlin") && html.contains("Acme GmbH<br>Hauptstr. 1, 10115 Berlin"),
        "{text}"
    );
    assert!(!text.contains("Ihre Buchhaltung"), "nobody else signs: {text}");
    // The mark goes along, so that no reader's program loads it from elsewhere; the button has the tenant's colour.
    assert!(html.contains("src=\"cid:logo\"") && html.contains("alt=\"Acme\"") && html.contains("bgcolor=\"#0b5d4a\""), "{html}");
    assert_eq!(names(&mail), ["logo.png"]);
    let along = &mail.raw["Content"]["Simple"]["Attachments"][0];
    assert_eq!((&along["ContentId"], &along["ContentDisposition"]), (&json!("logo"), &json!("INLINE")));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_owns_a_customer_the_tenant_signs() {
    let signing = json!({"signing": {"sender_name": "owner", "signature": "Ihre Buchhaltung\n+49 30 99"}});
    let desk = owing(signing, json!([]), 1).await;
    let mail = mail(&desk).await;
    assert!(from(&mail).starts_with("\"Acme\" <"), "{}", from(&mail));
    let text = mail.text.as_deref().unwrap();
    assert!(text.contains("Freundliche Grüße\nIhre Buchhaltung\n+49 30 99"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_carries_what_its_step_asks_for_and_says_so() {
    let desk = owing(json!({}), json!(["statement", "invoices"]), 2).await;
    let mail = mail(&desk).await;
    let mut files = names(&mail);
    files.sort_unstable();
    assert_eq!(files, ["Kontouebersicht.pdf", "Rechnung-F-1-Kopie.pdf", "Rechnung-F-2-Kopie.pdf"]);
    assert_eq!(files.len(), mail.attachments.iter().filter(|file| file["content_type"] == "application/pdf").count());
    let text = mail.text.as_deref().unwrap();
    let line = text.lines().find(|line| line.starts_with("Im Anhang: ")).unwrap_or_else(|| panic!("{text}"));
    assert!(files.iter().all(|name| line.contains(name)), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_leaves_without_what_cannot_be_had_or_would_be_too_much() {
    // Whoever makes documents is away.
    let desk = owing(json!({}), json!(["statement"]), 1).await;
    desk.fault("lambda", Mode::Error, 1);
    let mail_of_one = mail(&desk).await;
    assert_eq!(names(&mail_of_one), Vec::<&str>::new());
    assert!(!mail_of_one.text.as_deref().unwrap().contains("Im Anhang"), "it says nothing of what it has not");
    // Ten invoices are more than a mail carries copies of.
    let desk = owing(json!({}), json!(["invoices", "statement"]), 10).await;
    let mail_of_ten = mail(&desk).await;
    assert_eq!(names(&mail_of_ten), ["Kontouebersicht.pdf"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_carries_its_document_unless_the_plan_says_otherwise() {
    for (attach, files) in [(None, vec!["Kontouebersicht.pdf"]), (Some(json!([])), vec![])] {
        let mut statement = json!({"every": "month", "on": 5});
        statement.as_object_mut().unwrap().extend(attach.map(|attach| ("attach".to_owned(), attach)));
        let mut plan = plan(json!([]));
        plan["statement"] = statement;
        let desk = TestTenant::with("2026-02-04T08:00:00Z", json!({}), Some(vec![plan])).await;
        // It is due long after the statement's day.
        desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-03-01")).await;
        assert_eq!(names(&mail(&desk).await), files);
    }
}
