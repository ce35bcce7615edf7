//! What the accounts of a tenant must be beyond their types.

use super::is_country;
use crate::{
    BankAccount, HolderAddress, LocalAccount,
    bank_account::{checked_iban, is_qr_iban},
};

/// Most accounts of a tenant, or of one of its legal entities.
const BANK_ACCOUNTS_MAX: usize = 20;

/// Longest name, street and bank, as codes for banks have them, in characters.
const NAME_CHARS_MAX: usize = 70;
/// Longest number of an account, and of its bank.
const NUMBER_CHARS_MAX: usize = 34;
/// Longest building number and postal code.
const SHORT_CHARS_MAX: usize = 16;
/// Longest town.
const TOWN_CHARS_MAX: usize = 35;

/// What is wrong with the accounts of a tenant or of one of its legal entities, which stand below `pointer`.
pub(super) fn wrong_accounts(pointer: &str, accounts: &[BankAccount]) -> Vec<(String, String)> {
    let at = format!("{pointer}/bank_accounts");
    let mut wrong = Vec::new();
    if accounts.len() > BANK_ACCOUNTS_MAX {
        wrong.push((at.clone(), format!("at most {BANK_ACCOUNTS_MAX} accounts are listed")));
    }
    let listed = accounts.iter().take(BANK_ACCOUNTS_MAX).enumerate();
    wrong.extend(listed.flat_map(|(place, account)| flaws(account, &format!("{at}/{place}"))));
    wrong
}

/// What is wrong with an account: a JSON pointer below `pointer` and a sentence for each.
fn flaws(account: &BankAccount, pointer: &str) -> Vec<(String, String)> {
    let mut flaws = Vec::new();
    let mut refuse = |bad: bool, field: &str, detail: String| {
        if bad {
            flaws.push((format!("{pointer}{field}"), detail));
        }
    };
    let line = |chars: usize| format!("it has 1 to {chars} characters, on one line");
    refuse(!is_line(&account.holder, NAME_CHARS_MAX), "/holder", line(NAME_CHARS_MAX));
    refuse(account.bank.as_deref().is_some_and(|bank| !is_line(bank, NAME_CHARS_MAX)), "/bank", line(NAME_CHARS_MAX));
    let has_iban = account.iban.is_some() || account.qr_iban.is_some();
    let detail = "an account has an `iban`, a `qr_iban` or both, or it has `local` with the account's number";
    refuse(has_iban == account.local.is_some(), "", detail.to_owned());
    if let Some(why) = account.iban.as_deref().and_then(|iban| checked_iban(iban).err()) {
        refuse(true, "/iban", why);
    }
    match account.qr_iban.as_deref().map(checked_iban) {
        Some(Ok(iban)) => {
            let detail = "it is no QR-IBAN: those are Swiss or of Liechtenstein, and their fifth to ninth characters are from 30000 to 31999; \
                          name it as `iban`";
            refuse(!is_qr_iban(&iban), "/qr_iban", detail.to_owned());
        }
        Some(Err(why)) => refuse(true, "/qr_iban", why),
        None => {}
    }
    if let Some(bic) = &account.bic {
        let detail = format!("'{bic}' is no BIC: eight or eleven capital letters and digits, such as 'COBADEFFXXX'");
        refuse(!is_bic(bic), "/bic", detail);
    }
    if let Some(LocalAccount { routing, number }) = &account.local {
        let detail = format!("it has 1 to {NUMBER_CHARS_MAX} letters, digits, spaces, hyphens and strokes");
        refuse(!is_number(number), "/local/number", detail.clone());
        refuse(routing.as_deref().is_some_and(|routing| !is_number(routing)), "/local/routing", detail);
    }
    if let Some(HolderAddress { street, building, postal_code, town, country }) = &account.address {
        let is_bad = |text: &Option<String>, chars| text.as_deref().is_some_and(|text| !is_line(text, chars));
        refuse(is_bad(street, NAME_CHARS_MAX), "/address/street", line(NAME_CHARS_MAX));
        refuse(is_bad(building, SHORT_CHARS_MAX), "/address/building", line(SHORT_CHARS_MAX));
        refuse(!is_line(postal_code, SHORT_CHARS_MAX), "/address/postal_code", line(SHORT_CHARS_MAX));
        refuse(!is_line(town, TOWN_CHARS_MAX), "/address/town", line(TOWN_CHARS_MAX));
        refuse(!is_country(country), "/address/country", format!("'{country}' is no ISO 3166-1 country such as 'CH'"));
    }
    flaws
}

fn is_line(text: &str, chars: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars && !text.chars().any(char::is_control)
}

fn is_number(text: &str) -> bool {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '/');
    is_line(text, NUMBER_CHARS_MAX) && text.chars().all(is_good) && text.chars().any(|c| c.is_ascii_alphanumeric())
}

fn is_bic(text: &str) -> bool {
    let (letters, digits) =
        (|byte: &u8| byte.is_ascii_uppercase(), |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes.iter().take(4).all(digits)
        && bytes.iter().skip(4).take(2).all(letters)
        && bytes.iter().skip(6).all(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, Settings, settings::LegalEntity, testing::account};

    #[test]
    fn the_account_is_that_of_the_currency_and_of_the_legal_entity() {
        let of = |holder: &str, currency: Option<&str>| BankAccount {
            holder: holder.to_owned(),
            currency: currency.map(|code| Currency::parse(code).expect("a currency")),
            ..account()
        };
        let mut settings = Settings::named("Acme");
        assert_eq!((settings.bank_account_of("", Currency::EUR), settings.how_to_pay("", None, "en")), (None, None));
        settings.bank_accounts = vec![of("any", None), of("dollars", Some("USD"))];
        let berlin = LegalEntity { bank_accounts: vec![of("berlin", Some("EUR"))], ..LegalEntity::default() };
        settings.legal_entities.insert("berlin".to_owned(), berlin);
        let holder = |entity, currency| settings.bank_account_of(entity, currency).map(|account| account.holder.as_str());
        assert_eq!(holder("", Currency::EUR), Some("any"));
        assert_eq!(holder("", Currency::USD), Some("dollars"), "what is for the currency alone comes first");
        assert_eq!((holder("berlin", Currency::EUR), holder("berlin", Currency::USD)), (Some("berlin"), None));
        assert_eq!(holder("elsewhere", Currency::USD), Some("dollars"));
        let text = settings.how_to_pay("", Some(Currency::USD), "en").expect("an account");
        assert!(text.starts_with("dollars (USD)\nExample Bank\nIBAN DE89 "), "{text}");
        assert_eq!(settings.how_to_pay("", None, "en").expect("accounts").matches("IBAN").count(), 2);
        settings.payment_details = Some("By cheque".to_owned());
        assert_eq!(settings.how_to_pay("", Some(Currency::USD), "en").as_deref(), Some("By cheque"));
    }

    fn pointers(account: &BankAccount) -> Vec<String> {
        let flaws = flaws(account, "/bank_accounts/0");
        assert!(flaws.iter().all(|(_, detail)| !detail.is_empty()));
        flaws.into_iter().map(|(pointer, _)| pointer.trim_start_matches("/bank_accounts/0").to_owned()).collect()
    }

    #[test]
    fn each_flaw_is_said_where_it_is() {
        type Change = fn(&mut BankAccount);
        let changed = |change: Change| {
            let mut account = account();
            change(&mut account);
            pointers(&account)
        };
        assert_eq!(pointers(&account()), [""; 0]);
        let cases: [(Change, &str); 16] = [
            (|a| a.holder = " ".to_owned(), "/holder"),
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
        ];
        for (change, pointer) in cases {
            assert_eq!(changed(change), [pointer]);
        }
        let local = |routing: Option<&str>, number: &str| {
            let local = LocalAccount { routing: routing.map(str::to_owned), number: number.to_owned() };
            pointers(&BankAccount { iban: None, local: Some(local), ..account() })
        };
        assert_eq!(local(Some("12-34-56"), "0012 3456"), [""; 0]);
        assert_eq!(local(None, "-"), ["/local/number"]);
        assert_eq!(local(Some("<1>"), "1"), ["/local/routing"]);
        let address = HolderAddress {
            postal_code: "8000".to_owned(),
            town: "Z".repeat(36),
            country: "XX".to_owned(),
            ..Default::default()
        };
        assert_eq!(pointers(&BankAccount { address: Some(address), ..account() }), ["/address/town", "/address/country"]);
        let many = vec![account(); BANK_ACCOUNTS_MAX + 1];
        assert_eq!(wrong_accounts("/legal_entities/berlin", &many).len(), 1);
        let bad = BankAccount { holder: String::new(), ..account() };
        assert_eq!(wrong_accounts("", &[account(), bad])[0].0, "/bank_accounts/1/holder");
    }
}
