//! Where a form leads that stands on several pages: to the one that it names.

use crate::{request::is_ours, visit::ConsoleVisit};

/// The hidden field by which a form names its page.
const FIELD: &str = "back";

/// The page that the form names, or `otherwise` where it names none of ours.
pub(crate) fn back_to(visit: &ConsoleVisit, otherwise: &str) -> String {
    visit.posted().text(FIELD).filter(|to| is_ours(to)).unwrap_or(otherwise).to_owned()
}
