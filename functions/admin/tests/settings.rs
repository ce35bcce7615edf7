//! Settings through the admin API: changed by what is named, tried before they are stored, and live only where nothing is missing.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{Api, request};
use serde_json::{Value, json};

impl Api {
    /// Asks as an admin of `acme`; the answer, which must have this status.
    #[track_caller]
    fn expect<'a>(&'a self, method: &'a str, address: &'a str, body: Value, status: u64) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let event = request(method, address, Some(("acme", "admin")), &[], &body.to_string());
            let (got, said) = self.ask(event).await;
            assert_eq!(got, status, "at {caller}: {said}");
            said
        }
    }
}

fn pointers(listed: &Value) -> Vec<&str> {
    listed.as_array().into_iter().flatten().filter_map(|entry| entry["pointer"].as_str()).collect()
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_keeps_the_rest() {
    let api = Api::new().await;
    api.expect("PATCH", "/v1/settings", json!({"name": "Acme"}), 404).await;
    let whole = json!({
        "name": "Acme", "country": "DE", "sender": {"email": "ar@acme.example", "sms": "ACME"}, "reply_to": "ar@acme.example",
        "window": {"from": "08:00", "to": "18:00"}, "caps": {"per_hour": 10, "per_day": 100}, "payment_details": "By transfer",
    });
    let stored = api.expect("PUT", "/v1/settings", whole, 200).await;
    assert_eq!(stored["changes"][0]["pointer"], "/caps/per_day", "against the defaults: {}", stored["changes"]);
    let patch =
        json!({"mode": "live", "caps": {"per_day": 50, "per_hour": null}, "window": {"to": "17:00"}, "payment_details": null});
    let after = api.expect("PATCH", "/v1/settings", patch.clone(), 200).await;
    let mut expected = stored["settings"].clone();
    expected["mode"] = json!("live");
    expected["caps"] = json!({"per_day": 50});
    expected["window"] = json!({"from": "08:00", "to": "17:00"});
    expected.as_object_mut().unwrap().remove("payment_details");
    assert_eq!(after["settings"], expected);
    assert_eq!(pointers(&after["changes"]), ["/caps/per_day", "/caps/per_hour", "/mode", "/payment_details", "/window/to"]);
    assert_eq!(after["changes"][0], json!({"pointer": "/caps/per_day", "before": 100, "after": 50}));
    let again = api.expect("PATCH", "/v1/settings", patch, 200).await;
    assert_eq!((&again["changes"], &again["settings"]), (&json!([]), &expected));
    // Back to the default, and nothing else.
    let back = api.expect("PATCH", "/v1/settings", json!({"window": null}), 200).await;
    assert_eq!(
        (&back["settings"]["window"], &back["settings"]["reply_to"]),
        (&json!({"from": "09:00", "to": "17:00"}), &json!("ar@acme.example"))
    );
    for patch in [json!([]), json!("live"), json!(null)] {
        let refused = api.expect("PATCH", "/v1/settings", patch, 422).await;
        assert_eq!(pointers(&refused["errors"]), [""]);
    }
    let nameless = api.expect("PATCH", "/v1/settings", json!({"name": null}), 422).await;
    assert_eq!(pointers(&nameless["errors"]), ["/name"]);
}

#[tokio::test]
async fn a_dry_run_says_everything_and_stores_nothing() {
    let api = Api::new().await;
    let before = api.world.everything_but_calls().await;
    let tried = api
        .expect(
            "PUT",
            "/v1/settings?dry_run=true",
            json!({"name": "Acme", "colour": 1, "country": "XX", "window": {"from": "25:00"}}),
            422,
        )
        .await;
    assert_eq!(pointers(&tried["errors"]), ["/colour", "/window/from", "/country"]);
    assert_eq!(api.world.everything_but_calls().await, before, "it is tried before the tenant is there");
    api.expect("PUT", "/v1/settings", json!({"name": "Acme", "caps": {"per_day": 5}}), 200).await;
    let before = api.world.everything_but_calls().await;
    for (method, body, changed) in [
        (
            "PATCH",
            json!({"mode": "live", "sender": {"email": "ar@acme.example", "sms": "ACME"}}),
            vec!["/mode", "/sender/email", "/sender/sms"],
        ),
        ("PUT", json!({"name": "Acme"}), vec!["/caps/per_day"]),
        ("PATCH", json!({}), vec![]),
    ] {
        let tried = api.expect(method, "/v1/settings?dry_run=true", body.clone(), 200).await;
        assert_eq!(pointers(&tried["changes"]), changed, "{body}: {tried}");
    }
    // What would be refused is refused, as without `dry_run`.
    for (body, flaws) in [
        (json!({"mode": "live", "caps": {"per_day": 9}}), vec!["/sender/email", "/sender/sms"]),
        (json!({"mode": "live", "sender": {"email": "ar@acme.example"}}), vec!["/sender/sms"]),
        (json!({"shards": 1, "country": "de", "caps": []}), vec!["/caps", "/country", "/shards"]),
    ] {
        for address in ["/v1/settings?dry_run=true", "/v1/settings"] {
            let refused = api.expect("PATCH", address, body.clone(), 422).await;
            assert_eq!(pointers(&refused["errors"]), flaws, "{body}: {refused}");
        }
    }
    assert_eq!(api.world.everything_but_calls().await, before);
    api.expect("PATCH", "/v1/settings?dry_run=perhaps", json!({}), 400).await;
}

#[tokio::test]
async fn live_is_refused_with_everything_that_is_missing_or_wrong() {
    let api = Api::new().await;
    let refused =
        api.expect("PUT", "/v1/settings", json!({"name": "Acme", "mode": "live", "country": "XX", "logo": 1}), 422).await;
    assert_eq!(pointers(&refused["errors"]), ["/logo", "/country", "/sender/email", "/sender/sms"]);
    let shadow = api.expect("PUT", "/v1/settings", json!({"name": "Acme"}), 200).await;
    assert_eq!(pointers(&shadow["warnings"]), ["/sender/email", "/sender/sms"], "it is said before it is needed");
    let refused = api.expect("PATCH", "/v1/settings", json!({"mode": "live"}), 422).await;
    assert_eq!(pointers(&refused["errors"]), ["/sender/email", "/sender/sms"]);
    let live = api
        .expect(
            "PATCH",
            "/v1/settings",
            json!({"mode": "live", "language": "pl", "sender": {"email": "ar@acme.example", "sms": "ACME"}}),
            200,
        )
        .await;
    assert_eq!(pointers(&live["warnings"]), ["/mode", "/language"], "nothing is connected, and no text is in Polish: {live}");
    // What a live tenant has it must not lose; paused, and live without a workflow, it can be set all the same.
    let refused = api.expect("PATCH", "/v1/settings", json!({"sender": null}), 422).await;
    assert_eq!(pointers(&refused["errors"]), ["/sender/email", "/sender/sms"]);
    let refused = api.expect("PATCH", "/v1/settings", json!({"sender": {"sms": null}}), 422).await;
    assert_eq!(pointers(&refused["errors"]), ["/sender/sms"]);
    let event = request("DELETE", "/v1/workflows/standard", Some(("acme", "admin")), &[], "");
    api.handler.handle(event).await.unwrap();
    let paused = api.expect("PATCH", "/v1/settings", json!({"paused": true, "language": null}), 200).await;
    assert_eq!(pointers(&paused["warnings"]), ["/mode", "/paused", "/mode"]);
    api.expect("PATCH", "/v1/settings", json!({"mode": "off"}), 200).await;
    assert_eq!(pointers(&api.expect("PATCH", "/v1/settings", json!({"mode": "live"}), 422).await["errors"]), ["/mode"]);
}

#[tokio::test]
async fn a_tenant_that_has_been_live_without_a_sender_can_still_be_set() {
    let api = Api::new().await;
    api.expect("PUT", "/v1/settings", json!({"name": "Acme"}), 200).await;
    let acme = domain::TenantId::parse("acme").unwrap();
    let mut settings = api.world.store.settings(&acme).await.unwrap().unwrap().value;
    settings.mode = domain::Mode::Live;
    api.world.store.put_settings(&acme, &settings, None, api.world.now()).await.unwrap();
    let set = api.expect("PATCH", "/v1/settings", json!({"paused": true}), 200).await;
    assert!(pointers(&set["warnings"]).contains(&"/sender/email"), "{set}");
}

#[tokio::test]
async fn publishing_warns_of_what_is_left_to_people() {
    let api = Api::new().await;
    api.expect("PUT", "/v1/settings", json!({"name": "Acme"}), 200).await;
    let workflow = json!({
        "name": "W", "scope": "customer", "steps": [
            {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"}, "when": "!history.replied_since('reminder')",
             "action": {"send": {"channels": ["email", "voice"], "template": "reminder", "to": ["billing"]}}},
            {"id": "agency", "at": {"anchor": "due_date", "offset": "P40D"}, "action": {"hand_off": {"agency": "northgate"}}},
        ],
    });
    let published = api.expect("PUT", "/v1/workflows/w", workflow, 200).await;
    assert_eq!(
        pointers(&published["warnings"]),
        ["/steps/0/when", "/steps/0/action/send/channels/1", "/steps/1/action/hand_off", "/steps/0/action/send/channels/0"],
        "of a channel without a sender it is said last"
    );
    // What was answered can be sent again.
    let again = api.expect("PUT", "/v1/workflows/w", published.clone(), 200).await;
    assert_eq!(again, published);
}

#[tokio::test]
async fn no_live_tenant_publishes_a_step_that_could_send_nothing() {
    let api = Api::new().await;
    let sends = |channels: Value| {
        json!({"name": "W", "scope": "customer", "steps": [
            {"id": "call", "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"task": {"title": "Call"}}},
            {"id": "text", "at": {"anchor": "due_date", "offset": "P2D"},
             "action": {"send": {"channels": channels, "template": "reminder", "to": ["billing"]}}},
            {"id": "review", "at": {"anchor": "due_date", "offset": "P40D"}, "action": {"task": {"title": "Look at it"}}},
        ]})
    };
    let sms = "/steps/1/action/send/channels/1";
    api.expect("PUT", "/v1/settings", json!({"name": "Acme", "sender": {"email": "ar@acme.example"}}), 200).await;
    let both = api.expect("PUT", "/v1/workflows/standard", sends(json!(["email", "sms"])), 200).await;
    assert_eq!(pointers(&both["warnings"]), [sms], "in shadow mode it is said");
    let mail = api.expect("PUT", "/v1/workflows/standard", sends(json!(["email"])), 200).await;
    assert_eq!(mail["warnings"], json!([]));
    api.expect("PATCH", "/v1/settings", json!({"mode": "live"}), 200).await;
    for id in ["standard", "another"] {
        let refused = api.expect("PUT", &format!("/v1/workflows/{id}"), sends(json!(["email", "sms"])), 422).await;
        assert_eq!(pointers(&refused["errors"]), [sms], "{id}");
        let detail = refused["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("step 'text'") && detail.contains("set sender.sms"), "{detail}");
    }
    api.expect("PUT", "/v1/workflows/standard", sends(json!(["email"])), 200).await;
    api.expect("PATCH", "/v1/settings", json!({"sender": {"sms": "ACME"}}), 200).await;
    let both = api.expect("PUT", "/v1/workflows/standard", sends(json!(["email", "sms"])), 200).await;
    assert_eq!(both["warnings"], json!([]));
}

#[tokio::test]
async fn a_tenant_that_sent_without_a_sender_before_publishes_all_the_same() {
    let api = Api::new().await;
    api.expect("PUT", "/v1/settings", json!({"name": "Acme", "sender": {"email": "ar@acme.example"}}), 200).await;
    let acme = domain::TenantId::parse("acme").unwrap();
    let mut settings = api.world.store.settings(&acme).await.unwrap().unwrap().value;
    settings.mode = domain::Mode::Live;
    api.world.store.put_settings(&acme, &settings, None, api.world.now()).await.unwrap();
    let mut workflow = api.expect("GET", "/v1/workflows/standard", Value::Null, 200).await;
    workflow["name"] = json!("Ours");
    let published = api.expect("PUT", "/v1/workflows/standard", workflow, 200).await;
    assert!(!pointers(&published["warnings"]).is_empty(), "{published}");
}

#[tokio::test]
async fn a_tenant_for_training_is_so_from_the_first_and_sends_nothing() {
    let api = Api::new().await;
    let whole = json!({"name": "Acme", "country": "DE", "sender": {"email": "ar@acme.example", "sms": "ACME"}, "training": true});
    let mut live = whole.clone();
    live["mode"] = json!("live");
    let refused = api.expect("PUT", "/v1/settings", live.clone(), 422).await;
    assert_eq!(pointers(&refused["errors"]), ["/mode"], "{refused}");
    let made = api.expect("PUT", "/v1/settings", whole.clone(), 200).await;
    assert_eq!((&made["settings"]["training"], &made["settings"]["mode"]), (&json!(true), &json!("shadow")));
    for (method, body, expected) in [
        ("PATCH", json!({"mode": "live"}), vec!["/mode"]),
        ("PATCH", json!({"training": false}), vec!["/training"]),
        ("PATCH", json!({"training": null, "mode": "live"}), vec!["/training"]),
        ("PUT", live, vec!["/mode"]),
    ] {
        let refused = api.expect(method, "/v1/settings", body.clone(), 422).await;
        assert_eq!(pointers(&refused["errors"]), expected, "{method} {body}");
    }
    // What a PUT leaves out stays.
    let mut without = whole;
    without.as_object_mut().unwrap().remove("training");
    assert_eq!(api.expect("PUT", "/v1/settings", without, 200).await["settings"]["training"], true);
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let claims = json!({"tenant": "acme", "role": "admin", "sub": "ann", "email": "ann@acme.example", "email_verified": true});
    let body = json!({"customer": customer, "workflow": "standard", "step": "reminder"}).to_string();
    let token = common::issuer::token(&claims);
    let (status, said) = api.ask(common::request_with("POST", "/v1/messages/test", Some(&token), &[], &body)).await;
    assert!(status == 409 && said["detail"].as_str().unwrap().contains("training"), "{status} {said}");
    // One that is at work stays so.
    let other = request("PUT", "/v1/settings", Some(("other", "admin")), &[], &json!({"name": "Other"}).to_string());
    assert_eq!(api.ask(other).await.0, 200);
    let patch = request("PATCH", "/v1/settings", Some(("other", "admin")), &[], &json!({"training": true}).to_string());
    let (status, said) = api.ask(patch).await;
    assert_eq!((status, pointers(&said["errors"])), (422, vec!["/training"]), "{said}");
}
