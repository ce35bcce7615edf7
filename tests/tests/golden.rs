//! Every golden story comes to what is recorded of it, and each line that is no longer as it was first recorded is explained.

use std::collections::{BTreeMap, BTreeSet};

use tests::golden::{Shelf, changed, play_all};

type Outcomes = BTreeMap<String, Vec<String>>;

const STORIES_MIN: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn every_story_comes_to_what_is_recorded() {
    kit::metrics::silence();
    let shelf = Shelf::default();
    let mut expected = shelf.outcomes().unwrap();
    expected.extend(shelf.now().unwrap());
    let played = play_all(shelf.stories().unwrap()).await.unwrap();
    let mut flaws = Vec::new();
    for (story, lines) in &played {
        let recorded = expected.get(story).cloned().unwrap_or_default();
        flaws.extend(changed::differences(&recorded, lines).into_iter().map(|line| format!("{story}: {line}")));
    }
    assert!(flaws.is_empty(), "stories come to something else (- went, + came):\n{}", flaws.join("\n"));
}

#[test]
fn every_change_since_the_first_recording_is_explained() {
    let shelf = Shelf::default();
    let (stories, first) = (shelf.stories().unwrap(), shelf.outcomes().unwrap());
    assert!(stories.len() >= STORIES_MIN, "{} stories", stories.len());
    let told: BTreeSet<&String> = stories.keys().collect();
    assert_eq!(told, first.keys().collect(), "a story without an outcome, or an outcome without a story");
    let flaws = changed::flaws(&first, &shelf.now().unwrap(), &shelf.changed().unwrap());
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
}

fn outcomes(lines: &[&str]) -> Outcomes {
    BTreeMap::from([("late".to_owned(), lines.iter().map(|line| (*line).to_owned()).collect())])
}

/// The flaws of an explanation of one story in which `next C-1 parked` became a moment and `sent b` came a second time.
fn flaws_of(explained: &str) -> Vec<String> {
    let first = outcomes(&["next C-1 parked", "sent a", "sent b"]);
    let now = outcomes(&["next C-1 2026-01-26T15:05Z", "sent a", "sent b", "sent b"]);
    changed::flaws(&first, &now, &format!("# Changed\n\nWords.\n\n## late\n\n{explained}"))
}

#[test]
fn a_change_that_is_explained_passes() {
    let good = "- next C-1 parked => W1\n+ next C-1 2026-01-26T15:05Z => W1: no longer parked\n+ sent b => cases: moves\n";
    assert_eq!(flaws_of(good), Vec::<String>::new());
}

#[test]
fn a_line_that_is_not_explained_or_has_no_id_fails_with_its_story() {
    for (explained, flaw) in [
        ("- next C-1 parked => W1\n+ sent b => W1\n", "late: changed.md does not name the line: + next C-1 2026-01-26T15:05Z"),
        (
            "- next C-1 parked => W1\n+ next C-1 2026-01-26T15:05Z\n+ sent b => W1\n",
            "late: no id explains the line: + next C-1 2026-01-26T15:05Z",
        ),
        (
            "- next C-1 parked => W1\n+ next C-1 2026-01-26T15:05Z => better so\n+ sent b => W1\n",
            "late: no id explains the line: + next C-1 2026-01-26T15:05Z",
        ),
    ] {
        assert_eq!(flaws_of(explained), [flaw]);
    }
    for (text, is) in [
        ("house 5.4.7", true),
        ("design 5: waits", true),
        ("A11", true),
        ("house", false),
        ("cases:", false),
        ("Why", false),
        ("", false),
    ] {
        assert_eq!(changed::is_id(text), is, "{text}");
    }
}

#[test]
fn an_explanation_of_what_did_not_change_fails() {
    let good = "- next C-1 parked => W1\n+ next C-1 2026-01-26T15:05Z => W1\n+ sent b => W1\n";
    for (more, flaw) in [
        ("- sent a => W2\n", "late: changed.md names a line that did not change: - sent a"),
        ("+ sent b => W1\n", "late: changed.md names a line that did not change: + sent b"),
        ("\n## early\n\n+ sent c => W2\n", "early: changed.md names a line that did not change: + sent c"),
    ] {
        assert_eq!(flaws_of(&format!("{good}{more}")), [flaw]);
    }
    let same = outcomes(&["sent a"]);
    assert_eq!(changed::flaws(&same, &same, ""), ["late: now/ says the same as outcomes/; remove it"]);
}
