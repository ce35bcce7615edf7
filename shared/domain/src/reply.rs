//! An answer once it is read: what it is, what it names, and what is suggested because of it. What is done about each class says [`crate::reply_rules`].

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    BalanceKey, FoundBy, InvoiceId, Money,
    proposal::{Proposal, ProposedScope},
    word::stored_words,
};

stored_words!(
    /// What somebody who answers wants or says.
    #[derive(Default)]
    ReplyClass {
        /// Does not want to be written to by this channel any more.
        OptOut = "opt_out",
        /// Says that it was paid.
        ClaimedPaid = "claimed_paid",
        /// Says that it will be paid.
        Promise = "promise",
        /// Objects to the invoice, its amount, or what was delivered.
        Dispute = "dispute",
        /// Wants an invoice again.
        CopyRequest = "copy_request",
        /// Wants the number of a purchase order on the invoice.
        PoMissing = "po_missing",
        /// Is not in charge.
        WrongPerson = "wrong_person",
        /// Is away.
        OutOfOffice = "out_of_office",
        /// Cannot pay, or not all at once.
        Hardship = "hardship",
        /// Says that the amount was cancelled, credited or forgiven.
        WriteOffClaimed = "write_off_claimed",
        /// Tells what a payment was for.
        Remittance = "remittance",
        /// Is discontented with how they were treated.
        Complaint = "complaint",
        /// Insults or threatens.
        Hostile = "hostile",
        /// Thanks or confirms, and no more.
        Thanks = "thanks",
        /// None of these.
        #[default]
        Other = "other",
    }
);

stored_words!(
    /// How sure the rules are of a class.
    #[derive(Default)]
    ReplyCertainty {
        /// It is said in so many words.
        Certain = "certain",
        /// It is said, in words that can mean something else.
        Likely = "likely",
        /// A word hints at it, or nothing does.
        #[default]
        Unclear = "unclear",
    }
);

impl ReplyCertainty {
    /// Whether something may be done by it without a person.
    pub fn is_enough(self) -> bool {
        match self {
            Self::Certain | Self::Likely => true,
            Self::Unclear | Self::Later(_) => false,
        }
    }
}

stored_words!(
    /// How an answer stands.
    ReplyStatus {
        /// Somebody is asked to look at it.
        Open = "open",
        /// Nothing is asked of anybody: it was acted on, or there is nothing to do.
        Done = "done",
        /// A person did what was suggested.
        Accepted = "accepted",
        /// A person did not.
        Dismissed = "dismissed",
    }
);

stored_words!(
    /// What kind of agreement is suggested.
    SuggestedKind {
        /// A promise to pay.
        Promise = "promise",
        /// A dispute.
        Dispute = "dispute",
        /// Money on its way.
        Money = "money",
    }
);

/// What a buyers' portal for accounts payable says of an invoice, in a mail that it signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyPortal {
    /// Which portal: `coupa`, `ariba` and others.
    pub name: String,
    /// How the invoice stands there: `ready_to_submit`, `pending_approval`, `approved`, `disputed` or `paid`.
    pub state: String,
    /// Whether that says something of payment, so that the answer's class is what it says.
    pub is_news: bool,
}

/// What the rules read out of an answer. Each of it is a hint: nothing of money follows from it without a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyRead {
    /// The strongest class.
    pub class: ReplyClass,
    /// How sure the rules are of it.
    pub certainty: ReplyCertainty,
    /// The classes that apply besides, the strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ReplyClass>,
    /// Whether its sender wants no more by this channel, surely enough to act at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stops: bool,
    /// Whether it is nothing but a word such as START, by a text message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_in: bool,
    /// The day by which payment is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_on: Option<Date>,
    /// The day on which it says that it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_on: Option<Date>,
    /// The first day on which somebody who is away is there again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_on: Option<Date>,
    /// Amounts whose currency is certain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amounts: Vec<Money>,
    /// Numbers of invoices as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invoice_numbers: Vec<String>,
    /// The number of a purchase order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_number: Option<String>,
    /// The address that it names instead of its sender's. Nobody is written to by it: a person may enter it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy: Option<String>,
    /// The rules that matched: language and line of the file of rules, such as `de:12`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// What a portal says, where it is a portal's mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<ReplyPortal>,
}

impl ReplyRead {
    /// Whether a class applies.
    pub fn has(&self, class: ReplyClass) -> bool {
        self.class == class || self.also.contains(&class)
    }
}

/// What is suggested because of an answer: an agreement that a person makes, changes or dismisses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplySuggestion {
    /// What kind of agreement.
    pub kind: SuggestedKind,
    /// The invoices that the answer names and that the customer has open; where there are none, it is about the balance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invoices: Vec<InvoiceId>,
    /// The balance of the answered case; everything that the customer owes where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<BalanceKey>,
    /// The one amount that the answer names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Of a promise the day promised, of money the day on which it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// Of a dispute: why, one of [`crate::DisputeReason::WORDS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a person says otherwise than was suggested; what is left out is as suggested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidOtherwise {
    /// The day.
    pub on: Option<Date>,
    /// Minor units.
    pub amount_minor: Option<i64>,
    /// How it is paid.
    pub way: Option<String>,
    /// Why it is contested.
    pub reason: Option<String>,
    /// Which invoices, by their ids.
    pub invoices: Vec<String>,
}

impl ReplySuggestion {
    /// What it speaks of, as a proposal says it.
    pub fn scope(invoices: &[InvoiceId], balance: Option<&BalanceKey>) -> ProposedScope {
        match (invoices, balance) {
            ([], None) => ProposedScope::Customer,
            ([], Some(balance)) if balance.legal_entity.is_empty() => ProposedScope::Case(balance.currency),
            ([], Some(balance)) => ProposedScope::Balance(balance.clone()),
            (some, _) => ProposedScope::Invoices(some.iter().map(|id| id.as_str().to_owned()).collect()),
        }
    }

    /// The proposal that it comes to, with what a person says otherwise.
    pub fn proposal(&self, said: &SaidOtherwise) -> Proposal {
        let on = said.on.or(self.on);
        let is_of = |kind: SuggestedKind| self.kind == kind;
        let scope = if said.invoices.is_empty() {
            Self::scope(&self.invoices, self.balance.as_ref())
        } else {
            ProposedScope::Invoices(said.invoices.clone())
        };
        Proposal {
            kind: self.kind.as_str().to_owned(),
            scope,
            amount_minor: said.amount_minor.or(self.amount.map(|amount| amount.minor())),
            pays_on: on.filter(|_| is_of(SuggestedKind::Promise)),
            sent_on: on.filter(|_| is_of(SuggestedKind::Money)),
            way: said.way.clone(),
            reason: said.reason.clone().or_else(|| self.reason.clone()),
            parts: None,
            until_on: None,
            ends_with: None,
            line: None,
            lines: Vec::new(),
        }
    }
}

/// What says whose an answer is, in a word.
pub fn found_by_word(by: FoundBy) -> &'static str {
    match by {
        FoundBy::ReplyAddress => "reply_address",
        FoundBy::Threading => "threading",
        FoundBy::MarkInBody => "mark_in_body",
        FoundBy::Sender => "sender",
        FoundBy::InvoiceNumber => "invoice_number",
        FoundBy::Nothing => "nothing",
    }
}
