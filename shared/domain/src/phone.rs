//! Phone numbers: one text for one number.
//!
//! `trunks.txt` has the prefixes that are dialled within a country and dropped after its code, which people leave in: `+44 (0)20 …`.
//! `infra/phones` writes it and tells where it comes from.

/// Lines of country code, prefix, and the digits after it with which numbers themselves begin.
const TRUNKS: &str = include_str!("trunks.txt");

/// A number in E.164, without a trunk prefix after its country code: `+4402079460958` is `+442079460958`. `None` for what is no plus
/// and 7 to 15 digits of which the first is not zero.
pub fn e164(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+')?;
    let good = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    good.then(|| match without_trunk(digits) {
        Some(shorter) if shorter.len() >= 7 => format!("+{shorter}"),
        Some(_) | None => text.to_owned(),
    })
}

/// The digits without the trunk prefix of their country, where they have one.
fn without_trunk(digits: &str) -> Option<String> {
    TRUNKS.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let (code, prefix, kept) = (fields.next()?, fields.next()?, fields.next().unwrap_or(""));
        let number = digits.strip_prefix(code)?.strip_prefix(prefix)?;
        // What follows a prefix that numbers may begin with themselves tells the two apart.
        (!number.starts_with(|digit| kept.contains(digit))).then(|| format!("{code}{number}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_text() {
        for (text, expected) in [
            ("+442079460958", Some("+442079460958")),
            ("+4402079460958", Some("+442079460958")),
            ("+49030123456", Some("+4930123456")),
            ("+3361234567", Some("+3361234567")),
            ("+33061234567", Some("+3361234567")),
            ("+810312345678", Some("+81312345678")),
            ("+8100777123456", Some("+8100777123456")),
            ("+390612345678", Some("+390612345678")),
            ("+2250123456789", Some("+2250123456789")),
            ("+360612345678", Some("+3612345678")),
            ("+14155550100", Some("+14155550100")),
            ("+11234567890", Some("+11234567890")),
            ("+78005553535", Some("+78005553535")),
            ("+4400", None),
            ("+0441234567", None),
            ("442079460958", None),
            ("+44 20 7946 0958", None),
            ("+1234567890123456", None),
            ("+", None),
            ("", None),
        ] {
            assert_eq!(e164(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_answer_is_its_own_text() {
        for line in TRUNKS.lines() {
            let mut fields = line.split(' ');
            let (code, prefix) = (fields.next().unwrap(), fields.next().unwrap());
            let once = e164(&format!("+{code}{prefix}5555555")).unwrap();
            assert_eq!(once, format!("+{code}5555555"), "{line}");
            assert_eq!(e164(&once).as_deref(), Some(once.as_str()), "{line}");
        }
    }
}
