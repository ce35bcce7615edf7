//! What a notice says: whose matter it is, what is overdue, what there is to do and why, and where. It is for people of the tenant, in their language.

use channels::locale::Locale;
use domain::{Money, NoticeKind};
use store::{CustomerBrief, KnownNotice, Task};

use crate::{labels::NoticeLabels, titles::title_of};

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
pub(crate) fn matter(
    known: &KnownNotice,
    task: &Task,
    customer: Option<&CustomerBrief>,
    console_url: Option<&str>,
    labels: &NoticeLabels,
) -> Matter {
    let (notice, locale) = (&known.notice, Locale::of(labels.language, None));
    let (said, called) = (task.task.title.as_str(), title_of(task.task.kind, labels.place()));
    let own = called.unwrap_or(said);
    let title = match notice.kind {
        NoticeKind::Raised | NoticeKind::Later(_) => line(own),
        NoticeKind::Reminder | NoticeKind::Overdue => {
            let [one, many] = labels.overdue;
            let late = if notice.days_late == 1 { one } else { many };
            // The title last: what it is called fills in nothing.
            line(&late.replace("{days}", &notice.days_late.to_string()).replacen("{title}", own, 1))
        }
    };
    let mut lines = Vec::new();
    if let Some(brief) = customer {
        lines.push(line(&format!("{}{} ({})", labels.customer, brief.name, brief.external_id)));
        let of = |minor: fn(&domain::Owed) -> i64| {
            let some = brief.owed.iter().filter(|(_, owed)| minor(owed) > 0);
            let money = some.map(|(currency, owed)| locale.money(Money::from_minor(minor(owed), *currency)));
            money.collect::<Vec<_>>().join("; ")
        };
        let (overdue, open) = (of(|owed| owed.overdue_minor), of(|owed| owed.open_minor));
        lines.extend((!overdue.is_empty()).then(|| format!("{}{overdue}", labels.past_due)));
        lines.extend((!open.is_empty()).then(|| format!("{}{open}", labels.open)));
        let oldest = brief.owed.values().filter_map(|owed| owed.oldest_due_on).min();
        lines.extend(oldest.map(|day| format!("{}{}", labels.oldest, locale.date(day))));
    }
    lines.extend(task.task.step.as_deref().map(|step| line(&format!("{}{step}", labels.step))));
    lines.extend((!task.task.detail.is_empty()).then(|| line(&format!("{}{}", labels.why, task.task.detail))));
    lines.extend(task.task.to.as_deref().map(|to| line(&format!("{}{to}", labels.whom))));
    lines.extend(task.task.due_on.map(|due_on| format!("{}{}", labels.due, locale.date(due_on))));
    // What work of a kind is called names no agency, no fee and no terms: what the task itself says does.
    lines.push(match called {
        Some(_) => line(&format!("{}{} ({said})", labels.task, task.id)),
        None => format!("{}{}", labels.task, task.id),
    });
    let link = console_url.map(|url| format!("{url}/tasks/{}", task.id));
    Matter { title, lines, link }
}

/// A notice of some matters, at most [`ROWS_MAX`].
pub(crate) fn worded(tenant_name: &str, customer: Option<&str>, matters: Vec<Matter>, labels: &NoticeLabels) -> Worded {
    let subject = match matters.as_slice() {
        [one] => match customer {
            Some(customer) => format!("{}: {customer}: {}", line(tenant_name), one.title),
            None => format!("{}: {}", line(tenant_name), one.title),
        },
        many => format!("{}: {}", line(tenant_name), labels.tasks.replace("{}", &many.len().to_string())),
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
        let english = NoticeLabels::of(None, None);
        let one = worded("Northwind", Some("Acme\r\nBcc: x@evil.example"), vec![matter("Call")], english);
        assert_eq!(one.subject, "Northwind: Acme  Bcc: x@evil.example: Call");
        assert_eq!(one.text(), "Call\nTask: tsk_1\n");
        let linked = Matter { link: Some("https://c.example/tasks/tsk_1".to_owned()), ..matter("Stop") };
        let many = worded("Northwind", None, vec![matter("Call"), linked.clone()], english);
        assert_eq!(many.subject, "Northwind: 2 tasks");
        assert_eq!(many.text(), "Call\nTask: tsk_1\n\nStop\nTask: tsk_1\nhttps://c.example/tasks/tsk_1\n");
        let german = worded("Northwind", None, vec![matter("Call"), linked], NoticeLabels::of(Some("de"), None));
        assert_eq!(german.subject, "Northwind: 2 Aufgaben");
        assert_eq!(line(&"x".repeat(400)).chars().count(), LINE_MAX);
    }
}
