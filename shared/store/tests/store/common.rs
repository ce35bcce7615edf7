//! An embedded table over loopback, and the documents that tests put into it.

use aws_sdk_dynamodb::Client;
use domain::*;
use jiff::Timestamp;
use store::{Applied, Attempt, Claim, MessageResult, Receipt, Settlement, Store};
pub use testbed::documents::{case_key, planned};
use testbed::{Death, Loopback, Meter, TABLE, documents};

pub struct Table {
    pub aws: Loopback,
    pub store: Store,
    pub db: Client,
    pub meter: Meter,
    pub tenant: TenantId,
}

pub async fn table() -> Table {
    let aws = Loopback::start().await;
    let meter = Meter::default();
    let config = aws_sdk_dynamodb::config::Builder::from(&aws.clients.sdk).interceptor(meter.clone()).build();
    let db = Client::from_conf(config);
    let store = Store::new(db.clone(), TABLE);
    let tenant = TenantId::parse("acme").unwrap();
    let mut settings = Settings::named("Acme");
    settings.mode = Mode::Live;
    store.put_settings(&tenant, &settings, Some(0), at(0)).await.unwrap();
    meter.take();
    Table { aws, store, db, meter, tenant }
}

/// Minutes after the story begins.
pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_767_603_600 + minutes * 60).unwrap()
}

pub fn customer_id() -> CustomerId {
    customer_of("C-1")
}

pub fn customer_of(external: &str) -> CustomerId {
    CustomerId::derive(&["acme", "stripe", external])
}

pub fn customer(version: Option<u64>, name: &str) -> Customer {
    let described = documents::customer("acme", "stripe", "C-1");
    let contact = Contact { phone: Some("+493012345678".into()), ..described.contacts[0].clone() };
    Customer { source_version: version.map(SourceVersion::Number), name: name.into(), contacts: vec![contact], ..described }
}

/// Another customer, as its source describes it.
pub fn other(external: &str) -> CustomerRef {
    let own = customer(Some(1), external);
    CustomerRef::Full(Box::new(Customer { id: customer_of(external), external_id: external.into(), ..own }))
}

pub fn invoice_id(external: &str) -> InvoiceId {
    InvoiceId::derive(&["acme", "stripe", external])
}

pub fn invoice(external: &str, version: u64) -> Invoice {
    Invoice { source_version: SourceVersion::Number(version), ..documents::invoice("acme", "stripe", external) }
}

pub fn payment_id(external: &str) -> PaymentId {
    PaymentId::derive(&["acme", "stripe", "payment", external])
}

pub fn payment(external: &str, version: u64, invoice: &str) -> Payment {
    Payment {
        legal_entity: None,
        id: payment_id(external),
        kind: PaymentKind::Payment,
        external_id: external.into(),
        source_version: SourceVersion::Number(version),
        status: PaymentStatus::Received,
        amount_minor: 5_000,
        currency: Currency::EUR,
        received_on: "2026-02-10".parse().unwrap(),
        allocations: vec![Allocation { invoice: invoice_id(invoice), amount_minor: 5_000 }],
        reference: None,
        taken_here: None,
    }
}

pub fn reversal(external: &str, payment: &str) -> Reversal {
    Reversal {
        external_id: external.into(),
        source_version: SourceVersion::Number(1),
        payment: payment_id(payment),
        amount_minor: 5_000,
        currency: Currency::EUR,
        in_force: true,
        kind: domain::ReversalKind::Refund,
    }
}

pub fn invoice_doc(external: &str, version: u64) -> Document {
    Document::Invoice {
        customer: CustomerRef::Full(Box::new(customer(Some(1), "Acme GmbH"))),
        invoice: invoice(external, version),
    }
}

pub fn row(external: &str) -> Covered {
    documents::covered(&invoice_id(external))
}

pub fn decision(messages: Vec<Planned>, next: Next) -> Decision {
    documents::decision(at(0), messages, next)
}

impl Table {
    /// The same table as a process sees it that dies after so many calls.
    pub fn dying(&self, after: usize) -> Store {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.aws.clients.sdk).interceptor(Death::after(after)).build();
        Store::new(Client::from_conf(config), TABLE)
    }
    pub async fn say(&self, event: &str, documents: &[Document], minute: i64) -> Applied {
        let receipt = Receipt { source: "stripe".into(), event_id: event.into() };
        self.store.apply(&self.tenant, &receipt, documents, at(minute)).await.unwrap()
    }
    /// A customer's facts.
    pub async fn facts_of(&self, external: &str) -> Facts {
        let head = self.head_of(external).await;
        self.store.facts(&self.tenant, &head).await.unwrap()
    }
    pub async fn head_of(&self, external: &str) -> store::Head {
        self.store.head(&self.tenant, &customer_of(external)).await.unwrap().unwrap()
    }
    pub async fn head(&self) -> store::Head {
        self.store.head(&self.tenant, &customer_id()).await.unwrap().unwrap()
    }
    pub async fn facts(&self) -> Facts {
        self.store.facts(&self.tenant, &self.head().await).await.unwrap()
    }
}

/// A contact about a customer's money, at a minute of the story.
pub fn contacted(customer: &str, n: i64, minute: i64) -> ContactAttempt {
    ContactAttempt {
        at: at(minute),
        channel: Channel::Email,
        message: MessageId::derive(&[customer, &n.to_string()]),
        case: Some(CaseId::derive(&[customer])),
        customer: customer_of(customer),
        mode: Mode::Live,
    }
}

/// Until a minute of the story.
pub fn attempt(id: &str, lease: i64) -> Attempt {
    Attempt { id: id.into(), lease_until: at(lease) }
}

/// The provider took it.
pub fn sent(minute: i64, rows: Vec<Covered>) -> Settlement {
    Settlement {
        status: MessageResult::Sent,
        at: at(minute),
        reason: String::new(),
        provider_id: Some("ses-1".into()),
        rows,
        asked_for: None,
        rendered_sha256: Some("0".repeat(64)),
        template_version: 1,
        layout_version: 1,
        trace: serde_json::json!([]),
        fact_versions: vec![],
    }
}

/// Claims a message.
pub async fn held(table: &Table, version: u64, message: &MessageId, attempt: &Attempt) -> store::Head {
    match table.store.claim(&table.tenant, &customer_id(), version, message, attempt).await.unwrap() {
        Claim::Held(head) => *head,
        other => panic!("not held: {other:?}"),
    }
}
