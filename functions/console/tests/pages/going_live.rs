//! The way to live: nothing is passed over.

use domain::Mode;

use crate::workflows::{hidden, set_up};

const PAGE: &str = "/console/go-live";

#[tokio::test]
async fn each_step_says_what_is_missing_and_live_is_refused_meanwhile() {
    let console = set_up(|settings| settings.mode = Mode::Off).await;
    let (viewer, manager, admin) =
        (console.as_role("viewer").await, console.as_role("manager").await, console.as_role("admin").await);
    let page = console.get(&viewer, PAGE).await.is(200).says("the book was not looked through yet").says("switched off");
    page.says("were not played yet").hides("Look through the book").hides("Switch to shadow");
    let rev = hidden(&console.get(&admin, PAGE).await.is(200).says("Switch to shadow"), "revision");
    console.post(&admin, PAGE, &[("revision", &rev), ("do", "live")]).await.is(422).says("the book was not looked through yet");
    console.post(&admin, PAGE, &[("revision", &rev), ("do", "ramp"), ("per_day", "0")]).await.is(422);
    console.post(&admin, PAGE, &[("revision", &rev), ("do", "ramp"), ("per_day", "few")]).await.is(422);
    console.post(&admin, PAGE, &[("revision", &rev), ("do", "shadow")]).await.is(303);
    console.post(&admin, PAGE, &[("revision", &rev), ("do", "ramp"), ("per_day", "20")]).await.is(409);
    let rev = hidden(&console.get(&admin, PAGE).await.is(200).says("<b>shadow</b>"), "revision");
    console.post(&admin, PAGE, &[("revision", &rev), ("do", "ramp"), ("per_day", "20")]).await.is(303);
    console.get(&viewer, PAGE).await.is(200).says("At most 20 messages a day now.");

    // A job that is under way is no step that is passed.
    console.post(&manager, "/console/go-live/jobs", &[("kind", "audit_book")]).await.is(303);
    console.get(&manager, PAGE).await.is(200).says("it is under way; wait until it is done");
    let played = console.post(&manager, "/console/go-live/jobs", &[("kind", "simulate"), ("days", "30")]).await.leads();
    assert!(played.starts_with("/console/simulations/job_"), "{played}");
    console.post(&manager, "/console/go-live/jobs", &[("kind", "import")]).await.is(422);
    console.post(&viewer, "/console/go-live/jobs", &[("kind", "simulate")]).await.is(403);
}
