//! What the record of a message says of the documents that it left with.

use channels::Attachment;
use domain::attachment::sha256_of;
use serde_json::{Value, json};

/// The documents that a message left with, for its record; nothing where it had none.
pub(crate) fn recorded(files: &[Attachment]) -> Value {
    let file = |file: &Attachment| json!({ "name": file.name, "bytes": file.bytes.len(), "sha256": sha256_of(&file.bytes) });
    if files.is_empty() { Value::Null } else { files.iter().map(file).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_names_each_file() {
        assert_eq!(recorded(&[]), Value::Null);
        let (name, content_type) = ("Statement.pdf".to_owned(), "application/pdf".to_owned());
        let file = Attachment { name, content_type, bytes: vec![0; 3], shown_as: None };
        assert_eq!(recorded(&[file])[0], json!({ "name": "Statement.pdf", "bytes": 3, "sha256": sha256_of(&[0, 0, 0]) }));
    }
}
