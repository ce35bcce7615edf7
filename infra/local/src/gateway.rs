//! API Gateway's HTTP API: routes, payload version 2, limits and answers as AWS has them. Functions look themselves who calls.
//!
//! Requests whose request line and headers come to more than 10 KB are refused with 431. A body in a text content type that is
//! not valid UTF-8 is passed on in base64, since an event cannot hold it as text.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use serde_json::{Value, json};

use crate::{
    aws::percent_decode,
    engine::Failure,
    template::{API_ID, model::Route},
    world::World,
};

const HEADER_BYTES_MAX: usize = 10 * 1024;
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(29);

/// Answers one request to the HTTP API.
pub async fn handle(State(world): State<Arc<World>>, request: Request) -> Response {
    answer(&world, request).await
}

/// Answers a request, whoever makes it.
pub(crate) async fn answer(world: &World, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let line = head.method.as_str().len() + head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    let headers: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if line + headers > HEADER_BYTES_MAX {
        return message(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large");
    }
    let Some((route, parameters)) = find_route(&world.template.routes, head.method.as_str(), head.uri.path()) else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let event = event(world, route, parameters, &head, &body);
    match tokio::time::timeout(TIMEOUT, world.invoke(&route.function, event)).await {
        Ok(Ok(answer)) => respond(answer),
        Ok(Err(Failure::TimedOut)) | Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Ok(Err(failure)) => {
            tracing::warn!("{} failed on {}: {failure}", route.function, route.path);
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

fn message(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(json!({ "message": text }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The route that takes the request: the most specific path first, a named method before `ANY`.
fn find_route<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<(&'a Route, BTreeMap<String, String>)> {
    let takes = |route: &&Route| route.method == method || route.method == "ANY";
    routes
        .iter()
        .filter(takes)
        .filter_map(|route| {
            let (rank, parameters) = match_path(&route.path, path)?;
            Some(((rank, route.method == "ANY"), route, parameters))
        })
        .min_by(|(left, ..), (right, ..)| left.cmp(right))
        .map(|(_, route, parameters)| (route, parameters))
}

/// Per segment: 0 literal, 1 parameter, 2 the rest; lower is more specific.
fn match_path(pattern: &str, path: &str) -> Option<(Vec<u8>, BTreeMap<String, String>)> {
    if pattern == "$default" {
        return Some((vec![3], BTreeMap::new()));
    }
    let mut rank = Vec::new();
    let mut parameters = BTreeMap::new();
    let mut rest: Option<&str> = Some(path.strip_prefix('/')?);
    for segment in pattern.trim_start_matches('/').split('/') {
        let here = rest?;
        if let Some(name) = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix("+}")) {
            rank.push(2);
            parameters.insert(name.to_owned(), percent_decode(here));
            return (!here.is_empty()).then_some((rank, parameters));
        }
        let (own, after) = match here.split_once('/') {
            Some((own, after)) => (own, Some(after)),
            None => (here, None),
        };
        match segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) {
            Some(_) if own.is_empty() => return None,
            Some(name) => {
                rank.push(1);
                parameters.insert(name.to_owned(), percent_decode(own));
            }
            None if own == segment => rank.push(0),
            None => return None,
        }
        rest = after;
    }
    // A trailing slash is another path.
    rest.is_none().then_some((rank, parameters))
}

fn event(world: &World, route: &Route, parameters: BTreeMap<String, String>, head: &Parts, body: &[u8]) -> Value {
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    let method = head.method.as_str();
    let route_key = if route.path == "$default" { route.path.clone() } else { format!("{} {}", route.method, route.path) };
    let now = world.clock.now();
    let host = text(&head.headers, "host");
    let context = json!({
        "accountId": world.template.place.account,
        "apiId": API_ID,
        "domainName": host,
        "domainPrefix": host.split('.').next(),
        "http": {
            "method": method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": text(&head.headers, "user-agent"),
        },
        "requestId": world.new_id(),
        "routeKey": route_key,
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "timeEpoch": now.as_millisecond(),
    });
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": joined_headers(&head.headers),
        "requestContext": context,
        "isBase64Encoded": false,
    });
    let cookies: Vec<String> = text(&head.headers, "cookie").split("; ").filter(|c| !c.is_empty()).map(str::to_owned).collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query_parameters(query));
    }
    if !parameters.is_empty() {
        event["pathParameters"] = json!(parameters);
    }
    if !body.is_empty() {
        match std::str::from_utf8(body) {
            Ok(body) if is_text(&text(&head.headers, "content-type")) => event["body"] = json!(body),
            _ => {
                event["body"] = json!(STANDARD.encode(body));
                event["isBase64Encoded"] = json!(true);
            }
        }
    }
    event
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// Names in lower case, repeated values joined by commas, cookies apart.
fn joined_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut out = BTreeMap::<String, String>::new();
    for (name, value) in headers.iter().filter(|(name, _)| *name != header::COOKIE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        out.entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    out
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::<String, String>::new();
    for (key, value) in crate::aws::form(query.as_bytes()) {
        out.entry(key)
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert(value);
    }
    out
}

fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/") || ["application/json", "application/xml", "application/javascript"].contains(&kind.as_str())
}

/// A function's answer as HTTP; one without a status is a 200 in JSON, as API Gateway reads it.
fn respond(answer: Value) -> Response {
    let Some(status) = answer.get("statusCode") else {
        let mut response = message(StatusCode::OK, "");
        *response.body_mut() = Body::from(answer.as_str().map_or_else(|| answer.to_string(), str::to_owned));
        return response;
    };
    let status =
        status.as_u64().and_then(|status| u16::try_from(status).ok()).and_then(|status| StatusCode::from_u16(status).ok());
    let Some(status) = status else { return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error") };
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let is_encoded = answer.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default();
    let body = if is_encoded { STANDARD.decode(body).ok() } else { Some(body.as_bytes().to_vec()) };
    let Some(body) = body.filter(|body| body.len() <= ANSWER_BYTES_MAX) else {
        return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (section, replaces) in [("headers", true), ("multiValueHeaders", false)] {
        for (name, values) in answer.get(section).and_then(Value::as_object).into_iter().flatten() {
            let values = match values {
                Value::Array(values) => values.clone(),
                one => vec![one.clone()],
            };
            let Ok(name) = name.parse::<HeaderName>() else { continue };
            for value in values {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let Ok(value) = HeaderValue::from_str(&value) else { continue };
                let headers = response.headers_mut();
                if replaces {
                    headers.insert(name.clone(), value);
                } else if !headers.get_all(&name).iter().any(|own| own == value) {
                    headers.append(name.clone(), value);
                }
            }
        }
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    if !response.headers().contains_key(header::CONTENT_TYPE) {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_route_takes_the_request() {
        let route =
            |method: &str, path: &str| Route { method: method.to_owned(), path: path.to_owned(), function: path.to_owned() };
        let routes = [
            route("POST", "/webhooks/{tenant}/{source}"),
            route("POST", "/webhooks/app/{source}"),
            route("ANY", "/v1/{proxy+}"),
            route("GET", "/p/{link}"),
            route("GET", "/p/{link}/{proxy+}"),
        ];
        for (method, path, expected) in [
            ("POST", "/webhooks/acme/stripe", Some("/webhooks/{tenant}/{source}")),
            ("POST", "/webhooks/app/xero", Some("/webhooks/app/{source}")),
            ("GET", "/webhooks/app/xero", None),
            ("DELETE", "/v1/a/b", Some("/v1/{proxy+}")),
            ("GET", "/v1", None),
            ("GET", "/v1/", None),
            ("GET", "/p/t", Some("/p/{link}")),
            ("GET", "/p/t/", None),
            ("GET", "/p/t/opt-out", Some("/p/{link}/{proxy+}")),
            ("POST", "/webhooks/acme/stripe/", None),
            ("GET", "/", None),
        ] {
            let found = find_route(&routes, method, path).map(|(route, _)| route.path.as_str());
            assert_eq!(found, expected, "{method} {path}");
        }
        let (_, parameters) = find_route(&routes, "POST", "/webhooks/a%20b/s").unwrap();
        assert_eq!(parameters["tenant"], "a b");
    }
}
