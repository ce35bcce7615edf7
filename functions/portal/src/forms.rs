//! Forms that a portal link opens beside paying: what is asked for is a page, what is sent is done or a page that says what was wrong. The calls of
//! a customer's own system come the same way.

use store::Result;

use crate::{
    answer_file::lead_to,
    calls,
    code_form::{ask_code, enter_code},
    contacts_form::contacts,
    dispute_form::dispute,
    file_form::send_files,
    form_visit::FormVisit,
    form_wanted::FormWanted,
    not_for_me_form::not_for_me,
    offer_page::offer,
    others_page::others,
    page::PortalPage,
    paid_already_form::paid_already,
    plan_form::plan,
    preferences_form::preferences,
    promise_form::promise,
    rate_form::rate,
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
        FormWanted::PaidAlready => Box::pin(paid_already(form)).await,
        FormWanted::Dispute(invoice) => dispute(form, invoice).await,
        FormWanted::Write => write(form).await,
        FormWanted::Files(about, file) => Box::pin(send_files(form, about, file.as_ref())).await,
        FormWanted::Plan => plan(form).await,
        FormWanted::PlanOffer(id) => offer(form, id).await,
        FormWanted::AnswerFile(note, file) => lead_to(form, note, file).await,
        FormWanted::Rate(about) => Box::pin(rate(form, about)).await,
        FormWanted::NotForMe => not_for_me(form).await,
        FormWanted::Preferences => preferences(form).await,
        FormWanted::Contacts => contacts(form).await,
        FormWanted::Others => others(form).await,
        FormWanted::Code => ask_code(form).await,
        FormWanted::EnterCode => enter_code(form).await,
        FormWanted::Call(call) => Box::pin(calls::answer(form, call)).await,
    }
}
