//! Stripe: full objects as snapshot events, signed with `Stripe-Signature`.
//!
//! | events | become | in |
//! |---|---|---|
//! | `invoice.*` | an invoice and its customer, and before API version Basil its payment | [`invoice`] |
//! | `invoice_payment.paid`, `payment_intent.*` with an invoice, `credit_note.*` | a payment or credit note | [`payment`] |
//! | `payment_intent.*` without an invoice, since Basil | a payment on its way, for what an open invoice comes to | [`payment`] |
//! | `refund.*`, `charge.refund.updated`, `charge.refunded`, `charge.dispute.*` | reversals | [`reversal`] |
//! | `customer.created`, `customer.updated` | a customer, and what its balance has in its favour | [`customer`], [`balance`] |
//!
//! Events come in any order and more than once. Every object carries the instant of its event as source version, and
//! within that second its own progress, so that twins of one second order themselves (see [`event::Rank`]). What cannot
//! be read is parked with its field, never half-applied: Stripe would only deliver the same bytes again.

mod balance;
mod customer;
mod event;
mod invoice;
mod lines;
mod money;
mod names;
mod outcome;
mod payment;
mod reversal;
mod status;

use std::time::Duration;

use domain::{Document, TenantId};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    Bodies, Capabilities, Connector, Doubted, FieldFlaw, Incoming, Objects, Parked, Reading, Refused, Rejected, Secret,
    TestEvent, WebhookScope, form,
    json::{self, Flaws, Object},
    signature,
    stripe::{event::StripeEvent, outcome::Outcome},
};

pub use names::SOURCE;

/// The connector of Stripe.
pub struct Stripe;

const STATUS: u16 = 400;

impl Connector for Stripe {
    fn source(&self) -> &'static str {
        SOURCE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            scope: WebhookScope::Tenant,
            bad_signature_status: STATUS,
            answer_within: Duration::from_secs(10),
            bare_answers: false,
        }
    }

    fn verify(&self, incoming: &Incoming<'_>, secrets: &[Secret]) -> Result<(), Refused> {
        let refuse = |detail: &str| Refused { status: STATUS, what: Doubted::Signature, detail: detail.to_owned() };
        let header = incoming.headers.get("stripe-signature").ok_or_else(|| refuse("the header Stripe-Signature is missing"))?;
        let values = |name: &'static str| {
            header.split(',').filter_map(move |part| part.split_once('=').filter(|(key, _)| *key == name)).map(|(_, value)| value)
        };
        let timestamp = values("t").next().ok_or_else(|| refuse("the header Stripe-Signature has no t"))?;
        signature::fresh(timestamp, incoming.now).map_err(|(what, detail)| Refused { status: STATUS, what, detail })?;
        let mut matched = false;
        for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
            let signed = [timestamp.as_bytes(), b".", incoming.body];
            let expected = signature::hex(&signature::hmac_sha256(secret.expose().as_bytes(), &signed));
            for candidate in values("v1") {
                matched |= signature::equal(candidate, &expected);
            }
        }
        let detail = "no v1 signature matches; store the signing secret of this very endpoint, whsec_ included";
        if matched { Ok(()) } else { Err(refuse(detail)) }
    }

    fn bodies(&self) -> Bodies {
        Bodies::Objects(&Stripe)
    }

    fn test_event(&self, secret: &Secret, now: Timestamp) -> Option<TestEvent> {
        let at = now.as_second();
        let body = serde_json::json!({
            "id": format!("evt_dunlin_test_{at}"), "object": "event", "api_version": "2024-10-28.acacia", "created": at,
            "type": "customer.updated",
            "data": { "object": { "id": "cus_dunlin_test", "object": "customer", "created": at, "name": "Dunlin test" } }
        });
        let (at, body) = (at.to_string(), body.to_string());
        let signed = signature::hmac_sha256(secret.expose().as_bytes(), &[at.as_bytes(), b".", body.as_bytes()]);
        let headers = [("stripe-signature", format!("t={at},v1={}", signature::hex(&signed)))];
        Some(TestEvent { headers: headers.into_iter().collect(), body: body.into_bytes() })
    }

    fn new_secret(&self, random: [u8; 32]) -> Option<String> {
        Some(format!("whsec_{}", signature::hex(&random)))
    }
}

impl Objects for Stripe {
    fn read(&self, tenant: &TenantId, zone: &TimeZone, incoming: &Incoming<'_>) -> Result<Reading, Rejected> {
        let map = json::parse(incoming.body)?;
        let root = Object::root(&map);
        let mut flaws = Flaws::default();
        let Some(event_id) = root.required(&mut flaws, "id", form::id) else {
            return Err(Rejected { errors: flaws.into_list() });
        };
        let mut reading = Reading { event_id, ..Reading::default() };
        if root.field("object").is_some_and(|object| object == "v2.core.event") {
            flaws.add("/object", "is a thin event, which carries no object; choose snapshot payloads for this event destination");
        } else if let Some(event) = StripeEvent::read(&mut flaws, &root, tenant, zone) {
            match documents(&mut flaws, &mut reading.parked, &event) {
                Outcome::Documents(documents) if flaws.count() == 0 => reading.documents = documents,
                Outcome::Documents(_) => reading.parked.clear(),
                Outcome::Unnamed(payment) if flaws.count() == 0 => reading.unnamed = vec![*payment],
                Outcome::Unnamed(_) => reading.parked.clear(),
                Outcome::Ignored(why) => reading.ignored = Some(why),
            }
        }
        let park = |FieldFlaw { pointer, detail }: FieldFlaw| Parked { pointer, detail };
        reading.parked.extend(flaws.into_list().into_iter().map(park));
        Ok(reading)
    }
}

/// What one event comes to; `notes` are flaws that do not keep the rest from being taken.
fn documents(flaws: &mut Flaws, notes: &mut Vec<Parked>, event: &StripeEvent<'_>) -> Outcome {
    match event.kind {
        "invoice.created"
        | "invoice.finalized"
        | "invoice.updated"
        | "invoice.sent"
        | "invoice.paid"
        | "invoice.overdue"
        | "invoice.payment_succeeded"
        | "invoice.payment_failed"
        | "invoice.payment_action_required"
        | "invoice.voided"
        | "invoice.marked_uncollectible"
        | "invoice.overpaid"
        | "invoice.will_be_due"
        | "invoice.finalization_failed"
        | "invoice.deleted" => Outcome::Documents(invoice::read(flaws, notes, event)),
        "invoice_payment.paid" => Outcome::Documents(payment::of_invoice(flaws, event).into_iter().collect()),
        "payment_intent.processing"
        | "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.canceled" => payment::of_intent(flaws, event),
        "credit_note.created" | "credit_note.updated" | "credit_note.voided" => {
            Outcome::Documents(payment::credit_note(flaws, event).into_iter().collect())
        }
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            Outcome::Documents(reversal::refund(flaws, event, &event.object).into_iter().collect())
        }
        "charge.refunded" => reversal::refunds_of_charge(flaws, event),
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => Outcome::Documents(reversal::dispute(flaws, event).into_iter().collect()),
        "customer.created" | "customer.updated" => {
            let Some(customer) = customer::read(flaws, notes, event) else { return Outcome::Documents(Vec::new()) };
            let mut balances = balance::of_customer(notes, event, &customer.external_id);
            balances.insert(0, Document::Customer(customer));
            Outcome::Documents(balances)
        }
        _ => Outcome::Ignored("events of this type say nothing about what is owed".to_owned()),
    }
}
