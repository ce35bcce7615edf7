//! The calls: a mail by SES, a channel of Slack or Teams, a topic of SNS. Each is made once for a notice that is taken.

use std::sync::Arc;

use aws_sdk_sns::{error::ProvideErrorMetadata, types::MessageAttributeValue};
use bytes::Bytes;
use channels::{ChannelClient, Outgoing, Rendered, SendError, Thread, channel::set_mailbox};
use domain::{
    Channel, CustomerId, MessageId, NoticeId, NoticeWay, Settings, TenantId, channel::tags, notice_channel::check_channel_url,
};
use http::{Request, header::CONTENT_TYPE};
use reading::Web;
use serde_json::Value;
use store::{NoticeChannel, Store, Vault};

use crate::{outcome::Outcome, slack, teams, wording::Worded};

/// Longest subject that SNS takes, in characters.
const SNS_SUBJECT_MAX: usize = 99;

/// The ways by which people are told.
pub(crate) struct Ways {
    pub(crate) vault: Vault,
    pub(crate) mail: Arc<dyn ChannelClient>,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) topic: Option<String>,
    pub(crate) web: Web,
    pub(crate) stand_ins: bool,
}

/// Why mails to the tenant's own people cannot leave, where they cannot.
pub(crate) async fn no_sender(store: &Store, tenant: &TenantId, settings: &Settings) -> store::Result<Option<&'static str>> {
    if settings.sender_of("", Channel::Email).is_none_or(str::is_empty) {
        return Ok(Some("the settings name no sender of emails"));
    }
    let listed = store.identities(tenant).await?;
    let unlisted = listed.and_then(|listed| listed.value.missing(settings, "", Channel::Email).map(|_| ()));
    Ok(unlisted.map(|()| "the operator did not list the sender of emails"))
}

impl Ways {
    /// Writes to one of the tenant's people.
    pub(crate) async fn mail(
        &self,
        (tenant, settings): (&TenantId, &Settings),
        first: &NoticeId,
        to: &str,
        worded: &Worded,
    ) -> Outcome {
        let from = settings.sender_of("", Channel::Email).unwrap_or_default();
        let outgoing = Outgoing {
            tenant: tenant.clone(),
            // No customer and no message of a decision are so called: what SES says of it later is about nothing that is known.
            customer: CustomerId::derive(&["notice", tenant.as_str()]),
            message: MessageId::derive(&["notice", first.as_str()]),
            number: 0,
            service_mail: None,
            from: set_mailbox(from, settings.name_of("")),
            to: to.to_owned(),
            reply_to: Vec::new(),
            thread: Thread { references: Vec::new(), is_automatic: true },
            rendered: Rendered { subject: Some(worded.subject.clone()), text: worded.text(), html: None, sha256: String::new() },
            opt_out_url: None,
            attachments: Vec::new(),
        };
        match self.mail.send(&outgoing).await {
            Ok(_) => Outcome::Took,
            Err(SendError::Retry { after, detail }) => Outcome::Later { after_s: after, why: detail },
            Err(SendError::SetUp { detail, .. }) => Outcome::Later { after_s: None, why: detail },
            Err(SendError::Refused { detail, .. }) => Outcome::Refused { why: detail },
            Err(SendError::Unknown { detail }) => Outcome::Unknown { why: detail },
        }
    }

    /// Writes in a channel of Slack or Teams.
    ///
    /// # Errors
    ///
    /// Those of opening its address: nobody was called.
    pub(crate) async fn channel(&self, tenant: &TenantId, channel: &NoticeChannel, worded: &Worded) -> store::Result<Outcome> {
        let url = self.vault.notice_channel_url(tenant, channel).await?;
        // Who entered it was asked as well; what the table says is looked at again before it is called.
        if check_channel_url(channel.way, &url, self.stand_ins).is_err() {
            return Ok(Outcome::Refused { why: "its address names another host than it may".to_owned() });
        }
        let body = match channel.way {
            NoticeWay::Teams => teams::body(worded),
            NoticeWay::Slack | NoticeWay::Email | NoticeWay::Sns | NoticeWay::Later(_) => slack::body(worded),
        };
        Ok(self.post(&url, &body).await)
    }

    async fn post(&self, url: &str, body: &Value) -> Outcome {
        let request = Request::post(url).header(CONTENT_TYPE, "application/json").body(Bytes::from(body.to_string()));
        let Ok(request) = request else { return Outcome::Refused { why: "its address is none".to_owned() } };
        match self.web.send(request).await {
            Ok(answer) => {
                let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
                slack::outcome(answer.status().as_u16(), after.and_then(|text| text.trim().parse().ok()))
            }
            Err(_) => Outcome::Unknown { why: "the channel did not answer".to_owned() },
        }
    }

    /// Publishes to the deployment's topic, where it has one.
    pub(crate) async fn publish(&self, tenant: &TenantId, worded: &Worded) -> Outcome {
        let Some(topic) = &self.topic else {
            return Outcome::Never {
                why: "this deployment has no topic for notices: the operator sets NoticeTopicArn".to_owned(),
            };
        };
        let subject: String =
            worded.subject.chars().map(|one| if one.is_ascii() { one } else { '?' }).take(SNS_SUBJECT_MAX).collect();
        let attribute = MessageAttributeValue::builder().data_type("String").string_value(tenant.as_str()).build();
        let Ok(attribute) = attribute else { return Outcome::Refused { why: "the notice could not be built".to_owned() } };
        let call = self.sns.publish().topic_arn(topic).subject(subject).message(worded.text());
        match call.message_attributes(tags::TENANT, attribute).send().await {
            Ok(_) => Outcome::Took,
            Err(error) => match error.as_service_error() {
                Some(said) => {
                    let code = said.code().unwrap_or("unnamed").to_owned();
                    let why = format!("SNS answered {code}");
                    if code.starts_with("Thrott") {
                        Outcome::Later { after_s: None, why }
                    } else if error.raw_response().is_some_and(|raw| raw.status().as_u16() < 500) {
                        Outcome::Refused { why }
                    } else {
                        Outcome::Unknown { why }
                    }
                }
                None => Outcome::Unknown { why: "SNS did not answer".to_owned() },
            },
        }
    }
}
