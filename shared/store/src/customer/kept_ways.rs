//! Ways of paying that people keep at payment providers: an item for each, by the basket with which it was set up, and one that finds it by what the
//! provider knows it by. Nothing of a card or an account is stored but what names it to its owner.
//!
//! A way is asked for with the basket, and kept once the provider says what it knows it by. It is the address's whose code was entered, and nobody
//! else's at the customer. It is no fact that a decision is made from.

use domain::{Currency, CustomerId, LinkId, PaymentId, TenantId, WayOfPaying};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    AddressId, Result, Store,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        change::{Change, is, no_item, some_item},
        db::{Range, Transacted, json, last_of, n, s, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

/// How long it is waited for the provider's word after a payer asked to keep a way.
const WAITS: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Most ways of a customer that are looked through.
const WAYS_MAX: usize = 1_000;

/// A way of paying that somebody asked to keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWay {
    /// The basket with which it was set up: its id here.
    pub basket: PaymentId,
    /// The digest of the address that the link was for: whose it is.
    address: String,
    /// The link by which it was asked for.
    pub link: LinkId,
    /// The provider's name, as baskets have it.
    pub provider: String,
    /// How it is paid.
    pub way: WayOfPaying,
    /// The currency in which it was set up. A mandate takes no other one.
    pub currency: Currency,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// What the provider knows it by: a mandate, or a customer. Nothing opens by it without the tenant's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// Since when it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_at: Option<Timestamp>,
    /// The last characters of the account's number, where the provider says them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<String>,
    /// Since when nothing can be paid by it any more: it was removed here, or is gone at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<Timestamp>,
}

/// Where a way is found by what its provider knows it by.
#[derive(Debug, Serialize, Deserialize)]
struct WayOwner {
    customer: CustomerId,
    basket: PaymentId,
}

impl KeptWay {
    /// One that is asked for with a basket.
    pub fn asked(
        (basket, link): (&PaymentId, &LinkId),
        address: &AddressId,
        (provider, way, currency): (&str, &WayOfPaying, Currency),
        now: Timestamp,
    ) -> Self {
        Self {
            basket: basket.clone(),
            address: address.digest().to_owned(),
            link: link.clone(),
            provider: provider.to_owned(),
            way: way.clone(),
            currency,
            asked_at: now,
            kept: None,
            kept_at: None,
            ending: None,
            gone_at: None,
        }
    }

    /// Whether it is of whoever has an address.
    pub fn is_of(&self, address: &AddressId) -> bool {
        self.address == address.digest()
    }

    /// Whether something can be paid by it.
    pub fn is_good(&self) -> bool {
        self.kept.is_some() && self.gone_at.is_none()
    }
}

impl Store {
    /// Writes down that a way is to be kept, once for its basket. The table forgets it after 30 days where the provider never says that it is.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn ask_to_keep(&self, tenant: &TenantId, customer: &CustomerId, way: &KeptWay) -> Result<()> {
        let ends = (way.asked_at + WAITS).as_second();
        let change = Change::of(keys::kept_way(tenant, customer, &way.basket)).put(DOC, s(to_json(way)));
        let change = change.put(EXPIRES_AT, n(ends)).when(no_item());
        // Asked for twice, it was written before.
        self.transact("ask to keep a way of paying of", customer.as_str(), vec![change.update(self)]).await?;
        Ok(())
    }

    /// A way of paying, by the basket with which it was set up.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn kept_way(&self, tenant: &TenantId, customer: &CustomerId, basket: &PaymentId) -> Result<Option<KeptWay>> {
        let row = self.read("read a way of paying of", &keys::kept_way(tenant, customer, basket), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// The ways that can be paid by, of whoever has an address, the newest first.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn kept_ways(&self, tenant: &TenantId, customer: &CustomerId, address: &AddressId) -> Result<Vec<KeptWay>> {
        let mut ways = self.all_ways(tenant, customer).await?;
        ways.retain(|way| way.is_of(address) && way.is_good());
        ways.sort_by(|a, b| b.kept_at.cmp(&a.kept_at).then_with(|| a.basket.cmp(&b.basket)));
        Ok(ways)
    }

    async fn all_ways(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Vec<KeptWay>> {
        let pk = keys::customer(tenant, customer);
        let until = last_of(keys::KEPT_WAYS);
        let rows = self.range("read the ways of paying of", Range::new(&pk, keys::KEPT_WAYS, &until, WAYS_MAX)).await?;
        rows.iter().map(|row| json(row, DOC)).collect()
    }

    /// Writes down what a provider knows a way by that was asked for with a basket; whether it is kept now. The first word of it counts, and what is
    /// gone does not come back.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when other writers kept coming between; those of reading and writing.
    pub async fn keep_way(
        &self,
        (tenant, customer): (&TenantId, &CustomerId),
        basket: &PaymentId,
        (kept, ending): (&str, Option<&str>),
        now: Timestamp,
    ) -> Result<bool> {
        const OP: &str = "keep a way of paying of";
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            let Some(before) = self.kept_way(tenant, customer, basket).await? else { return Ok(false) };
            if before.gone_at.is_some() {
                return Ok(false);
            }
            if before.kept.is_some() {
                return Ok(true);
            }
            let after =
                KeptWay { kept: Some(kept.to_owned()), kept_at: Some(now), ending: ending.map(str::to_owned), ..before.clone() };
            let owner = WayOwner { customer: customer.clone(), basket: basket.clone() };
            let actions = vec![
                Change::of(keys::kept_way(tenant, customer, basket))
                    .put(DOC, s(to_json(&after)))
                    .drop(EXPIRES_AT)
                    .when(is(DOC, s(to_json(&before))))
                    .update(self),
                Change::of(keys::way_owner(tenant, &after.provider, kept)).put(DOC, s(to_json(&owner))).update(self),
            ];
            if let Transacted::Done = self.transact(OP, customer.as_str(), actions).await? {
                return Ok(true);
            }
        }
    }

    /// Forgets a way by what its provider knows it by, because it is gone there; whether one was kept here.
    ///
    /// # Errors
    ///
    /// Those of [`Store::forget_way`].
    pub async fn way_is_gone(&self, tenant: &TenantId, provider: &str, kept: &str, now: Timestamp) -> Result<bool> {
        let row = self.read("find whose a way of paying is", &keys::way_owner(tenant, provider, kept), true).await?;
        let Some(row) = row else { return Ok(false) };
        let WayOwner { customer, basket } = json(&row, DOC)?;
        self.forget_way(tenant, &customer, &basket, now).await
    }

    /// Forgets a way: nothing says any more what its provider knows it by, and the table deletes what is left within two days. Whether it was kept.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when other writers kept coming between; those of reading and writing.
    pub async fn forget_way(&self, tenant: &TenantId, customer: &CustomerId, basket: &PaymentId, now: Timestamp) -> Result<bool> {
        const OP: &str = "forget a way of paying of";
        let ends = n(now.as_second());
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            let before = self.kept_way(tenant, customer, basket).await?.filter(|before| before.gone_at.is_none());
            let Some(before) = before else { return Ok(false) };
            let after = KeptWay { kept: None, ending: None, gone_at: Some(now), ..before.clone() };
            let way = Change::of(keys::kept_way(tenant, customer, basket)).put(DOC, s(to_json(&after)));
            let mut actions = vec![way.put(EXPIRES_AT, ends.clone()).when(is(DOC, s(to_json(&before)))).update(self)];
            let owner = before.kept.as_deref().map(|kept| Change::of(keys::way_owner(tenant, &before.provider, kept)));
            actions.extend(owner.map(|owner| owner.put(EXPIRES_AT, ends.clone()).when(some_item()).update(self)));
            if let Transacted::Done = self.transact(OP, customer.as_str(), actions).await? {
                return Ok(true);
            }
        }
    }

    /// The ways of whoever is erased, by the digests of their addresses, as keys to delete.
    pub(crate) async fn ways_to_erase(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        is_theirs: impl Fn(&str) -> bool,
    ) -> Result<Vec<keys::Key>> {
        let ways = self.all_ways(tenant, customer).await?;
        let theirs = ways.iter().filter(|way| is_theirs(&way.address));
        Ok(theirs.flat_map(|way| way_keys(tenant, customer, way)).collect())
    }
}

/// The keys of everything that is stored of a way.
fn way_keys(tenant: &TenantId, customer: &CustomerId, way: &KeptWay) -> Vec<keys::Key> {
    let owner = way.kept.as_deref().map(|kept| keys::way_owner(tenant, &way.provider, kept));
    std::iter::once(keys::kept_way(tenant, customer, &way.basket)).chain(owner).collect()
}
