//! How the writing of payments into the books is shown: whether there is any, and how that of one stands.

use domain::{WriteBack, WriteBackSetting, WriteBackStatus};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether payments are written into the books, and where to.
#[derive(Serialize, ToSchema)]
pub struct WriteBackSettingOut {
    /// Whether payments that were taken here are written into the books.
    enabled: bool,
    /// The account of the books that the money is deposited to; absent where the vendor chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

/// How the writing of a payment into the books stands.
#[derive(Serialize, ToSchema)]
pub struct BasketWriteBackOut {
    /// Whose books.
    source: String,
    /// `queued`; `calling`: the vendor is being asked; `done`; `failed`: a task says what to enter by hand; `unknown`: the vendor's answer was
    /// lost, and the books are searched before it is asked again; `withdrawn`: the payment was taken back before the vendor was asked.
    #[schema(value_type = String)]
    status: WriteBackStatus,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    status_at: Timestamp,
    /// How often the vendor was asked.
    calls: u32,
    /// Why it failed, or what is known of an answer that was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Whether payments are written into the books.
pub fn setting_shown(setting: Option<WriteBackSetting>) -> WriteBackSettingOut {
    WriteBackSettingOut { enabled: setting.is_some(), account: setting.and_then(|setting| setting.account) }
}

/// How the writing of a payment stands.
pub fn write_back_shown(one: WriteBack) -> BasketWriteBackOut {
    let WriteBack { basket: _, source, status, status_at, revision: _, calls, not_before: _, reason, writes: _, round: _ } = one;
    BasketWriteBackOut { source, status, status_at, calls, reason }
}
