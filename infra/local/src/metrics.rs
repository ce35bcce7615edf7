//! What things cost: capacity units, AWS calls, invocations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts since the start. Units are DynamoDB's; keys are `table` and the names of indexes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// Write request units.
    pub write_units: BTreeMap<String, f64>,
    /// Read request units.
    pub read_units: BTreeMap<String, f64>,
    /// By `service:Operation`, refused ones included.
    pub aws_calls: BTreeMap<String, u64>,
    /// By function.
    pub invocations: BTreeMap<String, u64>,
    /// AWS calls by function, then as in `aws_calls`.
    #[serde(default)]
    pub calls_of: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Reads or writes.
#[derive(Clone, Copy, Debug)]
pub enum Units {
    /// Read request units.
    Read,
    /// Write request units.
    Write,
}

impl Metrics {
    /// Adds capacity units of a table or index.
    #[expect(clippy::float_arithmetic, reason = "capacity units come in halves; they are not money")]
    pub fn add_units(&mut self, kind: Units, name: &str, units: f64) {
        let map = match kind {
            Units::Read => &mut self.read_units,
            Units::Write => &mut self.write_units,
        };
        *map.entry(name.to_owned()).or_default() += units;
    }

    /// Counts an AWS call, of a function where one made it.
    pub fn add_call(&mut self, function: Option<&str>, service: &str, operation: &str) {
        let name = format!("{service}:{operation}");
        if let Some(function) = function {
            *self.calls_of.entry(function.to_owned()).or_default().entry(name.clone()).or_default() += 1;
        }
        *self.aws_calls.entry(name).or_default() += 1;
    }

    /// Counts an invocation.
    pub fn add_invocation(&mut self, function: &str) {
        *self.invocations.entry(function.to_owned()).or_default() += 1;
    }
}
