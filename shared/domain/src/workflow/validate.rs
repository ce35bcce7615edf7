//! What publishing refuses.
//!
//! Each check says where and how to mend it. A plan without flaws ends, and each of its steps can come to pass.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Anchor, Days, FeeKind, Notify, Offset, Send, StatementPlan, Step, TaskAction, Workflow};
use crate::{AttachedDocument, Channel, NoticeWay, Settings, StricterTerms, stricter_terms::TERMS_DAYS_MAX, word::Word};

mod condition;
mod flaw;
mod limits;
mod step_keys;
mod timing;

use condition::condition;
pub use flaw::Flaw;
pub use limits::{
    APPROVE_WITHIN_MAX, BUSINESS_DAYS_MAX, CLEARING_BUSINESS_DAYS, CONFIRM_WITHIN_MAX, COPIES_MAX, ID_MAX, MIN_GAP_MAX,
    MONTHS_MAX, PAY_BY_MAX, REPEAT_EVERY_MAX, REPEAT_TIMES, STEPS_MAX, TITLE_MAX, WAIT_MAX,
};
pub(super) use timing::plan;

/// What a workflow may rely on where it is published.
#[derive(Clone, Debug)]
pub struct PublishContext<'a> {
    /// The languages of each template and channel that the tenant has.
    pub templates: BTreeMap<(String, Channel), Vec<String>>,
    /// The channels that this deployment can send by.
    pub senders: BTreeSet<Channel>,
    /// The tenant's settings.
    pub settings: &'a Settings,
}

/// Everything that keeps `workflow` from being published, in the order of its text. Empty for a plan that may be published.
pub fn flaws(workflow: &Workflow, context: &PublishContext) -> Vec<Flaw> {
    let mut found = Vec::new();
    id(&mut found, "/id", "the workflow's id", &workflow.id);
    words(&mut found, "/name", "the name", &workflow.name);
    if workflow.min_gap.0 < 0 || workflow.min_gap.0 > MIN_GAP_MAX {
        let detail = format!("min_gap is {} days; it lies between P0D and P{MIN_GAP_MAX}D", workflow.min_gap.0);
        found.push(Flaw::at("/min_gap", detail));
    }
    condition(&mut found, workflow, "/applies_when", workflow.applies_when.as_deref(), (false, "so the workflow never applies"));
    condition(&mut found, workflow, "/exit_when", workflow.exit_when.as_deref(), (true, "so every case is over at once"));

    if let Some(plan) = &workflow.statement {
        statement(&mut found, plan, context);
    }

    let Some(last) = workflow.steps.last() else {
        found.push(Flaw::at(
            "/steps",
            "there are no steps; a workflow needs one at least, and ends in an escalation, hand-off or task",
        ));
        return found;
    };
    if workflow.steps.len() > STEPS_MAX {
        found.push(Flaw::too_many_steps(workflow.steps.len()));
        return found;
    }
    let mut seen = BTreeMap::new();
    for (position, step) in workflow.steps.iter().enumerate() {
        let pointer = format!("/steps/{position}");
        id(&mut found, &format!("{pointer}/id"), "the step's id", &step.id);
        if let Some(first) = seen.insert(step.id.as_str(), position) {
            let detail = format!("'{}' is the id of step {} already; each step needs its own", step.id, first + 1);
            found.push(Flaw::at(format!("{pointer}/id"), detail));
        }
        at(&mut found, &pointer, position, step);
        step_keys::flaws(&mut found, workflow, position, step);
        let when = format!("{pointer}/when");
        condition(&mut found, workflow, &when, step.when.as_deref(), (false, "so the step never comes; leave it out"));
        action(&mut found, &pointer, &step.action, context);
    }
    found.extend(timing::flaws(workflow, context.settings));
    match last.action {
        Action::Escalate(_) | Action::HandOff(_) | Action::Task(_) => {}
        Action::Send(_) | Action::Notify(_) | Action::CreditHold(_) | Action::ChangeTerms(_) | Action::Fee(_) => {
            let detail = format!(
                "A workflow ends in an escalation, hand-off or task; this last step is a {}. Add a step behind it",
                last.action.kind()
            );
            found.push(Flaw::at(format!("/steps/{}/action", workflow.steps.len() - 1), detail));
        }
    }
    found
}

fn id(found: &mut Vec<Flaw>, pointer: &str, what: &str, id: &str) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if id.is_empty() || id.len() > ID_MAX || !id.chars().all(plain) {
        found
            .push(Flaw::at(pointer, format!("{what} has one to {ID_MAX} characters of a-z, 0-9, '-' and '_', such as 'net-30'")));
    }
}

fn words(found: &mut Vec<Flaw>, pointer: &str, what: &str, text: &str) {
    if text.trim().is_empty() || text.chars().count() > TITLE_MAX || text.chars().any(char::is_control) {
        found.push(Flaw::at(pointer, format!("{what} is one line of one to {TITLE_MAX} characters")));
    }
}

fn at(found: &mut Vec<Flaw>, pointer: &str, position: usize, step: &Step) {
    let negative = step.at.offset.is_negative();
    match step.at.anchor {
        Anchor::PreviousStep if position == 0 => found.push(Flaw::at(
            format!("{pointer}/at/anchor"),
            "the first step has no step before it; anchor it to due_date, invoice_date or case_opened",
        )),
        Anchor::PreviousStep if negative => found.push(Flaw::at(
            format!("{pointer}/at/offset"),
            "a step cannot come before the step that it follows; this one would always have lapsed. Use an offset of P0D or more",
        )),
        Anchor::CaseOpened if negative => found.push(Flaw::at(
            format!("{pointer}/at/offset"),
            "a step cannot come before its case opens; this one would always have lapsed. Use an offset of P0D or more",
        )),
        Anchor::InvoiceDate | Anchor::DueDate | Anchor::PreviousStep | Anchor::CaseOpened | Anchor::PromiseDate => {}
    }
    match step.at.offset {
        Offset::Business { business_days } if business_days.unsigned_abs() > BUSINESS_DAYS_MAX.unsigned_abs() => {
            let detail = format!("an offset has at most {BUSINESS_DAYS_MAX} business days");
            found.push(Flaw::at(format!("{pointer}/at/offset/business_days"), detail));
        }
        Offset::Months { months, .. } if months.unsigned_abs() > MONTHS_MAX.unsigned_abs() => {
            found.push(Flaw::at(format!("{pointer}/at/offset"), format!("an offset has at most {MONTHS_MAX} months")));
        }
        Offset::Days(_) | Offset::Months { .. } | Offset::Business { .. } => {}
    }
}

fn action(found: &mut Vec<Flaw>, step: &str, action: &Action, context: &PublishContext) {
    let pointer = format!("{step}/action/{}", action.kind());
    match action {
        Action::Send(send) => self::send(found, &pointer, send, context),
        Action::Task(task) => self::task(found, &pointer, task),
        Action::Notify(notify) | Action::Escalate(notify) => self::notify(found, &pointer, notify),
        Action::CreditHold(hold) => confirm_within(found, &pointer, hold.confirm_within),
        Action::ChangeTerms(change) => {
            confirm_within(found, &pointer, change.confirm_within);
            if let StricterTerms::Days(days) = change.terms
                && days > TERMS_DAYS_MAX
            {
                let detail = format!("{days} days; terms have 0 to {TERMS_DAYS_MAX} days, or are \"prepayment\"");
                found.push(Flaw::at(format!("{pointer}/terms/days"), detail));
            }
        }
        Action::HandOff(hand_off) => words(found, &format!("{pointer}/agency"), "the agency", &hand_off.agency),
        Action::Fee(fee) => match (fee.kind, fee.amount_minor) {
            (FeeKind::Fixed, None) => {
                found.push(Flaw::at(&pointer, "a fixed fee needs amount_minor, in minor units of the case's currency"));
            }
            (FeeKind::Fixed, Some(amount)) if amount <= 0 => {
                found.push(Flaw::at(
                    format!("{pointer}/amount_minor"),
                    format!("a fee of {amount} charges nothing; it is 1 or more"),
                ));
            }
            (FeeKind::Statutory, Some(_)) => found.push(Flaw::at(
                format!("{pointer}/amount_minor"),
                "the law sets a statutory fee; leave amount_minor out, or use kind 'fixed'",
            )),
            (FeeKind::Fixed, Some(_)) | (FeeKind::Statutory, None) => {}
        },
    }
}

fn send(found: &mut Vec<Flaw>, pointer: &str, send: &Send, context: &PublishContext) {
    id(found, &format!("{pointer}/template"), "the template's id", &send.template);
    if send.channels.is_empty() {
        found.push(Flaw::at(format!("{pointer}/channels"), "a send needs a channel, such as \"email\""));
    }
    if send.to.is_empty() {
        found.push(Flaw::at(format!("{pointer}/to"), "a send needs a role to go to, such as \"billing\""));
    }
    if send.copies > COPIES_MAX {
        found.push(Flaw::at(
            format!("{pointer}/copies"),
            format!("at most {COPIES_MAX} further people get a message of their own"),
        ));
    }
    for position in repeats(&send.channels) {
        let detail = format!("{} is listed twice; the first place counts", send.channels[position].as_str());
        found.push(Flaw::at(format!("{pointer}/channels/{position}"), detail));
    }
    for position in repeats(&send.to) {
        found.push(Flaw::at(format!("{pointer}/to/{position}"), "this role is listed twice; the first place counts"));
    }
    attached(found, pointer, &send.attach);
    let carries = send.channels.iter().any(|channel| channel.facts().has_subject);
    if !send.attach.is_empty() && !send.channels.is_empty() && !carries {
        found.push(Flaw::at(
            format!("{pointer}/attach"),
            "only mails carry files; add the channel \"email\", or leave attach out",
        ));
    }
    texts_exist(found, pointer, (&send.template, &send.channels), context);
    let reachable = send.channels.iter().any(|channel| context.senders.contains(channel));
    if !send.channels.is_empty() && !reachable && send.fallback == super::Fallback::None {
        found.push(Flaw::at(
            format!("{pointer}/fallback"),
            "nothing here can send by these channels, and without a fallback the step ends nowhere; use fallback 'task' or another channel",
        ));
    }
}

fn statement(found: &mut Vec<Flaw>, plan: &StatementPlan, context: &PublishContext) {
    if !plan.is_sound() {
        let detail = "a statement every month is sent on a day of the month, such as 1, and one every week on a day of the week, such as \"monday\"";
        found.push(Flaw::at("/statement/on", detail));
    }
    id(found, "/statement/template", "the template's id", &plan.template);
    if plan.channels.is_empty() {
        found.push(Flaw::at("/statement/channels", "a statement needs a channel, such as \"email\""));
    }
    if plan.to.is_empty() {
        found.push(Flaw::at("/statement/to", "a statement needs a role to go to, such as \"billing\""));
    }
    for position in repeats(&plan.channels) {
        let detail = format!("{} is listed twice; the first place counts", plan.channels[position].as_str());
        found.push(Flaw::at(format!("/statement/channels/{position}"), detail));
    }
    for position in repeats(&plan.to) {
        found.push(Flaw::at(format!("/statement/to/{position}"), "this role is listed twice; the first place counts"));
    }
    attached(found, "/statement", &plan.attach);
    texts_exist(found, "/statement", (&plan.template, &plan.channels), context);
}

/// What mails carry as files: each once.
fn attached(found: &mut Vec<Flaw>, pointer: &str, attach: &[AttachedDocument]) {
    for position in repeats(attach) {
        found.push(Flaw::at(format!("{pointer}/attach/{position}"), "this is listed twice; it is attached once"));
    }
}

/// That a template exists for each channel that this deployment sends by.
fn texts_exist(found: &mut Vec<Flaw>, pointer: &str, (template, channels): (&str, &[Channel]), context: &PublishContext) {
    for (position, channel) in channels.iter().enumerate().filter(|(_, channel)| context.senders.contains(channel)) {
        let languages = context.templates.get(&(template.to_owned(), *channel));
        if languages.is_none_or(Vec::is_empty) {
            let detail = format!("there is no template '{template}' for {}; add it, or drop the channel", channel.as_str());
            found.push(Flaw::at(format!("{pointer}/channels/{position}"), detail));
        }
    }
}

/// Positions of what stood before already.
fn repeats<T: PartialEq>(list: &[T]) -> impl Iterator<Item = usize> {
    (0..list.len()).filter(|position| list[..*position].contains(&list[*position]))
}

fn task(found: &mut Vec<Flaw>, pointer: &str, task: &TaskAction) {
    words(found, &format!("{pointer}/title"), "the title", &task.title);
    if let Some(to) = &task.to {
        words(found, &format!("{pointer}/to"), "whom the task is for", to);
    }
    if task.due_in.is_some_and(|days| days.0 < 0) {
        found.push(Flaw::at(
            format!("{pointer}/due_in"),
            "a task cannot be due before it exists; use P0D or more, or leave it out",
        ));
    }
}

fn confirm_within(found: &mut Vec<Flaw>, pointer: &str, within: Days) {
    if !(1..=CONFIRM_WITHIN_MAX).contains(&within.0) {
        let detail = format!("{} days; whoever carries it out has P1D to P{CONFIRM_WITHIN_MAX}D to say so", within.0);
        found.push(Flaw::at(format!("{pointer}/confirm_within"), detail));
    }
}

fn notify(found: &mut Vec<Flaw>, pointer: &str, notify: &Notify) {
    words(found, &format!("{pointer}/to"), "whom to tell", &notify.to);
    for (position, via) in notify.via.iter().enumerate() {
        if NoticeWay::of_this_release(via).is_none() {
            let detail = format!("'{via}' is no way to tell people; give some of {}", NoticeWay::WORDS.join(", "));
            found.push(Flaw::at(format!("{pointer}/via/{position}"), detail));
        }
    }
    for position in repeats(&notify.via) {
        found.push(Flaw::at(format!("{pointer}/via/{position}"), format!("'{}' is listed twice", notify.via[position])));
    }
}

#[cfg(test)]
mod tests;
