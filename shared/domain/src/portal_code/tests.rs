#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use std::collections::BTreeMap;

use jiff::ToSpan;
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn asked() -> CodeRequest {
    CodeRequest::new(CodeRequestId::derive(&["a"]), at(0))
}

#[test]
fn codes_are_six_digits_and_read_as_people_type_them() {
    for (number, text) in [(0, "000000"), (7, "000007"), (999_999, "999999"), (1_000_000, "000000"), (u64::MAX, "551615")] {
        assert_eq!(PortalCode::of(number).as_str(), text);
    }
    for (typed, code) in [
        ("123456", Some("123456")),
        (" 123 456 ", Some("123456")),
        ("123-456", Some("123456")),
        ("000000", Some("000000")),
        ("12345", None),
        ("1234567", None),
        ("12345a", None),
        ("-12345", None),
        ("+12345", None),
        ("١٢٣٤٥٦", None),
        ("123.456", None),
        ("", None),
    ] {
        assert_eq!(PortalCode::read(typed).as_ref().map(PortalCode::as_str), code, "{typed}");
    }
    assert!(!format!("{:?}", PortalCode::of(424_242)).contains("424242"), "a log line does not hold a code");
}

#[test]
fn a_code_is_good_for_ten_minutes_five_tries_and_once() {
    use CodeStanding::{Entered, Expired, Open, UsedUp};
    let entered = Some(at(5));
    for (tries, entered_at, after_s, expected) in [
        (0, None, 0, Open(5)),
        (0, None, 599, Open(5)),
        (0, None, 600, Expired),
        (0, None, 100_000, Expired),
        (4, None, 10, Open(1)),
        (5, None, 10, UsedUp),
        (9, None, 10, UsedUp),
        (5, None, 600, UsedUp),
        (1, entered, 10, Entered),
        (5, entered, 10, Entered),
        (1, entered, 600, Entered),
    ] {
        let code = CodeRequest { tries, entered_at, ..asked() };
        assert_eq!(code.standing(at(after_s)), expected, "{tries} {entered_at:?} {after_s}");
    }
}

#[test]
fn asking_again_within_a_minute_sends_no_other_code() {
    for (tries, entered_at, after_s, expected) in
        [(0, None, 0, true), (3, None, 59, true), (0, None, 60, false), (5, None, 10, false), (1, Some(at(3)), 10, false)]
    {
        let code = CodeRequest { tries, entered_at, ..asked() };
        assert_eq!(code.is_just_asked(at(after_s)), expected, "{tries} {entered_at:?} {after_s}");
    }
}

#[test]
fn a_try_counts_whatever_it_is_and_nothing_counts_afterwards() {
    let (once, guess) = asked().tried(false, at(1));
    assert_eq!((once.tries, guess), (1, CodeGuess::Wrong(4)));
    let (twice, guess) = once.tried(true, at(2));
    assert_eq!((twice.tries, twice.entered_at, guess), (2, Some(at(2)), CodeGuess::Right));
    let (thrice, guess) = twice.clone().tried(true, at(3));
    assert_eq!((thrice, guess), (twice, CodeGuess::Over(CodeStanding::Entered)), "a code is good once");
    let last = CodeRequest { tries: 4, ..asked() };
    assert_eq!(last.clone().tried(false, at(1)).1, CodeGuess::Wrong(0));
    assert_eq!(last.tried(true, at(1)).1, CodeGuess::Right, "the fifth try may be the right one");
    let late = asked().tried(true, at(600));
    assert_eq!(late, (asked(), CodeGuess::Over(CodeStanding::Expired)));
}

#[test]
fn asking_has_a_limit_within_any_hour() {
    let limit = AskingLimit { most: 3, within: SignedDuration::from_hours(1) };
    for (before, now, expected) in [
        (vec![], 0, Ok(1)),
        (vec![0, 60], 120, Ok(3)),
        (vec![0, 60, 120], 180, Err(3_600)),
        (vec![120, 0, 60], 180, Err(3_600)),
        (vec![0, 60, 120], 3_599, Err(3_600)),
        (vec![0, 60, 120], 3_600, Ok(3)),
        (vec![0, 60, 120], 3_700, Ok(2)),
        (vec![0, 60, 120], 1_000_000, Ok(1)),
        // Around the turn of an hour by the clock there are three as well.
        (vec![3_500, 3_550, 3_590], 3_610, Err(7_100)),
        // Another clock was ahead.
        (vec![100, 110, 120], 90, Err(3_700)),
        // More than the limit is over only when so many are over that there is room.
        (vec![0, 10, 20, 30], 40, Err(3_610)),
    ] {
        let known = AskedLately(before.iter().map(|seconds| at(*seconds)).collect());
        let came =
            known.and_now(limit, at(now)).map(|lately| lately.0.len()).map_err(|again| again.as_second() - at(0).as_second());
        assert_eq!(came, expected, "{before:?} at {now}");
    }
    assert_eq!((OF_ADDRESS.most, OF_ADDRESS.within), (3, SignedDuration::from_hours(1)));
    assert_eq!((OF_CUSTOMER.most, OF_CUSTOMER.within), (20, SignedDuration::from_hours(24)));
}

#[test]
fn what_was_asked_lately_is_kept_as_instants() {
    let lately = AskedLately::default().and_now(OF_ADDRESS, at(0)).unwrap();
    let text = serde_json::to_string(&lately).unwrap();
    assert_eq!(text, format!("[\"{}\"]", at(0)));
    assert_eq!(serde_json::from_str::<AskedLately>(&text).unwrap(), lately);
}

/// What somebody does: waits, asks, or tries a code that is right or not.
#[derive(Clone, Copy, Debug)]
enum Did {
    Waits(i64),
    Asks,
    Tries(bool),
}

fn did() -> impl Strategy<Value = Did> {
    prop_oneof![(0_i64..1_500).prop_map(Did::Waits), Just(Did::Asks), any::<bool>().prop_map(Did::Tries)]
}

proptest! {
    /// Over any sequence: no window of an hour has more than three codes, no code more than five tries, none is right twice or after its time.
    #[test]
    fn no_sequence_gets_round_the_bounds(all in prop::collection::vec(did(), 1..120)) {
        let (mut now, mut lately, mut number) = (at(0), AskedLately::default(), 0_u32);
        let mut code: Option<CodeRequest> = None;
        let mut sent: Vec<Timestamp> = Vec::new();
        let (mut tried, mut right) = (BTreeMap::<CodeRequestId, u32>::new(), BTreeMap::<CodeRequestId, Timestamp>::new());
        for did in all {
            match did {
                Did::Waits(seconds) => now = now.checked_add(seconds.seconds()).unwrap(),
                Did::Asks if code.as_ref().is_some_and(|code| code.is_just_asked(now)) => {}
                Did::Asks => if let Ok(after) = lately.and_now(OF_ADDRESS, now) {
                    lately = after;
                    number += 1;
                    sent.push(now);
                    code = Some(CodeRequest::new(CodeRequestId::derive(&[&number.to_string()]), now));
                }
                Did::Tries(is_right) => if let Some(before) = code.take() {
                    let (after, guess) = before.clone().tried(is_right, now);
                    let counts = matches!(guess, CodeGuess::Right | CodeGuess::Wrong(_));
                    *tried.entry(after.id.clone()).or_default() += u32::from(counts);
                    if guess == CodeGuess::Right {
                        prop_assert!(is_right && now.duration_since(before.asked_at).as_secs() < 600);
                        prop_assert!(right.insert(after.id.clone(), now).is_none(), "twice right");
                    }
                    code = Some(after);
                }
            }
        }
        prop_assert!(tried.values().all(|tries| *tries <= 5), "{tried:?}");
        for (at, first) in sent.iter().enumerate() {
            let within = sent[at..].iter().filter(|later| later.duration_since(*first).as_secs() < 3_600).count();
            prop_assert!(within <= 3, "{sent:?}");
        }
    }

    /// Whoever is told when there is room again finds room then, and none a second earlier.
    #[test]
    fn there_is_room_when_it_is_said(gaps in prop::collection::vec(0_i64..4_000, 1..40)) {
        let (mut now, mut lately) = (at(0), AskedLately::default());
        for gap in gaps {
            now = now.checked_add(gap.seconds()).unwrap();
            match lately.and_now(OF_ADDRESS, now) {
                Ok(after) => lately = after,
                Err(again_at) => {
                    prop_assert!(again_at > now);
                    prop_assert!(lately.and_now(OF_ADDRESS, again_at).is_ok());
                    let earlier = again_at.checked_sub(1.second()).unwrap();
                    prop_assert!(lately.and_now(OF_ADDRESS, earlier).is_err());
                }
            }
        }
    }
}
