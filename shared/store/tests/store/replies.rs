//! Answers of customers: what is written with one, that it is written once, and that it goes with the person.

use domain::*;
use jiff::SignedDuration;
use store::{AddressId, DecidedBeside, Ending, KeptBeside, KeptReply, PersonId, ReplyKept, WordsAbout};

use crate::common::*;

/// An answer that came some minutes after the story began.
pub fn reply(n: i64) -> KeptReply {
    KeptReply {
        id: ReplyId::derive(&["acme", "email", &n.to_string()]),
        received_at: at(n),
        channel: Channel::Email,
        from: "ap@acme.example".to_owned(),
        to: "acme@answers.dunlin.example".to_owned(),
        subject: None,
        text: format!("We pay on Friday, {n}."),
        language: None,
        files: 0,
        unkept: 0,
        machine: None,
        found_by: "sender".to_owned(),
        link: None,
        case: None,
        case_was_over: false,
        message: None,
        read: ReplyRead { class: ReplyClass::Promise, ..ReplyRead::default() },
        status: ReplyStatus::Open,
        suggestion: None,
        pause: None,
        task: None,
        copies: Vec::new(),
        mail: None,
        stopped: false,
        started: false,
        agreement: None,
        decided: None,
    }
}

fn task(reply: &KeptReply) -> NewTask {
    NewTask {
        kind: TaskKind::CustomerAsked,
        key: reply.id.to_string(),
        title: "A customer answered".to_owned(),
        detail: "Look".to_owned(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}

/// The pause that an answer made.
pub fn pause(reply: &KeptReply) -> Agreement {
    Agreement {
        id: AgreementId::derive(&[reply.id.as_str(), "pause"]),
        terms: Terms::Pause(Pause { reason: HoldReason::Manual, ends_with: None, of: vec![], status: PauseStatus::Running }),
        scope: AgreementScope::Customer,
        amount_minor: None,
        clock: HoldClock::Freeze,
        made_at: at(1),
        from_at: at(1),
        until_on: Some("2026-01-10".parse().unwrap()),
        ended_at: None,
        status_at: at(1),
        by: reply.id.to_string(),
        folded: vec![],
    }
}

#[tokio::test]
async fn an_answer_is_kept_once_with_all_that_follows() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let (task, pause) = (task(&reply(5)), pause(&reply(5)));
    let kept = KeptReply { pause: Some(pause.id.clone()), task: Some(task.id(tenant, Some(&customer))), ..reply(5) };
    let beside = KeptBeside { pause: Some(&pause), task: Some(&task), mail: None, is_of_person: true };
    let before = table.head().await;
    assert_eq!(store.keep_reply(tenant, &customer, &kept, beside, at(6)).await.unwrap(), ReplyKept::Done);
    assert_eq!(store.keep_reply(tenant, &customer, &kept, beside, at(7)).await.unwrap(), ReplyKept::Before);
    let head = table.head().await;
    assert_eq!((head.replied_at, head.version), (Some(at(5)), before.version + 1));
    assert_eq!(store.whose(tenant, kept.id.as_str()).await.unwrap().as_ref(), Some(&customer));
    assert_eq!(store.agreement(tenant, &customer, &pause.id).await.unwrap().as_ref(), Some(&pause));
    assert!(store.task(tenant, kept.task.as_ref().unwrap()).await.unwrap().is_some());
    // An earlier one that comes later does not make the customer's last reply earlier, and what a machine wrote is no reply.
    for (n, is_of_person) in [(2, true), (9, false)] {
        let beside = KeptBeside { is_of_person, ..KeptBeside::default() };
        assert_eq!(store.keep_reply(tenant, &customer, &reply(n), beside, at(10)).await.unwrap(), ReplyKept::Done);
        assert_eq!(table.head().await.replied_at, Some(at(5)), "{n}");
    }
    // The newest stands first, whatever the ids say.
    let first = store.replies(tenant, Some(&customer), 2, None).await.unwrap();
    let ids = |page: &store::ReplyPage| page.replies.iter().map(|reply| reply.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), [reply(9).id, reply(5).id]);
    let rest = store.replies(tenant, Some(&customer), 2, first.after.as_ref()).await.unwrap();
    assert_eq!((ids(&rest), rest.after), (vec![reply(2).id], None));
}

#[tokio::test]
async fn an_address_is_answered_by_itself_once_in_a_day() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let (link, address) = (LinkId::derive(&["l"]), AddressId::of(Channel::Email, "ap@acme.example"));
    let keep = async |n: i64| {
        let mail = ServiceMail::of(ServiceMailKind::CopySent, &link, Some(reply(n).id.as_str()), at(n));
        let kept = KeptReply { mail: Some(mail.id.clone()), ..reply(n) };
        let beside = KeptBeside { mail: Some((&mail, &address)), is_of_person: true, ..KeptBeside::default() };
        let done = store.keep_reply(tenant, &customer, &kept, beside, at(n)).await.unwrap();
        (done, store.service_mail(tenant, &customer, &mail.id, at(n)).await.unwrap().is_some())
    };
    let day = SignedDuration::from_hours(24).as_mins();
    assert_eq!(keep(0).await, (ReplyKept::Done, true));
    assert_eq!(keep(day - 1).await, (ReplyKept::AnsweredEnough, false));
    assert_eq!(store.reply(tenant, &customer, &reply(day - 1).id).await.unwrap(), None, "nothing of it is kept");
    assert_eq!(keep(day + 1).await, (ReplyKept::Done, true));
}

#[tokio::test]
async fn what_a_person_decides_ends_the_pause_and_the_task() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let (task, pause) = (task(&reply(5)), pause(&reply(5)));
    let id = task.id(tenant, Some(&customer));
    let beside = KeptBeside { pause: Some(&pause), task: Some(&task), mail: None, is_of_person: true };
    store.keep_reply(tenant, &customer, &reply(5), beside, at(6)).await.unwrap();
    let over = pause.clone().act(&AgreementAct::Release, vec![], at(7)).unwrap();
    let ending = Ending { result: TaskResult::Done, note: None, by: Some("kim".to_owned()) };
    let after = KeptReply { status: ReplyStatus::Dismissed, decided: Some((at(7), "kim".to_owned())), ..reply(5) };
    let decided = DecidedBeside { agreement: None, pause: Some((&pause, &over)), task: Some((&id, &ending)) };
    store.decide_reply(tenant, &customer, (&reply(5), &after), decided, at(7)).await.unwrap();
    assert_eq!(store.agreement(tenant, &customer, &pause.id).await.unwrap(), Some(over.clone()));
    assert_eq!(store.task(tenant, &id).await.unwrap().unwrap().ending.as_ref(), Some(&ending));
    // Who decided on what it was before finds it changed.
    let late = store.decide_reply(tenant, &customer, (&reply(5), &after), DecidedBeside::default(), at(8)).await;
    assert!(matches!(late, Err(store::Error::Conflict { .. })), "{late:?}");
}

#[tokio::test]
async fn an_answer_of_nobody_is_kept_with_its_task_and_belongs_to_no_customer() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let task = NewTask { kind: TaskKind::AnswerUnmatched, ..task(&reply(1)) };
    assert!(store.keep_unmatched(tenant, &reply(1), &task, at(1)).await.unwrap());
    assert!(!store.keep_unmatched(tenant, &reply(1), &task, at(2)).await.unwrap());
    assert_eq!(store.unmatched_reply(tenant, &reply(1).id).await.unwrap(), Some(reply(1)));
    assert_eq!(store.replies(tenant, None, 10, None).await.unwrap().replies, [reply(1)]);
    assert_eq!(store.whose(tenant, reply(1).id.as_str()).await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_is_about_who_sent_it_and_whom_it_names() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let other = KeptReply { from: "other@else.example".to_owned(), ..reply(2) };
    let naming = KeptReply { text: "Please ask ap@acme.example".to_owned(), from: "x@else.example".to_owned(), ..reply(3) };
    for reply in [&reply(1), &other, &naming] {
        store.keep_reply(tenant, &customer, reply, KeptBeside::default(), at(5)).await.unwrap();
    }
    let contact = Contact::by_email("p1", Role::Billing, "ap@acme.example");
    let person = PersonId::of("ap@acme.example");
    let found = store.words_about(tenant, &customer, &person, &[contact], false).await.unwrap();
    let ids: std::collections::BTreeSet<ReplyId> = found
        .into_iter()
        .filter_map(|about| match about {
            WordsAbout::Reply(reply) => Some(reply.id),
            WordsAbout::Message(..)
            | WordsAbout::Note(_)
            | WordsAbout::Agreement(..)
            | WordsAbout::File(_)
            | WordsAbout::Rating(_) => None,
        })
        .collect();
    assert_eq!(ids, [reply(1).id, naming.id].into());
}
