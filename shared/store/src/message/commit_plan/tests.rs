//! What a decision comes to on the table, case by case.

use domain::{
    Archiving, BalanceKey, Because, Case, CaseId, CaseKey, CaseState, CaseTrace, Channel, Currency, Customer, CustomerId,
    DueItemKey, Invoice, InvoiceFact, InvoiceId, LastContact, Mode, NewTask, Outcome, PersonDigest, Planned, RuleTrace, TaskKind,
};

use super::*;

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_767_603_600 + minutes * 60).unwrap()
}

/// A customer that was decided three times and is due for minutes.
fn head() -> Head {
    Head {
        customer: CustomerId::derive(&["acme", "C-1"]),
        version: 7,
        shard: 0,
        due: Next::At(at(-5)),
        decision: 3,
        tip: "before".to_owned(),
        cases: [(case_key(), case())].into(),
        pending: BTreeMap::new(),
        covered_from: 2,
        last_contact: LastContact::default(),
        replied_at: None,
        backoff_until: None,
        failures: 0,
        decided_at: Some(at(-60)),
        because: String::new(),
        owed: BTreeMap::new(),
        owed_at: None,
        open_invoices: 1,
        due_sk: None,
    }
}

fn case_key() -> CaseKey {
    CaseKey::new(BalanceKey::of(Currency::EUR), "standard")
}

fn case() -> Case {
    Case {
        id: CaseId::derive(&["acme", "case"]),
        workflow: "standard".to_owned(),
        version: 1,
        opened_at: at(-600),
        state: CaseState::Open,
        by_hand: false,
        stated: domain::StatedPeriods::default(),
    }
}

fn invoice_id() -> InvoiceId {
    InvoiceId::derive(&["acme", "INV-1"])
}

fn facts(head: &Head) -> Facts {
    let invoice = serde_json::json!({
        "id": invoice_id(), "external_id": "INV-1", "source_version": 1, "number": "INV-1", "currency": "EUR", "total_minor": 125_000,
        "issued_on": "2026-01-05", "due_on": "2026-02-04", "status": "open",
    });
    let invoice: Invoice = serde_json::from_value(invoice).unwrap();
    Facts {
        version: head.version,
        decision: head.decision,
        invoices: vec![InvoiceFact { invoice, folded: vec![], archived: false }],
        cases: head.cases.clone(),
        ..Facts::of(tenant(), Customer::stub(&head.customer, "stripe", head.customer.as_str()))
    }
}

/// A look that changes nothing.
fn nothing(head: &Head) -> Decision {
    Decision {
        cases: head.cases.clone(),
        messages: vec![],
        tasks: vec![],
        agreements: vec![],
        charges: vec![],
        marks: vec![],
        next: head.due,
        trace: vec![],
        owed: Default::default(),
        archiving: Archiving::default(),
        inputs: None,
        work: vec![],
        withdrawn: vec![],
        used_orders: vec![],
    }
}

fn rows(count: usize) -> Vec<Covered> {
    let item = |n| DueItemKey::whole(InvoiceId::derive(&["acme", &format!("INV-{n}")]));
    (1..=count)
        .map(|n| Covered {
            item: item(n),
            step: "reminder".to_owned(),
            occurrence: domain::Occurrence::default(),
            due_now_minor: 1,
        })
        .collect()
}

fn planned(covered: usize) -> Planned {
    Planned {
        position: 0,
        mode: Mode::Live,
        case: case_key(),
        channel: Channel::Email,
        contact: "p1".to_owned(),
        person: Some(PersonDigest::of("ap@acme.example")),
        template: "reminder".to_owned(),
        template_version: 1,
        rows: rows(covered),
        pay_by: None,
        copy_of: None,
        receipt_within: None,
    }
}

fn mark(covered: usize) -> Coverage {
    let rows = rows(covered);
    Coverage {
        workflow: Default::default(),
        number: 0,
        at: at(0),
        mode: Mode::Live,
        outcome: Outcome::Skipped,
        message: None,
        way: None,
        person: None,
        pay_by: None,
        rows,
        copy: false,
        receipt_by: None,
    }
}

fn task(number: usize) -> NewTask {
    NewTask {
        kind: TaskKind::Task,
        key: number.to_string(),
        title: "call".to_owned(),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}

/// A trace that the head has no room for.
fn wordy() -> CaseTrace {
    let rule = RuleTrace {
        rule: "consent".to_owned(),
        version: 1,
        channel: Channel::Sms,
        contact: "p1".to_owned(),
        said: "no ".repeat(200),
    };
    CaseTrace {
        currency: Currency::EUR,
        legal_entity: Default::default(),
        case: Some(case().id),
        joined: None,
        by_hand: false,
        state: None,
        workflow: None,
        version: None,
        due_now_minor: 1,
        open_minor: 1,
        driver: None,
        step: None,
        because: Because::Send,
        until: None,
        lapsed: vec![],
        rules: vec![rule],
        orders: vec![],
    }
}

/// What a plan comes to: before the head, the head by the readable names of what it sets (`-` before what it removes), beside it.
fn shape(plan: &CommitPlan) -> (String, String, String) {
    let First { archiving, chunks, tasks } = &plan.first;
    let before = format!("{} filed, {} chunks, {} tasks", archiving.len(), chunks.len(), tasks.len());
    let names = plan.head.names().unwrap();
    let readable = |stored: &String| {
        let known = [head::KIND, crate::table::attributes::every::KIND];
        let found = known.iter().flat_map(|kind| kind.attributes).find(|attribute| attribute.stored == stored);
        found.map_or("message", |attribute| attribute.name).to_lowercase()
    };
    let expression = plan.head.expression().unwrap();
    let (set, removed) = expression.split_once(" REMOVE ").unwrap_or((&expression, ""));
    let paths = |part: &str, sign: &str| -> Vec<String> {
        let paths = part.trim_start_matches("SET ").split(", ").filter(|path| !path.is_empty());
        let name = |path: &str| readable(&names[path.split([' ', '.']).next().unwrap_or_default()]);
        paths.map(|path| format!("{sign}{}", name(path))).collect()
    };
    let head = [paths(set, ""), paths(removed, "-")].concat().join(" ");
    let record = plan.record.as_ref().map_or("no record", |(key, _)| key.sk.as_str());
    let beside =
        if plan.is_one_write() { "one write".to_owned() } else { format!("{record}, {} tasks", plan.tasks_within.len()) };
    (before, head, beside)
}

#[track_caller]
fn check(head: &Head, decision: &Decision, number: u64, before: &str, sets: &str, beside: &str) -> CommitPlan {
    let plan = plan_commit(&tenant(), head, &facts(head), decision, at(0)).unwrap();
    assert_eq!(plan.number, number);
    let (known_before, known_sets, known_beside) = shape(&plan);
    assert_eq!((known_before.as_str(), known_sets.as_str(), known_beside.as_str()), (before, sets, beside));
    let seen = plan.head.condition().unwrap();
    assert_eq!(seen.matches(" = ").count(), 3, "the version, decision and record that it was made from: {seen}");
    plan
}

const NOTHING_BEFORE: &str = "0 filed, 0 chunks, 0 tasks";
const DECIDED: &str = "decided_at because decision cases covered_from open_invoices";

#[test]
fn a_look_that_changes_nothing_leaves_its_moment_and_reason() {
    let head = head();
    check(&head, &nothing(&head), 3, NOTHING_BEFORE, "decided_at because", "one write");
}

#[test]
fn a_look_that_only_moves_the_due_moment_is_recorded() {
    let head = head();
    let later = Decision { next: Next::At(at(600)), ..nothing(&head) };
    check(&head, &later, 4, NOTHING_BEFORE, &format!("{DECIDED} due_pk due_sk tip"), "DEC#0000000004, 0 tasks");
    let never = Decision { next: Next::Nothing, ..nothing(&head) };
    check(&head, &never, 4, NOTHING_BEFORE, &format!("{DECIDED} tip -due_pk -due_sk"), "DEC#0000000004, 0 tasks");
}

#[test]
fn a_persons_message_leaves_what_was_last_said_of_the_cases() {
    let head = head();
    let own = Planned { template: domain::own_message::OWN_WORDS.to_owned(), ..planned(1) };
    let send = Decision { messages: vec![own], trace: vec![], next: Next::At(at(0)), ..nothing(&head) };
    // It is due anew, though the customer was due before.
    let sets = format!("{} pending due_pk due_sk", DECIDED.replace("because ", ""));
    check(&head, &send, 4, NOTHING_BEFORE, &sets, "one write");
}

#[test]
fn messages_alone_are_one_write_and_keep_the_customer_due() {
    let head = head();
    let send = Decision { messages: vec![planned(1)], next: Next::At(at(600)), ..nothing(&head) };
    let plan = check(&head, &send, 4, NOTHING_BEFORE, &format!("{DECIDED} pending"), "one write");
    assert_eq!(plan.messages, [keys::message(&tenant(), &head.customer, 4, 0)]);
    let early = Head { due: Next::At(at(600)), ..head };
    check(&early, &send, 4, NOTHING_BEFORE, &format!("{DECIDED} pending due_pk due_sk"), "one write");
}

#[test]
fn what_has_no_room_on_the_head_is_written_beside_it() {
    let head = head();
    let long = Decision { messages: vec![planned(ROWS_INLINE + 1)], ..nothing(&head) };
    check(&head, &long, 4, "0 filed, 1 chunks, 0 tasks", &format!("{DECIDED} pending"), "one write");
    let wordy = Decision { messages: vec![planned(1)], trace: vec![wordy()], ..nothing(&head) };
    check(&head, &wordy, 4, NOTHING_BEFORE, &format!("{DECIDED} pending tip"), "DEC#0000000004, 0 tasks");
}

#[test]
fn marks_take_effect_with_the_head_and_long_ones_are_written_first() {
    let head = head();
    let skipped = |marks| Decision { marks, ..nothing(&head) };
    let (sets, record) = (format!("{DECIDED} tip"), "COV#0000000004#999, 0 tasks");
    check(&head, &skipped(vec![mark(1)]), 4, NOTHING_BEFORE, &sets, record);
    check(&head, &skipped(vec![mark(MARK_ROWS_INLINE), mark(30)]), 4, "0 filed, 1 chunks, 0 tasks", &sets, record);
}

#[test]
fn more_tasks_than_a_transaction_takes_are_raised_before_it() {
    let head = head();
    let tasks = |count| Decision { tasks: (0..count).map(task).collect(), ..nothing(&head) };
    let sets = format!("{DECIDED} tip");
    check(&head, &tasks(TASKS_IN_TRANSACTION), 4, NOTHING_BEFORE, &sets, "DEC#0000000004, 40 tasks");
    let plan = check(&head, &tasks(TASKS_IN_TRANSACTION + 2), 4, "0 filed, 0 chunks, 2 tasks", &sets, "DEC#0000000004, 40 tasks");
    assert_eq!(plan.tasks.len(), TASKS_IN_TRANSACTION + 2);
    // The same task twice is one item: a transaction names each once.
    let twice = Decision { tasks: vec![task(1), task(1)], ..nothing(&head) };
    check(&head, &twice, 4, NOTHING_BEFORE, &sets, "DEC#0000000004, 1 tasks");
}

#[test]
fn a_decision_ends_a_back_off() {
    let head = Head { failures: 2, backoff_until: Some(at(30)), ..head() };
    check(&head, &nothing(&head), 3, NOTHING_BEFORE, "decided_at because -failures -backoff_until", "one write");
}

#[test]
fn facts_are_filed_before_the_head_says_so() {
    let head = head();
    let archiving = Archiving { archive_invoices: vec![(invoice_id(), vec![])], covered_from: 4, ..Archiving::default() };
    let filed = Decision { archiving, ..nothing(&head) };
    check(&head, &filed, 4, "1 filed, 0 chunks, 0 tasks", &format!("{DECIDED} tip"), "DEC#0000000004, 0 tasks");
    let unknown = Archiving { restore_invoices: vec![InvoiceId::derive(&["acme", "other"])], ..Archiving::default() };
    let refused = plan_commit(&tenant(), &head, &facts(&head), &Decision { archiving: unknown, ..nothing(&head) }, at(0));
    assert!(matches!(refused, Err(crate::Error::Refused { .. })), "{refused:?}");
}

#[test]
fn what_time_changed_of_agreements_is_written_with_the_head() {
    let head = head();
    let charge = domain::Charge {
        id: domain::ChargeId::derive(&["late"]),
        name: "Late payment fee".to_owned(),
        currency: Currency::EUR,
        legal_entity: Default::default(),
        workflow: None,
        amount_minor: Some(500),
        step: "fee".to_owned(),
        proposed_at: at(0),
        due_on: None,
        status: domain::ChargeStatus::Proposed,
        status_at: at(0),
        by: String::new(),
        folded: vec![],
    };
    let plan = plan_commit(&tenant(), &head, &facts(&head), &nothing(&head), at(0)).unwrap();
    assert!(plan.agreed.is_empty());
    let proposes = Decision { charges: vec![charge.clone()], ..nothing(&head) };
    let plan = plan_commit(&tenant(), &head, &facts(&head), &proposes, at(0)).unwrap();
    assert_eq!((plan.agreed.len(), plan.is_one_write()), (2, false), "the charge, and whose it is");
    assert_eq!(plan.number, head.decision + 1);
    // One that a person changed meanwhile is not proposed again.
    let known = Facts { charges: vec![domain::Charge { status: domain::ChargeStatus::Waived, ..charge }], ..facts(&head) };
    assert!(plan_commit(&tenant(), &head, &known, &proposes, at(0)).unwrap().agreed.is_empty());
}
