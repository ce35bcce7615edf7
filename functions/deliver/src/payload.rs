//! What a subscriber gets: body and headers, as Standard Webhooks 1.0.0 says.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::json;
use store::EventDelivery;

/// A request to a subscriber but for its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The event's id: the same in every try.
    pub id: String,
    /// When it is tried, seconds since 1970.
    pub second: i64,
    /// The signature by each secret, the newest first.
    pub signature: String,
    /// The body.
    pub body: String,
}

impl Payload {
    /// What says that `delivery` is tried at `now`, signed with each of `secrets`.
    pub fn new(delivery: &EventDelivery, secrets: &[Vec<u8>], now: Timestamp) -> Self {
        let occurred_at = delivery.detail["occurred_at"].as_str().map(str::to_owned);
        let timestamp = occurred_at.unwrap_or_else(|| delivery.made_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let body = json!({ "type": delivery.kind, "timestamp": timestamp, "data": delivery.detail }).to_string();
        let (id, second) = (delivery.event.clone(), now.as_second());
        let signature = signatures(secrets, &id, second, &body);
        Self { id, second, signature, body }
    }
}

/// The bytes of a secret in the form `whsec_` and base64; `None` for anything else.
pub fn secret_bytes(secret: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(secret.strip_prefix(b"whsec_")?).ok()
}

fn signatures(secrets: &[Vec<u8>], id: &str, second: i64, body: &str) -> String {
    let signed = format!("{id}.{second}.{body}");
    let of = |secret: &Vec<u8>| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    };
    secrets.iter().map(of).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the reference libraries.
    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        let secret = secret_bytes(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let of =
            |secrets: &[Vec<u8>]| signatures(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(of(std::slice::from_ref(&secret)), expected);
        let both = of(&[b"newer".to_vec(), secret]);
        assert_eq!(both.split(' ').collect::<Vec<_>>().len(), 2);
        assert!(both.ends_with(expected), "the secret before signs too: {both}");
        for other in [&b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"[..], b"whsec_\xff", b""] {
            assert_eq!(secret_bytes(other), None);
        }
    }
}
