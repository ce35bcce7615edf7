//! What reports are made of: a customer's ledger out of its facts, its figures as they are kept, totals of a day, and how far the walk over
//! all customers has come.

mod changed;
mod day_totals;
mod figures_of;
mod kept_figures;
mod ledger_facts;
mod mailed;
mod place;

pub use figures_of::CustomerBooks;
pub use kept_figures::{FiguresPage, KeptFigures};
pub use place::{ReportsPlace, ReportsStep};
