//! What was known of a customer at an instant, and what was decided by it: versions of facts and records put together again.

mod awaited;
mod people;
mod statements;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AddressFact, Agreement, ByHand, Case, CaseKey, CaseTrace, Charge, ContactLog, Coverage, Customer, CustomerId, Decision,
    DeliveryEvent, Facts, Invoice, InvoiceFact, LastContact, MessageStatus, Mode, OpenWork, Order, Outcome, PaymentFact, People,
    PeopleAbove, Policy, Reversal, Settings, TenantId, address_key, decide, decide::remembered, reached_by,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    messages::{MessageAsOf, messages_as_of},
    past::{Past, past, text_of},
};
use crate::{
    Head, Result, Store, Vault,
    customer::facts::payment_of,
    message::record::{self, RecordItem, RecordStatus},
    table::{
        attributes::{breaker, document::DOC, every::SK, heartbeat, pointer, shared, version},
        db::{Range, Row, instant, json, last_of, number, text},
        keys,
    },
    tenant::versions::WorkflowState,
};

/// Most versions or records of one customer that are looked through.
const VERSIONS_MAX: usize = 60_000;
/// Facts that came this close before a decision may not have been there yet when it read them.
const DOUBT: SignedDuration = SignedDuration::from_mins(5);
/// Most facts that came so close and are left out one after another.
const DOUBTED_MAX: usize = 40;

/// A batch of the stream that was given up: versions of what changed meanwhile may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When the first of it came.
    pub from: Timestamp,
    /// When the last did.
    pub until: Timestamp,
}

impl std::fmt::Display for Gap {
    /// As an interval of ISO 8601: `2026-01-31T09:00:00Z/2026-01-31T09:05:00Z`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.from, self.until)
    }
}

/// How what is recomputed relates to what was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The inputs of the recorded decision were these.
    Recorded,
    /// Nothing was decided at that instant that changed anything: this is what would have been.
    Recomputed,
    /// What the recorded decision was made from cannot be shown: personal fields of it were erased since.
    Erased {
        /// The engine that decided, where the record says it.
        engine: Option<u32>,
    },
    /// The record has other inputs.
    Differs {
        /// The engine that decided, where the record says it.
        engine: Option<u32>,
        /// What is missing, where that is known.
        gaps: Vec<Gap>,
    },
}

/// A customer as it was at an instant.
#[derive(Clone, Debug)]
pub struct AsOf {
    /// When.
    pub at: Timestamp,
    /// What was known.
    pub facts: Facts,
    /// What the tenant decided by.
    pub policy: Policy,
    /// What this engine decides by both.
    pub decision: Decision,
    /// How that relates to what was recorded.
    pub basis: Basis,
    /// The number of the recorded decision of that very instant.
    pub number: Option<u64>,
    /// Whether personal fields of what was known then were erased since: they are empty in `facts`.
    pub erased: bool,
    /// What the record of that very instant says that each case came to, where there is one.
    pub recorded: Vec<CaseTrace>,
    /// The messages as they stood then, newest first; at most 20.
    pub messages: Vec<MessageAsOf>,
    /// Whether the customer replied later: the head holds the last reply alone, so that an earlier one is not in `facts`.
    pub replied_later: bool,
}

/// A version as it was read.
pub(super) struct Version {
    /// The sort key of the fact.
    pub(super) sk: String,
    /// Its place in the stream.
    sequence: String,
    pub(super) at: Timestamp,
    pub(super) row: Row,
    /// Whether something that it said of people was erased since.
    pub(super) erased: bool,
}

/// Everything that was ever written of a customer.
struct Everything {
    head: Head,
    own: Vec<Version>,
    tenant: Vec<Version>,
    addresses: BTreeMap<String, Vec<Version>>,
    /// When each person was contacted, as far back as that is known.
    contact_log: BTreeMap<String, ContactLog>,
    above: BTreeMap<CustomerId, Vec<Version>>,
    records: Vec<RecordItem>,
    coverage: BTreeMap<String, Vec<Coverage>>,
    past: Vec<Past>,
    gaps: Vec<Gap>,
}

impl Vault {
    /// What was known of a customer at an instant, what this engine decides by it, and how that relates to what was recorded then.
    /// `None` when the customer was not known then.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn as_of(&self, tenant: &TenantId, customer: &CustomerId, at: Timestamp) -> Result<Option<AsOf>> {
        let Some(all) = self.store.everything(self, tenant, customer).await? else { return Ok(None) };
        let recorded = all.past.iter().find(|past| !past.is_own && past.at.as_millisecond() == at.as_millisecond());
        let number = recorded.map(|past| past.number);
        let before =
            number.unwrap_or_else(|| all.past.iter().filter(|past| past.at <= at).map(|past| past.number + 1).max().unwrap_or(1));
        let told = Told {
            number,
            recorded: recorded.map(|past| past.cases.clone()).unwrap_or_default(),
            messages: messages_as_of(&all.records, &all.head, at)?,
            replied_later: all.head.replied_at.is_some_and(|replied| replied > at),
        };
        let mut first = None;
        let mut is_any_erased = false;
        for left_out in all.doubtful(at) {
            let Some(facts) = all.facts(tenant, at, before, &left_out)? else { continue };
            let Some(policy) = self.store.policy_as_of(tenant, &all, &facts.cases, at, &left_out).await? else { continue };
            let erased = all.is_erased(&facts.customer, at, &left_out);
            is_any_erased |= erased;
            let inputs = domain::inputs(&facts, &policy, at);
            let same = recorded.is_some_and(|past| past.inputs.as_ref().is_some_and(|(_, hash)| *hash == text_of(&inputs)));
            if same || recorded.is_none() {
                let basis = if same { Basis::Recorded } else { Basis::Recomputed };
                return Ok(Some(as_of(at, facts, policy, basis, told, erased)));
            }
            first.get_or_insert((facts, policy, erased));
        }
        let Some((facts, policy, erased)) = first else { return Ok(None) };
        let engine = recorded.and_then(|past| past.inputs.as_ref()).map(|(engine, _)| *engine);
        let gaps = all.gaps.iter().filter(|gap| gap.from <= at).cloned().collect();
        let basis = if is_any_erased { Basis::Erased { engine } } else { Basis::Differs { engine, gaps } };
        Ok(Some(as_of(at, facts, policy, basis, told, erased)))
    }

    /// The facts and the policy of an instant at which the decision of that number had been made: what the sender of one of its messages
    /// read. Facts that came shortly before may not have been there yet; of the ways to take that, the first on which `agrees` says yes, else
    /// the one with all of them, and whether it said yes.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn after_decision(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        (number, at): (u64, Timestamp),
        agrees: &(dyn Fn(&Facts, &Policy) -> bool + Send + Sync),
    ) -> Result<Option<(Facts, Policy, bool)>> {
        let Some(all) = self.store.everything(self, tenant, customer).await? else { return Ok(None) };
        let mut first = None;
        for left_out in all.doubtful(at) {
            let Some(facts) = all.facts(tenant, at, number.saturating_add(1), &left_out)? else { continue };
            let Some(policy) = self.store.policy_as_of(tenant, &all, &facts.cases, at, &left_out).await? else { continue };
            if agrees(&facts, &policy) {
                return Ok(Some((facts, policy, true)));
            }
            first.get_or_insert((facts, policy));
        }
        Ok(first.map(|(facts, policy)| (facts, policy, false)))
    }
}

impl Store {
    async fn everything(&self, vault: &Vault, tenant: &TenantId, customer: &CustomerId) -> Result<Option<Everything>> {
        const OP: &str = "read the history of";
        let Some(head) = self.head(tenant, customer).await? else { return Ok(None) };
        let pk = keys::customer(tenant, customer);
        let mut own = self.versions(&pk, "").await?;
        vault.open_versions(tenant, customer, &mut own).await?;
        let of_tenant = keys::tenant(tenant);
        let mut of_policy = Vec::new();
        for kind in ["SETTINGS", "BREAKER", "WF", "TPL", "HEARD"] {
            of_policy.extend(self.versions(&of_tenant, kind).await?);
        }
        let mut rows = self.range(OP, Range::new(&pk, keys::COVERAGE, &last_of(keys::COVERAGE), VERSIONS_MAX)).await?;
        rows.extend(self.range(OP, Range::new(&pk, keys::DECISIONS, &last_of(keys::DECISIONS), VERSIONS_MAX)).await?);
        let records = rows.iter().map(record::read).collect::<Result<Vec<_>>>()?;
        let mut coverage = BTreeMap::new();
        for item in &records {
            if let Some(of_record) = self.coverage(tenant, customer, item.clone()).await? {
                coverage.insert(item.key.clone(), of_record);
            }
        }
        let gaps = self.range(OP, Range::new(keys::GAPS, keys::VERSION, &last_of(keys::VERSION), VERSIONS_MAX)).await?;
        let gap = |row: &Row| {
            let at = |name| number::<i64>(row, name).map(instant);
            Some(Gap { from: at(version::AT)?, until: at(version::UNTIL)? })
        };
        let mut all = Everything {
            past: past(&records),
            head,
            own,
            tenant: of_policy,
            addresses: BTreeMap::new(),
            contact_log: BTreeMap::new(),
            above: BTreeMap::new(),
            records,
            coverage,
            gaps: gaps.iter().filter_map(gap).collect(),
        };
        self.people_ever(vault, tenant, &mut all).await?;
        Ok(Some(all))
    }

    /// When the history of a customer begins: from then on both its profile and the tenant's settings are known. `None` where neither was
    /// ever written down.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn history_begins(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<Timestamp>> {
        let mut begins: Option<Timestamp> = None;
        for (pk, sk) in [(keys::customer(tenant, customer), "PROFILE"), (keys::tenant(tenant), "SETTINGS")] {
            // Places in the stream are digits: what lies beside a profile begins otherwise.
            let (pk, from) = (keys::versions(&pk), format!("{}{sk}#", keys::VERSION));
            let rows = self.range("find the beginning of", Range::new(&pk, &from, &format!("{from}:"), 1)).await?;
            let Some(first) = rows.first().and_then(|row| number(row, version::AT)).map(instant) else { return Ok(None) };
            begins = begins.max(Some(first));
        }
        Ok(begins)
    }

    /// The versions in a partition of facts whose sort keys begin so.
    pub(super) async fn versions(&self, pk: &str, begins: &str) -> Result<Vec<Version>> {
        let (pk, from) = (keys::versions(pk), format!("{}{begins}", keys::VERSION));
        let rows = self.range("read the history of", Range::new(&pk, &from, &last_of(&from), VERSIONS_MAX)).await?;
        let read = |row: Row| {
            let (sk, sequence) = text(&row, SK)?.strip_prefix(keys::VERSION)?.rsplit_once('#')?;
            let at = instant(number(&row, version::AT)?);
            Some(Version { sk: sk.to_owned(), sequence: sequence.to_owned(), at, row, erased: false })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    async fn policy_as_of(
        &self,
        tenant: &TenantId,
        all: &Everything,
        cases: &BTreeMap<CaseKey, Case>,
        at: Timestamp,
        left_out: &BTreeSet<&str>,
    ) -> Result<Option<Policy>> {
        let facts = current(&all.tenant, at, left_out);
        let Some(settings) = facts.get("SETTINGS") else { return Ok(None) };
        let settings: Settings = json(settings, DOC)?;
        let breaker_open = facts.get("BREAKER").is_some_and(|row| number::<u8>(row, breaker::OPEN) == Some(1));
        let (mut workflows, mut withdrawn, mut templates) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        let (mut published, mut rollouts) = (BTreeSet::new(), BTreeMap::new());
        for (sk, row) in &facts {
            if let Some(id) = sk.strip_prefix("WF#") {
                let state = WorkflowState::read(row);
                withdrawn.extend(state.withdrawn_to.map(|version| (id.to_owned(), version)));
                if state.is_published {
                    for version in state.versions() {
                        workflows.extend(self.body(tenant, id, version).await?);
                    }
                    rollouts.extend(state.rollout().map(|rollout| (id.to_owned(), rollout)));
                    published.insert((id.to_owned(), state.joined_by()));
                }
            } else if let Some((id, channel)) = keys::parse_template(sk) {
                let known: &mut u32 = templates.entry((id, channel)).or_default();
                *known = (*known).max(number(row, pointer::VERSION).unwrap_or(0));
            }
        }
        for case in cases.values() {
            if !workflows.iter().any(|known| known.id == case.workflow && known.version == case.version) {
                workflows.extend(self.body(tenant, &case.workflow, case.version).await?);
            }
        }
        self.with_targets(tenant, cases, &rollouts, &mut workflows).await?;
        let senders = domain::Channel::with_sender().collect();
        Ok(Some(Policy {
            settings,
            breaker_open,
            workflows,
            published,
            rollouts,
            withdrawn,
            senders,
            identities: None,
            templates,
        }))
    }
}

/// What is told of an instant beside what is decided by its facts.
struct Told {
    number: Option<u64>,
    recorded: Vec<CaseTrace>,
    messages: Vec<MessageAsOf>,
    replied_later: bool,
}

fn as_of(at: Timestamp, facts: Facts, policy: Policy, basis: Basis, told: Told, erased: bool) -> AsOf {
    let decision = decide(&facts, &policy, at);
    let Told { number, recorded, messages, replied_later } = told;
    AsOf { at, facts, policy, decision, basis, number, erased, recorded, messages, replied_later }
}

/// What each fact says at an instant. Facts that are gone are left out.
fn current<'v>(versions: &'v [Version], at: Timestamp, left_out: &BTreeSet<&str>) -> BTreeMap<&'v str, &'v Row> {
    newest(versions, at, left_out).into_iter().map(|(sk, version)| (sk, &version.row)).collect()
}

/// The newest version of each fact at an instant. Facts that are gone are left out.
fn newest<'v>(versions: &'v [Version], at: Timestamp, left_out: &BTreeSet<&str>) -> BTreeMap<&'v str, &'v Version> {
    let mut current: BTreeMap<&str, &Version> = BTreeMap::new();
    for version in versions.iter().filter(|version| version.at <= at && !left_out.contains(version.sequence.as_str())) {
        match current.get(version.sk.as_str()) {
            Some(known) if known.sequence > version.sequence => {}
            Some(_) | None => {
                current.insert(&version.sk, version);
            }
        }
    }
    current.retain(|_, version| !version.row.contains_key(version::GONE));
    current
}

impl Everything {
    /// Whether something of what was known then was erased since: of the customer, or of the one whose people are written to. What was said
    /// anew before that instant is not, whatever became of older versions.
    fn is_erased(&self, customer: &Customer, at: Timestamp, left_out: &BTreeSet<&str>) -> bool {
        let above = customer.contacts_of.as_ref().and_then(|id| self.above.get(id)).map_or(&[][..], Vec::as_slice);
        [self.own.as_slice(), above].into_iter().any(|versions| newest(versions, at, left_out).values().any(|it| it.erased))
    }

    /// What may not have been there when a decision of that instant read its facts: nothing, then the last that came, and so on.
    fn doubtful(&self, at: Timestamp) -> Vec<BTreeSet<&str>> {
        let all =
            self.own.iter().chain(&self.tenant).chain(self.addresses.values().flatten()).chain(self.above.values().flatten());
        let mut close: Vec<&str> = all
            .filter(|version| version.at <= at && at.duration_since(version.at) <= DOUBT)
            .map(|version| version.sequence.as_str())
            .collect();
        close.sort_unstable();
        close.reverse();
        close.truncate(DOUBTED_MAX);
        (0..=close.len()).map(|count| close.iter().take(count).copied().collect()).collect()
    }

    fn facts(&self, tenant: &TenantId, at: Timestamp, before: u64, left_out: &BTreeSet<&str>) -> Result<Option<Facts>> {
        let own = current(&self.own, at, left_out);
        let Some(profile) = own.get("PROFILE") else { return Ok(None) };
        let (profile, above) = self.with_people_as_of(json(profile, DOC)?, at, left_out)?;
        let mut facts = Facts {
            tenant: tenant.clone(),
            version: 0,
            decision: before.saturating_sub(1),
            addresses: BTreeMap::new(),
            contact_log: BTreeMap::new(),
            customer: profile,
            described: None,
            by_hand: ByHand::default(),
            above,
            invoices: vec![],
            payments: vec![],
            reversals: vec![],
            shared: vec![],
            shared_reversals: vec![],
            agreements: vec![],
            charges: vec![],
            orders: vec![],
            work: vec![],
            cases: BTreeMap::new(),
            coverage: self.coverage_as_of(at, before),
            pending: vec![],
            last_contact: self.last_contact(at, before),
            sources_confirmed_at: BTreeMap::new(),
            replied_at: self.head.replied_at.filter(|replied| *replied <= at),
        };
        for (sk, row) in own.iter().filter(|(_, row)| row.contains_key(DOC)) {
            let kind = sk.split_once('#').map_or(*sk, |(kind, _)| kind);
            match kind {
                "INV" => {
                    facts.invoices.push(InvoiceFact { invoice: json::<Invoice>(row, DOC)?, folded: vec![], archived: false })
                }
                "PAY" => {
                    let recorded_at = number(row, version::AT).map_or(Timestamp::UNIX_EPOCH, instant);
                    facts.payments.push(PaymentFact { recorded_at, archived: false, ..payment_of(row)? });
                }
                "REV" => facts.reversals.push(json::<Reversal>(row, DOC)?),
                "SHARED" => {
                    let recorded_at = number(row, version::AT).map_or(Timestamp::UNIX_EPOCH, instant);
                    facts.shared.push(PaymentFact { recorded_at, archived: false, ..payment_of(row)? });
                    facts.shared_reversals.extend(json::<Vec<Reversal>>(row, shared::REVERSALS)?);
                }
                _ if sk.starts_with(keys::AGREEMENTS) => facts.agreements.push(json::<Agreement>(row, DOC)?),
                _ if sk.starts_with(keys::ORDERS) => facts.orders.push(json::<Order>(row, DOC)?),
                _ if sk.starts_with(keys::OPEN_WORK) => facts.work.push(json::<OpenWork>(row, DOC)?),
                _ if sk.starts_with(keys::CHARGES) => facts.charges.push(json::<Charge>(row, DOC)?),
                _ => {}
            }
        }
        let by_hand = own.get(keys::BY_HAND).map(|row| json::<ByHand>(row, DOC)).transpose()?;
        let mut facts = facts.with_by_hand(by_hand.unwrap_or_default());
        let settings = current(&self.tenant, at, left_out);
        let source = &facts.customer.source;
        let settings_now = settings.get("SETTINGS").map(|row| json::<Settings>(row, DOC)).transpose()?;
        if settings_now.is_some_and(|settings| settings.freshness.contains_key(source)) {
            let heard = settings.get(format!("HEARD#{source}").as_str()).and_then(|row| number(row, heartbeat::HEARD_AT));
            facts.sources_confirmed_at = heard.map(|at| (source.clone(), instant(at))).into_iter().collect();
        }
        facts.cases = self.cases(before);
        let (addresses, contact_log) = {
            let people = People::of(&facts);
            (self.addresses_as_of(&people, at, left_out)?, self.contact_log_as_of(&people, at))
        };
        Ok(Some(Facts { addresses, contact_log, ..facts }))
    }

    fn with_people_as_of(
        &self,
        mut customer: Customer,
        at: Timestamp,
        left_out: &BTreeSet<&str>,
    ) -> Result<(Customer, Option<Box<PeopleAbove>>)> {
        let above = customer.contacts_of.as_ref().and_then(|id| self.above.get(id));
        let above = above.map(|versions| current(versions, at, left_out)).unwrap_or_default();
        let by_hand = above.get(keys::BY_HAND).map(|row| json::<ByHand>(row, DOC)).transpose()?.unwrap_or_default();
        let Some(described) = above.get("PROFILE").map(|row| json::<Customer>(row, DOC)).transpose()? else {
            return Ok((customer, None));
        };
        let parent = by_hand.over(&described);
        customer.contacts = parent.contacts;
        customer.postal_address = parent.postal_address.or(customer.postal_address);
        let above = (!by_hand.is_empty()).then(|| Box::new(PeopleAbove { described, by_hand }));
        Ok((customer, above))
    }

    fn addresses_as_of(
        &self,
        people: &People<'_>,
        at: Timestamp,
        left_out: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, AddressFact>> {
        let mut addresses = BTreeMap::new();
        for (_, contact) in people.all() {
            for (channel, address) in reached_by(contact) {
                let name = address_key(channel, &address);
                let versions = self.addresses.get(&name).map_or(&[][..], Vec::as_slice);
                for row in current(versions, at, left_out).values().filter(|row| row.contains_key(DOC)) {
                    addresses.insert(name.clone(), json(row, DOC)?);
                }
            }
        }
        Ok(addresses)
    }

    /// The contacts of those people until an instant, as far back as they are kept.
    fn contact_log_as_of(&self, people: &People<'_>, at: Timestamp) -> BTreeMap<String, ContactLog> {
        let until = |log: &ContactLog| {
            let attempts = log.attempts.iter().filter(|attempt| attempt.at <= at).cloned().collect();
            ContactLog { attempts, ..log.clone() }
        };
        let known = people.all().filter_map(|(_, contact)| contact.person());
        known.filter_map(|person| Some((person.clone(), until(self.contact_log.get(&person)?)))).collect()
    }

    /// Marks as they were at an instant: what proved only later that nobody got a message is not known yet.
    fn coverage_as_of(&self, at: Timestamp, before: u64) -> Vec<Coverage> {
        let mut all = Vec::new();
        for item in self.records.iter().filter(|item| item.body.number < before) {
            for mark in self.coverage.get(&item.key).into_iter().flatten() {
                let (outcome, receipt_by) = (outcome_by(item, mark.outcome, at), awaited::receipt_by(item, at));
                all.push(Coverage { outcome, receipt_by, ..mark.clone() });
            }
        }
        all
    }

    fn last_contact(&self, at: Timestamp, before: u64) -> LastContact {
        let mut last = LastContact::default();
        for item in self.records.iter().filter(|item| item.body.number < before) {
            let Some(message) = &item.body.message else { continue };
            let lost = item.outcome.is_some_and(|outcome| !outcome_by(item, outcome, at).is_contact());
            if lost || !counted_as_contact(item.body.status) {
                continue;
            }
            let ledger = match message.mode {
                Mode::Shadow => &mut last.shadow,
                Mode::Off | Mode::Live | Mode::Later(_) => &mut last.live,
            };
            *ledger = (*ledger).max(Some(item.body.at));
        }
        last.shadow = last.shadow.max(last.live);
        last
    }

    /// The cases as the decisions before left them.
    fn cases(&self, before: u64) -> BTreeMap<CaseKey, Case> {
        let mut cases: BTreeMap<CaseKey, Case> = BTreeMap::new();
        for past in self.past.iter().filter(|past| past.number < before) {
            for trace in &past.cases {
                let (Some(id), Some(state), Some(pinned)) = (&trace.case, trace.state, &trace.workflow) else { continue };
                let Some((workflow, version)) = pinned.rsplit_once('@') else { continue };
                let key = CaseKey::new(trace.balance(), trace.joined.as_deref().unwrap_or(workflow));
                let goes_on = cases.get(&key).filter(|known| known.id == *id).map(|known| known.opened_at);
                let opened_at = goes_on.unwrap_or_else(|| Timestamp::from_second(past.at.as_second()).unwrap_or(past.at));
                let (workflow, version) = (workflow.to_owned(), version.parse().unwrap_or(0));
                let (id, by_hand) = (id.clone(), trace.by_hand);
                let stated = self.stated(&key, past.number, past.at);
                cases.insert(key, Case { id, workflow, version, opened_at, state, by_hand, stated });
            }
            cases = remembered(cases);
        }
        cases
    }
}

/// What a message came to by an instant: what was heard of it only later is not known yet.
fn outcome_by(item: &RecordItem, outcome: Outcome, at: Timestamp) -> Outcome {
    let unsent = item.heard.iter().filter_map(|(event, heard)| Some((*heard, event.unsent()?))).min();
    let is_proof = |event: &DeliveryEvent| event.proves_sent() || event.proves_loss();
    let is_proved = item.heard.iter().any(|(event, heard)| is_proof(event) && *heard <= at);
    let was_in_doubt = matches!(item.body.status, RecordStatus::Message(MessageStatus::Unknown | MessageStatus::InDoubt));
    match unsent.filter(|_| was_in_doubt) {
        Some((heard, unsent)) if heard <= at && !is_proved => unsent,
        Some((heard, unsent)) if heard > at && outcome == unsent => Outcome::Unknown,
        Some(_) | None if outcome == Outcome::Undelivered && is_lost_later(item, at) => Outcome::Sent,
        Some(_) | None => outcome,
    }
}

/// Whether it was heard only after an instant that nobody got the message.
fn is_lost_later(item: &RecordItem, at: Timestamp) -> bool {
    let lost = item.heard.iter().filter(|(event, _)| event.proves_loss()).map(|(_, heard)| heard);
    counted_as_contact(item.body.status) && lost.min().is_some_and(|heard| *heard > at)
}

/// Whether a message that was settled so counted as a contact then: it left, or may have.
fn counted_as_contact(status: RecordStatus) -> bool {
    match status {
        RecordStatus::Message(status) => match status {
            MessageStatus::Sent
            | MessageStatus::Shadow
            | MessageStatus::Unknown
            | MessageStatus::InDoubt
            | MessageStatus::Later(_) => true,
            // What its provider says comes later than what it was settled as.
            MessageStatus::Queued
            | MessageStatus::NotSent
            | MessageStatus::Dropped
            | MessageStatus::Failed
            | MessageStatus::Superseded
            | MessageStatus::Blocked
            | MessageStatus::BouncedForNow
            | MessageStatus::Delivered
            | MessageStatus::Bounced
            | MessageStatus::Rejected
            | MessageStatus::RenderingFailed
            | MessageStatus::Complained => false,
        },
        RecordStatus::Marks | RecordStatus::Decided => false,
    }
}
