//! Cases of checking and of meaning; the properties are in `oracle`.

mod oracle;

use super::*;

pub(super) fn sample() -> ConditionFacts {
    ConditionFacts {
        customer: CustomerFacts {
            name: "Acme \"GmbH\"".into(),
            segment: "smb".into(),
            country: "DE".into(),
            ..Default::default()
        }
        .into(),
        invoice: InvoiceFacts {
            open_minor: 500,
            days_past_due: -3,
            tags: vec!["vip".into(), "export".into()],
            sent_to_customer: false,
            ..Default::default()
        },
        exposure: ExposureFacts { open_minor: 12_500, overdue_minor: 0, due_items: 2, ..Default::default() }.into(),
        history: HistoryFacts {
            contacts: 1,
            days_since_contact: 4,
            replied_since: ["reminder".to_owned()].into(),
            satisfied: ["heads-up".to_owned(), "reminder".to_owned()].into(),
            broken_promises: 2,
        },
        risk: RiskFacts::default(),
    }
}

#[test]
fn meanings() {
    for (source, expected) in [
        ("true", true),
        ("!true", false),
        ("!!true", true),
        ("customer.segment == 'smb'", true),
        ("customer.segment != \"smb\"", false),
        ("customer . segment == 'smb'", true),
        ("customer.region == ''", true),
        ("customer.name == 'Acme \\\"GmbH\\x22'", true),
        ("'\\u00e4\\344\\U000000e4' == 'äää'", true),
        ("customer.segment in ['smb', 'retail']", true),
        ("!(customer.segment in ['retail'])", true),
        ("2 in [1, exposure.due_items]", true),
        ("'vip' in invoice.tags", true),
        ("customer.segment in invoice.tags || !('export' in invoice.tags)", false),
        ("invoice.sent_to_customer", false),
        ("!invoice.sent_to_customer == true", true),
        ("exposure.open_minor > 5000 && exposure.open_minor < 0x10000", true),
        ("invoice.days_past_due == -3", true),
        ("invoice.days_past_due >= -2", false),
        ("-9223372036854775808 < 9223372036854775807", true),
        ("-0x8000000000000000 == -9223372036854775808", true),
        ("history.replied_since('reminder')", true),
        ("history.broken_promises >= 2", true),
        ("!history.replied_since('nudge')", true),
        ("history.satisfied('heads-up') && !history.satisfied('nudge')", true),
        ("risk.score == -1", true),
        ("false && false || true", true),
        ("true || false && false", true),
        ("(true || false) && false", false),
        ("1 < 2 == true", true),
        ("!false == true", true),
        ("'a' < 'b' && 'Z' < 'a' && 'z' < 'ä'", true),
        ("1 == 2 in [false]", true),
        (" \n\ttrue\r", true),
    ] {
        match Condition::check(source) {
            Ok(condition) => assert_eq!(condition.holds(&sample()), expected, "{source}"),
            Err(error) => panic!("{source}: {error}"),
        }
    }
}

/// `at` is where the refusal points, and `part` a piece of what it says.
fn refused(source: &str, at: usize, part: &str) {
    match Condition::check(source) {
        Ok(_) => panic!("{source} is accepted"),
        Err(error) => {
            assert!(error.detail.contains(part), "{source}: {}", error.detail);
            assert_eq!(error.at, at, "{source}: {}", error.detail);
        }
    }
}

#[test]
fn refusals() {
    for (source, at, part) in [
        ("", 0, "not the end"),
        ("   ", 3, "not the end"),
        ("customer.segmnet == 'smb'", 0, "did you mean customer.segment"),
        ("open_minor > 5", 0, "exposure.open_minor, invoice.open_minor"),
        ("customer == 'x'", 0, "customer.external_id, customer.name"),
        ("xyzzy", 0, "names begin with customer"),
        ("true || nope", 8, "nothing is called 'nope'"),
        ("false && customer.segment == 3", 26, "a string cannot be compared with a number"),
        ("customer.segment == true", 17, "a string cannot be compared with true or false"),
        ("true < false", 5, "no order"),
        ("exposure.open_minor", 0, "must be true or false; this is a number"),
        ("exposure.open_minor && true", 0, "each side of '&&'"),
        ("true || 'x'", 8, "each side of '||'"),
        ("!customer.name", 1, "what '!' negates"),
        ("1 + 1 == 2", 2, "no arithmetic"),
        ("3 - 1 == 2", 2, "no arithmetic"),
        ("-exposure.open_minor < 2", 0, "a minus stands only before a number"),
        ("true ? true : false", 5, "no '? :'"),
        ("customer['segment'] == 'x'", 0, "nothing is called 'customer'"),
        ("customer.name['x'] == 'x'", 13, "nothing can be indexed"),
        ("customer.name.size() == 3", 0, "did you mean customer.name"),
        ("size(customer.name) == 3", 0, "nothing is called 'size'"),
        ("[1].exists(x, x == 1)", 0, "a list stands only behind 'in'"),
        ("1 in 1", 5, "'in' needs a list"),
        ("1 in []", 6, "empty list"),
        ("1 in invoice.tags", 5, "holds strings, what is sought is a number"),
        ("'a' in invoice.number", 7, "is no list"),
        ("'a' in invoice.tgs", 7, "did you mean invoice.tags"),
        ("invoice.tags == 'a'", 0, "write 'a word' in invoice.tags"),
        ("invoice.tags('a')", 12, "is a value, it is not called"),
        ("1 in [1,]", 8, "behind the ','"),
        ("1 in ['a']", 6, "the list holds a string"),
        ("'a' in ['a', 1]", 13, "the list holds a number"),
        ("customer.segment = 'x'", 17, "write '=='"),
        ("true & true", 5, "write '&&'"),
        ("true | true", 5, "write '||'"),
        ("true true", 5, "expected '&&'"),
        ("(true", 0, "never closed"),
        ("true)", 4, "closes nothing"),
        ("(true]", 5, "closes nothing"),
        ("exposure.open_minor > 12.50", 22, "numbers are whole"),
        ("1e3 == 1", 0, "numbers are whole"),
        ("5u == 5", 0, "whole number"),
        ("0x == 0", 0, "whole number"),
        ("0x+1 == 0", 0, "whole number"),
        ("9223372036854775808 == 1", 0, "over the greatest"),
        ("-9223372036854775809 == 1", 1, "within 64 bits"),
        ("99999999999999999999999 == 1", 0, "within 64 bits"),
        ("null == null", 0, "no null"),
        ("history.satisfied", 0, "write history.satisfied('the-step-id')"),
        ("history.satisfied()", 18, "one step id in quotes"),
        ("history.satisfied(customer.name)", 18, "one step id in quotes"),
        ("history.satisfied('a', 'b')", 21, "expected '&&'"),
        ("customer.name('x')", 13, "it is not called"),
        ("customer.", 9, "expected a field's name"),
        (".customer.name == ''", 0, "expected a name"),
        ("'abc", 0, "not closed"),
        ("'abc\\'", 0, "not closed"),
        ("'\\q' == ''", 1, "not an escape"),
        ("'\\x4' == ''", 1, "not an escape"),
        ("'\\x+4' == ''", 1, "not an escape"),
        ("'\\400' == ''", 1, "not an escape"),
        ("'\\ud800' == ''", 1, "not an escape"),
        ("'\\U00110000' == ''", 1, "not an escape"),
        ("'\\x00' == ''", 1, "not an escape"),
        ("'\\uää' == ''", 1, "not an escape"),
        ("'a\0' == ''", 2, "cannot stand in a string"),
        ("'a\nb' == ''", 2, "cannot stand in a string"),
        ("'''a''' == ''", 0, "not in three"),
        ("r'a' == ''", 0, "no prefix"),
        ("\0true", 0, "means nothing outside a string"),
        ("true // why", 5, "no arithmetic"),
        ("ünder == 1", 0, "means nothing outside a string"),
    ] {
        refused(source, at, part);
    }
}

#[test]
fn hostile_sources_are_refused() {
    refused(&"(".repeat(100_000), SOURCE_MAX, "at most 1024");
    refused(&format!("'{}' == ''", "a".repeat(10_000_000)), SOURCE_MAX, "at most 1024");
    refused(&"(".repeat(1_000), DEPTH_MAX, "nested deeper than 16");
    refused(&"1 in [".repeat(100), 6 * DEPTH_MAX + 5, "nested deeper than 16");
    refused(&"!".repeat(1_000), 1_000, "not the end");
    refused(&"a.".repeat(500), 1_000, "expected a field's name");
    let nested = |depth| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Condition::check(&nested(DEPTH_MAX)).is_ok());
    assert!(Condition::check(&nested(DEPTH_MAX + 1)).is_err());
}

#[test]
fn the_longest_chains_are_held() {
    for (source, expected) in [
        (format!("{}true", "!".repeat(1_020)), true),
        (format!("true{}", "==true".repeat(170)), true),
        (format!("true{}", "&&true".repeat(170)), true),
        (format!("1 in [0{}]", ",1".repeat(500)), true),
    ] {
        assert!(source.len() <= SOURCE_MAX);
        assert_eq!(Condition::check(&source).map(|condition| condition.holds(&sample())), Ok(expected));
    }
}

#[test]
fn constants_are_seen() {
    for (source, expected) in [
        ("false", Some(false)),
        ("1 > 2", Some(false)),
        ("customer.name == 'x' && false", Some(false)),
        ("customer.name == 'x' || true", Some(true)),
        ("customer.name in ['x']", None),
        ("1 in [exposure.due_items]", None),
        ("1 in [exposure.due_items, 1]", Some(true)),
        ("customer.name == 'x' && true", None),
        ("history.satisfied('x')", None),
    ] {
        assert_eq!(Condition::check(source).map(|condition| condition.constant()), Ok(expected), "{source}");
    }
}

#[test]
fn named_steps_are_told() {
    let condition = Condition::check("history.satisfied('a') || history.replied_since(\"b\")").expect("a condition");
    assert_eq!(condition.steps().collect::<Vec<_>>(), [(18, "a"), (48, "b")]);
}

#[test]
fn the_document_lists_every_fact() {
    let document = include_str!("../../../../docs/workflows.md");
    let row = |fact: &Fact| format!("| `{}` | {} | {} |", fact.name, fact.type_text(), fact.doc);
    for fact in FACTS {
        assert!(document.contains(&row(fact)), "docs/workflows.md lacks: {}", row(fact));
    }
    let groups = ["customer.", "invoice.", "exposure.", "history.", "risk."].map(|group| format!("| `{group}"));
    let listed = document.lines().filter(|line| groups.iter().any(|group| line.starts_with(group.as_str()))).count();
    assert_eq!(listed, FACTS.len(), "docs/workflows.md lists a fact that does not exist, or one twice");
}
