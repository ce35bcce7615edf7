//! Which form somebody wants, or sent.

use domain::{InvoiceId, PlanOfferId};

/// A form of the customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FormWanted {
    /// A promise to pay.
    Promise,
    /// A dispute of an invoice.
    Dispute(InvoiceId),
    /// A request, or a message.
    Write,
    /// To pay in parts.
    Plan,
    /// An offer to pay in parts.
    PlanOffer(PlanOfferId),
    /// That messages are for somebody else.
    NotForMe,
    /// How somebody is written to.
    Preferences,
    /// Whom is written to.
    Contacts,
    /// The other customers of the same person.
    Others,
    /// That a code is sent.
    Code,
    /// A code that was sent.
    EnterCode,
}

impl FormWanted {
    /// The form at what follows the link in an address; `None` where there is none.
    pub(crate) fn read(rest: &str) -> Option<Self> {
        match rest {
            "promise" => Some(Self::Promise),
            "write" => Some(Self::Write),
            "plan" => Some(Self::Plan),
            "not-for-me" => Some(Self::NotForMe),
            "preferences" => Some(Self::Preferences),
            "contacts" => Some(Self::Contacts),
            "others" => Some(Self::Others),
            "code" => Some(Self::Code),
            "code/enter" => Some(Self::EnterCode),
            rest => {
                if let Some(offer) = rest.strip_prefix("plan/") {
                    return PlanOfferId::parse(offer).map(Self::PlanOffer);
                }
                let invoice = rest.strip_prefix("invoices/")?.strip_suffix("/dispute")?;
                InvoiceId::parse(invoice).map(Self::Dispute)
            }
        }
    }
}
