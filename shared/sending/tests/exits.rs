//! Every way in which the handling of a queued message ends: the real decision and table, and a provider that answers as it is told.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::sync::Arc;

use channels::{Accepted, Attachment, Outgoing, SendError};
use domain::{Channel, CustomerId, Mode, PendingStatus, ProviderProblem, Settings, SuppressionReason, TaskKind, decide};
use futures::future::BoxFuture;
use jiff::SignedDuration;
use sending::{QueuedMessage, SendOutcome, Sender};
use store::{LinkCode, LinkStanding, OwnAttachment};
use testbed::aws::Aws;

mod provider;

use provider::Provider;

/// The address of the contact.
const TO: &str = "ap@acme.example";

/// A customer who owes for a week, with the reminder decided and queued.
struct Queued {
    aws: Aws,
    provider: Arc<Provider>,
    sender: Sender,
    queued: QueuedMessage,
}

impl Queued {
    /// Decided under settings with changes.
    async fn under(change: impl FnOnce(&mut Settings)) -> Self {
        let aws = Aws::start().await;
        aws.settings(change).await;
        aws.publish_ladder().await;
        let id = aws.owes("C-1").await;
        // Into the working day of whoever is written to.
        aws.advance(SignedDuration::from_hours(4));
        let head = aws.store.head(&aws.tenant, &id).await.unwrap().unwrap();
        let (facts, policy, _) = aws.store.facts_policy_and_links(&aws.tenant, &head).await.unwrap();
        let decision = decide::decide(&facts, &policy, aws.now());
        assert_eq!(decision.messages.len(), 1, "{:?}", decision.trace);
        let message = aws.store.commit(&aws.tenant, &head, &facts, &decision, aws.now()).await.unwrap().messages[0].clone();
        let provider = Arc::new(Provider::default());
        let client = Arc::<Provider>::clone(&provider);
        let portal_url = aws.env.require("PORTAL_URL").unwrap();
        let sender = Sender::through(&aws.env, &aws.clients, aws.clock.clone(), &channels::SES, client, portal_url).unwrap();
        let queued = QueuedMessage { tenant: aws.tenant.clone(), customer: id, message };
        Self { aws, provider, sender, queued }
    }

    async fn start() -> Self {
        Self::under(|_| {}).await
    }

    fn answers(&self, answer: Result<Accepted, SendError>) {
        self.provider.answers.lock().unwrap().push_back(answer);
    }

    async fn send(&self) -> SendOutcome {
        self.sender.send(&self.queued).await.unwrap()
    }

    /// How often the provider was called.
    fn calls(&self) -> usize {
        self.provider.taken.lock().unwrap().len()
    }

    /// How the message stands while it is not settled.
    async fn pending(&self) -> Option<PendingStatus> {
        let head = self.aws.store.head(&self.queued.tenant, &self.queued.customer).await.unwrap().unwrap();
        head.pending.get(&self.queued.message).map(|entry| entry.message.status)
    }

    /// The status of the message's record.
    async fn recorded(&self) -> Option<String> {
        let records = self.aws.store.records(&self.queued.tenant, &self.queued.customer, 10).await.unwrap();
        let own = records.into_iter().find(|record| record.message.as_ref().is_some_and(|sent| sent.id == self.queued.message));
        own.map(|record| record.status.to_string())
    }

    /// Whether it is written down that the person was contacted.
    async fn is_logged(&self) -> bool {
        let head = self.aws.store.head(&self.queued.tenant, &self.queued.customer).await.unwrap().unwrap();
        let facts = self.aws.store.facts(&self.queued.tenant, &head).await.unwrap();
        facts.contact_log.values().flat_map(|log| &log.attempts).any(|attempt| attempt.message == self.queued.message)
    }

    async fn suppressed(&self) -> bool {
        let head = self.aws.store.head(&self.queued.tenant, &self.queued.customer).await.unwrap().unwrap();
        let facts = self.aws.store.facts(&self.queued.tenant, &head).await.unwrap();
        facts.addresses.values().any(|known| known.suppressed.is_some())
    }
}

#[tokio::test]
async fn what_the_provider_takes_is_sent_once() {
    let queued = Queued::start().await;
    assert_eq!(queued.send().await, SendOutcome::Sent);
    assert_eq!((queued.calls(), queued.pending().await, queued.recorded().await.as_deref()), (1, None, Some("sent")));
    assert!(queued.is_logged().await);
    {
        let taken = queued.provider.taken.lock().unwrap();
        assert_eq!((taken[0].to.as_str(), taken[0].from.as_str()), (TO, "\"Acme\" <billing@acme.example>"));
        assert_eq!(taken[0].rendered.subject.as_deref(), Some("€1,250.00 is due"));
        assert!(taken[0].opt_out_url.as_ref().unwrap().starts_with("https://pay.example/p/"));
    }
    assert_eq!((queued.send().await, queued.calls()), (SendOutcome::NotMine, 1));
}

/// The code of the portal link in a mail.
fn code_of(mail: &Outgoing) -> LinkCode {
    let begins = "https://pay.example/p/p/";
    let mut codes = mail.rendered.text.split(begins).skip(1).map(|rest| rest.chars().take(22).collect::<String>());
    codes.find_map(|code| LinkCode::parse(&code)).expect("a portal link")
}

#[tokio::test]
async fn a_mail_that_leaves_has_a_portal_link_that_is_known() {
    let queued = Queued::start().await;
    assert_eq!(queued.send().await, SendOutcome::Sent);
    let mail = queued.provider.taken.lock().unwrap()[0].clone();
    let found = queued.aws.store.link(&code_of(&mail).id()).await.unwrap().unwrap();
    assert_eq!((&found.tenant, &found.customer), (&queued.queued.tenant, &queued.queued.customer));
    assert_eq!((found.link.contact.as_str(), found.link.shown.as_str()), ("p1", "a…@acme.example"));
    assert_eq!(found.link.standing(queued.aws.now()), LinkStanding::Good);
    // What is never sent has none.
    let shadow = Queued::under(|settings| settings.mode = Mode::Shadow).await;
    assert_eq!(shadow.send().await, SendOutcome::Shadow);
    let links = shadow.aws.store.links(&shadow.queued.tenant, &shadow.queued.customer, 10, None).await.unwrap();
    assert!(links.links.is_empty(), "{links:?}");
}

#[tokio::test]
async fn a_message_that_is_tried_again_has_the_same_link_unless_it_was_revoked_meanwhile() {
    for revoked in [false, true] {
        let queued = Queued::start().await;
        let (store, tenant, customer) = (&queued.aws.store, &queued.queued.tenant, &queued.queued.customer);
        queued.answers(Err(SendError::Retry { after: Some(600), detail: "busy".to_owned() }));
        assert_eq!(queued.send().await, SendOutcome::Retrying);
        if revoked {
            assert_eq!(store.revoke_links(tenant, customer, queued.aws.now()).await.unwrap(), 1);
        }
        queued.aws.advance(SignedDuration::from_secs(2 * 600));
        assert_eq!(queued.send().await, SendOutcome::Sent);
        let codes: Vec<LinkCode> = queued.provider.taken.lock().unwrap().iter().map(code_of).collect();
        assert_eq!((codes.len(), codes[0] == codes[1]), (2, !revoked));
        // The second is good in either case; the first is void where it was revoked.
        let found = store.link(&codes[0].id()).await.unwrap().unwrap();
        assert_eq!((found.link.id == codes[1].id(), found.link.standing(queued.aws.now())), (true, LinkStanding::Good));
    }
}

#[tokio::test]
async fn what_the_provider_refuses_is_failed_and_nobody_was_contacted() {
    for suppress in [true, false] {
        let queued = Queued::start().await;
        queued.answers(Err(SendError::Refused { suppress, detail: "no".to_owned() }));
        assert_eq!(queued.send().await, SendOutcome::Failed);
        assert_eq!((queued.pending().await, queued.recorded().await.as_deref()), (None, Some("failed")));
        assert_eq!((queued.is_logged().await, queued.suppressed().await), (false, suppress));
        assert_eq!((queued.send().await, queued.calls()), (SendOutcome::NotMine, 1));
    }
}

#[tokio::test]
async fn what_the_provider_puts_off_is_tried_again_when_it_says() {
    let queued = Queued::start().await;
    queued.answers(Err(SendError::Retry { after: Some(600), detail: "busy".to_owned() }));
    assert_eq!(queued.send().await, SendOutcome::Retrying);
    assert_eq!((queued.pending().await, queued.is_logged().await), (Some(PendingStatus::Retrying), false));
    // Twice what it asked for, because it was dispatched once before.
    queued.aws.advance(SignedDuration::from_secs(2 * 600 - 1));
    assert_eq!((queued.send().await, queued.calls()), (SendOutcome::NotMine, 1));
    queued.aws.advance(SignedDuration::from_secs(1));
    assert_eq!((queued.send().await, queued.calls()), (SendOutcome::Sent, 2));
}

#[tokio::test]
async fn what_people_mend_at_a_provider_is_told_once_and_taken_back_with_the_first_message_that_it_takes() {
    let queued = Queued::start().await;
    let told = async || {
        let tasks = queued.aws.tasks().await;
        tasks
            .into_iter()
            .filter(|task| task.task.title.starts_with("The provider of email"))
            .map(|task| task.task.detail)
            .collect::<Vec<_>>()
    };
    for _ in 0..2 {
        queued.answers(Err(SendError::SetUp { problem: ProviderProblem::Sandbox, detail: "status 400, SANDBOX".to_owned() }));
        assert_eq!(queued.send().await, SendOutcome::Retrying);
        let told = told().await;
        assert!(told.len() == 1 && told[0].contains("sandbox") && told[0].contains("status 400, SANDBOX"), "{told:?}");
        assert_eq!((queued.suppressed().await, queued.is_logged().await), (false, false));
        queued.aws.advance(SignedDuration::from_hours(1));
    }
    assert_eq!(queued.send().await, SendOutcome::Sent);
    assert!(told().await.is_empty(), "{:?}", told().await);
}

#[tokio::test]
async fn what_nobody_knows_of_is_never_tried_again() {
    let queued = Queued::start().await;
    queued.answers(Err(SendError::Unknown { detail: "no answer".to_owned() }));
    assert_eq!(queued.send().await, SendOutcome::Unknown);
    assert_eq!((queued.pending().await, queued.is_logged().await), (Some(PendingStatus::Unknown), true));
    queued.aws.advance(SignedDuration::from_hours(24));
    assert_eq!((queued.send().await, queued.calls()), (SendOutcome::NotMine, 1));
}

#[tokio::test]
async fn shadow_renders_and_records_and_calls_nobody() {
    let queued = Queued::under(|settings| settings.mode = Mode::Shadow).await;
    assert_eq!(queued.send().await, SendOutcome::Shadow);
    assert_eq!((queued.calls(), queued.pending().await, queued.recorded().await.as_deref()), (0, None, Some("shadow")));
}

#[tokio::test]
async fn what_changed_since_the_decision_is_heeded() {
    // The tenant's mode: the message belongs to another ledger.
    let queued = Queued::start().await;
    queued.aws.settings(|settings| settings.mode = Mode::Shadow).await;
    assert_eq!((queued.send().await, queued.recorded().await.as_deref()), (SendOutcome::Superseded, Some("superseded")));
    assert_eq!((queued.calls(), queued.is_logged().await), (0, false));
    // The address: its owner opted out.
    let queued = Queued::start().await;
    let (store, now) = (&queued.aws.store, queued.aws.now());
    store.suppress(&queued.aws.tenant, Channel::Email, TO, SuppressionReason::OptOut, now, None).await.unwrap();
    assert_eq!((queued.send().await, queued.recorded().await.as_deref()), (SendOutcome::Blocked, Some("blocked")));
    assert_eq!((queued.calls(), queued.is_logged().await), (0, false));
    // The hour: it is night there.
    let queued = Queued::start().await;
    queued.aws.advance(SignedDuration::from_hours(10));
    assert_eq!((queued.send().await, queued.pending().await), (SendOutcome::Deferred, Some(PendingStatus::Queued)));
    assert_eq!((queued.calls(), queued.is_logged().await), (0, false));
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_said_to_one_and_put_off() {
    let queued = Queued::start().await;
    queued.aws.settings(|settings| settings.sender.clear()).await;
    assert_eq!((queued.send().await, queued.calls()), (SendOutcome::Deferred, 0));
    let tasks = queued.aws.tasks().await;
    assert_eq!(tasks.iter().map(|task| task.task.kind).collect::<Vec<_>>(), [TaskKind::NeedsReview]);
    assert!(tasks[0].task.detail.contains("settings.sender.email"), "{}", tasks[0].task.detail);
}

#[tokio::test]
async fn what_is_nobodys_or_anothers_is_left_alone() {
    let mut queued = Queued::start().await;
    let own = queued.queued.clone();
    for (customer, message) in
        [(CustomerId::derive(&["nobody"]), own.message.clone()), (own.customer.clone(), domain::MessageId::derive(&["nothing"]))]
    {
        queued.queued = QueuedMessage { tenant: own.tenant.clone(), customer, message };
        assert_eq!(queued.sender.send(&queued.queued).await.unwrap(), SendOutcome::NotMine);
    }
    assert_eq!(queued.calls(), 0);
}

#[tokio::test]
async fn a_message_that_can_still_be_taken_back_stays_in_the_queue_of_our_senders() {
    let mut queued = Queued::start().await;
    write_own(&mut queued, Vec::new()).await;
    assert!(matches!(queued.sender.send(&queued.queued).await, Err(store::Error::Conflict { .. })));
    let claimed = outside(&queued).claim(&queued.queued).await.unwrap();
    assert!(matches!(claimed, sending::OutsideClaimed::Not(SendOutcome::NotMine)));
    queued.aws.advance(SignedDuration::from_secs(domain::own_message::UNDO_SECONDS));
    assert_eq!((queued.send().await, queued.calls()), (SendOutcome::Sent, 1));
}

/// A person writes a message: it is the one that is queued.
async fn write_own(queued: &mut Queued, attachments: Vec<OwnAttachment>) {
    let head = queued.aws.store.head(&queued.aws.tenant, &queued.queued.customer).await.unwrap().unwrap();
    let (facts, _, _) = queued.aws.store.facts_policy_and_links(&queued.aws.tenant, &head).await.unwrap();
    let planned = domain::Planned {
        position: 0,
        mode: Mode::Live,
        case: head.cases.keys().next().unwrap().clone(),
        channel: Channel::Email,
        contact: "p1".to_owned(),
        person: facts.customer.contacts[0].person_digest(),
        template: domain::own_message::OWN_WORDS.to_owned(),
        template_version: 0,
        pay_by: None,
        rows: Vec::new(),
        copy_of: None,
        receipt_within: None,
    };
    let text = store::OwnText {
        subject: Some("Our call".to_owned()),
        body: "As we said.".to_owned(),
        language: "en".to_owned(),
        by: "ann".to_owned(),
        attachments,
        ..store::OwnText::default()
    };
    let decision = domain::own_message::decision(&facts, head.owed.clone(), planned, queued.aws.now());
    let (tenant, now) = (&queued.aws.tenant, queued.aws.now());
    let written = queued.aws.store.commit_own_message(tenant, &head, &facts, &decision, &text, now).await.unwrap();
    queued.queued.message = written.messages[0].clone();
}

/// The customer's source describes it anew, with this address of the contact.
async fn corrected(queued: &Queued, email: &str) {
    let known = testbed::documents::customer("acme", "canonical", "C-1");
    let contacts = vec![testbed::documents::contact("p1", email)];
    let anew = domain::Customer { source_version: Some(domain::SourceVersion::Number(2)), contacts, ..known };
    let receipt = store::Receipt { source: "canonical".to_owned(), event_id: email.to_owned() };
    let document = domain::Document::Customer(anew);
    queued.aws.store.apply(&queued.aws.tenant, &receipt, &[document], queued.aws.now()).await.unwrap();
}

#[tokio::test]
async fn what_was_decided_for_one_person_goes_to_no_other_at_the_same_id() {
    for (own, email, ended) in [
        (false, "AP@acme.example", SendOutcome::Sent),
        (false, "else@acme.example", SendOutcome::Superseded),
        (true, "AP@acme.example", SendOutcome::Sent),
        (true, "else@acme.example", SendOutcome::Superseded),
    ] {
        let mut queued = Queued::start().await;
        if own {
            write_own(&mut queued, Vec::new()).await;
            queued.aws.advance(SignedDuration::from_secs(domain::own_message::UNDO_SECONDS));
        }
        corrected(&queued, email).await;
        assert_eq!(queued.send().await, ended, "{own} {email}");
        assert_eq!(queued.calls(), usize::from(ended == SendOutcome::Sent), "{own} {email}");
        let told: Vec<_> = queued.aws.tasks().await.into_iter().map(|task| task.task.kind).collect();
        let expected = if own && ended == SendOutcome::Superseded { vec![TaskKind::MessageUnsent] } else { vec![] };
        assert_eq!(told, expected, "{own} {email}");
    }
}

/// A message with a file of this content, which can no longer be taken back.
async fn with_file(content: &[u8]) -> (Queued, OwnAttachment) {
    let mut queued = Queued::start().await;
    let file = OwnAttachment {
        key: "uploads/acme/upl_1".to_owned(),
        name: "a.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        bytes: content.len() as u64,
        sha256: domain::attachment::sha256_of(content),
    };
    write_own(&mut queued, vec![file.clone()]).await;
    queued.aws.advance(SignedDuration::from_secs(domain::own_message::UNDO_SECONDS));
    (queued, file)
}

/// The sender, where a file is fetched with this result.
fn fetching(queued: &Queued, found: Result<Option<Vec<u8>>, String>) -> Sender {
    let (env, clients, clock) = (&queued.aws.env, &queued.aws.clients, queued.aws.clock.clone());
    let client = Arc::<Provider>::clone(&queued.provider);
    let sender = Sender::through(env, clients, clock, &channels::SES, client, env.require("PORTAL_URL").unwrap()).unwrap();
    sender.with_files(Arc::new(move |_: String, _: u64| -> BoxFuture<'static, Result<Option<Vec<u8>>, String>> {
        let found = found.clone();
        Box::pin(async move { found })
    }))
}

#[tokio::test]
async fn files_go_along_as_they_were_when_the_message_was_written() {
    let content = b"%PDF-1.7".as_slice();
    for (found, ended, recorded, files) in [
        (Some(content), SendOutcome::Sent, "sent", Some(1)),
        (Some(b"%PDF-1.4".as_slice()), SendOutcome::Superseded, "superseded", None),
        (None, SendOutcome::Superseded, "superseded", None),
    ] {
        let (queued, _) = with_file(content).await;
        let sender = fetching(&queued, Ok(found.map(<[u8]>::to_vec)));
        assert_eq!(sender.send(&queued.queued).await.unwrap(), ended, "{found:?}");
        assert_eq!((queued.recorded().await.as_deref(), queued.pending().await), (Some(recorded), None), "{found:?}");
        assert_eq!(queued.is_logged().await, files.is_some(), "{found:?}");
        let told: Vec<_> = queued.aws.tasks().await.into_iter().map(|task| (task.task.kind, task.task.to)).collect();
        let author = if files.is_some() { vec![] } else { vec![(TaskKind::MessageUnsent, Some("ann".to_owned()))] };
        assert_eq!(told, author, "{found:?}");
        let taken = queued.provider.taken.lock().unwrap().first().map(|mail| mail.attachments.clone());
        assert_eq!(taken.as_ref().map(Vec::len), files, "{found:?}");
        let expected = Attachment {
            name: "a.pdf".to_owned(),
            content_type: "application/pdf".to_owned(),
            bytes: content.to_vec(),
            shown_as: None,
        };
        assert!(taken.is_none_or(|files| files == [expected]));
    }
    // Where the bucket does not answer nothing is decided: the queue delivers the message again.
    let (queued, _) = with_file(content).await;
    let away = fetching(&queued, Err("slow down".to_owned()));
    assert!(matches!(away.send(&queued.queued).await, Err(store::Error::Unknown { .. })));
    assert_eq!((queued.calls(), queued.pending().await), (0, Some(PendingStatus::Queued)));
    assert_eq!(fetching(&queued, Ok(Some(content.to_vec()))).send(&queued.queued).await.unwrap(), SendOutcome::Sent);
}

#[tokio::test]
async fn a_sender_of_the_tenants_own_is_told_of_the_files() {
    let (queued, file) = with_file(b"%PDF-1.7").await;
    let claimed = outside(&queued).claim(&queued.queued).await.unwrap();
    let sending::OutsideClaimed::Held(held) = claimed else { panic!("not held") };
    assert_eq!((held.attachments, held.outgoing.attachments), (vec![file], Vec::new()));
}

/// A sender of the tenant's own that claims what was queued.
fn outside(queued: &Queued) -> sending::OutsideSender {
    let (store, vault, clock) = (queued.aws.store.clone(), queued.aws.vault.clone(), queued.aws.clock.clone());
    sending::OutsideSender::new(store, vault, Channel::Email, "https://pay.example/p", clock).unwrap()
}

#[tokio::test]
async fn a_sender_of_the_tenants_own_is_given_what_ours_would_send_and_settles_it() {
    use sending::{OutsideClaimed, OutsideResult};
    for (result, ended, recorded, logged) in [
        (OutsideResult::Sent { provider_id: "x".to_owned() }, SendOutcome::Sent, Some("sent"), true),
        (OutsideResult::Refused { suppress: true, detail: "no".to_owned() }, SendOutcome::Failed, Some("failed"), false),
        (OutsideResult::Retry { after_s: Some(60), detail: "busy".to_owned() }, SendOutcome::Retrying, None, false),
        (OutsideResult::Unknown { detail: "lost".to_owned() }, SendOutcome::Unknown, None, true),
    ] {
        let queued = Queued::start().await;
        let sender = outside(&queued);
        let OutsideClaimed::Held(held) = sender.claim(&queued.queued).await.unwrap() else { panic!("not held") };
        assert_eq!(held.outgoing.to, TO);
        assert_eq!(held.outgoing.rendered.subject.as_deref(), Some("€1,250.00 is due"));
        // Ours finds it taken, and so does a second one.
        assert_eq!((queued.send().await, queued.calls()), (SendOutcome::NotMine, 0));
        assert!(matches!(sender.claim(&queued.queued).await.unwrap(), OutsideClaimed::Not(SendOutcome::NotMine)));
        assert_eq!(sender.settle(&queued.queued, "another", result.clone()).await.unwrap(), SendOutcome::NotMine);
        let said = format!("{result:?}");
        assert_eq!(sender.settle(&queued.queued, &held.attempt, result).await.unwrap(), ended, "{said}");
        assert_eq!(queued.recorded().await.as_deref(), recorded, "{said}");
        assert_eq!(queued.is_logged().await, logged, "{said}");
    }
}
