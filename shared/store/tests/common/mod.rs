//! An embedded table over loopback, and the documents that tests put into it.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::{
    Client,
    config::{ConfigBag, Intercept, RuntimeComponents},
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        put_item::{PutItemInput, PutItemOutput},
        query::{QueryInput, QueryOutput},
        transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
        update_item::{UpdateItemInput, UpdateItemOutput},
    },
    types::{
        AttributeDefinition, BillingMode, ConsumedCapacity, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex,
        Projection, ProjectionType, ReturnConsumedCapacity, ScalarAttributeType, StreamSpecification, StreamViewType,
    },
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef,
};
use domain::*;
use jiff::Timestamp;
use store::{Applied, Receipt, Store};

/// Sums the write units and the read units of every call.
#[derive(Clone, Debug, Default)]
pub struct Meter(pub Arc<Mutex<Vec<f64>>>, pub Arc<Mutex<Vec<f64>>>);

impl Meter {
    pub fn take(&self) -> f64 {
        self.0.lock().unwrap().drain(..).sum()
    }
    pub fn take_reads(&self) -> f64 {
        self.1.lock().unwrap().drain(..).sum()
    }
    fn note_read<'a>(&self, units: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.1.lock().unwrap().extend(units.into_iter().filter_map(ConsumedCapacity::capacity_units));
    }
    fn note<'a>(&self, units: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.0.lock().unwrap().extend(units.into_iter().filter_map(ConsumedCapacity::capacity_units));
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "meter"
    }
    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let wanted = Some(ReturnConsumedCapacity::Total);
        if let Some(input) = context.input_mut().downcast_mut::<UpdateItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<PutItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<TransactWriteItemsInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<BatchGetItemInput>() {
            input.return_consumed_capacity = wanted;
        }
        Ok(())
    }
    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Ok(output)) = context.output_or_error() else { return Ok(()) };
        if let Some(output) = output.downcast_ref::<UpdateItemOutput>() {
            self.note(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<PutItemOutput>() {
            self.note(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<TransactWriteItemsOutput>() {
            self.note(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<QueryOutput>() {
            self.note_read(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<GetItemOutput>() {
            self.note_read(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<BatchGetItemOutput>() {
            self.note_read(output.consumed_capacity());
        }
        Ok(())
    }
}

pub struct Table {
    pub store: Store,
    pub db: Client,
    pub meter: Meter,
    pub tenant: TenantId,
}

fn attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap()
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

pub async fn table() -> Table {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let engine = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, engine, std::future::pending()));
    let clients = kit::Clients::at_endpoint(&endpoint, "eu-central-1");
    let meter = Meter::default();
    let config = aws_sdk_dynamodb::config::Builder::from(&clients.sdk).interceptor(meter.clone()).build();
    let db = Client::from_conf(config);
    db.create_table()
        .table_name("dunlin")
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk", "chase", "due_pk", "due_sk"].map(attribute).to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .local_secondary_indexes(
            LocalSecondaryIndex::builder()
                .index_name("chase")
                .key_schema(key("pk", KeyType::Hash))
                .key_schema(key("chase", KeyType::Range))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
                .unwrap(),
        )
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name("due")
                .key_schema(key("due_pk", KeyType::Hash))
                .key_schema(key("due_sk", KeyType::Range))
                .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
                .build()
                .unwrap(),
        )
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    for _ in 0..200 {
        let state = db.describe_table().table_name("dunlin").send().await.unwrap();
        if state.table.and_then(|table| table.table_status).is_some_and(|status| status.as_str() == "ACTIVE") {
            break;
        }
        tokio::task::yield_now().await;
    }
    let store = Store::new(db.clone(), "dunlin");
    let tenant = TenantId::parse("acme").unwrap();
    let mut settings = Settings::named("Acme");
    settings.mode = Mode::Live;
    store.put_settings(&tenant, &settings, Some(0), at(0)).await.unwrap();
    meter.take();
    Table { store, db, meter, tenant }
}

/// Minutes after the story begins.
pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_767_603_600 + minutes * 60).unwrap()
}

pub fn customer_id() -> CustomerId {
    CustomerId::derive(&["acme", "stripe", "C-1"])
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
        contacts: vec![Contact {
            external_id: "p1".into(),
            name: "Anna Weber".into(),
            roles: vec![Role::Billing],
            email: Some("ap@acme.example".into()),
            phone: Some("+493012345678".into()),
            consents: vec![],
        }],
        postal_address: None,
    }
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
    }
}

pub fn payment_id(external: &str) -> PaymentId {
    PaymentId::derive(&["acme", "stripe", "payment", external])
}

pub fn payment(external: &str, version: u64, invoice: &str) -> Payment {
    Payment {
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
    }
}

pub fn invoice_doc(external: &str, version: u64) -> Document {
    Document::Invoice {
        customer: CustomerRef::Full(Box::new(customer(Some(1), "Acme GmbH"))),
        invoice: invoice(external, version),
    }
}

pub fn planned(rows: Vec<Covered>) -> Planned {
    Planned {
        position: 0,
        mode: Mode::Live,
        currency: Currency::EUR,
        channel: Channel::Email,
        contact: "p1".into(),
        template: "reminder".into(),
        template_version: 1,
        rows,
    }
}

pub fn row(external: &str) -> Covered {
    Covered { item: DueItemKey::whole(invoice_id(external)), step: "reminder".into(), occurrence: 0, due_now_minor: 125_000 }
}

pub fn decision(messages: Vec<Planned>, next: Next) -> Decision {
    let case = Case {
        id: CaseId::derive(&["acme", "case"]),
        workflow: "standard".into(),
        version: 1,
        opened_at: at(0),
        state: CaseState::Open,
    };
    Decision {
        cases: [(Currency::EUR, case)].into(),
        messages,
        tasks: vec![],
        marks: vec![],
        next,
        trace: vec![],
        filing: Filing::default(),
    }
}

impl Table {
    pub async fn say(&self, event: &str, documents: &[Document], minute: i64) -> Applied {
        let receipt = Receipt { source: "stripe".into(), event_id: event.into() };
        self.store.apply(&self.tenant, &receipt, documents, at(minute), true).await.unwrap()
    }
    pub async fn head(&self) -> store::Head {
        self.store.head(&self.tenant, &customer_id()).await.unwrap().unwrap()
    }
    pub async fn facts(&self) -> Facts {
        self.store.facts(&self.tenant, &self.head().await).await.unwrap()
    }
}
