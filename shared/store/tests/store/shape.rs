//! What tools that are not Rust are told of stored items.

use std::{collections::BTreeSet, path::Path};

use store::inspect::KINDS;

#[test]
fn attributes_are_described_for_tools_that_are_not_rust() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut described = serde_json::to_string_pretty(&KINDS[..]).unwrap();
    described.push('\n');
    if std::fs::read_to_string(root.join("attributes.json")).unwrap_or_default() == described {
        return;
    }
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attributes.json");
    std::fs::write(&fresh, described).unwrap();
    panic!(
        "what is stored changed: look at it, and if it is meant, accept it by\n  cp {} {}",
        fresh.display(),
        "shared/store/attributes.json"
    );
}

#[test]
fn no_two_attributes_of_an_item_share_a_name() {
    let mut kinds = BTreeSet::new();
    for kind in KINDS {
        assert!(kinds.insert(kind.kind), "{} twice", kind.kind);
        let (mut names, mut stored) = (BTreeSet::new(), BTreeSet::new());
        for attribute in kind.attributes {
            assert!(names.insert(attribute.name), "{} {} twice", kind.kind, attribute.name);
            assert!(stored.insert(attribute.stored), "{} {} twice", kind.kind, attribute.stored);
        }
    }
}
