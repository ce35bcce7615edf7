//! What is so at the end of a day: what is open by age, what is contested, what is promised, what credit is not applied.

use std::{collections::BTreeMap, fmt};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{
    exact::Sum,
    tally::{Tally, add_by_key},
};

/// How old an open amount is, by the days past due of its own instalment.
///
/// Both ends are within a bucket: what is 30 days past due is of the first, what is 31 days past due of the second. What falls due today is
/// current. The buckets are these for every tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgingBucket {
    /// Not past due: 0 days or fewer.
    Current,
    /// 1 to 30 days.
    To30,
    /// 31 to 60 days.
    To60,
    /// 61 to 90 days.
    To90,
    /// 91 days and more.
    Over90,
}

impl AgingBucket {
    /// All of them, the youngest first.
    pub const ALL: [Self; 5] = [Self::Current, Self::To30, Self::To60, Self::To90, Self::Over90];

    /// The bucket of so many days past due.
    pub const fn of(days_past_due: i64) -> Self {
        match days_past_due {
            ..=0 => Self::Current,
            1..=30 => Self::To30,
            31..=60 => Self::To60,
            61..=90 => Self::To90,
            91.. => Self::Over90,
        }
    }

    /// Its place among all, from 0.
    pub const fn place(self) -> usize {
        match self {
            Self::Current => 0,
            Self::To30 => 1,
            Self::To60 => 2,
            Self::To90 => 3,
            Self::Over90 => 4,
        }
    }

    /// As a word, in files and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::To30 => "1-30",
            Self::To60 => "31-60",
            Self::To90 => "61-90",
            Self::Over90 => "over-90",
        }
    }
}

/// How long a dispute has been open, in calendar days since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DisputeAge {
    /// 0 to 7 days.
    To7,
    /// 8 to 30 days.
    To30,
    /// 31 to 60 days.
    To60,
    /// 61 days and more.
    Over60,
}

impl DisputeAge {
    /// All of them, the youngest first.
    pub const ALL: [Self; 4] = [Self::To7, Self::To30, Self::To60, Self::Over60];

    /// The age of so many days.
    pub const fn of(days: i64) -> Self {
        match days {
            ..=7 => Self::To7,
            8..=30 => Self::To30,
            31..=60 => Self::To60,
            61.. => Self::Over60,
        }
    }

    /// As a word, in files and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::To7 => "0-7",
            Self::To30 => "8-30",
            Self::To60 => "31-60",
            Self::Over60 => "over-60",
        }
    }
}

/// Disputes that are told apart: their reason and how long they have been open.
///
/// Text form, as a key in JSON: `price/8-30`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisputesOf {
    /// The reason, as agreements are stored with it.
    pub reason: CompactString,
    /// How long.
    pub age: DisputeAge,
}

/// Why a text names no disputes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDisputesOf;

impl fmt::Display for NoDisputesOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("disputes are a reason and an age: price/8-30")
    }
}

impl std::error::Error for NoDisputesOf {}

impl fmt::Display for DisputesOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.reason, self.age.as_str())
    }
}

impl TryFrom<String> for DisputesOf {
    type Error = NoDisputesOf;

    fn try_from(text: String) -> Result<Self, NoDisputesOf> {
        let (reason, age) = text.rsplit_once('/').ok_or(NoDisputesOf)?;
        let age = DisputeAge::ALL.into_iter().find(|known| known.as_str() == age).ok_or(NoDisputesOf)?;
        Ok(Self { reason: reason.into(), age })
    }
}

impl From<DisputesOf> for String {
    fn from(of: DisputesOf) -> Self {
        of.to_string()
    }
}

/// What is so of one balance, or of many in one currency, at the end of a day. Stocks of customers add up; stocks of days do not.
///
/// In JSON: `{"aging": [{"count", "minor"}, …5], "overdue_days", "unapplied", "disputes": {"price/8-30": {…}}, "promised": {…}}`, amounts in
/// minor units as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stock {
    /// Open due items by [`AgingBucket::place`]. Drafts, what is void and what is written off is not open; what is contested is.
    pub aging: [Tally; 5],
    /// The sum of open times days past due over what is past due: minor units times days.
    pub overdue_days: Sum,
    /// Payments and credit notes that are applied to no invoice: a column of its own, taken off no bucket.
    pub unapplied: Sum,
    /// Disputes that nobody has decided, each with what it contests and is open of that.
    pub disputes: BTreeMap<DisputesOf, Tally>,
    /// Promises that may still be kept, with what was promised.
    pub promised: Tally,
}

impl Stock {
    /// Adds another customer's or balance's.
    pub fn add(&mut self, other: &Self) {
        for (own, more) in self.aging.iter_mut().zip(other.aging) {
            own.add(more);
        }
        self.overdue_days += other.overdue_days;
        self.unapplied += other.unapplied;
        add_by_key(&mut self.disputes, &other.disputes);
        self.promised.add(other.promised);
    }

    /// What is open of a bucket.
    pub fn of_bucket(&self, bucket: AgingBucket) -> Tally {
        self.aging.get(bucket.place()).copied().unwrap_or_default()
    }

    /// All that is open, minor units.
    pub fn open(&self) -> Sum {
        self.aging.iter().map(|tally| tally.minor).sum()
    }

    /// What is open and not past due, minor units.
    pub fn current(&self) -> Sum {
        self.of_bucket(AgingBucket::Current).minor
    }

    /// What is open and past due, minor units.
    pub fn past_due(&self) -> Sum {
        self.open() - self.current()
    }

    /// Whether nothing is to be said.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The same with each amount as `convert` has it; `None` where it has one of them not.
    pub fn converted(&self, convert: &dyn Fn(Sum) -> Option<Sum>) -> Option<Self> {
        let of = |tally: Tally| convert(tally.minor).map(|minor| Tally { minor, ..tally });
        let mut aging = self.aging;
        for tally in &mut aging {
            *tally = of(*tally)?;
        }
        let disputes = self.disputes.iter().map(|(key, tally)| Some((key.clone(), of(*tally)?)));
        Some(Self {
            aging,
            overdue_days: convert(self.overdue_days)?,
            unapplied: convert(self.unapplied)?,
            disputes: disputes.collect::<Option<_>>()?,
            promised: of(self.promised)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_within_a_bucket() {
        let words = [(-9, "current"), (0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60"), (61, "61-90")];
        for (days, word) in words.into_iter().chain([(90, "61-90"), (91, "over-90"), (i64::MAX, "over-90")]) {
            assert_eq!(AgingBucket::of(days).as_str(), word, "{days}");
            assert_eq!(AgingBucket::ALL[AgingBucket::of(days).place()], AgingBucket::of(days));
        }
        for (days, word) in [(0, "0-7"), (7, "0-7"), (8, "8-30"), (30, "8-30"), (31, "31-60"), (60, "31-60"), (61, "over-60")] {
            assert_eq!(DisputeAge::of(days).as_str(), word, "{days}");
        }
    }

    #[test]
    fn disputes_are_keys_of_json() {
        let key = DisputesOf { reason: "po_missing".into(), age: DisputeAge::Over60 };
        let stock = Stock { disputes: [(key, Tally::one(5))].into(), ..Stock::default() };
        let json = serde_json::to_string(&stock).expect("json");
        assert!(json.contains(r#""po_missing/over-60":{"count":1,"minor":"5"}"#), "{json}");
        assert_eq!(serde_json::from_str::<Stock>(&json).expect("a stock"), stock);
        assert_eq!(serde_json::from_str::<Stock>("{}").expect("a stock"), Stock::default());
        assert!(DisputesOf::try_from("price".to_owned()).is_err() && DisputesOf::try_from("price/7".to_owned()).is_err());
    }
}
