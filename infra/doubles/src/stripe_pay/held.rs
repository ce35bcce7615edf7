//! What is held of a session.

use jiff::Timestamp;
use serde_json::Value;

use super::rules::Asked;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Open,
    Complete,
    Expired,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

/// A refund, or a dispute.
#[derive(Clone, Debug)]
pub struct TakenBack {
    pub id: String,
    pub amount: i64,
    pub at: Timestamp,
    pub is_dispute: bool,
    /// What the seller gave with a refund.
    pub params: Value,
}

/// A checkout session, with its payment intent and its charge once there are any.
#[derive(Clone, Debug)]
pub struct Session {
    pub account: String,
    pub id: String,
    pub url: String,
    pub params: Value,
    pub asked: Asked,
    /// In which version its events are written.
    pub version: String,
    pub created: Timestamp,
    pub status: Status,
    pub intent: Option<String>,
    pub charge: Option<String>,
    pub method: Option<String>,
    /// What came, where it is not what was asked.
    pub other_amount: Option<i64>,
    pub received: i64,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    pub taken_back: Vec<TakenBack>,
}

impl Session {
    /// The basket that the seller named.
    pub fn basket(&self) -> String {
        let named = [&self.params["client_reference_id"], &self.params["metadata"]["basket"]];
        named.iter().find_map(|name| name.as_str()).unwrap_or_default().to_owned()
    }

    /// What it comes to: what came, where that is something else than was asked.
    pub fn amount_total(&self) -> i64 {
        self.other_amount.unwrap_or(self.asked.amount)
    }

    pub fn refunded(&self) -> i64 {
        self.taken_back.iter().filter(|one| !one.is_dispute).map(|one| one.amount).sum()
    }

    /// What is neither refunded nor disputed yet.
    pub fn left(&self) -> i64 {
        self.received - self.taken_back.iter().map(|one| one.amount).sum::<i64>()
    }

    pub fn intent_status(&self) -> &'static str {
        match (self.status, self.received > 0, self.failure.is_some()) {
            (_, true, _) => "succeeded",
            (Status::Expired, false, _) => "canceled",
            (_, false, true) | (Status::Open, false, false) => "requires_payment_method",
            (Status::Complete, false, false) => "processing",
        }
    }
}
