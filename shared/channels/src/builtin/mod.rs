//! The ladder that a tenant starts with: one workflow and its templates in every language of [`CUSTOMER_LANGUAGES`].

use domain::{
    Action, Anchor, At, Channel, Days, Offset, Role, Scope, Step, Workflow,
    language::CUSTOMER_LANGUAGES,
    workflow::{Fallback, PayBy, Send, TaskAction},
};

use crate::Template;

mod ready;

pub use ready::{ReadyWorkflow, ready};

/// The id of the built-in workflow.
pub const WORKFLOW: &str = "standard";

/// The id of the built-in text of statements: no step of the built-in workflow sends it, and a workflow that has `statement` does.
pub const STATEMENT: &str = "statement";

/// The texts of a language, whose folder has its name: step, channel, source. An email's first line is its subject.
macro_rules! texts {
    ($language:literal) => {
        (
            $language,
            [
                ("heads-up", Channel::Email, include_str!(concat!($language, "/heads-up.email.txt"))),
                ("reminder", Channel::Email, include_str!(concat!($language, "/reminder.email.txt"))),
                ("reminder", Channel::Sms, include_str!(concat!($language, "/reminder.sms.txt"))),
                ("nudge", Channel::Email, include_str!(concat!($language, "/nudge.email.txt"))),
                ("nudge", Channel::Sms, include_str!(concat!($language, "/nudge.sms.txt"))),
                ("formal-notice", Channel::Email, include_str!(concat!($language, "/formal-notice.email.txt"))),
                ("final-notice", Channel::Email, include_str!(concat!($language, "/final-notice.email.txt"))),
                ("final-notice", Channel::Sms, include_str!(concat!($language, "/final-notice.sms.txt"))),
                (STATEMENT, Channel::Email, include_str!(concat!($language, "/statement.email.txt"))),
                ("promise-reminder", Channel::Email, include_str!(concat!($language, "/promise-reminder.email.txt"))),
                ("promise-reminder", Channel::Sms, include_str!(concat!($language, "/promise-reminder.sms.txt"))),
            ],
        )
    };
}

/// A step, a channel and the source of its text.
type Source = (&'static str, Channel, &'static str);

/// Every built-in text, by language. A language without one of the files does not compile.
const SOURCES: [(&str, [Source; 11]); CUSTOMER_LANGUAGES.len()] =
    [texts!("en"), texts!("de"), texts!("fr"), texts!("es"), texts!("it"), texts!("ja"), texts!("nl"), texts!("pt")];

/// The templates, version 1.
pub fn templates() -> Vec<Template> {
    let of =
        |(language, sources): &(&str, [Source; 11])| sources.map(|(id, channel, source)| template(id, language, channel, source));
    SOURCES.iter().flat_map(of).collect()
}

fn template(id: &str, language: &str, channel: Channel, source: &str) -> Template {
    let (subject, body) = if channel.has_subject() {
        let (subject, body) = source.split_once('\n').unwrap_or((source, ""));
        (Some(subject.trim().to_owned()), body)
    } else {
        (None, source)
    };
    Template { id: id.to_owned(), language: language.to_owned(), channel, subject, body: body.trim().to_owned(), version: 1 }
}

/// How many days the notices give to pay: their texts name the date.
const NOTICE_DAYS: i32 = 7;

/// The workflows, version 1: five messages in 35 days, then a person.
pub fn workflows() -> Vec<Workflow> {
    use Channel::{Email, Sms};
    let at = |days| At { anchor: Anchor::DueDate, offset: Offset::Days(Days(days)) };
    let send = |id: &str, days, channels: &[Channel]| {
        let (channels, template) = (channels.to_vec(), id.to_owned());
        Step::new(
            id,
            at(days),
            Action::Send(Send {
                channels,
                template,
                to: vec![Role::Billing],
                fallback: Fallback::Task,
                copies: 0,
                after: None,
                attach: Vec::new(),
            }),
        )
    };
    let asks = |step: Step| Step { pay_by: Some(PayBy { days: NOTICE_DAYS }), ..step };
    let title = "Call the customer and decide how to go on".to_owned();
    let review = Step::new("review", at(40), Action::Task(TaskAction { title, to: None, due_in: Some(Days(3)) }));
    vec![Workflow {
        id: WORKFLOW.to_owned(),
        version: 1,
        name: "Standard reminders".to_owned(),
        scope: Scope::Customer,
        priority: 100,
        applies_when: None,
        exit_when: None,
        min_gap: Days(3),
        statement: None,
        steps: vec![
            send("heads-up", -5, &[Email]),
            send("reminder", 1, &[Email, Sms]),
            send("nudge", 8, &[Email, Sms]),
            asks(send("formal-notice", 18, &[Email])),
            asks(send("final-notice", 30, &[Email, Sms])),
            review,
        ],
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flaws;

    #[test]
    fn every_text_may_be_published() {
        for template in templates() {
            assert_eq!(flaws(&template), [], "{} {} {:?}", template.id, template.language, template.channel);
        }
    }

    #[test]
    fn a_text_names_a_date_to_pay_by_where_its_step_has_one_and_never_a_number_of_days() {
        let workflows = workflows();
        let steps: Vec<_> = workflows.iter().flat_map(|workflow| &workflow.steps).collect();
        for template in templates() {
            let asks = steps.iter().any(|step| step.id == template.id && step.pay_by.is_some());
            let named = template.body.contains("{{ pay_by | date }}");
            assert_eq!(named, asks && template.channel == Channel::Email, "{} {}", template.id, template.language);
            for days in [
                "seven days",
                "sieben Tage",
                "sept jours",
                "siete días",
                "sette giorni",
                "zeven dagen",
                "sete dias",
                "7 days",
                "7 Tage",
                "7 jours",
                "7 días",
                "7 giorni",
                "7 dagen",
                "7 dias",
                "7日",
            ] {
                assert!(!template.body.contains(days), "{} {}: {days}", template.id, template.language);
            }
        }
    }

    #[test]
    fn every_step_has_its_texts() {
        let templates = templates();
        for step in workflows().iter().flat_map(|workflow| &workflow.steps) {
            let Action::Send(send) = &step.action else { continue };
            for channel in &send.channels {
                for language in CUSTOMER_LANGUAGES {
                    let has = templates
                        .iter()
                        .any(|one| one.id == send.template && one.language == language && one.channel == *channel);
                    assert!(has, "{} {language} {channel:?}", send.template);
                }
            }
        }
    }
}
