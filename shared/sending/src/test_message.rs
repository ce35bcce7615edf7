use channels::{Outgoing, Rendered, SendError, Thread};
use domain::{Channel, MessageId, MessageStatus};
use store::Error;

use crate::{Sender, queued::QueuedTest};

impl Sender {
    /// Sends a test message to whom it is for, once: one that its provider did not take is asked for again by a person. What became of it is
    /// noted with it. It is no contact and has no record. One whose sender is not on the operator's list by now does not leave.
    ///
    /// # Errors
    ///
    /// The table's, where nothing was sent: the queue delivers it again.
    pub async fn send_test(&self, queued: &QueuedTest) -> Result<(), Error> {
        let listed = self.store.identities(&queued.tenant).await?.map(|listed| listed.value);
        let Some(test) = self.store.take_test(&queued.tenant, &queued.test, self.clock.now()).await? else { return Ok(()) };
        let is_unlisted = listed.is_some_and(|listed| !listed.has(Channel::Email, &test.from));
        let outgoing = Outgoing {
            tenant: queued.tenant.clone(),
            customer: test.customer,
            // No message of a decision has this number, so what the provider says of it later is about nothing that is known.
            message: MessageId::derive(&["test", queued.tenant.as_str(), &queued.test]),
            number: 0,
            from: channels::channel::set_mailbox(&test.from, &test.name),
            to: test.to,
            reply_to: Vec::new(),
            thread: Thread::default(),
            rendered: Rendered { subject: Some(test.subject), text: test.text, html: test.html, sha256: String::new() },
            opt_out_url: None,
            attachments: Vec::new(),
            service_mail: None,
        };
        let answer = if is_unlisted {
            let detail = "the operator took its sender off the tenant's list".to_owned();
            Err(SendError::Refused { suppress: false, detail })
        } else {
            self.channel.send(&outgoing).await
        };
        let (status, why) = match answer {
            Ok(_) => (MessageStatus::Sent, None),
            Err(SendError::Retry { detail, .. } | SendError::SetUp { detail, .. } | SendError::Refused { detail, .. }) => {
                (MessageStatus::Failed, Some(detail))
            }
            Err(SendError::Unknown { detail }) => (MessageStatus::Unknown, Some(detail)),
        };
        let (tenant, id) = (&queued.tenant, queued.test.as_str());
        match why.as_deref() {
            None => tracing::info!(tenant.id = %tenant, test.id = id, "test message sent"),
            Some(why) => tracing::warn!(tenant.id = %tenant, test.id = id, why, "a test message did not leave, or nobody knows"),
        }
        if let Err(error) = self.store.end_test(tenant, id, status, why.as_deref()).await {
            // It was taken, so it is not sent again; who asks is told that nobody knows.
            tracing::warn!(tenant.id = %tenant, test.id = id, error = %error, "what became of a test message is not noted");
        }
        Ok(())
    }
}
