//! One message a person: copies as messages of their own, an invoice's own contact, gaps and caps at the person, stop links.

use local::Sent;
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

/// A reminder with copies and a nudge without, by email alone.
fn plan(copies: u32) -> Value {
    let send = |id: &str, offset: &str, copies: u32| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset},
               "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"], "copies": copies}}})
    };
    let person = json!({"id": "person", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}});
    let steps = json!([send("reminder", "P1D", copies), send("nudge", "P8D", 0), person]);
    json!({"id": "plan", "name": "Plan", "scope": "customer", "steps": steps})
}

/// A customer with these people in billing, each with an address of its name.
fn staffed(id: &str, people: &[&str]) -> Value {
    let mut customer = customer(id);
    let contact = |name: &&str| {
        let email = if name.contains('@') { (*name).to_owned() } else { format!("{name}@buyer.example") };
        json!({"external_id": name, "name": name, "roles": ["billing"], "email": email})
    };
    customer["contacts"] = people.iter().map(contact).collect();
    customer
}

async fn desk(copies: u32) -> TestTenant {
    TestTenant::with("2026-02-04T20:00:00Z", json!({}), Some(vec![plan(copies)])).await
}

fn went(desk: &TestTenant) -> Vec<String> {
    let mut went: Vec<String> = desk.sent().iter().map(|sent| format!("{} {}", day(sent), sent.to)).collect();
    went.sort();
    went
}

fn day(sent: &Sent) -> String {
    sent.at.to_string()[..10].to_owned()
}

async fn bounce(desk: &TestTenant, to: &str) {
    let mail = desk.sent().into_iter().find(|sent| sent.to == to).unwrap();
    let bounce = json!({"bounce": {
        "feedbackId": "f", "bounceType": "Permanent", "bounceSubType": "General", "timestamp": desk.stack.now().to_string(),
        "bouncedRecipients": [{"emailAddress": to, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1"}],
    }});
    desk.ses_event(&mail, "Email Bounced", "Bounce", &bounce).await;
}

fn stop_link(mail: &Sent) -> String {
    let headers = mail.raw["Content"]["Simple"]["Headers"].as_array().unwrap();
    let header = headers.iter().find(|header| header["Name"] == "List-Unsubscribe").unwrap();
    header["Value"].as_str().unwrap().trim_matches(['<', '>']).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_a_message_of_its_own_to_one_more_person() {
    let desk = desk(2).await;
    desk.put(&invoice(&staffed("C-1", &["a", "b", "c"]), "F-1", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-05").await;
    let mails = desk.sent();
    assert_eq!(went(&desk), ["2026-02-05 a@buyer.example", "2026-02-05 b@buyer.example", "2026-02-05 c@buyer.example"]);
    let ids: std::collections::BTreeSet<String> = mails.iter().map(|mail| mail.raw["EmailTags"].to_string()).collect();
    let links: std::collections::BTreeSet<String> = mails.iter().map(stop_link).collect();
    assert_eq!((ids.len(), links.len()), (3, 3), "ids and links of their own");
    assert!(mails.iter().all(|mail| mail.raw["Destination"]["CcAddresses"].as_array().is_none_or(Vec::is_empty)));
    assert!(mails.iter().all(|mail| mail.subject == mails[0].subject));
    // One of them stops it for itself.
    let of_b = mails.iter().find(|mail| mail.to == "b@buyer.example").unwrap();
    let form = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    desk.call("POST", &stop_link(of_b), &form, b"List-Unsubscribe=One-Click").await.is(200);
    let stopped = |matter: &Value, at: usize| !matter["customer"]["contacts"][at]["suppressed"]["email"].is_null();
    let matter = desk.matter("C-1").await;
    assert_eq!([0, 1, 2].map(|at| stopped(&matter, at)), [false, true, false]);
    desk.put(&invoice(&staffed("C-1", &["a", "b", "c"]), "F-2", 1_000, "2026-02-10")).await;
    desk.end_of("2026-02-28").await;
    let later = &went(&desk)[3..];
    assert!(
        later.iter().any(|line| line.ends_with("a@buyer.example")) && !later.iter().any(|line| line.ends_with("b@buyer.example")),
        "{later:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_says_of_which_message_one_is_a_copy() {
    let desk = desk(1).await;
    desk.put(&invoice(&staffed("C-1", &["a", "b"]), "F-1", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-05").await;
    assert_eq!(desk.sent().len(), 2);
    let matter = desk.matter("C-1").await;
    let copies: Vec<&Value> =
        matter["records"].as_array().unwrap().iter().filter(|record| !record["body"]["message"]["copy_of"].is_null()).collect();
    assert_eq!(copies.len(), 1, "{}", matter["records"]);
    assert_eq!(copies[0]["body"]["message"]["contact"], "b");
    let item = &matter["due_items"][0];
    assert_eq!(item["rung"], "reminder");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_had_it_gets_it_again() {
    for (bounced, expected) in [
        (vec!["a"], vec!["2026-02-05 a@buyer.example", "2026-02-05 b@buyer.example"]),
        (vec!["b"], vec!["2026-02-05 a@buyer.example", "2026-02-05 b@buyer.example"]),
        (vec!["a", "b"], vec!["2026-02-05 a@buyer.example", "2026-02-05 b@buyer.example", "2026-02-06 c@buyer.example"]),
    ] {
        let desk = desk(1).await;
        desk.put(&invoice(&staffed("C-1", &["a", "b", "c"]), "F-1", 125_000, "2026-02-04")).await;
        desk.end_of("2026-02-05").await;
        for who in &bounced {
            bounce(&desk, &format!("{who}@buyer.example")).await;
        }
        desk.end_of("2026-02-10").await;
        assert_eq!(went(&desk), expected, "{bounced:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_two_customers_is_not_written_to_more_often() {
    let desk = desk(0).await;
    desk.put(&invoice(&staffed("C-1", &["shared@buyer.example"]), "F-1", 125_000, "2026-02-04")).await;
    desk.put(&invoice(&staffed("C-2", &["Shared@buyer.example"]), "G-1", 125_000, "2026-02-05")).await;
    desk.end_of("2026-02-11").await;
    let days: Vec<String> = desk.sent().iter().map(day).collect();
    assert_eq!(days, ["2026-02-05", "2026-02-09"], "the second waits for the gap at the person, and for Monday");
    let c_2 = desk.matter("C-2").await;
    assert_eq!(c_2["due_items"][0]["rung"], "reminder");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_was_no_contact() {
    let desk = desk(0).await;
    desk.put(&invoice(&staffed("C-1", &["shared@buyer.example"]), "F-1", 125_000, "2026-02-04")).await;
    // The provider refuses for good: nothing left.
    desk.fault("sesv2", local::Mode::Error, 40);
    desk.end_of("2026-02-05").await;
    assert_eq!(desk.sent().len(), 0);
    desk.put(&invoice(&staffed("C-2", &["shared@buyer.example"]), "G-1", 125_000, "2026-02-05")).await;
    desk.mend("sesv2");
    desk.end_of("2026-02-06").await;
    let days: Vec<String> = desk.sent().iter().map(day).collect();
    assert_eq!(days, ["2026-02-06", "2026-02-06"], "one civil day is one contact, and the first one never was");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_names_whom_it_goes_to() {
    let desk = desk(0).await;
    let buyer = staffed("C-1", &["a", "b"]);
    let named = |number: &str, email: Value| {
        let mut document = invoice(&buyer, number, 125_000, "2026-02-04");
        document["invoice"]["contact"] = json!({"name": "Shop", "email": email, "roles": ["site"]});
        document
    };
    desk.put(&named("F-1", json!("bills@shop.example"))).await;
    desk.put(&named("F-2", json!("Bills@shop.example"))).await;
    desk.put(&named("F-3", json!("b@buyer.example"))).await;
    desk.put(&invoice(&buyer, "F-4", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-05").await;
    let mut about: Vec<String> = Vec::new();
    for mail in desk.sent() {
        let text = mail.text.clone().unwrap_or_default();
        let numbers: Vec<&str> = ["F-1", "F-2", "F-3", "F-4"].into_iter().filter(|number| text.contains(number)).collect();
        about.push(format!("{} {}", mail.to.to_lowercase(), numbers.join(" ")));
    }
    about.sort();
    assert_eq!(about, ["a@buyer.example F-4", "b@buyer.example F-3", "bills@shop.example F-1 F-2"]);
    // An own contact that bounces is as if it were not there.
    let to = desk.sent().into_iter().map(|mail| mail.to).find(|to| to.to_lowercase().starts_with("bills")).unwrap();
    bounce(&desk, &to).await;
    desk.end_of("2026-02-10").await;
    let again = desk.sent().into_iter().skip(3).find(|mail| mail.text.as_deref().unwrap_or_default().contains("F-1"));
    assert_eq!(again.map(|mail| mail.to), Some("a@buyer.example".to_owned()), "{:?}", went(&desk));
}
