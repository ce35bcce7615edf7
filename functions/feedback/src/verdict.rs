//! What an event of SES changes: suppressions first, then the message. Both may be done again. What follows from each word is the table of
//! [`DeliveryWord`].

use domain::{Channel, DeliveryEvent, DeliveryWord, SuppressionReason};
use jiff::Timestamp;
use store::{Found, Result, ServiceMailResult, Store};

use crate::{
    outcome::FeedbackOutcome,
    ses::{About, AboutServiceMail, SesEvent, SesEventKind, SesSubject},
};

/// Records that a message is looked for in when no tag says its decision.
const RECORDS_MAX: u32 = 200;

/// Takes an event in.
///
/// # Errors
///
/// Those of the table; then the event may come again.
pub async fn apply(store: &Store, event: &SesEvent, now: Timestamp) -> Result<FeedbackOutcome> {
    let Some(subject) = &event.about else {
        tracing::debug!("an event of SES about a mail that is not ours");
        return Ok(FeedbackOutcome::Ignored);
    };
    if let SesEventKind::Other(kind) = &event.kind {
        tracing::debug!(tenant.id = %subject.tenant(), message.id = subject.id(), kind, "an event of SES that changes nothing");
        return Ok(FeedbackOutcome::Ignored);
    }
    match subject {
        SesSubject::Message(about) => apply_to_message(store, event, about, now).await,
        SesSubject::ServiceMail(about) => apply_to_service_mail(store, event, about, now).await,
    }
}

/// What it changes of a service mail: addresses as of any mail, then its status.
async fn apply_to_service_mail(
    store: &Store,
    event: &SesEvent,
    about: &AboutServiceMail,
    now: Timestamp,
) -> Result<FeedbackOutcome> {
    let AboutServiceMail { tenant, customer, mail } = about;
    if store.service_mail(tenant, customer, mail, now).await?.is_none() {
        tracing::info!(tenant.id = %tenant, mail.id = %mail, "an event of SES about a service mail that is not known");
        return Ok(FeedbackOutcome::Ignored);
    }
    for (address, reason) in suppressed(event) {
        store.suppress(tenant, Channel::Email, address, reason, event.at, Some(customer)).await?;
    }
    if let Some(heard) = delivery_event(event) {
        let provider_id = event.provider_id.as_deref();
        let result = ServiceMailResult { status: heard.status(), why: None, provider_id, at: event.at };
        store.end_service_mail(tenant, customer, mail, result).await?;
        tracing::info!(tenant.id = %tenant, mail.id = %mail, heard = heard.as_str(), "service mail status heard");
    }
    Ok(FeedbackOutcome::Noted)
}

/// What it changes of a message.
async fn apply_to_message(store: &Store, event: &SesEvent, about: &About, now: Timestamp) -> Result<FeedbackOutcome> {
    let suppressed = suppressed(event);
    // A tag says the number of the decision; only before an address is touched must the message be known for certain.
    let number = if suppressed.is_empty() && about.number.is_some() { about.number } else { number_of(store, about).await? };
    let Some(number) = number else {
        tracing::info!(tenant.id = %about.tenant, message.id = %about.message, "an event of SES about a message that is not known");
        return Ok(FeedbackOutcome::Ignored);
    };
    for (address, reason) in suppressed {
        store.suppress(&about.tenant, Channel::Email, address, reason, event.at, Some(&about.customer)).await?;
    }
    let Some(heard) = delivery_event(event) else {
        tracing::info!(tenant.id = %about.tenant, message.id = %about.message, "SES says of a message what does not change its status");
        return Ok(FeedbackOutcome::Noted);
    };
    let About { tenant, customer, message, .. } = about;
    let provider_id = event.provider_id.as_deref();
    let noted = store.receipt(tenant, customer, number, message, heard, event.at, provider_id, now).await?;
    if noted {
        tracing::info!(tenant.id = %tenant, message.id = %message, heard = heard.as_str(), "message status heard");
        Ok(FeedbackOutcome::Noted)
    } else {
        tracing::info!(tenant.id = %tenant, message.id = %message, heard = heard.as_str(), "an event of SES about a message that is not known or never left");
        Ok(FeedbackOutcome::Ignored)
    }
}

/// The number of the message's decision; none when no such message is known.
///
/// # Errors
///
/// Those of the table.
pub async fn number_of(store: &Store, about: &About) -> Result<Option<u64>> {
    let About { tenant, customer, message, .. } = about;
    if let Some(number) = about.number {
        let found = store.find_message(tenant, customer, number, message).await?;
        return Ok(match found {
            Found::Pending(_, entry) => Some(entry.message.number),
            Found::Record(record) => Some(record.number),
            Found::Nothing => None,
        });
    }
    let Some(head) = store.head(tenant, customer).await? else { return Ok(None) };
    if let Some(entry) = head.pending.get(message) {
        return Ok(Some(entry.message.number));
    }
    let records = store.records(tenant, customer, RECORDS_MAX).await?;
    Ok(records.iter().find(|record| record.message.as_ref().is_some_and(|sent| sent.id == *message)).map(|record| record.number))
}

/// Whether an address is one that the mail was for; where the event does not say, SES is believed.
fn was_for(event: &SesEvent, address: &str) -> bool {
    event.recipients.is_empty() || event.recipients.iter().any(|known| known == address)
}

/// Whether an address is the one that the message is for, and not a copy.
fn is_main(event: &SesEvent, address: &str) -> bool {
    event.main.is_empty() || event.main.iter().any(|known| known == address)
}

/// The addresses that must not be used again, each with why.
fn suppressed(event: &SesEvent) -> Vec<(&str, SuppressionReason)> {
    let named: Vec<(&str, DeliveryWord)> = match &event.kind {
        SesEventKind::Bounce(bounce) => {
            bounce.who.iter().map(|one| (one.address.as_str(), bounced(bounce.permanent, one.lost))).collect()
        }
        SesEventKind::Complaint { who, unsent } => who.iter().map(|address| (address.as_str(), complained(*unsent))).collect(),
        SesEventKind::Send
        | SesEventKind::Delivery(_)
        | SesEventKind::Reject
        | SesEventKind::RenderingFailure
        | SesEventKind::Delay
        | SesEventKind::Other(_) => vec![],
    };
    let ours = named.into_iter().filter(|(address, _)| was_for(event, address));
    ours.filter_map(|(address, word)| Some((address, word.rule().suppress?))).collect()
}

/// What is noted of the message, that is of its main recipient; none when the event only says something of a copy.
fn delivery_event(event: &SesEvent) -> Option<DeliveryEvent> {
    word(event)?.rule().event
}

/// What the event says of the message.
fn word(event: &SesEvent) -> Option<DeliveryWord> {
    match &event.kind {
        SesEventKind::Send => Some(DeliveryWord::Accepted),
        SesEventKind::Reject => Some(DeliveryWord::Refused),
        SesEventKind::RenderingFailure => Some(DeliveryWord::NotMade),
        SesEventKind::Delivery(who) => {
            (who.is_empty() || who.iter().any(|one| is_main(event, one))).then_some(DeliveryWord::Delivered)
        }
        SesEventKind::Bounce(bounce) => {
            let mut main =
                bounce.who.iter().filter(|one| was_for(event, &one.address) && is_main(event, &one.address)).peekable();
            main.peek()?;
            Some(bounced(bounce.permanent, main.all(|one| one.lost)))
        }
        SesEventKind::Complaint { unsent: true, .. } => Some(complained(true)),
        SesEventKind::Complaint { who, unsent: false } => {
            (who.is_empty() || who.iter().any(|one| is_main(event, one))).then_some(complained(false))
        }
        SesEventKind::Delay | SesEventKind::Other(_) => None,
    }
}

fn bounced(permanent: bool, lost: bool) -> DeliveryWord {
    match (permanent, lost) {
        (true, _) => DeliveryWord::Bounced,
        (false, true) => DeliveryWord::Returned,
        (false, false) => DeliveryWord::Delayed,
    }
}

fn complained(unsent: bool) -> DeliveryWord {
    if unsent { DeliveryWord::ComplainedBefore } else { DeliveryWord::Complained }
}
