//! That a workflow sends statements by the calendar: all that is open, whatever step it is at.

use jiff::{ToSpan, civil::Date, civil::Weekday};
use serde::{Deserialize, Serialize};

use crate::{AttachedDocument, Channel, Occurrence, Role, word};

/// The last day of a month that every month has.
pub const STATEMENT_DAY_MAX: i8 = 28;

/// When statements are sent, by which channels, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementPlan {
    /// How often.
    pub every: StatementEvery,
    /// On which day of the month or week.
    pub on: StatementDay,
    /// In order of preference; the first usable is taken.
    #[serde(default = "by_email", deserialize_with = "word::known_each")]
    pub channels: Vec<Channel>,
    /// The template's id.
    #[serde(default = "statement_template")]
    pub template: String,
    /// Roles in order of preference.
    #[serde(default = "to_billing", deserialize_with = "word::known_each")]
    pub to: Vec<Role>,
    /// What its mails carry as files; the statement by default.
    #[serde(default = "the_statement")]
    pub attach: Vec<AttachedDocument>,
}

fn by_email() -> Vec<Channel> {
    vec![Channel::Email]
}

fn statement_template() -> String {
    "statement".to_owned()
}

fn to_billing() -> Vec<Role> {
    vec![Role::Billing]
}

fn the_statement() -> Vec<AttachedDocument> {
    vec![AttachedDocument::Statement]
}

/// How often statements are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementEvery {
    /// Once a month.
    Month,
    /// Once a week, which begins on Monday.
    Week,
}

/// The day on which a statement falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DayAsWritten", into = "DayAsWritten")]
pub enum StatementDay {
    /// Of the month, 1 to [`STATEMENT_DAY_MAX`].
    OfMonth(i8),
    /// Of the week.
    OfWeek(Weekday),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum DayAsWritten {
    Number(i64),
    Word(String),
}

const WEEK: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl TryFrom<DayAsWritten> for StatementDay {
    type Error = String;
    fn try_from(written: DayAsWritten) -> Result<Self, String> {
        match written {
            DayAsWritten::Number(number) => {
                let day = i8::try_from(number).ok().filter(|day| (1..=STATEMENT_DAY_MAX).contains(day));
                day.map(Self::OfMonth)
                    .ok_or_else(|| format!("{number} is no day that every month has; it is 1 to {STATEMENT_DAY_MAX}"))
            }
            DayAsWritten::Word(word) => {
                let found = WEEK.iter().find(|(name, _)| *name == word).map(|(_, day)| Self::OfWeek(*day));
                let said = || word.chars().take(32).collect::<String>();
                found.ok_or_else(|| format!("'{}' is no day of the week such as 'monday'", said()))
            }
        }
    }
}

impl From<StatementDay> for DayAsWritten {
    fn from(day: StatementDay) -> Self {
        match day {
            StatementDay::OfMonth(day) => Self::Number(i64::from(day)),
            StatementDay::OfWeek(day) => {
                let name = WEEK.iter().find(|(_, known)| *known == day).map_or("monday", |(name, _)| name);
                Self::Word(name.to_owned())
            }
        }
    }
}

impl StatementPlan {
    /// Whether the day is one of what it says how often.
    pub fn is_sound(&self) -> bool {
        match (self.every, self.on) {
            (StatementEvery::Month, StatementDay::OfMonth(_)) | (StatementEvery::Week, StatementDay::OfWeek(_)) => true,
            (StatementEvery::Month, StatementDay::OfWeek(_)) | (StatementEvery::Week, StatementDay::OfMonth(_)) => false,
        }
    }

    /// The days of the shortest period.
    pub fn days_least(&self) -> i64 {
        match self.every {
            StatementEvery::Month => 28,
            StatementEvery::Week => 7,
        }
    }

    /// How many days after its own a statement may still leave: half its period. Later it is left out, since the next one is nearer.
    pub fn days_late_max(&self) -> i64 {
        self.days_least() / 2
    }

    /// The day of the period that a day lies in; `None` outside the calendar.
    fn day_of_period(&self, of: Date) -> Option<Date> {
        match self.on {
            StatementDay::OfMonth(day) => of.with().day(day).build().ok(),
            StatementDay::OfWeek(day) => {
                let monday = of.checked_sub(i64::from(of.weekday().to_monday_zero_offset()).days()).ok()?;
                monday.checked_add(i64::from(day.to_monday_zero_offset()).days()).ok()
            }
        }
    }

    /// The latest day on which a statement fell due, `today` included; `None` outside the calendar.
    pub fn latest_on(&self, today: Date) -> Option<Date> {
        let own = self.day_of_period(today)?;
        if own <= today {
            return Some(own);
        }
        self.day_of_period(match self.on {
            StatementDay::OfMonth(_) => today.first_of_month().yesterday().ok()?,
            StatementDay::OfWeek(_) => today.checked_sub(7.days()).ok()?,
        })
    }

    /// The first day after `today` on which a statement falls due; `None` outside the calendar.
    pub fn next_on(&self, today: Date) -> Option<Date> {
        let own = self.day_of_period(today)?;
        if own > today {
            return Some(own);
        }
        self.day_of_period(match self.on {
            StatementDay::OfMonth(_) => today.last_of_month().tomorrow().ok()?,
            StatementDay::OfWeek(_) => today.checked_add(7.days()).ok()?,
        })
    }

    /// The period of a statement that falls due on a day: `2026-12`, or the ISO week `2026-W49`.
    pub fn period(&self, on: Date) -> Occurrence {
        match self.every {
            StatementEvery::Month => Occurrence::of_period(&format!("{:04}-{:02}", on.year(), on.month())),
            StatementEvery::Week => {
                let week = on.iso_week_date();
                Occurrence::of_period(&format!("{:04}-W{:02}", week.year(), week.week()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::on;

    fn plan(every: &str, day: serde_json::Value) -> StatementPlan {
        serde_json::from_value(json!({"every": every, "on": day})).expect("a plan")
    }

    #[test]
    fn days_and_periods() {
        let (first, last) = (plan("month", json!(1)), plan("month", json!(28)));
        let (monday, friday) = (plan("week", json!("monday")), plan("week", json!("friday")));
        for (plan, today, latest, period, next) in [
            (&first, "2026-12-01", "2026-12-01", "2026-12", "2027-01-01"),
            (&first, "2026-12-31", "2026-12-01", "2026-12", "2027-01-01"),
            (&last, "2026-03-27", "2026-02-28", "2026-02", "2026-03-28"),
            (&last, "2026-02-28", "2026-02-28", "2026-02", "2026-03-28"),
            (&last, "2026-01-27", "2025-12-28", "2025-12", "2026-01-28"),
            (&monday, "2026-12-03", "2026-11-30", "2026-W49", "2026-12-07"),
            (&monday, "2026-11-30", "2026-11-30", "2026-W49", "2026-12-07"),
            (&friday, "2026-12-03", "2026-11-27", "2026-W48", "2026-12-04"),
            (&friday, "2027-01-02", "2027-01-01", "2026-W53", "2027-01-08"),
        ] {
            let latest_on = plan.latest_on(on(today)).expect("a day");
            let found =
                (latest_on.to_string(), plan.period(latest_on).to_string(), plan.next_on(on(today)).expect("a day").to_string());
            assert_eq!(found, (latest.to_owned(), period.to_owned(), next.to_owned()), "{plan:?} on {today}");
        }
    }

    #[test]
    fn it_reads_and_writes() {
        for (every, day) in [("month", json!(1)), ("month", json!(28)), ("week", json!("monday")), ("week", json!("sunday"))] {
            let plan = plan(every, day.clone());
            assert!(plan.is_sound());
            let written = serde_json::to_value(&plan).expect("plain");
            assert_eq!((&written["on"], &written["channels"], &written["to"]), (&day, &json!(["email"]), &json!(["billing"])));
            assert_eq!(serde_json::from_value::<StatementPlan>(written).expect("it reads"), plan);
        }
        for day in [json!(0), json!(29), json!(-1), json!("Monday"), json!("mon"), json!(""), json!(1.5), json!(null)] {
            assert!(serde_json::from_value::<StatementPlan>(json!({"every": "month", "on": day})).is_err(), "{day}");
        }
        assert!(!plan("month", json!("monday")).is_sound() && !plan("week", json!(3)).is_sound());
    }

    /// The latest day is never after today and the next never before tomorrow, and nothing lies between them.
    #[test]
    fn every_day_lies_in_one_period() {
        for plan in
            [plan("month", json!(1)), plan("month", json!(15)), plan("month", json!(28)), plan("week", json!("wednesday"))]
        {
            let mut today = on("2026-01-01");
            for _ in 0..800 {
                let (latest, next) = (plan.latest_on(today).expect("a day"), plan.next_on(today).expect("a day"));
                assert!(latest <= today && today < next, "{plan:?} {today}");
                assert_eq!(plan.latest_on(next.yesterday().expect("a day")), Some(latest), "{plan:?} {today}");
                assert_ne!(plan.period(latest), plan.period(next), "{plan:?} {today}");
                today = today.tomorrow().expect("a day");
            }
        }
    }
}
