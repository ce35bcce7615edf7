//! Days out of sentences: in words of eight languages, and in numbers.

use jiff::civil::Date;

use crate::{
    day_kind::{DayParts, NamedDay},
    pack::Pack,
    pattern::{Matched, Slot},
    words::{Sentence, Word, WordKind},
};

/// A day that a sentence names: from which word, up to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoundDay {
    pub start: usize,
    /// The place behind it.
    pub end: usize,
    pub day: NamedDay,
    /// Whether no more than a weekday says it: a date beside it says it better.
    is_weekday: bool,
}

/// In which order a country writes day and month with slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DayOrder {
    DayFirst,
    MonthFirst,
}

/// The order of a country by its two letters; `None` where nobody said, or where both are in use.
fn order(region: Option<&str>) -> Option<DayOrder> {
    match region?.to_ascii_uppercase().as_str() {
        "US" | "PH" | "JP" | "CN" | "KR" | "TW" => Some(DayOrder::MonthFirst),
        "CA" | "ZA" | "KE" | "GH" => None,
        _ => Some(DayOrder::DayFirst),
    }
}

/// Every day that a sentence names, from its first word to its last; those that lie in `taken` are amounts.
pub(crate) fn find_days(
    sentence: &Sentence,
    packs: &[Pack],
    today: Date,
    region: Option<&str>,
    taken: &[(usize, usize)],
) -> Vec<FoundDay> {
    let longest_at = |at: usize| {
        let named = packs.iter().flat_map(|pack| named_at(sentence, at, pack, today));
        named.chain(in_numbers(sentence, at, packs, today, order(region))).max_by_key(|day| day.end)
    };
    let mut found: Vec<FoundDay> = Vec::new();
    for at in 0..sentence.words.len() {
        if found.last().is_some_and(|last| last.end > at) || taken.iter().any(|(start, end)| (*start..*end).contains(&at)) {
            continue;
        }
        let Some(longest) = longest_at(at) else { continue };
        // `until December 7` is no December: what begins later and reaches further says more.
        let says_more = |later: usize| longest_at(later).is_some_and(|day| day.end > longest.end);
        if !(at + 1..longest.end).any(says_more) {
            found.push(longest);
        }
    }
    let dates: Vec<(usize, usize)> = found.iter().filter(|day| !day.is_weekday).map(|day| (day.start, day.end)).collect();
    found.retain(|day| {
        !day.is_weekday
            || !dates.iter().any(|(start, end)| (day.end..day.end + 3).contains(start) || (*end..end + 3).contains(&day.start))
    });
    found
}

fn named_at<'a>(sentence: &'a Sentence, at: usize, pack: &'a Pack, today: Date) -> impl Iterator<Item = FoundDay> + 'a {
    let fills = move |slot: Slot, place: usize| {
        let word = sentence.words.get(place)?;
        let fits = match slot {
            Slot::Day => day_of_month(word).is_some(),
            Slot::Month => pack.month(&word.folded).is_some(),
            Slot::Weekday => pack.weekday(&word.folded).is_some(),
            Slot::Number => small_number(word, pack).is_some(),
            Slot::Year => year(word).is_some(),
            Slot::Ahead | Slot::Behind | Slot::Money | Slot::Code | Slot::Mail => false,
        };
        fits.then_some(place + 1)
    };
    pack.days.iter().filter_map(move |(kind, pattern)| {
        let matched = pattern.match_at(sentence, at, &fills)?;
        let parts = parts(sentence, &matched, pack);
        let day = kind.resolve(parts, today);
        let is_weekday = parts.weekday.is_some();
        (day != NamedDay::default()).then_some(FoundDay { start: at, end: matched.end, day, is_weekday })
    })
}

fn parts(sentence: &Sentence, matched: &Matched, pack: &Pack) -> DayParts {
    let mut parts = DayParts::default();
    for (slot, place) in &matched.filled {
        let Some(word) = sentence.words.get(*place) else { continue };
        match slot {
            Slot::Day => parts.day = day_of_month(word),
            Slot::Month => parts.month = pack.month(&word.folded),
            Slot::Weekday => parts.weekday = pack.weekday(&word.folded),
            Slot::Number => parts.number = small_number(word, pack),
            Slot::Year => parts.year = year(word),
            Slot::Ahead | Slot::Behind | Slot::Money | Slot::Code | Slot::Mail => {}
        }
    }
    parts
}

/// `15`, `15th`, `1er`, `1º`.
fn day_of_month(word: &Word) -> Option<i8> {
    let digits: String = word.folded.chars().take_while(char::is_ascii_digit).collect();
    let ending = &word.folded[digits.len()..];
    let is_day = ["", "st", "nd", "rd", "th", "er", "e", "de", "ste", "o", "a"].contains(&ending) && digits.len() <= 2;
    digits.parse().ok().filter(|day| is_day && (1..=31).contains(day))
}

fn small_number(word: &Word, pack: &Pack) -> Option<i32> {
    let digits = word.folded.parse().ok().filter(|number| (1..=120).contains(number));
    digits.or_else(|| pack.number(&word.folded))
}

fn year(word: &Word) -> Option<i16> {
    word.folded.parse().ok().filter(|year| word.folded.len() == 4 && (2000..=2099).contains(year))
}

/// `2026-12-15`, `15.12.2026`, `15.12.`, `12/15/2026`, and `12/15` where the region says what comes first.
fn in_numbers(sentence: &Sentence, at: usize, packs: &[Pack], today: Date, order: Option<DayOrder>) -> Option<FoundDay> {
    let word = sentence.words.get(at).filter(|word| word.kind == WordKind::Code)?;
    let mark = word.raw.chars().find(|letter| matches!(letter, '.' | '/' | '-'))?;
    let numbers: Vec<&str> = word.raw.split(mark).collect();
    if numbers.iter().any(|number| number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit())) {
        return None;
    }
    let day = match numbers.as_slice() {
        [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => fixed(year, month, day, today)?,
        [first, second, year] if first.len() <= 2 && second.len() <= 2 && matches!(year.len(), 2 | 4) => {
            let (day, month) = day_and_month(first, second, mark, order)?;
            let year = if year.len() == 2 { format!("20{year}") } else { (*year).to_owned() };
            fixed(&year, month, day, today)?
        }
        [day, month] if mark == '.' && day.len() <= 2 && month.len() == 2 => {
            let is_led_in = word.is_dotted || is_behind(sentence, at, packs);
            is_led_in.then(|| of_month(month, day, today)).flatten()?
        }
        [first, second] if mark == '/' && first.len() <= 2 && second.len() <= 2 => {
            let (day, month) = match order? {
                DayOrder::DayFirst => (first, second),
                DayOrder::MonthFirst => (second, first),
            };
            of_month(month, day, today)?
        }
        _ => return None,
    };
    Some(FoundDay { start: at, end: at + 1, day, is_weekday: false })
}

fn day_and_month<'a>(first: &'a str, second: &'a str, mark: char, order: Option<DayOrder>) -> Option<(&'a str, &'a str)> {
    let is_over_12 = |text: &str| text.parse::<u8>().is_ok_and(|number| number > 12);
    match (mark, is_over_12(first), is_over_12(second)) {
        ('.', _, _) | (_, true, false) => Some((first, second)),
        (_, false, true) => Some((second, first)),
        _ => match order? {
            DayOrder::DayFirst => Some((first, second)),
            DayOrder::MonthFirst => Some((second, first)),
        },
    }
}

fn fixed(year: &str, month: &str, day: &str, today: Date) -> Option<NamedDay> {
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some(NamedDay::fixed(date, today))
}

fn of_month(month: &str, day: &str, today: Date) -> Option<NamedDay> {
    let named = NamedDay::of_month(month.parse().ok()?, day.parse().ok()?, today);
    (named != NamedDay::default()).then_some(named)
}

/// Whether a word before says that a day follows.
fn is_behind(sentence: &Sentence, at: usize, packs: &[Pack]) -> bool {
    at > 0
        && packs
            .iter()
            .filter_map(|pack| pack.choices("before_day"))
            .any(|words| words.match_at(sentence, at - 1, &|_, _| None).is_some())
}
