//! Identifiers: one newtype a kind of thing, each with its prefix.
//!
//! Ids are derived from what they name (tenant, source, external id, decision number), never drawn, so that doing a
//! thing twice names it the same both times. They are kept without an allocation of their own: a decision copies thousands.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longest id that an outside system may use for a thing, in bytes.
pub const EXTERNAL_ID_BYTES_MAX: usize = 128;

/// A hash of `parts` as 20 characters of lower-case base 32 (100 bits); parts are length-prefixed, so `["a", "bc"]` and
/// `["ab", "c"]` differ.
pub fn digest(parts: &[&str]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let hash = hasher.finalize();
    let mut text = String::with_capacity(20);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in hash.iter().take(13) {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 && text.len() < 20 {
            held -= 5;
            text.push(char::from(ALPHABET[((bits >> held) & 31) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    text
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(CompactString);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The id of the thing that `parts` name; the same parts always give the same id.
            pub fn derive(parts: &[&str]) -> Self {
                Self(CompactString::from($prefix) + &digest(parts))
            }

            /// Reads an id back from its text form; `None` when the prefix is another's or the form is off.
            pub fn parse(text: &str) -> Option<Self> {
                let rest = text.strip_prefix($prefix)?;
                let plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
                (!rest.is_empty() && rest.len() <= 40 && plain).then(|| Self(CompactString::from(text)))
            }

            /// The text form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A customer: derived from tenant, source and external id.
    CustomerId, "cus_"
);
id!(
    /// An invoice: derived from tenant, source and external id.
    InvoiceId, "inv_"
);
id!(
    /// A payment or a credit note: derived from tenant, source, kind and external id.
    PaymentId, "pay_"
);
id!(
    /// A case: derived from tenant, customer, currency and the number of the decision that opened it.
    CaseId, "case_"
);
id!(
    /// A decision: derived from tenant, customer and decision number.
    DecisionId, "dec_"
);
id!(
    /// A message: derived from tenant, customer, decision number and position.
    MessageId, "msg_"
);
id!(
    /// An agreement: a promise, a dispute, a plan, a pause, money on its way.
    AgreementId, "agr_"
);
id!(
    /// An offer to pay in parts.
    PlanOfferId, "pof_"
);
id!(
    /// A charge on top of what invoices say.
    ChargeId, "chg_"
);
id!(
    /// A task or an exception.
    TaskId, "tsk_"
);
id!(
    /// An effect: derived from tenant, customer, decision number and position, as a message's id is.
    EffectId, "eff_"
);
id!(
    /// A person's order.
    OrderId, "ord_"
);
id!(
    /// A note of a person: when it was made and a digest, so that ids sort as notes were made.
    NoteId, "not_"
);
id!(
    /// A file of a customer: when its form was made and a digest, so that ids sort as files were sent.
    FileId, "fil_"
);
id!(
    /// What somebody answered: derived from tenant, channel and its provider's id.
    ReplyId, "rpl_"
);
id!(
    /// A portal link: derived from its code, which it does not tell.
    LinkId, "lnk_"
);
id!(
    /// A service mail: derived from what it is, its link and what it tells of.
    ServiceMailId, "svm_"
);
id!(
    /// A code that somebody who came by a portal link asked for: derived from the link and the moment. It does not tell the code.
    CodeRequestId, "pcr_"
);
id!(
    /// A notice to people of the tenant: derived from the task that it tells of, what it tells, and by which way it goes to whom.
    NoticeId, "ntc_"
);
id!(
    /// A subscription of an outside system to events: drawn, since it names nothing else.
    SubscriptionId, "sub_"
);
id!(
    /// A machine's key: drawn, since it names nothing else.
    KeyId, "key_"
);
id!(
    /// An action on many customers at once.
    BulkId, "blk_"
);

id!(
    /// A long piece of work: begins with when it was asked for, so that ids are in that order.
    JobId, "job_"
);

impl PaymentId {
    /// The id of the basket that `parts` name, and of the payment that comes of it: 20 characters together with the prefix, so that an
    /// accounting system keeps all of it as its own reference (QuickBooks' `PaymentRefNum` holds 21).
    pub fn of_basket(parts: &[&str]) -> Self {
        Self(CompactString::from(Self::PREFIX) + &digest(parts)[..16])
    }
}

impl JobId {
    /// The id of a job that `parts` name, asked for at an instant.
    pub fn at(asked_at: jiff::Timestamp, parts: &[&str]) -> Self {
        let millis = asked_at.as_millisecond().max(0);
        Self(CompactString::from(format!("{}{millis:012x}{}", Self::PREFIX, &digest(parts)[..12])))
    }
}

impl EffectId {
    /// The id of the effect at a position of a customer's decision: messages first, then work for people. A message's differs from
    /// the message's own in how it begins.
    pub fn of_decision(tenant: &TenantId, customer: &CustomerId, number: u64, position: usize) -> Self {
        Self::derive(&[tenant.as_str(), customer.as_str(), &number.to_string(), &position.to_string()])
    }

    /// The id of the effect that a task is there for which no decision raised.
    pub fn of_task(task: &TaskId) -> Self {
        Self(task.as_str().replacen(TaskId::PREFIX, Self::PREFIX, 1).into())
    }
}

/// An id of which ids sort as instants do: the instant to the millisecond, and a digest of what tells it from others of that instant.
fn after_instant(prefix: &str, instant: jiff::Timestamp, parts: &[&str]) -> CompactString {
    let millis = instant.as_millisecond().max(0);
    format!("{prefix}{millis:013}{}", digest(parts)).into()
}

impl NoteId {
    /// The id of a note that is made at an instant; `parts` tell it from others of that instant.
    pub fn at(instant: jiff::Timestamp, parts: &[&str]) -> Self {
        Self(after_instant(Self::PREFIX, instant, parts))
    }
}

impl PlanOfferId {
    /// The id of an offer that is made at an instant; `parts` tell it from others of that instant.
    pub fn at(instant: jiff::Timestamp, parts: &[&str]) -> Self {
        Self(after_instant(Self::PREFIX, instant, parts))
    }
}

impl FileId {
    /// The id of a file whose form is made at an instant; `parts` tell it from others of that instant.
    pub fn at(instant: jiff::Timestamp, parts: &[&str]) -> Self {
        Self(after_instant(Self::PREFIX, instant, parts))
    }

    /// When its form was made, to the millisecond; `None` of an id that [`FileId::at`] does not give.
    pub fn made_at(&self) -> Option<jiff::Timestamp> {
        let millis = self.0.get(Self::PREFIX.len()..Self::PREFIX.len() + 13)?.parse().ok()?;
        jiff::Timestamp::from_millisecond(millis).ok()
    }
}

impl MessageId {
    /// The id of the message at a position of a customer's decision.
    pub fn of_decision(tenant: &TenantId, customer: &CustomerId, number: u64, position: u32) -> Self {
        Self::derive(&[tenant.as_str(), customer.as_str(), &number.to_string(), &position.to_string()])
    }
}

/// A creditor company using Dunlin: the isolation boundary, first in every key and every store call.
///
/// One to 64 of `a-z A-Z 0-9 _ -`, beginning with a letter or digit; `app` is reserved for webhooks that one vendor app
/// receives for many companies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

/// Why a text is no tenant id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tenant id is 1 to 64 of a-z, A-Z, 0-9, '-' and '_', begins with a letter or digit, and is not 'app'")]
pub struct TenantIdError;

impl TenantId {
    /// Reads a tenant id.
    ///
    /// # Errors
    ///
    /// [`TenantIdError`] when the form is off or the name is reserved.
    pub fn parse(text: &str) -> Result<Self, TenantIdError> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if plain && begins && text.len() <= 64 && text != "app" { Ok(Self(text.to_owned())) } else { Err(TenantIdError) }
    }

    /// The reserved name: whose are the vendors' apps of this deployment, and what no tenant could be found for.
    pub fn app() -> Self {
        Self("app".to_owned())
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantId {
    type Error = TenantIdError;
    fn try_from(text: String) -> Result<Self, TenantIdError> {
        Self::parse(&text)
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(digest(&["a", "bc"]), digest(&["ab", "c"]));
        assert_eq!(digest(&["a"]).len(), 20);
        assert_eq!(CustomerId::derive(&["t", "s", "1"]), CustomerId::derive(&["t", "s", "1"]));
    }

    #[test]
    fn ids_of_jobs_are_in_the_order_of_time() {
        let at = |text: &str| text.parse().expect("an instant");
        let (first, second) = (JobId::at(at("2026-02-10T10:00:00.999Z"), &["z"]), JobId::at(at("2026-02-10T10:00:01Z"), &["a"]));
        assert!(first < second);
        assert_eq!(JobId::parse(first.as_str()), Some(first));
    }

    #[test]
    fn tenant_ids() {
        for (text, good) in
            [("acme", true), ("Acme_1-x", true), ("app", false), ("", false), ("-a", false), ("a b", false), ("a/b", false)]
        {
            assert_eq!(TenantId::parse(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn notes_and_offers_sort_as_they_were_made() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().expect("an instant");
        let first = NoteId::at(at("2026-02-03T10:00:00Z"), &["z"]);
        let second = NoteId::at(at("2026-02-03T10:00:00.001Z"), &["a"]);
        assert!(first < second);
        assert_eq!(NoteId::parse(first.as_str()), Some(first));
        let offers = ["2026-02-03T10:00:00Z", "2027-02-03T10:00:00Z"].map(|text| PlanOfferId::at(at(text), &["a"]));
        assert!(offers[0] < offers[1]);
        assert_eq!(PlanOfferId::parse(offers[0].as_str()).as_ref(), Some(&offers[0]));
    }

    #[test]
    fn files_say_when_their_form_was_made() {
        let at: jiff::Timestamp = "2026-02-03T10:00:00.123Z".parse().expect("an instant");
        let id = FileId::at(at, &["/p/code", "not_1"]);
        assert_eq!((FileId::parse(id.as_str()), id.made_at()), (Some(id.clone()), Some(at)));
        for text in ["fil_x", "fil_12345", "fil_zzzzzzzzzzzzzzzz"] {
            assert_eq!(FileId::parse(text).and_then(|id| id.made_at()), None, "{text}");
        }
    }

    #[test]
    fn ids_of_baskets_fit_the_reference_of_an_accounting_system() {
        let id = PaymentId::of_basket(&["acme", "cus_1", "form"]);
        assert_eq!((id.as_str().len(), PaymentId::parse(id.as_str())), (20, Some(id.clone())));
        assert_ne!(id, PaymentId::of_basket(&["acme", "cus_1", "another"]));
    }

    #[test]
    fn ids_read_back() {
        let id = InvoiceId::derive(&["t", "x"]);
        assert_eq!(InvoiceId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(CustomerId::parse(id.as_str()), None);
        assert_eq!(InvoiceId::parse("inv_a#b"), None);
    }
}
