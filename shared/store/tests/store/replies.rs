//! Answers of customers: what is written with one, that it is written once, and that it goes with the person.

use domain::*;
use jiff::SignedDuration;
use store::{
    AddressId, DecidedBeside, Ending, KeptBeside, KeptReply, Lifted, PersonId, ReplyKept, UNMATCHED_PER_DAY_MAX, UnmatchedCount,
    UnmatchedKept, WordsAbout,
};

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
        proof: None,
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
        reopened: false,
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

/// The task that counts answers of nobody.
fn counted(count: UnmatchedCount) -> NewTask {
    let UnmatchedCount { first, last } = count;
    NewTask {
        kind: TaskKind::AnswerUnmatched,
        key: format!("strangers:{first}"),
        title: format!("{first} to {last}"),
        ..task(&reply(1))
    }
}

const DAY: jiff::civil::Date = jiff::civil::date(2026, 1, 5);

#[tokio::test]
async fn answers_of_nobody_are_kept_once_and_one_task_counts_them() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let sender = PersonId::of("ap@acme.example");
    let keep = async |n: i64| store.keep_unmatched(tenant, (&reply(n), Some(&sender)), DAY, counted, at(n)).await.unwrap();
    assert_eq!((keep(1).await, keep(1).await, keep(2).await), (UnmatchedKept::Done, UnmatchedKept::Before, UnmatchedKept::Done));
    let kept = store.unmatched_reply(tenant, &reply(1).id).await.unwrap().unwrap();
    let first = kept.task.clone().unwrap();
    assert_eq!(kept, KeptReply { task: Some(first.clone()), ..reply(1) });
    assert_eq!(store.task(tenant, &first).await.unwrap().unwrap().task.title, "1 to 2");
    assert_eq!(store.replies(tenant, None, 10, None).await.unwrap().replies.len(), 2);
    assert_eq!(store.whose(tenant, reply(1).id.as_str()).await.unwrap(), None);
    // What comes after somebody ended the task makes another.
    let ending = Ending { result: TaskResult::Done, note: None, by: None };
    store.end_task(tenant, &first, &ending, at(3)).await.unwrap();
    assert_eq!(keep(4).await, UnmatchedKept::Done);
    let second = store.unmatched_reply(tenant, &reply(4).id).await.unwrap().unwrap().task.unwrap();
    assert_ne!(first, second);
    assert_eq!(store.task(tenant, &second).await.unwrap().unwrap().task.title, "3 to 3");
}

#[tokio::test]
async fn answers_of_nobody_are_found_and_erased_by_their_sender() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let (ann, bob) = (PersonId::of("ann@else.example"), PersonId::of("+4915112345678"));
    for (n, sender) in [(1, Some(&ann)), (2, Some(&bob)), (3, Some(&ann)), (4, None)] {
        store.keep_unmatched(tenant, (&reply(n), sender), DAY, counted, at(n)).await.unwrap();
    }
    let of = async |person: &PersonId| -> Vec<ReplyId> {
        store.unmatched_of(tenant, person).await.unwrap().into_iter().map(|reply| reply.id).collect()
    };
    assert_eq!((of(&ann).await, of(&bob).await), (vec![reply(1).id, reply(3).id], vec![reply(2).id]));
    assert_eq!(store.erase_unmatched(tenant, &ann).await.unwrap(), 2);
    assert_eq!(store.erase_unmatched(tenant, &ann).await.unwrap(), 0);
    assert_eq!((of(&ann).await, of(&bob).await), (vec![], vec![reply(2).id]));
    assert_eq!(store.replies(tenant, None, 10, None).await.unwrap().replies.len(), 2);
}

#[tokio::test]
async fn a_day_has_a_bound_of_answers_of_nobody_and_of_calls_of_a_model() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let most = i64::try_from(UNMATCHED_PER_DAY_MAX).unwrap();
    for n in 0..=most {
        let kept = store.keep_unmatched(tenant, (&reply(n), None), DAY, counted, at(n)).await.unwrap();
        assert_eq!(kept == UnmatchedKept::DayIsFull, n == most, "{n}");
    }
    // The task of a day names the day.
    let of_next = |count: UnmatchedCount| NewTask { key: format!("next:{}", count.first), ..counted(count) };
    let next = store.keep_unmatched(tenant, (&reply(most), None), DAY.tomorrow().unwrap(), of_next, at(most)).await.unwrap();
    assert_eq!(next, UnmatchedKept::Done);
    let calls = async |minutes: i64| store.count_model_call(tenant, 2, at(minutes)).await.unwrap();
    assert_eq!((calls(0).await, calls(1).await, calls(2).await), (true, true, false));
    let day = SignedDuration::from_hours(24).as_mins();
    assert_eq!((calls(day).await, calls(day).await), (true, true), "each day of UTC has its own");
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

#[tokio::test]
async fn an_opt_out_without_proof_is_lifted_by_its_own_answer_alone() {
    let table = table().await;
    let (store, tenant, address) = (&table.store, &table.tenant, "ap@acme.example");
    let (first, second) = (reply(1), reply(2));
    let opt_out = Suppression { reason: SuppressionReason::OptOut, at: at(1) };
    let id = AddressId::of(Channel::Email, address);
    let unproven = async |by: &KeptReply| {
        store.suppress_unproven(tenant, (Channel::Email, address), opt_out.clone(), &by.id, None).await.unwrap();
        store.stopped(tenant, &id).await.unwrap().and_then(|stands| stands.unproven)
    };
    let lifted = async |by: &KeptReply| store.lift_unproven(tenant, &id, &by.id, at(9), None).await.unwrap();
    assert_eq!(unproven(&first).await.as_deref(), Some(first.id.as_str()));
    // Another one takes its place, at whatever moment it came.
    assert_eq!(unproven(&second).await.as_deref(), Some(second.id.as_str()));
    assert!(matches!(lifted(&first).await, Lifted::Another(_)));
    assert!(matches!(lifted(&second).await, Lifted::Done(_)));
    assert!(matches!(lifted(&second).await, Lifted::Nothing));
    // Who proves it between somebody's look and the lifting, in the same instant, is not overruled.
    assert_eq!(unproven(&first).await.as_deref(), Some(first.id.as_str()));
    store.suppress_saying(tenant, (Channel::Email, address), opt_out.clone(), None, None).await.unwrap();
    assert!(matches!(lifted(&first).await, Lifted::Another(_)));
    // By its entry, which names the moment, a person's lift tells a later wish from the one that was looked at.
    assert!(matches!(store.lift(tenant, &id, &opt_out.entry(), at(9), None).await.unwrap(), Lifted::Done(_)));
    assert_eq!(unproven(&first).await.as_deref(), Some(first.id.as_str()));
    let later = Suppression { at: at(3), ..opt_out.clone() };
    store.suppress_saying(tenant, (Channel::Email, address), later, None, None).await.unwrap();
    assert!(matches!(store.lift(tenant, &id, &opt_out.entry(), at(9), None).await.unwrap(), Lifted::Another(_)));
    assert!(store.stopped(tenant, &id).await.unwrap().is_some());
}
