use proptest::prelude::*;

use super::*;
use crate::{
    Event, evolve,
    testing::{Stage, at, ladder, on},
};

const NOW: &str = "2026-02-05T09:00:00Z";
const EUR: Currency = Currency::EUR;

/// Two invoices of 10.00 and 5.00 euros, one of 7.00 dollars; up to six parts over 200 days.
fn stage() -> Stage {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.invoice("B", EUR, 500, "2026-02-10");
    stage.invoice("D", Currency::USD, 700, "2026-02-10");
    stage.policy.settings.plans.max_parts = 6;
    stage.policy.settings.plans.max_days = 200;
    stage
}

fn invoices(names: &[&str]) -> Vec<InvoiceId> {
    names.iter().map(|name| InvoiceId::derive(&["acme", "canonical", name])).collect()
}

fn wish(names: &[&str], parts: u8, first_on: &str, rhythm: PlanRhythm) -> PlanWish {
    PlanWish { invoices: invoices(names), parts, first_on: on(first_on), rhythm }
}

fn wished(stage: &Stage, wish: &PlanWish) -> Result<WishedPlan, Vec<PlanWishFlaw>> {
    wish_plan(wish, &stage.facts, &stage.policy.settings, at(NOW))
}

fn said(parts: &[ProposedPart]) -> Vec<String> {
    parts.iter().map(|part| format!("{} {}", part.due_on, part.amount_minor)).collect()
}

#[test]
fn parts_are_said_to_the_cent_and_on_open_days() {
    use PlanRhythm::{Monthly, TwoWeekly, Weekly};
    for (names, parts, first_on, rhythm, expected) in [
        (&["A"][..], 3, "2026-02-16", Monthly, vec!["2026-02-16 333", "2026-03-16 333", "2026-04-16 334"]),
        (&["A", "B"][..], 2, "2026-02-16", Weekly, vec!["2026-02-16 750", "2026-02-23 750"]),
        // A Saturday, and every second Saturday: Mondays.
        (&["B"][..], 3, "2026-02-07", TwoWeekly, vec!["2026-02-09 166", "2026-02-23 166", "2026-03-09 168"]),
        // The 1st of March is a Sunday, the 1st of May a holiday on a Friday, the 1st of August a Saturday.
        (
            &["A"][..],
            6,
            "2026-03-01",
            Monthly,
            vec!["2026-03-02 166", "2026-04-01 166", "2026-05-04 166", "2026-06-01 166", "2026-07-01 166", "2026-08-03 170"],
        ),
        // Twice is once.
        (&["B", "B"][..], 2, "2026-02-16", Weekly, vec!["2026-02-16 250", "2026-02-23 250"]),
        // Today.
        (&["B"][..], 2, "2026-02-05", Weekly, vec!["2026-02-05 250", "2026-02-12 250"]),
    ] {
        let plan =
            wished(&stage(), &wish(names, parts, first_on, rhythm)).unwrap_or_else(|flaws| panic!("{first_on}: {flaws:?}"));
        assert_eq!(said(&plan.parts), expected, "{names:?} {first_on}");
        assert_eq!(plan.parts.iter().map(|part| part.amount_minor).sum::<i64>(), plan.total_minor);
        assert_eq!(plan.currency, EUR);
    }
}

#[test]
fn months_end_where_they_end_and_closed_weeks_give_each_part_a_day_of_its_own() {
    let mut stage = stage();
    let plan = wished(&stage, &wish(&["A"], 3, "2026-02-28", PlanRhythm::Monthly)).expect("a plan");
    // A Saturday, a Saturday, a Tuesday.
    assert_eq!(said(&plan.parts), ["2026-03-02 333", "2026-03-30 333", "2026-04-28 334"]);
    // From the 9th to the 28th nobody is there: the first three weeks come to the first three days after them.
    stage.policy.settings.calendar.closed = (9..=28).map(|day| Date::constant(2026, 2, day)).collect();
    let plan = wished(&stage, &wish(&["A"], 4, "2026-02-09", PlanRhythm::Weekly)).expect("a plan");
    assert_eq!(said(&plan.parts), ["2026-03-02 250", "2026-03-03 250", "2026-03-04 250", "2026-03-05 250"]);
}

#[test]
fn what_is_beyond_the_bounds_is_for_a_person() {
    use PlanRhythm::{Monthly, Weekly};
    let days = || PlanWishFlaw::FirstDay { first: on("2026-02-05"), last: on("2026-03-08") };
    let parts = || PlanWishFlaw::Parts { most: 6 };
    for (wish, expected) in [
        (wish(&["A"], 0, "2026-02-16", Weekly), parts()),
        (wish(&["A"], 1, "2026-02-16", Weekly), parts()),
        (wish(&["A"], 7, "2026-02-16", Weekly), parts()),
        (wish(&["A"], 255, "2026-02-16", Weekly), parts()),
        (wish(&["A"], 2, "2026-02-04", Weekly), days()),
        (wish(&["A"], 2, "2026-03-09", Weekly), days()),
        (wish(&["A"], 2, "9999-12-31", Monthly), days()),
    ] {
        assert_eq!(wished(&stage(), &wish).expect_err("a flaw"), [expected], "{wish:?}");
    }
    let mut short = stage();
    short.policy.settings.plans.max_days = 60;
    let flaws = wished(&short, &wish(&["A"], 4, "2026-02-16", Monthly)).expect_err("too long");
    assert_eq!(flaws, [PlanWishFlaw::TooLong { last: on("2026-04-06") }]);
    wished(&short, &wish(&["A"], 2, "2026-02-16", Monthly)).expect("a month in between");
    let mut large = stage();
    large.policy.settings.plans.min_part_minor.insert(EUR, 300);
    let flaws = wished(&large, &wish(&["A"], 4, "2026-02-16", Weekly)).expect_err("too small");
    assert_eq!(flaws, [PlanWishFlaw::PartTooSmall { least_minor: 300, currency: EUR }]);
    wished(&large, &wish(&["A"], 3, "2026-02-16", Weekly)).expect("333 is more than 300");
    // A cent is in no two parts.
    let mut tiny = stage();
    tiny.invoice("T", EUR, 1, "2026-02-04");
    let flaws = wished(&tiny, &wish(&["T"], 2, "2026-02-16", Weekly)).expect_err("nothing in a part");
    assert_eq!(flaws[0], PlanWishFlaw::PartTooSmall { least_minor: 1, currency: EUR });
}

#[test]
fn what_cannot_be_a_plan_is_named() {
    let pointers = |stage: &Stage, names: &[&str]| -> Vec<String> {
        let flaws = wished(stage, &wish(names, 2, "2026-02-16", PlanRhythm::Weekly)).expect_err("a flaw");
        let of = |flaw: PlanWishFlaw| match flaw {
            PlanWishFlaw::NotPossible(flaws) => flaws.into_iter().map(|(pointer, _)| pointer).collect(),
            other => vec![format!("{other:?}")],
        };
        flaws.into_iter().flat_map(of).collect()
    };
    let mut known = stage();
    let closed = known.invoice("C", EUR, 500, "2026-01-10");
    known.invoice_mut(&closed).paid_minor = 500;
    assert_eq!(pointers(&known, &["A", "D"]), ["/scope"], "two currencies");
    assert_eq!(pointers(&known, &["C"])[0], "/scope/invoices/0", "nothing is open");
    assert_eq!(pointers(&known, &["A", "Z"]), ["/scope/invoices/1"], "another customer's");
    assert_eq!(pointers(&known, &[])[0], "/scope/invoices");
}

#[test]
fn one_invoice_is_in_one_plan_and_after_a_broken_one_a_person_decides() {
    let mut stage = stage();
    let plan = wished(&stage, &wish(&["A"], 2, "2026-02-16", PlanRhythm::Weekly)).expect("a plan");
    let id = AgreementId::derive(&["one"]);
    let by = Proposer { id: &id, by: "lnk_1", now: at(NOW) };
    let mut made = propose(&plan.proposal, &stage.facts, &stage.policy.settings, by).expect("an agreement");
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(made.clone()));
    let again = wish(&["A", "B"], 2, "2026-02-16", PlanRhythm::Weekly);
    let flaws = wished(&stage, &again).expect_err("in a plan that runs");
    assert!(matches!(flaws.as_slice(), [PlanWishFlaw::NotPossible(flaws)] if flaws[0].0 == "/scope"), "{flaws:?}");
    // Nobody wrote down yet that its time passed.
    let later = wish_plan(
        &PlanWish { first_on: on("2026-03-20"), ..again.clone() },
        &stage.facts,
        &stage.policy.settings,
        at("2026-03-18T09:00:00Z"),
    );
    assert_eq!(later.expect_err("a broken plan"), [PlanWishFlaw::BrokenBefore]);
    if let Terms::Plan(plan) = &mut made.terms {
        plan.status = PlanStatus::Broken;
    }
    made.ended_at = Some(at(NOW));
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(made));
    assert_eq!(wished(&stage, &again).expect_err("a broken plan"), [PlanWishFlaw::BrokenBefore]);
    wished(&stage, &wish(&["B"], 2, "2026-02-16", PlanRhythm::Weekly)).expect("of another invoice");
}

#[test]
fn a_tenant_that_said_nothing_lets_nobody_agree_by_themselves() {
    let mut stage = stage();
    stage.policy.settings.plans = crate::CustomerPlans::default();
    let flaws = wished(&stage, &wish(&["A"], 2, "2026-02-16", PlanRhythm::Weekly)).expect_err("closed");
    assert_eq!(flaws, [PlanWishFlaw::Closed]);
}

#[test]
fn a_part_may_be_late_by_the_days_of_grace_that_were_agreed() {
    let expected = |grace_days| {
        let mut stage = stage();
        stage.policy.settings.plans.grace_days = grace_days;
        let plan = wished(&stage, &wish(&["A"], 2, "2026-02-16", PlanRhythm::Weekly)).expect("a plan");
        let id = AgreementId::derive(&["one"]);
        let by = Proposer { id: &id, by: "lnk_1", now: at(NOW) };
        let made = propose(&plan.proposal, &stage.facts, &stage.policy.settings, by).expect("an agreement");
        stage.facts = evolve(&stage.facts, &Event::AgreementPut(made.clone()));
        // What was agreed stays so.
        stage.policy.settings.plans.grace_days = 0;
        let status = |now: &str| {
            let home = Locality::of_tenant(&stage.policy.settings);
            let rules = ReceivablesRules::of(&stage.policy.settings, home.zone());
            let receivables = Receivables::at(&stage.facts, rules, at(now));
            receivables.agreements.first().map(|agreement| agreement.status().to_owned())
        };
        let last = match &made.terms {
            Terms::Plan(plan) => plan.parts[0].expected_on,
            other => panic!("{other:?}"),
        };
        // The last minutes of the day, and the first ones of the next, in Berlin.
        (last, status(&format!("{last}T22:50:00Z")), status(&format!("{last}T23:10:00Z")))
    };
    // By another way, two business days after Monday the 16th.
    assert_eq!(expected(0), (on("2026-02-18"), None, Some("broken".to_owned())));
    assert_eq!(expected(5), (on("2026-02-23"), None, Some("broken".to_owned())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_is_wished_comes_to_all_of_it_within_the_bounds(
        total in 1_i64..5_000_000,
        parts in 0_u8..30,
        first in -3_i64..40,
        rhythm in prop::sample::select(PlanRhythm::ALL.to_vec()),
        most in 2_u8..25,
        days in 1_u16..731,
        least in 1_i64..50_000,
        closed in prop::collection::btree_set(0_i64..120, 0..30),
    ) {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", EUR, total, "2026-02-04");
        let settings = &mut stage.policy.settings;
        settings.plans.max_parts = most;
        settings.plans.max_days = days;
        settings.plans.min_part_minor.insert(EUR, least);
        let today = on("2026-02-05");
        settings.calendar.closed = closed.iter().map(|day| add_days(today, *day)).collect();
        let wish = PlanWish { invoices: invoices(&["A"]), parts, first_on: add_days(today, first), rhythm };
        if let Ok(plan) = wished(&stage, &wish) {
            prop_assert_eq!(plan.parts.len(), usize::from(parts));
            prop_assert!((2..=most).contains(&parts));
            prop_assert_eq!(plan.parts.iter().map(|part| part.amount_minor).sum::<i64>(), total);
            prop_assert_eq!(plan.total_minor, total);
            prop_assert!(plan.parts.iter().all(|part| part.amount_minor >= least));
            prop_assert!(plan.parts.windows(2).all(|two| two[0].due_on < two[1].due_on));
            let amounts: BTreeSet<i64> = plan.parts.iter().rev().skip(1).map(|part| part.amount_minor).collect();
            prop_assert!(amounts.len() == 1, "all but the last are alike");
            let last = plan.parts.last().map_or(0, |part| part.amount_minor);
            prop_assert!(amounts.first().is_some_and(|each| (0..i64::from(parts)).contains(&(last - each))));
            let home = Locality::of_tenant(&stage.policy.settings);
            let calendar = Calendar::new(&home, &stage.policy.settings.window, &stage.policy.settings.calendar.closed);
            prop_assert!(plan.parts.iter().all(|part| calendar.is_open(part.due_on)));
            prop_assert!(plan.parts.iter().all(|part| part.due_on >= today && part.due_on <= add_days(today, i64::from(days))));
            let id = AgreementId::derive(&["one"]);
            let by = Proposer { id: &id, by: "lnk_1", now: at(NOW) };
            prop_assert!(propose(&plan.proposal, &stage.facts, &stage.policy.settings, by).is_ok());
        } else {
            // Nothing is refused that is within every bound with room to spare.
            let span = match rhythm {
                PlanRhythm::Weekly => 7,
                PlanRhythm::TwoWeekly => 14,
                PlanRhythm::Monthly => 31,
            };
            let fits = (2..=most).contains(&parts)
                && (0..=31_i64.min(i64::from(days))).contains(&first)
                && total / i64::from(parts.max(1)) >= least
                && first + span * i64::from(parts) + 60 <= i64::from(days);
            prop_assert!(!fits, "{:?}", wish);
        }
    }
}
