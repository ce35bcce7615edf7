//! Who asks: the claims that API Gateway's authorizer has checked.

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::TenantId;
use serde_json::{Map, Value};

use crate::answer::Fail;

/// What a person may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Works on customers: holds, tasks.
    Collector,
    /// Decides how customers are chased: workflows, templates, kill switch, breaker.
    Manager,
    /// Sets the tenant up: settings, connections.
    Admin,
}

impl Role {
    fn read(text: &str) -> Option<Self> {
        match text {
            "viewer" => Some(Self::Viewer),
            "collector" => Some(Self::Collector),
            "manager" => Some(Self::Manager),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Collector => "collector",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }
}

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

/// The host that was asked.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// As API Gateway names itself.
    pub domain: String,
    /// The `Host` header, which has the port.
    pub header: String,
}

impl Host {
    /// The address in front of `/webhooks`.
    pub fn url(&self) -> String {
        let local = ["127.0.0.1", "localhost"].iter().any(|name| self.domain.split(':').next() == Some(name));
        if local {
            let host = if self.header.is_empty() { &self.domain } else { &self.header };
            return format!("http://{host}");
        }
        format!("https://{}", self.domain)
    }
}

/// Who asks. Taking it as an argument makes a handler answer 403 to whoever has no claims.
#[derive(Clone, Debug)]
pub struct Caller {
    tenant: TenantId,
    role: Role,
    subject: Option<String>,
}

impl Caller {
    /// The tenant, for a caller of at least this role.
    ///
    /// # Errors
    ///
    /// 403 for a lesser role.
    pub fn at_least(&self, role: Role) -> Result<&TenantId, Fail> {
        if self.role >= role {
            return Ok(&self.tenant);
        }
        let detail = format!(
            "this needs the role {}; the token says {}; ask an admin of the tenant for it",
            role.as_str(),
            self.role.as_str()
        );
        Err(Fail::forbidden(detail))
    }
}

/// Longest subject that is kept, in characters.
const SUBJECT_MAX: usize = 128;

impl Caller {
    /// Who asks: the subject of the token, where it has one.
    pub fn subject(&self) -> Option<String> {
        self.subject.as_ref().map(|subject| subject.chars().take(SUBJECT_MAX).collect())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fail> {
        let claims = parts.extensions.get::<Claims>();
        let tenant = claims.and_then(|claims| claims.tenant.as_deref()).and_then(|text| TenantId::parse(text).ok());
        let role = claims.and_then(|claims| claims.role.as_deref()).and_then(Role::read);
        match (tenant, role) {
            (Some(tenant), Some(role)) => {
                let subject = claims.and_then(|claims| claims.subject.clone());
                Ok(Self { tenant, role, subject })
            }
            (None, _) => Err(Fail::forbidden("the token has no claim 'tenant' (or 'custom:tenant') that is a tenant id")),
            (Some(_), None) => {
                let detail = "the token has no claim 'role' (or 'custom:role') that is viewer, collector, manager or admin";
                Err(Fail::forbidden(detail))
            }
        }
    }
}

/// An operator of the deployment: whose token names the reserved tenant `app` and the role admin. Operators set up vendors' apps;
/// no tenant's data is theirs.
#[derive(Clone, Debug)]
pub struct Operator(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fail> {
        let claims = parts.extensions.get::<Claims>();
        let of_app = claims.and_then(|claims| claims.tenant.as_deref()) == Some(TenantId::app().as_str());
        let role = claims.and_then(|claims| claims.role.as_deref()).and_then(Role::read);
        if of_app && role == Some(Role::Admin) {
            return Ok(Self(claims.and_then(|claims| claims.subject.clone())));
        }
        Err(Fail::forbidden("this is for operators: the token's tenant must be 'app' and its role 'admin'"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Host {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
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
