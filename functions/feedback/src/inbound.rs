//! Mails that come in: SES put each into the bucket and says so. Read, led to whose it is, told from what machines write, and handed over.

use domain::{
    Channel, HeardReply, MachineWritten, ReplyId, Suspicion, UnkeptBecause,
    heard::{HEARD_CHARS_MAX, HEARD_SUBJECT_CHARS_MAX},
};
use files::{Bucket, BucketError};
use jiff::Timestamp;
use mail::{MAIL_BYTES_MAX, MailHead, ReadMail, dkim_domain, machine_of};
use store::{Error, Result, Store, Vault};

use crate::{
    hear,
    inbound_bounce::event_of,
    inbound_files::{FilesOf, keep_files, unlooked},
    inbound_notice::MailNotice,
    inbound_whose::MailFinder,
    outcome::FeedbackOutcome,
    verdict,
};

/// Where mails come in.
pub struct Inbound {
    /// The bucket that SES puts them into.
    pub bucket: Bucket,
    /// Its name.
    pub bucket_name: String,
    /// What marks are verified with.
    pub vault: Vault,
    /// The domain at which they are taken in.
    pub domain: String,
}

impl Inbound {
    /// Takes a mail in. The same again changes nothing.
    ///
    /// # Errors
    ///
    /// Those of the table and of KMS, and [`Error::Unknown`] where the bucket does not answer; then it may come again.
    pub async fn take(&self, store: &Store, notice: &MailNotice, now: Timestamp) -> Result<FeedbackOutcome> {
        if notice.bucket != self.bucket_name {
            tracing::error!("a mail lies in another bucket than mails do, and is not read");
            return Ok(FeedbackOutcome::Logged);
        }
        let mut mail = self.fetched(notice).await?;
        let from = mail.head.from().first().or(notice.from.first()).cloned().unwrap_or_default();
        let whose = MailFinder { store, vault: &self.vault, domain: &self.domain, now };
        let Some(about) = Box::pin(whose.of(notice, &mail, &from)).await? else {
            tracing::warn!(ses.mail = notice.message_id, "a mail came to an address that is no tenant's, and is nobody's");
            return Ok(FeedbackOutcome::Ignored);
        };
        if let (Some(report), Some(link)) = (&mail.report, &about.link)
            && let Some(found) = store.link(link).await?
            && let Some(event) = event_of(report, &about, &found.link.address, notice.received_at)
        {
            Box::pin(verdict::apply(store, &event, now)).await?;
        }
        let machine = machine_of(&mail, &notice.envelope_from);
        // Reports of mail servers are rarely signed, and count by their mark alone.
        let is_report = matches!(machine, Some(MachineWritten::Bounce | MachineWritten::ReadReceipt));
        let suspect = match (notice.is_virus, notice.is_spam) {
            (true, _) => Some(Suspicion::Virus),
            (false, true) => Some(Suspicion::Spam),
            (false, false) => {
                let is_forged = notice.is_forged || names_several_senders(&mail.head);
                (is_forged && !is_report).then_some(Suspicion::Forged)
            }
        };
        let files = std::mem::take(&mut mail.files);
        let reply = ReplyId::derive(&[about.tenant.as_str(), Channel::Email.as_str(), &notice.message_id]);
        let sorted = match (&about.customer, suspect) {
            (_, Some(_)) => unlooked(&files, UnkeptBecause::Suspect),
            (None, None) => unlooked(&files, UnkeptBecause::NobodysYet),
            (Some(customer), None) => {
                let of = FilesOf { reply: &reply, about: &about, from: &from, received_at: notice.received_at };
                Box::pin(keep_files(store, &self.bucket, &of, customer, files)).await?
            }
        };
        let is_shown = suspect.is_none();
        let subject = mail.head.subject().or(notice.subject.as_deref()).filter(|_| is_shown);
        let is_ours = |to: &&String| to.rsplit_once('@').is_some_and(|(_, at)| at.eq_ignore_ascii_case(&self.domain));
        let to = notice.recipients.iter().find(is_ours).or(notice.recipients.first());
        let heard = HeardReply {
            channel: Channel::Email,
            provider_id: notice.message_id.clone(),
            received_at: notice.received_at,
            dkim_domain: dkim_domain(&mail.head, notice.is_signed),
            from,
            to: to.cloned().unwrap_or_default(),
            subject: subject.map(|subject| beginning(subject, HEARD_SUBJECT_CHARS_MAX)),
            text: if is_shown { beginning(&mail.text, HEARD_CHARS_MAX) } else { String::new() },
            files: sorted.kept,
            unkept: sorted.unkept,
            is_whole: mail.is_whole,
            machine,
            suspect,
            original: Some(notice.key.clone()),
            about,
        };
        let outcome = Box::pin(hear::take(store, &heard, now)).await?;
        tracing::info!(
            tenant.id = %heard.about.tenant,
            reply.id = %reply,
            by = ?heard.about.by,
            machine = heard.machine.is_some(),
            files = heard.files.len(),
            "a mail was heard"
        );
        Ok(outcome)
    }

    /// The mail as it is read; of one that is too large or not there nothing but what SES says of it.
    async fn fetched(&self, notice: &MailNotice) -> Result<ReadMail> {
        match self.bucket.get(&notice.key, MAIL_BYTES_MAX).await {
            Ok(Some(bytes)) => Ok(ReadMail::of(&bytes)),
            Ok(None) => {
                tracing::error!(
                    ses.mail = notice.message_id,
                    "a mail is not in the bucket: SES could not put it there, or its days are over"
                );
                Ok(ReadMail::default())
            }
            Err(BucketError::TooLarge { bytes, .. }) => {
                tracing::warn!(ses.mail = notice.message_id, bytes, "a mail is larger than mails are read");
                Ok(ReadMail::default())
            }
            Err(error @ BucketError::Unavailable { .. }) => {
                Err(Error::Unknown { operation: "fetch the mail", id: notice.message_id.clone(), source: Box::new(error) })
            }
        }
    }
}

/// Whether a head names more than one sender: what is proven of the one says nothing of the other.
fn names_several_senders(head: &MailHead) -> bool {
    let senders = head.from();
    senders.iter().any(|sender| Some(sender) != senders.first()) || head.values("from").count() > 1
}

/// The beginning of a text.
fn beginning(text: &str, chars_max: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(chars_max).collect()
}
