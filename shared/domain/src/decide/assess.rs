//! Phase 1: what is due, what is kept back, how far each item is, who can be reached. Nothing is decided here.

use std::{cell::OnceCell, collections::BTreeSet, sync::Arc};

use jiff::{Timestamp, civil::Date};

use super::looked_at::looked_at;
use crate::{
    Agreement, BalanceKey, CaseKey, Coverage, Customer, Facts, Mode, Occurrence, Order, Outcome, People, Policy, PromiseStatus,
    Step, TaskKind, Terms,
    calendar::{Calendar, Locality, Spread},
    condition::{
        ConditionFacts, CustomerFacts, ExposureFacts, HistoryFacts, InvoiceFacts, NEVER, OF_PERSONS_DAY, OF_TENANTS_DAY,
        RiskFacts,
    },
    customer::{CustomerKind, DebtPurpose},
    dates::{add_days, days_between},
    mode::counts,
    receivables::{DueItem, Receivables, ReceivablesRules},
    settings::Window,
    statement::{Statements, is_statement},
    step_history::{StepHistory, StepResult, ordered},
    workflow::{AfterWait, Compiled},
};

/// Everything that a decision about a customer looks at, reckoned once for one instant.
pub struct Situation<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// What the tenant decides by.
    pub policy: &'a Policy,
    /// Now.
    pub now: Timestamp,
    /// Due items and money at `now`.
    pub receivables: Receivables<'a>,
    /// The results of steps that count in the tenant's mode, this decision's own so far included.
    pub history: StepHistory<'a>,
    /// Whom messages can go to.
    pub people: People<'a>,
    /// Where the customer's people are.
    pub place: Locality,
    /// Where the tenant is.
    pub home: Locality,
    /// The customer's fixed fraction of the window.
    pub spread: Spread,
    /// Today where the customer's people are.
    pub today: Date,
    /// The civil day of the last contact there that counts in the tenant's mode.
    pub last_contact_on: Option<Date>,
    /// Approvals that a person is asked for, those that this decision asks for so far included.
    pub(super) asked: Vec<Asked<'a>>,
    /// The orders that this decision looks at, in the order in which they were given.
    pub(super) orders: Vec<&'a Order>,
    /// Whether there are more.
    pub(super) more_orders: bool,
    /// The statements that are among the facts.
    pub(super) statements: Statements<'a>,
    /// Balances of which this decision sends a statement, so far.
    pub(super) stated_now: BTreeSet<BalanceKey>,
    /// The tenant's hours, as far as the customer wants to be contacted in them.
    window: Window,
    customer: OnceCell<Arc<CustomerFacts>>,
}

/// The approval of one step of one due item, asked for and not answered.
#[derive(Clone, Debug)]
pub(super) struct Asked<'a> {
    /// The item's position in the receivables.
    pub(super) item: usize,
    /// The step's id.
    pub(super) step: &'a str,
    /// Which occurrence of it.
    pub(super) occurrence: Occurrence,
    /// The civil day of the asking where the customer's people are.
    pub(super) on: Date,
}

/// What conditions see of a case, whichever item drives.
pub(super) struct CaseFacts {
    /// The money of its balance.
    pub(super) exposure: Arc<ExposureFacts>,
    /// Messages that its workflow sent to the customer.
    pub(super) contacts: i64,
}

/// How the approval of a step stands for a due item.
pub(super) enum Approval {
    /// The step asks for none, has it, or does without after waiting long enough.
    Free {
        /// Whether somebody was asked.
        asked: bool,
    },
    /// A person has to be asked.
    ToAsk,
    /// A person is asked, and the step waits: until this day at most.
    Asked(Option<Date>),
    /// Nobody answered in time, and the step is skipped.
    GivenUp,
}

impl Approval {
    /// Whether somebody was asked: the days that it takes make no step late.
    pub(super) fn is_under_way(&self) -> bool {
        match self {
            Self::Free { asked } => *asked,
            Self::ToAsk => false,
            Self::Asked(_) | Self::GivenUp => true,
        }
    }
}

/// Reckons what a decision looks at.
pub fn assess<'a>(facts: &'a Facts, policy: &'a Policy, now: Timestamp) -> Situation<'a> {
    let settings = &policy.settings;
    let home = Locality::of_tenant(settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(settings, home.zone()), now);
    let place = Locality::of_customer(&facts.customer, settings);
    let (orders, more_orders) = looked_at(facts);
    Situation {
        facts,
        policy,
        orders,
        more_orders,
        now,
        history: StepHistory::of(facts, policy, &receivables, &place, settings.mode, now),
        asked: asked(facts, &receivables, &place),
        statements: Statements::of(facts, &receivables, &place),
        stated_now: BTreeSet::new(),
        receivables,
        today: place.date_of(now),
        last_contact_on: facts.last_contact.in_mode(settings.mode).map(|at| place.date_of(at)),
        people: People::of(facts),
        place,
        home,
        spread: Spread::of(&facts.tenant, &facts.customer.id),
        window: facts.by_hand.within(&settings.window),
        customer: OnceCell::new(),
    }
}

fn asked<'a>(facts: &'a Facts, receivables: &Receivables<'_>, place: &Locality) -> Vec<Asked<'a>> {
    let approvals = facts.work.iter().filter(|work| work.kind == TaskKind::Approval && !work.done);
    approvals
        .flat_map(|work| {
            let on = place.date_of(work.asked_at);
            work.rows.iter().filter_map(move |row| {
                let (item, step) = (receivables.position(&row.item)?, work.step.as_deref()?);
                Some(Asked { item, step, occurrence: row.occurrence.clone(), on })
            })
        })
        .collect()
}

impl<'a> Situation<'a> {
    /// How the approval of a step stands for the item at a position, which has these results.
    pub(super) fn approval(&self, step: &Step, item: usize, occurrence: &Occurrence, results: &[StepResult<'_>]) -> Approval {
        if step.approval.is_none() {
            return Approval::Free { asked: false };
        }
        if ordered(results, &step.id, occurrence, Outcome::Approved).is_some() {
            return Approval::Free { asked: true };
        }
        let asked = |asked: &&Asked<'_>| asked.item == item && asked.step == step.id && asked.occurrence == *occurrence;
        let Some(asked) = self.asked.iter().find(asked) else { return Approval::ToAsk };
        match (step.approve_within.map(|days| add_days(asked.on, i64::from(days.0))), step.then) {
            (Some(until), Some(then)) if until <= self.today => match then {
                AfterWait::Do => Approval::Free { asked: true },
                AfterWait::Skip => Approval::GivenUp,
            },
            (until, _) => Approval::Asked(until),
        }
    }

    /// The ledger that decisions in this situation belong to.
    pub fn mode(&self) -> Mode {
        self.policy.settings.mode
    }

    /// The allowed days and hours where the customer's people are.
    pub fn calendar(&self) -> Calendar<'_> {
        Calendar::new(&self.place, &self.window, &self.policy.settings.calendar.closed)
    }

    /// The tenant's own business days.
    pub fn home_calendar(&self) -> Calendar<'_> {
        let settings = &self.policy.settings;
        Calendar::new(&self.home, &settings.window, &settings.calendar.closed)
    }

    /// What conditions see of a balance, and of the open item at a position, if one drives.
    pub(super) fn condition_facts(&self, seen: &CaseFacts, driver: Option<usize>) -> ConditionFacts {
        let item = driver.and_then(|at| Some((self.receivables.items.get(at)?, self.history.results(at))));
        self.facts_of_item(seen, item)
    }

    /// What conditions see of a balance and an item with these results.
    pub(super) fn condition_facts_of(&self, seen: &CaseFacts, item: &DueItem<'_>, results: &[StepResult<'_>]) -> ConditionFacts {
        self.facts_of_item(seen, Some((item, results)))
    }

    fn facts_of_item(&self, seen: &CaseFacts, item: Option<(&DueItem<'_>, &[StepResult<'_>])>) -> ConditionFacts {
        ConditionFacts {
            customer: Arc::clone(self.customer.get_or_init(|| Arc::new(customer_facts(&self.facts.customer)))),
            invoice: item.map_or_else(InvoiceFacts::default, |(item, _)| self.invoice_facts(item)),
            exposure: Arc::clone(&seen.exposure),
            history: HistoryFacts {
                contacts: seen.contacts,
                days_since_contact: self.last_contact_on.map_or(NEVER, |on| days_between(on, self.today)),
                replied_since: item.map(|(_, results)| self.replied_since(results)).unwrap_or_default(),
                satisfied: item.map(|(_, results)| satisfied_steps(results)).unwrap_or_default(),
                broken_promises: self.broken_promises(),
            },
            risk: RiskFacts { score: -1 },
        }
    }

    /// How many promises of the customer were broken, those included that are found so just now.
    fn broken_promises(&self) -> i64 {
        let now = |known: &'a Agreement| {
            let changed = self.receivables.agreements.iter().find(|changed| changed.id == known.id);
            let terms = changed.map_or(&known.terms, |changed| &changed.terms);
            match terms {
                Terms::Promise(promise) => matches!(promise.status, PromiseStatus::Broken | PromiseStatus::PartlyKept),
                Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => false,
            }
        };
        let broken = self.facts.agreements.iter().filter(|known| now(known)).count();
        i64::try_from(broken).unwrap_or(i64::MAX)
    }

    /// What conditions see of a case as a whole: the money of its balance, and its messages.
    pub(super) fn case_facts(&self, key: &CaseKey) -> CaseFacts {
        self.case_facts_but_for(key, &|_| false)
    }

    /// The same without what some marks say.
    pub(super) fn case_facts_but_for(&self, key: &CaseKey, but_for: &dyn Fn(&&Coverage) -> bool) -> CaseFacts {
        let of_case = |coverage: &&Coverage| {
            coverage.workflow == key.workflow
                && coverage.message.is_some()
                && !coverage.copy
                && !is_statement(&coverage.rows)
                && coverage.outcome.is_contact()
                && counts(coverage.mode, self.mode())
                && !but_for(coverage)
        };
        let contacts = count(self.facts.coverage.iter().filter(of_case).count());
        CaseFacts { contacts, ..self.balance_facts(&key.balance) }
    }

    /// What conditions see of a balance, whatever the workflow of its items.
    pub(super) fn balance_facts(&self, balance: &BalanceKey) -> CaseFacts {
        let mut facts = ExposureFacts { currency: balance.currency.code().to_owned(), ..ExposureFacts::default() };
        let mut oldest = None;
        for item in self.receivables.of_balance(balance) {
            let days = item.days_past_due(self.receivables.today);
            facts.due_items += 1;
            facts.open_minor = facts.open_minor.saturating_add(item.owed_minor());
            facts.due_now_minor = facts.due_now_minor.saturating_add(item.due_now_minor);
            if days > 0 {
                facts.overdue_minor = facts.overdue_minor.saturating_add(item.due_now_minor);
            }
            oldest = oldest.max(Some(days));
        }
        facts.oldest_days_past_due = oldest.unwrap_or(0);
        CaseFacts { exposure: Arc::new(facts), contacts: 0 }
    }

    /// When a new day may change whether a condition holds.
    pub(super) fn new_day(&self, condition: &Compiled) -> Option<Timestamp> {
        let begins = |place: &Locality| {
            let tomorrow = place.date_of(self.now).tomorrow().ok()?;
            tomorrow.to_zoned(place.zone().clone()).ok().map(|at| at.timestamp())
        };
        let tenants = OF_TENANTS_DAY.iter().any(|fact| condition.names(fact)).then(|| begins(&self.home));
        let persons = OF_PERSONS_DAY.iter().any(|fact| condition.names(fact)).then(|| begins(&self.place));
        [tenants, persons].into_iter().flatten().flatten().min()
    }

    fn invoice_facts(&self, item: &DueItem<'_>) -> InvoiceFacts {
        let described = item.invoice.map(|invoice| InvoiceFacts::default().described(invoice, &self.facts.customer));
        InvoiceFacts {
            number: item.number.to_owned(),
            currency: item.currency.code().to_owned(),
            purchase_order: item.purchase_order.unwrap_or_default().to_owned(),
            total_minor: item.total_minor,
            open_minor: item.open_minor,
            due_now_minor: item.due_now_minor,
            days_past_due: item.days_past_due(self.receivables.today),
            instalments: item.instalment.map_or(0, |(_, of)| count(of)),
            ..described.unwrap_or_default()
        }
    }

    /// The steps since whose message the customer has replied.
    fn replied_since(&self, results: &[StepResult<'_>]) -> BTreeSet<String> {
        let Some(replied_at) = self.facts.replied_at else { return BTreeSet::new() };
        let before = |result: &&StepResult<'_>| result.at <= replied_at && !result.outcome.is_order();
        results.iter().filter(before).map(|result| result.step.to_owned()).collect()
    }
}

fn satisfied_steps(results: &[StepResult<'_>]) -> BTreeSet<String> {
    results.iter().filter(|result| result.satisfies()).map(|result| result.step.to_owned()).collect()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn customer_facts(customer: &Customer) -> CustomerFacts {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    CustomerFacts {
        external_id: customer.external_id.clone(),
        name: customer.name.clone(),
        kind: customer.kind.as_ref().map_or("", CustomerKind::as_str).to_owned(),
        segment: text(&customer.segment),
        language: text(&customer.language),
        country: text(&customer.country),
        region: text(&customer.region),
        debt_purpose: customer.debt_purpose.as_ref().map_or("", DebtPurpose::as_str).to_owned(),
        legal_entity: text(&customer.legal_entity),
        parent_external_id: text(&customer.parent_external_id),
    }
}
