//! What a query asks, once it is held against what can be asked.

use domain::{CustomerId, Settings};
use figures::{GroupBy, Month, Period, report::ReportName};
use jiff::civil::Date;

use super::answered::{ReportCurrencies, ReportQuery};
use crate::{Done, NotDone};

/// Most calendar months of a period.
const MONTHS_MAX: i32 = 12;
/// The months of a period where nothing is said.
const MONTHS: i32 = 3;
/// Most customers that a page looks at, and how many where nothing is said.
const CUSTOMERS_MAX: u32 = 100;
const CUSTOMERS: u32 = 50;

/// What is asked of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AskedReport {
    pub(super) name: ReportName,
    pub(super) as_of: Date,
    pub(super) months: i32,
    pub(super) by: GroupBy,
    pub(super) within: Option<(GroupBy, String)>,
    pub(super) customer: Option<CustomerId>,
    pub(super) currencies: ReportCurrencies,
    pub(super) limit: u32,
    pub(super) cursor: Option<String>,
}

impl AskedReport {
    /// The days of its period, where it has one.
    pub(super) fn period(&self) -> Option<Period> {
        self.name.has_period().then(|| Period::months_before(self.as_of, self.months))
    }

    /// The same as a query, of what it came to.
    pub(super) fn query(&self) -> ReportQuery {
        ReportQuery {
            as_of: Some(self.as_of),
            from: self.period().map(|period| period.from),
            to: None,
            by: self.by,
            within: self.within.clone(),
            customer: self.customer.clone(),
            currencies: self.currencies,
            limit: None,
            cursor: None,
        }
    }
}

/// Whether all currencies of a report can be told together. Who owes most is told by currency alone, and what is of customers has none.
pub(super) const fn can_be_together(name: ReportName) -> bool {
    match name {
        ReportName::Concentration | ReportName::Responses | ReportName::Ratings => false,
        ReportName::Aging
        | ReportName::Dso
        | ReportName::DaysToPay
        | ReportName::Effectiveness
        | ReportName::Collected
        | ReportName::Promises
        | ReportName::Disputes
        | ReportName::Cost => true,
    }
}

/// Reads a query. `newest` is the newest day of which there are whole numbers.
pub(super) fn read(
    name: ReportName,
    query: &ReportQuery,
    settings: &Settings,
    (today, newest): (Date, Option<Date>),
) -> Done<AskedReport> {
    let mut flaws: Vec<(String, String)> = Vec::new();
    let mut flaw = |pointer: &str, why: String| flaws.push((pointer.to_owned(), why));
    let word = name.as_str();
    if query.as_of.is_some() && query.to.is_some_and(|to| query.as_of != Some(to)) {
        flaw("/to", "the last day of a period is the day that the report speaks of: leave out 'to' or 'as_of'".to_owned());
    }
    let as_of = query.as_of.or(query.to).unwrap_or_else(|| newest.unwrap_or(today));
    if as_of > today {
        flaw("/as_of", format!("{as_of} is still to come; today is {today} for this tenant"));
    }
    let months = match query.from {
        None => MONTHS,
        Some(_) if !name.has_period() => {
            flaw("/from", format!("the report '{word}' is of the end of a day: leave out 'from'"));
            MONTHS
        }
        Some(from) => match (1..=MONTHS_MAX).find(|months| Period::months_before(as_of, *months).from == from) {
            Some(months) => months,
            None => {
                let (first, last) = (Month::of(as_of).plus(1 - MONTHS_MAX).first(), Month::of(as_of).first());
                flaw(
                    "/from",
                    format!("a period begins with the first day of a month, {first} to {last} where it ends on {as_of}"),
                );
                MONTHS
            }
        },
    };
    let by = query.by;
    if !name.may_be_by(by) {
        let why = "people are contacted for a customer and not for a legal entity";
        flaw("/by", format!("the report '{word}' is not told by {}: {why}", by.as_str()));
    }
    let of_customers: [(&str, bool); 4] = [
        ("/within", query.within.is_some()),
        ("/customer", query.customer.is_some()),
        ("/limit", query.limit.is_some()),
        ("/cursor", query.cursor.is_some()),
    ];
    for (pointer, _) in of_customers.into_iter().filter(|(_, is_said)| *is_said && by != GroupBy::Customer) {
        flaw(pointer, "this is of a report by customer: say 'by' customer".to_owned());
    }
    if query.within.as_ref().is_some_and(|(of, _)| matches!(of, GroupBy::Tenant | GroupBy::Customer)) {
        flaw("/within", "customers are within a segment, an owner or a legal entity".to_owned());
    }
    let is_of_entity = query.within.as_ref().is_some_and(|(of, _)| *of == GroupBy::LegalEntity);
    if is_of_entity && !name.may_be_by(GroupBy::LegalEntity) {
        flaw("/within", format!("the report '{word}' is not told by legal entity: people are contacted for a customer"));
    }
    let limit = query.limit.unwrap_or(CUSTOMERS);
    if !(1..=CUSTOMERS_MAX).contains(&limit) {
        flaw("/limit", format!("'limit' is 1 to {CUSTOMERS_MAX}"));
    }
    match query.currencies {
        ReportCurrencies::Each => {}
        ReportCurrencies::Only(_) if !name.is_of_contacts() => {}
        ReportCurrencies::Together if can_be_together(name) => {
            if settings.reporting.is_none() {
                let why = "settings.reporting names no currency to tell all of them in; its rates say what the others are worth";
                flaw("/currency", why.to_owned());
            }
        }
        ReportCurrencies::Only(_) | ReportCurrencies::Together if name.is_of_contacts() => {
            flaw("/currency", format!("the report '{word}' is of customers whatever the currency: leave it out"));
        }
        ReportCurrencies::Only(_) | ReportCurrencies::Together => {
            flaw("/currency", "who owes most is told by currency alone: leave out 'together'".to_owned());
        }
    }
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let (within, customer, cursor) = (query.within.clone(), query.customer.clone(), query.cursor.clone());
    Ok(AskedReport { name, as_of, months, by, within, customer, currencies: query.currencies, limit, cursor })
}

#[cfg(test)]
mod tests {
    use domain::{Currency, Reporting};
    use jiff::civil::date;

    use super::*;

    fn pointers(name: ReportName, query: &ReportQuery, has_rates: bool) -> Vec<String> {
        let mut settings = Settings::named("Acme");
        settings.reporting = has_rates.then(|| Reporting { currency: Currency::EUR, rates: Default::default() });
        match read(name, query, &settings, (date(2026, 3, 31), Some(date(2026, 3, 31)))) {
            Ok(_) => Vec::new(),
            Err(NotDone::Fields(flaws)) => flaws.into_iter().map(|(pointer, _)| pointer).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_cannot_be_asked_is_said_of_its_field() {
        let query = |change: fn(&mut ReportQuery)| {
            let mut query = ReportQuery::default();
            change(&mut query);
            query
        };
        for (name, asked, expected) in [
            (ReportName::Dso, query(|_| {}), vec![]),
            (ReportName::Dso, query(|q| q.as_of = Some(date(2026, 4, 1))), vec!["/as_of"]),
            (ReportName::Dso, query(|q| q.from = Some(date(2025, 4, 1))), vec![]),
            (ReportName::Dso, query(|q| q.from = Some(date(2025, 3, 1))), vec!["/from"]),
            (ReportName::Dso, query(|q| q.from = Some(date(2026, 3, 2))), vec!["/from"]),
            (ReportName::Dso, query(|q| (q.from, q.to) = (Some(date(2026, 1, 1)), Some(date(2026, 2, 10)))), vec![]),
            (ReportName::Dso, query(|q| (q.as_of, q.to) = (Some(date(2026, 3, 1)), Some(date(2026, 2, 10)))), vec!["/to"]),
            (ReportName::Aging, query(|q| q.from = Some(date(2026, 3, 1))), vec!["/from"]),
            (ReportName::Ratings, query(|q| q.by = GroupBy::LegalEntity), vec!["/by"]),
            (ReportName::Aging, query(|q| q.cursor = Some("0-".to_owned())), vec!["/cursor"]),
            (ReportName::Aging, query(|q| (q.by, q.limit) = (GroupBy::Customer, Some(101))), vec!["/limit"]),
            (ReportName::Aging, query(|q| q.currencies = ReportCurrencies::Together), vec!["/currency"]),
            (ReportName::Responses, query(|q| q.currencies = ReportCurrencies::Only(Currency::EUR)), vec!["/currency"]),
        ] {
            assert_eq!(pointers(name, &asked, false), expected, "{name:?} {asked:?}");
        }
        let together = query(|q| q.currencies = ReportCurrencies::Together);
        for (name, expected) in [(ReportName::Aging, vec![]), (ReportName::Concentration, vec!["/currency"])] {
            assert_eq!(pointers(name, &together, true), expected, "{name:?}");
        }
    }

    #[test]
    fn what_an_answer_asks_on_reads_again() {
        let query = ReportQuery { from: Some(date(2026, 1, 1)), as_of: Some(date(2026, 3, 15)), ..ReportQuery::default() };
        let settings = Settings::named("Acme");
        let days = (date(2026, 3, 31), None);
        let asked = read(ReportName::Dso, &query, &settings, days).expect("a report");
        assert_eq!((asked.months, asked.period().map(figures::Period::days)), (3, Some(74)));
        assert_eq!(read(ReportName::Dso, &asked.query(), &settings, days).expect("the same"), asked);
    }
}
