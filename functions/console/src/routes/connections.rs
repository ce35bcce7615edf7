//! Connections to outside systems: what is connected and how it is, connecting, confirming, new secrets, the past, and the end.

use std::collections::BTreeMap;

use connectors::Bodies;
use minijinja::{Value, context};
use serde_json::{Value as Json, json};
use service::{
    NotDone, Operation,
    sign_ins::SignInEnd,
    webhooks::{self, WebhooksAsked},
};
use setup::{
    books::{self, BooksHealth, SignInAsked},
    connections::{self, ConnectionDetails, ConnectionFound, ConnectionGiven, ConnectionMade},
    payment_connections::{self, PaymentSource},
};

use crate::{
    formats::Formats,
    outcome::{ConsolePage, ConsoleReply, ConsoleTrouble, PageResult},
    posted::FormFlaws,
    sections::Section,
    shown::shown,
    visit::ConsoleVisit,
};

/// Where they are.
const CONNECTIONS: &str = "/console/connections";
/// Webhooks that a connection's page shows.
const WEBHOOKS: u32 = 10;

/// What kind of system a source is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SourceKind {
    /// Its books are read back: people sign in at the vendor.
    Books,
    /// It sends webhooks that carry all there is to know.
    Webhooks,
    /// People pay by it.
    Payments,
}

/// `GET /console/connections`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let found = connections::list(visit.setup(), &visit.actor, visit.now).await?;
    let mut rows = Vec::new();
    for one in &found {
        rows.push(row(visit, one).await?);
    }
    let is_connected = |source: &str| found.iter().any(|one| one.source == source);
    let others: Vec<Json> = sources(visit)
        .into_iter()
        .filter(|(source, _)| !is_connected(source))
        .map(|(source, kind)| json!({ "source": source, "name": name_of(source), "brings": brings(kind) }))
        .collect();
    let values = context! {
        rows => shown(&rows),
        others => shown(&others),
        may_connect => visit.may(Operation::PutConnection),
    };
    Ok(ConsolePage::new(Section::Connections, "Connections", "connections", values).into())
}

/// `GET /console/connections/{source}`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    page(visit, FormFlaws::default()).await
}

/// `POST /console/connections/{source}`: connects by webhooks or credentials, or gives a connection a new secret.
pub(crate) async fn put(visit: &ConsoleVisit) -> PageResult {
    let (source, form) = (visit.path_value("source"), visit.posted());
    let Some(kind) = kind_of(source) else { return Err(ConsoleTrouble::NoPage) };
    let hours = match form.text("overlap_hours").map(str::parse::<u16>).transpose() {
        Ok(hours) => hours,
        Err(_) => {
            let flaw = ("/overlap_hours".to_owned(), "it is a whole number of hours, 0 to 720".to_owned());
            return page(visit, FormFlaws::of(vec![flaw])).await;
        }
    };
    let credentials = (kind == SourceKind::Payments).then(|| {
        let names = provider(visit, source).map(|provider| provider.credentials).unwrap_or_default().iter();
        names.filter_map(|form_of| Some((form_of.name.to_owned(), form.owned(form_of.name)?))).collect::<BTreeMap<_, _>>()
    });
    let given = ConnectionGiven {
        secret: form.owned("secret"),
        credentials,
        // Only of a provider whose keys do not tell is it asked.
        is_test: form.is_ticked("is_test").then_some(true),
        overlap_hours: hours,
        ..ConnectionGiven::default()
    };
    let if_rev = form.text("revision").and_then(|rev| rev.parse().ok());
    match connections::put(visit.setup(), &visit.actor, source, given, if_rev, visit.now).await {
        Ok(ConnectionMade { connection, secret: Some(secret) }) => Ok(once(visit, &connection, secret)),
        Ok(ConnectionMade { connection, secret: None }) => {
            let said = format!(
                "{} is connected. Enter {}{} as the address of its webhooks there.",
                name_of(source),
                visit.public_url(),
                connection.webhook_path
            );
            Ok(ConsoleReply::done(address(source), said))
        }
        Err(NotDone::Fields(flaws)) => {
            let at = |(pointer, detail): (String, String)| (pointer.replacen("/credentials/", "/", 1), detail);
            page(visit, FormFlaws::of(flaws.into_iter().map(at).collect())).await
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/connections/{source}/authorize`: begins a sign-in, and shows the link to it: a form may not lead to another host.
pub(crate) async fn authorize(visit: &ConsoleVisit) -> PageResult {
    let (source, form) = (visit.path_value("source"), visit.posted());
    let asked = SignInAsked { realm: form.owned("realm"), base_url: form.owned("base_url") };
    let begun = books::authorize(visit.setup(), &visit.actor, source, asked, visit.public_url(), visit.now).await;
    match begun {
        Ok(begun) => {
            let values = context! {
                name => name_of(source),
                url => begun.url,
                until => visit.formats.moment(begun.expires_at),
                back => address(source),
            };
            Ok(ConsolePage::new(Section::Connections, "Sign in at the vendor", "connection_sign_in", values).into())
        }
        Err(NotDone::Fields(flaws)) => page(visit, FormFlaws::of(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/connections/{source}/confirm`: says that the company is the tenant's.
pub(crate) async fn confirm(visit: &ConsoleVisit) -> PageResult {
    let (source, form) = (visit.path_value("source"), visit.posted());
    let said = SignInEnd { company: form.owned("company").unwrap_or_default(), code: form.owned("code").unwrap_or_default() };
    match books::confirm(visit.setup(), &visit.actor, source, &said, visit.now).await {
        Ok(_) => Ok(ConsoleReply::done(address(source), "The company is connected: its books are being read.")),
        Err(NotDone::Fields(flaws)) => page(visit, FormFlaws::of(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/connections/{source}/backfill`: asks for closed invoices of the past.
pub(crate) async fn backfill(visit: &ConsoleVisit) -> PageResult {
    let source = visit.path_value("source");
    let months = visit.posted().text("months").map(str::parse::<u32>).transpose();
    let months = months.map_err(|_| NotDone::field("/months", "it is a whole number of months, 1 to 24"));
    let asked = match months {
        Ok(months) => books::backfill(visit.setup(), &visit.actor, source, months, visit.now).await,
        Err(flaw) => Err(flaw),
    };
    match asked {
        Ok(past) => Ok(ConsoleReply::done(address(source), format!("{} months are being read.", past.months))),
        Err(NotDone::Fields(flaws)) => page(visit, FormFlaws::of(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/connections/{source}/delete`: ends a connection.
pub(crate) async fn delete(visit: &ConsoleVisit) -> PageResult {
    let source = visit.path_value("source");
    connections::end(visit.setup(), &visit.actor, source, visit.now).await?;
    Ok(ConsoleReply::done(CONNECTIONS, format!("{} is no longer connected. What was read stays.", name_of(source))))
}

fn address(source: &str) -> String {
    format!("{CONNECTIONS}/{source}")
}

/// The page that shows a secret, this once.
fn once(visit: &ConsoleVisit, connection: &ConnectionFound, secret: String) -> ConsoleReply {
    let values = context! {
        what => format!("The secret that webhooks of {} are signed with", name_of(&connection.source)),
        secret,
        address => format!("{}{}", visit.public_url(), connection.webhook_path),
        before_until => connection.previous_until.map(|until| visit.formats.moment(until)),
        back => address(&connection.source),
    };
    ConsolePage::new(Section::Connections, "Copy the secret now", "secret", values).into()
}

async fn page(visit: &ConsoleVisit, flaws: FormFlaws) -> PageResult {
    let source = visit.path_value("source");
    let Some(kind) = kind_of(source) else { return Err(ConsoleTrouble::NoPage) };
    let details = match connections::show(visit.setup(), &visit.actor, source, visit.now).await {
        Ok(details) => Some(details),
        Err(NotDone::NotFound(_)) => None,
        Err(other) => return Err(other.into()),
    };
    let waits =
        kind == SourceKind::Books && books::waits_for_confirmation(visit.setup(), &visit.actor, source, visit.now).await?;
    let rev = match &details {
        Some(ConnectionDetails::Payments { connection, .. } | ConnectionDetails::Webhooks { connection, .. }) => connection.rev,
        Some(ConnectionDetails::Books(_)) | None => 0,
    };
    let forms: Vec<Json> = provider(visit, source)
        .map(|provider| provider.credentials)
        .unwrap_or_default()
        .iter()
        .map(|form| json!({ "name": form.name, "label": form.name.replace('_', " "), "what": form.what }))
        .collect();
    let path = connections::webhook_path(visit.tenant(), source).unwrap_or_default();
    let received = webhooks_of(visit, source).await?;
    let values = context! {
        source,
        name => name_of(source),
        kind => match kind { SourceKind::Books => "books", SourceKind::Webhooks => "webhooks", SourceKind::Payments => "payments" },
        is_connected => details.is_some(),
        health => details.as_ref().map(|details| details_on_page(&visit.formats, details)),
        webhook_url => format!("{}{path}", visit.public_url()),
        makes_secret => source == "canonical",
        asks_whether_test => source == "pay-paypal",
        forms => shown(&forms),
        rev,
        waits,
        webhooks => received,
        may_connect => visit.may(Operation::PutConnection),
        may_delete => kind != SourceKind::Webhooks && details.is_some() && visit.may(Operation::DeleteConnection),
        may_open => visit.may(Operation::ShowWebhook),
        stand_ins => visit.desk.outside.stand_ins,
        typed => shown(&visit.posted().typed()),
        flaws => shown(&flaws),
    };
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    Ok(ConsolePage::new(Section::Connections, name_of(source), "connection", values).with_status(status).into())
}

/// The last webhooks of a source.
async fn webhooks_of(visit: &ConsoleVisit, source: &str) -> Result<Value, NotDone> {
    let asked = WebhooksAsked { source: Some(source.to_owned()), limit: Some(WEBHOOKS), ..WebhooksAsked::default() };
    let page = webhooks::list((visit.store(), visit.vault()), &visit.actor, &asked, visit.now).await?;
    let rows: Vec<Json> = page
        .webhooks
        .iter()
        .map(|one| {
            json!({
                "id": one.id, "at": visit.formats.moment(one.at), "fate": one.fate.as_str(), "event": one.event_id,
                "repeated": one.repeated,
            })
        })
        .collect();
    Ok(shown(&rows))
}

/// A row of the list, with how the connection is.
async fn row(visit: &ConsoleVisit, one: &ConnectionFound) -> Result<Json, NotDone> {
    let details = connections::show(visit.setup(), &visit.actor, &one.source, visit.now).await;
    let (status, said) = match details {
        Ok(details) => standing(&visit.formats, &details),
        Err(NotDone::NotFound(why)) => ("reconnect", why),
        Err(other) => return Err(other),
    };
    let until = one.previous_until.map(|until| visit.formats.moment(until));
    Ok(json!({
        "source": one.source, "name": name_of(&one.source), "status": status, "said": said, "previous_until": until,
    }))
}

/// How a connection stands: a word, and a sentence.
fn standing(formats: &Formats, details: &ConnectionDetails) -> (&'static str, String) {
    match details {
        ConnectionDetails::Books(health) => (health.status, books_said(formats, health)),
        ConnectionDetails::Payments { is_test, ways, .. } => {
            let system = if *is_test { "the provider's system for tests" } else { "real payments" };
            ("good", format!("{system}: {}", ways.join(", ").replace('_', " ")))
        }
        ConnectionDetails::Webhooks { confirmed_at, .. } => match confirmed_at {
            Some(at) => ("good", format!("its books were said to be complete {}", formats.from_now(*at))),
            None => ("good", "it never said that its books are complete (source.heartbeat)".to_owned()),
        },
    }
}

fn books_said(formats: &Formats, health: &BooksHealth) -> String {
    if let Some(trouble) = &health.trouble {
        return format!("{} ({} times since {})", trouble.why, trouble.times, formats.moment(trouble.since));
    }
    match health.progress.good_at {
        Some(at) => format!("known as they were {}", formats.from_now(at)),
        None => format!("the first reading is under way: {} objects so far", health.progress.backfill.objects),
    }
}

fn details_on_page(formats: &Formats, details: &ConnectionDetails) -> Value {
    let (status, said) = standing(formats, details);
    let own = match details {
        ConnectionDetails::Books(health) => {
            let progress = &health.progress;
            let past = progress.past.as_ref().map(|past| {
                json!({
                    "months": past.months, "objects": past.objects, "began": formats.moment(past.began_at),
                    "finished": past.finished_at.map(|at| formats.moment(at)),
                })
            });
            json!({
                "company": progress.company.as_ref().and_then(|company| company.name.clone()), "realm": progress.realm,
                "objects": progress.backfill.objects, "first_read": progress.backfill.finished_at.map(|at| formats.moment(at)),
                "good_at": progress.good_at.map(|at| formats.moment(at)), "poll_at": formats.from_now(progress.poll_at),
                "consent_ends": health.consent_ends_at.map(|at| formats.date(at.to_zoned(formats.zone().clone()).date())),
                "past": past, "can_write": health.can_write, "writes": health.write_back.is_some(),
            })
        }
        ConnectionDetails::Payments { connection, is_test, .. } => json!({
            "is_test": is_test, "previous_until": connection.previous_until.map(|until| formats.moment(until)),
        }),
        ConnectionDetails::Webhooks { connection, .. } => json!({
            "previous_until": connection.previous_until.map(|until| formats.moment(until)),
        }),
    };
    context! { status, said, ..shown(&own) }
}

/// Every source that can be connected, with its kind.
fn sources(visit: &ConsoleVisit) -> Vec<(&'static str, SourceKind)> {
    let read = connectors::registry().iter().filter_map(|connector| {
        let source: &'static str = connector.source();
        Some((source, kind_of(source)?))
    });
    read.chain(payment_connections::sources(visit.tenant()).into_iter().map(|one| (one.source, SourceKind::Payments))).collect()
}

fn kind_of(source: &str) -> Option<SourceKind> {
    if payment_connections::provider_of(source).is_some() {
        return Some(SourceKind::Payments);
    }
    let connector = connectors::by_source(source)?;
    Some(match connector.bodies() {
        Bodies::Hints(_) => SourceKind::Books,
        Bodies::Objects(_) => SourceKind::Webhooks,
    })
}

fn provider(visit: &ConsoleVisit, source: &str) -> Option<PaymentSource> {
    payment_connections::sources(visit.tenant()).into_iter().find(|one| one.source == source)
}

/// What people call a source.
fn name_of(source: &str) -> String {
    let name = match source {
        "canonical" => "Your own system (canonical documents)",
        "quickbooks" => "QuickBooks Online",
        "xero" => "Xero",
        "stripe" => "Stripe invoices",
        "pay-stripe" => "Stripe payments",
        "pay-paypal" => "PayPal",
        "pay-gocardless" => "GoCardless",
        other => other,
    };
    name.to_owned()
}

/// What a kind of source is there for.
fn brings(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Books => "its books are read back, after somebody signed in there",
        SourceKind::Webhooks => "it sends invoices and payments by webhooks",
        SourceKind::Payments => "customers pay by it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_a_kind_and_a_name() {
        for connector in connectors::registry() {
            let source = connector.source();
            assert!(kind_of(source).is_some(), "{source}");
            assert_ne!(name_of(source), source, "{source} has a name that people know");
        }
        assert!(kind_of("nobody").is_none());
        assert!(kind_of("pay-stripe") == Some(SourceKind::Payments) && kind_of("xero") == Some(SourceKind::Books));
    }
}
