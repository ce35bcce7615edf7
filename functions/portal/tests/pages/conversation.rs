//! What was answered to a customer, who reads it, and the one question after something was settled.

use domain::{CustomerId, DisputeStatus, ServiceMailKind, Terms, attachment::AttachmentKind};
use service::{
    Actor, NotDone, StaffRole,
    attachments::{AttachmentAsked, SeenFile},
    jobs::uploads::Upload,
    note_answers::{ANSWERS_MAX, AnswerAsked, NoteAnswered, answer},
    notes::{self, NoteAsked, NoteChange},
};

use crate::visitor::{Portal, Reply, acme};

const QUESTION: &str = "Wie einfach war es, das zu klären?";

fn collector() -> Actor {
    Actor::new(acme(), StaffRole::Collector, Some("cleo"))
}

impl Portal {
    /// The page that says that a message came, and the note.
    async fn wrote(&self, code: &str, words: &str) -> (String, String) {
        let fields = [("for", "message"), ("invoice", ""), ("words", words)];
        let made = self.post(&format!("/p/{code}/write"), &fields).await.leads();
        let note = made.split_once("made=").unwrap().1.to_owned();
        (made, note)
    }

    async fn answered(&self, note: &str, words: &str) -> service::Done<NoteAnswered> {
        let asked = AnswerAsked { words: words.to_owned(), attachments: Vec::new() };
        answer(&self.world.store, &collector(), note, &asked, self.world.now()).await
    }

    /// The kinds of tasks that are open.
    async fn open_tasks(&self) -> usize {
        self.world.store.tasks(&acme(), 50, None).await.unwrap().tasks.len()
    }
}

#[tokio::test]
async fn an_answer_stands_beneath_what_was_written_and_ends_its_task() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let by_text = portal.world.code(&acme(), &id, domain::Channel::Sms, "+493012345678").await;
    let (made, note) = portal.wrote(&code, "Bitte rufen Sie an").await;
    let (_, theirs) = portal.wrote(&by_text, "Eine andere Frage").await;
    // What the tenant's people write for themselves is nobody's answer.
    let own = NoteAsked { customer: id.to_string(), about: None, text: "Zahlt immer zu spät".to_owned() };
    let (_, own) = notes::add(&portal.world.store, &collector(), &own, portal.world.now()).await.unwrap();
    assert_eq!(portal.open_tasks().await, 2);
    portal.wait(60);
    let answered = portal.answered(&note, " Wir rufen morgen an.\nBis dann <b> ").await.unwrap();
    assert_eq!((answered.customer, answered.note.answers.len()), (id.clone(), 1));
    assert_eq!((portal.open_tasks().await, portal.asked(&id, ServiceMailKind::Answered).await), (1, 1));
    // The same again changes nothing, and tells nothing.
    portal.wait(60);
    let before = portal.world.everything().await;
    portal.answered(&note, "Wir rufen morgen an.\nBis dann <b>").await.unwrap();
    assert_eq!(portal.world.everything().await, before);
    for address in [format!("/p/{code}/write"), made.clone()] {
        let page = portal.get(&address).await.is(200).says("acme &amp; Sons hat am 10. Februar 2026 geantwortet");
        page.says("Wir rufen morgen an.\nBis dann &lt;b&gt;").hides("cleo").hides("zu spät").hides("andere Frage");
    }
    portal.get(&made).await.is(200).says("Ihre Nachricht kam am 10. Februar 2026.").hides("Ein Mensch liest sie");
    let page = portal.get(&format!("/p/{by_text}/write")).await.is(200).says("Eine andere Frage").hides("geantwortet");
    page.hides("Wir rufen").hides("Bitte rufen");
    portal.get(&format!("/p/{by_text}/write?made={note}")).await.is(404);
    // A second answer is told too.
    portal.wait(60);
    portal.answered(&note, "Niemand ging ans Telefon.").await.unwrap();
    assert_eq!(portal.asked(&id, ServiceMailKind::Answered).await, 2);
    // Whoever has a later link of the address reads on; nobody reads what was taken away.
    let known = portal.world.store.link(&store::LinkCode::parse(&code).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &id, &known.link, portal.world.now()).await.unwrap());
    let next = portal.code(&acme(), &id).await;
    assert_ne!(next, code);
    let address = format!("/p/{next}/write");
    portal.get(&address).await.is(200).says("Bitte rufen Sie an").says("Niemand ging ans Telefon.");
    portal.get(&format!("{address}?made={note}")).await.is(200).says("Wir rufen morgen an.");
    let manager = Actor::new(acme(), StaffRole::Manager, Some("mia"));
    notes::change(&portal.world.store, &manager, &note, &NoteChange::Delete, None, portal.world.now()).await.unwrap();
    portal.get(&address).await.is(200).hides("Bitte rufen Sie an").hides("Wir rufen morgen an.");
    portal.get(&format!("{address}?made={note}")).await.is(404);
    // What cannot be answered.
    let refused = portal.answered(&note, "Noch etwas").await;
    assert!(matches!(&refused, Err(NotDone::Conflict(why)) if why.contains("taken away")), "{refused:?}");
    let refused = portal.answered(own.id.as_str(), "Stimmt").await;
    assert!(matches!(&refused, Err(NotDone::Conflict(why)) if why.contains("by a portal link")), "{refused:?}");
    let refused = portal.answered(&theirs, " \n ").await;
    assert!(matches!(&refused, Err(NotDone::Fields(flaws)) if flaws[0].0 == "/words"), "{refused:?}");
    let refused = portal.answered(&theirs, &"x".repeat(2_001)).await;
    assert!(matches!(&refused, Err(NotDone::Fields(flaws)) if flaws[0].0 == "/words"), "{refused:?}");
    assert!(matches!(portal.answered("not_none", "x").await, Err(NotDone::NotFound(_))));
    for at in 0..ANSWERS_MAX {
        portal.wait(1);
        portal.answered(&theirs, &format!("Antwort {at}")).await.unwrap();
    }
    let refused = portal.answered(&theirs, "Und noch eine").await;
    assert!(matches!(&refused, Err(NotDone::Conflict(why)) if why.contains("10 answers")), "{refused:?}");
    assert_eq!(portal.open_tasks().await, 0);
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let entries: Vec<_> = audit.iter().filter(|entry| entry.operation == "answer_note").collect();
    assert_eq!(entries.len(), 2 + ANSWERS_MAX);
    assert!(entries.iter().all(|entry| entry.by == "cleo" && !entry.what.to_string().contains("rufen")), "{entries:?}");
}

#[tokio::test]
async fn a_file_of_an_answer_is_for_whoever_reads_the_answer() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let by_text = portal.world.code(&acme(), &id, domain::Channel::Sms, "+493012345678").await;
    let (made, note) = portal.wrote(&code, "Wo ist der Lieferschein?").await;
    let seen = SeenFile::There { bytes: 9, kind: Some(AttachmentKind::Pdf), sha256: "0".repeat(64) };
    let upload = Upload::at(portal.world.now(), &["acme", "cleo"]).as_str().to_owned();
    let file = |name: &str| AttachmentAsked { upload: upload.clone(), name: name.to_owned(), seen: seen.clone() };
    let asked = |name| AnswerAsked { words: "Hier ist er.".to_owned(), attachments: vec![file(name)] };
    let (store, now) = (&portal.world.store, portal.world.now());
    let refused = answer(store, &collector(), &note, &asked("x.exe"), now).await;
    assert!(matches!(&refused, Err(NotDone::Fields(flaws)) if flaws[0].0 == "/attachments/0/name"), "{refused:?}");
    let answered = answer(store, &collector(), &note, &asked("Lieferschein 7.pdf"), now).await.unwrap();
    let [place] = answered.places.as_slice() else { panic!("{answered:?}") };
    let (below, named) = place.rsplit_once('/').unwrap();
    assert_eq!(below, format!("answered/acme/{id}"));
    // The same answer again has the same place.
    assert_eq!(answer(store, &collector(), &note, &asked("Lieferschein 7.pdf"), now).await.unwrap().places, answered.places);
    let path = format!("/p/{code}/answers/{note}/{named}");
    portal.get(&made).await.is(200).says(&path.replace('/', "&#x2f;")).says("Lieferschein 7.pdf");
    let before = portal.world.everything().await;
    let leads = portal.send("GET", &path, &[], "").await.leads();
    assert!(leads.contains(&format!("/bodies/{place}")) && leads.contains("attachment"), "{leads}");
    assert!(leads.contains("Lieferschein-7.pdf"), "{leads}");
    portal.post(&path, &[]).await.is(405);
    for address in [
        format!("/p/{by_text}/answers/{note}/{named}"),
        format!("/p/{code}/answers/{note}/fil_0000000000000000"),
        format!("/p/{code}/answers/not_none/{named}"),
        format!("/p/{code}/answers/{named}"),
    ] {
        portal.get(&address).await.is(404);
    }
    assert_eq!(portal.world.everything().await, before);
}

/// Rates something.
async fn rated(portal: &Portal, address: &str, score: &str, words: &str) -> Reply {
    portal.post(address, &[("score", score), ("words", words)]).await
}

/// A dispute of the customer's second invoice, which nothing is past due of; the page that says what became of it, and its id.
async fn contested(portal: &Portal, code: &str) -> (String, String) {
    let address = format!("/p/{code}/invoices/{}/dispute", Portal::invoice("C-1", "1002"));
    let made = portal.post(&address, &[("reason", "price"), ("amount", ""), ("words", "")]).await.leads();
    let id = made.split_once("made=").unwrap().1.to_owned();
    (made, id)
}

/// Decides the customer's only dispute.
async fn decide(portal: &Portal, customer: &CustomerId, status: DisputeStatus) {
    let [before] = <[_; 1]>::try_from(portal.agreements(customer).await).unwrap();
    let mut after = before.clone();
    let Terms::Dispute(terms) = &mut after.terms else { panic!("{after:?}") };
    terms.status = status;
    portal.world.store.put_agreement(&acme(), customer, Some(&before), &after, portal.world.now()).await.unwrap();
}

#[tokio::test]
async fn what_was_settled_is_asked_about_once() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let by_text = portal.world.code(&acme(), &id, domain::Channel::Sms, "+493012345678").await;
    let (made, dispute) = contested(&portal, &code).await;
    let address = format!("/p/{code}/rate/{dispute}");
    // While nobody decided it, nothing is asked, and nothing is taken.
    portal.get(&made).await.is(200).hides(QUESTION);
    portal.get(&address).await.is(404);
    rated(&portal, &address, "5", "").await.is(404);
    decide(&portal, &id, DisputeStatus::Upheld).await;
    portal.get(&made).await.is(200).says(QUESTION).says("1 – sehr schwierig").says("5 – sehr einfach");
    let other = made.replace(&code, &by_text);
    portal.get(&other).await.is(200).says("zu Ihren Gunsten").hides(QUESTION);
    let before = portal.world.everything().await;
    portal.get(&address).await.is(200).says(QUESTION);
    portal.call("HEAD", &format!("{address}?score=5"), "").await.is(200);
    for (score, words, text) in [
        ("", "", "Wählen Sie eine Zahl von 1 bis 5."),
        ("0", "war gut", "Wählen Sie eine Zahl von 1 bis 5."),
        ("6", "war gut", "Wählen Sie eine Zahl von 1 bis 5."),
        ("-1", "war gut", "Wählen Sie eine Zahl von 1 bis 5."),
        ("4", "\u{7}", "keine Steuerzeichen"),
    ] {
        rated(&portal, &address, score, words).await.is(400).says(text).says(words.trim_end_matches('\u{7}'));
    }
    portal.post(&address, &[("score", "4"), ("words", ""), ("name", "x")]).await.is(400);
    rated(&portal, &address.replace(&code, &by_text), "1", "").await.is(404);
    rated(&portal, &format!("/p/{code}/rate/pay_0000000000000000"), "1", "").await.is(404);
    portal.get(&format!("/p/{code}/rate/elsewhere")).await.is(404);
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    assert_eq!(rated(&portal, &address, "4", "ging <schnell>").await.leads(), address);
    portal.get(&address).await.is(200).says("Sie haben mit 4 von 5 geantwortet").says("ging &lt;schnell&gt;").hides("<form");
    portal.get(&made).await.is(200).hides(QUESTION);
    let before = portal.world.everything().await;
    assert_eq!(rated(&portal, &address, "4", "ging <schnell>").await.leads(), address, "the same again is the same");
    rated(&portal, &address, "1", "").await.is(400).says("Ihre erste Antwort bleibt.");
    // Decided otherwise, it is the same thing that was settled.
    assert_eq!(portal.world.everything().await, before);
    decide(&portal, &id, DisputeStatus::PartlyUpheld).await;
    portal.get(&made).await.is(200).hides(QUESTION);
    let known = portal.world.store.ratings(&acme(), &id, 10, None).await.unwrap().ratings;
    let [known] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!((known.about.as_str(), known.score, known.words.as_deref()), (dispute.as_str(), 4, Some("ging <schnell>")));
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let entry = audit.iter().find(|entry| entry.operation == "rate_by_link").unwrap();
    assert_eq!((entry.role.as_str(), entry.object.as_deref()), ("link", Some(dispute.as_str())));
    assert!(!entry.what.to_string().contains("schnell"), "{}", entry.what);
    // Whoever looks at ratings sees it; whoever names none of the tenant's customers sees nothing.
    let viewer = Actor::new(acme(), StaffRole::Viewer, Some("vera"));
    let (_, page) = service::ratings::list(&portal.world.store, &viewer, id.as_str(), None, None).await.unwrap();
    assert_eq!(page.ratings, std::slice::from_ref(known));
    assert!(service::ratings::list(&portal.world.store, &viewer, "cus_none", None, None).await.is_err());
    assert!(service::ratings::list(&portal.world.store, &viewer, id.as_str(), None, Some("x")).await.is_err());
}
