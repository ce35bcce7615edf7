//! Which form somebody wants, or sent, and which call a program makes.

use domain::{AgreementId, InvoiceId};

/// A form of the customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FormWanted {
    /// A promise to pay.
    Promise,
    /// That something was paid.
    PaidAlready,
    /// A dispute of an invoice.
    Dispute(InvoiceId),
    /// A request, or a message.
    Write,
    /// The same for the customer's own system.
    Call(PortalCall),
}

/// A call of the customer's own system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortalCall {
    /// A promise to pay.
    Promise,
    /// A dispute of an invoice.
    Dispute,
    /// That something was paid.
    Remit,
    /// How one of these stands.
    Stands(AgreementId),
}

impl PortalCall {
    /// The method that it takes.
    pub(crate) fn takes(&self) -> &'static str {
        match self {
            Self::Promise | Self::Dispute | Self::Remit => "POST",
            Self::Stands(_) => "GET",
        }
    }
}

impl FormWanted {
    /// The form or call at what follows the link in an address; `None` where there is none.
    pub(crate) fn read(rest: &str) -> Option<Self> {
        match rest {
            "promise" => Some(Self::Promise),
            "paid-already" => Some(Self::PaidAlready),
            "write" => Some(Self::Write),
            "promises" => Some(Self::Call(PortalCall::Promise)),
            "disputes" => Some(Self::Call(PortalCall::Dispute)),
            "remittances" => Some(Self::Call(PortalCall::Remit)),
            rest => match rest.strip_prefix("agreements/") {
                Some(agreement) => AgreementId::parse(agreement).map(PortalCall::Stands).map(Self::Call),
                None => {
                    let invoice = rest.strip_prefix("invoices/")?.strip_suffix("/dispute")?;
                    InvoiceId::parse(invoice).map(Self::Dispute)
                }
            },
        }
    }

    /// Whether a program calls there, whatever it says of itself.
    pub(crate) fn is_call(&self) -> bool {
        matches!(self, Self::Call(_))
    }
}
