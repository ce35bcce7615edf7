//! A chart as it is described: its values, and everything that it says in words.

use super::numbers::NumberForm;

/// Most labels along the bottom of bars, and most series. More are left out of the drawing, and are in the table.
pub const BARS_MAX: usize = 40;
/// Most series of a chart.
pub const SERIES_MAX: usize = 6;
/// Most points of a line.
pub const POINTS_MAX: usize = 800;

/// How a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartKind {
    /// A bar for each label and series, side by side.
    Bars,
    /// A bar for each label, of the series on top of each other: what is below zero hangs below it.
    Stacked,
    /// A line for each series. What is not defined is a gap.
    Lines,
}

/// One row of values, such as an aging bucket or a way to reckon the DSO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartSeries {
    /// What it is called in the legend.
    pub name: String,
    /// A value for each label, times 10^digits; `None` where it is not defined.
    pub values: Vec<Option<i128>>,
}

/// A chart, with everything that it says in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// What its ids begin with: unique on a page.
    pub id: String,
    /// How it is drawn.
    pub kind: ChartKind,
    /// What it shows.
    pub title: String,
    /// The same for whoever cannot see it, with what is to be noticed.
    pub description: String,
    /// What the values are: `EUR`, `days`, `%`.
    pub unit: String,
    /// What the labels are: `Month`.
    pub label_name: String,
    /// What is said where a value is not defined, and where there is none at all.
    pub undefined: String,
    /// How many of the digits of values are behind the point.
    pub digits: u8,
    /// How numbers are written.
    pub numbers: NumberForm,
    /// What stands below each value: a month, a customer.
    pub labels: Vec<String>,
    /// Where each label leads: what its values are made of. Empty where it leads nowhere.
    pub links: Vec<String>,
    /// The values.
    pub series: Vec<ChartSeries>,
}

/// A chart's values as a table: the heading of each column, and rows of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartTable {
    /// The headings: that of the labels, then the series with the unit.
    pub head: Vec<String>,
    /// A row for each label.
    pub rows: Vec<Vec<String>>,
}

impl Chart {
    /// The table that says what the chart shows, all of it.
    pub fn table(&self) -> ChartTable {
        let head = std::iter::once(self.label_name.clone())
            .chain(self.series.iter().map(|series| format!("{} ({})", series.name, self.unit)))
            .collect();
        let rows = self.labels.iter().enumerate().map(|(at, label)| {
            let values = self.series.iter().map(|series| self.shown(series.values.get(at).copied().flatten()));
            std::iter::once(label.clone()).chain(values).collect()
        });
        ChartTable { head, rows: rows.collect() }
    }

    /// A value in words.
    pub(super) fn shown(&self, value: Option<i128>) -> String {
        value.map_or_else(|| self.undefined.clone(), |value| self.numbers.write(value, self.digits))
    }
}
