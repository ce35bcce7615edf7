//! Templates that a tenant must not be able to publish, and what is said about them.

use channels::{Template, flaws};
use domain::Channel;

fn email(subject: &str, body: &str) -> Template {
    Template {
        id: "t".into(),
        language: "en".into(),
        channel: Channel::Email,
        subject: Some(subject.into()),
        body: body.into(),
        version: 0,
    }
}

fn check(body: &str, expected: &str) {
    let shown: String = body.chars().take(60).collect();
    let flaws = flaws(&email("Hello", body));
    assert!(flaws.iter().any(|flaw| flaw.detail.contains(expected)), "{shown}: {flaws:?}");
    assert!(flaws.len() <= 25, "{shown}: {}", flaws.len());
}

#[test]
fn refused_with_the_reason() {
    let deep = "(".repeat(7_000);
    let nested_ifs = "{% if true %}".repeat(1_000);
    let loops =
        format!("{}x{}", (0..6).map(|at| format!("{{% for a{at} in invoices %}}")).collect::<String>(), "{% endfor %}".repeat(6));
    for (body, expected) in [
        ("{% for i in range(1000000000) %}x{% endfor %}", "loop has the form"),
        ("{% for i in invoices recursive %}{{ loop(invoices) }}{% endfor %}", "loop has the form"),
        ("{% for i in [1] %}x{% endfor %}", "loop has the form"),
        (loops.as_str(), "takes too long"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "'{% macro %}' cannot be used"),
        ("{% include 'x' %}", "'{% include %}' cannot be used"),
        ("{% import 'x' as y %}", "'{% import %}' cannot be used"),
        ("{% extends 'x' %}", "'{% extends %}' cannot be used"),
        ("{% set a = 'x' %}", "'{% set %}' cannot be used"),
        ("{% with a = 'x' %}{% endwith %}", "'{% with %}' cannot be used"),
        ("{% raw %}{{ nope }}{% endraw %}", "'{% raw %}' cannot be used"),
        ("{% do x() %}", "'{% do %}' cannot be used"),
        ("{%- block x -%}{%- endblock -%}", "'{% block %}' cannot be used"),
        ("{{ customer.name ~ customer.name }}", "'~' cannot be used"),
        ("{{ 'a' * 100000 }}", "'*' cannot be used"),
        ("{{ customer.name + customer.name }}", "'+' cannot be used"),
        ("{{ [customer.name] }}", "lists cannot be written"),
        ("{{ {'a': 1} }}", "'{' cannot be used"),
        ("{{ customer.name | upper }}", "unknown filter 'upper'"),
        ("{{ customer.name|replace('a', 'b') }}", "unknown filter 'replace'"),
        ("{{ customer.name is mapping }}", "unknown test 'mapping'"),
        ("{{ customer.name.upper() }}", "undefined variable"),
        ("{{ dict() }}", "functions cannot be called"),
        ("{{ nope }}", "undefined variable 'nope'"),
        ("{% if false %}{{ nope }}{% endif %}", "undefined variable 'nope'"),
        ("{{ customer.secret }}", "undefined variable 'customer.secret'"),
        ("{{ customer['secret'] }}", "stands for several things"),
        ("{{ invoices[0].nope }}", "undefined variable"),
        ("{{ invoices[0]['nope'] }}", "undefined variable"),
        ("{{ invoices[2].number }}", "undefined variable"),
        ("{% for i in invoices %}{{ i.nope }}{% endfor %}", "undefined variable 'i.nope'"),
        ("{% if false %}{% for i in invoices %}{{ i.nope }}{% endfor %}{% endif %}", "undefined variable 'i.nope'"),
        ("{{ invoices }}", "only texts, numbers, amounts and dates"),
        ("{{ links.pay }}", "nothing to show"),
        ("{{ pay_by | date }}", "nothing to show"),
        ("{% if pay_by %}{{ pay_by | money }}{% endif %}x", "'money' is for amounts"),
        ("{% if pay_by > 1 %}x{% endif %}", "'pay_by' can be shown but not computed"),
        ("{{ pay_by.year }}", "undefined variable"),
        ("{% for pay_by in invoices %}x{% endfor %}", "cannot be called 'pay_by'"),
        ("{{ customer.name | money }}", "'money' is for amounts"),
        ("{{ exposure.total | date }}", "'date' is for dates"),
        ("{% if exposure.total > 1000 %}x{% endif %}", "can be shown but not computed"),
        ("{{ invoices[0].due_now - 1 }}", "can be shown but not computed"),
        ("{% if customer.name %}x", "line 1"),
        ("a\n\n{{ customer.name", "line 3: '{{' is not closed"),
        ("{{ }}", "line 1"),
        ("{{ customer. }}", "line 1"),
        (&format!("{{{{ {deep} }}}}"), "too long"),
        (nested_ifs.as_str(), "line"),
        ("   \n ", "is empty"),
        ("{# nothing #}", "is empty when rendered"),
        (&"x".repeat(16 * 1024 + 1), "16384 allowed"),
    ] {
        check(body, expected);
    }
}

#[test]
fn lines_are_counted() {
    let flaws = flaws(&email("Hello", "one\ntwo {{ nope }}\nthree {{ gone }}"));
    let details: Vec<_> = flaws.iter().map(|flaw| (flaw.pointer, flaw.detail.as_str())).collect();
    assert_eq!(details, [("/body", "line 2: undefined variable 'nope'"), ("/body", "line 3: undefined variable 'gone'")]);
}

/// A channel that nothing is sent by.
fn without_sender() -> Channel {
    Channel::ALL.into_iter().find(|channel| !channel.facts().has_sender).expect("this release has not all of them")
}

#[test]
fn forms_are_checked() {
    let good = email("Hello {{ customer.name }}", "Hello");
    assert_eq!(flaws(&good), []);
    let sms = Template { channel: Channel::Sms, subject: None, ..good.clone() };
    assert_eq!(flaws(&sms), []);
    for (template, pointer) in [
        (Template { id: "A b".into(), ..good.clone() }, "/id"),
        (Template { id: String::new(), ..good.clone() }, "/id"),
        (Template { language: "German".into(), ..good.clone() }, "/language"),
        (Template { language: "de_DE".into(), ..good.clone() }, "/language"),
        (Template { subject: None, ..good.clone() }, "/subject"),
        (Template { subject: Some(String::new()), ..good.clone() }, "/subject"),
        (Template { subject: Some("x".repeat(301)), ..good.clone() }, "/subject"),
        (Template { subject: Some("{{ nope }}".into()), ..good.clone() }, "/subject"),
        (Template { channel: Channel::Sms, ..good.clone() }, "/subject"),
        (Template { channel: without_sender(), subject: None, ..good.clone() }, "/channel"),
        (Template { body: "long words ".repeat(120), ..sms.clone() }, "/body"),
    ] {
        let flaws = flaws(&template);
        assert!(!flaws.is_empty() && flaws.iter().all(|flaw| flaw.pointer == pointer), "{pointer}: {flaws:?}");
    }
}

#[test]
fn what_a_tenant_may_write() {
    for body in [
        "{% for invoice in invoices %}\n- {{ invoice.number }}: {{ invoice.due_now | money }}, {{ invoice.due_on | date }}\n{% endfor %}",
        "{% for i in invoices %}{% if i.days_past_due > 30 %}{{ i.number }} {% elif i.days_past_due < -1 %}x{% else %}y{% endif %}{% endfor %}",
        "{% if invoices | length > 1 %}many{% else %}one{% endif %}",
        "{% for i in invoices %}{{ loop.index }}. {{ i.number }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "x {% if links.pay %}[Pay]({{ links.pay }}){% endif %}",
        "x {% if pay_by %}by {{ pay_by | date }} or {{ pay_by }}{% endif %}",
        "x {% if links.pay is defined %}[Pay]({{ links.pay }}){% endif %}",
        "x {% if links.pay is not defined %}soon{% endif %}",
        "{{ 'much' if invoices[0].currency == 'EUR' and not false else 'little' }}",
        "{%- if contact.name -%} Hi {{- contact.name -}} {%- endif -%} x",
        "Use { braces }, #hash, 100% and ~ or * as you like. {# a comment: ~ #}",
        "{{ invoices[0].url }} {{ invoices[0].instalment }} {{ exposure.total }} {{ case.id }} x",
    ] {
        assert_eq!(flaws(&email("Hello", body)), [], "{body}");
    }
}

#[test]
fn unknown_keys_are_refused() {
    let parse = |json: &str| serde_json::from_str::<Template>(json);
    let good = r#"{"id": "a", "language": "en", "channel": "sms", "body": "x"}"#;
    assert!(parse(good).is_ok());
    assert!(parse(&good.replace("\"body\"", "\"html\": \"\", \"body\"")).is_err());
    assert!(parse(&good.replace("sms", "fax")).is_err());
}
