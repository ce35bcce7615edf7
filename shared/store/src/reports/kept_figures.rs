//! The figures of customers as they are kept: those of the day on which they were set, and of the day that was closed then, in one row a customer.
//! They are set whole and never added to. Until a day that the row says, later ones follow from them without a look at any fact.

use domain::{CustomerId, Settings, TenantId};
use figures::{
    CustomerFigures,
    entry::Belongs,
    steady::{carried, steady_until},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::figures_of::CustomerBooks;
use crate::{
    Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{PK, SK},
        },
        change::Change,
        db::{Row, failed, json, s, text, to_json},
        keys::{self, Key},
    },
};

/// The figures of a customer as they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFigures {
    /// Those of the day on which they were set.
    pub today: CustomerFigures,
    /// Until which day later ones follow from them, where nothing new becomes known.
    pub steady_until: Date,
    /// Those of the day that was closed when they were set, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<CustomerFigures>,
    /// To whom it belonged, each from its day on.
    #[serde(default)]
    pub belonged: Vec<(Date, Belongs)>,
    /// When they were reckoned.
    pub at: Timestamp,
}

impl KeptFigures {
    /// The figures at the end of a day, where they follow from what is kept.
    pub fn on(&self, day: Date) -> Option<CustomerFigures> {
        if let Some(closed) = self.closed.as_ref().filter(|closed| closed.as_of == day) {
            return Some(closed.clone());
        }
        let is_steady = self.today.as_of <= day && day <= self.steady_until;
        is_steady.then(|| carried(&self.today, day))
    }
}

/// A page of a shard's customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiguresPage {
    /// Each with what is kept of it, by id.
    pub rows: Vec<(CustomerId, KeptFigures)>,
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

    /// Sets the figures of a customer out of its facts as they are now: those of today and, where a day is closed, those of that one. Doing so again
    /// comes to the same. False where there is no such customer.
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
                (of_today, Some(of_day))
            }
            None => {
                let [of_today] = books.figures([today]);
                (of_today, known.and_then(|known| known.closed))
            }
        };
        let steady_until = steady_until(&books.ledger, today);
        let kept = KeptFigures { today: of_today, steady_until, closed, belonged: books.belonged, at: now };
        let change = Change::of(keys::figures_of(tenant, customer)).put(DOC, s(to_json(&kept)));
        self.write("set the figures of", change, false).await.map(|_| true)
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
    ) -> Result<FiguresPage> {
        let pk = keys::figures(tenant, shard);
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
                // It is set anew when the customer changes.
                Err(error) => {
                    let error = error.to_string();
                    tracing::error!(customer.id = %customer, error, "the figures of a customer do not read, and are in no total");
                }
            }
        }
        Ok(page)
    }
}
