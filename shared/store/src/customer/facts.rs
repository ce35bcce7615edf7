//! Reads everything that a decision about one customer is made from, strongly consistent.
//!
//! The reads, for a customer with few open invoices: the `chase` index (profile, agreements, charges, orders, open work, portal links,
//! and what may be chased), records since `covered_from`, the profile of the customer whose people are written to where that is another one, and one batch
//! for what is kept elsewhere (`outside`): what is known of the addresses of its contacts, their contact logs and, where the tenant
//! demands it, the heartbeat of its source. That batch is shared: with the facts of other customers (sweep), or with the tenant's settings
//! (senders).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    AddressFact, Agreement, ByHand, Charge, ContactLog, Covered, Customer, CustomerId, Facts, Invoice, InvoiceFact, InvoiceId,
    OpenWork, Order, Payment, PaymentFact, People, PeopleAbove, Policy, Reversal, SourceVersion, TenantId, address_key,
    reached_by,
};
use jiff::Timestamp;

use crate::{
    Error, Head, Result, Store,
    customer::{
        contacts::log_of,
        head::unpack,
        links::{PortalLink, read_link},
    },
    message::record::RecordItem,
    table::{
        attributes::{
            self,
            document::DOC,
            every::{CHASE, SK},
            fact, heartbeat, rows,
        },
        db::{Range, Row, json, last_of, number, text},
        keys::{self, Key},
    },
};

/// Most items of one kind that a customer's facts are read from; far beyond the documented limits.
const FACTS_MAX: usize = 60_000;
/// Customers above one another that are looked through for the people who are written to.
const GENERATIONS_MAX: usize = 6;
/// Invoices whose versions a record names.
const VERSIONS_MAX: usize = 20;

const OUTSIDE: &str = "read the people of";

/// What is known, across customers, of those whom messages can go to; see [`Facts`] for the keys.
#[derive(Clone, Debug, Default)]
pub struct KnownPeople {
    /// What is known of their addresses.
    pub addresses: BTreeMap<String, AddressFact>,
    /// When they were contacted.
    pub contact_log: BTreeMap<String, ContactLog>,
}

/// How far what belongs to items is looked for that are kept elsewhere in the partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// All that a decision is made from.
    Whole,
    /// What an item was filed with, and no more: enough to say what was paid of the invoices among the items.
    FiledWith,
}

/// What lies in a customer's own partition.
pub(super) struct OwnFacts {
    pub(super) facts: Facts,
    /// The items of its portal links.
    links: Vec<Row>,
}

/// What belongs to a customer's facts and is kept outside its own items: what is known of its people, by their addresses and by who they
/// are, and when its source was last heard of.
struct Outside {
    addresses: BTreeMap<Key, String>,
    persons: BTreeMap<Key, String>,
    heartbeat: Option<(Key, String)>,
}

impl Outside {
    fn keys(&self) -> Vec<Key> {
        let people = self.addresses.keys().chain(self.persons.keys());
        people.chain(self.heartbeat.iter().map(|(key, _)| key)).cloned().collect()
    }

    fn people(&self, found: &HashMap<Key, Row>) -> Result<KnownPeople> {
        let addresses = self.addresses.iter().filter_map(|(key, name)| Some((name, found.get(key)?)));
        let persons = self.persons.iter().filter_map(|(key, person)| Some((person, found.get(key)?)));
        Ok(KnownPeople {
            addresses: addresses.map(|(name, row)| Ok((name.clone(), json(row, DOC)?))).collect::<Result<_>>()?,
            contact_log: persons.map(|(person, row)| Ok((person.clone(), log_of(row)?))).collect::<Result<_>>()?,
        })
    }

    fn into_facts(self, facts: Facts, found: &HashMap<Key, Row>) -> Result<Facts> {
        let KnownPeople { addresses, contact_log } = self.people(found)?;
        let heard = self.heartbeat.and_then(|(key, source)| {
            let at = Timestamp::from_millisecond(number(found.get(&key)?, heartbeat::HEARD_AT)?).ok()?;
            Some((source, at))
        });
        Ok(Facts { addresses, contact_log, sources_confirmed_at: heard.into_iter().collect(), ..facts })
    }
}

pub(crate) fn invoice_of(row: &Row, archived: bool) -> Result<InvoiceFact> {
    let folded = if row.contains_key(fact::FOLDED) { json(row, fact::FOLDED)? } else { vec![] };
    Ok(InvoiceFact { invoice: json::<Invoice>(row, DOC)?, folded, archived })
}

pub(crate) fn payment_of(row: &Row) -> Result<PaymentFact> {
    let at = number(row, fact::SEEN_AT).and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let before = row.contains_key(fact::RECEIVED_BEFORE).then(|| json::<Payment>(row, fact::RECEIVED_BEFORE)).transpose()?;
    Ok(PaymentFact {
        payment: json::<Payment>(row, DOC)?,
        recorded_at: at.unwrap_or(Timestamp::UNIX_EPOCH),
        received_before: before,
        archived: !row.contains_key(CHASE),
    })
}

/// The sort keys of what an item was filed with.
pub(crate) fn archived_with(row: &Row) -> Vec<String> {
    row.get(fact::FILED_WITH).and_then(|names| names.as_ss().ok()).into_iter().flatten().cloned().collect()
}

/// The sort keys of what an item cannot be judged without.
fn belonging(sk: &str, row: &Row) -> Result<Vec<String>> {
    let mut all = archived_with(row);
    if sk.starts_with("PAY#") || sk.starts_with(keys::SHARED) {
        all.extend(payment_of(row)?.invoices().map(|invoice| format!("INV#{invoice}")));
    } else if sk.starts_with("REV#") {
        all.push(format!("PAY#{}", json::<Reversal>(row, DOC)?.payment));
    }
    Ok(all)
}

impl Store {
    /// The facts that belong to `head`. They are at least as new; what is committed after the head was read makes the write
    /// that depends on its version fail.
    ///
    /// `addresses` holds, for whatever each contact of the customer or of an invoice is reached by, the suppression under [`address_key`], and `contact_log` when the person was
    /// contacted under [`domain::Contact::person`]; what is not there is neither suppressed nor was it contacted.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn facts(&self, tenant: &TenantId, head: &Head) -> Result<Facts> {
        let facts = self.own_facts(tenant, head).await?.facts;
        let outside = self.outside(&facts);
        let found = self.read_many(OUTSIDE, &outside.keys(), true).await?;
        outside.into_facts(facts, &found)
    }

    /// The facts of many customers of one tenant: what is kept outside their own items is read together. Each fails for itself.
    ///
    /// # Errors
    ///
    /// Those of reading what is kept outside.
    pub async fn facts_of(&self, tenant: &TenantId, heads: &[&Head]) -> Result<Vec<Result<Facts>>> {
        let own = futures::future::join_all(heads.iter().map(|head| self.own_facts(tenant, head))).await;
        let own: Vec<Result<(Facts, Outside)>> = own
            .into_iter()
            .map(|own| own.map(|own| (self.outside(&own.facts), own.facts)).map(|(outside, facts)| (facts, outside)))
            .collect();
        let wanted: Vec<Key> = own.iter().flatten().flat_map(|(_, outside)| outside.keys()).collect();
        let found = self.read_many(OUTSIDE, &wanted, true).await?;
        Ok(own.into_iter().map(|own| own.and_then(|(facts, outside)| outside.into_facts(facts, &found))).collect())
    }

    /// The facts that belong to `head`, what the tenant decides by as it is in the table now, and the customer's portal links, which come
    /// with the facts and are none.
    ///
    /// # Errors
    ///
    /// Those of [`Store::facts`] and [`Store::policy`].
    pub async fn facts_policy_and_links(&self, tenant: &TenantId, head: &Head) -> Result<(Facts, Policy, Vec<PortalLink>)> {
        let OwnFacts { facts, links } = self.own_facts(tenant, head).await?;
        let links = links.iter().map(read_link).collect::<Result<Vec<_>>>()?;
        let outside = self.outside(&facts);
        let settings = keys::settings(tenant);
        let wanted: Vec<Key> = outside.keys().into_iter().chain([settings.clone()]).collect();
        let mut found = self.read_many(OUTSIDE, &wanted, true).await?;
        let policy = self.policy_by(tenant, &head.cases, found.remove(&settings)).await?;
        Ok((outside.into_facts(facts, &found)?, policy, links))
    }

    /// What is not in a customer's own items, as it is in the table now: what the tenant decides by, and what is known of the
    /// addresses of `facts`.
    ///
    /// # Errors
    ///
    /// Those of [`Store::policy`].
    pub async fn outside_now(&self, tenant: &TenantId, head: &Head, facts: &Facts) -> Result<(Policy, KnownPeople)> {
        let outside = Outside { heartbeat: None, ..self.outside(facts) };
        let settings = keys::settings(tenant);
        let wanted: Vec<Key> = outside.keys().into_iter().chain([settings.clone()]).collect();
        let mut found = self.read_many(OUTSIDE, &wanted, true).await?;
        let policy = self.policy_by(tenant, &head.cases, found.remove(&settings)).await?;
        Ok((policy, outside.people(&found)?))
    }

    /// The facts with the people of the customer that is written to in its place, as they are in the table now. The facts of a customer that
    /// names no other for that stay as they are, without a read.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn people_now(&self, tenant: &TenantId, facts: Facts) -> Result<Facts> {
        let described = facts.described().clone();
        if described.contacts_of.is_none() {
            return Ok(facts);
        }
        let ((customer, above), by_hand) = (self.with_people(tenant, described).await?, facts.by_hand.clone());
        Ok(Facts { customer, described: None, above, ..facts }.with_by_hand(by_hand))
    }

    /// What lies in the customer's own partition.
    async fn own_facts(&self, tenant: &TenantId, head: &Head) -> Result<OwnFacts> {
        const OP: &str = "read the facts of";
        let pk = keys::customer(tenant, &head.customer);
        let (from, to) = (keys::beside_profile(""), last_of("Z"));
        let chased = self.range(OP, Range { chase: true, ..Range::new(&pk, &from, &to, FACTS_MAX) });
        let (records_from, records_to) = (format!("{}{:010}", keys::COVERAGE, head.covered_from), last_of(keys::COVERAGE));
        let records = self.range(OP, Range::new(&pk, &records_from, &records_to, FACTS_MAX));
        let (rows, records) = tokio::try_join!(chased, records)?;
        self.facts_of_rows(tenant, head, (rows, records), Beside::Whole).await
    }

    /// What items of a customer's own partition, and records of coverage, come to.
    pub(super) async fn facts_of_rows(
        &self,
        tenant: &TenantId,
        head: &Head,
        (rows, records): (Vec<Row>, Vec<Row>),
        beside: Beside,
    ) -> Result<OwnFacts> {
        let pk = keys::customer(tenant, &head.customer);
        let (mut customer, mut by_hand): (Option<Customer>, ByHand) = (None, ByHand::default());
        let (mut agreements, mut charges) = (Vec::<Agreement>::new(), Vec::<Charge>::new());
        let (mut work, mut orders): (Vec<OpenWork>, Vec<Order>) = (Vec::new(), Vec::new());
        let (mut chased, mut links): (Vec<Row>, Vec<Row>) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            match text(&row, SK) {
                Some("PROFILE") => customer = Some(json(&row, DOC)?),
                Some(keys::BY_HAND) => by_hand = json(&row, DOC)?,
                Some(sk) if sk.starts_with(keys::AGREEMENTS) => agreements.push(json(&row, DOC)?),
                Some(sk) if sk.starts_with(keys::CHARGES) => charges.push(json(&row, DOC)?),
                Some(sk) if sk.starts_with(keys::ORDERS) => orders.push(json(&row, DOC)?),
                Some(sk) if sk.starts_with(keys::OPEN_WORK) => work.push(json(&row, DOC)?),
                Some(sk) if sk.starts_with(keys::LINKS) => links.push(row),
                _ => chased.push(row),
            }
        }
        let customer =
            customer.ok_or_else(|| Error::Corrupt { key: format!("{pk}|PROFILE"), detail: "the head has no profile".into() })?;
        let (customer, above) = self.with_people(tenant, customer).await?;
        let books = self.with_archived(&pk, chased, beside).await?;
        let (mut invoices, mut payments, mut reversals) = (Vec::new(), Vec::new(), Vec::<Reversal>::new());
        let (mut shared, mut shared_reversals) = (Vec::new(), Vec::new());
        for (sk, row) in &books {
            match sk.get(..4) {
                // A draft has no index entry either; it is not archived.
                Some("INV#") => invoices.push(invoice_of(row, row.contains_key(fact::ARCHIVED))?),
                Some("PAY#") => payments.push(payment_of(row)?),
                Some("REV#") => reversals.push(json(row, DOC)?),
                Some(_) if sk.starts_with(keys::SHARED) => {
                    shared.push(payment_of(row)?);
                    shared_reversals.extend(json::<Vec<Reversal>>(row, attributes::shared::REVERSALS)?);
                }
                _ => {}
            }
        }
        let mut coverage = Vec::new();
        for row in &records {
            let record: RecordItem = crate::message::record::read(row)?;
            if let Some(each) = self.coverage(tenant, &head.customer, record).await? {
                coverage.extend(each);
            }
        }
        let mut pending = Vec::new();
        for entry in head.pending.values() {
            let mut message = entry.message.clone();
            if entry.chunks > 0 && message.rows.is_empty() && beside == Beside::Whole {
                message.rows = self.rows(tenant, &head.customer, message.id.as_str(), true).await?;
            }
            pending.push(message);
        }
        let facts = Facts {
            tenant: tenant.clone(),
            version: head.version,
            decision: head.decision,
            customer,
            described: None,
            by_hand: ByHand::default(),
            above,
            invoices,
            payments,
            shared,
            shared_reversals,
            reversals,
            agreements,
            charges,
            cases: head.cases.clone(),
            coverage,
            pending,
            last_contact: head.last_contact,
            addresses: BTreeMap::new(),
            contact_log: BTreeMap::new(),
            sources_confirmed_at: BTreeMap::new(),
            replied_at: head.replied_at,
            work,
            orders,
        };
        Ok(OwnFacts { facts: facts.with_by_hand(by_hand), links })
    }

    /// The customer with the people who are written to: its own, or those of the customer that it names for that, with what was entered of that
    /// one. While that one is not known, or names another in turn beyond [`GENERATIONS_MAX`], its own stay.
    pub(crate) async fn with_people(
        &self,
        tenant: &TenantId,
        mut customer: Customer,
    ) -> Result<(Customer, Option<Box<PeopleAbove>>)> {
        let mut of = customer.contacts_of.clone();
        let mut generations = 0;
        while let Some(id) = of.take_if(|_| generations < GENERATIONS_MAX) {
            generations += 1;
            let found = self.described_and_by_hand("read whose people are written to", tenant, &id).await?;
            let Some((described, by_hand)) = found else { break };
            if described.contacts_of.is_none() {
                let parent = by_hand.over(&described);
                customer.contacts = parent.contacts;
                customer.postal_address = parent.postal_address.or(customer.postal_address);
                let above = (!by_hand.is_empty()).then(|| Box::new(PeopleAbove { described, by_hand }));
                return Ok((customer, above));
            }
            of = described.contacts_of;
        }
        Ok((customer, None))
    }

    /// A customer as its source describes it, and what people entered of it.
    pub(crate) async fn described_and_by_hand(
        &self,
        operation: &'static str,
        tenant: &TenantId,
        customer: &CustomerId,
    ) -> Result<Option<(Customer, ByHand)>> {
        let (profile, by_hand) = (keys::profile(tenant, customer), keys::by_hand(tenant, customer));
        let found = self.read_many(operation, &[profile.clone(), by_hand.clone()], true).await?;
        let Some(described) = found.get(&profile).map(|row| json::<Customer>(row, DOC)).transpose()? else { return Ok(None) };
        let by_hand = found.get(&by_hand).map(|row| json::<ByHand>(row, DOC)).transpose()?.unwrap_or_default();
        Ok(Some((described, by_hand)))
    }

    /// The chased items by sort key, and all that were filed and belong to them: the invoices of a payment, the payment of a
    /// reversal, and the other payments of an invoice and reversals of a payment. Without any of these an invoice that comes
    /// back would owe what was long paid.
    async fn with_archived(&self, pk: &str, chased: Vec<Row>, beside: Beside) -> Result<BTreeMap<String, Row>> {
        let mut books = BTreeMap::new();
        let mut asked = BTreeSet::new();
        let mut fresh = chased;
        while !fresh.is_empty() {
            let mut wanted = BTreeSet::new();
            for row in fresh {
                let Some(sk) = text(&row, SK).map(str::to_owned) else { continue };
                // The item of an object that was heard of under another customer holds nothing.
                if !row.contains_key(DOC) {
                    continue;
                }
                wanted.extend(match beside {
                    Beside::Whole => belonging(&sk, &row)?,
                    Beside::FiledWith => archived_with(&row),
                });
                books.insert(sk, row);
            }
            let missing: Vec<Key> = wanted
                .into_iter()
                .filter(|sk| !books.contains_key(sk) && asked.insert(sk.clone()))
                .map(|sk| Key { pk: pk.to_owned(), sk })
                .collect();
            fresh = self.read_many("read archived facts of", &missing, true).await?.into_values().collect();
        }
        Ok(books)
    }

    /// What belongs to a customer's facts and is kept elsewhere.
    fn outside(&self, facts: &Facts) -> Outside {
        let (tenant, source) = (&facts.tenant, &facts.customer.source);
        let (mut persons, mut names) = (BTreeSet::new(), BTreeSet::new());
        for (_, contact) in People::of(facts).all() {
            persons.extend(contact.person());
            names.extend(reached_by(contact).into_iter().map(|(channel, address)| address_key(channel, &address)));
        }
        // A demand that this store has not seen yet finds no heartbeat, and the guard defers until the next look.
        let demanded = self.cache.demands_freshness(tenant, source).unwrap_or(true);
        Outside {
            addresses: names.into_iter().map(|name| (keys::address(tenant, &name), name)).collect(),
            persons: persons.into_iter().map(|person| (keys::person(tenant, &person), person)).collect(),
            heartbeat: demanded.then(|| (keys::heard(tenant, source), source.clone())),
        }
    }

    /// The versions of the covered invoices as they are in the table, for a record; at most 20.
    pub(crate) async fn versions_now(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        rows: &[Covered],
    ) -> Result<Vec<(InvoiceId, SourceVersion)>> {
        let covered: BTreeSet<&InvoiceId> = rows.iter().filter_map(|row| row.item.invoice()).collect();
        let wanted: Vec<Key> =
            covered.into_iter().take(VERSIONS_MAX).map(|invoice| keys::invoice(tenant, customer, invoice)).collect();
        let found = self.read_many("read the versions of", &wanted, true).await?;
        let mut versions = found
            .values()
            .filter(|row| row.contains_key(DOC))
            .map(|row| json::<Invoice>(row, DOC).map(|invoice| (invoice.id, invoice.source_version)))
            .collect::<Result<Vec<_>>>()?;
        versions.sort();
        Ok(versions)
    }

    /// The rows that are kept in chunks for a message or a decision's marks.
    pub(crate) async fn rows(&self, tenant: &TenantId, customer: &CustomerId, owner: &str, strong: bool) -> Result<Vec<Covered>> {
        let pk = keys::customer(tenant, customer);
        let from = keys::rows_prefix(owner);
        let to = last_of(&from);
        let found = self.range("read the rows of", Range { strong, ..Range::new(&pk, &from, &to, 1_000) }).await?;
        let mut rows = Vec::new();
        for row in &found {
            rows.extend(unpack(text(row, rows::ROWS).unwrap_or_default(), text(row, SK).unwrap_or_default())?);
        }
        rows.sort();
        Ok(rows)
    }
}

/// The versions of the covered invoices as `facts` have them, for a record; at most 20.
pub fn fact_versions(facts: &Facts, rows: &[Covered]) -> Vec<(InvoiceId, SourceVersion)> {
    let covered: BTreeSet<&InvoiceId> = rows.iter().filter_map(|row| row.item.invoice()).collect();
    facts
        .invoices
        .iter()
        .filter(|fact| covered.contains(&fact.invoice.id))
        .map(|fact| (fact.invoice.id.clone(), fact.invoice.source_version))
        .take(VERSIONS_MAX)
        .collect()
}
