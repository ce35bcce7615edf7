//! Codes of portal links: 22 characters that nobody can guess, or 14 in text messages, made from whose the link is under the tenant's key of links.
//! So no code is kept anywhere: each message to an address has the same one, and the table knows it by a digest alone
//! ([why](../../../../docs/adr/0016-a-portal-link-is-an-item-and-its-code-is-derived.md)).

use aws_lc_rs::hmac;
use domain::{Channel, CustomerId, LinkId, PersonDigest, TenantId};
use jiff::Timestamp;

use crate::{
    Result, Vault,
    customer::{
        addresses::AddressId,
        links::{LinkStanding, PortalLink},
    },
    tenant::{stops::masked, vault::Purpose},
};

/// How many characters a code has: 128 bits in base 62.
const CODE_CHARS: usize = 22;
/// How many one has in text messages, where each character is paid for: 83 bits in base 62.
const SHORT_CODE_CHARS: usize = 14;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The code of a portal link. Whoever has it has the link: it is never logged and never kept.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkCode(String);

impl LinkCode {
    /// Reads a code; `None` for what cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ([CODE_CHARS, SHORT_CODE_CHARS].contains(&text.len()) && plain).then(|| Self(text.to_owned()))
    }

    /// The code of a number: its last digits in base 62.
    fn of(mut number: u128, chars: usize) -> Self {
        let mut text = vec![b'0'; chars];
        for place in text.iter_mut().rev() {
            *place = ALPHABET[usize::try_from(number % 62).expect("less than 62")];
            number /= 62;
        }
        Self(text.into_iter().map(char::from).collect())
    }

    /// The id of its link, which does not tell it.
    pub fn id(&self) -> LinkId {
        LinkId::derive(&["portal link", &self.0])
    }

    /// Its text, as it stands in an address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LinkCode({})", self.id())
    }
}

/// An address of a customer that a link is for.
#[derive(Clone, Copy, Debug)]
pub struct LinkTo<'a> {
    /// On which channel.
    pub channel: Channel,
    /// The address.
    pub address: &'a str,
    /// The contact whose it is, by the id that the source gave.
    pub contact: &'a str,
    /// The person who that is.
    pub person: Option<&'a PersonDigest>,
}

impl Vault {
    /// The link of an address as a message has it that leaves now, with its code: the `known` one, for longer once half of its time is
    /// over, or one of a new code where there is none or the known one is void. Nothing is written: [`Store::keep_link`] does.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    ///
    /// [`Store::keep_link`]: crate::Store::keep_link
    pub async fn link_for(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        to: LinkTo<'_>,
        known: Option<&PortalLink>,
        now: Timestamp,
    ) -> Result<(LinkCode, PortalLink)> {
        let key = code_key(&self.data_key(tenant, Purpose::Links).await?);
        let address = AddressId::of(to.channel, to.address);
        let is_paid_by_length = to.channel.facts().segments_max.is_some();
        let chars = if is_paid_by_length { SHORT_CODE_CHARS } else { CODE_CHARS };
        let code = |generation: u32, chars: usize| code_of(&key, tenant, customer, &address, (generation, chars));
        if let Some(known) = known.filter(|known| known.standing(now) == LinkStanding::Good) {
            // A link that was made before text messages had codes of their own keeps its code while it is good.
            for chars in [chars, CODE_CHARS] {
                let code = code(known.generation, chars);
                // Under another key than it was made under a link has another code.
                if code.id() == known.id {
                    return Ok((code, known.clone().renewed_if_half_is_over(now)));
                }
            }
        }
        // Where an erasure deleted the link, the codes of its generations stay void: the first generation is the second that it begins in.
        let first = || u32::try_from(now.as_second()).unwrap_or(u32::MAX);
        let generation = known.map_or_else(first, |known| known.generation.saturating_add(1));
        let code = code(generation, chars);
        let mut earlier = known.map(|known| known.earlier.clone()).unwrap_or_default();
        let before = known.filter(|known| known.id != code.id());
        earlier.extend(before.map(|before| before.id.clone()));
        let mut revoked_earlier = known.map(|known| known.revoked_earlier.clone()).unwrap_or_default();
        revoked_earlier.extend(before.filter(|before| before.revoked_at.is_some()).map(|before| before.id.clone()));
        let link = PortalLink {
            id: code.id(),
            address,
            generation,
            earlier,
            revoked_earlier,
            channel: to.channel,
            contact: to.contact.to_owned(),
            person: to.person.cloned(),
            shown: masked(to.address),
            made_at: now,
            expires_at: now,
            revoked_at: None,
        };
        Ok((code, link.renewed(now)))
    }
}

fn code_key(data_key: &[u8; 32]) -> hmac::Key {
    // A key of its own, so that no code says anything of another use of the data key.
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, data_key), b"dunlin portal link");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

fn code_of(
    key: &hmac::Key,
    tenant: &TenantId,
    customer: &CustomerId,
    address: &AddressId,
    (generation, chars): (u32, usize),
) -> LinkCode {
    let whose = format!("{tenant}|{customer}|{address}|{generation}");
    // Of another length it is another code, and not the end of the same.
    let whose = if chars == CODE_CHARS { whose } else { format!("{whose}|{chars}") };
    let bytes = hmac::sign(key, whose.as_bytes());
    LinkCode::of(bytes.as_ref().iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte)), chars)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn codes_are_short_and_plain() {
        for (number, text) in [
            (0, "0000000000000000000000"),
            (61, "000000000000000000000z"),
            (62, "0000000000000000000010"),
            (u128::MAX, "7n42DGM5Tflk9n8mt7Fhc7"),
        ] {
            let code = LinkCode::of(number, CODE_CHARS);
            assert_eq!(code.as_str(), text);
            assert_eq!(LinkCode::parse(text).as_ref(), Some(&code));
        }
        let short = LinkCode::of(u128::MAX, SHORT_CODE_CHARS);
        assert_eq!((short.as_str(), LinkCode::parse("Tflk9n8mt7Fhc7").as_ref()), ("Tflk9n8mt7Fhc7", Some(&short)));
        for wrong in [
            "",
            "short",
            "0000000000000-",
            "000000000000000",
            "000000000000000000000-",
            "00000000000000000000000",
            "acme.cus_1.1.0.AAAAAAA",
        ] {
            assert!(LinkCode::parse(wrong).is_none(), "{wrong}");
        }
        let code = LinkCode::of(7, CODE_CHARS);
        assert!(!format!("{code:?}").contains(code.as_str()), "a log line does not hold a code");
    }

    #[test]
    fn a_code_is_of_one_tenant_customer_address_and_generation() {
        let key = code_key(&[7; 32]);
        let (acme, bolt) = (TenantId::parse("acme").unwrap(), TenantId::parse("bolt").unwrap());
        let (one, two) = (CustomerId::derive(&["1"]), CustomerId::derive(&["2"]));
        let ap = AddressId::of(Channel::Email, "ap@acme.example");
        let text = AddressId::of(Channel::Sms, "+493012345678");
        let long = |generation: u32| (generation, CODE_CHARS);
        let first = code_of(&key, &acme, &one, &ap, long(1));
        assert_eq!(first, code_of(&key, &acme, &one, &AddressId::of(Channel::Email, " AP@acme.example"), long(1)));
        let short = code_of(&key, &acme, &one, &ap, (1, SHORT_CODE_CHARS));
        let others = [
            code_of(&code_key(&[8; 32]), &acme, &one, &ap, long(1)),
            code_of(&key, &bolt, &one, &ap, long(1)),
            code_of(&key, &acme, &two, &ap, long(1)),
            code_of(&key, &acme, &one, &text, long(1)),
            code_of(&key, &acme, &one, &ap, long(2)),
        ];
        assert!(others.iter().all(|other| *other != first), "{others:?}");
        assert_eq!(short.as_str().len(), SHORT_CODE_CHARS);
        assert!(!first.as_str().ends_with(short.as_str()) && !first.as_str().starts_with(short.as_str()));
    }
}
