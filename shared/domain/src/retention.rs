//! How long documents of invoices and payments are kept, by the country of the creditor, before they are deleted.
//!
//! Years count from the end of the calendar year of the document. Where laws of one country ask for several spans, the longest that covers
//! invoices stands here; where the law counts from a day that is always later than that end, the years are so many that its day is reached.
//! Where nothing is known of a country, the longest of all counts. The law can ask for more in a single matter: an open invoice is never
//! deleted. Each row says where its years were read; docs/privacy.md shows the table to who has to decide whether that is enough.

use jiff::civil::Date;

/// Where the years of a country were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// On a page of the state: its law, its tax authority or another authority.
    Official(&'static str),
    /// In the law's text, by a publisher that is not the state.
    Text(&'static str),
    /// Only in what others write about the law.
    Secondary(&'static str),
    /// Nowhere: no law that names one span was found, and Dunlin chose the years.
    HouseRule,
}

/// How long a country's law wants documents of invoices kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// ISO 3166-1 alpha-2; empty for every country that is not listed.
    pub country: &'static str,
    /// Whole years from the end of the calendar year.
    pub years: i16,
    /// The law.
    pub law: &'static str,
    /// Where the years were read.
    pub checked: Checked,
}

const fn rule(country: &'static str, years: i16, law: &'static str, checked: Checked) -> RetentionRule {
    RetentionRule { country, years, law, checked }
}

/// What counts where a country is not listed.
const OTHERS: RetentionRule = rule("", 10, "the longest span of the countries that are listed", Checked::HouseRule);

/// Every country of which the span is known.
pub const RETENTION: [RetentionRule; 20] = [
    rule("AT", 7, "Bundesabgabenordnung 132", Checked::Official("usp.gv.at, bmf.gv.at")),
    rule("AU", 7, "Corporations Act 2001 s 286(2)", Checked::Official("ato.gov.au")),
    rule("BE", 10, "Code de la TVA art. 60, from 2023", Checked::Official("finance.belgium.be")),
    rule("CA", 6, "Income Tax Act s 230(4): from the end of the tax year", Checked::Official("cra-arc.gc.ca")),
    rule("CH", 10, "Obligationenrecht 958f: from the end of the business year", Checked::Text("lawbrary.ch")),
    rule("DE", 8, "Abgabenordnung 147 (3), Handelsgesetzbuch 257 (4), from 2025", Checked::Secondary("akanthus-wpg.de")),
    rule(
        "DK",
        5,
        "Bogføringsloven: from the end of the accounting year",
        Checked::Official("skat.dk, oes.dk, of the act before 2022"),
    ),
    rule("ES", 6, "Código de Comercio art. 30", Checked::Official("agenciatributaria.es")),
    rule(
        "FI",
        6,
        "Kirjanpitolaki 2:10: from the end of the year in which the financial year ends",
        Checked::Secondary("azets.fi, etasku.fi"),
    ),
    rule("FR", 10, "Code de commerce L123-22", Checked::Text("doctrine.fr")),
    rule("GB", 6, "Value Added Tax Act 1994 sch. 11 para. 6", Checked::Official("gov.uk, VATREC3021")),
    rule("IE", 6, "Value-Added Tax Consolidation Act 2010 s 84(3)", Checked::Official("irishstatutebook.ie")),
    rule("IT", 10, "Codice civile art. 2220: from the last entry", Checked::Text("brocardi.it")),
    rule("NL", 7, "Algemene wet inzake rijksbelastingen 52(4)", Checked::Text("explore.law")),
    rule("NO", 5, "Bokføringsloven 13: from the end of the financial year", Checked::Official("info.altinn.no")),
    rule(
        "NZ",
        8,
        "Tax Administration Act 1994 s 22: 7 from the end of the income year, mostly 31 March",
        Checked::Official("legislation.govt.nz"),
    ),
    rule(
        "PL",
        6,
        "Ordynacja podatkowa art. 70 and 86: 5 from the end of the year in which the tax fell due",
        Checked::Secondary("sip.lex.pl, prawo.pl"),
    ),
    rule("PT", 10, "Código do IVA art. 52", Checked::Official("info.portaldasfinancas.gov.pt")),
    rule(
        "SE",
        7,
        "Bokföringslagen 7:2: from the end of the year in which the financial year ends",
        Checked::Official("skatteverket.se"),
    ),
    rule("US", 7, "no one span; compare 26 CFR 1.6001-1(e), 12 CFR 1006.100", Checked::HouseRule),
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
        assert!(RETENTION.iter().all(|rule| rule.years <= OTHERS.years && !rule.law.is_empty()));
    }

    #[test]
    fn the_manual_shows_the_table_and_where_each_row_was_read() {
        let manual = include_str!("../../../docs/privacy.md");
        let shown: Vec<&str> = manual
            .lines()
            .skip_while(|line| !line.starts_with("| Country |"))
            .skip(2)
            .take_while(|l| l.starts_with('|'))
            .collect();
        let rows: Vec<String> = RETENTION.iter().chain([&OTHERS]).map(row).collect();
        assert_eq!(shown, rows, "the table of docs/privacy.md is to be:\n{}", rows.join("\n"));
    }

    fn row(rule: &RetentionRule) -> String {
        let country = if rule.country.is_empty() { "others" } else { rule.country };
        let read = match rule.checked {
            Checked::Official(at) => format!("official: {at}"),
            Checked::Text(at) => format!("the law's text, not from the state: {at}"),
            Checked::Secondary(at) => format!("**not verified** at an official source; so says {at}"),
            Checked::HouseRule => "**not verified**: a rule of Dunlin's".to_owned(),
        };
        format!("| {country} | {} | {} | {read} |", rule.years, rule.law)
    }
}
