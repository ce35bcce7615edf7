//! S3: objects in and out, by path or by virtual host.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};

use super::{Answer, Call, percent_decode, respond, signed, xml_error as error};
use crate::world::World;

pub(super) fn perform(world: &World, call: &Call) -> Answer {
    let path = call.path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let host = call.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let by_host = world.template.buckets.iter().find(|bucket| host.starts_with(&format!("{bucket}.")));
    let (bucket, key) = match by_host {
        Some(bucket) => (bucket.as_str(), path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let key = percent_decode(key);
    if !world.template.buckets.iter().any(|own| own == bucket) {
        return error(StatusCode::NOT_FOUND, "NoSuchBucket");
    }
    if let Some(refused) = signed::refused_link(world, call) {
        return refused;
    }
    match call.method {
        Method::POST => signed::post(world, call, bucket),
        Method::PUT => {
            let is_chunked = call
                .headers
                .get("content-encoding")
                .and_then(|value| value.to_str().ok())
                .is_some_and(|value| value.contains("aws-chunked"));
            let Some(body) = (if is_chunked { unchunk(&call.body) } else { Some(call.body.clone()) }) else {
                return error(StatusCode::BAD_REQUEST, "IncompleteBody");
            };
            if !world.objects.put(bucket, &key, body) {
                return error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
            }
            let mut answer = respond(StatusCode::OK, "application/xml", "");
            answer.headers_mut().insert("etag", HeaderValue::from_static("\"local\""));
            answer
        }
        Method::DELETE => {
            world.objects.delete(bucket, &key);
            respond(StatusCode::NO_CONTENT, "application/xml", "")
        }
        _ => match world.objects.get(bucket, &key) {
            Some(body) => {
                let mut answer = respond(StatusCode::OK, "application/octet-stream", body);
                // What a link says of how a browser is to keep it; S3 takes that of signed links alone, and others have been refused.
                let said = signed::disposition(call).and_then(|text| HeaderValue::from_str(&text).ok());
                if let Some(said) = said {
                    answer.headers_mut().insert(http::header::CONTENT_DISPOSITION, said);
                }
                answer
            }
            None => error(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
    }
}

/// The payload of a body in signed or trailing chunks: `size;…\r\n` data `\r\n`, up to a size of 0.
fn unchunk(body: &Bytes) -> Option<Bytes> {
    let mut out = Vec::new();
    let mut rest: &[u8] = body;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(Bytes::from(out));
        }
        out.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks() {
        let body = Bytes::from_static(b"3;chunk-signature=x\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n");
        assert_eq!(unchunk(&body).unwrap(), Bytes::from_static(b"abcde"));
        assert!(unchunk(&Bytes::from_static(b"5\r\nabc")).is_none());
    }
}
