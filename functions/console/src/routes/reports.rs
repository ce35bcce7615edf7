//! Reports: which there are, each with what it says now; one as chart, table and file; and what happened behind a number.

use domain::Currency;
use figures::{
    GroupBy,
    report::{ReportName, ReportUnit},
};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::{
    NotDone,
    reports::{self, AnsweredReport, ReportKind, ReportLine, ReportQuery},
};
use sheets::{
    lines,
    words::{column_title, group_title, headline, part_title, report_title},
    workbook::{self, notes},
};

use crate::{
    outcome::{ConsolePage, ConsoleReply, ConsoleTrouble, PageResult},
    posted::FormFlaws,
    report_asked::{self, TOGETHER},
    report_charts::charts,
    report_entries::entry_on_page,
    report_values::{ValueOnPage, value_on_page},
    sections::Section,
    tables::PagerView,
    visit::ConsoleVisit,
};

/// Values by which the list tells a report, at most.
const HEADLINES_MAX: usize = 4;
/// What files of spreadsheets are called.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A report in the list.
#[derive(Serialize)]
struct ListedReport {
    address: String,
    title: &'static str,
    says: &'static str,
    /// What the numbers are.
    column: &'static str,
    headlines: Vec<Headline>,
}

/// A number of the list, and of what it is.
#[derive(Serialize)]
struct Headline {
    of: String,
    value: ValueOnPage,
}

/// A choice of the controls.
#[derive(Serialize)]
struct ReportChoice {
    value: String,
    label: String,
}

/// A row of the table.
#[derive(Serialize)]
struct RowOnPage {
    label: String,
    currency: String,
    part: String,
    /// Where each number leads.
    address: String,
    values: Vec<ValueOnPage>,
}

/// `GET /console/reports`: each report with a line and its number.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let mut rows = Vec::new();
    let mut last: Option<AnsweredReport> = None;
    for kind in reports::list(&visit.actor)? {
        let query = ReportQuery::default();
        let report = reports::report(visit.store(), &visit.actor, kind.name, &query, visit.now).await?;
        rows.push(listed(&kind, &report, visit));
        last = Some(report);
    }
    let reckoned = last.as_ref().and_then(|report| report.reckoned_at).map(|at| visit.formats.moment(at));
    let is_without_data = last.as_ref().is_none_or(|report| report.is_without_data);
    let values = context! { rows => Value::from(Serde(&rows)), reckoned, is_without_data };
    Ok(ConsolePage::new(Section::Reports, "Reports", "reports", values).into())
}

fn listed(kind: &ReportKind, report: &AnsweredReport, visit: &ConsoleVisit) -> ListedReport {
    let column = headline(kind.name);
    // Of touches the whole is told, and not its parts.
    let headlines = report.rows.iter().filter(|row| kind.name != ReportName::Responses || row.part.is_empty());
    let told = headlines.filter_map(|row| {
        let cell = row.cells.iter().find(|cell| cell.name == column)?;
        Some(Headline { of: told_apart(row, cell.unit), value: value_on_page(cell, row.currency, &visit.formats) })
    });
    ListedReport {
        address: format!("/console/reports/{}", kind.name.as_str()),
        title: report_title(kind.name),
        says: kind.says,
        column: column_title(column),
        headlines: told.take(HEADLINES_MAX).collect(),
    }
}

/// What tells a number of the list from the next one: an amount says its currency itself.
fn told_apart(row: &ReportLine, unit: ReportUnit) -> String {
    let currency = row.currency.filter(|_| !matches!(unit, ReportUnit::Minor | ReportUnit::PerUnit));
    let currency = currency.map(|currency| currency.code().to_owned());
    currency.into_iter().chain(Some(row.part.clone()).filter(|part| !part.is_empty())).collect::<Vec<_>>().join(" ")
}

/// `GET /console/reports/{name}`: one report, as chart and table.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let (name, kind) = kind_of(visit)?;
    let (query, mut flaws) = report_asked::asked(&visit.request);
    let mut report = None;
    if flaws.is_empty() {
        match reports::report(visit.store(), &visit.actor, name, &query, visit.now).await {
            Ok(found) => report = Some(found),
            Err(NotDone::Fields(wrong)) => flaws = wrong,
            Err(other) => return Err(other.into()),
        }
    }
    let status = if flaws.is_empty() { 200 } else { 422 };
    let shown = report.as_ref().map_or_else(|| context! {}, |report| report_on_page(report, visit));
    let file = |kind: &str| {
        let address = visit.request.address_with(&[("kind", Some(kind))]);
        address.replacen(visit.request.path(), &format!("{}/file", visit.request.path()), 1)
    };
    let values = context! {
        says => kind.says,
        name => name.as_str(),
        flaws => Value::from(Serde(&FormFlaws::of(flaws))),
        asked => controls(visit, &kind, &query, report.as_ref()),
        csv => file("csv"),
        xlsx => file("xlsx"),
        back => "/console/reports",
        ..shown
    };
    Ok(ConsolePage::new(Section::Reports, report_title(name), "report", values).with_status(status).into())
}

fn kind_of(visit: &ConsoleVisit) -> Result<(ReportName, ReportKind), ConsoleTrouble> {
    let name = ReportName::read(visit.path_value("name")).ok_or(ConsoleTrouble::NoPage)?;
    let kind = reports::list(&visit.actor)?.into_iter().find(|kind| kind.name == name).ok_or(ConsoleTrouble::NoPage)?;
    Ok((name, kind))
}

fn report_on_page(report: &AnsweredReport, visit: &ConsoleVisit) -> Value {
    let formats = &visit.formats;
    let rows: Vec<RowOnPage> = report
        .rows
        .iter()
        .map(|row| RowOnPage {
            label: if row.called.is_empty() && report.by == GroupBy::Tenant { "All customers".to_owned() } else { named(row) },
            currency: row.currency.map(|currency| currency.code().to_owned()).unwrap_or_default(),
            part: row.part.clone(),
            address: report_asked::address_of_parts(report.name, &row.made_of),
            values: row.cells.iter().map(|cell| value_on_page(cell, row.currency, formats)).collect(),
        })
        .collect();
    let heads: Vec<&str> = report.columns.iter().map(|column| column_title(column.name)).collect();
    let drawn: Vec<Value> = charts(report).iter().map(|chart| Value::from_safe_string(chart.svg())).collect();
    context! {
        rows => Value::from(Serde(&rows)),
        heads,
        group => group_title(report.by),
        part => part_title(report.name),
        charts => drawn,
        notes => notes(report),
        as_of => formats.date(report.as_of),
        period => report.period.map(|(from, to)| format!("{} to {}", formats.date(from), formats.date(to))),
        reckoned => report.reckoned_at.map(|at| formats.moment(at)),
        is_without_data => report.is_without_data,
        data_from => report.data_from.map(|from| formats.date(from)),
        pages => Value::from(Serde(&PagerView::of(&visit.request, report.next.as_deref()))),
    }
}

fn named(row: &ReportLine) -> String {
    if row.called.is_empty() { "none".to_owned() } else { row.called.clone() }
}

/// The controls: what was asked, and what may be.
fn controls(visit: &ConsoleVisit, kind: &ReportKind, query: &ReportQuery, report: Option<&AnsweredReport>) -> Value {
    let text = |name: &str| visit.query(name).unwrap_or_default().to_owned();
    let groups = kind.by.iter().map(|by| ReportChoice { value: by.as_str().to_owned(), label: group_title(*by).to_owned() });
    let named = report.into_iter().flat_map(|report| report.rows.iter().filter_map(|row| row.currency));
    let mut currencies: Vec<Currency> = named.chain(Currency::parse(&text("currency")).ok()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let mut choices = vec![ReportChoice { value: String::new(), label: "Each by itself".to_owned() }];
    if kind.together {
        choices.push(ReportChoice { value: TOGETHER.to_owned(), label: "All together".to_owned() });
    }
    choices.extend(currencies.iter().map(|currency| {
        let code = currency.code().to_owned();
        ReportChoice { label: format!("{code} alone"), value: code }
    }));
    let (from, _) = report.and_then(|report| report.period).unzip();
    context! {
        has_period => kind.has_period,
        as_of => visit.query("as_of").or(visit.query("to")).map_or_else(|| shown_day(report.map(|report| report.as_of)), str::to_owned),
        from => visit.query("from").map_or_else(|| shown_day(from), str::to_owned),
        by => query.by.as_str(),
        groups => Value::from(Serde(&groups.collect::<Vec<_>>())),
        currency => text("currency"),
        currencies => Value::from(Serde(&choices)),
        within_by => text("within_by"), within => text("within"), customer => text("customer"),
    }
}

/// A day as a field has it.
fn shown_day(day: Option<jiff::civil::Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// `GET /console/reports/{name}/file`: the same rows as CSV or XLSX.
pub(crate) async fn file(visit: &ConsoleVisit) -> PageResult {
    let (name, _) = kind_of(visit)?;
    let (query, flaws) = report_asked::asked(&visit.request);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws).into());
    }
    let report = reports::report(visit.store(), &visit.actor, name, &query, visit.now).await?;
    let called = format!("{}-{}", name.as_str(), report.as_of);
    match visit.query("kind") {
        Some("xlsx") => {
            let tenant = visit.settings.as_ref().map_or(visit.tenant().as_str(), |settings| settings.name.as_str());
            let body = workbook::xlsx(&report, tenant).map_err(|error| {
                tracing::error!(error = kit::causes(&error), "a report could not be written as XLSX");
                NotDone::Changed("the file could not be written; try again".to_owned())
            })?;
            Ok(ConsoleReply::Binary { content_type: XLSX, name: format!("{called}.xlsx"), body })
        }
        Some("csv") | None => {
            let body = lines::csv(&report);
            Ok(ConsoleReply::File { content_type: "text/csv; charset=utf-8", name: format!("{called}.csv"), body })
        }
        Some(_) => Err(NotDone::Fields(vec![("/kind".to_owned(), "a file is csv or xlsx".to_owned())]).into()),
    }
}

/// `GET /console/reports/entries/{customer}`: what happened to a customer within days, which its numbers are made of.
pub(crate) async fn entries(visit: &ConsoleVisit) -> PageResult {
    let (query, flaws) = report_asked::asked(&visit.request);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws).into());
    }
    let days = (query.from, query.to);
    let found = reports::entries(visit.store(), &visit.actor, visit.path_value("customer"), days, visit.now).await?;
    let rows: Vec<_> = found.entries.iter().map(|entry| entry_on_page(entry, &visit.formats)).collect();
    let values = context! {
        customer => found.customer.as_str(),
        called => found.called.as_str(),
        rows => Value::from(Serde(&rows)),
        is_cut_short => found.is_cut_short,
        from => query.from.map(|day| visit.formats.date(day)),
        to => query.to.map(|day| visit.formats.date(day)),
    };
    Ok(ConsolePage::new(Section::Reports, format!("What happened to {}", found.called), "report_entries", values).into())
}
