//! What an invoice is made of, as its source says it: its lines. They lie apart from the invoice, and no decision reads them; a dispute may
//! name one.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Visitor},
};

/// Most lines of an invoice that are kept.
pub const LINES_MAX: usize = 200;
/// Longest description of a line, in characters.
pub const LINE_CHARS_MAX: usize = 200;
/// Most bytes of all lines of an invoice together, as the JSON in which they are stored: what one transaction holds stays bounded.
pub const LINES_BYTES_MAX: usize = 65_536;

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilledLine {
    /// The source's own id, where it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it is for, in at most [`LINE_CHARS_MAX`] characters.
    pub description: String,
    /// How many, as a decimal number in text, where the source says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// What the line comes to, minor units of the invoice's currency, with its tax where the source says the tax of each line. Below zero where it
    /// takes something off.
    pub amount_minor: i64,
}

impl BilledLine {
    /// As many of the first lines as are kept, each with as much of its description as is kept.
    pub fn kept(lines: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut kept = Vec::new();
        for line in lines.into_iter().take(LINES_MAX) {
            kept.push(Self { description: shortened(&line.description), ..line });
            if bytes_of(&kept) > LINES_BYTES_MAX {
                kept.pop();
                break;
            }
        }
        kept
    }
}

/// How many bytes lines take where they are stored.
pub fn bytes_of(lines: &[BilledLine]) -> usize {
    serde_json::to_vec(lines).map_or(usize::MAX, |json| json.len())
}

/// A description in at most [`LINE_CHARS_MAX`] characters.
fn shortened(description: &str) -> String {
    if description.chars().count() <= LINE_CHARS_MAX {
        return description.to_owned();
    }
    description.chars().take(LINE_CHARS_MAX - 1).chain(['…']).collect()
}

/// Which line somebody names: by its place, the first is 1, or by the source's own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedLine {
    /// By its place among the lines of the invoice; the first is 1.
    Position(u16),
    /// By the source's own id.
    ExternalId(String),
}

impl NamedLine {
    /// The line among those of its invoice, and its place; the first is 1.
    pub fn among<'l>(&self, lines: &'l [BilledLine]) -> Option<(u16, &'l BilledLine)> {
        let mut each = (1..).zip(lines);
        match self {
            Self::Position(place) => each.find(|(at, _)| at == place),
            Self::ExternalId(id) => each.find(|(_, line)| line.external_id.as_ref() == Some(id)),
        }
    }
}

impl<'de> Deserialize<'de> for NamedLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamedLineVisitor)
    }
}

struct NamedLineVisitor;

impl Visitor<'_> for NamedLineVisitor {
    type Value = NamedLine;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place of a line as a number, the first is 1, or its external_id as a text")
    }
    fn visit_u64<E: Error>(self, place: u64) -> Result<NamedLine, E> {
        // No invoice has so many lines: no place is as good as another.
        Ok(NamedLine::Position(u16::try_from(place).unwrap_or(u16::MAX)))
    }
    fn visit_i64<E: Error>(self, place: i64) -> Result<NamedLine, E> {
        Ok(NamedLine::Position(u16::try_from(place).unwrap_or(u16::MAX)))
    }
    fn visit_str<E: Error>(self, id: &str) -> Result<NamedLine, E> {
        Ok(NamedLine::ExternalId(id.to_owned()))
    }
}

/// The line that a dispute is about, as it was when it was contested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputedLine {
    /// Its place among the lines of the invoice; the first is 1.
    pub position: u16,
    /// The source's own id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it is for.
    pub description: String,
}

impl DisputedLine {
    /// A line at its place.
    pub fn of(position: u16, line: &BilledLine) -> Self {
        Self { position, external_id: line.external_id.clone(), description: line.description.clone() }
    }

    /// Whether it is the same line: by the source's own ids where both have one, else by place and words.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.external_id, &other.external_id) {
            (Some(own), Some(other)) => own == other,
            (None, _) | (_, None) => self == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(external_id: Option<&str>, description: &str, amount_minor: i64) -> BilledLine {
        BilledLine {
            external_id: external_id.map(str::to_owned),
            description: description.to_owned(),
            quantity: None,
            amount_minor,
        }
    }

    #[test]
    fn a_line_is_named_by_place_or_id() {
        let lines = [line(Some("2"), "Bricks", 300), line(None, "Sand", 200), line(Some("b"), "Lime", 100)];
        for (named, found) in [
            // A number is a place, a text an id: an id that looks like a place is no place.
            ("1", Some((1, "Bricks"))),
            ("2", Some((2, "Sand"))),
            ("\"2\"", Some((1, "Bricks"))),
            ("\"b\"", Some((3, "Lime"))),
            ("0", None),
            ("4", None),
            ("\"1\"", None),
            ("\"\"", None),
            ("-1", None),
            ("70000", None),
        ] {
            let named: NamedLine = serde_json::from_str(named).expect("a name");
            assert_eq!(named.among(&lines).map(|(at, line)| (at, line.description.as_str())), found, "{named:?}");
        }
        for text in ["1.5", "null", "true", "[1]"] {
            let error = serde_json::from_str::<NamedLine>(text).expect_err(text).to_string();
            assert!(error.contains("or its external_id"), "{error}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let long = line(None, &"ä".repeat(LINE_CHARS_MAX + 1), 1);
        let kept = BilledLine::kept([long]);
        assert_eq!((kept[0].description.chars().count(), kept[0].description.ends_with('…')), (LINE_CHARS_MAX, true));
        let whole = line(None, &"ä".repeat(LINE_CHARS_MAX), 1);
        assert_eq!(BilledLine::kept([whole.clone()]), [whole]);
        assert_eq!(BilledLine::kept((0..300).map(|n| line(None, "Sand", n))).len(), LINES_MAX);
        let wide = BilledLine::kept((0..200).map(|n| line(Some(&"i".repeat(128)), &"𝄞".repeat(LINE_CHARS_MAX), n)));
        assert!(bytes_of(&wide) <= LINES_BYTES_MAX && wide.len() < 200 && !wide.is_empty(), "{}", wide.len());
    }

    #[test]
    fn a_line_is_the_same_by_its_id_else_by_place_and_words() {
        let of = |position, external_id: Option<&str>, words: &str| DisputedLine {
            position,
            external_id: external_id.map(str::to_owned),
            description: words.to_owned(),
        };
        for (one, other, same) in [
            (of(1, Some("a"), "Sand"), of(2, Some("a"), "Fine sand"), true),
            (of(1, Some("a"), "Sand"), of(1, Some("b"), "Sand"), false),
            (of(1, None, "Sand"), of(1, None, "Sand"), true),
            (of(1, None, "Sand"), of(2, None, "Sand"), false),
            (of(1, None, "Sand"), of(1, None, "Lime"), false),
            (of(1, Some("a"), "Sand"), of(1, None, "Sand"), false),
        ] {
            assert_eq!(one.is_same(&other), same, "{one:?} {other:?}");
        }
    }
}
