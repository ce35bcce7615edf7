//! Sessions at the console: who is signed in there, for how long, and as what.
//!
//! A browser holds a random id in a cookie; the table holds its SHA-256 alone, so that who reads the table opens nothing. A session is good for
//! eight hours without use and for a day at most. What the issuer said of a person is kept as long, and none of its tokens. It makes nobody what
//! they are: each request asks [`enter`] anew, as each call of the API does, so that a member who is removed is refused at once.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use store::{ConsoleSession, Store};

use crate::{
    Done, NotDone,
    entering::{Entered, OPERATOR, Person, enter},
};

/// How long a session is good without use.
pub const IDLE_FOR: SignedDuration = SignedDuration::from_hours(8);
/// How long a session is good at most.
pub const LASTS_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How often it is noted that a session is used.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(300);
/// Most sessions of one person: one more ends the oldest.
const PER_PERSON_MAX: usize = 20;
/// Longest name of a browser that is kept, in characters.
const AGENT_MAX: usize = 200;
/// Bytes of an id.
const ID_BYTES: usize = 32;

/// The id of a session, as the browser holds it. It is a secret: it has no `Debug` that shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId(String);

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionId(…)")
    }
}

impl SessionId {
    /// A text that may be the id of a session; `None` for what cannot be.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == ID_BYTES).then(|| Self(text.to_owned()))
    }

    /// A fresh id.
    ///
    /// # Errors
    ///
    /// [`NotDone::Changed`] when there is no randomness.
    fn fresh() -> Done<Self> {
        let mut random = [0_u8; ID_BYTES];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| NotDone::Changed("there is no randomness now; try again".to_owned()))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(random)))
    }

    /// The id itself, for the cookie alone.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Its SHA-256, in hexadecimal digits: by this the table knows the session.
    pub fn hash(&self) -> String {
        digest(&SHA256, self.0.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Begins a session for whom the issuer vouched for just now.
///
/// # Errors
///
/// [`NotDone::Changed`] when there is no randomness; those of the table.
pub async fn begin(store: &Store, person: &Person, agent: Option<&str>, now: Timestamp) -> Done<SessionId> {
    let mut before = store.sessions_of(&person.subject).await?;
    before.sort_by_key(|session| session.began_at);
    let too_many = (before.len() + 1).saturating_sub(PER_PERSON_MAX);
    let oldest: Vec<String> = before.into_iter().take(too_many).map(|session| session.hash).collect();
    store.end_sessions(&person.subject, &oldest).await?;
    let id = SessionId::fresh()?;
    let begins = ConsoleSession {
        hash: id.hash(),
        subject: person.subject.clone(),
        email: person.email.clone(),
        name: person.name.clone(),
        tenant: person.tenant.clone(),
        role: person.role.clone(),
        chosen: None,
        agent: agent.map(|agent| agent.chars().filter(|letter| !letter.is_control()).take(AGENT_MAX).collect()),
        began_at: now,
        seen_at: now,
        until: now + IDLE_FOR,
    };
    store.begin_session(&begins, now + LASTS_FOR).await?;
    Ok(id)
}

/// The session of an id, where it is good now; its use is noted. `None` where nobody is signed in by it.
///
/// # Errors
///
/// Those of the table.
pub async fn open(store: &Store, id: &SessionId, now: Timestamp) -> Done<Option<ConsoleSession>> {
    let Some(session) = store.session(&id.hash()).await?.filter(|session| is_good(session, now)) else { return Ok(None) };
    if now.duration_since(session.seen_at) < NOTED_EVERY {
        return Ok(Some(session));
    }
    let until = (now + IDLE_FOR).min(session.began_at + LASTS_FOR);
    let is_there = store.use_session(&session.hash, now, until).await?;
    Ok(is_there.then_some(ConsoleSession { seen_at: now, until, ..session }))
}

fn is_good(session: &ConsoleSession, now: Timestamp) -> bool {
    session.until > now && session.began_at + LASTS_FOR > now
}

/// Who somebody is who is signed in, for the tenant that they chose, else for the one that their sign-in claimed, else for the only one that
/// they are a member of.
///
/// # Errors
///
/// Those of the table.
pub async fn entered(store: &Store, session: &ConsoleSession, now: Timestamp) -> Done<Entered> {
    let person = person_of(session);
    let claims_nothing = person.tenant.is_none() && person.role.as_deref() != Some(OPERATOR);
    let only = match &session.chosen {
        None if claims_nothing => match store.memberships(&person.subject).await?.as_slice() {
            [only] => Some(only.tenant.to_string()),
            [] | [_, ..] => None,
        },
        None | Some(_) => None,
    };
    enter(store, &person, session.chosen.as_deref().or(only.as_deref()), now).await
}

/// What the issuer said of who is signed in.
fn person_of(session: &ConsoleSession) -> Person {
    Person {
        subject: session.subject.clone(),
        email: session.email.clone(),
        name: session.name.clone(),
        tenant: session.tenant.clone(),
        role: session.role.clone(),
    }
}

/// Has a session be about another tenant from now on.
///
/// # Errors
///
/// [`NotDone::NotAllowed`] where they may not act for it, which says why; [`NotDone::Changed`] where the session ended meanwhile; those of the
/// table.
pub async fn choose(store: &Store, session: &ConsoleSession, tenant: &str, now: Timestamp) -> Done<()> {
    if TenantId::parse(tenant).is_err() {
        return Err(NotDone::NotAllowed("what you typed is the id of no tenant; the invitation names it".to_owned()));
    }
    match enter(store, &person_of(session), Some(tenant), now).await? {
        Entered::Nowhere(why) => Err(NotDone::NotAllowed(why)),
        Entered::As(_) if store.choose_in_session(&session.hash, tenant).await? => Ok(()),
        Entered::As(_) => Err(NotDone::Changed("your session ended meanwhile; sign in again".to_owned())),
    }
}

/// The sessions of who is signed in that are good now, the one used last first.
///
/// # Errors
///
/// Those of reading.
pub async fn list(store: &Store, session: &ConsoleSession, now: Timestamp) -> Done<Vec<ConsoleSession>> {
    let mut all = store.sessions_of(&session.subject).await?;
    all.retain(|session| is_good(session, now));
    all.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
    Ok(all)
}

/// Ends one's own session: its id opens nothing from now on.
///
/// # Errors
///
/// Those of writing.
pub async fn end(store: &Store, session: &ConsoleSession) -> Done<()> {
    Ok(store.end_sessions(&session.subject, std::slice::from_ref(&session.hash)).await?)
}

/// Ends all sessions of who is signed in, this one too.
///
/// # Errors
///
/// Those of the table.
pub async fn end_all(store: &Store, session: &ConsoleSession) -> Done<()> {
    let all: Vec<String> = store.sessions_of(&session.subject).await?.into_iter().map(|session| session.hash).collect();
    Ok(store.end_sessions(&session.subject, &all).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn an_id_is_random_and_is_not_shown() {
        let (one, other) = (SessionId::fresh().unwrap(), SessionId::fresh().unwrap());
        assert_ne!(one, other);
        assert_eq!(SessionId::read(one.secret()), Some(one.clone()));
        assert_eq!(one.hash().len(), 64);
        assert!(!format!("{one:?}").contains(one.secret()));
        for text in ["", "x", "../../..", &"A".repeat(42), &"A".repeat(44), &"A".repeat(10_000)] {
            assert_eq!(SessionId::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_session_is_good_for_eight_hours_without_use_and_a_day_at_most() {
        let began: Timestamp = "2026-02-10T10:00:00Z".parse().unwrap();
        let session = |until: SignedDuration| ConsoleSession {
            hash: String::new(),
            subject: "ada".to_owned(),
            email: None,
            name: None,
            tenant: None,
            role: None,
            chosen: None,
            agent: None,
            began_at: began,
            seen_at: began,
            until: began + until,
        };
        let hours = SignedDuration::from_hours;
        for (until, after, expected) in [
            (hours(8), hours(8) - SignedDuration::from_secs(1), true),
            (hours(8), hours(8), false),
            (hours(24), hours(24) - SignedDuration::from_secs(1), true),
            // What is stored never lets it be longer.
            (hours(40), hours(24), false),
        ] {
            assert_eq!(is_good(&session(until), began + after), expected, "{until} {after}");
        }
    }
}
