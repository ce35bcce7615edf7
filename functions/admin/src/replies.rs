//! What customers answered to messages, and what people do about it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{CustomerId, Money, ReplyStatus, SaidOtherwise, reply_drafts::draft_answer};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::{Operation, replies};
use store::KeptReply;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
    customer_files::{self, CustomerFileOut},
    filters::Filters,
};

/// An answer of a customer.
#[derive(Serialize, ToSchema)]
pub struct ReplyOut {
    /// Its id, `rpl_…`.
    id: String,
    /// The customer, `cus_…`; absent where nothing says beyond doubt whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// When its provider took it in.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// `email`, `sms` or `whatsapp`.
    #[schema(value_type = String)]
    channel: domain::Channel,
    /// Who sent it: an email address or a number. Anybody can write any sender into a mail.
    from: String,
    /// Its subject, of mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What it says, with what it quotes, at most 20000 characters.
    text: String,
    /// The files that came along and are kept, oldest first; absent where there are none. Lists leave them out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<CustomerFileOut>,
    /// How many files came along and are not kept.
    files_not_kept: usize,
    /// `auto_reply` or `robot` where no person wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
    /// What says whose it is: `reply_address`, `threading` and `mark_in_body` are proven; `sender` and `invoice_number` are not; `nothing`.
    found_by: String,
    /// The case that it is about, `case_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// Whether that case was over when it came.
    case_was_over: bool,
    /// The message that it answers, `msg_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What the rules hold it for: `opt_out`, `claimed_paid`, `promise`, `dispute`, `copy_request`, `po_missing`, `wrong_person`, `out_of_office`,
    /// `hardship`, `write_off_claimed`, `remittance`, `complaint`, `hostile`, `thanks` or `other`.
    #[schema(value_type = String)]
    class: domain::ReplyClass,
    /// How sure they are: `certain`, `likely` or `unclear`.
    #[schema(value_type = String)]
    certainty: domain::ReplyCertainty,
    /// Classes that apply besides.
    #[schema(value_type = Vec<String>)]
    also: Vec<domain::ReplyClass>,
    /// The rules that matched: language and line of the file of rules.
    rules: Vec<String>,
    /// What it names. Each is a hint.
    names: ReplyNamesOut,
    /// `open`: somebody is asked to look; `done`: nothing is asked of anybody; `accepted`, `dismissed`: a person decided.
    #[schema(value_type = String)]
    status: ReplyStatus,
    /// What is suggested, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<ReplySuggestionOut>,
    /// The draft of an answer in the customer's language, to be read and changed; nothing sends it by itself. Lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<String>,
    /// The pause that it made, `agr_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<String>,
    /// The task by which somebody looks at it, `tsk_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    /// The invoices whose copies were sent in answer to it, `inv_…`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies: Vec<String>,
    /// The notice by which they were sent; `GET /v1/service_mails` says what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_mail: Option<String>,
    /// Whether it closed its channel to its sender.
    stopped: bool,
    /// Whether it opened its channel to its sender again.
    started: bool,
    /// The agreement that a person made because of it, `agr_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<String>,
    /// Who accepted or dismissed it: the subject of their token.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
}

/// What an answer names.
#[derive(Serialize, ToSchema)]
pub struct ReplyNamesOut {
    /// The day by which payment is promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    promised_on: Option<Date>,
    /// The day on which it says that it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    paid_on: Option<Date>,
    /// The first day on which somebody who is away is there again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    back_on: Option<Date>,
    /// Amounts whose currency is certain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amounts: Vec<ReplyAmountOut>,
    /// Numbers of invoices as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    invoice_numbers: Vec<String>,
    /// The number of a purchase order.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_number: Option<String>,
    /// The address of who is there instead. Nobody is written to by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    deputy: Option<String>,
    /// The buyers' portal that wrote it, where one did, whose signature holds: `coupa`, `ariba` and others.
    #[serde(skip_serializing_if = "Option::is_none")]
    portal: Option<String>,
    /// How the invoice stands there: `ready_to_submit`, `pending_approval`, `approved`, `disputed` or `paid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    portal_state: Option<String>,
}

/// An amount that an answer names.
#[derive(Serialize, ToSchema)]
pub struct ReplyAmountOut {
    /// Minor units of the currency.
    amount_minor: i64,
    /// ISO 4217.
    currency: String,
}

/// What is suggested because of an answer.
#[derive(Serialize, ToSchema)]
pub struct ReplySuggestionOut {
    /// The kind of agreement: `promise`, `dispute` or `money`.
    #[schema(value_type = String)]
    kind: domain::SuggestedKind,
    /// The invoices, `inv_…`; absent where it is about the balance of the case, or about everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    invoices: Vec<String>,
    /// How much, minor units; all of it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    /// The day promised, or on which money was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    on: Option<Date>,
    /// Of a dispute: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A page of answers.
#[derive(Serialize, ToSchema)]
pub struct RepliesOut {
    /// The answers, newest first.
    data: Vec<ReplyOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Whose answers.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RepliesQuery {
    /// The customer, `cus_…`; those of nobody who is known when left out.
    customer: Option<String>,
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What a person says otherwise than is suggested; what is left out is as suggested.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyAcceptIn {
    /// Of a promise the day promised, of money the day on which it was sent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    on: Option<Date>,
    /// How much, minor units.
    #[serde(default)]
    amount_minor: Option<i64>,
    /// Of a promise and of money: `card`, `ach`, `sepa_debit`, `bacs`, `transfer`, `check`, `cash`, `paypal` or `other`.
    #[serde(default)]
    way: Option<String>,
    /// Of a dispute: `delivery`, `quantity`, `quality`, `price`, `tax`, `duplicate`, `already_paid`, `po_missing`, `not_ordered`, `wrong_party`, `contract` or
    /// `other`.
    #[serde(default)]
    reason: Option<String>,
    /// Which invoices, by their ids here (`inv_…`) or the source's.
    #[serde(default)]
    invoices: Vec<String>,
}

/// Why nothing is made of an answer; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyDismissIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// What a customer answered, newest first; or, without a customer, the answers of which nothing says whose they are, for 90 days.
#[utoipa::path(get, path = "/v1/replies", tag = "replies", operation_id = "list_replies", params(RepliesQuery),
    responses((status = 200, description = "A page", body = RepliesOut), (status = 400, description = "bad-request"),
              (status = 404, description = "not-found")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<RepliesQuery>,
) -> ApiResult<Json<RepliesOut>> {
    caller.may(Operation::ListReplies)?;
    let limit = Fail::unless_page_size(query.limit)?;
    let (customer, cursor) = (query.customer.as_deref(), query.cursor.as_deref());
    let (customer, page) = replies::list(&app.store, &caller.0, customer, limit, cursor).await?;
    let data = page.replies.into_iter().map(|reply| shown(customer.as_ref(), reply)).collect();
    Ok(Json(RepliesOut { data, next: page.after.map(|id| id.to_string()), as_of: app.clock.now() }))
}

/// An answer, with the draft of one to it.
#[utoipa::path(get, path = "/v1/replies/{id}", tag = "replies", operation_id = "show_reply",
    params(("id" = String, Path, description = "`rpl_…`")),
    responses((status = 200, description = "The answer", body = ReplyOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<ReplyOut>> {
    caller.may(Operation::ShowReply)?;
    let (customer, reply) = replies::show(&app.store, &caller.0, &id).await?;
    whole(&app, &caller, customer.as_ref(), reply).await
}

/// Does what is suggested because of an answer: makes the promise, the dispute, or waits for money on its way, as the person who calls. What is said in the body
/// takes the place of what is suggested. The pause that the answer made is over, and so is its task. Accepting again changes nothing.
#[utoipa::path(post, path = "/v1/replies/{id}/accept", tag = "replies", operation_id = "accept_reply",
    params(("id" = String, Path, description = "`rpl_…`")), request_body = Option<ReplyAcceptIn>,
    responses((status = 200, description = "The answer, with the agreement", body = ReplyOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: nothing is suggested, or it was dismissed; changed-meanwhile")))]
pub async fn accept(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<ReplyOut>> {
    caller.may(Operation::AcceptReply)?;
    let ReplyAcceptIn { on, amount_minor, way, reason, invoices } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let said = SaidOtherwise { on, amount_minor, way, reason, invoices };
    let (customer, reply) = replies::accept(&app.store, &caller.0, &id, &said, app.clock.now()).await?;
    whole(&app, &caller, Some(&customer), reply).await
}

/// Lets what is suggested because of an answer be. The pause that the answer made is over, so that chasing goes on, and so is its task. Dismissing again changes
/// nothing.
#[utoipa::path(post, path = "/v1/replies/{id}/dismiss", tag = "replies", operation_id = "dismiss_reply",
    params(("id" = String, Path, description = "`rpl_…`")), request_body = Option<ReplyDismissIn>,
    responses((status = 200, description = "The answer", body = ReplyOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: it was accepted, or there is nothing to decide; changed-meanwhile")))]
pub async fn dismiss(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<ReplyOut>> {
    caller.may(Operation::DismissReply)?;
    let ReplyDismissIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (customer, reply) = replies::dismiss(&app.store, &caller.0, &id, reason.as_deref(), app.clock.now()).await?;
    whole(&app, &caller, Some(&customer), reply).await
}

/// An answer as the API shows it by itself: with its files, and the draft of an answer to it.
async fn whole(app: &App, caller: &Caller, customer: Option<&CustomerId>, reply: KeptReply) -> ApiResult<Json<ReplyOut>> {
    let attachments = match customer {
        Some(customer) if reply.files > 0 => customer_files::attached(app, caller, customer, reply.id.as_str()).await?,
        Some(_) | None => Vec::new(),
    };
    let draft = draft_answer(reply.read.class, reply.language.as_deref()).map(str::to_owned);
    Ok(Json(ReplyOut { attachments, draft, ..shown(customer, reply) }))
}

fn amount_shown(amount: &Money) -> ReplyAmountOut {
    ReplyAmountOut { amount_minor: amount.minor(), currency: amount.currency().code().to_owned() }
}

/// An answer as the API shows it in lists.
fn shown(customer: Option<&CustomerId>, reply: KeptReply) -> ReplyOut {
    let read = reply.read;
    let (portal, portal_state) = read.portal.map(|portal| (portal.name, portal.state)).unzip();
    let suggestion = reply.suggestion.map(|suggestion| ReplySuggestionOut {
        kind: suggestion.kind,
        invoices: suggestion.invoices.iter().map(ToString::to_string).collect(),
        amount_minor: suggestion.amount.map(|amount| amount.minor()),
        on: suggestion.on,
        reason: suggestion.reason,
    });
    let (decided_at, decided_by) = reply.decided.unzip();
    ReplyOut {
        id: reply.id.to_string(),
        customer: customer.map(ToString::to_string),
        received_at: reply.received_at,
        channel: reply.channel,
        from: reply.from,
        subject: reply.subject,
        text: reply.text,
        attachments: Vec::new(),
        files_not_kept: reply.unkept,
        machine: reply.machine,
        found_by: reply.found_by,
        case: reply.case.map(|case| case.to_string()),
        case_was_over: reply.case_was_over,
        message: reply.message.map(|message| message.to_string()),
        class: read.class,
        certainty: read.certainty,
        also: read.also,
        rules: read.rules,
        names: ReplyNamesOut {
            promised_on: read.promised_on,
            paid_on: read.paid_on,
            back_on: read.back_on,
            amounts: read.amounts.iter().map(amount_shown).collect(),
            invoice_numbers: read.invoice_numbers,
            order_number: read.order_number,
            deputy: read.deputy,
            portal,
            portal_state,
        },
        status: reply.status,
        suggestion,
        draft: None,
        pause: reply.pause.map(|pause| pause.to_string()),
        task: reply.task.map(|task| task.to_string()),
        copies: reply.copies.iter().map(ToString::to_string).collect(),
        service_mail: reply.mail.map(|mail| mail.to_string()),
        stopped: reply.stopped,
        started: reply.started,
        agreement: reply.agreement.map(|agreement| agreement.to_string()),
        decided_by,
        decided_at,
    }
}
