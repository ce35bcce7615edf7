//! The rows that an item stands for in lists: pure, from the item alone. A kind of item joins with one arm in [`rows_of`].

use std::collections::BTreeSet;

use domain::{Channel, Customer, Invoice, InvoiceStatus, MessageStatus, Next, TenantId, language, phone};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{CustomerLine, InvoiceLine, Line, MessageLine, NextLine, OwedLine, StoppedLine, TaskLine, WordLine, words};
use crate::{
    Head, Result, Stopped,
    customer::{
        addresses,
        head::{read_head, unpack},
    },
    message::record::{self, MessageBody},
    table::{
        attributes::{
            document::{self, DOC},
            every::{PK, SK},
            fact,
            row::{AS_OF_VERSION, OF, OF_PARTITION},
        },
        db::{Row, json, number, s, text, to_json, word_of},
        keys::{self, Key, Sort},
    },
    tasks,
};

/// Steps that the row of a message names at most.
const STEPS_MAX: usize = 5;

/// A row in the making.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListRow {
    pub(crate) key: Key,
    /// The key of the item that it was made from.
    pub(crate) of: Key,
    /// The version of what it stands for: a row of a later one stays.
    pub(crate) version: String,
    pub(crate) doc: String,
    /// Whether it stays when the item no longer stands for it.
    pub(crate) stays: bool,
}

impl ListRow {
    /// The stored form, beside the key.
    pub(crate) fn row(&self) -> Row {
        crate::table::db::row_of([
            (DOC, s(self.doc.clone())),
            (OF, s(self.of.sk.clone())),
            (OF_PARTITION, s(self.of.pk.clone())),
            (AS_OF_VERSION, s(self.version.clone())),
        ])
    }

    /// Whether a stored row says the same.
    pub(crate) fn is(&self, row: &Row) -> bool {
        text(row, DOC) == Some(&self.doc)
    }
}

/// What the rows of one item have in common.
struct Made<'a> {
    tenant: &'a TenantId,
    of: Key,
    version: String,
}

impl Made<'_> {
    fn row(&self, pk: String, place: &str, id: &str, line: &Line) -> ListRow {
        let key = keys::list_row(pk, place, id);
        ListRow { key, of: self.of.clone(), version: self.version.clone(), doc: to_json(line), stays: false }
    }

    /// A row of a list that is tenant-wide.
    fn wide(&self, kind: &str, order: &str, place: &str, id: &str, line: &Line) -> ListRow {
        self.row(keys::list(self.tenant, kind, order, &super::shard_name(None, keys::list_shard(id))), place, id, line)
    }

    /// Rows by which an object is found.
    fn words<'t>(&self, kind: &str, id: &str, texts: impl IntoIterator<Item = &'t str>, found: WordLine) -> Vec<ListRow> {
        let words = words::words(texts);
        let line = Line::Word(WordLine { words: words.clone(), ..found });
        let of_word = |word: &String| {
            let pk = keys::list(self.tenant, super::WORDS, kind, words::beginning(word)?);
            Some(self.row(pk, word, id, &line))
        };
        words.iter().filter_map(of_word).collect()
    }
}

/// The rows that an item stands for.
///
/// # Errors
///
/// [`crate::Error::Corrupt`] when the item does not read.
pub(crate) fn rows_of(item: &Row) -> Result<Vec<ListRow>> {
    let (Some(pk), Some(sk)) = (text(item, PK), text(item, SK)) else { return Ok(vec![]) };
    let Some(tenant) = keys::parse_tenant(pk) else { return Ok(vec![]) };
    if keys::is_list(pk) {
        return Ok(vec![]);
    }
    let version = text(item, document::VERSION).unwrap_or_default().to_owned();
    let made = Made { tenant: &tenant, of: Key { pk: pk.to_owned(), sk: sk.to_owned() }, version };
    match Sort::of(sk) {
        Sort::Profile => of_profile(&made, item),
        Sort::Invoice => of_invoice(&made, item),
        Sort::Head => of_head(made, item),
        Sort::Record => of_record(made, item),
        Sort::Task => of_task(&made, item),
        Sort::Address => of_address(made, item),
        Sort::Settings | Sort::TemplateBody | Sort::Hint | Sort::Other => Ok(vec![]),
    }
}

fn of_profile(made: &Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let customer: Customer = json(item, DOC)?;
    let id = customer.id.as_str();
    let line =
        CustomerLine { customer: customer.id.clone(), name: customer.name.clone(), external_id: customer.external_id.clone() };
    let line = Line::Customer(line);
    let mut rows = vec![made.wide("customers", "name", &words::sorted_by(&customer.name), id, &line)];
    let language = customer.language.as_deref().map(language::primary).filter(|language| is_place(language));
    rows.extend(language.map(|language| made.wide("customers", "language", &language, id, &line)));
    let texted = customer.contacts.iter().filter(|contact| contact.consented(Channel::Sms));
    let countries: BTreeSet<&str> = texted.filter_map(|contact| phone::country(contact.address(Channel::Sms)?)).collect();
    rows.extend(countries.into_iter().map(|country| made.wide("customers", "texts", country, id, &line)));
    let found = WordLine { customer: customer.id.clone(), invoice: None, text: customer.name.clone(), words: vec![] };
    let people = customer.contacts.iter().map(|contact| contact.name.as_str());
    let texts: Vec<&str> = [customer.name.as_str(), customer.external_id.as_str()].into_iter().chain(people).collect();
    rows.extend(made.words("customers", id, texts, found));
    Ok(rows)
}

/// Whether a text may be a place of which others are told apart.
fn is_place(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn of_invoice(made: &Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    // What is left of an invoice that moved says nothing; what is archived is closed.
    let Some((_, customer)) = keys::parse_customer(&made.of.pk).filter(|_| item.contains_key(DOC)) else { return Ok(vec![]) };
    let invoice: Invoice = json(item, DOC)?;
    let is_listed = match invoice.status {
        InvoiceStatus::Open | InvoiceStatus::Later(_) => !item.contains_key(fact::ARCHIVED),
        InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::WrittenOff => false,
    };
    if !is_listed {
        return Ok(vec![]);
    }
    let id = invoice.id.as_str();
    let due_on = due_on(&invoice);
    let line = Line::Invoice(InvoiceLine {
        customer: customer.clone(),
        invoice: invoice.id.clone(),
        number: invoice.number.clone(),
        currency: invoice.currency,
        total_minor: invoice.total_minor,
        paid_minor: invoice.paid_minor,
        credited_minor: invoice.credited_minor,
        due_on,
    });
    let place = due_on.to_string();
    let own = keys::list(made.tenant, "invoices", "of", customer.as_str());
    let mut rows = vec![made.wide("invoices", "due", &place, id, &line), made.row(own, &place, id, &line)];
    let texts = [Some(invoice.number.as_str()), Some(invoice.external_id.as_str()), invoice.purchase_order.as_deref()];
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    let found = WordLine { customer, invoice: Some(invoice.id.clone()), text: invoice.number.clone(), words: vec![] };
    rows.extend(made.words("invoices", id, texts, found));
    Ok(rows)
}

/// When the oldest part of an invoice falls due that its own document does not say was paid or credited.
fn due_on(invoice: &Invoice) -> Date {
    let mut settled = invoice.paid_minor.saturating_add(invoice.credited_minor);
    let open = invoice.instalments.iter().find(|part| {
        settled = settled.saturating_sub(part.amount_minor);
        settled < 0
    });
    open.map_or(invoice.due_on, |part| part.due_on)
}

fn of_head(mut made: Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let head = read_head(item.clone())?;
    made.version = format!("{:012}.{:010}", head.version, head.decision);
    let id = head.customer.as_str();
    let mut rows = Vec::new();
    let next = match head.due {
        Next::At(at) => Some((keys::second(at), Some(at))),
        Next::Parked => Some((keys::PARKED.to_owned(), None)),
        Next::Nothing => None,
    };
    if let Some((place, at)) = next {
        let line = Line::Next(NextLine { customer: head.customer.clone(), at: at.and_then(whole_second) });
        rows.push(made.wide("customers", "next", &place, id, &line));
    }
    for (currency, owed) in &head.owed {
        let of_currency = head.cases.iter().filter(|(key, _)| key.currency() == *currency);
        let line = Line::Owed(OwedLine {
            customer: head.customer.clone(),
            currency: *currency,
            owed: *owed,
            cases: of_currency.map(|(_, case)| (case.id.clone(), case.state)).collect(),
        });
        let shard = super::shard_name(Some(currency.code()), keys::list_shard(id));
        let pk = keys::list(made.tenant, "customers", "amount", &shard);
        rows.push(made.row(pk, &keys::largest_first(owed.open_minor), id, &line));
    }
    rows.extend(of_pending(&made, &head));
    Ok(rows)
}

fn whole_second(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second()).ok()
}

/// A message is listed from its decision on. While a sender has it the row does not change: that lasts for seconds.
fn of_pending(made: &Made<'_>, head: &Head) -> Vec<ListRow> {
    let of_entry = |entry: &crate::Entry| {
        let message = &entry.message;
        let line = MessageLine {
            customer: head.customer.clone(),
            message: message.id.clone(),
            number: message.number,
            status: MessageStatus::of_pending(message.status),
            mode: message.mode,
            currency: Some(message.case.currency()),
            channel: message.channel,
            contact: message.contact.clone(),
            template: message.template.clone(),
            steps: steps(&message.rows),
            decided_at: message.decided_at,
        };
        // What a record says of the message is newer, whatever it is.
        message_row(made, line, "0")
    };
    head.pending.values().map(of_entry).collect()
}

fn of_record(made: Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let Some((_, customer)) = keys::parse_customer(&made.of.pk) else { return Ok(vec![]) };
    let item = record::read(item)?;
    let Some(MessageBody { id, mode, channel, contact, template, rows, decided_at, .. }) = item.body.message else {
        return Ok(vec![]);
    };
    let Some(status) = item.status.message() else { return Ok(vec![]) };
    let currency = item.body.decided.as_ref().and_then(|decided| decided.cases.first()).map(|case| case.currency);
    let line = MessageLine {
        customer,
        message: id,
        number: item.body.number,
        status,
        mode,
        currency,
        channel,
        contact,
        template,
        steps: steps(&unpack(&rows, &item.key)?),
        decided_at,
    };
    Ok(vec![message_row(&made, line, "1")])
}

fn steps(rows: &[domain::Covered]) -> Vec<String> {
    let mut steps: Vec<String> = rows.iter().map(|row| row.step.clone()).collect();
    steps.sort();
    steps.dedup();
    steps.truncate(STEPS_MAX);
    steps
}

fn message_row(made: &Made<'_>, line: MessageLine, version: &str) -> ListRow {
    let day = line.decided_at.to_zoned(TimeZone::UTC).date();
    let (id, place) = (line.message.clone(), keys::second(line.decided_at));
    let shard = super::shard_name(Some(&day.to_string()), keys::list_shard(id.as_str()));
    let row = made.row(keys::list(made.tenant, "messages", "day", &shard), &place, id.as_str(), &Line::Message(line));
    ListRow { version: version.to_owned(), stays: true, ..row }
}

fn of_address(mut made: Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let Some(stopped) = addresses::stopped(item)? else { return Ok(vec![]) };
    made.version = format!("{:012}", number::<u64>(item, document::REVISION).unwrap_or(0));
    let Stopped { id, channel, shown, suppression, by, said } = stopped;
    let (id, place) = (id.to_string(), keys::second(suppression.at));
    let line = StoppedLine { id: id.clone(), channel, shown, reason: suppression.reason, at: suppression.at, by, said };
    Ok(vec![made.wide("addresses", "stopped", &place, &id, &Line::Stopped(line))])
}

fn of_task(made: &Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let task = tasks::read(item)?;
    if task.done_at.is_some() || task.withdrawn.is_some() {
        return Ok(vec![]);
    }
    let place = keys::second(task.raised_at);
    let line = Line::Task(TaskLine {
        task: task.id.clone(),
        customer: task.customer,
        kind: word_of(task.task.kind),
        exception: task.task.kind.is_exception(),
        title: task.task.title,
        due_on: task.task.due_on,
        raised_at: task.raised_at,
    });
    Ok(vec![made.wide("tasks", "raised", &place, task.id.as_str(), &line)])
}
