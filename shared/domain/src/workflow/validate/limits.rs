//! How much of each thing a workflow may have.

/// The most steps that a workflow has.
pub const STEPS_MAX: usize = 40;

/// The longest `min_gap`, in days.
pub const MIN_GAP_MAX: i32 = 90;

/// The longest id, in characters.
pub const ID_MAX: usize = 64;

/// The longest name or title, in characters.
pub const TITLE_MAX: usize = 200;

/// The most business days of an offset either way, about ten years as for civil days.
pub const BUSINESS_DAYS_MAX: i32 = 2_600;

/// The longest that a step waits for its condition, in days.
pub const WAIT_MAX: i32 = 365;

/// The longest that a step waits for a person's approval, in days.
pub const APPROVE_WITHIN_MAX: i32 = 365;

/// How often a step comes in all, at least and at most, where it is repeated.
pub const REPEAT_TIMES: (u32, u32) = (2, 12);

/// The longest that lies between two times of a repeated step, in days.
pub const REPEAT_EVERY_MAX: i32 = 365;

/// The most days from sending to the day by which a message asks to be paid.
pub const PAY_BY_MAX: i32 = 180;

/// The most months of an offset either way, ten years as for civil days.
pub const MONTHS_MAX: i32 = 120;

/// Most further people that a step writes to.
pub const COPIES_MAX: u32 = 5;

/// How many business days money that was paid on its last day may take until it is seen.
pub const CLEARING_BUSINESS_DAYS: i32 = 2;

/// Longest time that whoever carries out a credit hold or stricter terms has to say so, in days.
pub const CONFIRM_WITHIN_MAX: i32 = 60;
