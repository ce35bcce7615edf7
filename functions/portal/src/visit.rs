//! Whom the portal is open for.

use std::collections::BTreeSet;

use domain::{Channel, Currency, Facts, Money, People, Settings};
use store::AddressId;

use crate::labels::PageLabels;

/// The customer that a portal link opened, and how it is spoken to.
pub(crate) struct Visit {
    pub(crate) settings: Settings,
    pub(crate) customer: String,
    /// The path of the customer's pages: `/p/{code}`.
    pub(crate) path: String,
    pub(crate) words: &'static PageLabels,
    pub(crate) locale: &'static channels::locale::Locale,
    /// Whether the tenant is connected to a provider by which can be paid here.
    pub(crate) pays_here: bool,
}

impl Visit {
    /// In the customer's language, else the tenant's.
    pub(crate) fn of(settings: Settings, facts: &Facts, path: String) -> Self {
        let wanted = facts.customer.language.as_deref().or(settings.language.as_deref()).unwrap_or("en").to_owned();
        let words = PageLabels::of(&wanted);
        let locale = channels::locale::Locale::of(words.tag(&wanted), facts.customer.country.as_deref());
        Self { customer: facts.customer.name.clone(), settings, path, words, locale, pays_here: false }
    }

    /// An amount as the customer reads it.
    pub(crate) fn money(&self, minor: i64, currency: Currency) -> String {
        self.locale.money(Money::from_minor(minor, currency))
    }

    /// Whose the page is: the one company that is owed, else the tenant.
    pub(crate) fn tenant_of(&self, legal_entities: &BTreeSet<String>) -> String {
        let only = legal_entities.first().filter(|_| legal_entities.len() == 1).map(String::as_str).unwrap_or_default();
        self.settings.name_of(only).to_owned()
    }
}

/// The addresses of the people who are written to about the customer's money, as far as the facts name them. Whether one is written to now does
/// not matter: who asked for no more messages may still look.
pub(crate) fn addresses_of(facts: &Facts) -> BTreeSet<AddressId> {
    let people = People::of(facts);
    let of = people.all().flat_map(|(_, contact)| {
        Channel::ALL.into_iter().filter_map(move |channel| Some(AddressId::of(channel, contact.address(channel)?)))
    });
    of.collect()
}
