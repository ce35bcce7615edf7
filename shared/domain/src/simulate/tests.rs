use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;

use super::*;
use crate::{
    Channel, CompiledWorkflow, Currency, CustomerId, Next, Workflow,
    testing::{Stage, at, contact, ladder, workflow},
};

const FROM: &str = "2026-01-20T08:00:00Z";
const UNTIL: &str = "2026-04-20T08:00:00Z";

/// Some customers with an invoice each that falls due on 4 February, all decided at once at first.
fn customers(count: usize) -> (Stage, Vec<Simulated>) {
    let mut stage = Stage::new(ladder());
    // Without a sender of the channel every message would wait, as it does before the settings name one.
    stage.policy.settings.sender.insert(Channel::Email, "Acme <ar@acme.example>".to_owned());
    let of = |number: usize| {
        let mut own = stage.clone();
        own.facts.customer.id = CustomerId::derive(&["acme", "canonical", &format!("C-{number}")]);
        own.facts.customer.contacts = vec![contact(&format!("p{number}"), crate::Role::Billing)];
        own.invoice(&format!("F-{number}"), Currency::EUR, 1_000, "2026-02-04");
        Simulated::new(own.facts, 0, Next::At(at(FROM)))
    };
    let customers = (0..count).map(of).collect();
    (stage, customers)
}

fn play(stage: &Stage, customers: Vec<Simulated>, assumed: Assumed) -> Simulation {
    let mut simulation = Simulation::begin(customers, &stage.policy, at(FROM), at(UNTIL), assumed, BTreeMap::new());
    assert!(simulation.run(&stage.policy, &mut || false));
    simulation
}

fn days(lines: &[Happening]) -> Vec<String> {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let word = |line: &Happening| match &line.what {
        Expected::Message { template, .. } => template.to_string(),
        Expected::Work { work, .. } => work.as_str().to_owned(),
    };
    lines.iter().map(|line| format!("{} {}", line.at.to_zoned(zone.clone()).date(), word(line))).collect()
}

#[test]
fn it_plays_what_decide_and_evolve_say() {
    let (stage, customers) = customers(1);
    let mut alone = stage.clone();
    alone.facts = customers[0].facts.clone();
    let expected: Vec<String> = alone
        .run(FROM, UNTIL)
        .into_iter()
        .map(|line| {
            let (left, _) = line.split_once(':').expect("a line says of what");
            left.to_owned()
        })
        .collect();
    assert!(expected.len() >= 5, "{expected:?}");
    let played = play(&stage, customers, Assumed::default());
    assert_eq!(days(&played.progress.lines), expected);
}

#[test]
fn nothing_leaves_while_the_settings_name_no_sender() {
    let (mut stage, customers) = customers(1);
    stage.policy.settings.sender.clear();
    let played = play(&stage, customers, Assumed::default());
    assert_eq!(days(&played.progress.lines), Vec::<String>::new());
    assert!(played.progress.waits.values().any(|day| day.no_sender > 0));
}

#[test]
fn who_comes_first_under_a_cap_is_who_is_due_first_and_then_the_smaller_id() {
    let (mut stage, customers) = customers(3);
    stage.policy.settings.caps.per_day = Some(1);
    let played = play(&stage, customers, Assumed::default());
    let first: Vec<String> = days(&played.progress.lines).into_iter().take(3).collect();
    // The day before 30 January that is five days before the due date, and the working days after it.
    assert_eq!(first, ["2026-01-30 heads-up", "2026-02-02 heads-up", "2026-02-03 heads-up"]);
    assert!(played.progress.waits.values().any(|day| day.day_full > 0));
    let a_day = sums(&played.progress.lines, &jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone"));
    let most = a_day.messages.values().flat_map(|of| of.values()).map(|steps| steps.values().sum::<u32>()).max();
    assert_eq!(most, Some(1));
}

#[test]
fn who_needs_more_room_than_a_cap_has_holds_up_nobody() {
    let (mut stage, mut customers) = customers(3);
    stage.policy.settings.caps.per_day = Some(1);
    // Of two currencies it gets two messages at once, and it comes first.
    customers.sort_by(|a, b| a.facts.customer.id.cmp(&b.facts.customer.id));
    let mut both = stage.clone();
    both.facts = customers[0].facts.clone();
    both.invoice("F-USD", Currency::USD, 1_000, "2026-02-04");
    let first = both.facts.customer.id.clone();
    customers[0] = Simulated::new(both.facts, 0, Next::At(at(FROM)));
    let played = play(&stage, customers, Assumed::default());
    let messages = |of_first: bool| {
        let lines = played.progress.lines.iter().filter(|line| matches!(line.what, Expected::Message { .. }));
        lines.filter(|line| (line.customer == first) == of_first).count()
    };
    assert_eq!(messages(true), 0);
    assert!(messages(false) >= 6, "the others get what their ladder has");
    assert!(played.progress.waits.values().any(|day| day.day_full > 0));
}

#[test]
fn who_needs_no_room_goes_on_while_a_cap_is_full() {
    // More than are looked at together wait for the one message of a day; the last that falls due can be written to by nobody, so that its step
    // is work for a person.
    let (mut stage, mut customers) = customers(20);
    stage.policy.settings.caps.per_day = Some(1);
    let due = |customer: &Simulated| match crate::decide(&customer.facts, &stage.policy, at(FROM)).next {
        Next::At(at) => at,
        Next::Parked | Next::Nothing => jiff::Timestamp::MIN,
    };
    let own = customers.iter_mut().max_by_key(|customer| due(customer)).expect("twenty");
    own.facts.customer.contacts.clear();
    let last = own.facts.customer.id.clone();
    let played = play(&stage, customers, Assumed::default());
    let work = played.progress.lines.iter().find(|line| line.customer == last).expect("nobody can be reached: a person is told");
    assert!(matches!(work.what, Expected::Work { .. }), "{work:?}");
    assert_eq!(days(std::slice::from_ref(work))[0].split(' ').next(), Some("2026-01-30"), "on the day of the step");
}

#[test]
fn whoever_pays_in_time_is_not_reminded() {
    let (stage, customers) = customers(2);
    let assumed = Assumed { paying: Paying::Everybody, ..Assumed::default() };
    let played = play(&stage, customers, assumed);
    assert_eq!(days(&played.progress.lines), ["2026-01-30 heads-up", "2026-01-30 heads-up"]);
}

#[test]
fn the_breaker_ends_it_unless_somebody_resets_it() {
    for (breaker, tripped, most) in [(BreakerAssumed::Stays, 1, 2), (BreakerAssumed::Reset, 2, usize::MAX)] {
        let (mut stage, customers) = customers(3);
        stage.policy.settings.breaker.minimum = 2;
        let played = play(&stage, customers, Assumed { breaker, ..Assumed::default() });
        assert!(played.progress.tripped.len() >= tripped, "{breaker:?}: {:?}", played.progress.tripped);
        assert!(played.progress.lines.len() <= most, "{breaker:?}");
    }
}

#[test]
fn it_goes_on_where_it_left_off() {
    let (stage, customers) = customers(3);
    let whole = play(&stage, customers.clone(), Assumed::default());
    let mut part = Simulation::begin(customers, &stage.policy, at(FROM), at(UNTIL), Assumed::default(), BTreeMap::new());
    let (mut ended, mut taken, mut slices) = (false, Vec::new(), 0);
    for _ in 0..1_000 {
        let mut ticks = 0;
        ended = part.run(&stage.policy, &mut || {
            ticks += 1;
            ticks > 2
        });
        // What happened is taken away with each slice: nothing is decided by it.
        slices += usize::from(!part.progress.lines.is_empty());
        taken.append(&mut part.progress.lines);
        if ended {
            break;
        }
        let held = serde_json::to_string(&(&part.customers, &part.progress)).expect("it can be kept");
        let (customers, progress) = serde_json::from_str(&held).expect("and read back");
        part = Simulation::resume(customers, progress);
    }
    assert!(ended && slices > 1);
    assert_eq!(taken, whole.progress.lines);
}

/// A version behind the one that is published, to which running cases move.
fn next(stage: &Stage, workflow: Workflow, share: u8) -> OtherVersion {
    let (_, follows) = stage.policy.published.iter().next().expect("a version").clone();
    let workflow = Workflow { version: follows + 1, ..workflow };
    OtherVersion { workflow: Arc::new(CompiledWorkflow::compile(workflow)), follows: Some(follows), share, moves: true }
}

#[test]
fn a_share_of_cases_takes_another_version_and_the_others_do_not() {
    let (stage, customers) = customers(40);
    let other = next(&stage, ladder(), 50);
    let policy = with_version(&stage.policy, &other);
    let mut simulation = Simulation::begin(customers, &policy, at(FROM), at(UNTIL), Assumed::default(), BTreeMap::new());
    assert!(simulation.run(&policy, &mut || false));
    let rollout = policy.rollouts.get("ladder").expect("it is given out");
    let mut seen = BTreeMap::new();
    for case in simulation.customers.iter().flat_map(|customer| customer.facts.cases.values()) {
        let expected = if rollout.takes(&case.id) { other.workflow.version } else { other.workflow.version - 1 };
        assert_eq!(case.version, expected, "{}", case.id);
        *seen.entry(case.version).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen.values().sum::<i32>(), 40);
}

#[test]
fn another_version_says_what_moves_and_why() {
    let (stage, customers) = customers(2);
    let before = play(&stage, customers.clone(), Assumed::default()).progress.lines;
    let other = |change: &dyn Fn(&mut serde_json::Value)| -> Difference {
        let mut json = serde_json::to_value(ladder()).expect("JSON");
        change(&mut json);
        let new: Workflow = workflow(json);
        let policy = with_version(&stage.policy, &next(&stage, new.clone(), 100));
        let mut simulation =
            Simulation::begin(customers.clone(), &policy, at(FROM), at(UNTIL), Assumed::default(), BTreeMap::new());
        simulation.wake();
        assert!(simulation.run(&policy, &mut || false));
        differences(&before, &simulation.progress.lines, Some(&ladder()), &new, &BTreeMap::new())
    };
    assert_eq!(other(&|_| {}), Difference::default());
    let later = other(&|json| json["steps"][3]["at"]["offset"] = json!("P25D"));
    let of_final: Vec<&Moved> = later.moved.iter().filter(|moved| moved.step == "final").collect();
    assert_eq!(of_final.len(), 2);
    assert!(of_final.iter().all(|moved| moved.change == Shift::Later && moved.why == ["moment_changed"]), "{of_final:?}");
    let fewer = other(&|json| {
        json["steps"].as_array_mut().expect("steps").remove(2);
    });
    assert!(
        fewer.moved.iter().any(|moved| moved.step == "nudge" && moved.change == Shift::Less && moved.why == ["step_removed"])
    );
    assert_eq!(fewer.customers_less, 2);
}

#[test]
fn sums_count_each_message_once() {
    let (stage, customers) = customers(2);
    let played = play(&stage, customers, Assumed::default());
    let sums = sums(&played.progress.lines, &jiff::tz::TimeZone::UTC);
    let messages = played.progress.lines.iter().filter(|line| matches!(line.what, Expected::Message { .. })).count();
    assert_eq!(sums.by_channel, BTreeMap::from([(Channel::Email, u32::try_from(messages).expect("few"))]));
    assert_eq!(sums.most_a_person_and_day, 1);
}
