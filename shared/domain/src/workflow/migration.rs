//! What becomes of running cases when a version of their workflow is published: which of its steps count for which before.
//!
//! What an item has behind it is known by the ids of steps. A step that keeps its id keeps what is behind it; a map says where another id
//! is the same step. So nothing that was done is done again under another id, whichever versions a case went through.

use std::collections::{BTreeMap, BTreeSet};

use super::{Flaw, Workflow};

/// What becomes of steps of the version before: its id, and the step of the new version that counts for it; `None` where none does.
pub type Migration = BTreeMap<String, Option<String>>;

/// Steps of versions before one, and the steps of it that count for them.
pub type Carried = Vec<(String, String)>;

/// What a version carries on that follows one which carries `before`.
pub fn carried_on(before: &[(String, String)], to: &Workflow, migration: &Migration) -> Carried {
    let heir = |step: &String| migration.get(step).cloned().flatten().unwrap_or_else(|| step.clone());
    let earlier = before.iter().map(|(old, now)| (old.clone(), heir(now)));
    let named = migration.iter().filter_map(|(old, new)| Some((old.clone(), new.clone()?)));
    only_others(earlier.chain(named), to)
}

/// What a version carries on that is an earlier one again: `now` is carried by the version that it follows, `then` by the one that it is
/// again.
pub fn carried_back(now: &[(String, String)], then: &[(String, String)], to: &Workflow) -> Carried {
    let known = |step: &str| to.steps.iter().any(|own| own.id == step);
    let mut pairs: Carried = then.to_vec();
    for (old, heir) in now {
        if known(heir) {
            pairs.push((old.clone(), heir.clone()));
        }
        if known(old) {
            pairs.push((heir.clone(), old.clone()));
            // What else counted for the same step meanwhile counts for this one.
            pairs.extend(now.iter().filter(|(_, other)| other == heir).map(|(other, _)| (other.clone(), old.clone())));
        }
    }
    only_others(pairs, to)
}

/// Each pair once, and none whose old step the version has itself.
fn only_others(pairs: impl IntoIterator<Item = (String, String)>, to: &Workflow) -> Carried {
    let own: BTreeSet<&str> = to.steps.iter().map(|step| step.id.as_str()).collect();
    let pairs: BTreeSet<(String, String)> =
        pairs.into_iter().filter(|(old, new)| old != new && !own.contains(old.as_str())).collect();
    pairs.into_iter().collect()
}

/// What is wrong with a map from the steps of `from`, which carries `before`, to those of `to`.
pub fn migration_flaws(migration: &Migration, from: &Workflow, before: &[(String, String)], to: &Workflow) -> Vec<Flaw> {
    let ids = |workflow: &Workflow| workflow.steps.iter().map(|step| step.id.clone()).collect::<Vec<_>>();
    let (old_ids, new_ids) = (ids(from), ids(to));
    let mut found = Vec::new();
    for (old, new) in migration {
        let pointer = format!("/migration/{}", old.replace('~', "~0").replace('/', "~1"));
        if !old_ids.contains(old) {
            let detail = format!("version {} has no step '{old}'; its steps are {}", from.version, old_ids.join(", "));
            found.push(Flaw::at(&pointer, detail));
        }
        if let Some(new) = new.as_ref().filter(|new| !new_ids.contains(new)) {
            let detail = format!("the new version has no step '{new}'; its steps are {}", new_ids.join(", "));
            found.push(Flaw::at(&pointer, detail));
        }
        if new_ids.contains(old) && new.as_ref() != Some(old) {
            let detail = format!(
                "the new version has a step '{old}' too, and what is satisfied stays satisfied under its own id; leave '{old}' out of \
                 the map, or give the new step another id"
            );
            found.push(Flaw::at(&pointer, detail));
        }
    }
    for (position, step) in to.steps.iter().enumerate() {
        if let Some((_, heir)) = before.iter().find(|(old, _)| *old == step.id && !old_ids.contains(old)) {
            let detail = format!(
                "a version before had a step '{}', which became '{heir}' since: running cases would count this one as done. Give it \
                 another id",
                step.id
            );
            found.push(Flaw::at(format!("/steps/{position}/id"), detail));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Action, Anchor, At, Days, Offset, Scope, Step, workflow::TaskAction};

    fn workflow(version: u32, steps: &[&str]) -> Workflow {
        let at = At { anchor: Anchor::DueDate, offset: Offset::Days(Days(1)) };
        let task = || Action::Task(TaskAction { title: "Call".to_owned(), to: None, due_in: None });
        Workflow {
            id: "w".to_owned(),
            version,
            name: "W".to_owned(),
            scope: Scope::Customer,
            priority: 100,
            applies_when: None,
            exit_when: None,
            min_gap: Days(3),
            statement: None,
            steps: steps.iter().map(|id| Step::new(id, at, task())).collect(),
        }
    }

    fn map(pairs: &[(&str, Option<&str>)]) -> Migration {
        pairs.iter().map(|(old, new)| ((*old).to_owned(), new.map(str::to_owned))).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Carried {
        pairs.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect()
    }

    #[test]
    fn what_is_called_otherwise_is_carried_through_versions() {
        let first = carried_on(&[], &workflow(2, &["b", "z"]), &map(&[("a", Some("b")), ("gone", None)]));
        assert_eq!(first, pairs(&[("a", "b")]));
        let second = carried_on(&first, &workflow(3, &["c", "z"]), &map(&[("b", Some("c"))]));
        assert_eq!(second, pairs(&[("a", "c"), ("b", "c")]));
        // Back to the first: what was done as b or c counts for a.
        let back = carried_back(&second, &[], &workflow(4, &["a", "z"]));
        assert_eq!(back, pairs(&[("b", "a"), ("c", "a")]));
        // Back to the second.
        let back = carried_back(&second, &first, &workflow(4, &["b", "z"]));
        assert_eq!(back, pairs(&[("a", "b"), ("c", "b")]));
    }

    #[test]
    fn two_steps_that_became_one_are_both_behind_what_is_done_since() {
        let joined = carried_on(&[], &workflow(2, &["one"]), &map(&[("a", Some("one")), ("b", Some("one"))]));
        assert_eq!(carried_back(&joined, &[], &workflow(3, &["a", "b"])), pairs(&[("one", "a"), ("one", "b")]));
    }

    #[test]
    fn a_map_names_steps_that_there_are_and_unsatisfies_none() {
        let (from, to) = (workflow(1, &["a", "b"]), workflow(0, &["b", "c"]));
        for (migration, before, expected) in [
            (map(&[("a", Some("c"))]), pairs(&[]), vec![]),
            (map(&[("a", None)]), pairs(&[]), vec![]),
            (map(&[]), pairs(&[]), vec![]),
            (map(&[("b", Some("b"))]), pairs(&[]), vec![]),
            (map(&[("x", Some("c"))]), pairs(&[]), vec!["/migration/x"]),
            (map(&[("a", Some("x"))]), pairs(&[]), vec!["/migration/a"]),
            (map(&[("b", None)]), pairs(&[]), vec!["/migration/b"]),
            (map(&[("b", Some("c"))]), pairs(&[]), vec!["/migration/b"]),
            (map(&[]), pairs(&[("c", "b")]), vec!["/steps/1/id"]),
            (map(&[]), pairs(&[("old", "b")]), vec![]),
        ] {
            let found: Vec<String> =
                migration_flaws(&migration, &from, &before, &to).into_iter().map(|flaw| flaw.pointer).collect();
            assert_eq!(found, expected, "{migration:?} {before:?}");
        }
    }

    /// Whether `step` is satisfied in a version that carries `carried` for an item with `done` behind it.
    fn satisfied(done: &BTreeSet<String>, carried: &[(String, String)], step: &str) -> bool {
        done.contains(step) && !carried.iter().any(|(old, _)| old == step)
            || carried.iter().any(|(old, new)| new == step && done.contains(old))
    }

    proptest! {
        /// Versions follow one another, each with some steps under new ids, and at times an earlier one comes back. A case goes through
        /// all of them and does a step at times: no step that was satisfied is asked for again under its name of any later version.
        #[test]
        fn nothing_done_is_undone(moves in proptest::collection::vec((0_usize..4, any::<bool>(), any::<bool>()), 1..12)) {
            let mut names: Vec<String> = (0..4).map(|at| format!("s{at}v1")).collect();
            let made = |names: &[String], version| workflow(version, &names.iter().map(String::as_str).collect::<Vec<_>>());
            let mut versions = vec![(names.clone(), Carried::new())];
            let (mut done, mut carried) = (BTreeSet::new(), Carried::new());
            // By position: the steps keep their places, so a step is the same in each version.
            let mut behind = BTreeSet::new();
            for (at, does, back) in moves {
                let number = u32::try_from(versions.len()).expect("few") + 1;
                if back {
                    let (then_names, then) = versions[at % versions.len()].clone();
                    let to = made(&then_names, number);
                    carried = carried_back(&carried, &then, &to);
                    names = then_names;
                } else {
                    let mut next = names.clone();
                    next[at] = format!("s{at}v{number}");
                    let to = made(&next, number);
                    carried = carried_on(&carried, &to, &map(&[(names[at].as_str(), Some(next[at].as_str()))]));
                    names = next;
                }
                versions.push((names.clone(), carried.clone()));
                for position in &behind {
                    let step: &String = &names[*position];
                    prop_assert!(satisfied(&done, &carried, step), "{} of {:?} with {:?}", step, done, carried);
                }
                for position in (0..4).filter(|position| !behind.contains(position)) {
                    prop_assert!(!satisfied(&done, &carried, &names[position]), "{} was never done", names[position]);
                }
                if does && behind.insert(at) {
                    done.insert(names[at].clone());
                }
            }
        }
    }
}
