//! What a webhook is made of, read from API Gateway's payload version 2.

use base64::{Engine, engine::general_purpose::STANDARD};
use connectors::Headers;
use kit::Problem;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// One request as it came in.
pub struct WebhookRequest {
    /// The part of the path that names the tenant; not checked.
    pub tenant: String,
    /// The part of the path that names the source; not checked.
    pub source: String,
    /// The headers.
    pub headers: Headers,
    /// The bytes of all headers.
    pub header_bytes: usize,
    /// The raw bytes of the body.
    pub body: Vec<u8>,
    /// What follows the question mark of the address.
    pub query: String,
}

/// The parts of the payload that matter here. By hand instead of `lambda_http`, because its `HeaderMap` refuses header values that are not
/// ASCII, and with them the whole request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    path_parameters: Option<HashMap<String, String>>,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl WebhookRequest {
    /// Whether it is only asked what would come of it; an error where that is asked in another form.
    ///
    /// # Errors
    ///
    /// What is wrong with the question.
    pub fn is_trial(&self) -> Result<bool, Problem> {
        let mut asked = self.query.split('&').filter_map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name == "dry_run").then_some(value),
            None => (pair == "dry_run").then_some(""),
        });
        match (asked.next(), asked.next()) {
            (None, _) | (Some("false"), None) => Ok(false),
            (Some("true"), None) => Ok(true),
            (Some(_), _) => Err(Problem::new(400, "bad-request", "Bad request", "'dry_run' is true or false, said once")),
        }
    }

    /// Reads the payload.
    ///
    /// # Errors
    ///
    /// The problem to answer with: the payload is of another form.
    pub fn read(payload: Value) -> Result<Self, Problem> {
        let malformed = |detail: &str| Problem::new(400, "bad-request", "Bad request", detail);
        let payload: Payload =
            serde_json::from_value(payload).map_err(|_| malformed("the request is not one of HTTP as API Gateway sends it"))?;
        let mut parameters = payload.path_parameters.unwrap_or_default();
        let mut parts = payload.raw_path.trim_start_matches('/').split('/').skip(1).map(str::to_owned);
        let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let body = payload.body.unwrap_or_default();
        let body = if payload.is_base64_encoded {
            STANDARD.decode(body).map_err(|_| malformed("the body is not base64 as API Gateway sends it"))?
        } else {
            body.into_bytes()
        };
        let headers = payload.headers.unwrap_or_default();
        Ok(Self {
            tenant: parameters.remove("tenant").unwrap_or(first),
            source: parameters.remove("source").unwrap_or(second),
            header_bytes: headers.iter().map(|(name, value)| name.len() + value.len()).sum(),
            headers: headers.into_iter().collect(),
            body,
            query: payload.raw_query_string,
        })
    }
}
