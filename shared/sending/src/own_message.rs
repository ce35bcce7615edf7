//! Messages in a person's own words: the template that the words are, the due items that they are shown with, and how they look.

use channels::{Brand, LogoPlace, Rendered};
use domain::{
    Channel, Covered, Facts, Occurrence, Pending, People, Policy, TenantId,
    decide::{Situation, assess},
    own_message::OWN_WORDS,
};
use jiff::Timestamp;
use store::{AskedFor, Error, OwnText, Store, StoredTemplate};

use crate::{
    pay_link,
    preview::NOWHERE,
    render::{self, Beside},
};

/// The words as the template that they are.
pub(crate) fn template_of(text: &OwnText, channel: Channel) -> StoredTemplate {
    StoredTemplate {
        id: OWN_WORDS.to_owned(),
        channel,
        language: text.language.clone(),
        version: 0,
        subject: text.subject.clone(),
        body: text.body.clone(),
    }
}

/// What the words are shown with: the due items of the balance that something is due of, past due ones alone where there are any. None of
/// them is credited with a step.
pub(crate) fn rows(situation: &Situation<'_>, pending: &Pending) -> Vec<Covered> {
    let today = situation.receivables.today;
    let of_balance = || {
        let items = situation.receivables.items.iter();
        items.filter(|item| item.due_now_minor > 0 && item.balance() == pending.case.balance)
    };
    let past_due = of_balance().any(|item| item.days_past_due(today) > 0);
    let shown = of_balance().filter(|item| !past_due || item.days_past_due(today) > 0);
    let row = |item: &domain::receivables::DueItem<'_>| Covered {
        item: item.key.clone(),
        step: OWN_WORDS.to_owned(),
        occurrence: Occurrence::default(),
        due_now_minor: item.due_now_minor,
    };
    shown.map(row).collect()
}

/// What a message in a person's own words asks for, for its record: a mail has the due items under its words, a text message shows them where
/// its words name a variable.
pub(crate) fn asked_for(
    rendered: &Rendered,
    template: &StoredTemplate,
    pending: &Pending,
    rows: Vec<Covered>,
) -> Option<AskedFor> {
    let shows = rendered.html.is_some() || template.body.contains('{');
    AskedFor::of(pending.case.currency(), rows).filter(|_| shows)
}

/// A message in a person's own words as it would leave now, but that its links open nothing. The second result says what is wrong with the words,
/// where it does not render.
///
/// # Errors
///
/// Those of reading.
pub async fn rendered_own_message(
    store: &Store,
    tenant: &TenantId,
    (facts, policy): (&Facts, &Policy),
    pending: &Pending,
    text: &OwnText,
    now: Timestamp,
) -> Result<Result<Rendered, String>, Error> {
    let people = People::of(facts);
    let Some(contact) = people.contact(&pending.contact) else {
        return Ok(Err("the customer has no such contact any more".to_owned()));
    };
    let template = template_of(text, pending.channel);
    let connected = pay_link::connected(store, tenant, &template).await?;
    let situation = assess(facts, policy, now);
    let rows = rows(&situation, pending);
    let mut links = render::links(NOWHERE, "preview", "preview", pending.channel, &template.language);
    links.pay = pay_link::pay_link(&situation, policy, &rows, &connected, &links.portal);
    let entity = pending.case.balance.legal_entity.as_str();
    // Who writes signs in their own words.
    let brand = Brand { signature: None, ..Brand::of(&policy.settings, entity, LogoPlace::InPage) };
    let beside = Beside { links, codes: None, brand: &brand, carried: Vec::new() };
    let made = render::render(&situation, policy, pending, &rows, contact, &template, beside);
    Ok(made.map(|made| made.rendered).map_err(|error| error.to_string()))
}
