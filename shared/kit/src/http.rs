//! API Gateway's payload version 2, for the functions that answer HTTP without a router.

use aws_lambda_events::{
    apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    encodings::Body,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use serde::Serialize;

use crate::Problem;

/// The body's bytes as they were sent: decoded where API Gateway encoded them.
pub fn body_bytes(request: &ApiGatewayV2httpRequest) -> Result<Vec<u8>, Problem> {
    let Some(body) = &request.body else { return Ok(Vec::new()) };
    if !request.is_base64_encoded {
        return Ok(body.as_bytes().to_vec());
    }
    STANDARD
        .decode(body)
        .map_err(|_| Problem::new(400, "bad-request", "Bad request", "the body is not valid base64 as API Gateway sends it"))
}

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
