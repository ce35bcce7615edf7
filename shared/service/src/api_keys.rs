//! Keys by which machines call.
//!
//! A key is `dun_{tenant}_{id}_{secret}`. Its secret is 256 random bits, so its SHA-256 is kept and not a slow hash: nobody guesses it.

use std::collections::BTreeSet;

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use domain::{KeyId, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{ApiKey, Store};

use crate::{Actor, Done, KeyScope, NotDone, Operation, StaffRole, tenant_limits::TenantLimit};

/// What every key begins with.
pub const PREFIX: &str = "dun_";
/// Longest name, in characters.
const NAME_MAX: usize = 100;
/// How long the secret before is accepted where nothing is said, and at most, in hours.
const OVERLAP_HOURS: u32 = 24;
/// Longest overlap, in hours.
const OVERLAP_HOURS_MAX: u32 = 720;
/// Bytes of an id and of a secret.
const ID_BYTES: usize = 12;
const SECRET_BYTES: usize = 32;

/// A key as it was sent.
#[derive(Clone, Debug)]
pub struct PresentedKey<'a> {
    /// Whose.
    pub tenant: TenantId,
    /// Its id.
    pub id: KeyId,
    /// Its secret.
    pub secret: &'a str,
}

impl<'a> PresentedKey<'a> {
    /// Reads a key; `None` where it has not the form of one.
    pub fn read(text: &'a str) -> Option<Self> {
        // Ids of tenants may hold underscores; what follows them does not.
        let (rest, secret) = text.strip_prefix(PREFIX)?.rsplit_once('_')?;
        let (tenant, id) = rest.rsplit_once('_')?;
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let whole = secret.len() == 2 * SECRET_BYTES && id.len() == 2 * ID_BYTES && is_hex(secret) && is_hex(id);
        let id = KeyId::parse(&format!("{}{id}", KeyId::PREFIX)).filter(|_| whole)?;
        Some(Self { tenant: TenantId::parse(tenant).ok()?, id, secret })
    }
}

/// Whether a key opens something with a secret: in constant time, whatever the secret is.
pub(crate) fn opens(key: &ApiKey, secret: &str, now: Timestamp) -> bool {
    let given = hash(secret);
    let is = |kept: &str| verify_slices_are_equal(kept.as_bytes(), given.as_bytes()).is_ok();
    let is_before = key.before.as_ref().is_some_and(|(kept, until)| is(kept) && now < *until);
    (is(&key.hash) || is_before) && key.revoked_at.is_none()
}

/// What is kept of a secret.
pub fn hash(secret: &str) -> String {
    hex(digest(&SHA256, secret.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text that is drawn: so many bytes, in hexadecimal.
pub(crate) fn drawn<const N: usize>() -> Done<String> {
    let mut random = [0_u8; N];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| NotDone::Changed("there is no randomness now; try again".to_owned()))?;
    Ok(hex(&random))
}

/// A key that was made or given a new secret: the one time that its secret is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownKey {
    /// The key.
    pub key: ApiKey,
    /// What the machine sends.
    pub token: String,
}

fn shown(tenant: &TenantId, key: ApiKey, secret: &str) -> ShownKey {
    let id = key.id.as_str().trim_start_matches(KeyId::PREFIX);
    ShownKey { token: format!("{PREFIX}{tenant}_{id}_{secret}"), key }
}

/// The keys, those that were revoked too.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn list(store: &Store, actor: &Actor) -> Done<Vec<ApiKey>> {
    Ok(store.api_keys(actor.may(Operation::ListKeys)?).await?)
}

/// What a key is to be.
#[derive(Clone, Debug, Default)]
pub struct KeyAsked {
    /// What people call it.
    pub name: String,
    /// The role that it has at most.
    pub role: String,
    /// The words of its scopes.
    pub scopes: Vec<String>,
}

/// Makes a key.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], also where it would be more than who asks is; [`NotDone::Fields`]; those of the table.
pub async fn make(store: &Store, actor: &Actor, asked: &KeyAsked, now: Timestamp) -> Done<ShownKey> {
    let tenant = actor.may(Operation::MakeKey)?;
    let mut flaws = Vec::new();
    let name = asked.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        flaws.push(("/name".to_owned(), format!("say what the key is for, in at most {NAME_MAX} characters")));
    }
    let role = StaffRole::read(&asked.role);
    if role.is_none() {
        flaws.push(("/role".to_owned(), "a role is viewer, collector, manager or admin".to_owned()));
    }
    let read = asked.scopes.iter().enumerate().map(|(at, word)| (at, KeyScope::read(word)));
    let (mut scopes, all) = (BTreeSet::new(), KeyScope::ALL.map(KeyScope::as_str).join(", "));
    for (at, scope) in read {
        match scope {
            Some(scope) => {
                scopes.insert(scope);
            }
            None => flaws.push((format!("/scopes/{at}"), format!("a scope is one of {all}"))),
        }
    }
    if asked.scopes.is_empty() {
        flaws.push(("/scopes".to_owned(), format!("name at least one of {all}")));
    }
    let Some(role) = role.filter(|_| flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    if actor.role().is_none_or(|own| role > own) || actor.scopes().is_some_and(|own| !scopes.is_subset(own)) {
        let why = "a key has no more than who makes it: no higher role, and of a key's scopes no others";
        return Err(NotDone::NotAllowed(why.to_owned()));
    }
    TenantLimit::Keys.unless_full(store.api_keys(tenant).await?.len())?;
    let (id, secret) = (drawn::<ID_BYTES>()?, drawn::<SECRET_BYTES>()?);
    let id = KeyId::parse(&format!("{}{id}", KeyId::PREFIX));
    let id = id.ok_or_else(|| NotDone::Changed("there is no id for it now; try again".to_owned()))?;
    let key = ApiKey {
        id,
        name: name.to_owned(),
        role: role.as_str().to_owned(),
        scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        hash: hash(&secret),
        before: None,
        made_at: now,
        made_by: actor.by().to_owned(),
        used_at: None,
        revoked_at: None,
        rev: 0,
    };
    let what = json!({ "name": key.name, "role": key.role, "scopes": key.scopes });
    let entry = actor.entry(Operation::MakeKey, now).of(key.id.as_str()).with(what);
    let key = store.acting(entry).put_api_key(tenant, &key).await?;
    Ok(shown(tenant, key, &secret))
}

/// Gives a key a new secret. The one before is accepted for so many more hours, 24 where nothing is said.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where it is revoked; those of the table.
pub async fn rotate(store: &Store, actor: &Actor, id: &str, overlap_hours: Option<u32>, now: Timestamp) -> Done<ShownKey> {
    let tenant = actor.may(Operation::RotateKey)?;
    let hours = overlap_hours.unwrap_or(OVERLAP_HOURS);
    if hours > OVERLAP_HOURS_MAX {
        return Err(NotDone::field(
            "/overlap_hours",
            format!("the secret before is accepted for at most {OVERLAP_HOURS_MAX} hours"),
        ));
    }
    let key = known(store, actor, tenant, id).await?;
    if key.revoked_at.is_some() {
        return Err(NotDone::Conflict("the key is revoked; make another".to_owned()));
    }
    let secret = drawn::<SECRET_BYTES>()?;
    let until = now + SignedDuration::from_hours(i64::from(hours));
    let before = (hours > 0).then(|| (key.hash.clone(), until));
    let entry = actor.entry(Operation::RotateKey, now).of(key.id.as_str()).with(json!({ "overlap_hours": hours }));
    let changed = ApiKey { hash: hash(&secret), before, ..key };
    let key = store.acting(entry).put_api_key(tenant, &changed).await?;
    Ok(shown(tenant, key, &secret))
}

/// Ends a key at once. Ending it again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of the table.
pub async fn revoke(store: &Store, actor: &Actor, id: &str, now: Timestamp) -> Done<ApiKey> {
    let tenant = actor.may(Operation::RevokeKey)?;
    let key = known(store, actor, tenant, id).await?;
    if key.revoked_at.is_some() {
        return Ok(key);
    }
    let entry = actor.entry(Operation::RevokeKey, now).of(key.id.as_str()).with(json!({ "name": key.name }));
    let ended = ApiKey { revoked_at: Some(now), before: None, ..key };
    Ok(store.acting(entry).put_api_key(tenant, &ended).await?)
}

/// A key that who asks may change: a machine changes none that is more than itself.
async fn known(store: &Store, actor: &Actor, tenant: &TenantId, id: &str) -> Done<ApiKey> {
    let none = || NotDone::NotFound("there is no such key; GET /v1/keys lists them".to_owned());
    let key = store.api_key(tenant, &KeyId::parse(id).ok_or_else(none)?).await?.ok_or_else(none)?;
    let role = StaffRole::read(&key.role);
    let others =
        |own: &BTreeSet<KeyScope>| key.scopes.iter().any(|word| KeyScope::read(word).is_none_or(|scope| !own.contains(&scope)));
    if role > actor.role() || actor.scopes().is_some_and(others) {
        return Err(NotDone::NotAllowed("the key is more than who asks: a higher role, or other scopes".to_owned()));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_reads() {
        let (id, secret) = ("0123456789abcdef01234567", "ab".repeat(32));
        for (tenant, text) in [
            ("acme", format!("dun_acme_{id}_{secret}")),
            ("Acme_1-x", format!("dun_Acme_1-x_{id}_{secret}")),
            ("a_b_c", format!("dun_a_b_c_{id}_{secret}")),
        ] {
            let read = PresentedKey::read(&text).unwrap();
            assert_eq!(
                (read.tenant.as_str(), read.id.as_str(), read.secret),
                (tenant, "key_0123456789abcdef01234567", secret.as_str())
            );
        }
        for text in [
            String::new(),
            "dun_".to_owned(),
            format!("dun_acme_{id}"),
            format!("dun_{id}_{secret}"),
            format!("dun__{id}_{secret}"),
            format!("dun_app_{id}_{secret}"),
            format!("dun_acme_{id}_{}", &secret[2..]),
            format!("dun_acme_{id}_{}", secret.to_uppercase()),
            format!("dun_acme_short_{secret}"),
            format!("acme_{id}_{secret}"),
        ] {
            assert!(PresentedKey::read(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_secret_opens_until_it_is_over() {
        let now: Timestamp = "2026-02-10T10:00:00Z".parse().unwrap();
        let hour = SignedDuration::from_hours(1);
        let key = ApiKey {
            id: KeyId::parse("key_1").unwrap(),
            name: "ERP".to_owned(),
            role: "collector".to_owned(),
            scopes: vec![],
            hash: hash("new"),
            before: Some((hash("old"), now + hour)),
            made_at: now,
            made_by: "robin".to_owned(),
            used_at: None,
            revoked_at: None,
            rev: 1,
        };
        let revoked = ApiKey { revoked_at: Some(now), ..key.clone() };
        for (key, secret, at, expected) in [
            (&key, "new", now, true),
            (&key, "old", now, true),
            (&key, "old", now + hour, false),
            (&key, "new", now + hour, true),
            (&key, "other", now, false),
            (&key, "", now, false),
            (&revoked, "new", now, false),
            (&revoked, "old", now, false),
        ] {
            assert_eq!(opens(key, secret, at), expected, "{secret} at {at}");
        }
    }
}
