//! Checked conditions as flat code, so that neither evaluating nor dropping one can run deep.

use super::facts::{ConditionFacts, FACTS, Read};

/// One instruction of a stack machine. The checker only ever emits code that leaves one boolean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Bool(bool),
    Int(i64),
    Text(String),
    /// Reads an entry of [`FACTS`].
    Fact(usize),
    /// Whether the value below is among the words of an entry of [`FACTS`].
    InFact(usize),
    /// Asks an entry of [`FACTS`] about a step.
    OfStep(usize, String),
    Not,
    And,
    Or,
    Compare(Compare),
    /// Whether the value below so many others is among them.
    In(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Values of one kind are comparable; the checker sees to it that kinds never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value<'a> {
    Bool(bool),
    Int(i64),
    Text(&'a str),
}

/// Runs `code`. Without facts each of them is unknown, and the answer is `None` unless it does not depend on them.
pub(super) fn run(code: &[Op], facts: Option<&ConditionFacts>) -> Option<bool> {
    let mut stack: Vec<Option<Value>> = Vec::with_capacity(8);
    for op in code {
        let value = match op {
            Op::Bool(value) => Some(Value::Bool(*value)),
            Op::Int(value) => Some(Value::Int(*value)),
            Op::Text(value) => Some(Value::Text(value)),
            Op::Fact(index) => facts.and_then(|facts| match FACTS[*index].read {
                Read::Text(read) => Some(Value::Text(read(facts))),
                Read::Int(read) => Some(Value::Int(read(facts))),
                Read::Bool(read) => Some(Value::Bool(read(facts))),
                Read::Words(_) | Read::OfStep(_) => None,
            }),
            Op::OfStep(index, step) => facts.and_then(|facts| match FACTS[*index].read {
                Read::OfStep(read) => Some(Value::Bool(read(facts, step))),
                Read::Text(_) | Read::Int(_) | Read::Bool(_) | Read::Words(_) => None,
            }),
            Op::InFact(index) => {
                let sought = stack.pop().flatten();
                sought.zip(facts).and_then(|(sought, facts)| match FACTS[*index].read {
                    Read::Words(read) => Some(Value::Bool(read(facts).iter().any(|word| Value::Text(word) == sought))),
                    Read::Text(_) | Read::Int(_) | Read::Bool(_) | Read::OfStep(_) => None,
                })
            }
            Op::Not => truth(stack.pop()).map(|value| Value::Bool(!value)),
            Op::And => both(&mut stack, false),
            Op::Or => both(&mut stack, true),
            Op::Compare(compare) => {
                let (right, left) = (stack.pop().flatten(), stack.pop().flatten());
                left.zip(right).map(|(left, right)| Value::Bool(compare.holds(left, right)))
            }
            Op::In(count) => {
                let items = stack.split_off(stack.len().saturating_sub(*count));
                let sought = stack.pop().flatten();
                sought.and_then(|sought| {
                    let found = items.iter().flatten().any(|item| *item == sought);
                    (found || items.iter().all(Option::is_some)).then_some(Value::Bool(found))
                })
            }
        };
        stack.push(value);
    }
    truth(stack.pop())
}

fn truth(value: Option<Option<Value>>) -> Option<bool> {
    match value.flatten() {
        Some(Value::Bool(value)) => Some(value),
        Some(Value::Int(_) | Value::Text(_)) | None => None,
    }
}

/// `&&` (`settles` false) and `||` (`settles` true): one side that settles it makes the other irrelevant.
fn both<'a>(stack: &mut Vec<Option<Value<'a>>>, settles: bool) -> Option<Value<'a>> {
    match (truth(stack.pop()), truth(stack.pop())) {
        (Some(value), _) | (_, Some(value)) if value == settles => Some(Value::Bool(settles)),
        (Some(_), Some(_)) => Some(Value::Bool(!settles)),
        (None, _) | (_, None) => None,
    }
}

impl Compare {
    fn holds(self, left: Value, right: Value) -> bool {
        match self {
            Self::Eq => left == right,
            Self::Ne => left != right,
            Self::Lt => left < right,
            Self::Le => left <= right,
            Self::Gt => left > right,
            Self::Ge => left >= right,
        }
    }
}
