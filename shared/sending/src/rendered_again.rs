//! A message of the past in words: rendered again from what was known when it was settled.

use channels::{Brand, LogoPlace, Rendered};
use domain::{Facts, Pending, People, Policy, TenantId, decide::assess};
use jiff::Timestamp;
use store::{Error, OwnText, Store};

use crate::{
    own_message, pay_link,
    preview::NOWHERE,
    render::{self, Beside},
};

/// A message as it was, but that its links open nothing. The second result says why it cannot be rendered again. Of a person's message `own` has
/// the words.
///
/// # Errors
///
/// Those of reading.
pub async fn rendered_again(
    store: &Store,
    tenant: &TenantId,
    (facts, policy): (&Facts, &Policy),
    pending: &Pending,
    own: Option<&OwnText>,
    at: Timestamp,
) -> Result<Result<Rendered, String>, Error> {
    if let Some(text) = own {
        return own_message::rendered_own_message(store, tenant, (facts, policy), pending, text, at).await;
    }
    let people = People::of(facts);
    let Some(contact) = people.contact(&pending.contact) else {
        return Ok(Err("whom it went to is not known any more: the contact was removed or erased".to_owned()));
    };
    let now_there = store.template(tenant, &pending.template, pending.channel).await?;
    let (of_customer, of_tenant) = (facts.customer.language.as_deref(), policy.settings.language.as_deref());
    let Some(current) = render::choose(&now_there, of_customer, of_tenant) else {
        return Ok(Err(format!("template '{}' is put away", pending.template)));
    };
    let language = current.language.as_str();
    let earlier = if current.version == pending.template_version {
        Vec::new()
    } else {
        store.template_versions(tenant, &pending.template, pending.channel, language).await?
    };
    let mut known = std::iter::once(current).chain(&earlier);
    let Some(template) = known.find(|known| known.version == pending.template_version) else {
        let version = pending.template_version;
        return Ok(Err(format!("version {version} of template '{}' is not kept in '{language}'", pending.template)));
    };
    let connected = pay_link::connected(store, tenant, template).await?;
    let situation = assess(facts, policy, at);
    let mut links = render::links(NOWHERE, "preview", "preview", pending.channel, &template.language);
    links.pay = pay_link::pay_link(&situation, policy, &pending.rows, &connected, &links.portal);
    let entity = pending.case.balance.legal_entity.as_str();
    let brand = Brand::of(&policy.settings, entity, LogoPlace::InPage);
    let beside = Beside { links, codes: None, brand: &brand, carried: Vec::new() };
    let made = render::render(&situation, policy, pending, &pending.rows, contact, template, beside);
    Ok(made.map(|made| made.rendered).map_err(|error| error.to_string()))
}
