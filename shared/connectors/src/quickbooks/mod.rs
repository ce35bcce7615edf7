//! QuickBooks Online: webhooks of ids for all companies of one app, books read back by query and change data capture.
//!
//! | what | how |
//! |---|---|
//! | webhook | CloudEvents in an array, each element of any company; the older form is read too ([`webhook`]) |
//! | objects by id | `select … where Id in (…)`; one that is missing then is asked for alone, and error 610 means deleted |
//! | changes | `cdc`, all kinds in one request; it lists 1,000 objects at most, so beyond that kind by kind, then by query ([`ask`]) |
//! | open | invoices and credit memos with a balance; payments have no such filter and are listed since a date |
//! | writing a payment | `POST payment` with a line for each invoice, told apart by `requestid` and `PaymentRefNum` ([`payment_body`]) |
//!
//! An invoice has no status: paid is a balance of nothing, void a total of nothing with a note. `Balance` counts payments, credit
//! memos and deposits alike, so it decides what is open, and payments only add what nothing was linked to yet.

mod answer;
mod customer;
mod lines;
mod money;
mod names;
mod payment_body;
mod requests;
mod webhook;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Access, AccountingApi, Bodies, Capabilities, Connector, Doubted, Hinted, Hints, Incoming, Limits, Pace, Page, PaymentEntries,
    PaymentWriting, Refused, Rejected, Secret, Site, TestEvent, Trouble, VendorRequest, WebhookScope, accounting_api, signature,
};

use names::KINDS;
pub use names::SOURCE;

/// The connector of QuickBooks Online.
pub struct QuickBooks;

const STATUS: u16 = 401;
/// The vendor has no scope for reading alone.
const SCOPES: &str = "com.intuit.quickbooks.accounting";

impl Connector for QuickBooks {
    fn source(&self) -> &'static str {
        SOURCE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            scope: WebhookScope::App,
            bad_signature_status: STATUS,
            answer_within: Duration::from_secs(3),
            bare_answers: true,
        }
    }

    fn verify(&self, incoming: &Incoming<'_>, secrets: &[Secret]) -> Result<(), Refused> {
        let detail = "the header intuit-signature is missing or does not match; store the app's webhook verifier token";
        signature::believe_base64(incoming, "intuit-signature", secrets).then_some(()).ok_or_else(|| Refused {
            status: STATUS,
            what: Doubted::Signature,
            detail: detail.to_owned(),
        })
    }

    fn bodies(&self) -> Bodies {
        Bodies::Hints(&QuickBooks)
    }

    fn test_event(&self, _secret: &Secret, _now: Timestamp) -> Option<TestEvent> {
        None
    }

    fn new_secret(&self, _random: [u8; 32]) -> Option<String> {
        None
    }
}

impl Hints for QuickBooks {
    fn hints(&self, incoming: &Incoming<'_>) -> Result<Hinted, Rejected> {
        webhook::read(incoming.body)
    }
}

impl AccountingApi for QuickBooks {
    fn access(&self) -> Access {
        Access {
            authorize_url: "https://appcenter.intuit.com/connect/oauth2",
            token_url: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
            scopes: SCOPES,
            api: "https://quickbooks.api.intuit.com",
            realms_url: None,
            refresh_lasts: Duration::from_secs(100 * 86_400),
            limits: Limits {
                ids_max: 100,
                overlap: SignedDuration::from_mins(5),
                changes_reach: SignedDuration::from_hours(29 * 24),
                good_for: SignedDuration::from_hours(3),
            },
        }
    }

    fn kinds(&self) -> &'static [&'static str] {
        &KINDS
    }

    fn customer_kind(&self) -> &'static str {
        "Customer"
    }

    fn invoice_kind(&self) -> &'static str {
        "Invoice"
    }

    fn writing(&self) -> Option<PaymentWriting> {
        Some(PaymentWriting { scopes: SCOPES, account_required: false, entries: PaymentEntries::One })
    }

    fn request(&self, site: &Site<'_>, ask: &VendorRequest) -> Request<Bytes> {
        requests::request(&self.access(), site, ask)
    }

    fn read(&self, site: &Site<'_>, ask: &VendorRequest, answer: &Response<Bytes>) -> Result<Page, Trouble> {
        answer::read(site, ask, answer)
    }

    /// It sends no headers about what is left; only `Retry-After`, with 429.
    fn pace(&self, headers: &HeaderMap) -> Pace {
        Pace { wait: accounting_api::retry_after(headers), scarce: false }
    }

    fn pdf(&self, site: &Site<'_>, invoice: &str) -> Request<Bytes> {
        requests::pdf(&self.access(), site, invoice)
    }
}
