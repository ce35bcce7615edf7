//! The fault harness: a scenario of two months in process, with crashes around AWS calls and misbehaving carriers, and judges
//! that look at the outbox and the table.

pub mod http;
pub mod judge;
pub mod scenario;

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use anyhow::Context;
use jiff::SignedDuration;
use local::{Fault, Mode, Options, Stack, When};
use serde_json::{Value, json};

use http::{Caller, Hook};
use judge::Verdict;
use scenario::{Act, TENANT};

/// The days of the whole scenario, with time for what is in doubt to settle.
pub const DAYS: i64 = 64;

/// Where and when to crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The function.
    pub function: String,
    /// Before or after the call.
    pub when: When,
    /// Which call of the invocation, from 1.
    pub call: u32,
    /// In how many invocations one after the other.
    pub times: u32,
}

/// What goes wrong in a run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What it is called in the table.
    pub name: String,
    /// The customers, by their number in the story.
    pub customers: Vec<usize>,
    /// The only crash, armed from the start, and again whenever it came, as often as this.
    pub one: Option<(Crash, u32)>,
    /// Crashes to go through, again and again, each function by itself.
    pub cycle: Vec<Crash>,
    /// What else goes wrong: target, mode and how many slices of a hundred have it.
    pub also: Vec<(&'static str, Mode, u64)>,
    /// For everything random.
    pub seed: u64,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// Faults that came, by kind.
    pub came: BTreeMap<String, u64>,
    /// The most AWS calls of one invocation, by function.
    pub calls_most: BTreeMap<String, u32>,
    /// AWS calls by function.
    pub calls_of: BTreeMap<String, BTreeMap<String, u64>>,
    /// What the judges say.
    pub verdict: Verdict,
}

impl Report {
    /// Crashes that came.
    pub fn crashes(&self) -> u64 {
        self.came.iter().filter(|(what, _)| what.contains(" crash ")).map(|(_, times)| times).sum()
    }

    /// Faults of carriers and services that came.
    pub fn others(&self) -> u64 {
        self.came.values().sum::<u64>() - self.crashes()
    }

    /// The crashes that came, as `(function, when)` with how many different calls and how many crashes.
    pub fn crashes_by_place(&self) -> BTreeMap<String, (usize, u64)> {
        let mut by_place: BTreeMap<String, (usize, u64)> = BTreeMap::new();
        for (what, times) in self.came.iter().filter(|(what, _)| what.contains(" crash ")) {
            let place = what.rsplit_once(' ').map_or(what.as_str(), |(place, _)| place).replace(" crash ", " ");
            let sum = by_place.entry(place).or_default();
            sum.0 += 1;
            sum.1 += times;
        }
        by_place
    }

    /// What was sent in `clean` and not here, and the reverse, without customers of whom something was in doubt.
    pub fn differs_from(&self, clean: &Self) -> Vec<String> {
        let doubt = &self.verdict.doubtful;
        let of = |one: &Self, other: &Self, word: &str| -> Vec<String> {
            let only = one.verdict.sent.difference(&other.verdict.sent);
            only.filter(|(customer, ..)| !doubt.contains(customer)).map(|row| format!("{word}: {row:?}")).collect()
        };
        [of(clean, self, "missing"), of(self, clean, "only here")].concat()
    }

    /// Everything that is wrong with this run.
    pub fn flaws(&self, clean: Option<&Self>) -> Vec<String> {
        let mut flaws = self.verdict.twice.iter().map(|what| format!("twice: {what}")).collect::<Vec<_>>();
        flaws.extend(self.verdict.lost.iter().map(|what| format!("lost: {what}")));
        flaws.extend(clean.map(|clean| self.differs_from(clean)).unwrap_or_default());
        if self.verdict.in_doubt != self.verdict.settled + self.verdict.parked {
            flaws.push(format!("in doubt {} != settled + parked", self.verdict.in_doubt));
        }
        flaws
    }
}

/// The head of the table that [`Report`] prints a line of.
pub const TABLE_HEAD: &str = "\
| run | accepted | decided | crashes | other faults | in doubt | settled | parked | twice | lost |
|---|---|---|---|---|---|---|---|---|---|";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = &self.verdict;
        write!(
            f,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            self.name,
            v.accepted,
            v.decided,
            self.crashes(),
            self.others(),
            v.in_doubt,
            v.settled,
            v.parked,
            v.twice.len(),
            v.lost.len()
        )
    }
}

/// SplitMix64: small, seeded, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    /// A number from 0, below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

struct Run<'a> {
    plan: &'a Plan,
    stack: Stack,
    caller: Caller,
    hook: Hook,
    random: Random,
    /// By function: its crashes and which is next.
    cycles: BTreeMap<String, (Vec<Crash>, usize, u32)>,
    left: u32,
}

/// Plays the scenario with what the plan says going wrong, and judges it.
///
/// # Errors
///
/// When the stack does not start, or somebody outside is refused.
pub async fn run(plan: &Plan) -> anyhow::Result<Report> {
    let stack = play(plan).await?;
    let world = stack.world();
    let report = Report {
        name: plan.name.clone(),
        came: world.faults.lock().map(|faults| faults.came().clone()).unwrap_or_default(),
        calls_most: world.functions.iter().map(|(name, slot)| (name.clone(), slot.calls_most())).collect(),
        calls_of: stack.metrics().calls_of,
        verdict: judge::judge(&stack, &stack.outbox(Some(TENANT)), &plan.customers).await?,
    };
    stack.stop().await;
    Ok(report)
}

/// Plays the scenario with what the plan says going wrong; the stack as it is in the end.
///
/// # Errors
///
/// When the stack does not start, or somebody outside is refused.
pub async fn play(plan: &Plan) -> anyhow::Result<Stack> {
    let options = Options { now: Some(scenario::start()), seed: Some(plan.seed), ..Options::default() };
    let stack = Stack::start(options).await?;
    let caller = Caller::default();
    let tenant = scenario::tenant();
    let (_, answer) =
        caller.until_taken("POST", &format!("{}/_local/tenants", stack.url()), &[], tenant.to_string().as_bytes()).await?;
    let hook = Hook::of(&answer)?;
    let mut cycles: BTreeMap<String, (Vec<Crash>, usize, u32)> = BTreeMap::new();
    for crash in &plan.cycle {
        cycles.entry(crash.function.clone()).or_default().0.push(crash.clone());
    }
    let left = plan.one.as_ref().map_or(0, |(_, times)| *times);
    let mut run = Run { plan, stack, caller, hook, random: Random(plan.seed), cycles, left };
    run.play().await.with_context(|| format!("run {}, seed {}", plan.name, plan.seed))?;
    Ok(run.stack)
}

impl Run<'_> {
    async fn play(&mut self) -> anyhow::Result<()> {
        let end = scenario::start() + SignedDuration::from_hours(24 * DAYS);
        let calm = end - SignedDuration::from_hours(24 * 5);
        let mut story = scenario::story(&self.plan.customers).into_iter().peekable();
        let mut now = scenario::start();
        while now < end {
            // Slices of an hour; by day of a quarter, where most happens.
            let hour = now.to_zoned(jiff::tz::TimeZone::UTC).hour();
            let minutes = if (7..17).contains(&hour) { 15 } else { 60 };
            now += SignedDuration::from_mins(minutes);
            while let Some((at, act)) = story.next_if(|(at, _)| *at <= now) {
                self.stack.to(at.max(self.stack.now())).await?;
                if now < calm {
                    self.arm()?;
                }
                self.act(&act).await.with_context(|| format!("{act:?}"))?;
            }
            if now < calm {
                self.arm()?;
                self.trouble()?;
            } else {
                self.clear()?;
            }
            self.stack.to(now).await?;
        }
        Ok(())
    }

    async fn act(&self, act: &Act) -> anyhow::Result<()> {
        let url = self.stack.url();
        match act {
            Act::Post(id, body) => {
                let body = serde_json::to_vec(body)?;
                let headers = self.hook.sign(id, self.stack.now(), &body);
                self.caller.until_taken("POST", &self.hook.url, &headers, &body).await?;
            }
            Act::Bounce(address) => {
                let Some(raw) = self.last_mail(address) else { return Ok(()) };
                let mut tags = json!({});
                for tag in raw["EmailTags"].as_array().into_iter().flatten() {
                    tags[tag["Name"].as_str().unwrap_or_default()] = json!([tag["Value"]]);
                }
                let now = self.stack.now().to_string();
                let event = json!({
                    "source": "aws.ses", "detail-type": "Email Bounced",
                    "detail": {
                        "eventType": "Bounce",
                        "mail": { "timestamp": now, "messageId": "of-the-last", "destination": [address], "tags": tags },
                        "bounce": {
                            "bounceType": "Permanent", "bounceSubType": "General", "timestamp": now, "feedbackId": "f",
                            "bouncedRecipients": [{ "emailAddress": address }],
                        },
                    },
                });
                let taken =
                    self.caller.until_taken("POST", &format!("{url}/_local/events"), &[], event.to_string().as_bytes()).await;
                taken.context("the bounce")?;
            }
            Act::OptOut(address) => {
                let Some(raw) = self.last_mail(address) else { return Ok(()) };
                let headers = raw.pointer("/Content/Simple/Headers").and_then(Value::as_array);
                let link = headers.into_iter().flatten().find(|header| header["Name"] == "List-Unsubscribe");
                let link = link.and_then(|header| header["Value"].as_str()).context("no one-click link")?;
                let form = [("content-type", "application/x-www-form-urlencoded".to_owned())];
                let link = link.trim_matches(['<', '>']);
                self.caller.until_taken("POST", link, &form, b"List-Unsubscribe=One-Click").await?;
            }
            Act::Admin(method, path, body) => self.admin(method, path, body).await?,
            Act::Hold(address, until) => {
                let Some(raw) = self.last_mail(address) else { return Ok(()) };
                let tags = raw["EmailTags"].as_array().context("no tags")?;
                let customer = tags.iter().find(|tag| tag["Name"] == "dunlin_customer").and_then(|tag| tag["Value"].as_str());
                let customer = customer.context("no customer")?;
                let body = json!({ "reason": "manual", "scope": "customer", "until_on": until, "clock": "freeze" });
                self.admin("PUT", &format!("/v1/customers/{customer}/holds/seen"), &body).await?;
            }
        }
        Ok(())
    }

    async fn admin(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<()> {
        let token = self.stack.token(TENANT, "admin")?;
        let headers = [
            ("authorization", format!("Bearer {token}")),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", format!("{method}{path}{}", self.stack.now()).replace('/', "-")),
        ];
        let url = format!("{}{path}", self.stack.url());
        self.caller.until_taken(method, &url, &headers, body.to_string().as_bytes()).await?;
        Ok(())
    }

    fn last_mail(&self, address: &str) -> Option<Value> {
        let outbox = self.stack.outbox(Some(TENANT));
        outbox.into_iter().rfind(|sent| sent.to == address).map(|sent| sent.raw)
    }

    /// Arms the next crash of each function whose last one came. One that does not come in time is passed over for now.
    fn arm(&mut self) -> anyhow::Result<()> {
        let is_armed =
            |stack: &Stack, function: &str| stack.world().faults.lock().is_ok_and(|faults| faults.crash(function).is_some());
        if let Some((crash, _)) = &self.plan.one
            && self.left > 0
            && !is_armed(&self.stack, &crash.function)
        {
            self.left -= 1;
            self.stack.fault(fault(crash))?;
        }
        for (function, (crashes, next, waited)) in &mut self.cycles {
            if is_armed(&self.stack, function) {
                *waited += 1;
                if *waited < 40 {
                    continue;
                }
                self.stack.fault(none(function))?;
            }
            *waited = 0;
            self.stack.fault(fault(&crashes[*next % crashes.len()]))?;
            *next += 1;
        }
        Ok(())
    }

    /// Lets carriers and services misbehave in this slice, or not.
    fn trouble(&mut self) -> anyhow::Result<()> {
        for (target, mode, share) in &self.plan.also {
            if self.random.below(100) >= *share {
                continue;
            }
            let times = 1 + u32::try_from(self.random.below(3)).unwrap_or(0);
            let is_carrier = matches!(mode, Mode::Duplicate | Mode::Delay | Mode::Reorder);
            let call = (!is_carrier).then(|| 1 + u32::try_from(self.random.below(40)).unwrap_or(0));
            self.stack.fault(Fault { target: (*target).to_owned(), mode: Some(*mode), times, call, when: None })?;
        }
        Ok(())
    }

    fn clear(&mut self) -> anyhow::Result<()> {
        let functions = local::registry();
        for target in functions.names().chain(local::faults::CARRIERS).chain(local::faults::SERVICES) {
            self.stack.fault(none(target))?;
        }
        Ok(())
    }
}

fn fault(crash: &Crash) -> Fault {
    Fault {
        target: crash.function.clone(),
        mode: Some(Mode::Crash),
        times: crash.times,
        call: Some(crash.call),
        when: Some(crash.when),
    }
}

fn none(target: &str) -> Fault {
    Fault { target: target.to_owned(), mode: None, times: 0, call: None, when: None }
}

/// Every place to crash at: each function, before and after each of its calls, as far as `clean` saw them, at most `most`.
pub fn places(clean: &Report, most: u32, times: u32) -> Vec<Crash> {
    let mut places = Vec::new();
    for (function, calls) in &clean.calls_most {
        for call in 1..=(*calls).min(most) {
            for when in [When::Before, When::After] {
                places.push(Crash { function: function.clone(), when, call, times });
            }
        }
    }
    places
}

/// What each function called in a run, one line each.
pub fn calls(report: &Report) -> String {
    let mut out = String::new();
    for (function, calls) in &report.calls_of {
        let most = report.calls_most.get(function).copied().unwrap_or(0);
        let _infallible = write!(out, "{function} (at most {most} an invocation):");
        for (name, times) in calls {
            let _infallible = write!(out, " {name} {times}");
        }
        out.push('\n');
    }
    out
}

/// Everything that carriers of events may do, each in so many slices of a hundred.
pub fn carriers(share: u64) -> Vec<(&'static str, Mode, u64)> {
    let modes = [Mode::Duplicate, Mode::Delay, Mode::Reorder];
    local::faults::CARRIERS.into_iter().flat_map(|target| modes.map(|mode| (target, mode, share))).collect()
}

/// Everything that the table and the providers may do, each in so many slices of a hundred.
pub fn services(share: u64) -> Vec<(&'static str, Mode, u64)> {
    let modes = [Mode::Throttle, Mode::Error, Mode::Timeout, Mode::AcceptThenDrop];
    let targets = ["dynamodb", "sesv2", "sns", "eventbridge"];
    targets.into_iter().flat_map(|target| modes.map(|mode| (target, mode, share))).collect()
}
