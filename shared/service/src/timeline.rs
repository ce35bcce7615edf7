//! Everything that passed between a customer and the tenant in one line of time, newest first: messages, answers, calls and letters, payments,
//! notes, and what people changed.

use std::cmp::Reverse;

use domain::{CustomerId, PaymentKind};
use jiff::{Timestamp, tz::TimeZone};
use store::{AuditEntry, CustomerNote, KeptReply, PaymentLine, Record};

use crate::{
    Actor, Done, Operation,
    audit::{self, AuditQuery},
    lists::{
        ListReading, PageAsked,
        payments::{self, PaymentsAsked},
    },
    notes, replies,
};

/// Most answers, and most notes, that are looked through.
const READ_MAX: u32 = 200;
/// Most payments, most credit notes, and most changes that are looked through.
const LISTED_MAX: u32 = 100;
/// How many entries a page has.
pub const TIMELINE_PAGE: usize = 25;

/// What an entry is.
#[derive(Clone, Debug)]
pub enum TimelineWhat {
    /// A message, or a call or letter that a person wrote down.
    Message(Box<Record>),
    /// What the customer answered.
    Reply(Box<KeptReply>),
    /// Money that came, or a credit note.
    Payment(Box<PaymentLine>),
    /// A note.
    Note(Box<CustomerNote>),
    /// What a person changed.
    Change(Box<AuditEntry>),
}

/// An entry.
#[derive(Clone, Debug)]
pub struct TimelineEntry {
    /// When; of a payment the beginning of its day.
    pub at: Timestamp,
    /// What.
    pub what: TimelineWhat,
}

/// A page of a customer's timeline.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Its entries, newest first.
    pub entries: Vec<TimelineEntry>,
    /// Whether there are more on the page after it.
    pub has_more: bool,
    /// Before when something is left out, because there is more than is looked through; the lists of messages, payments and the audit have it.
    pub begins_at: Option<Timestamp>,
    /// Whether changes of people are among it: only who may read the audit sees them.
    pub has_changes: bool,
}

/// A page of a customer's timeline, from 0. `records` are its last ones, newest first, and `is_whole` says whether there are no others.
///
/// # Errors
///
/// [`NotDone::NotAllowed`](crate::NotDone::NotAllowed), [`NotDone::NotFound`](crate::NotDone::NotFound), and those of reading.
pub async fn show(
    reading: ListReading<'_>,
    actor: &Actor,
    customer: &str,
    (records, is_whole): (&[Record], bool),
    zone: &TimeZone,
    page: usize,
) -> Done<Timeline> {
    let store = reading.store;
    let mut gathered = Gathered::default();
    let of_message = |record: &Record| {
        record.message.is_some().then(|| TimelineEntry { at: record.at, what: TimelineWhat::Message(Box::new(record.clone())) })
    };
    gathered.add(records.iter().filter_map(of_message).collect(), is_whole);
    let (_, answers) = replies::list(store, actor, Some(customer), Some(READ_MAX), None).await?;
    let of_reply = |reply: KeptReply| TimelineEntry { at: reply.received_at, what: TimelineWhat::Reply(Box::new(reply)) };
    gathered.add(answers.replies.into_iter().map(of_reply).collect(), answers.after.is_none());
    let written = notes::list(store, actor, customer, None, Some(READ_MAX), None).await?;
    let of_note = |note: CustomerNote| TimelineEntry { at: note.at, what: TimelineWhat::Note(Box::new(note)) };
    let standing = written.notes.into_iter().filter(|note| note.deleted.is_none());
    gathered.add(standing.map(of_note).collect(), written.after.is_none());
    for kind in [PaymentKind::Payment, PaymentKind::CreditNote] {
        let asked = PaymentsAsked { customer: Some(customer.to_owned()), ..PaymentsAsked::default() };
        let first = PageAsked { limit: Some(LISTED_MAX), cursor: None };
        let came = payments::list(reading, actor, kind, &asked, &first).await?;
        let of_payment = |line: PaymentLine| {
            let day = line.received_on.to_zoned(zone.clone()).ok()?;
            Some(TimelineEntry { at: day.timestamp(), what: TimelineWhat::Payment(Box::new(line)) })
        };
        gathered.add(came.rows.into_iter().filter_map(|(line, _)| of_payment(line)).collect(), came.next.is_none());
    }
    let has_changes = actor.may(Operation::ListAudit).is_ok();
    if has_changes {
        let whose = CustomerId::parse(customer);
        let query = AuditQuery { customer: whose, limit: Some(LISTED_MAX), ..AuditQuery::default() };
        let changed = audit::list((store, reading.vault), actor, &query).await?;
        let of_change = |entry: AuditEntry| TimelineEntry { at: entry.at, what: TimelineWhat::Change(Box::new(entry)) };
        let entries = changed.entries.into_iter().filter(|entry| !is_shown_by_itself(&entry.operation));
        gathered.add(entries.map(of_change).collect(), changed.next.is_none());
    }
    Ok(gathered.page(page, has_changes))
}

/// Whether what an operation makes is an entry of its own.
fn is_shown_by_itself(operation: &str) -> bool {
    [Operation::AddNote, Operation::WriteMessage, Operation::LogContact].iter().any(|known| known.as_str() == operation)
}

/// Entries as they are gathered.
#[derive(Default)]
struct Gathered {
    entries: Vec<TimelineEntry>,
    begins_at: Option<Timestamp>,
}

impl Gathered {
    /// Adds those of one kind. Where there are older ones of it, the timeline begins with the oldest that was read: it has no holes.
    fn add(&mut self, entries: Vec<TimelineEntry>, is_whole: bool) {
        if !is_whole {
            self.begins_at = self.begins_at.max(entries.iter().map(|entry| entry.at).min());
        }
        self.entries.extend(entries);
    }

    fn page(self, page: usize, has_changes: bool) -> Timeline {
        let Self { mut entries, begins_at } = self;
        entries.retain(|entry| begins_at.is_none_or(|begins| entry.at >= begins));
        entries.sort_by_key(|entry| Reverse(entry.at));
        let from = page.saturating_mul(TIMELINE_PAGE);
        let has_more = entries.len() > from.saturating_add(TIMELINE_PAGE);
        let entries = entries.into_iter().skip(from).take(TIMELINE_PAGE).collect();
        Timeline { entries, has_more, begins_at, has_changes }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use domain::NoteId;

    use super::*;

    fn entry(at: &str) -> TimelineEntry {
        let at: Timestamp = at.parse().unwrap();
        let note = CustomerNote::new(NoteId::at(at, &["x"]), None, "x".to_owned(), "kim", at);
        TimelineEntry { at, what: TimelineWhat::Note(Box::new(note)) }
    }

    #[test]
    fn a_timeline_has_no_holes() {
        let mut gathered = Gathered::default();
        gathered.add(vec![entry("2026-02-03T09:00:00Z"), entry("2026-02-01T09:00:00Z")], true);
        gathered.add(vec![entry("2026-02-02T09:00:00Z")], false);
        let shown = gathered.page(0, false);
        let days: Vec<String> = shown.entries.iter().map(|entry| entry.at.to_string()).collect();
        assert_eq!(days, ["2026-02-03T09:00:00Z", "2026-02-02T09:00:00Z"], "what is older than the oldest note is left out");
        assert_eq!(shown.begins_at, Some("2026-02-02T09:00:00Z".parse().unwrap()));
        assert!(!shown.has_more);
    }

    #[test]
    fn a_page_follows_another() {
        let mut gathered = Gathered::default();
        gathered.add((0..30).map(|minute| entry(&format!("2026-02-03T09:{minute:02}:00Z"))).collect(), true);
        let shown = gathered.page(1, false);
        assert_eq!((shown.entries.len(), shown.has_more, shown.begins_at), (5, false, None));
        assert_eq!(shown.entries[0].at.to_string(), "2026-02-03T09:04:00Z");
    }
}
