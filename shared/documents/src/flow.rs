//! What is written onto pages from top to bottom. Lengths are thousandths of a point.

use crate::{
    fonts::{ShapedText, Weight},
    letterhead::{BrandColour, Paper},
    lines::lines,
    page::{DocumentPages, DocumentRole, DocumentTree, Frame, Landmark, Mark, NodeAt, Piece, TextStyle},
};

/// Left and right of everything.
pub(crate) const MARGIN: i32 = 52_000;
/// Where text begins on pages after the first.
const TOP: i32 = 64_000;
/// What is kept free for the foot of a page.
const FOOT: i32 = 66_000;

pub(crate) const INK: BrandColour = BrandColour { rgb: [0x1d, 0x23, 0x2b] };
pub(crate) const GREY: BrandColour = BrandColour { rgb: [0x5b, 0x64, 0x70] };
pub(crate) const HAIR: BrandColour = BrandColour { rgb: [0xd9, 0xdd, 0xe2] };
pub(crate) const WASH: BrandColour = BrandColour { rgb: [0xf3, 0xf5, 0xf7] };
pub(crate) const WHITE: BrandColour = BrandColour { rgb: [0xff, 0xff, 0xff] };

pub(crate) const BODY: TextStyle = TextStyle::new(Weight::Regular, 9_000, 12_600, INK);
pub(crate) const STRONG: TextStyle = TextStyle::new(Weight::Strong, 9_000, 12_600, INK);
pub(crate) const SMALL: TextStyle = TextStyle::new(Weight::Regular, 7_600, 10_600, GREY);
pub(crate) const LABEL: TextStyle = TextStyle::new(Weight::Strong, 7_600, 10_600, GREY);
pub(crate) const TITLE: TextStyle = TextStyle::new(Weight::Strong, 12_000, 17_000, INK);

/// On which side of its room a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A document while it is cut into pages.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) out: DocumentPages,
    /// Where the next thing stands on the last page.
    pub(crate) y: i32,
}

impl Flow {
    pub(crate) fn new(paper: Paper) -> Self {
        let (width, height) = match paper {
            Paper::A4 => (595_276, 841_890),
            Paper::Letter => (612_000, 792_000),
        };
        let out = DocumentPages { width, height, pages: vec![Vec::new()], tree: DocumentTree::default(), landmarks: Vec::new() };
        Self { out, y: TOP }
    }

    /// The width between the margins.
    pub(crate) fn room(&self) -> i32 {
        self.out.width - 2 * MARGIN
    }

    /// Where the right margin begins.
    pub(crate) fn right(&self) -> i32 {
        self.out.width - MARGIN
    }

    /// Begins a page unless this height is left on the last one. Says whether it did.
    pub(crate) fn need(&mut self, height: i32) -> bool {
        // What no page has room for gains nothing from another one.
        let is_full = self.y.saturating_add(height) > self.out.height - FOOT && self.y > TOP;
        if is_full {
            self.out.pages.push(Vec::new());
            self.y = TOP;
        }
        is_full
    }

    pub(crate) fn add(&mut self, tree: DocumentRole, parent: Option<NodeAt>) -> NodeAt {
        self.out.tree.add(tree, parent)
    }

    /// Draws onto the last page.
    pub(crate) fn draw(&mut self, of: Option<NodeAt>, mark: Mark) {
        if let Some(page) = self.out.pages.last_mut() {
            page.push(Piece { of, mark });
        }
    }

    pub(crate) fn bar(&mut self, frame: Frame, colour: BrandColour) {
        self.draw(None, Mark::Bar(frame, colour));
    }

    /// A hair line at a height, between the margins.
    pub(crate) fn line(&mut self, y: i32, colour: BrandColour) {
        self.bar(Frame { x: MARGIN, y, width: self.room(), height: 600 }, colour);
    }

    /// A clean line of text whose top is at `y`, in the room from `x`.
    pub(crate) fn text_line(
        &mut self,
        of: Option<NodeAt>,
        text: &str,
        style: TextStyle,
        (x, y, room): (i32, i32, i32),
        side: Side,
    ) {
        if text.trim().is_empty() {
            return;
        }
        let shaped = ShapedText::of(text, style.weight, style.size);
        let x = match side {
            Side::Left => x,
            Side::Right => x + room - shaped.width(),
        };
        self.draw(of, Mark::Text { x, baseline: y + style.ascent(), text: shaped, colour: style.colour });
    }

    /// Lines of text below each other from `y`, all of one page. Returns their height.
    pub(crate) fn text_lines(
        &mut self,
        of: Option<NodeAt>,
        cut: &[String],
        style: TextStyle,
        (x, y, room): (i32, i32, i32),
        side: Side,
    ) -> i32 {
        let mut at = y;
        for line in cut {
            self.text_line(of, line, style, (x, at, room), side);
            at += style.leading;
        }
        at - y
    }

    /// A paragraph between the margins, cut where a page ends.
    pub(crate) fn paragraph(&mut self, text: &str, style: TextStyle, lines_max: usize) {
        let of = self.add(DocumentRole::Paragraph, None);
        for line in lines(text, (style.weight, style.size), self.room(), lines_max) {
            self.need(style.leading);
            self.text_line(Some(of), &line, style, (MARGIN, self.y, self.room()), Side::Left);
            self.y += style.leading;
        }
    }

    /// A heading between the margins, with this height of what follows on the same page.
    pub(crate) fn heading(&mut self, text: &str, level: u16, style: TextStyle, with: i32) {
        let cut = lines(text, (style.weight, style.size), self.room(), 3);
        let height = i32::try_from(cut.len()).unwrap_or(i32::MAX).saturating_mul(style.leading);
        self.need(height.saturating_add(with));
        let said = cut.concat();
        let of = self.add(DocumentRole::Heading(level, said.clone()), None);
        self.out.landmarks.push(Landmark { text: said, page: self.out.pages.len() - 1, y: self.y });
        self.y += self.text_lines(Some(of), &cut, style, (MARGIN, self.y, self.room()), Side::Left);
    }
}
