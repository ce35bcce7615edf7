//! What is committed before a sender's claim is honoured, at whichever moment it comes: every AWS call of the functions on the
//! way is held open, before it is made and before its answer is seen, and the fact is put in at that very moment.

use std::pin::pin;

use jiff::{SignedDuration, Timestamp};
use local::{Mode, When};
use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice, payment},
    test_tenant::TestTenant,
};

/// More calls than any of the functions makes in an invocation.
const CALLS_MAX: u32 = 40;

fn owed() -> Value {
    invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")
}

/// A desk on the evening before its only reminder.
async fn evening_before() -> TestTenant {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    desk.put(&owed()).await;
    desk
}

/// When the reminder is decided: a customer's moment is the same in every run.
async fn moment() -> Timestamp {
    let desk = evening_before().await;
    desk.end_of("2026-02-05").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
    desk.sent()[0].at
}

/// Whether a message is past the point of no return: claimed, or gone.
async fn is_claimed(desk: &TestTenant) -> bool {
    let pending = desk.matter("C-1").await["pending"].clone();
    !desk.sent().is_empty() || pending[0]["status"] == "calling"
}

/// What stops a message.
#[derive(Clone, Copy, Debug)]
enum Fact {
    Payment,
    PaidInvoice,
    Void,
    Hold,
    Pause,
}

impl Fact {
    async fn put(self, desk: &TestTenant) {
        match self {
            Self::Payment => desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 125_000)).await,
            Self::PaidInvoice => desk.put(&changed(&owed(), 2, &json!({"paid_minor": 125_000}))).await,
            Self::Void => desk.put(&changed(&owed(), 2, &json!({"status": "void"}))).await,
            Self::Hold => {
                let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
                let hold = json!({"reason": "manual", "until_on": "2026-06-30"});
                desk.admin("PUT", &format!("/v1/customers/{customer}/holds/wait"), &hold).await.is(200);
            }
            Self::Pause => {
                desk.admin("POST", "/v1/pause", &Value::Null).await.is(200);
            }
        }
    }
}

/// How often a fact came before the claim, and how often after it.
#[derive(Debug, Default)]
struct Seen {
    before: usize,
    after: usize,
}

/// Puts the fact in at every call of a function on the way, each in a run of its own.
async fn at_every_call(function: &str, fact: Fact) -> Seen {
    let moment = moment().await;
    let mut seen = Seen::default();
    for call in 1..CALLS_MAX {
        for when in [When::Before, When::After] {
            let desk = evening_before().await;
            desk.stack.to(moment - SignedDuration::from_mins(2)).await.unwrap();
            let hold = desk.stack.hold(function, call, when).unwrap();
            let mut moving = pin!(desk.advance("PT4M"));
            let is_reached = tokio::select! {
                biased;
                () = hold.reached() => true,
                _ = &mut moving => false,
            };
            if !is_reached {
                assert_eq!(when, When::Before, "{function} {call}: a call that is made is answered");
                return seen;
            }
            let is_late = is_claimed(&desk).await;
            fact.put(&desk).await;
            hold.release();
            moving.await;
            desk.end_of("2026-02-28").await;
            let expected: &[&str] = if is_late { &["2026-02-05 email reminder"] } else { &[] };
            let at = format!("{fact:?} at {function} {when:?} {call}, late: {is_late}");
            if matches!(fact, Fact::Pause) && is_late {
                // The switches are read once more after the claim: the message is stopped even then, or was with SES.
                assert!(desk.log().len() <= 1, "{at}: {:?}", desk.log());
            } else {
                assert_eq!(desk.log(), expected, "{at}");
            }
            assert_eq!(desk.matter("C-1").await["pending"], json!([]), "{at}");
            if is_late { seen.after += 1 } else { seen.before += 1 }
        }
    }
    panic!("{function} makes more than {CALLS_MAX} calls");
}

/// The first call after the claim is a read of what may have changed meanwhile; the provider was not called.
#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_cannot_read_after_its_claim_gives_the_message_back() {
    let moment = moment().await;
    for call in 1..CALLS_MAX {
        let desk = evening_before().await;
        desk.stack.to(moment - SignedDuration::from_mins(2)).await.unwrap();
        let hold = desk.stack.hold("send-email", call, When::Before).unwrap();
        let mut moving = pin!(desk.advance("PT4M"));
        tokio::select! {
            biased;
            () = hold.reached() => {}
            _ = &mut moving => panic!("the sender makes no call {call}, and claimed nothing before"),
        }
        let is_claimed = is_claimed(&desk).await;
        if is_claimed {
            // As often as the SDK tries.
            desk.fault("dynamodb", Mode::Error, 4);
        }
        hold.release();
        moving.await;
        if is_claimed {
            desk.end_of("2026-02-05").await;
            assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
            assert_eq!(desk.matter("C-1").await["pending"], json!([]));
            assert_eq!(desk.exceptions().await, Vec::<Value>::new());
            return;
        }
    }
    panic!("the sender claims nothing within {CALLS_MAX} calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_before_the_claim_stops_the_send_at_every_call_of_the_sender() {
    let seen = at_every_call("send-email", Fact::Payment).await;
    println!("send-email: {seen:?}");
    assert!(seen.before >= 10 && seen.after >= 4, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_at_every_call_of_the_decision_and_the_dispatch_stops_the_send() {
    for (function, least) in [("sweep", 10), ("dispatch", 2)] {
        let seen = at_every_call(function, Fact::Payment).await;
        println!("{function}: {seen:?}");
        assert!(seen.before >= least && (function == "dispatch" || seen.after == 0), "{function}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_facts_before_the_claim_stop_the_send_at_every_call_of_the_sender() {
    for fact in [Fact::PaidInvoice, Fact::Void, Fact::Hold, Fact::Pause] {
        let seen = at_every_call("send-email", fact).await;
        assert!(seen.before >= 10 && seen.after >= 4, "{fact:?}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_on_its_way_in_stops_the_send_from_its_commit_on() {
    let moment = moment().await;
    let mut seen = Seen::default();
    'calls: for call in 1..CALLS_MAX {
        for when in [When::Before, When::After] {
            let desk = evening_before().await;
            desk.stack.to(moment - SignedDuration::from_mins(2)).await.unwrap();
            let hold = desk.stack.hold("ingest", call, when).unwrap();
            let document = payment("C-1", "P-1", 1, "received", "F-1", 125_000);
            let mut posting = pin!(desk.send(&document));
            let is_reached = tokio::select! {
                biased;
                () = hold.reached() => true,
                _ = &mut posting => false,
            };
            if !is_reached {
                break 'calls;
            }
            let is_committed = desk.matter("C-1").await["due_items_count"] == 0;
            desk.advance("PT4M").await;
            let at = format!("ingest {when:?} {call}, committed: {is_committed}");
            assert_eq!(desk.log().len(), usize::from(!is_committed), "{at}");
            hold.release();
            assert_eq!(posting.await.is(202).body["result"], "applied", "{at}");
            desk.end_of("2026-02-28").await;
            assert_eq!(desk.log().len(), usize::from(!is_committed), "{at}: nothing after the payment");
            let matter = desk.matter("C-1").await;
            assert_eq!((&matter["due_items_count"], &matter["pending"]), (&json!(0), &json!([])), "{at}");
            if is_committed { seen.before += 1 } else { seen.after += 1 }
        }
    }
    println!("ingest: {seen:?}");
    assert!(seen.before >= 1 && seen.after >= 4, "{seen:?}");
}
