//! Which file of a crate uses what another one defines, and the circles that this makes.
//!
//! A name is followed to the file that defines it, through `use` and re-exports. To re-export is not to use, and neither is a `mod` line,
//! so a folder's `mod.rs` may list what its files define. Methods are not followed: their type is.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{
    Attribute, ImplItemFn, Item, ItemMod, ItemUse, Macro, UseTree, Visibility,
    ext::IdentExt,
    visit::{self, Visit},
};

use super::code::{Source, is_for_tests};

/// Most names in a path that is followed: more than any that code has.
const PATH_MAX: usize = 7;

/// A module's place: the names from the crate's root to it.
type Place = Vec<String>;

/// What one module defines, imports and names.
#[derive(Default)]
struct Module {
    file: String,
    /// What it defines.
    items: BTreeSet<String>,
    /// What a macro that it calls may define.
    made_by_macros: BTreeSet<String>,
    children: BTreeSet<String>,
    /// What it imports or re-exports: the name here, and the paths that it stands for.
    imports: BTreeMap<String, Vec<Place>>,
    globs: Vec<Place>,
    /// Every path that its code names.
    named: BTreeSet<Place>,
}

/// The modules of one crate.
struct Modules(BTreeMap<Place, Module>);

/// The files of one crate, by their path from the workspace's root.
type Files<'a> = BTreeMap<&'a str, &'a str>;

impl Modules {
    fn of_crate(folder: &str, files: &Files) -> Self {
        let mut modules = Self(BTreeMap::new());
        modules.read_file(&format!("{folder}/src/lib.rs"), &[], files);
        modules
    }

    /// Reads the file of a module, and those of the modules in it.
    fn read_file(&mut self, path: &str, place: &[String], files: &Files) {
        let text = files.get(path).unwrap_or_else(|| panic!("{path} is no file"));
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (folder, name) = path.rsplit_once('/').expect("a file lies in a folder");
        let folder = match name {
            "lib.rs" | "mod.rs" => folder.to_owned(),
            name => format!("{folder}/{}", name.trim_end_matches(".rs")),
        };
        self.read_items(&file.items, path, place, &folder, files);
    }

    fn read_items(&mut self, items: &[Item], path: &str, place: &[String], folder: &str, files: &Files) {
        let mut module = Module { file: path.to_owned(), ..Module::default() };
        for item in items.iter().filter(|item| !is_for_tests(item)) {
            if let Item::Mod(ItemMod { ident, content, .. }) = item {
                let name = ident.unraw().to_string();
                let inner = [place, std::slice::from_ref(&name)].concat();
                match content {
                    Some((_, items)) => self.read_items(items, path, &inner, &format!("{folder}/{name}"), files),
                    None => {
                        let beside = format!("{folder}/{name}.rs");
                        let below = format!("{folder}/{name}/mod.rs");
                        self.read_file(if files.contains_key(&*beside) { &beside } else { &below }, &inner, files);
                    }
                }
                module.children.insert(name);
            } else {
                module.define(item);
                Names(&mut module).visit_item(item);
            }
        }
        self.0.insert(place.to_vec(), module);
    }

    /// The module that defines what a path means in a module; `None` where that is another crate's, or a module itself. `seen` holds what was
    /// looked up on the way: imports and globs may lead in circles, and by many ways to one place.
    fn definer(&self, from: &[String], path: &[String], depth: usize, seen: &mut HashSet<(Place, Place)>) -> Option<&[String]> {
        // `use a::a` makes a longer path of each path that begins with `a`.
        if depth > 16 || path.len() > PATH_MAX {
            return None;
        }
        let mut at = from.to_vec();
        let mut rest = path;
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()),
                _ => break,
            }
            rest = others;
        }
        let (name, others) = rest.split_first()?;
        if !seen.insert((at.clone(), rest.to_vec())) {
            return None;
        }
        let (place, module) = self.0.get_key_value(&at)?;
        // A module of its own hides what globs bring.
        if !others.is_empty() && module.children.contains(name) {
            let below = [at.as_slice(), std::slice::from_ref(name)].concat();
            return self.definer(&below, others, depth + 1, seen);
        }
        if module.items.contains(name) {
            return Some(place);
        }
        let imported = module.imports.get(name).into_iter().flatten().map(|path| [path.as_slice(), others].concat());
        let by_glob = module.globs.iter().map(|path| [path.as_slice(), rest].concat());
        imported.chain(by_glob).find_map(|path| self.definer(&at, &path, depth + 1, seen)).or_else(|| {
            let is_made = module.made_by_macros.contains(name) && !module.children.contains(name);
            is_made.then_some(place.as_slice())
        })
    }

    /// Which file uses which, and by what names.
    fn uses(&self) -> BTreeMap<&str, BTreeMap<&str, BTreeSet<String>>> {
        let mut uses: BTreeMap<&str, BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
        for (place, module) in &self.0 {
            let others = uses.entry(&module.file).or_default();
            for path in &module.named {
                let definer = self.definer(place, path, 0, &mut HashSet::new()).and_then(|definer| self.0.get(definer));
                if let Some(definer) = definer.filter(|definer| definer.file != module.file) {
                    others.entry(&definer.file).or_default().insert(path.join("::"));
                }
            }
        }
        uses
    }
}

impl Module {
    fn define(&mut self, item: &Item) {
        let name = match item {
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::TraitAlias(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Macro(item) => match &item.ident {
                Some(name) => name,
                None => return identifiers(item.mac.tokens.clone(), &mut self.made_by_macros),
            },
            _ => return,
        };
        self.items.insert(name.unraw().to_string());
    }

    fn import(&mut self, tree: &UseTree, path: &[String], is_use: bool) {
        let with = |name: &syn::Ident| [path, &[name.unraw().to_string()]].concat();
        let mut bind = |name: &syn::Ident, path: Place| {
            let path = if path.last().is_some_and(|last| last == "self") { path[..path.len() - 1].to_vec() } else { path };
            let name = if *name == "self" { path.last().cloned().unwrap_or_default() } else { name.unraw().to_string() };
            if is_use {
                self.named.insert(path.clone());
            }
            self.imports.entry(name).or_default().push(path);
        };
        match tree {
            UseTree::Path(part) => self.import(&part.tree, &with(&part.ident), is_use),
            UseTree::Name(leaf) => bind(&leaf.ident, with(&leaf.ident)),
            UseTree::Rename(leaf) => bind(&leaf.rename, with(&leaf.ident)),
            UseTree::Glob(_) => self.globs.push(path.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, path, is_use)),
        }
    }
}

/// Every identifier of a macro's input.
fn identifiers(tokens: TokenStream, out: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => _ = out.insert(name.unraw().to_string()),
            TokenTree::Group(group) => identifiers(group.stream(), out),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Collects the paths that code names.
struct Names<'a>(&'a mut Module);

impl Names<'_> {
    /// Paths in what a macro is given: names joined by `::`.
    fn in_tokens(&mut self, tokens: TokenStream) {
        let mut path: Place = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.named(std::mem::take(&mut path));
                    }
                    path.push(name.unraw().to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    let path = std::mem::take(&mut path);
                    match (path.last(), group.delimiter(), colons) {
                        // `use a::{b, c}` in a macro's input.
                        (Some(_), Delimiter::Brace, 2) => {
                            let mut names = BTreeSet::new();
                            identifiers(group.stream(), &mut names);
                            names.into_iter().for_each(|name| self.named([path.as_slice(), &[name]].concat()));
                        }
                        _ => self.named(path),
                    }
                    self.in_tokens(group.stream());
                    colons = 0;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.named(std::mem::take(&mut path));
                    colons = 0;
                }
            }
        }
        self.named(path);
    }

    fn named(&mut self, path: Place) {
        if !path.is_empty() {
            self.0.named.insert(path);
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.named(path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.0.import(&item.tree, &[], matches!(item.vis, Visibility::Inherited));
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.in_tokens(call.tokens.clone());
    }

    /// Serde names functions in texts: `#[serde(with = "crate::dates")]`.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let syn::Meta::List(list) = &attribute.meta else { return };
        if !list.path.is_ident("serde") {
            return self.in_tokens(list.tokens.clone());
        }
        for token in list.tokens.clone() {
            if let TokenTree::Literal(literal) = token
                && let Ok(path) = syn::parse_str::<syn::Path>(literal.to_string().trim_matches('"'))
            {
                self.visit_path(&path);
            }
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !super::code::is_cfg_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }
}

/// Files of a crate that use one another in a circle, each circle with what makes it one.
fn circles_of(folder: &str, files: &Files) -> Vec<String> {
    let modules = Modules::of_crate(folder, files);
    let uses = modules.uses();
    let reached = |from: &str| {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = uses.get(from).into_iter().flat_map(BTreeMap::keys).copied().collect();
        while let Some(file) = next.pop() {
            if reached.insert(file) {
                next.extend(uses.get(file).into_iter().flat_map(BTreeMap::keys));
            }
        }
        reached
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = uses.keys().map(|file| (*file, reached(file))).collect();
    let mut circles: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    for (file, reached) in reach.iter().filter(|(file, reached)| reached.contains(*file)) {
        circles.insert(reached.iter().copied().filter(|other| reach[other].contains(file)).collect());
    }
    let short = |file: &str| file.strip_prefix(folder).unwrap_or(file).trim_start_matches("/src/").to_owned();
    circles
        .iter()
        .map(|circle| {
            let arrows = circle.iter().flat_map(|file| uses[file].iter().map(move |(other, names)| (file, other, names)));
            let inside = arrows.filter(|(_, other, _)| circle.contains(*other)).map(|(file, other, names)| {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("\n  {} uses {} of {}", short(file), names.join(", "), short(other))
            });
            format!("{folder}: {} files{}", circle.len(), inside.collect::<String>())
        })
        .collect()
}

/// The same for each crate below some folders.
pub fn circles(sources: &[Source], folders: &[&str]) -> Vec<String> {
    let crates: BTreeSet<&str> = sources
        .iter()
        .filter(|source| source.is_under(folders))
        .filter_map(|source| source.path.strip_suffix("/src/lib.rs"))
        .collect();
    let mut found = Vec::new();
    for folder in crates {
        let own = sources.iter().filter(|source| source.path.starts_with(&format!("{folder}/src/")));
        let files: Files = own.map(|source| (source.path.as_str(), source.text.as_str())).collect();
        found.extend(circles_of(folder, &files));
    }
    found
}
