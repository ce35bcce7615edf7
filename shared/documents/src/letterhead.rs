//! Who writes to whom, on what paper, and how amounts and dates are written.

use domain::Money;
use jiff::civil::Date;
use serde::Serialize;

/// The most bytes that a logo may have.
const LOGO_BYTES_MAX: usize = 1_000_000;

/// How a language and country write amounts and dates. This crate knows no locale: whoever calls it does.
pub trait Writing {
    /// BCP 47: `de`, `en-gb`. The document's own words are English where it has none in this language.
    fn language(&self) -> &str;
    /// An amount with its currency: `1.250,00 €`.
    fn money(&self, money: Money) -> String;
    /// A date: `4. Februar 2026`.
    fn date(&self, date: Date) -> String;
}

/// The size of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Paper {
    /// 210 × 297 mm.
    #[default]
    A4,
    /// 8½ × 11 inches.
    Letter,
}

impl Paper {
    /// What offices of a country print on, by its ISO 3166-1 alpha-2 code.
    pub fn of(country: &str) -> Self {
        match country {
            "CA" | "CL" | "CO" | "CR" | "GT" | "MX" | "PA" | "PH" | "PR" | "US" | "VE" => Self::Letter,
            _ => Self::A4,
        }
    }
}

/// A colour of the sender's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BrandColour {
    /// Red, green and blue, 0 to 255.
    pub rgb: [u8; 3],
}

impl BrandColour {
    /// Reads `#1a2b3c`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let rgb = <[u8; 3]>::try_from(hex::decode(digits).ok()?).ok()?;
        Some(Self { rgb })
    }

    /// The colour, darkened until text in it can be read on white.
    pub(crate) fn readable(self) -> Self {
        const LUMA_MAX: u32 = 110;
        let mut rgb = self.rgb.map(u32::from);
        while (299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) / 1000 > LUMA_MAX {
            rgb = rgb.map(|part| part * 9 / 10);
        }
        Self { rgb: rgb.map(|part| u8::try_from(part).unwrap_or(u8::MAX)) }
    }
}

/// A picture that stands for the sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logo {
    #[serde(skip)]
    bytes: Vec<u8>,
}

impl Logo {
    /// A PNG or JPEG of at most a megabyte; `None` for anything else.
    pub fn of(bytes: Vec<u8>) -> Option<Self> {
        let logo = Self { bytes };
        (logo.bytes.len() <= LOGO_BYTES_MAX && (logo.is_png() || logo.is_jpeg())).then_some(logo)
    }

    pub(crate) fn is_png(&self) -> bool {
        self.bytes.starts_with(b"\x89PNG\r\n\x1a\n")
    }

    fn is_jpeg(&self) -> bool {
        self.bytes.starts_with(b"\xff\xd8\xff")
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Who writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Letterhead {
    /// The name that the document is from.
    pub name: String,
    /// Address, registration, tax number and the like, line by line.
    pub particulars: Vec<String>,
    /// The sender's colour; a dark blue where there is none.
    pub colour: Option<BrandColour>,
    /// The sender's logo, shown in the place of the name.
    pub logo: Option<Logo>,
}

/// To whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Addressee {
    /// The customer's name.
    pub name: String,
    /// The lines of the address below it.
    pub lines: Vec<String>,
}

impl Addressee {
    /// The lines as they are shown; the first is the name.
    pub(crate) fn written(&self) -> Vec<String> {
        std::iter::once(&self.name).chain(&self.lines).cloned().collect()
    }
}

/// How to pay one of the companies that are owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaysToPay {
    /// Whom; empty where there is only one.
    pub to: String,
    /// How, line by line.
    pub lines: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_made_readable() {
        for (text, rgb) in
            [("#1a2b3c", Some([0x1a, 0x2b, 0x3c])), ("#fff", None), ("1a2b3c", None), ("#1a2b3g", None), ("#é2b3c", None)]
        {
            assert_eq!(BrandColour::parse(text).map(|colour| colour.rgb), rgb, "{text}");
        }
        let dark = BrandColour { rgb: [10, 40, 90] };
        assert_eq!(dark.readable(), dark);
        for rgb in [[255, 255, 0], [255, 255, 255], [0, 255, 0]] {
            let [r, g, b] = BrandColour { rgb }.readable().rgb.map(u32::from);
            assert!((299 * r + 587 * g + 114 * b) / 1000 <= 110, "{rgb:?}");
        }
    }

    #[test]
    fn a_logo_is_a_png_or_jpeg_of_a_bounded_size() {
        assert!(Logo::of(b"\x89PNG\r\n\x1a\nrest".to_vec()).is_some());
        assert!(Logo::of(b"\xff\xd8\xff\xe0rest".to_vec()).is_some());
        assert!(Logo::of(b"<svg/>".to_vec()).is_none());
        assert!(Logo::of([b"\xff\xd8\xff".to_vec(), vec![0; LOGO_BYTES_MAX]].concat()).is_none());
    }
}
