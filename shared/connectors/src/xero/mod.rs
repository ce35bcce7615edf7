//! Xero: webhooks of ids for all organisations of one app, books read back by id and by what changed.
//!
//! | what | how |
//! |---|---|
//! | webhook | an object of events, answered with a bare 200 or 401 ([`webhook`]); payments have no event, their invoice has |
//! | objects by id | `Invoices?IDs=`, `Contacts?IDs=`, credit notes by a `where`; one that is missing then is asked for alone |
//! | changes | each kind with `If-Modified-Since`, page by page ([`ask`]) |
//! | open | invoices, credit notes, overpayments and prepayments that are authorised |
//! | writing a payment | `PUT Payments`, one for each invoice, told apart by `Idempotency-Key` and `Reference` ([`payment_body`]) |
//!
//! Bills and their credits come the same ways and are left out. An invoice says what was paid and credited; overpayments and
//! prepayments count as credited there, so here they are credit notes too.

mod answer;
mod contact;
mod lines;
mod money;
mod names;
mod payment_body;
mod requests;
mod time;
mod webhook;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Access, AccountingApi, Bodies, Capabilities, Connector, Doubted, Hinted, Hints, Incoming, Limits, Pace, Page, PaymentEntries,
    PaymentWriting, Realm, Refused, Rejected, Secret, Site, TestEvent, Trouble, VendorRequest, WebhookScope, accounting_api,
    signature,
};

use names::KINDS;
pub use names::SOURCE;

/// The connector of Xero.
pub struct Xero;

const STATUS: u16 = 401;
const SCOPES: &str = "offline_access accounting.invoices.read accounting.payments.read accounting.contacts.read \
                      accounting.settings.read";
/// The same, with the right to write payments, which the right to read them is part of.
const SCOPES_TO_WRITE: &str = "offline_access accounting.invoices.read accounting.payments accounting.contacts.read \
                               accounting.settings.read";

impl Connector for Xero {
    fn source(&self) -> &'static str {
        SOURCE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            scope: WebhookScope::App,
            bad_signature_status: STATUS,
            answer_within: Duration::from_secs(5),
            bare_answers: true,
        }
    }

    fn verify(&self, incoming: &Incoming<'_>, secrets: &[Secret]) -> Result<(), Refused> {
        let detail = "the header x-xero-signature is missing or does not match; store the app's webhook signing key";
        signature::believe_base64(incoming, "x-xero-signature", secrets).then_some(()).ok_or_else(|| Refused {
            status: STATUS,
            what: Doubted::Signature,
            detail: detail.to_owned(),
        })
    }

    fn bodies(&self) -> Bodies {
        Bodies::Hints(&Xero)
    }

    fn test_event(&self, _secret: &Secret, _now: Timestamp) -> Option<TestEvent> {
        None
    }

    fn new_secret(&self, _random: [u8; 32]) -> Option<String> {
        None
    }
}

impl Hints for Xero {
    fn hints(&self, incoming: &Incoming<'_>) -> Result<Hinted, Rejected> {
        webhook::read(incoming.body)
    }
}

impl AccountingApi for Xero {
    fn access(&self) -> Access {
        Access {
            authorize_url: "https://login.xero.com/identity/connect/authorize",
            token_url: "https://identity.xero.com/connect/token",
            scopes: SCOPES,
            api: "https://api.xero.com",
            realms_url: Some("https://api.xero.com/connections"),
            refresh_lasts: Duration::from_secs(60 * 86_400),
            limits: Limits {
                ids_max: 40,
                overlap: SignedDuration::from_mins(5),
                changes_reach: SignedDuration::from_hours(365 * 24),
                good_for: SignedDuration::from_hours(3),
            },
        }
    }

    fn kinds(&self) -> &'static [&'static str] {
        &KINDS
    }

    fn customer_kind(&self) -> &'static str {
        "Contacts"
    }

    fn invoice_kind(&self) -> &'static str {
        "Invoices"
    }

    fn asks_for_links(&self) -> bool {
        true
    }

    fn writing(&self) -> Option<PaymentWriting> {
        Some(PaymentWriting { scopes: SCOPES_TO_WRITE, account_required: true, entries: PaymentEntries::PerInvoice })
    }

    fn request(&self, site: &Site<'_>, ask: &VendorRequest) -> Request<Bytes> {
        requests::request(&self.access(), site, ask)
    }

    fn read(&self, site: &Site<'_>, ask: &VendorRequest, answer: &Response<Bytes>) -> Result<Page, Trouble> {
        answer::read(site, ask, answer)
    }

    fn realms(&self, answer: &Response<Bytes>) -> Option<Vec<Realm>> {
        answer::realms(answer)
    }

    fn pace(&self, headers: &HeaderMap) -> Pace {
        const SCARCE: u32 = 500;
        let left = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
        let none_this_minute = ["x-minlimit-remaining", "x-appminlimit-remaining"].into_iter().any(|name| left(name) == Some(0));
        let minute = none_this_minute.then_some(Duration::from_secs(60));
        Pace {
            wait: accounting_api::retry_after(headers).or(minute),
            scarce: left("x-daylimit-remaining").is_some_and(|left| left < SCARCE),
        }
    }

    fn pdf(&self, site: &Site<'_>, invoice: &str) -> Request<Bytes> {
        requests::pdf(&self.access(), site, invoice)
    }

    fn link(&self, site: &Site<'_>, invoice: &str) -> Option<Request<Bytes>> {
        Some(requests::link(&self.access(), site, invoice))
    }

    fn read_link(&self, answer: &Response<Bytes>) -> Option<String> {
        answer::link(answer)
    }
}
