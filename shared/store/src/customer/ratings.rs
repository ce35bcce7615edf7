//! How easy customers say it was to settle something: an item for each thing that was settled, in their partition. Nobody is chased by it.

use domain::{CustomerId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Store,
    table::{
        attributes::document::DOC,
        change::put_new,
        db::{Range, Transacted, json, last_of, row_of, s, to_json},
        keys,
    },
};

/// Most ratings of a customer that an export or an erasure looks through.
pub(crate) const ALL_MAX: usize = 60_000;

/// What a customer said of how something was settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRating {
    /// What was settled: a basket or a dispute, by its id.
    pub about: String,
    /// From 1, hard, to 5, easy.
    pub score: u8,
    /// In their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Who said it: the id of the portal link.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A page of a customer's ratings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingPage {
    /// The ratings, by what they are about.
    pub ratings: Vec<CustomerRating>,
    /// What the last one is about, to go on after; `None` at the end.
    pub after: Option<String>,
}

impl Store {
    /// Writes down what a customer said, once for each thing that was settled.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when something was said of it before; those of writing.
    pub async fn add_rating(&self, tenant: &TenantId, customer: &CustomerId, rating: &CustomerRating) -> Result<()> {
        const OP: &str = "note how easy it was for";
        let key = keys::rating(tenant, customer, &rating.about);
        let actions = vec![put_new(self, &key, row_of([(DOC, s(to_json(rating)))]))];
        match self.transact(OP, &rating.about, actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: rating.about.clone() }),
        }
    }

    /// What a customer said of something that was settled.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn rating(&self, tenant: &TenantId, customer: &CustomerId, about: &str) -> Result<Option<CustomerRating>> {
        let row = self.read("read how easy it was for", &keys::rating(tenant, customer, about), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// What a customer said, by what it is about, at most `most` of it, behind what `after` names.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn ratings(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        most: usize,
        after: Option<&str>,
    ) -> Result<RatingPage> {
        let pk = keys::customer(tenant, customer);
        // What follows an id, before every longer one: ids have no such character.
        let from = after.map_or_else(|| keys::RATINGS.to_owned(), |after| format!("{}{after}!", keys::RATINGS));
        let until = last_of(keys::RATINGS);
        let range = Range::new(&pk, &from, &until, most.saturating_add(1));
        let rows = self.range("read how easy it was for", range).await?;
        let mut ratings = rows.iter().map(|row| json(row, DOC)).collect::<Result<Vec<CustomerRating>>>()?;
        let more = ratings.len() > most;
        ratings.truncate(most);
        let after = ratings.last().filter(|_| more).map(|rating| rating.about.clone());
        Ok(RatingPage { ratings, after })
    }
}
