//! A Xero organisation whose books are read back.

use doubles::{
    Double, Xero,
    xero::{Contact, Invoice, Organisation, Side},
};
use jiff::civil::date;
use serde_json::json;
use tests::{
    company::clock,
    test_tenant::{TestTenant, step},
};

const TENANT: &str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";

async fn connected(now: &str) -> (TestTenant, Xero, String, String) {
    let settings = json!({"country": "IE", "time_zone": "Europe/Dublin", "language": "en"});
    let desk = TestTenant::with(now, settings, None).await;
    let double = Xero::start(clock(&desk)).await.unwrap();
    let organisation =
        Organisation { country: "IE".to_owned(), currency: "EUR".to_owned(), ..Organisation::new(TENANT, "Liffey Supplies") };
    double.add_organisation(organisation);
    let contact = double.add_contact(TENANT, Contact::new("Grand Canal Bakery", "ap@grandcanal.example"));
    let invoice = double.add_invoice(TENANT, Invoice::new(&contact, "1250.00", date(2026, 2, 2), date(2026, 3, 4)));
    double.add_invoice(
        TENANT,
        Invoice { side: Side::Purchases, ..Invoice::new(&contact, "99.00", date(2026, 2, 2), date(2026, 3, 4)) },
    );
    double.add_invoice(TENANT, Invoice { draft: true, ..Invoice::new(&contact, "77.00", date(2026, 2, 2), date(2026, 3, 4)) });
    desk.connect("xero", &double, TENANT).await;
    (desk, double, contact, invoice)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_read_and_its_first_invoice_chased() {
    let (desk, double, contact, invoice) = connected("2026-03-04T09:00:00Z").await;
    desk.advance("PT10M").await;
    assert_eq!(desk.health("xero").await["status"], "good", "{}", desk.health("xero").await);
    assert_eq!(desk.open_here("xero", &contact).await.len(), 1, "neither bills nor drafts are chased");
    desk.to("2026-03-10T00:00:00Z").await;
    assert_eq!(desk.sent().iter().map(step).collect::<Vec<_>>(), ["heads-up", "reminder"]);
    double.pay(TENANT, &invoice, "250.00", date(2026, 3, 9));
    desk.deliver_all("xero", &double).await;
    desk.advance("PT10S").await;
    desk.equals("xero", &double, TENANT).await;
    double.pay(TENANT, &invoice, "250.00", date(2026, 3, 9));
    desk.deliver_all("xero", &double).await;
    desk.advance("PT10S").await;
    let asked =
        double.calls().into_iter().filter(|(kind, _)| kind.contains("OnlineInvoice")).map(|(_, times)| times).sum::<u64>();
    // The first look after the first reading has the same date and says nothing new; from then on the link is kept.
    assert_eq!(asked, 2, "the vendor's own link is kept: {:?}", double.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_is_answered_as_it_demands() {
    let (desk, double, _, _) = connected("2026-03-04T09:00:00Z").await;
    let (good, bad) = double.intent_to_receive();
    let yes = desk.deliver("xero", &good).await.is(200);
    let no = desk.deliver("xero", &bad).await.is(401);
    assert_eq!((yes.text.as_str(), no.text.as_str()), ("", ""), "no body");
    for at in (0..good.body.len()).step_by(7) {
        let mut changed = good.clone();
        let mut bytes = changed.body.to_vec();
        bytes[at] ^= 1;
        changed.body = bytes.into();
        desk.deliver("xero", &changed).await.is(401);
    }
    let mut unsigned = good.clone();
    unsigned.headers.remove("x-xero-signature");
    desk.deliver("xero", &unsigned).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_to_several_organisations_asks_which() {
    const OTHER: &str = "0f9c7d1e-2a3b-4c5d-8e6f-7a8b9c0d1e2f";
    let desk = TestTenant::with("2026-03-04T09:00:00Z", json!({"country": "IE", "time_zone": "Europe/Dublin"}), None).await;
    let double = Xero::start(clock(&desk)).await.unwrap();
    double.add_organisation(Organisation::new(TENANT, "Liffey Supplies"));
    double.add_organisation(Organisation::new(OTHER, "Shannon Supplies"));
    desk.set_app("xero", &double).await;
    double.consent(&[OTHER, TENANT]);
    let page = desk.sign_in("xero", json!({"base_url": double.base_url()})).await;
    assert_eq!(page.status, 400);
    for word in ["Liffey Supplies", TENANT, "Shannon Supplies", OTHER] {
        assert!(page.text.contains(word), "{word} in {}", page.text);
    }
    let page = desk.sign_in("xero", json!({"base_url": double.base_url(), "realm": TENANT})).await.is(200);
    desk.confirm("xero", &page, TENANT).await.is(200);
    desk.advance("PT5M").await;
    let health = desk.health("xero").await;
    assert_eq!((&health["status"], &health["company"]), (&json!("good"), &json!("Liffey Supplies")));
    // The connected one is asked for again, whatever else is agreed to; and it must be among them.
    desk.sign_in("xero", json!({})).await.is(200);
    double.consent(&[OTHER]);
    let page = desk.sign_in("xero", json!({})).await;
    assert!(page.status == 400 && page.text.contains(TENANT), "{}", page.text);
}
