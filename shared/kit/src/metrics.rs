//! Metrics in CloudWatch's embedded metric format: one line of JSON on standard output, no call, no cost when silent.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of every metric.
pub const NAMESPACE: &str = "Dunlin";

static SILENT: AtomicBool = AtomicBool::new(false);

/// Prints no metric of this process from now on: for where nobody but a person reads its output.
pub fn silence() {
    SILENT.store(true, Ordering::Relaxed);
}

/// Prints counts under few dimensions (name and value), never an id. Does nothing when `counts` is empty.
pub fn emit(now: Timestamp, dimensions: &[(&str, &str)], counts: &[(&str, u64)]) {
    if counts.is_empty() || SILENT.load(Ordering::Relaxed) {
        return;
    }
    println!("{}", line(now, dimensions, counts));
}

fn line(now: Timestamp, dimensions: &[(&str, &str)], counts: &[(&str, u64)]) -> Value {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let metrics: Vec<Value> = counts.iter().map(|(name, _)| json!({ "Name": name, "Unit": "Count" })).collect();
    let mut fields = Map::new();
    fields.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [names], "Metrics": metrics }],
        }),
    );
    for (name, value) in dimensions {
        fields.insert((*name).to_owned(), json!(value));
    }
    for (name, count) in counts {
        fields.insert((*name).to_owned(), json!(count));
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_metrics() {
        let value = line(Timestamp::UNIX_EPOCH, &[("channel", "email")], &[("sent", 2)]);
        assert_eq!(value["sent"], 2);
        assert_eq!(value["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "sent");
        assert_eq!(value["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0], "channel");
    }
}
