//! The workspace's sources as the rules read them: whole files, without comments and without what is built for tests only.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use syn::{
    Attribute, File, ImplItemFn, Item, ItemMod,
    spanned::Spanned,
    visit::{self, Visit},
};

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie one level deep").to_path_buf()
}

/// A file: its path from the root, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
    /// Numbers of lines that are built for tests only.
    tests: BTreeSet<usize>,
    /// Paths that its modules for tests may have.
    test_files: Vec<String>,
}

impl Source {
    /// A Rust file, or a script, of which every line counts.
    pub fn new(path: &str, text: &str) -> Self {
        let mut source = Self { path: path.to_owned(), text: text.to_owned(), tests: BTreeSet::new(), test_files: Vec::new() };
        // An offence in a test of a rule need not be a whole file.
        if let Some(file) = path.ends_with(".rs").then(|| syn::parse_file(text)).and_then(Result::ok) {
            source.leave_out_tests(&file);
        }
        source
    }

    fn leave_out_tests(&mut self, file: &File) {
        let mut tests = ForTests { source: self };
        if is_cfg_test(&file.attrs) {
            tests.source.tests.extend(1..=tests.source.text.lines().count());
        }
        tests.visit_file(file);
    }

    pub fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Whether it is a crate's integration test: `functions/x/tests/y.rs`.
    fn is_integration_test(&self) -> bool {
        self.path.split('/').rev().skip(1).any(|part| part == "tests")
            && !self.path.contains("/src/")
            && !self.path.starts_with("tests/src")
    }

    /// Numbered lines of what is built into the product: neither comments nor tests.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = if self.is_integration_test() { "" } else { &*self.text };
        let numbered = lines.lines().enumerate().map(|(at, line)| (at + 1, line));
        numbered.filter(|(number, line)| !self.tests.contains(number) && !line.trim_start().starts_with("//"))
    }

    /// Lines of code for which `offends` holds, as `path:line: text`.
    pub fn lines_where(&self, offends: impl Fn(&str) -> bool) -> Vec<String> {
        self.code()
            .filter(|(_, line)| offends(line))
            .map(|(number, line)| format!("{}:{number}: {}", self.path, line.trim()))
            .collect()
    }
}

/// Whether `#[cfg(test)]` is among the attributes.
pub fn is_cfg_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "test")
    })
}

/// Whether an item is built for tests only.
pub fn is_for_tests(item: &Item) -> bool {
    is_cfg_test(match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    })
}

/// Finds what a file builds for tests only.
struct ForTests<'a> {
    source: &'a mut Source,
}

impl ForTests<'_> {
    fn leave_out(&mut self, spanned: &impl Spanned) {
        let span = spanned.span();
        self.source.tests.extend(span.start().line..=span.end().line);
    }
}

impl<'ast> Visit<'ast> for ForTests<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(item) {
            return visit::visit_item(self, item);
        }
        self.leave_out(item);
        if let Item::Mod(ItemMod { ident, content: None, .. }) = item {
            let (folder, name) = self.source.path.rsplit_once('/').expect("a file lies in a folder");
            let folder = match name {
                "lib.rs" | "mod.rs" | "main.rs" => folder.to_owned(),
                name => format!("{folder}/{}", name.trim_end_matches(".rs")),
            };
            self.source.test_files.push(format!("{folder}/{ident}.rs"));
            self.source.test_files.push(format!("{folder}/{ident}/"));
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if is_cfg_test(&function.attrs) {
            self.leave_out(function);
        }
    }
}

fn walk(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path());
    for path in entries {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            walk(&path, extension, out);
        } else if path.extension().is_some_and(|found| found == extension) {
            out.push(path);
        }
    }
}

/// Files with an extension below some folders, in the order of their paths.
fn read(folders: &[&str], extension: &str) -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| walk(&root.join(folder), extension, &mut paths));
    paths.sort();
    let read = paths.iter().map(|path| {
        let text = fs::read_to_string(path).expect("a source is UTF-8");
        Source::new(&path.strip_prefix(&root).expect("it lies below").to_string_lossy().replace('\\', "/"), &text)
    });
    read.collect()
}

/// Leaves out what other files say is for tests: `#[cfg(test)] mod tests;`.
pub fn without_test_files(mut sources: Vec<Source>) -> Vec<Source> {
    let for_tests: Vec<String> = sources.iter().flat_map(|source| source.test_files.clone()).collect();
    for source in &mut sources {
        if for_tests.iter().any(|path| source.path == *path || path.ends_with('/') && source.path.starts_with(path)) {
            source.tests.extend(1..=source.text.lines().count());
        }
    }
    sources
}

/// Every Rust file of the workspace.
pub fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let sources = without_test_files(read(&["functions", "shared", "infra", "tests"], "rs"));
        assert!(sources.len() > 20, "the walk found the workspace");
        for source in &sources {
            assert!(syn::parse_file(&source.text).is_ok(), "{} is no Rust that the rules can read", source.path);
        }
        sources
    })
}

/// Every Python file that is ours.
pub fn scripts() -> Vec<Source> {
    let scripts = read(&["infra/checks", "infra/holidays", "tests/deploy"], "py");
    assert!(scripts.len() > 10, "the walk found the scripts");
    scripts
}
