//! A report as a table for a spreadsheet: a line of names, then a line each row. API and console give the same.

use figures::report::ReportValue;
use service::reports::AnsweredReport;

/// The table, as RFC 4180 has it: amounts in minor units, quotients rounded, what is not defined empty.
pub fn csv(report: &AnsweredReport) -> String {
    let mut names = vec![report.by.as_str().to_owned(), "name".to_owned(), "currency".to_owned(), "part".to_owned()];
    names.extend(report.columns.iter().map(|column| column.name.to_owned()));
    let mut lines = vec![line(&names)];
    for row in &report.rows {
        let currency = row.currency.map(|currency| currency.code().to_owned()).unwrap_or_default();
        let mut cells = vec![defused(&row.group), defused(&row.called), currency, defused(&row.part)];
        cells.extend(row.cells.iter().map(|cell| match cell.value {
            ReportValue::Whole(sum) => sum.to_string(),
            ReportValue::Figure(figure) => figure.exact().map(|ratio| ratio.rounded(cell.unit.digits())).unwrap_or_default(),
        }));
        lines.push(line(&cells));
    }
    lines.concat()
}

fn line(cells: &[String]) -> String {
    let quoted = |cell: &String| {
        let needs = cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ');
        if needs { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    format!("{}\r\n", cells.iter().map(quoted).collect::<Vec<_>>().join(","))
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
    fn no_text_is_a_formula_and_none_breaks_a_line() {
        for (text, expected) in [
            ("Müller AG", "Müller AG"),
            ("=1+1", "'=1+1"),
            (" @sum(A1)", "' @sum(A1)"),
            ("-1", "'-1"),
            ("a, \"b\"", "\"a, \"\"b\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("", ""),
        ] {
            assert_eq!(line(&[defused(text)]), format!("{expected}\r\n"), "{text:?}");
        }
    }
}
