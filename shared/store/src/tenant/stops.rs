//! Stop links: signed statements that somebody asked for no more messages to one address on one channel. They name the address by its
//! digest, never expire, open nothing and need no customer. Text form, under 400 characters, and some 50 for a text message, which is paid
//! by its length: `{tenant}.{channel}.{digest of the address}.{what a page may show of the address}.{HMAC-SHA256, its first 12 bytes}`.
//! What a page may show is the last digits of a number; of any other address, its masked text in base 64.

use aws_lc_rs::{constant_time, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Channel, Identifier, TenantId, address_key, id::digest};

use crate::{Result, Vault, tenant::vault::Purpose};

/// Longest text that is looked at.
const STOP_BYTES_MAX: usize = 400;
/// Longest that a page shows of an address's domain, in characters.
const SHOWN_MAX: usize = 80;
/// How many of a number's digits a page shows.
const TAIL: usize = 3;
/// How much of a signature is kept, in bytes: a guess is right once in 2^96.
const SIGNATURE_BYTES: usize = 12;

/// An address that is to be written to no more, as a stop link names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Whose messages.
    pub tenant: TenantId,
    /// On which channel.
    pub channel: Channel,
    /// Of [`address_key`].
    pub(crate) digest: String,
    /// Enough of the address to know it by: `a…@acme.example`, `…678`. Whoever the link is forwarded to does not learn the whole.
    pub shown: String,
}

impl Stop {
    /// The stop of an address.
    pub fn of(tenant: &TenantId, channel: Channel, address: &str) -> Self {
        let digest = digest(&[&address_key(channel, address)]);
        Self { tenant: tenant.clone(), channel, digest, shown: masked(address) }
    }

    fn signed(&self) -> String {
        let shown = match self.channel.identifier() {
            Some(Identifier::Phone) => self.shown.trim_start_matches('…').to_owned(),
            Some(Identifier::Email | Identifier::Postal) | None => URL_SAFE_NO_PAD.encode(&self.shown),
        };
        format!("{}.{}.{}.{shown}", self.tenant, self.channel.as_str(), self.digest)
    }

    fn read(text: &str) -> Option<(Self, &str, Vec<u8>)> {
        if text.len() > STOP_BYTES_MAX {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let parts: Vec<&str> = signed.split('.').collect();
        let &[tenant, channel, digest, shown] = parts.as_slice() else { return None };
        let channel: Channel = serde_json::from_value(channel.into()).ok()?;
        let shown = match channel.identifier() {
            Some(Identifier::Phone) => format!("…{shown}"),
            Some(Identifier::Email | Identifier::Postal) | None => String::from_utf8(URL_SAFE_NO_PAD.decode(shown).ok()?).ok()?,
        };
        let stop = Self { tenant: TenantId::parse(tenant).ok()?, channel, digest: digest.to_owned(), shown };
        Some((stop, signed, URL_SAFE_NO_PAD.decode(signature).ok()?))
    }
}

/// The part of an address that a page shows: `a…@acme.example`, `…678`.
pub fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => {
            let first = local.chars().next().map(String::from).unwrap_or_default();
            format!("{first}…@{}", domain.chars().take(SHOWN_MAX).collect::<String>())
        }
        None => {
            let tail: Vec<char> = address.chars().rev().take(TAIL).collect();
            format!("…{}", tail.into_iter().rev().collect::<String>())
        }
    }
}

impl Vault {
    /// The text of a stop link.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn stop_link(&self, stop: &Stop) -> Result<String> {
        let key = signing_key(&self.data_key(&stop.tenant, Purpose::Links).await?);
        let signed = stop.signed();
        let signature = URL_SAFE_NO_PAD.encode(signature_of(&key, &signed));
        Ok(format!("{signed}.{signature}"))
    }

    /// The stop that a link states; `None` for whatever was not signed here.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub async fn verify_stop(&self, text: &str) -> Result<Option<Stop>> {
        let Some((stop, signed, signature)) = Stop::read(text) else { return Ok(None) };
        // A tenant without a key has signed nothing; none is made for whoever asks.
        let Some(data_key) = self.data_key_if_made(&stop.tenant, Purpose::Links).await? else { return Ok(None) };
        let right = signature_of(&signing_key(&data_key), signed);
        Ok(constant_time::verify_slices_are_equal(&right, &signature).is_ok().then_some(stop))
    }
}

/// A key of its own, so that no code of a portal link says anything of a stop link.
fn signing_key(data_key: &[u8; 32]) -> hmac::Key {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, data_key), b"dunlin stop link");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

fn signature_of(key: &hmac::Key, signed: &str) -> Vec<u8> {
    hmac::sign(key, signed.as_bytes()).as_ref().iter().take(SIGNATURE_BYTES).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn addresses_are_masked() {
        for (address, shown) in [("ap@acme.example", "a…@acme.example"), ("+493012345678", "…678"), ("@x", "…@x"), ("", "…")]
        {
            assert_eq!(masked(address), shown, "{address}");
        }
    }
}
