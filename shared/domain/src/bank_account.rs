//! Accounts that a tenant is transferred money to, and how they are written. What may not be is in `calendar::bank_accounts`, beside the rest of
//! the settings.

use iban::{BaseIban, Iban, IbanLike, ParseIbanError};
use serde::{Deserialize, Serialize};

use crate::{
    Currency,
    language::{CUSTOMER_LANGUAGES, primary},
};

/// What the number of an account, and that of its bank, are called where it has no IBAN, after the language.
static LINE_WORDS: [[&str; 3]; CUSTOMER_LANGUAGES.len()] = [
    ["en", "Account", "Bank code"],
    ["de", "Konto", "Bankleitzahl"],
    ["fr", "Compte", "Code banque"],
    ["es", "Cuenta", "Código del banco"],
    ["it", "Conto", "Codice della banca"],
    ["ja", "口座番号", "銀行コード"],
    ["nl", "Rekening", "Bankcode"],
    ["pt", "Conta", "Código do banco"],
];

/// An account that money is transferred to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    /// The name of its holder.
    pub holder: String,
    /// Its IBAN, with or without spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    /// The IBAN of the same account for payments with a Swiss QR reference, where its bank gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_iban: Option<String>,
    /// Its number where its country has no IBAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalAccount>,
    /// Its bank's BIC (ISO 9362).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bic: Option<String>,
    /// Its bank's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// The only currency that comes to it; every currency where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Where its holder is. Swiss codes need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<HolderAddress>,
}

/// An account in a country without IBAN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalAccount {
    /// What tells its bank: routing number, sort code, BSB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<String>,
    /// Its number.
    pub number: String,
}

/// Where the holder of an account is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderAddress {
    /// The street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// The building's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building: Option<String>,
    /// The postal code, without the country.
    pub postal_code: String,
    /// The town.
    pub town: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// An IBAN without spaces, in capitals: its check digits, and the length and form of its country, hold.
///
/// # Errors
///
/// What is wrong with it, for whoever wrote it.
pub fn checked_iban(text: &str) -> Result<String, String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    match plain.to_ascii_uppercase().parse::<Iban>() {
        Ok(iban) => Ok(iban.electronic_str().to_owned()),
        Err(ParseIbanError::InvalidBaseIban { .. }) => {
            Err("it is no IBAN, or its check digits do not match; compare it with the one on a statement".to_owned())
        }
        Err(ParseIbanError::InvalidBban(iban)) => {
            Err(format!("an IBAN of {} has another length or form; compare it with the one on a statement", country_of(&iban)))
        }
        Err(ParseIbanError::UnknownCountry(iban)) => Err(format!("no country with the code {} has IBANs", country_of(&iban))),
    }
}

fn country_of(iban: &BaseIban) -> String {
    iban.country_code().to_owned()
}

/// Whether an IBAN, without spaces, is one for payments with a Swiss QR reference: its institution's number is from 30000 to 31999.
pub fn is_qr_iban(iban: &str) -> bool {
    let is_swiss = iban.starts_with("CH") || iban.starts_with("LI");
    is_swiss && iban.get(4..9).is_some_and(|institution| ("30000"..="31999").contains(&institution))
}

/// An IBAN as people read it: in groups of four.
pub fn iban_in_groups(iban: &str) -> String {
    let plain: Vec<char> = iban.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    plain.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

impl BankAccount {
    /// Whether a currency may come to it.
    pub fn takes(&self, currency: Currency) -> bool {
        self.currency.is_none_or(|own| own == currency)
    }

    /// The account in lines for people: the holder, the bank, and the numbers. The words are in the languages of what customers read. Nothing of one that
    /// has a QR-IBAN alone: nobody can pay to it without a reference, which only a payment that was begun has.
    pub fn lines(&self, language: &str) -> Vec<String> {
        if self.iban.is_none() && self.local.is_none() {
            return Vec::new();
        }
        let language = primary(language);
        let [_, account, bank_code] = LINE_WORDS.iter().find(|[own, ..]| *own == language).unwrap_or(&LINE_WORDS[0]);
        let only = self.currency.map(|currency| format!(" ({currency})")).unwrap_or_default();
        let local = self.local.as_ref();
        let lines = [
            Some(format!("{}{only}", self.holder)),
            self.bank.clone(),
            self.iban.as_deref().map(|iban| format!("IBAN {}", iban_in_groups(iban))),
            local.and_then(|local| Some(format!("{bank_code} {}", local.routing.as_deref()?))),
            local.map(|local| format!("{account} {}", local.number)),
            self.bic.as_deref().map(|bic| format!("BIC {bic}")),
        ];
        lines.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::account;

    #[test]
    fn ibans_are_read_as_people_write_them() {
        for text in ["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", " de89 3704 0044 0532 0130 00\u{a0}"] {
            let iban = checked_iban(text).expect("published");
            assert_eq!(
                (iban.as_str(), iban_in_groups(text)),
                ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00".to_owned())
            );
        }
        assert!(is_qr_iban("CH4431999123000889012") && !is_qr_iban("CH9300762011623852957") && !is_qr_iban("DE44319991"));
    }

    #[test]
    fn people_read_it_in_their_language() {
        assert_eq!(account().lines("en"), ["Acme GmbH", "Example Bank", "IBAN DE89 3704 0044 0532 0130 00", "BIC COBADEFFXXX"]);
        let local = LocalAccount { routing: Some("12-34-56".to_owned()), number: "12345678".to_owned() };
        let british =
            BankAccount { iban: None, bic: None, bank: None, local: Some(local), currency: Some(Currency::EUR), ..account() };
        assert_eq!(british.lines("de-AT"), ["Acme GmbH (EUR)", "Bankleitzahl 12-34-56", "Konto 12345678"]);
        assert_eq!(british.lines("fr"), ["Acme GmbH (EUR)", "Code banque 12-34-56", "Compte 12345678"]);
        assert_eq!(british.lines("es-MX"), ["Acme GmbH (EUR)", "Código del banco 12-34-56", "Cuenta 12345678"]);
        assert_eq!(british.lines("it"), ["Acme GmbH (EUR)", "Codice della banca 12-34-56", "Conto 12345678"]);
        assert_eq!(british.lines("ja"), ["Acme GmbH (EUR)", "銀行コード 12-34-56", "口座番号 12345678"]);
        assert_eq!(british.lines("nl"), ["Acme GmbH (EUR)", "Bankcode 12-34-56", "Rekening 12345678"]);
        assert_eq!(british.lines("pt-BR"), ["Acme GmbH (EUR)", "Código do banco 12-34-56", "Conta 12345678"]);
        assert_eq!(british.lines("pl"), ["Acme GmbH (EUR)", "Bank code 12-34-56", "Account 12345678"]);
        let swiss = BankAccount { iban: None, qr_iban: Some("CH44 3199 9123 0008 8901 2".to_owned()), ..account() };
        assert_eq!(swiss.lines("de"), [""; 0]);
        assert_eq!(LINE_WORDS.map(|[language, ..]| language), CUSTOMER_LANGUAGES);
        assert!(british.takes(Currency::EUR) && !british.takes(Currency::USD) && account().takes(Currency::USD));
    }
}
