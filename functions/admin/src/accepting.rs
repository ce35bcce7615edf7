//! A proposal that a person accepts: what it asks for is carried out once, as that person, and only while what it acts on is as it was.

use axum::{body::to_bytes, http::StatusCode, response::Response};
use jiff::SignedDuration;
use serde_json::Value;
use service::{
    entering::Entered,
    proposals::{self, OpenProposal},
    tasks::TaskOf,
};
use store::Once;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::{Caller, Entrant},
    described, facts_version,
    host::Host,
    operations::{Call, Operations},
    repeats::{self, ProposalBefore},
};

/// How long it is remembered after a proposal expired that it was carried out.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Carries out what the proposal of a task asks for, and ends the task. What the operation answered is given with it; null where an attempt
/// before this one carried it out and its answer was not kept.
///
/// # Errors
///
/// 403 for who may not, 404, 409 where it is over, expired, under way, or rests on what changed since, or where the operation was refused;
/// those of the table. The task stays open then.
pub async fn accept(
    app: &App,
    operations: &Operations,
    caller: &Caller,
    host: &Host,
    id: &str,
    note: Option<String>,
) -> ApiResult<(TaskOf, Value)> {
    let open = proposals::open(&app.store, &caller.0, id).await?;
    let OpenProposal { task, proposal, .. } = &open;
    let asked = format!("{}{}", proposal.operation, proposal.arguments);
    let until = proposal.expires_at + REMEMBERED_FOR;
    // Looked for first: what was carried out changed what it acts on, and may have expired since.
    let response = match repeats::look_for_proposal(app, caller.0.tenant(), task.id.as_str(), &asked, until).await? {
        // Carried out by an attempt that died before it ended the task.
        ProposalBefore::Answered(response) => response,
        ProposalBefore::Unanswered => {
            let ended = proposals::accepted(&app.store, &caller.0, &open, said(note), app.clock.now()).await?;
            return Ok((ended, Value::Null));
        }
        ProposalBefore::New(mark) => carry_out(app, operations, caller, host, (&open, mark)).await?,
    };
    let status = response.status();
    let answer = read(response).await;
    if !status.is_success() && !status.is_redirection() {
        return Err(refused(status, &answer));
    }
    let ended = proposals::accepted(&app.store, &caller.0, &open, said(note), app.clock.now()).await?;
    Ok((ended, answer))
}

/// Refuses to end a task as refused whose proposal is being carried out, or was.
///
/// # Errors
///
/// 409; those of the table.
pub async fn unless_begun(app: &App, caller: &Caller, id: &str) -> ApiResult<()> {
    if repeats::is_proposal_begun(app, caller.0.tenant(), id).await? {
        let detail = "what it proposes is being carried out, or was, and cannot be refused any more; approve it in a minute to end the task";
        return Err(Fail::not_possible(detail));
    }
    Ok(())
}

/// Has the operation of a proposal done for the first time, under a mark; what it answered.
async fn carry_out(
    app: &App,
    operations: &Operations,
    caller: &Caller,
    host: &Host,
    (open, mark): (&OpenProposal, Once),
) -> ApiResult<Response> {
    let OpenProposal { proposal, operation, .. } = open;
    open.unless_expired(app.clock.now())?;
    let other = || Fail::not_possible("this release takes other arguments than the proposal has; have it proposed anew");
    let described = described::of(*operation).ok_or_else(other)?;
    let arguments = proposal.arguments.as_object().ok_or_else(other)?;
    let call = Call::of(described, arguments).map_err(|_| other())?;
    let acts_on = facts_version::of(app, operations, caller.0.tenant(), described, arguments, host).await?;
    if acts_on.version != proposal.facts_version {
        let detail = "it cannot be done: what it acts on changed since it was proposed; look at it, and have it proposed anew";
        return Err(Fail::changed_meanwhile(detail));
    }
    let entrant = Entrant { entered: Entered::As(caller.0.clone().only_once(mark.clone())), person: None };
    let response = operations.ask(&call, entrant, host).await;
    Ok(repeats::keep(app, &mark, caller.0.as_what(), response).await)
}

/// A note that says something.
fn said(note: Option<String>) -> Option<String> {
    note.filter(|note| !note.trim().is_empty())
}

/// What an operation answered; null where that is no JSON.
async fn read(response: Response) -> Value {
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
    serde_json::from_slice(&body).unwrap_or_default()
}

/// What is answered where the operation was refused.
fn refused(status: StatusCode, problem: &Value) -> Fail {
    let detail = problem.get("detail").and_then(Value::as_str).unwrap_or("the operation was refused");
    match status {
        StatusCode::FORBIDDEN => Fail::forbidden(detail),
        _ if status.is_server_error() => Fail::unavailable(detail),
        _ => {
            let errors = problem.get("errors").and_then(Value::as_array).into_iter().flatten();
            let text = |error: &Value, name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let errors: Vec<String> =
                errors.map(|error| format!("{}: {}", text(error, "pointer"), text(error, "detail"))).collect();
            let detail = format!("the operation was refused with {}: {detail}; {}", status.as_u16(), errors.join("; "));
            Fail::of(409, "proposal-failed", "Proposal failed", detail.trim_end_matches("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_says_what_the_operation_said() {
        let problem = json!({"detail": "fields are wrong", "errors": [{"pointer": "/pays_on", "detail": "a day to come"}]});
        let fail = refused(StatusCode::BAD_REQUEST, &problem);
        assert_eq!(fail.detail(), "the operation was refused with 400: fields are wrong; /pays_on: a day to come");
        for (status, answered) in [(403, 403), (404, 409), (412, 409), (503, 503)] {
            let fail = refused(StatusCode::from_u16(status).expect("a status"), &json!({"detail": "no"}));
            assert_eq!(fail.into_response().status().as_u16(), answered, "{status}");
        }
    }
}
