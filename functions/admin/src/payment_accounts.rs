//! A tenant's account at a payment provider, asked for what people here want to know or to end.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Basket, PaymentId, ProviderSaid, TenantId};
use http::{Request, Response};
use jiff::Timestamp;
use payments::{PaymentProvider, PaymentQuestion, ProviderAccess, ProviderHeard, ProviderSecret, ProviderTrouble};
use reading::Web;
use store::Connection;

use crate::{answer::ApiResult, app::App};

/// Questions that ending one basket may lead to.
const CALLS_MAX: usize = 10;

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
        let connection = app.vault.connection(tenant, &format!("pay-{}", provider.name())).await?;
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
    /// Why the provider did not end it, in words: it may still be paid.
    pub async fn end(&self, basket: &Basket, now: Timestamp) -> Result<Vec<ProviderSaid>, String> {
        let Some(provider_id) = basket.provider_id.as_deref() else { return Ok(Vec::new()) };
        let Some(question) = self.provider.look_up(&basket.id, provider_id, now) else { return Ok(Vec::new()) };
        let bearer = self.bearer().await?;
        let Some(request) = self.provider.expire(&self.access(&bearer), &basket.id, provider_id) else { return Ok(Vec::new()) };
        let answer = self.send(request).await?;
        match self.provider.answered(&question, &answer) {
            Ok(heard) => self.follow(&bearer, heard).await,
            Err(ProviderTrouble::Refused { .. }) => self.follow(&bearer, asking(question)).await,
            Err(ProviderTrouble::Unknown) => Ok(Vec::new()),
            Err(
                trouble @ (ProviderTrouble::SignIn { .. }
                | ProviderTrouble::Throttled { .. }
                | ProviderTrouble::Unavailable { .. }
                | ProviderTrouble::Unreadable(_)),
            ) => Err(trouble.to_string()),
        }
    }

    /// Asks what an answer leaves open.
    async fn follow(&self, bearer: &ProviderSecret, heard: ProviderHeard) -> Result<Vec<ProviderSaid>, String> {
        let (mut said, mut open) = (heard.said, heard.questions);
        for _ in 0..CALLS_MAX {
            let Some(question) = open.pop() else { return Ok(said) };
            let Some(request) = self.provider.ask(&self.access(bearer), &question) else { continue };
            let answer = self.send(request).await?;
            let more = self.provider.answered(&question, &answer).map_err(|trouble| trouble.to_string())?;
            said.extend(more.said);
            open.extend(more.questions);
        }
        if open.is_empty() { Ok(said) } else { Err("its answers lead to more questions than are asked at once".to_owned()) }
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

/// A question as what was heard.
fn asking(question: PaymentQuestion) -> ProviderHeard {
    ProviderHeard { questions: vec![question], ..ProviderHeard::default() }
}
