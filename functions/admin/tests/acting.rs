//! What people do with customers, over HTTP: notes, tasks, owners, absences, actions in bulk, effects; what is wrong with each, and what undoes it.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod common;

use common::{Api, pointers};
use domain::{NewTask, TaskKind, TenantId};
use serde_json::{Value, json};

#[tokio::test]
async fn notes_are_listed_newest_first_changed_by_their_author_and_put_back() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let invoice = domain::InvoiceId::derive(&["acme", "canonical", "C-1", "1001"]);
    let mut ids = Vec::new();
    for (text, about) in [("first", None), ("about the invoice", Some(invoice.as_str())), ("third", None)] {
        *api.world.now.lock().unwrap() += jiff::SignedDuration::from_secs(1);
        let body = json!({"customer": customer, "text": text, "about": about});
        let (status, note) = api.call("collector", "POST", "/v1/notes", body).await;
        assert_eq!((status, note["by"].as_str()), (200, Some("acme-collector")), "{note}");
        ids.push(note["id"].as_str().unwrap().to_owned());
    }
    let texts = async |query: &str| {
        let (status, list) = api.call("viewer", "GET", &format!("/v1/notes?customer={customer}{query}"), Value::Null).await;
        assert_eq!(status, 200, "{list}");
        let texts: Vec<String> =
            list["data"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect();
        (texts, list["next"].as_str().map(str::to_owned))
    };
    assert_eq!(texts("").await.0, ["third", "about the invoice", "first"]);
    assert_eq!(texts(&format!("&about={invoice}")).await.0, ["about the invoice"]);
    let (page, next) = texts("&limit=2").await;
    assert_eq!(page, ["third", "about the invoice"]);
    assert_eq!(texts(&format!("&limit=2&cursor={}", next.unwrap())).await.0, ["first"]);

    let first = format!("/v1/notes/{}", ids[0]);
    assert_eq!(api.call("manager", "PATCH", &first, json!({"text": "x"})).await.0, 403, "another's words are not changed");
    let (_, edited) = api.call("collector", "PATCH", &first, json!({"text": "first, put right"})).await;
    assert!(edited["edited_at"].is_string(), "{edited}");
    assert_eq!(api.call("manager", "DELETE", &first, Value::Null).await.0, 200, "a manager takes it away");
    assert_eq!(texts("").await.0.len(), 2);
    assert_eq!(api.call("collector", "PATCH", &first, json!({"text": "y"})).await.0, 409);
    let (_, back) = api.call("collector", "POST", &format!("{first}/restore"), Value::Null).await;
    assert_eq!(back, edited, "it is as it was");
    for (body, expected) in [
        (json!({"customer": customer, "text": " "}), vec!["/text"]),
        (json!({"customer": customer, "text": "x".repeat(4_001)}), vec!["/text"]),
        (json!({"customer": customer, "text": "x", "about": "inv_none"}), vec!["/about"]),
    ] {
        let (status, said) = api.call("collector", "POST", "/v1/notes", body).await;
        assert_eq!((status, pointers(&said)), (400, expected), "{said}");
    }
    assert_eq!(api.call("viewer", "GET", "/v1/notes", Value::Null).await.0, 400);
    assert_eq!(api.call("collector", "DELETE", "/v1/notes/not_none", Value::Null).await.0, 404);
}

#[tokio::test]
async fn tasks_of_people_are_raised_assigned_ended_and_opened_again() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let asked = json!({"title": "Call back", "customer": customer, "to": "ann", "due_on": "2026-02-12"});
    let (status, task) = api.call("collector", "POST", "/v1/tasks", asked).await;
    assert_eq!((status, task["due_on"].as_str(), task["to"].as_str()), (200, Some("2026-02-12"), Some("ann")), "{task}");
    let at = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    let (_, given) = api.call("collector", "POST", &format!("{at}/assign"), json!({"to": "bob"})).await;
    assert_eq!(given["to"], "bob");
    let (_, back) = api.call("collector", "POST", &format!("{at}/assign"), json!({"to": "ann"})).await;
    assert_eq!(back, task, "as it was");
    api.call("collector", "POST", &format!("{at}/done"), json!({"note": "done"})).await;
    assert_eq!(api.call("collector", "POST", &format!("{at}/assign"), json!({"to": "bob"})).await.0, 409);
    let (_, list) = api.call("viewer", "GET", "/v1/tasks", Value::Null).await;
    assert_eq!(list["tasks"], json!([]));
    let (status, open) = api.call("collector", "POST", &format!("{at}/reopen"), Value::Null).await;
    assert_eq!((status, &open), (200, &task), "as it was");
    let (_, list) = api.call("viewer", "GET", "/v1/tasks", Value::Null).await;
    assert_eq!(list["tasks"].as_array().unwrap().len(), 1);
    for (body, expected) in [
        (json!({"title": ""}), vec!["/title"]),
        (json!({"title": "x", "due_on": "2026-02-09"}), vec!["/due_on"]),
        (json!({"title": "x", "to": "y".repeat(129)}), vec!["/to"]),
    ] {
        let (status, said) = api.call("collector", "POST", "/v1/tasks", body).await;
        assert_eq!((status, pointers(&said)), (400, expected), "{said}");
    }
}

#[tokio::test]
async fn an_effect_ends_with_its_task() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let tenant = TenantId::parse("acme").unwrap();
    let task = NewTask {
        kind: TaskKind::HandOff,
        key: "agency".to_owned(),
        title: "Give it to the agency".to_owned(),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    };
    let id = api.world.store.raise(&tenant, Some(&customer), &task, api.world.now()).await.unwrap();
    let effect = format!("/v1/effects/{}/result", id.as_str().replacen("tsk_", "eff_", 1));
    let (status, said) = api.call("collector", "POST", &effect, json!({"status": "maybe"})).await;
    assert_eq!((status, pointers(&said)), (400, vec!["/status"]));
    let done = json!({"status": "done", "note": "by mail", "reference": "NG-1"});
    let (status, said) = api.call("collector", "POST", &effect, done.clone()).await;
    assert_eq!((status, said["effect"]["status"].as_str()), (200, Some("done")), "{said}");
    assert_eq!(said["note"], "by mail\nreference: NG-1");
    assert_eq!(api.call("collector", "POST", &effect, done).await.0, 200, "said again");
    assert_eq!(api.call("collector", "POST", &effect, json!({"status": "failed"})).await.0, 409);
    let (status, said) = api.call("collector", "POST", "/v1/effects/eff_none/result", json!({"status": "done"})).await;
    assert_eq!((status, pointers(&said)), (400, vec!["/task"]));
}

#[tokio::test]
async fn owners_are_named_by_hand_or_rule_stand_in_and_hand_over() {
    let api = Api::new().await;
    let (first, second) = (api.world.customer("acme", "C-1", |_| {}).await, api.world.customer("acme", "C-2", |_| {}).await);
    let rules = json!({"owners": [{"owner": "rule", "countries": ["DE"]}]});
    assert_eq!(api.call("admin", "PATCH", "/v1/settings", rules).await.0, 200);
    let owner = |customer: &domain::CustomerId| format!("/v1/owners/{customer}");
    let (_, found) = api.call("viewer", "GET", &owner(&first), Value::Null).await;
    assert_eq!((&found["owner"], &found["how"]), (&json!("rule"), &json!("rule")), "{found}");
    for customer in [&first, &second] {
        let (status, found) = api.call("collector", "PUT", &owner(customer), json!({"owner": "ann"})).await;
        assert_eq!((status, &found["how"]), (200, &json!("hand")), "{found}");
    }
    // Away: who stands in is named, and only a manager says it of others.
    let away = json!({"from_on": "2026-02-09", "until_on": "2026-02-13", "stand_in": "bob"});
    assert_eq!(api.call("collector", "PUT", "/v1/absences/ann", away.clone()).await.0, 403);
    assert_eq!(api.call("manager", "PUT", "/v1/absences/ann", away).await.0, 200);
    let (_, found) = api.call("viewer", "GET", &owner(&first), Value::Null).await;
    assert_eq!((&found["owner"], &found["stand_in"]), (&json!("ann"), &json!("bob")), "{found}");
    let (status, said) = api.call("manager", "PUT", "/v1/absences/ann", json!({"from_on": "2026-02-09"})).await;
    assert_eq!((status, pointers(&said)), (400, vec!["/until_on", "/stand_in"]));
    assert_eq!(api.call("manager", "PUT", "/v1/absences/ann", json!({})).await.0, 200);
    let (_, all) = api.call("viewer", "GET", "/v1/absences", Value::Null).await;
    assert_eq!(all["data"], json!([]));
    // All of one go to another, and back.
    let (_, done) = api.call("manager", "POST", "/v1/owners/hand_over", json!({"from": "ann", "to": "bob"})).await;
    assert_eq!(done, json!({"count": 2, "tasks": 0, "more": false, "still": []}));
    let (_, list) = api.call("viewer", "GET", "/v1/owners?owner=bob&limit=1", Value::Null).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    let next = list["next"].as_str().unwrap();
    let (_, rest) = api.call("viewer", "GET", &format!("/v1/owners?owner=bob&cursor={next}"), Value::Null).await;
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    let (_, list) = api.call("viewer", "GET", "/v1/owners?owner=ann", Value::Null).await;
    assert_eq!(list["data"], json!([]));
    let (status, list) = api.call("viewer", "GET", "/v1/customers?sort=owner&owner=bob", Value::Null).await;
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    let mut both = [first.as_str(), second.as_str()];
    both.sort_unstable();
    assert_eq!((status, ids, &list["next"]), (200, both.to_vec(), &Value::Null), "{list}");
    for (query, expected) in
        [("owner=bob&sort=-owner", "/owner"), ("owner=bob&sort=name", "/owner"), ("owner=bob&q=acme", "/owner")]
    {
        let (status, said) = api.call("viewer", "GET", &format!("/v1/customers?{query}"), Value::Null).await;
        assert_eq!((status, pointers(&said)), (400, vec![expected]), "{query}");
    }
    api.call("collector", "PUT", &owner(&first), json!({"owner": null})).await;
    let (_, found) = api.call("viewer", "GET", &owner(&first), Value::Null).await;
    assert_eq!(found["how"], "rule", "left to the rules again");
    let (status, said) = api.call("manager", "POST", "/v1/owners/hand_over", json!({"from": "ann", "to": "ann"})).await;
    assert_eq!((status, pointers(&said)), (400, vec!["/to"]));
}

#[tokio::test]
async fn work_reaches_teams_and_who_stands_in_and_is_handed_over_whole() {
    let api = Api::new().await;
    let mut customers = Vec::new();
    for n in 1..=3 {
        customers.push(api.world.customer("acme", &format!("C-{n}"), |_| {}).await.to_string());
    }
    let settings = json!({
        "teams": {"north": ["ann", "cid"], "south": ["bob"]},
        "owners": [{"owner": "north", "countries": ["DE"]}], "key_accounts": {"share_percent": 50, "owner": "ann"},
    });
    assert_eq!(api.call("admin", "PATCH", "/v1/settings", settings).await.0, 200);
    let nested = json!({"teams": {"south": ["north"]}});
    let (status, said) = api.call("admin", "PATCH", "/v1/settings", nested).await;
    assert_eq!((status, pointers(&said)), (422, vec!["/teams/south/0"]), "{said}");
    let own = api.call("collector", "PUT", &format!("/v1/owners/{}", customers[1]), json!({"owner": "bob"})).await;
    assert_eq!((own.0, &own.1["team"]), (200, &Value::Null));
    let (_, owner) = api.call("viewer", "GET", &format!("/v1/owners/{}", customers[0]), Value::Null).await;
    assert_eq!(
        (&owner["owner"], &owner["team"][0]),
        (&json!("north"), &json!({"sub": "ann", "away": false, "stand_in": null})),
        "{owner}"
    );
    // For ann, for her team, for bob, for nobody about a customer of north, of bob, and about no customer.
    let given = [
        json!({"title": "of ann", "to": "ann"}),
        json!({"title": "of north", "to": "north"}),
        json!({"title": "of bob", "to": "bob"}),
        json!({"title": "by rule", "customer": customers[0]}),
        json!({"title": "by hand", "customer": customers[1]}),
        json!({"title": "of nobody"}),
    ];
    for task in &given {
        assert_eq!(api.call("collector", "POST", "/v1/tasks", task.clone()).await.0, 200, "{task}");
    }
    let whose = async |whose: &str| {
        let (status, list) = api.call("viewer", "GET", &format!("/v1/tasks?whose={whose}"), Value::Null).await;
        assert_eq!(status, 200, "{list}");
        let mut titles: Vec<String> =
            list["data"].as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect();
        titles.sort();
        titles
    };
    assert_eq!(whose("ann").await, ["by rule", "of ann", "of north"]);
    assert_eq!(whose("bob").await, ["by hand", "of bob"]);
    assert_eq!(whose("dan").await, [""; 0]);
    // While ann is away, what reaches her reaches bob too; and bob is away as well.
    let away = |stand_in: &str| json!({"from_on": "2026-02-09", "until_on": "2026-02-13", "stand_in": stand_in});
    assert_eq!(api.call("manager", "PUT", "/v1/absences/ann", away("bob")).await.0, 200);
    assert_eq!(whose("bob").await, ["by hand", "by rule", "of ann", "of bob", "of north"]);
    assert_eq!(api.call("manager", "PUT", "/v1/absences/bob", away("dan")).await.0, 200);
    assert_eq!(whose("dan").await.len(), 5);
    let (_, teams) = api.call("viewer", "GET", "/v1/teams", Value::Null).await;
    assert_eq!(teams["data"][0]["members"][0], json!({"sub": "ann", "away": true, "stand_in": "dan"}), "{teams}");
    assert_eq!(teams["data"][1]["name"], "south");
    let (status, said) = api.call("viewer", "GET", "/v1/tasks?whose=", Value::Null).await;
    assert_eq!((status, pointers(&said)), (400, vec!["/whose"]));
    let (_, me) = api.call("collector", "GET", "/v1/me", Value::Null).await;
    assert_eq!(me["works_as"], json!(["acme-collector"]));
    // All of ann goes to cid; what the settings and absences say of her is named.
    for customer in &customers {
        api.call("collector", "PUT", &format!("/v1/owners/{customer}"), json!({"owner": "ann"})).await;
    }
    let (status, done) = api.call("manager", "POST", "/v1/owners/hand_over", json!({"from": "ann", "to": "cid"})).await;
    assert_eq!(status, 200, "{done}");
    assert_eq!(done, json!({"count": 3, "tasks": 1, "more": false, "still": ["/teams/north", "/key_accounts"]}));
    let (_, back) = api.call("manager", "POST", "/v1/owners/hand_over", json!({"from": "bob", "to": "cid"})).await;
    assert_eq!(back["still"], json!(["/teams/south", "/v1/absences/ann"]), "{back}");
    let entries = api.call("manager", "GET", "/v1/audit?operation=hand_over&limit=200", Value::Null).await.1;
    let about: std::collections::BTreeSet<&str> =
        entries["data"].as_array().unwrap().iter().filter_map(|entry| entry["customer"].as_str()).collect();
    assert_eq!(about.len(), 3, "each customer has an entry of its own: {entries}");
    assert_eq!(whose("cid").await, ["by hand", "by rule", "of ann", "of bob", "of north"]);
}

#[tokio::test]
async fn settings_that_name_strangers_are_taken_and_warned_of() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let settings = json!({"teams": {"north": ["ann", "lee"]}, "owners": [{"owner": "north"}, {"owner": "zoe"}]});
    let warned = async || {
        let (status, said) = api.call("admin", "PATCH", "/v1/settings", settings.clone()).await;
        assert_eq!(status, 200, "{said}");
        let all = said["warnings"].as_array().unwrap().iter().map(|warning| warning["pointer"].as_str().unwrap().to_owned());
        all.filter(|pointer| pointer.starts_with("/teams") || pointer.starts_with("/owners")).collect::<Vec<_>>()
    };
    assert_eq!(warned().await, [""; 0], "nobody is a member: tokens say who there is");
    let lee = json!({"sub": "lee", "role": "collector"});
    let (status, said) = api.call("admin", "POST", "/v1/members", lee).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(warned().await, ["/owners/1/owner", "/teams/north/0"]);
}

#[tokio::test]
async fn work_for_somebody_who_is_not_there_is_warned_of() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let (status, said) = api.call("admin", "PATCH", "/v1/settings", json!({"teams": {"north": ["lee"]}})).await;
    assert_eq!(status, 200, "{said}");
    for sub in ["lee", "kim"] {
        let (status, said) = api.call("admin", "POST", "/v1/members", json!({"sub": sub, "role": "collector"})).await;
        assert_eq!(status, 200, "{said}");
    }
    let (_, task) = api.call("collector", "POST", "/v1/tasks", json!({"title": "Call", "customer": customer, "to": "lea"})).await;
    assert_eq!(task["warnings"][0]["pointer"], "/to", "{task}");
    let assign = format!("/v1/tasks/{}/assign", task["id"].as_str().unwrap());
    let owner = format!("/v1/owners/{customer}");
    for (name, is_stranger) in [("kim", false), ("north", false), ("lea", true)] {
        let (_, given) = api.call("collector", "POST", &assign, json!({"to": name})).await;
        let (_, owned) = api.call("collector", "PUT", &owner, json!({"owner": name})).await;
        let (_, handed) = api.call("manager", "POST", "/v1/owners/hand_over", json!({"from": "nobody", "to": name})).await;
        for (said, pointer) in [(&given, "/to"), (&owned, "/owner"), (&handed, "/to")] {
            let warnings = said["warnings"].as_array().cloned().unwrap_or_default();
            assert_eq!(warnings.iter().any(|warning| warning["pointer"] == pointer), is_stranger, "{name}: {said}");
        }
    }
    // Who is removed leaves what is theirs, and the answer says how much.
    api.call("collector", "PUT", &owner, json!({"owner": "lee"})).await;
    api.call("collector", "POST", &assign, json!({"to": "lee"})).await;
    let (status, gone) = api.call("admin", "DELETE", "/v1/members/lee", Value::Null).await;
    assert_eq!(
        (status, &gone["left"]),
        (200, &json!({"customers": 1, "tasks": 1, "more": false, "still": ["/teams/north"]})),
        "{gone}"
    );
    let (_, kim) = api.call("viewer", "GET", "/v1/members/kim", Value::Null).await;
    assert!(kim["left"].is_null(), "{kim}");
}

#[tokio::test]
async fn an_action_in_bulk_is_looked_at_confirmed_and_begun_once() {
    let api = Api::new().await;
    let mut ids = Vec::new();
    for n in 1..=3 {
        ids.push(api.world.customer("acme", &format!("C-{n}"), |_| {}).await.to_string());
    }
    api.call("collector", "PUT", &format!("/v1/owners/{}", ids[1]), json!({"owner": "bob"})).await;
    let assign = json!({"ids": ids, "action": {"assign": {"owner": "bob"}}, "dry_run": true});
    let (status, seen) = api.call("manager", "POST", "/v1/bulk", assign.clone()).await;
    assert_eq!((status, &seen["id"], &seen["count"], &seen["job"]), (200, &Value::Null, &json!(2), &Value::Null), "{seen}");
    assert_eq!(seen["counts"], json!({"left_out": 1, "planned": 2}));
    let mut run = assign;
    run["dry_run"] = json!(false);
    run["confirm_count"] = json!(3);
    let (status, said) = api.call("manager", "POST", "/v1/bulk", run.clone()).await;
    assert_eq!((status, pointers(&said)), (400, vec!["/confirm_count"]), "{said}");
    run["confirm_count"] = json!(2);
    let body = run.to_string();
    let mut begun = Vec::new();
    for _ in 0..2 {
        let asked = common::request("POST", "/v1/bulk", Some(("acme", "manager")), &[("idempotency-key", "once")], &body);
        let (status, said) = api.ask(asked).await;
        assert_eq!((status, &said["stage"], &said["job"]["status"]), (202, &json!("planned"), &json!("queued")), "{said}");
        begun.push(said["id"].clone());
    }
    assert_eq!(begun[0], begun[1], "asked for twice under one key it is one");
    let at = format!("/v1/bulk/{}", begun[0].as_str().unwrap());
    let (status, shown) = api.call("viewer", "GET", &at, Value::Null).await;
    assert_eq!((status, shown["lines"].as_array().unwrap().len(), &shown["next"]), (200, 3, &Value::Null), "{shown}");
    assert_eq!(api.call("viewer", "GET", &format!("{at}?cursor=x"), Value::Null).await.0, 422);
    assert_eq!(api.call("manager", "POST", &format!("{at}/undo"), Value::Null).await.0, 409, "its job is still at it");
    assert_eq!(
        api.call("manager", "POST", &format!("/v1/jobs/{}/cancel", shown["job"]["id"].as_str().unwrap()), json!({})).await.0,
        200
    );
    *api.world.now.lock().unwrap() += jiff::SignedDuration::from_mins(2);
    let (status, said) = api.call("manager", "POST", &format!("{at}/undo"), Value::Null).await;
    assert_eq!(status, 409, "nothing of it was done: {said}");
    for (body, expected) in [
        (json!({"action": {"pause": {}}}), vec!["/ids"]),
        (json!({"ids": [], "action": {"pause": {}}}), vec!["/ids"]),
        (json!({"ids": vec!["cus_x"; 1_001], "action": {"pause": {}}}), vec!["/ids"]),
        (json!({"ids": ["cus_x"], "filter": {}, "action": {"pause": {}}}), vec!["/filter"]),
        (json!({"filter": {"overdue_at_least_minor": 5}, "action": {"pause": {}}}), vec!["/filter/currency"]),
        (json!({"ids": ["cus_x"], "action": {"assign": {"owner": ""}}}), vec!["/action/assign/owner"]),
        (json!({"ids": ["cus_x"], "action": {"task": {"title": "x", "due_on": "2026-01-01"}}}), vec!["/action/task/due_on"]),
        (json!({"ids": ["cus_x"], "action": {"task": {"title": "x", "to": "y".repeat(129)}}}), vec!["/action/task/to"]),
        (json!({"ids": ["cus_x", "y".repeat(65)], "action": {"pause": {}}}), vec!["/ids/1"]),
        (json!({"filter": {"owner": "y".repeat(129)}, "action": {"pause": {}}}), vec!["/filter/owner"]),
        (json!({"filter": {"workflow": "y".repeat(65)}, "action": {"pause": {}}}), vec!["/filter/workflow"]),
        (
            json!({"ids": ["cus_x"], "dry_run": true, "action": {"move": {"currency": "EUR", "workflow": "nobody-s"}}}),
            vec!["/action/move/workflow"],
        ),
        (json!({"filter": {}, "action": {"pause": {}}}), vec!["/confirm_count"]),
    ] {
        let (status, said) = api.call("manager", "POST", "/v1/bulk", body.clone()).await;
        assert_eq!((status, pointers(&said)), (400, expected), "{body}: {said}");
    }
    for none in ["blk_none", "blk_x%23000001", "job_1"] {
        assert_eq!(api.call("viewer", "GET", &format!("/v1/bulk/{none}"), Value::Null).await.0, 404, "{none}");
    }
    let foreign = common::request("GET", &at, Some(("other", "admin")), &[], "");
    assert_eq!(api.ask(foreign).await.0, 404, "another tenant's");
}

#[tokio::test]
async fn why_an_agreement_was_made_is_a_note_about_it() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let pause = |note: Value| json!({"kind": "pause", "customer": customer, "until_on": "2026-03-31", "note": note});
    for (note, expected) in [(json!(7), vec!["/note"]), (json!("x".repeat(4_001)), vec!["/note"])] {
        let (status, said) = api.call("collector", "POST", "/v1/agreements", pause(note.clone())).await;
        assert_eq!((status, pointers(&said)), (400, expected), "{said}");
        let mut wrong = pause(note);
        wrong["kind"] = json!("truce");
        let (_, said) = api.call("collector", "POST", "/v1/agreements", wrong).await;
        assert_eq!(pointers(&said), ["/note", "/kind"], "every flaw at once: {said}");
    }
    let (status, made) = api.call("collector", "POST", "/v1/agreements", pause(json!(" Their system is down "))).await;
    assert_eq!((status, &made["note"]), (200, &json!("Their system is down")), "{made}");
    let at = format!("/v1/agreements/{}", made["id"].as_str().unwrap());
    assert_eq!(api.call("viewer", "GET", &at, Value::Null).await.1, made);
    // The same is agreed already, whatever is said of why.
    for other in [json!("Another reason"), Value::Null] {
        assert_eq!(api.call("manager", "POST", "/v1/agreements", pause(other)).await.1, made);
    }
    let notes = format!("/v1/notes?customer={customer}&about={}", made["id"].as_str().unwrap());
    let (_, list) = api.call("viewer", "GET", &notes, Value::Null).await;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["by"]), (1, &json!("acme-collector")), "{list}");
    let note = format!("/v1/notes/{}", list["data"][0]["id"].as_str().unwrap());
    api.call("collector", "PATCH", &note, json!({"text": "Their system moves"})).await;
    let (status, over) = api.call("collector", "POST", &format!("{at}/release"), Value::Null).await;
    assert_eq!((status, &over["status"], &over["note"]), (200, &json!("ended"), &json!("Their system moves")), "{over}");
    api.call("manager", "DELETE", &note, Value::Null).await;
    assert_eq!(api.call("viewer", "GET", &at, Value::Null).await.1.get("note"), None);
    let (_, audit) = api.call("manager", "GET", "/v1/audit?operation=make_agreement", Value::Null).await;
    assert_eq!(audit["data"].as_array().map(Vec::len), Some(1), "{audit}");
    assert!(!audit.to_string().contains("system"), "the audit says of a note only that it was made: {audit}");
    let more = json!({"customer": customer, "about": made["id"], "text": "They called again"});
    assert_eq!(api.call("collector", "POST", "/v1/notes", more).await.0, 200);
}

#[tokio::test]
async fn an_agreement_takes_the_scope_that_it_answers() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let dispute = |scope: &Value| json!({"kind": "dispute", "customer": customer, "scope": scope, "reason": "price"});
    let invoice = domain::InvoiceId::derive(&["acme", "canonical", "C-1", "1001"]);
    let (status, made) = api.call("collector", "POST", "/v1/agreements", dispute(&json!({"invoice": "C-1-1001"}))).await;
    assert_eq!((status, &made["scope"]), (200, &json!({ "invoice": invoice })), "{made}");
    for same in [made["scope"].clone(), json!({"invoices": [invoice]}), json!({"invoices": ["C-1-1001"]})] {
        let (status, again) = api.call("collector", "POST", "/v1/agreements", dispute(&same)).await;
        assert_eq!((status, &again["id"]), (200, &made["id"]), "{same}: {again}");
    }
    let (status, said) = api.call("collector", "POST", "/v1/agreements", dispute(&json!({"invoice": "none"}))).await;
    assert_eq!((status, pointers(&said)), (400, vec!["/scope/invoice"]), "{said}");
}
