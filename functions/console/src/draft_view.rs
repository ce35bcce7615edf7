//! A draft as its page shows it: each step in words with its form, what is wrong at the field that it is about, and the same document as JSON.

use domain::{Step, workflow::Finding};
use minijinja::{Value as Shown, context, value::Serde};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    ladder::RungView,
    step_fields::{self, FieldView, KINDS},
};

/// Something to be said of a place of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DraftRemark {
    /// JSON pointer into the document.
    pointer: String,
    /// `error` or `warning`.
    severity: &'static str,
    /// What is wrong, and how to mend it.
    detail: String,
    /// The line of the JSON, from 1; 0 where it is about none.
    line: usize,
}

impl DraftRemark {
    /// What does not read, or is refused.
    pub(crate) fn refused(pointer: String, detail: String) -> Self {
        Self { pointer, severity: "error", detail, line: 0 }
    }

    /// What the prover finds.
    pub(crate) fn found(finding: Finding) -> Self {
        Self { severity: finding.severity.as_str(), pointer: finding.pointer, detail: finding.detail, line: 0 }
    }

    /// Whether it is about a field: itself, or something in it.
    fn is_at(&self, name: &str) -> bool {
        let dotted = self.pointer.trim_start_matches('/').replace('/', ".");
        dotted == name || dotted.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    }
}

/// A step with its form.
#[derive(Debug, Serialize)]
struct StepView {
    position: usize,
    id: String,
    /// In words; absent while it does not read.
    rung: Option<RungView>,
    fields: Vec<FieldView>,
    /// What is about the step and none of its fields.
    remarks: Vec<DraftRemark>,
    is_first: bool,
    is_last: bool,
    is_open: bool,
}

/// What a page shows of a document: the plan, its steps, and the JSON. `open` is the step whose form stands open.
pub(crate) fn of(document: &Value, typed: Option<&str>, remarks: Vec<DraftRemark>, open: Option<usize>) -> Shown {
    let text = typed.map_or_else(|| pretty(document), str::to_owned);
    let mut remarks = remarks;
    for remark in &mut remarks {
        remark.line = if typed.is_some() { 0 } else { line_of(document, &remark.pointer) };
    }
    let all = remarks.clone();
    let mut plan = step_fields::of_plan(document);
    take_up(&mut plan, &mut remarks);
    let steps = document.get("steps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let last = steps.len().saturating_sub(1);
    let mut shown = Vec::with_capacity(steps.len());
    for (position, step) in steps.iter().enumerate() {
        let mut fields = step_fields::of_step(step, position);
        let is_wrong = take_up(&mut fields, &mut remarks);
        let (own, rest) = remarks.into_iter().partition(|remark| remark.is_at(&format!("steps.{position}")));
        remarks = rest;
        shown.push(StepView {
            position,
            id: step.get("id").and_then(Value::as_str).unwrap_or_default().to_owned(),
            rung: serde_json::from_value::<Step>(step.clone()).ok().map(|step| RungView::of(&step)),
            fields,
            remarks: own,
            is_first: position == 0,
            is_last: position == last,
            is_open: open == Some(position) || is_wrong,
        });
    }
    let kinds: Vec<Shown> = KINDS.iter().map(|(value, label)| context! { value => *value, label => *label }).collect();
    let lines = text.lines().count().clamp(12, 60);
    context! {
        text,
        lines,
        plan => Shown::from(Serde(&plan)),
        steps => Shown::from(Serde(&shown)),
        remarks => Shown::from(Serde(&remarks)),
        all => Shown::from(Serde(&all)),
        errors => all.iter().filter(|remark| remark.severity == "error").count(),
        kinds,
    }
}

/// The document as people write it.
pub(crate) fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}

/// Puts what is about a field at the field, and takes it out of the rest; whether a field has an error.
fn take_up(fields: &mut [FieldView], remarks: &mut Vec<DraftRemark>) -> bool {
    let mut has_error = false;
    // The longest name first, so that what is about a part is not said of the whole.
    let mut order: Vec<usize> = (0..fields.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(fields.get(*at).map_or(0, |field| field.name.len())));
    for at in order {
        let Some(field) = fields.get_mut(at) else { continue };
        let (own, rest): (Vec<DraftRemark>, Vec<DraftRemark>) = remarks.drain(..).partition(|remark| remark.is_at(&field.name));
        *remarks = rest;
        has_error |= own.iter().any(|remark| remark.severity == "error");
        let said: Vec<String> = own.into_iter().map(|remark| remark.detail).collect();
        field.flaw = said.join(" ");
    }
    has_error
}

/// The line of the JSON at which a place stands: where the deepest part of it that is there begins.
fn line_of(document: &Value, pointer: &str) -> usize {
    const MARK: &str = "\u{1}here\u{1}";
    let mut at = pointer;
    while document.pointer(at).is_none() {
        match at.rfind('/') {
            Some(cut) => at = at.get(..cut).unwrap_or_default(),
            None => return 0,
        }
    }
    let mut marked = document.clone();
    if let Some(value) = marked.pointer_mut(at) {
        *value = json!(MARK);
    }
    let shown = pretty(&marked);
    let found = shown.lines().position(|line| line.contains("\\u0001here\\u0001"));
    found.map_or(0, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({
            "id": "w", "name": "W", "scope": "customer",
            "steps": [{"id": "s", "at": {"anchor": "due_date", "offset": "P1D"},
                       "action": {"send": {"channels": ["email", "sms"], "template": "t", "to": ["billing"]}}}],
        })
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field_and_its_line() {
        let remarks = vec![
            DraftRemark::refused("/steps/0/action/send/channels/1".to_owned(), "no sender".to_owned()),
            DraftRemark::refused("/steps/0".to_owned(), "never comes".to_owned()),
            DraftRemark::refused("/name".to_owned(), "too long".to_owned()),
            DraftRemark::refused("/statement/channels/0".to_owned(), "no text".to_owned()),
        ];
        let shown = serde_json::to_value(of(&document(), None, remarks, None)).unwrap();
        let fields = shown["steps"][0]["fields"].as_array().unwrap();
        let flawed: Vec<&Value> = fields.iter().filter(|field| field["flaw"] != "").collect();
        assert_eq!(
            (flawed.len(), &flawed[0]["name"], &flawed[0]["flaw"]),
            (1, &json!("steps.0.action.send.channels"), &json!("no sender"))
        );
        assert_eq!(shown["steps"][0]["remarks"][0]["detail"], "never comes");
        assert_eq!((&shown["steps"][0]["is_open"], &shown["plan"][0]["flaw"]), (&json!(true), &json!("too long")));
        assert_eq!((shown["remarks"].as_array().unwrap().len(), &shown["errors"]), (1, &json!(4)));
        let text = shown["text"].as_str().unwrap();
        let line =
            |at: usize| text.lines().nth(usize::try_from(shown["all"][at]["line"].as_u64().unwrap()).unwrap() - 1).unwrap();
        assert!(line(0).contains("sms") && line(2).contains("\"name\""), "{text}");
        assert_eq!(line(3), "{", "what is not there is said of the whole");
    }

    #[test]
    fn a_step_that_does_not_read_keeps_its_form() {
        let mut document = document();
        document["steps"][0]["at"]["offset"] = json!("soon");
        let shown = serde_json::to_value(of(&document, Some("typed"), Vec::new(), Some(0))).unwrap();
        assert_eq!((&shown["steps"][0]["rung"], &shown["text"]), (&Value::Null, &json!("typed")));
        assert_eq!(shown["steps"][0]["is_open"], true);
    }
}
