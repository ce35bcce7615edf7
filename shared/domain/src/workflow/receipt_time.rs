//! How long a step gives a message to arrive before it tries its next channel.

use jiff::{Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Hours of a day: a count of hours knows no clock that changes.
const HOURS_A_DAY: i64 = 24;

/// The least and the most that a step gives a receipt, in hours.
const HOURS: (i64, i64) = (1, 30 * HOURS_A_DAY);

/// A count of hours from 1 to 720 whose text form is ISO 8601, in hours, days or weeks: `PT4H`, `P1D`, `P1DT12H`, `P2W`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReceiptTime {
    hours: i64,
}

impl ReceiptTime {
    /// So many hours; `None` outside 1 to 720.
    pub fn of_hours(hours: i64) -> Option<Self> {
        (HOURS.0..=HOURS.1).contains(&hours).then_some(Self { hours })
    }

    /// In hours.
    pub fn hours(self) -> i64 {
        self.hours
    }

    /// In days, each begun one counted.
    pub fn days(self) -> i64 {
        (self.hours + HOURS_A_DAY - 1) / HOURS_A_DAY
    }

    /// The instant at which it is over for what left at another.
    pub fn after(self, sent_at: Timestamp) -> Timestamp {
        sent_at.checked_add(self.hours.hours()).unwrap_or(Timestamp::MAX)
    }
}

impl TryFrom<String> for ReceiptTime {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            let said: String = text.chars().take(32).collect();
            format!("'{said}' is not a time of PT1H to P30D in whole hours, such as 'PT4H' or 'P1D'")
        };
        // Durations are also read in other forms, such as "5 days"; a workflow has one form.
        let span: Span = Some(&text).filter(|text| text.starts_with('P')).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        let hours = i64::from(span.get_weeks()) * 7 * HOURS_A_DAY
            + i64::from(span.get_days()) * HOURS_A_DAY
            + i64::from(span.get_hours());
        let is_plain =
            span.fieldwise() == Span::new().weeks(span.get_weeks()).days(span.get_days()).hours(span.get_hours()).fieldwise();
        Some(hours).filter(|_| is_plain).and_then(Self::of_hours).ok_or_else(wrong)
    }
}

impl From<ReceiptTime> for String {
    fn from(time: ReceiptTime) -> Self {
        match (time.hours / HOURS_A_DAY, time.hours % HOURS_A_DAY) {
            (0, hours) => format!("PT{hours}H"),
            (days, 0) => format!("P{days}D"),
            (days, hours) => format!("P{days}DT{hours}H"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_and_writes() {
        for (text, hours, days, written) in [
            ("PT1H", 1, 1, "PT1H"),
            ("PT4H", 4, 1, "PT4H"),
            ("P1D", 24, 1, "P1D"),
            ("PT24H", 24, 1, "P1D"),
            ("PT25H", 25, 2, "P1DT1H"),
            ("P1DT12H", 36, 2, "P1DT12H"),
            ("P2W", 336, 14, "P14D"),
            ("P30D", 720, 30, "P30D"),
        ] {
            let time = ReceiptTime::try_from(text.to_owned()).expect(text);
            assert_eq!((time.hours(), time.days(), String::from(time).as_str()), (hours, days, written), "{text}");
        }
        for text in ["", "P", "P0D", "PT0H", "-P1D", "P31D", "PT721H", "PT30M", "PT1H30M", "P1M", "P1Y", "1d", "5 days", "PT1.5H"]
        {
            assert!(ReceiptTime::try_from(text.to_owned()).is_err(), "{text}");
        }
        let sent: Timestamp = "2026-02-05T15:45:00Z".parse().expect("an instant");
        let time = ReceiptTime::of_hours(36).expect("a time");
        assert_eq!(time.after(sent).to_string(), "2026-02-07T03:45:00Z");
    }
}
