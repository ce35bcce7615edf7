//! Holds that people place on a customer by a name of their own. Each is an agreement: a promise, a dispute or a pause, in the words
//! that it has here.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{
    Agreement, AgreementId, AgreementScope, Currency, CustomerId, Dispute, DisputeReason, DisputeStatus, Facts, HoldClock,
    HoldReason, InvoiceId, Pause, PauseStatus, Promise, PromiseStatus, Stood, TenantId, Terms, WayOfPaying, agreed::Measure,
    agreement::expected_on, calendar::tenant_zone, receivables::Receivables,
};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::Operation;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// How far ahead a hold may end, in days: it is bounded, and may be placed again.
const DAYS_MAX: i64 = 400;

/// A hold to be placed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldIn {
    /// `dispute`, `promise`, `plan`, `manual`, `legal` or `cease`.
    #[schema(value_type = String)]
    reason: HoldReason,
    /// What it keeps back; everything that the customer owes when left out.
    #[serde(default)]
    #[schema(schema_with = crate::openapi::hold_scope)]
    scope: ScopeIn,
    /// How much of the scope it keeps back, in minor units; all of it when left out.
    #[serde(default)]
    amount_minor: Option<i64>,
    /// Since when; now when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The last day that it holds, in the tenant's zone; at most 400 days ahead.
    #[schema(value_type = String, format = Date)]
    until_on: Date,
    /// `stop_clock` (its days do not count; the default of disputes and promises) or `freeze`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    clock: Option<HoldClock>,
    /// For a promise: the day promised; `until_on` when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    promised_on: Option<Date>,
}

/// What a hold keeps back: `"customer"`, `{"case": "EUR"}` or `{"invoice": "inv_…"}`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeIn {
    /// Everything that the customer owes.
    #[default]
    Customer,
    /// What it owes in one currency.
    Case(Currency),
    /// One invoice: its id here, or the source's own.
    Invoice(String),
}

/// A hold as it stands.
#[derive(Serialize, ToSchema)]
pub struct HoldOut {
    /// Its id. `DELETE …/holds/{id}` ends it, whoever placed it under whatever name.
    id: String,
    /// Why.
    reason: String,
    /// What it keeps back: as it was placed, or `{"invoices": […]}` for several.
    #[schema(value_type = Object)]
    scope: Value,
    /// How much of it, minor units; all of it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The last day that it holds; absent where nothing but its reason ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    until_on: Option<Date>,
    /// Whether its days count.
    clock: String,
    /// When it was lifted before its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// The day promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    promised_on: Option<Date>,
}

/// Places a hold under a name of one's own, or replaces the one of that name. Repeating the request changes nothing. The name makes the hold's id
/// and stands in the audit; no answer shows it again.
#[utoipa::path(put, path = "/v1/customers/{customer_id}/holds/{name}", tag = "customers", operation_id = "put_hold",
    params(("customer_id" = String, Path, description = "`cus_…`"), ("name" = String, Path, description = "1 to 64 of a-z, A-Z, 0-9, '-' and '_'")),
    request_body = HoldIn,
    responses((status = 200, description = "The hold", body = HoldOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((customer, name)): Path<(String, String)>,
    Body(body): Body,
) -> ApiResult<Json<HoldOut>> {
    let tenant = caller.may(Operation::PutHold)?;
    let settings = app.settings(tenant).await?.value;
    let zone = tenant_zone(&settings);
    let (customer, id) = named(&app, tenant, &customer, &name).await?;
    let given: HoldIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let before = app.store.agreement(tenant, &customer, &id).await?;
    // A repeat of the same request must not begin anew.
    let goes_on = before.as_ref().filter(|before| before.ended_at.is_none());
    let from_at = given.from.or(goes_on.map(|before| before.from_at)).unwrap_or(now);
    let explained = app.store.explain(tenant, &customer, 1).await?;
    let facts = explained.ok_or_else(|| Fail::not_found("there is no such customer"))?.facts;
    let scope = scope(&facts, &given.scope)?;
    check(&given, from_at, now, now.to_zoned(zone.clone()).date())?;
    let receivables = Receivables::in_zone(&facts, &zone, now);
    let of = Measure::of(&facts, &receivables.items, &zone, now).stand(&scope);
    let expected = |pays_on| expected_on(&settings, &facts.customer.source, pays_on, &WayOfPaying::Other);
    let terms = terms(&given, of, expected);
    // A repeat keeps what the first said of how things stood.
    let same = goes_on.filter(|before| same_terms(&before.terms, &terms));
    let agreement = Agreement {
        id,
        clock: given.clock.unwrap_or(match given.reason {
            HoldReason::Dispute | HoldReason::Promise => HoldClock::StopClock,
            HoldReason::Plan
            | HoldReason::Manual
            | HoldReason::Legal
            | HoldReason::Cease
            | HoldReason::MoneyOnItsWay
            | HoldReason::Refund
            | HoldReason::Chargeback
            | HoldReason::NotSent
            | HoldReason::Later(_) => HoldClock::Freeze,
        }),
        scope,
        amount_minor: given.amount_minor,
        made_at: same.map_or(now, |before| before.made_at),
        from_at,
        until_on: Some(given.until_on),
        ended_at: None,
        status_at: same.map_or(now, |before| before.status_at),
        by: caller.by().to_owned(),
        folded: Vec::new(),
        terms: same.map_or(terms, |before| before.terms.clone()),
    };
    let app = caller.acts(&app, Operation::PutHold, |entry| {
        let what =
            json!({ "name": name, "reason": given.reason, "until_on": given.until_on, "amount_minor": given.amount_minor });
        entry.of(agreement.id.as_str()).about(&customer).with(what)
    });
    app.store.put_agreement(tenant, &customer, before.as_ref(), &agreement, now).await?;
    Ok(Json(shown(&agreement)))
}

/// What a hold of a reason is an agreement about.
fn terms(given: &HoldIn, of: Vec<Stood>, expected_on: impl Fn(Date) -> Date) -> Terms {
    match given.reason {
        HoldReason::Promise => {
            let pays_on = given.promised_on.unwrap_or(given.until_on);
            let expected_on = expected_on(pays_on);
            Terms::Promise(Promise { pays_on, way: WayOfPaying::Other, expected_on, of, status: PromiseStatus::Open })
        }
        HoldReason::Dispute => Terms::Dispute(Dispute {
            reason: DisputeReason::Other,
            of,
            upheld_minor: None,
            line: None,
            status: DisputeStatus::Open,
        }),
        HoldReason::Plan
        | HoldReason::Manual
        | HoldReason::Legal
        | HoldReason::Cease
        | HoldReason::MoneyOnItsWay
        | HoldReason::Refund
        | HoldReason::Chargeback
        | HoldReason::NotSent
        | HoldReason::Later(_) => {
            let reason = given.reason.clone();
            Terms::Pause(Pause { reason, ends_with: None, of: Vec::new(), status: PauseStatus::Running })
        }
    }
}

/// Whether two are the same agreement, however things stood when each was made.
fn same_terms(before: &Terms, now: &Terms) -> bool {
    match (before, now) {
        (Terms::Promise(before), Terms::Promise(now)) => before.pays_on == now.pays_on && before.status == now.status,
        (Terms::Dispute(before), Terms::Dispute(now)) => before.status == now.status,
        (Terms::Pause(before), Terms::Pause(now)) => before.reason == now.reason && before.status == now.status,
        (Terms::Promise(_) | Terms::Dispute(_) | Terms::Pause(_) | Terms::Plan(_) | Terms::Money(_) | Terms::Later(_), _) => {
            false
        }
    }
}

/// Ends a hold now; ending it again changes nothing.
#[utoipa::path(delete, path = "/v1/customers/{customer_id}/holds/{name}", tag = "customers", operation_id = "end_hold",
    params(("customer_id" = String, Path, description = "`cus_…`"), ("name" = String, Path, description = "As it was placed, or the hold's `agr_…` id as `GET /v1/cases/{customer_id}` shows it")),
    responses((status = 200, description = "The hold", body = HoldOut), (status = 404, description = "not-found")))]
pub async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((customer, name)): Path<(String, String)>,
) -> ApiResult<Json<HoldOut>> {
    let tenant = caller.may(Operation::EndHold)?;
    let (customer, id) = named(&app, tenant, &customer, &name).await?;
    let now = app.clock.now();
    let before = app.store.agreement(tenant, &customer, &id).await?;
    let before = before.ok_or_else(|| Fail::not_found("there is no hold of this name on the customer"))?;
    if before.ended_at.is_some() {
        return Ok(Json(shown(&before)));
    }
    let lifted = before.clone().lifted(now);
    let app = caller.acts(&app, Operation::EndHold, |entry| {
        entry.of(lifted.id.as_str()).about(&customer).with(json!({ "name": name, "kind": lifted.kind() }))
    });
    app.store.change_agreement(tenant, &customer, &before, &lifted, now).await?;
    Ok(Json(shown(&lifted)))
}

async fn named(app: &App, tenant: &TenantId, customer: &str, name: &str) -> ApiResult<(CustomerId, AgreementId)> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(Fail::bad_request("a hold's name is 1 to 64 of a-z, A-Z, 0-9, '-' and '_'"));
    }
    let none = || Fail::not_found("there is no such customer");
    let customer = CustomerId::parse(customer).ok_or_else(none)?;
    app.store.head(tenant, &customer).await?.ok_or_else(none)?;
    // A hold that came along with a moved invoice has the id that it was placed under elsewhere, and is named by that.
    let id = AgreementId::parse(name).unwrap_or_else(|| AgreementId::derive(&[tenant.as_str(), customer.as_str(), name]));
    Ok((customer, id))
}

/// The scope with the invoice's id: an id as it is, else the source's own of the customer's source.
fn scope(facts: &Facts, given: &ScopeIn) -> ApiResult<AgreementScope> {
    let wanted = match given {
        ScopeIn::Customer => return Ok(AgreementScope::Customer),
        ScopeIn::Case(currency) => return Ok(AgreementScope::Case(*currency)),
        ScopeIn::Invoice(text) => text,
    };
    let found = facts
        .invoices
        .iter()
        .map(|fact| &fact.invoice)
        .find(|invoice| InvoiceId::parse(wanted).as_ref() == Some(&invoice.id) || invoice.external_id == *wanted);
    match found {
        Some(invoice) => Ok(AgreementScope::Invoices(vec![invoice.id.clone()])),
        None => Err(Fail::fields([("/scope/invoice".to_owned(), "the customer has no open invoice of this id".to_owned())])),
    }
}

fn check(given: &HoldIn, from_at: Timestamp, now: Timestamp, today: Date) -> ApiResult<()> {
    let mut flaws = Vec::new();
    let mut refuse = |bad: bool, pointer: &str, detail: &str| {
        if bad {
            flaws.push((pointer.to_owned(), detail.to_owned()));
        }
    };
    let known = ["dispute", "promise", "plan", "manual", "legal", "cease"];
    refuse(!known.contains(&given.reason.as_str()), "/reason", "a reason is dispute, promise, plan, manual, legal or cease");
    refuse(given.clock.as_ref().is_some_and(HoldClock::is_later), "/clock", "a clock is stop_clock or freeze");
    let latest = today.checked_add(DAYS_MAX.days()).unwrap_or(Date::MAX);
    refuse(given.until_on > latest, "/until_on", "a hold ends at most 400 days ahead; it may be placed again then");
    refuse(given.until_on < today, "/until_on", "the day has passed; DELETE ends a hold now");
    let earliest = now.checked_sub((DAYS_MAX * 24).hours()).unwrap_or(Timestamp::MIN);
    let last = now.checked_add((DAYS_MAX * 24).hours()).unwrap_or(Timestamp::MAX);
    refuse(from_at < earliest || from_at > last, "/from", "a hold begins at most 400 days before or after now");
    let begins = from_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    refuse(begins > given.until_on, "/from", "it begins after its last day");
    refuse(given.amount_minor.is_some_and(|minor| minor <= 0), "/amount_minor", "an amount is above zero; leave it out for all");
    let whole = matches!(given.scope, ScopeIn::Customer);
    let mixed = whole && given.amount_minor.is_some();
    refuse(mixed, "/amount_minor", "an amount needs a scope of one currency: {\"case\": \"EUR\"} or {\"invoice\": \"…\"}");
    let promise = given.reason == HoldReason::Promise;
    refuse(!promise && given.promised_on.is_some(), "/promised_on", "only a promise has a day promised");
    refuse(given.promised_on.is_some_and(|on| on > given.until_on), "/promised_on", "the day promised is after the last day");
    if flaws.is_empty() { Ok(()) } else { Err(Fail::fields(flaws)) }
}

/// An agreement as a hold.
pub fn shown(agreement: &Agreement) -> HoldOut {
    let (reason, promised_on) = match &agreement.terms {
        Terms::Promise(promise) => ("promise", Some(promise.pays_on)),
        Terms::Dispute(_) => ("dispute", None),
        Terms::Plan(_) => ("plan", None),
        Terms::Pause(pause) => (pause.reason.as_str(), None),
        Terms::Money(_) => ("money_on_its_way", None),
        Terms::Later(_) => (agreement.kind(), None),
    };
    HoldOut {
        id: agreement.id.as_str().to_owned(),
        reason: reason.to_owned(),
        scope: scope_shown(&agreement.scope),
        amount_minor: agreement.amount_minor,
        from: agreement.from_at,
        until_on: agreement.until_on,
        clock: agreement.clock.as_str().to_owned(),
        ended_at: agreement.ended_at,
        promised_on,
    }
}

/// What an agreement speaks of as the API shows it.
pub fn scope_shown(scope: &AgreementScope) -> Value {
    match scope {
        AgreementScope::Customer => json!("customer"),
        AgreementScope::Case(currency) => json!({ "case": currency }),
        AgreementScope::Balance(balance) => json!({ "balance": balance }),
        AgreementScope::Invoices(all) => match all.as_slice() {
            [one] => json!({ "invoice": one }),
            several => json!({ "invoices": several }),
        },
        AgreementScope::Later(scope) => scope.clone(),
    }
}
