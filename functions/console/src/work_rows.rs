//! Work as pages show it: why it is there, what says so, and the answers that it likely gets, as forms of one button each.

use std::collections::BTreeMap;

use domain::{
    AgreementId, Currency, CustomerId, LinkId, ReplyRead, ReplyStatus, ReplySuggestion, SuggestedKind, TaskKind, TaskResult,
};
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;
use service::{
    Done, NotDone, Operation,
    lists::{
        PageAsked,
        agreements::{self, AgreementsAsked},
    },
    notes, replies,
    tasks::TaskOf,
};
use store::{AgreementLine, CustomerBrief, KeptReply, Task, TaskStake};

use crate::{formats::Formats, visit::ConsoleVisit, work_asked::label_of};

/// Characters of an answer that a row shows; the page of the task shows all.
const WORDS_SHOWN: usize = 360;
/// Broken promises that are looked through.
const PROMISES: u32 = 100;
/// Notes about a dispute that are looked through for the first.
const NOTES: u32 = 20;

/// A task as a row shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WorkOnPage {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) customer: Option<WorkCustomer>,
    /// What is at stake, an amount each currency.
    pub(crate) stake: Vec<String>,
    /// What of the customer's debt is past due, an amount each currency.
    pub(crate) overdue: Vec<String>,
    pub(crate) after_broken_promise: bool,
    /// The promise that was broken, where it is among the latest.
    pub(crate) promise: Option<String>,
    pub(crate) age: String,
    pub(crate) raised_at: String,
    pub(crate) due_on: Option<String>,
    pub(crate) is_late: bool,
    pub(crate) to: Option<String>,
    pub(crate) is_mine: bool,
    pub(crate) step: Option<String>,
    pub(crate) concerns: Option<u64>,
    pub(crate) message: Option<String>,
    pub(crate) reply: Option<WorkReply>,
    /// What was said of the dispute that it is about.
    pub(crate) said: Option<WorkSaid>,
    pub(crate) proposal: Option<WorkProposal>,
    pub(crate) answers: Vec<LikelyAnswer>,
    /// How it ended; absent while it is open.
    pub(crate) over: Option<String>,
}

/// Whose matter it is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WorkCustomer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) external_id: String,
}

/// What a customer answered, as evidence. All of its texts are from outside.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WorkReply {
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) channel: String,
    pub(crate) received: String,
    pub(crate) subject: Option<String>,
    pub(crate) text: String,
    pub(crate) is_cut: bool,
    pub(crate) class: String,
    pub(crate) certainty: String,
    /// The model that chose the class, where one did.
    pub(crate) chosen_by: Option<String>,
    /// Days, amounts and numbers that it names.
    pub(crate) names: Vec<String>,
    pub(crate) message: Option<String>,
    /// Whether somebody is still asked to decide on it.
    pub(crate) is_open: bool,
    /// What is suggested, in words.
    pub(crate) suggested: Option<String>,
}

/// The words that a dispute was made with, as evidence.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WorkSaid {
    pub(crate) at: String,
    /// Who of the tenant wrote them; absent where they are the customer's, from outside.
    pub(crate) by: Option<String>,
    pub(crate) text: String,
}

/// What somebody proposes to be carried out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WorkProposal {
    pub(crate) operation: String,
    pub(crate) arguments: String,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) expires: String,
}

/// An answer that a task likely gets: a form of one button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LikelyAnswer {
    /// Where it is posted.
    pub(crate) to: String,
    pub(crate) label: String,
    /// The key that presses it in the row that is looked at.
    pub(crate) letter: &'static str,
    /// How the button looks: empty for the first, `plain` for others.
    pub(crate) looks: &'static str,
    /// Its hidden fields.
    pub(crate) values: BTreeMap<&'static str, String>,
}

/// Whose answer, and the answer.
type FoundReply = (Option<CustomerId>, KeptReply);

/// Tasks as rows. `back` is the page that their forms lead back to.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn work_rows(visit: &ConsoleVisit, tasks: Vec<TaskOf>, back: &str) -> Done<Vec<WorkOnPage>> {
    let mut each = Vec::with_capacity(tasks.len());
    for task in tasks {
        each.push(work_row(visit, task, back));
    }
    let mut rows = try_join_all(each).await?;
    with_promises(visit, &mut rows).await?;
    Ok(rows)
}

async fn work_row(visit: &ConsoleVisit, (task, brief): TaskOf, back: &str) -> Done<WorkOnPage> {
    let (reply, said) = (reply_of(visit, &task).await?, said_of(visit, &task).await?);
    Ok(WorkOnPage { said, ..on_page(visit, task, brief, reply.as_ref(), back, WORDS_SHOWN) })
}

/// Says at rows after a broken promise what was promised.
async fn with_promises(visit: &ConsoleVisit, rows: &mut [WorkOnPage]) -> Done<()> {
    if !rows.iter().any(|row| row.after_broken_promise) || !visit.may(Operation::ListAgreements) {
        return Ok(());
    }
    let mut promises: BTreeMap<String, (Timestamp, String)> = BTreeMap::new();
    for status in ["broken", "partly_kept"] {
        let (sort, kind, status) = (Some("-pays_on".to_owned()), Some("promise".to_owned()), Some(status.to_owned()));
        let page = PageAsked { limit: Some(PROMISES), cursor: None };
        let found = agreements::list(visit.reading(), &visit.actor, &AgreementsAsked { sort, kind, status }, &page).await?;
        for (line, _) in found.rows {
            let known = promises.get(line.customer.as_str()).map(|(made_at, _)| *made_at);
            if known.is_none_or(|made_at| made_at < line.made_at) {
                promises.insert(line.customer.to_string(), (line.made_at, promised(&line, &visit.formats)));
            }
        }
    }
    for row in rows.iter_mut().filter(|row| row.after_broken_promise) {
        let known = row.customer.as_ref().and_then(|customer| promises.get(&customer.id));
        row.promise = known.map(|(_, words)| words.clone());
    }
    Ok(())
}

/// A promise in words.
fn promised(line: &AgreementLine, formats: &Formats) -> String {
    let amount = line.stood.map(|(currency, stood)| formats.amount(line.amount_minor.unwrap_or(stood), currency));
    let on = line.pays_on.map(|on| format!(" by {}", formats.date(on))).unwrap_or_default();
    let status = line.status.replace('_', " ");
    format!("{} was promised{on}, and the promise is {status}", amount.unwrap_or_else(|| "Payment".to_owned()))
}

/// One task with all that there is to see of it, and the answer that it is about.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn work_whole(visit: &ConsoleVisit, (task, brief): TaskOf, back: &str) -> Done<(WorkOnPage, Option<KeptReply>)> {
    let (reply, said) = (reply_of(visit, &task).await?, said_of(visit, &task).await?);
    let mut shown = [WorkOnPage { said, ..on_page(visit, task, brief, reply.as_ref(), back, usize::MAX) }];
    with_promises(visit, &mut shown).await?;
    let [shown] = shown;
    Ok((shown, reply.map(|(_, reply)| reply)))
}

/// The answer that a task is about, where it is about one that is still there.
async fn reply_of(visit: &ConsoleVisit, task: &Task) -> Done<Option<FoundReply>> {
    let is_about_one = matches!(task.task.kind, TaskKind::CustomerAsked | TaskKind::AnswerUnmatched);
    let id = task.task.key.as_str();
    if !is_about_one || !id.starts_with(domain::ReplyId::PREFIX) || !visit.may(Operation::ShowReply) {
        return Ok(None);
    }
    match replies::show(visit.store(), &visit.actor, id).await {
        Ok(found) => Ok(Some(found)),
        // One that nobody is shown, or that was erased.
        Err(NotDone::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The first words about the dispute that a task asks to decide.
async fn said_of(visit: &ConsoleVisit, task: &Task) -> Done<Option<WorkSaid>> {
    let Some(customer) = task.customer.as_ref().filter(|_| is_about_dispute(task)) else { return Ok(None) };
    if !visit.may(Operation::ListNotes) {
        return Ok(None);
    }
    let about = Some(task.task.key.as_str());
    match notes::list(visit.store(), &visit.actor, customer.as_str(), about, Some(NOTES), None).await {
        Ok(mut page) => Ok(page.notes.pop().map(|note| WorkSaid {
            at: visit.formats.moment(note.at),
            by: LinkId::parse(&note.by).is_none().then_some(note.by),
            text: note.text,
        })),
        // A customer that is no longer there has no notes.
        Err(NotDone::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Whether a task asks to decide a dispute: its key is the agreement.
fn is_about_dispute(task: &Task) -> bool {
    task.task.kind == TaskKind::Dispute && AgreementId::parse(&task.task.key).is_some()
}

fn on_page(
    visit: &ConsoleVisit,
    task: Task,
    brief: Option<CustomerBrief>,
    found: Option<&FoundReply>,
    back: &str,
    most: usize,
) -> WorkOnPage {
    let formats = &visit.formats;
    let answers = answers(visit, &task, found, back);
    let stake = task.stake.clone().unwrap_or_else(|| of_brief(brief.as_ref()));
    let overdue = brief.iter().flat_map(|brief| &brief.owed).map(|(currency, owed)| (*currency, owed.overdue_minor));
    let due_on = task.task.due_on;
    let message = task.task.message().map(|message| message.to_string());
    WorkOnPage {
        over: how_over(&task),
        id: task.id.as_str().to_owned(),
        kind: label_of(task.task.kind.as_str()),
        title: task.task.title,
        detail: task.task.detail,
        stake: amounts_of(stake.due_now, formats),
        overdue: amounts_of(overdue, formats),
        after_broken_promise: stake.after_broken_promise,
        promise: None,
        customer: task.customer.map(|customer| in_brief(&customer, brief)),
        age: formats.from_now(task.raised_at),
        raised_at: formats.moment(task.raised_at),
        due_on: due_on.map(|on| formats.date(on)),
        is_late: due_on.is_some_and(|on| on < formats.today()),
        is_mine: task.task.to.as_deref().is_some_and(|to| to == visit.actor.by()),
        to: task.task.to,
        step: task.task.step,
        concerns: task.concerns,
        message,
        said: None,
        reply: found.map(|(_, reply)| reply_on_page(reply, formats, most)),
        proposal: task.proposal.map(|proposal| WorkProposal {
            operation: proposal.operation,
            arguments: serde_json::to_string_pretty(&proposal.arguments).unwrap_or_default(),
            by: proposal.by,
            reason: proposal.reason,
            expires: formats.moment(proposal.expires_at),
        }),
        answers,
    }
}

/// What is at stake where no list has looked yet: what the customer owes now.
fn of_brief(brief: Option<&CustomerBrief>) -> TaskStake {
    let owed = brief.into_iter().flat_map(|brief| &brief.owed);
    let due_now = owed.filter(|(_, owed)| owed.due_now_minor > 0).map(|(currency, owed)| (*currency, owed.due_now_minor));
    TaskStake { due_now: due_now.collect(), after_broken_promise: false }
}

fn in_brief(customer: &CustomerId, brief: Option<CustomerBrief>) -> WorkCustomer {
    let (name, external_id) = brief.map(|brief| (brief.name, brief.external_id)).unwrap_or_default();
    let name = if name.is_empty() { customer.to_string() } else { name };
    WorkCustomer { id: customer.to_string(), name, external_id }
}

/// An amount each currency in which there is one: currencies are never added.
pub(crate) fn amounts_of(minor: impl IntoIterator<Item = (Currency, i64)>, formats: &Formats) -> Vec<String> {
    minor.into_iter().filter(|(_, minor)| *minor != 0).map(|(currency, minor)| formats.amount(minor, currency)).collect()
}

fn how_over(task: &Task) -> Option<String> {
    if let Some((_, why)) = &task.withdrawn {
        return Some(format!("Taken back: {why}"));
    }
    task.done_at?;
    let how = task.ending.as_ref().map_or("over", |ending| match ending.result {
        TaskResult::Done => "done",
        TaskResult::Failed => "it could not be done",
        TaskResult::Approve => "approved",
        TaskResult::Refuse => "refused",
        TaskResult::Later(_) => "over",
    });
    let by = task.ending.as_ref().and_then(|ending| ending.by.as_deref()).map(|by| format!(" by {by}")).unwrap_or_default();
    Some(format!("{}{by}", label_of(how)))
}

fn reply_on_page(reply: &KeptReply, formats: &Formats, most: usize) -> WorkReply {
    let text: String = reply.text.trim().chars().take(most).collect();
    WorkReply {
        id: reply.id.to_string(),
        from: reply.from.clone(),
        channel: reply.channel.as_str().to_owned(),
        received: formats.moment(reply.received_at),
        subject: reply.subject.clone(),
        is_cut: text.len() < reply.text.trim().len(),
        text,
        class: label_of(reply.read.class.as_str()),
        certainty: reply.read.certainty.as_str().to_owned(),
        chosen_by: reply.read.chosen_by.as_ref().map(|chosen| chosen.model.clone()),
        names: named(&reply.read, formats),
        message: reply.message.as_ref().map(ToString::to_string),
        is_open: reply.status == ReplyStatus::Open,
        suggested: reply.suggestion.as_ref().and_then(|suggestion| suggested(suggestion, formats)),
    }
}

/// What an answer names. Each of it is a hint.
fn named(read: &ReplyRead, formats: &Formats) -> Vec<String> {
    let days = [("pays on", read.promised_on), ("was paid on", read.paid_on), ("back on", read.back_on)];
    let days = days.into_iter().filter_map(|(what, on)| Some(format!("{what} {}", formats.date(on?))));
    let amounts = read.amounts.iter().map(|amount| formats.money(*amount));
    let invoices = read.invoice_numbers.iter().map(|number| format!("invoice {number}"));
    let order = read.order_number.iter().map(|number| format!("order {number}"));
    days.chain(amounts).chain(invoices).chain(order).collect()
}

/// What is suggested, in words; nothing of a kind that this release does not know.
fn suggested(suggestion: &ReplySuggestion, formats: &Formats) -> Option<String> {
    let amount = suggestion.amount.map_or_else(|| "all of it".to_owned(), |amount| formats.money(amount));
    let on = suggestion.on.map(|on| format!(" on {}", formats.date(on))).unwrap_or_default();
    match suggestion.kind {
        SuggestedKind::Promise => Some(format!("a promise to pay {amount}{on}")),
        SuggestedKind::Money => Some(format!("{amount} on its way, sent{on}")),
        SuggestedKind::Dispute => {
            let why = suggestion.reason.as_deref().map(|why| format!(": {}", why.replace('_', " "))).unwrap_or_default();
            Some(format!("a dispute of {amount}{why}"))
        }
        SuggestedKind::Later(_) => None,
    }
}

/// Whether a suggestion says all that its agreement needs: then one press accepts it.
fn is_complete(suggestion: &ReplySuggestion) -> bool {
    match suggestion.kind {
        SuggestedKind::Promise | SuggestedKind::Money => suggestion.on.is_some(),
        SuggestedKind::Dispute => suggestion.reason.is_some(),
        SuggestedKind::Later(_) => false,
    }
}

/// The answers that an open task likely gets, as far as whoever looks may give them.
fn answers(visit: &ConsoleVisit, task: &Task, found: Option<&FoundReply>, back: &str) -> Vec<LikelyAnswer> {
    if task.done_at.is_some() || task.withdrawn.is_some() {
        return Vec::new();
    }
    let kind = task.task.kind;
    let button = |operation: Operation, to: String, (label, letter): (&str, &'static str), values: &[(&'static str, &str)]| {
        let own = values.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let values = own.chain([("back", back.to_owned())]).collect();
        visit.may(operation).then(|| LikelyAnswer { to, label: label.to_owned(), letter, looks: "plain", values })
    };
    let ends = format!("/console/tasks/{}/done", task.id);
    let mut answers: Vec<LikelyAnswer> = match (found, kind, task.task.message(), &task.customer) {
        // A proposal is carried out by the API, once and under a mark of its own.
        (_, TaskKind::Proposal, ..) => Vec::new(),
        (Some((Some(_), reply)), ..) if reply.status == ReplyStatus::Open => {
            let (accept, dismiss) =
                (format!("/console/replies/{}/accept", reply.id), format!("/console/replies/{}/dismiss", reply.id));
            let is_ready = reply.suggestion.as_ref().is_some_and(is_complete);
            let accepts = is_ready.then(|| button(Operation::AcceptReply, accept, ("Accept", "a"), &[]));
            let label = if reply.suggestion.is_some() { "Dismiss" } else { "Nothing to do" };
            accepts.flatten().into_iter().chain(button(Operation::DismissReply, dismiss, (label, "d"), &[])).collect()
        }
        (_, TaskKind::InDoubt, Some(message), Some(customer)) => {
            let to = format!("/console/messages/{message}/result");
            let words = [("sent", "It was sent", "s"), ("try_again", "Send again", "t"), ("drop", "Leave it unsent", "n")];
            let each = words.into_iter().filter_map(|(word, label, letter)| {
                let values = [("result", word), ("customer", customer.as_str())];
                button(Operation::SetMessageResult, to.clone(), (label, letter), &values)
            });
            each.collect()
        }
        (_, TaskKind::Dispute, ..) if is_about_dispute(task) => {
            let words = [("uphold", "Uphold", "u"), ("reject", "Reject", "r")];
            let each = words.into_iter().filter_map(|(word, label, letter)| {
                let to = format!("/console/agreements/{}/{word}", task.task.key);
                button(Operation::ActOnAgreement, to, (label, letter), &[("task", task.id.as_str())])
            });
            // Somebody may have decided it elsewhere.
            each.chain(button(Operation::FinishTask, ends, ("Done", "d"), &[("result", "done")])).collect()
        }
        (_, TaskKind::Approval, ..) => {
            let words = [("approve", "Approve", "a"), ("refuse", "Refuse", "r")];
            let each = words.into_iter().filter_map(|(word, label, letter)| {
                button(Operation::FinishTask, ends.clone(), (label, letter), &[("result", word)])
            });
            each.collect()
        }
        _ => button(Operation::FinishTask, ends, ("Done", "d"), &[("result", "done")]).into_iter().collect(),
    };
    if let Some(first) = answers.first_mut() {
        first.looks = "";
    }
    let me = visit.actor.by();
    let is_mine = task.task.to.as_deref() == Some(me);
    if !me.is_empty() && !is_mine {
        let assign = format!("/console/tasks/{}/assign", task.id);
        answers.extend(button(Operation::AssignTask, assign, ("Take it", "m"), &[("to", me)]));
    }
    answers
}

#[cfg(test)]
mod tests {
    use domain::Money;

    use super::*;

    fn suggestion(kind: SuggestedKind) -> ReplySuggestion {
        ReplySuggestion { kind, invoices: vec![], balance: None, amount: None, on: None, reason: None }
    }

    #[test]
    fn one_press_accepts_what_says_all_that_is_needed() {
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        let on = Some("2026-02-16".parse().unwrap());
        let amount = Some(Money::from_minor(125_000, Currency::EUR));
        let quality = Some("quality".to_owned());
        for (given, ready, words) in [
            (suggestion(SuggestedKind::Promise), false, "a promise to pay all of it".to_owned()),
            (
                ReplySuggestion { on, amount, ..suggestion(SuggestedKind::Promise) },
                true,
                format!("a promise to pay {} on 2026-02-16", formats.amount(125_000, Currency::EUR)),
            ),
            (
                ReplySuggestion { on, ..suggestion(SuggestedKind::Money) },
                true,
                "all of it on its way, sent on 2026-02-16".to_owned(),
            ),
            (suggestion(SuggestedKind::Dispute), false, "a dispute of all of it".to_owned()),
            (
                ReplySuggestion { reason: quality, ..suggestion(SuggestedKind::Dispute) },
                true,
                "a dispute of all of it: quality".to_owned(),
            ),
        ] {
            assert_eq!((is_complete(&given), suggested(&given, &formats)), (ready, Some(words)));
        }
    }

    #[test]
    fn currencies_stand_one_by_one() {
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        assert_eq!(amounts_of([(Currency::EUR, 100), (Currency::USD, 0)], &formats).len(), 1);
    }
}
