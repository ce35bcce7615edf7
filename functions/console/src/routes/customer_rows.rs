//! What the page of a customer is made of: what is owed by age, open items, contacts, and what is decided.

use std::collections::BTreeMap;

use domain::{Channel, Contact, KeptRate, Next, Suppression};
use serde::Serialize;
use service::customer_matter::{CaseSaid, OpenItem, OwedByAge};

use crate::{agreement_rows::in_words, explained_rows::without_ids, formats::Formats, timeline_rows::channel_name};

/// What is owed in a currency, by age.
#[derive(Serialize)]
pub(super) struct OwedRow {
    currency: String,
    buckets: Vec<Option<String>>,
    open: String,
    due_now: String,
}

impl OwedRow {
    pub(super) fn of(owed: &OwedByAge, formats: &Formats) -> Self {
        let amount = |minor: i64| formats.amount(minor, owed.currency);
        Self {
            currency: owed.currency.code().to_owned(),
            buckets: owed.buckets_minor.iter().map(|minor| (*minor != 0).then(|| amount(*minor))).collect(),
            open: amount(owed.open_minor),
            due_now: amount(owed.due_now_minor),
        }
    }
}

/// An open due item.
#[derive(Serialize)]
pub(super) struct ItemRow {
    invoice: Option<String>,
    number: String,
    part: Option<String>,
    due_on: String,
    days: i64,
    open: String,
    kept_back: Option<String>,
    next: Option<String>,
}

impl ItemRow {
    pub(super) fn of(item: &OpenItem, formats: &Formats) -> Self {
        let kept_back = item.open_minor.saturating_sub(item.due_now_minor);
        Self {
            invoice: item.invoice.as_ref().map(ToString::to_string),
            number: item.number.clone(),
            part: item.instalment.map(|(at, of)| format!("{at} of {of}")),
            due_on: formats.date(item.due_on),
            days: item.days_past_due,
            open: formats.amount(item.open_minor, item.currency),
            kept_back: (kept_back > 0).then(|| formats.amount(kept_back, item.currency)),
            next: item.next.as_ref().map(|(step, at)| {
                let is_kept_back = item.open_minor > 0 && item.due_now_minor <= 0;
                let when = if is_kept_back { "once nothing keeps it back".to_owned() } else { formats.from_now(*at) };
                format!("{step}, {when}")
            }),
        }
    }
}

/// A person at a customer.
#[derive(Serialize)]
pub(super) struct ContactRow {
    id: String,
    name: String,
    roles: Vec<String>,
    email: Option<String>,
    phone: Option<String>,
    consents: Vec<&'static str>,
    /// What must not be used, each with why.
    suppressed: Vec<String>,
    /// What stands at the source in the place of an address, each with why nothing can be sent to it.
    unusable: Vec<String>,
    /// Channels on which there is an address, by their words.
    channels: Vec<String>,
}

impl ContactRow {
    pub(super) fn of(contact: &Contact, suppressed: &BTreeMap<String, Vec<(Channel, Suppression)>>) -> Self {
        let against = suppressed.get(&contact.external_id).map(Vec::as_slice).unwrap_or_default();
        let has_address = |channel: &Channel| channel.is_addressed() && contact.address(*channel).is_some();
        Self {
            id: contact.external_id.clone(),
            name: contact.name.clone(),
            roles: contact.roles.iter().map(|role| in_words(role.as_str())).collect(),
            email: contact.email.clone(),
            phone: contact.phone.clone(),
            consents: contact.consents.iter().map(|consent| channel_name(consent.channel)).collect(),
            suppressed: against
                .iter()
                .map(|(channel, why)| format!("{}: {}", channel_name(*channel), in_words(why.reason.as_str())))
                .collect(),
            unusable: contact.unusable.iter().map(|one| format!("{}: {}", one.said, one.why)).collect(),
            channels: Channel::ALL.into_iter().filter(has_address).map(|channel| channel.as_str().to_owned()).collect(),
        }
    }
}

/// What is decided about a case.
#[derive(Serialize)]
pub(super) struct CaseOnPage {
    id: Option<String>,
    currency: String,
    workflow: Option<String>,
    step: Option<String>,
    because: String,
    outcome: Vec<String>,
    changes: Vec<String>,
    earliest: Option<String>,
}

impl CaseOnPage {
    pub(super) fn of(case: &CaseSaid) -> Self {
        Self {
            id: case.case.as_ref().map(ToString::to_string),
            currency: case.currency.code().to_owned(),
            workflow: case.workflow.clone(),
            step: case.step.clone(),
            because: in_words(&case.because),
            outcome: case.outcome.iter().map(|said| without_ids(said)).collect(),
            changes: case.changes.iter().map(|said| without_ids(said)).collect(),
            earliest: case.earliest.as_deref().map(without_ids),
        }
    }
}

/// How the customer kept what it promised.
pub(super) fn kept_words(kept: &KeptRate) -> String {
    let KeptRate { kept, partly_kept, broken, plans_completed, plans_broken } = *kept;
    let (promises, plans) = (kept + partly_kept + broken, plans_completed + plans_broken);
    let mut said = match promises {
        0 => "no promise has come due".to_owned(),
        _ => format!("{kept} of {promises} promises kept, {partly_kept} in part, {broken} broken"),
    };
    if plans > 0 {
        said.push_str(&format!("; {plans_completed} of {plans} plans paid to the end"));
    }
    said
}

/// How late the customer usually pays.
pub(super) fn usual_words(days: Option<i64>, count: usize) -> String {
    let closed = if count == 1 { "one closed invoice" } else { "its closed invoices" };
    match days {
        None => "not known: no closed invoice is known".to_owned(),
        Some(0) => format!("on the due date, by {closed}"),
        Some(days @ 1..) => format!("{} after the due date, by {closed}", days_words(days)),
        Some(days) => format!("{} before the due date, by {closed}", days_words(-days)),
    }
}

fn days_words(days: i64) -> String {
    if days == 1 { "one day".to_owned() } else { format!("{days} days") }
}

/// When the customer is decided next: in words, and the moment.
pub(super) fn next_words(next: &Next, formats: &Formats) -> (String, Option<String>) {
    match next {
        Next::At(at) => (formats.from_now(*at), Some(formats.moment(*at))),
        Next::Parked => ("waits for news or a person".to_owned(), None),
        Next::Nothing => ("nothing is owed".to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_well_and_how_late_is_said_in_words() {
        let kept = KeptRate { kept: 3, partly_kept: 1, broken: 1, plans_completed: 1, plans_broken: 0 };
        assert_eq!(kept_words(&kept), "3 of 5 promises kept, 1 in part, 1 broken; 1 of 1 plans paid to the end");
        assert_eq!(kept_words(&KeptRate::default()), "no promise has come due");
        for (days, said) in [
            (None, "not known: no closed invoice is known"),
            (Some(0), "on the due date, by its closed invoices"),
            (Some(1), "one day after the due date, by its closed invoices"),
            (Some(12), "12 days after the due date, by its closed invoices"),
            (Some(-3), "3 days before the due date, by its closed invoices"),
        ] {
            assert_eq!(usual_words(days, 4), said);
        }
    }
}
