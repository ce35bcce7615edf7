//! Pages of other origins that may read answers: those that the deployment names, and by default none.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, PUT, POST, PATCH, DELETE");
const SENT: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, if-match, if-none-match, idempotency-key, mcp-protocol-version, x-dunlin-tenant",
);
const SHOWN: HeaderValue =
    HeaderValue::from_static("etag, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, idempotent-replayed");
/// How long a browser remembers what it was told before a request, in seconds.
const REMEMBERED_S: HeaderValue = HeaderValue::from_static("3600");

/// The origins that the deployment names, such as `https://console.example`.
#[derive(Debug)]
pub struct Origins(Vec<String>);

/// An origin that is one of them.
#[derive(Debug)]
pub struct Origin(HeaderValue);

impl Origins {
    /// Reads a list with commas.
    pub fn read(text: &str) -> Self {
        let named = text.split(',').map(|one| one.trim().trim_end_matches('/').to_owned());
        Self(named.filter(|one| !one.is_empty()).collect())
    }

    /// The origin of a request, where it is named.
    pub fn of(&self, headers: &HeaderMap) -> Option<Origin> {
        let origin = headers.get(header::ORIGIN)?;
        let is_named = self.0.iter().any(|named| named.as_bytes() == origin.as_bytes());
        is_named.then(|| Origin(origin.clone()))
    }
}

impl Origin {
    /// What a browser is told that asks before it sends a request.
    pub fn preflight(&self, request: &Request) -> Option<Response> {
        let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if request.method() != Method::OPTIONS || !asks {
            return None;
        }
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, SENT),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S),
        ] {
            headers.insert(name, value);
        }
        self.allow(headers);
        Some(response)
    }

    /// Lets pages of the origin read an answer.
    pub fn allow(&self, headers: &mut HeaderMap) {
        let said: [(HeaderName, HeaderValue); 3] = [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, self.0.clone()),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN),
            (header::VARY, HeaderValue::from_static("origin")),
        ];
        headers.extend(said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_named_whole() {
        let origins = Origins::read("https://console.example, http://127.0.0.1:3000/,");
        for (origin, expected) in [
            ("https://console.example", true),
            ("http://127.0.0.1:3000", true),
            ("https://console.example.evil.example", false),
            ("http://console.example", false),
            ("null", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
            assert_eq!(origins.of(&headers).is_some(), expected, "{origin}");
        }
        assert!(Origins::read("").of(&HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(""))])).is_none());
    }
}
