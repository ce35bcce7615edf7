//! Whether what is asked of a job reads, and is right.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Wrong fields: a JSON pointer and a sentence each.
pub type WrongFields = Vec<(String, String)>;

/// What a kind is asked.
pub trait AskedOfJob: DeserializeOwned {
    /// What is wrong with it beyond its shape.
    fn flaws(&self) -> WrongFields;
}

/// What is wrong with what a kind is asked.
pub fn checked<T: AskedOfJob>(args: &Value) -> WrongFields {
    match read::<T>(args) {
        Ok(asked) => asked.flaws(),
        Err(flaw) => vec![flaw],
    }
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
