//! Payments that were taken here, written into the books.
//!
//! Whoever holds the lease carries them, one after the other. A claim comes before the first call: what is written is fixed with it, and whoever
//! finds a claim looks for the payment in the books before it is asked for again. So whatever dies around a call, the books have it once.

use std::{collections::BTreeSet, ops::ControlFlow};

use connectors::{Page, PaymentEntries, PaymentWriting, Trouble, VendorRequest, invoice_id};
use domain::{
    Basket, BooksPart, BooksPayment, Customer, Document, Invoice, InvoiceId, Money, PaymentId, Settings, WriteBack,
    write_back::{enter_task, look_task, stayed_minor},
};
use jiff::{SignedDuration, Timestamp};
use reading::link::LinkError;
use store::WaitingWrite;

use crate::{
    session::{Stopped, SyncSession},
    take::{Care, take},
};

/// Payments that are carried in one go; more of them wait for the next.
const WRITES_MAX: usize = 400;
/// How long a payment waits whose tenant has no settings now.
const NO_TENANT: SignedDuration = SignedDuration::from_hours(1);
/// Refusals that the reason of a failed write repeats.
const REASONS_MAX: usize = 3;

/// What became of a payment that waits.
enum Carried {
    /// Nothing waits any more, or it changed under the reader, which looks again.
    Moved,
    /// It is tried again then.
    Waits(Timestamp),
}

/// What asking the vendor for a payment came to.
#[derive(Default)]
struct Asked {
    /// What it refused, each with its reason.
    refused: Vec<(BooksPart, String)>,
    /// Why its answer was lost, where it was.
    lost: Option<String>,
}

/// Writes what waits, as far as there is time. True when something moved.
pub(crate) async fn carry(session: &mut SyncSession<'_>) -> Result<bool, Stopped> {
    let run = session.run;
    let Some(writing) = session.books.writing() else { return Ok(false) };
    let (mut moved, mut soonest) = (false, None);
    for waiting in run.tools.store.waiting_writes(run.tenant, run.source, WRITES_MAX).await? {
        if run.budget.is_over() {
            return Ok(true);
        }
        match one(session, &writing, &waiting).await? {
            Carried::Moved => moved = true,
            Carried::Waits(until) => soonest = Some(soonest.map_or(until, |known: Timestamp| known.min(until))),
        }
    }
    session.lease.progress.write_at = soonest;
    Ok(moved)
}

async fn one(session: &mut SyncSession<'_>, writing: &PaymentWriting, waiting: &WaitingWrite) -> Result<Carried, Stopped> {
    let run = session.run;
    let store = &run.tools.store;
    let WaitingWrite { customer, basket: id, .. } = waiting;
    let known = store.write_back(run.tenant, customer, id).await?.filter(|known| !known.status.is_over());
    let basket = store.basket(run.tenant, customer, id).await?;
    let (Some(known), Some(basket)) = (known, basket) else {
        store.forget_waiting_write(run.tenant, run.source, waiting).await?;
        return Ok(Carried::Moved);
    };
    if let Some(until) = known.not_before.filter(|until| *until > run.now()) {
        return Ok(Carried::Waits(until));
    }
    let settings = store.settings(run.tenant).await?.map(|settings| settings.value);
    let Some(settings) = settings else { return Ok(Carried::Waits(later(run.now()))) };
    let writes = match known.fixed() {
        Some(writes) => writes.clone(),
        None => match plan(session, writing, &basket, &settings).await? {
            ControlFlow::Continue(writes) => BooksPayment { round: known.round, ..writes },
            ControlFlow::Break(why) => {
                let money = Money::from_minor(stayed_minor(&basket), basket.currency);
                let numbers: Vec<&str> = basket.lines.iter().map(|line| line.number.as_str()).collect();
                fail(session, &known, &basket, (money, &numbers), &why).await?;
                return Ok(Carried::Moved);
            }
        },
    };
    session.keep_alive().await?;
    let calling = known.calling(writes.clone(), run.now());
    if !store.keep_write_back(run.tenant, customer, &known, &calling).await? {
        return Ok(Carried::Moved);
    }
    let asked = match ask(session, writing, &known, &writes).await {
        Ok(asked) => asked,
        Err(stopped) => {
            // Nobody took it, or nobody knows: whoever comes next finds the claim and looks in the books first.
            if let Stopped::Vendor(_) = &stopped {
                store.keep_write_back(run.tenant, customer, &calling, &calling.put_off(run.now())).await?;
            }
            return Err(stopped);
        }
    };
    if let Some(why) = &asked.lost {
        return lost(session, &calling, &basket, why).await;
    }
    if asked.refused.is_empty() {
        done(session, &calling, &basket, &writes).await?;
    } else {
        let minor = asked.refused.iter().map(|(part, _)| part.amount_minor).fold(0, i64::saturating_add);
        let rest = not_written(&basket, &writes).saturating_add(minor);
        let numbers: Vec<&str> = asked.refused.iter().map(|(part, _)| part.number.as_str()).collect();
        let why = reasons(&asked.refused);
        fail(session, &calling, &basket, (Money::from_minor(rest, basket.currency), &numbers), &why).await?;
    }
    Ok(Carried::Moved)
}

/// What is written of a basket, or why nothing is.
async fn plan(
    session: &SyncSession<'_>,
    writing: &PaymentWriting,
    basket: &Basket,
    settings: &Settings,
) -> Result<ControlFlow<String, BooksPayment>, Stopped> {
    let run = session.run;
    let store = &run.tools.store;
    let no = |why: &str| Ok(ControlFlow::Break(why.to_owned()));
    let Some(setting) = store.write_back_setting(run.tenant, run.source).await? else {
        return no("writing payments into these books was switched off before this one was written");
    };
    if writing.account_required && setting.account.is_none() {
        return no("the connection does not say which account of the books the money is deposited to");
    }
    let said: Option<Customer> = store.as_described(run.tenant, &basket.customer).await?;
    let Some(customer) = said.filter(|customer| customer.source == run.source) else {
        return no("its customer is not one of these books");
    };
    let ids: Vec<InvoiceId> = basket.lines.iter().map(|line| line.invoice.clone()).collect();
    let mut invoices: Vec<Invoice> = store.invoices_of(run.tenant, &basket.customer, &ids).await?;
    let realm = &session.lease.progress.realm;
    invoices.retain(|invoice| invoice_id(run.tenant, run.source, realm, &invoice.external_id) == invoice.id);
    match BooksPayment::of(basket, settings, &customer.external_id, &invoices, setting.account) {
        Some(writes) => Ok(ControlFlow::Continue(writes)),
        None => no("nothing of it is for an invoice of these books, or nothing of it stayed"),
    }
}

/// Asks the vendor for what the books do not have yet. Before one that was claimed before, the books are searched.
async fn ask(
    session: &mut SyncSession<'_>,
    writing: &PaymentWriting,
    known: &WriteBack,
    writes: &BooksPayment,
) -> Result<Asked, Stopped> {
    let mut left = writes.parts.clone();
    let mut asked = Asked::default();
    if known.writes.is_some() {
        match find(session, writes).await {
            Ok(found) => left.retain(|part| !found.contains(&part.invoice) && !is_whole(writing, &found)),
            Err(stopped) => {
                asked.lost = Some(lost_by(stopped)?);
                return Ok(asked);
            }
        }
    }
    let size = match writing.entries {
        PaymentEntries::One => left.len(),
        PaymentEntries::PerInvoice => 1,
    };
    for parts in left.chunks(size.max(1)) {
        session.keep_alive().await?;
        let payment = writes.of_parts(parts);
        match session.ask(&VendorRequest::WritePayment { payment }).await {
            Ok(page) if covered(&page, &writes.reference).is_empty() => {
                asked.lost = Some("the answer does not have the payment".to_owned());
                return Ok(asked);
            }
            // What the books have from now on counts at once: it is this payment, by its reference.
            Ok(page) => _ = take(session, page, Care::Plain).await?,
            Err(Stopped::Vendor(LinkError::Vendor(Trouble::Refused(why)))) => {
                asked.refused.extend(parts.iter().map(|part| (part.clone(), why.clone())));
            }
            Err(Stopped::Vendor(LinkError::Vendor(trouble @ (Trouble::Denied(_) | Trouble::Token)))) => {
                // The company is open to reading: what is missing is the right to write.
                let why = format!("{trouble}; connect the company again, which asks for the right to write payments");
                let rest = left.iter().filter(|part| !is_before(&left, part, parts));
                asked.refused.extend(rest.map(|part| (part.clone(), why.clone())));
                return Ok(asked);
            }
            Err(stopped) => {
                asked.lost = Some(lost_by(stopped)?);
                return Ok(asked);
            }
        }
    }
    Ok(asked)
}

/// The invoices for which the books have an entry with the payment's reference.
async fn find(session: &SyncSession<'_>, writes: &BooksPayment) -> Result<BTreeSet<InvoiceId>, Stopped> {
    let (mut found, mut next) = (BTreeSet::new(), None);
    loop {
        let page = session.ask(&VendorRequest::FindPayment { reference: writes.reference.clone(), page: next }).await?;
        found.extend(covered(&page, &writes.reference));
        next = page.next.clone();
        take(session, page, Care::Plain).await?;
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// The invoices for which a page has an entry of this reference that counts.
fn covered(page: &Page, reference: &PaymentId) -> BTreeSet<InvoiceId> {
    let payments = page.documents.iter().filter_map(Document::as_payment);
    let names = |said: &String| said.to_ascii_lowercase().contains(reference.as_str());
    let ours = payments.filter(|payment| payment.status.counts() && payment.reference.as_ref().is_some_and(names));
    ours.flat_map(|payment| &payment.allocations).map(|part| part.invoice.clone()).collect()
}

/// Whether the books have all of a payment once they have something of it.
fn is_whole(writing: &PaymentWriting, found: &BTreeSet<InvoiceId>) -> bool {
    match writing.entries {
        PaymentEntries::One => !found.is_empty(),
        PaymentEntries::PerInvoice => false,
    }
}

/// Whether a part was asked for before these.
fn is_before(all: &[BooksPart], part: &BooksPart, parts: &[BooksPart]) -> bool {
    let place = |wanted: &BooksPart| all.iter().position(|known| known.invoice == wanted.invoice);
    parts.first().is_some_and(|first| place(part) < place(first))
}

/// Why an answer was lost, where it was: the vendor may have taken what it was asked for. Whatever else stops the reader goes on to.
fn lost_by(stopped: Stopped) -> Result<String, Stopped> {
    match stopped {
        Stopped::Vendor(LinkError::Vendor(Trouble::Unavailable(why) | Trouble::Garbled(why) | Trouble::Refused(why))) => Ok(why),
        Stopped::Vendor(LinkError::Vendor(Trouble::Limited(_) | Trouble::Token | Trouble::Denied(_)) | LinkError::Tokens(_))
        | Stopped::Here(_) => Err(stopped),
    }
}

/// The books have it. What of it is for no invoice of theirs is left to a person.
async fn done(session: &SyncSession<'_>, known: &WriteBack, basket: &Basket, writes: &BooksPayment) -> Result<(), Stopped> {
    let run = session.run;
    let store = &run.tools.store;
    let rest = not_written(basket, writes);
    if rest > 0 {
        let why =
            "Dunlin wrote the rest of the payment; this is credit of the customer, or for invoices that are not of these books.";
        let task = enter_task(basket, Money::from_minor(rest, basket.currency), &[], why);
        store.raise(run.tenant, Some(&basket.customer), &task, run.now()).await?;
    }
    store.end_write_back(run.tenant, &basket.customer, known, &known.done(run.now())).await?;
    tracing::info!(tenant.id = %run.tenant, source = run.source, payment.id = %basket.id, "a payment was written into the books");
    Ok(())
}

/// The books do not have all of it, and will not: a person enters so much, for invoices of these numbers.
async fn fail(
    session: &SyncSession<'_>,
    known: &WriteBack,
    basket: &Basket,
    (money, numbers): (Money, &[&str]),
    why: &str,
) -> Result<(), Stopped> {
    let run = session.run;
    let store = &run.tools.store;
    if money.minor() > 0 {
        let task =
            enter_task(basket, money, numbers, &format!("It could not be written into the books of {}: {why}.", run.source));
        store.raise(run.tenant, Some(&basket.customer), &task, run.now()).await?;
    }
    store.end_write_back(run.tenant, &basket.customer, known, &known.failed(why, run.now())).await?;
    tracing::warn!(tenant.id = %run.tenant, source = run.source, payment.id = %basket.id, why, "a payment could not be written into the books");
    Ok(())
}

/// Nobody knows whether the books have it: it is looked for later, and by a person in the end.
async fn lost(session: &SyncSession<'_>, known: &WriteBack, basket: &Basket, why: &str) -> Result<Carried, Stopped> {
    let run = session.run;
    let store = &run.tools.store;
    let after = known.lost(why, run.now());
    tracing::warn!(tenant.id = %run.tenant, source = run.source, payment.id = %basket.id, why, calls = after.calls, "the answer to a payment that was written was lost");
    if after.is_given_up() {
        store.raise(run.tenant, Some(&basket.customer), &look_task(basket, run.source, why), run.now()).await?;
        store.end_write_back(run.tenant, &basket.customer, known, &after).await?;
        return Ok(Carried::Moved);
    }
    store.keep_write_back(run.tenant, &basket.customer, known, &after).await?;
    Ok(after.not_before.map_or(Carried::Moved, Carried::Waits))
}

/// When a payment is looked at again of a tenant that has no settings now.
fn later(now: Timestamp) -> Timestamp {
    now.saturating_add(NO_TENANT).unwrap_or(Timestamp::MAX)
}

/// What came of a basket and is not among what is written, minor units.
fn not_written(basket: &Basket, writes: &BooksPayment) -> i64 {
    basket.received_minor.saturating_sub(writes.amount_minor()).max(0)
}

/// Why parts were refused, each reason once.
fn reasons(refused: &[(BooksPart, String)]) -> String {
    let reasons: BTreeSet<&str> = refused.iter().map(|(_, why)| why.as_str()).collect();
    reasons.into_iter().take(REASONS_MAX).collect::<Vec<_>>().join("; ")
}
