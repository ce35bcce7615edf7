//! Long work: started, watched, cancelled, gone on with after a crash; files that people send and fetch.

use local::{Fault, Mode, When};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TENANT, TestTenant},
};

use crate::described::is_described;

async fn desk() -> TestTenant {
    let desk = TestTenant::at("2026-02-10T08:00:30Z").await;
    for id in ["C-1", "C-2"] {
        desk.put(&invoice(&customer(id), &format!("F-{id}"), 125_000, "2026-02-04")).await;
    }
    desk
}

/// Starts a job; its path.
async fn start(desk: &TestTenant, asked: Value) -> String {
    let begun = desk.admin("POST", "/v1/jobs", &asked).await.is(202);
    assert_eq!((&begun.body["status"], &begun.body["done"]), (&json!("queued"), &json!(0)));
    format!("/v1/jobs/{}", begun.body["id"].as_str().unwrap())
}

async fn shown(desk: &TestTenant, job: &str) -> Value {
    let shown = desk.admin("GET", job, &Value::Null).await.is(200).body;
    is_described(desk, "JobOut", &shown).await;
    shown
}

/// Starts a job and lets it come to its end.
async fn ended(desk: &TestTenant, asked: Value) -> Value {
    let job = start(desk, asked).await;
    desk.advance("PT10S").await;
    let shown = shown(desk, &job).await;
    assert_eq!(shown["status"], "done", "{shown}");
    shown
}

/// A file that was sent; its id.
async fn sent(desk: &TestTenant, file: &str) -> String {
    let form = desk.admin("POST", "/v1/uploads", &json!({"content_type": "text/csv"})).await.is(201).body;
    desk.post_form(&form, &[], file).await.is(204);
    form["upload"].as_str().unwrap().to_owned()
}

const INVOICES: &str = "Invoice,Customer ID,Customer name,Date,Due date,Amount,Currency,Status\n\
                        I-1,C-7,Acme,2026-01-05,2026-02-04,1250.00,EUR,open\n\
                        I-2,C-7,Acme,2026-01-05,2026-02-04,99.50,EUR,paid\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_started_watched_and_listed() {
    let desk = desk().await;
    let done = ended(&desk, json!({"kind": "audit_book"})).await;
    assert_eq!((&done["done"], &done["total"], &done["result"]["customers"]), (&json!(2), &json!(2), &json!(2)));
    assert_eq!(done["result"]["ramp"]["overdue_customers"], 2);
    assert_eq!(done["result"]["age_basis"]["by_source"]["canonical"]["open_invoices"], 2);
    let listed = desk.admin("GET", "/v1/jobs", &Value::Null).await.is(200).body;
    assert_eq!(listed["data"][0]["id"], done["id"]);
    desk.admin("GET", "/v1/jobs?cursor=x", &Value::Null).await.is(422);
    let path = format!("/v1/jobs/{}", done["id"].as_str().unwrap());
    desk.admin("GET", &format!("{path}/file"), &Value::Null).await.is(404);
    desk.admin("POST", &format!("{path}/cancel"), &json!({})).await.is(409);
    desk.admin("GET", "/v1/jobs/job_1", &Value::Null).await.is(404);
    let audit = desk.admin("GET", "/v1/audit?operation=start_job", &Value::Null).await.is(200).body;
    assert!(audit.to_string().contains(done["id"].as_str().unwrap()), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_audit_found_is_named() {
    let desk = desk().await;
    let mut nobody = customer("C-3");
    nobody["contacts"] = json!([]);
    desk.put(&invoice(&nobody, "F-C-3", 125_000, "2026-02-04")).await;
    let mut person = customer("C-4");
    (person["contacts"], person["kind"]) = (json!([]), json!("person"));
    desk.put(&invoice(&person, "F-C-4", 125_000, "2026-02-04")).await;
    let found = ended(&desk, json!({"kind": "audit_book"})).await["result"]["without_usable_address"]["by_any"].clone();
    let mut named: Vec<(&Value, &Value)> = found["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|example| (&example["customer"]["external_id"], &example["customer"]["name"]))
        .collect();
    named.sort_by_key(|(id, _)| id.to_string());
    assert_eq!(named, [(&json!("C-3"), &nobody["name"]), (&json!("C-4"), &Value::Null)], "a person's name is not kept: {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_at_once_and_who_may_not_is_refused() {
    let desk = desk().await;
    for (asked, pointers) in [
        (json!({}), vec!["/kind"]),
        (json!({"kind": "paint"}), vec!["/kind"]),
        (json!({"kind": "simulate", "days": 0, "mode": "off"}), vec!["/days", "/mode"]),
        (json!({"kind": "import", "of": "invoices", "upload": "uploads/other/1"}), vec!["/upload"]),
        (json!({"kind": "import", "upload": "upl_1"}), vec!["/of"]),
    ] {
        assert_eq!(desk.admin("POST", "/v1/jobs", &asked).await.is(400).pointers(), pointers, "{asked}");
    }
    let token = [("authorization".to_owned(), format!("Bearer {}", desk.stack.token(TENANT, "admin").unwrap()))];
    let without = desk.call("POST", "/v1/jobs", &token, &[]).await.is(400).body;
    assert!(without["detail"].as_str().unwrap().starts_with("there is no body"), "{without}");
    desk.admin("POST", "/v1/uploads", &json!({"content_type": "text/html"})).await.is(400);
    let asked = json!({"costs": {"sms": 100_000_001}});
    assert_eq!(desk.admin("PATCH", "/v1/settings", &asked).await.is(422).pointers(), ["/costs/sms"]);
    for (role, kind, status) in [("viewer", "audit_book", 403), ("manager", "audit_book", 202), ("manager", "import", 403)] {
        let token = desk.stack.token(TENANT, role).unwrap();
        let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
        let body = json!({"kind": kind}).to_string();
        desk.call("POST", "/v1/jobs", &headers, body.as_bytes()).await.is(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_by_a_form_that_takes_nothing_else() {
    let desk = desk().await;
    let form = desk.admin("POST", "/v1/uploads", &json!({"content_type": "text/csv"})).await.is(201).body;
    assert!(form["fields"]["key"].as_str().unwrap().starts_with("uploads/acme/upl_"));
    desk.post_form(&form, &[("key", "uploads/other/upl_1")], "x").await.is(403);
    desk.post_form(&form, &[("Content-Type", "text/html")], "x").await.is(403);
    desk.post_form(&form, &[], "").await.is(400);
    desk.post_form(&form, &[], "x").await.is(204);
    desk.advance("PT16M").await;
    desk.post_form(&form, &[], "x").await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_invoices_is_tried_taken_and_taken_again() {
    let desk = desk().await;
    let upload = sent(&desk, INVOICES).await;
    let dry =
        ended(&desk, json!({"kind": "import", "of": "invoices", "upload": upload, "dry_run": true})).await["result"].clone();
    assert_eq!((&dry["documents"], &dry["applied"], &dry["columns"]["total"]), (&json!(2), &json!(0), &json!("Amount")));
    desk.admin("GET", "/v1/customers/import/C-7", &Value::Null).await.is(404);
    let taken = ended(&desk, json!({"kind": "import", "of": "invoices", "upload": upload})).await["result"].clone();
    assert_eq!((&taken["applied"], &taken["known"]), (&json!(2), &json!(0)));
    let matter = desk.admin("GET", "/v1/customers/import/C-7", &Value::Null).await.is(200).body;
    assert_eq!((&matter["due_items_count"], &matter["due_items"][0]["due_now_minor"]), (&json!(1), &json!(125_000)));
    // The same file again says what is known.
    let again = ended(&desk, json!({"kind": "import", "of": "invoices", "upload": upload})).await["result"].clone();
    assert_eq!((&again["applied"], &again["known"]), (&json!(0), &json!(2)));
    // A person comes to a customer of the import, and nobody to one that it does not know.
    let people = sent(&desk, "customer id,name,email\nC-7,Anna,ap@acme.example\nC-404,Ben,b@acme.example\n").await;
    let come = ended(&desk, json!({"kind": "import", "of": "contacts", "upload": people})).await["result"].clone();
    assert_eq!((&come["applied"], &come["refused"][0]["line"]), (&json!(1), &json!(3)), "{come}");
    let named = sent(&desk, "id,name,country\nC-7,Acme GmbH,DE\n").await;
    assert_eq!(ended(&desk, json!({"kind": "import", "of": "customers", "upload": named})).await["result"]["applied"], 1);
    let known = desk.admin("GET", "/v1/customers/import/C-7", &Value::Null).await.is(200).body;
    assert_eq!(known["customer"]["contacts"][0]["email"], "ap@acme.example", "a file without people takes none away");
    let wrong = sent(&desk, "Invoice,Customer ID,Date,Due date,Amount,Currency\nI-9,C-7,2026-01-05,soon,10.00,EUR\n").await;
    let wrong = ended(&desk, json!({"kind": "import", "of": "invoices", "upload": wrong})).await["result"].clone();
    assert_eq!(wrong["wrong"][0], json!({"line": 2, "column": "Due date", "detail": "is no date such as 2026-01-31"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_is_compared_with_a_file() {
    let desk = desk().await;
    let upload = sent(&desk, "customer,currency,open\nC-1,EUR,1250.00\nC-3,EUR,5.00\n").await;
    let asked = json!({"kind": "reconcile", "upload": upload, "totals": {"EUR": 250_000}});
    let found = ended(&desk, asked).await;
    assert_eq!(found["result"]["totals"][0]["difference_minor"], 0);
    let why: Vec<(&str, &str)> = found["result"]["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["customer_external_id"].as_str().unwrap(), one["why"].as_str().unwrap()))
        .collect();
    assert_eq!(why, [("C-2", "only_here"), ("C-3", "only_there")]);
    let file = desk.admin("GET", found["file"].as_str().unwrap(), &Value::Null).await.is(303);
    let link = file.location.unwrap();
    assert_eq!(desk.call("GET", &link, &[], &[]).await.is(200).text.lines().count(), 2);
    desk.call("GET", &link.replace("differences", "findings"), &[], &[]).await.is(403);
    desk.advance("PT16M").await;
    desk.call("GET", &link, &[], &[]).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_worker_died_is_gone_on_with() {
    for call in [2, 5] {
        let desk = desk().await;
        let fault =
            Fault { target: "jobs".to_owned(), mode: Some(Mode::Crash), times: 1, call: Some(call), when: Some(When::After) };
        desk.stack.fault(fault).unwrap();
        let job = start(&desk, json!({"kind": "simulate", "days": 5})).await;
        desk.advance("PT10S").await;
        assert_eq!(shown(&desk, &job).await["status"], "running", "the worker died at its call {call}");
        // The queue gives the slice out again after six times what the function may take.
        desk.advance("PT7M").await;
        assert_eq!(shown(&desk, &job).await["status"], "done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slices_left_in_the_bucket_goes_when_the_job_is_over() {
    let desk = desk().await;
    ended(&desk, json!({"kind": "simulate", "days": 5})).await;
    let calls = desk.stack.metrics().calls_of["jobs"].clone();
    // Who was listed, one part of the book, what happened in it, what the present workflows come to; the file stays.
    assert_eq!((calls["s3:PutObject"], calls["s3:DeleteObject"]), (5, 4), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_asked_for_twice_under_one_key_is_one() {
    let desk = desk().await;
    let token = desk.stack.token(TENANT, "manager").unwrap();
    let key = ("idempotency-key".to_owned(), "audit-2026-02-10".to_owned());
    let headers = [("authorization".to_owned(), format!("Bearer {token}")), key];
    let body = json!({"kind": "audit_book"}).to_string();
    let first = desk.call("POST", "/v1/jobs", &headers, body.as_bytes()).await.is(202).body;
    let second = desk.call("POST", "/v1/jobs", &headers, body.as_bytes()).await.is(202).body;
    assert_eq!(first["id"], second["id"]);
    let listed = desk.admin("GET", "/v1/jobs", &Value::Null).await.is(200).body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_stays_so() {
    let desk = desk().await;
    desk.fault("jobs", Mode::Skip, 100_000);
    let job = start(&desk, json!({"kind": "audit_book"})).await;
    desk.advance("PT10S").await;
    let cancelled = desk.admin("POST", &format!("{job}/cancel"), &json!({})).await.is(200).body;
    assert_eq!(cancelled["status"], "cancelled");
    desk.mend("jobs");
    desk.advance("PT10M").await;
    assert_eq!(shown(&desk, &job).await["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_played_and_what_differs_is_said_and_nothing_is_done() {
    let desk = desk().await;
    let present = desk.admin("GET", "/v1/workflows", &Value::Null).await.is(200).body;
    let id = present["workflows"][0]["id"].as_str().unwrap().to_owned();
    let mut other = desk.admin("GET", &format!("/v1/workflows/{id}"), &Value::Null).await.is(200).body;
    // The step that writes first goes.
    other["steps"].as_array_mut().unwrap().remove(0);
    let asked = json!({"workflow": other, "days": 60});
    let begun = desk.admin("POST", &format!("/v1/workflows/{id}/simulate"), &asked).await.is(202);
    desk.advance("PT10S").await;
    let done = shown(&desk, &format!("/v1/jobs/{}", begun.body["id"].as_str().unwrap())).await;
    assert_eq!(done["status"], "done", "{done}");
    assert!(done["result"]["difference"]["counts"].is_object(), "{done}");
    assert_eq!(desk.sent().len(), 0, "nothing was sent");
    assert_eq!(desk.matter("C-1").await["records"], json!([]), "nothing was decided");
    desk.admin("POST", &format!("/v1/workflows/{id}/simulate"), &json!({})).await.is(404);
    desk.admin("POST", "/v1/workflows/another/simulate", &asked).await.is(400);
    let audit = desk.admin("GET", "/v1/audit?operation=simulate_workflow", &Value::Null).await.is(200).body;
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
}

/// What comes otherwise by the draft of `standard`: step, change and reasons.
async fn differs(desk: &TestTenant, asked: Value) -> Vec<(String, String, Value)> {
    let begun = desk.admin("POST", "/v1/workflows/standard/simulate", &asked).await.is(202);
    desk.advance("PT10S").await;
    let done = shown(desk, &format!("/v1/jobs/{}", begun.body["id"].as_str().unwrap())).await;
    assert_eq!(done["status"], "done", "{done}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let examples = done["result"]["difference"]["examples"].as_array().unwrap();
    examples.iter().map(|one| (text(&one["step"]), text(&one["change"]), one["why"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_played_with_its_map_of_steps() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    for id in ["C-1", "C-2"] {
        desk.put(&invoice(&customer(id), &format!("F-{id}"), 10_000, "2026-02-04")).await;
    }
    desk.end_of("2026-02-06").await;
    let sent = desk.sent().len();
    let mut draft =
        desk.admin("POST", "/v1/workflows/standard/draft", &json!({"from": "current"})).await.is(200).body["workflow"].clone();
    // What everybody has behind them has another id, and so has what comes next.
    draft["steps"][1]["id"] = json!("first");
    draft["steps"][2]["id"] = json!("second");
    desk.admin("PUT", "/v1/workflows/standard/draft", &draft).await.is(200);
    let map = json!({"reminder": "first", "nudge": "second"});
    let same = differs(&desk, json!({"days": 30, "migration": map})).await;
    assert!(same.is_empty(), "{same:?}");
    draft["steps"][2]["at"]["offset"] = json!("P12D");
    desk.admin("PUT", "/v1/workflows/standard/draft", &draft).await.is(200);
    let later = ("second".to_owned(), "later".to_owned(), json!(["moment_changed"]));
    assert_eq!(differs(&desk, json!({"days": 30, "migration": map})).await, [later.clone(), later]);
    // Running cases stay where nothing says what becomes of their steps.
    let same = differs(&desk, json!({"days": 30})).await;
    assert!(same.is_empty(), "{same:?}");
    let wrong = json!({"days": 30, "migration": {"no such step": "first"}});
    let begun = desk.admin("POST", "/v1/workflows/standard/simulate", &wrong).await.is(202);
    desk.advance("PT10S").await;
    let failed = shown(&desk, &format!("/v1/jobs/{}", begun.body["id"].as_str().unwrap())).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["why"].as_str().unwrap().starts_with("/migration/no such step: "), "{failed}");
    assert_eq!(desk.sent().len(), sent, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_did_is_exported_whole() {
    let desk = desk().await;
    ended(&desk, json!({"kind": "audit_book"})).await;
    let done = ended(&desk, json!({"kind": "audit_export"})).await;
    let link = desk.admin("GET", done["file"].as_str().unwrap(), &Value::Null).await.is(303).location.unwrap();
    let file = desk.call("GET", &link, &[], &[]).await.is(200).text;
    assert_eq!(done["result"]["lines"], file.lines().count());
    let page = desk.admin("GET", "/v1/audit/export", &Value::Null).await.is(200).text;
    // The job's own start is in both: it was asked for before it was taken up.
    assert_eq!(file, page);
    let later = json!({"kind": "audit_export", "from": "2030-01-01T00:00:00Z", "until": "2030-01-02T00:00:00Z"});
    assert_eq!(ended(&desk, later).await["result"]["lines"], 0);
}
