//! An email's prose: paragraphs, emphasis, links and simple lists, as HTML and as plain text.
//!
//! Everything else that Markdown knows is read as ordinary text; HTML in it is text too.

use std::rc::Rc;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::engine::{Marked, PrintedValue};
use crate::plain::{html, link};

/// Parsed prose.
#[derive(Debug, Default)]
pub struct Prose {
    blocks: Vec<Block>,
}

#[derive(Debug, Default)]
struct Block {
    item: Option<Item>,
    runs: Vec<Run>,
    /// Whether it is nothing but the place of the table of invoices.
    is_table: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Bullet,
    Number(u64),
}

#[derive(Debug, PartialEq, Eq)]
enum Run {
    Text { text: String, strong: bool, emphasis: bool, link: Option<Rc<str>> },
    Break,
}

/// Reads a rendered body.
pub fn read(marked: &Marked) -> Prose {
    // Indentation means nothing in a letter, and four spaces would be code.
    let source: String = marked.text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let mut reader =
        Reader { marked, blocks: Vec::new(), block: Block::default(), strong: 0, emphasis: 0, link: None, lists: Vec::new() };
    for event in Parser::new_ext(&source, Options::empty()) {
        reader.take(event);
    }
    reader.end_block();
    Prose { blocks: reader.blocks }
}

struct Reader<'a> {
    marked: &'a Marked,
    blocks: Vec<Block>,
    block: Block,
    strong: usize,
    emphasis: usize,
    link: Option<Rc<str>>,
    lists: Vec<Option<u64>>,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => self.text(&text),
            Event::SoftBreak | Event::HardBreak => self.block.runs.push(Run::Break),
            Event::Rule => self.end_block(),
            Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.strong += 1,
            Tag::Heading { .. } => {
                self.end_block();
                self.strong += 1;
            }
            Tag::Emphasis => self.emphasis += 1,
            Tag::Link { dest_url, .. } => self.link = link(&self.marked.filled(&dest_url), true).map(Rc::from),
            Tag::List(first) => {
                self.end_block();
                self.lists.push(first);
            }
            Tag::Item => {
                self.end_block();
                self.block.item = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        Item::Number(*number - 1)
                    }
                    _ => Item::Bullet,
                });
            }
            // The first paragraph of an item is the item's own.
            Tag::Paragraph if self.block.item.is_some() && self.block.runs.is_empty() => {}
            Tag::Paragraph | Tag::HtmlBlock | Tag::CodeBlock(_) | Tag::BlockQuote(_) => self.end_block(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Heading(_) => {
                self.strong = self.strong.saturating_sub(1);
                self.end_block();
            }
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Link => self.link = None,
            TagEnd::List(_) => {
                self.end_block();
                self.lists.pop();
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::HtmlBlock | TagEnd::CodeBlock | TagEnd::BlockQuote(_) => self.end_block(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        for (at, line) in text.trim_end_matches('\n').split('\n').enumerate() {
            if at > 0 {
                self.block.runs.push(Run::Break);
            }
            for character in line.chars() {
                match self.marked.value(character) {
                    Some(PrintedValue::Url(url)) => {
                        let own = self.link.is_none().then(|| Rc::from(url.as_str()));
                        self.run(url, own);
                    }
                    Some(PrintedValue::Text(value)) => self.run(value, None),
                    Some(PrintedValue::Table) => self.table(),
                    Some(PrintedValue::Signature(lines)) => self.signature(lines),
                    None => self.run(character.encode_utf8(&mut [0; 4]), None),
                }
            }
        }
    }

    /// The table of invoices stands here; it stands once.
    fn table(&mut self) {
        self.end_block();
        if !self.blocks.iter().any(|block| block.is_table) {
            self.blocks.push(Block { is_table: true, ..Block::default() });
        }
    }

    /// A signature, each line below the other.
    fn signature(&mut self, lines: &[String]) {
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                self.block.runs.push(Run::Break);
            }
            self.run(line, None);
        }
    }

    /// Adds text, to the last run where it looks the same.
    fn run(&mut self, added: &str, own_link: Option<Rc<str>>) {
        let (is_strong, is_emphasis) = (self.strong > 0, self.emphasis > 0);
        let target = own_link.or_else(|| self.link.clone());
        if let Some(Run::Text { text, strong, emphasis, link }) = self.block.runs.last_mut()
            && (*strong, *emphasis, &*link) == (is_strong, is_emphasis, &target)
        {
            text.push_str(added);
        } else {
            self.block.runs.push(Run::Text { text: added.to_owned(), strong: is_strong, emphasis: is_emphasis, link: target });
        }
    }

    fn end_block(&mut self) {
        let mut block = std::mem::take(&mut self.block);
        let blank = |run: &Run| match run {
            Run::Break => true,
            Run::Text { text, .. } => text.trim().is_empty(),
        };
        while block.runs.last().is_some_and(blank) {
            block.runs.pop();
        }
        let leading = block.runs.iter().take_while(|run| blank(run)).count();
        block.runs.drain(..leading);
        if !block.runs.is_empty() {
            self.blocks.push(block);
        }
    }
}

impl Prose {
    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.blocks.iter().all(|block| block.is_table)
    }

    /// As HTML: paragraphs and lists, with the table where its place is, else at the end.
    pub fn html(&self, table: &str) -> String {
        let mut out = String::new();
        let mut open: Option<&str> = None;
        for block in &self.blocks {
            let list = block.item.map(|item| if item == Item::Bullet { "ul" } else { "ol" });
            if list != open {
                if let Some(tag) = open {
                    out.push_str(&format!("</{tag}>"));
                }
                if let Some(tag) = list {
                    out.push_str(&format!("<{tag} style=\"margin:0 0 16px;padding-left:24px\">"));
                }
                open = list;
            }
            if block.is_table {
                out.push_str(table);
                continue;
            }
            match block.item {
                Some(Item::Number(number)) => out.push_str(&format!("<li value=\"{number}\">")),
                Some(Item::Bullet) => out.push_str("<li>"),
                None => out.push_str("<p style=\"margin:0 0 16px\">"),
            }
            block.runs.iter().for_each(|run| run_html(run, &mut out));
            out.push_str(if block.item.is_some() { "</li>" } else { "</p>" });
        }
        if let Some(tag) = open {
            out.push_str(&format!("</{tag}>"));
        }
        if !self.has_table() {
            out.push_str(table);
        }
        out
    }

    fn has_table(&self) -> bool {
        self.blocks.iter().any(|block| block.is_table)
    }

    /// As plain text: all the words, links written out behind theirs, with the table where its place is, else at the end.
    pub fn text(&self, table: &str) -> String {
        let mut out = String::new();
        let mut in_list = false;
        let blocks = self.blocks.iter().filter(|block| !(block.is_table && table.is_empty()));
        for block in blocks {
            if !out.is_empty() {
                out.push_str(if in_list && block.item.is_some() { "\n" } else { "\n\n" });
            }
            in_list = block.item.is_some();
            if block.is_table {
                out.push_str(table);
                continue;
            }
            match block.item {
                Some(Item::Number(number)) => out.push_str(&format!("{number}. ")),
                Some(Item::Bullet) => out.push_str("- "),
                None => {}
            }
            for (at, run) in block.runs.iter().enumerate() {
                run_text(run, block.runs.get(at + 1), &mut out);
            }
        }
        if !self.has_table() && !table.is_empty() {
            out.push_str(&format!("\n\n{table}"));
        }
        out
    }

    /// The first words on one line, for the preview that mail clients show beside the subject; no word is cut.
    pub fn preview(&self, chars_max: usize) -> String {
        let mut words = String::new();
        for (at, block) in self.blocks.iter().enumerate() {
            if at > 0 {
                words.push(' ');
            }
            block.runs.iter().for_each(|run| match run {
                Run::Text { text, .. } => words.push_str(text),
                Run::Break => words.push(' '),
            });
            if words.len() > chars_max * 4 {
                break;
            }
        }
        whole_words(words.trim(), chars_max)
    }
}

/// The first words of a text, at most so many characters, with an ellipsis where there are more. A word that is longer than all of that
/// is cut.
fn whole_words(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let cut: String = text.chars().take(chars_max).collect();
    let whole = match cut.rsplit_once(' ') {
        Some((whole, _)) if text.chars().nth(chars_max).is_some_and(|next| !next.is_whitespace()) => whole,
        Some(_) | None => &cut,
    };
    format!("{}…", whole.trim_end_matches([' ', ',', ';', ':']))
}

fn run_html(run: &Run, out: &mut String) {
    let Run::Text { text, strong, emphasis, link } = run else {
        return out.push_str("<br>");
    };
    let mut piece = html(text);
    if *emphasis {
        piece = format!("<em>{piece}</em>");
    }
    if *strong {
        piece = format!("<strong>{piece}</strong>");
    }
    if let Some(url) = link {
        piece = format!("<a href=\"{}\" class=\"link\" style=\"color:#1a56b0\">{piece}</a>", html(url));
    }
    out.push_str(&piece);
}

fn run_text(run: &Run, next: Option<&Run>, out: &mut String) {
    let Run::Text { text, link, .. } = run else {
        return out.push('\n');
    };
    out.push_str(text);
    if let Some(url) = link {
        let goes_on = matches!(next, Some(Run::Text { link: Some(same), .. }) if same == url);
        let written = text == &**url || url.strip_prefix("mailto:") == Some(text);
        if !goes_on && !written {
            out.push_str(&format!(" ({url})"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_ends_with_a_whole_word() {
        for (text, max, expected) in [
            ("due on 4 February", 40, "due on 4 February"),
            ("due on 4 February 2026", 12, "due on 4…"),
            ("due on 4 February", 8, "due on 4…"),
            ("Hello Anna, the invoice", 13, "Hello Anna…"),
            ("Donaudampfschiff", 5, "Donau…"),
        ] {
            assert_eq!(whole_words(text, max), expected, "{max}");
        }
    }
}
