//! Tokens for the local JWT authorizer: HS256 under a secret of this process.

use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value, json};

use crate::{template::model::Authorizer, world::World};

/// How long a token is good for.
const LASTS: SignedDuration = SignedDuration::from_hours(1);

impl World {
    /// A token that the template's authorizer accepts.
    ///
    /// # Errors
    ///
    /// When the template has no authorizer, or the token cannot be signed.
    pub fn issue_token(&self, tenant: &str, role: &str) -> anyhow::Result<String> {
        let authorizer = self.template.routes.iter().find_map(|route| route.authorizer.as_ref());
        let authorizer = authorizer.ok_or_else(|| anyhow::anyhow!("no route of the template has an authorizer"))?;
        let now = self.clock.now();
        let claims = json!({
            "iss": authorizer.issuer,
            "aud": authorizer.audience.first(),
            "sub": format!("local-{role}"),
            "tenant": tenant,
            "role": role,
            "iat": now.as_second(),
            "exp": (now + LASTS).as_second(),
        });
        let key = EncodingKey::from_secret(&self.token_secret);
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)?)
    }

    /// The claims of a token, if the authorizer accepts it at this moment of the virtual clock.
    pub(crate) fn check_token(&self, authorizer: &Authorizer, token: &str) -> Option<Map<String, Value>> {
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would ask the wall clock.
        validation.validate_exp = false;
        validation.set_issuer(&[&authorizer.issuer]);
        validation.set_audience(&authorizer.audience);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        let key = DecodingKey::from_secret(&self.token_secret);
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation).ok()?.claims;
        let now = self.clock.now().as_second();
        let is_live = claims.get("exp")?.as_i64()? > now
            && claims.get("nbf").and_then(Value::as_i64).is_none_or(|from| from <= now);
        is_live.then_some(claims)
    }
}
