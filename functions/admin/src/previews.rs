//! Messages to look at before anybody gets them: as their sender would make them, for a customer, in a language, by a channel.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Channel, CompiledWorkflow, CustomerId, MessageStatus, RuleTrace, TenantId, word::Word};
use sending::{Preview, PreviewAsked, preview};
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    test_messages::{self, TestGiven},
    workflows::{PlanOf, SHOWN, plan, with_template},
};
use store::TestResult;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    ids::is_id,
};

/// Which message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageIn {
    /// The customer, `cus_…`.
    customer: String,
    /// The workflow whose step it is; the first that is published when a template is named alone.
    #[serde(default)]
    workflow: Option<String>,
    /// A version of the workflow; the newest when left out.
    #[serde(default)]
    version: Option<u32>,
    /// Whether the draft of the workflow is meant.
    #[serde(default)]
    draft: bool,
    /// The step, which needs `workflow`; or `template`.
    #[serde(default)]
    step: Option<String>,
    /// The template by itself, as if a step wrote it the day after the due date.
    #[serde(default)]
    template: Option<String>,
    /// BCP 47, lower case; the one that the customer would get when left out.
    #[serde(default)]
    language: Option<String>,
    /// The channel; the first by which the person can be reached when left out.
    #[serde(default)]
    channel: Option<String>,
    /// The contact's id at the source; whom the step would try first when left out.
    #[serde(default)]
    contact: Option<String>,
    /// Of a test: whom it goes to, your own verified address or that of a member; your own when left out.
    #[serde(default)]
    to: Option<String>,
}

/// A test message, and what became of it.
#[derive(Serialize, ToSchema)]
pub struct TestMessageOut {
    /// Its id, `tst_…`.
    id: String,
    /// Whom it goes to.
    to: String,
    /// `queued`: its sender does not know yet. `sent`: the provider took it. `failed`: it did not leave. `unknown`: nobody knows whether it did.
    status: String,
    /// Of `failed` and `unknown`: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What one rule of the guard says.
#[derive(Serialize, ToSchema)]
pub struct RuleSaidOut {
    /// The rule.
    rule: String,
    /// Its version.
    version: u32,
    /// What it says: `defer until …`, `block: …`.
    said: String,
}

/// A message as its sender would make it now.
#[derive(Serialize, ToSchema)]
pub struct MessagePreviewOut {
    /// The channel.
    channel: String,
    /// The contact's id at the source.
    contact: String,
    /// Who it would come from; empty where the settings name nobody.
    from: String,
    /// The template.
    template: String,
    /// The version of its text.
    template_version: u32,
    /// The language of its text.
    language: String,
    /// Email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// As plain text. Links lead to `preview.invalid`, which opens nothing.
    text: String,
    /// As HTML; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// The due items that it is about.
    due_items: Vec<String>,
    /// What the guard says of it now: `allow`, or how it keeps it back.
    guard: String,
    /// The rules that did not allow it.
    rules: Vec<RuleSaidOut>,
}

/// Renders a step or a template for a customer as the sender would now: the same facts, text and guard. Links open nothing, and nothing is
/// written or sent.
#[utoipa::path(post, path = "/v1/messages/preview", tag = "templates", operation_id = "preview_message",
    request_body = MessageIn,
    responses((status = 200, description = "The message", body = MessagePreviewOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found: no such customer or workflow"),
              (status = 409, description = "not-possible: there is no such message now; the detail says why")))]
pub async fn preview_message(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(body): Body,
) -> ApiResult<Json<MessagePreviewOut>> {
    let tenant = caller.may(Operation::PreviewMessage)?;
    let asked: MessageIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let Preview { channel, contact, template, template_version, language, rendered, items, from, guard, rules } =
        message(&app, tenant, &asked).await?;
    let said = |RuleTrace { rule, version, said, .. }| RuleSaidOut { rule, version, said };
    Ok(Json(MessagePreviewOut {
        channel: channel.as_str().to_owned(),
        contact,
        from,
        template,
        template_version,
        language,
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        due_items: items.iter().map(ToString::to_string).collect(),
        guard,
        rules: rules.into_iter().map(said).collect(),
    }))
}

/// Sends a step or a template, rendered for a customer, to whoever asks or to a member, as an email that is marked as a test: at most 20 an hour
/// for a tenant. The customer gets nothing, it counts as no contact, and no ledger has it. What is rendered as a text message comes as an email too.
#[utoipa::path(post, path = "/v1/messages/test", tag = "templates", operation_id = "send_test_message",
    request_body = MessageIn,
    responses((status = 200, description = "It is on its way", body = TestMessageOut),
              (status = 400, description = "bad-request: the address is neither your own nor a member's, or fields are wrong"),
              (status = 404, description = "not-found: no such customer or workflow"),
              (status = 409, description = "not-possible: there is no such message now, no sender, or there were 20 in this hour")))]
pub async fn send_test(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<TestMessageOut>> {
    let tenant = caller.may(Operation::SendTestMessage)?;
    let asked: MessageIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let to = test_messages::recipient(&app.store, &caller.0, asked.to.as_deref()).await?;
    let settings = app.settings(tenant).await?.value;
    let made = message(&app, tenant, &asked).await?;
    let given = TestGiven {
        customer: CustomerId::parse(&asked.customer).ok_or_else(|| Fail::not_found("there is no such customer"))?,
        of: format!("{}/{}/{}", made.template, made.language, made.channel.as_str()),
        subject: made.rendered.subject,
        text: made.rendered.text,
        html: made.rendered.html,
    };
    let id = test_messages::request(&app.store, &caller.0, &settings, given, to.clone(), app.clock.now()).await?;
    Ok(Json(TestMessageOut { id, to, status: MessageStatus::Queued.as_str().to_owned(), why: None }))
}

/// Says what became of a test message; it is kept for a day.
#[utoipa::path(get, path = "/v1/messages/test/{id}", tag = "templates", operation_id = "show_test_message",
    params(("id" = String, Path, description = "The test message's id, `tst_…`")),
    responses((status = 200, description = "The test message, and what became of it", body = TestMessageOut),
              (status = 404, description = "not-found: there is none, or no longer")))]
pub async fn show_test(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<TestMessageOut>> {
    caller.may(Operation::ShowTestMessage)?;
    if !is_id(&id) {
        return Err(Fail::not_found("there is no such test message"));
    }
    let TestResult { to, status, why } = test_messages::show(&app.store, &caller.0, &id, app.clock.now()).await?;
    Ok(Json(TestMessageOut { id, to, status: status.as_str().to_owned(), why }))
}

/// The message that is asked for.
async fn message(app: &App, tenant: &TenantId, asked: &MessageIn) -> ApiResult<Preview> {
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut flaw = |pointer: &str, detail: &str| wrong.push((pointer.to_owned(), detail.to_owned()));
    let channel = asked.channel.as_deref().map(Channel::of_this_release);
    if channel.is_some_and(|channel| channel.is_none_or(|channel| !channel.facts().has_sender)) {
        flaw("/channel", &channels::template::wrong_channel());
    }
    match (&asked.step, &asked.template) {
        (Some(_), Some(_)) => flaw("/template", "name a step or a template, not both"),
        (None, None) => flaw("/step", "name a step of a workflow, or a template"),
        (Some(_), None) if asked.workflow.is_none() => flaw("/workflow", "name the workflow that the step is of"),
        (Some(_), None) | (None, Some(_)) => {}
    }
    if asked.draft && asked.version.is_some() {
        flaw("/version", "name a version or the draft, not both");
    }
    if !wrong.is_empty() {
        return Err(Fail::fields(wrong));
    }
    let none = || Fail::not_found("there is no such customer");
    let customer = CustomerId::parse(&asked.customer).ok_or_else(none)?;
    let head = app.store.head(tenant, &customer).await?.ok_or_else(none)?;
    let plan = plan_of(app, tenant, asked, channel.flatten()).await?;
    let (facts, policy, _) = app.store.facts_policy_and_links(tenant, &head).await?;
    let asked = PreviewAsked {
        workflow: &plan,
        step: asked.step.as_deref().unwrap_or(SHOWN),
        channel: channel.flatten(),
        language: asked.language.as_deref(),
        contact: asked.contact.as_deref(),
    };
    let made = preview(&app.store, tenant, &facts, &policy, &asked, app.clock.now()).await?;
    made.map_err(Fail::not_possible)
}

/// The plan that the step is of; for a template by itself, a plan that writes it.
async fn plan_of(app: &App, tenant: &TenantId, asked: &MessageIn, channel: Option<Channel>) -> ApiResult<CompiledWorkflow> {
    let of = match (asked.draft, asked.version) {
        (true, _) => PlanOf::Draft,
        (false, Some(version)) => PlanOf::Version(version),
        (false, None) => PlanOf::Newest,
    };
    let id = match &asked.workflow {
        Some(id) => id.clone(),
        None => {
            let first = app.store.workflows(tenant).await?.into_iter().next();
            first.ok_or_else(|| Fail::not_found("no workflow is published; name one whose draft there is"))?.id
        }
    };
    if !is_id(&id) {
        return Err(Fail::not_found("there is no such workflow"));
    }
    let known = plan(&app.store, tenant, &id, of).await?;
    Ok(match &asked.template {
        Some(template) => {
            let channels = channel.map_or_else(|| Channel::with_sender().collect(), |channel| vec![channel]);
            with_template(&known, template, channels)
        }
        None => CompiledWorkflow::clone(&known),
    })
}
