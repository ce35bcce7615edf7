//! Agreements: promises, disputes, plans, pauses, money on its way; and charges, which are due once a person confirmed them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use domain::{
    ActError, Agreement, AgreementAct, AgreementId, AgreementScope, Charge, ChargeId, ChargeStatus, Currency, CustomerId,
    DisputedLine, Facts, HoldClock, HoldReason, Pause, PauseStatus, Settings, Stood, TenantId, Terms,
    agreed::Measure,
    calendar::tenant_zone,
    id::digest,
    proposal::{Amendment, PLAN_DAYS_MAX, Proposal, Proposer, agreed_already, is_well_formed, propose},
    receivables::{Receivables, ReceivablesRules},
};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{Operation, agreements::decision_notice, notes};
use store::MadeBeside;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, BodyFlaws, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
    customer_files::{self, CustomerFileOut},
    holds,
};

/// An agreement as it stands.
#[derive(Serialize, ToSchema)]
pub struct AgreementOut {
    /// Its id.
    id: String,
    /// `promise`, `dispute`, `plan`, `pause` or `money`.
    kind: String,
    /// A promise is `open`, `kept`, `partly_kept`, `broken` or `cancelled`; a dispute `open`, `upheld`, `partly_upheld`, `rejected` or
    /// `withdrawn`; a plan `running`, `completed`, `broken` or `cancelled`; a pause `running` or `ended`; money on its way `expected`,
    /// `arrived` or `failed`.
    status: String,
    /// Whose.
    customer: String,
    /// What it speaks of.
    #[schema(value_type = Object)]
    scope: Value,
    /// How much of it, minor units; all of it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Since when it has its status.
    #[schema(value_type = String, format = DateTime)]
    status_at: Timestamp,
    /// The last day on which it keeps something back, where somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    until_on: Option<Date>,
    /// When it stopped keeping anything back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// What it says, by its kind: `pays_on`, `way`, `expected_on` (the last day by which its money is on the ledger), `reason`, `parts`.
    #[schema(value_type = Object)]
    terms: Value,
    /// The line of the invoice that a dispute is about, as it was when it was contested; absent where it is about no line.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<DisputedLineOut>,
    /// Who made it: the subject of the token.
    #[serde(skip_serializing_if = "String::is_empty")]
    by: String,
    /// Why it was made, where that was said: its note, as it stands now. Lists of agreements leave it out; `GET /v1/notes` has it, `about` the
    /// agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The files that the customer sent with a dispute, oldest first; absent where there are none. Lists of agreements leave them out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<CustomerFileOut>,
}

/// A line of an invoice that is contested.
#[derive(Serialize, ToSchema)]
pub struct DisputedLineOut {
    /// Its place among the lines of the invoice; the first is 1.
    position: u16,
    /// The source's own id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// What it is for.
    description: String,
}

impl From<&DisputedLine> for DisputedLineOut {
    fn from(line: &DisputedLine) -> Self {
        let DisputedLine { position, external_id, description } = line.clone();
        Self { position, external_id, description }
    }
}

/// What an act needs beside its name; all may be left out but where it says so.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActIn {
    /// With `uphold`: how much of what is contested is right, minor units; all of it when left out.
    #[serde(default)]
    amount_minor: Option<i64>,
    /// With `release` of what is kept back after a refund or chargeback: the customer, as the task names it.
    #[serde(default)]
    customer: Option<String>,
}

/// What confirming a charge needs.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargeIn {
    /// With `confirm`: minor units of its currency; needed where the step stated none.
    #[serde(default)]
    amount_minor: Option<i64>,
    /// With `confirm`: when it falls due; today when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Date>,
    /// With `confirm`: what messages call it, at most 60 characters.
    #[serde(default)]
    name: Option<String>,
}

/// A charge as it stands.
#[derive(Serialize, ToSchema)]
pub struct ChargeOut {
    /// Its id.
    id: String,
    /// What messages call it.
    name: String,
    /// Its currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// Minor units, once they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    /// The step that proposed it.
    step: String,
    /// `proposed`, `confirmed`, `paid` or `waived`; it is due only while it is confirmed.
    #[schema(value_type = String)]
    status: ChargeStatus,
    /// When it falls due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Date>,
}

/// Makes an agreement, with a note that says why where there is one. One that is not over, of the same kind, scope, amount and terms, is
/// answered instead of a second one, with the note that it has. With an `Idempotency-Key` the same request comes to the same agreement, also
/// once it is over.
#[utoipa::path(post, path = "/v1/agreements", tag = "agreements", operation_id = "make_agreement",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters, the same for the same request")),
    request_body = Object,
    responses((status = 200, description = "The agreement, or the same one that was made before", body = AgreementOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found")))]
pub async fn make(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(mut body): Body,
) -> ApiResult<Json<AgreementOut>> {
    let tenant = caller.may(Operation::MakeAgreement)?;
    let mut flaws = Vec::new();
    let why = match body.as_object_mut().and_then(|fields| fields.remove("note")) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => notes::why_text(&text, &mut flaws),
        Some(_) => {
            flaws.push(("/note".to_owned(), "a note is a text".to_owned()));
            None
        }
    };
    let settings = app.settings(tenant).await?.value;
    let now = app.clock.now();
    let mut given = body.clone();
    let customer = given.as_object_mut().and_then(|fields| fields.remove("customer"));
    let flaw = |detail: &str| Fail::fields([("/customer".to_owned(), detail.to_owned())]);
    let customer = customer.ok_or_else(|| flaw("name the customer that it is made with, `cus_…`"))?;
    let customer = customer.as_str().and_then(CustomerId::parse).ok_or_else(|| flaw("a customer's id is `cus_…`"))?;
    let proposal: Proposal = match read(given) {
        Ok(proposal) => proposal,
        Err(more) => return Err(Fail::fields([BodyFlaws(flaws), more])),
    };
    let facts = facts(&app, tenant, &customer).await?;
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::trim).filter(|key| !key.is_empty());
    if key.is_some_and(|key| key.len() > 200) {
        return Err(Fail::bad_request("an Idempotency-Key has at most 200 characters"));
    }
    let id_of = |once: &str| AgreementId::derive(&[tenant.as_str(), customer.as_str(), "agreement", once]);
    let is_known = |id: &AgreementId| facts.agreements.iter().any(|known| known.id == *id);
    let id = match key {
        Some(key) => id_of(key),
        // Two that come at once are of one id, and only one of them is written.
        None => {
            let (day, body) = (now.strftime("%F"), digest(&[&body.to_string()]));
            let fresh = (0..u16::MAX).map(|n| id_of(&format!("{day}/{body}/{n}"))).find(|id| !is_known(id));
            fresh.unwrap_or_else(|| id_of(&body))
        }
    };
    // What is wrong by itself repeats nothing, whatever its key.
    let may_repeat = flaws.is_empty() && is_well_formed(&proposal);
    let proposal = service::billed_lines::with_lines(&app.store, tenant, &facts, proposal).await?;
    let known = facts.agreements.iter().find(|known| known.id == id && may_repeat);
    let same = || agreed_already(&proposal, &facts, &settings, now).filter(|_| flaws.is_empty());
    if let Some(known) = known.or_else(same) {
        return answered(&app, &caller, &customer, known).await;
    }
    let agreement = match propose(&proposal, &facts, &settings, Proposer { id: &id, by: caller.by(), now }) {
        Ok(agreement) if flaws.is_empty() => agreement,
        Ok(_) => return Err(Fail::fields(flaws)),
        Err(more) => return Err(Fail::fields(flaws.into_iter().chain(more))),
    };
    let note = why.map(|text| notes::why(&caller.0, &agreement, text));
    let app = caller
        .acts(&app, Operation::MakeAgreement, |entry| entry.of(id.as_str()).about(&customer).with(noted(&customer, &agreement)));
    let beside = MadeBeside { why: note.as_ref(), ..MadeBeside::default() };
    match app.store.make_agreement(tenant, &customer, &agreement, beside, now).await {
        Err(store::Error::Conflict { .. }) => {
            let made = app.store.agreement(tenant, &customer, &id).await?;
            let made = made.ok_or_else(|| Fail::changed_meanwhile("the customer changed meanwhile; send it again"))?;
            answered(&app, &caller, &customer, &made).await
        }
        put => {
            put?;
            Ok(Json(AgreementOut { note: note.map(|note| note.text), ..shown(&customer, &agreement) }))
        }
    }
}

/// An agreement by its id.
#[utoipa::path(get, path = "/v1/agreements/{id}", tag = "agreements", operation_id = "show_agreement",
    params(("id" = String, Path, description = "`agr_…`")),
    responses((status = 200, description = "The agreement", body = AgreementOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<AgreementOut>> {
    let tenant = caller.may(Operation::ShowAgreement)?;
    let (customer, agreement) = known(&app, tenant, &id).await?.ok_or_else(none)?;
    answered(&app, &caller, &customer, &agreement).await
}

/// Does something with an agreement: `keep`, `cancel`, `uphold`, `reject`, `withdraw` or `release`. Doing again what was done changes
/// nothing.
#[utoipa::path(post, path = "/v1/agreements/{id}/{act}", tag = "agreements", operation_id = "act_on_agreement",
    params(("id" = String, Path, description = "`agr_…`"),
           ("act" = String, Path, description = "`keep` (a promise, money on its way), `cancel` (those and a plan), `uphold`, `reject`, `withdraw` (a dispute), `release` (a pause, an upheld dispute, what is kept back after a refund)")),
    request_body = ActIn,
    responses((status = 200, description = "The agreement", body = AgreementOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: it is over already, or that is for other kinds")))]
pub async fn act(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, act)): Path<(String, String)>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<AgreementOut>> {
    let tenant = caller.may(Operation::ActOnAgreement)?;
    let given: ActIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let wanted = match act.as_str() {
        "keep" => AgreementAct::Keep,
        "cancel" => AgreementAct::Cancel,
        "uphold" => AgreementAct::Uphold { amount_minor: given.amount_minor },
        "reject" => AgreementAct::Reject,
        "withdraw" => AgreementAct::Withdraw,
        "release" => AgreementAct::Release,
        _ => return Err(Fail::not_found("an act is keep, cancel, uphold, reject, withdraw or release")),
    };
    if given.amount_minor.is_some() && act != "uphold" {
        return Err(Fail::fields([("/amount_minor".to_owned(), "only for uphold; leave it out".to_owned())]));
    }
    let settings = app.settings(tenant).await?.value;
    let now = app.clock.now();
    let Some((customer, before)) = known(&app, tenant, &id).await? else {
        return release_taken_back(&app, tenant, &caller, &settings, &id, &wanted, given.customer.as_deref()).await;
    };
    let facts = facts(&app, tenant, &customer).await?;
    let of = stand(&facts, &settings, &before.scope, now);
    let after = before.clone().act(&wanted, of, now).map_err(|error| match error {
        ActError::Amount => Fail::fields([("/amount_minor".to_owned(), error.to_string())]),
        ActError::OtherKind(..) | ActError::Over(_) => Fail::not_possible(format!("it cannot be done: {error}")),
    })?;
    if after != before {
        let app = caller.acts(&app, Operation::ActOnAgreement, |entry| {
            let what = json!({ "act": act, "status": { "from": before.status(), "to": after.status() } });
            entry.of(after.id.as_str()).about(&customer).with(what)
        });
        let notice = decision_notice(&before, &after, now);
        app.store.change_agreement_telling(tenant, &customer, (&before, &after), notice.as_ref(), now).await?;
    }
    answered(&app, &caller, &customer, &after).await
}

/// What is to change of a promise; what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendIn {
    /// The day promised.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pays_on: Option<Date>,
    /// How much of its scope, minor units.
    #[serde(default)]
    amount_minor: Option<i64>,
    /// How it is paid: `card`, `ach`, `sepa_debit`, `bacs`, `transfer`, `check`, `cash`, `paypal` or `other`.
    #[serde(default)]
    way: Option<String>,
}

/// Why a change is undone; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoAgreementIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// Changes the day, the amount or the way of a promise that is open. It stays the same promise, measured by what was owed when it was made.
#[utoipa::path(post, path = "/v1/agreements/{id}/amend", tag = "agreements", operation_id = "amend_agreement",
    params(("id" = String, Path, description = "`agr_…`")), request_body = AmendIn,
    responses((status = 200, description = "The agreement", body = AgreementOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: it is over, or no promise")))]
pub async fn amend(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<AgreementOut>> {
    caller.may(Operation::AmendAgreement)?;
    let AmendIn { pays_on, amount_minor, way } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let amendment = Amendment { pays_on, amount_minor, way };
    let now = app.clock.now();
    let (customer, agreement) = service::agreements::change_promise(&app.store, &caller.0, &id, &amendment, now).await?;
    answered(&app, &caller, &customer, &agreement).await
}

/// Undoes the last change of an agreement by a person: an act, or a change of a promise. It is exactly as it was, unless time, money or
/// somebody changed it since.
#[utoipa::path(post, path = "/v1/agreements/{id}/undo", tag = "agreements", operation_id = "undo_agreement",
    params(("id" = String, Path, description = "`agr_…`")), request_body = Option<UndoAgreementIn>,
    responses((status = 200, description = "The agreement as it was", body = AgreementOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: there is nothing to undo, or it changed since")))]
pub async fn undo(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<AgreementOut>> {
    caller.may(Operation::UndoAgreement)?;
    let UndoAgreementIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (customer, agreement) = service::agreements::undo(&app.store, &caller.0, &id, reason.as_deref(), app.clock.now()).await?;
    answered(&app, &caller, &customer, &agreement).await
}

/// Does something with a charge: `confirm` (it is due), `waive`, or `settle` (it was paid).
#[utoipa::path(post, path = "/v1/charges/{id}/{act}", tag = "agreements", operation_id = "act_on_charge",
    params(("id" = String, Path, description = "`chg_…`, as the task that proposes it says"),
           ("act" = String, Path, description = "`confirm`, `waive` or `settle`")),
    request_body = ChargeIn,
    responses((status = 200, description = "The charge", body = ChargeOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: it is settled already")))]
pub async fn act_on_charge(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, act)): Path<(String, String)>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<ChargeOut>> {
    let tenant = caller.may(Operation::ActOnCharge)?;
    let given: ChargeIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let wanted = match act.as_str() {
        "confirm" => ChargeStatus::Confirmed,
        "waive" => ChargeStatus::Waived,
        "settle" => ChargeStatus::Paid,
        _ => return Err(Fail::not_found("an act is confirm, waive or settle")),
    };
    let none = || Fail::not_found("there is no such charge");
    let id = ChargeId::parse(&id).ok_or_else(none)?;
    let customer = app.store.whose(tenant, id.as_str()).await?.ok_or_else(none)?;
    let before = app.store.charge(tenant, &customer, &id).await?.ok_or_else(none)?;
    let now = app.clock.now();
    let today = now.to_zoned(tenant_zone(&app.settings(tenant).await?.value)).date();
    let after = changed(&before, wanted, given, caller.by().to_owned(), now, today)?;
    if after != before {
        let app = caller.acts(&app, Operation::ActOnCharge, |entry| {
            let what = json!({ "act": act, "amount_minor": after.amount_minor });
            entry.of(after.id.as_str()).about(&customer).with(what)
        });
        app.store.put_charge(tenant, &customer, &before, &after, now).await?;
    }
    Ok(Json(charge_shown(&after)))
}

/// The charge after a person did something with it.
fn changed(before: &Charge, wanted: ChargeStatus, given: ChargeIn, by: String, now: Timestamp, today: Date) -> ApiResult<Charge> {
    if before.status == wanted {
        return Ok(before.clone());
    }
    let may = match before.status {
        ChargeStatus::Proposed => wanted != ChargeStatus::Paid,
        ChargeStatus::Confirmed => true,
        ChargeStatus::Paid | ChargeStatus::Waived | ChargeStatus::Later(_) => false,
    };
    if !may {
        let status = serde_json::to_value(&before.status).unwrap_or_default();
        return Err(Fail::not_possible(format!("it cannot be done: the charge is {}", status.as_str().unwrap_or_default())));
    }
    let confirms = wanted == ChargeStatus::Confirmed;
    let amount_minor = given.amount_minor.or(before.amount_minor);
    let mut flaws = Vec::new();
    let mut refuse = |bad: bool, pointer: &str, detail: &str| {
        if bad {
            flaws.push((pointer.to_owned(), detail.to_owned()));
        }
    };
    refuse(confirms && amount_minor.is_none(), "/amount_minor", "the step states no amount; name it");
    refuse(given.amount_minor.is_some_and(|minor| minor <= 0), "/amount_minor", "an amount is above zero");
    let latest = today.checked_add(PLAN_DAYS_MAX.days()).unwrap_or(Date::MAX);
    refuse(given.due_on.is_some_and(|on| on < today || on > latest), "/due_on", "from today on, at most 1100 days ahead");
    let bad_name = given
        .name
        .as_ref()
        .is_some_and(|name| name.trim().is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control));
    refuse(bad_name, "/name", "a name has 1 to 60 characters");
    let stray = !confirms && (given.amount_minor.is_some() || given.due_on.is_some() || given.name.is_some());
    refuse(stray, "", "only confirm takes an amount, a day and a name");
    if !flaws.is_empty() {
        return Err(Fail::fields(flaws));
    }
    Ok(Charge {
        amount_minor,
        due_on: if confirms { Some(given.due_on.unwrap_or(today)) } else { before.due_on },
        name: given.name.map_or_else(|| before.name.clone(), |name| name.trim().to_owned()),
        status: wanted,
        status_at: now,
        by,
        ..before.clone()
    })
}

/// What is kept back after a refund or chargeback becomes an agreement when a person lets it go.
async fn release_taken_back(
    app: &App,
    tenant: &TenantId,
    caller: &Caller,
    settings: &Settings,
    id: &str,
    wanted: &AgreementAct,
    customer: Option<&str>,
) -> ApiResult<Json<AgreementOut>> {
    let (Some(id), Some(customer)) = (AgreementId::parse(id), customer.and_then(CustomerId::parse)) else { return Err(none()) };
    let (facts, now, zone) = (facts(app, tenant, &customer).await?, app.clock.now(), tenant_zone(settings));
    let receivables = Receivables::at(&facts, ReceivablesRules::of(settings, &zone), now);
    let taken = receivables.taken_back.iter().find(|taken| taken.id == id).ok_or_else(none)?;
    if *wanted != AgreementAct::Release {
        return Err(Fail::not_possible("it cannot be done: what is kept back after a refund or chargeback is only released"));
    }
    let reason = match taken.kind {
        domain::ReversalKind::Refund => HoldReason::Refund,
        domain::ReversalKind::Chargeback => HoldReason::Chargeback,
        domain::ReversalKind::Later(word) => HoldReason::Later(word.to_string()),
    };
    let agreement = Agreement {
        id,
        terms: Terms::Pause(Pause { reason, ends_with: None, of: Vec::new(), status: PauseStatus::Ended }),
        scope: AgreementScope::Invoices(taken.of.iter().map(|(invoice, _)| invoice.clone()).collect()),
        amount_minor: Some(taken.of.iter().map(|(_, minor)| *minor).fold(0, i64::saturating_add)),
        clock: HoldClock::Freeze,
        made_at: now,
        from_at: now,
        until_on: None,
        ended_at: Some(now),
        status_at: now,
        by: caller.by().to_owned(),
        folded: Vec::new(),
    };
    let app = caller.acts(app, Operation::ActOnAgreement, |entry| {
        let what = json!({ "act": "release", "amount_minor": agreement.amount_minor });
        entry.of(agreement.id.as_str()).about(&customer).with(what)
    });
    app.store.put_agreement(tenant, &customer, None, &agreement, now).await?;
    Ok(Json(shown(&customer, &agreement)))
}

fn none() -> Fail {
    Fail::not_found("there is no such agreement")
}

async fn facts(app: &App, tenant: &TenantId, customer: &CustomerId) -> ApiResult<Facts> {
    let explained = app.store.explain(tenant, customer, 1).await?;
    Ok(explained.ok_or_else(|| Fail::not_found("there is no such customer"))?.facts)
}

/// An agreement and whose it is, by its id alone.
async fn known(app: &App, tenant: &TenantId, id: &str) -> ApiResult<Option<(CustomerId, Agreement)>> {
    let Some(id) = AgreementId::parse(id) else { return Ok(None) };
    let Some(customer) = app.store.whose(tenant, id.as_str()).await? else { return Ok(None) };
    let agreement = app.store.agreement(tenant, &customer, &id).await?;
    Ok(agreement.map(|agreement| (customer, agreement)))
}

fn stand(facts: &Facts, settings: &Settings, scope: &AgreementScope, now: Timestamp) -> Vec<Stood> {
    let zone = tenant_zone(settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(settings, &zone), now);
    Measure::of(facts, &receivables.items, &zone, now).stand(scope)
}

/// An agreement as the API shows it by itself, with its note.
async fn answered(app: &App, caller: &Caller, customer: &CustomerId, agreement: &Agreement) -> ApiResult<Json<AgreementOut>> {
    let note = notes::why_of(&app.store, &caller.0, customer, agreement).await?;
    // Customers send files with nothing else that was agreed.
    let attachments = match &agreement.terms {
        Terms::Dispute(_) => customer_files::attached(app, caller, customer, agreement.id.as_str()).await?,
        Terms::Promise(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => Vec::new(),
    };
    Ok(Json(AgreementOut { note, attachments, ..shown(customer, agreement) }))
}

/// An agreement as the API shows it in lists.
pub fn shown(customer: &CustomerId, agreement: &Agreement) -> AgreementOut {
    let mut terms = json!(agreement.terms);
    if let Some(terms) = terms.as_object_mut() {
        terms.remove("kind");
        terms.remove("status");
        // What it measures itself by is its own affair.
        terms.remove("of");
        // Its words are its source's, and stand by themselves.
        terms.remove("line");
    }
    AgreementOut {
        id: agreement.id.as_str().to_owned(),
        kind: agreement.kind().to_owned(),
        status: agreement.status().to_owned(),
        customer: customer.as_str().to_owned(),
        scope: holds::scope_shown(&agreement.scope),
        amount_minor: agreement.amount_minor,
        made_at: agreement.made_at,
        status_at: agreement.status_at,
        until_on: agreement.until_on,
        ended_at: agreement.ended_at,
        terms,
        line: agreement.disputed_line().map(DisputedLineOut::from),
        by: agreement.by.clone(),
        note: None,
        attachments: Vec::new(),
    }
}

/// What the audit says of an agreement that is made: what was agreed; of the parts of a plan, how many there are.
fn noted(customer: &CustomerId, agreement: &Agreement) -> Value {
    let AgreementOut { kind, scope, amount_minor, until_on, mut terms, line, .. } = shown(customer, agreement);
    if let Some(parts) = terms.get_mut("parts") {
        *parts = json!(parts.as_array().map_or(0, Vec::len));
    }
    let mut what = json!({ "kind": kind, "scope": scope, "amount_minor": amount_minor, "until_on": until_on, "terms": terms });
    if let Some(line) = line {
        // Its place alone: the words of a line may be about somebody, and the audit is kept for good.
        what["line"] = json!(line.position);
    }
    what
}

/// A charge as the API shows it.
pub fn charge_shown(charge: &Charge) -> ChargeOut {
    ChargeOut {
        id: charge.id.as_str().to_owned(),
        name: charge.name.clone(),
        currency: charge.currency,
        amount_minor: charge.amount_minor,
        step: charge.step.clone(),
        status: charge.status.clone(),
        due_on: charge.due_on,
    }
}
