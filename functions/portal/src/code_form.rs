//! A code that is sent to the link's address: asked for by a form, entered by another. Who entered it comes to the page that they wanted.
//!
//! The pages say the same whether the address can be written to or not: whoever found a link learns nothing of its address beside what the link shows.

use domain::{CodeGuess, CodeStanding, PortalCode, calendar::tenant_zone};
use minijinja::{Value, context, value::Serde};
use service::{NotDone, link_confirmation::takes_mail};
use store::{LinkMailAsked, Result};

use crate::{
    access_labels::AccessLabels,
    confirmed::{ReturnTo, cookie},
    form_visit::{FormVisit, WrongFields, form_page},
    kept_choice::{KEEP, kept},
    page::PortalPage,
    typed::TypedFields,
    visit::Visit,
};

/// The fields of the form by which a code is asked for.
const ASK_FIELDS: [&str; 2] = ["to", KEEP];
/// Those of the one by which it is entered.
const ENTER_FIELDS: [&str; 3] = ["to", "code", KEEP];

/// The page that asks whether a code should be sent, before `to`.
pub(crate) fn gate(form: &FormVisit<'_>, visit: &Visit, to: ReturnTo) -> PortalPage {
    gate_keeping(form, visit, to, &kept(form))
}

/// The same, which keeps what was chosen.
pub(crate) fn gate_keeping(form: &FormVisit<'_>, visit: &Visit, to: ReturnTo, keep: &str) -> PortalPage {
    asking(form, visit, (to, keep), &WrongFields::default())
}

/// Asks whether a code should be sent, or has it sent; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table and of KMS.
pub(crate) async fn ask_code(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let labels = AccessLabels::of(visit.words);
    let (to, keep) = (wanted(form), kept(form));
    let mut wrong = WrongFields::default();
    if !form.is_sent() {
        return Ok(Some(gate(form, &visit, to)));
    }
    if TypedFields::of(form.request).has_others(&ASK_FIELDS) {
        wrong.add("form", visit.words.wrong_text);
        return Ok(Some(asking(form, &visit, (to, &keep), &wrong)));
    }
    let asked = match form.holder.ask_code(form.vault, form.found, form.now).await {
        Ok(asked) => asked,
        Err(NotDone::Store(error)) => return Err(error),
        // A link of a phone number: the page says what to do.
        Err(NotDone::Conflict(_)) => return Ok(Some(gate(form, &visit, to))),
        Err(NotDone::Changed(_) | NotDone::Stale(_) | NotDone::Fields(_) | NotDone::Cursor) => {
            wrong.add("form", visit.words.busy_text);
            return Ok(Some(asking(form, &visit, (to, &keep), &wrong)));
        }
        Err(NotDone::NotFound(_) | NotDone::NotAllowed(_)) => return Ok(None),
    };
    match asked {
        LinkMailAsked::Done | LinkMailAsked::Before => {
            let kept = if keep.is_empty() { String::new() } else { format!("&{KEEP}={keep}") };
            Ok(Some(PortalPage::See(format!("{}/code/enter?to={}{kept}", visit.path, to.as_str()))))
        }
        LinkMailAsked::TooOften(again_at) => {
            let again = again_at.to_zoned(tenant_zone(&visit.settings));
            let text = labels.code_too_often.replace("{time}", &up_to_the_minute(&again));
            wrong.add("form", text.replace("{day}", &visit.locale.date(again.date())));
            Ok(Some(with_status(asking(form, &visit, (to, &keep), &wrong), 429)))
        }
    }
}

/// The form for the code, or what came of it; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table and of KMS.
pub(crate) async fn enter_code(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let labels = AccessLabels::of(visit.words);
    let (to, keep) = (wanted(form), kept(form));
    let mut wrong = WrongFields::default();
    if form.is_sent() {
        let typed = TypedFields::of(form.request);
        if typed.has_others(&ENTER_FIELDS) {
            wrong.add("form", visit.words.wrong_text);
        }
        match PortalCode::read(typed.one("code")).filter(|_| wrong.is_empty()) {
            // What cannot be a code is no try.
            None => wrong.add("code", labels.code_six),
            Some(code) => match form.holder.enter_code(form.vault, form.found, &code, form.now).await {
                Ok(CodeGuess::Right) => {
                    let confirmation = form.vault.confirmation(form.found, form.now).await?;
                    let location = to.below(&visit.path, &keep);
                    return Ok(Some(PortalPage::Confirmed { location, cookie: cookie(&visit.path, &confirmation) }));
                }
                Ok(CodeGuess::Wrong(0)) => wrong.add("code", labels.code_used_up),
                Ok(CodeGuess::Wrong(1)) => wrong.add("code", labels.code_wrong_one),
                Ok(CodeGuess::Wrong(left)) => wrong.add("code", labels.code_wrong.replace("{}", &left.to_string())),
                Ok(CodeGuess::Over(standing)) => wrong.add("code", over(labels, standing)),
                Ok(CodeGuess::NoneAsked) => wrong.add("code", labels.code_none),
                Err(NotDone::Store(error)) => return Err(error),
                Err(NotDone::NotFound(_) | NotDone::NotAllowed(_)) => return Ok(None),
                Err(NotDone::Changed(_) | NotDone::Conflict(_) | NotDone::Stale(_) | NotDone::Fields(_) | NotDone::Cursor) => {
                    wrong.add("form", visit.words.busy_text)
                }
            },
        }
    }
    let link = &form.found.link;
    let request = form.store.code_request(form.opened.tenant, &form.opened.head.customer, &link.id).await?;
    let Some(request) = request else {
        // Nothing was asked for: it is asked for first.
        return Ok(Some(asking(form, &visit, (to, &keep), &wrong)));
    };
    let standing = request.standing(form.now);
    let is_open = matches!(standing, CodeStanding::Open(_));
    if !is_open && wrong.is_empty() {
        wrong.add("form", over(labels, standing));
    }
    let asked_at = request.asked_at.to_zoned(tenant_zone(&visit.settings));
    let sent = labels.code_sent.replace("{time}", &up_to_the_minute(&asked_at)).replace("{address}", &link.shown);
    let values = context! {
        a => Value::from(Serde(labels)),
        sent => is_open.then_some(sent),
        action => format!("{}/code/enter", visit.path),
        again => format!("{}/code", visit.path),
        to => to.as_str(),
        keep => keep.as_str(),
    };
    // That a code is over is no flaw of who only looks at the page.
    let page = form_page(&visit, "code_enter", labels.code_title, &wrong, values);
    Ok(Some(if form.is_sent() { page } else { with_status(page, 200) }))
}

/// The page that asks whether a code should be sent.
fn asking(form: &FormVisit<'_>, visit: &Visit, (to, keep): (ReturnTo, &str), wrong: &WrongFields) -> PortalPage {
    let labels = AccessLabels::of(visit.words);
    let why = labels.code_why.replace("{}", &form.found.link.shown);
    let values = context! { a => Value::from(Serde(labels)), code => code_needed_keeping(form, visit, (to, keep), &why) };
    form_page(visit, "code", labels.code_title, wrong, values)
}

/// What `send-code` shows of a page for which a code is needed: `why`, with a button that has one sent before `to`. Of a link of a phone number it
/// says that none can be.
pub(crate) fn code_needed(form: &FormVisit<'_>, visit: &Visit, to: ReturnTo, why: &str) -> Value {
    code_needed_keeping(form, visit, (to, ""), why)
}

/// The same, which keeps what was chosen.
pub(crate) fn code_needed_keeping(form: &FormVisit<'_>, visit: &Visit, (to, keep): (ReturnTo, &str), why: &str) -> Value {
    let link = &form.found.link;
    let can_send = takes_mail(link);
    let no_mail = || AccessLabels::of(visit.words).code_no_mail.replace("{}", &link.shown);
    context! {
        why => if can_send { why.to_owned() } else { no_mail() },
        action => can_send.then(|| format!("{}/code", visit.path)),
        to => to.as_str(),
        keep,
    }
}

/// Where whoever enters a code wants to go.
fn wanted(form: &FormVisit<'_>) -> ReturnTo {
    let of_form = TypedFields::of(form.request).one("to");
    ReturnTo::read(if form.is_sent() { of_form } else { form.request.query("to").unwrap_or_default() })
}

fn over(labels: &AccessLabels, standing: CodeStanding) -> &'static str {
    match standing {
        CodeStanding::Expired => labels.code_expired,
        CodeStanding::UsedUp => labels.code_used_up,
        CodeStanding::Entered => labels.code_entered,
        // It was asked for anew while it was tried.
        CodeStanding::Open(_) => labels.code_six,
    }
}

fn up_to_the_minute(at: &jiff::Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

/// A page under another status.
pub(crate) fn with_status(page: PortalPage, status: u16) -> PortalPage {
    match page {
        PortalPage::Filled { template, words, look, values, .. } => PortalPage::Filled { status, template, words, look, values },
        page @ (PortalPage::Data { .. }
        | PortalPage::See(_)
        | PortalPage::Confirmed { .. }
        | PortalPage::NotTaken { .. }
        | PortalPage::Plain(..)) => page,
    }
}
