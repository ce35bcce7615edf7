//! Accounts that a tenant is transferred money to: how they are written, and what may not be.

use serde::{Deserialize, Serialize};

use iban::{BaseIban, Iban, IbanLike, ParseIbanError};

use crate::{Currency, calendar::is_country};

/// Most accounts of a tenant, or of one of its legal entities.
pub(crate) const BANK_ACCOUNTS_MAX: usize = 20;

/// Longest name, street and bank, as codes for banks have them, in characters.
const NAME_CHARS_MAX: usize = 70;
/// Longest number of an account, and of its bank.
const NUMBER_CHARS_MAX: usize = 34;
/// Longest building number and postal code.
const SHORT_CHARS_MAX: usize = 16;
/// Longest town.
const TOWN_CHARS_MAX: usize = 35;

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

    /// The account in lines for people: the holder, the bank, and the numbers. The words are German or English.
    pub fn lines(&self, language: &str) -> Vec<String> {
        let (account, bank_code) = if is_german(language) { ("Konto", "Bankleitzahl") } else { ("Account", "Bank code") };
        let only = self.currency.map(|currency| format!(" ({currency})")).unwrap_or_default();
        let iban = self.iban.as_deref().or(self.qr_iban.as_deref());
        let local = self.local.as_ref();
        let lines = [
            Some(format!("{}{only}", self.holder)),
            self.bank.clone(),
            iban.map(|iban| format!("IBAN {}", iban_in_groups(iban))),
            local.and_then(|local| Some(format!("{bank_code} {}", local.routing.as_deref()?))),
            local.map(|local| format!("{account} {}", local.number)),
            self.bic.as_deref().map(|bic| format!("BIC {bic}")),
        ];
        lines.into_iter().flatten().collect()
    }

    /// What is wrong with it: a JSON pointer below `pointer` and a sentence for each.
    pub(crate) fn flaws(&self, pointer: &str) -> Vec<(String, String)> {
        let mut flaws = Vec::new();
        let mut refuse = |bad: bool, field: &str, detail: String| {
            if bad {
                flaws.push((format!("{pointer}{field}"), detail));
            }
        };
        let line = |chars: usize| format!("it has 1 to {chars} characters, on one line");
        refuse(!is_line(&self.holder, NAME_CHARS_MAX), "/holder", line(NAME_CHARS_MAX));
        refuse(self.bank.as_deref().is_some_and(|bank| !is_line(bank, NAME_CHARS_MAX)), "/bank", line(NAME_CHARS_MAX));
        let has_iban = self.iban.is_some() || self.qr_iban.is_some();
        let detail = "an account has an `iban`, a `qr_iban` or both, or it has `local` with the account's number";
        refuse(has_iban == self.local.is_some(), "", detail.to_owned());
        if let Some(why) = self.iban.as_deref().and_then(|iban| checked_iban(iban).err()) {
            refuse(true, "/iban", why);
        }
        match self.qr_iban.as_deref().map(checked_iban) {
            Some(Ok(iban)) => {
                let detail = "it is no QR-IBAN: those are Swiss or of Liechtenstein, and their fifth to ninth characters are from 30000 to 31999; \
                              name it as `iban`";
                refuse(!is_qr_iban(&iban), "/qr_iban", detail.to_owned());
            }
            Some(Err(why)) => refuse(true, "/qr_iban", why),
            None => {}
        }
        if let Some(bic) = &self.bic {
            let detail = format!("'{bic}' is no BIC: eight or eleven capital letters and digits, such as 'COBADEFFXXX'");
            refuse(!is_bic(bic), "/bic", detail);
        }
        if let Some(LocalAccount { routing, number }) = &self.local {
            let detail = format!("it has 1 to {NUMBER_CHARS_MAX} letters, digits, spaces, hyphens and strokes");
            refuse(!is_number(number), "/local/number", detail.clone());
            refuse(routing.as_deref().is_some_and(|routing| !is_number(routing)), "/local/routing", detail);
        }
        if let Some(HolderAddress { street, building, postal_code, town, country }) = &self.address {
            let is_bad = |text: &Option<String>, chars| text.as_deref().is_some_and(|text| !is_line(text, chars));
            refuse(is_bad(street, NAME_CHARS_MAX), "/address/street", line(NAME_CHARS_MAX));
            refuse(is_bad(building, SHORT_CHARS_MAX), "/address/building", line(SHORT_CHARS_MAX));
            refuse(!is_line(postal_code, SHORT_CHARS_MAX), "/address/postal_code", line(SHORT_CHARS_MAX));
            refuse(!is_line(town, TOWN_CHARS_MAX), "/address/town", line(TOWN_CHARS_MAX));
            refuse(!is_country(country), "/address/country", format!("'{country}' is no ISO 3166-1 country such as 'CH'"));
        }
        flaws
    }
}

/// What is wrong with the accounts of a tenant or of one of its legal entities, which stand below `pointer`.
pub(crate) fn wrong_accounts(pointer: &str, accounts: &[BankAccount]) -> Vec<(String, String)> {
    let at = format!("{pointer}/bank_accounts");
    let mut wrong = Vec::new();
    if accounts.len() > BANK_ACCOUNTS_MAX {
        wrong.push((at.clone(), format!("at most {BANK_ACCOUNTS_MAX} accounts are listed")));
    }
    let listed = accounts.iter().take(BANK_ACCOUNTS_MAX).enumerate();
    wrong.extend(listed.flat_map(|(place, account)| account.flaws(&format!("{at}/{place}"))));
    wrong
}

fn is_german(language: &str) -> bool {
    language.split('-').next().is_some_and(|first| first.eq_ignore_ascii_case("de"))
}

fn is_line(text: &str, chars: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars && !text.chars().any(char::is_control)
}

fn is_number(text: &str) -> bool {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '/');
    is_line(text, NUMBER_CHARS_MAX) && text.chars().all(is_good) && text.chars().any(|c| c.is_ascii_alphanumeric())
}

fn is_bic(text: &str) -> bool {
    let (letters, digits) = (|byte: &u8| byte.is_ascii_uppercase(), |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes.iter().take(4).all(digits)
        && bytes.iter().skip(4).take(2).all(letters)
        && bytes.iter().skip(6).all(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> BankAccount {
        BankAccount {
            holder: "Acme GmbH".to_owned(),
            iban: Some("DE89 3704 0044 0532 0130 00".to_owned()),
            bic: Some("COBADEFFXXX".to_owned()),
            bank: Some("Example Bank".to_owned()),
            ..BankAccount::default()
        }
    }

    fn pointers(account: &BankAccount) -> Vec<String> {
        let flaws = account.flaws("/bank_accounts/0");
        assert!(flaws.iter().all(|(_, detail)| !detail.is_empty()));
        flaws.into_iter().map(|(pointer, _)| pointer.trim_start_matches("/bank_accounts/0").to_owned()).collect()
    }

    #[test]
    fn each_flaw_is_said_where_it_is() {
        let changed = |change: fn(&mut BankAccount)| {
            let mut account = account();
            change(&mut account);
            pointers(&account)
        };
        assert_eq!(pointers(&account()), [""; 0]);
        for (change, pointer) in [
            ((|a| a.holder = " ".to_owned()) as fn(&mut BankAccount), "/holder"),
            (|a| a.holder = "x".repeat(71), "/holder"),
            (|a| a.holder = "a\nb".to_owned(), "/holder"),
            // A wrong check digit, two swapped ones, one too few and one too many, and a country without IBAN.
            (|a| a.iban = Some("DE88370400440532013000".to_owned()), "/iban"),
            (|a| a.iban = Some("DE89370400440532010300".to_owned()), "/iban"),
            (|a| a.iban = Some("DE8937040044053201300".to_owned()), "/iban"),
            (|a| a.iban = Some("DE893704004405320130000".to_owned()), "/iban"),
            (|a| a.iban = Some("US64SVBKUS6S3300958879".to_owned()), "/iban"),
            (|a| a.iban = Some("é".to_owned()), "/iban"),
            (|a| a.iban = None, ""),
            (|a| a.local = Some(LocalAccount { routing: None, number: "12".to_owned() }), ""),
            (|a| a.qr_iban = Some("CH93 0076 2011 6238 5295 7".to_owned()), "/qr_iban"),
            (|a| a.qr_iban = Some("CH00".to_owned()), "/qr_iban"),
            (|a| a.bic = Some("COBADEFFXX".to_owned()), "/bic"),
            (|a| a.bic = Some("cobadeff".to_owned()), "/bic"),
            (|a| a.bank = Some(String::new()), "/bank"),
        ] {
            assert_eq!(changed(change), [pointer]);
        }
        let local = |routing: Option<&str>, number: &str| {
            let local = LocalAccount { routing: routing.map(str::to_owned), number: number.to_owned() };
            pointers(&BankAccount { iban: None, local: Some(local), ..account() })
        };
        assert_eq!(local(Some("12-34-56"), "0012 3456"), [""; 0]);
        assert_eq!(local(None, "-"), ["/local/number"]);
        assert_eq!(local(Some("<1>"), "1"), ["/local/routing"]);
        let address = HolderAddress { postal_code: "8000".to_owned(), town: "Z".repeat(36), country: "XX".to_owned(), ..Default::default() };
        assert_eq!(pointers(&BankAccount { address: Some(address), ..account() }), ["/address/town", "/address/country"]);
        let many = vec![account(); BANK_ACCOUNTS_MAX + 1];
        assert_eq!(wrong_accounts("/legal_entities/berlin", &many).len(), 1);
        let bad = BankAccount { holder: String::new(), ..account() };
        assert_eq!(wrong_accounts("", &[account(), bad])[0].0, "/bank_accounts/1/holder");
    }

    #[test]
    fn ibans_are_read_as_people_write_them() {
        for text in ["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", " de89 3704 0044 0532 0130 00\u{a0}"] {
            let iban = checked_iban(text).expect("published");
            assert_eq!((iban.as_str(), iban_in_groups(text)), ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00".to_owned()));
        }
        assert!(is_qr_iban("CH4431999123000889012") && !is_qr_iban("CH9300762011623852957") && !is_qr_iban("DE44319991"));
    }

    #[test]
    fn people_read_it_in_their_language() {
        assert_eq!(account().lines("en"), ["Acme GmbH", "Example Bank", "IBAN DE89 3704 0044 0532 0130 00", "BIC COBADEFFXXX"]);
        let local = LocalAccount { routing: Some("12-34-56".to_owned()), number: "12345678".to_owned() };
        let british = BankAccount { iban: None, bic: None, bank: None, local: Some(local), currency: Some(Currency::EUR), ..account() };
        assert_eq!(british.lines("de-AT"), ["Acme GmbH (EUR)", "Bankleitzahl 12-34-56", "Konto 12345678"]);
        assert_eq!(british.lines("fr"), ["Acme GmbH (EUR)", "Bank code 12-34-56", "Account 12345678"]);
        assert!(british.takes(Currency::EUR) && !british.takes(Currency::USD) && account().takes(Currency::USD));
    }
}
