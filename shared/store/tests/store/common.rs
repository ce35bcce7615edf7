//! An embedded table over loopback, and the documents that tests put into it.

use aws_sdk_dynamodb::Client;
use domain::*;
use jiff::Timestamp;
use store::{Applied, Attempt, Claim, MessageResult, Receipt, Settlement, Store};
use testbed::{Death, Loopback, Meter, TABLE};

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
    Customer {
        id: customer_id(),
        source: "stripe".into(),
        external_id: "C-1".into(),
        source_version: version.map(SourceVersion::Number),
        name: name.into(),
        kind: None,
        segment: None,
        language: None,
        country: None,
        region: None,
        time_zone: None,
        debt_purpose: None,
        legal_entity: None,
        parent_external_id: None,
        contacts_of: None,
        contacts: vec![Contact {
            external_id: "p1".into(),
            name: "Anna Weber".into(),
            roles: vec![Role::Billing],
            email: Some("ap@acme.example".into()),
            phone: Some("+493012345678".into()),
            consents: vec![],
            unusable: Vec::new(),
        }],
        postal_address: None,
    }
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
    Invoice {
        id: invoice_id(external),
        external_id: external.into(),
        source_version: SourceVersion::Number(version),
        number: external.into(),
        currency: Currency::EUR,
        total_minor: 125_000,
        issued_on: "2026-01-05".parse().unwrap(),
        due_on: "2026-02-04".parse().unwrap(),
        status: InvoiceStatus::Open,
        paid_minor: 0,
        credited_minor: 0,
        paid_is_gross: false,
        instalments: vec![],
        url: None,
        purchase_order: None,
        contact: None,
        sent_to_customer: None,
        legal_entity: None,
        tags: Vec::new(),
        for_external_id: None,
        for_name: None,
    }
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

pub fn case_key() -> CaseKey {
    CaseKey::new(BalanceKey::of(Currency::EUR), "standard")
}

pub fn planned(rows: Vec<Covered>) -> Planned {
    Planned {
        position: 0,
        mode: Mode::Live,
        case: case_key(),
        channel: Channel::Email,
        contact: "p1".into(),
        template: "reminder".into(),
        template_version: 1,
        pay_by: None,
        rows,
        copy_of: None,
    }
}

pub fn row(external: &str) -> Covered {
    Covered {
        item: DueItemKey::whole(invoice_id(external)),
        step: "reminder".into(),
        occurrence: Occurrence::default(),
        due_now_minor: 125_000,
    }
}

pub fn decision(messages: Vec<Planned>, next: Next) -> Decision {
    let case = Case {
        id: CaseId::derive(&["acme", "case"]),
        workflow: "standard".into(),
        version: 1,
        opened_at: at(0),
        state: CaseState::Open,
        by_hand: false,
    };
    Decision {
        cases: [(case_key(), case)].into(),
        messages,
        tasks: vec![],
        agreements: vec![],
        charges: vec![],
        marks: vec![],
        next,
        trace: vec![],
        owed: Default::default(),
        archiving: Archiving::default(),
        inputs: None,
        work: vec![],
        withdrawn: vec![],
        used_orders: vec![],
    }
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
