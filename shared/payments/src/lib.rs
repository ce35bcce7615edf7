//! Ways to pay: one file or folder for each provider, behind one trait and one registry.
//!
//! A provider says how a payment is begun, captured, ended and looked up, checks what the vendor sends over its raw bytes, and maps it to
//! [`domain::ProviderSaid`]. It does no I/O, reads no clock and keeps nothing: requests go out as data, answers come in as data.
//! Money is said to have moved only by a signed event or by an answer that was asked for. A return page says nothing.
//!
//! | module | provider | ways |
//! |---|---|---|
//! | [`stripe`] | Stripe Checkout | card, ACH, SEPA and Bacs debit, bank transfer |
//! | [`paypal`] | PayPal Orders v2 | PayPal |
//! | [`gocardless`] | GoCardless billing requests | SEPA and Bacs debit, instant bank payment |
//! | [`transfer`] | the payer's own bank | bank transfer under a structured reference |
//!
//! What an event does not say is asked for: reading one gives [`PaymentQuestion`]s beside what was said, [`PaymentProvider::ask`] makes the
//! request of each, and [`PaymentProvider::answered`] reads what comes back. [`BasketEnding`] ends a basket by these calls. Adding a provider is a file that implements
//! [`PaymentProvider`] and a line in the list below; the contract suite in `tests/` then demands its payloads.

mod amount;
mod asked;
mod connected;
mod ending;
mod errand;
pub mod gocardless;
mod heard;
mod limits;
pub mod paypal;
mod provider;
mod secret;
mod signature;
pub mod stripe;
pub mod transfer;
mod trouble;
mod webhook;

pub use asked::{AskedPayment, BegunPayment, NextCall, PaymentWords};
pub use connected::{credentials_of, site_of};
pub use ending::{BasketEnding, NotEnded};
pub use errand::{BasketWish, ErrandAnswer, ErrandKind, PaymentErrand};
pub use heard::{KnownPart, PaymentQuestion, ProviderHeard, ProviderObject, UnreadEvent};
pub use limits::{PaymentCapabilities, WayOffered, WebhookRules};
pub use provider::{PaymentProvider, ProviderAccess, ProviderSite, ProviderToken};
pub use secret::ProviderSecret;
pub use trouble::{CannotBegin, ProviderTrouble};
pub use webhook::{CertificateRoots, NotBelieved, UnreadableEvent, WebhookDelivery, WebhookTrust};

/// Every provider, one line each.
pub fn registry() -> &'static [&'static dyn PaymentProvider] {
    &[&stripe::StripeCheckout, &paypal::PayPal, &gocardless::GoCardless, &transfer::BankTransfer]
}

/// The provider of a name, as baskets have it.
pub fn by_name(name: &str) -> Option<&'static dyn PaymentProvider> {
    registry().iter().copied().find(|provider| provider.name() == name)
}

/// The provider of the source that its webhooks and its connection have: `pay-stripe`.
pub fn by_source(source: &str) -> Option<&'static dyn PaymentProvider> {
    registry().iter().copied().find(|provider| provider.source() == source)
}
