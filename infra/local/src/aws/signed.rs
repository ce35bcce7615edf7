//! What people send and fetch by forms and links that a function signed: checked as S3 checks it.
//!
//! By hand instead of `multer`: a form is read from memory up to its file, in one way.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use files::{SigningScope, encoded, hex_signature, query_signature};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};
use serde_json::Value;

use super::{Answer, Call, percent_decode, respond, xml_error as error, xml_error_saying};
use crate::world::World;

/// The secret of the credentials that functions have here ([`kit::Clients::at_endpoint`]).
const SECRET: &str = "local";

/// Whether a body is a form with a file.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    boundary(headers).is_some()
}

/// Whether a request is of whoever has a form or link.
pub(super) fn is_signed_by_hand(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    *method == Method::POST && is_form(headers) || path.contains("X-Amz-Signature=")
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    let rest = kind.strip_prefix("multipart/form-data")?;
    let boundary = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    Some(boundary.trim_matches('"').to_owned())
}

/// A form: its fields in order, the file last.
struct Posted {
    fields: Vec<(String, String)>,
    file: Bytes,
}

impl Posted {
    /// The first value of a field; names are the same in any letters.
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

fn read_form(headers: &HeaderMap, body: &Bytes) -> Option<Posted> {
    let mark = format!("--{}", boundary(headers)?).into_bytes();
    let mut fields = Vec::new();
    let mut rest = body.clone();
    loop {
        let at = find(&rest, &mark)?;
        let part = rest.slice(at + mark.len()..);
        if part.starts_with(b"--") {
            return None;
        }
        let part = part.slice(2.min(part.len())..);
        let head_ends = find(&part, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&part[..head_ends]).into_owned();
        let value = part.slice(head_ends + 4..);
        let value_ends = find(&value, &[b"\r\n", mark.as_slice()].concat())?;
        let name = head.split("name=\"").nth(1)?.split('"').next()?.to_owned();
        let content = value.slice(..value_ends);
        // What comes after the file is not looked at, as S3 does.
        if name == "file" {
            return Some(Posted { fields, file: content });
        }
        fields.push((name, String::from_utf8_lossy(&content).into_owned()));
        rest = value.slice(value_ends + 2..);
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Puts what a form brings.
pub(super) fn post(world: &World, call: &Call, bucket: &str) -> Answer {
    let Some(posted) = read_form(&call.headers, &call.body) else {
        return error(StatusCode::BAD_REQUEST, "MalformedPOSTRequest");
    };
    match allowed(&posted, bucket, world.clock.now()) {
        Err((status, code)) => xml_error_saying(status, code, said_of(code)),
        Ok(key) if world.objects.put(bucket, &key, posted.file.clone()) => put_by_form(&posted, bucket, &key),
        Ok(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
    }
}

/// What S3 says of a refusal.
fn said_of(code: &str) -> &str {
    match code {
        "EntityTooLarge" => "Your proposed upload exceeds the maximum allowed size",
        "EntityTooSmall" => "Your proposed upload is smaller than the minimum allowed size",
        "AccessDenied" => "Invalid according to Policy",
        "InvalidPolicyDocument" => "Invalid Policy: the document does not read",
        "SignatureDoesNotMatch" => {
            "The request signature we calculated does not match the signature you provided. Check your key and signing method."
        }
        code => code,
    }
}

/// The answer to a form that put something: 303 to where it leads, with what was put where, or the status that it asks for, or 204. An address that
/// is none is passed over, as S3 does.
fn put_by_form(posted: &Posted, bucket: &str, key: &str) -> Answer {
    let etag = format!("\"{}\"", hex::encode(Md5::digest(&posted.file)));
    let address = posted
        .field("success_action_redirect")
        .filter(|address| address.parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some()));
    if let Some(address) = address {
        let sign = if address.contains('?') { '&' } else { '?' };
        let told = [("bucket", bucket), ("key", key), ("etag", etag.as_str())];
        let told = told.map(|(name, value)| format!("{name}={}", encoded(value, false))).join("&");
        let mut answer = respond(StatusCode::SEE_OTHER, "application/xml", "");
        if let Ok(location) = HeaderValue::from_str(&format!("{address}{sign}{told}")) {
            answer.headers_mut().insert(http::header::LOCATION, location);
        }
        return answer;
    }
    match posted.field("success_action_status") {
        Some("200") => respond(StatusCode::OK, "application/xml", ""),
        Some("201") => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Bucket>{bucket}</Bucket><Key>{}</Key></PostResponse>",
                encoded(key, true)
            );
            respond(StatusCode::CREATED, "application/xml", body)
        }
        Some(_) | None => respond(StatusCode::NO_CONTENT, "application/xml", ""),
    }
}

type Refused = (StatusCode, &'static str);

/// The key that a form may put.
fn allowed(posted: &Posted, bucket: &str, now: Timestamp) -> Result<String, Refused> {
    const DENIED: Refused = (StatusCode::FORBIDDEN, "AccessDenied");
    const MALFORMED: Refused = (StatusCode::BAD_REQUEST, "InvalidPolicyDocument");
    let field = |name: &str| posted.field(name);
    let (Some(key), Some(policy), Some(signature)) = (field("key"), field("policy"), field("x-amz-signature")) else {
        return Err(DENIED);
    };
    let scope = scope_of(field("x-amz-credential"), field("x-amz-date")).ok_or(DENIED)?;
    if hex_signature(SECRET, &scope, policy.as_bytes()) != signature {
        return Err((StatusCode::FORBIDDEN, "SignatureDoesNotMatch"));
    }
    let policy: Value = STANDARD.decode(policy).ok().and_then(|text| serde_json::from_slice(&text).ok()).ok_or(MALFORMED)?;
    let expires = policy["expiration"].as_str().and_then(|text| text.parse::<Timestamp>().ok()).ok_or(MALFORMED)?;
    if expires <= now {
        return Err(DENIED);
    }
    let conditions = policy["conditions"].as_array().ok_or(MALFORMED)?;
    let mut named = vec!["policy".to_owned(), "x-amz-signature".to_owned()];
    for condition in conditions {
        match condition {
            Value::Object(exact) => {
                let holds = exact.iter().all(|(name, value)| {
                    let is = if name == "bucket" { Some(bucket) } else { field(name) };
                    named.push(name.to_lowercase());
                    is == value.as_str()
                });
                if !holds {
                    return Err(DENIED);
                }
            }
            Value::Array(parts) => match (parts.first().and_then(Value::as_str), parts.get(1), parts.get(2)) {
                (Some("content-length-range"), Some(least), Some(most)) => {
                    let size = u64::try_from(posted.file.len()).unwrap_or(u64::MAX);
                    if most.as_u64().is_none_or(|most| size > most) {
                        return Err((StatusCode::BAD_REQUEST, "EntityTooLarge"));
                    }
                    if least.as_u64().is_none_or(|least| size < least) {
                        return Err((StatusCode::BAD_REQUEST, "EntityTooSmall"));
                    }
                }
                (Some("eq"), Some(name), Some(value)) => {
                    let name = name.as_str().unwrap_or_default().trim_start_matches('$');
                    named.push(name.to_lowercase());
                    if field(name) != value.as_str() {
                        return Err(DENIED);
                    }
                }
                (Some("starts-with"), Some(name), Some(value)) => {
                    let name = name.as_str().unwrap_or_default().trim_start_matches('$');
                    named.push(name.to_lowercase());
                    let begins = value.as_str().ok_or(MALFORMED)?;
                    if !field(name).is_some_and(|value| value.starts_with(begins)) {
                        return Err(DENIED);
                    }
                }
                _ => return Err(MALFORMED),
            },
            _ => return Err(MALFORMED),
        }
    }
    // Every field but those of the signature itself must be in the policy.
    if posted.fields.iter().any(|(name, _)| !named.contains(&name.to_lowercase())) {
        return Err(DENIED);
    }
    Ok(key.to_owned())
}

/// The scope that a credential and an instant name.
fn scope_of(credential: Option<&str>, instant: Option<&str>) -> Option<SigningScope> {
    let parts: Vec<&str> = credential?.split('/').collect();
    let [_, day, region, "s3", "aws4_request"] = parts.as_slice() else { return None };
    let instant = instant?;
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", instant).ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    instant.starts_with(day).then(|| SigningScope::new(region, at))
}

/// How a link says that a browser is to keep what it fetches.
pub(super) fn disposition(call: &Call) -> Option<String> {
    let (_, query) = call.path.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "response-content-disposition").map(|(_, value)| percent_decode(value))
}

/// Why a link is refused; a request without one is a function's own.
pub(super) fn refused_link(world: &World, call: &Call) -> Option<Answer> {
    let (path, query) = call.path.split_once('?').filter(|(_, query)| query.contains("X-Amz-Signature="))?;
    let denied = |code| Some(error(StatusCode::FORBIDDEN, code));
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let value = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| percent_decode(value));
    let Some(scope) = scope_of(value("X-Amz-Credential").as_deref(), value("X-Amz-Date").as_deref()) else {
        return denied("AuthorizationQueryParametersError");
    };
    let mut signed: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect();
    signed.sort_unstable();
    let host = call.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = call.caller.as_ref().map_or_else(|| path.to_owned(), |name| format!("/fn/{name}{path}"));
    let expected = query_signature(SECRET, &scope, host, &path, &signed.join("&"));
    if value("X-Amz-Signature").as_deref() != Some(expected.as_str()) {
        return denied("SignatureDoesNotMatch");
    }
    let at = value("X-Amz-Date").and_then(|text| {
        let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", &text).ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    });
    let valid_s = value("X-Amz-Expires").and_then(|text| text.parse::<i64>().ok());
    let is_good = at.zip(valid_s).is_some_and(|(at, valid_s)| world.clock.now() < at + SignedDuration::from_secs(valid_s));
    if is_good { None } else { denied("AccessDenied") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("multipart/form-data; boundary=xx"));
        headers
    }

    #[test]
    fn a_form_is_read_up_to_its_file() {
        let body = "--xx\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/b\r\n--xx\r\nContent-Disposition: form-data; \
                    name=\"file\"; filename=\"x.csv\"\r\nContent-Type: text/csv\r\n\r\nid\r\n1\r\n--xx--\r\n";
        let posted = read_form(&headers(), &Bytes::from(body)).expect("a form");
        assert_eq!(posted.fields, [("key".to_owned(), "a/b".to_owned())]);
        assert_eq!(posted.file, "id\r\n1");
        assert!(read_form(&headers(), &Bytes::from_static(b"--xx--\r\n")).is_none());
    }

    #[test]
    fn what_a_form_put_leads_on_or_has_the_status_that_it_asks_for() {
        let answered = |fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let answer = put_by_form(&Posted { fields, file: Bytes::from_static(b"abc") }, "b", "in/1");
            let location = answer.headers().get(http::header::LOCATION).map(|to| to.to_str().expect("ASCII").to_owned());
            (answer.status().as_u16(), location)
        };
        let etag = "%22900150983cd24fb0d6963f7d28e17f72%22";
        let to = |address: &str| Some(format!("{address}bucket=b&key=in%2F1&etag={etag}"));
        for (fields, expected) in [
            (vec![("success_action_redirect", "https://pay.example/p/x")], (303, to("https://pay.example/p/x?"))),
            (vec![("Success_Action_Redirect", "https://pay.example/p/x?a=1")], (303, to("https://pay.example/p/x?a=1&"))),
            (vec![("success_action_redirect", "/p/x")], (204, None)),
            (vec![("success_action_status", "200")], (200, None)),
            (vec![("success_action_status", "201")], (201, None)),
            (vec![("success_action_status", "418")], (204, None)),
            (vec![], (204, None)),
        ] {
            assert_eq!(answered(&fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_form_puts_what_it_was_signed_for_and_nothing_else() {
        let now: Timestamp = "2026-02-10T10:00:00Z".parse().expect("an instant");
        let scope = SigningScope::new("us-east-1", now);
        let text = r#"{"expiration": "2026-02-10T10:15:00.000Z", "conditions": [{"bucket": "b"}, ["content-length-range", 1, 3],
            ["eq", "$key", "uploads/acme/1"], ["eq", "$Content-Type", "text/csv"], ["eq", "$x-amz-credential", "local/20260210/us-east-1/s3/aws4_request"],
            ["eq", "$x-amz-date", "20260210T100000Z"]]}"#;
        let policy = STANDARD.encode(text);
        let signature = hex_signature(SECRET, &scope, policy.as_bytes());
        let form = |changes: &[(&str, &str)], file: &'static str| {
            let mut fields: Vec<(String, String)> = [
                ("key", "uploads/acme/1"),
                ("Content-Type", "text/csv"),
                ("x-amz-credential", "local/20260210/us-east-1/s3/aws4_request"),
                ("x-amz-date", "20260210T100000Z"),
                ("policy", policy.as_str()),
                ("x-amz-signature", signature.as_str()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
            for (name, value) in changes {
                fields.retain(|(known, _)| known != name);
                fields.push(((*name).to_owned(), (*value).to_owned()));
            }
            Posted { fields, file: Bytes::from_static(file.as_bytes()) }
        };
        let later = now + SignedDuration::from_mins(16);
        for (posted, bucket, at, expected) in [
            (form(&[], "abc"), "b", now, Ok("uploads/acme/1".to_owned())),
            (form(&[], "abcd"), "b", now, Err("EntityTooLarge")),
            (form(&[], ""), "b", now, Err("EntityTooSmall")),
            (form(&[("key", "uploads/other/1")], "abc"), "b", now, Err("AccessDenied")),
            (form(&[("Content-Type", "text/html")], "abc"), "b", now, Err("AccessDenied")),
            (form(&[("acl", "public-read")], "abc"), "b", now, Err("AccessDenied")),
            (form(&[("x-amz-signature", "00")], "abc"), "b", now, Err("SignatureDoesNotMatch")),
            (form(&[], "abc"), "c", now, Err("AccessDenied")),
            (form(&[], "abc"), "b", later, Err("AccessDenied")),
        ] {
            assert_eq!(allowed(&posted, bucket, at).map_err(|(_, code)| code), expected);
        }
    }
}
