//! Mails that come in, read: what they say, which files come along, what they answer, and whether a person wrote them.
//!
//! Pure: bytes in, values out. Anybody can send a mail, so whatever is in one is bounded: see the limits of [`ReadMail`]. What does not read is left
//! out, and what is readable around it stays.
//!
//! The crate `mail-parser` reads headers, encodings, character sets and entities. The tree of parts is walked here: the crate follows mails within
//! mails to any depth, and gives up its memory in as many calls within calls.

#![warn(missing_docs)]

mod authenticity;
mod head;
mod html;
mod machines;
mod marks;
mod numbers;
mod pieces;
mod read;
mod report;
mod shared_domains;

pub use authenticity::dkim_domain;
pub use head::MailHead;
pub use machines::{MachineRow, MachineSignal, machine_of, machine_rows};
pub use marks::{link_codes, marks_of_recipient, references_at};
pub use numbers::numbers_named;
pub use read::{DECODED_BYTES_MAX, DEPTH_MAX, HEAD_BYTES_MAX, MAIL_BYTES_MAX, MailFile, PARTS_MAX, ReadMail};
pub use report::{DeliveryReport, ReportedAction, ReportedRecipient};
pub use shared_domains::is_shared_domain;
