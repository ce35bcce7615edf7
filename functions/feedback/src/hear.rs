//! What is done with an answer that came in: the one place to which what hears mails, and what hears text messages, hand over.

use domain::HeardReply;
use jiff::Timestamp;
use service::reply_taking::{ReplyTaken, take as take_reply};
use store::{Result, Store};

use crate::{classified::read_answer, outcome::FeedbackOutcome, portal_whose::led_by_invoices};

/// Takes an answer. The same again changes nothing.
///
/// # Errors
///
/// Those of the table; then it may come again.
pub async fn take(store: &Store, heard: &HeardReply, now: Timestamp) -> Result<FeedbackOutcome> {
    let led = Box::pin(led_by_invoices(store, heard)).await?;
    let heard = led.as_ref().unwrap_or(heard);
    let taken = Box::pin(take_reply(store, heard, read_answer, now)).await?;
    let (tenant, reply) = (&heard.about.tenant, heard.id());
    tracing::info!(tenant.id = %tenant, reply.id = %reply, machine = ?heard.machine, taken = ?taken, "an answer was taken");
    Ok(match taken {
        ReplyTaken::Noted => FeedbackOutcome::Noted,
        ReplyTaken::Raised => FeedbackOutcome::Raised,
        ReplyTaken::Passed => FeedbackOutcome::Noted,
    })
}
