//! The requests.

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{Method, Request};
use jiff::Timestamp;

use crate::{Access, Ask, Site};

use super::KINDS;

/// The version of the API's own fields; older ones are ignored by the vendor since 2025-08-01.
const MINOR_VERSION: &str = "75";
/// Objects that a query may return.
pub const QUERY_MAX: usize = 1_000;
/// Objects a page of what is open: a reader that dies begins again with its page.
pub const OPEN_MAX: usize = 250;

/// A page of [`Ask::Changes`] or [`Ask::Open`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Change data capture of all kinds at once.
    All,
    /// Change data capture of one kind.
    Captured(usize),
    /// A query of one kind, from a position.
    Queried(usize, usize),
}

impl Part {
    /// Reads the name of a page; one that is not ours begins anew, which repeats work and loses none.
    pub fn parse(page: Option<&str>) -> Self {
        let mut words = page.unwrap_or_default().split(':');
        let how = words.next();
        let kind = words.next().and_then(|name| KINDS.iter().position(|kind| *kind == name));
        let from = words.next().and_then(|number| number.parse().ok());
        match (how, kind, from) {
            (Some("captured"), Some(kind), _) => Self::Captured(kind),
            (Some("queried"), Some(kind), Some(from)) => Self::Queried(kind, from),
            _ => Self::All,
        }
    }

    /// The name of the page.
    pub fn name(self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Captured(kind) => Some(format!("captured:{}", KINDS.get(kind)?)),
            Self::Queried(kind, from) => Some(format!("queried:{}:{from}", KINDS.get(kind)?)),
        }
    }
}

/// The kinds that [`Ask::Open`] lists, by their place in [`KINDS`]: invoices, then credit memos and payments.
pub const OPEN: [usize; 3] = [1, 3, 2];

/// The request for `ask`.
pub fn request(access: &Access, site: &Site<'_>, ask: &Ask) -> Request<Bytes> {
    let company = format!("/v3/company/{}", site.realm);
    match ask {
        Ask::Company { page: None } => get(access, site, &format!("{company}/companyinfo/{}", site.realm), &[]),
        Ask::Company { page: Some(_) } => query(access, site, "select * from Preferences"),
        Ask::Objects { kind, ids } => {
            let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
            query(access, site, &format!("select * from {kind} where Id in ({}) maxresults {QUERY_MAX}", ids.join(", ")))
        }
        Ask::One { kind, id } => {
            let path = format!("{company}/{}/{id}", kind.to_ascii_lowercase());
            get(access, site, &path, &[("include", "invoiceLink")])
        }
        Ask::Changes { since, page } => match Part::parse(page.as_deref()) {
            Part::All => captured(access, site, &KINDS.join(","), *since),
            Part::Captured(kind) => captured(access, site, KINDS[kind], *since),
            Part::Queried(kind, from) => {
                let (kind, since) = (KINDS[kind], instant(*since));
                let since = format!("where MetaData.LastUpdatedTime >= '{since}' orderby Id");
                query(access, site, &format!("select * from {kind} {since} startposition {from} maxresults {QUERY_MAX}"))
            }
        },
        Ask::Open { money_since, page } => {
            let (kind, from) = match Part::parse(page.as_deref()) {
                Part::Queried(kind, from) => (kind, from),
                Part::All | Part::Captured(_) => (OPEN[0], 1),
            };
            let filter = match (KINDS[kind], money_since) {
                ("Payment", Some(since)) => format!("MetaData.LastUpdatedTime >= '{}'", instant(*since)),
                _ => "Balance > '0'".to_owned(),
            };
            let kind = KINDS[kind];
            query(
                access,
                site,
                &format!("select * from {kind} where {filter} orderby Id startposition {from} maxresults {OPEN_MAX}"),
            )
        }
    }
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

fn get(access: &Access, site: &Site<'_>, path: &str, parameters: &[(&str, &str)]) -> Request<Bytes> {
    let mut parts = Serializer::new(String::new());
    parts.extend_pairs(parameters).append_pair("minorversion", MINOR_VERSION);
    let url = format!("{}?{}", site.url(&format!("{}{path}", access.api)), parts.finish());
    let built = Request::builder().method(Method::GET).uri(url).header("accept", "application/json").body(Bytes::new());
    built.expect("realm and ids have the vendor's form, and the rest is encoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_and_read_back() {
        for part in [Part::All, Part::Captured(0), Part::Captured(3), Part::Queried(1, 1), Part::Queried(2, 2_001)] {
            assert_eq!(Part::parse(part.name().as_deref()), part);
        }
        assert_eq!(Part::parse(Some("something:else")), Part::All);
    }
}
