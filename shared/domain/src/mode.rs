//! Whether what is decided leaves, and whose results count.

use crate::word::stored_words;

stored_words!(
    /// Whether a tenant's messages leave.
    #[derive(Default)]
    Mode {
        /// Nothing is decided.
        Off = "off",
        /// Everything is decided and rendered, nothing is sent. Where a new tenant starts.
        #[default]
        Shadow = "shadow",
        /// Messages are sent.
        Live = "live",
    }
);

/// Whether results of one ledger count in a mode.
pub fn counts(ledger: Mode, mode: Mode) -> bool {
    mode == Mode::Shadow || ledger != Mode::Shadow
}
