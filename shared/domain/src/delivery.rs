//! Deliveries of events to subscriptions: where one stands, when it is tried again, and when a subscription has had enough.

use jiff::{SignedDuration, Timestamp};

use crate::word::stored_words;

stored_words!(
    /// Where the delivery of an event to a subscription stands.
    DeliveryStatus {
        /// It is to be tried, for the first time or again.
        Waiting = "waiting",
        /// The subscriber took it.
        Delivered = "delivered",
        /// It was tried for three days, or its subscription ended or was put out of use first.
        GivenUp = "given_up",
        /// It was not tried, because its subscription had failed for three days: it can be replayed.
        Kept = "kept",
    }
);

stored_words!(
    /// Why a subscription ended without a person.
    SubscriptionEnd {
        /// The subscriber answered 410.
        Gone = "gone",
        /// Nothing could be delivered for three days.
        Failing = "failing",
    }
);

/// For how long a delivery is tried, and for how long a subscription may fail before it ends.
pub const DELIVERED_WITHIN: SignedDuration = SignedDuration::from_hours(72);
/// After how long a subscription to which nothing could be delivered becomes an exception.
pub const FAILING_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How long a subscriber gets no more than one try after so many failures in a row, in seconds: it doubles from the first to the last.
const REST_S: (i64, i64) = (60, 1_800);
/// Failures in a row after which a subscriber is left alone for a while.
const FAILURES_MAX: u32 = 5;
/// The waits between tries, in seconds, as Standard Webhooks suggests them: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h. The last try is
/// at the end of [`DELIVERED_WITHIN`].
const WAITS_S: [i64; 8] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000];

/// When a delivery that was queued at `queued_at` is tried again after so many tries that failed, the last one now; `None` when it is given up.
/// `asked` is the wait that the subscriber asked for.
pub fn next_try(tries: u32, queued_at: Timestamp, now: Timestamp, asked: Option<SignedDuration>) -> Option<Timestamp> {
    let end = queued_at.saturating_add(DELIVERED_WITHIN).unwrap_or(Timestamp::MAX);
    if now >= end {
        return None;
    }
    let at = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    // After the last wait only the end is left.
    let Some(wait) = WAITS_S.get(at) else { return Some(end) };
    let wait = SignedDuration::from_secs(*wait).max(asked.unwrap_or_default());
    Some(now.saturating_add(wait).unwrap_or(Timestamp::MAX).min(end))
}

/// Until when a subscriber is left alone after so many failures in a row, the last one now; `None` while there were few.
pub fn rest_until(failures: u32, now: Timestamp) -> Option<Timestamp> {
    let over = failures.checked_sub(FAILURES_MAX)?;
    let (first, last) = REST_S;
    let rest = first.saturating_mul(1_i64 << over.min(10)).min(last);
    now.checked_add(SignedDuration::from_secs(rest)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn tries_come_ever_later_and_end_after_three_days() {
        let queued_at = at("2026-02-02T09:00:00Z");
        let (mut now, mut waits) = (queued_at, Vec::new());
        for tries in 1.. {
            let Some(next) = next_try(tries, queued_at, now, None) else { break };
            waits.push(next.duration_since(now).as_secs());
            now = next;
        }
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 73_495]);
        assert_eq!(now, queued_at + DELIVERED_WITHIN);
    }

    #[test]
    fn what_a_subscriber_asks_for_is_a_longer_wait_and_never_a_later_end() {
        let queued_at = at("2026-02-02T09:00:00Z");
        let asked = |seconds| next_try(1, queued_at, queued_at, Some(SignedDuration::from_secs(seconds)));
        assert_eq!(asked(1), Some(at("2026-02-02T09:00:05Z")));
        assert_eq!(asked(600), Some(at("2026-02-02T09:10:00Z")));
        assert_eq!(asked(1_000_000), Some(at("2026-02-05T09:00:00Z")));
        assert_eq!(next_try(1, queued_at, at("2026-02-05T09:00:00Z"), None), None);
        assert_eq!(next_try(60, queued_at, at("2026-02-03T09:00:00Z"), None), Some(at("2026-02-05T09:00:00Z")));
    }

    #[test]
    fn a_subscriber_that_fails_is_left_alone_for_at_most_half_an_hour() {
        let now = at("2026-02-02T09:00:00Z");
        let rests = |failures| rest_until(failures, now).map(|until| until.duration_since(now).as_secs());
        assert_eq!(
            [4, 5, 6, 7, 8, 9, 10, 500].map(rests),
            [None, Some(60), Some(120), Some(240), Some(480), Some(960), Some(1_800), Some(1_800)]
        );
    }
}
