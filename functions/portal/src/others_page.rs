//! The other customers at which whoever entered a code is known by the same address: each is opened by the address's own link to it.

use minijinja::{Value, context, value::Serde};
use store::Result;

use crate::{
    access_labels::AccessLabels,
    code_form::gate,
    confirmed::{ReturnTo, is_confirmed},
    form_visit::{FormVisit, Taken, WrongFields, form_page},
    page::PortalPage,
};

/// The page; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table and of KMS.
pub(crate) async fn others(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    if form.is_sent() {
        return Ok(Some(PortalPage::Plain(405, form.request.words())));
    }
    let Some(visit) = form.beside().await? else { return Ok(None) };
    if !is_confirmed(form.vault, form.request, form.found, form.now).await? {
        return Ok(Some(gate(form, &visit, ReturnTo::Others)));
    }
    let all = match Taken::of(form.holder.others((form.store, form.vault), form.found, form.now).await)? {
        Taken::Done(all) => all,
        Taken::Wrong(_) | Taken::Again | Taken::Gone => return Ok(None),
    };
    let labels = AccessLabels::of(visit.words);
    let others = all.iter().map(|other| context! { name => other.name.as_str(), page => format!("/p/{}", other.code.as_str()) });
    let values = context! {
        a => Value::from(Serde(labels)),
        intro => labels.others_intro.replace("{}", &form.found.link.shown),
        others => others.collect::<Vec<_>>(),
    };
    Ok(Some(form_page(&visit, "others", labels.others, &WrongFields::default(), values)))
}
