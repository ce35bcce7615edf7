//! Forms that are posted twice: each form that is shown has a fresh text, by which it is carried out once, as a request with an
//! `Idempotency-Key` is. Whoever posts it again is led to where the first attempt led.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use service::{
    Actor, NotDone,
    idempotency_keys::{REMEMBERED_FOR, key_flaw},
};
use store::{Once, Repeated};

use crate::{
    outcome::{ConsoleReply, ConsoleTrouble, PageResult},
    request::ConsoleRequest,
    secrets::fresh,
    visit::ConsoleDesk,
};

/// The hidden field that tells a form from all others.
const FIELD: &str = "once";
/// How long a form may be under way: longer than API Gateway waits for an answer.
const UNDER_WAY_FOR: SignedDuration = SignedDuration::from_secs(60);

/// Where a form led, as it is kept.
#[derive(Serialize, Deserialize)]
struct LedTo {
    to: String,
    said: Option<String>,
}

/// What a form comes to that may have been posted before.
pub(crate) enum FormBefore {
    /// It is new, and to be carried out by this attempt.
    New(Once),
    /// It was carried out.
    Done(ConsoleReply),
}

/// Looks whether a form was posted before.
///
/// # Errors
///
/// [`ConsoleTrouble::NoForm`] where it has no such text, came with other values before, is under way, or was carried out by somebody whose answer
/// was not kept; those of the table.
pub(crate) async fn look(
    desk: &ConsoleDesk,
    actor: &Actor,
    request: &ConsoleRequest,
    now: Timestamp,
) -> Result<FormBefore, ConsoleTrouble> {
    let fields = request.form().unwrap_or_default();
    let key = fields.iter().find(|(name, _)| name == FIELD).map(|(_, value)| value.as_str()).unwrap_or_default();
    if key_flaw(key).is_some() {
        return Err(ConsoleTrouble::NoForm("the form lacks a field that every form here has; load its page again".to_owned()));
    }
    let id = Once::digest_of(["console", actor.tenant().as_str(), actor.by(), key].map(str::as_bytes));
    let address = request.address();
    let parts = fields.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let asked = Once::digest_of(std::iter::once(address.as_bytes()).chain(parts));
    if let Some(known) = desk.vault.repeated(actor.tenant(), &id, now).await? {
        return answered(&known, &asked, now).map(FormBefore::Done);
    }
    let attempt = fresh().ok_or_else(|| NotDone::Changed("there is no randomness now; try again".to_owned()))?;
    Ok(FormBefore::New(Once::new(actor.tenant().clone(), id, asked, attempt, now, now + REMEMBERED_FOR)))
}

/// Keeps where a form led, or forgets what failed, so that it may be posted again. What another attempt led to, where that was first.
///
/// # Errors
///
/// What the handler gave; those of [`look`] for what another attempt did.
pub(crate) async fn settle(desk: &ConsoleDesk, mark: &Once, now: Timestamp, result: PageResult) -> PageResult {
    if mark.has_lost() {
        return match desk.vault.repeated(&mark.tenant, &mark.id, now).await? {
            Some(known) => answered(&known, &mark.request, now),
            None => result,
        };
    }
    let noted = match &result {
        Ok(ConsoleReply::See { to, said }) => {
            let led = serde_json::to_vec(&LedTo { to: to.clone(), said: said.clone() }).ok();
            if mark.has_written() { desk.vault.keep_answer(mark, led.as_deref()).await } else { Ok(()) }
        }
        // What is shown once, such as a secret, is kept nowhere.
        Ok(ConsoleReply::Page(page)) if page.status < 400 && mark.has_written() => desk.vault.keep_answer(mark, None).await,
        Ok(ConsoleReply::File { .. } | ConsoleReply::Document { .. } | ConsoleReply::Binary { .. }) if mark.has_written() => {
            desk.vault.keep_answer(mark, None).await
        }
        // Its effect may be there whole: what is posted again would have it twice.
        Err(ConsoleTrouble::NotDone(NotDone::Store(store::Error::Unknown { .. } | store::Error::Corrupt { .. })))
            if mark.has_written() =>
        {
            desk.vault.keep_answer(mark, None).await
        }
        Ok(ConsoleReply::Page(_)) | Err(_) if mark.has_written() => desk.vault.forget_request(mark).await,
        Ok(ConsoleReply::Page(_) | ConsoleReply::File { .. } | ConsoleReply::Document { .. } | ConsoleReply::Binary { .. })
        | Err(_) => Ok(()),
    };
    if let Err(error) = noted {
        // What was done is done, also where it cannot be noted.
        tracing::warn!(error = kit::causes(&error), "where a form led could not be kept");
    }
    result
}

fn answered(known: &Repeated, asked: &str, now: Timestamp) -> PageResult {
    let no = |why: &str| Err(ConsoleTrouble::NoForm(why.to_owned()));
    if known.request != asked {
        return no("this form was sent before with other values; load its page again and look what is so now");
    }
    if let Some(LedTo { to, said }) = known.answer.as_deref().and_then(|kept| serde_json::from_slice(kept).ok()) {
        return Ok(ConsoleReply::See { to, said });
    }
    if !known.over && now.duration_since(known.began_at) < UNDER_WAY_FOR {
        return no("this form is being carried out; look in a moment what came of it");
    }
    no("this form was carried out, at least in part; load its page again and look what is so now")
}
