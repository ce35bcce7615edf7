//! The stage of a story: the tenant, and what is known of its customers and of the providers past all protocol.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use domain::{
    CustomerId, Facts, Settings,
    receivables::{Receivables, ReceivablesRules},
    settings::AfterRefund,
};
use doubles::{BasketTruth, Outcome, PaymentDouble};
use jiff::{Timestamp, tz::TimeZone};
use local::{Options, from_fn, registry, world::World};
use serde_json::{Value, json};

use super::{
    page::SUBJECT,
    schedule::{Fate, REMINDED},
};
use crate::test_tenant::{TENANT, TestTenant, at};

/// The evening on which everything falls due.
const BEGINS: &str = "2026-02-04T20:00:00Z";

/// A live tenant in Berlin that takes payments by every provider, with a ladder whose mails say how much they ask for.
pub async fn desk(seed: u64) -> TestTenant {
    let step = |days: i64| {
        json!({ "id": format!("day-{days}"), "at": {"anchor": "due_date", "offset": format!("P{days}D")},
            "action": {"send": {"channels": ["email"], "template": "dun", "to": ["billing"]}} })
    };
    let mut steps: Vec<Value> = REMINDED.map(step).to_vec();
    let end = json!({"anchor": "due_date", "offset": "P90D"});
    steps.push(json!({"id": "end", "at": end, "action": {"task": {"title": "Call them"}}}));
    let wish = json!({
        "tenant": TENANT,
        "settings": {
            "name": "Acme", "country": "DE", "time_zone": "Europe/Berlin", "language": "en", "after_refund": AfterRefund::Chase,
            "breaker": {"factor": 1000, "minimum": 100_000}, "caps": {"per_person": {"count": 7, "days": 7}},
        },
        "workflows": [{"id": "daily", "name": "Daily", "scope": "customer", "min_gap": "P1D", "steps": steps}],
        "templates": [{ "id": "dun", "language": "en", "channel": "email", "subject": SUBJECT,
            "body": "Please pay.\n\n{{ links.portal }}\n\n{{ links.opt_out }}" }],
        "payments": [{"provider": "stripe"}, {"provider": "paypal"}, {"provider": "gocardless"}],
    });
    // Rows of lists decide nothing, and would be a third of all that is written.
    let functions = registry().with("read-model", |_, _, _| Ok(from_fn(|_| async { Ok(Value::Null) })));
    let options = Options { now: Some(at(BEGINS)), seed: Some(seed), registry: functions, ..Options::default() };
    TestTenant::of(options, serde_json::from_value(wish).unwrap()).await
}

/// The outcome of a fate, as doubles know it.
pub fn outcome(fate: Fate) -> Outcome {
    match fate {
        Fate::Paid => Outcome::Paid,
        Fate::Pending => Outcome::Pending,
        Fate::Succeeded => Outcome::Succeeded,
        Fate::Failed => Outcome::Failed,
        Fate::Refunded => Outcome::Refunded,
        Fate::ChargedBack => Outcome::ChargedBack,
        Fate::Expired => Outcome::Expired,
    }
}

/// How much something is of; nothing where the provider knows it by itself.
pub fn amount(fate: Fate, asked: i64, percent: i64) -> Option<i64> {
    let part = asked * percent / 100;
    match fate {
        Fate::Paid => (percent != 100).then_some(part),
        // No more is given back than came.
        Fate::Refunded | Fate::ChargedBack => (percent < 100).then_some(part),
        Fate::Pending | Fate::Succeeded | Fate::Failed | Fate::Expired => None,
    }
}

/// Words of providers that say that money is on its way.
pub const PENDING: [&str; 3] = ["processing", "submitted", "Pending"];

/// The id here of a customer of the books.
pub fn customer_id(external_id: &str) -> CustomerId {
    CustomerId::derive(&[TENANT, "canonical", external_id])
}

/// Everything that anybody began to pay, with the provider.
pub fn truths(world: &World) -> Vec<(&'static str, BasketTruth)> {
    let of = |double: &dyn PaymentDouble| {
        let provider = double.provider();
        double.baskets().into_iter().map(move |truth| (provider, truth)).collect::<Vec<_>>()
    };
    world.payments.all().flat_map(of).collect()
}

/// The receivables of a customer by the tenant's rules.
pub fn with_receivables<T>(facts: &Facts, now: Timestamp, look: impl FnOnce(&Receivables<'_>) -> T) -> T {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let settings = Settings { after_refund: AfterRefund::Chase, ..Settings::named("Acme") };
    look(&Receivables::at(facts, ReceivablesRules::of(&settings, &zone), now))
}
