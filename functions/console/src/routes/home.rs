//! Where the console begins: the customers, as long as there is no worklist of one's own.

use crate::{
    outcome::{ConsoleReply, PageResult},
    sections::Section,
    visit::ConsoleVisit,
};

/// Leads to the customers.
pub(crate) async fn lead(_: &ConsoleVisit) -> PageResult {
    Ok(ConsoleReply::see(Section::Customers.path()))
}
