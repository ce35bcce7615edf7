//! Where a transfer goes: the account that the settings name, the amount and the reference, as people read them, as text to copy, and as a code
//! that the payer's banking app reads.

use domain::{
    BankAccount, Basket, Money,
    bank_account::{checked_iban, iban_in_groups},
};
use payments::transfer::{PayeeAccount, ReferenceForm, TransferCode, TransferReference};

use crate::{amounts::decimal, pay_labels::PayLabels, visit::Visit};

/// Where a transfer goes.
pub(crate) struct TransferShown {
    /// What each row says, and with which words before it.
    pub(crate) rows: Vec<(String, String)>,
    /// The same without spaces within numbers, line by line.
    pub(crate) text: String,
    /// The code as one SVG element, and what it says for who does not see it.
    pub(crate) code: Option<(String, String)>,
}

/// Where the transfer of a basket goes; `None` where the settings name no account for its currency.
pub(crate) fn transfer_of(visit: &Visit, labels: &PayLabels, basket: &Basket) -> Option<TransferShown> {
    let account = visit.settings.bank_account_of(&basket.legal_entity, basket.currency)?;
    let reference = reference_of(basket);
    let carrying = reference.as_ref().and_then(|reference| PayeeAccount::carrying(account, reference));
    let payee = carrying.or_else(|| PayeeAccount::of(account, basket.currency));
    let asked = basket.asked();
    let (currency, amount) = (basket.currency.code(), decimal(asked.minor(), basket.currency, '.'));
    let numbers = numbers_of(labels, account, payee.as_ref());
    let amount = Numbered { label: labels.amount, shown: visit.locale.money(asked), plain: format!("{amount} {currency}") };
    let named = basket.provider_id.as_deref().map(|stored| Numbered {
        label: labels.reference,
        shown: reference.as_ref().map_or_else(|| stored.to_owned(), TransferReference::shown),
        plain: stored.to_owned(),
    });
    let all: Vec<Numbered> = numbers.into_iter().chain([amount]).chain(named).collect();
    let code = payee.as_ref().zip(reference.as_ref()).and_then(|(payee, reference)| code_of(payee, asked, reference));
    let code = code.map(|svg| (svg, alternative(visit, labels, asked, &all)));
    let text: Vec<String> = all.iter().map(|row| format!("{}: {}", row.label, row.plain)).collect();
    let rows = all.into_iter().map(|row| (row.label.to_owned(), row.shown)).collect();
    Some(TransferShown { rows, text: text.join("\n"), code })
}

/// The reference of a transfer, where it is one of ours.
pub(crate) fn reference_of(basket: &Basket) -> Option<TransferReference> {
    let stored = basket.provider_id.as_deref()?;
    ReferenceForm::ALL.into_iter().find_map(|form| TransferReference::parse(form, stored).ok())
}

/// A row.
struct Numbered {
    label: &'static str,
    shown: String,
    plain: String,
}

/// The holder, the bank and the numbers of an account, under the IBAN that is paid to where it has one.
fn numbers_of(labels: &PayLabels, account: &BankAccount, payee: Option<&PayeeAccount>) -> Vec<Numbered> {
    let same = |label, text: &str| Numbered { label, shown: text.to_owned(), plain: text.to_owned() };
    let iban = payee.map(|payee| {
        let plain = checked_iban(&payee.iban).unwrap_or_else(|_| payee.iban.clone());
        Numbered { label: labels.iban, shown: iban_in_groups(&plain), plain }
    });
    let local = account.local.as_ref();
    let rows = [
        Some(same(labels.holder, &account.holder)),
        account.bank.as_deref().map(|bank| same(labels.bank, bank)),
        iban,
        local.and_then(|local| Some(same(labels.bank_code, local.routing.as_deref()?))),
        local.map(|local| same(labels.account_number, &local.number)),
        account.bic.as_deref().map(|bic| same(labels.bic, bic)),
    ];
    rows.into_iter().flatten().collect()
}

/// The code of a transfer as SVG; `None` where the account takes none for the currency, or it cannot say this.
fn code_of(payee: &PayeeAccount, money: Money, reference: &TransferReference) -> Option<String> {
    let kind = TransferCode::of(payee, money.currency())?;
    let text = kind.text(payee, money, reference).ok()?;
    kind.svg(&text).ok()
}

/// What a code says, in words.
fn alternative(visit: &Visit, labels: &PayLabels, money: Money, rows: &[Numbered]) -> String {
    let of = |label: &str| rows.iter().find(|row| row.label == label).map(|row| row.shown.as_str()).unwrap_or_default();
    labels
        .code_says
        .replace("{amount}", &visit.locale.money(money))
        .replace("{holder}", of(labels.holder))
        .replace("{iban}", of(labels.iban))
        .replace("{reference}", of(labels.reference))
}
