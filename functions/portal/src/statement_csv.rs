//! The statement as a table for a spreadsheet: every due item, as the customer's language writes numbers.

use csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::{
    amounts::decimal,
    note_words::note_in_words,
    page::PortalPage,
    statement::{AccountStatement, ItemNote, StatementItem},
    visit::Visit,
};

/// Longest table, in bytes: an answer of a function is 6 MB at most.
const BYTES_MAX: usize = 5_000_000;
/// What a program takes a table for one of UTF-8 by.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The table.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn table(visit: &Visit, statement: &AccountStatement) -> Result<PortalPage, csv::Error> {
    let words = visit.words;
    // Where the comma is the decimal mark, programs part cells by semicolons.
    let mark = if words.language == "en" { '.' } else { ',' };
    let delimiter = if mark == ',' { b';' } else { b',' };
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::Necessary)
        .from_writer(Vec::<u8>::new());
    let order = words.order.replace("{}", "");
    let headers = [
        words.invoice,
        words.instalment,
        order.trim(),
        words.issued_on,
        words.due_on,
        words.days_late,
        words.currency,
        words.original,
        words.paid,
        words.open,
        words.status,
    ];
    writer.write_record(headers)?;
    for item in &statement.items {
        if writer.get_ref().len() > BYTES_MAX {
            break;
        }
        writer.write_record(row(visit, item, mark))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    let text = format!("{BYTE_ORDER_MARK}{}", String::from_utf8_lossy(&bytes));
    Ok(PortalPage::Data {
        content_type: "text/csv; charset=utf-8",
        file: Some(format!("statement-{}.csv", statement.as_of)),
        language: words.language,
        body: text,
    })
}

fn row(visit: &Visit, item: &StatementItem, mark: char) -> [String; 11] {
    let words = visit.words;
    let amount = |minor: i64| decimal(minor, item.currency, mark);
    let note = |note: &ItemNote| note_in_words(visit, *note, item.currency, |on| on.to_string());
    let late = item.days_past_due > 0;
    [
        defused(&item.number),
        item.instalment.map(|(at, of)| format!("{at} {} {of}", words.of)).unwrap_or_default(),
        defused(item.purchase_order.as_deref().unwrap_or_default()),
        item.issued_on.to_string(),
        item.due_on.to_string(),
        if late { item.days_past_due.to_string() } else { String::new() },
        item.currency.code().to_owned(),
        amount(item.original_minor),
        amount(item.paid_minor),
        amount(item.open_minor),
        item.notes.iter().map(note).collect::<Vec<_>>().join(", "),
    ]
}

/// A text that no program takes for a formula.
fn defused(text: &str) -> String {
    let begins = |character: char| matches!(character, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n');
    // Some programs look past what is blank.
    if text.trim_start().starts_with(begins) || text.starts_with(begins) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("1001", "1001"),
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@sum(A1)", "'@sum(A1)"),
            ("\t=1", "'\t=1"),
            (" =1", "' =1"),
            ("\r=1", "'\r=1"),
            ("A=1", "A=1"),
            ("", ""),
        ] {
            assert_eq!(defused(text), expected, "{text:?}");
        }
    }
}
