//! Crashes around every AWS call, and carriers that misbehave: nobody is contacted twice, nothing is lost. Services that
//! misbehave, and everything at once, are runs of `cargo run -p tests --bin faults`.

use tests::faults::{Plan, Report, TABLE_HEAD, calls, carriers, places, run};

const SEED: u64 = 20_260_302;
/// The functions that the scenario invokes; sync is invoked by the race over books.
const PLAYED: [&str; 9] = ["ingest", "sweep", "dispatch", "read-model", "send-email", "send-sms", "feedback", "admin", "portal"];
/// The fewest messages that make a run worth its name.
const MESSAGES_MIN: usize = 200;

fn check(report: &Report, clean: Option<&Report>) {
    println!("{report}");
    let flaws = report.flaws(clean);
    assert!(flaws.is_empty(), "{}, seed {SEED}: {flaws:#?}", report.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_twice_and_nothing_lost() {
    println!("seed {SEED}\n{TABLE_HEAD}");
    let plan = |name: &str| Plan { name: name.to_owned(), customers: (0..60).collect(), seed: SEED, ..Plan::default() };
    let clean = run(&plan("clean")).await.unwrap();
    check(&clean, None);
    assert!(clean.verdict.accepted >= MESSAGES_MIN, "{} messages", clean.verdict.accepted);
    assert_eq!(clean.verdict.in_doubt, 0);
    for function in PLAYED {
        assert!(clean.calls_most.get(function).is_some_and(|most| *most > 0), "{function} calls nothing\n{}", calls(&clean));
    }
    let crashed = run(&Plan { cycle: places(&clean, 24, 1), ..plan("crashes") }).await.unwrap();
    check(&crashed, Some(&clean));
    for (place, (calls, times)) in crashed.crashes_by_place() {
        println!("  {place}: {times} crashes at {calls} calls");
    }
    assert!(crashed.crashes() >= 200, "{} crashes", crashed.crashes());
    let carried = run(&Plan { also: carriers(12), ..plan("carriers") }).await.unwrap();
    check(&carried, Some(&clean));
}
