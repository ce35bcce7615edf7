//! How somebody looks at lists: a filter and an order of the worklist or of the customers, kept under a name. They are whose they are: nobody else sees them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::json;
use store::{SavedView, SavedViews, Store};

use crate::{Actor, Done, NotDone, Operation, matter, tasks};

/// Most views of a member.
pub const VIEWS_MAX: usize = 30;
/// Longest name of a view, in characters.
const NAME_MAX: usize = 60;
/// Longest value of a filter, in characters.
const VALUE_MAX: usize = 128;

/// A list that views are of: its word, what it may be asked for by, and its orders, each with `-` before it where it reads from its end too. A search is
/// not kept: its words may name a person.
struct ViewedList {
    word: &'static str,
    filters: &'static [&'static str],
    orders: &'static [&'static str],
    from_end: bool,
}

const LISTS: [ViewedList; 2] = [
    ViewedList { word: "tasks", filters: &["kind", "whose", "to", "sort"], orders: &["age", "money_at_stake"], from_end: false },
    ViewedList {
        word: "customers",
        filters: &["owner", "sort"],
        orders: &["name", "next_action", "overdue", "money_at_stake", "oldest_due", "owner"],
        from_end: true,
    },
];

/// The views of whoever asks.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn list(store: &Store, actor: &Actor) -> Done<SavedViews> {
    let tenant = actor.may(Operation::ListViews)?;
    Ok(store.saved_views(tenant, actor.by()).await?)
}

/// Keeps views of whoever asks in place of those at the revision that they saw.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Changed`] where they were changed since; those of the table.
pub async fn save(store: &Store, actor: &Actor, asked: SavedViews, now: Timestamp) -> Done<SavedViews> {
    let tenant = actor.may(Operation::SaveViews)?;
    if actor.by().is_empty() {
        return Err(NotDone::Conflict("your sign-in has no subject, by which views are kept".to_owned()));
    }
    let after = SavedViews { views: checked(asked.views)?, rev: asked.rev };
    // Names are a person's own words, and the audit keeps an entry for good: it says how many there are.
    let entry = actor.entry(Operation::SaveViews, now).with(json!({ "views": after.views.len() }));
    if store.acting(entry).save_views(tenant, actor.by(), &after).await? {
        return Ok(SavedViews { rev: after.rev + 1, ..after });
    }
    Err(NotDone::Changed("your views were changed since they were read, in another window perhaps: read them again".to_owned()))
}

/// Views as they are kept, or everything that is wrong with them.
fn checked(views: Vec<SavedView>) -> Done<Vec<SavedView>> {
    if views.len() > VIEWS_MAX {
        return Err(NotDone::field("/views", format!("you may keep {VIEWS_MAX} views; take some away")));
    }
    let (mut flaws, mut names) = (Vec::new(), BTreeSet::new());
    let mut kept = Vec::new();
    for (at, view) in views.into_iter().enumerate() {
        let mut flaw = |what: &str, why: String| flaws.push((format!("/views/{at}/{what}"), why));
        let mut wrong = Vec::new();
        let name = matter::text("", Some(&view.name), NAME_MAX, &mut wrong);
        let Some(name) = name.filter(|name| !name.contains('\n')) else {
            flaw("name", format!("a view has a name of one line, at most {NAME_MAX} characters"));
            continue;
        };
        if !names.insert(name.clone()) {
            flaw("name", format!("there is another view called '{name}'; give it another name"));
        }
        let Some(list) = LISTS.iter().find(|list| list.word == view.of) else {
            flaw("of", format!("a view is of one of: {}", LISTS.map(|list| list.word).join(", ")));
            continue;
        };
        let asked: BTreeMap<String, String> = view.asked.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
        for (filter, value) in &asked {
            if let Some(why) = flaw_of(list, filter, value) {
                flaw(&format!("asked/{filter}"), why);
            }
        }
        kept.push(SavedView { name, of: view.of, asked });
    }
    if flaws.is_empty() { Ok(kept) } else { Err(NotDone::Fields(flaws)) }
}

/// What is wrong with a value of a filter.
fn flaw_of(list: &ViewedList, filter: &str, value: &str) -> Option<String> {
    if !list.filters.contains(&filter) {
        return Some(format!("{} are asked for by one of: {}", list.word, list.filters.join(", ")));
    }
    if value.chars().count() > VALUE_MAX || value.chars().any(char::is_control) {
        return Some(format!("at most {VALUE_MAX} characters, and no control characters"));
    }
    match filter {
        "sort" => {
            let order = if list.from_end { value.strip_prefix('-').unwrap_or(value) } else { value };
            (!list.orders.contains(&order)).then(|| format!("{} are sorted by one of: {}", list.word, list.orders.join(", ")))
        }
        "kind" => match tasks::wanted(Some(value)) {
            Err(NotDone::Fields(flaws)) => flaws.into_iter().next().map(|(_, why)| why),
            Ok(_) | Err(_) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    fn view(name: &str, of: &str, asked: &[(&str, &str)]) -> SavedView {
        let asked = asked.iter().map(|(filter, value)| ((*filter).to_owned(), (*value).to_owned())).collect();
        SavedView { name: name.to_owned(), of: of.to_owned(), asked }
    }

    #[test]
    fn a_view_is_of_a_list_by_what_that_list_is_asked_for_by() {
        for (given, wrong) in [
            (view("Mine", "tasks", &[("whose", "robin"), ("sort", "money_at_stake")]), None),
            (view("Exceptions", "tasks", &[("kind", "exception"), ("to", "")]), None),
            (view("Late", "customers", &[("sort", "-overdue")]), None),
            (view(" ", "tasks", &[]), Some("/views/0/name")),
            (view("a\nb", "tasks", &[]), Some("/views/0/name")),
            (view(&"x".repeat(61), "tasks", &[]), Some("/views/0/name")),
            (view("Bills", "invoices", &[]), Some("/views/0/of")),
            (view("Anna", "customers", &[("q", "anna")]), Some("/views/0/asked/q")),
            (view("Back", "tasks", &[("sort", "-age")]), Some("/views/0/asked/sort")),
            (view("Odd", "tasks", &[("kind", "odd")]), Some("/views/0/asked/kind")),
            (view("Long", "tasks", &[("to", "x".repeat(129).as_str())]), Some("/views/0/asked/to")),
        ] {
            let name = given.name.clone();
            let found = match checked(vec![given]) {
                Ok(_) => None,
                Err(NotDone::Fields(flaws)) => flaws.first().map(|(pointer, _)| pointer.clone()),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(found.as_deref(), wrong, "{name}");
        }
        let kept = checked(vec![view("Exceptions ", "tasks", &[("kind", "exception"), ("to", "")])]).unwrap();
        assert_eq!(kept, [view("Exceptions", "tasks", &[("kind", "exception")])]);
    }

    #[test]
    fn names_tell_views_apart_and_there_are_so_many() {
        let twice = checked(vec![view("Mine", "tasks", &[]), view("Mine", "customers", &[])]);
        assert!(matches!(twice, Err(NotDone::Fields(flaws)) if flaws[0].0 == "/views/1/name"));
        let many = (0..=VIEWS_MAX).map(|at| view(&at.to_string(), "tasks", &[])).collect();
        assert!(matches!(checked(many), Err(NotDone::Fields(flaws)) if flaws[0].0 == "/views"));
    }
}
