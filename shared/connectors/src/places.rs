//! Countries, subdivisions and zones by name.

use std::str::FromStr;

/// ISO 3166-1 alpha-2, the officially assigned codes.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA \
GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI \
KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK \
SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS \
YE YT ZA ZM ZW";

/// Whether a text is a country code.
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && COUNTRIES.split_ascii_whitespace().any(|known| known == code)
}

/// The country that people mean by a code of two or three letters or an English name, as alpha-2.
pub fn country(written: &str) -> Option<String> {
    let written = written.trim();
    let spoken = SPOKEN.iter().find(|(name, _)| name.eq_ignore_ascii_case(written)).map(|(_, code)| (*code).to_owned());
    spoken
        .or_else(|| celes::Country::from_str(written).ok().map(|country| country.alpha2.to_owned()))
        .filter(|code| is_country(code))
}

/// What people write that no list of the standard has.
const SPOKEN: [(&str, &str); 6] =
    [("UK", "GB"), ("U.S.A.", "US"), ("U.S.", "US"), ("United States", "US"), ("United Kingdom", "GB"), ("England", "GB")];

/// Whether a text has the form of a subdivision code without its country.
pub fn is_region(code: &str) -> bool {
    (1..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The zone of that name, under its own spelling.
pub fn zone(name: &str) -> Option<String> {
    jiff::tz::db().get(name).ok()?.iana_name().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_places() {
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 249);
        for (code, known) in [("DE", true), ("de", false), ("XX", false), ("", false), ("DEU", false), ("UK", false)] {
            assert_eq!(is_country(code), known, "{code}");
        }
        for (written, code) in [
            ("us", Some("US")),
            ("USA", Some("US")),
            ("United States", Some("US")),
            ("DEU", Some("DE")),
            ("Germany", Some("DE")),
            ("UK", Some("GB")),
            ("Atlantis", None),
            ("", None),
        ] {
            assert_eq!(country(written).as_deref(), code, "{written}");
        }
        assert_eq!(zone("europe/berlin").as_deref(), Some("Europe/Berlin"));
        for name in ["Mars/Olympus", "", "../etc/passwd", "+01:00"] {
            assert_eq!(zone(name), None, "{name}");
        }
    }
}
