//! The rules of the house that no compiler knows: which crate may depend on which, and what is called nowhere.
//!
//! Each rule is a function from sources or packages to what offends it. It runs once on the workspace and once on a small
//! offence, so that a rule that has gone blind fails as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie one level deep").to_path_buf()
}

/// A Rust file: its path from the root, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Numbered lines of what is built into the product: neither comments nor tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        let lines = if is_test { "" } else { self.text.split("\n#[cfg(test)]").next().unwrap_or_default() };
        lines.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Lines of code for which `offends` holds, as `path:line: text`.
    fn lines_where(&self, offends: impl Fn(&str) -> bool) -> Vec<String> {
        self.code()
            .filter(|(_, line)| offends(line))
            .map(|(number, line)| format!("{}:{number}: {}", self.path, line.trim()))
            .collect()
    }
}

/// Every Rust file of the workspace.
fn sources() -> Vec<Source> {
    fn walk(folder: &Path, root: &Path, out: &mut Vec<Source>) {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    walk(&path, root, out);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a Rust file is UTF-8");
                let path = path.strip_prefix(root).expect("it lies below").to_string_lossy().replace('\\', "/");
                out.push(Source { path, text });
            }
        }
    }
    let root = root();
    let mut out = Vec::new();
    for folder in ["functions", "shared", "infra", "tests"] {
        walk(&root.join(folder), &root, &mut out);
    }
    assert!(out.len() > 20, "the walk found the workspace");
    out
}

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
                // Tests may use what depends on none of ours but kit: kit's clients, and AWS on loopback.
                (true, true) if name == "kit" || name == "testbed" => {}
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
    const SHARED: [&str; 8] = ["domain", "store", "connectors", "channels", "kit", "sending", "reading", "service"];
    const BELOW_READING: [&str; 4] = ["domain", "store", "connectors", "kit"];
    const BELOW_SENDING: [&str; 4] = ["domain", "store", "channels", "kit"];
    match folder {
        "shared/domain" | "shared/kit" => false,
        "shared/testbed" => other == "kit",
        "shared/store" | "shared/connectors" | "shared/channels" => other == "domain",
        "shared/service" => ["domain", "store"].contains(&other),
        "shared/sending" => BELOW_SENDING.contains(&other),
        "shared/reading" => BELOW_READING.contains(&other),
        // Its own tests hold what it says against what the connectors read.
        "infra/doubles" => ["domain", "connectors"].contains(&other),
        // What an item is part of, the store says; its own tests fill a table.
        "infra/copy" => ["domain", "store", "testbed"].contains(&other),
        "infra/local" | "tests" | "tests/bench" => true,
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
    const VALUES: [&str; 7] = ["compact_str", "jiff", "serde", "serde_json", "serde_path_to_error", "sha2", "thiserror"];
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

fn long_files(sources: &[Source]) -> Vec<String> {
    const LINES_MAX: usize = 600;
    let long = sources.iter().map(|source| (source, source.text.lines().count())).filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(source, lines)| format!("{}: {lines} lines", source.path)).collect()
}

/// The SDK's scan takes no argument; an iterator's takes two.
fn scans(sources: &[Source]) -> Vec<String> {
    let product = sources.iter().filter(|source| source.is_under(&["functions/", "shared/"]));
    product.flat_map(|source| source.lines_where(|line| line.contains(".scan()") || line.contains("operation::scan"))).collect()
}

const CLOCK_AND_ENVIRONMENT: [&str; 5] = ["Timestamp::now", "Zoned::now", "SystemTime::now", "env::var", "env::vars"];

/// Clippy forbids the calls; this forbids to excuse them, and reads what clippy would not see behind a macro.
fn readers_of_clock_and_environment(sources: &[Source]) -> Vec<String> {
    let bound = sources.iter().filter(|s| s.is_under(&["functions/", "shared/", "infra/"]) && !s.is_under(&["shared/kit/"]));
    let offends = |line: &str| {
        line.contains("clippy::disallowed_methods") || CLOCK_AND_ENVIRONMENT.iter().any(|call| line.contains(&format!("{call}(")))
    };
    // Clippy forbids scans too, and an export is one.
    let is_the_scan =
        |found: &String| found.starts_with("infra/copy/src/lib.rs:") && found.contains("an export reads the whole table");
    bound.flat_map(|source| source.lines_where(offends)).filter(|found| !is_the_scan(found)).collect()
}

fn forbidden_calls_that_are_allowed(clippy: &str) -> Vec<String> {
    let needed = CLOCK_AND_ENVIRONMENT.iter().copied().chain(["Client::scan"]);
    needed.filter(|call| !clippy.contains(&format!("{call}\""))).map(str::to_owned).collect()
}

/// A text that begins like a key: capitals, then `#`.
fn begins_like_a_key(line: &str) -> bool {
    line.split('"').skip(1).step_by(2).any(|literal| {
        let capitals = literal.chars().take_while(char::is_ascii_uppercase).count();
        capitals > 0 && literal[capitals..].starts_with('#')
    })
}

/// Outside the store, nothing that looks like a key; inside it, partition keys in one module only (its queries name prefixes).
fn keys_made_elsewhere(sources: &[Source]) -> Vec<String> {
    let others = sources.iter().filter(|s| s.is_under(&["functions/", "shared/"]) && s.path != "shared/store/src/table/keys.rs");
    others
        .flat_map(|source| {
            let is_store = source.is_under(&["shared/store/"]);
            source.lines_where(|line| if is_store { line.contains("\"T#") } else { begins_like_a_key(line) })
        })
        .collect()
}

/// Loops of a bare number of tries: the store has one way of trying again.
fn tries_by_hand(sources: &[Source]) -> Vec<String> {
    let store = sources.iter().filter(|source| source.is_under(&["shared/store/src"]));
    store.flat_map(|source| source.lines_where(|line| line.contains("for _ in 0.."))).collect()
}

/// The one list of attributes.
const ATTRIBUTES: &str = "shared/store/src/table/attributes.rs";
/// What stands for the table itself, and so makes its key: embedded engines and stand-ins.
const TABLES: [&str; 6] = [
    "shared/testbed/src/table.rs",
    "infra/local/src/aws/dynamodb.rs",
    "infra/local/src/engine/stream.rs",
    "infra/local/tests/stack.rs",
    "infra/checks/standins.py",
    "infra/checks/wiring.py",
];
/// Attributes whose names are words of documents, events and the API as well. Alone they offend nowhere; taken out of an item they do.
const WORDS: &[&str] = &[
    "a",
    "again",
    "archived",
    "at",
    "b",
    "body",
    "c",
    "cases",
    "config",
    "customer",
    "d",
    "decided",
    "done_at",
    "expires_at",
    "folded",
    "h",
    "holder",
    "i",
    "k",
    "l",
    "m",
    "mode",
    "moved",
    "n",
    "o",
    "open",
    "paused",
    "pending",
    "previous",
    "published",
    "r",
    "raised_at",
    "realm",
    "reason",
    "s",
    "sealed",
    "secret",
    "seen",
    "shards",
    "source",
    "t",
    "tenant",
    "times",
    "to",
    "u",
    "until",
    "v",
    "version",
    "w",
    "waiting",
    "why",
    "withdrawn",
    "wrapped",
    "x",
];

/// The texts in quotes on a line.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

/// Whether a text is an expression of the table's that names an attribute instead of taking the name from the list.
fn names_in_expression(literal: &str, attributes: &BTreeSet<&str>) -> bool {
    let is_expression =
        ["attribute_", "if_not_exists", "begins_with", " = :", "#", "BETWEEN"].iter().any(|part| literal.contains(part))
            && literal.contains(' ');
    let without_braces: String = literal.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
    let mut words = without_braces.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '#')));
    is_expression && words.any(|word| attributes.contains(word))
}

/// Whether a line takes an attribute out of an item in DynamoDB's own JSON, by a name typed there.
fn takes_an_item_apart(line: &str) -> bool {
    ["S", "N", "M", "B", "SS"].iter().any(|form| {
        let typed = format!("\"][\"{form}\"]");
        line.contains(&typed) || line.contains(&format!("/{form}\"")) || line.contains(&format!("/{form}/"))
    })
}

/// A script's line without the names that it takes from the description of the list: `STORED["every"]["pk"]`.
fn without_looked_up(line: &str) -> String {
    let mut parts = line.split("STORED[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + part.splitn(3, "\"]").nth(2).unwrap_or_default())
}

/// Attributes that are named elsewhere than in the one list.
fn attributes_named_elsewhere(sources: &[Source], attributes: &BTreeSet<&str>) -> Vec<String> {
    let own: BTreeSet<&str> = attributes.iter().copied().filter(|name| !WORDS.contains(name)).collect();
    let mut found = Vec::new();
    let looked_at = sources.iter().filter(|source| source.path != ATTRIBUTES && !TABLES.contains(&source.path.as_str()));
    for source in looked_at.filter(|source| source.path != "tests/tests/architecture.rs") {
        let is_store = source.is_under(&["shared/store/src"]);
        for (at, line) in source.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let line = &without_looked_up(line);
            let named = literals(line).any(|literal| own.contains(literal))
                || is_store && literals(line).any(|literal| names_in_expression(literal, attributes))
                || !is_store && takes_an_item_apart(line);
            if named {
                found.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    found
}

/// Every Python file that is ours.
fn scripts() -> Vec<Source> {
    let folders = ["infra/checks", "infra/holidays", "tests/deploy"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root().join(folder)).into_iter().flatten().flatten());
    let mut scripts: Vec<Source> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a script is UTF-8");
            Source::new(&path.strip_prefix(root()).expect("it lies below").to_string_lossy(), &text)
        })
        .collect();
    scripts.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(scripts.len() > 10, "the walk found the scripts");
    scripts
}

fn undocumented_crates(sources: &[Source]) -> Vec<String> {
    ["shared/domain/src/lib.rs", "shared/store/src/lib.rs"]
        .into_iter()
        .filter(|path| {
            let lib = sources.iter().find(|source| source.path == *path);
            !lib.is_some_and(|lib| {
                lib.code().any(|(_, line)| matches!(line, "#![warn(missing_docs)]" | "#![deny(missing_docs)]"))
            })
        })
        .map(str::to_owned)
        .collect()
}

fn floats_near_money(sources: &[Source]) -> Vec<String> {
    let money = sources.iter().filter(|source| source.is_under(&["shared/domain/src", "shared/store/src"]));
    money.flat_map(|source| source.lines_where(|line| line.contains("f64") || line.contains("f32"))).collect()
}

/// Kinds of problem documents that the code answers with, by where it does.
fn problem_kinds(sources: &[Source]) -> BTreeMap<String, String> {
    let mut kinds = BTreeMap::new();
    for source in sources.iter().filter(|source| source.is_under(&["functions/", "shared/"])) {
        let code: String = source.code().map(|(_, line)| line.trim()).collect();
        for call in code.split("Problem::new(").skip(1) {
            let mut arguments = call.splitn(2, ',');
            let status = arguments.next().unwrap_or_default().trim();
            let kind =
                arguments.next().unwrap_or_default().trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            if let (true, Some(kind)) = (status.chars().all(|c| c.is_ascii_digit()), kind) {
                kinds.insert(kind.to_owned(), source.path.clone());
            }
        }
    }
    kinds
}

fn problems_without_a_page(sources: &[Source], has_page: impl Fn(&str) -> bool) -> Vec<String> {
    problem_kinds(sources)
        .into_iter()
        .filter(|(kind, _)| !has_page(kind))
        .map(|(kind, path)| format!("{kind} of {path}"))
        .collect()
}

#[track_caller]
fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[track_caller]
fn seen(found: &[String], expected: &[&str]) {
    assert_eq!(found, expected);
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
        "functions depend on shared crates, store, connectors and channels on domain, domain and kit on none",
    );
    for (folder, other) in [
        ("functions/sweep", "ingest"),
        ("functions/sweep", "local"),
        ("shared/store", "channels"),
        ("shared/channels", "kit"),
        ("shared/sending", "connectors"),
        ("shared/reading", "channels"),
        ("shared/service", "kit"),
        ("shared/sending", "service"),
        ("infra/doubles", "store"),
        ("shared/domain", "store"),
        ("shared/kit", "domain"),
        ("elsewhere", "domain"),
    ] {
        seen(&wrong_arrows(&[package(folder, "x", &[other], &[])]), &[&format!("{folder} depends on {other}")]);
    }
    seen(&wrong_arrows(&[package("functions/sweep", "sweep", &["store", "kit"], &[])]), &[]);
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

#[test]
fn no_file_is_long() {
    none(&long_files(&sources()), "split it by what it does");
    seen(&long_files(&[Source::new("a.rs", &"x\n".repeat(600)), Source::new("b.rs", &"x\n".repeat(601))]), &["b.rs: 601 lines"]);
}

#[test]
fn nothing_scans_the_table() {
    none(&scans(&sources()), "a query without a row in store::keys is not merged");
    let source = Source::new("shared/store/src/x.rs", "// table.scan()\nlist.scan(0, f);\ntable.scan()");
    seen(&scans(&[source]), &["shared/store/src/x.rs:3: table.scan()"]);
}

#[test]
fn only_kit_reads_the_clock_and_the_environment() {
    none(&readers_of_clock_and_environment(&sources()), "take kit::Clock or kit::Env as an argument");
    let clippy = fs::read_to_string(root().join("clippy.toml")).expect("clippy.toml is there");
    none(&forbidden_calls_that_are_allowed(&clippy), "clippy.toml forbids these calls");
    let text = "let now = Timestamp::now();";
    seen(
        &readers_of_clock_and_environment(&[Source::new("functions/sweep/src/lib.rs", text)]),
        &["functions/sweep/src/lib.rs:1: let now = Timestamp::now();"],
    );
    seen(&readers_of_clock_and_environment(&[Source::new("shared/kit/src/clock.rs", text)]), &[]);
    seen(&forbidden_calls_that_are_allowed(&clippy.replace("jiff::Zoned::now", "")), &["Zoned::now"]);
}

#[test]
fn only_one_module_makes_keys() {
    none(&keys_made_elsewhere(&sources()), "make the key in shared/store/src/table/keys.rs");
    for (text, offends) in [
        (r#"format!("T#{tenant}")"#, true),
        (r#"if sk.starts_with("INV#") {}"#, true),
        (r##"format!("#{index}")"##, false),
        (r#"let a = "x"; // T#"#, false),
    ] {
        assert_eq!(!keys_made_elsewhere(&[Source::new("functions/dispatch/src/lib.rs", text)]).is_empty(), offends, "{text}");
    }
    let partition = r#"format!("T#{tenant}")"#;
    seen(&keys_made_elsewhere(&[Source::new("shared/store/src/table/keys.rs", partition)]), &[]);
    assert_eq!(keys_made_elsewhere(&[Source::new("shared/store/src/tasks.rs", partition)]).len(), 1);
}

#[test]
fn the_store_tries_again_in_one_way() {
    none(&tries_by_hand(&sources()), "use table::retry::Tries, which says how often and why");
    let source = Source::new("shared/store/src/x.rs", "for _ in 0..4 {");
    seen(&tries_by_hand(&[source]), &["shared/store/src/x.rs:1: for _ in 0..4 {"]);
}

#[test]
fn only_one_list_names_attributes() {
    let names: BTreeSet<&str> = store::inspect::KINDS.iter().flat_map(|kind| kind.attributes).map(|one| one.stored).collect();
    let all: Vec<Source> = sources().into_iter().chain(scripts()).collect();
    none(&attributes_named_elsewhere(&all, &names), "name it in shared/store/src/table/attributes.rs, or ask store::inspect");
    for word in WORDS {
        assert!(names.contains(word), "{word} is no attribute: its exception has to go");
    }
    for (path, line, offends) in [
        ("shared/store/src/x.rs", r#"row.get("tip")"#, true),
        ("shared/store/src/x.rs", r#"change.when("version = :version")"#, true),
        ("shared/store/src/x.rs", r#"format!("attribute_exists({name})")"#, false),
        ("shared/store/src/x.rs", r#"format!("{PK} = :pk AND begins_with(chase, :open)")"#, true),
        ("shared/store/src/x.rs", r#"format!("{PK} = :pk AND begins_with({CHASE}, :open)")"#, false),
        ("shared/store/src/x.rs", r#"json!({ "customer": id })"#, false),
        ("tests/src/x.rs", r#"image.pointer("/pending/M")"#, true),
        ("tests/src/x.rs", r#"image["mode"]["S"]"#, true),
        ("tests/deploy/x.py", r#"row["sk"]["S"].startswith("HINT#")"#, true),
        ("tests/deploy/x.py", r#"keys = [row[STORED["every"]["sk"]]["S"] for row in rows]"#, false),
        ("tests/deploy/x.py", r#"keys = [row[STORED["every"]["sk"]] for row in rows if row["sk"]["S"]]"#, true),
        ("tests/deploy/x.py", r#"shown["pending"]"#, false),
        ("infra/checks/x.py", r#"row("HEAD", **{"tip": ""})"#, true),
        (ATTRIBUTES, r#"TIP tip: String = "tip""#, false),
    ] {
        let found = attributes_named_elsewhere(&[Source::new(path, line)], &names);
        assert_eq!(!found.is_empty(), offends, "{path}: {line}");
    }
}

#[test]
fn domain_and_store_are_documented() {
    none(&undocumented_crates(&sources()), "begin with #![warn(missing_docs)]");
    seen(
        &undocumented_crates(&[Source::new("shared/domain/src/lib.rs", "#![warn(missing_docs)]")]),
        &["shared/store/src/lib.rs"],
    );
}

#[test]
fn floats_never_touch_money() {
    none(&floats_near_money(&sources()), "amounts are integers of minor units, rates integer basis points");
    let source = Source::new("shared/domain/src/x.rs", "let rate: f64 = 0.5;\n#[cfg(test)]\nlet x: f64;");
    seen(&floats_near_money(&[source]), &["shared/domain/src/x.rs:1: let rate: f64 = 0.5;"]);
}

#[test]
fn every_problem_has_a_page() {
    let pages = root().join("docs/problems");
    none(&problems_without_a_page(&sources(), |kind| pages.join(format!("{kind}.md")).exists()), "write docs/problems/<kind>.md");
    let source = Source::new("functions/admin/src/x.rs", "Problem::new(\n    409,\n    \"changed\",\n    \"Changed\", detail)");
    seen(&problems_without_a_page(&[source], |_| false), &["changed of functions/admin/src/x.rs"]);
}
