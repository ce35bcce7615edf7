//! The canonical document: for any system without a connector of its own, signed as Standard Webhooks 1.0 says.

mod customer;
mod invoice;
mod lines;
mod names;
mod payment;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Document, PaymentKind, TenantId};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    Bodies, Capabilities, Connector, Doubted, Incoming, Objects, Reading, Refused, Rejected, Secret, TestEvent, WebhookScope,
    form,
    json::{self, Flaws, Object},
    signature,
};

pub use names::SOURCE;
use names::SourceOf;

/// The connector of canonical documents.
pub struct Canonical;

const STATUS: u16 = 401;

/// What a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Customer,
    Invoice,
    Payment,
    CreditNote,
    Heartbeat,
}

const KINDS: &[(&str, Kind)] = &[
    ("customer.upserted", Kind::Customer),
    ("invoice.upserted", Kind::Invoice),
    ("payment.upserted", Kind::Payment),
    ("credit_note.upserted", Kind::CreditNote),
    ("source.heartbeat", Kind::Heartbeat),
];

impl Connector for Canonical {
    fn source(&self) -> &'static str {
        SOURCE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            scope: WebhookScope::Tenant,
            bad_signature_status: STATUS,
            answer_within: Duration::from_secs(15),
            bare_answers: false,
        }
    }

    fn verify(&self, incoming: &Incoming<'_>, secrets: &[Secret]) -> Result<(), Refused> {
        let refuse = |detail: String| Refused { status: STATUS, what: Doubted::Signature, detail };
        let header = |name: &str| {
            incoming
                .headers
                .get(name)
                .ok_or_else(|| refuse(format!("the header {name} is missing; sign as Standard Webhooks says")))
        };
        let (id, timestamp, signatures) = (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
        signature::fresh(timestamp, incoming.now).map_err(|(what, detail)| Refused { status: STATUS, what, detail })?;
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", incoming.body];
        let mut matched = false;
        for key in secrets.iter().filter_map(key) {
            let expected = STANDARD.encode(signature::hmac_sha256(&key, &signed));
            for candidate in signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")) {
                matched |= signature::equal(candidate, &expected);
            }
        }
        let detail = "no v1 signature matches; sign '{webhook-id}.{webhook-timestamp}.{raw body}' with the decoded secret";
        if matched { Ok(()) } else { Err(refuse(detail.to_owned())) }
    }

    fn bodies(&self) -> Bodies {
        Bodies::Objects(&Canonical)
    }

    fn test_event(&self, secret: &Secret, now: Timestamp) -> Option<TestEvent> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let body = serde_json::json!({
            "type": "invoice.upserted",
            "customer": { "external_id": "dunlin-test", "name": "Dunlin test" },
            "invoice": {
                "external_id": "dunlin-test", "source_version": 1, "number": "TEST", "currency": "EUR", "total_minor": 100,
                "issued_on": today, "due_on": today, "status": "draft", "paid_minor": 0, "credited_minor": 0
            }
        });
        let (id, at, body) = (format!("dunlin-test-{}", now.as_second()), now.as_second().to_string(), body.to_string());
        let signed = [id.as_bytes(), b".", at.as_bytes(), b".", body.as_bytes()];
        let signature = format!("v1,{}", STANDARD.encode(signature::hmac_sha256(&key(secret)?, &signed)));
        let headers = [("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", signature)];
        Some(TestEvent { headers: headers.into_iter().collect(), body: body.into_bytes() })
    }

    fn new_secret(&self, random: [u8; 32]) -> Option<String> {
        Some(format!("whsec_{}", STANDARD.encode(random)))
    }
}

impl Objects for Canonical {
    fn read(&self, tenant: &TenantId, _zone: &TimeZone, incoming: &Incoming<'_>) -> Result<Reading, Rejected> {
        let mut flaws = Flaws::default();
        let event_id = incoming.headers.get("webhook-id").unwrap_or_default();
        if let Err(detail) = form::check_id(event_id) {
            flaws.add("", format!("the header webhook-id {detail}"));
        }
        let map = json::parse(incoming.body)?;
        let root = Object::root(&map);
        let document = document(&mut flaws, SourceOf { tenant, source: SOURCE }, &root, incoming.now);
        not_ahead(&mut flaws, &root, incoming.now);
        match document {
            Some(document) if flaws.count() == 0 => {
                Ok(Reading { event_id: event_id.to_owned(), documents: vec![document], ..Reading::default() })
            }
            Some(_) | None => Err(Rejected { errors: flaws.into_list() }),
        }
    }
}

/// Reads a document that came by another way than a webhook, as one of `source`: the same form, the same rules.
///
/// # Errors
///
/// [`Rejected`] with every flaw.
pub fn read_as(tenant: &TenantId, source: &str, body: &[u8], now: Timestamp) -> Result<Document, Rejected> {
    let mut flaws = Flaws::default();
    let map = json::parse(body)?;
    let root = Object::root(&map);
    let document = document(&mut flaws, SourceOf { tenant, source }, &root, now);
    not_ahead(&mut flaws, &root, now);
    document.filter(|_| flaws.count() == 0).ok_or_else(|| Rejected { errors: flaws.into_list() })
}

fn key(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.expose();
    let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
    (!key.is_empty()).then_some(key)
}

/// Refuses versions from the future: with one, everything true that comes later would be older.
fn not_ahead(flaws: &mut Flaws, root: &Object<'_>, now: Timestamp) {
    for name in ["customer", "invoice", "payment", "credit_note"] {
        let version = root.field(name).and_then(|object| object.get("source_version"));
        if version.and_then(|version| form::source_version(version).ok()).is_some_and(|version| version.is_ahead(now)) {
            let detail = "is an instant more than a day ahead; send when the object was changed, by a clock that is right";
            flaws.add(root.pointer(name) + "/source_version", detail);
        }
    }
}

/// The document, or at least one flaw.
fn document(flaws: &mut Flaws, of: SourceOf<'_>, root: &Object<'_>, now: Timestamp) -> Option<Document> {
    match root.required(flaws, "type", form::one_of(KINDS))? {
        Kind::Customer => {
            let object = root.object(flaws, "customer")?;
            customer::read(flaws, of, &object).map(Document::Customer)
        }
        Kind::Invoice => {
            let customer = root.object(flaws, "customer").and_then(|object| customer::read_ref(flaws, of, &object));
            let invoice = root.object(flaws, "invoice").and_then(|object| invoice::read(flaws, of, &object));
            Some(Document::Invoice { customer: customer?, invoice: invoice? })
        }
        Kind::Payment => payment::read(flaws, of, root, PaymentKind::Payment),
        Kind::CreditNote => payment::read(flaws, of, root, PaymentKind::CreditNote),
        Kind::Heartbeat => {
            let flaws_before = flaws.count();
            let at = root.optional(flaws, "at", form::instant);
            if at.is_some_and(|at| at > now + SignedDuration::from_secs(signature::TOLERANCE_S)) {
                flaws.add(root.pointer("at"), "is in the future; a heartbeat says that the books were complete then");
            }
            (flaws.count() == flaws_before).then(|| Document::Heartbeat(at.unwrap_or(now)))
        }
    }
}
