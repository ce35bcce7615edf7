//! Offers to pay in parts, which people of the tenant make to a customer: an item for each. It is no fact that a decision is made from. The
//! customer's head moves with it all the same, so that its page shows it at once.

use domain::{CustomerId, PlanOffer, PlanOfferId, ServiceMail, TenantId};
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::{
    Result, Store,
    customer::{agreements::referred, service_mails::requested},
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        change::{Change, is, no_item},
        db::{Range, json, last_of, n, s, to_json},
        keys,
    },
};

/// How long an offer is kept after its last day, in days.
const KEPT_DAYS: i64 = 400;
/// Most offers of a customer that are read, the newest.
const OFFERS_MAX: usize = 200;

/// The write of an offer that takes the place of `before`, and of nothing else.
pub(crate) fn offered(tenant: &TenantId, customer: &CustomerId, before: Option<&PlanOffer>, offer: &PlanOffer) -> Change {
    let last = offer.valid_until.checked_add(KEPT_DAYS.days()).unwrap_or(offer.valid_until);
    let expires_at = last.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |at| at.timestamp()).as_second();
    let change = Change::of(keys::plan_offer(tenant, customer, &offer.id));
    let change = change.put(DOC, s(to_json(offer))).put(EXPIRES_AT, n(expires_at));
    match before {
        Some(before) => change.when(is(DOC, s(to_json(before)))),
        None => change.when(no_item()),
    }
}

impl Store {
    /// Makes an offer, or changes it from what it was `before`; `mail` tells of it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Refused`] when there is no such customer, [`crate::Error::Conflict`] when it is no longer what it was before; those of
    /// writing.
    pub async fn put_plan_offer(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        before: Option<&PlanOffer>,
        offer: &PlanOffer,
        mail: Option<&ServiceMail>,
        now: Timestamp,
    ) -> Result<()> {
        self.write_facts("change an offer to", tenant, customer, now, |_| {
            let mut actions = vec![offered(tenant, customer, before, offer).update(self)];
            actions.extend(mail.map(|mail| requested(tenant, customer, mail).update(self)));
            if before.is_none() {
                actions.push(referred(tenant, offer.id.as_str(), customer).update(self));
            }
            actions
        })
        .await
    }

    /// One offer to a customer.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn plan_offer(&self, tenant: &TenantId, customer: &CustomerId, id: &PlanOfferId) -> Result<Option<PlanOffer>> {
        let row = self.read("read an offer to", &keys::plan_offer(tenant, customer, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// The offers to a customer, at most 200 of them, the newest first. The table deletes each 400 days after its last day.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn plan_offers(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Vec<PlanOffer>> {
        self.offers_as(tenant, customer, true).await
    }

    /// The same as of moments ago, for a page that only shows them.
    ///
    /// # Errors
    ///
    /// Those of [`Store::plan_offers`].
    pub async fn plan_offers_to_show(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Vec<PlanOffer>> {
        self.offers_as(tenant, customer, false).await
    }

    async fn offers_as(&self, tenant: &TenantId, customer: &CustomerId, strong: bool) -> Result<Vec<PlanOffer>> {
        let pk = keys::customer(tenant, customer);
        let until = last_of(keys::PLAN_OFFERS);
        // Ids begin with the moment at which an offer was made.
        let range = Range { strong, newest_first: true, ..Range::new(&pk, keys::PLAN_OFFERS, &until, OFFERS_MAX) };
        let rows = self.range("read the offers to", range).await?;
        let mut offers = rows.iter().map(|row| json(row, DOC)).collect::<Result<Vec<PlanOffer>>>()?;
        offers.sort_by(|a, b| b.made_at.cmp(&a.made_at).then_with(|| a.id.cmp(&b.id)));
        Ok(offers)
    }
}
