//! Ways of paying that people keep at payment providers: asked for with a payment, paid by, and forgotten. A way is the address's that its link is for:
//! whoever came by another one pays by nothing of it, and removes nothing. That a code was entered, the portal looked.

use domain::{Basket, LinkId, PaymentId};
use payments::{BasketWish, ErrandAnswer};
use serde_json::json;
use store::{AddressId, AuditEntry, BasketOwner, KeptWay};

use crate::{
    desk::{Desk, NotAsked},
    payer::Payer,
};

/// The role that entries of the audit give whoever came by a link.
const LINK: &str = "link";
/// Calls that forget one way at most: Stripe's cards are looked at and detached one by one.
const CALLS_MAX: usize = 40;

impl Payer<'_> {
    /// What the provider knows the way by that a payer wants to pay by; nothing where they pay anew.
    pub(crate) async fn kept_for(&self, wish: &BasketWish) -> anyhow::Result<Result<Option<String>, NotAsked>> {
        let Some(basket) = &wish.kept else { return Ok(Ok(None)) };
        let BasketOwner { tenant, customer } = &self.owner;
        let known = self.store.kept_way(tenant, customer, basket).await?;
        let address = self.address_of(&wish.link).await?;
        let is_theirs = |way: &KeptWay| address.as_ref().is_some_and(|address| way.is_of(address));
        let is_that = |way: &KeptWay| way.provider == wish.provider && way.way == wish.way;
        let kept = known.filter(|way| is_theirs(way) && is_that(way)).and_then(|way| way.kept);
        Ok(match kept {
            Some(kept) => Ok(Some(kept)),
            None => Err(NotAsked::Broken("the way of paying is not kept any more".to_owned())),
        })
    }

    /// Writes down that the way of a basket is to be kept, once; what keeps it is known once the provider says so.
    pub(crate) async fn ask_to_keep(&self, wish: &BasketWish, basket: &Basket) -> anyhow::Result<()> {
        let BasketOwner { tenant, customer } = &self.owner;
        let Some(address) = self.address_of(&wish.link).await? else { return Ok(()) };
        let of = (basket.provider.as_str(), &basket.way, basket.currency);
        let way = KeptWay::asked((&basket.id, &wish.link), &address, of, self.now);
        let what = json!({ "provider": basket.provider, "way": basket.way });
        let entry = self.entry("keep_way_by_link", (&wish.link, &basket.id)).with(what);
        self.store.acting(entry).ask_to_keep(tenant, customer, &way).await?;
        Ok(())
    }

    /// Hears how a payment stands that was made without a page, so that nobody is asked for it until its provider says more.
    pub(crate) async fn hear_at_once(&self, desk: &Desk<'_>, basket: &Basket, provider_id: &str) -> anyhow::Result<()> {
        let access = desk.access();
        let Some(question) = desk.provider.look_up(&basket.id, provider_id, self.now) else { return Ok(()) };
        let Some(request) = desk.provider.ask(&access, &question) else { return Ok(()) };
        let heard = match desk.send(request).await {
            Ok(answer) => desk.provider.answered(&question, &answer).map_err(|trouble| trouble.to_string()),
            Err(NotAsked::Away(why) | NotAsked::Broken(why)) => Err(why),
        };
        match heard {
            Ok(heard) => self.apply(basket, &heard.said).await,
            // Its webhook says it.
            Err(why) => {
                tracing::warn!(provider = basket.provider, basket.id = %basket.id, why, "how a payment stands is not known yet");
                Ok(())
            }
        }
    }

    /// Forgets a way, first at its provider, so that nobody pays by it any more.
    pub(crate) async fn forget(&self, link: &LinkId, basket: &PaymentId) -> anyhow::Result<ErrandAnswer> {
        let BasketOwner { tenant, customer } = &self.owner;
        let address = self.address_of(link).await?;
        let known = self.store.kept_way(tenant, customer, basket).await?;
        let way = known.filter(|way| address.as_ref().is_some_and(|address| way.is_of(address)));
        let Some(way) = way else { return Ok(ErrandAnswer::Unknown) };
        if let Some(kept) = &way.kept
            && !self.forgotten_there(&way.provider, kept).await?
        {
            return Ok(ErrandAnswer::Later);
        }
        let what = json!({ "provider": way.provider, "way": way.way });
        let entry = self.entry("forget_way_by_link", (link, basket)).with(what);
        self.store.acting(entry).forget_way(tenant, customer, basket, self.now).await?;
        Ok(ErrandAnswer::Ended)
    }

    /// Whether a provider has forgotten a way. One that the tenant is connected to no more cannot be asked, and takes no money by it.
    async fn forgotten_there(&self, name: &str, kept: &str) -> anyhow::Result<bool> {
        let tenant = &self.owner.tenant;
        let source = payments::by_name(name).map(payments::PaymentProvider::source);
        let connection = match source {
            Some(source) => self.vault.connection(tenant, source).await?,
            None => None,
        };
        if connection.is_none() {
            tracing::warn!(tenant.id = %tenant, provider = name, "a way of paying is removed here alone: its provider is not connected");
            return Ok(true);
        }
        let forgotten = match self.desk(name).await? {
            Ok(desk) => forget_at(&desk, kept).await,
            Err(why) => Err(why),
        };
        if let Err(NotAsked::Away(why) | NotAsked::Broken(why)) = &forgotten {
            tracing::warn!(tenant.id = %tenant, provider = name, why, "a way of paying could not be removed at its provider");
        }
        Ok(forgotten.is_ok())
    }

    /// The address that a link of this customer is for.
    async fn address_of(&self, link: &LinkId) -> anyhow::Result<Option<AddressId>> {
        let BasketOwner { tenant, customer } = &self.owner;
        let found = self.store.link(link).await?;
        Ok(found.filter(|found| found.tenant == *tenant && found.customer == *customer).map(|found| found.link.address))
    }

    fn entry(&self, operation: &str, (link, basket): (&LinkId, &PaymentId)) -> AuditEntry {
        AuditEntry {
            tenant: self.owner.tenant.clone(),
            at: self.now,
            by: link.as_str().to_owned(),
            role: LINK.to_owned(),
            operation: operation.to_owned(),
            object: Some(basket.to_string()),
            customer: Some(self.owner.customer.clone()),
            what: json!({}),
            note: None,
            act: None,
            once: None,
        }
    }
}

async fn forget_at(desk: &Desk<'_>, kept: &str) -> Result<(), NotAsked> {
    let access = desk.access();
    let mut next = desk.provider.forget(&access, kept);
    for _ in 0..CALLS_MAX {
        let Some(request) = next else { return Ok(()) };
        let answer = desk.send(request).await?;
        next = desk.provider.forgotten(&access, kept, &answer).map_err(NotAsked::of)?;
    }
    Err(NotAsked::Away("it leads from one call to the next without an end".to_owned()))
}
