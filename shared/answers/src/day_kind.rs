//! Ways of naming a day, and which day each means, seen from a day given by the caller.

use jiff::{Span, civil::Date, civil::Weekday};

/// Days within which a day without a year is looked for: what lies further off is meant the other way round.
const NEAR_DAYS: i32 = 200;

/// A day that a text names, as it may lie ahead and as it may lie behind. `12 May`, said in June, is next year's only if nothing nearer fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NamedDay {
    /// The day, where it is read as one that comes; today counts.
    pub ahead: Option<Date>,
    /// The day, where it is read as one that was; today counts.
    pub behind: Option<Date>,
}

impl NamedDay {
    /// A day that is named with its year.
    pub(crate) fn fixed(date: Date, today: Date) -> Self {
        Self { ahead: (date >= today).then_some(date), behind: (date <= today).then_some(date) }
    }

    fn coming(date: Option<Date>) -> Self {
        Self { ahead: date, behind: None }
    }

    fn gone(date: Option<Date>) -> Self {
        Self { ahead: None, behind: date }
    }

    /// A day of a month without its year: the nearest such days before and after today, within 200 days.
    pub(crate) fn of_month(month: i8, day: i8, today: Date) -> Self {
        let of = |year: i16| Date::new(year, month, day).ok();
        let candidates = [today.year() - 1, today.year(), today.year() + 1].map(of);
        let near = |date: &Date| days_between(today, *date).abs() <= NEAR_DAYS;
        let all = || candidates.into_iter().flatten().filter(near);
        Self { ahead: all().find(|date| *date >= today), behind: all().rfind(|date| *date <= today) }
    }
}

/// Days from one day to another.
fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

fn add_days(date: Date, days: i32) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

fn add_months(date: Date, months: i32) -> Option<Date> {
    date.checked_add(Span::new().try_months(months).ok()?).ok()
}

/// Friday of the week that is so many weeks after today's; weeks begin on Monday.
fn friday(today: Date, weeks: i32) -> Option<Date> {
    let monday = i32::from(today.weekday().to_monday_zero_offset());
    add_days(today, weeks * 7 - monday + 4)
}

/// What filled the slots of a pattern of a day.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DayParts {
    pub day: Option<i8>,
    pub month: Option<i8>,
    pub year: Option<i16>,
    /// 1 is Monday.
    pub weekday: Option<i8>,
    pub number: Option<i32>,
}

macro_rules! day_kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal,)*) => {
        /// A way of naming a day.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum DayKind {
            $($(#[$doc])* $kind,)*
        }

        impl DayKind {
            /// The kind of a text form.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$kind),)*
                    _ => None,
                }
            }
        }
    };
}

day_kinds!(
    /// `15 December`, with or without a year.
    OfMonth = "of_month",
    /// `the 15th`.
    DayOnly = "day_only",
    /// `on Friday`: the next after today, or the last before it.
    OnWeekday = "on_weekday",
    /// `Friday next week`.
    WeekdayOfNextWeek = "weekday_of_next_week",
    /// `last Friday`.
    LastWeekday = "last_weekday",
    /// Today.
    Today = "today",
    /// Tomorrow.
    Tomorrow = "tomorrow",
    /// The day after tomorrow.
    DayAfterTomorrow = "day_after_tomorrow",
    /// Yesterday.
    Yesterday = "yesterday",
    /// `in 3 days`.
    InDays = "in_days",
    /// `in 2 weeks`.
    InWeeks = "in_weeks",
    /// `in 2 months`.
    InMonths = "in_months",
    /// `3 days ago`.
    DaysAgo = "days_ago",
    /// `2 weeks ago`.
    WeeksAgo = "weeks_ago",
    /// The end of this week, Friday; on Saturday and Sunday, of the next.
    EndOfWeek = "end_of_week",
    /// Some day of next week: its Friday.
    NextWeek = "next_week",
    /// The end of this month.
    EndOfMonth = "end_of_month",
    /// The first days of next month: the 7th.
    StartOfNextMonth = "start_of_next_month",
    /// Some day of next month: its last.
    NextMonth = "next_month",
    /// The middle of this month, the 15th; after that, of the next.
    MiddleOfMonth = "middle_of_month",
    /// Some day of a named month: its last.
    InMonth = "in_month",
    /// The middle of a named month: the 15th.
    MiddleOfNamed = "middle_of_named",
    /// The first days of a named month: the 7th.
    StartOfNamed = "start_of_named",
    /// The end of this year.
    EndOfYear = "end_of_year",
);

impl DayKind {
    /// The day that is meant; nothing where the parts are no day, or parts are missing.
    pub(crate) fn resolve(self, parts: DayParts, today: Date) -> NamedDay {
        let number = parts.number.unwrap_or(1);
        match self {
            Self::OfMonth => of_month(parts, today),
            Self::DayOnly => parts.day.map_or_else(NamedDay::default, |day| day_only(day, today)),
            Self::OnWeekday | Self::WeekdayOfNextWeek | Self::LastWeekday => self.weekday(parts, today),
            Self::Today => NamedDay { ahead: Some(today), behind: Some(today) },
            Self::Tomorrow => NamedDay::coming(add_days(today, 1)),
            Self::DayAfterTomorrow => NamedDay::coming(add_days(today, 2)),
            Self::Yesterday => NamedDay::gone(add_days(today, -1)),
            Self::InDays => NamedDay::coming(add_days(today, number)),
            Self::InWeeks => NamedDay::coming(add_days(today, number * 7)),
            Self::InMonths => NamedDay::coming(add_months(today, number)),
            Self::DaysAgo => NamedDay::gone(add_days(today, -number)),
            Self::WeeksAgo => NamedDay::gone(add_days(today, -number * 7)),
            Self::EndOfWeek => {
                let is_over = today.weekday().to_monday_zero_offset() > 4;
                NamedDay::coming(friday(today, i32::from(is_over)))
            }
            Self::NextWeek => NamedDay::coming(friday(today, 1)),
            Self::EndOfMonth => NamedDay::coming(Some(today.last_of_month())),
            Self::StartOfNextMonth => {
                NamedDay::coming(add_months(today.first_of_month(), 1).and_then(|first| add_days(first, 6)))
            }
            Self::NextMonth => NamedDay::coming(add_months(today.first_of_month(), 1).map(Date::last_of_month)),
            Self::MiddleOfMonth => NamedDay::coming(day_only(15, today).ahead),
            Self::InMonth => of_named(parts, today, Date::last_of_month),
            Self::MiddleOfNamed => of_named(parts, today, |first| add_days(first, 14).unwrap_or(first)),
            Self::StartOfNamed => of_named(parts, today, |first| add_days(first, 6).unwrap_or(first)),
            Self::EndOfYear => NamedDay::coming(Some(today.last_of_year())),
        }
    }

    fn weekday(self, parts: DayParts, today: Date) -> NamedDay {
        let Some(weekday) = parts.weekday.and_then(|weekday| Weekday::from_monday_one_offset(weekday).ok()) else {
            return NamedDay::default();
        };
        let since_monday = i32::from(today.weekday().to_monday_zero_offset());
        let wanted = i32::from(weekday.to_monday_zero_offset());
        let next = (wanted - since_monday + 6).rem_euclid(7) + 1;
        let last = (since_monday - wanted + 6).rem_euclid(7) + 1;
        match self {
            Self::WeekdayOfNextWeek => NamedDay::coming(add_days(today, 7 - since_monday + wanted)),
            Self::LastWeekday => NamedDay::gone(add_days(today, -last)),
            _ => NamedDay { ahead: add_days(today, next), behind: add_days(today, -last) },
        }
    }
}

fn of_month(parts: DayParts, today: Date) -> NamedDay {
    match (parts.day, parts.month, parts.year) {
        (Some(day), Some(month), Some(year)) => {
            Date::new(year, month, day).map_or_else(|_| NamedDay::default(), |date| NamedDay::fixed(date, today))
        }
        (Some(day), Some(month), None) => NamedDay::of_month(month, day, today),
        _ => NamedDay::default(),
    }
}

fn day_only(day: i8, today: Date) -> NamedDay {
    let of = |months: i32| {
        add_months(today.first_of_month(), months).and_then(|first| Date::new(first.year(), first.month(), day).ok())
    };
    let all: Vec<Date> = [-2, -1, 0, 1, 2].into_iter().filter_map(of).collect();
    NamedDay {
        ahead: all.iter().copied().find(|date| *date >= today),
        behind: all.iter().rev().copied().find(|date| *date <= today),
    }
}

/// A day of a named month that is not over.
fn of_named(parts: DayParts, today: Date, day: impl Fn(Date) -> Date) -> NamedDay {
    let Some(month) = parts.month else { return NamedDay::default() };
    let years = parts.year.map_or_else(|| vec![today.year(), today.year() + 1], |year| vec![year]);
    let days = years.into_iter().filter_map(|year| Date::new(year, month, 1).ok()).map(day);
    NamedDay::coming(days.into_iter().find(|date| *date >= today))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_seen_from_today() {
        // A Saturday, the last one of November.
        let today = date(2026, 11, 28);
        let parts = DayParts { day: Some(15), month: Some(12), weekday: Some(5), number: Some(2), year: None };
        for (kind, ahead, behind) in [
            (DayKind::OfMonth, Some(date(2026, 12, 15)), None),
            (DayKind::DayOnly, Some(date(2026, 12, 15)), Some(date(2026, 11, 15))),
            (DayKind::OnWeekday, Some(date(2026, 12, 4)), Some(date(2026, 11, 27))),
            (DayKind::WeekdayOfNextWeek, Some(date(2026, 12, 4)), None),
            (DayKind::LastWeekday, None, Some(date(2026, 11, 27))),
            (DayKind::Today, Some(today), Some(today)),
            (DayKind::Tomorrow, Some(date(2026, 11, 29)), None),
            (DayKind::DayAfterTomorrow, Some(date(2026, 11, 30)), None),
            (DayKind::Yesterday, None, Some(date(2026, 11, 27))),
            (DayKind::InDays, Some(date(2026, 11, 30)), None),
            (DayKind::InWeeks, Some(date(2026, 12, 12)), None),
            (DayKind::InMonths, Some(date(2027, 1, 28)), None),
            (DayKind::DaysAgo, None, Some(date(2026, 11, 26))),
            (DayKind::WeeksAgo, None, Some(date(2026, 11, 14))),
            (DayKind::EndOfWeek, Some(date(2026, 12, 4)), None),
            (DayKind::NextWeek, Some(date(2026, 12, 4)), None),
            (DayKind::EndOfMonth, Some(date(2026, 11, 30)), None),
            (DayKind::StartOfNextMonth, Some(date(2026, 12, 7)), None),
            (DayKind::NextMonth, Some(date(2026, 12, 31)), None),
            (DayKind::MiddleOfMonth, Some(date(2026, 12, 15)), None),
            (DayKind::InMonth, Some(date(2026, 12, 31)), None),
            (DayKind::MiddleOfNamed, Some(date(2026, 12, 15)), None),
            (DayKind::StartOfNamed, Some(date(2026, 12, 7)), None),
            (DayKind::EndOfYear, Some(date(2026, 12, 31)), None),
        ] {
            assert_eq!(kind.resolve(parts, today), NamedDay { ahead, behind }, "{kind:?}");
        }
    }

    #[test]
    fn a_weekday_is_never_today() {
        let monday = DayParts { weekday: Some(1), ..DayParts::default() };
        let named = DayKind::OnWeekday.resolve(monday, date(2026, 11, 30));
        assert_eq!(named, NamedDay { ahead: Some(date(2026, 12, 7)), behind: Some(date(2026, 11, 23)) });
    }

    #[test]
    fn what_is_no_day_is_none() {
        let none = NamedDay::default();
        let thirtieth = DayParts { day: Some(30), month: Some(2), ..DayParts::default() };
        assert_eq!(DayKind::OfMonth.resolve(thirtieth, date(2026, 11, 28)), none);
        assert_eq!(DayKind::OnWeekday.resolve(thirtieth, date(2026, 11, 28)), none);
        assert_eq!(DayKind::InMonths.resolve(DayParts { number: Some(i32::MAX), ..thirtieth }, date(2026, 11, 28)), none);
    }

    #[test]
    fn the_last_of_all_days_is_survived() {
        for kind in
            [DayKind::InDays, DayKind::NextWeek, DayKind::EndOfWeek, DayKind::NextMonth, DayKind::DayOnly, DayKind::OfMonth]
        {
            for today in [Date::MAX, Date::MIN] {
                kind.resolve(DayParts { day: Some(1), month: Some(1), ..DayParts::default() }, today);
            }
        }
    }
}
