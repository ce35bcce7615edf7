//! The figures of customers as they are kept: those of today and of the last day that was closed, in one row a customer; and the row that each
//! day leaves. All are set whole and never added to.

use domain::{CustomerId, Settings, TenantId};
use figures::{CustomerFigures, DayFigures, entry::Belongs};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::figures_of::CustomerBooks;
use crate::{
    Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{EXPIRES_AT, PK, SK},
        },
        change::Change,
        db::{Row, failed, json, n, s, text, to_json},
        keys::{self, Key},
    },
};

/// Days for which the row is kept that a day leaves of a customer.
const DAYS_KEPT: i64 = 400;

/// The figures of a customer as they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFigures {
    /// Those of today, as of the last look.
    pub today: CustomerFigures,
    /// Those of the last day that was closed; `None` of a customer that was not there then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<CustomerFigures>,
    /// To whom it belonged, each from its day on.
    #[serde(default)]
    pub belonged: Vec<(Date, Belongs)>,
    /// When they were reckoned.
    pub at: Timestamp,
}

/// A page of a shard's customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiguresPage<T> {
    /// Each with what is kept of it, by id.
    pub rows: Vec<(CustomerId, T)>,
    /// The last one, to go on after; `None` at the end.
    pub after: Option<CustomerId>,
}

impl Store {
    /// The shards in which customers are counted.
    pub const fn figure_shards() -> u8 {
        keys::LIST_SHARDS
    }

    /// The shard in which a customer is counted.
    pub fn figure_shard(customer: &CustomerId) -> u8 {
        keys::list_shard(customer.as_str())
    }

    /// The ledger of a customer as it is known now; `None` where the customer is not.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn customer_books(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        settings: &Settings,
        today: Date,
    ) -> Result<Option<CustomerBooks>> {
        let known = self.kept_figures(tenant, customer).await?;
        let belonged = known.map(|known| known.belonged).unwrap_or_default();
        self.books_with(tenant, customer, settings, (today, belonged)).await
    }

    /// What is kept of a customer.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn kept_figures(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<KeptFigures>> {
        let row = self.read("read the figures of", &keys::figures_of(tenant, customer), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Sets the figures of a customer out of its facts as they are now: those of today and, where a day is closed, those of that one and the row
    /// that it leaves. Doing so again comes to the same. False where there is no such customer.
    ///
    /// # Errors
    ///
    /// Those of reading and writing, and [`crate::Error::Corrupt`].
    pub async fn set_figures(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        settings: &Settings,
        (today, closing): (Date, Option<Date>),
        now: Timestamp,
    ) -> Result<bool> {
        let known = self.kept_figures(tenant, customer).await?;
        let belonged = known.as_ref().map(|known| known.belonged.clone()).unwrap_or_default();
        let books = self.books_with(tenant, customer, settings, (today, belonged)).await?;
        let Some(books) = books else { return Ok(false) };
        let (of_today, closed) = match closing {
            Some(day) => {
                let [of_today, of_day] = books.figures([today, day]);
                let before = known.and_then(|known| known.closed).filter(|closed| closed.as_of == day);
                self.put_day(tenant, customer, &of_day, before.is_some(), now).await?;
                (of_today, Some(of_day))
            }
            None => {
                let [of_today] = books.figures([today]);
                (of_today, known.and_then(|known| known.closed))
            }
        };
        let kept = KeptFigures { today: of_today, closed, belonged: books.belonged, at: now };
        let change = Change::of(keys::figures_of(tenant, customer)).put(DOC, s(to_json(&kept)));
        self.write("set the figures of", change, false).await.map(|_| true)
    }

    /// Writes what a day leaves of a customer; where the day was written before and leaves nothing now, takes it away.
    async fn put_day(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        figures: &CustomerFigures,
        was_written: bool,
        now: Timestamp,
    ) -> Result<()> {
        const OP: &str = "keep what a day left of";
        let key = keys::day_figures_of(tenant, figures.as_of, customer);
        match DayFigures::of(figures) {
            Some(day) => {
                let expires_at = now.as_second().saturating_add(DAYS_KEPT * 86_400);
                let change = Change::of(key).put(DOC, s(to_json(&day))).put(EXPIRES_AT, n(expires_at));
                self.write(OP, change, false).await.map(|_| ())
            }
            None if was_written => self.drop_item(OP, &key).await,
            None => Ok(()),
        }
    }

    /// Deletes an item, whatever it holds.
    pub(super) async fn drop_item(&self, operation: &'static str, key: &Key) -> Result<()> {
        let gone = self.db.delete_item().table_name(&self.table).set_key(Some(key.attributes())).send().await;
        gone.map(|_| ()).map_err(|error| failed(operation, &key.sk, error))
    }

    /// A page of the figures of a shard's customers, by id, behind one of them. What does not read is passed over.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn figures_page(
        &self,
        tenant: &TenantId,
        shard: u8,
        after: Option<&CustomerId>,
        limit: u32,
    ) -> Result<FiguresPage<KeptFigures>> {
        self.page_of_figures(keys::figures(tenant, shard), after, limit).await
    }

    /// The same of the rows that a day left.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn day_figures_page(
        &self,
        tenant: &TenantId,
        (day, shard): (Date, u8),
        after: Option<&CustomerId>,
        limit: u32,
    ) -> Result<FiguresPage<DayFigures>> {
        self.page_of_figures(keys::day_figures(tenant, day, shard), after, limit).await
    }

    async fn page_of_figures<T: serde::de::DeserializeOwned>(
        &self,
        pk: String,
        after: Option<&CustomerId>,
        limit: u32,
    ) -> Result<FiguresPage<T>> {
        let start = after.map(|after| Key { pk: pk.clone(), sk: format!("{}{after}", keys::FIGURES) }.attributes());
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
            .expression_attribute_values(":pk", s(pk.clone()))
            .expression_attribute_values(":prefix", s(keys::FIGURES))
            .limit(i32::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("read the figures in", &pk, error))?;
        let customer = |row: &Row| keys::parse_figures(text(row, SK)?);
        let last = out.last_evaluated_key.as_ref().and_then(customer);
        let mut page = FiguresPage { rows: Vec::new(), after: last };
        for row in out.items.unwrap_or_default() {
            let Some(customer) = customer(&row) else { continue };
            match json(&row, DOC) {
                Ok(figures) => page.rows.push((customer, figures)),
                // What a later release wrote is set anew by that; what is broken, at the next midnight.
                Err(error) => {
                    let error = error.to_string();
                    tracing::error!(customer.id = %customer, error, "the figures of a customer do not read, and are in no total");
                }
            }
        }
        Ok(page)
    }
}
