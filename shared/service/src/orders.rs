//! Orders: what people tell Dunlin to do with a step, a due item or a case, and take back until it is used up. Approvals are answered at
//! their tasks.

use domain::{
    Case, CaseId, CaseKey, CaseState, Currency, CustomerId, DueItemKey, Facts, InvoiceId, Order, OrderId, OrderKind, OrderedStep,
    Policy, calendar::tenant_zone, receivables,
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::json;
use store::{Read, Store};

use crate::{
    Actor, Done, NotDone, Operation,
    customers::{no_customer, reason_of},
    matter,
};

/// How far ahead an order may wait for the moment at which it can be obeyed, in days.
const DAYS_MAX: i64 = 400;
/// Most orders of a customer that wait.
const OPEN_MAX: usize = 50;

/// An order as a person gives it.
#[derive(Clone, Debug)]
pub struct OrderAsked {
    /// What is to be done.
    pub kind: OrderKind,
    /// For a step: the invoice, its id here or the source's own. Its open instalments are meant all.
    pub invoice: Option<String>,
    /// For a step: its id.
    pub step: Option<String>,
    /// For a case: its currency.
    pub currency: Option<Currency>,
    /// For a case: its id, needed where the customer has several in the currency.
    pub case: Option<String>,
    /// For a move: the published workflow that the case goes on by.
    pub workflow: Option<String>,
    /// Until when it waits for the moment at which it can be obeyed.
    pub until: Option<Timestamp>,
}

/// Gives an order. It is obeyed by the next decision that can, or the record says why not; repeating it while it waits changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where too many wait; those of the table.
pub async fn give(store: &Store, actor: &Actor, customer: &str, asked: OrderAsked, now: Timestamp) -> Done<Order> {
    let tenant = actor.may(Operation::GiveOrder)?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    let facts = matter::facts(store, tenant, &customer).await?;
    let zone = tenant_zone(&matter::settings(store, tenant).await?);
    let order = order(&facts, asked, actor.by().to_owned(), now, &zone)?;
    names_what_there_is(&order, &store.policy(tenant, &facts.cases, Read::Fresh).await?)?;
    if facts.orders.len() >= OPEN_MAX && !facts.orders.iter().any(|known| known.id == order.id) {
        return Err(NotDone::Conflict(format!("{OPEN_MAX} orders of this customer wait already; the sweep looks at them first")));
    }
    let what = json!({ "kind": order.kind.as_str(), "workflow": order.workflow });
    let entry = actor.entry(Operation::GiveOrder, now).of(order.id.as_str()).about(&customer).with(what);
    store.acting(entry).put_order(tenant, &customer, &order, now).await?;
    Ok(order)
}

/// Takes an order back that no decision has used up: the customer is as if it had not been given.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where it is used up or was taken back; those of the table.
pub async fn withdraw(store: &Store, actor: &Actor, id: &str, reason: Option<&str>, now: Timestamp) -> Done<(CustomerId, Order)> {
    let tenant = actor.may(Operation::WithdrawOrder)?;
    let reason = reason_of(reason)?;
    let none = || NotDone::NotFound("there is no such order".to_owned());
    let over = || {
        NotDone::Conflict(
            "a decision has used the order up, it was taken back before, or its invoice is another customer's now; the customer's records \
             say what came of it"
                .to_owned(),
        )
    };
    let id = OrderId::parse(id).ok_or_else(none)?;
    let customer = store.whose(tenant, id.as_str()).await?.ok_or_else(none)?;
    let order = store.order(tenant, &customer, &id).await?.ok_or_else(over)?;
    let what = json!({ "kind": order.kind.as_str(), "given_at": order.given_at });
    let entry = actor.entry(Operation::WithdrawOrder, now).of(id.as_str()).about(&customer).with(what).noting(reason);
    if store.acting(entry).withdraw_order(tenant, &customer, &id, now).await? { Ok((customer, order)) } else { Err(over()) }
}

/// Refuses an order about a step or workflow that there is not: it would wait, and then be for nothing.
fn names_what_there_is(order: &Order, policy: &Policy) -> Done<()> {
    let has = |step: &str| {
        policy.workflows.iter().any(|workflow| {
            let was_once = workflow.carried().iter().any(|(old, _)| old == step);
            was_once || workflow.steps.iter().any(|known| known.id == step)
        })
    };
    if order.steps.iter().any(|ordered| !has(&ordered.step)) {
        let detail = "no workflow that the invoice could follow has a step of this id; GET /v1/workflows/{id} names its steps";
        return Err(NotDone::field("/step", detail));
    }
    order.workflow.as_deref().map_or(Ok(()), |wanted| names_published("/workflow", wanted, policy))
}

/// Refuses a workflow that is not published: no case could go on by it.
pub(crate) fn names_published(pointer: &str, wanted: &str, policy: &Policy) -> Done<()> {
    if policy.published.iter().any(|(id, _)| id == wanted) {
        return Ok(());
    }
    Err(NotDone::field(pointer, "no workflow of this id is published; GET /v1/workflows lists those that are"))
}

/// The order that is given; everything that is wrong with it otherwise.
pub(crate) fn order(facts: &Facts, given: OrderAsked, by: String, now: Timestamp, zone: &TimeZone) -> Done<Order> {
    let OrderAsked { kind, invoice, step, currency, case, workflow, until } = given;
    let mut flaws = Vec::new();
    let mut flaw = |pointer: &str, detail: &str| flaws.push((pointer.to_owned(), detail.to_owned()));
    let last = now.checked_add((DAYS_MAX * 24).hours()).unwrap_or(Timestamp::MAX);
    if until.is_some_and(|until| until <= now || until > last) {
        flaw("/until", "an order waits at most 400 days, and not into the past");
    }
    let of_step = kind.is_of_step();
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
    let (Some(currency), true) = (of, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
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
