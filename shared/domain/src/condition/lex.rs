//! Source text to tokens.

use super::ConditionError;

/// A token and the byte that it begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub at: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name(String),
    Text(String),
    /// The digits' value, without a sign: the least `i64` has no positive.
    Int(u64),
    /// Operators and punctuation.
    Sign(&'static str),
    End,
}

impl Kind {
    /// The token as messages show it.
    pub fn show(&self) -> String {
        match self {
            Self::Name(name) => format!("'{name}'"),
            Self::Text(_) => "a string".to_owned(),
            Self::Int(value) => format!("{value}"),
            Self::Sign(sign) => format!("'{sign}'"),
            Self::End => "the end".to_owned(),
        }
    }
}

// Longest first.
const SIGNS: [&str; 15] = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", "."];

/// Cuts `source` into tokens, the last of them [`Kind::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, ConditionError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = match c {
            ' ' | '\t' | '\n' | '\r' => {
                at += 1;
                continue;
            }
            'a'..='z' | 'A'..='Z' | '_' => name(rest, at)?,
            '0'..='9' => number(rest, at)?,
            '\'' | '"' => string(rest, at, c)?,
            '-' => (Kind::Sign("-"), 1),
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (Kind::Sign(sign), sign.len()),
                None => return Err(ConditionError::new(at, strange(c))),
            },
        };
        tokens.push(Token { at, kind });
        at += length;
    }
    tokens.push(Token { at: source.len(), kind: Kind::End });
    Ok(tokens)
}

fn strange(c: char) -> String {
    match c {
        '=' => "'=' alone means nothing here; write '==' to compare".to_owned(),
        '&' | '|' => format!("'{c}' alone means nothing here; write '{c}{c}'"),
        '+' | '*' | '/' | '%' => format!("there is no arithmetic ('{c}'); compare a fact with a number"),
        '?' | ':' => "there is no '? :'; write two conditions joined with '&&' and '||'".to_owned(),
        '{' | '}' => format!("there are no maps ('{c}')"),
        c => format!("the character {} means nothing outside a string", c.escape_unicode()),
    }
}

fn name(rest: &str, at: usize) -> Result<(Kind, usize), ConditionError> {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    if rest[end..].starts_with(['\'', '"']) {
        return Err(ConditionError::new(at, format!("a string has no prefix; write it without '{}'", &rest[..end])));
    }
    Ok((Kind::Name(rest[..end].to_owned()), end))
}

fn number(rest: &str, at: usize) -> Result<(Kind, usize), ConditionError> {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let digits = &rest[..end];
    if rest[end..].starts_with('.') || digits.contains(['e', 'E']) && !digits.starts_with("0x") {
        return Err(ConditionError::new(at, "numbers are whole; amounts count minor units (12.50 is 1250)"));
    }
    let value = match digits.strip_prefix("0x") {
        Some(hex) if hex.starts_with(|c: char| c.is_ascii_hexdigit()) => u64::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => digits.parse().ok(),
    };
    // One more than the greatest: behind a minus it is the least.
    match value.filter(|value| *value <= i64::MAX as u64 + 1) {
        Some(value) => Ok((Kind::Int(value), end)),
        None => Err(ConditionError::new(at, format!("'{digits}' is not a whole number within 64 bits"))),
    }
}

/// A string in either quote, with CEL's escapes; `\x`, `\u`, `\U` and octal name code points.
fn string(rest: &str, at: usize, quote: char) -> Result<(Kind, usize), ConditionError> {
    let triple = [quote; 3].iter().collect::<String>();
    if rest.starts_with(&triple) {
        return Err(ConditionError::new(at, "a string stands in single or double quotes, not in three"));
    }
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((Kind::Text(text), i + 1)),
            '\\' => {
                let (value, length) = escape(&rest[i + 1..])
                    .ok_or_else(|| ConditionError::new(at + i, "not an escape; a backslash itself is written '\\\\'"))?;
                text.push(value);
                for _ in 0..length {
                    chars.next();
                }
            }
            c if c.is_control() && c != '\t' => {
                let detail =
                    format!("the character {} cannot stand in a string; write an escape such as '\\n'", c.escape_unicode());
                return Err(ConditionError::new(at + i, detail));
            }
            c => text.push(c),
        }
    }
    Err(ConditionError::new(at, format!("the string is not closed; it needs another {quote}")))
}

/// What stands behind a backslash: its character, and how many characters it takes. `None` also for a surrogate and for NUL.
fn escape(rest: &str) -> Option<(char, usize)> {
    let numbered = |skip: usize, count: usize, radix: u32| {
        let digits = rest.get(skip..skip + count).filter(|digits| digits.chars().all(|c| c.is_digit(radix)))?;
        let value = char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|c| *c != '\0')?;
        Some((value, skip + count))
    };
    let one = |c: char| Some((c, 1));
    match rest.chars().next()? {
        'a' => one('\u{7}'),
        'b' => one('\u{8}'),
        'f' => one('\u{c}'),
        'n' => one('\n'),
        'r' => one('\r'),
        't' => one('\t'),
        'v' => one('\u{b}'),
        c @ ('\\' | '?' | '"' | '\'' | '`') => one(c),
        'x' | 'X' => numbered(1, 2, 16),
        'u' => numbered(1, 4, 16),
        'U' => numbered(1, 8, 16),
        '0'..='3' => numbered(0, 3, 8),
        _ => None,
    }
}
