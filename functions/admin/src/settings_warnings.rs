//! What settings and published workflows allow, and should not stay so.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Action, Channel, Mode, Settings, TenantId, Workflow, go_live, language::primary};
use store::List;

use crate::{answer::ApiResult, app::App, strangers::among, warning::Warning};

/// Most languages of customers that are looked at, of each shard of their list.
const LANGUAGES_MAX: usize = 40;

/// Most countries of numbers that are looked at, of each shard of their list.
const COUNTRIES_MAX: usize = 40;

/// What is allowed but should not stay so.
///
/// # Errors
///
/// Those of reading.
pub async fn warnings(app: &App, tenant: &TenantId, settings: &Settings, published: &[Workflow]) -> ApiResult<Vec<Warning>> {
    let mut warnings = Vec::new();
    if settings.mode != Mode::Off {
        warnings.extend(go_live::missing(settings, published));
        warnings.extend(go_live::held_back(settings));
    }
    if settings.mode == Mode::Live {
        // A payment provider brings no invoices, and says by itself what becomes of payments.
        let brings_invoices = |source: &String| connectors::by_source(source).is_some();
        let sources: BTreeSet<String> = app.vault.connections(tenant).await?.into_iter().filter(brings_invoices).collect();
        if sources.is_empty() {
            let detail = "no source is connected, so that no invoice arrives; PUT /v1/connections/{source} connects one";
            warnings.push(("/mode".to_owned(), detail.to_owned()));
        }
        warnings.extend(sources.iter().filter(|source| !settings.freshness.contains_key(*source)).map(|source| {
            let detail = format!(
                "if {source} falls silent, paid invoices are chased; set how old its word may be, such as \"PT26H\", and keep it by \
                 sending source.heartbeat"
            );
            (format!("/freshness/{source}"), detail)
        }));
    }
    if settings.mode != Mode::Off {
        warnings.extend(untranslated(app, tenant, settings, published).await?);
        warnings.extend(not_texted(app, tenant, settings, published).await?);
    }
    warnings.extend(strangers(app, tenant, settings).await?);
    Ok(warnings.into_iter().map(Warning::from).collect())
}

/// Who owns customers or is in a team, and is neither a member nor a team.
async fn strangers(app: &App, tenant: &TenantId, settings: &Settings) -> ApiResult<Vec<(String, String)>> {
    let mut named: Vec<(String, &str)> = Vec::new();
    named.extend(settings.owners.iter().enumerate().map(|(at, rule)| (format!("/owners/{at}/owner"), rule.owner.trim())));
    named.extend(settings.key_accounts.iter().map(|of| ("/key_accounts/owner".to_owned(), of.owner.trim())));
    for (team, members) in &settings.teams {
        let team = team.replace('~', "~0").replace('/', "~1");
        named.extend(members.iter().enumerate().map(|(nth, member)| (format!("/teams/{team}/{nth}"), member.as_str())));
    }
    among(app, tenant, settings, named).await
}

/// Which templates of the published workflows have no text in the tenant's language, once it is live, or in a language that customers have:
/// their messages go out in another.
async fn untranslated(
    app: &App,
    tenant: &TenantId,
    settings: &Settings,
    published: &[Workflow],
) -> ApiResult<Vec<(String, String)>> {
    let own = settings.language.as_deref().filter(|_| settings.mode == Mode::Live).map(primary);
    let theirs = app.store.places(tenant, &List::CustomersByLanguage, LANGUAGES_MAX).await?;
    if own.is_none() && theirs.is_empty() {
        return Ok(vec![]);
    }
    let mut written: BTreeMap<(String, Channel), BTreeSet<String>> = BTreeMap::new();
    for template in app.store.templates(tenant).await? {
        written.entry((template.id, template.channel)).or_default().insert(primary(&template.language));
    }
    let wanted = wanted(published);
    let lacking = |language: &str| -> Vec<String> {
        let lacks = wanted.iter().filter(|text| written.get(*text).is_none_or(|languages| !languages.contains(language)));
        lacks.map(|(id, channel)| format!("{id} ({channel})")).collect()
    };
    let mut found = Vec::new();
    let mut says = |language: &str, what: &str| {
        let named = lacking(language);
        if !named.is_empty() {
            let named = named.join(", ");
            let said =
                format!("no text in '{language}' for {named}; {what}; PUT /v1/templates/{{id}}/{language}/{{channel}} adds one");
            found.push(("/language".to_owned(), said));
        }
    };
    if let Some(own) = &own {
        says(own, "customers without a language of their own get another");
    }
    for language in theirs.iter().filter(|language| Some(*language) != own.as_ref()) {
        let instead = if language == "en" { "another" } else { "an English one where there is one, else another" };
        says(language, &format!("there are customers of this language, and they get {instead}"));
    }
    Ok(found)
}

/// Which countries customers' numbers are of that get no text message, where published workflows send some and the settings name no countries.
async fn not_texted(
    app: &App,
    tenant: &TenantId,
    settings: &Settings,
    published: &[Workflow],
) -> ApiResult<Option<(String, String)>> {
    let is_sent = |channel: &Channel| channel.facts().has_sender && channel.facts().paid_by_number;
    if !settings.sms.countries.is_empty() || !go_live::channels(published).iter().any(is_sent) {
        return Ok(None);
    }
    let theirs = app.store.places(tenant, &List::CustomersByTextCountry, COUNTRIES_MAX).await?;
    let abroad: Vec<String> = theirs.into_iter().filter(|country| !settings.sms.reaches(country, &settings.country)).collect();
    let named = abroad.join(", ");
    let detail = format!(
        "numbers of {} alone get text messages, and people who agreed to some have numbers of {named}: name every country that is meant, {} \
         among them, such as {{\"sms\": {{\"countries\": [\"{}\", \"{}\"]}}}}",
        settings.country,
        settings.country,
        settings.country,
        abroad.first().map(String::as_str).unwrap_or_default()
    );
    Ok((!abroad.is_empty()).then(|| ("/sms/countries".to_owned(), detail)))
}

/// The templates that steps and statements of workflows send, by the channels that this release sends by.
fn wanted(published: &[Workflow]) -> BTreeSet<(String, Channel)> {
    let mut wanted = BTreeSet::new();
    for step in published.iter().flat_map(|workflow| &workflow.steps) {
        if let Action::Send(send) = &step.action {
            let channels = send.channels.iter().filter(|channel| channel.facts().has_sender);
            wanted.extend(channels.map(|channel| (send.template.clone(), *channel)));
        }
    }
    for plan in published.iter().filter_map(|workflow| workflow.statement.as_ref()) {
        let channels = plan.channels.iter().filter(|channel| channel.facts().has_sender);
        wanted.extend(channels.map(|channel| (plan.template.clone(), *channel)));
    }
    wanted
}
