use jiff::{Timestamp, civil::date, tz::TimeZone};

use super::*;
use crate::{
    AgreementId, AgreementScope, HoldClock, HoldReason, Pause, PauseStatus, Terms,
    reply::{ReplyCertainty, ReplyPortal},
    word::Word,
};

const TODAY: Date = date(2026, 11, 30);

fn around(settings: &AnswerSettings) -> ReplyCircumstances<'_> {
    ReplyCircumstances { channel: Channel::Email, machine: None, settings, today: TODAY, pauses: 0, has_copies: true }
}

fn of(class: ReplyClass) -> ReplyRead {
    ReplyRead { class, certainty: ReplyCertainty::Certain, ..ReplyRead::default() }
}

/// The last day of the pause counted from today, the kind of agreement that is suggested, and the class by whose rule somebody looks.
fn come_to(plan: &ReplyPlan) -> (Option<i64>, Option<SuggestedKind>, Option<ReplyClass>) {
    (plan.pause_until.map(|on| days_between(TODAY, on)), plan.suggests, plan.task.map(|rule| rule.class))
}

#[test]
fn the_table_has_each_class_once_and_every_pause_is_bounded() {
    let classes: Vec<&str> = REPLY_RULES.iter().map(|rule| rule.class.as_str()).collect::<Vec<_>>();
    let mut sorted = classes.clone();
    sorted.sort_unstable();
    let mut all = ReplyClass::WORDS.to_vec();
    all.sort_unstable();
    assert_eq!(sorted, all);
    for rule in REPLY_RULES {
        assert!((0..=PAUSE_DAYS_MAX).contains(&rule.pause_days), "{rule:?}");
        assert!(!rule.title.contains('@') && rule.todo.ends_with('.'), "{rule:?}");
    }
    // The last row stands for classes of later releases.
    let later = ReplyClass::read("sold_the_company").expect("a word of a later release");
    assert_eq!(ReplyRule::of(later).class, ReplyClass::Other);
}

#[test]
fn each_class_of_a_person_comes_to_its_row() {
    let drafts = AnswerSettings::default();
    for (class, pause, suggested) in [
        (ReplyClass::OptOut, Some(7), None),
        (ReplyClass::ClaimedPaid, Some(7), Some(SuggestedKind::Money)),
        (ReplyClass::Promise, Some(5), None),
        (ReplyClass::Dispute, Some(10), Some(SuggestedKind::Dispute)),
        (ReplyClass::PoMissing, Some(10), Some(SuggestedKind::Dispute)),
        (ReplyClass::WrongPerson, Some(7), None),
        (ReplyClass::Hardship, Some(10), None),
        (ReplyClass::WriteOffClaimed, Some(10), Some(SuggestedKind::Dispute)),
        (ReplyClass::Remittance, Some(7), Some(SuggestedKind::Money)),
        (ReplyClass::Complaint, Some(7), None),
        (ReplyClass::Hostile, Some(10), None),
        (ReplyClass::Thanks, None, None),
        (ReplyClass::Other, Some(3), None),
    ] {
        let plan = plan_reply(&of(class), &around(&drafts));
        assert_eq!(come_to(&plan), (pause, suggested, Some(class)), "{class}");
        assert!(!plan.sends_copies, "{class}");
        // Who answers each reminder is chased all the same, and somebody is asked to look.
        let often = ReplyCircumstances { pauses: PAUSES_MAX, ..around(&drafts) };
        assert_eq!(come_to(&plan_reply(&of(class), &often)), (None, suggested, Some(class)), "{class}");
    }
}

#[test]
fn a_promise_is_suggested_for_a_day_to_come() {
    let drafts = AnswerSettings::default();
    for (on, suggested) in [
        (None, None),
        (Some(date(2026, 11, 29)), None),
        (Some(TODAY), Some(SuggestedKind::Promise)),
        (Some(date(2026, 12, 4)), Some(SuggestedKind::Promise)),
    ] {
        let read = ReplyRead { promised_on: on, ..of(ReplyClass::Promise) };
        assert_eq!(plan_reply(&read, &around(&drafts)).suggests, suggested, "{on:?}");
    }
}

#[test]
fn copies_go_by_themselves_where_the_tenant_lets_them() {
    let (usual, none) = (AnswerSettings::default(), AnswerSettings { copies: false, ..AnswerSettings::default() });
    let asks = of(ReplyClass::CopyRequest);
    let unclear = ReplyRead { certainty: ReplyCertainty::Unclear, ..asks.clone() };
    let contests = ReplyRead { also: vec![ReplyClass::Dispute], ..asks.clone() };
    for (read, around, copies, expected) in [
        (&asks, around(&usual), true, (None, None, None)),
        (&asks, around(&none), false, (Some(3), None, Some(ReplyClass::CopyRequest))),
        (
            &asks,
            ReplyCircumstances { has_copies: false, ..around(&usual) },
            false,
            (Some(3), None, Some(ReplyClass::CopyRequest)),
        ),
        (&unclear, around(&usual), false, (Some(3), None, Some(ReplyClass::CopyRequest))),
        (&contests, around(&usual), true, (Some(10), Some(SuggestedKind::Dispute), Some(ReplyClass::Dispute))),
    ] {
        let plan = plan_reply(read, &around);
        assert_eq!((plan.sends_copies, come_to(&plan)), (copies, expected), "{read:?}");
    }
    for machine in [MachineWritten::AutoReply, MachineWritten::Robot, MachineWritten::Bounce, MachineWritten::ReadReceipt] {
        let by_machine = ReplyCircumstances { machine: Some(machine), ..around(&usual) };
        assert_eq!(plan_reply(&asks, &by_machine), ReplyPlan::NOTHING, "no machine is answered: {machine:?}");
    }
}

#[test]
fn thanks_ask_nothing_of_anybody_where_the_tenant_says_auto() {
    let auto = AnswerSettings { stage: AnswerStage::Auto, ..AnswerSettings::default() };
    assert_eq!(plan_reply(&of(ReplyClass::Thanks), &around(&auto)), ReplyPlan::NOTHING);
    for class in [ReplyClass::Promise, ReplyClass::Dispute, ReplyClass::Other, ReplyClass::Hardship] {
        assert_eq!(
            plan_reply(&of(class), &around(&auto)),
            plan_reply(&of(class), &around(&AnswerSettings::default())),
            "{class}"
        );
    }
}

#[test]
fn who_is_away_is_waited_for_within_bounds_and_nobody_takes_their_place() {
    let drafts = AnswerSettings::default();
    let away = |back_on: Option<Date>, deputy: Option<&str>| ReplyRead {
        back_on,
        deputy: deputy.map(str::to_owned),
        ..of(ReplyClass::OutOfOffice)
    };
    let auto = ReplyCircumstances { machine: Some(MachineWritten::AutoReply), ..around(&drafts) };
    for (read, pause, task) in [
        (away(None, None), None, None),
        (away(Some(date(2026, 11, 29)), None), None, None),
        (away(Some(date(2026, 12, 1)), None), None, None),
        (away(Some(date(2026, 12, 7)), None), Some(6), None),
        (away(Some(date(2027, 3, 1)), None), Some(PAUSE_DAYS_MAX), None),
        (away(Some(date(2026, 12, 7)), Some("b@buyer.example")), Some(6), Some(ReplyClass::OutOfOffice)),
        (ReplyRead { also: vec![ReplyClass::WrongPerson], ..away(None, None) }, None, Some(ReplyClass::WrongPerson)),
        (of(ReplyClass::Promise), None, None),
    ] {
        assert_eq!(come_to(&plan_reply(&read, &auto)), (pause, None, task), "{read:?}");
    }
    // A person who says no day asks somebody to look.
    assert_eq!(come_to(&plan_reply(&away(None, None), &around(&drafts))), (Some(3), None, Some(ReplyClass::Other)));
}

#[test]
fn a_closed_channel_asks_nothing_more_unless_more_is_said() {
    let drafts = AnswerSettings::default();
    let stops = ReplyRead { stops: true, ..of(ReplyClass::OptOut) };
    assert_eq!(plan_reply(&stops, &around(&drafts)), ReplyPlan::NOTHING);
    let paid = ReplyRead { also: vec![ReplyClass::ClaimedPaid], ..stops.clone() };
    let expected = (Some(7), Some(SuggestedKind::Money), Some(ReplyClass::ClaimedPaid));
    assert_eq!(come_to(&plan_reply(&paid, &around(&drafts))), expected);
    let starts = ReplyRead { opt_in: true, ..of(ReplyClass::Other) };
    let by_text = ReplyCircumstances { channel: Channel::Sms, ..around(&drafts) };
    assert_eq!(plan_reply(&starts, &by_text), ReplyPlan::NOTHING);
    assert_eq!(come_to(&plan_reply(&starts, &around(&drafts))).2, Some(ReplyClass::Other), "START is a word of text messages");
}

#[test]
fn a_portals_word_is_a_hint_only_where_it_says_something_of_payment() {
    let drafts = AnswerSettings::default();
    let says = |class, state: &str, is_news| ReplyRead {
        portal: Some(ReplyPortal { name: "coupa".to_owned(), state: state.to_owned(), is_news }),
        promised_on: Some(date(2026, 12, 11)),
        ..of(class)
    };
    for machine in [None, Some(MachineWritten::Robot)] {
        let around = ReplyCircumstances { machine, ..around(&drafts) };
        let approved = plan_reply(&says(ReplyClass::Promise, "approved", true), &around);
        assert_eq!(come_to(&approved), (Some(5), Some(SuggestedKind::Promise), Some(ReplyClass::Promise)));
        let disputed = plan_reply(&says(ReplyClass::Dispute, "disputed", true), &around);
        assert_eq!(come_to(&disputed), (Some(10), Some(SuggestedKind::Dispute), Some(ReplyClass::Dispute)));
        assert_eq!(plan_reply(&says(ReplyClass::Other, "pending_approval", false), &around), ReplyPlan::NOTHING);
    }
}

#[test]
fn only_pauses_that_answers_made_lately_count() {
    let made = |by: &str, days: i64| {
        let at: Timestamp = "2026-11-30T12:00:00Z".parse().expect("a moment");
        let made_at = at.checked_sub(jiff::SignedDuration::from_hours(24 * days)).expect("a moment");
        Agreement {
            id: AgreementId::derive(&[by, &days.to_string()]),
            terms: Terms::Pause(Pause { reason: HoldReason::Manual, ends_with: None, of: vec![], status: PauseStatus::Ended }),
            scope: AgreementScope::Customer,
            amount_minor: None,
            clock: HoldClock::Freeze,
            made_at,
            from_at: made_at,
            until_on: None,
            ended_at: None,
            status_at: made_at,
            by: by.to_owned(),
            folded: vec![],
        }
    };
    let reply = ReplyId::derive(&["r"]);
    let all = [made(reply.as_str(), 0), made(reply.as_str(), 60), made(reply.as_str(), 61), made("kim", 1)];
    assert_eq!(pauses_lately(&all, TODAY, &TimeZone::UTC), 2);
}
