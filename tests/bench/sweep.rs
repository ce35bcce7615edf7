//! Processor time and memory of the sweep and of what follows it, over books of several sizes of which the same customers
//! are due; and the sweep's own table calls by the bare client.

use std::{collections::BTreeMap, time::Duration};

use anyhow::ensure;

use crate::{
    alone::{self, Job},
    book, cpu,
    rig::{Cost, less},
    units,
};

/// Due customers, whatever the book.
const DUE: usize = 1_000;

/// What one book's steps used: time per message, and the sweep's memory.
#[derive(Clone, Copy, Debug)]
struct Used {
    sweep: Duration,
    engine: Duration,
    dispatch: Duration,
    send: Duration,
    feedback: Duration,
    before_kib: u64,
    peak_kib: u64,
}

impl Used {
    /// Sweep, dispatch and sender, without the table's engine.
    fn whole(&self) -> Duration {
        self.sweep + self.dispatch + self.send
    }

    fn least(self, other: Self) -> Self {
        Self {
            sweep: self.sweep.min(other.sweep),
            engine: self.engine.min(other.engine),
            dispatch: self.dispatch.min(other.dispatch),
            send: self.send.min(other.send),
            feedback: self.feedback.min(other.feedback),
            before_kib: self.before_kib.min(other.before_kib),
            peak_kib: self.peak_kib.max(other.peak_kib),
        }
    }
}

/// Sweeps and sends each book `rounds` times, sizes in turn; keeps the least time and the most memory.
pub async fn run(sizes: &[usize], rounds: usize) -> anyhow::Result<()> {
    println!("\n## Steps: {DUE} due in one sweep");
    let mut best: BTreeMap<usize, Used> = BTreeMap::new();
    for round in 0..rounds {
        for &size in sizes {
            let used = one(size, round == 0 && size == sizes[0]).await?;
            eprintln!("round {} of {rounds}, {size} open: {used:.1?}", round + 1);
            best.entry(size).and_modify(|best| *best = best.least(used)).or_insert(used);
        }
    }
    times(&best);
    over_raw(rounds).await
}

fn times(best: &BTreeMap<usize, Used>) {
    println!("\nProcessor time per message, and the sweep's memory:\n");
    println!(
        "| open invoices | sweep | dispatch | render and send | all three | feedback | engine of the sweep's calls | memory before | at most |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (size, used) in best {
        let times = [used.sweep, used.dispatch, used.send, used.whole(), used.feedback, used.engine];
        let times: Vec<String> = times.iter().map(|time| format!("{} µs", time.as_micros())).collect();
        let memory = [used.before_kib, used.peak_kib].map(|kib| format!("{:.1} MiB", kib as f64 / 1024.0));
        println!("| {size} | {} | {} |", times.join(" | "), memory.join(" | "));
    }
    if let (Some((few, least)), Some((many, most))) = (best.first_key_value(), best.last_key_value()) {
        let ratio = |of: fn(&Used) -> Duration| of(most).as_secs_f64() / of(least).as_secs_f64();
        println!(
            "\n{many} open over {few}: sweep {:.2}, sweep with sending {:.2}, the engine {:.2} (aim: 1.20 at most)",
            ratio(|used| used.sweep),
            ratio(Used::whole),
            ratio(|used| used.engine)
        );
    }
}

/// One book: the sweep in a process of its own, then all that follows, each function on a thread of its own.
async fn one(size: usize, shows_units: bool) -> anyhow::Result<Used> {
    let rig = book::rig(size, DUE).await?;
    let per = u32::try_from(DUE)?;
    let (engine, metrics) = (cpu::of_process(), rig.stack.metrics());
    let swept = alone::run(&rig, Job::Sweep).await?;
    let engine = cpu::of_process().saturating_sub(engine);
    let decided = less(&rig.stack.metrics(), &metrics);
    ensure!(swept.done == DUE, "the sweep of {size} decided {} messages", swept.done);

    let (before, sent) = (rig.costs(), rig.stack.outbox(Some("bench")).len());
    let moved = rig.stack.advance("PT0S").await?;
    ensure!(moved.errors == 0, "a function failed");
    let sent = rig.stack.outbox(Some("bench")).len() - sent;
    ensure!(sent == DUE, "{sent} of {DUE} were sent");
    let after = rig.costs();
    let of = |costs: &BTreeMap<String, Cost>, name: &str| costs.get(name).cloned().unwrap_or_default();
    let spent = |name: &str| of(&after, name).cpu.saturating_sub(of(&before, name).cpu) / per;
    if shows_units {
        println!("\nUnits per message:\n");
        units::head();
        units::line("sweep", &decided, f64::from(per));
        for name in ["dispatch", "send-email", "feedback"] {
            units::line(name, &less(&of(&after, name).metrics, &of(&before, name).metrics), f64::from(per));
        }
        units::line("all of it", &less(&rig.stack.metrics(), &metrics), f64::from(per));
    }
    rig.stack.stop().await;
    Ok(Used {
        sweep: swept.cpu / per,
        engine: engine / per,
        dispatch: spent("dispatch"),
        send: spent("send-email"),
        feedback: spent("feedback"),
        before_kib: swept.before_kib,
        peak_kib: swept.peak_kib,
    })
}

/// The sweep beside its own table calls by the bare client, over books that are alike.
async fn over_raw(rounds: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("calls");
    let rig = book::rig(DUE, DUE).await?;
    alone::run(&rig, Job::Record(path.clone())).await?;
    rig.stack.stop().await;
    let (mut sweep, mut raw, mut calls) = (Duration::MAX, Duration::MAX, 0);
    for _ in 0..rounds {
        let rig = book::rig(DUE, DUE).await?;
        sweep = sweep.min(alone::run(&rig, Job::Sweep).await?.cpu);
        rig.stack.stop().await;
        let rig = book::rig(DUE, DUE).await?;
        let replayed = alone::run(&rig, Job::Replay(path.clone())).await?;
        (raw, calls) = (raw.min(replayed.cpu), replayed.done);
        rig.stack.stop().await;
    }
    let per = u32::try_from(DUE)?;
    println!(
        "\nSweep {} µs a message; its own table calls ({:.2} a message) by the bare client {} µs: {:.2} (aim: 2.00 at most)",
        (sweep / per).as_micros(),
        calls as f64 / DUE as f64,
        (raw / per).as_micros(),
        sweep.as_secs_f64() / raw.as_secs_f64()
    );
    Ok(())
}
