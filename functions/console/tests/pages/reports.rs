//! Reports: before anything was reckoned, with a customer's numbers, as files, and down to what a number is made of.

use domain::{CustomerId, TenantId};
use figures::{GroupBy, Groups};
use store::{ReportsPlace, Store};

use crate::browser::Console;

/// Reckons today's figures of one customer, as `report` does.
async fn reckon(console: &Console, customer: &CustomerId) {
    let (store, now) = (&console.world.store, console.world.now());
    let tenant = TenantId::parse("acme").unwrap();
    let settings = store.settings(&tenant).await.unwrap().unwrap().value;
    let today = "2026-02-10".parse().unwrap();
    assert!(store.set_figures(&tenant, customer, &settings, (today, None), now).await.unwrap());
    let kept = store.kept_figures(&tenant, customer).await.unwrap().unwrap();
    for by in [GroupBy::Tenant, GroupBy::Segment, GroupBy::Owner, GroupBy::LegalEntity] {
        let mut groups = Groups::none(by, today);
        groups.add(&kept.today);
        store.put_totals(&tenant, Store::figure_shard(customer), &groups, now).await.unwrap();
    }
    let place = ReportsPlace::first(today, "2026-01-01".parse().unwrap(), String::new(), now).closed(now);
    store.put_reports_place(&tenant, &place).await.unwrap();
}

#[tokio::test]
async fn before_anything_was_reckoned_each_page_says_so() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let viewer = console.as_role("viewer").await;
    console.get(&viewer, "/console/reports").await.is(200).says("Nothing was reckoned yet.").says("Days sales outstanding");
    console.get(&viewer, "/console/reports/aging").await.is(200).says("Nothing is known of that day.").hides("<svg");
    console.get(&viewer, "/console/reports/profit").await.is(404);
}

#[tokio::test]
async fn a_report_is_a_chart_a_table_and_files_and_each_number_leads_on() {
    let console = Console::new().await;
    let customer = console.world.customer("acme", "C-1", |customer| customer.name = "=Beispiel <b>GmbH".to_owned()).await;
    reckon(&console, &customer).await;
    console.world.follow(&domain::TenantId::parse("acme").unwrap()).await;
    let viewer = console.as_role("viewer").await;
    console.get(&viewer, "/console/reports").await.is(200).says("1,250.00").hides("Nothing was reckoned yet.");
    let page = console.get(&viewer, "/console/reports/aging?as_of=2026-02-10").await.is(200);
    let page = page.says("<svg ").says("1–30 days").says("1,250.00").says("99.00").hides("style=");
    assert!(page.html.contains("by=customer"), "{}", page.html);
    let of_customers = console.get(&viewer, "/console/reports/aging?as_of=2026-02-10&by=customer").await.is(200);
    let of_customers = of_customers.says("=Beispiel &lt;b&gt;GmbH").hides("<b>GmbH");
    assert!(of_customers.html.contains(&format!("reports&#x2f;entries&#x2f;{customer}")), "{}", of_customers.html);
    let behind = console.get(&viewer, &format!("/console/reports/entries/{customer}?to=2026-02-10")).await.is(200);
    behind.says("Invoice issued").says("1,250.00");
    let csv = console.get(&viewer, "/console/reports/aging/file?kind=csv&as_of=2026-02-10&by=customer").await.is(200);
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"aging-2026-02-10.csv\"");
    csv.says("'=Beispiel <b>GmbH").says(",125000,");
    let xlsx = console.get(&viewer, "/console/reports/aging/file?kind=xlsx&as_of=2026-02-10").await.is(200);
    assert!(xlsx.html.starts_with("UEsD"), "a zip begins so");
    assert_eq!(xlsx.headers["content-type"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
}

#[tokio::test]
async fn what_is_not_defined_says_why_and_what_does_not_read_is_named() {
    let console = Console::new().await;
    let customer = console.world.customer("acme", "C-1", |_| {}).await;
    reckon(&console, &customer).await;
    let viewer = console.as_role("viewer").await;
    let promises = console.get(&viewer, "/console/reports/promises").await.is(200);
    promises.says("not defined: no promise ended in the period");
    let early = console.get(&viewer, "/console/reports/collected?as_of=2026-02-10&from=2025-11-01").await.is(200);
    early.says("The period begins before the books are known");
    console.get(&viewer, "/console/reports/aging?as_of=yesterday").await.is(422).says("it is a day, such as 2026-02-28");
    console.get(&viewer, "/console/reports/ratings?by=legal_entity").await.is(422);
    console.get(&viewer, "/console/reports/aging/file?kind=pdf").await.is(422);
    console.get(&viewer, "/console/reports/entries/cus_none").await.is(404);
}

#[tokio::test]
async fn the_weekly_mail_is_looked_at_before_anybody_gets_it() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let viewer = console.as_role("viewer").await;
    let page = console.get(&viewer, "/console/reports/weekly?language=de").await.is(200);
    page.says("Nobody gets this.").says("Forderungen am Ende des").says("lang=\"de\"").hides("style=").hides("<img");
}
