//! Whom the customer's messages go to, for whoever entered a code: others' addresses in part. Somebody else may be named, and that somebody left may
//! be said; a person decides.

use domain::{Channel, Contact, People};
use minijinja::{Value, context, value::Serde};
use service::link_contacts::{SaidOfPeople, contact_key, contact_of};
use store::{Result, masked};

use crate::{
    access_labels::AccessLabels,
    code_form::{gate, with_status},
    confirmed::{ReturnTo, is_confirmed},
    form_visit::{FormVisit, WrongFields, form_page},
    not_for_me_form::{named_again, person, say},
    page::PortalPage,
    typed::TypedFields,
    visit::addresses_of,
};

/// The fields of the forms: somebody is named, or a contact is said to have left.
const FIELDS: [&str; 4] = ["name", "email", "words", "left"];

/// The page, or what was sent from it; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table and of KMS.
pub(crate) async fn contacts(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    if !is_confirmed(form.vault, form.request, form.found, form.now).await? {
        // Nothing is read of invoices, and what was sent is not taken.
        let Some(visit) = form.beside().await? else { return Ok(None) };
        let status = if form.is_sent() { 403 } else { 200 };
        return Ok(Some(with_status(gate(form, &visit, ReturnTo::Contacts), status)));
    }
    let facts = form.store.facts_to_show(form.opened.tenant, form.opened.head).await?;
    if !addresses_of(&facts).contains(form.opened.address) {
        return Ok(None);
    }
    let visit = form.opened.visit(&facts);
    let typed = TypedFields::of(form.request);
    let mut wrong = WrongFields::default();
    if form.is_sent() {
        if typed.has_others(&FIELDS) {
            wrong.add("form", visit.words.wrong_text);
        } else {
            let said = match typed.one("left") {
                "" => SaidOfPeople::AlsoFor(person(typed)),
                key => SaidOfPeople::Left(key.to_owned()),
            };
            if let Some(page) = say(form, &visit, &said, typed, &mut wrong).await? {
                return Ok(page);
            }
        }
    }
    let labels = AccessLabels::of(visit.words);
    let people = People::of(&facts);
    let own = contact_of(&people, form.opened.address).map(|(id, _)| id).unwrap_or_default();
    let all = people.all().map(|(id, contact)| {
        let is_own = id == own;
        context! { key => contact_key(id), name => contact.name.as_str(), addresses => addresses(contact, is_own), is_own }
    });
    let values = context! {
        a => Value::from(Serde(labels)),
        action => format!("{}/contacts", visit.path),
        people => all.collect::<Vec<_>>(),
        ..named_again(&visit, typed)
    };
    Ok(Some(form_page(&visit, "contacts", labels.contacts, &wrong, values)))
}

/// The addresses of a contact: whole of whoever looks, in part of anybody else.
fn addresses(contact: &Contact, is_own: bool) -> Vec<String> {
    let all = [Channel::Email, Channel::Sms].into_iter().filter_map(|channel| contact.address(channel));
    all.map(|address| if is_own { address.to_owned() } else { masked(address) }).collect()
}
