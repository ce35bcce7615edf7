//! How a message stands, from its decision to the last word of its provider, and what providers and people say of messages.

use crate::{EffectStatus, Outcome, PendingStatus, word::stored_words};

stored_words!(
    /// How a message stands: while it is pending, what its record says once it is settled, and then the loudest word of its provider.
    MessageStatus {
        /// It waits for its sender, or its sender has it.
        Queued = "queued",
        /// A sender died after its claim, or got no answer.
        Unknown = "unknown",
        /// The provider took it.
        Sent = "sent",
        /// Shadow mode: it would have been sent.
        Shadow = "shadow",
        /// Nobody ever said whether it was sent: it counts as sent, and a person was asked.
        InDoubt = "in_doubt",
        /// It was in doubt, and a person found out that it never left: its steps are open again.
        NotSent = "not_sent",
        /// It was in doubt, and a person found out that it never left, and dropped it with its steps.
        Dropped = "dropped",
        /// The provider refused it for good.
        Failed = "failed",
        /// There was no longer a reason to send it.
        Superseded = "superseded",
        /// A rule of the guard forbade it.
        Blocked = "blocked",
        /// It came back for now: nothing is proven.
        BouncedForNow = "bounced_for_now",
        /// It arrived.
        Delivered = "delivered",
        /// It came back for good.
        Bounced = "bounced",
        /// The provider refused it after it had taken it.
        Rejected = "rejected",
        /// The provider could not make it from its parts.
        RenderingFailed = "rendering_failed",
        /// Its reader complained.
        Complained = "complained",
    }
);

impl MessageStatus {
    /// How a message stands that is not settled, as people are told: what lasts for seconds is not told.
    pub fn of_pending(status: PendingStatus) -> Self {
        match status {
            PendingStatus::Queued | PendingStatus::Retrying | PendingStatus::Calling => Self::Queued,
            PendingStatus::Unknown => Self::Unknown,
            PendingStatus::Later(word) => Self::Later(word),
        }
    }

    /// Where the message stands as the effect that it is. What only a later release knows is not known.
    pub fn effect(self) -> EffectStatus {
        match self {
            Self::Queued => EffectStatus::Queued,
            Self::Sent | Self::Shadow | Self::BouncedForNow | Self::Delivered | Self::Complained => EffectStatus::Done,
            Self::NotSent | Self::Failed | Self::Bounced | Self::Rejected | Self::RenderingFailed => EffectStatus::Failed,
            Self::Dropped | Self::Superseded => EffectStatus::Superseded,
            Self::Blocked => EffectStatus::Blocked,
            Self::Unknown | Self::InDoubt | Self::Later(_) => EffectStatus::Unknown,
        }
    }

    /// Which status stands, whatever the order in which the provider's words came: the higher. A person's word stands below each of
    /// them. One of a later release is never replaced.
    pub fn rank(self) -> u8 {
        match self {
            Self::Queued | Self::Unknown | Self::Failed | Self::Superseded | Self::Blocked => 0,
            Self::Sent | Self::Shadow | Self::InDoubt | Self::NotSent | Self::Dropped => 1,
            Self::BouncedForNow => 2,
            Self::Delivered => 3,
            Self::RenderingFailed => 4,
            Self::Rejected => 5,
            Self::Bounced => 6,
            Self::Complained => 7,
            Self::Later(_) => u8::MAX,
        }
    }
}

impl PendingStatus {
    /// Where an unsettled message stands as the effect that it is.
    pub fn effect(self) -> EffectStatus {
        match self {
            Self::Queued | Self::Retrying => EffectStatus::Queued,
            Self::Calling => EffectStatus::Calling,
            Self::Unknown | Self::Later(_) => EffectStatus::Unknown,
        }
    }
}

stored_words!(
    /// What is said of a message after its provider was called: by the provider, or by a person who found out.
    DeliveryEvent {
        /// It left.
        Sent = "sent",
        /// It arrived.
        Delivered = "delivered",
        /// It did not arrive for now, or nobody can tell.
        BouncedForNow = "bounced_for_now",
        /// It did not arrive and never will.
        Bounced = "bounced",
        /// Its reader complained.
        Complained = "complained",
        /// The provider refused it after all.
        Rejected = "rejected",
        /// The provider could not make it from its parts.
        RenderingFailed = "rendering_failed",
        /// A person says that it never left, and that its steps are open again.
        NotSent = "not_sent",
        /// A person says that it never left, and that it is not to.
        Dropped = "dropped",
    }
);

impl DeliveryEvent {
    /// How the message stands that it is said of, where it is the loudest word.
    pub fn status(self) -> MessageStatus {
        match self {
            Self::Sent => MessageStatus::Sent,
            Self::Delivered => MessageStatus::Delivered,
            Self::BouncedForNow => MessageStatus::BouncedForNow,
            Self::Bounced => MessageStatus::Bounced,
            Self::Complained => MessageStatus::Complained,
            Self::Rejected => MessageStatus::Rejected,
            Self::RenderingFailed => MessageStatus::RenderingFailed,
            Self::NotSent => MessageStatus::NotSent,
            Self::Dropped => MessageStatus::Dropped,
            Self::Later(word) => MessageStatus::Later(word),
        }
    }

    /// Whether it proves that nobody got the message. What a person says proves nothing: a provider's word that comes later stands.
    pub fn proves_loss(self) -> bool {
        match self {
            Self::Bounced | Self::Rejected | Self::RenderingFailed => true,
            Self::Sent
            | Self::Delivered
            | Self::BouncedForNow
            | Self::Complained
            | Self::NotSent
            | Self::Dropped
            | Self::Later(_) => false,
        }
    }

    /// Whether it proves that the message left.
    pub fn proves_sent(self) -> bool {
        match self {
            Self::Sent | Self::Delivered | Self::BouncedForNow | Self::Complained => true,
            Self::Bounced | Self::Rejected | Self::RenderingFailed | Self::NotSent | Self::Dropped | Self::Later(_) => false,
        }
    }

    /// Whether it proves that the message arrived.
    pub fn proves_arrival(self) -> bool {
        match self {
            Self::Delivered | Self::Complained => true,
            Self::Sent
            | Self::BouncedForNow
            | Self::Bounced
            | Self::Rejected
            | Self::RenderingFailed
            | Self::NotSent
            | Self::Dropped
            | Self::Later(_) => false,
        }
    }

    /// What becomes of the steps of a message of which nobody knew, where a person says that it never left.
    pub fn unsent(self) -> Option<Outcome> {
        match self {
            Self::NotSent => Some(Outcome::NotSent),
            Self::Dropped => Some(Outcome::Skipped),
            Self::Sent
            | Self::Delivered
            | Self::BouncedForNow
            | Self::Bounced
            | Self::Complained
            | Self::Rejected
            | Self::RenderingFailed
            | Self::Later(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Word;

    #[test]
    fn every_status_is_a_moment_of_an_effects_life() {
        let said: Vec<String> = MessageStatus::WORDS
            .iter()
            .chain(&["of_2031"])
            .map(|word| format!("{word} {}", MessageStatus::read(word).expect("a word").effect()))
            .collect();
        assert_eq!(
            said,
            [
                "queued queued",
                "unknown unknown",
                "sent done",
                "shadow done",
                "in_doubt unknown",
                "not_sent failed",
                "dropped superseded",
                "failed failed",
                "superseded superseded",
                "blocked blocked",
                "bounced_for_now done",
                "delivered done",
                "bounced failed",
                "rejected failed",
                "rendering_failed failed",
                "complained done",
                "of_2031 unknown",
            ]
        );
        let pending = |word: &&str| PendingStatus::read(word).expect("a word");
        for status in
            PendingStatus::WORDS.iter().chain(&["of_2031"]).map(pending).filter(|status| *status != PendingStatus::Calling)
        {
            assert_eq!(status.effect(), MessageStatus::of_pending(status).effect(), "{status}");
        }
        assert_eq!(PendingStatus::Calling.effect(), EffectStatus::Calling);
    }

    #[test]
    fn what_a_provider_says_is_a_status_of_the_same_word() {
        for word in DeliveryEvent::WORDS {
            let event = DeliveryEvent::read(word).expect("a word");
            assert_eq!(event.status().as_str(), *word);
            let says = [event.proves_loss(), event.proves_sent(), event.unsent().is_some()];
            assert!(says.iter().filter(|says| **says).count() <= 1, "{word}");
        }
    }
}
