use jiff::Timestamp;

use super::{Receivables, ReceivablesRules};
use crate::{
    Allocation, Basket, Currency, InvoiceId, Payment, PaymentFact, PaymentId, PaymentKind, PaymentStatus, SourceVersion,
    TaskKind,
    basket::tests::{beginning, line, received, said, take},
    settings::AfterRefund,
    testing::{Stage, at, ladder, on},
};

const EUR: Currency = Currency::EUR;
const BEGUN: &str = "2026-02-10T09:00:00Z";
const NOW: &str = "2026-02-20T09:00:00Z";

fn entry(name: &str, received_on: &str, allocations: Vec<Allocation>, reference: Option<&str>) -> Payment {
    Payment {
        id: PaymentId::derive(&["books", name]),
        kind: PaymentKind::Payment,
        external_id: name.to_owned(),
        source_version: SourceVersion::Number(1),
        status: PaymentStatus::Received,
        amount_minor: 400,
        currency: EUR,
        received_on: on(received_on),
        legal_entity: None,
        allocations,
        reference: reference.map(str::to_owned),
        taken_here: None,
    }
}

/// Pays 400 of an invoice here.
fn pay_here(stage: &mut Stage, name: &str, invoice: &InvoiceId) -> Basket {
    pay_here_on(stage, name, invoice, "2026-02-10")
}

/// The same on a day.
fn pay_here_on(stage: &mut Stage, name: &str, invoice: &InvoiceId, day: &str) -> Basket {
    let settings = stage.policy.settings.clone();
    let begun_at = at(&format!("{day}T09:00:00Z"));
    let (basket, _) = beginning(name, vec![line(invoice, 400)]).begin(&stage.facts, &settings, begun_at).expect("no flaw");
    let said = said(&basket, name, &format!("{day}T10:00:00Z"), received(400, EUR, name));
    let change = basket.hear(&said, &settings, at(NOW));
    take(&mut stage.facts, &change, &settings, at(NOW));
    change.basket
}

/// A customer who owes 1,000 twice and paid 400 of the first here.
fn paid_here() -> (Stage, Basket, InvoiceId, InvoiceId) {
    let mut stage = Stage::new(ladder());
    stage.policy.settings.after_refund = AfterRefund::Chase;
    let (first, second) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 1_000, "2026-02-05"));
    let basket = pay_here(&mut stage, "b", &first);
    (stage, basket, first, second)
}

fn record(stage: &mut Stage, payment: &Payment, recorded_at: &str) {
    for part in &payment.allocations {
        stage.invoice_mut(&part.invoice).paid_minor += part.amount_minor;
    }
    stage.facts.payments.push(PaymentFact::merge(None, payment, at(recorded_at)).expect("a first version"));
}

fn reckon(stage: &Stage, now: Timestamp) -> (i64, i64, usize) {
    let zone = jiff::tz::TimeZone::UTC;
    let receivables = Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &zone), now);
    (receivables.open_minor(EUR), receivables.exposure_minor(EUR), receivables.twice.len())
}

#[test]
fn an_entry_is_the_payment_where_it_says_so_and_may_be_it_where_nothing_says_otherwise() {
    let late = "2026-02-11T09:00:00Z";
    let of = |invoice: &InvoiceId| vec![Allocation { invoice: invoice.clone(), amount_minor: 400 }];
    let (.., first, second) = paid_here();
    let id = PaymentId::of_basket(&["b"]).to_string();
    let noted = format!("Stripe {} thanks", id.to_uppercase());
    // What is open, what is asked for, and how many pairs a person is asked about.
    for (name, payment, recorded_at, then) in [
        ("named", entry("E", "2026-02-11", of(&first), Some(&id)), late, (1_600, 1_600, 0)),
        ("named in words", entry("E", "2026-02-11", of(&first), Some(&noted)), late, (1_600, 1_600, 0)),
        ("named, of another invoice", entry("E", "2026-02-11", of(&second), Some(&id)), late, (1_600, 1_600, 0)),
        ("named, of none", entry("E", "2026-02-11", vec![], Some(&id)), late, (1_600, 1_600, 0)),
        ("named, long after", entry("E", "2026-06-11", of(&first), Some(&id)), late, (1_600, 1_600, 0)),
        ("plain", entry("E", "2026-02-11", of(&first), None), late, (1_600, 1_200, 1)),
        ("with a check's number", entry("E", "2026-02-11", of(&first), Some("10264")), late, (1_600, 1_200, 1)),
        ("plain, of none", entry("E", "2026-02-11", vec![], None), late, (1_600, 1_200, 1)),
        ("plain, of another invoice", entry("E", "2026-02-11", of(&second), None), late, (1_200, 1_200, 1)),
        ("of the day before", entry("E", "2026-02-09", of(&first), None), late, (1_600, 1_200, 1)),
        ("too early", entry("E", "2026-02-08", of(&first), None), late, (1_200, 1_200, 0)),
        ("of the last day", entry("E", "2026-02-20", of(&first), None), late, (1_600, 1_200, 1)),
        ("of a later payout", entry("E", "2026-02-21", of(&first), None), late, (1_600, 1_200, 1)),
        ("of a later payout, of none", entry("E", "2026-02-21", vec![], None), late, (1_600, 1_200, 1)),
        ("as late, of another invoice", entry("E", "2026-02-21", of(&second), None), late, (1_200, 1_200, 0)),
        ("of the last payout", entry("E", "2026-03-22", of(&first), None), late, (1_600, 1_200, 1)),
        ("too late", entry("E", "2026-03-23", of(&first), None), late, (1_200, 1_200, 0)),
        ("too late, of none", entry("E", "2026-03-23", vec![], None), late, (1_600, 1_200, 0)),
        ("known before", entry("E", "2026-02-10", of(&first), None), "2026-02-10T08:59:59Z", (1_200, 1_200, 0)),
        ("another amount", Payment { amount_minor: 401, ..entry("E", "2026-02-11", of(&first), None) }, late, (1_200, 1_199, 0)),
        (
            "a credit note",
            Payment { kind: PaymentKind::CreditNote, ..entry("E", "2026-02-11", vec![], None) },
            late,
            (1_600, 1_200, 0),
        ),
        (
            "no longer there",
            Payment { status: PaymentStatus::Reversed, ..entry("E", "2026-02-11", vec![], Some(&id)) },
            late,
            (1_600, 1_600, 0),
        ),
    ] {
        let (mut stage, ..) = paid_here();
        record(&mut stage, &payment, recorded_at);
        assert_eq!(reckon(&stage, at(NOW)), then, "{name}");
    }
}

#[test]
fn what_is_left_of_a_payment_is_left_once() {
    let id = PaymentId::of_basket(&["b"]).to_string();
    let reversed = Payment { status: PaymentStatus::Reversed, ..entry("E", "2026-06-11", vec![], None) };
    // Of the payment that was taken here, and of an entry that is another one, what is good and what of it is for no invoice.
    for (name, payment, then) in [
        ("its own entry", entry("E", "2026-02-11", vec![], Some(&id)), vec![(400, 0)]),
        ("another", entry("E", "2026-06-11", vec![], None), vec![(400, 0), (400, 400)]),
        ("another that was taken back", reversed, vec![(400, 0)]),
    ] {
        let (mut stage, ..) = paid_here();
        record(&mut stage, &payment, "2026-06-11T09:00:00Z");
        let zone = jiff::tz::TimeZone::UTC;
        let receivables = Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &zone), at(NOW));
        let counted: Vec<(i64, i64)> =
            receivables.counted.iter().map(|counted| (counted.good_minor, counted.left_minor)).collect();
        assert_eq!(counted, then, "{name}");
    }
}

#[test]
fn a_person_says_whether_they_are_one() {
    let (mut stage, basket, first, _) = paid_here();
    let of_first = vec![Allocation { invoice: first, amount_minor: 400 }];
    record(&mut stage, &entry("E", "2026-02-11", of_first, None), "2026-02-11T09:00:00Z");
    let decision = stage.step(at(NOW));
    let tasks: Vec<_> = decision.tasks.iter().filter(|task| task.kind == TaskKind::SeenTwice).collect();
    assert_eq!(tasks.len(), 1);
    assert!(tasks[0].detail.contains(basket.id.as_str()) && tasks[0].detail.contains('E'), "{}", tasks[0].detail);
    let asked = tasks[0].id(&stage.facts.tenant, Some(&stage.facts.customer.id));
    let settings = stage.policy.settings.clone();
    for (is_same, then) in [(true, 1_600), (false, 1_200)] {
        let mut stage = stage.clone();
        let change = basket.judged(&PaymentId::derive(&["books", "E"]), is_same, &settings, at(NOW));
        take(&mut stage.facts, &change, &settings, at(NOW));
        assert_eq!(reckon(&stage, at(NOW)), (then, then, 0), "{is_same}");
        assert!(stage.step(at(NOW)).withdrawn.iter().any(|gone| gone.task == asked), "the task is taken back");
    }
}

#[test]
fn two_payments_and_two_entries_are_two() {
    let (mut stage, _, first, second) = paid_here();
    pay_here(&mut stage, "c", &second);
    assert_eq!(reckon(&stage, at(NOW)), (1_200, 1_200, 0));
    let of = |invoice: &InvoiceId| vec![Allocation { invoice: invoice.clone(), amount_minor: 400 }];
    record(&mut stage, &entry("E", "2026-02-11", of(&first), None), "2026-02-11T09:00:00Z");
    record(&mut stage, &entry("F", "2026-02-11", of(&second), None), "2026-02-11T09:00:00Z");
    let (open, asked, pairs) = reckon(&stage, at(NOW));
    assert_eq!(pairs, 2, "each entry is one payment's at most");
    assert!(asked <= 400 && open <= 1_200, "{open} {asked}: nobody is chased for what may have come twice");
}

#[test]
fn what_the_books_enter_a_month_later_is_asked_about_and_counts_once_until_it_is_answered() {
    // What random schedules found: the books enter without a name, eleven days after, what pays two invoices whole.
    let (mut stage, basket, first, second) = paid_here();
    stage.invoice_mut(&first).total_minor = 400;
    let of_first = vec![Allocation { invoice: first, amount_minor: 400 }];
    record(&mut stage, &entry("E", "2026-02-21", of_first, None), "2026-02-21T09:00:00Z");
    let now = at("2026-02-22T09:00:00Z");
    let decision = stage.step(now);
    let kinds: Vec<TaskKind> = decision.tasks.iter().map(|task| task.kind).collect();
    assert!(kinds.contains(&TaskKind::SeenTwice) && !kinds.contains(&TaskKind::Overpaid), "{kinds:?}");
    assert_eq!(reckon(&stage, now), (1_000, 1_000, 1), "no credit comes of it for {second}");
    let settings = stage.policy.settings.clone();
    // What is one pays once; of two, the second is too much on its invoice, and is credit.
    for (is_same, then) in [(true, (1_000, 1_000, 0)), (false, (1_000, 600, 0))] {
        let mut stage = stage.clone();
        let change = basket.judged(&PaymentId::derive(&["books", "E"]), is_same, &settings, now);
        take(&mut stage.facts, &change, &settings, now);
        assert_eq!(reckon(&stage, now), then, "{is_same}");
    }
}

#[test]
fn an_entry_is_asked_about_with_the_payment_that_it_is_nearest_to() {
    let (mut stage, _, first, _) = paid_here();
    let later = pay_here_on(&mut stage, "c", &first, "2026-02-24");
    let of_first = vec![Allocation { invoice: first, amount_minor: 400 }];
    record(&mut stage, &entry("E", "2026-02-25", of_first, None), "2026-02-25T09:00:00Z");
    let zone = jiff::tz::TimeZone::UTC;
    let now = at("2026-02-26T09:00:00Z");
    let receivables = Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &zone), now);
    let pairs: Vec<&PaymentId> = receivables.twice.iter().map(|twice| &twice.basket).collect();
    assert_eq!(pairs, [&later.id]);
}

#[test]
fn money_on_its_way_is_kept_back_on_top_of_what_may_have_come() {
    let (mut stage, _, first, _) = paid_here();
    let of_first = vec![Allocation { invoice: first.clone(), amount_minor: 400 }];
    record(&mut stage, &entry("E", "2026-02-11", of_first, None), "2026-02-11T09:00:00Z");
    let begin = |amount_minor| beginning("c", vec![line(&first, amount_minor)]);
    // Of A are 400 paid and 400 may be: 200 are left to pay, and then nothing.
    assert!(begin(201).begin(&stage.facts, &stage.policy.settings, at(NOW)).is_err());
    let (_, agreement) = begin(200).begin(&stage.facts, &stage.policy.settings, at(NOW)).expect("no flaw");
    stage.facts = crate::evolve(&stage.facts, &crate::Event::AgreementPut(agreement));
    assert_eq!(reckon(&stage, at(NOW)), (1_600, 1_000, 1), "only B");
}

#[test]
fn what_a_person_is_asked_about_is_set_aside_once_it_was_answered() {
    let (mut stage, basket, first, second) = paid_here();
    // All of it is paid, and nothing else is to be settled of it.
    stage.invoice_mut(&first).total_minor = 400;
    let of_first = vec![Allocation { invoice: first.clone(), amount_minor: 400 }];
    record(&mut stage, &entry("E", "2026-02-11", of_first, None), "2026-02-11T09:00:00Z");
    let spent = |stage: &Stage| {
        let zone = jiff::tz::TimeZone::UTC;
        let receivables = Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &zone), at(NOW));
        (receivables.closed.contains(&first), receivables.twice.len(), receivables.spent.len())
    };
    assert_eq!(spent(&stage), (true, 1, 0), "who asks must find both, also after a decision that was not kept");
    let change = basket.judged(&PaymentId::derive(&["books", "E"]), true, &stage.policy.settings, at(NOW));
    take(&mut stage.facts, &change, &stage.policy.settings.clone(), at(NOW));
    assert_eq!(spent(&stage), (true, 0, 2));
    assert_eq!(reckon(&stage, at(NOW)).0, 1_000, "{second} is open");
}

#[test]
fn what_was_paid_of_a_void_invoice_is_credit_and_a_person_hears_of_it() {
    let (mut stage, _, first, _) = paid_here();
    stage.invoice_mut(&first).status = crate::InvoiceStatus::Void;
    assert_eq!(reckon(&stage, at(NOW)), (1_000, 600, 0));
    let decision = stage.step(at(NOW));
    let overpaid: Vec<_> = decision.tasks.iter().filter(|task| task.kind == TaskKind::Overpaid).collect();
    assert!(matches!(overpaid.as_slice(), [task] if task.detail.contains(first.as_str())), "{:?}", decision.tasks);
    // Also where nothing else is open.
    let (mut stage, _, first, second) = paid_here();
    for invoice in [&first, &second] {
        stage.invoice_mut(invoice).status = crate::InvoiceStatus::Void;
    }
    assert!(stage.step(at(NOW)).tasks.iter().any(|task| task.kind == TaskKind::Overpaid));
    // What the books themselves say of it is no money: a payment may be of another invoice by now.
    let (mut stage, _, _, second) = paid_here();
    stage.invoice_mut(&second).paid_minor = 300;
    stage.invoice_mut(&second).status = crate::InvoiceStatus::Void;
    assert_eq!(reckon(&stage, at(NOW)), (600, 600, 0));
}

#[test]
fn an_entry_of_what_came_and_failed_before_anybody_heard_of_it_is_no_money() {
    // What random schedules found: that a debit was confirmed is heard once it has failed, and the books have it meanwhile.
    let mut stage = Stage::new(ladder());
    stage.policy.settings.after_refund = AfterRefund::Chase;
    let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let settings = stage.policy.settings.clone();
    let (basket, _) = beginning("b", vec![line(&first, 400)]).begin(&stage.facts, &settings, at(BEGUN)).expect("no flaw");
    let named = entry("E", "2026-02-11", vec![Allocation { invoice: first, amount_minor: 400 }], Some(basket.id.as_str()));
    let fact = PaymentFact::merge(None, &named, at("2026-02-11T09:00:00Z")).expect("a first version");
    stage.facts.payments.push(fact);
    assert_eq!(reckon(&stage, at(NOW)), (600, 600, 0), "only the books know of it");
    let failed = || crate::ProviderOutcome::Failed { reason: "refer_to_payer".to_owned(), retries: false };
    let (came_at, failed_at) = ("2026-02-10T10:00:00Z", "2026-02-12T10:00:00Z");
    let all = [("came/failed", came_at, failed()), ("came", came_at, received(400, EUR, "pi")), ("failed", failed_at, failed())];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (mut stage, mut basket) = (stage.clone(), basket.clone());
        for place in order {
            let (event, when, what) = &all[place];
            let change = basket.hear(&said(&basket, event, when, what.clone()), &settings, at(NOW));
            assert_eq!(change.tasks, [], "{order:?}: it pays nothing");
            take(&mut stage.facts, &change, &settings, at(NOW));
            basket = change.basket;
        }
        assert_eq!((basket.status, basket.received_minor), (crate::BasketStatus::Failed, 0), "{order:?}");
        assert_eq!(reckon(&stage, at(NOW)), (1_000, 1_000, 0), "{order:?}");
    }
}

#[test]
fn a_payment_that_did_not_stay_is_not_set_aside_while_its_entry_says_that_it_came() {
    // Less came than was asked for, so that it is for no invoice; the books have it so too.
    let mut stage = Stage::new(ladder());
    stage.policy.settings.after_refund = AfterRefund::Chase;
    let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let settings = stage.policy.settings.clone();
    let (basket, _) = beginning("b", vec![line(&first, 500)]).begin(&stage.facts, &settings, at(BEGUN)).expect("no flaw");
    let received = said(&basket, "e", "2026-02-10T10:00:00Z", received(400, EUR, "pi"));
    let paid = basket.hear(&received, &settings, at(NOW)).basket;
    let failed = crate::ProviderOutcome::Failed { reason: "refer_to_payer".to_owned(), retries: false };
    let change = paid.hear(&said(&paid, "f", "2026-02-12T10:00:00Z", failed), &settings, at(NOW));
    take(&mut stage.facts, &change, &settings, at(NOW));
    let id = basket.id.to_string();
    record(&mut stage, &entry("E", "2026-02-11", vec![], Some(&id)), "2026-02-11T09:00:00Z");
    let zone = jiff::tz::TimeZone::UTC;
    let receivables = Receivables::at(&stage.facts, ReceivablesRules::of(&settings, &zone), at(NOW));
    assert_eq!((receivables.exposure_minor(EUR), receivables.spent.clone()), (1_000, vec![]));
}
