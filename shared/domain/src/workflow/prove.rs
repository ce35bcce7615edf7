//! The prover: what is wrong with a workflow, found from the plan alone. What its texts say is proven where they are rendered
//! (`channels::prove`).

use std::collections::BTreeSet;

use super::{
    Action, Anchor, Approval, CatchUp, Fallback, Finding, PublishContext, Scope, Send, Severity, Step, Workflow, flaws,
    left_to_people, validate::plan,
};
use crate::{Channel, condition::Condition, language::primary};

mod planned_steps;
mod receipts;

pub use planned_steps::days_to_next;
use planned_steps::sends;

/// Everything that the prover finds in a workflow itself: errors first, each in the order of the text.
pub fn prove(workflow: &Workflow, context: &PublishContext<'_>) -> Vec<Finding> {
    let steps: Vec<&str> = workflow.steps.iter().map(|step| step.id.as_str()).collect();
    let refused = flaws(workflow, context);
    let refused_at: BTreeSet<String> = refused.iter().map(|flaw| flaw.pointer.clone()).collect();
    let mut found: Vec<Finding> = refused
        .into_iter()
        .map(|flaw| {
            let rule = rule_of(&flaw.pointer);
            Finding::of_flaw(flaw, Severity::Error, rule, &steps)
        })
        .collect();
    // A place that is refused already says what to do there.
    let own = conditions(workflow).into_iter().chain(passed_over(workflow, context)).chain(no_fallback(workflow, context));
    found.extend(own.filter(|finding| !refused_at.contains(&finding.pointer)));
    found.extend(waits_without_end(workflow));
    found.extend(after_exit(workflow));
    found.extend(gaps(workflow, context));
    found.extend(receipts::waits(workflow, context));
    found.extend(statement_gap(workflow));
    found.extend(languages(workflow, context));
    let left = left_to_people(workflow, &context.senders);
    found.extend(left.into_iter().map(|flaw| Finding::of_flaw(flaw, Severity::Warning, "left_to_people", &steps)));
    found.sort_by_key(|finding| finding.severity);
    found
}

/// What a migration map makes of running cases that nobody may expect: steps that are new and stand before steps that were there.
pub fn prove_migration(from: &Workflow, to: &Workflow, carried: &[(String, String)]) -> Vec<Finding> {
    let known = |id: &str| from.steps.iter().any(|step| step.id == id) || carried.iter().any(|(_, heir)| heir == id);
    let last_known = to.steps.iter().rposition(|step| known(&step.id)).unwrap_or(0);
    let new = to.steps.iter().enumerate().filter(|(at, step)| *at < last_known && !known(&step.id));
    new.map(|(at, step)| {
        let detail = format!(
            "step '{}' is new and stands before steps that running cases may have behind them: they get it next. Let it stand behind \
             them, map an old step to it, give it a 'when', or publish without a migration map",
            step.id
        );
        Finding::at_step(Severity::Warning, "migration", &step.id, format!("/steps/{at}"), detail)
    })
    .collect()
}

/// The rule that finds flaws at such a place.
fn rule_of(pointer: &str) -> &'static str {
    let rest = pointer.strip_prefix("/steps/").and_then(|rest| rest.split_once('/'));
    match rest.map_or(pointer, |(_, rest)| rest) {
        "when" | "/applies_when" | "/exit_when" | "wait/until" => "never",
        "at/offset" | "repeat" => "order",
        "action/send/fallback" => "fallback",
        "wait/at_most" | "repeat/times" | "repeat/every" | "approve_within" | "then" => "unbounded",
        place if place.starts_with("action/send/channels/") || place.starts_with("/statement/channels/") => "text",
        // A step as a whole is only refused for what it adds to the days before.
        _ if rest.is_none() && pointer.starts_with("/steps/") => "caps",
        _ => "form",
    }
}

/// Conditions that never hold, or always do.
fn conditions(workflow: &Workflow) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut ask =
        |step: Option<usize>, pointer: String, source: Option<&str>, never: (Severity, &str), always: (Severity, &str)| {
            let Some(condition) = source.and_then(|source| Condition::check(source).ok()) else { return };
            // Of steps that stand behind this one, and of this one, nothing is satisfied yet when it is asked.
            let of_step = |fact: &str, named: &str| {
                let at = step.filter(|_| fact == "history.satisfied")?;
                let own = workflow.steps.get(at)?;
                let behind = workflow.steps.iter().position(|step| step.id == named)? >= at;
                let comes_once = own.repeat.is_none() && own.at.anchor != Anchor::PromiseDate;
                (behind && comes_once).then_some(false)
            };
            let (rule, (severity, so)) = match condition.settled(of_step) {
                Some(false) => ("never", never),
                Some(true) => ("always", always),
                None => return,
            };
            let detail = format!("the condition {rule} holds, whatever the facts are, so {so}");
            let step = step.and_then(|at| workflow.steps.get(at)).map(|step| step.id.clone());
            found.push(Finding { severity, rule, step, pointer, detail });
        };
    let applies = (Severity::Error, "the workflow never applies; ask for what your customers or invoices can be");
    let useless = (Severity::Warning, "it says nothing; leave it out");
    ask(None, "/applies_when".to_owned(), workflow.applies_when.as_deref(), applies, useless);
    let exits = (Severity::Error, "every case is over at once; ask for what ends a case");
    ask(None, "/exit_when".to_owned(), workflow.exit_when.as_deref(), useless, exits);
    for (at, step) in workflow.steps.iter().enumerate() {
        let never = (Severity::Error, "the step never comes; leave the step out, or ask for what can be when it is due");
        ask(Some(at), format!("/steps/{at}/when"), step.when.as_deref(), never, useless);
        let until = step.wait.as_ref().map(|wait| wait.until.as_str());
        let waits = (Severity::Error, "the step only waits out at_most; leave the wait out and give the step a later moment");
        ask(Some(at), format!("/steps/{at}/wait/until"), until, waits, (Severity::Warning, "the step never waits; leave it out"));
    }
    found
}

/// Steps that a later one always takes the place of.
fn passed_over(workflow: &Workflow, context: &PublishContext<'_>) -> Vec<Finding> {
    let planned = plan(&workflow.steps, context.settings);
    let mut found = Vec::new();
    for (at, (step, own)) in workflow.steps.iter().zip(&planned).enumerate() {
        if step.catch_up != CatchUp::Highest {
            continue;
        }
        let behind = workflow.steps.iter().zip(&planned).skip(at + 1).take_while(|(later, _)| later.wait.is_none());
        let instead = behind
            .filter(|(later, days)| later.at.anchor != Anchor::PreviousStep && days.base == own.base)
            .find(|(_, days)| days.latest <= own.earliest);
        if let Some((later, _)) = instead {
            let detail = format!(
                "the step never comes: with catch_up 'highest' a later step that is due as well goes instead, and '{}' is due whenever \
                 this one is. Give it an earlier moment, or catch_up 'lowest'",
                later.id
            );
            found.push(Finding::at_step(Severity::Error, "never", &step.id, format!("/steps/{at}/catch_up"), detail));
        }
    }
    found
}

/// Steps that nobody gets where nobody agreed to their channels, and that nobody is told of.
fn no_fallback(workflow: &Workflow, context: &PublishContext<'_>) -> Vec<Finding> {
    let ends_nowhere = |send: &Send| {
        let usable: Vec<&Channel> = send.channels.iter().filter(|channel| context.senders.contains(channel)).collect();
        send.fallback == Fallback::None && !usable.is_empty() && usable.iter().all(|channel| channel.needs_consent())
    };
    sends(workflow)
        .filter(|(.., send)| ends_nowhere(send))
        .map(|(at, step, send)| {
            let channels: Vec<&str> = send.channels.iter().map(Channel::as_str).collect();
            let detail = format!(
                "nobody is written to by {} who has not agreed to it, and without a fallback the step then ends nowhere. Add a channel \
                 that needs no consent, such as email, or use fallback 'task'",
                channels.join(" or ")
            );
            Finding::at_step(Severity::Error, "fallback", &step.id, format!("/steps/{at}/action/send/fallback"), detail)
        })
        .collect()
}

/// Steps that wait for a person without end while others stand behind them.
fn waits_without_end(workflow: &Workflow) -> Vec<Finding> {
    let count = workflow.steps.len();
    let waits = |step: &Step| step.approval == Some(Approval::Required) && step.approve_within.is_none();
    let all = workflow.steps.iter().enumerate().filter(|(at, step)| waits(step) && at + 1 < count);
    all.map(|(at, step)| {
        let detail = "the step waits for an approval without end, and the steps behind it with it. Say in approve_within how long, and \
                      in 'then' what becomes of it, or let it stand last";
        Finding::at_step(Severity::Warning, "unbounded", &step.id, format!("/steps/{at}/approval"), detail.to_owned())
    })
    .collect()
}

/// What can come although the case is over: `exit_when` that speaks of one invoice while each is chased by itself, and messages behind
/// the step that gave the matter away.
fn after_exit(workflow: &Workflow) -> Vec<Finding> {
    let mut found = Vec::new();
    let exit = workflow.exit_when.as_deref().and_then(|source| Condition::check(source).ok());
    if workflow.scope == Scope::Invoice && exit.is_some_and(|exit| exit.names_any(|fact| fact.starts_with("invoice."))) {
        let detail = "exit_when is asked of the case's oldest due item alone, and with scope 'invoice' the steps of the others come \
                      although it holds for them. Ask about the customer or the exposure, or ask it in each step's 'when'";
        found.push(Finding {
            severity: Severity::Warning,
            rule: "after_exit",
            step: None,
            pointer: "/exit_when".to_owned(),
            detail: detail.to_owned(),
        });
    }
    let given_away = workflow.steps.iter().position(|step| matches!(step.action, Action::HandOff(_)));
    let given_away = given_away.and_then(|at| Some((at, workflow.steps.get(at)?)));
    if let Some((of, hand_off)) = given_away {
        found.extend(sends(workflow).filter(|(at, ..)| *at > of).map(|(at, step, _)| {
            let detail = format!(
                "it writes to the customer after step '{}' gave the matter to an agency. Put it before that step, or leave it out",
                hand_off.id
            );
            Finding::at_step(Severity::Warning, "after_exit", &step.id, format!("/steps/{at}/action"), detail)
        }));
    }
    found
}

/// Messages that the plan puts nearer to one another than `min_gap`, so that one comes later than it says.
fn gaps(workflow: &Workflow, context: &PublishContext<'_>) -> Vec<Finding> {
    let planned = plan(&workflow.steps, context.settings);
    let gap = i64::from(workflow.min_gap.0);
    let all: Vec<_> = sends(workflow).filter_map(|(at, step, _)| Some((at, step, planned.get(at)?))).collect();
    let pairs = all.iter().zip(all.iter().skip(1));
    let too_near = pairs.filter_map(|((_, before, first), (at, step, second))| {
        let days = second.latest - (first.earliest + first.length);
        let near = first.base == second.base && days >= 0 && days < gap;
        near.then(|| {
            let detail = format!(
                "the plan has it {days} days after step '{}', and min_gap is {gap} days: it comes {} days later than planned. Plan it \
                 later, or lower min_gap",
                before.id,
                gap - days
            );
            Finding::at_step(Severity::Warning, "gap", &step.id, format!("/steps/{at}/at/offset"), detail)
        })
    });
    let repeated = sends(workflow).filter_map(|(at, step, _)| {
        let every = i64::from(step.repeat?.every.0);
        let detail =
            format!("it is to come again after {every} days, and min_gap is {gap} days. Repeat it less often, or lower min_gap");
        let finding = || Finding::at_step(Severity::Warning, "gap", &step.id, format!("/steps/{at}/repeat/every"), detail);
        (every < gap).then(finding)
    });
    too_near.chain(repeated).collect()
}

/// Statements that come so often that `min_gap` leaves the steps no day between two of them.
fn statement_gap(workflow: &Workflow) -> Option<Finding> {
    let plan = workflow.statement.as_ref()?;
    let gap = i64::from(workflow.min_gap.0);
    let is_tight = 2 * gap > plan.days_least();
    is_tight.then(|| {
        let detail = format!(
            "a statement comes every {} days, and min_gap is {gap} days: between two statements no step has its gap to both, so that \
             statements are left out or steps come later. Send statements less often, or lower min_gap",
            plan.days_least()
        );
        Finding { severity: Severity::Warning, rule: "gap", step: None, pointer: "/statement/every".to_owned(), detail }
    })
}

/// A text that a step or a statement sends.
struct TextInUse<'w> {
    /// Where the workflow names it.
    pointer: String,
    /// The step's id; `None` for a statement.
    step: Option<&'w str>,
    template: &'w str,
    channel: Channel,
    languages: BTreeSet<String>,
}

/// Languages that some texts of the workflow have, or that the tenant's customers read, and others do not have.
fn languages(workflow: &Workflow, context: &PublishContext<'_>) -> Vec<Finding> {
    let texts = |template: &str, channel: Channel| {
        let known = context.templates.get(&(template.to_owned(), channel));
        let languages: BTreeSet<String> = known.into_iter().flatten().map(|language| primary(language)).collect();
        Some(languages).filter(|languages| !languages.is_empty())
    };
    let of_steps = sends(workflow).map(|(at, step, send)| {
        (format!("/steps/{at}/action/send"), Some(step.id.as_str()), send.template.as_str(), send.channels.as_slice())
    });
    let of_statement = workflow.statement.as_ref();
    let of_statement = of_statement.map(|plan| ("/statement".to_owned(), None, plan.template.as_str(), plan.channels.as_slice()));
    let mut of_text: Vec<TextInUse<'_>> = Vec::new();
    for (pointer, step, template, channels) in of_steps.chain(of_statement) {
        for (place, channel) in channels.iter().enumerate().filter(|(_, channel)| context.senders.contains(channel)) {
            let pointer = || format!("{pointer}/channels/{place}");
            let (channel, found) = (*channel, texts(template, *channel));
            of_text.extend(found.map(|languages| TextInUse { pointer: pointer(), step, template, channel, languages }));
        }
    }
    let mut wanted: BTreeSet<String> = of_text.iter().flat_map(|text| text.languages.clone()).collect();
    wanted.extend(context.settings.language.as_deref().map(primary));
    let mut told: BTreeSet<(&str, Channel)> = BTreeSet::new();
    let mut found = Vec::new();
    for TextInUse { pointer, step, template, channel, languages } in of_text {
        let missing: Vec<&str> = wanted.difference(&languages).map(String::as_str).collect();
        if missing.is_empty() || !told.insert((template, channel)) {
            continue;
        }
        let detail = format!(
            "template '{template}' has no text for {} in {}: people who read that get another language. PUT \
             /v1/templates/{template}/{{language}}/{} adds one",
            channel.as_str(),
            missing.join(", "),
            channel.as_str()
        );
        found.push(Finding { severity: Severity::Warning, rule: "language", step: step.map(str::to_owned), pointer, detail });
    }
    found
}

#[cfg(test)]
mod tests;
