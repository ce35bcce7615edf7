//! GoCardless alone: its published signature, billing requests, and debits that fail late.

mod common;

use bytes::Bytes;
use common::{Kit, Sent, World, access, asked, basket, fixture, gocardless, json, lines, now, words};
use domain::{Currency, Money, ProviderOutcome, WayOfPaying};
use http::{HeaderMap, Response};
use payments::{NextCall, PaymentProvider, ProviderSecret, ProviderTrouble, gocardless::GoCardless};
use serde_json::{Value, json};

fn kit() -> Kit {
    common::kit(&GoCardless)
}

fn money() -> Money {
    Money::from_minor(1250, Currency::EUR)
}

#[test]
fn the_published_signature_is_believed() {
    let body = fixture("gocardless/webhook_body.json");
    let body = body.strip_suffix(b"\n").unwrap_or(&body);
    let mut headers = HeaderMap::new();
    let published = "2693754819d3e32d7e8fcb13c729631f316c6de8dc1cf634d6527f1c07276e7e";
    headers.insert("webhook-signature", published.parse().expect("plain"));
    assert!(kit().believes(&headers, body, now()));
    assert_eq!(GoCardless.read(body).expect("it reads").foreign, 2, "subscriptions and mandates are none of ours");
    headers.insert("webhook-signature", published.to_ascii_uppercase().parse().expect("plain"));
    assert!(!kit().believes(&headers, body, now()), "a signature has one spelling");
}

#[test]
fn a_payment_is_begun_by_a_request_and_its_flow() {
    let (basket, lines, words, key) = (basket(), lines(&[1000, 250]), words(), ProviderSecret::new("key"));
    for (way, currency, scheme) in
        [(WayOfPaying::SepaDebit, Currency::EUR, "sepa_core"), (WayOfPaying::Bacs, Currency::GBP, "bacs")]
    {
        let asked = asked(&basket, &lines, &way, currency, &words);
        let NextCall::Ask(request) = GoCardless.begin(&access(&key), &asked).expect("it takes that") else {
            panic!("it is asked")
        };
        let sent: Value = serde_json::from_slice(request.body()).expect("JSON");
        let sent = &sent["billing_requests"];
        assert_eq!(sent["payment_request"]["amount"], 1250);
        assert_eq!(sent["payment_request"]["currency"], currency.code());
        assert_eq!(sent["payment_request"]["description"], "Invoice R-0, R-1");
        assert_eq!(
            (&sent["metadata"]["basket"], &sent["payment_request"]["metadata"]),
            (&json!(common::BASKET), &sent["metadata"])
        );
        assert_eq!((&sent["mandate_request"]["scheme"], &sent["fallback_enabled"]), (&json!(scheme), &json!(true)));
        assert_eq!(request.headers()["gocardless-version"], "2015-07-06");
        // The answer was lost, so it is asked again: the first request counts.
        let conflict = json!({ "error": { "type": "invalid_state", "code": 409, "errors": [
            { "reason": "idempotent_creation_conflict", "links": { "conflicting_resource_id": "BRQ0FIRST" } },
        ]}});
        let made = json("gocardless/billing_requests.json")["create"]["body"].to_string();
        for (status, body, id) in [(409, conflict.to_string(), "BRQ0FIRST"), (201, made, "BRQ123")] {
            let answer = Response::builder().status(status).body(Bytes::from(body)).expect("an answer");
            let NextCall::Ask(flow) = GoCardless.begun(&access(&key), &asked, &answer).expect("it leads on") else {
                panic!("a flow")
            };
            let sent: Value = serde_json::from_slice(flow.body()).expect("JSON");
            assert_eq!(flow.uri().path(), "/billing_request_flows");
            assert_eq!(sent["billing_request_flows"]["links"]["billing_request"], id);
            assert_eq!(sent["billing_request_flows"]["redirect_uri"], asked.return_url);
            assert_eq!(sent["billing_request_flows"]["language"], "de");
        }
        let other = json!({ "error": { "errors": [{ "reason": "bank_account_exists", "links": {} }] } });
        let answer = Response::builder().status(409).body(Bytes::from(other.to_string())).expect("an answer");
        assert!(matches!(GoCardless.begun(&access(&key), &asked, &answer), Err(ProviderTrouble::Refused { status: 409, .. })));
        let slow =
            Response::builder().status(429).body(Bytes::from(fixture("gocardless/rate_limit_exceeded.json"))).expect("an answer");
        assert!(matches!(GoCardless.begun(&access(&key), &asked, &slow), Err(ProviderTrouble::Throttled { wait_s: 60 })));
    }
}

/// What is heard of an event while the payment has a status.
fn heard(action: &str, status: &str, number: u32) -> Vec<ProviderOutcome> {
    let world = World(vec![("/payments/PM123".to_owned(), gocardless::payment(common::BASKET, money(), status))]);
    let sent = Sent { body: gocardless::events(&[("payments", action, number)]), world };
    kit().hear(&sent).said.into_iter().map(|said| said.what).collect()
}

#[test]
fn events_in_any_order_say_how_the_payment_stands_now() {
    // A confirmed payment failed late: whatever event is read last, the failure is what is said.
    for action in ["created", "submitted", "failed"] {
        let said = heard(action, "failed", 1);
        assert!(matches!(said.as_slice(), [ProviderOutcome::Failed { retries: false, .. }]), "{action}: {said:?}");
    }
    // Events by which it came once say that too, so that its entry in the books is known to be what did not stay.
    for action in ["confirmed", "paid_out", "late_failure_settled"] {
        let said = heard(action, "failed", 1);
        let [ProviderOutcome::Failed { retries: false, .. }, ProviderOutcome::Received { money: came, reference, .. }] =
            said.as_slice()
        else {
            panic!("{action}: {said:?}")
        };
        assert_eq!((*came, reference.as_str()), (money(), "PM123"), "{action}");
    }
    for status in ["pending_customer_approval", "pending_submission", "submitted"] {
        let pending = ProviderOutcome::Pending { money: money(), way: WayOfPaying::SepaDebit };
        assert_eq!(heard("confirmed", status, 1), [pending], "{status}");
    }
    for status in ["cancelled", "customer_approval_denied"] {
        assert!(
            matches!(heard(status, status, 1).as_slice(), [ProviderOutcome::Failed { reason, .. }] if reason == "refer_to_payer")
        );
    }
    assert_eq!(heard("charged_back", "charged_back", 1).len(), 2, "the money came, and went");
    assert_eq!(heard("chargeback_cancelled", "confirmed", 1).len(), 2, "the money came, and stays");
}

#[test]
fn a_failure_that_is_tried_again_says_so() {
    let mut body: Value = serde_json::from_slice(&gocardless::events(&[("payments", "failed", 1)])).expect("JSON");
    body["events"][0]["details"]["will_attempt_retry"] = json!(true);
    let world = World(vec![("/payments/PM123".to_owned(), gocardless::payment(common::BASKET, money(), "failed"))]);
    let said = kit().hear_one(&Sent { body: body.to_string().into_bytes(), world });
    assert_eq!(said.what, ProviderOutcome::Failed { reason: "refer_to_payer".to_owned(), retries: true });
}

#[test]
fn a_fulfilled_request_leads_to_its_payment() {
    let mut request = json("gocardless/billing_requests.json")["create"]["body"].clone();
    request["billing_requests"]["status"] = json!("fulfilled");
    request["billing_requests"]["metadata"] = json!({ "basket": common::BASKET });
    // The payment itself names no basket: the request does.
    let mut payment = gocardless::payment(common::BASKET, money(), "submitted");
    payment["payments"]["metadata"] = json!({});
    let world = World(vec![("/billing_requests/BRQ123".to_owned(), request), ("/payments/PM123".to_owned(), payment)]);
    let sent = Sent { body: gocardless::events(&[("billing_requests", "fulfilled", 1)]), world };
    let said = kit().hear_one(&sent);
    assert_eq!((said.basket, said.what), (basket(), ProviderOutcome::Pending { money: money(), way: WayOfPaying::SepaDebit }));
}

#[test]
fn many_events_come_in_one_delivery_and_one_that_does_not_read_spoils_no_other() {
    let mut body: Value = serde_json::from_slice(&gocardless::events(&[
        ("payments", "submitted", 1),
        ("payments", "confirmed", 2),
        ("mandates", "active", 3),
    ]))
    .expect("JSON");
    body["events"].as_array_mut().expect("a list").push(json!({ "id": 1 }));
    let heard = GoCardless.read(body.to_string().as_bytes()).expect("it reads");
    assert_eq!((heard.questions.len(), heard.foreign, heard.unread.len()), (2, 1, 1));
    assert_eq!(heard.unread[0].pointer, "/events/3");
    assert_eq!(heard.questions[1].event, "EV2");
}
