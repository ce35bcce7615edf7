//! Why a message was, or was not, sent: of an invoice, a case or a message, at an instant.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
};
use domain::{
    CaseId, Covered, InvoiceId, MessageId,
    decide::{Recheck, RuleAsked},
    explain::{CaseInWords, DecisionInWords, rule},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{
    Operation,
    explain::{ExplainAnswer, MessageExplained, RecordedInWords, explain},
};
use store::{AskedFor, IdOf, MessageAsOf};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
};

/// Most due items that an answer lists of what a message asked for.
const ASKED_MAX: usize = 500;

/// Which instant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExplainAsked {
    /// An instant (RFC 3339), past or to come; now where it is left out.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<String>,
}

/// An explanation.
#[derive(Serialize, ToSchema)]
pub struct ExplainOut {
    /// The customer whose matter it is.
    customer: String,
    /// The instant that is explained.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What it rests on. `now`: the facts of now. `recorded`: what was recorded at that instant was made from exactly this. `recomputed`:
    /// nothing was recorded then. `differs`: the record was made from something else, and `recorded` says what it says. `erased`: it cannot
    /// be compared, because personal fields were erased since. `unknown_before`: history begins later. `assumed`: the facts of now at an
    /// instant to come.
    basis: &'static str,
    /// What is assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    assumption: Option<String>,
    /// When the history of this customer begins, where that is later than the instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    history_begins_at: Option<Timestamp>,
    /// Where it differs: the engine that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<u32>,
    /// Where it differs: spans of which changes of facts were lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<String>,
    /// What of an instant that is past is not put together again as it was then: sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_rebuilt: Vec<String>,
    /// Whether personal fields of what was known then were erased since.
    erased: bool,
    /// The number of the decision that was recorded at that instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    /// What it comes to: sentences, one fact each.
    outcome: Vec<String>,
    /// What would change it, where that is of no single case: while the tenant is switched off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
    /// The due items of the invoice, each with what is so of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<ItemExplainedOut>,
    /// The cases by what was known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cases: Vec<CaseExplainedOut>,
    /// What the record of that instant says, where it differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recorded: Vec<RecordedOut>,
    /// The customer's last messages as they stood then, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<MessageThenOut>,
    /// The message, where one is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageExplainedOut>,
}

/// What is so of a due item.
#[derive(Serialize, ToSchema)]
pub struct ItemExplainedOut {
    /// The id of the invoice, plan or charge, and for a part of it its key.
    item: String,
    /// Its case, by its position in `cases`.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<usize>,
    /// Sentences, one fact each.
    said: Vec<String>,
}

/// What is decided about a case.
#[derive(Serialize, ToSchema)]
pub struct CaseExplainedOut {
    /// The case; absent where no workflow applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// The workflow and its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<String>,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// The reason in a word.
    because: String,
    /// Sentences, one fact each.
    outcome: Vec<String>,
    /// What would change it.
    changes: Vec<String>,
    /// When a message could leave at the earliest if nothing else changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    earliest_at: Option<Timestamp>,
    /// The same in words, with what has to end before.
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest: Option<String>,
    /// The rules in their order.
    rules: Vec<RuleOut>,
    /// The trace.
    #[schema(value_type = Object)]
    trace: Value,
}

/// A rule that was asked.
#[derive(Serialize, ToSchema)]
pub struct RuleOut {
    /// Its name.
    rule: &'static str,
    /// Its version.
    version: u32,
    /// Where it comes from.
    citation: &'static str,
    /// On whose authority it holds: `statute`, `house_rule` or `setting`.
    authority: &'static str,
    /// The channel that it was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// The contact that it was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// What it looked at.
    inputs: Vec<RuleInputOut>,
    /// What it said: `allows`, `waits`, `review` or `forbids`.
    result: &'static str,
    /// The same as a sentence.
    said: String,
}

/// What a rule looked at.
#[derive(Serialize, ToSchema)]
pub struct RuleInputOut {
    /// What it is.
    name: &'static str,
    /// What it said.
    value: String,
    /// Where it comes from.
    from: String,
    /// The version of what it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// What a record says of a case.
#[derive(Serialize, ToSchema)]
pub struct RecordedOut {
    /// Sentences, one fact each.
    outcome: Vec<String>,
    /// The recorded trace.
    #[schema(value_type = Object)]
    trace: Value,
}

/// A message as it stood at the instant.
#[derive(Serialize, ToSchema)]
pub struct MessageThenOut {
    /// Its id.
    message: String,
    /// The decision's number.
    number: u64,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    decided_at: Timestamp,
    /// The steps that it stands for.
    steps: Vec<String>,
    /// How it was settled; absent while it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
    /// What its provider had said, and when.
    #[schema(value_type = Object)]
    heard: BTreeMap<String, Timestamp>,
}

/// A message, why it was decided and what its sender found.
#[derive(Serialize, ToSchema)]
pub struct MessageExplainedOut {
    /// How it stands: `queued` while it is not settled.
    status: String,
    /// What each case came to when it was decided, as recorded.
    decided: Vec<RecordedOut>,
    /// What its sender found when it looked again, recomputed; now, while the message is not settled: `send`, `supersede`, `block` or `defer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_found: Option<&'static str>,
    /// The same in sentences.
    sender_said: Vec<String>,
    /// The rules that the sender asks, in their order.
    rules: Vec<RuleOut>,
    /// Whether that is what the record says; absent where it cannot be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    agrees: Option<bool>,
    /// Of a message in a person's own words, which covers nothing: what it asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_for: Option<AskedForOut>,
    /// The record's hash, in which the hash of the one before is.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// The hash of the record before.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
}

/// What a message asked for beside a person's words.
#[derive(Serialize, ToSchema)]
pub struct AskedForOut {
    /// ISO 4217.
    currency: String,
    /// What the due items came to, minor units.
    due_now_minor: i64,
    /// How many due items it showed.
    items_count: usize,
    /// Which; at most 500.
    items: Vec<AskedItemOut>,
}

/// A due item that a message showed beside a person's words.
#[derive(Serialize, ToSchema)]
pub struct AskedItemOut {
    /// The id of the invoice, plan or charge, and for a part of it its key.
    item: String,
    /// What of it was due, minor units.
    due_now_minor: i64,
}

/// Why an invoice is, was or would be chased or not: the rules in their order with what each looked at and where it comes from, what that
/// comes to in words, and what would change it.
#[utoipa::path(get, path = "/v1/invoices/{id}/explain", tag = "explanations", operation_id = "explain_invoice",
    params(("id" = String, Path, description = "`inv_…`"), ExplainAsked),
    responses((status = 200, description = "The explanation", body = ExplainOut), (status = 404, description = "not-found")))]
pub async fn invoice(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<ExplainAsked>,
) -> ApiResult<Json<ExplainOut>> {
    caller.may(Operation::ExplainInvoice)?;
    let id = InvoiceId::parse(&id).ok_or_else(|| Fail::not_found("an invoice's id is `inv_…`; there is no such invoice"))?;
    answer(&app, &caller, &IdOf::Invoice(id), &asked).await
}

/// The same of a case.
#[utoipa::path(get, path = "/v1/cases/{id}/explain", tag = "explanations", operation_id = "explain_case",
    params(("id" = String, Path, description = "`case_…`"), ExplainAsked),
    responses((status = 200, description = "The explanation", body = ExplainOut), (status = 404, description = "not-found")))]
pub async fn case(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<ExplainAsked>,
) -> ApiResult<Json<ExplainOut>> {
    caller.may(Operation::ExplainCase)?;
    let id = CaseId::parse(&id).ok_or_else(|| Fail::not_found("a case's id is `case_…`; there is no such case"))?;
    answer(&app, &caller, &IdOf::Case(id), &asked).await
}

/// Why a message was decided, what its sender found when it looked again right before it left, and what became of it.
#[utoipa::path(get, path = "/v1/messages/{id}/explain", tag = "explanations", operation_id = "explain_message",
    params(("id" = String, Path, description = "`msg_…`"), ExplainAsked),
    responses((status = 200, description = "The explanation", body = ExplainOut), (status = 404, description = "not-found")))]
pub async fn message(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<ExplainAsked>,
) -> ApiResult<Json<ExplainOut>> {
    caller.may(Operation::ExplainMessage)?;
    let id = MessageId::parse(&id).ok_or_else(|| Fail::not_found("a message's id is `msg_…`; there is no such message"))?;
    answer(&app, &caller, &IdOf::Message(id), &asked).await
}

async fn answer(app: &App, caller: &Caller, id: &IdOf, asked: &ExplainAsked) -> ApiResult<Json<ExplainOut>> {
    let at = Fail::unless_instant("at", asked.at.as_deref())?;
    let found = explain((&app.store, &app.vault), &caller.0, id, at, app.clock.now()).await?;
    Ok(Json(shown(found)))
}

fn shown(answer: ExplainAnswer) -> ExplainOut {
    let ExplainAnswer {
        customer,
        at,
        basis,
        assumption,
        begins,
        engine,
        gaps,
        not_rebuilt,
        erased,
        number,
        outcome,
        changes,
        decided,
        recorded,
        messages,
        message,
    } = answer;
    let (items, cases) = decided.map(decided_out).unwrap_or_default();
    ExplainOut {
        customer: customer.as_str().to_owned(),
        at,
        basis: basis.as_str(),
        assumption,
        history_begins_at: begins,
        engine,
        gaps: gaps.iter().map(ToString::to_string).collect(),
        not_rebuilt,
        erased,
        number,
        outcome,
        changes,
        items,
        cases,
        recorded: recorded.into_iter().map(recorded_out).collect(),
        messages: messages.into_iter().map(message_then).collect(),
        message: message.map(message_out),
    }
}

fn decided_out(words: DecisionInWords) -> (Vec<ItemExplainedOut>, Vec<CaseExplainedOut>) {
    let zone = words.zone;
    let items = words
        .items
        .into_iter()
        .map(|item| ItemExplainedOut { item: item.item.to_string(), case: item.case, said: item.said })
        .collect();
    let case = |case: CaseInWords| {
        let trace = json!(case.trace);
        CaseExplainedOut {
            case: case.trace.case.as_ref().map(ToString::to_string),
            workflow: case.trace.workflow,
            step: case.trace.step,
            because: case.trace.because.as_str().to_owned(),
            outcome: case.outcome,
            changes: case.changes,
            earliest_at: case.earliest.as_ref().map(|earliest| earliest.at),
            earliest: case.earliest.map(|earliest| earliest.said),
            rules: case.rules.into_iter().map(|asked| rule_out(asked, &zone)).collect(),
            trace,
        }
    };
    let cases = words.cases.into_iter().map(case).collect();
    (items, cases)
}

fn rule_out(asked: RuleAsked, zone: &TimeZone) -> RuleOut {
    let said = rule(&asked, zone);
    let RuleAsked { rule, version, citation, authority, way, inputs, outcome } = asked;
    let (channel, contact) = way.map(|(channel, contact)| (channel.as_str().to_owned(), contact)).unzip();
    let input = |input: domain::RuleInput| RuleInputOut {
        name: input.name,
        value: input.value,
        from: input.from,
        version: input.version,
    };
    RuleOut {
        rule,
        version,
        citation,
        authority: authority.as_str(),
        channel,
        contact,
        inputs: inputs.into_iter().map(input).collect(),
        result: outcome.as_str(),
        said,
    }
}

fn recorded_out(recorded: RecordedInWords) -> RecordedOut {
    RecordedOut { trace: json!(recorded.trace), outcome: recorded.outcome }
}

fn message_then(message: MessageAsOf) -> MessageThenOut {
    let (status, settled_at) = message.settled.map(|(status, at)| (status.as_str().to_owned(), at)).unzip();
    MessageThenOut {
        message: message.id.to_string(),
        number: message.number,
        decided_at: message.decided_at,
        steps: message.steps,
        status,
        settled_at,
        heard: message.heard.into_iter().map(|(event, at)| (event.as_str().to_owned(), at)).collect(),
    }
}

fn message_out(message: MessageExplained) -> MessageExplainedOut {
    let MessageExplained { record, pending: _, decided, recheck, agrees } = message;
    let status = record.as_ref().map_or_else(|| "queued".to_owned(), |record| record.status.to_string());
    let sender_found = recheck.as_ref().map(|recheck| match &recheck.found {
        Recheck::Send { .. } => "send",
        Recheck::Supersede(_) => "supersede",
        Recheck::Block(_) => "block",
        Recheck::Defer(..) => "defer",
    });
    let (sender_said, rules) = recheck.map_or_else(Default::default, |recheck| {
        let rules = recheck.rules.into_iter().map(|asked| rule_out(asked, &recheck.zone)).collect();
        (recheck.said, rules)
    });
    let asked_for = record.as_ref().and_then(|record| record.message.as_ref()?.asked_for.as_ref()).map(asked_out);
    let (hash, previous) = record.map(|record| (record.hash, record.previous)).unzip();
    MessageExplainedOut {
        status,
        decided: decided.into_iter().map(recorded_out).collect(),
        sender_found,
        sender_said,
        rules,
        agrees,
        asked_for,
        hash,
        previous,
    }
}

fn asked_out(asked: &AskedFor) -> AskedForOut {
    let item = |row: &Covered| AskedItemOut { item: row.item.to_string(), due_now_minor: row.due_now_minor };
    AskedForOut {
        currency: asked.currency.to_string(),
        due_now_minor: asked.due_now_minor,
        items_count: asked.rows.len(),
        items: asked.rows.iter().take(ASKED_MAX).map(item).collect(),
    }
}
