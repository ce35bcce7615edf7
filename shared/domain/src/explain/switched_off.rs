//! A tenant that is switched off: nothing of it is decided, which comes before whatever else is said of its customers.

use crate::Mode;

/// That a tenant is switched off, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchedOff {
    /// That it is, and what that means: sentences.
    pub said: Vec<String>,
    /// What would change it: a sentence.
    pub changes: String,
}

impl SwitchedOff {
    /// What there is to say in a mode; `None` where the mode decides.
    pub fn of(mode: Mode) -> Option<Self> {
        let why = match mode {
            Mode::Shadow | Mode::Live => return None,
            Mode::Off => "The tenant is switched off: mode in the settings is off.".to_owned(),
            Mode::Later(word) => format!("The tenant is switched off: mode in the settings is '{word}', of a later release."),
        };
        Some(Self {
            said: vec![why, "Nothing is decided while it is, and no step comes.".to_owned()],
            changes: "Switching the tenant to shadow or live, by mode in the settings.".to_owned(),
        })
    }
}
