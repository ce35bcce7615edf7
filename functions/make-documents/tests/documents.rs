//! Documents of a customer, made from an embedded table and read back.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    Allocation, Currency, CustomerId, CustomerRef, Document, InvoiceId, Payment, PaymentId, PaymentKind, PaymentStatus, Settings,
    SourceVersion, TenantId, settings::LegalEntity,
};
use jiff::SignedDuration;
use make_documents::Handler;
use serde_json::{Value, json};
use store::Receipt;
use testbed::{api::Api, aws::event};

struct Office {
    api: Api,
    handler: Handler,
    customer: CustomerId,
}

impl Office {
    async fn new() -> Self {
        let api = Api::new().await;
        let handler = Handler::new(&api.env(&[]), &api.clients, api.clock.clone()).unwrap();
        let customer = api.customer("acme", "C-1", |_| {}).await;
        Self { api, handler, customer }
    }

    fn invoice(number: &str) -> InvoiceId {
        InvoiceId::derive(&["acme", "canonical", "C-1", number])
    }

    async fn asked(&self, document: Value, language: Option<&str>) -> Value {
        let mut asked = json!({"schema_version": 1, "tenant": "acme", "customer": self.customer.as_str(), "document": document});
        if let Some(language) = language {
            asked["language"] = json!(language);
        }
        self.handler.handle(event(asked)).await.unwrap()
    }

    /// Changes the tenant's settings.
    async fn set(&self, change: impl FnOnce(&mut Settings)) {
        let tenant = TenantId::parse("acme").unwrap();
        let known = self.api.store.settings(&tenant).await.unwrap().unwrap();
        let mut settings = known.value;
        change(&mut settings);
        self.api.store.put_settings(&tenant, &settings, Some(known.rev), self.api.now()).await.unwrap();
    }

    /// The text of what is made, without blanks.
    async fn text(&self, document: Value, language: Option<&str>) -> String {
        let read = self.made(document, language).await;
        let pages: Vec<u32> = read.get_pages().into_keys().collect();
        read.extract_text(&pages).unwrap().chars().filter(|c| !c.is_whitespace()).collect()
    }

    /// What is made.
    async fn made(&self, document: Value, language: Option<&str>) -> lopdf::Document {
        let answer = self.asked(document, language).await;
        let key = answer["key"].as_str().unwrap_or_else(|| panic!("no document: {answer}"));
        assert!(key.starts_with("documents/acme/") && key.ends_with(".pdf"), "{key}");
        let pdf = self.api.aws.objects.lock().unwrap()[&format!("/bodies/{key}")].clone();
        assert_eq!(answer["size"], pdf.len());
        lopdf::Document::load_mem(&pdf).unwrap()
    }

    /// A payment of 400.00, of which 300.00 is for the invoice 1001.
    async fn pays(&self, status: PaymentStatus) -> PaymentId {
        let id = PaymentId::derive(&["acme", "canonical", "payment", "P-1"]);
        let payment = Payment {
            id: id.clone(),
            kind: PaymentKind::Payment,
            external_id: "P-1".to_owned(),
            source_version: SourceVersion::Number(1),
            status,
            amount_minor: 40_000,
            currency: Currency::EUR,
            received_on: "2026-02-09".parse().unwrap(),
            legal_entity: None,
            reference: None,
            taken_here: None,
            allocations: vec![Allocation { invoice: Self::invoice("1001"), amount_minor: 30_000 }],
        };
        let customer = CustomerRef::Named(self.customer.clone());
        let receipt = Receipt { source: "canonical".to_owned(), event_id: "P-1".to_owned() };
        let tenant = TenantId::parse("acme").unwrap();
        self.api.store.apply(&tenant, &receipt, &[Document::Payment { customer, payment }], self.api.now()).await.unwrap();
        id
    }
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
}

#[tokio::test]
async fn a_statement_says_what_is_owed_had_and_paid() {
    let office = Office::new().await;
    let text = office.text(json!({"kind": "statement"}), None).await;
    says(
        &text,
        &["Kontoübersicht", "acme&Sons", "BeispielGmbH", "1.250,00€", "99,00€", "1.349,00€", "4.Februar2026", "Seite1von1"],
    );
    office.pays(PaymentStatus::Received).await;
    let text = office.text(json!({"kind": "statement"}), Some("en")).await;
    // 950.00 and 99.00 are open; 100.00 of the payment is credit.
    says(&text, &["Statementofaccount", "€950.00", "€300.00", "€100.00", "€949.00", "P-1", "€400.00"]);
}

/// A picture of two pixels as a data URL.
fn logo() -> String {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header().unwrap().write_image_data(&[7, 70, 200, 255, 200, 70, 7, 255]).unwrap();
    format!("data:image/png;base64,{}", STANDARD.encode(bytes))
}

fn pictures(document: &lopdf::Document) -> usize {
    let is_picture = |object: &&lopdf::Object| {
        object
            .as_stream()
            .is_ok_and(|found| found.dict.get(b"Subtype").and_then(lopdf::Object::as_name).is_ok_and(|name| name == b"Image"))
    };
    document.objects.values().filter(is_picture).count()
}

#[tokio::test]
async fn a_tenant_shows_itself_on_its_documents_and_lends_its_mark_to_no_other_company() {
    let office = Office::new().await;
    let copy = json!({"kind": "invoice_copy", "invoice": Office::invoice("1001").as_str()});
    let plain = office.asked(copy.clone(), None).await;
    office
        .set(|settings| {
            let lines: Vec<String> = (1..=12).map(|at| format!("Particular {at}.")).collect();
            settings.brand.particulars = Some(lines.join("\r\n"));
        })
        .await;
    let text = office.text(copy.clone(), None).await;
    says(&text, &["acme&Sons", "Particular1.", "Particular12."]);
    let told = office.asked(copy.clone(), None).await;
    office.set(|settings| settings.brand.colour = Some("#0b5d4a".to_owned())).await;
    let coloured = office.asked(copy.clone(), None).await;
    assert!(plain["key"] != told["key"] && told["key"] != coloured["key"]);
    assert_eq!(pictures(&office.made(copy.clone(), None).await), 0);
    office.set(|settings| settings.brand.logo = Some(logo())).await;
    assert!(pictures(&office.made(copy.clone(), None).await) > 0, "the logo is drawn");

    // The invoice of a company with a name of its own.
    let house = LegalEntity { name: Some("House Ltd".to_owned()), ..LegalEntity::default() };
    office
        .set(|settings| {
            settings.legal_entities.insert("house".to_owned(), house);
        })
        .await;
    let other = office.api.customer("acme", "C-2", |customer| customer.legal_entity = Some("house".to_owned())).await;
    let office = Office { customer: other, ..office };
    let copy = json!({"kind": "invoice_copy", "invoice": InvoiceId::derive(&["acme", "canonical", "C-2", "1001"]).as_str()});
    let text = office.text(copy.clone(), None).await;
    says(&text, &["HouseLtd"]);
    assert!(!text.contains("Particular"), "{text}");
    assert_eq!(pictures(&office.made(copy, None).await), 0);
}

#[tokio::test]
async fn a_document_is_made_once_and_anew_when_it_says_something_else() {
    let office = Office::new().await;
    let statement = json!({"kind": "statement"});
    let made = office.asked(statement.clone(), None).await;
    assert_eq!(made["status"], "made");
    let kept = office.asked(statement.clone(), None).await;
    assert_eq!((&kept["status"], &kept["key"], &kept["size"]), (&json!("kept"), &made["key"], &made["size"]));
    // An hour changes nothing that it says; a day does, and so does a payment.
    *office.api.now.lock().unwrap() += SignedDuration::from_hours(1);
    assert_eq!(office.asked(statement.clone(), None).await["key"], made["key"]);
    office.pays(PaymentStatus::Received).await;
    let paid = office.asked(statement.clone(), None).await;
    assert_eq!(paid["status"], "made");
    *office.api.now.lock().unwrap() += SignedDuration::from_hours(24);
    let later = office.asked(statement, None).await;
    assert_eq!(later["status"], "made");
    assert!(made["key"] != paid["key"] && paid["key"] != later["key"]);
}

#[tokio::test]
async fn a_receipt_is_for_what_was_received() {
    let office = Office::new().await;
    let payment = office.pays(PaymentStatus::Received).await;
    let text = office.text(json!({"kind": "receipt", "payment": payment.as_str()}), Some("en")).await;
    says(&text, &["Receipt", "€400.00", "1001", "€300.00", "€950.00", "Notforaninvoiceyet", "€100.00"]);
    let on_its_way = Office::new().await;
    let payment = on_its_way.pays(PaymentStatus::Pending).await;
    for payment in [payment.as_str(), "pay_unknown"] {
        assert_eq!(
            on_its_way.asked(json!({"kind": "receipt", "payment": payment}), None).await["status"],
            "nothing",
            "{payment}"
        );
    }
}

#[tokio::test]
async fn a_copy_is_of_an_invoice_of_the_customers_own() {
    let office = Office::new().await;
    office.pays(PaymentStatus::Received).await;
    let invoice = Office::invoice("1001");
    let text = office.text(json!({"kind": "invoice_copy", "invoice": invoice.as_str()}), Some("en")).await;
    says(&text, &["Copyofinvoice1001", "notataxdocument", "€1,250.00", "€300.00", "€950.00"]);
    let other = office.api.customer("acme", "C-2", |_| {}).await;
    let foreign = InvoiceId::derive(&["acme", "canonical", "C-2", "1001"]);
    let answer = office.asked(json!({"kind": "invoice_copy", "invoice": foreign.as_str()}), None).await;
    assert_eq!(answer["status"], "nothing", "an invoice of {other}");
}

#[tokio::test]
async fn who_is_not_there_gets_nothing_and_what_asks_for_nothing_fails() {
    let office = Office::new().await;
    for (tenant, customer) in [("acme", "cus_nobody"), ("nobody", office.customer.as_str())] {
        let asked = json!({"schema_version": 1, "tenant": tenant, "customer": customer, "document": {"kind": "statement"}});
        assert_eq!(office.handler.handle(event(asked)).await.unwrap()["status"], "nothing", "{tenant} {customer}");
    }
    for payload in [json!({}), json!({"tenant": "acme", "customer": "cus_1", "document": {"kind": "letter"}})] {
        assert!(office.handler.handle(event(payload.clone())).await.is_err(), "{payload}");
    }
    assert!(office.api.aws.objects.lock().unwrap().is_empty(), "nothing was kept");
}
