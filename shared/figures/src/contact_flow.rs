//! What became of touches, within days: how many there were, what they cost, and who responded.

use std::{collections::BTreeMap, fmt};

use compact_str::{CompactString, format_compact};
use domain::Currency;
use serde::{Deserialize, Serialize};

use crate::{
    entry::{Touch, TouchStep},
    exact::Sum,
};

/// For how many days after a touch a response counts as one to it.
pub const RESPONSE_DAYS: i64 = 7;

/// What touches are told apart by.
///
/// Text form, as a key in JSON: the dimension, `:` and the value: `channel:email`, `language:de`, `hour:09`, `step:net-30/reminder`,
/// `version:net-30@7`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TouchPart {
    /// By what.
    pub by: TouchedBy,
    /// Which of it.
    pub value: CompactString,
}

/// A dimension of touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TouchedBy {
    /// The channel.
    Channel,
    /// The language of the text.
    Language,
    /// The hour of the tenant's day in which it left, of two digits.
    Hour,
    /// The step, behind its workflow.
    Step,
    /// The version of the workflow.
    Version,
}

impl TouchedBy {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Channel, Self::Language, Self::Hour, Self::Step, Self::Version];

    /// As a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Language => "language",
            Self::Hour => "hour",
            Self::Step => "step",
            Self::Version => "version",
        }
    }
}

impl TouchPart {
    /// What one touch is of: its channel and language, its hour where that is known, its step and version where a step asked for it.
    pub(crate) fn all_of(touch: &Touch, minute: Option<u16>) -> Vec<Self> {
        let part = |by, value| Self { by, value };
        let mut all =
            vec![part(TouchedBy::Channel, touch.channel.as_str().into()), part(TouchedBy::Language, touch.language.clone())];
        all.extend(minute.map(|minute| part(TouchedBy::Hour, format_compact!("{:02}", minute / 60))));
        if let Some(TouchStep { workflow, version, step }) = &touch.step {
            all.push(part(TouchedBy::Step, format_compact!("{workflow}/{step}")));
            all.push(part(TouchedBy::Version, format_compact!("{workflow}@{version}")));
        }
        all
    }
}

impl fmt::Display for TouchPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.by.as_str(), self.value)
    }
}

/// Why a text names no part of touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTouchPart;

impl fmt::Display for NoTouchPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("touches are told apart by channel, language, hour, step or version: channel:email")
    }
}

impl std::error::Error for NoTouchPart {}

impl TryFrom<String> for TouchPart {
    type Error = NoTouchPart;

    fn try_from(text: String) -> Result<Self, NoTouchPart> {
        let (by, value) = text.split_once(':').ok_or(NoTouchPart)?;
        let by = TouchedBy::ALL.into_iter().find(|known| known.as_str() == by).ok_or(NoTouchPart)?;
        Ok(Self { by, value: value.into() })
    }
}

impl From<TouchPart> for String {
    fn from(part: TouchPart) -> Self {
        part.to_string()
    }
}

/// Touches whose days of response are over, and what came of them.
///
/// A response is an answer, a promise or a payment. It counts for the last touch before it, in whichever channel, where no more than
/// [`RESPONSE_DAYS`] calendar days lie between. Of a payment only the day is known: it counts for a touch of a day before. A touch with
/// several responses counts once in `responded`, and once in each of the others that fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponseTally {
    /// The touches, without those that proved to have reached nobody.
    pub touches: i64,
    /// Those with any response.
    pub responded: i64,
    /// Those with an answer.
    pub answered: i64,
    /// Those with a promise.
    pub promised: i64,
    /// Those with a payment.
    pub paid: i64,
}

impl ResponseTally {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        let sums = [
            (&mut self.touches, other.touches),
            (&mut self.responded, other.responded),
            (&mut self.answered, other.answered),
            (&mut self.promised, other.promised),
            (&mut self.paid, other.paid),
        ];
        for (own, more) in sums {
            *own = own.saturating_add(more);
        }
    }
}

/// What was done to reach people, and what came of it, within days. It is of a customer, whatever the currency.
///
/// In JSON an object with the fields' names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactFlow {
    /// Touches of these days.
    pub touches: i64,
    /// Touches that proved on these days to have reached nobody.
    pub lost: i64,
    /// What the touches cost, in millionths of the major unit of each currency.
    pub costs: BTreeMap<Currency, Sum>,
    /// Touches of which nobody knows what they cost.
    pub unpriced: i64,
    /// Answers.
    pub answers: i64,
    /// Touches whose days of response ended on these days: those of [`RESPONSE_DAYS`] days before.
    pub responses: ResponseTally,
    /// The same by each dimension.
    pub responses_by: BTreeMap<TouchPart, ResponseTally>,
    /// Ratings, how many of each score from 1 to 5.
    pub ratings: [i64; 5],
}

impl ContactFlow {
    /// Adds another day's or customer's.
    pub fn add(&mut self, other: &Self) {
        self.touches = self.touches.saturating_add(other.touches);
        self.lost = self.lost.saturating_add(other.lost);
        for (currency, cost) in &other.costs {
            *self.costs.entry(*currency).or_default() += *cost;
        }
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
        self.answers = self.answers.saturating_add(other.answers);
        self.responses.add(other.responses);
        for (part, tally) in &other.responses_by {
            self.responses_by.entry(part.clone()).or_default().add(*tally);
        }
        for (own, more) in self.ratings.iter_mut().zip(other.ratings) {
            *own = own.saturating_add(more);
        }
    }

    /// Whether nothing happened.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What came of touches by one dimension, in the order of its values.
    pub fn responses_of(&self, by: TouchedBy) -> impl Iterator<Item = (&str, ResponseTally)> {
        self.responses_by.iter().filter(move |(part, _)| part.by == by).map(|(part, tally)| (part.value.as_str(), *tally))
    }
}
