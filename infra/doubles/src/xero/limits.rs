//! How many requests are answered.

/// How many requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one organisation in a minute.
    pub minute: usize,
    /// Of one organisation in a day.
    pub day: usize,
    /// Of all organisations of the app in a minute.
    pub app_minute: usize,
}

impl Default for Limits {
    /// What the vendor states.
    fn default() -> Self {
        Self { minute: 60, day: 5_000, app_minute: 10_000 }
    }
}
