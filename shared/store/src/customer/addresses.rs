//! What is known of addresses.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{AddressFact, Channel, CustomerId, Suppression, SuppressionReason, TenantId, address_key, id::digest, word::Word};
use jiff::Timestamp;

use crate::{
    Result, Stop, Store,
    customer::head::{Wake, bump},
    table::{
        attributes::{
            address,
            document::{self, DOC},
            every::PK,
            fact,
        },
        change::{Change, is, no_item},
        db::{Row, Transacted, Wrote, json, n, s, text, to_json, word_of},
        keys,
        retry::{ATTEMPTS, Tries},
    },
    tenant::stops::masked,
};

/// An address of a tenant, named by a digest: `sup_` and that. Whoever reads it does not learn the address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressId(String);

impl AddressId {
    /// What its text begins with, before the digest.
    pub const PREFIX: &str = "sup_";

    /// That of an address on a channel.
    pub fn of(channel: Channel, address: &str) -> Self {
        Self(digest(&[&address_key(channel, address)]))
    }

    /// That of a digest that was made so before.
    pub(crate) fn of_digest(digest: &str) -> Self {
        Self(digest.to_owned())
    }

    /// The digest.
    pub(crate) fn digest(&self) -> &str {
        &self.0
    }

    /// Reads its text.
    pub fn parse(text: &str) -> Option<Self> {
        let digest = text.strip_prefix(Self::PREFIX)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        ((16..=64).contains(&digest.len()) && digest.bytes().all(plain)).then(|| Self(digest.to_owned()))
    }

    fn key(&self, tenant: &TenantId) -> keys::Key {
        keys::address_of_digest(tenant, &self.0)
    }
}

impl std::fmt::Display for AddressId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0)
    }
}

/// An address that must not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Its id.
    pub id: AddressId,
    /// On which channel; unknown where an older release stopped it.
    pub channel: Option<Channel>,
    /// Enough of it to know it by, where that is known.
    pub shown: Option<String>,
    /// Why, and since when.
    pub suppression: Suppression,
    /// The person who entered it, where one did.
    pub by: Option<String>,
    /// What they said of it.
    pub said: Option<String>,
    /// That the address bounced or complained, where an opt-out stands in the place of that.
    pub beside: Option<SuppressionReason>,
}

/// What came of lifting what stands against an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifted {
    /// It may be used again; this stood against it.
    Done(Stopped),
    /// Nothing stands against it.
    Nothing,
    /// Something else stands against it than was named, and goes on standing.
    Another(Stopped),
}

/// What an item says of an address; `None` where it may be used.
pub(crate) fn stopped(row: &Row) -> Result<Option<Stopped>> {
    let Some((_, digest)) = text(row, PK).and_then(keys::parse_address) else { return Ok(None) };
    let fact: AddressFact = json(row, DOC)?;
    let of = |name| text(row, name).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(fact.suppressed.map(|suppression| Stopped {
        id: AddressId(digest),
        channel: text(row, address::CHANNEL).and_then(|word| serde_json::from_value(word.into()).ok()),
        shown: of(address::SHOWN),
        suppression,
        by: of(fact::BY),
        said: of(address::SAID),
        beside: text(row, address::BESIDE).and_then(SuppressionReason::read),
    }))
}

/// An address that is to be used no more, and what people may know it by.
struct ToStop<'a> {
    key: keys::Key,
    channel: Channel,
    shown: &'a str,
    said: Option<&'a str>,
}

/// What is noted beside an opt-out, of what stood there and what comes, in either order: that the address takes nothing, or that its owner
/// complained. Which of both came first counts.
fn beside(stands: SuppressionReason, comes: SuppressionReason) -> Option<SuppressionReason> {
    let is_of_mailbox = |reason| matches!(reason, SuppressionReason::Bounce | SuppressionReason::Complaint);
    match (stands, comes) {
        (SuppressionReason::OptOut, reason) | (reason, SuppressionReason::OptOut) => {
            Some(reason).filter(|_| is_of_mailbox(reason))
        }
        (
            SuppressionReason::Bounce | SuppressionReason::Complaint | SuppressionReason::Cease | SuppressionReason::Later(_),
            SuppressionReason::Bounce | SuppressionReason::Complaint | SuppressionReason::Cease | SuppressionReason::Later(_),
        ) => None,
    }
}

impl Store {
    /// Never uses an address on a channel again. The strictest reason stands; with `customer` its head is bumped in the same
    /// transaction.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn suppress(
        &self,
        tenant: &TenantId,
        channel: Channel,
        address: &str,
        reason: SuppressionReason,
        at: Timestamp,
        customer: Option<&CustomerId>,
    ) -> Result<()> {
        self.suppress_saying(tenant, (channel, address), Suppression { reason, at }, None, customer).await.map(|_| ())
    }

    /// The same as a person asks for it, with what they said of it. False when a reason stands already that is as strict.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn suppress_saying(
        &self,
        tenant: &TenantId,
        (channel, address): (Channel, &str),
        suppression: Suppression,
        said: Option<&str>,
        customer: Option<&CustomerId>,
    ) -> Result<bool> {
        let key = keys::address(tenant, &address_key(channel, address));
        let stopping = ToStop { key, channel, shown: &masked(address), said };
        self.suppress_at(tenant, stopping, suppression, customer).await
    }

    /// The same for an address that is known by its id alone.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn suppress_by_id(
        &self,
        tenant: &TenantId,
        (channel, address): (Channel, &AddressId),
        suppression: Suppression,
        customer: Option<&CustomerId>,
    ) -> Result<()> {
        let stopping = ToStop { key: address.key(tenant), channel, shown: "", said: None };
        self.suppress_at(tenant, stopping, suppression, customer).await.map(|_| ())
    }

    /// Never uses the address of a stop link again on its channel. Whose it is is not known, so that nobody is woken: senders and
    /// decisions read the address themselves.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn stop(&self, stop: &Stop, at: Timestamp) -> Result<()> {
        let key = keys::address_of_digest(&stop.tenant, &stop.digest);
        let stopping = ToStop { key, channel: stop.channel, shown: &stop.shown, said: None };
        let suppression = Suppression { reason: SuppressionReason::OptOut, at };
        self.suppress_at(&stop.tenant, stopping, suppression, None).await.map(|_| ())
    }

    async fn suppress_at(
        &self,
        tenant: &TenantId,
        stopping: ToStop<'_>,
        suppression: Suppression,
        customer: Option<&CustomerId>,
    ) -> Result<bool> {
        const OP: &str = "suppress an address for";
        let at = suppression.at;
        let mut tries = Tries::new(ATTEMPTS, OP, customer.map_or("", CustomerId::as_str));
        loop {
            tries.again()?;
            let row = self.read(OP, &stopping.key, true).await?;
            let mut fact: AddressFact = row.as_ref().map(|row| json(row, DOC)).transpose()?.unwrap_or_default();
            let known = fact.suppressed.as_ref().map(|known| known.reason);
            let is_as_strict = known.is_some_and(|known| !suppression.reason.is_stricter_than(known));
            let beside = known.and_then(|known| beside(known, suppression.reason));
            if is_as_strict {
                // An opt-out stands, which notices go past: that nothing arrives there is noted beside it.
                let is_noted = row.as_ref().is_some_and(|row| row.contains_key(address::BESIDE));
                if let Some(beside) = beside.filter(|_| !is_noted) {
                    let change = self.address_change(stopping.key.clone(), row.as_ref(), &fact);
                    let change = change.put(address::BESIDE, s(beside.as_str()));
                    if let Wrote::Not(_) = self.write(OP, change, false).await? {
                        continue;
                    }
                }
                return Ok(false);
            }
            fact.suppressed = Some(suppression.clone());
            let mut change = self.address_change(stopping.key.clone(), row.as_ref(), &fact);
            change = change.put(address::CHANNEL, s(word_of(stopping.channel)));
            if !stopping.shown.is_empty() {
                change = change.put(address::SHOWN, s(stopping.shown));
            }
            if let Some(beside) = beside {
                change = change.put(address::BESIDE, s(beside.as_str()));
            }
            change = match stopping.said {
                Some(said) => change.put(address::SAID, s(said)),
                None => change.drop(address::SAID),
            };
            let mut actions: Vec<TransactWriteItem> = vec![self.by_whom(change).update(self)];
            self.wake(tenant, customer, at, &mut actions).await?;
            if let Transacted::Done = self.transact(OP, customer.map_or("", CustomerId::as_str), actions).await? {
                return Ok(true);
            }
        }
    }

    /// Bumps the head of a customer, where there is one.
    async fn wake(
        &self,
        tenant: &TenantId,
        customer: Option<&CustomerId>,
        at: Timestamp,
        actions: &mut Vec<TransactWriteItem>,
    ) -> Result<()> {
        if let Some(customer) = customer
            && let Some(head) = self.head(tenant, customer).await?
        {
            let wake = Wake::of(Some(&head), customer, 1, at);
            actions.push(bump(tenant, customer, &wake, at).update(self));
        }
        Ok(())
    }

    /// Why an address must not be used, if so.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn stopped(&self, tenant: &TenantId, address: &AddressId) -> Result<Option<Stopped>> {
        let row = self.read("read an address of", &address.key(tenant), true).await?;
        Ok(row.as_ref().map(stopped).transpose()?.flatten())
    }

    /// Lets an address be used again, because a person says so of what stands against it ([`Suppression::entry`]); with `customer` it is
    /// decided again. What came to stand meanwhile stays.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn lift(
        &self,
        tenant: &TenantId,
        address: &AddressId,
        entry: &str,
        at: Timestamp,
        customer: Option<&CustomerId>,
    ) -> Result<Lifted> {
        const OP: &str = "lift the suppression of";
        let (key, id) = (address.key(tenant), address.to_string());
        let mut tries = Tries::new(ATTEMPTS, OP, &id);
        loop {
            tries.again()?;
            let Some(row) = self.read(OP, &key, true).await? else { return Ok(Lifted::Nothing) };
            let Some(before) = stopped(&row)? else { return Ok(Lifted::Nothing) };
            // The write holds only while the item is as it was read.
            if before.suppression.entry() != entry {
                return Ok(Lifted::Another(before));
            }
            let fact = AddressFact { suppressed: None };
            let change = self
                .address_change(key.clone(), Some(&row), &fact)
                .drop(address::SAID)
                .drop(address::BESIDE)
                .drop(address::CEASED_WITH);
            let mut actions = vec![self.by_whom(change).update(self)];
            self.wake(tenant, customer, at, &mut actions).await?;
            if let Transacted::Done = self.transact(OP, &id, actions).await? {
                return Ok(Lifted::Done(before));
            }
        }
    }

    /// Writes what is known of an address if nobody wrote it since it was read.
    pub(crate) fn address_change(&self, key: keys::Key, seen: Option<&crate::table::db::Row>, fact: &AddressFact) -> Change {
        let change = Change::of(key).put(DOC, s(to_json(fact))).add(document::REVISION, n(1));
        match seen.and_then(|row| crate::table::db::number::<u64>(row, document::REVISION)) {
            Some(rev) => change.when(is(document::REVISION, n(rev))),
            None => change.when(no_item()),
        }
    }
}
