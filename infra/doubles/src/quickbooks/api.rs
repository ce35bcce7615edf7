//! The vendor's side of the wire.

use std::{collections::BTreeMap, sync::Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    ledger::Ledger,
    query::{self, KINDS, Query},
    wire,
    writing::Invalid,
};
use crate::{
    Desk, Notification,
    limits::Window,
    lock::lock,
    oauth::Denied,
    server::Vendor,
    web::{self, Parameters},
    witness::{self, Lens},
};

/// What change data capture lists at most, all kinds together.
const CAPTURED_MAX: usize = 1_000;
/// How far back it reaches.
const CAPTURED_REACH: SignedDuration = SignedDuration::from_hours(30 * 24);

pub struct Service {
    pub desk: Desk,
    pub books: Mutex<BTreeMap<String, Ledger>>,
    /// Requests of a company in a minute; `None` switches the limit off.
    pub limit: Mutex<Option<Window>>,
}

impl Vendor for Service {
    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn kind(&self, request: &Request<Bytes>) -> String {
        let parts = web::parts(request);
        match parts.as_slice() {
            ["v3", "company", _, "query"] => {
                let kind = query_text(request).and_then(|text| Query::parse(&text).ok()).map(|query| query.kind);
                format!("query {}", kind.unwrap_or_default())
            }
            ["v3", "company", _, _, _, "pdf"] => "pdf".to_owned(),
            ["v3", "company", _, "payment"] => "write payment".to_owned(),
            ["v3", "company", _, what, ..] => (*what).to_owned(),
            ["connect", "oauth2"] => "authorize".to_owned(),
            ["oauth2", "v1", "tokens", "bearer"] => "token".to_owned(),
            _ => request.uri().path().to_owned(),
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let parts = web::parts(request);
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["connect", "oauth2"]) => self.desk.oauth.authorise(request),
            (&Method::POST, ["oauth2", "v1", "tokens", "bearer"]) => self.desk.oauth.exchange(request),
            (&Method::GET | &Method::POST, ["v3", "company", realm, rest @ ..]) => self.of_company(request, realm, rest),
            _ => self.refusal(StatusCode::NOT_FOUND),
        }
    }

    fn lens(&self) -> Lens {
        Lens {
            changes: |request| request.uri().path().ends_with("/cdc"),
            invoice: |invoice| {
                let is_open = invoice["status"] != "Deleted" && witness::is_something(&invoice["Balance"]);
                Some((invoice["Id"].as_str()?.to_owned(), is_open))
            },
            name: "Invoice",
        }
    }

    fn refusal(&self, status: StatusCode) -> Response<Bytes> {
        let now = self.desk.now();
        match status.as_u16() {
            401 => token_fault(now, "Token expired"),
            403 => {
                let message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403";
                wire::gateway(now, status, "AUTHORIZATION", "3100", message, "")
            }
            429 => {
                let message = "message=ThrottleExceeded; errorCode=003001; statusCode=429";
                wire::fault(now, status, "THROTTLE", "003001", message, "The request limit was reached")
            }
            _ => {
                let message = "An application error has occurred while processing your request";
                wire::fault(now, status, "SystemFault", "10000", message, "System Failure Error")
            }
        }
    }
}

fn token_fault(now: Timestamp, detail: &str) -> Response<Bytes> {
    let message = "message=AuthenticationFailed; errorCode=003200; statusCode=401";
    wire::gateway(now, StatusCode::UNAUTHORIZED, "AUTHENTICATION", "3200", message, detail)
}

/// The query: in the address, or as the body of a POST.
fn query_text(request: &Request<Bytes>) -> Option<String> {
    let said = Parameters::of_address(request).get("query").map(str::to_owned);
    said.or_else(|| std::str::from_utf8(request.body()).ok().map(str::to_owned))
}

impl Service {
    fn of_company(&self, request: &Request<Bytes>, realm: &str, rest: &[&str]) -> Response<Bytes> {
        let now = self.desk.now();
        match self.desk.oauth.check(web::header(request, "authorization"), realm) {
            Ok(()) => {}
            Err(Denied::Expired(_)) => return token_fault(now, "Token expired"),
            Err(Denied::Unknown) => return token_fault(now, "Token revoked"),
            Err(Denied::Elsewhere) => return self.refusal(StatusCode::FORBIDDEN),
        }
        if let Some(limit) = lock(&self.limit).as_mut() {
            if limit.left(realm, now) == 0 {
                return self.refusal(StatusCode::TOO_MANY_REQUESTS);
            }
            limit.count(realm, now);
        }
        let mut books = lock(&self.books);
        let Some(ledger) = books.get_mut(realm) else { return self.refusal(StatusCode::FORBIDDEN) };
        let said = Parameters::of_address(request);
        let linked = said.get("include").is_some_and(|include| include.split(',').any(|one| one == "invoiceLink"));
        match rest {
            ["companyinfo", _] => wire::timed(now, json!({ "CompanyInfo": wire::company_info(ledger) })),
            ["query"] => queried(now, ledger, &query_text(request).unwrap_or_default(), linked),
            ["cdc"] => captured(now, ledger, &said, linked),
            ["invoice", id, "pdf"] => match id.parse().ok().and_then(|id| ledger.invoices.get(&id)) {
                Some(row) => web::answer(StatusCode::OK, "application/pdf", web::pdf(&format!("Invoice {}", row.number))),
                None => not_found(now),
            },
            ["payment"] if request.method() == Method::POST => {
                // The vendor dates changes to the second.
                ledger.now = Timestamp::from_second(now.as_second()).unwrap_or(now);
                let wrote = ledger.write_payment(said.get("requestid"), request.body());
                let told = std::mem::take(&mut ledger.told);
                self.desk.happened(
                    told.into_iter()
                        .map(|told| Notification::new(realm, told.kind, told.id.to_string(), told.change, now, Value::Null)),
                );
                match wrote {
                    Ok(id) => wire::timed(now, json!({ "Payment": wire::object(ledger, "Payment", id, linked) })),
                    Err(Invalid { code, message, detail }) => {
                        wire::fault(now, StatusCode::BAD_REQUEST, "ValidationFault", code, message, &detail)
                    }
                }
            }
            [kind, id] => {
                let kind = KINDS.into_iter().find(|known| known.to_ascii_lowercase() == *kind);
                if kind.zip(id.parse().ok()).is_some_and(|(kind, id)| ledger.is_sick(kind, id)) {
                    return spoilt(now);
                }
                let object = kind.zip(id.parse().ok()).and_then(|(kind, id)| {
                    let object = wire::object(ledger, kind, id, linked)?;
                    Some(json!({ kind: object }))
                });
                object.map_or_else(|| not_found(now), |body| wire::timed(now, body))
            }
            _ => self.refusal(StatusCode::NOT_FOUND),
        }
    }
}

/// What was deleted, and what never was.
fn not_found(now: Timestamp) -> Response<Bytes> {
    let detail = "Object Not Found : Something you're trying to use has been made inactive. Check the fields with accounts, \
                  customers, items, vendors or employees.";
    wire::fault(now, StatusCode::BAD_REQUEST, "ValidationFault", "610", "Object Not Found", detail)
}

fn invalid(now: Timestamp, code: &str, detail: &str) -> Response<Bytes> {
    wire::fault(now, StatusCode::BAD_REQUEST, "ValidationFault", code, "Error parsing query", detail)
}

/// What the vendor says where an object in the range of a query is one that it cannot show.
fn spoilt(now: Timestamp) -> Response<Bytes> {
    invalid(now, "4002", "QueryParserError")
}

fn queried(now: Timestamp, ledger: &Ledger, text: &str, linked: bool) -> Response<Bytes> {
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(detail) => return invalid(now, "4000", &detail),
    };
    if query.kind.eq_ignore_ascii_case("Preferences") {
        let found = json!({ "Preferences": [wire::preferences(ledger)], "maxResults": 1 });
        return wire::timed(now, json!({ "QueryResponse": found }));
    }
    let Some(kind) = KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(&query.kind)) else {
        return invalid(now, "4000", &format!("{} is no entity", query.kind));
    };
    let found = query.find(ledger);
    if query.counts {
        return wire::timed(now, json!({ "QueryResponse": { "totalCount": found.len() } }));
    }
    let page = found.iter().skip(query.start - 1).take(query.max);
    if !query.ids_only && page.clone().any(|one| ledger.is_sick(kind, one.id)) {
        return spoilt(now);
    }
    let objects: Vec<Value> = page.filter_map(|one| wire::object(ledger, kind, one.id, linked)).collect();
    let mut response = json!({});
    if !objects.is_empty() {
        response = json!({ "startPosition": query.start, "maxResults": objects.len(), kind: objects });
    }
    wire::timed(now, json!({ "QueryResponse": response }))
}

/// Change data capture: for each kind what lives and changed, oldest change first, then what was deleted; 1,000 in all.
fn captured(now: Timestamp, ledger: &Ledger, said: &Parameters, linked: bool) -> Response<Bytes> {
    let Some(since) = said.get("changedSince").and_then(query::instant) else {
        return invalid(now, "2010", "changedSince is missing or no instant");
    };
    if now.duration_since(since) > CAPTURED_REACH {
        return invalid(now, "2010", "changedSince must be within the last 30 days");
    }
    let mut room = CAPTURED_MAX;
    let mut responses = Vec::new();
    for name in said.get("entities").unwrap_or_default().split(',').map(str::trim) {
        let Some(kind) = KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(name)) else {
            return invalid(now, "2010", &format!("{name} is no entity"));
        };
        let mut changed = query::facts(ledger, kind);
        changed.retain(|one| one.stamp.updated >= since);
        if changed.iter().any(|one| ledger.is_sick(kind, one.id)) {
            return spoilt(now);
        }
        changed.sort_by_key(|one| (one.stamp.updated, one.id));
        let live = changed.iter().filter_map(|one| wire::object(ledger, kind, one.id, linked));
        let gone = ledger.gone.iter().filter(|gone| gone.kind == kind && gone.at >= since);
        let objects: Vec<Value> = live.chain(gone.map(|gone| wire::gone(ledger, gone))).take(room).collect();
        room -= objects.len();
        let mut response = Map::new();
        if !objects.is_empty() {
            response.insert("startPosition".to_owned(), json!(1));
            response.insert("maxResults".to_owned(), json!(objects.len()));
            if objects.len() > 1 {
                response.insert("totalCount".to_owned(), json!(objects.len()));
            }
            response.insert(kind.to_owned(), Value::Array(objects));
        }
        responses.push(Value::Object(response));
    }
    wire::timed(now, json!({ "CDCResponse": [{ "QueryResponse": responses }] }))
}
