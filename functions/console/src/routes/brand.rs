//! How the tenant, and each of its legal entities, shows itself: colour, logo and particulars, with a preview of a mail and of the portal.

use domain::{BrandSettings, Settings};
use minijinja::{Value, context};
use serde_json::{Value as Json, json};
use service::{NotDone, Operation};

use super::settings::{nav, nothing_yet, rows, stored, written};
use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    shown::{options, shown},
    visit::ConsoleVisit,
};

/// Where it is.
const BRAND: &str = "/console/settings/brand";
/// The colour of pages of customers where a tenant has none.
const USUAL_COLOUR: &str = "#1a56b0";
/// The fields of a brand.
const FIELDS: [&str; 3] = ["colour", "logo", "particulars"];

/// `GET /console/settings/brand`, `?entity=` of one of the legal entities.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    page(visit, visit.query("entity").unwrap_or_default(), vec![], vec![]).await
}

/// `POST /console/settings/brand`: tries it, or stores it.
pub(crate) async fn change(visit: &ConsoleVisit) -> PageResult {
    let Some(found) = stored(visit).await? else { return nothing_yet(visit) };
    let form = visit.posted();
    let entity = form.text("entity").unwrap_or_default();
    if !knows(&found.settings, entity) {
        return Err(NotDone::NotFound("there is no such legal entity".to_owned()).into());
    }
    let brand: serde_json::Map<String, Json> =
        FIELDS.iter().map(|name| ((*name).to_owned(), form.text(name).map_or(Json::Null, |text| json!(text)))).collect();
    let patch =
        if entity.is_empty() { json!({ "brand": brand }) } else { json!({ "legal_entities": { entity: { "brand": brand } } }) };
    let is_trial = form.text("act") == Some("preview");
    match written(visit, patch, is_trial).await {
        Ok(after) if is_trial => page(visit, entity, vec![], rows(&after.changes)).await,
        Ok(_) => Ok(ConsoleReply::done(address(entity), "The brand is saved.")),
        Err(NotDone::Fields(flaws)) => page(visit, entity, at_fields(entity, flaws), vec![]).await,
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/settings/brand/preview`: the preview alone, of what is being typed.
pub(crate) async fn preview(visit: &ConsoleVisit) -> PageResult {
    let Some(found) = stored(visit).await? else { return nothing_yet(visit) };
    let entity = visit.query("entity").unwrap_or_default();
    let own = brand_of(&found.settings, entity);
    // The logo is too long for an address: the one that is stored is shown until another is saved.
    let typed = BrandSettings {
        colour: visit.query("colour").map(str::to_owned),
        particulars: visit.query("particulars").map(str::to_owned),
        ..own
    };
    let values = context! { preview => preview_of(&found.settings, entity, &typed) };
    Ok(ConsolePage::new(Section::Settings, "Preview", "brand_preview", values).into())
}

/// Where the brand of a legal entity is.
fn address(entity: &str) -> String {
    if entity.is_empty() { BRAND.to_owned() } else { format!("{BRAND}?entity={}", crate::shown::percent(entity)) }
}

fn knows(settings: &Settings, entity: &str) -> bool {
    entity.is_empty() || settings.legal_entities.contains_key(entity)
}

/// What the tenant, or one of its legal entities, says of itself.
fn brand_of(settings: &Settings, entity: &str) -> BrandSettings {
    if entity.is_empty() {
        return settings.brand.clone();
    }
    settings.legal_entities.get(entity).map(|entity| entity.brand.clone()).unwrap_or_default()
}

/// Flaws of a brand at the fields of its form.
fn at_fields(entity: &str, flaws: Vec<(String, String)>) -> Vec<(String, String)> {
    let within = if entity.is_empty() {
        "/brand".to_owned()
    } else {
        format!("/legal_entities/{}/brand", entity.replace('~', "~0").replace('/', "~1"))
    };
    let at = |(pointer, detail): (String, String)| match pointer.strip_prefix(&within) {
        Some(rest) if rest.starts_with('/') => (rest.to_owned(), detail),
        Some(_) | None => (pointer, detail),
    };
    flaws.into_iter().map(at).collect()
}

/// What a template needs to draw a mail and the head of the portal.
fn preview_of(settings: &Settings, entity: &str, brand: &BrandSettings) -> Value {
    let is_colour =
        |text: &&String| text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit());
    let colour = brand.colour.as_ref().or(settings.brand.colour.as_ref()).filter(is_colour);
    let name = settings.name_of(entity);
    // A legal entity of another name has neither the tenant's logo nor its particulars.
    let is_same = name == settings.name;
    let of_tenant = |text: &Option<String>| text.clone().filter(|_| is_same);
    let logo = brand.logo.clone().or_else(|| of_tenant(&settings.brand.logo));
    let particulars = brand.particulars.clone().or_else(|| of_tenant(&settings.brand.particulars));
    shown(&json!({
        "name": name,
        "colour": colour.map_or(USUAL_COLOUR, String::as_str),
        "logo": logo.filter(|logo| logo.starts_with("data:image/")),
        "particulars": particulars.unwrap_or_default().lines().collect::<Vec<_>>(),
    }))
}

async fn page(visit: &ConsoleVisit, entity: &str, flaws: Vec<(String, String)>, changes: Vec<Json>) -> PageResult {
    let Some(found) = stored(visit).await? else { return nothing_yet(visit) };
    let settings = &found.settings;
    if !knows(settings, entity) {
        return Err(NotDone::NotFound("there is no such legal entity".to_owned()).into());
    }
    let form = visit.posted();
    let brand = if visit.request.form().is_some() {
        BrandSettings { colour: form.owned("colour"), logo: form.owned("logo"), particulars: form.owned("particulars") }
    } else {
        brand_of(settings, entity)
    };
    let name = |id: &str| settings.name_of(id).to_owned();
    let entities: Vec<(String, String)> = std::iter::once((String::new(), settings.name.clone()))
        .chain(settings.legal_entities.keys().map(|id| (id.clone(), format!("{} ({id})", name(id)))))
        .collect();
    let flaws = FormFlaws::of(flaws);
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    let is_trial = form.text("act") == Some("preview") && flaws.all.is_empty();
    let values = context! {
        groups => nav("brand"),
        entity,
        entities => options(entities.iter().map(|(id, name)| (id.as_str(), name.as_str()))),
        has_entities => !settings.legal_entities.is_empty(),
        preview => preview_of(settings, entity, &brand),
        colour => brand.colour.unwrap_or_default(),
        logo => brand.logo.unwrap_or_default(),
        particulars => brand.particulars.unwrap_or_default(),
        rev => found.rev,
        is_preview => is_trial,
        changes => shown(&changes),
        may_change => visit.may(Operation::PatchSettings),
        flaws => shown(&flaws),
    };
    Ok(ConsolePage::new(Section::Settings, "Settings: Brand", "brand", values).with_status(status).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flaws_are_at_the_fields_of_the_form() {
        let flaws = |pointer: &str| vec![(pointer.to_owned(), "no".to_owned())];
        assert_eq!(at_fields("", flaws("/brand/colour")), flaws("/colour"));
        assert_eq!(at_fields("a/b", flaws("/legal_entities/a~1b/brand/logo")), flaws("/logo"));
        assert_eq!(at_fields("", flaws("/mode")), flaws("/mode"));
    }

    #[test]
    fn a_preview_takes_no_colour_that_is_none() {
        let settings = Settings::named("Acme");
        let colour = |text: &str| {
            let brand = BrandSettings { colour: Some(text.to_owned()), ..BrandSettings::default() };
            preview_of(&settings, "", &brand).get_attr("colour").unwrap().to_string()
        };
        assert_eq!(colour("#1A2B3C"), "#1A2B3C");
        assert_eq!(colour("red\" onload=\""), USUAL_COLOUR);
    }
}
