//! Tokens to code, with every name and type checked on the way.
//!
//! ```text
//! or       = and ("||" and)*
//! and      = relation ("&&" relation)*
//! relation = unary (("==" | "!=" | "<" | "<=" | ">" | ">=") unary | "in" (list | path))*
//! unary    = "!"* primary
//! primary  = "(" or ")" | literal | path | path "(" string ")"
//! list     = "[" or ("," or)* "]"
//! ```

use super::eval::{Compare, Op};
use super::facts::{FACTS, Read, near};
use super::lex::{Kind, Token};
use super::{ConditionError, DEPTH_MAX};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Text,
}

impl Type {
    fn show(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a number",
            Self::Text => "a string",
        }
    }
}

/// What parsing leaves.
#[derive(Default)]
pub(super) struct Parsed {
    pub code: Vec<Op>,
    /// Where a step is named, and which.
    pub steps: Vec<(usize, String)>,
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    parsed: Parsed,
}

type Checked<T> = Result<T, ConditionError>;

/// Checks a whole condition.
pub(super) fn parse(tokens: Vec<Token>) -> Checked<Parsed> {
    let mut parser = Parser { tokens, next: 0, depth: 0, parsed: Parsed::default() };
    let (at, kind) = parser.or()?;
    let token = parser.peek().clone();
    if token.kind != Kind::End {
        return Err(after_operand(&token));
    }
    need_bool(kind, at, "a condition")?;
    Ok(parser.parsed)
}

fn need_bool(kind: Type, at: usize, what: &str) -> Checked<()> {
    match kind {
        Type::Bool => Ok(()),
        Type::Int | Type::Text => Err(ConditionError::new(
            at,
            format!("{what} must be true or false; this is {}: compare it with something", kind.show()),
        )),
    }
}

fn after_operand(token: &Token) -> ConditionError {
    let detail = match &token.kind {
        Kind::Sign("[") => "nothing can be indexed here; lists stand behind 'in'".to_owned(),
        Kind::Sign("-") => "there is no arithmetic ('-'); compare a fact with a number".to_owned(),
        Kind::Sign("(") => "only functions of a path can be called, such as history.satisfied('reminder')".to_owned(),
        Kind::Sign(".") => "only a name can have fields".to_owned(),
        Kind::Sign(sign @ (")" | "]")) => format!("this '{sign}' closes nothing"),
        other => format!("expected '&&', '||', a comparison or the end, not {}", other.show()),
    };
    ConditionError::new(token.at, detail)
}

impl Parser {
    fn peek(&self) -> &Token {
        // The last token is the end, and it is never passed.
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn eat(&mut self, sign: &str) -> bool {
        let there = matches!(&self.peek().kind, Kind::Sign(other) if *other == sign);
        self.next += usize::from(there);
        there
    }

    fn close(&mut self, sign: &str, opened_at: usize) -> Checked<()> {
        if self.eat(sign) {
            self.depth -= 1;
            return Ok(());
        }
        let token = self.peek();
        if token.kind == Kind::End {
            return Err(ConditionError::new(opened_at, format!("what opens here is never closed; it needs a '{sign}'")));
        }
        Err(after_operand(token))
    }

    fn open(&mut self, at: usize) -> Checked<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(ConditionError::new(at, format!("nested deeper than {DEPTH_MAX}; split the condition")));
        }
        Ok(())
    }

    fn or(&mut self) -> Checked<(usize, Type)> {
        self.joined("||", Op::Or, |parser| parser.joined("&&", Op::And, Self::relation))
    }

    fn joined(
        &mut self,
        sign: &'static str,
        op: Op,
        operand: impl Fn(&mut Self) -> Checked<(usize, Type)>,
    ) -> Checked<(usize, Type)> {
        let (at, kind) = operand(self)?;
        while self.eat(sign) {
            need_bool(kind, at, &format!("each side of '{sign}'"))?;
            let (right_at, right) = operand(self)?;
            need_bool(right, right_at, &format!("each side of '{sign}'"))?;
            self.parsed.code.push(op.clone());
        }
        Ok((at, kind))
    }

    fn relation(&mut self) -> Checked<(usize, Type)> {
        let (at, mut kind) = self.unary()?;
        loop {
            let token = self.peek().clone();
            let compare = match &token.kind {
                Kind::Sign("==") => Compare::Eq,
                Kind::Sign("!=") => Compare::Ne,
                Kind::Sign("<") => Compare::Lt,
                Kind::Sign("<=") => Compare::Le,
                Kind::Sign(">") => Compare::Gt,
                Kind::Sign(">=") => Compare::Ge,
                Kind::Name(name) if name == "in" => {
                    self.next += 1;
                    self.list(kind)?;
                    kind = Type::Bool;
                    continue;
                }
                Kind::Name(_) | Kind::Text(_) | Kind::Int(_) | Kind::Sign(_) | Kind::End => return Ok((at, kind)),
            };
            self.next += 1;
            let (_, right) = self.unary()?;
            if kind != right {
                let detail = format!("{} cannot be compared with {}", kind.show(), right.show());
                return Err(ConditionError::new(token.at, detail));
            }
            if kind == Type::Bool && !matches!(compare, Compare::Eq | Compare::Ne) {
                return Err(ConditionError::new(token.at, "true and false have no order; use '==' or '!='"));
            }
            self.parsed.code.push(Op::Compare(compare));
            kind = Type::Bool;
        }
    }

    /// The right side of `in`, whose items are of type `sought`.
    fn list(&mut self, sought: Type) -> Checked<()> {
        let opened = self.peek().at;
        if matches!(self.peek().kind, Kind::Name(_)) {
            return self.listing_fact(sought);
        }
        if !self.eat("[") {
            return Err(ConditionError::new(opened, "'in' needs a list such as ['smb', 'retail'], or a fact that is one"));
        }
        self.open(opened)?;
        let mut count = 0;
        loop {
            if matches!(self.peek().kind, Kind::Sign("]")) {
                let detail = if count == 0 { "nothing is in an empty list" } else { "an item is missing behind the ','" };
                return Err(ConditionError::new(self.peek().at, detail));
            }
            let (at, item) = self.or()?;
            if item != sought {
                let detail = format!("the list holds {}, what is sought is {}", item.show(), sought.show());
                return Err(ConditionError::new(at, detail));
            }
            count += 1;
            if !self.eat(",") {
                break;
            }
        }
        self.close("]", opened)?;
        self.parsed.code.push(Op::In(count));
        Ok(())
    }

    /// A fact that is a list of words, as the right side of `in`.
    fn listing_fact(&mut self, sought: Type) -> Checked<()> {
        let Token { at, kind: Kind::Name(first) } = self.take() else {
            return Err(ConditionError::new(self.peek().at, "expected a name"));
        };
        let name = self.name(first)?;
        let Some(index) = FACTS.iter().position(|fact| fact.name == name) else {
            return Err(ConditionError::new(at, unknown(&name)));
        };
        match (FACTS[index].read, sought) {
            (Read::Words(_), Type::Text) => {
                self.parsed.code.push(Op::InFact(index));
                Ok(())
            }
            (Read::Words(_), Type::Int | Type::Bool) => {
                let detail = format!("{name} holds strings, what is sought is {}", sought.show());
                Err(ConditionError::new(at, detail))
            }
            (Read::Text(_) | Read::Int(_) | Read::Bool(_) | Read::OfStep(_), _) => {
                Err(ConditionError::new(at, format!("{name} is no list; 'in' needs one, such as ['smb', 'retail']")))
            }
        }
    }

    fn unary(&mut self) -> Checked<(usize, Type)> {
        let at = self.peek().at;
        let mut negated = false;
        let mut any = false;
        while self.eat("!") {
            negated = !negated;
            any = true;
        }
        let (operand_at, kind) = self.primary()?;
        if any {
            need_bool(kind, operand_at, "what '!' negates")?;
        }
        if negated {
            self.parsed.code.push(Op::Not);
        }
        Ok((at, kind))
    }

    fn primary(&mut self) -> Checked<(usize, Type)> {
        let token = self.take();
        let at = token.at;
        let (op, kind) = match token.kind {
            Kind::Sign("(") => {
                self.open(at)?;
                let (_, kind) = self.or()?;
                self.close(")", at)?;
                return Ok((at, kind));
            }
            Kind::Sign("-") => match self.take().kind {
                Kind::Int(value) => (Op::Int(0_i64.wrapping_sub_unsigned(value)), Type::Int),
                _ => return Err(ConditionError::new(at, "a minus stands only before a number; there is no arithmetic")),
            },
            Kind::Int(value) => match i64::try_from(value) {
                Ok(value) => (Op::Int(value), Type::Int),
                Err(_) => return Err(ConditionError::new(at, format!("{value} is over the greatest number, {}", i64::MAX))),
            },
            Kind::Text(text) => (Op::Text(text), Type::Text),
            Kind::Name(name) if name == "true" || name == "false" => (Op::Bool(name == "true"), Type::Bool),
            Kind::Name(name) if name == "null" => {
                return Err(ConditionError::new(at, "there is no null: unknown text is '', an unknown score is -1"));
            }
            Kind::Name(name) => return self.path(at, name),
            Kind::Sign("[") => return Err(ConditionError::new(at, "a list stands only behind 'in'")),
            other => {
                return Err(ConditionError::new(at, format!("expected a name, a value or '(', not {}", other.show())));
            }
        };
        self.parsed.code.push(op);
        Ok((at, kind))
    }

    /// The whole of a path that begins with `first`.
    fn name(&mut self, first: String) -> Checked<String> {
        let mut name = first;
        while self.eat(".") {
            match self.take() {
                Token { kind: Kind::Name(field), .. } => {
                    name.push('.');
                    name.push_str(&field);
                }
                other => {
                    return Err(ConditionError::new(other.at, format!("expected a field's name, not {}", other.kind.show())));
                }
            }
        }
        Ok(name)
    }

    fn path(&mut self, at: usize, first: String) -> Checked<(usize, Type)> {
        let name = self.name(first)?;
        let Some(index) = FACTS.iter().position(|fact| fact.name == name) else {
            return Err(ConditionError::new(at, unknown(&name)));
        };
        let called = matches!(self.peek().kind, Kind::Sign("("));
        let kind = match (FACTS[index].read, called) {
            (Read::OfStep(_), true) => {
                let step = self.argument(&name)?;
                self.parsed.code.push(Op::OfStep(index, step));
                return Ok((at, Type::Bool));
            }
            (Read::OfStep(_), false) => {
                return Err(ConditionError::new(at, format!("{name} asks about a step: write {name}('the-step-id')")));
            }
            (Read::Words(_), false) => {
                return Err(ConditionError::new(at, format!("{name} is a list: write 'a word' in {name}")));
            }
            (Read::Text(_) | Read::Int(_) | Read::Bool(_) | Read::Words(_), true) => {
                return Err(ConditionError::new(self.peek().at, format!("{name} is a value, it is not called")));
            }
            (Read::Text(_), false) => Type::Text,
            (Read::Int(_), false) => Type::Int,
            (Read::Bool(_), false) => Type::Bool,
        };
        self.parsed.code.push(Op::Fact(index));
        Ok((at, kind))
    }

    /// `('step')`. A literal, so that publishing can see which step is meant.
    fn argument(&mut self, name: &str) -> Checked<String> {
        let opened = self.take().at;
        self.open(opened)?;
        let token = self.take();
        let Kind::Text(step) = token.kind else {
            return Err(ConditionError::new(token.at, format!("{name} takes one step id in quotes, not {}", token.kind.show())));
        };
        self.parsed.steps.push((token.at, step.clone()));
        self.close(")", opened)?;
        Ok(step)
    }
}

fn unknown(name: &str) -> String {
    let known = near(name);
    if known.is_empty() {
        return format!("nothing is called '{name}'; names begin with customer, invoice, exposure, history or risk");
    }
    format!("nothing is called '{name}'; did you mean {}?", known.join(", "))
}
