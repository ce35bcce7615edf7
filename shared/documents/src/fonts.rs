//! The two faces, and texts as glyphs of them.
//!
//! Lengths are thousandths of a point.

use std::{ops::Range, sync::LazyLock};

use rustybuzz::{Direction, ShapePlan, UnicodeBuffer, script::LATIN};

/// What stands for a character that the faces lack.
const REPLACEMENT: char = '\u{fffd}';

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Strong,
}

/// The files of the faces.
pub(crate) static REGULAR: &[u8] = include_bytes!("../fonts/NotoSans-Regular.subset.ttf");
pub(crate) static STRONG: &[u8] = include_bytes!("../fonts/NotoSans-SemiBold.subset.ttf");

static FACES: LazyLock<[rustybuzz::Face<'static>; 2]> = LazyLock::new(|| {
    [REGULAR, STRONG]
        .map(|file| rustybuzz::Face::from_slice(file, 0).expect("the faces are files of this crate, and tests read them"))
});

/// How Latin letters are shaped, which is most of what there is to shape: made once, as each costs more than the shaping itself.
static LATIN_PLANS: LazyLock<[ShapePlan; 2]> =
    LazyLock::new(|| [Weight::Regular, Weight::Strong].map(|weight| plan(face(weight), LATIN)));

fn plan(face: &rustybuzz::Face<'_>, script: rustybuzz::Script) -> ShapePlan {
    // The faces have no script that is written from right to left.
    ShapePlan::new(face, Direction::LeftToRight, Some(script), None, &[])
}

fn face(weight: Weight) -> &'static rustybuzz::Face<'static> {
    match weight {
        Weight::Regular => &FACES[0],
        Weight::Strong => &FACES[1],
    }
}

/// Units of a face's design to the size of its type.
pub(crate) fn units_per_em(weight: Weight) -> i32 {
    face(weight).units_per_em()
}

/// A glyph of a text, in units of its face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShapedGlyph {
    pub(crate) id: u32,
    pub(crate) advance: i32,
    pub(crate) right: i32,
    pub(crate) up: i32,
    /// Which bytes of the text it shows.
    pub(crate) of: Range<usize>,
}

/// A text of one line as glyphs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShapedText {
    pub(crate) text: String,
    pub(crate) weight: Weight,
    pub(crate) size: i32,
    pub(crate) glyphs: Vec<ShapedGlyph>,
}

impl ShapedText {
    /// Shapes a clean text.
    pub(crate) fn of(text: &str, weight: Weight, size: i32) -> Self {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        // Signs and digits alone have no script.
        let script = if text.chars().all(is_latin_or_common) { LATIN } else { buffer.script() };
        buffer.set_script(script);
        let face = face(weight);
        let shaped = match (script == LATIN, weight) {
            (true, Weight::Regular) => rustybuzz::shape_with_plan(face, &LATIN_PLANS[0], buffer),
            (true, Weight::Strong) => rustybuzz::shape_with_plan(face, &LATIN_PLANS[1], buffer),
            (false, _) => rustybuzz::shape_with_plan(face, &plan(face, script), buffer),
        };
        let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
        let start = |info: &rustybuzz::GlyphInfo| usize::try_from(info.cluster).unwrap_or(usize::MAX);
        let end = |at: usize, from: usize| infos.iter().skip(at + 1).map(start).find(|next| *next > from).unwrap_or(text.len());
        let glyphs = infos.iter().zip(positions).enumerate().map(|(at, (info, position))| ShapedGlyph {
            id: info.glyph_id,
            advance: position.x_advance,
            right: position.x_offset,
            up: position.y_offset,
            of: start(info)..end(at, start(info)),
        });
        Self { text: text.to_owned(), weight, size, glyphs: glyphs.collect() }
    }

    /// How wide it is, without the space that it may end in.
    pub(crate) fn width(&self) -> i32 {
        let shown = self.text.trim_end_matches(' ').len();
        let units: i64 = self.glyphs.iter().filter(|glyph| glyph.of.start < shown).map(|glyph| i64::from(glyph.advance)).sum();
        length(units, self.weight, self.size)
    }
}

fn length(units: i64, weight: Weight, size: i32) -> i32 {
    i32::try_from(units * i64::from(size) / i64::from(units_per_em(weight))).unwrap_or(i32::MAX)
}

/// How wide a character of a clean text is by itself.
pub(crate) fn advance(c: char, weight: Weight, size: i32) -> i32 {
    let face = face(weight);
    let units = face.glyph_index(c).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or_default();
    length(i64::from(units), weight, size)
}

/// How wide a clean text is, a little more or less for pairs that stand closer or wider.
pub(crate) fn width(text: &str, weight: Weight, size: i32) -> i32 {
    text.chars().fold(0_i32, |sum, c| sum.saturating_add(advance(c, weight, size)))
}

/// A text of one line that the faces have: what they lack is replaced, a run of it once for each character that has a place of its own;
/// white space is one space, and what only directs other characters is left out. At most `chars_max` characters, the last an ellipsis where
/// there were more.
pub(crate) fn clean(text: &str, chars_max: usize) -> String {
    let mut clean = String::new();
    let mut count = 0;
    for c in text.chars() {
        let shown = match c {
            '\u{a0}' | '\u{202f}' | '\u{2007}' => '\u{a0}',
            c if c.is_whitespace() => ' ',
            c if is_left_out(c) => continue,
            c if has(c) => c,
            _ => REPLACEMENT,
        };
        if shown == ' ' && (clean.is_empty() || clean.ends_with(' ')) {
            continue;
        }
        if count == chars_max {
            clean.pop();
            clean.push('…');
            return clean;
        }
        clean.push(shown);
        count += 1;
    }
    clean.truncate(clean.trim_end_matches(' ').len());
    clean
}

fn is_latin_or_common(c: char) -> bool {
    c < '\u{250}' || matches!(c, '\u{2000}'..='\u{206f}' | '\u{20a0}'..='\u{20cf}')
}

fn has(c: char) -> bool {
    face(Weight::Regular).glyph_index(c).is_some_and(|glyph| glyph.0 != 0)
}

/// Controls, marks of direction, joiners, selectors of variants and tags: they have no shape of their own.
fn is_left_out(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_faces_have_the_same_characters() {
        let all = (0..0x2_ffff_u32).filter_map(char::from_u32);
        let has = |at: usize, c| FACES[at].glyph_index(c).is_some();
        assert_eq!(all.filter(|c| has(0, *c) != has(1, *c)).collect::<Vec<_>>(), Vec::<char>::new());
        for c in "AzÄéşŁđ€£¥₹₽₿₺₴ΩωЖяỆ…–“”’№™−\u{301}\u{fffd}\u{a0}".chars() {
            assert!(has(0, c), "{c:?}");
        }
    }

    #[test]
    fn texts_are_made_clean() {
        for (text, expected) in [
            ("Acme GmbH", "Acme GmbH"),
            ("  a\t\n b  ", "a b"),
            ("1\u{202f}250,00\u{a0}€", "1\u{a0}250,00\u{a0}€"),
            ("שלום Ltd", "���� Ltd"),
            ("a\u{202e}b\u{200d}c\u{fe0f}\u{0}\u{7f}", "abc"),
            ("👩‍👩‍👧 Co", "��� Co"),
            ("abcdefghijkl", "abcdefghijkl"),
            ("abcdefghijklm", "abcdefghijk…"),
            ("", ""),
        ] {
            assert_eq!(clean(text, 12), expected, "{text:?}");
        }
    }

    #[test]
    fn glyphs_cover_their_text_and_stand_beside_each_other() {
        for text in ["Überfällig", "e\u{301}a\u{308}\u{323}x", "1\u{a0}250,00\u{a0}€", "��", ""] {
            let shaped = ShapedText::of(text, Weight::Regular, 9000);
            assert!(
                shaped.glyphs.iter().all(|glyph| glyph.id != 0 && text.get(glyph.of.clone()).is_some_and(|of| !of.is_empty())),
                "{text:?}"
            );
            assert!((shaped.width() - width(text, Weight::Regular, 9000)).abs() < 2000, "{text:?}");
        }
    }
}
