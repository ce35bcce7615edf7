//! The vendor's side of the wire.

use std::{collections::BTreeMap, sync::Mutex};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    Limits,
    filter::{Filter, LISTS},
    ledger::Ledger,
    wire::{self, Depth},
};
use crate::{
    Desk, Notification, ids,
    limits::Window,
    lock::lock,
    oauth::Denied,
    server::Vendor,
    web::{self, Parameters},
    witness::{self, Lens},
};

const PAGE_SIZE: usize = 100;
const PAGE_SIZE_MAX: usize = 1_000;

pub struct Service {
    pub desk: Desk,
    pub books: Mutex<BTreeMap<String, Ledger>>,
    /// `None` switches the limits off.
    pub pace: Mutex<Option<Pace>>,
}

/// How often each organisation and the whole app may ask.
pub struct Pace {
    minute: Window,
    day: Window,
    app_minute: Window,
}

impl Pace {
    pub fn new(limits: Limits) -> Self {
        Self {
            minute: Window::new(limits.minute, SignedDuration::from_mins(1)),
            day: Window::new(limits.day, SignedDuration::from_hours(24)),
            app_minute: Window::new(limits.app_minute, SignedDuration::from_mins(1)),
        }
    }

    pub fn allow(&mut self, limits: Limits) {
        self.minute.allow(limits.minute);
        self.day.allow(limits.day);
        self.app_minute.allow(limits.app_minute);
    }
}

/// A limit that was reached, and how long until one may ask again.
struct Reached {
    limit: &'static str,
    wait_s: u64,
}

impl Vendor for Service {
    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn kind(&self, request: &Request<Bytes>) -> String {
        let parts = web::parts(request);
        match parts.as_slice() {
            ["api.xro", "2.0", "Invoices", _] if wants_pdf(request) => "pdf".to_owned(),
            ["api.xro", "2.0", list] if request.method() == Method::PUT => format!("write {list}"),
            ["api.xro", "2.0", list] => (*list).to_owned(),
            ["api.xro", "2.0", list, _] => format!("{list}/id"),
            ["api.xro", "2.0", _, _, what] => (*what).to_owned(),
            ["identity", "connect", "authorize"] => "authorize".to_owned(),
            ["connect", "token"] => "token".to_owned(),
            ["connections"] => "connections".to_owned(),
            _ => request.uri().path().to_owned(),
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let parts = web::parts(request);
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["identity", "connect", "authorize"]) => self.desk.oauth.authorise(request),
            (&Method::POST, ["connect", "token"]) => self.desk.oauth.exchange(request),
            (&Method::GET, ["connections"]) => self.connections(request),
            (&Method::GET, ["api.xro", "2.0", rest @ ..]) => self.of_organisation(request, rest),
            (&Method::PUT, ["api.xro", "2.0", "Payments"]) => self.of_organisation(request, &["Payments"]),
            _ => self.refusal(StatusCode::NOT_FOUND),
        }
    }

    fn lens(&self) -> Lens {
        Lens {
            changes: |request| request.headers().contains_key(header::IF_MODIFIED_SINCE),
            invoice: |invoice| {
                let is_dead = ["VOIDED", "DELETED", "DRAFT"].iter().any(|status| invoice["Status"] == *status);
                invoice.get("AmountDue")?;
                Some((invoice["InvoiceID"].as_str()?.to_owned(), !is_dead && witness::is_something(&invoice["AmountDue"])))
            },
            name: "Invoices",
        }
    }

    fn refusal(&self, status: StatusCode) -> Response<Bytes> {
        match status.as_u16() {
            401 => refused(status, "Unauthorized", "AuthenticationUnsuccessful"),
            403 => refused(status, "Forbidden", "AuthenticationUnsuccessful"),
            404 => {
                let text = "The resource you're looking for cannot be found";
                web::answer(status, "text/plain; charset=utf-8", text)
            }
            429 => problem("minute"),
            503 => web::answer(status, "text/html; charset=utf-8", "<html><body>The Xero API is offline</body></html>"),
            _ => {
                let message = "An error occurred in Xero. Check the API Status page http://status.developer.xero.com";
                web::json(status, &json!({ "ErrorNumber": 17, "Type": "InternalErrorException", "Message": message }))
            }
        }
    }
}

fn refused(status: StatusCode, title: &str, detail: &str) -> Response<Bytes> {
    let instance = ids::uuid(&["instance", title, detail]);
    let body = json!({ "Type": null, "Title": title, "Status": status.as_u16(), "Detail": detail, "Instance": instance,
                       "Extensions": {} });
    web::json(status, &body)
}

fn unauthorised(denied: Denied) -> Response<Bytes> {
    match denied {
        Denied::Expired(at) => {
            let detail = format!("TokenExpired: token expired at {}", at.strftime("%m/%d/%Y %H:%M:%S"));
            refused(StatusCode::UNAUTHORIZED, "Unauthorized", &detail)
        }
        Denied::Unknown => refused(StatusCode::UNAUTHORIZED, "Unauthorized", "AuthenticationUnsuccessful"),
        Denied::Elsewhere => refused(StatusCode::FORBIDDEN, "Forbidden", "AuthenticationUnsuccessful"),
    }
}

/// Too many requests; which limit was reached.
fn problem(limit: &'static str) -> Response<Bytes> {
    let mut answer = web::empty(StatusCode::TOO_MANY_REQUESTS);
    answer.headers_mut().insert(HeaderName::from_static("x-rate-limit-problem"), HeaderValue::from_static(limit));
    answer
}

fn wants_pdf(request: &Request<Bytes>) -> bool {
    web::header(request, "accept") == Some("application/pdf")
}

fn invalid(message: &str) -> Response<Bytes> {
    let body = json!({ "ErrorNumber": 16, "Type": "QueryParseException", "Message": message });
    web::json(StatusCode::BAD_REQUEST, &body)
}

impl Service {
    fn of_organisation(&self, request: &Request<Bytes>, rest: &[&str]) -> Response<Bytes> {
        let now = self.desk.now();
        let tenant = web::header(request, "xero-tenant-id").unwrap_or_default();
        if let Err(denied) = self.desk.oauth.check(web::header(request, "authorization"), tenant) {
            return unauthorised(denied);
        }
        let remaining = match self.take_turn(tenant, now) {
            Ok(remaining) => remaining,
            Err(reached) => {
                let mut refused = problem(reached.limit);
                refused.headers_mut().insert(header::RETRY_AFTER, reached.wait_s.into());
                return refused;
            }
        };
        let mut books = lock(&self.books);
        let Some(ledger) = books.get_mut(tenant) else { return unauthorised(Denied::Elsewhere) };
        let is_written = request.method() == Method::PUT;
        let mut answer =
            if is_written { self.write(request, ledger, tenant, now) } else { self.read(request, ledger, rest, now) };
        for (name, left) in remaining {
            answer.headers_mut().insert(HeaderName::from_static(name), left.into());
        }
        answer
    }

    /// Counts a request, or refuses it. What is left after it goes with every answer.
    fn take_turn(&self, tenant: &str, now: Timestamp) -> Result<Vec<(&'static str, usize)>, Reached> {
        let mut pace = lock(&self.pace);
        let Some(Pace { minute, day, app_minute }) = pace.as_mut() else { return Ok(Vec::new()) };
        for (window, key, limit) in
            [(&mut *day, tenant, "day"), (&mut *minute, tenant, "minute"), (&mut *app_minute, "", "appminute")]
        {
            if window.left(key, now) == 0 {
                return Err(Reached { limit, wait_s: window.wait_s(key, now) });
            }
        }
        minute.count(tenant, now);
        day.count(tenant, now);
        app_minute.count("", now);
        Ok(vec![
            ("x-minlimit-remaining", minute.left(tenant, now)),
            ("x-daylimit-remaining", day.left(tenant, now)),
            ("x-appminlimit-remaining", app_minute.left("", now)),
        ])
    }

    /// Writes payments. Who may only read is not let in.
    fn write(&self, request: &Request<Bytes>, ledger: &mut Ledger, tenant: &str, now: Timestamp) -> Response<Bytes> {
        if !self.desk.oauth.has_scope(web::header(request, "authorization"), "accounting.payments") {
            return refused(StatusCode::UNAUTHORIZED, "Unauthorized", "AuthorizationUnsuccessful");
        }
        // The vendor dates changes to the millisecond.
        ledger.now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let wrote = ledger.write_payments(web::header(request, "idempotency-key"), request.body());
        let told = std::mem::take(&mut ledger.told);
        let happened =
            told.into_iter().map(|told| Notification::new(tenant, told.category, told.id, told.change, now, told.data));
        self.desk.happened(happened);
        match wrote {
            Ok(ids) => {
                let objects = ids.iter().filter_map(|id| wire::object(ledger, "Payments", id, Depth::Whole)).collect();
                listed(now, "Payments", objects, None)
            }
            Err(flaws) => {
                let each = flaws.iter().map(|flaw| json!({ "ValidationErrors": [{ "Message": flaw }] })).collect::<Vec<_>>();
                let body = json!({ "ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
                                   "Elements": each });
                web::json(StatusCode::BAD_REQUEST, &body)
            }
        }
    }

    fn read(&self, request: &Request<Bytes>, ledger: &Ledger, rest: &[&str], now: Timestamp) -> Response<Bytes> {
        let said = Parameters::of_address(request);
        match rest {
            ["Organisation"] => listed(now, "Organisations", vec![wire::organisation(ledger)], None),
            ["Invoices", id, "OnlineInvoice"] => {
                let row = ledger.invoices.get_key_value(*id);
                let page = row.map(|(id, _)| ids::token(&[&ledger.organisation.tenant, id]));
                page.map_or_else(
                    || self.refusal(StatusCode::NOT_FOUND),
                    |page| {
                        let link = json!({ "OnlineInvoiceUrl": format!("https://in.xero.com/{page}") });
                        listed(now, "OnlineInvoices", vec![link], None)
                    },
                )
            }
            ["Invoices", id] if wants_pdf(request) => match ledger.invoices.get(*id) {
                Some(row) => web::answer(StatusCode::OK, "application/pdf", web::pdf(&format!("Invoice {}", row.number))),
                None => self.refusal(StatusCode::NOT_FOUND),
            },
            [list, id] if LISTS.contains(list) => match wire::object(ledger, list, &id.to_ascii_lowercase(), Depth::Whole) {
                Some(object) => listed(now, list, vec![object], None),
                None => self.refusal(StatusCode::NOT_FOUND),
            },
            [list] if LISTS.contains(list) => {
                let since = web::header(request, "if-modified-since");
                match Filter::read(list, &said, since) {
                    Ok(filter) => paged(now, ledger, list, &filter, &said),
                    Err(message) => invalid(&message),
                }
            }
            _ => self.refusal(StatusCode::NOT_FOUND),
        }
    }

    fn connections(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let realms = match self.desk.oauth.realms(web::header(request, "authorization")) {
            Ok(realms) => realms,
            Err(denied) => return unauthorised(denied),
        };
        let books = lock(&self.books);
        let connected = realms.iter().filter_map(|tenant| {
            let ledger = books.get(tenant)?;
            let at = ledger.connected.strftime("%Y-%m-%dT%H:%M:%S.%7f").to_string();
            Some(json!({
                "id": ids::uuid(&["connection", tenant]),
                "authEventId": ids::uuid(&["event", tenant]),
                "tenantId": tenant,
                "tenantType": "ORGANISATION",
                "tenantName": ledger.organisation.name,
                "createdDateUtc": at,
                "updatedDateUtc": at,
            }))
        });
        web::json(StatusCode::OK, &Value::Array(connected.collect()))
    }
}

/// A page where one is asked for; else everything, without lines.
fn paged(now: Timestamp, ledger: &Ledger, list: &str, filter: &Filter, said: &Parameters) -> Response<Bytes> {
    let found = filter.find(ledger, list);
    let Some(page) = said.get("page") else {
        // Ids bring contacts and lines along even without pages.
        let depth = if said.get("IDs").is_some() { Depth::Paged } else { Depth::Listed };
        let objects = found.iter().filter_map(|one| wire::object(ledger, list, &one.id, depth));
        return listed(now, list, objects.collect(), None);
    };
    let size = said.get("pageSize").map_or(Ok(PAGE_SIZE), str::parse);
    let (Ok(page), Ok(size)) = (page.parse::<usize>(), size) else { return invalid("page and pageSize must be numbers") };
    if page == 0 || !(1..=PAGE_SIZE_MAX).contains(&size) {
        return invalid("page must be 1 or more, and pageSize from 1 to 1000");
    }
    let shown = found.iter().skip((page - 1) * size).take(size);
    let objects = shown.filter_map(|one| wire::object(ledger, list, &one.id, Depth::Paged)).collect();
    let pages = found.len().div_ceil(size);
    listed(now, list, objects, Some(json!({ "page": page, "pageSize": size, "pageCount": pages, "itemCount": found.len() })))
}

fn listed(now: Timestamp, list: &str, objects: Vec<Value>, pagination: Option<Value>) -> Response<Bytes> {
    let mut body = json!({
        "Id": ids::uuid(&["answer", list, &now.to_string()]),
        "Status": "OK",
        "ProviderName": "Dunlin",
        "DateTimeUTC": format!("/Date({})/", now.as_millisecond()),
        list: objects,
    });
    if let Some(pagination) = pagination {
        body["pagination"] = pagination;
    }
    web::json(StatusCode::OK, &body)
}
