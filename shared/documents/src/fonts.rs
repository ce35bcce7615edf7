//! The faces, and texts as glyphs of them: two weights of one, and for Japanese, which that lacks, one weight of another.
//!
//! Lengths are thousandths of a point.

use std::{ops::Range, sync::LazyLock};

use rustybuzz::{
    Direction, ShapePlan, UnicodeBuffer,
    script::{HAN, LATIN},
};

/// What stands for a character that the faces lack.
const REPLACEMENT: char = '\u{fffd}';

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Strong,
}

/// A file that texts are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typeface {
    Regular,
    Strong,
    /// What the others lack of Japanese, in one weight.
    Japanese,
}

impl Typeface {
    /// Its place in [`FONT_FILES`].
    pub(crate) fn at(self) -> usize {
        match self {
            Self::Regular => 0,
            Self::Strong => 1,
            Self::Japanese => 2,
        }
    }

    /// That of a weight.
    fn of(weight: Weight) -> Self {
        match weight {
            Weight::Regular => Self::Regular,
            Weight::Strong => Self::Strong,
        }
    }

    /// The one that has a character: that of the weight, else the Japanese one; `None` where none has it.
    fn with(c: char, weight: Weight) -> Option<Self> {
        let has = |typeface: &Self| face(*typeface).glyph_index(c).is_some_and(|glyph| glyph.0 != 0);
        [Self::of(weight), Self::Japanese].into_iter().find(has)
    }
}

/// The files of the faces.
pub(crate) static FONT_FILES: [&[u8]; 3] = [
    include_bytes!("../fonts/NotoSans-Regular.subset.ttf"),
    include_bytes!("../fonts/NotoSans-SemiBold.subset.ttf"),
    include_bytes!("../fonts/NotoSansCJKjp-Regular.subset.otf"),
];

static FACES: LazyLock<[rustybuzz::Face<'static>; 3]> = LazyLock::new(|| {
    FONT_FILES.map(|file| rustybuzz::Face::from_slice(file, 0).expect("the faces are files of this crate, and tests read them"))
});

/// How most of what there is to shape is shaped, Latin letters and Japanese: made once, as each costs more than the shaping itself.
static PLANS: LazyLock<[ShapePlan; 3]> = LazyLock::new(|| {
    [(Typeface::Regular, LATIN), (Typeface::Strong, LATIN), (Typeface::Japanese, HAN)]
        .map(|(typeface, script)| plan(face(typeface), script))
});

fn plan(face: &rustybuzz::Face<'_>, script: rustybuzz::Script) -> ShapePlan {
    // The faces have no script that is written from right to left.
    ShapePlan::new(face, Direction::LeftToRight, Some(script), None, &[])
}

fn face(typeface: Typeface) -> &'static rustybuzz::Face<'static> {
    &FACES[typeface.at()]
}

/// Units of a face's design to the size of its type.
pub(crate) fn units_per_em(typeface: Typeface) -> i32 {
    face(typeface).units_per_em()
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

/// A part of a text in one face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShapedRun {
    pub(crate) typeface: Typeface,
    pub(crate) glyphs: Vec<ShapedGlyph>,
}

impl ShapedRun {
    /// Shapes a part of a text.
    fn of(text: &str, part: Range<usize>, typeface: Typeface) -> Self {
        let (from, until) = (part.start, part.end);
        let own = text.get(part).unwrap_or_default();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(own);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let script = match typeface {
            Typeface::Japanese => HAN,
            // Signs and digits alone have no script.
            Typeface::Regular | Typeface::Strong if own.chars().all(is_latin_or_common) => LATIN,
            Typeface::Regular | Typeface::Strong => buffer.script(),
        };
        buffer.set_script(script);
        let shaped = if script == LATIN || typeface == Typeface::Japanese {
            rustybuzz::shape_with_plan(face(typeface), &PLANS[typeface.at()], buffer)
        } else {
            rustybuzz::shape_with_plan(face(typeface), &plan(face(typeface), script), buffer)
        };
        let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
        let start = |info: &rustybuzz::GlyphInfo| usize::try_from(info.cluster).map_or(usize::MAX, |at| from.saturating_add(at));
        let end = |at: usize, from: usize| infos.iter().skip(at + 1).map(start).find(|next| *next > from).unwrap_or(until);
        let glyphs = infos.iter().zip(positions).enumerate().map(|(at, (info, position))| ShapedGlyph {
            id: info.glyph_id,
            advance: position.x_advance,
            right: position.x_offset,
            up: position.y_offset,
            of: start(info)..end(at, start(info)),
        });
        Self { typeface, glyphs: glyphs.collect() }
    }

    /// How wide its glyphs are that begin before a byte of the text.
    pub(crate) fn width_until(&self, byte: usize, size: i32) -> i32 {
        let units: i64 = self.glyphs.iter().filter(|glyph| glyph.of.start < byte).map(|glyph| i64::from(glyph.advance)).sum();
        length(units, self.typeface, size)
    }
}

/// A text of one line as glyphs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShapedText {
    pub(crate) text: String,
    pub(crate) size: i32,
    pub(crate) runs: Vec<ShapedRun>,
}

impl ShapedText {
    /// Shapes a clean text.
    pub(crate) fn of(text: &str, weight: Weight, size: i32) -> Self {
        let typeface_of = |c: char| Typeface::with(c, weight).unwrap_or(Typeface::of(weight));
        let mut parts: Vec<(Typeface, Range<usize>)> = Vec::new();
        for (at, c) in text.char_indices() {
            let (typeface, end) = (typeface_of(c), at + c.len_utf8());
            match parts.last_mut() {
                Some((last, part)) if *last == typeface => part.end = end,
                _ => parts.push((typeface, at..end)),
            }
        }
        let runs = parts.into_iter().map(|(typeface, part)| ShapedRun::of(text, part, typeface)).collect();
        Self { text: text.to_owned(), size, runs }
    }

    /// How wide it is, without the space that it may end in.
    pub(crate) fn width(&self) -> i32 {
        let shown = self.text.trim_end_matches(' ').len();
        self.runs.iter().map(|run| run.width_until(shown, self.size)).fold(0, i32::saturating_add)
    }
}

fn length(units: i64, typeface: Typeface, size: i32) -> i32 {
    i32::try_from(units * i64::from(size) / i64::from(units_per_em(typeface))).unwrap_or(i32::MAX)
}

/// How wide a character of a clean text is by itself.
pub(crate) fn advance(c: char, weight: Weight, size: i32) -> i32 {
    let typeface = Typeface::with(c, weight).unwrap_or(Typeface::of(weight));
    let face = face(typeface);
    let units = face.glyph_index(c).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or_default();
    length(i64::from(units), typeface, size)
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
    Typeface::with(c, Weight::Regular).is_some()
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
    fn both_weights_have_the_same_characters() {
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
            ("株式会社　髙濵", "株式会社 髙濵"),
            ("㈱ﾀﾞﾝﾘﾝ", "㈱ﾀﾞﾝﾘﾝ"),
            ("abcdefghijkl", "abcdefghijkl"),
            ("abcdefghijklm", "abcdefghijk…"),
            ("", ""),
        ] {
            assert_eq!(clean(text, 12), expected, "{text:?}");
        }
    }

    #[test]
    fn glyphs_cover_their_text_and_stand_beside_each_other() {
        for text in
            ["Überfällig", "e\u{301}a\u{308}\u{323}x", "1\u{a0}250,00\u{a0}€", "��", "2026年2月4日", "請求書 N-100、￥1,250", ""]
        {
            let shaped = ShapedText::of(text, Weight::Regular, 9000);
            let glyphs: Vec<&ShapedGlyph> = shaped.runs.iter().flat_map(|run| &run.glyphs).collect();
            assert!(
                glyphs.iter().all(|glyph| glyph.id != 0 && text.get(glyph.of.clone()).is_some_and(|of| !of.is_empty())),
                "{text:?}"
            );
            assert_eq!(glyphs.last().map_or(0, |glyph| glyph.of.end), text.len(), "{text:?}");
            assert!((shaped.width() - width(text, Weight::Regular, 9000)).abs() < 2000, "{text:?}");
        }
    }

    #[test]
    fn each_character_is_set_in_the_face_that_has_it() {
        let of = |text: &str, weight| ShapedText::of(text, weight, 9000).runs.iter().map(|run| run.typeface).collect::<Vec<_>>();
        assert_eq!(of("4 Feb", Weight::Strong), [Typeface::Strong]);
        assert_eq!(of("2月", Weight::Strong), [Typeface::Strong, Typeface::Japanese]);
        assert_eq!(of("残高 €5", Weight::Regular), [Typeface::Japanese, Typeface::Regular]);
        // A kanji is as wide as the type is large.
        assert_eq!(ShapedText::of("残高", Weight::Regular, 9000).width(), 18_000);
    }
}
