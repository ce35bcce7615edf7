//! What people do, from the API to the outbox: messages of their own with files, calls, orders taken back, promises that change, messages in doubt, senders of
//! one's own, and key accounts.

use local::Mode;
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

/// A desk with one customer who owes 1,250.00, and the customer's id.
async fn desk(now: &str, due_on: &str) -> (TestTenant, String) {
    let desk = TestTenant::at(now).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, due_on)).await;
    desk.advance("PT2M").await;
    let id = id_of(&desk, "C-1").await;
    (desk, id)
}

async fn id_of(desk: &TestTenant, external_id: &str) -> String {
    desk.matter(external_id).await["customer"]["id"].as_str().unwrap().to_owned()
}

fn own_words(customer: &str) -> Value {
    json!({"customer": customer, "subject": "Ihre Frage", "body": "Wir haben nachgesehen: alles ist in Ordnung."})
}

async fn write(desk: &TestTenant, customer: &str) -> String {
    let written = desk.admin("POST", "/v1/messages", &own_words(customer)).await.is(200).body;
    written["id"].as_str().unwrap().to_owned()
}

async fn undo(desk: &TestTenant, id: &str) -> u16 {
    desk.admin("POST", &format!("/v1/messages/{id}/undo"), &Value::Null).await.status
}

/// How many records of a customer's are of messages that were sent.
async fn records(desk: &TestTenant, status: &str) -> usize {
    let matter = desk.matter("C-1").await;
    matter["records"].as_array().unwrap().iter().filter(|record| record["status"] == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_ones_own_words_is_looked_at_taken_back_and_sent_once() {
    // A Tuesday, 11:00 in Berlin; nothing is due for weeks.
    let (desk, customer) = desk("2026-02-03T10:00:00Z", "2026-03-04").await;
    let mut dry = own_words(&customer);
    dry["dry_run"] = json!(true);
    let seen = desk.admin("POST", "/v1/messages", &dry).await.is(200).body;
    assert_eq!((&seen["id"], &seen["guard"], &seen["contact"]), (&Value::Null, &json!("allow"), &json!("p1")), "{seen}");
    assert!(seen["text"].as_str().unwrap().contains("alles ist in Ordnung"), "{seen}");
    desk.advance("PT10M").await;
    assert_eq!(desk.sent().len(), 0, "what was only looked at is not sent");

    let id = write(&desk, &customer).await;
    desk.advance("PT50S").await;
    assert_eq!(desk.sent().len(), 0, "it can be taken back for a minute");
    assert_eq!((undo(&desk, &id).await, undo(&desk, &id).await), (200, 200));
    let said = desk.admin("POST", &format!("/v1/messages/{id}/undo"), &Value::Null).await.is(200).body;
    assert_eq!(said, json!({"id": id, "customer": customer, "status": "superseded"}));
    desk.advance("PT30M").await;
    assert_eq!((desk.sent().len(), records(&desk, "superseded").await), (0, 1));
    let matter = desk.matter("C-1").await;
    assert_eq!(matter["pending"], json!([]));

    let id = write(&desk, &customer).await;
    desk.advance("PT5M").await;
    let sent = desk.sent();
    assert_eq!((sent.len(), sent[0].message.as_deref()), (1, Some(id.as_str())));
    assert_eq!((sent[0].subject.as_deref(), sent[0].to.as_str()), (Some("Ihre Frage"), "c-1@buyer.example"));
    assert_eq!(undo(&desk, &id).await, 409, "it has left");
    let words = desk.admin("GET", &format!("/v1/messages/{id}/words"), &Value::Null).await.is(200).body;
    assert_eq!((&words["subject"], &words["language"]), (&json!("Ihre Frage"), &json!("de")), "{words}");
    let matter = desk.matter("C-1").await;
    assert_eq!((&matter["pending"], &matter["due_items"][0]["rung"]), (&json!([]), &Value::Null), "no step is satisfied by it");
    // What it asked for is in its record all the same.
    let record = matter["records"].as_array().unwrap().iter().find(|record| record["message_id"] == json!(id)).unwrap();
    let asked = &record["body"]["message"]["asked_for"];
    assert_eq!((asked["due_now_minor"].as_i64(), asked["items"].as_u64()), (Some(125_000), Some(1)), "{record}");
    let explained = desk.admin("GET", &format!("/v1/messages/{id}/explain"), &Value::Null).await.is(200).body;
    let shown = &explained["message"]["asked_for"];
    assert_eq!(
        (&shown["due_now_minor"], &shown["items"][0]["due_now_minor"]),
        (&json!(125_000), &json!(125_000)),
        "{explained:#}"
    );
    assert!(explained["outcome"].to_string().contains("it asked for 1250.00 EUR, for 1 due item(s)"), "{explained:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_person_passes_the_guard() {
    // 20:30 in Berlin.
    let (desk, customer) = desk("2026-02-03T19:30:00Z", "2026-03-31").await;
    let written = desk.admin("POST", "/v1/messages", &own_words(&customer)).await.is(200).body;
    assert_eq!(written["guard"], "defer", "{written}");
    desk.end_of("2026-02-03").await;
    assert_eq!(desk.sent().len(), 0);
    desk.end_of("2026-02-04").await;
    assert_eq!(desk.sent().len(), 1, "it leaves in the hours of the next day");
    desk.admin("POST", "/v1/suppressions", &json!({"channel": "email", "address": "c-1@buyer.example"})).await.is(200);
    let refused = desk.admin("POST", "/v1/messages", &own_words(&customer)).await.is(409);
    assert!(refused.text.contains("suppression"), "{}", refused.text);
    // The kill switch holds what waits, and what is written.
    desk.admin("POST", "/v1/pause", &Value::Null).await.is(200);
    assert_eq!(desk.admin("POST", "/v1/messages", &own_words(&customer)).await.status, 409);
}

/// A message with a file, which is sent with the form first.
async fn with_file(desk: &TestTenant, customer: &str, content: &str) -> (Value, Value) {
    let form = desk.admin("POST", "/v1/uploads", &json!({"content_type": "application/pdf"})).await.is(201).body;
    assert_eq!(form["bytes_max"], 5 * 1024 * 1024);
    desk.post_form(&form, &[], content).await.is(204);
    let mut words = own_words(customer);
    words["attachments"] = json!([{"upload": form["upload"], "name": "Auszug Februar.pdf"}]);
    (words, form)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_along_as_it_was_when_the_message_was_written() {
    let (desk, first) = desk("2026-02-03T10:00:00Z", "2026-03-31").await;
    // While the message can be taken back, another file is put in the place of the first: what was not looked at does not leave.
    let (words, form) = with_file(&desk, &first, "%PDF-1.7\n").await;
    desk.admin("POST", "/v1/messages", &words).await.is(200);
    desk.post_form(&form, &[], "%PDF-1.4\n").await.is(204);
    desk.advance("PT10M").await;
    assert_eq!((desk.sent().len(), records(&desk, "superseded").await), (0, 1));

    let (words, _) = with_file(&desk, &first, "%PDF-1.7\n").await;
    let written = desk.admin("POST", "/v1/messages", &words).await.is(200).body;
    let file = json!({
        "name": "Auszug Februar.pdf", "content_type": "application/pdf", "bytes": 9,
        "sha256": domain::attachment::sha256_of(b"%PDF-1.7\n"),
    });
    assert_eq!(written["attachments"], json!([file]));
    let words_of = format!("/v1/messages/{}/words", written["id"].as_str().unwrap());
    assert_eq!(desk.admin("GET", &words_of, &Value::Null).await.is(200).body["attachments"], json!([file]));
    desk.advance("PT5M").await;
    let sent = desk.sent();
    let mail = json!([{"name": "Auszug Februar.pdf", "content_type": "application/pdf", "size": 9}]);
    assert_eq!((sent.len(), &json!(sent[0].attachments)), (1, &mail));

    // A sender of one's own is told of the file and fetches it by a link.
    desk.put(&invoice(&customer("C-2"), "F-2", 125_000, "2026-03-31")).await;
    desk.fault("send-email", Mode::Skip, 10_000);
    let other = id_of(&desk, "C-2").await;
    let (words, _) = with_file(&desk, &other, "%PDF-1.7\n").await;
    let id = desk.admin("POST", "/v1/messages", &words).await.is(200).body["id"].as_str().unwrap().to_owned();
    desk.advance("PT2M").await;
    let held = desk.admin("POST", &format!("/v1/messages/{id}/claim"), &json!({"customer": other})).await.is(200).body;
    let given = &held["content"]["attachments"][0];
    assert_eq!((&given["name"], &given["sha256"]), (&file["name"], &file["sha256"]), "{held}");
    assert_eq!(desk.call("GET", given["url"].as_str().unwrap(), &[], &[]).await.is(200).text, "%PDF-1.7\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_message_lacks_is_named() {
    let (desk, customer) = desk("2026-02-03T10:00:00Z", "2026-03-31").await;
    for (change, status, pointers) in [
        (json!({"body": null}), 400, vec!["/body"]),
        (json!({"subject": null}), 400, vec!["/subject"]),
        (json!({"template": "reminder"}), 400, vec!["/template"]),
        (json!({"contact": "nobody"}), 400, vec!["/contact"]),
        (json!({"channel": "fax"}), 400, vec!["/channel"]),
        (json!({"case": "case_x"}), 400, vec!["/case"]),
        (json!({"channel": "sms"}), 400, vec!["/subject"]),
        (json!({"body": "{{ nothing.known }}"}), 422, vec!["/body"]),
        (json!({"customer": "cus_00000000000000000000"}), 404, vec![]),
    ] {
        let mut body = own_words(&customer);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = desk.admin("POST", "/v1/messages", &body).await;
        let mut named = refused.pointers();
        named.dedup();
        assert_eq!((refused.status, named), (status, pointers.iter().map(|at| (*at).to_owned()).collect::<Vec<_>>()), "{body}");
    }
    desk.advance("PT10M").await;
    assert_eq!((desk.sent().len(), desk.matter("C-1").await["pending"].clone()), (0, json!([])), "nothing is half-written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_counts_as_a_contact_until_it_is_taken_back() {
    for (outcome, taken_back, day) in
        [("reached", false, "2026-02-05"), ("reached", true, "2026-02-03"), ("wrong_number", false, "2026-02-03")]
    {
        let (desk, customer) = desk("2026-02-02T16:30:00Z", "2026-02-02").await;
        let call =
            json!({"customer": customer, "kind": "call", "outcome": outcome, "contact": "p1", "note": "will pay on Friday"});
        let logged = desk.admin("POST", "/v1/contact_log", &call).await.is(200).body;
        if taken_back {
            assert_eq!(undo(&desk, logged["id"].as_str().unwrap()).await, 200);
        }
        desk.end_of("2026-02-05").await;
        assert_eq!(desk.log(), [format!("{day} email reminder")], "{outcome}, taken back: {taken_back}");
        let entries = desk.admin("GET", "/v1/audit?operation=log_contact", &Value::Null).await.is(200).body;
        assert!(!entries.to_string().contains("Friday"), "what is said of people is no part of the audit");
    }
    let (desk, customer) = desk("2026-02-02T16:30:00Z", "2026-02-02").await;
    for (body, pointer) in [
        (json!({"customer": customer, "kind": "visit", "outcome": "reached"}), "/kind"),
        (json!({"customer": customer, "kind": "letter", "outcome": "reached"}), "/outcome"),
        (json!({"customer": customer, "kind": "call", "outcome": "reached", "contact": "p9"}), "/contact"),
    ] {
        assert_eq!(desk.admin("POST", "/v1/contact_log", &body).await.is(400).pointers(), [pointer]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_taken_back_until_it_is_used_up() {
    let (desk, customer) = desk("2026-02-02T16:30:00Z", "2026-02-02").await;
    let skip = json!({"kind": "skip", "invoice": "F-1", "step": "reminder"});
    let give = format!("/v1/customers/{customer}/orders");
    let order = desk.admin("POST", &give, &skip).await.is(200).body["id"].as_str().unwrap().to_owned();
    let withdraw = format!("/v1/orders/{order}/withdraw");
    desk.admin("POST", &withdraw, &Value::Null).await.is(200);
    desk.admin("POST", &withdraw, &Value::Null).await.is(409);
    assert_eq!(desk.matter("C-1").await["orders"], json!([]));
    desk.end_of("2026-02-03").await;
    assert_eq!(desk.log(), ["2026-02-03 email reminder"], "as if it had not been given");
    let skip = json!({"kind": "skip", "invoice": "F-1", "step": "nudge"});
    let order = desk.admin("POST", &give, &skip).await.is(200).body["id"].as_str().unwrap().to_owned();
    desk.advance("PT3M").await;
    desk.admin("POST", &format!("/v1/orders/{order}/withdraw"), &Value::Null).await.is(409);
    desk.admin("POST", "/v1/orders/ord_none/withdraw", &Value::Null).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_changes_and_every_act_is_undone_to_what_was_there() {
    let (desk, customer) = desk("2026-02-03T08:00:00Z", "2026-02-02").await;
    let promise = json!({"kind": "promise", "customer": customer, "pays_on": "2026-02-10", "way": "transfer"});
    let made = desk.admin("POST", "/v1/agreements", &promise).await.is(200).body;
    let at = format!("/v1/agreements/{}", made["id"].as_str().unwrap());
    let amended = desk.admin("POST", &format!("{at}/amend"), &json!({"pays_on": "2026-02-12"})).await.is(200).body;
    assert_eq!((&amended["id"], &amended["terms"]["pays_on"]), (&made["id"], &json!("2026-02-12")));
    assert_eq!(
        desk.admin("POST", &format!("{at}/amend"), &json!({"pays_on": "2026-02-01"})).await.is(400).pointers(),
        ["/pays_on"]
    );
    assert_eq!(desk.admin("POST", &format!("{at}/undo"), &Value::Null).await.is(200).body, made);
    desk.admin("POST", &format!("{at}/undo"), &Value::Null).await.is(409);
    assert_eq!(desk.admin("POST", &format!("{at}/cancel"), &Value::Null).await.is(200).body["status"], "cancelled");
    desk.admin("POST", &format!("{at}/amend"), &json!({"pays_on": "2026-02-12"})).await.is(409);
    assert_eq!(desk.admin("POST", &format!("{at}/undo"), &Value::Null).await.is(200).body, made);
    assert_eq!(desk.admin("GET", &at, &Value::Null).await.is(200).body, made);
    desk.end_of("2026-02-11").await;
    assert_eq!(desk.log(), Vec::<String>::new(), "the promise keeps everything back again");
    let dispute = json!({"kind": "dispute", "customer": customer, "scope": {"invoices": ["F-1"]}, "amount_minor": 25_000, "reason": "price"});
    let made = desk.admin("POST", "/v1/agreements", &dispute).await.is(200).body;
    let at = format!("/v1/agreements/{}", made["id"].as_str().unwrap());
    desk.admin("POST", &format!("{at}/uphold"), &json!({"amount_minor": 20_000})).await.is(200);
    assert_eq!(desk.admin("POST", &format!("{at}/undo"), &Value::Null).await.is(200).body, made);
    desk.admin("POST", &format!("{at}/amend"), &json!({"pays_on": "2026-02-20"})).await.is(409);
}

/// A desk whose reminder is in doubt: its provider never answered. The message's id.
async fn in_doubt() -> (TestTenant, String, String) {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.fault("sesv2", Mode::Timeout, 1);
    desk.end_of("2026-02-05").await;
    let matter = desk.matter("C-1").await;
    assert_eq!(matter["pending"][0]["status"], "unknown", "{matter}");
    let message = matter["pending"][0]["message_id"].as_str().unwrap().to_owned();
    let customer = matter["customer"]["id"].as_str().unwrap().to_owned();
    (desk, customer, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_doubt_is_settled_by_whoever_knows() {
    for (said, sent, rung) in [
        (json!({"status": "sent"}), 0, json!("reminder")),
        (json!({"status": "not_sent", "then": "again"}), 1, json!("reminder")),
        (json!({"status": "not_sent", "then": "drop"}), 0, json!("reminder")),
    ] {
        let (desk, _, message) = in_doubt().await;
        desk.admin("POST", "/v1/messages/msg_none/result", &said).await.is(404);
        // It is found by its id.
        desk.admin("POST", &format!("/v1/messages/{message}/result"), &said).await.is(200);
        desk.end_of("2026-02-06").await;
        assert_eq!(desk.sent().len(), sent, "{said}");
        let matter = desk.matter("C-1").await;
        assert_eq!((&matter["pending"], &matter["due_items"][0]["rung"]), (&json!([]), &rung), "{said}: {}", matter["due_items"]);
        assert!(desk.tasks("in_doubt").await.is_empty());
    }
    let (desk, customer, message) = in_doubt().await;
    let at = format!("/v1/messages/{message}/result");
    assert_eq!(desk.admin("POST", &at, &json!({"status": "not_sent", "customer": customer})).await.is(400).pointers(), ["/then"]);
    // After three days it counts as sent, and an exception asks.
    desk.end_of("2026-02-09").await;
    assert_eq!(desk.tasks("in_doubt").await.len(), 1);
    desk.admin("POST", &at, &json!({"status": "sent", "customer": customer})).await.is(200);
    assert!(desk.tasks("in_doubt").await.is_empty(), "the exception is over with it");
    desk.admin("POST", &at, &json!({"status": "sent", "customer": customer})).await.is(200);
    desk.admin("POST", &at, &json!({"status": "not_sent", "then": "drop", "customer": customer})).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_given_up_goes_again_to_the_same_address_or_is_dropped() {
    for (then, record, sent) in
        [("again", "not_sent", vec!["2026-02-10 email reminder".to_owned()]), ("drop", "dropped", Vec::<String>::new())]
    {
        let (desk, customer, message) = in_doubt().await;
        desk.end_of("2026-02-09").await;
        let asked: Vec<Value> = desk.tasks("in_doubt").await.iter().map(|task| task["message"].clone()).collect();
        assert_eq!(asked, [json!(message)], "the exception says which message");
        let at = format!("/v1/messages/{message}/result");
        let said = json!({"status": "not_sent", "then": then, "customer": customer});
        for _ in 0..2 {
            desk.admin("POST", &at, &said).await.is(200);
        }
        let other = json!({"status": "not_sent", "then": if then == "again" { "drop" } else { "again" }});
        desk.admin("POST", &at, &other).await.is(409);
        assert!(desk.tasks("in_doubt").await.is_empty(), "the exception is over with it");
        desk.end_of("2026-02-10").await;
        assert_eq!(desk.log(), sent, "{then}");
        assert!(desk.exceptions().await.is_empty(), "the address was not tried: {then}");
        let matter = desk.matter("C-1").await;
        assert_eq!(matter["due_items"][0]["rung"], "reminder", "{}", matter["due_items"]);
        let of_it: Vec<&Value> =
            matter["records"].as_array().unwrap().iter().filter(|one| one["message_id"] == message).collect();
        assert_eq!((of_it.len(), &of_it[0]["status"]), (1, &json!(record)), "{of_it:?}");
        // What is sent for the step is another message, and it goes once.
        desk.end_of("2026-02-11").await;
        assert_eq!(desk.log(), sent, "{then}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_persons_own_that_were_given_up_are_no_steps() {
    let (desk, customer) = desk("2026-02-03T10:00:00Z", "2026-03-31").await;
    desk.fault("sesv2", Mode::Timeout, 1);
    let message = write(&desk, &customer).await;
    desk.end_of("2026-02-07").await;
    assert_eq!((desk.sent().len(), desk.tasks("in_doubt").await.len()), (0, 1));
    let at = format!("/v1/messages/{message}/result");
    desk.admin("POST", &at, &json!({"status": "not_sent", "then": "again"})).await.is(409);
    assert_eq!(desk.tasks("in_doubt").await.len(), 1, "it is still to be settled");
    desk.admin("POST", &at, &json!({"status": "not_sent", "then": "drop"})).await.is(200);
    desk.end_of("2026-02-09").await;
    assert_eq!((desk.sent().len(), desk.tasks("in_doubt").await.len(), records(&desk, "dropped").await), (0, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_of_ones_own_claims_sends_and_says_so() {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    // Our own sender is away the whole day.
    desk.fault("send-email", Mode::Skip, 10_000);
    // The customer's moment of the day has passed, and its hours have not.
    desk.to("2026-02-05T15:50:00Z").await;
    let matter = desk.matter("C-1").await;
    assert_eq!(matter["pending"][0]["status"], "queued", "{}", matter["pending"]);
    let message = matter["pending"][0]["message_id"].as_str().unwrap().to_owned();
    let customer = matter["customer"]["id"].as_str().unwrap().to_owned();
    let (claim, result) = (format!("/v1/messages/{message}/claim"), format!("/v1/messages/{message}/result"));
    let whose = json!({ "customer": customer });
    let held = desk.admin("POST", &claim, &whose).await.is(200).body;
    assert_eq!((&held["status"], &held["content"]["to"]), (&json!("held"), &json!("c-1@buyer.example")), "{held}");
    assert!(held["content"]["text"].as_str().unwrap().contains("1.250,00"), "{held}");
    assert_eq!(desk.admin("POST", &claim, &whose).await.is(200).body["status"], "not_mine", "one has it");
    let attempt = held["content"]["attempt"].clone();
    let sent = json!({"customer": customer, "attempt": attempt, "status": "sent", "provider_id": "x-1"});
    let mut other = sent.clone();
    other["attempt"] = json!("another");
    desk.admin("POST", &result, &other).await.is(409);
    for (field, value) in [("note", json!("c-1@buyer.example is gone")), ("provider_id", json!("x".repeat(201)))] {
        let mut wrong = sent.clone();
        wrong[field] = value;
        assert_eq!(desk.admin("POST", &result, &wrong).await.is(400).pointers(), [format!("/{field}")]);
    }
    assert_eq!(desk.admin("POST", &result, &sent).await.is(200).body["status"], "sent");
    desk.admin("POST", &result, &sent).await.is(409);
    desk.mend("send-email");
    desk.end_of("2026-02-06").await;
    let matter = desk.matter("C-1").await;
    assert_eq!((&matter["pending"], &matter["due_items"][0]["rung"]), (&json!([]), &json!("reminder")));
    assert_eq!(desk.sent().len(), 0, "nobody else sent it");
    assert_eq!(desk.admin("POST", &claim, &whose).await.is(200).body["status"], "not_mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_account_leaves_automation_and_comes_back() {
    let desk = TestTenant::at("2026-02-02T16:30:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 900_000, "2026-02-02")).await;
    desk.put(&invoice(&customer("C-2"), "F-2", 100_000, "2026-02-02")).await;
    desk.advance("PT5M").await;
    let settings = json!({"key_accounts": {"share_percent": 50, "owner": "robin"}});
    desk.admin("PATCH", "/v1/settings", &settings).await.is(200);
    let find = |dry_run: bool| json!({"currency": "EUR", "dry_run": dry_run});
    let id = id_of(&desk, "C-1").await;
    let taken = json!([{"customer": id, "open_minor": 900_000}]);
    for dry_run in [true, false] {
        let found = desk.admin("POST", "/v1/key_accounts", &find(dry_run)).await.is(200).body;
        assert_eq!((&found["all_minor"], &found["taken"]), (&json!(1_000_000), &taken), "{found}");
    }
    let again = desk.admin("POST", "/v1/key_accounts", &find(false)).await.is(200).body;
    assert_eq!((&again["taken"], &again["kept"]), (&json!([]), &json!([id])));
    desk.end_of("2026-02-06").await;
    let to: Vec<String> = desk.sent().iter().map(|sent| sent.to.clone()).collect();
    assert_eq!(to, ["c-2@buyer.example"], "only the other is chased");
    assert_eq!(desk.tasks("task").await[0]["to"], "robin");
    assert_eq!(desk.admin("GET", &format!("/v1/owners/{id}"), &Value::Null).await.is(200).body["owner"], "robin");
    desk.admin("PATCH", "/v1/settings", &json!({"key_accounts": null})).await.is(200);
    let found = desk.admin("POST", "/v1/key_accounts", &find(false)).await.is(200).body;
    assert_eq!(found["given_back"], json!([id]));
    desk.end_of("2026-02-10").await;
    assert!(desk.sent().iter().any(|sent| sent.to == "c-1@buyer.example"), "chased again: {:?}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn key_accounts_change_hands_at_the_tenants_midnight() {
    let desk = TestTenant::at("2026-02-02T16:30:00Z").await;
    let large = invoice(&customer("C-1"), "F-1", 900_000, "2026-02-02");
    desk.put(&large).await;
    desk.put(&invoice(&customer("C-2"), "F-2", 100_000, "2026-02-02")).await;
    desk.advance("PT5M").await;
    let settings = json!({"key_accounts": {"share_percent": 50, "owner": "robin"}});
    desk.admin("PATCH", "/v1/settings", &settings).await.is(200);
    desk.end_of("2026-02-03").await;
    let to = |desk: &TestTenant| desk.sent().iter().map(|sent| sent.to.clone()).collect::<Vec<_>>();
    assert_eq!(to(&desk), ["c-2@buyer.example"], "the other left automation in the night");
    let tasks = desk.tasks("task").await;
    assert_eq!((tasks.len(), &tasks[0]["to"]), (1, &json!("robin")), "{tasks:?}");
    // Most of it is paid: now the other one is most of the book.
    desk.put(&tests::documents::changed(&large, 2, &json!({"paid_minor": 850_000}))).await;
    desk.end_of("2026-02-04").await;
    assert_eq!(to(&desk).len(), 1, "it is no key account before the night");
    desk.end_of("2026-02-06").await;
    assert_eq!(to(&desk), ["c-2@buyer.example", "c-1@buyer.example"], "chased again");
    let found = desk.admin("POST", "/v1/key_accounts", &json!({"currency": "EUR", "dry_run": true})).await.is(200).body;
    assert_eq!((&found["kept"], &found["taken"]), (&json!([id_of(&desk, "C-2").await]), &json!([])), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_workflow_asks_for_reaches_the_team_that_a_rule_names_and_who_stands_in() {
    let step = json!({"id": "call", "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"task": {"title": "Call them"}}});
    let plan = json!({"id": "plan", "name": "Plan", "scope": "customer", "steps": [step]});
    let settings = json!({
        "teams": {"north": ["ann"], "south": ["bob"]},
        "owners": [{"owner": "north", "names_until": "firma c-1"}, {"owner": "south"}],
    });
    let desk = TestTenant::with("2026-02-02T16:30:00Z", settings, Some(vec![plan])).await;
    for n in 1..=2 {
        desk.put(&invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), 125_000, "2026-02-02")).await;
    }
    desk.end_of("2026-02-03").await;
    let reaches = async |who: &str| {
        let mut found = Vec::new();
        for sort in ["age", "money_at_stake"] {
            let path = format!("/v1/tasks?whose={who}&sort={sort}&kind=task");
            let list = desk.admin("GET", &path, &Value::Null).await.is(200).body;
            let names =
                list["data"].as_array().unwrap().iter().map(|task| task["customer"]["external_id"].as_str().unwrap().to_owned());
            found.push(names.collect::<Vec<_>>());
        }
        assert_eq!(found[0], found[1], "{who}");
        found.remove(0)
    };
    assert_eq!((reaches("ann").await, reaches("bob").await), (vec!["C-1".to_owned()], vec!["C-2".to_owned()]));
    // Ann is away from tomorrow on.
    let away = json!({"from_on": "2026-02-05", "until_on": "2026-02-06", "stand_in": "south"});
    desk.admin("PUT", "/v1/absences/ann", &away).await.is(200);
    assert_eq!(reaches("bob").await, ["C-2"]);
    desk.end_of("2026-02-04").await;
    let mut both = reaches("bob").await;
    both.sort();
    assert_eq!(both, ["C-1", "C-2"]);
    desk.end_of("2026-02-06").await;
    assert_eq!(reaches("bob").await, ["C-2"], "she is back");
}
