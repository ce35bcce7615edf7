//! Webhook, poll, comparison and first reading race over one company's books, with readers that die around each of their calls.
//! A connector with a double joins by one line. One small company a place: `cargo run -p tests --bin faults -- books`.

use std::collections::BTreeSet;

use tests::race::{LISTENER, Plan, READER, Report, evidence_of, judge::judge};

const SEED: u64 = 20_260_302;
/// The fewest messages that make a race worth its name.
const MESSAGES_MIN: usize = 60;

macro_rules! races {
    ($($name:ident: $double:ty;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            race::<$double>().await;
        }
    )*};
}

races! {
    whatever_dies_quickbooks_is_read_rightly: doubles::QuickBooks;
    whatever_dies_xero_is_read_rightly: doubles::Xero;
}

async fn race<D: doubles::FakeAccounting>() {
    kit::metrics::silence();
    let plan = Plan { seed: SEED, customers: 40, invoices: 1_000, days: 3, calls_max: 24, only: None };
    let (report, evidence) = evidence_of::<D>(&plan).await.unwrap();
    println!("{report}");
    for (call, times) in report.crashes_by_call() {
        println!("  {call}: {times}");
    }
    for flaw in report.flaws() {
        println!("FLAW {flaw}");
    }
    assert!(report.flaws().is_empty(), "seed {SEED}");
    assert_eq!(report.unreached, [], "seed {SEED}");
    assert!(report.verdict.accepted >= MESSAGES_MIN, "{} messages", report.verdict.accepted);
    assert!(report.crashes_of(READER, true) >= 4 && report.crashes_of(LISTENER, false) >= 4, "{report}");
    assert_eq!(report.told, 2, "a person hears of a vendor that is away for hours");
    judged(&report, evidence);
}

/// The judges, given what they must not accept.
fn judged(report: &Report, evidence: tests::race::judge::Evidence) {
    let fair = judge(&evidence);
    assert_eq!(fair, report.found);
    let one = evidence.sent[0].clone();
    // About what was settled for good, after a day in which the books were read.
    let settled = evidence.truth.iter().find(|(_, changes)| changes.last().is_some_and(|(_, open)| *open == 0)).unwrap();
    let mut doctored = evidence.clone();
    let late = evidence.good.iter().rev().find(|(_, good)| good.is_some()).unwrap().0;
    doctored.sent = vec![local::Sent { subject: Some(format!("first {}", settled.0)), at: late, ..one.clone() }];
    assert!(!judge(&doctored).settled.is_empty(), "{}", settled.0);
    // Every message, four hours after the vendor was last heard of.
    for sent in &evidence.sent {
        let mut doctored = evidence.clone();
        let age = evidence.age_max + jiff::SignedDuration::from_hours(1);
        doctored.shown.retain(|shown| shown.at <= sent.at - age);
        doctored.sent = vec![sent.clone()];
        assert!(!judge(&doctored).stale.is_empty(), "{} at {}", sent.to, sent.at);
    }
    let about: BTreeSet<_> = evidence.sent.iter().map(|sent| sent.subject.clone()).collect();
    assert!(about.len() > 50, "messages are about many invoices: {}", about.len());
}
