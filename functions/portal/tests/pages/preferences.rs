//! How somebody is written to: their own way by the link, what is for all after a code, and a way back after stopping.

use domain::{Channel, CustomerId, CustomerRef, Document, InvoiceId, SourceVersion, SuppressionReason};
use store::Receipt;

use crate::visitor::{Portal, acme};

async fn entered(portal: &Portal, customer: &CustomerId) -> domain::ByHand {
    portal.world.store.by_hand(&acme(), customer).await.unwrap().by_hand
}

/// A tenant that has senders of mails and text messages.
async fn with_senders(portal: &Portal) {
    portal
        .set(|settings| {
            settings.sender.insert(Channel::Email, "billing@acme.example".to_owned());
            settings.sender.insert(Channel::Sms, "ACME".to_owned());
        })
        .await;
}

#[tokio::test]
async fn ones_own_way_is_chosen_by_the_link_alone() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let address = format!("/p/{code}/preferences");
    portal.get(&address).await.is(200).says("Es gibt nur einen Weg");
    portal.post(&address, &[("change", "channel"), ("channel", "sms")]).await.is(400).says("Wählen Sie einen der Wege.");
    with_senders(&portal).await;
    let page = portal.get(&address).await.is(200).says("value=\"sms\"").says("value=\"email\"").hides("value=\"whatsapp\"");
    page.says("name=\"channel\" value=\"\" checked").hides("name=\"language\"");
    for _ in 0..2 {
        let sent = [("change", "channel"), ("channel", "sms")];
        assert_eq!(portal.post(&address, &sent).await.leads(), address);
    }
    portal.get(&address).await.is(200).says("value=\"sms\" checked");
    let by_hand = entered(&portal, &id).await;
    assert_eq!(
        by_hand.contacts.iter().map(|entry| (entry.id.as_str(), entry.channel)).collect::<Vec<_>>(),
        [("p1", Some(Channel::Sms))]
    );
    let before = portal.world.everything().await;
    for channel in ["whatsapp", "letter", "pigeon", "SMS"] {
        portal.post(&address, &[("change", "channel"), ("channel", channel)]).await.is(400);
    }
    for fields in [
        vec![("change", "everything")],
        vec![("channel", "email")],
        vec![("change", "channel"), ("channel", "email"), ("contact", "p2")],
    ] {
        portal.post(&address, &fields).await.is(400);
    }
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    portal.post(&address, &[("change", "channel"), ("channel", "")]).await.is(303);
    assert_eq!(entered(&portal, &id).await.contacts[0].channel, None);
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    assert_eq!(audit.len(), 2, "what is so already is no change");
    assert!(audit.iter().all(|entry| entry.role == "link" && entry.operation == "prefer_by_link"), "{audit:?}");
}

#[tokio::test]
async fn it_is_changed_so_often_a_day_and_no_more() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let text = portal.world.code(&acme(), &id, Channel::Sms, "+493012345678").await;
    with_senders(&portal).await;
    let to = async |code: &str, channel: &str| {
        portal.post(&format!("/p/{code}/preferences"), &[("change", "channel"), ("channel", channel)]).await
    };
    for nth in 0..20 {
        portal.wait(1);
        to(&code, ["sms", "email"][nth % 2]).await.is(303);
    }
    // By every link of the customer: each change is decided on anew, and noted for good.
    let before = portal.world.everything().await;
    to(&code, "sms").await.is(400).says("Das wurde so oft geändert, wie es an einem Tag geht.");
    to(&text, "sms").await.is(400);
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    assert_eq!(portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries.len(), 20);
    *portal.world.now.lock().unwrap() = testbed::api::at("2026-02-11T10:01:00Z");
    to(&code, "sms").await.is(303);
}

#[tokio::test]
async fn what_is_for_everybody_needs_a_code() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let address = format!("/p/{code}/preferences");
    portal.get(&address).await.is(200).says("gelten für alle, denen wir bei Beispiel GmbH schreiben").hides("name=\"from\"");
    let sent = [("change", "all"), ("language", "en"), ("from", "10:00"), ("to", "12:30")];
    let before = portal.world.everything().await;
    portal.post(&address, &sent).await.is(403).says("wird ein Code an a…@acme.example gesendet");
    assert_eq!(portal.world.everything().await, before);
    let cookie = portal.confirm(&id, &code).await;
    let with = async |fields: &[(&str, &str)]| portal.post_with(&[&cookie], &address, fields).await;
    assert_eq!(with(&sent).await.leads(), address);
    let by_hand = entered(&portal, &id).await;
    let hours = by_hand.hours.map(|hours| (hours.from.to_string(), hours.to.to_string()));
    assert_eq!((by_hand.language.as_deref(), hours), (Some("en"), Some(("10:00:00".to_owned(), "12:30:00".to_owned()))));
    // The page speaks as the customer wants from then on.
    let page = portal.get_with(&[&cookie], &address).await.is(200).says("<html lang=\"en\">").says("value=\"10:00\"");
    page.says("<option value=\"en\" selected>");
    let before = portal.world.everything().await;
    for (language, from, to, text) in [
        ("not a language", "", "", "Choose one of the languages."),
        ("en", "10:00", "", "Enter two times of day"),
        ("en", "12:00", "10:00", "Enter two times of day"),
        ("en", "10:00", "10:00", "Enter two times of day"),
        ("en", "25:00", "26:00", "Enter two times of day"),
        ("en", "noon", "10:00", "Enter two times of day"),
        // In a minute nobody is sure to be reached, and who never is, is never chased: 09:00 to 17:00 are the tenant's.
        ("en", "10:00", "10:01", "with at least one hour between them in which we write"),
        ("en", "16:01", "23:00", "with at least one hour between them in which we write"),
        ("en", "00:00", "09:59", "with at least one hour between them in which we write"),
    ] {
        let page = with(&[("change", "all"), ("language", language), ("from", from), ("to", to)]).await;
        page.is(400).says(text).says(&format!("value=\"{from}\""));
    }
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    for (from, to) in [("16:00", "23:00"), ("18:00", "18:01")] {
        with(&[("change", "all"), ("language", "en"), ("from", from), ("to", to)]).await.is(303);
    }
    with(&[("change", "all"), ("language", ""), ("from", ""), ("to", "")]).await.is(303);
    let by_hand = entered(&portal, &id).await;
    assert_eq!((by_hand.language, by_hand.hours), (None, None));
    portal.get_with(&[&cookie], &address).await.is(200).says("<html lang=\"de\">");
}

#[tokio::test]
async fn whoever_stopped_their_mail_may_have_it_again_by_a_code() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, stop) = (portal.code(&acme(), &id).await, portal.stop(Channel::Email, "ap@acme.example").await);
    portal.call("POST", &format!("/p/{stop}/opt-out"), "").await.is(200);
    let address = format!("/p/{code}/preferences");
    let again = [("change", "again")];
    // The link alone tells nobody that it was stopped, and has nobody written to.
    portal.get(&address).await.is(200).hides("Schreiben Sie mir wieder");
    portal.post(&address, &again).await.is(403);
    assert_eq!(portal.suppressed(&id, Channel::Email, "ap@acme.example").await, Some(SuppressionReason::OptOut));
    let cookie = portal.confirm(&id, &code).await;
    let page = portal.get_with(&[&cookie], &address).await.is(200).says("Schreiben Sie mir wieder");
    page.says("Seit dem 10. Februar 2026 senden wir keine E-Mails über offene Rechnungen an a…@acme.example");
    for _ in 0..2 {
        portal.post_with(&[&cookie], &address, &again).await.is(303);
        assert_eq!(portal.suppressed(&id, Channel::Email, "ap@acme.example").await, None);
    }
    portal.get_with(&[&cookie], &address).await.is(200).hides("Schreiben Sie mir wieder");
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let lifted: Vec<_> = audit.iter().filter(|entry| entry.operation == "write_again_by_link").collect();
    assert_eq!(lifted.len(), 1);
    assert!(lifted[0].role == "link" && lifted[0].what["was"] == "opt_out" && lifted[0].customer.as_ref() == Some(&id));
    // Only what its owner stopped: not a bounce, a complaint, or that somebody wants no contact at all.
    for reason in [SuppressionReason::Bounce, SuppressionReason::Complaint, SuppressionReason::Cease] {
        let now = portal.world.now();
        portal.world.store.suppress(&acme(), Channel::Email, "ap@acme.example", reason, now, Some(&id)).await.unwrap();
        portal.get_with(&[&cookie], &address).await.is(200).hides("Schreiben Sie mir wieder");
        portal.post_with(&[&cookie], &address, &again).await.is(303);
        assert_eq!(portal.suppressed(&id, Channel::Email, "ap@acme.example").await, Some(reason));
    }
}

#[tokio::test]
async fn an_address_that_bounced_is_not_had_again_though_its_owner_stopped_mail() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, stop) = (portal.code(&acme(), &id).await, portal.stop(Channel::Email, "ap@acme.example").await);
    let (now, address) = (portal.world.now(), "ap@acme.example");
    portal.world.store.suppress(&acme(), Channel::Email, address, SuppressionReason::Bounce, now, Some(&id)).await.unwrap();
    portal.call("POST", &format!("/p/{stop}/opt-out"), "").await.is(200);
    let cookie = portal.confirm(&id, &code).await;
    let page = format!("/p/{code}/preferences");
    portal.get_with(&[&cookie], &page).await.is(200).hides("Schreiben Sie mir wieder");
    portal.post_with(&[&cookie], &page, &[("change", "again")]).await.is(303);
    assert_eq!(portal.suppressed(&id, Channel::Email, address).await, Some(SuppressionReason::OptOut));
}

#[tokio::test]
async fn what_a_link_alone_shows_and_takes_of_people_costs_no_more_the_more_is_owed() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    with_senders(&portal).await;
    let head = portal.world.store.head(&acme(), &id).await.unwrap().unwrap();
    let facts = portal.world.store.facts(&acme(), &head).await.unwrap();
    let invoice = |nth: usize| {
        let mut invoice = facts.invoices[0].invoice.clone();
        invoice.id = InvoiceId::derive(&["acme", "canonical", &nth.to_string()]);
        invoice.external_id = nth.to_string();
        invoice.source_version = SourceVersion::Number(1);
        Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice }
    };
    for some in 0..10 {
        let documents: Vec<Document> = (some * 20..some * 20 + 20).map(invoice).collect();
        let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("many-{some}") };
        portal.world.store.apply(&acme(), &receipt, &documents, portal.world.now()).await.unwrap();
    }
    portal.get(&format!("/p/{code}/preferences")).await.is(200);
    portal.world.read_units();
    for place in ["preferences", "contacts", "others", "not-for-me", "code"] {
        portal.get(&format!("/p/{code}/{place}")).await.is(200);
        let units = portal.world.read_units();
        assert!(units > 0.0 && units <= 12.0, "{units} read units for {place}");
    }
    portal.post(&format!("/p/{code}/preferences"), &[("change", "channel"), ("channel", "pigeon")]).await.is(400);
    let units = portal.world.read_units();
    assert!(units <= 12.0, "{units} read units for what is wrong");
}
