//! Every way in which a service mail ends: the real table, and a provider that answers as it is told.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::sync::Arc;

use channels::SendError;
use domain::{
    Agreement, AgreementId, AgreementScope, Channel, Currency, CustomerId, HoldClock, Identities, InvoiceId, MessageStatus, Mode,
    Promise, PromiseStatus, ServiceMail, ServiceMailKind, Settings, Stood, SuppressionReason, Terms, WayOfPaying,
};
use jiff::SignedDuration;
use sending::{QueuedServiceMail, QueuedTest, Sender};
use store::{AddressId, FoundLink, KnownServiceMail, LinkMailAsked, LinkTo, MadeBeside, PortalLink, TestMessage};
use testbed::aws::Aws;

mod provider;

use provider::Provider;

/// The address of the link.
const TO: &str = "ap@acme.example";

/// A customer who owes and has a portal link.
struct Linked {
    aws: Aws,
    provider: Arc<Provider>,
    sender: Sender,
    customer: CustomerId,
    link: PortalLink,
}

impl Linked {
    async fn start() -> Self {
        let aws = Aws::start().await;
        aws.vault.ensure_key(&aws.tenant).await.unwrap();
        let customer = aws.owes("C-1").await;
        let to = LinkTo { channel: Channel::Email, address: TO, contact: "p1", person: None };
        let (_, link) = aws.vault.link_for(&aws.tenant, &customer, to, None, aws.now()).await.unwrap();
        assert!(aws.store.keep_link(&aws.tenant, &customer, None, &link).await.unwrap());
        let provider = Arc::new(Provider::default());
        let client = Arc::<Provider>::clone(&provider);
        let portal_url = aws.env.require("PORTAL_URL").unwrap();
        let sender = Sender::through(&aws.env, &aws.clients, aws.clock.clone(), &channels::SES, client, portal_url).unwrap();
        Self { aws, provider, sender, customer, link }
    }

    /// A new link is asked for.
    async fn asked(&self) -> ServiceMail {
        let mail = ServiceMail::of(ServiceMailKind::NewLink, &self.link.id, None, self.aws.now());
        assert!(self.aws.store.request_service_mail(&self.aws.tenant, &self.customer, &mail).await.unwrap());
        mail
    }

    async fn deliver(&self, mail: &ServiceMail) -> Result<(), store::Error> {
        let queued =
            QueuedServiceMail { tenant: self.aws.tenant.clone(), customer: self.customer.clone(), mail: mail.id.clone() };
        self.sender.send_service_mail(&queued).await
    }

    async fn known(&self, mail: &ServiceMail) -> KnownServiceMail {
        let (tenant, now) = (&self.aws.tenant, self.aws.now());
        self.aws.store.service_mail(tenant, &self.customer, &mail.id, now).await.unwrap().unwrap()
    }

    /// How a mail stands, and how often the provider was called.
    async fn came_to(&self, mail: &ServiceMail) -> (MessageStatus, usize) {
        (self.known(mail).await.status, self.provider.taken.lock().unwrap().len())
    }

    async fn settings(&self, change: impl FnOnce(&mut Settings)) {
        self.aws.settings(change).await;
    }
}

#[tokio::test]
async fn a_notice_leaves_once_at_any_hour_and_is_no_contact() {
    let linked = Linked::start().await;
    // Sunday the 11th of January, 23:00 in Berlin.
    let sunday = "2026-01-11T22:00:00Z".parse::<jiff::Timestamp>().unwrap();
    linked.aws.advance(sunday.duration_since(linked.aws.now()));
    let mail = linked.asked().await;
    assert!(!linked.aws.store.request_service_mail(&linked.aws.tenant, &linked.customer, &mail).await.unwrap(), "asked twice");
    for _ in 0..3 {
        linked.deliver(&mail).await.unwrap();
    }
    assert_eq!(linked.came_to(&mail).await, (MessageStatus::Sent, 1));
    let sent = linked.provider.taken.lock().unwrap()[0].clone();
    assert_eq!((sent.to.as_str(), sent.from.as_str()), (TO, "\"Acme\" <billing@acme.example>"));
    assert_eq!((sent.service_mail.as_ref(), sent.opt_out_url.as_ref()), (Some(&mail.id), None));
    assert!(sent.rendered.text.contains("https://pay.example/p/p/"), "{}", sent.rendered.text);
    let head = linked.aws.store.head(&linked.aws.tenant, &linked.customer).await.unwrap().unwrap();
    let facts = linked.aws.store.facts(&linked.aws.tenant, &head).await.unwrap();
    assert!(facts.contact_log.values().all(|log| log.attempts.is_empty()), "a notice is no contact");
}

#[tokio::test]
async fn what_forbids_a_notice_is_noted_with_it() {
    type Change = fn(&mut Settings);
    let cases: [(Change, &str); 5] = [
        (|settings| settings.mode = Mode::Shadow, "shadow mode"),
        (|settings| settings.mode = Mode::Off, "is off"),
        (|settings| settings.paused = true, "kill switch"),
        (|settings| settings.sender.clear(), "no sender"),
        (|settings| settings.training = true, "training"),
    ];
    for (change, why) in cases {
        let linked = Linked::start().await;
        let mail = linked.asked().await;
        linked.settings(change).await;
        linked.deliver(&mail).await.unwrap();
        let known = linked.known(&mail).await;
        assert_eq!(linked.came_to(&mail).await, (MessageStatus::Blocked, 0), "{why}");
        assert!(known.why.as_deref().is_some_and(|said| said.contains(why)), "{known:?}");
        // What was blocked stays so: whoever wants it asks again.
        linked.settings(|_| {}).await;
        linked.deliver(&mail).await.unwrap();
        assert_eq!(linked.came_to(&mail).await, (MessageStatus::Blocked, 0), "{why}");
    }
}

#[tokio::test]
async fn the_operators_list_of_senders_holds() {
    let linked = Linked::start().await;
    let mail = linked.asked().await;
    let listed = Identities { senders: [(Channel::Email, vec!["another.example".to_owned()])].into() };
    linked.aws.store.put_identities(&linked.aws.tenant, &listed, 0, linked.aws.now()).await.unwrap();
    linked.deliver(&mail).await.unwrap();
    assert_eq!(linked.came_to(&mail).await, (MessageStatus::Blocked, 0));
}

#[tokio::test]
async fn the_operators_list_of_senders_holds_for_test_messages_too() {
    let linked = Linked::start().await;
    let (store, tenant, now) = (&linked.aws.store, &linked.aws.tenant, linked.aws.now());
    let mut rev = 0;
    for (id, domain, status, calls) in
        [("tst_1", "acme.example", MessageStatus::Sent, 1), ("tst_2", "another.example", MessageStatus::Failed, 1)]
    {
        let message = TestMessage {
            id: id.to_owned(),
            customer: linked.customer.clone(),
            to: TO.to_owned(),
            from: "billing@acme.example".to_owned(),
            name: "Acme".to_owned(),
            subject: "[Test] Reminder".to_owned(),
            text: "This is a test.".to_owned(),
            html: None,
        };
        // It is taken off the list after the test was asked for.
        assert!(store.request_test(tenant, &message, now).await.unwrap());
        let listed = Identities { senders: [(Channel::Email, vec![domain.to_owned()])].into() };
        rev = store.put_identities(tenant, &listed, rev, now).await.unwrap();
        linked.sender.send_test(&QueuedTest { tenant: tenant.clone(), test: id.to_owned() }).await.unwrap();
        let known = store.test_result(tenant, id, now).await.unwrap().unwrap();
        assert_eq!((known.status, linked.provider.taken.lock().unwrap().len()), (status, calls), "{:?}", known.why);
    }
}

#[tokio::test]
async fn what_stands_against_the_address_holds_but_for_an_opt_out() {
    use SuppressionReason as Reason;
    for (reasons, expected) in [
        (vec![Reason::OptOut], MessageStatus::Sent),
        (vec![Reason::Bounce], MessageStatus::Blocked),
        (vec![Reason::Complaint], MessageStatus::Blocked),
        (vec![Reason::Cease], MessageStatus::Blocked),
        // An opt-out stands in the place of what came before it, and nothing takes its place but a cease.
        (vec![Reason::Bounce, Reason::OptOut], MessageStatus::Blocked),
        (vec![Reason::OptOut, Reason::Complaint], MessageStatus::Blocked),
        (vec![Reason::OptOut, Reason::Cease], MessageStatus::Blocked),
    ] {
        let linked = Linked::start().await;
        let (tenant, now) = (&linked.aws.tenant, linked.aws.now());
        for reason in &reasons {
            linked.aws.store.suppress(tenant, Channel::Email, TO, *reason, now, Some(&linked.customer)).await.unwrap();
        }
        let mail = linked.asked().await;
        linked.deliver(&mail).await.unwrap();
        assert_eq!(linked.known(&mail).await.status, expected, "{reasons:?}");
        // Lifted, all of it is.
        let address = AddressId::of(Channel::Email, TO);
        let stands = linked.aws.store.stopped(tenant, &address).await.unwrap().unwrap();
        linked.aws.store.lift(tenant, &address, &stands.suppression.entry(), now, None).await.unwrap();
        linked.aws.advance(SignedDuration::from_hours(1));
        let again = linked.asked().await;
        linked.deliver(&again).await.unwrap();
        assert_eq!(linked.known(&again).await.status, MessageStatus::Sent, "{reasons:?}");
    }
}

#[tokio::test]
async fn a_void_link_gets_nothing_and_an_expired_one_a_new_link() {
    for revoked in [true, false] {
        let linked = Linked::start().await;
        let (store, tenant) = (&linked.aws.store, &linked.aws.tenant);
        if revoked {
            store.revoke_links(tenant, &linked.customer, linked.aws.now()).await.unwrap();
        } else {
            linked.aws.advance(SignedDuration::from_hours(121 * 24));
        }
        let mail = linked.asked().await;
        linked.deliver(&mail).await.unwrap();
        let expected = if revoked { (MessageStatus::Blocked, 0) } else { (MessageStatus::Sent, 1) };
        assert_eq!(linked.came_to(&mail).await, expected);
        let now = store.link_of(tenant, &linked.customer, &linked.link.address).await.unwrap().unwrap();
        assert_eq!(now.id == linked.link.id, revoked, "the new one is kept before the mail leaves");
    }
}

#[tokio::test]
async fn who_asks_for_mails_by_a_link_gives_it_no_longer_a_life() {
    let linked = Linked::start().await;
    let (store, vault, tenant) = (&linked.aws.store, &linked.aws.vault, &linked.aws.tenant);
    let found = FoundLink { tenant: tenant.clone(), customer: linked.customer.clone(), link: linked.link.clone() };
    let ends_at = async || {
        let link = store.link_of(tenant, &linked.customer, &linked.link.address).await.unwrap().unwrap();
        link.expires_at.as_second()
    };
    // More than half of its time is over, when a message would begin it anew.
    linked.aws.advance(SignedDuration::from_hours(100 * 24));
    assert_eq!(vault.ask_code(&found, linked.aws.now()).await.unwrap(), LinkMailAsked::Done);
    let request = store.code_request(tenant, &linked.customer, &linked.link.id).await.unwrap().unwrap();
    let mail = ServiceMail::of(ServiceMailKind::Code, &linked.link.id, Some(request.id.as_str()), linked.aws.now());
    linked.deliver(&mail).await.unwrap();
    assert_eq!(linked.came_to(&mail).await, (MessageStatus::Sent, 1));
    assert_eq!(ends_at().await, linked.link.expires_at.as_second());
    // A new link works for as long as its mail says.
    let asked = linked.asked().await;
    linked.deliver(&asked).await.unwrap();
    assert_eq!(linked.came_to(&asked).await, (MessageStatus::Sent, 2));
    assert_eq!(ends_at().await, linked.link.clone().renewed(linked.aws.now()).expires_at.as_second());
}

#[tokio::test]
async fn a_lost_answer_leaves_it_in_doubt_and_a_refusal_for_now_is_tried_again() {
    let linked = Linked::start().await;
    let mail = linked.asked().await;
    linked.provider.answers.lock().unwrap().push_back(Err(SendError::Unknown { detail: "no answer".to_owned() }));
    for _ in 0..2 {
        linked.deliver(&mail).await.unwrap();
    }
    assert_eq!(linked.came_to(&mail).await, (MessageStatus::Unknown, 1), "never again by guess");

    let linked = Linked::start().await;
    let mail = linked.asked().await;
    let busy = || Err(SendError::Retry { after: None, detail: "busy".to_owned() });
    linked.provider.answers.lock().unwrap().extend([busy(), busy()]);
    for _ in 0..2 {
        assert!(linked.deliver(&mail).await.is_err(), "the queue delivers it again");
    }
    linked.deliver(&mail).await.unwrap();
    assert_eq!(linked.came_to(&mail).await, (MessageStatus::Sent, 3));

    let linked = Linked::start().await;
    let mail = linked.asked().await;
    linked.provider.answers.lock().unwrap().extend([busy(), busy(), busy(), busy()]);
    for _ in 0..3 {
        linked.deliver(&mail).await.unwrap_err();
    }
    linked.deliver(&mail).await.unwrap();
    assert_eq!(linked.came_to(&mail).await, (MessageStatus::Failed, 4));
}

#[tokio::test]
async fn what_was_taken_is_nobody_elses_and_in_doubt_once_its_sender_must_be_dead() {
    let linked = Linked::start().await;
    let mail = linked.asked().await;
    let (store, tenant) = (&linked.aws.store, &linked.aws.tenant);
    store.take_service_mail(tenant, &linked.customer, &mail.id, linked.aws.now()).await.unwrap().unwrap();
    linked.deliver(&mail).await.unwrap();
    assert_eq!(linked.came_to(&mail).await, (MessageStatus::Queued, 0));
    linked.aws.advance(SignedDuration::from_secs(91));
    linked.deliver(&mail).await.unwrap();
    assert_eq!(linked.came_to(&mail).await, (MessageStatus::Unknown, 0));
}

#[tokio::test]
async fn a_promise_is_acknowledged_with_its_day_in_a_calendar_file_while_it_stands() {
    for cancelled in [false, true] {
        let linked = Linked::start().await;
        let (store, tenant, now) = (&linked.aws.store, &linked.aws.tenant, linked.aws.now());
        let head = store.head(tenant, &linked.customer).await.unwrap().unwrap();
        let facts = store.facts(tenant, &head).await.unwrap();
        let invoice: InvoiceId = facts.invoices[0].invoice.id.clone();
        let day = |text: &str| text.parse().unwrap();
        let stood = Stood {
            invoice: invoice.clone(),
            open_minor: 125_000,
            claim_minor: 125_000,
            currency: Some(Currency::EUR),
            sent_minor: None,
        };
        let promise = |status| {
            Terms::Promise(Promise {
                pays_on: day("2026-01-13"),
                way: WayOfPaying::Transfer,
                expected_on: day("2026-01-15"),
                of: vec![stood.clone()],
                status,
            })
        };
        let made = Agreement {
            id: AgreementId::derive(&["1"]),
            terms: promise(PromiseStatus::Open),
            scope: AgreementScope::Invoices(vec![invoice]),
            amount_minor: Some(50_000),
            clock: HoldClock::Freeze,
            made_at: now,
            from_at: now,
            until_on: None,
            ended_at: None,
            status_at: now,
            by: linked.link.id.to_string(),
            folded: Vec::new(),
        };
        let mail = ServiceMail::of(ServiceMailKind::PromiseMade, &linked.link.id, Some(made.id.as_str()), now);
        let beside = MadeBeside { mail: Some(&mail), ..MadeBeside::default() };
        store.make_agreement(tenant, &linked.customer, &made, beside, now).await.unwrap();
        if cancelled {
            let after = Agreement { terms: promise(PromiseStatus::Cancelled), ended_at: Some(now), ..made.clone() };
            store.change_agreement(tenant, &linked.customer, &made, &after, now).await.unwrap();
        }
        linked.deliver(&mail).await.unwrap();
        if cancelled {
            assert_eq!(linked.came_to(&mail).await, (MessageStatus::Blocked, 0), "it is over");
            continue;
        }
        assert_eq!(linked.came_to(&mail).await, (MessageStatus::Sent, 1));
        let sent = linked.provider.taken.lock().unwrap()[0].clone();
        assert_eq!(sent.rendered.subject.as_deref(), Some("You promised to pay €500.00 by January 13, 2026"));
        let [file] = sent.attachments.as_slice() else { panic!("{:?}", sent.attachments) };
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        assert!(text.contains("DTSTART;VALUE=DATE:20260113\r\n"), "{text}");
    }
}
