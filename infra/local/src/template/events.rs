//! A function's `Events`: what invokes it.

use anyhow::{Context, bail};
use serde_json::Value;

use super::{
    Loader,
    model::{Destination, QueueMapping, Route, Rule, Schedule, StreamMapping, Target},
    resolve::plain,
    resources::{Resolved, input, need, number},
};
use crate::pattern::Pattern;

impl Loader<'_> {
    pub(super) fn events(&mut self, logical: &str, properties: &Value, all: &[Resolved]) -> anyhow::Result<()> {
        let function = self.names.get(logical).context("it has no crate")?.clone();
        for (id, event) in properties.get("Events").and_then(Value::as_object).into_iter().flatten() {
            let kind = need(event, "Type")?;
            let empty = Value::Object(serde_json::Map::new());
            let own = event.get("Properties").unwrap_or(&empty);
            self.event(&format!("{logical}{id}"), &function, &kind, own, all).with_context(|| format!("event {id} ({kind})"))?;
        }
        Ok(())
    }

    fn event(&mut self, id: &str, function: &str, kind: &str, own: &Value, all: &[Resolved]) -> anyhow::Result<()> {
        if is_off(own) {
            return Ok(());
        }
        match kind {
            "HttpApi" => self.route(function, own, all)?,
            "Schedule" => self.schedule(id, function, own, "Schedule")?,
            "ScheduleV2" => self.schedule(id, function, own, "ScheduleExpression")?,
            "SQS" => {
                let queue = need(own, "Queue")?;
                anyhow::ensure!(self.out.queues.iter().any(|one| one.arn == queue), "there is no queue {queue}");
                self.out.pollers.push(QueueMapping {
                    function: function.to_owned(),
                    queue,
                    batch: number(own, "BatchSize")?.unwrap_or(10),
                    filters: filters(own)?,
                    reports_failures: reports_failures(own)?,
                });
            }
            "DynamoDB" => self.stream(id, function, own)?,
            "EventBridgeRule" | "CloudWatchEvent" => {
                let pattern = Pattern::parse(own.get("Pattern").context("Pattern is missing")?)?;
                let target = Target { to: Destination::Function(function.to_owned()), input: input(own)? };
                self.out.rules.push(Rule { id: id.to_owned(), bus: self.bus(own)?, pattern, targets: vec![target] });
            }
            other => bail!("events of type {other} are not supported locally"),
        }
        Ok(())
    }

    fn schedule(&mut self, id: &str, function: &str, own: &Value, key: &str) -> anyhow::Result<()> {
        let every_s = rate_seconds(&need(own, key)?)?;
        let payload = own.get("Input").map(|value| plain(value.clone()));
        self.out.schedules.push(Schedule {
            id: id.to_owned(),
            function: function.to_owned(),
            every_s,
            input: payload.map(|text| serde_json::from_str(&text)).transpose().context("Input is not JSON")?,
            retries: own.get("RetryPolicy").map(|policy| number(policy, "MaximumRetryAttempts")).transpose()?.flatten(),
        });
        Ok(())
    }

    fn stream(&mut self, id: &str, function: &str, own: &Value) -> anyhow::Result<()> {
        let arn = need(own, "Stream")?;
        let table = self.out.tables.iter().find(|table| table.stream_arn == arn);
        let table = table.with_context(|| format!("there is no stream {arn}"))?;
        anyhow::ensure!(table.has_stream, "the table {} has no StreamSpecification", table.name);
        let start = need(own, "StartingPosition")?;
        anyhow::ensure!(["LATEST", "TRIM_HORIZON"].contains(&start.as_str()), "StartingPosition cannot be {start}");
        let on_failure = own.pointer("/DestinationConfig/OnFailure/Destination").cloned().map(plain);
        if let Some(arn) = &on_failure {
            anyhow::ensure!(self.out.queues.iter().any(|queue| queue.arn == *arn), "OnFailure: there is no queue {arn}");
        }
        let retries: Option<i64> = number(own, "MaximumRetryAttempts")?;
        self.out.streams.push(StreamMapping {
            id: id.to_owned(),
            function: function.to_owned(),
            table: table.name.clone(),
            batch: number(own, "BatchSize")?.unwrap_or(100),
            filters: filters(own)?,
            reports_failures: reports_failures(own)?,
            // -1 stands for "until the records expire".
            retries: retries.and_then(|count| u32::try_from(count).ok()),
            age_max_s: number(own, "MaximumRecordAgeInSeconds")?.filter(|age| *age > 0).unwrap_or(86_400),
            bisect: own.get("BisectBatchOnFunctionError").is_some_and(|value| plain(value.clone()) == "true"),
            on_failure,
        });
        Ok(())
    }

    fn route(&mut self, function: &str, own: &Value, all: &[Resolved]) -> anyhow::Result<()> {
        let api = own.get("ApiId").cloned().map(plain);
        let apis: Vec<&Resolved> = all.iter().filter(|(_, kind, _)| kind == "AWS::Serverless::HttpApi").collect();
        let api = match (api, apis.as_slice()) {
            (Some(id), [api]) if id == super::API_ID => Some(*api),
            (Some(id), _) => bail!("ApiId {id}: locally there is one AWS::Serverless::HttpApi"),
            (None, _) => None,
        };
        let method = own.get("Method").cloned().map_or_else(|| "ANY".to_owned(), plain).to_uppercase();
        let path = own.get("Path").cloned().map_or_else(|| "$default".to_owned(), plain);
        anyhow::ensure!(path == "$default" || path.starts_with('/'), "Path does not begin with a slash: {path}");
        // Functions look themselves who calls; an authorizer that nobody asks would let everybody in.
        let auth = api.and_then(|(_, _, properties)| properties.get("Auth")).or_else(|| own.get("Auth"));
        anyhow::ensure!(auth.is_none(), "Auth is not supported locally: there is no authorizer");
        self.out.routes.push(Route {
            method: if method == "X-AMAZON-APIGATEWAY-ANY-METHOD" || method == "*" { "ANY".to_owned() } else { method },
            path,
            function: function.to_owned(),
        });
        Ok(())
    }
}

fn is_off(own: &Value) -> bool {
    own.get("Enabled").is_some_and(|value| plain(value.clone()) == "false") || own.get("State").is_some_and(|s| s == "DISABLED")
}

fn filters(own: &Value) -> anyhow::Result<Vec<Pattern>> {
    let list = own.pointer("/FilterCriteria/Filters").and_then(Value::as_array);
    let mut out = Vec::new();
    for filter in list.into_iter().flatten() {
        let text = need(filter, "Pattern").context("FilterCriteria")?;
        let pattern: Value = serde_json::from_str(&text).context("a filter's Pattern is not JSON")?;
        out.push(Pattern::parse(&pattern).context("FilterCriteria")?);
    }
    Ok(out)
}

fn reports_failures(own: &Value) -> anyhow::Result<bool> {
    let Some(kinds) = own.get("FunctionResponseTypes") else { return Ok(false) };
    let kinds = kinds.as_array().context("FunctionResponseTypes is not a list")?;
    for kind in kinds {
        anyhow::ensure!(kind == "ReportBatchItemFailures", "FunctionResponseTypes: {kind} is not known");
    }
    Ok(!kinds.is_empty())
}

/// `rate(1 minute)` in seconds; singular for one and plural for more, as EventBridge demands.
fn rate_seconds(expression: &str) -> anyhow::Result<i64> {
    let inner = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    let inner = inner.with_context(|| format!("{expression}: only rate(…) schedules run locally"))?;
    let (count, unit) = inner.split_once(' ').with_context(|| format!("{expression} is not a rate"))?;
    let count: i64 = count.parse().ok().filter(|count| *count > 0).with_context(|| format!("{expression} is not a rate"))?;
    let seconds = match (unit, count) {
        ("minute", 1) | ("minutes", 2..) => 60,
        ("hour", 1) | ("hours", 2..) => 3600,
        ("day", 1) | ("days", 2..) => 86400,
        _ => bail!("{expression} is not a rate: the unit is singular for 1 and plural for more"),
    };
    Ok(count * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        for (text, expected) in [
            ("rate(1 minute)", Some(60)),
            ("rate(5 minutes)", Some(300)),
            ("rate(1 day)", Some(86400)),
            ("rate(1 minutes)", None),
            ("rate(2 minute)", None),
            ("rate(0 minutes)", None),
            ("cron(0 1 * * ? *)", None),
        ] {
            assert_eq!(rate_seconds(text).ok(), expected, "{text}");
        }
    }
}
