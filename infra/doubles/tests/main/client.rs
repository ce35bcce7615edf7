//! A client of plain HTTP, a clock, and the connectors' way of reading everything that an ask names.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use connectors::{
    AccountingApi, Bodies, Company, Headers, Hinted, Incoming, Page, Secret, Site, Trouble, VendorRequest, accounting_api_of,
    by_source,
};
use domain::{Document, InvoiceId, PaymentStatus, TenantId};
use doubles::{Clock, Delivery, Double, Truth};
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct Time(Arc<Mutex<Timestamp>>);

impl Time {
    pub fn at(text: &str) -> Self {
        Self(Arc::new(Mutex::new(text.parse().expect("an instant"))))
    }

    pub fn clock(&self) -> Clock {
        let at = self.0.clone();
        Arc::new(move || *at.lock().expect("the time"))
    }

    pub fn now(&self) -> Timestamp {
        *self.0.lock().expect("the time")
    }

    pub fn pass(&self, time: SignedDuration) {
        *self.0.lock().expect("the time") += time;
    }
}

pub async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, String> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request.map(Full::new)).await.map_err(|error| error.to_string())?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Response::from_parts(parts, body))
}

/// Asks for a path with these headers.
pub async fn get(double: &dyn Double, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut request = Request::builder().uri(format!("{}{path}", double.base_url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request.body(Bytes::new()).expect("a request")).await.expect("an answer")
}

pub fn json(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).expect("JSON")
}

pub fn date(text: &str) -> jiff::civil::Date {
    text.parse().expect("a date")
}

/// The connectors' reader of a source, let into one company of a double.
pub struct Reader<'a> {
    pub double: &'a dyn Double,
    pub books: &'static dyn AccountingApi,
    pub realm: String,
    pub token: String,
    pub company: Company,
    tenant: TenantId,
}

impl<'a> Reader<'a> {
    pub async fn of(double: &'a dyn Double, source: &str, realm: &str) -> Self {
        let (books, token) = (accounting_api_of(source).expect("it is read back"), double.issue_tokens(realm).access_token);
        let tenant = TenantId::parse("acme").expect("a tenant");
        let mut reader = Self { double, books, realm: realm.to_owned(), token, company: Company::default(), tenant };
        let learned = reader.all(VendorRequest::Company { page: None }).await.company.expect("a company");
        reader.company.learn(learned);
        reader
    }

    /// The id of an invoice here, as connectors make it.
    pub fn invoice_id(&self, source: &str, invoice: &str) -> InvoiceId {
        connectors::invoice_id(&self.tenant, source, &self.realm, invoice)
    }

    fn site(&self) -> Site<'_> {
        Site { tenant: &self.tenant, realm: &self.realm, company: &self.company, base: Some(self.double.base_url()) }
    }

    pub async fn send(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        let bearer = format!("Bearer {}", self.token).parse().expect("a header");
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        send(request).await.expect("an answer")
    }

    pub async fn page(&self, ask: &VendorRequest) -> Result<Page, Trouble> {
        let answer = self.send(self.books.request(&self.site(), ask)).await;
        self.books.read(&self.site(), ask, &answer)
    }

    /// All pages of an ask as one; everything in them must read.
    pub async fn all(&self, mut ask: VendorRequest) -> Page {
        let mut whole = Page::default();
        loop {
            let page = self.page(&ask).await.unwrap_or_else(|trouble| panic!("{ask:?}: {trouble}"));
            assert_eq!(page.unreadable, [], "{ask:?}");
            whole.documents.extend(page.documents);
            whole.missing.extend(page.missing);
            whole.incomplete |= page.incomplete;
            if let Some(said) = page.company {
                whole.company.get_or_insert_default().learn(said);
            }
            match &mut ask {
                _ if page.next.is_none() => return whole,
                VendorRequest::Company { page: at }
                | VendorRequest::Changes { page: at, .. }
                | VendorRequest::Open { page: at, .. }
                | VendorRequest::Past { page: at, .. }
                | VendorRequest::FindPayment { page: at, .. } => *at = page.next,
                VendorRequest::Objects { .. } | VendorRequest::One { .. } | VendorRequest::WritePayment { .. } => {
                    panic!("{ask:?} has no pages")
                }
            }
        }
    }

    pub async fn changes(&self, since: Timestamp) -> Page {
        self.all(VendorRequest::Changes { since, page: None }).await
    }

    pub async fn open(&self, money_since: Timestamp) -> Page {
        self.all(VendorRequest::Open { money_since: Some(money_since), page: None }).await
    }

    pub async fn link(&self, invoice: &str) -> Option<String> {
        let answer = self.send(self.books.link(&self.site(), invoice)?).await;
        self.books.read_link(&answer)
    }

    pub async fn pdf(&self, invoice: &str) -> Response<Bytes> {
        self.send(self.books.pdf(&self.site(), invoice)).await
    }
}

/// What a list of all that is open says must be what the double knows to be true.
pub fn agree(page: &Page, truth: &Truth, currency: &str) {
    let mut open = std::collections::BTreeMap::new();
    let mut credit = 0;
    for document in &page.documents {
        match document {
            Document::Invoice { invoice, .. } => {
                let left = invoice.total_minor - invoice.paid_minor - invoice.credited_minor;
                open.insert(invoice.external_id.clone(), left);
            }
            Document::Payment { payment, .. } if payment.status == PaymentStatus::Received => {
                let used: i64 = payment.allocations.iter().map(|allocation| allocation.amount_minor).sum();
                credit += payment.amount_minor - used;
            }
            _ => {}
        }
    }
    let known = truth.customers.values().flat_map(|customer| &customer.invoices);
    let known = known.filter(|(_, invoice)| invoice.open_minor > 0).map(|(id, invoice)| (id.clone(), invoice.open_minor));
    assert_eq!(open, known.collect());
    let unapplied = truth.customers.values().filter_map(|customer| customer.unapplied_minor.get(currency)).sum::<i64>();
    assert_eq!(credit, unapplied);
}

/// What the connector of a source hears in a webhook, or the status with which it refuses its signature.
pub fn hear(source: &str, secret: &str, delivery: &Delivery, now: Timestamp) -> Result<Hinted, u16> {
    let connector = by_source(source).expect("a connector");
    let text = |value: &http::HeaderValue| value.to_str().expect("text").to_owned();
    let headers: Headers = delivery.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let incoming = Incoming { headers: &headers, body: &delivery.body, now };
    connector.verify(&incoming, &[Secret::new(secret)]).map_err(|refused| refused.status)?;
    match connector.bodies() {
        Bodies::Hints(hints) => Ok(hints.hints(&incoming).expect("a body that reads")),
        _ => panic!("{source} sends hints"),
    }
}
