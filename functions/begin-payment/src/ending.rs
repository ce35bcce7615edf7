//! A basket ends that was not paid: first at its provider, so that nobody pays it any more, then here. What the provider says instead, that it was
//! paid meanwhile, is heard.

use domain::{Basket, PaymentId, ProviderSaid};
use payments::{BasketEnding, ErrandAnswer, ProviderAccess};
use store::{BasketOwner, BasketSays};

use crate::{
    desk::{Desk, NotAsked},
    payer::Payer,
};

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
        self.store.change_basket(&self.owner_of(basket), &basket.id, says, &self.settings, self.now).await?;
        Ok(true)
    }

    /// Ends what the provider waits for, and hears how it stands: whether that is known.
    async fn end_there(&self, desk: &Desk<'_>, basket: &Basket, provider_id: &str) -> anyhow::Result<bool> {
        let access = desk.access();
        let ending = BasketEnding::begin(desk.provider, &access, &basket.id, provider_id, self.now);
        // Nobody can be asked: the payer's own bank.
        let Some(mut ending) = ending else { return Ok(true) };
        loop {
            match heard(desk, &access, &mut ending).await {
                Ok(Some(said)) => self.apply(basket, &said).await?,
                Ok(None) => return Ok(true),
                Err(why) => {
                    tracing::warn!(provider = basket.provider, basket.id = %basket.id, why, "how a basket stands at its provider is not known yet");
                    return Ok(false);
                }
            }
        }
    }

    /// Whose a basket is: this customer's, or of whom an invoice was that came to this one.
    fn owner_of(&self, basket: &Basket) -> BasketOwner {
        BasketOwner { tenant: self.owner.tenant.clone(), customer: basket.customer.clone() }
    }

    async fn apply(&self, basket: &Basket, all: &[ProviderSaid]) -> anyhow::Result<()> {
        for said in all {
            let says = BasketSays::Provider(said, None);
            self.store.change_basket(&self.owner_of(basket), &said.basket, says, &self.settings, self.now).await?;
        }
        Ok(())
    }
}

/// Asks the next thing: what was said; `None` once nothing is left to ask.
async fn heard(
    desk: &Desk<'_>,
    access: &ProviderAccess<'_>,
    ending: &mut BasketEnding,
) -> Result<Option<Vec<ProviderSaid>>, String> {
    let Some(request) = ending.request(access).map_err(|why| why.to_string())? else { return Ok(None) };
    let answer = desk.send(request).await.map_err(|(NotAsked::Away(why) | NotAsked::Broken(why))| why)?;
    ending.hear(&answer).map(Some).map_err(|why| why.to_string())
}
