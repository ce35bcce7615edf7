//! What a rule was asked with, and where the rule comes from: for whoever explains what it said.

use std::fmt::Display;

/// One fact or setting that a rule looked at. Holds no names, addresses or numbers of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInput {
    /// What it is.
    pub name: &'static str,
    /// What it said.
    pub value: String,
    /// Where it comes from: `settings`, `workflow standard@3`, `books of canonical`, …
    pub from: String,
    /// The version of what it comes from, where that has one.
    pub version: Option<String>,
}

impl RuleInput {
    /// A setting of the tenant.
    pub fn setting(name: &'static str, value: impl Display) -> Self {
        Self::of(name, value, "settings")
    }

    /// What something else says.
    pub fn of(name: &'static str, value: impl Display, from: impl Display) -> Self {
        Self { name, value: value.to_string(), from: from.to_string(), version: None }
    }

    /// The same, of a version.
    pub fn at_version(self, version: Option<impl Display>) -> Self {
        Self { version: version.map(|version| version.to_string()), ..self }
    }
}

/// On whose authority a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// A law or regulation, or what a carrier or platform demands.
    Statute,
    /// Dunlin's own rule.
    HouseRule,
    /// What the tenant set, in its settings or a workflow.
    Setting,
}

impl Authority {
    /// The text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statute => "statute",
            Self::HouseRule => "house_rule",
            Self::Setting => "setting",
        }
    }
}
