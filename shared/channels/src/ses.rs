//! Email through Amazon SES, API version 2.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sesv2::config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Attachment, AttachmentContentDisposition, AttachmentContentTransferEncoding, Body, Content, Destination, EmailContent,
    Message, MessageHeader, MessageTag,
};

use crate::channel::{Accepted, ChannelClient, Outgoing, SendError, is_mailbox, is_one_line};
use crate::failure::{self, Codes};
use crate::provider::{HttpAnswer, Provider, Recorded, Variables};

/// Email through Amazon SES. `CONFIGURATION_SET` names the configuration set of every mail, through which SES reports what became of it.
pub static SES: Provider = Provider {
    channel: domain::Channel::Email,
    name: "ses",
    connect,
    // SES takes 40 MB, and nobody reads a reminder of one: what is rendered here stays far below this.
    bytes_max: 1024 * 1024,
    attached_bytes_max: domain::attachment::ATTACHED_BYTES_MAX,
    recorded: Recorded {
        from: "Northwind <billing@northwind.example>",
        to: "anna@acme.example",
        malformed: &["", "anna", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "+493012345678"],
        accepted: answer(200, "", r#"{"MessageId": "accepted-1"}"#),
        nameless: answer(200, "", "{}"),
        refused: answer(400, "x-amzn-errortype: MessageRejected\r\n", r#"{"message": "{to} is bad"}"#),
        refused_address: None,
        throttled: answer(429, "x-amzn-errortype: TooManyRequestsException\r\n", r#"{"message": "{to} must wait"}"#),
        failed: answer(500, "x-amzn-errortype: InternalFailure\r\n", r#"{"message": "{to} is lost"}"#),
    },
};

const fn answer(status: u16, headers: &'static str, body: &'static str) -> HttpAnswer {
    HttpAnswer { status, headers, body }
}

fn connect(sdk: &SdkConfig, variable: Variables<'_>) -> Arc<dyn ChannelClient> {
    let config = aws_sdk_sesv2::config::Builder::from(sdk).retry_config(RetryConfig::disabled()).build();
    let client = aws_sdk_sesv2::Client::from_conf(config);
    Arc::new(Ses { client, configuration_set: variable("CONFIGURATION_SET") })
}

const CODES: Codes = Codes {
    retry: &[
        ("TooManyRequestsException", None),
        ("ThrottlingException", None),
        ("Throttling", None),
        // The daily quota, a paused or a suspended account: nothing went out, and people can mend it.
        ("LimitExceededException", Some(3_600)),
        ("SendingPausedException", Some(3_600)),
        ("AccountSuspendedException", Some(3_600)),
    ],
};

/// How long SES may take over a mail with files: megabytes are on their way, and a call that is given up leaves the mail in doubt.
const WITH_FILES: Duration = Duration::from_secs(15);

struct Ses {
    client: aws_sdk_sesv2::Client,
    configuration_set: Option<String>,
}

#[async_trait]
impl ChannelClient for Ses {
    async fn send(&self, outgoing: &Outgoing) -> Result<Accepted, SendError> {
        check(outgoing)?;
        SES.check_size(outgoing)?;
        let content = content(outgoing).map_err(|_| refused("the mail could not be built"))?;
        let destination = Destination::builder().to_addresses(&outgoing.to).build();
        let call = self
            .client
            .send_email()
            .from_email_address(&outgoing.from)
            .destination(destination)
            .set_reply_to_addresses(Some(outgoing.reply_to.clone()).filter(|addresses| !addresses.is_empty()))
            .content(content)
            .set_configuration_set_name(self.configuration_set.clone())
            .set_email_tags(Some(tags(outgoing).map_err(|_| refused("the mail could not be tagged"))?));
        let sent = if outgoing.attachments.is_empty() {
            call.send().await
        } else {
            let timeouts = TimeoutConfig::builder().operation_attempt_timeout(WITH_FILES).build();
            let patient = aws_sdk_sesv2::config::Builder::new().timeout_config(timeouts);
            call.customize().config_override(patient).send().await
        };
        let sent = sent.map_err(|error| failure::sort(&error, &CODES, |_, _| false))?;
        match sent.message_id {
            Some(provider_id) if !provider_id.is_empty() => Ok(Accepted { provider_id }),
            _ => Err(SendError::Unknown { detail: "the answer names no message".to_owned() }),
        }
    }
}

fn refused(detail: &str) -> SendError {
    SendError::Refused { suppress: false, detail: detail.to_owned() }
}

/// What can be known to be wrong without asking.
fn check(outgoing: &Outgoing) -> Result<(), SendError> {
    if !is_mailbox(&outgoing.to) {
        return Err(SendError::Refused { suppress: true, detail: "the recipient's email address is malformed".to_owned() });
    }
    let sender =
        std::iter::once(&outgoing.from).chain(&outgoing.reply_to).chain(&outgoing.opt_out_url).chain(&outgoing.thread.references);
    if !sender.into_iter().all(|text| is_one_line(text)) || outgoing.from.is_empty() {
        return Err(refused("the sender, reply address or opt-out link is malformed"));
    }
    if outgoing.rendered.subject.as_deref().is_none_or(|subject| !is_one_line(subject)) {
        return Err(refused("the mail has no subject on one line"));
    }
    Ok(())
}

fn content(outgoing: &Outgoing) -> Result<EmailContent, BuildError> {
    let utf8 = |text: &str| Content::builder().data(text).charset("UTF-8").build();
    let html = outgoing.rendered.html.as_deref().map(utf8).transpose()?;
    let body = Body::builder().text(utf8(&outgoing.rendered.text)?).set_html(html).build();
    let subject = outgoing.rendered.subject.as_deref().unwrap_or_default();
    let files = outgoing.attachments.iter().map(attachment).collect::<Result<Vec<_>, _>>()?;
    let files = Some(files).filter(|files| !files.is_empty());
    let mut message = Message::builder().subject(utf8(subject)?).body(body).set_attachments(files);
    for (name, value) in headers(outgoing) {
        message = message.headers(MessageHeader::builder().name(name).value(value).build()?);
    }
    Ok(EmailContent::builder().simple(message.build()).build())
}

/// The headers that SES does not make of other parts of the call.
fn headers(outgoing: &Outgoing) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if let Some(url) = &outgoing.opt_out_url {
        headers.push(("List-Unsubscribe", format!("<{url}>")));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    if let Some(last) = outgoing.thread.references.last() {
        headers.push(("In-Reply-To", last.clone()));
        headers.push(("References", outgoing.thread.references.join(" ")));
    }
    if outgoing.thread.is_automatic {
        headers.push(("Auto-Submitted", "auto-generated".to_owned()));
        // Not `All`: that asks Exchange to keep back reports of failure and absence too, which are heard.
        headers.push(("X-Auto-Response-Suppress", "DR, RN, NRN, AutoReply".to_owned()));
    }
    headers
}

/// A file of a mail.
fn attachment(file: &crate::Attachment) -> Result<Attachment, BuildError> {
    let disposition = match file.shown_as {
        Some(_) => AttachmentContentDisposition::Inline,
        None => AttachmentContentDisposition::Attachment,
    };
    Attachment::builder()
        .raw_content(Blob::new(file.bytes.as_slice()))
        .file_name(&file.name)
        .content_type(&file.content_type)
        .content_disposition(disposition)
        .set_content_id(file.shown_as.clone())
        .content_transfer_encoding(AttachmentContentTransferEncoding::Base64)
        .build()
}

/// The ids that SES's later events carry back.
fn tags(outgoing: &Outgoing) -> Result<Vec<MessageTag>, BuildError> {
    outgoing.tags().into_iter().map(|(name, value)| MessageTag::builder().name(name).value(value).build()).collect()
}
