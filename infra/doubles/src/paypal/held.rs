//! What is held of an order.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// How long an order waits for its payer, and an approved one to be captured.
pub const WAITS: SignedDuration = SignedDuration::from_hours(3);

/// What the payer approved to pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// Its money is there.
    Pays,
    /// Its money takes days.
    Pends,
    /// It is declined.
    Declines,
}

/// Where a capture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureStatus {
    Completed,
    Pending,
    Declined,
}

/// Money that was taken.
#[derive(Clone, Debug)]
pub struct Capture {
    pub id: String,
    pub status: CaptureStatus,
    pub amount: i64,
    pub at: Timestamp,
    pub updated: Timestamp,
}

/// A refund, or a reversal.
#[derive(Clone, Debug)]
pub struct TakenBack {
    pub id: String,
    pub amount: i64,
    pub at: Timestamp,
    pub is_reversal: bool,
    /// What the seller gave with a refund.
    pub params: Value,
}

/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    pub account: String,
    pub id: String,
    pub request: Value,
    pub currency: String,
    pub amount: i64,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// What it was approved with, and when.
    pub approved: Option<(Instrument, Timestamp)>,
    /// What comes, where it is not what was asked.
    pub other_amount: Option<i64>,
    pub capture: Option<Capture>,
    pub taken_back: Vec<TakenBack>,
    /// Whether its time was ended before its time.
    pub ended: bool,
}

impl Order {
    pub fn unit(&self) -> &Value {
        &self.request["purchase_units"][0]
    }

    /// The basket that the seller named.
    pub fn basket(&self) -> String {
        self.unit()["custom_id"].as_str().unwrap_or_default().to_owned()
    }

    pub fn context(&self) -> &Value {
        &self.request["payment_source"]["paypal"]["experience_context"]
    }

    /// Whether nobody finds it any more.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        let since = self.approved.map_or(self.created, |(_, at)| at);
        self.capture.is_none() && (self.ended || now.duration_since(since) >= WAITS)
    }

    pub fn status(&self) -> &'static str {
        match (&self.capture, self.approved) {
            (Some(_), _) => "COMPLETED",
            (None, Some(_)) => "APPROVED",
            (None, None) if self.request["payment_source"].is_object() => "PAYER_ACTION_REQUIRED",
            (None, None) => "CREATED",
        }
    }

    pub fn received(&self) -> i64 {
        let completed = self.capture.as_ref().filter(|capture| capture.status == CaptureStatus::Completed);
        completed.map_or(0, |capture| capture.amount)
    }

    /// What is neither refunded nor reversed yet.
    pub fn left(&self) -> i64 {
        self.received() - self.taken_back.iter().map(|one| one.amount).sum::<i64>()
    }
}
