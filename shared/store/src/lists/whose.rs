//! From an id to its customer, and from a person to the customers at which they are a contact.
//!
//! An invoice has its reference, which is written with it, and so has a message that a person wrote. A case and every message have a row that
//! says whose they are, which `read-model` writes from the head some moments after the decision. A person is found by the digest of who it is.

use std::collections::BTreeSet;

use domain::{CaseId, CustomerId, InvoiceId, MessageId, TenantId};

use super::{Line, PersonId, PersonLine};
use crate::{
    Result, Store,
    table::{
        attributes::{document::DOC, every::SK},
        db::{Range, json, last_of, text},
        keys,
    },
};

/// Most customers at which one person is looked for.
const CUSTOMERS_MAX: usize = 1_000;
/// Rows of a person that are read at once.
const ROWS_AT_ONCE: usize = 1_000;

/// An id whose customer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdOf {
    /// An invoice.
    Invoice(InvoiceId),
    /// A case.
    Case(CaseId),
    /// A message.
    Message(MessageId),
}

/// Whose something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundId {
    /// The customer.
    pub customer: CustomerId,
    /// Of a message: the decision's number, where its row is there.
    pub number: Option<u64>,
}

impl Store {
    /// Whose something is; `None` where no such thing is known.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn find_id(&self, tenant: &TenantId, id: &IdOf) -> Result<Option<FoundId>> {
        let whose = |customer| FoundId { customer, number: None };
        Ok(match id {
            IdOf::Invoice(invoice) => self.whose(tenant, invoice.as_str()).await?.map(whose),
            IdOf::Case(case) => self.whose_case(tenant, case).await?.map(whose),
            IdOf::Message(message) => {
                let line = self.message_line(tenant, message).await?;
                match line {
                    Some(line) => Some(FoundId { customer: line.customer, number: Some(line.number) }),
                    None => self.whose(tenant, message.as_str()).await?.map(whose),
                }
            }
        })
    }

    /// The customers at which somebody is a contact, or named by an invoice, by [`domain::Contact::person`]'s digest.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn places_of(&self, tenant: &TenantId, person: &PersonId) -> Result<Vec<PersonLine>> {
        self.places_in(&keys::person_at(tenant, person.digest())).await
    }

    /// The customers at which somebody has a number, by the digest that the number has as who somebody is.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn places_of_number(&self, tenant: &TenantId, number: &PersonId) -> Result<Vec<PersonLine>> {
        let mut places = self.places_of(tenant, number).await?;
        places.extend(self.places_in(&keys::number_at(tenant, number.digest())).await?);
        Ok(places)
    }

    async fn places_in(&self, pk: &str) -> Result<Vec<PersonLine>> {
        const OP: &str = "find the customers of a person of";
        let (mut from, last) = (keys::ROW.to_owned(), last_of(keys::ROW));
        let mut customers = BTreeSet::new();
        let mut places = Vec::new();
        loop {
            let rows = self.range(OP, Range::new(pk, &from, &last, ROWS_AT_ONCE)).await?;
            for row in &rows {
                // A contact of which something was entered has two rows, and one whom invoices name a row for each.
                if let Line::Person(line) = json(row, DOC)?
                    && !places.contains(&line)
                {
                    customers.insert(line.customer.clone());
                    places.push(line);
                }
            }
            let place = rows.last().and_then(|row| keys::place_of(text(row, SK)?));
            match place {
                // However many invoices of one customer name somebody, the next customer is found.
                Some(place) if rows.len() == ROWS_AT_ONCE && customers.len() < CUSTOMERS_MAX => from = keys::behind_place(place),
                Some(_) | None => return Ok(places),
            }
        }
    }
}
