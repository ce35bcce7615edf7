//! Which entries in the books bring the money of a transfer: those whose reference names the basket's. Nobody else tells of it, so that such an
//! entry is the payment, and no document of the basket is made beside it: the money is counted where the books have it.

use jiff::Timestamp;

use super::{Basket, BasketChange, BookedEntry};
use crate::{Payment, Settings};

/// The provider of baskets that are paid by the payer's own bank.
pub const TRANSFER: &str = "transfer";

/// Most entries that bring the money of one basket.
const BOOKED_MAX: usize = 100;
/// The digits of the shortest reference that is ours: a Belgian one.
const DIGITS_MIN: usize = 12;
/// The characters of a creditor reference of ours, ISO 11649.
const CREDITOR_REFERENCE_CHARS: usize = 24;

/// A text without anything but letters and digits, in capitals: as references are compared that people and banks write with spaces and signs.
fn compact(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Whether a text may hold the structured reference of a transfer: what holds none need not be compared with baskets.
pub fn may_name_a_transfer(text: &str) -> bool {
    let text = compact(text);
    let has_digits = text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= DIGITS_MIN);
    has_digits || text.match_indices("RF").any(|(at, _)| text.len() - at >= CREDITOR_REFERENCE_CHARS)
}

impl Basket {
    /// Whether a text names the reference under which it is transferred, however it is written. The international form of a Finnish reference
    /// holds the reference itself.
    pub fn is_named_in(&self, text: &str) -> bool {
        let reference = self.provider_id.as_deref().filter(|_| self.provider == TRANSFER).map(compact);
        reference.is_some_and(|reference| reference.len() >= DIGITS_MIN && compact(text).contains(&reference))
    }

    /// The basket after the books said how an entry is now. One that names it is its payment, whatever it comes to; one that does so no longer, or
    /// was taken back, is not. A payment of nothing, in another currency or of which it is not clear what became of it changes nothing else.
    #[must_use]
    pub fn heard_of_entry(&self, entry: &Payment, settings: &Settings, now: Timestamp) -> BasketChange {
        let mut after = self.clone();
        after.booked.retain(|known| known.entry != entry.id);
        let names = entry.reference.as_deref().is_some_and(|reference| self.is_named_in(reference));
        let is_its = names && entry.is_booked_money() && entry.currency == self.currency && entry.amount_minor > 0;
        if is_its && after.booked.len() < BOOKED_MAX {
            after.booked.push(BookedEntry { entry: entry.id.clone(), amount_minor: entry.amount_minor });
            after.booked.sort();
        }
        self.became(after, Vec::new(), settings, now)
    }
}
