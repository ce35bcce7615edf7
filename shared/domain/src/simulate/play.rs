//! The customers of a simulation and their way through time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use compact_str::CompactString;
use jiff::{Timestamp, ToSpan, Zoned, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    assumed::{Assumed, BreakerAssumed, payments},
    line::{DayWaits, Expected, Happening},
    meter::{Full, TickRoom, anew},
};
use crate::{
    Contact, ContactLog, Decision, Event, Facts, InvoiceId, Next, Outcome, Pending, People, Policy, Rollout, SourceVersion,
    TaskId,
    calendar::tenant_zone,
    counting::{CountedDay, FIRST_PAGE, JUST_DUE_S, PAGE, PARALLEL, most_at_once},
    decide,
    decide::{Recheck, recheck},
    evolve,
    rollout::SHARE_WHOLE,
    workflow::CompiledWorkflow,
};

/// Seconds between two sweeps.
const TICK_S: i64 = 60;
/// Seconds after which a message is tried again for which the settings lack a sender.
const NO_SENDER_S: i64 = 86_400;
/// Where a customer stands in the order of what is due that only a new fact or a person wakes.
const PARKED_S: i64 = i64::MAX;

/// A customer of a simulation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Simulated {
    /// What is known of it.
    pub facts: Facts,
    /// The shard of the due index that it lies in.
    pub shard: u8,
    /// When it is due, in seconds; the last of all for what is parked. `None` while nothing is owed.
    due_s: Option<i64>,
    /// What it pays, the latest first.
    pays: Vec<(Timestamp, InvoiceId)>,
    /// The day on which a cap last made it wait, so that it counts once a day.
    waited_on: Option<Date>,
}

impl Simulated {
    /// A customer whose head says that it is due then.
    pub fn new(facts: Facts, shard: u8, due: Next) -> Self {
        Self { facts, shard, due_s: seconds(due), pays: Vec::new(), waited_on: None }
    }
}

/// How far a simulation has come, and what it found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimulationProgress {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// What is supposed.
    pub assumed: Assumed,
    /// The last sweep that was played.
    pub at: Timestamp,
    /// What was counted of the tenant's messages, by day.
    pub days: BTreeMap<Date, CountedDay>,
    /// When the breaker opened; more than once only where somebody is supposed to reset it.
    pub tripped: Vec<Timestamp>,
    /// What would happen, in order. Whoever runs it may take them: nothing is decided by them.
    pub lines: Vec<Happening>,
    /// What kept customers waiting, by day.
    pub waits: BTreeMap<Date, DayWaits>,
    /// Whether everybody is still to be decided once, as after a new version.
    waking: bool,
    /// Whether somebody is due again at once though the last sweep ended early.
    again: bool,
    /// Until when a cap left no room, where the last sweep ended so.
    no_room_until: Option<Timestamp>,
    /// The contacts of people whom several customers share.
    people: BTreeMap<String, ContactLog>,
    /// Work that was raised.
    raised: BTreeSet<TaskId>,
}

/// A simulation.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The customers, in the order of their ids.
    pub customers: Vec<Simulated>,
    /// How far it has come.
    pub progress: SimulationProgress,
    queue: Queue,
    /// Who pays next, and when.
    payers: BTreeSet<(Timestamp, usize)>,
    /// The people whom several customers share, by customer.
    shared: BTreeMap<usize, Vec<String>>,
}

/// Who is due when, a set a shard: by second, then by id.
type Queue = BTreeMap<u8, BTreeSet<(i64, usize)>>;

/// How a chunk of customers ended.
type Stop = Option<Full>;

impl Simulation {
    /// Begins at an instant. `days` are the counts of the days before and of the first one.
    pub fn begin(
        mut customers: Vec<Simulated>,
        policy: &Policy,
        from: Timestamp,
        until: Timestamp,
        assumed: Assumed,
        days: BTreeMap<Date, CountedDay>,
    ) -> Self {
        let zone = tenant_zone(&policy.settings);
        for customer in &mut customers {
            customer.pays = payments(&customer.facts, assumed.paying, from, &zone);
            customer.pays.reverse();
        }
        let raised = customers.iter().flat_map(|customer| &customer.facts.work).map(|work| work.task.clone()).collect();
        let progress = SimulationProgress {
            from,
            until,
            assumed,
            at: from.checked_sub(TICK_S.seconds()).unwrap_or(from),
            days,
            tripped: Vec::new(),
            lines: Vec::new(),
            waits: BTreeMap::new(),
            waking: false,
            again: false,
            no_room_until: None,
            people: BTreeMap::new(),
            raised,
        };
        Self::resume(customers, progress)
    }

    /// Goes on where another left off.
    pub fn resume(mut customers: Vec<Simulated>, progress: SimulationProgress) -> Self {
        customers.sort_by(|a, b| a.facts.customer.id.cmp(&b.facts.customer.id));
        let mut queue = Queue::new();
        let mut payers = BTreeSet::new();
        let mut of_person: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, customer) in customers.iter().enumerate() {
            if let Some(due) = customer.due_s {
                queue.entry(customer.shard).or_default().insert((due, at));
            }
            payers.extend(customer.pays.last().map(|(due, _)| (*due, at)));
            let persons: BTreeSet<String> =
                People::of(&customer.facts).all().filter_map(|(_, contact)| contact.person()).collect();
            for person in persons {
                of_person.entry(person).or_default().push(at);
            }
        }
        let mut shared: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (person, of) in of_person.into_iter().filter(|(_, of)| of.len() > 1) {
            for at in of {
                shared.entry(at).or_default().push(person.clone());
            }
        }
        Self { customers, progress, queue, payers, shared }
    }

    /// Has everybody decided at once, as publishing a version does.
    pub fn wake(&mut self) {
        self.progress.waking = true;
    }

    /// Plays until the end, or until `is_over` says that there is no more time for it. True at the end.
    pub fn run(&mut self, policy: &Policy, is_over: &mut dyn FnMut() -> bool) -> bool {
        let zone = tenant_zone(&policy.settings);
        while let Some(at) = self.next_tick().filter(|at| *at <= self.progress.until) {
            self.progress.at = at;
            self.pay(at);
            self.sweep(policy, &zone, at);
            // Asked afterwards, so that whoever has no time left has come further all the same.
            if is_over() {
                return false;
            }
        }
        true
    }

    /// Whether the breaker has ended it.
    fn is_stopped(&self) -> bool {
        self.progress.assumed.breaker == BreakerAssumed::Stays && !self.progress.tripped.is_empty()
    }

    /// The next sweep that could find something to do.
    fn next_tick(&self) -> Option<Timestamp> {
        if self.is_stopped() {
            return None;
        }
        let last = self.progress.at.as_second();
        let first =
            |after: i64| self.queue.values().filter_map(|shard| shard.range((after, 0)..).next()).map(|(due, _)| *due).min();
        let due = match self.progress.no_room_until {
            // Those who wait for room are due already: the next who falls due besides, or the room.
            Some(until) if !self.progress.again => {
                Some(first(last + 1).map_or(until.as_second(), |due| due.min(until.as_second())))
            }
            Some(_) => Some(last),
            None if self.progress.waking => Some(last),
            None => first(i64::MIN),
        };
        let pays = self.payers.first().map(|(at, _)| at.as_second());
        let wanted = [due, pays].into_iter().flatten().min().filter(|wanted| *wanted != PARKED_S)?;
        let earliest = wanted.max(last + TICK_S);
        // Sweeps begin on whole minutes.
        let minute = earliest.div_euclid(TICK_S) + i64::from(earliest.rem_euclid(TICK_S) > 0);
        Timestamp::from_second(minute * TICK_S).ok()
    }

    fn move_due(&mut self, at: usize, due_s: Option<i64>) {
        let Some(customer) = self.customers.get_mut(at) else { return };
        let shard = self.queue.entry(customer.shard).or_default();
        if let Some(before) = customer.due_s {
            shard.remove(&(before, at));
        }
        customer.due_s = due_s;
        if let Some(due) = due_s {
            self.progress.again |= due <= self.progress.at.as_second();
            shard.insert((due, at));
        }
    }

    /// Those who are supposed to have paid by now.
    fn pay(&mut self, now: Timestamp) {
        while let Some((_, at)) = self.payers.first().copied().filter(|(due, _)| *due <= now) {
            self.payers.pop_first();
            let Some(customer) = self.customers.get_mut(at) else { continue };
            let Some((_, invoice)) = customer.pays.pop() else { continue };
            self.payers.extend(customer.pays.last().map(|(due, _)| (*due, at)));
            if pay_in_full(&mut customer.facts, &invoice, now) {
                self.move_due(at, Some(now.as_second()));
            }
        }
    }

    fn sweep(&mut self, policy: &Policy, zone: &TimeZone, now: Timestamp) {
        self.progress.again = false;
        let here = now.to_zoned(zone.clone());
        let hour = u8::try_from(here.hour()).unwrap_or(0);
        let mut meter = TickRoom::new(&policy.settings, &self.progress.days, here.date(), hour);
        let (mut stop, mut seen) = (None, BTreeSet::new());
        let mut woken = self.progress.waking.then(|| self.everybody().into_iter());
        while stop.is_none() {
            let chunk = match &mut woken {
                Some(chunks) => chunks.next().unwrap_or_default(),
                None => self.next_due(now, &seen),
            };
            if chunk.is_empty() {
                break;
            }
            seen.extend(chunk.iter().copied());
            stop = self.chunk(policy, &here, &chunk, &mut meter);
        }
        meter.close(&mut self.progress.days);
        self.progress.no_room_until = None;
        match stop {
            None => self.progress.waking = false,
            Some(Full::Breaker) => {
                self.progress.tripped.push(now);
                if self.progress.assumed.breaker == BreakerAssumed::Reset {
                    self.progress.days.entry(here.date()).or_default().seen = true;
                }
            }
            Some(full @ (Full::Hour | Full::Day)) => {
                self.beside_the_cap(policy, &here, full);
                self.progress.no_room_until = Some(anew(full, &here));
            }
        }
    }

    /// Whom a sweep looks at together next, besides those that it has seen: the oldest of all shards.
    fn next_due(&self, now: Timestamp, seen: &BTreeSet<usize>) -> Vec<usize> {
        let last = (now.as_second(), usize::MAX);
        let mut due: Vec<(i64, usize)> = Vec::new();
        for of in self.queue.values() {
            due.extend(of.range(..=last).filter(|(_, at)| !seen.contains(at)).take(PARALLEL));
        }
        due.sort_unstable();
        due.into_iter().take(PARALLEL).map(|(_, at)| at).collect()
    }

    /// Whom a sweep looks at together that wakes everybody, due or not: a shard after the other, page by page.
    fn everybody(&self) -> Vec<Vec<usize>> {
        let mut chunks = Vec::new();
        for of in self.queue.values() {
            let all: Vec<usize> = of.iter().map(|(_, at)| *at).collect();
            let (first, rest) = all.split_at(all.len().min(FIRST_PAGE as usize));
            for page in std::iter::once(first).chain(rest.chunks(PAGE as usize)) {
                chunks.extend(page.chunks(PARALLEL).map(<[usize]>::to_vec));
            }
        }
        chunks
    }

    /// Who fell due just now while a cap leaves no room: who needs none goes on.
    fn beside_the_cap(&mut self, policy: &Policy, here: &Zoned, full: Full) {
        let now = here.timestamp();
        let just_due = (now.as_second() - JUST_DUE_S, 0)..=(now.as_second(), usize::MAX);
        let due: Vec<usize> = self.queue.values().flat_map(|of| of.range(just_due.clone())).map(|(_, at)| *at).collect();
        for at in due {
            self.meet(at);
            let Some(customer) = self.customers.get(at) else { continue };
            if !customer.facts.pending.is_empty() {
                self.settle(at, policy, here);
                continue;
            }
            let decision = decide(&customer.facts, policy, now);
            if count(&decision) > 0 {
                self.wait(at, full, here.date());
            } else {
                self.commit(at, decision, policy, here);
            }
        }
    }

    /// Customers whom a sweep looks at together: all are decided, then each takes room in turn.
    fn chunk(&mut self, policy: &Policy, here: &Zoned, chunk: &[usize], meter: &mut TickRoom) -> Stop {
        let now = here.timestamp();
        let mut decided = Vec::new();
        for at in chunk {
            self.meet(*at);
            let Some(customer) = self.customers.get(*at) else { continue };
            if customer.facts.pending.is_empty() {
                decided.push((*at, decide(&customer.facts, policy, now)));
            } else {
                self.settle(*at, policy, here);
            }
        }
        let mut waiting: u32 = decided.iter().map(|(_, decision)| count(decision)).sum();
        let (mut stop, mut is_first) = (None, true);
        for (at, decision) in decided {
            let wanted = count(&decision);
            if wanted > 0 {
                waiting -= wanted;
                if most_at_once(&policy.settings.caps).is_some_and(|most| (1..wanted).contains(&most)) {
                    // No day has room for them: a sweep tells a person, tries it again within a day, and goes on.
                    self.wait(at, Full::Day, here.date());
                    self.move_due(at, Some(anew(Full::Day, here).as_second()));
                    continue;
                }
                // The first asks before the others have decided.
                let others = if std::mem::take(&mut is_first) { 0 } else { waiting };
                if let Err(full) = meter.take(&mut self.progress.days, &policy.settings, wanted, others) {
                    self.wait(at, full, here.date());
                    stop = stop.or(Some(full));
                    continue;
                }
            }
            self.commit(at, decision, policy, here);
        }
        stop
    }

    fn wait(&mut self, at: usize, full: Full, on: Date) {
        let Some(customer) = self.customers.get_mut(at).filter(|customer| customer.waited_on != Some(on)) else { return };
        customer.waited_on = Some(on);
        let waits = self.progress.waits.entry(on).or_default();
        match full {
            Full::Hour => waits.hour_full += 1,
            Full::Day => waits.day_full += 1,
            Full::Breaker => {}
        }
    }

    /// Tells a customer's facts when the people whom it shares were contacted about others.
    fn meet(&mut self, at: usize) {
        let (Some(persons), Some(customer)) = (self.shared.get(&at), self.customers.get_mut(at)) else { return };
        for person in persons {
            if let Some(log) = self.progress.people.get(person) {
                customer.facts.contact_log.insert(person.clone(), log.clone());
            }
        }
    }

    fn commit(&mut self, at: usize, decision: Decision, policy: &Policy, here: &Zoned) {
        let now = here.timestamp();
        let Some(customer) = self.customers.get_mut(at) else { return };
        let of = &customer.facts.customer.id;
        for task in &decision.tasks {
            let id = task.id(&customer.facts.tenant, Some(of));
            if self.progress.raised.insert(id.clone()) {
                let known = decision.work.iter().find(|work| work.task == id);
                let covered = |row: &crate::WorkRow| crate::Covered {
                    item: row.item.clone(),
                    step: task.step.clone().unwrap_or_default(),
                    occurrence: row.occurrence.clone(),
                    due_now_minor: 0,
                };
                let case = decision.cases.iter().find(|(_, case)| Some(&case.id) == task.case.as_ref());
                self.progress.lines.push(Happening {
                    at: now,
                    customer: of.clone(),
                    what: Expected::Work {
                        work: task.kind,
                        to: task.to.as_deref().map(CompactString::from),
                        step: task.step.as_deref().map(CompactString::from),
                    },
                    workflow: case.map(|(key, _)| key.workflow.clone()).unwrap_or_default(),
                    currency: task.currency,
                    rows: known.into_iter().flat_map(|work| &work.rows).map(covered).collect(),
                });
            }
        }
        let waits = &mut self.progress.waits.entry(here.date()).or_default().because;
        for trace in decision.trace.iter().filter(|trace| !trace.because.sends()) {
            *waits.entry(trace.because.as_str().to_owned()).or_default() += 1;
        }
        let (next, messages) = (decision.next, count(&decision));
        customer.facts = evolve(&customer.facts, &Event::Decided { decision, at: now });
        if messages == 0 {
            self.move_due(at, seconds(next));
        } else {
            self.settle(at, policy, here);
        }
    }

    /// What senders do about the messages that are pending.
    fn settle(&mut self, at: usize, policy: &Policy, here: &Zoned) {
        let now = here.timestamp();
        let mut again: Option<Timestamp> = None;
        let mut is_withdrawn = false;
        let pending = self.customers.get(at).map(|customer| customer.facts.pending.clone()).unwrap_or_default();
        for message in pending {
            self.meet(at);
            let Some(customer) = self.customers.get_mut(at) else { return };
            let waits = self.progress.waits.entry(here.date()).or_default();
            let (rows, outcome) = match recheck(&customer.facts, policy, &message, now) {
                Recheck::Send { rows } if has_sender(policy, &message) => (rows, Some(Outcome::Sent)),
                Recheck::Send { .. } => {
                    waits.no_sender += 1;
                    again = earlier(again, now.checked_add(NO_SENDER_S.seconds()).unwrap_or(Timestamp::MAX));
                    continue;
                }
                Recheck::Supersede(_) | Recheck::Block(_) => {
                    waits.stopped += 1;
                    (message.rows.clone(), None)
                }
                Recheck::Defer(until, _) => {
                    again = earlier(again, until);
                    continue;
                }
            };
            is_withdrawn |= outcome.is_none();
            if outcome.is_some() {
                self.progress.lines.push(Happening {
                    at: now,
                    customer: customer.facts.customer.id.clone(),
                    what: Expected::Message {
                        channel: message.channel,
                        contact: CompactString::from(message.contact.as_str()),
                        template: CompactString::from(message.template.as_str()),
                    },
                    workflow: message.case.workflow.clone(),
                    currency: Some(message.case.currency()),
                    rows: rows.clone(),
                });
            }
            let person = People::of(&customer.facts).contact(&message.contact).and_then(Contact::person);
            let arrived = Event::Arrived(message.id.clone());
            let settled = Event::Settled { message: message.id, rows, outcome, at: now, contacted_at: now };
            // Every message is supposed to arrive.
            customer.facts = evolve(&evolve(&customer.facts, &settled), &arrived);
            let shared = person.filter(|person| self.shared.get(&at).is_some_and(|of| of.contains(person)));
            if let Some((person, log)) =
                shared.and_then(|person| Some((person.clone(), customer.facts.contact_log.get(&person)?)))
            {
                self.progress.people.insert(person, log.clone());
            }
        }
        let due = match (again, self.customers.get(at)) {
            (Some(until), _) => Some(until.as_second()),
            (None, Some(_)) if is_withdrawn => Some(now.as_second()),
            (None, Some(customer)) => seconds(decide(&customer.facts, policy, now).due_again(now)),
            (None, None) => None,
        };
        self.move_due(at, due);
    }
}

/// Whether the settings name who the message is from, and the operator listed them.
fn has_sender(policy: &Policy, message: &Pending) -> bool {
    let entity = message.case.balance.legal_entity.as_str();
    let named = !message.channel.facts().needs_sender || policy.settings.sender_of(entity, message.channel).is_some();
    let listed = policy.identities.as_ref();
    named && listed.and_then(|listed| listed.missing(&policy.settings, entity, message.channel)).is_none()
}

fn count(decision: &Decision) -> u32 {
    u32::try_from(decision.messages.len()).unwrap_or(u32::MAX)
}

fn earlier(known: Option<Timestamp>, other: Timestamp) -> Option<Timestamp> {
    Some(known.map_or(other, |known| known.min(other)))
}

/// Where a moment stands in the order of what is due.
fn seconds(next: Next) -> Option<i64> {
    match next {
        Next::At(at) => Some(at.as_second()),
        Next::Parked => Some(PARKED_S),
        Next::Nothing => None,
    }
}

/// The source says that an invoice is paid in full. False where there is no such open invoice.
fn pay_in_full(facts: &mut Facts, invoice: &InvoiceId, now: Timestamp) -> bool {
    let Some(known) = facts.invoices.iter().find(|fact| fact.invoice.id == *invoice && !fact.archived) else { return false };
    let mut paid = known.invoice.clone();
    paid.paid_minor = paid.total_minor.saturating_sub(paid.credited_minor);
    paid.source_version = match paid.source_version {
        SourceVersion::Number(number) => SourceVersion::Number(number.saturating_add(1)),
        SourceVersion::Instant(at) => SourceVersion::Instant(at.max(now).checked_add(1.nanosecond()).unwrap_or(Timestamp::MAX)),
    };
    *facts = evolve(facts, &Event::InvoiceUpserted(paid));
    true
}

/// A version that is played as if it were published.
#[derive(Clone, Debug)]
pub struct OtherVersion {
    /// The version, with what it carries on of those before it.
    pub workflow: Arc<CompiledWorkflow>,
    /// The version that it follows; `None` where it is the first.
    pub follows: Option<u32>,
    /// Of a hundred cases, how many take it; the others have the version before.
    pub share: u8,
    /// Whether running cases of the version before move to it, and not only new ones take it.
    pub moves: bool,
}

/// The policy as it would be once another version of a workflow is published.
pub fn with_version(policy: &Policy, other: &OtherVersion) -> Policy {
    let (id, version) = (other.workflow.id.clone(), other.workflow.version);
    let mut policy = policy.clone();
    let mut moves = policy.rollouts.remove(&id).map(|rollout| rollout.moves).unwrap_or_default();
    moves.extend(other.follows.filter(|_| other.moves).map(|follows| (follows, version)));
    let share = if other.follows.is_some() { other.share } else { SHARE_WHOLE };
    if share >= SHARE_WHOLE {
        policy.published.retain(|(published, _)| *published != id);
        policy.published.insert((id.clone(), version));
    }
    if share < SHARE_WHOLE || !moves.is_empty() {
        policy.rollouts.insert(id, Rollout { version, share, moves });
    }
    policy.workflows.push(Arc::clone(&other.workflow));
    policy
}
