//! Making a value plain: one line of text without invisible or direction-changing characters.
//!
//! Joiners and variation selectors are invisible too, and belong to the writing of names: a Persian, Sinhala or Malayalam word, an emoji
//! or a Japanese family name is another without them. They stay where they have something to join: behind a visible character beyond
//! ASCII, at most one of each.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Longest value from a source that a message shows, in characters; the rest is cut.
const VALUE_CHARS_MAX: usize = 300;

/// `text` on one line: line breaks, tabs and controls become single spaces; characters that are invisible, change the reading
/// direction or are for private use are dropped; overlong text is cut.
pub fn plain(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(1024));
    let mut count = 0;
    for character in visible(text.chars()) {
        if count == VALUE_CHARS_MAX {
            line.push('…');
            break;
        }
        let space = character.is_control() || (character.is_whitespace() && !is_fixed_space(character));
        if space && (line.is_empty() || line.ends_with(' ')) {
            continue;
        }
        line.push(if space { ' ' } else { character });
        count += 1;
    }
    line.truncate(line.trim_end().len());
    line
}

/// `text`, a value from a source, on one line and so that no mail program makes a link of it: an address on the web in it, and one of a
/// mailbox, is written `https[:]//evil[.]example/pay`. Whoever fills in a form may put any address there, and the message is the tenant's.
pub fn unlinked(text: &str) -> String {
    let line = plain(text);
    if !line.split(' ').any(is_address) {
        return line;
    }
    let words: Vec<String> =
        line.split(' ').map(|word| if is_address(word) { spelt_out(word) } else { word.to_owned() }).collect();
    words.join(" ")
}

/// Whether a mail program would take a word for an address: a scheme, `www.`, a host before a path or query, or a mailbox. A host alone is
/// how some companies are called.
fn is_address(word: &str) -> bool {
    let lower = word.to_lowercase();
    if lower.contains("://") || lower.contains("www.") || lower.contains("mailto:") {
        return true;
    }
    let is_host = |text: &str| {
        let text = text.trim_start_matches(|character: char| !character.is_alphanumeric());
        let host = text.split(':').next().unwrap_or_default();
        let last = host.rsplit_once('.').filter(|(before, _)| before.ends_with(char::is_alphanumeric)).map(|(_, last)| last);
        last.is_some_and(|last| last.chars().count() >= 2 && last.chars().all(char::is_alphabetic))
    };
    let before_path = lower.find(['/', '?', '#']).is_some_and(|at| is_host(&lower[..at]));
    let mailbox = lower.rsplit_once('@').is_some_and(|(local, host)| {
        let host = host.trim_end_matches(|character: char| !character.is_alphanumeric());
        local.ends_with(char::is_alphanumeric) && is_host(host)
    });
    before_path || mailbox
}

/// An address as people write one that must not be followed.
fn spelt_out(word: &str) -> String {
    let characters: Vec<char> = word.chars().collect();
    let mut out = String::with_capacity(word.len() + 8);
    for (at, character) in characters.iter().enumerate() {
        let between = |test: fn(char) -> bool| {
            at > 0 && characters.get(at - 1).copied().is_some_and(test) && characters.get(at + 1).copied().is_some_and(test)
        };
        match character {
            '.' if between(char::is_alphanumeric) => out.push_str("[.]"),
            '@' => out.push_str("[@]"),
            ':' if word[word.char_indices().nth(at).map_or(0, |(byte, _)| byte)..].starts_with("://") => out.push_str("[:]"),
            other => out.push(*other),
        }
    }
    out
}

/// The text of a template without the characters that [`plain`] drops; line breaks stay.
pub fn without_hidden(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    visible(text.chars()).collect()
}

/// What the next joiner or selector has to join.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing: a beginning, a space, a character of ASCII, a joiner.
    Nothing,
    /// A visible character beyond ASCII.
    Base,
    /// The same with its form chosen.
    Chosen,
}

/// The characters without those that are hidden, and without joiners and selectors that have nothing to join.
fn visible(characters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let mut before = Before::Nothing;
    characters.filter(move |character| {
        if is_hidden(*character) {
            return false;
        }
        let (stays, after) = match before {
            Before::Base if is_selector(*character) => (true, Before::Chosen),
            Before::Base | Before::Chosen if is_joiner(*character) => (true, Before::Nothing),
            _ if is_joiner(*character) || is_selector(*character) => (false, before),
            _ if character.is_ascii() || character.is_whitespace() || character.is_control() => (true, Before::Nothing),
            _ => (true, Before::Base),
        };
        before = after;
        stays
    })
}

/// Spaces that do not break a line, as amounts have them.
fn is_fixed_space(character: char) -> bool {
    matches!(character, '\u{a0}' | '\u{202f}')
}

/// Whether a character joins what stands around it, or keeps it apart.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Whether a character chooses the form of the one before it.
fn is_selector(character: char) -> bool {
    matches!(character, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a character is invisible, changes the reading direction, or is for private use.
pub fn is_dropped(character: char) -> bool {
    is_hidden(character) || is_joiner(character) || is_selector(character)
}

fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}'
        | '\u{e01f0}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}'
    )
}

/// `text` for HTML: between tags, and in attributes with double quotes.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// `url` when it leads to the web or a mailbox, with everything that could end it percent-encoded; `None` otherwise.
pub fn link(url: &str, mail_too: bool) -> Option<String> {
    let url = url.trim();
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase())?;
    let rest = &url[scheme.len() + 1..];
    let good = match scheme.as_str() {
        "http" | "https" => rest.starts_with("//") && rest.len() > 2,
        "mailto" => mail_too && !rest.is_empty(),
        _ => false,
    };
    if !good || url.len() > 2_000 {
        return None;
    }
    let mut encoded = format!("{scheme}:");
    for character in rest.chars() {
        let unsafe_there = matches!(character, '<' | '>' | '"' | '\'' | '\\' | '^' | '`' | '{' | '|' | '}');
        if character.is_whitespace() || character.is_control() || unsafe_there || is_dropped(character) {
            let mut bytes = [0; 4];
            encoded.extend(utf8_percent_encode(character.encode_utf8(&mut bytes), NON_ALPHANUMERIC));
        } else {
            encoded.push(character);
        }
    }
    Some(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_one_plain_line() {
        for (text, expected) in [
            ("Acme GmbH", "Acme GmbH"),
            ("  Acme\r\nBcc: x@y.example\t!", "Acme Bcc: x@y.example !"),
            ("a\u{202e}gpj.exe\u{200b}", "agpj.exe"),
            ("\u{2028}a\u{2029}b\u{85}c\0d", "a b c d"),
            ("1.250,00\u{a0}€", "1.250,00\u{a0}€"),
            ("\u{f0001}x\u{e001}", "x"),
            // Persian, Hindi, Sinhala, a Malayalam name that ends with a joiner.
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("क्\u{200d}ष", "क्\u{200d}ष"),
            ("ශ්\u{200d}රී ලංකා", "ශ්\u{200d}රී ලංකා"),
            ("കുമാര്\u{200d} & Co", "കുമാര്\u{200d} & Co"),
            // A family, a heart that is red, a Japanese family name, Mongolian.
            ("👨\u{200d}👩\u{200d}👧", "👨\u{200d}👩\u{200d}👧"),
            ("❤\u{fe0f}\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥"),
            ("葛\u{e0100}城", "葛\u{e0100}城"),
            ("ᠠ\u{180b}", "ᠠ\u{180b}"),
            // Joiners that join nothing hide something else.
            ("A\u{200d}cme\u{200c} \u{200c}GmbH\u{200d}", "Acme GmbH"),
            ("\u{200c}می\u{200c}\u{200d}\u{200c}خ", "می\u{200c}خ"),
            ("می\u{202e}\u{200c}خ\u{200f}\u{2066}\u{feff}", "می\u{200c}خ"),
            ("x\u{fe0f}\u{e0101}y", "xy"),
            ("", ""),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
        assert_eq!(plain(&"x".repeat(1000)).chars().count(), VALUE_CHARS_MAX + 1);
    }

    #[test]
    fn no_value_becomes_a_link() {
        for (text, expected) in [
            ("Acme GmbH", "Acme GmbH"),
            ("Booking.com B.V.", "Booking.com B.V."),
            ("St. John & Co. / Sons", "St. John & Co. / Sons"),
            ("INV-2026/0042", "INV-2026/0042"),
            ("2026.10/7", "2026.10/7"),
            ("24/7 Ltd", "24/7 Ltd"),
            ("https://evil.example/pay-now", "https[:]//evil[.]example/pay-now"),
            ("Pay at HTTP://evil.example now", "Pay at HTTP[:]//evil[.]example now"),
            ("www.evil.example", "www[.]evil[.]example"),
            ("(evil.example/pay?x=1)", "(evil[.]example/pay?x=1)"),
            ("evil.example:8443/pay", "evil[.]example:8443/pay"),
            ("evil.example?x", "evil[.]example?x"),
            ("pay@evil.example.", "pay[@]evil[.]example."),
            ("ann@home", "ann@home"),
            ("müller.example/ü", "müller[.]example/ü"),
        ] {
            assert_eq!(unlinked(text), expected, "{text}");
        }
    }

    #[test]
    fn only_links_to_the_web_and_mailboxes() {
        for (url, expected) in [
            ("https://a.example/p?x=1&y=2", Some("https://a.example/p?x=1&y=2")),
            ("HTTP://a.example", Some("http://a.example")),
            ("https://a.example/\"><b>", Some("https://a.example/%22%3E%3Cb%3E")),
            ("https://a.example/ü", Some("https://a.example/ü")),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("//a.example", None),
            ("https:", None),
            ("https://", None),
            ("", None),
            ("mailto:a@b.example", Some("mailto:a@b.example")),
        ] {
            assert_eq!(link(url, true).as_deref(), expected, "{url}");
        }
        assert_eq!(link("mailto:a@b.example", false), None);
    }

    proptest! {
        #[test]
        fn never_a_break_or_a_tag(text in any::<String>()) {
            let line = plain(&text);
            let breaks = ['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}', '\u{202e}'];
            prop_assert!(!line.contains(breaks), "{:?}", line);
            let escaped = html(&line);
            let opening = ['<', '>', '"', '\''];
            prop_assert!(!escaped.contains(opening), "{}", escaped);
        }
    }
}
