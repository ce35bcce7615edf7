//! What is held of billing requests, payments and refunds.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::Value;

/// How long the page of a flow can be opened.
pub const FLOW_LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a debit takes until its money is taken.
const DEBIT_TAKES: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A page on which a billing request is fulfilled.
#[derive(Clone, Debug)]
pub struct Flow {
    pub id: String,
    pub body: Value,
    pub created: Timestamp,
}

impl Flow {
    pub fn expires_at(&self) -> Timestamp {
        self.created + FLOW_LASTS
    }
}

/// Where a billing request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestStatus {
    Pending,
    Fulfilled,
    Cancelled,
}

impl RequestStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A billing request.
#[derive(Clone, Debug)]
pub struct BillingRequest {
    pub account: String,
    pub id: String,
    pub body: Value,
    pub created: Timestamp,
    pub status: RequestStatus,
    pub flows: Vec<Flow>,
    pub mandate: Option<String>,
    pub payment: Option<String>,
    pub customer: String,
    /// Whether it is paid by debit, for the payer's bank knows no instant payment.
    pub fell_back: bool,
}

impl BillingRequest {
    /// The basket that the seller named.
    pub fn basket(&self) -> String {
        let named = [&self.body["payment_request"]["metadata"]["basket"], &self.body["metadata"]["basket"]];
        named.iter().find_map(|name| name.as_str()).unwrap_or_default().to_owned()
    }

    pub fn amount(&self) -> i64 {
        self.body["payment_request"]["amount"].as_i64().unwrap_or_default()
    }

    pub fn currency(&self) -> String {
        let named = [&self.body["payment_request"]["currency"], &self.body["mandate_request"]["currency"]];
        named.iter().find_map(|name| name.as_str()).unwrap_or_default().to_owned()
    }

    pub fn has_payment(&self) -> bool {
        self.body["payment_request"].is_object()
    }

    pub fn has_mandate(&self) -> bool {
        self.body["mandate_request"].is_object()
    }

    pub fn can_fall_back(&self) -> bool {
        self.has_payment() && self.body["fallback_enabled"] == true
    }

    /// The flow whose page can still be opened.
    pub fn open_flow(&self, now: Timestamp) -> Option<&Flow> {
        let last = self.flows.last().filter(|_| self.status == RequestStatus::Pending);
        last.filter(|flow| now < flow.expires_at())
    }
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    PendingSubmission,
    Submitted,
    Confirmed,
    Failed,
    Cancelled,
    ChargedBack,
}

impl PaymentStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::PendingSubmission => "pending_submission",
            Self::Submitted => "submitted",
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::ChargedBack => "charged_back",
        }
    }
}

/// A payment.
#[derive(Clone, Debug)]
pub struct Payment {
    pub account: String,
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub description: Value,
    pub reference: Value,
    pub metadata: Value,
    pub mandate: Option<String>,
    pub scheme: String,
    pub created: Timestamp,
    pub charge_date: String,
    pub status: PaymentStatus,
    /// The basket, also of a billing request's payment.
    pub basket: String,
    pub refunds: Vec<Refund>,
}

impl Payment {
    pub fn received(&self) -> i64 {
        match self.status {
            PaymentStatus::Confirmed | PaymentStatus::ChargedBack => self.amount,
            PaymentStatus::PendingSubmission | PaymentStatus::Submitted | PaymentStatus::Failed | PaymentStatus::Cancelled => 0,
        }
    }

    pub fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    pub fn taken_back(&self) -> i64 {
        if self.status == PaymentStatus::ChargedBack { self.amount } else { self.refunded() }
    }
}

/// A refund.
#[derive(Clone, Debug)]
pub struct Refund {
    pub id: String,
    pub amount: i64,
    pub created: Timestamp,
    pub body: Value,
}

/// The day on which money is taken: at once, or by debit.
pub fn charge_date(now: Timestamp, by_debit: bool) -> String {
    let at = if by_debit { now + DEBIT_TAKES } else { now };
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// The scheme of a debit in a currency.
pub fn debit_scheme(currency: &str) -> &'static str {
    match currency {
        "GBP" => "bacs",
        "EUR" => "sepa_core",
        "USD" => "ach",
        "CAD" => "pad",
        "AUD" => "becs",
        "NZD" => "becs_nz",
        "SEK" => "autogiro",
        _ => "betalingsservice",
    }
}
