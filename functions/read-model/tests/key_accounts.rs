//! Key accounts: who leaves automation at the tenant's midnight, and who goes back.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Agreement, AgreementId, Currency, CustomerId, Invoice, KeyAccounts, SourceVersion};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Receipt,
    inspect::attributes::{
        document::DOC,
        every::{PK, SK},
    },
};
use testbed::{
    TABLE,
    aws::{Aws, event},
    documents::{customer, invoice, invoiced},
};

struct Book {
    aws: Aws,
    read_model: read_model::Handler,
    /// Records of the stream that were handed over.
    seen: usize,
    versions: u64,
}

impl Book {
    /// A book in which the first customer owes nine tenths, where half makes a key account.
    async fn start() -> (Self, CustomerId, CustomerId) {
        let aws = Aws::start().await;
        let read_model = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        let mut book = Self { aws, read_model, seen: 0, versions: 0 };
        book.share(Some(50)).await;
        let (first, second) = (book.owes("C-1", 900_000).await, book.owes("C-2", 100_000).await);
        (book, first, second)
    }

    async fn share(&self, percent: Option<u8>) {
        let key_accounts = percent.map(|share_percent| KeyAccounts { share_percent, owner: "robin".to_owned() });
        self.aws.settings(|settings| settings.key_accounts = key_accounts).await;
    }

    /// A customer owes so much, and its rows say so.
    async fn owes(&mut self, external_id: &str, total_minor: i64) -> CustomerId {
        self.versions += 1;
        let aws = &self.aws;
        let owed = Invoice {
            total_minor,
            source_version: SourceVersion::Number(self.versions),
            issued_on: "2025-12-01".parse().unwrap(),
            due_on: "2025-12-29".parse().unwrap(),
            ..invoice("acme", "canonical", external_id)
        };
        let owes = customer("acme", "canonical", external_id);
        let id = owes.id.clone();
        let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("{external_id}/{}", self.versions) };
        aws.store.apply(&aws.tenant, &receipt, &[invoiced(owes, owed)], aws.now()).await.unwrap();
        let settings = aws.store.settings(&aws.tenant).await.unwrap().unwrap().value;
        assert!(aws.store.reckon(&aws.tenant, &id, &settings, aws.now()).await.unwrap());
        self.follow().await;
        id
    }

    /// Hands over what is new in the stream.
    async fn follow(&mut self) {
        let records = self.aws.records().split_off(self.seen);
        self.seen += records.len();
        let answer = self.read_model.handle(event(json!({ "Records": records }))).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    /// The first tick of the next day.
    async fn midnight(&mut self) {
        self.aws.advance(SignedDuration::from_hours(24));
        let tick = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
        self.read_model.handle(event(tick)).await.unwrap();
        self.follow().await;
    }

    async fn pause(&self, customer: &CustomerId) -> Option<Agreement> {
        let id = AgreementId::derive(&["acme", customer.as_str(), "key account", "EUR"]);
        self.aws.store.agreement(&self.aws.tenant, customer, &id).await.unwrap()
    }

    /// Whether nothing chases a customer because of its share.
    async fn is_paused(&self, customer: &CustomerId) -> bool {
        self.pause(customer).await.is_some_and(|pause| pause.ended_at.is_none() && !pause.is_over())
    }

    async fn known(&self) -> Vec<CustomerId> {
        let known: BTreeMap<Currency, _> = self.aws.store.key_accounts(&self.aws.tenant).await.unwrap();
        assert!(known.keys().all(|currency| *currency == Currency::EUR));
        known.into_values().flatten().collect()
    }

    /// Makes a customer's profile this text; what it was.
    async fn profile(&self, customer: &CustomerId, text: &str) -> String {
        let key = [
            (PK.to_owned(), AttributeValue::S(format!("T#acme#C#{customer}"))),
            (SK.to_owned(), AttributeValue::S("PROFILE".to_owned())),
        ];
        let get = self.aws.db.get_item().table_name(TABLE).set_key(Some(key.into()));
        let mut item = get.send().await.unwrap().item.unwrap();
        let before = item[DOC].as_s().unwrap().clone();
        item.insert(DOC.to_owned(), AttributeValue::S(text.to_owned()));
        self.aws.db.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
        before
    }

    /// Who has tasks about key accounts.
    async fn tasks(&self) -> Vec<CustomerId> {
        let tasks = self.aws.tasks().await.into_iter().filter(|task| task.task.key.starts_with("key account/"));
        tasks.filter_map(|task| task.customer).collect()
    }
}

#[tokio::test]
async fn who_has_the_share_leaves_automation_at_midnight_and_goes_back_without_it() {
    let (mut book, first, second) = Book::start().await;
    assert!(book.known().await.is_empty());
    book.midnight().await;
    assert_eq!((book.is_paused(&first).await, book.is_paused(&second).await), (true, false));
    assert_eq!((book.known().await, book.tasks().await), (vec![first.clone()], vec![first.clone()]));
    let owner = book.aws.store.owner(&book.aws.tenant, &first).await.unwrap().unwrap();
    assert_eq!((owner.owner.as_str(), owner.by.as_str()), ("robin", "key accounts"));
    let audit = book.aws.store.audit(&book.aws.tenant, None, None, 10, None).await.unwrap();
    assert!(audit.entries.is_empty(), "no person did it: {:?}", audit.entries);
    // A night in which nothing changes.
    book.midnight().await;
    assert_eq!((book.known().await, book.tasks().await.len()), (vec![first.clone()], 1));
    // Now the other one owes the most of the book.
    book.owes("C-1", 50_000).await;
    book.midnight().await;
    assert_eq!((book.is_paused(&first).await, book.is_paused(&second).await), (false, true));
    assert_eq!(book.known().await, std::slice::from_ref(&second));
    // And the first again: its pause is taken up anew.
    book.owes("C-1", 500_000).await;
    book.midnight().await;
    assert_eq!((book.is_paused(&first).await, book.is_paused(&second).await), (true, false));
    assert_eq!(book.tasks().await.iter().filter(|customer| **customer == first).count(), 2, "a task for each time");
    // Without the setting nobody is one.
    book.share(None).await;
    book.midnight().await;
    assert_eq!((book.is_paused(&first).await, book.known().await), (false, vec![]));
}

#[tokio::test]
async fn what_a_person_lifts_stays_lifted_while_it_is_a_key_account() {
    let (mut book, first, _) = Book::start().await;
    book.midnight().await;
    let pause = book.pause(&first).await.unwrap();
    let (aws, now) = (&book.aws, book.aws.now());
    aws.store.change_agreement(&aws.tenant, &first, &pause, &pause.clone().lifted(now), now).await.unwrap();
    for _ in 0..2 {
        book.midnight().await;
        assert!(!book.is_paused(&first).await);
    }
    assert_eq!(book.known().await, std::slice::from_ref(&first));
    // Once it was none, it is taken like any other.
    book.owes("C-1", 50_000).await;
    book.midnight().await;
    book.owes("C-1", 900_000).await;
    book.midnight().await;
    assert!(book.is_paused(&first).await);
}

#[tokio::test]
async fn a_night_without_time_is_gone_on_with() {
    let (mut book, first, _) = Book::start().await;
    book.aws.advance(SignedDuration::from_hours(24));
    let mut late = event(json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} }));
    late.context.deadline = 0;
    book.read_model.handle(late).await.unwrap();
    assert!(!book.is_paused(&first).await);
    let tick = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    book.read_model.handle(event(tick)).await.unwrap();
    book.follow().await;
    assert!(book.is_paused(&first).await, "the next tick of the same day does it");
}

#[tokio::test]
async fn who_was_paused_and_not_told_of_is_told_of() {
    let (mut book, first, _) = Book::start().await;
    book.midnight().await;
    let pause = book.pause(&first).await.unwrap();
    // Whoever wrote the same pause here died before anything else was written.
    let (mut book, first, _) = Book::start().await;
    let (store, tenant) = (&book.aws.store, &book.aws.tenant);
    store.put_agreement(tenant, &first, None, &pause, book.aws.now()).await.unwrap();
    assert!(book.tasks().await.is_empty());
    for _ in 0..2 {
        book.midnight().await;
        assert_eq!((book.known().await, book.tasks().await), (vec![first.clone()], vec![first.clone()]));
    }
    let owner = book.aws.store.owner(&book.aws.tenant, &first).await.unwrap().unwrap();
    assert_eq!(owner.owner, "robin");
}

#[tokio::test]
async fn one_that_cannot_be_read_holds_up_no_other() {
    let tick = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    for broken in 0..2 {
        let (book, first, second) = Book::start().await;
        book.share(Some(5)).await;
        let [broken, whole] = if broken == 0 { [first, second] } else { [second, first] };
        let before = book.profile(&broken, "{").await;
        book.aws.advance(SignedDuration::from_hours(24));
        book.read_model.handle(event(tick.clone())).await.unwrap();
        assert_eq!((book.is_paused(&broken).await, book.is_paused(&whole).await), (false, true));
        // The next night tries again.
        book.profile(&broken, &before).await;
        book.aws.advance(SignedDuration::from_hours(24));
        book.read_model.handle(event(tick.clone())).await.unwrap();
        assert!(book.is_paused(&broken).await);
    }
}

#[tokio::test]
async fn a_book_that_was_counted_by_other_settings_settles_nobody() {
    let (mut book, first, _) = Book::start().await;
    book.aws.advance(SignedDuration::from_hours(24));
    let tick = || event(json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} }));
    let mut late = tick();
    late.context.deadline = 0;
    book.read_model.handle(late).await.unwrap();
    // The walk is under way.
    book.share(Some(40)).await;
    book.read_model.handle(tick()).await.unwrap();
    assert!(!book.is_paused(&first).await);
    book.midnight().await;
    assert!(book.is_paused(&first).await, "the next day counts it anew");
}
