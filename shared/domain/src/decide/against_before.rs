//! The decision in phases against the one before it: the same answers on generated books, faults included.

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::{
    Because, Channel, CompiledWorkflow, Contact, Currency, Decision, HoldClock, HoldId, HoldReason, HoldScope, Mode, NewTask,
    Outcome, PaymentStatus, Role, Suppression, SuppressionReason, address_key, before,
    dates::add_days,
    decide::{decide, settled},
    testing::{Book as Stage, at, contact, on, workflow},
};

struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }
    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }
    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let at = self.below(of.len() as u64) as usize;
        of[at].clone()
    }
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

fn step(draw: &mut Draw, place: usize) -> Value {
    let id = format!("s{place}");
    let anchor = draw.one(&["due_date", "due_date", "due_date", "previous_step", "invoice_date", "case_opened", "promise_date"]);
    let offset = match draw.below(6) {
        0 if anchor != "previous_step" && anchor != "case_opened" => json!(format!("-P{}D", draw.below(8) + 1)),
        1 => json!({"business_days": draw.below(10) + 1}),
        _ => json!(format!("P{}D", draw.below(12) + 3 * place as u64)),
    };
    let action = match draw.below(10) {
        0 => json!({"task": {"title": "Call", "due_in": "P2D"}}),
        1 => json!({"escalate": {"to": "boss", "via": ["email"]}}),
        2 => json!({"credit_hold": {}}),
        3 => json!({"fee": {"kind": "fixed", "amount_minor": 500}}),
        _ => {
            let channels =
                draw.one(&[json!(["email"]), json!(["email", "sms"]), json!(["sms", "email"]), json!(["voice", "sms"])]);
            let to = draw.one(&[json!(["billing"]), json!(["billing", "executive"]), json!(["executive", "billing"])]);
            json!({"send": {"channels": channels, "template": format!("t{}", draw.below(4)), "to": to}})
        }
    };
    let mut step = json!({"id": id, "at": {"anchor": anchor, "offset": offset}, "action": action,
        "catch_up": draw.one(&["lowest", "lowest", "highest", "skip"])});
    if draw.chance(20) {
        step["when"] = json!(draw.one(&[
            "exposure.overdue_minor > 20000",
            "invoice.days_past_due > 5",
            "history.contacts < 2",
            "!history.satisfied('s0')",
            "history.days_since_contact > 4",
            "customer.segment == 'smb'",
            "history.replied_since('s1')",
        ]));
    }
    if draw.chance(7) {
        step["approval"] = json!("required");
    }
    step
}

fn stage(draw: &mut Draw) -> Stage {
    let steps: Vec<Value> = (0..draw.below(6) as usize + 1).map(|place| step(draw, place)).collect();
    let mut plan = json!({"id": "plan", "name": "Plan", "scope": draw.one(&["customer", "invoice"]), "steps": steps,
        "min_gap": draw.one(&["P0D", "P1D", "P3D", "P7D"])});
    if draw.chance(15) {
        plan["exit_when"] = json!("exposure.open_minor > 150000");
    }
    if draw.chance(15) {
        plan["applies_when"] = json!("exposure.open_minor > 3000");
    }
    let mut stage = Stage::new(workflow(plan));
    let other = workflow(
        json!({"id": "other", "name": "Other", "scope": "customer", "priority": 10, "steps": [step(draw, 0), step(draw, 1)]}),
    );
    stage.policy.published.insert((other.id.clone(), other.version));
    stage.policy.workflows.push(std::sync::Arc::new(CompiledWorkflow::compile(other)));
    for template in ["t0", "t1", "t2", "t3"] {
        for channel in [Channel::Email, Channel::Sms] {
            stage.policy.templates.insert((template.to_owned(), channel), 1);
        }
    }
    if draw.chance(30) {
        stage.facts.customer.contacts.push(contact("p2", Role::Executive));
    }
    if draw.chance(30) {
        let more = Contact { email: None, ..contact("p3", Role::Billing) };
        stage.facts.customer.contacts.insert(0, more);
    }
    if draw.chance(10) {
        stage.facts.customer.contacts.clear();
    }
    if draw.chance(20) {
        stage.facts.customer.segment = Some("smb".to_owned());
    }
    stage.policy.settings.mode = draw.one(&[Mode::Live, Mode::Live, Mode::Live, Mode::Shadow]);
    if draw.chance(10) {
        stage.policy.settings.minimum_exposure.insert(Currency::EUR, 20_000);
    }
    if draw.chance(20) {
        stage.policy.settings.caps.per_person = Some(crate::settings::PersonCap { count: 2, days: 10 });
    }
    for place in 0..draw.below(6) + 1 {
        let due_on = add_days(on("2026-02-01"), draw.below(80) as i64 - 40).to_string();
        let currency = if draw.chance(25) { Currency::USD } else { Currency::EUR };
        let total = draw.below(90_000) as i64 + 300;
        let id = stage.invoice(&format!("I{place}"), currency, total, &due_on);
        if draw.chance(20) {
            let second = add_days(on(&due_on), 20).to_string();
            stage.instalments(&id, &[(&due_on, total / 3), (&second, total - total / 3)]);
        }
    }
    stage
}

/// Something happens to the customer.
fn happen(draw: &mut Draw, stage: &mut Stage, now: Timestamp, place: usize) {
    let invoices: Vec<_> = stage.facts.invoices.iter().map(|fact| (fact.invoice.id.clone(), fact.invoice.total_minor)).collect();
    let (invoice, total) = draw.one(&invoices);
    match draw.below(14) {
        0 => {
            let part = draw.below(total as u64 + 2_000) as i64 + 1;
            let status = draw.one(&[PaymentStatus::Received, PaymentStatus::Pending, PaymentStatus::Reversed]);
            stage.pay(&format!("P{}", draw.below(3)), &invoice, part, status, &now.to_string());
        }
        1 => stage.invoice_mut(&invoice).paid_minor = draw.below(total as u64 + 1) as i64,
        2 | 3 => {
            let until_on = add_days(now.to_zoned(jiff::tz::TimeZone::UTC).date(), draw.below(20) as i64);
            let promised = draw.chance(40);
            stage.facts.holds.push(crate::Hold {
                id: HoldId::derive(&["h", &place.to_string()]),
                reason: if promised { HoldReason::Promise } else { HoldReason::Dispute },
                clock: draw.one(&[HoldClock::StopClock, HoldClock::Freeze]),
                scope: draw.one(&[HoldScope::Customer, HoldScope::Case(Currency::EUR), HoldScope::Invoice(invoice)]),
                amount_minor: draw.chance(40).then(|| draw.below(total as u64) as i64),
                from_at: if draw.chance(20) { now.checked_add(30.hours()).expect("soon") } else { now },
                until_on,
                ended_at: None,
                promised_on: promised.then_some(until_on),
            });
        }
        4 => {
            if let Some(hold) = stage.facts.holds.last_mut() {
                hold.ended_at = Some(now);
            }
        }
        5 => stage.policy.settings.paused = !stage.policy.settings.paused,
        6 => stage.facts.replied_at = Some(now),
        7 => {
            let key = address_key(Channel::Email, "p1@beispiel.example");
            let suppressed = Suppression { reason: SuppressionReason::OptOut, at: now };
            stage.facts.addresses.entry(key).or_default().suppressed = draw.chance(60).then_some(suppressed);
        }
        8 => {
            let demand = draw.chance(50).then(|| ("canonical".to_owned(), "PT26H".to_owned()));
            stage.policy.settings.freshness = demand.into_iter().collect();
            stage.facts.heard.insert("canonical".to_owned(), now);
        }
        9 => stage.invoice_mut(&invoice).due_on = add_days(on("2026-02-01"), draw.below(60) as i64 - 20),
        10 => stage.policy.settings.mode = draw.one(&[Mode::Live, Mode::Live, Mode::Shadow, Mode::Off]),
        11 => {
            let person = "p1@beispiel.example".to_owned();
            let days =
                (0..draw.below(4)).map(|back| add_days(now.to_zoned(jiff::tz::TimeZone::UTC).date(), -(back as i64))).collect();
            stage.facts.addresses.entry(person).or_default().contacted_on = days;
        }
        _ => {}
    }
}

/// Keeps what was decided; what happens to messages is drawn.
fn keep(draw: &mut Draw, stage: &mut Stage, decision: &Decision, now: Timestamp) {
    stage.facts.decision += 1;
    stage.facts.cases = decision.cases.clone();
    stage.facts.coverage.extend(decision.marks.clone());
    stage.pend(decision, now);
    for pending in stage.facts.pending.clone() {
        let outcome = draw.one(&[
            Some(Some(Outcome::Sent)),
            Some(Some(Outcome::Sent)),
            Some(Some(Outcome::Sent)),
            Some(Some(Outcome::Unknown)),
            Some(Some(Outcome::Undelivered)),
            Some(None),
            None,
        ]);
        if let Some(outcome) = outcome {
            stage.facts = settled(&stage.facts, &pending.id, &pending.rows, outcome, now);
        }
    }
}

fn once(tasks: &[NewTask]) -> Vec<NewTask> {
    let mut once: Vec<NewTask> = Vec::new();
    for task in tasks {
        if !once.iter().any(|known| known.kind == task.kind && known.key == task.key) {
            once.push(task.clone());
        }
    }
    once
}

#[test]
fn phases_decide_as_before() {
    let books: u64 = std::env::var("BOOKS").ok().and_then(|books| books.parse().ok()).unwrap_or(500);
    let (mut sent, mut worked, mut kinds) = (0, 0, std::collections::BTreeMap::<String, u32>::new());
    for seed in 1..=books {
        let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut stage = stage(&mut draw);
        let mut now = at("2026-01-05T06:00:00Z");
        for instant in 0..20 {
            now = now.checked_add((draw.below(110) as i64 * 30).minutes()).expect("in this century");
            if draw.chance(70) {
                // Late in the window, when most customers' moment has come.
                let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
                now = day.at(15, 30, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).expect("a day").timestamp().max(now);
            }
            if draw.chance(45) {
                happen(&mut draw, &mut stage, now, instant);
            }
            let ours = decide(&stage.facts, &stage.policy, now);
            let theirs = before::decide(&stage.facts, &stage.policy, now);
            let context = || format!("book {seed}, instant {instant}, {now}\nours {ours:#?}\ntheirs {theirs:#?}");
            assert_eq!(ours.messages, theirs.messages, "{}", context());
            assert_eq!(once(&ours.tasks), once(&theirs.tasks), "{}", context());
            assert_eq!(ours.marks, theirs.marks, "{}", context());
            assert_eq!(ours.cases, theirs.cases, "{}", context());
            assert_eq!(ours.next, theirs.next, "{}", context());
            assert_eq!(ours.filing, theirs.filing, "{}", context());
            assert_eq!(ours.trace.len(), theirs.trace.len(), "{}", context());
            for (our, their) in ours.trace.iter().zip(&theirs.trace) {
                assert_eq!(our.because.as_str(), their.because, "{}", context());
                assert_eq!(
                    (our.currency, our.state, &our.workflow),
                    (their.currency, their.state, &their.workflow),
                    "{}",
                    context()
                );
                assert_eq!((our.due_now_minor, our.open_minor), (their.due_now_minor, their.open_minor), "{}", context());
                assert_eq!((our.until, &our.rules), (their.until, &their.rules), "{}", context());
                // The one before mixed the first item's step with another's moment.
                if !matches!(our.because, Because::NotDue { .. } | Because::Stopped) {
                    assert_eq!((&our.driver, &our.step), (&their.driver, &their.step), "{}", context());
                }
                *kinds.entry(our.because.as_str().to_owned()).or_default() += 1;
            }
            sent += ours.messages.len();
            worked += ours.tasks.len();
            keep(&mut draw, &mut stage, &ours, now);
        }
    }
    println!("{books} books, {sent} messages, {worked} tasks, reasons {kinds:?}");
    assert!(sent > 0 && worked > 0 && kinds.len() >= 10, "{kinds:?}");
}

/// Prints how often the decision before fits into the time of the one in phases, the two in turn.
#[test]
fn ratios_of_time() {
    for (count, rounds) in [(1, 4_000), (30, 600), (1_000, 40)] {
        for scope in ["customer", "invoice"] {
            let mut plan = crate::testing::ladder();
            plan.scope = serde_json::from_value(json!(scope)).expect("a scope");
            let mut stage = Stage::new(plan);
            for place in 0..count {
                stage.invoice(&format!("I{place}"), Currency::EUR, 1_000, "2026-01-20");
            }
            for (name, now) in [("send", "2026-01-21T15:45:00Z"), ("wait", "2026-01-22T15:45:00Z")] {
                let now = at(now);
                let (mut ours, mut theirs) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
                for _ in 0..rounds {
                    let began = std::time::Instant::now();
                    std::hint::black_box(decide(&stage.facts, &stage.policy, now));
                    ours += began.elapsed();
                    let began = std::time::Instant::now();
                    std::hint::black_box(before::decide(&stage.facts, &stage.policy, now));
                    theirs += began.elapsed();
                }
                let each = ours / rounds;
                println!("{count} invoices, {scope}, {name}: {each:?}, ratio {:.2}", theirs.as_secs_f64() / ours.as_secs_f64());
                stage.step(now);
            }
        }
    }
}
