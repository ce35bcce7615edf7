//! Documents: the one form that every connector maps what it hears to. A document carries its object as it is now.

use jiff::Timestamp;

use crate::{Customer, CustomerId, Invoice, InvoiceId, Payment, PaymentId, Reversal, SourceVersion};

/// What a source said, mapped and valid by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A customer as it is now.
    Customer(Customer),
    /// An invoice as it is now, and its customer where the source sent one.
    Invoice {
        /// Who owes it.
        customer: CustomerRef,
        /// The invoice.
        invoice: Invoice,
    },
    /// A payment or credit note as it is now.
    Payment {
        /// Whose.
        customer: CustomerRef,
        /// The payment.
        payment: Payment,
    },
    /// A refund or chargeback that names only the payment that it takes from.
    Reversal(Reversal),
    /// An object that no longer stands as it was last described.
    Withdrawn(Withdrawn),
    /// The source says that its books were complete at this instant.
    Heartbeat(Timestamp),
}

/// An object of which the source can say no more than that it is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// Which.
    pub object: ObjectId,
    /// The version of this word; newer replaces older.
    pub source_version: SourceVersion,
    /// What became of it.
    pub why: Why,
}

/// An object by the kind that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectId {
    /// An invoice.
    Invoice(InvoiceId),
    /// A payment or credit note.
    Payment(PaymentId),
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The source deleted it: an invoice is void, a payment counts for nothing.
    Deleted,
    /// Its present state does not read: an invoice is not chased until it does; a payment stays as it was.
    Unreadable,
}

/// The customer of a document: described in full, or only named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerRef {
    /// The document describes the customer.
    Full(Box<Customer>),
    /// The document only names it.
    Named(CustomerId),
    /// The document only names an invoice; whoever owes that invoice.
    OfInvoice(InvoiceId),
}

impl CustomerRef {
    /// The customer's id, where the document says it.
    pub fn id(&self) -> Option<&CustomerId> {
        match self {
            Self::Full(customer) => Some(&customer.id),
            Self::Named(id) => Some(id),
            Self::OfInvoice(_) => None,
        }
    }
}
