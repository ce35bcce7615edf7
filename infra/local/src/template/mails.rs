//! How mails come in: rules of SES, and topics that pass on to queues.

use anyhow::{Context, bail};
use serde_json::Value;

use super::{
    Loader,
    model::{ReceiptRule, Subscription},
    resolve::plain,
    resources::{Resolved, check_policy, need},
};

impl Loader<'_> {
    pub(super) fn subscription(&mut self, properties: &Value, all: &[Resolved]) -> anyhow::Result<()> {
        if properties.get("Protocol").and_then(Value::as_str) != Some("sqs") {
            return Ok(());
        }
        let queue = need(properties, "Endpoint")?;
        anyhow::ensure!(self.out.queues.iter().any(|one| one.arn == queue), "Endpoint: there is no queue {queue}");
        check_policy(&queue, "sns.amazonaws.com", all)?;
        let is_raw = properties.get("RawMessageDelivery").is_some_and(|value| plain(value.clone()) == "true");
        self.out.subscriptions.push(Subscription { topic: need(properties, "TopicArn")?, queue, is_raw });
        Ok(())
    }

    pub(super) fn receipt_rule(&mut self, properties: &Value, all: &[Resolved]) -> anyhow::Result<()> {
        let rule = properties.get("Rule").context("Rule is missing")?;
        let is = |name: &str| rule.get(name).is_some_and(|value| plain(value.clone()) == "true");
        if !is("Enabled") {
            return Ok(());
        }
        let recipients =
            rule.get("Recipients").and_then(Value::as_array).context("Recipients is missing: it would take every mail")?;
        let actions = rule.get("Actions").and_then(Value::as_array).cloned().unwrap_or_default();
        let [action] = actions.as_slice() else { bail!("a rule has one S3Action here, not {} actions", actions.len()) };
        let action = action.get("S3Action").context("a rule has an S3Action here")?;
        let (bucket, topic) = (need(action, "BucketName")?, need(action, "TopicArn")?);
        anyhow::ensure!(self.out.buckets.contains(&bucket), "there is no bucket {bucket}");
        check_bucket(&bucket, all)?;
        self.out.receipt_rules.push(ReceiptRule {
            recipients: recipients.iter().map(|one| plain(one.clone()).to_lowercase()).collect(),
            is_scanned: is("ScanEnabled"),
            bucket,
            prefix: action.get("ObjectKeyPrefix").cloned().map(plain).unwrap_or_default(),
            topic,
        });
        Ok(())
    }
}

/// SES needs the bucket's own policy to allow it: it refuses to make the rule without one.
fn check_bucket(bucket: &str, all: &[Resolved]) -> anyhow::Result<()> {
    let allows = |policy: &Value| {
        let of_it = policy.get("Bucket").cloned().map(plain).as_deref() == Some(bucket);
        let statements = policy.pointer("/PolicyDocument/Statement").and_then(Value::as_array).cloned().unwrap_or_default();
        of_it
            && statements.iter().any(|statement| {
                let text = statement.to_string().to_lowercase();
                statement.get("Effect").is_none_or(|effect| effect == "Allow")
                    && text.contains("ses.amazonaws.com")
                    && text.contains("s3:putobject")
            })
    };
    let allowed = all.iter().filter(|(_, kind, _)| kind == "AWS::S3::BucketPolicy").any(|(_, _, policy)| allows(policy));
    anyhow::ensure!(allowed, "no AWS::S3::BucketPolicy lets ses.amazonaws.com put objects into {bucket}");
    Ok(())
}
