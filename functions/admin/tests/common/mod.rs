//! A table on loopback with a clock, and requests as API Gateway sends them.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use domain::*;
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use store::{Receipt, Store, Vault};
use testbed::{Loopback, TABLE};

/// The table, its clock, and what a function is built from.
pub struct World {
    pub clients: kit::Clients,
    pub clock: kit::Clock,
    pub now: Arc<Mutex<Timestamp>>,
    pub store: Store,
    pub vault: Vault,
    pub db: Client,
    /// What else there is of AWS.
    pub aws: Arc<testbed::World>,
}

impl World {
    pub async fn new() -> Self {
        let Loopback { clients, db, world: aws, .. } = Loopback::start().await;
        let store = Store::new(db.clone(), TABLE);
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), Some("key"));
        let now = Arc::new(Mutex::new(at("2026-02-10T10:00:00Z")));
        // What an operator listed for the tenant that most tests are about.
        let senders = [(Channel::Email, vec!["acme.example".to_owned()]), (Channel::Sms, vec!["ACME".to_owned()])];
        let (acme, senders) = (TenantId::parse("acme").unwrap(), Identities { senders: senders.into() });
        store.put_identities(&acme, &senders, 0, at("2026-02-10T10:00:00Z")).await.unwrap();
        let clock = {
            let now = now.clone();
            kit::Clock::from_fn(move || *now.lock().unwrap())
        };
        Self { clients, clock, now, store, vault, db, aws }
    }

    pub fn env(&self, more: &[(&str, &str)]) -> kit::Env {
        let fixed = [("TABLE_NAME", TABLE), ("BUCKET_NAME", "bodies")];
        kit::Env::from_pairs(fixed.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    /// The read units since it was last asked.
    pub fn read_units(&self) -> f64 {
        self.aws.read_units.lock().unwrap().drain(..).sum()
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    /// A tenant with one customer who owes one invoice that is past due and one that is not.
    pub async fn customer(&self, tenant: &str, external_id: &str, change: impl FnOnce(&mut Customer)) -> CustomerId {
        let tenant = TenantId::parse(tenant).unwrap();
        if self.store.settings(&tenant).await.unwrap().is_none() {
            let mut settings = Settings::named(&format!("{tenant} & Sons"));
            settings.country = "DE".to_owned();
            self.store.put_settings(&tenant, &settings, Some(0), self.now()).await.unwrap();
        }
        let mut customer = Customer {
            id: CustomerId::derive(&[tenant.as_str(), "canonical", external_id]),
            source: "canonical".to_owned(),
            external_id: external_id.to_owned(),
            source_version: Some(SourceVersion::Number(1)),
            name: "Beispiel GmbH".to_owned(),
            kind: Some(CustomerKind::Company),
            segment: None,
            language: Some("de".to_owned()),
            country: Some("DE".to_owned()),
            region: Some("BE".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            debt_purpose: None,
            legal_entity: None,
            parent_external_id: None,
            contacts_of: None,
            contacts: vec![Contact {
                external_id: "p1".to_owned(),
                name: "Anna Weber".to_owned(),
                roles: vec![Role::Billing],
                email: Some(format!("ap@{tenant}.example")),
                phone: Some("+493012345678".to_owned()),
                consents: Vec::new(),
                unusable: Vec::new(),
            }],
            postal_address: None,
        };
        change(&mut customer);
        let id = customer.id.clone();
        for (number, total_minor, due_on) in [("1001", 125_000, "2026-02-04"), ("1002", 9_900, "2026-03-01")] {
            let invoice = Invoice {
                id: InvoiceId::derive(&[tenant.as_str(), "canonical", external_id, number]),
                external_id: format!("{external_id}-{number}"),
                source_version: SourceVersion::Number(1),
                number: number.to_owned(),
                currency: Currency::EUR,
                total_minor,
                issued_on: "2026-01-05".parse().unwrap(),
                due_on: due_on.parse().unwrap(),
                status: InvoiceStatus::Open,
                paid_minor: 0,
                credited_minor: 0,
                paid_is_gross: false,
                instalments: Vec::new(),
                url: (number == "1001").then(|| "https://acme.example/i/1001".to_owned()),
                purchase_order: None,
                contact: None,
                sent_to_customer: None,
                legal_entity: None,
                tags: Vec::new(),
                for_external_id: None,
                for_name: None,
            };
            let document = Document::Invoice { customer: CustomerRef::Full(Box::new(customer.clone())), invoice };
            let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("{external_id}-{number}") };
            self.store.apply(&tenant, &receipt, &[document], self.now()).await.unwrap();
        }
        id
    }

    /// Everything that is in the table, as text.
    pub async fn everything(&self) -> Vec<String> {
        #[expect(clippy::disallowed_methods, reason = "a test compares the whole table")]
        let page = Client::scan(&self.db).table_name(TABLE).send().await.unwrap();
        assert!(page.last_evaluated_key.is_none(), "the table of a test fits a page");
        let mut items: Vec<String> = page
            .items()
            .iter()
            .map(|item| {
                let sorted: std::collections::BTreeMap<_, _> = item.iter().collect();
                format!("{sorted:?}")
            })
            .collect();
        items.sort();
        items
    }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A request in payload version 2.
pub fn request(
    method: &str,
    address: &str,
    claims: Option<(&str, &str)>,
    headers: &[(&str, &str)],
    body: &str,
) -> LambdaEvent<Value> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {"domainName": "api.dunlin.example", "http": {"method": method, "path": path}},
        "body": body, "isBase64Encoded": false,
    });
    if let Some((tenant, role)) = claims {
        event["requestContext"]["authorizer"] =
            json!({"jwt": {"claims": {"tenant": tenant, "role": role, "sub": format!("{tenant}-{role}")}}});
    }
    LambdaEvent::new(event, Context::default())
}
