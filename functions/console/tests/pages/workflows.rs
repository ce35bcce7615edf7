//! Workflows: looked at, changed by forms and as JSON, played, published and rolled back.

use domain::{Channel, Settings, TenantId};
use store::StoredTemplate;

use crate::browser::{Console, Reply};

const DRAFT: &str = "/console/workflows/standard/draft";
const STEPS: &str = "/console/workflows/standard/draft/steps";

/// A tenant `acme` with senders, the workflow that a tenant starts with, and its texts in two languages.
pub(crate) async fn set_up(change: impl FnOnce(&mut Settings)) -> Console {
    let console = Console::new().await;
    let (world, acme) = (&console.world, TenantId::parse("acme").unwrap());
    let mut settings = Settings::named("Acme");
    settings.country = "GB".to_owned();
    settings.sender.insert(Channel::Email, "ar@acme.example".to_owned());
    settings.sender.insert(Channel::Sms, "ACME".to_owned());
    change(&mut settings);
    world.store.put_settings(&acme, &settings, Some(0), world.now()).await.unwrap();
    for text in channels::builtin::templates().into_iter().filter(|text| ["en", "de"].contains(&text.language.as_str())) {
        let channels::Template { id, language, channel, subject, body, .. } = text;
        let stored = StoredTemplate { id, channel, language, version: 0, subject, body };
        world.store.put_template(&acme, &stored).await.unwrap();
    }
    world.store.publish_first(&acme, &channels::builtin::workflows(), world.now()).await.unwrap();
    console
}

/// The value of the first hidden field of a name.
#[track_caller]
pub(crate) fn hidden(page: &Reply, name: &str) -> String {
    let rest = page.html.split_once(&format!("name=\"{name}\" value=\"")).expect("a page with such a field").1;
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_list_and_a_workflow_say_how_it_stands_and_who_may_change_it() {
    let console = set_up(|_| {}).await;
    let (viewer, manager) = (console.as_role("viewer").await, console.as_role("manager").await);
    console.get(&viewer, "/console/workflows").await.is(200).says("Standard reminders").says("version 1 for all cases");
    let page = console.get(&viewer, "/console/workflows/standard").await.is(200).says("Write by email").says("class=\"ladder\"");
    page.hides("Change it").hides("Roll back");
    console.get(&manager, "/console/workflows/standard").await.is(200).says("Change it");
    console.get(&viewer, "/console/workflows/standard/versions/1").await.is(200).says("version 1");
    for nothing in ["/console/workflows/none", "/console/workflows/standard/versions/9", "/console/workflows/standard/versions/x"]
    {
        console.get(&viewer, nothing).await.is(404);
    }
    console.get(&viewer, DRAFT).await.is(404);
}

#[tokio::test]
async fn the_gallery_begins_drafts() {
    let console = set_up(|_| {}).await;
    let (viewer, manager) = (console.as_role("viewer").await, console.as_role("manager").await);
    console.get(&viewer, "/console/workflows/ready").await.is(200).says("Small sums").hides("Begin a draft from it");
    let begun = console.post(&manager, "/console/workflows/begin", &[("id", "ours"), ("from", "ready/gentle")]).await;
    assert_eq!(begun.leads(), "/console/workflows/ours/draft");
    console.get(&manager, "/console/workflows").await.is(200).says("not published yet").says("/console/workflows/ours/draft");
    assert_eq!(console.get(&manager, "/console/workflows/ours").await.leads(), "/console/workflows/ours/draft");
    for (id, from, status) in
        [("ours", "ready/gentle", 409), ("Ours", "ready/gentle", 422), ("x", "ready/nothing", 422), ("x", "current", 404)]
    {
        console.post(&manager, "/console/workflows/begin", &[("id", id), ("from", from)]).await.is(status);
    }
}

#[tokio::test]
async fn steps_change_by_forms_and_the_last_change_is_undone() {
    let console = set_up(|_| {}).await;
    let manager = console.as_role("manager").await;
    console.post(&manager, "/console/workflows/begin", &[("id", "standard"), ("from", "current")]).await.is(303);
    let page = console.get(&manager, DRAFT).await.is(200).hides("Undo the last change");
    let first = hidden(&page, "revision");
    console.post(&manager, STEPS, &[("revision", &first), ("do", "add"), ("kind", "task")]).await.is(303);
    let page = console.get(&manager, DRAFT).await.is(200).says("Decide what to do").says("Undo the last change");
    let second = hidden(&page, "revision");
    assert_ne!(first, second);

    // Whoever looked at the draft before that is told what changed.
    let stale = console.post(&manager, STEPS, &[("revision", &first), ("do", "delete"), ("step", "0")]).await.is(409);
    stale.says("Somebody changed the draft meanwhile").says("a new step").says("acme-manager");

    // What does not read stays in the form, with what is wrong beside it, and is not stored.
    let wrong =
        [("revision", second.as_str()), ("do", "save"), ("step", "0"), ("steps.0.id", "first"), ("steps.0.at.offset", "soon")];
    let wrong = console.post(&manager, STEPS, &wrong).await.is(422).says("<b>not stored</b>").says("value=\"soon\"");
    wrong.says("id=\"flaw-steps.0.at.offset\"");
    assert_eq!(hidden(&console.get(&manager, DRAFT).await, "revision"), second);

    console.post(&manager, STEPS, &[("revision", &second), ("do", "undo")]).await.is(303);
    console.get(&manager, DRAFT).await.is(200).hides("Decide what to do");
    console.post(&manager, "/console/workflows/standard/draft/drop", &[("revision", &second)]).await.is(409);
    let third = hidden(&console.get(&manager, DRAFT).await, "revision");
    console.post(&manager, "/console/workflows/standard/draft/drop", &[("revision", &third)]).await.is(303);
    console.get(&manager, DRAFT).await.is(404);
}

#[tokio::test]
async fn the_same_document_is_written_as_json_and_proven_without_saving() {
    let console = set_up(|_| {}).await;
    let (viewer, manager) = (console.as_role("viewer").await, console.as_role("manager").await);
    console.post(&manager, "/console/workflows/begin", &[("id", "standard"), ("from", "current")]).await.is(303);
    let rev = hidden(&console.get(&manager, DRAFT).await, "revision");
    let mut document = serde_json::to_value(&channels::builtin::workflows()[0]).unwrap();
    document["name"] = serde_json::json!("Ours");
    document["steps"][1]["action"]["send"]["template"] = serde_json::json!("no-such-text");
    let text = document.to_string();
    let check = "/console/workflows/standard/draft/check";
    let page = console.post(&viewer, check, &[("document", &text)]).await.is(200).says("no-such-text").says("<b>not stored</b>");
    page.says("class=\"error\"");
    for wrong in ["", "{", "{\"id\": \"other\"}", "[]"] {
        console.post(&manager, DRAFT, &[("revision", &rev), ("document", wrong)]).await.is(422).says("<b>not stored</b>");
    }
    console.post(&manager, DRAFT, &[("revision", &rev), ("document", "{")]).await.is(422).says("this is no JSON");
    console.post(&manager, DRAFT, &[("revision", &rev), ("document", &text)]).await.is(303);
    console.get(&viewer, DRAFT).await.is(200).says("Draft of Ours").says("readonly").hides("Save the document");
    // The prover refuses to have it published, and says why.
    let refused = console.post(&manager, "/console/workflows/standard/publish", &[("share", "10")]).await.is(422);
    refused.says("The prover refuses it").says("no-such-text");
    console.get(&viewer, "/console/workflows/standard").await.is(200).says("version 1 for all cases");
}

#[tokio::test]
async fn a_draft_is_published_to_some_then_to_more_and_rolled_back() {
    let console = set_up(|_| {}).await;
    let manager = console.as_role("manager").await;
    let (page, publish) = ("/console/workflows/standard", "/console/workflows/standard/publish");
    console.post(&manager, "/console/workflows/begin", &[("id", "standard"), ("from", "current")]).await.is(303);
    let rev = hidden(&console.get(&manager, DRAFT).await, "revision");
    let plan = [
        ("revision", rev.as_str()),
        ("do", "plan"),
        ("name", "Ours"),
        ("scope", "customer"),
        ("priority", "100"),
        ("min_gap", "P3D"),
    ];
    console.post(&manager, STEPS, &plan).await.is(303);
    console.get(&manager, publish).await.is(200).says("<ins><bdi>Ours</bdi></ins>").says("Running cases");
    for (share, status) in [("many", 422), ("0", 422), ("101", 422)] {
        console.post(&manager, publish, &[("share", share)]).await.is(status).says("flaws");
    }
    assert_eq!(console.post(&manager, publish, &[("share", "10"), ("cases", "stay")]).await.leads(), page);
    console.get(&manager, page).await.is(200).says("version 2 for 10 of 100 cases; the others take version 1");
    console.post(&manager, publish, &[("share", "5")]).await.is(409);
    console.post(&manager, publish, &[("share", "50")]).await.is(303);
    console
        .get(&manager, "/console/workflows/standard/versions/2")
        .await
        .is(200)
        .says("What changed since version 1")
        .says("Ours");
    console.post(&manager, "/console/workflows/standard/rollback", &[("to", "7")]).await.is(422);
    console.post(&manager, "/console/workflows/standard/rollback", &[("to", "1")]).await.is(303);
    console.get(&manager, page).await.is(200).says("version 3 for all cases").says("version 1 again");
}

#[tokio::test]
async fn two_people_publish_where_the_tenant_says_so() {
    let console = set_up(|settings| settings.publishing.two_people = true).await;
    let (manager, admin) = (console.as_role("manager").await, console.as_role("admin").await);
    let publish = "/console/workflows/ours/publish";
    console.post(&manager, "/console/workflows/begin", &[("id", "ours"), ("from", "ready/gentle")]).await.is(303);
    console.get(&manager, publish).await.is(200).says("Ask for its publishing");
    assert_eq!(console.post(&manager, publish, &[("share", "100")]).await.leads(), "/console/workflows/ours/draft");
    console.get(&manager, publish).await.is(200).says("somebody else has to publish it").hides("Publish it as it was asked for");
    console.post(&manager, publish, &[]).await.is(403).says("You asked for it");
    console.get(&admin, publish).await.is(200).says("Publish it as it was asked for");
    console.post(&admin, publish, &[]).await.is(303);
    console.get(&admin, "/console/workflows/ours").await.is(200).says("asked for by <bdi>acme-manager</bdi>");
}

#[tokio::test]
async fn a_simulation_is_started_watched_and_cancelled() {
    let console = set_up(|_| {}).await;
    let (viewer, manager) = (console.as_role("viewer").await, console.as_role("manager").await);
    let simulate = "/console/workflows/standard/simulate";
    console.post(&manager, simulate, &[]).await.is(404);
    console.post(&manager, "/console/workflows/begin", &[("id", "standard"), ("from", "current")]).await.is(303);
    for wrong in [("days", "400"), ("days", "many"), ("share", "0"), ("paying", "perhaps")] {
        console.post(&manager, simulate, &[wrong]).await.is(422);
    }
    let job = console
        .post(&manager, simulate, &[("days", "30"), ("paying", "nobody"), ("share", "10"), ("cases", "move")])
        .await
        .leads();
    assert!(job.starts_with("/console/simulations/job_"), "{job}");
    let page = console.get(&manager, &job).await.is(200).says("It is queued").says("hx-trigger=\"every 2s\"");
    page.says("for 10 of 100 cases").says("Cancel it");
    console.get(&viewer, &job).await.is(403);
    console.post(&manager, &format!("{job}/cancel"), &[]).await.is(303);
    console.get(&manager, &job).await.is(200).says("It is cancelled").hides("hx-trigger");
    console.post(&manager, &format!("{job}/cancel"), &[]).await.is(409);
}
