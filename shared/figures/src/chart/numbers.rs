//! How numbers are written on charts.

/// The marks of a language's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberForm {
    /// Between groups of three digits.
    pub group: &'static str,
    /// Before the fraction.
    pub point: &'static str,
}

impl NumberForm {
    /// `1,250.00`.
    pub const ENGLISH: Self = Self { group: ",", point: "." };
    /// `1.250,00`.
    pub const GERMAN: Self = Self { group: ".", point: "," };
    /// `1 250,00`, with a narrow space that does not break.
    pub const FRENCH: Self = Self { group: "\u{202f}", point: "," };

    /// A number of which so many digits are behind the point.
    pub fn write(self, value: i128, digits: u8) -> String {
        let places = usize::from(digits);
        let text = format!("{:0width$}", value.unsigned_abs(), width = places + 1);
        let (whole, fraction) = text.split_at(text.len() - places);
        let mut out = String::from(if value < 0 { "\u{2212}" } else { "" });
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.push_str(self.group);
            }
            out.push(digit);
        }
        if places > 0 {
            out.push_str(self.point);
            out.push_str(fraction);
        }
        out
    }

    /// A number of an axis: without a fraction that is zero.
    pub(super) fn write_short(self, value: i128, digits: u8) -> String {
        let mut digits = digits;
        let mut value = value;
        while digits > 0 && value % 10 == 0 {
            value /= 10;
            digits -= 1;
        }
        self.write(value, digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_marks_of_a_language() {
        for (value, digits, english, german) in [
            (0, 2, "0.00", "0,00"),
            (5, 2, "0.05", "0,05"),
            (-123_456_789, 2, "−1,234,567.89", "−1.234.567,89"),
            (999, 0, "999", "999"),
            (1_000, 0, "1,000", "1.000"),
        ] {
            assert_eq!(NumberForm::ENGLISH.write(value, digits), english);
            assert_eq!(NumberForm::GERMAN.write(value, digits), german);
        }
        assert_eq!(NumberForm::ENGLISH.write_short(500_000, 2), "5,000");
        assert_eq!(NumberForm::ENGLISH.write_short(1_250, 2), "12.5");
        assert_eq!(NumberForm::FRENCH.write_short(0, 2), "0");
    }
}
