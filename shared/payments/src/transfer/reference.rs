//! Structured references: made from a basket or an account, read back and checked.
//!
//! | form | characters | check | standard |
//! |---|---|---|---|
//! | creditor reference | `RF`, 2 digits, at most 21 letters and digits | 97 | ISO 11649 |
//! | Swiss QR reference | 27 digits | recursive modulo 10 | SIX Implementation Guidelines QR-bill, annex B |
//! | Belgian structured communication | 12 digits, `+++123/4567/89012+++` | remainder of 97 | Febelfin |
//! | Finnish reference number | 4 to 20 digits | weights 7, 3, 1 | Finance Finland |
//!
//! A reference is derived, never drawn. A Belgian one has ten digits only: two baskets of one tenant may come to the same, so that an entry in
//! the books is compared with the baskets of its own customers alone (`domain::Basket::is_named_in`).

use std::fmt;

use domain::{PaymentId, id::digest};

/// The form of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceForm {
    /// ISO 11649, which every bank of the Single Euro Payments Area carries.
    CreditorReference,
    /// A Swiss QR reference, for accounts that are made for it.
    SwissQr,
    /// A Belgian structured communication.
    Belgian,
    /// A Finnish reference number.
    Finnish,
}

/// A reference whose check holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferReference {
    form: ReferenceForm,
    electronic: String,
}

/// Why a text is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceFlaw {
    /// Its characters or its length are others.
    #[error("it has other characters or another length than a {0}")]
    Shape(ReferenceForm),
    /// Its check digits do not match: a digit is wrong, or two are swapped.
    #[error("its check digits do not match; compare it with the {0} on the statement")]
    Check(ReferenceForm),
}

impl fmt::Display for ReferenceForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreditorReference => "creditor reference (ISO 11649)",
            Self::SwissQr => "Swiss QR reference",
            Self::Belgian => "Belgian structured communication",
            Self::Finnish => "Finnish reference number",
        })
    }
}

impl ReferenceForm {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::CreditorReference, Self::SwissQr, Self::Belgian, Self::Finnish];
}

impl TransferReference {
    /// The reference of a basket.
    pub fn of_basket(form: ReferenceForm, basket: &PaymentId) -> Self {
        let text = digest(&["basket", basket.as_str()]);
        let electronic = match form {
            ReferenceForm::CreditorReference => creditor_reference(&text.to_ascii_uppercase()),
            ReferenceForm::SwissQr => {
                let body = format!("{:026}", number(&text) % (10_u128.pow(26) - 1) + 1);
                format!("{body}{}", modulo_10_recursive(&body))
            }
            ReferenceForm::Belgian => {
                let body = number(&text) % (10_u128.pow(10) - 1) + 1;
                format!("{body:010}{:02}", belgian_check(body))
            }
            ReferenceForm::Finnish => {
                // Nineteen digits and no zero in front, which banks drop.
                let body = (number(&text) % (9 * 10_u128.pow(18)) + 10_u128.pow(18)).to_string();
                format!("{body}{}", weights_7_3_1(&body))
            }
        };
        Self { form, electronic }
    }

    /// Reads a reference of a form, as a bank or a person writes it: spaces, and the signs of its form, are left out.
    ///
    /// # Errors
    ///
    /// [`ReferenceFlaw`] for what is none.
    pub fn parse(form: ReferenceForm, text: &str) -> Result<Self, ReferenceFlaw> {
        let signs: &[char] = match form {
            ReferenceForm::Belgian => &['+', '/', '*'],
            ReferenceForm::CreditorReference | ReferenceForm::SwissQr | ReferenceForm::Finnish => &[],
        };
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && !signs.contains(c)).collect();
        let plain = plain.to_ascii_uppercase();
        let is_digits = plain.bytes().all(|byte| byte.is_ascii_digit());
        let (has_shape, electronic) = match form {
            ReferenceForm::CreditorReference => {
                let digits = plain.get(2..4).is_some_and(|check| check.bytes().all(|byte| byte.is_ascii_digit()));
                let plain_text = plain.bytes().all(|byte| byte.is_ascii_alphanumeric());
                (plain_text && plain.starts_with("RF") && digits && (5..=25).contains(&plain.len()), plain)
            }
            ReferenceForm::SwissQr => (is_digits && plain.len() == 27 && plain.bytes().any(|byte| byte != b'0'), plain),
            ReferenceForm::Belgian => (is_digits && plain.len() == 12, plain),
            ReferenceForm::Finnish => {
                // Banks fill up with zeros in front.
                let short = plain.trim_start_matches('0').to_owned();
                (is_digits && (4..=20).contains(&short.len()), short)
            }
        };
        if !has_shape {
            return Err(ReferenceFlaw::Shape(form));
        }
        let (body, check) = electronic.split_at(electronic.len() - if form == ReferenceForm::Belgian { 2 } else { 1 });
        let holds = match form {
            ReferenceForm::CreditorReference => modulo_97(&[&electronic[4..], &electronic[..4]]) == 1,
            ReferenceForm::SwissQr => modulo_10_recursive(body).to_string() == check,
            ReferenceForm::Belgian => format!("{:02}", belgian_check(body.parse().unwrap_or_default())) == check,
            ReferenceForm::Finnish => weights_7_3_1(body).to_string() == check,
        };
        if holds { Ok(Self { form, electronic }) } else { Err(ReferenceFlaw::Check(form)) }
    }

    /// Its form.
    pub fn form(&self) -> ReferenceForm {
        self.form
    }

    /// Without spaces and signs: what files and codes carry.
    pub fn electronic(&self) -> &str {
        &self.electronic
    }

    /// As people read and type it.
    pub fn shown(&self) -> String {
        let text = self.electronic.as_str();
        match self.form() {
            ReferenceForm::CreditorReference => groups(text, 4, 0),
            // Two digits, then fives.
            ReferenceForm::SwissQr => groups(text, 5, 3),
            ReferenceForm::Belgian => format!("+++{}/{}/{}+++", &text[..3], &text[3..7], &text[7..]),
            ReferenceForm::Finnish => groups(text, 5, (5 - text.len() % 5) % 5),
        }
    }

    /// The creditor reference that stands for it where that form alone is carried: itself, or of a Finnish one its international form.
    pub fn international(&self) -> Option<String> {
        match self.form() {
            ReferenceForm::CreditorReference => Some(self.electronic.clone()),
            ReferenceForm::Finnish => Some(creditor_reference(&self.electronic)),
            ReferenceForm::SwissQr | ReferenceForm::Belgian => None,
        }
    }
}

/// `text` in groups of `size`, the first shorter by `short`.
fn groups(text: &str, size: usize, short: usize) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at > 0 && (at + short).is_multiple_of(size) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// A digest's text as a number: 100 bits.
fn number(digest: &str) -> u128 {
    digest.bytes().take(20).fold(0, |number, byte| {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            // The alphabet leaves out i, l, o and u.
            b'a'..=b'h' => byte - b'a' + 10,
            b'j' | b'k' => byte - b'j' + 18,
            b'm' | b'n' => byte - b'm' + 20,
            b'p'..=b't' => byte - b'p' + 22,
            _ => byte.saturating_sub(b'v') + 27,
        };
        (number << 5) | u128::from(value & 31)
    })
}

fn creditor_reference(body: &str) -> String {
    format!("RF{:02}{body}", 98 - modulo_97(&[body, "RF00"]))
}

/// The remainder of 97 of letters and digits, one text after the other, where `A` counts as 10 and `Z` as 35 (ISO 7064).
fn modulo_97(parts: &[&str]) -> u32 {
    parts.iter().flat_map(|part| part.chars()).fold(0, |rest, c| {
        let value = c.to_digit(36).unwrap_or_default();
        (rest * if value < 10 { 10 } else { 100 } + value) % 97
    })
}

fn belgian_check(body: u128) -> u128 {
    match body % 97 {
        0 => 97,
        rest => rest,
    }
}

fn modulo_10_recursive(body: &str) -> usize {
    const NEXT: [usize; 10] = [0, 9, 4, 6, 8, 2, 7, 1, 3, 5];
    let carried = body.bytes().fold(0, |carried, byte| NEXT[(carried + usize::from(byte - b'0')) % 10]);
    (10 - carried) % 10
}

fn weights_7_3_1(body: &str) -> u32 {
    let weighted = body.bytes().rev().zip([7, 3, 1].into_iter().cycle());
    let sum: u32 = weighted.map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    (10 - sum % 10) % 10
}
