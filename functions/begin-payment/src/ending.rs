//! A basket ends that was not paid: first at its provider, so that nobody pays it any more, then here. What the provider says instead, that it was
//! paid meanwhile, is heard.

use bytes::Bytes;
use domain::{Basket, PaymentId};
use http::{Request, Response};
use payments::{ErrandAnswer, PaymentQuestion, ProviderHeard, ProviderTrouble};
use store::{BasketOwner, BasketSays};

use crate::{
    desk::{Desk, NotAsked},
    payer::Payer,
};

/// Questions that one ending may lead to.
const QUESTIONS_MAX: usize = 10;

/// Why a basket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Its time is over.
    Expired,
    /// The payer gave it up.
    Cancelled,
}

impl Payer<'_> {
    /// Gives a basket up.
    pub(crate) async fn cancel(&self, id: &PaymentId) -> anyhow::Result<ErrandAnswer> {
        let BasketOwner { tenant, customer } = &self.owner;
        let Some(basket) = self.store.basket(tenant, customer, id).await? else { return Ok(ErrandAnswer::Unknown) };
        Ok(if self.end(&basket, Wanted::Cancelled).await? { ErrandAnswer::Ended } else { ErrandAnswer::Later })
    }

    /// Ends a basket: whether it is over now, by this or by something else, or its money is on its way.
    pub(crate) async fn end(&self, basket: &Basket, wanted: Wanted) -> anyhow::Result<bool> {
        if basket.status.is_over() {
            return Ok(true);
        }
        if let Some(provider_id) = &basket.provider_id {
            let is_settled = match self.desk(&basket.provider).await? {
                Ok(desk) => self.end_there(&desk, basket, provider_id).await?,
                Err(why) => {
                    tracing::warn!(basket.id = %basket.id, ?why, "a basket could not be ended at its provider");
                    false
                }
            };
            if !is_settled {
                return Ok(false);
            }
        }
        let says = match wanted {
            Wanted::Expired => BasketSays::Expired,
            Wanted::Cancelled => BasketSays::Cancelled,
        };
        // What was heard of the provider meanwhile counts more: of what is pending or paid this makes nothing else.
        self.store.change_basket(&self.owner, &basket.id, says, &self.settings, self.now).await?;
        Ok(true)
    }

    /// Ends what the provider waits for, and hears how it stands: whether that is known.
    async fn end_there(&self, desk: &Desk<'_>, basket: &Basket, provider_id: &str) -> anyhow::Result<bool> {
        let Some(question) = desk.provider.look_up(&basket.id, provider_id, self.now) else {
            // Nobody can be asked: the payer's own bank.
            return Ok(true);
        };
        let Some(request) = desk.provider.expire(&desk.access(), &basket.id, provider_id) else {
            // What cannot be ended there ends by itself, unless the payer did their part.
            return Ok(self.ask(desk, basket, vec![question]).await?.is_some());
        };
        let Some(answer) = sent(desk, basket, request).await else { return Ok(false) };
        match desk.provider.answered(&question, &answer) {
            Ok(heard) => Ok(self.hear(desk, basket, heard).await?.is_some()),
            // It is being paid, was, or had ended before: it says which. Where it says none of them yet, nobody knows.
            Err(ProviderTrouble::Refused { .. }) => {
                Ok(self.ask(desk, basket, vec![question]).await?.is_some_and(|said| said > 0))
            }
            Err(ProviderTrouble::Unknown) => Ok(true),
            Err(
                trouble @ (ProviderTrouble::SignIn { .. }
                | ProviderTrouble::Throttled { .. }
                | ProviderTrouble::Unavailable { .. }
                | ProviderTrouble::Unreadable(_)),
            ) => {
                put_off(basket, &trouble.to_string());
                Ok(false)
            }
        }
    }

    /// Applies what was heard, and asks what it raises: how much was said of the basket, `None` where that cannot be known now.
    async fn hear(&self, desk: &Desk<'_>, basket: &Basket, heard: ProviderHeard) -> anyhow::Result<Option<usize>> {
        let said = self.apply(&heard).await?;
        Ok(self.ask(desk, basket, heard.questions).await?.map(|more| said + more))
    }

    async fn apply(&self, heard: &ProviderHeard) -> anyhow::Result<usize> {
        for said in &heard.said {
            let says = BasketSays::Provider(said, None);
            self.store.change_basket(&self.owner, &said.basket, says, &self.settings, self.now).await?;
        }
        Ok(heard.said.len())
    }

    /// Asks questions and what their answers raise: how much was said, `None` where that cannot be known now.
    async fn ask(&self, desk: &Desk<'_>, basket: &Basket, mut open: Vec<PaymentQuestion>) -> anyhow::Result<Option<usize>> {
        let mut said = 0;
        for _ in 0..QUESTIONS_MAX {
            let Some(question) = open.pop() else { return Ok(Some(said)) };
            let Some(request) = desk.provider.ask(&desk.access(), &question) else { return Ok(None) };
            let Some(answer) = sent(desk, basket, request).await else { return Ok(None) };
            match desk.provider.answered(&question, &answer) {
                Ok(heard) => {
                    said += self.apply(&heard).await?;
                    open.extend(heard.questions);
                }
                Err(trouble) => {
                    put_off(basket, &trouble.to_string());
                    return Ok(None);
                }
            }
        }
        Ok(open.is_empty().then_some(said))
    }
}

/// The answer to a request; `None` where there is none now.
async fn sent(desk: &Desk<'_>, basket: &Basket, request: Request<Bytes>) -> Option<Response<Bytes>> {
    match desk.send(request).await {
        Ok(answer) => Some(answer),
        Err(NotAsked::Away(why) | NotAsked::Broken(why)) => {
            put_off(basket, &why);
            None
        }
    }
}

fn put_off(basket: &Basket, why: &str) {
    tracing::warn!(provider = basket.provider, basket.id = %basket.id, why, "how a basket stands at its provider is not known yet");
}
