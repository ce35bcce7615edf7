//! Documents: the one form that every connector maps what it hears to. A document carries its object as it is now.

use jiff::Timestamp;

use crate::{Customer, CustomerId, Invoice, InvoiceId, Payment, Reversal};

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
    /// The source says that its books were complete at this instant.
    Heartbeat(Timestamp),
}

/// The customer of a document: described in full, only named, or only known as the one who owes an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerRef {
    /// The document describes the customer.
    Full(Box<Customer>),
    /// The document only names it.
    Named(CustomerId),
    /// The document names only an invoice: whoever owes that one.
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
