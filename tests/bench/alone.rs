//! A process that holds one function's environment and nothing else, as in Lambda: its processor time and memory are the
//! sweep's own, and the table's engine stays in the process that started it.

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use kit::{Clients, Clock, Env};
use lambda_runtime::{Context, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    book::{DUE, at},
    cpu, replay,
    rig::Rig,
};

/// What the process is started with, before its order.
pub const FLAG: &str = "--alone";

/// What it is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Job {
    /// Sweep once.
    Sweep,
    /// Sweep once, and write down the table calls.
    Record(PathBuf),
    /// Make the calls that were written down.
    Replay(PathBuf),
}

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    job: Job,
    endpoint: String,
    now: Timestamp,
    table: String,
    queue: String,
}

/// What it used.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Used {
    /// Messages decided, or calls made again.
    pub done: usize,
    pub cpu: Duration,
    /// Resident before the job.
    pub before_kib: u64,
    /// The most that was ever resident.
    pub peak_kib: u64,
}

/// Runs a job against a stack at [`DUE`], in a process of its own; the stack's own functions stand still meanwhile.
pub async fn run(rig: &Rig, job: Job) -> anyhow::Result<Used> {
    let _still = rig.stack.world().pause().await;
    rig.stack.world().clock.move_to(at(DUE)?);
    let (env, clients) = rig.place("sweep")?;
    let order = Order {
        job,
        endpoint: clients.sdk.endpoint_url().context("functions are told where AWS is")?.to_owned(),
        now: rig.stack.now(),
        table: env.require("TABLE_NAME")?.to_owned(),
        queue: env.require("SWEEP_QUEUE_URL")?.to_owned(),
    };
    let mut child = Command::new(std::env::current_exe()?);
    child.arg(FLAG).arg(serde_json::to_string(&order)?);
    let output = tokio::task::spawn_blocking(move || child.output()).await??;
    ensure!(output.status.success(), "{:?} failed: {}", order.job, String::from_utf8_lossy(&output.stderr));
    // The function's log comes before it.
    let text = String::from_utf8(output.stdout)?;
    Ok(serde_json::from_str(text.lines().next_back().unwrap_or_default())?)
}

/// The process itself.
pub async fn main(order: &str) -> anyhow::Result<()> {
    let order: Order = serde_json::from_str(order)?;
    let clients = Clients::at_endpoint(&order.endpoint, "us-east-1");
    let used = match &order.job {
        Job::Sweep => sweep(&order, &clients).await?,
        Job::Record(path) => {
            let (clients, calls) = replay::recorded(&clients)?;
            let used = sweep(&order, &clients).await?;
            calls.save(path)?;
            used
        }
        Job::Replay(path) => {
            let calls = replay::load(path, &aws_sdk_dynamodb::Client::new(&clients.sdk))?;
            let before_kib = cpu::status_kib("VmRSS");
            let before = cpu::of_process();
            let done = replay::run(calls).await?;
            used(done, before, before_kib)
        }
    };
    println!("\n{}", serde_json::to_string(&used)?);
    Ok(())
}

async fn sweep(order: &Order, clients: &Clients) -> anyhow::Result<Used> {
    let variables = [("TABLE_NAME", &order.table), ("SWEEP_QUEUE_URL", &order.queue)];
    let env = Env::from_pairs(variables.map(|(name, value)| (name.to_owned(), value.clone())));
    kit::init_logging(&env);
    let now = order.now;
    let handler = ::sweep::Handler::new(&env, clients, Clock::from_fn(move || now))?;
    let mut context = Context::default();
    context.deadline = u64::try_from((now + SignedDuration::from_mins(15)).as_millisecond())?;
    let before_kib = cpu::status_kib("VmRSS");
    let before = cpu::of_process();
    let answer = handler.handle(LambdaEvent::new(json!({}), context)).await.map_err(|error| anyhow::anyhow!(error))?;
    let messages = answer["messages"].as_u64().context("a sweep answers how many messages it decided")?;
    Ok(used(usize::try_from(messages)?, before, before_kib))
}

fn used(done: usize, before: Duration, before_kib: u64) -> Used {
    Used { done, cpu: cpu::of_process().saturating_sub(before), before_kib, peak_kib: cpu::status_kib("VmHWM") }
}
