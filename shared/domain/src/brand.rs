//! How a tenant shows itself on what its customers see: its colour, its mark, and what it says of itself.

use serde::{Deserialize, Serialize};

/// Longest mark, as a data URL in characters: some nine thousand bytes of picture. The settings are read for each decision, and every four
/// thousand characters of them cost a further read unit.
const LOGO_CHARS_MAX: usize = 12_000;

/// Longest particulars, in characters and in lines.
const PARTICULARS_CHARS_MAX: usize = 1_000;
const PARTICULARS_LINES_MAX: usize = 12;

/// The kinds of picture that a mark may be, and what the data of each begins with.
const PICTURES: [(&str, &str); 2] = [("data:image/png;base64,", "iVBORw0KGgo"), ("data:image/jpeg;base64,", "/9j/")];

/// The luminance, in millionths, that white letters just stand on: at a contrast of 4.5 to 1, which WCAG 2.2 asks of text (1.4.3), it is
/// 1.05 / 4.5 - 0.05.
const LUMINANCE_MAX: u64 = 183_333;

/// How a tenant, or one of its legal entities, shows itself. Nothing is decided by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandSettings {
    /// `#rrggbb`, dark enough that white letters can be read on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// The tenant's mark: a PNG or JPEG as a data URL. Never the address of one: whoever serves a picture learns who looked at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Who the tenant is, line by line, such as its address and where it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub particulars: Option<String>,
}

impl BrandSettings {
    /// Whether nothing is said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it: a JSON pointer behind `pointer` and a sentence for each.
    pub(crate) fn flaws(&self, pointer: &str) -> Vec<(String, String)> {
        let mut flaws = Vec::new();
        let mut refuse = |bad: bool, field: &str, detail: String| {
            if bad {
                flaws.push((format!("{pointer}/brand/{field}"), detail));
            }
        };
        if let Some(text) = &self.colour {
            match luminance(text) {
                None => refuse(true, "colour", format!("'{text}' is no colour such as '#1a56b0'")),
                Some(luminance) => {
                    let detail = format!(
                        "white letters are hard to read on '{text}': their contrast is below the 4.5 to 1 that WCAG 2.2 asks for; take a \
                         darker one, such as '#1a56b0'"
                    );
                    refuse(luminance > LUMINANCE_MAX, "colour", detail);
                }
            }
        }
        let detail = format!(
            "a logo is a PNG or JPEG as a data URL of at most {LOGO_CHARS_MAX} characters, such as 'data:image/png;base64,iVBORw0KGgo…'; \
             make the picture smaller, such as 240 pixels wide, or leave it out"
        );
        refuse(self.logo.as_deref().is_some_and(|logo| !is_picture(logo)), "logo", detail);
        let detail = format!(
            "particulars have 1 to {PARTICULARS_CHARS_MAX} characters in at most {PARTICULARS_LINES_MAX} lines, and no control characters \
             but line breaks; leave them out for none"
        );
        let is_good = |text: &str| is_lines(text, PARTICULARS_CHARS_MAX, PARTICULARS_LINES_MAX);
        refuse(self.particulars.as_deref().is_some_and(|text| !is_good(text)), "particulars", detail);
        flaws
    }
}

/// Whether a text says something, in so many characters and lines at most, without control characters but line breaks.
pub(crate) fn is_lines(text: &str, chars_max: usize, lines_max: usize) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= chars_max
        && text.lines().count() <= lines_max
        && !text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r'))
}

/// Whether a text is a picture as a data URL that is not too long. What the data holds beyond its first bytes is the browser's to read.
fn is_picture(text: &str) -> bool {
    let data = PICTURES.iter().find_map(|(kind, magic)| text.strip_prefix(kind).filter(|data| data.starts_with(magic)));
    let Some(data) = data else { return false };
    let letters = data.trim_end_matches('=');
    text.len() <= LOGO_CHARS_MAX
        && data.len().is_multiple_of(4)
        && data.len() - letters.len() <= 2
        && letters.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// The relative luminance of a colour, in millionths, as WCAG 2.2 defines it; `None` for what is no `#rrggbb`.
fn luminance(text: &str) -> Option<u64> {
    let digits =
        text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let part = |at: usize| -> Option<u64> {
        let level = usize::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        LINEAR.get(level).map(|linear| u64::from(*linear))
    };
    Some((2_126 * part(0)? + 7_152 * part(2)? + 722 * part(4)?) / 10_000)
}

/// The light of each level of a colour of sRGB, in millionths: level / 255 / 12.92 up to 0.04045, else ((level / 255 + 0.055) / 1.055)^2.4.
const LINEAR: [u32; 256] = [
    0, 304, 607, 911, 1_214, 1_518, 1_821, 2_125, 2_428, 2_732, 3_035, 3_347, 3_677, 4_025, 4_391, 4_777, 5_182, 5_605, 6_049,
    6_512, 6_995, 7_499, 8_023, 8_568, 9_134, 9_721, 10_330, 10_960, 11_612, 12_286, 12_983, 13_702, 14_444, 15_209, 15_996,
    16_807, 17_642, 18_500, 19_382, 20_289, 21_219, 22_174, 23_153, 24_158, 25_187, 26_241, 27_321, 28_426, 29_557, 30_713,
    31_896, 33_105, 34_340, 35_601, 36_889, 38_204, 39_546, 40_915, 42_311, 43_735, 45_186, 46_665, 48_172, 49_707, 51_269,
    52_861, 54_480, 56_128, 57_805, 59_511, 61_246, 63_010, 64_803, 66_626, 68_478, 70_360, 72_272, 74_214, 76_185, 78_187,
    80_220, 82_283, 84_376, 86_500, 88_656, 90_842, 93_059, 95_307, 97_587, 99_899, 102_242, 104_616, 107_023, 109_462, 111_932,
    114_435, 116_971, 119_538, 122_139, 124_772, 127_438, 130_136, 132_868, 135_633, 138_432, 141_263, 144_128, 147_027, 149_960,
    152_926, 155_926, 158_961, 162_029, 165_132, 168_269, 171_441, 174_647, 177_888, 181_164, 184_475, 187_821, 191_202, 194_618,
    198_069, 201_556, 205_079, 208_637, 212_231, 215_861, 219_526, 223_228, 226_966, 230_740, 234_551, 238_398, 242_281, 246_201,
    250_158, 254_152, 258_183, 262_251, 266_356, 270_498, 274_677, 278_894, 283_149, 287_441, 291_771, 296_138, 300_544, 304_987,
    309_469, 313_989, 318_547, 323_143, 327_778, 332_452, 337_164, 341_914, 346_704, 351_533, 356_400, 361_307, 366_253, 371_238,
    376_262, 381_326, 386_429, 391_572, 396_755, 401_978, 407_240, 412_543, 417_885, 423_268, 428_690, 434_154, 439_657, 445_201,
    450_786, 456_411, 462_077, 467_784, 473_531, 479_320, 485_150, 491_021, 496_933, 502_886, 508_881, 514_918, 520_996, 527_115,
    533_276, 539_479, 545_724, 552_011, 558_340, 564_712, 571_125, 577_580, 584_078, 590_619, 597_202, 603_827, 610_496, 617_207,
    623_960, 630_757, 637_597, 644_480, 651_406, 658_375, 665_387, 672_443, 679_542, 686_685, 693_872, 701_102, 708_376, 715_694,
    723_055, 730_461, 737_910, 745_404, 752_942, 760_525, 768_151, 775_822, 783_538, 791_298, 799_103, 806_952, 814_847, 822_786,
    830_770, 838_799, 846_873, 854_993, 863_157, 871_367, 879_622, 887_923, 896_269, 904_661, 913_099, 921_582, 930_111, 938_686,
    947_307, 955_973, 964_686, 973_445, 982_251, 991_102, 1_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(brand: &BrandSettings) -> String {
        brand.flaws("").into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn white_letters_are_readable_on_a_colour() {
        assert_eq!((luminance("#000000"), luminance("#ffffff")), (Some(0), Some(1_000_000)));
        for (colour, expected) in [
            ("#000000", ""),
            ("#1a56b0", ""),
            ("#1A56B0", ""),
            // The lightest grey on which white has 4.5 to 1, and the next.
            ("#767676", ""),
            ("#777777", "/brand/colour"),
            ("#ffffff", "/brand/colour"),
            ("#ffcc00", "/brand/colour"),
            ("1a56b0", "/brand/colour"),
            ("#1a56b", "/brand/colour"),
            ("#1a56bg", "/brand/colour"),
            ("#+a56b0", "/brand/colour"),
            ("red", "/brand/colour"),
            ("#1a56b0;}body{display:none", "/brand/colour"),
            ("", "/brand/colour"),
        ] {
            assert_eq!(
                flaws(&BrandSettings { colour: Some(colour.to_owned()), ..BrandSettings::default() }),
                expected,
                "{colour}"
            );
        }
    }

    #[test]
    fn a_logo_is_a_small_picture_and_nothing_else() {
        let png = |data: &str| format!("data:image/png;base64,{data}");
        let long = |letters: usize| png(&format!("iVBORw0KGgoA{}", "A".repeat(letters)));
        for (logo, expected) in [
            (png("iVBORw0KGgo="), ""),
            (png("iVBORw0KGgoAAAANSUhEUg=="), ""),
            ("data:image/jpeg;base64,/9j/4AAQ".to_owned(), ""),
            (long(LOGO_CHARS_MAX - 36), ""),
            (long(LOGO_CHARS_MAX - 32), "/brand/logo"),
            (png("R0lGODlh"), "/brand/logo"),
            (png("/9j/4AAQ"), "/brand/logo"),
            (png("iVBORw0KGg"), "/brand/logo"),
            (png("iVBORw0KGgo\"onerror"), "/brand/logo"),
            (png("iVBORw0KGgoA===="), "/brand/logo"),
            ("data:image/svg+xml;base64,PHN2Zz4=".to_owned(), "/brand/logo"),
            ("https://acme.example/logo.png".to_owned(), "/brand/logo"),
            (String::new(), "/brand/logo"),
        ] {
            assert_eq!(flaws(&BrandSettings { logo: Some(logo.clone()), ..BrandSettings::default() }), expected, "{logo}");
        }
    }

    #[test]
    fn particulars_are_some_lines() {
        for (text, expected) in [
            ("Acme GmbH\nHauptstr. 1\r\n10115 Berlin".to_owned(), ""),
            ("é".repeat(1_000), ""),
            ("é".repeat(1_001), "/brand/particulars"),
            ("a\n".repeat(13), "/brand/particulars"),
            (" \n".to_owned(), "/brand/particulars"),
            ("a\u{1b}[31m".to_owned(), "/brand/particulars"),
        ] {
            assert_eq!(flaws(&BrandSettings { particulars: Some(text.clone()), ..BrandSettings::default() }), expected, "{text}");
        }
        assert!(BrandSettings::default().is_usual());
    }
}
