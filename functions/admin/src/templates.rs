//! Templates: the texts of messages, by id, language and channel.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::IntoResponse,
};
use channels::{AccountInMail, Brand, InvoiceRow, Links, LogoPlace, RenderInput, RowKind};
use domain::{
    Cause, Channel, Currency, Money, Settings,
    pay_sources::{PAY_SOURCES, takes},
    word::Word,
};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use service::{Operation, tenant_limits::TenantLimit};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, BodyFlaws, Fail, Precondition, Tagged, read},
    app::App,
    caller::Caller,
    ids::is_id,
};

/// A template's text.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateIn {
    /// May be left out; the address says it.
    #[serde(default)]
    id: Option<String>,
    /// May be left out; the address says it.
    #[serde(default)]
    language: Option<String>,
    /// May be left out; the address says it.
    #[serde(default)]
    channel: Option<String>,
    /// Ignored: the API sets it.
    #[serde(default, rename = "version")]
    _version: Option<u32>,
    /// Jinja; required for email, left out for SMS.
    #[serde(default)]
    subject: Option<String>,
    /// Jinja.
    body: String,
}

/// A template as it is stored.
#[derive(Serialize, ToSchema)]
pub struct TemplateOut {
    /// What workflows name it by.
    id: String,
    /// BCP 47, lower case.
    language: String,
    /// The channel.
    channel: String,
    /// From 1.
    version: u32,
    /// Email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Jinja.
    body: String,
}

/// Templates.
#[derive(Serialize, ToSchema)]
pub struct TemplatesOut {
    /// By id, channel and language.
    templates: Vec<TemplateOut>,
}

/// What to render with sample data.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewIn {
    /// Any id; it is not stored.
    #[serde(default)]
    id: Option<String>,
    /// BCP 47, lower case.
    language: String,
    /// The channel.
    channel: String,
    /// Email only.
    #[serde(default)]
    subject: Option<String>,
    /// Jinja.
    body: String,
    /// Where the person is, ISO 3166-1 alpha-2: chooses how amounts and dates are written.
    #[serde(default)]
    country: Option<String>,
    /// How many invoices, 1 to 50; 3 by default.
    #[serde(default)]
    invoices: Option<u8>,
}

/// A message as it would look.
#[derive(Serialize, ToSchema)]
pub struct PreviewOut {
    /// Email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// As plain text.
    text: String,
    /// As HTML; email only.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
}

/// Every template at its current version.
#[utoipa::path(get, path = "/v1/templates", tag = "templates", operation_id = "list_templates",
    responses((status = 200, description = "The templates", body = TemplatesOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<TemplatesOut>> {
    let tenant = caller.may(Operation::ListTemplates)?;
    let templates = app.store.templates(tenant).await?.into_iter().map(shown).collect();
    Ok(Json(TemplatesOut { templates }))
}

/// One template.
#[utoipa::path(get, path = "/v1/templates/{id}/{language}/{channel}", tag = "templates", operation_id = "show_template",
    params(("id" = String, Path), ("language" = String, Path), ("channel" = String, Path)),
    responses((status = 200, description = "The template; ETag is its version", body = TemplateOut),
              (status = 404, description = "not-found")))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, language, channel)): Path<(String, String, String)>,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::ShowTemplate)?;
    let found = current(&app, tenant, &id, &language, &channel).await?;
    let found = found.ok_or_else(|| Fail::not_found("there is no such template; GET /v1/templates lists those there are"))?;
    Ok(Tagged { rev: u64::from(found.version), body: shown(found) })
}

/// Stores a template as its next version; storing what is current changes nothing. It is tried with made-up data first.
#[utoipa::path(put, path = "/v1/templates/{id}/{language}/{channel}", tag = "templates", operation_id = "put_template",
    params(("id" = String, Path), ("language" = String, Path), ("channel" = String, Path),
           ("If-Match" = Option<String>, Header, description = "The version that this one follows")),
    request_body = TemplateIn,
    responses((status = 200, description = "Stored; ETag is its version", body = TemplateOut),
              (status = 412, description = "stale-version"),
              (status = 422, description = "invalid-template, every flaw in errors")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, language, channel)): Path<(String, String, String)>,
    condition: Precondition,
    Body(body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::PutTemplate)?;
    app.settings(tenant).await?;
    let given: TemplateIn = read(body).map_err(|flaw| refuse([flaw]))?;
    let differs = [("/id", &given.id, &id), ("/language", &given.language, &language), ("/channel", &given.channel, &channel)]
        .into_iter()
        .filter(|(_, given, address)| given.as_ref().is_some_and(|given| given != *address))
        .map(|(pointer, _, address)| (pointer.to_owned(), format!("it differs from '{address}' in the address")));
    let differs: Vec<_> = differs.collect();
    if !differs.is_empty() {
        return Err(refuse(differs));
    }
    let template = template(id, language, &channel, given.subject, given.body)?;
    let before = current(&app, tenant, &template.id, &template.language, &channel).await?;
    let before = before.map_or(0, |before| u64::from(before.version));
    condition.check(before)?;
    let known = app.store.template(tenant, &template.id, template.channel).await?;
    let versions = known.iter().map(|known| known.version).max().unwrap_or(0);
    TenantLimit::TemplateVersions.unless_full(usize::try_from(versions).unwrap_or(usize::MAX))?;
    if before == 0 {
        TenantLimit::Templates.unless_full(app.store.templates(tenant).await?.len())?;
    }
    let cause = Cause::NoText { template: template.id.clone(), channel: template.channel };
    let mut stored = stored(template);
    let app = caller.acts(&app, Operation::PutTemplate, |entry| {
        entry.of(format!("{}/{}/{channel}", stored.id, stored.language)).with(serde_json::json!({ "from_version": before }))
    });
    stored.version = app.store.put_template(tenant, &stored).await?;
    if u64::from(stored.version) != before {
        app.store.end_cause(tenant, &cause, "the template was published again", app.clock.now()).await?;
    }
    Ok(Tagged { rev: u64::from(stored.version), body: shown(stored) })
}

/// Puts a template of one language away: no message is made of it any more. Its versions stay. A text that a published workflow needs is not put
/// away.
#[utoipa::path(delete, path = "/v1/templates/{id}/{language}/{channel}", tag = "templates", operation_id = "archive_template",
    params(("id" = String, Path), ("language" = String, Path), ("channel" = String, Path),
           ("If-Match" = Option<String>, Header, description = "The version that is put away")),
    responses((status = 200, description = "The template as it was", body = TemplateOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: a published workflow needs it; changed-meanwhile: it was stored anew"),
              (status = 412, description = "stale-version")))]
pub async fn archive(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, language, channel)): Path<(String, String, String)>,
    condition: Precondition,
) -> ApiResult<Json<TemplateOut>> {
    let tenant = caller.may(Operation::ArchiveTemplate)?;
    let none = || Fail::not_found("there is no such template; GET /v1/templates lists those there are");
    let found = current(&app, tenant, &id, &language, &channel).await?.ok_or_else(none)?;
    condition.check(u64::from(found.version))?;
    let others = app.store.template(tenant, &id, found.channel).await?.into_iter().any(|other| other.language != language);
    if !others {
        let policy = app.store.policy(tenant, &Default::default(), store::Read::Fresh).await?;
        let sends = |step: &domain::Step| matches!(&step.action, domain::Action::Send(send) if send.template == id && send.channels.contains(&found.channel));
        let states = |plan: &domain::workflow::StatementPlan| plan.template == id && plan.channels.contains(&found.channel);
        let published = policy.workflows.iter().filter(|known| policy.published.contains(&(known.id.clone(), known.version)));
        let is_sent = |known: &&std::sync::Arc<domain::CompiledWorkflow>| {
            known.steps.iter().any(sends) || known.statement.as_ref().is_some_and(states)
        };
        if let Some(workflow) = published.into_iter().find(is_sent) {
            let (workflow, channel) = (&workflow.id, found.channel.as_str());
            return Err(Fail::not_possible(format!(
                "the published workflow '{workflow}' sends it by {channel}, and it is the last text there; change the workflow first"
            )));
        }
    }
    let app = caller.acts(&app, Operation::ArchiveTemplate, |entry| {
        entry.of(format!("{id}/{language}/{channel}")).with(serde_json::json!({ "version": found.version }))
    });
    let gone = app.store.archive_template(tenant, &id, found.channel, &language, Some(found.version)).await?;
    Ok(Json(shown(gone.ok_or_else(none)?)))
}

/// The versions of a template of one language, the newest first, those of one that was put away too.
#[utoipa::path(get, path = "/v1/templates/{id}/{language}/{channel}/versions", tag = "templates", operation_id = "list_template_versions",
    params(("id" = String, Path), ("language" = String, Path), ("channel" = String, Path)),
    responses((status = 200, description = "The versions", body = TemplatesOut), (status = 404, description = "not-found")))]
pub async fn versions(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, language, channel)): Path<(String, String, String)>,
) -> ApiResult<Json<TemplatesOut>> {
    let tenant = caller.may(Operation::ListTemplateVersions)?;
    let none = || Fail::not_found("there never was such a template; GET /v1/templates lists those there are");
    let of = channel_of(&channel).filter(|_| is_id(&id) && domain::calendar::is_language(&language)).ok_or_else(none)?;
    let mut known = app.store.template_versions(tenant, &id, of, &language).await?;
    if known.is_empty() {
        return Err(none());
    }
    known.reverse();
    Ok(Json(TemplatesOut { templates: known.into_iter().map(shown).collect() }))
}

/// Renders a template that is not stored, with made-up invoices and the tenant's name.
#[utoipa::path(post, path = "/v1/templates/preview", tag = "templates", operation_id = "preview_template",
    request_body = PreviewIn,
    responses((status = 200, description = "The message", body = PreviewOut),
              (status = 422, description = "invalid-template, every flaw in errors")))]
pub async fn preview(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<PreviewOut>> {
    let tenant = caller.may(Operation::PreviewTemplate)?;
    let settings = app.store.settings(tenant).await?.map(|settings| settings.value);
    let settings = settings.unwrap_or_else(|| Settings::named("Your company"));
    let given: PreviewIn = read(body).map_err(|flaw| refuse([flaw]))?;
    let count = given.invoices.unwrap_or(3);
    if !(1..=50).contains(&count) {
        return Err(refuse([("/invoices".to_owned(), "1 to 50 invoices are made up".to_owned())]));
    }
    if let Some(country) = given.country.as_deref().filter(|country| !domain::calendar::is_country(country)) {
        let detail = format!("'{country}' is no country; two capital letters of ISO 3166-1 such as US are meant");
        return Err(refuse([("/country".to_owned(), detail)]));
    }
    let id = given.id.unwrap_or_else(|| "preview".to_owned());
    let template = template(id, given.language, &given.channel, given.subject, given.body)?;
    let today = app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut input = sample(&template.language, given.country, count, today, &settings);
    let connected = app.store.connected(tenant, PAY_SOURCES).await?;
    let is_taken = connected.iter().any(|(source, _)| takes(source, Currency::EUR));
    if is_taken || settings.bank_account_of("", Currency::EUR).is_some() {
        input.links.pay = Some("https://example.com/p/sample/pay".to_owned());
    }
    let rendered = channels::render(&template, &input, &Brand::of(&settings, "", LogoPlace::InPage))
        .map_err(|error| refuse([(error.pointer().to_owned(), error.to_string())]))?;
    Ok(Json(PreviewOut { subject: rendered.subject, text: rendered.text, html: rendered.html }))
}

/// A template without flaws.
fn template(id: String, language: String, channel: &str, subject: Option<String>, body: String) -> ApiResult<channels::Template> {
    let Some(channel) = channel_of(channel) else {
        return Err(refuse([("/channel".to_owned(), channels::template::wrong_channel())]));
    };
    let template = channels::Template { id, language, channel, subject, body, version: 0 };
    let flaws = channels::flaws(&template);
    if flaws.is_empty() {
        return Ok(template);
    }
    Err(refuse(flaws.into_iter().map(|flaw| (flaw.pointer.to_owned(), flaw.detail))))
}

fn channel_of(text: &str) -> Option<Channel> {
    Channel::of_this_release(text)
}

async fn current(
    app: &App,
    tenant: &domain::TenantId,
    id: &str,
    language: &str,
    channel: &str,
) -> ApiResult<Option<store::StoredTemplate>> {
    let Some(channel) = channel_of(channel).filter(|_| is_id(id)) else { return Ok(None) };
    Ok(app.store.template(tenant, id, channel).await?.into_iter().find(|template| template.language == language))
}

/// A template as the table keeps it.
pub fn stored(template: channels::Template) -> store::StoredTemplate {
    store::StoredTemplate {
        id: template.id,
        channel: template.channel,
        language: template.language,
        version: 0,
        subject: template.subject,
        body: template.body,
    }
}

fn shown(template: store::StoredTemplate) -> TemplateOut {
    TemplateOut {
        id: template.id,
        language: template.language,
        channel: template.channel.as_str().to_owned(),
        version: template.version,
        subject: template.subject,
        body: template.body,
    }
}

/// Made-up invoices, all past due.
fn sample(language: &str, country: Option<String>, count: u8, today: Date, settings: &Settings) -> RenderInput {
    let payment_details = settings.how_to_pay("", Some(Currency::EUR), language);
    let bank = settings.bank_account_of("", Currency::EUR).map(AccountInMail::of);
    let euros = |minor: i64| Money::from_minor(minor, Currency::EUR);
    let row = |at: u8| InvoiceRow {
        kind: if at == 1 { RowKind::Instalment } else { RowKind::Invoice },
        number: format!("{}", 1001 + u32::from(at)),
        instalment: (at == 1).then_some((1, 3)),
        purchase_order: (at == 0).then(|| "PO-7".to_owned()),
        total: euros(125_000),
        amount: euros(125_000),
        paid: euros(0),
        open: euros(125_000),
        due_now: euros(125_000),
        issued_on: today.saturating_sub((39 - i64::from(at).min(9)).days()),
        due_on: today.saturating_sub((9 - i64::from(at).min(8)).days()),
        days_past_due: 9 - i32::from(at).min(8),
        url: None,
        is_own: true,
        reminded: 1,
    };
    let total = euros(125_000 * i64::from(count));
    RenderInput {
        language: language.to_owned(),
        country,
        customer_name: "Acme GmbH".to_owned(),
        contact_name: "Anna Weber".to_owned(),
        case_id: "case_sample".to_owned(),
        invoices: (0..count).map(row).collect(),
        more: 0,
        covered_due_now: total,
        upcoming: Vec::new(),
        exposure_total: total,
        exposure_overdue: total,
        pay_by: Some(today.saturating_add(10.days())),
        payment_details,
        bank,
        promised_on: None,
        has_code: false,
        several_currencies: false,
        broken_plans: vec![],
        carried: Vec::new(),
        links: Links {
            portal: "https://example.com/p/sample".to_owned(),
            opt_out: "https://example.com/p/sample/opt-out?l=en".to_owned(),
            pay: None,
        },
    }
}

fn refuse(errors: impl IntoIterator<Item: Into<BodyFlaws>>) -> Fail {
    Fail::invalid("invalid-template", "Invalid template", errors)
}
