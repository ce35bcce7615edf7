//! A call is taken at the console: what the customer owes and why, a promise and a note, and why the invoice was silent on a day that is past.

use serde_json::json;
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

use crate::console::{Browser, collector};

/// The parts of a page between quotes that begin so: the addresses that it leads to, and of its forms.
fn addresses(page: &str, beginning: &str) -> Vec<String> {
    let page = page.replace("&#x2f;", "/");
    page.split('"').filter(|part| part.starts_with(beginning)).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_taken() {
    let desk = TestTenant::with("2026-02-04T20:00:00Z", json!({"country": "GB", "time_zone": "Europe/London"}), None).await;
    let mut owes = customer("C-1");
    owes["name"] = json!("Zeta <b>& Co</b>");
    desk.put(&invoice(&owes, "F-1", 125_000, "2026-01-28")).await;
    desk.to("2026-02-12T11:30:00Z").await;
    let matter = desk.matter("C-1").await;
    let page = format!("/console/customers/{}", matter["customer"]["id"].as_str().unwrap());
    let browser = Browser::of(&desk);
    browser.sign_in(&page, &collector()).await;

    // Two looks answer what is owed and why no letter went: the customer, and the invoice.
    let shown = browser.get(&page).await.is(200).text;
    for text in ["Zeta &lt;b&gt;&amp; Co", "€1,250.00", "15 days past due", "What comes next, and why", "Timeline"] {
        assert!(shown.contains(text), "no '{text}' in {shown}");
    }
    let of_invoice = addresses(&shown, "/console/invoices/inv_").remove(0);
    let ladder = browser.get(&of_invoice).await.is(200).text;
    for text in ["class=\"rungs\"", "rung done", "sent by email", "next, at the earliest", "By what is known now."] {
        assert!(ladder.contains(text), "no '{text}' in {ladder}");
    }

    // Why it was silent last Tuesday, and on a day before anything was known.
    let tuesday = browser.get(&format!("{of_invoice}?on=2026-02-10")).await.is(200).text;
    assert!(tuesday.contains("10 February 2026") && !tuesday.contains("class=\"said-list unknown\""), "{tuesday}");
    let change = addresses(&tuesday, &format!("{of_invoice}?at=")).remove(0).replace("&amp;", "&");
    browser.get(change.split('#').next().unwrap()).await.is(200);
    let before = browser.get(&format!("{of_invoice}?on=2025-12-30")).await.is(200).text;
    assert!(before.contains("class=\"said-list unknown\"") && before.contains("Nothing is guessed"), "{before}");

    // What was sent is shown as it was, in a frame where nothing of it runs.
    let message = addresses(&shown, "/console/messages/msg_").remove(0);
    let mail = browser.get(&message).await.is(200).text;
    assert!(mail.contains("sandbox") && mail.contains("F-1"), "{mail}");
    let document = browser.get(&format!("{message}/document")).await.is(200).text;
    assert!(document.contains("F-1") && document.contains("preview.invalid"), "{document}");

    // The copy as PDF lies where a link leads.
    let copy = browser.get(&format!("{of_invoice}/copy")).await.is(303).location.unwrap();
    assert!(copy.contains("X-Amz-Signature="), "{copy}");

    // A promise and a note by the forms of the page.
    let form = browser.get(&format!("{page}?act=promise")).await.is(200).text;
    assert!(form.contains("value=\"1250.00\"") && form.contains("value=\"2026-02-19\""), "{form}");
    let token = browser.form_token().await;
    let promise = [("form_token", token.as_str()), ("once", "promise-1"), ("pays_on", "2026-02-19"), ("amount_minor", "1250.00")];
    let promise = [&promise[..], &[("currency", "EUR"), ("note", "Ms Weber called")]].concat();
    assert_eq!(browser.post(&format!("{page}/promises"), &promise).await.is(303).location.as_deref(), Some(page.as_str()));
    // A second press does nothing more.
    browser.post(&format!("{page}/promises"), &promise).await.is(303);
    let note = [("form_token", token.as_str()), ("once", "note-1"), ("text", "Call again in March")];
    browser.post(&format!("{page}/notes"), &note).await.is(303);
    let shown = browser.get(&page).await.is(200).text;
    assert_eq!(shown.matches("to pay by 19 February 2026").count(), 1, "{shown}");
    assert!(shown.contains("Call again in March") && shown.contains("Ms Weber called"), "{shown}");
    assert!(browser.get(&of_invoice).await.is(200).text.contains("kept back"));
    let matter = desk.matter("C-1").await;
    assert_eq!(matter["agreements"].as_array().unwrap().len(), 1, "{matter}");

    // It is among the invoices too, where the read model has listed it.
    let listed = browser.get("/console/invoices?bucket=1-30").await.is(200).text;
    assert!(listed.contains("F-1") && listed.contains("15 days late"), "{listed}");
}
