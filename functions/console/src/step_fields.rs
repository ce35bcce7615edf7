//! The form of a step: its fields as a page shows them, and what was typed into them as the step's JSON. What cannot be read stays in the JSON as it
//! was typed, so that whoever reads it says at which field it is wrong.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::posted::Posted;

/// How a field is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FieldForm {
    /// A line; left out where it is empty.
    Line,
    /// A line that has to be there, empty or not.
    Needed,
    /// A whole number.
    Number,
    /// Words, by commas.
    Words,
    /// One of these: the value and what it is called. An empty value leaves the field out.
    OneOf(&'static [(&'static str, &'static str)]),
    /// A box.
    Box,
}

/// A field of every step, or of an action: its place below the step, what it is called, and how to fill it in.
type Field = (&'static str, &'static str, &'static str, FieldForm);

const ANCHORS: &[(&str, &str)] = &[
    ("due_date", "the due date"),
    ("invoice_date", "the invoice date"),
    ("previous_step", "the step before"),
    ("case_opened", "the day the case opened"),
    ("promise_date", "the promised day"),
];
const AFTERWARDS: &[(&str, &str)] = &[("", "nothing said"), ("skip", "skip it"), ("do", "do it all the same")];
const UNITS: &[(&str, &str)] =
    &[("days", "days"), ("business_days", "business days"), ("months", "months"), ("month_ends", "months, on the last day")];
const SIDES: &[(&str, &str)] = &[("after", "after"), ("before", "before")];

/// The fields of every step beside its moment.
const OF_EACH: &[Field] = &[
    ("when", "Only when", "a condition; empty: always", FieldForm::Line),
    ("wait.until", "Wait until", "a condition; empty: no waiting", FieldForm::Line),
    ("wait.at_most", "Wait at most", "such as P14D", FieldForm::Line),
    ("wait.then", "After waiting that long", "", FieldForm::OneOf(AFTERWARDS)),
    ("pay_by.days", "Ask to be paid within days", "of a message; 1 to 180", FieldForm::Number),
    ("repeat.every", "Repeat every", "such as P7D", FieldForm::Line),
    ("repeat.times", "Times in all", "2 to 12", FieldForm::Number),
    (
        "catch_up",
        "When it is late",
        "",
        FieldForm::OneOf(&[
            ("lowest", "this step goes first"),
            ("highest", "a later step that is due goes instead"),
            ("skip", "it is skipped"),
        ]),
    ),
    ("keep_distance", "Keep the distance to a step before that was late", "", FieldForm::Box),
    ("approval", "Approval", "", FieldForm::OneOf(&[("", "none"), ("required", "a person approves first")])),
    ("approve_within", "Approve within", "such as P14D; empty: it waits for good", FieldForm::Line),
    ("then", "Without an answer", "", FieldForm::OneOf(AFTERWARDS)),
];
const SEND: &[Field] = &[
    ("action.send.template", "Template", "its id", FieldForm::Needed),
    ("action.send.channels", "Channels", "in order of preference: email, sms, voice, whatsapp, letter", FieldForm::Words),
    ("action.send.to", "To", "in order of preference: billing, approver, executive, site", FieldForm::Words),
    (
        "action.send.fallback",
        "Where nobody can be reached",
        "",
        FieldForm::OneOf(&[("task", "a person gets a task"), ("none", "only the exception")]),
    ),
    ("action.send.copies", "Copies", "to how many more people, 0 to 5", FieldForm::Number),
    ("action.send.after", "Next channel after", "without a receipt, such as P1D; empty: never", FieldForm::Line),
    ("action.send.attach", "Carries", "statement, invoices; empty: nothing", FieldForm::Words),
];
const TASK: &[Field] = &[
    ("action.task.title", "What to do", "", FieldForm::Needed),
    ("action.task.to", "Who", "a role or name; empty: whoever takes it", FieldForm::Line),
    ("action.task.due_in", "Within", "such as P7D", FieldForm::Line),
];
const NOTIFY: &[Field] = &[
    ("action.notify.to", "Whom", "a role or name of yours", FieldForm::Needed),
    ("action.notify.via", "By", "email, slack, teams, sns", FieldForm::Words),
    ("action.notify.urgent", "At once, whatever the hour", "", FieldForm::Box),
];
const ESCALATE: &[Field] = &[
    ("action.escalate.to", "Whom", "a role or name of yours", FieldForm::Needed),
    ("action.escalate.via", "By", "email, slack, teams, sns", FieldForm::Words),
    ("action.escalate.urgent", "At once, whatever the hour", "", FieldForm::Box),
];
const CREDIT_HOLD: &[Field] = &[("action.credit_hold.confirm_within", "Confirmed within", "such as P3D", FieldForm::Needed)];
const CHANGE_TERMS: &[Field] = &[
    ("action.change_terms.terms", "Terms", "prepayment, or days to pay such as P7D", FieldForm::Needed),
    ("action.change_terms.confirm_within", "Confirmed within", "such as P3D", FieldForm::Needed),
];
const HAND_OFF: &[Field] = &[("action.hand_off.agency", "Agency", "", FieldForm::Needed)];
const FEE: &[Field] = &[
    ("action.fee.kind", "Reckoned", "", FieldForm::OneOf(&[("fixed", "a fixed amount"), ("statutory", "as the law allows")])),
    ("action.fee.amount_minor", "Amount", "minor units, of a fixed fee", FieldForm::Number),
];
/// The plan as a whole.
const OF_PLAN: &[Field] = &[
    ("name", "Name", "for people", FieldForm::Needed),
    ("scope", "One ladder", "", FieldForm::OneOf(&[("customer", "a customer"), ("invoice", "an invoice")])),
    ("priority", "Priority", "where several workflows apply, the highest wins", FieldForm::Number),
    ("applies_when", "Applies when", "a condition; empty: always", FieldForm::Line),
    ("exit_when", "Over while", "a condition; empty: never", FieldForm::Line),
    ("min_gap", "Between two contacts at least", "such as P3D", FieldForm::Needed),
];

/// The kinds of steps: what the document calls each, and what people do.
pub(crate) const KINDS: [(&str, &str); 8] = [
    ("send", "Message"),
    ("task", "Task"),
    ("notify", "Tell somebody"),
    ("escalate", "Escalate"),
    ("credit_hold", "Stop supply"),
    ("change_terms", "Stricter terms"),
    ("hand_off", "Hand off"),
    ("fee", "Fee"),
];

/// A field as the template shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldView {
    pub(crate) name: String,
    label: &'static str,
    hint: &'static str,
    /// `text`, `number`, `choice` or `box`.
    form: &'static str,
    value: String,
    options: Vec<FieldOption>,
    pub(crate) flaw: String,
}

/// One of the values of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct FieldOption {
    value: &'static str,
    label: &'static str,
}

/// The fields of the plan as a whole, filled from its document.
pub(crate) fn of_plan(document: &Value) -> Vec<FieldView> {
    OF_PLAN.iter().map(|field| view(field, "", document)).collect()
}

/// The fields of the step at a position, filled from its document.
pub(crate) fn of_step(step: &Value, position: usize) -> Vec<FieldView> {
    let prefix = format!("steps.{position}.");
    let mut fields = vec![
        view(&("id", "Step", "1 to 64 of a-z 0-9 - _", FieldForm::Needed), &prefix, step),
        view(&("at.anchor", "Counts from", "", FieldForm::OneOf(ANCHORS)), &prefix, step),
    ];
    fields.extend(offset_views(step, &prefix));
    fields.extend(of_action(step).iter().chain(OF_EACH).map(|field| view(field, &prefix, step)));
    fields
}

/// What was typed about the plan as a whole, put into its document.
pub(crate) fn put_plan(document: &mut Value, posted: Posted<'_>) {
    for field in OF_PLAN {
        put(document, field, "", posted);
    }
}

/// What was typed about the step at a position, put into its document.
pub(crate) fn put_step(step: &mut Value, position: usize, posted: Posted<'_>) {
    let prefix = format!("steps.{position}.");
    put(step, &("id", "", "", FieldForm::Needed), &prefix, posted);
    put(step, &("at.anchor", "", "", FieldForm::OneOf(ANCHORS)), &prefix, posted);
    set(step, "at.offset", Some(offset(posted, &prefix)));
    for field in of_action(step).iter().chain(OF_EACH) {
        put(step, field, &prefix, posted);
    }
    if let Some(terms) = step.pointer("/action/change_terms/terms").and_then(Value::as_str).and_then(days_to_pay) {
        set(step, "action.change_terms.terms", Some(json!({ "days": terms })));
    }
    for part in ["wait", "pay_by", "repeat"] {
        if step.get(part).and_then(Value::as_object).is_some_and(Map::is_empty) {
            set(step, part, None);
        }
    }
}

/// A step of a kind to begin with, the day after another one; `None` for a kind that there is not.
pub(crate) fn fresh(kind: &str, id: String, is_first: bool) -> Option<Value> {
    let action = match kind {
        "send" => json!({"channels": ["email"], "template": "reminder", "to": ["billing"]}),
        "task" => json!({"title": "Decide what to do"}),
        "notify" | "escalate" => json!({"to": "collector", "via": ["email"]}),
        "credit_hold" => json!({"confirm_within": "P3D"}),
        "change_terms" => json!({"terms": "prepayment", "confirm_within": "P3D"}),
        "hand_off" => json!({"agency": ""}),
        "fee" => json!({"kind": "statutory"}),
        _ => return None,
    };
    let anchor = if is_first { "due_date" } else { "previous_step" };
    Some(json!({"id": id, "at": {"anchor": anchor, "offset": "P7D"}, "action": {kind: action}}))
}

fn of_action(step: &Value) -> &'static [Field] {
    let kind = step.get("action").and_then(Value::as_object).and_then(|action| action.keys().next()).map(String::as_str);
    match kind {
        Some("send") => SEND,
        Some("task") => TASK,
        Some("notify") => NOTIFY,
        Some("escalate") => ESCALATE,
        Some("credit_hold") => CREDIT_HOLD,
        Some("change_terms") => CHANGE_TERMS,
        Some("hand_off") => HAND_OFF,
        Some("fee") => FEE,
        Some(_) | None => &[],
    }
}

fn view(&(path, label, hint, form): &Field, prefix: &str, from: &Value) -> FieldView {
    let found = from.pointer(&format!("/{}", path.replace('.', "/")));
    let value = match (found, form) {
        (None | Some(Value::Null), _) => String::new(),
        (Some(Value::Bool(ticked)), FieldForm::Box) => {
            if *ticked {
                "yes".to_owned()
            } else {
                String::new()
            }
        }
        (Some(Value::String(text)), _) => text.clone(),
        (Some(Value::Array(words)), _) => words.iter().map(as_text).collect::<Vec<_>>().join(", "),
        (Some(Value::Object(terms)), _) => terms.get("days").map_or_else(String::new, |days| format!("P{days}D")),
        (Some(other), _) => other.to_string(),
    };
    let (form, options) = match form {
        FieldForm::Line | FieldForm::Needed | FieldForm::Words => ("text", Vec::new()),
        FieldForm::Number => ("number", Vec::new()),
        FieldForm::Box => ("box", Vec::new()),
        FieldForm::OneOf(options) => ("choice", offered(options)),
    };
    FieldView { name: format!("{prefix}{path}"), label, hint, form, value, options, flaw: String::new() }
}

fn offered(options: &[(&'static str, &'static str)]) -> Vec<FieldOption> {
    options.iter().map(|(value, label)| FieldOption { value, label }).collect()
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How far from its anchor a step is, as three fields.
fn offset_views(step: &Value, prefix: &str) -> Vec<FieldView> {
    let offset = step.pointer("/at/offset").unwrap_or(&Value::Null);
    let whole = |name: &str| offset.get(name).and_then(Value::as_i64);
    let is_end = offset.get("end_of_month").and_then(Value::as_bool).unwrap_or(false);
    let (count, unit) = match (whole("business_days"), whole("months"), offset.as_str()) {
        (Some(count), _, _) => (count.to_string(), "business_days"),
        (None, Some(count), _) => (count.to_string(), if is_end { "month_ends" } else { "months" }),
        (None, None, Some(text)) => simple(text).unwrap_or_else(|| (text.to_owned(), "days")),
        (None, None, None) => (String::new(), "days"),
    };
    let (side, count) = match count.strip_prefix('-') {
        Some(count) => ("before", count.to_owned()),
        None => ("after", count),
    };
    // A distance that is no whole number of one unit stays as the document writes it.
    let form_of_count = if count.bytes().all(|digit| digit.is_ascii_digit()) { "number" } else { "text" };
    let field = |name: &str, label, form, value: String, options| FieldView {
        name: format!("{prefix}at.{name}"),
        label,
        hint: "",
        form,
        value,
        options,
        flaw: String::new(),
    };
    vec![
        field("offset", "How far", form_of_count, count, Vec::new()),
        field("unit", "In", "choice", unit.to_owned(), offered(UNITS)),
        field("side", "Before or after", "choice", side.to_owned(), offered(SIDES)),
    ]
}

/// `P5D` as 5 days, `-P2W` as -14 days, `P1M` as a month.
fn simple(text: &str) -> Option<(String, &'static str)> {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let rest = rest.strip_prefix('P')?;
    let count = |digits: &str| digits.parse::<u32>().ok();
    if let Some(months) = rest.strip_suffix('M').and_then(count) {
        return Some((format!("{sign}{months}"), "months"));
    }
    let days = match (rest.strip_suffix('D').and_then(count), rest.strip_suffix('W').and_then(count)) {
        (Some(days), _) => days,
        (None, Some(weeks)) => weeks.checked_mul(7)?,
        (None, None) => return None,
    };
    Some((format!("{sign}{days}"), "days"))
}

/// The offset that was typed.
fn offset(posted: Posted<'_>, prefix: &str) -> Value {
    let typed = posted.text(&format!("{prefix}at.offset")).unwrap_or_default();
    let Ok(count) = typed.parse::<u32>() else { return json!(typed) };
    let is_before = posted.text(&format!("{prefix}at.side")) == Some("before");
    let signed = if is_before { -i64::from(count) } else { i64::from(count) };
    match posted.text(&format!("{prefix}at.unit")) {
        Some("business_days") => json!({ "business_days": signed }),
        Some("months") => json!({ "months": signed }),
        Some("month_ends") => json!({ "months": signed, "end_of_month": true }),
        Some(_) | None => json!(format!("{}P{count}D", if is_before && count > 0 { "-" } else { "" })),
    }
}

fn days_to_pay(text: &str) -> Option<u16> {
    text.strip_prefix('P')?.strip_suffix('D')?.parse().ok()
}

fn put(into: &mut Value, &(path, _, _, form): &Field, prefix: &str, posted: Posted<'_>) {
    let typed = posted.text(&format!("{prefix}{path}"));
    let value = match form {
        FieldForm::Line | FieldForm::OneOf(_) => typed.map(|text| json!(text)),
        FieldForm::Needed => Some(json!(typed.unwrap_or_default())),
        FieldForm::Number => typed.map(|text| text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))),
        FieldForm::Words => {
            let words = typed.unwrap_or_default().split([',', ' ']).filter(|word| !word.is_empty());
            Some(json!(words.collect::<Vec<_>>()))
        }
        FieldForm::Box => typed.map(|_| json!(true)),
    };
    set(into, path, value);
}

/// Sets a member by its path, making what is around it; `None` takes it out.
fn set(into: &mut Value, path: &str, value: Option<Value>) {
    let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at = into;
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        if value.is_none() && at.get(part).is_none() {
            return;
        }
        if !at.is_object() {
            *at = json!({});
        }
        let Some(object) = at.as_object_mut() else { return };
        at = object.entry(part.to_owned()).or_insert_with(|| json!({}));
    }
    if !at.is_object() {
        *at = json!({});
    }
    let Some(object) = at.as_object_mut() else { return };
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// What a form shows, posted as it is.
    fn again(step: &Value) -> Value {
        let fields = of_step(step, 2);
        let fields: Vec<(String, String)> = fields.into_iter().map(|field| (field.name, field.value)).collect();
        let mut out = step.clone();
        put_step(&mut out, 2, Posted::of(&fields));
        out
    }

    #[test]
    fn a_form_that_is_posted_as_it_was_shown_changes_nothing() {
        for (at, (kind, _)) in KINDS.iter().enumerate() {
            let mut step = fresh(kind, "s".to_owned(), at == 0).unwrap();
            let plain: domain::Step = serde_json::from_value(step.clone()).unwrap();
            step = json!(plain);
            let read: domain::Step = serde_json::from_value(again(&step)).unwrap();
            assert_eq!(read, plain, "{kind}");
        }
        for offset in [json!("-P14D"), json!("P1M"), json!({"months": -2, "end_of_month": true}), json!({"business_days": 4})] {
            let mut step = fresh("send", "s".to_owned(), true).unwrap();
            step["at"]["offset"] = offset;
            step["wait"] = json!({"until": "exposure.due_items >= 3", "at_most": "P14D", "then": "skip"});
            step["action"]["send"]["channels"] = json!(["email", "sms"]);
            let plain: domain::Step = serde_json::from_value(step).unwrap();
            let read: domain::Step = serde_json::from_value(again(&json!(plain))).unwrap();
            assert_eq!(read, plain);
        }
        assert_eq!(fresh("nothing", String::new(), true), None);
    }

    #[test]
    fn what_is_typed_comes_into_the_step_and_what_is_emptied_goes() {
        let mut step = fresh("send", "s".to_owned(), true).unwrap();
        step["wait"] = json!({"until": "true", "at_most": "P14D", "then": "skip"});
        let fields = posted(&[
            ("steps.0.id", "nudge"),
            ("steps.0.at.anchor", "due_date"),
            ("steps.0.at.offset", "3"),
            ("steps.0.at.side", "before"),
            ("steps.0.at.unit", "days"),
            ("steps.0.action.send.template", "nudge"),
            ("steps.0.action.send.channels", "email,  sms"),
            ("steps.0.action.send.to", "billing"),
            ("steps.0.pay_by.days", "ten"),
        ]);
        put_step(&mut step, 0, Posted::of(&fields));
        assert_eq!(step["at"], json!({"anchor": "due_date", "offset": "-P3D"}));
        assert_eq!(step["action"]["send"]["channels"], json!(["email", "sms"]));
        assert_eq!((step.get("wait"), &step["pay_by"]["days"]), (None, &json!("ten")));
        let flaw = serde_json::from_value::<domain::Step>(step).unwrap_err().to_string();
        assert!(flaw.contains("ten"), "{flaw}");
    }
}
