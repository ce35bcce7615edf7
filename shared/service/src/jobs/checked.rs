//! Whether what is asked of a job reads, and is right.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::flaws::read_what_fits;

/// Wrong fields: a JSON pointer and a sentence each.
pub type WrongFields = Vec<(String, String)>;

/// What a kind is asked.
pub trait AskedOfJob: DeserializeOwned {
    /// What is wrong with it beyond its shape.
    fn flaws(&self) -> WrongFields;
}

/// Everything that is wrong with what a kind is asked: fields that do not read, and what is wrong with the rest.
pub fn checked<T: AskedOfJob>(args: &Value) -> WrongFields {
    let (asked, mut flaws) = read_what_fits::<T>(args.clone(), &Value::Null);
    let more = asked.map(|asked| asked.flaws()).unwrap_or_default();
    // A field that does not read was left out for the rest, and is not missing.
    let is_new = |(pointer, _): &(String, String)| !flaws.iter().any(|(known, _)| known == pointer);
    let more: WrongFields = more.into_iter().filter(is_new).collect();
    flaws.extend(more);
    flaws
}

/// What a kind is asked, as it reads it.
///
/// # Errors
///
/// The first field that does not read.
pub fn read<T: DeserializeOwned>(args: &Value) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(args).map_err(|error| {
        let pointer: String = error.path().iter().map(|segment| format!("/{segment}")).collect();
        let (pointer, detail) = (pointer.replace("/?", ""), error.inner().to_string());
        match detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(name) => (format!("{pointer}/{name}"), "it is missing, and needed".to_owned()),
            None => (pointer, detail),
        }
    })
}
