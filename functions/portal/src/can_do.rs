//! What a customer can do on its pages beside paying: where the forms are that its link opens.

use domain::InvoiceId;
use minijinja::{Value, context};

use crate::{
    access_labels::AccessLabels, form_labels::FormLabels, paid_already_labels::PaidAlreadyLabels, plan_labels::PlanLabels,
    visit::Visit,
};

/// The forms that a page leads to: of the statement, or of an invoice. Where nothing is open there is nothing to promise or to pay in parts.
pub(crate) fn what_can_be_done(visit: &Visit, invoice: Option<&InvoiceId>, is_open: bool) -> Value {
    let labels = FormLabels::of(visit.words);
    let path = &visit.path;
    let may_promise = visit.settings.promises.max_open > 0;
    let to = |address: String, text: &str| context! { address, text };
    let mut links = Vec::new();
    match invoice {
        None => {
            links.extend((may_promise && is_open).then(|| to(format!("{path}/promise"), labels.promise)));
            let paid = PaidAlreadyLabels::of(visit.words).title;
            links.extend(is_open.then(|| to(format!("{path}/paid-already"), paid)));
            let plan = || {
                if visit.settings.plans.are_open() {
                    to(format!("{path}/plan"), PlanLabels::of(visit.words).plan)
                } else {
                    to(format!("{path}/write?for=plan"), labels.ask_plan)
                }
            };
            links.extend(is_open.then(plan));
            links.push(to(format!("{path}/write"), labels.write));
            let access = AccessLabels::of(visit.words);
            links.push(to(format!("{path}/not-for-me"), access.not_for_me));
            links.push(to(format!("{path}/preferences"), access.preferences));
            links.push(to(format!("{path}/contacts"), access.contacts));
            links.push(to(format!("{path}/others"), access.others));
        }
        Some(id) => {
            links.extend((may_promise && is_open).then(|| to(format!("{path}/promise?invoice={id}"), labels.promise)));
            let paid = PaidAlreadyLabels::of(visit.words).title;
            links.extend(is_open.then(|| to(format!("{path}/paid-already?invoice={id}"), paid)));
            links.extend(is_open.then(|| to(format!("{path}/invoices/{id}/dispute"), labels.dispute)));
            links.push(to(format!("{path}/write?for=copy&invoice={id}"), labels.ask_copy));
            links.push(to(format!("{path}/write?invoice={id}"), labels.write));
        }
    }
    context! { title => labels.what_you_can_do, links }
}
