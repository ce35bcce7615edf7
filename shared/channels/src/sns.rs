//! SMS through Amazon SNS.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::MessageAttributeValue;

use crate::channel::{Accepted, Channel, Outgoing, SendError, is_phone};
use crate::failure::{self, Codes};

const CODES: Codes =
    Codes { retry: &[("Throttled", None), ("ThrottledException", None), ("Throttling", None), ("ThrottlingException", None)] };

/// SMS through Amazon SNS.
#[derive(Clone, Debug)]
pub struct Sns {
    client: aws_sdk_sns::Client,
}

impl Sns {
    /// From the shared configuration, with the SDK's retries off.
    pub fn new(sdk: &SdkConfig) -> Self {
        let config = aws_sdk_sns::config::Builder::from(sdk).retry_config(RetryConfig::disabled()).build();
        Self { client: aws_sdk_sns::Client::from_conf(config) }
    }
}

#[async_trait]
impl Channel for Sns {
    fn channel(&self) -> domain::Channel {
        domain::Channel::Sms
    }

    fn provider(&self) -> &'static str {
        "sns"
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<Accepted, SendError> {
        if !is_phone(&outgoing.to) {
            return Err(SendError::Refused { suppress: true, detail: "the recipient's phone number is malformed".to_owned() });
        }
        let mut publish = self.client.publish().phone_number(&outgoing.to).message(&outgoing.rendered.text);
        for (name, value) in attributes(outgoing)? {
            let value = text(value)
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
    let mut attributes = vec![
        ("AWS.SNS.SMS.SMSType", "Transactional"),
        ("dunlin_tenant", outgoing.tenant.as_str()),
        ("dunlin_customer", outgoing.customer.as_str()),
        ("dunlin_message", outgoing.message.as_str()),
    ];
    let from = outgoing.from.as_str();
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if is_phone(from) {
        attributes.push(("AWS.MM.SMS.OriginationNumber", from));
    } else if from.len() <= 11 && from.bytes().all(letters) {
        // Empty means the account's default.
        attributes.extend((!from.is_empty()).then_some(("AWS.SNS.SMS.SenderID", from)));
    } else {
        let detail = "the sender is neither a number in E.164 nor up to 11 letters and digits".to_owned();
        return Err(SendError::Refused { suppress: false, detail });
    }
    Ok(attributes)
}

/// SNS names the parameter; a number that opted out is refused the same way.
fn address_is_bad(code: &str, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    matches!(code, "InvalidParameter" | "InvalidParameterException" | "InvalidParameterValue")
        && (message.contains("phonenumber") || message.contains("phone number") || message.contains("opted out"))
}
