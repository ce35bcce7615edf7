//! The figures of reports: what each is, reckoned exactly from dated facts.
//!
//! Pure: no clock, no I/O, no float. Amounts are minor units; quotients stay quotients until somebody shows them.
//!
//! ```text
//! Facts ─entries_of─▶ Ledger ─replay─▶ Book ─▶ CustomerFigures ─add─▶ Totals ─measures─▶ Figure
//!                                              └─▶ DayFigures (kept)    └─▶ Converted
//! ```
//!
//! | module | answers |
//! |---|---|
//! | [`exact`] | sums, quotients, figures that may be undefined |
//! | [`month`] | calendar months, and days from one to another |
//! | [`entry`], [`ledger`] | what happened to a customer, each fact once |
//! | [`of_facts`] | the same out of what the table knows of a customer |
//! | [`book`] | the ledger replayed: stock of any day, flow of any days |
//! | [`stock`], [`flow`], [`contact_flow`] | what is so, what happened, what was done to reach people |
//! | [`cohort`] | what became of the same money later: roll, cure and at-risk |
//! | [`customer_figures`] | the row of a customer, and the row that a day leaves |
//! | [`steady`] | the same on a later day, where nothing new is known |
//! | [`totals`] | many customers, by group |
//! | [`converted`] | all currencies together |
//! | [`measures`] | the formulas, each with its source |
//! | [`report`] | which reports there are, and their rows |
//! | [`chart`] | charts as SVG, and the tables behind them |
//!
//! What holds of all figures:
//!
//! - Days are days of the tenant's zone. A fact counts on the day of its document.
//! - Each currency by itself, unless it is said that it is converted, at which rates, of which day.
//! - What is open leaves out drafts, what is void and what is written off. What is contested is open.
//! - Unapplied credit is a number of its own and is taken off no bucket.
//! - A customer counts with all its months where it belongs at the end of the day of the report.
//! - What a past day says depends on nothing that happened later. A document that is dated back changes what is reckoned of its day anew, and
//!   no row that was kept of it.
#![warn(missing_docs)]

pub mod book;
pub mod chart;
pub mod cohort;
pub mod contact_flow;
pub mod converted;
pub mod customer_figures;
pub mod entry;
pub mod exact;
pub mod flow;
mod invoice_days;
pub mod ledger;
pub mod measures;
pub mod month;
pub mod of_facts;
pub mod report;
pub mod steady;
pub mod stock;
pub mod tally;
pub mod totals;
mod touches;

pub use book::Book;
pub use contact_flow::ContactFlow;
pub use converted::Converted;
pub use customer_figures::{CustomerFigures, DayFigures};
pub use entry::{LedgerEntry, LedgerFact};
pub use exact::{Figure, Ratio, Sum, Undefined};
pub use flow::Flow;
pub use ledger::Ledger;
pub use month::{Month, Period};
pub use stock::Stock;
pub use tally::Tally;
pub use totals::{GroupBy, Groups, Totals};
