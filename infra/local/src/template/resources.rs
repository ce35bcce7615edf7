//! Tables, queues, buses, rules, keys and what else exists beside the functions.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use super::{
    Loader,
    identity::stream_arn,
    model::{Destination, Input, Key, Queue, Rule, Table, Target},
    resolve::plain,
};
use crate::pattern::Pattern;

/// A resource with its properties resolved: logical id, type, properties.
pub(super) type Resolved = (String, String, Value);

impl Loader<'_> {
    /// What a resource is by itself.
    pub(super) fn resource(&mut self, logical: &str, kind: &str, properties: &Value) -> anyhow::Result<()> {
        match kind {
            "AWS::Serverless::Function" => self.function(logical, properties)?,
            "AWS::DynamoDB::Table" => self.table(logical, properties)?,
            "AWS::SQS::Queue" => self.queue(logical, properties)?,
            "AWS::Events::EventBus" => {
                let name = self.reference(logical)?;
                self.out.buses.push(name);
            }
            "AWS::S3::Bucket" => {
                let name = self.reference(logical)?;
                self.out.buckets.push(name);
            }
            "AWS::KMS::Key" => {
                let id = self.reference(logical)?;
                self.out.keys.push(Key { arn: self.place.arn("kms", &format!("key/{id}")), names: vec![id] });
            }
            "AWS::SES::ConfigurationSet" => {
                let name = self.reference(logical)?;
                self.out.configuration_sets.get_or_insert_default().entry(name).or_default();
            }
            "AWS::Lambda::Function" => bail!("only AWS::Serverless::Function runs locally"),
            _ => {}
        }
        Ok(())
    }

    /// What a resource feeds or is fed by.
    pub(super) fn wiring(&mut self, logical: &str, kind: &str, properties: &Value, all: &[Resolved]) -> anyhow::Result<()> {
        match kind {
            "AWS::Serverless::Function" => self.events(logical, properties, all),
            "AWS::Events::Rule" => self.rule(logical, properties, all),
            "AWS::KMS::Alias" => {
                let target = need(properties, "TargetKeyId")?;
                let alias = need(properties, "AliasName")?;
                let key = self.out.keys.iter_mut().find(|key| key.arn == target || key.names.contains(&target));
                key.with_context(|| format!("there is no key {target}"))?.names.push(alias);
                Ok(())
            }
            "AWS::SQS::Queue" => match self.out.queues.iter().find(|queue| queue.name == self.name_of(logical)) {
                Some(Queue { redrive: Some((arn, _)), .. }) if !self.out.queues.iter().any(|queue| queue.arn == *arn) => {
                    bail!("RedrivePolicy: there is no queue {arn}")
                }
                _ => Ok(()),
            },
            "AWS::SES::ConfigurationSetEventDestination" => self.event_destination(properties),
            "AWS::SES::ReceiptRule" => self.receipt_rule(properties, all),
            "AWS::SNS::Subscription" => self.subscription(properties, all),
            _ => Ok(()),
        }
    }

    fn name_of(&self, logical: &str) -> String {
        let name = self.scope.attributes.get(&(logical.to_owned(), "QueueName".to_owned()));
        name.cloned().map(plain).unwrap_or_default()
    }

    fn reference(&self, logical: &str) -> anyhow::Result<String> {
        self.scope.refs.get(logical).cloned().map(plain).with_context(|| format!("{logical} has no name"))
    }

    fn table(&mut self, logical: &str, properties: &Value) -> anyhow::Result<()> {
        let name = self.reference(logical)?;
        let mut request = Map::new();
        for key in ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "BillingMode"] {
            if let Some(value) = properties.get(key) {
                request.insert(key.to_owned(), value.clone());
            }
        }
        request.insert("TableName".to_owned(), json!(name));
        let has_stream = properties.get("StreamSpecification").is_some();
        if let Some(stream) = properties.get("StreamSpecification") {
            let view = need(stream, "StreamViewType").context("StreamSpecification")?;
            request.insert("StreamSpecification".to_owned(), json!({ "StreamEnabled": true, "StreamViewType": view }));
        }
        self.out.tables.push(Table {
            stream_arn: stream_arn(self.place, &name),
            name,
            request: Value::Object(request),
            has_stream,
        });
        Ok(())
    }

    fn queue(&mut self, logical: &str, properties: &Value) -> anyhow::Result<()> {
        if properties.get("FifoQueue").is_some_and(|value| plain(value.clone()) == "true") {
            bail!("FIFO queues are not supported locally");
        }
        let redrive = properties
            .get("RedrivePolicy")
            .map(|policy| -> anyhow::Result<(String, u32)> {
                Ok((need(policy, "deadLetterTargetArn")?, number(policy, "maxReceiveCount")?.context("maxReceiveCount")?))
            })
            .transpose()
            .context("RedrivePolicy")?;
        let name = self.name_of(logical);
        self.out.queues.push(Queue {
            url: self.reference(logical)?,
            arn: self.place.arn("sqs", &name),
            name,
            visibility_s: number(properties, "VisibilityTimeout")?.unwrap_or(30),
            delay_s: number(properties, "DelaySeconds")?.unwrap_or(0),
            redrive,
        });
        Ok(())
    }

    fn event_destination(&mut self, properties: &Value) -> anyhow::Result<()> {
        let set = need(properties, "ConfigurationSetName")?;
        let destination = properties.get("EventDestination").context("EventDestination")?;
        let Some(bridge) = destination.get("EventBridgeDestination") else { return Ok(()) };
        let bus = need(bridge, "EventBusArn")?;
        if !bus.ends_with("event-bus/default") {
            bail!("SES sends events only to the default bus, not to {bus}");
        }
        if destination.get("Enabled").is_some_and(|value| plain(value.clone()) == "false") {
            return Ok(());
        }
        let kinds = destination.get("MatchingEventTypes").and_then(Value::as_array).context("MatchingEventTypes")?;
        let sets = self.out.configuration_sets.get_or_insert_default();
        let published = sets.get_mut(&set).with_context(|| format!("there is no configuration set {set}"))?;
        published.extend(kinds.iter().map(|kind| plain(kind.clone()).to_lowercase().replace('_', "")));
        Ok(())
    }

    fn rule(&mut self, logical: &str, properties: &Value, all: &[Resolved]) -> anyhow::Result<()> {
        if properties.get("State").is_some_and(|state| state == "DISABLED") {
            return Ok(());
        }
        if properties.get("ScheduleExpression").is_some() {
            bail!("a schedule belongs to a function's Events here");
        }
        let bus = self.bus(properties)?;
        let pattern = Pattern::parse(properties.get("EventPattern").context("EventPattern is missing")?)?;
        let mut targets = Vec::new();
        for target in properties.get("Targets").and_then(Value::as_array).context("Targets is missing")? {
            let arn = need(target, "Arn")?;
            let to = self.destination(&arn)?;
            if let Destination::Queue(arn) = &to {
                check_policy(arn, "events.amazonaws.com", all)?;
            }
            targets.push(Target { to, input: input(target)? });
        }
        self.out.rules.push(Rule { id: logical.to_owned(), bus, pattern, targets });
        Ok(())
    }

    /// The bus that a rule names, by name or ARN.
    pub(super) fn bus(&self, properties: &Value) -> anyhow::Result<String> {
        let Some(bus) = properties.get("EventBusName") else { return Ok("default".to_owned()) };
        let bus = plain(bus.clone());
        let name = bus.rsplit("event-bus/").next().unwrap_or_default().to_owned();
        anyhow::ensure!(self.out.buses.contains(&name), "there is no event bus {bus}");
        Ok(name)
    }

    fn destination(&self, arn: &str) -> anyhow::Result<Destination> {
        if self.out.queues.iter().any(|queue| queue.arn == arn) {
            return Ok(Destination::Queue(arn.to_owned()));
        }
        if let Some(function) = self.out.functions.values().find(|function| function.arn == arn) {
            return Ok(Destination::Function(function.name.clone()));
        }
        let bus = arn.rsplit("event-bus/").next().unwrap_or_default();
        anyhow::ensure!(self.out.buses.iter().any(|name| name == bus), "target {arn}: there is no such queue, function or bus");
        Ok(Destination::Bus(bus.to_owned()))
    }
}

/// EventBridge and SNS need the queue's own policy to allow it; without one nothing arrives, and nothing says why.
pub(super) fn check_policy(arn: &str, service: &str, all: &[Resolved]) -> anyhow::Result<()> {
    let allows = |statement: &Value| {
        let text = statement.to_string().to_lowercase();
        statement.get("Effect").is_none_or(|effect| effect == "Allow")
            && text.contains(service)
            && (text.contains("sqs:sendmessage") || text.contains("sqs:*"))
    };
    let name = arn.rsplit(':').next().unwrap_or_default();
    let allowed = all.iter().filter(|(_, kind, _)| kind == "AWS::SQS::QueuePolicy").any(|(_, _, policy)| {
        let queues = policy.get("Queues").and_then(Value::as_array).cloned().unwrap_or_default();
        let covers = queues.iter().any(|queue| plain(queue.clone()).rsplit('/').next() == Some(name));
        let statements = policy.pointer("/PolicyDocument/Statement").cloned().unwrap_or_default();
        let statements = statements.as_array().cloned().unwrap_or_else(|| vec![statements]);
        covers && statements.iter().any(allows)
    });
    anyhow::ensure!(allowed, "no AWS::SQS::QueuePolicy lets {service} send to the queue {name}");
    Ok(())
}

/// How a target changes the event.
pub(super) fn input(target: &Value) -> anyhow::Result<Input> {
    if let Some(constant) = target.get("Input") {
        let text = plain(constant.clone());
        return Ok(Input::Constant(serde_json::from_str(&text).context("Input is not JSON")?));
    }
    if let Some(path) = target.get("InputPath") {
        return Ok(Input::Path(plain(path.clone())));
    }
    if let Some(transformer) = target.get("InputTransformer") {
        let paths = transformer.get("InputPathsMap").and_then(Value::as_object).cloned().unwrap_or_default();
        return Ok(Input::Template {
            paths: paths.into_iter().map(|(name, path)| (name, plain(path))).collect::<BTreeMap<_, _>>(),
            text: need(transformer, "InputTemplate")?,
        });
    }
    Ok(Input::Whole)
}

/// A property that must be there, as text.
pub(super) fn need(properties: &Value, key: &str) -> anyhow::Result<String> {
    properties.get(key).cloned().map(plain).with_context(|| format!("{key} is missing"))
}

/// A property that may be absent, as a number.
pub(super) fn number<T: std::str::FromStr>(properties: &Value, key: &str) -> anyhow::Result<Option<T>> {
    let Some(value) = properties.get(key) else { return Ok(None) };
    let text = plain(value.clone());
    Ok(Some(text.parse().map_err(|_| anyhow::anyhow!("{key} is not a number: {text:?}"))?))
}
