//! What an answer can be, and how sure the rules are of it.

/// What somebody who answers wants or says. The order of the variants is their precedence: of two classes that are equally certain, the
/// one that stands first here comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerClass {
    /// Does not want to be written to by this way any more.
    OptOut,
    /// A machine or a note says that the person is away.
    OutOfOffice,
    /// Is not whom the text was meant for, or not in charge any more.
    WrongPerson,
    /// Cannot pay, or not all at once.
    Hardship,
    /// Says that the amount was cancelled, credited or forgiven.
    WriteOffClaimed,
    /// Wants a purchase order's number on the invoice.
    PoMissing,
    /// Objects to the invoice, its amount, or what was delivered.
    Dispute,
    /// Tells what a payment was for.
    Remittance,
    /// Says that it was paid.
    ClaimedPaid,
    /// Says that it will be paid.
    Promise,
    /// Wants an invoice or a statement again.
    CopyRequest,
    /// Insults or threatens.
    Hostile,
    /// Is discontented with how they were treated.
    Complaint,
    /// Thanks or confirms, and no more.
    Thanks,
    /// None of these.
    Other,
}

impl AnswerClass {
    /// Every class, in order of precedence.
    pub const ALL: [Self; 15] = [
        Self::OptOut,
        Self::OutOfOffice,
        Self::WrongPerson,
        Self::Hardship,
        Self::WriteOffClaimed,
        Self::PoMissing,
        Self::Dispute,
        Self::Remittance,
        Self::ClaimedPaid,
        Self::Promise,
        Self::CopyRequest,
        Self::Hostile,
        Self::Complaint,
        Self::Thanks,
        Self::Other,
    ];

    /// The text form, such as `claimed_paid`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::OutOfOffice => "out_of_office",
            Self::WrongPerson => "wrong_person",
            Self::Hardship => "hardship",
            Self::WriteOffClaimed => "write_off_claimed",
            Self::PoMissing => "po_missing",
            Self::Dispute => "dispute",
            Self::Remittance => "remittance",
            Self::ClaimedPaid => "claimed_paid",
            Self::Promise => "promise",
            Self::CopyRequest => "copy_request",
            Self::Hostile => "hostile",
            Self::Complaint => "complaint",
            Self::Thanks => "thanks",
            Self::Other => "other",
        }
    }

    /// The class of a text form; `None` where there is none.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// Whether an answer of this class settles or questions the very item: a wish for no more reminders is about that item then.
    pub(crate) const fn is_about_an_item(self) -> bool {
        match self {
            Self::WriteOffClaimed
            | Self::PoMissing
            | Self::Dispute
            | Self::Remittance
            | Self::ClaimedPaid
            | Self::Promise
            | Self::CopyRequest => true,
            Self::OptOut
            | Self::OutOfOffice
            | Self::WrongPerson
            | Self::Hardship
            | Self::Hostile
            | Self::Complaint
            | Self::Thanks
            | Self::Other => false,
        }
    }
}

/// How sure the rules are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// A word hints at it.
    Unclear,
    /// It is said, in words that can mean something else.
    Likely,
    /// It is said in so many words.
    Certain,
}

impl Certainty {
    /// The text form: `certain`, `likely` or `unclear`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unclear => "unclear",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }

    /// The certainty of a text form; `None` where there is none.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Unclear, Self::Likely, Self::Certain].into_iter().find(|one| one.as_str() == text)
    }
}

/// A language whose rules there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tongue {
    /// English.
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Italian.
    It,
    /// Dutch.
    Nl,
    /// Portuguese.
    Pt,
    /// Japanese.
    Ja,
}

impl Tongue {
    /// Every language whose rules there are.
    pub const ALL: [Self; 8] = [Self::En, Self::De, Self::Fr, Self::Es, Self::It, Self::Nl, Self::Pt, Self::Ja];

    /// The language's tag, such as `de`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::It => "it",
            Self::Nl => "nl",
            Self::Pt => "pt",
            Self::Ja => "ja",
        }
    }
}
