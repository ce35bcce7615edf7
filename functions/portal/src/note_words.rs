//! What was agreed of a due item, in words.

use domain::Currency;
use jiff::civil::Date;

use crate::{form_labels::FormLabels, plan_labels::PlanLabels, statement::ItemNote, visit::Visit};

/// A note in the customer's language; `day` writes a day as it stands there.
pub(crate) fn note_in_words(visit: &Visit, note: ItemNote, currency: Currency, day: impl Fn(Date) -> String) -> String {
    let (words, labels) = (visit.words, FormLabels::of(visit.words));
    match note {
        ItemNote::Disputed(None) => words.disputed.to_owned(),
        ItemNote::Disputed(Some(minor)) => labels.disputed_part.replace("{}", &visit.money(minor, currency)),
        ItemNote::Promised(on) => words.promised.replace("{}", &day(on)),
        ItemNote::OnItsWay => words.on_its_way.to_owned(),
        ItemNote::Planned => words.in_plan.to_owned(),
        ItemNote::PromiseMissed(on) => labels.promise_missed.replace("{}", &day(on)),
        ItemNote::PlanBroken => PlanLabels::of(words).plan_broken.to_owned(),
        ItemNote::DisputeUpheld => words.dispute_upheld.to_owned(),
        ItemNote::DisputePartlyUpheld => words.dispute_partly_upheld.to_owned(),
        ItemNote::DisputeRejected => words.dispute_rejected.to_owned(),
    }
}
