//! JSON to a workflow, with a pointer to whatever does not fit.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::validate::{Flaw, STEPS_MAX};
use super::{Step, Workflow};

/// The longest detail of a flaw found while reading, in characters.
const DETAIL_MAX: usize = 400;

/// Reads a workflow as the API takes it.
///
/// # Errors
///
/// A [`Flaw`] for each step that does not read and one for what is around them: a missing or unknown key, a wrong type, a
/// value that its key does not take.
pub fn read(json: &Value) -> Result<Workflow, Vec<Flaw>> {
    let Some(object) = json.as_object() else {
        return Err(vec![Flaw::at("", "a workflow is a JSON object with id, name, scope and steps")]);
    };
    let Some(steps) = object.get("steps").and_then(Value::as_array) else {
        return part::<Workflow>(json, "").map_err(|flaw| vec![flaw]);
    };
    if steps.len() > STEPS_MAX {
        return Err(vec![Flaw::too_many_steps(steps.len())]);
    }
    let mut flaws = Vec::new();
    // Each step by itself, so that one that does not read does not hide the next one.
    let mut bare = object.clone();
    bare.insert("steps".to_owned(), Value::Array(Vec::new()));
    let workflow = part::<Workflow>(&Value::Object(bare), "").map_err(|flaw| flaws.push(flaw));
    let mut read = Vec::with_capacity(steps.len());
    for (position, step) in steps.iter().enumerate() {
        match part::<Step>(step, &format!("/steps/{position}")) {
            Ok(step) => read.push(step),
            Err(flaw) => flaws.push(flaw),
        }
    }
    match workflow {
        Ok(workflow) if flaws.is_empty() => Ok(Workflow { steps: read, ..workflow }),
        Ok(_) | Err(()) => Err(flaws),
    }
}

fn part<T: DeserializeOwned>(json: &Value, under: &str) -> Result<T, Flaw> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let mut pointer = under.to_owned();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                Segment::Map { key } | Segment::Enum { variant: key } => {
                    pointer.push('/');
                    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                }
                Segment::Unknown => {}
            }
        }
        // What was offered is repeated in it, however long that was.
        Flaw::at(pointer, error.inner().to_string().chars().take(DETAIL_MAX).collect::<String>())
    })
}
