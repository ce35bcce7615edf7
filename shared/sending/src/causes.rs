//! What keeps messages back until people mend it: told once for all whom it concerns, and taken back when it is gone.

use domain::{Cause, Channel, PendingStatus, ProviderProblem};
use jiff::{Timestamp, ToSpan};
use store::{Error, MessageResult, Release};

use crate::{
    Sender,
    checked::Checked,
    outcome::{Meaning, Then},
    queued::QueuedMessage,
    send_outcome::SendOutcome,
};

impl Sender {
    /// What only a person can mend, for all whom it concerns: they are told once, and the message is tried again within a day.
    pub(crate) async fn defer_with_cause(&self, queued: &QueuedMessage, cause: &Cause, said: &str) -> Result<SendOutcome, Error> {
        let now = self.clock.now();
        self.store.raise_cause(&queued.tenant, cause, said, &queued.customer, now).await?;
        // Settings and senders that were stored before it was told of took nothing back.
        let listed = self.store.identities(&queued.tenant).await?.map(|listed| listed.value);
        if let Some(settings) = self.store.settings(&queued.tenant).await?
            && let Some(why) = cause.mended_by(&settings.value, listed.as_ref())
        {
            self.store.end_cause(&queued.tenant, cause, &why, now).await?;
        }
        let until = now.checked_add(24.hours()).unwrap_or(Timestamp::MAX);
        self.store.release(&queued.tenant, &queued.customer, &queued.message, None, Release::Deferred { until }).await?;
        Ok(SendOutcome::Deferred)
    }

    /// Tells people what they have to mend at a provider, once for all messages; takes it back when one leaves that was put off before. What the
    /// provider did stands whether or not that can be written, so that a failure here is only logged.
    pub(crate) async fn tell_of_set_up(&self, queued: &QueuedMessage, checked: &Checked, meaning: Meaning) -> Meaning {
        let (channel, pending) = (self.serves, &checked.pending);
        let dispatches = checked.head.pending.get(&queued.message).map_or(0, |entry| entry.dispatches);
        let was_put_off = dispatches > 1 || pending.status == PendingStatus::Retrying;
        let told = match (meaning.problem, meaning.then) {
            (Some(problem), _) => self.raise_set_up(queued, Cause::ProviderSetUp { channel, problem }, &meaning.reason).await,
            (None, Then::Settle(MessageResult::Sent)) if was_put_off => self.end_set_up(queued, channel).await,
            (None, Then::Settle(_) | Then::TryAgain { .. }) => Ok(()),
        };
        if let Err(error) = told {
            let error = kit::causes(&error);
            tracing::error!(tenant.id = %queued.tenant, message.id = %queued.message, error, "what is to be mended at a provider could not be told");
        }
        meaning
    }

    async fn raise_set_up(&self, queued: &QueuedMessage, cause: Cause, said: &str) -> Result<(), Error> {
        self.store.raise_cause(&queued.tenant, &cause, said, &queued.customer, self.clock.now()).await.map(|_| ())
    }

    async fn end_set_up(&self, queued: &QueuedMessage, channel: Channel) -> Result<(), Error> {
        for problem in ProviderProblem::ALL {
            let cause = Cause::ProviderSetUp { channel, problem };
            self.store.end_cause(&queued.tenant, &cause, "the provider takes messages again", self.clock.now()).await?;
        }
        Ok(())
    }
}
