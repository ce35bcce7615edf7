//! Rows of a table, by column, and why there may be none.

use figures::Sum;

use crate::tables::SnapshotTable;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A number of a customer does not fit into the 64 bits of its column.
    #[error("{column} of the customer {customer} does not fit into 64 bits: correct the amounts of its invoices at their source")]
    TooLarge {
        /// The column.
        column: &'static str,
        /// Whose.
        customer: String,
    },
    /// The writer of Parquet gave up.
    #[error("the file cannot be written as Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
}

/// Rows of a table, by column.
#[derive(Debug)]
pub(crate) struct TableRows {
    pub(crate) table: SnapshotTable,
    pub(crate) texts: Vec<Vec<String>>,
    pub(crate) numbers: Vec<Vec<i64>>,
}

impl TableRows {
    pub(crate) fn none(table: SnapshotTable) -> Self {
        Self {
            table,
            texts: table.texts().iter().map(|_| Vec::new()).collect(),
            numbers: table.numbers().iter().map(|_| Vec::new()).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.first().map_or(0, Vec::len)
    }

    pub(crate) fn add(&mut self, texts: &[&str], numbers: &[Sum]) -> Result<(), SnapshotError> {
        // All of a row is looked at before any of it is entered.
        let fit = numbers.iter().zip(self.table.numbers()).map(|(number, column)| {
            let too_large =
                || SnapshotError::TooLarge { column, customer: texts.first().copied().unwrap_or_default().to_owned() };
            number.minor().ok_or_else(too_large)
        });
        let fit = fit.collect::<Result<Vec<i64>, _>>()?;
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.push((*text).to_owned());
        }
        for (column, number) in self.numbers.iter_mut().zip(fit) {
            column.push(number);
        }
        Ok(())
    }
}
