//! The invoices, and one of them.

use domain::{InvoiceId, MessageId};

use crate::browser::Console;

fn invoice(tenant: &str, customer: &str, number: &str) -> InvoiceId {
    InvoiceId::derive(&[tenant, "canonical", customer, number])
}

#[tokio::test]
async fn an_invoice_says_what_is_owed_and_why_nothing_comes() {
    let console = Console::new().await;
    let customer = console.world.customer("acme", "C-1", |_| {}).await;
    let viewer = console.as_role("viewer").await;
    let id = invoice("acme", "C-1", "1001");
    let page = console.get(&viewer, &format!("/console/invoices/{id}")).await.is(200);
    let page = page.says("Invoice 1001").says("€1,250.00").says("4 February 2026").says("Beispiel GmbH");
    page.says(&format!("/console/customers/{customer}")).says("By what is known now.").hides("/keep");
    // Nothing is known of days before the customer was, and nothing is guessed.
    let then = console.get(&viewer, &format!("/console/invoices/{id}?on=2025-12-01")).await.is(200);
    then.says("What was known then is not known").says("value=\"2025-12-01\"").says(">Now</a>");
    let ahead = console.get(&viewer, &format!("/console/invoices/{id}?at=2026-03-01T09:00:00Z")).await.is(200);
    ahead.says("Looked at from a moment to come");
    console.get(&viewer, &format!("/console/invoices/{id}?on=Tuesday")).await.is(422).says("a day is written such as");
    console.get(&viewer, &format!("/console/invoices/{id}?at=now")).await.is(422).says("it is an instant");
}

#[tokio::test]
async fn the_list_is_filtered_and_says_what_is_wrong_with_a_filter() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let viewer = console.as_role("viewer").await;
    console.get(&viewer, "/console/invoices").await.is(200).says("There are no open invoices.");
    console.get(&viewer, "/console/invoices?status=paid&bucket=1-30").await.is(200).says("No invoice is found here.");
    console.get(&viewer, "/console/invoices?q=nothing").await.is(200).says("No invoice is found here.");
    console.get(&viewer, "/console/invoices?status=lost").await.is(422).says("it is one of");
    console.get(&viewer, "/console/invoices?bucket=old").await.is(422);
    console.get(&viewer, "/console/invoices?due_from=2026-03-01&due_until=2026-02-01").await.is(422).says("no day lies between");
}

#[tokio::test]
async fn what_is_another_tenants_is_not_there() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    console.world.customer("other", "C-9", |customer| customer.name = "Secret Ltd".to_owned()).await;
    let manager = console.as_role("manager").await;
    let foreign = invoice("other", "C-9", "1001");
    console.get(&manager, &format!("/console/invoices/{foreign}")).await.is(404).hides("Secret Ltd");
    let message = MessageId::derive(&["none"]);
    console.get(&manager, &format!("/console/messages/{message}")).await.is(404);
    console.get(&manager, &format!("/console/messages/{message}/document")).await.is(404);
    console.post(&manager, &format!("/console/messages/{message}/undo"), &[]).await.is(404);
    console.post(&manager, "/console/agreements/none/cancel", &[]).await.is(404);
}
