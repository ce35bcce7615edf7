//! A file as a table, whatever it is: CSV in any common encoding, or a sheet.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{
    sheet,
    table::{COLUMNS_MAX, FileTable, TableBuilder, too_wide},
};

/// Reads a file. `sheet` names the sheet that is meant, where there are several.
///
/// # Errors
///
/// Why it cannot be read, and what to do.
pub fn read(bytes: &[u8], sheet_name: Option<&str>) -> Result<FileTable, String> {
    if bytes.starts_with(b"PK\x03\x04") {
        return sheet::read(bytes, sheet_name);
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(
            "the file is an Excel file of the old form, or has a password; save it as .xlsx without one, or as CSV".to_owned()
        );
    }
    csv(&text(bytes)?)
}

/// The encoding of a text: what its first bytes say, UTF-8 where it is that, else by where its zeros lie, else that of Windows.
fn encoding(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    let beginning = bytes.get(..bytes.len().min(400)).unwrap_or_default();
    let zeros = |at: usize| beginning.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count() * 4 > beginning.len();
    if zeros(1) {
        UTF_16LE
    } else if zeros(0) {
        UTF_16BE
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    let (text, used, is_broken) = encoding(bytes).decode(bytes);
    if is_broken {
        return Err(format!("the file is not all in {}; save it as CSV in UTF-8", used.name()));
    }
    if text.contains('\0') {
        return Err("the file is no text; save it as CSV in UTF-8, or as .xlsx".to_owned());
    }
    Ok(text.into_owned())
}

/// What stands between the cells: whatever the first line has most of, outside quotes.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in first.bytes() {
        if byte == b'"' {
            is_quoted = !is_quoted;
        }
        for (delimiter, count) in &mut counts {
            *count += usize::from(!is_quoted && byte == *delimiter);
        }
    }
    // The first of equals is meant: commas, where there is only one column.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

/// The numbers of the lines at which records begin. By hand instead of by the reader's position: that is where the record before ended, before
/// the rest of its line's end and before empty lines.
struct LineNumbers<'t> {
    bytes: &'t [u8],
    /// How far the lines are counted.
    at: usize,
    number: u32,
}

impl<'t> LineNumbers<'t> {
    fn new(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, number: 1 }
    }

    /// The number of the first line after `byte` that is not empty.
    fn after(&mut self, byte: usize) -> u32 {
        let rest = self.bytes.get(byte..).unwrap_or_default();
        let begins = byte + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.bytes.get(self.at..begins).unwrap_or_default();
        let following = passed.iter().skip(1).map(Some).chain([None]);
        let ends = passed.iter().zip(following).filter(|(byte, next)| match **byte {
            b'\n' => true,
            b'\r' => *next != Some(&b'\n'),
            _ => false,
        });
        self.number = self.number.saturating_add(u32::try_from(ends.count()).unwrap_or(u32::MAX));
        self.at = begins;
        self.number
    }
}

fn csv(text: &str) -> Result<FileTable, String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter(text)).from_reader(text.as_bytes());
    let mut builder = TableBuilder::default();
    let mut record = csv::StringRecord::new();
    let mut numbers = LineNumbers::new(text);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(format!("the file does not read as CSV: {error}")),
        }
        let byte = record.position().map_or(0, csv::Position::byte);
        let number = numbers.after(usize::try_from(byte).unwrap_or(usize::MAX));
        if record.len() > COLUMNS_MAX && record.iter().skip(COLUMNS_MAX).any(|cell| !cell.trim().is_empty()) {
            return Err(too_wide(number, record.len()));
        }
        builder.add(number, record.iter().take(COLUMNS_MAX).map(str::to_owned).collect())?;
    }
    builder.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(table: &FileTable) -> Vec<Vec<&str>> {
        table.lines.iter().map(|line| line.cells.iter().map(String::as_str).collect()).collect()
    }

    #[test]
    fn a_file_reads_in_any_common_encoding() {
        let text = "Nr;Name\r\n1;\"Müller; Söhne\"\r\n\r\n2;Ångström\r\n";
        let utf16 = |big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin 1")).collect();
        let marked = |mark: &[u8], body: Vec<u8>| [mark.to_vec(), body].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            marked(&[0xEF, 0xBB, 0xBF], text.as_bytes().to_vec()),
            utf16(false),
            utf16(true),
            marked(&[0xFF, 0xFE], utf16(false)),
            marked(&[0xFE, 0xFF], utf16(true)),
            latin,
        ] {
            let table = read(&bytes, None).expect("it reads");
            assert_eq!(table.headings, ["Nr", "Name"]);
            assert_eq!(cells(&table), [["1", "Müller; Söhne"], ["2", "Ångström"]]);
            assert_eq!(table.lines[1].number, 4);
        }
    }

    #[test]
    fn a_line_has_the_number_that_an_editor_shows() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["", "a,b", "1,2", "", "", "3,\"x", "y\"", "5,6"].join(end);
            let table = read(text.as_bytes(), None).expect("it reads");
            let numbers: Vec<u32> = table.lines.iter().map(|line| line.number).collect();
            assert_eq!(numbers, [3, 6, 8], "{end:?}");
        }
    }

    #[test]
    fn what_is_too_much_or_no_table_is_refused() {
        let wide = format!("a{}\n1\n", ",b".repeat(1_000_000));
        assert!(read(wide.as_bytes(), None).expect_err("too wide").contains("at most 200"));
        assert!(read(b"a,b\n", None).expect_err("no lines").contains("no lines below"));
        assert!(read(b"", None).is_err());
        assert!(read(&[0xD0, 0xCF, 0x11, 0xE0, 0, 0], None).expect_err("old").contains("old form"));
        let long = format!("a\n{}\n", "x".repeat(5_000));
        assert!(read(long.as_bytes(), None).expect_err("long").contains("line 2, column 1"));
        // A formula is a text like any other.
        let table = read(b"a,b\n=1+1,@SUM(A1)\n", None).expect("it reads");
        assert_eq!(cells(&table), [["=1+1", "@SUM(A1)"]]);
    }
}
