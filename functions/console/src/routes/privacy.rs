//! People and their rights: finding somebody, what is known of them, erasing it; addresses that must not be used; how long documents are kept.

use std::sync::Arc;

use domain::{Channel, Suppression, retention::RETENTION};
use minijinja::context;
use serde_json::{Value as Json, json};
use service::{
    NotDone, Operation,
    customer_files::{RemoveObject, RemovedObject},
    privacy,
    suppressions::{self, AddressGiven, LiftAsked, StopAsked},
};
use store::StoppedLine;

use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    shown::{options, shown},
    tables::PagerView,
    visit::ConsoleVisit,
};

/// Where it is.
const PRIVACY: &str = "/console/privacy";

/// `GET /console/privacy`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    page(visit, "", FormFlaws::default()).await
}

/// `POST /console/privacy/find`: the address is in no address of ours, and in no browser's history.
pub(crate) async fn find(visit: &ConsoleVisit) -> PageResult {
    let found = match privacy::find(visit.store(), &visit.actor, &address(visit)).await {
        Ok(found) => found,
        Err(NotDone::Fields(flaws)) => return page(visit, "find", FormFlaws::of(flaws)).await,
        Err(other) => return Err(other.into()),
    };
    Ok(ConsoleReply::see(format!("{PRIVACY}/people/{}", found.person)))
}

/// `GET /console/privacy/people/{id}`: what is known of somebody, and with that what an erasure deletes.
pub(crate) async fn person(visit: &ConsoleVisit) -> PageResult {
    person_page(visit, FormFlaws::default()).await
}

/// `POST /console/privacy/people/{id}/export`: everything that is known of somebody, as a file.
pub(crate) async fn export(visit: &ConsoleVisit) -> PageResult {
    let id = visit.path_value("id");
    let all = privacy::export((visit.store(), visit.vault()), &visit.actor, id, visit.now).await?;
    let body =
        serde_json::to_string_pretty(&all).map_err(|error| NotDone::Changed(format!("it could not be written: {error}")))?;
    Ok(ConsoleReply::File { content_type: "application/json; charset=utf-8", name: format!("{id}.json"), body })
}

/// `POST /console/privacy/people/{id}/erase`.
pub(crate) async fn erase(visit: &ConsoleVisit) -> PageResult {
    let form = visit.posted();
    let remove = removing(visit);
    let desk = (visit.store(), visit.vault(), &remove);
    let done = match privacy::erase(desk, &visit.actor, visit.path_value("id"), form.text("reason"), visit.now).await {
        Ok(done) => done,
        Err(NotDone::Fields(flaws)) => return person_page(visit, FormFlaws::of(flaws)).await,
        Err(other) => return Err(other.into()),
    };
    let places: Vec<Json> = done
        .places
        .iter()
        .map(|place| {
            json!({
                "customer": place.customer.as_str(), "contacts": place.contacts, "invoices": place.invoices, "words": place.words,
                "own": place.own, "restricted": place.restricted,
            })
        })
        .collect();
    let kept: Vec<Json> =
        done.kept.iter().map(|kept| json!({ "what": kept.what, "why": kept.why, "until": kept.until })).collect();
    let values = context! {
        id => done.person.to_string(), places => shown(&places), answers => done.answers, kept => shown(&kept),
    };
    Ok(ConsolePage::new(Section::Privacy, "The person is erased", "erased", values).into())
}

/// `POST /console/privacy/suppressions`: enters that an address must not be used.
pub(crate) async fn enter(visit: &ConsoleVisit) -> PageResult {
    let form = visit.posted();
    let asked = StopAsked {
        named: address(visit),
        reason: form.owned("reason"),
        note: form.owned("note"),
        customer: form.owned("customer"),
    };
    match suppressions::enter(visit.store(), &visit.actor, &asked, visit.now).await {
        Ok(stands) => {
            let said = format!("The address is not used any more: {}.", said_reason(&stands.suppression));
            Ok(ConsoleReply::done(PRIVACY, said))
        }
        Err(NotDone::Fields(flaws)) => page(visit, "enter", FormFlaws::of(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/privacy/suppressions/{id}`: one address, with the form that lifts it.
pub(crate) async fn suppression(visit: &ConsoleVisit) -> PageResult {
    lift_page(visit, FormFlaws::default()).await
}

/// `POST /console/privacy/suppressions/{id}/lift`: lets an address be used again, for a reason that is kept.
pub(crate) async fn lift(visit: &ConsoleVisit) -> PageResult {
    let form = visit.posted();
    let asked = LiftAsked { entry: form.owned("entry"), reason: form.owned("reason"), customer: form.owned("customer") };
    match suppressions::lift(visit.store(), &visit.actor, visit.path_value("id"), &asked, visit.now).await {
        Ok(_) => Ok(ConsoleReply::done(PRIVACY, "The address may be used again.")),
        Err(NotDone::Fields(flaws)) => lift_page(visit, FormFlaws::of(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// The address that a form names.
fn address(visit: &ConsoleVisit) -> AddressGiven {
    let form = visit.posted();
    AddressGiven { channel: form.owned("channel"), address: form.owned("address") }
}

async fn page(visit: &ConsoleVisit, wrong: &'static str, flaws: FormFlaws) -> PageResult {
    let nothing = AddressGiven::default();
    let found = suppressions::list(visit.store(), &visit.actor, &nothing, None, visit.query("cursor")).await?;
    let rows: Vec<Json> = found.stopped.iter().map(|line| line_on_page(visit, line)).collect();
    let own = visit.settings.as_ref().map(|settings| settings.country.as_str()).unwrap_or_default();
    let rules: Vec<Json> = RETENTION
        .iter()
        .map(|rule| json!({ "country": rule.country, "years": rule.years, "law": rule.law, "is_own": rule.country == own }))
        .collect();
    let channels = Channel::ALL;
    let channels: Vec<&str> = channels.iter().filter(|channel| channel.is_addressed()).map(Channel::as_str).collect();
    let reasons = [
        ("opt_out", "They want no messages to this address"),
        ("cease", "They want no contact at all, at any address"),
        ("complaint", "They complained about a message"),
        ("bounce", "Nothing arrives there"),
    ];
    let values = context! {
        rows => shown(&rows),
        pages => shown(&PagerView::of(&visit.request, found.next.as_deref())),
        rules => shown(&rules),
        own_is_listed => RETENTION.iter().any(|rule| rule.country == own),
        channels => options(channels.into_iter().map(|channel| (channel, channel))),
        reasons => options(reasons),
        may_find => visit.may(Operation::FindContact),
        may_enter => visit.may(Operation::EnterSuppression),
        may_lift => visit.may(Operation::LiftSuppression),
        wrong,
        typed => shown(&visit.posted().typed()),
        flaws => shown(&flaws),
    };
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    Ok(ConsolePage::new(Section::Privacy, "Privacy", "privacy", values).with_status(status).into())
}

fn line_on_page(visit: &ConsoleVisit, line: &StoppedLine) -> Json {
    let entry = Suppression { reason: line.reason, at: line.at };
    json!({
        "id": line.id, "channel": line.channel, "shown": line.shown, "reason": said_reason(&entry),
        "at": visit.formats.moment(line.at), "by": line.by, "said": line.said, "entry": entry.entry(),
    })
}

fn said_reason(suppression: &Suppression) -> String {
    suppression.reason.to_string().replace('_', " ")
}

async fn lift_page(visit: &ConsoleVisit, flaws: FormFlaws) -> PageResult {
    let id = visit.path_value("id");
    let line = suppressions::show(visit.store(), &visit.actor, id).await?;
    let form = visit.posted();
    let values = context! {
        line => shown(&line_on_page(visit, &line)),
        typed => shown(&form.typed()),
        may_lift => visit.may(Operation::LiftSuppression),
        flaws => shown(&flaws),
    };
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    Ok(ConsolePage::new(Section::Privacy, "An address that must not be used", "suppression", values).with_status(status).into())
}

async fn person_page(visit: &ConsoleVisit, flaws: FormFlaws) -> PageResult {
    let id = visit.path_value("id");
    let all = match privacy::export((visit.store(), visit.vault()), &visit.actor, id, visit.now).await {
        Ok(all) => Some(all),
        Err(NotDone::NotFound(_)) => None,
        Err(other) => return Err(other.into()),
    };
    let places: Vec<Json> = all.iter().filter_map(|all| all["places"].as_array()).flatten().map(place_on_page).collect();
    let count = |name: &str| all.as_ref().and_then(|all| all[name].as_array()).map_or(0, Vec::len);
    let values = context! {
        id,
        is_known => all.is_some(),
        places => shown(&places),
        contacted => count("contacted"),
        answers => count("answers_of_nobody"),
        stopped => count("suppressions"),
        typed => shown(&visit.posted().typed()),
        may_export => visit.may(Operation::ExportContact),
        may_erase => visit.may(Operation::EraseContact),
        flaws => shown(&flaws),
    };
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    Ok(ConsolePage::new(Section::Privacy, "A person", "person", values).with_status(status).into())
}

/// What is known at one customer, counted.
fn place_on_page(place: &Json) -> Json {
    let count = |pointer: &str| place.pointer(pointer).and_then(Json::as_array).map_or(0, Vec::len);
    let written = ["messages", "notes", "agreements", "files", "ratings", "replies"];
    let written: usize = written.iter().map(|name| count(&format!("/written/{name}"))).sum();
    json!({
        "id": place.pointer("/customer/id"), "name": place.pointer("/customer/name"), "contacts": place["contacts"],
        "messages": count("/messages"), "history": count("/history"), "links": count("/links"), "invoices": count("/named_by_invoices"),
        "written": written,
    })
}

/// Deletes contents of the bucket.
fn removing(visit: &ConsoleVisit) -> RemoveObject {
    let bucket = visit.desk.outside.files.clone();
    Arc::new(move |key: String| -> RemovedObject {
        let bucket = bucket.clone();
        Box::pin(async move {
            let gone = bucket.delete(&key).await;
            gone.map_err(|error| {
                tracing::error!(%error, "a file of somebody who is erased cannot be deleted");
                error.to_string()
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_at_a_customer_is_counted() {
        let place = json!({
            "customer": {"id": "cus_1", "name": "Beispiel"}, "contacts": [{}], "messages": [1, 2], "links": [1],
            "named_by_invoices": ["1001"], "written": {"notes": [1], "messages": [1, 2]},
        });
        let counted = place_on_page(&place);
        assert_eq!((&counted["messages"], &counted["written"], &counted["history"]), (&json!(2), &json!(3), &json!(0)));
        assert_eq!(counted["name"], "Beispiel");
    }
}
