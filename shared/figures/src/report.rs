//! Reports: which there are, their columns, and their rows for groups of customers.
//!
//! A report is a table of values that say their unit. What shows it, as JSON, CSV, page or chart, adds words and rounds; nothing is reckoned there.

use compact_str::CompactString;
use domain::Currency;
use jiff::civil::Date;

use crate::{
    contact_flow::{ContactFlow, TouchedBy},
    entry::PromiseEnd,
    exact::{Figure, Sum, Undefined},
    measures,
    month::Period,
    stock::{AgingBucket, DisputeAge},
    tally::Tally,
    totals::{CurrencyFigures, GroupBy, Groups, Totals},
};

/// A report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportName {
    /// What is open, by days past due.
    Aging,
    /// Days sales outstanding, three ways, and what of them is delay.
    Dso,
    /// How long settled invoices took.
    DaysToPay,
    /// The collection effectiveness index.
    Effectiveness,
    /// What came, was taken back, credited and written off.
    Collected,
    /// Promises made and kept.
    Promises,
    /// Disputes by reason and age.
    Disputes,
    /// What came of touches by step, channel, language, version and hour.
    Responses,
    /// Touches and what it cost to collect.
    Cost,
    /// Which part of what is open the largest customers owe.
    Concentration,
    /// What customers say of how easy it was to settle something.
    Ratings,
}

impl ReportName {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Aging,
        Self::Dso,
        Self::DaysToPay,
        Self::Effectiveness,
        Self::Collected,
        Self::Promises,
        Self::Disputes,
        Self::Responses,
        Self::Cost,
        Self::Concentration,
        Self::Ratings,
    ];

    /// As a word, in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aging => "aging",
            Self::Dso => "dso",
            Self::DaysToPay => "days-to-pay",
            Self::Effectiveness => "effectiveness",
            Self::Collected => "collected",
            Self::Promises => "promises",
            Self::Disputes => "disputes",
            Self::Responses => "responses",
            Self::Cost => "cost",
            Self::Concentration => "concentration",
            Self::Ratings => "ratings",
        }
    }

    /// The report of a word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }

    /// Whether it speaks of a period, and not of the end of a day alone.
    pub const fn has_period(self) -> bool {
        match self {
            Self::Dso
            | Self::DaysToPay
            | Self::Effectiveness
            | Self::Collected
            | Self::Promises
            | Self::Responses
            | Self::Cost
            | Self::Ratings => true,
            Self::Aging | Self::Disputes | Self::Concentration => false,
        }
    }

    /// Whether it can be told by a group. People are contacted for a customer and not for a legal entity.
    pub const fn may_be_by(self, by: GroupBy) -> bool {
        match self {
            Self::Responses | Self::Cost | Self::Ratings => !matches!(by, GroupBy::LegalEntity),
            Self::Aging
            | Self::Dso
            | Self::DaysToPay
            | Self::Effectiveness
            | Self::Collected
            | Self::Promises
            | Self::Disputes
            | Self::Concentration => true,
        }
    }

    /// Whether it is of customers whatever the currency.
    pub const fn is_of_contacts(self) -> bool {
        match self {
            Self::Responses | Self::Ratings => true,
            Self::Aging
            | Self::Dso
            | Self::DaysToPay
            | Self::Effectiveness
            | Self::Collected
            | Self::Promises
            | Self::Disputes
            | Self::Cost
            | Self::Concentration => false,
        }
    }
}

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportUnit {
    /// Minor units of the row's currency.
    Minor,
    /// Things.
    Count,
    /// Days, with two digits behind the point.
    Days,
    /// Hundredths, with two digits.
    Percent,
    /// Major units of a currency for each one that was collected, with seven digits.
    PerUnit,
    /// Each, with two digits.
    Each,
}

impl ReportUnit {
    /// As a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Count => "count",
            Self::Days => "days",
            Self::Percent => "percent",
            Self::PerUnit => "per_unit",
            Self::Each => "each",
        }
    }

    /// How many digits a quotient of it is shown with.
    pub const fn digits(self) -> u8 {
        match self {
            Self::Minor | Self::Count => 0,
            Self::Days | Self::Percent | Self::Each => 2,
            Self::PerUnit => 7,
        }
    }
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportValue {
    /// A whole number.
    Whole(Sum),
    /// A quotient, or why there is none.
    Figure(Figure),
}

/// A named value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportCell {
    /// What it is, as a word.
    pub name: &'static str,
    /// What it counts.
    pub unit: ReportUnit,
    /// The value.
    pub value: ReportValue,
    /// Whether it would be larger if more of the past were known: its months ended before it did.
    pub is_cut_short: bool,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The group, empty for the customers of none.
    pub group: CompactString,
    /// The currency; `None` where the row is of customers whatever the currency.
    pub currency: Option<Currency>,
    /// What else tells rows of one group apart: a reason and age of disputes, a part of touches. Empty where nothing does.
    pub part: String,
    /// Its values, in the order of the report's columns.
    pub cells: Vec<ReportCell>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportAsked {
    /// Which report.
    pub name: ReportName,
    /// Over how many calendar months, the running one among them: 1 to 12.
    pub months: i32,
    /// Of one currency alone.
    pub currency: Option<Currency>,
    /// Since which day the books are known.
    pub data_from: Option<Date>,
}

/// A report of groups of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTable {
    /// Which.
    pub name: ReportName,
    /// The end of which day it speaks of.
    pub as_of: Date,
    /// The days that it is over, where it has a period.
    pub period: Option<Period>,
    /// Whether the period begins before the books are known: then what it says of it is too little.
    pub begins_before_data: bool,
    /// The rows: by group, currency and part.
    pub rows: Vec<ReportRow>,
}

impl ReportTable {
    /// The report of groups; without rows where it cannot be told by them.
    pub fn of(asked: ReportAsked, groups: &Groups) -> Self {
        let as_of = groups.as_of;
        let period = asked.name.has_period().then(|| Period::months_before(as_of, asked.months));
        let mut rows = Vec::new();
        for (group, totals) in groups.all.iter().filter(|_| asked.name.may_be_by(groups.by)) {
            if asked.name.is_of_contacts() {
                let contacts = totals.contacts_within(asked.months);
                rows.extend(contact_rows(asked.name, &contacts).into_iter().map(|(part, cells)| ReportRow {
                    group: group.clone(),
                    currency: None,
                    part,
                    cells,
                }));
                continue;
            }
            for (currency, figures) in &totals.currencies {
                if asked.currency.is_some_and(|only| only != *currency) {
                    continue;
                }
                rows.extend(money_rows(asked, as_of, *currency, figures, totals).into_iter().map(|(part, cells)| ReportRow {
                    group: group.clone(),
                    currency: Some(*currency),
                    part,
                    cells,
                }));
            }
        }
        let begins_before_data = period.is_some_and(|period| period.begins_before(asked.data_from));
        Self { name: asked.name, as_of, period, begins_before_data, rows }
    }
}

/// Rows of one group, each with its part.
type Parts = Vec<(String, Vec<ReportCell>)>;

fn whole(name: &'static str, unit: ReportUnit, value: Sum) -> ReportCell {
    ReportCell { name, unit, value: ReportValue::Whole(value), is_cut_short: false }
}

fn minor(name: &'static str, value: Sum) -> ReportCell {
    whole(name, ReportUnit::Minor, value)
}

fn count(name: &'static str, value: i64) -> ReportCell {
    whole(name, ReportUnit::Count, Sum::from(value))
}

fn figure(name: &'static str, unit: ReportUnit, value: Figure) -> ReportCell {
    ReportCell { name, unit, value: ReportValue::Figure(value), is_cut_short: false }
}

fn one(cells: Vec<ReportCell>) -> Parts {
    vec![(String::new(), cells)]
}

fn money_rows(asked: ReportAsked, as_of: Date, currency: Currency, of: &CurrencyFigures, totals: &Totals) -> Parts {
    let (months, known) = (asked.months, asked.data_from);
    let flow = of.flow(as_of, months);
    match asked.name {
        ReportName::Aging => one(aging(of)),
        ReportName::Dso => {
            let countback = |name, of: measures::Countback| ReportCell {
                is_cut_short: of.is_cut_short,
                ..figure(name, ReportUnit::Days, of.figure)
            };
            one(vec![
                figure("dso", ReportUnit::Days, of.dso(as_of, months)),
                figure("dso_best_possible", ReportUnit::Days, of.dso_best_possible(as_of, months)),
                figure("average_days_delinquent", ReportUnit::Days, of.average_days_delinquent(as_of, months)),
                countback("dso_countback", of.dso_countback(as_of, known)),
                countback("dso_countback_best_possible", of.dso_countback_best_possible(as_of, known)),
                minor("open", of.stock.open()),
                minor("current", of.stock.current()),
                minor("sold", flow.sold.minor),
            ])
        }
        ReportName::DaysToPay => one(vec![
            figure("days_to_pay", ReportUnit::Days, measures::average_days_to_pay(flow.settled)),
            figure("days_to_pay_weighted", ReportUnit::Days, measures::average_days_to_pay_weighted(flow.settled)),
            figure("days_late", ReportUnit::Days, measures::average_days_late(flow.settled)),
            figure("days_late_weighted", ReportUnit::Days, measures::average_days_late_weighted(flow.settled)),
            count("settled", flow.settled.invoices.count),
            minor("settled_minor", flow.settled.invoices.minor),
        ]),
        ReportName::Effectiveness => one(vec![
            figure("effectiveness", ReportUnit::Percent, of.collection_effectiveness(as_of, months, known)),
            minor("sold", flow.sold.minor),
            minor("open", of.stock.open()),
            minor("current", of.stock.current()),
        ]),
        ReportName::Collected => {
            let tallies: [(&'static str, &'static str, Tally); 5] = [
                ("sold_count", "sold", flow.sold),
                ("collected_count", "collected", flow.collected),
                ("taken_back_count", "taken_back", flow.taken_back),
                ("credited_count", "credited", flow.credited),
                ("written_off_count", "written_off", flow.written_off),
            ];
            let both = tallies.into_iter().flat_map(|(many, much, of)| [count(many, of.count), minor(much, of.minor)]);
            one(both.chain([minor("collected_net", flow.collected_net())]).collect())
        }
        ReportName::Promises => {
            let ended = |end| flow.promises_ended(end).promised;
            one(vec![
                count("made_count", flow.promised.count),
                minor("made", flow.promised.minor),
                count("kept_count", ended(PromiseEnd::Kept).count),
                minor("kept", ended(PromiseEnd::Kept).minor),
                count("partly_kept_count", ended(PromiseEnd::PartlyKept).count),
                minor("partly_kept", ended(PromiseEnd::PartlyKept).minor),
                minor("partly_kept_paid", flow.promises_ended(PromiseEnd::PartlyKept).paid),
                count("broken_count", ended(PromiseEnd::Broken).count),
                minor("broken", ended(PromiseEnd::Broken).minor),
                count("cancelled_count", ended(PromiseEnd::Cancelled).count),
                figure("kept_by_count", ReportUnit::Percent, measures::promises_kept_by_count(&flow)),
                figure("kept_by_amount", ReportUnit::Percent, measures::promises_kept_by_amount(&flow)),
                count("open_count", of.stock.promised.count),
                minor("open", of.stock.promised.minor),
            ])
        }
        ReportName::Disputes => disputes(of),
        ReportName::Cost => {
            let contacts = totals.contacts_within(months);
            let is_paid_in = |of: &Currency| *of == currency;
            let is_one = totals.currencies.len() == 1 && contacts.costs.keys().all(is_paid_in);
            let cost = contacts.costs.get(&currency).copied().unwrap_or_default();
            let (net, digits) = (flow.collected_net(), currency.minor_digits());
            let per_collected = if is_one {
                measures::cost_per_collected(cost, contacts.unpriced, net, digits)
            } else {
                Figure::Undefined(Undefined::SeveralCurrencies)
            };
            one(vec![
                count("touches", contacts.touches),
                count("unpriced", contacts.unpriced),
                figure("cost_per_collected", ReportUnit::PerUnit, per_collected),
                figure("touches_per_settled", ReportUnit::Each, measures::touches_per_invoice(&contacts, flow.settled)),
                minor("collected_net", net),
            ])
        }
        ReportName::Concentration => one(vec![
            count("owing", i64::try_from(of.owing).unwrap_or(i64::MAX)),
            minor("open", of.stock.open()),
            figure("top_1", ReportUnit::Percent, of.top_share(1)),
            figure("top_5", ReportUnit::Percent, of.top_share(5)),
            figure("top_10", ReportUnit::Percent, of.top_share(10)),
            figure("top_20", ReportUnit::Percent, of.top_share(20)),
        ]),
        // Whatever the currency.
        ReportName::Responses | ReportName::Ratings => Vec::new(),
    }
}

fn aging(of: &CurrencyFigures) -> Vec<ReportCell> {
    const NAMES: [(&str, &str); 5] = [
        ("current", "current_count"),
        ("1-30", "1-30_count"),
        ("31-60", "31-60_count"),
        ("61-90", "61-90_count"),
        ("over-90", "over-90_count"),
    ];
    let buckets = AgingBucket::ALL.into_iter().zip(NAMES).flat_map(|(bucket, (much, many))| {
        let of = of.stock.of_bucket(bucket);
        [minor(much, of.minor), count(many, of.count)]
    });
    let rest = [
        minor("open", of.stock.open()),
        minor("past_due", of.stock.past_due()),
        figure("past_due_share", ReportUnit::Percent, measures::past_due_share(&of.stock)),
        figure("days_overdue", ReportUnit::Days, measures::average_days_overdue(&of.stock)),
        minor("unapplied", of.stock.unapplied),
    ];
    buckets.chain(rest).collect()
}

fn disputes(of: &CurrencyFigures) -> Parts {
    let mut reasons: Vec<&str> = of.stock.disputes.keys().map(|key| key.reason.as_str()).collect();
    reasons.dedup();
    let tally = |reason: &str, age: DisputeAge| {
        of.stock.disputes.iter().find(|(key, _)| key.reason == reason && key.age == age).map(|(_, tally)| *tally)
    };
    let row = |reason: &str| {
        let ages = DisputeAge::ALL.into_iter().flat_map(|age| {
            let of = tally(reason, age).unwrap_or_default();
            let (much, many) = match age {
                DisputeAge::To7 => ("0-7", "0-7_count"),
                DisputeAge::To30 => ("8-30", "8-30_count"),
                DisputeAge::To60 => ("31-60", "31-60_count"),
                DisputeAge::Over60 => ("over-60", "over-60_count"),
            };
            [minor(much, of.minor), count(many, of.count)]
        });
        (reason.to_owned(), ages.collect())
    };
    reasons.into_iter().map(row).collect()
}

fn contact_rows(name: ReportName, contacts: &ContactFlow) -> Parts {
    if name == ReportName::Ratings {
        let counts = ["1", "2", "3", "4", "5"].into_iter().zip(contacts.ratings).map(|(score, of)| count(score, of));
        let mean = figure("average", ReportUnit::Each, measures::average_rating(contacts));
        return one(counts.chain([mean]).collect());
    }
    let cells = |of: crate::contact_flow::ResponseTally| {
        vec![
            count("touches", of.touches),
            count("responded", of.responded),
            count("answered", of.answered),
            count("promised", of.promised),
            count("paid", of.paid),
            figure("response_rate", ReportUnit::Percent, measures::response_rate(of)),
        ]
    };
    let mut rows = one(cells(contacts.responses));
    for by in TouchedBy::ALL {
        rows.extend(contacts.responses_of(by).map(|(value, of)| (format!("{}:{value}", by.as_str()), cells(of))));
    }
    rows
}
