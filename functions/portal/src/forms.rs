//! Forms that a portal link opens beside paying: what is asked for is a page, what is sent is done or a page that says what was wrong.

use store::Result;

use crate::{
    code_form::{ask_code, enter_code},
    contacts_form::contacts,
    dispute_form::dispute,
    form_visit::FormVisit,
    form_wanted::FormWanted,
    not_for_me_form::not_for_me,
    offer_page::offer,
    others_page::others,
    page::PortalPage,
    plan_form::plan,
    preferences_form::preferences,
    promise_form::promise,
    write_form::write,
};

/// The answer; `None` where the link's address is none of the customer's any more.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn answer(form: &FormVisit<'_>, wanted: &FormWanted) -> Result<Option<PortalPage>> {
    match wanted {
        FormWanted::Promise => promise(form).await,
        FormWanted::Dispute(invoice) => dispute(form, invoice).await,
        FormWanted::Write => write(form).await,
        FormWanted::Plan => plan(form).await,
        FormWanted::PlanOffer(id) => offer(form, id).await,
        FormWanted::NotForMe => not_for_me(form).await,
        FormWanted::Preferences => preferences(form).await,
        FormWanted::Contacts => contacts(form).await,
        FormWanted::Others => others(form).await,
        FormWanted::Code => ask_code(form).await,
        FormWanted::EnterCode => enter_code(form).await,
    }
}
