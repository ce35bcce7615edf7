//! Why a message was sent, for its reader: the due items, their steps, the workflow, what rules said, what became of it.

use std::fmt::Write;

use jiff::{Timestamp, tz::TimeZone};

use super::escape;
use crate::overview::{Message, words};

/// The section of a notice, which no decision asked for.
pub(super) const NOTICE: &str = "<section class=why><h4>Why</h4><p>It is a notice: it confirms what was done on the page behind the customer's link, \
    or was asked for there. No step of a workflow was due for it, and it counts as no contact.</p></section>";

/// An instant in a zone, named.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %Y, %H:%M %Z").to_string()
}

/// The section.
pub(super) fn section(message: &Message, zone: &TimeZone) -> String {
    let mut out = format!(
        "<section class=why><h4>Why</h4><p>{} owed this, and these steps of workflow <b>{}</b> were due:</p>\
         <table class=lines><thead><tr><th>Invoice<th>Step<th>Due<th class=amount>Due now</tr></thead><tbody>",
        escape(&message.customer),
        escape(&message.workflows.iter().map(|one| one.replace('@', " version ")).collect::<Vec<_>>().join(", ")),
    );
    for line in &message.lines {
        let _ = write!(
            out,
            "<tr><td>{}<td>{}<td>{}<td class=amount>{}</tr>",
            escape(&line.number),
            escape(&line.step),
            line.due_on.map(|on| on.strftime("%-d %b %Y").to_string()).unwrap_or_default(),
            line.amount.map(|amount| amount.to_string()).unwrap_or_default(),
        );
    }
    let rules = if message.rules.is_empty() {
        "every rule of the guard allowed it, when it was decided and again before the call".to_owned()
    } else {
        format!("the guard allowed this way; others: {}", message.rules.join("; "))
    };
    let heard = message
        .heard
        .iter()
        .map(|(word, at)| format!("{} {}", word.as_str().replace('_', " "), moment(*at, zone)))
        .collect::<Vec<_>>()
        .join(" · ");
    let reason = if message.reason.is_empty() { String::new() } else { format!(" ({})", message.reason) };
    let _ = write!(
        out,
        "</tbody></table><dl><dt>Rules</dt><dd>{}</dd><dt>Decided</dt><dd>{}</dd><dt>Template</dt><dd>{} version {}</dd>\
         <dt>Status</dt><dd>{}{}</dd>",
        escape(&rules),
        moment(message.decided_at, zone),
        escape(&message.template.0),
        message.template.1,
        escape(&words::status(message.status)),
        escape(&reason),
    );
    if !heard.is_empty() {
        let _ = write!(out, "<dt>Heard</dt><dd>{}</dd>", escape(&heard));
    }
    let _ = write!(out, "<dt>Message</dt><dd>{}</dd></dl></section>", escape(&message.id));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_the_tenants_and_say_so() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(moment("2026-11-19T12:26:00Z".parse().unwrap(), &zone), "Thu 19 Nov 2026, 13:26 CET");
    }
}
