//! GoCardless: recorded events and objects, filled in; events say which object changed, the objects how they stand.

use domain::{Currency, Money, WayOfPaying};
use http::HeaderMap;
use jiff::Timestamp;
use payments::{CertificateRoots, PaymentProvider, ProviderSecret};
use serde_json::{Value, json};

use super::{Happening, Kit, Sent, World, stripe::hex_hmac};

pub const SECRET: &str = "ED7D658C-D8EB-4941-948B-3973214F2D49";

pub fn kit(provider: &'static dyn PaymentProvider) -> Kit {
    Kit {
        provider,
        takes: (WayOfPaying::SepaDebit, Currency::EUR),
        secret: ProviderSecret::new(SECRET),
        sign,
        signed_headers: &["webhook-signature"],
        chain: None,
        roots: CertificateRoots::mozilla(),
        send,
        begun: || {
            let flow = json!({ "billing_request_flows": {
                "authorisation_url": "https://pay-sandbox.gocardless.com/billing/static/flow?id=BRF1",
                "expires_at": "2026-03-09T09:00:00.000Z", "links": { "billing_request": "BRQ123" },
            }});
            let request = super::json("gocardless/billing_requests.json")["create"]["body"].clone();
            World(vec![("/billing_requests".to_owned(), request), ("/billing_request_flows".to_owned(), flow)])
        },
    }
}

fn sign(body: &[u8], _at: Timestamp) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("webhook-signature", hex_hmac(SECRET, &[body]).parse().expect("plain"));
    headers
}

pub fn payment(basket: &str, money: Money, status: &str) -> Value {
    let mut answer = super::json("gocardless/payments.json")["get"]["body"].clone();
    let payment = &mut answer["payments"];
    payment["amount"] = json!(money.minor());
    payment["currency"] = json!(money.currency().code());
    payment["status"] = json!(status);
    payment["scheme"] = json!("sepa_core");
    payment["metadata"] = json!({ "basket": basket });
    answer
}

pub fn events(of: &[(&str, &str, u32)]) -> Vec<u8> {
    let recorded = super::json("gocardless/events.json")["list"]["body"]["events"][0].clone();
    let events = of.iter().map(|(resource, action, number)| {
        let mut event = recorded.clone();
        event["id"] = json!(format!("EV{number}"));
        event["resource_type"] = json!(resource);
        event["action"] = json!(action);
        event["details"]["will_attempt_retry"] = json!(false);
        event["details"]["cause"] = json!("refer_to_payer");
        event
    });
    json!({ "events": events.collect::<Vec<_>>(), "meta": { "webhook_id": "WB1" } }).to_string().into_bytes()
}

fn send(what: Happening, basket: &str, money: Money, number: u32) -> Option<Sent> {
    let (resource, action, status) = match what {
        Happening::Received => ("payments", "confirmed", "confirmed"),
        Happening::Pending => ("payments", "submitted", "submitted"),
        Happening::Failed => ("payments", "failed", "failed"),
        Happening::Expired => ("billing_requests", "cancelled", "cancelled"),
        Happening::Refund { in_force: true } => ("refunds", "created", "submitted"),
        Happening::Refund { in_force: false } => ("refunds", "failed", "failed"),
        Happening::Chargeback { in_force: true } => ("payments", "charged_back", "charged_back"),
        Happening::Chargeback { in_force: false } => ("payments", "chargeback_cancelled", "paid_out"),
    };
    let mut refund = super::json("gocardless/refunds.json")["get"]["body"].clone();
    refund["refunds"]["amount"] = json!(money.minor());
    refund["refunds"]["currency"] = json!(money.currency().code());
    refund["refunds"]["status"] = json!(status);
    let mut request = super::json("gocardless/billing_requests.json")["create"]["body"].clone();
    request["billing_requests"]["status"] = json!(status);
    request["billing_requests"]["metadata"] = json!({ "basket": basket });
    request["billing_requests"]["links"]["payment_request_payment"] = Value::Null;
    let world = World(vec![
        ("/payments/PM123".to_owned(), payment(basket, money, if resource == "payments" { status } else { "confirmed" })),
        ("/refunds/RF123".to_owned(), refund),
        ("/billing_requests/BRQ123".to_owned(), request),
    ]);
    Some(Sent { body: events(&[(resource, action, number)]), world })
}
