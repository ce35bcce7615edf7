//! Making a value plain: one line of text without invisible or direction-changing characters.

/// Longest value from a source that a message shows, in characters; the rest is cut.
const VALUE_CHARS_MAX: usize = 300;

/// `text` on one line: line breaks, tabs and controls become single spaces; characters that are invisible, change the reading
/// direction or are for private use are dropped; overlong text is cut.
pub fn plain(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(1024));
    let mut count = 0;
    for character in text.chars() {
        if count == VALUE_CHARS_MAX {
            line.push('…');
            break;
        }
        let space = character.is_control() || (character.is_whitespace() && !is_fixed_space(character));
        if is_dropped(character) || (space && (line.is_empty() || line.ends_with(' '))) {
            continue;
        }
        line.push(if space { ' ' } else { character });
        count += 1;
    }
    line.truncate(line.trim_end().len());
    line
}

/// The text of a template without the characters that [`plain`] drops; line breaks stay.
pub fn without_hidden(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|character| !is_dropped(*character)).collect()
}

/// Spaces that do not break a line, as amounts have them.
fn is_fixed_space(character: char) -> bool {
    matches!(character, '\u{a0}' | '\u{202f}')
}

/// Whether a character is invisible, changes the reading direction, or is for private use.
pub fn is_dropped(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}'
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
            character.encode_utf8(&mut bytes).bytes().for_each(|byte| encoded.push_str(&format!("%{byte:02X}")));
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
            ("", ""),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
        assert_eq!(plain(&"x".repeat(1000)).chars().count(), VALUE_CHARS_MAX + 1);
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
