//! What a reader makes of the books: the real table, and the stand-in for QuickBooks on loopback. There is no queue, so that nothing may be
//! handed over.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::sync::Arc;

use domain::{TaskKind, TenantId};
use doubles::{
    Double, Fault, QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use jiff::{SignedDuration, civil::date};
use kit::Env;
use reading::{AppSecrets, Progress, Tokens, Wanted, progress::PastReading};
use serde_json::{Value, json};
use store::{Leased, Receipt};
use testbed::{
    TABLE,
    aws::{Aws, event},
};

const SOURCE: &str = "quickbooks";
const REALM: &str = "9130347596842384";

/// A tenant whose books were read for the first time: a customer with one invoice.
struct Read {
    aws: Aws,
    double: QuickBooks,
    sync: sync::Handler,
    customer: String,
}

impl Read {
    async fn start() -> Self {
        let aws = Aws::start().await;
        let ticking = aws.clock.clone();
        let double = QuickBooks::start(Arc::new(move || ticking.now())).await.unwrap();
        double.add_company(Company::new(REALM, "Coastal Supplies"));
        let customer = double.add_customer(REALM, Customer::new("Harbour Bakery", "ap@harbourbakery.example"));
        let doubles::App { client_id, client_secret, webhook_secret } = double.app();
        let app = AppSecrets {
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            webhook_secret: webhook_secret.clone(),
        };
        let app = serde_json::to_vec(&app).unwrap();
        aws.vault.ensure_key(&TenantId::app()).await.unwrap();
        aws.vault.put_connection(&TenantId::app(), SOURCE, &app, &json!({}), None, None).await.unwrap();
        let doubles::Tokens { access_token, refresh_token, expires_at } = double.issue_tokens(REALM);
        let tokens = Tokens { access_token, refresh_token, expires_at, refresh_expires_at: None };
        let books = connectors::accounting_api_of(SOURCE).unwrap();
        let wanted = Wanted { tenant: &aws.tenant, source: SOURCE, books, realm: REALM, base: Some(double.base_url()) };
        wanted.connect(&aws.store, &aws.vault, &tokens, aws.now()).await.unwrap();
        let env = [("TABLE_NAME", TABLE), ("SYNC_QUEUE_URL", "https://sqs.example/sync")];
        let env = Env::from_pairs(env.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let sync = sync::Handler::new(&env, &aws.clients, aws.clock.clone()).unwrap();
        let read = Self { aws, double, sync, customer };
        read.bill();
        assert_eq!(read.tick().await["read"], 1);
        assert_eq!(read.open_invoices().await, 1, "the first reading");
        read
    }

    /// Writes an invoice into the books; its id.
    fn bill(&self) -> String {
        self.double.add_invoice(REALM, Invoice::new(&self.customer, "362.07", date(2025, 12, 1), date(2025, 12, 31)))
    }

    /// Notes that an invoice changed, as a webhook of ids does.
    async fn hint(&self, invoice: &str) {
        let receipt = Receipt { source: SOURCE.to_owned(), event_id: format!("evt-{invoice}") };
        assert!(self.aws.store.hint(&self.aws.tenant, &receipt, &[("Invoice", invoice)], self.aws.now()).await.unwrap());
    }

    /// How many objects wait to be read.
    async fn hinted(&self) -> usize {
        self.aws.store.hinted(&self.aws.tenant, SOURCE, 10).await.unwrap().len()
    }

    /// Asks for the connection as the queue does; no message is given back.
    async fn ask(&self) {
        let body = json!({ "detail": { "schema_version": 1, "tenant": "acme", "source": SOURCE } }).to_string();
        let answer = self.sync.handle(event(json!({ "Records": [{ "messageId": "m-1", "body": body }] }))).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    async fn tick(&self) -> Value {
        self.sync.handle(event(json!({ "source": "aws.events", "detail-type": "Scheduled Event" }))).await.unwrap()
    }

    /// The customer's open invoices here.
    async fn open_invoices(&self) -> u64 {
        let id = connectors::customer_id(&self.aws.tenant, SOURCE, REALM, &self.customer);
        let head = self.aws.store.head(&self.aws.tenant, &id).await.unwrap().unwrap();
        let facts = self.aws.store.facts(&self.aws.tenant, &head).await.unwrap();
        u64::try_from(facts.invoices.len()).unwrap()
    }

    async fn progress(&self) -> Progress {
        self.aws.store.progress(&self.aws.tenant, SOURCE).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_hint_is_read_applied_and_forgotten() {
    let read = Read::start().await;
    let invoice = read.bill();
    read.hint(&invoice).await;
    assert_eq!((read.hinted().await, read.open_invoices().await), (1, 1));
    read.ask().await;
    assert_eq!((read.hinted().await, read.open_invoices().await), (0, 2));
    // Nothing waits any more: the vendor is not asked.
    let calls = read.double.calls();
    read.ask().await;
    assert_eq!(read.double.calls(), calls);
}

#[tokio::test]
async fn a_vendor_that_asks_to_wait_is_left_alone_and_asked_later() {
    let read = Read::start().await;
    let tasks = read.aws.tasks().await.len();
    let invoice = read.bill();
    read.hint(&invoice).await;
    read.double.fail_next_at("/v3/", 1, Fault::Status { status: 429, retry_after_s: Some(120) });
    read.ask().await;
    let until = read.aws.now() + SignedDuration::from_secs(120);
    assert_eq!(read.progress().await.not_before, Some(until));
    assert_eq!((read.hinted().await, read.open_invoices().await), (1, 1), "what was hinted waits");
    // Whoever asks meanwhile asks nobody.
    let calls = read.double.calls();
    read.ask().await;
    assert_eq!(read.double.calls(), calls);
    assert_eq!(read.tick().await["read"], 0, "it is not due before then");
    read.aws.advance(SignedDuration::from_secs(121));
    assert_eq!(read.tick().await["read"], 1);
    assert_eq!((read.hinted().await, read.open_invoices().await), (0, 2));
    assert_eq!((read.progress().await.not_before, read.aws.tasks().await.len()), (None, tasks), "no person is asked for that");
}

#[tokio::test]
async fn an_object_that_does_not_read_becomes_work_for_a_person_and_spoils_no_other() {
    let read = Read::start().await;
    let (well, sick) = (read.bill(), read.bill());
    read.double.sicken(REALM, &sick, true);
    read.hint(&well).await;
    read.hint(&sick).await;
    read.ask().await;
    assert_eq!((read.hinted().await, read.open_invoices().await), (0, 2));
    let tasks = read.aws.tasks().await.into_iter().filter(|task| task.task.kind == TaskKind::Document);
    let details: Vec<String> = tasks.map(|task| task.task.detail).collect();
    assert!(details.len() == 1 && details[0].starts_with(&format!("Invoice {sick}: ")), "{details:?}");
}

#[tokio::test]
async fn books_that_another_reads_are_left_to_it_until_its_lease_ends() {
    let read = Read::start().await;
    let (aws, invoice) = (&read.aws, read.bill());
    read.hint(&invoice).await;
    let until = aws.now() + SignedDuration::from_secs(150);
    let leased: Leased<Progress> = aws.store.lease_books(&aws.tenant, SOURCE, "another", aws.now(), until).await.unwrap();
    assert!(matches!(leased, Leased::Mine(_)), "{leased:?}");
    let calls = read.double.calls();
    read.ask().await;
    assert_eq!((read.hinted().await, read.double.calls()), (1, calls), "the vendor is asked by one reader at a time");
    // That reader died: its lease ends.
    aws.advance(SignedDuration::from_secs(151));
    read.ask().await;
    assert_eq!((read.hinted().await, read.open_invoices().await), (0, 2));
}

/// Notes that the past is asked for, as the API does.
async fn ask_for_past(read: &Read, past: Option<PastReading>) {
    let (aws, until) = (&read.aws, read.aws.now() + SignedDuration::from_secs(30));
    let leased: Leased<Progress> = aws.store.lease_books(&aws.tenant, SOURCE, "api", aws.now(), until).await.unwrap();
    let Leased::Mine(mut lease) = leased else { panic!("nobody reads now") };
    lease.progress.past = past;
    assert!(aws.store.return_books(&aws.tenant, SOURCE, &lease, aws.now()).await.unwrap());
}

#[tokio::test]
async fn closed_invoices_are_read_once_somebody_asks_and_no_decision_sees_them() {
    let read = Read::start().await;
    for (due, paid) in
        [(date(2025, 6, 1), date(2025, 6, 11)), (date(2025, 7, 1), date(2025, 7, 21)), (date(2025, 8, 1), date(2025, 8, 4))]
    {
        let invoice = read.double.add_invoice(REALM, Invoice::new(&read.customer, "100.00", date(2025, 5, 1), due));
        read.double.pay(REALM, &invoice, "100.00", paid);
    }
    let customer = connectors::customer_id(&read.aws.tenant, SOURCE, REALM, &read.customer);
    let since = read.aws.now() - SignedDuration::from_hours(24 * 730);
    let asked = PastReading { months: 24, since, began_at: read.aws.now(), page: None, objects: 0, finished_at: None };
    ask_for_past(&read, Some(asked.clone())).await;
    read.tick().await;
    let past = read.progress().await.past.unwrap();
    assert!(past.finished_at.is_some() && past.page.is_none() && past.objects >= 6, "{past:?}");
    let books = read.aws.store.past(&read.aws.tenant, &customer).await.unwrap();
    let closed = books.closed();
    assert_eq!(closed.iter().map(|one| one.days_late()).collect::<Vec<_>>(), [3, 20, 10], "the last closed first");
    assert_eq!(domain::past::usual_lag(&closed), Some(10));
    assert!(closed.iter().all(|one| one.total_minor == 10_000));
    // A reader that died before it noted a page reads it again, and what is kept is the same.
    ask_for_past(&read, Some(asked)).await;
    read.tick().await;
    assert!(read.progress().await.past.unwrap().finished_at.is_some());
    assert_eq!(read.aws.store.past(&read.aws.tenant, &customer).await.unwrap(), books);
}
