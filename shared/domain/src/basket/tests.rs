use jiff::Timestamp;

use super::{
    lines::{BEGUN_MAX, BEGUN_OF_ALL_MAX},
    *,
};
use crate::{
    AgreementAct, Document, Event, Facts, MoneyStatus, PaymentFact, PaymentStatus, Settings, Terms, evolve,
    receivables::{Receivables, ReceivablesRules},
    testing::{Stage, at, ladder, on},
};

const EUR: Currency = Currency::EUR;
const BEGUN: &str = "2026-02-05T09:00:00Z";

pub(crate) fn line(invoice: &InvoiceId, amount_minor: i64) -> BasketLine {
    BasketLine { invoice: invoice.clone(), number: "A".to_owned(), amount_minor }
}

pub(crate) fn beginning(name: &str, lines: Vec<BasketLine>) -> BasketBegin {
    BasketBegin {
        id: PaymentId::of_basket(&[name]),
        currency: EUR,
        legal_entity: CompactString::default(),
        lines,
        provider: "stripe".to_owned(),
        way: WayOfPaying::Card,
        link: LinkId::derive(&["link"]),
        pays_on: None,
    }
}

/// Begins a basket and keeps its agreement.
pub(super) fn begin(stage: &mut Stage, begin: BasketBegin, now: &str) -> Basket {
    let (basket, agreement) = begin.begin(&stage.facts, &stage.policy.settings, at(now)).expect("no flaw");
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement));
    basket
}

/// Lets a basket's money and its agreement come to the facts.
pub(crate) fn take(facts: &mut Facts, change: &BasketChange, settings: &Settings, now: Timestamp) {
    for document in &change.documents {
        match document {
            Document::Payment { payment, .. } => {
                let at = facts.payments.iter().position(|fact| fact.payment.id == payment.id);
                let known = at.map(|at| facts.payments.remove(at));
                facts.payments.extend(PaymentFact::merge(known.as_ref(), payment, now).or(known));
            }
            Document::Reversal(reversal) => {
                let other =
                    |known: &crate::Reversal| known.external_id != reversal.external_id || known.payment != reversal.payment;
                facts.reversals.retain(other);
                facts.reversals.push(reversal.clone());
            }
            other => panic!("{other:?}"),
        }
    }
    let known = facts.agreements.iter().find(|known| known.id == change.basket.agreement());
    if let Some(after) = known.and_then(|known| change.basket.keeps_back_now(known, settings, now)) {
        *facts = evolve(facts, &Event::AgreementPut(after));
    }
}

pub(crate) fn said(basket: &Basket, event: &str, when: &str, what: ProviderOutcome) -> ProviderSaid {
    ProviderSaid { basket: basket.id.clone(), event: event.to_owned(), at: at(when), provider_id: None, what }
}

pub(crate) fn received(minor: i64, currency: Currency, reference: &str) -> ProviderOutcome {
    let money = Money::from_minor(minor, currency);
    ProviderOutcome::Received { money, way: WayOfPaying::Card, reference: reference.to_owned() }
}

fn due_now(stage: &Stage, now: &str) -> i64 {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &zone), at(now)).exposure_minor(EUR)
}

fn hear(stage: &mut Stage, basket: &Basket, said: &ProviderSaid, now: &str) -> BasketChange {
    let settings = stage.policy.settings.clone();
    let change = basket.hear(said, &settings, at(now));
    take(&mut stage.facts, &change, &settings, at(now));
    change
}

fn two() -> (Stage, InvoiceId, InvoiceId) {
    let mut stage = Stage::new(ladder());
    let (first, second) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 1_000, "2026-02-05"));
    (stage, first, second)
}

#[test]
fn exactly_its_amounts_are_kept_back_until_it_ends() {
    // The older invoice in part, so that amounts by age would be others.
    let lines = |first: &InvoiceId, second: &InvoiceId| vec![line(first, 300), line(second, 1_000)];
    let later = "2026-02-05T09:29:59Z";
    let begun = || {
        let (mut stage, first, second) = two();
        let basket = begin(&mut stage, beginning("b", lines(&first, &second)), BEGUN);
        (stage, basket, first)
    };
    let (stage, _, first) = begun();
    let zone = jiff::tz::TimeZone::UTC;
    let receivables = Receivables::in_zone(&stage.facts, &zone, at(later));
    let left = |invoice: &InvoiceId| {
        let item = receivables.items.iter().find(|item| item.key.invoice() == Some(invoice)).expect("an item");
        item.due_now_minor
    };
    assert_eq!((left(&first), receivables.exposure_minor(EUR)), (700, 700));
    assert_eq!(due_now(&stage, "2026-02-05T09:30:00Z"), 2_000, "a card has 30 minutes");

    // Another payment of the same invoice does not end it.
    let (mut stage, _, first) = begun();
    stage.pay("elsewhere", &first, 700, PaymentStatus::Received, BEGUN);
    assert_eq!(due_now(&stage, later), 0, "300 of it are still on their way");

    for (what, status, then) in [
        (received(1_300, EUR, "pi"), BasketStatus::Paid, 700),
        (received(1_200, EUR, "pi"), BasketStatus::Paid, 800),
        (ProviderOutcome::Failed { reason: "declined".to_owned(), retries: false }, BasketStatus::Failed, 2_000),
        (ProviderOutcome::Expired, BasketStatus::Expired, 2_000),
        (ProviderOutcome::Approved, BasketStatus::Pending, 700),
    ] {
        let (mut stage, basket, _) = begun();
        let change = hear(&mut stage, &basket, &said(&basket, "e", "2026-02-05T09:10:00Z", what.clone()), later);
        assert_eq!((change.basket.status, due_now(&stage, later)), (status, then), "{what:?}");
        assert!(change.changed);
    }
    let (mut stage, basket, _) = begun();
    let change = basket.cancelled(&stage.policy.settings, at(later));
    take(&mut stage.facts, &change, &Settings::named("Acme"), at(later));
    assert_eq!((change.basket.status, due_now(&stage, later)), (BasketStatus::Cancelled, 2_000));
}

#[test]
fn it_ends_by_itself_and_the_case_goes_on() {
    let (mut stage, first, _) = two();
    let basket = begin(&mut stage, beginning("b", vec![line(&first, 1_000)]), BEGUN);
    let decision = stage.step(at("2026-02-05T09:10:00Z"));
    assert_eq!(decision.next, crate::Next::At(at("2026-02-05T09:30:00Z")), "it is looked at when the time is over");
    stage.step(at("2026-02-05T09:30:00Z"));
    let agreement = |stage: &Stage| stage.facts.agreements.iter().find(|known| known.id == basket.agreement()).cloned();
    let status = |stage: &Stage| agreement(stage).expect("an agreement").status().to_owned();
    assert_eq!(status(&stage), "failed");

    // A debit that was submitted all the same is on its way: nobody is chased for it, until it could not fail quietly any more.
    let pending = ProviderOutcome::Pending { money: Money::from_minor(1_000, EUR), way: WayOfPaying::SepaDebit };
    let change = hear(&mut stage, &basket, &said(&basket, "e", "2026-02-05T09:29:00Z", pending), "2026-02-05T10:00:00Z");
    assert_eq!(status(&stage), "expected");
    // 5 February 2026 is a Thursday: five business days later it is the 12th.
    assert_eq!(change.basket.expires_at, at("2026-02-12T23:00:00Z"));
    assert_eq!(due_now(&stage, "2026-02-12T22:59:59Z"), 1_000, "only B");
    assert_eq!(due_now(&stage, "2026-02-12T23:00:00Z"), 2_000);

    // What a person ended stays ended, until its provider says something new.
    let known = agreement(&stage).expect("an agreement");
    let ended = known.act(&AgreementAct::Cancel, vec![], at("2026-02-06T09:00:00Z")).expect("it is expected");
    assert_eq!(change.basket.keeps_back_now(&ended, &stage.policy.settings, at("2026-02-06T10:00:00Z")), None);
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(ended));
    let paid = hear(
        &mut stage,
        &change.basket,
        &said(&basket, "f", "2026-02-09T09:00:00Z", received(1_000, EUR, "pi")),
        "2026-02-09T09:00:01Z",
    );
    assert_eq!((paid.basket.status, due_now(&stage, "2026-02-09T10:00:00Z")), (BasketStatus::Paid, 1_000));
    assert!(paid.tasks.is_empty());
}

#[test]
fn what_ended_here_is_opened_by_no_approval_and_by_money_all_the_same() {
    let later = "2026-02-05T09:31:00Z";
    for ends_first in [false, true] {
        let (mut stage, first, _) = two();
        let mut basket = begin(&mut stage, beginning("b", vec![line(&first, 1_000)]), BEGUN);
        let settings = stage.policy.settings.clone();
        let approved = said(&basket, "e", "2026-02-05T09:31:00Z", ProviderOutcome::Approved);
        for ends in [ends_first, !ends_first] {
            let change = if ends { basket.expired(&settings, at(later)) } else { basket.hear(&approved, &settings, at(later)) };
            take(&mut stage.facts, &change, &settings, at(later));
            basket = change.basket;
        }
        assert_eq!((basket.status, due_now(&stage, later)), (BasketStatus::Expired, 2_000), "ends first: {ends_first}");
        let money = said(&basket, "f", "2026-02-05T09:32:00Z", received(1_000, EUR, "pi"));
        let paid = hear(&mut stage, &basket, &money, "2026-02-05T09:32:00Z");
        assert_eq!((paid.basket.status, due_now(&stage, "2026-02-05T09:32:00Z")), (BasketStatus::Paid, 1_000));
        assert_eq!(paid.tasks.len(), 1, "a person is told of what came after the end");
    }
}

#[test]
fn each_way_keeps_its_amounts_back_for_its_own_time() {
    let mut settings = Settings::named("Acme");
    settings.country = "DE".to_owned();
    settings.time_zone = Some("Europe/Berlin".to_owned());
    settings.freshness.insert("xero".to_owned(), "PT26H".to_owned());
    // 13 February 2026 is a Friday.
    let from = at("2026-02-13T12:00:00Z");
    for (way, until) in [
        (WayOfPaying::Bacs, "2026-02-18T23:00:00Z"),
        (WayOfPaying::Ach, "2026-02-19T23:00:00Z"),
        (WayOfPaying::SepaDebit, "2026-02-20T23:00:00Z"),
        (WayOfPaying::Transfer, "2026-02-17T23:00:00Z"),
        (WayOfPaying::Card, "2026-02-24T23:00:00Z"),
        (WayOfPaying::Paypal, "2026-02-24T23:00:00Z"),
        (WayOfPaying::Later("stablecoin".to_owned()), "2026-02-24T23:00:00Z"),
    ] {
        assert_eq!(kept_while_pending(&settings, &way, from), at(until), "{way:?}");
    }
    assert_eq!(kept_while_begun(&settings, "xero", None, from), at("2026-02-13T12:30:00Z"));
    let announced = kept_while_begun(&settings, "xero", Some(on("2026-02-20")), from);
    assert_eq!(announced, at("2026-02-26T23:00:00Z"), "two business days, and two in which the source may be silent");
}

#[test]
fn lines_that_cannot_be_paid_are_refused_each_by_name() {
    use BasketFlawKind::{
        Closed, Empty, NotAboveZero, NotIssued, OtherCurrency, OtherLegalEntity, OverDue, TooMany, Twice, Unknown,
    };
    let (mut stage, first, second) = two();
    let dollars = stage.invoice("USD", Currency::USD, 1_000, "2026-02-04");
    let closed = stage.invoice("closed", EUR, 1_000, "2026-02-04");
    stage.invoice_mut(&closed).paid_minor = 1_000;
    let void = stage.invoice("void", EUR, 1_000, "2026-02-04");
    stage.invoice_mut(&void).status = crate::InvoiceStatus::Void;
    let overpaid = stage.invoice("overpaid", Currency::USD, 1_000, "2026-02-04");
    stage.pay("P", &overpaid, 1_200, PaymentStatus::Received, BEGUN);
    stage.invoice_mut(&overpaid).paid_minor = 1_200;
    let ahead = stage.invoice("ahead", EUR, 1_000, "2026-06-04");
    let entity = stage.invoice("entity", EUR, 1_000, "2026-02-04");
    stage.invoice_mut(&entity).legal_entity = Some("berlin".to_owned());
    let strange = InvoiceId::derive(&["another's"]);
    let zone = jiff::tz::TimeZone::UTC;
    let rules = ReceivablesRules { by_legal_entity: true, ..ReceivablesRules::of(&stage.policy.settings, &zone) };
    let receivables = Receivables::at(&stage.facts, rules, at(BEGUN));
    let money = |minor| Money::from_minor(minor, EUR);
    let check = |lines: &[BasketLine]| {
        let flaws = check_lines(&receivables, (EUR, ""), lines, at(BEGUN)).err().unwrap_or_default();
        flaws.into_iter().map(|flaw| (flaw.line, flaw.what)).collect::<Vec<_>>()
    };
    assert_eq!(check(&[line(&first, 1_000), line(&second, 1)]), []);
    let over = |asked| OverDue { asked: money(asked), payable: money(1_000) };
    for (bad, flaw) in [
        (line(&first, 0), NotAboveZero(money(0))),
        (line(&first, -5), NotAboveZero(money(-5))),
        (line(&first, 1_001), over(1_001)),
        (line(&first, i64::MAX), over(i64::MAX)),
        (line(&dollars, 10), OtherCurrency(Currency::USD)),
        (line(&closed, 10), Closed),
        (line(&void, 10), Closed),
        (line(&overpaid, 10), Closed),
        (line(&ahead, 10), NotIssued),
        (line(&entity, 10), OtherLegalEntity),
        (line(&strange, 10), Unknown),
        (line(&second, 10), Twice),
    ] {
        let flaws = check(&[line(&second, 1_000), bad]);
        assert_eq!(flaws, [(Some(1), flaw.clone())]);
        assert!(!flaw.to_string().is_empty());
    }
    assert_eq!(check(&[]), [(None, Empty)]);
    assert_eq!(check(&vec![line(&first, 1); LINES_MAX + 1]), [(None, TooMany(LINES_MAX + 1))]);
    assert_eq!(check(&vec![line(&first, 1); 10_000]), [(None, TooMany(10_000))]);
}

#[test]
fn who_promised_contested_or_is_not_chased_can_pay_all_the_same() {
    let payable_of = |stage: &Stage, now: &str| {
        let zone = jiff::tz::TimeZone::UTC;
        let receivables = Receivables::in_zone(&stage.facts, &zone, at(now));
        payable(&receivables, at(now)).into_values().collect::<Vec<_>>()
    };
    let propose = |stage: &mut Stage, body: serde_json::Value| {
        let proposal = serde_json::from_value(body).expect("a proposal");
        let id = crate::AgreementId::derive(&["p"]);
        let proposer = crate::proposal::Proposer { id: &id, by: "u-1", now: at(BEGUN) };
        let agreement = crate::proposal::propose(&proposal, &stage.facts, &stage.policy.settings, proposer).expect("no flaw");
        stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement));
    };
    let parts =
        serde_json::json!([{"amount_minor": 400, "due_on": "2026-03-02"}, {"amount_minor": 1_600, "due_on": "2026-04-01"}]);
    for body in [
        serde_json::json!({"kind": "promise", "pays_on": "2026-02-13"}),
        serde_json::json!({"kind": "dispute", "reason": "price", "scope": {"invoices": ["A"]}}),
        serde_json::json!({"kind": "pause"}),
        serde_json::json!({"kind": "plan", "parts": parts, "way": "transfer"}),
    ] {
        let (mut stage, ..) = two();
        propose(&mut stage, body.clone());
        assert_eq!(payable_of(&stage, BEGUN), [1_000, 1_000], "{body}");
    }
    // Money that is on its way is not paid a second time, nor what is settled with credit.
    let (mut stage, first, _) = two();
    let basket = begin(&mut stage, beginning("b", vec![line(&first, 300)]), BEGUN);
    let mut payable_now = payable_of(&stage, BEGUN);
    payable_now.sort_unstable();
    assert_eq!(payable_now, [700, 1_000]);
    hear(&mut stage, &basket, &said(&basket, "e", BEGUN, received(250, EUR, "pi")), BEGUN);
    assert_eq!(payable_of(&stage, BEGUN).iter().sum::<i64>(), 1_750, "250 of credit");
}

#[test]
fn who_only_begins_payments_keeps_nothing_back_for_the_rest_of_the_day() {
    let (mut stage, first, second) = two();
    let flaws = |stage: &Stage, invoice: &InvoiceId, now: Timestamp| {
        let begin = beginning("next", vec![line(invoice, 1)]);
        let flaws = begin.begin(&stage.facts, &stage.policy.settings, now).err().unwrap_or_default();
        flaws.into_iter().map(|flaw| (flaw.line, flaw.what)).collect::<Vec<_>>()
    };
    let begun_at = |nth: usize| {
        let hours = i64::try_from(nth).expect("few");
        at(BEGUN).checked_add(jiff::SignedDuration::from_hours(hours)).expect("in this century")
    };
    let begun = |stage: &mut Stage, name: &str, invoice: &InvoiceId, now: Timestamp| {
        let begin = beginning(name, vec![line(invoice, 1)]);
        let (_, agreement) = begin.begin(&stage.facts, &stage.policy.settings, now).expect("no flaw");
        stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement));
    };
    for nth in 0..BEGUN_MAX {
        begun(&mut stage, &nth.to_string(), &first, begun_at(nth));
    }
    let after = begun_at(BEGUN_MAX);
    assert_eq!(flaws(&stage, &first, after), [(Some(0), BasketFlawKind::BegunOften)], "each one's half hour is over");
    assert!(flaws(&stage, &second, after).is_empty(), "another invoice can be paid");
    assert!(flaws(&stage, &first, begun_at(24)).is_empty(), "a day after the first");
    // One that was paid is none of them.
    let agreement = |stage: &Stage| stage.facts.agreements[0].clone();
    let mut paid = agreement(&stage);
    if let Terms::Money(money) = &mut paid.terms {
        money.status = MoneyStatus::Arrived;
    }
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(paid));
    assert!(flaws(&stage, &first, after).is_empty());
    // All of a customer's together, whatever they were for.
    let mut copy = agreement(&stage);
    if let Terms::Money(money) = &mut copy.terms {
        money.status = MoneyStatus::Failed;
        money.of.clear();
    }
    for nth in 0..BEGUN_OF_ALL_MAX {
        let another = crate::Agreement { id: crate::AgreementId::derive(&["many", &nth.to_string()]), ..copy.clone() };
        stage.facts = evolve(&stage.facts, &Event::AgreementPut(another));
    }
    assert_eq!(flaws(&stage, &second, after), [(None, BasketFlawKind::BegunOften)]);
}

#[test]
fn an_invoice_is_paid_with_one_basket_at_a_time_and_a_transfer_is_announced_once() {
    let (mut stage, first, second) = two();
    begin(&mut stage, beginning("b", vec![line(&first, 300)]), BEGUN);
    let kinds = |stage: &Stage, begin: BasketBegin, now: &str| {
        let flaws = begin.begin(&stage.facts, &stage.policy.settings, at(now)).err().unwrap_or_default();
        flaws.into_iter().map(|flaw| (flaw.line, flaw.what)).collect::<Vec<_>>()
    };
    let both = || beginning("c", vec![line(&second, 10), line(&first, 10)]);
    assert_eq!(kinds(&stage, both(), "2026-02-05T09:29:59Z"), [(Some(1), BasketFlawKind::BeingPaid)]);
    assert_eq!(kinds(&stage, both(), "2026-02-05T09:30:00Z"), [], "its time is over");
    let transfer = |name: &str, pays_on: &str| BasketBegin {
        provider: "transfer".to_owned(),
        way: WayOfPaying::Transfer,
        pays_on: Some(on(pays_on)),
        ..beginning(name, vec![line(&second, 500)])
    };
    begin(&mut stage, transfer("t", "2026-02-06"), BEGUN);
    assert_eq!(kinds(&stage, transfer("u", "2026-02-09"), BEGUN), [(Some(0), BasketFlawKind::BeingPaid)]);
    let after = "2026-02-20T09:00:00Z";
    stage.step(at(after));
    assert_eq!(kinds(&stage, transfer("u", "2026-02-23"), after), [(Some(0), BasketFlawKind::AnnouncedBefore)]);
    assert_eq!(kinds(&stage, beginning("v", vec![line(&second, 500)]), after), [], "by card it is paid");
}

#[test]
fn money_is_never_lost_and_never_more_than_was_said() {
    let now = "2026-02-05T09:20:00Z";
    let early = "2026-02-05T09:10:00Z";
    let usd = Currency::USD;
    // What was said, what of it is allocated, what is credit in EUR and in USD, and how many tasks.
    for (name, all, allocated, credit, dollars, tasks) in [
        ("as asked", vec![received(1_300, EUR, "pi")], 1_300, 0, 0, 0),
        ("twice the same", vec![received(1_300, EUR, "pi"), received(1_300, EUR, "pi")], 1_300, 0, 0, 0),
        ("two payments", vec![received(1_300, EUR, "pi"), received(1_300, EUR, "pj")], 1_300, 1_300, 0, 0),
        ("less", vec![received(1_299, EUR, "pi")], 0, 1_299, 0, 1),
        ("more", vec![received(1_301, EUR, "pi")], 0, 1_301, 0, 1),
        ("dollars", vec![received(1_300, usd, "pi")], 0, 0, 1_300, 1),
        ("both", vec![received(1_300, usd, "pi"), received(1_300, EUR, "pj")], 1_300, 0, 1_300, 1),
        ("after it expired", vec![ProviderOutcome::Expired, received(1_300, EUR, "pi")], 1_300, 0, 0, 1),
        ("nothing", vec![received(0, EUR, "pi")], 0, 0, 0, 1),
        ("less than nothing", vec![received(-1_300, EUR, "pi")], 0, 0, 0, 1),
    ] {
        let (mut stage, first, second) = two();
        let mut basket = begin(&mut stage, beginning("b", vec![line(&first, 300), line(&second, 1_000)]), BEGUN);
        let mut raised = 0;
        for (at, what) in all.into_iter().enumerate() {
            let change = hear(&mut stage, &basket, &said(&basket, &format!("e{at}"), early, what), now);
            raised += change.tasks.len();
            basket = change.basket;
        }
        let of = |currency: Currency| {
            let payments =
                || stage.facts.payments.iter().map(|fact| &fact.payment).filter(|payment| payment.currency == currency);
            let parts: i64 = payments().flat_map(|payment| &payment.allocations).map(|part| part.amount_minor).sum();
            (parts, payments().map(|payment| payment.amount_minor).sum::<i64>() - parts)
        };
        assert_eq!((of(EUR), of(usd)), ((allocated, credit), (0, dollars)), "{name}");
        assert_eq!(raised, tasks, "{name}");
        assert_eq!(basket.received_minor, allocated + credit, "{name}");
    }
}

#[test]
fn what_was_taken_back_opens_its_invoices_again_at_their_rungs() {
    let back = |minor, kind, in_force| ProviderOutcome::TakenBack {
        external_id: "re".to_owned(),
        kind,
        money: Money::from_minor(minor, EUR),
        in_force,
    };
    let failed = ProviderOutcome::Failed { reason: "insufficient_funds".to_owned(), retries: false };
    for (what, status, open) in [
        (back(400, ReversalKind::Refund, true), BasketStatus::Paid, 400),
        (back(1_000, ReversalKind::Refund, true), BasketStatus::Refunded, 1_000),
        (back(1_000, ReversalKind::Chargeback, true), BasketStatus::ChargedBack, 1_000),
        (back(1_000, ReversalKind::Chargeback, false), BasketStatus::Paid, 0),
        (failed, BasketStatus::Failed, 1_000),
    ] {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.policy.settings.after_refund = crate::settings::AfterRefund::Chase;
        assert_eq!(stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z"), ["2026-02-05 reminder: A"]);
        let now = "2026-02-06T09:00:00Z";
        let basket = begin(&mut stage, beginning("b", vec![line(&invoice, 1_000)]), now);
        let paid = hear(&mut stage, &basket, &said(&basket, "e", now, received(1_000, EUR, "pi")), now).basket;
        assert_eq!(due_now(&stage, now), 0);
        let later = "2026-02-09T09:00:00Z";
        let change = hear(&mut stage, &paid, &said(&basket, "f", later, what.clone()), later);
        assert_eq!((change.basket.status, due_now(&stage, later)), (status, open), "{what:?}");
        let next = stage.run(later, "2026-02-13T00:00:00Z");
        assert_eq!(next.iter().any(|line| line.contains("nudge")), open > 0, "{what:?}: {next:?}");
        assert!(!next.iter().any(|line| line.contains("reminder")), "{what:?}: {next:?}");
    }
}

#[test]
fn what_failed_at_the_instant_at_which_it_came_did_not_stay() {
    let failed = ProviderOutcome::Failed { reason: "insufficient_funds".to_owned(), retries: false };
    for words in [[received(1_000, EUR, "pi"), failed.clone()], [failed, received(1_000, EUR, "pi")]] {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        let now = "2026-02-06T09:00:00Z";
        let mut basket = begin(&mut stage, beginning("b", vec![line(&invoice, 1_000)]), now);
        for (at, what) in words.into_iter().enumerate() {
            basket = hear(&mut stage, &basket, &said(&basket, &format!("e{at}"), now, what), now).basket;
        }
        assert_eq!((basket.status, basket.received_minor), (BasketStatus::Failed, 0));
    }
}

#[test]
fn another_baskets_words_change_nothing() {
    let (mut stage, first, _) = two();
    let basket = begin(&mut stage, beginning("b", vec![line(&first, 300)]), BEGUN);
    let other = ProviderSaid { basket: PaymentId::of_basket(&["x"]), ..said(&basket, "e", BEGUN, received(300, EUR, "pi")) };
    let change = basket.hear(&other, &stage.policy.settings, at(BEGUN));
    assert_eq!((change.changed, change.documents.len(), change.basket == basket), (false, 0, true));
    let Some(Terms::Money(money)) = stage.facts.agreements.first().map(|agreement| agreement.terms.clone()) else {
        panic!("money on its way")
    };
    assert_eq!(money.status, MoneyStatus::Expected);
}

#[test]
fn it_reads_back_as_it_was_written() {
    let (mut stage, first, _) = two();
    let basket =
        begin(&mut stage, beginning("b", vec![line(&first, 300)]), BEGUN).sent_on("cs_1", Some("https://pay.example/cs_1"));
    let change = hear(&mut stage, &basket, &said(&basket, "e", BEGUN, received(300, EUR, "pi")), BEGUN);
    let judged = change.basket.judged(&PaymentId::derive(&["entry"]), true, &stage.policy.settings, at(BEGUN)).basket;
    let text = serde_json::to_string(&judged).expect("a text");
    assert_eq!(serde_json::from_str::<Basket>(&text).expect("a basket"), judged);
    assert_eq!((judged.revision, judged.same.len()), (3, 1));
    let again = judged.judged(&PaymentId::derive(&["entry"]), false, &stage.policy.settings, at(BEGUN)).basket;
    assert_eq!((again.same.len(), again.apart.len()), (0, 1));
}
