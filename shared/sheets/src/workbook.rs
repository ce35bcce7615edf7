//! A report as XLSX: numbers as numbers, days as days, texts as texts, which are never formulas.
//!
//! XLSX keeps numbers as floats. A cell is given the digits of an exact number; one with more digits than they keep is a text.

use figures::report::ReportUnit;
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use service::reports::AnsweredReport;

use crate::{
    cells::{ShownValue, digits, shown},
    words::{column_title, group_title, part_title, report_title, unit_title},
};

/// So many digits of a number are kept by every program.
const DIGITS_KEPT: usize = 15;

/// The bytes of the file. Its first sheet is the table, with titles in the first row; the second says what it is of.
///
/// # Errors
///
/// When it cannot be written: no content of a report is known to bring that about.
pub fn xlsx(report: &AnsweredReport, tenant_name: &str) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let made = day(report.as_of)?;
    workbook.set_properties(&DocProperties::new().set_title(report_title(report.name)).set_creation_datetime(&made));
    table(workbook.add_worksheet(), report)?;
    about(workbook.add_worksheet(), report, tenant_name)?;
    workbook.save_to_buffer()
}

fn table(sheet: &mut Worksheet, report: &AnsweredReport) -> Result<(), XlsxError> {
    sheet.set_name(report.name.as_str())?;
    let bold = Format::new().set_bold();
    let titled = |unit: ReportUnit, name: &str| match unit_title(unit) {
        "" => column_title(name).to_owned(),
        unit => format!("{} ({unit})", column_title(name)),
    };
    let has_part = !part_title(report.name).is_empty();
    let first: u16 = if has_part { 3 } else { 2 };
    let mut titles = vec![group_title(report.by).to_owned(), "Currency".to_owned()];
    titles.extend(has_part.then(|| part_title(report.name).to_owned()));
    titles.extend(report.columns.iter().map(|column| titled(column.unit, column.name)));
    for (column, title) in (0_u16..).zip(titles) {
        sheet.write_string_with_format(0, column, title, &bold)?;
    }
    for (place, row) in (1_u32..).zip(&report.rows) {
        sheet.write_string(place, 0, row.called.as_str())?;
        sheet.write_string(place, 1, row.currency.as_ref().map_or("", |currency| currency.code()))?;
        if has_part {
            sheet.write_string(place, 2, row.part.as_str())?;
        }
        for (column, cell) in (first..).zip(&row.cells) {
            match shown(cell, row.currency) {
                ShownValue::Number(text) => number(sheet, (place, column), &text, digits(cell.unit, row.currency))?,
                ShownValue::Undefined(why) => {
                    sheet.write_string(place, column, format!("not defined: {}", why.in_words()))?;
                }
            }
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofit();
    Ok(())
}

/// A number as one, where none of its digits is lost.
fn number(sheet: &mut Worksheet, (row, column): (u32, u16), text: &str, digits: u8) -> Result<(), XlsxError> {
    let count = text.chars().filter(char::is_ascii_digit).count();
    match text.parse::<f64>() {
        Ok(value) if count <= DIGITS_KEPT => {
            let form = match digits {
                0 => "#,##0".to_owned(),
                digits => format!("#,##0.{}", "0".repeat(usize::from(digits))),
            };
            sheet.write_number_with_format(row, column, value, &Format::new().set_num_format(form))?;
        }
        Ok(_) | Err(_) => {
            sheet.write_string(row, column, text)?;
        }
    }
    Ok(())
}

fn about(sheet: &mut Worksheet, report: &AnsweredReport, tenant_name: &str) -> Result<(), XlsxError> {
    sheet.set_name("About")?;
    let form = Format::new().set_num_format("yyyy-mm-dd");
    let texts = [("Report", report_title(report.name)), ("Of", tenant_name)];
    let mut place = 0_u32;
    for (label, text) in texts {
        sheet.write_string(place, 0, label)?;
        sheet.write_string(place, 1, text)?;
        place += 1;
    }
    let period = report.period.into_iter().flat_map(|(from, to)| [("From", from), ("To", to)]);
    let known = report.data_from.map(|from| ("Books known since", from));
    for (label, of) in [("As of the end of", report.as_of)].into_iter().chain(period).chain(known) {
        sheet.write_string(place, 0, label)?;
        sheet.write_datetime_with_format(place, 1, &day(of)?, &form)?;
        place += 1;
    }
    for note in notes(report) {
        sheet.write_string(place, 0, note)?;
        place += 1;
    }
    sheet.set_column_width_pixels(0, 160)?;
    sheet.set_column_width_pixels(1, 240)?;
    Ok(())
}

/// What has to be said beside the numbers, as the console says it too.
pub fn notes(report: &AnsweredReport) -> Vec<String> {
    let mut notes = Vec::new();
    if report.is_today {
        notes.push("The day is not over yet.".to_owned());
    }
    if report.is_without_data {
        notes.push("Nothing is known of that day: it lies before the books, or before the first day that was closed.".to_owned());
    }
    if let Some(from) = report.data_from.filter(|_| report.begins_before_data) {
        notes.push(format!("The period begins before the books are known, on {from}: what is said of it is too little."));
    }
    if let Some(rates) = &report.rates {
        let each: Vec<String> =
            rates.rates.iter().map(|(currency, rate)| format!("1 {currency} = {rate} {}", rates.currency)).collect();
        let said = if each.is_empty() { "no rate was needed".to_owned() } else { each.join(", ") };
        notes.push(format!("All currencies together in {}, at the rates of {}: {said}.", rates.currency, rates.rated_on));
        if !rates.left_out.is_empty() {
            let out: Vec<String> = rates.left_out.iter().map(ToString::to_string).collect();
            notes.push(format!("In no number, for want of a rate: {}.", out.join(", ")));
        }
    }
    if report.rows.iter().any(|row| row.cells.iter().any(|cell| cell.is_cut_short)) {
        notes.push(
            "A countback that reaches the beginning of the books ends there: it would be larger if more were known.".to_owned(),
        );
    }
    if report.next.is_some() {
        notes.push("These are the customers of one page; more follow.".to_owned());
    }
    notes
}

fn day(date: Date) -> Result<ExcelDateTime, XlsxError> {
    let year = u16::try_from(date.year()).unwrap_or_default();
    ExcelDateTime::from_ymd(year, u8::try_from(date.month()).unwrap_or_default(), u8::try_from(date.day()).unwrap_or_default())
}
