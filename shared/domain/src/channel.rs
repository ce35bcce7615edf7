//! The channels, and what is so of each: the one place that a new channel is told in. All else asks here.

use crate::word::{Word, stored_words};

stored_words!(
    /// A way to reach a person.
    Channel {
        /// Email.
        Email = "email",
        /// Text message.
        Sms = "sms",
        /// Phone call.
        Voice = "voice",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// Printed letter.
        Letter = "letter",
    }
);

/// What a channel needs to know of a person to reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// An email address.
    Email,
    /// A phone number in E.164.
    Phone,
    /// A postal address. Contacts have none yet.
    Postal,
}

/// What a channel's sender may be in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderForm {
    /// `local@domain` or `Name <local@domain>`.
    Mailbox,
    /// A number in E.164, or a sender id of 1 to 11 letters, digits and hyphens.
    NumberOrName,
    /// A number in E.164.
    Number,
    /// A line of text.
    Line,
}

impl SenderForm {
    /// What the settings should name.
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::Mailbox => "an address of a domain that SES has verified",
            Self::NumberOrName => "a number such as '+14155550100', or a sender id, that the account owns",
            Self::Number => "a number such as '+14155550100' that the account owns",
            Self::Line => "who writes, on one line",
        }
    }
}

/// Whose messages carriers and platforms of a channel take, of those who collect debts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collecting {
    /// Everybody's.
    Anybody,
    /// At numbers in the United States nobody's but a creditor's in its own name; elsewhere everybody's.
    OwnNameInUnitedStates,
    /// Nobody's who collects for others. It names the platform.
    NotForOthers(&'static str),
}

/// What is so of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelFacts {
    /// What reaches a person there; `None` where this release does not know.
    pub identifier: Option<Identifier>,
    /// Whether a person must have agreed to it before they are written to.
    pub needs_consent: bool,
    /// Whether its messages have a subject, and so are laid out as mails are.
    pub has_subject: bool,
    /// Whether further people may get a message of their own when a step asks for copies.
    pub carries_copies: bool,
    /// Whether word of the arrival of each message comes here, so that its absence says something.
    pub gives_receipts: bool,
    /// Most segments that a message may take, where carriers cut messages into segments and charge for each.
    pub segments_max: Option<usize>,
    /// Whether each message is paid for, and some numbers cost more than others.
    pub paid_by_number: bool,
    /// Whose messages about debts are taken there: the guard's rule `collector-channels`.
    pub collecting: Collecting,
    /// What its sender may be.
    pub sender_form: SenderForm,
    /// Whether nothing can be sent before the settings name a sender. A provider's own default belongs to the whole deployment, and no
    /// operator listed it for the tenant.
    pub needs_sender: bool,
    /// Whether this release has a function that sends by it. `channels::registry` has its provider, which a test of that crate shows.
    pub has_sender: bool,
}

impl Channel {
    /// Every channel of this release.
    pub const ALL: [Self; 5] = [Self::Email, Self::Sms, Self::Voice, Self::Whatsapp, Self::Letter];

    /// What is so of it. A channel of a later release can do nothing here and needs everything.
    pub const fn facts(self) -> ChannelFacts {
        match self {
            Self::Email => ChannelFacts {
                identifier: Some(Identifier::Email),
                needs_consent: false,
                has_subject: true,
                carries_copies: true,
                gives_receipts: true,
                segments_max: None,
                paid_by_number: false,
                collecting: Collecting::Anybody,
                sender_form: SenderForm::Mailbox,
                needs_sender: true,
                has_sender: true,
            },
            Self::Sms => ChannelFacts {
                identifier: Some(Identifier::Phone),
                needs_consent: true,
                has_subject: false,
                carries_copies: true,
                gives_receipts: false,
                segments_max: Some(6),
                paid_by_number: true,
                collecting: Collecting::OwnNameInUnitedStates,
                sender_form: SenderForm::NumberOrName,
                needs_sender: true,
                has_sender: true,
            },
            Self::Voice => ChannelFacts {
                identifier: Some(Identifier::Phone),
                needs_consent: true,
                has_subject: false,
                carries_copies: false,
                gives_receipts: false,
                segments_max: None,
                paid_by_number: true,
                collecting: Collecting::Anybody,
                sender_form: SenderForm::Number,
                needs_sender: true,
                has_sender: false,
            },
            Self::Whatsapp => ChannelFacts {
                identifier: Some(Identifier::Phone),
                needs_consent: true,
                has_subject: false,
                carries_copies: true,
                gives_receipts: false,
                segments_max: None,
                paid_by_number: false,
                collecting: Collecting::NotForOthers("WhatsApp"),
                sender_form: SenderForm::Number,
                needs_sender: true,
                has_sender: false,
            },
            Self::Letter => ChannelFacts {
                identifier: Some(Identifier::Postal),
                needs_consent: false,
                has_subject: false,
                carries_copies: true,
                gives_receipts: false,
                segments_max: None,
                paid_by_number: false,
                collecting: Collecting::Anybody,
                sender_form: SenderForm::Line,
                needs_sender: false,
                has_sender: false,
            },
            Self::Later(_) => ChannelFacts {
                identifier: None,
                needs_consent: true,
                has_subject: false,
                carries_copies: false,
                gives_receipts: false,
                segments_max: None,
                paid_by_number: false,
                collecting: Collecting::Anybody,
                sender_form: SenderForm::Line,
                needs_sender: true,
                has_sender: false,
            },
        }
    }

    /// What reaches a person there; `None` where this release does not know.
    pub const fn identifier(self) -> Option<Identifier> {
        self.facts().identifier
    }

    /// Whether a person must have agreed to it before they are written to.
    pub const fn needs_consent(self) -> bool {
        self.facts().needs_consent
    }

    /// Whether its messages have a subject.
    pub const fn has_subject(self) -> bool {
        self.facts().has_subject
    }

    /// Whether contacts have an address of it: an email address or a phone number.
    pub const fn is_addressed(self) -> bool {
        match self.identifier() {
            Some(Identifier::Email | Identifier::Phone) => true,
            Some(Identifier::Postal) | None => false,
        }
    }

    /// The words of the channels of this release of which something holds, in the order of [`Channel::ALL`].
    pub fn words_of(holds: impl Fn(Self) -> bool) -> Vec<&'static str> {
        Self::WORDS.iter().copied().filter(|word| Self::of_this_release(word).is_some_and(&holds)).collect()
    }

    /// The same words as a sentence says them: `email, sms or voice`.
    pub fn named(holds: impl Fn(Self) -> bool) -> String {
        match Self::words_of(holds).as_slice() {
            [] => "none of this release".to_owned(),
            [only] => (*only).to_owned(),
            [before @ .., last] => format!("{} or {last}", before.join(", ")),
        }
    }

    /// The channels that this release has a sender for.
    pub fn with_sender() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|channel| channel.facts().has_sender)
    }
}

/// The tags that a message travels with, by which its provider's later events find their way back: `feedback` reads them.
pub mod tags {
    /// The tenant.
    pub const TENANT: &str = "dunlin_tenant";
    /// The customer.
    pub const CUSTOMER: &str = "dunlin_customer";
    /// The message.
    pub const MESSAGE: &str = "dunlin_message";
    /// The number of the decision that the message comes from. Without it the message is looked for among the last records.
    pub const NUMBER: &str = "dunlin_number";
    /// The digest of the address, where receipts do not say whom they are about.
    pub const ADDRESS: &str = "dunlin_address";
    /// The service mail, in the place of message and number.
    pub const SERVICE_MAIL: &str = "dunlin_service_mail";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::LaterWord;

    #[test]
    fn all_of_them_are_listed() {
        let listed: Vec<&str> = Channel::ALL.iter().map(Channel::as_str).collect();
        assert_eq!(listed, Channel::WORDS);
    }

    #[test]
    fn what_is_so_of_each() {
        let told = |holds: fn(ChannelFacts) -> bool| -> Vec<&str> {
            Channel::ALL.iter().filter(|channel| holds(channel.facts())).map(Channel::as_str).collect()
        };
        type Case = (&'static str, fn(ChannelFacts) -> bool, &'static str);
        let cases: [Case; 12] = [
            ("reached by email", |facts| facts.identifier == Some(Identifier::Email), "email"),
            ("reached by phone", |facts| facts.identifier == Some(Identifier::Phone), "sms voice whatsapp"),
            ("reached by post", |facts| facts.identifier == Some(Identifier::Postal), "letter"),
            ("needs consent", |facts| facts.needs_consent, "sms voice whatsapp"),
            ("has a subject", |facts| facts.has_subject, "email"),
            ("carries copies", |facts| facts.carries_copies, "email sms whatsapp letter"),
            ("is cut into segments", |facts| facts.segments_max.is_some(), "sms"),
            ("is paid for by number", |facts| facts.paid_by_number, "sms voice"),
            (
                "is closed to some collectors in the United States",
                |facts| facts.collecting == Collecting::OwnNameInUnitedStates,
                "sms",
            ),
            ("is closed to who collects for others", |facts| matches!(facts.collecting, Collecting::NotForOthers(_)), "whatsapp"),
            ("needs a sender in the settings", |facts| facts.needs_sender, "email sms voice whatsapp"),
            ("is sent by this release", |facts| facts.has_sender, "email sms"),
        ];
        for (what, holds, expected) in cases {
            assert_eq!(told(holds).join(" "), expected, "{what}");
        }
        assert_eq!(Channel::with_sender().collect::<Vec<_>>(), [Channel::Email, Channel::Sms]);
    }

    #[test]
    fn a_sentence_names_those_of_which_something_holds() {
        assert_eq!(Channel::named(Channel::is_addressed), "email, sms, voice or whatsapp");
        assert_eq!(Channel::named(Channel::needs_consent), "sms, voice or whatsapp");
        assert_eq!(Channel::named(Channel::has_subject), "email");
        assert_eq!(Channel::named(|_| false), "none of this release");
    }

    #[test]
    fn one_of_a_later_release_is_the_most_careful_case() {
        let later = Channel::Later(LaterWord::parse("pigeon").expect("a word"));
        let facts = later.facts();
        assert!(facts.needs_consent && facts.needs_sender && facts.identifier.is_none());
        assert!(!(facts.has_sender || facts.carries_copies || facts.has_subject));
    }
}
