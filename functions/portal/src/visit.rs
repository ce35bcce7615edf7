//! Whom the portal is open for.

use domain::{Facts, Settings};

use crate::labels::PageLabels;

/// The customer that a token opened, and what is known of it.
pub(crate) struct Visit {
    pub(crate) settings: Settings,
    pub(crate) facts: Facts,
    pub(crate) words: &'static PageLabels,
    pub(crate) locale: &'static channels::locale::Locale,
}
