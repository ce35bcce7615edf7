//! Stripe alone: forms, currencies, refunds of charges, and stamps of time.

mod common;

use std::collections::BTreeMap;

use common::{Kit, Sent, World, access, asked, basket, json, lines, now, stripe, words};
use domain::{Currency, Money, ProviderOutcome, WayOfPaying};
use http::HeaderMap;
use payments::{CannotBegin, NextCall, PaymentProvider, ProviderSecret, stripe::StripeCheckout};
use serde_json::json;

fn form(
    amounts: &[i64],
    way: &WayOfPaying,
    currency: Currency,
    customer: Option<&str>,
) -> Result<BTreeMap<String, String>, CannotBegin> {
    let (basket, lines, words, key) = (basket(), lines(amounts), words(), ProviderSecret::new("sk_test_1"));
    let mut asked = asked(&basket, &lines, way, currency, &words);
    asked.provider_customer = customer;
    let NextCall::Ask(request) = StripeCheckout.begin(&access(&key), &asked)? else { panic!("Stripe is asked") };
    assert_eq!(request.headers()["authorization"], "Bearer sk_test_1");
    assert_eq!(request.headers()["stripe-version"], "2025-03-31.basil");
    Ok(form_urlencoded::parse(request.body()).into_owned().collect())
}

#[test]
fn a_session_names_each_invoice_up_to_a_hundred() {
    for (count, expected) in [(1, 1), (100, 100), (101, 1), (2000, 1)] {
        let form = form(&vec![7; count], &WayOfPaying::Card, Currency::USD, None).expect("a form");
        let names: Vec<&str> = form.iter().filter(|(key, _)| key.ends_with("[name]")).map(|(_, name)| name.as_str()).collect();
        assert_eq!(names.len(), expected, "{count} lines");
        let sum: i64 =
            form.iter().filter(|(key, _)| key.ends_with("[unit_amount]")).map(|(_, n)| n.parse::<i64>().expect("n")).sum();
        assert_eq!(sum, 7 * count as i64, "{count} lines");
        assert_eq!(names[0], if count > 100 { "Account balance" } else { "Invoice R-0" });
    }
    let form = form(&[1000, 250], &WayOfPaying::Ach, Currency::USD, None).expect("a form");
    for (field, value) in [
        ("mode", "payment"),
        ("client_reference_id", common::BASKET),
        ("metadata[basket]", common::BASKET),
        ("payment_intent_data[metadata][basket]", common::BASKET),
        ("payment_method_types[0]", "us_bank_account"),
        ("adaptive_pricing[enabled]", "false"),
        ("expires_at", &(now().as_second() + 31 * 60).to_string()),
        ("line_items[1][price_data][unit_amount]", "250"),
        ("line_items[1][price_data][currency]", "usd"),
        ("line_items[1][quantity]", "1"),
    ] {
        assert_eq!(form.get(field).map(String::as_str), Some(value), "{field}");
    }
}

#[test]
fn amounts_have_stripes_digits() {
    for (code, minor, sent) in [
        ("USD", 1250, Some("1250")),
        ("JPY", 1250, Some("1250")),
        ("HUF", 125_050, Some("125050")),
        ("ISK", 1250, Some("125000")),
        ("UGX", 5, Some("500")),
        ("MGA", 500, Some("5")),
        ("MGA", 550, None),
        ("KWD", 1230, Some("1230")),
        ("KWD", 1234, None),
    ] {
        let form = form(&[minor], &WayOfPaying::Card, Currency::parse(code).expect(code), None);
        let amount = form.as_ref().ok().map(|form| form["line_items[0][price_data][unit_amount]"].as_str());
        assert_eq!(amount, sent, "{minor} {code}");
        assert!(sent.is_some() || matches!(form, Err(CannotBegin::TooFine { .. })), "{minor} {code}");
    }
}

#[test]
fn a_bank_transfer_needs_a_customer_at_stripe() {
    let asked = |currency, customer| form(&[1250], &WayOfPaying::Transfer, currency, customer);
    assert!(matches!(asked(Currency::EUR, None), Err(CannotBegin::NeedsCustomer { .. })));
    for (currency, kind) in
        [(Currency::EUR, "eu_bank_transfer"), (Currency::GBP, "gb_bank_transfer"), (Currency::USD, "us_bank_transfer")]
    {
        let form = asked(currency, Some("cus_1")).expect("a form");
        assert_eq!(form["customer"], "cus_1");
        assert_eq!(form["payment_method_types[0]"], "customer_balance");
        assert_eq!(form["payment_method_options[customer_balance][funding_type]"], "bank_transfer");
        assert_eq!(form["payment_method_options[customer_balance][bank_transfer][type]"], kind);
    }
}

#[test]
fn old_and_early_stamps_are_refused() {
    let kit = common::kit(&StripeCheckout);
    let headers = (kit.sign)(b"{}", now());
    for (off_s, believed) in [(0, true), (300, true), (301, false), (-300, true), (-301, false), (86_400, false)] {
        let then = jiff::Timestamp::from_second(now().as_second() + off_s).expect("an instant");
        assert_eq!(kit.believes(&headers, b"{}", then), believed, "{off_s} s");
    }
    let signed = |header: String| {
        let mut headers = HeaderMap::new();
        headers.insert("stripe-signature", header.parse().expect("plain"));
        kit.believes(&headers, b"{}", now())
    };
    let second = now().as_second();
    let v1 = stripe::hex_hmac(stripe::SECRET, &[second.to_string().as_bytes(), b".{}"]);
    assert!(signed(format!("t={second},v1=00,v1={v1},v0=1")), "several signatures while a secret is rotated");
    for wrong in [
        format!("t={second},v0={v1}"),
        format!("v1={v1}"),
        format!("t={second}"),
        format!("t={second},t={second},v1={v1}"),
        format!("t=+{second},v1={v1}"),
        format!("t={second},v1={}", v1.to_ascii_uppercase()),
        String::new(),
    ] {
        assert!(!signed(wrong.clone()), "{wrong}");
    }
}

fn kit() -> Kit {
    common::kit(&StripeCheckout)
}

/// A charge of a basket, refunded in two parts.
fn refunded(embedded: bool) -> Sent {
    let refund = |id: &str, amount: i64| {
        let mut refund = json("stripe/refund.json");
        refund["id"] = json!(id);
        refund["amount"] = json!(amount);
        refund
    };
    let list = json!({ "object": "list", "data": [refund("re_1", 100), refund("re_2", 50)], "has_more": false });
    let mut charge = json("stripe/charge.json");
    charge["metadata"] = json!({ "basket": common::BASKET });
    charge["amount_refunded"] = json!(150);
    charge["refunds"] = if embedded { list.clone() } else { json!(null) };
    Sent { body: stripe::event("charge.refunded", 1, &charge), world: World(vec![("/v1/refunds".to_owned(), list)]) }
}

#[test]
fn a_refunded_charge_says_each_refund_once() {
    let refunds = |sent: &Sent| -> Vec<(String, i64)> {
        let said = kit().hear(sent).said.into_iter().map(|said| match said.what {
            ProviderOutcome::TakenBack { external_id, money, in_force: true, .. } => (external_id, money.minor()),
            other => panic!("{other:?}"),
        });
        said.collect()
    };
    let expected = vec![("re_1".to_owned(), 100), ("re_2".to_owned(), 50)];
    assert_eq!(refunds(&refunded(true)), expected);
    assert_eq!(refunds(&refunded(false)), expected, "those that are not in the event are asked for");
    let events: Vec<String> = kit().hear(&refunded(true)).said.into_iter().map(|said| said.event).collect();
    assert_eq!(events, ["evt_1/taken_back/re_1", "evt_1/taken_back/re_2"], "each by itself");
}

#[test]
fn what_names_a_charge_only_is_followed_to_its_intent() {
    let mut dispute = json("stripe/dispute.json");
    dispute["status"] = json!("needs_response");
    let charge_id = dispute["charge"].as_str().expect("a charge").to_owned();
    let (mut charge, mut intent) = (json("stripe/charge.json"), json("stripe/payment_intent.json"));
    charge["payment_intent"] = json!("pi_1");
    intent["metadata"] = json!({ "basket": common::BASKET });
    let world = World(vec![(format!("/v1/charges/{charge_id}"), charge), ("/v1/payment_intents/pi_1".to_owned(), intent)]);
    let said = kit().hear_one(&Sent { body: stripe::event("charge.dispute.created", 1, &dispute), world });
    assert!(matches!(said.what, ProviderOutcome::TakenBack { in_force: true, .. }) && said.basket == basket());
    // An inquiry takes nothing yet: the recorded one is such.
    assert!(json("stripe/dispute.json")["status"] == "warning_needs_response");
}

#[test]
fn a_card_is_paid_at_once_and_a_session_read_back_says_how_it_stands() {
    let money = Money::from_minor(1250, Currency::EUR);
    let mut session = stripe::session(common::BASKET, money);
    session["payment_method_types"] = json!(["card"]);
    let read = |session: &serde_json::Value| {
        let question = StripeCheckout.look_up(&basket(), "cs_1", now()).expect("a question");
        let answer = http::Response::new(bytes::Bytes::from(session.to_string()));
        StripeCheckout.answered(&question, &answer).expect("it reads").said
    };
    assert_eq!(read(&session), [], "the payer is still at it");
    session["status"] = json!("complete");
    assert!(matches!(read(&session)[0].what, ProviderOutcome::Pending { .. }));
    assert_eq!(read(&session)[0].event, "read/cs_1/pending");
    session["payment_status"] = json!("paid");
    let paid = ProviderOutcome::Received { money, way: WayOfPaying::Card, reference: "pi_1PgafyB7WZ01zgkWSjxsAJo3".to_owned() };
    assert_eq!(read(&session)[0].what, paid);
    let event = Sent { body: stripe::event("checkout.session.completed", 1, &session), world: World::default() };
    assert_eq!(kit().hear_one(&event).what, paid);
    session["status"] = json!("expired");
    assert_eq!(read(&session)[0].what, ProviderOutcome::Expired);
}

#[test]
fn other_events_and_thin_ones() {
    assert_eq!(StripeCheckout.read(&common::fixture("stripe/event.json")).expect("an event").foreign, 1);
    let thin = json!({ "id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.error", "created": 1 });
    assert!(StripeCheckout.read(thin.to_string().as_bytes()).is_err());
}
