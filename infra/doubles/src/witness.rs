//! Who watches a double's calls: kills who sends them, and keeps what was answered.

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use serde_json::Value;

/// What becomes of whoever sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It lives to see the answer.
    Lives,
    /// It dies before the request is heard: nothing is done.
    DiesBefore,
    /// It dies when the request is carried out: nobody sees the answer.
    DiesAfter,
}

/// An answer that left whole, as the vendor means it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When.
    pub at: Timestamp,
    /// Whether it answers what changed.
    pub changes: bool,
    /// The invoices that it shows, by the vendor's id, and whether anything is open of each.
    pub invoices: Vec<(String, bool)>,
}

/// Who watches a double's calls.
pub trait Witness: Send + Sync {
    /// A request of that kind is about to be heard.
    fn asked(&self, kind: &str) -> Fate;

    /// The sender of a request is to die now.
    fn kill(&self);

    /// An answer leaves whole.
    fn shown(&self, shown: Shown);
}

/// How a vendor's answers are read by a witness.
pub(crate) struct Lens {
    /// Whether a request asks for what changed.
    pub changes: fn(&Request<Bytes>) -> bool,
    /// Reads an invoice's id, and whether anything is open of it.
    pub invoice: fn(&Value) -> Option<(String, bool)>,
    /// The name under which invoices stand, alone or in a list.
    pub name: &'static str,
}

impl Lens {
    /// Of a vendor that shows no invoices.
    pub const NOTHING: Self = Self { changes: |_| false, invoice: |_| None, name: "" };

    /// What an answer shows.
    pub fn shown(&self, request: &Request<Bytes>, answer: &Response<Bytes>, at: Timestamp) -> Option<Shown> {
        let body: Value = answer.status().is_success().then(|| serde_json::from_slice(answer.body()).ok())??;
        let mut invoices = Vec::new();
        self.look(&body, &mut invoices);
        Some(Shown { at, changes: (self.changes)(request), invoices })
    }

    fn look(&self, value: &Value, found: &mut Vec<(String, bool)>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let of_name = if name == self.name { std::slice::from_ref(value) } else { &[] };
                    let all =
                        of_name.iter().flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
                    found.extend(all.filter_map(|value| (self.invoice)(value)));
                    self.look(value, found);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.look(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Whether a JSON number is not nothing.
pub(crate) fn is_something(number: &Value) -> bool {
    number.to_string().chars().any(|digit| ('1'..='9').contains(&digit))
}
