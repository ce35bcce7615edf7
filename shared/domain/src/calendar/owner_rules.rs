//! What the rules of a tenant that say whose customers are must be beyond their types.

use super::is_country;
use crate::owners::{OWNER_MAX, OWNER_RULES_MAX, OwnerRule};

/// Most countries of a rule: there are no more.
const COUNTRIES_MAX: usize = 250;
/// Most segments of a rule, and the longest one, in characters: sources name none that is longer.
const SEGMENTS_MAX: usize = 250;
const SEGMENT_CHARS_MAX: usize = 1_000;
/// Longest bound of names, in characters.
const NAME_CHARS_MAX: usize = 200;

/// What is wrong with the rules: a JSON pointer and a sentence for each.
pub(super) fn wrong_owner_rules(rules: &[OwnerRule]) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    if rules.len() > OWNER_RULES_MAX {
        wrong.push(("/owners".to_owned(), format!("at most {OWNER_RULES_MAX} rules")));
    }
    let held = rules.iter().take(OWNER_RULES_MAX).enumerate();
    wrong.extend(held.flat_map(|(at, rule)| flaws(rule, &format!("/owners/{at}"))));
    wrong
}

/// What is wrong with a rule: a JSON pointer below `pointer` and a sentence for each.
fn flaws(rule: &OwnerRule, pointer: &str) -> Vec<(String, String)> {
    let mut flaws = Vec::new();
    let mut refuse = |bad: bool, field: &str, detail: String| {
        if bad {
            flaws.push((format!("{pointer}{field}"), detail));
        }
    };
    let owner = rule.owner.trim();
    let is_good = !owner.is_empty() && is_short(owner, OWNER_MAX);
    refuse(!is_good, "/owner", format!("an owner is a member's subject or a team's name, at most {OWNER_MAX} characters"));
    let countries = format!("a rule names at most {COUNTRIES_MAX} countries; there are no more");
    refuse(rule.countries.len() > COUNTRIES_MAX, "/countries", countries);
    for (nth, country) in rule.countries.iter().take(COUNTRIES_MAX).enumerate() {
        let detail = "two capital letters of ISO 3166-1, such as DE".to_owned();
        refuse(!is_country(country), &format!("/countries/{nth}"), detail);
    }
    refuse(rule.segments.len() > SEGMENTS_MAX, "/segments", format!("a rule names at most {SEGMENTS_MAX} segments"));
    for (nth, segment) in rule.segments.iter().take(SEGMENTS_MAX).enumerate() {
        let detail = format!("a segment has at most {SEGMENT_CHARS_MAX} characters and no control characters");
        refuse(!is_short(segment, SEGMENT_CHARS_MAX), &format!("/segments/{nth}"), detail);
    }
    for (field, letters) in [("/names_from", &rule.names_from), ("/names_until", &rule.names_until)] {
        let is_long = letters.as_deref().is_some_and(|letters| !is_short(letters, NAME_CHARS_MAX));
        refuse(
            is_long,
            field,
            format!("the letters of names are at most {NAME_CHARS_MAX} characters, none of them a control character"),
        );
    }
    flaws
}

fn is_short(text: &str, chars_max: usize) -> bool {
    text.chars().count() <= chars_max && !text.chars().any(char::is_control)
}
