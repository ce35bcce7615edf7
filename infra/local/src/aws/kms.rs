//! KMS: `GenerateDataKey`, `Encrypt`, `Decrypt`, with the encryption context checked.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, json as answer_json, json_error, keys::Keys};
use crate::world::World;

pub(super) fn perform(world: &World, call: &Call) -> Answer {
    let request: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let context = context(&request);
    let bytes = |key: &str| request.get(key).and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
    if call.operation == "Decrypt" {
        let opened = bytes("CiphertextBlob").and_then(|blob| world.keys.open(&context, &blob));
        let Some((arn, plain)) = opened else { return json_error(StatusCode::BAD_REQUEST, "InvalidCiphertextException", "") };
        if let Some(wanted) = request.get("KeyId").and_then(Value::as_str)
            && key_arn(world, wanted).as_deref() != Some(arn.as_str())
        {
            return json_error(StatusCode::BAD_REQUEST, "IncorrectKeyException", "The key ID in the request does not identify the key.");
        }
        return answer_json(&json!({
            "KeyId": arn, "Plaintext": STANDARD.encode(plain), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }));
    }
    let wanted = request.get("KeyId").and_then(Value::as_str).unwrap_or_default();
    let Some(arn) = key_arn(world, wanted) else {
        return json_error(StatusCode::BAD_REQUEST, "NotFoundException", &format!("Key '{wanted}' does not exist"));
    };
    match call.operation.as_str() {
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
            let key = Keys::random();
            let blob = STANDARD.encode(world.keys.seal(&arn, &context, &key));
            if call.operation == "GenerateDataKey" {
                answer_json(&json!({ "KeyId": arn, "Plaintext": STANDARD.encode(key), "CiphertextBlob": blob }))
            } else {
                answer_json(&json!({ "KeyId": arn, "CiphertextBlob": blob }))
            }
        }
        "Encrypt" => match bytes("Plaintext").filter(|plain| (1..=4096).contains(&plain.len())) {
            Some(plain) => answer_json(&json!({
                "KeyId": arn,
                "CiphertextBlob": STANDARD.encode(world.keys.seal(&arn, &context, &plain)),
                "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            })),
            None => json_error(StatusCode::BAD_REQUEST, "ValidationException", "Plaintext has 1 to 4096 bytes"),
        },
        other => {
            json_error(StatusCode::BAD_REQUEST, "UnsupportedOperationException", &format!("{other} is not available locally"))
        }
    }
}

/// The encryption context as text that is the same for the same pairs.
fn context(request: &Value) -> String {
    let mut pairs: Vec<String> = request
        .get("EncryptionContext")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, value)| json!([name, value]).to_string())
        .collect();
    pairs.sort();
    pairs.join("\n")
}

fn key_arn(world: &World, name: &str) -> Option<String> {
    let last = name.rsplit("key/").next().unwrap_or_default();
    let found = world.template.keys.iter().find(|key| key.arn == name || key.names.iter().any(|own| own == name || own == last));
    found.map(|key| key.arn.clone())
}
