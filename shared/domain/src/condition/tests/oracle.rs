//! The same source means the same to an independent CEL implementation.

use std::collections::HashMap;
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, Program, Value};
use proptest::prelude::*;

use super::super::facts::Read;
use super::super::*;

const WORDS: [&str; 6] = ["", "smb", "SMB", "reminder", "ä'\"\\", "x\u{1F600}"];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(&WORDS[..]).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![-2_i64..4, Just(i64::MIN), Just(i64::MAX), any::<i64>()]
}

/// One literal in one of its spellings.
fn text_literal() -> impl Strategy<Value = String> {
    (word(), 0..4_u8).prop_map(|(word, spelling)| {
        let spelled = word.chars().map(|c| match (c, spelling) {
            ('\\' | '\'' | '"', _) => format!("\\{c}"),
            (c, 0) if (c as u32) < 256 => format!("\\x{:02x}", c as u32),
            (c, 1) if (c as u32) < 256 => format!("\\{:03o}", c as u32),
            (c, 2) => format!("\\U{:08x}", c as u32),
            (c, _) => c.to_string(),
        });
        let quote = if spelling % 2 == 0 { '\'' } else { '"' };
        format!("{quote}{}{quote}", spelled.collect::<String>())
    })
}

fn int_literal() -> impl Strategy<Value = String> {
    (number(), any::<bool>()).prop_map(|(value, hex)| match (hex, value < 0) {
        (true, true) => format!("-0x{:x}", value.unsigned_abs()),
        (true, false) => format!("0x{value:x}"),
        (false, _) => value.to_string(),
    })
}

fn named(kind: fn(&Read) -> bool) -> impl Strategy<Value = String> {
    let names: Vec<&str> = FACTS.iter().filter(|fact| kind(&fact.read)).map(|fact| fact.name).collect();
    prop::sample::select(names).prop_map(str::to_owned)
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![named(|read| matches!(read, Read::Text(_))), text_literal()].boxed()
}

fn int() -> BoxedStrategy<String> {
    prop_oneof![named(|read| matches!(read, Read::Int(_))), int_literal()].boxed()
}

fn listed(item: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    (item.clone(), prop::collection::vec(item, 1..4)).prop_map(|(sought, items)| format!("{sought} in [{}]", items.join(", ")))
}

fn ordered(side: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    (side.clone(), prop::sample::select(&["==", "!=", "<", "<=", ">", ">="][..]), side)
        .prop_map(|(left, sign, right)| format!("{left} {sign}{right}"))
}

/// Sources that check, with parentheses only where types need them: precedence is part of what is compared.
fn source() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        ordered(text()),
        ordered(int()),
        listed(text()),
        listed(int()),
        named(|read| matches!(read, Read::Bool(_))),
        (text(), named(|read| matches!(read, Read::Words(_)))).prop_map(|(sought, words)| format!("{sought} in {words}")),
        (named(|read| matches!(read, Read::OfStep(_))), text_literal()).prop_map(|(name, step)| format!("{name}({step})")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("!({a})")),
            inner.clone().prop_map(|a| format!("!!({a})")),
            inner.clone().prop_map(|a| format!("({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} && {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}||{b}")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a} || {b} && {c}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} == ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("!({a})\n!= ({b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) in [{b}]")),
        ]
    })
}

fn facts() -> impl Strategy<Value = ConditionFacts> {
    let steps = || prop::collection::btree_set(word(), 0..4);
    (prop::collection::vec(word(), 19), prop::collection::vec(number(), 14), steps(), steps()).prop_map(
        |(mut words, mut numbers, replied_since, satisfied)| {
            let mut word = || words.pop().expect("as many as are asked for");
            let mut number = || numbers.pop().expect("as many as are asked for");
            ConditionFacts {
                customer: CustomerFacts {
                    external_id: word(),
                    name: word(),
                    kind: word(),
                    segment: word(),
                    language: word(),
                    country: word(),
                    region: word(),
                    debt_purpose: word(),
                    legal_entity: word(),
                    parent_external_id: word(),
                }
                .into(),
                invoice: InvoiceFacts {
                    number: word(),
                    currency: word(),
                    purchase_order: word(),
                    total_minor: number(),
                    open_minor: number(),
                    due_now_minor: number(),
                    days_past_due: number(),
                    instalments: number(),
                    legal_entity: word(),
                    tags: vec![word(), word()],
                    for_external_id: word(),
                    for_name: word(),
                    sent_to_customer: number() > 0,
                },
                exposure: ExposureFacts {
                    currency: word(),
                    open_minor: number(),
                    due_now_minor: number(),
                    overdue_minor: number(),
                    due_items: number(),
                    oldest_days_past_due: number(),
                }
                .into(),
                history: HistoryFacts {
                    contacts: number(),
                    days_since_contact: 7,
                    replied_since,
                    satisfied,
                    broken_promises: number(),
                },
                risk: RiskFacts { score: number() },
            }
        },
    )
}

/// What the other implementation answers. The functions are found by name alone there, so each is added once.
fn oracle(source: &str, facts: &ConditionFacts) -> Value {
    let mut context = Context::default();
    let mut groups: HashMap<&str, HashMap<String, Value>> = HashMap::new();
    for fact in FACTS {
        let (group, field) = fact.name.split_once('.').expect("every name has a group");
        let value = match fact.read {
            Read::Text(read) => Value::from(read(facts)),
            Read::Int(read) => Value::Int(read(facts)),
            Read::Bool(read) => Value::Bool(read(facts)),
            Read::Words(read) => Value::from(read(facts).to_vec()),
            Read::OfStep(read) => {
                let facts = facts.clone();
                context
                    .add_function(field, move |This(_): This<Value>, step: Arc<String>| read(&facts, &step))
                    .expect("a new name");
                continue;
            }
        };
        groups.entry(group).or_default().insert(field.to_owned(), value);
    }
    for (group, fields) in groups {
        context.add_variable_from_value(group, fields);
    }
    Program::compile(source).expect("a CEL program").execute(&context).expect("a value")
}

proptest! {
    #[test]
    fn agrees_with_cel(source in source().prop_filter("short enough", |source| source.len() <= SOURCE_MAX), facts in facts()) {
        let condition = Condition::check(&source).map_err(|error| TestCaseError::fail(format!("{source}: {error}")))?;
        prop_assert_eq!(Value::Bool(condition.holds(&facts)), oracle(&source, &facts), "{}", source);
        if let Some(constant) = condition.constant() {
            prop_assert_eq!(constant, condition.holds(&facts), "{}", source);
        }
    }

    #[test]
    fn random_text_never_panics(source in "\\PC{0,200}") {
        let _ = Condition::check(&source);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..1_100)) {
        let _ = Condition::check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_tokens_never_panic(
        parts in prop::collection::vec(prop::sample::select(&[
            "(", ")", "[", "]", "!", "-", ",", ".", "&&", "||", "==", "<", " in ", "1", "0x", "'a'", "'\\", "\"", "customer.name",
            "history.satisfied", "true", "9223372036854775808", "é", "\0",
        ][..]), 0..200),
        facts in facts(),
    ) {
        if let Ok(condition) = Condition::check(&parts.concat()) {
            condition.holds(&facts);
        }
    }
}
