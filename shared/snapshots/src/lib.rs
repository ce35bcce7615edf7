//! What a day leaves of the figures of customers, as Parquet: for engines that read files, such as Athena and DuckDB.
//!
//! Pure: rows go in, bytes come out. Whoever puts them into the bucket names them by [`SnapshotTable::key`].
//!
//! | module | has |
//! |---|---|
//! | [`tables`] | which tables there are, their columns, and where their files lie |
//! | [`part`] | rows of some customers, and their files |
//! | `rows` | what a part holds until it is written |
//! | `write` | a table's rows as the bytes of a file |
//!
//! What holds of all files:
//!
//! - The same rows in the same order give the same bytes. A part that is written again replaces itself.
//! - Amounts are minor units and whole numbers of 64 bits. There are no floats, and no column may be absent.
//! - The day and the tenant are in the key and in no column: engines take them for columns of their own.
//!
//! `docs/snapshots.md` says what each column means. A test holds the two together.
#![warn(missing_docs)]

pub mod part;
mod rows;
pub mod tables;
mod write;

pub use part::{SnapshotFile, SnapshotPart};
pub use rows::SnapshotError;
pub use tables::SnapshotTable;
