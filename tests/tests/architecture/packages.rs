//! Which crate may depend on which, and how crates are named.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

use super::{code::root, none, seen};

/// A crate: its folder from the root, and what it depends on, our own by name.
struct Package {
    folder: String,
    name: String,
    ours: Vec<String>,
    others: Vec<String>,
    others_for_tests: Vec<String>,
}

/// Every crate of the workspace, as cargo sees it.
fn packages() -> Vec<Package> {
    let root = root();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(&root)
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = Vec::new();
    for package in metadata["packages"].as_array().expect("packages are listed") {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest.parent().expect("a manifest lies in a folder");
        let mut read = Package {
            folder: folder.strip_prefix(&root).expect("it lies below").to_string_lossy().into_owned(),
            name: text(&package["name"]),
            ours: Vec::new(),
            others: Vec::new(),
            others_for_tests: Vec::new(),
        };
        for dependency in package["dependencies"].as_array().expect("dependencies are listed") {
            let name = text(&dependency["name"]);
            match (dependency.get("path").is_some_and(Value::is_string), dependency["kind"] == "dev") {
                // Tests may use kit's clients, AWS on loopback with what tests begin with, and stand-ins for vendors.
                (true, true) if ["kit", "testbed", "doubles"].contains(&name.as_str()) => {}
                (true, _) => read.ours.push(name),
                (false, false) => read.others.push(name),
                (false, true) => read.others_for_tests.push(name),
            }
        }
        out.push(read);
    }
    assert!(out.len() >= 15, "cargo lists the workspace");
    out
}

/// What a crate may depend on among our own, by its folder.
fn may_depend_on(folder: &str, other: &str) -> bool {
    const SHARED: [&str; 12] = [
        "answers",
        "domain",
        "store",
        "connectors",
        "channels",
        "payments",
        "kit",
        "sending",
        "reading",
        "service",
        "files",
        "mail",
    ];
    const BELOW_READING: [&str; 4] = ["domain", "store", "connectors", "kit"];
    const BELOW_SENDING: [&str; 4] = ["domain", "store", "channels", "kit"];
    match folder {
        "shared/domain" | "shared/kit" => false,
        // What is asked for as a document is named by the domain's ids.
        "shared/files" => ["domain", "kit"].contains(&other),
        "shared/testbed" => ["domain", "store", "kit"].contains(&other),
        "shared/store" | "shared/connectors" | "shared/channels" | "shared/payments" | "shared/documents" | "shared/mail"
        | "shared/answers" => other == "domain",
        "shared/service" => ["domain", "store"].contains(&other),
        "shared/sending" => BELOW_SENDING.contains(&other),
        "shared/reading" => BELOW_READING.contains(&other),
        // Its own tests hold what it says against what the connectors read.
        "infra/doubles" => ["domain", "connectors"].contains(&other),
        // What an item is part of, the store says; its own tests fill a table.
        "infra/copy" => ["domain", "store", "testbed"].contains(&other),
        "infra/local" | "tests" | "tests/bench" => true,
        // Fonts and the writer of PDF are large: one function links them, and others invoke it.
        "functions/make-documents" if other == "documents" => true,
        function if function.starts_with("functions/") => SHARED.contains(&other),
        _ => false,
    }
}

fn wrong_arrows(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in packages {
        for other in package.ours.iter().filter(|other| !may_depend_on(&package.folder, other)) {
            wrong.push(format!("{} depends on {other}", package.folder));
        }
    }
    wrong
}

/// The domain's dependencies: value types, parsing and hashing, nothing that reads, waits or draws.
fn impure_dependencies(packages: &[Package]) -> Vec<String> {
    const VALUES: [&str; 8] =
        ["compact_str", "iban_validate", "jiff", "serde", "serde_json", "serde_path_to_error", "sha2", "thiserror"];
    const FOR_TESTS: [&str; 2] = ["cel", "proptest"];
    let mut wrong = Vec::new();
    for domain in packages.iter().filter(|package| package.name == "domain") {
        wrong.extend(domain.others.iter().filter(|other| !VALUES.contains(&other.as_str())).cloned());
        wrong.extend(domain.others_for_tests.iter().filter(|other| !FOR_TESTS.contains(&other.as_str())).cloned());
    }
    wrong
}

fn misnamed_folders(packages: &[Package]) -> Vec<String> {
    let expected = |package: &Package| match package.folder.as_str() {
        "infra/local" => "local".to_owned(),
        "infra/copy" => "copy".to_owned(),
        "infra/doubles" => "doubles".to_owned(),
        "tests" => "tests".to_owned(),
        "tests/bench" => "bench".to_owned(),
        "tests/hello" => "hello".to_owned(),
        folder => match folder.split_once('/') {
            Some(("functions" | "shared", name)) if !name.contains('/') => name.to_owned(),
            _ => String::new(),
        },
    };
    packages
        .iter()
        .filter(|package| expected(package) != package.name)
        .map(|package| format!("{} holds {}", package.folder, package.name))
        .collect()
}

fn package(folder: &str, name: &str, ours: &[&str], others: &[&str]) -> Package {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    Package {
        folder: folder.to_owned(),
        name: name.to_owned(),
        ours: owned(ours),
        others: owned(others),
        others_for_tests: vec![],
    }
}

#[test]
fn crates_depend_downwards_only() {
    none(
        &wrong_arrows(&packages()),
        "functions depend on shared crates, store, connectors, channels and payments on domain, domain and kit on none",
    );
    for (folder, other) in [
        ("functions/sweep", "ingest"),
        ("functions/sweep", "local"),
        ("shared/store", "channels"),
        ("shared/channels", "kit"),
        ("shared/payments", "connectors"),
        ("shared/service", "kit"),
        ("shared/sending", "service"),
        ("shared/sending", "connectors"),
        ("shared/reading", "channels"),
        ("infra/doubles", "store"),
        ("shared/files", "store"),
        ("shared/documents", "channels"),
        ("functions/portal", "documents"),
        ("functions/make-documents", "portal"),
        ("shared/domain", "store"),
        ("shared/kit", "domain"),
        ("elsewhere", "domain"),
    ] {
        seen(&wrong_arrows(&[package(folder, "x", &[other], &[])]), &[&format!("{folder} depends on {other}")]);
    }
    seen(&wrong_arrows(&[package("functions/sweep", "sweep", &["store", "kit"], &[])]), &[]);
    seen(&wrong_arrows(&[package("functions/make-documents", "make-documents", &["documents", "files"], &[])]), &[]);
}

#[test]
fn the_domain_depends_on_value_crates_only() {
    none(&impure_dependencies(&packages()), "the domain neither reads, waits, draws nor logs");
    seen(&impure_dependencies(&[package("shared/domain", "domain", &[], &["jiff", "tokio"])]), &["tokio"]);
}

#[test]
fn a_folder_is_named_as_its_crate() {
    none(&misnamed_folders(&packages()), "a folder is named exactly as its crate, one level deep");
    seen(&misnamed_folders(&[package("functions/sweep", "sweeper", &[], &[])]), &["functions/sweep holds sweeper"]);
}
