//! A customer's ledger out of the table: what it was billed, paid, promised and contested, how it was reached, what it answered and rated, and
//! to whom it belongs.
//!
//! Three queries: what lies in its partition from invoices to payments of others, its records, and of history the versions that say since when
//! something is so; the last only where something asks for it.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::{CompactString, format_compact};
use domain::{
    Agreement, ByHand, Currency, Customer, CustomerId, Facts, InvoiceStatus, MessageStatus, Mode, Reversal, Settings, TenantId,
    calendar::tenant_zone, owners::owner_by_rule,
};
use figures::{
    LedgerEntry, LedgerFact, Sum,
    entry::{Belongs, Touch, TouchCost, TouchStep},
    of_facts::{FactsReading, Since, entries_of},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    CustomerOwner, CustomerRating, KeptReply, RecordStatus, Result, Store,
    customer::{
        facts::{invoice_of, payment_of},
        head::unpack,
    },
    history::BooksOf,
    message::record::{self, RecordItem},
    table::{
        attributes::{document::DOC, every::SK, fact, shared},
        db::{Range, Row, instant, json, last_of, number, text},
        keys,
    },
};

/// Most items of a customer that its ledger is read from; far beyond the documented limits.
const ITEMS_MAX: usize = 120_000;

/// A customer's ledger, and to whom it belongs now.
pub(super) struct ReadLedger {
    /// The entries of its facts, touches, answers and ratings.
    pub(super) entries: Vec<LedgerEntry>,
    /// To whom it belongs.
    pub(super) belongs: Belongs,
    /// Since which day, as far as the items say it.
    pub(super) belongs_since: Option<Date>,
}

/// What lies in a customer's partition, by what it is.
#[derive(Default)]
struct Items {
    customer: Option<Customer>,
    profile_at: Option<Timestamp>,
    by_hand: ByHand,
    owner: Option<CustomerOwner>,
    books: Vec<(String, Row)>,
    agreements: Vec<Agreement>,
    replies: Vec<KeptReply>,
    ratings: Vec<CustomerRating>,
}

impl Items {
    fn read(rows: Vec<Row>) -> Result<Self> {
        let mut items = Self::default();
        for row in rows {
            let Some(sk) = text(&row, SK).map(str::to_owned) else { continue };
            // The item of an object that is another customer's holds nothing.
            if !row.contains_key(DOC) {
                continue;
            }
            match sk.split_once('#').map_or(sk.as_str(), |(kind, _)| kind) {
                "PROFILE" if sk == "PROFILE" => {
                    items.profile_at = number(&row, fact::SEEN_AT).map(instant);
                    items.customer = Some(json(&row, DOC)?);
                }
                "PROFILE" if sk == keys::BY_HAND => items.by_hand = json(&row, DOC)?,
                "PROFILE" if sk.starts_with(keys::AGREEMENTS) => items.agreements.push(json(&row, DOC)?),
                "OWNER" => items.owner = Some(json(&row, DOC)?),
                "REPLY" => items.replies.push(json(&row, DOC)?),
                "RATING" => items.ratings.push(json(&row, DOC)?),
                "INV" | "PAY" | "REV" | "SHARED" => items.books.push((sk, row)),
                _ => {}
            }
        }
        Ok(items)
    }

    /// The facts that a ledger is made from.
    fn facts(&mut self, tenant: &TenantId, customer: Customer) -> Result<Facts> {
        let mut facts = Facts::of(tenant.clone(), customer);
        facts.agreements = std::mem::take(&mut self.agreements);
        for (sk, row) in &self.books {
            match sk.get(..4) {
                Some("INV#") => facts.invoices.push(invoice_of(row, row.contains_key(fact::ARCHIVED))?),
                Some("PAY#") => facts.payments.push(payment_of(row)?),
                Some("REV#") => facts.reversals.push(json::<Reversal>(row, DOC)?),
                Some(_) if sk.starts_with(keys::SHARED) => {
                    facts.shared.push(payment_of(row)?);
                    facts.shared_reversals.extend(json::<Vec<Reversal>>(row, shared::REVERSALS)?);
                }
                Some(_) | None => {}
            }
        }
        Ok(facts.with_by_hand(std::mem::take(&mut self.by_hand)))
    }
}

/// What history is asked of those facts.
fn wanted(facts: &Facts) -> BTreeSet<BooksOf> {
    let is_over = |status: InvoiceStatus| matches!(status, InvoiceStatus::Void | InvoiceStatus::WrittenOff);
    let says = |paid: i64, credited: i64| paid != 0 || credited != 0;
    let mut wanted = BTreeSet::new();
    let mut invoices = facts.invoices.iter().map(|fact| &fact.invoice);
    if invoices.any(|it| is_over(it.status) || says(it.paid_minor, it.credited_minor)) {
        wanted.insert(BooksOf::Invoices);
    }
    if facts.payments.iter().any(|fact| !fact.payment.counts()) {
        wanted.insert(BooksOf::Payments);
    }
    if !facts.reversals.is_empty() {
        wanted.insert(BooksOf::Reversals);
    }
    if !facts.shared_reversals.is_empty() || facts.shared.iter().any(|fact| !fact.payment.counts()) {
        wanted.insert(BooksOf::Shared);
    }
    wanted
}

/// An entry at an instant.
fn at(zone: &TimeZone, at: Timestamp, id: &CompactString, what: LedgerFact) -> LedgerEntry {
    let at = at.to_zoned(zone.clone());
    let minute = u16::try_from(i64::from(at.hour()) * 60 + i64::from(at.minute())).unwrap_or_default();
    LedgerEntry::on(at.date(), id, what).at(minute)
}

/// Whether somebody was reached, as far as that is known: the provider took it, or a later word proves that it left.
fn is_touch(item: &RecordItem) -> bool {
    let RecordStatus::Message(status) = item.body.status else { return false };
    match status {
        // What came back left before.
        MessageStatus::Sent
        | MessageStatus::Delivered
        | MessageStatus::BouncedForNow
        | MessageStatus::Complained
        | MessageStatus::Bounced
        | MessageStatus::Rejected
        | MessageStatus::RenderingFailed => true,
        MessageStatus::Unknown | MessageStatus::InDoubt | MessageStatus::Later(_) => {
            item.heard.keys().any(|heard| heard.proves_sent())
        }
        MessageStatus::Queued
        | MessageStatus::Shadow
        | MessageStatus::NotSent
        | MessageStatus::Dropped
        | MessageStatus::Failed
        | MessageStatus::Superseded
        | MessageStatus::Blocked => false,
    }
}

impl Store {
    /// The ledger of a customer; `None` where it is not known.
    pub(super) async fn read_ledger(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        settings: &Settings,
    ) -> Result<Option<ReadLedger>> {
        const OP: &str = "read the ledger of";
        let pk = keys::customer(tenant, customer);
        let (books_to, records_to) = (last_of(keys::SHARED), last_of(keys::DECISIONS));
        let books = self.range(OP, Range::new(&pk, "INV#", &books_to, ITEMS_MAX));
        let records = self.range(OP, Range::new(&pk, keys::COVERAGE, &records_to, ITEMS_MAX));
        let (books, records) = tokio::try_join!(books, records)?;
        let mut items = Items::read(books)?;
        let Some(described) = items.customer.take() else { return Ok(None) };
        let zone = tenant_zone(settings);
        let facts = items.facts(tenant, described)?;
        let mut entries = self.entries_of_facts(tenant, customer, &facts, (settings, &zone)).await?;
        let language = facts.customer.language.as_deref().or(settings.language.as_deref()).unwrap_or("en");
        let records = records.iter().map(record::read).collect::<Result<Vec<_>>>()?;
        for item in records.iter().filter(|item| item.body.message.is_some()) {
            entries.extend(self.touches_of(tenant, customer, item, (settings, &zone, language)).await?);
        }
        for reply in items.replies.iter().filter(|reply| reply.machine.is_none()) {
            entries.push(at(&zone, reply.received_at, &format_compact!("reply/{}", reply.id), LedgerFact::Answered));
        }
        for rating in &items.ratings {
            let rated = LedgerFact::Rated { score: rating.score };
            entries.push(at(&zone, rating.at, &format_compact!("rating/{}", rating.about), rated));
        }
        let by_rule = || owner_by_rule(&settings.owners, &facts.customer).map(CompactString::from);
        let owner = items.owner.as_ref().map(|known| CompactString::from(known.owner.as_str())).or_else(by_rule);
        let belongs = Belongs { segment: facts.customer.segment.as_deref().map(CompactString::from), owner };
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let since = items.owner.as_ref().map(|known| known.at).max(items.profile_at);
        Ok(Some(ReadLedger { entries, belongs, belongs_since: since.map(day) }))
    }

    async fn entries_of_facts(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        facts: &Facts,
        (settings, zone): (&Settings, &TimeZone),
    ) -> Result<Vec<LedgerEntry>> {
        let history = self.books_since(tenant, customer, &wanted(facts)).await?;
        let since = |of: Since<'_>| {
            let at = match of {
                Since::Standing(invoice) => history.standing(invoice),
                Since::Stated(invoice) => history.stated(invoice),
                Since::TakenBack(payment) => history.taken_back(payment),
                Since::Reversed(reversal) => history.reversed(tenant, customer, reversal),
            };
            at.map(|at| at.to_zoned(zone.clone()).date())
        };
        let by_legal_entity = !settings.legal_entities.is_empty();
        Ok(entries_of(facts, &FactsReading { zone, by_legal_entity, since: &since }))
    }

    /// That somebody was reached by a message, and that it proved to have reached nobody.
    async fn touches_of(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        item: &RecordItem,
        (settings, zone, language): (&Settings, &TimeZone, &str),
    ) -> Result<Vec<LedgerEntry>> {
        let Some(message) = item.body.message.as_ref().filter(|message| message.mode == Mode::Live && is_touch(item)) else {
            return Ok(Vec::new());
        };
        let rows = if item.body.chunks > 0 {
            self.rows(tenant, customer, &format!("{}.s", message.id), true).await?
        } else {
            unpack(&message.rows, &item.key)?
        };
        let pinned: BTreeMap<&str, u64> = item
            .body
            .workflows
            .iter()
            .filter_map(|pinned| pinned.rsplit_once('@'))
            .filter_map(|(workflow, version)| Some((workflow, version.parse().ok()?)))
            .collect();
        let step = rows.first().filter(|_| !message.workflow.is_empty()).map(|row| TouchStep {
            workflow: message.workflow.as_str().into(),
            version: pinned.get(message.workflow.as_str()).copied().unwrap_or_default(),
            step: row.step.as_str().into(),
        });
        let cost = settings
            .costs
            .get(&message.channel)
            .map(|millionths| TouchCost { currency: Currency::USD, millionths: Sum::of(i128::from(*millionths)) });
        let touch = Touch { channel: message.channel, language: language.into(), step, cost };
        let id = format_compact!("touch/{}", message.id);
        let mut entries = vec![at(zone, item.body.at, &id, LedgerFact::Touched(touch))];
        let lost = item.heard.iter().filter(|(heard, _)| heard.proves_loss()).map(|(_, heard_at)| *heard_at).min();
        if let Some(lost_at) = lost {
            let lost = LedgerFact::Lost { touch: id.clone() };
            entries.push(at(zone, lost_at, &format_compact!("{id}/lost"), lost));
        }
        Ok(entries)
    }
}
