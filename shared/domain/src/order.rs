//! Orders: what people told Dunlin to do with a step, a due item or a case. Facts; each is used up once, by the decision that obeys
//! it or finds that it comes too late.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CaseId, Currency, DueItemKey, Occurrence, OrderId};

mod split;

/// What a person told Dunlin to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id: the same order given again replaces itself.
    pub id: OrderId,
    /// What is to be done.
    pub kind: OrderKind,
    /// The currency of the case.
    pub currency: Currency,
    /// The case; where there is none, those of its due items, or the first of its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The steps that it speaks of; none for what speaks of the whole case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<OrderedStep>,
    /// For a move: the workflow that the case goes on by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Who gave it: the subject of their sign-in.
    pub by: String,
    /// When. Of two that contradict each other the later is obeyed.
    pub given_at: Timestamp,
    /// Until when it waits for the moment at which it can be obeyed; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A step of a due item that an order speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedStep {
    /// The due item.
    pub item: DueItemKey,
    /// The step's id.
    pub step: String,
    /// Which occurrence of it; that at which the item is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<Occurrence>,
}

/// Kinds of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// The steps do not happen.
    Skip,
    /// The steps are due from now on, whatever day the plan gives them; gaps and everything else hold.
    BringForward,
    /// The steps happen as soon as the guard allows it: neither the plan's day nor its gap holds them up.
    SendNow,
    /// The case goes on by another workflow, each due item at the rung that it has there.
    Move,
    /// The next message of the case may go beyond the cap of contacts a person.
    LiftCapOnce,
    /// The steps that ask for approval may happen.
    Approve,
    /// They may not.
    Refuse,
    /// A kind that a later release wrote: kept and not obeyed.
    #[serde(untagged)]
    Later(String),
}

impl OrderKind {
    /// The text form.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Skip => "skip",
            Self::BringForward => "bring_forward",
            Self::SendNow => "send_now",
            Self::Move => "move",
            Self::LiftCapOnce => "lift_cap_once",
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::Later(word) => word,
        }
    }

    /// Whether it speaks of steps, rather than of a case as a whole.
    pub fn is_of_step(&self) -> bool {
        match self {
            Self::Skip | Self::Refuse | Self::BringForward | Self::SendNow | Self::Approve => true,
            Self::Move | Self::LiftCapOnce | Self::Later(_) => false,
        }
    }

    /// Whether it stops a step rather than lets it go.
    pub fn stops(&self) -> bool {
        match self {
            Self::Skip | Self::Refuse => true,
            Self::BringForward | Self::SendNow | Self::Move | Self::LiftCapOnce | Self::Approve | Self::Later(_) => false,
        }
    }
}

/// What a decision made of an order. Holds ids, never names or addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTrace {
    /// The order.
    pub order: OrderId,
    /// Its kind.
    pub kind: OrderKind,
    /// What came of it.
    pub said: String,
    /// Whether it is used up; otherwise it waits.
    pub used: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_and_a_later_one_is_kept() {
        for kind in [
            OrderKind::Skip,
            OrderKind::BringForward,
            OrderKind::SendNow,
            OrderKind::Move,
            OrderKind::LiftCapOnce,
            OrderKind::Approve,
            OrderKind::Refuse,
            OrderKind::Later("escalate_to_moon".to_owned()),
        ] {
            let text = serde_json::to_string(&kind).expect("plain");
            assert_eq!(text, format!("\"{}\"", kind.as_str()));
            assert_eq!(serde_json::from_str::<OrderKind>(&text).expect(&text), kind);
        }
    }
}
