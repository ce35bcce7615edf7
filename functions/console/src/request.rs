//! A request as API Gateway's payload version 2 brings it. By hand, as the portal reads its own.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// Longest body, in bytes: a workflow as JSON fits.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// A form, as browsers name it.
const FORM: &str = "application/x-www-form-urlencoded";
/// Fields of a form at most.
const FIELDS_MAX: usize = 2_000;
/// Values of an address at most.
const QUERY_MAX: usize = 50;
/// Cookies that are looked at.
const COOKIES_MAX: usize = 30;

/// What of a request counts here.
#[derive(Clone, Debug)]
pub struct ConsoleRequest {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    cookies: Vec<String>,
    form: Option<Vec<(String, String)>>,
    origin: Option<String>,
    site: Option<String>,
    referer: Option<String>,
    agent: Option<String>,
    host: String,
    in_place: bool,
}

impl ConsoleRequest {
    /// Reads an event; the inner error is a status.
    ///
    /// # Errors
    ///
    /// When the event is no request of payload version 2.
    pub fn read(event: &Value) -> Result<Result<Self, u16>, lambda_runtime::Error> {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let method = text("/requestContext/http/method").ok_or("the event has no method: it is no payload of version 2")?;
        let sent = text("/body").unwrap_or_default();
        if sent.len() > 2 * BODY_BYTES_MAX {
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
        if body.len() > BODY_BYTES_MAX {
            return Ok(Err(413));
        }
        let own = |name: &str| header(event, name).map(str::to_owned);
        let kind = header(event, "content-type").and_then(|kind| kind.split(';').next()).unwrap_or_default();
        let is_form = method == "POST" && kind.trim().eq_ignore_ascii_case(FORM);
        let form = is_form.then(|| fields(&body));
        if form.as_ref().is_some_and(|fields| fields.len() > FIELDS_MAX) {
            return Ok(Err(413));
        }
        let query = form_urlencoded::parse(text("/rawQueryString").unwrap_or_default().as_bytes());
        Ok(Ok(Self {
            method: method.to_owned(),
            path: text("/rawPath").unwrap_or_default().to_owned(),
            query: query.into_owned().take(QUERY_MAX).collect(),
            cookies: cookies(event),
            form,
            origin: own("origin"),
            site: own("sec-fetch-site"),
            referer: own("referer"),
            agent: own("user-agent"),
            host: host(event),
            in_place: header(event, "hx-request").is_some(),
        }))
    }

    /// `GET`, `POST` or another; `HEAD` reads as `GET`.
    pub fn method(&self) -> &str {
        if self.method == "HEAD" { "GET" } else { &self.method }
    }

    /// The path, without a slash at its end.
    pub fn path(&self) -> &str {
        self.path.trim_end_matches('/')
    }

    /// A value of the address; an empty one counts as none.
    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name).filter(|value| !value.is_empty())
    }

    /// The same page with other values in its address: `None` leaves one out. Values that were empty are left out too.
    pub fn address_with(&self, changes: &[(&str, Option<&str>)]) -> String {
        let changed = |name: &str| changes.iter().any(|(known, _)| *known == name);
        let kept = self.query.iter().filter(|(name, value)| !changed(name) && !value.is_empty());
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let new = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept.chain(new)).finish();
        if query.is_empty() { self.path().to_owned() } else { format!("{}?{query}", self.path()) }
    }

    /// This page with all that its address says.
    pub fn address(&self) -> String {
        self.address_with(&[])
    }

    /// The page that led here, where it is one of ours.
    pub fn came_from(&self) -> Option<&str> {
        let path = self.referer.as_deref()?.strip_prefix(&self.host)?;
        is_ours(path).then_some(path)
    }

    /// The values of the cookies of a name.
    pub fn cookies<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.cookies
            .iter()
            .filter_map(move |cookie| cookie.split_once('=').filter(|(known, _)| *known == name).map(|(_, value)| value))
    }

    /// The fields of the form that was posted; `None` of a body that is none.
    pub fn form(&self) -> Option<&[(String, String)]> {
        self.form.as_deref()
    }

    /// The host that was asked, as an address without a path.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the browser calls itself.
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// Whether htmx asks, which puts a part of the answer in the place of a part of a page.
    pub fn is_in_place(&self) -> bool {
        self.in_place
    }

    /// Whether a page of ours posted this, as far as browsers say it: the origin must be named and be one of these. A page of the portal names
    /// none, since it has no referrer.
    pub fn is_posted_by(&self, origins: &[&str]) -> bool {
        let is_same = |origin: &String| origins.iter().any(|known| known.eq_ignore_ascii_case(origin));
        let is_same_site = self.site.as_deref().is_none_or(|site| site.eq_ignore_ascii_case("same-origin"));
        is_same_site && self.origin.as_ref().is_some_and(is_same)
    }
}

/// Whether an address leads to a page of the console and nowhere else.
pub fn is_ours(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let is_plain = address.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\');
    // A browser reads `%2e` as a point where it goes up.
    let goes_up = path.split('/').any(|part| part.to_ascii_lowercase().replace("%2e", ".") == "..");
    is_plain && (path == "/console" || path.starts_with("/console/")) && !goes_up
}

/// The fields of a form, with line breaks as everywhere else but in forms.
fn fields(body: &[u8]) -> Vec<(String, String)> {
    let lines = |value: String| if value.contains('\r') { value.replace("\r\n", "\n").replace('\r', "\n") } else { value };
    form_urlencoded::parse(body).into_owned().take(FIELDS_MAX + 1).map(|(name, value)| (name, lines(value))).collect()
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A header, whatever the case of its name.
fn header<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    let headers = event.get("headers").and_then(Value::as_object)?;
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event: &Value) -> ConsoleRequest {
        ConsoleRequest::read(event).unwrap().unwrap()
    }

    #[test]
    fn only_a_page_of_ours_posts() {
        for (headers, expected) in [
            (json!({"Origin": "https://a.example", "Sec-Fetch-Site": "same-origin"}), true),
            (json!({"origin": "https://A.example"}), true),
            (json!({"origin": "https://own.example"}), true),
            (json!({}), false),
            // A page without a referrer, as each of the portal's is, says `null`.
            (json!({"origin": "null", "sec-fetch-site": "same-origin"}), false),
            (json!({"origin": "https://a.example", "sec-fetch-site": "same-site"}), false),
            (json!({"origin": "https://a.example.evil.example"}), false),
            (json!({"origin": "http://a.example"}), false),
        ] {
            let event = json!({"requestContext": {"http": {"method": "POST"}, "domainName": "a.example"}, "headers": headers});
            let read = read(&event);
            assert_eq!(read.is_posted_by(&[read.host(), "https://own.example"]), expected, "{headers}");
        }
    }

    #[test]
    fn an_address_is_ours_or_is_not_followed() {
        for (address, expected) in [
            ("/console", true),
            ("/console/customers?q=a%20b", true),
            ("/console/..", false),
            ("/console/../v1/me", false),
            ("/console/%2e%2E/p/x", false),
            ("/console/.%2e/p/x", false),
            ("/console/customers/a%2eb..c", true),
            ("/consoles", false),
            ("//evil.example/console", false),
            ("https://evil.example/console", false),
            ("/console/\\evil.example", false),
            ("/console/ x", false),
            ("/p/x", false),
            ("", false),
        ] {
            assert_eq!(is_ours(address), expected, "{address}");
        }
    }

    #[test]
    fn an_address_is_changed_by_name() {
        let event = json!({
            "requestContext": {"http": {"method": "GET"}}, "rawPath": "/console/customers/",
            "rawQueryString": "q=&sort=name&cursor=abc&x=%C3%BC+%26",
        });
        let read = read(&event);
        assert_eq!(read.address(), "/console/customers?sort=name&cursor=abc&x=%C3%BC+%26");
        assert_eq!(read.address_with(&[("cursor", None), ("sort", Some("-name"))]), "/console/customers?x=%C3%BC+%26&sort=-name");
        assert_eq!((read.query("q"), read.query("sort"), read.query("x")), (None, Some("name"), Some("ü &")));
    }

    #[test]
    fn forms_read_and_nothing_else_does() {
        let posted = |kind: &str, body: &str| {
            let event = json!({
                "requestContext": {"http": {"method": "POST"}}, "rawPath": "/console/x", "headers": {"Content-Type": kind}, "body": body,
            });
            ConsoleRequest::read(&event).unwrap()
        };
        let form = posted(&format!("{FORM}; charset=utf-8"), "a=1%0D%0A2&a=3").unwrap();
        assert_eq!(form.form(), Some([("a", "1\n2"), ("a", "3")].map(|(a, b)| (a.to_owned(), b.to_owned())).as_slice()));
        assert_eq!(posted("application/json", "{}").unwrap().form(), None);
        assert_eq!(posted(FORM, &"a&".repeat(FIELDS_MAX + 1)).unwrap_err(), 413);
        assert_eq!(posted("text/plain", &"x".repeat(BODY_BYTES_MAX + 1)).unwrap_err(), 413);
    }
}
