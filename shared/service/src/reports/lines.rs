//! Rows of a report out of groups: in the currencies that are asked for, each with what it is made of.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Currency, CustomerId, Reporting};
use figures::{
    ContactFlow, Converted, GroupBy, Groups, Tally, Totals,
    converted::cost_in,
    report::{ReportAsked, ReportName, ReportRow, ReportTable},
    stock::{DisputeAge, DisputesOf},
    totals::CurrencyFigures,
};
use jiff::civil::Date;

use super::{
    answered::{MadeOf, ReportColumn, ReportCurrencies, ReportLine, ReportQuery, StatedRates},
    asked::AskedReport,
};

/// The totals of groups in the reporting currency, and the rates that they were put together at.
pub(super) fn together(groups: Groups, reporting: &Reporting, rated_on: Date) -> (Groups, StatedRates) {
    let mut stated = StatedRates { currency: reporting.currency, rated_on, rates: BTreeMap::new(), left_out: BTreeSet::new() };
    let mut all = BTreeMap::new();
    for (group, totals) in groups.all {
        let converted = Converted::of(&totals, reporting, rated_on);
        stated.rates.extend(converted.rates);
        stated.left_out.extend(converted.left_out);
        let contacts = totals.contacts.into_iter().map(|(month, flow)| (month, cost_together(flow, reporting))).collect();
        let currencies = [(reporting.currency, converted.figures)].into();
        let contacts_of_day = cost_together(totals.contacts_of_day, reporting);
        all.insert(group, Totals { currencies, contacts, contacts_of_day, ..Totals::none(totals.as_of) });
    }
    (Groups { all, ..groups }, stated)
}

/// What touches cost in the reporting currency. Where one cost has no rate, nobody knows what all of them cost.
fn cost_together(flow: ContactFlow, reporting: &Reporting) -> ContactFlow {
    if flow.costs.is_empty() {
        return flow;
    }
    match cost_in(&flow.costs, reporting) {
        Some(cost) => ContactFlow { costs: [(reporting.currency, cost)].into(), ..flow },
        None => ContactFlow { costs: BTreeMap::new(), unpriced: flow.unpriced.saturating_add(1), ..flow },
    }
}

/// The columns of a report, which it has without rows too.
pub(super) fn columns(name: ReportName, as_of: Date) -> Vec<ReportColumn> {
    let mut figures = CurrencyFigures::default();
    let dispute = DisputesOf { reason: "other".into(), age: DisputeAge::To7 };
    figures.stock.disputes.insert(dispute, Tally::one(1));
    let totals = Totals { currencies: [(Currency::EUR, figures)].into(), ..Totals::none(as_of) };
    let mut groups = Groups::none(GroupBy::Tenant, as_of);
    groups.all.insert("".into(), totals);
    let asked = ReportAsked { name, months: 1, currency: None, data_from: None };
    let table = ReportTable::of(asked, &groups);
    let cells = table.rows.into_iter().next().map(|row| row.cells).unwrap_or_default();
    cells.into_iter().map(|cell| ReportColumn { name: cell.name, unit: cell.unit }).collect()
}

/// What a row is made of: its customers, or what happened to the one that it is of.
fn made_of(asked: &AskedReport, row: &ReportRow) -> MadeOf {
    let query = asked.query();
    match asked.by {
        GroupBy::Customer => match CustomerId::parse(&row.group) {
            Some(customer) => MadeOf::Entries { customer, from: query.from, to: asked.as_of },
            None => MadeOf::Customers(Box::new(query)),
        },
        GroupBy::Tenant | GroupBy::Segment | GroupBy::Owner | GroupBy::LegalEntity => {
            let within = (asked.by != GroupBy::Tenant).then(|| (asked.by, row.group.to_string()));
            let currencies = match (asked.currencies, row.currency) {
                (ReportCurrencies::Each, Some(currency)) => ReportCurrencies::Only(currency),
                (of, _) => of,
            };
            MadeOf::Customers(Box::new(ReportQuery { by: GroupBy::Customer, within, currencies, ..query }))
        }
    }
}

/// The rows, and whether the period begins before the books are known. What groups are called comes later.
pub(super) fn told(asked: &AskedReport, groups: &Groups, data_from: Option<Date>) -> (Vec<ReportLine>, bool) {
    let currency = match asked.currencies {
        ReportCurrencies::Only(currency) => Some(currency),
        ReportCurrencies::Each | ReportCurrencies::Together => None,
    };
    let table = ReportTable::of(ReportAsked { name: asked.name, months: asked.months, currency, data_from }, groups);
    let line = |row: ReportRow| ReportLine {
        made_of: made_of(asked, &row),
        called: row.group.to_string(),
        group: row.group.to_string(),
        currency: row.currency,
        part: row.part,
        cells: row.cells,
    };
    (table.rows.into_iter().map(line).collect(), table.begins_before_data)
}

#[cfg(test)]
mod tests {
    use figures::report::ReportUnit;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_report_has_its_columns_without_rows_too() {
        for name in ReportName::ALL {
            let columns = columns(name, date(2026, 3, 31));
            assert!(columns.len() >= 4, "{}: {columns:?}", name.as_str());
        }
        let first = columns(ReportName::Aging, date(2026, 3, 31))[0];
        assert_eq!(first, ReportColumn { name: "current", unit: ReportUnit::Minor });
    }

    #[test]
    fn a_cost_without_a_rate_is_known_to_nobody() {
        let reporting = Reporting { currency: Currency::EUR, rates: BTreeMap::new() };
        let flow = ContactFlow { costs: [(Currency::USD, 5_i64.into())].into(), ..ContactFlow::default() };
        let told = cost_together(flow, &reporting);
        assert_eq!((told.unpriced, told.costs.len()), (1, 0));
        assert_eq!(cost_together(ContactFlow::default(), &reporting), ContactFlow::default());
    }
}
