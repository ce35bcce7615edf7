//! Who looks after a customer where nobody was named by hand: the first rule of the settings that fits. And whose share of the book makes them
//! leave automation.

use serde::{Deserialize, Serialize};

use crate::Customer;

/// Most rules.
pub const OWNER_RULES_MAX: usize = 500;
/// Longest name of an owner, in characters.
pub const OWNER_MAX: usize = 128;

/// A rule that says whose customers are. All that it names has to fit; what it leaves out fits everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerRule {
    /// The subject of a member's sign-in, or what a team is called.
    pub owner: String,
    /// Countries, ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Segments, as sources name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// Names from these letters on, such as `a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names_from: Option<String>,
    /// Names up to these letters, those that begin with them included, such as `k`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names_until: Option<String>,
}

/// Which customers leave automation: those of whom at least so much of all that is open in a currency is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAccounts {
    /// In percent of what is open in the currency, 1 to 100.
    pub share_percent: u8,
    /// Who looks after them: the subject of a member's sign-in, or what a team is called.
    pub owner: String,
}

impl KeyAccounts {
    /// Whether a customer with so much open is one, where so much is open in all.
    pub fn takes(&self, open_minor: i64, all_minor: i64) -> bool {
        open_minor > 0 && i128::from(open_minor) * 100 >= i128::from(all_minor) * i128::from(self.share_percent)
    }
}

impl OwnerRule {
    fn fits(&self, customer: &Customer) -> bool {
        let among = |all: &[String], own: Option<&str>| all.is_empty() || own.is_some_and(|own| all.iter().any(|one| one == own));
        let name = customer.name.trim().to_lowercase();
        let from = self.names_from.as_deref().map(str::to_lowercase);
        let until = self.names_until.as_deref().map(str::to_lowercase);
        among(&self.countries, customer.country.as_deref())
            && among(&self.segments, customer.segment.as_deref())
            && from.is_none_or(|from| name >= from)
            && until.is_none_or(|until| name < until || name.starts_with(&until))
    }
}

/// Whose a customer is by the rules: the first that fits.
pub fn owner_by_rule<'a>(rules: &'a [OwnerRule], customer: &Customer) -> Option<&'a str> {
    rules.iter().find(|rule| rule.fits(customer)).map(|rule| rule.owner.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Stage, ladder};

    #[test]
    fn a_share_of_the_book_makes_a_key_account() {
        let of = |share_percent| KeyAccounts { share_percent, owner: "ann".to_owned() };
        for (share, open, all, is_one) in [
            (20, 20, 100, true),
            (20, 19, 100, false),
            (1, 1, 100, true),
            (100, 100, 100, true),
            (50, i64::MAX, i64::MAX, true),
            (1, 0, 0, false),
            (1, -5, 100, false),
        ] {
            assert_eq!(of(share).takes(open, all), is_one, "{share} {open} {all}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_says_whose_a_customer_is() {
        let rules: Vec<OwnerRule> = serde_json::from_value(serde_json::json!([
            {"owner": "key", "segments": ["strategic"]},
            {"owner": "ann", "countries": ["DE", "AT"], "names_until": "k"},
            {"owner": "bob", "countries": ["DE", "AT"], "names_from": "l"},
            {"owner": "rest"},
        ]))
        .expect("rules");
        let base = Stage::new(ladder()).facts.customer;
        for (name, country, segment, owner) in [
            ("Beispiel GmbH", Some("DE"), None, "ann"),
            ("KLAR AG", Some("AT"), None, "ann"),
            ("Lampe", Some("DE"), None, "bob"),
            ("zebra", Some("DE"), Some("smb"), "bob"),
            ("Lampe", Some("DE"), Some("strategic"), "key"),
            ("Lampe", Some("FR"), None, "rest"),
            ("Lampe", None, None, "rest"),
        ] {
            let customer = Customer {
                name: name.to_owned(),
                country: country.map(str::to_owned),
                segment: segment.map(str::to_owned),
                ..base.clone()
            };
            assert_eq!(owner_by_rule(&rules, &customer), Some(owner), "{name} {country:?} {segment:?}");
            assert_eq!(owner_by_rule(&[], &customer), None);
        }
    }
}
