//! A customer's matter on one page, as whoever answers a call needs it: what is owed by currency and age, what was agreed and how well that was
//! kept, what comes next and why, and how late the customer usually pays.

use std::collections::BTreeMap;

use domain::{
    Agreement, Case, CaseId, Channel, Currency, CustomerId, Decision, DueItemKey, Facts, InvoiceId, KeptRate, Policy,
    Suppression, address_key,
    decide::{Situation, assess, case_by_item, decide, upcoming},
    explain::{self, Part, SwitchedOff, Told},
    past::usual_lag,
    receivables::DueItem,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use store::{Explained, Head, Read, Record, Store};

use crate::{Actor, Done, Operation, customers::no_customer};

/// Most due items that a page lists.
const ITEMS_MAX: usize = 500;
/// How many buckets of age there are: not past due, 1 to 30, 31 to 60, 61 to 90 and more than 90 days past due.
pub const BUCKETS_COUNT: usize = 5;

/// What is open in one currency, by how long it is past due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedByAge {
    /// The currency of its amounts.
    pub currency: Currency,
    /// Not past due, then 1–30, 31–60, 61–90 and more than 90 days, minor units.
    pub buckets_minor: [i64; BUCKETS_COUNT],
    /// The sum of them.
    pub open_minor: i64,
    /// What of it may be chased now.
    pub due_now_minor: i64,
}

impl OwedByAge {
    /// What of it is past due, minor units.
    pub fn past_due_minor(&self) -> i64 {
        self.buckets_minor.iter().skip(1).copied().fold(0, i64::saturating_add)
    }
}

/// A due item that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenItem {
    /// What it is.
    pub key: DueItemKey,
    /// Its invoice, where it is of one.
    pub invoice: Option<InvoiceId>,
    /// What people call it.
    pub number: String,
    /// Which instalment or part of how many, from 1.
    pub instalment: Option<(usize, usize)>,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What it came to, minor units.
    pub amount_minor: i64,
    /// What of it is open, minor units.
    pub open_minor: i64,
    /// What of it may be chased now, minor units.
    pub due_now_minor: i64,
    /// When it falls due.
    pub due_on: Date,
    /// How many days past due it is, in the tenant's zone; negative before.
    pub days_past_due: i64,
    /// Its next step, and the earliest moment for it; none while nothing is decided, and where no step is left.
    pub next: Option<(String, Timestamp)>,
}

/// What is decided about one case now.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseSaid {
    /// The case; `None` where no workflow applies.
    pub case: Option<CaseId>,
    /// Its currency.
    pub currency: Currency,
    /// The workflow and its version.
    pub workflow: Option<String>,
    /// The next step.
    pub step: Option<String>,
    /// The reason in a word.
    pub because: String,
    /// What was found, a sentence a fact.
    pub outcome: Vec<String>,
    /// What would change it, a sentence each.
    pub changes: Vec<String>,
    /// When a message could leave at the earliest, in words.
    pub earliest: Option<String>,
}

/// A customer's matter.
#[derive(Clone, Debug)]
pub struct CustomerMatter {
    /// Where it stands between decisions.
    pub head: Head,
    /// The facts.
    pub facts: Facts,
    /// What the tenant decides by.
    pub policy: Policy,
    /// Where the customer's people are.
    pub zone: TimeZone,
    /// What is open in each currency, by age.
    pub owed: Vec<OwedByAge>,
    /// The due items that are open, oldest first; at most 500.
    pub items: Vec<OpenItem>,
    /// How many there are.
    pub items_count: usize,
    /// What was agreed or claimed, as time and money have it now.
    pub agreements: Vec<Agreement>,
    /// How the customer kept what it promised.
    pub kept: KeptRate,
    /// What is decided now, a case each.
    pub cases: Vec<CaseSaid>,
    /// That nothing is decided, while the tenant is switched off.
    pub switched_off: Option<SwitchedOff>,
    /// What must not be used of each contact, by the contact's id.
    pub suppressed: BTreeMap<String, Vec<(Channel, Suppression)>>,
    /// The last records, newest first.
    pub records: Vec<Record>,
}

/// A customer's matter by its id, with so many of its last records, at most 200.
///
/// # Errors
///
/// [`NotDone::NotAllowed`](crate::NotDone::NotAllowed), [`NotDone::NotFound`](crate::NotDone::NotFound), and those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str, last: u32, now: Timestamp) -> Done<CustomerMatter> {
    let tenant = actor.may(Operation::ShowCustomerById)?;
    let customer = CustomerId::parse(id).ok_or_else(no_customer)?;
    let Explained { head, facts, records } = store.explain(tenant, &customer, last).await?.ok_or_else(no_customer)?;
    let policy = store.policy(tenant, &head.cases, Read::Fresh).await?;
    Ok(matter_of(head, facts, policy, records, now))
}

/// How late the customer usually pays, in days after the due date, and of how many closed invoices that is known; `None` where none is.
///
/// # Errors
///
/// Those of [`show`].
pub async fn usual_days_late(store: &Store, actor: &Actor, id: &str) -> Done<(Option<i64>, usize)> {
    let tenant = actor.may(Operation::ShowPast)?;
    let customer = CustomerId::parse(id).ok_or_else(no_customer)?;
    let closed = store.past(tenant, &customer).await?.closed();
    Ok((usual_lag(&closed), closed.len()))
}

fn matter_of(head: Head, facts: Facts, policy: Policy, records: Vec<Record>, now: Timestamp) -> CustomerMatter {
    let switched_off = SwitchedOff::of(policy.settings.mode);
    let seen = {
        let decision = decide(&facts, &policy, now);
        let situation = assess(&facts, &policy, now);
        let agreements: Vec<Agreement> = situation.receivables.agreements_of(&facts).cloned().collect();
        let items = open_items(&situation, &decision, &policy, switched_off.is_none());
        let cases = said_of_cases(&facts, &policy, &decision, &situation, now);
        let items_count = situation.receivables.items.len();
        (owed_by_age(&situation), items, items_count, agreements, cases, situation.place.zone().clone())
    };
    let (owed, items, items_count, agreements, cases, zone) = seen;
    let (suppressed, kept) = (suppressed_of(&facts), KeptRate::of(agreements.iter()));
    CustomerMatter {
        head,
        facts,
        policy,
        zone,
        owed,
        items,
        items_count,
        agreements,
        kept,
        cases,
        switched_off,
        suppressed,
        records,
    }
}

/// What is open in each currency, by age: that of each due item by its own due date, in the tenant's zone.
fn owed_by_age(situation: &Situation<'_>) -> Vec<OwedByAge> {
    let mut by_currency: BTreeMap<Currency, OwedByAge> = BTreeMap::new();
    let today = situation.receivables.today;
    for item in &situation.receivables.items {
        let none = OwedByAge { currency: item.currency, buckets_minor: [0; BUCKETS_COUNT], open_minor: 0, due_now_minor: 0 };
        let owed = by_currency.entry(item.currency).or_insert(none);
        let minor = item.owed_minor();
        if let Some(bucket) = owed.buckets_minor.get_mut(bucket_of(item.days_past_due(today))) {
            *bucket = bucket.saturating_add(minor);
        }
        owed.open_minor = owed.open_minor.saturating_add(minor);
        owed.due_now_minor = owed.due_now_minor.saturating_add(item.due_now_minor);
    }
    by_currency.into_values().collect()
}

/// The bucket of so many days past due: both of its ends are in it.
fn bucket_of(days: i64) -> usize {
    match days {
        ..=0 => 0,
        1..=30 => 1,
        31..=60 => 2,
        61..=90 => 3,
        91.. => 4,
    }
}

fn open_items(situation: &Situation<'_>, decision: &Decision, policy: &Policy, is_on: bool) -> Vec<OpenItem> {
    let joined = case_by_item(situation);
    let next_of = |at: usize| {
        let case: &Case = decision.cases.get(joined.case_of(at)?)?;
        let workflow = policy.workflow(&case.workflow, case.version)?;
        let (next, when) = upcoming(situation, workflow, case, at)?;
        Some((workflow.steps.get(next.index)?.id.clone(), when))
    };
    let today = situation.receivables.today;
    let shown = |(at, item): (usize, &DueItem<'_>)| OpenItem {
        key: item.key.clone(),
        invoice: item.key.invoice().cloned(),
        number: item.number.to_owned(),
        instalment: item.instalment,
        currency: item.currency,
        amount_minor: item.amount_minor,
        open_minor: item.owed_minor(),
        due_now_minor: item.due_now_minor,
        due_on: item.due_on,
        days_past_due: item.days_past_due(today),
        next: if is_on { next_of(at) } else { None },
    };
    situation.receivables.items.iter().enumerate().take(ITEMS_MAX).map(shown).collect()
}

fn said_of_cases(
    facts: &Facts,
    policy: &Policy,
    decision: &Decision,
    situation: &Situation<'_>,
    now: Timestamp,
) -> Vec<CaseSaid> {
    let told = Told { holds: &situation.receivables.holds, zone: situation.place.zone() };
    let mut said = Vec::new();
    for trace in &decision.trace {
        let words = trace.case.as_ref().map(|case| explain::decision(facts, policy, now, decision, Part::Case(case)));
        let words = words.and_then(|words| words.cases.into_iter().next());
        let (outcome, changes, earliest) = match words {
            Some(case) => (case.outcome, case.changes, case.earliest.map(|earliest| earliest.said)),
            None => (explain::outcome(trace, told), explain::changes(trace, told), None),
        };
        said.push(CaseSaid {
            case: trace.case.clone(),
            currency: trace.currency,
            workflow: trace.workflow.clone(),
            step: trace.step.clone(),
            because: trace.because.as_str().to_owned(),
            outcome,
            changes,
            earliest,
        });
    }
    said
}

/// What must not be used of each contact: what stands against the person stands so on every channel.
fn suppressed_of(facts: &Facts) -> BTreeMap<String, Vec<(Channel, Suppression)>> {
    let mut by_contact = BTreeMap::new();
    for contact in &facts.customer.contacts {
        let ceased = facts.ceased(contact);
        let of_channel = |channel: Channel| {
            let address = contact.address(channel)?;
            let known = facts.addresses.get(&address_key(channel, address)).and_then(|known| known.suppressed.clone());
            Some((channel, known.or_else(|| ceased.clone())?))
        };
        let found: Vec<(Channel, Suppression)> = Channel::ALL.into_iter().filter_map(of_channel).collect();
        if !found.is_empty() {
            by_contact.insert(contact.external_id.clone(), found);
        }
    }
    by_contact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_both_of_its_ends() {
        for (days, bucket) in [(-400, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4_000, 4)] {
            assert_eq!(bucket_of(days), bucket, "{days}");
        }
    }
}
