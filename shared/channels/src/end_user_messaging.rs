//! SMS through AWS End User Messaging (`PinpointSMSVoiceV2`, JSON 1.0): receipts come back by themselves, each with the tags of its message.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use domain::{ProviderProblem, channel::tags};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::channel::{Accepted, ChannelClient, Outgoing, SendError, is_phone};
use crate::failure::{named, of_answer};
use crate::provider::{HttpAnswer, Provider, Recorded, Variables};
use crate::signed_call::{SignedAnswer, SignedCall};
use crate::sns::is_sender;

/// SMS through AWS End User Messaging. `SMS_CONFIGURATION_SET` names the configuration set of every text message. `SMS_ORIGINATION_IDENTITY` names the
/// pool or number that all leave by, in the place of each tenant's own sender.
pub static END_USER_MESSAGING: Provider = Provider {
    channel: domain::Channel::Sms,
    name: "end-user-messaging",
    connect,
    bytes_max: 1600,
    attached_bytes_max: 0,
    recorded: Recorded {
        from: "Northwind",
        to: "+493012345678",
        malformed: &["", "+49", "0301234567", "+49 30 1234567", "anna@acme.example"],
        accepted: answer(200, r#"{"MessageId": "accepted-1"}"#),
        nameless: answer(200, "{}"),
        refused: answer(
            400,
            r#"{"__type": "ValidationException", "Message": "{to} is bad", "Reason": "FIELD_VALIDATION_FAILED", "Fields": [{"Name": "MessageBody"}]}"#,
        ),
        refused_address: Some(answer(
            400,
            r#"{"__type": "com.amazonaws.pinpointsmsvoicev2#ConflictException", "Message": "{to}", "Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT"}"#,
        )),
        throttled: answer(400, r#"{"__type": "ThrottlingException", "Message": "Rate exceeded for {to}"}"#),
        failed: answer(500, r#"{"__type": "InternalServerException", "Message": "{to} is lost", "RequestId": "1"}"#),
    },
};

const fn answer(status: u16, body: &'static str) -> HttpAnswer {
    HttpAnswer { status, headers: "content-type: application/x-amz-json-1.0\r\n", body }
}

fn connect(sdk: &SdkConfig, variable: Variables<'_>) -> Arc<dyn ChannelClient> {
    let filled = |value: Option<String>| value.filter(|value| !value.is_empty());
    Arc::new(EndUserMessaging {
        call: SignedCall::new(sdk, "sms-voice", "PinpointSMSVoiceV2.SendTextMessage"),
        configuration_set: filled(variable("SMS_CONFIGURATION_SET")),
        origination_identity: filled(variable("SMS_ORIGINATION_IDENTITY")),
    })
}

struct EndUserMessaging {
    call: SignedCall,
    configuration_set: Option<String>,
    origination_identity: Option<String>,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    /// The number is not to be written to again.
    BadNumber,
    /// This message is not to be tried again.
    No,
    /// Nobody is written to until people mend something.
    SetUp(ProviderProblem),
    /// It was too much at once.
    Busy,
}

/// Error and reason, as the service's model has them; an empty reason stands for every one that is not listed. What is not named goes by its status.
const REFUSALS: [(&str, &str, Means); 21] = [
    ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", Means::BadNumber),
    ("ConflictException", "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE", Means::No),
    ("ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", Means::No),
    ("ConflictException", "DESTINATION_COUNTRY_BLOCKED", Means::No),
    ("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", Means::SetUp(ProviderProblem::Sandbox)),
    ("ConflictException", "VERIFIED_DESTINATION_NUMBER_NOT_FOUND", Means::SetUp(ProviderProblem::Sandbox)),
    ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", Means::SetUp(ProviderProblem::Sender)),
    ("ConflictException", "NUMBER_CAPABILITIES_MISMATCH", Means::SetUp(ProviderProblem::Sender)),
    ("ConflictException", "MESSAGE_TYPE_MISMATCH", Means::SetUp(ProviderProblem::Sender)),
    ("ConflictException", "KEYWORD_MISMATCH", Means::SetUp(ProviderProblem::Sender)),
    ("ConflictException", "RESOURCE_NOT_ACTIVE", Means::SetUp(ProviderProblem::Sender)),
    ("ConflictException", "", Means::No),
    ("ResourceNotFoundException", "", Means::SetUp(ProviderProblem::Sender)),
    ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", Means::SetUp(ProviderProblem::SpendLimit)),
    ("ServiceQuotaExceededException", "", Means::SetUp(ProviderProblem::SpendLimit)),
    ("AccessDeniedException", "INSUFFICIENT_ACCOUNT_REPUTATION", Means::SetUp(ProviderProblem::Account)),
    ("AccessDeniedException", "ACCOUNT_DISABLED", Means::SetUp(ProviderProblem::Account)),
    ("AccessDeniedException", "", Means::SetUp(ProviderProblem::Rights)),
    ("ValidationException", "", Means::No),
    ("ThrottlingException", "", Means::Busy),
    ("Throttling", "", Means::Busy),
];

/// What a refusal means; `None` for one that is not named.
fn means(error: &str, reason: &str) -> Option<Means> {
    let of = |wanted: &str| REFUSALS.iter().find(|(known, why, _)| *known == error && *why == wanted).map(|(.., means)| *means);
    of(reason).or_else(|| of(""))
}

#[async_trait]
impl ChannelClient for EndUserMessaging {
    async fn send(&self, outgoing: &Outgoing) -> Result<Accepted, SendError> {
        if !is_phone(&outgoing.to) {
            return Err(SendError::Refused { suppress: true, detail: "the recipient's phone number is malformed".to_owned() });
        }
        if !is_sender(&outgoing.from) {
            let detail = "the sender is neither a number in E.164 nor 1 to 11 letters and digits".to_owned();
            return Err(SendError::Refused { suppress: false, detail });
        }
        END_USER_MESSAGING.check_size(outgoing)?;
        let answer = self.call.call(self.body(outgoing).to_string()).await?;
        if answer.status == 200 { accepted(&answer.body) } else { Err(refused(&answer)) }
    }
}

impl EndUserMessaging {
    fn body(&self, outgoing: &Outgoing) -> Value {
        let mut context: Map<String, Value> =
            outgoing.tags().into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        // Receipts do not say whom they are about.
        let address = domain::address_key(domain::Channel::Sms, &outgoing.to);
        context.insert(tags::ADDRESS.to_owned(), Value::String(domain::id::digest(&[&address])));
        let mut body = json!({
            "DestinationPhoneNumber": outgoing.to,
            "OriginationIdentity": self.origination_identity.as_ref().unwrap_or(&outgoing.from),
            "MessageBody": outgoing.rendered.text,
            "MessageType": "TRANSACTIONAL",
            "Context": context,
        });
        if let (Some(set), Some(fields)) = (&self.configuration_set, body.as_object_mut()) {
            fields.insert("ConfigurationSetName".to_owned(), Value::String(set.clone()));
        }
        body
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AcceptedBody {
    message_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct RefusedBody {
    #[serde(rename = "__type")]
    error: Option<String>,
    #[serde(rename = "Reason")]
    reason: Option<String>,
}

fn accepted(body: &[u8]) -> Result<Accepted, SendError> {
    let read: Option<AcceptedBody> = serde_json::from_slice(body).ok();
    match read.and_then(|body| body.message_id).filter(|id| !id.is_empty()) {
        Some(provider_id) => Ok(Accepted { provider_id }),
        None => Err(SendError::Unknown { detail: "the answer names no message".to_owned() }),
    }
}

fn refused(answer: &SignedAnswer) -> SendError {
    let body: RefusedBody = serde_json::from_slice(&answer.body).unwrap_or_default();
    let stated = body.error.or_else(|| answer.named.clone()).unwrap_or_default();
    // `com.amazonaws.pinpointsmsvoicev2#ConflictException`, or with what follows a colon in the header.
    let error = stated.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let reason = body.reason.unwrap_or_default();
    let detail = || named(answer.status, if reason.is_empty() { error } else { &reason });
    // What failed within the service proves nothing, whatever it is called.
    let known = (400..500).contains(&answer.status).then(|| means(error, &reason)).flatten();
    match known {
        Some(Means::BadNumber) => SendError::Refused { suppress: true, detail: detail() },
        Some(Means::No) => SendError::Refused { suppress: false, detail: detail() },
        Some(Means::SetUp(problem)) => SendError::SetUp { problem, detail: detail() },
        Some(Means::Busy) => SendError::Retry { after: answer.after, detail: detail() },
        None => of_answer(answer.status, error, answer.after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_named_once_and_a_reason_nobody_knows_goes_by_its_error() {
        let names: std::collections::BTreeSet<_> = REFUSALS.iter().map(|(error, reason, _)| (error, reason)).collect();
        assert_eq!(names.len(), REFUSALS.len());
        for (error, reason, expected) in [
            ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", Some(Means::BadNumber)),
            ("ConflictException", "A_REASON_OF_TOMORROW", Some(Means::No)),
            ("AccessDeniedException", "ACCOUNT_DISABLED", Some(Means::SetUp(ProviderProblem::Account))),
            ("AccessDeniedException", "", Some(Means::SetUp(ProviderProblem::Rights))),
            ("AnErrorOfTomorrow", "DESTINATION_PHONE_NUMBER_OPTED_OUT", None),
        ] {
            assert_eq!(means(error, reason), expected, "{error} {reason}");
        }
    }
}
