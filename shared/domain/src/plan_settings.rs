//! What customers may agree on by themselves of paying in parts, and how long a part of any plan may be late.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Currency;

/// Most parts of a plan that a tenant may let customers agree on by themselves.
const CUSTOMER_PARTS_MAX: u8 = 24;
/// How far ahead the last part of such a plan may be, in days.
const CUSTOMER_PLAN_DAYS_MAX: u16 = 730;
/// Most days by which a part of a plan may be late without breaking it.
const GRACE_DAYS_MAX: u8 = 30;

/// What customers may agree on by themselves of paying in parts. People of the tenant are bound by the grace alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CustomerPlans {
    /// In how many parts at most, 2 to 24; with 0 customers ask a person. It is 0 until a tenant says otherwise: a plan puts off what is due,
    /// and nobody but the tenant can want that.
    pub max_parts: u8,
    /// How many days ahead the last part may be, 1 to 730.
    pub max_days: u16,
    /// The least that a part may come to, in minor units, by currency; where a currency is not named, one minor unit.
    pub min_part_minor: BTreeMap<Currency, i64>,
    /// Days after a part is expected on the ledger before it is missed and breaks its plan, 0 to 30. It counts for every plan, as it stood when
    /// the plan was agreed.
    pub grace_days: u8,
}

impl Default for CustomerPlans {
    fn default() -> Self {
        Self { max_parts: 0, max_days: 90, min_part_minor: BTreeMap::new(), grace_days: 0 }
    }
}

impl CustomerPlans {
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether customers may agree on a plan by themselves.
    pub fn are_open(&self) -> bool {
        self.max_parts >= 2
    }

    /// The least that a part may come to in a currency, minor units.
    pub(crate) fn least_part_minor(&self, currency: Currency) -> i64 {
        self.min_part_minor.get(&currency).copied().unwrap_or(1).max(1)
    }

    /// What is wrong with it: JSON pointers below `/plans` and sentences.
    pub(crate) fn flaws(&self) -> Vec<(String, String)> {
        let mut flaws = Vec::new();
        let mut refuse = |bad: bool, name: &str, detail: String| {
            if bad {
                flaws.push((format!("/plans/{name}"), detail));
            }
        };
        let parts = self.max_parts == 0 || (2..=CUSTOMER_PARTS_MAX).contains(&self.max_parts);
        refuse(!parts, "max_parts", format!("parts are 2 to {CUSTOMER_PARTS_MAX}, or 0 where customers ask a person"));
        let days = (1..=CUSTOMER_PLAN_DAYS_MAX).contains(&self.max_days);
        refuse(!days, "max_days", format!("days are 1 to {CUSTOMER_PLAN_DAYS_MAX}"));
        for (currency, minor) in &self.min_part_minor {
            refuse(*minor < 1, &format!("min_part_minor/{currency}"), "the least that a part comes to is above zero".to_owned());
        }
        refuse(self.grace_days > GRACE_DAYS_MAX, "grace_days", format!("days are 0 to {GRACE_DAYS_MAX}"));
        flaws
    }
}
