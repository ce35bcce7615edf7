//! Teams, and who stands in for whom: under which names work reaches somebody.

use std::collections::{BTreeMap, BTreeSet};

/// Most teams.
pub const TEAMS_MAX: usize = 100;
/// Most members of a team.
pub const TEAM_MEMBERS_MAX: usize = 200;

/// Who does the work of an owner: the owner, or while they are away who stands in, and likewise for who stands in. `None` where all of these
/// are away. `away` names who is away today, each with who stands in; a team is never away.
pub fn stand_in<'a>(owner: &'a str, away: &'a BTreeMap<String, String>) -> Option<&'a str> {
    let mut acts = owner;
    for _ in 0..=away.len() {
        match away.get(acts) {
            Some(instead) => acts = instead,
            None => return Some(acts),
        }
    }
    None
}

/// The names under which work reaches somebody: their own, those of whom they stand in for today, and the teams of all of these.
pub fn names_of(subject: &str, teams: &BTreeMap<String, Vec<String>>, away: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut names = BTreeSet::from([subject.to_owned()]);
    loop {
        let known = names.len();
        let of_teams = teams.iter().filter(|(_, members)| members.iter().any(|member| names.contains(member)));
        let of_absent = away.iter().filter(|(_, instead)| names.contains(*instead));
        let more: Vec<String> = of_teams.map(|(team, _)| team).chain(of_absent.map(|(absent, _)| absent)).cloned().collect();
        names.extend(more);
        if names.len() == known {
            return names;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    }

    #[test]
    fn who_stands_in_may_be_away_too() {
        for (away, acts) in [
            (vec![], Some("ann")),
            (vec![("ann", "bob")], Some("bob")),
            (vec![("ann", "bob"), ("bob", "north")], Some("north")),
            (vec![("bob", "cid")], Some("ann")),
            (vec![("ann", "bob"), ("bob", "ann")], None),
            (vec![("ann", "bob"), ("bob", "cid"), ("cid", "bob")], None),
        ] {
            assert_eq!(stand_in("ann", &map(&away)), acts, "{away:?}");
        }
    }

    #[test]
    fn work_reaches_who_is_there() {
        let teams = BTreeMap::from([
            ("north".to_owned(), vec!["ann".to_owned(), "cid".to_owned()]),
            ("south".to_owned(), vec!["bob".to_owned()]),
        ]);
        for (subject, away, names) in [
            ("dan", vec![], vec!["dan"]),
            ("bob", vec![], vec!["bob", "south"]),
            // What reaches whom one stands in for reaches one, through their team too.
            ("bob", vec![("ann", "bob")], vec!["ann", "bob", "north", "south"]),
            ("dan", vec![("ann", "bob"), ("bob", "dan")], vec!["ann", "bob", "dan", "north", "south"]),
            // A team stands in.
            ("bob", vec![("dan", "south")], vec!["bob", "dan", "south"]),
            // Who is away still sees their own.
            ("ann", vec![("ann", "bob")], vec!["ann", "north"]),
            ("ann", vec![("ann", "bob"), ("bob", "ann")], vec!["ann", "bob", "north", "south"]),
        ] {
            let found: Vec<String> = names_of(subject, &teams, &map(&away)).into_iter().collect();
            assert_eq!(found, names, "{subject} {away:?}");
        }
    }
}
