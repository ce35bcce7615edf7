//! Portal links: an item for each customer and address, which says how the link stands, and one for each code, which says whose it is.
//! Neither holds the address or the code.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Channel, CustomerId, LinkId, PersonDigest, TenantId};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::{
    Error, Result, Store,
    customer::addresses::AddressId,
    table::{
        attributes::{
            every::{CHASE, PK, SK},
            link,
        },
        change::{Change, absent, is, no_item, put},
        db::{Range, Row, Transacted, Wrote, instant, last_of, millis, n, number, row_of, s, text, to_json, word_of},
        keys,
        retry::{ATTEMPTS, Tries},
    },
    tenant::stops::Stop,
};

/// Links that are revoked in one transaction, which has room for an entry of the audit besides.
const REVOKED_AT_ONCE: usize = 50;
/// Most links of a customer that are looked through to revoke them all.
const LINKS_MAX: usize = 10_000;

/// How a portal link stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStanding {
    /// It opens the statement while its address is one of the customer's.
    Good,
    /// Its time is over.
    Expired,
    /// A person made it void.
    Revoked,
}

/// The portal link of a customer for one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalLink {
    /// Its id: a digest of its code.
    pub id: LinkId,
    /// The address that it was made for.
    pub address: AddressId,
    /// Counts the codes of the address, of which the last one alone opens anything.
    pub generation: u32,
    /// The ids of the codes before it: what says whose they are goes with the link.
    pub earlier: Vec<LinkId>,
    /// Those of them that a person made void; the others' time was over.
    pub revoked_earlier: Vec<LinkId>,
    /// The channel of the address.
    pub channel: Channel,
    /// The contact whose the address was when the code was made.
    pub contact: String,
    /// The person who that was; `None` of what an earlier release wrote.
    pub person: Option<PersonDigest>,
    /// Enough of the address to know it by: `a…@acme.example`, `…678`.
    pub shown: String,
    /// When the code was made.
    pub made_at: Timestamp,
    /// From then on it opens nothing.
    pub expires_at: Timestamp,
    /// When a person made it void.
    pub revoked_at: Option<Timestamp>,
}

/// How long a portal link works after it was made or renewed, in days.
pub const LINK_DAYS: i64 = 120;

impl PortalLink {
    /// The same for its whole time from now on.
    pub fn renewed(self, now: Timestamp) -> Self {
        Self { expires_at: now.checked_add((LINK_DAYS * 24).hours()).unwrap_or(Timestamp::MAX), ..self }
    }

    /// The same as a message has it that leaves now: renewed once half of its time is over.
    pub(crate) fn renewed_if_half_is_over(self, now: Timestamp) -> Self {
        let left = self.expires_at.duration_since(now);
        if left < SignedDuration::from_hours(LINK_DAYS * 24 / 2) { self.renewed(now) } else { self }
    }

    /// How it stands.
    pub fn standing(&self, now: Timestamp) -> LinkStanding {
        if self.revoked_at.is_some() {
            LinkStanding::Revoked
        } else if self.expires_at <= now {
            LinkStanding::Expired
        } else {
            LinkStanding::Good
        }
    }
}

/// What is known of the link of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLink {
    /// Whose customer.
    pub tenant: TenantId,
    /// Whose statement.
    pub customer: CustomerId,
    /// The link of the address as it is now: another one than was asked for where that one was replaced.
    pub link: PortalLink,
}

impl FoundLink {
    /// The stop of the address that the link is for, whether or not the link opens anything.
    pub fn stop(&self) -> Stop {
        let (tenant, link) = (self.tenant.clone(), &self.link);
        Stop { tenant, channel: link.channel, digest: link.address.digest().to_owned(), shown: link.shown.clone() }
    }
}

/// A page of a customer's links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkPage {
    /// The links, by nothing that means anything.
    pub links: Vec<PortalLink>,
    /// What to pass for the next page; `None` at the end.
    pub after: Option<String>,
}

/// Reads a link.
pub(crate) fn read_link(row: &Row) -> Result<PortalLink> {
    let read = || {
        Some(PortalLink {
            id: LinkId::parse(text(row, link::ID)?)?,
            address: AddressId::of_digest(text(row, SK)?.strip_prefix(keys::LINKS)?),
            generation: number(row, link::GENERATION)?,
            earlier: text(row, link::EARLIER).map_or(Some(vec![]), |ids| serde_json::from_str(ids).ok())?,
            revoked_earlier: text(row, link::EARLIER_REVOKED).map_or(Some(vec![]), |ids| serde_json::from_str(ids).ok())?,
            channel: serde_json::from_value(text(row, link::CHANNEL)?.into()).ok()?,
            contact: text(row, link::CONTACT)?.to_owned(),
            person: text(row, link::PERSON).map(PersonDigest::begins),
            shown: text(row, link::SHOWN)?.to_owned(),
            made_at: number(row, link::MADE_AT).map(instant)?,
            expires_at: number(row, link::EXPIRES_AT).map(instant)?,
            revoked_at: number(row, link::REVOKED_AT).map(instant),
        })
    };
    read().ok_or_else(|| Error::Corrupt {
        key: format!("{}|{}", text(row, PK).unwrap_or("?"), text(row, SK).unwrap_or("?")),
        detail: "a link does not read".to_owned(),
    })
}

/// Where a link is still as it was read.
fn unchanged(change: Change, before: &PortalLink) -> Change {
    let change = change.when(is(link::ID, s(before.id.as_str())));
    match before.revoked_at {
        None => change.when(absent(link::REVOKED_AT)),
        Some(at) => change.when(is(link::REVOKED_AT, n(millis(at)))),
    }
}

impl Store {
    /// Keeps a link as [`Vault::link_for`] made it of what stood `before`. False when that is no longer so: read again.
    ///
    /// Whose a code is is written before the link that has it, so that no message has a code that nobody knows.
    ///
    /// # Errors
    ///
    /// Those of writing.
    ///
    /// [`Vault::link_for`]: crate::Vault::link_for
    pub async fn keep_link(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        before: Option<&PortalLink>,
        after: &PortalLink,
    ) -> Result<bool> {
        const OP: &str = "keep a portal link of";
        let key = keys::link(tenant, customer, after.address.digest());
        let change = Change::of(key.clone())
            .put(CHASE, s(keys::beside_profile(&key.sk)))
            .put(link::ID, s(after.id.as_str()))
            .put(link::GENERATION, n(after.generation))
            .put(link::CHANNEL, s(word_of(after.channel)))
            .put(link::CONTACT, s(after.contact.clone()))
            .put(link::SHOWN, s(after.shown.clone()))
            .put(link::MADE_AT, n(millis(after.made_at)))
            .put(link::EXPIRES_AT, n(millis(after.expires_at)))
            .drop(link::REVOKED_AT);
        let change = match &after.person {
            Some(person) => change.put(link::PERSON, s(person.as_str())),
            None => change.drop(link::PERSON),
        };
        let change = match after.earlier.as_slice() {
            [] => change.drop(link::EARLIER),
            ids => change.put(link::EARLIER, s(to_json(&ids))),
        };
        let change = match after.revoked_earlier.as_slice() {
            [] => change.drop(link::EARLIER_REVOKED),
            ids => change.put(link::EARLIER_REVOKED, s(to_json(&ids))),
        };
        let change = match before {
            None => change.when(no_item()),
            Some(before) => unchanged(change, before),
        };
        let owner = row_of([
            (link::TENANT, s(tenant.as_str())),
            (link::CUSTOMER, s(customer.as_str())),
            (link::ADDRESS, s(after.address.digest())),
        ]);
        let is_new = before.is_none_or(|before| before.id != after.id);
        if self.acting.is_some() {
            // What a person does is one transaction with its entry.
            let mut actions = vec![change.update(self)];
            if is_new {
                actions.push(put(self, &keys::link_owner(&after.id), owner));
            }
            return Ok(matches!(self.transact(OP, customer.as_str(), actions).await?, Transacted::Done));
        }
        if is_new {
            // One that is there already says the same: a sender died between the two writes.
            self.create(OP, &keys::link_owner(&after.id), owner).await?;
        }
        Ok(matches!(self.write(OP, change, false).await?, Wrote::Done(_)))
    }

    /// The link of a code, by its id; `None` where nobody was given such a code.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn link(&self, id: &LinkId) -> Result<Option<FoundLink>> {
        self.link_read(id, true).await
    }

    /// The same as of moments ago, for half of what it costs.
    pub(super) async fn link_lately(&self, id: &LinkId) -> Result<Option<FoundLink>> {
        self.link_read(id, false).await
    }

    async fn link_read(&self, id: &LinkId, strong: bool) -> Result<Option<FoundLink>> {
        const OP: &str = "read a portal link";
        let Some(owner) = self.read(OP, &keys::link_owner(id), strong).await? else { return Ok(None) };
        let tenant = text(&owner, link::TENANT).and_then(|tenant| TenantId::parse(tenant).ok());
        let customer = text(&owner, link::CUSTOMER).and_then(CustomerId::parse);
        let (Some(tenant), Some(customer), Some(address)) = (tenant, customer, text(&owner, link::ADDRESS)) else {
            let key = keys::link_owner(id).to_string();
            return Err(Error::Corrupt { key, detail: "whose a link is does not read".to_owned() });
        };
        let row = self.read(OP, &keys::link(&tenant, &customer, address), strong).await?;
        let link = row.as_ref().map(read_link).transpose()?;
        Ok(link.map(|link| FoundLink { tenant, customer, link }))
    }

    /// The link of an address of a customer.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn link_of(&self, tenant: &TenantId, customer: &CustomerId, address: &AddressId) -> Result<Option<PortalLink>> {
        let row = self.read("read a portal link of", &keys::link(tenant, customer, address.digest()), true).await?;
        row.as_ref().map(read_link).transpose()
    }

    /// The portal links of a customer, one an address, at most `most` of them.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when `after` is none of an earlier page; those of reading.
    pub async fn links(&self, tenant: &TenantId, customer: &CustomerId, most: usize, after: Option<&str>) -> Result<LinkPage> {
        const OP: &str = "read the portal links of";
        let is_digest = |after: &str| (1..=40).contains(&after.len()) && after.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if after.is_some_and(|after| !is_digest(after)) {
            return Err(Error::Refused { operation: OP, id: customer.to_string(), why: "the cursor is none of ours".into() });
        }
        let pk = keys::customer(tenant, customer);
        // What follows a digest, before every longer one: digests have no such character.
        let from = after.map_or_else(|| keys::LINKS.to_owned(), |after| format!("{}{after}!", keys::LINKS));
        let rows = self.range(OP, Range::new(&pk, &from, &last_of(keys::LINKS), most.saturating_add(1))).await?;
        let mut links = rows.iter().map(read_link).collect::<Result<Vec<_>>>()?;
        let more = links.len() > most;
        links.truncate(most);
        let after = links.last().filter(|_| more).map(|link| link.address.digest().to_owned());
        Ok(LinkPage { links, after })
    }

    /// Makes a link void at once. False when it is no longer as it was read.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn revoke_link(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        known: &PortalLink,
        now: Timestamp,
    ) -> Result<bool> {
        let change = revoked(tenant, customer, known, now);
        Ok(matches!(self.write("revoke a portal link of", change, false).await?, Wrote::Done(_)))
    }

    /// Makes every link void that a customer has, at once; how many. A message whose sender read its link before has a link that is void.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn revoke_links(&self, tenant: &TenantId, customer: &CustomerId, now: Timestamp) -> Result<usize> {
        const OP: &str = "revoke the portal links of";
        let mut done = 0;
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        'again: loop {
            tries.again()?;
            let links = self.links(tenant, customer, LINKS_MAX, None).await?.links;
            let good: Vec<PortalLink> = links.into_iter().filter(|link| link.standing(now) == LinkStanding::Good).collect();
            for some in good.chunks(REVOKED_AT_ONCE) {
                let actions: Vec<TransactWriteItem> =
                    some.iter().map(|link| revoked(tenant, customer, link, now).update(self)).collect();
                match self.transact(OP, customer.as_str(), actions).await? {
                    Transacted::Done => done += some.len(),
                    Transacted::Not(_) => continue 'again,
                }
            }
            return Ok(done);
        }
    }
}

/// The write that makes a link void which is as it was read.
fn revoked(tenant: &TenantId, customer: &CustomerId, known: &PortalLink, now: Timestamp) -> Change {
    let change = Change::of(keys::link(tenant, customer, known.address.digest())).put(link::REVOKED_AT, n(millis(now)));
    unchanged(change, known)
}
