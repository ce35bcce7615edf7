//! What is asked of reports, and what they answer.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Currency, CustomerId, ExchangeRate};
use figures::{
    GroupBy, LedgerEntry,
    report::{ReportCell, ReportName, ReportUnit},
};
use jiff::{Timestamp, civil::Date};

/// In which currencies a report speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportCurrencies {
    /// Each by itself.
    #[default]
    Each,
    /// One of them alone.
    Only(Currency),
    /// All together in the reporting currency, at the rates of `settings.reporting` as they are now.
    Together,
}

/// What is asked of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportQuery {
    /// The end of which day; today where it is not said.
    pub as_of: Option<Date>,
    /// The first day of the period, which is the first of a month, at most eleven months before that of `as_of`; where it is not said, of the
    /// month two months before. Of reports that have no period nothing is to be said.
    pub from: Option<Date>,
    /// The last day of the period: the same as `as_of` where both are said.
    pub to: Option<Date>,
    /// By what the rows are told apart.
    pub by: GroupBy,
    /// By customer alone: those of this group (segment, owner or legal entity), and its name; empty for those of none.
    pub within: Option<(GroupBy, String)>,
    /// By customer alone: this one.
    pub customer: Option<CustomerId>,
    /// In which currencies.
    pub currencies: ReportCurrencies,
    /// By customer alone: how many customers a page looks at, 1 to 100, 50 where it is not said.
    pub limit: Option<u32>,
    /// By customer alone: the `next` of the page before.
    pub cursor: Option<String>,
}

impl Default for ReportQuery {
    fn default() -> Self {
        Self {
            as_of: None,
            from: None,
            to: None,
            by: GroupBy::Tenant,
            within: None,
            customer: None,
            currencies: ReportCurrencies::Each,
            limit: None,
            cursor: None,
        }
    }
}

/// A report that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportKind {
    /// Which.
    pub name: ReportName,
    /// What it says, in a sentence.
    pub says: &'static str,
    /// Whether it is over a period.
    pub has_period: bool,
    /// By what it can be told.
    pub by: Vec<GroupBy>,
    /// Whether all currencies can be told together.
    pub together: bool,
}

/// A column of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportColumn {
    /// What it is, as a word.
    pub name: &'static str,
    /// What it counts.
    pub unit: ReportUnit,
}

/// What a number of a report is made of: what to ask next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MadeOf {
    /// The same report of the customers behind it.
    Customers(Box<ReportQuery>),
    /// What happened to one customer within days: [`entries`](super::entries).
    Entries {
        /// Which.
        customer: CustomerId,
        /// The first day; from the beginning where it is not said.
        from: Option<Date>,
        /// The last day.
        to: Date,
    },
}

/// A row of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLine {
    /// The group, as it is stored: a segment, an owner's subject or team, a legal entity, a customer's id; empty for the tenant as a whole, and for
    /// the customers of no group.
    pub group: String,
    /// What people call it: a customer's name, a member's, a legal entity's; the same as `group` where there is no other.
    pub called: String,
    /// The currency of its amounts; `None` where it is of customers whatever the currency.
    pub currency: Option<Currency>,
    /// What else tells rows of one group apart: a dispute's reason, a part of touches such as `channel:email`.
    pub part: String,
    /// Its values, in the order of the columns.
    pub cells: Vec<ReportCell>,
    /// What they are made of.
    pub made_of: MadeOf,
}

/// At which rates currencies were put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRates {
    /// The currency.
    pub currency: Currency,
    /// The day on which the rates were read from the settings.
    pub rated_on: Date,
    /// What one unit of each currency is worth.
    pub rates: BTreeMap<Currency, ExchangeRate>,
    /// Currencies that are in no number: without a rate, or with amounts beyond 64 bits.
    pub left_out: BTreeSet<Currency>,
}

/// A report, answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredReport {
    /// Which.
    pub name: ReportName,
    /// By what its rows are told apart.
    pub by: GroupBy,
    /// The end of which day it speaks of.
    pub as_of: Date,
    /// Whether that day is not over yet.
    pub is_today: bool,
    /// When its numbers were set, of today; `None` of a day that is over, and where nothing was set.
    pub reckoned_at: Option<Timestamp>,
    /// The first and the last day of its period, where it has one.
    pub period: Option<(Date, Date)>,
    /// Since which day the books are known; `None` while nothing was reckoned.
    pub data_from: Option<Date>,
    /// Whether the period begins before that: then what it says of it is too little.
    pub begins_before_data: bool,
    /// Whether nothing is known of the day: it lies before the books, or before the first day that was closed.
    pub is_without_data: bool,
    /// The rates, where all currencies are told together.
    pub rates: Option<StatedRates>,
    /// Its columns.
    pub columns: Vec<ReportColumn>,
    /// Its rows.
    pub rows: Vec<ReportLine>,
    /// By customer: the cursor of the next page, which may be there though this one is empty.
    pub next: Option<String>,
}

/// What happened to a customer within days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportEntries {
    /// Which.
    pub customer: CustomerId,
    /// What it is called.
    pub called: String,
    /// The entries in the order in which they happened.
    pub entries: Vec<LedgerEntry>,
    /// Whether there were more, of which the oldest are left out.
    pub is_cut_short: bool,
}
