//! How one place writes amounts and dates: the form of the table.

/// How one place writes amounts and dates.
#[derive(Debug)]
pub struct Locale {
    /// BCP 47: `de-AT`.
    pub tag: &'static str,
    pub(super) decimal: &'static str,
    pub(super) group: &'static str,
    /// How many digits must stand before the first separator for it to be written.
    pub(super) grouping_min: usize,
    /// `¤` is the symbol and `n` the number.
    pub(super) positive: &'static str,
    pub(super) negative: &'static str,
    pub(super) symbols: &'static [(&'static str, &'static str)],
    /// None: ISO 8601.
    pub(super) months: Option<&'static [&'static str; 12]>,
    /// `d`, `m` and `y` are the parts.
    pub(super) date: &'static str,
}
