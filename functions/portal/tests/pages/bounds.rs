//! What bounds those who have a link: nobody is kept from being chased for ever by saying the same again, and nobody's mailbox is filled.

use domain::{Agreement, AgreementAct, AgreementId, CustomerId, DisputeStatus, PromiseStatus, ServiceMailKind, Terms};
use serde_json::{Value, json};

use crate::visitor::{Portal, Reply, acme};

async fn call(portal: &Portal, address: &str, body: &Value) -> Reply {
    portal.send("POST", address, &[("Content-Type", "application/json")], &body.to_string()).await
}

/// Keeps copies of an agreement, each with an id of its own.
async fn copies(portal: &Portal, customer: &CustomerId, of: &Agreement, count: usize) {
    for nth in 0..count {
        let copy = Agreement { id: AgreementId::derive(&["copy", &nth.to_string(), of.id.as_str()]), ..of.clone() };
        portal.world.store.put_agreement(&acme(), customer, None, &copy, portal.world.now()).await.unwrap();
    }
}

/// The one agreement of the customer, changed.
async fn changed(portal: &Portal, customer: &CustomerId, change: impl FnOnce(&mut Agreement)) -> Agreement {
    let [before] = <[_; 1]>::try_from(portal.agreements(customer).await).unwrap();
    let mut after = before.clone();
    change(&mut after);
    portal.world.store.put_agreement(&acme(), customer, Some(&before), &after, portal.world.now()).await.unwrap();
    after
}

#[tokio::test]
async fn who_did_not_keep_promises_makes_the_next_one_with_a_person() {
    for (status, taken) in [(PromiseStatus::Broken, false), (PromiseStatus::PartlyKept, false), (PromiseStatus::Kept, true)] {
        let portal = Portal::new().await;
        let id = portal.world.customer("acme", "C-1", |_| {}).await;
        let code = portal.code(&acme(), &id).await;
        let (address, invoice) = (format!("/p/{code}/promise"), Portal::invoice("C-1", "1001"));
        let sent = |pays_on| [("invoice", invoice.as_str()), ("amount", ""), ("pays_on", pays_on), ("way", "transfer")];
        portal.post(&address, &sent("2026-02-11")).await.is(303);
        let over = changed(&portal, &id, |agreement| {
            let Terms::Promise(terms) = &mut agreement.terms else { panic!("{agreement:?}") };
            terms.status = status.clone();
            agreement.ended_at = Some(portal.world.now());
        })
        .await;
        copies(&portal, &id, &over, 2).await;
        let third = portal.post(&address, &sent("2026-02-12")).await;
        if taken {
            third.is(303);
            continue;
        }
        third.is(400).says("Mehrere Zusagen zu einer dieser Rechnungen wurden nicht eingehalten.").says("2026-02-12");
        let call_of = |number: &str| json!({"invoices": [number], "pays_on": "2026-02-12", "way": "transfer"});
        let promises = format!("/p/{code}/promises");
        call(&portal, &promises, &call_of("1001")).await.is(409).says("not-possible");
        call(&portal, &promises, &call_of("1002")).await.is(200);
    }
}

#[tokio::test]
async fn who_was_told_no_again_and_again_writes_instead_of_contesting() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let address = |number: &str| format!("/p/{code}/invoices/{}/dispute", Portal::invoice("C-1", number));
    let sent = |reason| [("reason", reason), ("amount", ""), ("words", "")];
    portal.post(&address("1001"), &sent("price")).await.is(303);
    let over = changed(&portal, &id, |agreement| {
        let Terms::Dispute(terms) = &mut agreement.terms else { panic!("{agreement:?}") };
        terms.status = DisputeStatus::Rejected;
        agreement.ended_at = Some(portal.world.now());
    })
    .await;
    copies(&portal, &id, &over, 1).await;
    portal.post(&address("1002"), &sent("quality")).await.is(303);
    let third = Agreement { id: AgreementId::derive(&["third"]), ..over };
    portal.world.store.put_agreement(&acme(), &id, None, &third, portal.world.now()).await.unwrap();
    let page = portal.post(&address("1001"), &sent("quality")).await.is(400);
    page.says("Über diese Rechnung wurde schon mehrmals entschieden, und nicht in Ihrem Sinn.");
    let reply = call(&portal, &format!("/p/{code}/disputes"), &json!({"invoice": "1001", "reason": "tax"})).await;
    reply.is(409).says("not-possible");
}

#[tokio::test]
async fn notices_tell_of_the_first_agreements_of_a_day_alone() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let told = async || {
        let page = portal.world.store.service_mails(&acme(), &id, 100, None, portal.world.now()).await.unwrap();
        page.mails.into_iter().map(|known| known.mail.kind).collect::<Vec<_>>()
    };
    let promise = json!({"invoices": ["1001"], "pays_on": "2026-02-13", "way": "transfer"});
    call(&portal, &format!("/p/{code}/promises"), &promise).await.is(200);
    assert_eq!(told().await, [ServiceMailKind::PromiseMade]);
    let [before] = <[_; 1]>::try_from(portal.agreements(&id).await).unwrap();
    let over = before.clone().act(&AgreementAct::Cancel, vec![], portal.world.now()).unwrap();
    portal.world.store.put_agreement(&acme(), &id, Some(&before), &over, portal.world.now()).await.unwrap();
    // With the next one there are twenty of the day, which are all told of.
    copies(&portal, &id, &over, 18).await;
    let dispute = |number: &str| json!({"invoice": number, "reason": "price"});
    call(&portal, &format!("/p/{code}/disputes"), &dispute("1001")).await.is(200);
    assert_eq!(told().await.len(), 2);
    // What is made after that is made, and the answer alone says so.
    call(&portal, &format!("/p/{code}/disputes"), &dispute("1002")).await.is(200);
    assert_eq!((told().await.len(), portal.agreements(&id).await.len()), (2, 21));
}
