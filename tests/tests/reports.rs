//! Reports of a small book over some weeks, through the functions that there are: each number is worked by hand beside it.
//!
//! Customer A owes F-1 (1,000 EUR, issued 01-10, due 02-09) and F-2 (500 EUR, issued 01-21, due 02-20). B owes F-3 (700 USD, issued 01-03, due
//! 02-02) and F-4 (300 EUR, issued 12-21, due 01-20).
//!
//! | Day | What happens |
//! |---|---|
//! | 02-03 | the books are known; both customers are ann's |
//! | 02-04 | A promises the 500 of F-2 for 02-16, B the 300 of F-4 for 02-10 |
//! | 02-10 | A pays 400 of F-1 |
//! | 02-11 | B disputes 200 USD of F-3 for its price |
//! | 02-12 | F-1 is credited by 100 |
//! | 02-13 | the 400 are taken back |
//! | 02-16 | A pays the 500 of F-2: its promise is kept; B is bob's from now on |

use jiff::civil::Date;
use local::{Fault, Mode, When};
use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice, payment},
    test_tenant::{TENANT, TestTenant},
};

/// Nobody is written to: the only step is work, in two months.
fn quiet() -> Value {
    let step =
        json!({"id": "look", "at": {"anchor": "due_date", "offset": "P90D"}, "action": {"task": {"title": "Decide what to do"}}});
    json!({"id": "quiet", "name": "Quiet", "scope": "customer", "steps": [step]})
}

async fn get(desk: &TestTenant, path: &str) -> Value {
    desk.admin("GET", path, &Value::Null).await.is(200).body
}

async fn report(desk: &TestTenant, asked: &str) -> Value {
    get(desk, &format!("/v1/reports/{asked}")).await
}

/// A row of a report.
#[track_caller]
fn row<'a>(report: &'a Value, group: &str, currency: &str) -> &'a Value {
    let rows = report["rows"].as_array().unwrap();
    let found = rows.iter().find(|row| row["group"] == group && row["currency"].as_str().unwrap_or_default() == currency);
    found.unwrap_or_else(|| panic!("no row of '{group}' in {currency}: {report:#}"))
}

/// Values of a row, each `null` where it is not defined.
#[track_caller]
fn values(report: &Value, (group, currency): (&str, &str), columns: &[&str]) -> Vec<String> {
    let of = row(report, group, currency);
    columns.iter().map(|column| of["values"][column]["value"].as_str().unwrap_or("null").to_owned()).collect()
}

fn paid(customer: &str, id: &str, (version, status): (i64, &str), invoice: &str, (amount, on): (i64, &str)) -> Value {
    let mut document = payment(customer, id, version, status, invoice, amount);
    document["payment"]["received_on"] = json!(on);
    document
}

/// The story, until the beginning of the last day; the ids of both customers.
async fn told(desk: &TestTenant) -> (String, String) {
    let (a, b) = (customer("A"), customer("B"));
    let first = invoice(&a, "F-1", 100_000, "2026-02-09");
    desk.put(&first).await;
    desk.put(&invoice(&a, "F-2", 50_000, "2026-02-20")).await;
    desk.put(&changed(&invoice(&b, "F-3", 70_000, "2026-02-02"), 1, &json!({"currency": "USD"}))).await;
    desk.put(&invoice(&b, "F-4", 30_000, "2026-01-20")).await;
    let id = async |external: &str| desk.matter(external).await["customer"]["id"].as_str().unwrap().to_owned();
    let (a, b) = (id("A").await, id("B").await);
    for customer in [&a, &b] {
        desk.admin("PUT", &format!("/v1/owners/{customer}"), &json!({"owner": "ann"})).await.is(200);
    }
    // The walk of some midnight dies in its middle, and the stream says things twice and in another order.
    let (target, mode, when) = ("report".to_owned(), Some(Mode::Crash), Some(When::Before));
    desk.stack.fault(Fault { target, mode, times: 1, call: Some(30), when }).unwrap();
    desk.fault("stream", Mode::Duplicate, 12);
    desk.fault("stream", Mode::Reorder, 12);
    desk.end_of("2026-02-03").await;
    desk.advance("PT9H").await;
    for (customer, invoice, amount, on) in [(&a, "F-2", 50_000, "2026-02-16"), (&b, "F-4", 30_000, "2026-02-10")] {
        let promise = json!({
            "kind": "promise", "customer": customer, "pays_on": on, "way": "transfer", "amount_minor": amount,
            "scope": {"invoices": [invoice]},
        });
        desk.admin("POST", "/v1/agreements", &promise).await.is(200);
    }
    desk.to("2026-02-10T11:00:00Z").await;
    desk.put(&paid("A", "P-1", (1, "received"), "F-1", (40_000, "2026-02-10"))).await;
    desk.to("2026-02-11T11:00:00Z").await;
    let dispute =
        json!({"kind": "dispute", "customer": b, "scope": {"invoices": ["F-3"]}, "amount_minor": 20_000, "reason": "price"});
    desk.admin("POST", "/v1/agreements", &dispute).await.is(200);
    desk.to("2026-02-12T11:00:00Z").await;
    desk.put(&changed(&first, 2, &json!({"credited_minor": 10_000}))).await;
    desk.to("2026-02-13T11:00:00Z").await;
    desk.put(&paid("A", "P-1", (2, "reversed"), "F-1", (40_000, "2026-02-10"))).await;
    desk.to("2026-02-16T11:00:00Z").await;
    desk.put(&paid("A", "P-2", (1, "received"), "F-2", (50_000, "2026-02-16"))).await;
    desk.admin("PUT", &format!("/v1/owners/{b}"), &json!({"owner": "bob"})).await.is(200);
    desk.to("2026-02-24T11:00:00Z").await;
    (a, b)
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_those_that_are_worked_by_hand() {
    let desk = TestTenant::with("2026-02-03T08:00:00Z", json!({}), Some(vec![quiet()])).await;
    let (a, b) = told(&desk).await;
    // What is open, by days past due.
    const AGED: [&str; 4] = ["current", "1-30", "1-30_count", "open"];
    for (day, euros, dollars) in [
        // F-1 1,000 and F-2 500 are not past due; F-4 is for 14 days, F-3 for 1.
        ("2026-02-03", ["150000", "30000", "1", "180000"], "70000"),
        // F-1 is 600 open for 1 day, F-4 for 21.
        ("2026-02-10", ["50000", "90000", "2", "140000"], "70000"),
        // F-1 is credited: 500.
        ("2026-02-12", ["50000", "80000", "2", "130000"], "70000"),
        // The 400 are open again.
        ("2026-02-13", ["50000", "120000", "2", "170000"], "70000"),
        // F-2 is paid.
        ("2026-02-16", ["0", "120000", "2", "120000"], "70000"),
    ] {
        let aging = report(&desk, &format!("aging?as_of={day}")).await;
        assert_eq!(values(&aging, ("", "EUR"), &AGED), euros, "{day}: {aging:#}");
        assert_eq!(values(&aging, ("", "USD"), &["1-30", "open"]), [dollars, dollars], "{day}");
        assert_eq!((&aging["is_today"], &aging["is_without_data"]), (&json!(false), &json!(false)), "{day}");
    }
    // By owner: B moved on the 16th, with all that it owes.
    let open = async |asked: &str, group: &str| {
        let aging = report(&desk, &format!("aging?by=owner&{asked}")).await;
        values(&aging, (group, "EUR"), &["open"])[0].clone()
    };
    assert_eq!(open("as_of=2026-02-15", "ann").await, "170000");
    assert_eq!((open("as_of=2026-02-16", "ann").await, open("as_of=2026-02-16", "bob").await), ("90000".into(), "30000".into()));
    // Today is the 24th, and says as of when: F-4 is 35 days past due.
    let today = report(&desk, "aging").await;
    assert_eq!(values(&today, ("", "EUR"), &["1-30", "31-60"]), ["90000", "30000"]);
    assert_eq!((&today["as_of"], &today["is_today"]), (&json!("2026-02-24"), &json!(true)));
    assert!(today["reckoned_at"].is_string(), "{today:#}");
    // What happened in February: 400 and 500 came, 400 were taken back, 100 credited.
    let collected = report(&desk, "collected?from=2026-02-01&to=2026-02-24").await;
    let columns = ["collected_count", "collected", "taken_back", "credited", "collected_net", "sold"];
    assert_eq!(values(&collected, ("", "EUR"), &columns), ["2", "90000", "40000", "10000", "50000", "0"]);
    assert_eq!(collected["begins_before_data"], true, "the books are known from the 3rd on");
    // One of two promises was kept, with 500 of 800.
    let promises = report(&desk, "promises?from=2026-02-01").await;
    let columns = ["made_count", "made", "kept", "broken", "kept_by_count", "kept_by_amount"];
    assert_eq!(values(&promises, ("", "EUR"), &columns), ["2", "80000", "50000", "30000", "50.00", "62.50"]);
    // 13 days after it was made.
    let disputes = report(&desk, "disputes").await;
    assert_eq!(disputes["rows"][0]["part"], "price");
    assert_eq!(values(&disputes, ("", "USD"), &["0-7", "8-30", "8-30_count"]), ["0", "20000", "1"]);
    // January and February, 48 days to the 17th: 1,200 ÷ 1,500 × 48. In February alone nothing was sold.
    let dso = report(&desk, "dso?from=2026-01-01&as_of=2026-02-17").await;
    assert_eq!(values(&dso, ("", "EUR"), &["dso", "sold"]), ["38.40", "150000"]);
    let none = report(&desk, "dso?from=2026-02-01&as_of=2026-02-17").await;
    assert_eq!(row(&none, "", "EUR")["values"]["dso"]["not_defined"], "no_sales");
    // Nobody was contacted, and nothing that was settled says how long it took but F-2: 26 days after its issue, 4 before it fell due.
    let days = report(&desk, "days-to-pay?from=2026-02-01").await;
    assert_eq!(values(&days, ("", "EUR"), &["days_to_pay", "days_late"]), ["26.00", "-4.00"]);
    opens_what_it_is_made_of(&desk, (&a, &b)).await;
    cannot_be_asked(&desk).await;
}

/// Each number opens what it is made of: the customers, then what happened to one.
async fn opens_what_it_is_made_of(desk: &TestTenant, (a, b): (&str, &str)) {
    for asked in ["aging?as_of=2026-02-16", "aging", "collected?from=2026-02-01&as_of=2026-02-17", "collected?from=2026-02-01"] {
        let whole = report(desk, asked).await;
        let of_tenant = row(&whole, "", "EUR");
        let mut path = of_tenant["made_of"].as_str().unwrap().to_owned();
        let (column, mut sum, mut seen) = (if asked.starts_with("aging") { "open" } else { "collected_net" }, 0, Vec::new());
        loop {
            let page = get(desk, &path).await;
            for row in page["rows"].as_array().unwrap() {
                sum += row["values"][column]["value"].as_str().unwrap().parse::<i64>().unwrap();
                seen.push((row["group"].as_str().unwrap().to_owned(), row["made_of"].as_str().unwrap().to_owned()));
            }
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{}&cursor={next}", path.split("&cursor").next().unwrap());
        }
        assert_eq!(sum.to_string(), of_tenant["values"][column]["value"].as_str().unwrap(), "{asked}");
        assert!(seen.iter().any(|(group, _)| group == a), "{asked}: {seen:?}");
        assert!(seen.iter().all(|(group, _)| [a, b].contains(&group.as_str())), "{asked}: {seen:?}");
        let (_, entries) = seen.iter().find(|(group, _)| group == a).unwrap();
        let entries = get(desk, entries).await;
        assert!(entries["data"].as_array().unwrap().iter().all(|entry| entry["on"].as_str().unwrap() <= "2026-02-24"));
    }
    let ledger = get(desk, &format!("/v1/customers/{a}/ledger?from=2026-02-03")).await;
    let told: Vec<(&str, &str)> = ledger["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["on"].as_str().unwrap(), entry["kind"].as_str().unwrap()))
        .collect();
    let expected = [
        ("2026-02-04", "promised"),
        ("2026-02-10", "paid"),
        ("2026-02-12", "credited"),
        ("2026-02-13", "taken_back"),
        ("2026-02-16", "paid"),
        ("2026-02-16", "promise_ended"),
    ];
    assert_eq!(told, expected, "{ledger:#}");
    assert_eq!(ledger["name"], "Firma A");
    // The same as a table.
    let token = desk.stack.token(TENANT, "viewer").unwrap();
    let headers = [("authorization".to_owned(), format!("Bearer {token}")), ("accept".to_owned(), "text/csv".to_owned())];
    let table = desk.call("GET", "/v1/reports/aging?by=owner&as_of=2026-02-16&currency=EUR", &headers, b"").await.is(200).text;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("owner,name,currency,part,current,current_count,1-30,"), "{table}");
    assert!(lines[1].starts_with("ann,ann,EUR,,0,0,90000,1,"), "{table}");
}

/// What cannot be asked says which parameter is wrong; a day without data says so.
async fn cannot_be_asked(desk: &TestTenant) {
    for (asked, status, pointer) in [
        ("aging?as_of=2026-02-25", 400, "/as_of"),
        ("aging?from=2026-02-01", 400, "/from"),
        ("dso?from=2026-02-02", 400, "/from"),
        ("ratings?by=legal_entity", 400, "/by"),
        ("aging?currency=together", 400, "/currency"),
        ("aging?by=customer&cursor=9-", 422, "/cursor"),
    ] {
        let reply = desk.admin("GET", &format!("/v1/reports/{asked}"), &Value::Null).await.is(status);
        assert_eq!(reply.pointers(), [pointer], "{asked}: {}", reply.text);
    }
    desk.admin("GET", "/v1/reports/profit", &Value::Null).await.is(404);
    desk.admin("GET", "/v1/reports/aging?as_of=yesterday", &Value::Null).await.is(400);
    let before = report(desk, "aging?as_of=2026-01-15").await;
    assert_eq!((&before["is_without_data"], before["rows"].as_array().unwrap().len()), (&json!(true), 0));
    let names: Vec<Value> = get(desk, "/v1/reports").await["data"].as_array().unwrap().clone();
    assert_eq!(names.len(), 11);
    for kind in names {
        let found = report(desk, kind["name"].as_str().unwrap()).await;
        assert!(!found["columns"].as_array().unwrap().is_empty(), "{found:#}");
        assert!(found["as_of"].as_str().unwrap().parse::<Date>().is_ok());
    }
    // At the rate of the settings, 700 USD are 644 EUR.
    desk.set(json!({"reporting": {"currency": "EUR", "rates": {"USD": "0.92"}}})).await;
    let together = report(desk, "aging?as_of=2026-02-16&currency=together").await;
    assert_eq!(values(&together, ("", "EUR"), &["open"]), ["184400"]);
    assert_eq!((&together["rates"]["rates"]["USD"], &together["rates"]["left_out"]), (&json!("0.92"), &json!([])));
}
