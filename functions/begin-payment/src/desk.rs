//! A provider that the tenant is connected to, ready to be asked.

use bytes::Bytes;
use http::{Request, Response};
use payments::{PaymentProvider, ProviderAccess, ProviderSecret, ProviderTrouble};
use reading::Web;
use store::Connection;

use crate::payer::Payer;

/// Why a provider cannot be asked.
#[derive(Debug)]
pub(crate) enum NotAsked {
    /// The tenant's connection is missing, or does not open its account: a person has to mend it.
    Broken(String),
    /// It does not answer now.
    Away(String),
}

/// A provider with what opens the tenant's account there.
pub(crate) struct Desk<'d> {
    pub(crate) provider: &'static dyn PaymentProvider,
    web: &'d Web,
    config: serde_json::Value,
    bearer: ProviderSecret,
}

impl Payer<'_> {
    /// The tenant's account at a provider; of the payer's own bank there is none to open.
    pub(crate) async fn desk(&self, name: &str) -> anyhow::Result<Result<Desk<'_>, NotAsked>> {
        let broken = |why: &str| Ok(Err(NotAsked::Broken(why.to_owned())));
        let Some(provider) = payments::by_name(name) else { return broken("this release knows no such provider") };
        if provider.capabilities().hosts.is_empty() {
            let bearer = ProviderSecret::new("");
            return Ok(Ok(Desk { provider, web: self.web, config: serde_json::Value::Null, bearer }));
        }
        let Some(connection) = self.vault.connection(&self.owner.tenant, provider.source()).await? else {
            return broken("the tenant is not connected to it");
        };
        Ok(self.opened(provider, connection).await)
    }

    async fn opened(&self, provider: &'static dyn PaymentProvider, connection: Connection) -> Result<Desk<'_>, NotAsked> {
        let Connection { secrets, config, .. } = connection;
        let secret = secrets.accepted(self.now).into_iter().find_map(payments::credentials_of);
        let credentials =
            secret.ok_or_else(|| NotAsked::Broken("the connection holds nothing that opens an account".to_owned()))?;
        let bearer = match provider.sign_in(&payments::site_of(&config), &credentials) {
            None => credentials,
            Some(request) => {
                let answer = send(self.web, request).await?;
                provider.signed_in(&answer).map_err(NotAsked::of)?.token
            }
        };
        Ok(Desk { provider, web: self.web, config, bearer })
    }
}

impl Desk<'_> {
    pub(crate) fn access(&self) -> ProviderAccess<'_> {
        ProviderAccess { site: payments::site_of(&self.config), bearer: &self.bearer }
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NotAsked> {
        send(self.web, request).await
    }
}

impl NotAsked {
    /// What a provider's trouble means for whoever asked it to begin something.
    pub(crate) fn of(trouble: ProviderTrouble) -> Self {
        match trouble {
            ProviderTrouble::SignIn { .. } | ProviderTrouble::Refused { .. } | ProviderTrouble::Unknown => {
                Self::Broken(trouble.to_string())
            }
            // What does not read may have been done: the same is asked again.
            ProviderTrouble::Throttled { .. } | ProviderTrouble::Unavailable { .. } | ProviderTrouble::Unreadable(_) => {
                Self::Away(trouble.to_string())
            }
        }
    }
}

async fn send(web: &Web, request: Request<Bytes>) -> Result<Response<Bytes>, NotAsked> {
    web.send(request).await.map_err(|error| NotAsked::Away(error.to_string()))
}
