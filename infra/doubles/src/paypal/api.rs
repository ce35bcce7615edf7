//! PayPal's side of the wire.

use std::{collections::HashMap, sync::Mutex};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    certificates::CHAIN,
    errors::{PayPalRefusal, SPECS},
    held::{Instrument, Order},
    ledger::Pen,
    rules, wire,
};
use crate::{
    Desk, PaymentDesk,
    hosted_page::{HostedPage, notice},
    lock::lock,
    payment_desk::{Account, Known},
    server::Vendor,
    web::{self, Parameters},
    witness::Lens,
};

const NAME: &str = "PayPal";
const TOKEN_LASTS: SignedDuration = SignedDuration::from_hours(9);
/// The name of the certificate that webhooks are signed with.
pub const CERTIFICATE: &str = "CERT-360caa42-fca2a594-1d93a270";

pub struct Service {
    pub desk: PaymentDesk,
    pub orders: Mutex<Vec<Order>>,
    tokens: Mutex<HashMap<String, (String, Timestamp)>>,
}

impl Vendor for Service {
    fn desk(&self) -> &Desk {
        &self.desk.desk
    }

    fn kind(&self, request: &Request<Bytes>) -> String {
        let parts = web::parts(request);
        let method = request.method();
        match parts.as_slice() {
            ["v1", "oauth2", "token"] => "token".to_owned(),
            ["v1", "notifications", "certs", _] => "certificate".to_owned(),
            ["v2", "checkout", "orders"] => format!("{method} orders"),
            ["v2", "checkout", "orders", _] => format!("{method} orders/id"),
            ["v2", "checkout", "orders", _, "capture"] => format!("{method} orders/id/capture"),
            ["v2", "payments", what, _] => format!("{method} {what}/id"),
            ["v2", "payments", "captures", _, "refund"] => format!("{method} captures/id/refund"),
            ["checkoutnow"] => format!("{method} page"),
            _ => request.uri().path().to_owned(),
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let parts = web::parts(request);
        match (request.method(), parts.as_slice()) {
            (&Method::POST, ["v1", "oauth2", "token"]) => self.token(request),
            (&Method::GET, ["v1", "notifications", "certs", name]) if *name == CERTIFICATE => {
                web::answer(StatusCode::OK, "text/plain; charset=utf-8", CHAIN.certificates.clone())
            }
            (&Method::GET, ["checkoutnow"]) => self.page(request),
            (&Method::POST, ["checkoutnow"]) => self.pressed(request),
            (_, ["v2", rest @ ..]) => self.of_account(request, rest).unwrap_or_else(|refusal| refusal.answer()),
            _ => PayPalRefusal::missing().answer(),
        }
    }

    fn refusal(&self, status: StatusCode) -> Response<Bytes> {
        PayPalRefusal::of_status(status).answer()
    }

    fn lens(&self) -> Lens {
        Lens::NOTHING
    }
}

impl Service {
    pub fn new(desk: PaymentDesk) -> Self {
        Self { desk, orders: Mutex::default(), tokens: Mutex::default() }
    }

    fn token(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let denied =
            |status: StatusCode, error: &str, text: &str| web::json(status, &json!({"error": error, "error_description": text}));
        let basic = web::header(request, "authorization").and_then(|value| value.strip_prefix("Basic ")).unwrap_or_default();
        let pair = STANDARD.decode(basic).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let (id, secret) = pair.split_once(':').unwrap_or_default();
        let account = self.desk.account_by("client_id", id).filter(|account| account.credential("client_secret") == secret);
        let Some(account) = account else {
            return denied(StatusCode::UNAUTHORIZED, "invalid_client", "Client Authentication failed");
        };
        if Parameters::of(request.body()).get("grant_type") != Some("client_credentials") {
            return denied(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Grant Type is NULL or not supported");
        }
        let token = self.desk.id("A21AA", 92);
        lock(&self.tokens).insert(token.clone(), (account.name, self.desk.now() + TOKEN_LASTS));
        let body = json!({
            "scope": "https://uri.paypal.com/services/payments/payment/authcapture",
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": TOKEN_LASTS.as_secs(),
            "nonce": self.desk.uuid(),
        });
        web::json(StatusCode::OK, &body)
    }

    fn of_account(&self, request: &Request<Bytes>, rest: &[&str]) -> Result<Response<Bytes>, PayPalRefusal> {
        let bearer = web::bearer(request);
        let known = lock(&self.tokens).get(bearer).filter(|(_, until)| self.desk.now() < *until).map(|(name, _)| name.clone());
        let account = known.and_then(|name| self.desk.account(&name));
        let account = account.ok_or_else(|| PayPalRefusal::of_status(StatusCode::UNAUTHORIZED))?;
        match (request.method(), rest) {
            (&Method::POST, ["checkout", "orders"]) => self.once(request, &account, || self.begin(request, &account)),
            (&Method::POST, ["checkout", "orders", id, "capture"]) => {
                self.once(request, &account, || self.capture(request, &account, id))
            }
            (&Method::POST, ["payments", "captures", id, "refund"]) => {
                self.once(request, &account, || self.refund(request, &account, id))
            }
            (&Method::GET, ["checkout", "orders", id]) => {
                let shown = self.with(&account, id, |order| wire::order(order, &self.desk.base(), true))?;
                Ok(web::json(StatusCode::OK, &shown))
            }
            (&Method::GET, ["payments", what @ ("captures" | "refunds"), id]) => {
                let found = self.payment(&account, what, id).ok_or_else(PayPalRefusal::missing)?;
                Ok(web::json(StatusCode::OK, &found))
            }
            _ => Err(PayPalRefusal::missing()),
        }
    }

    /// Carries a request out once for its `PayPal-Request-Id`. Where it comes again, whatever its body, the latest state of what the
    /// first one made is answered: that is what PayPal documents.
    fn once(
        &self,
        request: &Request<Bytes>,
        account: &Account,
        act: impl FnOnce() -> Result<Response<Bytes>, PayPalRefusal>,
    ) -> Result<Response<Bytes>, PayPalRefusal> {
        let Some(key) = web::header(request, "paypal-request-id") else { return act() };
        if !(1..=108).contains(&key.len()) {
            return Err(PayPalRefusal::malformed("INVALID_STRING_LENGTH", "PayPal-Request-Id"));
        }
        let endpoint = request.uri().path();
        // A key of one call is none of another.
        let key = format!("{endpoint} {key}");
        match self.desk.known(&account.name, &key, endpoint, "") {
            Known::Answered(before) | Known::AnotherBody(before) => Ok(self.latest(request, account, before)),
            Known::AnotherEndpoint(_) | Known::Nothing => {
                let answer = act()?;
                self.desk.answered(&account.name, &key, endpoint, "", &answer);
                Ok(answer)
            }
        }
    }

    /// What an answer would be by now.
    fn latest(&self, request: &Request<Bytes>, account: &Account, before: Response<Bytes>) -> Response<Bytes> {
        let body: Value = serde_json::from_slice(before.body()).unwrap_or_default();
        let id = body["id"].as_str().unwrap_or_default();
        let is_order = request.uri().path().starts_with("/v2/checkout/orders");
        let latest =
            is_order.then(|| self.with(account, id, |order| wire::order(order, &self.desk.base(), wants_all(request))).ok());
        match latest.flatten() {
            Some(latest) => web::json(StatusCode::OK, &latest),
            None => before,
        }
    }

    fn begin(&self, request: &Request<Bytes>, account: &Account) -> Result<Response<Bytes>, PayPalRefusal> {
        let body = checked("order_request", request)?;
        let by_wallet = body["payment_source"].is_object();
        if by_wallet && web::header(request, "paypal-request-id").is_none() {
            return Err(PayPalRefusal::malformed("PAYPAL_REQUEST_ID_REQUIRED", "PayPal-Request-Id"));
        }
        let (currency, amount) = rules::asked(&body)?;
        let now = self.desk.now();
        let order = Order {
            account: account.name.clone(),
            id: self.desk.capital_id("", 17),
            request: body,
            currency,
            amount,
            created: now,
            updated: now,
            approved: None,
            other_amount: None,
            capture: None,
            taken_back: Vec::new(),
            ended: false,
        };
        let shown = wire::order(&order, &self.desk.base(), wants_all(request));
        lock(&self.orders).push(order);
        Ok(web::json(if by_wallet { StatusCode::OK } else { StatusCode::CREATED }, &shown))
    }

    fn capture(&self, request: &Request<Bytes>, account: &Account, id: &str) -> Result<Response<Bytes>, PayPalRefusal> {
        checked("capture_request", request)?;
        let base = self.desk.base();
        let mut pen = Pen::new(&self.desk, &base);
        let mut orders = lock(&self.orders);
        let at = self.place(&orders, account, id)?;
        let invoice = orders[at].unit()["invoice_id"].clone();
        let is_twin = |(other, order): (usize, &Order)| {
            let is_captured =
                order.capture.as_ref().is_some_and(|capture| capture.status != super::held::CaptureStatus::Declined);
            other != at && order.account == account.name && is_captured && order.unit()["invoice_id"] == invoice
        };
        if invoice.is_string() && orders.iter().enumerate().any(is_twin) {
            return Err(PayPalRefusal::impossible("DUPLICATE_INVOICE_ID", ""));
        }
        pen.capture(&mut orders[at])?;
        let shown = wire::order(&orders[at], &base, wants_all(request));
        drop(orders);
        self.desk.tell(pen.events);
        Ok(web::json(StatusCode::CREATED, &shown))
    }

    fn refund(&self, request: &Request<Bytes>, account: &Account, id: &str) -> Result<Response<Bytes>, PayPalRefusal> {
        let body = checked("refund_request", request)?;
        let base = self.desk.base();
        let mut pen = Pen::new(&self.desk, &base);
        let mut orders = lock(&self.orders);
        let of_capture =
            |order: &&mut Order| order.account == account.name && order.capture.as_ref().is_some_and(|capture| capture.id == id);
        let order = orders.iter_mut().find(of_capture).ok_or_else(PayPalRefusal::missing)?;
        let amount = if body["amount"].is_null() {
            order.left()
        } else {
            let (currency, amount) = rules::amount(&body["amount"], "/amount")?;
            if currency != order.currency {
                return Err(PayPalRefusal::impossible("REFUND_CAPTURE_CURRENCY_MISMATCH", "/amount/currency_code"));
            }
            amount
        };
        let refund = pen.take_back(order, amount, false, &body)?;
        let shown = wire::refund(order, &refund, &base);
        drop(orders);
        self.desk.tell(pen.events);
        Ok(web::json(StatusCode::CREATED, &shown))
    }

    fn place(&self, orders: &[Order], account: &Account, id: &str) -> Result<usize, PayPalRefusal> {
        let now = self.desk.now();
        let own = orders.iter().position(|order| order.account == account.name && order.id == id && !order.is_gone(now));
        own.ok_or_else(PayPalRefusal::missing)
    }

    fn with<T>(&self, account: &Account, id: &str, read: impl FnOnce(&Order) -> T) -> Result<T, PayPalRefusal> {
        let orders = lock(&self.orders);
        let at = self.place(&orders, account, id)?;
        Ok(read(&orders[at]))
    }

    fn payment(&self, account: &Account, what: &str, id: &str) -> Option<Value> {
        let base = self.desk.base();
        let orders = lock(&self.orders);
        orders.iter().filter(|order| order.account == account.name).find_map(|order| {
            if what == "captures" {
                let capture = order.capture.as_ref().filter(|capture| capture.id == id)?;
                return Some(wire::capture(order, capture, &base));
            }
            let refund = order.taken_back.iter().find(|one| one.id == id)?;
            Some(wire::refund(order, refund, &base))
        })
    }

    fn page(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let token = Parameters::of_address(request).get("token").unwrap_or_default().to_owned();
        let orders = lock(&self.orders);
        let Some(order) = orders.iter().find(|order| order.id == token) else {
            return notice(StatusCode::NOT_FOUND, NAME, "There is no such order.");
        };
        if order.approved.is_some() || order.is_gone(self.desk.now()) {
            return notice(StatusCode::OK, NAME, "This order is over: it was approved, or its time is up.");
        }
        let mut pay = vec![("now".to_owned(), "Pay with PayPal".to_owned())];
        if order.context()["payment_method_preference"] != "IMMEDIATE_PAYMENT_REQUIRED" {
            pay.push(("echeck".to_owned(), "Pay from a bank account".to_owned()));
        }
        HostedPage {
            provider: NAME,
            lines: vec![(order.unit()["description"].as_str().unwrap_or("Payment").to_owned(), order.amount)],
            total_minor: order.amount,
            currency: &order.currency,
            action: &format!("/checkoutnow?token={token}"),
            pay,
            cancel: order.context()["cancel_url"].is_string(),
        }
        .answer()
    }

    fn pressed(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let token = Parameters::of_address(request).get("token").unwrap_or_default().to_owned();
        let said = Parameters::of(request.body());
        let base = self.desk.base();
        let mut pen = Pen::new(&self.desk, &base);
        let mut orders = lock(&self.orders);
        let Some(order) = orders.iter_mut().find(|order| order.id == token) else {
            return notice(StatusCode::NOT_FOUND, NAME, "There is no such order.");
        };
        if order.approved.is_some() || order.is_gone(self.desk.now()) {
            return notice(StatusCode::CONFLICT, NAME, "This order is over: it was approved, or its time is up.");
        }
        let back = |name: &str, more: &str| {
            let url = order.context()[name].as_str()?;
            Some(format!("{url}{}token={token}{more}", if url.contains('?') { '&' } else { '?' }))
        };
        let (success, cancel) = (back("return_url", "&PayerID=QYR5Z8XDVJNXQ"), back("cancel_url", ""));
        let is_instant = order.context()["payment_method_preference"] == "IMMEDIATE_PAYMENT_REQUIRED";
        match (said.get("pay"), cancel) {
            (Some("now"), _) => pen.approve(order, Instrument::Pays),
            (Some("echeck"), _) if !is_instant => pen.approve(order, Instrument::Pends),
            (None, Some(cancel)) => return web::redirect(&cancel),
            (_, _) => return notice(StatusCode::BAD_REQUEST, NAME, "Press a button of the page."),
        }
        drop(orders);
        self.desk.tell(pen.events);
        match success {
            Some(success) => web::redirect(&success),
            None => notice(StatusCode::OK, NAME, "You approved the payment."),
        }
    }
}

fn wants_all(request: &Request<Bytes>) -> bool {
    web::header(request, "prefer").is_some_and(|value| value.contains("return=representation"))
}

/// A body that PayPal's specification allows; an empty one is an empty object.
fn checked(name: &str, request: &Request<Bytes>) -> Result<Value, PayPalRefusal> {
    let content_type = web::header(request, "content-type").unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return Err(PayPalRefusal::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    if request.body().is_empty() && name != "order_request" {
        return Ok(json!({}));
    }
    let body: Value =
        serde_json::from_slice(request.body()).map_err(|_| PayPalRefusal::malformed("MALFORMED_REQUEST_JSON", ""))?;
    let flaws = SPECS.flaws(name, &body);
    if flaws.is_empty() { Ok(body) } else { Err(PayPalRefusal::of_flaws(&flaws)) }
}
