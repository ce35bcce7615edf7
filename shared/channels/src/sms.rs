//! How many segments a text message takes: GSM-7 where every character is in its alphabet, else UCS-2.

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
abcdefghijklmnopqrstuvwxyzäöñüà";
/// These take two septets.
const EXTENDED: &str = "^{}\\[~]|€";

/// How a text is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 160 characters, or 153 in each of several segments.
    Gsm7,
    /// 70 UTF-16 units, or 67 in each of several segments.
    Ucs2,
}

/// How a text is carried, and in how many segments; a character is never cut between two.
pub fn segments(text: &str) -> (Encoding, usize) {
    let gsm = |character: char| {
        if BASIC.contains(character) { Some(1) } else { EXTENDED.contains(character).then_some(2) }
    };
    match text.chars().map(gsm).collect::<Option<Vec<usize>>>() {
        Some(widths) => (Encoding::Gsm7, count(&widths, 160, 153)),
        None => (Encoding::Ucs2, count(&text.chars().map(char::len_utf16).collect::<Vec<_>>(), 70, 67)),
    }
}

fn count(widths: &[usize], alone: usize, each: usize) -> usize {
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (segments, _) =
        widths.iter().fold(
            (1, 0),
            |(segments, used), width| {
                if used + width > each { (segments + 1, *width) } else { (segments, used + width) }
            },
        );
    segments
}

/// Letters outside the alphabet of text messages, and those in it that people read for them: one of them would cost the whole message its alphabet,
/// and more than twice the segments.
const FOLDED: [(&str, char); 16] = [
    ("áâãāăą", 'a'),
    ("ÁÂÃÀĀĂĄ", 'A'),
    ("çćčĉċ", 'c'),
    ("ČĆĈĊ", 'C'),
    ("êëēĕėęě", 'e'),
    ("ÊËÈĒĔĖĘĚ", 'E'),
    ("íîïĩīĭį", 'i'),
    ("ÍÎÏÌĨĪĬĮ", 'I'),
    ("óôõōŏő", 'o'),
    ("ÓÔÕÒŌŎŐ", 'O'),
    ("úûũūŭůűų", 'u'),
    ("ÚÛÙŨŪŬŮŰŲ", 'U'),
    ("–—‑", '-'),
    ("“”„«»", '"'),
    ("ýÿ", 'y'),
    ("ńňņ", 'n'),
];

/// The text in the alphabet of text messages, where it is outside of it by nothing but accents and marks that people leave out when they text; else as
/// it is.
pub fn folded(text: &str) -> String {
    let fold = |character: char| {
        let named = FOLDED.iter().find(|(letters, _)| !BASIC.contains(character) && letters.contains(character));
        named.map_or(character, |(_, plain)| *plain)
    };
    let shorter: String = text.chars().map(fold).collect();
    if segments(&shorter).0 == Encoding::Gsm7 { shorter } else { text.to_owned() }
}

/// `text` as a phone shows it: ordinary spaces for fixed ones, so that an amount does not cost the whole message its alphabet;
/// no space at a line's end; one blank line at most.
pub fn tidy(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|character| match character {
            '\u{a0}' | '\u{202f}' => ' ',
            '’' | '‘' => '\'',
            other => other,
        })
        .collect();
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim().lines().map(str::trim) {
        if !(line.is_empty() && lines.last().is_some_and(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_as_carriers_do() {
        for (text, expected) in [
            ("a".repeat(160), (Encoding::Gsm7, 1)),
            ("a".repeat(161), (Encoding::Gsm7, 2)),
            ("a".repeat(306), (Encoding::Gsm7, 2)),
            ("a".repeat(307), (Encoding::Gsm7, 3)),
            ("€".repeat(80), (Encoding::Gsm7, 1)),
            ("€".repeat(81), (Encoding::Gsm7, 2)),
            // 153 is odd: the 77th euro sign does not fit the first segment.
            ("€".repeat(153), (Encoding::Gsm7, 3)),
            ("ш".repeat(70), (Encoding::Ucs2, 1)),
            ("ш".repeat(71), (Encoding::Ucs2, 2)),
            ("😀".repeat(35), (Encoding::Ucs2, 1)),
            ("😀".repeat(67), (Encoding::Ucs2, 3)),
            (String::new(), (Encoding::Gsm7, 1)),
        ] {
            assert_eq!(segments(&text), expected, "{} of {:?}", text.chars().count(), text.chars().next());
        }
    }

    #[test]
    fn accents_are_left_out_where_that_saves_the_alphabet() {
        for (text, expected) in [
            ("dû le 4 août à régler", "du le 4 aout à régler"),
            ("No recibir más SMS", "No recibir mas SMS"),
            ("François – «façade»", "Francois - \"facade\""),
            ("Müller, Ñandú, Ærø", "Müller, Ñandu, Ærø"),
            ("計 août", "計 août"),
            ("plain €", "plain €"),
        ] {
            assert_eq!(folded(text), expected);
        }
    }

    #[test]
    fn tidied() {
        for (text, expected) in [("1.250,00\u{a0}€", "1.250,00 €"), ("a  \n\n\n b\n", "a\n\nb"), ("l’estratto", "l'estratto")]
        {
            assert_eq!(tidy(text), expected);
        }
    }
}
