//! Capacity units, as the table's engine counts them: per ingested invoice, per idle sweep, and per step of messages that
//! spread over a day.

use std::collections::BTreeMap;

use anyhow::ensure;
use local::metrics::Metrics;
use serde_json::{Value, json};
use store::inspect::attributes::every::CHASE;

use crate::{
    book::{BEGINS, DUE, DUE_ON, LATER_ON, at, invoice, post},
    rig::{Rig, less},
};

/// Customers whose messages spread over a day's hours.
const SPREAD: u32 = 100;
/// The night before their day.
const EVE: &str = "2026-02-03T20:00:00Z";

/// The head of a table of [`line`]s.
pub fn head() {
    println!("| | W table | W `due` | W `chase` | R table | R `due` | R `chase` |");
    println!("|---|---|---|---|---|---|---|");
}

/// A line of the table: what, and its units.
pub fn line(what: &str, metrics: &Metrics, per: f64) {
    let of = |units: &BTreeMap<String, f64>| {
        ["table", "due", CHASE].map(|name| format!("{:.2}", units.get(name).copied().unwrap_or(0.0) / per)).join(" | ")
    };
    println!("| {what} | {} | {} |", of(&metrics.write_units), of(&metrics.read_units));
}

/// What keeping the rows of lists has cost so far.
fn of_lists(rig: &Rig) -> Metrics {
    rig.costs().remove("read-model").map(|cost| cost.metrics).unwrap_or_default()
}

/// Prints all of them.
pub async fn run() -> anyhow::Result<()> {
    println!("\n## Capacity units\n");
    head();
    ingest().await?;
    idle().await?;
    spread().await
}

async fn ingest() -> anyhow::Result<()> {
    let now = at(BEGINS)?;
    let (rig, hook) = Rig::start(now).await?;
    // The first event of an environment also reads the connection's secret; that is once a minute or less.
    post(&hook, "warm", now, &invoice("warm", "warm", 1, LATER_ON)).await?;
    let cases = [
        ("invoice, first of its customer", "e1", invoice("C-1", "INV-1", 1, LATER_ON), 202),
        ("invoice, first time, known customer", "e2", invoice("C-1", "INV-2", 1, LATER_ON), 202),
        ("invoice, newer version", "e3", invoice("C-1", "INV-1", 2, LATER_ON), 202),
        ("invoice, version already known, new event", "e4", invoice("C-1", "INV-1", 2, LATER_ON), 200),
        ("same event again", "e3", invoice("C-1", "INV-1", 2, LATER_ON), 200),
    ];
    for (what, event, document, wanted) in cases {
        let before = rig.stack.metrics();
        let status = post(&hook, event, now, &document).await?;
        ensure!(status == wanted, "{what}: the webhook answered {status}");
        line(what, &less(&rig.stack.metrics(), &before), 1.0);
        let before = of_lists(&rig);
        rig.stack.advance("PT0S").await?;
        line("… its rows of lists", &less(&of_lists(&rig), &before), 1.0);
    }
    rig.stack.stop().await;
    Ok(())
}

/// A tick that finds nothing due, for one tenant and for each further one.
async fn idle() -> anyhow::Result<()> {
    let (rig, _) = Rig::start(at(BEGINS)?).await?;
    rig.stack.advance("PT2M").await?;
    let mut sweeps: Vec<Metrics> = Vec::new();
    for more in ["second", "third"] {
        rig.invoke("sweep", Value::Null).await?;
        let before = rig.stack.metrics();
        rig.invoke("sweep", json!({})).await?;
        sweeps.push(less(&rig.stack.metrics(), &before));
        rig.tenant(more).await?;
        rig.stack.advance("PT2M").await?;
    }
    line("idle sweep, one tenant of four shards", &sweeps[0], 1.0);
    line("idle sweep, each further tenant", &less(&sweeps[1], &sweeps[0]), 1.0);
    rig.stack.stop().await;
    Ok(())
}

/// First decisions, then a day on which every customer's message has its own moment; the sweeps in between are in it.
async fn spread() -> anyhow::Result<()> {
    let now = at(BEGINS)?;
    let (rig, hook) = Rig::start(now).await?;
    // The first sweep of a tenant wakes everybody, which is once.
    rig.stack.advance("PT2M").await?;
    let now = rig.stack.now();
    for number in 0..SPREAD {
        let name = format!("c{number}");
        let status = post(&hook, &name, now, &invoice(&name, &format!("INV-{name}"), 1, DUE_ON)).await?;
        ensure!(status == 202, "the webhook answered {status}");
    }
    let per = f64::from(SPREAD);
    let (before, rows) = (rig.stack.metrics(), of_lists(&rig));
    rig.stack.advance("PT10M").await?;
    let rows = less(&of_lists(&rig), &rows);
    line("first decision, which opens the case", &less(&less(&rig.stack.metrics(), &before), &rows), per);
    line("… its rows of lists", &rows, per);
    rig.stack.to(at(EVE)?).await?;
    let (before, rows) = (rig.stack.metrics(), of_lists(&rig));
    rig.stack.to(at(DUE)?).await?;
    let sent = rig.stack.outbox(Some("bench")).len();
    ensure!(sent == SPREAD as usize, "{sent} of {SPREAD} were sent");
    let spent = less(&rig.stack.metrics(), &before);
    let rows = less(&of_lists(&rig), &rows);
    let what = format!("step with all that follows, {SPREAD} spread over a day by {} sweeps", spent.invocations["sweep"]);
    line(&what, &less(&spent, &rows), per);
    line("… its rows of lists", &rows, per);
    let calls = less(&spent, &rows).aws_calls;
    let told: Vec<String> =
        calls.iter().filter(|(_, count)| **count > 0).map(|(call, count)| format!("{call} {:.2}", *count as f64 / per)).collect();
    println!("\nAWS calls of that step, each, all functions but read-model: {}", told.join(", "));
    rig.stack.stop().await;
    Ok(())
}
