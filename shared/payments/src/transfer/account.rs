//! The payee's account.

use domain::{
    BankAccount, Currency, HolderAddress,
    bank_account::{checked_iban, is_qr_iban},
};

use crate::transfer::reference::{ReferenceForm, TransferReference};

/// Countries whose accounts a euro transfer of the Single Euro Payments Area reaches (EPC409-09, list of its scheme countries).
const SEPA: [&str; 41] = [
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "SM",
];

/// The account that money is transferred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayeeAccount {
    /// The name of its holder.
    pub name: String,
    /// Its IBAN, with or without spaces.
    pub iban: String,
    /// Its bank's BIC, where it is known.
    pub bic: Option<String>,
    /// Where its holder is; Swiss codes need it.
    pub place: Option<PostalPlace>,
}

/// A structured address, as Swiss codes have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostalPlace {
    /// The street.
    pub street: String,
    /// The building's number.
    pub building: String,
    /// The postal code, without the country.
    pub postal_code: String,
    /// The town.
    pub town: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

impl PayeeAccount {
    /// The account of a tenant for payments in a currency; `None` of one without IBAN. Francs come to its QR-IBAN where it has one, other money to
    /// the plain one: other countries' banks know no QR reference.
    pub fn of(account: &BankAccount, currency: Currency) -> Option<Self> {
        let (plain, qr) = (account.iban.as_deref(), account.qr_iban.as_deref());
        let iban = if currency.code() == "CHF" { qr.or(plain) } else { plain.or(qr) };
        Self::under(account, iban?)
    }

    /// The account of a tenant for payments that name words: the plain IBAN, which takes every text. `None` of one without it.
    pub fn taking_words(account: &BankAccount) -> Option<Self> {
        Self::under(account, account.iban.as_deref().filter(|iban| !is_for_qr(iban))?)
    }

    /// The account of a tenant under that of its IBANs that carries a reference which was given before; `None` of one without such.
    pub fn carrying(account: &BankAccount, reference: &TransferReference) -> Option<Self> {
        let wants_qr = reference.form() == ReferenceForm::SwissQr;
        let own = [account.iban.as_deref(), account.qr_iban.as_deref()];
        Self::under(account, own.into_iter().flatten().find(|iban| is_for_qr(iban) == wants_qr)?)
    }

    fn under(account: &BankAccount, iban: &str) -> Option<Self> {
        let place = account.address.as_ref().map(|HolderAddress { street, building, postal_code, town, country }| PostalPlace {
            street: street.clone().unwrap_or_default(),
            building: building.clone().unwrap_or_default(),
            postal_code: postal_code.clone(),
            town: town.clone(),
            country: country.clone(),
        });
        let iban = checked_iban(iban).ok()?;
        Some(Self { name: account.holder.clone(), iban, bic: account.bic.clone(), place })
    }

    /// The IBAN without spaces, checked.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn checked_iban(&self) -> Result<String, String> {
        checked_iban(&self.iban)
    }

    /// The form of reference that its bank carries: that of its country where there is one.
    ///
    /// # Errors
    ///
    /// What is wrong with the account.
    pub fn reference_form(&self) -> Result<ReferenceForm, String> {
        let iban = self.checked_iban()?;
        Ok(match &iban[..2] {
            "CH" | "LI" if is_qr_iban(&iban) => ReferenceForm::SwissQr,
            "BE" => ReferenceForm::Belgian,
            "FI" => ReferenceForm::Finnish,
            _ => ReferenceForm::CreditorReference,
        })
    }
}

/// Whether an IBAN, with or without spaces, is one for payments with a QR reference.
fn is_for_qr(iban: &str) -> bool {
    checked_iban(iban).is_ok_and(|iban| is_qr_iban(&iban))
}

/// Whether the account takes a Swiss code for a currency.
pub(super) fn takes_swiss_code(iban: &str, currency: Currency) -> bool {
    matches!(&iban[..2], "CH" | "LI") && matches!(currency.code(), "CHF" | "EUR")
}

/// Whether the account takes an EPC code for a currency.
pub(super) fn takes_epc_code(iban: &str, currency: Currency) -> bool {
    currency == Currency::EUR && SEPA.contains(&&iban[..2])
}
