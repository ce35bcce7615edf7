//! Calendar files (RFC 5545): days on which something is to be paid, as a calendar takes them in.
//!
//! By hand instead of `icalendar`: a whole day has six lines, and what is to be got right of them is escaping and folding, which are below.

use jiff::{Timestamp, civil::Date};

use crate::channel::Attachment;
use crate::plain::plain;

/// The content type of calendar files.
const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";
/// Most octets of a line, its end not counted (section 3.1).
const LINE_MAX: usize = 75;

/// A day in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarDay {
    /// Tells it from every other one, for good: whoever takes the file in twice has it once.
    pub id: String,
    /// The day.
    pub on: Date,
    /// What is on that day.
    pub title: String,
}

/// A file with days for a calendar, made at an instant. It has no links: calendars are shared.
pub fn calendar_of(name: &str, days: &[CalendarDay], made_at: Timestamp) -> Attachment {
    let stamp = made_at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut out = String::new();
    let mut add = |line: &str| fold(line, &mut out);
    add("BEGIN:VCALENDAR");
    add("VERSION:2.0");
    add("PRODID:-//Dunlin//Dunlin//EN");
    add("METHOD:PUBLISH");
    for day in days {
        add("BEGIN:VEVENT");
        add(&format!("UID:{}", escaped(&day.id)));
        add(&format!("DTSTAMP:{stamp}"));
        // Without an end it lasts the whole day (section 3.6.1).
        add(&format!("DTSTART;VALUE=DATE:{}", day.on.strftime("%Y%m%d")));
        add(&format!("SUMMARY:{}", escaped(&day.title)));
        // Nobody is busy by it.
        add("TRANSP:TRANSPARENT");
        add("END:VEVENT");
    }
    add("END:VCALENDAR");
    Attachment { name: name.to_owned(), content_type: CONTENT_TYPE.to_owned(), bytes: out.into_bytes(), shown_as: None }
}

/// A value of type TEXT (section 3.3.11), on one line.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in plain(text).chars() {
        if matches!(character, '\\' | ';' | ',') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// Adds a line, in several where it is long: each goes on behind a break and a space (section 3.1), and no character is torn.
fn fold(line: &str, out: &mut String) {
    let mut octets = 0;
    for character in line.chars() {
        if octets + character.len_utf8() > LINE_MAX {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(character);
        octets += character.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn made(id: &str, title: &str) -> String {
        let day = CalendarDay { id: id.to_owned(), on: date(2026, 2, 13), title: title.to_owned() };
        let at = "2026-02-08T22:00:05.25Z".parse().expect("an instant");
        let file = calendar_of("payment.ics", &[day], at);
        assert_eq!((file.name.as_str(), file.content_type.as_str()), ("payment.ics", "text/calendar; charset=utf-8"));
        String::from_utf8(file.bytes).expect("UTF-8")
    }

    #[test]
    fn a_day_is_a_whole_day_with_its_title() {
        let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Dunlin//Dunlin//EN\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\n\
                        UID:agr_1@dunlin\r\nDTSTAMP:20260208T220005Z\r\nDTSTART;VALUE=DATE:20260213\r\nSUMMARY:Pay €1 to Acme\r\n\
                        TRANSP:TRANSPARENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(made("agr_1@dunlin", "Pay €1 to Acme"), expected);
    }

    #[test]
    fn a_title_cannot_end_its_line_or_begin_another() {
        for (title, expected) in [
            ("Pay 1,250.00; now", "SUMMARY:Pay 1\\,250.00\\; now"),
            ("Acme\r\nATTACH:https://evil.example", "SUMMARY:Acme ATTACH:https://evil.example"),
            ("a\\nb", "SUMMARY:a\\\\nb"),
            ("a\u{2028}b\u{202e}c", "SUMMARY:a bc"),
        ] {
            let file = made("x", title);
            assert!(file.lines().any(|line| line == expected), "{title:?} in {file}");
            assert!(!file.lines().any(|line| line.starts_with("ATTACH")), "{file}");
        }
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        let title = "Überweisung für März ".repeat(20);
        let file = made("x", &title);
        assert!(file.split("\r\n").all(|line| line.len() <= LINE_MAX), "{file}");
        let unfolded = file.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("SUMMARY:{}", title.trim_end().chars().take(300).collect::<String>())), "{unfolded}");
        // At the bound and one beyond it.
        for (length, lines) in [(LINE_MAX, 1), (LINE_MAX + 1, 2), (2 * LINE_MAX - 1, 2), (2 * LINE_MAX, 3)] {
            let mut out = String::new();
            fold(&"x".repeat(length), &mut out);
            assert_eq!(out.matches("\r\n").count(), lines, "{length}");
        }
    }
}
