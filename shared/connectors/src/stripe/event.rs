//! The envelope of a snapshot event, and the version that it gives its object.

use domain::{Currency, CustomerId, CustomerRef, InvoiceId, PaymentId, SourceVersion, TenantId};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    form,
    json::{Flaws, Object, kind},
    stripe::names::SOURCE,
};

/// A snapshot event.
pub struct StripeEvent<'a> {
    /// Its type: `invoice.paid`.
    pub kind: &'a str,
    /// When it happened, to the second.
    pub created: Timestamp,
    /// The API version that shaped the object, where the event says it: `2024-10-28.acacia`.
    pub api_version: Option<&'a str>,
    /// `data.object`.
    pub object: Object<'a>,
    /// `data.previous_attributes`: what changed, as it was before.
    pub previous: Option<Object<'a>>,
    tenant: &'a TenantId,
    zone: &'a TimeZone,
}

/// How far an object had come within the second of its event. Twin events of one second (`invoice.paid` and
/// `invoice.payment_succeeded`, say) then give the same state in whichever order they arrive.
#[derive(Clone, Copy)]
pub struct Rank {
    /// The stage of its life, 0 to 8; later stages are newer.
    pub stage: u8,
    /// How far within the stage, in hundred-thousandths.
    pub progress: u32,
}

impl Rank {
    const PROGRESS_MAX: u32 = 99_999;

    /// A stage that has no progress within.
    pub fn stage(stage: u8) -> Self {
        Self { stage, progress: 0 }
    }

    /// A stage of which `done` of `whole` is behind.
    pub fn part(stage: u8, done: i64, whole: i64) -> Self {
        let share = i128::from(done.max(0)) * i128::from(Self::PROGRESS_MAX) / i128::from(whole.max(1));
        Self { stage, progress: u32::try_from(share).unwrap_or(u32::MAX).min(Self::PROGRESS_MAX) }
    }

    /// Nanoseconds of the second: nine stages of 10^8, each of 10^5 steps of 10^3. The last three digits come from what
    /// the object says, so that two that differ never tie by accident of arrival.
    fn nanoseconds(self, content: &impl Serialize) -> i32 {
        let bytes = serde_json::to_vec(content).unwrap_or_default();
        let hash = Sha256::digest(&bytes);
        let tie = (u32::from(hash[0]) << 8 | u32::from(hash[1])) % 1_000;
        let nanos = u32::from(self.stage.min(8)) * 100_000_000 + self.progress.min(Self::PROGRESS_MAX) * 1_000 + tie;
        i32::try_from(nanos).expect("below 900 million")
    }
}

impl<'a> StripeEvent<'a> {
    /// The envelope.
    pub fn read(flaws: &mut Flaws, root: &Object<'a>, tenant: &'a TenantId, zone: &'a TimeZone) -> Option<Self> {
        let kind = root.required(flaws, "type", form::string);
        let created = root.required(flaws, "created", seconds);
        let api_version = root.field("api_version").and_then(Value::as_str);
        let data = root.object(flaws, "data");
        let object = data.as_ref().and_then(|data| data.object(flaws, "object"));
        let previous = data.and_then(|data| data.optional_object(flaws, "previous_attributes"));
        Some(Self { kind: kind?, created: created?, api_version, object: object?, previous, tenant, zone })
    }

    /// The version of what this event says of an object: `content` is all that is said, without the version.
    pub fn version(&self, rank: Rank, content: &impl Serialize) -> SourceVersion {
        Self::version_at(self.created, rank, content)
    }

    /// The same as of another second.
    pub fn version_at(second: Timestamp, rank: Rank, content: &impl Serialize) -> SourceVersion {
        SourceVersion::Instant(Timestamp::new(second.as_second(), rank.nanoseconds(content)).unwrap_or(second))
    }

    /// The version before anything is known of the content.
    pub fn base_version(&self) -> SourceVersion {
        SourceVersion::Instant(self.created)
    }

    /// The calendar date of an instant where the tenant is.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The id of a customer of this source.
    pub fn customer_id(&self, external_id: &str) -> CustomerId {
        CustomerId::derive(&[self.tenant.as_str(), SOURCE, external_id])
    }

    /// A customer that an object only names.
    pub fn called(&self, external_id: &str) -> CustomerRef {
        CustomerRef::Called { id: self.customer_id(external_id), external_id: external_id.to_owned() }
    }

    /// The id of an invoice of this source.
    pub fn invoice_id(&self, external_id: &str) -> InvoiceId {
        InvoiceId::derive(&[self.tenant.as_str(), SOURCE, external_id])
    }

    /// The id of a payment of this source, by its payment intent, else its charge.
    pub fn payment_id(&self, external_id: &str) -> PaymentId {
        PaymentId::derive(&[self.tenant.as_str(), SOURCE, "payment", external_id])
    }

    /// The id of what the balance of a customer has in its favour, in one currency.
    pub fn balance_id(&self, customer: &str, currency: Currency) -> PaymentId {
        PaymentId::derive(&[self.tenant.as_str(), SOURCE, "balance", customer, currency.code()])
    }

    /// The id of a credit note of this source.
    pub fn credit_note_id(&self, external_id: &str) -> PaymentId {
        PaymentId::derive(&[self.tenant.as_str(), SOURCE, "credit_note", external_id])
    }
}

/// An instant in seconds since 1970, to 2199.
pub fn seconds(value: &Value) -> Result<Timestamp, String> {
    let known = |at: &Timestamp| at.as_second() >= 0 && form::known_year(&at.to_zoned(TimeZone::UTC).date());
    let at = value.as_i64().and_then(|second| Timestamp::from_second(second).ok()).filter(known);
    at.ok_or_else(|| "must be a number of seconds since 1970, to the year 2199".to_owned())
}

/// An id, or an expanded object that has one.
pub fn expandable_id(value: &Value) -> Result<String, String> {
    match value {
        Value::String(_) => form::id(value),
        Value::Object(map) => map.get("id").map_or_else(|| Err("has no id".to_owned()), form::id),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Err(format!("must be an id, not {}", kind(value))),
    }
}

/// The id of the invoice that another object names.
pub fn named_invoice(flaws: &mut Flaws, event: &StripeEvent<'_>) -> Option<String> {
    event.object.optional(flaws, "invoice", expandable_id)
}
