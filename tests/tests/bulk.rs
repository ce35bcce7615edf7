//! One action on many customers: looked at first, confirmed, done by a job that may die, shown line by line, and undone as a whole.

use local::{Fault, Mode, When};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

/// A desk with so many customers, each of whom owes 1,250.00 since yesterday.
async fn desk(customers: u32) -> TestTenant {
    let desk = TestTenant::at("2026-02-02T16:30:00Z").await;
    for n in 1..=customers {
        desk.put(&invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), 125_000, "2026-02-01")).await;
    }
    desk.advance("PT5M").await;
    desk
}

async fn id_of(desk: &TestTenant, external_id: &str) -> String {
    desk.matter(external_id).await["customer"]["id"].as_str().unwrap().to_owned()
}

/// What is asked, with more to it.
fn asked(what: Value, more: Value) -> Value {
    let mut asked = what;
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked
}

/// Begins something that a job does; where it is shown.
async fn begun(desk: &TestTenant, path: &str, asked: &Value) -> String {
    let begun = desk.admin("POST", path, asked).await.is(202);
    let id = begun.body["id"].as_str().unwrap();
    assert_eq!(begun.location.as_deref(), Some(format!("/v1/bulk/{id}").as_str()));
    format!("/v1/bulk/{id}")
}

async fn shown(desk: &TestTenant, path: &str) -> Value {
    desk.admin("GET", path, &Value::Null).await.is(200).body
}

/// The same once the job had its time.
async fn after(desk: &TestTenant, path: &str) -> Value {
    desk.advance("PT10S").await;
    shown(desk, path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_customers_are_paused_at_once_and_go_on_when_that_is_undone() {
    let desk = desk(3).await;
    let pause = json!({"filter": {"currency": "EUR"}, "action": {"pause": {"until_on": "2026-06-30"}}});
    let seen = desk.admin("POST", "/v1/bulk", &asked(pause.clone(), json!({"dry_run": true}))).await.is(200).body;
    assert_eq!(
        (&seen["id"], &seen["count"], &seen["money"][0]["open_minor"]),
        (&Value::Null, &json!(3), &json!(375_000)),
        "{seen}"
    );
    assert!(seen["lines"].as_array().unwrap().iter().all(|line| line.get("made").is_none()), "nothing is made yet: {seen}");
    // It names something, and takes everybody all the same.
    for (what, more) in
        [(&pause, json!({})), (&pause, json!({"confirm_count": 2})), (&json!({"filter": {}, "action": {"pause": {}}}), json!({}))]
    {
        let refused = desk.admin("POST", "/v1/bulk", &asked((*what).clone(), more)).await.is(400);
        assert_eq!(refused.pointers(), ["/confirm_count"], "{}", refused.text);
    }
    let at = begun(&desk, "/v1/bulk", &asked(pause, json!({"confirm_count": 3}))).await;
    let done = after(&desk, &at).await;
    assert_eq!(
        (&done["stage"], &done["job"]["status"], &done["counts"]),
        (&json!("done"), &json!("done"), &json!({"done": 3})),
        "{done}"
    );
    desk.end_of("2026-02-04").await;
    assert_eq!(desk.log(), Vec::<String>::new());
    begun(&desk, &format!("{at}/undo"), &Value::Null).await;
    let undone = after(&desk, &at).await;
    assert_eq!((&undone["stage"], &undone["counts"]), (&json!("undone"), &json!({"undone": 3})), "{undone}");
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log().len(), 3, "{:?}", desk.log());
    // A line that cannot be is left out, and says why.
    let ids = json!([id_of(&desk, "C-1").await, "cus_00000000000000000000", "x"]);
    let task = json!({"ids": ids, "action": {"task": {"title": "Call", "due_on": "2026-02-09"}}});
    let at = begun(&desk, "/v1/bulk", &task).await;
    let done = after(&desk, &at).await;
    assert_eq!(done["counts"], json!({"done": 1, "left_out": 2}), "{done}");
    assert_eq!(desk.tasks("task").await.len(), 1);
    begun(&desk, &format!("{at}/undo"), &Value::Null).await;
    after(&desk, &at).await;
    assert!(desk.tasks("task").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_book_is_planned_by_a_job_confirmed_and_done_once_though_a_worker_dies() {
    let desk = desk(101).await;
    let note = json!({"filter": {}, "action": {"note": {"text": "Prices rise in March."}}});
    let refused = desk.admin("POST", "/v1/bulk", &note).await.is(400);
    assert_eq!(refused.pointers(), ["/confirm_count"]);
    let at = begun(&desk, "/v1/bulk", &asked(note.clone(), json!({"dry_run": true}))).await;
    let before = shown(&desk, &at).await;
    assert_eq!(
        (&before["stage"], &before["count"], &before["lines"]),
        (&json!("planning"), &Value::Null, &json!([])),
        "{before}"
    );
    let seen = after(&desk, &at).await;
    assert_eq!(
        (&seen["stage"], &seen["count"], &seen["money"][0]["open_minor"]),
        (&json!("planned"), &json!(101), &json!(12_625_000))
    );
    // Another number than there are: nothing is done.
    let wrong = begun(&desk, "/v1/bulk", &asked(note.clone(), json!({"confirm_count": 100}))).await;
    let wrong = after(&desk, &wrong).await;
    assert_eq!((&wrong["stage"], &wrong["job"]["status"]), (&json!("planned"), &json!("failed")), "{wrong}");
    assert!(wrong["job"]["why"].as_str().unwrap().contains("101"), "{wrong}");
    // The worker dies among the lines, and the queue gives its slice out again.
    let fault = Fault { target: "jobs".to_owned(), mode: Some(Mode::Crash), times: 1, call: Some(500), when: Some(When::After) };
    desk.stack.fault(fault).unwrap();
    let at = begun(&desk, "/v1/bulk", &asked(note, json!({"confirm_count": 101}))).await;
    let half = after(&desk, &at).await;
    assert_eq!((&half["stage"], &half["job"]["status"]), (&json!("running"), &json!("running")), "{half}");
    desk.advance("PT7M").await;
    let done = shown(&desk, &at).await;
    assert_eq!((&done["stage"], &done["counts"]), (&json!("done"), &json!({"done": 101})), "{done}");
    let notes = async |customer: &str| {
        let path = format!("/v1/notes?customer={customer}");
        desk.admin("GET", &path, &Value::Null).await.is(200).body["data"].as_array().unwrap().len()
    };
    let customers: Vec<String> =
        done["lines"].as_array().unwrap().iter().map(|line| line["customer"].as_str().unwrap().to_owned()).collect();
    for customer in &customers {
        assert_eq!(notes(customer).await, 1, "{customer}");
    }
    let file = format!("/v1/jobs/{}/file", done["job"]["id"].as_str().unwrap());
    let link = desk.admin("GET", &file, &Value::Null).await.is(303).location.unwrap();
    assert_eq!(desk.call("GET", &link, &[], &[]).await.is(200).text.lines().count(), 101);
    begun(&desk, &format!("{at}/undo"), &Value::Null).await;
    assert_eq!(after(&desk, &at).await["counts"], json!({"undone": 101}));
    assert_eq!(notes(&customers[0]).await, 0);
    desk.admin("GET", &format!("{at}?cursor=1"), &Value::Null).await.is(422);
    let audit = desk.admin("GET", "/v1/audit?operation=undo_bulk&limit=200", &Value::Null).await.is(200).body;
    assert_eq!(audit["data"].as_array().unwrap().len(), 102, "the asking, and each customer");
}
