//! Whom a document is about, and what all documents of it share.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use channels::locale::Locale;
use documents::{Addressee, BrandColour, DocumentHead, Letterhead, Logo, Paper, WaysToPay, Writing, written_in};
use domain::{
    Customer, Facts, Money, Settings, TenantId,
    calendar::tenant_zone,
    receivables::{Receivables, ReceivablesRules},
};
use files::DocumentAsked;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use store::Store;

/// A customer, with what is known of it at an instant.
pub(crate) struct Subject {
    settings: Settings,
    pub(crate) facts: Facts,
    pub(crate) hand: Hand,
    zone: TimeZone,
    now: Timestamp,
}

/// How the customer's language and country write.
pub(crate) struct Hand {
    language: String,
    locale: &'static Locale,
}

impl Writing for Hand {
    fn language(&self) -> &str {
        &self.language
    }

    fn money(&self, money: Money) -> String {
        self.locale.money(money)
    }

    fn date(&self, date: Date) -> String {
        self.locale.date(date)
    }
}

impl Subject {
    /// The customer that is asked about; `None` where the tenant has none such.
    pub(crate) async fn read(store: &Store, asked: &DocumentAsked, now: Timestamp) -> store::Result<Option<Self>> {
        let Some(settings) = store.settings(&asked.tenant).await? else { return Ok(None) };
        let Some(head) = store.head(&asked.tenant, &asked.customer).await? else { return Ok(None) };
        let facts = store.facts(&asked.tenant, &head).await?;
        let settings = settings.value;
        let known = asked.language.as_deref().or(facts.customer.language.as_deref()).or(settings.language.as_deref());
        let language = written_in(known.unwrap_or("en"));
        let locale = Locale::of(&language, facts.customer.country.as_deref());
        let zone = tenant_zone(&settings);
        Ok(Some(Self { settings, facts, hand: Hand { language, locale }, zone, now }))
    }

    pub(crate) fn tenant(&self) -> &TenantId {
        &self.facts.tenant
    }

    /// What is owed.
    pub(crate) fn receivables(&self) -> Receivables<'_> {
        Receivables::at(&self.facts, ReceivablesRules::of(&self.settings, &self.zone), self.now)
    }

    /// The day of the document, in the tenant's zone.
    pub(crate) fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// What every document to the customer has; the company that writes is named by its id, the tenant itself where that is empty.
    pub(crate) fn head(&self, legal_entity: &str) -> DocumentHead {
        let customer = &self.facts.customer;
        DocumentHead {
            letterhead: self.letterhead(legal_entity),
            customer: Addressee { name: customer.name.clone(), lines: address(customer) },
            paper: Paper::of(&self.settings.country),
            as_of: self.today(),
        }
    }

    fn letterhead(&self, legal_entity: &str) -> Letterhead {
        let (settings, brand) = (&self.settings, self.settings.brand_of(legal_entity));
        let name = settings.name_of(legal_entity);
        let particulars = brand.particulars.as_deref().map(lines).unwrap_or_default();
        let reply_to = settings.reply_to_of(legal_entity).map(str::to_owned);
        Letterhead {
            name: name.to_owned(),
            particulars: particulars.into_iter().chain(reply_to).collect(),
            colour: brand.colour.as_deref().and_then(BrandColour::parse),
            logo: brand.logo.as_deref().and_then(picture),
        }
    }

    /// How to pay each of the companies that are owed; named where there are several.
    pub(crate) fn ways_to_pay(&self, entities: &BTreeSet<&str>) -> Vec<WaysToPay> {
        let several = entities.len() > 1;
        let way = |entity: &&str| {
            let text = self.settings.how_to_pay(entity, None, &self.hand.language)?;
            let to = if several { self.settings.name_of(entity).to_owned() } else { String::new() };
            Some(WaysToPay { to, lines: lines(&text) })
        };
        entities.iter().filter_map(way).collect()
    }
}

/// The lines of a text that say something.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The picture of a data URL.
fn picture(url: &str) -> Option<Logo> {
    let (_, data) = url.split_once(";base64,")?;
    Logo::of(STANDARD.decode(data).ok()?)
}

fn address(customer: &Customer) -> Vec<String> {
    let Some(address) = &customer.postal_address else { return Vec::new() };
    let town = [address.postal_code.as_deref(), Some(address.city.as_str())].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let lines = [Some(address.line1.clone()), address.line2.clone(), Some(town), Some(address.country.clone())];
    lines.into_iter().flatten().filter(|line| !line.trim().is_empty()).collect()
}
