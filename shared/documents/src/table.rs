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

/// What room a column asks for, and the least in which no word of it is broken. An amount is one word: its spaces do not break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    wanted: i32,
    least: i32,
}

impl Wish {
    /// For all that stands in a column.
    fn of<'t>(texts: impl Iterator<Item = (&'t str, TextStyle)>) -> Self {
        let wide = |text: &str, style: TextStyle| width(text, style.weight, style.size);
        texts.fold(Self { wanted: 0, least: 0 }, |wish, (text, style)| {
            let text = clean(text, JUDGED);
            let word = text.split(' ').map(|word| wide(word, style)).fold(0, i32::max);
            Self { wanted: wish.wanted.max(wide(&text, style)), least: wish.least.max(word) }
        })
    }
}

/// How wide the columns are: all but the first as wide as what they hold, the first what is left.
fn tracks(table: &SheetTable, room: i32) -> Vec<Track> {
    let cells = |at: usize| table.rows.iter().filter_map(move |row| row.cells.get(at)).map(|cell| (cell.as_str(), STRONG));
    let wish = |at: usize| {
        let column = &table.columns[at];
        let Wish { wanted, least } = Wish::of(std::iter::once((column.title.as_str(), LABEL)).chain(cells(at)));
        Wish { wanted: wanted.saturating_add(GAP), least: least.saturating_add(GAP) }
    };
    let wishes: Vec<Wish> = (1..table.columns.len()).map(wish).collect();
    let notes = table.rows.iter().map(|row| (row.note.as_str(), SMALL));
    let of_first = Wish::of(cells(0).chain(notes)).wanted.min(FIRST_MIN);
    let widths = shared_out(&wishes, room - of_first);
    let first = room - widths.iter().sum::<i32>();
    let mut x = MARGIN;
    let track = |width: i32| {
        let track = Track { x, width };
        x += width;
        track
    };
    std::iter::once(first).chain(widths).map(track).collect()
}

/// So much room for each of some columns: what it asks for, where there is room for that. Else columns of several words are narrowed, before any word is broken.
fn shared_out(wishes: &[Wish], room: i32) -> Vec<i32> {
    let sum = |of: fn(&Wish) -> i32| wishes.iter().map(of).fold(0_i32, i32::saturating_add);
    let (wanted, least) = (sum(|wish| wish.wanted), sum(|wish| wish.least));
    let part =
        |width: i32, of: i32, all: i32| i32::try_from(i64::from(width) * i64::from(of) / i64::from(all.max(1))).unwrap_or(0);
    let share = |wish: &Wish| {
        if wanted <= room {
            wish.wanted
        } else if least <= room {
            wish.least + part(wish.wanted - wish.least, room - least, wanted - least)
        } else {
            part(wish.wanted, room, wanted)
        }
    };
    wishes.iter().map(share).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_amount_is_broken_while_a_date_can_be() {
        let date = Wish { wanted: 80, least: 60 };
        let amount = Wish { wanted: 90, least: 90 };
        for (room, expected) in [
            (400, vec![80, 80, 90, 90]),
            (340, vec![80, 80, 90, 90]),
            (320, vec![70, 70, 90, 90]),
            (300, vec![60, 60, 90, 90]),
            // Nothing fits: all give way alike.
            (170, vec![40, 40, 45, 45]),
        ] {
            assert_eq!(shared_out(&[date, date, amount, amount], room), expected, "{room}");
        }
        assert!(shared_out(&[], 100).is_empty());
    }

    #[test]
    fn the_words_of_an_amount_are_one() {
        let [date, amount] = ["4. Januar 2026", "12.345.678,90\u{a0}€"].map(|text| Wish::of([(text, BODY)].into_iter()));
        assert!(date.least < date.wanted && amount.least == amount.wanted, "{date:?} {amount:?}");
    }

    #[test]
    fn a_long_statement_of_large_amounts_has_each_on_one_line() {
        let row = |amounts: [&str; 3]| SheetRow {
            cells: ["P-3", "4. Januar 2026", "4. Februar 2026"].into_iter().chain(amounts).map(str::to_owned).collect(),
            note: "Gutgeschrieben: 678,90\u{a0}€".to_owned(),
        };
        let titles = ["Rechnung", "Ausgestellt", "Fällig", "Betrag", "Bezahlt", "Offen"];
        let columns = titles.map(SheetColumn::left).into_iter().collect();
        let rows = vec![
            row(["12.345.678,90\u{a0}€", "–", "12.345.000,00\u{a0}€"]),
            row(["1.250,00\u{a0}€", "250,00\u{a0}€", "1.000,00\u{a0}€"]),
        ];
        let table = SheetTable { title: "Überfällig".to_owned(), columns, rows, total: None };
        // A4 between its margins.
        let tracks = tracks(&table, 595_000 - 2 * MARGIN);
        for row in &table.rows {
            let cut = cut(row, &tracks, BODY);
            assert!(cut.cells.iter().skip(3).all(|cell| cell.len() == 1), "{:?}", cut.cells);
        }
    }
}
