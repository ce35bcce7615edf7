//! The trait that every connector implements, and what it answers.

use std::time::Duration;

use domain::{CustomerId, Document, Payment, TenantId};
use jiff::{Timestamp, tz::TimeZone};

use crate::{Headers, Incoming, Secret};

/// The code for one kind of outside system: pure, so that the same request gives the same answer every time.
pub trait Connector: Send + Sync {
    /// The name in webhook paths, ids and customers: `canonical`, `stripe`.
    fn source(&self) -> &'static str;

    /// What is known of the system, as data.
    fn capabilities(&self) -> Capabilities;

    /// Checks that the request comes from whoever holds one of `secrets`, in constant time. While a secret is rotated
    /// both the old and the new one are passed, and either may match.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the status that the vendor expects.
    fn verify(&self, incoming: &Incoming<'_>, secrets: &[Secret]) -> Result<(), Refused>;

    /// How its webhooks are read.
    fn bodies(&self) -> Bodies;

    /// A webhook as the vendor would send it, signed with `secret` at `now`, about things that do not exist; `None` where webhooks are the
    /// app's, and no tenant's.
    fn test_event(&self, secret: &Secret, now: Timestamp) -> Option<TestEvent>;

    /// A new secret in the vendor's form, from random bytes; `None` where the vendor makes it and shows it to the tenant.
    fn new_secret(&self, random: [u8; 32]) -> Option<String>;
}

/// A webhook that tries a connection. It is signed as any other, so nobody is shown its headers: sent, it would be taken.
#[derive(Clone, Debug)]
pub struct TestEvent {
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
}

/// What the webhooks of a system carry.
#[derive(Clone, Copy)]
pub enum Bodies {
    /// The objects themselves, applied at once.
    Objects(&'static dyn Objects),
    /// Only ids: the objects are read back, see [`crate::AccountingApi`].
    Hints(&'static dyn Hints),
}

/// A system whose webhooks carry the objects themselves.
pub trait Objects: Send + Sync {
    /// Maps a verified request to documents. Instants become calendar dates in `zone`, the tenant's.
    ///
    /// # Errors
    ///
    /// [`Rejected`] when nothing of the request can be taken; then nothing of it may be stored.
    fn read(&self, tenant: &TenantId, zone: &TimeZone, incoming: &Incoming<'_>) -> Result<Reading, Rejected>;
}

/// A system whose webhooks carry ids only.
pub trait Hints: Send + Sync {
    /// What a verified request points at. Elements that say nothing about what is owed are left out; elements of other forms
    /// than the vendor's are [`Hinted::unread`].
    ///
    /// # Errors
    ///
    /// [`Rejected`] when the body as a whole is of another form.
    fn hints(&self, incoming: &Incoming<'_>) -> Result<Hinted, Rejected>;
}

/// What a webhook of ids points at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hinted {
    /// The objects to read again, of any number of companies.
    pub hints: Vec<Hint>,
    /// Elements that do not read, each with its pointer. The next poll finds what they meant.
    pub unread: Vec<FieldFlaw>,
}

/// One object of one company that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The company, as the vendor names it.
    pub realm: String,
    /// The kind of object, in the connector's own word: one of [`crate::AccountingApi::kinds`].
    pub kind: &'static str,
    /// The object.
    pub id: String,
    /// The vendor's id of the event, or what stands for one: the same id is the same event, delivered again.
    pub event: String,
    /// When the vendor says that it happened.
    pub at: Option<Timestamp>,
}

/// What is known of a system, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whose the webhook's address and secret are.
    pub scope: WebhookScope,
    /// The status that tells this vendor that a signature did not match.
    pub bad_signature_status: u16,
    /// How long the vendor waits for an answer.
    pub answer_within: Duration,
    /// Whether the vendor demands answers of 200 or a refusal without body, cookie or problem document.
    pub bare_answers: bool,
}

/// Whose a webhook's address and secret are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookScope {
    /// One tenant's: `/webhooks/{tenant}/{source}`.
    Tenant,
    /// The vendor app's, for the companies of many tenants: `/webhooks/app/{source}`.
    App,
}

/// What a request said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The sender's id of this event: the same id is the same event, delivered again.
    pub event_id: String,
    /// What to apply, each by itself and only where its version is newer.
    pub documents: Vec<Document>,
    /// Payments that name no invoice. Each counts only while it is for exactly what an open invoice of its customer comes to.
    pub unnamed: Vec<Unnamed>,
    /// What could not be taken. Each becomes an exception that a person sees, and the body is kept.
    pub parked: Vec<Parked>,
    /// Why there was nothing to take, for an event that is none of our business. Answered with success.
    pub ignored: Option<String>,
}

/// A payment of a customer that does not say for which invoice it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// Whose.
    pub customer: CustomerId,
    /// The payment, without allocations.
    pub payment: Payment,
}

/// A part of a request that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// JSON pointer into the body.
    pub pointer: String,
    /// What is wrong and how to mend it. Holds no personal data.
    pub detail: String,
}

/// Why a request is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// The HTTP status that the vendor expects.
    pub status: u16,
    /// What is not believed.
    pub what: Doubted,
    /// What is wrong and how to mend it.
    pub detail: String,
}

/// What is not believed of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubted {
    /// Its signature is missing or does not match.
    Signature,
    /// Its timestamp is too far off: it may be an old request sent again.
    Timestamp,
}

/// Why nothing of a request can be taken: every flaw that the request alone shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document has {} flaw(s)", errors.len())]
pub struct Rejected {
    /// Each wrong field.
    pub errors: Vec<FieldFlaw>,
}

/// A wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFlaw {
    /// JSON pointer into the body; empty for the body as a whole or a header.
    pub pointer: String,
    /// What is wrong and how to mend it. Holds no personal data.
    pub detail: String,
}
