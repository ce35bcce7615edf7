//! A plan that a person of the tenant offered: its parts, and that the customer agrees to it, which needs a code. An offer whose time is over says
//! so.

use domain::{OfferStanding, PlanOffer, PlanOfferId, calendar::tenant_zone};
use minijinja::{Value, context, value::Serde};
use service::link_plans::OfferTaken;
use store::Result;

use crate::{
    access_labels::AccessLabels,
    code_form::{code_needed_keeping, gate_keeping, with_status},
    confirmed::{ReturnTo, is_confirmed},
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, form_page},
    page::PortalPage,
    plan_labels::PlanLabels,
    plan_statement::parts_shown,
    typed::TypedFields,
    visit::Visit,
};

/// The offer, or what came of agreeing to it; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table and of KMS.
pub(crate) async fn offer(form: &FormVisit<'_>, id: &PlanOfferId) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let Some(offer) = form.store.plan_offer(form.opened.tenant, &form.opened.head.customer, id).await? else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let labels = PlanLabels::of(visit.words);
    let today = form.now.to_zoned(tenant_zone(&visit.settings)).date();
    let agreed = || PortalPage::See(format!("{}/plan?made={}", visit.path, offer.agreement()));
    match offer.standing(today) {
        OfferStanding::Good => {}
        OfferStanding::Agreed => return Ok(Some(agreed())),
        standing @ (OfferStanding::Expired | OfferStanding::Withdrawn) => return Ok(Some(over(&visit, &offer, standing))),
    }
    let is_confirmed = is_confirmed(form.vault, form.request, form.found, form.now).await?;
    let mut wrong = WrongFields::default();
    if form.is_sent() && TypedFields::of(form.request).has_others(&[]) {
        wrong.add("form", visit.words.wrong_text);
    } else if form.is_sent() {
        if !is_confirmed {
            return Ok(Some(with_status(gate_keeping(form, &visit, ReturnTo::Plan, id.as_str()), 403)));
        }
        match Taken::of(form.holder.take_offer(form.store, id, form.now).await)? {
            Taken::Done(OfferTaken::Agreed(_) | OfferTaken::Over(OfferStanding::Agreed)) => return Ok(Some(agreed())),
            Taken::Done(OfferTaken::Over(standing)) => return Ok(Some(over(&visit, &offer, standing))),
            Taken::Done(OfferTaken::Changed) => wrong.add("form", labels.offer_changed),
            Taken::Wrong(_) | Taken::Again => wrong.add("form", FormLabels::of(visit.words).not_now),
            Taken::Gone => return Ok(None),
        }
    }
    let named = form.named(&offer.invoices).await?;
    let parts = parts_shown(&visit, &offer.parts, offer.currency);
    let values = context! {
        until => labels.offer_until.replace("{}", &visit.locale.date(offer.valid_until)),
        parts => Value::from(Serde(&parts)),
        total => visit.money(offer.total_minor(), offer.currency),
        invoices => FormLabels::of(visit.words).invoices_of.replace("{}", &named),
        is_confirmed,
        action => format!("{}/plan/{}", visit.path, offer.id),
        code => code_needed_keeping(form, &visit, (ReturnTo::Plan, id.as_str()), labels.offer_needs_code),
    };
    Ok(Some(form_page(&visit, "offer", labels.offer, &wrong, context! { ..values, ..words(&visit) })))
}

/// What pages of offers say, and where they lead to a person.
fn words(visit: &Visit) -> Value {
    context! {
        l => Value::from(Serde(PlanLabels::of(visit.words))),
        a => Value::from(Serde(AccessLabels::of(visit.words))),
        ask => format!("{}/write?for=plan", visit.path),
    }
}

/// That an offer cannot be agreed to any more: 410, as for a link whose time is over.
fn over(visit: &Visit, offer: &PlanOffer, standing: OfferStanding) -> PortalPage {
    let labels = PlanLabels::of(visit.words);
    let over = match standing {
        OfferStanding::Expired => labels.offer_expired.replace("{}", &visit.locale.date(offer.valid_until)),
        OfferStanding::Withdrawn | OfferStanding::Good | OfferStanding::Agreed => labels.offer_withdrawn.to_owned(),
    };
    let page = form_page(visit, "offer", labels.offer, &WrongFields::default(), context! { over, ..words(visit) });
    with_status(page, 410)
}
