#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use serde_json::json;

use super::*;

const NOW_S: i64 = 1_770_717_600;

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rules() -> TokenRules {
    TokenRules { issuer: "https://issuer.example".to_owned(), audience: "dunlin".to_owned() }
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW_S).unwrap()
}

/// An issuer with a key of each kind.
struct Issuer {
    p256: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

impl Issuer {
    fn new() -> Self {
        Self {
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    /// The number and the exponent of the RSA key, from its PKCS #1 form: a sequence of two integers.
    fn rsa_numbers(&self) -> (Vec<u8>, Vec<u8>) {
        let der: &[u8] = self.rsa.public_key().as_ref();
        let integer = |at: usize| {
            assert_eq!(der[at], 2, "an integer");
            let (from, length) = match der[at + 1] {
                0x82 => (at + 4, usize::from(der[at + 2]) << 8 | usize::from(der[at + 3])),
                0x81 => (at + 3, usize::from(der[at + 2])),
                short => (at + 2, usize::from(short)),
            };
            (der[from..from + length].to_vec(), from + length)
        };
        // The header of a sequence of 256 bytes and more takes four bytes.
        let (n, after) = integer(4);
        let (e, _) = integer(after);
        (n, e)
    }

    fn keys(&self) -> KeySet {
        let point: &[u8] = self.p256.public_key().as_ref();
        let (n, e) = self.rsa_numbers();
        let set = json!({"keys": [
            {"kid": "ec", "kty": "EC", "crv": "P-256", "use": "sig", "x": b64(&point[1..33]), "y": b64(&point[33..])},
            {"kid": "rsa", "kty": "RSA", "alg": "RS256", "n": b64(n), "e": b64(e)},
            {"kid": "sealing", "kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"},
            {"kid": "other", "kty": "OKP", "crv": "Ed25519", "x": "AQAB"},
            {"kty": "EC"},
        ]});
        KeySet::read(set.to_string().as_bytes()).unwrap()
    }

    fn sign(&self, head: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(head.to_string()), b64(claims.to_string()));
        let random = SystemRandom::new();
        let signature = if head["alg"] == "RS256" {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
            signature
        } else {
            self.p256.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec()
        };
        format!("{signed}.{}", b64(signature))
    }
}

fn claims(change: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://issuer.example", "aud": "dunlin", "sub": "robin", "tenant": "acme", "role": "admin",
        "iat": NOW_S - 10, "exp": NOW_S + 3_600,
    });
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn check(issuer: &Issuer, token: &str) -> Result<Person, TokenRejected> {
    Unchecked::read(token)?.check(&issuer.keys(), &rules(), now())
}

#[test]
fn what_an_issuer_signed_is_accepted_and_nothing_else() {
    let issuer = Issuer::new();
    for (kid, alg) in [("ec", "ES256"), ("rsa", "RS256")] {
        let token = issuer.sign(&json!({"alg": alg, "kid": kid}), &claims(&json!({})));
        let person = check(&issuer, &token).unwrap();
        assert_eq!(
            (person.subject.as_str(), person.tenant.as_deref(), person.role.as_deref()),
            ("robin", Some("acme"), Some("admin"))
        );
        // Another issuer's key of the same name, other claims under the same signature, and a signature that is cut short.
        assert_eq!(check(&Issuer::new(), &token), Err(TokenRejected::Signature), "{alg}");
        let (head, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let other = b64(claims(&json!({"role": "operator"})).to_string());
        assert_eq!(check(&issuer, &format!("{head}.{other}.{signature}")), Err(TokenRejected::Signature), "{alg}");
        assert_eq!(check(&issuer, &token[..token.len() - 10]), Err(TokenRejected::Signature), "{alg}");
    }
    // A key of one kind does not check a signature of another.
    for (kid, alg) in [("rsa", "ES256"), ("ec", "RS256")] {
        let token = issuer.sign(&json!({"alg": alg, "kid": kid}), &claims(&json!({})));
        assert_eq!(check(&issuer, &token), Err(TokenRejected::Signature), "{kid} {alg}");
    }
}

#[test]
fn a_token_does_not_choose_how_it_is_checked() {
    let issuer = Issuer::new();
    for alg in ["none", "None", "HS256", "HS512", "RS512", "PS256", "ES384", ""] {
        let token = issuer.sign(&json!({"alg": alg, "kid": "ec"}), &claims(&json!({})));
        assert_eq!(check(&issuer, &token), Err(TokenRejected::Algorithm), "{alg}");
    }
    // HS256 under what is public, and no signature at all.
    let signed = format!("{}.{}", b64(json!({"alg": "HS256", "kid": "ec"}).to_string()), b64(claims(&json!({})).to_string()));
    let public = hmac::Key::new(hmac::HMAC_SHA256, issuer.p256.public_key().as_ref());
    let token = format!("{signed}.{}", b64(hmac::sign(&public, signed.as_bytes())));
    assert_eq!(check(&issuer, &token), Err(TokenRejected::Algorithm));
    let bare = format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(claims(&json!({})).to_string()));
    assert_eq!(check(&issuer, &bare), Err(TokenRejected::Algorithm));
    let empty = format!("{}.{}.", b64(r#"{"alg":"ES256","kid":"ec"}"#), b64(claims(&json!({})).to_string()));
    assert_eq!(check(&issuer, &empty), Err(TokenRejected::Signature));
    for (head, expected) in [
        (json!({"alg": "ES256"}), TokenRejected::UnknownKey),
        (json!({"alg": "ES256", "kid": "new"}), TokenRejected::UnknownKey),
        (json!({"alg": "RS256", "kid": "sealing"}), TokenRejected::UnknownKey),
        (json!({"alg": "ES256", "kid": "ec", "crit": ["b64"], "b64": false}), TokenRejected::Malformed),
        (json!(["ES256"]), TokenRejected::Malformed),
    ] {
        assert_eq!(check(&issuer, &issuer.sign(&head, &claims(&json!({})))), Err(expected), "{head}");
    }
    let long = "x".repeat(9_000);
    for token in ["", ".", "..", "a.b.c", "e30.e30", "e30.e30.e30", "ä.ö.ü", long.as_str()] {
        assert!(check(&issuer, token).is_err(), "{token}");
    }
}

#[test]
fn claims_are_held_to_issuer_audience_and_time() {
    let issuer = Issuer::new();
    for (change, expected) in [
        (json!({}), None),
        (json!({"aud": ["other", "dunlin"]}), None),
        (json!({"aud": null, "client_id": "dunlin"}), None),
        (json!({"aud": "other", "client_id": "dunlin"}), Some(TokenRejected::Audience)),
        (json!({"aud": null}), Some(TokenRejected::Audience)),
        (json!({"aud": ["other"]}), Some(TokenRejected::Audience)),
        (json!({"aud": 7}), Some(TokenRejected::Audience)),
        (json!({"iss": "https://issuer.example/"}), Some(TokenRejected::Issuer)),
        (json!({"iss": null}), Some(TokenRejected::Issuer)),
        (json!({"exp": NOW_S - 29}), None),
        (json!({"exp": NOW_S - 30}), Some(TokenRejected::Expired)),
        (json!({"exp": null}), Some(TokenRejected::Malformed)),
        (json!({"exp": "tomorrow"}), Some(TokenRejected::Malformed)),
        (json!({"exp": i64::MAX}), None),
        (json!({"nbf": NOW_S + 30}), None),
        (json!({"nbf": NOW_S + 31}), Some(TokenRejected::NotYet)),
        (json!({"iat": NOW_S + 31}), Some(TokenRejected::NotYet)),
        (json!({"iat": null}), None),
        (json!({"sub": null}), Some(TokenRejected::NoSubject)),
        (json!({"sub": ""}), Some(TokenRejected::NoSubject)),
        (json!({"sub": "x".repeat(129)}), Some(TokenRejected::NoSubject)),
    ] {
        let token = issuer.sign(&json!({"alg": "ES256", "kid": "ec"}), &claims(&change));
        assert_eq!(check(&issuer, &token).err(), expected, "{change}");
        assert_eq!(Unchecked::read(&token).unwrap().look(&rules(), now()).err(), expected, "{change}");
    }
}

#[test]
fn both_claims_come_under_names_of_one_kind() {
    let issuer = Issuer::new();
    let (acme, admin) = (Some("acme"), Some("admin"));
    for (change, tenant, role) in [
        (json!({}), acme, admin),
        (json!({"tenant": null, "role": null, "custom:tenant": "acme", "custom:role": "admin"}), acme, admin),
        (json!({"custom:tenant": "other", "custom:role": "operator"}), acme, admin),
        (json!({"role": null, "custom:role": "admin"}), acme, None),
        (json!({"tenant": null, "custom:tenant": "acme"}), None, admin),
        (json!({"tenant": ["acme"]}), None, admin),
    ] {
        let person = check(&issuer, &issuer.sign(&json!({"alg": "ES256", "kid": "ec"}), &claims(&change))).unwrap();
        assert_eq!((person.tenant.as_deref(), person.role.as_deref()), (tenant, role), "{change}");
    }
}

#[test]
fn an_address_counts_once_the_issuer_verified_it() {
    let issuer = Issuer::new();
    for (change, expected) in [
        (json!({"email": "Robin@Acme.example", "email_verified": true}), Some("robin@acme.example")),
        (json!({"email": "robin@acme.example", "email_verified": "true"}), Some("robin@acme.example")),
        (json!({"email": "robin@acme.example", "email_verified": false}), None),
        (json!({"email": "robin@acme.example", "email_verified": 1}), None),
        (json!({"email": "robin@acme.example"}), None),
        (json!({"email_verified": true}), None),
    ] {
        let person = check(&issuer, &issuer.sign(&json!({"alg": "ES256", "kid": "ec"}), &claims(&change))).unwrap();
        assert_eq!(person.email.as_deref(), expected, "{change}");
    }
}

#[test]
fn a_set_without_a_key_of_use_is_none() {
    for text in ["", "{}", "[]", r#"{"keys": []}"#, r#"{"keys": {}}"#, r#"{"keys": [{"kty": "oct", "kid": "a", "k": "AQAB"}]}"#] {
        assert_eq!(KeySet::read(text.as_bytes()), None, "{text}");
    }
}
