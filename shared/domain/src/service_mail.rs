//! Service mails: notices that somebody who came by a portal link asked for, or that confirm what they did there. They are no messages of a
//! decision: no cap, gap or window holds them back, and the contact log does not know them. What is asked before one leaves is here.
//!
//! ```text
//! queued ── claimed once ── calling ── sent ── delivered, bounced, complained, …   (by its provider)
//!    │                         ├─ failed
//!    └─ blocked                └─ unknown: nobody knows whether it left, and it is never sent again
//! ```

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Agreement, AgreementId, Basket, BasketStatus, DisputeStatus, LinkId, Mode, NoteId, PaymentId, PlanOfferId, PlanStatus,
    PromiseStatus, ReplyId, ServiceMailId, SuppressionReason, Terms, portal_code::CODE_MINUTES, word::stored_words,
};

/// How long a service mail, and what became of it, is kept: in days.
pub const SERVICE_MAIL_DAYS: i64 = 90;
/// How long a code is worth sending: it opens nothing afterwards.
pub const CODE_LIVES: SignedDuration = SignedDuration::from_mins(CODE_MINUTES);
/// How long any other service mail is worth sending, where its sender was held up.
const WORTH_SENDING: SignedDuration = SignedDuration::from_hours(24);

stored_words!(
    /// What a service mail is.
    ServiceMailKind {
        /// Six digits by which the page knows that its reader has the link's mailbox.
        Code = "code",
        /// A link that works, for whoever has one that does not any more.
        NewLink = "new_link",
        /// A payment that was made on the page came.
        Receipt = "receipt",
        /// A promise was made on the page.
        PromiseMade = "promise_made",
        /// An invoice was contested on the page.
        DisputeOpened = "dispute_opened",
        /// What was contested on the page was decided.
        DisputeDecided = "dispute_decided",
        /// How it was decided was taken back, and it is contested again.
        DecisionUndone = "decision_undone",
        /// It was agreed to pay in parts.
        PlanAgreed = "plan_agreed",
        /// A person of the tenant offers to be paid in parts.
        PlanOffered = "plan_offered",
        /// What was written on the page was answered there.
        Answered = "answered",
        /// The copies that an answer to a message asks for.
        CopySent = "copy_sent",
    }
);

/// What a service mail tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldOf {
    /// A request of a code.
    CodeRequest,
    /// Nothing but its link.
    Link,
    /// A basket.
    Basket,
    /// An agreement.
    Agreement,
    /// An offer to pay in parts.
    PlanOffer,
    /// A note.
    Note,
    /// An answer to a message.
    Reply,
    /// What only a later release knows.
    Unknown,
}

impl ServiceMailKind {
    /// What one of the kind tells of.
    pub fn told_of(self) -> ToldOf {
        match self {
            Self::Code => ToldOf::CodeRequest,
            Self::NewLink => ToldOf::Link,
            Self::Receipt => ToldOf::Basket,
            Self::PromiseMade | Self::DisputeOpened | Self::DisputeDecided | Self::DecisionUndone | Self::PlanAgreed => {
                ToldOf::Agreement
            }
            Self::PlanOffered => ToldOf::PlanOffer,
            Self::Answered => ToldOf::Note,
            Self::CopySent => ToldOf::Reply,
            Self::Later(_) => ToldOf::Unknown,
        }
    }

    /// How long one of the kind is worth sending.
    fn worth_sending(self) -> SignedDuration {
        match self {
            Self::Code => CODE_LIVES,
            Self::NewLink
            | Self::Receipt
            | Self::PromiseMade
            | Self::DisputeOpened
            | Self::DisputeDecided
            | Self::DecisionUndone
            | Self::PlanAgreed
            | Self::PlanOffered
            | Self::Answered
            | Self::CopySent
            | Self::Later(_) => WORTH_SENDING,
        }
    }

    /// Whether one of the kind may go to the address of a link that stands so. A new link is what an expired one is for; a code opens pages of a
    /// good one alone, and so does an offer, for which nobody asked; what confirms something is told though the link expired meanwhile. Nothing goes by
    /// a link that a person made void.
    fn may_go_by(self, link: MailedLink) -> bool {
        match (link, self) {
            (MailedLink::Revoked, _) | (MailedLink::Expired, Self::Code | Self::PlanOffered | Self::Later(_)) => false,
            (MailedLink::Good, _)
            | (
                MailedLink::Expired,
                Self::NewLink
                | Self::Receipt
                | Self::PromiseMade
                | Self::DisputeOpened
                | Self::DisputeDecided
                | Self::DecisionUndone
                | Self::PlanAgreed
                | Self::Answered
                | Self::CopySent,
            ) => true,
        }
    }

    /// Whether it answers what its reader did or asked for. What a person of the tenant thought of by themselves does not.
    fn is_asked_for(self) -> bool {
        match self {
            Self::Code
            | Self::NewLink
            | Self::Receipt
            | Self::PromiseMade
            | Self::DisputeOpened
            | Self::DisputeDecided
            | Self::DecisionUndone
            | Self::PlanAgreed
            | Self::Answered
            | Self::CopySent => true,
            Self::PlanOffered | Self::Later(_) => false,
        }
    }

    /// Whether what one of the kind says of an agreement is still so.
    pub fn is_true_of(self, agreement: &Agreement) -> bool {
        match (self, &agreement.terms) {
            (Self::PromiseMade, Terms::Promise(promise)) => promise.status == PromiseStatus::Open,
            (Self::DisputeOpened | Self::DecisionUndone, Terms::Dispute(dispute)) => dispute.status == DisputeStatus::Open,
            (Self::DisputeDecided, Terms::Dispute(dispute)) => match dispute.status {
                DisputeStatus::Upheld | DisputeStatus::PartlyUpheld | DisputeStatus::Rejected => true,
                DisputeStatus::Open | DisputeStatus::Withdrawn | DisputeStatus::Later(_) => false,
            },
            (Self::PlanAgreed, Terms::Plan(plan)) => plan.status == PlanStatus::Running,
            (
                Self::PromiseMade
                | Self::DisputeOpened
                | Self::DisputeDecided
                | Self::DecisionUndone
                | Self::PlanAgreed
                | Self::PlanOffered
                | Self::Code
                | Self::NewLink
                | Self::Receipt
                | Self::Answered
                | Self::CopySent
                | Self::Later(_),
                Terms::Promise(_) | Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_),
            ) => false,
        }
    }
}

/// Whether a receipt of a basket is right: money came and stayed, as far as is known.
pub fn is_received(basket: &Basket) -> bool {
    basket.status == BasketStatus::Paid && !basket.receipts.is_empty()
}

/// A service mail that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceMail {
    /// Its id, of what it is and what it tells of: the same is asked for once.
    pub id: ServiceMailId,
    /// What it is.
    pub kind: ServiceMailKind,
    /// The link to whose address it goes, and to no other.
    pub link: LinkId,
    /// The id of what it tells of; `None` where that is its link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

impl ServiceMail {
    /// One of a kind about something, to the address of a link. A new link is asked for once an hour. What was decided of a dispute is told
    /// each time that somebody decides, which is when the dispute has its status since, and that it was taken back each time that somebody does
    /// that; of a note each answer is told.
    pub fn of(kind: ServiceMailKind, link: &LinkId, about: Option<&str>, requested_at: Timestamp) -> Self {
        let moment = match kind {
            ServiceMailKind::NewLink => requested_at.strftime("%Y-%m-%dT%H").to_string(),
            ServiceMailKind::DisputeDecided | ServiceMailKind::DecisionUndone | ServiceMailKind::Answered => {
                requested_at.as_millisecond().to_string()
            }
            ServiceMailKind::Code
            | ServiceMailKind::Receipt
            | ServiceMailKind::PromiseMade
            | ServiceMailKind::DisputeOpened
            | ServiceMailKind::PlanAgreed
            | ServiceMailKind::CopySent
            | ServiceMailKind::PlanOffered
            | ServiceMailKind::Later(_) => String::new(),
        };
        let id = ServiceMailId::derive(&[kind.as_str(), link.as_str(), about.unwrap_or_default(), &moment]);
        Self { id, kind, link: link.clone(), about: about.map(str::to_owned), requested_at }
    }

    /// What it tells of, where that is an agreement.
    pub fn agreement(&self) -> Option<AgreementId> {
        self.about.as_deref().filter(|_| self.kind.told_of() == ToldOf::Agreement).and_then(AgreementId::parse)
    }

    /// What it tells of, where that is a basket.
    pub fn basket(&self) -> Option<PaymentId> {
        self.about.as_deref().filter(|_| self.kind.told_of() == ToldOf::Basket).and_then(PaymentId::parse)
    }

    /// What it tells of, where that is an offer to pay in parts.
    pub fn plan_offer(&self) -> Option<PlanOfferId> {
        self.about.as_deref().filter(|_| self.kind.told_of() == ToldOf::PlanOffer).and_then(PlanOfferId::parse)
    }

    /// Whether it names what one of its kind tells of, and nothing else.
    pub fn is_whole(&self) -> bool {
        let about = self.about.as_deref();
        match self.kind.told_of() {
            ToldOf::CodeRequest => about.is_some_and(|request| !request.is_empty()),
            ToldOf::Link => about.is_none(),
            ToldOf::Basket => self.basket().is_some(),
            ToldOf::Agreement => self.agreement().is_some(),
            ToldOf::PlanOffer => self.plan_offer().is_some(),
            ToldOf::Note => about.and_then(NoteId::parse).is_some(),
            ToldOf::Reply => about.and_then(ReplyId::parse).is_some(),
            ToldOf::Unknown => false,
        }
    }
}

/// How the link of a service mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailedLink {
    /// It opens its pages.
    Good,
    /// Its time is over.
    Expired,
    /// A person made it void, or nobody knows it any more.
    Revoked,
}

/// Whom a service mail comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailedFrom {
    /// A sender that the operator listed, or any where nothing was listed.
    Listed,
    /// The settings name a sender that the operator did not list.
    Unlisted,
    /// The settings name none.
    Nobody,
}

/// What is asked before a service mail leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceMailFacts {
    /// Whether the tenant's messages leave.
    pub mode: Mode,
    /// Whether its kill switch is on.
    pub paused: bool,
    /// Whether it is there to learn with.
    pub training: bool,
    /// How the link stands.
    pub link: MailedLink,
    /// Whether the link's address is the email address of one of the customer's people.
    pub reaches: bool,
    /// What stands against the address, or against the person.
    pub suppressed: Option<SuppressionReason>,
    /// What stands against the address beside that.
    pub beside: Option<SuppressionReason>,
    /// Whom it comes from.
    pub from: MailedFrom,
    /// How long ago it was asked for.
    pub waited: SignedDuration,
}

/// Why a service mail does not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceMailBlock {
    /// The tenant is off, or in a mode of a later release.
    Off,
    /// Shadow mode sends nothing.
    Shadow,
    /// The tenant is there to learn with.
    Training,
    /// The kill switch stops everything.
    Paused,
    /// It waited for longer than it is worth.
    TooLate,
    /// The link is void.
    LinkVoid,
    /// The address is no email address of anybody whom the customer has now.
    AddressGone,
    /// The address bounced for good.
    Bounced,
    /// The address complained.
    Complained,
    /// The address opted out, and nobody there asked for this.
    OptedOut,
    /// The person asked for all contact to cease.
    Ceased,
    /// What stands against the address only a later release knows.
    Stopped,
    /// The settings name no sender of emails.
    NoSender,
    /// The operator did not list the sender.
    UnlistedSender,
    /// What it tells of is over or gone.
    Over,
}

impl ServiceMailBlock {
    /// What people are told: a sentence without an address.
    pub fn why(self) -> &'static str {
        match self {
            Self::Off => "the tenant is off, and nothing of it is sent",
            Self::Shadow => "the tenant is in shadow mode, which sends nothing",
            Self::Training => "the tenant is for training, and nothing of it is sent",
            Self::Paused => "the kill switch is on, which stops everything",
            Self::TooLate => "it could not be sent while it was worth sending",
            Self::LinkVoid => "its link is void",
            Self::AddressGone => "the link's address is no email address of the customer's people any more",
            Self::Bounced => "the address bounced for good",
            Self::Complained => "the address complained",
            Self::OptedOut => "the address opted out of messages, and nobody there asked for this one",
            Self::Ceased => "the person asked for all contact to cease",
            Self::Stopped => "the address is suppressed by a later release",
            Self::NoSender => "the settings name no sender of emails; PATCH /v1/settings sets sender.email",
            Self::UnlistedSender => "the operator did not list the sender for the tenant; ask the operator for it",
            Self::Over => "what it tells of is over, or is there no more",
        }
    }
}

/// Why a service mail of a kind does not leave; `None` where it does.
///
/// An opt-out of messages does not stop one that answers what the person just did or asked for. What says that the address takes nothing, or that
/// its owner wants nothing, does.
pub fn why_not(kind: ServiceMailKind, facts: &ServiceMailFacts) -> Option<ServiceMailBlock> {
    match facts.mode {
        Mode::Live => {}
        Mode::Shadow => return Some(ServiceMailBlock::Shadow),
        Mode::Off | Mode::Later(_) => return Some(ServiceMailBlock::Off),
    }
    if facts.training {
        return Some(ServiceMailBlock::Training);
    }
    if facts.paused {
        return Some(ServiceMailBlock::Paused);
    }
    if facts.waited > kind.worth_sending() {
        return Some(ServiceMailBlock::TooLate);
    }
    if !kind.may_go_by(facts.link) {
        return Some(ServiceMailBlock::LinkVoid);
    }
    if !facts.reaches {
        return Some(ServiceMailBlock::AddressGone);
    }
    let stops = |reason: Option<SuppressionReason>| match reason {
        None => None,
        Some(SuppressionReason::OptOut) => (!kind.is_asked_for()).then_some(ServiceMailBlock::OptedOut),
        Some(SuppressionReason::Bounce) => Some(ServiceMailBlock::Bounced),
        Some(SuppressionReason::Complaint) => Some(ServiceMailBlock::Complained),
        Some(SuppressionReason::Cease) => Some(ServiceMailBlock::Ceased),
        Some(SuppressionReason::Later(_)) => Some(ServiceMailBlock::Stopped),
    };
    let of_sender = match facts.from {
        MailedFrom::Listed => None,
        MailedFrom::Unlisted => Some(ServiceMailBlock::UnlistedSender),
        MailedFrom::Nobody => Some(ServiceMailBlock::NoSender),
    };
    stops(facts.suppressed).or_else(|| stops(facts.beside)).or(of_sender)
}

#[cfg(test)]
mod tests;
