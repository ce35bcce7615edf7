//! Whoever came by a link says how easy it was to settle something: a payment that came in full, or a dispute that was decided. It is said once of
//! each, and nobody is chased by it.

use std::collections::BTreeMap;

use domain::{Agreement, AgreementId, Basket, BasketStatus, Currency, Owed, PaymentId, ServiceMailKind};
use jiff::Timestamp;
use serde_json::json;
use store::{CustomerRating, Store};

use super::{LinkHolder, WORDS_MAX};
use crate::{Done, NotDone, matter};

/// The lowest score: it was hard.
pub const SCORE_MIN: u8 = 1;
/// The highest score: it was easy.
pub const SCORE_MAX: u8 = 5;
/// The pointer of the flaw that something else was said of it before.
pub const RATED_BEFORE: &str = "/before";

/// What a customer says of how something was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatedByLink {
    /// The basket or dispute that was settled, by its id.
    pub about: String,
    /// From [`SCORE_MIN`] to [`SCORE_MAX`].
    pub score: u8,
    /// In the customer's words.
    pub words: Option<String>,
}

/// Whether nothing of a customer is past due: the question is put to nobody who is chased.
pub fn nothing_is_past_due(owed: &BTreeMap<Currency, Owed>) -> bool {
    owed.values().all(|owed| owed.overdue_minor <= 0)
}

impl LinkHolder {
    /// Whether a basket that was begun by this link, or by one of its address before it, was paid in full.
    pub fn has_paid(&self, basket: &Basket) -> bool {
        let is_own = basket.link.as_ref().is_some_and(|link| self.is_own(link.as_str()));
        is_own && basket.status == BasketStatus::Paid && basket.received_minor >= basket.asked_minor()
    }

    /// Whether a dispute that was opened by this link, or by one of its address before it, was decided.
    pub fn is_decided(&self, agreement: &Agreement) -> bool {
        self.is_own(&agreement.by) && ServiceMailKind::DisputeDecided.is_true_of(agreement)
    }

    /// What was said of something that was settled; `None` where nothing was.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn rated(&self, store: &Store, about: &str) -> Done<Option<CustomerRating>> {
        Ok(store.rating(&self.tenant, &self.customer, about).await?)
    }

    /// Whether something was settled by this link, or by one of its address before it, so that it can be rated.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn is_settled(&self, store: &Store, about: &str) -> Done<bool> {
        if let Some(id) = AgreementId::parse(about) {
            let agreement = store.agreement(&self.tenant, &self.customer, &id).await?;
            return Ok(agreement.is_some_and(|agreement| self.is_decided(&agreement)));
        }
        let Some(id) = PaymentId::parse(about) else { return Ok(false) };
        let basket = store.basket(&self.tenant, &self.customer, &id).await?;
        Ok(basket.is_some_and(|basket| self.has_paid(&basket)))
    }

    /// Says how easy it was to settle something. The same again is what was said; something else is not taken.
    ///
    /// # Errors
    ///
    /// [`NotDone::NotFound`] for what was not settled by this link, [`NotDone::Fields`]; those of the table.
    pub async fn rate(&self, store: &Store, asked: &RatedByLink, now: Timestamp) -> Done<CustomerRating> {
        if !self.is_settled(store, &asked.about).await? {
            return Err(NotDone::NotFound("nothing of this id was settled by this link".to_owned()));
        }
        let mut flaws = Vec::new();
        if !(SCORE_MIN..=SCORE_MAX).contains(&asked.score) {
            flaws.push(("/score".to_owned(), format!("from {SCORE_MIN} to {SCORE_MAX}")));
        }
        let words = matter::text("/words", asked.words.as_deref(), WORDS_MAX, &mut flaws);
        if !flaws.is_empty() {
            return Err(NotDone::Fields(flaws));
        }
        let rating =
            CustomerRating { about: asked.about.clone(), score: asked.score, words, by: self.link.as_str().to_owned(), at: now };
        let entry = self.entry("rate_by_link", now).of(&rating.about).with(json!({ "score": rating.score }));
        match store.acting(entry).add_rating(&self.tenant, &self.customer, &rating).await {
            Ok(()) => Ok(rating),
            Err(store::Error::Conflict { .. }) => match self.rated(store, &asked.about).await? {
                Some(known) if (known.score, &known.words) == (rating.score, &rating.words) => Ok(known),
                Some(_) => Err(NotDone::field(RATED_BEFORE, "something was said of it before; that stands")),
                None => Err(NotDone::Changed("something changed at the same moment; send it again".to_owned())),
            },
            Err(error) => Err(error.into()),
        }
    }
}
