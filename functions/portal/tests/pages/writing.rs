//! A customer asks for something, or writes, by the page behind its link.

use domain::TaskKind;

use crate::visitor::{Portal, acme};

#[tokio::test]
async fn what_a_customer_writes_comes_once_and_is_somebodys_work() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, invoice) = (portal.code(&acme(), &id).await, Portal::invoice("C-1", "1001"));
    let address = format!("/p/{code}/write");
    portal.get(&address).await.is(200).says("value=\"message\" checked").says(">1001</option>").says(">1002</option>");
    // The copy of an invoice that is paid can be asked for too.
    portal.pay(&id, 2).await;
    portal.get(&address).await.is(200).hides(">1001</option>");
    let copy = format!("{address}?for=copy&invoice={invoice}");
    portal.get(&copy).await.is(200).says("value=\"copy\" checked").says(&format!("value=\"{invoice}\" selected>1001<"));
    let mut seen = std::collections::BTreeSet::new();
    for (what, about, words) in [
        ("copy", invoice.as_str(), ""),
        ("message", "", "Bitte rufen Sie an"),
        ("plan", "", "Bitte rufen Sie an"),
        ("message", invoice.as_str(), "Bitte rufen Sie an"),
    ] {
        let sent = [("for", what), ("invoice", about), ("words", words)];
        let (one, two) = tokio::join!(portal.post(&address, &sent), portal.post(&address, &sent));
        let made = one.leads();
        assert_eq!(two.leads(), made, "{what}: two at once are one");
        assert_eq!(portal.post(&address, &sent).await.leads(), made, "{what}: and again");
        portal.get(&made).await.is(200).says("Sie kam am 10. Februar 2026. Ein Mensch liest sie.");
        assert!(seen.insert(made), "{what} is another one");
    }
    let tasks = portal.world.store.tasks(&acme(), 50, None).await.unwrap().tasks;
    assert_eq!(tasks.len(), 4);
    assert!(tasks.iter().all(|task| task.task.kind == TaskKind::CustomerAsked && task.customer.as_ref() == Some(&id)));
    let notes = portal.world.store.notes(&acme(), &id, None, 50, None).await.unwrap().notes;
    let plan = notes.iter().find(|note| note.text.starts_with("The customer asks to pay in parts")).unwrap();
    assert!(plan.text.ends_with("Bitte rufen Sie an") && plan.by.starts_with("lnk_"), "{plan:?}");
    assert_eq!(notes.iter().filter(|note| note.about.as_deref() == Some(invoice.as_str())).count(), 2);
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    assert_eq!(audit.len(), 4);
    assert!(audit.iter().all(|entry| entry.role == "link" && entry.operation == "ask_by_link"), "{audit:?}");
    // That something came is said to whoever sent it.
    let by_text = portal.world.code(&acme(), &id, domain::Channel::Sms, "+493012345678").await;
    let (_, made) = seen.first().unwrap().split_once('?').unwrap();
    portal.get(&format!("/p/{by_text}/write?{made}")).await.is(404);
    portal.get(&format!("{address}?made=note_none")).await.is(404);
}

#[tokio::test]
async fn what_cannot_be_asked_is_said_so_and_what_was_typed_is_kept() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    portal.world.customer("acme", "C-2", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let (address, theirs) = (format!("/p/{code}/write"), Portal::invoice("C-2", "1001"));
    let before = portal.world.everything().await;
    let many = "x".repeat(10_000);
    for (what, about, words, text) in [
        ("message", "", "", "Schreiben Sie etwas."),
        ("plan", "", " \n ", "Schreiben Sie etwas."),
        ("message", "", many.as_str(), "das sind 10000."),
        ("message", "", "hallo\u{1b}[2J", "keine Steuerzeichen"),
        ("message", theirs.as_str(), "hallo", "Eine solche Rechnung von Ihnen gibt es nicht."),
        ("copy", theirs.as_str(), "hallo", "Eine solche Rechnung von Ihnen gibt es nicht."),
        ("copy", "", "hallo", "Eine solche Rechnung von Ihnen gibt es nicht."),
        ("message", "1001", "hallo", "Eine solche Rechnung von Ihnen gibt es nicht."),
        ("refund", "", "hallo", "Wählen Sie, worum es geht."),
    ] {
        let page = portal.post(&address, &[("for", what), ("invoice", about), ("words", words)]).await.is(400).says(text);
        page.says(words.trim().split('\u{1b}').next().unwrap()).hides("\u{1b}");
    }
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    // Nobody fills the worklist by one link.
    for at in 0..service::link_holder::ASKED_A_DAY_MAX {
        let words = format!("Nachricht {at}");
        portal.post(&address, &[("for", "message"), ("invoice", ""), ("words", &words)]).await.is(303);
    }
    let page = portal.post(&address, &[("for", "message"), ("invoice", ""), ("words", "noch eine")]).await.is(400);
    page.says("Für heute ist es genug: 20 Nachrichten").says("noch eine");
    portal.post(&address, &[("for", "message"), ("invoice", ""), ("words", "Nachricht 3")]).await.is(303);
}
