//! One action on many customers: chosen, looked at before anything is done, confirmed, watched, and undone.

use std::collections::{BTreeMap, BTreeSet};

use domain::{BulkStage, CustomerId, Owed};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::{
    Done, NotDone, Operation,
    bulk::{
        self, BulkBegun, BulkShown,
        asked::{BulkAsked, BulkWhat},
    },
    lists::customer_cards::show_cards,
    workflows,
};
use store::{BulkLine, BulkRun, Job};

use crate::{
    bulk_form::{bulk_fields, bulk_in_words, bulk_what},
    formats::Formats,
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    secrets::fresh,
    sections::Section,
    tables::PagerView,
    visit::ConsoleVisit,
    work_asked::{ListedChoice, label_of, people_choices},
    work_rows::amounts_of,
};

/// Fields of a filter that an address may fill in.
const FILTERS: [&str; 4] = ["filter.owner", "filter.workflow", "filter.currency", "filter.overdue_at_least_minor"];

/// A customer by its name.
#[derive(Clone, Debug, Serialize)]
struct PickedCustomer {
    id: String,
    name: String,
}

/// An action as its page shows it.
#[derive(Clone, Debug, Serialize)]
struct BulkOnPage {
    id: String,
    does: String,
    stage: String,
    is_dry: bool,
    is_under_way: bool,
    everybody: bool,
    /// With how many; absent while that is worked out.
    count: Option<u64>,
    money: Vec<String>,
    overdue: Vec<String>,
    counts: Vec<LineCount>,
    done: u64,
    total: Option<u64>,
    why: Option<String>,
    by: String,
    at: String,
}

/// How many lines have a status.
#[derive(Clone, Debug, Serialize)]
struct LineCount {
    status: String,
    count: u64,
}

/// A line.
#[derive(Clone, Debug, Serialize)]
struct LineOnPage {
    customer: String,
    name: String,
    status: String,
    why: String,
}

/// `GET /console/bulk`: with whom, and what.
pub(crate) async fn form(visit: &ConsoleVisit) -> PageResult {
    let asked = FILTERS.into_iter().filter_map(|name| Some((name, visit.query(name)?)));
    Ok(choosing(visit, &[], FormFlaws::default(), asked.collect()).await?.into())
}

/// `POST /console/bulk/with`: the same with customers that were picked from a list.
pub(crate) async fn with(visit: &ConsoleVisit) -> PageResult {
    let ids: Vec<String> = visit.posted().all("ids").map(str::to_owned).collect();
    if ids.is_empty() {
        return Err(NotDone::field("/ids", "pick at least one customer of the list").into());
    }
    Ok(choosing(visit, &ids, FormFlaws::default(), BTreeMap::new()).await?.into())
}

async fn choosing(visit: &ConsoleVisit, ids: &[String], flaws: FormFlaws, typed: BTreeMap<&str, &str>) -> Done<ConsolePage> {
    let names = names_of(visit, ids.iter().map(String::as_str).collect()).await?;
    let each: BTreeSet<&String> = ids.iter().collect();
    let named = |id: &String| PickedCustomer { id: id.clone(), name: names.get(id).unwrap_or(id).clone() };
    let picked: Vec<PickedCustomer> = each.into_iter().map(named).collect();
    let people = people_choices(visit).await?;
    let first = |label: &str, rest: &[ListedChoice]| -> Vec<ListedChoice> {
        [ListedChoice::new("", label)].into_iter().chain(rest.iter().cloned()).collect()
    };
    let workflows: Vec<ListedChoice> = if visit.may(Operation::ListWorkflows) {
        let published = workflows::published(visit.store(), &visit.actor).await?;
        published.into_iter().map(|workflow| ListedChoice::new(workflow.id, workflow.name)).collect()
    } else {
        Vec::new()
    };
    let values = context! {
        picked => Value::from(Serde(&picked)),
        owners => Value::from(Serde(&first("Anybody", &people))),
        people => Value::from(Serde(&first("Choose", &people))),
        workflows => Value::from(Serde(&first("Any", &workflows))),
        flaws => Value::from(Serde(&flaws)),
        typed => Value::from(Serde(&typed)),
    };
    Ok(ConsolePage::new(Section::Customers, "Many customers at once", "bulk", values))
}

/// `POST /console/bulk/preview`: what it would do. Nothing is done.
pub(crate) async fn preview(visit: &ConsoleVisit) -> PageResult {
    let begun = match bulk_what(visit.posted()) {
        Ok(what) => begin(visit, what, true, None).await,
        Err(flaw) => Err(flaw),
    };
    match begun {
        Ok(BulkBegun::Planned(shown)) => Ok(page_of(visit, shown, FormFlaws::default()).await?.into()),
        Ok(BulkBegun::Started(shown)) => Ok(ConsoleReply::see(format!("/console/bulk/{}", shown.run.id))),
        Err(NotDone::Fields(flaws)) => again(visit, flaws).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/bulk/run`: has it done.
pub(crate) async fn run(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let count = posted.text("confirm_count").map(|text| text.parse::<u64>());
    let begun = match (bulk_what(posted), count) {
        (Ok(_), Some(Err(_))) => Err(NotDone::field("/confirm_count", "it is a number, such as 12")),
        (Ok(what), count) => begin(visit, what, false, count.and_then(Result::ok)).await,
        (Err(flaw), _) => Err(flaw),
    };
    match begun {
        Ok(BulkBegun::Planned(shown) | BulkBegun::Started(shown)) => {
            Ok(ConsoleReply::done(format!("/console/bulk/{}", shown.run.id), "It has begun."))
        }
        Err(NotDone::Fields(flaws)) => again(visit, flaws).await,
        Err(other) => Err(other.into()),
    }
}

async fn begin(visit: &ConsoleVisit, what: BulkWhat, dry_run: bool, confirm_count: Option<u64>) -> Done<BulkBegun> {
    let asked = BulkAsked { what, dry_run, confirm_count };
    bulk::begin(visit.store(), &visit.actor, asked, &nonce()?, visit.now).await
}

fn nonce() -> Done<String> {
    fresh().ok_or_else(|| NotDone::Changed("there is no randomness now; try again".to_owned()))
}

/// The form with what was typed and is wrong.
async fn again(visit: &ConsoleVisit, flaws: Vec<(String, String)>) -> PageResult {
    let posted = visit.posted();
    let ids: Vec<String> = posted.all("ids").map(str::to_owned).collect();
    Ok(choosing(visit, &ids, FormFlaws::of(flaws), posted.typed()).await?.with_status(422).into())
}

/// `GET /console/bulk/{id}`: how it stands.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let shown = bulk::show(visit.store(), &visit.actor, visit.path_value("id"), visit.query("cursor")).await?;
    Ok(page_of(visit, shown, FormFlaws::default()).await?.into())
}

/// `POST /console/bulk/{id}/undo`: has it undone.
pub(crate) async fn undo(visit: &ConsoleVisit) -> PageResult {
    let shown = bulk::undo(visit.store(), &visit.actor, visit.path_value("id"), &nonce()?, visit.now).await?;
    Ok(ConsoleReply::done(format!("/console/bulk/{}", shown.run.id), "It is being undone."))
}

async fn page_of(visit: &ConsoleVisit, shown: BulkShown, flaws: FormFlaws) -> Done<ConsolePage> {
    let BulkShown { run, job, lines, next } = shown;
    let what: Option<BulkWhat> = serde_json::from_value(run.asked.clone()).ok();
    let is_under_way = job.as_ref().is_some_and(|job| job.status.is_under_way());
    let is_looked_at = run.dry_run && run.stage == BulkStage::Planned && !is_under_way && run.count > 0;
    let fields = what.as_ref().filter(|_| is_looked_at && visit.may(Operation::RunBulk)).map(bulk_fields).unwrap_or_default();
    let lacks = |name: &str| !fields.is_empty() && !fields.iter().any(|(known, _)| known == name);
    // What was undone in part is undone further.
    let is_begun = match run.stage {
        BulkStage::Running | BulkStage::Done | BulkStage::Undoing => true,
        BulkStage::Undone => run.counts.contains_key("not_undone"),
        BulkStage::Planning | BulkStage::Planned | BulkStage::Later(_) => false,
    };
    let may_undo = is_begun && !run.dry_run && !is_under_way && visit.may(Operation::UndoBulk);
    let names = names_of(visit, lines.iter().map(|line| line.customer.as_str()).collect()).await?;
    let lines: Vec<LineOnPage> = lines.into_iter().map(|line| line_on_page(line, &names)).collect();
    let needs_text = run.action == "note" && lacks("action.note.text");
    let needs_title = run.action == "task" && lacks("action.task.title");
    let shown = on_page(run, job.as_ref(), what.as_ref(), &visit.formats);
    let values = context! {
        needs_text, needs_title,
        fields => Value::from(Serde(&fields)),
        run => Value::from(Serde(&shown)),
        lines => Value::from(Serde(&lines)),
        pages => Value::from(Serde(&PagerView::of(&visit.request, next.as_deref()))),
        here => visit.request.address(),
        may_undo,
        flaws => Value::from(Serde(&flaws)),
    };
    Ok(ConsolePage::new(Section::Customers, "Many customers at once", "bulk_run", values))
}

fn on_page(run: BulkRun, job: Option<&Job>, what: Option<&BulkWhat>, formats: &Formats) -> BulkOnPage {
    let is_under_way = job.is_some_and(|job| job.status.is_under_way());
    let is_counted = run.stage != BulkStage::Planning;
    let sums = |of: fn(&Owed) -> i64| amounts_of(run.money.iter().map(|(currency, owed)| (*currency, of(owed))), formats);
    let stage = match run.stage {
        BulkStage::Planning => "it is looked for whom it would be done with",
        BulkStage::Planned if run.dry_run => "this is what it would do; nothing is done yet",
        BulkStage::Planned => "it is about to be done",
        BulkStage::Running => "it is done, one customer after the other",
        BulkStage::Done => "it is done",
        BulkStage::Undoing => "it is undone, one customer after the other",
        BulkStage::Undone => "it is undone",
        BulkStage::Later(_) => "a later release works on it",
    };
    let counts = run.counts.iter().map(|(status, count)| LineCount { status: label_of(status).to_lowercase(), count: *count });
    BulkOnPage {
        id: run.id.to_string(),
        does: what.map_or_else(|| label_of(&run.action).to_lowercase(), bulk_in_words),
        stage: stage.to_owned(),
        is_dry: run.dry_run,
        is_under_way,
        everybody: run.everybody,
        count: is_counted.then_some(run.count),
        money: sums(|owed| owed.open_minor),
        overdue: sums(|owed| owed.overdue_minor),
        counts: counts.collect(),
        done: job.map_or(0, |job| job.done),
        total: job.and_then(|job| job.total),
        why: job.and_then(|job| job.why.clone()),
        at: formats.moment(run.at),
        by: run.by,
    }
}

fn line_on_page(line: BulkLine, names: &BTreeMap<String, String>) -> LineOnPage {
    let name = names.get(&line.customer).unwrap_or(&line.customer).clone();
    LineOnPage { name, status: label_of(&line.status), why: line.why, customer: line.customer }
}

/// What customers are called, by the ids that are theirs.
async fn names_of(visit: &ConsoleVisit, ids: Vec<&str>) -> Done<BTreeMap<String, String>> {
    let ids: BTreeSet<CustomerId> = ids.into_iter().filter_map(CustomerId::parse).collect();
    if ids.is_empty() || !visit.may(Operation::ListCustomers) {
        return Ok(BTreeMap::new());
    }
    let cards = show_cards(visit.reading(), &visit.actor, &ids).await?;
    Ok(cards.into_iter().map(|(id, card)| (id.to_string(), card.name)).collect())
}
