//! What SES says of a mail that came in, as the topic of its rule passes it on.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// Where mails lie in the bucket: the rule of the template puts them there.
const PREFIX: &str = "inbound/";

/// A mail that came in, as SES tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailNotice {
    /// SES's id of the mail.
    pub message_id: String,
    /// When SES took it in.
    pub received_at: Timestamp,
    /// The sender on the envelope, in lower case, without brackets; empty where there was none.
    pub envelope_from: String,
    /// The addresses of ours that it was sent to.
    pub recipients: Vec<String>,
    /// Whom its head names as senders, where the mail itself cannot be read.
    pub from: Vec<String>,
    /// Its subject, likewise.
    pub subject: Option<String>,
    /// The bucket that it is in.
    pub bucket: String,
    /// Its key there.
    pub key: String,
    /// Whether a scan holds it for unsolicited.
    pub is_spam: bool,
    /// Whether a scan found something harmful.
    pub is_virus: bool,
    /// Whether a signature of it holds.
    pub is_signed: bool,
    /// Whether nothing proves that it is from its sender's domain, and that domain asks (DMARC) that such mails are not taken for its own.
    pub is_forged: bool,
}

#[derive(Deserialize)]
struct Received {
    mail: ReceivedMail,
    receipt: Receipt,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceivedMail {
    message_id: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    common_headers: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    recipients: Vec<String>,
    #[serde(default)]
    spam_verdict: Verdict,
    #[serde(default)]
    virus_verdict: Verdict,
    #[serde(default)]
    dkim_verdict: Verdict,
    #[serde(default)]
    dmarc_verdict: Verdict,
    /// What the sender's domain asks for: `none`, `quarantine` or `reject`.
    #[serde(default)]
    dmarc_policy: String,
    action: Kept,
}

/// `PASS`, `FAIL`, `GRAY`, `PROCESSING_FAILED` or `DISABLED`.
#[derive(Default, Deserialize)]
struct Verdict {
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    bucket_name: String,
    object_key: String,
}

/// Whether a domain asks that nobody takes for its own what is not proven to be.
fn is_strict(policy: &str) -> bool {
    ["quarantine", "reject"].iter().any(|strict| policy.eq_ignore_ascii_case(strict))
}

/// The notice of a mail in a message of a queue, as it is or in the envelope of SNS; `None` for what is none.
pub fn notice_in(body: &Value) -> Option<Value> {
    let is_one = |value: &Value| value["notificationType"] == "Received";
    if is_one(body) {
        return Some(body.clone());
    }
    let inner = body.get("Message").filter(|_| body["Type"] == "Notification")?.as_str()?;
    serde_json::from_str::<Value>(inner).ok().filter(is_one)
}

/// Reads a notice.
///
/// # Errors
///
/// What is wrong with it, without any of its content.
pub fn read_notice(notice: &Value, now: Timestamp) -> Result<MailNotice, &'static str> {
    let Received { mail, receipt } = Received::deserialize(notice).map_err(|_| "it has another form than those of S3 actions")?;
    if !receipt.action.object_key.starts_with(PREFIX) {
        return Err("the mail lies elsewhere than mails do");
    }
    let plain = |text: &str| text.trim_matches(['<', '>']).trim().to_lowercase();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let subject = mail.common_headers["subject"].as_str().map(str::to_owned);
    Ok(MailNotice {
        received_at: receipt.timestamp.and_then(|text| text.parse().ok()).unwrap_or(now),
        envelope_from: mail.source.as_deref().map(plain).unwrap_or_default(),
        recipients: receipt.recipients,
        from: texts(&mail.common_headers["from"]).iter().map(|from| plain(from.rsplit('<').next().unwrap_or_default())).collect(),
        subject,
        message_id: mail.message_id,
        bucket: receipt.action.bucket_name,
        key: receipt.action.object_key,
        is_spam: receipt.spam_verdict.status == "FAIL",
        is_virus: receipt.virus_verdict.status == "FAIL",
        is_signed: receipt.dkim_verdict.status == "PASS",
        is_forged: receipt.dmarc_verdict.status == "FAIL" && is_strict(&receipt.dmarc_policy),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;
    use serde_json::json;

    /// The event of an S3 action, and of a mail to which a hidden copy was sent, of aws-lambda-rust-runtime (MIT and Apache-2.0): what a function
    /// gets of SES has mail and receipt as a notice has.
    const S3: &str = include_str!("../tests/fixtures/example-ses-s3-event.json");
    const BCC: &str = include_str!("../tests/fixtures/example-ses-bcc-event.json");

    fn notice_of(fixture: &str) -> Value {
        let event: Value = serde_json::from_str(fixture).unwrap();
        let ses = &event["Records"][0]["ses"];
        let mut receipt = ses["receipt"].clone();
        receipt["action"] = json!({
            "type": "S3", "topicArn": "arn:aws:sns:us-east-1:1:inbound", "bucketName": "b", "objectKeyPrefix": "inbound/", "objectKey": "inbound/email"
        });
        json!({ "notificationType": "Received", "mail": ses["mail"], "receipt": receipt })
    }

    #[test]
    fn a_notice_is_read_with_and_without_the_envelope_of_the_topic() {
        let now = Timestamp::UNIX_EPOCH;
        let plain = notice_of(S3);
        let wrapped = json!({ "Type": "Notification", "MessageId": "m", "TopicArn": "t", "Message": plain.to_string() });
        for body in [&plain, &wrapped] {
            let read = read_notice(&notice_in(body).unwrap(), now).unwrap();
            assert_eq!(read.message_id, "d6iitobk75ur44p8kdnnp7g2n800");
            assert_eq!(
                (read.received_at.to_string(), read.key.as_str()),
                ("2015-09-11T20:32:33.936Z".to_owned(), "inbound/email")
            );
            assert_eq!(
                (read.recipients.as_slice(), read.from.as_slice()),
                (["recipient@example.com".to_owned()].as_slice(), ["sender@example.com".to_owned()].as_slice())
            );
            assert_eq!((read.is_spam, read.is_virus, read.is_signed), (false, false, true));
            assert!(read.envelope_from.ends_with("@amazonses.com"));
        }
        assert!(read_notice(&notice_of(BCC), now).is_ok(), "a hidden copy names nobody");
    }

    #[test]
    fn a_mail_is_forged_where_the_domain_of_its_sender_says_so() {
        for (status, policy, expected) in [
            ("FAIL", json!("reject"), true),
            ("FAIL", json!("QUARANTINE"), true),
            ("FAIL", json!("none"), false),
            ("PASS", json!("reject"), false),
            ("GRAY", json!("reject"), false),
        ] {
            let mut notice = notice_of(S3);
            notice["receipt"]["dmarcVerdict"]["status"] = json!(status);
            notice["receipt"]["dmarcPolicy"] = policy.clone();
            let read = read_notice(&notice, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(read.is_forged, expected, "{status} {policy}");
        }
        let mut unsaid = notice_of(S3);
        unsaid["receipt"]["dmarcVerdict"]["status"] = json!("FAIL");
        unsaid["receipt"].as_object_mut().unwrap().remove("dmarcPolicy");
        assert!(!read_notice(&unsaid, Timestamp::UNIX_EPOCH).unwrap().is_forged, "its domain asks for nothing");
    }

    #[test]
    fn what_is_no_notice_is_none_and_one_that_does_not_read_says_why() {
        for body in [
            json!({}),
            json!({ "notificationType": "Bounce" }),
            json!({ "Type": "Notification", "Message": "Successfully validated SNS topic" }),
            json!({ "Type": "SubscriptionConfirmation", "Message": notice_of(S3).to_string() }),
        ] {
            assert_eq!(notice_in(&body), None, "{body}");
        }
        let mut elsewhere = notice_of(S3);
        elsewhere["receipt"]["action"]["objectKey"] = json!("attached/x");
        assert!(read_notice(&elsewhere, Timestamp::UNIX_EPOCH).is_err());
        assert!(
            read_notice(&json!({ "notificationType": "Received", "mail": {}, "receipt": {} }), Timestamp::UNIX_EPOCH).is_err()
        );
    }
}
