//! A sheet of an XLSX file as lines of cells, with bounds on what it may unfold to.
//!
//! Cells are read one after another, never as the rectangle that the farthest of them spans. Formulas are never evaluated: a cell with one
//! reads as `=`, and nothing is taken from it.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};

use super::table::{COLUMNS_MAX, FileTable, TableBuilder, too_wide};

/// Most that all parts of the file may unfold to together.
const UNFOLDED_MAX: u64 = 300 * 1024 * 1024;
/// Most parts.
const PARTS_MAX: usize = 2_000;
/// Most texts that the sheets of a file share: room for them is made by what the file says, before they are read.
const SHARED_TEXTS_MAX: u64 = 5_000_000;
/// Where it says that.
const SHARED_TEXTS: &[u8] = b"uniqueCount";
/// Days from the day that serial dates count from to that of files that count from 1904.
const DAYS_TO_1904: i64 = 1_462;

/// Reads a sheet, the first where none is named.
///
/// # Errors
///
/// Why it cannot be read, and what to do.
pub fn read(bytes: &[u8], name: Option<&str>) -> Result<FileTable, String> {
    let unreadable = |what: &dyn std::fmt::Display| format!("the file does not read as XLSX ({what}); save it anew, or as CSV");
    let from_1904 = unfold(bytes)?;
    let mut book: Xlsx<Cursor<&[u8]>> = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    let sheets = book.sheet_names();
    let sheet = match name {
        Some(name) => sheets.iter().find(|known| known.as_str() == name),
        None => sheets.first(),
    };
    let sheet = sheet.ok_or_else(|| format!("the file has no such sheet; it has: {}", sheets.join(", ")))?;
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| unreadable(&error))?;
    let mut builder = TableBuilder::default();
    let (mut row, mut line) = (0, Vec::new());
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|error| unreadable(&error))? {
        let (at, column) = cell.pos;
        if at != row {
            builder.add(row + 1, std::mem::take(&mut line))?;
            row = at;
        }
        let text = if cell.formula.is_some() { "=".to_owned() } else { text(&cell.value, from_1904) };
        if text.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= COLUMNS_MAX {
            return Err(too_wide(at + 1, column + 1));
        }
        if line.len() <= column {
            line.resize(column + 1, String::new());
        }
        if let Some(slot) = line.get_mut(column) {
            *slot = text;
        }
    }
    builder.add(row + 1, line)?;
    builder.end()
}

/// Unfolds every part once, counting and keeping nothing, so that a file that unfolds to too much is refused before anybody reads it. Says
/// whether its dates count from 1904.
fn unfold(bytes: &[u8]) -> Result<bool, String> {
    let broken = |error: &dyn std::fmt::Display| format!("the file does not read as XLSX ({error}); save it anew, or as CSV");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > PARTS_MAX {
        return Err(format!("the file has {} parts; an XLSX file of lines has at most {PARTS_MAX}", archive.len()));
    }
    let mut left = UNFOLDED_MAX;
    let mut from_1904 = false;
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| broken(&error))?;
        // Its folder is what the file says it is.
        let is_book = part.name().rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case("workbook.xml"));
        let mut some = vec![0_u8; 64 * 1024];
        let mut beginning = Vec::new();
        let mut seen: Vec<u8> = Vec::new();
        loop {
            let count = part.read(&mut some).map_err(|error| broken(&error))?;
            if count == 0 {
                break;
            }
            left = left.checked_sub(u64::try_from(count).unwrap_or(u64::MAX)).ok_or_else(|| {
                format!(
                    "the file unfolds to more than {} MB; send only the sheet that is meant, as CSV",
                    UNFOLDED_MAX / 1024 / 1024
                )
            })?;
            let fresh = some.get(..count).unwrap_or_default();
            if is_book && beginning.len() < 1024 * 1024 {
                beginning.extend_from_slice(fresh);
            }
            // What was read before stays in view as far as the word and its number may reach.
            seen.drain(..seen.len().saturating_sub(64));
            seen.extend_from_slice(fresh);
            if shared_texts(&seen).is_some_and(|count| count > SHARED_TEXTS_MAX) {
                return Err(format!("the file says that it has more than {SHARED_TEXTS_MAX} texts; save it anew, or as CSV"));
            }
        }
        let text = String::from_utf8_lossy(&beginning);
        from_1904 |= text.contains("date1904=\"1\"") || text.contains("date1904=\"true\"");
    }
    Ok(from_1904)
}

/// The most texts that some bytes say the file's sheets share.
fn shared_texts(bytes: &[u8]) -> Option<u64> {
    let mut most = None;
    let mut rest = bytes;
    while let Some(at) = rest.windows(SHARED_TEXTS.len()).position(|window| window == SHARED_TEXTS) {
        rest = rest.get(at + SHARED_TEXTS.len()..).unwrap_or_default();
        let value = rest.iter().skip_while(|byte| matches!(byte, b'=' | b'"' | b'\'' | b' ' | b'\t' | b'\r' | b'\n'));
        let digits: Vec<u8> = value.take_while(|byte| byte.is_ascii_digit()).take(20).copied().collect();
        let number = String::from_utf8_lossy(&digits).parse::<u64>().unwrap_or(if digits.is_empty() { 0 } else { u64::MAX });
        most = most.max(Some(number));
    }
    most
}

/// A cell as a person would write it.
fn text(value: &DataRef<'_>, from_1904: bool) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => plain(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => day(&plain(moment.as_f64()), from_1904),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A number with as many decimals as it needs, six at most: what a sheet reckons is rarely exact beyond that.
fn plain(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The day of a serial date, as `2026-01-31`.
fn day(serial: &str, from_1904: bool) -> String {
    let days = serial.split('.').next().and_then(|days| days.parse::<i64>().ok());
    let days = days.map(|days| if from_1904 { days + DAYS_TO_1904 } else { days });
    let from = jiff::civil::date(1899, 12, 30);
    let day = days.and_then(|days| from.checked_add(jiff::Span::new().try_days(days).ok()?).ok());
    day.map_or_else(|| serial.to_owned(), |day| day.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn file(rows: &str, padding: usize) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        for (name, text) in [
            (
                "[Content_Types].xml",
                r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#.to_owned(),
            ),
            (
                "_rels/.rels",
                r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned(),
            ),
            (
                "xl/workbook.xml",
                r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Open" sheetId="1" r:id="rId1"/></sheets></workbook>"#.to_owned(),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#.to_owned(),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!(r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#),
            ),
        ] {
            zip.start_file(name, options).expect("a part");
            zip.write_all(text.as_bytes()).expect("it is written");
        }
        if padding > 0 {
            zip.start_file("xl/media/zeros.bin", options).expect("a part");
            let zeros = vec![0_u8; 1024 * 1024];
            for _ in 0..padding {
                zip.write_all(&zeros).expect("it is written");
            }
        }
        zip.finish().expect("it is closed").into_inner()
    }

    const ROWS: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Nr</t></is></c><c r="B1" t="inlineStr"><is><t>Total</t></is></c></row>
        <row r="3"><c r="A3"><v>7</v></c><c r="B3"><v>1250.4999999999998</v></c></row>
        <row r="4"><c r="A4"><v>8</v></c><c r="B4"><f>B3*2</f><v>2501</v></c></row>"#;

    #[test]
    fn a_sheet_reads_as_lines() {
        let table = read(&file(ROWS, 0), None).expect("it reads");
        assert_eq!(table.headings, ["Nr", "Total"]);
        let cells: Vec<(u32, &[String])> = table.lines.iter().map(|line| (line.number, line.cells.as_slice())).collect();
        assert_eq!(cells, [(3, &["7".to_owned(), "1250.5".to_owned()][..]), (4, &["8".to_owned(), "=".to_owned()][..])]);
        assert!(read(&file(ROWS, 0), Some("Closed")).expect_err("no such sheet").contains("it has: Open"));
    }

    #[test]
    fn a_file_that_unfolds_to_too_much_is_refused() {
        let bomb = file(ROWS, 301);
        assert!(bomb.len() < 2 * 1024 * 1024, "{} bytes", bomb.len());
        assert!(read(&bomb, None).expect_err("too much").contains("300 MB"));
    }

    #[test]
    fn a_cell_far_out_is_no_rectangle() {
        let far = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Nr</t></is></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
        assert!(read(&file(far, 0), None).expect_err("too wide").contains("at most 200"));
    }

    #[test]
    fn a_number_of_texts_that_nobody_has_is_seen() {
        for (text, expected) in [
            ("<sst count=\"3\" uniqueCount=\"2\">", Some(2)),
            ("<sst uniqueCount = '99999999999999999999999'>", Some(u64::MAX)),
            ("<sst>", None),
        ] {
            assert_eq!(shared_texts(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn serial_dates_are_days() {
        assert_eq!(day("46053", false), "2026-01-31");
        assert_eq!(day("46053.75", false), "2026-01-31");
        assert_eq!(day("44591", true), "2026-01-31");
    }
}
