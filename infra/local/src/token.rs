//! Tokens for the local JWT authorizer: HS256 under a secret of this process.

use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde_json::{Map, Value, json};

use crate::{template::model::Authorizer, world::World};

/// How long a token is good for.
const LASTS: SignedDuration = SignedDuration::from_hours(1);

impl World {
    /// A token that the template's authorizer accepts, for whom `sub` says, else for `local-` and the role.
    ///
    /// # Errors
    ///
    /// When the template has no authorizer, or the token cannot be signed.
    pub fn issue_token(&self, tenant: &str, role: &str, sub: Option<&str>) -> anyhow::Result<String> {
        let authorizer = self.template.routes.iter().find_map(|route| route.authorizer.as_ref());
        let authorizer = authorizer.ok_or_else(|| anyhow::anyhow!("no route of the template has an authorizer"))?;
        let now = self.clock.now();
        let claims = json!({
            "iss": authorizer.issuer,
            "aud": authorizer.audience.first(),
            "sub": sub.map_or_else(|| format!("local-{role}"), str::to_owned),
            "tenant": tenant,
            "role": role,
            "iat": now.as_second(),
            "exp": (now + LASTS).as_second(),
        });
        let key = EncodingKey::from_secret(&self.token_secret);
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)?)
    }

    /// The claims of a token, where the authorizer accepts it at this moment of the virtual clock.
    ///
    /// # Errors
    ///
    /// Why it does not, in the words that API Gateway has for it where they are known.
    pub(crate) fn check_token(&self, authorizer: &Authorizer, token: &str) -> Result<Map<String, Value>, &'static str> {
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would ask the wall clock.
        validation.validate_exp = false;
        validation.set_issuer(&[&authorizer.issuer]);
        validation.set_audience(&authorizer.audience);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        let key = DecodingKey::from_secret(&self.token_secret);
        let read = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
        let claims = read.map_err(|error| refused(error.kind()))?.claims;
        let now = self.clock.now().as_second();
        let until = claims.get("exp").and_then(Value::as_i64).ok_or("the token has no valid expiry")?;
        if until <= now {
            return Err("the token has expired");
        }
        if claims.get("nbf").and_then(Value::as_i64).is_some_and(|from| from > now) {
            return Err("the token is not valid yet");
        }
        Ok(claims)
    }
}

fn refused(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidAudience => "the token does not have a valid audience",
        ErrorKind::InvalidIssuer => "the token does not have a valid issuer",
        ErrorKind::InvalidSignature => "the token does not have a valid signature",
        _ => "the token is malformed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_why() {
        for (kind, said) in [
            (ErrorKind::InvalidAudience, "audience"),
            (ErrorKind::InvalidIssuer, "issuer"),
            (ErrorKind::InvalidSignature, "signature"),
            (ErrorKind::InvalidToken, "malformed"),
        ] {
            assert!(refused(&kind).contains(said), "{kind:?}");
        }
    }
}
