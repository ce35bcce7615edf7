//! What AWS End User Messaging says of text messages that left: EventBridge's events of `aws.sms-voice`, read leniently. The tags that travelled with a
//! message say which it is; its number is not told, but by a digest among the tags.

use domain::{Cause, Channel, CustomerId, DeliveryWord, MessageId, ProviderProblem, Suppression, TenantId, channel::tags};
use jiff::Timestamp;
use serde_json::Value;
use store::{AddressId, Result, SentMail, Store};

use crate::{outcome::FeedbackOutcome, ses::About, verdict::number_of};

/// Each type of event, and what it says of the message. Of one that is not final, or not named, nothing follows.
const EVENT_TYPES: [(&str, Option<DeliveryWord>); 22] = [
    ("TEXT_PENDING", None),
    ("TEXT_QUEUED", None),
    // Handed to the carrier: it left, and nobody knows yet whether it arrived.
    ("TEXT_SUCCESSFUL", Some(DeliveryWord::Accepted)),
    ("TEXT_DELIVERED", Some(DeliveryWord::Delivered)),
    ("TEXT_INVALID", Some(DeliveryWord::Bounced)),
    ("TEXT_INVALID_MESSAGE", Some(DeliveryWord::Refused)),
    ("TEXT_UNREACHABLE", Some(DeliveryWord::Returned)),
    ("TEXT_CARRIER_UNREACHABLE", Some(DeliveryWord::Returned)),
    ("TEXT_TTL_EXPIRED", Some(DeliveryWord::Returned)),
    ("TEXT_BLOCKED", Some(DeliveryWord::Refused)),
    ("TEXT_CARRIER_BLOCKED", Some(DeliveryWord::Refused)),
    ("TEXT_SPAM", Some(DeliveryWord::Refused)),
    (PROTECTED, Some(DeliveryWord::Refused)),
    // Carriers say it after 72 hours of silence: nothing is sent again by guess.
    ("TEXT_UNKNOWN", Some(DeliveryWord::InDoubt)),
    ("RCS_QUEUED", None),
    ("RCS_SENT", Some(DeliveryWord::Accepted)),
    ("RCS_DELIVERED", Some(DeliveryWord::Delivered)),
    ("RCS_READ", Some(DeliveryWord::Delivered)),
    ("RCS_FAILED", Some(DeliveryWord::Returned)),
    ("RCS_TTL_EXPIRED", Some(DeliveryWord::Returned)),
    (PROTECTED_RCS, Some(DeliveryWord::Refused)),
    // The same message goes on as a text message, of which events come.
    ("RCS_FALLEN_BACK_TO_SMS", None),
];
/// A protect configuration of the account itself kept it from leaving.
const PROTECTED: &str = "TEXT_PROTECT_BLOCKED";
const PROTECTED_RCS: &str = "RCS_PROTECT_BLOCKED";

/// An event about a text message.
#[derive(Debug)]
pub struct TextReceipt {
    /// The message; none where the event does not carry our tags.
    pub about: Option<About>,
    /// The type of the event, in AWS's word.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// AWS's id of the message.
    pub provider_id: Option<String>,
    /// The number that it was for.
    pub address: Option<AddressId>,
    /// Whether no further event comes.
    pub is_final: bool,
    /// The parts that it took, where the event tells them.
    pub parts: Option<u64>,
    /// What they cost, in millionths of a US dollar.
    pub micro_usd: Option<u64>,
}

impl TextReceipt {
    /// Reads an event in EventBridge's envelope; `None` for one without a type.
    pub fn read(envelope: &Value, now: Timestamp) -> Option<Self> {
        let detail = envelope.get("detail")?;
        let text = |name: &str| detail.get(name).and_then(Value::as_str);
        let tag = |name: &str| detail.get("context").and_then(|context| context.get(name)).and_then(Value::as_str);
        let about = || {
            let tenant = TenantId::parse(tag(tags::TENANT)?).ok()?;
            let (customer, message) = (CustomerId::parse(tag(tags::CUSTOMER)?)?, MessageId::parse(tag(tags::MESSAGE)?)?);
            let number = tag(tags::NUMBER).and_then(|number| number.parse().ok());
            Some(About { tenant, customer, message, number })
        };
        let happened = detail.get("eventTimestamp").and_then(Value::as_i64);
        let written = || envelope.get("time").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let by_tag = tag(tags::ADDRESS).and_then(|digest| AddressId::parse(&format!("{}{digest}", AddressId::PREFIX)));
        let by_number = || text("destinationPhoneNumber").map(|number| AddressId::of(Channel::Sms, number));
        Some(Self {
            about: about(),
            kind: text("eventType")?.to_owned(),
            at: happened.and_then(|ms| Timestamp::from_millisecond(ms).ok()).or_else(written).unwrap_or(now),
            provider_id: text("messageId").map(str::to_owned),
            address: by_tag.or_else(by_number),
            is_final: detail.get("isFinal").and_then(Value::as_bool).unwrap_or(false),
            parts: detail.get("totalMessageParts").and_then(Value::as_u64),
            micro_usd: detail.get("totalMessagePrice").and_then(micro),
        })
    }

    /// What it says of the message.
    fn word(&self) -> Option<DeliveryWord> {
        EVENT_TYPES.iter().find(|(kind, _)| *kind == self.kind).and_then(|(_, word)| *word)
    }

    /// Its type as figures have it: one of a later day is none of its own.
    fn listed(&self) -> &'static str {
        EVENT_TYPES.iter().find(|(kind, _)| *kind == self.kind).map_or("other", |(kind, _)| *kind)
    }
}

/// Millionths of what a number says, whose digits behind the sixth are left out; none for a number of another form.
fn micro(value: &Value) -> Option<u64> {
    let text = value.as_number()?.to_string();
    let (whole, behind) = text.split_once('.').unwrap_or((text.as_str(), ""));
    let digits: String = behind.chars().chain("000000".chars()).take(6).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(digits.parse().ok()?)
}

/// Takes an event in. With `notes` it is kept under which id the message left, because an answer may name nothing else of it.
///
/// # Errors
///
/// Those of the table; then the event may come again.
pub async fn apply(store: &Store, receipt: &TextReceipt, notes: bool, now: Timestamp) -> Result<FeedbackOutcome> {
    let Some(about) = &receipt.about else {
        tracing::debug!("an event about a text message that is not ours");
        return Ok(FeedbackOutcome::Ignored);
    };
    let About { tenant, customer, message, .. } = about;
    kit::metrics::emit(now, &[("channel", "sms"), ("heard", receipt.listed())], &[("receipts", 1)]);
    if receipt.is_final {
        let (parts, cost) =
            (receipt.parts.map(|parts| ("text_parts", parts)), receipt.micro_usd.map(|cost| ("text_micro_usd", cost)));
        let counts: Vec<(&str, u64)> = parts.into_iter().chain(cost).collect();
        kit::metrics::emit(now, &[("channel", "sms")], &counts);
    }
    let Some(word) = receipt.word() else {
        tracing::debug!(tenant.id = %tenant, message.id = %message, kind = receipt.kind, "an event about a text message that changes nothing");
        return Ok(FeedbackOutcome::Ignored);
    };
    let rule = word.rule();
    // A tag says the number of the decision; only before an address is touched must the message be known for certain.
    let number = if rule.suppress.is_none() && about.number.is_some() { about.number } else { number_of(store, about).await? };
    let Some(number) = number else {
        tracing::info!(tenant.id = %tenant, message.id = %message, "an event about a text message that is not known");
        return Ok(FeedbackOutcome::Ignored);
    };
    if let (Some(reason), Some(address)) = (rule.suppress, &receipt.address) {
        let suppression = Suppression { reason, at: receipt.at };
        store.suppress_by_id(tenant, (Channel::Sms, address), suppression, Some(customer)).await?;
    }
    if [PROTECTED, PROTECTED_RCS].contains(&receipt.kind.as_str()) {
        let cause = Cause::ProviderSetUp { channel: Channel::Sms, problem: ProviderProblem::Protect };
        store.raise_cause(tenant, &cause, &receipt.kind, customer, now).await?;
    }
    let Some(heard) = rule.event else {
        tracing::info!(tenant.id = %tenant, message.id = %message, kind = receipt.kind, "nobody knows what became of a text message");
        return Ok(FeedbackOutcome::Noted);
    };
    let provider_id = receipt.provider_id.as_deref();
    let noted = store.receipt(tenant, customer, number, message, heard, receipt.at, provider_id, now).await?;
    if !noted {
        tracing::info!(tenant.id = %tenant, message.id = %message, heard = heard.as_str(), "an event about a text message that is not known or never left");
        return Ok(FeedbackOutcome::Ignored);
    }
    tracing::info!(tenant.id = %tenant, message.id = %message, heard = heard.as_str(), "message status heard");
    if let (true, Some(id)) = (notes && heard.proves_sent(), provider_id) {
        let sent = SentMail { customer: customer.clone(), message: message.clone(), number: Some(number) };
        store.note_sent_mail(tenant, id, &sent, now).await?;
    }
    Ok(FeedbackOutcome::Noted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn prices_are_read_without_a_fraction() {
        for (price, expected) in [
            (json!(0.09582), Some(95_820)),
            (json!(0.0), Some(0)),
            (json!(2), Some(2_000_000)),
            (json!(0.001_234_567), Some(1_234)),
            (json!(1e-9), None),
            (json!(-1), None),
            (json!("0.1"), None),
        ] {
            assert_eq!(micro(&price), expected, "{price}");
        }
    }

    #[test]
    fn each_type_is_named_once() {
        let names: BTreeSet<&str> = EVENT_TYPES.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(names.len(), EVENT_TYPES.len());
    }

    #[test]
    fn what_aws_documents_is_read() {
        let now = Timestamp::UNIX_EPOCH;
        let log: Value = serde_json::from_str(include_str!("../tests/fixtures/aws-eum-sms/sms-event-log.json")).unwrap();
        let read = TextReceipt::read(&json!({ "detail": log }), now).unwrap();
        assert_eq!(
            (read.kind.as_str(), read.is_final, read.parts, read.micro_usd),
            ("TEXT_SUCCESSFUL", true, Some(1), Some(95_820))
        );
        assert_eq!(read.address, Some(AddressId::of(Channel::Sms, "+14255550156")));
        assert_eq!((read.about.is_none(), read.at.as_millisecond()), (true, 1_686_975_103_470));
        let event: Value =
            serde_json::from_str(include_str!("../tests/fixtures/aws-eum-sms/eventbridge-text-delivered.partial.json")).unwrap();
        let read = TextReceipt::read(&event, now).unwrap();
        assert_eq!((read.address.is_none(), read.provider_id.as_deref()), (true, Some("ed23196c-75ce-4727-93ee-7bf72b64998f")));
        assert!(TextReceipt::read(&json!({ "detail": {} }), now).is_none());
    }
}
