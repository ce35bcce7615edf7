//! What somebody answered, as it came in: whose it is and what it says, before anything is decided by it.

use jiff::Timestamp;

use crate::{CaseId, Channel, CustomerId, FileId, LinkId, MessageId, ReplyId, ServiceMailId, TenantId, customer_file::FileFlaw};

/// Most characters of an answer's text that are kept.
pub const HEARD_CHARS_MAX: usize = 20_000;
/// Most characters of its subject.
pub const HEARD_SUBJECT_CHARS_MAX: usize = 300;

/// An answer as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardReply {
    /// By which channel.
    pub channel: Channel,
    /// What its provider calls it: SES's id of a mail that came in, `inboundMessageId` of a text message. The same again is the same answer.
    pub provider_id: String,
    /// When its provider took it in.
    pub received_at: Timestamp,
    /// Who sent it: a mailbox in lower case, or a number in E.164. Empty where a mail does not say.
    pub from: String,
    /// Where it was sent to: the address or number of ours.
    pub to: String,
    /// Its subject, of mails, at most [`HEARD_SUBJECT_CHARS_MAX`] characters.
    pub subject: Option<String>,
    /// What it says, quoted words and signature too, at most [`HEARD_CHARS_MAX`] characters. Empty of what is [`HeardReply::suspect`].
    pub text: String,
    /// The files that came along and are kept.
    pub files: Vec<HeardFile>,
    /// The files that came along and are not.
    pub unkept: Vec<UnkeptFile>,
    /// Whether all of it was read: nothing was damaged or beyond a limit. Of a mail that was not read at all the text is empty.
    pub is_whole: bool,
    /// What wrote it, where no person did.
    pub machine: Option<MachineWritten>,
    /// Why nobody is shown what it says.
    pub suspect: Option<Suspicion>,
    /// The domain whose DKIM signature of it holds, where that is the sender's own.
    pub dkim_domain: Option<String>,
    /// Where the whole of it lies in the bucket, of mails.
    pub original: Option<String>,
    /// Whose it is.
    pub about: HeardAbout,
}

impl HeardReply {
    /// Its id.
    pub fn id(&self) -> ReplyId {
        ReplyId::derive(&[self.about.tenant.as_str(), self.channel.as_str(), &self.provider_id])
    }
}

/// A file that came along with an answer, and is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardFile {
    /// Its id.
    pub id: FileId,
    /// Its key in the bucket.
    pub key: String,
    /// What it is called here.
    pub name: String,
    /// Its content type, by its content.
    pub content_type: String,
    /// How large it is.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// A file that came along with an answer, and is not kept. It is in the mail as it came, until the bucket forgets that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnkeptFile {
    /// What its sender called it, shortened, in one line.
    pub name: String,
    /// Why.
    pub because: UnkeptBecause,
}

/// Why a file is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnkeptBecause {
    /// By its content it is none that is taken.
    Flaw(FileFlaw),
    /// It is larger than files of customers may be.
    TooLarge,
    /// More came along than are kept of one answer.
    TooMany,
    /// It is not known which customer's it is.
    NobodysYet,
    /// The mail is suspect.
    Suspect,
}

impl UnkeptBecause {
    /// In words for a task: what follows "it".
    pub fn words(self) -> &'static str {
        match self {
            Self::Flaw(FileFlaw::Macros) => "holds macros or other parts that run by themselves",
            Self::Flaw(FileFlaw::Outside) => "draws on something outside of itself as it opens",
            Self::Flaw(FileFlaw::OldOffice) => "is a document of the Office before 2007, or locked by a password",
            Self::Flaw(FileFlaw::Unknown) => "is of no kind that is taken, or damaged",
            Self::TooLarge => "is too large",
            Self::TooMany => "came with too many others",
            Self::NobodysYet => "is of nobody who is known",
            Self::Suspect => "came with a mail that is suspect",
        }
    }
}

/// What wrote an answer, where no person did. Nothing of these is ever answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineWritten {
    /// A mail program for a person who is away, or a system that answers everybody.
    AutoReply,
    /// A mail server about a mail that it did not deliver.
    Bounce,
    /// A mail program about a mail that was opened. It is no evidence of anything.
    ReadReceipt,
    /// A sender whom no person reads: `noreply@`, `mailer-daemon@`.
    Robot,
}

/// Why nobody is shown what a mail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// A scan found something harmful in it.
    Virus,
    /// A scan holds it for unsolicited.
    Spam,
    /// It may not come from where it says: it names several senders, or nothing proves that it is from its sender's domain, and that asks (DMARC) that nobody
    /// takes such mails for its own.
    Forged,
}

/// Whose an answer is, as far as that is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardAbout {
    /// The tenant.
    pub tenant: TenantId,
    /// The customer; none where nothing says it beyond doubt.
    pub customer: Option<CustomerId>,
    /// The portal link of the address that the answered message was for.
    pub link: Option<LinkId>,
    /// The case.
    pub case: Option<CaseId>,
    /// The message that it answers.
    pub message: Option<MessageId>,
    /// The service mail that it answers, where it answers one.
    pub service_mail: Option<ServiceMailId>,
    /// What says so.
    pub by: FoundBy,
}

/// What says whose an answer is, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundBy {
    /// The address that it was sent to carries a mark of ours.
    ReplyAddress,
    /// It names a mail of ours as the one that it answers.
    Threading,
    /// A link of ours stands in the words that it quotes.
    MarkInBody,
    /// Its sender is known at one customer, which has one case that is not over.
    Sender,
    /// It names invoices of one customer, at which somebody of the sender's domain is known.
    InvoiceNumber,
    /// Nothing.
    Nothing,
}

impl FoundBy {
    /// Whether what says it was made here and cannot be made up.
    pub fn is_proven(self) -> bool {
        match self {
            Self::ReplyAddress | Self::Threading | Self::MarkInBody => true,
            Self::Sender | Self::InvoiceNumber | Self::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_answer_of_its_provider_is_one() {
        let tenant = TenantId::parse("acme").expect("a tenant");
        let about = HeardAbout {
            tenant,
            customer: None,
            link: None,
            case: None,
            message: None,
            service_mail: None,
            by: FoundBy::Nothing,
        };
        let one = HeardReply {
            channel: Channel::Email,
            provider_id: "d6iitobk75ur44p8kdnnp7g2n800".to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            from: "ap@acme.example".to_owned(),
            to: "acme@answers.dunlin.example".to_owned(),
            subject: None,
            text: "We pay on Friday.".to_owned(),
            files: vec![],
            unkept: vec![],
            is_whole: true,
            machine: None,
            suspect: None,
            dkim_domain: None,
            original: None,
            about,
        };
        let again = HeardReply { text: "another reading of the same mail".to_owned(), ..one.clone() };
        let other = HeardReply { provider_id: "another".to_owned(), ..one.clone() };
        let by_text = HeardReply { channel: Channel::Sms, ..one.clone() };
        assert_eq!(one.id(), again.id());
        assert!(one.id() != other.id() && one.id() != by_text.id());
    }
}
