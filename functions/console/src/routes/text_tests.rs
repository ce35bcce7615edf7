//! A test of a text, sent to whoever asks.

use service::NotDone;

use super::templates::address;
use crate::{
    outcome::{ConsoleReply, PageResult},
    test_sending,
    visit::ConsoleVisit,
    workflow_paths::text_named,
};

/// `POST /console/templates/{id}/{language}/{channel}/test`.
pub(crate) async fn send(visit: &ConsoleVisit) -> PageResult {
    let named = text_named(visit)?;
    let none = || NotDone::NotFound("this tenant has no settings yet".to_owned());
    let settings = visit.settings.as_ref().ok_or_else(none)?;
    let customer = visit.posted().text("customer").unwrap_or_default();
    let to = test_sending::send(visit, named, customer, settings).await?;
    Ok(ConsoleReply::done(
        address(named),
        format!("A test is on its way to {to}. It is marked as one, and the customer gets nothing."),
    ))
}
