//! The timeline of a customer as pages show it: an entry a row, each with what it is, who said it and where it leads.

use domain::{
    Channel, MessageStatus, Mode, PaymentKind, Pending,
    own_message::{CALL, LETTER, OWN_WORDS, held_until},
};
use jiff::Timestamp;
use serde::Serialize;
use service::timeline::{TimelineEntry, TimelineWhat};
use store::{AuditEntry, CustomerNote, KeptReply, PaymentLine, Record};

use crate::{agreement_rows::in_words, formats::Formats};

/// Longest text of an answer or a note that a row shows, in characters.
const TEXT_MAX: usize = 600;

/// A row of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TimelineRow {
    /// When, in words.
    pub(crate) when: String,
    /// What kind of entry, which is its class too: `message`, `call`, `answer`, `payment`, `note`, `change`.
    pub(crate) kind: &'static str,
    /// What it is called.
    pub(crate) title: String,
    /// What it says: written by a person or the customer, so that it is shown as text.
    pub(crate) text: Option<String>,
    /// Whether that are the customer's words.
    pub(crate) is_customers: bool,
    /// Who did it.
    pub(crate) by: Option<String>,
    /// How it stands.
    pub(crate) status: Option<String>,
    /// Whether it went wrong.
    pub(crate) is_bad: bool,
    /// Where more of it is.
    pub(crate) to: Option<String>,
}

/// A message that waits for its sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PendingRow {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) status: String,
    pub(crate) decided: String,
    /// Until when it can be taken back; absent once it cannot.
    pub(crate) undo_until: Option<String>,
}

/// Rows of entries.
pub(crate) fn of(entries: &[TimelineEntry], formats: &Formats) -> Vec<TimelineRow> {
    entries.iter().filter_map(|entry| row(entry, formats)).collect()
}

fn row(entry: &TimelineEntry, formats: &Formats) -> Option<TimelineRow> {
    match &entry.what {
        TimelineWhat::Message(record) => of_message(record, formats),
        TimelineWhat::Reply(reply) => Some(answer(reply, formats)),
        TimelineWhat::Payment(line) => Some(payment(line, formats)),
        TimelineWhat::Note(note) => Some(of_note(note, formats)),
        TimelineWhat::Change(entry) => Some(change(entry, formats)),
    }
}

fn of_message(record: &Record, formats: &Formats) -> Option<TimelineRow> {
    let message = record.message.as_ref()?;
    let status = record.status.message();
    let (kind, title) = match message.template.as_str() {
        CALL => ("call", format!("Call: {}", in_words(&message.reason))),
        LETTER => ("call", format!("Letter: {}", in_words(&message.reason))),
        OWN_WORDS => ("message", format!("Message of a person by {}", channel_name(message.channel))),
        template => ("message", format!("{} by {}", in_words(template), channel_name(message.channel))),
    };
    let is_call = kind == "call";
    let shadow = if message.mode == Mode::Shadow { ", in shadow mode: nothing left" } else { "" };
    let why = if is_call || message.reason.is_empty() { String::new() } else { format!(": {}", message.reason) };
    let said = record.status.as_str();
    let taken_back = (status == Some(MessageStatus::Rejected)).then(|| "taken back".to_owned());
    Some(TimelineRow {
        when: formats.moment(record.at),
        kind,
        title,
        status: if is_call { taken_back } else { Some(format!("{}{why}{shadow}", in_words(said))) },
        is_bad: !is_call && status.is_some_and(is_bad),
        to: Some(format!("/console/messages/{}", message.id)),
        ..TimelineRow::default()
    })
}

/// Whether a message did not do what it was for.
fn is_bad(status: MessageStatus) -> bool {
    match status {
        MessageStatus::Failed
        | MessageStatus::Bounced
        | MessageStatus::BouncedForNow
        | MessageStatus::Rejected
        | MessageStatus::RenderingFailed
        | MessageStatus::Complained
        | MessageStatus::Unknown
        | MessageStatus::InDoubt => true,
        MessageStatus::Queued
        | MessageStatus::Sent
        | MessageStatus::Shadow
        | MessageStatus::Superseded
        | MessageStatus::Blocked
        | MessageStatus::NotSent
        | MessageStatus::Dropped
        | MessageStatus::Delivered
        | MessageStatus::Later(_) => false,
    }
}

fn answer(reply: &KeptReply, formats: &Formats) -> TimelineRow {
    let subject = reply.subject.as_deref().filter(|subject| !subject.is_empty());
    TimelineRow {
        when: formats.moment(reply.received_at),
        kind: "answer",
        title: subject
            .map_or_else(|| format!("Answer by {}", channel_name(reply.channel)), |subject| format!("Answer: {subject}")),
        text: shortened(&reply.text),
        is_customers: true,
        by: Some(reply.from.clone()),
        status: Some(in_words(reply.read.class.as_str())),
        ..TimelineRow::default()
    }
}

fn payment(line: &PaymentLine, formats: &Formats) -> TimelineRow {
    let amount = formats.amount(line.amount_minor, line.currency);
    let title = match line.kind {
        PaymentKind::CreditNote => format!("Credit note of {amount}"),
        PaymentKind::Payment | PaymentKind::Later(_) => format!("Payment of {amount}"),
    };
    let unapplied = line.amount_minor.saturating_sub(line.allocated_minor);
    let left = (unapplied > 0).then(|| format!("; {} of it is for no invoice", formats.amount(unapplied, line.currency)));
    TimelineRow {
        when: formats.date(line.received_on),
        kind: "payment",
        title,
        status: Some(format!("{}{}", in_words(line.status.as_str()), left.unwrap_or_default())),
        is_bad: !line.status.counts(),
        text: line.reference.clone(),
        ..TimelineRow::default()
    }
}

fn of_note(note: &CustomerNote, formats: &Formats) -> TimelineRow {
    // What came by a portal link is the customer's: the note names the link.
    let is_customers = domain::LinkId::parse(&note.by).is_some();
    let title = if is_customers { "Message by the portal" } else { "Note" };
    TimelineRow {
        when: formats.moment(note.at),
        kind: "note",
        title: title.to_owned(),
        text: shortened(&note.text),
        is_customers,
        by: (!is_customers).then(|| note.by.clone()),
        ..TimelineRow::default()
    }
}

fn change(entry: &AuditEntry, formats: &Formats) -> TimelineRow {
    TimelineRow {
        when: formats.moment(entry.at),
        kind: "change",
        title: capitalised(&in_words(&entry.operation)),
        text: entry.note.clone(),
        by: Some(entry.by.clone()).filter(|by| !by.is_empty()),
        ..TimelineRow::default()
    }
}

/// Messages that wait for their senders.
pub(crate) fn pending(all: &[Pending], now: Timestamp, formats: &Formats) -> Vec<PendingRow> {
    let row = |pending: &Pending| {
        let is_own = pending.template == OWN_WORDS;
        let name = if is_own { "Message of a person".to_owned() } else { in_words(&pending.template) };
        let until = held_until(&pending.template, pending.decided_at).filter(|until| *until > now);
        PendingRow {
            id: pending.id.to_string(),
            title: format!("{name} by {}", channel_name(pending.channel)),
            status: in_words(pending.status.as_str()),
            decided: formats.moment(pending.decided_at),
            undo_until: until.map(|until| formats.moment(until)),
        }
    };
    all.iter().map(row).collect()
}

/// What people call a channel.
pub(crate) fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Sms => "text message",
        Channel::Voice => "phone",
        Channel::Whatsapp => "WhatsApp",
        Channel::Letter => "letter",
        Channel::Later(_) => "a channel of a later release",
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    format!("{first}{}", letters.as_str())
}

/// A text that somebody wrote, as far as a row has place for it.
fn shortened(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let mut kept: String = text.chars().take(TEXT_MAX).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use domain::NoteId;

    use super::*;

    #[test]
    fn words_of_customers_are_told_from_those_of_the_team() {
        let at: Timestamp = "2026-02-10T10:00:00Z".parse().unwrap();
        let formats = Formats::of(None, at);
        let note = |by: &str| {
            let note = CustomerNote::new(NoteId::at(at, &["x"]), None, " Called. ".to_owned(), by, at);
            of_note(&note, &formats)
        };
        let own = note("kim");
        assert_eq!((own.title.as_str(), own.is_customers, own.by.as_deref()), ("Note", false, Some("kim")));
        assert_eq!(own.text.as_deref(), Some("Called."));
        let theirs = note(domain::LinkId::derive(&["x"]).as_str());
        assert_eq!((theirs.title.as_str(), theirs.is_customers, theirs.by), ("Message by the portal", true, None));
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = "ä".repeat(700);
        let cut = shortened(&long).unwrap();
        assert_eq!(cut.chars().count(), TEXT_MAX + 1);
        assert!(cut.ends_with('…'));
        assert_eq!(shortened("  "), None);
        assert_eq!(capitalised("set owner"), "Set owner");
    }
}
