//! Where an invoice stands, as Stripe says it.

use serde_json::Value;

use crate::form;

/// Where an invoice stands, as Stripe says it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Draft,
    Open,
    Paid,
    Uncollectible,
    Void,
}

impl Status {
    /// Whether it was issued and stands.
    pub fn asks_for_something(self) -> bool {
        match self {
            Self::Open | Self::Paid => true,
            Self::Draft | Self::Uncollectible | Self::Void => false,
        }
    }
}

/// Reads where an invoice stands.
pub fn status(value: &Value) -> Result<Status, String> {
    form::one_of(STATUSES)(value)
}

const STATUSES: &[(&str, Status)] = &[
    ("draft", Status::Draft),
    ("open", Status::Open),
    ("paid", Status::Paid),
    ("uncollectible", Status::Uncollectible),
    ("void", Status::Void),
];
