//! Who asks, as the door let them in.

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::TenantId;
use service::{
    Actor, Operation,
    entering::{Entered, Person},
};
use store::AuditEntry;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
};

/// Who asks. Taking it as an argument makes a handler answer 403 to whoever may act for no tenant.
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

    /// Who asks: the subject of the token, or the id of the key.
    pub fn by(&self) -> &str {
        self.0.by()
    }

    /// The same, where there is one.
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
        match parts.extensions.get::<Entrant>().map(|entrant| &entrant.entered) {
            Some(Entered::As(actor)) => Ok(Self(actor.clone())),
            Some(Entered::Nowhere(why)) => Err(Fail::forbidden(why.clone())),
            // Every path below /v1 leads through the door.
            None => Err(Fail::forbidden("nobody looked who asks")),
        }
    }
}

/// Whom the door let in, whether or not they may act for a tenant.
#[derive(Clone, Debug)]
pub struct Entrant {
    /// As what.
    pub entered: Entered,
    /// What the token says; nothing for a machine.
    pub person: Option<Person>,
}

impl<S: Send + Sync> FromRequestParts<S> for Entrant {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fail> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Fail::forbidden("nobody looked who asks"))
    }
}
