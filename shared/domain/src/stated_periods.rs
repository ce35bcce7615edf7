//! Which periods of a balance were stated.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{Mode, Occurrence, mode::counts};

/// The last periods of which a case's balance was stated, by ledger; empty where none was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedPeriods {
    /// By a message that left.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub live: CompactString,
    /// By one that shadow mode would have sent.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub shadow: CompactString,
}

impl StatedPeriods {
    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty() && self.shadow.is_empty()
    }

    pub(crate) fn has(&self, period: &Occurrence, mode: Mode) -> bool {
        let shadow = counts(Mode::Shadow, mode) && self.shadow == period.as_str();
        shadow || self.live == period.as_str()
    }

    pub(crate) fn with(self, period: &Occurrence, ledger: Mode) -> Self {
        match ledger {
            Mode::Shadow => Self { shadow: period.as_str().into(), ..self },
            Mode::Off | Mode::Live | Mode::Later(_) => Self { live: period.as_str().into(), ..self },
        }
    }
}
