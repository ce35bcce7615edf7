//! One task, with everything to decide on it.

use std::collections::BTreeMap;

use domain::{DisputeReason, ReplyStatus, SuggestedKind, TaskKind};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::{Done, Operation, tasks::show as look_at};
use store::{KeptReply, Task};

use crate::{
    outcome::{ConsolePage, PageResult},
    posted::FormFlaws,
    sections::Section,
    typed_amount::minor_typed,
    visit::ConsoleVisit,
    work_asked::{ListedChoice, label_of, people_choices},
    work_rows::work_whole,
};

/// How a suggestion may be accepted otherwise: the fields of its form.
#[derive(Clone, Debug, Serialize)]
struct AcceptedOtherwise {
    has_day: bool,
    day_label: &'static str,
    on: String,
    amount: String,
    currency: String,
    reasons: Vec<ListedChoice>,
    reason: String,
}

/// `GET /console/tasks/{id}`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    Ok(page(visit, visit.path_value("id"), FormFlaws::default(), BTreeMap::new()).await?.into())
}

/// The same again with what was typed into a form of it and is wrong.
pub(crate) async fn again(visit: &ConsoleVisit, id: &str, flaws: Vec<(String, String)>) -> PageResult {
    let page = page(visit, id, FormFlaws::of(flaws), visit.posted().typed()).await?;
    Ok(page.with_status(422).into())
}

async fn page(visit: &ConsoleVisit, id: &str, flaws: FormFlaws, typed: BTreeMap<&str, &str>) -> Done<ConsolePage> {
    let of = look_at(visit.store(), &visit.actor, id).await?;
    let can = Can::of(visit, &of.0);
    let currency = of.0.task.currency.or_else(|| of.1.iter().flat_map(|brief| brief.owed.keys()).next().copied());
    let (task, reply) = work_whole(visit, of, Section::Tasks.path()).await?;
    let accepts = reply.as_ref().filter(|_| can.accepts).and_then(|reply| otherwise(reply, currency));
    let nobody = [ListedChoice::new("", "Nobody")];
    let people: Vec<ListedChoice> = nobody.into_iter().chain(people_choices(visit).await?).collect();
    let title = task.title.clone();
    let values = context! {
        task => Value::from(Serde(&task)),
        accepts => Value::from(Serde(&accepts)),
        people => Value::from(Serde(&people)),
        results => Value::from(Serde(&can.results)),
        flaws => Value::from(Serde(&flaws)),
        typed => Value::from(Serde(&typed)),
        may_end => !can.results.is_empty(),
        may_assign => can.assigns,
        may_raise => can.raises,
        may_reopen => can.reopens,
    };
    Ok(ConsolePage::new(Section::Tasks, title, "task", values))
}

/// What whoever looks may do with a task as it stands.
struct Can {
    /// How they may say that it ended.
    results: Vec<ListedChoice>,
    accepts: bool,
    assigns: bool,
    raises: bool,
    reopens: bool,
}

impl Can {
    fn of(visit: &ConsoleVisit, task: &Task) -> Self {
        let is_open = task.done_at.is_none() && task.withdrawn.is_none();
        let choices = |words: [(&str, &str); 2]| words.map(|(word, label)| ListedChoice::new(word, label)).to_vec();
        let results = match task.task.kind {
            // It is carried out by the API.
            TaskKind::Proposal => Vec::new(),
            TaskKind::Approval => choices([("approve", "Approved"), ("refuse", "Refused")]),
            _ => choices([("done", "It was done"), ("failed", "It could not be done")]),
        };
        let is_ended = task.done_at.is_some() && task.withdrawn.is_none();
        Self {
            results: if is_open && visit.may(Operation::FinishTask) { results } else { Vec::new() },
            accepts: is_open && visit.may(Operation::AcceptReply),
            assigns: is_open && visit.may(Operation::AssignTask),
            raises: visit.may(Operation::RaiseTask),
            reopens: is_ended && task.task.kind == TaskKind::Task && task.task.step.is_none() && visit.may(Operation::ReopenTask),
        }
    }
}

/// The form by which what is suggested is accepted otherwise, while it may be.
fn otherwise(reply: &KeptReply, currency: Option<domain::Currency>) -> Option<AcceptedOtherwise> {
    let suggestion = reply.suggestion.as_ref().filter(|_| reply.status == ReplyStatus::Open)?;
    let (has_day, day_label) = match suggestion.kind {
        SuggestedKind::Promise => (true, "Pays on"),
        SuggestedKind::Money => (true, "Sent on"),
        SuggestedKind::Dispute => (false, ""),
        SuggestedKind::Later(_) => return None,
    };
    let reasons = if has_day {
        Vec::new()
    } else {
        DisputeReason::WORDS.iter().map(|word| ListedChoice::new(*word, label_of(word))).collect()
    };
    let balance = suggestion.balance.as_ref().map(|balance| balance.currency);
    let currency = suggestion.amount.map(|amount| amount.currency()).or(balance).or(currency);
    Some(AcceptedOtherwise {
        has_day,
        day_label,
        on: suggestion.on.map(|on| on.to_string()).unwrap_or_default(),
        amount: suggestion.amount.map(|amount| minor_typed(amount.minor(), amount.currency())).unwrap_or_default(),
        currency: currency.map(|currency| currency.code().to_owned()).unwrap_or_default(),
        reasons,
        reason: suggestion.reason.clone().unwrap_or_default(),
    })
}
