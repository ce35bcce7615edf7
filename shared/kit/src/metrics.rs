//! Metrics in CloudWatch's embedded metric format: one line of JSON on standard output, no call, no cost when silent.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::Env;

static NAMESPACE: OnceLock<String> = OnceLock::new();
static SILENT: AtomicBool = AtomicBool::new(false);

/// Takes the namespace of every metric of this process from `METRICS_NAMESPACE`: two stacks in one account keep apart. Later calls
/// change nothing.
pub(crate) fn init(env: &Env) {
    if let Some(name) = env.get("METRICS_NAMESPACE") {
        NAMESPACE.get_or_init(|| name.to_owned());
    }
}

/// Prints no metric of this process from now on: for where nobody but a person reads its output.
pub fn silence() {
    SILENT.store(true, Ordering::Relaxed);
}

/// Prints counts under few dimensions (name and value), never an id. Does nothing when `counts` is empty.
pub fn emit(now: Timestamp, dimensions: &[(&str, &str)], counts: &[(&str, u64)]) {
    print(now, dimensions, counts, "Count");
}

/// Prints how long something has waited, or how old it is.
pub fn emit_seconds(now: Timestamp, dimensions: &[(&str, &str)], name: &str, seconds: u64) {
    print(now, dimensions, &[(name, seconds)], "Seconds");
}

fn print(now: Timestamp, dimensions: &[(&str, &str)], values: &[(&str, u64)], unit: &str) {
    if !values.is_empty() && !SILENT.load(Ordering::Relaxed) {
        println!("{}", line(now, dimensions, values, unit));
    }
}

fn line(now: Timestamp, dimensions: &[(&str, &str)], values: &[(&str, u64)], unit: &str) -> Value {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let namespace = NAMESPACE.get().map_or("Dunlin", String::as_str);
    let metrics: Vec<Value> = values.iter().map(|(name, _)| json!({ "Name": name, "Unit": unit })).collect();
    let mut fields = Map::new();
    fields.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": namespace, "Dimensions": [names], "Metrics": metrics }],
        }),
    );
    for (name, value) in dimensions {
        fields.insert((*name).to_owned(), json!(value));
    }
    for (name, value) in values {
        fields.insert((*name).to_owned(), json!(value));
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_metrics() {
        let value = line(Timestamp::UNIX_EPOCH, &[("channel", "email")], &[("sent", 2)], "Count");
        assert_eq!(value["sent"], 2);
        assert_eq!(value["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "sent");
        assert_eq!(value["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0], "channel");
    }
}
