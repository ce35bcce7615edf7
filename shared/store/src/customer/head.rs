//! The head of a customer: what is decided and pending, when it is due, and the tip of its chain of records.
//!
//! Stored compactly: with one pending message of a few rows the item stays under 1 KB, so that a write costs one unit.

use std::collections::BTreeMap;

use domain::{
    BalanceKey, Case, CaseKey, Covered, Currency, CustomerId, DueItemKey, LastContact, MessageId, Next, Occurrence, Owed,
    Pending, StatedPeriods, TenantId,
    dates::{add_days, days_between},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            every::{DUE_PK, DUE_SK, PK, SK},
            head::{self, HeadItem},
            pending::EntryItem,
        },
        change::{Change, is, no_item, some_item},
        db::{Row, instant, millis, n, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

/// The day from which days are counted.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// A customer's head as it was read.
#[derive(Clone, Debug)]
pub struct Head {
    /// The customer.
    pub customer: CustomerId,
    /// Counts the fact writes.
    pub version: u64,
    /// The shard of the due index.
    pub shard: u8,
    /// When it is to be decided.
    pub due: Next,
    /// The number of the last decision.
    pub decision: u64,
    /// SHA-256 of the last record, URL-safe base 64; empty before the first.
    pub tip: String,
    /// The cases.
    pub cases: BTreeMap<CaseKey, Case>,
    /// Messages that are decided and not settled.
    pub pending: BTreeMap<MessageId, Entry>,
    /// The oldest decision whose coverage is still read.
    pub covered_from: u64,
    /// The last contact by ledger; shadow includes what was live.
    pub last_contact: LastContact,
    /// When the customer last replied.
    pub replied_at: Option<Timestamp>,
    /// Before this instant nothing makes it due.
    pub backoff_until: Option<Timestamp>,
    /// How often in a row advancing it failed.
    pub failures: u32,
    /// When it was last decided.
    pub decided_at: Option<Timestamp>,
    /// What came of that, in a word for each case.
    pub because: String,
    /// What was owed in each currency when it was last decided, or reckoned anew because a day had begun.
    pub owed: BTreeMap<Currency, Owed>,
    /// When it was last reckoned anew so.
    pub owed_at: Option<Timestamp>,
    /// How many invoices are not archived.
    pub open_invoices: u64,
    pub(crate) due_sk: Option<String>,
}

/// A pending message as the head keeps it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The message. Its rows are empty while they are in chunks of their own and [`Store::facts`] has not read them.
    pub message: Pending,
    /// How many chunk items hold its rows; 0 when the head does.
    pub chunks: u32,
    /// How often it was put on the bus.
    pub dispatches: u32,
    /// When it was last put there.
    pub dispatched_at: Timestamp,
    /// Who claimed it.
    pub attempt: Option<Attempt>,
    /// When it is to be tried again.
    pub retry_at: Option<Timestamp>,
    pub(crate) heard: Option<String>,
    pub(crate) why: String,
}

/// A sender's claim on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Drawn by the sender; tells its claim from another's.
    pub id: String,
    /// After this instant the sender counts as dead.
    pub lease_until: Timestamp,
}

/// What the head says about where a case stands, shortened: id, workflow, version, when it opened, state, and where a person chose the
/// workflow, that by which the case is known.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum CaseItem {
    ByHand(String, String, u32, i64, domain::CaseState, String),
    Joined(String, String, u32, i64, domain::CaseState),
}

/// Rows of one step and occurrence: item and due now.
type Group<S, O, K> = (S, O, Vec<(K, i64)>);

/// Rows as a text, grouped by step and occurrence: `[["reminder","",[["inv_…",1250]]]]`.
pub(crate) fn pack(rows: &[Covered]) -> String {
    let mut groups: BTreeMap<(&str, &str), Vec<(String, i64)>> = BTreeMap::new();
    for row in rows {
        groups.entry((&row.step, row.occurrence.as_str())).or_default().push((row.item.to_string(), row.due_now_minor));
    }
    let groups: Vec<Group<&str, &str, String>> =
        groups.into_iter().map(|((step, occurrence), items)| (step, occurrence, items)).collect();
    to_json(&groups)
}

/// Reads packed rows back, sorted.
pub(crate) fn unpack(text: &str, key: &str) -> Result<Vec<Covered>> {
    if text.is_empty() {
        return Ok(vec![]);
    }
    let groups: Vec<Group<String, Occurrence, DueItemKey>> =
        serde_json::from_str(text).map_err(|_| Error::Corrupt { key: key.to_owned(), detail: "rows do not read".into() })?;
    let mut rows: Vec<Covered> = groups
        .into_iter()
        .flat_map(|(step, occurrence, items)| {
            items.into_iter().map(move |(item, due_now_minor)| Covered {
                item,
                step: step.clone(),
                occurrence: occurrence.clone(),
                due_now_minor,
            })
        })
        .collect();
    rows.sort();
    Ok(rows)
}

pub(crate) fn pack_cases(cases: &BTreeMap<CaseKey, Case>) -> String {
    let mut short: BTreeMap<&BalanceKey, Vec<CaseItem>> = BTreeMap::new();
    for (key, case) in cases {
        let (id, opened) = (case.id.as_str().to_owned(), millis(case.opened_at));
        let item = if case.by_hand {
            CaseItem::ByHand(id, case.workflow.clone(), case.version, opened, case.state, key.workflow.to_string())
        } else {
            CaseItem::Joined(id, case.workflow.clone(), case.version, opened, case.state)
        };
        short.entry(&key.balance).or_default().push(item);
    }
    to_json(&short)
}

fn unpack_cases(text: &str) -> Option<BTreeMap<CaseKey, Case>> {
    if text.is_empty() {
        return Some(BTreeMap::new());
    }
    let short: BTreeMap<BalanceKey, Vec<CaseItem>> = serde_json::from_str(text).ok()?;
    let mut cases = BTreeMap::new();
    for (balance, item) in
        short.into_iter().flat_map(|(balance, items)| items.into_iter().map(move |item| (balance.clone(), item)))
    {
        let (id, workflow, version, opened, state, known_by) = match item {
            CaseItem::Joined(id, workflow, version, opened, state) => (id, workflow, version, opened, state, None),
            CaseItem::ByHand(id, workflow, version, opened, state, known_by) => {
                (id, workflow, version, opened, state, Some(known_by))
            }
        };
        let key = CaseKey::new(balance, known_by.as_deref().unwrap_or(&workflow));
        let (id, opened_at, by_hand) = (domain::CaseId::parse(&id)?, instant(opened), known_by.is_some());
        cases.insert(key, Case { id, workflow, version, opened_at, state, by_hand, stated: StatedPeriods::default() });
    }
    Some(cases)
}

/// Of which periods cases were stated as the head keeps it: `{"EUR":[["standard","2026-12",""]]}`; empty where none was. A release before does
/// not know it and leaves it as it was.
pub(crate) fn pack_stated(cases: &BTreeMap<CaseKey, Case>) -> String {
    let mut short: BTreeMap<&BalanceKey, Vec<(&str, &str, &str)>> = BTreeMap::new();
    for (key, case) in cases.iter().filter(|(_, case)| !case.stated.is_empty()) {
        let StatedPeriods { live, shadow } = &case.stated;
        short.entry(&key.balance).or_default().push((&key.workflow, live, shadow));
    }
    if short.is_empty() { String::new() } else { to_json(&short) }
}

/// The cases with the periods that they were stated for. What is said of a case that is gone says nothing.
fn with_stated(mut cases: BTreeMap<CaseKey, Case>, text: &str) -> Option<BTreeMap<CaseKey, Case>> {
    if text.is_empty() {
        return Some(cases);
    }
    let short: BTreeMap<BalanceKey, Vec<(String, String, String)>> = serde_json::from_str(text).ok()?;
    for (balance, all) in short {
        for (workflow, live, shadow) in all {
            if let Some(case) = cases.get_mut(&CaseKey::new(balance.clone(), &workflow)) {
                case.stated = StatedPeriods { live: live.into(), shadow: shadow.into() };
            }
        }
    }
    Some(cases)
}

/// What is owed as the head keeps it: `{"EUR":[125000]}` says that all of it is open, due now and overdue.
pub(crate) fn pack_owed(owed: &BTreeMap<Currency, Owed>) -> String {
    let short: BTreeMap<&str, Vec<i64>> = owed
        .iter()
        .map(|(currency, owed)| {
            let mut amounts = vec![owed.open_minor, owed.due_now_minor, owed.overdue_minor];
            while let [.., before, last] = amounts[..]
                && before == last
            {
                amounts.pop();
            }
            (currency.code(), amounts)
        })
        .collect();
    to_json(&short)
}

/// The days of what is owed as the head keeps them: `{"EUR":[20489,20520]}`. A release before does not know them and leaves them as they
/// were: until the next decision they may be those of an earlier one.
pub(crate) fn pack_owed_days(owed: &BTreeMap<Currency, Owed>) -> String {
    let of = |owed: &Owed| [owed.oldest_due_on, owed.grows_on].into_iter().map_while(|on| on.map(day_number)).collect();
    let short: BTreeMap<&str, Vec<i64>> = owed.iter().map(|(currency, owed)| (currency.code(), of(owed))).collect();
    to_json(&short)
}

fn day_number(on: Date) -> i64 {
    days_between(EPOCH, on)
}

fn unpack_owed(amounts: &str, days: &str) -> Option<BTreeMap<Currency, Owed>> {
    if amounts.is_empty() {
        return Some(BTreeMap::new());
    }
    let short: BTreeMap<Currency, Vec<i64>> = serde_json::from_str(amounts).ok()?;
    let days: BTreeMap<Currency, Vec<i64>> = if days.is_empty() { BTreeMap::new() } else { serde_json::from_str(days).ok()? };
    let whole = |(currency, amounts): (Currency, Vec<i64>)| {
        let at = |place: usize| amounts.get(place).or(amounts.last()).copied().unwrap_or(0);
        let day = |place: usize| days.get(&currency).and_then(|days| days.get(place)).map(|day| add_days(EPOCH, *day));
        let owed =
            Owed { open_minor: at(0), due_now_minor: at(1), overdue_minor: at(2), oldest_due_on: day(0), grows_on: day(1) };
        (currency, owed)
    };
    Some(short.into_iter().map(whole).collect())
}

fn read_entry(item: EntryItem, id: MessageId, key: &str) -> Result<Entry> {
    let rows = unpack(&item.rows, key)?;
    Ok(Entry {
        message: Pending {
            id,
            number: item.number,
            position: item.position,
            status: item.status,
            decided_at: instant(item.decided_at),
            mode: item.mode,
            case: CaseKey::new(item.balance, &item.workflow),
            channel: item.channel,
            contact: item.contact,
            person: item.person,
            template: item.template,
            template_version: item.template_version,
            pay_by: item.pay_by,
            rows,
            copy_of: item.copy_of,
            receipt_within: item.receipt_within,
        },
        chunks: item.chunks,
        dispatches: item.dispatches,
        dispatched_at: instant(item.dispatched_at),
        attempt: item.attempt.map(|id| Attempt { id, lease_until: instant(item.lease_until.unwrap_or(0)) }),
        retry_at: item.retry_at.map(instant),
        heard: item.heard,
        why: item.why,
    })
}

/// The stored form of a message that is pending from now on.
pub(crate) fn entry_item(message: &Pending, chunks: u32, why: String) -> EntryItem {
    EntryItem {
        number: message.number,
        position: message.position,
        status: message.status,
        decided_at: millis(message.decided_at),
        mode: message.mode,
        balance: message.case.balance.clone(),
        workflow: message.case.workflow.to_string(),
        channel: message.channel,
        contact: message.contact.clone(),
        person: message.person.clone(),
        template: message.template.clone(),
        template_version: message.template_version,
        pay_by: message.pay_by,
        copy_of: message.copy_of,
        receipt_within: message.receipt_within,
        rows: if chunks == 0 { pack(&message.rows) } else { String::new() },
        chunks,
        dispatches: 1,
        dispatched_at: millis(message.decided_at),
        attempt: None,
        lease_until: None,
        retry_at: None,
        heard: None,
        why,
    }
}

/// Reads a head.
pub(crate) fn read_head(row: Row) -> Result<Head> {
    let key = format!("{}|{}", text(&row, PK).unwrap_or("?"), text(&row, SK).unwrap_or("?"));
    let corrupt = |detail: String| Error::Corrupt { key: key.clone(), detail };
    let (_, customer) = text(&row, PK).and_then(keys::parse_customer).ok_or_else(|| corrupt("no customer's partition".into()))?;
    let due_sk = text(&row, DUE_SK).map(str::to_owned);
    let due = match &due_sk {
        None => Next::Nothing,
        Some(text) if text.starts_with(keys::PARKED) => Next::Parked,
        Some(text) => {
            let at = text.split('#').next().unwrap_or_default().parse();
            Next::At(at.map_err(|_| corrupt(format!("'{DUE_SK}' is no instant")))?)
        }
    };
    let item: HeadItem = serde_dynamo::from_item(row).map_err(|error| corrupt(error.to_string()))?;
    let mut pending = BTreeMap::new();
    for (id, entry) in item.pending {
        let id = MessageId::parse(&id).ok_or_else(|| corrupt("a pending message has no message id".into()))?;
        pending.insert(id.clone(), read_entry(entry, id, &key)?);
    }
    let live = item.last_live.map(instant);
    Ok(Head {
        customer,
        version: item.version,
        shard: item.shard,
        due,
        decision: item.decision,
        tip: item.tip,
        cases: unpack_cases(&item.cases).ok_or_else(|| corrupt(format!("'{}' does not read", head::CASES))).and_then(
            |cases| with_stated(cases, &item.stated).ok_or_else(|| corrupt(format!("'{}' does not read", head::STATED))),
        )?,
        pending,
        covered_from: item.covered_from,
        last_contact: LastContact { live, shadow: item.last_shadow.map(instant).max(live) },
        replied_at: item.replied_at.map(instant),
        backoff_until: item.backoff_until.map(instant),
        failures: item.failures,
        decided_at: item.decided_at.map(instant),
        because: item.because,
        owed: unpack_owed(&item.owed, &item.owed_days).ok_or_else(|| corrupt(format!("'{}' does not read", head::OWED)))?,
        owed_at: item.owed_at.map(instant),
        open_invoices: u64::try_from(item.open_invoices).unwrap_or(0),
        due_sk,
    })
}

/// Whether a fact write makes the customer due, and what it saw of the head.
#[derive(Clone, Debug)]
pub(crate) enum Wake {
    /// No head yet: it begins in this shard.
    Create { shard: u8 },
    /// Make it due.
    Now { shard: u8, backoff_until: Option<Timestamp> },
    /// It is due already: as long as that stays so.
    DueAlready { due_sk: String },
}

impl Wake {
    pub(crate) fn of(head: Option<&Head>, customer: &CustomerId, shards: u8, now: Timestamp) -> Self {
        match head {
            None => Self::Create { shard: keys::shard(customer, shards) },
            Some(head) => {
                let at = now.max(head.backoff_until.unwrap_or(now));
                match (&head.due, &head.due_sk) {
                    (Next::At(due), Some(due_sk)) if *due <= at => Self::DueAlready { due_sk: due_sk.clone() },
                    (Next::At(_) | Next::Parked | Next::Nothing, _) => {
                        Self::Now { shard: head.shard, backoff_until: head.backoff_until }
                    }
                }
            }
        }
    }
}

/// The head's part in a fact write: the version goes up whatever it was, and the customer is due.
pub(crate) fn bump(tenant: &TenantId, customer: &CustomerId, wake: &Wake, now: Timestamp) -> Change {
    let change = Change::of(keys::head(tenant, customer)).add(head::VERSION, n(1));
    match wake {
        Wake::Create { shard } => change
            .when(no_item())
            .put(head::SHARD, n(shard))
            .put(DUE_PK, s(keys::due_pk(tenant, *shard)))
            .put(DUE_SK, s(keys::due_sk(now, customer)))
            .put(head::DECISION, n(0))
            .put(head::TIP, s(""))
            .put(head::PENDING, aws_sdk_dynamodb::types::AttributeValue::M(Row::new())),
        Wake::Now { shard, backoff_until } => change
            .put(DUE_PK, s(keys::due_pk(tenant, *shard)))
            .put(DUE_SK, s(keys::due_sk(now.max(backoff_until.unwrap_or(now)), customer)))
            .when(some_item()),
        Wake::DueAlready { due_sk } => change.when(is(DUE_SK, s(due_sk.clone()))),
    }
}

/// Sets the due moment within a write of the head.
pub(crate) fn move_due(change: Change, tenant: &TenantId, head: &Head, next: Next) -> Change {
    match next {
        Next::At(at) => {
            let sk = keys::due_sk(at.max(head.backoff_until.unwrap_or(at)), &head.customer);
            change.put(DUE_PK, s(keys::due_pk(tenant, head.shard))).put(DUE_SK, s(sk))
        }
        Next::Parked => change.put(DUE_PK, s(keys::due_pk(tenant, head.shard))).put(DUE_SK, s(keys::parked_sk(&head.customer))),
        Next::Nothing => change.drop(DUE_PK).drop(DUE_SK),
    }
}

impl Store {
    /// A customer's head, strongly consistent.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn head(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<Head>> {
        self.read("read the head of", &keys::head(tenant, customer), true).await?.map(read_head).transpose()
    }

    /// The heads of many customers of one tenant, strongly consistent; who has none is left out. Each is as good as its item.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn heads(&self, tenant: &TenantId, customers: &[CustomerId]) -> Result<BTreeMap<CustomerId, Result<Head>>> {
        let by_key: BTreeMap<_, _> = customers.iter().map(|customer| (keys::head(tenant, customer), customer)).collect();
        let wanted: Vec<_> = by_key.keys().cloned().collect();
        let found = self.read_many("read the heads of", &wanted, true).await?;
        Ok(found.into_iter().filter_map(|(key, row)| Some(((*by_key.get(&key)?).clone(), read_head(row)))).collect())
    }

    pub(crate) async fn must_head(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Head> {
        self.head(tenant, customer).await?.ok_or_else(|| Error::Refused {
            operation: "read the head of",
            id: customer.to_string(),
            why: "there is no such customer".into(),
        })
    }

    /// Begins a try, with the head of the customer as it is now.
    ///
    /// # Errors
    ///
    /// Those of [`Tries::again`], [`Error::Refused`] where there is no such customer, and those of reading.
    pub(crate) async fn next_head(&self, tries: &mut Tries<'_>, tenant: &TenantId, customer: &CustomerId) -> Result<Head> {
        tries.again()?;
        self.must_head(tenant, customer).await
    }

    /// Writes facts of one customer together with the bump of its head; conflicts are decided again, at most three times.
    pub(crate) async fn write_facts(
        &self,
        operation: &'static str,
        tenant: &TenantId,
        customer: &CustomerId,
        now: Timestamp,
        facts: impl Fn(&Head) -> Vec<aws_sdk_dynamodb::types::TransactWriteItem>,
    ) -> Result<()> {
        let mut tries = Tries::new(ATTEMPTS, operation, customer.as_str());
        loop {
            let head = self.next_head(&mut tries, tenant, customer).await?;
            let wake = Wake::of(Some(&head), customer, 1, now);
            let mut actions = facts(&head);
            actions.push(bump(tenant, customer, &wake, now).update(self));
            if let crate::table::db::Transacted::Done = self.transact(operation, customer.as_str(), actions).await? {
                return Ok(());
            }
        }
    }
}
