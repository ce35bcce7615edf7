//! Subjects of sign-ins that become members. Lists, tasks and the audit say by them who somebody is, and paths name them.

use domain::{KeyId, LinkId};

use crate::{StaffRole, actor::SUBJECT_MAX};

/// Words that stand for others than a member where somebody is named.
const RESERVED: [&str; 4] = ["operator", "link", "app", "dunlin"];

/// Why nobody becomes a member under a subject; `None` where they may.
pub(crate) fn unfit(subject: &str) -> Option<String> {
    let is_reserved = |word: &str| RESERVED.contains(&word) || StaffRole::read(word).is_some();
    if subject.is_empty() || subject.chars().count() > SUBJECT_MAX {
        return Some(format!("the subject of their sign-in (`sub`), at most {SUBJECT_MAX} characters"));
    }
    if subject.chars().any(is_unseen) {
        return Some("a subject has no characters that control or that nobody sees, such as U+202E".to_owned());
    }
    if [KeyId::PREFIX, LinkId::PREFIX].iter().any(|prefix| subject.starts_with(*prefix)) {
        return Some("it reads as the id of a key or a link, and would pass for one in the audit".to_owned());
    }
    if is_reserved(&subject.to_lowercase()) {
        return Some("it is a word that stands for others, such as a role".to_owned());
    }
    if subject.split(['/', '\\']).any(|part| matches!(part, "." | "..")) {
        return Some("it reads as a path: no part of it is '.' or '..'".to_owned());
    }
    None
}

/// Whether a character controls something or is not seen: of the Unicode categories Cc, Cf, Zl and Zp.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0001}'
                | '\u{e0020}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_passes_for_nobody_else() {
        for subject in
            ["ada", "auth0|5f7c8ec7c33c6c004bbafe82", "a9b8c7d6-1234", "https://id.example/u/7", "key", "operators", "Ada.B", "ü"]
        {
            assert_eq!(unfit(subject), None, "{subject}");
        }
        for subject in [
            "",
            "key_abc",
            "lnk_1",
            "operator",
            "Operator",
            "admin",
            "viewer",
            "\u{202e}",
            "a\u{200b}b",
            "a\nb",
            "../x",
            "a/../b",
            "..",
        ] {
            assert!(unfit(subject).is_some(), "{subject:?}");
        }
        assert!(unfit(&"x".repeat(SUBJECT_MAX)).is_none() && unfit(&"x".repeat(SUBJECT_MAX + 1)).is_some());
    }
}
