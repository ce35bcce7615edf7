//! A tenant's account at a payment provider, asked for what people here want to know or to end.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Basket, PaymentId, ProviderSaid, TenantId};
use http::{Request, Response};
use jiff::Timestamp;
use payments::{BasketEnding, PaymentProvider, ProviderAccess, ProviderSecret, ProviderTrouble};
use reading::Web;
use store::Connection;

use crate::{answer::ApiResult, app::App};

/// An account as it is connected.
pub struct PaymentAccount {
    web: Arc<Web>,
    provider: &'static dyn PaymentProvider,
    connection: Connection,
}

impl PaymentAccount {
    /// The tenant's account at a provider, by the name that baskets have; `None` where it is not connected, or is no provider that is called.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn of(app: &App, tenant: &TenantId, provider: &str) -> ApiResult<Option<Self>> {
        let Some(provider) = payments::by_name(provider).filter(|known| known.capabilities().webhooks.is_some()) else {
            return Ok(None);
        };
        let connection = app.vault.connection(tenant, provider.source()).await?;
        Ok(connection.map(|connection| Self { web: app.web.clone(), provider, connection }))
    }

    /// Asks the provider for a payment that nobody began: one that lets us in knows of none.
    ///
    /// # Errors
    ///
    /// Why not, in words.
    pub async fn test(&self, now: Timestamp) -> Result<(), String> {
        let nobodys = PaymentId::of_basket(&["nobody's"]);
        let question = self.provider.look_up(&nobodys, nobodys.as_str(), now);
        let bearer = self.bearer().await?;
        let Some(request) = question.as_ref().and_then(|question| self.provider.ask(&self.access(&bearer), question)) else {
            return Ok(());
        };
        let answer = self.send(request).await?;
        match question.map(|question| self.provider.answered(&question, &answer)) {
            None | Some(Ok(_) | Err(ProviderTrouble::Unknown)) => Ok(()),
            Some(Err(
                trouble @ (ProviderTrouble::SignIn { .. }
                | ProviderTrouble::Throttled { .. }
                | ProviderTrouble::Unavailable { .. }
                | ProviderTrouble::Refused { .. }
                | ProviderTrouble::Unreadable(_)),
            )) => Err(trouble.to_string()),
        }
    }

    /// Ends a basket at the provider, so that nobody pays it any more, and says what the provider answered of it: a payer may have been faster.
    /// Nothing is said where the provider does not know it, or ends it by itself.
    ///
    /// # Errors
    ///
    /// Why it is not known that it ended, in words: it may still be paid.
    pub async fn end(&self, basket: &Basket, now: Timestamp) -> Result<Vec<ProviderSaid>, String> {
        let Some(provider_id) = basket.provider_id.as_deref() else { return Ok(Vec::new()) };
        let bearer = self.bearer().await?;
        let access = self.access(&bearer);
        let ending = BasketEnding::begin(self.provider, &access, &basket.id, provider_id, now);
        let Some(mut ending) = ending else { return Ok(Vec::new()) };
        let mut said = Vec::new();
        while let Some(request) = ending.request(&access).map_err(|why| why.to_string())? {
            let answer = self.send(request).await?;
            said.extend(ending.hear(&answer).map_err(|why| why.to_string())?);
        }
        Ok(said)
    }

    fn access<'a>(&'a self, bearer: &'a ProviderSecret) -> ProviderAccess<'a> {
        ProviderAccess { site: payments::site_of(&self.connection.config), bearer }
    }

    /// What goes with each request.
    async fn bearer(&self) -> Result<ProviderSecret, String> {
        let none = || "the connection holds no credentials; connect it anew".to_owned();
        let credentials = payments::credentials_of(&self.connection.secrets.current).ok_or_else(none)?;
        let site = payments::site_of(&self.connection.config);
        let Some(request) = self.provider.sign_in(&site, &credentials) else { return Ok(credentials) };
        let answer = self.send(request).await?;
        self.provider.signed_in(&answer).map(|token| token.token).map_err(|trouble| trouble.to_string())
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        self.web.send(request).await.map_err(|error| error.to_string())
    }
}
