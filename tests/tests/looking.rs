//! Lists over HTTP, as an integrator pages through them: order, filters, cursors, search, and that amounts follow the day and the rates.

use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice, payment},
    test_tenant::TestTenant,
};

/// An invoice in another currency.
fn in_currency(who: &str, number: &str, minor: i64, currency: &str, due_on: &str) -> Value {
    changed(&invoice(&customer(who), number, minor, due_on), 1, &json!({"currency": currency}))
}

async fn get(desk: &TestTenant, path: &str) -> Value {
    desk.admin("GET", path, &Value::Null).await.is(200).body
}

/// What each row of a whole list says at a pointer, page by page of two.
async fn all(desk: &TestTenant, path: &str, pointer: &str) -> Vec<Value> {
    let glue = if path.contains('?') { '&' } else { '?' };
    let (mut said, mut next) = (Vec::new(), None::<String>);
    for _ in 0..100 {
        let cursor = next.map(|next| format!("&cursor={next}")).unwrap_or_default();
        let page = get(desk, &format!("{path}{glue}limit=2{cursor}")).await;
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 2 && page["as_of"].is_string(), "{page}");
        said.extend(data.iter().map(|row| row.pointer(pointer).cloned().unwrap_or_default()));
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            assert!(page["next"].is_null());
            return said;
        }
    }
    panic!("{path} has no end");
}

/// Seven customers with open invoices; today is the 10th of February.
async fn desk() -> TestTenant {
    let desk = TestTenant::at("2026-02-10T08:00:00Z").await;
    for (at, (minor, due_on)) in
        [(90_000, "2025-10-01"), (10_000, "2026-01-15"), (50_000, "2026-02-09"), (70_000, "2026-02-10"), (20_000, "2026-03-01")]
            .into_iter()
            .enumerate()
    {
        desk.put(&invoice(&customer(&format!("C-{at}")), &format!("INV-{at}"), minor, due_on)).await;
    }
    desk.put(&in_currency("C-5", "INV-5", 60_000, "USD", "2026-01-20")).await;
    desk.put(&in_currency("C-6", "INV-6", 99_999, "CHF", "2026-01-20")).await;
    desk.put(&in_currency("C-6", "INV-7", 1_000, "EUR", "2026-01-25")).await;
    desk.advance("PT5M").await;
    desk
}

#[tokio::test]
async fn customers_rank_by_what_they_owe_across_currencies_at_the_tenants_rates() {
    let desk = desk().await;
    // Without rates each currency by itself, in the order of their codes.
    let overdue = all(&desk, "/v1/customers?sort=overdue", "/external_id").await;
    assert_eq!(overdue, ["C-6", "C-0", "C-2", "C-1", "C-6", "C-5"]);
    assert_eq!(all(&desk, "/v1/customers?sort=overdue&currency=USD", "/external_id").await, ["C-5"]);
    // A dollar is half a euro; the franc has no rate.
    let reporting = json!({"reporting": {"currency": "EUR", "rates": {"USD": "0.5"}}});
    desk.admin("PATCH", "/v1/settings", &reporting).await.is(200);
    desk.to("2026-02-11T01:00:00Z").await;
    let rows = get(&desk, "/v1/customers?sort=overdue").await;
    let said: Vec<(&str, i64, &str)> = rows["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let ranked = &row["ranked"];
            let (amount, currency) = (ranked["amount_minor"].as_i64().unwrap(), ranked["currency"].as_str().unwrap());
            assert!(row["as_of"].is_string() && row["name"].as_str().is_some_and(|name| name.starts_with("Firma")), "{row}");
            (row["external_id"].as_str().unwrap(), amount, currency)
        })
        .collect();
    // Since midnight in Berlin what fell due on the 10th is overdue too.
    assert_eq!(
        said,
        [
            ("C-0", 90_000, "EUR"),
            ("C-3", 70_000, "EUR"),
            ("C-2", 50_000, "EUR"),
            ("C-5", 30_000, "EUR"),
            ("C-1", 10_000, "EUR"),
            ("C-6", 1_000, "EUR"),
            ("C-6", 99_999, "CHF"),
        ]
    );
    assert_eq!(all(&desk, "/v1/customers?sort=-overdue&currency=CHF", "/external_id").await, ["C-6"]);
    let refused = desk.admin("GET", "/v1/customers?sort=overdue&currency=USD", &Value::Null).await.is(400);
    assert_eq!(refused.pointers(), ["/currency"]);
    let stake = all(&desk, "/v1/customers?sort=money_at_stake", "/external_id").await;
    assert_eq!(stake, ["C-0", "C-3", "C-2", "C-5", "C-4", "C-1", "C-6", "C-6"]);
    let oldest = all(&desk, "/v1/customers?sort=oldest_due", "/owed/0/oldest_due_on").await;
    let days = ["2025-10-01", "2026-01-15", "2026-01-20", "2026-01-20", "2026-02-09", "2026-02-10", "2026-03-01"];
    assert_eq!(oldest, days);
    // The currency without a rate comes by itself, and nothing is said twice.
    let names = all(&desk, "/v1/customers", "/external_id").await;
    assert_eq!(names, ["C-0", "C-1", "C-2", "C-3", "C-4", "C-5", "C-6"]);
    let next = get(&desk, "/v1/customers?sort=next_action").await;
    assert_eq!(next["data"].as_array().unwrap().len(), 7, "{next}");
    assert!(next["data"][0]["next_at"].is_string(), "{next}");
}

#[tokio::test]
async fn customers_are_listed_by_owner_across_the_tenant() {
    let desk = desk().await;
    let gives = async |who: &str, owner: Value| {
        let row = get(&desk, &format!("/v1/customers?source=canonical&external_id={who}")).await["data"][0].clone();
        let path = format!("/v1/owners/{}", row["id"].as_str().unwrap());
        desk.admin("PUT", &path, &json!({ "owner": owner })).await.is(200);
    };
    for (who, owner) in [("C-3", "Zoe"), ("C-1", "ann"), ("C-5", "ann"), ("C-0", "Bob")] {
        gives(who, json!(owner)).await;
    }
    desk.advance("PT1M").await;
    let pairs = async |query: &str| {
        let rows = get(&desk, &format!("/v1/customers?{query}")).await["data"].clone();
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let pairs: Vec<_> = rows.as_array().unwrap().iter().map(|row| (text(row, "owner"), text(row, "external_id"))).collect();
        assert!(rows.as_array().unwrap().iter().all(|row| row["owed"].is_array()), "{rows}");
        pairs
    };
    let mut listed = pairs("sort=owner").await;
    let owners: Vec<&str> = listed.iter().map(|(owner, _)| owner.as_str()).collect();
    assert_eq!(owners, ["ann", "ann", "Bob", "Zoe"], "in the order of words, and not of capitals");
    let mut backwards = pairs("sort=-owner").await;
    backwards.reverse();
    assert_eq!(backwards, listed);
    listed.sort();
    let expected = [("Bob", "C-0"), ("Zoe", "C-3"), ("ann", "C-1"), ("ann", "C-5")];
    assert_eq!(listed, expected.map(|(owner, who)| (owner.to_owned(), who.to_owned())));
    // A page at a time it is the same, whoever has them.
    assert_eq!(all(&desk, "/v1/customers?sort=owner", "/owner").await, ["ann", "ann", "Bob", "Zoe"]);
    gives("C-1", json!("Zoe")).await;
    gives("C-0", Value::Null).await;
    desk.advance("PT1M").await;
    assert_eq!(
        all(&desk, "/v1/customers?sort=owner", "/owner").await,
        ["ann", "Zoe", "Zoe"],
        "who is nobody's is not among them"
    );
    let refused = desk.admin("GET", "/v1/customers?sort=owner&currency=EUR", &Value::Null).await.is(400);
    assert_eq!(refused.pointers(), ["/currency"]);
}

#[tokio::test]
async fn a_row_says_since_when_its_amounts_stand() {
    let desk = desk().await;
    let as_of = async |query: &str, who: &str| {
        let rows = get(&desk, &format!("/v1/customers?{query}")).await["data"].clone();
        let row = rows.as_array().unwrap().iter().find(|row| row["external_id"] == who).cloned().unwrap_or_default();
        row["as_of"].as_str().unwrap_or_default().to_owned()
    };
    let one = async |who: &str| as_of(&format!("source=canonical&external_id={who}"), who).await;
    let same = as_of("sort=overdue", "C-2").await;
    assert_eq!(as_of("sort=oldest_due", "C-3").await.get(..10), Some("2026-02-10"));
    // Since midnight in Berlin what fell due on the 10th is overdue; of C-2 nothing is another, and its row is not written for that.
    desk.to("2026-02-11T01:00:00Z").await;
    assert_eq!(as_of("sort=overdue", "C-2").await, same);
    let grown = as_of("sort=overdue", "C-3").await;
    assert!(grown.as_str() >= "2026-02-10T23:00:00", "{grown}");
    // By its id a customer is read itself: what it owes is as of the same night, and not of the decision before.
    let (of_grown, of_same) = (one("C-3").await, one("C-2").await);
    assert!(of_grown >= grown && of_same >= same, "{of_grown} {grown}, {of_same} {same}");
}

#[tokio::test]
async fn invoices_are_listed_by_standing_bucket_and_day() {
    let desk = desk().await;
    let numbers = async |query: &str| all(&desk, &format!("/v1/invoices{query}"), "/number").await;
    assert_eq!(numbers("?bucket=current").await, ["INV-3", "INV-4"]);
    assert_eq!(numbers("?bucket=over_90").await, ["INV-0"]);
    assert_eq!(numbers("?bucket=1-30&sort=-due_on").await[0], "INV-2");
    assert_eq!(numbers("?due_from=2026-01-25&due_until=2026-02-10").await, ["INV-7", "INV-2", "INV-3"]);
    assert_eq!(numbers("?status=void").await, Vec::<Value>::new());
    desk.put(&changed(&invoice(&customer("C-1"), "INV-1", 10_000, "2026-01-15"), 2, &json!({"status": "void"}))).await;
    desk.put(&changed(&invoice(&customer("C-2"), "INV-2", 50_000, "2026-02-09"), 2, &json!({"paid_minor": 50_000}))).await;
    desk.put(&payment("C-0", "P-1", 1, "received", "INV-0", 40_000)).await;
    desk.advance("PT5M").await;
    assert_eq!((numbers("?status=void").await, numbers("?status=paid").await), (vec![json!("INV-1")], vec![json!("INV-2")]));
    let customer = get(&desk, "/v1/customers?source=canonical&external_id=C-0").await["data"][0].clone();
    let id = customer["id"].as_str().unwrap();
    assert_eq!(numbers(&format!("?customer={id}")).await, ["INV-0"]);
    // Whatever became of one, it is found by the source's own id.
    for (external_id, found) in [("INV-0", vec!["open"]), ("INV-1", vec!["void"]), ("INV-2", vec!["paid"]), ("INV-404", vec![])] {
        let page = get(&desk, &format!("/v1/invoices?source=canonical&external_id={external_id}")).await;
        let said: Vec<&str> = page["data"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
        assert_eq!((said, &page["next"]), (found, &Value::Null), "{page}");
    }
    for (query, pointer) in [
        ("external_id=INV-0", "/source"),
        ("source=canonical", "/external_id"),
        ("source=canonical&external_id=INV-0&status=open", "/external_id"),
    ] {
        let refused = desk.admin("GET", &format!("/v1/invoices?{query}"), &Value::Null).await.is(400);
        assert_eq!(refused.pointers(), [pointer], "{query}");
    }
    let listed = get(&desk, &format!("/v1/invoices?customer={id}")).await["data"][0].clone();
    let one = get(&desk, &format!("/v1/invoices/{}", listed["id"].as_str().unwrap())).await;
    assert_eq!((&one["number"], &one["customer"]["name"]), (&json!("INV-0"), &json!("Firma C-0")));
    let paid = get(&desk, &format!("/v1/payments?customer={id}")).await["data"][0].clone();
    assert_eq!((&paid["amount_minor"], &paid["status"]), (&json!(40_000), &json!("received")));
    let one = get(&desk, &format!("/v1/payments/{}", paid["id"].as_str().unwrap())).await;
    assert_eq!(one["allocations"][0]["invoice"], listed["id"]);
    // A payment is no credit note, and under another tenant's or no id there is nothing.
    for path in [format!("/v1/credit_notes/{}", paid["id"].as_str().unwrap()), "/v1/payments/pay_none".to_owned()] {
        desk.admin("GET", &path, &Value::Null).await.is(404);
    }
    assert_eq!(get(&desk, &format!("/v1/customers/{id}")).await["customer"]["id"], customer["id"]);
    assert_eq!(get(&desk, "/v1/customers?source=canonical&external_id=C-99").await["data"], json!([]));
    for (query, pointer) in [
        ("?bucket=1-30&due_from=2026-01-01", "/bucket"),
        ("?bucket=2-3", "/bucket"),
        ("?status=late", "/status"),
        ("?due_from=soon", "/due_from"),
        ("?due_from=2026-02-10&due_until=2026-01-25", "/due_until"),
        ("?sort=amount", "/sort"),
        ("?limit=0", "/limit"),
        ("?limit=101", "/limit"),
        ("?customer=C-0", "/customer"),
        ("?q=x", "/q"),
    ] {
        let refused = desk.admin("GET", &format!("/v1/invoices{query}"), &Value::Null).await.is(400);
        assert_eq!(refused.pointers(), [pointer], "{query}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_the_list_that_gave_it_and_no_other() {
    let desk = desk().await;
    let first = get(&desk, "/v1/customers?sort=overdue&limit=2").await;
    let cursor = first["next"].as_str().unwrap().to_owned();
    // Another size of page is the same list.
    let rest = get(&desk, &format!("/v1/customers?sort=overdue&limit=100&cursor={cursor}")).await;
    assert_eq!(rest["data"].as_array().unwrap().len(), 4);
    assert!(rest["next"].is_null());
    let mut tampered = cursor.clone().into_bytes();
    let middle = tampered.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).unwrap();
    let plain = "TCMwRVVSOjkyMjMzNzIwMzY4NTQ2ODU4MDcjY3VzXzE";
    for path in [
        format!("/v1/customers?sort=overdue&cursor={tampered}"),
        format!("/v1/customers?sort=overdue&cursor={plain}"),
        "/v1/customers?sort=overdue&cursor=x".to_owned(),
        format!("/v1/customers?sort=-overdue&cursor={cursor}"),
        format!("/v1/customers?sort=overdue&currency=EUR&cursor={cursor}"),
        format!("/v1/customers?sort=money_at_stake&cursor={cursor}"),
        format!("/v1/invoices?cursor={cursor}"),
        format!("/v1/tasks?cursor={cursor}"),
        format!("/v1/search?q=firma&cursor={cursor}"),
    ] {
        let refused = desk.admin("GET", &path, &Value::Null).await.is(422);
        assert_eq!(
            (refused.body["type"].as_str().unwrap().ends_with("/invalid-cursor"), refused.pointers()),
            (true, vec!["/cursor".to_owned()]),
            "{path}"
        );
    }
    // What another tenant's list gave opens nothing here.
    let other = local::tenants::TenantIn {
        tenant: "other".to_owned(),
        settings: json!({"name": "Other"}).as_object().unwrap().clone(),
        ..Default::default()
    };
    desk.stack.create_tenant(other).await.unwrap();
    let token = desk.stack.token("other", "admin").unwrap();
    let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
    let foreign = desk.call("GET", &format!("/v1/customers?sort=overdue&cursor={cursor}"), &headers, &[]).await;
    foreign.is(422);
}

#[tokio::test]
async fn messages_agreements_cases_and_work_are_listed() {
    let desk = desk().await;
    desk.to("2026-02-10T18:00:00Z").await;
    let sent = desk.sent().len();
    assert!(sent > 0);
    let ids = all(&desk, "/v1/messages?day=2026-02-10", "/id").await;
    assert!(ids.len() >= sent, "{ids:?}");
    let one = get(&desk, &format!("/v1/messages/{}", ids[0].as_str().unwrap())).await;
    assert_eq!((one["id"].clone(), one["customer"]["name"].is_string()), (ids[0].clone(), true));
    let status = one["status"].as_str().unwrap();
    let step = one["steps"][0].as_str().unwrap();
    let same = all(&desk, &format!("/v1/messages?day=2026-02-10&status={status}&step={step}"), "/id").await;
    assert!(same.contains(&ids[0]));
    assert_eq!(all(&desk, "/v1/messages?day=2026-02-10&status=complained", "/id").await, Vec::<Value>::new());
    assert_eq!(all(&desk, "/v1/messages?day=2026-02-09", "/id").await, Vec::<Value>::new());
    let whose = async |number: usize| {
        get(&desk, &format!("/v1/customers?source=canonical&external_id=C-{number}")).await["data"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (number, pays_on) in [(0, "2026-02-20"), (1, "2026-02-14"), (2, "2026-02-17")] {
        let promise = json!({"kind": "promise", "customer": whose(number).await, "pays_on": pays_on, "way": "transfer"});
        desk.admin("POST", "/v1/agreements", &promise).await.is(200);
    }
    let dispute = json!({"kind": "dispute", "customer": whose(3).await, "reason": "quality"});
    let dispute = desk.admin("POST", "/v1/agreements", &dispute).await.is(200).body;
    desk.advance("PT5M").await;
    let promised = all(&desk, "/v1/agreements?kind=promise", "/pays_on").await;
    assert_eq!(promised, ["2026-02-14", "2026-02-17", "2026-02-20"]);
    assert_eq!(
        all(&desk, "/v1/agreements?kind=promise", "/stood_minor").await,
        [10_000, 50_000, 90_000],
        "all of it is promised"
    );
    assert_eq!(all(&desk, "/v1/agreements?kind=promise", "/currency").await, ["EUR", "EUR", "EUR"]);
    // What is owed in two currencies is no one amount.
    desk.admin("POST", "/v1/agreements", &json!({"kind": "pause", "customer": whose(6).await})).await.is(200);
    desk.advance("PT5M").await;
    assert_eq!(all(&desk, "/v1/agreements?kind=pause", "/stood_minor").await, [Value::Null]);
    assert_eq!(all(&desk, "/v1/agreements?kind=promise&sort=-pays_on", "/pays_on").await[0], "2026-02-20");
    assert_eq!(all(&desk, "/v1/agreements?kind=dispute", "/id").await, [dispute["id"].clone()]);
    let withdraw = format!("/v1/agreements/{}/withdraw", dispute["id"].as_str().unwrap());
    desk.admin("POST", &withdraw, &json!({})).await.is(200);
    desk.advance("PT5M").await;
    assert_eq!(all(&desk, "/v1/agreements?kind=dispute", "/id").await, Vec::<Value>::new());
    assert_eq!(all(&desk, "/v1/agreements?kind=dispute&status=withdrawn", "/id").await, [dispute["id"].clone()]);
    desk.admin("GET", "/v1/agreements", &Value::Null).await.is(400);
    desk.admin("GET", "/v1/agreements?kind=dispute&status=kept", &Value::Null).await.is(400);
    let mut cases = Vec::new();
    for state in ["open", "waiting", "ended"] {
        cases.extend(all(&desk, &format!("/v1/cases?state={state}"), "/id").await);
    }
    assert_eq!(cases.len(), 8, "{cases:?}");
    let matter = get(&desk, &format!("/v1/cases/{}", cases[0].as_str().unwrap())).await;
    assert!(matter["cases"].as_array().unwrap().iter().any(|case| case["id"] == cases[0]), "{matter}");
}

#[tokio::test]
async fn the_worklist_goes_by_money_at_stake_and_a_broken_promise_comes_first() {
    let ladder = json!({
        "id": "calls", "name": "Calls", "scope": "customer",
        "steps": [
            {"id": "call", "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"task": {"title": "Call them"}}},
            {"id": "again", "at": {"anchor": "due_date", "offset": "P40D"}, "action": {"task": {"title": "Call them again"}}},
        ],
    });
    let desk = TestTenant::with("2026-02-10T08:00:00Z", json!({}), Some(vec![ladder])).await;
    for (who, minor) in [("C-1", 10_000), ("C-2", 90_000), ("C-3", 50_000)] {
        desk.put(&invoice(&customer(who), &format!("INV-{who}"), minor, "2026-02-05")).await;
    }
    desk.to("2026-02-11T18:00:00Z").await;
    let whose = "/customer/external_id";
    assert_eq!(all(&desk, "/v1/tasks?sort=money_at_stake&kind=task", whose).await, ["C-2", "C-3", "C-1"]);
    // Most of it is paid: the task goes down though nothing of it changed.
    desk.put(&payment("C-2", "P-1", 1, "received", "INV-C-2", 85_000)).await;
    desk.advance("PT10M").await;
    assert_eq!(all(&desk, "/v1/tasks?sort=money_at_stake&kind=task", whose).await, ["C-3", "C-1", "C-2"]);
    let id = get(&desk, "/v1/customers?source=canonical&external_id=C-1").await["data"][0]["id"].clone();
    let promise = json!({"kind": "promise", "customer": id, "pays_on": "2026-02-13", "way": "transfer"});
    desk.admin("POST", "/v1/agreements", &promise).await.is(200);
    desk.to("2026-03-01T18:00:00Z").await;
    assert_eq!(all(&desk, "/v1/agreements?kind=promise&status=broken", "/customer/external_id").await, ["C-1"]);
    assert_eq!(all(&desk, "/v1/tasks?sort=money_at_stake&kind=task", whose).await[0], "C-1");
    let old = get(&desk, "/v1/tasks").await;
    assert_eq!(old["tasks"], old["data"]);
}

#[tokio::test]
async fn a_search_finds_beginnings_of_words_of_customers_and_invoices() {
    let desk = desk().await;
    let found = async |q: &str| all(&desk, &format!("/v1/search?q={q}"), "/text").await;
    assert_eq!(found("c-3@buyer").await.len(), 7, "letters alone are passed over");
    assert_eq!(found("FIRM").await.len(), 7);
    assert_eq!(found("inv-").await.len(), 8);
    assert_eq!(get(&desk, "/v1/customers?q=webe&limit=100").await["data"].as_array().unwrap().len(), 7);
    assert_eq!(get(&desk, "/v1/invoices?q=inv&limit=100").await["data"].as_array().unwrap().len(), 8);
    assert_eq!(found("nobody").await, Vec::<Value>::new());
    for q in ["", "x", "%20%20a"] {
        desk.admin("GET", &format!("/v1/search?q={q}"), &Value::Null).await.is(400);
    }
}
