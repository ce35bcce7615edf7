//! What `Ref` and `GetAtt` of each resource mean on this machine.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{model::Place, resolve::Scope};

/// The name that a resource gets when the template gives none.
pub fn default_name(logical: &str) -> String {
    kebab(logical)
}

/// `SendEmailFunction` as `send-email-function`.
pub fn kebab(text: &str) -> String {
    let mut out = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (at, letter) in chars.iter().enumerate() {
        let starts_word = letter.is_uppercase()
            && at > 0
            && (!chars[at - 1].is_uppercase() || chars.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if starts_word {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// Adds a resource's `Ref` and attributes to the scope. `name` is its physical name.
pub fn declare(scope: &mut Scope, place: &Place, logical: &str, kind: &str, name: &str) {
    let region = &place.region;
    let account = &place.account;
    let (reference, attributes): (String, Vec<(&str, String)>) = match kind {
        "AWS::DynamoDB::Table" => (
            name.to_owned(),
            vec![("Arn", place.arn("dynamodb", &format!("table/{name}"))), ("StreamArn", stream_arn(place, name))],
        ),
        "AWS::SQS::Queue" => (
            queue_url(place, name),
            vec![("Arn", place.arn("sqs", name)), ("QueueName", name.to_owned()), ("QueueUrl", queue_url(place, name))],
        ),
        "AWS::Events::EventBus" => {
            (name.to_owned(), vec![("Arn", place.arn("events", &format!("event-bus/{name}"))), ("Name", name.to_owned())])
        }
        "AWS::Serverless::Function" | "AWS::Lambda::Function" => {
            (name.to_owned(), vec![("Arn", place.arn("lambda", &format!("function:{name}")))])
        }
        "AWS::Serverless::HttpApi" => (API_ID.to_owned(), vec![("ApiEndpoint", place.url.clone()), ("ApiId", API_ID.to_owned())]),
        "AWS::S3::Bucket" => (
            name.to_owned(),
            vec![
                ("Arn", format!("arn:aws:s3:::{name}")),
                ("DomainName", format!("{name}.s3.amazonaws.com")),
                ("RegionalDomainName", format!("{name}.s3.{region}.amazonaws.com")),
            ],
        ),
        "AWS::KMS::Key" => {
            let id = key_id(logical);
            (id.clone(), vec![("Arn", place.arn("kms", &format!("key/{id}"))), ("KeyId", id)])
        }
        "AWS::SNS::Topic" => (place.arn("sns", name), vec![("TopicArn", place.arn("sns", name)), ("TopicName", name.to_owned())]),
        "AWS::IAM::Role" => {
            (name.to_owned(), vec![("Arn", format!("arn:aws:iam::{account}:role/{name}")), ("RoleId", "AROALOCAL".to_owned())])
        }
        "AWS::Logs::LogGroup" => (name.to_owned(), vec![("Arn", place.arn("logs", &format!("log-group:{name}:*")))]),
        // The others run nothing here: any attribute of theirs is their ARN.
        _ => (name.to_owned(), vec![("Arn", place.arn("other", name)), ("Id", name.to_owned())]),
    };
    scope.refs.insert(logical.to_owned(), json!(reference));
    for (attribute, value) in attributes {
        scope.attributes.insert((logical.to_owned(), attribute.to_owned()), json!(value));
    }
}

/// The id of the HTTP API.
pub const API_ID: &str = "local0api0";

/// The stream's ARN as the template and the functions see it.
pub fn stream_arn(place: &Place, table: &str) -> String {
    place.arn("dynamodb", &format!("table/{table}/stream/2026-01-01T00:00:00.000"))
}

fn queue_url(place: &Place, name: &str) -> String {
    format!("https://sqs.{}.amazonaws.com/{}/{name}", place.region, place.account)
}

/// A key id that is the same for the same logical id.
fn key_id(logical: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(logical.as_bytes());
    let hex = hex::encode(digest);
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// `AWS::Region` and the like.
pub fn pseudo_parameters(place: &Place) -> BTreeMap<String, Value> {
    [
        ("AWS::Region", place.region.as_str()),
        ("AWS::AccountId", place.account.as_str()),
        ("AWS::Partition", "aws"),
        ("AWS::URLSuffix", "amazonaws.com"),
        ("AWS::StackName", "dunlin-local"),
        ("AWS::StackId", "arn:aws:cloudformation:local:stack/dunlin-local"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (logical, expected) in [
            ("SendEmailFunction", "send-email-function"),
            ("Sweep", "sweep"),
            ("SESFeedback", "ses-feedback"),
            ("HttpApi", "http-api"),
        ] {
            assert_eq!(kebab(logical), expected);
        }
    }
}
