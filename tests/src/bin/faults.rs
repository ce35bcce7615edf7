//! Prints what the fault harness finds, and with `books` what the race over books that are read back finds, one small company a
//! place (`cargo run -p tests --bin faults -- books [--jobs N] [--seed N]`):
//! `cargo run -p tests --bin faults -- [--clean | --places | --all] [--of NAMES] [--jobs N] [--seed N]`.
//!
//! Without options it plays what `cargo test` plays, and services that misbehave, and everything at once. `--places` plays one
//! small run for each function, before and after each of its AWS calls, with the crash in every place coming three times in a
//! row; `--all` plays both. `--clean` stops after the clean run. `--of` names the functions of the
//! small runs, separated by commas, where not all are wanted; `--jobs` is how many small runs are played beside each other.

use std::{process::ExitCode, time::Instant};

use local::When;
use tests::{
    faults::{Crash, Plan, Report, TABLE_HEAD, calls, carriers, places, run, scenario, services},
    race,
};
use tokio::task::JoinSet;

/// How often a crash comes in a row in a run of one place, and how many times over.
const IN_A_ROW: u32 = 3;
const TIMES_OVER: u32 = 20;

struct Bench {
    seed: u64,
    flaws: usize,
    started: Instant,
}

impl Bench {
    async fn play(&mut self, plan: Plan, clean: Option<&Report>) -> anyhow::Result<Report> {
        let report = run(&Plan { seed: self.seed, ..plan }).await?;
        self.show(&report, clean);
        Ok(report)
    }

    fn show(&mut self, report: &Report, clean: Option<&Report>) {
        println!("{report}");
        eprintln!("{:?}: {:?}", self.started.elapsed(), report.verdict.ended);
        let flaws = report.flaws(clean);
        for flaw in flaws.iter().take(20) {
            println!("FLAW {flaw}");
        }
        self.flaws += flaws.len();
    }

    /// One run a place, `jobs` of them at a time.
    async fn play_places(&mut self, of: Option<&str>, jobs: usize) -> anyhow::Result<()> {
        let small = |name: String| Plan { name, customers: scenario::FEW.into(), seed: self.seed, ..Plan::default() };
        let plan_of = |crash: &Crash| {
            let name = format!("{} {:?} {}", crash.function, crash.when, crash.call).to_lowercase();
            Plan { one: Some((crash.clone(), TIMES_OVER)), ..small(name) }
        };
        let clean = run(&small("few, clean".to_owned())).await?;
        let is_wanted = |crash: &&Crash| of.is_none_or(|of| of.split(',').any(|name| name == crash.function));
        let plans: Vec<Plan> = places(&clean, u32::MAX, IN_A_ROW).iter().filter(is_wanted).map(plan_of).collect();
        self.show(&clean, None);
        let (count, mut sum) = (plans.len(), Sum::default());
        let (mut waiting, mut running) = (plans.into_iter(), JoinSet::new());
        loop {
            while running.len() < jobs.max(1)
                && let Some(plan) = waiting.next()
            {
                running.spawn(async move { run(&plan).await });
            }
            let Some(report) = running.join_next().await else { break };
            let report = report??;
            self.show(&report, Some(&clean));
            if report.crashes() == 0 {
                println!("NOT REACHED {}", report.name);
            }
            sum.add(&report);
        }
        println!("\n{count} places: {sum:?}");
        Ok(())
    }
}

/// What the runs of one place come to together.
#[derive(Debug, Default)]
struct Sum {
    reached: usize,
    accepted: usize,
    decided: usize,
    crashes: u64,
    in_doubt: usize,
    settled: usize,
    parked: usize,
    twice: usize,
    lost: usize,
}

impl Sum {
    fn add(&mut self, report: &Report) {
        let verdict = &report.verdict;
        self.reached += usize::from(report.crashes() > 0);
        self.accepted += verdict.accepted;
        self.decided += verdict.decided;
        self.crashes += report.crashes();
        self.in_doubt += verdict.in_doubt;
        self.settled += verdict.settled;
        self.parked += verdict.parked;
        self.twice += verdict.twice.len();
        self.lost += verdict.lost.len();
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    kit::metrics::silence();
    let arguments: Vec<String> = std::env::args().collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let value = |word: &str| arguments.iter().position(|argument| argument == word).and_then(|at| arguments.get(at + 1));
    let number = |word: &str| value(word).and_then(|text| text.parse().ok());
    let seed = number("--seed").unwrap_or(20_260_302);
    let jobs = usize::try_from(number("--jobs").unwrap_or(1))?;
    if has("books") {
        let flaws = play_books::<doubles::QuickBooks>(seed, jobs).await? + play_books::<doubles::Xero>(seed, jobs).await?;
        println!("\n{flaws} flaws");
        return Ok(ExitCode::from(u8::from(flaws > 0)));
    }
    let mut bench = Bench { seed, flaws: 0, started: Instant::now() };
    println!("seed {seed}\n\n{TABLE_HEAD}");
    if !has("--places") {
        play_all_customers(&mut bench, has("--clean")).await?;
    }
    if has("--places") || has("--all") {
        bench.play_places(value("--of").map(String::as_str), jobs).await?;
    }
    println!("\n{} flaws", bench.flaws);
    Ok(ExitCode::from(u8::from(bench.flaws > 0)))
}

/// The runs with all customers.
async fn play_all_customers(bench: &mut Bench, only_clean: bool) -> anyhow::Result<()> {
    let plan = |name: &str| Plan { name: name.to_owned(), customers: (0..60).collect(), ..Plan::default() };
    let clean = bench.play(plan("clean"), None).await?;
    if !only_clean {
        let crashed = bench.play(Plan { cycle: places(&clean, 24, 1), ..plan("crashes") }, Some(&clean)).await?;
        bench.play(Plan { also: carriers(12), ..plan("carriers") }, Some(&clean)).await?;
        bench.play(Plan { also: services(4), ..plan("services") }, Some(&clean)).await?;
        let also = [carriers(6), services(3)].concat();
        bench.play(Plan { cycle: places(&clean, 24, 2), also, ..plan("everything") }, Some(&clean)).await?;
        println!("\ncrashes of the run `crashes`:");
        for (place, (calls, times)) in crashed.crashes_by_place() {
            println!("- {place}: {times} at {calls} calls");
        }
    }
    println!("\n{}", calls(&clean));
    Ok(())
}

/// One race of a small company for each call of the reader, before and after it; answers how many flaws there were.
async fn play_books<D: doubles::FakeAccounting>(seed: u64, jobs: usize) -> anyhow::Result<usize> {
    let plan = |only| race::Plan { seed, customers: 4, invoices: 12, days: 2, calls_max: 0, only: Some(only) };
    let clean = race::run::<D>(&plan((When::Before, u32::MAX))).await?;
    println!("{clean}; at most {} calls an invocation", clean.calls_most);
    let places = (1..=clean.calls_most).flat_map(|call| [When::Before, When::After].map(|when| (when, call)));
    let (mut waiting, mut running) = (places.map(plan), JoinSet::new());
    let (mut flaws, mut reached, mut crashes, mut around_vendor, mut reconnects, mut messages) = (0, 0, 0, 0, 0, 0);
    loop {
        while running.len() < jobs.max(1)
            && let Some(plan) = waiting.next()
        {
            running.spawn(async move { (plan.only, race::run::<D>(&plan).await) });
        }
        let Some(played) = running.join_next().await else { break };
        let (place, report) = played?;
        let report = report?;
        for flaw in report.flaws() {
            println!("FLAW {place:?}: {flaw}");
        }
        flaws += report.flaws().len();
        reached += usize::from(report.crashes_of(race::READER, false) > 0);
        crashes += report.crashes_of(race::READER, false);
        around_vendor += report.crashes_of(race::READER, true);
        reconnects += report.reconnects;
        messages += report.verdict.accepted;
    }
    println!(
        "{}: {} places, {reached} reached; {crashes} crashes, {around_vendor} around calls of the vendor; {reconnects} reconnects; \
         {messages} messages; {flaws} flaws",
        D::SOURCE,
        2 * clean.calls_most
    );
    Ok(flaws)
}
