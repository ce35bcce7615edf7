//! How often somebody calls within a minute: counted here, and added to the table every ten calls or five seconds, so that all instances of
//! the function come to one count at a tenth of the writes. What an instance has not heard of yet passes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use store::Store;

/// Calls after which they are added to the table.
const ADDED_AFTER: u64 = 10;
/// How long calls wait at most to be added, where more follow.
const ADDED_WITHIN: SignedDuration = SignedDuration::from_secs(5);
/// Most callers that are counted at once; more begin anew.
const CALLERS_MAX: usize = 10_000;

/// How many calls of somebody there are in a minute.
#[derive(Clone, Copy, Debug)]
struct Counted {
    minute: i64,
    /// What the table said last, own calls included.
    known: u64,
    /// What was not added yet, and since when.
    waiting: u64,
    since: Timestamp,
}

/// How many calls somebody has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallsLeft {
    /// How many there are a minute.
    pub limit: u64,
    /// How many are left of it.
    pub left: u64,
    /// Seconds until the next minute.
    pub reset_s: i64,
    /// Whether this call was one too many.
    pub is_over: bool,
}

/// The calls of everybody who called here.
#[derive(Debug)]
pub struct Calls {
    limit: u64,
    counted: Mutex<HashMap<(TenantId, String), Counted>>,
}

impl Calls {
    /// With so many calls a minute for each caller.
    pub fn new(limit: u64) -> Self {
        Self { limit, counted: Mutex::default() }
    }

    /// Counts a call.
    pub async fn count(&self, store: &Store, tenant: &TenantId, who: &str, now: Timestamp) -> CallsLeft {
        let minute = now.as_second().div_euclid(60);
        let key = (tenant.clone(), who.to_owned());
        let (mut own, adds) = {
            let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            if counted.len() >= CALLERS_MAX && !counted.contains_key(&key) {
                counted.clear();
            }
            let own = counted.entry(key.clone()).or_insert(Counted { minute, known: 0, waiting: 0, since: now });
            if own.minute != minute {
                *own = Counted { minute, known: 0, waiting: 0, since: now };
            }
            // Who has none left costs nothing more.
            let is_over = own.known + own.waiting >= self.limit;
            if !is_over {
                own.waiting += 1;
            }
            let ready = own.waiting >= ADDED_AFTER || own.waiting > 0 && now.duration_since(own.since) >= ADDED_WITHIN;
            let adds = if ready && !is_over { std::mem::take(&mut own.waiting) } else { 0 };
            if adds > 0 {
                own.since = now;
            }
            if is_over {
                return self.rate(own.known + own.waiting, true, now);
            }
            (*own, adds)
        };
        if adds > 0 {
            let known = match store.count_calls(tenant, who, adds, now).await {
                Ok(known) => known,
                Err(error) => {
                    // Calls that could not be added are known here all the same.
                    tracing::warn!(error = kit::causes(&error), "calls could not be counted");
                    own.known + adds
                }
            };
            let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = counted.get_mut(&key).filter(|kept| kept.minute == minute) {
                kept.known = kept.known.max(known);
                own = *kept;
            }
        }
        self.rate(own.known + own.waiting, own.known + own.waiting > self.limit, now)
    }

    fn rate(&self, calls: u64, is_over: bool, now: Timestamp) -> CallsLeft {
        let left = self.limit.saturating_sub(calls);
        CallsLeft { limit: self.limit, left, reset_s: 60 - now.as_second().rem_euclid(60), is_over }
    }
}

impl CallsLeft {
    /// Says it in the headers of an answer.
    pub fn say(self, headers: &mut HeaderMap) {
        let Self { limit, left, reset_s, is_over } = self;
        let mut put = |name: HeaderName, text: String| {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        };
        put(HeaderName::from_static("ratelimit-policy"), format!("\"calls\";q={limit};w=60"));
        put(HeaderName::from_static("ratelimit"), format!("\"calls\";r={left};t={reset_s}"));
        if is_over {
            put(RETRY_AFTER, reset_s.to_string());
        }
    }
}
