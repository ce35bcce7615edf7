//! Which part of Jinja a template may use, decided token by token before it is compiled.
//!
//! The list is of what is allowed, so that whatever the engine learns later stays out. Without operators that build values
//! (`~`, `*`, `+`, list and map literals), without `set` and `with`, and without calls, nothing that a template can name is
//! ever larger than what it was given; loops are bounded by the engine's fuel.
//!
//! By hand instead of `minijinja::machinery`: its feature `unstable_machinery` promises no stable form, and a change of it would have to be
//! followed before a fix of the engine can be taken. What is not understood here is refused, so that the two may differ.

/// How many flaws are listed before the scan gives up.
const FLAWS_MAX: usize = 20;

const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
const FILTERS: [&str; 3] = ["money", "date", "length"];
const TESTS: [&str; 2] = ["defined", "undefined"];
const ROOTS: [(&str, &[&str]); 9] = [
    ("bank", &["holder", "name", "iban", "bic", "account", "routing", "reference"]),
    ("tenant", &["name"]),
    ("customer", &["name"]),
    ("contact", &["name"]),
    ("case", &["id"]),
    ("covered", &["due_now", "named", "counted", "reminded", "own", "own_named", "own_names"]),
    ("exposure", &["total", "overdue"]),
    ("links", &["portal", "opt_out", "pay"]),
    ("loop", &["index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0"]),
];
const ROW: &[&str] = &[
    "number",
    "name",
    "instalment",
    "purchase_order",
    "currency",
    "total",
    "amount",
    "paid",
    "open",
    "due_now",
    "issued_on",
    "due_on",
    "days_past_due",
    "url",
];
/// Fields that are amounts or dates: shown, never computed with.
const SHOWN_ONLY: [&str; 8] = ["total", "amount", "paid", "open", "due_now", "overdue", "issued_on", "due_on"];
const KEYWORDS: [&str; 14] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None", "invoices"];
/// The variables that are dates by themselves.
const DATES: [&str; 2] = ["pay_by", "promised_on"];
/// The variables that are one thing each.
const SINGLE: [&str; 6] = ["pay_by", "promised_on", "currency", "payment_details", "table", "signature"];
const SYMBOLS: [&str; 14] = ["==", "!=", "<=", ">=", "<", ">", ".", "|", "(", ")", "[", "]", "-", "%"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Number,
    Text,
    Symbol(&'a str),
    Unknown(char),
}

/// One `{{ … }}` or `{% … %}`.
struct Tag<'a> {
    line: usize,
    statement: bool,
    tokens: Vec<Token<'a>>,
}

/// What a template uses that it may not, each with its line.
pub fn flaws(source: &str) -> Vec<String> {
    let tags = match tags(source) {
        Ok(tags) => tags,
        Err(flaw) => return vec![flaw],
    };
    let mut flaws = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for tag in &tags {
        check_tag(tag, &mut names, &mut flaws);
        if flaws.len() >= FLAWS_MAX {
            break;
        }
    }
    flaws.dedup();
    flaws
}

/// Whether a template goes over the invoices itself.
pub fn lists_invoices(source: &str) -> bool {
    tags(source).is_ok_and(|tags| {
        tags.iter()
            .any(|tag| matches!(tag.tokens.as_slice(), [Token::Name("for"), _, Token::Name("in"), Token::Name("invoices"), ..]))
    })
}

fn check_tag<'a>(tag: &Tag<'a>, names: &mut Vec<&'a str>, flaws: &mut Vec<String>) {
    let line = tag.line;
    let mut expression = tag.tokens.as_slice();
    let mut add = |detail: String| flaws.push(format!("line {line}: {detail}"));
    if expression.len() > 200 {
        return add("the expression is too long".into());
    }
    if tag.statement {
        match expression {
            [Token::Name("for"), Token::Name(name), Token::Name("in"), Token::Name("invoices")] => {
                if KEYWORDS.contains(name) || SINGLE.contains(name) || ROOTS.iter().any(|(root, _)| root == name) {
                    add(format!("a loop variable cannot be called '{name}'"));
                }
                return names.push(name);
            }
            [Token::Name("for"), ..] => {
                return add("a loop has the form '{% for invoice in invoices %}'".into());
            }
            [Token::Name(keyword), rest @ ..] if TAGS.contains(keyword) => expression = rest,
            [Token::Name(other), ..] => {
                return add(format!("'{{% {other} %}}' cannot be used here; only 'if' and 'for' can"));
            }
            _ => return add("an empty or malformed '{% %}'".into()),
        }
    }
    for (at, token) in expression.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| expression[at]);
        let after = expression.get(at + 1).copied();
        match token {
            Token::Unknown(character) => add(format!("'{character}' cannot be used here")),
            Token::Symbol("(") if matches!(before, Some(Token::Name(name)) if !["and", "or", "not", "in", "if", "else"].contains(&name)) =>
            {
                add("functions cannot be called here; 'money' and 'date' are filters without arguments".into());
            }
            Token::Symbol("[") if !matches!(before, Some(Token::Name(_) | Token::Symbol("]"))) => {
                add("lists cannot be written here".into());
            }
            Token::Symbol("%") => add("'%' cannot be used here".into()),
            Token::Name(name) => check_name(name, before, after, expression, at, names, &mut add),
            Token::Number | Token::Text | Token::Symbol(_) => {}
        }
    }
}

fn check_name(
    name: &str,
    before: Option<Token<'_>>,
    after: Option<Token<'_>>,
    expression: &[Token<'_>],
    at: usize,
    names: &[&str],
    add: &mut impl FnMut(String),
) {
    match before {
        Some(Token::Symbol("|")) => {
            if !FILTERS.contains(&name) {
                add(format!("unknown filter '{name}'; there are 'money', 'date' and 'length'"));
            }
        }
        Some(Token::Name("is")) if name == "not" => {}
        Some(Token::Name("is")) => check_test(name, add),
        Some(Token::Name("not")) if at >= 2 && expression[at - 2] == Token::Name("is") => check_test(name, add),
        Some(Token::Symbol(".")) => check_field(name, after, expression, at, names, add),
        _ => {
            let single = SINGLE.contains(&name);
            let known =
                KEYWORDS.contains(&name) || single || ROOTS.iter().any(|(root, _)| *root == name) || names.contains(&name);
            if !known {
                add(format!("undefined variable '{name}'"));
            } else if DATES.contains(&name) && (is_operator(after) || is_operator(before)) {
                add(shown_only(name));
            } else if ROOTS.iter().any(|(root, _)| *root == name) && after != Some(Token::Symbol(".")) {
                add(format!("'{name}' stands for several things; name one, such as '{name}.{}'", root_fields(name)[0]));
            }
        }
    }
}

fn check_test(name: &str, add: &mut impl FnMut(String)) {
    if !TESTS.contains(&name) {
        add(format!("unknown test '{name}'; there are 'defined' and 'undefined'"));
    }
}

fn root_fields(root: &str) -> &'static [&'static str] {
    ROOTS.iter().find(|(name, _)| *name == root).map_or(ROW, |(_, fields)| *fields)
}

fn check_field(
    name: &str,
    after: Option<Token<'_>>,
    expression: &[Token<'_>],
    at: usize,
    names: &[&str],
    add: &mut impl FnMut(String),
) {
    let owner = at.checked_sub(2).map(|at| expression[at]);
    let (owner_name, start, fields) = match owner {
        Some(Token::Name(owner)) if ROOTS.iter().any(|(root, _)| *root == owner) => (owner, at - 2, root_fields(owner)),
        Some(Token::Name(owner)) if names.contains(&owner) => (owner, at - 2, ROW),
        Some(Token::Symbol("]")) => {
            let open = expression[..at - 1].iter().rposition(|token| *token == Token::Symbol("[")).unwrap_or(0);
            ("invoices[…]", open.saturating_sub(1), ROW)
        }
        _ => return add(format!("undefined variable '.{name}'")),
    };
    if !fields.contains(&name) {
        return add(format!("undefined variable '{owner_name}.{name}'; there are {}", fields.join(", ")));
    }
    let preceding = start.checked_sub(1).map(|at| expression[at]);
    if owner_name != "loop" && SHOWN_ONLY.contains(&name) && (is_operator(after) || is_operator(preceding)) {
        add(shown_only(&format!("{owner_name}.{name}")));
    }
}

fn is_operator(token: Option<Token<'_>>) -> bool {
    matches!(token, Some(Token::Symbol("==" | "!=" | "<" | ">" | "<=" | ">=" | "-" | "%") | Token::Name("in")))
}

fn shown_only(name: &str) -> String {
    format!("'{name}' can be shown but not computed with or compared; conditions belong in the workflow's step")
}

/// Cuts the source into its tags; text between them and `{# comments #}` are passed over.
fn tags(source: &str) -> Result<Vec<Tag<'_>>, String> {
    let mut tags = Vec::new();
    let mut rest = source;
    let line_at = |rest: &str| 1 + source[..source.len() - rest.len()].bytes().filter(|byte| *byte == b'\n').count();
    while let Some(at) = rest.find('{') {
        rest = &rest[at..];
        let line = line_at(rest);
        if let Some(comment) = rest.strip_prefix("{#") {
            let end = comment.find("#}").ok_or_else(|| format!("line {line}: the comment is not closed"))?;
            rest = &comment[end + 2..];
        } else if rest.starts_with("{{") || rest.starts_with("{%") {
            let statement = rest.starts_with("{%");
            let (tokens, after) = tokens(&rest[2..], if statement { "%}" } else { "}}" })
                .ok_or_else(|| format!("line {line}: '{}' is not closed", &rest[..2]))?;
            tags.push(Tag { line, statement, tokens });
            rest = after;
        } else {
            rest = &rest[1..];
        }
    }
    Ok(tags)
}

/// The tokens up to `end`, and what follows it.
fn tokens<'a>(source: &'a str, end: &str) -> Option<(Vec<Token<'a>>, &'a str)> {
    let mut tokens = Vec::new();
    let mut rest = source.strip_prefix(['-', '+']).unwrap_or(source);
    loop {
        rest = rest.trim_start();
        let closing = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        if let Some(after) = rest.strip_prefix(end).or_else(|| closing.strip_prefix(end)) {
            return Some((tokens, after));
        }
        let first = rest.chars().next()?;
        let length = if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            tokens.push(Token::Name(&rest[..length]));
            length
        } else if first.is_ascii_digit() {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            tokens.push(Token::Number);
            length
        } else if first == '"' || first == '\'' {
            let mut escaped = false;
            let close = rest[1..].char_indices().find(|(_, character)| {
                let closes = *character == first && !escaped;
                escaped = *character == '\\' && !escaped;
                closes
            })?;
            tokens.push(Token::Text);
            close.0 + 2
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            tokens.push(Token::Symbol(symbol));
            symbol.len()
        } else {
            tokens.push(Token::Unknown(first));
            first.len_utf8()
        };
        rest = &rest[length..];
    }
}
