//! Requests with an `Idempotency-Key`: carried out once, and answered again as they were.
//!
//! The key, and a digest of what is asked for, are written in the transaction of the effect: of two requests with one key only one has an
//! effect. The answer is sealed and kept right after it. A request that failed is forgotten, and can be sent again; one that failed here (5xx)
//! after it wrote something is not, and is answered with 409. Where a request was carried
//! out and died before its answer was kept, a repetition finds that nothing is left to do and answers how things are; what cannot tell, such as
//! a key whose secret is shown once, is answered with 409.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use service::{
    Actor, Operation, StaffRole,
    idempotency_keys::{REMEMBERED_FOR, key_flaw},
};
use store::{Once, Repeated};

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    described,
};

/// How long a request may be under way: longer than API Gateway waits for an answer.
const UNDER_WAY_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Longest answer that is kept.
const ANSWER_BYTES_MAX: usize = 100 * 1024;
/// Headers of an answer that are kept with it.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// Operations whose right depends on what they are asked about: which job, which task.
const BY_OBJECT: [Operation; 3] = [Operation::StartJob, Operation::CancelJob, Operation::FinishTask];

/// Says of an answer that it is shown once: it is never kept.
#[derive(Clone, Copy, Debug)]
pub struct ShownOnce;

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    /// In base 64.
    body: String,
    /// As what whoever asked was answered; not known of what an earlier release kept.
    #[serde(default)]
    role: Option<String>,
}

/// The key that a request names.
///
/// # Errors
///
/// 400 where it is none.
pub fn key_of(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(given) = headers.get("idempotency-key") else { return Ok(None) };
    let text = given.to_str().map(str::trim).unwrap_or_default();
    match key_flaw(text) {
        None => Ok(Some(text.to_owned())),
        Some(flaw) => Err(Fail::bad_request(flaw)),
    }
}

/// What a request comes to that was sent before.
pub enum Before {
    /// Nothing: it is new, and to be carried out by this attempt.
    New(Once),
    /// It is answered already.
    Answered(Response),
}

/// Looks whether a request was carried out before.
///
/// # Errors
///
/// 403 where they may not do it any more; 409 while it is under way, or where its answer was not kept; 422 where something else was asked for;
/// those of the table.
pub async fn look(app: &App, actor: &Actor, key: &str, head: &Parts, body: &Bytes) -> ApiResult<Before> {
    let id = digest(&[actor.tenant().as_str(), actor.by(), key]);
    let target = head.uri.path_and_query().map_or_else(|| head.uri.path(), |target| target.as_str());
    let request = Once::digest_of([head.method.as_str().as_bytes(), target.as_bytes(), &body[..]]);
    let (tenant, now) = (actor.tenant(), app.clock.now());
    if let Some(known) = app.vault.repeated(tenant, &id, now).await?
        && (known.request != request || known.over)
    {
        if let Some(kept) = Kept::of_known(&known).filter(|_| known.request == request) {
            unless_not_any_more(actor, head, &kept)?;
        }
        return answered(&known, &request, now).map(Before::Answered);
    }
    // Also where an earlier attempt wrote something and nobody knows its answer: this one writes nothing, since the key is taken. Where
    // there is nothing left to do, it finds the answer.
    attempt(tenant, id, request, now, now + REMEMBERED_FOR).map(Before::New)
}

/// Refuses whoever was answered as more than they are now, and may not do it any more: a kept answer tells nothing that they may not ask for.
fn unless_not_any_more(actor: &Actor, head: &Parts, kept: &Kept) -> ApiResult<()> {
    let before = kept.role.as_deref().and_then(StaffRole::read);
    if before.is_some_and(|before| actor.role().is_some_and(|now| now >= before)) || actor.is_operator() {
        return Ok(());
    }
    let asked = described::at(&head.method, head.uri.path()).map(|described| described.operation);
    match asked.filter(|asked| before.is_none() || !BY_OBJECT.contains(asked)) {
        Some(asked) => {
            actor.may(asked)?;
            Ok(())
        }
        None if before.is_none() => Ok(()),
        None => {
            let detail = "the role that you had when you asked this first is not yours any more; ask without the Idempotency-Key";
            Err(Fail::forbidden(detail))
        }
    }
}

/// What a proposal comes to that may have been carried out before.
pub enum ProposalBefore {
    /// Nothing of it was carried out: this attempt is to do it.
    New(Once),
    /// It was carried out, and this was answered.
    Answered(Response),
    /// It was carried out, at least in part, and its answer was not kept.
    Unanswered,
}

/// Looks whether a proposal was carried out before, by whomever; that is remembered until an instant. One of which anything was carried out is
/// never new again: what it acts on is then as it made it.
///
/// # Errors
///
/// 409 while it is under way; those of the table.
pub async fn look_for_proposal(
    app: &App,
    tenant: &TenantId,
    task: &str,
    asked: &str,
    until: Timestamp,
) -> ApiResult<ProposalBefore> {
    let (id, request, now) = (id_of_proposal(tenant, task), digest(&[asked]), app.clock.now());
    let Some(known) = app.vault.repeated(tenant, &id, now).await? else {
        return Ok(ProposalBefore::New(attempt(tenant, id, request, now, until)?));
    };
    let is_same = known.request == request;
    let is_under_way = !known.over && now.duration_since(known.began_at) < UNDER_WAY_FOR;
    if is_same && known.answer.is_none() && !is_under_way {
        return Ok(ProposalBefore::Unanswered);
    }
    answered(&known, &request, now).map(ProposalBefore::Answered)
}

/// Whether anything of a proposal is being carried out, or was.
///
/// # Errors
///
/// Those of the table.
pub async fn is_proposal_begun(app: &App, tenant: &TenantId, task: &str) -> ApiResult<bool> {
    Ok(app.vault.repeated(tenant, &id_of_proposal(tenant, task), app.clock.now()).await?.is_some())
}

/// What the carrying out of a proposal is marked by, whoever accepts it.
fn id_of_proposal(tenant: &TenantId, task: &str) -> String {
    digest(&["a proposal", tenant.as_str(), task])
}

/// An attempt that has written nothing yet.
fn attempt(tenant: &TenantId, id: String, request: String, now: Timestamp, until: Timestamp) -> ApiResult<Once> {
    let mut random = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Fail::unavailable("there is no randomness now; try again"))?;
    Ok(Once::new(tenant.clone(), id, request, STANDARD.encode(random), now, until))
}

/// A fresh text that tells what a request does from the same done by another one at the same moment; `None` where there is no randomness.
pub fn fresh_act() -> Option<String> {
    let mut random = [0_u8; 6];
    aws_lc_rs::rand::fill(&mut random).ok()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What is answered to a request whose key is known.
fn answered(known: &Repeated, request: &str, now: Timestamp) -> ApiResult<Response> {
    if known.request != request {
        return Err(Fail::of(
            422,
            "idempotency-key-reused",
            "Idempotency key reused",
            "this Idempotency-Key came with another request; send each request with a key of its own",
        ));
    }
    if let Some(kept) = Kept::of_known(known) {
        return Ok(kept.response());
    }
    if !known.over && now.duration_since(known.began_at) < UNDER_WAY_FOR {
        let detail = "the same request is under way; send it again in a few seconds for its answer";
        return Err(Fail::of(409, "in-progress", "In progress", detail));
    }
    let detail = "the request was carried out, at least in part, and its answer was not kept; read what it made, and do not send it again under \
         another key";
    Err(Fail::of(409, "already-done", "Already done", detail))
}

/// Keeps what was answered to somebody in a role, or forgets what failed. The answer of another attempt, where that was first.
pub async fn keep(app: &App, mark: &Once, role: &str, response: Response) -> Response {
    if mark.has_lost() {
        let found = app.vault.repeated(&mark.tenant, &mark.id, app.clock.now()).await;
        return match found {
            Ok(Some(known)) => answered(&known, &mark.request, app.clock.now()).unwrap_or_else(IntoResponse::into_response),
            Ok(None) => response,
            Err(error) => Fail::from(error).into_response(),
        };
    }
    if !response.status().is_success() && !response.status().is_redirection() {
        match (mark.has_written(), response.status().is_server_error()) {
            // Its effect may be there whole: what is sent again would have it twice.
            (true, true) => note(app.vault.keep_answer(mark, None).await),
            (true, false) => note(app.vault.forget_request(mark).await),
            (false, _) => {}
        }
        return response;
    }
    let is_shown_once = response.extensions().get::<ShownOnce>().is_some();
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Fail::unavailable("the answer could not be written; send the request again").into_response();
    };
    let answer = Kept::of(parts.status, &parts.headers, &body, role).filter(|_| !is_shown_once);
    note(app.vault.keep_answer(mark, answer.as_deref()).await);
    Response::from_parts(parts, Body::from(body))
}

/// What was done is done, also where it cannot be noted.
fn note(noted: store::Result<()>) {
    if let Err(error) = noted {
        tracing::warn!(error = kit::causes(&error), "an answer could not be kept");
    }
}

impl Kept {
    /// The answer of a request whose key is known, where it was kept.
    fn of_known(known: &Repeated) -> Option<Self> {
        serde_json::from_slice(known.answer.as_deref()?).ok()
    }

    fn of(status: StatusCode, headers: &HeaderMap, body: &Bytes, role: &str) -> Option<Vec<u8>> {
        let text = |name: &HeaderName| Some((name.as_str().to_owned(), headers.get(name)?.to_str().ok()?.to_owned()));
        let headers = KEPT.iter().filter_map(text).collect();
        let kept = Self { status: status.as_u16(), headers, body: STANDARD.encode(body), role: Some(role.to_owned()) };
        serde_json::to_vec(&kept).ok().filter(|answer| answer.len() <= ANSWER_BYTES_MAX)
    }

    fn response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, STANDARD.decode(&self.body).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        headers.insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
        response
    }
}

fn digest(parts: &[&str]) -> String {
    Once::digest_of(parts.iter().map(|part| part.as_bytes()))
}
