//! Prints what the fault harness finds: `cargo run -p tests --bin faults -- [--clean | --all] [--seed N]`.
//!
//! Without options it plays what `cargo test` plays. `--all` adds one small run for each function, before and after each of
//! its AWS calls, with the crash in every place coming three times in a row; `--clean` stops after the clean run.

use std::{process::ExitCode, time::Instant};

use tests::faults::{Plan, Report, TABLE_HEAD, calls, carriers, places, run, services};

struct Bench {
    seed: u64,
    flaws: usize,
    started: Instant,
}

impl Bench {
    async fn play(&mut self, plan: Plan, clean: Option<&Report>) -> anyhow::Result<Report> {
        let report = run(&Plan { seed: self.seed, ..plan }).await?;
        println!("{report}");
        eprintln!("{:?}: {:?}", self.started.elapsed(), report.verdict.ended);
        let flaws = report.flaws(clean);
        for flaw in flaws.iter().take(20) {
            println!("FLAW {flaw}");
        }
        self.flaws += flaws.len();
        Ok(report)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let seed = arguments.iter().position(|word| word == "--seed").and_then(|at| arguments.get(at + 1)?.parse().ok());
    let seed = seed.unwrap_or(20_260_302);
    let mut bench = Bench { seed, flaws: 0, started: Instant::now() };
    println!("seed {seed}\n\n{TABLE_HEAD}");
    let plan = |name: &str| Plan { name: name.to_owned(), customers: 60, ..Plan::default() };
    let clean = bench.play(plan("clean"), None).await?;
    if has("--clean") {
        println!("\n{}", calls(&clean));
        return Ok(ExitCode::from(u8::from(bench.flaws > 0)));
    }
    let crashed = bench.play(Plan { cycle: places(&clean, 24, 1), ..plan("crashes") }, Some(&clean)).await?;
    bench.play(Plan { also: carriers(12), ..plan("carriers") }, Some(&clean)).await?;
    bench.play(Plan { also: services(4), ..plan("services") }, Some(&clean)).await?;
    let also = [carriers(6), services(3)].concat();
    bench.play(Plan { cycle: places(&clean, 24, 2), also, ..plan("everything") }, Some(&clean)).await?;
    if has("--all") {
        let small = |name: &str| Plan { customers: 4, ..plan(name) };
        let clean = bench.play(small("small, clean"), None).await?;
        for crash in places(&clean, u32::MAX, 3) {
            let name = format!("{} {:?} {}", crash.function, crash.when, crash.call).to_lowercase();
            bench.play(Plan { one: Some((crash, 20)), ..small(&name) }, Some(&clean)).await?;
        }
    }
    println!("\n{}\ncrashes of the run `crashes`:", calls(&clean));
    for (place, (calls, times)) in crashed.crashes_by_place() {
        println!("- {place}: {times} at {calls} calls");
    }
    println!("\n{} flaws", bench.flaws);
    Ok(ExitCode::from(u8::from(bench.flaws > 0)))
}
