//! What a comparison has listed of the books so far, page by page, so that it can go on in another invocation.

use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Result, Store,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        change::Change,
        db::{Range, json, n, s, to_json},
        keys,
    },
};

/// How long pages are kept: longer than a comparison may take.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

impl Store {
    /// Keeps a page, from 0, in place of the one of that number that a comparison before it left.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_listed(
        &self,
        tenant: &TenantId,
        source: &str,
        number: u32,
        page: &impl Serialize,
        now: Timestamp,
    ) -> Result<()> {
        let expires_at = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        let page = Change::of(keys::listed_page(tenant, source, number))
            .put(DOC, s(to_json(page)))
            .put(EXPIRES_AT, n(expires_at.as_second()));
        self.write("keep a page of the comparison of", page, false).await?;
        Ok(())
    }

    /// The first `pages` pages, in order.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn listed<T: DeserializeOwned>(&self, tenant: &TenantId, source: &str, pages: u32) -> Result<Vec<T>> {
        let Some(last) = pages.checked_sub(1) else { return Ok(Vec::new()) };
        let (from, to) = (keys::listed_page(tenant, source, 0), keys::listed_page(tenant, source, last));
        let most = usize::try_from(pages).unwrap_or(usize::MAX);
        let rows = self.range("read what was listed of", Range::new(&from.pk, &from.sk, &to.sk, most)).await?;
        rows.iter().map(|row| json(row, DOC)).collect()
    }
}
