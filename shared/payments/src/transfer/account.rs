//! The payee's account.

use domain::Currency;
use iban::{Iban, IbanLike};

use crate::transfer::reference::ReferenceForm;

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
    /// The IBAN without spaces, checked.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn checked_iban(&self) -> Result<String, String> {
        let plain: String = self.iban.chars().filter(|c| !c.is_whitespace()).collect();
        let iban: Iban = plain.to_ascii_uppercase().parse().map_err(|error| format!("its IBAN is none: {error}"))?;
        Ok(iban.electronic_str().to_owned())
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

/// Whether an account is one for payments with a QR reference: its institution's number is from 30000 to 31999.
pub(super) fn is_qr_iban(iban: &str) -> bool {
    matches!(&iban[..2], "CH" | "LI") && iban.get(4..9).is_some_and(|institution| ("30000"..="31999").contains(&institution))
}

/// Whether the account takes a Swiss code for a currency.
pub(super) fn takes_swiss_code(iban: &str, currency: Currency) -> bool {
    matches!(&iban[..2], "CH" | "LI") && matches!(currency.code(), "CHF" | "EUR")
}

/// Whether the account takes an EPC code for a currency.
pub(super) fn takes_epc_code(iban: &str, currency: Currency) -> bool {
    currency == Currency::EUR && SEPA.contains(&&iban[..2])
}
