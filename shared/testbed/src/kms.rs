//! A key store with one data key for each encryption context, which opens for that context only.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use serde_json::{Value, json};

pub(crate) fn answer(operation: &str, request: &Value) -> Response<Full<Bytes>> {
    let context = request["EncryptionContext"].to_string();
    let answer = if operation == "GenerateDataKey" {
        let mut key = [0_u8; 32];
        let seed = context.as_bytes();
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = seed[at % seed.len()] ^ 0x5a;
        }
        let wrapped = format!("{context}|{}", STANDARD.encode(key));
        json!({"KeyId": "key", "Plaintext": STANDARD.encode(key), "CiphertextBlob": STANDARD.encode(wrapped)})
    } else {
        let wrapped = String::from_utf8(STANDARD.decode(request["CiphertextBlob"].as_str().unwrap()).unwrap()).unwrap();
        let (sealed_for, key) = wrapped.split_once('|').unwrap();
        if sealed_for != context {
            return crate::world::error(400, "InvalidCiphertextException");
        }
        json!({"KeyId": "key", "Plaintext": key})
    };
    Response::builder().header("content-type", "application/x-amz-json-1.1").body(Full::from(answer.to_string())).unwrap()
}
