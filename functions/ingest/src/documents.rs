//! Commits what a request said: documents are applied, the rest becomes exceptions that name the field and the remedy.

use connectors::{Parked, Reading};
use domain::{
    Document, NewTask, TaskKind, TenantId,
    id::digest,
    remark::{ahead, remarks},
};
use jiff::Timestamp;
use reading::unnamed;
use store::{AppliedOutcome, Receipt, Store};

use crate::answer::{Taken, Tried, WebhookOutcome};

/// Fields that one exception names at most.
const FIELDS_MAX: usize = 20;

/// Where the bodies of documents are kept that a person must look at.
pub struct RejectedBodies {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl RejectedBodies {
    /// The bucket of that name.
    pub fn new(client: aws_sdk_s3::Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned() }
    }

    /// Keeps a body; the same body of the same source has one key.
    async fn keep(&self, tenant: &TenantId, source: &str, body: &[u8]) -> store::Result<String> {
        let key = format!("parked/{tenant}/{source}/{}", digest(&[&String::from_utf8_lossy(body)]));
        let put = self.client.put_object().bucket(&self.bucket).key(&key).body(body.to_vec().into());
        put.send().await.map_err(|error| store::Error::Unknown {
            operation: "keep a document of",
            id: tenant.to_string(),
            source: Box::new(error),
        })?;
        Ok(key)
    }
}

/// Commits a reading. Exceptions come first: they may be raised again, while the receipt, once there, makes every repetition a
/// duplicate.
///
/// # Errors
///
/// Those of the table and the bucket; then nothing is lost when the same request comes again.
pub async fn take(
    store: &Store,
    bodies: &RejectedBodies,
    tenant: &TenantId,
    source: &'static str,
    body: &[u8],
    reading: Reading,
    now: Timestamp,
) -> store::Result<Taken> {
    let Sorted { event_id, documents, parked, ignored } = sorted(store, tenant, source, reading, now).await?;
    let receipt = Receipt { source: source.to_owned(), event_id: event_id.clone() };
    let taken = |outcome| Taken { outcome, event_id: event_id.clone() };
    if documents.is_empty() {
        if parked.is_empty() {
            let why = ignored.as_deref().unwrap_or("it carries nothing");
            tracing::debug!(tenant.id = %tenant, source, event.id = event_id, why, "webhook ignored");
            return Ok(taken(WebhookOutcome::Ignored));
        }
        let key = bodies.keep(tenant, source, body).await?;
        let task = exception(source, &event_id, &parked, &key, false);
        let new = store.park(tenant, &receipt, &task, Some(&key), now).await?;
        return Ok(taken(if new { WebhookOutcome::Parked } else { again(store, tenant, &receipt).await }));
    }
    if !parked.is_empty() {
        let key = bodies.keep(tenant, source, body).await?;
        store.raise_kept(tenant, &exception(source, &event_id, &parked, &key, true), &key, now).await?;
    }
    for task in documents.iter().flat_map(|document| remarks(source, document)) {
        store.raise(tenant, None, &task, now).await?;
    }
    match store.apply(tenant, &receipt, &documents, now).await {
        Ok(applied) => Ok(taken(match applied.outcome {
            AppliedOutcome::Applied => WebhookOutcome::Applied,
            AppliedOutcome::Duplicate => again(store, tenant, &receipt).await,
            AppliedOutcome::Stale => WebhookOutcome::Stale,
        })),
        // The same bytes would be refused again: a person looks at them.
        Err(store::Error::Refused { why, .. }) => {
            tracing::error!(tenant.id = %tenant, source, event.id = event_id, why, "a document was refused by the table");
            let detail =
                format!("the table refused the document ({why}); split it, or mend what is too large, and send it again");
            let key = bodies.keep(tenant, source, body).await?;
            let task = exception(source, &event_id, &[Parked { pointer: String::new(), detail }], &key, false);
            let new = store.park(tenant, &receipt, &task, Some(&key), now).await?;
            Ok(taken(if new { WebhookOutcome::Parked } else { again(store, tenant, &receipt).await }))
        }
        Err(error) => Err(error),
    }
}

/// What a reading has for the table, and what is for people.
struct Sorted {
    event_id: String,
    documents: Vec<Document>,
    parked: Vec<Parked>,
    ignored: Option<String>,
}

async fn sorted(
    store: &Store,
    tenant: &TenantId,
    source: &'static str,
    reading: Reading,
    now: Timestamp,
) -> store::Result<Sorted> {
    let Reading { event_id, mut documents, unnamed, mut parked, ignored } = reading;
    for payment in unnamed {
        documents.extend(unnamed::document(store, tenant, source, payment).await?);
    }
    documents.retain(|document| match ahead(source, document, now) {
        Some(task) => {
            parked.push(Parked { pointer: String::new(), detail: task.detail });
            false
        }
        None => true,
    });
    Ok(Sorted { event_id, documents, parked, ignored })
}

/// Counts that an event came again. That it is counted matters less than that its sender is answered.
async fn again(store: &Store, tenant: &TenantId, receipt: &Receipt) -> WebhookOutcome {
    if let Err(error) = store.came_again(tenant, receipt).await {
        tracing::warn!(tenant.id = %tenant, source = %receipt.source, error = %error, "a webhook that came again was not counted");
    }
    WebhookOutcome::Duplicate
}

/// What taking a reading would come to. Nothing is written.
///
/// # Errors
///
/// Those of reading.
pub async fn look(
    store: &Store,
    tenant: &TenantId,
    source: &'static str,
    reading: Reading,
    now: Timestamp,
) -> store::Result<Tried> {
    let Sorted { event_id, documents, parked, ignored } = sorted(store, tenant, source, reading, now).await?;
    let receipt = Receipt { source: source.to_owned(), event_id: event_id.clone() };
    let mut said: Vec<String> = parked.iter().map(|part| format!("{} {}", part.pointer, part.detail).trim().to_owned()).collect();
    said.extend(documents.iter().flat_map(|document| remarks(source, document)).map(|task| task.detail));
    // What carries nothing for the table may still have been put aside before.
    let applied = store.would_apply(tenant, &receipt, &documents, now).await?;
    said.extend(applied.tasks.into_iter().map(|task| task.detail));
    let outcome = match applied.outcome {
        AppliedOutcome::Duplicate => WebhookOutcome::Duplicate,
        AppliedOutcome::Applied | AppliedOutcome::Stale if documents.is_empty() && parked.is_empty() => {
            said.extend(ignored);
            WebhookOutcome::Ignored
        }
        AppliedOutcome::Applied | AppliedOutcome::Stale if documents.is_empty() => WebhookOutcome::Parked,
        AppliedOutcome::Applied => WebhookOutcome::Applied,
        AppliedOutcome::Stale => WebhookOutcome::Stale,
    };
    Ok(Tried { outcome, event_id, remarks: said })
}

/// The exception for the parts of an event that could not be taken.
fn exception(source: &str, event_id: &str, parked: &[Parked], body_key: &str, in_part: bool) -> NewTask {
    let mut lines: Vec<String> = parked
        .iter()
        .take(FIELDS_MAX)
        .map(|part| {
            if part.pointer.is_empty() {
                format!("the event {}", part.detail)
            } else {
                format!("{} {}", part.pointer, part.detail)
            }
        })
        .collect();
    if parked.len() > FIELDS_MAX {
        lines.push(format!("and {} more", parked.len() - FIELDS_MAX));
    }
    let rest = if in_part { "The rest of it was applied. " } else { "Nothing of it was applied. " };
    NewTask {
        kind: TaskKind::Document,
        key: format!("{source}:{event_id}"),
        title: format!("An event from {source} could not be taken as it is"),
        detail: format!(
            "Event {event_id}: {}. {rest}GET /v1/tasks/{{id}}/event shows it, and \
                 POST /v1/tasks/{{id}}/event/apply applies it again; it is kept in the bucket under {body_key}.",
            lines.join("; ")
        ),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}
