//! Charges on top of what invoices say: a fee that a step proposes, due once a person confirmed it.

use compact_str::CompactString;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{ChargeId, Coverage, Currency};

/// A charge on a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Derived from the case, the step and what it was proposed for.
    pub id: ChargeId,
    /// What it is called in messages.
    pub name: String,
    /// The currency of its amount.
    pub currency: Currency,
    /// The legal entity that it is owed to; empty for the default one.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub legal_entity: CompactString,
    /// The workflow whose case it joins: that of the step that proposed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<CompactString>,
    /// Minor units, above zero; `None` until a person named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// The step that proposed it.
    pub step: String,
    /// When that was.
    pub proposed_at: Timestamp,
    /// When it falls due, in the tenant's zone, once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Where it stands.
    pub status: ChargeStatus,
    /// Since when.
    pub status_at: Timestamp,
    /// Who said so; empty for the plan.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Results of its steps from decisions that are no longer read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folded: Vec<Coverage>,
}

/// Where a charge stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeStatus {
    /// A step asked for it; nothing is due.
    Proposed,
    /// A person confirmed it: it is due.
    Confirmed,
    /// It was paid.
    Paid,
    /// It is not asked for.
    Waived,
    /// A word of a later release: kept as it is, and nothing is due.
    #[serde(untagged)]
    Later(String),
}

impl Charge {
    /// What is open of it and when it falls due, minor units; `None` while or once nothing is due.
    pub fn open(&self) -> Option<(i64, Date)> {
        match self.status {
            ChargeStatus::Confirmed => self.amount_minor.filter(|minor| *minor > 0).zip(self.due_on),
            ChargeStatus::Proposed | ChargeStatus::Paid | ChargeStatus::Waived | ChargeStatus::Later(_) => None,
        }
    }
}
