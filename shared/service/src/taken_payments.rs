//! Payments that a collector took: cash, a check, a card at a terminal, money that was seen on the account. They count at once, and are one
//! with their entry in the books by the same rules as payments that a provider brought.

use domain::{
    Allocation, Basket, Currency, CustomerId, Document, Facts, InvoiceId, Payment, PaymentId, Settings, WayOfPaying,
    basket::{BasketFlaw, BasketFlawKind, COLLECTOR, LINES_MAX, TakenPayment},
    calendar::tenant_zone,
    id::digest,
};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::json;
use store::{BasketBegun, BasketSays, Store};

use crate::{Actor, Done, NotDone, Operation, baskets, customers::reason_of, matter};

/// How long ago a payment may have been received that is written down, in days.
const DAYS_MAX: i64 = 366;
/// How a collector takes payments. Debits and PayPal are brought by providers alone.
pub const WAYS_TAKEN: [WayOfPaying; 5] =
    [WayOfPaying::Cash, WayOfPaying::Check, WayOfPaying::Card, WayOfPaying::Transfer, WayOfPaying::Other];
/// Longest reference, in characters.
const REFERENCE_MAX: usize = 64;

/// A payment as a collector writes it down.
#[derive(Clone, Debug)]
pub struct TakenAsked {
    /// Whose.
    pub customer: String,
    /// What came, minor units.
    pub amount_minor: i64,
    /// Its currency.
    pub currency: Currency,
    /// The day on which it came, in the tenant's zone.
    pub received_on: Date,
    /// How: the word of one of [`WAYS_TAKEN`].
    pub way: String,
    /// What it is for; the rest is credit of the customer.
    pub allocations: Vec<AllocationAsked>,
    /// What people know it by, such as a check's number.
    pub reference: Option<String>,
}

/// What of a payment is for an invoice.
#[derive(Clone, Debug)]
pub struct AllocationAsked {
    /// The invoice, by its id here or the source's own.
    pub invoice: String,
    /// How much, minor units.
    pub amount_minor: i64,
}

/// Writes a payment down that a collector took. The same key of the same person, `once`, comes to the same payment.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`] for the customer; those of the table.
pub async fn take(
    store: &Store,
    actor: &Actor,
    asked: &TakenAsked,
    once: Option<&str>,
    now: Timestamp,
) -> Done<(CustomerId, Payment)> {
    let tenant = actor.may(Operation::TakePayment)?;
    let whose = || NotDone::field("/customer", "a customer's id is `cus_…`");
    let customer = CustomerId::parse(&asked.customer).ok_or_else(whose)?;
    let facts = matter::facts(store, tenant, &customer).await?;
    let settings = matter::settings(store, tenant).await?;
    let told_apart = once.map_or_else(|| digest(&[&now.to_string(), &format!("{asked:?}")]), str::to_owned);
    let id = PaymentId::of_basket(&[tenant.as_str(), customer.as_str(), "taken", actor.by(), &told_apart]);
    if let Some(known) = store.basket(tenant, &customer, &id).await? {
        return Ok((customer, payment_of(&known, &settings)?));
    }
    let basket = read(asked, id, &facts, &settings, now)?;
    let what = json!({
        "amount_minor": asked.amount_minor, "currency": asked.currency, "way": asked.way, "received_on": asked.received_on,
        "invoices": basket.lines.len(),
    });
    let entry = actor.entry(Operation::TakePayment, now).of(basket.id.as_str()).about(&customer).with(what);
    let basket = match store.acting(entry).take_payment(tenant, &basket, &settings, now).await? {
        BasketBegun::Begun => basket,
        BasketBegun::Before(known) => *known,
        BasketBegun::Changed => return Err(NotDone::Changed("the customer changed meanwhile; send it again".to_owned())),
    };
    Ok((customer, payment_of(&basket, &settings)?))
}

/// Takes back that a payment was taken: it counts no more, and what it had paid is chased as if nothing had been said. Doing it again changes
/// nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`], [`NotDone::Conflict`] where no collector wrote it down; those of the
/// table.
pub async fn undo(store: &Store, actor: &Actor, id: &str, reason: Option<&str>, now: Timestamp) -> Done<(CustomerId, Payment)> {
    let tenant = actor.may(Operation::UndoPayment)?;
    let reason = reason_of(reason)?;
    let found = baskets::known(store, tenant, id).await;
    let (owner, basket) = match found {
        Err(NotDone::NotFound(_)) => return Err(not_written_here(store, actor, id).await?),
        found => found?,
    };
    if basket.provider != COLLECTOR {
        let why = format!("{} brought it, and nobody wrote it down; refund it there", basket.provider);
        return Err(NotDone::Conflict(why));
    }
    let settings = matter::settings(store, tenant).await?;
    if basket.is_undone() {
        return Ok((owner.customer, payment_of(&basket, &settings)?));
    }
    let what = json!({ "amount_minor": basket.received_minor, "currency": basket.currency });
    let entry = actor.entry(Operation::UndoPayment, now).of(basket.id.as_str()).about(&basket.customer);
    let acting = store.acting(entry.with(what).noting(reason));
    let basket = baskets::heard(acting.change_basket(&owner, &basket.id, BasketSays::Undone, &settings, now).await?)?;
    Ok((owner.customer, payment_of(&basket, &settings)?))
}

/// Why a payment is not undone that no basket is known of.
async fn not_written_here(store: &Store, actor: &Actor, id: &str) -> Done<NotDone> {
    let none = NotDone::NotFound("there is no such payment".to_owned());
    let Some(id) = PaymentId::parse(id) else { return Ok(none) };
    let known = store.known_payment(actor.tenant(), &id).await?;
    let of_books = || {
        NotDone::Conflict("the books have it, and nobody wrote it down here; take it back in the accounting system".to_owned())
    };
    Ok(known.map_or(none, |_| of_books()))
}

/// The basket of a payment as it is written down; everything that is wrong with it otherwise.
fn read(asked: &TakenAsked, id: PaymentId, facts: &Facts, settings: &Settings, now: Timestamp) -> Done<Basket> {
    let mut flaws = Vec::new();
    let today = now.to_zoned(tenant_zone(settings)).date();
    let first = today.checked_sub(DAYS_MAX.days()).unwrap_or(Date::MIN);
    if !(first..=today).contains(&asked.received_on) {
        flaws.push(("/received_on".to_owned(), format!("a day from {first} to {today}, which is today where the tenant is")));
    }
    let way = WAYS_TAKEN.into_iter().find(|way| way.as_str() == asked.way);
    if way.is_none() {
        let words = WAYS_TAKEN.iter().map(WayOfPaying::as_str).collect::<Vec<_>>().join(", ");
        flaws.push(("/way".to_owned(), format!("it is one of: {words}")));
    }
    let reference = matter::text("/reference", asked.reference.as_deref(), REFERENCE_MAX, &mut flaws);
    if reference.as_ref().is_some_and(|text| text.contains('@')) {
        let detail = "it has no address: name nobody, for it goes where payments are shown".to_owned();
        flaws.push(("/reference".to_owned(), detail));
    }
    if asked.allocations.len() > LINES_MAX {
        flaws.push(("/allocations".to_owned(), format!("at most {LINES_MAX} invoices of one payment")));
        return Err(NotDone::Fields(flaws));
    }
    let mut allocations = Vec::new();
    for (nth, part) in asked.allocations.iter().enumerate() {
        match invoice_of(facts, &part.invoice) {
            Some(invoice) => allocations.push(Allocation { invoice, amount_minor: part.amount_minor }),
            None => flaws.push((format!("/allocations/{nth}/invoice"), "the customer has no open invoice of this id".to_owned())),
        }
    }
    // Where one is missing the places of the others are not those of what was sent.
    if allocations.len() < asked.allocations.len() {
        return Err(NotDone::Fields(flaws));
    }
    let payment = TakenPayment {
        id,
        currency: asked.currency,
        amount_minor: asked.amount_minor,
        allocations,
        received_on: asked.received_on,
        way: way.unwrap_or(WayOfPaying::Other),
        reference,
    };
    match payment.take(facts, settings, now) {
        Ok(basket) if flaws.is_empty() => Ok(basket),
        Ok(_) => Err(NotDone::Fields(flaws)),
        Err(more) => {
            flaws.extend(more.into_iter().map(flaw));
            Err(NotDone::Fields(flaws))
        }
    }
}

/// An invoice of the customer by its id here, or the source's own.
fn invoice_of(facts: &Facts, wanted: &str) -> Option<InvoiceId> {
    let mut known = facts.invoices.iter().map(|fact| &fact.invoice);
    known.find(|known| known.id.as_str() == wanted || known.external_id == wanted).map(|known| known.id.clone())
}

/// Where a flaw is in what was sent.
fn flaw(flaw: BasketFlaw) -> (String, String) {
    let of_amount = match &flaw.what {
        BasketFlawKind::NotAboveZero(_) | BasketFlawKind::OverDue { .. } => true,
        BasketFlawKind::Empty
        | BasketFlawKind::TooMany(_)
        | BasketFlawKind::MoreThanCame { .. }
        | BasketFlawKind::Twice
        | BasketFlawKind::Unknown
        | BasketFlawKind::Closed
        | BasketFlawKind::NotIssued
        | BasketFlawKind::OtherCurrency(_)
        | BasketFlawKind::OtherLegalEntity
        | BasketFlawKind::BeingPaid
        | BasketFlawKind::AnnouncedBefore
        | BasketFlawKind::BegunOften => false,
    };
    let field = if of_amount { "amount_minor" } else { "invoice" };
    let pointer = match flaw.line {
        Some(nth) => format!("/allocations/{nth}/{field}"),
        None if of_amount => "/amount_minor".to_owned(),
        None => "/allocations".to_owned(),
    };
    (pointer, flaw.what.to_string())
}

/// The payment that came of a basket that a collector wrote down.
fn payment_of(basket: &Basket, settings: &Settings) -> Done<Payment> {
    let documents = basket.documents(settings);
    let payment = documents.iter().find_map(Document::as_payment);
    payment.cloned().ok_or_else(|| NotDone::NotFound("no money came of this basket".to_owned()))
}
