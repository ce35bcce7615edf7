//! A customer contests an invoice by the page behind its link.

use domain::{BilledLine, DisputeStatus, Document, Invoice, SourceVersion, TaskKind, Terms, document::CustomerRef};
use store::Receipt;
use testbed::api::at;

use crate::visitor::{Portal, acme};

#[tokio::test]
async fn a_dispute_is_somebodys_work_and_said_as_it_stands() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, invoice) = (portal.code(&acme(), &id).await, Portal::invoice("C-1", "1001"));
    let address = format!("/p/{code}/invoices/{invoice}/dispute");
    portal.get(&format!("/p/{code}/invoices/{invoice}")).await.is(200).says("dispute\">Mit dieser Rechnung stimmt etwas nicht");
    portal
        .get(&address)
        .await
        .is(200)
        .says("Wir wollen bis zum 17. Februar 2026 entscheiden.")
        .says("<option value=\"quality\">Was kam, war mangelhaft</option>")
        .says("alles, was offen ist: 1.250,00\u{a0}€");
    let sent = [("reason", "quality"), ("amount", "625"), ("words", "Zwei von vier\r\nsind kaputt")];
    let made = portal.post(&address, &sent).await.leads();
    assert_eq!(portal.post(&address, &sent).await.leads(), made, "the same form again is the same dispute");
    let [dispute] = <[_; 1]>::try_from(portal.agreements(&id).await).unwrap();
    assert_eq!((dispute.kind(), dispute.amount_minor, dispute.scope.names(&invoice)), ("dispute", Some(62_500), true));
    portal
        .get(&made)
        .await
        .is(200)
        .says("Sie beanstanden 625,00\u{a0}€ der Rechnung 1001: Was kam, war mangelhaft.")
        .says("Wir wollen bis zum 17. Februar 2026 entscheiden.")
        .says("Der Rest der Rechnung ist weiterhin zu zahlen.");
    for place in [format!("/p/{code}"), format!("/p/{code}/invoices/{invoice}")] {
        portal.get(&place).await.is(200).says("in Klärung: 625,00\u{a0}€");
    }
    let tasks = portal.world.store.tasks(&acme(), 50, None).await.unwrap().tasks;
    let work: Vec<_> = tasks.iter().map(|task| (task.task.kind, task.task.due_on.map(|on| on.to_string()))).collect();
    assert_eq!(work, [(TaskKind::Dispute, Some("2026-02-17".to_owned()))]);
    assert_eq!(tasks[0].customer.as_ref(), Some(&id));
    let notes = portal.world.store.notes(&acme(), &id, None, 50, None).await.unwrap().notes;
    let said: Vec<_> = notes.iter().map(|note| (note.text.as_str(), note.about.as_deref())).collect();
    assert_eq!(said, [("Zwei von vier\nsind kaputt", Some(dispute.id.as_str()))]);
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let entry = &audit[0];
    assert_eq!((audit.len(), entry.role.as_str(), entry.operation.as_str()), (1, "link", "dispute_by_link"));
    assert!(!entry.what.to_string().contains("kaputt"), "words of people are in the note alone: {}", entry.what);
    // While nobody decided it, a second one of the invoice goes by a message.
    let second = [("reason", "price"), ("amount", ""), ("words", "und zu teuer")];
    portal.post(&address, &second).await.is(400).says("Diese Rechnung ist schon in Klärung.").says("und zu teuer");
    portal.get(&address).await.is(200).says("schon in Klärung").says(made.replace('/', "&#x2f;").as_str()).hides("<form");
    // A day that has passed is not promised any more.
    let today = portal.world.now();
    *portal.world.now.lock().unwrap() = at("2026-02-18T09:00:00Z");
    portal.get(&made).await.is(200).says("Es ist noch nicht entschieden.").hides("17. Februar 2026");
    *portal.world.now.lock().unwrap() = today;
    let mut before = dispute;
    for (status, text) in [
        (DisputeStatus::Rejected, "Reklamation nicht anerkannt"),
        (DisputeStatus::PartlyUpheld, "Reklamation teilweise zu Ihren Gunsten entschieden"),
        (DisputeStatus::Upheld, "Reklamation zu Ihren Gunsten entschieden"),
    ] {
        let mut after = before.clone();
        let Terms::Dispute(terms) = &mut after.terms else { panic!("{after:?}") };
        terms.status = status;
        portal.world.store.put_agreement(&acme(), &id, Some(&before), &after, portal.world.now()).await.unwrap();
        portal.get(&made).await.is(200).says(text).hides("Wir wollen bis zum").hides("noch nicht entschieden");
        portal.get(&format!("/p/{code}")).await.is(200).says(text).hides("in Klärung");
        before = after;
    }
    // Of another invoice it is none.
    let other = format!("/p/{code}/invoices/{}/dispute", Portal::invoice("C-1", "1002"));
    portal.get(&format!("{other}?{}", made.split_once('?').unwrap().1)).await.is(404);
    let whole = [("reason", "already_paid"), ("amount", "99,00"), ("words", "")];
    let made = portal.post(&other, &whole).await.leads();
    portal.get(&made).await.is(200).says("Sie beanstanden 99,00\u{a0}€").hides("Der Rest der Rechnung");
    portal.get(&format!("/p/{code}")).await.is(200).says("<bdi>in Klärung</bdi>");
}

#[tokio::test]
async fn a_line_is_contested_for_what_it_comes_to() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, invoice) = (portal.code(&acme(), &id).await, Portal::invoice("C-1", "1001"));
    let address = format!("/p/{code}/invoices/{invoice}/dispute");
    portal.get(&address).await.is(200).hides("name=\"line\"");
    let line = |external_id: &str, description: &str, quantity: Option<&str>, amount_minor| BilledLine {
        external_id: Some(external_id.to_owned()),
        description: description.to_owned(),
        quantity: quantity.map(str::to_owned),
        amount_minor,
    };
    let lines =
        vec![line("a", "Ziegel <rot>", Some("2"), 62_500), line("b", "Rabatt", None, -5_000), line("c", "Fracht", None, 200_000)];
    let head = portal.world.store.head(&acme(), &id).await.unwrap().unwrap();
    let facts = portal.world.store.facts(&acme(), &head).await.unwrap();
    let known = facts.invoices.iter().find(|fact| fact.invoice.id == invoice).unwrap().invoice.clone();
    let described = Invoice { source_version: SourceVersion::Number(2), lines: Some(lines), ..known };
    let document = Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice: described };
    let receipt = Receipt { source: "canonical".to_owned(), event_id: "lines".to_owned() };
    portal.world.store.apply(&acme(), &receipt, &[document], portal.world.now()).await.unwrap();

    let page = portal.get(&address).await.is(200).says("<option value=\"\">Die ganze Rechnung</option>");
    let page = page.says("<option value=\"1\">1. Ziegel &lt;rot&gt; × 2 – 625,00\u{a0}€</option>");
    // What takes something off is nothing to contest.
    page.says("<option value=\"3\">3. Fracht – 2.000,00\u{a0}€</option>").hides("Rabatt");
    let sent =
        |line: &'static str, amount: &'static str| [("reason", "quantity"), ("line", line), ("amount", amount), ("words", "")];
    let before = portal.world.everything().await;
    for (line, amount, text) in [
        ("7", "", "Diese Position hat die Rechnung nicht."),
        ("0", "", "Diese Position hat die Rechnung nicht."),
        ("a", "", "Diese Position hat die Rechnung nicht."),
        ("2", "", "Diese Position hat die Rechnung nicht."),
        ("1", "625,01", "höchstens 625,00\u{a0}€"),
        ("3", "1.250,01", "höchstens 1.250,00\u{a0}€"),
    ] {
        portal.post(&address, &sent(line, amount)).await.is(400).says(text);
    }
    portal.post(&address, &sent("1", "700")).await.is(400).says("<option value=\"1\" selected>").says("value=\"700\"");
    assert_eq!(portal.world.everything().await, before, "nothing was written");

    let made = portal.post(&address, &sent("1", "")).await.leads();
    assert_eq!(portal.post(&address, &sent("1", "")).await.leads(), made, "the same form again is the same dispute");
    let [dispute] = <[_; 1]>::try_from(portal.agreements(&id).await).unwrap();
    let of = dispute.disputed_line().map(|line| (line.position, line.external_id.as_deref(), line.description.as_str()));
    assert_eq!((dispute.amount_minor, of), (Some(62_500), Some((1, Some("a"), "Ziegel <rot>"))));
    let page = portal.get(&made).await.is(200).says("Sie beanstanden 625,00\u{a0}€ der Rechnung 1001");
    page.says("Es geht um diese Position: Ziegel &lt;rot&gt;.").says("Der Rest der Rechnung ist weiterhin zu zahlen.");
    let tasks = portal.world.store.tasks(&acme(), 50, None).await.unwrap().tasks;
    assert!(tasks[0].task.detail.contains("about line 1 of the invoice"), "{}", tasks[0].task.detail);
    let told = portal.data(&format!("/p/{code}/agreements/{}", dispute.id), "application/json").await.is(200);
    assert!(told.html.contains("\"line\":{\"position\":1,\"external_id\":\"a\""), "{}", told.html);
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    assert!(!audit[0].what.to_string().contains("Ziegel"), "words of a line are not kept for good: {}", audit[0].what);
}

#[tokio::test]
async fn a_dispute_that_cannot_be_is_said_so_and_what_was_typed_is_kept() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let other = portal.world.customer("acme", "C-2", |customer| customer.language = Some("en".to_owned())).await;
    let (code, theirs) = (portal.code(&acme(), &id).await, portal.code(&acme(), &other).await);
    let address = format!("/p/{code}/invoices/{}/dispute", Portal::invoice("C-1", "1001"));
    let before = portal.world.everything().await;
    let many = "ü".repeat(10_000);
    for (reason, amount, words, text) in [
        ("", "", "kaputt", "Wählen Sie, was nicht stimmt."),
        ("whim", "", "kaputt", "Wählen Sie, was nicht stimmt."),
        ("price", "1.250,01", "kaputt", "höchstens 1.250,00\u{a0}€"),
        ("price", "0", "kaputt", "höchstens 1.250,00\u{a0}€"),
        ("price", "alles", "kaputt", "höchstens 1.250,00\u{a0}€"),
        ("price", "", many.as_str(), "höchstens 2000 Zeichen und keine Steuerzeichen; das sind 10000."),
        ("price", "", "kaputt\u{7}", "höchstens 2000 Zeichen und keine Steuerzeichen"),
    ] {
        let page = portal.post(&address, &[("reason", reason), ("amount", amount), ("words", words)]).await.is(400).says(text);
        page.says(words.trim_end_matches('\u{7}')).says(&format!("value=\"{amount}\"")).hides("\u{7}");
    }
    let line = [("reason", "price"), ("amount", ""), ("words", ""), ("line", "7")];
    portal
        .post(&address, &line)
        .await
        .is(400)
        .says("Diese Position hat die Rechnung nicht")
        .says("<option value=\"price\" selected>");
    let english = format!("/p/{theirs}/invoices/{}/dispute", Portal::invoice("C-2", "1001"));
    let page = portal.post(&english, &[("reason", "price"), ("amount", "1,250.01"), ("words", "<b>")]).await.is(400);
    page.says("at most €1,250.00").says("1,250.01").says("&lt;b&gt;");
    // Another customer's invoice, and none.
    for invoice in [Portal::invoice("C-2", "1001").to_string(), "inv_none".to_owned(), "elsewhere".to_owned()] {
        let address = format!("/p/{code}/invoices/{invoice}/dispute");
        portal.get(&address).await.is(404);
        portal.post(&address, &[("reason", "price"), ("amount", ""), ("words", "")]).await.is(404);
    }
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    portal.pay(&id, 2).await;
    portal.get(&address).await.is(200).says("ist nichts offen").hides("<form");
    let page = portal.post(&address, &[("reason", "price"), ("amount", "5,00"), ("words", "zu teuer")]).await.is(400);
    page.says("ist nichts offen").says("zu teuer");
    assert_eq!(portal.agreements(&id).await, vec![]);
}
