//! A report as CSV: RFC 4180, UTF-8, a point before fractions, whatever the country. What a program would take for a formula is a text.

use csv::{QuoteStyle, Terminator, WriterBuilder};
use service::reports::AnsweredReport;

use crate::cells::{ShownValue, shown};

/// The lines. Amounts are in major units of the row's currency. What is not defined is empty, and its reason stands in the last column.
///
/// # Errors
///
/// When it cannot be written.
pub fn csv(report: &AnsweredReport) -> Result<String, csv::Error> {
    let mut writer =
        WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary).from_writer(Vec::<u8>::new());
    let named = ["as_of", "group", "called", "currency", "part"].into_iter();
    writer.write_record(named.chain(report.columns.iter().map(|column| column.name)).chain(["not_defined"]))?;
    let as_of = report.as_of.to_string();
    for row in &report.rows {
        let currency = row.currency.map(|currency| currency.code().to_owned()).unwrap_or_default();
        let mut line = vec![as_of.clone(), harmless(&row.group), harmless(&row.called), currency, harmless(&row.part)];
        let mut reasons = Vec::new();
        for cell in &row.cells {
            line.push(match shown(cell, row.currency) {
                ShownValue::Number(text) => text,
                ShownValue::Undefined(why) => {
                    reasons.push(format!("{}: {}", cell.name, why.in_words()));
                    String::new()
                }
            });
        }
        line.push(reasons.join("; "));
        writer.write_record(&line)?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}
