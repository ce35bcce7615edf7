//! Versions of a workflow while cases run: a draft, a share of cases, all of them, and back. Nobody gets a step twice.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CaseId, Rollout};
use local::{Mode, token::TokenIn};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TENANT, TestTenant, step},
};

const CUSTOMERS: usize = 12;

/// The case of each customer: its id and the version that it is pinned to.
async fn cases(desk: &TestTenant) -> BTreeMap<usize, (String, u32)> {
    let mut cases = BTreeMap::new();
    for n in 0..CUSTOMERS {
        let matter = desk.matter(&format!("C-{n}")).await;
        let case = &matter["cases"][0];
        let version = u32::try_from(case["version"].as_u64().unwrap()).unwrap();
        cases.insert(n, (case["id"].as_str().unwrap().to_owned(), version));
    }
    cases
}

fn versions(cases: &BTreeMap<usize, (String, u32)>) -> BTreeSet<u32> {
    cases.values().map(|(_, version)| *version).collect()
}

/// The steps that each customer got, in order.
fn got(desk: &TestTenant) -> BTreeMap<String, Vec<&'static str>> {
    let mut got: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for mail in desk.sent() {
        got.entry(mail.to.clone()).or_default().push(step(&mail));
    }
    got
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_goes_to_a_share_then_to_all_and_back_and_nobody_gets_a_step_twice() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    for n in 0..CUSTOMERS {
        desk.put(&invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), 10_000, "2026-02-04")).await;
    }
    desk.end_of("2026-02-06").await;
    assert!(got(&desk).values().all(|steps| *steps == ["heads-up", "reminder"]), "{:?}", got(&desk));

    // The nudge has another id in the draft, and so has the reminder, which everybody has behind them.
    let begun = desk.admin("POST", "/v1/workflows/standard/draft", &json!({"from": "current"})).await.is(200).body;
    assert_eq!((begun["base_version"].as_u64(), begun["from"].as_str()), (Some(1), Some("version/1")));
    let mut draft = begun["workflow"].clone();
    draft["steps"][1]["id"] = json!("first");
    draft["steps"][2]["id"] = json!("second");
    desk.admin("PUT", "/v1/workflows/standard/draft", &draft).await.is(200);
    let proof = desk.admin("POST", "/v1/workflows/standard/validate", &Value::Null).await.is(200).body;
    assert_eq!((proof["publishable"].as_bool(), proof["findings"].as_array().map(Vec::len)), (Some(true), Some(0)), "{proof}");
    let map = json!({"share": 40, "migration": {"reminder": "first", "nudge": "second"}});
    let out = desk.admin("POST", "/v1/workflows/standard/publish", &map).await.is(200).body;
    assert_eq!((out["status"].as_str(), out["version"].as_u64(), out["share"].as_u64()), (Some("published"), Some(2), Some(40)));
    desk.admin("GET", "/v1/workflows/standard/draft", &Value::Null).await.is(404);
    desk.admin("PUT", "/v1/workflows/standard", &draft).await.is(409);

    desk.end_of("2026-02-13").await;
    let shared = cases(&desk).await;
    let rollout = Rollout { version: 2, share: 40, moves: vec![(1, 2)] };
    for (id, version) in shared.values() {
        assert_eq!(*version, rollout.target(&CaseId::parse(id).unwrap(), 1), "{id}");
    }
    assert_eq!(versions(&shared), [1, 2].into(), "the hash puts some of these customers on either side");
    assert!(got(&desk).values().all(|steps| *steps == ["heads-up", "reminder", "nudge"]), "{:?}", got(&desk));

    // What is explained says which version and why.
    let moved = shared.iter().find(|(_, (_, version))| *version == 2).map(|(n, _)| *n).unwrap();
    let why = desk.matter(&format!("C-{moved}")).await["now"][0]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("standard@2") && why.contains("40 of 100 cases"), "{why}");

    let wider = desk.admin("POST", "/v1/workflows/standard/publish", &json!({"share": 100})).await.is(200).body;
    assert_eq!((wider["version"].as_u64(), wider["share"].as_u64()), (Some(2), Some(100)));
    desk.end_of("2026-02-25").await;
    assert_eq!(versions(&cases(&desk).await), [2].into());

    let back = desk.admin("POST", "/v1/workflows/standard/rollback", &Value::Null).await.is(200).body;
    assert_eq!(back["version"], 3);
    let listed = desk.admin("GET", "/v1/workflows/standard/versions", &Value::Null).await.is(200).body;
    let again: Vec<&Value> = listed["data"].as_array().unwrap().iter().map(|version| &version["again"]).collect();
    assert_eq!(again, [&json!(1), &Value::Null, &Value::Null]);
    desk.end_of("2026-04-30").await;
    let ladder = ["heads-up", "reminder", "nudge", "formal-notice", "final-notice"];
    let all = got(&desk);
    assert_eq!(all.len(), CUSTOMERS);
    assert!(all.values().all(|steps| *steps == ladder), "{all:?}");
    assert_eq!(versions(&cases(&desk).await), [3].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_map_running_cases_stay_where_they_are() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    desk.put(&invoice(&customer("C-0"), "F-0", 10_000, "2026-02-04")).await;
    desk.end_of("2026-02-06").await;
    let mut draft = desk.admin("POST", "/v1/workflows/standard/draft", &json!({"from": "ready/strict"})).await.is(200).body;
    draft["workflow"]["name"] = json!("Strict");
    desk.admin("PUT", "/v1/workflows/standard/draft", &draft["workflow"]).await.is(200);
    desk.admin("POST", "/v1/workflows/standard/publish", &Value::Null).await.is(200);
    desk.put(&invoice(&customer("C-1"), "F-1", 10_000, "2026-02-20")).await;
    desk.end_of("2026-03-31").await;
    let got = got(&desk);
    assert_eq!(got["c-0@buyer.example"], ["heads-up", "reminder", "nudge", "formal-notice", "final-notice"]);
    assert_eq!(got["c-1@buyer.example"][..2], ["reminder", "formal-notice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_reaches_whoever_asks_or_a_member_once_and_is_no_contact_of_the_customer() {
    let desk = TestTenant::at("2026-02-05T10:00:00Z").await;
    desk.put(&invoice(&customer("C-0"), "F-0", 10_000, "2026-03-04")).await;
    desk.advance("PT5M").await;
    let before = desk.matter("C-0").await;
    let mut asked = json!({"customer": before["customer"]["id"], "workflow": "standard", "step": "reminder"});
    let text = |text: &str| Some(text.to_owned());
    let claims =
        TokenIn { tenant: text(TENANT), role: text("admin"), sub: text("ann"), email: text("Ann@acme.example"), name: None };
    let headers = [("authorization".to_owned(), format!("Bearer {}", desk.stack.token_for(&claims).unwrap()))];
    let own = desk.call("POST", "/v1/messages/test", &headers, asked.to_string().as_bytes()).await.is(200).body;
    assert_eq!((own["to"].as_str(), own["status"].as_str()), (Some("ann@acme.example"), Some("queued")));
    let invited = json!({"role": "viewer", "email": "kim@acme.example"});
    desk.admin("POST", "/v1/invitations", &invited).await.is(200);
    asked["to"] = json!("kim@acme.example");
    assert_eq!(desk.admin("POST", "/v1/messages/test", &asked).await.is(400).pointers(), ["/to"], "they did not come yet");
    let claims = TokenIn { tenant: text(TENANT), sub: text("kim"), email: text("Kim@acme.example"), ..TokenIn::default() };
    let kim = [("authorization".to_owned(), format!("Bearer {}", desk.stack.token_for(&claims).unwrap()))];
    desk.call("GET", "/v1/me", &kim, b"").await.is(200);
    let other = desk.admin("POST", "/v1/messages/test", &asked).await.is(200).body;
    desk.advance("PT5M").await;
    for test in [&own, &other] {
        let to = test["to"].as_str().unwrap();
        let mails: Vec<_> = desk.sent().into_iter().filter(|mail| mail.to == to).collect();
        assert_eq!(mails.len(), 1, "{to}");
        assert!(mails[0].subject.as_deref().unwrap().starts_with("[Test] Erinnerung"), "{:?}", mails[0].subject);
        let text = mails[0].text.as_deref().unwrap();
        assert!(text.starts_with("This is a test of Dunlin.") && text.contains("https://preview.invalid/p/preview"), "{text}");
        assert_eq!(result(&desk, test).await, json!({"id": test["id"], "to": to, "status": "sent"}));
    }

    // What the provider does not take, and what it gives no answer to, is told to who asks, and not tried again.
    for (mode, status) in [(Mode::Error, "failed"), (Mode::AcceptThenDrop, "unknown")] {
        desk.fault("sesv2", mode, 1);
        let test = desk.admin("POST", "/v1/messages/test", &asked).await.is(200).body;
        desk.advance("PT30M").await;
        let shown = result(&desk, &test).await;
        assert_eq!(shown["status"], status, "{shown}");
        assert!(!shown["why"].as_str().unwrap().is_empty() && !shown["why"].as_str().unwrap().contains('@'), "{shown}");
    }
    desk.mend("sesv2");
    let after = desk.matter("C-0").await;
    assert_eq!((&after["records"], &after["head"]["last_contact"]), (&before["records"], &before["head"]["last_contact"]));
    desk.end_of("2026-03-08").await;
    assert_eq!(got(&desk)["c-0@buyer.example"], ["heads-up", "reminder"], "the ladder goes on as if nothing was");
}

/// What is said of a test message.
async fn result(desk: &TestTenant, test: &Value) -> Value {
    let path = format!("/v1/messages/test/{}", test["id"].as_str().unwrap());
    desk.admin("GET", &path, &Value::Null).await.is(200).body
}
