//! Whom the portal is open for.

use std::collections::BTreeSet;

use domain::{Channel, Facts, People, Settings};
use store::AddressId;

use crate::labels::PageLabels;

/// The customer that a portal link opened, and what is known of it.
pub(crate) struct Visit {
    pub(crate) settings: Settings,
    pub(crate) facts: Facts,
    pub(crate) words: &'static PageLabels,
    pub(crate) locale: &'static channels::locale::Locale,
}

impl Visit {
    /// The addresses of the people who are written to about the customer's money. Whether one is written to now does not matter: who asked
    /// for no more messages may still look.
    pub(crate) fn addresses(&self) -> BTreeSet<AddressId> {
        let people = People::of(&self.facts);
        let of = people.all().flat_map(|(_, contact)| {
            Channel::ALL.into_iter().filter_map(move |channel| Some(AddressId::of(channel, contact.address(channel)?)))
        });
        of.collect()
    }
}
