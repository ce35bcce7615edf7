//! What follows from each thing that becomes of a message: one table, asked by the senders of a provider's answer and by `feedback` of what the
//! provider says later.

use crate::{DeliveryEvent, SuppressionReason};

/// What became of a message, whoever says it: the guard, a provider's answer to the call, or its word afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryWord {
    /// The provider took it.
    Accepted,
    /// It arrived.
    Delivered,
    /// It did not arrive for now, or nobody can tell: an automatic reply looks the same.
    Delayed,
    /// It came back, and the address is good: a full mailbox, a mail that is too large.
    Returned,
    /// It came back, and the address takes nothing: a hard bounce.
    Bounced,
    /// The provider says of the address, before it calls, that there is none: an invalid number, a malformed address.
    InvalidAddress,
    /// The provider or a carrier refused it for what it is or from whom it comes.
    Refused,
    /// The provider could not make it from its parts.
    NotMade,
    /// A rule of the guard forbids it when it is to be sent: no consent, a suppression.
    Forbidden,
    /// The provider does not send it, because the address complained before.
    ComplainedBefore,
    /// Its reader complained: they had it.
    Complained,
    /// The provider did nothing, and may later.
    Busy,
    /// A machine answered a call.
    MachineAnswered,
    /// The post brought a letter back: nobody lives there by that name.
    LetterReturned,
    /// Nobody knows whether it left.
    InDoubt,
}

/// What follows from a [`DeliveryWord`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRule {
    /// What is noted of a message that had left, where something is.
    pub event: Option<DeliveryEvent>,
    /// Why its address must not be used again, if so.
    pub suppress: Option<SuppressionReason>,
    /// Whether it proves that nobody got the message, so that its step tries the next way.
    pub falls_back: bool,
    /// Whether the same message is tried again.
    pub retries: bool,
    /// Whether a person is asked, once nothing else is heard.
    pub asks_person: bool,
}

impl DeliveryWord {
    /// Every word.
    pub const ALL: [Self; 15] = [
        Self::Accepted,
        Self::Delivered,
        Self::Delayed,
        Self::Returned,
        Self::Bounced,
        Self::InvalidAddress,
        Self::Refused,
        Self::NotMade,
        Self::Forbidden,
        Self::ComplainedBefore,
        Self::Complained,
        Self::Busy,
        Self::MachineAnswered,
        Self::LetterReturned,
        Self::InDoubt,
    ];

    /// What follows from it. No function of this release calls or posts: the words of machines and of the post stand for those that will.
    pub const fn rule(self) -> DeliveryRule {
        use DeliveryEvent as Event;
        use SuppressionReason::{Bounce, Complaint};
        match self {
            Self::Accepted => NOTHING.noted(Event::Sent),
            Self::Delivered => NOTHING.noted(Event::Delivered),
            Self::Delayed => NOTHING.noted(Event::BouncedForNow),
            Self::Complained => NOTHING.noted(Event::Complained).suppressing(Complaint),
            Self::Returned | Self::MachineAnswered => NOTHING.noted(Event::Bounced).falling_back(),
            Self::Bounced | Self::LetterReturned => NOTHING.noted(Event::Bounced).suppressing(Bounce).falling_back(),
            Self::ComplainedBefore => NOTHING.noted(Event::Bounced).suppressing(Complaint).falling_back(),
            Self::InvalidAddress => NOTHING.suppressing(Bounce).falling_back(),
            Self::Refused => NOTHING.noted(Event::Rejected).falling_back(),
            Self::NotMade => NOTHING.noted(Event::RenderingFailed).falling_back(),
            Self::Forbidden => NOTHING.falling_back(),
            Self::Busy => DeliveryRule { retries: true, ..NOTHING },
            Self::InDoubt => DeliveryRule { asks_person: true, ..NOTHING },
        }
    }
}

/// What follows from a word of which nothing follows.
const NOTHING: DeliveryRule = DeliveryRule { event: None, suppress: None, falls_back: false, retries: false, asks_person: false };

impl DeliveryRule {
    const fn noted(self, event: DeliveryEvent) -> Self {
        Self { event: Some(event), ..self }
    }

    const fn suppressing(self, reason: SuppressionReason) -> Self {
        Self { suppress: Some(reason), ..self }
    }

    const fn falling_back(self) -> Self {
        Self { falls_back: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_word_comes_to_one_thing() {
        let all: BTreeSet<DeliveryWord> = DeliveryWord::ALL.into_iter().collect();
        assert_eq!(all.len(), DeliveryWord::ALL.len(), "each is named once");
        for word in DeliveryWord::ALL {
            let rule = word.rule();
            let ways = [rule.falls_back, rule.retries, rule.asks_person];
            assert!(ways.iter().filter(|way| **way).count() <= 1, "{word:?}");
            // The step is opened again by the event alone, wherever one is noted.
            if let Some(event) = rule.event {
                assert_eq!(event.proves_loss(), rule.falls_back, "{word:?}");
                assert!(event.unsent().is_none(), "{word:?} is no word of a person");
            }
            assert!(rule.suppress.is_none() || !rule.retries, "{word:?}: what is tried again goes to an address that works");
            assert!(rule.suppress.is_none_or(|reason| !reason.is_of_the_person()), "{word:?} stops one address, not a person");
        }
    }

    #[test]
    fn the_table_says() {
        for (word, event, suppress, falls_back) in [
            (DeliveryWord::Bounced, Some(DeliveryEvent::Bounced), Some(SuppressionReason::Bounce), true),
            (DeliveryWord::Returned, Some(DeliveryEvent::Bounced), None, true),
            (DeliveryWord::Refused, Some(DeliveryEvent::Rejected), None, true),
            (DeliveryWord::InvalidAddress, None, Some(SuppressionReason::Bounce), true),
            (DeliveryWord::Forbidden, None, None, true),
            (DeliveryWord::ComplainedBefore, Some(DeliveryEvent::Bounced), Some(SuppressionReason::Complaint), true),
            // Whoever complained read it: they are not written to again for the same step.
            (DeliveryWord::Complained, Some(DeliveryEvent::Complained), Some(SuppressionReason::Complaint), false),
            (DeliveryWord::MachineAnswered, Some(DeliveryEvent::Bounced), None, true),
            (DeliveryWord::LetterReturned, Some(DeliveryEvent::Bounced), Some(SuppressionReason::Bounce), true),
            (DeliveryWord::Delayed, Some(DeliveryEvent::BouncedForNow), None, false),
            (DeliveryWord::InDoubt, None, None, false),
        ] {
            let rule = word.rule();
            assert_eq!((rule.event, rule.suppress, rule.falls_back), (event, suppress, falls_back), "{word:?}");
        }
        assert!(DeliveryWord::Busy.rule().retries && DeliveryWord::InDoubt.rule().asks_person);
    }
}
