//! What a notice says: whose matter it is, what is overdue, what there is to do and why, and where. It is for people of the tenant, in English.

use domain::{Money, NoticeKind};
use store::{CustomerBrief, KnownNotice, Task};

/// Most rows that one notice has.
pub(crate) const ROWS_MAX: usize = 50;
/// Longest line, in characters.
const LINE_MAX: usize = 300;

/// One matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matter {
    /// What it is, on one line.
    pub(crate) title: String,
    /// What is to be known of it, a line each.
    pub(crate) lines: Vec<String>,
    /// Where it is looked at.
    pub(crate) link: Option<String>,
}

/// A notice in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Worded {
    /// On one line.
    pub(crate) subject: String,
    /// What it tells of.
    pub(crate) matters: Vec<Matter>,
}

/// A text on one line: whatever customers are called breaks no line, and is cut.
fn line(text: &str) -> String {
    let plain: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let plain = plain.trim();
    if plain.chars().count() <= LINE_MAX { plain.to_owned() } else { plain.chars().take(LINE_MAX - 1).chain(['…']).collect() }
}

/// A matter in words.
pub(crate) fn matter(known: &KnownNotice, task: &Task, customer: Option<&CustomerBrief>, console_url: Option<&str>) -> Matter {
    let notice = &known.notice;
    let late = match notice.days_late {
        1 => " (1 day late)".to_owned(),
        days => format!(" ({days} days late)"),
    };
    let title = match notice.kind {
        NoticeKind::Raised | NoticeKind::Later(_) => line(&task.task.title),
        NoticeKind::Reminder | NoticeKind::Overdue => line(&format!("Overdue: {}{late}", task.task.title)),
    };
    let mut lines = Vec::new();
    if let Some(brief) = customer {
        lines.push(line(&format!("Customer: {} ({})", brief.name, brief.external_id)));
        let of = |minor: fn(&domain::Owed) -> i64| {
            let some = brief.owed.iter().filter(|(_, owed)| minor(owed) > 0);
            some.map(|(currency, owed)| Money::from_minor(minor(owed), *currency).to_string()).collect::<Vec<_>>().join(", ")
        };
        let (overdue, open) = (of(|owed| owed.overdue_minor), of(|owed| owed.open_minor));
        lines.extend((!overdue.is_empty()).then(|| format!("Past due: {overdue}")));
        lines.extend((!open.is_empty()).then(|| format!("Open: {open}")));
        let oldest = brief.owed.values().filter_map(|owed| owed.oldest_due_on).min();
        lines.extend(oldest.map(|day| format!("Oldest due date: {day}")));
    }
    lines.extend(task.task.step.as_deref().map(|step| line(&format!("Step: {step}"))));
    lines.extend((!task.task.detail.is_empty()).then(|| line(&format!("Why: {}", task.task.detail))));
    lines.extend(task.task.to.as_deref().map(|to| line(&format!("For: {to}"))));
    lines.extend(task.task.due_on.map(|due_on| format!("Due: {due_on}")));
    lines.push(format!("Task: {}", task.id));
    let link = console_url.map(|url| format!("{url}/tasks/{}", task.id));
    Matter { title, lines, link }
}

/// A notice of some matters, at most [`ROWS_MAX`].
pub(crate) fn worded(tenant_name: &str, customer: Option<&str>, matters: Vec<Matter>) -> Worded {
    let subject = match matters.as_slice() {
        [one] => match customer {
            Some(customer) => format!("{}: {customer}: {}", line(tenant_name), one.title),
            None => format!("{}: {}", line(tenant_name), one.title),
        },
        many => format!("{}: {} tasks", line(tenant_name), many.len()),
    };
    Worded { subject: line(&subject), matters }
}

impl Worded {
    /// As plain text.
    pub(crate) fn text(&self) -> String {
        let one = |matter: &Matter| {
            let lines = matter.lines.iter().map(String::as_str).chain(matter.link.as_deref());
            std::iter::once(matter.title.as_str()).chain(lines).collect::<Vec<_>>().join("\n")
        };
        let mut text = self.matters.iter().map(one).collect::<Vec<_>>().join("\n\n");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_breaks_no_line_and_many_matters_are_counted() {
        let matter = |title: &str| Matter { title: title.to_owned(), lines: vec!["Task: tsk_1".to_owned()], link: None };
        let one = worded("Northwind", Some("Acme\r\nBcc: x@evil.example"), vec![matter("Call")]);
        assert_eq!(one.subject, "Northwind: Acme  Bcc: x@evil.example: Call");
        assert_eq!(one.text(), "Call\nTask: tsk_1\n");
        let linked = Matter { link: Some("https://c.example/tasks/tsk_1".to_owned()), ..matter("Stop") };
        let many = worded("Northwind", None, vec![matter("Call"), linked]);
        assert_eq!(many.subject, "Northwind: 2 tasks");
        assert_eq!(many.text(), "Call\nTask: tsk_1\n\nStop\nTask: tsk_1\nhttps://c.example/tasks/tsk_1\n");
        assert_eq!(line(&"x".repeat(400)).chars().count(), LINE_MAX);
    }
}
