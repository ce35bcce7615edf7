//! Bus events from the table's stream: ids only, never names, addresses or text.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Agreement, Basket, BasketStatus, CaseState, Channel, CustomerId, DeliveryEvent, DisputeStatus, MessageId, MessageStatus,
    NewTask, PendingStatus, PromiseStatus, STATEMENT, TaskKind, TenantId, Terms, id::digest, job::JobStatus, word::Word,
};
use jiff::Timestamp;
use serde_dynamo::Item;
use serde_json::{Value, json};

use crate::{
    Head, Result,
    customer::head::read_head,
    message::record::{Body, RecordStatus},
    table::{
        attributes::{
            self, basket,
            document::{self, DOC},
            every::{PK, SK},
            hint, job, task,
        },
        db::{self, Row, number, text},
        keys,
    },
};

/// Steps that one event names at most.
const STEPS_MAX: usize = 20;

/// The kinds, each said once: the enum, its list and its texts are made of the same lines, so that none is in one and not in another.
macro_rules! bus_kinds {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// Kinds of events on the bus: what a subscriber's rule selects by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum BusKind {
            $($(#[$doc])* $kind,)*
        }

        impl BusKind {
            /// Every kind: what `docs/schemas/events.schema.json` lists.
            pub const ALL: [Self; [$(stringify!($kind)),*].len()] = [$(Self::$kind),*];

            /// The text form: the event's `detail-type`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)*
                }
            }
        }
    };
}

bus_kinds! {
    /// Books are to be read.
    SyncRequested,
    /// A slice of a job is to be done.
    JobQueued,
    /// An invoice is new or changed.
    InvoiceUpserted,
    /// A payment or credit note is new or changed.
    PaymentUpserted,
    /// A case is chased.
    CaseOpened,
    /// Something is owed but nothing may be chased.
    CaseWaiting,
    /// No step is left though money is owed.
    CaseEnded,
    /// Nothing is open.
    CaseClosed,
    /// A message waits for its sender.
    MessageQueued,
    /// Somebody of the tenant's own wants a message to themselves as a test.
    TestMessageRequested,
    /// Somebody who came by a portal link is to get a notice.
    ServiceMailRequested,
    /// A message left; in shadow mode: would have.
    MessageSent,
    /// A message arrived.
    MessageDelivered,
    /// Nobody got a message.
    MessageFailed,
    /// It is not known whether a message left.
    MessageUnknown,
    /// A step is over.
    StepSatisfied,
    /// Work for a person was raised.
    TaskCreated,
    /// A step escalates.
    EscalationRequested,
    /// Supply is to be stopped.
    CreditHoldRequested,
    /// Supply is stopped.
    CreditHoldPlaced,
    /// Supply need not be stopped: what was asked for was taken back before anybody said that it is.
    CreditHoldWithdrawn,
    /// Supply is to go on again.
    CreditHoldReleaseRequested,
    /// Supply goes on again.
    CreditHoldReleased,
    /// A customer is to get stricter terms.
    TermsChangeRequested,
    /// It has them.
    TermsChanged,
    /// It need not get them: what was asked for was taken back before anybody said that it has.
    TermsChangeWithdrawn,
    /// A customer is to get its usual terms back.
    TermsRestoreRequested,
    /// It has them.
    TermsRestored,
    /// The matter is to be given to an agency.
    HandOffRequested,
    /// A person said that the agency has it.
    CaseHandedOff,
    /// A customer promised to pay.
    PromiseMade,
    /// What was promised came.
    PromiseKept,
    /// It did not, or not all of it.
    PromiseBroken,
    /// An invoice is contested.
    DisputeOpened,
    /// Who is right was decided.
    DisputeResolved,
    /// A payment was taken here.
    PaymentTaken,
}

/// An event for the bus.
#[derive(Clone, Debug, PartialEq)]
pub struct BusEvent {
    /// The same for the same happening, so that duplicates can be recognised; also in the detail as `id`.
    pub id: String,
    /// What happened.
    pub kind: BusKind,
    /// Its detail.
    pub detail: Value,
}

fn at(item: &Row, name: &str) -> Option<Timestamp> {
    number(item, name).and_then(|millis| Timestamp::from_millisecond(millis).ok())
}

fn event(kind: BusKind, tenant: &TenantId, at: Option<Timestamp>, parts: &[&str], ids: Value) -> BusEvent {
    let mut all = vec![kind.as_str(), tenant.as_str()];
    all.extend(parts);
    let id = format!("evt_{}", digest(&all));
    let mut detail = json!({ "id": id, "tenant": tenant.as_str() });
    if let (Some(at), Some(detail)) = (at, detail.as_object_mut()) {
        detail.insert("occurred_at".to_owned(), json!(keys::second(at)));
    }
    if let (Value::Object(ids), Some(detail)) = (ids, detail.as_object_mut()) {
        detail.extend(ids);
    }
    BusEvent { id, kind, detail }
}

/// The events that a change of one item stands for; none for a change that says nothing.
///
/// # Errors
///
/// [`crate::Error::Corrupt`] when the new image does not read, as one that a later release wrote may not.
pub fn events(old: Option<&Item>, new: &Item) -> Result<Vec<BusEvent>> {
    let old: Option<Row> = old.map(|old| old.clone().into());
    of_change(old.as_ref(), &new.clone().into())
}

fn of_change(old: Option<&Row>, new: &Row) -> Result<Vec<BusEvent>> {
    let (Some(pk), Some(sk)) = (text(new, PK), text(new, SK)) else { return Ok(vec![]) };
    if let Some(tenant) = keys::parse_work(pk) {
        return of_task(&tenant, sk, old, new);
    }
    if let Some((tenant, source)) = keys::parse_hints(pk) {
        let times = |item: &Row| number::<u64>(item, hint::TIMES);
        let hinted = times(new).filter(|now| old.and_then(times).as_ref() != Some(now));
        let made = |times: u64| {
            event(
                BusKind::SyncRequested,
                &tenant,
                at(new, hint::SEEN_AT),
                &[&source, sk, &times.to_string()],
                json!({ "source": source }),
            )
        };
        return Ok(hinted.map(made).into_iter().collect());
    }
    if let Some((tenant, id)) = keys::parse_test(pk, sk) {
        // Taking it changes it too, and says nothing.
        let ids = json!({ "test": id, "channel": Channel::Email });
        let made = || event(BusKind::TestMessageRequested, &tenant, None, &[&id], ids);
        return Ok(old.is_none().then(made).into_iter().collect());
    }
    if let Some((tenant, customer, id)) = keys::parse_service_mail(pk, sk) {
        // Taking it changes it too, and so does what became of it: neither says anything.
        let ids = json!({ "customer": customer.as_str(), "mail": id.as_str(), "channel": Channel::Email });
        let made = || event(BusKind::ServiceMailRequested, &tenant, None, &[customer.as_str(), id.as_str()], ids);
        return Ok(old.is_none().then(made).into_iter().collect());
    }
    if let Some(tenant) = keys::parse_jobs(pk) {
        return Ok(of_job(&tenant, sk, old, new).into_iter().collect());
    }
    let Some((tenant, customer)) = keys::parse_customer(pk) else { return Ok(vec![]) };
    let of_object = |kind, name: &str, id: &str| {
        // What is left of an object that moved to another customer says nothing; there it is told of.
        if text(new, DOC).is_none() {
            return vec![];
        }
        let version = text(new, document::VERSION).unwrap_or_default();
        let changed = old.and_then(|old| text(old, document::VERSION)) != Some(version);
        let ids = json!({ "customer": customer.as_str(), name: id, "source_version": version });
        let made = || event(kind, &tenant, at(new, hint::SEEN_AT), &[id, version], ids.clone());
        changed.then(made).into_iter().collect()
    };
    if sk == "HEAD" {
        of_head(&tenant, old, new)
    } else if let Some(id) = sk.strip_prefix("INV#") {
        Ok(of_object(BusKind::InvoiceUpserted, "invoice", id))
    } else if let Some(id) = sk.strip_prefix("PAY#") {
        Ok(of_object(BusKind::PaymentUpserted, "payment", id))
    } else if sk.starts_with(keys::COVERAGE) {
        of_record(&tenant, &customer, old, new)
    } else if sk.starts_with(keys::AGREEMENTS) {
        of_agreement(&tenant, &customer, old, new)
    } else if sk.starts_with(keys::BASKETS) {
        of_basket(&tenant, &customer, old, new)
    } else {
        Ok(vec![])
    }
}

/// A slice that is new, of a job that nothing has ended.
fn of_job(tenant: &TenantId, sk: &str, old: Option<&Row>, new: &Row) -> Option<BusEvent> {
    let id = sk.strip_prefix(keys::JOBS)?;
    let slice = |row: &Row| number::<u64>(row, job::SLICE);
    let is_under_way = text(new, job::STATUS).and_then(JobStatus::read).is_some_and(JobStatus::is_under_way);
    let fresh = slice(new).filter(|slice_now| is_under_way && old.and_then(slice) != Some(*slice_now))?;
    let ids = json!({ "job": id, "slice": fresh });
    Some(event(BusKind::JobQueued, tenant, at(new, job::QUEUED_AT), &[id, &fresh.to_string()], ids))
}

/// What a task asks for is told when it is asked for, and that it happened only when a person said so.
fn of_task(tenant: &TenantId, sk: &str, old: Option<&Row>, new: &Row) -> Result<Vec<BusEvent>> {
    let id = sk.trim_start_matches("TSK#");
    let task: NewTask = db::json(new, DOC)?;
    let mut ids = json!({ "task": id, "kind": task.kind.as_str(), "exception": task.kind.is_exception() });
    if let Some(ids) = ids.as_object_mut() {
        let optional = [
            ("effect", text(new, task::EFFECT).map(str::to_owned)),
            ("customer", text(new, task::CUSTOMER).map(str::to_owned)),
            ("step", task.step.clone()),
            ("currency", task.currency.map(|currency| currency.to_string())),
            ("case", task.case.as_ref().map(|case| case.to_string())),
            ("terms", task.terms().map(|terms| terms.to_string())),
        ];
        ids.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
    }
    let (asked, happened, withdrawn) = match task.kind {
        TaskKind::Escalation => (Some(BusKind::EscalationRequested), None, None),
        TaskKind::CreditHold => {
            (Some(BusKind::CreditHoldRequested), Some(BusKind::CreditHoldPlaced), Some(BusKind::CreditHoldWithdrawn))
        }
        TaskKind::CreditRelease => (Some(BusKind::CreditHoldReleaseRequested), Some(BusKind::CreditHoldReleased), None),
        TaskKind::ChangeTerms => {
            (Some(BusKind::TermsChangeRequested), Some(BusKind::TermsChanged), Some(BusKind::TermsChangeWithdrawn))
        }
        TaskKind::RestoreTerms => (Some(BusKind::TermsRestoreRequested), Some(BusKind::TermsRestored), None),
        TaskKind::HandOff => (Some(BusKind::HandOffRequested), Some(BusKind::CaseHandedOff), None),
        TaskKind::Task
        | TaskKind::Notify
        | TaskKind::Fee
        | TaskKind::Approval
        | TaskKind::Proposal
        | TaskKind::Dispute
        | TaskKind::CustomerAsked
        | TaskKind::MessageUnsent
        | TaskKind::EnterPayment
        | TaskKind::Unreachable
        | TaskKind::PlanEnded
        | TaskKind::MoneyInFlight
        | TaskKind::Overpaid
        | TaskKind::SeenTwice
        | TaskKind::OtherCurrency
        | TaskKind::LegalEntity
        | TaskKind::InDoubt
        | TaskKind::NeedsReview
        | TaskKind::Document
        | TaskKind::Failing
        | TaskKind::Breaker
        | TaskKind::DeadLetter
        | TaskKind::AnswerUnmatched
        | TaskKind::TakenBack
        | TaskKind::PlanBroken
        | TaskKind::Connection
        | TaskKind::Books
        | TaskKind::Records
        | TaskKind::Unconfirmed
        | TaskKind::Later(_) => (None, None, None),
    };
    let (kinds, at) = match old {
        None => ([Some(BusKind::TaskCreated), asked], at(new, task::RAISED_AT)),
        Some(old) => {
            // Who only says that a task is over, says that it was done.
            let done = |row: &Row| row.contains_key(task::DONE_AT) && text(row, task::RESULT).is_none_or(|said| said == "done");
            let now = done(new) && !old.contains_key(task::DONE_AT);
            let taken_back = new.contains_key(task::WITHDRAWN_AT) && !old.contains_key(task::WITHDRAWN_AT);
            let at = at(new, if taken_back { task::WITHDRAWN_AT } else { task::DONE_AT });
            ([happened.filter(|_| now), withdrawn.filter(|_| taken_back)], at)
        }
    };
    Ok(kinds.into_iter().flatten().map(|kind| event(kind, tenant, at, &[id], ids.clone())).collect())
}

/// What became of a promise or dispute. One that came along with a moved invoice says again what it said, under the same ids.
fn of_agreement(tenant: &TenantId, customer: &CustomerId, old: Option<&Row>, new: &Row) -> Result<Vec<BusEvent>> {
    let agreement: Agreement = db::json(new, DOC)?;
    let before: Option<Agreement> = old.and_then(|old| db::json(old, DOC).ok());
    if before.as_ref().is_some_and(|before| before.status() == agreement.status()) {
        return Ok(vec![]);
    }
    let kind = match &agreement.terms {
        Terms::Promise(promise) => match promise.status {
            PromiseStatus::Open => Some(BusKind::PromiseMade),
            PromiseStatus::Kept => Some(BusKind::PromiseKept),
            PromiseStatus::PartlyKept | PromiseStatus::Broken => Some(BusKind::PromiseBroken),
            PromiseStatus::Cancelled | PromiseStatus::Later(_) => None,
        },
        Terms::Dispute(dispute) => match dispute.status {
            DisputeStatus::Open => Some(BusKind::DisputeOpened),
            DisputeStatus::Upheld | DisputeStatus::PartlyUpheld | DisputeStatus::Rejected | DisputeStatus::Withdrawn => {
                Some(BusKind::DisputeResolved)
            }
            DisputeStatus::Later(_) => None,
        },
        Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
    };
    let Some(kind) = kind else { return Ok(vec![]) };
    let ids = json!({
        "customer": customer.as_str(), "agreement": agreement.id.as_str(), "kind": agreement.kind(), "status": agreement.status()
    });
    let parts = [agreement.id.as_str(), agreement.status(), &keys::second(agreement.status_at)];
    Ok(vec![event(kind, tenant, Some(agreement.status_at), &parts, ids)])
}

/// That money came of a basket, once: one whose chargeback was won is no new payment.
fn of_basket(tenant: &TenantId, customer: &CustomerId, old: Option<&Row>, new: &Row) -> Result<Vec<BusEvent>> {
    let basket: Basket = db::json(new, DOC)?;
    let before: Option<Basket> = old.and_then(|old| db::json(old, DOC).ok());
    let had_come = |before: &Basket| match before.status {
        BasketStatus::Paid | BasketStatus::Refunded | BasketStatus::ChargedBack => true,
        BasketStatus::Begun
        | BasketStatus::Pending
        | BasketStatus::Failed
        | BasketStatus::Expired
        | BasketStatus::Cancelled
        | BasketStatus::Later(_) => false,
    };
    if basket.status != BasketStatus::Paid || before.as_ref().is_some_and(had_come) {
        return Ok(vec![]);
    }
    let id = basket.id.as_str();
    let mut ids = json!({ "customer": customer.as_str(), "payment": id });
    if let (Some(into), Some(ids)) = (text(new, basket::WRITTEN_INTO), ids.as_object_mut()) {
        ids.insert("written_into".to_owned(), json!(into));
    }
    Ok(vec![event(BusKind::PaymentTaken, tenant, Some(basket.status_at), &[id], ids)])
}

fn of_head(tenant: &TenantId, old: Option<&Row>, new: &Row) -> Result<Vec<BusEvent>> {
    let head = read_head(new.clone())?;
    let before: Option<Head> = old.and_then(|old| read_head(old.clone()).ok());
    let customer = head.customer.as_str();
    let mut events = Vec::new();
    for (id, entry) in &head.pending {
        let was = before.as_ref().and_then(|before| before.pending.get(id));
        let channel = entry.message.channel.as_str();
        let number = entry.message.number;
        let ids = json!({ "customer": customer, "message": id.as_str(), "channel": channel, "number": number });
        let queued = entry.message.status == PendingStatus::Queued;
        if queued && was.is_none_or(|was| was.dispatches != entry.dispatches) {
            let parts = [id.as_str(), &entry.dispatches.to_string()];
            events.push(event(BusKind::MessageQueued, tenant, Some(entry.dispatched_at), &parts, ids));
        } else if entry.message.status.is_unknown() && was.is_none_or(|was| !was.message.status.is_unknown()) {
            let at = entry.attempt.as_ref().map(|attempt| attempt.lease_until);
            events.push(event(BusKind::MessageUnknown, tenant, at, &[id.as_str()], ids));
        }
    }
    for (key, case) in &head.cases {
        let was = before.as_ref().and_then(|before| before.cases.get(key)).filter(|was| was.id == case.id);
        if was.is_some_and(|was| was.state == case.state) {
            continue;
        }
        let (kind, reason) = match case.state {
            CaseState::Open => (BusKind::CaseOpened, None),
            CaseState::Waiting(reason) => (BusKind::CaseWaiting, Some(reason.as_str().to_owned())),
            CaseState::Ended => (BusKind::CaseEnded, None),
            CaseState::Closed => (BusKind::CaseClosed, None),
            CaseState::Later(word) => (BusKind::CaseWaiting, Some(word.to_string())),
        };
        let mut ids = json!({
            "customer": customer, "case": case.id.as_str(), "currency": key.currency().code(), "workflow": case.workflow, "version": case.version
        });
        let legal_entity = Some(key.balance.legal_entity.as_str()).filter(|entity| !entity.is_empty());
        if let Some(ids) = ids.as_object_mut() {
            ids.extend(reason.map(|reason| ("reason".to_owned(), json!(reason))));
            ids.extend(legal_entity.map(|entity| ("legal_entity".to_owned(), json!(entity))));
        }
        events.push(event(kind, tenant, head.decided_at, &[case.id.as_str(), &head.decision.to_string()], ids));
    }
    Ok(events)
}

fn of_record(tenant: &TenantId, customer: &CustomerId, old: Option<&Row>, new: &Row) -> Result<Vec<BusEvent>> {
    let body: Body = db::json(new, attributes::record::BODY)?;
    let status_of = |row: &Row| text(row, attributes::record::STATUS).and_then(RecordStatus::read);
    let status = status_of(new);
    // A record that is written over before it is linked says the same again, under the same ids.
    let changed = old.and_then(status_of) != status;
    let Some(message) = &body.message else {
        let rows = body.marks.iter().filter(|mark| mark.outcome.satisfies()).flat_map(|mark| &mark.rows);
        // A statement stands for no step.
        let steps: BTreeSet<&str> = rows.map(|row| row.step.as_str()).filter(|step| *step != STATEMENT).collect();
        return Ok(if old.is_none() { satisfied(tenant, customer, &body, None, steps) } else { vec![] });
    };
    // A record may be born with a louder word than its own: what was heard while its sender was calling.
    let born = old.is_none().then_some(body.status);
    let louder = status.filter(|status| changed && born != Some(*status));
    let mut events = Vec::new();
    for status in born.into_iter().chain(louder).filter_map(RecordStatus::message) {
        let Some(kind) = of_status(status) else { continue };
        let word = status.as_str();
        let ids = json!({
            "customer": customer.as_str(), "message": message.id.as_str(), "channel": message.channel.as_str(),
            "number": body.number, "status": word, "mode": message.mode.as_str()
        });
        let heard_at = DeliveryEvent::read(word).and_then(|event| at(new, &attributes::record::heard_at(event)));
        let at = heard_at.or(Some(body.at));
        events.push(event(kind, tenant, at, &[message.id.as_str(), word], ids));
        if born == Some(RecordStatus::Message(status)) && kind == BusKind::MessageSent {
            let rows = crate::customer::head::unpack(&message.rows, "").unwrap_or_default();
            let steps: BTreeSet<&str> = rows.iter().map(|row| row.step.as_str()).filter(|step| *step != STATEMENT).collect();
            // A message and its copies satisfy a step once: whoever of them comes first, it is the same event.
            let first = message.copy_of.map(|of| MessageId::of_decision(tenant, customer, body.number, of));
            let first = first.as_ref().unwrap_or(&message.id);
            events.extend(satisfied(tenant, customer, &body, Some(first.as_str()), steps));
        }
    }
    Ok(events)
}

/// What the bus is told of a message that stands so from now on; nothing where that says no more than before, or a later release said it.
fn of_status(status: MessageStatus) -> Option<BusKind> {
    match status {
        MessageStatus::Sent | MessageStatus::Shadow => Some(BusKind::MessageSent),
        MessageStatus::InDoubt => Some(BusKind::MessageUnknown),
        MessageStatus::Delivered => Some(BusKind::MessageDelivered),
        MessageStatus::NotSent
        | MessageStatus::Dropped
        | MessageStatus::Failed
        | MessageStatus::Bounced
        | MessageStatus::Rejected
        | MessageStatus::RenderingFailed => Some(BusKind::MessageFailed),
        MessageStatus::Queued
        | MessageStatus::Unknown
        | MessageStatus::Superseded
        | MessageStatus::Blocked
        | MessageStatus::BouncedForNow
        | MessageStatus::Complained
        | MessageStatus::Later(_) => None,
    }
}

fn satisfied(
    tenant: &TenantId,
    customer: &CustomerId,
    body: &Body,
    message: Option<&str>,
    steps: BTreeSet<&str>,
) -> Vec<BusEvent> {
    steps
        .into_iter()
        .take(STEPS_MAX)
        .map(|step| {
            let mut ids: BTreeMap<&str, Value> =
                BTreeMap::from([("customer", json!(customer.as_str())), ("step", json!(step)), ("number", json!(body.number))]);
            ids.extend(message.map(|message| ("message", json!(message))));
            let number = body.number.to_string();
            let parts = [customer.as_str(), &number, message.unwrap_or_default(), step];
            event(BusKind::StepSatisfied, tenant, Some(body.at), &parts, json!(ids))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_names_the_kinds_that_there_are() {
        let schema: Value = serde_json::from_str(include_str!("../../../docs/schemas/events.schema.json")).expect("JSON");
        let named = serde_json::from_value::<Vec<String>>(schema["properties"]["detail-type"]["enum"].clone()).expect("names");
        assert_eq!(named, BusKind::ALL.map(BusKind::as_str));
    }

    #[test]
    fn the_published_schema_names_every_word_of_channels_and_modes() {
        let schema: Value = serde_json::from_str(include_str!("../../../docs/schemas/events.schema.json")).expect("JSON");
        let words = |pointer: &str| -> Vec<String> {
            serde_json::from_value(schema.pointer(pointer).expect(pointer).clone()).expect("words")
        };
        assert_eq!(words("/$defs/Channel/enum"), Channel::WORDS);
        let mut modes = words("/$defs/MessageEvent/properties/mode/enum");
        // Where a tenant is off, nothing is decided.
        modes.push(domain::Mode::Off.as_str().to_owned());
        modes.sort();
        let mut all = domain::Mode::WORDS.to_vec();
        all.sort_unstable();
        assert_eq!(modes, all);
    }
}
