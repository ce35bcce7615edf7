//! Stopping and starting again, and a long quiet time.

use local::{Options, Stack};
use serde_json::json;
use tests::{
    documents::{customer, invoice},
    test_tenant::{TestTenant, at},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_is_started_again_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let options = |now: Option<&str>| Options {
        data: Some(folder.path().to_owned()),
        now: now.map(at),
        seed: Some(1),
        ..Options::default()
    };
    let desk = TestTenant::start(options(Some("2026-01-20T08:00:00Z")), json!({}), None).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-06").await;
    let (before, now) = (desk.log(), desk.stack.now());
    let TestTenant { stack, canonical, stripe, .. } = desk;
    stack.stop().await;
    let desk = TestTenant::resume(Stack::start(options(None)).await.unwrap(), canonical, stripe);
    assert_eq!((desk.log(), desk.stack.now()), (before, now));
    // The same secrets, the same facts.
    desk.put(&invoice(&customer("C-2"), "F-2", 5_000, "2026-02-10")).await;
    desk.end_of("2026-02-13").await;
    assert_eq!(
        desk.log(),
        [
            "2026-01-30 email heads-up",
            "2026-02-05 email reminder",
            "2026-02-09 email heads-up",
            "2026-02-12 email reminder",
            "2026-02-12 email nudge"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_a_thousand_quiet_customers_takes_seconds() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    for n in 0..1_000 {
        desk.put(&invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), 10_000, "2028-02-04")).await;
    }
    desk.advance("PT1H").await;
    let begun = std::time::Instant::now();
    let moved = desk.advance("P365D").await;
    println!("a year of 1,000 quiet customers: {:?}, {} invocations", begun.elapsed(), moved.invocations);
    assert!(desk.sent().is_empty());
    assert!(moved.invocations < 20_000, "{} invocations: ticks that find nothing are skipped", moved.invocations);
}
