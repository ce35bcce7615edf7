//! What bounds those who came by a link, beside the settings: how much a day, how many notices, and how often what did not come true is said again.

use domain::{Agreement, DisputeStatus, InvoiceId, LinkId, PromiseStatus, Terms};
use jiff::Timestamp;

/// Most agreements of one link a day: a customer's own system may make many, and no loop of it fills the table.
pub const AGREED_A_DAY_MAX: usize = 100;
/// Most of them, in the order in which they are made, that a notice to the link's address tells of: whoever found a link fills nobody's mailbox. The page
/// and the answer to a call tell of each.
pub const MAILED_A_DAY_MAX: usize = 20;
/// Promises of one invoice that did not come, or came in part, after which a person agrees on the next one: else whoever promises again and
/// again is never chased.
pub const UNKEPT_MAX: usize = 3;
/// Disputes of one invoice that were decided against the customer after which a person is written to about the next one.
pub const REJECTED_MAX: usize = 3;
/// The pointer of the flaw that the link asked too often today.
pub const ASKED_ENOUGH: &str = "/often";
/// The pointer of the flaw that promises of an invoice were not kept.
pub const PROMISES_UNKEPT: &str = "/unkept";
/// The pointer of the flaw that disputes of an invoice were rejected.
pub const REJECTED_ENOUGH: &str = "/rejected";

/// How many of these agreements a link made on the day of an instant, in UTC.
pub(super) fn made_today(agreements: &[Agreement], link: &LinkId, now: Timestamp) -> usize {
    let day = |at: Timestamp| at.strftime("%F").to_string();
    let today = day(now);
    agreements.iter().filter(|made| made.by == link.as_str() && day(made.made_at) == today).count()
}

/// That this link made as many agreements today, in UTC, as it may.
pub(super) fn too_often(agreements: &[Agreement], link: &LinkId, now: Timestamp) -> Option<(String, String)> {
    let detail = || format!("at most {AGREED_A_DAY_MAX} promises, disputes and payments a day; go on tomorrow, or write to us");
    (made_today(agreements, link, now) >= AGREED_A_DAY_MAX).then(|| (ASKED_ENOUGH.to_owned(), detail()))
}

/// That promises of one of these invoices were not kept before, as often as may be.
pub(super) fn unkept(agreements: &[Agreement], invoices: &[InvoiceId]) -> Option<(String, String)> {
    let is_unkept = |agreement: &&Agreement| match &agreement.terms {
        Terms::Promise(promise) => match promise.status {
            PromiseStatus::Broken | PromiseStatus::PartlyKept => true,
            PromiseStatus::Open | PromiseStatus::Kept | PromiseStatus::Cancelled | PromiseStatus::Later(_) => false,
        },
        Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => false,
    };
    let detail =
        format!("{UNKEPT_MAX} promises of one of these invoices were not kept; a person agrees on the next one, so write to us");
    is_one(agreements, invoices, UNKEPT_MAX, is_unkept).then(|| (PROMISES_UNKEPT.to_owned(), detail))
}

/// That disputes of an invoice were decided against the customer before, as often as may be.
pub(super) fn rejected(agreements: &[Agreement], invoice: &InvoiceId) -> Option<(String, String)> {
    let is_rejected = |agreement: &&Agreement| match &agreement.terms {
        Terms::Dispute(dispute) => match dispute.status {
            DisputeStatus::Rejected => true,
            DisputeStatus::Open
            | DisputeStatus::Upheld
            | DisputeStatus::PartlyUpheld
            | DisputeStatus::Withdrawn
            | DisputeStatus::Later(_) => false,
        },
        Terms::Promise(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => false,
    };
    let detail = format!("{REJECTED_MAX} disputes of the invoice were rejected; write to us about anything else");
    is_one(agreements, std::slice::from_ref(invoice), REJECTED_MAX, is_rejected).then(|| (REJECTED_ENOUGH.to_owned(), detail))
}

/// Whether so many of the agreements that count speak of one of these invoices.
fn is_one(agreements: &[Agreement], invoices: &[InvoiceId], most: usize, counts: impl Fn(&&Agreement) -> bool) -> bool {
    let all: Vec<&Agreement> = agreements.iter().filter(counts).collect();
    let speaks_of = |agreement: &&&Agreement, invoice: &InvoiceId| agreement.of().iter().any(|stood| stood.invoice == *invoice);
    all.len() >= most && invoices.iter().any(|invoice| all.iter().filter(|one| speaks_of(one, invoice)).count() >= most)
}
