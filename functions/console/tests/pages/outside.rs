//! Pages of privacy, webhooks and connections.

use serde_json::Value;

use crate::browser::Console;

#[tokio::test]
async fn an_address_is_stopped_and_lifted_with_a_reason() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let (collector, manager) = (console.as_role("collector").await, console.as_role("manager").await);
    let enter = "/console/privacy/suppressions";
    console.post(&collector, enter, &[("channel", "email"), ("address", "x")]).await.is(422).says("id=\"flaw-address\"");
    let fields = [("channel", "email"), ("address", "ap@acme.example"), ("reason", "opt_out"), ("note", "by phone")];
    console.post(&collector, enter, &fields).await.is(303);
    let id = store::AddressId::of(domain::Channel::Email, "ap@acme.example").to_string();
    let page = console.get(&collector, &format!("{enter}/{id}")).await.is(200).says("opt out").says("by phone").hides("Lift it");
    assert!(!page.html.contains("ap@acme.example"), "no more of it is shown than one knows it by");
    let page = console.get(&manager, &format!("{enter}/{id}")).await.is(200).says("Lift it");
    let entry = page.html.split_once("name=\"entry\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let lift = format!("{enter}/{id}/lift");
    console.post(&manager, &lift, &[("entry", &entry)]).await.is(422).says("id=\"flaw-reason\"");
    console.post(&collector, &lift, &[("entry", &entry), ("reason", "agreed")]).await.is(403).says("role manager");
    console.post(&manager, &lift, &[("entry", "another"), ("reason", "agreed")]).await.is(409);
    console.post(&manager, &lift, &[("entry", &entry), ("reason", "agreed again")]).await.is(303);
    console.get(&manager, &format!("{enter}/{id}")).await.is(404);
}

#[tokio::test]
async fn a_person_is_found_by_an_address_that_no_address_of_ours_holds() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    console
        .post(&admin, "/console/privacy/find", &[("channel", "email"), ("address", "x")])
        .await
        .is(422)
        .says("flaw-find-address");
    let asked = [("channel", "email"), ("address", "nobody@acme.example")];
    let led = console.post(&admin, "/console/privacy/find", &asked).await.leads();
    assert!(led.starts_with("/console/privacy/people/con_") && !led.contains('@'), "{led}");
    console.get(&admin, &led).await.is(200).says("Nothing is known of them.");
    console.post(&admin, &format!("{led}/export"), &[]).await.is(404);
    let viewer = console.as_role("viewer").await;
    console.get(&viewer, "/console/privacy").await.is(200).says("How long documents are kept").hides("privacy/find");
    console.get(&viewer, &led).await.is(403);
}

#[tokio::test]
async fn a_system_is_subscribed_and_its_secret_shown_once() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    let out = "/console/webhooks/out";
    console.post(&admin, out, &[("url", "http://10.0.0.1/x")]).await.is(422).says("id=\"flaw-url\"").says("id=\"flaw-events\"");
    let kind = store::BusKind::ALL[0].as_str();
    let fields = [("name", "ERP"), ("url", "https://erp.example/hooks"), ("events", kind)];
    let made = console.post(&admin, out, &fields).await.is(200).says("whsec_");
    let address =
        made.html.replace("&#x2f;", "/").split_once("class=\"main\" href=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let page = console.get(&admin, &address).await.is(200).says("erp.example").hides("whsec_");
    let rev = page.html.split_once("name=\"revision\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    console.post(&admin, &format!("{address}/test"), &[("event", "Nothing")]).await.is(422);
    console.post(&admin, &format!("{address}/test"), &[("event", kind)]).await.is(303);
    console.get(&admin, &address).await.is(200).says(">sample<");
    let change = [("revision", rev.as_str()), ("name", "ERP 2"), ("url", "https://erp.example/hooks"), ("events", kind)];
    console.post(&admin, &address, &change).await.is(303);
    console.get(&admin, out).await.is(200).says("ERP 2").says("not in use");
    console.post(&admin, &address, &change).await.is(409).says("Somebody changed it meanwhile");
    console.post(&admin, &format!("{address}/replay"), &[("since", "2026-02-01T09:00")]).await.is(409).says("not in use");
    let rotated = console.post(&admin, &format!("{address}/rotate"), &[]).await.is(200).says("whsec_");
    assert_ne!(rotated.html, made.html);
    let stranger = console.sign_in("s", "other", "admin").await;
    console.get(&stranger, &address).await.is(404);
    console.post(&admin, &format!("{address}/delete"), &[]).await.is(303);
    console.get(&admin, &address).await.is(404);
}

#[tokio::test]
async fn a_source_is_connected_and_given_another_secret() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    console.get(&admin, "/console/connections").await.is(200).says("Nothing is connected yet.").says("QuickBooks Online");
    let address = "/console/connections/canonical";
    console.get(&admin, address).await.is(200).says("It is not connected.");
    let made =
        console.post(&admin, address, &[("revision", "0")]).await.is(200).says("Copy the secret now").says("webhooks&#x2f;acme");
    console.post(&admin, address, &[("revision", "0")]).await.is(409).says("Somebody changed it meanwhile");
    let page = console.get(&admin, address).await.is(200).says("Make a new secret");
    let rev = page.html.split_once("name=\"revision\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    console.post(&admin, address, &[("revision", &rev), ("overlap_hours", "x")]).await.is(422).says("id=\"flaw-overlap_hours\"");
    console
        .post(&admin, address, &[("revision", &rev), ("overlap_hours", "721")])
        .await
        .is(422)
        .says("id=\"flaw-overlap_hours\"");
    let other =
        console.post(&admin, address, &[("revision", &rev), ("overlap_hours", "48")]).await.is(200).says("is accepted until");
    assert_ne!(made.html, other.html);
    console.get(&admin, "/console/connections").await.is(200).says("the secret before is good until");
    let viewer = console.as_role("viewer").await;
    console.get(&viewer, address).await.is(200).hides("Make a new secret");
    console.post(&viewer, address, &[]).await.is(403).says("role admin");
    console.get(&viewer, "/console/connections/nobody").await.is(404);
}

#[tokio::test]
async fn a_payment_providers_credentials_are_looked_at_one_by_one_and_shown_to_nobody() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    let address = "/console/connections/pay-stripe";
    let wrong = [("secret_key", "sk_test_short"), ("webhook_secret", "nothing")];
    console
        .post(&admin, address, &wrong)
        .await
        .is(422)
        .says("id=\"flaw-secret_key\"")
        .says("id=\"flaw-webhook_secret\"")
        .hides("sk_test_short");
    let key = format!("sk_test_{}", "a".repeat(24));
    let hook = format!("whsec_{}", "b".repeat(24));
    console.post(&admin, address, &[("secret_key", &key), ("webhook_secret", &hook)]).await.is(303);
    console.get(&admin, address).await.is(200).says("the provider&#x27;s system for tests").hides(&key).hides(&hook);
    console.post(&admin, &format!("{address}/delete"), &[]).await.is(303);
    console.get(&admin, address).await.is(200).says("It is not connected.");
    // Books are connected by a sign-in, which the operator has to set up first.
    console.get(&admin, "/console/connections/xero").await.is(200).says("Begin the sign-in");
    console.post(&admin, "/console/connections/xero/authorize", &[]).await.is(409);
    console.post(&admin, "/console/connections/xero/confirm", &[("company", "a"), ("code", "b")]).await.is(404);
    console.post(&admin, "/console/connections/xero/backfill", &[("months", "x")]).await.is(422);
}

#[tokio::test]
async fn webhooks_that_came_are_looked_through() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let collector = console.as_role("collector").await;
    console.get(&collector, "/console/webhooks").await.is(200).says("what it says was taken").hides("webhooks/out");
    console.get(&collector, "/console/webhooks?on=2026-02-09").await.is(200).says("No webhook came.");
    console.get(&collector, "/console/webhooks?on=x").await.is(422);
    console.get(&collector, "/console/webhooks/whk_none").await.is(404);
    let manager = console.as_role("manager").await;
    let applied = console.post(&manager, "/console/webhooks/whk_none/apply", &[]).await.is(404);
    assert_eq!(applied.headers["location"], Value::Null);
}
