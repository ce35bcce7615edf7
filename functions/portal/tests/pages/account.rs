//! What a customer is shown of its account: pages of the statement, of an invoice, and the forms that are no pages.

use domain::{CustomerRef, Document, InvoiceStatus, SourceVersion};
use serde_json::{Value, json};
use store::Receipt;

use crate::visitor::{Portal, acme, with_something_paid};

#[tokio::test]
async fn a_page_costs_twelve_reads_at_most() {
    let portal = Portal::new().await;
    let first = portal.world.customer("acme", "C-1", |_| {}).await;
    let second = portal.world.customer("acme", "C-2", |_| {}).await;
    let codes = [portal.code(&acme(), &first).await, portal.code(&acme(), &second).await];
    // What only the first page of a tenant costs: its settings.
    portal.get(&format!("/p/{}", codes[0])).await.is(200);
    portal.world.read_units();
    let invoice = Portal::invoice("C-2", "1001");
    for address in [String::new(), format!("/invoices/{invoice}"), "?page=7".to_owned()] {
        portal.get(&format!("/p/{}{address}", codes[1])).await.is(200).says("1001");
        let units = portal.world.read_units();
        assert!(units > 4.0 && units <= 12.0, "{units} read units for {address}");
    }
}

#[tokio::test]
async fn a_tenant_shows_itself_on_its_pages() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let plain = portal.get(&format!("/p/{code}")).await.is(200).hides("<img").hides("<address");
    assert!(!plain.headers["content-security-policy"].as_str().unwrap().contains("img-src"));
    let logo = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==";
    portal
        .set(|settings| {
            settings.brand.colour = Some("#0b5d4a".to_owned());
            settings.brand.logo = Some(logo.to_owned());
            settings.brand.particulars = Some("Acme & Sons GmbH\r\n\nHauptstr. 1".to_owned());
        })
        .await;
    for address in [format!("/p/{code}"), format!("/p/{code}/invoices/{}", Portal::invoice("C-1", "1001"))] {
        let page = portal.get(&address).await.is(200);
        let shown = format!("<img src=\"{}\" alt=\"\"", logo.replace('/', "&#x2f;"));
        assert!(page.headers["content-security-policy"].as_str().unwrap().contains("; img-src data:;"));
        page.says(":root{--brand:#0b5d4a}").says(&shown).says("<bdi>Acme &amp; Sons GmbH</bdi><br><bdi>Hauptstr. 1</bdi>");
    }
    // What stands in the table by another way than the checked one does not become part of a style sheet.
    portal.set(|settings| settings.brand.colour = Some("red}body{display:none".to_owned())).await;
    portal.get(&format!("/p/{code}")).await.is(200).hides("red}body").hides(":root{--brand:red");
}

#[tokio::test]
async fn an_invoice_has_a_page_of_its_own_with_its_story() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    let (code, others) = (portal.code(&acme(), &id).await, portal.code(&acme(), &other).await);
    with_something_paid(&portal, &id).await;
    let own = Portal::invoice("C-1", "1001");
    let page = portal.get(&format!("/p/{code}")).await.is(200);
    page.says(&format!("href=\"&#x2f;p&#x2f;{code}&#x2f;invoices&#x2f;{own}\""));
    portal
        .get(&format!("/p/{code}/invoices/{own}"))
        .await
        .is(200)
        .says("<h1><bdi>Rechnung 1001</bdi></h1>")
        .says("Bestellnr. 45000-712")
        .says("<p class=\"label late\">seit 6 Tagen überfällig</p>")
        .says("<dt>Betrag</dt><dd>1.250,00\u{a0}€</dd>")
        .says("<dt>Bezahlt oder gutgeschrieben</dt><dd>250,00\u{a0}€</dd>")
        .says("<dt>Offen</dt><dd>1.000,00\u{a0}€</dd>")
        .says("So können Sie zahlen")
        .says("<time datetime=\"2026-02-04\">4. Februar 2026</time> <span>Fälligkeitsdatum</span>")
        .hides("1002");
    // Nobody sees another one's, and what no invoice has for an id is none.
    for address in [
        format!("/p/{others}/invoices/{own}"),
        format!("/p/{code}/invoices/{}", Portal::invoice("C-1", "1003")),
        format!("/p/{code}/invoices/"),
        format!("/p/{code}/invoices/{own}/more"),
        format!("/p/{code}/invoices/{id}"),
    ] {
        portal.get(&address).await.is(404).hides("1.250,00");
    }
    // A draft was never sent to the customer.
    let head = portal.world.store.head(&acme(), &id).await.unwrap().unwrap();
    let facts = portal.world.store.facts(&acme(), &head).await.unwrap();
    let mut draft = facts.invoices.iter().find(|fact| fact.invoice.id == own).unwrap().invoice.clone();
    for (version, status, expected) in [(3, InvoiceStatus::Void, 200), (4, InvoiceStatus::Draft, 404)] {
        draft.source_version = SourceVersion::Number(version);
        draft.status = status;
        let document =
            Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice: draft.clone() };
        let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("draft-{version}") };
        portal.world.store.apply(&acme(), &receipt, &[document], portal.world.now()).await.unwrap();
        let page = portal.get(&format!("/p/{code}/invoices/{own}")).await.is(expected);
        assert_eq!(page.html.contains("Storniert"), expected == 200, "{}", page.html);
        page.hides("So können Sie zahlen");
    }
}

#[tokio::test]
async fn a_program_gets_json_and_a_spreadsheet_a_table() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    with_something_paid(&portal, &id).await;
    let answer = portal.data(&format!("/p/{code}"), "application/json").await.is(200);
    assert_eq!(answer.headers["content-type"], "application/json");
    let statement: Value = serde_json::from_str(&answer.html).unwrap();
    let total = json!([{
        "currency": "EUR", "open_minor": 109_900, "overdue_minor": 100_000, "upcoming_minor": 9_900, "kept_minor": 0, "credit_minor": 0,
        "next_due_on": "2026-03-01",
    }]);
    assert_eq!((&statement["totals"], &statement["as_of"]), (&total, &json!("2026-02-10")));
    assert_eq!((&statement["customer"], &statement["next"]), (&json!("Beispiel GmbH"), &Value::Null));
    let first = &statement["items"][0];
    assert_eq!(
        (&first["number"], &first["open_minor"], &first["paid_minor"], &first["days_past_due"]),
        (&json!("1001"), &json!(100_000), &json!(25_000), &json!(6))
    );
    // The same address is a page for a browser.
    portal.get(&format!("/p/{code}")).await.is(200).says("<h1>");
    let none = portal.data("/p/0000000000000000000000", "application/json").await.is(404);
    assert_eq!(none.headers["content-type"], "application/problem+json");
    none.says("problems/not-found");
    let table = portal.data(&format!("/p/{code}/statement.csv"), "*/*").await.is(200);
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(table.headers["content-disposition"], "attachment; filename=\"statement-2026-02-10.csv\"");
    let rows: Vec<&str> = table.html.trim_end().split("\r\n").collect();
    assert!(rows[0].starts_with("\u{feff}Rechnung;Rate;Bestellnr.;Ausgestellt;Fällig;"), "{rows:?}");
    assert_eq!(
        rows[1].split(';').skip(3).collect::<Vec<_>>().join(";").split_once(';').unwrap().1,
        "2026-02-04;6;EUR;1250,00;250,00;1000,00;"
    );
    assert_eq!(rows.len(), 3, "{rows:?}");
}

#[tokio::test]
async fn who_owes_nothing_is_not_asked_to_promise() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let forms = ["promise", "paid-already"].map(|form| format!("href=\"&#x2f;p&#x2f;{code}&#x2f;{form}\""));
    let page = portal.get(&format!("/p/{code}")).await.is(200).says(&forms[0]).says(&forms[1]);
    page.says("for=plan");
    let head = portal.world.store.head(&acme(), &id).await.unwrap().unwrap();
    let facts = portal.world.store.facts(&acme(), &head).await.unwrap();
    for fact in &facts.invoices {
        let mut invoice = fact.invoice.clone();
        invoice.source_version = SourceVersion::Number(5);
        invoice.paid_minor = invoice.total_minor;
        let event_id = format!("paid-{}", invoice.number);
        let document = Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice };
        let receipt = Receipt { source: "canonical".to_owned(), event_id };
        portal.world.store.apply(&acme(), &receipt, &[document], portal.world.now()).await.unwrap();
    }
    let page = portal.get(&format!("/p/{code}")).await.is(200).says("Es ist nichts offen").says(&format!("{code}&#x2f;write\""));
    page.hides(&forms[0]).hides(&forms[1]).hides("for=plan");
}
