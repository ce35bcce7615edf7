//! The audit as JSON Lines: an entry a line, oldest first, each with its hash and that of the one before in its chain.

use std::io::Write;

use domain::TenantId;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use store::{ChainedEntry, Store, Vault};

use crate::{Actor, Done, NotDone, Operation, cursors};

/// Most lines of a page.
const PAGE_LINES: usize = 1_000;

/// A line of the export.
#[derive(Serialize)]
struct AuditLine<'a> {
    at: Timestamp,
    by: &'a str,
    role: &'a str,
    operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a str>,
    what: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    hash: &'a str,
    previous: &'a str,
}

/// Writes what people did within `from..=until` as JSON Lines, behind the place `after`: some 1,000 lines. How many there are, and the place to
/// go on behind; `None` at the end. For jobs: whoever asks was let in before.
///
/// # Errors
///
/// Those of reading, and [`NotDone::Changed`] where the lines cannot be written.
pub async fn export_audit(
    store: &Store,
    tenant: &TenantId,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
    after: Option<String>,
    writer: &mut (impl Write + Send),
) -> Done<(usize, Option<String>)> {
    let (mut after, mut count) = (after, 0);
    loop {
        let page = store.audit_chained(tenant, from, until, after.as_deref()).await?;
        let Some(last) = page.last() else { return Ok((count, None)) };
        after = Some(last.place.clone());
        for entry in &page {
            write_line(entry, writer)?;
        }
        count += page.len();
        if count >= PAGE_LINES {
            return Ok((count, after));
        }
    }
}

/// Which entries are exported at once.
#[derive(Clone, Debug, Default)]
pub struct AuditExport {
    /// Those since.
    pub from: Option<Timestamp>,
    /// Those until.
    pub until: Option<Timestamp>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of the export, at most 1,000 lines, and the cursor of the next one.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Cursor`] for a cursor that this export did not give, and those of reading.
pub async fn export_page(
    (store, vault): (&Store, &Vault),
    actor: &Actor,
    asked: &AuditExport,
) -> Done<(Vec<u8>, Option<String>)> {
    let tenant = actor.may(Operation::ExportAudit)?;
    let list = format!("audit_export:{:?}", (&asked.from, &asked.until));
    let after = cursors::opened(vault, tenant, &list, asked.cursor.as_deref()).await?;
    let mut lines = Vec::new();
    let (_, next) = export_audit(store, tenant, (asked.from, asked.until), after, &mut lines).await?;
    let next = cursors::sealed(vault, tenant, &list, next.as_deref()).await?;
    Ok((lines, next))
}

fn write_line(chained: &ChainedEntry, writer: &mut impl Write) -> Done<()> {
    let entry = &chained.entry;
    let line = AuditLine {
        at: entry.at,
        by: &entry.by,
        role: &entry.role,
        operation: &entry.operation,
        object: entry.object.as_deref(),
        customer: entry.customer.as_ref().map(domain::CustomerId::as_str),
        what: &entry.what,
        note: entry.note.as_deref(),
        hash: &chained.hash,
        previous: &chained.previous,
    };
    let failed = |why: String| NotDone::Changed(format!("the export could not be written: {why}"));
    serde_json::to_writer(&mut *writer, &line).map_err(|error| failed(error.to_string()))?;
    writer.write_all(b"\n").map_err(|error| failed(error.to_string()))
}
