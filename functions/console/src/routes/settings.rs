//! The settings: a form a group, tried before it is stored; the same as JSON; the kill switch and the breaker.

use minijinja::{Value, context};
use serde_json::{Value as Json, json};
use service::{NotDone, Operation};
use setup::{
    merge_patch::ChangedField,
    settings::{self, SettingsFound, SettingsWrite},
};

use super::{
    settings_fields::{GROUPS, SettingGroup, group},
    settings_form::{FormPatch, at_fields, label_of, on_page, part_of, patch_of, said, whole},
};
use crate::{
    outcome::{ConsolePage, ConsoleReply, ConsoleTrouble, PageResult},
    posted::FormFlaws,
    sections::Section,
    shown::shown,
    visit::ConsoleVisit,
};

/// Where they are.
const SETTINGS: &str = "/console/settings";

/// What a form of settings came to, beside what is stored.
#[derive(Default)]
struct FormOutcome {
    flaws: Vec<(String, String)>,
    /// What would change, and the merge patch that says so.
    preview: Option<(Vec<ChangedField>, Json)>,
    /// What somebody else changed meanwhile.
    meanwhile: Vec<ChangedField>,
}

/// `GET /console/settings`: the mode, what stops everything, what should not stay so, and the groups.
pub(crate) async fn overview(visit: &ConsoleVisit) -> PageResult {
    let Some(found) = stored(visit).await? else { return nothing_yet(visit) };
    let controls = settings::show_controls(visit.store(), &visit.actor).await?;
    let warnings: Vec<Json> = found
        .warnings
        .iter()
        .map(|(pointer, detail)| json!({ "where": label_of(pointer), "detail": detail, "address": group_address(pointer) }))
        .collect();
    let values = context! {
        groups => nav(""),
        mode => json_text(&json!(found.settings.mode)),
        training => found.settings.training,
        paused => controls.paused,
        breaker_open => controls.breaker_open,
        warnings => shown(&warnings),
        may_pause => visit.may(Operation::Pause),
        may_reset => visit.may(Operation::ResetBreaker),
    };
    Ok(ConsolePage::new(Section::Settings, "Settings", "settings", values).into())
}

/// `GET /console/settings/{group}`: a form.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let group = group(visit.path_value("group")).ok_or(ConsoleTrouble::NoPage)?;
    let Some(found) = stored(visit).await? else { return nothing_yet(visit) };
    Ok(page(visit, group, &found, FormOutcome::default()))
}

/// `POST /console/settings/{group}`: tries the form, or stores it.
pub(crate) async fn change(visit: &ConsoleVisit) -> PageResult {
    let group = group(visit.path_value("group")).ok_or(ConsoleTrouble::NoPage)?;
    let Some(found) = stored(visit).await? else { return nothing_yet(visit) };
    let all = whole(&found.settings);
    let FormPatch { patch, flaws } = patch_of(group.fields, visit.posted(), &seen(visit, group, &all));
    let is_trial = visit.posted().text("act") == Some("preview") || !flaws.is_empty();
    match written(visit, patch.clone(), is_trial).await {
        Ok(after) if !flaws.is_empty() => {
            let outcome = FormOutcome { flaws, preview: None, meanwhile: vec![] };
            Ok(page(visit, group, &SettingsFound { rev: after.rev, ..found }, outcome))
        }
        Ok(after) if is_trial => {
            let outcome = FormOutcome { preview: Some((after.changes, patch)), ..FormOutcome::default() };
            Ok(page(visit, group, &found, outcome))
        }
        Ok(after) => {
            let said = match after.changes.len() {
                0 => "Nothing was other than before.".to_owned(),
                1 => format!("{} is saved.", group.title),
                count => format!("{} is saved: {count} fields changed.", group.title),
            };
            Ok(ConsoleReply::done(format!("{SETTINGS}/{}", group.id), said))
        }
        Err(NotDone::Fields(more)) => {
            let all_flaws = flaws.into_iter().chain(more).collect();
            Ok(page(visit, group, &found, FormOutcome { flaws: all_flaws, ..FormOutcome::default() }))
        }
        Err(NotDone::Stale(_)) => {
            let Some(now) = stored(visit).await? else { return nothing_yet(visit) };
            let meanwhile = meanwhile(group, &seen(visit, group, &all), &whole(&now.settings));
            Ok(stale(page(visit, group, &now, FormOutcome { meanwhile, ..FormOutcome::default() })))
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/settings/json`: all of them, with a form for a merge patch.
pub(crate) async fn show_json(visit: &ConsoleVisit) -> PageResult {
    let Some(found) = stored(visit).await? else { return nothing_yet(visit) };
    json_page(visit, &found, "{\n}", FormOutcome::default())
}

/// `POST /console/settings/json`: tries a merge patch, or stores it.
pub(crate) async fn patch_json(visit: &ConsoleVisit) -> PageResult {
    let Some(found) = stored(visit).await? else { return nothing_yet(visit) };
    let text = visit.posted().text("patch").unwrap_or_default();
    let patch: Json = match serde_json::from_str(text) {
        Ok(patch) => patch,
        Err(error) => {
            let flaw = format!("it is no JSON: look at line {}, column {}", error.line(), error.column());
            return json_page(
                visit,
                &found,
                text,
                FormOutcome { flaws: vec![("/patch".to_owned(), flaw)], ..FormOutcome::default() },
            );
        }
    };
    let is_trial = visit.posted().text("act") == Some("preview");
    match written(visit, patch.clone(), is_trial).await {
        Ok(after) if is_trial => {
            json_page(visit, &found, text, FormOutcome { preview: Some((after.changes, patch)), ..FormOutcome::default() })
        }
        Ok(after) => {
            Ok(ConsoleReply::done(format!("{SETTINGS}/json"), format!("It is saved: {} fields changed.", after.changes.len())))
        }
        Err(NotDone::Fields(flaws)) => json_page(visit, &found, text, FormOutcome { flaws, ..FormOutcome::default() }),
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/settings/pause`: turns the kill switch on.
pub(crate) async fn pause(visit: &ConsoleVisit) -> PageResult {
    settings::switch(visit.store(), &visit.actor, true, visit.now).await?;
    Ok(ConsoleReply::done(SETTINGS, "Everything is paused: nothing is decided or sent until it is lifted."))
}

/// `POST /console/settings/resume`: lifts it.
pub(crate) async fn resume(visit: &ConsoleVisit) -> PageResult {
    settings::switch(visit.store(), &visit.actor, false, visit.now).await?;
    Ok(ConsoleReply::done(SETTINGS, "It goes on: every customer is decided again."))
}

/// `POST /console/settings/breaker`: closes the breaker after a person has looked.
pub(crate) async fn reset_breaker(visit: &ConsoleVisit) -> PageResult {
    settings::reset_breaker(visit.store(), &visit.actor, visit.now).await?;
    Ok(ConsoleReply::done(SETTINGS, "The breaker is closed: every customer is decided again."))
}

/// The settings; nothing before the first.
pub(super) async fn stored(visit: &ConsoleVisit) -> Result<Option<SettingsFound>, NotDone> {
    match settings::show(visit.setup(), &visit.actor).await {
        Ok(found) => Ok(Some(found)),
        Err(NotDone::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Stores a merge patch where the settings are as the form's page had them, or tries it.
pub(super) async fn written(visit: &ConsoleVisit, patch: Json, is_trial: bool) -> Result<SettingsFound, NotDone> {
    let if_rev = visit.posted().text("revision").and_then(|rev| rev.parse().ok());
    settings::patch(visit.setup(), &visit.actor, patch, SettingsWrite { if_rev, is_trial }, visit.now).await
}

/// The same page with the word that somebody else was faster.
fn stale(reply: ConsoleReply) -> ConsoleReply {
    match reply {
        ConsoleReply::Page(page) => page.with_status(409).into(),
        other @ (ConsoleReply::See { .. }
        | ConsoleReply::File { .. }
        | ConsoleReply::Document { .. }
        | ConsoleReply::Binary { .. }) => other,
    }
}

/// What a tenant sees that is not set up.
pub(super) fn nothing_yet(visit: &ConsoleVisit) -> PageResult {
    let values = context! { tenant => visit.tenant().as_str(), may_set_up => visit.may(Operation::PutSettings) };
    Ok(ConsolePage::new(Section::Settings, "Settings", "settings_none", values).into())
}

/// What whoever sends the form saw; what is stored, where its page did not say it.
fn seen(visit: &ConsoleVisit, group: &SettingGroup, all: &Json) -> Json {
    let kept = visit.posted().text("seen").and_then(|text| serde_json::from_str::<Json>(text).ok());
    kept.filter(Json::is_object).unwrap_or_else(|| part_of(group.fields, all))
}

/// What of a group somebody else changed meanwhile.
fn meanwhile(group: &SettingGroup, seen: &Json, now: &Json) -> Vec<ChangedField> {
    let changed = group.fields.iter().filter_map(|field| {
        let (before, after) = (seen.get(field.pointer), now.pointer(field.pointer));
        let pointer = field.pointer.to_owned();
        (before != after).then(|| ChangedField { pointer, before: before.cloned(), after: after.cloned() })
    });
    changed.collect()
}

fn page(visit: &ConsoleVisit, group: &SettingGroup, found: &SettingsFound, outcome: FormOutcome) -> ConsoleReply {
    let FormOutcome { flaws, preview, meanwhile } = outcome;
    let all = whole(&found.settings);
    let has_form = visit.request.form().is_some();
    let saw = seen(visit, group, &all);
    let typed = has_form.then(|| (visit.posted(), &saw));
    let flaws = FormFlaws::of(at_fields(group.fields, flaws));
    // What was seen stays what was seen, unless the page shows what somebody else changed meanwhile.
    let keep = if has_form && meanwhile.is_empty() { saw.clone() } else { part_of(group.fields, &all) };
    let part = merge_of(&part_of(group.fields, &all));
    let (changes, patch) = preview.map_or((None, None), |(changes, patch)| (Some(changes), Some(patch)));
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    let values = context! {
        groups => nav(group.id),
        id => group.id,
        about => group.about,
        fields => shown(&on_page(group.fields, &all, typed)),
        rev => found.rev,
        seen => keep.to_string(),
        json => serde_json::to_string_pretty(&part).unwrap_or_default(),
        is_preview => changes.is_some(),
        changes => shown(&rows(&changes.unwrap_or_default())),
        patch => patch.map(|patch| serde_json::to_string_pretty(&patch).unwrap_or_default()).unwrap_or_default(),
        meanwhile => shown(&rows(&meanwhile)),
        may_change => visit.may(Operation::PatchSettings),
        flaws => shown(&flaws),
    };
    ConsolePage::new(Section::Settings, format!("Settings: {}", group.title), "settings_group", values).with_status(status).into()
}

fn json_page(visit: &ConsoleVisit, found: &SettingsFound, text: &str, outcome: FormOutcome) -> PageResult {
    let FormOutcome { flaws, preview, meanwhile: _ } = outcome;
    let status = if flaws.is_empty() { 200 } else { 422 };
    // Flaws are of places in the settings: all of them stand at the one field.
    let at_patch = |(pointer, detail): (String, String)| {
        let place = pointer.trim_start_matches('/').replace('/', ".");
        let said = if place.is_empty() || place == "patch" { detail } else { format!("{place}: {detail}") };
        ("/patch".to_owned(), said)
    };
    let flaws = FormFlaws::of(flaws.into_iter().map(at_patch).collect());
    let (changes, patch) = preview.map_or((None, None), |(changes, patch)| (Some(changes), Some(patch)));
    let values = context! {
        groups => nav("json"),
        json => serde_json::to_string_pretty(&found.settings).unwrap_or_default(),
        rev => found.rev,
        text,
        is_preview => changes.is_some(),
        changes => shown(&rows(&changes.unwrap_or_default())),
        patch => patch.map(|patch| serde_json::to_string_pretty(&patch).unwrap_or_default()).unwrap_or_default(),
        may_change => visit.may(Operation::PatchSettings),
        flaws => shown(&flaws),
    };
    Ok(ConsolePage::new(Section::Settings, "Settings as JSON", "settings_json", values).with_status(status).into())
}

/// The groups, as the pages' own navigation lists them.
pub(super) fn nav(current: &str) -> Value {
    let own = GROUPS.iter().map(|group| (group.id, group.title, group.about));
    let all = own.chain([
        ("brand", "Brand", "How you show yourself on mails, statements and the portal."),
        ("json", "As JSON", "All of it, as the API has it."),
    ]);
    let entries: Vec<Json> = all
        .map(|(id, title, about)| {
            json!({ "address": format!("{SETTINGS}/{id}"), "title": title, "about": about, "is_current": id == current })
        })
        .collect();
    shown(&entries)
}

/// Changes, as a table says them.
pub(super) fn rows(changes: &[ChangedField]) -> Vec<Json> {
    let row = |change: &ChangedField| {
        json!({
            "label": label_of(&change.pointer), "before": said(change.before.as_ref()), "after": said(change.after.as_ref()),
        })
    };
    changes.iter().map(row).collect()
}

/// Values by their pointers, as the object that they are in.
fn merge_of(part: &Json) -> Json {
    let mut made = json!({});
    for (pointer, value) in part.as_object().into_iter().flatten() {
        let patch = pointer.rsplit('/').filter(|name| !name.is_empty()).fold(value.clone(), |inner, name| json!({ name: inner }));
        made = setup::merge_patch::merge(made, patch);
    }
    made
}

/// The page of the group that a warning is about.
fn group_address(pointer: &str) -> String {
    let name = pointer.split('/').nth(1).unwrap_or_default();
    let is_in = |group: &&SettingGroup| group.fields.iter().any(|field| field.pointer.split('/').nth(1) == Some(name));
    GROUPS.iter().find(is_in).map_or_else(|| format!("{SETTINGS}/json"), |group| format!("{SETTINGS}/{}", group.id))
}

/// A word of a value that is a JSON text.
fn json_text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_changed_meanwhile_is_told_by_field() {
        let group = group("caps").unwrap();
        let (seen, now) = (json!({"/breaker/factor": 3}), json!({"breaker": {"factor": 3}, "caps": {"per_day": 50}}));
        let told = meanwhile(group, &seen, &now);
        assert_eq!(rows(&told), [json!({"label": "Caps and breaker: Messages a day", "before": "nothing", "after": "50"})]);
    }

    #[test]
    fn a_part_is_shown_as_the_settings_have_it() {
        let part = json!({"/caps/per_day": 5, "/caps/per_hour": 2, "/name": "Acme"});
        assert_eq!(merge_of(&part), json!({"caps": {"per_day": 5, "per_hour": 2}, "name": "Acme"}));
    }

    #[test]
    fn a_warning_leads_to_its_form() {
        for (pointer, expected) in [
            ("/mode", "/console/settings/mode"),
            ("/freshness/canonical", "/console/settings/sources"),
            ("/brand/colour", "/console/settings/json"),
        ] {
            assert_eq!(group_address(pointer), expected);
        }
    }
}
