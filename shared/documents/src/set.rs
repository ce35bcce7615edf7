//! A sheet set onto pages: who writes to whom, what about, its parts, and the foot of each page.

use crate::{
    flow::{BODY, Flow, GREY, HAIR, INK, LABEL, MARGIN, SMALL, STRONG, Side, TITLE, WASH, WHITE},
    fonts::{Weight, clean, width},
    letterhead::BrandColour,
    lines::lines,
    page::{DocumentPages, DocumentRole, Frame, Mark, Piece, TextStyle},
    sheet::{DocumentSheet, SheetFigure, SheetPart},
    table::table,
};

/// The colour of a sender who has none.
const USUAL: BrandColour = BrandColour { rgb: [0x1f, 0x3d, 0x63] };
/// Where the sender stands.
const HEAD: i32 = 44_000;
/// The room of a logo.
const LOGO: (i32, i32) = (170_000, 52_000);
/// The width of what stands beside the addressee.
const ASIDE: i32 = 212_000;
/// The most particulars of a sender: as many as settings may have, and where to reply.
const PARTICULARS_MAX: usize = 13;
/// Around the text of a tile.
const TILE: i32 = 9_000;

/// The pages of a sheet; `logo` is the size of its logo in pixels, where it has one that can be drawn.
pub(crate) fn pages(sheet: &DocumentSheet, logo: Option<(u32, u32)>) -> DocumentPages {
    let accent = sheet.letterhead.colour.unwrap_or(USUAL).readable();
    let mut flow = Flow::new(sheet.paper);
    flow.bar(Frame { x: 0, y: 0, width: flow.out.width, height: 7_000 }, accent);
    head(&mut flow, sheet, logo, accent);
    parties(&mut flow, sheet);
    flow.heading(&sheet.heading, 1, TextStyle::new(Weight::Strong, 21_000, 27_000, accent), 0);
    flow.y += 10_000;
    let mut level = 2;
    for part in &sheet.parts {
        match part {
            SheetPart::Heading(text) => {
                flow.y += 4_000;
                flow.heading(text, 2, TextStyle { size: 14_000, leading: 20_000, colour: accent, ..TITLE }, 120_000);
                flow.y += 4_000;
                level = 3;
            }
            SheetPart::Text(text) => {
                flow.paragraph(text, BODY, 40);
                flow.y += 10_000;
            }
            SheetPart::Notice(text) => notice(&mut flow, text, accent),
            SheetPart::Figures(figures) => tiles(&mut flow, figures, accent),
            SheetPart::Table(rows) => table(&mut flow, rows, level),
            SheetPart::Lines(title, texts) => {
                flow.heading(title, 2, TITLE, 3 * BODY.leading);
                flow.y += 2_000;
                texts.iter().take(60).for_each(|text| flow.paragraph(text, BODY, 4));
                flow.y += 12_000;
            }
        }
    }
    let mut out = flow.out;
    foot(&mut out, sheet, accent);
    out
}

/// The sender: logo or name on the left, particulars on the right.
fn head(flow: &mut Flow, sheet: &DocumentSheet, logo: Option<(u32, u32)>, accent: BrandColour) {
    let from = &sheet.letterhead;
    let half = flow.room() / 2;
    let left = match logo {
        Some(pixels) => {
            let of = flow.add(DocumentRole::Figure(clean(&from.name, 200)), None);
            let (width, height) = fitted(pixels);
            flow.draw(Some(of), Mark::Logo(Frame { x: MARGIN, y: HEAD, width, height }));
            height
        }
        None => {
            let style = TextStyle::new(Weight::Strong, 17_000, 21_000, accent);
            let of = flow.add(DocumentRole::Paragraph, None);
            let cut = lines(&from.name, (style.weight, style.size), flow.room() * 3 / 5, 3);
            flow.text_lines(Some(of), &cut, style, (MARGIN, HEAD - 3_000, half), Side::Left)
        }
    };
    let mut right = 0;
    let room = flow.room() * 2 / 5 - 12_000;
    for text in from.particulars.iter().take(PARTICULARS_MAX) {
        let of = flow.add(DocumentRole::Paragraph, None);
        let cut = lines(text, (SMALL.weight, SMALL.size), room, 2);
        right += flow.text_lines(Some(of), &cut, SMALL, (flow.right() - room, HEAD + right, room), Side::Right);
    }
    flow.y = HEAD + left.max(right) + 34_000;
}

/// The size of a logo in its room, its sides in the proportion of its pixels.
fn fitted((wide, high): (u32, u32)) -> (i32, i32) {
    let (wide, high) = (i64::from(wide.max(1)), i64::from(high.max(1)));
    let (width, height) = (i64::from(LOGO.0), i64::from(LOGO.1));
    let (width, height) =
        if wide * height > high * width { (width, width * high / wide) } else { (height * wide / high, height) };
    let length = |length: i64| i32::try_from(length.max(1)).unwrap_or(LOGO.0);
    (length(width), length(height))
}

/// The addressee on the left, what is to be known of the document on the right.
fn parties(flow: &mut Flow, sheet: &DocumentSheet) {
    let top = flow.y;
    let room = flow.room() - ASIDE - 24_000;
    let mut left = top;
    for (at, text) in sheet.addressee.iter().take(8).enumerate() {
        let style = TextStyle { size: 10_000, leading: 14_000, ..if at == 0 { STRONG } else { BODY } };
        let cut = lines(text, (style.weight, style.size), room, if at == 0 { 3 } else { 2 });
        let of = flow.add(DocumentRole::Paragraph, None);
        left += flow.text_lines(Some(of), &cut, style, (MARGIN, left, room), Side::Left);
    }
    let mut right = top;
    for (label, value) in sheet.particulars.iter().take(12) {
        let (x, label) = (flow.right() - ASIDE, clean(label, 40));
        let of = flow.add(DocumentRole::Paragraph, None);
        // The space is for whoever hears or copies it.
        flow.text_line(Some(of), &format!("{label} "), TextStyle { colour: GREY, ..BODY }, (x, right, ASIDE), Side::Left);
        let room = ASIDE - width(&label, BODY.weight, BODY.size) - 10_000;
        let cut = lines(value, (STRONG.weight, STRONG.size), room, 3);
        right += flow.text_lines(Some(of), &cut, STRONG, (flow.right() - room, right, room), Side::Right) + 2_400;
    }
    flow.y = left.max(right) + 30_000;
}

/// A text on a ground of its own, with a bar of the sender's colour beside it.
fn notice(flow: &mut Flow, text: &str, accent: BrandColour) {
    let cut = lines(text, (STRONG.weight, STRONG.size), flow.room() - 3 * TILE, 6);
    let height = i32::try_from(cut.len()).unwrap_or(i32::MAX).saturating_mul(STRONG.leading).saturating_add(2 * TILE);
    flow.need(height);
    flow.bar(Frame { x: MARGIN, y: flow.y, width: flow.room(), height }, WASH);
    flow.bar(Frame { x: MARGIN, y: flow.y, width: 3_000, height }, accent);
    let of = flow.add(DocumentRole::Paragraph, None);
    flow.text_lines(Some(of), &cut, STRONG, (MARGIN + 2 * TILE, flow.y + TILE, flow.room()), Side::Left);
    flow.y += height + 12_000;
}

/// Amounts beside each other, what they lead to on the sender's colour.
fn tiles(flow: &mut Flow, figures: &[SheetFigure], accent: BrandColour) {
    const GAP: i32 = 8_000;
    let count = i32::try_from(figures.len()).unwrap_or(1).max(1);
    let width_of = if count == 1 { flow.room() * 2 / 5 } else { (flow.room() - GAP * (count - 1)) / count };
    let height = 2 * TILE + LABEL.leading + 17_000;
    flow.need(height);
    let mut x = MARGIN;
    for figure in figures {
        let (ground, label_colour, ink) = if figure.is_result { (accent, WHITE, WHITE) } else { (WASH, GREY, INK) };
        flow.bar(Frame { x, y: flow.y, width: width_of, height }, ground);
        let of = flow.add(DocumentRole::Paragraph, None);
        let room = width_of - 2 * TILE;
        let label = lines(&figure.label, (LABEL.weight, LABEL.size), room, 1).concat();
        let style = TextStyle { colour: label_colour, ..LABEL };
        flow.text_line(Some(of), &format!("{} ", label.trim_end()), style, (x + TILE, flow.y + TILE, room), Side::Left);
        let value = clean(&figure.value, 60);
        let fits = |size: &i32| width(&value, Weight::Strong, *size) <= room;
        let size = (4..=13).rev().map(|points| points * 1_000).find(fits).unwrap_or(4_000);
        let style = TextStyle::new(Weight::Strong, size, 17_000, ink);
        flow.text_line(Some(of), &value, style, (x + TILE, flow.y + TILE + LABEL.leading, room), Side::Left);
        x += width_of + GAP;
    }
    flow.y += height + 20_000;
}

/// The foot of each page, and on those after the first whom it is from and what it is.
fn foot(out: &mut DocumentPages, sheet: &DocumentSheet, accent: BrandColour) {
    let count = out.pages.len();
    let (name, heading) = (clean(&sheet.letterhead.name, 70), clean(&sheet.heading, 70));
    let to = clean(sheet.addressee.first().map_or("", String::as_str), 60);
    for at in 0..count {
        // A page of its own, whose marks become those of the page.
        let mut flow = Flow::new(sheet.paper);
        let (y, room) = (flow.out.height - 44_000, flow.room());
        flow.line(y - 6_000, HAIR);
        flow.text_line(None, &name, SMALL, (MARGIN, y, room), Side::Left);
        let of = sheet.page_of.replace("{page}", &(at + 1).to_string()).replace("{pages}", &count.to_string());
        flow.text_line(None, &of, SMALL, (MARGIN, y, room), Side::Right);
        if at > 0 {
            flow.bar(Frame { x: 0, y: 0, width: flow.out.width, height: 4_000 }, accent);
            flow.text_line(None, &heading, LABEL, (MARGIN, 32_000, room), Side::Left);
            flow.text_line(None, &to, SMALL, (MARGIN, 32_000, room), Side::Right);
        }
        let marks: Vec<Piece> = flow.out.pages.into_iter().flatten().collect();
        if let Some(page) = out.pages.get_mut(at) {
            page.extend(marks);
        }
    }
}
