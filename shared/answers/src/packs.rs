//! The rules of the eight languages, read once.

use std::sync::OnceLock;

use crate::{
    class::Tongue,
    pack::{Pack, RuleFlaw},
};

fn text(tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::En => include_str!("../rules/en.txt"),
        Tongue::De => include_str!("../rules/de.txt"),
        Tongue::Fr => include_str!("../rules/fr.txt"),
        Tongue::Es => include_str!("../rules/es.txt"),
        Tongue::It => include_str!("../rules/it.txt"),
        Tongue::Nl => include_str!("../rules/nl.txt"),
        Tongue::Pt => include_str!("../rules/pt.txt"),
        Tongue::Ja => include_str!("../rules/ja.txt"),
    }
}

/// Every language's rules.
pub(crate) fn all_packs() -> &'static [Pack] {
    static PACKS: OnceLock<Vec<Pack>> = OnceLock::new();
    PACKS.get_or_init(|| {
        let read = |tongue| Pack::parse(tongue, text(tongue)).expect("a test reads every file of rules");
        Tongue::ALL.into_iter().map(read).collect()
    })
}

/// Reads every file of rules.
///
/// # Errors
///
/// The language and the [`RuleFlaw`] of the first line that cannot be used.
pub fn read_rules() -> Result<(), (Tongue, RuleFlaw)> {
    Tongue::ALL.into_iter().try_for_each(|tongue| match Pack::parse(tongue, text(tongue)) {
        Ok(_) => Ok(()),
        Err(flaw) => Err((tongue, flaw)),
    })
}
