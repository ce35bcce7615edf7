//! No two public types of `functions` and `shared` share a name, so that a name in an error, a log or a search means one thing.

use std::{collections::BTreeMap, fs, path::Path};

/// Names that every crate may have: what a crate's errors, its handler and its result are.
const SHARED: [&str; 3] = ["Error", "Handler", "Result"];
/// Macros whose entries `Name {` and `Name = …` declare public types.
const DECLARING: [&str; 2] = ["stored_words!", "words!"];

/// The public types that a file declares, also by the macros of stored words.
fn public_types(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if DECLARING.iter().any(|name| line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(['(', '{', ' '])))
        {
            in_macro = true;
        } else if in_macro && line.starts_with([')', '}']) {
            in_macro = false;
        }
        let declared = ["struct", "enum", "trait", "type", "union"]
            .into_iter()
            .find_map(|kind| line.trim_start().strip_prefix("pub ")?.strip_prefix(kind)?.strip_prefix(' '));
        let by_macro = || line.strip_prefix("    ").filter(|rest| in_macro && rest.ends_with(" {") && !rest.starts_with(' '));
        let name: String = declared.or_else(by_macro).unwrap_or_default().chars().take_while(|c| c.is_alphanumeric()).collect();
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            found.push(name);
        }
    }
    found
}

/// Names that several of the files declare, each with its files.
fn shared_names<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, Vec<&'a str>> {
    let mut by_name: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, text) in files {
        for name in public_types(text) {
            by_name.entry(name).or_default().push(path);
        }
    }
    by_name.retain(|name, paths| paths.len() > 1 && !SHARED.contains(&name.as_str()));
    by_name
}

fn read(folder: &Path, out: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            read(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push((path.display().to_string(), fs::read_to_string(&path).expect("a Rust file is UTF-8")));
        }
    }
}

#[test]
fn every_public_type_has_a_name_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie one level deep");
    let mut files = Vec::new();
    for folder in ["functions", "shared"] {
        for package in fs::read_dir(root.join(folder)).expect("the folder is there") {
            read(&package.expect("it can be read").path().join("src"), &mut files);
        }
    }
    let types: usize = files.iter().map(|(_, text)| public_types(text).len()).sum();
    assert!(types > 300, "the walk found {types} public types");
    let shared = shared_names(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    assert!(shared.is_empty(), "public types share a name; call each after what it is in its crate: {shared:#?}");
}

#[test]
fn a_shared_name_is_found_however_it_is_declared() {
    let plain =
        ("a.rs", "pub struct Answer {\n    pub Other: u8,\n}\nstruct Hidden;\npub(crate) enum Inner {}\npub type Result = u8;\n");
    let other = ("b.rs", "pub enum Answer<'a> {}\npub struct Hidden;\npub struct Inner;\npub type Result = u8;\n");
    let words =
        ("c.rs", "stored_words!(\n    /// How it ended.\n    Answer {\n        /// Well.\n        Good = \"good\",\n    }\n);\n");
    assert!(shared_names([plain]).is_empty());
    for pair in [[plain, other], [plain, words], [other, words]] {
        assert_eq!(shared_names(pair).into_keys().collect::<Vec<_>>(), ["Answer"], "{pair:?}");
    }
}
