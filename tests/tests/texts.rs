//! Text messages by AWS End User Messaging, from the send to its receipt and the answer: over the whole local stack.

use std::collections::BTreeMap;

use local::{Options, Sent};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TestTenant, at, portal_path},
};

const OURS: &str = "+4915770000000";
const THEIRS: &str = "+4915112345678";

/// A customer with a phone alone, to whom a reminder was texted.
async fn texted(phone: &str) -> (TestTenant, Sent) {
    let parameters = [("SmsProvider", "end-user-messaging"), ("SmsTwoWay", "true")];
    let parameters: BTreeMap<String, String> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let options = Options { now: Some(at("2026-12-04T20:00:00Z")), seed: Some(1), parameters, ..Options::default() };
    let sms = json!({"sender": {"sms": OURS}, "sms": {"countries": ["DE", "US"]}});
    let desk = TestTenant::start(options, sms, None).await;
    let mut buyer = customer("C-1");
    let contact = buyer["contacts"][0].as_object_mut().unwrap();
    contact.remove("email");
    contact.insert("phone".to_owned(), json!(phone));
    desk.put(&invoice(&buyer, "F-1", 125_000, "2026-12-04")).await;
    desk.end_of("2026-12-08").await;
    let sent = desk.sent();
    let [text] = sent.as_slice() else { panic!("{:?}", desk.log()) };
    (desk, text.clone())
}

/// The statuses of the customer's messages, newest first.
async fn statuses(desk: &TestTenant) -> Vec<String> {
    let matter = desk.matter("C-1").await;
    let records = matter["records"].as_array().unwrap();
    records.iter().filter_map(|record| record["status"].as_str().map(str::to_owned)).collect()
}

async fn comes_in(desk: &TestTenant, from: &str, text: &str) -> Value {
    let wish = json!({"channel": "sms", "from": from, "text": text});
    let put = desk.call("POST", "/_local/inbound", &[], wish.to_string().as_bytes()).await.is(202).body;
    assert_eq!(desk.advance("PT0S").await.errors, 0, "{put}");
    put
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_message_leaves_by_short_addresses_and_its_receipt_is_heard() {
    let (desk, sent) = texted(THEIRS).await;
    assert_eq!((sent.channel.as_str(), sent.provider.as_str(), sent.to.as_str()), ("sms", "end-user-messaging", THEIRS));
    assert_eq!(
        (sent.raw["OriginationIdentity"].as_str(), sent.raw["Context"]["dunlin_tenant"].as_str()),
        (Some(OURS), sent.tenant.as_deref())
    );
    let text = sent.text.as_deref().unwrap();
    let (_, segments) = channels::sms::segments(text);
    assert!(segments <= 2, "{segments} segments of {text}");
    // What it names leads to the page, and to the way out.
    let page = portal_path(&sent);
    let code = page.strip_prefix("/p/").unwrap();
    assert!(text.contains(&format!("/s/{code}\n")) && text.ends_with(&format!("/s/{code}/stop")), "{text}");
    desk.call("GET", &format!("/s/{code}"), &[], b"").await.is(303);
    desk.call("GET", &format!("/s/{code}/stop"), &[], b"").await.is(303);
    desk.call("GET", &page, &[], b"").await.is(200);
    assert!(statuses(&desk).await.iter().any(|status| status == "delivered"), "{:?}", statuses(&desk).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_message_that_a_carrier_blocks_has_not_arrived() {
    let (desk, _) = texted("+14254147167").await;
    assert!(statuses(&desk).await.iter().any(|status| status == "rejected"), "{:?}", statuses(&desk).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_message_goes_to_a_landline() {
    let mut buyer = customer("C-1");
    buyer["contacts"][0].as_object_mut().unwrap().remove("email");
    let desk = TestTenant::at("2026-12-04T20:00:00Z").await;
    desk.put(&invoice(&buyer, "F-1", 125_000, "2026-12-04")).await;
    desk.end_of("2026-12-08").await;
    assert!(desk.sent().is_empty(), "{:?}", desk.log());
    let told = desk.tasks("unreachable").await;
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_to_the_customer_and_a_stop_is_heeded() {
    let (desk, sent) = texted(THEIRS).await;
    let put = comes_in(&desk, THEIRS, "Wir haben noch eine Frage.").await;
    assert_eq!((put["previous"].as_str(), put["to"].as_str()), (Some(sent.message_id.as_str()), Some(OURS)), "{put}");
    let asked = desk.tasks("customer_asked").await;
    let [task] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(task["customer_id"], desk.matter("C-1").await["customer"]["id"], "{task}");
    comes_in(&desk, THEIRS, "STOP").await;
    let contact = desk.matter("C-1").await["customer"]["contacts"][0].clone();
    assert!(contact["suppressed"]["sms"].as_str().is_some_and(|why| why.starts_with("opt_out")), "{contact}");
    desk.end_of("2027-01-31").await;
    assert_eq!(desk.sent().len(), 1, "{:?}", desk.log());
}
