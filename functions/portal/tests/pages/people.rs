//! "Not for me, write to …", whom the customer's messages go to, and that somebody left: for a person to decide.

use domain::{CustomerId, TaskKind};
use service::link_contacts::contact_key;
use store::CustomerNote;

use crate::visitor::{Portal, acme};

/// The notes of a customer, the newest first.
async fn notes(portal: &Portal, customer: &CustomerId) -> Vec<CustomerNote> {
    portal.world.store.notes(&acme(), customer, None, 50, None).await.unwrap().notes
}

async fn contacts(portal: &Portal, customer: &CustomerId) -> Vec<domain::Contact> {
    let head = portal.world.store.head(&acme(), customer).await.unwrap().unwrap();
    portal.world.store.facts(&acme(), &head).await.unwrap().customer.contacts
}

#[tokio::test]
async fn who_is_to_be_written_to_instead_is_said_by_the_link_alone_and_changes_nothing() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let before = contacts(&portal, &id).await;
    let address = format!("/p/{code}/not-for-me");
    portal.get(&format!("/p/{code}")).await.is(200).says("Nachrichten an mich sind für jemand anderen");
    portal.get(&address).await.is(200).says("Sagen Sie uns, wem wir schreiben sollen.");
    let sent = [("name", "Berta Beispiel"), ("email", "berta@acme.example"), ("words", "Ich bin <b>weg</b>")];
    let (one, two) = tokio::join!(portal.post(&address, &sent), portal.post(&address, &sent));
    let made = one.leads();
    assert_eq!(two.leads(), made, "two at once are one");
    portal.get(&made).await.is(200).says("Ein Mensch liest sie.");
    let known = notes(&portal, &id).await;
    assert_eq!(known.len(), 1);
    let text = &known[0].text;
    assert!(text.contains("(p1) are not for the reader. Write to: Berta Beispiel <berta@acme.example>"), "{text}");
    assert!(text.ends_with("Ich bin <b>weg</b>") && !text.contains("ap@acme.example"), "{text}");
    let tasks = portal.world.store.tasks(&acme(), 50, None).await.unwrap().tasks;
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].task.kind, tasks[0].customer.as_ref()), (TaskKind::CustomerAsked, Some(&id)));
    assert!(!tasks[0].task.title.contains("Berta") && !tasks[0].task.detail.contains("Berta"), "a worklist has no names");
    // Nobody need be named.
    portal.post(&address, &[("name", ""), ("email", ""), ("words", "")]).await.is(303);
    assert_eq!(contacts(&portal, &id).await, before, "a person decides");
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    assert!(!audit.is_empty());
    assert!(audit.iter().all(|entry| entry.role == "link" && entry.what["for"] == "not_for_me"), "{audit:?}");
}

#[tokio::test]
async fn what_cannot_be_said_of_people_is_said_so() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    portal.world.customer("acme", "C-2", |customer| customer.contacts[0].external_id = "p9".to_owned()).await;
    let code = portal.code(&acme(), &id).await;
    let address = format!("/p/{code}/not-for-me");
    let before = portal.world.everything().await;
    let theirs = contact_key("p9");
    let (long, many) = ("x".repeat(201), "x".repeat(10_000));
    for (name, email, words, text) in [
        ("", "nobody", "", "Geben Sie eine E-Mail-Adresse an"),
        ("", "Eve <eve@acme.example>", "", "Geben Sie eine E-Mail-Adresse an"),
        ("", "a@acme.example, b@acme.example", "", "Geben Sie eine E-Mail-Adresse an"),
        (long.as_str(), "", "", "höchstens 200 Zeichen"),
        ("Eve\nBcc: x", "", "", "höchstens 200 Zeichen"),
        ("", "", many.as_str(), "das sind 10000."),
    ] {
        portal.post(&address, &[("name", name), ("email", email), ("words", words)]).await.is(400).says(text);
    }
    let hostile = portal.post(&address, &[("name", "<script>alert(1)</script>"), ("email", "x"), ("words", "")]).await;
    hostile.is(400).says("&lt;script&gt;").hides("<script>");
    portal.post(&address, &[("name", "Eve"), ("phone", "+49301234")]).await.is(400);
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    // By a code neither.
    let cookie = portal.confirm(&id, &code).await;
    let address = format!("/p/{code}/contacts");
    let before = portal.world.everything().await;
    for (fields, text) in [
        (vec![("name", ""), ("email", ""), ("words", "")], "Geben Sie einen Namen oder eine E-Mail-Adresse an."),
        (vec![("left", theirs.as_str())], "Eine solche Kontaktperson von Ihnen gibt es nicht mehr."),
        (vec![("left", "p1")], "Eine solche Kontaktperson von Ihnen gibt es nicht mehr."),
        (vec![("role", "admin")], "Die Seite lässt sich so nicht verwenden."),
    ] {
        portal.post_with(&[&cookie], &address, &fields).await.is(400).says(text);
    }
    assert_eq!(portal.world.everything().await, before, "nothing was written");
}

#[tokio::test]
async fn whom_is_written_to_is_seen_after_a_code_and_others_in_part() {
    let portal = Portal::new().await;
    let id = portal
        .world
        .customer("acme", "C-1", |customer| {
            let mut other = customer.contacts[0].clone();
            other.external_id = "p2".to_owned();
            other.name = "Berta Beispiel".to_owned();
            other.email = Some("berta@acme.example".to_owned());
            other.phone = Some("+493098765432".to_owned());
            customer.contacts.push(other);
        })
        .await;
    let code = portal.code(&acme(), &id).await;
    let cookie = portal.confirm(&id, &code).await;
    let address = format!("/p/{code}/contacts");
    let left = contact_key("p2");
    let page = portal.get_with(&[&cookie], &address).await.is(200).says("ap@acme.example").says("+493012345678");
    let page = page.says("Berta Beispiel").says("b…@acme.example").says("…432").hides("berta@acme.example");
    let page = page.hides("+493098765432").says(&format!("name=\"left\" value=\"{left}\""));
    page.hides(&contact_key("p1"));
    portal.get(&address).await.is(200).hides("Berta");
    let before = contacts(&portal, &id).await;
    for (fields, text) in [
        (vec![("left", left.as_str())], "Berta Beispiel (p2) is not there any more, says"),
        (
            vec![("name", "Carl"), ("email", "carl@acme.example"), ("words", "Buchhaltung")],
            "Carl <carl@acme.example>\nBuchhaltung",
        ),
    ] {
        let made = portal.post_with(&[&cookie], &address, &fields).await.leads();
        assert_eq!(portal.post_with(&[&cookie], &address, &fields).await.leads(), made, "posted twice it is one");
        let known = notes(&portal, &id).await;
        assert!(known.iter().any(|note| note.text.contains(text)), "no '{text}' in {known:?}");
    }
    assert_eq!(notes(&portal, &id).await.len(), 2);
    assert_eq!(contacts(&portal, &id).await, before, "a person decides");
}

#[tokio::test]
async fn other_customers_of_the_same_address_are_led_to_after_a_code() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let named = |name: &'static str, email: &'static str| {
        move |customer: &mut domain::Customer| {
            customer.name = name.to_owned();
            customer.contacts[0].email = Some(email.to_owned());
        }
    };
    let second = portal.world.customer("acme", "C-2", named("Zweite GmbH", "AP@acme.example")).await;
    portal.world.customer("acme", "C-3", named("Nie angeschrieben GmbH", "ap@acme.example")).await;
    let other = portal.world.customer("acme", "C-4", named("Andere GmbH", "else@acme.example")).await;
    let stranger = portal.world.customer("other", "C-1", named("Fremde GmbH", "ap@acme.example")).await;
    portal.world.code(&acme(), &other, domain::Channel::Email, "else@acme.example").await;
    let elsewhere = domain::TenantId::parse("other").unwrap();
    portal.world.code(&elsewhere, &stranger, domain::Channel::Email, "ap@acme.example").await;
    let (code, theirs) = (portal.code(&acme(), &id).await, portal.code(&acme(), &second).await);
    #[expect(clippy::disallowed_methods, reason = "the lists are made of the whole table")]
    let table = aws_sdk_dynamodb::Client::scan(&portal.world.db).table_name(testbed::TABLE).send().await.unwrap();
    let items: Vec<store::inspect::Item> = table.items().iter().cloned().map(store::inspect::Item::from).collect();
    portal.world.store.rebuild_lists(&acme(), &items).await.unwrap();
    let address = format!("/p/{code}/others");
    portal.get(&address).await.is(200).says("wird ein Code an a…@acme.example gesendet").hides("Zweite");
    let cookie = portal.confirm(&id, &code).await;
    let before = portal.world.everything().await;
    let page = portal.get_with(&[&cookie], &address).await.is(200).says("a…@acme.example ist auch bei diesen Konten eingetragen");
    let page = page.says("Zweite GmbH").says(&format!("href=\"&#x2f;p&#x2f;{theirs}\""));
    page.hides("Nie angeschrieben").hides("Andere GmbH").hides("Fremde GmbH");
    portal.post_with(&[&cookie], &address, &[]).await.is(405);
    assert_eq!(portal.world.everything().await, before, "nothing is written");
    portal.get(&format!("/p/{theirs}")).await.is(200).says("Zweite GmbH");
    // One that was made void is not led to.
    let known = portal.world.store.link(&store::LinkCode::parse(&theirs).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &second, &known.link, portal.world.now()).await.unwrap());
    portal.get_with(&[&cookie], &address).await.is(200).says("kein anderes Konto öffnen").hides("Zweite");
}
