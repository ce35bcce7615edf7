//! What a rule is, what it is asked, and what it may say.

use jiff::{Timestamp, civil::Date};

use crate::{
    Authority, Channel, Contact, Facts, Mode, Policy, RuleInput,
    calendar::{Calendar, Locality},
};

/// What a rule says of sending now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing against it.
    Allow,
    /// Not before this instant, at which the same rule allows it if nothing else changes.
    Defer(Timestamp),
    /// A person has to look.
    NeedsReview(String),
    /// Not at all by this way.
    Block(String),
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Allow => f.write_str("allow"),
            Self::Defer(until) => write!(f, "defer until {until}"),
            Self::NeedsReview(why) => write!(f, "needs review: {why}"),
            Self::Block(why) => write!(f, "block: {why}"),
        }
    }
}

/// What a rule is about: the tenant as a whole, or one way to reach one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It stops every message alike; no step is missed for it.
    Tenant,
    /// It stops this way; another may be free.
    ContactAndChannel,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name in traces.
    pub id: &'static str,
    /// Raised when its answers change.
    pub version: u32,
    /// Where it comes from.
    pub citation: &'static str,
    /// On whose authority it holds.
    pub authority: Authority,
    /// The first day on which it holds, for law that is not in force yet.
    pub effective_from: Option<Date>,
    /// The last day on which it holds.
    pub effective_until: Option<Date>,
    /// What it is about.
    pub reach: Reach,
    /// What it looks at, for explanations.
    pub inputs: fn(&ContactQuestion<'_>) -> Vec<RuleInput>,
    /// Its answer.
    pub check: fn(&ContactQuestion<'_>) -> Verdict,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.version == other.version
    }
}

impl Eq for Rule {}

/// One question to the guard: may this message reach this person by this channel now?
pub struct ContactQuestion<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// What the tenant decides by.
    pub policy: &'a Policy,
    /// Where the person is.
    pub place: &'a Locality,
    /// The allowed days and hours there.
    pub calendar: &'a Calendar<'a>,
    /// Least civil days between contacts, from the workflow.
    pub min_gap_days: i64,
    /// Whether a person lifted the cap of contacts for this message.
    pub cap_lifted: bool,
    /// The mode that the message was, or is being, decided in.
    pub mode: Mode,
    /// When it was decided: contacts since then are of the same decision.
    pub decided_at: Timestamp,
    /// By which channel.
    pub channel: Channel,
    /// To whom.
    pub contact: &'a Contact,
    /// Now.
    pub now: Timestamp,
}

impl ContactQuestion<'_> {
    /// What is known of the customer and its people: what people entered, where they did, else what the source says, with its version.
    pub(super) fn of_profile(&self, name: &'static str, value: impl std::fmt::Display) -> RuleInput {
        let customer = &self.facts.customer;
        let from = if self.facts.described.is_some() { ", with what people entered" } else { "" };
        RuleInput::of(name, value, format!("books of {}{from}", customer.source)).at_version(customer.source_version)
    }
}
