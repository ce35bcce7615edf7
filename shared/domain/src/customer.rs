//! Customers, the people there, and how they may be reached.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CustomerId, SourceVersion};

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
    /// Company or natural person; `None` is treated as a person.
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
    /// What the debt was incurred for; `None` is treated as personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt_purpose: Option<DebtPurpose>,
    /// The tenant's legal entity that invoices this customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// The source's id of the parent customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_external_id: Option<String>,
    /// Whether its mail goes to the parent's people: its own list of contacts is not used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bill_with_parent: bool,
    /// The people, in the source's order.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// Where letters go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<PostalAddress>,
}

/// What kind of customer this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerKind {
    /// A legal person.
    Company,
    /// A natural person trading under a name.
    SoleTrader,
    /// A natural person.
    Person,
}

/// What a debt was incurred for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DebtPurpose {
    /// In the course of business.
    Business,
    /// Personal, family or household.
    Personal,
}

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
    /// The address that `channel` reaches this person by.
    pub fn address(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Sms | Channel::Voice | Channel::Whatsapp => self.phone.as_deref(),
            Channel::Letter => None,
        }
    }

    /// What tells this person from others across customers: the email address, else the phone number, in lower case.
    pub fn person(&self) -> Option<String> {
        self.email.as_deref().or(self.phone.as_deref()).map(str::to_lowercase)
    }

    /// Whether the person agreed to `channel`.
    pub fn consented(&self, channel: Channel) -> bool {
        self.consents.iter().any(|consent| consent.channel == channel)
    }
}

/// What a person at a customer is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Pays the invoices.
    Billing,
    /// Approves them.
    Approver,
    /// Answers for the company.
    Executive,
    /// Works where the goods went.
    Site,
}

/// A way to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Email.
    Email,
    /// Text message.
    Sms,
    /// Phone call.
    Voice,
    /// WhatsApp.
    Whatsapp,
    /// Printed letter.
    Letter,
}

impl Channel {
    /// The text form, as in workflows and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Whatsapp => "whatsapp",
            Self::Letter => "letter",
        }
    }
}

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
