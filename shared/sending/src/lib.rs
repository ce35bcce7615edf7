//! What every sender does with a queued message, whatever its channel.
//!
//! ```text
//! queued (ids) ─ head: pending and mine to try? ── fresh facts and policy ── recheck ── render ── contact log ── claim ── look once more
//!                                                     │ superseded, blocked, deferred               │ changed: begin again
//!                                                                                                   └─ provider ── settle
//! ```
//!
//! A function names its provider and the variable that has the portal's address: [`main`] is the rest of it.

#![recursion_limit = "256"]

mod answer_headers;
mod answers_to;
mod attached;
mod batch;
mod carried_documents;
mod carried_in_record;
mod causes;
mod checked;
mod copies;
mod equipped;
mod flow;
mod function;
mod in_words;
mod outcome;
mod outside;
mod own_message;
mod pay_link;
mod preview;
mod queued;
mod render;
mod send_outcome;
mod service_mail;
mod signing;
mod test_message;
mod told;

pub use attached::{FetchFile, MakeDocument, MakeReceipt, MakeTransferCode};
pub use flow::Sender;
pub use function::main;
pub use outside::{ClaimedMessage, OutsideClaimed, OutsideResult, OutsideSender};
pub use own_message::rendered_own_message;
pub use preview::{Preview, PreviewAsked, preview};
pub use queued::{QueuedMessage, QueuedServiceMail, QueuedTest};
pub use send_outcome::SendOutcome;
