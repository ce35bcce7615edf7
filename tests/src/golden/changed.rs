//! Whether each line of an outcome that changed since it was first recorded is explained, in `tests/golden/changed.md`.

use std::collections::BTreeMap;

/// The lines that went and came in one story, each with what explains it.
type Explained = BTreeMap<String, Vec<Entry>>;

/// One line of `changed.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `- line` for one that went, `+ line` for one that came.
    pub line: String,
    /// What explains it; empty when nothing is given.
    pub id: String,
}

/// Reads `changed.md`: under `## story` the lines `- line => id` and `+ line => id`. Other text is for people.
pub fn read(text: &str) -> Explained {
    let mut all = Explained::new();
    let mut story = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            story = Some(name.trim().to_owned());
            continue;
        }
        let Some(story) = story.as_ref().filter(|_| line.starts_with("- ") || line.starts_with("+ ")) else { continue };
        let (line, id) = line.rsplit_once(" => ").unwrap_or((line, ""));
        all.entry(story.clone()).or_default().push(Entry { line: line.trim_end().to_owned(), id: id.trim().to_owned() });
    }
    all
}

/// What is wrong with the explanations: lines that changed and are not explained, and explanations of what did not change. `first`
/// and `now` are outcomes by story; a story that is not in `now` came to what it first came to.
pub fn flaws(first: &BTreeMap<String, Vec<String>>, now: &BTreeMap<String, Vec<String>>, changed: &str) -> Vec<String> {
    let mut explained = read(changed);
    let mut flaws = Vec::new();
    for (story, lines) in now {
        let Some(before) = first.get(story) else {
            flaws.push(format!("{story}: now/ has it, outcomes/ has not"));
            continue;
        };
        let differs = differences(before, lines);
        if differs.is_empty() {
            flaws.push(format!("{story}: now/ says the same as outcomes/; remove it"));
        }
        let mut entries = explained.remove(story).unwrap_or_default();
        for line in differs {
            match entries.iter().position(|entry| entry.line == line) {
                None => flaws.push(format!("{story}: changed.md does not name the line: {line}")),
                Some(at) => {
                    let entry = entries.remove(at);
                    if !is_id(&entry.id) {
                        flaws.push(format!("{story}: no id explains the line: {line}"));
                    }
                }
            }
        }
        flaws.extend(
            entries.into_iter().map(|entry| format!("{story}: changed.md names a line that did not change: {}", entry.line)),
        );
    }
    for (story, entries) in explained {
        flaws.extend(
            entries.into_iter().map(|entry| format!("{story}: changed.md names a line that did not change: {}", entry.line)),
        );
    }
    flaws
}

/// The lines of a recorded outcome that went and those that came, a line that was there twice as often as it went.
pub fn differences(before: &[String], after: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for line in after {
        *counts.entry(line).or_default() += 1;
    }
    for line in before {
        *counts.entry(line).or_default() -= 1;
    }
    let lines = |sign: char, line: &str, count: i64| (0..count).map(|_| format!("{sign} {line}")).collect::<Vec<_>>();
    counts.iter().flat_map(|(line, count)| [lines('-', line, -count), lines('+', line, *count)].concat()).collect()
}

/// Whether a text begins with the id of what explains a change: a finding of a review (`W3`, `H1`, `M2`, `L4`, `A11`), a section of
/// one (`house 5.4.7`), or what else has a name (`cases: moves`, `design 5: months`). More may follow.
pub fn is_id(text: &str) -> bool {
    let (first, rest) = text.split_once([' ', ':', ',']).unwrap_or((text, ""));
    let numbered = first.strip_prefix(['W', 'H', 'M', 'L', 'A']).is_some_and(|number| number.parse::<u32>().is_ok());
    match first {
        "house" | "design" => rest.trim_start().starts_with(|c: char| c.is_ascii_digit()),
        "cases" => !rest.trim().is_empty(),
        _ => numbered,
    }
}
