//! The host that a request was sent to.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};

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

impl<S: Send + Sync> FromRequestParts<S> for Host {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
