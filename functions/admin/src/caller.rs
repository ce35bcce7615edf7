//! Who asks: the claims that API Gateway's authorizer has checked.

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::TenantId;
use serde_json::{Map, Value};
use service::{Actor, Operation, StaffRole};
use store::AuditEntry;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
};

/// The claims that count, as they came.
#[derive(Clone, Debug)]
pub struct Claims {
    tenant: Option<String>,
    role: Option<String>,
    subject: Option<String>,
}

impl Claims {
    /// `tenant` and `role`, or as Cognito prefixes them, `custom:tenant` and `custom:role`; and `sub`. Where one of the first two is there
    /// the prefixed ones say nothing: who sets them need not be the same.
    pub fn new(claims: &Map<String, Value>) -> Self {
        let prefix = if ["tenant", "role"].iter().any(|name| claims.contains_key(*name)) { "" } else { "custom:" };
        let claim = |prefix: &str, name: &str| claims.get(&format!("{prefix}{name}"))?.as_str().map(str::to_owned);
        Self { tenant: claim(prefix, "tenant"), role: claim(prefix, "role"), subject: claim("", "sub") }
    }
}

/// Who asks. Taking it as an argument makes a handler answer 403 to whoever has no claims.
#[derive(Clone, Debug)]
pub struct Caller(pub Actor);

impl Caller {
    /// The tenant, for a caller who may do this.
    ///
    /// # Errors
    ///
    /// 403 for everybody else.
    pub fn may(&self, operation: Operation) -> ApiResult<&TenantId> {
        Ok(self.0.may(operation)?)
    }

    /// Who asks: the subject of the token; empty where it has none.
    pub fn by(&self) -> &str {
        self.0.by()
    }

    /// The same, where the token has one.
    pub fn subject(&self) -> Option<String> {
        Some(self.by().to_owned()).filter(|by| !by.is_empty())
    }

    /// Works on as who asks: whatever is written is noted with what `entry` adds to who and when.
    pub fn acts(&self, app: &App, operation: Operation, entry: impl FnOnce(AuditEntry) -> AuditEntry) -> App {
        app.acting(entry(self.0.entry(operation, app.clock.now())))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fail> {
        let claims = parts.extensions.get::<Claims>();
        let tenant = claims.and_then(|claims| claims.tenant.as_deref()).and_then(tenant);
        let role = claims.and_then(|claims| claims.role.as_deref()).and_then(StaffRole::read);
        match (tenant, role) {
            (Some(tenant), Some(role)) => Ok(Self(Actor::new(tenant, role, claims.and_then(|claims| claims.subject.as_deref())))),
            (None, _) => Err(Fail::forbidden("the token has no claim 'tenant' (or 'custom:tenant') that is a tenant id")),
            (Some(_), None) => {
                let detail = "the token has no claim 'role' (or 'custom:role') that is viewer, collector, manager or admin";
                Err(Fail::forbidden(detail))
            }
        }
    }
}

/// The tenant of a claim; the reserved one is that of operators, whom no tenant's data is for.
fn tenant(claim: &str) -> Option<TenantId> {
    if claim == TenantId::app().as_str() { Some(TenantId::app()) } else { TenantId::parse(claim).ok() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Claims;

    #[test]
    fn both_claims_come_under_names_of_one_kind() {
        for (claims, tenant, role) in [
            (json!({"tenant": "acme", "role": "viewer"}), Some("acme"), Some("viewer")),
            (json!({"custom:tenant": "acme", "custom:role": "admin"}), Some("acme"), Some("admin")),
            (
                json!({"tenant": "acme", "role": "viewer", "custom:tenant": "app", "custom:role": "admin"}),
                Some("acme"),
                Some("viewer"),
            ),
            (json!({"tenant": "acme", "custom:role": "admin"}), Some("acme"), None),
            (json!({"custom:tenant": "acme", "role": "admin"}), None, Some("admin")),
            (json!({"tenant": ["acme"], "custom:tenant": "acme", "custom:role": "admin"}), None, None),
        ] {
            let read = Claims::new(claims.as_object().expect("an object"));
            assert_eq!((read.tenant.as_deref(), read.role.as_deref()), (tenant, role), "{claims}");
        }
        let read = Claims::new(json!({"custom:sub": "somebody"}).as_object().expect("an object"));
        assert_eq!(read.subject, None);
    }
}
