//! How long documents of invoices and payments are kept, by the country of the creditor, before they are deleted.
//!
//! Years count from the end of the calendar year of the document. Where laws of one country ask for several spans, the longest that covers
//! invoices stands here. Where nothing is known of a country, the longest of all counts. The law can ask for more in a single matter: an open
//! invoice is never deleted.

use jiff::civil::Date;

/// How long a country's law wants documents of invoices kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// ISO 3166-1 alpha-2; empty for every country that is not listed.
    pub country: &'static str,
    /// Whole years from the end of the calendar year.
    pub years: i16,
    /// Where that comes from.
    pub citation: &'static str,
}

/// What counts where a country is not listed.
const OTHERS: RetentionRule =
    RetentionRule { country: "", years: 10, citation: "house rule: the longest span of the countries that are listed" };

/// Every country of which the span is known.
pub const RETENTION: [RetentionRule; 20] = [
    RetentionRule { country: "AT", years: 7, citation: "Bundesabgabenordnung 132" },
    RetentionRule { country: "AU", years: 7, citation: "Corporations Act 2001 s 286" },
    RetentionRule { country: "BE", years: 10, citation: "Code de la TVA art. 60, from 2023" },
    RetentionRule { country: "CA", years: 6, citation: "Income Tax Act s 230(4)" },
    RetentionRule { country: "CH", years: 10, citation: "Obligationenrecht 958f" },
    RetentionRule { country: "DE", years: 8, citation: "Abgabenordnung 147 (3), Handelsgesetzbuch 257 (4), from 2025" },
    RetentionRule { country: "DK", years: 5, citation: "Bogføringsloven 12" },
    RetentionRule { country: "ES", years: 6, citation: "Código de Comercio art. 30" },
    RetentionRule { country: "FI", years: 6, citation: "Kirjanpitolaki 2:10" },
    RetentionRule { country: "FR", years: 10, citation: "Code de commerce L123-22" },
    RetentionRule { country: "GB", years: 6, citation: "Value Added Tax Act 1994 sch. 11 para. 6; Companies Act 2006 s 388" },
    RetentionRule { country: "IE", years: 6, citation: "Value-Added Tax Consolidation Act 2010 s 84" },
    RetentionRule { country: "IT", years: 10, citation: "Codice civile art. 2220" },
    RetentionRule { country: "NL", years: 7, citation: "Algemene wet inzake rijksbelastingen 52" },
    RetentionRule { country: "NO", years: 5, citation: "Bokføringsloven 13" },
    RetentionRule { country: "NZ", years: 7, citation: "Tax Administration Act 1994 s 22" },
    RetentionRule { country: "PL", years: 5, citation: "Ordynacja podatkowa art. 86" },
    RetentionRule { country: "PT", years: 10, citation: "Código do IVA art. 52" },
    RetentionRule { country: "SE", years: 7, citation: "Bokföringslagen 7:2" },
    RetentionRule { country: "US", years: 7, citation: "house rule; compare 26 CFR 1.6001-1(e), 12 CFR 1006.100" },
];

/// The rule of a creditor's country.
pub fn retention_of(country: &str) -> RetentionRule {
    RETENTION.into_iter().find(|rule| rule.country == country).unwrap_or(OTHERS)
}

impl RetentionRule {
    /// The last day on which a document of that day is kept.
    pub fn kept_until(&self, of: Date) -> Date {
        Date::new(of.year().saturating_add(self.years), 12, 31).unwrap_or(Date::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_count_from_the_end_of_the_year() {
        for (country, of, until) in [
            ("DE", "2026-01-01", "2034-12-31"),
            ("DE", "2026-12-31", "2034-12-31"),
            ("NO", "2026-03-01", "2031-12-31"),
            ("ZZ", "2026-03-01", "2036-12-31"),
        ] {
            let kept = retention_of(country).kept_until(of.parse().expect("a date"));
            assert_eq!(kept.to_string(), until, "{country} {of}");
        }
        assert!(RETENTION.iter().all(|rule| rule.years <= OTHERS.years && !rule.citation.is_empty()));
    }
}
