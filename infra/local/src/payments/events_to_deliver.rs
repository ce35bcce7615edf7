//! What payment providers have to tell, until the stack took it.

use std::sync::Mutex;

use doubles::PaymentEvent;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::lock;

/// How long the stand-ins wait until they deliver again what was not taken. After the last they give up.
const WAITS: [SignedDuration; 7] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(24),
];

/// What the stand-ins told, and what became of it.
#[derive(Default)]
pub struct Deliveries {
    all: Mutex<Vec<Told>>,
}

/// An event.
#[derive(Clone)]
pub struct Told {
    /// The provider.
    pub provider: &'static str,
    /// What it tells.
    pub event: PaymentEvent,
    /// What the stack answered, each time.
    pub answers: Vec<u16>,
    /// When it is delivered next; `None` for never.
    due_at: Option<Timestamp>,
}

impl Deliveries {
    /// Keeps an event; answers its place. Without `due_at` it is lost on its way.
    pub fn keep(&self, provider: &'static str, event: PaymentEvent, due_at: Option<Timestamp>) -> usize {
        let mut all = lock(&self.all);
        all.push(Told { provider, event, answers: Vec::new(), due_at });
        all.len() - 1
    }

    /// What was told of a basket, with its place, in order.
    pub fn of(&self, basket: &str) -> Vec<(usize, Told)> {
        let all = lock(&self.all);
        all.iter().enumerate().filter(|(_, told)| told.event.basket == basket).map(|(at, told)| (at, told.clone())).collect()
    }

    /// The places of what is due; it counts as under way.
    pub(super) fn take_due(&self, now: Timestamp) -> Vec<usize> {
        let mut all = lock(&self.all);
        let due = all.iter_mut().enumerate().filter(|(_, told)| told.due_at.is_some_and(|at| at <= now));
        due.map(|(at, told)| {
            told.due_at = None;
            at
        })
        .collect()
    }

    pub(super) fn at(&self, at: usize) -> Option<Told> {
        lock(&self.all).get(at).cloned()
    }

    pub(super) fn answered(&self, at: usize, status: StatusCode, now: Timestamp) {
        if let Some(told) = lock(&self.all).get_mut(at) {
            told.answers.push(status.as_u16());
            let wait = WAITS.get(told.answers.len() - 1);
            told.due_at = if status.is_success() { None } else { wait.map(|wait| now + *wait) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> PaymentEvent {
        let [account, basket, event, kind] = ["acme", "pay_1", "evt_1", "checkout.session.completed"].map(str::to_owned);
        PaymentEvent { account, basket, event, kind, at: Timestamp::UNIX_EPOCH, body: "{}".into() }
    }

    #[test]
    fn what_is_not_taken_comes_again_until_it_is() {
        let deliveries = Deliveries::default();
        let now = Timestamp::UNIX_EPOCH;
        let at = deliveries.keep("stripe", event(), Some(now));
        assert_eq!(deliveries.take_due(now), [at]);
        assert_eq!(deliveries.take_due(now), [0_usize; 0], "it is under way");
        deliveries.answered(at, StatusCode::INTERNAL_SERVER_ERROR, now);
        let minute = SignedDuration::from_mins(1);
        assert_eq!(deliveries.take_due(now + minute - SignedDuration::from_secs(1)), [0_usize; 0]);
        assert_eq!(deliveries.take_due(now + minute), [at]);
        deliveries.answered(at, StatusCode::OK, now + minute);
        assert_eq!(deliveries.take_due(Timestamp::MAX), [0_usize; 0]);
        assert_eq!(deliveries.of("pay_1")[0].1.answers, [500, 200]);
    }

    #[test]
    fn a_provider_gives_up() {
        let deliveries = Deliveries::default();
        let at = deliveries.keep("stripe", event(), Some(Timestamp::UNIX_EPOCH));
        let mut tries = 0;
        while !deliveries.take_due(Timestamp::MAX).is_empty() {
            deliveries.answered(at, StatusCode::NOT_FOUND, Timestamp::UNIX_EPOCH);
            tries += 1;
        }
        assert_eq!(tries, WAITS.len() + 1);
        let lost = deliveries.keep("stripe", event(), None);
        assert_eq!(deliveries.take_due(Timestamp::MAX), [0_usize; 0], "{lost} never comes by itself");
    }
}
