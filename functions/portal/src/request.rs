//! A request as API Gateway's payload version 2 brings it.
//!
//! By hand instead of `lambda_http`: of an anonymous request three texts count and the length of a fourth. Nothing else of it is decoded, and
//! the function, which is opened from mails, carries no HTTP types.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    labels::{PageLabels, accepted, header},
    statement::PageNumber,
};

/// Longest form; what stands in it is not looked at.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Pages of a statement at most: 60,000 items.
const PAGES_MAX: u32 = 1_500;
/// Longest text that says where a page begins.
const AFTER_CHARS_MAX: usize = 400;

/// What of a request counts here: the body of one says nothing that its address does not.
#[derive(Clone, Debug)]
pub struct PortalRequest {
    pub method: String,
    path: String,
    query: Vec<(String, String)>,
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
        if sent.len() > 2 * BODY_BYTES_MAX {
            return Ok(Err(413));
        }
        let bytes = if event.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) {
            match STANDARD.decode(sent) {
                Ok(body) => body.len(),
                Err(_) => return Ok(Err(400)),
            }
        } else {
            sent.len()
        };
        if bytes > BODY_BYTES_MAX {
            return Ok(Err(413));
        }
        Ok(Ok(Self {
            method: method.to_owned(),
            path: text("/rawPath").unwrap_or_default().to_owned(),
            query: pairs(text("/rawQueryString").unwrap_or_default()),
            language: accepted(event).to_owned(),
            accept: header(event, "accept").unwrap_or_default().to_owned(),
        }))
    }

    /// The link and what follows it: `/p/{stop}/opt-out`.
    pub fn place(&self) -> Option<(&str, &str)> {
        let rest = self.path.strip_prefix("/p/")?;
        let (link, rest) = rest.split_once('/').unwrap_or((rest, ""));
        (!link.is_empty()).then_some((link, rest))
    }

    /// A value of the address.
    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
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

    /// Whether a program asks, which reads JSON: what it names first or likes best counts (RFC 9110, 12.5.1). A browser names pages.
    pub fn wants_json(&self) -> bool {
        let quality = |wanted: &[&str]| {
            let parts = self.accept.split(',').filter_map(|part| {
                let mut parameters = part.split(';').map(str::trim);
                let named = parameters.next()?;
                let given = parameters.find_map(|parameter| parameter.strip_prefix("q="));
                wanted.iter().any(|wanted| named.eq_ignore_ascii_case(wanted)).then(|| thousandths(given.unwrap_or("1")))
            });
            parts.max().unwrap_or(0)
        };
        quality(&["application/json"]) > quality(&["text/html", "application/xhtml+xml"])
    }

    /// The words for a visitor whom no link names.
    pub fn words(&self) -> &'static PageLabels {
        PageLabels::of(&self.language)
    }
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

/// Names and values of a query.
fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().take(20).collect()
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
            assert_eq!(pairs(text), expected, "{text}");
        }
    }
}
