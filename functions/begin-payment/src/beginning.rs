//! A basket begins: what is due is read anew, what it comes to is kept back, and its provider is asked for the page.

use domain::{
    Agreement, Basket, Facts, MoneyOnItsWay, MoneyStatus, PaymentId, Terms, basket::BasketBegin, calendar::tenant_zone,
};
use jiff::{SignedDuration, Timestamp};
use payments::{AskedPayment, BasketWish, BegunPayment, ErrandAnswer, NextCall, transfer::PayeeAccount};
use store::{BasketBegun, BasketHeard, BasketOwner, BasketSays};

use crate::{
    desk::{Desk, NotAsked},
    ending::Wanted,
    payer::Payer,
};

/// How often what is due is read anew because somebody else wrote between.
const TRIES: usize = 4;
/// Baskets whose time is over that one errand ends, the latest first.
const OVER_MAX: usize = 5;
/// Longer than a page of a provider stays open whose basket is over: that of GoCardless for seven days, of the others for hours.
const PROVIDERS_WAIT: SignedDuration = SignedDuration::from_hours(8 * 24);
/// Calls that lead to one page at most.
const CALLS_MAX: usize = 5;

impl Payer<'_> {
    /// Begins a basket, or goes on with the one that the same errand began.
    pub(crate) async fn begin(&self, wish: &BasketWish) -> anyhow::Result<ErrandAnswer> {
        let desk = match self.desk(&wish.provider).await? {
            Ok(desk) => desk,
            Err(why) => return Ok(not_asked(wish, why)),
        };
        for attempt in 0..TRIES {
            let BasketOwner { tenant, customer } = &self.owner;
            let Some(head) = self.store.head(tenant, customer).await? else { return Ok(ErrandAnswer::Unknown) };
            let mut facts = self.store.facts(tenant, &head).await?;
            if attempt == 0 && self.end_over(&facts).await? {
                let Some(head) = self.store.head(tenant, customer).await? else { return Ok(ErrandAnswer::Unknown) };
                facts = self.store.facts(tenant, &head).await?;
            }
            let (basket, money) = match self.wished(wish, &desk).begin(&facts, &self.settings, self.now) {
                Ok(begun) => begun,
                // Sent twice, a basket stands in its own way.
                Err(flaws) => match self.store.basket(tenant, customer, &wish.id).await? {
                    Some(known) => return self.sent_on(&desk, wish, known).await,
                    None => {
                        tracing::info!(tenant.id = %tenant, basket.id = %wish.id, flaws = flaws.len(), "a basket cannot be paid as it was wished for");
                        return Ok(ErrandAnswer::NotPayable);
                    }
                },
            };
            match self.store.begin_basket(tenant, &basket, &money, facts.version, self.now).await? {
                BasketBegun::Begun => return self.sent_on(&desk, wish, basket).await,
                BasketBegun::Before(known) => return self.sent_on(&desk, wish, *known).await,
                BasketBegun::Changed => {}
            }
        }
        Ok(ErrandAnswer::Later)
    }

    fn wished(&self, wish: &BasketWish, desk: &Desk<'_>) -> BasketBegin {
        // Where nobody is sent on to a page, the payer's bank is told today.
        let is_announced = !desk.provider.capabilities().redirects;
        let today = self.now.to_zoned(tenant_zone(&self.settings)).date();
        BasketBegin {
            id: wish.id.clone(),
            currency: wish.currency,
            legal_entity: wish.legal_entity.as_str().into(),
            lines: wish.lines.clone(),
            provider: wish.provider.clone(),
            way: wish.way.clone(),
            link: wish.link.clone(),
            pays_on: is_announced.then_some(today),
        }
    }

    /// Ends baskets whose time is over, first at their providers: whether there was one.
    async fn end_over(&self, facts: &Facts) -> anyhow::Result<bool> {
        let mut over: Vec<(Timestamp, &PaymentId)> =
            facts.agreements.iter().filter_map(|agreement| self.over(agreement)).collect();
        over.sort_unstable_by(|a, b| b.cmp(a));
        let mut is_one = false;
        for (_, id) in over.into_iter().take(OVER_MAX) {
            let basket = self.basket_of_anybody(id).await?;
            let is_open = |basket: &Basket| basket.expires_at <= self.now && !basket.status.is_over();
            let Some(basket) = basket.filter(is_open) else { continue };
            is_one = true;
            if !self.end(&basket, Wanted::Expired).await? {
                tracing::warn!(tenant.id = %self.owner.tenant, basket.id = %id, "a basket whose time is over could not be ended at its provider");
            }
        }
        Ok(is_one)
    }

    /// A basket of this customer's, or of the one that an invoice was moved from with what keeps its amount back.
    async fn basket_of_anybody(&self, id: &PaymentId) -> anyhow::Result<Option<Basket>> {
        let BasketOwner { tenant, customer } = &self.owner;
        if let Some(own) = self.store.basket(tenant, customer, id).await? {
            return Ok(Some(own));
        }
        match self.store.basket_owner(id).await?.filter(|owner| owner.tenant == *tenant) {
            Some(owner) => Ok(self.store.basket(tenant, &owner.customer, id).await?),
            None => Ok(None),
        }
    }

    /// The basket of an agreement whose time is over and of which no money came. A decision says of the agreement that it failed and tells the
    /// provider nothing, so that the basket itself says whether it is over. After `PROVIDERS_WAIT` no provider's page is open any more.
    fn over<'a>(&self, agreement: &'a Agreement) -> Option<(Timestamp, &'a PaymentId)> {
        let Terms::Money(MoneyOnItsWay { basket: Some(of), status, .. }) = &agreement.terms else { return None };
        let came = match status {
            MoneyStatus::Arrived => true,
            MoneyStatus::Expected | MoneyStatus::Failed | MoneyStatus::Later(_) => false,
        };
        let is_lately = self.now.duration_since(of.ends_at) < PROVIDERS_WAIT;
        (!came && of.ends_at <= self.now && is_lately).then_some((of.ends_at, &of.id))
    }

    /// The account that a basket is transferred to, where the settings name one with an IBAN: its country says which form of reference it carries.
    fn account(&self, basket: &Basket) -> Option<PayeeAccount> {
        let account = self.settings.bank_account_of(&basket.legal_entity, basket.currency)?;
        PayeeAccount::of(account, basket.currency)
    }

    /// The page of a basket that is there: its provider is asked where it was not yet.
    async fn sent_on(&self, desk: &Desk<'_>, wish: &BasketWish, basket: Basket) -> anyhow::Result<ErrandAnswer> {
        if basket.status.is_over() {
            return Ok(ErrandAnswer::Begun { pay_url: None });
        }
        if basket.provider_id.is_some() {
            return Ok(ErrandAnswer::Begun { pay_url: basket.pay_url });
        }
        let account = self.account(&basket);
        match page_of(desk, wish, &basket, account.as_ref()).await {
            Ok(BegunPayment { provider_id, pay_url, .. }) => {
                let says = BasketSays::SentOn { provider_id: &provider_id, pay_url: pay_url.as_deref() };
                let heard = self.store.change_basket(&self.owner, &basket.id, says, &self.settings, self.now).await?;
                Ok(match heard {
                    BasketHeard::Heard(..) => ErrandAnswer::Begun { pay_url },
                    BasketHeard::Unknown => ErrandAnswer::Unknown,
                })
            }
            Err(why) => {
                // Nothing is waited for at the provider: what was kept back is free again.
                if matches!(why, NotAsked::Broken(_)) {
                    let says = BasketSays::Cancelled;
                    self.store.change_basket(&self.owner, &basket.id, says, &self.settings, self.now).await?;
                }
                Ok(not_asked(wish, why))
            }
        }
    }
}

/// Asks a provider for the page of a basket.
async fn page_of(
    desk: &Desk<'_>,
    wish: &BasketWish,
    basket: &Basket,
    account: Option<&PayeeAccount>,
) -> Result<BegunPayment, NotAsked> {
    let asked = AskedPayment {
        basket: &basket.id,
        lines: &basket.lines,
        currency: basket.currency,
        way: &basket.way,
        begun_at: basket.begun_at,
        return_url: &wish.return_url,
        cancel_url: &wish.cancel_url,
        language: wish.language.as_deref(),
        provider_customer: None,
        account,
        words: &wish.words,
    };
    let begun = desk.provider.begin(&desk.access(), &asked);
    let mut next = begun.map_err(|cannot| NotAsked::Broken(cannot.to_string()))?;
    for _ in 0..CALLS_MAX {
        let request = match next {
            NextCall::Begun(begun) => return Ok(begun),
            NextCall::Ask(request) => request,
        };
        let answer = desk.send(*request).await?;
        next = desk.provider.begun(&desk.access(), &asked, &answer).map_err(NotAsked::of)?;
    }
    Err(NotAsked::Away("it leads from one call to the next without a page".to_owned()))
}

fn not_asked(wish: &BasketWish, why: NotAsked) -> ErrandAnswer {
    match why {
        NotAsked::Broken(why) => {
            tracing::error!(provider = wish.provider, basket.id = %wish.id, why, "a payment cannot be begun until this is mended");
            ErrandAnswer::NotTaken { why }
        }
        NotAsked::Away(why) => {
            tracing::warn!(provider = wish.provider, basket.id = %wish.id, why, "a payment was not begun yet");
            ErrandAnswer::Later
        }
    }
}
