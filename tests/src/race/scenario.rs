//! The story of a race, told of any vendor.

use std::{collections::VecDeque, sync::Arc};

use anyhow::Context;
use doubles::{FakeAccounting, Fault, Notification};
use jiff::{SignedDuration, Timestamp, ToSpan};
use local::{Crashed, Mode, Options, Stack, When, tenants::TenantIn};
use serde_json::{Map, Value, json};

use super::{
    Doing, LISTENER, Place, Plan, READER, Report,
    company::{RacedCompany, START},
    judge::{self, Evidence},
    witness::Watch,
};
use crate::{
    company::clock,
    faults::{Random, judge::judge_table},
    test_tenant::{Hook, TENANT, TestTenant},
};

/// The ladder: a name, and days past due.
const STEPS: [(&str, u8); 3] = [("first", 1), ("second", 3), ("third", 5)];
/// Rounds of a day.
const ROUNDS: usize = 15;
/// Crashes of the reader in one round, one after the other: the next strikes whoever takes over.
const CRASHES: usize = 3;
/// Rounds in which nothing goes wrong, to see how much an invocation calls.
const CLEAN_ROUNDS: usize = 6;
/// How often a place is tried that no invocation reached.
const TRIES_MAX: u32 = 8;
/// Days on which the vendor is away from before the window until one and a half hours into it, what it says then, and whether
/// webhooks come meanwhile.
const AWAY: [(i64, Fault, bool); 2] = [
    (1, Fault::Status { status: 500, retry_after_s: None }, false),
    (2, Fault::Status { status: 429, retry_after_s: Some(300) }, true),
];

struct Scenario<'a, D> {
    plan: &'a Plan,
    desk: TestTenant,
    double: D,
    watch: Arc<Watch>,
    random: Random,
    books: RacedCompany,
    late: Vec<Notification>,
    waiting: VecDeque<(Place, u32)>,
    good: Vec<(Timestamp, Option<Timestamp>)>,
    report: Report,
}

/// Tells the story and judges it.
///
/// # Errors
///
/// When the stack does not start.
pub async fn run<D: FakeAccounting>(plan: &Plan) -> anyhow::Result<Report> {
    Ok(evidence_of::<D>(plan).await?.0)
}

/// As [`run`], with what it was judged by.
///
/// # Errors
///
/// When the stack does not start.
pub async fn evidence_of<D: FakeAccounting>(plan: &Plan) -> anyhow::Result<(Report, Evidence)> {
    let desk = desk(plan.seed).await?;
    let double = D::open(clock(&desk)).await?;
    let watch = Watch::new(desk.stack.world(), D::SOURCE);
    double.watch(watch.clone());
    let books = RacedCompany::open(&double, plan, desk.stack.now());
    let report = Report { source: D::SOURCE, seed: plan.seed, ..Report::default() };
    let (random, good) = (Random(plan.seed), Vec::new());
    let mut scenario =
        Scenario { plan, desk, double, watch, random, books, late: Vec::new(), waiting: VecDeque::new(), good, report };
    scenario.run_scenario().await;
    scenario.judged().await
}

/// A live tenant in New York with a ladder whose mails name their step and invoices.
async fn desk(seed: u64) -> anyhow::Result<TestTenant> {
    let now = START.at(3, 0, 0, 0).in_tz("UTC")?.timestamp();
    let stack = Stack::start(Options { now: Some(now), seed: Some(seed), ..Options::default() }).await?;
    let list = "{% for invoice in invoices %}{{ invoice.number }} {% endfor %}";
    let template = |id: &str| {
        json!({ "id": id, "language": "en", "channel": "email", "subject": format!("{id} {list}"),
            "body": format!("{id} {list}\n\n{{{{ links.portal }}}}\n\n{{{{ links.opt_out }}}}") })
    };
    let step = |(id, days): (&str, u8)| {
        json!({ "id": id, "at": {"anchor": "due_date", "offset": format!("P{days}D")},
            "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}} })
    };
    let settings = json!({
        "name": "Acme", "country": "US", "time_zone": "America/New_York", "language": "en",
        "breaker": {"factor": 1000, "minimum": 100_000}, "caps": {"per_person": {"count": 7, "days": 7}},
    });
    let mut steps = STEPS.map(step).to_vec();
    let at = json!({"anchor": "due_date", "offset": "P60D"});
    steps.push(json!({"id": "review", "at": at, "action": {"task": {"title": "Call them"}}}));
    let workflow = json!({"id": "three", "name": "Three steps", "scope": "invoice", "min_gap": "P1D", "steps": steps});
    let tenant = TenantIn {
        tenant: TENANT.to_owned(),
        settings: settings.as_object().cloned().unwrap_or_else(Map::new),
        workflows: Some(vec![workflow]),
        templates: STEPS.map(|(id, _)| template(id)).to_vec(),
        connections: Vec::new(),
        payments: Vec::new(),
    };
    let made = stack.create_tenant(tenant).await.map_err(|refusal| anyhow::anyhow!("{}", refusal.body))?;
    let hook = |source: &str| Hook {
        path: format!("/webhooks/{TENANT}/{source}"),
        secret: made["webhooks"][source]["secret"].as_str().unwrap_or_default().to_owned(),
    };
    let (canonical, stripe) = (hook("canonical"), hook("stripe"));
    Ok(TestTenant::resume(stack, canonical, stripe))
}

impl<D: FakeAccounting> Scenario<'_, D> {
    fn now(&self) -> Timestamp {
        self.desk.stack.now()
    }

    /// An hour of a day of the scenario.
    fn at(&self, day: i64, hour: i8, minute: i8) -> Timestamp {
        let day = START + day.days();
        day.at(hour, minute, 0, 0).in_tz("UTC").map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    async fn run_scenario(&mut self) {
        if let Some((when, call)) = self.plan.only {
            self.arm(&Place { doing: Doing::Reading, call, when });
        }
        self.desk.connect(D::SOURCE, &self.double, D::REALM).await;
        self.double.notifications();
        self.to(self.at(0, 11, 0)).await;
        if self.plan.only.is_none() {
            self.learn().await;
        }
        for day in 0..self.plan.days {
            self.night(day).await;
            if let Some((_, fault, told)) = AWAY.iter().find(|(one, ..)| *one == day) {
                self.away(day, fault, *told).await;
            }
            for round in 0..ROUNDS {
                // The night's part of the next day begins late enough.
                if self.now() > self.at(day + 1, 2, 0) {
                    break;
                }
                self.round(round).await;
            }
            self.calm().await;
        }
        // What is under way by then comes to its end.
        self.go("PT15H").await;
        self.calm().await;
    }

    /// Until the morning; once the reader dies far into whatever it does: a comparison, which is due each night.
    async fn night(&mut self, day: i64) {
        let morning = self.at(day, 11, 30);
        if self.now() < morning {
            let call = self.plan.calls_max + 1 + u32::try_from(self.random.below(60)).unwrap_or(0);
            let when = if day % 2 == 0 { When::Before } else { When::After };
            if self.plan.only.is_none() {
                self.arm(&Place { doing: Doing::Reading, call, when });
            }
            self.to(morning).await;
            self.desk.mend(READER);
            self.rescue().await;
        }
    }

    /// A day on which the vendor is away while messages fall due.
    async fn away(&mut self, day: i64, fault: &Fault, told: bool) {
        self.to(self.at(day, 11, 31)).await;
        self.double.fail_next_at(D::API, u32::MAX, fault.clone());
        for hour in 12..16 {
            for _ in 0..5 {
                self.books.change(&self.double, &mut self.random, self.desk.stack.now());
            }
            if told {
                self.deliver().await;
            } else {
                self.double.notifications();
            }
            self.to(self.at(day, hour, 30)).await;
        }
        self.report.told += usize::from(!self.desk.tasks("connection").await.is_empty());
        self.double.clear_faults();
        // The longest wait after a trouble is an hour.
        self.go("PT62M").await;
    }

    /// Sees in clean rounds how much an invocation calls, and lists the places.
    async fn learn(&mut self) {
        let most = |desk: &TestTenant, function: &str| {
            desk.stack.world().functions.get(function).map_or(0, |slot| slot.take_calls_most())
        };
        most(&self.desk, READER);
        most(&self.desk, LISTENER);
        for _ in 0..CLEAN_ROUNDS {
            self.changes(5).await;
            self.go("PT20S").await;
        }
        let (reading, listening) = (most(&self.desk, READER), most(&self.desk, LISTENER));
        self.let_tokens_end().await;
        self.changes(1).await;
        self.go("PT20S").await;
        // Up to the first call after the tokens are stored.
        let refreshing = self.watch.after_tokens();
        let of = |doing: Doing, most: u32| {
            (1..=most).flat_map(move |call| [When::Before, When::After].map(|when| Place { doing, call, when }))
        };
        let places = of(Doing::Refreshing, refreshing)
            .chain(of(Doing::Listening, listening))
            .chain(of(Doing::Reading, reading.min(self.plan.calls_max)));
        let mut places: Vec<Place> = places.collect();
        for at in (1..places.len()).rev() {
            places.swap(at, usize::try_from(self.random.below(at as u64 + 1)).unwrap_or(0));
        }
        self.waiting = places.into_iter().map(|place| (place, 0)).collect();
    }

    /// A round: something changes, some of it is told, somebody dies on the way.
    async fn round(&mut self, round: usize) {
        let readers: Vec<(Place, u32)> = (0..CRASHES).filter_map(|_| self.next(READER)).collect();
        let listeners: Vec<(Place, u32)> = self.next(LISTENER).into_iter().collect();
        // It dies once before, because some calls are only made by an environment that is new.
        let first = listeners.first().map(|_| Place { doing: Doing::Listening, call: 1, when: When::Before });
        if readers.iter().any(|(place, _)| place.doing == Doing::Refreshing) {
            self.let_tokens_end().await;
        }
        let before = [READER, LISTENER].map(|function| self.crashes_of(function));
        for place in first.iter().chain(readers.iter().chain(&listeners).map(|(place, _)| place)) {
            self.arm(place);
        }
        if round % 3 == 2 {
            self.weather();
        }
        let far = readers.iter().map(|(place, _)| place.call).max().unwrap_or(0);
        self.changes(4 + usize::try_from(far / 8).unwrap_or(0)).await;
        let span = ["PT20S", "PT9M", "PT11M", "PT31M"][usize::try_from(self.random.below(4)).unwrap_or(0)];
        self.go(span).await;
        self.settle(READER, readers, self.crashes_of(READER) - before[0]);
        self.settle(LISTENER, listeners, (self.crashes_of(LISTENER) - before[1]).saturating_sub(1));
        self.double.clear_faults();
        self.rescue().await;
    }

    /// The next place of a function.
    fn next(&mut self, function: &str) -> Option<(Place, u32)> {
        let at = self.waiting.iter().position(|(place, _)| place.function() == function)?;
        self.waiting.remove(at)
    }

    /// How often a function has crashed.
    fn crashes_of(&self, function: &str) -> usize {
        let faults = self.desk.stack.world().faults.lock();
        faults.map_or(0, |faults| faults.crashes().iter().filter(|crash| crash.function == function).count())
    }

    /// Notes which of the armed crashes came, the first ones, and lets the others wait for another round.
    fn settle(&mut self, function: &str, armed: Vec<(Place, u32)>, came: usize) {
        self.desk.mend(function);
        for (at, (place, tries)) in armed.into_iter().enumerate() {
            if at < came {
                self.report.places.push(place);
            } else if at > came {
                // It had no turn.
                self.waiting.push_front((place, tries));
            } else if tries + 1 < TRIES_MAX {
                self.waiting.push_back((place, tries + 1));
            } else {
                self.report.unreached.push(place);
            }
        }
    }

    fn arm(&self, place: &Place) {
        let times = if self.plan.only.is_some() { 20 } else { 1 };
        let (mode, call, when) = (Some(Mode::Crash), Some(place.call), Some(place.when));
        let fault = local::Fault { target: place.function().to_owned(), mode, times, call, when };
        self.desk.stack.fault(fault).expect("the reader and the listener can crash");
    }

    /// The vendor's next answer goes wrong.
    fn weather(&mut self) {
        let faults = [
            Fault::Status { status: 429, retry_after_s: Some(30) },
            Fault::Status { status: 429, retry_after_s: None },
            Fault::Status { status: 503, retry_after_s: None },
            Fault::Status { status: 401, retry_after_s: None },
            Fault::Truncated,
            Fault::Html,
            Fault::DropConnection,
        ];
        let fault = faults[usize::try_from(self.random.below(faults.len() as u64)).unwrap_or(0)].clone();
        self.double.fail_next(1, fault);
    }

    /// People change something, and some of it is told.
    async fn changes(&mut self, count: usize) {
        for _ in 0..count {
            self.books.change(&self.double, &mut self.random, self.desk.stack.now());
        }
        self.deliver().await;
    }

    /// Of what happened, half is told later; of the rest a third is lost, the others come in any order, some of them twice. What
    /// was not taken is sent again later.
    async fn deliver(&mut self) {
        self.late.extend(self.double.notifications());
        for at in (1..self.late.len()).rev() {
            self.late.swap(at, usize::try_from(self.random.below(at as u64 + 1)).unwrap_or(0));
        }
        let now = self.late.split_off(self.late.len() / 2);
        let told: Vec<Notification> = now.into_iter().filter(|_| self.random.below(3) > 0).collect();
        for some in told.chunks(3) {
            let delivery = self.double.delivery(some);
            for _ in 0..=self.random.below(2) {
                self.report.webhooks += 1;
                let reply = self.desk.deliver(D::SOURCE, &delivery).await;
                assert!(reply.status == 200 || reply.status >= 500, "{}: {}", reply.status, reply.text);
                if reply.status != 200 {
                    self.late.extend(some.iter().cloned());
                }
            }
        }
    }

    /// Nobody reads for so long that the access token ends.
    async fn let_tokens_end(&mut self) {
        let skip = local::Fault { target: READER.to_owned(), mode: Some(Mode::Skip), times: u32::MAX, call: None, when: None };
        self.desk.stack.fault(skip).expect("the reader can be skipped");
        self.go("PT58M").await;
        self.desk.mend(READER);
    }

    /// A person connects again where only that helps: an answer with tokens was lost.
    async fn rescue(&mut self) {
        let health = self.desk.health(D::SOURCE).await;
        if health["status"] != "reconnect" {
            return;
        }
        let tasks = self.desk.tasks("connection").await;
        assert!(!tasks.is_empty(), "a person is asked to reconnect: {health}");
        self.report.reconnects += 1;
        self.desk.connect(D::SOURCE, &self.double, D::REALM).await;
        self.go("PT3M").await;
    }

    /// Nothing goes wrong for one poll interval: the table is as the books.
    async fn calm(&mut self) {
        self.desk.mend(READER);
        self.desk.mend(LISTENER);
        self.double.clear_faults();
        self.rescue().await;
        self.go("PT31M").await;
        self.compare().await;
        if let Some((when, call)) = self.plan.only {
            self.arm(&Place { doing: Doing::Reading, call, when });
        }
    }

    /// Holds the table against the books.
    async fn compare(&mut self) {
        self.report.compared += 1;
        let health = self.desk.health(D::SOURCE).await;
        if health["status"] != "good" {
            self.report.unequal.push(format!("at {} the books are not good: {health}", self.now()));
        }
        for (id, customer) in &self.double.truth(D::REALM).customers {
            let here = self.desk.open_here(D::SOURCE, id).await;
            let open = customer.invoices.values().filter(|invoice| invoice.open_minor > 0);
            let mut books: Vec<(String, i64)> = open.map(|invoice| (invoice.number.clone(), invoice.open_minor)).collect();
            books.sort();
            for (number, open) in here.iter().filter(|row| !books.contains(row)) {
                let changes = &self.books.truth[number];
                self.report
                    .unequal
                    .push(format!("at {} {open} of {number} is open here only: {changes:?}; {health}", self.now()));
            }
            for (number, open) in books.iter().filter(|row| !here.contains(row)) {
                let changes = &self.books.truth[number];
                self.report
                    .unequal
                    .push(format!("at {} {open} of {number} is open there only: {changes:?}; {health}", self.now()));
            }
        }
    }

    async fn go(&mut self, span: &str) {
        let span: SignedDuration = span.parse().expect("a span");
        self.to(self.now() + span).await;
    }

    /// Moves the clock on, and looks at what the connection says of itself then.
    async fn to(&mut self, at: Timestamp) {
        self.desk.stack.to(at.max(self.now())).await.expect("the clock moves on");
        self.look().await;
    }

    async fn look(&mut self) {
        let health = self.desk.health(D::SOURCE).await;
        self.good.push((self.now(), health["good_at"].as_str().and_then(|at| at.parse().ok())));
    }

    async fn judged(mut self) -> anyhow::Result<(Report, Evidence)> {
        let settings = self.desk.admin("GET", "/v1/settings", &Value::Null).await.is(200).body;
        let age_max = settings["settings"]["freshness"][D::SOURCE].as_str().context("no freshness is demanded")?;
        let crashes: Vec<Crashed> =
            self.desk.stack.world().faults.lock().map_or_else(|_| vec![], |faults| faults.crashes().to_vec());
        let evidence = Evidence {
            sent: self.desk.sent(),
            shown: self.watch.shown(),
            crashes: crashes.clone(),
            truth: self.books.truth,
            ids: self.books.ids,
            good: self.good,
            age_max: age_max.parse()?,
        };
        let report = &mut self.report;
        report.crashes = crashes;
        report.calls_most = self.desk.stack.world().functions.get(READER).map_or(0, |slot| slot.calls_most());
        report.vendor_calls = self.watch.calls();
        report.refreshes = self.double.refreshes();
        report.changes = self.books.changes;
        report.unreached.extend(self.waiting.iter().map(|(place, _)| *place));
        report.differed = self.desk.tasks("books").await.len();
        report.verdict = judge_table(&self.desk.stack, &evidence.sent).await?;
        report.found = judge::judge(&evidence);
        self.desk.stack.stop().await;
        Ok((self.report, evidence))
    }
}
