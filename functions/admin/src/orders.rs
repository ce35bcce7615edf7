//! Orders: what a person tells Dunlin to do with a step, a due item or a case. Approvals are answered at their tasks.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{
    Case, CaseId, CaseKey, CaseState, Currency, CustomerId, DueItemKey, Facts, InvoiceId, Order, OrderId, OrderKind, OrderedStep,
    calendar::tenant_zone, receivables,
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::Operation;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// How far ahead an order may wait for the moment at which it can be obeyed, in days.
const DAYS_MAX: i64 = 400;
/// Most orders of a customer that wait.
const OPEN_MAX: usize = 50;

/// An order to be given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderIn {
    /// `skip`, `bring_forward`, `send_now` (a step of an invoice), `move` (a case to another workflow) or `lift_cap_once` (for the
    /// next message of a case).
    kind: KindIn,
    /// For a step: the invoice, its id here or the source's own. Its open instalments are meant all.
    #[serde(default)]
    invoice: Option<String>,
    /// For a step: its id.
    #[serde(default)]
    step: Option<String>,
    /// For a case: its currency.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// For a case: its id, needed where the customer has several in the currency.
    #[serde(default)]
    case: Option<String>,
    /// For a move: the published workflow that the case goes on by.
    #[serde(default)]
    workflow: Option<String>,
    /// Until when it waits for the moment at which it can be obeyed; for good when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Kinds of orders that are given here.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindIn {
    /// The step does not happen.
    Skip,
    /// The step is due from now on.
    BringForward,
    /// The step happens as soon as the guard allows it.
    SendNow,
    /// The case goes on by another workflow.
    Move,
    /// The next message of the case may go beyond the cap of contacts a person.
    LiftCapOnce,
}

/// An order as it waits for its decision.
#[derive(Serialize, ToSchema)]
pub struct OrderOut {
    /// Its id; the last records of the case say what came of it.
    id: String,
    /// What is to be done.
    kind: String,
    /// The currency of the case.
    #[schema(value_type = String)]
    currency: Currency,
    /// The case, where the order names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// The steps that it speaks of.
    steps: Vec<OrderedStepOut>,
    /// The workflow to go on by.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<String>,
    /// Who gave it: the subject of their token.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
    /// Until when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// A step of a due item.
#[derive(Serialize, ToSchema)]
pub struct OrderedStepOut {
    /// The due item, as the case names it.
    item: String,
    /// The step.
    step: String,
}

/// Gives an order. It is obeyed by the next decision that can, or the record says why not; repeating it while it waits changes nothing.
#[utoipa::path(post, path = "/v1/customers/{customer_id}/orders", tag = "customers", operation_id = "give_order",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    request_body = OrderIn,
    responses((status = 200, description = "The order", body = OrderOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "changed-meanwhile: too many wait already")))]
pub async fn give(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<OrderOut>> {
    let tenant = caller.may(Operation::GiveOrder)?;
    let none = || Fail::not_found("there is no such customer");
    let customer = CustomerId::parse(&customer).ok_or_else(none)?;
    let facts = app.store.explain(tenant, &customer, 1).await?.ok_or_else(none)?.facts;
    let given: OrderIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let zone = tenant_zone(&app.settings(tenant).await?.value);
    let order = order(&facts, given, caller.by().to_owned(), now, &zone)?;
    if facts.orders.len() >= OPEN_MAX && !facts.orders.iter().any(|known| known.id == order.id) {
        return Err(Fail::changed_meanwhile(format!(
            "{OPEN_MAX} orders of this customer wait already; the sweep looks at them first"
        )));
    }
    let app = caller.acts(&app, Operation::GiveOrder, |entry| {
        entry.of(order.id.as_str()).about(&customer).with(json!({ "kind": order.kind.as_str(), "workflow": order.workflow }))
    });
    app.store.put_order(tenant, &customer, &order, now).await?;
    Ok(Json(shown(&order)))
}

/// The order that is given; everything that is wrong with it otherwise.
fn order(facts: &Facts, given: OrderIn, by: String, now: Timestamp, zone: &TimeZone) -> ApiResult<Order> {
    let OrderIn { kind, invoice, step, currency, case, workflow, until } = given;
    let mut flaws = Vec::new();
    let mut flaw = |pointer: &str, detail: &str| flaws.push((pointer.to_owned(), detail.to_owned()));
    let last = now.checked_add((DAYS_MAX * 24).hours()).unwrap_or(Timestamp::MAX);
    if until.is_some_and(|until| until <= now || until > last) {
        flaw("/until", "an order waits at most 400 days, and not into the past");
    }
    let (kind, of_step) = match kind {
        KindIn::Skip => (OrderKind::Skip, true),
        KindIn::BringForward => (OrderKind::BringForward, true),
        KindIn::SendNow => (OrderKind::SendNow, true),
        KindIn::Move => (OrderKind::Move, false),
        KindIn::LiftCapOnce => (OrderKind::LiftCapOnce, false),
    };
    let (mut steps, mut of) = (Vec::new(), currency);
    if of_step {
        let found = invoice.as_deref().and_then(|wanted| items(facts, wanted, now, zone));
        match (&found, step.as_deref().filter(|step| !step.is_empty() && step.len() <= 64)) {
            (None, _) => flaw("/invoice", "the customer has no open invoice of this id; it is needed with an order about a step"),
            (Some(_), None) => flaw("/step", "the id of a step is needed, such as 'reminder'"),
            (Some((currency, items)), Some(step)) => {
                of = Some(*currency);
                let ordered = |item: &DueItemKey| OrderedStep { item: item.clone(), step: step.to_owned(), occurrence: None };
                steps = items.iter().map(ordered).collect();
            }
        }
        if currency.is_some() && of != currency {
            flaw("/currency", "the invoice is in another currency; leave it out");
        }
    } else {
        if of.is_none() {
            flaw("/currency", "an order about a case names its currency, such as 'EUR'");
        }
        for (name, there) in [("/invoice", invoice.is_some()), ("/step", step.is_some())] {
            if there {
                flaw(name, "the order is about a case as a whole; leave it out");
            }
        }
    }
    let case = match case.as_deref() {
        _ if of_step => None,
        Some(id) => {
            let known = facts.cases.iter().find(|(key, known)| known.id.as_str() == id && Some(key.currency()) == of);
            if known.is_none() {
                flaw("/case", "the customer has no case of this id in this currency");
            }
            known.map(|(_, known)| known.id.clone())
        }
        None => {
            let alive = |(key, known): &(&CaseKey, &Case)| Some(key.currency()) == of && known.state != CaseState::Closed;
            let mut living = facts.cases.iter().filter(alive);
            let only = living.next().map(|(_, known)| known.id.clone());
            if living.next().is_some() {
                flaw("/case", "the customer has several cases in this currency; name the one that is meant by its id");
            }
            // It waits for a message, and cases that open meanwhile are not meant.
            only.filter(|_| kind == OrderKind::LiftCapOnce)
        }
    };
    match (&kind, &workflow) {
        (OrderKind::Move, None) => flaw("/workflow", "the id of the workflow to go on by is needed"),
        (OrderKind::Move, Some(_)) | (_, None) => {}
        (_, Some(_)) => flaw("/workflow", "only a move names a workflow; leave it out"),
    }
    let (Some(currency), true) = (of, flaws.is_empty()) else { return Err(Fail::fields(flaws)) };
    let named: Vec<String> = steps.iter().map(|step| format!("{}/{}", step.item, step.step)).collect();
    let mut parts = vec![facts.tenant.as_str(), facts.customer.id.as_str(), kind.as_str(), currency.code()];
    parts.extend(case.as_ref().map(CaseId::as_str));
    parts.push(workflow.as_deref().unwrap_or_default());
    parts.extend(named.iter().map(String::as_str));
    Ok(Order { id: OrderId::derive(&parts), kind, currency, case, steps, workflow, by, given_at: now, until })
}

/// The open due items of an invoice, by its id here or the source's own, and their currency.
fn items(facts: &Facts, wanted: &str, now: Timestamp, zone: &TimeZone) -> Option<(Currency, Vec<DueItemKey>)> {
    let known = facts.invoices.iter().map(|fact| &fact.invoice);
    let invoice =
        known.into_iter().find(|known| InvoiceId::parse(wanted).as_ref() == Some(&known.id) || known.external_id == wanted)?;
    let receivables = receivables::Receivables::in_zone(facts, zone, now);
    let of_it = |item: &&receivables::DueItem<'_>| item.key.invoice() == Some(&invoice.id);
    let items: Vec<DueItemKey> = receivables.items.iter().filter(of_it).map(|item| item.key.clone()).collect();
    (!items.is_empty()).then_some((invoice.currency, items))
}

/// An order as it waits.
pub fn shown(order: &Order) -> OrderOut {
    let step = |step: &OrderedStep| OrderedStepOut { item: step.item.to_string(), step: step.step.clone() };
    OrderOut {
        id: order.id.as_str().to_owned(),
        kind: order.kind.as_str().to_owned(),
        currency: order.currency,
        case: order.case.as_ref().map(ToString::to_string),
        steps: order.steps.iter().map(step).collect(),
        workflow: order.workflow.clone(),
        by: order.by.clone(),
        given_at: order.given_at,
        until: order.until,
    }
}
