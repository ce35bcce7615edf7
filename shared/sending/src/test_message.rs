use channels::{Outgoing, Rendered};
use domain::MessageId;
use store::Error;

use crate::{Sender, queued::QueuedTest};

impl Sender {
    /// Sends a test message to whom it is for, once: one that its provider did not take is asked for again by a person. It is no contact and
    /// has no record.
    ///
    /// # Errors
    ///
    /// The table's, where nothing was sent: the queue delivers it again.
    pub async fn send_test(&self, queued: &QueuedTest) -> Result<(), Error> {
        let Some(test) = self.store.take_test(&queued.tenant, &queued.test, self.clock.now()).await? else { return Ok(()) };
        let outgoing = Outgoing {
            tenant: queued.tenant.clone(),
            customer: test.customer,
            // No message of a decision has this number, so what the provider says of it later is about nothing that is known.
            message: MessageId::derive(&["test", queued.tenant.as_str(), &queued.test]),
            number: 0,
            from: channels::channel::set_mailbox(&test.from, &test.name),
            to: test.to,
            reply_to: None,
            rendered: Rendered { subject: Some(test.subject), text: test.text, html: test.html, sha256: String::new() },
            opt_out_url: None,
        };
        match self.channel.send(&outgoing).await {
            Ok(_) => tracing::info!(tenant.id = %queued.tenant, test.id = queued.test, "test message sent"),
            Err(error) => {
                tracing::warn!(tenant.id = %queued.tenant, test.id = queued.test, error = %error, "a test message did not leave");
            }
        }
        Ok(())
    }
}
