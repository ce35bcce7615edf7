//! Charts as SVG: bars, stacked bars and lines, each with axes, units, a line at zero, a title and a description for screen readers, and the
//! table that says the same in numbers.
//!
//! No scripts, no styles and no fonts of its own: presentation attributes alone, so that a strict policy of a page takes it. Text and axes are
//! of the page's own colour (`currentColor`), so that it shows on light and on dark. Nothing is told by colour alone: stacked parts have their
//! order and their legend, lines have marks and dashes of their own.
//!
//! Places are whole numbers of a tenth of a pixel.

mod axis;
mod described;
mod draw;
mod marks;
mod numbers;
mod palette;

pub use described::{BARS_MAX, Chart, ChartKind, ChartSeries, ChartTable, POINTS_MAX, SERIES_MAX};
pub use numbers::NumberForm;
