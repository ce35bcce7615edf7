//! The plan as effects on items.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    Customer, CustomerId, Invoice, InvoiceId, InvoiceStatus, NewTask, OPEN_INVOICES_MAX, Payment, PaymentFact, PaymentId,
    Reversal, SourceVersion, WebhookFate,
};
use serde::Serialize;

use super::{
    Applied, AppliedOutcome, Intent, Origin,
    batch::{Batches, Unit},
    items::{is_there, payment_heard, said_before, takes_place, too_many, with_received},
    moves::Left,
    plan::{Beside, Plan, newer},
    shared::Share,
    transfers::Transfer,
};
use crate::{
    Result,
    customer::{billed_lines::LinesSaid, facts::payment_of, head::read_head},
    table::{
        attributes::{
            document::{self, DOC},
            every::{CHASE, SK},
            fact, head, profile, reference,
        },
        change::{Change, absent, is, present},
        db::{Row, Transacted, millis, n, number, s, text, to_json},
        keys::{self, Key},
    },
    webhooks::receipt_action,
};

const OP: &str = "apply an event of";

/// The effects, in the order in which they are written where one transaction cannot hold them all.
struct Effects<'p> {
    rows: &'p HashMap<Key, Row>,
    units: Vec<Unit>,
    tasks: Vec<NewTask>,
    /// By how many each customer's open invoices become more.
    more: BTreeMap<CustomerId, usize>,
    /// What moves before left of agreements and orders at each customer.
    left: BTreeMap<CustomerId, Left>,
}

fn outcome(changed_any: bool) -> AppliedOutcome {
    if changed_any { AppliedOutcome::Applied } else { AppliedOutcome::Stale }
}

impl Beside {
    /// Whose facts they change.
    fn customers(&self) -> impl Iterator<Item = &CustomerId> {
        std::iter::once(&self.customer).chain(self.elsewhere.iter().map(|(customer, _)| customer))
    }

    fn units(self) -> Vec<Unit> {
        let Self { customer, actions, elsewhere } = self;
        let own = (!actions.is_empty()).then(|| Unit { actions, touches: vec![customer], ..Unit::default() });
        let of_other = |(customer, action)| Unit { actions: vec![action], touches: vec![customer], ..Unit::default() };
        own.into_iter().chain(elsewhere.into_iter().map(of_other)).collect()
    }
}

impl Plan<'_> {
    /// Writes the plan, or says what that would come to. `None` when something changed meanwhile and it must be made again.
    pub(super) async fn write(mut self, intent: Intent) -> Result<Option<Applied>> {
        let (store, tenant) = (self.store, self.tenant);
        let shared = self.write_shared().await?;
        let transfers = self.transfers().await?;
        let mut owners = self.customers();
        owners.extend(transfers.iter().flat_map(Transfer::customers).cloned());
        owners.extend(shared.iter().flat_map(Share::customers).cloned());
        owners.extend(self.beside.iter().flat_map(Beside::customers).cloned());
        let rows = store.read_many(OP, &self.wanted(&owners), true).await?;
        let mut effects = Effects { rows: &rows, units: vec![], tasks: vec![], more: BTreeMap::new(), left: BTreeMap::new() };
        for (owner, payment) in self.payments.values() {
            self.write_payment(&mut effects, owner, payment).await?;
        }
        for (id, (owner, invoice)) in &self.invoices {
            self.write_invoice(&mut effects, id, owner, invoice);
        }
        self.write_reversals(&mut effects);
        let profiles = self.write_profiles(&effects, &owners);
        let Effects { units, tasks, .. } = effects;
        let beside: Vec<Unit> = self.beside.take().map(Beside::units).unwrap_or_default();
        let mut changed_any = !beside.is_empty()
            || !shared.is_empty()
            || !transfers.is_empty()
            || !units.is_empty()
            || !profiles.is_empty()
            || !self.waiting.is_empty()
            || !tasks.is_empty();
        if intent == Intent::Look {
            for at in &self.heartbeats {
                changed_any |= store.heard_before(tenant, self.origin.source(), *at).await?;
            }
            return Ok(Some(Applied { outcome: outcome(changed_any), tasks }));
        }
        for at in &self.heartbeats {
            changed_any |= store.heartbeat(tenant, self.origin.source(), *at).await?;
        }
        for task in &tasks {
            store.raise(tenant, None, task, self.now).await?;
        }
        let mut heads = BTreeMap::new();
        for owner in &owners {
            if let Some(row) = rows.get(&keys::head(tenant, owner)) {
                heads.insert(owner.clone(), read_head(row.clone())?);
            }
        }
        let is_quiet = beside.is_empty() && shared.is_empty() && transfers.is_empty() && units.is_empty() && profiles.is_empty();
        let shards = if is_quiet { 1 } else { store.shards(tenant).await? };
        let mut batches = Batches::new(store, tenant, self.now, heads, shards);
        // A basket comes before its entry: an event that is delivered again finds it written, and applies the entry.
        let is_moved = !self.along.is_empty() && !transfers.is_empty();
        let transfers: Vec<Unit> = transfers.iter().flat_map(|transfer| transfer.units(store, tenant, self.now)).collect();
        if is_moved {
            // What moves takes along what a transfer keeps back, as it was read: it is read again once that is written.
            for unit in transfers {
                batches.add(unit);
            }
            for batch in batches.finish(None) {
                store.transact(OP, self.origin.source(), batch).await?;
            }
            return Ok(None);
        }
        let entered = self.entered().await?;
        for unit in beside.into_iter().chain(profiles).chain(transfers).chain(units).chain(entered) {
            batches.add(unit);
        }
        let together = batches.room() >= shared.iter().map(Share::actions).sum::<usize>() + 2 * owners.len();
        if !together {
            // Each then looks at the objects as this plan wrote them.
            batches.close();
        }
        for share in shared {
            if !batches.fits(share.actions(), share.customers().count()) {
                batches.close();
            }
            // Two may look at one item: a payment that is for invoices of two, or an invoice that two pay for.
            let written = batches.written();
            batches.add(share.unit(&written));
        }
        let waited = self.write_waited();
        if !waited.is_empty() {
            batches.close();
        }
        for unit in waited.into_iter().chain(self.write_waiting().await?) {
            batches.add(unit);
        }
        let receipt = match self.origin {
            Origin::Event(receipt) => {
                let fate = if changed_any { WebhookFate::Applied } else { WebhookFate::Stale };
                Some(receipt_action(store, tenant, receipt, (fate, None), self.now))
            }
            Origin::Read(_) => None,
        };
        for batch in batches.finish(receipt) {
            if let Transacted::Not(_) = store.transact(OP, self.origin.source(), batch).await? {
                return Ok(None);
            }
        }
        Ok(Some(Applied { outcome: outcome(changed_any), tasks }))
    }

    /// Whether what was read says what an earlier reading of the same state said: then writing it changes nothing.
    fn said_before(&self, row: Option<&Row>, object: &impl Serialize, version: &SourceVersion) -> bool {
        match self.origin {
            Origin::Event(_) => false,
            Origin::Read(_) => said_before(row, object, version),
        }
    }

    /// Everybody whom the plan may concern.
    fn customers(&self) -> BTreeSet<CustomerId> {
        let mut all: BTreeSet<CustomerId> = self.profiles.keys().chain(&self.named).cloned().collect();
        let invoices = self.invoices.iter().map(|(id, (owner, _))| (id.as_str(), owner));
        let payments = self.payments.iter().map(|(id, (owner, _))| (id.as_str(), owner));
        for (object, owner) in invoices.chain(payments) {
            all.extend(self.leaves(object, owner).cloned());
            all.insert(owner.clone());
        }
        all.extend(self.reversals.values().map(|(owner, _)| owner.clone()));
        all
    }

    /// The items that the effects depend on.
    fn wanted(&self, owners: &BTreeSet<CustomerId>) -> Vec<Key> {
        let tenant = self.tenant;
        let mut wanted: Vec<Key> = self.reversals.keys().cloned().collect();
        for (id, (owner, _)) in &self.invoices {
            wanted.push(keys::invoice(tenant, owner, id));
            wanted.extend(self.leaves(id.as_str(), owner).map(|before| keys::invoice(tenant, before, id)));
        }
        for (id, (owner, _)) in &self.payments {
            wanted.push(keys::payment(tenant, owner, id));
            wanted.extend(self.leaves(id.as_str(), owner).map(|before| keys::payment(tenant, before, id)));
        }
        wanted.extend(self.reversals.values().map(|(owner, reversal)| keys::payment(tenant, owner, &reversal.payment)));
        for owner in owners {
            wanted.push(keys::head(tenant, owner));
            wanted.push(keys::profile(tenant, owner));
        }
        wanted
    }

    /// The reference of an object that is new or moves, to be written with it.
    fn refer(&self, object: &str, owner: &CustomerId) -> Option<Change> {
        let reference = self.references.get(object).filter(|reference| reference.known.as_ref() != Some(owner))?;
        let change = Change::of(keys::reference(self.tenant, object)).put(reference::CUSTOMER, s(owner.as_str()));
        Some(match (&reference.known, reference.waiting) {
            (Some(before), _) => change.when(is(reference::CUSTOMER, s(before.as_str()))),
            // What waits was read by this plan, all of it.
            (None, Some(count)) => change.when(absent(reference::CUSTOMER).and(is(reference::WAITING, n(count)))),
            (None, None) => change.when(absent(reference::CUSTOMER).and(absent(reference::WAITING))),
        })
    }

    /// The parts that every object has: itself, its reference where that changes, and its tombstone where it comes from.
    fn place(&self, id: &str, owner: &CustomerId, object: Change, tombstone: Option<Change>) -> Unit {
        let changes = [Some(object), self.refer(id, owner), tombstone].into_iter().flatten();
        Unit { actions: changes.map(|change| change.update(self.store)).collect(), ..Unit::default() }
    }

    fn write_invoice(&self, effects: &mut Effects<'_>, id: &InvoiceId, owner: &CustomerId, invoice: &Invoice) {
        let (tenant, version) = (self.tenant, &invoice.source_version);
        let key = keys::invoice(tenant, owner, id);
        let row = effects.rows.get(&key);
        if !takes_place(row, version) || self.said_before(row, invoice, version) {
            return;
        }
        let is_new = !is_there(row);
        if is_new {
            let open = effects
                .rows
                .get(&keys::head(tenant, owner))
                .and_then(|row| number::<usize>(row, head::OPEN_INVOICES))
                .unwrap_or(0);
            let more = effects.more.entry(owner.clone()).or_default();
            if open + *more >= OPEN_INVOICES_MAX {
                effects.tasks.push(too_many(owner, invoice));
                return;
            }
            *more += 1;
        }
        let before = self.leaves(id.as_str(), owner);
        let chase = (invoice.status != InvoiceStatus::Draft).then(|| format!("I#{id}"));
        let stays = before.is_none();
        let along = self.along.get(id).filter(|_| !stays);
        let object = self.object(&key, to_json(invoice), version, chase, stays).drop(fact::ARCHIVED);
        let object = match along {
            Some(along) => object.put(fact::FOLDED, s(to_json(&along.told.folded))),
            None => object,
        };
        let held = before.map_or(row, |before| effects.rows.get(&keys::invoice(tenant, before, id)));
        let known = held.and_then(|row| text(row, fact::LINES));
        let lines = LinesSaid::of(self.store, tenant, id, invoice.lines.as_deref(), known);
        let object = match lines.digest {
            Some(digest) => object.put(fact::LINES, s(digest)),
            None => object.drop(fact::LINES),
        };
        let as_read = |change: Change| match self.revisions.get(id.as_str()) {
            Some(revision) => change.when(is(document::REVISION, n(revision))),
            None => change,
        };
        let tombstone = before.map(|before| as_read(self.tombstone(keys::invoice(tenant, before, id), version)));
        let mut unit = self.place(id.as_str(), owner, object, tombstone);
        unit.actions.extend(lines.action);
        unit.touches.push(owner.clone());
        if is_new {
            unit.invoices.push((owner.clone(), 1));
        }
        if let Some((before, along)) = before.zip(along) {
            let leaves = effects.left.entry(before.clone()).or_default();
            self.bring_along(leaves, &mut unit, (before, owner), id, along);
            unit.unchanged.push(along.head.clone());
            unit.contacts.push((owner.clone(), along.head.last_contact));
        }
        if let Some(before) = before {
            unit.touches.push(before.clone());
            let there = effects.rows.get(&keys::invoice(tenant, before, id));
            if there.is_some_and(|row| row.contains_key(DOC) && !row.contains_key(fact::ARCHIVED)) {
                unit.invoices.push((before.clone(), -1));
            }
        }
        effects.units.push(unit);
    }

    async fn write_payment(&self, effects: &mut Effects<'_>, owner: &CustomerId, payment: &Payment) -> Result<()> {
        let (tenant, version) = (self.tenant, &payment.source_version);
        let key = keys::payment(tenant, owner, &payment.id);
        let row = effects.rows.get(&key);
        let before = self.leaves(payment.id.as_str(), owner);
        if !takes_place(row, version) {
            effects.units.extend(self.received_once(&key, row, owner, payment)?);
            return Ok(());
        }
        if self.said_before(row, payment, version) {
            return Ok(());
        }
        let chase = Some(format!("P#{}", payment.id));
        let stays = before.is_none();
        let known = match before {
            Some(before) => effects.rows.get(&keys::payment(tenant, before, &payment.id)),
            None => row,
        };
        let fact = payment_heard(known, payment, self.now)?;
        let object = with_received(self.object(&key, to_json(payment), version, chase, stays), &fact);
        let tombstone = before.map(|before| self.tombstone(keys::payment(tenant, before, &payment.id), version));
        let mut unit = self.place(payment.id.as_str(), owner, object, tombstone);
        unit.touches.push(owner.clone());
        if let Some(before) = before {
            unit.touches.push(before.clone());
            let pk = keys::customer(tenant, before);
            for row in self.reversals_at(before, &payment.id).await? {
                let sk = text(&row, SK).unwrap_or_default().to_owned();
                unit.actions.push(Change::of(Key { pk: pk.clone(), sk }).delete(self.store));
                unit.touches.push(before.clone());
            }
        }
        effects.units.push(unit);
        Ok(())
    }

    /// An older document that says that a payment was received which counts for nothing now, or only may.
    fn received_once(&self, key: &Key, row: Option<&Row>, owner: &CustomerId, payment: &Payment) -> Result<Option<Unit>> {
        let Some(row) = row.filter(|row| row.contains_key(DOC)) else { return Ok(None) };
        let known = payment_of(row)?;
        let Some(fact) = PaymentFact::merge(Some(&known), payment, self.now) else { return Ok(None) };
        let as_read = is(document::VERSION, s(known.payment.source_version.sortable())).and(present(DOC));
        let change = Change::of(key.clone()).put(fact::SEEN_AT, n(millis(self.now))).put(CHASE, s(format!("P#{}", payment.id)));
        let change = with_received(change.add(document::REVISION, n(1)).when(as_read), &fact);
        Ok(Some(Unit { actions: vec![change.update(self.store)], touches: vec![owner.clone()], ..Unit::default() }))
    }

    fn write_reversals(&self, effects: &mut Effects<'_>) {
        let mut back: BTreeSet<Key> = BTreeSet::new();
        let mut held: BTreeSet<&str> = BTreeSet::new();
        for (key, (owner, reversal)) in &self.reversals {
            if !newer(effects.rows.get(key), &reversal.source_version) {
                continue;
            }
            let chase = Some(format!("R#{}", key.sk.trim_start_matches("REV#")));
            let object = self.object(key, to_json::<Reversal>(reversal), &reversal.source_version, chase, true);
            let mut unit = Unit { actions: vec![object.update(self.store)], ..Unit::default() };
            unit.touches.push(owner.clone());
            let payment = keys::payment(self.tenant, owner, &reversal.payment);
            let id = reversal.payment.as_str();
            // A payment that this plan does not write must stay with the customer that the reversal is written for, and it
            // matters again.
            if !self.payments.contains_key(&reversal.payment) {
                if held.insert(id) {
                    let stays = Change::of(keys::reference(self.tenant, id));
                    let stays = stays.when(is(reference::CUSTOMER, s(owner.as_str())));
                    unit.actions.push(stays.check(self.store));
                }
                let filed = effects.rows.get(&payment).is_some_and(|row| row.contains_key(DOC) && !row.contains_key(CHASE));
                if filed && back.insert(payment.clone()) {
                    let change = Change::of(payment).put(CHASE, s(format!("P#{id}"))).when(present(DOC));
                    unit.actions.push(change.update(self.store));
                }
            }
            effects.units.push(unit);
        }
    }

    /// Profiles come first. Facts are never lost because their customer is not described yet: a stub stands in.
    fn write_profiles(&self, effects: &Effects<'_>, owners: &BTreeSet<CustomerId>) -> Vec<Unit> {
        let touched: BTreeSet<&CustomerId> = effects.units.iter().flat_map(|unit| &unit.touches).collect();
        let mut units = Vec::new();
        for owner in owners {
            let row = effects.rows.get(&keys::profile(self.tenant, owner));
            let change = match self.profiles.get(owner) {
                Some(customer) => {
                    let is_stub = row.is_some_and(|row| row.contains_key(profile::STUB));
                    let replaces = match &customer.source_version {
                        Some(version) => newer(row, version),
                        None => row.is_none(),
                    };
                    let again = customer.source_version.as_ref().is_some_and(|version| self.said_before(row, customer, version));
                    (is_stub || replaces && !again).then(|| self.profile_change(customer, false))
                }
                None => {
                    let wanted = touched.contains(owner) || self.named.contains(owner);
                    let called = self.called.get(owner).map_or(owner.as_str(), String::as_str);
                    (row.is_none() && wanted)
                        .then(|| self.profile_change(&Customer::stub(owner, self.origin.source(), called), true))
                }
            };
            if let Some(change) = change {
                let touches = vec![owner.clone()];
                units.push(Unit { actions: vec![change.update(self.store)], touches, ..Unit::default() });
            }
        }
        units
    }

    /// What no longer waits: after all else, for it is found again only while its object says that something waits.
    fn write_waited(&self) -> Vec<Unit> {
        let store = self.store;
        let mut actions: Vec<_> = self.done_waiting.iter().map(|key| Change::of(key.clone()).delete(store)).collect();
        let objects = self.invoices.keys().map(InvoiceId::as_str).chain(self.payments.keys().map(PaymentId::as_str));
        for object in objects {
            if let Some(count) = self.references.get(object).and_then(|reference| reference.waiting) {
                let change = Change::of(keys::reference(self.tenant, object)).drop(reference::WAITING);
                actions.push(change.when(is(reference::WAITING, n(count))).update(store));
            }
        }
        actions.into_iter().map(Unit::of).collect()
    }

    /// What waits from now on.
    async fn write_waiting(&self) -> Result<Vec<Unit>> {
        let store = self.store;
        let mut actions = Vec::new();
        let mut objects: BTreeMap<Key, u64> = BTreeMap::new();
        for wait in &self.waiting {
            *objects.entry(Key { pk: wait.key.pk.clone(), sk: "REF".to_owned() }).or_default() += 1;
            let known = store.read(OP, &wait.key, true).await?;
            if known.as_ref().and_then(|row| text(row, document::VERSION)).is_none_or(|known| known < wait.version.as_str()) {
                let change = Change::of(wait.key.clone()).put(DOC, s(to_json(&wait.document)));
                actions.push(change.put(document::VERSION, s(wait.version.clone())).update(store));
            }
        }
        for (key, count) in objects {
            let change = Change::of(key).add(reference::WAITING, n(count)).when(absent(reference::CUSTOMER));
            actions.push(change.update(store));
        }
        Ok(actions.into_iter().map(Unit::of).collect())
    }
}
