//! Webhooks of ids: one address for the companies of all tenants. Each element finds its tenant by the company that it names;
//! what it points at is noted in one transaction with its receipt, and read back later.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use connectors::{FieldFlaw, Hint, Hinted};
use domain::{NewTask, TaskKind, TenantId, id::digest};
use jiff::{SignedDuration, Timestamp};
use store::{Receipt, Store};

/// How long it is held whose company it is: a company that is connected anew is found within it.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Companies that are held at most.
const HELD_MAX: usize = 5_000;
/// Exceptions that one body may raise for companies that nobody is connected to.
const UNMAPPED_MAX: usize = 20;
/// Elements that one exception names at most.
const UNREAD_MAX: usize = 20;

/// A company as its source names it, and whose it is; when that was read.
type Known = HashMap<(&'static str, String), (Option<TenantId>, Timestamp)>;

/// Whose companies are, held for a short while.
#[derive(Default)]
pub struct Companies(Mutex<Known>);

/// What a body came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Objects that are noted to be read.
    pub hints: u64,
    /// Elements of companies that nobody is connected to.
    pub unmapped: u64,
    /// Elements that do not read.
    pub unread: u64,
}

impl Companies {
    /// Whose the companies are, in as few reads as they take.
    async fn tenants(
        &self,
        store: &Store,
        source: &'static str,
        realms: &[&str],
        now: Timestamp,
    ) -> store::Result<HashMap<String, Option<TenantId>>> {
        let mut tenants = HashMap::new();
        let mut asked = Vec::new();
        {
            let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for realm in realms {
                match held.get(&(source, (*realm).to_owned())) {
                    Some((tenant, at)) if now.duration_since(*at).abs() < HELD_FOR => {
                        tenants.insert((*realm).to_owned(), tenant.clone());
                    }
                    Some(_) | None => asked.push(*realm),
                }
            }
        }
        if asked.is_empty() {
            return Ok(tenants);
        }
        let mut found = store.tenants_of_companies(source, &asked).await?;
        // That nobody has one may change at any moment, so that it is asked anew, unless a body names more strangers than a vendor has
        // reason to: the same body comes again.
        let hold_strangers = asked.len() - found.len() > UNMAPPED_MAX;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for realm in asked {
            let tenant = found.remove(realm);
            if held.len() >= HELD_MAX {
                held.clear();
            }
            if tenant.is_some() || hold_strangers {
                held.insert((source, realm.to_owned()), (tenant.clone(), now));
            }
            tenants.insert(realm.to_owned(), tenant);
        }
        Ok(tenants)
    }

    /// Notes what a body points at. Everything may run again: hints are the same item, exceptions have derived ids.
    ///
    /// # Errors
    ///
    /// Those of the table; then nothing is lost when the same body comes again.
    pub async fn note(
        &self,
        store: &Store,
        source: &'static str,
        body: &[u8],
        hinted: Hinted,
        now: Timestamp,
    ) -> store::Result<Noted> {
        let Hinted { hints, unread } = hinted;
        let mut noted = Noted { unread: u64::try_from(unread.len()).unwrap_or(u64::MAX), ..Noted::default() };
        let mut by_realm: BTreeMap<String, Vec<Hint>> = BTreeMap::new();
        for hint in hints {
            by_realm.entry(hint.realm.clone()).or_default().push(hint);
        }
        let mut unmapped = Vec::new();
        let realms: Vec<&str> = by_realm.keys().map(String::as_str).collect();
        let mut tenants = self.tenants(store, source, &realms, now).await?;
        for (realm, hints) in by_realm {
            let count = u64::try_from(hints.len()).unwrap_or(u64::MAX);
            let Some(tenant) = tenants.remove(&realm).flatten() else {
                noted.unmapped += count;
                unmapped.push(realm);
                continue;
            };
            let events: Vec<&str> = hints.iter().map(|hint| hint.event.as_str()).collect();
            let receipt = Receipt { source: source.to_owned(), event_id: digest(&events) };
            let objects: Vec<(&str, &str)> = hints.iter().map(|hint| (hint.kind, hint.id.as_str())).collect();
            if store.hint(&tenant, &receipt, &objects, now).await? {
                noted.hints += count;
            } else if let Err(error) = store.came_again(&tenant, &receipt).await {
                tracing::warn!(tenant.id = %tenant, source, error = %error, "a webhook that came again was not counted");
            }
        }
        let app = TenantId::app();
        for realm in unmapped.iter().take(UNMAPPED_MAX) {
            store.raise(&app, None, &nobodys(source, realm), now).await?;
        }
        if !unread.is_empty() {
            store.raise(&app, None, &unreadable(source, body, &unread), now).await?;
        }
        Ok(noted)
    }
}

fn nobodys(source: &str, realm: &str) -> NewTask {
    let detail = format!(
        "A webhook of {source} is about company {realm}, which no tenant is connected to. Connect it with POST \
         /v1/connections/{source}/authorize, or disconnect the app in that company's {source} settings. Until then its events are \
         passed over; the first reading after it is connected makes up for them."
    );
    task(TaskKind::Connection, format!("{source}:unmapped:{realm}"), format!("An unknown company of {source}"), detail)
}

/// The exception for elements that do not read.
pub fn unreadable(source: &str, body: &[u8], unread: &[FieldFlaw]) -> NewTask {
    let lines: Vec<String> = unread.iter().take(UNREAD_MAX).map(|flaw| format!("{} {}", flaw.pointer, flaw.detail)).collect();
    let more = unread.len().saturating_sub(UNREAD_MAX);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    let detail = format!(
        "{}{rest}. The other elements were taken. The polls find what these meant; if this repeats, the vendor has changed its form.",
        lines.join("; ")
    );
    let key = format!("{source}:unread:{}", digest(&[&String::from_utf8_lossy(body)]));
    task(TaskKind::Document, key, format!("A webhook of {source} could not be read whole"), detail)
}

fn task(kind: TaskKind, key: String, title: String, detail: String) -> NewTask {
    NewTask { kind, key, title, detail, to: None, due_on: None, step: None, currency: None, case: None }
}
