//! The trait that providers stand behind, and how a call to one can end.

use std::fmt;

use async_trait::async_trait;
use domain::{CustomerId, Mailbox, MessageId, ProviderProblem, ServiceMailId, TenantId, channel::tags};
use email_encoding::headers::{rfc2047, writer::EmailWriter};

use crate::Rendered;

/// A provider of one channel.
#[async_trait]
pub trait ChannelClient: Send + Sync {
    /// Hands one message over, once: it never tries again by itself.
    ///
    /// # Errors
    ///
    /// [`SendError`], told apart by what the caller may do next.
    async fn send(&self, outgoing: &Outgoing) -> Result<Accepted, SendError>;
}

/// One message on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Travels as a tag, so that the provider's later events find their way back.
    pub tenant: TenantId,
    /// Travels as a tag.
    pub customer: CustomerId,
    /// Travels as a tag.
    pub message: MessageId,
    /// The number of the decision that decided it; travels as a tag.
    pub number: u64,
    /// The service mail that it is, where it is one: this travels as a tag in place of message and number.
    pub service_mail: Option<ServiceMailId>,
    /// Email: the sender, with or without a display name. SMS: a number in E.164, an alphabetic sender id, or empty for the
    /// account's default.
    pub from: String,
    /// The one address that the message is for; nobody is ever in copy.
    pub to: String,
    /// Where replies go, every one of them; email only.
    pub reply_to: Vec<String>,
    /// What a mail's headers say besides; email only.
    pub thread: Thread,
    /// What it says.
    pub rendered: Rendered,
    /// What one-click unsubscribing calls; email only.
    pub opt_out_url: Option<String>,
    /// The files that go along; email only.
    pub attachments: Vec<Attachment>,
}

/// Where a mail stands among others, and who wrote it, as its headers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// What `References` names, oldest first, each with its angle brackets: mails of one case name the same first, so that clients show them
    /// together. Empty where answers do not come here.
    pub references: Vec<String>,
    /// Whether no person wrote it: automatic replies are asked to spare us.
    pub is_automatic: bool,
}

/// A file that goes along with a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called.
    pub name: String,
    /// Its content type.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The name by which the mail shows it (`cid:…`); a file of its own where there is none.
    pub shown_as: Option<String>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.content_type, self.bytes.len())
    }
}

impl Outgoing {
    /// The tags that it travels with.
    pub fn tags(&self) -> Vec<(&'static str, String)> {
        let whose =
            [(tags::TENANT, self.tenant.as_str().to_owned()), (tags::CUSTOMER, self.customer.as_str().to_owned())].into_iter();
        match &self.service_mail {
            Some(mail) => whose.chain([(tags::SERVICE_MAIL, mail.as_str().to_owned())]).collect(),
            None => {
                let message = (tags::MESSAGE, self.message.as_str().to_owned());
                whose.chain([message, (tags::NUMBER, self.number.to_string())]).collect()
            }
        }
    }

    /// Bytes of what it says.
    pub(crate) fn bytes(&self) -> usize {
        let Rendered { subject, text, html, .. } = &self.rendered;
        [subject.as_deref(), Some(text), html.as_deref()].into_iter().flatten().map(str::len).sum()
    }

    /// Bytes of its files.
    pub(crate) fn attached_bytes(&self) -> u64 {
        self.attachments.iter().map(|file| file.bytes.len() as u64).sum()
    }
}

/// The provider took the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's own id of it.
    pub provider_id: String,
}

/// How a call ended that was not accepted. The text never holds an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The provider proved that it did nothing: the same message may be tried again.
    #[error("not sent, to be tried again: {detail}")]
    Retry {
        /// Seconds that the provider asked for.
        after: Option<u64>,
        /// Why.
        detail: String,
    },
    /// The provider said no, and would say so again.
    #[error("refused: {detail}")]
    Refused {
        /// Whether the address itself is bad.
        suppress: bool,
        /// Why.
        detail: String,
    },
    /// The provider did nothing, and will do nothing for anybody before people mend how it is set up.
    #[error("not sent until its set-up is mended: {detail}")]
    SetUp {
        /// What is to be mended.
        problem: ProviderProblem,
        /// What the provider said.
        detail: String,
    },
    /// Nobody knows whether it was sent: never tried again by guess.
    #[error("may or may not have been sent: {detail}")]
    Unknown {
        /// Why.
        detail: String,
    },
}

/// A mailbox as a header has it: name and address, the name quoted or encoded so that it can hold anything.
pub fn mailbox(name: &str, address: &str) -> String {
    let name = crate::plain::plain(name);
    if name.is_empty() {
        return address.to_owned();
    }
    if name.is_ascii() {
        return format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut phrase = String::new();
    if rfc2047::encode(&name, &mut EmailWriter::new(&mut phrase, 0, 0, false)).is_err() {
        return address.to_owned();
    }
    // Encoded words are folded; a parameter of a call has one line.
    format!("{} <{address}>", phrase.replace("\r\n", ""))
}

/// A mailbox that a tenant set, as a header has it; `name` stands where the setting has none.
pub fn set_mailbox(setting: &str, name: &str) -> String {
    match Mailbox::parse(setting) {
        Ok(set) => mailbox(set.name.as_deref().unwrap_or(name), &set.address),
        // Settings refuse it: nothing was set, or the provider says what it thinks of it.
        Err(_) => setting.to_owned(),
    }
}

/// Whether `text` is a bare email address that a provider could take; not whether it exists.
///
/// By hand instead of `lettre::Address` or `email_address`: both are made for RFC 5322, where quoted local parts and hosts without a dot are
/// good. Providers refuse those. Headers are encoded by `email-encoding`.
pub(crate) fn is_mailbox(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let good_local = !local.is_empty() && local.len() <= 64 && !local.contains(['@', ',', ';', '<', '>', '(', ')', '"']);
    let good_host = host.contains('.') && !host.starts_with(['.', '-']) && !host.ends_with(['.', '-']) && !host.contains("..");
    let host_plain = host.chars().all(|character| character.is_alphanumeric() || character == '.' || character == '-');
    good_local && good_host && host_plain && text.len() <= 254 && !text.contains(char::is_whitespace) && is_one_line(text)
}

/// Whether `text` is a phone number in E.164.
pub(crate) fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    })
}

/// Whether `text` can stand in a header.
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.chars().any(|character| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}'))
}
