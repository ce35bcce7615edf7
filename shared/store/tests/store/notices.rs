//! Notices to people: made once, taken once, given back, ended once; and the channels that some go to.

use domain::{EffectStatus, NewTask, NoticeId, NoticeKind, NoticeUrgency, NoticeWay, TaskKind};
use store::{CHANNEL_FAILURES_MAX, TaskNotice, Vault};

use crate::common::*;

fn notice(table: &Table, person: &str) -> TaskNotice {
    let task = NewTask {
        kind: TaskKind::Escalation,
        key: "k".into(),
        title: "Look".into(),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    };
    TaskNotice {
        id: NoticeId::derive(&[]),
        task: task.id(&table.tenant, None),
        customer: None,
        kind: NoticeKind::Raised,
        urgency: NoticeUrgency::Soon,
        to: Some("managers".into()),
        way: NoticeWay::Email,
        person: Some(person.into()),
        days_late: 0,
        of_step: true,
        made_at: at(1),
    }
    .identified(&table.tenant)
}

#[tokio::test]
async fn a_notice_is_made_taken_and_ended_once() {
    let table = table().await;
    let (tenant, store) = (&table.tenant, &table.store);
    let (ann, bob) = (notice(&table, "ann"), notice(&table, "bob"));
    assert_ne!(ann.id, bob.id);
    for made in [&ann, &bob] {
        assert!(store.make_notice(tenant, made, at(10)).await.unwrap());
        assert!(!store.make_notice(tenant, made, at(20)).await.unwrap(), "as it was");
    }
    assert_eq!(store.notices_due(at(9), 10).await.unwrap(), (vec![], Some(at(10))));
    assert_eq!(store.notices_due(at(10), 10).await.unwrap().0.len(), 2);
    let known = || async { store.notice(tenant, &ann.id, at(12)).await.unwrap().unwrap() };
    assert_eq!((known().await.status, known().await.leaves_at), (EffectStatus::Queued, Some(at(10))));
    assert!(store.take_notice(tenant, &ann.id, at(11)).await.unwrap());
    assert!(!store.take_notice(tenant, &ann.id, at(11)).await.unwrap(), "one sender");
    assert_eq!((known().await.status, known().await.tries), (EffectStatus::Calling, 1));
    // Its channel asked to wait: it is there again later, for whoever comes.
    store.give_notice_back(tenant, &ann.id, at(11), at(30)).await.unwrap();
    assert_eq!((known().await.status, known().await.leaves_at), (EffectStatus::Queued, Some(at(30))));
    assert!(store.take_notice(tenant, &ann.id, at(12)).await.unwrap());
    store.end_notice(tenant, &ann.id, EffectStatus::Done, None, at(12)).await.unwrap();
    store.end_notice(tenant, &ann.id, EffectStatus::Failed, Some("too late"), at(13)).await.unwrap();
    assert_eq!((known().await.status, known().await.why), (EffectStatus::Done, None));
    // One whose sender ended before it knew is in doubt, and nobody sends it again.
    assert!(store.take_notice(tenant, &bob.id, at(12)).await.unwrap());
    let later = at(12) + jiff::SignedDuration::from_mins(5);
    assert_eq!(store.notice(tenant, &bob.id, later).await.unwrap().unwrap().status, EffectStatus::Unknown);
    assert_eq!(store.notices_due(later, 10).await.unwrap(), (vec![], None));
    let page = store.notices(tenant, 1, None, later).await.unwrap();
    let rest = store.notices(tenant, 10, page.after.as_deref(), later).await.unwrap();
    assert_eq!(page.notices.len() + rest.notices.len(), 2);
}

#[tokio::test]
async fn a_channel_that_keeps_refusing_is_gone_until_it_is_entered_again() {
    let table = table().await;
    let (tenant, store) = (&table.tenant, &table.store);
    let kms = aws_sdk_kms::Client::new(&table.aws.clients.sdk);
    let vault = Vault::new(kms.clone(), store.clone(), Some("key"));
    let url = "https://hooks.slack.com/services/T0/B0/x";
    let entered = vault.put_notice_channel(tenant, NoticeWay::Slack, url, "ann", at(1)).await.unwrap();
    assert!(store.notice_channel(tenant, NoticeWay::Teams).await.unwrap().is_none());
    // Another process, which makes no keys.
    let other = Vault::new(kms, store.clone(), None);
    assert_eq!(other.notice_channel_url(tenant, &entered).await.unwrap(), url);
    let mut gone = Vec::new();
    for refused in 0..=CHANNEL_FAILURES_MAX {
        let known = store.notice_channel(tenant, NoticeWay::Slack).await.unwrap().unwrap();
        assert_eq!((known.failed, known.gone_at.is_some()), (refused, refused >= CHANNEL_FAILURES_MAX));
        gone.push(store.note_notice_channel(tenant, &known, false, at(2)).await.unwrap());
    }
    assert_eq!(gone, [false, false, true, false], "it is told once");
    let again = vault.put_notice_channel(tenant, NoticeWay::Slack, url, "ann", at(3)).await.unwrap();
    assert_eq!((again.failed, again.gone_at, again.rev), (0, None, 2));
    // What was heard of the address before says nothing of this one.
    assert!(!store.note_notice_channel(tenant, &entered, false, at(4)).await.unwrap());
    assert_eq!(store.notice_channel(tenant, NoticeWay::Slack).await.unwrap().unwrap().failed, 0);
    store.note_notice_channel(tenant, &again, false, at(5)).await.unwrap();
    let known = store.notice_channel(tenant, NoticeWay::Slack).await.unwrap().unwrap();
    store.note_notice_channel(tenant, &known, true, at(6)).await.unwrap();
    let known = store.notice_channel(tenant, NoticeWay::Slack).await.unwrap().unwrap();
    assert_eq!(known.failed, 0, "it took something: the count begins anew");
    store.delete_notice_channel(tenant, &known).await.unwrap();
    assert!(store.notice_channel(tenant, NoticeWay::Slack).await.unwrap().is_none());
}
