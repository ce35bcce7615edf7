//! What the core loop costs: capacity units, processor time, memory, decisions a second.
//!
//! `cargo bench --workspace --bench bench` prints everything; `docs/performance.md` keeps it. `-- --quick` leaves out the largest book and
//! repeats nothing; `-- --only units` (or `sweep`, `lists`, `sources`, `jobs`, `decide`) prints one part; `-- --lines 100000`
//! is how many lines the import of `jobs` has, at the pace of `ImportWritesPerSecond`. Reads `/proc`, as Linux has it.
#![expect(clippy::float_arithmetic, reason = "figures are printed, no money is reckoned")]

mod alone;
mod book;
mod cpu;
mod jobs;
mod lists;
mod replay;
mod rig;
mod rules;
mod sources;
mod sweep;
mod units;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(order) = after(alone::FLAG) {
        return runtime.block_on(alone::main(order));
    }
    // The functions write their log as in Lambda, but nobody reads it here.
    kit::init_logging_to(&kit::Env::default(), std::io::sink);
    kit::metrics::silence();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let wanted = |part: &str| after("--only").is_none_or(|only| only == part);
    if wanted("units") {
        runtime.block_on(units::run())?;
    }
    if wanted("sweep") {
        let (sizes, rounds): (&[usize], _) = if quick { (&[1_000, 10_000], 1) } else { (&[1_000, 10_000, 100_000], 3) };
        runtime.block_on(sweep::run(sizes, rounds))?;
    }
    if wanted("lists") {
        let sizes: &[usize] = if quick { &[1_000, 10_000] } else { &[1_000, 100_000] };
        runtime.block_on(lists::run(sizes))?;
    }
    if wanted("sources") {
        runtime.block_on(sources::run(if quick { 1_000 } else { 10_000 }))?;
    }
    if wanted("jobs") {
        let lines = after("--lines").and_then(|lines| lines.parse().ok()).unwrap_or(if quick { 1_000 } else { 10_000 });
        runtime.block_on(jobs::run(10_000, lines))?;
    }
    if wanted("decide") {
        runtime.block_on(rules::run())?;
    }
    Ok(())
}
