//! Stand-ins for accounting systems and payment providers on loopback: an independent reading of the vendors' own protocols.
//!
//! A double keeps the books of several companies. Tests change them as people would ([`quickbooks`], [`xero`]); the double stamps
//! what changed as the vendor does, notes a [`Notification`] for it, and answers the vendor's own requests. What the books truly
//! say is read with [`Double::truth`], past all protocol. Time is a [`Clock`] that is handed in.
//!
//! Payment providers have doubles of another kind ([`PaymentDouble`]): [`stripe_pay`], [`paypal`], [`gocardless`]. Sellers have accounts there, payers pay on
//! its pages or by [`PaymentDouble::happen`], and it has events to tell of both.
//!
//! The base address stands for every host of the vendor; paths are the vendor's own. A double stops when it is dropped.
//!
//! Methods that keep books panic when asked for what no books can hold (an unknown id, more paid than owed): that is a mistake in
//! the story that a test tells, and no answer of the vendor.

mod app;
mod clock;
mod desk;
mod fake_accounting;
mod faults;
pub mod gocardless;
mod hosted_page;
mod ids;
mod limits;
mod lock;
mod money;
mod notify;
mod oauth;
mod payment_desk;
mod payment_double;
mod payment_event;
pub mod paypal;
pub mod quickbooks;
mod server;
mod specs;
pub mod stripe_pay;
mod truth;
mod web;
mod witness;
pub mod xero;

use std::{collections::BTreeMap, sync::Arc};

pub use app::App;
pub use clock::Clock;
pub use desk::Desk;
pub use fake_accounting::FakeAccounting;
pub use faults::Fault;
pub use gocardless::GoCardless;
pub use notify::{Change, Delivery, Notification};
pub use oauth::Tokens;
pub use payment_desk::PaymentDesk;
pub use payment_double::{BasketTruth, Outcome, PaymentDouble};
pub use payment_event::PaymentEvent;
pub use paypal::PayPal;
pub use quickbooks::QuickBooks;
pub use stripe_pay::StripePay;
pub use truth::{CustomerTruth, InvoiceState, InvoiceTruth, Truth};
pub use witness::{Fate, Shown, Witness};
pub use xero::Xero;

/// What doubles of all vendors have in common.
pub trait Double: Send + Sync {
    /// What is kept of the app and its calls.
    fn desk(&self) -> &Desk;

    /// What stands for every host of the vendor: `http://127.0.0.1:9000`.
    fn base_url(&self) -> &str;

    /// A signed webhook of these notifications, as the vendor would send it, possibly of several companies at once.
    fn delivery(&self, notifications: &[Notification]) -> Delivery;

    /// What the books of a company truly say.
    fn truth(&self, realm: &str) -> Truth;

    /// What happened since this was last asked, of all companies, in order.
    fn notifications(&self) -> Vec<Notification> {
        self.desk().drain()
    }

    /// Spoils the next `times` answers.
    fn fail_next(&self, times: u32, fault: Fault) {
        self.desk().faults.add(times, fault, None);
    }

    /// Spoils the next `times` answers to paths that contain `path`.
    fn fail_next_at(&self, path: &str, times: u32, fault: Fault) {
        self.desk().faults.add(times, fault, Some(path.to_owned()));
    }

    /// Forgets the faults that are still to come.
    fn clear_faults(&self) {
        self.desk().faults.clear();
    }

    /// Requests so far by kind (`query Invoice`, `Invoices`, `token`), spoiled ones included.
    fn calls(&self) -> BTreeMap<String, u64> {
        self.desk().calls()
    }

    /// Lets somebody watch every call from now on, in place of whoever did.
    fn watch(&self, witness: Arc<dyn Witness>) {
        self.desk().watch(witness);
    }

    /// Refresh tokens that were exchanged for new tokens so far.
    fn refreshes(&self) -> u64 {
        self.desk().oauth.refreshes()
    }

    /// Tokens for a company, as if its owner had agreed.
    fn issue_tokens(&self, realm: &str) -> Tokens {
        self.desk().oauth.issue(realm, None)
    }

    /// The same, as if its owner had agreed to these scopes too.
    fn issue_tokens_with(&self, realm: &str, scopes: &str) -> Tokens {
        self.desk().oauth.issue(realm, Some(scopes))
    }

    /// The companies that owners agree to from now on, where the authorise request has no parameter `company`; none declines.
    fn consent(&self, realms: &[&str]) {
        self.desk().oauth.consent(realms);
    }

    /// Takes back all tokens of a company, as when its owner disconnects the app.
    fn revoke(&self, realm: &str) {
        self.desk().oauth.revoke(realm);
    }

    /// The app that it knows.
    fn app(&self) -> &App {
        &self.desk().app
    }
}
