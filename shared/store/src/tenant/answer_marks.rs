//! Marks by which an answer to a mail names what it answers. One stands in the address that answers go to, and the same in the `References` of
//! the mail, which a client's answer keeps: whoever forwards or trims the one mostly keeps the other.
//!
//! Text form, 59 characters, so that it fits into the local part of an address (64 with what stands before it) and survives a change of case:
//! `m{of the message}.{of the portal link}.{HMAC-SHA256, its first 80 bits}`, where `s` in place of `m` says that it is a service mail. The link
//! says whose it is ([`crate::Store::link`]); the signature is under the tenant's key of links, so that nobody makes one up.

use aws_lc_rs::{constant_time, hmac};
use domain::{LinkId, MessageId, ServiceMailId, TenantId};

use crate::{Result, Vault, tenant::vault::Purpose};

/// Longest text that is looked at.
const MARK_BYTES_MAX: usize = 64;
/// How much of a signature is kept, in characters of base 32: a guess is right once in 2^80.
const SIGNATURE_CHARS: usize = 16;

/// A mail that left, as an answer names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnsweredMail {
    /// A message.
    Message(MessageId),
    /// A service mail.
    ServiceMail(ServiceMailId),
}

/// What a mark says: which mail it is of, and by the portal link of whose address that mail leads on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerMark {
    /// The mail.
    pub mail: AnsweredMail,
    /// The link.
    pub link: LinkId,
}

impl AnswerMark {
    fn signed(&self) -> String {
        let after = |id: &str, prefix: &str| id.strip_prefix(prefix).unwrap_or_default().to_owned();
        let mail = match &self.mail {
            AnsweredMail::Message(id) => format!("m{}", after(id.as_str(), MessageId::PREFIX)),
            AnsweredMail::ServiceMail(id) => format!("s{}", after(id.as_str(), ServiceMailId::PREFIX)),
        };
        format!("{mail}.{}", after(self.link.as_str(), LinkId::PREFIX))
    }

    /// What a text states, whether it was signed here or not; `None` for what cannot be a mark. Case does not count: mail servers change it.
    pub fn stated(text: &str) -> Option<Self> {
        Self::read(text).map(|(mark, _)| mark)
    }

    fn read(text: &str) -> Option<(Self, String)> {
        if text.len() > MARK_BYTES_MAX || !text.is_ascii() {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let (signed, signature) = text.rsplit_once('.')?;
        let (mail, link) = signed.split_once('.')?;
        let mail = if let Some(id) = mail.strip_prefix('m') {
            AnsweredMail::Message(MessageId::parse(&format!("{}{id}", MessageId::PREFIX))?)
        } else {
            AnsweredMail::ServiceMail(ServiceMailId::parse(&format!("{}{}", ServiceMailId::PREFIX, mail.strip_prefix('s')?))?)
        };
        let link = LinkId::parse(&format!("{}{link}", LinkId::PREFIX))?;
        Some((Self { mail, link }, signature.to_owned()))
    }
}

impl Vault {
    /// The text of a mark.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn answer_mark(&self, tenant: &TenantId, mark: &AnswerMark) -> Result<String> {
        let key = signing_key(&self.data_key(tenant, Purpose::Links).await?);
        let signed = mark.signed();
        let signature = signature_of(&key, &signed);
        Ok(format!("{signed}.{signature}"))
    }

    /// What a mark of this tenant states; `None` for whatever was not signed here.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn verify_answer_mark(&self, tenant: &TenantId, text: &str) -> Result<Option<AnswerMark>> {
        let Some((mark, signature)) = AnswerMark::read(text) else { return Ok(None) };
        // A tenant without a key has signed nothing; none is made for whoever asks.
        let Some(data_key) = self.data_key_if_made(tenant, Purpose::Links).await? else { return Ok(None) };
        let right = signature_of(&signing_key(&data_key), &mark.signed());
        let same = constant_time::verify_slices_are_equal(right.as_bytes(), signature.as_bytes()).is_ok();
        Ok(same.then_some(mark))
    }
}

/// A key of its own, so that no mark says anything of a link, a code or a stop link.
fn signing_key(data_key: &[u8; 32]) -> hmac::Key {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, data_key), b"dunlin answer mark");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

fn signature_of(key: &hmac::Key, signed: &str) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let bytes = hmac::sign(key, signed.as_bytes());
    let number = bytes.as_ref().iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    let at = |place: usize| usize::try_from((number >> (5 * place)) % 32).expect("less than 32");
    (0..SIGNATURE_CHARS).map(|place| char::from(ALPHABET[at(place)])).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn a_mark_fits_into_an_address_and_survives_a_change_of_case() {
        let key = signing_key(&[7; 32]);
        let link = LinkId::derive(&["l"]);
        let message = AnsweredMail::Message(MessageId::derive(&["m"]));
        let mail = AnsweredMail::ServiceMail(ServiceMailId::derive(&["m"]));
        for about in [message, mail] {
            let mark = AnswerMark { mail: about, link: link.clone() };
            let text = format!("{}.{}", mark.signed(), signature_of(&key, &mark.signed()));
            assert!(text.len() + "r+".len() <= 64, "{text}");
            assert_eq!(AnswerMark::stated(&text), Some(mark.clone()));
            assert_eq!(AnswerMark::stated(&text.to_uppercase()), Some(mark.clone()));
            let other = signing_key(&[8; 32]);
            assert_ne!(signature_of(&other, &mark.signed()), signature_of(&key, &mark.signed()));
        }
    }

    #[test]
    fn what_is_no_mark_says_nothing() {
        for text in ["", "m", "m.l.s", "x1.2.3", "m1.2", "..", "m1.2.3.4", &"m".repeat(100), "mä.1.2"] {
            let stated = AnswerMark::stated(text);
            // Three plain parts state something, which no signature of ours is on.
            assert!(stated.is_none() || text == "m.l.s", "{text}: {stated:?}");
        }
    }
}
