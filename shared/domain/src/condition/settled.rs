//! What a condition always answers, whatever the facts may be: found by asking it about every kind of facts that it tells apart.
//!
//! A condition compares facts with values, so facts between two of its values are alike to it. One value of each kind stands for all. Facts
//! that are not free count as what they are: a customer's kind is one of a few words, an amount due is never below zero.

use std::collections::BTreeMap;

use super::{
    Condition,
    eval::{Compare, Op},
    facts::{FACTS, Read},
};
use crate::Currency;

/// Most kinds of facts that are asked about; a condition that tells more apart is not settled.
const KINDS_MAX: usize = 20_000;

/// A value on its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Bool(bool),
    Int(i64),
    Text(String),
}

/// Something that a condition asks: a fact, whether a word is among those of a fact, or a fact of a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Fact(usize),
    Word(usize, String),
    Step(usize, String),
}

/// What stands on the stack before facts are known.
enum Place {
    Value(Held),
    Fact(usize),
    Answer,
}

/// What a condition asks, each with the values that it is asked with.
type Kinds = BTreeMap<Asked, Vec<Held>>;

impl Condition {
    /// What it always answers, whatever the facts are; `None` where that depends on them, or is not known. `of_step` says what a fact of
    /// a step always is where the condition is asked.
    pub fn settled(&self, of_step: impl Fn(&str, &str) -> Option<bool>) -> Option<bool> {
        let kinds = kinds(&self.code, &of_step)?;
        let count = kinds.values().try_fold(1_usize, |count, values| count.checked_mul(values.len()))?;
        if count > KINDS_MAX {
            return None;
        }
        let mut answers = (0..count).map(|number| {
            let mut left = number;
            let world: BTreeMap<&Asked, &Held> = kinds
                .iter()
                .filter_map(|(asked, values)| {
                    let value = values.get(left % values.len())?;
                    left /= values.len();
                    Some((asked, value))
                })
                .collect();
            run(&self.code, &world)
        });
        let first = answers.next().flatten()?;
        answers.all(|answer| answer == Some(first)).then_some(first)
    }
}

/// What is asked, and the values that tell apart what the condition tells apart; `None` where facts are compared with one another.
fn kinds(code: &[Op], of_step: &impl Fn(&str, &str) -> Option<bool>) -> Option<Kinds> {
    let mut values: BTreeMap<usize, Vec<Held>> = BTreeMap::new();
    let mut kinds = Kinds::new();
    let truths = || vec![Held::Bool(false), Held::Bool(true)];
    let mut stack: Vec<Place> = Vec::new();
    for op in code {
        let place = match op {
            Op::Bool(value) => Place::Value(Held::Bool(*value)),
            Op::Int(value) => Place::Value(Held::Int(*value)),
            Op::Text(value) => Place::Value(Held::Text(value.clone())),
            Op::Fact(index) => {
                values.entry(*index).or_default();
                Place::Fact(*index)
            }
            Op::InFact(index) => match stack.pop()? {
                Place::Value(Held::Text(word)) => {
                    kinds.insert(Asked::Word(*index, word), truths());
                    Place::Answer
                }
                Place::Value(_) | Place::Fact(_) | Place::Answer => return None,
            },
            Op::OfStep(index, step) => {
                let known = FACTS.get(*index).and_then(|fact| of_step(fact.name, step));
                let answers = known.map_or_else(truths, |known| vec![Held::Bool(known)]);
                kinds.insert(Asked::Step(*index, step.clone()), answers);
                Place::Answer
            }
            Op::Not => {
                stack.pop()?;
                Place::Answer
            }
            Op::And | Op::Or => {
                stack.pop()?;
                stack.pop()?;
                Place::Answer
            }
            Op::Compare(_) => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                told_apart(&mut values, &left, &right)?;
                Place::Answer
            }
            Op::In(count) => {
                let items = stack.split_off(stack.len().checked_sub(*count)?);
                let sought = stack.pop()?;
                for item in &items {
                    told_apart(&mut values, &sought, item)?;
                }
                Place::Answer
            }
        };
        stack.push(place);
    }
    for (index, named) in values {
        let fact = FACTS.get(index)?;
        let all = match fact.read {
            Read::Text(_) => texts(fact.name, &named),
            Read::Int(_) => numbers(fact.name, &named),
            Read::Bool(_) => truths(),
            Read::Words(_) | Read::OfStep(_) => return None,
        };
        kinds.insert(Asked::Fact(index), all);
    }
    Some(kinds)
}

/// Notes the value that a fact is compared with; `None` where two facts, or a fact and an answer, are compared.
fn told_apart(values: &mut BTreeMap<usize, Vec<Held>>, left: &Place, right: &Place) -> Option<()> {
    match (left, right) {
        (Place::Fact(fact), Place::Value(value)) | (Place::Value(value), Place::Fact(fact)) => {
            values.entry(*fact).or_default().push(value.clone());
            Some(())
        }
        (Place::Value(_), Place::Value(_)) => Some(()),
        (Place::Answer, _) | (_, Place::Answer) | (Place::Fact(_), Place::Fact(_)) => None,
    }
}

/// The numbers that stand for all: each that is named, and those around it, as far as the fact can be so.
fn numbers(name: &str, named: &[Held]) -> Vec<Held> {
    let (least, most) = match name {
        "exposure.due_now_minor" | "exposure.overdue_minor" | "invoice.due_now_minor" => (0, i64::MAX),
        "exposure.due_items" | "invoice.instalments" | "history.contacts" | "history.days_since_contact" => (0, i64::MAX),
        "history.broken_promises" => (0, i64::MAX),
        "risk.score" => (-1, 100),
        _ => (i64::MIN, i64::MAX),
    };
    let around = |value: &Held| match value {
        Held::Int(value) => vec![value.saturating_sub(1), *value, value.saturating_add(1)],
        Held::Bool(_) | Held::Text(_) => Vec::new(),
    };
    let mut all: Vec<i64> = named.iter().flat_map(around).filter(|value| (least..=most).contains(value)).collect();
    // Below all that is named, and above.
    all.extend([least, most]);
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(Held::Int).collect()
}

/// The texts that stand for all: each that is named and can be, and one behind it in the order of texts.
fn texts(name: &str, named: &[Held]) -> Vec<Held> {
    let closed: Option<&[&str]> = match name {
        "customer.kind" => Some(&["", "company", "sole_trader", "person"]),
        "customer.debt_purpose" => Some(&["", "business", "personal"]),
        _ => None,
    };
    if let Some(words) = closed {
        return words.iter().map(|word| Held::Text((*word).to_owned())).collect();
    }
    let can_be = |text: &str| match name {
        "customer.country" => text.is_empty() || text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
        "customer.language" => !text.chars().any(char::is_uppercase),
        "invoice.currency" | "exposure.currency" => text.is_empty() || Currency::parse(text).is_ok(),
        _ => true,
    };
    let mut all = vec![Held::Text(String::new())];
    for value in named {
        let Held::Text(text) = value else { continue };
        if can_be(text) {
            all.push(value.clone());
        }
        all.push(Held::Text(format!("{text}\u{1}")));
    }
    all.sort();
    all.dedup();
    all
}

/// Runs `code` on values that are all known.
fn run(code: &[Op], world: &BTreeMap<&Asked, &Held>) -> Option<bool> {
    let mut stack: Vec<Held> = Vec::with_capacity(8);
    let truth = |held: Option<Held>| match held {
        Some(Held::Bool(value)) => Some(value),
        Some(Held::Int(_) | Held::Text(_)) | None => None,
    };
    let known = |asked: &Asked| world.get(asked).map(|held| (*held).clone());
    for op in code {
        let value = match op {
            Op::Bool(value) => Held::Bool(*value),
            Op::Int(value) => Held::Int(*value),
            Op::Text(value) => Held::Text(value.clone()),
            Op::Fact(index) => known(&Asked::Fact(*index))?,
            Op::OfStep(index, step) => known(&Asked::Step(*index, step.clone()))?,
            Op::InFact(index) => match stack.pop()? {
                Held::Text(word) => known(&Asked::Word(*index, word))?,
                Held::Bool(_) | Held::Int(_) => return None,
            },
            Op::Not => Held::Bool(!truth(stack.pop())?),
            Op::And => {
                let (right, left) = (truth(stack.pop())?, truth(stack.pop())?);
                Held::Bool(left && right)
            }
            Op::Or => {
                let (right, left) = (truth(stack.pop())?, truth(stack.pop())?);
                Held::Bool(left || right)
            }
            Op::Compare(compare) => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                Held::Bool(match compare {
                    Compare::Eq => left == right,
                    Compare::Ne => left != right,
                    Compare::Lt => left < right,
                    Compare::Le => left <= right,
                    Compare::Gt => left > right,
                    Compare::Ge => left >= right,
                })
            }
            Op::In(count) => {
                let items = stack.split_off(stack.len().checked_sub(*count)?);
                let sought = stack.pop()?;
                Held::Bool(items.contains(&sought))
            }
        };
        stack.push(value);
    }
    truth(stack.pop())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_and_always_holds_is_found() {
        for (source, expected) in [
            ("exposure.open_minor > 5000", None),
            ("exposure.open_minor > 5000 && exposure.open_minor <= 5000", Some(false)),
            ("exposure.open_minor > 5000 && exposure.open_minor < 5002", None),
            ("exposure.open_minor > 5000 && exposure.open_minor < 5001", Some(false)),
            ("exposure.due_items >= 0", Some(true)),
            ("exposure.due_items >= 1", None),
            ("exposure.overdue_minor < 0", Some(false)),
            ("risk.score > 100", Some(false)),
            ("risk.score > 99", None),
            ("invoice.days_past_due < 0 || invoice.days_past_due >= 0", Some(true)),
            ("customer.kind == 'Company'", Some(false)),
            ("customer.kind == 'company'", None),
            ("customer.kind != 'ngo'", Some(true)),
            ("customer.country == 'de'", Some(false)),
            ("customer.country in ['DE', 'AT']", None),
            ("customer.country in ['de', 'at']", Some(false)),
            ("customer.language == 'DE'", Some(false)),
            ("exposure.currency == 'EURO'", Some(false)),
            ("exposure.currency == 'EUR'", None),
            ("customer.segment == 'a' && customer.segment == 'b'", Some(false)),
            ("customer.segment != 'a' || customer.segment != 'b'", Some(true)),
            ("customer.segment > 'a' && customer.segment < 'b'", None),
            ("'vip' in invoice.tags && !('vip' in invoice.tags)", Some(false)),
            ("'vip' in invoice.tags && 'new' in invoice.tags", None),
            ("invoice.sent_to_customer || !invoice.sent_to_customer", Some(true)),
            ("history.satisfied('later')", Some(false)),
            ("!history.satisfied('later') && exposure.open_minor > 1", None),
            ("!history.satisfied('later')", Some(true)),
            ("history.satisfied('before')", None),
            // Facts against one another are not told apart.
            ("invoice.open_minor > exposure.open_minor && invoice.open_minor <= exposure.open_minor", None),
            ("true", Some(true)),
        ] {
            let condition = Condition::check(source).unwrap_or_else(|error| panic!("{source}: {error}"));
            let of_step = |fact: &str, step: &str| (fact == "history.satisfied" && step == "later").then_some(false);
            assert_eq!(condition.settled(of_step), expected, "{source}");
        }
    }
}
