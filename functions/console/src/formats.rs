//! Amounts, days and moments as the tenant's people read them: English words in the forms of the tenant's country, in the tenant's time zone.

use channels::locale::Locale;
use domain::{Currency, Money, Settings, calendar::Locality};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// How things are written for a tenant.
#[derive(Clone, Debug)]
pub struct Formats {
    locale: &'static Locale,
    zone: TimeZone,
    now: Timestamp,
}

impl Formats {
    /// As the tenant's settings say it; without any, days are ISO 8601 and moments UTC.
    pub fn of(settings: Option<&Settings>, now: Timestamp) -> Self {
        match settings {
            Some(settings) => Self {
                locale: Locale::of("en", Some(&settings.country)),
                zone: Locality::of_tenant(settings).zone().clone(),
                now,
            },
            None => Self { locale: Locale::NEUTRAL, zone: TimeZone::UTC, now },
        }
    }

    /// An amount with its currency: `€1,250.00`.
    pub fn money(&self, money: Money) -> String {
        self.locale.money(money)
    }

    /// An amount of so many minor units.
    pub fn amount(&self, minor: i64, currency: Currency) -> String {
        self.money(Money::from_minor(minor, currency))
    }

    /// A day: `4 February 2026`.
    pub fn date(&self, date: Date) -> String {
        self.locale.date(date)
    }

    /// A moment: its day and time where the tenant is.
    pub fn moment(&self, at: Timestamp) -> String {
        let there = at.to_zoned(self.zone.clone());
        format!("{} {:02}:{:02}", self.locale.date(there.date()), there.hour(), there.minute())
    }

    /// How far a moment is from now, in the largest unit that fits: `in 3 days`, `2 hours ago`, `now`.
    pub fn from_now(&self, at: Timestamp) -> String {
        let away = at.duration_since(self.now);
        let seconds = away.abs().as_secs();
        let units = [("day", 86_400), ("hour", 3_600), ("minute", 60)];
        let Some((unit, length)) = units.into_iter().find(|(_, length)| seconds >= *length) else { return "now".to_owned() };
        let count = seconds / length;
        let plural = if count == 1 { "" } else { "s" };
        let words = format!("{count} {unit}{plural}");
        if away < SignedDuration::ZERO { format!("{words} ago") } else { format!("in {words}") }
    }

    /// Today, where the tenant is.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// The tenant's zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(country: &str) -> Formats {
        let mut settings = Settings::named("Acme");
        settings.country = country.to_owned();
        Formats::of(Some(&settings), "2026-02-10T23:30:00Z".parse().unwrap())
    }

    #[test]
    fn days_are_those_of_the_tenant() {
        let berlin = formats("DE");
        assert_eq!(berlin.today().to_string(), "2026-02-11");
        assert!(berlin.moment("2026-02-10T23:30:00Z".parse().unwrap()).ends_with("00:30"));
        assert_eq!(berlin.zone().iana_name(), Some("Europe/Berlin"));
        let nobody = Formats::of(None, "2026-02-10T23:30:00Z".parse().unwrap());
        assert_eq!(nobody.moment("2026-02-10T09:05:00Z".parse().unwrap()), "2026-02-10 09:05");
    }

    #[test]
    fn amounts_are_in_the_forms_of_the_country() {
        assert_eq!(formats("GB").amount(125_000, Currency::EUR), "€1,250.00");
        assert_eq!(formats("GB").date("2026-02-04".parse().unwrap()), "4 February 2026");
        assert_eq!(formats("US").date("2026-02-04".parse().unwrap()), "February 4, 2026");
    }

    #[test]
    fn how_far_a_moment_is() {
        for (at, expected) in [
            ("2026-02-10T23:30:00Z", "now"),
            ("2026-02-10T23:30:59Z", "now"),
            ("2026-02-10T23:29:00Z", "1 minute ago"),
            ("2026-02-11T01:29:59Z", "in 1 hour"),
            ("2026-02-13T23:30:00Z", "in 3 days"),
            ("2026-02-08T23:30:00Z", "2 days ago"),
        ] {
            assert_eq!(formats("GB").from_now(at.parse().unwrap()), expected, "{at}");
        }
    }
}
