//! The customer's pages on a whole stack: of a customer with more invoices than a page holds, and what a program is told there.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice, payment},
    test_tenant::{TestTenant, portal_path},
};

/// What a customer's own system may rely on.
const SCHEMA: &str = include_str!("../../docs/schemas/statement.schema.json");
/// Invoices of the customer: more than a page holds.
const INVOICES: usize = 60;

/// A customer with many invoices who was reminded, and the path of its page.
async fn reminded() -> (TestTenant, String) {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    for at in 0..INVOICES {
        desk.put(&invoice(&customer("C-1"), &format!("F-{at:02}"), 10_000, "2026-02-04")).await;
    }
    desk.to("2026-02-05T16:30:00Z").await;
    let path = portal_path(&desk.sent()[0]);
    (desk, path)
}

fn read_units(desk: &TestTenant) -> f64 {
    desk.stack.metrics().read_units.values().sum()
}

#[expect(clippy::float_arithmetic, reason = "units, not money")]
fn read_since(desk: &TestTenant, before: f64) -> f64 {
    read_units(desk) - before
}

/// The pages as a program reads them, one after the other, and how many there are.
async fn pages(desk: &TestTenant, path: &str) -> Vec<Value> {
    let validator = jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let accept = [("accept".to_owned(), "application/json".to_owned())];
    let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let before = read_units(desk);
        let page = desk.call("GET", &path, &accept, b"").await.is(200).body;
        let units = read_since(desk, before);
        assert!(units > 0.0 && units <= 12.0, "{units} read units for {path}");
        let wrong: Vec<String> = validator.iter_errors(&page).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}\n{page:#}");
        next = page["next"].as_str().map(str::to_owned);
        pages.push(page);
        assert!(pages.len() < 10, "{path} has no end");
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_costs_the_same_however_many_invoices_there_are() {
    let (desk, path) = reminded().await;
    let before = read_units(&desk);
    let page = desk.call("GET", &path, &[], b"").await.is(200);
    let units = read_since(&desk, before);
    assert!(units <= 12.0, "{units} read units for the first page");
    for text in ["<dt>Summe offen</dt><dd>6.000,00\u{a0}€</dd>", "Seite 1 von 2", "rel=\"next\"", "statement.csv"] {
        assert!(page.text.contains(text), "no '{text}' in {}", page.text);
    }
    assert_eq!(page.text.matches("role=\"rowheader\"").count(), 40);
    // A part payment that came by itself is in the sums and in the row, though the list of invoices does not know of it.
    desk.put(&payment("C-1", "P-1", 1, "received", "F-07", 2_500)).await;
    desk.advance("PT5M").await;
    let pages = pages(&desk, &path).await;
    assert_eq!(pages.len(), 2);
    assert!(pages[0]["next"].as_str().unwrap().contains("&after="), "a page of the list: {}", pages[0]["next"]);
    let items: Vec<&Value> = pages.iter().flat_map(|page| page["items"].as_array().unwrap()).collect();
    let numbers: BTreeSet<&str> = items.iter().map(|item| item["number"].as_str().unwrap()).collect();
    assert_eq!((items.len(), numbers.len()), (INVOICES, INVOICES), "each once");
    for item in items {
        let expected = if item["number"] == "F-07" { (2_500, 7_500) } else { (0, 10_000) };
        assert_eq!((&item["paid_minor"], &item["open_minor"]), (&json!(expected.0), &json!(expected.1)), "{item}");
    }
    for page in &pages {
        assert_eq!((&page["totals"][0]["open_minor"], &page["totals"][0]["overdue_minor"]), (&json!(597_500), &json!(597_500)));
        assert_eq!(page["received"][0]["amount_minor"], 2_500, "{page}");
    }
    let table = desk.call("GET", &format!("{path}/statement.csv"), &[], b"").await.is(200);
    assert_eq!(table.text.trim_end().split("\r\n").count(), INVOICES + 1);
    // What is no cursor of ours is the first page.
    let again = desk.call("GET", &format!("{path}?page=2&after=AAAA"), &[], b"").await.is(200);
    assert!(again.text.contains("Seite 1 von 2"), "{}", again.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_an_invoice_says_what_the_customer_may_know() {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-05T16:30:00Z").await;
    let path = portal_path(&desk.sent()[0]);
    let matter = desk.matter("C-1").await;
    let customer_id = matter["customer"]["id"].as_str().unwrap();
    let secret = json!({"customer": customer_id, "text": "a note of ours"});
    desk.admin("POST", "/v1/notes", &secret).await.is(200);
    desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 25_000)).await;
    desk.advance("PT5M").await;
    let page = desk.call("GET", &path, &[], b"").await.is(200).text;
    let invoice = page.split("&#x2f;invoices&#x2f;").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let before = read_units(&desk);
    let page = desk.call("GET", &format!("{path}/invoices/{invoice}"), &[], b"").await.is(200).text;
    let units = read_since(&desk, before);
    assert!(units <= 12.0, "{units} read units for an invoice");
    let mut at = 0;
    for text in [
        "<dt>Offen</dt><dd>1.000,00\u{a0}€</dd>",
        "<time datetime=\"2026-01-05\">5. Januar 2026</time> <span>Rechnung ausgestellt</span>",
        "<time datetime=\"2026-02-01\">1. Februar 2026</time> <span>Zahlung über 250,00\u{a0}€</span>",
        "<time datetime=\"2026-02-04\">4. Februar 2026</time> <span>Fälligkeitsdatum</span>",
        "<time datetime=\"2026-02-05\">5. Februar 2026</time> <span>E-Mail gesendet</span>",
    ] {
        let found = page[at..].find(text).unwrap_or_else(|| panic!("no '{text}' in its place in {page}"));
        at += found;
    }
    for hidden in ["a note of ours", "Anna Weber", "reminder"] {
        assert!(!page.contains(hidden), "'{hidden}' in {page}");
    }
}
