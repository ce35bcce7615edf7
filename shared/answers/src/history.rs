//! A sender's own words: a text without what the mail program quoted, without signature and without marks of devices.
//!
//! What quotes is told by `rules/history.txt`. A footer of ours that stands in a quotation must never count: it says how to unsubscribe.

use std::sync::OnceLock;

use crate::words::fold;

/// The file of what introduces quotations.
const HISTORY: &str = include_str!("../rules/history.txt");
/// Longest text that is read, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// How many lines an introduction such as `On … wrote:` is wrapped over at most.
const INTRODUCTION_LINES_MAX: usize = 4;
/// Longest introduction, in letters.
const INTRODUCTION_LETTERS_MAX: usize = 300;
/// Within how many lines the other headers of a quoted mail follow its first.
const HEADER_LINES: usize = 7;

/// What introduces quotations: texts by head.
struct Marks {
    wrote: Vec<String>,
    separator: Vec<String>,
    from: Vec<String>,
    header: Vec<String>,
    subject: Vec<String>,
    device: Vec<String>,
    reply_prefix: Vec<String>,
}

fn marks() -> &'static Marks {
    static MARKS: OnceLock<Marks> = OnceLock::new();
    MARKS.get_or_init(|| {
        let list = |head: &str| {
            let line = HISTORY.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == head);
            line.map_or_else(Vec::new, |(_, body)| body.split('|').map(|one| fold(one.trim())).collect())
        };
        Marks {
            wrote: list("wrote"),
            separator: list("separator"),
            from: list("from"),
            header: list("header"),
            subject: list("subject"),
            device: list("device"),
            reply_prefix: list("reply_prefix"),
        }
    })
}

/// Whether what stands before a subject's colon says that it answers or forwards.
pub(crate) fn is_reply_prefix(prefix: &str) -> bool {
    let folded = fold(prefix);
    marks().reply_prefix.iter().any(|known| *known == folded.trim())
}

/// How a quotation begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// `On … wrote:`: own words may stand between what follows.
    Introduction,
    /// A line that parts, or headers: all that follows is quoted.
    Whole,
}

/// The words of whoever sent a text, without what they quoted.
///
/// Left out are: lines that begin with `>`; what follows `On … wrote:`, a line such as `-----Original Message-----`, or the headers of a mail,
/// in eight languages; what follows a line `-- `; and lines such as `Sent from my phone`. Answers that stand between quoted lines are kept.
/// Of a text over 64 KiB the beginning is read.
pub fn own_words(text: &str) -> String {
    let end = (0..=TEXT_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let lines: Vec<&str> = text[..end].lines().map(|line| line.trim_end_matches('\r')).collect();
    let own = match first_cut(&lines) {
        None => unquoted(&lines),
        Some((at, _, Cut::Whole)) => unquoted(&lines[..at]),
        Some((at, after, Cut::Introduction)) => {
            let mut own = unquoted(&lines[..at]);
            let rest = &lines[after..];
            if rest.iter().any(|line| is_quoted(line)) {
                let between = between(rest);
                let until = first_cut(&between).map_or(between.len(), |(at, _, _)| at);
                own.push("");
                own.extend(&between[..until]);
            }
            own
        }
    };
    let unsigned = own.iter().take_while(|line| !matches!(**line, "-- " | "--" | "— " | "—"));
    let kept: Vec<&str> = unsigned.filter(|line| !is_of_device(line)).copied().collect();
    kept.join("\n").trim().to_owned()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with(['>', '＞'])
}

fn unquoted<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    lines.iter().filter(|line| !is_quoted(line)).copied().collect()
}

/// Own lines between quoted ones: those that a blank line parts from what is quoted before. Others are ends of quoted lines that were wrapped.
fn between<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let mut own = Vec::new();
    // What follows the introduction at once belongs to it.
    let mut is_tail = true;
    for line in lines {
        if is_quoted(line) {
            is_tail = true;
        } else if line.trim().is_empty() {
            is_tail = false;
            own.push(*line);
        } else if !is_tail {
            own.push(*line);
        }
    }
    own
}

/// Where the first quotation begins, and where its introduction ends.
fn first_cut(lines: &[&str]) -> Option<(usize, usize, Cut)> {
    (0..lines.len()).find_map(|at| {
        let line = lines[at].trim();
        if line.is_empty() || is_quoted(line) {
            return None;
        }
        if is_separator(line) || begins_headers(&lines[at..]) {
            return Some((at, at + 1, Cut::Whole));
        }
        introduction(&lines[at..]).map(|count| (at, at + count, Cut::Introduction))
    })
}

/// How many lines an introduction that begins here takes.
fn introduction(lines: &[&str]) -> Option<usize> {
    let mut joined = String::new();
    for (count, line) in lines.iter().take(INTRODUCTION_LINES_MAX).enumerate() {
        let line = line.trim();
        if line.is_empty() || is_quoted(line) || joined.len() + line.len() > INTRODUCTION_LETTERS_MAX {
            return None;
        }
        joined.push_str(line);
        joined.push(' ');
        if line.ends_with([':', '：']) {
            let folded = fold(&joined);
            let says_when = folded.contains(|letter: char| letter.is_ascii_digit());
            let names_address = folded.contains('@');
            let says_wrote = marks().wrote.iter().any(|wrote| has_words(&folded, wrote));
            let is_one = says_wrote && (says_when || names_address) || says_when && names_address && folded.contains('<');
            // The lines before the one that says so may be the sender's own.
            return is_one.then_some(count + 1).filter(|_| count == 0 || begins_introduction(lines[0]));
        }
    }
    None
}

/// Whether an introduction of several lines begins with this one: it names a day.
fn begins_introduction(line: &str) -> bool {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    digits >= 2
}

/// Whether words stand in a text, not as parts of others; Japanese ones anywhere.
fn has_words(text: &str, words: &str) -> bool {
    let is_letter = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    text.match_indices(words)
        .any(|(at, _)| !is_letter(text[..at].chars().next_back()) && !is_letter(text[at + words.len()..].chars().next()))
}

/// Whether a line is nothing but signs around words that part: `-----Original Message-----`.
fn is_separator(line: &str) -> bool {
    let is_sign = |letter: char| matches!(letter, '-' | '_' | '=' | '*' | ' ' | '–' | '—' | '―' | 'ー');
    let bare = line.trim_matches(is_sign);
    let is_ruled = line.chars().take_while(|letter| is_sign(*letter)).count() >= 20;
    if bare.is_empty() {
        return is_ruled && line.starts_with('_');
    }
    let folded = fold(bare.trim_end_matches(':'));
    marks().separator.contains(&folded) && (line.starts_with(is_sign) || line.ends_with(':'))
}

/// A line's head, if it is one of some: `From: …`, `*Von:* …`, `De : …`.
fn has_head(line: &str, heads: &[String]) -> bool {
    let bare = line.trim().trim_start_matches('*');
    let Some(at) = bare.find([':', '：']) else { return false };
    let folded = fold(bare[..at].trim_end_matches('*').trim());
    heads.contains(&folded)
}

/// Whether a mail's headers begin here: who sent it, and at least two others soon after, or its subject in the next line: some programs quote
/// no more.
fn begins_headers(lines: &[&str]) -> bool {
    let Some((first, rest)) = lines.split_first() else { return false };
    let others = rest.iter().take(HEADER_LINES).filter(|line| has_head(line, &marks().header)).count();
    let names_subject = rest.first().is_some_and(|line| has_head(line, &marks().subject));
    has_head(first, &marks().from) && (others >= 2 || names_subject)
}

fn is_of_device(line: &str) -> bool {
    let folded = fold(line.trim());
    marks().device.iter().any(|device| folded.starts_with(device.as_str()))
}
