//! How often a second the rules decide, on one processor.

use std::{hint::black_box, time::Duration};

use anyhow::Context;

use domain::{CustomerId, InvoiceId, TenantId, decide};
use store::{Read, Store};

use crate::{
    book::{self, DUE, at},
    cpu,
};

/// How long each figure is measured for.
const LONG: Duration = Duration::from_millis(1_500);

/// Prints decisions a second for customers of few and of many invoices, a message being due each time.
pub async fn run() -> anyhow::Result<()> {
    println!("\n## Decisions\n\n| invoices of the customer | decisions a second | each |\n|---|---|---|");
    let own = cpu::own_thread()?;
    let rig = book::rig(2, 1).await?;
    let (env, clients) = rig.place("sweep")?;
    let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
    let (tenant, customer) = (TenantId::parse("bench")?, CustomerId::derive(&["bench", "canonical", "seeddue"]));
    let head = store.head(&tenant, &customer).await?.context("a head")?;
    let mut facts = store.facts(&tenant, &head).await?;
    let policy = store.policy(&tenant, &head.cases, Read::Fresh).await?;
    let first = facts.invoices.first().cloned().context("an invoice")?;
    let now = at(DUE)?;
    for count in [1_usize, 30, 1_000] {
        for number in facts.invoices.len()..count {
            let mut more = first.clone();
            more.invoice.number = format!("INV-{number}");
            more.invoice.external_id = more.invoice.number.clone();
            more.invoice.id = InvoiceId::derive(&["bench", "copy", &more.invoice.number]);
            facts.invoices.push(more);
        }
        let decision = decide(&facts, &policy, now);
        anyhow::ensure!(decision.messages.len() == 1, "a message is due: {:?}", decision.trace);
        let begun = cpu::of_thread(own);
        let mut decided = 0_u32;
        let spent = loop {
            for _ in 0..(1_000 / count).max(1) {
                black_box(decide(black_box(&facts), &policy, now));
                decided += 1;
            }
            // The kernel's figure of a running thread moves only when it is asked to let others run.
            std::thread::yield_now();
            let spent = cpu::of_thread(own).saturating_sub(begun);
            if spent >= LONG {
                break spent;
            }
        };
        let each = spent / decided;
        println!("| {count} | {:.0} | {:.1} µs |", 1.0 / each.as_secs_f64(), each.as_secs_f64() * 1e6);
    }
    rig.stack.stop().await;
    Ok(())
}
