//! Simulations: started for a draft, watched, cancelled, and what they came to, as charts with their tables and lists of what differs.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CustomerId, job::JobStatus};
use jiff::{Timestamp, civil::Date};
use minijinja::{Value as Shown, context, value::Serde};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use service::{
    Done, NotDone, Operation,
    jobs::{self, version},
    lists::customer_cards::show_cards,
};
use store::Job;

use super::publishing::migration_of;
use crate::{
    bar_chart::{self, ByDay},
    formats::Formats,
    outcome::{ConsolePage, ConsoleReply, ConsoleTrouble, PageResult},
    posted::Posted,
    secrets::fresh,
    sections::Section,
    visit::ConsoleVisit,
    workflow_paths::workflow_id,
};

/// The kind of job.
const KIND: &str = "simulate";

/// Where a simulation is.
pub(crate) fn address(id: &str) -> String {
    format!("/console/simulations/{id}")
}

/// A text that no other request has.
///
/// # Errors
///
/// [`NotDone::Changed`] where there is no randomness.
pub(crate) fn nonce() -> Result<String, NotDone> {
    fresh().ok_or_else(|| NotDone::Changed("there is no randomness now; try again".to_owned()))
}

/// What a form asks of a simulation.
///
/// # Errors
///
/// [`NotDone::Fields`] for what is no number.
pub(crate) fn asked_of(posted: Posted<'_>) -> Result<Map<String, Value>, NotDone> {
    let mut asked = Map::new();
    for name in ["days", "share"] {
        if let Some(text) = posted.text(name) {
            let number: u32 = text.parse().map_err(|_| NotDone::field(&format!("/{name}"), "a whole number is meant"))?;
            asked.insert(name.to_owned(), json!(number));
        }
    }
    if let Some(paying) = posted.text("paying") {
        asked.insert("paying".to_owned(), json!(paying));
    }
    if let Some(migration) = migration_of(posted) {
        asked.insert("migration".to_owned(), json!(migration));
    }
    Ok(asked)
}

/// `POST /console/workflows/{id}/simulate`.
pub(crate) async fn start(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let asked = version::of_version(visit.store(), &visit.actor, id, asked_of(visit.posted())?).await?;
    let job = jobs::start(visit.store(), &visit.actor, Operation::SimulateWorkflow, asked, &nonce()?, visit.now).await?;
    Ok(ConsoleReply::done(address(job.id.as_str()), "The simulation is queued."))
}

/// `POST /console/simulations/{id}/cancel`.
pub(crate) async fn cancel(visit: &ConsoleVisit) -> PageResult {
    let id = visit.path_value("id");
    jobs::cancel(visit.store(), &visit.actor, id, visit.now).await?;
    Ok(ConsoleReply::done(address(id), "The simulation is cancelled."))
}

/// What came of a simulation, as far as a page shows it.
#[derive(Debug, Deserialize)]
struct PlayedResult {
    from: Option<Timestamp>,
    days: u32,
    customers: u64,
    open_invoices: u64,
    #[serde(default)]
    unreadable_customers: u64,
    #[serde(default)]
    assumed: Vec<String>,
    present: PlayedSide,
    #[serde(default)]
    other: Option<PlayedSide>,
    #[serde(default)]
    difference: Option<PlayedDifference>,
}

/// One of the versions that were played.
#[derive(Debug, Deserialize)]
struct PlayedSide {
    sums: PlayedSums,
    #[serde(default)]
    breaker_opened: Vec<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct PlayedSums {
    messages: BTreeMap<Date, BTreeMap<String, BTreeMap<String, u64>>>,
    work: BTreeMap<Date, BTreeMap<String, u64>>,
}

#[derive(Debug, Deserialize)]
struct PlayedDifference {
    counts: BTreeMap<String, u64>,
    customers_more: u64,
    customers_less: u64,
    why: BTreeMap<String, String>,
    examples: Vec<PlayedMove>,
}

#[derive(Debug, Deserialize)]
struct PlayedMove {
    customer: String,
    step: String,
    change: String,
    #[serde(default)]
    before: Option<Timestamp>,
    #[serde(default)]
    after: Option<Timestamp>,
    #[serde(default)]
    why: Vec<String>,
}

/// A row of what differs.
#[derive(Serialize)]
struct MoveRow {
    customer: String,
    step: String,
    change: String,
    before: Option<String>,
    after: Option<String>,
    why: String,
}

/// `GET /console/simulations/{id}`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let job = jobs::show(visit.store(), &visit.actor, Operation::ShowJob, visit.path_value("id")).await?;
    if job.kind != KIND {
        return Err(ConsoleTrouble::NoPage);
    }
    let workflow = job.args.pointer("/workflow/id").and_then(Value::as_str);
    let result = job.result.clone().filter(|_| job.status == JobStatus::Done);
    let result: Option<PlayedResult> = result.and_then(|result| match serde_json::from_value(result) {
        Ok(result) => Some(result),
        Err(error) => {
            tracing::warn!(job = job.id.as_str(), error = error.to_string(), "what a simulation came to does not read");
            None
        }
    });
    let names = names_of(visit, result.as_ref()).await?;
    let values = context! {
        id => job.id.as_str(),
        names => Shown::from(Serde(&names)),
        workflow,
        status => job.status.as_str(),
        is_under_way => job.status.is_under_way(),
        done => job.done,
        total => job.total.unwrap_or(0),
        asked => visit.formats.from_now(job.asked_at),
        by => job.by.as_str(),
        why => job.why.as_deref(),
        share => job.args.get("share").and_then(Value::as_u64),
        moves => job.args.get("migration").is_some(),
        may_cancel => job.status.is_under_way() && visit.may(Operation::CancelJob),
        reads => job.status != JobStatus::Done || result.is_some(),
        result => result.map(|result| shown(&result, &visit.formats)),
    };
    Ok(ConsolePage::new(Section::Workflows, title(&job), "simulation", values).into())
}

/// What the customers are called of whom something differs, by their ids.
async fn names_of(visit: &ConsoleVisit, result: Option<&PlayedResult>) -> Done<BTreeMap<String, String>> {
    let examples = result.and_then(|result| result.difference.as_ref()).map(|difference| difference.examples.as_slice());
    let moved = examples.unwrap_or_default().iter();
    let ids: BTreeSet<CustomerId> = moved.filter_map(|moved| CustomerId::parse(&moved.customer)).collect();
    if ids.is_empty() || !visit.may(Operation::ListCustomers) {
        return Ok(BTreeMap::new());
    }
    let cards = show_cards(visit.reading(), &visit.actor, &ids).await?;
    Ok(cards.into_iter().map(|(id, card)| (id.to_string(), card.name)).collect())
}

fn title(job: &Job) -> String {
    match job.args.pointer("/workflow/name").and_then(Value::as_str) {
        Some(name) => format!("Simulation of {name}"),
        None => "Simulation".to_owned(),
    }
}

fn shown(result: &PlayedResult, formats: &Formats) -> Shown {
    let from = result.from.map_or_else(|| formats.today(), |from| from.to_zoned(formats.zone().clone()).date());
    let to = from.saturating_add(jiff::Span::new().days(i64::from(result.days.min(400))));
    let sides: Vec<(&str, &PlayedSide)> =
        [("By the version in force", Some(&result.present)), ("By the draft", result.other.as_ref())]
            .into_iter()
            .filter_map(|(label, side)| Some((label, side?)))
            .collect();
    let messages: Vec<ByDay> = sides.iter().map(|(_, side)| by_channel(&side.sums)).collect();
    let work: Vec<ByDay> = sides.iter().map(|(_, side)| side.sums.work.clone()).collect();
    let charts = |all: &[ByDay]| {
        let kinds = bar_chart::kinds_of(&all.iter().collect::<Vec<_>>());
        let top = all.iter().map(bar_chart::most).max().unwrap_or(0);
        let named = sides.iter().zip(all);
        let drawn = named.map(|((label, _), of)| {
            let chart = bar_chart::draw(of, &kinds, (from, to), top, |day| day.to_string());
            context! { label => *label, chart => Shown::from(Serde(&chart)) }
        });
        drawn.collect::<Vec<Shown>>()
    };
    let opened: Vec<Shown> = sides
        .iter()
        .filter_map(|(label, side)| Some((label, side.breaker_opened.first()?)))
        .map(|(label, at)| context! { label => *label, at => formats.moment(*at) })
        .collect();
    context! {
        from => formats.date(from),
        days => result.days,
        customers => result.customers,
        open_invoices => result.open_invoices,
        unreadable => result.unreadable_customers,
        assumed => result.assumed.clone(),
        messages => charts(&messages),
        work => charts(&work),
        opened,
        difference => result.difference.as_ref().map(|difference| differs(difference, formats)),
    }
}

fn by_channel(sums: &PlayedSums) -> ByDay {
    let counted = |steps: &BTreeMap<String, u64>| steps.values().sum::<u64>();
    let of_day = |channels: &BTreeMap<String, BTreeMap<String, u64>>| {
        channels.iter().map(|(channel, steps)| (channel.clone(), counted(steps))).collect::<BTreeMap<_, _>>()
    };
    sums.messages.iter().map(|(day, channels)| (*day, of_day(channels))).collect()
}

fn differs(difference: &PlayedDifference, formats: &Formats) -> Shown {
    let PlayedDifference { counts, customers_more, customers_less, why, examples } = difference;
    let row = |moved: &PlayedMove| {
        let reasons: Vec<&str> = moved.why.iter().map(|word| why.get(word).map_or(word.as_str(), String::as_str)).collect();
        MoveRow {
            customer: moved.customer.clone(),
            step: moved.step.clone(),
            change: moved.change.clone(),
            before: moved.before.map(|at| formats.moment(at)),
            after: moved.after.map(|at| formats.moment(at)),
            why: reasons.join("; "),
        }
    };
    let rows: Vec<MoveRow> = examples.iter().map(row).collect();
    let count = |word: &str| counts.get(word).copied().unwrap_or(0);
    context! {
        earlier => count("earlier"), later => count("later"), more => count("more"), less => count("less"),
        all => counts.values().sum::<u64>(), customers_more, customers_less, rows => Shown::from(Serde(&rows)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_simulation_came_to_is_drawn() {
        let side = |count: u64| {
            json!({
                "sums": {
                    "messages": {"2026-02-05": {"email": {"reminder": count, "nudge": 1}, "sms": {"nudge": 2}}},
                    "work": {"2026-02-06": {"task": 1}}, "customers_by_messages": {"1": 2}, "by_channel": {"email": 3},
                    "most_a_person_and_day": 1,
                },
                "waits": {}, "breaker_opened": ["2026-02-07T08:00:00Z"], "cost": {},
            })
        };
        let result = json!({
            "from": "2026-02-04T20:00:00Z", "days": 7, "customers": 2, "open_invoices": 2, "unreadable_customers": 0,
            "assumed": ["Nobody pays."], "present": side(2), "other": side(3),
            "difference": {
                "counts": {"earlier": 1, "more": 2}, "customers_more": 1, "customers_less": 0,
                "why": {"step_added": "the step is in the other version only"},
                "examples": [{"customer": "cus_1", "item": null, "step": "nudge", "change": "more", "before": null,
                              "after": "2026-02-05T09:00:00Z", "why": ["step_added", "unheard_of"]}],
            },
        });
        let result: PlayedResult = serde_json::from_value(result).unwrap();
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        let shown = serde_json::to_value(shown(&result, &formats)).unwrap();
        let totals: Vec<&Value> = [0_usize, 1].into_iter().map(|at| &shown["messages"][at]["chart"]["total"]).collect();
        assert_eq!(totals, [&json!(5), &json!(6)]);
        assert_eq!(shown["messages"][0]["chart"]["kinds"], json!(["email", "sms"]));
        assert_eq!(shown["opened"].as_array().unwrap().len(), 2);
        let row = &shown["difference"]["rows"][0];
        assert_eq!(row["why"], "the step is in the other version only; unheard_of");
        assert_eq!((&shown["difference"]["all"], &shown["difference"]["less"]), (&json!(3), &json!(0)));
    }

    #[test]
    fn a_form_asks_for_what_it_says() {
        let fields = [("days", "30"), ("share", ""), ("cases", "move")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(Value::Object(asked_of(Posted::of(&fields)).unwrap()), json!({"days": 30, "migration": {}}));
        let moved =
            [("cases", "move"), ("migration.old", "new"), ("migration.gone", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let expected = json!({"migration": {"old": "new", "gone": null}});
        assert_eq!(Value::Object(asked_of(Posted::of(&moved)).unwrap()), expected);
        let wrong = [("days", "many")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert!(asked_of(Posted::of(&wrong)).is_err());
    }
}
