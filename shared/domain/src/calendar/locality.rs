//! Where a person is, as far as known.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::table;
use crate::{Customer, Settings};

/// Countries in which closed days differ by region, and the most populous region of each: what counts without a region.
const MOST_POPULOUS: [(&str, &str); 8] =
    [("AU", "NSW"), ("BR", "SP"), ("CA", "ON"), ("CH", "ZH"), ("ES", "MD"), ("GB", "ENG"), ("MY", "10"), ("NZ", "AUK")];

/// Territories with a country code of their own that keep the holidays of another country's region.
const TERRITORIES: [(&str, &str, &str); 16] = [
    ("AS", "US", "AS"),
    ("BL", "FR", "BL"),
    ("GF", "FR", "973"),
    ("GP", "FR", "971"),
    ("GU", "US", "GU"),
    ("MF", "FR", "MF"),
    ("MP", "US", "MP"),
    ("MQ", "FR", "972"),
    ("NC", "FR", "NC"),
    ("PF", "FR", "PF"),
    ("PM", "FR", "PM"),
    ("PR", "US", "PR"),
    ("RE", "FR", "974"),
    ("VI", "US", "VI"),
    ("WF", "FR", "WF"),
    ("YT", "FR", "976"),
];

/// Where a person is, as far as known: a country, perhaps a region, and every zone that the person may be in.
///
/// What is not known makes it stricter, never laxer: without a zone of the person's own all zones of the region count, without
/// a region all zones of the country.
#[derive(Clone, Debug, PartialEq)]
pub struct Locality {
    country: String,
    region: Option<String>,
    /// At least one.
    zones: Vec<TimeZone>,
}

impl Locality {
    /// Where a customer's people are.
    ///
    /// The customer's own zone wins; else the zones of the region, else those of the country; a customer without a country
    /// is in the tenant's, in whatever zone of it. A zone, region or country that does not exist counts as none.
    pub fn of_customer(customer: &Customer, settings: &Settings) -> Self {
        let own = customer.country.as_deref().map(code).filter(|country| is_country(country));
        // A region names nothing without its country.
        let region = own.as_deref().and_then(|country| known_region(country, customer.region.as_deref()?));
        let country = own.unwrap_or_else(|| tenant_country(settings));
        let zones = match customer.time_zone.as_deref().and_then(zone) {
            Some(zone) => vec![zone],
            None => zones_of(&country, region.as_deref()),
        };
        Self { country, region, zones }
    }

    /// Where a tenant is: its zone, else its country's first.
    pub fn of_tenant(settings: &Settings) -> Self {
        let country = tenant_country(settings);
        let zone = settings.time_zone.as_deref().and_then(zone);
        let zones = vec![zone.unwrap_or_else(|| zones_of(&country, None).swap_remove(0))];
        Self { country, region: None, zones }
    }

    /// ISO 3166-1 alpha-2, upper case.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// ISO 3166-2 without the country; `None` when unknown or not one that the tables tell apart.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Every zone that the person may be in; at least one.
    pub fn zones(&self) -> &[TimeZone] {
        &self.zones
    }

    /// The zone that civil days are counted in: with several, the first.
    pub fn zone(&self) -> &TimeZone {
        &self.zones[0]
    }

    /// The civil day there; with several zones, that of the first.
    pub fn date_of(&self, at: Timestamp) -> Date {
        self.zones[0].to_datetime(at).date()
    }

    /// Whether a weekday belongs to the weekend there.
    pub(super) fn is_weekend(&self, day: Weekday) -> bool {
        table::is_weekend(&self.country, day)
    }

    /// The place whose public holidays close `date` here, `DE` or `DE-BE`; `None` when it is none.
    pub(super) fn holiday(&self, date: Date) -> Option<String> {
        let territory = TERRITORIES.iter().find(|(own, ..)| *own == self.country);
        let (country, region) = match territory {
            Some((_, country, region)) => (*country, Some(*region)),
            None => (self.country.as_str(), self.region.as_deref().or_else(|| most_populous(&self.country))),
        };
        if table::is_holiday(country, None, date) {
            return Some(country.to_owned());
        }
        let region = region.filter(|region| table::is_holiday(country, Some(region), date))?;
        Some(format!("{country}-{region}"))
    }

    /// A place in given zones, for tests of several zones at once.
    #[cfg(test)]
    pub(super) fn in_zones(country: &str, region: Option<&str>, zones: &[&str]) -> Self {
        let zones = zones.iter().map(|name| zone(name).unwrap()).collect();
        Self { country: country.to_owned(), region: region.map(str::to_owned), zones }
    }
}

/// The zone of a tenant's due dates: its own, else its country's first.
pub fn tenant_zone(settings: &Settings) -> TimeZone {
    Locality::of_tenant(settings).zones.swap_remove(0)
}

/// Whether `name` is an IANA zone, such as `Europe/Berlin`.
pub fn is_zone(name: &str) -> bool {
    zone(name).is_some()
}

/// Whether `code` is an ISO 3166-1 alpha-2 country, upper case.
pub fn is_country(code: &str) -> bool {
    table::zones(code, None).is_some()
}

/// Whether the public holidays of a country are known. Where not, only its weekend and the tenant's closed days are closed.
pub fn has_holidays(country: &str) -> bool {
    table::has_holidays(country) || TERRITORIES.iter().any(|(own, ..)| *own == country)
}

fn most_populous(country: &str) -> Option<&'static str> {
    MOST_POPULOUS.iter().find(|(of, _)| *of == country).map(|(_, region)| *region)
}

fn code(text: &str) -> String {
    text.trim().to_ascii_uppercase()
}

fn tenant_country(settings: &Settings) -> String {
    let country = code(&settings.country);
    if is_country(&country) { country } else { "US".to_owned() }
}

/// The region as the tables have it: upper case, without the country before it (`DE-BE`).
fn known_region(country: &str, text: &str) -> Option<String> {
    let text = code(text);
    let region = text.strip_prefix(country).and_then(|rest| rest.strip_prefix('-')).unwrap_or(&text);
    let known = table::zones(country, Some(region)).is_some() || table::has_region(country, region);
    known.then(|| region.to_owned())
}

/// A zone by name; `None` for what is none, and for the placeholder of an unknown zone, which would pass for UTC.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())
}

/// The zones of a place that the tables have; at least one.
fn zones_of(country: &str, region: Option<&str>) -> Vec<TimeZone> {
    let names = region.and_then(|region| table::zones(country, Some(region))).or_else(|| table::zones(country, None));
    let zones: Vec<TimeZone> = names.into_iter().flatten().filter_map(zone).collect();
    if zones.is_empty() { vec![TimeZone::UTC] } else { zones }
}
