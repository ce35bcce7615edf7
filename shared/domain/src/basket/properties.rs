//! Any order and any number of repeats of what a provider says come to the same money.

use proptest::prelude::*;

use super::{tests::*, *};
use crate::{
    Document, PaymentFact,
    receivables::Receivables,
    testing::{Stage, at, ladder},
};

const EUR: Currency = Currency::EUR;
const BEGUN: &str = "2026-02-05T09:00:00Z";
const ASKED: i64 = 1_300;

fn outcome() -> impl Strategy<Value = ProviderOutcome> {
    let currency = prop_oneof![4 => Just(EUR), 1 => Just(Currency::USD)];
    let minor = prop_oneof![3 => Just(ASKED), 1 => 1_i64..2_000];
    let money = (minor, currency).prop_map(|(minor, currency)| Money::from_minor(minor, currency));
    let way = prop_oneof![Just(WayOfPaying::Card), Just(WayOfPaying::SepaDebit), Just(WayOfPaying::Paypal)];
    prop_oneof![
        3 => (money.clone(), way.clone(), 0..2_u8).prop_map(|(money, way, n)| ProviderOutcome::Received { money, way, reference: format!("pi{n}") }),
        2 => (money.clone(), way).prop_map(|(money, way)| ProviderOutcome::Pending { money, way }),
        1 => Just(ProviderOutcome::Approved),
        2 => any::<bool>().prop_map(|retries| ProviderOutcome::Failed { reason: "declined".to_owned(), retries }),
        1 => Just(ProviderOutcome::Expired),
        3 => (money, any::<bool>(), any::<bool>(), 0..2_u8).prop_map(|(money, chargeback, in_force, n)| ProviderOutcome::TakenBack {
            external_id: format!("re{n}"),
            kind: if chargeback { ReversalKind::Chargeback } else { ReversalKind::Refund },
            money,
            in_force,
        }),
    ]
}

/// Events of a basket, several of them in the same second, in one order and in another with repeats.
fn orders() -> impl Strategy<Value = (Vec<(u8, ProviderOutcome)>, Vec<usize>)> {
    prop::collection::vec((0..6_u8, outcome()), 1..7).prop_flat_map(|events| {
        let count = events.len();
        let again = prop::collection::vec(0..count, 0..5);
        let order = (Just((0..count).collect::<Vec<_>>()).prop_shuffle(), again).prop_map(|(all, again)| [all, again].concat());
        (Just(events), order.prop_shuffle())
    })
}

struct World {
    stage: Stage,
    basket: Basket,
}

fn world() -> World {
    let mut stage = Stage::new(ladder());
    let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let second = stage.invoice("B", EUR, 1_000, "2026-02-05");
    let basket = begin(&mut stage, beginning("b", vec![line(&first, 300), line(&second, 1_000)]), BEGUN);
    World { stage, basket }
}

impl World {
    fn hear_all(&mut self, events: &[(u8, ProviderOutcome)], order: impl Iterator<Item = usize>) {
        let settings = self.stage.policy.settings.clone();
        for at_position in order {
            let (second, what) = &events[at_position];
            let said = said(&self.basket, &format!("e{at_position}"), &format!("2026-02-05T09:00:0{second}Z"), what.clone());
            let change = self.basket.hear(&said, &settings, at("2026-02-05T09:05:00Z"));
            take(&mut self.stage.facts, &change, &settings, at("2026-02-05T09:05:00Z"));
            self.basket = change.basket;
        }
    }

    /// What each payment comes to, without the versions and the days of which it was heard.
    fn money(&self) -> Vec<(PaymentId, i64, bool, Vec<Allocation>)> {
        let of = |fact: &PaymentFact| {
            let payment = &fact.payment;
            (payment.id.clone(), payment.amount_minor, payment.counts(), payment.allocations.clone())
        };
        let mut all: Vec<_> = self.stage.facts.payments.iter().map(of).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    fn exposure(&self) -> i64 {
        let zone = jiff::tz::TimeZone::UTC;
        // When no basket keeps anything back any more, only money counts.
        let mut facts = self.stage.facts.clone();
        facts.agreements.clear();
        let rules = crate::receivables::ReceivablesRules {
            after_refund: crate::settings::AfterRefund::Chase,
            ..crate::receivables::ReceivablesRules::of(&self.stage.policy.settings, &zone)
        };
        Receivables::at(&facts, rules, at("2026-03-05T09:00:00Z")).exposure_minor(EUR)
    }
}

proptest! {
    #[test]
    fn any_order_and_any_repeats_come_to_the_same_money((events, order) in orders()) {
        let (mut straight, mut mixed) = (world(), world());
        straight.hear_all(&events, 0..events.len());
        mixed.hear_all(&events, order.into_iter());
        prop_assert_eq!(straight.money(), mixed.money());
        let alike = |basket: &Basket| Basket { revision: 0, status_at: basket.begun_at, ..basket.clone() };
        prop_assert_eq!(alike(&straight.basket), alike(&mixed.basket));
        prop_assert_eq!(straight.exposure(), mixed.exposure());
    }

    #[test]
    fn what_was_received_is_what_was_applied_and_what_is_credit((events, _) in orders()) {
        let mut world = world();
        world.hear_all(&events, 0..events.len());
        let (basket, settings) = (&world.basket, &world.stage.policy.settings);
        for document in basket.documents(settings) {
            let Document::Payment { payment, .. } = document else { continue };
            let said: i64 = basket.receipts.iter().map(|receipt| receipt.money).filter(|money| money.currency() == payment.currency)
                .map(|money| money.minor()).sum();
            let applied: i64 = payment.allocations.iter().map(|part| part.amount_minor).sum();
            prop_assert_eq!(payment.amount_minor, said);
            prop_assert!(applied == 0 || applied == ASKED && payment.currency == EUR);
            prop_assert!(applied <= said);
        }
        // What is asked for is what is owed, less what came and stayed.
        let kept = basket.received_minor - basket.taken_back_minor;
        prop_assert_eq!(world.exposure(), (2_000 - kept).max(0));
    }
}
