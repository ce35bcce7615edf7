//! A file as lines of cells.

/// Most lines.
pub const LINES_MAX: usize = 200_000;
/// Most columns.
pub const COLUMNS_MAX: usize = 200;
/// Most characters of a cell.
const CELL_MAX: usize = 4_000;

/// A file as lines of cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTable {
    /// The headings, as they stand.
    pub headings: Vec<String>,
    /// The lines below them.
    pub lines: Vec<TableLine>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLine {
    /// Its number in the file, from 1, the headings counted.
    pub number: u32,
    /// Its cells, as they stand; those at the end may be missing.
    pub cells: Vec<String>,
}

/// Why a line that is too wide is refused.
pub(super) fn too_wide(line: u32, columns: usize) -> String {
    format!("line {line} has {columns} columns; a file has at most {COLUMNS_MAX}: leave out what is not needed")
}

/// A table in the making.
#[derive(Debug, Default)]
pub(super) struct TableBuilder {
    table: FileTable,
}

impl TableBuilder {
    /// Adds a line. Empty ones are passed over; the first other one holds the headings.
    pub(super) fn add(&mut self, number: u32, cells: Vec<String>) -> Result<(), String> {
        let cells: Vec<String> = cells.into_iter().map(|cell| cell.trim().to_owned()).collect();
        if cells.iter().all(String::is_empty) {
            return Ok(());
        }
        if let Some(at) = cells.iter().position(|cell| cell.chars().count() > CELL_MAX) {
            return Err(format!("line {number}, column {}: a cell has at most {CELL_MAX} characters", at + 1));
        }
        if self.table.headings.is_empty() {
            self.table.headings = cells;
            return Ok(());
        }
        if self.table.lines.len() == LINES_MAX {
            return Err(format!("the file has more than {LINES_MAX} lines; send it in parts"));
        }
        self.table.lines.push(TableLine { number, cells });
        Ok(())
    }

    pub(super) fn end(self) -> Result<FileTable, String> {
        if self.table.lines.is_empty() {
            return Err("the file has no lines below its headings".to_owned());
        }
        Ok(self.table)
    }
}
