//! The template engine, held to bounds: an empty environment, strict undefined, fuel, and a writer that stops.
//!
//! A value never becomes part of the text that is parsed as Markdown. Each printed value is kept aside and stands in the text as
//! one private-use character ([`PrintedValue`]), so that no name can open a tag, a link or a list, whatever it holds.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use crate::locale::Locale;
use crate::plain::{plain, unlinked, without_hidden};
use crate::values::{self, Amount, Day, Rows, SignaturePlace, TablePlace, Url};

/// Instructions that one rendering may take: enough for fifty rows of everything.
const FUEL: u64 = 50_000;
const RECURSION_MAX: usize = 32;
/// Most that one rendering may write, values included.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// The first of the characters that stand for values; there are more of them than fuel allows values.
const MARK_FIRST: u32 = 0xf0000;

/// A rendered template: its own text, with one mark for each printed value.
#[derive(Debug, Default)]
pub struct Marked {
    /// The text with marks in it.
    pub text: String,
    values: Vec<PrintedValue>,
}

/// One printed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrintedValue {
    /// Plain text on one line.
    Text(String),
    /// An address on the web, safe to link to.
    Url(String),
    /// The place of the table of invoices.
    Table,
    /// How a mail is signed, line by line.
    Signature(Vec<String>),
}

impl PrintedValue {
    /// What a reader sees.
    pub fn shown(&self) -> &str {
        match self {
            Self::Text(text) | Self::Url(text) => text,
            Self::Table | Self::Signature(_) => "",
        }
    }
}

impl Marked {
    /// The value that a character stands for, if it stands for one.
    pub fn value(&self, mark: char) -> Option<&PrintedValue> {
        u32::from(mark).checked_sub(MARK_FIRST).and_then(|index| self.values.get(index as usize))
    }

    /// Whether it has a place for the table of invoices.
    pub fn has_table(&self) -> bool {
        self.values.contains(&PrintedValue::Table)
    }

    /// Whether it is signed where it says so.
    pub fn is_signed(&self) -> bool {
        self.values.iter().any(|value| matches!(value, PrintedValue::Signature(_)))
    }

    /// `text`, a piece of this, with each mark replaced by what a reader sees.
    pub fn filled(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        for character in text.chars() {
            match self.value(character) {
                Some(part) => filled.push_str(part.shown()),
                None => filled.push(character),
            }
        }
        filled
    }
}

/// Compiles a source; what is wrong with it when it does not compile.
pub fn check(source: &str) -> Result<(), String> {
    let source = without_hidden(source);
    let environment = environment(Locale::NEUTRAL, &Arc::default());
    environment.template_from_str(&source).map(|_| ()).map_err(|error| describe(&error))
}

/// Renders a source.
///
/// # Errors
///
/// What went wrong and on which line, without any value.
pub fn run(source: &str, context: &Value, locale: &'static Locale) -> Result<Marked, String> {
    let source = without_hidden(source);
    let kept: Arc<Mutex<Kept>> = Arc::default();
    let mut out = Capped { bytes: Vec::new() };
    {
        let environment = environment(locale, &kept);
        let template = environment.template_from_str(&source).map_err(|error| describe(&error))?;
        template.render_captured_to(context.clone(), &mut out).map_err(|error| describe(&error))?;
    }
    let values = std::mem::take(&mut kept.lock().expect("nothing panics while it is held").parts);
    let text = String::from_utf8(out.bytes).map_err(|_| "the text is no UTF-8".to_owned())?;
    Ok(Marked { text, values })
}

/// The values printed so far.
#[derive(Default)]
struct Kept {
    parts: Vec<PrintedValue>,
    bytes: usize,
}

fn environment<'a>(locale: &'static Locale, kept: &Arc<Mutex<Kept>>) -> Environment<'a> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_MAX);
    environment.set_debug(false);
    // A tag on a line of its own leaves no empty line behind, so that lists can be written one row a line.
    let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("only white space is configured"));
    environment.add_filter("money", move |value: &Value| match value.downcast_object_ref::<Amount>() {
        Some(amount) => Ok(locale.money(amount.0)),
        None => Err(refuse("'money' is for amounts such as invoice.due_now")),
    });
    environment.add_filter("date", move |value: &Value| match value.downcast_object_ref::<Day>() {
        Some(day) => Ok(locale.date(day.0)),
        None if value.is_none() || value.is_undefined() => Err(nothing_to_show()),
        None => Err(refuse("'date' is for dates such as invoice.due_on")),
    });
    environment.add_filter("length", |value: &Value| match value.downcast_object_ref::<Rows>() {
        Some(rows) => Ok(rows.count),
        None => value.as_str().map(|text| text.chars().count()).ok_or_else(|| refuse("'length' is for invoices")),
    });
    environment.add_test("defined", |value: &Value| !value.is_undefined() && !value.is_none());
    environment.add_test("undefined", |value: &Value| value.is_undefined() || value.is_none());
    let kept = Arc::clone(kept);
    environment.set_formatter(move |out, _state, value| {
        let part = part(value, locale)?;
        let mut kept = kept.lock().map_err(|_| refuse("the text could not be kept"))?;
        kept.bytes += part.shown().len();
        let mark = u32::try_from(kept.parts.len()).ok().and_then(|count| char::from_u32(MARK_FIRST + count));
        let mark = mark.filter(|mark| *mark <= '\u{ffffd}' && kept.bytes <= OUTPUT_BYTES_MAX);
        let mark = mark.ok_or_else(|| refuse("the text is too long"))?;
        kept.parts.push(part);
        out.write_char(mark).map_err(minijinja::Error::from)
    });
    environment
}

/// A variable that is not there for this message.
fn nothing_to_show() -> minijinja::Error {
    minijinja::Error::new(ErrorKind::UndefinedError, "there is nothing to show; guard it with '{% if … is defined %}'")
}

/// A value as it is printed.
fn part(value: &Value, locale: &'static Locale) -> Result<PrintedValue, minijinja::Error> {
    if let Some(url) = value.downcast_object_ref::<Url>() {
        return Ok(PrintedValue::Url(url.0.clone()));
    }
    if value.downcast_object_ref::<TablePlace>().is_some() {
        return Ok(PrintedValue::Table);
    }
    if let Some(signature) = value.downcast_object_ref::<SignaturePlace>() {
        return Ok(PrintedValue::Signature(signature.0.clone()));
    }
    if let Some(shown) = values::shown(value, locale) {
        return Ok(PrintedValue::Text(plain(&shown)));
    }
    if value.is_none() || value.is_undefined() {
        return Err(nothing_to_show());
    }
    if let Some(text) = value.as_str() {
        return Ok(PrintedValue::Text(unlinked(text)));
    }
    match value.kind() {
        minijinja::value::ValueKind::Number => Ok(PrintedValue::Text(value.to_string())),
        _ => Err(refuse("only texts, numbers, amounts and dates can be shown")),
    }
}

fn refuse(detail: &'static str) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, detail)
}

/// An engine error for people: kind, line and detail, never a value.
fn describe(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "it takes too long: loops within loops are not needed here".to_owned(),
        ErrorKind::WriteFailure => "the text is too long".to_owned(),
        ErrorKind::UndefinedError => {
            format!("undefined variable{}", error.detail().map(|detail| format!(": {detail}")).unwrap_or_default())
        }
        kind => error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    };
    format!("{line}{what}")
}

/// A writer that refuses to grow without end.
struct Capped {
    bytes: Vec<u8>,
}

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > OUTPUT_BYTES_MAX {
            return Err(io::Error::other("too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
