//! What handlers answer: JSON with its revision, or a problem document; and how they read bodies and conditions.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kit::{FieldError, Problem};
use serde::Serialize;
use serde_json::Value;
use service::NotDone;
pub use service::flaws::{BodyFlaws, read};

/// Longest body.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What a handler gives.
pub type ApiResult<T> = Result<T, Fail>;

/// A problem on its way out.
#[derive(Debug)]
pub struct Fail(Box<Problem>);

impl Fail {
    fn new(status: u16, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(status, kind, title, detail)))
    }

    /// A problem of a kind that has no name here.
    pub fn of(status: u16, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(status, kind, title, detail)
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(400, "bad-request", "Bad request", detail)
    }

    /// A page's size as it was asked for.
    ///
    /// # Errors
    ///
    /// 400 where it is none from 1 to 200.
    pub fn unless_page_size(limit: Option<u32>) -> ApiResult<Option<u32>> {
        if limit.is_some_and(|limit| !(1..=200).contains(&limit)) {
            return Err(Self::bad_request("'limit' is 1 to 200; 'next' of a page leads to the one after it"));
        }
        Ok(limit)
    }

    /// An instant as it was asked for under a name.
    ///
    /// # Errors
    ///
    /// 400 where it is none.
    pub fn unless_instant(name: &str, text: Option<&str>) -> ApiResult<Option<Timestamp>> {
        let wrong = |_| Self::bad_request(format!("'{name}' is an RFC 3339 instant, such as 2026-01-31T09:00:00Z"));
        text.map(|text| text.parse().map_err(wrong)).transpose()
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, "forbidden", "Forbidden", detail)
    }

    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not-found", "Not found", detail)
    }

    /// 409 for what something else came in between of: sent again, it may be done.
    pub fn changed_meanwhile(detail: impl Into<String>) -> Self {
        Self::new(409, "changed-meanwhile", "Changed meanwhile", detail)
    }

    /// 409 for what cannot be done as things are, however often it is sent.
    pub fn not_possible(detail: impl Into<String>) -> Self {
        Self::new(409, "not-possible", "Not possible", detail)
    }

    pub fn stale_version(detail: impl Into<String>) -> Self {
        Self::new(412, "stale-version", "Stale version", detail)
    }

    /// 412 where it is at another revision than the request names; 0 where there is nothing yet.
    pub fn stale_at(rev: u64) -> Self {
        Self::stale_version(if rev == 0 {
            "If-Match names a revision, but there is nothing yet; leave it out to create it".to_owned()
        } else {
            format!("it is at revision {rev} now; read it again and send that revision in If-Match")
        })
    }

    pub fn too_large() -> Self {
        let detail = format!("a body has at most {BODY_BYTES_MAX} bytes; send less at once");
        Self::new(413, "body-too-large", "Body too large", detail)
    }

    /// 422 of a kind such as `invalid-settings`, with every flaw.
    pub fn invalid(kind: &str, title: &str, errors: impl IntoIterator<Item: Into<BodyFlaws>>) -> Self {
        let errors = field_errors(errors);
        let detail = "nothing of it was stored; put right every field that errors names and send it again";
        Self(Box::new(Problem::new(422, kind, title, detail).with_errors(errors)))
    }

    /// 400 for a body that reads as JSON but whose fields are wrong.
    pub fn fields(errors: impl IntoIterator<Item: Into<BodyFlaws>>) -> Self {
        let errors = field_errors(errors);
        let detail = "fields are wrong; put right every one that errors names and send it again";
        Self(Box::new(Problem::new(400, "bad-request", "Bad request", detail).with_errors(errors)))
    }

    /// 422 for a cursor that the list did not give.
    fn cursor() -> Self {
        let detail =
            "'cursor' is the 'next' of a page of this list, with the same filters in the same order; begin again without it";
        Self(Box::new(
            Problem::new(422, "invalid-cursor", "Invalid cursor", detail)
                .with_errors(vec![FieldError { pointer: "/cursor".to_owned(), detail: detail.to_owned() }]),
        ))
    }

    /// What was wrong and how to put it right.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    pub fn unavailable(detail: &str) -> Self {
        Self::new(503, "internal", "Busy", detail)
    }

    fn internal(detail: &str) -> Self {
        Self::new(500, "internal", "Internal error", detail)
    }
}

impl From<NotDone> for Fail {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::NotAllowed(why) => Self::forbidden(why),
            NotDone::NotFound(what) => Self::not_found(what),
            NotDone::Conflict(why) => Self::not_possible(format!("it cannot be done: {why}")),
            NotDone::Changed(why) => Self::changed_meanwhile(format!("it was not done: {why}")),
            NotDone::Stale(rev) => Self::stale_at(rev),
            NotDone::Fields(errors) => Self::fields(errors),
            NotDone::Cursor => Self::cursor(),
            NotDone::Store(error) => error.into(),
        }
    }
}

impl From<store::Error> for Fail {
    fn from(error: store::Error) -> Self {
        let fail = match &error {
            store::Error::Conflict { .. } => {
                Self::changed_meanwhile("it changed meanwhile; read it again and repeat the request")
            }
            store::Error::Refused { why, .. } => Self::not_possible(format!("it cannot be done as things are: {why}")),
            store::Error::Throttled { .. } => Self::new(503, "internal", "Busy", "the table is busy; try again in some seconds"),
            store::Error::Unknown { .. } => Self::new(
                503,
                "internal",
                "No clear answer",
                "it is not known whether it was done; repeating the request is safe",
            ),
            store::Error::Corrupt { .. } => Self::internal("an item in the table does not read; the log names it"),
        };
        if fail.0.status >= 500 {
            tracing::error!(error = kit::causes(&error), "a request failed at the table");
        }
        fail
    }
}

impl IntoResponse for Fail {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&*self.0)).into_response();
        let kind = header::HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

pub async fn unknown_route(request: Request) -> Fail {
    Fail::not_found(format!("there is no {}; GET /openapi.json lists what there is", request.uri().path()))
}

pub async fn method_not_allowed(request: Request) -> Fail {
    let detail = format!("{} does not take {}; GET /openapi.json lists what it takes", request.uri().path(), request.method());
    Fail::new(405, "bad-request", "Method not allowed", detail)
}

/// A JSON body as a value; 400 when it is none.
pub struct Body(pub Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Fail;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fail> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Fail::too_large())?;
        if bytes.is_empty() {
            return Err(Fail::bad_request("there is no body, and this call needs one: JSON, as GET /openapi.json describes it"));
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            Fail::bad_request(format!("the body is no valid JSON at line {} column {}", error.line(), error.column()))
        })?;
        Ok(Self(value))
    }
}

/// A JSON body, or `{}` where there was none, or `null`.
pub struct OptionalBody(pub Value);

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = Fail;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fail> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Fail::too_large())?;
        if bytes.is_empty() {
            return Ok(Self(Value::Object(serde_json::Map::new())));
        }
        let request = Request::new(axum::body::Body::from(bytes));
        let Body(value) = Body::from_request(request, state).await?;
        Ok(Self(if value.is_null() { Value::Object(serde_json::Map::new()) } else { value }))
    }
}

fn field_errors(errors: impl IntoIterator<Item: Into<BodyFlaws>>) -> Vec<FieldError> {
    let all = errors.into_iter().flat_map(|flaws| flaws.into().0);
    all.map(|(pointer, detail)| FieldError { pointer, detail }).collect()
}

/// What a write demands of the state that it replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Precondition {
    /// The revision of `If-Match`, 0 for `If-None-Match: *`; `None` for whatever is there.
    pub rev: Option<u64>,
}

impl Precondition {
    /// Compares with the revision that is there (0: none).
    ///
    /// # Errors
    ///
    /// 412 when it is another.
    pub fn check(self, rev: u64) -> ApiResult<()> {
        match self.rev {
            Some(wanted) if wanted != rev => Err(Fail::stale_at(rev)),
            Some(_) | None => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Precondition {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fail> {
        let text =
            |headers: &HeaderMap, name| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim().to_owned());
        match (text(&parts.headers, header::IF_MATCH), text(&parts.headers, header::IF_NONE_MATCH)) {
            (None, None) => Ok(Self { rev: None }),
            (Some(any), None) if any == "*" => Ok(Self { rev: None }),
            (None, Some(any)) if any == "*" => Ok(Self { rev: Some(0) }),
            (Some(tag), None) => {
                let rev = tag.trim_start_matches("W/").trim_matches('"').parse();
                let rev = rev.map_err(|_| Fail::bad_request("If-Match is the ETag of an earlier answer, such as \"3\""))?;
                Ok(Self { rev: Some(rev) })
            }
            (_, Some(_)) => Err(Fail::bad_request("of If-None-Match only '*' is taken, and not together with If-Match")),
        }
    }
}

/// An answer with its revision as ETag.
pub struct Tagged<T> {
    pub rev: u64,
    pub body: T,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, format!("\"{}\"", self.rev))], Json(self.body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_sent_again_is_told_from_what_may_not() {
        let (operation, id, why) = ("remove a member of", "acme".to_owned(), "no admin would be left".to_owned());
        for (fail, kind) in [
            (Fail::from(NotDone::Conflict(why.clone())), "not-possible"),
            (Fail::from(NotDone::Changed("the customer kept changing; send it again".to_owned())), "changed-meanwhile"),
            (Fail::from(store::Error::Refused { operation, id: id.clone(), why }), "not-possible"),
            (Fail::from(store::Error::Conflict { operation, id }), "changed-meanwhile"),
        ] {
            assert_eq!((fail.0.status, fail.0.kind.rsplit('/').next()), (409, Some(kind)), "{}", fail.detail());
        }
    }
}
