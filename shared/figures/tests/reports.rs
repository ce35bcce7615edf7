//! Reports of the golden ledger.

mod ledger_file;

use domain::Currency;
use figures::{
    Book, CustomerFigures, GroupBy, Groups, Sum,
    report::{ReportAsked, ReportName, ReportRow, ReportTable, ReportValue},
};
use jiff::civil::{Date, date};
use ledger_file::{customer, ledgers};

const END: Date = date(2026, 3, 31);

fn report(name: ReportName, by: GroupBy, change: impl FnOnce(&mut ReportAsked)) -> ReportTable {
    let mut groups = Groups::none(by, END);
    for (name, ledger) in ledgers() {
        groups.add(&CustomerFigures::of(customer(&name), &Book::of(&ledger), END));
    }
    let mut asked = ReportAsked { name, months: 3, currency: None, data_from: Some(date(2025, 12, 1)) };
    change(&mut asked);
    ReportTable::of(asked, &groups)
}

fn shown(row: &ReportRow, name: &str) -> String {
    let cell = row.cells.iter().find(|cell| cell.name == name).expect("a value of that name");
    match cell.value {
        ReportValue::Whole(sum) => sum.to_string(),
        ReportValue::Figure(figure) => figure.shown(cell.unit.digits()),
    }
}

fn row<'a>(report: &'a ReportTable, group: &str, currency: Currency) -> &'a ReportRow {
    report.rows.iter().find(|row| row.group == group && row.currency == Some(currency)).expect("a row")
}

#[test]
fn each_report_has_rows_with_the_same_columns() {
    for name in ReportName::ALL {
        assert_eq!(ReportName::read(name.as_str()), Some(name));
        for by in GroupBy::ALL {
            let report = report(name, by, |_| {});
            assert_eq!(report.rows.is_empty(), !name.may_be_by(by), "{} by {}", name.as_str(), by.as_str());
            let Some(first) = report.rows.first() else { continue };
            let columns = |row: &ReportRow| row.cells.iter().map(|cell| (cell.name, cell.unit.as_str())).collect::<Vec<_>>();
            let first = columns(first);
            assert!(report.rows.iter().all(|row| columns(row) == first), "{}", name.as_str());
            let mut names: Vec<&str> = first.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), first.len(), "{} names a column twice", name.as_str());
            assert_eq!(report.period.is_some(), name.has_period());
        }
    }
    assert_eq!(ReportName::read("profit"), None);
}

#[test]
fn values_are_those_of_the_ledger() {
    let tenant = |name| report(name, GroupBy::Tenant, |_| {});
    let of = |name, column| shown(row(&tenant(name), "", Currency::EUR), column);
    for (name, column, value) in [
        (ReportName::Aging, "31-60", "120000"),
        (ReportName::Aging, "1-30_count", "2"),
        (ReportName::Aging, "days_overdue", "29.23"),
        (ReportName::Dso, "dso", "73.47"),
        (ReportName::Dso, "average_days_delinquent", "67.96"),
        (ReportName::Dso, "dso_countback", "64.64"),
        (ReportName::DaysToPay, "days_to_pay_weighted", "50.45"),
        (ReportName::Effectiveness, "effectiveness", "-35.37"),
        (ReportName::Collected, "written_off", "50000"),
        (ReportName::Collected, "collected_net", "175000"),
        (ReportName::Promises, "kept_by_amount", "44.12"),
        (ReportName::Disputes, "8-30", "30000"),
        (ReportName::Cost, "touches_per_settled", "3.00"),
        (ReportName::Concentration, "top_1", "61.25"),
    ] {
        assert_eq!(of(name, column), value, "{column}");
    }
    let usd = |name, column| shown(row(&tenant(name), "", Currency::USD), column);
    let why = "not defined: costs and what was collected are in several currencies: ask for them in one";
    assert_eq!(usd(ReportName::Cost, "cost_per_collected"), why);
    assert_eq!(usd(ReportName::DaysToPay, "days_to_pay"), "not defined: no invoice was settled in the period");
    let responses = tenant(ReportName::Responses);
    let part = |part: &str| responses.rows.iter().find(|row| row.part == part).expect("a part");
    assert_eq!(shown(part("channel:email"), "response_rate"), "100.00");
    assert_eq!(shown(part("step:net-30/nudge"), "response_rate"), "0.00");
    assert_eq!(shown(part(""), "response_rate"), "75.00");
}

#[test]
fn a_report_is_of_one_currency_and_by_group_where_that_is_asked() {
    let owners = report(ReportName::Aging, GroupBy::Owner, |asked| asked.currency = Some(Currency::EUR));
    let groups: Vec<&str> = owners.rows.iter().map(|row| row.group.as_str()).collect();
    assert_eq!(groups, ["ann", "bob"]);
    let sum: Sum = owners.rows.iter().map(|row| Sum::from(shown(row, "open").parse::<i64>().expect("a number"))).sum();
    assert_eq!(sum.whole(), 400_000);
    let customers = report(ReportName::Aging, GroupBy::Customer, |_| {});
    assert_eq!(shown(row(&customers, customer("A").as_str(), Currency::EUR), "open"), "245000");
}

#[test]
fn a_period_that_begins_before_the_books_says_so() {
    let begins = |months| report(ReportName::Collected, GroupBy::Tenant, |asked| asked.months = months).begins_before_data;
    assert_eq!([3, 4, 5, 12].map(begins), [false, false, true, true]);
    assert!(!report(ReportName::Aging, GroupBy::Tenant, |asked| asked.months = 12).begins_before_data, "it has no period");
    let cut = report(ReportName::Dso, GroupBy::Tenant, |asked| asked.data_from = Some(date(2026, 2, 1)));
    let cell = row(&cut, "", Currency::EUR).cells.iter().find(|cell| cell.name == "dso_countback").expect("a value");
    assert!(cell.is_cut_short);
}
