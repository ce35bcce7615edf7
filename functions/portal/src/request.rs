//! A request as API Gateway's payload version 2 brings it.
//!
//! By hand instead of `lambda_http`: of an anonymous request three texts count and the length of a fourth. Nothing else of it is decoded, and
//! the function, which is opened from mails, carries no HTTP types.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::labels::{PageLabels, accepted};

/// Longest form; what stands in it is not looked at.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// What of a request counts here: the body of one says nothing that its address does not.
#[derive(Clone, Debug)]
pub struct PortalRequest {
    pub method: String,
    path: String,
    query: Vec<(String, String)>,
    language: String,
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

    /// The words for a visitor whom no link names.
    pub fn words(&self) -> &'static PageLabels {
        PageLabels::of(&self.language)
    }
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
