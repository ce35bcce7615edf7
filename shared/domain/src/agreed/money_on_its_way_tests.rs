use proptest::prelude::*;

use crate::{
    Agreement, AgreementId, Currency, Event, InvoiceId, PaymentStatus, WayOfPaying,
    basket::{
        Basket, BasketBegin, ProviderOutcome,
        tests::{beginning, line, received, said, take},
    },
    evolve,
    money::Money,
    proposal::{AnnouncedLine, AnnouncedMoney, Proposer, announce, propose},
    receivables::{Receivables, ReceivablesRules},
    settings::AfterRefund,
    testing::{Stage, at, ladder, on},
};

const EUR: Currency = Currency::EUR;
const TOLD: &str = "2026-02-05T09:00:00Z";
const BEGUN: &str = "2026-02-05T10:00:00Z";
const PAID: &str = "2026-02-05T10:10:00Z";
const NOW: &str = "2026-02-05T10:20:00Z";
const LONG_AFTER: &str = "2026-06-06T09:00:00Z";

/// A customer who owes 1,000.
fn owing() -> (Stage, InvoiceId) {
    let mut stage = Stage::new(ladder());
    stage.policy.settings.after_refund = AfterRefund::Chase;
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    (stage, invoice)
}

fn keep(stage: &mut Stage, agreement: Agreement) {
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement));
}

/// The customer's own system says that so much of the invoice was sent.
fn remit(stage: &mut Stage, invoice: &InvoiceId, amount_minor: i64) {
    let money = AnnouncedMoney {
        sent_on: on("2026-02-05"),
        way: "transfer".to_owned(),
        currency: EUR,
        amount_minor: None,
        lines: vec![AnnouncedLine { invoice: invoice.clone(), amount_minor: Some(amount_minor) }],
    };
    let id = AgreementId::derive(&["remittance"]);
    let by = Proposer { id: &id, by: "lnk_0123456789abcdef", now: at(TOLD) };
    let agreement = announce(&money, &stage.facts, &stage.policy.settings, by).expect("no flaw");
    keep(stage, agreement);
}

/// A collector was told so.
fn told(stage: &mut Stage, amount_minor: i64) {
    let body =
        serde_json::json!({"kind": "money", "scope": {"invoices": ["A"]}, "amount_minor": amount_minor, "way": "transfer"});
    let proposal = serde_json::from_value(body).expect("a proposal");
    let id = AgreementId::derive(&["told"]);
    let by = Proposer { id: &id, by: "u-1", now: at(TOLD) };
    let agreement = propose(&proposal, &stage.facts, &stage.policy.settings, by).expect("no flaw");
    keep(stage, agreement);
}

fn begin(stage: &mut Stage, begin: BasketBegin, when: &str) -> Basket {
    let (basket, agreement) = begin.begin(&stage.facts, &stage.policy.settings, at(when)).expect("no flaw");
    keep(stage, agreement);
    basket
}

fn hear(stage: &mut Stage, basket: &Basket, event: &str, what: ProviderOutcome) -> Basket {
    let settings = stage.policy.settings.clone();
    let change = basket.hear(&said(basket, event, PAID, what), &settings, at(PAID));
    take(&mut stage.facts, &change, &settings, at(PAID));
    change.basket
}

fn reckoned(stage: &Stage, now: &str) -> (i64, i64) {
    let zone = jiff::tz::TimeZone::UTC;
    let receivables = Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &zone), at(now));
    (receivables.open_minor(EUR), receivables.exposure_minor(EUR))
}

fn status(stage: &Stage, name: &str) -> String {
    let id = AgreementId::derive(&[name]);
    stage.facts.agreements.iter().find(|known| known.id == id).expect("an agreement").status().to_owned()
}

#[test]
fn what_was_announced_and_what_is_being_paid_are_two_moneys_in_any_order() {
    type Announces = fn(&mut Stage, &InvoiceId);
    let announces: [(&str, Announces); 2] =
        [("remittance", |stage, invoice| remit(stage, invoice, 400)), ("told", |stage, _| told(stage, 400))];
    for (name, announces) in announces {
        let (mut stage, invoice) = owing();
        announces(&mut stage, &invoice);
        assert_eq!(reckoned(&stage, NOW), (1_000, 600), "{name}");
        let begin_with = |minor| beginning("card", vec![line(&invoice, minor)]);
        let too_much = begin_with(601).begin(&stage.facts, &stage.policy.settings, at(BEGUN));
        assert!(too_much.is_err(), "what was announced is not paid again: {name}");
        let basket = begin(&mut stage, begin_with(600), BEGUN);
        assert_eq!(reckoned(&stage, NOW), (1_000, 0), "400 and 600 are on their way: {name}");

        // The card's money first: what was announced is on its way still, and arrives later.
        let mut card_first = stage.clone();
        hear(&mut card_first, &basket, "e", received(600, EUR, "pi"));
        card_first.step(at(NOW));
        assert_eq!((reckoned(&card_first, NOW), status(&card_first, name).as_str()), ((400, 0), "expected"), "{name}");
        let mut never = card_first.clone();
        never.step(at(LONG_AFTER));
        assert_eq!((reckoned(&never, LONG_AFTER), status(&never, name).as_str()), ((400, 400), "failed"), "{name}");
        card_first.pay("P", &invoice, 400, PaymentStatus::Received, NOW);
        card_first.step(at(NOW));
        assert_eq!((reckoned(&card_first, NOW), status(&card_first, name).as_str()), ((0, 0), "arrived"), "{name}");

        // What was announced first: the card's money is on its way still.
        stage.pay("P", &invoice, 400, PaymentStatus::Received, BEGUN);
        stage.step(at(NOW));
        assert_eq!((reckoned(&stage, NOW), status(&stage, name).as_str()), ((600, 0), "arrived"), "{name}");
        assert_eq!(reckoned(&stage, LONG_AFTER), (600, 600), "{name}");
    }
}

#[test]
fn what_was_credited_is_not_what_was_announced() {
    let (mut stage, invoice) = owing();
    remit(&mut stage, &invoice, 400);
    stage.invoice_mut(&invoice).credited_minor = 400;
    stage.step(at(NOW));
    assert_eq!((reckoned(&stage, NOW), status(&stage, "remittance").as_str()), ((600, 200), "expected"));
    stage.pay("P", &invoice, 400, PaymentStatus::Received, NOW);
    stage.step(at(NOW));
    assert_eq!((reckoned(&stage, NOW), status(&stage, "remittance").as_str()), ((200, 200), "arrived"));
}

#[test]
fn cash_that_a_collector_took_is_not_the_transfer_that_is_on_its_way() {
    let (mut stage, invoice) = owing();
    let begin_transfer = BasketBegin {
        provider: crate::basket::TRANSFER.to_owned(),
        way: WayOfPaying::Transfer,
        pays_on: Some(on("2026-02-05")),
        ..beginning("t", vec![line(&invoice, 600)])
    };
    begin(&mut stage, begin_transfer, TOLD);
    let taken = crate::basket::TakenPayment {
        id: crate::PaymentId::of_basket(&["cash"]),
        currency: EUR,
        amount_minor: 400,
        allocations: vec![crate::Allocation { invoice: invoice.clone(), amount_minor: 400 }],
        received_on: on("2026-02-05"),
        way: WayOfPaying::Cash,
        reference: None,
    };
    let settings = stage.policy.settings.clone();
    let cash = taken.take(&stage.facts, &settings, at(PAID)).expect("no flaw");
    let documents = cash.documents(&settings);
    let change = crate::basket::BasketChange { basket: cash, changed: true, documents, tasks: Vec::new() };
    take(&mut stage.facts, &change, &settings, at(PAID));
    assert_eq!(reckoned(&stage, NOW), (600, 0));
    stage.pay("P", &invoice, 600, PaymentStatus::Received, NOW);
    assert_eq!(reckoned(&stage, NOW), (0, 0));
}

#[test]
fn a_debit_that_is_told_of_late_and_the_card_after_it_are_two_moneys() {
    let (mut stage, invoice) = owing();
    let debit = begin(&mut stage, beginning("debit", vec![line(&invoice, 300)]), TOLD);
    // Its time is over, and the payer pays by card.
    begin(&mut stage, beginning("card", vec![line(&invoice, 500)]), BEGUN);
    assert_eq!(reckoned(&stage, NOW), (1_000, 500));
    let pending = ProviderOutcome::Pending { money: Money::from_minor(300, EUR), way: WayOfPaying::SepaDebit };
    hear(&mut stage, &debit, "e", pending);
    assert_eq!(reckoned(&stage, NOW), (1_000, 200), "300 and 500");
}

proptest! {
    // In whatever order the money of a remittance and of a card comes, in parts too, nobody is asked for more than what is neither there nor on
    // its way. What comes by the books is never as much as the card's money: it would have to be asked whether the two are one.
    #[test]
    fn nobody_is_asked_for_what_is_on_its_way(
        sent in 1_i64..500, half in 0_i64..250, halves in prop::collection::vec(1_i64..100, 0..4), card_at in 0_usize..5,
    ) {
        let asked = 2 * half + 1;
        let parts: Vec<i64> = halves.iter().map(|half| 2 * half).collect();
        let (mut stage, invoice) = owing();
        remit(&mut stage, &invoice, sent);
        let basket = begin(&mut stage, beginning("card", vec![line(&invoice, asked)]), BEGUN);
        let mut came = 0;
        for place in 0..=parts.len() {
            if place == card_at {
                hear(&mut stage, &basket, "e", received(asked, EUR, "pi"));
            }
            let expected = (1_000 - came - asked - (sent - came).max(0)).max(0);
            prop_assert_eq!(reckoned(&stage, NOW).1, expected, "{} of {} came", came, sent);
            if let Some(part) = parts.get(place) {
                came += part;
                stage.pay(&format!("P{place}"), &invoice, *part, PaymentStatus::Received, BEGUN);
            }
        }
    }
}
