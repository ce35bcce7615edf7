//! Plays the days to come. Nothing is written but the job's own result, and nothing is sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::Arc,
};

use domain::{
    Channel, CompiledWorkflow, CustomerId, Mode, Next, Policy, Workflow,
    calendar::tenant_zone,
    counting::MEDIAN_DAYS,
    rollout::SHARE_WHOLE,
    simulate::{
        Assumed, BreakerAssumed, Difference, Happening, HappeningSums, HappeningTally, OtherVersion, Paying, Simulated,
        Simulation, SimulationProgress, differences, usual_lag, with_version,
    },
    workflow::{PublishContext, carried_on, flaws, migration_flaws},
};
use futures::{FutureExt, future::BoxFuture};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::jobs::{
    asked::{Price, SimulateAsked},
    checked,
};
use store::{Job, JobEnd, Read, TenantRow};

use crate::{
    book,
    work::{KindOfJob, SliceEnd, Work},
};

/// The kind.
pub struct Simulate;

/// Most open invoices of a simulation: all their facts are held at once.
const OPEN_INVOICES_MAX: u64 = 100_000;
/// Customers of one part of the book.
const OF_A_PART: usize = 500;
/// What the present versions are called in files and groups of parts, and the other one.
const PRESENT: &str = "present";
const OTHER: &str = "other";
/// Examples of what differs that stand in the result itself.
const EXAMPLES: usize = 100;
/// What an email costs where nothing else is said, in millionths of a US dollar: Amazon SES asks 0.10 dollars for a thousand. What a text
/// message or a call costs depends on the country and the number, so nothing is supposed of them.
const EMAIL_MICRO_USD: u64 = 100;

/// What is kept between slices.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// The revision of what the tenant decides by. When it changes meanwhile, the job begins anew.
    rev: u64,
    /// When the simulation begins.
    from: Option<Timestamp>,
    /// How many customers were read, of those that are listed.
    read: usize,
    /// Whose facts do not read.
    unreadable: u64,
    /// Open invoices of those who were read.
    open: u64,
    /// Customers whose usual lag is known.
    lags: usize,
    /// Parts of the book.
    parts: usize,
    /// What is played.
    stage: Stage,
    /// How often something was put aside, in all stages.
    generation: u64,
    /// Which of these the present stage goes on from, and in how many parts it lies.
    aside: Option<(u64, usize)>,
    /// In how many parts lies what happens by the present versions, and by the other one.
    lines: (usize, usize),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    #[default]
    Reading,
    Present,
    Other,
}

impl KindOfJob for Simulate {
    fn name(&self) -> &'static str {
        "simulate"
    }

    fn slice<'a>(&'a self, work: &'a Work<'a>, job: &'a mut Job) -> BoxFuture<'a, anyhow::Result<SliceEnd>> {
        slice(work, job).boxed()
    }
}

async fn slice(work: &Work<'_>, job: &mut Job) -> anyhow::Result<SliceEnd> {
    let asked: SimulateAsked = match checked::read(&job.args) {
        Ok(asked) => asked,
        Err((pointer, detail)) => return Ok(SliceEnd::Refused(format!("{pointer}: {detail}"))),
    };
    let Some(row) = work.store.tenant(work.tenant).await? else {
        return Ok(SliceEnd::Refused("the tenant has no settings yet".to_owned()));
    };
    let mut kept: Kept = serde_json::from_value(job.checkpoint.clone()).unwrap_or_default();
    if kept.rev != row.rev || kept.from.is_none() {
        kept = Kept { rev: row.rev, from: Some(work.now()), ..Kept::default() };
    }
    let from = kept.from.unwrap_or_else(|| work.now());
    if kept.stage == Stage::Reading {
        match read(work, job, &row, &mut kept).await? {
            Some(ended) => return Ok(ended),
            None => kept.stage = Stage::Present,
        }
    }
    let until = from.checked_add((i64::from(asked.days()) * 24).hours())?;
    let other = match other_version(work, &asked).await? {
        Ok(other) => other,
        Err(why) => return Ok(SliceEnd::Refused(why)),
    };
    job.total = Some(days_between(from, until) * if other.is_some() { 2 } else { 1 });
    if kept.stage == Stage::Present {
        let (mut simulation, policy) = match kept.aside {
            None => {
                let customers = book_of(work, job, &kept).await?;
                kept.lags = customers.iter().filter(|customer| usual_lag(&customer.facts).is_some()).count();
                let policy = policy(work, &asked, &customers).await?;
                if let Some(other) = &other
                    && let Some(why) = unfit(work, &policy, &other.workflow).await?
                {
                    return Ok(SliceEnd::Refused(why));
                }
                (begin(work, &policy, customers, from, until, asked.assumed()).await?, policy)
            }
            Some(aside) => {
                let simulation = resume(work, job, aside).await?;
                let policy = policy(work, &asked, &simulation.customers).await?;
                (simulation, policy)
            }
        };
        if !simulation.run(&policy, &mut || work.is_over()) {
            job.done = days_between(from, simulation.progress.at);
            put_lines(work, job, PRESENT, &mut kept.lines.0, &mut simulation).await?;
            put_aside(work, job, &mut kept, &simulation).await?;
            return Ok(SliceEnd::More);
        }
        put_lines(work, job, PRESENT, &mut kept.lines.0, &mut simulation).await?;
        work.put_part(&job.id, PRESENT, 0, &Played::of(&simulation.progress)).await?;
        (kept.stage, kept.aside) = (Stage::Other, None);
        job.done = days_between(from, until);
        job.checkpoint = serde_json::to_value(&kept)?;
        if other.is_some() && work.is_over() {
            return Ok(SliceEnd::More);
        }
    }
    let Some(other) = other else {
        let present: Played = work.part(&job.id, PRESENT, 0).await?;
        return ended(work, job, &asked, &kept, &present, None).await.map(SliceEnd::Done);
    };
    let (mut simulation, policy) = match kept.aside {
        None => {
            let customers = book_of(work, job, &kept).await?;
            let policy = with_version(&policy(work, &asked, &customers).await?, &other);
            let mut simulation = begin(work, &policy, customers, from, until, asked.assumed()).await?;
            simulation.wake();
            (simulation, policy)
        }
        Some(aside) => {
            let simulation = resume(work, job, aside).await?;
            // The version gets the number that it had before: the tenant's own versions have not changed since.
            let policy = policy(work, &asked, &simulation.customers).await?;
            (simulation, with_version(&policy, &other))
        }
    };
    if !simulation.run(&policy, &mut || work.is_over()) {
        job.done = days_between(from, until) + days_between(from, simulation.progress.at);
        put_lines(work, job, OTHER, &mut kept.lines.1, &mut simulation).await?;
        put_aside(work, job, &mut kept, &simulation).await?;
        return Ok(SliceEnd::More);
    }
    put_lines(work, job, OTHER, &mut kept.lines.1, &mut simulation).await?;
    let played = Played::of(&simulation.progress);
    // The facts are not needed any more: the two are compared without them.
    drop(simulation);
    let present: Played = work.part(&job.id, PRESENT, 0).await?;
    let old = match other.follows {
        Some(version) => work.store.workflow(work.tenant, &other.workflow.id, Some(version)).await?,
        None => None,
    };
    let migration = asked.migration.clone().unwrap_or_default();
    let difference = {
        let before = lines_of(work, job, PRESENT, kept.lines.0).await?;
        let after = lines_of(work, job, OTHER, kept.lines.1).await?;
        differences(&before, &after, old.as_ref(), &other.workflow, &migration)
    };
    ended(work, job, &asked, &kept, &present, Some((&played, &difference))).await.map(SliceEnd::Done)
}

/// What a run found beside what happens, as it is kept for the end.
#[derive(Debug, Serialize, Deserialize)]
struct Played {
    waits: BTreeMap<jiff::civil::Date, domain::simulate::DayWaits>,
    tripped: Vec<Timestamp>,
}

impl Played {
    fn of(progress: &SimulationProgress) -> Self {
        Self { waits: progress.waits.clone(), tripped: progress.tripped.clone() }
    }
}

fn days_between(from: Timestamp, at: Timestamp) -> u64 {
    u64::try_from(at.as_second() - from.as_second()).unwrap_or(0) / 86_400
}

fn in_a_line(flaws: &[(String, String)]) -> String {
    flaws.iter().map(|(pointer, detail)| format!("{pointer}: {detail}")).collect::<Vec<_>>().join("; ")
}

/// Reads the book into parts. `None` once all of it is read.
async fn read(work: &Work<'_>, job: &mut Job, row: &TenantRow, kept: &mut Kept) -> anyhow::Result<Option<SliceEnd>> {
    let customers = if kept.read == 0 { book::list(work, &job.id, row).await? } else { book::listed(work, &job.id).await? };
    while kept.read < customers.len() {
        let part: Vec<CustomerId> = customers.iter().skip(kept.read).take(OF_A_PART).cloned().collect();
        let mut simulated = Vec::with_capacity(part.len());
        for some in part.chunks(book::TOGETHER) {
            let (read, unreadable) = book::read(work, some).await?;
            kept.unreadable += unreadable;
            kept.open += read.iter().map(|(head, _)| head.open_invoices).sum::<u64>();
            simulated.extend(read.into_iter().filter(|(head, _)| head.due != Next::Nothing).map(|(head, facts)| {
                // Whoever is backed off is not looked at before then.
                let due = match (head.due, head.backoff_until) {
                    (Next::At(at), Some(until)) => Next::At(at.max(until)),
                    (due, _) => due,
                };
                Simulated::new(facts, head.shard, due)
            }));
        }
        if kept.open > OPEN_INVOICES_MAX {
            let why =
                format!("the book has more than {OPEN_INVOICES_MAX} open invoices; a simulation holds all their facts at once");
            return Ok(Some(SliceEnd::Refused(why)));
        }
        work.put_part(&job.id, "book", kept.parts, &simulated).await?;
        kept.parts += 1;
        kept.read += part.len();
        job.checkpoint = serde_json::to_value(&*kept)?;
        if !work.note(job).await? {
            return Ok(Some(SliceEnd::Lost));
        }
        if work.is_over() {
            return Ok(Some(SliceEnd::More));
        }
    }
    Ok(None)
}

async fn book_of(work: &Work<'_>, job: &Job, kept: &Kept) -> anyhow::Result<Vec<Simulated>> {
    let mut customers = Vec::new();
    for part in 0..kept.parts {
        customers.extend(work.part::<Vec<Simulated>>(&job.id, "book", part).await?);
    }
    Ok(customers)
}

/// The group of customers that are put aside, and that of how far they have come. Two take turns: the last one stays whole until this one is
/// named in the job.
fn aside(generation: u64) -> String {
    format!("aside-{}", generation % 2)
}

fn progress(generation: u64) -> String {
    format!("progress-{}", generation % 2)
}

/// The group of parts in which lies what happens.
fn lines(version: &str) -> String {
    format!("lines-{version}")
}

/// Puts what happened in this slice behind what happened in those before it, so that no slice holds it all.
async fn put_lines(
    work: &Work<'_>,
    job: &Job,
    version: &str,
    parts: &mut usize,
    simulation: &mut Simulation,
) -> anyhow::Result<()> {
    let happened = std::mem::take(&mut simulation.progress.lines);
    if happened.is_empty() {
        return Ok(());
    }
    work.put_part(&job.id, &lines(version), *parts, &happened).await?;
    *parts += 1;
    Ok(())
}

/// All that happens, in order.
async fn lines_of(work: &Work<'_>, job: &Job, version: &str, parts: usize) -> anyhow::Result<Vec<Happening>> {
    let mut all = Vec::new();
    for part in 0..parts {
        all.extend(work.part::<Vec<Happening>>(&job.id, &lines(version), part).await?);
    }
    Ok(all)
}

/// Writes what happens into the file, a part at a time, and counts it.
async fn written(
    work: &Work<'_>,
    job: &Job,
    version: &str,
    parts: usize,
    zone: &TimeZone,
    file: &mut String,
) -> anyhow::Result<HappeningSums> {
    let mut tally = HappeningTally::new(zone.clone());
    for part in 0..parts {
        for line in work.part::<Vec<Happening>>(&job.id, &lines(version), part).await? {
            tally.add(&line);
            let mut value = serde_json::to_value(&line)?;
            value["version"] = json!(version);
            writeln!(file, "{value}")?;
        }
    }
    Ok(tally.finish())
}

/// Puts what is played aside for the next slice.
async fn put_aside(work: &Work<'_>, job: &mut Job, kept: &mut Kept, simulation: &Simulation) -> anyhow::Result<()> {
    kept.generation += 1;
    let generation = kept.generation;
    let mut parts = 0;
    for part in simulation.customers.chunks(OF_A_PART) {
        work.put_part(&job.id, &aside(generation), parts, &part).await?;
        parts += 1;
    }
    work.put_part(&job.id, &progress(generation), 0, &simulation.progress).await?;
    kept.aside = Some((generation, parts));
    job.checkpoint = serde_json::to_value(&*kept)?;
    Ok(())
}

async fn resume(work: &Work<'_>, job: &Job, (generation, parts): (u64, usize)) -> anyhow::Result<Simulation> {
    let mut customers = Vec::new();
    for part in 0..parts {
        customers.extend(work.part::<Vec<Simulated>>(&job.id, &aside(generation), part).await?);
    }
    let progress: SimulationProgress = work.part(&job.id, &progress(generation), 0).await?;
    Ok(Simulation::resume(customers, progress))
}

async fn begin(
    work: &Work<'_>,
    policy: &Policy,
    customers: Vec<Simulated>,
    from: Timestamp,
    until: Timestamp,
    assumed: Assumed,
) -> anyhow::Result<Simulation> {
    let today = from.to_zoned(tenant_zone(&policy.settings)).date();
    let before = today.checked_sub(i64::try_from(MEDIAN_DAYS)?.days())?;
    let days = work.store.counted_days(work.tenant, before, today).await?;
    Ok(Simulation::begin(customers, policy, from, until, assumed, days))
}

/// What the tenant decides by, with every version that a case is pinned to, as a simulation supposes it.
async fn policy(work: &Work<'_>, asked: &SimulateAsked, customers: &[Simulated]) -> anyhow::Result<Policy> {
    let mut pinned = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (key, case) in customers.iter().flat_map(|customer| &customer.facts.cases) {
        if seen.insert((case.workflow.clone(), case.version)) {
            let name = format!("{}@{}", case.workflow, case.version);
            pinned.insert(domain::CaseKey::new(key.balance.clone(), &name), case.clone());
        }
    }
    let mut policy = work.store.policy(work.tenant, &pinned, Read::Fresh).await?;
    let own = policy.settings.mode;
    policy.settings.mode = asked.mode.unwrap_or(if own == Mode::Off { Mode::Live } else { own });
    policy.settings.paused = false;
    // Sources are supposed to be heard as often as is demanded.
    policy.settings.freshness.clear();
    policy.breaker_open = false;
    Ok(policy)
}

/// The version that is asked for as it would be published, where one is; else why it could not be.
async fn other_version(work: &Work<'_>, asked: &SimulateAsked) -> anyhow::Result<Result<Option<OtherVersion>, String>> {
    let workflow = match asked.workflow() {
        Ok(Some(workflow)) => workflow,
        Ok(None) => return Ok(Ok(None)),
        Err(wrong) => return Ok(Err(in_a_line(&wrong))),
    };
    let state = work.store.workflow_state(work.tenant, &workflow.id).await?;
    if let Some(state) = state.as_ref().filter(|state| state.is_shared()) {
        return Ok(Err(format!(
            "version {} of it is out for {} of 100 cases, and the next one can only be published behind it; publish it to all of them, or \
             roll it back",
            state.version, state.share
        )));
    }
    let share = asked.share.unwrap_or(SHARE_WHOLE);
    if share < SHARE_WHOLE && !state.as_ref().is_some_and(|state| state.is_published) {
        return Ok(Err("/share: there is no version that the other cases could take".to_owned()));
    }
    let current = match &state {
        Some(state) => work.store.compiled_workflow(work.tenant, &workflow.id, state.version).await?,
        None => None,
    };
    if let Some(migration) = &asked.migration {
        let Some(current) = &current else {
            return Ok(Err("/migration: there is no version before, so no running case could move".to_owned()));
        };
        let wrong = migration_flaws(migration, current.workflow(), current.carried(), &workflow);
        if !wrong.is_empty() {
            let wrong: Vec<_> = wrong.into_iter().map(|flaw| (flaw.pointer, flaw.detail)).collect();
            return Ok(Err(in_a_line(&wrong)));
        }
    }
    let migration = asked.migration.clone().unwrap_or_default();
    let before = current.as_ref().map(|current| current.carried()).unwrap_or_default();
    let next = Workflow { version: state.as_ref().map_or(0, |state| state.version) + 1, ..workflow };
    let carried = carried_on(before, &next, &migration);
    Ok(Ok(Some(OtherVersion {
        workflow: Arc::new(CompiledWorkflow::compile(next).carrying(carried)),
        follows: current.map(|current| current.version),
        share,
        moves: asked.migration.is_some(),
    })))
}

/// Why a version could not be published, and so is not played.
async fn unfit(work: &Work<'_>, policy: &Policy, other: &Workflow) -> anyhow::Result<Option<String>> {
    let mut templates: BTreeMap<(String, Channel), Vec<String>> = BTreeMap::new();
    for template in work.store.templates(work.tenant).await? {
        templates.entry((template.id, template.channel)).or_default().push(template.language);
    }
    let senders: BTreeSet<Channel> = Channel::with_sender().collect();
    let found = flaws(other, &PublishContext { templates, senders, settings: &policy.settings });
    let found: Vec<_> = found.into_iter().map(|flaw| (format!("/workflow{}", flaw.pointer), flaw.detail)).collect();
    Ok((!found.is_empty()).then(|| in_a_line(&found)))
}

async fn ended(
    work: &Work<'_>,
    job: &Job,
    asked: &SimulateAsked,
    kept: &Kept,
    present: &Played,
    other: Option<(&Played, &Difference)>,
) -> anyhow::Result<JobEnd> {
    let settings = work.store.settings(work.tenant).await?.map(|settings| settings.value);
    let zone = settings.as_ref().map_or(TimeZone::UTC, tenant_zone);
    let own = settings.map(|settings| settings.costs).unwrap_or_default();
    let of = |played: &Played, sums: HappeningSums| {
        let cost = cost(&sums.by_channel, &asked.prices, &own);
        json!({ "sums": sums, "waits": played.waits, "breaker_opened": played.tripped, "cost": cost })
    };
    let mut file = String::new();
    let sums = written(work, job, PRESENT, kept.lines.0, &zone, &mut file).await?;
    let mut result = json!({
        "from": kept.from, "days": asked.days(), "customers": kept.read, "open_invoices": kept.open,
        "unreadable_customers": kept.unreadable, "assumed": assumed(asked, kept), "present": of(present, sums),
    });
    if let Some((played, difference)) = other {
        let sums = written(work, job, OTHER, kept.lines.1, &zone, &mut file).await?;
        for moved in &difference.moved {
            let mut value = serde_json::to_value(moved)?;
            value["kind"] = json!("moved");
            writeln!(file, "{value}")?;
        }
        result["other"] = of(played, sums);
        result["difference"] = json!({
            "counts": difference.counts, "customers_more": difference.customers_more, "customers_less": difference.customers_less,
            "why": Difference::WHY.into_iter().collect::<BTreeMap<_, _>>(),
            "examples": difference.moved.iter().take(EXAMPLES).collect::<Vec<_>>(),
        });
    }
    let key = work.put_file(&job.id, "simulation.jsonl", "application/x-ndjson", file.into_bytes()).await?;
    Ok(JobEnd {
        result,
        result_key: Some(key),
        file_name: Some("simulation.jsonl".to_owned()),
        why: None,
        done: job.total.unwrap_or(0),
    })
}

/// What is supposed, in sentences.
fn assumed(asked: &SimulateAsked, kept: &Kept) -> Vec<String> {
    let paying = match asked.paying {
        Paying::Nobody => "Nobody pays.".to_owned(),
        Paying::Everybody => "Everybody pays each invoice in full on its due date, and what is due already at once.".to_owned(),
        Paying::UsualLag => format!(
            "Each customer pays as many days after the due date as it usually did. That is known of {} customers of {}; the others pay \
             nothing.",
            kept.lags, kept.read
        ),
    };
    let breaker = match asked.breaker {
        BreakerAssumed::Stays => "The circuit breaker stays open once it opens.",
        BreakerAssumed::Reset => "A person resets the circuit breaker at once.",
    };
    vec![
        paying,
        breaker.to_owned(),
        "Every message leaves in the minute in which it is decided, and arrives.".to_owned(),
        "Nobody answers, promises, disputes or opts out, and no person does a task.".to_owned(),
        "No new invoice comes, sources are heard as often as is demanded, and the tenant is not paused.".to_owned(),
    ]
}

/// What the messages cost, by channel: as the job says, else as the tenant's settings do, else as the provider asks; null where nothing
/// says what one costs.
fn cost(by_channel: &BTreeMap<Channel, u32>, prices: &BTreeMap<Channel, Price>, own: &BTreeMap<Channel, u64>) -> Value {
    let usd = |micro: u64, source: &str| Price { currency: domain::Currency::USD, micro, source: Some(source.to_owned()) };
    let of = |(channel, count): (&Channel, &u32)| {
        let asked = prices.get(channel).cloned();
        let set = || own.get(channel).map(|micro| usd(*micro, "the tenant's settings"));
        let usual = || {
            let source = "Amazon SES: 0.10 US dollars for a thousand messages";
            (*channel == Channel::Email).then(|| usd(EMAIL_MICRO_USD, source))
        };
        let said = match asked.or_else(set).or_else(usual) {
            Some(price) => json!({
                "messages": count, "currency": price.currency, "micro_each": price.micro,
                "micro": price.micro.saturating_mul(u64::from(*count)), "source": price.source,
            }),
            None => json!({ "messages": count, "micro": null, "source": "no price is given for this channel" }),
        };
        (channel.as_str().to_owned(), said)
    };
    Value::Object(by_channel.iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_cost_what_is_said_and_nothing_is_made_up() {
        let counted = BTreeMap::from([(Channel::Email, 2_500), (Channel::Sms, 3)]);
        let none = BTreeMap::new();
        let found = cost(&counted, &BTreeMap::new(), &none);
        assert_eq!(found["email"]["micro"], 250_000);
        assert!(found["sms"]["micro"].is_null());
        let price = Price { currency: domain::Currency::EUR, micro: 75_000, source: None };
        let own = BTreeMap::from([(Channel::Sms, 7_500), (Channel::Email, 200)]);
        let found = cost(&counted, &BTreeMap::from([(Channel::Sms, price)]), &own);
        assert_eq!((&found["sms"]["micro"], &found["sms"]["currency"]), (&json!(225_000), &json!("EUR")));
        assert_eq!((&found["email"]["micro"], &found["email"]["currency"]), (&json!(500_000), &json!("USD")));
    }
}
