//! When a provider does not answer, refuses, or is in a hurry.

use local::Mode;
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

async fn due() -> TestTenant {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_the_event_and_nothing_is_sent_again() {
    let desk = due().await;
    desk.fault("sesv2", Mode::AcceptThenDrop, 1);
    desk.end_of("2026-02-05").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
    let matter = desk.matter("C-1").await;
    assert_eq!(matter["pending"], serde_json::json!([]), "the Send event settled it");
    assert_eq!(matter["due_items"][0]["rung"], "reminder");
    desk.end_of("2026-02-13").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder", "2026-02-12 email nudge"]);
    assert!(desk.exceptions().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_in_doubt_becomes_an_exception_and_is_never_sent_by_guess() {
    let desk = due().await;
    desk.fault("sesv2", Mode::Timeout, 1);
    desk.end_of("2026-02-06").await;
    assert!(desk.sent().is_empty());
    let matter = desk.matter("C-1").await;
    assert_eq!(matter["pending"][0]["status"], "unknown", "{}", matter["pending"]);
    desk.end_of("2026-02-09").await;
    assert_eq!(desk.tasks("in_doubt").await.len(), 1);
    desk.end_of("2026-03-31").await;
    let steps: Vec<String> = desk.log().iter().map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(steps, ["nudge", "formal-notice", "final-notice"], "the ladder goes on without a second reminder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_may_be_repeated_is_repeated_and_sent_once() {
    for mode in [Mode::Error, Mode::Throttle] {
        for times in [1, 2] {
            let desk = due().await;
            desk.fault("sesv2", mode, times);
            desk.end_of("2026-02-11").await;
            assert_eq!(desk.log().len(), 1, "{mode:?} {times}: {:?}", desk.log());
            assert!(desk.log()[0].ends_with("email reminder"));
            assert!(desk.exceptions().await.is_empty(), "{mode:?} {times}");
        }
    }
}
