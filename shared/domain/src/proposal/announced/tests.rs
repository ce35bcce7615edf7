use super::*;
use crate::{
    AgreementId, Event, MoneyStatus, PaymentStatus, evolve,
    testing::{Stage, at, ladder, on},
};

/// Who came by a link.
const LINK: &str = "lnk_0123456789abcdef";
const NOW: &str = "2026-02-05T09:00:00Z";

fn stage() -> (Stage, InvoiceId, InvoiceId) {
    let mut stage = Stage::new(ladder());
    let first = stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
    let second = stage.invoice("B", Currency::EUR, 500, "2026-02-10");
    (stage, first, second)
}

fn money(amount_minor: Option<i64>, lines: &[(&InvoiceId, Option<i64>)]) -> AnnouncedMoney {
    let line = |(invoice, amount_minor): &(&InvoiceId, Option<i64>)| AnnouncedLine {
        invoice: (*invoice).clone(),
        amount_minor: *amount_minor,
    };
    AnnouncedMoney {
        sent_on: on("2026-02-04"),
        way: "transfer".to_owned(),
        currency: Currency::EUR,
        amount_minor,
        lines: lines.iter().map(line).collect(),
    }
}

fn announced(stage: &Stage, money: &AnnouncedMoney, now: &str) -> Result<Agreement, Vec<(String, String)>> {
    let id = AgreementId::derive(&[&format!("{money:?}"), now]);
    announce(money, &stage.facts, &stage.policy.settings, Proposer { id: &id, by: LINK, now: at(now) })
}

fn pointers(stage: &Stage, money: &AnnouncedMoney, now: &str) -> Vec<String> {
    announced(stage, money, now).err().unwrap_or_default().into_iter().map(|(pointer, _)| pointer).collect()
}

/// Takes an announcement.
fn take(stage: &mut Stage, money: &AnnouncedMoney) -> AgreementId {
    let agreement = announced(stage, money, NOW).expect("no flaw");
    let id = agreement.id.clone();
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement));
    id
}

fn status(stage: &Stage, id: &AgreementId) -> String {
    stage.facts.agreements.iter().find(|known| known.id == *id).expect("an agreement").status().to_owned()
}

/// What is due of each invoice, in the order of their days.
fn due(stage: &Stage, now: &str) -> Vec<i64> {
    let place = Locality::of_tenant(&stage.policy.settings);
    let receivables = Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, place.zone()), at(now));
    receivables.items.iter().map(|item| item.due_now_minor).collect()
}

#[test]
fn what_was_sent_is_kept_back_of_each_invoice_as_it_was_said() {
    for (money_minor, first_minor, second_minor, expected) in [
        (Some(700), Some(300), Some(400), [700, 100]),
        (None, Some(300), Some(400), [700, 100]),
        // What is not said is shared out, the oldest first.
        (Some(1_200), None, None, [0, 300]),
        (Some(1_000), None, Some(400), [400, 100]),
        (None, None, None, [0, 0]),
        // What it does not reach is not kept back.
        (Some(900), None, None, [100, 500]),
    ] {
        let (mut stage, first, second) = stage();
        take(&mut stage, &money(money_minor, &[(&second, second_minor), (&first, first_minor)]));
        assert_eq!(due(&stage, NOW), expected, "{money_minor:?} {first_minor:?} {second_minor:?}");
    }
}

#[test]
fn it_arrives_by_its_lines_alone_and_else_ends_by_itself() {
    let lines = |first: &InvoiceId, second: &InvoiceId| money(Some(700), &[(first, Some(300)), (second, Some(400))]);
    let (mut stage, first, second) = stage();
    let id = take(&mut stage, &lines(&first, &second));
    // More than was sent for the one is not what was sent for the other.
    stage.pay("P-1", &first, 800, PaymentStatus::Received, NOW);
    stage.step(at(NOW));
    assert_eq!((status(&stage, &id).as_str(), due(&stage, NOW)), ("expected", vec![200, 100]));
    stage.pay("P-2", &second, 400, PaymentStatus::Received, NOW);
    stage.step(at(NOW));
    assert_eq!((status(&stage, &id).as_str(), due(&stage, NOW)), (MoneyStatus::Arrived.as_str(), vec![200, 100]));

    let (mut stage, first, second) = self::stage();
    let id = take(&mut stage, &lines(&first, &second));
    let late = "2026-03-01T09:00:00Z";
    assert_eq!(due(&stage, late), [1_000, 500], "it is asked for again, whoever looks first");
    stage.step(at(late));
    assert_eq!(status(&stage, &id), MoneyStatus::Failed.as_str());
}

#[test]
fn an_invoice_is_announced_once_until_what_was_announced_came() {
    let (mut stage, first, second) = stage();
    take(&mut stage, &money(Some(300), &[(&first, Some(300))]));
    let rest = money(Some(700), &[(&first, Some(700))]);
    assert_eq!(pointers(&stage, &rest, NOW), ["/lines/0/invoice"]);
    assert_eq!(pointers(&stage, &money(Some(500), &[(&second, None)]), NOW), [""; 0], "another one");
    // It did not come: what is said again later is not waited for.
    let mut failed = stage.clone();
    let late = "2026-03-01T09:00:00Z";
    failed.step(at(late));
    let again = AnnouncedMoney { sent_on: on("2026-02-27"), ..rest.clone() };
    assert_eq!(pointers(&failed, &again, late), ["/lines/0/invoice"]);
    // It came: so may the rest.
    stage.pay("P-1", &first, 300, PaymentStatus::Received, NOW);
    stage.step(at(NOW));
    assert_eq!(pointers(&stage, &rest, NOW), [""; 0]);
}

#[test]
fn every_flaw_of_an_announcement_is_named() {
    let (mut stage, first, second) = stage();
    let dollars = stage.invoice("D", Currency::USD, 700, "2026-02-10");
    let closed = stage.invoice("C", Currency::EUR, 500, "2026-01-10");
    stage.invoice_mut(&closed).paid_minor = 500;
    let nobodys = InvoiceId::derive(&["nobody's"]);
    let good = || money(Some(300), &[(&first, Some(300))]);
    for (money, expected) in [
        (money(None, &[]), vec!["/lines"]),
        (money(None, &vec![(&first, Some(1)); 10_000]), vec!["/lines"]),
        (money(Some(1_001), &[(&first, Some(1_001))]), vec!["/lines/0/amount_minor"]),
        (money(Some(300), &[(&first, Some(200))]), vec!["/amount_minor"]),
        (money(Some(1_501), &[(&first, None), (&second, None)]), vec!["/amount_minor"]),
        (money(Some(0), &[(&first, Some(0))]), vec!["/amount_minor", "/lines/0/amount_minor"]),
        (money(Some(-5), &[(&first, Some(-5))]), vec!["/amount_minor", "/lines/0/amount_minor"]),
        (money(Some(2), &[(&first, Some(1)), (&first, Some(1))]), vec!["/lines/1/invoice"]),
        (money(Some(2), &[(&first, Some(1)), (&dollars, Some(1))]), vec!["/lines/1/invoice"]),
        (money(Some(2), &[(&closed, Some(1)), (&nobodys, Some(1))]), vec!["/lines/0/invoice", "/lines/1/invoice"]),
        (AnnouncedMoney { currency: Currency::USD, ..good() }, vec!["/lines/0/invoice"]),
        (AnnouncedMoney { sent_on: on("2026-02-06"), ..good() }, vec!["/sent_on"]),
        (AnnouncedMoney { sent_on: on("2026-01-10"), ..good() }, vec!["/sent_on"]),
        (AnnouncedMoney { sent_on: on("2016-02-04"), ..good() }, vec!["/sent_on"]),
        (AnnouncedMoney { way: "gold".to_owned(), ..good() }, vec!["/way"]),
        (
            AnnouncedMoney { way: "gold".to_owned(), sent_on: on("2036-02-06"), ..money(Some(2), &[(&nobodys, Some(2))]) },
            vec!["/lines/0/invoice", "/way", "/sent_on"],
        ),
    ] {
        assert_eq!(pointers(&stage, &money, NOW), expected, "{money:?}");
    }
    assert!(announced(&stage, &good(), NOW).is_ok());
}

#[test]
fn an_invoice_that_moves_takes_along_what_was_sent_for_it() {
    let (stage, first, second) = stage();
    let agreement = announced(&stage, &money(Some(700), &[(&first, Some(300)), (&second, Some(400))]), NOW).expect("no flaw");
    let (stays, goes) = agreement.split(&first);
    assert_eq!((stays.and_then(|stays| stays.amount_minor), goes.amount_minor), (Some(400), Some(300)));
}
