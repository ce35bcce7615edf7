//! Owners of customers by hand, key accounts, and absences of members.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Currency, Customer, CustomerId, TenantId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store,
    table::{
        attributes::document::DOC,
        change::{Change, is, no_item, put},
        db::{Range, Transacted, Wrote, json, last_of, row_of, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

/// Most absences that are listed.
const ABSENCES_MAX: usize = 1_000;

/// Who a customer's owner is, as a person said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerOwner {
    /// The subject of a member's sign-in, or what a team is called.
    pub owner: String,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// When a member is away, and who stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// Who: the subject of their sign-in.
    pub subject: String,
    /// The first day.
    pub from_on: Date,
    /// The last day.
    pub until_on: Date,
    /// Who stands in: the subject of another member's sign-in, or what a team is called.
    pub stand_in: String,
}

impl Store {
    /// Who a customer's owner is, as a person said.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn owner(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<CustomerOwner>> {
        let row = self.read("read the owner of", &keys::owner(tenant, customer), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Whose customers are, as of moments ago: what a person said of each, where one did, and the customer as its source describes it, which
    /// rules go by. Who is not there, or does not read, is left out.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn owning(
        &self,
        tenant: &TenantId,
        customers: &BTreeSet<CustomerId>,
    ) -> Result<BTreeMap<CustomerId, (Option<CustomerOwner>, Customer)>> {
        let of = |id: &CustomerId| [keys::owner(tenant, id), keys::profile(tenant, id)];
        let wanted: Vec<_> = customers.iter().flat_map(of).collect();
        let found = self.read_many("read the owners of customers of", &wanted, false).await?;
        let mut owning = BTreeMap::new();
        for id in customers {
            let [owner, profile] = of(id).map(|key| found.get(&key));
            // What does not read is a task of its own; the rest is still to be looked at.
            let Some(Ok(described)) = profile.map(|row| json::<Customer>(row, DOC)) else { continue };
            let owner = owner.and_then(|row| json::<CustomerOwner>(row, DOC).ok());
            owning.insert(id.clone(), (owner, described));
        }
        Ok(owning)
    }

    /// Says who a customer's owner is, or that nobody is by hand, in place of what was said `before`.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it is no longer what it was before; those of writing.
    pub async fn set_owner(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        before: Option<&CustomerOwner>,
        after: Option<&CustomerOwner>,
    ) -> Result<()> {
        const OP: &str = "say the owner of";
        let change = Change::of(keys::owner(tenant, customer));
        let change = match before {
            Some(before) => change.when(is(DOC, s(to_json(before)))),
            None => change.when(no_item()),
        };
        let mut actions = match after {
            Some(after) => vec![change.replace(self, row_of([(DOC, s(to_json(after)))]))],
            None if before.is_none() => return Ok(()),
            None => vec![change.delete(self)],
        };
        let same = before.map(|before| &before.owner) == after.map(|after| &after.owner);
        if let Some(before) = before.filter(|_| !same) {
            actions.push(Change::of(keys::owned(tenant, &before.owner, customer)).delete(self));
        }
        if let Some(after) = after {
            let row = row_of([(DOC, s(to_json(&after.owner)))]);
            actions.push(put(self, &keys::owned(tenant, &after.owner, customer), row));
        }
        match self.transact(OP, customer.as_str(), actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: customer.to_string() }),
        }
    }

    /// Customers of an owner by hand, at most `limit`, in the order of their ids, and whether there are more.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn owned(
        &self,
        tenant: &TenantId,
        owner: &str,
        limit: usize,
        after: Option<&CustomerId>,
    ) -> Result<(Vec<CustomerId>, bool)> {
        let pk = keys::owned_by(tenant, owner);
        let from = after.map_or_else(|| keys::CUSTOMERS.to_owned(), |after| keys::owned(tenant, owner, after).sk);
        // The one to go on after is read again, and one more says whether there are more.
        let most = limit + 2;
        let rows = self.range("list the customers of", Range::new(&pk, &from, &last_of(keys::CUSTOMERS), most)).await?;
        let id = |row: &crate::table::db::Row| {
            CustomerId::parse(text(row, crate::table::attributes::every::SK)?.strip_prefix(keys::CUSTOMERS)?)
        };
        let all: Vec<CustomerId> = rows.iter().filter_map(id).filter(|id| Some(id) != after).collect();
        let more = all.len() > limit;
        Ok((all.into_iter().take(limit).collect(), more))
    }

    /// The customers that were taken out of automation as key accounts, by currency, and are so still, whether or not a person lifted their
    /// pause.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn key_accounts(&self, tenant: &TenantId) -> Result<BTreeMap<Currency, BTreeSet<CustomerId>>> {
        let row = self.read("read the key accounts of", &keys::key_accounts(tenant), true).await?;
        Ok(row.as_ref().map(|row| json(row, DOC)).transpose()?.unwrap_or_default())
    }

    /// Keeps that a customer is a key account of a currency, or is none any more.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn note_key_account(
        &self,
        tenant: &TenantId,
        currency: Currency,
        customer: &CustomerId,
        is_one: bool,
    ) -> Result<()> {
        const OP: &str = "keep a key account of";
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            let key = keys::key_accounts(tenant);
            let row = self.read(OP, &key, true).await?;
            let before: Option<BTreeMap<Currency, BTreeSet<CustomerId>>> = row.as_ref().map(|row| json(row, DOC)).transpose()?;
            let mut after = before.clone().unwrap_or_default();
            let of_currency = after.entry(currency).or_default();
            let is_new = if is_one { of_currency.insert(customer.clone()) } else { of_currency.remove(customer) };
            if !is_new {
                return Ok(());
            }
            after.retain(|_, customers| !customers.is_empty());
            let change = Change::of(key).put(DOC, s(to_json(&after)));
            let change = match &before {
                Some(before) => change.when(is(DOC, s(to_json(before)))),
                None => change.when(no_item()),
            };
            if let Wrote::Done(_) = self.write(OP, change, false).await? {
                return Ok(());
            }
        }
    }

    /// The absences of members that are kept.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn absences(&self, tenant: &TenantId) -> Result<Vec<Absence>> {
        let pk = keys::members(tenant);
        let last = last_of(keys::ABSENCES);
        let rows = self.range("list who is away of", Range::new(&pk, keys::ABSENCES, &last, ABSENCES_MAX)).await?;
        rows.iter().map(|row| json(row, DOC)).collect()
    }

    /// Keeps when a member is away; `None` where they are there.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn set_absence(&self, tenant: &TenantId, subject: &str, absence: Option<&Absence>) -> Result<()> {
        const OP: &str = "say when somebody is away of";
        let key = keys::absence(tenant, subject);
        let action = match absence {
            Some(absence) => put(self, &key, row_of([(DOC, s(to_json(absence)))])),
            None => Change::of(key).delete(self),
        };
        match self.transact(OP, tenant.as_str(), vec![action]).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: tenant.to_string() }),
        }
    }
}
