//! Who gets the weekly mail with reports: taken before it is sent, so that nobody gets it twice.

use domain::TenantId;
use jiff::{Timestamp, civil::Date};

use crate::{
    Result, Store,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        change::{Change, is, no_item},
        db::{Wrote, n, s},
        keys,
    },
};

/// How long it is known who got one.
const DAYS_KEPT: i64 = 90;
/// It leaves, or left.
const TAKEN: &str = "taken";
/// It surely did not leave, and may be taken again.
const FREE: &str = "free";

impl Store {
    /// Takes the mail of a day for a person. False where somebody has it already.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn take_report_mail(&self, tenant: &TenantId, day: Date, subject: &str, now: Timestamp) -> Result<bool> {
        let expires_at = now.as_second().saturating_add(DAYS_KEPT * 86_400);
        let change = Change::of(keys::report_mail(tenant, day, subject))
            .put(DOC, s(TAKEN))
            .put(EXPIRES_AT, n(expires_at))
            .when(no_item().or(is(DOC, s(FREE))));
        Ok(matches!(self.write("take the weekly mail of", change, false).await?, Wrote::Done(_)))
    }

    /// Gives it back: it surely did not leave.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn give_report_mail_back(&self, tenant: &TenantId, day: Date, subject: &str) -> Result<()> {
        let change = Change::of(keys::report_mail(tenant, day, subject)).put(DOC, s(FREE));
        self.write("give the weekly mail back of", change, false).await.map(|_| ())
    }
}
