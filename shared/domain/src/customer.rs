//! Customers, the people there, and how they may be reached.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Channel, CustomerId, PersonDigest, SourceVersion, channel::Identifier, word::stored_words};

/// The bill-to company or person who owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Derived from tenant, source and external id.
    pub id: CustomerId,
    /// The connection that the customer came by: `canonical`, `stripe`.
    pub source: String,
    /// The source's own id.
    pub external_id: String,
    /// The version of this state; `None` when the source gave none, and then it only creates.
    pub source_version: Option<SourceVersion>,
    /// The name as the source has it.
    pub name: String,
    /// Company or natural person, for conditions; empty there when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CustomerKind>,
    /// The tenant's own grouping, for conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// BCP 47 language, lower case: `de`, `pt-br`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// ISO 3166-2 subdivision without its country: `BE`, `CA`, `ENG`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// IANA zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What the debt was incurred for, for conditions; empty there when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt_purpose: Option<DebtPurpose>,
    /// The tenant's legal entity that invoices this customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// The source's id of the parent customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_external_id: Option<String>,
    /// The customer whose people are written to in the place of its own, which are not used while that one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts_of: Option<CustomerId>,
    /// The people, in the source's order.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// Where letters go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<PostalAddress>,
}

impl Customer {
    /// Stands in for a customer that a document only names, until its own document comes: called as its source calls it.
    pub fn stub(id: &CustomerId, source: &str, called: &str) -> Self {
        Self {
            id: id.clone(),
            source: source.to_owned(),
            external_id: called.to_owned(),
            source_version: None,
            name: called.to_owned(),
            kind: None,
            segment: None,
            language: None,
            country: None,
            region: None,
            time_zone: None,
            debt_purpose: None,
            legal_entity: None,
            parent_external_id: None,
            contacts_of: None,
            contacts: vec![],
            postal_address: None,
        }
    }

    /// Whether nothing is known of the customer but what it is called.
    pub fn is_stub(&self) -> bool {
        *self == Self::stub(&self.id, &self.source, &self.external_id)
    }
}

stored_words!(
    /// What kind of customer this is.
    CustomerKind {
        /// A legal person.
        Company = "company",
        /// A natural person trading under a name.
        SoleTrader = "sole_trader",
        /// A natural person.
        Person = "person",
    }
);

stored_words!(
    /// What a debt was incurred for.
    DebtPurpose {
        /// In the course of business.
        Business = "business",
        /// Personal, family or household.
        Personal = "personal",
    }
);

/// A person at a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The source's id of the person, or the position in the list when it gives none (`#0`).
    pub external_id: String,
    /// The name as the source has it.
    #[serde(default)]
    pub name: String,
    /// What the person is there for; `billing` when the source says nothing.
    pub roles: Vec<Role>,
    /// One email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// One phone number, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Channels that the person agreed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Consent>,
    /// What the source has in the place of an address and nothing can be sent to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<Unusable>,
}

/// What stood where an address should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unusable {
    /// What it should have been an address of: [`Channel::Email`], or [`Channel::Sms`] for a phone number of any use.
    pub channel: Channel,
    /// What stood there, on one line and cut to 200 characters.
    pub said: String,
    /// Why nothing can be sent to it: `is no email address`.
    pub why: String,
}

impl Contact {
    /// Somebody of whom nothing is known but an email address, and what they are there for.
    pub fn by_email(external_id: &str, role: Role, email: &str) -> Self {
        Self {
            external_id: external_id.to_owned(),
            name: String::new(),
            roles: vec![role],
            email: Some(email.to_owned()),
            phone: None,
            consents: Vec::new(),
            unusable: Vec::new(),
        }
    }

    /// The address that `channel` reaches this person by.
    pub fn address(&self, channel: Channel) -> Option<&str> {
        match channel.identifier() {
            Some(Identifier::Email) => self.email.as_deref(),
            Some(Identifier::Phone) => self.phone.as_deref(),
            Some(Identifier::Postal) | None => None,
        }
    }

    /// What tells this person from others across customers: the mailbox, else the phone number.
    ///
    /// Of an email address it is what [`mailbox_of`] says: two addresses of one mailbox are one person.
    pub fn person(&self) -> Option<String> {
        self.email.as_deref().map(mailbox_of).or_else(|| self.phone.clone())
    }

    /// The same, short enough to be kept with a message.
    pub fn person_digest(&self) -> Option<PersonDigest> {
        self.person().as_deref().map(PersonDigest::of)
    }

    /// Whether the person agreed to `channel`.
    pub fn consented(&self, channel: Channel) -> bool {
        self.consents.iter().any(|consent| consent.channel == channel)
    }
}

/// Providers of mailboxes that leave out what follows a plus in the part before the `@`, and whether dots there count for them.
///
/// Elsewhere a plus may lead to different people: `vendors+acme@` and `vendors+bolt@` of a company that pays for others are two.
const TAGGED: [(&str, bool); 15] = [
    ("gmail.com", false),
    ("googlemail.com", false),
    ("outlook.com", true),
    ("hotmail.com", true),
    ("live.com", true),
    ("msn.com", true),
    ("icloud.com", true),
    ("me.com", true),
    ("mac.com", true),
    ("proton.me", true),
    ("protonmail.com", true),
    ("pm.me", true),
    ("fastmail.com", true),
    ("gmx.de", true),
    ("gmx.net", true),
];

/// The mailbox that an address leads to, in lower case: `Ann+Acme@Gmail.com` and `a.nn@googlemail.com` are `ann@gmail.com`. Only where the
/// provider is known to leave tags or dots out are they left out.
pub fn mailbox_of(email: &str) -> String {
    let lower = email.trim().to_lowercase();
    let Some((local, domain)) = lower.rsplit_once('@') else { return lower };
    let Some((_, dots_count)) = TAGGED.iter().find(|(provider, _)| *provider == domain) else { return lower };
    let plain = local.split('+').next().filter(|plain| !plain.is_empty()).unwrap_or(local);
    let plain = if *dots_count { plain.to_owned() } else { plain.replace('.', "") };
    let domain = if domain == "googlemail.com" { "gmail.com" } else { domain };
    format!("{plain}@{domain}")
}

stored_words!(
    /// What a person at a customer is there for.
    Role {
        /// Pays the invoices.
        Billing = "billing",
        /// Approves them.
        Approver = "approver",
        /// Answers for the company.
        Executive = "executive",
        /// Works where the goods went.
        Site = "site",
    }
);

/// That a person agreed to a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The channel agreed to.
    pub channel: Channel,
    /// When, where the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_at: Option<Timestamp>,
    /// The words agreed to, where the source has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
}

/// Where a letter goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostalAddress {
    /// Street and number.
    pub line1: String,
    /// A second line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Town.
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_is_one_person() {
        for (email, expected) in [
            ("AP@Acme.example", "ap@acme.example"),
            (" ap@acme.example ", "ap@acme.example"),
            ("ap+dunning@acme.example", "ap+dunning@acme.example"),
            ("a.p@acme.example", "a.p@acme.example"),
            ("Ann.Weber+Acme@Gmail.com", "annweber@gmail.com"),
            ("annweber@googlemail.com", "annweber@gmail.com"),
            ("Ann.Weber+Acme@outlook.com", "ann.weber@outlook.com"),
            ("+acme@gmail.com", "+acme@gmail.com"),
            ("ann+a+b@icloud.com", "ann@icloud.com"),
            ("ann+a@gmail.com.example", "ann+a@gmail.com.example"),
        ] {
            assert_eq!(mailbox_of(email), expected, "{email}");
        }
    }

    #[test]
    fn a_person_is_a_mailbox_else_a_number() {
        let contact = |email: Option<&str>, phone: Option<&str>| Contact {
            external_id: "1".to_owned(),
            name: String::new(),
            roles: vec![Role::Billing],
            email: email.map(str::to_owned),
            phone: phone.map(str::to_owned),
            consents: Vec::new(),
            unusable: Vec::new(),
        };
        assert_eq!(contact(Some("A@x.example"), Some("+442079460958")).person().as_deref(), Some("a@x.example"));
        assert_eq!(contact(None, Some("+442079460958")).person().as_deref(), Some("+442079460958"));
        assert_eq!(contact(None, None).person(), None);
    }
}
