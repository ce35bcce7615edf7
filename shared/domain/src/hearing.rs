//! What a word about a message changes of what is known of it. Whatever the order in which words come, and however often, they end the same.

use crate::{DeliveryEvent, MessageStatus, Outcome};

/// What a word changes of what is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// Whether the message stands as the word says.
    pub status: bool,
    /// What its steps come to from now on.
    pub outcome: Option<Outcome>,
    /// Whether its arrival is not awaited any more.
    pub arrived: bool,
}

/// What a word about a message changes that stands at `status` and whose steps came to `outcome`. Word that it left settles a doubt, and never
/// undoes a proof of loss. What a person says of a message that was not sent counts only as long as its provider says nothing.
pub fn hear(heard: DeliveryEvent, status: Option<MessageStatus>, outcome: Outcome) -> Hearing {
    // A message's steps are skipped only where a person dropped it, and that stands whatever became of the address.
    let is_doubted = matches!(outcome, Outcome::Unknown | Outcome::NotSent | Outcome::Skipped);
    let can_be_lost = outcome.is_contact() || outcome == Outcome::NotSent;
    let outcome = match (heard.unsent(), heard.proves_loss()) {
        (Some(unsent), _) => (outcome == Outcome::Unknown).then_some(unsent),
        (None, true) => can_be_lost.then_some(Outcome::Undelivered),
        (None, false) => (is_doubted && heard.proves_sent()).then_some(Outcome::Sent),
    };
    let settles = outcome.is_some_and(|outcome| outcome != Outcome::Undelivered);
    let is_louder = status.is_none_or(|status| heard.status().rank() > status.rank());
    let status = settles || (is_louder && heard.unsent().is_none());
    Hearing { status, outcome, arrived: heard.proves_arrival() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::word::Word;

    /// How a message stands: its status, what its steps came to, and whether its arrival is known.
    type Known = (MessageStatus, Outcome, bool);

    fn after(known: Known, heard: &[DeliveryEvent]) -> Known {
        heard.iter().fold(known, |(status, outcome, arrived), heard| {
            let hearing = hear(*heard, Some(status), outcome);
            let status = if hearing.status { heard.status() } else { status };
            (status, hearing.outcome.unwrap_or(outcome), arrived || hearing.arrived)
        })
    }

    fn of_providers() -> Vec<DeliveryEvent> {
        let all = DeliveryEvent::WORDS.iter().map(|word| DeliveryEvent::read(word).expect("a word"));
        all.filter(|event| event.unsent().is_none()).collect()
    }

    #[test]
    fn contradictions_end_with_the_proof_of_loss() {
        use DeliveryEvent::{Bounced, Complained, Delivered, NotSent, Sent};
        let sent = (MessageStatus::Sent, Outcome::Sent, false);
        let doubt = (MessageStatus::InDoubt, Outcome::Unknown, false);
        for (known, heard, expected) in [
            (sent, vec![Delivered], (MessageStatus::Delivered, Outcome::Sent, true)),
            (sent, vec![Delivered, Bounced], (MessageStatus::Bounced, Outcome::Undelivered, true)),
            (sent, vec![Bounced, Delivered], (MessageStatus::Bounced, Outcome::Undelivered, true)),
            (sent, vec![Complained], (MessageStatus::Complained, Outcome::Sent, true)),
            (doubt, vec![Sent], (MessageStatus::Sent, Outcome::Sent, false)),
            (doubt, vec![Bounced, Sent], (MessageStatus::Bounced, Outcome::Undelivered, false)),
            (doubt, vec![NotSent, Delivered], (MessageStatus::Delivered, Outcome::Sent, true)),
            (doubt, vec![Delivered, NotSent], (MessageStatus::Delivered, Outcome::Sent, true)),
        ] {
            assert_eq!(after(known, &heard), expected, "{known:?} then {heard:?}");
        }
    }

    proptest! {
        /// Words of a provider end the same in every order and number, for a message that left and for one of which nobody knows.
        #[test]
        fn no_order_matters(words in prop::collection::vec(0_usize..of_providers().len(), 1..6), swaps in prop::collection::vec(any::<prop::sample::Index>(), 6), again in any::<prop::sample::Index>(), doubted in any::<bool>()) {
            let all = of_providers();
            let heard: Vec<DeliveryEvent> = words.iter().map(|at| all[*at]).collect();
            let mut other = heard.clone();
            for (at, swap) in swaps.iter().enumerate().take(other.len()) {
                let with = swap.index(other.len());
                other.swap(at, with);
            }
            other.push(other[again.index(other.len())]);
            let known = if doubted { (MessageStatus::InDoubt, Outcome::Unknown, false) } else { (MessageStatus::Sent, Outcome::Sent, false) };
            let end = after(known, &heard);
            prop_assert_eq!(end, after(known, &other), "{:?} and {:?}", heard, other);
            prop_assert_eq!(end.1 == Outcome::Undelivered, heard.iter().any(|event| event.proves_loss()));
            prop_assert_eq!(end.2, heard.iter().any(|event| event.proves_arrival()));
        }
    }
}
