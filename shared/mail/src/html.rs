//! HTML as text: what a reader sees, a line for each block, and a `>` before each line that is quoted.

use mail_parser::decoders::html::add_html_token;

/// Elements that begin and end lines.
const BLOCKS: [&str; 21] = [
    "p",
    "div",
    "br",
    "hr",
    "tr",
    "li",
    "ul",
    "ol",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "blockquote",
];
/// Elements of which a reader sees nothing.
const HIDDEN: [&str; 6] = ["head", "style", "script", "template", "title", "noscript"];
/// How far the end of a tag is looked for with its quotes.
const TAG_BYTES_MAX: usize = 4_096;
/// How deep quotes are told apart.
const QUOTES_MAX: usize = 5;

/// The text of a document.
pub(crate) fn text_of(html: &str) -> String {
    let mut out = Lines::default();
    let mut rest = html;
    let mut hidden: Option<&'static str> = None;
    while let Some(at) = rest.find('<') {
        if hidden.is_none() {
            out.words(&rest[..at]);
        }
        rest = &rest[at..];
        if rest.starts_with("<!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
            continue;
        }
        let is_tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        if !is_tag {
            // A sign of less, which somebody forgot to write as an entity.
            if hidden.is_none() {
                out.words("<");
            }
            rest = &rest[1..];
            continue;
        }
        let end = tag_end(rest);
        let (name, is_end) = tag_name(&rest[..end]);
        rest = &rest[end..];
        match hidden {
            Some(element) if is_end && element == name => hidden = None,
            Some(_) => {}
            None if !is_end => {
                hidden = HIDDEN.into_iter().find(|element| *element == name);
                out.tag(&name, false);
            }
            None => out.tag(&name, true),
        }
    }
    if hidden.is_none() {
        out.words(rest);
    }
    out.finish()
}

/// Where a tag ends: behind its `>`, which does not count within quotes; or at the end of the text.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate().take(TAG_BYTES_MAX) {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None | Some(_), _) => {}
        }
    }
    // A quote that nothing ends: the first `>` after all.
    tag.find('>').map_or(tag.len(), |at| at + 1)
}

/// A tag's name in lower case, and whether it ends an element.
fn tag_name(tag: &str) -> (String, bool) {
    let inner = tag.trim_start_matches('<');
    let (is_end, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect();
    (name.to_ascii_lowercase(), is_end)
}

#[derive(Default)]
struct Lines {
    out: String,
    line: String,
    quotes: usize,
    blank: bool,
}

impl Lines {
    fn words(&mut self, text: &str) {
        for (at, word) in text.split_whitespace().enumerate() {
            let spaced = at > 0 || text.starts_with(char::is_whitespace);
            if spaced && !self.line.is_empty() && !self.line.ends_with(' ') {
                self.line.push(' ');
            }
            decoded(&mut self.line, word);
        }
        if text.ends_with(char::is_whitespace) && !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    fn tag(&mut self, name: &str, is_end: bool) {
        if BLOCKS.contains(&name) {
            self.end_line();
        }
        match (name, is_end) {
            ("blockquote", false) => self.quotes += 1,
            ("blockquote", true) => self.quotes = self.quotes.saturating_sub(1),
            ("p", true) => self.blank = true,
            ("td" | "th", true) if !self.line.is_empty() => self.line.push(' '),
            _ => {}
        }
    }

    fn end_line(&mut self) {
        let line = self.line.trim();
        if !line.is_empty() {
            if self.blank && !self.out.is_empty() {
                self.out.push('\n');
            }
            self.blank = false;
            for _ in 0..self.quotes.min(QUOTES_MAX) {
                self.out.push_str("> ");
            }
            self.out.push_str(line);
            self.out.push('\n');
        }
        self.line.clear();
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

/// A word with its entities decoded.
fn decoded(out: &mut String, word: &str) {
    let mut rest = word;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        let entity = end.map(|end| &rest[..=end]).filter(|entity| entity[1..entity.len() - 1].bytes().all(is_of_entity));
        match entity {
            Some("&nbsp;") => out.push(' '),
            Some(entity) => add_html_token(out, entity.as_bytes(), false),
            None => out.push('&'),
        }
        rest = &rest[entity.map_or(1, str::len)..];
    }
    out.push_str(rest);
}

fn is_of_entity(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'#'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_lines_and_quotes() {
        for (html, text) in [
            ("", ""),
            ("just words", "just words"),
            ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
            ("<div>We pay<br class=\"x\">on&nbsp;Friday</div>", "We pay\non Friday"),
            ("<html><head><title>t</title><style>p { a > b }</style></head><body>seen</body></html>", "seen"),
            ("<script>if (a < b) { alert('</p>') }</script>seen", "seen"),
            ("seen<!-- <p>not</p> -->too", "seentoo"),
            (
                "<div>Yes.</div><blockquote><div>Do you pay?</div><blockquote>older</blockquote></blockquote><p>End</p>",
                "Yes.\n> Do you pay?\n> > older\nEnd",
            ),
            ("<table><tr><td>INV-1</td><td>100,00</td></tr><tr><td>INV-2</td></tr></table>", "INV-1 100,00\nINV-2"),
            ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
            ("a <b>bold</b> word, <i>b</i>eginning", "a bold word, beginning"),
            ("&#8364; 5 &#x20AC; &euro;5 &unknown; &", "\u{20ac} 5 \u{20ac} \u{20ac}5 &unknown; &"),
            ("<a title=\"a > b\" href='x'>link</a>", "link"),
            ("<p title=\"never closed>shown</p>", "shown"),
            ("unfinished <p", "unfinished"),
            ("\u{e4}<\u{e4}>\u{fc}", "\u{e4}<\u{e4}>\u{fc}"),
        ] {
            assert_eq!(text_of(html), text, "{html}");
        }
    }

    #[test]
    fn what_is_nested_without_end_is_read_in_one_pass() {
        let deep = "<blockquote>".repeat(50_000) + "deep";
        assert_eq!(text_of(&deep), "> > > > > deep");
        assert_eq!(text_of(&"<!--".repeat(50_000)), "");
        assert_eq!(text_of(&"<a title=\"".repeat(200)).len(), 0);
    }
}
