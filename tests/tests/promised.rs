//! What customers say on the page behind their link, and what follows: nobody is chased for what was promised or is contested, and a person sees it.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice, payment},
    test_tenant::{Reply, TestTenant, portal_path},
};

use crate::paying::{page, value};

const START: &str = "2026-02-03T08:00:00Z";

/// A workflow in which somebody calls after a promise that was not kept.
fn with_call() -> Value {
    let step = |id: &str, anchor: &str, offset: &str, action: Value| json!({"id": id, "at": {"anchor": anchor, "offset": offset}, "action": action});
    let send = |template: &str| json!({"send": {"channels": ["email"], "template": template, "to": ["billing"]}});
    json!({
        "id": "with-call", "name": "With a call", "scope": "customer",
        "steps": [
            step("reminder", "due_date", "P1D", send("reminder")),
            step("call", "promise_date", "P1D", json!({"task": {"title": "Call about the promise"}})),
            step("nudge", "due_date", "P20D", send("nudge")),
            step("look", "due_date", "P60D", json!({"task": {"title": "Decide what to do"}})),
        ],
    })
}

/// A customer who owes 1,250.00 since the day before and was reminded; the path of its pages, and the invoice's id.
async fn reminded(workflows: Option<Vec<Value>>) -> (TestTenant, String, String) {
    let desk = TestTenant::with(START, json!({}), workflows).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-02")).await;
    desk.end_of("2026-02-03").await;
    assert_eq!(desk.log(), ["2026-02-03 email reminder"]);
    let path = portal_path(&desk.sent()[0]);
    let invoice = value(&page(&desk, &format!("{path}/promise")).await, "invoice").to_owned();
    (desk, path, invoice)
}

/// The agreement that a form came to, and the page that says so.
async fn made(desk: &TestTenant, reply: Reply) -> (String, String) {
    let location = reply.is(303).location.unwrap();
    let said = page(desk, &location).await;
    (location.split_once("made=").unwrap().1.to_owned(), said)
}

async fn status(desk: &TestTenant, id: &str) -> Value {
    desk.admin("GET", &format!("/v1/agreements/{id}"), &Value::Null).await.is(200).body["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_promised_is_waited_for_and_then_called_and_chased_again() {
    let (desk, path, invoice) = reminded(Some(vec![with_call()])).await;
    let body = format!("invoice={invoice}&amount=&pays_on=2026-02-13&way=transfer");
    let (id, said) = made(&desk, desk.post_page(&format!("{path}/promise"), &body).await).await;
    // Paid by transfer on Friday the 13th: on the ledger by the 17th.
    for text in ["bis zum 13. Februar 2026 1.250,00\u{a0}€ zu zahlen", "Wir warten bis zum 17. Februar 2026"] {
        assert!(said.contains(text), "no '{text}' in {said}");
    }
    let (again, _) = made(&desk, desk.post_page(&format!("{path}/promise"), &body).await).await;
    assert_eq!(again, id, "a form that is posted twice is one promise");
    desk.to("2026-02-17T22:00:00Z").await;
    assert_eq!((desk.log().len(), status(&desk, &id).await), (1, json!("open")));
    assert_eq!(desk.tasks("task").await, Vec::<Value>::new());
    assert!(page(&desk, &path).await.contains("Zahlung zugesagt für 13. Februar 2026"));
    desk.end_of("2026-02-19").await;
    assert_eq!(status(&desk, &id).await, "broken");
    let tasks = desk.tasks("task").await;
    assert_eq!((tasks.len(), &tasks[0]["title"]), (1, &json!("Call about the promise")));
    assert!(page(&desk, &path).await.contains("die für 13. Februar 2026 zugesagte Zahlung kam nicht vollständig"));
    assert!(page(&desk, &format!("{path}/promise?made={id}")).await.contains("Die Zahlung kam nicht rechtzeitig."));
    desk.end_of("2026-03-31").await;
    let log = desk.log();
    assert_eq!((log.len(), log.last().unwrap().rsplit(' ').next()), (2, Some("nudge")), "{log:?}");
    assert!(log[1].as_str() > "2026-02-18", "{log:?}");
    assert!(desk.sent()[1].text.as_deref().unwrap().contains("1.250,00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_promised_is_reminded_the_day_before_and_of_nothing_else() {
    let mut workflow = with_call();
    let reminder = json!({
        "id": "promised", "at": {"anchor": "promise_date", "offset": "-P1D"},
        "action": {"send": {"channels": ["email", "sms"], "template": "promise-reminder", "to": ["billing"]}},
    });
    workflow["steps"].as_array_mut().unwrap().insert(1, reminder);
    let (desk, path, invoice) = reminded(Some(vec![workflow])).await;
    let body = format!("invoice={invoice}&amount=&pays_on=2026-02-13&way=transfer");
    let (id, _) = made(&desk, desk.post_page(&format!("{path}/promise"), &body).await).await;
    desk.end_of("2026-02-11").await;
    assert_eq!(desk.log().len(), 1, "{:?}", desk.log());
    assert_eq!(desk.matter("C-1").await["due_items"][0]["due_now_minor"], 0, "all of it is kept back");
    desk.end_of("2026-02-12").await;
    assert_eq!(desk.log()[1..], ["2026-02-12 email promise-reminder"]);
    let mail = desk.sent()[1].text.clone().unwrap();
    for said in ["1.250,00\u{a0}€ für Rechnung F-1 für den 13. Februar 2026", "zugesagt für den"] {
        assert!(mail.contains(said) || desk.sent()[1].html.as_ref().unwrap().contains(said), "no '{said}' in {mail}");
    }
    // Why it left, though nothing was due: the rules say so too.
    let sent = desk.admin("GET", "/v1/messages?day=2026-02-12", &Value::Null).await.is(200).body;
    let told = sent["data"].as_array().unwrap().iter().find(|message| message["template"] == "promise-reminder");
    let message = told.unwrap_or_else(|| panic!("{sent}"))["id"].as_str().unwrap().to_owned();
    desk.admin("GET", &format!("/v1/messages/{message}/explain"), &Value::Null).await.is(200);
    // It came: nobody hears any more.
    desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 125_000)).await;
    desk.end_of("2026-03-31").await;
    assert_eq!((desk.log().len(), status(&desk, &id).await), (2, json!("kept")));
    assert_eq!(desk.tasks("task").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_dispute_in_part_the_rest_is_chased_until_somebody_decides() {
    let (desk, path, invoice) = reminded(None).await;
    let address = format!("{path}/invoices/{invoice}/dispute");
    let (id, said) = made(&desk, desk.post_page(&address, "reason=quality&amount=625%2C00&words=Zwei+sind+kaputt").await).await;
    // It came on Wednesday the 4th, where the tenant is.
    for text in ["625,00\u{a0}€ der Rechnung F-1", "bis zum 11. Februar 2026", "Der Rest der Rechnung ist weiterhin zu zahlen."]
    {
        assert!(said.contains(text), "no '{text}' in {said}");
    }
    let matter = desk.matter("C-1").await;
    let tasks = desk.tasks("dispute").await;
    assert_eq!((tasks.len(), &tasks[0]["due_on"]), (1, &json!("2026-02-11")));
    assert_eq!(tasks[0]["customer_id"], matter["customer"]["id"]);
    assert!(tasks[0]["detail"].as_str().unwrap().contains(&id), "{}", tasks[0]);
    assert_eq!(desk.admin("GET", &format!("/v1/agreements/{id}"), &Value::Null).await.is(200).body["note"], "Zwei sind kaputt");
    let due = |matter: &Value| (matter["due_items"][0]["open_minor"].clone(), matter["due_items"][0]["due_now_minor"].clone());
    assert_eq!(due(&matter), (json!(125_000), json!(62_500)));
    desk.end_of("2026-02-11").await;
    let log = desk.log();
    assert_eq!((log.len(), log.last().unwrap().rsplit(' ').next()), (2, Some("nudge")), "{log:?}");
    let text = desk.sent()[1].text.clone().unwrap();
    assert!(text.contains("625,00"), "{text}");
    let done = format!("/v1/tasks/{}/done", tasks[0]["id"].as_str().unwrap());
    assert_eq!(desk.admin("POST", &format!("/v1/agreements/{id}/reject"), &json!({})).await.is(200).body["status"], "rejected");
    desk.admin("POST", &done, &json!({"result": "done"})).await.is(200);
    assert_eq!(desk.tasks("dispute").await, Vec::<Value>::new());
    assert!(page(&desk, &format!("{address}?made={id}")).await.contains("Reklamation nicht anerkannt"));
    assert!(page(&desk, &path).await.contains("Reklamation nicht anerkannt"));
    desk.end_of("2026-03-01").await;
    let sent = desk.sent();
    assert_eq!(sent.len(), 3, "{:?}", desk.log());
    assert!(sent[2].text.as_deref().unwrap().contains("1.250,00"), "{:?}", sent[2].text);
}
