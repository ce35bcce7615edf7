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
    message::record::{self, AskedFor, AskedForBody},
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        change::Change,
        db::{Row, json, n, s, to_json},
        keys::{self, Key},
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
    /// What it asks for though it covers nothing.
    pub asked_for: Option<AskedFor>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_for: Option<AskedForBody>,
    rendered_sha256: String,
    template_version: u32,
    /// The id of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

/// The owners of the chunks that hold the rows of a claim, and what it asks for. Each claim has its own: of one before nothing is read.
fn owners(message: &MessageId, attempt: &str) -> [String; 2] {
    ["c", "ca"].map(|part| format!("{message}.{part}.{attempt}"))
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
        let [own, asked] = owners(message, &claim.attempt);
        let chunks_of = |owner: &str, rows: &[Covered]| -> Vec<(Key, Row)> {
            let mut chunks = record::chunks(tenant, customer, owner, rows);
            chunks.iter_mut().for_each(|(_, row)| _ = row.insert(EXPIRES_AT.to_owned(), expires_at.clone()));
            chunks
        };
        let rows = claim.rows.as_deref();
        let of_rows = rows.map(|rows| chunks_of(&own, rows)).unwrap_or_default();
        let of_asked = claim.asked_for.as_ref().map(|asked_for| chunks_of(&asked, &asked_for.rows)).unwrap_or_default();
        let stored = Stored {
            attempt: claim.attempt.clone(),
            rows: rows.filter(|_| of_rows.is_empty()).map(pack),
            chunks: u32::try_from(of_rows.len()).expect("bounded by the invoices of a customer"),
            asked_for: claim.asked_for.as_ref().map(|asked_for| AskedForBody::new(asked_for, &of_asked)),
            rendered_sha256: claim.rendered_sha256.clone(),
            template_version: claim.template_version,
            address: claim.address.as_ref().map(ToString::to_string),
        };
        let change =
            Change::of(keys::outside_claim(tenant, customer, message)).put(DOC, s(to_json(&stored))).put(EXPIRES_AT, expires_at);
        // What says how many chunks there are goes last.
        self.put_chunks(OP, of_rows).await?;
        self.put_chunks(OP, of_asked).await?;
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
        let Stored { attempt, rows, chunks, asked_for, rendered_sha256, template_version, address } = json(&row, DOC)?;
        let [own, asked] = owners(message, &attempt);
        let rows = match rows {
            Some(rows) => Some(unpack(&rows, &key.to_string())?),
            None if chunks > 0 => Some(self.rows(tenant, customer, &own, true).await?),
            None => None,
        };
        let asked_for = match asked_for {
            Some(asked_for) => Some(self.read_asked_for(tenant, customer, &asked, asked_for).await?),
            None => None,
        };
        let address = address.as_deref().and_then(AddressId::parse);
        Ok(Some(OutsideClaim { attempt, rows, asked_for, rendered_sha256, template_version, address }))
    }
}
