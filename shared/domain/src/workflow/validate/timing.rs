//! When a plan's steps come, as far as the plan alone tells: their order, and how many contacts it puts into a few days.

use super::{CLEARING_BUSINESS_DAYS, Flaw, PAY_BY_MAX, REPEAT_EVERY_MAX};
use crate::workflow::{Action, Anchor, Offset, PayBy, Step, Workflow};
use crate::{Role, Settings};

/// Public holidays that may widen a run of business days.
const HOLIDAYS_SPARE: i64 = 5;

/// A step's planned days counted from the anchor that it hangs on, in the end: `previous_step` is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workflow) struct StepDays {
    pub(in crate::workflow) base: Anchor,
    pub(in crate::workflow) earliest: i64,
    pub(in crate::workflow) latest: i64,
    /// The days from its first time to its last, for one that is repeated.
    pub(in crate::workflow) length: i64,
}

pub(super) fn flaws(workflow: &Workflow, settings: &Settings) -> Vec<Flaw> {
    let planned = plan(&workflow.steps, settings);
    let mut found = order(&workflow.steps, &planned);
    found.extend(caps(workflow, &planned, settings));
    found
}

/// When each step comes, in days of the anchor that it hangs on.
pub(in crate::workflow) fn plan(steps: &[Step], settings: &Settings) -> Vec<StepDays> {
    let mut planned: Vec<StepDays> = Vec::with_capacity(steps.len());
    for step in steps {
        let (earliest, latest) = civil_days(step.at.offset, settings);
        let latest = latest + step.wait.as_ref().map_or(0, |wait| i64::from(wait.at_most.0));
        let every = step.repeat.map_or(0, |repeat| i64::from(repeat.every.0.clamp(0, REPEAT_EVERY_MAX)));
        let length = every * i64::from(step.times() - 1);
        let next = match (step.at.anchor, planned.last()) {
            (Anchor::PreviousStep, Some(before)) => StepDays {
                base: before.base,
                earliest: before.earliest + before.length + earliest,
                latest: before.latest + before.length + latest,
                length,
            },
            (base, _) => StepDays { base, earliest, latest, length },
        };
        planned.push(next);
    }
    planned
}

/// The days of the shortest and the longest month.
const MONTH_DAYS: (i64, i64) = (28, 31);

/// Working days of a week where no weekdays are set.
const WORKING_DAYS: usize = 5;

/// The least and most civil days that an offset comes to.
fn civil_days(offset: Offset, settings: &Settings) -> (i64, i64) {
    match offset {
        Offset::Days(days) => (days.0.into(), days.0.into()),
        Offset::Months { months, end_of_month } => {
            let (count, (short, long)) = (i64::from(months), MONTH_DAYS);
            match (count < 0, end_of_month) {
                (false, false) => (count * short, count * long),
                // From the first of a month to the last of the one that is meant.
                (false, true) => (count * short, count * long + long - 1),
                (true, false) => (count * long, count * short),
                // From the last of a month, or from the first to the last of one before.
                (true, true) => (count * long, (count + 1) * short - 1),
            }
        }
        Offset::Business { business_days } => {
            let count = i64::from(business_days).abs();
            let open = settings.window.days.as_ref().map_or(WORKING_DAYS, Vec::len).clamp(1, 7) as i64;
            let least = count / open * 7 + count % open;
            let most = if count == 0 { 0 } else { least + (7 - open) + HOLIDAYS_SPARE };
            if business_days < 0 { (-most, -least) } else { (least, most) }
        }
    }
}

fn order(steps: &[Step], planned: &[StepDays]) -> Vec<Flaw> {
    let mut found = Vec::new();
    for (position, (step, own)) in steps.iter().zip(planned).enumerate() {
        if step.at.offset.is_negative() && matches!(step.at.anchor, Anchor::PreviousStep | Anchor::CaseOpened) {
            continue; // refused wherever it stands
        }
        // An invoice is never due before it is issued, so what comes after the due date comes after the invoice date.
        let on_or_after = |before: &StepDays| {
            before.earliest + before.length >= 0
                && (before.base == own.base || (own.base == Anchor::InvoiceDate && before.base == Anchor::DueDate))
        };
        let pointer = || format!("/steps/{position}/at/offset");
        let earlier = || steps.iter().zip(planned).take(position);
        if step.at.offset.is_negative()
            && let Some((before, _)) = earlier().find(|(_, before)| on_or_after(before))
        {
            let detail = format!(
                "this step can never come: it lapses once its anchor has passed, and step '{}' before it comes only then. Put it first",
                before.id
            );
            found.push(Flaw::at(pointer(), detail));
        } else if let Some((before, _)) =
            earlier().find(|(_, before)| before.base == own.base && own.latest < before.earliest + before.length)
        {
            let last = if before.repeat.is_some() { "the last time of " } else { "" };
            let detail = format!(
                "this step is planned before {last}step '{}', which stands before it; put the steps in order of time",
                before.id
            );
            found.push(Flaw::at(pointer(), detail));
        } else if step.at.offset.is_negative() && own.earliest + own.length > 0 {
            let detail =
                "its last time can never come: a step before its anchor lapses once the anchor has passed. Repeat it less often";
            found.push(Flaw::at(format!("/steps/{position}/repeat"), detail));
        }
    }
    found
}

/// The days of the plan's contacts when nothing holds it up, as narrow as business days may fall. Where two steps hang on
/// different anchors the plan alone does not say how far apart they are, and the guard has to keep the cap.
fn caps(workflow: &Workflow, planned: &[StepDays], settings: &Settings) -> Vec<Flaw> {
    let Some(cap) = settings.caps.per_person else { return Vec::new() };
    let gap = i64::from(workflow.min_gap.0);
    let mut found = Vec::new();
    let mut contacts: Vec<(Role, i64)> = Vec::new();
    let mut before: Option<(StepDays, i64)> = None;
    let mut missed_on: Option<i64> = None;
    for (position, (step, own)) in workflow.steps.iter().zip(planned).enumerate() {
        let mut day = match before {
            Some((last, day)) if last.base == own.base => match step.at.anchor {
                Anchor::PreviousStep => day + (own.earliest - last.earliest - last.length),
                // Its moment passed before its turn came: it keeps its distance to the step before.
                Anchor::InvoiceDate | Anchor::DueDate | Anchor::CaseOpened | Anchor::PromiseDate if own.earliest < day => {
                    day + gap.max(own.earliest - last.earliest - last.length)
                }
                Anchor::InvoiceDate | Anchor::DueDate | Anchor::CaseOpened | Anchor::PromiseDate => own.earliest,
            },
            Some(_) | None => {
                contacts.clear();
                missed_on = None;
                own.earliest
            }
        };
        let role = match &step.action {
            // The preferred one; a send without any is refused elsewhere.
            Action::Send(send) => send.to.first().copied(),
            Action::Task(_) | Action::Notify(_) | Action::Escalate(_) => None,
            Action::CreditHold(_) | Action::ChangeTerms(_) | Action::HandOff(_) | Action::Fee(_) => None,
        };
        let mut over = None;
        for time in 1..=step.times() {
            day += if time > 1 { step.repeat.map_or(0, |repeat| i64::from(repeat.every.0)) } else { 0 };
            day = missed_on.map_or(day, |missed_on| day.max(missed_on));
            let Some(role) = role else { continue };
            day = contacts.last().map_or(day, |(_, last)| day.max(last + gap));
            contacts.push((role, day));
            let cleared =
                |pay_by: PayBy| day + i64::from(pay_by.days.clamp(0, PAY_BY_MAX)) + i64::from(CLEARING_BUSINESS_DAYS) + 1;
            missed_on = missed_on.max(step.pay_by.map(cleared));
            let mut days: Vec<i64> =
                contacts.iter().filter(|(to, on)| *to == role && day - on < i64::from(cap.days)).map(|(_, on)| *on).collect();
            days.dedup(); // what leaves on one day is one contact
            over = over.or((days.len() > cap.count as usize).then_some(days.len()));
        }
        if let Some(days) = over {
            let detail = format!(
                "with this step the plan writes to the same people on {days} days within {}; the cap is {}. Space the steps \
                 further apart, raise min_gap, or raise caps.per_person",
                cap.days, cap.count
            );
            found.push(Flaw::at(format!("/steps/{position}"), detail));
        }
        before = Some((*own, day));
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;
    use crate::dates::{add_days, add_months, days_between};

    proptest! {
        #[test]
        fn months_are_as_long_as_is_reckoned_with(day in 0_i64..20_000, months in -120..=120_i32, end_of_month in any::<bool>()) {
            let anchor = add_days(Date::constant(2000, 1, 1), day);
            let on = add_months(anchor, months);
            let on = if end_of_month { on.last_of_month() } else { on };
            let (least, most) = civil_days(Offset::Months { months, end_of_month }, &Settings::named("Acme"));
            let days = days_between(anchor, on);
            prop_assert!((least..=most).contains(&days), "{} {} {}: {} is not in {}..={}", anchor, months, end_of_month, days, least, most);
            prop_assert_eq!(most < 0, months < 0, "before the anchor or not is certain");
        }
    }
}
