//! The requests.

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{Method, Request};
use jiff::Timestamp;

use crate::{Access, Site, VendorRequest};

use super::{names::KINDS, payment_body};

/// The version of the API's own fields; older ones are ignored by the vendor since 2025-08-01.
const MINOR_VERSION: &str = "75";
/// Objects that a query may return.
pub const QUERY_MAX: usize = 1_000;
/// Objects a page of what is open: a reader that dies begins again with its page.
pub const OPEN_MAX: usize = 250;

/// A page of [`VendorRequest::Changes`], [`VendorRequest::Open`] or [`VendorRequest::Past`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuickBooksPart {
    /// Change data capture of all kinds at once.
    All,
    /// Change data capture of one kind.
    Captured(usize),
    /// A query of one kind.
    Queried(Slice),
    /// The id alone of the one object of a slice that spoils each query: for naming it.
    Named(Slice),
}

/// Where a query begins, and how many objects it may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The kind, by its place in [`KINDS`].
    pub kind: usize,
    /// The position of the first, from one.
    pub from: usize,
    /// Fewer than a whole page where an object in it spoiled the query; `None` is a whole page.
    pub size: Option<usize>,
}

impl Slice {
    /// The first page of a kind.
    pub fn first(kind: usize) -> Self {
        Self { kind, from: 1, size: None }
    }

    /// What comes after it, where pages have at most `max`: after a smaller one twice as many.
    pub fn after(self, max: usize) -> Self {
        let size = self.size.unwrap_or(max);
        Self { from: self.from + size, size: Some(size * 2).filter(|size| *size < max), ..self }
    }

    /// Its first half; `None` for a single object.
    pub fn half(self, max: usize) -> Option<Self> {
        let size = self.size.unwrap_or(max) / 2;
        (size > 0).then_some(Self { size: Some(size), ..self })
    }
}

impl QuickBooksPart {
    /// Reads the name of a page; one that is not ours begins anew, which repeats work and loses none.
    pub fn parse(page: Option<&str>) -> Self {
        let mut words = page.unwrap_or_default().split(':');
        let how = words.next();
        let kind = words.next().and_then(|name| KINDS.iter().position(|kind| *kind == name));
        let from = words.next().and_then(|number| number.parse().ok());
        let size = words.next().and_then(|number| number.parse().ok()).filter(|size| *size > 0);
        match (how, kind, from) {
            (Some("captured"), Some(kind), _) => Self::Captured(kind),
            (Some("queried"), Some(kind), Some(from)) => Self::Queried(Slice { kind, from, size }),
            (Some("named"), Some(kind), Some(from)) => Self::Named(Slice { kind, from, size }),
            _ => Self::All,
        }
    }

    /// The slice of what is listed kind by kind: the first one where it names none.
    pub fn of_open(self) -> Slice {
        match self {
            Self::Queried(of) | Self::Named(of) => of,
            Self::All | Self::Captured(_) => Slice::first(OPEN[0]),
        }
    }

    /// The name of the page.
    pub fn name(self) -> Option<String> {
        let slice = |how: &str, slice: Slice| {
            let size = slice.size.map_or(String::new(), |size| format!(":{size}"));
            Some(format!("{how}:{}:{}{size}", KINDS.get(slice.kind)?, slice.from))
        };
        match self {
            Self::All => None,
            Self::Captured(kind) => Some(format!("captured:{}", KINDS.get(kind)?)),
            Self::Queried(of) => slice("queried", of),
            Self::Named(of) => slice("named", of),
        }
    }
}

/// The kinds that [`VendorRequest::Open`] and [`VendorRequest::Past`] list, by their place in [`KINDS`]: invoices, then credit memos and payments.
pub const OPEN: [usize; 3] = [1, 3, 2];

/// The request for `ask`.
pub fn request(access: &Access, site: &Site<'_>, ask: &VendorRequest) -> Request<Bytes> {
    let company = format!("/v3/company/{}", site.realm);
    match ask {
        VendorRequest::Company { page: None } => get(access, site, &format!("{company}/companyinfo/{}", site.realm), &[]),
        VendorRequest::Company { page: Some(_) } => query(access, site, "select * from Preferences"),
        VendorRequest::Objects { kind, ids } => {
            let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
            query(access, site, &format!("select * from {kind} where Id in ({}) maxresults {QUERY_MAX}", ids.join(", ")))
        }
        VendorRequest::One { kind, id } => {
            let path = format!("{company}/{}/{id}", kind.to_ascii_lowercase());
            get(access, site, &path, &[("include", "invoiceLink")])
        }
        VendorRequest::Changes { since, page } => match QuickBooksPart::parse(page.as_deref()) {
            QuickBooksPart::All => captured(access, site, &KINDS.join(","), *since),
            QuickBooksPart::Captured(kind) => captured(access, site, KINDS[kind], *since),
            part @ (QuickBooksPart::Queried(of) | QuickBooksPart::Named(of)) => {
                let filter = format!("MetaData.LastUpdatedTime >= '{}'", instant(*since));
                query(access, site, &select(part, of, &filter, QUERY_MAX))
            }
        },
        VendorRequest::Past { since, page } => {
            let part = QuickBooksPart::parse(page.as_deref());
            let filter = format!("MetaData.LastUpdatedTime >= '{}'", instant(*since));
            query(access, site, &select(part, part.of_open(), &filter, OPEN_MAX))
        }
        VendorRequest::Open { money_since, page } => {
            let part = QuickBooksPart::parse(page.as_deref());
            let of = part.of_open();
            let filter = match (KINDS[of.kind], money_since) {
                ("Payment", Some(since)) => format!("MetaData.LastUpdatedTime >= '{}'", instant(*since)),
                _ => "Balance > '0'".to_owned(),
            };
            query(access, site, &select(part, of, &filter, OPEN_MAX))
        }
        VendorRequest::FindPayment { reference, page: _ } => {
            query(access, site, &format!("select * from Payment where PaymentRefNum = '{reference}' maxresults {QUERY_MAX}"))
        }
        VendorRequest::WritePayment { payment } => {
            let address = address(access, site, &format!("{company}/payment"), &[("requestid", &payment.repeats_by())]);
            let request = Request::builder().method(Method::POST).uri(address).header("accept", "application/json");
            let built = request.header("content-type", "application/json").body(payment_body::body(site, payment));
            built.expect("realm and ids have the vendor's form, and the rest is encoded")
        }
    }
}

/// A query for a slice, whole or its ids alone.
fn select(part: QuickBooksPart, of: Slice, filter: &str, max: usize) -> String {
    let what = match part {
        QuickBooksPart::Named(_) => "Id",
        QuickBooksPart::All | QuickBooksPart::Captured(_) | QuickBooksPart::Queried(_) => "*",
    };
    let (kind, from, size) = (KINDS[of.kind], of.from, of.size.unwrap_or(max));
    format!("select {what} from {kind} where {filter} orderby Id startposition {from} maxresults {size}")
}

/// The request for an invoice as a PDF.
pub fn pdf(access: &Access, site: &Site<'_>, invoice: &str) -> Request<Bytes> {
    let mut request = get(access, site, &format!("/v3/company/{}/invoice/{invoice}/pdf", site.realm), &[]);
    request.headers_mut().insert(http::header::ACCEPT, http::HeaderValue::from_static("application/pdf"));
    request
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn captured(access: &Access, site: &Site<'_>, kinds: &str, since: Timestamp) -> Request<Bytes> {
    let path = format!("/v3/company/{}/cdc", site.realm);
    get(access, site, &path, &[("entities", kinds), ("changedSince", &instant(since)), ("include", "invoiceLink")])
}

fn query(access: &Access, site: &Site<'_>, text: &str) -> Request<Bytes> {
    let path = format!("/v3/company/{}/query", site.realm);
    get(access, site, &path, &[("query", text), ("include", "invoiceLink")])
}

fn address(access: &Access, site: &Site<'_>, path: &str, parameters: &[(&str, &str)]) -> String {
    let mut parts = Serializer::new(String::new());
    parts.extend_pairs(parameters).append_pair("minorversion", MINOR_VERSION);
    format!("{}?{}", site.url(&format!("{}{path}", access.api)), parts.finish())
}

fn get(access: &Access, site: &Site<'_>, path: &str, parameters: &[(&str, &str)]) -> Request<Bytes> {
    let url = address(access, site, path, parameters);
    let built = Request::builder().method(Method::GET).uri(url).header("accept", "application/json").body(Bytes::new());
    built.expect("realm and ids have the vendor's form, and the rest is encoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_and_read_back() {
        let slice = |kind, from, size| Slice { kind, from, size };
        let queried = |kind, from, size| QuickBooksPart::Queried(slice(kind, from, size));
        for part in [
            QuickBooksPart::All,
            QuickBooksPart::Captured(0),
            QuickBooksPart::Captured(3),
            queried(1, 1, None),
            queried(2, 2_001, None),
            queried(1, 113, Some(1)),
            QuickBooksPart::Named(slice(1, 113, Some(1))),
        ] {
            assert_eq!(QuickBooksPart::parse(part.name().as_deref()), part);
        }
        assert_eq!(QuickBooksPart::parse(Some("something:else")), QuickBooksPart::All);
        assert_eq!(QuickBooksPart::parse(Some("queried:Invoice:1")), queried(1, 1, None));
        assert_eq!(QuickBooksPart::parse(Some("queried:Invoice:1:0")), queried(1, 1, None));
    }

    #[test]
    fn slices_halve_to_one_and_grow_again() {
        let mut slice = Slice::first(1);
        let mut sizes = Vec::new();
        while let Some(half) = slice.half(250) {
            sizes.push(half.size.unwrap_or_default());
            slice = half;
        }
        assert_eq!(sizes, [125, 62, 31, 15, 7, 3, 1]);
        let mut reached = slice.from;
        for _ in 0..12 {
            let next = slice.after(250);
            assert_eq!(next.from, reached + slice.size.unwrap_or(250), "nothing is left out");
            (slice, reached) = (next, next.from);
        }
        assert_eq!(slice.size, None);
    }
}
