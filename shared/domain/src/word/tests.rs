use super::*;
use crate::{
    AgreementScope, Because, CaseState, Channel, ChargeStatus, Currency, CustomerKind, DebtPurpose, DeliveryEvent, DisputeReason,
    DisputeStatus, EffectKind, EffectStatus, EndsWith, HoldClock, HoldReason, InvoiceId, InvoiceStatus, MessageStatus, Mode,
    MoneyStatus, OrderKind, Outcome, PauseStatus, PaymentKind, PaymentStatus, PendingStatus, PlanStatus, PromiseStatus,
    ReversalKind, Role, SuppressionReason, TaskKind, TaskResult, Terms, WaitingReason, WayOfPaying,
    testing::{Stage, at, ladder},
};

#[test]
fn a_later_word_is_one_to_31_bytes() {
    for (text, is_word) in [("", false), ("x", true), (&"x".repeat(31), true), (&"x".repeat(32), false), ("zurückgestellt", true)]
    {
        assert_eq!(LaterWord::parse(text).map(|word| word.to_string()), is_word.then(|| text.to_owned()), "{text}");
        assert_eq!(serde_json::from_value::<Mode>(text.into()).is_ok(), is_word, "{text}");
    }
}

#[test]
fn what_is_said_now_must_be_known() {
    let said = |text: &str| known::<Channel, _>(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string());
    assert_eq!(said("\"sms\""), Ok(Channel::Sms));
    let refused = said("\"pigeon\"").expect_err("not of this release");
    assert!(refused.starts_with("unknown variant `pigeon`, expected one of `email`, `sms`"), "{refused}");
    assert!(said("7").is_err());
    let list = |text: &str| known_each::<Channel, _>(&mut serde_json::Deserializer::from_str(text));
    assert_eq!(list(r#"["sms", "email"]"#).expect("known"), [Channel::Sms, Channel::Email]);
    assert!(list(r#"["sms", "pigeon"]"#).is_err());
    let map = |text: &str| known_keys::<Channel, String, _>(&mut serde_json::Deserializer::from_str(text));
    assert_eq!(map(r#"{"sms": "a"}"#).expect("known").len(), 1);
    assert!(map(r#"{"pigeon": "a"}"#).is_err());
    let maybe = |text: &str| known_if_any::<Channel, _>(&mut serde_json::Deserializer::from_str(text));
    assert_eq!(maybe("null").expect("nothing"), None);
    assert!(maybe("\"pigeon\"").is_err());
}

/// Every enum that the table keeps as a word, here; those of the store stand in its own test.
#[test]
fn a_later_word_is_read_and_written_back_as_it_was() {
    fn kept<T: serde::de::DeserializeOwned + Serialize>(name: &str, form: &str) {
        let text = form.replace('?', "of_2031");
        let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_string(&read).expect("plain"), text, "{name}");
    }
    type Keeps = fn(&str, &str);
    let all: &[(&str, &str, Keeps)] = &[
        ("CaseState", "\"?\"", kept::<CaseState>),
        ("CaseState", "{\"waiting\":\"?\"}", kept::<CaseState>),
        ("WaitingReason", "\"?\"", kept::<WaitingReason>),
        ("SuppressionReason", "\"?\"", kept::<SuppressionReason>),
        ("PendingStatus", "\"?\"", kept::<PendingStatus>),
        ("MessageStatus", "\"?\"", kept::<MessageStatus>),
        ("DeliveryEvent", "\"?\"", kept::<DeliveryEvent>),
        ("InvoiceStatus", "\"?\"", kept::<InvoiceStatus>),
        ("PaymentStatus", "\"?\"", kept::<PaymentStatus>),
        ("PaymentKind", "\"?\"", kept::<PaymentKind>),
        ("ReversalKind", "\"?\"", kept::<ReversalKind>),
        ("Outcome", "\"?\"", kept::<Outcome>),
        ("TaskKind", "\"?\"", kept::<TaskKind>),
        ("TaskResult", "\"?\"", kept::<TaskResult>),
        ("EffectKind", "\"?\"", kept::<EffectKind>),
        ("EffectStatus", "\"?\"", kept::<EffectStatus>),
        ("Mode", "\"?\"", kept::<Mode>),
        ("Channel", "\"?\"", kept::<Channel>),
        ("Role", "\"?\"", kept::<Role>),
        ("CustomerKind", "\"?\"", kept::<CustomerKind>),
        ("DebtPurpose", "\"?\"", kept::<DebtPurpose>),
        ("OrderKind", "\"?\"", kept::<OrderKind>),
        ("ChargeStatus", "\"?\"", kept::<ChargeStatus>),
        ("Because", "{\"kind\":\"?\"}", kept::<Because>),
        ("Terms", "{\"kind\":\"?\"}", kept::<Terms>),
        ("EndsWith", "\"?\"", kept::<EndsWith>),
        ("AgreementScope", "\"?\"", kept::<AgreementScope>),
        ("PromiseStatus", "\"?\"", kept::<PromiseStatus>),
        ("DisputeStatus", "\"?\"", kept::<DisputeStatus>),
        ("PlanStatus", "\"?\"", kept::<PlanStatus>),
        ("PauseStatus", "\"?\"", kept::<PauseStatus>),
        ("MoneyStatus", "\"?\"", kept::<MoneyStatus>),
        ("DisputeReason", "\"?\"", kept::<DisputeReason>),
        ("WayOfPaying", "\"?\"", kept::<WayOfPaying>),
        ("HoldReason", "\"?\"", kept::<HoldReason>),
        ("HoldClock", "\"?\"", kept::<HoldClock>),
    ];
    for (name, form, keeps) in all {
        keeps(name, form);
    }
}

/// Two invoices of 1,000 and 500, past due, at the moment at which the first step about them is due.
fn overdue() -> (Stage, InvoiceId) {
    let mut stage = Stage::new(ladder());
    let id = stage.invoice("A", Currency::EUR, 1_000, "2026-02-03");
    stage.invoice("B", Currency::EUR, 500, "2026-02-03");
    (stage, id)
}

fn later() -> LaterWord {
    LaterWord::parse("of_2031").expect("a word")
}

fn decided(stage: &Stage) -> crate::Decision {
    crate::decide(&stage.facts, &stage.policy, at("2026-02-04T15:45:00Z"))
}

fn owed(stage: &Stage) -> (i64, i64) {
    let owed = decided(stage).owed.remove(&Currency::EUR).unwrap_or_default();
    (owed.open_minor, owed.due_now_minor)
}

#[test]
fn an_invoice_that_stands_as_a_later_release_says_is_owed_and_not_chased() {
    let (mut stage, id) = overdue();
    assert_eq!(owed(&stage), (1_500, 1_500));
    stage.invoice_mut(&id).status = InvoiceStatus::Later(later());
    assert_eq!(owed(&stage), (1_500, 500));
    assert!(decided(&stage).archiving.is_empty(), "it is not set aside");
}

#[test]
fn money_of_which_a_later_release_knows_what_became_is_kept_back_and_no_credit() {
    for (status, kind) in
        [(PaymentStatus::Later(later()), PaymentKind::Payment), (PaymentStatus::Received, PaymentKind::Later(later()))]
    {
        let (mut stage, id) = overdue();
        stage.pay("P", &id, 400, status, "2026-02-01T00:00:00Z");
        let payment = &mut stage.facts.payments[0].payment;
        (payment.kind, payment.amount_minor) = (kind, 600);
        assert_eq!(owed(&stage), (1_500, 900), "400 of the invoice, and 200 of whatever is left, are kept back");
        // Of another customer's, what it leaves is not kept back here.
        stage.facts.shared = std::mem::take(&mut stage.facts.payments);
        assert_eq!(owed(&stage), (1_500, 1_100));
    }
}

#[test]
fn what_was_taken_back_in_a_way_of_a_later_release_is_kept_back_whatever_the_settings_say() {
    for (kind, due_now) in [(ReversalKind::Refund, 1_500), (ReversalKind::Later(later()), 500)] {
        let (mut stage, id) = overdue();
        stage.policy.settings.after_refund = crate::settings::AfterRefund::Chase;
        stage.pay("P", &id, 1_000, PaymentStatus::Received, "2026-02-01T00:00:00Z");
        let payment = stage.facts.payments[0].payment.clone();
        stage.facts.reversals.push(crate::Reversal {
            external_id: "R".to_owned(),
            source_version: payment.source_version,
            payment: payment.id,
            amount_minor: 1_000,
            currency: payment.currency,
            in_force: true,
            kind,
        });
        assert_eq!(owed(&stage), (1_500, due_now), "{kind:?}");
    }
}

#[test]
fn a_case_in_a_state_of_a_later_release_waits_in_it() {
    for state in [CaseState::Later(later()), CaseState::Waiting(WaitingReason::Later(later()))] {
        let (mut stage, _) = overdue();
        let decision = decided(&stage);
        assert_eq!(decision.messages.len(), 1, "it would be chased");
        stage.facts = crate::evolve(&stage.facts, &crate::Event::Decided { decision, at: at("2026-02-04T15:45:00Z") });
        let pending = stage.facts.pending[0].clone();
        stage.facts.cases.values_mut().for_each(|case| case.state = state);
        let recheck = crate::decide::recheck(&stage.facts, &stage.policy, &pending, at("2026-02-04T15:45:00Z"));
        assert!(matches!(&recheck, crate::decide::Recheck::Supersede(why) if why.contains("of_2031")), "{recheck:?}");
        stage.facts.pending.clear();
        let decision = decided(&stage);
        assert!(decision.messages.is_empty() && decision.tasks.is_empty());
        assert!(decision.cases.values().all(|case| case.state == state), "{:?}", decision.cases);
        assert_eq!(decision.trace[0].because, Because::UnknownState { state: "of_2031".to_owned() });
    }
}

#[test]
fn a_step_that_ended_as_a_later_release_says_is_over() {
    let (mut stage, _) = overdue();
    let covered = decided(&stage).messages[0].rows.clone();
    stage.facts.coverage.push(crate::Coverage {
        workflow: Default::default(),
        number: 1,
        at: at("2026-02-04T09:00:00Z"),
        mode: Mode::Later(later()),
        outcome: Outcome::Later(later()),
        message: None,
        way: None,
        person: None,
        pay_by: None,
        rows: covered,
        copy: false,
        receipt_by: None,
    });
    assert!(decided(&stage).messages.is_empty(), "nobody is written to again, whatever ledger it is of");
}

#[test]
fn an_address_that_a_later_release_suppressed_and_its_owner_are_left_alone() {
    let (mut stage, _) = overdue();
    let phone = stage.facts.customer.contacts[0].phone.clone().expect("a number");
    let suppression = crate::Suppression { reason: SuppressionReason::Later(later()), at: at("2026-02-01T00:00:00Z") };
    stage.facts.addresses.entry(crate::address_key(Channel::Sms, &phone)).or_default().suppressed = Some(suppression);
    assert!(decided(&stage).messages.is_empty(), "not by email either: it may reach every address");
}

#[test]
fn work_and_results_of_a_later_release_are_shown_and_settle_nothing() {
    let kind = TaskKind::Later(later());
    assert!(kind.is_exception() && crate::OpenWork::outlives_its_end(kind));
    assert_eq!(EffectKind::of_task(kind), EffectKind::Task);
    let result = TaskResult::Later(later());
    assert!([TaskKind::Task, TaskKind::Approval].into_iter().all(|kind| !result.fits(kind)));
    assert_eq!(result.effect(), EffectStatus::Later(later()));
    assert_eq!(MessageStatus::of_pending(PendingStatus::Later(later())), MessageStatus::Later(later()));
    let contact = crate::testing::contact("p1", Role::Later(later()));
    assert_eq!(contact.address(Channel::Later(later())), None, "no sender has it");
    let (mut stage, _) = overdue();
    stage.facts.customer.contacts = vec![contact];
    assert!(decided(&stage).messages.is_empty(), "nobody is written to for a role that is not known");
    assert!(decided(&overdue().0).messages.len() == 1);
    let (mut stage, _) = overdue();
    stage.policy.settings.mode = Mode::Later(later());
    assert!(decided(&stage).messages.is_empty());
}

#[test]
fn settings_and_workflows_say_nothing_that_this_release_does_not_know() {
    let settings = |mode: &str, channel: &str| {
        let json = serde_json::json!({"name": "Acme", "mode": mode, "sender": {channel: "ap@acme.example"}});
        serde_json::from_value::<crate::Settings>(json).map_err(|error| error.to_string())
    };
    assert!(settings("live", "email").is_ok());
    for (mode, channel) in [("weird", "email"), ("live", "weird")] {
        let refused = settings(mode, channel).expect_err("refused");
        assert!(refused.starts_with("unknown variant `weird`, expected one of"), "{refused}");
    }
    let own = |channel: &str| {
        let json = serde_json::json!({"name": "Acme", "legal_entities": {"berlin": {"sender": {channel: "ar@berlin.example"}}}});
        serde_json::from_value::<crate::Settings>(json).map_err(|error| error.to_string())
    };
    let sender = own("email").map(|settings| settings.sender_of("berlin", Channel::Email).map(str::to_owned));
    assert_eq!(sender, Ok(Some("ar@berlin.example".to_owned())));
    let refused = own("emial").expect_err("refused");
    assert!(refused.starts_with("unknown variant `emial`, expected one of"), "{refused}");
    let send = |channel: &str, role: &str| {
        serde_json::from_value::<crate::workflow::Send>(
            serde_json::json!({"channels": [channel], "template": "reminder", "to": [role]}),
        )
    };
    assert!(send("email", "billing").is_ok() && send("weird", "billing").is_err() && send("email", "weird").is_err());
}
