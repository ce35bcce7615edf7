//! What a customer's balance has in its favour, as credit that is not applied to any invoice.
//!
//! Stripe takes a negative balance off the next invoice that it finalizes, not off those that are open. An invoice with a negative total asks
//! for nothing: what it comes to is added to the balance in the second in which it is finalized. Both are the same money, so they are one
//! credit note for each currency of a customer, and the newest word counts: of an invoice as of when it was finalized, whichever of its events
//! shows it.

use domain::{Currency, Document, Payment, PaymentKind, PaymentStatus};
use jiff::Timestamp;

use crate::{
    Parked,
    json::Flaws,
    stripe::{
        event::{Rank, StripeEvent, seconds},
        money, status,
    },
};

/// Stages of a balance: an invoice that is added to it comes before what the customer says of the same second.
const STAGE_INVOICE: u8 = 0;
const STAGE_CUSTOMER: u8 = 1;

/// What a `customer.*` event says of its balance. One that has nothing in its favour is only worth saying where that is new.
pub fn of_customer(notes: &mut Vec<Parked>, event: &StripeEvent<'_>, customer: &str) -> Vec<Document> {
    let mut flaws = Flaws::default();
    let object = &event.object;
    let by_currency = object.optional_object(&mut flaws, "invoice_credit_balance");
    let balances: Vec<(Currency, i64)> = match by_currency.filter(|balances| !balances.is_empty()) {
        Some(balances) => {
            let names: Vec<&str> = balances.names().collect();
            let each = names.into_iter().filter_map(|name| {
                let currency = money::currency(&name.into()).map_err(|detail| flaws.add(balances.pointer(name), detail)).ok()?;
                Some((currency, balances.required(&mut flaws, name, money::signed(currency))?))
            });
            each.collect()
        }
        None => {
            let currency = object.optional(&mut flaws, "currency", money::currency);
            let balance = currency.and_then(|currency| object.optional(&mut flaws, "balance", money::signed(currency)));
            currency.zip(balance).into_iter().collect()
        }
    };
    notes.extend(flaws.into_list().into_iter().map(|flaw| Parked { pointer: flaw.pointer, detail: flaw.detail }));
    let changed =
        event.previous.as_ref().is_some_and(|before| ["balance", "invoice_credit_balance"].iter().any(|name| before.has(name)));
    let worth = balances.into_iter().filter(|(_, balance)| changed || *balance < 0);
    worth.map(|(currency, balance)| credit(event, customer, currency, -balance, event.created, STAGE_CUSTOMER)).collect()
}

/// What a finalized invoice with a negative total adds to the balance. Not finalized, or undone, it adds nothing that the customer's own
/// event does not say.
pub fn of_invoice(flaws: &mut Flaws, event: &StripeEvent<'_>, customer: &str) -> Option<Document> {
    let object = &event.object;
    let currency = object.required(flaws, "currency", money::currency)?;
    let total = object.required(flaws, "total", money::signed(currency));
    let ending = object.optional(flaws, "ending_balance", money::signed(currency));
    let transitions = object.optional_object(flaws, "status_transitions");
    let finalized = transitions.and_then(|transitions| transitions.optional(flaws, "finalized_at", seconds));
    let status = object.required(flaws, "status", status::status)?;
    if !status.asks_for_something() {
        return None;
    }
    let at = finalized.unwrap_or(event.created);
    Some(credit(event, customer, currency, -ending.or(total)?, at, STAGE_INVOICE))
}

fn credit(event: &StripeEvent<'_>, customer: &str, currency: Currency, favour: i64, at: Timestamp, stage: u8) -> Document {
    let mut payment = Payment {
        legal_entity: None,
        id: event.balance_id(customer, currency),
        kind: PaymentKind::CreditNote,
        external_id: format!("{customer}:balance:{currency}"),
        source_version: event.base_version(),
        status: PaymentStatus::Received,
        amount_minor: favour.max(0),
        currency,
        received_on: event.date(at),
        allocations: Vec::new(),
        reference: None,
        taken_here: None,
    };
    payment.source_version = StripeEvent::version_at(at, Rank::stage(stage), &payment);
    Document::Payment { customer: event.called(customer), payment }
}
