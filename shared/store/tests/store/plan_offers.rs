//! Offers to pay in parts: of many the newest are read.

use domain::{proposal::ProposedPart, *};

use crate::common::*;

#[tokio::test]
async fn of_more_offers_than_are_read_the_newest_are() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let offer = |n: i64| PlanOffer {
        id: PlanOfferId::at(at(n), &[&n.to_string()]),
        invoices: vec![invoice_id("INV-1")],
        currency: Currency::EUR,
        parts: vec![ProposedPart { amount_minor: n + 1, due_on: "2026-03-02".parse().unwrap() }],
        valid_until: "2026-03-02".parse().unwrap(),
        made_at: at(n),
        by: "robin".to_owned(),
        status: PlanOfferStatus::Withdrawn,
        status_at: at(n),
    };
    for n in 0..205 {
        table.store.put_plan_offer(&table.tenant, &customer_id(), None, &offer(n), None, at(n)).await.unwrap();
    }
    let known = table.store.plan_offers(&table.tenant, &customer_id()).await.unwrap();
    assert_eq!((known.len(), known.first(), known.last()), (200, Some(&offer(204)), Some(&offer(5))));
}

#[tokio::test]
async fn a_mail_about_an_offer_is_asked_for_with_it() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let offer = PlanOffer {
        id: PlanOfferId::at(at(1), &["1"]),
        invoices: vec![invoice_id("INV-1")],
        currency: Currency::EUR,
        parts: vec![ProposedPart { amount_minor: 5_000, due_on: "2026-03-02".parse().unwrap() }],
        valid_until: "2026-03-02".parse().unwrap(),
        made_at: at(1),
        by: "robin".to_owned(),
        status: PlanOfferStatus::Open,
        status_at: at(1),
    };
    let mail = ServiceMail::of(ServiceMailKind::PlanOffered, &LinkId::derive(&["link"]), Some(offer.id.as_str()), at(1));
    table.store.put_plan_offer(&table.tenant, &customer_id(), None, &offer, Some(&mail), at(1)).await.unwrap();
    let asked = table.store.service_mail(&table.tenant, &customer_id(), &mail.id, at(1)).await.unwrap().unwrap();
    assert_eq!((asked.mail, asked.status), (mail, MessageStatus::Queued));
}
