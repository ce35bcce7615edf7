//! SMS through Amazon SNS.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::MessageAttributeValue;

use crate::channel::{Accepted, ChannelClient, Outgoing, SendError, is_phone};
use crate::failure::{self, Codes};
use crate::provider::{HttpAnswer, Provider, Recorded, Variables};

/// SMS through Amazon SNS.
pub static SNS: Provider = Provider {
    channel: domain::Channel::Sms,
    name: "sns",
    connect,
    bytes_max: 1600,
    attached_bytes_max: 0,
    recorded: Recorded {
        from: "Northwind",
        to: "+493012345678",
        malformed: &["", "+49", "0301234567", "+49 30 1234567", "anna@acme.example"],
        accepted: answer(
            200,
            "<PublishResponse><PublishResult><MessageId>accepted-1</MessageId></PublishResult></PublishResponse>",
        ),
        nameless: answer(200, "<PublishResponse><PublishResult></PublishResult></PublishResponse>"),
        refused: answer(
            400,
            "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: Message to {to}</Message></Error></ErrorResponse>",
        ),
        refused_address: Some(answer(
            400,
            "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: PhoneNumber Reason: {to}</Message></Error></ErrorResponse>",
        )),
        throttled: answer(
            400,
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded for {to}</Message></Error></ErrorResponse>",
        ),
        failed: answer(
            500,
            "<ErrorResponse><Error><Code>InternalError</Code><Message>{to} is lost</Message></Error></ErrorResponse>",
        ),
    },
};

const fn answer(status: u16, body: &'static str) -> HttpAnswer {
    HttpAnswer { status, headers: "content-type: text/xml\r\n", body }
}

fn connect(sdk: &SdkConfig, _variable: Variables<'_>) -> Arc<dyn ChannelClient> {
    let config = aws_sdk_sns::config::Builder::from(sdk).retry_config(RetryConfig::disabled()).build();
    Arc::new(Sns { client: aws_sdk_sns::Client::from_conf(config) })
}

const CODES: Codes =
    Codes { retry: &[("Throttled", None), ("ThrottledException", None), ("Throttling", None), ("ThrottlingException", None)] };

struct Sns {
    client: aws_sdk_sns::Client,
}

#[async_trait]
impl ChannelClient for Sns {
    async fn send(&self, outgoing: &Outgoing) -> Result<Accepted, SendError> {
        if !is_phone(&outgoing.to) {
            return Err(SendError::Refused { suppress: true, detail: "the recipient's phone number is malformed".to_owned() });
        }
        SNS.check_size(outgoing)?;
        let mut publish = self.client.publish().phone_number(&outgoing.to).message(&outgoing.rendered.text);
        let attributes = attributes(outgoing)?.into_iter().map(|(name, value)| (name, value.to_owned()));
        for (name, value) in attributes.chain(outgoing.tags()) {
            let value = text(&value)
                .map_err(|_| SendError::Refused { suppress: false, detail: "the message could not be built".to_owned() })?;
            publish = publish.message_attributes(name, value);
        }
        let sent = publish.send().await.map_err(|error| failure::sort(&error, &CODES, address_is_bad))?;
        match sent.message_id {
            Some(provider_id) if !provider_id.is_empty() => Ok(Accepted { provider_id }),
            _ => Err(SendError::Unknown { detail: "the answer names no message".to_owned() }),
        }
    }
}

fn text(value: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build()
}

fn attributes(outgoing: &Outgoing) -> Result<Vec<(&'static str, &str)>, SendError> {
    let mut attributes = vec![("AWS.SNS.SMS.SMSType", "Transactional")];
    let from = outgoing.from.as_str();
    if is_phone(from) {
        attributes.push(("AWS.MM.SMS.OriginationNumber", from));
    } else if is_sender(from) {
        attributes.push(("AWS.SNS.SMS.SenderID", from));
    } else {
        // Without a sender SNS would take a number of the account, which may be another tenant's.
        let detail = "the sender is neither a number in E.164 nor 1 to 11 letters and digits".to_owned();
        return Err(SendError::Refused { suppress: false, detail });
    }
    Ok(attributes)
}

/// Whether text messages can come from it: a number in E.164, or a sender id.
pub(crate) fn is_sender(from: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    is_phone(from) || ((1..=11).contains(&from.len()) && from.bytes().all(letters))
}

/// SNS names the parameter; a number that opted out is refused the same way.
fn address_is_bad(code: &str, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    matches!(code, "InvalidParameter" | "InvalidParameterException" | "InvalidParameterValue")
        && (message.contains("phonenumber") || message.contains("phone number") || message.contains("opted out"))
}
