//! What was chosen before a code was asked for: carried along by the forms of the code, so that nobody chooses again. It is no fact, changes nothing, and
//! is read as anything else that came with a request.

use domain::{InvoiceId, PlanOfferId, PlanRhythm, PlanWish};
use jiff::civil::Date;

use crate::{form_visit::FormVisit, typed::TypedFields};

/// The field and the value of addresses that carry it through the pages of the code.
pub(crate) const KEEP: &str = "keep";
/// The value of the address of a plan that has it.
pub(crate) const CHOSEN: &str = "chosen";
/// Most invoices of a plan that is kept.
const INVOICES_MAX: usize = 100;
/// Longest text of one.
const CHARS_MAX: usize = 4_000;

/// A plan as it is carried along: `3.2026-02-23.monthly.inv_….inv_…`.
pub(crate) fn kept_plan(wish: &PlanWish) -> String {
    let first = [wish.parts.to_string(), wish.first_on.to_string(), wish.rhythm.as_str().to_owned()];
    let invoices = wish.invoices.iter().map(|id| id.as_str().to_owned());
    first.into_iter().chain(invoices).collect::<Vec<_>>().join(".")
}

/// Reads one back; `None` for any other text.
pub(crate) fn read_plan(text: &str) -> Option<PlanWish> {
    let mut parts = text.split('.');
    let count = parts.next()?.parse::<u8>().ok()?;
    let first_on = parts.next()?.parse::<Date>().ok()?;
    let rhythm = PlanRhythm::read(parts.next()?)?;
    let invoices: Vec<InvoiceId> = parts.map(InvoiceId::parse).collect::<Option<_>>()?;
    (1..=INVOICES_MAX).contains(&invoices.len()).then_some(PlanWish { invoices, parts: count, first_on, rhythm })
}

/// What a request carries along, where it is something that could have been chosen: else nothing.
pub(crate) fn kept(form: &FormVisit<'_>) -> String {
    let sent = TypedFields::of(form.request).one(KEEP);
    let text = if form.is_sent() { sent } else { form.request.query(KEEP).unwrap_or_default() };
    let is_ours = text.len() <= CHARS_MAX && (read_plan(text).is_some() || PlanOfferId::parse(text).is_some());
    if is_ours { text.to_owned() } else { String::new() }
}

/// Where it leads behind the page of plans.
pub(crate) fn behind_plan(kept: &str) -> String {
    match PlanOfferId::parse(kept) {
        Some(offer) => format!("/{offer}"),
        None if read_plan(kept).is_some() => format!("?{CHOSEN}={kept}"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_back_and_nothing_else_leads_anywhere() {
        let wish = PlanWish {
            invoices: vec![InvoiceId::derive(&["1"]), InvoiceId::derive(&["2"])],
            parts: 3,
            first_on: "2026-02-23".parse().expect("a day"),
            rhythm: PlanRhythm::Monthly,
        };
        let text = kept_plan(&wish);
        assert_eq!(read_plan(&text), Some(wish));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{text}");
        assert_eq!(behind_plan(&text), format!("?chosen={text}"));
        let offer = PlanOfferId::derive(&["1"]);
        assert_eq!(behind_plan(offer.as_str()), format!("/{offer}"));
        for other in
            ["", "3", "3.2026-02-23.monthly", "3.2026-02-23.monthly.//elsewhere.example", "https://elsewhere.example", "../x"]
        {
            assert_eq!((read_plan(other), behind_plan(other)), (None, String::new()), "{other}");
        }
    }
}
