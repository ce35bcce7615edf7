//! A sample of each kind of event, with ids that stand for nothing: what a subscriber gets to see before anything happens.

use domain::TenantId;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::BusKind;

const CUSTOMER: &str = "cus_0samp1e0samp1e0samp1";
const CASE: &str = "case_0samp1e0samp1e0samp1";
const MESSAGE: &str = "msg_0samp1e0samp1e0samp1";
const TASK: &str = "tsk_0samp1e0samp1e0samp1";
const AGREEMENT: &str = "agr_0samp1e0samp1e0samp1";
const PAYMENT: &str = "pay_0samp1e0samp1e0samp1";

/// What an event of that kind says, in the form of `docs/schemas/events.schema.json`.
pub fn sample(kind: BusKind, tenant: &TenantId, event: &str, now: Timestamp) -> Value {
    let common = json!({
        "schema_version": 1, "id": event, "tenant": tenant.as_str(), "occurred_at": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    let mut all = common;
    if let (Some(all), Value::Object(own)) = (all.as_object_mut(), of_kind(kind)) {
        all.extend(own);
    }
    all
}

fn of_kind(kind: BusKind) -> Value {
    match kind {
        BusKind::SyncRequested => json!({ "source": "quickbooks" }),
        BusKind::JobQueued => json!({ "job": "job_0samp1e0samp1e0samp1", "slice": 1 }),
        BusKind::InvoiceUpserted => {
            json!({ "customer": CUSTOMER, "invoice": "inv_0samp1e0samp1e0samp1", "source_version": "n00000000000000000001" })
        }
        BusKind::PaymentUpserted => {
            json!({ "customer": CUSTOMER, "payment": PAYMENT, "source_version": "n00000000000000000001" })
        }
        BusKind::CaseOpened | BusKind::CaseEnded | BusKind::CaseClosed => case(),
        BusKind::CaseWaiting => with(case(), json!({ "reason": "promise" })),
        BusKind::MessageQueued => message(),
        BusKind::TestMessageRequested => json!({ "test": "tst_0samp1e0samp1e0samp1", "channel": "email" }),
        BusKind::ServiceMailRequested => {
            json!({ "customer": CUSTOMER, "mail": "svm_0samp1e0samp1e0samp1", "channel": "email" })
        }
        BusKind::MessageSent => with(message(), json!({ "status": "sent", "mode": "live" })),
        BusKind::MessageDelivered => with(message(), json!({ "status": "delivered", "mode": "live" })),
        BusKind::MessageFailed => with(message(), json!({ "status": "bounced", "mode": "live" })),
        BusKind::MessageUnknown => with(message(), json!({ "status": "in_doubt", "mode": "live" })),
        BusKind::StepSatisfied => json!({ "customer": CUSTOMER, "step": "reminder", "number": 1, "message": MESSAGE }),
        BusKind::TaskCreated => task("task"),
        BusKind::EscalationRequested => task("escalation"),
        BusKind::CreditHoldRequested | BusKind::CreditHoldPlaced | BusKind::CreditHoldWithdrawn => task("credit_hold"),
        BusKind::CreditHoldReleaseRequested | BusKind::CreditHoldReleased => task("credit_release"),
        BusKind::TermsChangeRequested | BusKind::TermsChanged | BusKind::TermsChangeWithdrawn => {
            with(task("change_terms"), json!({ "terms": "P7D" }))
        }
        BusKind::TermsRestoreRequested | BusKind::TermsRestored => task("restore_terms"),
        BusKind::HandOffRequested | BusKind::CaseHandedOff => task("hand_off"),
        BusKind::PromiseMade => agreement("promise", "open"),
        BusKind::PromiseKept => agreement("promise", "kept"),
        BusKind::PromiseBroken => agreement("promise", "broken"),
        BusKind::DisputeOpened => agreement("dispute", "open"),
        BusKind::DisputeResolved => agreement("dispute", "upheld"),
        BusKind::PaymentTaken => json!({ "customer": CUSTOMER, "payment": PAYMENT }),
    }
}

fn case() -> Value {
    json!({ "customer": CUSTOMER, "case": CASE, "currency": "EUR", "workflow": "standard", "version": 1 })
}

fn message() -> Value {
    json!({ "customer": CUSTOMER, "message": MESSAGE, "channel": "email", "number": 1 })
}

fn task(kind: &str) -> Value {
    json!({ "customer": CUSTOMER, "task": TASK, "kind": kind, "exception": false, "step": "call", "currency": "EUR", "case": CASE })
}

fn agreement(kind: &str, status: &str) -> Value {
    json!({ "customer": CUSTOMER, "agreement": AGREEMENT, "kind": kind, "status": status })
}

fn with(mut all: Value, more: Value) -> Value {
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published form, as far as a look at required fields goes; the scenarios hold samples against the whole schema.
    #[test]
    fn a_sample_has_what_the_published_form_requires() {
        let schema: Value = serde_json::from_str(include_str!("../../../docs/schemas/events.schema.json")).expect("JSON");
        let tenant = TenantId::parse("acme").expect("an id");
        for kind in BusKind::ALL {
            let said = sample(kind, &tenant, "evt_1", Timestamp::UNIX_EPOCH);
            let rules = schema["allOf"].as_array().expect("rules");
            let names = |rule: &&Value| {
                let kinds = rule["if"]["properties"]["detail-type"]["enum"].as_array().expect("kinds");
                kinds.iter().any(|one| one == kind.as_str())
            };
            let rule = rules.iter().find(names).unwrap_or_else(|| panic!("{}", kind.as_str()));
            let form = rule["then"]["properties"]["detail"]["$ref"].as_str().expect("a form").trim_start_matches('#');
            let form = schema.pointer(form).expect("it is there");
            let required = [&form["required"], &schema["$defs"]["Common"]["required"]];
            for field in required.into_iter().flat_map(|list| list.as_array().expect("fields")) {
                assert!(said.get(field.as_str().expect("a name")).is_some(), "{} lacks {field}: {said}", kind.as_str());
            }
        }
    }
}
