//! Pages of settings and of the brand.

use domain::TenantId;
use service::sessions::SessionId;

use crate::browser::{Console, Reply};

/// A console with a tenant that is set up, and an admin of it.
async fn set_up() -> (Console, SessionId) {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    (console, admin)
}

/// The value of a hidden field of a page, as a browser sends it.
fn hidden(page: &Reply, name: &str) -> String {
    let rest = page.html.split_once(&format!("name=\"{name}\" value=\"")).expect("a page with such a field").1;
    let text = rest.split('"').next().unwrap();
    text.replace("&quot;", "\"").replace("&#x2f;", "/").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

async fn settings(console: &Console) -> domain::Settings {
    console.world.store.settings(&TenantId::parse("acme").unwrap()).await.unwrap().unwrap().value
}

#[tokio::test]
async fn a_form_says_all_that_is_wrong_at_its_fields_and_stores_nothing() {
    let (console, admin) = set_up().await;
    let page = console.get(&admin, "/console/settings/caps").await.is(200).says("Messages a day");
    let (rev, seen) = (hidden(&page, "revision"), hidden(&page, "seen"));
    let fields = [
        ("revision", rev.as_str()),
        ("seen", seen.as_str()),
        ("caps.per_person.count", "3"),
        ("caps.per_person.days", "61"),
        ("caps.per_day", "many"),
        ("breaker.factor", "3"),
        ("breaker.minimum", "50"),
        ("act", "save"),
    ];
    console
        .post(&admin, "/console/settings/caps", &fields)
        .await
        .is(422)
        .says("id=\"flaw-caps.per_person.days\"")
        .says("id=\"flaw-caps.per_day\"")
        .says("it is a whole number")
        .says("value=\"many\"");
    assert_eq!(settings(&console).await.caps, domain::Settings::named("x").caps);
    let good = fields.map(|(name, value)| match name {
        "caps.per_person.days" => (name, "30"),
        "caps.per_day" => (name, "50"),
        _ => (name, value),
    });
    assert_eq!(console.post(&admin, "/console/settings/caps", &good).await.leads(), "/console/settings/caps");
    assert_eq!(settings(&console).await.caps.per_day, Some(50));
    // Emptied again, the cap of one person goes whole.
    let page = console.get(&admin, "/console/settings/caps").await.is(200);
    let (rev, seen) = (hidden(&page, "revision"), hidden(&page, "seen"));
    let fields = [
        ("revision", rev.as_str()),
        ("seen", seen.as_str()),
        ("caps.per_day", "50"),
        ("breaker.factor", "3"),
        ("breaker.minimum", "50"),
    ];
    console.post(&admin, "/console/settings/caps", &fields).await.is(303);
    assert_eq!(settings(&console).await.caps.per_person, None);
}

#[tokio::test]
async fn a_change_is_tried_before_it_is_stored() {
    let (console, admin) = set_up().await;
    let page = console.get(&admin, "/console/settings/answers").await.is(200);
    let (rev, seen) = (hidden(&page, "revision"), hidden(&page, "seen"));
    let fields = [
        ("revision", rev.as_str()),
        ("seen", seen.as_str()),
        ("answers.stage", "auto"),
        ("answers.copies", "yes"),
        ("answers.model", "off"),
        ("answers.model_calls_per_day", "200"),
        ("act", "preview"),
    ];
    console
        .post(&admin, "/console/settings/answers", &fields)
        .await
        .is(200)
        .says("What would change")
        .says("Answers: Stage")
        .says("Nothing is stored yet");
    assert_eq!(settings(&console).await.answers, domain::Settings::named("x").answers);
}

#[tokio::test]
async fn somebody_who_was_slower_sees_what_another_changed_and_keeps_what_they_typed() {
    let (console, admin) = set_up().await;
    let page = console.get(&admin, "/console/settings/company").await.is(200);
    let (rev, seen) = (hidden(&page, "revision"), hidden(&page, "seen"));
    let own = |rev: &str, seen: &str, name: &str, country: &str| {
        [("revision", rev), ("seen", seen), ("name", name), ("country", country), ("collector_role", "first_party")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let send = async |fields: [(String, String); 5]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        console.post(&admin, "/console/settings/company", &fields).await
    };
    send(own(&rev, &seen, "acme & Sons", "GB")).await.is(303);
    let late =
        send(own(&rev, &seen, "Acme Ltd", "DE")).await.is(409).says("Somebody changed it meanwhile").says("value=\"Acme Ltd\"");
    assert!(late.html.contains("value=\"GB\""), "what they changed is in the form: {}", late.html);
    send(own(&hidden(&late, "revision"), &hidden(&late, "seen"), "Acme Ltd", "GB")).await.is(303);
    let known = settings(&console).await;
    assert_eq!((known.name.as_str(), known.country.as_str()), ("Acme Ltd", "GB"));
}

#[tokio::test]
async fn the_same_as_json_and_what_stops_everything() {
    let (console, admin) = set_up().await;
    let page = console.get(&admin, "/console/settings/json").await.is(200).says("Merge patch");
    let rev = hidden(&page, "revision");
    for (patch, flaw) in [("{", "it is no JSON"), ("[]", "a merge patch is an object"), ("{\"colour\": 1}", "colour")] {
        let fields = [("revision", rev.as_str()), ("patch", patch), ("act", "save")];
        console.post(&admin, "/console/settings/json", &fields).await.is(422).says(flaw);
    }
    let fields = [("revision", rev.as_str()), ("patch", "{\"reply_to\": \"ar@acme.example\"}"), ("act", "save")];
    console.post(&admin, "/console/settings/json", &fields).await.is(303);
    console.post(&admin, "/console/settings/json", &fields).await.is(409);
    console.post(&admin, "/console/settings/pause", &[]).await.is(303);
    console.get(&admin, "/console/settings").await.is(200).says("Everything is paused");
    console.post(&admin, "/console/settings/resume", &[]).await.is(303);
    assert!(!settings(&console).await.paused);
}

#[tokio::test]
async fn a_brand_is_drawn_and_its_flaws_are_at_its_fields() {
    let (console, admin) = set_up().await;
    let page = console.get(&admin, "/console/settings/brand").await.is(200).says("As customers see it").hides("style=");
    let rev = hidden(&page, "revision");
    let fields = [
        ("revision", rev.as_str()),
        ("entity", ""),
        ("colour", "#ffff00"),
        ("logo", "x"),
        ("particulars", "Acme"),
        ("act", "save"),
    ];
    console.post(&admin, "/console/settings/brand", &fields).await.is(422).says("id=\"flaw-colour\"").says("id=\"flaw-logo\"");
    let good = [("revision", rev.as_str()), ("entity", ""), ("colour", "#1a56b0"), ("particulars", "Acme <b>"), ("act", "save")];
    console.post(&admin, "/console/settings/brand", &good).await.is(303);
    console.get(&admin, "/console/settings/brand").await.is(200).says("fill=\"#1a56b0\"").says("Acme &lt;b&gt;");
    let preview = "/console/settings/brand/preview?colour=%23123456&particulars=Here";
    console.get(&admin, preview).await.is(200).says("fill=\"#123456\"").says("Here");
    console.get(&admin, "/console/settings/brand?entity=none").await.is(404);
}

#[tokio::test]
async fn whoever_may_not_change_them_reads_them() {
    let (console, _) = set_up().await;
    let viewer = console.as_role("viewer").await;
    console.get(&viewer, "/console/settings/caps").await.is(200).says("An admin changes this.").hides("name=\"act\"");
    console.post(&viewer, "/console/settings/caps", &[("caps.per_day", "5")]).await.is(403).says("role admin");
    // A tenant that is not set up has a page that says so.
    let other = console.sign_in("o", "other", "admin").await;
    console.get(&other, "/console/settings").await.is(200).says("no settings yet");
}
