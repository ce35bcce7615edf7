//! Every provider keeps the same promises: what is signed is believed and nothing else, what is said is what was sent, and a payment is
//! begun for exactly what was asked.

mod common;

use std::collections::BTreeSet;

use bytes::Bytes;
use common::{Happening, Kit, access, asked, basket, kits, lines, now, words};
use domain::{Currency, Money, PaymentId, ProviderOutcome, ReversalKind, WayOfPaying};
use http::{HeaderMap, HeaderValue, Response};
use jiff::SignedDuration;
use payments::{
    BegunPayment, CannotBegin, NextCall, PaymentProvider, ProviderSecret, ProviderTrouble, WebhookDelivery, by_name, by_source,
    registry,
};

const ALL: [Happening; 8] = [
    Happening::Received,
    Happening::Pending,
    Happening::Failed,
    Happening::Expired,
    Happening::Refund { in_force: true },
    Happening::Refund { in_force: false },
    Happening::Chargeback { in_force: true },
    Happening::Chargeback { in_force: false },
];

fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

#[test]
fn every_provider_says_what_it_can_do() {
    let names: BTreeSet<&str> = registry().iter().map(|provider| provider.name()).collect();
    assert_eq!(names.len(), registry().len(), "names are given once");
    assert!(!registry().is_empty());
    for provider in registry() {
        let (name, can) = (provider.name(), provider.capabilities());
        assert_eq!(by_name(name).map(|found| found.name()), Some(name));
        assert_eq!(by_source(&format!("pay-{name}")).map(|found| found.name()), Some(name));
        assert_eq!(provider.source(), format!("pay-{name}"));
        assert!(by_source(name).is_none(), "a source begins with pay-");
        assert!(!can.ways.is_empty() && can.lines_max > 0, "{name}");
        assert_eq!(can.redirects, !can.hosts.is_empty(), "{name} sends payers on to where it calls");
        for offered in can.ways {
            assert!(offered.open_for > SignedDuration::ZERO, "{name}");
            for code in offered.currencies.unwrap_or_default() {
                let currency = Currency::parse(code).expect("a currency");
                assert!(can.offer(&offered.way, currency).is_some(), "{name} {code}");
            }
        }
        if can.webhooks.is_none() {
            let headers = HeaderMap::new();
            let roots = payments::CertificateRoots::mozilla();
            let trust =
                payments::WebhookTrust { secrets: &[ProviderSecret::new("x")], chain: None, roots: &roots, is_test: true };
            let delivery = WebhookDelivery { headers: &headers, body: b"{}", now: now() };
            assert!(provider.verify(&delivery, &trust).is_err() && provider.read(b"{}").is_err(), "{name}");
        }
    }
}

/// Whoever says to a customer that something can be paid goes by the currencies that the domain knows of a provider.
#[test]
fn the_domain_knows_in_which_currencies_each_provider_is_paid() {
    let letters = || 'A'..='Z';
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
    let currencies: Vec<Currency> = codes.filter_map(|code| Currency::parse(&code).ok()).collect();
    assert!(currencies.len() > 100);
    for provider in registry().iter().filter(|provider| provider.capabilities().redirects) {
        for currency in &currencies {
            let ways = provider.capabilities().ways;
            let offered = ways.iter().any(|way| way.takes(*currency) && !way.needs_customer);
            assert_eq!(domain::pay_sources::takes(provider.source(), *currency), offered, "{} {currency}", provider.name());
        }
    }
}

/// The way and the currency that are tried of each provider.
fn tried(provider: &'static dyn PaymentProvider) -> (WayOfPaying, Currency) {
    if provider.capabilities().webhooks.is_some() { common::kit(provider).takes } else { (WayOfPaying::Transfer, Currency::EUR) }
}

#[test]
fn what_is_begun_is_what_was_asked() {
    let (basket, words, key) = (basket(), words(), ProviderSecret::new("key"));
    for provider in registry() {
        let (way, currency) = tried(*provider);
        let begin = |amounts: &[i64], way: &WayOfPaying, currency: Currency| {
            let lines = lines(amounts);
            provider.begin(&access(&key), &asked(&basket, &lines, way, currency, &words))
        };
        let name = provider.name();
        assert!(matches!(begin(&[], &way, currency), Err(CannotBegin::Empty)), "{name}");
        for wrong in [0, -1] {
            let refused = begin(&[100, wrong], &way, currency);
            assert!(matches!(refused, Err(CannotBegin::NotPositive { line: 2, .. })), "{name}");
        }
        assert!(matches!(begin(&[i64::MAX, 1], &way, currency), Err(CannotBegin::TooLarge)), "{name}");
        assert!(matches!(begin(&[100], &WayOfPaying::Cash, currency), Err(CannotBegin::NotOffered { .. })), "{name}");
        let zloty = Currency::parse("BRL").expect("a currency");
        let takes = provider.capabilities().offer(&way, zloty).is_some();
        assert_eq!(begin(&[100], &way, zloty).is_ok(), takes, "{name}");
        let one = begin(&[1000, 250], &way, currency).expect("a payment");
        let many = begin(&vec![7; 10_000], &way, currency).expect("a payment of many lines");
        let again = begin(&[1000, 250], &way, currency).expect("a payment");
        assert_eq!(format!("{one:?}"), format!("{again:?}"), "{name}: the same basket asks the same");
        let (NextCall::Ask(one), NextCall::Ask(many)) = (one, many) else { continue };
        assert!(many.body().len() < one.body().len() + 20_000, "{name}: many lines are one");
        assert!(provider.capabilities().hosts.contains(&one.uri().host().expect("a host")), "{name}");
        let keys = ["idempotency-key", "paypal-request-id"].map(|header| one.headers().get(header));
        assert!(keys.iter().flatten().any(|key| *key == basket.as_str()), "{name}: the basket's id is the key");
        assert!(String::from_utf8_lossy(one.body()).contains(basket.as_str()), "{name}: events name the basket");
    }
}

/// Asks until the payer can be sent on.
fn begun(kit: &Kit) -> BegunPayment {
    let (basket, lines, words, key) = (basket(), lines(&[1000, 250]), words(), ProviderSecret::new("key"));
    let asked = asked(&basket, &lines, &kit.takes.0, kit.takes.1, &words);
    let world = (kit.begun)();
    let mut next = kit.provider.begin(&access(&key), &asked).expect("it takes that");
    for _ in 0..3 {
        match next {
            NextCall::Begun(begun) => return begun,
            NextCall::Ask(request) => {
                assert!(request.headers()["authorization"].to_str().expect("plain").ends_with("key"));
                next = kit.provider.begun(&access(&key), &asked, &world.answer(&request)).expect("it leads on");
            }
        }
    }
    panic!("{} never ends", kit.provider.name())
}

#[test]
fn the_payer_is_sent_on_and_the_payment_can_be_looked_up() {
    let (basket, key) = (basket(), ProviderSecret::new("key"));
    for kit in kits() {
        let (name, can) = (kit.provider.name(), kit.provider.capabilities());
        let begun = begun(&kit);
        assert!(begun.pay_url.as_deref().is_some_and(|url| url.starts_with("https://")), "{name}");
        let open_for = can.offer(&kit.takes.0, kit.takes.1).expect("offered").open_for;
        assert!(begun.expires_at > now() && begun.expires_at <= now() + open_for, "{name}");
        let id = begun.provider_id.as_str();
        let question = kit.provider.look_up(&basket, id, now()).expect("a question");
        let look_up = kit.provider.ask(&access(&key), &question).expect("a request");
        assert!(look_up.method() == "GET" && look_up.uri().path().contains(id), "{name}");
        let capture = kit.provider.capture(&access(&key), &basket, id);
        assert_eq!(capture.is_some(), can.captures, "{name}");
        let expire = kit.provider.expire(&access(&key), &basket, id);
        assert_eq!(expire.is_some(), can.expires, "{name}");
        for request in capture.iter().chain(&expire) {
            assert!(request.method() == "POST" && request.uri().path().contains(id), "{name}");
        }
        for bent in ["../v1/refunds", "a/b", "a?b", "", "a b", "a%2f"] {
            let question = kit.provider.look_up(&basket, bent, now()).expect("a question");
            assert!(kit.provider.ask(&access(&key), &question).is_none(), "{name}: '{bent}' leads elsewhere");
            assert!(kit.provider.capture(&access(&key), &basket, bent).is_none(), "{name}: '{bent}'");
            assert!(kit.provider.expire(&access(&key), &basket, bent).is_none(), "{name}: '{bent}'");
        }
    }
}

#[test]
fn only_what_is_signed_is_believed() {
    for kit in kits() {
        let name = kit.provider.name();
        let sent = (kit.send)(Happening::Received, common::BASKET, eur(1250), 1).expect("it can be received");
        let headers = (kit.sign)(&sent.body, now());
        assert!(kit.believes(&headers, &sent.body, now()), "{name}");
        for at in 0..sent.body.len() {
            let mut body = sent.body.clone();
            body[at] ^= 1;
            assert!(!kit.believes(&headers, &body, now()), "{name}: byte {at} of the body");
        }
        assert!(!kit.believes(&headers, &[&sent.body[..], b" "].concat(), now()), "{name}: a byte more");
        assert!(!kit.believes(&headers, &sent.body[1..], now()), "{name}: a byte less");
        assert!(!kit.believes(&headers, b"", now()), "{name}: no body");
        for header in kit.signed_headers {
            let value = headers[*header].as_bytes();
            for at in 0..value.len() {
                let mut bent = value.to_vec();
                bent[at] ^= 1;
                let Ok(bent) = HeaderValue::from_bytes(&bent) else { continue };
                let mut changed = headers.clone();
                changed.insert(*header, bent);
                assert!(!kit.believes(&changed, &sent.body, now()), "{name}: byte {at} of {header}");
            }
            let mut without = headers.clone();
            without.remove(*header);
            assert!(!kit.believes(&without, &sent.body, now()), "{name}: without {header}");
            let mut twice = headers.clone();
            twice.append(*header, headers[*header].clone());
            assert!(!kit.believes(&twice, &sent.body, now()), "{name}: {header} twice");
        }
        let delivery = WebhookDelivery { headers: &headers, body: &sent.body, now: now() };
        let refused = |secrets: &[ProviderSecret]| kit.provider.verify(&delivery, &kit.trust(secrets));
        let status = kit.provider.capabilities().webhooks.expect("it sends some").bad_signature_status;
        let other = || ProviderSecret::new("another");
        for secrets in [vec![], vec![other()], vec![ProviderSecret::new("")]] {
            assert_eq!(refused(&secrets).map_err(|error| error.status), Err(status), "{name}");
        }
        assert_eq!(refused(&[other(), kit.secret.clone()]), Ok(()), "{name}: while a secret is rotated");
        assert_eq!(refused(&[kit.secret.clone(), other()]), Ok(()), "{name}: while a secret is rotated");
        assert!(!format!("{:?}", kit.secret).contains("test"), "{name}: secrets show themselves to nobody");
    }
}

/// What the outcome of each happening must be.
fn is_said(what: Happening, money: Money, outcome: &ProviderOutcome) -> bool {
    match (what, outcome) {
        (Happening::Received, ProviderOutcome::Received { money: said, reference, .. }) => {
            *said == money && !reference.is_empty()
        }
        (Happening::Pending, ProviderOutcome::Pending { money: said, .. }) => *said == money,
        (Happening::Failed, ProviderOutcome::Failed { reason, retries: false }) => !reason.is_empty(),
        (Happening::Expired, ProviderOutcome::Expired) => true,
        (Happening::Refund { in_force }, ProviderOutcome::TakenBack { kind, money: said, in_force: stands, .. }) => {
            *kind == ReversalKind::Refund && *said == money && *stands == in_force
        }
        (Happening::Chargeback { in_force }, ProviderOutcome::TakenBack { kind, money: said, in_force: stands, .. }) => {
            *kind == ReversalKind::Chargeback && *said == money && *stands == in_force
        }
        _ => false,
    }
}

#[test]
fn each_thing_that_happens_is_said_with_its_own_amount() {
    let yen = Money::from_minor(1251, Currency::JPY);
    for kit in kits() {
        for what in ALL {
            // The amount asked for, a part of it, more than it, and another currency: what came is what is said.
            for money in [eur(1250), eur(1), eur(999_999), yen] {
                let Some(sent) = (kit.send)(what, common::BASKET, money, 1) else { continue };
                let heard = kit.hear(&sent);
                let name = kit.provider.name();
                assert!(heard.unread.is_empty() && heard.foreign == 0, "{name} {what:?}: {heard:?}");
                assert!(heard.said.iter().all(|said| said.basket == basket()), "{name} {what:?}");
                let last = heard.said.last().expect("something is said");
                assert!(is_said(what, money, &last.what), "{name} {what:?} {money}: {last:?}");
                // What else is said of a chargeback is that the money came before.
                for said in &heard.said[..heard.said.len() - 1] {
                    assert!(is_said(Happening::Received, money, &said.what), "{name} {what:?}: {said:?}");
                }
            }
        }
    }
}

#[test]
fn the_same_event_is_the_same_and_another_is_another() {
    for kit in kits() {
        let mut events = BTreeSet::new();
        let mut count = 0;
        for (number, what) in (1..).zip(ALL) {
            let Some(sent) = (kit.send)(what, common::BASKET, eur(1250), number) else { continue };
            let (one, again) = (kit.hear(&sent), kit.hear(&sent));
            assert_eq!(one, again, "{}: nothing is remembered, so order and repeats change nothing", kit.provider.name());
            count += one.said.len();
            events.extend(one.said.into_iter().map(|said| said.event));
        }
        assert_eq!(events.len(), count, "{}: {events:?}", kit.provider.name());
    }
}

#[test]
fn a_refund_of_a_part_and_a_lost_dispute_have_ids_of_their_own() {
    for kit in kits() {
        let id = |what| {
            let sent = (kit.send)(what, common::BASKET, eur(400), 7).expect("it knows that");
            match kit.hear(&sent).said.pop().expect("something").what {
                ProviderOutcome::TakenBack { external_id, .. } => external_id,
                other => panic!("{other:?}"),
            }
        };
        let name = kit.provider.name();
        assert_eq!(id(Happening::Refund { in_force: true }), id(Happening::Refund { in_force: false }), "{name}");
        assert_eq!(id(Happening::Chargeback { in_force: true }), id(Happening::Chargeback { in_force: false }), "{name}");
        assert_ne!(id(Happening::Refund { in_force: true }), id(Happening::Chargeback { in_force: true }), "{name}");
    }
}

#[test]
fn baskets_of_others_are_none_of_ours_and_unknown_ones_are_told() {
    for kit in kits() {
        for what in ALL {
            let name = kit.provider.name();
            for foreign in ["order-4711", "", "pay_", "pay_é", "inv_0123456789abcdef"] {
                let Some(sent) = (kit.send)(what, foreign, eur(1250), 1) else { continue };
                let heard = kit.hear(&sent);
                assert!(heard.said.is_empty() && heard.foreign == 1, "{name} {what:?} '{foreign}': {heard:?}");
            }
            // Whether a basket of ours is known, the store says.
            let Some(sent) = (kit.send)(what, "pay_zzzzzzzzzzzzzzzz", eur(1250), 1) else { continue };
            let said = kit.hear(&sent).said;
            assert!(
                !said.is_empty()
                    && said.iter().all(|said| said.basket == PaymentId::parse("pay_zzzzzzzzzzzzzzzz").expect("an id"))
            );
        }
    }
}

#[test]
fn bodies_of_another_form_are_refused_or_shown_and_never_half_taken() {
    for kit in kits() {
        let name = kit.provider.name();
        for body in [&b""[..], b"[]", b"null", b"\xff\xfe", b"{", b"{}", b"{\"events\": 1}", b"{\"id\": 1}"] {
            assert!(kit.provider.read(body).is_err(), "{name}: {}", String::from_utf8_lossy(body));
        }
        // An amount that is none.
        for what in [Happening::Received, Happening::Refund { in_force: true }] {
            let sent = (kit.send)(what, common::BASKET, eur(-5), 1).expect("it knows that");
            let mut heard = kit.provider.read(&sent.body).expect("the body has the form");
            for question in std::mem::take(&mut heard.questions) {
                let request = kit.provider.ask(&access(&kit.secret), &question).expect("a question");
                assert!(kit.provider.answered(&question, &sent.world.answer(&request)).is_err(), "{name} {what:?}");
                heard.unread.push(payments::UnreadEvent { pointer: String::new(), detail: String::new() });
            }
            assert!(heard.said.is_empty() && heard.unread.len() == 1, "{name} {what:?}: {heard:?}");
        }
    }
}

#[test]
fn trouble_says_what_to_do_about_it() {
    let (basket, lines, words, key) = (basket(), lines(&[1250]), words(), ProviderSecret::new("key"));
    for kit in kits() {
        let asked = asked(&basket, &lines, &kit.takes.0, kit.takes.1, &words);
        let trouble = |status: u16, body: &'static str| {
            let answer = Response::builder().status(status).header("retry-after", "7").body(Bytes::from_static(body.as_bytes()));
            kit.provider.begun(&access(&key), &asked, &answer.expect("an answer")).expect_err("no success")
        };
        let name = kit.provider.name();
        assert_eq!(trouble(401, "{}"), ProviderTrouble::SignIn { status: 401 }, "{name}");
        assert_eq!(trouble(429, "{}"), ProviderTrouble::Throttled { wait_s: 7 }, "{name}");
        assert_eq!(trouble(404, "{}"), ProviderTrouble::Unknown, "{name}");
        for status in [500, 502, 503, 408] {
            assert_eq!(trouble(status, "<html>"), ProviderTrouble::Unavailable { status }, "{name}");
        }
        assert_eq!(trouble(400, "no JSON"), ProviderTrouble::Refused { status: 400, code: "none".to_owned() }, "{name}");
        assert!(matches!(trouble(200, "no JSON"), ProviderTrouble::Unreadable(_)), "{name}");
        assert!(matches!(trouble(200, "{}"), ProviderTrouble::Unreadable(_)), "{name}");
    }
}
