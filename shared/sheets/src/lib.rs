//! Reports as files for people: the words of their columns, CSV and XLSX.
//!
//! Pure: a report that `service` answered goes in, text or bytes come out. Nothing is reckoned here.
//!
//! | module | has |
//! |---|---|
//! | [`words`] | what reports and their columns are called |
//! | [`cells`] | a value of a report as the digits that it has |
//! | [`lines`] | a report as CSV, with the columns of the API |
//! | [`weekly`], [`weekly_words`] | the weekly mail with reports, in eight languages |
//! | [`workbook`] | a report as XLSX: numbers as numbers, days as days, texts as texts |
#![warn(missing_docs)]

pub mod cells;
pub mod lines;
pub mod weekly;
pub mod weekly_words;
pub mod words;
pub mod workbook;
