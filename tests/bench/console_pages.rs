//! What a page of the console costs, in a small and in a large book: units and calls must be the same, and the processor time is bounded.

use std::time::Duration;

use anyhow::{Context, ensure};
use domain::{CustomerId, TenantId};
use serde_json::{Value, json};
use service::{
    entering::Person,
    sessions::{self, SessionId},
};
use store::{Line, List, Store};

use crate::{
    book::{BEGINS, at, invoice, post},
    lists::fill,
    rig::{Rig, less},
};

/// How often each page is asked for, after once to warm up.
const ROUNDS: u32 = 50;
/// How much dearer a page of the larger book may be.
const RATIO_MAX: f64 = 1.1;
/// The processor time that a page may take.
const CPU_MAX: Duration = Duration::from_millis(50);

/// What one page of one book costs.
#[derive(Clone, Copy, Debug)]
struct PageCost {
    read_units: f64,
    calls: f64,
    cpu: Duration,
    bytes: usize,
}

/// Prints each page in each book, smallest first.
pub async fn run(sizes: &[usize]) -> anyhow::Result<()> {
    println!("\n## Pages of the console\n\nRead units, calls of AWS and processor time of a page, as an admin sees it:\n");
    println!("| page | customers | read units | calls | processor | HTML |\n|---|---|---|---|---|---|");
    let mut first: Vec<(&str, PageCost)> = Vec::new();
    for size in sizes {
        let costs = of_book(*size).await?;
        for (name, cost) in &costs {
            println!(
                "| {name} | {size} | {:.1} | {:.1} | {} µs | {} KB |",
                cost.read_units,
                cost.calls,
                cost.cpu.as_micros(),
                cost.bytes / 1000
            );
            ensure!(cost.cpu <= CPU_MAX, "{name} takes {:?} of a processor", cost.cpu);
        }
        if first.is_empty() {
            first = costs;
            continue;
        }
        for ((name, small), (_, large)) in first.iter().zip(&costs) {
            for (what, small, large) in [("units", small.read_units, large.read_units), ("calls", small.calls, large.calls)] {
                ensure!(
                    large <= small * RATIO_MAX,
                    "{name} costs {large} {what} with {size} customers, and {small} in the smallest book"
                );
            }
        }
    }
    Ok(())
}

async fn of_book(customers: usize) -> anyhow::Result<Vec<(&'static str, PageCost)>> {
    let begins = at(BEGINS)?;
    let (rig, hook) = Rig::start(begins).await?;
    let status = post(&hook, "seed", begins, &invoice("seed", "INV-seed", 1, "2026-01-15")).await?;
    ensure!(status == 202, "the webhook answered {status}");
    let moved = rig.stack.advance("PT5M").await?;
    ensure!(moved.errors == 0, "a function failed");
    let (_, clients) = rig.place("admin")?;
    let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), rig.table_name());
    let tenant = TenantId::parse("bench")?;
    let seed = seed(&store, &tenant).await?;
    fill(&rig, customers)?;
    let person =
        Person { subject: "bench-1".into(), tenant: Some("bench".into()), role: Some("admin".into()), ..Person::default() };
    let session = sessions::begin(&store, &person, Some("bench"), rig.stack.now()).await;
    let session = session.map_err(|why| anyhow::anyhow!("nobody is signed in: {why:?}"))?;
    // Nothing else is under way while pages are measured.
    rig.stack.advance("PT0S").await?;
    let pages = [
        ("home", "/console".to_owned(), ""),
        ("customers", "/console/customers".to_owned(), ""),
        ("customers by next action", "/console/customers".to_owned(), "sort=next_action"),
        ("customer", format!("/console/customers/{}", seed.as_str()), ""),
    ];
    let mut costs = Vec::new();
    for (name, path, query) in pages {
        costs.push((name, of_page(&rig, &session, &path, query).await.with_context(|| format!("{name}, {path}"))?));
    }
    rig.stack.stop().await;
    Ok(costs)
}

/// The customer whose book is whole: the others are rows of lists.
async fn seed(store: &Store, tenant: &TenantId) -> anyhow::Result<CustomerId> {
    let page = store.list(tenant, &List::CustomersByName, 1, None).await?;
    let first =
        page.lines.first().and_then(|line| if let Line::Customer(line) = line { Some(line.customer.clone()) } else { None });
    first.context("the customer of the seed is not listed")
}

async fn of_page(rig: &Rig, session: &SessionId, path: &str, query: &str) -> anyhow::Result<PageCost> {
    let url = rig.stack.url().trim_start_matches("http://").to_owned();
    let event = json!({
        "version": "2.0", "routeKey": "ANY /console/{proxy+}", "rawPath": path, "rawQueryString": query,
        "headers": {"host": url, "user-agent": "bench"},
        "cookies": [format!("dunlin={}", session.secret()), format!("__Secure-dunlin={}", session.secret())],
        "requestContext": {"domainName": url, "http": {"method": "GET", "path": path}},
        "isBase64Encoded": false,
    });
    let bytes = shown(&rig.invoke("console", event.clone()).await?)?;
    let (before, busy) = (rig.stack.metrics(), cpu(rig));
    for _ in 0..ROUNDS {
        shown(&rig.invoke("console", event.clone()).await?)?;
    }
    let cost = less(&rig.stack.metrics(), &before);
    let per = f64::from(ROUNDS);
    Ok(PageCost {
        read_units: cost.read_units.values().sum::<f64>() / per,
        calls: f64::from(u32::try_from(cost.aws_calls.values().sum::<u64>())?) / per,
        cpu: cpu(rig).saturating_sub(busy) / ROUNDS,
        bytes,
    })
}

fn cpu(rig: &Rig) -> Duration {
    rig.costs().get("console").map(|cost| cost.cpu).unwrap_or_default()
}

/// How many bytes of HTML there are.
fn shown(answer: &Value) -> anyhow::Result<usize> {
    let (status, html) = (&answer["statusCode"], answer["body"].as_str().unwrap_or_default());
    ensure!(status == 200, "the page was answered {status}, {}: {html}", answer["headers"]["location"]);
    Ok(html.len())
}
