//! One tenant on a local stack with a frozen clock, driven from outside.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};
use local::{Fault, Mode, Moved, Options, Sent, Stack, When, tenants::TenantIn};
use serde_json::{Map, Value, json};

use crate::documents::{sign_canonical, sign_stripe};

/// The tenant of a desk.
pub const TENANT: &str = "acme";

/// An answer over HTTP.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The first cookie that a browser is told to keep.
    pub cookie: Option<String>,
    /// The body as it came.
    pub text: String,
    /// The body as JSON, null where it is none.
    pub body: Value,
}

impl Reply {
    /// Demands a status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Pointers of a problem document's errors.
    pub fn pointers(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().filter_map(|error| error["pointer"].as_str().map(str::to_owned)).collect()
    }
}

/// Where a source's webhooks go.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The path.
    pub path: String,
    /// The secret.
    pub secret: String,
}

/// One tenant on a stack.
pub struct TestTenant {
    /// The stack.
    pub stack: Stack,
    /// The canonical webhook.
    pub canonical: Hook,
    /// Stripe's.
    pub stripe: Hook,
    client: Client<HttpConnector, Full<Bytes>>,
    events: AtomicU64,
}

/// Settings of a live tenant in Berlin.
pub fn berlin() -> Map<String, Value> {
    let settings =
        json!({"name": "Acme", "country": "DE", "time_zone": "Europe/Berlin", "language": "de", "sender": {"sms": "Acme"}});
    settings.as_object().unwrap().clone()
}

/// An instant.
#[track_caller]
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl TestTenant {
    /// A live tenant in Berlin with the built-in ladder, the clock frozen at an instant.
    pub async fn at(now: &str) -> Self {
        Self::with(now, json!({}), None).await
    }

    /// The same with other settings, and workflows of its own.
    pub async fn with(now: &str, settings: Value, workflows: Option<Vec<Value>>) -> Self {
        Self::start(Options { now: Some(at(now)), seed: Some(1), ..Options::default() }, settings, workflows).await
    }

    /// A desk on a stack of one's own.
    pub async fn start(options: Options, settings: Value, workflows: Option<Vec<Value>>) -> Self {
        let mut all = berlin();
        all.extend(settings.as_object().unwrap().clone());
        Self::of(options, TenantIn { tenant: TENANT.to_owned(), settings: all, workflows, ..TenantIn::default() }).await
    }

    /// A desk of a tenant as one wishes it, on a stack of one's own.
    pub async fn of(options: Options, tenant: TenantIn) -> Self {
        let stack = Stack::start(options).await.unwrap();
        let made = stack.create_tenant(tenant).await.unwrap();
        let hook = |source: &str| Hook {
            path: format!("/webhooks/{TENANT}/{source}"),
            secret: made["webhooks"][source]["secret"].as_str().unwrap().to_owned(),
        };
        let (canonical, stripe) = (hook("canonical"), hook("stripe"));
        Self::resume(stack, canonical, stripe)
    }

    /// A desk on a stack whose tenant there is already.
    pub fn resume(stack: Stack, canonical: Hook, stripe: Hook) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let events = AtomicU64::new(stack.now().as_second().unsigned_abs());
        Self { stack, canonical, stripe, client, events }
    }

    /// A request to the stack.
    pub async fn call(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Reply {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.stack.url()) };
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.client.request(request.body(Full::from(body.to_vec())).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (location, cookie) = (header("location"), header("set-cookie"));
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status, location, cookie, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    /// A form of a page, as a browser posts it.
    pub async fn post_page(&self, path: &str, body: &(impl AsRef<[u8]> + ?Sized)) -> Reply {
        self.post_page_as(path, "", body).await
    }

    /// The same of a browser that sends this cookie; none where it is empty.
    pub async fn post_page_as(&self, path: &str, cookie: &str, body: &(impl AsRef<[u8]> + ?Sized)) -> Reply {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        headers.extend(Some(("cookie", cookie)).filter(|_| !cookie.is_empty()));
        let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.call("POST", path, &headers, body.as_ref()).await
    }

    /// A file in a form that the API gave out, as a browser posts it; `changes` are fields that it is tampered with.
    pub async fn post_form(&self, form: &Value, changes: &[(&str, &str)], file: impl AsRef<[u8]>) -> Reply {
        let mut body = String::new();
        for (name, value) in form["fields"].as_object().unwrap() {
            let changed = changes.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
            let value = changed.or(value.as_str()).unwrap();
            body.push_str(&format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        }
        body.push_str("--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n");
        let body = [body.as_bytes(), file.as_ref(), b"\r\n--xx--\r\n"].concat();
        let headers = [("content-type".to_owned(), "multipart/form-data; boundary=xx".to_owned())];
        self.call("POST", form["url"].as_str().unwrap(), &headers, &body).await
    }

    /// An object that a link of an answer leads to: its bytes, and how a browser is told to keep it and what it is.
    pub async fn fetch(&self, link: &str) -> (Vec<u8>, String, String) {
        let request = http::Request::builder().uri(link).body(Full::default()).unwrap();
        let response = self.client.request(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{link}");
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let (kept, kind) = (header("content-disposition"), header("content-type"));
        (response.into_body().collect().await.unwrap().to_bytes().to_vec(), kept, kind)
    }

    /// An id that was not used yet.
    pub fn fresh_id(&self) -> String {
        format!("evt_{}", self.events.fetch_add(1, Ordering::Relaxed))
    }

    /// Now in seconds, as signatures carry it.
    pub fn second(&self) -> i64 {
        self.stack.now().as_second()
    }

    /// Bytes as a signed canonical delivery.
    pub async fn send_bytes(&self, body: &[u8]) -> Reply {
        let headers = sign_canonical(&self.canonical.secret, &self.fresh_id(), self.second(), body);
        self.call("POST", &self.canonical.path, &headers, body).await
    }

    /// A canonical document, signed.
    pub async fn send(&self, document: &Value) -> Reply {
        self.send_bytes(document.to_string().as_bytes()).await
    }

    /// A canonical document that must be applied.
    pub async fn put(&self, document: &Value) {
        let reply = self.send(document).await.is(202);
        assert_eq!(reply.body["result"], "applied", "{}", reply.text);
    }

    /// A Stripe event, signed.
    pub async fn send_stripe(&self, event: &Value) -> Reply {
        let body = event.to_string();
        let headers = sign_stripe(&self.stripe.secret, self.second(), body.as_bytes());
        self.call("POST", &self.stripe.path, &headers, body.as_bytes()).await
    }

    /// The admin API as an admin.
    pub async fn admin(&self, method: &str, path: &str, body: &Value) -> Reply {
        let token = self.stack.token(TENANT, "admin").unwrap();
        let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.call(method, path, &headers, &body).await
    }

    /// Settings as the tenant was made with, with changes.
    pub async fn set(&self, changes: Value) {
        let mut settings = berlin();
        settings["sender"]["email"] = json!("acme@dunlin.example");
        settings.extend(changes.as_object().unwrap().clone());
        self.admin("PUT", "/v1/settings", &Value::Object(settings)).await.is(200);
    }

    /// A canonical customer's matter.
    pub async fn matter(&self, external_id: &str) -> Value {
        self.admin("GET", &format!("/v1/customers/canonical/{external_id}?last=200"), &Value::Null).await.is(200).body
    }

    /// The rung of each due item of a canonical customer, by number.
    pub async fn rungs(&self, external_id: &str) -> Vec<(String, Option<String>)> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let matter = self.matter(external_id).await;
        let items = matter["due_items"].as_array().unwrap().iter();
        items.map(|item| (text(&item["number"]).unwrap(), text(&item["rung"]))).collect()
    }

    /// Open exceptions.
    pub async fn exceptions(&self) -> Vec<Value> {
        self.admin("GET", "/v1/tasks?kind=exception", &Value::Null).await.is(200).body["tasks"].as_array().unwrap().clone()
    }

    /// Open tasks and exceptions of a kind.
    pub async fn tasks(&self, kind: &str) -> Vec<Value> {
        self.admin("GET", &format!("/v1/tasks?kind={kind}"), &Value::Null).await.is(200).body["tasks"].as_array().unwrap().clone()
    }

    /// Moves the clock on.
    pub async fn advance(&self, span: &str) -> Moved {
        self.stack.advance(span).await.unwrap()
    }

    /// Moves the clock to an instant.
    pub async fn to(&self, instant: &str) -> Moved {
        self.stack.to(at(instant)).await.unwrap()
    }

    /// Moves the clock to the end of a day in Berlin.
    pub async fn end_of(&self, day: &str) -> Moved {
        let end = day.parse::<Date>().unwrap().tomorrow().unwrap().in_tz("Europe/Berlin").unwrap();
        self.stack.to(end.timestamp()).await.unwrap()
    }

    /// Adds a fault.
    pub fn fault(&self, target: &str, mode: Mode, times: u32) {
        self.stack.fault(Fault { target: target.to_owned(), mode: Some(mode), times, call: None, when: None::<When> }).unwrap();
    }

    /// Clears a target's faults.
    pub fn mend(&self, target: &str) {
        self.stack.fault(Fault { target: target.to_owned(), mode: None, times: 0, call: None, when: None }).unwrap();
    }

    /// The messages that left, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.stack.outbox(Some(TENANT)).into_iter().filter(|sent| sent.service_mail.is_none()).collect()
    }

    /// The service mails that left, in order.
    pub fn notices(&self) -> Vec<Sent> {
        self.stack.outbox(Some(TENANT)).into_iter().filter(|sent| sent.service_mail.is_some()).collect()
    }

    /// The day in Berlin, recipient and template of what left.
    pub fn log(&self) -> Vec<String> {
        self.sent()
            .iter()
            .map(|sent| format!("{} {} {}", local_time(sent, "Europe/Berlin").date(), sent.channel, step(sent)))
            .collect()
    }

    /// An event of SES about a mail that left, under its tags; `parts` is what the kind adds.
    pub async fn ses_event(&self, mail: &Sent, detail_type: &str, event_type: &str, parts: &Value) {
        let tags: Map<String, Value> = mail.raw["EmailTags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| (tag["Name"].as_str().unwrap().to_owned(), json!([tag["Value"]])))
            .collect();
        let now = self.stack.now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        let from = mail.raw["FromEmailAddress"].as_str().unwrap();
        let mut detail = json!({
            "eventType": event_type,
            "mail": {
                "timestamp": now, "source": from, "sendingAccountId": "123456789012", "messageId": mail.message_id,
                "destination": [mail.to], "headersTruncated": false,
                "headers": [{"name": "From", "value": from}, {"name": "To", "value": mail.to}],
                "commonHeaders": {"from": [from], "to": [mail.to], "subject": mail.subject, "messageId": mail.message_id},
                "tags": tags,
            },
        });
        detail.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        let event = json!({"source": "aws.ses", "detail-type": detail_type, "detail": detail});
        self.call("POST", "/_local/events", &[], event.to_string().as_bytes()).await.is(202);
        self.advance("PT0S").await;
    }
}

/// The path of the customer's page that a message leads to.
#[track_caller]
pub fn portal_path(sent: &Sent) -> String {
    let text = sent.text.as_deref().unwrap_or_default();
    let codes = |before: &'static str, chars: usize| {
        let after =
            text.split(before).skip(1).map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>());
        after.filter(move |code: &String| code.len() == chars)
    };
    // In a text message the address and its code are short.
    let code = codes("/p/", 22).chain(codes("/s/", 14)).next().unwrap_or_else(|| panic!("no portal link in {text}"));
    format!("/p/{code}")
}

/// The six digits of a notice that has a code.
#[track_caller]
pub fn code_in(notice: &Sent) -> String {
    let text = notice.text.as_deref().unwrap_or_default();
    let code = text.split(|each: char| !each.is_ascii_digit()).find(|digits| digits.len() == 6);
    code.unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}

/// When something left, where its reader is.
pub fn local_time(sent: &Sent, zone: &str) -> Zoned {
    sent.at.to_zoned(TimeZone::get(zone).unwrap())
}

/// The built-in step that a mail's subject, or a text message, tells.
pub fn step(sent: &Sent) -> &'static str {
    let text = sent.subject.as_deref().or(sent.text.as_deref()).unwrap_or_default();
    let marks = [
        ("an Ihre Zusage", "promise-reminder"),
        ("what was promised", "promise-reminder"),
        ("votre engagement", "promise-reminder"),
        ("etzte Erinnerung", "final-notice"),
        ("Final reminder", "final-notice"),
        ("last reminder", "final-notice"),
        ("überfällig", "formal-notice"),
        ("Overdue notice", "formal-notice"),
        ("noch offen", "nudge"),
        ("nicht eingegangen", "nudge"),
        ("still open", "nudge"),
        ("not reached us", "nudge"),
        ("bald fällig", "heads-up"),
        ("due soon", "heads-up"),
        ("is due on", "heads-up"),
        ("ernier rappel", "final-notice"),
        ("Avis de retard", "formal-notice"),
        ("en attente de règlement", "nudge"),
        ("Échéance prochaine", "heads-up"),
        ("Último recordatorio", "final-notice"),
        ("Aviso de", "formal-notice"),
        ("Pendiente de pago", "nudge"),
        ("Próximo vencimiento", "heads-up"),
        ("Recordatorio:", "reminder"),
        ("Ultimo sollecito", "final-notice"),
        ("Avviso di", "formal-notice"),
        ("In attesa di pagamento", "nudge"),
        ("Prossima scadenza", "heads-up"),
        ("Promemoria:", "reminder"),
        ("最後のご案内", "final-notice"),
        ("お支払いのお願い", "formal-notice"),
        ("ご入金未確認", "nudge"),
        ("お支払い期日のご案内", "heads-up"),
        ("お支払いのご確認", "reminder"),
        ("Rappel", "reminder"),
        (": reminder, ", "reminder"),
        ("Erinnerung:", "reminder"),
        ("sind offen", "reminder"),
        ("Reminder:", "reminder"),
        (" open", "reminder"),
        ("fällig", "heads-up"),
    ];
    marks.into_iter().find(|(mark, _)| text.contains(mark)).map_or("?", |(_, step)| step)
}
