//! The end of a sign-in: the admin who began it says that the company is theirs.
//!
//! The address of a sign-in opens in anybody's browser. So what somebody agreed to is held back: the page that they come back to names the
//! tenant and the company and shows a code, and only the admin who began it, with the company's name and that code, connects it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use domain::TenantId;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use store::{Agreed, AuditEntry, Vault};

use crate::{Actor, Done, NotDone, Operation};

/// How long a sign-in that came back waits to be confirmed.
const CONFIRM_HOURS: i64 = 1;
/// What codes are written with: nothing that people take for something else.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Letters of a code.
const CODE_LETTERS: usize = 8;

/// Holds back what was agreed to, and answers the code that whoever agreed is shown, and until when it is good.
///
/// # Errors
///
/// [`NotDone::Changed`] when there is no randomness; those of KMS and of the table.
pub async fn hold_back(
    vault: &Vault,
    tenant: &TenantId,
    source: &str,
    agreed: Agreed,
    now: Timestamp,
) -> Done<(String, Timestamp)> {
    let mut random = [0_u8; CODE_LETTERS];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| NotDone::Changed("there is no randomness now; try again".to_owned()))?;
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map(char::from);
    let code: String = random.iter().filter_map(letter).collect();
    let until = now.checked_add(CONFIRM_HOURS.hours()).unwrap_or(now);
    vault.keep_agreed(tenant, source, &Agreed { code: code.clone(), ..agreed }, until).await?;
    let (first, rest) = code.split_at(CODE_LETTERS / 2);
    Ok((format!("{first}-{rest}"), until))
}

/// What an admin says to end a sign-in.
#[derive(Clone, Debug, Default)]
pub struct SignInEnd {
    /// The company's name or id, as the page after the sign-in shows it.
    pub company: String,
    /// The code that the page shows.
    pub code: String,
}

/// What was agreed to, for the admin who began the sign-in and names its company and code; and the entry of the audit that connecting it has.
///
/// # Errors
///
/// [`NotDone::NotAllowed`] for any other, [`NotDone::NotFound`] where no sign-in waits, [`NotDone::Fields`], and those of KMS and of reading.
pub async fn confirmed(
    vault: &Vault,
    actor: &Actor,
    source: &str,
    said: &SignInEnd,
    now: Timestamp,
) -> Done<(Agreed, AuditEntry)> {
    let tenant = actor.may(Operation::ConfirmConnection)?;
    let none = "no sign-in waits to be confirmed: begin one with POST /v1/connections/{source}/authorize and agree at the vendor";
    let agreed = vault.agreed(tenant, source, now).await?.ok_or_else(|| NotDone::NotFound(none.to_owned()))?;
    if agreed.by.as_deref().is_some_and(|by| by != actor.by()) {
        let another = "another admin began this sign-in; they confirm it, or you begin one of your own";
        return Err(NotDone::NotAllowed(another.to_owned()));
    }
    let mut flaws = Vec::new();
    if !is_name(&agreed, &said.company) {
        flaws.push((
            "/company".to_owned(),
            "is not the company that was agreed to; the page after the sign-in names it".to_owned(),
        ));
    }
    if verify_slices_are_equal(letters(&said.code).as_bytes(), letters(&agreed.code).as_bytes()).is_err() {
        flaws.push(("/code".to_owned(), "is not the code that the page after the sign-in showed".to_owned()));
    }
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let entry = actor.entry(Operation::ConfirmConnection, now).of(source).with(json!({ "company": agreed.realm }));
    Ok((agreed, entry))
}

/// A code as it is compared: without hyphens and blanks, in capitals.
fn letters(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Whether a text is the company's name or id.
fn is_name(agreed: &Agreed, text: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let text = plain(text);
    text == plain(&agreed.realm) || agreed.company.as_deref().is_some_and(|name| text == plain(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_typed_as_people_type_and_a_company_named_as_people_name_it() {
        assert_eq!(letters(" abcd-2345 "), "ABCD2345");
        let agreed = Agreed {
            by: None,
            realm: "9130".to_owned(),
            company: Some("Coastal  Supplies".to_owned()),
            base: None,
            code: String::new(),
            tokens: serde_json::Value::Null,
        };
        for (text, is) in [("coastal supplies", true), (" 9130 ", true), ("Coastal", false), ("", false)] {
            assert_eq!(is_name(&agreed, text), is, "{text}");
        }
    }
}
