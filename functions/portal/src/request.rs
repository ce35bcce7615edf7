//! A request as API Gateway's payload version 2 brings it.
//!
//! By hand instead of `lambda_http`: of an anonymous request a few texts count, and the fields of a form. Nothing else of it is decoded, and the
//! function, which is opened from mails, carries no HTTP types.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    labels::{PageLabels, accepted, header},
    page_wanted::StatementForm,
    statement::PageNumber,
};

/// Longest form, and longest body of a call, in bytes: what a customer wrote may be much longer than is taken, and comes back to be shortened.
const FORM_BYTES_MAX: usize = 128 * 1024;
/// A form, as browsers name it.
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
/// A signed statement (RFC 7515).
const SIGNED: &str = "application/jose";
const PAGES: [&str; 2] = ["text/html", "application/xhtml+xml"];
/// Longest other body; what stands in it is not looked at.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Fields of a form at most: a promise may name 500 invoices.
const FIELDS_MAX: usize = 600;
/// Cookies that are looked at.
const COOKIES_MAX: usize = 20;

/// Pages of a statement at most: 60,000 items.
const PAGES_MAX: u32 = 1_500;
/// Longest text that says where a page begins.
const AFTER_CHARS_MAX: usize = 400;

/// What of a request counts here.
#[derive(Clone, Debug)]
pub struct PortalRequest {
    pub method: String,
    path: String,
    query: Vec<(String, String)>,
    cookies: Vec<String>,
    /// The fields of a form, in order; `None` where the body is none.
    form: Option<Vec<(String, String)>>,
    /// The body of a call; `None` where it is none.
    json: Option<Vec<u8>>,
    /// What tells a call from others (`Idempotency-Key`).
    key: Option<String>,
    is_from_elsewhere: bool,
    host: String,
    language: String,
    accept: String,
}

impl PortalRequest {
    /// Reads an event; the inner error is a status for the visitor.
    ///
    /// # Errors
    ///
    /// When the event is no request of payload version 2.
    pub fn read(event: &Value) -> Result<Result<Self, u16>, lambda_runtime::Error> {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let method = text("/requestContext/http/method").ok_or("the event has no method: it is no payload of version 2")?;
        let sent = text("/body").unwrap_or_default();
        let is_of = |kind: &str| header(event, "content-type").is_some_and(|named| is_named(named, kind));
        let (is_form, is_json) = (is_of(FORM), is_of(JSON));
        let most = if is_form || is_json { FORM_BYTES_MAX } else { BODY_BYTES_MAX };
        if sent.len() > 2 * most {
            return Ok(Err(413));
        }
        let body = if event.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) {
            match STANDARD.decode(sent) {
                Ok(body) => body,
                Err(_) => return Ok(Err(400)),
            }
        } else {
            sent.as_bytes().to_vec()
        };
        if body.len() > most {
            return Ok(Err(413));
        }
        let form = (is_form && method == "POST").then(|| fields(&body));
        if form.as_ref().is_some_and(|fields| fields.len() > FIELDS_MAX) {
            return Ok(Err(413));
        }
        Ok(Ok(Self {
            method: method.to_owned(),
            path: text("/rawPath").unwrap_or_default().to_owned(),
            cookies: cookies(event),
            query: pairs(text("/rawQueryString").unwrap_or_default().as_bytes(), 20),
            form,
            json: (is_json && method == "POST").then_some(body),
            key: header(event, "idempotency-key").map(|key| key.trim().to_owned()),
            is_from_elsewhere: is_from_elsewhere(event),
            host: host(event),
            language: accepted(event).to_owned(),
            accept: header(event, "accept").unwrap_or_default().to_owned(),
        }))
    }

    /// The host that was asked, as an address without a path.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The link and what follows it: `/p/{stop}/opt-out`.
    pub fn place(&self) -> Option<(&str, &str)> {
        let rest = self.path.strip_prefix("/p/")?;
        let (link, rest) = rest.split_once('/').unwrap_or((rest, ""));
        (!link.is_empty()).then_some((link, rest))
    }

    /// The code and what follows it in a short address: `/s/{code}/stop`.
    pub(crate) fn short(&self) -> Option<(&str, &str)> {
        let rest = self.path.strip_prefix("/s/")?;
        Some(rest.split_once('/').unwrap_or((rest, "")))
    }

    /// A value of the address.
    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The values of the cookies of a name.
    pub(crate) fn cookies<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.cookies
            .iter()
            .filter_map(move |cookie| cookie.split_once('=').filter(|(known, _)| *known == name).map(|(_, value)| value))
    }

    /// The fields of the form that was posted: nothing of a body that is no form.
    pub(crate) fn form(&self) -> Option<&[(String, String)]> {
        self.form.as_deref()
    }

    /// The status for a request that no form of a customer takes, whatever it says: 405, 403 for one that another site's page made, 415 for a
    /// body that is no form.
    pub(crate) fn refused_by_forms(&self) -> Option<u16> {
        match self.method.as_str() {
            "GET" | "HEAD" => None,
            "POST" if self.is_from_elsewhere => Some(403),
            "POST" if self.form.is_none() => Some(415),
            "POST" => None,
            _ => Some(405),
        }
    }

    /// The body of a call; nothing of a body that is no JSON.
    pub(crate) fn json(&self) -> Option<&[u8]> {
        self.json.as_deref()
    }

    /// What tells a call from others, as it was sent.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The status for a request that no call takes, whatever it says: as [`PortalRequest::refused_by_forms`] for what is no JSON.
    pub(crate) fn refused_by_calls(&self, takes: &str) -> Option<u16> {
        match (takes, self.method.as_str()) {
            ("GET", "GET" | "HEAD") => None,
            ("POST", "POST") if self.is_from_elsewhere => Some(403),
            ("POST", "POST") if self.json.is_none() => Some(415),
            ("POST", "POST") => None,
            _ => Some(405),
        }
    }

    /// Which page of the statement: the first for what is no number.
    pub(crate) fn page(&self) -> PageNumber {
        let number = self.query("page").and_then(|page| page.parse::<u32>().ok()).filter(|page| (1..=PAGES_MAX).contains(page));
        let is_ours = |after: &&str| {
            (1..=AFTER_CHARS_MAX).contains(&after.len())
                && after.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        PageNumber { number: number.unwrap_or(1), after: self.query("after").filter(is_ours).map(str::to_owned) }
    }

    /// What to add to an address so that it leads to the same page again.
    pub(crate) fn page_again(&self) -> String {
        let page = self.page();
        match &page.after {
            Some(after) => format!("?page={}&after={after}", page.number),
            None if page.number > 1 => format!("?page={}", page.number),
            None => String::new(),
        }
    }

    /// Whether a program asks, which reads JSON: what it names first or likes best counts (RFC 9110, 12.5.1). A browser names pages.
    pub fn wants_json(&self) -> bool {
        self.likes(&[JSON, SIGNED]) > self.likes(&PAGES)
    }

    /// How the statement is wanted: signed where that is liked as well as JSON that is not.
    pub(crate) fn statement_form(&self) -> StatementForm {
        let (signed, json, pages) = (self.likes(&[SIGNED]), self.likes(&[JSON]), self.likes(&PAGES));
        if signed > pages && signed >= json {
            StatementForm::Signed
        } else if json > pages {
            StatementForm::Data
        } else {
            StatementForm::Page
        }
    }

    /// How much whoever asks likes one of these forms, in thousandths.
    fn likes(&self, wanted: &[&str]) -> u32 {
        let parts = self.accept.split(',').filter_map(|part| {
            let mut parameters = part.split(';').map(str::trim);
            let named = parameters.next()?;
            let given = parameters.find_map(|parameter| parameter.strip_prefix("q="));
            wanted.iter().any(|wanted| named.eq_ignore_ascii_case(wanted)).then(|| thousandths(given.unwrap_or("1")))
        });
        parts.max().unwrap_or(0)
    }

    /// The words for a visitor whom no link names.
    pub fn words(&self) -> &'static PageLabels {
        PageLabels::of(&self.language)
    }
}

/// Whether a request has a body of JSON: then a program sent it, whatever it accepts.
pub(crate) fn sends_json(event: &Value) -> bool {
    header(event, "content-type").is_some_and(|named| is_named(named, JSON))
}

/// Whether a content type is of a kind, whatever its parameters.
fn is_named(content_type: &str, kind: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}

/// The fields of a form, with line breaks as everywhere else but in forms.
fn fields(body: &[u8]) -> Vec<(String, String)> {
    let lines = |value: String| if value.contains('\r') { value.replace("\r\n", "\n").replace('\r', "\n") } else { value };
    form_urlencoded::parse(body).into_owned().take(FIELDS_MAX + 1).map(|(name, value)| (name, lines(value))).collect()
}

/// Whether another site's page made the request, as far as the browser says so. `Sec-Fetch-Site` alone counts where there is one. Else the origin is
/// held against the host; it is `null` of our own pages, which name no referrer.
fn is_from_elsewhere(event: &Value) -> bool {
    if let Some(site) = header(event, "sec-fetch-site") {
        return !["same-origin", "none"].iter().any(|known| site.eq_ignore_ascii_case(known));
    }
    let Some(origin) = header(event, "origin").filter(|origin| !origin.eq_ignore_ascii_case("null")) else { return false };
    let named = origin.split_once("://").map_or(origin, |(_, host)| host);
    let domain = event.pointer("/requestContext/domainName").and_then(Value::as_str);
    let hosts = [header(event, "host"), domain];
    !hosts.into_iter().flatten().any(|host| host.eq_ignore_ascii_case(named))
}

/// How much somebody likes a form, in thousandths: `0.8`.
fn thousandths(text: &str) -> u32 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().take(3).collect();
    let part = format!("{part:0<3}").parse::<u32>().unwrap_or(0);
    whole.parse::<u32>().unwrap_or(0).min(1) * 1_000 + part
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The host as API Gateway names itself; on loopback the one of the header, which has the port.
fn host(event: &Value) -> String {
    let domain = event.pointer("/requestContext/domainName").and_then(Value::as_str).unwrap_or_default();
    if ["127.0.0.1", "localhost"].iter().any(|name| domain.split(':').next() == Some(name)) {
        return format!("http://{}", header(event, "host").unwrap_or(domain));
    }
    format!("https://{domain}")
}

/// The cookies that a browser sent, `name=value` each.
fn cookies(event: &Value) -> Vec<String> {
    let all = event.get("cookies").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).take(COOKIES_MAX).map(|cookie| cookie.trim().to_owned()).collect()
}

/// Names and values of a query or form.
fn pairs(text: &[u8], most: usize) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_a_page_and_a_program_json() {
        for (accept, expected) in [
            ("application/json", true),
            ("APPLICATION/JSON", true),
            ("application/json, */*;q=0.1", true),
            ("application/json;q=0.9, text/html;q=0.8", true),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
            ("application/json;q=0.5, text/html", false),
            ("application/json, text/html", false),
            ("application/json;q=0", false),
            ("*/*", false),
            ("", false),
        ] {
            let event = serde_json::json!({
                "requestContext": {"http": {"method": "GET"}}, "rawPath": "/p/x", "headers": {"Accept": accept},
            });
            assert_eq!(PortalRequest::read(&event).unwrap().unwrap().wants_json(), expected, "{accept}");
        }
    }

    #[test]
    fn a_statement_is_signed_for_whoever_asks_for_that() {
        for (accept, expected) in [
            ("application/jose", StatementForm::Signed),
            ("application/jose, application/json", StatementForm::Signed),
            ("application/jose;q=0.5, application/json", StatementForm::Data),
            ("application/jose, text/html", StatementForm::Page),
            ("application/json", StatementForm::Data),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", StatementForm::Page),
            ("*/*", StatementForm::Page),
        ] {
            let event = serde_json::json!({
                "requestContext": {"http": {"method": "GET"}}, "rawPath": "/p/x", "headers": {"Accept": accept},
            });
            assert_eq!(PortalRequest::read(&event).unwrap().unwrap().statement_form(), expected, "{accept}");
        }
    }

    #[test]
    fn calls_are_json_that_no_other_sites_page_sent() {
        let called = |method: &str, headers: serde_json::Value, takes: &str| {
            let event = serde_json::json!({
                "requestContext": {"http": {"method": method}}, "rawPath": "/p/x/promises", "headers": headers, "body": "{}",
            });
            let read = PortalRequest::read(&event).unwrap().unwrap();
            (read.json().is_some(), read.refused_by_calls(takes))
        };
        let json = || serde_json::json!({"Content-Type": "application/json; charset=utf-8"});
        assert_eq!(called("POST", json(), "POST"), (true, None));
        assert_eq!(called("GET", json(), "POST"), (false, Some(405)));
        assert_eq!(called("GET", json(), "GET"), (false, None));
        assert_eq!(called("POST", json(), "GET"), (true, Some(405)));
        assert_eq!(called("PUT", json(), "POST"), (false, Some(405)));
        let form = serde_json::json!({"content-type": "application/x-www-form-urlencoded"});
        assert_eq!(called("POST", form, "POST"), (false, Some(415)));
        assert_eq!(called("POST", serde_json::json!({}), "POST"), (false, Some(415)));
        let elsewhere = serde_json::json!({"content-type": "application/json", "sec-fetch-site": "cross-site"});
        assert_eq!(called("POST", elsewhere, "POST"), (true, Some(403)));
    }

    #[test]
    fn what_another_sites_page_posts_is_known() {
        for (headers, expected) in [
            (serde_json::json!({}), false),
            (serde_json::json!({"Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"}), false),
            (serde_json::json!({"sec-fetch-site": "none"}), false),
            (serde_json::json!({"sec-fetch-site": "cross-site"}), true),
            (serde_json::json!({"sec-fetch-site": "same-site", "host": "pay.acme.example"}), true),
            (serde_json::json!({"origin": "null", "host": "pay.acme.example"}), false),
            (serde_json::json!({"origin": "https://pay.acme.example", "host": "PAY.acme.example"}), false),
            (serde_json::json!({"origin": "https://api.dunlin.example", "host": "pay.acme.example"}), false),
            (serde_json::json!({"origin": "https://elsewhere.example", "host": "pay.acme.example"}), true),
            (serde_json::json!({"origin": "https://pay.acme.example.evil.example", "host": "pay.acme.example"}), true),
        ] {
            let event = serde_json::json!({"requestContext": {"domainName": "api.dunlin.example"}, "headers": headers});
            assert_eq!(is_from_elsewhere(&event), expected, "{headers}");
        }
    }

    #[test]
    fn forms_read_and_nothing_else_does() {
        let posted = |content_type: &str, body: &str, is_base64: bool| {
            let event = serde_json::json!({
                "requestContext": {"http": {"method": "POST"}}, "rawPath": "/p/x", "headers": {"Content-Type": content_type},
                "body": body, "isBase64Encoded": is_base64,
            });
            PortalRequest::read(&event).unwrap()
        };
        let urlencoded = "application/x-www-form-urlencoded";
        let read = posted(&format!("{urlencoded}; charset=utf-8"), "a=1&a=2&b=x%0D%0Ay+%C3%BC", false).unwrap();
        let expected = [("a", "1"), ("a", "2"), ("b", "x\ny ü")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((read.form(), read.refused_by_forms()), (Some(expected.as_slice()), None));
        assert_eq!(posted(urlencoded, "YT0x", true).unwrap().form().unwrap().len(), 1);
        for other in ["", "multipart/form-data; boundary=x", "application/json", "text/plain"] {
            let read = posted(other, "a=1", false).unwrap();
            assert_eq!((read.form(), read.refused_by_forms()), (None, Some(415)), "{other}");
        }
        assert_eq!(posted(urlencoded, &format!("a={}", "x".repeat(100_000)), false).unwrap().form().unwrap().len(), 1);
        assert_eq!(posted(urlencoded, &"x".repeat(FORM_BYTES_MAX + 1), false).unwrap_err(), 413);
        assert_eq!(posted(urlencoded, &"a&".repeat(FIELDS_MAX + 1), false).unwrap_err(), 413);
        assert_eq!(posted("", &"x".repeat(BODY_BYTES_MAX + 1), false).unwrap_err(), 413);
    }

    #[test]
    fn cookies_of_a_name_are_found() {
        let event = serde_json::json!({
            "requestContext": {"http": {"method": "GET"}}, "rawPath": "/p/x",
            "cookies": ["confirmed=1.a=b", "other=confirmed=2", " confirmed=3", "confirmed", "Confirmed=4"],
        });
        let read = PortalRequest::read(&event).unwrap().unwrap();
        assert_eq!(read.cookies("confirmed").collect::<Vec<_>>(), ["1.a=b", "3"]);
        assert_eq!(read.cookies("elsewhere").count(), 0);
    }

    #[test]
    fn queries_read() {
        for (text, expected) in [
            ("a=1&b=x%20y+z", vec![("a", "1"), ("b", "x y z")]),
            ("c=%23%C3%BC", vec![("c", "#ü")]),
            ("c=%zz%4", vec![("c", "%zz%4")]),
            ("c=%ü", vec![("c", "%ü")]),
            ("", vec![]),
            ("a", vec![("a", "")]),
        ] {
            let expected: Vec<(String, String)> = expected.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
            assert_eq!(pairs(text.as_bytes(), 20), expected, "{text}");
        }
    }
}
