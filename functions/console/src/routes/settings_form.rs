//! A form of settings: what its fields hold, the merge patch that it makes, and where each flaw belongs.

use domain::Settings;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::settings_fields::{FieldKind, GROUPS, OPTIONAL, SettingField, SettingGroup};
use crate::posted::Posted;

/// A field as a template shows it.
#[derive(Debug, Serialize)]
pub(super) struct FieldOnPage {
    name: String,
    label: &'static str,
    hint: &'static str,
    kind: &'static str,
    value: String,
    is_ticked: bool,
    options: Vec<Json>,
}

/// What a form of settings came to: the merge patch, and what of it does not even read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct FormPatch {
    pub(super) patch: Json,
    pub(super) flaws: Vec<(String, String)>,
}

/// The settings with all of their parts, also those that are as usual and not written.
pub(super) fn whole(settings: &Settings) -> Json {
    let mut all = json!(settings);
    if let Some(fields) = all.as_object_mut() {
        for (name, part) in [
            ("brand", json!(settings.brand)),
            ("signing", json!(settings.signing)),
            ("sms", json!(settings.sms)),
            ("promises", json!(settings.promises)),
            ("plans", json!(settings.plans)),
            ("disputes", json!(settings.disputes)),
            ("answers", json!(settings.answers)),
            ("notices", json!(settings.notices)),
            ("publishing", json!(settings.publishing)),
        ] {
            fields.entry(name).or_insert(part);
        }
    }
    all
}

/// What a form's fields hold of the settings, by their pointers: a page keeps it, to know what whoever sends it saw.
pub(super) fn part_of(fields: &[SettingField], all: &Json) -> Json {
    let held = fields.iter().filter_map(|field| Some((field.pointer.to_owned(), all.pointer(field.pointer)?.clone())));
    Json::Object(held.collect::<Map<_, _>>())
}

/// The name of a field in its form: the pointer, joined by points, as flaws have it.
pub(super) fn name_of(field: &SettingField) -> String {
    field.pointer.trim_start_matches('/').replace('/', ".")
}

/// The fields with what is stored, or with what was typed where somebody typed something else than they saw.
pub(super) fn on_page(fields: &[SettingField], all: &Json, typed: Option<(Posted<'_>, &Json)>) -> Vec<FieldOnPage> {
    let shown = |field: &SettingField| {
        let name = name_of(field);
        let mut value = text_of(field, all.pointer(field.pointer));
        if let Some((form, seen)) = typed {
            let sent = sent_text(field, form, &name);
            if sent.trim() != text_of(field, seen.get(field.pointer)).trim() {
                value = sent;
            }
        }
        let options = match field.kind {
            FieldKind::Choice(options) => {
                options.iter().map(|(value, label)| json!({ "value": value, "label": label })).collect()
            }
            FieldKind::Text
            | FieldKind::Lines
            | FieldKind::Number
            | FieldKind::Time
            | FieldKind::Tick
            | FieldKind::Words
            | FieldKind::Json => vec![],
        };
        let is_ticked = field.kind == FieldKind::Tick && value == "yes";
        FieldOnPage { name, label: field.label, hint: field.hint, kind: kind_of(field), value, is_ticked, options }
    };
    fields.iter().map(shown).collect()
}

/// The merge patch of what somebody typed that is other than what they saw. `seen` is as [`part_of`] made it.
pub(super) fn patch_of(fields: &[SettingField], form: Posted<'_>, seen: &Json) -> FormPatch {
    let mut made = FormPatch { patch: json!({}), flaws: vec![] };
    for field in fields {
        let sent = sent_text(field, form, &name_of(field));
        if sent.trim() == text_of(field, seen.get(field.pointer)).trim() {
            continue;
        }
        match value_of(field, &sent) {
            Ok(value) => put(&mut made.patch, field.pointer, value),
            Err(flaw) => made.flaws.push((field.pointer.to_owned(), flaw)),
        }
    }
    for pointer in OPTIONAL {
        let within = format!("{pointer}/");
        let own: Vec<&SettingField> = fields.iter().filter(|field| field.pointer.starts_with(&within)).collect();
        let is_empty = own.iter().all(|field| sent_text(field, form, &name_of(field)).trim().is_empty());
        if !own.is_empty() && is_empty && made.patch.pointer(pointer).is_some() {
            put(&mut made.patch, pointer, Json::Null);
        }
    }
    made
}

/// Each flaw at the field of the form that it is about: what lies within a list is said at the list.
pub(super) fn at_fields(fields: &[SettingField], flaws: Vec<(String, String)>) -> Vec<(String, String)> {
    let at = |(pointer, detail): (String, String)| {
        let is_in = |field: &&SettingField| {
            pointer == field.pointer || pointer.strip_prefix(field.pointer).is_some_and(|rest| rest.starts_with('/'))
        };
        let holds = |field: &&SettingField| {
            !pointer.is_empty() && field.pointer.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        match fields.iter().find(is_in) {
            Some(field) if pointer != field.pointer => {
                let rest = pointer.trim_start_matches(field.pointer).trim_start_matches('/').to_owned();
                (field.pointer.to_owned(), format!("{rest}: {detail}"))
            }
            Some(_) => (pointer, detail),
            // Of an object whose fields are in the form one by one, the first says it.
            None => match fields.iter().find(holds) {
                Some(field) => (field.pointer.to_owned(), detail),
                None => (pointer, detail),
            },
        }
    };
    flaws.into_iter().map(at).collect()
}

/// What a place in the settings is called: the label of its field, or its pointer.
pub(super) fn label_of(pointer: &str) -> String {
    let fields = GROUPS.iter().flat_map(|group| group.fields.iter().map(move |field| (group, field)));
    let is_in = |field: &SettingField| {
        pointer == field.pointer || pointer.strip_prefix(field.pointer).is_some_and(|rest| rest.starts_with('/'))
    };
    let mut fitting = fields.filter(|(_, field)| is_in(field));
    let said = |(group, field): (&SettingGroup, &SettingField)| {
        if group.title == field.label { field.label.to_owned() } else { format!("{}: {}", group.title, field.label) }
    };
    fitting.next().map_or_else(|| pointer.trim_start_matches('/').replace('/', "."), said)
}

/// A value as people read it.
pub(super) fn said(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => "nothing".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Bool(true)) => "yes".to_owned(),
        Some(Json::Bool(false)) => "no".to_owned(),
        Some(other) => other.to_string(),
    }
}

fn kind_of(field: &SettingField) -> &'static str {
    match field.kind {
        FieldKind::Text => "text",
        FieldKind::Lines => "lines",
        FieldKind::Number => "number",
        FieldKind::Time => "time",
        FieldKind::Tick => "tick",
        FieldKind::Choice(_) => "choice",
        FieldKind::Words => "words",
        FieldKind::Json => "json",
    }
}

/// What a form says of a field.
fn sent_text(field: &SettingField, form: Posted<'_>, name: &str) -> String {
    match field.kind {
        FieldKind::Tick => String::from(if form.is_ticked(name) { "yes" } else { "" }),
        FieldKind::Text
        | FieldKind::Lines
        | FieldKind::Number
        | FieldKind::Time
        | FieldKind::Choice(_)
        | FieldKind::Words
        | FieldKind::Json => form.text(name).unwrap_or_default().to_owned(),
    }
}

/// What a field shows of a value.
fn text_of(field: &SettingField, value: Option<&Json>) -> String {
    match (field.kind, value) {
        (_, None | Some(Json::Null)) => String::new(),
        (FieldKind::Tick, Some(value)) => String::from(if value == &Json::Bool(true) { "yes" } else { "" }),
        (FieldKind::Words, Some(Json::Array(words))) => {
            let text = |word: &Json| word.as_str().map_or_else(|| word.to_string(), str::to_owned);
            words.iter().map(text).collect::<Vec<_>>().join("\n")
        }
        // An empty list or object says nothing.
        (FieldKind::Json, Some(Json::Array(items))) if items.is_empty() => String::new(),
        (FieldKind::Json, Some(Json::Object(fields))) if fields.is_empty() => String::new(),
        (FieldKind::Json, Some(value)) => serde_json::to_string_pretty(value).unwrap_or_default(),
        (_, Some(Json::String(text))) => text.clone(),
        (_, Some(value)) => value.to_string(),
    }
}

/// The value of what was typed; `null` of an empty field, which goes back to its default.
fn value_of(field: &SettingField, text: &str) -> Result<Json, String> {
    let text = text.trim();
    if field.kind == FieldKind::Tick {
        return Ok(Json::Bool(!text.is_empty()));
    }
    if text.is_empty() {
        return Ok(Json::Null);
    }
    match field.kind {
        FieldKind::Number => {
            text.parse::<u64>().map(|number| json!(number)).map_err(|_| "it is a whole number, such as 50".to_owned())
        }
        FieldKind::Words => Ok(json!(text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>())),
        FieldKind::Json => serde_json::from_str(text)
            .map_err(|error| format!("it is no JSON: look at line {}, column {}", error.line(), error.column())),
        FieldKind::Text | FieldKind::Lines | FieldKind::Time | FieldKind::Choice(_) | FieldKind::Tick => Ok(json!(text)),
    }
}

/// Puts a value into a merge patch.
fn put(patch: &mut Json, pointer: &str, value: Json) {
    let mut here = patch;
    let mut parts = pointer.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let Json::Object(fields) = here else { return };
        if parts.peek().is_none() {
            fields.insert(part.to_owned(), value);
            return;
        }
        here = fields.entry(part).or_insert_with(|| json!({}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::settings_fields::group;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// A form as the page of a group sends it, with these fields changed.
    fn sent(id: &str, all: &Json, changed: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        for field in on_page(group(id).unwrap().fields, all, None) {
            let value =
                changed.iter().find(|(name, _)| *name == field.name).map_or(field.value, |(_, value)| (*value).to_owned());
            fields.push((field.name, value));
        }
        fields
    }

    #[test]
    fn an_unchanged_form_changes_nothing() {
        let mut settings = Settings::named("Acme");
        settings.payment_details = Some("Bank\nIBAN".to_owned());
        settings.chase_unsent = false;
        let all = whole(&settings);
        for group in GROUPS {
            let fields = sent(group.id, &all, &[]);
            let made = patch_of(group.fields, Posted::of(&fields), &part_of(group.fields, &all));
            assert_eq!(made, FormPatch { patch: json!({}), flaws: vec![] }, "{}", group.id);
        }
    }

    #[test]
    fn what_is_typed_is_a_merge_patch_of_what_is_other() {
        let all = whole(&Settings::named("Acme"));
        for (id, changed, expected) in [
            ("company", vec![("name", " Acme & Sons "), ("language", "de")], json!({"name": "Acme & Sons", "language": "de"})),
            (
                "caps",
                vec![("caps.per_day", "50"), ("breaker.factor", "4")],
                json!({"caps": {"per_day": 50}, "breaker": {"factor": 4}}),
            ),
            (
                "window",
                vec![("window.days", "mon\n\n tue "), ("window.from", "")],
                json!({"window": {"days": ["mon", "tue"], "from": null}}),
            ),
            ("payments", vec![("chase_unsent", "")], json!({"chase_unsent": false})),
            ("reports", vec![("costs", "{\"sms\": 7500}")], json!({"costs": {"sms": 7500}})),
        ] {
            let (fields, group) = (sent(id, &all, &changed), group(id).unwrap());
            let made = patch_of(group.fields, Posted::of(&fields), &part_of(group.fields, &all));
            assert_eq!((made.patch, made.flaws.len()), (expected, 0), "{id}");
        }
    }

    #[test]
    fn what_is_there_whole_or_not_at_all_is_taken_away_whole() {
        let mut all = whole(&Settings::named("Acme"));
        all["caps"] = json!({"per_person": {"count": 3, "days": 7}});
        let group = group("caps").unwrap();
        let seen = part_of(group.fields, &all);
        let fields = sent("caps", &all, &[("caps.per_person.count", ""), ("caps.per_person.days", "")]);
        assert_eq!(patch_of(group.fields, Posted::of(&fields), &seen).patch, json!({"caps": {"per_person": null}}));
        let fields = sent("caps", &all, &[("caps.per_person.count", "4")]);
        assert_eq!(patch_of(group.fields, Posted::of(&fields), &seen).patch, json!({"caps": {"per_person": {"count": 4}}}));
    }

    #[test]
    fn what_somebody_else_changed_meanwhile_is_shown_and_what_was_typed_stays() {
        let before = whole(&Settings::named("Acme"));
        let group = group("company").unwrap();
        let seen = part_of(group.fields, &before);
        let fields = sent("company", &before, &[("name", "Acme Ltd")]);
        let mut now = before.clone();
        now["country"] = json!("GB");
        let shown = on_page(group.fields, &now, Some((Posted::of(&fields), &seen)));
        let of = |name: &str| shown.iter().find(|field| field.name == name).unwrap().value.clone();
        assert_eq!((of("name").as_str(), of("country").as_str()), ("Acme Ltd", "GB"));
        // Sent again it changes the name alone.
        let again = sent("company", &now, &[("name", "Acme Ltd")]);
        assert_eq!(patch_of(group.fields, Posted::of(&again), &part_of(group.fields, &now)).patch, json!({"name": "Acme Ltd"}));
    }

    #[test]
    fn each_flaw_is_at_a_field() {
        let fields = group("payments").unwrap().fields;
        let flaws = [("/bank_accounts/0/iban", "no IBAN"), ("/plans/max_parts", "too many"), ("/plans", "odd"), ("/mode", "x")];
        let flaws = at_fields(fields, flaws.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec());
        let found: Vec<(&str, &str)> = flaws.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            found,
            [
                ("/bank_accounts", "0/iban: no IBAN"),
                ("/plans/max_parts", "too many"),
                ("/plans/max_parts", "odd"),
                ("/mode", "x")
            ]
        );
        let bad = form(&[("caps.per_day", "many")]);
        let made = patch_of(group("caps").unwrap().fields, Posted::of(&bad), &json!({}));
        assert_eq!((made.patch, made.flaws[0].0.as_str()), (json!({}), "/caps/per_day"));
        let bad = form(&[("bank_accounts", "[{")]);
        let made = patch_of(&fields[1..2], Posted::of(&bad), &json!({}));
        assert_eq!((made.patch, made.flaws[0].0.as_str()), (json!({}), "/bank_accounts"));
        assert_eq!(label_of("/mode"), "Mode");
        assert_eq!(label_of("/caps/per_day"), "Caps and breaker: Messages a day");
        assert_eq!(label_of("/brand/colour"), "brand.colour");
    }
}
