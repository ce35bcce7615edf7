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

impl Document {
    /// The version of the object that it describes, where it has one; of an invoice with a described customer the newer of both.
    pub fn version(&self) -> Option<SourceVersion> {
        match self {
            Self::Customer(customer) => customer.source_version,
            Self::Invoice { customer, invoice } => match customer {
                CustomerRef::Full(customer) => customer.source_version.max(Some(invoice.source_version)),
                CustomerRef::Named(_) | CustomerRef::Called { .. } | CustomerRef::OfInvoice(_) => Some(invoice.source_version),
            },
            Self::Payment { payment, .. } => Some(payment.source_version),
            Self::Reversal(reversal) => Some(reversal.source_version),
            Self::Withdrawn(withdrawn) => Some(withdrawn.source_version),
            Self::Heartbeat(_) => None,
        }
    }

    /// The payment that it describes, where it describes one.
    pub fn as_payment(&self) -> Option<&Payment> {
        match self {
            Self::Payment { payment, .. } => Some(payment),
            Self::Customer(_) | Self::Invoice { .. } | Self::Reversal(_) | Self::Withdrawn(_) | Self::Heartbeat(_) => None,
        }
    }

    /// What it describes, by the source's own id: `invoice INV-1`.
    pub fn name(&self) -> String {
        match self {
            Self::Customer(customer) => format!("customer {}", customer.external_id),
            Self::Invoice { invoice, .. } => format!("invoice {}", invoice.external_id),
            Self::Payment { payment, .. } => format!("{} {}", payment.kind.in_words(), payment.external_id),
            Self::Reversal(reversal) => format!("reversal {}", reversal.external_id),
            Self::Withdrawn(Withdrawn { object: ObjectId::Invoice(id), .. }) => format!("invoice {id}"),
            Self::Withdrawn(Withdrawn { object: ObjectId::Payment(id), .. }) => format!("payment {id}"),
            Self::Heartbeat(at) => format!("heartbeat of {at}"),
        }
    }
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
    /// The document only names it, by the source's own id.
    Called {
        /// Its id.
        id: CustomerId,
        /// The source's own id, by which it is called until it is described.
        external_id: String,
    },
    /// The document only names an invoice; whoever owes that invoice.
    OfInvoice(InvoiceId),
}

impl CustomerRef {
    /// The customer's id, where the document says it.
    pub fn id(&self) -> Option<&CustomerId> {
        match self {
            Self::Full(customer) => Some(&customer.id),
            Self::Named(id) | Self::Called { id, .. } => Some(id),
            Self::OfInvoice(_) => None,
        }
    }
}
