//! A table on loopback with a clock and customers, and requests as API Gateway sends them.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use domain::{Channel, Contact, Customer, CustomerId, CustomerKind, Identities, Invoice, InvoiceId, Settings, TenantId};
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use store::{AddressId, LinkTo, Receipt, Store, Vault};

use crate::{
    Loopback, TABLE, World,
    documents::{contact, customer, invoice, invoiced},
    issuer::{AUDIENCE, ISSUER, KEYS_PATH, token_of},
};

/// The table, its clock, and what a function is built from.
pub struct Api {
    /// What a function calls AWS with.
    pub clients: kit::Clients,
    /// What it asks the time.
    pub clock: kit::Clock,
    /// What the clock says.
    pub now: Arc<Mutex<Timestamp>>,
    /// The table.
    pub store: Store,
    /// What is sealed in it.
    pub vault: Vault,
    /// The table's own client.
    pub db: Client,
    /// What else there is of AWS.
    pub aws: Arc<World>,
    /// Where the issuer's key set is.
    pub keys_url: String,
}

impl Api {
    /// With no tenant yet.
    pub async fn new() -> Self {
        let Loopback { clients, db, world: aws, endpoint, .. } = Loopback::start().await;
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
        Self { clients, clock, now, store, vault, db, aws, keys_url: format!("{endpoint}{KEYS_PATH}") }
    }

    /// The variables of a function: the names of the table, the bucket and the function that makes documents, whose tokens are accepted, and these.
    pub fn env(&self, more: &[(&str, &str)]) -> kit::Env {
        let fixed = [
            ("TABLE_NAME", TABLE),
            ("BUCKET_NAME", "bodies"),
            ("MAKE_DOCUMENTS", "make-documents"),
            ("JWT_ISSUER", ISSUER),
            ("JWT_AUDIENCE", AUDIENCE),
            ("JWKS_URL", self.keys_url.as_str()),
            // The clock stands still, and with it the minute that calls are counted in.
            ("CALLS_PER_MINUTE", "100000"),
        ];
        kit::Env::from_pairs(fixed.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    /// The read units since it was last asked.
    pub fn read_units(&self) -> f64 {
        self.aws.read_units.lock().unwrap().drain(..).sum()
    }

    /// What the clock says.
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
            name: "Beispiel GmbH".to_owned(),
            kind: Some(CustomerKind::Company),
            language: Some("de".to_owned()),
            country: Some("DE".to_owned()),
            region: Some("BE".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            contacts: vec![Contact { phone: Some("+493012345678".to_owned()), ..contact("p1", &format!("ap@{tenant}.example")) }],
            ..customer(tenant.as_str(), "canonical", external_id)
        };
        change(&mut customer);
        let id = customer.id.clone();
        for (number, total_minor, due_on) in [("1001", 125_000, "2026-02-04"), ("1002", 9_900, "2026-03-01")] {
            let invoice = Invoice {
                id: InvoiceId::derive(&[tenant.as_str(), "canonical", external_id, number]),
                number: number.to_owned(),
                total_minor,
                due_on: due_on.parse().unwrap(),
                url: (number == "1001").then(|| "https://acme.example/i/1001".to_owned()),
                ..invoice(tenant.as_str(), "canonical", &format!("{external_id}-{number}"))
            };
            let document = invoiced(customer.clone(), invoice);
            let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("{external_id}-{number}") };
            self.store.apply(&tenant, &receipt, &[document], self.now()).await.unwrap();
        }
        id
    }

    /// The code of the portal link in a message that leaves now to a customer's address.
    pub async fn code(&self, tenant: &TenantId, customer: &CustomerId, channel: Channel, address: &str) -> String {
        let to = LinkTo { channel, address, contact: "p1", person: None };
        let known = self.store.link_of(tenant, customer, &AddressId::of(channel, address)).await.unwrap();
        let (code, link) = self.vault.link_for(tenant, customer, to, known.as_ref(), self.now()).await.unwrap();
        if known.as_ref() != Some(&link) {
            assert!(self.store.keep_link(tenant, customer, known.as_ref(), &link).await.unwrap(), "nobody else writes it");
        }
        code.as_str().to_owned()
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

    /// Everything that is in the table but how often somebody called: the door counts that of each request, and nobody else reads it.
    pub async fn everything_but_calls(&self) -> Vec<String> {
        let mut items = self.everything().await;
        items.retain(|item| !item.contains("#RATES"));
        items
    }
}

/// An instant.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A request in payload version 2, with a token of one of a tenant's people.
pub fn request(
    method: &str,
    address: &str,
    claims: Option<(&str, &str)>,
    headers: &[(&str, &str)],
    body: &str,
) -> LambdaEvent<Value> {
    let token = claims.map(|(tenant, role)| token_of(tenant, role));
    request_with(method, address, token.as_deref(), headers, body)
}

/// A request in payload version 2, with a token or key.
pub fn request_with(
    method: &str,
    address: &str,
    token: Option<&str>,
    headers: &[(&str, &str)],
    body: &str,
) -> LambdaEvent<Value> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    if let Some(token) = token {
        headers.insert("authorization".to_owned(), json!(format!("Bearer {token}")));
    }
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {"domainName": "api.dunlin.example", "http": {"method": method, "path": path}},
        "body": body, "isBase64Encoded": false,
    });
    LambdaEvent::new(event, Context::default())
}
