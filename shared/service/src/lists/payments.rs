//! Payments and credit notes, by the day on which they were received. And one by its id.

use domain::{CustomerId, Payment, PaymentId, PaymentKind};
use store::{CustomerName, Line, List, PaymentLine};

use super::{ListReading, ListedPage, Listing, PageAsked, SortOrder, customer, days};
use crate::{Actor, Done, NotDone, Operation};

/// Which payments or credit notes, and in which order.
#[derive(Clone, Debug, Default)]
pub struct PaymentsAsked {
    /// `-received_on`, the latest first, or `received_on`.
    pub sort: Option<String>,
    /// Those that were received on this day or later.
    pub received_from: Option<String>,
    /// Those that were received on this day or before.
    pub received_until: Option<String>,
    /// Those of one customer.
    pub customer: Option<String>,
}

/// A payment or credit note in a list, and what its customer is called.
pub type PaymentRow = (PaymentLine, Option<CustomerName>);

fn operations(kind: PaymentKind) -> (Operation, Operation) {
    match kind {
        PaymentKind::CreditNote => (Operation::ListCreditNotes, Operation::ShowCreditNote),
        PaymentKind::Payment | PaymentKind::Later(_) => (Operation::ListPayments, Operation::ShowPayment),
    }
}

/// A page of payments, or of credit notes.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn list(
    reading: ListReading<'_>,
    actor: &Actor,
    kind: PaymentKind,
    asked: &PaymentsAsked,
    page: &PageAsked,
) -> Done<ListedPage<PaymentRow>> {
    let (operation, _) = operations(kind);
    let tenant = actor.may(operation)?;
    let listing = Listing::open(reading, tenant, operation.as_str(), asked, page).await?;
    let order = SortOrder::read(asked.sort.as_deref().or(Some("-received_on")), &[("received_on", ())])?;
    let range = days(("/received_from", asked.received_from.as_deref()), ("/received_until", asked.received_until.as_deref()))?;
    let list = List::Payments(customer(asked.customer.as_deref())?, kind, range);
    let found = listing.read(&list, order.backwards).await?;
    let of = |line: Line| if let Line::Payment(line) = line { Some(line) } else { None };
    let lines: Vec<PaymentLine> = found.lines.into_iter().filter_map(of).collect();
    let names = listing.names(lines.iter().map(|line| &line.customer)).await?;
    let named = |line: PaymentLine| {
        let name = names.get(&line.customer).cloned();
        (line, name)
    };
    listing.page(lines.into_iter().map(named).collect(), found.after).await
}

/// One payment or credit note, and whose it is.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(
    reading: ListReading<'_>,
    actor: &Actor,
    kind: PaymentKind,
    id: &str,
) -> Done<(CustomerId, Payment, Option<CustomerName>)> {
    let (_, operation) = operations(kind);
    let tenant = actor.may(operation)?;
    let none = || {
        NotDone::NotFound(
            "there is no such payment or credit note under this address; the list names those that there are".to_owned(),
        )
    };
    let id = PaymentId::parse(id).ok_or_else(none)?;
    let known = reading.store.known_payment(tenant, &id).await?.filter(|(_, payment)| operations(payment.kind).1 == operation);
    let (customer, payment) = known.ok_or_else(none)?;
    let name = reading.store.names(tenant, &[customer.clone()].into()).await?.remove(&customer);
    Ok((customer, payment, name))
}
