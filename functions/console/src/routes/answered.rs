//! What is done because of what customers and providers said: an answer's suggestion is accepted or dismissed, a message in doubt is settled.

use domain::{Currency, SaidOtherwise};
use jiff::civil::Date;
use service::{
    Done, NotDone,
    message_results::{Doubt, settle_doubt},
    replies,
};

use super::task;
use crate::{
    back::back_to,
    outcome::{ConsoleReply, PageResult},
    posted::Posted,
    sections::Section,
    typed_amount::typed_minor,
    visit::ConsoleVisit,
};

/// `POST /console/replies/{id}/accept`: does what is suggested, as the form says it otherwise where it does.
pub(crate) async fn accept(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let done = match said(posted) {
        Ok(said) => replies::accept(visit.store(), &visit.actor, visit.path_value("id"), &said, visit.now).await,
        Err(flaw) => Err(flaw),
    };
    match (done, posted.text("task")) {
        (Err(NotDone::Fields(flaws)), Some(id)) => task::again(visit, id, flaws).await,
        (Err(other), _) => Err(other.into()),
        (Ok(_), _) => {
            Ok(ConsoleReply::done(back_to(visit, Section::Home.path()), "It is accepted, and the customer is not chased for it."))
        }
    }
}

/// What the form says otherwise than is suggested.
fn said(posted: Posted<'_>) -> Done<SaidOtherwise> {
    let on: Option<Date> = match posted.text("on").map(str::parse) {
        Some(Err(_)) => return Err(NotDone::field("/on", "it is a day, such as 2026-02-04")),
        Some(Ok(on)) => Some(on),
        None => None,
    };
    let amount_minor = match (posted.text("amount"), posted.text("currency").map(Currency::parse)) {
        (None, _) => None,
        (Some(text), Some(Ok(currency))) => {
            let wrong = || NotDone::field("/amount", format!("it is an amount in {}, such as 1,250.00", currency.code()));
            Some(typed_minor(text, currency).ok_or_else(wrong)?)
        }
        (Some(_), None | Some(Err(_))) => return Err(NotDone::field("/amount", "nothing is owed in a currency that is known")),
    };
    let reason = posted.owned("reason");
    Ok(SaidOtherwise { on, amount_minor, reason, ..SaidOtherwise::default() })
}

/// `POST /console/replies/{id}/dismiss`: lets it be.
pub(crate) async fn dismiss(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    replies::dismiss(visit.store(), &visit.actor, visit.path_value("id"), posted.text("reason"), visit.now).await?;
    Ok(ConsoleReply::done(back_to(visit, Section::Home.path()), "It is dismissed, and chasing goes on."))
}

/// `POST /console/messages/{id}/result`: says what became of a message in doubt.
pub(crate) async fn settle(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let (doubt, done) = match posted.text("result") {
        Some("sent") => (Doubt::Sent, "It counts as sent."),
        Some("try_again") => (Doubt::TryAgain, "It is sent once more, where it is still right."),
        Some("drop") => (Doubt::Drop, "It counts as not sent, and is not sent again."),
        Some(_) | None => return Err(NotDone::field("/result", "a message was sent, is tried again, or is dropped").into()),
    };
    let (id, customer, note) = (visit.path_value("id"), posted.text("customer"), posted.text("note"));
    settle_doubt(visit.store(), &visit.actor, id, customer, doubt, note, visit.now).await?;
    Ok(ConsoleReply::done(back_to(visit, Section::Home.path()), done))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(fields: &[(&str, &str)]) -> Done<SaidOtherwise> {
        let own: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        said(Posted::of(&own))
    }

    #[test]
    fn what_is_typed_takes_the_place_of_what_is_suggested() {
        let full = posted(&[("on", "2026-02-16"), ("amount", "1,250.00"), ("currency", "EUR")]).unwrap();
        assert_eq!((full.on, full.amount_minor), (Some("2026-02-16".parse().unwrap()), Some(125_000)));
        assert_eq!(posted(&[("on", ""), ("amount", "")]).unwrap(), SaidOtherwise::default());
        for (fields, pointer) in [
            (&[("on", "tomorrow")][..], "/on"),
            (&[("amount", "a lot"), ("currency", "EUR")][..], "/amount"),
            (&[("amount", "5"), ("currency", "")][..], "/amount"),
        ] {
            assert!(matches!(posted(fields), Err(NotDone::Fields(flaws)) if flaws[0].0 == pointer), "{fields:?}");
        }
    }
}
