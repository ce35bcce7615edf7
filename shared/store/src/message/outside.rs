//! Messages that a sender of one's own claimed: what it was given, so that its result is recorded as that.

use domain::{Covered, CustomerId, MessageId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Result, Store,
    customer::{
        addresses::AddressId,
        head::{pack, unpack},
    },
    message::record,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        change::Change,
        db::{json, n, s, to_json},
        keys,
    },
};

/// How long what a sender of one's own claimed is kept, in days.
pub const CLAIM_DAYS: i64 = 30;

/// What a sender of one's own was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideClaim {
    /// The attempt that it has the message by.
    pub attempt: String,
    /// The due items that the message stands for, however many; `None` where an older release kept none of a long list: those that were
    /// decided count then.
    pub rows: Option<Vec<Covered>>,
    /// SHA-256 of what was rendered.
    pub rendered_sha256: String,
    /// The template's version.
    pub template_version: u32,
    /// The address that it goes to, by its id; `None` where an older release kept none.
    pub address: Option<AddressId>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    attempt: String,
    /// Packed; absent when in chunks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<String>,
    /// How many chunk items hold the rows.
    #[serde(default)]
    chunks: u32,
    rendered_sha256: String,
    template_version: u32,
    /// The id of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

/// The owner of the chunks that hold the rows of a claim. Each claim has its own: of one before nothing is read.
fn owner(message: &MessageId, attempt: &str) -> String {
    format!("{message}.c.{attempt}")
}

impl Store {
    /// Keeps what a sender of one's own was given; a later claim of the message takes its place.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_outside_claim(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        claim: &OutsideClaim,
        now: Timestamp,
    ) -> Result<()> {
        const OP: &str = "keep what was claimed of";
        let expires_at = n(now.as_second() + CLAIM_DAYS * 86_400);
        let rows = claim.rows.as_deref();
        let own = owner(message, &claim.attempt);
        let mut chunks = rows.map(|rows| record::chunks(tenant, customer, &own, rows)).unwrap_or_default();
        chunks.iter_mut().for_each(|(_, row)| _ = row.insert(EXPIRES_AT.to_owned(), expires_at.clone()));
        let stored = Stored {
            attempt: claim.attempt.clone(),
            rows: rows.filter(|_| chunks.is_empty()).map(pack),
            chunks: u32::try_from(chunks.len()).expect("bounded by the invoices of a customer"),
            rendered_sha256: claim.rendered_sha256.clone(),
            template_version: claim.template_version,
            address: claim.address.as_ref().map(ToString::to_string),
        };
        let change =
            Change::of(keys::outside_claim(tenant, customer, message)).put(DOC, s(to_json(&stored))).put(EXPIRES_AT, expires_at);
        // What says how many chunks there are goes last.
        self.put_chunks(OP, chunks).await?;
        self.write(OP, change, false).await?;
        Ok(())
    }

    /// What the sender of one's own was given that claimed a message last.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn outside_claim(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
    ) -> Result<Option<OutsideClaim>> {
        let key = keys::outside_claim(tenant, customer, message);
        let Some(row) = self.read("read what was claimed of", &key, true).await? else { return Ok(None) };
        let Stored { attempt, rows, chunks, rendered_sha256, template_version, address } = json(&row, DOC)?;
        let rows = match rows {
            Some(rows) => Some(unpack(&rows, &key.to_string())?),
            None if chunks > 0 => Some(self.rows(tenant, customer, &owner(message, &attempt), true).await?),
            None => None,
        };
        let address = address.as_deref().and_then(AddressId::parse);
        Ok(Some(OutsideClaim { attempt, rows, rendered_sha256, template_version, address }))
    }
}
