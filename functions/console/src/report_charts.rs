//! Charts of reports: one for each currency, since amounts of two are on no common axis.

use std::collections::BTreeMap;

use domain::Currency;
use figures::{
    chart::{Chart, ChartKind, ChartSeries, NumberForm},
    report::ReportUnit,
};
use service::reports::{AnsweredReport, ReportLine};
use sheets::{
    cells::{digits, scaled},
    words::{are_parts, charted, column_title, group_title, report_title, unit_title},
};

use crate::report_asked::address_of_parts;

/// The charts of a report; none where it has no rows.
pub(crate) fn charts(report: &AnsweredReport) -> Vec<Chart> {
    let mut by_currency: BTreeMap<Option<Currency>, Vec<&ReportLine>> = BTreeMap::new();
    for row in &report.rows {
        by_currency.entry(row.currency).or_default().push(row);
    }
    by_currency.into_iter().filter_map(|(currency, rows)| chart(report, currency, &rows)).collect()
}

fn chart(report: &AnsweredReport, currency: Option<Currency>, rows: &[&ReportLine]) -> Option<Chart> {
    let names = charted(report.name);
    let unit = report.columns.iter().find(|column| names.contains(&column.name))?.unit;
    let code = currency.map(|currency| currency.code().to_owned()).unwrap_or_default();
    let unit_text = match unit {
        ReportUnit::Minor => code.clone(),
        ReportUnit::Count => "how many".to_owned(),
        ReportUnit::Days | ReportUnit::Percent | ReportUnit::PerUnit | ReportUnit::Each => unit_title(unit).to_owned(),
    };
    let title = if code.is_empty() || unit == ReportUnit::Minor {
        report_title(report.name).to_owned()
    } else {
        format!("{}, {code}", report_title(report.name))
    };
    let description = format!("{title} as of the end of {}. The table below says the same in numbers.", report.as_of);
    let chart = Chart {
        id: format!("chart-{}", if code.is_empty() { "all" } else { code.as_str() }),
        kind: ChartKind::Bars,
        title,
        description,
        unit: unit_text,
        label_name: group_title(report.by).to_owned(),
        undefined: "not defined".to_owned(),
        digits: digits(unit, currency),
        numbers: NumberForm::ENGLISH,
        labels: Vec::new(),
        links: Vec::new(),
        series: Vec::new(),
    };
    if let [row] = rows {
        // One row is told by its columns.
        let values = names.iter().map(|name| value(row, name, currency)).collect();
        let labels = names.iter().map(|name| column_title(name).to_owned()).collect();
        let series = vec![ChartSeries { name: label_of(row), values }];
        let links = names.iter().map(|_| address_of_parts(report.name, &row.made_of)).collect();
        return Some(Chart { labels, links, series, ..chart });
    }
    let series = names.iter().map(|name| ChartSeries {
        name: column_title(name).to_owned(),
        values: rows.iter().map(|row| value(row, name, currency)).collect(),
    });
    Some(Chart {
        kind: if are_parts(report.name) { ChartKind::Stacked } else { ChartKind::Bars },
        labels: rows.iter().map(|row| label_of(row)).collect(),
        links: rows.iter().map(|row| address_of_parts(report.name, &row.made_of)).collect(),
        series: series.collect(),
        ..chart
    })
}

fn value(row: &ReportLine, name: &str, currency: Option<Currency>) -> Option<i128> {
    row.cells.iter().find(|cell| cell.name == name).and_then(|cell| scaled(cell, currency))
}

/// What a row is called on a chart.
fn label_of(row: &ReportLine) -> String {
    match (row.called.as_str(), row.part.as_str()) {
        ("", "") => "All".to_owned(),
        (called, "") => called.to_owned(),
        ("", part) => part.to_owned(),
        (called, part) => format!("{called}, {part}"),
    }
}
