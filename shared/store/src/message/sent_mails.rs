//! Mails that left, by the id that their provider gave them: an answer may name nothing else of the mail that it answers. Kept for as long as somebody
//! may still answer.

use domain::{CustomerId, MessageId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Result, Store,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        db::{json, n, number, row_of, s, to_json},
        keys,
    },
};

/// How long an answer finds the mail that it answers by its provider's id, in days.
const KEPT_DAYS: i64 = 400;

/// A mail that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMail {
    /// Whose customer it went to.
    pub customer: CustomerId,
    /// The message that it was.
    pub message: MessageId,
    /// The number of the message's decision, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

impl Store {
    /// Notes that a mail left under its provider's id; doing it again changes nothing.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn note_sent_mail(&self, tenant: &TenantId, provider_id: &str, mail: &SentMail, now: Timestamp) -> Result<()> {
        let row = row_of([(DOC, s(to_json(mail))), (EXPIRES_AT, n(now.as_second() + KEPT_DAYS * 86_400))]);
        self.create("note a mail that left of", &keys::sent_mail(tenant, provider_id), row).await?;
        Ok(())
    }

    /// The mail that left under a provider's id; `None` where none of the tenant's is known.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn sent_mail(&self, tenant: &TenantId, provider_id: &str, now: Timestamp) -> Result<Option<SentMail>> {
        let row = self.read("find a mail that left of", &keys::sent_mail(tenant, provider_id), true).await?;
        // The table deletes what is over some time later.
        let row = row.filter(|row| number::<i64>(row, EXPIRES_AT).is_none_or(|at| at > now.as_second()));
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }
}
