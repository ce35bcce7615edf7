//! Event buses: rules, targets and what a target is given.

use anyhow::Context;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    schedule::seconds,
    state::{Async, Work},
};
use crate::{
    faults::Mode,
    lock,
    template::model::{Destination, Input},
    world::World,
};

/// How long the fault `delay` delays.
pub(super) const DELAY: SignedDuration = SignedDuration::from_mins(5);

impl World {
    /// Puts an event on a bus as its sender names it; answers the event's id.
    pub(crate) fn put_event(&self, bus: &str, source: &str, detail_type: &str, detail: &Value, resources: &Value) -> String {
        let id = self.new_id();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": self.template.place.account,
            "time": seconds(self.clock.now()),
            "region": self.template.place.region,
            "resources": resources,
            "detail": detail,
        });
        self.route_event(bus, &event, 0);
        id
    }

    /// Gives an event to the targets of every rule that it matches.
    pub(crate) fn route_event(&self, bus: &str, event: &Value, hops: u8) {
        // Buses may feed each other in a circle; AWS does not pass an event on twice.
        if hops > 1 {
            return;
        }
        tracing::trace!(bus, event = %event, "an event on a bus");
        for (rule_at, rule) in self.template.rules.iter().enumerate() {
            if rule.bus != bus || !rule.pattern.matches(event) {
                continue;
            }
            for (target_at, target) in rule.targets.iter().enumerate() {
                if let Destination::Bus(next) = &target.to {
                    self.route_event(next, event, hops + 1);
                    continue;
                }
                let work = || Work::Deliver { rule: rule_at, target: target_at, event: event.clone() };
                let now = self.clock.now();
                // Not held on: whoever pushes work locks the timeline, and whoever holds the timeline looks for faults.
                let fault = lock(&self.faults).take("bus");
                match fault {
                    Some(Mode::Delay) => self.push(now + DELAY, false, work()),
                    Some(Mode::Reorder) => self.push(now, true, work()),
                    Some(Mode::Duplicate) => {
                        self.push(now, false, work());
                        self.push(now, false, work());
                    }
                    _ => self.push(now, false, work()),
                }
            }
        }
    }

    pub(super) fn deliver(&self, rule: usize, target: usize, event: Value) {
        let Some(rule) = self.template.rules.get(rule) else { return };
        let Some(target) = rule.targets.get(target) else { return };
        let payload = match shape(&target.input, event) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!("rule {}: the event cannot be shaped: {error:#}", rule.id);
                return;
            }
        };
        match &target.to {
            Destination::Function(function) => {
                let retries = self.template.functions.get(function).map_or(2, |function| function.async_retries);
                let call = Async { function: function.clone(), payload, attempt: 0, retries, schedule: None };
                self.push(self.clock.now(), false, Work::Async(call));
            }
            Destination::Queue(arn) => {
                let body = match payload {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                if let Err(error) = self.enqueue(arn, body, json!({}), None) {
                    tracing::error!("rule {}: {error}", rule.id);
                }
            }
            Destination::Bus(_) => {}
        }
    }
}

fn shape(input: &Input, event: Value) -> anyhow::Result<Value> {
    Ok(match input {
        Input::Whole => event,
        Input::Constant(value) => value.clone(),
        Input::Path(path) => at_path(path, &event)?.clone(),
        Input::Template { paths, text } => {
            let mut out = text.clone();
            for (name, path) in paths {
                let value = at_path(path, &event)?;
                // Quoted in the template, a text takes the place of its quotes too.
                if value.is_string() {
                    out = out.replace(&format!("\"<{name}>\""), &value.to_string());
                }
                out = out.replace(&format!("<{name}>"), &value.to_string());
            }
            serde_json::from_str(&out).context("InputTemplate does not give JSON")?
        }
    })
}

fn at_path<'a>(path: &str, event: &'a Value) -> anyhow::Result<&'a Value> {
    let keys = path.strip_prefix('$').with_context(|| format!("{path} is not a JSONPath"))?;
    static NOTHING: Value = Value::Null;
    Ok(keys.split('.').filter(|key| !key.is_empty()).try_fold(event, |value, key| value.get(key)).unwrap_or(&NOTHING))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_given_what_its_input_says() {
        let event = json!({"id": "e", "detail": {"n": 1, "s": "a\"b"}});
        let template = |text: &str| Input::Template {
            paths: [("n", "$.detail.n"), ("s", "$.detail.s")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            text: text.to_owned(),
        };
        for (input, expected) in [
            (Input::Whole, event.clone()),
            (Input::Constant(json!({"x": 1})), json!({"x": 1})),
            (Input::Path("$.detail.n".to_owned()), json!(1)),
            (Input::Path("$.nope".to_owned()), Value::Null),
            (template(r#"{"a": <n>, "b": "<s>", "c": <s>}"#), json!({"a": 1, "b": "a\"b", "c": "a\"b"})),
        ] {
            assert_eq!(shape(&input, event.clone()).unwrap(), expected);
        }
    }
}
