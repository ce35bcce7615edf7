//! Webhooks that leave: subscriptions of outside systems to events, what was delivered to each, replays and samples.

use jiff::Timestamp;
use minijinja::context;
use serde_json::{Value as Json, json};
use service::{
    NotDone, deliveries,
    public_url::EventPlaces,
    subscriptions::{self, ShownSubscription, SubscriptionGiven},
};
use store::{BusKind, EventDelivery, ReplayOf, Subscription};

use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    shown::{options, shown},
    tables::PagerView,
    visit::ConsoleVisit,
};

/// Where they are.
const OUT: &str = "/console/webhooks/out";

/// `GET /console/webhooks/out`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    page(visit, FormFlaws::default()).await
}

/// `POST /console/webhooks/out`: makes a subscription, and shows its secret this once.
pub(crate) async fn make(visit: &ConsoleVisit) -> PageResult {
    let given = given(visit);
    let desk = (visit.store(), visit.vault());
    match subscriptions::make(desk, &visit.actor, &given, places(visit), visit.now).await {
        Ok(made) => Ok(once(made, None)),
        Err(NotDone::Fields(flaws)) => page(visit, of_events(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/webhooks/out/{id}`: one, with what was delivered.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    one_page(visit, FormFlaws::default()).await
}

/// `POST /console/webhooks/out/{id}`: changes it.
pub(crate) async fn change(visit: &ConsoleVisit) -> PageResult {
    let (id, given) = (visit.path_value("id"), given(visit));
    let seen = visit.posted().text("revision").and_then(|rev| rev.parse().ok());
    let change = |_: &SubscriptionGiven| Ok(given);
    match subscriptions::change(visit.store(), &visit.actor, id, change, places(visit), seen, visit.now).await {
        Ok(changed) => {
            let said = if changed.enabled {
                "The subscription is saved, and in use."
            } else {
                "The subscription is saved. It is not in use."
            };
            Ok(ConsoleReply::done(address(id), said))
        }
        Err(NotDone::Fields(flaws)) => one_page(visit, of_events(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/webhooks/out/{id}/rotate`: gives it a new secret.
pub(crate) async fn rotate(visit: &ConsoleVisit) -> PageResult {
    let hours = visit.posted().text("overlap_hours").map(str::parse::<u32>).transpose();
    let hours = hours.map_err(|_| NotDone::field("/overlap_hours", "it is a whole number of hours, 0 to 720"))?;
    let made =
        subscriptions::rotate(visit.store(), visit.vault(), &visit.actor, visit.path_value("id"), hours, visit.now).await?;
    let until = made.subscription.sealed_before.as_ref().map(|(_, until)| visit.formats.moment(*until));
    Ok(once(made, until))
}

/// `POST /console/webhooks/out/{id}/test`: sends a sample.
pub(crate) async fn test(visit: &ConsoleVisit) -> PageResult {
    let (id, form) = (visit.path_value("id"), visit.posted());
    let kind = form.text("event").unwrap_or_default();
    match deliveries::sample(visit.store(), &visit.actor, id, kind, visit.now).await {
        Ok(_) => {
            Ok(ConsoleReply::done(address(id), format!("A sample of {kind} is on its way: the log below says what came of it.")))
        }
        Err(NotDone::Fields(flaws)) => one_page(visit, FormFlaws::of(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/webhooks/out/{id}/replay`: delivers again what was named, or everything since an instant.
pub(crate) async fn replay(visit: &ConsoleVisit) -> PageResult {
    let (id, form) = (visit.path_value("id"), visit.posted());
    let named: Vec<String> = form.all("deliveries").map(str::to_owned).collect();
    let asked = match form.text("since") {
        Some(text) if named.is_empty() => match since(visit, text) {
            Some(since) => ReplayOf::Since(since),
            None => {
                let flaw = ("/since".to_owned(), "it is a day and a time, such as 2026-02-04T09:00".to_owned());
                return one_page(visit, FormFlaws::of(vec![flaw])).await;
            }
        },
        Some(_) | None => ReplayOf::These(named),
    };
    match deliveries::replay(visit.store(), &visit.actor, id, asked, visit.now).await {
        Ok(Some(count)) => Ok(ConsoleReply::done(address(id), format!("{count} deliveries are queued again."))),
        Ok(None) => Ok(ConsoleReply::done(address(id), "Everything since then is queued again, in its order.")),
        Err(NotDone::Fields(flaws)) => one_page(visit, FormFlaws::of(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/webhooks/out/{id}/delete`.
pub(crate) async fn delete(visit: &ConsoleVisit) -> PageResult {
    let seen = visit.posted().text("revision").and_then(|rev| rev.parse().ok());
    let gone = subscriptions::delete(visit.store(), &visit.actor, visit.path_value("id"), seen, visit.now).await?;
    Ok(ConsoleReply::done(OUT, format!("The subscription to {} is deleted, with its secret.", gone.url)))
}

/// Where one is.
fn address(id: &str) -> String {
    format!("{OUT}/{id}")
}

/// What the form says of a subscription.
fn given(visit: &ConsoleVisit) -> SubscriptionGiven {
    let form = visit.posted();
    SubscriptionGiven {
        name: form.owned("name"),
        url: form.owned("url").unwrap_or_default(),
        events: form.all("events").map(str::to_owned).collect(),
        // A box of the form says whether it is in use; where it is made it always is.
        enabled: form.text("revision").map(|_| form.is_ticked("enabled")),
    }
}

/// Where events may go.
fn places(visit: &ConsoleVisit) -> EventPlaces {
    if visit.desk.outside.stand_ins { EventPlaces::LoopbackToo } else { EventPlaces::Public }
}

/// An instant as a browser gives it, of the tenant's day.
fn since(visit: &ConsoleVisit, text: &str) -> Option<Timestamp> {
    let there: jiff::civil::DateTime = text.parse().ok()?;
    Some(there.to_zoned(visit.formats.zone().clone()).ok()?.timestamp())
}

/// Flaws of single events are those of the list of boxes.
fn of_events(flaws: Vec<(String, String)>) -> FormFlaws {
    let at_list = |(pointer, detail): (String, String)| {
        if pointer.starts_with("/events/") { ("/events".to_owned(), detail) } else { (pointer, detail) }
    };
    FormFlaws::of(flaws.into_iter().map(at_list).collect())
}

/// The page that shows a secret, this once.
fn once(made: ShownSubscription, before_until: Option<String>) -> ConsoleReply {
    let ShownSubscription { subscription, secret } = made;
    let values = context! {
        what => format!("The secret that events to {} are signed with", subscription.url),
        secret,
        before_until,
        use_as => "the key of Standard Webhooks: a library of it checks webhook-signature",
        back => address(subscription.id.as_str()),
    };
    ConsolePage::new(Section::Webhooks, "Copy the secret now", "secret", values).into()
}

/// The kinds of events, with a box each.
fn boxes(chosen: &[&str]) -> minijinja::Value {
    let all: Vec<Json> =
        BusKind::ALL.iter().map(|kind| json!({ "value": kind.as_str(), "is_chosen": chosen.contains(&kind.as_str()) })).collect();
    shown(&all)
}

async fn page(visit: &ConsoleVisit, flaws: FormFlaws) -> PageResult {
    let known = subscriptions::list(visit.store(), &visit.actor).await?;
    let rows: Vec<Json> = known.iter().map(|one| on_page(visit, one)).collect();
    let form = visit.posted();
    let chosen: Vec<&str> = form.all("events").collect();
    let values = context! {
        rows => shown(&rows),
        boxes => boxes(&chosen),
        typed => shown(&form.typed()),
        flaws => shown(&flaws),
    };
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    Ok(ConsolePage::new(Section::Webhooks, "Webhooks that leave", "subscriptions", values).with_status(status).into())
}

async fn one_page(visit: &ConsoleVisit, flaws: FormFlaws) -> PageResult {
    let id = visit.path_value("id");
    let known = subscriptions::show(visit.store(), &visit.actor, id).await?;
    let desk = (visit.store(), visit.vault());
    let log = deliveries::list(desk, &visit.actor, id, (Some(50), visit.query("cursor")), visit.now).await?;
    let rows: Vec<Json> = log.deliveries.iter().map(|one| delivery_on_page(visit, one)).collect();
    let form = visit.posted();
    let is_typed = form.text("url").is_some() && !flaws.all.is_empty();
    let chosen: Vec<&str> =
        if is_typed { form.all("events").collect() } else { known.events.iter().map(String::as_str).collect() };
    let (name, url) = (known.name.as_deref().unwrap_or_default(), known.url.as_str());
    let values = context! {
        one => shown(&on_page(visit, &known)),
        rev => known.rev,
        name => if is_typed { form.text("name").unwrap_or_default() } else { name },
        url => if is_typed { form.text("url").unwrap_or_default() } else { url },
        is_enabled => if is_typed { form.is_ticked("enabled") } else { known.enabled },
        boxes => boxes(&chosen),
        kinds => options(BusKind::ALL.iter().map(|kind| (kind.as_str(), kind.as_str()))),
        rows => shown(&rows),
        pages => shown(&PagerView::of(&visit.request, log.after.as_deref())),
        typed => shown(&form.typed()),
        flaws => shown(&flaws),
    };
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    Ok(ConsolePage::new(Section::Webhooks, "A subscription", "subscription", values).with_status(status).into())
}

fn on_page(visit: &ConsoleVisit, one: &Subscription) -> Json {
    let ended = one.ended.as_ref();
    let before = one.sealed_before.as_ref().map(|(_, until)| *until).filter(|until| *until > visit.now);
    json!({
        "id": one.id.as_str(), "name": one.name, "url": one.url, "events": one.events, "enabled": one.enabled,
        "ended_because": ended.map(|(because, _)| because.to_string()), "ended_at": ended.map(|(_, at)| visit.formats.moment(*at)),
        "before_until": before.map(|until| visit.formats.moment(until)), "made_at": visit.formats.moment(one.made_at),
        "made_by": one.made_by,
    })
}

fn delivery_on_page(visit: &ConsoleVisit, one: &EventDelivery) -> Json {
    json!({
        "id": one.id(), "kind": one.kind, "status": one.status.as_str(), "made_at": visit.formats.moment(one.made_at),
        "tries": one.tries, "next": one.next_at.map(|at| visit.formats.from_now(at)), "answer": one.answer, "why": one.why,
        "replays": one.replays, "is_sample": one.is_sample(), "detail": one.detail.to_string(),
    })
}
