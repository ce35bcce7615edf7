//! The way to live: what has to be done first, what of it is missing and where it is done, and going there. `service` refuses while a step is open.

use minijinja::{Value, context, value::Serde};
use serde_json::{Map, json};
use service::{
    NotDone, Operation,
    going_live::{self, GoLiveState, LiveStep, LiveStepState},
    jobs,
};
use store::Job;

use super::simulations::{asked_of, nonce};
use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    visit::ConsoleVisit,
};

/// Where it is.
const ADDRESS: &str = "/console/go-live";

/// What a step is called, and why it is there.
fn words(step: LiveStep) -> (&'static str, &'static str, &'static str) {
    match step {
        LiveStep::BookAudit => (
            "book-audit",
            "Audit of the book",
            "What the book is missing before the first message: addresses, terms, duplicates, money that is not placed.",
        ),
        LiveStep::Shadow => (
            "shadow",
            "Shadow",
            "Everything is decided and recorded as if it were live, and nothing leaves. Look at it for some days.",
        ),
        LiveStep::Simulation => (
            "simulation",
            "Simulation",
            "The days to come are played with the book as it is: who would get what, and whether a cap or the breaker stops it.",
        ),
        LiveStep::Ramp => (
            "ramp",
            "Ramp",
            "A backlog is not written to in one day: messages of a day are capped, and the cap grows by the week.",
        ),
        LiveStep::Live => ("live", "Live", "Messages leave."),
    }
}

/// Where what is missing is put right: of a place of the settings.
fn leads_to(pointer: &str) -> (&'static str, &'static str) {
    match pointer {
        "/mode" => ("/console/workflows", "Workflows"),
        _ => ("/console/settings", "Settings"),
    }
}

/// `GET /console/go-live`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    page(visit, Vec::new(), 200).await
}

async fn page(visit: &ConsoleVisit, flaws: Vec<(String, String)>, status: u16) -> PageResult {
    let state = going_live::show(visit.store(), &visit.actor, visit.now).await?;
    let steps: Vec<Value> = state.steps.iter().map(|step| of_step(visit, step, &state)).collect();
    let values = context! {
        mode => state.mode.as_str(),
        rev => state.rev,
        ready => state.is_ready(),
        open => state.steps.iter().filter(|step| !step.missing.is_empty()).count(),
        steps,
        ramp => state.ramp.clone(),
        first => state.per_day.map(u64::from).or_else(|| state.ramp.first().copied()),
        per_day => state.per_day,
        may_start => visit.actor.may_work(Operation::StartJob, "audit_book").is_ok(),
        may_change => visit.may(Operation::PatchSettings),
        flaws => Value::from(Serde(&FormFlaws::of(flaws))),
    };
    Ok(ConsolePage::new(Section::Workflows, "The way to live", "going_live", values).with_status(status).into())
}

fn of_step(visit: &ConsoleVisit, state: &LiveStepState, whole: &GoLiveState) -> Value {
    let (id, label, about) = words(state.step);
    let said = |all: &[(String, String)]| {
        let one = |(pointer, detail): &(String, String)| {
            let (to, place) = if pointer.is_empty() { ("", "") } else { leads_to(pointer) };
            context! { detail => detail.as_str(), to, place, pointer => pointer.as_str() }
        };
        all.iter().map(one).collect::<Vec<Value>>()
    };
    let passed = state.missing.is_empty() && (state.step != LiveStep::Live || whole.mode.as_str() == "live");
    context! {
        id, label, about, passed,
        missing => said(&state.missing),
        warnings => said(&state.warnings),
        job => state.job.as_ref().map(|job| of_job(visit, job)),
        findings => state.job.as_ref().filter(|_| state.step == LiveStep::BookAudit).map(findings).unwrap_or_default(),
    }
}

fn of_job(visit: &ConsoleVisit, job: &Job) -> Value {
    context! {
        id => job.id.as_str(), status => job.status.as_str(), is_under_way => job.status.is_under_way(), done => job.done,
        total => job.total.unwrap_or(0), at => visit.formats.from_now(job.asked_at), is_simulation => job.kind == "simulate",
    }
}

/// What an audit of the book found, counted.
fn findings(job: &Job) -> Vec<Value> {
    const FOUND: [(&str, &str); 7] = [
        ("/without_usable_address/by_any/count", "customers whom nobody can write to"),
        ("/unreconciled_cash/customers_with_unapplied/count", "customers with credit that names no invoice"),
        ("/unreconciled_cash/payments_ahead_of_invoices/count", "payments ahead of their invoices"),
        ("/duplicates/same_name/count", "customers of one name"),
        ("/duplicates/same_person/count", "people at several customers"),
        ("/duplicates/same_number_and_amount/count", "invoices of one number and amount"),
        ("/unreadable_customers", "customers whose facts do not read"),
    ];
    let Some(result) = &job.result else { return Vec::new() };
    let count = |(pointer, label): (&str, &'static str)| {
        let count = result.pointer(pointer)?.as_u64()?;
        Some(context! { label, count })
    };
    FOUND.into_iter().filter_map(count).collect()
}

/// `POST /console/go-live/jobs`: starts the audit of the book or a simulation.
pub(crate) async fn start(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let kind = posted.text("kind").filter(|kind| ["audit_book", "simulate"].contains(kind));
    let kind = kind.ok_or_else(|| NotDone::field("/kind", "the way to live takes an audit of the book and a simulation"))?;
    let mut asked = if kind == "simulate" { asked_of(posted)? } else { Map::new() };
    asked.insert("kind".to_owned(), json!(kind));
    let job = jobs::start(visit.store(), &visit.actor, Operation::StartJob, asked, &nonce()?, visit.now).await?;
    let to = if kind == "simulate" { super::simulations::address(job.id.as_str()) } else { ADDRESS.to_owned() };
    Ok(ConsoleReply::done(to, "It is queued."))
}

/// `POST /console/go-live`: to shadow, a cap of messages a day, or live.
pub(crate) async fn change(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let seen = posted.text("revision").and_then(|rev| rev.parse().ok());
    let seen =
        seen.ok_or_else(|| NotDone::field("/rev", "the form does not say which revision it is of; load the page again"))?;
    let (store, actor, now) = (visit.store(), &visit.actor, visit.now);
    let (done, said) = match posted.text("do") {
        Some("shadow") => {
            (going_live::to_shadow(store, actor, seen, now).await, "It is decided and recorded from now on, and nothing leaves.")
        }
        Some("ramp") => match posted.text("per_day").map(str::parse) {
            Some(Ok(per_day)) => (going_live::set_ramp(store, actor, per_day, seen, now).await, "Messages of a day are capped."),
            Some(Err(_)) | None => (Err(NotDone::field("/per_day", "a whole number of messages a day is meant")), ""),
        },
        Some("live") => (going_live::go_live(store, actor, seen, now).await, "It is live: messages leave from now on."),
        Some(_) | None => (Err(NotDone::field("/do", "the form does not say what to do; load the page again")), ""),
    };
    match done {
        Ok(()) => Ok(ConsoleReply::done(ADDRESS, said)),
        Err(NotDone::Fields(flaws)) => page(visit, flaws, 422).await,
        Err(why) => Err(why.into()),
    }
}
