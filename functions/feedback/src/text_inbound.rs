//! Text messages that come in: AWS End User Messaging publishes each to a topic. Led to whose it is, and handed over as an answer.

use std::collections::BTreeSet;

use domain::{Channel, CustomerId, FoundBy, HeardAbout, HeardReply, Settings, TenantId, heard::HEARD_CHARS_MAX, phone};
use jiff::Timestamp;
use serde_json::Value;
use store::{AddressId, PersonId, Result, SentMail, Store};

use crate::{
    cases::{case_of, open_case_of, the_only_open},
    hear,
    outcome::FeedbackOutcome,
};

/// Tenants whose settings are looked at for one text message.
const TENANTS_MAX: usize = 500;
/// Customers at which one number is known that are looked at.
const CUSTOMERS_MAX: usize = 10;
/// What whoever wants no more text messages sends, by the carriers' rules. Beside the classes of answers: it is passed on even where nobody knows whose
/// message it is.
const STOP_WORDS: [&str; 9] = ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "arret", "baja", "stopp"];

/// A text message that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextIn {
    /// AWS's id of it.
    pub id: String,
    /// Who sent it.
    pub from: String,
    /// Our number that it was sent to.
    pub to: String,
    /// What it says.
    pub text: String,
    /// The last message that was sent to that number before.
    pub previous: Option<String>,
    /// When it came.
    pub at: Timestamp,
}

impl TextIn {
    /// The text message in a message of a queue, as it is or in the envelope of SNS; `None` for what is none. It has no instant of its own: that of the
    /// envelope is taken, else that of the queue.
    pub fn of(body: &Value, queued_at: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let unpacked = || {
            let inner = body.get("Message").filter(|_| body["Type"] == "Notification")?.as_str()?;
            serde_json::from_str::<Value>(inner).ok()
        };
        let inner = if body.get("inboundMessageId").is_some() { body.clone() } else { unpacked()? };
        let text = |name: &str| inner.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let published = body.get("Timestamp").and_then(Value::as_str).and_then(|text| text.parse().ok());
        Some(Self {
            id: text("inboundMessageId")?.to_owned(),
            from: number(text("originationNumber")?),
            to: number(text("destinationNumber").unwrap_or_default()),
            text: text("messageBody").unwrap_or_default().to_owned(),
            previous: text("previousPublishedMessageId").map(str::to_owned),
            at: published.or(queued_at).unwrap_or(now),
        })
    }

    /// Whether it says nothing but that its sender wants no more.
    fn is_stop(&self) -> bool {
        let word: String = self.text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        STOP_WORDS.contains(&word.as_str())
    }
}

/// A number in the form in which it is kept, where it is one.
fn number(text: &str) -> String {
    phone::e164(text).unwrap_or_else(|| text.to_owned())
}

/// Takes a text message in. The same again changes nothing.
///
/// # Errors
///
/// Those of the table; then it may come again.
pub async fn take(store: &Store, text: &TextIn, now: Timestamp) -> Result<FeedbackOutcome> {
    let finder = TextFinder { store, text, now };
    let abouts = finder.all().await?;
    if abouts.is_empty() {
        tracing::error!(inbound.message = text.id, "a text message came to a number that is not one tenant's, and is nobody's");
        return Ok(FeedbackOutcome::Logged);
    }
    let mut outcome = FeedbackOutcome::Ignored;
    for about in abouts {
        let heard = HeardReply {
            channel: Channel::Sms,
            provider_id: text.id.clone(),
            received_at: text.at,
            from: text.from.clone(),
            to: text.to.clone(),
            subject: None,
            text: text.text.chars().filter(|c| *c != '\0').take(HEARD_CHARS_MAX).collect(),
            files: vec![],
            unkept: vec![],
            is_whole: true,
            machine: None,
            suspect: None,
            dkim_domain: None,
            original: None,
            about,
        };
        outcome = Box::pin(hear::take(store, &heard, now)).await?;
        tracing::info!(tenant.id = %heard.about.tenant, reply.id = %heard.id(), by = ?heard.about.by, "a text message was heard");
    }
    Ok(outcome)
}

/// Looks whose a text message is.
struct TextFinder<'a> {
    store: &'a Store,
    text: &'a TextIn,
    now: Timestamp,
}

impl TextFinder<'_> {
    /// Whose it is: of one tenant. Of several whose number it may be to, nobody is shown what it says, unless it is that its sender wants no more, which
    /// counts for each of them.
    async fn all(&self) -> Result<Vec<HeardAbout>> {
        let mut everybody = Vec::new();
        let mut senders = Vec::new();
        for row in self.store.tenants().await?.into_iter().take(TENANTS_MAX) {
            let Some(settings) = self.store.settings(&row.tenant).await? else { continue };
            if sends_by(&settings.value, &self.text.to) {
                senders.push(row.tenant.clone());
            }
            everybody.push(row.tenant);
        }
        // Where the deployment sends by a pool, no settings name its numbers.
        let candidates = if senders.is_empty() { &everybody } else { &senders };
        if let Some(about) = self.by_previous(candidates).await? {
            return Ok(vec![about]);
        }
        if let [tenant] = senders.as_slice() {
            return Ok(vec![self.by_number(tenant).await?.unwrap_or_else(|| nobodys(tenant))]);
        }
        let mut known = Vec::new();
        for tenant in candidates {
            known.extend(self.by_number(tenant).await?);
        }
        // A tenant at which several customers have the number may be meant as well.
        if known.len() == 1 && known.iter().all(|about| about.customer.is_some()) {
            return Ok(known);
        }
        Ok(if self.text.is_stop() { candidates.iter().map(nobodys).collect() } else { Vec::new() })
    }

    /// By the last message that was sent to the number, as AWS names it.
    async fn by_previous(&self, candidates: &[TenantId]) -> Result<Option<HeardAbout>> {
        let Some(previous) = &self.text.previous else { return Ok(None) };
        for tenant in candidates {
            if let Some(SentMail { customer, message, number }) = self.store.sent_mail(tenant, previous, self.now).await? {
                let mut case = case_of(self.store, tenant, &customer, &message, number).await?;
                if case.is_none() {
                    case = open_case_of(self.store, tenant, &customer).await?;
                }
                let link = self.store.link_of(tenant, &customer, &AddressId::of(Channel::Sms, &self.text.from)).await?;
                return Ok(Some(HeardAbout {
                    tenant: tenant.clone(),
                    customer: Some(customer),
                    link: link.map(|link| link.id),
                    case,
                    message: Some(message),
                    service_mail: None,
                    by: FoundBy::Threading,
                }));
            }
        }
        Ok(None)
    }

    /// By who has the number at a tenant; `None` where nobody has. Where several have, nobody of them is named.
    async fn by_number(&self, tenant: &TenantId) -> Result<Option<HeardAbout>> {
        let places = self.store.places_of_number(tenant, &PersonId::of(&self.text.from)).await?;
        let customers: BTreeSet<CustomerId> = places.into_iter().map(|place| place.customer).collect();
        if customers.is_empty() {
            return Ok(None);
        }
        if customers.len() > CUSTOMERS_MAX {
            return Ok(Some(nobodys(tenant)));
        }
        let found = the_only_open(self.store, tenant, &customers).await?;
        Ok(Some(match found {
            Some((customer, case)) => HeardAbout { customer: Some(customer), case, by: FoundBy::Sender, ..nobodys(tenant) },
            None => nobodys(tenant),
        }))
    }
}

/// A text message of a tenant of which nothing more is known.
fn nobodys(tenant: &TenantId) -> HeardAbout {
    HeardAbout {
        tenant: tenant.clone(),
        customer: None,
        link: None,
        case: None,
        message: None,
        service_mail: None,
        by: FoundBy::Nothing,
    }
}

/// Whether a tenant's text messages come from a number.
fn sends_by(settings: &Settings, number: &str) -> bool {
    let own = settings.sender.get(&Channel::Sms);
    let of_entities = settings.legal_entities.values().filter_map(|entity| entity.sender.get(&Channel::Sms));
    !number.is_empty() && own.into_iter().chain(of_entities).any(|sender| sender == number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use serde_json::json;

    use super::*;

    #[test]
    fn what_aws_documents_is_read_with_and_without_its_envelope() {
        let payload = include_str!("../tests/fixtures/aws-eum-sms/two-way-inbound.json");
        let (now, queued) = (Timestamp::UNIX_EPOCH, "2026-01-05T09:00:01Z".parse().unwrap());
        let plain: Value = serde_json::from_str(payload).unwrap();
        let read = TextIn::of(&plain, Some(queued), now).unwrap();
        assert_eq!((read.from.as_str(), read.to.as_str(), read.text.as_str()), ("+14255550182", "+12125550101", "EXAMPLE"));
        assert_eq!((read.id.as_str(), read.at), ("cae173d2-66b9-564c-8309-21f858e9fb84", queued));
        let envelope = json!({ "Type": "Notification", "Message": payload, "Timestamp": "2026-01-05T09:00:00.000Z" });
        let packed = TextIn::of(&envelope, Some(queued), now).unwrap();
        assert_eq!(packed, TextIn { at: "2026-01-05T09:00:00Z".parse().unwrap(), ..read });
        for other in [json!({}), json!({ "Type": "Notification", "Message": "no JSON" }), json!({ "inboundMessageId": "1" })] {
            assert_eq!(TextIn::of(&other, None, now), None, "{other}");
        }
    }

    #[test]
    fn a_word_alone_stops() {
        let text = |text: &str| TextIn {
            id: "1".to_owned(),
            from: String::new(),
            to: String::new(),
            text: text.to_owned(),
            previous: None,
            at: Timestamp::UNIX_EPOCH,
        };
        for (said, expected) in
            [("STOP", true), (" Stop! ", true), ("stop all", true), ("please stop", false), ("HELP", false), ("", false)]
        {
            assert_eq!(text(said).is_stop(), expected, "{said}");
        }
    }
}
