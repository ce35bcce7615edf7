//! Applies documents: receipt, effects and the customer's wake-up in one transaction.
//!
//! A document wins only if its version is newer, so any order and any number of repeats end in the same state. A document
//! whose customer is only known by another object (a reversal by its payment, a payment by its invoice) waits at that object's
//! reference and is applied together with it.

use std::collections::{BTreeMap, VecDeque};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Customer, CustomerId, CustomerRef, Document, Invoice, InvoiceStatus, NewTask, OPEN_INVOICES_MAX, Payment, Reversal, TaskKind,
    TenantId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store,
    db::{ACTIONS_MAX, Change, Range, Row, Transacted, Wrote, json, last_of, n, number, put, s, text, to_json},
    head::{Wake, bump, from_item, millis},
    keys::{self, Key},
};

/// How long a receipt is kept: longer than any vendor redelivers.
const RECEIPT_DAYS: i64 = 35;
/// Most documents that may wait for one object.
const WAITING_MAX: usize = 1_000;

/// What a sender's event is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The connection that it came by.
    pub source: String,
    /// The sender's own id of the event.
    pub event_id: String,
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppliedOutcome {
    /// Something changed.
    Applied,
    /// The event was seen before.
    Duplicate,
    /// All of it was known.
    Stale,
}

/// What came of an event, and what it raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What came of it.
    pub outcome: AppliedOutcome,
    /// The exceptions raised.
    pub tasks: Vec<NewTask>,
}

#[derive(Serialize, Deserialize)]
enum Waiting {
    Payment(Payment),
    Reversal(Reversal),
}

/// What is to be written for one customer.
#[derive(Default)]
struct Effects {
    actions: Vec<TransactWriteItem>,
    changed: Vec<String>,
    new_invoices: usize,
    stub: bool,
    creates_profile: bool,
}

pub(crate) fn receipt_action(store: &Store, tenant: &TenantId, receipt: &Receipt, now: Timestamp) -> TransactWriteItem {
    let key = keys::receipt(tenant, &receipt.source, &receipt.event_id);
    let expires = now.as_second() + RECEIPT_DAYS * 86_400;
    put(store, &key, Row::from([("expires_at".to_owned(), n(expires))]), Some("attribute_not_exists(pk)"))
}

fn newer(row: Option<&Row>, version: &domain::SourceVersion) -> bool {
    row.and_then(|row| text(row, "ver")).is_none_or(|known| known < version.sortable().as_str())
}

impl Store {
    /// Applies what a source said. With `refs` (every source but `canonical`) it also keeps who owes each invoice and payment,
    /// so that documents that only name those find their customer.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other writers kept coming between; the event may be delivered again.
    pub async fn apply(
        &self,
        tenant: &TenantId,
        receipt: &Receipt,
        documents: &[Document],
        now: Timestamp,
        refs: bool,
    ) -> Result<Applied> {
        for _ in 0..4 {
            if let Some(applied) = self.apply_once(tenant, receipt, documents, now, refs).await? {
                return Ok(applied);
            }
        }
        Err(Error::Conflict { operation: "apply an event of", id: receipt.source.clone() })
    }

    async fn apply_once(
        &self,
        tenant: &TenantId,
        receipt: &Receipt,
        documents: &[Document],
        now: Timestamp,
        refs: bool,
    ) -> Result<Option<Applied>> {
        const OP: &str = "apply an event of";
        let receipt_key = keys::receipt(tenant, &receipt.source, &receipt.event_id);
        if self.read(OP, &receipt_key, true).await?.is_some() {
            return Ok(Some(Applied { outcome: AppliedOutcome::Duplicate, tasks: vec![] }));
        }
        let mut plan = Plan::new(self, tenant, receipt, now, refs);
        let mut queue: VecDeque<(Document, Option<Key>)> = documents.iter().cloned().map(|document| (document, None)).collect();
        while let Some((document, from)) = queue.pop_front() {
            plan.take(document, from, &mut queue).await?;
        }
        plan.finish().await
    }

    /// Notes that a source says its books were complete at `at`; only a later word changes it. True when it did.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn heartbeat(&self, tenant: &TenantId, source: &str, at: Timestamp) -> Result<bool> {
        let change = Change::of(keys::heard(tenant, source))
            .put("heard_at", n(millis(at)))
            .when("attribute_not_exists(heard_at) OR heard_at < :at")
            .value(":at", n(millis(at)));
        Ok(matches!(self.write("note a heartbeat of", change, false).await?, Wrote::Done(_)))
    }
}

struct Plan<'a> {
    store: &'a Store,
    tenant: &'a TenantId,
    receipt: &'a Receipt,
    now: Timestamp,
    refs: bool,
    profiles: BTreeMap<CustomerId, Customer>,
    invoices: BTreeMap<Key, (CustomerId, Invoice)>,
    payments: BTreeMap<Key, (CustomerId, Payment)>,
    reversals: BTreeMap<Key, (CustomerId, Reversal)>,
    owners: BTreeMap<String, CustomerId>,
    references: BTreeMap<Key, (CustomerId, Option<u64>)>,
    moved: Vec<(Key, CustomerId, CustomerId)>,
    done_waiting: Vec<Key>,
    waiting: Vec<(Key, Waiting, String)>,
    heartbeats: Vec<Timestamp>,
    named: Vec<CustomerId>,
}

impl<'a> Plan<'a> {
    fn new(store: &'a Store, tenant: &'a TenantId, receipt: &'a Receipt, now: Timestamp, refs: bool) -> Self {
        Self {
            store,
            tenant,
            receipt,
            now,
            refs,
            profiles: BTreeMap::new(),
            invoices: BTreeMap::new(),
            payments: BTreeMap::new(),
            reversals: BTreeMap::new(),
            owners: BTreeMap::new(),
            references: BTreeMap::new(),
            moved: vec![],
            done_waiting: vec![],
            waiting: vec![],
            heartbeats: vec![],
            named: vec![],
        }
    }

    async fn owner(&self, object: &str) -> Result<Option<CustomerId>> {
        if let Some(owner) = self.owners.get(object) {
            return Ok(Some(owner.clone()));
        }
        let row = self.store.read("find who owes", &keys::reference(self.tenant, object), true).await?;
        Ok(row.as_ref().and_then(|row| text(row, "customer")).and_then(CustomerId::parse))
    }

    fn profile(&mut self, customer: Customer) {
        let known = self.profiles.get(&customer.id);
        if known.is_none_or(|known| known.source_version <= customer.source_version) {
            self.profiles.insert(customer.id.clone(), customer);
        }
    }

    fn customer(&mut self, reference: CustomerRef) -> std::result::Result<CustomerId, String> {
        match reference {
            CustomerRef::Full(customer) => {
                let id = customer.id.clone();
                self.profile(*customer);
                Ok(id)
            }
            CustomerRef::Named(id) => {
                self.named.push(id.clone());
                Ok(id)
            }
            CustomerRef::OfInvoice(invoice) => Err(invoice.to_string()),
        }
    }

    async fn take(&mut self, document: Document, from: Option<Key>, queue: &mut VecDeque<(Document, Option<Key>)>) -> Result<()> {
        self.done_waiting.extend(from);
        match document {
            Document::Customer(customer) => self.profile(customer),
            Document::Heartbeat(at) => self.heartbeats.push(at),
            Document::Invoice { customer, invoice } => {
                let owner = match self.customer(customer) {
                    Ok(owner) => owner,
                    Err(object) => match self.owner(&object).await? {
                        Some(owner) => owner,
                        // An invoice that names itself as the way to its customer cannot wait for itself.
                        None => {
                            return Err(Error::Refused {
                                operation: "apply an event of",
                                id: invoice.id.to_string(),
                                why: "the invoice does not say who owes it".into(),
                            });
                        }
                    },
                };
                self.refer(invoice.id.as_str(), &owner, Some(&invoice), queue).await?;
                let key = keys::invoice(self.tenant, &owner, &invoice.id);
                if self.invoices.get(&key).is_none_or(|(_, known)| known.source_version < invoice.source_version) {
                    self.invoices.insert(key, (owner, invoice));
                }
            }
            Document::Payment { customer, payment } => {
                let owner = match self.customer(customer) {
                    Ok(owner) => owner,
                    Err(object) => match self.owner(&object).await? {
                        Some(owner) => owner,
                        None => {
                            let (id, version) = (payment.id.to_string(), payment.source_version.sortable());
                            self.wait(&object, &["payment", &id], version, Waiting::Payment(payment));
                            return Ok(());
                        }
                    },
                };
                self.refer(payment.id.as_str(), &owner, None, queue).await?;
                let key = keys::payment(self.tenant, &owner, &payment.id);
                if self.payments.get(&key).is_none_or(|(_, known)| known.source_version < payment.source_version) {
                    self.payments.insert(key, (owner, payment));
                }
            }
            Document::Reversal(reversal) => match self.owner(reversal.payment.as_str()).await? {
                Some(owner) => {
                    let key = keys::reversal(self.tenant, &owner, &reversal.payment, &reversal.external_id);
                    if self.reversals.get(&key).is_none_or(|(_, known)| known.source_version < reversal.source_version) {
                        self.reversals.insert(key, (owner, reversal));
                    }
                }
                None => {
                    let object = reversal.payment.to_string();
                    let id = reversal.external_id.clone();
                    self.wait(&object, &["reversal", &id], reversal.source_version.sortable(), Waiting::Reversal(reversal));
                }
            },
        }
        Ok(())
    }

    fn wait(&mut self, object: &str, parts: &[&str], version: String, document: Waiting) {
        let key = keys::waiting(self.tenant, object, parts);
        if let Some(at) = self.waiting.iter().position(|(known, _, _)| *known == key) {
            if self.waiting[at].2 < version {
                self.waiting[at] = (key, document, version);
            }
        } else {
            self.waiting.push((key, document, version));
        }
    }

    /// Notes who owes an object, and brings in what waited for it.
    async fn refer(
        &mut self,
        object: &str,
        owner: &CustomerId,
        invoice: Option<&Invoice>,
        queue: &mut VecDeque<(Document, Option<Key>)>,
    ) -> Result<()> {
        self.owners.insert(object.to_owned(), owner.clone());
        let key = keys::reference(self.tenant, object);
        if !self.refs || self.references.contains_key(&key) {
            return Ok(());
        }
        let row = self.store.read("find who owes", &key, true).await?;
        let known = row.as_ref().and_then(|row| text(row, "customer")).and_then(CustomerId::parse);
        let count = row.as_ref().and_then(|row| number::<u64>(row, "waiting"));
        match known {
            Some(before) if before == *owner => return Ok(()),
            Some(before) => {
                if let Some(invoice) = invoice {
                    self.moved.push((keys::invoice(self.tenant, &before, &invoice.id), before, owner.clone()));
                }
            }
            None => {}
        }
        if count.is_some() {
            let (from, to) = ("WAIT#", last_of("WAIT#"));
            let rows = self.store.range("find what waits for", Range::new(&key.pk, from, &to, WAITING_MAX)).await?;
            for row in &rows {
                let document = match json::<Waiting>(row, "doc")? {
                    Waiting::Payment(payment) => Document::Payment { customer: CustomerRef::Named(owner.clone()), payment },
                    Waiting::Reversal(reversal) => Document::Reversal(reversal),
                };
                let sk = text(row, "sk").unwrap_or_default().to_owned();
                queue.push_back((document, Some(Key { pk: key.pk.clone(), sk })));
            }
        }
        self.references.insert(key, (owner.clone(), count));
        Ok(())
    }

    /// Writes the plan. `None` when something changed meanwhile and it must be made again.
    async fn finish(self) -> Result<Option<Applied>> {
        const OP: &str = "apply an event of";
        let (store, tenant, now) = (self.store, self.tenant, self.now);
        let mut owners: Vec<CustomerId> = self.profiles.keys().chain(&self.named).cloned().collect();
        owners.extend(self.invoices.values().map(|(owner, _)| owner.clone()));
        owners.extend(self.payments.values().map(|(owner, _)| owner.clone()));
        owners.extend(self.reversals.values().map(|(owner, _)| owner.clone()));
        owners.extend(self.moved.iter().map(|(_, before, _)| before.clone()));
        owners.sort();
        owners.dedup();
        let mut wanted: Vec<Key> =
            self.invoices.keys().chain(self.payments.keys()).chain(self.reversals.keys()).cloned().collect();
        wanted.extend(self.reversals.values().map(|(owner, reversal)| keys::payment(tenant, owner, &reversal.payment)));
        for owner in &owners {
            wanted.push(keys::head(tenant, owner));
            wanted.push(keys::profile(tenant, owner));
        }
        let rows = store.read_many(OP, &wanted, true).await?;
        let mut tasks: Vec<NewTask> = Vec::new();
        let mut effects: BTreeMap<CustomerId, Effects> = BTreeMap::new();
        for (id, customer) in &self.profiles {
            let row = rows.get(&keys::profile(tenant, id));
            let stub = row.is_some_and(|row| row.contains_key("stub"));
            let replaces = match &customer.source_version {
                Some(version) => newer(row, version),
                None => row.is_none(),
            };
            if replaces || stub {
                let effect = effects.entry(id.clone()).or_default();
                effect.creates_profile = true;
                effect.changed.push("PROFILE".to_owned());
                effect.actions.push(self.profile_change(customer, false).update(store));
            }
        }
        for (key, (owner, invoice)) in &self.invoices {
            let row = rows.get(key);
            if !newer(row, &invoice.source_version) {
                continue;
            }
            let effect = effects.entry(owner.clone()).or_default();
            if row.is_none() {
                let open = rows.get(&keys::head(tenant, owner)).and_then(|row| number::<usize>(row, "inv")).unwrap_or(0);
                if open + effect.new_invoices >= OPEN_INVOICES_MAX {
                    tasks.push(too_many(owner, invoice));
                    continue;
                }
                effect.new_invoices += 1;
            }
            effect.changed.push(key.sk.clone());
            let chase = (invoice.status != InvoiceStatus::Draft).then(|| format!("I#{}", invoice.id));
            effect.actions.push(
                self.object(key, to_json(invoice), &invoice.source_version, chase)
                    .drop("archived")
                    .put("outbox", s("f"))
                    .update(store),
            );
        }
        for (key, (owner, payment)) in &self.payments {
            if newer(rows.get(key), &payment.source_version) {
                let effect = effects.entry(owner.clone()).or_default();
                effect.changed.push(key.sk.clone());
                let chase = Some(format!("P#{}", payment.id));
                let change = self.object(key, to_json(payment), &payment.source_version, chase).put("outbox", s("f"));
                effect.actions.push(change.update(store));
            }
        }
        for (key, (owner, reversal)) in &self.reversals {
            if newer(rows.get(key), &reversal.source_version) {
                let effect = effects.entry(owner.clone()).or_default();
                effect.changed.push(key.sk.clone());
                let chase = Some(format!("R#{}", key.sk.trim_start_matches("REV#")));
                effect.actions.push(self.object(key, to_json(reversal), &reversal.source_version, chase).update(store));
                let payment = keys::payment(tenant, owner, &reversal.payment);
                // The payment matters again; one that is written by this very plan is chased anyway.
                if !self.payments.contains_key(&payment) && rows.get(&payment).is_some_and(|row| !row.contains_key("chase")) {
                    let back =
                        Change::of(payment).put("chase", s(format!("P#{}", reversal.payment))).when("attribute_exists(pk)");
                    effect.actions.push(back.update(store));
                }
            }
        }
        for (key, before, _) in &self.moved {
            let effect = effects.entry(before.clone()).or_default();
            effect.changed.push(key.sk.clone());
            effect.actions.push(Change::of(key.clone()).delete(store));
        }
        // Facts are never lost because their customer is not described yet.
        for owner in &owners {
            let unknown = !rows.contains_key(&keys::profile(tenant, owner));
            let wanted = effects.contains_key(owner) || self.named.contains(owner);
            if unknown && wanted {
                let effect = effects.entry(owner.clone()).or_default();
                if !effect.creates_profile {
                    effect.stub = true;
                    effect.changed.push("PROFILE".to_owned());
                    let stub = stub(owner, &self.receipt.source);
                    effect.actions.push(self.profile_change(&stub, true).update(store));
                }
            }
        }
        let mut changed_any = !effects.is_empty() || !self.waiting.is_empty() || !tasks.is_empty();
        for at in &self.heartbeats {
            changed_any |= store.heartbeat(tenant, &self.receipt.source, *at).await?;
        }
        for task in &tasks {
            store.raise(tenant, None, task, now).await?;
        }
        let shards = if effects.is_empty() { 1 } else { store.shards(tenant).await? };
        let mut groups: Vec<Vec<TransactWriteItem>> = Vec::new();
        for (owner, effect) in effects {
            let head = rows.get(&keys::head(tenant, &owner)).map(|row| from_item(row.clone())).transpose()?;
            let changed = effect.changed.join(" ");
            let mut first = true;
            // A full group leaves no room beside it: a transaction may bump a head only once.
            for some in effect.actions.chunks(ACTIONS_MAX - 2) {
                let head = if first { head.clone() } else { None };
                let mut group = some.to_vec();
                let wake = match (&head, first) {
                    (None, false) => Wake::Later,
                    (head, _) => Wake::of(head.as_ref(), &owner, shards, now),
                };
                let mut change = bump(tenant, &owner, &wake, if effect.actions.len() > some.len() { "*" } else { &changed }, now);
                if first && effect.new_invoices > 0 {
                    change = change.add("inv :more").value(":more", n(effect.new_invoices));
                }
                group.push(change.update(store));
                groups.push(group);
                first = false;
            }
        }
        let mut last: Vec<TransactWriteItem> = Vec::new();
        for (key, (owner, count)) in &self.references {
            let change = Change::of(key.clone()).put("customer", s(owner.as_str()));
            let change = match count {
                Some(count) => change.when("waiting = :count").value(":count", n(count)).drop("waiting"),
                None => change.when("attribute_not_exists(waiting)"),
            };
            last.push(change.update(store));
        }
        last.extend(self.done_waiting.iter().map(|key| Change::of(key.clone()).delete(store)));
        let mut objects: BTreeMap<Key, u64> = BTreeMap::new();
        for (key, document, version) in &self.waiting {
            *objects.entry(Key { pk: key.pk.clone(), sk: "REF".to_owned() }).or_default() += 1;
            let known = store.read(OP, key, true).await?;
            if known.as_ref().and_then(|row| text(row, "ver")).is_none_or(|known| known < version.as_str()) {
                let change = Change::of(key.clone()).put("doc", s(to_json(document))).put("ver", s(version.clone()));
                last.push(change.update(store));
            }
        }
        for (key, count) in objects {
            let change = Change::of(key).add("waiting :count").value(":count", n(count)).when("attribute_not_exists(customer)");
            last.push(change.update(store));
        }
        // The receipt goes with the last transaction: until then the event counts as unseen and may be applied again.
        let mut batches: Vec<Vec<TransactWriteItem>> = vec![vec![]];
        for group in groups.into_iter().chain(last.chunks(ACTIONS_MAX / 2).map(<[_]>::to_vec)) {
            let current = batches.last_mut().expect("never empty");
            if current.len() + group.len() < ACTIONS_MAX {
                current.extend(group);
            } else {
                batches.push(group);
            }
        }
        batches.last_mut().expect("never empty").push(receipt_action(store, tenant, self.receipt, now));
        for batch in batches {
            if let Transacted::Not(_) = store.transact(OP, &self.receipt.source, batch).await? {
                return Ok(None);
            }
        }
        let outcome = if changed_any { AppliedOutcome::Applied } else { AppliedOutcome::Stale };
        Ok(Some(Applied { outcome, tasks }))
    }

    fn object(&self, key: &Key, doc: String, version: &domain::SourceVersion, chase: Option<String>) -> Change {
        let change = Change::of(key.clone())
            .put("doc", s(doc))
            .put("ver", s(version.sortable()))
            .put("seen_at", n(millis(self.now)))
            .add("rev :one")
            .value(":one", n(1))
            .value(":ver", s(version.sortable()))
            .when("attribute_not_exists(ver) OR ver < :ver");
        match chase {
            Some(chase) => change.put("chase", s(chase)),
            None => change.drop("chase"),
        }
    }

    fn profile_change(&self, customer: &Customer, stub: bool) -> Change {
        let version = customer.source_version.map_or_else(String::new, |version| version.sortable());
        let change =
            Change::of(keys::profile(self.tenant, &customer.id)).put("doc", s(to_json(customer))).put("ver", s(version.clone()));
        if stub {
            change.put("stub", n(1)).when("attribute_not_exists(pk)")
        } else {
            change.drop("stub").when("attribute_not_exists(pk) OR attribute_exists(stub) OR ver < :ver").value(":ver", s(version))
        }
    }
}

/// Stands in for a customer that a document only names, until its own document comes.
fn stub(id: &CustomerId, source: &str) -> Customer {
    Customer {
        id: id.clone(),
        source: source.to_owned(),
        external_id: id.to_string(),
        source_version: None,
        name: id.to_string(),
        kind: None,
        segment: None,
        language: None,
        country: None,
        region: None,
        time_zone: None,
        debt_purpose: None,
        legal_entity: None,
        parent_external_id: None,
        contacts: vec![],
        postal_address: None,
    }
}

fn too_many(owner: &CustomerId, invoice: &Invoice) -> NewTask {
    NewTask {
        kind: TaskKind::Document,
        key: format!("too-many:{}", invoice.id),
        title: "A customer has more open invoices than can be chased".to_owned(),
        detail: format!("invoice {} of {owner} was not taken: {OPEN_INVOICES_MAX} are open; split the customer", invoice.id),
        to: None,
        due_on: None,
        step: None,
        currency: Some(invoice.currency),
    }
}
