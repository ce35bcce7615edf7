//! Phase 5: what was found becomes the decision: states, reason, next moment and trace, from values, in one place.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use jiff::{Timestamp, civil::Date};

use super::{
    Situation,
    agenda::ItemStep,
    archive,
    case::{CaseByItem, CaseItems, Sums, version_choice},
    confirming,
    ended::Ended,
    gate::tomorrow,
    orders::too_late,
    resolving::Resolving,
    statement::Stating,
    withdraw::{WITHDRAWN_MAX, withdrawn},
    work::{self, Asking},
};
use crate::{
    BalanceKey, Because, Case, CaseKey, CaseState, CaseTrace, Charge, Coverage, Covered, Currency, Decision, Mode, Next, Order,
    OrderTrace, Owed, Planned, RuleTrace, STATEMENT, WaitingReason, dates::add_days, is_statement, receivables::Receivables,
    step_history::StepResult,
};

/// Agreements that one decision writes at most; it is made again at once for more.
const AGREEMENTS_WRITTEN_MAX: usize = 25;

/// Closed cases that a customer's head remembers, the newest: one that comes back later opens anew.
const CLOSED_CASES_MAX: usize = 4;

/// What was decided about one case.
pub(super) struct CaseDecision<'a> {
    /// The case as it is now; `None` when no workflow applies, or nothing was ever chased.
    pub(super) case: Option<Case>,
    /// Messages to send.
    pub(super) messages: Vec<Planned>,
    /// Work for people.
    pub(super) tasks: Vec<Asking>,
    /// Charges that are proposed.
    pub(super) charges: Vec<Charge>,
    /// Steps that are over without a message, in the order in which that was found.
    pub(super) results: Vec<(usize, StepResult<'a>)>,
    /// When to look again.
    pub(super) next: Next,
    /// Why.
    pub(super) trace: CaseTrace,
}

/// What the rounds of a case have come to so far.
pub(super) struct Rounds<'a> {
    pub(super) tasks: Vec<Asking>,
    pub(super) results: Vec<(usize, StepResult<'a>)>,
    pub(super) rules: Vec<RuleTrace>,
    pub(super) driver: Option<ItemStep>,
    pub(super) lapsed: Vec<String>,
    pub(super) stopped: bool,
    /// When a new day may change what is due.
    pub(super) look_at: Option<Timestamp>,
    /// What came of people's orders.
    pub(super) orders: Vec<OrderTrace>,
}

/// Concludes a case that has a workflow.
pub(super) fn case<'a>(
    resolving: &Resolving<'_, 'a>,
    rounds: Rounds<'a>,
    ended: Ended<'a>,
    stating: Stating<'a>,
    sums: Sums,
) -> CaseDecision<'a> {
    let Sums { open_minor, due_now_minor, .. } = sums;
    let situation = resolving.situation;
    let mut tasks = rounds.tasks;
    let (mut messages, mut rules) = (Vec::new(), rounds.rules);
    let approval = match &ended {
        Ended::Approval(step) => Some(step.clone()),
        Ended::Gate(..) | Ended::NoStepLeft | Ended::NotDue { .. } | Ended::Resolved(_) | Ended::Unsettled => None,
    };
    let driver = approval.or(rounds.driver);
    let stopped_or = |because| if rounds.stopped { Because::Stopped } else { because };
    let (because, state, next) = match ended {
        Ended::Gate(because, state, next) => {
            tasks.extend((because == Because::WorkflowWithdrawn).then(|| work::withdrawn(resolving, open_minor)));
            (because, state, next)
        }
        Ended::NoStepLeft => {
            tasks.extend((resolving.case.state != CaseState::Ended).then(|| work::plan_ended(resolving, due_now_minor)));
            (Because::PlanEnded, CaseState::Ended, Next::Parked)
        }
        Ended::NotDue { step, until, from, waits } => {
            (stopped_or(not_due(resolving, &step, (from, until), waits)), CaseState::Open, Next::At(until))
        }
        Ended::Approval(step) => {
            let step = resolving.workflow.steps.get(step.next.index).map(|step| step.id.clone()).unwrap_or_default();
            (stopped_or(Because::Approval { step }), CaseState::Waiting(WaitingReason::Approval), Next::Parked)
        }
        Ended::Unsettled => {
            tasks.push(work::unsettled(resolving));
            (Because::Unsettled, CaseState::Open, tomorrow(situation))
        }
        Ended::Resolved(resolved) => {
            rules = resolved.rules;
            messages = resolved.messages;
            tasks.extend(resolved.tasks);
            if messages.is_empty() {
                let stopped = rounds.stopped || resolved.stopped;
                (if stopped { Because::Stopped } else { Because::Deferred }, CaseState::Open, resolved.next)
            } else {
                (Because::Send, CaseState::Open, Next::Parked)
            }
        }
    };
    let mut results = rounds.results;
    let (because, next) = match stating {
        Stating::None { next: at, notes } => {
            rules.extend(notes);
            (because, at.map_or(next, |at| next.earlier(Next::At(at))))
        }
        Stating::Goes { message, period, instead_of } => {
            // What would leave today is decided again once the statement has left.
            messages = vec![*message];
            (Because::Statement { period: period.to_string(), instead_of }, Next::Parked)
        }
        Stating::Missed { results: missed, notes } => {
            rules.extend(notes);
            results.extend(missed);
            (because, next)
        }
    };
    let next = rounds.look_at.map_or(next, |at| next.earlier(Next::At(at)));
    let driver = driver.and_then(|step| {
        let item = situation.receivables.items.get(step.item)?.key.clone();
        Some((item, resolving.workflow.steps.get(step.next.index)?.id.clone()))
    });
    let (driver, step) = driver.unzip();
    let trace = CaseTrace {
        currency: resolving.of.key.currency(),
        legal_entity: resolving.of.key.balance.legal_entity.clone(),
        case: Some(resolving.case.id.clone()),
        state: Some(state),
        workflow: Some(pinned(resolving.case)),
        version: version_choice(situation, resolving.of.key, resolving.case),
        joined: joined_by(resolving.of.key, resolving.case),
        by_hand: resolving.case.by_hand,
        due_now_minor,
        open_minor,
        driver,
        step,
        because,
        until: next.at(),
        lapsed: rounds.lapsed,
        rules,
        orders: rounds.orders,
    };
    let case = Some(Case { state, ..resolving.case.clone() });
    let charges = tasks.iter().filter_map(|asking| work::charge(resolving, asking)).collect();
    CaseDecision { case, messages, tasks, charges, results, next, trace }
}

/// Concludes a case of which nothing is open.
pub(super) fn over<'a>(situation: &Situation<'a>, key: &CaseKey, given: &[&Order]) -> CaseDecision<'a> {
    let over =
        |case: &Case| Case { state: if case.state.later().is_some() { case.state } else { CaseState::Closed }, ..case.clone() };
    let case = situation.facts.cases.get(key).map(over);
    let why = if case.is_some() { "nothing is open" } else { "there is no case" };
    let joined = case.as_ref().and_then(|case| joined_by(key, case));
    let decided = without_steps(&key.balance, case, Because::NothingOpen, Next::Nothing, Sums::default(), too_late(given, why));
    CaseDecision { trace: CaseTrace { joined, ..decided.trace }, ..decided }
}

/// Concludes a case whose workflow is not there.
pub(super) fn without_workflow<'a>(situation: &Situation<'a>, of: &CaseItems<'_>, given: &[&Order]) -> CaseDecision<'a> {
    let case = situation.facts.cases.get(of.key).cloned();
    let orders = too_late(given, "there is no case");
    let decided = without_steps(&of.key.balance, None, Because::NoWorkflowApplies, Next::Parked, of.sums(situation), orders);
    CaseDecision { case, ..decided }
}

/// Concludes what has no step: a case that is over, or due items that no workflow applies to.
fn without_steps<'a>(
    balance: &BalanceKey,
    case: Option<Case>,
    because: Because,
    next: Next,
    sums: Sums,
    orders: Vec<OrderTrace>,
) -> CaseDecision<'a> {
    let trace = CaseTrace {
        currency: balance.currency,
        legal_entity: balance.legal_entity.clone(),
        case: case.as_ref().map(|case| case.id.clone()),
        state: case.as_ref().map(|case| case.state),
        workflow: case.as_ref().map(pinned),
        version: None,
        joined: None,
        by_hand: case.as_ref().is_some_and(|case| case.by_hand),
        due_now_minor: sums.due_now_minor,
        open_minor: sums.open_minor,
        driver: None,
        step: None,
        because,
        until: None,
        lapsed: Vec::new(),
        rules: Vec::new(),
        orders,
    };
    CaseDecision { case, messages: Vec::new(), tasks: Vec::new(), charges: Vec::new(), results: Vec::new(), next, trace }
}

/// What is decided about due items that no workflow applies to, by balance, and about orders that no case is there for.
fn without_case<'a>(situation: &Situation<'a>, joined: &CaseByItem, homeless: &[&Order]) -> Vec<CaseDecision<'a>> {
    let mut sums: BTreeMap<BalanceKey, Sums> = BTreeMap::new();
    for item in joined.without_case().into_iter().filter_map(|at| situation.receivables.items.get(at)) {
        let of = sums.entry(item.balance()).or_default();
        of.open_minor = of.open_minor.saturating_add(item.owed_minor());
        of.due_now_minor = of.due_now_minor.saturating_add(item.due_now_minor);
    }
    for order in homeless {
        if !sums.keys().any(|balance| balance.currency == order.currency) {
            sums.insert(BalanceKey::of(order.currency), Sums::default());
        }
    }
    let mut told: BTreeSet<Currency> = BTreeSet::new();
    let mut all = Vec::with_capacity(sums.len());
    for (balance, of) in sums {
        let first = told.insert(balance.currency);
        let given: Vec<&Order> = homeless.iter().copied().filter(|order| first && order.currency == balance.currency).collect();
        let (because, next) = if of.open_minor == 0 {
            (Because::NothingOpen, Next::Nothing)
        } else if !situation.policy.settings.knows_legal_entity(&balance.legal_entity) {
            (Because::UnknownLegalEntity { legal_entity: balance.legal_entity.to_string() }, tomorrow(situation))
        } else {
            (Because::NoWorkflowApplies, Next::Parked)
        };
        all.push(without_steps(&balance, None, because, next, of, too_late(&given, "there is no case")));
    }
    all
}

/// The cases from now on: of closed ones the newest few are remembered.
pub fn remembered(mut cases: BTreeMap<CaseKey, Case>) -> BTreeMap<CaseKey, Case> {
    let closed = |case: &Case| case.state == CaseState::Closed;
    while cases.values().filter(|case| closed(case)).count() > CLOSED_CASES_MAX {
        let closed = cases.iter().filter(|(_, case)| closed(case));
        let Some(oldest) = closed.min_by_key(|(key, case)| (case.opened_at, *key)).map(|(key, _)| key.clone()) else { break };
        cases.remove(&oldest);
    }
    cases
}

/// Puts the decisions about the cases together.
pub(super) fn customer(
    situation: &Situation<'_>,
    joined: &CaseByItem,
    cases: Vec<(CaseKey, CaseDecision<'_>)>,
    homeless: &[&Order],
) -> Decision {
    let mut decision = Decision {
        cases: situation.facts.cases.clone(),
        messages: Vec::new(),
        tasks: Vec::new(),
        marks: Vec::new(),
        agreements: situation.receivables.agreements.iter().take(AGREEMENTS_WRITTEN_MAX).cloned().collect(),
        charges: Vec::new(),
        next: Next::Nothing,
        trace: Vec::new(),
        owed: owed(&situation.receivables),
        archiving: archive::archive_closed(situation),
        inputs: None,
        work: Vec::new(),
        withdrawn: Vec::new(),
        used_orders: Vec::new(),
    };
    let mut found = work::about_money(situation);
    found.extend(confirming::unconfirmed(situation));
    let mut asking = found.clone();
    asking.extend(confirming::ends(situation));
    let mut results = Vec::new();
    let keyed = cases.into_iter().map(|(key, case)| (Some(key), case));
    let without_case = without_case(situation, joined, homeless).into_iter().map(|case| (None, case));
    for (key, case) in keyed.chain(without_case) {
        decision.cases.extend(key.zip(case.case));
        let before = u32::try_from(decision.messages.len()).unwrap_or(u32::MAX);
        let placed = |message: Planned| Planned { copy_of: message.copy_of.map(|of| before + of), ..message };
        decision.messages.extend(case.messages.into_iter().map(placed));
        asking.extend(case.tasks);
        decision.charges.extend(case.charges);
        decision.next = decision.next.earlier(case.next);
        let used = case.trace.orders.iter().filter(|trace| trace.used);
        decision.used_orders.extend(used.map(|trace| trace.order.clone()));
        decision.trace.push(case.trace);
        results.extend(case.results);
    }
    (decision.tasks, decision.work) = fresh(situation, asking).into_iter().map(|asking| (asking.task, asking.work)).unzip();
    let most = WITHDRAWN_MAX.saturating_sub(decision.tasks.len());
    let more;
    (decision.withdrawn, more) = withdrawn(situation, &decision.cases, &found, most);
    let more_orders = situation.more_orders && !decision.used_orders.is_empty();
    if more || more_orders {
        decision.next = Next::At(situation.now);
    }
    decision.cases = remembered(decision.cases);
    if !situation.statements.is_empty() {
        for (key, case) in &mut decision.cases {
            case.stated = situation.statements.stated(key, std::mem::take(&mut case.stated));
        }
    }
    decision.marks = marks(situation, joined, results);
    let expire =
        situation.orders.iter().filter(|order| !decision.used_orders.contains(&order.id)).filter_map(|order| order.until);
    decision.next = expire.fold(decision.next, |next, at| next.earlier(Next::At(at)));
    let asks = situation.receivables.in_flight.iter().map(|in_flight| in_flight.ask_at).filter(|at| *at > situation.now);
    let changes = situation.receivables.kept.change_at.into_iter().chain(situation.receivables.agreed_next_at);
    let changes = changes.filter(|_| !situation.receivables.items.is_empty());
    let joins_at = joined.look_at.filter(|_| situation.mode() != Mode::Off);
    let receipts_at = situation.history.receipt_next(situation.now).filter(|_| situation.mode() != Mode::Off);
    let more = (situation.receivables.agreements.len() > decision.agreements.len()).then_some(situation.now);
    decision.next = asks
        .chain(changes)
        .chain(more)
        .chain(joins_at)
        .chain(confirming::next_at(situation, &decision.work))
        .chain(situation.receivables.issued_next_at)
        .chain(receipts_at)
        .fold(decision.next, |next, at| next.earlier(Next::At(at)));
    for (position, message) in decision.messages.iter_mut().enumerate() {
        message.position = u32::try_from(position).unwrap_or(u32::MAX);
    }
    decision
}

/// What is owed in each currency with something open.
pub fn owed(receivables: &Receivables<'_>) -> BTreeMap<Currency, Owed> {
    let of = |currency: Currency| {
        let items = || receivables.items.iter().filter(move |item| item.currency == currency);
        let overdue = items().filter(|item| item.due_on < receivables.today);
        let to_come = items().filter(|item| item.due_on >= receivables.today && item.due_now_minor != 0);
        Owed {
            open_minor: receivables.open_minor(currency),
            due_now_minor: receivables.exposure_minor(currency),
            overdue_minor: overdue.map(|item| item.due_now_minor).fold(0, i64::saturating_add),
            oldest_due_on: items().map(|item| item.due_on).min(),
            grows_on: to_come.map(|item| add_days(item.due_on, 1)).min(),
        }
    };
    let owed = receivables.currencies().into_iter().map(|currency| (currency, of(currency)));
    owed.filter(|(_, owed)| owed.open_minor != 0).collect()
}

/// The decision of a tenant that is switched off.
pub(super) fn switched_off(situation: &Situation<'_>) -> Decision {
    let owes = !situation.receivables.items.is_empty();
    let next = if owes { Next::Parked } else { Next::Nothing };
    Decision { next, agreements: Vec::new(), ..customer(situation, &CaseByItem::default(), Vec::new(), &[]) }
}

/// Why a step is not due yet that might be from a day on, and is at a moment.
fn not_due(resolving: &Resolving<'_, '_>, step: &ItemStep, (from, until): (Option<Date>, Timestamp), waits: bool) -> Because {
    let situation = resolving.situation;
    let holidays = from.map(|from| situation.calendar().days_off(from, situation.place.date_of(until))).unwrap_or_default();
    let item = situation.receivables.items.get(step.item).map(|item| item.key.clone());
    let next = &step.next;
    let name = resolving.workflow.steps.get(next.index).map(|step| step.id.clone());
    match (item, name) {
        (Some(item), Some(step)) if waits => Because::Waiting { item, step, until },
        (Some(item), Some(step)) => Because::NotDue { item, step, until, pay_by: next.pay_by, holidays },
        (None, _) | (_, None) => Because::Deferred,
    }
}

fn joined_by(key: &CaseKey, case: &Case) -> Option<CompactString> {
    (key.workflow != case.workflow).then(|| key.workflow.clone())
}

fn pinned(case: &Case) -> String {
    format!("{}@{}", case.workflow, case.version)
}

/// Each once, and nothing that is open already.
fn fresh(situation: &Situation<'_>, asking: Vec<Asking>) -> Vec<Asking> {
    let mut once: Vec<Asking> = Vec::with_capacity(asking.len());
    for asking in asking {
        if !asking.is_known(situation) && !once.iter().any(|known| known.work.task == asking.work.task) {
            once.push(asking);
        }
    }
    once
}

/// The steps that are over, one coverage an outcome and case.
fn marks(situation: &Situation<'_>, joined: &CaseByItem, results: Vec<(usize, StepResult<'_>)>) -> Vec<Coverage> {
    let mut marks: Vec<Coverage> = Vec::new();
    for (at, result) in results {
        let Some(item) = situation.receivables.items.get(at) else { continue };
        let workflow = joined.case_of(at).map(|key| key.workflow.clone()).unwrap_or_default();
        let row = Covered {
            item: item.key.clone(),
            step: result.step.to_owned(),
            occurrence: result.occurrence,
            due_now_minor: item.due_now_minor,
        };
        let of = |mark: &&mut Coverage| {
            let is_alike = is_statement(&mark.rows) == (result.step == STATEMENT);
            is_alike && mark.outcome == result.outcome && mark.workflow == workflow
        };
        match marks.iter_mut().find(of) {
            Some(mark) => mark.rows.push(row),
            None => marks.push(Coverage {
                number: situation.facts.decision + 1,
                at: situation.now,
                mode: situation.mode(),
                outcome: result.outcome,
                message: None,
                way: None,
                person: None,
                pay_by: None,
                workflow,
                rows: vec![row],
                copy: false,
                receipt_by: None,
            }),
        }
    }
    marks
}
