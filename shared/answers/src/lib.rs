//! What customers answer.
//!
//! [`classify`] takes a plain text and says which of fifteen classes it is of, how sure that is, which rules said so, and what the text
//! names: days, amounts, numbers, addresses. The rules are data, a file for each of eight languages in `rules/`. Every text is read by all of
//! them, so that nobody has to know its language, and an answer in two languages is read in both.
//!
//! Only what the sender wrote counts: what the mail program quoted, signatures, disclaimers and footers are left out first ([`own_words`]).
//!
//! [`portal_notice`] reads what buyers' portals write about an invoice.
//!
//! There is no clock: days are seen from a day that the caller gives. Nothing here acts; what a class leads to, the caller decides.
//!
//! ```
//! use answers::{AnswerClass, Certainty, AnswerText, classify};
//! use jiff::civil::date;
//!
//! let answer = classify(&AnswerText {
//!     text: "We will pay €600 on Friday.\n\n> To unsubscribe click here",
//!     subject: Some("Re: Invoice INV-2041"),
//!     channel: domain::Channel::Email,
//!     today: date(2026, 11, 28),
//!     region: Some("DE"),
//!     currency: None,
//! });
//! assert_eq!((answer.class, answer.certainty), (AnswerClass::Promise, Certainty::Certain));
//! assert_eq!(answer.found.promised_on, Some(date(2026, 12, 4)));
//! assert_eq!(answer.found.amounts[0].to_string(), "600.00 EUR");
//! assert!(!answer.stops_the_channel());
//! ```
#![warn(missing_docs)]

mod amounts;
mod class;
mod day_kind;
mod days;
mod history;
mod keywords;
mod pack;
mod packs;
mod pattern;
mod portal_mail;
mod read_sentence;
mod references;
mod subject;
mod verdict;
mod words;

pub use class::{AnswerClass, Certainty, Tongue};
pub use history::own_words;
pub use pack::RuleFlaw;
pub use packs::read_rules;
pub use portal_mail::{ApPortal, PortalMail, PortalNotice, PortalState, portal_notice};
pub use verdict::{AnswerText, Classified, FoundInText, MatchedRule, classify};
