//! Messages whose arrival was awaited at an instant.

use domain::Mode;
use jiff::Timestamp;

use crate::message::record::RecordItem;

/// Until when the arrival of a record's message was awaited, as was known at an instant.
pub(super) fn receipt_by(item: &RecordItem, at: Timestamp) -> Option<Timestamp> {
    let message = item.body.message.as_ref().filter(|message| message.mode == Mode::Live)?;
    let has_arrived = item.heard.iter().any(|(event, heard)| event.proves_arrival() && *heard <= at);
    message.receipt_within.filter(|_| !has_arrived).map(|time| time.after(item.body.at))
}
