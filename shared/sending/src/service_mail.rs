//! Service mails: notices to whoever came by a portal link. They go to the link's address and to no other, at any hour, and count as no contact.
//!
//! ```text
//! queued (ids) ─ item: nobody took it? ─ fresh link, facts, policy ─ may it leave? ─ words ─ take ─ look once more ─ provider ─ what became of it
//!                                                                    │ blocked, with why      │ blocked
//! ```

use channels::{Attachment, Brand, LogoPlace, NoticeInput, Outgoing, SendError, logo_file, notice_calendar, render_notice};
use domain::{
    Channel, Contact, CustomerId, Facts, MessageId, MessageStatus, PaymentId, People, Policy, ServiceMail, ServiceMailKind,
    Settings, SuppressionReason, TenantId,
    service_mail::{MailedFrom, MailedLink, ServiceMailBlock, ServiceMailFacts, why_not},
};
use jiff::Timestamp;
use store::{
    AddressId, AnsweredMail, Error, FoundLink, LinkStanding, LinkTo, PortalLink, ServiceMailResult, Stop, Stopped,
    TakenServiceMail,
};

use crate::{Sender, answers_to::Answerable, flow::CLAIMS_MAX, queued::QueuedServiceMail, render, told::Told};

/// How often a provider may refuse a service mail for now: fewer times than its queue delivers it.
const TRIES_MAX: u32 = 4;

/// A service mail that may leave, with what it is made from.
struct Ready {
    facts: Facts,
    policy: Policy,
    link: PortalLink,
    contact: Contact,
    /// By which messages name the contact.
    contact_id: String,
    told: Told,
}

/// A service mail in words.
struct Worded {
    outgoing: Outgoing,
    /// The portal link as the mail has it.
    portal: PortalLink,
}

impl Sender {
    /// Sends a service mail, once. What became of it is noted with it.
    ///
    /// # Errors
    ///
    /// The table's, where nothing was sent, and [`Error::Throttled`] where the provider takes nothing for now: the queue delivers it again.
    pub async fn send_service_mail(&self, queued: &QueuedServiceMail) -> Result<(), Error> {
        let QueuedServiceMail { tenant, customer, mail: id } = queued;
        for _ in 0..CLAIMS_MAX {
            let known = self.store.service_mail(tenant, customer, id, self.clock.now()).await?;
            let waits = known.filter(|known| known.status == MessageStatus::Queued && known.taken_at.is_none());
            let Some(known) = waits else { return Ok(()) };
            let ready = match self.ready(queued, &known.mail).await? {
                Ok(ready) => ready,
                Err(block) => return self.end_blocked(queued, block).await,
            };
            let worded = match self.worded(queued, &known.mail, &ready).await? {
                Ok(worded) => worded,
                Err(why) => return self.end(queued, MessageStatus::Failed, Some(&why), None).await,
            };
            // Somebody else wrote the link meanwhile: it is read again.
            if worded.portal != ready.link && !self.store.keep_link(tenant, customer, Some(&ready.link), &worded.portal).await? {
                continue;
            }
            let Some(taken) = self.store.take_service_mail(tenant, customer, id, self.clock.now()).await? else {
                return Ok(());
            };
            return self.call_service(queued, &known.mail, &taken, worded).await;
        }
        Err(Error::Conflict { operation: "send a service mail to", id: id.to_string() })
    }

    /// Looks once more, and calls the provider of a mail that is taken.
    async fn call_service(
        &self,
        queued: &QueuedServiceMail,
        mail: &ServiceMail,
        taken: &TakenServiceMail,
        worded: Worded,
    ) -> Result<(), Error> {
        let QueuedServiceMail { tenant, customer, mail: id } = queued;
        // Whatever was committed before it was taken is honoured.
        match self.ready(queued, mail).await {
            Ok(Ok(now)) if now.contact.address(Channel::Email) == Some(worded.outgoing.to.as_str()) => {}
            Ok(Ok(_)) => return self.end_blocked(queued, ServiceMailBlock::AddressGone).await,
            Ok(Err(block)) => return self.end_blocked(queued, block).await,
            Err(error) => {
                self.give_service_back(queued, taken).await;
                return Err(error);
            }
        }
        match self.channel.send(&worded.outgoing).await {
            Ok(accepted) => self.end(queued, MessageStatus::Sent, None, Some(&accepted.provider_id)).await,
            Err(SendError::Retry { detail, .. } | SendError::SetUp { detail, .. }) if taken.tries >= TRIES_MAX => {
                self.end(queued, MessageStatus::Failed, Some(&detail), None).await
            }
            Err(SendError::Retry { detail, .. } | SendError::SetUp { detail, .. }) => {
                tracing::info!(tenant.id = %tenant, mail.id = %id, reason = detail, "provider refused a service mail for now");
                self.give_service_back(queued, taken).await;
                Err(Error::Throttled { operation: "send a service mail to", id: id.to_string() })
            }
            Err(SendError::Refused { suppress, detail }) => {
                if suppress {
                    let (to, at) = (&worded.outgoing.to, self.clock.now());
                    let reason = SuppressionReason::Bounce;
                    self.store.suppress(tenant, Channel::Email, to, reason, at, Some(customer)).await?;
                }
                self.end(queued, MessageStatus::Failed, Some(&detail), None).await
            }
            Err(SendError::Unknown { detail }) => self.end(queued, MessageStatus::Unknown, Some(&detail), None).await,
        }
    }

    /// What a mail is made from, as it is now; why not, where it may not leave.
    async fn ready(&self, queued: &QueuedServiceMail, mail: &ServiceMail) -> Result<Result<Ready, ServiceMailBlock>, Error> {
        let QueuedServiceMail { tenant, customer, .. } = queued;
        let now = self.clock.now();
        let found = self.store.link(&mail.link).await?;
        let found = found.filter(|found| found.tenant == *tenant && found.customer == *customer);
        let Some(FoundLink { link, .. }) = found else { return Ok(Err(ServiceMailBlock::LinkVoid)) };
        let Some(head) = self.store.head(tenant, customer).await? else { return Ok(Err(ServiceMailBlock::Over)) };
        let (facts, policy, _) = self.store.facts_policy_and_links(tenant, &head).await?;
        let facts = self.store.people_now(tenant, facts).await?;
        let Some(told) = Told::read(&self.store, (tenant, customer), &facts, mail).await? else {
            return Ok(Err(ServiceMailBlock::Over));
        };
        let contact = addressee(&facts, &link);
        let stopped = self.store.stopped(tenant, &link.address).await?;
        let ceased = contact.as_ref().and_then(|(_, contact)| facts.ceased(contact)).map(|found| found.reason);
        let (own, beside) =
            stopped.map_or((None, None), |Stopped { suppression, beside, .. }| (Some(suppression.reason), beside));
        let asked = ServiceMailFacts {
            mode: policy.settings.mode,
            paused: policy.settings.paused,
            training: policy.settings.training,
            link: match link.standing(now) {
                LinkStanding::Good => MailedLink::Good,
                LinkStanding::Expired => MailedLink::Expired,
                LinkStanding::Revoked => MailedLink::Revoked,
            },
            reaches: contact.is_some(),
            suppressed: ceased.or(own),
            beside,
            from: from(&policy, &told.legal_entity),
            waited: now.duration_since(mail.requested_at),
        };
        if let Some(block) = why_not(mail.kind, &asked) {
            return Ok(Err(block));
        }
        let Some((contact_id, contact)) = contact else { return Ok(Err(ServiceMailBlock::AddressGone)) };
        Ok(Ok(Ready { facts, policy, link, contact, contact_id, told }))
    }

    /// The mail in words, with what goes along; why not, where there are none.
    async fn worded(
        &self,
        queued: &QueuedServiceMail,
        mail: &ServiceMail,
        ready: &Ready,
    ) -> Result<Result<Worded, String>, Error> {
        let QueuedServiceMail { tenant, customer, mail: id } = queued;
        let Ready { facts, policy, link, contact, contact_id, told } = ready;
        let (settings, now) = (&policy.settings, self.clock.now());
        let address = contact.address(Channel::Email).unwrap_or_default();
        let person = contact.person_digest();
        let to = LinkTo { channel: Channel::Email, address, contact: contact_id, person: person.as_ref() };
        let (code, portal) = self.vault.link_for(tenant, customer, to, Some(link), now).await?;
        let portal = lasting(mail.kind, link, portal, now);
        let stop = self.vault.stop_link(&Stop::of(tenant, Channel::Email, address)).await?;
        let language = facts.customer.language.as_deref();
        let said_in = language.or(settings.language.as_deref()).unwrap_or("en");
        let links = render::links(&self.portal_url, code.as_str(), &stop, Channel::Email, said_in);
        let receipt = match told.payment() {
            Some(payment) => self.receipt(tenant, customer, payment).await,
            None => None,
        };
        let (copied, copies): (Vec<String>, Vec<Attachment>) =
            self.copies((tenant, customer), told, said_in).await.into_iter().unzip();
        let notice = told.notice(&self.vault, tenant, (facts, settings), (receipt.is_some(), &copied), now).await?;
        let page = format!("{}{}", links.portal, notice.page());
        let brand = Brand::of(settings, &told.legal_entity, LogoPlace::Carried);
        let input = NoticeInput {
            notice: &notice,
            language,
            tenant_language: settings.language.as_deref(),
            country: facts.customer.country.as_deref(),
            contact_name: &contact.name,
            brand: &brand,
            portal: &page,
            opt_out: &links.opt_out,
        };
        let rendered = match render_notice(&input) {
            Ok(rendered) => rendered,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let about = mail.about.as_deref().unwrap_or(id.as_str());
        let calendar = notice_calendar(&input, about, mail.requested_at);
        let from = settings.sender_of(&told.legal_entity, Channel::Email).unwrap_or_default();
        let answerable = Answerable {
            tenant,
            channel: Channel::Email,
            mail: AnsweredMail::ServiceMail(id.clone()),
            link: &portal.id,
            case: None,
            name: settings.name_of(&told.legal_entity),
            reply_to: settings.reply_to_of(&told.legal_entity),
            is_automatic: true,
        };
        let answers = self.answers_to(answerable).await?;
        let outgoing = Outgoing {
            tenant: tenant.clone(),
            customer: customer.clone(),
            // Nothing travels under it: a service mail has a tag of its own.
            message: MessageId::derive(&["service mail", id.as_str()]),
            number: 0,
            service_mail: Some(id.clone()),
            from: channels::channel::set_mailbox(from, settings.name_of(&told.legal_entity)),
            to: address.to_owned(),
            reply_to: answers.reply_to,
            thread: answers.thread,
            rendered,
            // One click stops reminders, which this is not: the way there stands at its end.
            opt_out_url: None,
            attachments: calendar.into_iter().chain(receipt).chain(copies).chain(logo_file(&brand)).collect(),
        };
        Ok(Ok(Worded { outgoing, portal }))
    }

    /// The receipt of a payment as a file, where one can be had in time.
    async fn receipt(&self, tenant: &TenantId, customer: &CustomerId, payment: &PaymentId) -> Option<Attachment> {
        let make = self.receipts.as_ref()?;
        let bytes = make(tenant.clone(), customer.clone(), payment.clone()).await?;
        Some(Attachment { name: format!("{payment}.pdf"), content_type: "application/pdf".to_owned(), bytes, shown_as: None })
    }

    async fn give_service_back(&self, queued: &QueuedServiceMail, taken: &TakenServiceMail) {
        let QueuedServiceMail { tenant, customer, mail } = queued;
        if let Err(error) = self.store.give_service_mail_back(tenant, customer, mail, taken).await {
            tracing::warn!(tenant.id = %tenant, mail.id = %mail, error = %error, "a service mail could not be given back; it will be in doubt");
        }
    }

    async fn end_blocked(&self, queued: &QueuedServiceMail, block: ServiceMailBlock) -> Result<(), Error> {
        self.end(queued, MessageStatus::Blocked, Some(block.why()), None).await
    }

    async fn end(
        &self,
        queued: &QueuedServiceMail,
        status: MessageStatus,
        why: Option<&str>,
        provider_id: Option<&str>,
    ) -> Result<(), Error> {
        let QueuedServiceMail { tenant, customer, mail } = queued;
        tracing::info!(tenant.id = %tenant, mail.id = %mail, status = status.as_str(), why = why.unwrap_or_default(), "service mail handled");
        let at = self.clock.now();
        kit::metrics::emit(at, &[("ended", status.as_str())], &[("service_mails", 1)]);
        let result = ServiceMailResult { status, why, provider_id, at };
        if let Err(error) = self.store.end_service_mail(tenant, customer, mail, result).await {
            // One that was taken is not sent again; whoever asks is told that nobody knows. One that was blocked is looked at again.
            tracing::warn!(tenant.id = %tenant, mail.id = %mail, error = %error, "what became of a service mail is not noted");
            if status == MessageStatus::Blocked {
                return Err(error);
            }
        }
        Ok(())
    }
}

/// The link as a mail of a kind leaves it. Whoever found a link gives it no longer a life by asking for mails by it: one that is good ends when it was to
/// end. A new link works for as long as its mail says.
fn lasting(kind: ServiceMailKind, known: &PortalLink, mailed: PortalLink, now: Timestamp) -> PortalLink {
    if kind == ServiceMailKind::NewLink {
        mailed.renewed(now)
    } else if mailed.id == known.id {
        known.clone()
    } else {
        mailed
    }
}

/// Whose email address the link is for, with the id by which messages name them.
fn addressee(facts: &Facts, link: &PortalLink) -> Option<(String, Contact)> {
    if link.channel != Channel::Email {
        return None;
    }
    let people = People::of(facts);
    let is_it = |contact: &Contact| {
        contact.address(Channel::Email).is_some_and(|address| AddressId::of(Channel::Email, address) == link.address)
    };
    people.all().find(|(_, contact)| is_it(contact)).map(|(id, contact)| (id.to_owned(), contact.clone()))
}

/// Whom mails of a legal entity come from.
fn from(policy: &Policy, legal_entity: &str) -> MailedFrom {
    let settings: &Settings = &policy.settings;
    if settings.sender_of(legal_entity, Channel::Email).is_none_or(str::is_empty) {
        return MailedFrom::Nobody;
    }
    let listed = policy.identities.as_ref();
    match listed.and_then(|listed| listed.missing(settings, legal_entity, Channel::Email)) {
        Some(_) => MailedFrom::Unlisted,
        None => MailedFrom::Listed,
    }
}
