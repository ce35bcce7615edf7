//! What long work costs: a simulation of 90 days, an import of a file.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use anyhow::{Context, ensure};
use domain::{
    CustomerId, InvoiceId, Next, SourceVersion, TenantId,
    simulate::{Assumed, Simulated, Simulation},
};
use jiff::{Span, ToSpan};
use local::Options;
use serde_json::{Value, json};
use store::{Read, Store};
use tests::test_tenant::TestTenant;

use crate::{
    book::{self, DUE, at},
    cpu,
    rig::{Probes, less},
    units::{head, line},
};

/// Open invoices of one customer.
const EACH: usize = 3;
const DAYS: i64 = 90;

/// Prints what a simulation of so many open invoices and an import of so many lines cost.
pub async fn run(invoices: usize, lines: usize) -> anyhow::Result<()> {
    println!("\n## Long work\n");
    simulate(invoices).await?;
    import(lines).await
}

async fn simulate(invoices: usize) -> anyhow::Result<()> {
    let rig = book::rig(2, 1).await?;
    let (env, clients) = rig.place("sweep")?;
    let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
    let (tenant, seed) = (TenantId::parse("bench")?, CustomerId::derive(&["bench", "canonical", "seedlater"]));
    let head = store.head(&tenant, &seed).await?.context("a head")?;
    let seed = store.facts(&tenant, &head).await?;
    let mut policy = store.policy(&tenant, &head.cases, Read::Fresh).await?;
    policy.settings.breaker.minimum = u32::MAX;
    let (from, own) = (at(DUE)?, cpu::own_thread()?);
    let first = seed.invoices.first().cloned().context("an invoice")?;
    let mut customers = Vec::new();
    for customer in 0..invoices.div_ceil(EACH) {
        let mut facts = seed.clone();
        let name = format!("copy{customer}");
        facts.customer.id = CustomerId::derive(&["bench", "canonical", &name]);
        for contact in &mut facts.customer.contacts {
            contact.email = Some(format!("ap@{name}.example"));
        }
        facts.contact_log.clear();
        facts.addresses.clear();
        facts.invoices = (0..EACH)
            .map(|number| -> anyhow::Result<domain::InvoiceFact> {
                let mut own = first.clone();
                let days = i64::try_from((customer * EACH + number) % 120)? - 60;
                own.invoice.number = format!("INV-{customer}-{number}");
                own.invoice.external_id = own.invoice.number.clone();
                own.invoice.id = InvoiceId::derive(&["bench", "copy", &own.invoice.number]);
                own.invoice.source_version = SourceVersion::Number(1);
                own.invoice.due_on = jiff::civil::date(2026, 2, 4).checked_add(days.days())?;
                own.invoice.issued_on = own.invoice.due_on.checked_sub(30.days())?;
                Ok(own)
            })
            .collect::<anyhow::Result<_>>()?;
        let shard = u8::try_from(customer % 4)?;
        customers.push(Simulated::new(facts, shard, Next::At(from)));
    }
    let (count, before) = (customers.len(), cpu::status_kib("VmRSS"));
    let began = cpu::of_thread(own);
    let until = from.checked_add(Span::new().hours(DAYS * 24))?;
    let mut simulation = Simulation::begin(customers, &policy, from, until, Assumed::default(), BTreeMap::new());
    ensure!(simulation.run(&policy, &mut || false), "it comes to its end");
    let spent = cpu::of_thread(own).saturating_sub(began);
    println!(
        "simulation of {DAYS} days: {} open invoices of {count} customers, {} lines: {:.1} s of CPU; resident {} MiB before, {} MiB at most",
        count * EACH,
        simulation.progress.lines.len(),
        spent.as_secs_f64(),
        before / 1024,
        cpu::status_kib("VmHWM") / 1024,
    );
    Ok(())
}

async fn import(lines: usize) -> anyhow::Result<()> {
    let probes = Arc::new(Probes::default());
    let now = Some("2026-03-02T15:00:30Z".parse()?);
    let options = Options { now, registry: probes.registry()?, seed: Some(1), ..Options::default() };
    let desk = TestTenant::start(options, json!({"mode": "off"}), None).await;
    let mut file = "Invoice,Customer ID,Customer name,Date,Due date,Amount,Currency\n".to_owned();
    for number in 0..lines {
        let customer = number / EACH;
        file.push_str(&format!("I-{number},C-{customer},Customer {customer},2026-02-01,2026-04-01,1250.00,EUR\n"));
    }
    let form = desk.admin("POST", "/v1/uploads", &json!({"content_type": "text/csv"})).await.is(201).body;
    let mut body = Vec::new();
    for (name, value) in form["fields"].as_object().context("fields")? {
        let value = value.as_str().unwrap_or_default();
        body.extend(format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(format!("--xx\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{file}\r\n--xx--\r\n").into_bytes());
    let kind = [("content-type".to_owned(), "multipart/form-data; boundary=xx".to_owned())];
    desk.call("POST", form["url"].as_str().context("a url")?, &kind, &body).await.is(204);
    let before = desk.stack.metrics();
    let spent_before = probes.costs().get("jobs").map(|cost| cost.cpu).unwrap_or_default();
    let began = Instant::now();
    let asked = json!({"kind": "import", "of": "invoices", "upload": form["upload"]});
    let job = desk.admin("POST", "/v1/jobs", &asked).await.is(202).body;
    desk.advance("PT10S").await;
    let path = format!("/v1/jobs/{}", job["id"].as_str().context("an id")?);
    let done = desk.admin("GET", &path, &Value::Null).await.is(200).body;
    ensure!(done["status"] == "done", "the import came to {done}");
    let took = began.elapsed();
    let costs = probes.costs();
    let cost = costs.get("jobs").context("the function ran")?;
    head();
    line("import of a line", &less(&desk.stack.metrics(), &before), lines as f64);
    println!(
        "  {lines} lines in {:.0} s, which the pace sets; {:.0} µs of CPU a line",
        took.as_secs_f64(),
        cost.cpu.saturating_sub(spent_before).as_secs_f64() * 1e6 / lines as f64
    );
    Ok(())
}
