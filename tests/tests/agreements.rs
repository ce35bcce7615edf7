//! Promises, disputes, plans, pauses, money on its way and charges, from the API to the outbox.

use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice},
    test_tenant::{Reply, TestTenant},
};

const START: &str = "2026-02-03T08:00:00Z";

/// A desk with one customer who owes 1,250.00, due on 2 February; the answer holds its id.
async fn desk() -> (TestTenant, Value, String) {
    let desk = TestTenant::at(START).await;
    let document = invoice(&customer("C-1"), "F-1", 125_000, "2026-02-02");
    desk.put(&document).await;
    let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    (desk, document, customer)
}

async fn make(desk: &TestTenant, customer: &str, mut body: Value) -> Reply {
    body["customer"] = json!(customer);
    desk.admin("POST", "/v1/agreements", &body).await
}

async fn made(desk: &TestTenant, customer: &str, body: Value) -> String {
    make(desk, customer, body).await.is(200).body["id"].as_str().unwrap().to_owned()
}

async fn act(desk: &TestTenant, id: &str, act: &str, body: Value) -> Reply {
    desk.admin("POST", &format!("/v1/agreements/{id}/{act}"), &body).await
}

async fn status(desk: &TestTenant, id: &str) -> Value {
    desk.admin("GET", &format!("/v1/agreements/{id}"), &Value::Null).await.is(200).body["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_chased_for_what_was_promised_until_it_could_be_seen() {
    let (desk, document, customer) = desk().await;
    // Paid by transfer on Friday the 13th: on the ledger by the 17th.
    let body = json!({"kind": "promise", "pays_on": "2026-02-13", "way": "transfer"});
    let id = made(&desk, &customer, body).await;
    desk.to("2026-02-17T22:00:00Z").await;
    assert_eq!((desk.log(), status(&desk, &id).await), (Vec::<String>::new(), json!("open")));
    desk.end_of("2026-02-18").await;
    assert_eq!(status(&desk, &id).await, "broken");
    desk.end_of("2026-02-20").await;
    assert_eq!(desk.log().len(), 1, "chased again: {:?}", desk.log());
    // A second one is kept, and said so at once.
    let id = made(&desk, &customer, json!({"kind": "promise", "pays_on": "2026-03-02"})).await;
    desk.put(&changed(&document, 2, &json!({"paid_minor": 125_000}))).await;
    desk.advance("PT10M").await;
    assert_eq!(status(&desk, &id).await, "kept");
    assert_eq!(
        act(&desk, &id, "cancel", json!({})).await.is(409).body["type"].as_str().unwrap().rsplit('/').next(),
        Some("not-possible")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_of_a_part_leaves_the_rest_chased_and_lives_by_what_people_decide() {
    let (desk, document, customer) = desk().await;
    let body = json!({"kind": "dispute", "scope": {"invoices": ["F-1"]}, "amount_minor": 25_000, "reason": "quality"});
    let id = made(&desk, &customer, body).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log(), ["2026-02-03 email reminder"]);
    assert!(desk.sent()[0].text.as_deref().unwrap().contains("1.000,00"), "{:?}", desk.sent()[0].text);
    act(&desk, &id, "uphold", json!({"amount_minor": 25_001})).await.is(400);
    act(&desk, &id, "keep", json!({})).await.is(409);
    act(&desk, &id, "burn", json!({})).await.is(404);
    assert_eq!(act(&desk, &id, "uphold", json!({"amount_minor": 20_000})).await.is(200).body["status"], "partly_upheld");
    desk.put(&changed(&document, 2, &json!({"paid_minor": 105_000}))).await;
    desk.end_of("2026-06-30").await;
    assert_eq!(desk.log().len(), 1, "nobody is chased for what was upheld: {:?}", desk.log());
    let matter = desk.matter("C-1").await;
    let due = |matter: &Value| (matter["due_items"][0]["open_minor"].clone(), matter["due_items"][0]["due_now_minor"].clone());
    assert_eq!(due(&matter), (json!(20_000), json!(0)));
    assert_eq!(act(&desk, &id, "release", json!({})).await.is(200).body["status"], "partly_upheld");
    assert_eq!(due(&desk.matter("C-1").await), (json!(20_000), json!(20_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_disputed_is_kept_back_and_no_line_that_is_not_there() {
    let (desk, document, customer) = desk().await;
    let lines = json!([
        {"external_id": "L-1", "description": "Bricks", "quantity": "2", "amount_minor": 25_000},
        {"description": "Sand", "amount_minor": 100_000},
    ]);
    let described = changed(&document, 2, &json!({"lines": lines}));
    desk.put(&described).await;
    let found = desk.admin("GET", "/v1/invoices?source=canonical&external_id=F-1", &Value::Null).await.is(200).body;
    let invoice = found["data"][0]["id"].as_str().unwrap().to_owned();
    let shown = desk.admin("GET", &format!("/v1/invoices/{invoice}"), &Value::Null).await.is(200).body;
    assert_eq!((&shown["lines"][0]["quantity"], &shown["lines"][1]["description"]), (&json!("2"), &json!("Sand")), "{shown}");
    let of = |line: Value| json!({"kind": "dispute", "scope": {"invoice": "F-1"}, "reason": "quantity", "line": line});
    for (line, says) in [(json!(3), "it has 2"), (json!("L-9"), "no such line"), (json!(true), "its external_id")] {
        let reply = make(&desk, &customer, of(line.clone())).await.is(400);
        assert_eq!(reply.pointers(), ["/line"], "{line}: {}", reply.text);
        assert!(reply.text.contains(says), "{line}: {}", reply.text);
    }
    let first = make(&desk, &customer, of(json!("L-1"))).await.is(200).body;
    let line = json!({"position": 1, "external_id": "L-1", "description": "Bricks"});
    assert_eq!((&first["amount_minor"], &first["line"]), (&json!(25_000), &line), "{first}");
    assert_eq!(make(&desk, &customer, of(json!(1))).await.is(200).body["id"], first["id"], "the same again is the one there is");
    let matter = desk.matter("C-1").await;
    assert!(matter["agreements"].to_string().contains("Bricks"), "{matter}");
    // The rest is chased, and so is all of it once the line was judged.
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log(), ["2026-02-03 email reminder"]);
    assert!(desk.sent()[0].text.as_deref().unwrap().contains("1.000,00"), "{:?}", desk.sent()[0].text);
    act(&desk, first["id"].as_str().unwrap(), "reject", json!({})).await.is(200);
    assert_eq!(desk.matter("C-1").await["due_items"][0]["due_now_minor"], 125_000);
    // The source corrects the invoice: its lines are others, and the dispute still says what it was about.
    desk.put(&changed(&described, 3, &json!({"lines": null}))).await;
    make(&desk, &customer, of(json!(2))).await.is(400);
    let path = format!("/v1/agreements/{}", first["id"].as_str().unwrap());
    assert_eq!(desk.admin("GET", &path, &Value::Null).await.is(200).body["line"], line);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_plan_are_asked_for_instead_of_their_invoice_until_one_is_missed() {
    let (desk, document, customer) = desk().await;
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log(), ["2026-02-03 email reminder"]);
    let parts = json!([{"amount_minor": 50_000, "due_on": "2026-03-02"}, {"amount_minor": 75_000, "due_on": "2026-04-01"}]);
    let id = made(&desk, &customer, json!({"kind": "plan", "parts": parts})).await;
    desk.end_of("2026-03-01").await;
    assert_eq!(desk.log()[1..], ["2026-02-25 email heads-up"], "of the first part");
    assert!(desk.sent()[1].text.as_deref().unwrap().contains("500,00"), "{:?}", desk.sent()[1].text);
    desk.put(&changed(&document, 2, &json!({"paid_minor": 50_000}))).await;
    desk.end_of("2026-03-25").await;
    assert_eq!(desk.log().len(), 2, "the first was paid: {:?}", desk.log());
    let matter = desk.matter("C-1").await;
    let items: Vec<_> = matter["due_items"].as_array().unwrap().iter().map(|item| item["due_now_minor"].clone()).collect();
    assert_eq!(items, [json!(0), json!(75_000)]);
    assert_eq!(matter["due_items"][1]["item"], format!("{id}/2"));
    // The second is not paid by 1 April, and Easter delays its clearing.
    desk.to("2026-04-07T20:00:00Z").await;
    assert_eq!(
        (desk.log()[2..].to_vec(), status(&desk, &id).await),
        (vec!["2026-03-27 email heads-up".to_owned(), "2026-04-02 email reminder".to_owned()], json!("running"))
    );
    desk.end_of("2026-04-10").await;
    assert_eq!(status(&desk, &id).await, "broken");
    assert!(desk.log().last().unwrap().ends_with("email nudge"), "the invoice's own next rung: {:?}", desk.log());
    let kinds: Vec<Value> = desk.exceptions().await.into_iter().map(|task| task["kind"].clone()).collect();
    assert_eq!(kinds, ["plan_broken"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_is_due_once_a_person_confirmed_it() {
    let step = |id: &str, offset: &str, action: Value| json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "action": action});
    let send = |template: &str| json!({"send": {"channels": ["email"], "template": template, "to": ["billing"]}});
    let workflow = json!({
        "id": "short", "name": "Short", "scope": "customer",
        "steps": [
            step("reminder", "P1D", send("reminder")),
            step("late-fee", "P2D", json!({"fee": {"kind": "fixed", "amount_minor": 4_000}})),
            step("final", "P20D", send("nudge")),
            step("person", "P40D", json!({"task": {"title": "Call"}})),
        ],
    });
    let desk = TestTenant::with(START, json!({}), Some(vec![workflow])).await;
    let document = invoice(&customer("C-1"), "F-1", 125_000, "2026-02-02");
    desk.put(&document).await;
    desk.end_of("2026-02-10").await;
    let matter = desk.matter("C-1").await;
    let charge = &matter["charges"][0];
    assert_eq!((&charge["status"], &charge["amount_minor"]), (&json!("proposed"), &json!(4_000)));
    assert_eq!(matter["due_items_count"], 1, "nothing is due of what is proposed");
    let path = format!("/v1/charges/{}", charge["id"].as_str().unwrap());
    desk.admin("POST", &format!("{path}/settle"), &json!({})).await.is(409);
    let flaws = desk
        .admin("POST", &format!("{path}/confirm"), &json!({"amount_minor": 0, "due_on": "2026-02-09", "name": ""}))
        .await
        .is(400);
    assert_eq!(flaws.pointers(), ["/amount_minor", "/due_on", "/name"]);
    for _ in 0..2 {
        let confirmed = desk.admin("POST", &format!("{path}/confirm"), &json!({"name": "Mahngebühr"})).await.is(200);
        assert_eq!(confirmed.body["status"], "confirmed");
    }
    desk.admin("POST", "/v1/charges/chg_none/confirm", &json!({})).await.is(404);
    desk.end_of("2026-02-25").await;
    let last = desk.sent().pop().unwrap();
    let text = last.text.unwrap();
    assert!(text.contains("Mahngebühr") && text.contains("40,00"), "{text}");
    // It is its own due item: the invoice's being paid leaves it.
    desk.put(&changed(&document, 2, &json!({"paid_minor": 125_000}))).await;
    assert_eq!(desk.matter("C-1").await["cases"][0]["open_minor"], 4_000);
    assert_eq!(desk.admin("POST", &format!("{path}/settle"), &json!({})).await.is(200).body["status"], "paid");
    desk.admin("POST", &format!("{path}/waive"), &json!({})).await.is(409);
    desk.advance("PT10M").await;
    assert_eq!(desk.matter("C-1").await["cases"][0]["state"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_for_as_long_as_a_dispute_ends_with_it() {
    let (desk, _, customer) = desk().await;
    let dispute =
        made(&desk, &customer, json!({"kind": "dispute", "amount_minor": 100, "scope": {"case": "EUR"}, "reason": "price"}))
            .await;
    let pause = made(&desk, &customer, json!({"kind": "pause", "ends_with": {"agreement": dispute}})).await;
    desk.end_of("2026-02-27").await;
    assert_eq!(desk.log(), Vec::<String>::new());
    act(&desk, &dispute, "withdraw", json!({})).await.is(200);
    desk.end_of("2026-03-03").await;
    assert_eq!((status(&desk, &pause).await, desk.log().len()), (json!("ended"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_cannot_be_is_answered_and_nothing_good_is_lost() {
    let (desk, _, customer) = desk().await;
    desk.put(&invoice(&tests::documents::customer("C-2"), "F-2", 5_000, "2026-02-02")).await;
    let before = desk.matter("C-1").await["head"]["version"].clone();
    for (body, pointer) in [
        (json!({"kind": "promise"}), "/pays_on"),
        (json!({"kind": "promise", "pays_on": "2199-01-01"}), "/pays_on"),
        (json!({"kind": "promise", "pays_on": "tomorrow"}), "/pays_on"),
        (json!({"kind": "promise", "pays_on": "2026-02-13", "way": "gold"}), "/way"),
        (json!({"kind": "promise", "pays_on": "2026-02-13", "scope": {"case": "EUR"}, "amount_minor": 125_001}), "/amount_minor"),
        (json!({"kind": "dispute", "reason": "price", "scope": {"invoices": ["F-2"]}}), "/scope/invoices/0"),
        (json!({"kind": "plan", "parts": [{"amount_minor": 5, "due_on": "2026-03-01"}]}), "/parts"),
        (json!({"kind": "dispute", "reason": "whim"}), "/reason"),
        (json!({"kind": "treaty"}), "/kind"),
        (json!({"kind": "pause", "colour": "red"}), "/colour"),
    ] {
        let reply = make(&desk, &customer, body.clone()).await.is(400);
        assert_eq!(reply.pointers().first().map(String::as_str), Some(pointer), "{body}: {}", reply.text);
    }
    make(&desk, "cus_nobody", json!({"kind": "pause"})).await.is(404);
    desk.admin("POST", "/v1/agreements", &json!({"kind": "pause"})).await.is(400);
    desk.admin("POST", "/v1/agreements/agr_none/keep", &json!({})).await.is(404);
    desk.admin("GET", "/v1/agreements/agr_none", &Value::Null).await.is(404);
    assert_eq!(desk.matter("C-1").await["head"]["version"], before, "nothing was written");
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log().len(), 2, "both are chased: {:?}", desk.log());
}
