//! The form of an action in bulk: read into what `service` is asked, and written back from it. Its fields have the names by which `service` says what is
//! wrong with them, with points between.

use domain::Currency;
use jiff::civil::Date;
use service::{
    Done, NotDone,
    bulk::asked::{BulkAction, BulkFilter, BulkWhat},
};

use crate::{
    posted::Posted,
    typed_amount::{minor_typed, typed_minor},
};

/// With whom, and what is done.
///
/// # Errors
///
/// [`NotDone::Fields`] for what does not read, and where no action is chosen.
pub(crate) fn bulk_what(posted: Posted<'_>) -> Done<BulkWhat> {
    let ids: Vec<String> = posted.all("ids").map(str::to_owned).collect();
    let filter = if ids.is_empty() { Some(filter(posted)?) } else { None };
    let own = |name: &str| posted.owned(name);
    let action = match posted.text("action") {
        Some("pause") => BulkAction::Pause { until_on: day(posted, "action.pause.until_on")? },
        Some("assign") => BulkAction::Assign { owner: own("action.assign.owner").unwrap_or_default() },
        Some("task") => BulkAction::Task {
            title: own("action.task.title").unwrap_or_default(),
            to: own("action.task.to"),
            due_on: day(posted, "action.task.due_on")?,
        },
        Some("note") => BulkAction::Note { text: own("action.note.text").unwrap_or_default() },
        Some("move") => {
            let currency = currency(posted, "action.move.currency")?;
            let wanted = || NotDone::field("/action/move/currency", "say of which currency the cases are");
            BulkAction::Move { currency: currency.ok_or_else(wanted)?, workflow: own("action.move.workflow").unwrap_or_default() }
        }
        Some(_) | None => return Err(NotDone::field("/action", "choose what is to be done")),
    };
    Ok(BulkWhat { ids: Some(ids).filter(|ids| !ids.is_empty()), filter, action })
}

fn filter(posted: Posted<'_>) -> Done<BulkFilter> {
    let currency = currency(posted, "filter.currency")?;
    let overdue_at_least_minor = match (posted.text("filter.overdue_at_least_minor"), currency) {
        (None, _) => None,
        (Some(_), None) => return Err(NotDone::field("/filter/currency", "an amount needs its currency")),
        (Some(text), Some(currency)) => {
            let code = currency.code();
            let wrong = || NotDone::field("/filter/overdue_at_least_minor", format!("it is an amount in {code}, such as 1,000"));
            Some(typed_minor(text, currency).ok_or_else(wrong)?)
        }
    };
    let own = |name: &str| posted.owned(name);
    Ok(BulkFilter { owner: own("filter.owner"), workflow: own("filter.workflow"), currency, overdue_at_least_minor })
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('.', "/"))
}

fn day(posted: Posted<'_>, name: &str) -> Done<Option<Date>> {
    let read = |text: &str| text.parse().map_err(|_| NotDone::field(&pointer(name), "it is a day, such as 2026-02-04"));
    posted.text(name).map(read).transpose()
}

fn currency(posted: Posted<'_>, name: &str) -> Done<Option<Currency>> {
    let read = |text: &str| {
        let code = text.to_ascii_uppercase();
        Currency::parse(&code).map_err(|_| NotDone::field(&pointer(name), "it is a currency of ISO 4217, such as EUR"))
    };
    posted.text(name).map(read).transpose()
}

/// The fields of a form that says the same. Words that are not kept any more have none.
pub(crate) fn bulk_fields(what: &BulkWhat) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = what.ids.iter().flatten().map(|id| ("ids".to_owned(), id.clone())).collect();
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            fields.push((name.to_owned(), value));
        }
    };
    if let Some(BulkFilter { owner, workflow, currency, overdue_at_least_minor }) = &what.filter {
        say("filter.owner", owner.clone());
        say("filter.workflow", workflow.clone());
        say("filter.currency", currency.map(|currency| currency.code().to_owned()));
        let amount = overdue_at_least_minor.zip(*currency).map(|(minor, currency)| minor_typed(minor, currency));
        say("filter.overdue_at_least_minor", amount);
    }
    say("action", Some(what.action.as_str().to_owned()));
    match &what.action {
        BulkAction::Pause { until_on } => say("action.pause.until_on", until_on.map(|on| on.to_string())),
        BulkAction::Assign { owner } => say("action.assign.owner", Some(owner.clone())),
        BulkAction::Task { title, to, due_on } => {
            say("action.task.title", Some(title.clone()));
            say("action.task.to", to.clone());
            say("action.task.due_on", due_on.map(|on| on.to_string()));
        }
        BulkAction::Note { text } => say("action.note.text", Some(text.clone())),
        BulkAction::Move { currency, workflow } => {
            say("action.move.currency", Some(currency.code().to_owned()));
            say("action.move.workflow", Some(workflow.clone()));
        }
    }
    fields
}

/// An action in words.
pub(crate) fn bulk_in_words(what: &BulkWhat) -> String {
    match &what.action {
        BulkAction::Pause { until_on: None } => "nobody is chased until somebody ends it".to_owned(),
        BulkAction::Pause { until_on: Some(on) } => format!("nobody is chased until {on}"),
        BulkAction::Assign { owner } => format!("{owner} becomes the owner"),
        BulkAction::Task { title, .. } if title.is_empty() => "a task is raised".to_owned(),
        BulkAction::Task { title, .. } => format!("a task is raised: {title}"),
        BulkAction::Note { .. } => "a note is made".to_owned(),
        BulkAction::Move { currency, workflow } => format!("the case in {} goes on by {workflow}", currency.code()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(String, String)]) -> Done<BulkWhat> {
        bulk_what(Posted::of(fields))
    }

    fn own(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_reads_and_is_written_back() {
        for fields in [
            vec![("ids", "cus_1"), ("ids", "cus_2"), ("action", "pause"), ("action.pause.until_on", "2026-03-01")],
            vec![("filter.owner", "robin"), ("action", "assign"), ("action.assign.owner", "kim")],
            vec![
                ("filter.workflow", "gentle"),
                ("filter.currency", "EUR"),
                ("filter.overdue_at_least_minor", "1000.00"),
                ("action", "task"),
                ("action.task.title", "Call"),
                ("action.task.to", "kim"),
                ("action.task.due_on", "2026-03-01"),
            ],
            vec![("ids", "cus_1"), ("action", "note"), ("action.note.text", "Moved")],
            vec![("action", "move"), ("action.move.currency", "EUR"), ("action.move.workflow", "firm")],
        ] {
            let fields = own(&fields);
            assert_eq!(bulk_fields(&read(&fields).unwrap()), fields);
        }
    }

    #[test]
    fn what_does_not_read_is_said_at_its_field() {
        for (fields, pointer) in [
            (vec![], "/action"),
            (vec![("action", "delete")], "/action"),
            (vec![("action", "pause"), ("action.pause.until_on", "soon")], "/action/pause/until_on"),
            (vec![("action", "move")], "/action/move/currency"),
            (vec![("action", "note"), ("filter.currency", "XXQ")], "/filter/currency"),
            (vec![("action", "note"), ("filter.overdue_at_least_minor", "5")], "/filter/currency"),
            (
                vec![("action", "note"), ("filter.currency", "eur"), ("filter.overdue_at_least_minor", "lots")],
                "/filter/overdue_at_least_minor",
            ),
        ] {
            let found = read(&own(&fields));
            assert!(matches!(&found, Err(NotDone::Fields(flaws)) if flaws[0].0 == pointer), "{fields:?}: {found:?}");
        }
    }
}
