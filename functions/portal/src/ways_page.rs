//! The ways of paying that whoever entered a code keeps at payment providers: shown and removed, first there and then here.

use domain::{PaymentId, calendar::tenant_zone};
use minijinja::{Value, context, value::Serde};
use payments::{ErrandAnswer, ErrandKind, PaymentErrand};
use store::{KeptWay, Result};

use crate::{
    code_form::{gate, with_status},
    confirmed::{ReturnTo, is_confirmed},
    form_visit::{FormVisit, WrongFields, form_page},
    kept_labels::KeptLabels,
    page::PortalPage,
    pay_labels::PayLabels,
    typed::TypedFields,
    visit::Visit,
};

/// The fields of the form by which one is removed.
const FIELDS: [&str; 1] = ["remove"];

/// The page, or what was removed on it; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table and of KMS.
pub(crate) async fn ways(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    if !is_confirmed(form.vault, form.request, form.found, form.now).await? {
        let status = if form.is_sent() { 403 } else { 200 };
        return Ok(Some(with_status(gate(form, &visit, ReturnTo::Ways), status)));
    }
    let labels = KeptLabels::of(visit.words);
    let (mut wrong, mut status) = (WrongFields::default(), None);
    if form.is_sent() {
        let typed = TypedFields::of(form.request);
        match PaymentId::parse(typed.one("remove")).filter(|_| !typed.has_others(&FIELDS)) {
            None => wrong.add("form", visit.words.wrong_text),
            Some(way) => match form.desk.send(errand(form, way), form.now).await {
                // What was removed before is not there.
                ErrandAnswer::Ended | ErrandAnswer::Unknown => {
                    return Ok(Some(PortalPage::See(format!("{}/ways", visit.path))));
                }
                ErrandAnswer::Later | ErrandAnswer::Begun { .. } | ErrandAnswer::NotPayable | ErrandAnswer::NotTaken { .. } => {
                    wrong.add("form", labels.not_removed);
                    status = Some(503);
                }
            },
        }
    }
    let all = form.store.kept_ways(form.opened.tenant, &form.opened.head.customer, &form.found.link.address).await?;
    let shown = all.iter().map(|way| context! { basket => way.basket.as_str(), name => name_of(&visit, way) });
    let address = form.found.link.shown.as_str();
    let values = context! {
        k => Value::from(Serde(labels)),
        p => Value::from(Serde(PayLabels::of(visit.words.language))),
        action => format!("{}/ways", visit.path),
        pay => format!("{}/pay", visit.path),
        intro => labels.intro.replace("{}", address),
        nothing_kept => labels.none.replace("{}", address),
        ways => shown.collect::<Vec<_>>(),
    };
    let page = form_page(&visit, "ways", labels.title, &wrong, values);
    Ok(Some(match status {
        Some(status) => with_status(page, status),
        None => page,
    }))
}

/// What has a way forgotten: the function that opens the provider does it.
fn errand(form: &FormVisit<'_>, way: PaymentId) -> PaymentErrand {
    PaymentErrand {
        tenant: form.opened.tenant.clone(),
        customer: form.opened.head.customer.clone(),
        what: ErrandKind::Forget { link: form.link.clone(), way },
    }
}

/// A way as it is called on pages: with the account's last characters where they are known, and since when it is kept.
pub(crate) fn name_of(visit: &Visit, way: &KeptWay) -> String {
    let labels = KeptLabels::of(visit.words);
    let called = PayLabels::of(visit.words.language).way_by(&way.way, &way.provider);
    let since = way.kept_at.unwrap_or(way.asked_at).to_zoned(tenant_zone(&visit.settings)).date();
    let text = match &way.ending {
        Some(ending) => labels.account.replace("{ending}", ending),
        None => labels.plain.to_owned(),
    };
    text.replace("{way}", &called).replace("{day}", &visit.locale.date(since))
}
