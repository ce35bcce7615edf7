//! What is wrong with the texts of a workflow: each is rendered as its step would have it, in every language and for data of every shape,
//! and what it promises is held against the plan.

use domain::{
    Action, Anchor, Channel, Currency, Money, Settings, Step, Workflow,
    workflow::{Finding, Severity, StatementPlan, days_to_next},
};
use jiff::civil::date;

use crate::{
    input::{RenderInput, RowKind},
    mail_brand::{Brand, LogoPlace},
    message_template::Template,
    promises,
    samples::one,
};

/// Everything that is wrong with the texts of a workflow, by step, channel and language.
pub fn prove(workflow: &Workflow, templates: &[Template], settings: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, step) in workflow.steps.iter().enumerate() {
        let Action::Send(send) = &step.action else { continue };
        for (place, channel) in send.channels.iter().enumerate().filter(|(_, channel)| channel.facts().has_sender) {
            let pointer = format!("/steps/{at}/action/send/channels/{place}");
            let own = templates.iter().filter(|text| text.id == send.template && text.channel == *channel);
            for text in own {
                let use_of = TextUse {
                    ahead: step.at.offset.is_negative(),
                    asks: step.pay_by.is_some(),
                    reminds: step.reminds_of_promise(),
                };
                found.extend(unrendered(use_of, text, settings).map(|detail| {
                    Finding::at_step(Severity::Error, "text", &step.id, pointer.clone(), named(&send.template, text, &detail))
                }));
                let broken = broken_promises(workflow, settings, at, step, text);
                found.extend(broken.into_iter().map(|(severity, detail)| {
                    Finding::at_step(severity, "promise", &step.id, pointer.clone(), named(&send.template, text, &detail))
                }));
            }
        }
    }
    found.extend(workflow.statement.iter().flat_map(|plan| of_statement(plan, templates, settings)));
    found
}

/// How a step uses a text.
#[derive(Clone, Copy)]
struct TextUse {
    /// Whether it is about what is to come.
    ahead: bool,
    /// Whether it names a date to pay by.
    asks: bool,
    /// Whether it reminds of a promise.
    reminds: bool,
}

/// Everything that is wrong with the texts of statements: they list what is past due and what is to come, and come again.
fn of_statement(plan: &StatementPlan, templates: &[Template], settings: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, channel) in plan.channels.iter().enumerate().filter(|(_, channel)| channel.facts().has_sender) {
        for text in templates.iter().filter(|text| text.id == plan.template && text.channel == *channel) {
            let mut tell = |rule, detail: &str| {
                let (pointer, detail) = (format!("/statement/channels/{place}"), named(&plan.template, text, detail));
                found.push(Finding { severity: Severity::Error, rule, step: None, pointer, detail });
            };
            let mut uses = [false, true].into_iter().map(|ahead| TextUse { ahead, asks: false, reminds: false });
            if let Some(detail) = uses.find_map(|use_of| unrendered(use_of, text, settings)) {
                tell("text", &detail);
            }
            if text.subject.iter().map(String::as_str).chain([text.body.as_str()]).any(promises::is_last) {
                tell("promise", "it says that it is the last, and statements come again; leave the words out");
            }
        }
    }
    found
}

/// A sentence about one text.
fn named(template: &str, text: &Template, detail: &str) -> String {
    let address = format!("/v1/templates/{template}/{}/{}", text.language, text.channel.as_str());
    format!("template '{template}' in {} for {}: {detail} (PUT {address})", text.language, text.channel.as_str())
}

/// Why a text does not render as its step would have it, for the first data that it does not render for.
fn unrendered(use_of: TextUse, text: &Template, settings: &Settings) -> Option<String> {
    let brand = Brand::of(settings, "", LogoPlace::Nowhere);
    shapes(use_of, &text.language).into_iter().find_map(|(shape, input)| {
        let error = crate::render(text, &with_links(input, text.channel), &brand).err()?;
        Some(format!("{} for {shape}; mend the text at {}", error.detail(), error.pointer()))
    })
}

/// The same with links as long as text messages have them at a domain of one's own: of what is paid for by its length each character counts.
fn with_links(mut input: RenderInput, channel: Channel) -> RenderInput {
    if channel.facts().segments_max.is_some() {
        input.links.portal = format!("https://pay.acme.example/s/{}", "k".repeat(14));
        input.links.opt_out = format!("{}/stop", input.links.portal);
    }
    input
}

/// Data of every shape that a text may be written for.
fn shapes(TextUse { ahead, asks, reminds }: TextUse, language: &str) -> Vec<(&'static str, RenderInput)> {
    let of = |count: usize| {
        let mut input = one(language, count);
        input.pay_by = asks.then(|| date(2026, 2, 23));
        input.promised_on = reminds.then(|| date(2026, 2, 20));
        for row in &mut input.invoices {
            row.days_past_due = if ahead { -5 } else { 9 };
            row.reminded = if ahead { 0 } else { row.reminded };
        }
        input
    };
    let changed = |count: usize, change: &dyn Fn(&mut RenderInput)| {
        let mut input = of(count);
        change(&mut input);
        input
    };
    let kind = |kind: RowKind, part: Option<(u32, u32)>| {
        changed(2, &move |input| {
            for row in &mut input.invoices {
                (row.kind, row.instalment) = (kind, part);
            }
        })
    };
    vec![
        ("one invoice", of(1)),
        ("three invoices", of(3)),
        ("many invoices", changed(crate::INVOICES_LISTED_MAX, &|input| input.more = 1_950)),
        (
            "an invoice without purchase order",
            changed(1, &|input| input.invoices.iter_mut().for_each(|row| row.purchase_order = None)),
        ),
        ("instalments", kind(RowKind::Instalment, Some((2, 3)))),
        ("parts of a plan", kind(RowKind::PlanPart, Some((1, 4)))),
        ("charges", kind(RowKind::Charge, None)),
        (
            "an invoice that is paid in part",
            changed(1, &|input| {
                for row in &mut input.invoices {
                    (row.paid, row.open, row.due_now) = (euros(65_000), euros(60_000), euros(60_000));
                }
                input.covered_due_now = euros(60_000);
            }),
        ),
        ("a contact without a name", changed(1, &|input| input.contact_name = String::new())),
        (
            "invoices at the step of the text and at a step before",
            changed(3, &|input| {
                for (at, row) in input.invoices.iter_mut().enumerate() {
                    (row.is_own, row.reminded) = (at == 0, u32::from(at == 0));
                }
            }),
        ),
        (
            "a way to pay and payment details",
            changed(1, &|input| {
                input.links.pay = Some("https://pay.dunlin.example/p/sample/pay".to_owned());
                input.payment_details = Some("Example Bank\nIBAN: DE00 1234".to_owned());
            }),
        ),
        ("a customer who owes in several currencies", changed(3, &|input| input.several_currencies = true)),
        (
            "long names",
            changed(1, &|input| {
                input.customer_name = "Gesellschaft ".repeat(6);
                input.contact_name = "Alexandra ".repeat(6);
                input.invoices.iter_mut().for_each(|row| row.number = "INV-2026-".repeat(5));
            }),
        ),
    ]
}

fn euros(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

/// What a text promises that the plan does not keep.
fn broken_promises(workflow: &Workflow, settings: &Settings, at: usize, step: &Step, text: &Template) -> Vec<(Severity, String)> {
    let mut broken = Vec::new();
    let sources = || text.subject.iter().map(String::as_str).chain([text.body.as_str()]);
    // A step on a promise comes again with each promise, wherever it stands.
    let writes_again = |(other, later): &(usize, &Step)| {
        matches!(later.action, Action::Send(_)) && *other != at && (*other > at || later.at.anchor == Anchor::PromiseDate)
    };
    let further = workflow.steps.iter().enumerate().find(writes_again).map(|(_, later)| later.id.as_str());
    if sources().any(promises::is_last) {
        if let Some(later) = further {
            let detail = format!("it says that it is the last, and step '{later}' writes again; say it in the last message only");
            broken.push((Severity::Error, detail));
        } else if step.times() > 1 || step.at.anchor == Anchor::PromiseDate {
            let detail =
                "it says that it is the last, and the step comes again; let it come once, or leave the words out".to_owned();
            broken.push((Severity::Error, detail));
        }
    }
    for days in sources().flat_map(promises::days_given) {
        let waited = step.pay_by.map(|pay_by| i64::from(pay_by.days));
        let kept = waited.or_else(|| days_to_next(workflow, settings, at));
        if kept.is_some_and(|kept| kept < days) {
            let detail = format!(
                "it gives {days} days, and the next step comes before they are over; set pay_by {{\"days\": {days}}} and write {{{{ pay_by \
                 | date }}}}, or plan the next step later"
            );
            broken.push((Severity::Error, detail));
        }
    }
    let names_date = text.body.contains("pay_by");
    if step.pay_by.is_some() && text.channel == Channel::Email && !names_date {
        let detail =
            "the next step waits for a date to pay by that the text does not name; write {% if pay_by %}{{ pay_by | date }}{% \
                      endif %}, or leave pay_by out"
                .to_owned();
        broken.push((Severity::Warning, detail));
    }
    broken
}

#[cfg(test)]
mod tests {
    use domain::{
        Anchor, At, Days, Offset, Role, Scope,
        workflow::{Fallback, PayBy, Send, TaskAction},
    };

    use super::*;

    fn workflow(pay_by: Option<i32>, next_after: i32, next: Option<&str>) -> Workflow {
        let at = |days| At { anchor: Anchor::DueDate, offset: Offset::Days(Days(days)) };
        let send = |id: &str, days: i32, template: &str, channel: Channel| {
            let (template, to) = (template.to_owned(), vec![Role::Billing]);
            Step::new(
                id,
                at(days),
                Action::Send(Send {
                    channels: vec![channel],
                    template,
                    to,
                    fallback: Fallback::Task,
                    copies: 0,
                    after: None,
                    attach: Vec::new(),
                }),
            )
        };
        let first = Step { pay_by: pay_by.map(|days| PayBy { days }), ..send("first", 1, "own", Channel::Email) };
        let second = next.map(|template| send("second", 1 + next_after, template, Channel::Email));
        let call = Step::new(
            "call",
            at(1 + next_after + 20),
            Action::Task(TaskAction { title: "Call".to_owned(), to: None, due_in: None }),
        );
        Workflow {
            id: "w".to_owned(),
            version: 1,
            name: "W".to_owned(),
            scope: Scope::Customer,
            priority: 100,
            applies_when: None,
            exit_when: None,
            min_gap: Days(3),
            statement: None,
            steps: [Some(first), second, Some(call)].into_iter().flatten().collect(),
        }
    }

    fn text(body: &str) -> Template {
        Template {
            id: "own".to_owned(),
            language: "en".to_owned(),
            channel: Channel::Email,
            subject: Some("Your payment".to_owned()),
            body: body.to_owned(),
            version: 1,
        }
    }

    fn found(workflow: &Workflow, text: Template) -> Vec<(Severity, &'static str, Option<String>)> {
        let found = prove(workflow, &[text], &Settings::named("Northwind"));
        assert!(found.iter().all(|finding| finding.detail.contains("/v1/templates/own/")), "{found:?}");
        found.into_iter().map(|finding| (finding.severity, finding.rule, finding.step)).collect()
    }

    #[test]
    fn each_rule_objects_to_a_text_and_accepts_its_neighbour() {
        let plain = workflow(None, 10, Some("other"));
        let alone = workflow(None, 10, None);
        let dated = workflow(Some(7), 20, Some("other"));
        let near = workflow(None, 5, Some("other"));
        for (of, rejected, (severity, rule), by, accepted) in [
            (&plain, "Hello {{ nobody.name }}", (Severity::Error, "text"), &plain, "Hello {{ contact.name }}"),
            (
                &plain,
                "By {{ pay_by | date }}",
                (Severity::Error, "text"),
                &plain,
                "{% if pay_by %}By {{ pay_by | date }}{% endif %} please",
            ),
            (&plain, "Order {{ invoices[1].number }}", (Severity::Error, "text"), &plain, "Order {{ invoices[0].number }}"),
            (&plain, "This is our last reminder.", (Severity::Error, "promise"), &alone, "This is our last reminder."),
            (&near, "Please pay within 7 days.", (Severity::Error, "promise"), &near, "Please pay within 5 days."),
            (
                &dated,
                "Please pay within 14 days by {{ pay_by | date }}.",
                (Severity::Error, "promise"),
                &dated,
                "Please pay within 7 days, by {{ pay_by | date }}.",
            ),
            (&dated, "Please pay.", (Severity::Warning, "promise"), &dated, "Please pay by {{ pay_by | date }}."),
        ] {
            assert_eq!(found(of, text(rejected)), [(severity, rule, Some("first".to_owned()))], "{rejected}");
            assert_eq!(found(by, text(accepted)), Vec::new(), "{accepted}");
        }
    }

    #[test]
    fn a_text_message_that_is_too_long_is_found() {
        let mut plan = workflow(None, 10, None);
        if let Some(Action::Send(send)) = plan.steps.first_mut().map(|step| &mut step.action) {
            send.channels = vec![Channel::Sms];
        }
        let of = |words: usize| Template { channel: Channel::Sms, subject: None, ..text(&"word ".repeat(words)) };
        assert_eq!(found(&plan, of(240)), [(Severity::Error, "text", Some("first".to_owned()))]);
        assert_eq!(found(&plan, of(100)), [(Severity::Error, "text", Some("first".to_owned()))]);
        assert_eq!(found(&plan, of(30)), Vec::new());
        // As many as the tenant pays for.
        let mut settings = Settings::named("Northwind");
        settings.sms.segments_max = 4;
        assert_eq!(prove(&plan, &[of(95)], &settings), []);
        assert_eq!(prove(&plan, &[of(240)], &settings).len(), 1);
    }
}
