//! Who signs a mail: the customer's owner, where the settings say so and the owner is a member with a name; else the tenant.

use channels::Brand;
use domain::{Facts, SenderName, Settings, TenantId, owners::owner_by_rule};
use store::{Error, Member, Store};

/// Longest name of a sender, in characters: that of a mailbox of the settings.
const NAME_CHARS_MAX: usize = 200;

/// A member in whose name a mail leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    name: String,
    signature: Option<String>,
}

impl Signer {
    /// The member, where they are one and have a name that a mail can leave under: one with an address in it would pass for another sender.
    fn of(member: Member) -> Option<Self> {
        let is_member = member.removed_at.is_none();
        let name = member.name.filter(|name| is_member && !name.trim().is_empty() && !name.contains(['@', '<', '>']))?;
        Some(Self { name, signature: member.signature })
    }

    /// The mailbox that a tenant set as its sender, under their name and the one that customers see; under the latter alone where both are too long.
    pub(crate) fn mailbox(&self, setting: &str, shown: &str) -> String {
        match domain::Mailbox::parse(setting) {
            Ok(set) => {
                let name = format!("{}, {}", self.name.trim(), set.name.as_deref().unwrap_or(shown));
                if name.chars().count() > NAME_CHARS_MAX {
                    return channels::channel::set_mailbox(setting, shown);
                }
                channels::channel::mailbox(&name, &set.address)
            }
            Err(_) => setting.to_owned(),
        }
    }

    /// The brand of a mail that they sign.
    pub(crate) fn signing(&self, brand: Brand) -> Brand {
        let own = || format!("{}\n{}", self.name.trim(), brand.name);
        let signature = Some(self.signature.clone().unwrap_or_else(own));
        Brand { signature, ..brand }
    }
}

/// Whose name mails to a customer leave under; `None` where that is the tenant's.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn signer(
    store: &Store,
    tenant: &TenantId,
    facts: &Facts,
    settings: &Settings,
) -> Result<Option<Signer>, Error> {
    match settings.signing.sender_name {
        SenderName::Tenant => return Ok(None),
        SenderName::Owner => {}
    }
    let by_hand = store.owner(tenant, &facts.customer.id).await?.map(|known| known.owner);
    let owner = by_hand.or_else(|| owner_by_rule(&settings.owners, &facts.customer).map(str::to_owned));
    let Some(owner) = owner.filter(|owner| !settings.teams.contains_key(owner)) else { return Ok(None) };
    Ok(store.member(tenant, &owner, None).await?.0.and_then(Signer::of))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(name: &str, signature: Option<&str>) -> Signer {
        Signer { name: name.to_owned(), signature: signature.map(str::to_owned) }
    }

    #[test]
    fn the_address_stays_the_tenants() {
        let long = "x".repeat(NAME_CHARS_MAX);
        for (name, setting, expected) in [
            ("Anna Weber", "ar@acme.example", "\"Anna Weber, Acme\" <ar@acme.example>"),
            ("Anna Weber", "Acme Billing <ar@acme.example>", "\"Anna Weber, Acme Billing\" <ar@acme.example>"),
            ("A\r\nBcc: x", "ar@acme.example", "\"A Bcc: x, Acme\" <ar@acme.example>"),
            (long.as_str(), "ar@acme.example", "\"Acme\" <ar@acme.example>"),
            ("Anna Weber", "no address", "no address"),
        ] {
            assert_eq!(signer(name, None).mailbox(setting, "Acme"), expected, "{name} {setting}");
        }
        assert!(signer("Jürgen", None).mailbox("ar@acme.example", "Acme").ends_with(" <ar@acme.example>"));
    }

    #[test]
    fn they_sign_as_they_said_or_with_their_name() {
        let signed = |signature| signer("Anna Weber", signature).signing(Brand::named("Acme")).signature;
        assert_eq!(signed(None).as_deref(), Some("Anna Weber\nAcme"));
        assert_eq!(signed(Some("Anna\n+49 30 1234")).as_deref(), Some("Anna\n+49 30 1234"));
    }

    #[test]
    fn who_is_no_member_or_has_no_name_of_their_own_signs_nothing() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let member = |name: Option<&str>, is_removed: bool| Member {
            subject: "ann".to_owned(),
            email: None,
            email_verified: false,
            name: name.map(str::to_owned),
            signature: None,
            role: "collector".to_owned(),
            added_at: now,
            added_by: "bob".to_owned(),
            removed_at: is_removed.then_some(now),
            seen_at: None,
            rev: 1,
        };
        for (name, is_removed, signs) in [
            (Some("Anna Weber"), false, true),
            (Some("Anna Weber"), true, false),
            (Some(" "), false, false),
            (Some("billing@bank.example"), false, false),
            (None, false, false),
        ] {
            assert_eq!(Signer::of(member(name, is_removed)).is_some(), signs, "{name:?} {is_removed}");
        }
    }
}
