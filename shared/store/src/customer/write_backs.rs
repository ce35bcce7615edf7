//! Payments that are written into the books: an item beside the basket that says how that stands, and one beside the hints of the source while
//! it waits, which whoever reads the books looks for. Both are made in the transaction in which the basket is paid.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Basket, BasketStatus, Customer, CustomerId, Invoice, InvoiceId, Money, NewTask, Payment, PaymentId, TaskId, TenantId,
    Withdrawal, WriteBack, WriteBackSetting,
    write_back::{back_task, enter_task, is_in_books, over_with_entry, stayed_minor, undo_task},
};
use jiff::Timestamp;

use crate::{
    Result, Store,
    table::{
        attributes::{
            basket, books,
            document::{DOC, REVISION},
            every::SK,
            hint, task,
        },
        change::{Change, is, no_item, put, put_new, some_item},
        db::{Range, Row, Transacted, Wrote, json, last_of, millis, n, number, s, text, to_json},
        keys,
    },
    tasks::{task_row, withdraw},
};

/// What goes with a change of a basket, as far as the books are concerned.
#[derive(Default)]
pub(super) struct BooksBeside {
    /// The writes.
    pub(super) actions: Vec<TransactWriteItem>,
    /// The source into whose books the basket is written from now on.
    pub(super) written_into: Option<String>,
}

/// A payment that waits to be written into the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingWrite {
    /// Whose.
    pub customer: CustomerId,
    /// The basket.
    pub basket: PaymentId,
    /// How often it was asked for.
    times: u64,
}

impl Store {
    /// How payments are written into a source's books; `None` where they are not, or the source is not connected.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn write_back_setting(&self, tenant: &TenantId, source: &str) -> Result<Option<WriteBackSetting>> {
        let row = self.read("read how payments are written for", &keys::books(tenant, source), true).await?;
        row.filter(|row| row.contains_key(books::WRITE_BACK)).map(|row| json(&row, books::WRITE_BACK)).transpose()
    }

    /// Says how payments are written into a source's books, or that they are not. False where the source is not connected.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn put_write_back_setting(
        &self,
        tenant: &TenantId,
        source: &str,
        setting: Option<&WriteBackSetting>,
    ) -> Result<bool> {
        let change = Change::of(keys::books(tenant, source)).when(some_item());
        let change = match setting {
            Some(setting) => change.put(books::WRITE_BACK, s(to_json(setting))),
            None => change.drop(books::WRITE_BACK),
        };
        Ok(matches!(self.write("say how payments are written for", change, false).await?, Wrote::Done(_)))
    }

    /// How the writing of a basket into the books stands; `None` where nobody asked for it.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn write_back(&self, tenant: &TenantId, customer: &CustomerId, id: &PaymentId) -> Result<Option<WriteBack>> {
        let row = self.read("read how a payment is written of", &keys::write_back(tenant, customer, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// What waits to be written into a source's books, at most `most`.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn waiting_writes(&self, tenant: &TenantId, source: &str, most: usize) -> Result<Vec<WaitingWrite>> {
        let pk = keys::hints(tenant, source);
        let last = last_of(keys::WAITING_WRITES);
        let range = Range::new(&pk, keys::WAITING_WRITES, &last, most);
        let rows = self.range("find what is to be written for", range).await?;
        let waiting = rows.iter().filter_map(|row| {
            let (customer, basket) = keys::parse_waiting_write(text(row, SK)?)?;
            Some(WaitingWrite { customer, basket, times: number(row, hint::TIMES)? })
        });
        Ok(waiting.collect())
    }

    /// Keeps how a write stands, where it is as `known` still. False where it is not.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_write_back(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        known: &WriteBack,
        after: &WriteBack,
    ) -> Result<bool> {
        let change = as_known(tenant, customer, known, after);
        Ok(matches!(self.write("keep how a payment is written of", change, false).await?, Wrote::Done(_)))
    }

    /// Keeps how a write ended, and waits for it no longer. False where it is no longer as `known`.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_write_back(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        known: &WriteBack,
        after: &WriteBack,
    ) -> Result<bool> {
        let actions = vec![
            as_known(tenant, customer, known, after).update(self),
            Change::of(keys::waiting_write(tenant, &known.source, customer, &known.basket)).delete(self),
        ];
        Ok(matches!(self.transact("end the writing of a payment of", customer.as_str(), actions).await?, Transacted::Done))
    }

    /// Has a write that is over tried again: it waits from now on, and whoever reads the books is woken. False where it is no longer as `known`.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn ask_write_back_again(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        known: &WriteBack,
        again: &WriteBack,
        now: Timestamp,
    ) -> Result<bool> {
        let waits = waits(tenant, customer, again, now);
        let actions = vec![as_known(tenant, customer, known, again).update(self), waits.update(self)];
        Ok(matches!(self.transact("write into the books again for", customer.as_str(), actions).await?, Transacted::Done))
    }

    /// Waits no longer for a write that is over, unless it was asked for again meanwhile.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn forget_waiting_write(&self, tenant: &TenantId, source: &str, waiting: &WaitingWrite) -> Result<()> {
        let WaitingWrite { customer, basket, times } = waiting;
        let key = keys::waiting_write(tenant, source, customer, basket);
        let gone = Change::of(key).when(no_item().or(is(hint::TIMES, n(*times)))).delete(self);
        self.transact("forget a payment to be written of", customer.as_str(), vec![gone]).await?;
        Ok(())
    }

    /// A customer as its source says; `None` where nobody knows it.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn as_described(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<Customer>> {
        let row = self.read("read the profile of", &keys::profile(tenant, customer), true).await?;
        row.filter(|row| row.contains_key(DOC)).map(|row| json(&row, DOC)).transpose()
    }

    /// Those of these invoices that are the customer's, open or not.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn invoices_of(&self, tenant: &TenantId, customer: &CustomerId, ids: &[InvoiceId]) -> Result<Vec<Invoice>> {
        let wanted: Vec<_> = ids.iter().map(|id| keys::invoice(tenant, customer, id)).collect();
        let rows = self.read_many("read invoices of", &wanted, true).await?;
        rows.values().filter(|row| row.contains_key(DOC)).map(|row| json(row, DOC)).collect()
    }

    /// What goes with a change of a basket: one that is paid now is written into the books, where the connection of its customer's source says
    /// so, and is a person's to enter otherwise; of one that was written or entered, and of which less stayed, a person takes it back there.
    /// What nobody has entered yet and did not stay is entered by nobody. What nobody heard here that it came, the books may have heard; and of
    /// an entry a person may say only later that it is the payment.
    pub(super) async fn books_beside(
        &self,
        tenant: &TenantId,
        before: Option<&Basket>,
        after: &Basket,
        now: Timestamp,
    ) -> Result<BooksBeside> {
        // What came in another currency than the basket's is for none of its invoices.
        let pays = |basket: &Basket| basket.status == BasketStatus::Paid && basket.received_minor > 0;
        let (was_paid, is_paid) = (before.is_some_and(pays), pays(after));
        // What was taken back before it was heard that it came was never more.
        let is_less = was_paid && (!is_paid || before.is_some_and(|before| after.taken_back_minor > before.taken_back_minor));
        let is_back = was_paid && is_paid && before.is_some_and(|before| after.taken_back_minor < before.taken_back_minor);
        let mut beside = BooksBeside::default();
        if is_paid == was_paid && !is_less && !is_back {
            let is_news = before.is_some_and(|before| !before.status.is_gone() || before.same != after.same);
            if is_news && after.status.is_gone() && self.is_entered(tenant, after, &[]).await? {
                let source = self.as_described(tenant, &after.customer).await?.map(|customer| customer.source);
                let undo = undo_task(after, &source.unwrap_or_default());
                let (key, row) = task_row(tenant, Some(&after.customer), &undo, now);
                beside.actions.push(put_new(self, &key, row));
            }
            return Ok(beside);
        }
        let customer = &after.customer;
        let (stands, profile) = (keys::write_back(tenant, customer, &after.id), keys::profile(tenant, customer));
        let mut wanted = vec![stands.clone(), profile.clone()];
        // The tasks that may be raised: one that was raised before stays as it is, also where a person finished it.
        let place = |task: &NewTask| keys::task(tenant, &task.id(tenant, Some(customer)));
        let entering_task = left_to_a_person(after, "").id(tenant, Some(customer));
        let entering = keys::task(tenant, &entering_task);
        wanted.extend([entering.clone(), place(&undo_task(after, "")), place(&back_task(after, ""))]);
        let rows = self.read_many("look how a payment is written of", &wanted, true).await?;
        // It goes with what it is about, so that a person who acts has it in the transaction of what they do. One that was taken back is raised
        // again.
        let raising = |task: &NewTask| {
            let (key, row) = task_row(tenant, Some(customer), task, now);
            match rows.get(&key) {
                None => Some(put_new(self, &key, row)),
                Some(known) if known.contains_key(task::WITHDRAWN_AT) => Some(put(self, &key, row)),
                Some(_) => None,
            }
        };
        let known: Option<WriteBack> = rows.get(&stands).map(|row| json(row, DOC)).transpose()?;
        let source = match &known {
            Some(known) => known.source.clone(),
            None => {
                let said = rows.get(&profile).filter(|row| row.contains_key(DOC)).map(|row| json::<Customer>(row, DOC));
                said.transpose()?.map(|customer| customer.source).unwrap_or_default()
            }
        };
        let was_written = known.as_ref().is_some_and(|known| known.writes.is_some());
        let is_over = |row: &Row| row.contains_key(task::DONE_AT) || text(row, task::WHY) == Some(ENTERED);
        let was_entered = rows.get(&entering).is_some_and(is_over);
        let is_to_be_entered = rows.get(&entering).is_some_and(is_open);
        if is_less {
            if is_to_be_entered && !is_paid {
                beside.actions.push(withdraw(tenant, &no_longer(entering_task, GONE), now).update(self));
            }
            let withdrawn = known.as_ref().filter(|_| !is_paid).and_then(|known| Some((known, known.withdrawn(now)?)));
            // What is written or entered later is the whole.
            let will_be = is_paid && (known.is_some() || is_to_be_entered);
            if let Some((known, withdrawn)) = withdrawn {
                beside.actions.push(as_known(tenant, customer, known, &withdrawn).update(self));
            } else if was_written || was_entered || will_be {
                beside.actions.extend(raising(&undo_task(after, &source)));
            }
            return Ok(beside);
        }
        if is_back || was_written || was_entered {
            // A person was told to take it back in the books when it went.
            let is_there = known.is_some() || was_entered || is_to_be_entered;
            beside.actions.extend(raising(&back_task(after, &source)).filter(|_| is_there));
            return Ok(beside);
        }
        let asked = match &known {
            Some(known) => known.asked_again(now),
            None => {
                let is_written = self.write_back_setting(tenant, &source).await?.is_some();
                is_written.then(|| WriteBack::asked(&after.id, &source, now))
            }
        };
        let Some(asked) = asked else {
            beside.actions.extend(raising(&left_to_a_person(after, &source)));
            return Ok(beside);
        };
        let waits = waits(tenant, customer, &asked, now);
        let written = match &known {
            Some(known) => as_known(tenant, customer, known, &asked),
            None => row(tenant, customer, &asked).when(no_item()),
        };
        beside.actions.extend([written.update(self), waits.update(self)]);
        if after.taken_back_minor > 0 {
            // What is written is the whole.
            beside.actions.extend(raising(&undo_task(after, &asked.source)));
        }
        beside.written_into = Some(asked.source);
        Ok(beside)
    }

    /// Takes back the work to enter a basket's payment in the books, or to look for it there, once entries that are it come to all of it; `heard`
    /// are entries as they become with these writes.
    pub(super) async fn work_ended_by_entries(
        &self,
        tenant: &TenantId,
        basket: &Basket,
        heard: &[&Payment],
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>> {
        const OP: &str = "look whether the books have a payment of";
        let tasks = over_with_entry(tenant, basket);
        let wanted: Vec<_> = tasks.iter().map(|task| keys::task(tenant, task)).collect();
        let rows = self.read_many(OP, &wanted, true).await?;
        let open: Vec<TaskId> =
            tasks.into_iter().zip(&wanted).filter(|(_, key)| rows.get(*key).is_some_and(is_open)).map(|(task, _)| task).collect();
        if open.is_empty() || !self.is_entered(tenant, basket, heard).await? {
            return Ok(Vec::new());
        }
        Ok(open.into_iter().map(|task| withdraw(tenant, &no_longer(task, ENTERED), now).update(self)).collect())
    }

    /// Whether entries that are a basket's payment come to all that stayed of it, and to something; `heard` are entries as they become.
    pub(super) async fn is_entered(&self, tenant: &TenantId, basket: &Basket, heard: &[&Payment]) -> Result<bool> {
        let Some(head) = self.head(tenant, &basket.customer).await? else { return Ok(false) };
        let facts = Box::pin(self.facts(tenant, &head)).await?;
        let mut entries: BTreeMap<&PaymentId, &Payment> = BTreeMap::new();
        let known = facts.payments.iter().chain(&facts.shared).map(|fact| &fact.payment);
        for entry in known.chain(heard.iter().copied()) {
            let newest = entries.entry(&entry.id).or_insert(entry);
            if newest.source_version < entry.source_version {
                *newest = entry;
            }
        }
        Ok(is_in_books(basket, entries.into_values()))
    }
}

/// Why work is taken back whose payment did not stay.
const GONE: &str = "the payment did not stay";
/// Why work is taken back that the books say is done.
const ENTERED: &str = "the books have the payment";

fn no_longer(task: TaskId, why: &str) -> Withdrawal {
    Withdrawal { task, why: why.to_owned(), done: false }
}

/// Whether a task is neither done nor taken back.
fn is_open(row: &Row) -> bool {
    !row.contains_key(task::DONE_AT) && !row.contains_key(task::WITHDRAWN_AT)
}

/// The change of a basket with the source into whose books it is written.
pub(super) fn noting(change: Change, written_into: Option<&str>) -> Change {
    match written_into {
        Some(source) => change.put(basket::WRITTEN_INTO, s(source)),
        None => change,
    }
}

fn row(tenant: &TenantId, customer: &CustomerId, one: &WriteBack) -> Change {
    Change::of(keys::write_back(tenant, customer, &one.basket)).put(DOC, s(to_json(one))).put(REVISION, n(one.revision))
}

/// That a write waits: whoever reads the books looks for it.
fn waits(tenant: &TenantId, customer: &CustomerId, one: &WriteBack, now: Timestamp) -> Change {
    let key = keys::waiting_write(tenant, &one.source, customer, &one.basket);
    Change::of(key).add(hint::TIMES, n(1)).put(hint::SEEN_AT, n(millis(now)))
}

fn as_known(tenant: &TenantId, customer: &CustomerId, known: &WriteBack, after: &WriteBack) -> Change {
    row(tenant, customer, after).when(is(REVISION, n(known.revision)))
}

/// What a person enters, where no connection writes payments into the books of the customer's source.
fn left_to_a_person(basket: &Basket, source: &str) -> NewTask {
    let numbers: Vec<&str> = basket.lines.iter().map(|line| line.number.as_str()).filter(|number| !number.is_empty()).collect();
    let why = format!("Dunlin does not write payments into the books of {source}.");
    enter_task(basket, Money::from_minor(stayed_minor(basket), basket.currency), &numbers, &why)
}
