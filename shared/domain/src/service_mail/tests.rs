use super::*;
use crate::{
    AgreementScope, Currency, Dispute, DisputeReason, HoldClock, PaymentPlan, Promise, WayOfPaying,
    word::{LaterWord, Word},
};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Everything is as it should be.
fn right() -> ServiceMailFacts {
    ServiceMailFacts {
        mode: Mode::Live,
        paused: false,
        training: false,
        link: MailedLink::Good,
        reaches: true,
        suppressed: None,
        beside: None,
        from: MailedFrom::Listed,
        waited: SignedDuration::from_secs(3),
    }
}

fn kinds() -> Vec<ServiceMailKind> {
    ServiceMailKind::WORDS.iter().map(|word| ServiceMailKind::read(word).expect("a word")).collect()
}

#[test]
fn what_keeps_a_notice_from_leaving() {
    use ServiceMailBlock as Not;
    let later = SuppressionReason::Later(LaterWord::parse("of_2031").expect("a word"));
    let suppressed = |reason| ServiceMailFacts { suppressed: Some(reason), ..right() };
    let beside = |reason| ServiceMailFacts { suppressed: Some(SuppressionReason::OptOut), beside: Some(reason), ..right() };
    for (facts, expected) in [
        (right(), None),
        (ServiceMailFacts { mode: Mode::Shadow, ..right() }, Some(Not::Shadow)),
        (ServiceMailFacts { mode: Mode::Off, ..right() }, Some(Not::Off)),
        (ServiceMailFacts { mode: Mode::Later(LaterWord::parse("x").expect("a word")), ..right() }, Some(Not::Off)),
        (ServiceMailFacts { training: true, ..right() }, Some(Not::Training)),
        (ServiceMailFacts { paused: true, ..right() }, Some(Not::Paused)),
        (ServiceMailFacts { link: MailedLink::Revoked, ..right() }, Some(Not::LinkVoid)),
        (ServiceMailFacts { reaches: false, ..right() }, Some(Not::AddressGone)),
        (suppressed(SuppressionReason::Bounce), Some(Not::Bounced)),
        (suppressed(SuppressionReason::Complaint), Some(Not::Complained)),
        (suppressed(SuppressionReason::Cease), Some(Not::Ceased)),
        (suppressed(later), Some(Not::Stopped)),
        // Who wants no messages still hears what they did; an address that takes nothing takes this no more than that.
        (suppressed(SuppressionReason::OptOut), None),
        (beside(SuppressionReason::Bounce), Some(Not::Bounced)),
        (beside(SuppressionReason::Complaint), Some(Not::Complained)),
        (beside(SuppressionReason::OptOut), None),
        (ServiceMailFacts { from: MailedFrom::Nobody, ..right() }, Some(Not::NoSender)),
        (ServiceMailFacts { from: MailedFrom::Unlisted, ..right() }, Some(Not::UnlistedSender)),
    ] {
        for kind in kinds() {
            // Of an offer nobody asked.
            let opted_out = kind == ServiceMailKind::PlanOffered && facts.suppressed == Some(SuppressionReason::OptOut);
            let expected = if opted_out { Some(Not::OptedOut) } else { expected };
            assert_eq!(why_not(kind, &facts), expected, "{kind} {facts:?}");
        }
    }
}

#[test]
fn an_expired_link_is_good_for_all_but_a_code_and_an_offer() {
    let expired = ServiceMailFacts { link: MailedLink::Expired, ..right() };
    let blocked: Vec<&str> = ServiceMailKind::WORDS
        .iter()
        .copied()
        .filter(|word| why_not(ServiceMailKind::read(word).expect("a word"), &expired).is_some())
        .collect();
    assert_eq!(blocked, ["code", "plan_offered"]);
}

#[test]
fn what_came_too_late_is_not_sent() {
    for (kind, minutes, expected) in [
        (ServiceMailKind::Code, 10, None),
        (ServiceMailKind::Code, 11, Some(ServiceMailBlock::TooLate)),
        (ServiceMailKind::Receipt, 11, None),
        (ServiceMailKind::Receipt, 24 * 60, None),
        (ServiceMailKind::Receipt, 24 * 60 + 1, Some(ServiceMailBlock::TooLate)),
    ] {
        let facts = ServiceMailFacts { waited: SignedDuration::from_mins(minutes), ..right() };
        assert_eq!(why_not(kind, &facts), expected, "{kind} after {minutes} minutes");
    }
}

#[test]
fn the_same_is_asked_for_once() {
    let (one, two) = (LinkId::derive(&["1"]), LinkId::derive(&["2"]));
    let agreement = AgreementId::derive(&["1"]);
    let (early, late) = (at("2026-02-03T10:05:00Z"), at("2026-02-03T10:55:00Z"));
    let of = |kind, link, at| {
        let about = (kind != ServiceMailKind::NewLink).then_some(agreement.as_str());
        ServiceMail::of(kind, link, about, at).id
    };
    for (kind, is_once) in [
        (ServiceMailKind::PromiseMade, true),
        (ServiceMailKind::Receipt, true),
        (ServiceMailKind::Code, true),
        (ServiceMailKind::CopySent, true),
        (ServiceMailKind::NewLink, true),
        // Somebody decided, undid it and decided again.
        (ServiceMailKind::DisputeDecided, false),
        (ServiceMailKind::DecisionUndone, false),
        // One note may be answered several times.
        (ServiceMailKind::Answered, false),
    ] {
        assert_eq!(of(kind, &one, early) == of(kind, &one, late), is_once, "{kind}");
        assert_eq!(of(kind, &one, early), of(kind, &one, early), "{kind}");
        assert_ne!(of(kind, &one, early), of(kind, &two, early), "{kind}");
    }
    let next_hour = at("2026-02-03T11:00:00Z");
    assert_ne!(of(ServiceMailKind::NewLink, &one, early), of(ServiceMailKind::NewLink, &one, next_hour));
    let ids: std::collections::BTreeSet<_> = kinds().into_iter().map(|kind| of(kind, &one, early)).collect();
    assert_eq!(ids.len(), kinds().len());
}

#[test]
fn it_names_what_its_kind_tells_of() {
    let (agreement, basket) = (AgreementId::derive(&["1"]), PaymentId::of_basket(&["1"]));
    let note = NoteId::at(at("2026-02-03T10:00:00Z"), &["1"]);
    let offer = PlanOfferId::derive(&["1"]);
    let (agreement, basket, note) = (Some(agreement.as_str()), Some(basket.as_str()), Some(note.as_str()));
    let reply = ReplyId::derive(&["1"]);
    let reply = Some(reply.as_str());
    let offer = Some(offer.as_str());
    for (kind, about, expected) in [
        (ServiceMailKind::Code, Some("cod_1"), true),
        (ServiceMailKind::Code, Some(""), false),
        (ServiceMailKind::Code, None, false),
        (ServiceMailKind::NewLink, None, true),
        (ServiceMailKind::NewLink, agreement, false),
        (ServiceMailKind::Receipt, basket, true),
        (ServiceMailKind::Receipt, agreement, false),
        (ServiceMailKind::PromiseMade, agreement, true),
        (ServiceMailKind::PromiseMade, None, false),
        (ServiceMailKind::DisputeOpened, agreement, true),
        (ServiceMailKind::DisputeDecided, agreement, true),
        (ServiceMailKind::DecisionUndone, agreement, true),
        (ServiceMailKind::DecisionUndone, note, false),
        (ServiceMailKind::PlanAgreed, basket, false),
        (ServiceMailKind::PlanOffered, offer, true),
        (ServiceMailKind::PlanOffered, agreement, false),
        (ServiceMailKind::PlanOffered, None, false),
        (ServiceMailKind::Answered, note, true),
        (ServiceMailKind::Answered, agreement, false),
        (ServiceMailKind::CopySent, reply, true),
        (ServiceMailKind::CopySent, note, false),
        (ServiceMailKind::Later(LaterWord::parse("x").expect("a word")), agreement, false),
    ] {
        let mail = ServiceMail::of(kind, &LinkId::derive(&["1"]), about, at("2026-02-03T10:00:00Z"));
        assert_eq!(mail.is_whole(), expected, "{mail:?}");
    }
}

fn agreement(terms: Terms) -> Agreement {
    let now = at("2026-02-03T10:00:00Z");
    Agreement {
        id: AgreementId::derive(&["1"]),
        terms,
        scope: AgreementScope::Customer,
        amount_minor: None,
        clock: HoldClock::Freeze,
        made_at: now,
        from_at: now,
        until_on: None,
        ended_at: None,
        status_at: now,
        by: String::new(),
        folded: Vec::new(),
    }
}

#[test]
fn nothing_is_told_that_is_over() {
    let day = jiff::civil::date(2026, 2, 13);
    let promise =
        |status| Terms::Promise(Promise { pays_on: day, way: WayOfPaying::Transfer, expected_on: day, of: Vec::new(), status });
    let dispute = |status| {
        Terms::Dispute(Dispute { reason: DisputeReason::Quality, of: Vec::new(), upheld_minor: None, line: None, status })
    };
    let plan = |status| {
        Terms::Plan(PaymentPlan {
            name: "F-1".to_owned(),
            currency: Currency::EUR,
            legal_entity: compact_str::CompactString::default(),
            parts: Vec::new(),
            of: Vec::new(),
            status,
        })
    };
    let told = |terms: Terms| -> String {
        let agreement = agreement(terms);
        kinds().iter().filter(|kind| kind.is_true_of(&agreement)).map(ServiceMailKind::as_str).collect::<Vec<_>>().join(" ")
    };
    for (terms, expected) in [
        (promise(PromiseStatus::Open), "promise_made"),
        (promise(PromiseStatus::Kept), ""),
        (promise(PromiseStatus::Broken), ""),
        (promise(PromiseStatus::Cancelled), ""),
        (dispute(DisputeStatus::Open), "dispute_opened decision_undone"),
        (dispute(DisputeStatus::Upheld), "dispute_decided"),
        (dispute(DisputeStatus::PartlyUpheld), "dispute_decided"),
        (dispute(DisputeStatus::Rejected), "dispute_decided"),
        (dispute(DisputeStatus::Withdrawn), ""),
        (plan(PlanStatus::Running), "plan_agreed"),
        (plan(PlanStatus::Broken), ""),
    ] {
        assert_eq!(told(terms.clone()), expected, "{terms:?}");
    }
}
