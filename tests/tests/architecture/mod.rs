//! The rules of the house that no compiler knows: which crate may depend on which, and what is called nowhere.
//!
//! Each rule is a function from sources or packages to what offends it. It runs once on the workspace and once on a small
//! offence, so that a rule that has gone blind fails as well.

mod circles;
mod code;
mod packages;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use circles::circles;
use code::{Source, root, scripts, sources, without_test_files};

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
    bound.flat_map(|source| source.lines_where(offends)).filter(|found| !is_a_known_scan(found)).collect()
}

/// Clippy forbids scans too: an export is one, and a test that compares everything.
fn is_a_known_scan(found: &str) -> bool {
    const SCANS: [(&str, &str); 2] = [
        ("infra/copy/src/lib.rs:", "an export reads the whole table"),
        ("shared/testbed/src/api.rs:", "a test compares the whole table"),
    ];
    SCANS.iter().any(|(file, reason)| found.starts_with(file) && found.contains(reason))
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

/// The one module that makes keys, and the folder of its parts.
const KEYS: [&str; 2] = ["shared/store/src/table/keys.rs", "shared/store/src/table/keys/"];

/// Outside the store, nothing that looks like a key; inside it, partition keys in one module only (its queries name prefixes).
fn keys_made_elsewhere(sources: &[Source]) -> Vec<String> {
    let others = sources.iter().filter(|s| s.is_under(&["functions/", "shared/"]) && !s.is_under(&KEYS));
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

/// The one list of attributes, and the folder of its parts.
const ATTRIBUTES: [&str; 2] = ["shared/store/src/table/attributes.rs", "shared/store/src/table/attributes/"];
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
    "done_by",
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
    "name",
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
    let looked_at = sources.iter().filter(|source| !source.is_under(&ATTRIBUTES) && !TABLES.contains(&source.path.as_str()));
    // What answers say is no attribute: its rules are words of eight languages.
    for source in looked_at.filter(|source| !source.is_under(&["tests/tests/architecture/", "shared/answers/"])) {
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

/// Where amounts are kept, read, reckoned or shown.
const MONEY: [&str; 4] = ["functions/", "shared/", "infra/doubles/src", "infra/copy/src"];
/// What names floats there, and why it may.
const FLOATS: [(&str, &str); 6] = [
    ("shared/connectors/src/json.rs", "JSON has them; what reads amounts takes integers, or the text of a number"),
    ("shared/service/src/flaws.rs", "serde has them; settings have none"),
    ("infra/doubles/src/xero/wire.rs", "Xero writes rates, quantities and sums of nothing so"),
    ("functions/jobs/src/kinds/import/sheet.rs", "XLSX has them; a cell is taken as the text of a number"),
    ("shared/documents/src/canvas.rs", "PDF has them; places on a page, never amounts"),
    ("shared/testbed/", "capacity units"),
];

/// Whether a line of code names a type of floats, or has one written out.
fn has_a_float(line: &str) -> bool {
    let code: String = line.replace(r#"\""#, "").split('"').step_by(2).collect::<Vec<_>>().join("\"");
    let code = code.split("//").next().unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    code.split(|c: char| !is_part(c)).any(|word| {
        let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
        let is_digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        word.contains("f64") || word.contains("f32") || is_digits(whole) && is_digits(fraction)
    })
}

fn floats_near_money(sources: &[Source]) -> Vec<String> {
    let money =
        sources.iter().filter(|source| source.is_under(&MONEY) && !FLOATS.iter().any(|(path, _)| source.is_under(&[*path])));
    money.flat_map(|source| source.lines_where(has_a_float)).collect()
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

#[test]
fn no_file_is_long() {
    none(&long_files(sources()), "split it by what it does");
    seen(&long_files(&[Source::new("a.rs", &"x\n".repeat(600)), Source::new("b.rs", &"x\n".repeat(601))]), &["b.rs: 601 lines"]);
}

#[test]
fn nothing_scans_the_table() {
    none(&scans(sources()), "a query without a row in store::keys is not merged");
    let source = Source::new("shared/store/src/x.rs", "// table.scan()\nlist.scan(0, f);\ntable.scan()");
    seen(&scans(&[source]), &["shared/store/src/x.rs:3: table.scan()"]);
}

#[test]
fn only_kit_reads_the_clock_and_the_environment() {
    none(&readers_of_clock_and_environment(sources()), "take kit::Clock or kit::Env as an argument");
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
    none(&keys_made_elsewhere(sources()), "make the key in shared/store/src/table/keys.rs");
    for (text, offends) in [
        (r#"format!("T#{tenant}")"#, true),
        (r#"if sk.starts_with("INV#") {}"#, true),
        (r##"format!("#{index}")"##, false),
        (r#"let a = "x"; // T#"#, false),
    ] {
        assert_eq!(!keys_made_elsewhere(&[Source::new("functions/dispatch/src/lib.rs", text)]).is_empty(), offends, "{text}");
    }
    let partition = r#"format!("T#{tenant}")"#;
    for path in ["shared/store/src/table/keys.rs", "shared/store/src/table/keys/jobs.rs"] {
        seen(&keys_made_elsewhere(&[Source::new(path, partition)]), &[]);
    }
    assert_eq!(keys_made_elsewhere(&[Source::new("shared/store/src/tasks.rs", partition)]).len(), 1);
}

#[test]
fn the_store_tries_again_in_one_way() {
    none(&tries_by_hand(sources()), "use table::retry::Tries, which says how often and why");
    let source = Source::new("shared/store/src/x.rs", "for _ in 0..4 {");
    seen(&tries_by_hand(&[source]), &["shared/store/src/x.rs:1: for _ in 0..4 {"]);
}

#[test]
fn only_one_list_names_attributes() {
    let names: BTreeSet<&str> = store::inspect::KINDS.iter().flat_map(|kind| kind.attributes).map(|one| one.stored).collect();
    none(&attributes_named_elsewhere(&scripts(), &names), "look it up in shared/store/attributes.json");
    none(
        &attributes_named_elsewhere(sources(), &names),
        "name it in shared/store/src/table/attributes.rs, or ask store::inspect",
    );
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
        (ATTRIBUTES[0], r#"TIP tip: String = "tip""#, false),
    ] {
        let found = attributes_named_elsewhere(&[Source::new(path, line)], &names);
        assert_eq!(!found.is_empty(), offends, "{path}: {line}");
    }
}

#[test]
fn domain_and_store_are_documented() {
    none(&undocumented_crates(sources()), "begin with #![warn(missing_docs)]");
    seen(
        &undocumented_crates(&[Source::new("shared/domain/src/lib.rs", "#![warn(missing_docs)]")]),
        &["shared/store/src/lib.rs"],
    );
}

#[test]
fn floats_never_touch_money() {
    none(&floats_near_money(sources()), "amounts are integers of minor units, rates integer basis points");
    for (path, line, offends) in [
        ("shared/domain/src/x.rs", "let rate: f64 = whole;", true),
        ("shared/connectors/src/x.rs", "value.as_f64()", true),
        ("shared/channels/src/locale/x.rs", "amount: f32,", true),
        ("functions/admin/src/x.rs", "let share = open * 0.5;", true),
        ("functions/portal/src/x.rs", "let share = Duration::from_secs_f32(1.5);", true),
        ("infra/doubles/src/x.rs", "let half = 1.5e3;", true),
        ("shared/domain/src/x.rs", "let part = pair.0.1; // f64", false),
        ("shared/domain/src/x.rs", r#"let version = "1.5";"#, false),
        ("shared/domain/src/x.rs", r#"let style = "<p style=\"width:1.5em\">";"#, false),
        ("shared/domain/src/x.rs", "for at in 0..12 { list[0].round(); }", false),
        ("shared/testbed/src/x.rs", "units: f64,", false),
    ] {
        assert_eq!(!floats_near_money(&[Source::new(path, line)]).is_empty(), offends, "{path}: {line}");
    }
    for (path, why) in FLOATS {
        let of_it = sources().iter().filter(|source| source.is_under(&[path]));
        assert!(
            of_it.flat_map(|source| source.lines_where(has_a_float)).next().is_some(),
            "{path} ({why}): its exception has to go"
        );
    }
}

/// A file whose test modules stand before its code, as they do where another file holds them.
const TESTS_FIRST: &str = "//! Doc.\n#[cfg(test)]\nmod tests;\n#[cfg(test)]\npub(crate) mod more;\n\nlet_me!();\nfn f() {\n    x;\n}\n\
                           impl A {\n    #[cfg(test)]\n    fn g() {\n        y;\n    }\n    fn h() {\n        z;\n    }\n}\n\
                           #[cfg(test)]\nmod here {\n    use a::b;\n}\nconst LAST: u8 = 1;\n";

#[test]
fn whole_files_are_read_but_for_what_is_built_for_tests() {
    let code = |path: &str, text: &str| -> Vec<String> {
        let files = [Source::new("shared/a/src/x/mod.rs", TESTS_FIRST), Source::new(path, text)];
        let read = without_test_files(files.into());
        read[1].code().map(|(_, line)| line.trim().to_owned()).filter(|line| line.len() > 1).collect()
    };
    assert_eq!(
        code("shared/a/src/y.rs", TESTS_FIRST),
        ["let_me!();", "fn f() {", "x;", "impl A {", "fn h() {", "z;", "const LAST: u8 = 1;"]
    );
    for test in [
        "shared/a/src/x/tests.rs",
        "shared/a/src/x/tests/mod.rs",
        "shared/a/src/x/more.rs",
        "shared/a/src/x/more/deep.rs",
        "shared/a/tests/y.rs",
        "tests/tests/y.rs",
    ] {
        assert_eq!(code(test, "fn f() {}"), [""; 0], "{test}");
    }
    for product in ["shared/a/src/tests.rs", "shared/a/src/x/more_tests.rs", "tests/src/y.rs", "functions/a/src/tests/y.rs"] {
        assert_eq!(code(product, "fn f() {}"), ["fn f() {}"], "{product}");
    }
    // What was invisible once: these begin with the module of their tests.
    for path in ["shared/domain/src/workflow/mod.rs", "shared/domain/src/condition/mod.rs", "shared/channels/src/locale/mod.rs"] {
        let source = sources().iter().find(|source| source.path == path).unwrap_or_else(|| panic!("{path} is gone"));
        assert!(
            source
                .code()
                .any(|(_, line)| line.starts_with("pub fn") || line.starts_with("pub(crate) fn") || line.starts_with("impl ")),
            "{path}"
        );
    }
    let for_tests = sources().iter().filter(|source| source.code().next().is_none()).count();
    assert!(for_tests > 50, "{for_tests} files are for tests only");
}

#[test]
fn files_use_one_another_in_no_circle() {
    none(&circles(sources(), &["functions/", "shared/", "infra/"]), "move what both need to a file of its own");
    let files = |files: &[(&str, &str)]| -> Vec<Source> {
        files.iter().map(|(path, text)| Source::new(&format!("shared/x/src/{path}"), text)).collect()
    };
    let found = |all: &[(&str, &str)]| circles(&files(all), &["shared/"]);
    let lib = ("lib.rs", "mod a; mod b; pub use a::A; pub use b::{B, b};");
    for (a, b) in [
        // By names in types, calls, imports, macros, attributes and texts, straight or through a re-export.
        ("pub struct A(crate::b::B);", "use super::a::A; pub struct B; pub fn b(_: A) {}"),
        ("pub struct A; fn f() { crate::b() }", "use crate::A; pub struct B(A); pub fn b() {}"),
        ("pub struct A; fn f() { println!(\"{}\", crate::b::b()) }", "pub struct B; pub fn b() -> crate::A {}"),
        (
            "#[derive(Serialize)] pub struct A { #[serde(with = \"crate::b\", default = \"crate::b::b\")] x: u8 }",
            "pub struct B(crate::A); pub fn b() {}",
        ),
        ("use crate::b; pub struct A; fn f() { b::b() }", "use super::*; pub struct B(A); pub fn b() {}"),
        ("make!(A); fn f() { crate::b() }", "pub struct B(crate::A); pub fn b() {}"),
    ] {
        let circle = found(&[lib, ("a.rs", a), ("b.rs", b)]);
        assert!(circle.len() == 1 && circle[0].starts_with("shared/x: 2 files"), "{a} {b}: {circle:?}");
    }
    for (a, b) in [
        ("pub struct A;", "use super::a::A; pub struct B(A); pub fn b() {}"),
        // Tests may.
        ("pub struct A; #[cfg(test)] mod tests { use crate::b::B; }", "use super::a::A; pub struct B(A); pub fn b() {}"),
        ("#[cfg(test)] use crate::B; pub struct A;", "use super::a::A; pub struct B(A); pub fn b() {}"),
        // To re-export is not to use.
        ("pub use super::b::B as Other; pub struct A;", "use super::a::A; pub struct B(A); pub fn b() {}"),
        // Another crate's.
        ("use b::B; pub struct A(B);", "use super::a::A; pub struct B(A); pub fn b() {}"),
    ] {
        assert_eq!(found(&[lib, ("a.rs", a), ("b.rs", b)]), [""; 0], "{a} {b}");
    }
    let deep = found(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod c; pub struct A; fn f() { c::c() }"),
        ("a/c.rs", "pub fn c() -> super::A {}"),
    ]);
    assert!(deep[0].contains("a/mod.rs uses c::c of a/c.rs") && deep[0].contains("a/c.rs uses super::A of a/mod.rs"), "{deep:?}");
    let three = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "fn a() { crate::b::b() }"),
        ("b.rs", "pub fn b() { crate::c::c() }"),
        ("c.rs", "pub fn c() { crate::a::a() }"),
    ];
    assert!(found(&three)[0].starts_with("shared/x: 3 files"));
}

#[test]
fn every_problem_has_a_page() {
    let pages = root().join("docs/problems");
    none(&problems_without_a_page(sources(), |kind| pages.join(format!("{kind}.md")).exists()), "write docs/problems/<kind>.md");
    let source = Source::new("functions/admin/src/x.rs", "Problem::new(\n    409,\n    \"changed\",\n    \"Changed\", detail)");
    seen(&problems_without_a_page(&[source], |_| false), &["changed of functions/admin/src/x.rs"]);
}
