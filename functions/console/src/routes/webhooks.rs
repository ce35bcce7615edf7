//! Webhooks that came, and what became of each; one that is kept for a person is applied again.

use domain::calendar::tenant_zone;
use jiff::civil::Date;
use minijinja::context;
use reading::again::{AppliedAgain, apply_again};
use serde_json::{Value as Json, json};
use service::{
    NotDone, Operation,
    tasks::{KeptEvent, event_applied, kept_event},
    webhooks::{self, WebhooksAsked},
};
use store::{AppliedOutcome, ReceivedWebhook};

use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    shown::shown,
    tables::PagerView,
    visit::ConsoleVisit,
};

/// Longest body that is applied again, in bytes.
const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Longest body that a page shows, in characters.
const SHOWN_MAX: usize = 20_000;

/// `GET /console/webhooks`: newest first, by source and day.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let on = visit.query("on").map(str::parse::<Date>).transpose();
    let on = on.map_err(|_| NotDone::field("/on", "it is a day, such as 2026-02-04"))?;
    let asked = WebhooksAsked {
        source: visit.query("source").map(str::to_owned),
        on,
        limit: None,
        cursor: visit.query("cursor").map(str::to_owned),
    };
    let page = webhooks::list((visit.store(), visit.vault()), &visit.actor, &asked, visit.now).await?;
    let rows: Vec<Json> = page.webhooks.iter().map(|one| on_page(visit, one)).collect();
    let values = context! {
        rows => shown(&rows),
        source => visit.query("source").unwrap_or_default(),
        on => visit.query("on").unwrap_or_default(),
        pages => shown(&PagerView::of(&visit.request, page.after.as_deref())),
        may_open => visit.may(Operation::ShowWebhook),
        may_see_out => visit.may(Operation::ListSubscriptions),
    };
    Ok(ConsolePage::new(Section::Webhooks, "Webhooks that came", "webhooks", values).into())
}

/// `GET /console/webhooks/{id}`: one, with its body while that is kept for a person.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    page(visit, FormFlaws::default()).await
}

/// `POST /console/webhooks/{id}/apply`: applies it again, and ends its task.
pub(crate) async fn apply(visit: &ConsoleVisit) -> PageResult {
    let id = visit.path_value("id");
    let (store, actor) = (visit.store(), &visit.actor);
    let task = webhooks::task_of(store, actor, Operation::ApplyWebhook, id).await?;
    let kept = kept_event(store, actor, Operation::ApplyWebhook, task.as_str()).await?;
    let bytes = body(visit, &kept).await?;
    let none = || NotDone::NotFound("this tenant has no settings yet".to_owned());
    let zone = tenant_zone(visit.settings.as_ref().ok_or_else(none)?);
    let outcome = match apply_again((store, visit.vault()), visit.tenant(), &kept.source, &bytes, &zone, visit.now).await? {
        AppliedAgain::Done(AppliedOutcome::Applied) => "applied",
        AppliedAgain::Done(AppliedOutcome::Stale) => "stale",
        AppliedAgain::Done(AppliedOutcome::Duplicate) => "duplicate",
        AppliedAgain::Nothing(why) => return page(visit, FormFlaws::of(vec![(String::new(), why)])).await,
        AppliedAgain::StillWrong(flaws) => {
            let flaws = flaws.into_iter().map(|flaw| (flaw.pointer, flaw.detail)).collect();
            return page(visit, FormFlaws::of(flaws)).await;
        }
    };
    event_applied(store, actor, Operation::ApplyWebhook, &kept, outcome, visit.now).await?;
    let said = match outcome {
        "applied" => "It was applied, and its task is done.",
        _ => "All of it was known already, and its task is done.",
    };
    Ok(ConsoleReply::done(format!("/console/webhooks/{id}"), said))
}

async fn page(visit: &ConsoleVisit, flaws: FormFlaws) -> PageResult {
    let found = webhooks::show(visit.store(), &visit.actor, Operation::ShowWebhook, visit.path_value("id")).await?;
    let kept = match &found.task {
        Some(task) => match kept_event(visit.store(), &visit.actor, Operation::ShowWebhook, task.as_str()).await {
            Ok(kept) => body(visit, &kept).await.map(Some),
            Err(other) => Err(other),
        },
        None => Ok(None),
    };
    let text = match kept {
        Ok(bytes) => bytes.map(|bytes| readable(&bytes)),
        Err(NotDone::NotFound(_)) => None,
        Err(other) => return Err(other.into()),
    };
    let values = context! {
        one => shown(&on_page(visit, &found)),
        body => text.unwrap_or_default(),
        may_apply => found.task.is_some() && visit.may(Operation::ApplyWebhook),
        flaws => shown(&flaws),
    };
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    Ok(ConsolePage::new(Section::Webhooks, "A webhook that came", "webhook", values).with_status(status).into())
}

fn on_page(visit: &ConsoleVisit, one: &ReceivedWebhook) -> Json {
    let flaws: Vec<Json> = one.flaws.iter().map(|(pointer, detail)| json!({ "pointer": pointer, "detail": detail })).collect();
    json!({
        "id": one.id, "source": one.source, "event": one.event_id, "at": visit.formats.moment(one.at), "fate": one.fate.as_str(),
        "means": means(one.fate.as_str()), "repeated": one.repeated, "task": one.task.as_ref().map(domain::TaskId::as_str),
        "flaws": flaws,
    })
}

/// What became of a webhook, in words.
fn means(fate: &str) -> &'static str {
    match fate {
        "applied" => "what it says was taken",
        "stale" => "all of it was known already",
        "noted" => "the objects that it points at are read back",
        "parked" => "it is kept for a person",
        "refused" => "the document is wrong by itself, and nothing of it is kept",
        _ => "a later release says what became of it",
    }
}

async fn body(visit: &ConsoleVisit, kept: &KeptEvent) -> Result<Vec<u8>, NotDone> {
    let found = visit.desk.outside.files.get(&kept.key, BODY_BYTES_MAX).await.map_err(|error| {
        tracing::error!(error = kit::causes(&error), "an event cannot be fetched from the bucket");
        NotDone::Changed("the event cannot be fetched now; try again in some seconds".to_owned())
    })?;
    found.ok_or_else(|| NotDone::NotFound("the event is no longer kept; have its source send it again".to_owned()))
}

/// A body as people read it.
fn readable(bytes: &[u8]) -> String {
    let json = serde_json::from_slice::<Json>(bytes).ok().and_then(|value| serde_json::to_string_pretty(&value).ok());
    let text = json.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    text.chars().take(SHOWN_MAX).collect()
}
