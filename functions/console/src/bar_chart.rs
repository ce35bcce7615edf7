//! Bars by day, as the server draws them: whole pixels, an axis from zero, and the same numbers as a table.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use serde::Serialize;

/// Pixels of the drawing: what stands left of it, its height, what stands above, and what stands below.
const LEFT: u64 = 48;
const HEIGHT: u64 = 160;
const ABOVE: u64 = 12;
const BELOW: u64 = 28;
/// How wide the bars of a few days are drawn in all, and the least that one takes.
const WIDTH: u64 = 1_080;
const DAY_MIN: u64 = 6;
/// Most days between two that are named below the axis: one name needs some 84 pixels.
const NAME_WIDTH: u64 = 84;
/// Most days that are drawn.
const DAYS_MAX: usize = 400;

/// What a chart shows: by day, how many of each kind.
pub(crate) type ByDay = BTreeMap<Date, BTreeMap<String, u64>>;

/// A part of a bar: a rectangle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct BarView {
    x: u64,
    y: u64,
    width: u64,
    height: u64,
    /// Which kind, from 0.
    kind: usize,
}

/// A place on an axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct TickView {
    at: u64,
    label: String,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct DayRow {
    day: String,
    counts: Vec<u64>,
    total: u64,
}

/// A chart as the template draws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BarChart {
    width: u64,
    height: u64,
    left: u64,
    bottom: u64,
    right: u64,
    bars: Vec<BarView>,
    amounts: Vec<TickView>,
    days: Vec<TickView>,
    /// The kinds, in the order of their numbers.
    kinds: Vec<String>,
    rows: Vec<DayRow>,
    /// All of it.
    total: u64,
}

/// The most of one day.
pub(crate) fn most(of: &ByDay) -> u64 {
    of.values().map(|kinds| kinds.values().sum::<u64>()).max().unwrap_or(0)
}

/// The kinds of several charts that are drawn alike.
pub(crate) fn kinds_of(all: &[&ByDay]) -> Vec<String> {
    let found: std::collections::BTreeSet<&String> =
        all.iter().flat_map(|of| of.values()).flat_map(|kinds| kinds.keys()).collect();
    found.into_iter().cloned().collect()
}

/// Draws the days from one to another, both among them, with an axis up to `top`, which two charts beside each other share.
pub(crate) fn draw(of: &ByDay, kinds: &[String], (from, to): (Date, Date), top: u64, named: impl Fn(Date) -> String) -> BarChart {
    let days: Vec<Date> = from.series(1.day()).take_while(|day| *day <= to).take(DAYS_MAX).collect();
    let count = u64::try_from(days.len()).unwrap_or(u64::MAX).max(1);
    let slot = (WIDTH / count).max(DAY_MIN);
    let (top, bottom) = (round_up(top), ABOVE + HEIGHT);
    let (mut bars, mut rows, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let every = (NAME_WIDTH / slot).max(1);
    let nothing = BTreeMap::new();
    for (at, day) in (0_u64..).zip(&days) {
        let own = of.get(day).unwrap_or(&nothing);
        let counts: Vec<u64> = kinds.iter().map(|kind| own.get(kind).copied().unwrap_or(0)).collect();
        let x = LEFT + at * slot;
        let (mut sum, mut above) = (0_u64, bottom);
        for (kind, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            sum += count;
            // By the sum, so that what is rounded does not add up. Something is seen of each.
            let y = bottom.saturating_sub(sum.saturating_mul(HEIGHT) / top).min(above.saturating_sub(1));
            bars.push(BarView { x, y, width: slot - 1, height: above - y, kind });
            above = y;
        }
        if at % every == 0 {
            names.push(TickView { at: x, label: named(*day) });
        }
        if sum > 0 {
            rows.push(DayRow { day: named(*day), counts, total: sum });
        }
    }
    let total = rows.iter().map(|row| row.total).sum();
    let amounts = [0, top / 2, top].map(|amount| TickView { at: bottom - amount * HEIGHT / top, label: amount.to_string() });
    let mut amounts = amounts.to_vec();
    amounts.dedup();
    let right = LEFT + slot * count;
    let (width, height) = (right + NAME_WIDTH, bottom + BELOW);
    BarChart { width, height, left: LEFT, bottom, right, bars, amounts, days: names, kinds: kinds.to_vec(), rows, total }
}

/// The next of 2, 4, 10, 20, 40, 100 and so on: half of it is whole.
fn round_up(most: u64) -> u64 {
    let mut ten = 1_u64;
    loop {
        for step in [2, 4, 10] {
            if step * ten >= most {
                return step * ten;
            }
        }
        ten = ten.saturating_mul(10);
        if ten >= u64::MAX / 100 {
            return u64::MAX / 100;
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn bars_stand_on_zero_and_stack() {
        let of: ByDay = BTreeMap::from([
            (date(2026, 2, 1), BTreeMap::from([("email".to_owned(), 3), ("sms".to_owned(), 1)])),
            (date(2026, 2, 3), BTreeMap::from([("email".to_owned(), 1)])),
        ]);
        let kinds = kinds_of(&[&of]);
        assert_eq!((kinds.join(" ").as_str(), most(&of)), ("email sms", 4));
        let chart = draw(&of, &kinds, (date(2026, 2, 1), date(2026, 2, 4)), most(&of), |day| day.to_string());
        let found: Vec<(u64, u64, u64, usize)> = chart.bars.iter().map(|bar| (bar.x, bar.y, bar.height, bar.kind)).collect();
        assert_eq!(found, [(48, 52, 120, 0), (48, 12, 40, 1), (588, 132, 40, 0)]);
        assert_eq!((chart.total, chart.rows.len(), chart.days.len()), (5, 2, 4));
        let axis: Vec<(u64, &str)> = chart.amounts.iter().map(|tick| (tick.at, tick.label.as_str())).collect();
        assert_eq!(axis, [(172, "0"), (92, "2"), (12, "4")]);
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (most, expected) in [(0, 2), (2, 2), (3, 4), (5, 10), (11, 20), (41, 100), (1_001, 2_000)] {
            assert_eq!(round_up(most), expected, "{most}");
        }
        assert!(round_up(u64::MAX) > 0);
    }

    #[test]
    fn days_without_anything_are_an_empty_axis() {
        let chart = draw(&ByDay::new(), &[], (date(2026, 2, 1), date(2026, 2, 1)), 0, |day| day.to_string());
        assert!(chart.bars.is_empty() && chart.rows.is_empty() && chart.total == 0);
        let backwards = draw(&ByDay::new(), &[], (date(2026, 2, 2), date(2026, 2, 1)), 0, |day| day.to_string());
        assert!(backwards.days.is_empty());
    }
}
