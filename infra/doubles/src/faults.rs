//! Answers that go wrong on purpose.

use std::{sync::Mutex, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode, header};

use crate::{lock::lock, web};

/// What goes wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status instead of an answer, with the body that the vendor sends along.
    Status {
        /// 401, 403, 404, 429, 500, 503 or any other.
        status: u16,
        /// `Retry-After` in seconds, if it is sent.
        retry_after_s: Option<u64>,
    },
    /// A page for people with status 200.
    Html,
    /// The first half of the answer, ending as if it were whole.
    Truncated,
    /// A redirect (302) elsewhere.
    Redirect(String),
    /// 20 MB of JSON.
    Huge,
    /// The right answer after this much real time.
    Slow(Duration),
    /// The right answer under the name of another type.
    WrongContentType,
    /// The connection ends without any answer; the request was carried out nevertheless.
    DropConnection,
}

const HUGE_BYTES: usize = 20 * 1024 * 1024;

#[derive(Default)]
pub(crate) struct Faults {
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    times: u32,
    fault: Fault,
    path: Option<String>,
}

impl Faults {
    pub(crate) fn add(&self, times: u32, fault: Fault, path: Option<String>) {
        lock(&self.waiting).push(Waiting { times, fault, path });
    }

    pub(crate) fn clear(&self) {
        lock(&self.waiting).clear();
    }

    /// The fault of the next answer to `path`, the one added first.
    pub(crate) fn take(&self, path: &str) -> Option<Fault> {
        let mut waiting = lock(&self.waiting);
        let meant = |one: &Waiting| one.path.as_ref().is_none_or(|part| path.contains(part.as_str()));
        let next = waiting.iter_mut().find(|one| one.times > 0 && meant(one))?;
        next.times -= 1;
        let fault = next.fault.clone();
        waiting.retain(|one| one.times > 0);
        Some(fault)
    }
}

impl Fault {
    /// The answer after it went wrong; `None` where none leaves. `right` is what the vendor answers, `refusal` what it says with a
    /// status.
    pub(crate) fn spoil(
        &self,
        right: impl FnOnce() -> Response<Bytes>,
        refusal: impl FnOnce(StatusCode) -> Response<Bytes>,
    ) -> Option<Response<Bytes>> {
        Some(match self {
            Self::Status { status, retry_after_s } => {
                let mut answer = refusal(StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
                answer.headers_mut().remove(header::RETRY_AFTER);
                if let Some(seconds) = retry_after_s {
                    answer.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
                }
                answer
            }
            Self::Html => {
                let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>";
                web::answer(StatusCode::OK, "text/html; charset=utf-8", page)
            }
            Self::Truncated => {
                let mut answer = right();
                let half = answer.body().len() / 2;
                answer.body_mut().truncate(half);
                answer
            }
            Self::Redirect(url) => web::redirect(url),
            Self::Huge => {
                let body = format!("{{\"padding\":\"{}\"}}", "x".repeat(HUGE_BYTES));
                web::answer(StatusCode::OK, web::JSON, body)
            }
            Self::Slow(_) => right(),
            Self::WrongContentType => {
                let mut answer = right();
                answer.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
                answer
            }
            Self::DropConnection => {
                right();
                return None;
            }
        })
    }
}
