//! What a page of each list costs in read units, in a small and in a large book: it must be the same.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use domain::{CustomerId, InvoiceId, TenantId};
use dynoxide::types::Item;
use serde_json::{Value, json};
use store::{
    DayRange, InvoiceStanding, Line, List, Store,
    inspect::attributes::every::{PK, SK},
};

use crate::{
    book::{BEGINS, at, import, invoice, items, post},
    rig::{Rig, less},
};

/// Items that go into the table in one transaction.
const CHUNK: usize = 20_000;
/// Rows of a page.
const PAGE: u32 = 50;
/// Shards of a list that is tenant-wide.
const SHARDS: usize = 4;
/// How much dearer a page of the larger book may be.
const RATIO_MAX: f64 = 1.1;

/// Prints a page of each list in each book, smallest first.
pub async fn run(sizes: &[usize]) -> anyhow::Result<()> {
    println!("\n## Lists\n\nRead units of a page of {PAGE} rows, eventually consistent, and of the names on it:\n");
    println!("| list | {} |", sizes.iter().map(|size| format!("{size} customers")).collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(sizes.len()));
    let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for size in sizes {
        for (what, units) in of_book(*size).await? {
            all.entry(what).or_default().push(units);
        }
    }
    for (what, units) in &all {
        let said: Vec<String> = units.iter().map(|units| format!("{units:.1}")).collect();
        println!("| {what} | {} |", said.join(" | "));
    }
    for (what, units) in all {
        let (first, last) = (units.first().copied().unwrap_or_default(), units.last().copied().unwrap_or_default());
        ensure!(last <= first * RATIO_MAX, "a page of {what} costs {last} units in the largest book, {first} in the smallest");
    }
    Ok(())
}

async fn of_book(customers: usize) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let begins = at(BEGINS)?;
    let (rig, hook) = Rig::start(begins).await?;
    let status = post(&hook, "seed", begins, &invoice("seed", "INV-seed", 1, "2026-01-15")).await?;
    ensure!(status == 202, "the webhook answered {status}");
    let moved = rig.stack.advance("PT5M").await?;
    ensure!(moved.errors == 0, "a function failed");
    fill(&rig, customers)?;
    let (_, clients) = rig.place("admin")?;
    let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), rig.table_name());
    let tenant = TenantId::parse("bench")?;
    let open = |days| List::Invoices(None, InvoiceStanding::Open, days);
    let lists = [
        ("customers by name", List::CustomersByName),
        ("customers by next action", List::CustomersByNext),
        ("customers by overdue amount", List::CustomersByOverdue(None)),
        ("customers by money at stake", List::CustomersByStake(None)),
        ("customers by the oldest due", List::CustomersByOldest),
        ("cases", List::Cases("open".to_owned())),
        ("open invoices by due date", open(DayRange::default())),
        ("open invoices of some days", open(DayRange { from: "2026-01-01".parse().ok(), until: "2026-02-01".parse().ok() })),
    ];
    let mut units = Vec::new();
    for (what, list) in lists {
        let before = rig.stack.metrics();
        let page = store.list(&tenant, &list, PAGE, None).await?;
        ensure!(page.lines.len() == PAGE as usize, "{what}: {} rows of {customers} customers", page.lines.len());
        store.names(&tenant, &page.lines.iter().filter_map(whose).collect::<BTreeSet<_>>()).await?;
        // The second page is as dear as the first.
        let first = less(&rig.stack.metrics(), &before);
        store.list(&tenant, &list, PAGE, page.after.as_deref()).await?;
        units.push((what, first.read_units.get("table").copied().unwrap_or_default()));
    }
    rig.stack.stop().await;
    Ok(units)
}

fn whose(line: &Line) -> Option<CustomerId> {
    match line {
        Line::Customer(line) => Some(line.customer.clone()),
        Line::Next(line) => Some(line.customer.clone()),
        Line::Owed(line) => Some(line.customer.clone()),
        Line::Case(line) => Some(line.customer.clone()),
        Line::Invoice(line) => Some(line.customer.clone()),
        Line::Payment(line) => Some(line.customer.clone()),
        Line::Message(line) => Some(line.customer.clone()),
        Line::Place(line) => Some(line.customer.clone()),
        Line::Agreement(line) => Some(line.customer.clone()),
        Line::Task(line) => line.customer.clone(),
        Line::Word(line) => Some(line.customer.clone()),
        Line::Person(line) => Some(line.customer.clone()),
        Line::Stopped(_) => None,
    }
}

/// Copies the profile and rows of the one customer that there is under other ids, straight into the table.
fn fill(rig: &Rig, customers: usize) -> anyhow::Result<()> {
    let all = items(rig)?;
    let texts: Vec<String> = all.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    let profile = texts.iter().find(|text| text.contains("\"PROFILE\"") && text.contains("T#bench#C#")).context("a profile")?;
    let customer = profile.split("T#bench#C#").nth(1).and_then(|rest| rest.split('"').next()).context("a customer's key")?;
    let invoice = texts.iter().find_map(|text| text.split("\"INV#").nth(1)?.split('"').next()).context("an invoice's key")?;
    // Words and places are read by their own keys.
    let is_row = |text: &&String| {
        text.contains("T#bench#L#") && !text.contains("#L#words") && !text.contains("#L#places") && !text.contains("#of#")
    };
    let seeds: Vec<String> = texts.iter().filter(is_row).chain([profile]).cloned().collect();
    ensure!(seeds.len() >= 8, "the rows of the seed are not there yet: {}", seeds.len());
    let mut copies: Vec<Item> = Vec::new();
    for number in 1..customers {
        let name = number.to_string();
        let of = CustomerId::derive(&["bench", "copy", &name]);
        let bill = InvoiceId::derive(&["bench", "copy", &name]);
        for seed in &seeds {
            let text = seed.replace(customer, of.as_str()).replace(invoice, bill.as_str());
            let mut item: Value = serde_json::from_str(&text)?;
            let pk = item[PK]["S"].as_str().unwrap_or_default().to_owned();
            if let Some((list, shard)) = pk.rsplit_once('#').filter(|_| pk.contains("#L#")) {
                // `00`, or `EUR.00`.
                let before = shard.len().saturating_sub(2);
                item[PK] = json!({ "S": format!("{list}#{}{:02}", &shard[..before], number % SHARDS) });
                // A case has an id of its own.
                let sk = item[SK]["S"].as_str().unwrap_or_default().to_owned();
                if sk.contains("#case_") {
                    item[SK] = json!({ "S": format!("{sk}{name}") });
                }
            }
            copies.push(serde_json::from_value(item)?);
        }
        if copies.len() >= CHUNK {
            import(rig, std::mem::take(&mut copies))?;
        }
    }
    import(rig, copies)
}
