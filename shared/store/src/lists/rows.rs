//! The rows that an item stands for in lists: pure, from the item alone. A kind of item joins with one arm in [`rows_of`].

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Agreement, ByHand, CaseId, CaseState, Channel, Contact, Currency, Customer, CustomerId, Invoice, MessageStatus, Next, Owed,
    Payment, PaymentKind, People, Reporting, TaskKind, TenantId, Terms, language, phone,
};
use jiff::{Timestamp, civil::Date};

use super::{
    PersonId,
    lines::{
        AgreementLine, CaseLine, CustomerLine, InvoiceLine, Line, MessageLine, NextLine, OwedLine, PaymentLine, PersonLine,
        PlaceLine, StoppedLine, TaskLine, WordLine,
    },
    places::{self, InvoiceStanding, RankedIn},
    words,
};
use crate::{
    Head, Result, Stopped,
    customer::{
        addresses,
        head::{read_head, unpack},
        owners::CustomerOwner,
    },
    message::record::{self, MessageBody},
    table::{
        attributes::{
            document::{self, DOC},
            every::{PK, SK},
            fact,
            row::{AS_OF, AS_OF_VERSION, OF, OF_PARTITION},
        },
        db::{Row, json, millis, n, number, s, text, to_json, word_of},
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
    /// When the amounts were reckoned that it says; the row is not written anew for that alone.
    pub(crate) as_of: Option<Timestamp>,
    /// Whether it stays when the item no longer stands for it.
    pub(crate) stays: bool,
    /// Whether it says nothing that ever changes: where it is there, it need not be written.
    pub(crate) once: bool,
}

impl ListRow {
    /// The stored form, beside the key.
    pub(crate) fn row(&self) -> Row {
        let mut row = crate::table::db::row_of([
            (DOC, s(self.doc.clone())),
            (OF, s(self.of.sk.clone())),
            (OF_PARTITION, s(self.of.pk.clone())),
            (AS_OF_VERSION, s(self.version.clone())),
        ]);
        row.extend(self.as_of.map(|at| (AS_OF.to_owned(), n(millis(at)))));
        row
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
        ListRow {
            key,
            of: self.of.clone(),
            version: self.version.clone(),
            doc: to_json(line),
            as_of: None,
            stays: false,
            once: false,
        }
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

/// The rows that an item stands for; amounts of several currencies rank by the rates of `reporting`.
///
/// # Errors
///
/// [`crate::Error::Corrupt`] when the item does not read.
pub(crate) fn rows_of(item: &Row, reporting: Option<&Reporting>) -> Result<Vec<ListRow>> {
    let (Some(pk), Some(sk)) = (text(item, PK), text(item, SK)) else { return Ok(vec![]) };
    let Some(tenant) = keys::parse_tenant(pk) else { return Ok(vec![]) };
    if keys::is_list(pk) {
        return Ok(vec![]);
    }
    let version = text(item, document::VERSION).unwrap_or_default().to_owned();
    let made = Made { tenant: &tenant, of: Key { pk: pk.to_owned(), sk: sk.to_owned() }, version };
    match Sort::of(sk) {
        Sort::Profile => of_profile(&made, item),
        Sort::ByHand => of_entered(made, item),
        Sort::Invoice => of_invoice(&made, item),
        Sort::Payment => of_payment(&made, item),
        Sort::Agreement => of_agreement(&made, item),
        Sort::Owner => of_owner(&made, item),
        Sort::Head => of_head(made, item, reporting),
        Sort::Record => of_record(made, item),
        Sort::Task => of_task(&made, item, reporting),
        Sort::Address => of_address(made, item),
        Sort::Settings | Sort::TemplateBody | Sort::Hint | Sort::Other => Ok(vec![]),
    }
}

fn of_profile(made: &Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let customer: Customer = json(item, DOC)?;
    let id = customer.id.as_str();
    let line = Line::Customer(CustomerLine {
        customer: customer.id.clone(),
        name: customer.name.clone(),
        external_id: customer.external_id.clone(),
        owner: None,
    });
    let mut rows = vec![made.wide("customers", "name", &words::sorted_by(&customer.name), id, &line)];
    let language = customer.language.as_deref().map(language::primary).filter(|language| is_place(language));
    rows.extend(language.map(|language| made.wide("customers", "language", &language, id, &line)));
    let texted = customer.contacts.iter().filter(|contact| contact.consented(Channel::Sms));
    let countries: BTreeSet<&str> = texted.filter_map(|contact| phone::country(contact.address(Channel::Sms)?)).collect();
    rows.extend(countries.into_iter().map(|country| made.wide("customers", "texts", country, id, &line)));
    let found = WordLine { customer: customer.id.clone(), invoice: None, text: customer.name.clone(), words: vec![] };
    let people = customer.contacts.iter().map(|contact| contact.name.as_str());
    // The parts of an address are words of their own.
    let mails = customer.contacts.iter().filter_map(|contact| contact.email.as_deref());
    let texts: Vec<&str> =
        [customer.name.as_str(), customer.external_id.as_str()].into_iter().chain(people).chain(mails).collect();
    rows.extend(made.words("customers", id, texts, found));
    rows.extend(of_people(made, &customer));
    Ok(rows)
}

/// What people entered of a customer leads to it beside what its source says: by rows of their own, so that neither takes the other's away.
/// What the customer is called they do not say: that is in its profile.
fn of_entered(mut made: Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let Some((_, customer)) = keys::parse_customer(&made.of.pk).filter(|_| item.contains_key(DOC)) else { return Ok(vec![]) };
    let by_hand: ByHand = json(item, DOC)?;
    made.version = format!("{:012}", number::<u64>(item, document::REVISION).unwrap_or(0));
    let id = format!("{customer}#entered");
    let line = Line::Customer(named_elsewhere(&customer, None));
    let mut rows = Vec::new();
    let language = by_hand.language.as_deref().map(language::primary).filter(|language| is_place(language));
    rows.extend(language.map(|language| made.wide("customers", "language", &language, &id, &line)));
    let used = by_hand.contacts.iter().filter(|entry| !entry.unused);
    let countries: BTreeSet<&str> = used.filter_map(|entry| phone::country(entry.agreed(Channel::Sms)?)).collect();
    rows.extend(countries.into_iter().map(|country| made.wide("customers", "texts", country, &id, &line)));
    let texts = by_hand.contacts.iter().flat_map(|entry| [entry.name.as_deref(), entry.email.as_deref()]).flatten();
    let found = WordLine { customer: customer.clone(), invoice: None, text: String::new(), words: vec![] };
    rows.extend(made.words("customers", &id, texts, found));
    for entry in &by_hand.contacts {
        let contact = domain::id::digest(&[entry.id.as_str(), "entered"]);
        for person in entry.persons() {
            let pk = keys::person_at(made.tenant, PersonId::of(&person).digest());
            let line = PersonLine { customer: customer.clone(), contact: entry.id.clone() };
            rows.push(made.row(pk, customer.as_str(), &contact, &Line::Person(line)));
        }
        if let Some(number) = &entry.phone {
            let pk = keys::number_at(made.tenant, PersonId::of(number).digest());
            let line = PersonLine { customer: customer.clone(), contact: entry.id.clone() };
            rows.push(made.row(pk, customer.as_str(), &contact, &Line::Person(line)));
        }
    }
    Ok(rows)
}

/// A customer in a row of another item than its profile, which says what it is called.
fn named_elsewhere(customer: &CustomerId, owner: Option<String>) -> CustomerLine {
    CustomerLine { customer: customer.clone(), name: String::new(), external_id: String::new(), owner }
}

/// Whom a person gave the customer to. Owners that are written alike but for case and accents stand beside one another, each with its own customers.
fn of_owner(made: &Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let Some((_, customer)) = keys::parse_customer(&made.of.pk).filter(|_| item.contains_key(DOC)) else { return Ok(vec![]) };
    let CustomerOwner { owner, .. } = json(item, DOC)?;
    let place = format!("{}#{}", words::sorted_by(&owner), domain::id::digest(&[&owner]));
    let line = Line::Customer(named_elsewhere(&customer, Some(owner)));
    Ok(vec![made.wide("customers", "owner", &place, customer.as_str(), &line)])
}

/// Where each of a customer's people is found.
fn of_people(made: &Made<'_>, customer: &Customer) -> Vec<ListRow> {
    let of_contact = |contact: &Contact| {
        let (id, row) = (&contact.external_id, domain::id::digest(&[&contact.external_id]));
        of_person(made, &customer.id, contact, id, &row)
    };
    customer.contacts.iter().flat_map(of_contact).collect()
}

/// Where somebody is found: by who they are, and by a number that they have beside a mailbox.
fn of_person(made: &Made<'_>, customer: &CustomerId, contact: &Contact, id: &str, row: &str) -> Vec<ListRow> {
    let line = Line::Person(PersonLine { customer: customer.clone(), contact: id.to_owned() });
    let person = contact.person().map(|person| keys::person_at(made.tenant, PersonId::of(&person).digest()));
    let number = contact.phone.as_ref().filter(|_| contact.email.is_some());
    let number = number.map(|number| keys::number_at(made.tenant, PersonId::of(number).digest()));
    person.into_iter().chain(number).map(|pk| made.row(pk, customer.as_str(), row, &line)).collect()
}

/// Whether a text may be a place of which others are told apart.
fn is_place(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn of_invoice(made: &Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    // What is left of an invoice that moved says nothing.
    let Some((_, customer)) = keys::parse_customer(&made.of.pk).filter(|_| item.contains_key(DOC)) else { return Ok(vec![]) };
    let invoice: Invoice = json(item, DOC)?;
    let standing = InvoiceStanding::of(&invoice, item.contains_key(fact::ARCHIVED));
    let id = invoice.id.as_str();
    let due_on = due_on(&invoice);
    let line = Line::Invoice(InvoiceLine {
        customer: customer.clone(),
        invoice: invoice.id.clone(),
        number: invoice.number.clone(),
        external_id: invoice.external_id.clone(),
        status: standing.as_str().to_owned(),
        currency: invoice.currency,
        total_minor: invoice.total_minor,
        paid_minor: invoice.paid_minor,
        credited_minor: invoice.credited_minor,
        issued_on: Some(invoice.issued_on),
        due_on,
    });
    let place = places::of_invoice(standing, due_on);
    let own = keys::list(made.tenant, "invoices", "of", customer.as_str());
    let mut rows = vec![made.wide("invoices", "due", &place, id, &line), made.row(own, &place, id, &line)];
    let texts = [Some(invoice.number.as_str()), Some(invoice.external_id.as_str()), invoice.purchase_order.as_deref()];
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    // Whom it names for itself is found as a contact is.
    let named = invoice.contact.as_ref();
    rows.extend(named.into_iter().flat_map(|named| of_person(made, &customer, named, &People::id_of(named), id)));
    let found = WordLine { customer, invoice: Some(invoice.id.clone()), text: invoice.number.clone(), words: vec![] };
    rows.extend(made.words("invoices", id, texts, found));
    Ok(rows)
}

fn of_payment(made: &Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let Some((_, customer)) = keys::parse_customer(&made.of.pk).filter(|_| item.contains_key(DOC)) else { return Ok(vec![]) };
    let payment: Payment = json(item, DOC)?;
    let allocated = payment.allocations.iter().map(|allocation| allocation.amount_minor);
    let line = Line::Payment(PaymentLine {
        customer: customer.clone(),
        payment: payment.id.clone(),
        external_id: payment.external_id.clone(),
        kind: payment.kind,
        status: payment.status,
        currency: payment.currency,
        amount_minor: payment.amount_minor,
        allocated_minor: allocated.fold(0, i64::saturating_add),
        received_on: payment.received_on,
        reference: payment.reference.clone(),
        taken_here: payment.taken_here.clone(),
    });
    let kind = match payment.kind {
        PaymentKind::CreditNote => "credit_notes",
        PaymentKind::Payment | PaymentKind::Later(_) => "payments",
    };
    let (id, place) = (payment.id.as_str(), payment.received_on.to_string());
    let own = keys::list(made.tenant, kind, "of", customer.as_str());
    Ok(vec![made.wide(kind, "day", &place, id, &line), made.row(own, &place, id, &line)])
}

/// What only a later release knows is not listed.
fn of_agreement(made: &Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let Some((_, customer)) = keys::parse_customer(&made.of.pk) else { return Ok(vec![]) };
    let agreement: Agreement = json(item, DOC)?;
    let (reason, pays_on, expected_on) = match &agreement.terms {
        Terms::Promise(promise) => (None, Some(promise.pays_on), Some(promise.expected_on)),
        Terms::Dispute(dispute) => (Some(word_of(&dispute.reason)), None, None),
        Terms::Plan(_) => (None, None, None),
        Terms::Pause(pause) => (Some(word_of(&pause.reason)), None, None),
        Terms::Money(money) => (None, None, Some(money.expected_on)),
        Terms::Later(_) => return Ok(vec![]),
    };
    let place = pays_on.map_or_else(|| keys::second(agreement.made_at), |on| on.to_string());
    let place = format!("{}#{place}", agreement.status());
    let line = Line::Agreement(AgreementLine {
        customer,
        agreement: agreement.id.clone(),
        kind: agreement.kind().to_owned(),
        status: agreement.status().to_owned(),
        amount_minor: agreement.amount_minor,
        stood: agreement.stood(),
        reason,
        pays_on,
        expected_on,
        until_on: agreement.until_on,
        made_at: agreement.made_at,
        status_at: agreement.status_at,
        by: agreement.by.clone(),
    });
    Ok(vec![made.wide("agreements", agreement.kind(), &place, agreement.id.as_str(), &line)])
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

fn of_head(mut made: Made<'_>, item: &Row, reporting: Option<&Reporting>) -> Result<Vec<ListRow>> {
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
    rows.extend(of_owed(&made, &head, reporting));
    rows.extend(of_cases(&made, &head));
    rows.extend(of_pending(&made, &head));
    Ok(rows)
}

/// A customer in the orders by what it owes: a row for all that ranks together, and one by its oldest.
fn of_owed(made: &Made<'_>, head: &Head, reporting: Option<&Reporting>) -> Vec<ListRow> {
    let id = head.customer.as_str();
    let as_of = head.decided_at.max(head.owed_at);
    let mut rows = Vec::new();
    type Amount = fn(&Owed) -> i64;
    let orders: [(&str, Amount); 2] = [("overdue", |owed| owed.overdue_minor), ("stake", |owed| owed.due_now_minor)];
    for (order, amount) in orders {
        for (of, (sum, owed)) in places::sums(&head.owed, reporting, amount) {
            let line = OwedLine { customer: head.customer.clone(), ranked: Some(of.ranked(sum)), owed, as_of: None };
            rows.push(made.wide("customers", order, &of.place(sum), id, &Line::Owed(line)));
        }
    }
    if !head.owed.is_empty() {
        // A head that a release before wrote does not say the day: it stands at the end until it is reckoned.
        let oldest = head.owed.values().filter_map(|owed| owed.oldest_due_on).min().unwrap_or(Date::MAX);
        let line = OwedLine { customer: head.customer.clone(), ranked: None, owed: head.owed.clone(), as_of: None };
        rows.push(made.wide("customers", "oldest", &oldest.to_string(), id, &Line::Owed(line)));
    }
    rows.into_iter().map(|row| ListRow { as_of, ..row }).collect()
}

/// The cases that the head remembers: of closed ones that is the last few.
fn of_cases(made: &Made<'_>, head: &Head) -> Vec<ListRow> {
    let rows = |(key, case): (&domain::CaseKey, &domain::Case)| {
        let state = match case.state {
            CaseState::Open => "open",
            CaseState::Waiting(_) | CaseState::Later(_) => "waiting",
            CaseState::Ended => "ended",
            CaseState::Closed => "closed",
        };
        let line = Line::Case(CaseLine {
            customer: head.customer.clone(),
            case: case.id.clone(),
            currency: key.currency(),
            legal_entity: key.balance.legal_entity.to_string(),
            workflow: case.workflow.clone(),
            version: case.version,
            state: case.state,
            opened_at: case.opened_at,
        });
        let place = format!("{state}#{}", keys::second(case.opened_at));
        [made.wide("cases", "state", &place, case.id.as_str(), &line), of_case(made, &case.id, &head.customer)]
    };
    head.cases.iter().flat_map(rows).collect()
}

/// The row by which it is found whose something is: written once, because it says nothing that changes.
fn of_place(made: &Made<'_>, id: &str, whose: PlaceLine) -> ListRow {
    let key = super::place_key(made.tenant, id);
    let version = "0".to_owned();
    ListRow { key, of: made.of.clone(), version, doc: to_json(&Line::Place(whose)), as_of: None, stays: true, once: true }
}

/// The rows that an item stands for, and those that say whose the cases are that a record names: a head forgets cases, and these rows stay.
///
/// # Errors
///
/// [`crate::Error::Corrupt`] when the item does not read.
pub(super) fn rows_ever_of(item: &Row, reporting: Option<&Reporting>) -> Result<Vec<ListRow>> {
    let mut rows = rows_of(item, reporting)?;
    let (Some(pk), Some(sk)) = (text(item, PK), text(item, SK)) else { return Ok(rows) };
    let (Some((tenant, customer)), Sort::Record) = (keys::parse_customer(pk), Sort::of(sk)) else { return Ok(rows) };
    let made = Made { tenant: &tenant, of: Key { pk: pk.to_owned(), sk: sk.to_owned() }, version: String::new() };
    let record = record::without_chunks(record::read(item)?)?;
    let cases = record.cases.iter().filter_map(|trace| trace.case.as_ref());
    rows.extend(cases.map(|case| of_case(&made, case, &customer)));
    Ok(rows)
}

fn of_case(made: &Made<'_>, case: &CaseId, customer: &CustomerId) -> ListRow {
    of_place(made, case.as_str(), PlaceLine { customer: customer.clone(), decided_at: None })
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
        message_rows(made, line, "0")
    };
    head.pending.values().flat_map(of_entry).collect()
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
    Ok(message_rows(&made, line, "1").into())
}

fn steps(rows: &[domain::Covered]) -> Vec<String> {
    let mut steps: Vec<String> = rows.iter().map(|row| row.step.clone()).collect();
    steps.sort();
    steps.dedup();
    steps.truncate(STEPS_MAX);
    steps
}

fn message_rows(made: &Made<'_>, line: MessageLine, version: &str) -> [ListRow; 2] {
    let whose = PlaceLine { customer: line.customer.clone(), decided_at: Some(line.decided_at) };
    let place = of_place(made, line.message.as_str(), whose);
    let key = super::message_key(made.tenant, &line.message, line.decided_at);
    let doc = to_json(&Line::Message(line));
    [ListRow { key, of: made.of.clone(), version: version.to_owned(), doc, as_of: None, stays: true, once: false }, place]
}

fn of_address(mut made: Made<'_>, item: &Row) -> Result<Vec<ListRow>> {
    let Some(stopped) = addresses::stopped(item)? else { return Ok(vec![]) };
    made.version = format!("{:012}", number::<u64>(item, document::REVISION).unwrap_or(0));
    let Stopped { id, channel, shown, suppression, by, said, .. } = stopped;
    let (id, place) = (id.to_string(), keys::second(suppression.at));
    let line = StoppedLine { id: id.clone(), channel, shown, reason: suppression.reason, at: suppression.at, by, said };
    Ok(vec![made.wide("addresses", "stopped", &place, &id, &Line::Stopped(line))])
}

fn of_task(made: &Made<'_>, item: &Row, reporting: Option<&Reporting>) -> Result<Vec<ListRow>> {
    let task = tasks::read(item)?;
    if task.done_at.is_some() || task.withdrawn.is_some() {
        return Ok(vec![]);
    }
    let stake = task.stake.unwrap_or_default();
    let is_first = stake.after_broken_promise || task.task.kind == TaskKind::PlanBroken;
    let ranked = ranked(&stake.due_now, reporting);
    let line = Line::Task(TaskLine {
        task: task.id.clone(),
        customer: task.customer,
        kind: word_of(task.task.kind),
        exception: task.task.kind.is_exception(),
        title: task.task.title,
        to: task.task.to,
        ranked: ranked.map(|(of, minor)| of.ranked(minor)),
        due_on: task.task.due_on,
        raised_at: task.raised_at,
    });
    // What nobody owes anything for comes after all that somebody does.
    let place = ranked.map_or_else(|| "2".to_owned(), |(of, minor)| of.place(minor));
    let place = format!("{}{place}#{}", u8::from(!is_first), keys::second(task.raised_at));
    let id = task.id.as_str();
    Ok(vec![made.wide("tasks", "stake", &place, id, &line)])
}

/// The amount at which a task ranks: what is at stake in the reporting currency, else in the first currency that has no rate.
fn ranked(due_now: &BTreeMap<Currency, i64>, reporting: Option<&Reporting>) -> Option<(RankedIn, i64)> {
    let owed = due_now.iter().map(|(currency, minor)| (*currency, Owed { due_now_minor: *minor, ..Owed::default() })).collect();
    let first = places::sums(&owed, reporting, |owed| owed.due_now_minor).into_iter().next();
    first.map(|(of, (sum, _))| (of, sum))
}
