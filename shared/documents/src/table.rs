//! A table cut into pages: its titles are on each of them, and a row is on one.

use crate::{
    flow::{BODY, Flow, GREY, HAIR, LABEL, MARGIN, SMALL, STRONG, Side, TITLE},
    fonts::{clean, width},
    lines::lines,
    page::{DocumentRole, NodeAt, TextStyle},
    sheet::{SheetColumn, SheetRow, SheetTable},
};

/// Between columns.
const GAP: i32 = 20_000;
/// Above and below the text of a row.
const PAD: i32 = 3_600;
/// The least that the first column has.
const FIRST_MIN: i32 = 96_000;
/// The most lines of a cell: what is longer ends in an ellipsis.
const LINES_MAX: usize = 4;
/// Characters by which a cell's width is judged.
const JUDGED: usize = 60;

/// Where a column begins, and how wide it is.
#[derive(Clone, Copy, Debug)]
struct Track {
    x: i32,
    width: i32,
}

/// A row, cut into lines.
struct CutRow {
    cells: Vec<Vec<String>>,
    note: Vec<String>,
    height: i32,
}

/// Writes a table below its title.
pub(crate) fn table(flow: &mut Flow, table: &SheetTable, level: u16) {
    let tracks = tracks(table, flow.room());
    let titles = cut(
        &SheetRow { cells: table.columns.iter().map(|column| column.title.clone()).collect(), note: String::new() },
        &tracks,
        LABEL,
    );
    flow.heading(&table.title, level, TITLE, titles.height + 3 * BODY.leading);
    flow.y += 2_000;
    let of_table = flow.add(DocumentRole::Table(clean(&table.title, 200)), None);
    let head = flow.add(DocumentRole::Head, Some(of_table));
    write_titles(flow, &titles, &tracks, &table.columns, Some(head));
    let body = flow.add(DocumentRole::Body, Some(of_table));
    for row in &table.rows {
        let cut = cut(row, &tracks, BODY);
        if flow.need(cut.height) {
            // Whoever hears the table has heard its titles.
            write_titles(flow, &titles, &tracks, &table.columns, None);
        }
        write_row(flow, &cut, &tracks, &table.columns, body);
    }
    if let Some((label, value)) = &table.total {
        let foot = flow.add(DocumentRole::Foot, Some(of_table));
        write_total(flow, (label, value), foot);
    }
    flow.y += 14_000;
}

/// How wide the columns are: all but the first as wide as what they hold, the first what is left.
fn tracks(table: &SheetTable, room: i32) -> Vec<Track> {
    let natural = |at: usize, column: &SheetColumn| {
        let titled = width(&clean(&column.title, JUDGED), LABEL.weight, LABEL.size);
        let cells = table.rows.iter().filter_map(|row| row.cells.get(at));
        cells.map(|cell| width(&clean(cell, JUDGED), STRONG.weight, BODY.size)).fold(titled, i32::max) + GAP
    };
    let mut widths: Vec<i32> = table.columns.iter().enumerate().skip(1).map(|(at, column)| natural(at, column)).collect();
    let (wanted, most) = (widths.iter().sum::<i32>().max(1), room - FIRST_MIN);
    if wanted > most {
        let narrowed = |width: &i32| i32::try_from(i64::from(*width) * i64::from(most) / i64::from(wanted)).unwrap_or(0);
        widths = widths.iter().map(narrowed).collect();
    }
    let first = room - widths.iter().sum::<i32>();
    let mut x = MARGIN;
    let track = |width: i32| {
        let track = Track { x, width };
        x += width;
        track
    };
    std::iter::once(first).chain(widths).map(track).collect()
}

/// The room for text in a column: the gap is before each but the first.
fn inside(track: Track) -> (i32, i32) {
    if track.x == MARGIN { (track.x, track.width) } else { (track.x + GAP, track.width - GAP) }
}

fn cut(row: &SheetRow, tracks: &[Track], style: TextStyle) -> CutRow {
    let cells: Vec<Vec<String>> = row
        .cells
        .iter()
        .zip(tracks)
        .map(|(cell, track)| lines(cell, (style.weight, style.size), inside(*track).1.max(1), LINES_MAX))
        .collect();
    let first = tracks.first().map_or(1, |track| inside(*track).1.max(1));
    let note = if row.note.is_empty() { Vec::new() } else { lines(&row.note, (SMALL.weight, SMALL.size), first, 2) };
    let high =
        |lines: &Vec<String>, style: TextStyle| i32::try_from(lines.len()).unwrap_or(i32::MAX).saturating_mul(style.leading);
    let first = cells.first().map_or(0, |cell| high(cell, style)) + high(&note, SMALL);
    let height = cells.iter().map(|cell| high(cell, style)).fold(first, i32::max) + 2 * PAD;
    CutRow { cells, note, height }
}

/// The titles of the columns; decoration where they are repeated.
fn write_titles(flow: &mut Flow, titles: &CutRow, tracks: &[Track], columns: &[SheetColumn], head: Option<NodeAt>) {
    let row = head.map(|head| flow.add(DocumentRole::Row, Some(head)));
    for ((cell, track), column) in titles.cells.iter().zip(tracks).zip(columns) {
        let of = row.map(|row| flow.add(DocumentRole::ColumnTitle, Some(row)));
        let (x, room) = inside(*track);
        flow.text_lines(of, cell, LABEL, (x, flow.y + PAD, room), side(column));
    }
    flow.y += titles.height;
    flow.line(flow.y, GREY);
}

fn write_row(flow: &mut Flow, cut: &CutRow, tracks: &[Track], columns: &[SheetColumn], body: NodeAt) {
    let row = flow.add(DocumentRole::Row, Some(body));
    for (at, ((cell, track), column)) in cut.cells.iter().zip(tracks).zip(columns).enumerate() {
        let of = flow.add(if at == 0 { DocumentRole::RowTitle } else { DocumentRole::Cell }, Some(row));
        let (x, room) = inside(*track);
        let style = if at == 0 || at + 1 == columns.len() { TextStyle { weight: STRONG.weight, ..BODY } } else { BODY };
        let used = flow.text_lines(Some(of), cell, style, (x, flow.y + PAD, room), side(column));
        if at == 0 {
            flow.text_lines(Some(of), &cut.note, SMALL, (x, flow.y + PAD + used, room), Side::Left);
        }
    }
    flow.y += cut.height;
    flow.line(flow.y, HAIR);
}

/// The last row: what it is, and the sum.
fn write_total(flow: &mut Flow, (label, value): (&str, &str), foot: NodeAt) {
    flow.need(STRONG.leading + 2 * PAD);
    let row = flow.add(DocumentRole::Row, Some(foot));
    let (label, value) = (clean(label, 60), clean(value, 80));
    let at = (MARGIN, flow.y + PAD, flow.room());
    let of = flow.add(DocumentRole::RowTitle, Some(row));
    flow.text_line(Some(of), &label, STRONG, at, Side::Left);
    let of = flow.add(DocumentRole::Cell, Some(row));
    flow.text_line(Some(of), &value, STRONG, at, Side::Right);
    flow.y += STRONG.leading + 2 * PAD;
}

fn side(column: &SheetColumn) -> Side {
    if column.is_right { Side::Right } else { Side::Left }
}
