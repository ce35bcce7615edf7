//! Answers in API Gateway's payload version 2, for the functions that answer HTTP without a router.

use aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use serde::Serialize;

use crate::Problem;

/// An answer without a body.
pub fn empty(status: u16) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(status);
    response
}

/// An answer in JSON.
pub fn json(status: u16, value: &impl Serialize) -> ApiGatewayV2httpResponse {
    with_body(status, "application/json", serde_json::to_string(value).unwrap_or_default())
}

/// A problem document as an answer.
pub fn problem(problem: &Problem) -> ApiGatewayV2httpResponse {
    with_body(problem.status, "application/problem+json", serde_json::to_string(problem).unwrap_or_default())
}

fn with_body(status: u16, content_type: &'static str, body: String) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let mut response = empty(status);
    response.headers = headers;
    response.body = Some(Body::Text(body));
    response
}
