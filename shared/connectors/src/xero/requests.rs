//! The requests.

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderValue, Method, Request, header};
use jiff::Timestamp;

use crate::{Access, Site, VendorRequest};

use super::{names::KINDS, payment_body};

/// Objects a page.
pub const PAGE_SIZE: usize = 500;

/// The place of payments in [`KINDS`].
pub const PAYMENTS: usize = 3;

/// The kinds that [`VendorRequest::Open`] lists, by their place in [`KINDS`].
pub const OPEN: [usize; 4] = [1, 2, 4, 5];

/// The kind that [`VendorRequest::Past`] begins with, by its place in [`KINDS`]: contacts say nothing of the past.
pub const PAST: usize = 1;

/// A page of one kind, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XeroPart {
    /// The place of the kind in [`KINDS`].
    pub kind: usize,
    /// The page.
    pub page: usize,
}

impl XeroPart {
    /// Reads the name of a page; one that is not ours begins anew with `first`.
    pub fn parse(page: Option<&str>, first: usize) -> Self {
        let read = page.and_then(|page| {
            let (kind, page) = page.split_once(':')?;
            Some(Self { kind: KINDS.iter().position(|known| *known == kind)?, page: page.parse().ok()? })
        });
        read.unwrap_or(Self { kind: first, page: 1 })
    }

    /// The name of the page.
    pub fn name(self) -> Option<String> {
        Some(format!("{}:{}", KINDS.get(self.kind)?, self.page))
    }
}

/// The request for `ask`.
pub fn request(access: &Access, site: &Site<'_>, ask: &VendorRequest) -> Request<Bytes> {
    match ask {
        VendorRequest::Company { .. } => get(access, site, "Organisation", &[]),
        VendorRequest::Objects { kind, ids } if kind == "CreditNotes" => {
            let any: Vec<String> = ids.iter().map(|id| format!("CreditNoteID==Guid(\"{id}\")")).collect();
            get(access, site, kind, &[("where", any.join(" OR ")), ("page", "1".to_owned()), page_size()])
        }
        VendorRequest::Objects { kind, ids } => {
            let all = ("includeArchived", "true".to_owned());
            get(access, site, kind, &[("IDs", ids.join(",")), all, ("page", "1".to_owned()), page_size()])
        }
        VendorRequest::One { kind, id } => get(access, site, &format!("{kind}/{id}"), &[]),
        VendorRequest::Changes { since, page } => changed(access, site, *since, XeroPart::parse(page.as_deref(), 0)),
        VendorRequest::Past { since, page } => changed(access, site, *since, XeroPart::parse(page.as_deref(), PAST)),
        VendorRequest::Open { money_since: _, page } => {
            let XeroPart { kind, page } = XeroPart::parse(page.as_deref(), OPEN[0]);
            let ours = match KINDS[kind] {
                "Invoices" => "Type==\"ACCREC\" AND Status==\"AUTHORISED\"",
                "CreditNotes" => "Type==\"ACCRECCREDIT\" AND Status==\"AUTHORISED\"",
                "Overpayments" => "Type==\"RECEIVE-OVERPAYMENT\" AND Status==\"AUTHORISED\"",
                _ => "Type==\"RECEIVE-PREPAYMENT\" AND Status==\"AUTHORISED\"",
            };
            let parameters = [("where", ours.to_owned()), ("page", page.to_string()), page_size(), ("order", order(kind))];
            get(access, site, KINDS[kind], &parameters)
        }
        VendorRequest::FindPayment { reference, page } => {
            let page = XeroPart::parse(page.as_deref(), PAYMENTS).page;
            let ours = format!("Reference==\"{reference}\"");
            let parameters = [("where", ours), ("page", page.to_string()), page_size(), ("order", order(PAYMENTS))];
            get(access, site, KINDS[PAYMENTS], &parameters)
        }
        VendorRequest::WritePayment { payment } => {
            let mut request = get(access, site, KINDS[PAYMENTS], &[]);
            *request.method_mut() = Method::PUT;
            *request.body_mut() = payment_body::body(payment);
            let headers = request.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            if let Ok(key) = HeaderValue::from_str(&payment_body::key(payment)) {
                headers.insert("idempotency-key", key);
            }
            request
        }
    }
}

/// A page of one kind, of what changed since an instant.
fn changed(access: &Access, site: &Site<'_>, since: Timestamp, XeroPart { kind, page }: XeroPart) -> Request<Bytes> {
    let mut parameters = vec![("page", page.to_string()), page_size(), ("order", order(kind))];
    if KINDS[kind] == "Contacts" {
        parameters.push(("includeArchived", "true".to_owned()));
    }
    let mut request = get(access, site, KINDS[kind], &parameters);
    if let Ok(value) = HeaderValue::from_str(&second(since)) {
        request.headers_mut().insert(header::IF_MODIFIED_SINCE, value);
    }
    request
}

/// By id, so that what changes while pages are read moves nothing from one page to another.
fn order(kind: usize) -> String {
    format!("{}ID", KINDS[kind].trim_end_matches('s'))
}

fn page_size() -> (&'static str, String) {
    ("pageSize", PAGE_SIZE.to_string())
}

/// UTC, to the second, as the vendor reads the header.
fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The request for an invoice as a PDF.
pub fn pdf(access: &Access, site: &Site<'_>, invoice: &str) -> Request<Bytes> {
    let mut request = get(access, site, &format!("Invoices/{invoice}"), &[]);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/pdf"));
    request
}

/// The request for where a customer can see an invoice.
pub fn link(access: &Access, site: &Site<'_>, invoice: &str) -> Request<Bytes> {
    get(access, site, &format!("Invoices/{invoice}/OnlineInvoice"), &[])
}

fn get(access: &Access, site: &Site<'_>, path: &str, parameters: &[(&str, String)]) -> Request<Bytes> {
    let mut url = site.url(&format!("{}/api.xro/2.0/{path}", access.api));
    if !parameters.is_empty() {
        let mut parts = Serializer::new(String::new());
        parts.extend_pairs(parameters);
        url = format!("{url}?{}", parts.finish());
    }
    let request = Request::builder().method(Method::GET).uri(url).header("xero-tenant-id", site.realm);
    let built = request.header(header::ACCEPT, "application/json").body(Bytes::new());
    built.expect("realm and ids have the vendor's form, and the rest is encoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_and_read_back() {
        let part = XeroPart { kind: 3, page: 12 };
        assert_eq!(XeroPart::parse(part.name().as_deref(), 0), part);
        assert_eq!(XeroPart::parse(Some("?"), 1), XeroPart { kind: 1, page: 1 });
        assert_eq!(order(1), "InvoiceID");
    }
}
