//! Made-up facts of named shapes, for looking at a text before anybody gets it.

use domain::{Currency, Money};
use jiff::civil::date;

use crate::{
    input::{RenderInput, RowKind},
    samples::one,
};

/// A shape that a customer's facts may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataShape {
    /// One invoice.
    One,
    /// Three, one of them by instalments.
    Three,
    /// Thirty.
    Thirty,
    /// One in each of two currencies: a message is of one currency, and says that there is another.
    TwoCurrencies,
    /// One that was paid in part.
    PartPaid,
    /// One that is not due yet.
    NotDue,
    /// One, with a day to pay by and a promise.
    Promised,
    /// One of a customer whose contact has no name.
    Nameless,
    /// One of a customer with a long name that is written from right to left.
    LongName,
}

impl DataShape {
    /// Every shape.
    pub const ALL: [Self; 9] = [
        Self::One,
        Self::Three,
        Self::Thirty,
        Self::TwoCurrencies,
        Self::PartPaid,
        Self::NotDue,
        Self::Promised,
        Self::Nameless,
        Self::LongName,
    ];

    /// The word that an address names it by.
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        self.row().1
    }

    /// The shape of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.word() == word)
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::One => ("one", "1 invoice"),
            Self::Three => ("three", "3 invoices, one by instalments"),
            Self::Thirty => ("thirty", "30 invoices"),
            Self::TwoCurrencies => ("two-currencies", "two currencies"),
            Self::PartPaid => ("part-paid", "paid in part"),
            Self::NotDue => ("not-due", "not due yet"),
            Self::Promised => ("promised", "a promise, and a day to pay by"),
            Self::Nameless => ("nameless", "nobody's name"),
            Self::LongName => ("long-name", "a long name, right to left"),
        }
    }

    /// Facts of the shape, for a text in a language.
    pub fn facts(self, language: &str) -> RenderInput {
        let count = match self {
            Self::Three => 3,
            Self::Thirty => 30,
            Self::One
            | Self::TwoCurrencies
            | Self::PartPaid
            | Self::NotDue
            | Self::Promised
            | Self::Nameless
            | Self::LongName => 1,
        };
        let mut input = one(language, count);
        match self {
            Self::One | Self::Three | Self::Thirty => {}
            Self::TwoCurrencies => input.several_currencies = true,
            Self::PartPaid => {
                let paid = Money::from_minor(50_000, Currency::EUR);
                let rest = Money::from_minor(75_000, Currency::EUR);
                for row in &mut input.invoices {
                    (row.kind, row.paid, row.open, row.due_now) = (RowKind::Invoice, paid, rest, rest);
                }
                input.covered_due_now = rest;
            }
            Self::NotDue => {
                for row in &mut input.invoices {
                    (row.days_past_due, row.reminded) = (-5, 0);
                }
                input.exposure_overdue = Money::from_minor(0, Currency::EUR);
            }
            Self::Promised => {
                input.pay_by = Some(date(2026, 2, 23));
                input.promised_on = Some(date(2026, 2, 20));
            }
            Self::Nameless => input.contact_name = String::new(),
            Self::LongName => {
                input.customer_name = "شركة الخليج العربي للتجارة العامة والمقاولات ذات المسؤولية المحدودة ".repeat(3);
                input.contact_name = "عبد الرحمن بن محمد بن عبد العزيز آل سعود".to_owned();
            }
        }
        input
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Brand, Template};

    #[test]
    fn every_shape_renders_the_texts_that_a_tenant_starts_with() {
        let own = crate::builtin::templates();
        for shape in DataShape::ALL {
            assert_eq!(DataShape::of(shape.word()), Some(shape));
            for template in own.iter().filter(|text: &&Template| text.language == "en" && text.id == "reminder") {
                // A text message has no room for a name of two hundred letters.
                if shape == DataShape::LongName && template.channel.facts().segments_max.is_some() {
                    continue;
                }
                let input = shape.facts(&template.language);
                let made = crate::render(template, &input, &Brand::named("Northwind"));
                assert!(made.is_ok(), "{} {}: {made:?}", shape.label(), template.channel);
            }
        }
        assert_eq!(DataShape::of("square"), None);
    }
}
