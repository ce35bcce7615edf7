//! Which form somebody wants, or sent, and which call a program makes.

use domain::{AgreementId, FileId, InvoiceId, NoteId, PaymentId, PlanOfferId};

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
    /// The files of a dispute or message, by its id; with a file that was sent, whether it is to be attached.
    Files(String, Option<FileId>),
    /// A file that went along with an answer to a message.
    AnswerFile(NoteId, FileId),
    /// How easy it was to settle a payment or a dispute, by its id.
    Rate(String),
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
    /// What forms take, for the customer's own system.
    Call(PortalCall),
}

/// Longest id that an address names.
const ID_MAX: usize = 60;

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
            rest if rest.starts_with("files/") => {
                let named = rest.strip_prefix("files/")?;
                let (about, file) = named.split_once('/').map_or((named, None), |(about, file)| (about, Some(file)));
                let is_plain = about.len() <= ID_MAX && about.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                match file {
                    _ if about.is_empty() || !is_plain => None,
                    None => Some(Self::Files(about.to_owned(), None)),
                    Some(file) => FileId::parse(file).map(|file| Self::Files(about.to_owned(), Some(file))),
                }
            }
            "plan" => Some(Self::Plan),
            rest if rest.starts_with("answers/") => {
                let (note, file) = rest.strip_prefix("answers/")?.split_once('/')?;
                NoteId::parse(note).zip(FileId::parse(file)).map(|(note, file)| Self::AnswerFile(note, file))
            }
            rest if rest.starts_with("rate/") => {
                let about = rest.strip_prefix("rate/")?;
                let is_id = AgreementId::parse(about).is_some() || PaymentId::parse(about).is_some();
                is_id.then(|| Self::Rate(about.to_owned()))
            }
            "not-for-me" => Some(Self::NotForMe),
            "preferences" => Some(Self::Preferences),
            "contacts" => Some(Self::Contacts),
            "others" => Some(Self::Others),
            "code" => Some(Self::Code),
            "code/enter" => Some(Self::EnterCode),
            "promises" => Some(Self::Call(PortalCall::Promise)),
            "disputes" => Some(Self::Call(PortalCall::Dispute)),
            "remittances" => Some(Self::Call(PortalCall::Remit)),
            rest => {
                if let Some(agreement) = rest.strip_prefix("agreements/") {
                    return AgreementId::parse(agreement).map(PortalCall::Stands).map(Self::Call);
                }
                if let Some(offer) = rest.strip_prefix("plan/") {
                    return PlanOfferId::parse(offer).map(Self::PlanOffer);
                }
                let invoice = rest.strip_prefix("invoices/")?.strip_suffix("/dispute")?;
                InvoiceId::parse(invoice).map(Self::Dispute)
            }
        }
    }

    /// Whether a program calls there, whatever it says of itself.
    pub(crate) fn is_call(&self) -> bool {
        matches!(self, Self::Call(_))
    }
}
