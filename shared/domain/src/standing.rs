//! How a due item stands to its due date: what one message may be about.

use jiff::civil::Date;

/// How a due item stands to its due date. A message is about items that stand alike: what is past due is never in one message
/// with what is not, so that a text, its sums and its rows speak of the same.
///
/// The order is that of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Its due date is to come.
    Ahead,
    /// It falls due today.
    Today,
    /// Its due date has passed.
    PastDue,
}

impl Standing {
    /// How an item that is due on `due_on` stands on `today`; both are days of the tenant's zone.
    pub fn of(due_on: Date, today: Date) -> Self {
        match due_on.cmp(&today) {
            std::cmp::Ordering::Greater => Self::Ahead,
            std::cmp::Ordering::Equal => Self::Today,
            std::cmp::Ordering::Less => Self::PastDue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on;

    #[test]
    fn by_the_day() {
        for (due_on, standing) in
            [("2026-02-05", Standing::Ahead), ("2026-02-04", Standing::Today), ("2026-02-03", Standing::PastDue)]
        {
            assert_eq!(Standing::of(on(due_on), on("2026-02-04")), standing, "{due_on}");
        }
    }
}
