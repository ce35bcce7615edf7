//! Books that are read back: what to ask an accounting system for, and what its answers say.
//!
//! Everything here is data. One [`VendorRequest`] is one request; its answer is a [`Page`], which may name the next one. `shared/reading`
//! sends the requests, keeps to the vendor's pace and decides what to ask; it knows no vendor.

use std::time::Duration;

use bytes::Bytes;
use domain::{
    BooksPayment, Currency, CustomerId, Document, InvoiceId, PaymentId, SourceVersion, TenantId,
    document::{CustomerRef, ObjectId, Why, Withdrawn},
};
use http::{HeaderMap, Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{PaymentWriting, form, json::Flaws, raw::Fields};

/// A system whose books can be read: pure, so that the same answer says the same every time.
pub trait AccountingApi: Send + Sync {
    /// How one gets in, and how fast one may read.
    fn access(&self) -> Access;

    /// The kinds of objects that hints name, in the order in which they are best read: customers first.
    fn kinds(&self) -> &'static [&'static str];

    /// The kind that customers are of.
    fn customer_kind(&self) -> &'static str;

    /// The kind that invoices are of.
    fn invoice_kind(&self) -> &'static str;

    /// Whether where customers see an invoice must be asked for by itself, see [`AccountingApi::link`].
    fn asks_for_links(&self) -> bool {
        false
    }

    /// How payments are written into the books; `None` where Dunlin writes none into them, and [`VendorRequest::FindPayment`] and
    /// [`VendorRequest::WritePayment`] are asked of nobody.
    fn writing(&self) -> Option<PaymentWriting> {
        None
    }

    /// The request that asks.
    fn request(&self, site: &Site<'_>, ask: &VendorRequest) -> Request<Bytes>;

    /// What the answer says.
    ///
    /// # Errors
    ///
    /// [`Trouble`] when it says nothing that can be used; then nothing of it may be stored.
    fn read(&self, site: &Site<'_>, ask: &VendorRequest, answer: &Response<Bytes>) -> Result<Page, Trouble>;

    /// The companies that a sign-in opened, from the answer of [`Access::realms_url`]; `None` when it does not read.
    fn realms(&self, _answer: &Response<Bytes>) -> Option<Vec<Realm>> {
        None
    }

    /// How the vendor asks to be asked from now on, from the headers of any answer.
    fn pace(&self, headers: &HeaderMap) -> Pace;

    /// The request for an invoice as a PDF.
    fn pdf(&self, site: &Site<'_>, invoice: &str) -> Request<Bytes>;

    /// The request for where a customer can see an invoice, for vendors whose invoices do not say it themselves.
    fn link(&self, _site: &Site<'_>, _invoice: &str) -> Option<Request<Bytes>> {
        None
    }

    /// What the answer to [`AccountingApi::link`] says.
    fn read_link(&self, _answer: &Response<Bytes>) -> Option<String> {
        None
    }
}

/// How one gets into a system, as data. Addresses are the vendor's; a connection may put one base in place of every host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Where people are sent to agree.
    pub authorize_url: &'static str,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: &'static str,
    /// What is asked for, separated by spaces.
    pub scopes: &'static str,
    /// The host that answers [`VendorRequest`]s.
    pub api: &'static str,
    /// Where the vendor says which company was agreed to; `None` where the callback says it as `realmId`.
    pub realms_url: Option<&'static str>,
    /// How long a refresh token lasts where the vendor does not say.
    pub refresh_lasts: Duration,
    /// How much is asked for at once.
    pub limits: Limits,
}

/// How much and how often is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most ids in one [`VendorRequest::Objects`].
    pub ids_max: usize,
    /// How far each poll looks back behind the last one.
    pub overlap: SignedDuration,
    /// How far back changes can be asked for at all.
    pub changes_reach: SignedDuration,
    /// How old the books may be before nothing is sent from them, where the tenant's settings say nothing. Changes are asked for
    /// several times within it.
    pub good_for: SignedDuration,
}

/// The company that is asked, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// Whose connection it is.
    pub tenant: &'a TenantId,
    /// The company, as the vendor names it.
    pub realm: &'a str,
    /// What is known of the company.
    pub company: &'a Company,
    /// What stands for the vendor's hosts, if not they themselves: `http://127.0.0.1:9000`.
    pub base: Option<&'a str>,
}

impl Site<'_> {
    /// A vendor's address with the connection's base in place of its host.
    pub fn url(&self, vendor: &str) -> String {
        place(vendor, self.base)
    }
}

/// A vendor's address with `base`, where there is one, in place of its host.
pub fn place(vendor: &str, base: Option<&str>) -> String {
    let Some(base) = base else { return vendor.to_owned() };
    let path = vendor.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    format!("{}/{path}", base.trim_end_matches('/'))
}

/// A company that a sign-in opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// The vendor's id of it.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
}

/// What the books say of the company itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2: whose phone numbers are meant where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The currency of objects that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

impl Company {
    /// What is newly known, over what was known.
    pub fn learn(&mut self, said: Company) {
        let Company { name, country, currency } = said;
        self.name = name.or(self.name.take());
        self.country = country.or(self.country.take());
        self.currency = currency.or(self.currency);
    }
}

/// What is asked for. Pages are named by the answer before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VendorRequest {
    /// The company itself.
    Company {
        /// The page.
        page: Option<String>,
    },
    /// Objects of one kind by id, at most [`Limits::ids_max`].
    Objects {
        /// One of [`AccountingApi::kinds`].
        kind: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// One object, whose absence then counts: it was deleted.
    One {
        /// One of [`AccountingApi::kinds`].
        kind: String,
        /// Its id.
        id: String,
    },
    /// Everything that changed since an instant.
    Changes {
        /// Since when.
        since: Timestamp,
        /// The page.
        page: Option<String>,
    },
    /// Everything that is open: invoices with a balance, credit notes with some left, and money that is not applied.
    Open {
        /// Money is looked for among what changed since then; without it only invoices are listed.
        money_since: Option<Timestamp>,
        /// The page.
        page: Option<String>,
    },
    /// Invoices, credit notes and payments that changed since an instant, closed ones too: what was closed since then is among them.
    Past {
        /// Since when.
        since: Timestamp,
        /// The page.
        page: Option<String>,
    },
    /// Payments in the books that have a reference.
    FindPayment {
        /// The reference: the id of a payment that was taken here.
        reference: PaymentId,
        /// The page.
        page: Option<String>,
    },
    /// Writes a payment into the books; of a vendor with an entry for each invoice one of exactly one invoice. The same again, within the time
    /// that the vendor knows repeats, is written once. The page has the entry, as a document, once the books have it.
    WritePayment {
        /// The payment.
        payment: BooksPayment,
    },
}

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What to apply, each by itself and only where its version is newer.
    pub documents: Vec<Document>,
    /// Objects that do not read; the others do.
    pub unreadable: Vec<Unreadable>,
    /// Ids that were asked for and not answered: each must be asked for by itself.
    pub missing: Vec<String>,
    /// The customers that the documents name without describing them: ours and the vendor's id.
    pub customers: Vec<(CustomerId, String)>,
    /// When the vendor answered, by its own clock.
    pub as_of: Option<Timestamp>,
    /// What it says of the company.
    pub company: Option<Company>,
    /// The next page of the same ask.
    pub next: Option<String>,
    /// The vendor could not list everything: the books must be compared as a whole.
    pub incomplete: bool,
}

/// An object that does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its kind.
    pub kind: &'static str,
    /// Its id; empty when even that does not read.
    pub id: String,
    /// What is wrong with which of its fields, and how to mend it in the books. Holds no personal data.
    pub detail: String,
    /// Whether a word goes with it that it is not to be chased as it was; else it stays as it was read last.
    pub withdrawn: bool,
}

/// Why an answer says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The access token is not accepted: refresh it once, then a person must connect again.
    #[error("the access token was refused")]
    Token,
    /// The token does not open this: a scope is missing, or the company is closed to it.
    #[error("access was denied: {0}")]
    Denied(String),
    /// Too many requests; wait.
    #[error("too many requests")]
    Limited(Option<Duration>),
    /// The vendor cannot answer now.
    #[error("the vendor cannot answer now: {0}")]
    Unavailable(String),
    /// What came is no answer of this vendor: HTML, half a document, a redirect.
    #[error("the answer does not read: {0}")]
    Garbled(String),
    /// The vendor says that the request is wrong.
    #[error("the request was refused: {0}")]
    Refused(String),
}

/// How a vendor asks to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// How long to wait before the next request.
    pub wait: Option<Duration>,
    /// Little is left for today: ask only for what matters.
    pub scarce: bool,
}

/// The id of a customer whose books are read back. Vendors number the objects of each company from one, so the company is part of
/// it.
pub fn customer_id(tenant: &TenantId, source: &str, realm: &str, id: &str) -> CustomerId {
    CustomerId::derive(&[tenant.as_str(), source, realm, id])
}

/// The id of an invoice whose books are read back, likewise.
pub fn invoice_id(tenant: &TenantId, source: &str, realm: &str, id: &str) -> InvoiceId {
    InvoiceId::derive(&[tenant.as_str(), source, realm, id])
}

/// What the objects of one answer are read with.
pub(crate) struct Reader<'a> {
    /// Whose books.
    pub site: &'a Site<'a>,
    /// The name of the source.
    pub source: &'static str,
    /// When the vendor answered, by its own clock.
    pub as_of: Option<Timestamp>,
    /// What was read so far.
    pub page: Page,
}

impl Reader<'_> {
    fn parts<'b>(&'b self, more: &[&'b str]) -> Vec<&'b str> {
        [&[self.site.tenant.as_str(), self.source, self.site.realm], more].concat()
    }

    /// The id of a customer.
    pub fn customer_id(&self, id: &str) -> CustomerId {
        customer_id(self.site.tenant, self.source, self.site.realm, id)
    }

    /// The id of an invoice.
    pub fn invoice_id(&self, id: &str) -> InvoiceId {
        invoice_id(self.site.tenant, self.source, self.site.realm, id)
    }

    /// The id of a payment or credit note of one of the vendor's kinds.
    pub fn payment_id(&self, kind: &str, id: &str) -> PaymentId {
        PaymentId::derive(&self.parts(&[kind, id]))
    }

    /// The version of an object last changed at `updated`.
    pub fn version(&self, updated: Timestamp) -> SourceVersion {
        version(updated, self.as_of.unwrap_or(updated))
    }

    /// Takes an object, or says what is wrong with it. An invoice that does not read is not chased as it was.
    pub fn take(
        &mut self,
        kind: &'static str,
        id: Option<String>,
        read: Option<Document>,
        flaws: Flaws,
        withdraw: Option<(ObjectId, Option<Timestamp>)>,
    ) {
        if let (Some(document), 0) = (read, flaws.count()) {
            self.page.documents.push(document);
            return;
        }
        let list = flaws.into_list();
        let detail = list.iter().take(5).map(|flaw| format!("{} {}", flaw.pointer, flaw.detail)).collect::<Vec<_>>().join("; ");
        // As old as can be of its date: whatever reads it later, this release or the next, is newer.
        let dated = withdraw.and_then(|(object, updated)| Some((object, updated.or(self.as_of)?)));
        let withdrawn = dated.is_some();
        if let Some((object, at)) = dated {
            let source_version = version(at, at);
            self.page.documents.push(Document::Withdrawn(Withdrawn { object, source_version, why: Why::Unreadable }));
        }
        self.page.unreadable.push(Unreadable { kind, id: id.unwrap_or_default(), detail, withdrawn });
    }

    /// Takes the word that an object was deleted, at `at` or when the vendor answered.
    pub fn deleted(&mut self, object: ObjectId, at: Option<Timestamp>) {
        let Some(at) = at.or(self.as_of) else { return };
        let source_version = self.version(at);
        self.page.documents.push(Document::Withdrawn(Withdrawn { object, source_version, why: Why::Deleted }));
    }

    /// The customer that an object names by the field `id` of its field `name`.
    pub fn owed_by(&mut self, flaws: &mut Flaws, object: &Fields<'_>, name: &str, id: &str) -> Option<CustomerRef> {
        let Some(named) = object.object(name) else {
            flaws.add(object.pointer(name), "is missing");
            return None;
        };
        let customer = named.required(flaws, id, form::id)?;
        Some(self.names(&customer))
    }

    /// The customer that an object names by the vendor's id.
    pub fn names(&mut self, customer: &str) -> CustomerRef {
        let id = self.customer_id(customer);
        if !self.page.customers.iter().any(|(_, known)| known == customer) {
            self.page.customers.push((id.clone(), customer.to_owned()));
        }
        CustomerRef::Called { id, external_id: customer.to_owned() }
    }
}

/// What a status means before anything vendor-specific is looked at.
///
/// # Errors
///
/// The trouble that the status stands for; 404 is left to the caller, as what is absent depends on what was asked.
pub(crate) fn status(answer: &Response<Bytes>) -> Result<(), Trouble> {
    let said = || format!("status {}", answer.status().as_u16());
    match answer.status().as_u16() {
        200..=299 | 400 | 404 => Ok(()),
        401 => Err(Trouble::Token),
        403 => Err(Trouble::Denied(said())),
        429 => Err(Trouble::Limited(retry_after(answer.headers()))),
        503 if answer.headers().contains_key("retry-after") => Err(Trouble::Limited(retry_after(answer.headers()))),
        300..=399 => Err(Trouble::Garbled(format!("{}, a redirect, which is not followed", said()))),
        408 | 500..=599 => Err(Trouble::Unavailable(said())),
        _ => Err(Trouble::Refused(said())),
    }
}

/// `Retry-After` in seconds, at most an hour; as a date it is not understood.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    const WAIT_MAX_S: u64 = 3_600;
    let seconds: u64 = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(WAIT_MAX_S)))
}

/// The version of an object that the vendor last changed at `updated`, as it was when the vendor answered at `as_of`.
///
/// Vendors date changes to the second or millisecond and may change an object twice within one. So the age of the snapshot
/// breaks ties: a later look at the same date is the newer one. After 999 s nothing can tie any more, and reading again changes
/// nothing.
pub(crate) fn version(updated: Timestamp, as_of: Timestamp) -> SourceVersion {
    const AGE_MAX_MS: i128 = 999_999;
    const MS: i128 = 1_000_000;
    let age_ms = (as_of.as_nanosecond() - updated.as_nanosecond()).clamp(0, AGE_MAX_MS * MS) / MS;
    let whole_ms = updated.as_nanosecond().div_euclid(MS) * MS;
    SourceVersion::Instant(Timestamp::from_nanosecond(whole_ms + age_ms).unwrap_or(updated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_look_at_the_same_date_is_newer_until_nothing_can_tie() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let updated = at("2026-03-02T09:00:00Z");
        let looks = ["2026-03-02T08:59:00Z", "2026-03-02T09:00:00.001Z", "2026-03-02T09:00:00.002Z", "2026-03-02T09:10:00Z"];
        let versions: Vec<SourceVersion> = looks.iter().map(|look| version(updated, at(look))).collect();
        assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}");
        assert_eq!(version(updated, at("2026-03-02T10:00:00Z")), version(updated, at("2026-03-09T10:00:00Z")));
        assert!(version(updated, at("2027-01-01T00:00:00Z")) < version(at("2026-03-02T09:00:00.001Z"), updated));
    }

    #[test]
    fn statuses() {
        let answer = |code: u16| Response::builder().status(code).header("retry-after", "7").body(Bytes::new()).expect("valid");
        let plain = |code: u16| Response::builder().status(code).body(Bytes::new()).expect("valid");
        assert_eq!(status(&plain(200)), Ok(()));
        assert_eq!(status(&plain(404)), Ok(()));
        assert_eq!(status(&plain(401)), Err(Trouble::Token));
        assert_eq!(status(&plain(429)), Err(Trouble::Limited(None)));
        assert_eq!(status(&answer(429)), Err(Trouble::Limited(Some(Duration::from_secs(7)))));
        assert_eq!(status(&answer(503)), Err(Trouble::Limited(Some(Duration::from_secs(7)))));
        assert!(matches!(status(&plain(503)), Err(Trouble::Unavailable(_))));
        assert!(matches!(status(&answer(302)), Err(Trouble::Garbled(_))));
        assert!(matches!(status(&plain(403)), Err(Trouble::Denied(_))));
        assert!(matches!(status(&plain(410)), Err(Trouble::Refused(_))));
    }

    #[test]
    fn a_base_stands_for_every_host() {
        let (tenant, company) = (TenantId::parse("acme").expect("an id"), Company::default());
        let site = |base| Site { tenant: &tenant, realm: "1", company: &company, base };
        assert_eq!(site(None).url("https://api.example/a/b"), "https://api.example/a/b");
        assert_eq!(site(Some("http://127.0.0.1:9000/")).url("https://api.example/a/b"), "http://127.0.0.1:9000/a/b");
        assert_eq!(site(Some("http://127.0.0.1:9000")).url("https://api.example"), "http://127.0.0.1:9000/");
    }
}
