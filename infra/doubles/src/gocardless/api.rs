//! GoCardless's side of the wire.

use std::sync::Mutex;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::{
    errors::{GoCardlessRefusal, SPECS},
    held::{BillingRequest, Flow, Payment, PaymentStatus, RequestStatus, charge_date, debit_scheme},
    ledger::{Bank, Pen},
    wire,
};
use crate::{
    Desk, PaymentDesk, PaymentEvent,
    hosted_page::{HostedPage, notice},
    lock::lock,
    payment_desk::{Account, Known},
    server::Vendor,
    web::{self, Parameters},
    witness::Lens,
};

const NAME: &str = "GoCardless";
const VERSION: &str = "2015-07-06";
const LISTED: usize = 50;
const LISTED_MAX: usize = 500;

/// Everything that is held.
#[derive(Default)]
pub struct Books {
    pub requests: Vec<BillingRequest>,
    pub payments: Vec<Payment>,
    /// Everything that was told, for `/events`.
    pub told: Vec<PaymentEvent>,
}

pub struct Service {
    pub desk: PaymentDesk,
    pub books: Mutex<Books>,
}

type Answered = Result<Response<Bytes>, GoCardlessRefusal>;

impl Vendor for Service {
    fn desk(&self) -> &Desk {
        &self.desk.desk
    }

    fn kind(&self, request: &Request<Bytes>) -> String {
        let parts = web::parts(request);
        let method = request.method();
        match parts.as_slice() {
            ["flow", _] => format!("{method} page"),
            [list] => format!("{method} {list}"),
            [list, _] => format!("{method} {list}/id"),
            [list, _, "actions", action] => format!("{method} {list}/id/{action}"),
            _ => request.uri().path().to_owned(),
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let parts = web::parts(request);
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["flow", id]) => self.page(id),
            (&Method::POST, ["flow", id]) => self.pressed(id, request),
            (_, rest) => self.of_account(request, rest).unwrap_or_else(|refusal| refusal.answer()),
        }
    }

    fn refusal(&self, status: StatusCode) -> Response<Bytes> {
        GoCardlessRefusal::of_status(status).answer()
    }

    fn lens(&self) -> Lens {
        Lens::NOTHING
    }
}

impl Service {
    pub fn new(desk: PaymentDesk) -> Self {
        Self { desk, books: Mutex::default() }
    }

    /// Has events told, and keeps them for `/events`.
    fn tell(&self, events: Vec<PaymentEvent>) {
        lock(&self.books).told.extend(events.iter().cloned());
        self.desk.tell(events);
    }

    fn of_account(&self, request: &Request<Bytes>, rest: &[&str]) -> Answered {
        let bearer = web::bearer(request);
        let account = self.desk.account_by("access_token", bearer);
        let account = account.ok_or_else(|| GoCardlessRefusal::of_status(StatusCode::UNAUTHORIZED))?;
        match web::header(request, "gocardless-version") {
            Some(VERSION) => {}
            Some(_) => return Err(GoCardlessRefusal::misuse(StatusCode::BAD_REQUEST, "version_not_found", "Version not found")),
            None => {
                let message = "GoCardless-Version header is missing";
                return Err(GoCardlessRefusal::misuse(StatusCode::BAD_REQUEST, "missing_version_header", message));
            }
        }
        match (request.method(), rest) {
            (&Method::POST, ["billing_requests"]) => self.once(request, &account, || self.begin(request, &account)),
            (&Method::POST, ["billing_request_flows"]) => self.once(request, &account, || self.open(request, &account)),
            (&Method::POST, ["payments"]) => self.once(request, &account, || self.debit(request, &account)),
            (&Method::POST, ["refunds"]) => self.once(request, &account, || self.refund(request, &account)),
            (&Method::POST, ["billing_requests", id, "actions", "cancel"]) => self.cancel_request(request, &account, id),
            (&Method::POST, ["payments", id, "actions", "cancel"]) => self.cancel_payment(request, &account, id),
            (&Method::GET, ["billing_requests", id]) => {
                let books = lock(&self.books);
                let found = books.requests.iter().find(|one| one.account == account.name && one.id == *id);
                let found = found.ok_or_else(GoCardlessRefusal::missing)?;
                Ok(web::json(StatusCode::OK, &json!({"billing_requests": wire::billing_request(found)})))
            }
            (&Method::GET, ["payments", id]) => {
                let books = lock(&self.books);
                let found = books.payments.iter().find(|one| one.account == account.name && one.id == *id);
                let found = found.ok_or_else(GoCardlessRefusal::missing)?;
                Ok(web::json(StatusCode::OK, &json!({"payments": wire::payment(found)})))
            }
            (&Method::GET, ["refunds", id]) => {
                let books = lock(&self.books);
                let own = books.payments.iter().filter(|one| one.account == account.name);
                let mut found = own.flat_map(|payment| payment.refunds.iter().map(move |refund| (payment, refund)));
                let found = found.find(|(_, refund)| refund.id == *id);
                let (payment, refund) = found.ok_or_else(GoCardlessRefusal::missing)?;
                Ok(web::json(StatusCode::OK, &json!({"refunds": wire::refund(payment, refund)})))
            }
            (&Method::GET, ["payments"]) => {
                let books = lock(&self.books);
                let own = books.payments.iter().rev().filter(|one| one.account == account.name).map(wire::payment);
                list(request, "payments", &[("mandate", "/links/mandate"), ("status", "/status"), ("currency", "/currency")], own)
            }
            (&Method::GET, ["events"]) => {
                let books = lock(&self.books);
                let own = books.told.iter().rev().filter(|one| one.account == account.name).filter_map(|one| {
                    let body: Value = serde_json::from_slice(&one.body).ok()?;
                    body["events"].get(0).cloned()
                });
                let filters = [
                    ("resource_type", "/resource_type"),
                    ("action", "/action"),
                    ("payment", "/links/payment"),
                    ("refund", "/links/refund"),
                    ("billing_request", "/links/billing_request"),
                ];
                list(request, "events", &filters, own)
            }
            (&Method::GET, ["events", id]) => {
                let books = lock(&self.books);
                let found = books.told.iter().find(|one| one.account == account.name && one.event == *id);
                let body: Option<Value> = found.and_then(|one| serde_json::from_slice(&one.body).ok());
                let event = body.and_then(|body| body["events"].get(0).cloned()).ok_or_else(GoCardlessRefusal::missing)?;
                Ok(web::json(StatusCode::OK, &json!({"events": event})))
            }
            _ => Err(GoCardlessRefusal::missing()),
        }
    }

    /// Carries a request out once for its `Idempotency-Key`. Where it comes again, whatever its body, what the first one made is named.
    fn once(&self, request: &Request<Bytes>, account: &Account, act: impl FnOnce() -> Answered) -> Answered {
        let Some(key) = web::header(request, "idempotency-key") else { return act() };
        let endpoint = request.uri().path();
        let key = format!("{endpoint} {key}");
        match self.desk.known(&account.name, &key, endpoint, "") {
            Known::Answered(before) | Known::AnotherBody(before) => {
                let body: Value = serde_json::from_slice(before.body()).unwrap_or_default();
                let made = &body[endpoint.trim_matches('/')]["id"];
                Err(GoCardlessRefusal::key_used(made.as_str().unwrap_or_default()))
            }
            Known::AnotherEndpoint(_) | Known::Nothing => {
                let answer = act()?;
                self.desk.answered(&account.name, &key, endpoint, "", &answer);
                Ok(answer)
            }
        }
    }

    fn begin(&self, request: &Request<Bytes>, account: &Account) -> Answered {
        let body = checked("billing_requests", "billing_requests", request)?;
        if !body["payment_request"].is_object() && !body["mandate_request"].is_object() {
            let message = "is required, or a mandate_request";
            return Err(GoCardlessRefusal::invalid("billing_requests", "payment_request", message));
        }
        let made = BillingRequest {
            account: account.name.clone(),
            id: self.desk.capital_id("BRQ", 13),
            body,
            created: self.desk.now(),
            status: RequestStatus::Pending,
            flows: Vec::new(),
            mandate: None,
            payment: None,
            customer: self.desk.capital_id("CU", 13),
            fell_back: false,
        };
        let shown = json!({"billing_requests": wire::billing_request(&made)});
        let mut pen = Pen::new(&self.desk);
        pen.tell_of_request(&made, "created");
        lock(&self.books).requests.push(made);
        self.tell(pen.events);
        Ok(web::json(StatusCode::CREATED, &shown))
    }

    fn open(&self, request: &Request<Bytes>, account: &Account) -> Answered {
        let body = checked("billing_request_flows", "billing_request_flows", request)?;
        for name in ["redirect_uri", "exit_uri"] {
            if body[name].as_str().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
                return Err(GoCardlessRefusal::invalid("billing_request_flows", name, "must be a valid URI"));
            }
        }
        let base = self.desk.base();
        let mut books = lock(&self.books);
        let wanted = body["links"]["billing_request"].as_str().unwrap_or_default();
        let own = books.requests.iter_mut().find(|one| one.account == account.name && one.id == wanted);
        let Some(own) = own else {
            let message = "Billing request not found";
            return Err(GoCardlessRefusal::misuse(StatusCode::UNPROCESSABLE_ENTITY, "linked_resource_not_found", message));
        };
        if own.status != RequestStatus::Pending {
            let message = format!("The billing request is {}", own.status.word());
            return Err(GoCardlessRefusal::impossible("billing_request_invalid_state", &message));
        }
        let flow = Flow { id: self.desk.capital_id("BRF", 13), body, created: self.desk.now() };
        let shown = json!({"billing_request_flows": wire::flow(own, &flow, &base)});
        own.flows.push(flow);
        Ok(web::json(StatusCode::CREATED, &shown))
    }

    /// Takes a payment by a mandate.
    fn debit(&self, request: &Request<Bytes>, account: &Account) -> Answered {
        let body = checked("payments", "payments", request)?;
        let now = self.desk.now();
        let mut books = lock(&self.books);
        let mandate = body["links"]["mandate"].as_str();
        let own = books.requests.iter().find(|one| one.account == account.name && one.mandate.as_deref() == mandate);
        let Some(own) = own else {
            let message = "Mandate not found";
            return Err(GoCardlessRefusal::misuse(StatusCode::UNPROCESSABLE_ENTITY, "linked_resource_not_found", message));
        };
        let currency = body["currency"].as_str().unwrap_or_default().to_owned();
        if currency != own.currency() {
            return Err(GoCardlessRefusal::invalid("payments", "currency", "must be the mandate's currency"));
        }
        let payment = Payment {
            account: account.name.clone(),
            id: self.desk.capital_id("PM", 13),
            amount: body["amount"].as_i64().unwrap_or_default(),
            scheme: debit_scheme(&currency).to_owned(),
            currency,
            description: body["description"].clone(),
            reference: body["reference"].clone(),
            metadata: body["metadata"].clone(),
            mandate: mandate.map(str::to_owned),
            created: now,
            charge_date: body["charge_date"].as_str().map_or_else(|| charge_date(now, true), str::to_owned),
            status: PaymentStatus::PendingSubmission,
            basket: body["metadata"]["basket"].as_str().unwrap_or_default().to_owned(),
            refunds: Vec::new(),
        };
        let shown = json!({"payments": wire::payment(&payment)});
        let mut pen = Pen::new(&self.desk);
        pen.made(&payment);
        books.payments.push(payment);
        drop(books);
        self.tell(pen.events);
        Ok(web::json(StatusCode::CREATED, &shown))
    }

    fn refund(&self, request: &Request<Bytes>, account: &Account) -> Answered {
        let body = checked("refunds", "refunds", request)?;
        let mut books = lock(&self.books);
        let wanted = body["links"]["payment"].as_str().unwrap_or_default();
        let payment = books.payments.iter_mut().find(|one| one.account == account.name && one.id == wanted);
        let Some(payment) = payment else {
            let message = "Payment not found";
            return Err(GoCardlessRefusal::misuse(StatusCode::UNPROCESSABLE_ENTITY, "linked_resource_not_found", message));
        };
        let amount = body["amount"].as_i64().unwrap_or_default();
        if body["total_amount_confirmation"].as_i64() != Some(payment.refunded() + amount) {
            let message = "must be what was refunded so far and this refund together";
            return Err(GoCardlessRefusal::invalid("refunds", "total_amount_confirmation", message));
        }
        let mut pen = Pen::new(&self.desk);
        let refund = pen.refund(payment, amount, &body)?;
        let shown = json!({"refunds": wire::refund(payment, &refund)});
        drop(books);
        self.tell(pen.events);
        Ok(web::json(StatusCode::CREATED, &shown))
    }

    fn cancel_request(&self, request: &Request<Bytes>, account: &Account, id: &str) -> Answered {
        checked("cancel", "data", request)?;
        let mut books = lock(&self.books);
        let own = books.requests.iter_mut().find(|one| one.account == account.name && one.id == id);
        let own = own.ok_or_else(GoCardlessRefusal::missing)?;
        if own.status != RequestStatus::Pending {
            let message = format!("The billing request is {}", own.status.word());
            return Err(GoCardlessRefusal::impossible("cancellation_failed", &message));
        }
        let mut pen = Pen::new(&self.desk);
        pen.cancel_request(own);
        let shown = json!({"billing_requests": wire::billing_request(own)});
        drop(books);
        self.tell(pen.events);
        Ok(web::json(StatusCode::OK, &shown))
    }

    fn cancel_payment(&self, request: &Request<Bytes>, account: &Account, id: &str) -> Answered {
        checked("cancel", "data", request)?;
        let mut books = lock(&self.books);
        let own = books.payments.iter_mut().find(|one| one.account == account.name && one.id == id);
        let own = own.ok_or_else(GoCardlessRefusal::missing)?;
        if own.status != PaymentStatus::PendingSubmission {
            let message = format!("The payment is {}", own.status.word());
            return Err(GoCardlessRefusal::impossible("cancellation_failed", &message));
        }
        let mut pen = Pen::new(&self.desk);
        pen.cancel_payment(own);
        let shown = json!({"payments": wire::payment(own)});
        drop(books);
        self.tell(pen.events);
        Ok(web::json(StatusCode::OK, &shown))
    }

    fn page(&self, id: &str) -> Response<Bytes> {
        let now = self.desk.now();
        let books = lock(&self.books);
        let Some(request) = books.requests.iter().find(|one| one.flows.iter().any(|flow| flow.id == id)) else {
            return notice(StatusCode::NOT_FOUND, NAME, "There is no such payment.");
        };
        let Some(flow) = request.open_flow(now).filter(|flow| flow.id == id) else {
            return notice(StatusCode::OK, NAME, "This page is over: the payment was made, or its time is up.");
        };
        let (instantly, by_debit) = offered(request);
        let buttons = [(instantly, "instantly", "Pay from your bank now"), (by_debit, "debit", "Pay by bank debit")];
        let buttons = buttons.into_iter().filter(|(is_offered, ..)| *is_offered);
        let asked = &request.body["payment_request"];
        HostedPage {
            provider: NAME,
            lines: vec![(asked["description"].as_str().unwrap_or("Bank debit").to_owned(), request.amount())],
            total_minor: request.amount(),
            currency: &request.currency(),
            action: &format!("/flow/{id}"),
            pay: buttons.map(|(_, value, text)| (value.to_owned(), text.to_owned())).collect(),
            cancel: flow.body["exit_uri"].is_string(),
        }
        .answer()
    }

    fn pressed(&self, id: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let said = Parameters::of(request.body());
        let now = self.desk.now();
        let mut books = lock(&self.books);
        let Some(at) = books.requests.iter().position(|one| one.flows.iter().any(|flow| flow.id == id)) else {
            return notice(StatusCode::NOT_FOUND, NAME, "There is no such payment.");
        };
        let own = &mut books.requests[at];
        let Some(flow) = own.open_flow(now).filter(|flow| flow.id == id).cloned() else {
            return notice(StatusCode::CONFLICT, NAME, "This page is over: the payment was made, or its time is up.");
        };
        let back = |name: &str| flow.body[name].as_str().map(|url| with_id(url, &own.id));
        let (success, exit) = (back("redirect_uri"), back("exit_uri"));
        let (instantly, by_debit) = offered(own);
        let mut pen = Pen::new(&self.desk);
        let (payment, target) = match (said.get("pay"), exit) {
            (Some("instantly"), _) if instantly => (pen.fulfil(own, Bank::Instantly, None), success),
            (Some("debit"), _) if by_debit => (pen.fulfil(own, Bank::ByDebit, None), success),
            (None, Some(exit)) => {
                pen.tell_of_request(own, "flow_exited");
                (None, Some(exit))
            }
            (_, _) => return notice(StatusCode::BAD_REQUEST, NAME, "Press a button of the page."),
        };
        books.payments.extend(payment);
        drop(books);
        self.tell(pen.events);
        match target {
            Some(target) => web::redirect(&target),
            None => notice(StatusCode::OK, NAME, "Your payment is set up."),
        }
    }

    /// Notes events that somebody else delivers.
    pub fn note(&self, events: &[PaymentEvent]) {
        lock(&self.books).told.extend(events.iter().cloned());
    }
}

/// Whether it can be paid at once, and by debit.
fn offered(request: &BillingRequest) -> (bool, bool) {
    (request.has_payment(), request.can_fall_back() || !request.has_payment())
}

/// The address with the id of the billing request, as GoCardless comes back.
fn with_id(url: &str, id: &str) -> String {
    format!("{url}{}id={id}", if url.contains('?') { '&' } else { '?' })
}

/// The document under a request's name, which the specification allows; an empty body is an empty document where nothing is demanded.
fn checked(spec: &str, name: &str, request: &Request<Bytes>) -> Result<Value, GoCardlessRefusal> {
    if request.body().is_empty() && spec == "cancel" {
        return Ok(json!({}));
    }
    let misuse = |status: StatusCode, reason: &str, message: &str| Err(GoCardlessRefusal::misuse(status, reason, message));
    let content_type = web::header(request, "content-type").unwrap_or_default();
    if !content_type.starts_with("application/json") {
        let message = "The Content-Type must be application/json";
        return misuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_content_type", message);
    }
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(request.body()) else {
        return misuse(StatusCode::BAD_REQUEST, "bad_request", "The request body is no JSON object");
    };
    let (Some(body), true) = (fields.remove(name), fields.is_empty()) else {
        let message = format!("The request body must have the one key {name}");
        return misuse(StatusCode::BAD_REQUEST, "invalid_document_structure", &message);
    };
    let flaws = SPECS.flaws(spec, &body);
    if flaws.is_empty() { Ok(body) } else { Err(GoCardlessRefusal::of_flaws(name, &flaws)) }
}

/// The newest first. `filters` are parameters, and what they must equal.
fn list(request: &Request<Bytes>, name: &str, filters: &[(&str, &str)], all: impl Iterator<Item = Value>) -> Answered {
    let said: Vec<(String, String)> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let value = |wanted: &str| said.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
    let known = |key: &str| ["limit", "after"].contains(&key) || filters.iter().any(|(filter, _)| *filter == key);
    if let Some((unknown, _)) = said.iter().find(|(key, _)| !known(key)) {
        return Err(GoCardlessRefusal::invalid(name, unknown, "is not permitted"));
    }
    let limit = value("limit").map_or(Ok(LISTED), str::parse);
    let limit = limit.ok().filter(|limit| (1..=LISTED_MAX).contains(limit));
    let limit = limit.ok_or_else(|| GoCardlessRefusal::invalid(name, "limit", "must be from 1 to 500"))?;
    let is_wanted = |item: &Value| {
        filters.iter().all(|(filter, pointer)| {
            value(filter).is_none_or(|wanted| item.pointer(pointer).and_then(Value::as_str) == Some(wanted))
        })
    };
    let mut items: Vec<Value> = all.filter(is_wanted).collect();
    if let Some(after) = value("after") {
        let at = items.iter().position(|item| item["id"] == after);
        let at = at.ok_or_else(|| GoCardlessRefusal::invalid(name, "after", "is no id of the list"))?;
        items.drain(..=at);
    }
    let has_more = items.len() > limit;
    items.truncate(limit);
    let after = items.last().filter(|_| has_more).and_then(|item| item["id"].as_str()).map(str::to_owned);
    let before = value("after").and(items.first()).and_then(|item| item["id"].as_str()).map(str::to_owned);
    Ok(web::json(StatusCode::OK, &wire::list(name, items, (after, before), limit)))
}
