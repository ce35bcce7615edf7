//! Messages that a sender of the tenant's own delivers: claimed for it as our senders claim, and settled by what it says became of them.

use std::sync::Arc;

use async_trait::async_trait;
use channels::{Accepted, ChannelClient, Outgoing, SendError};
use domain::{Channel, Facts, Pending, PendingStatus, People, Suppression, SuppressionReason};
use jiff::Timestamp;
use kit::Clock;
use serde_json::{Value, json};
use store::{AddressId, Error, OutsideClaim, OwnAttachment, Store, Vault};

use crate::{
    checked::{Call, Checked, Claiming, Held, outgoing},
    flow::{CLAIMS_MAX, Sender},
    outcome::{Then, meaning},
    queued::QueuedMessage,
    send_outcome::SendOutcome,
};

/// How long a claim of a sender of the tenant's own is good for.
const OUTSIDE_LEASE_MINUTES: i64 = 15;
/// What records name in the place of a provider.
const OUTSIDE: &str = "outside";

/// A sender of the tenant's own makes the call.
struct NoCall;

#[async_trait]
impl ChannelClient for NoCall {
    async fn send(&self, _: &Outgoing) -> Result<Accepted, SendError> {
        Err(SendError::Unknown { detail: "a sender of the tenant's own makes the call".to_owned() })
    }
}

/// What a sender of the tenant's own is given.
#[derive(Clone, Debug)]
pub struct ClaimedMessage {
    /// The attempt that it has the message by: it says this with the result.
    pub attempt: String,
    /// Until when; afterwards the message is in doubt.
    pub lease_until: Timestamp,
    /// The channel.
    pub channel: Channel,
    /// The contact, by its id.
    pub contact: String,
    /// The message as it goes to the provider, without its files.
    pub outgoing: Outgoing,
    /// The files that go along: whoever has the message fetches them.
    pub attachments: Vec<OwnAttachment>,
}

/// What became of the claim of a sender of the tenant's own.
#[derive(Clone, Debug)]
pub enum OutsideClaimed {
    /// It has the message.
    Held(Box<ClaimedMessage>),
    /// It does not, and why.
    Not(SendOutcome),
}

/// What a sender of the tenant's own says became of a message that it claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutsideResult {
    /// Its provider took it.
    Sent {
        /// The provider's id of it.
        provider_id: String,
    },
    /// Its provider did nothing, and may later.
    Retry {
        /// After this many seconds.
        after_s: Option<u64>,
        /// Why.
        detail: String,
    },
    /// Its provider refused it for good.
    Refused {
        /// Whether the address must not be used again.
        suppress: bool,
        /// Why.
        detail: String,
    },
    /// It is not known whether its provider took it.
    Unknown {
        /// Why.
        detail: String,
    },
}

/// Claims and settles for senders of the tenant's own.
pub struct OutsideSender(Sender);

impl OutsideSender {
    /// For a channel that messages are decided for; `None` for any other.
    pub fn new(store: Store, vault: Vault, channel: Channel, portal_url: &str, clock: Clock) -> Option<Self> {
        let portal_url = portal_url.trim_end_matches('/').to_owned();
        let sender = Sender::of(store, vault, (channel, OUTSIDE, Arc::new(NoCall)), portal_url, clock);
        channel.facts().has_sender.then_some(Self(sender))
    }

    /// Guards, renders and claims a message. The answer holds all that is sent, or says why nothing is.
    ///
    /// # Errors
    ///
    /// The table's, where nothing was claimed.
    pub async fn claim(&self, queued: &QueuedMessage) -> Result<OutsideClaimed, Error> {
        for round in 0..CLAIMS_MAX {
            let Some(checked) = self.0.load_pending(queued).await? else {
                return Ok(OutsideClaimed::Not(SendOutcome::NotMine));
            };
            let held = match self.0.check_and_claim(queued, &checked, round, OUTSIDE_LEASE_MINUTES).await? {
                Claiming::Held(held) => *held,
                Claiming::Ended(Some(ended)) => return Ok(OutsideClaimed::Not(ended)),
                Claiming::Ended(None) => continue,
            };
            return self.given(queued, &checked, held).await;
        }
        Ok(OutsideClaimed::Not(SendOutcome::NotMine))
    }

    async fn given(&self, queued: &QueuedMessage, checked: &Checked, held: Held) -> Result<OutsideClaimed, Error> {
        let Held { attempt, call, written, .. } = held;
        let Some(contact) = People::of(&checked.facts).contact(&checked.pending.contact) else {
            return Ok(OutsideClaimed::Not(SendOutcome::NotMine));
        };
        let Call { rows, asked_for, rendered_sha256, template_version, .. } = call;
        let outgoing = outgoing(queued, checked, contact, &written);
        let address = Some(AddressId::of(checked.pending.channel, &outgoing.to));
        let (attempt_id, rows) = (attempt.id.clone(), Some(rows));
        let kept = OutsideClaim { attempt: attempt_id, rows, asked_for, rendered_sha256, template_version, address };
        let now = self.0.clock.now();
        if let Err(error) = self.0.store.keep_outside_claim(&queued.tenant, &queued.customer, &queued.message, &kept, now).await {
            return Err(self.0.give_back(queued, &attempt, error).await);
        }
        Ok(OutsideClaimed::Held(Box::new(ClaimedMessage {
            attempt: attempt.id,
            lease_until: attempt.lease_until,
            channel: checked.pending.channel,
            contact: checked.pending.contact.clone(),
            outgoing,
            attachments: written.listed,
        })))
    }

    /// Stops the address that was claimed, also where the contact has another by now.
    async fn suppress(&self, queued: &QueuedMessage, facts: &Facts, pending: &Pending, claimed: &AddressId) -> Result<(), Error> {
        let now = People::of(facts).contact(&pending.contact).and_then(|contact| contact.address(pending.channel));
        if let Some(address) = now.filter(|address| AddressId::of(pending.channel, address) == *claimed) {
            return self.0.suppress(queued, pending.channel, address).await;
        }
        let suppression = Suppression { reason: SuppressionReason::Bounce, at: self.0.clock.now() };
        self.0.store.suppress_by_id(&queued.tenant, (pending.channel, claimed), suppression, Some(&queued.customer)).await
    }

    /// Settles a message as the sender says that claimed it, by the same rules as for our own. [`SendOutcome::NotMine`] where the attempt does
    /// not have it any more.
    ///
    /// # Errors
    ///
    /// Those of the table.
    pub async fn settle(&self, queued: &QueuedMessage, attempt: &str, result: OutsideResult) -> Result<SendOutcome, Error> {
        let (tenant, customer, message) = (&queued.tenant, &queued.customer, &queued.message);
        let Some(head) = self.0.store.head(tenant, customer).await? else { return Ok(SendOutcome::NotMine) };
        let Some(entry) = head.pending.get(message).cloned() else { return Ok(SendOutcome::NotMine) };
        let has_it = matches!(entry.message.status, PendingStatus::Calling | PendingStatus::Unknown);
        let Some(held) = entry.attempt.clone().filter(|held| has_it && held.id == attempt) else {
            return Ok(SendOutcome::NotMine);
        };
        let kept = self.0.store.outside_claim(tenant, customer, message).await?.filter(|kept| kept.attempt == attempt);
        let Some(kept) = kept else { return Ok(SendOutcome::NotMine) };
        let (facts, policy, links) = self.0.store.facts_policy_and_links(tenant, &head).await?;
        let Some(pending) = facts.pending.iter().find(|pending| pending.id == *message).cloned() else {
            return Ok(SendOutcome::NotMine);
        };
        let answer = match result {
            OutsideResult::Sent { provider_id } => Ok(Accepted { provider_id }),
            OutsideResult::Retry { after_s, detail } => Err(SendError::Retry { after: after_s, detail }),
            OutsideResult::Refused { suppress, detail } => Err(SendError::Refused { suppress, detail }),
            OutsideResult::Unknown { detail } => Err(SendError::Unknown { detail }),
        };
        let meaning = meaning(answer, entry.dispatches);
        if meaning.suppress
            && let Some(claimed) = &kept.address
        {
            self.suppress(queued, &facts, &pending, claimed).await?;
        }
        let rows = kept.rows.unwrap_or_else(|| pending.rows.clone());
        let checked = Checked { head: head.clone(), facts, policy, links, pending };
        let ended = match meaning.then {
            Then::TryAgain { seconds } => self.0.try_again(queued, &held, seconds, &meaning.reason).await?,
            Then::Settle(sent) => {
                let call = Call {
                    rows,
                    asked_for: kept.asked_for,
                    rendered_sha256: kept.rendered_sha256,
                    template_version: kept.template_version,
                    sent,
                    provider_id: meaning.provider_id,
                    reason: meaning.reason,
                    guard: json!("allow"),
                    carried: Value::Null,
                };
                self.0.settle(queued, &head, &held, &checked, call, OUTSIDE).await?
            }
        };
        Ok(self.0.unless_lost(queued, &checked, Some(ended)).await?.unwrap_or(ended))
    }
}
