//! Who is signed in at the console: a row for each session, found by the hash of the id that the browser holds, and one by which a person's are found.
//!
//! The id itself is kept nowhere, and nothing of the issuer's is: no token, and no code.

use jiff::Timestamp;

use crate::{
    Result, Store,
    table::{
        attributes::{
            every::{EXPIRES_AT, SK},
            sessions::{session, session_of},
        },
        change::{Change, put_new, some_item},
        db::{Range, Row, Transacted, Wrote, instant, last_of, millis, n, number, row_of, s, text},
        keys::{self, SESSIONS},
    },
};

/// Most sessions of one person that are looked at.
const SESSIONS_MAX: usize = 100;

/// A session at the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSession {
    /// SHA-256 of the id that the browser holds, in hexadecimal digits.
    pub hash: String,
    /// Who: the subject of their sign-in.
    pub subject: String,
    /// Their address, where the issuer verified it.
    pub email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// The tenant that the sign-in claimed.
    pub tenant: Option<String>,
    /// The role that it claimed.
    pub role: Option<String>,
    /// The tenant that they chose since.
    pub chosen: Option<String>,
    /// What the browser called itself.
    pub agent: Option<String>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was last used, to some minutes.
    pub seen_at: Timestamp,
    /// Until when it is good, unless it is used.
    pub until: Timestamp,
}

fn session_row(known: &ConsoleSession) -> Row {
    let mut row = row_of([
        (session::SUBJECT, s(known.subject.clone())),
        (session::BEGAN_AT, n(millis(known.began_at))),
        (session::SEEN_AT, n(millis(known.seen_at))),
        (session::UNTIL, n(millis(known.until))),
        (EXPIRES_AT, n(known.until.as_second())),
    ]);
    let texts = [
        (session::EMAIL, &known.email),
        (session::CALLED, &known.name),
        (session::TENANT, &known.tenant),
        (session::ROLE, &known.role),
        (session::CHOSEN, &known.chosen),
        (session::AGENT, &known.agent),
    ];
    row.extend(texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), s(value.clone()?)))));
    row
}

fn read_session(hash: &str, row: &Row) -> ConsoleSession {
    let own = |name: &str| text(row, name).map(str::to_owned);
    let moment = |name: &str| number(row, name).map(instant).unwrap_or_default();
    ConsoleSession {
        hash: hash.to_owned(),
        subject: own(session::SUBJECT).unwrap_or_default(),
        email: own(session::EMAIL),
        name: own(session::CALLED),
        tenant: own(session::TENANT),
        role: own(session::ROLE),
        chosen: own(session::CHOSEN),
        agent: own(session::AGENT),
        began_at: moment(session::BEGAN_AT),
        seen_at: moment(session::SEEN_AT),
        until: moment(session::UNTIL),
    }
}

impl Store {
    /// Stores a session that begins. `ends_at` is when it ends at the latest.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn begin_session(&self, begins: &ConsoleSession, ends_at: Timestamp) -> Result<()> {
        let pointer = row_of([(session_of::BEGAN_AT, n(millis(begins.began_at))), (EXPIRES_AT, n(ends_at.as_second()))]);
        let actions = vec![
            put_new(self, &keys::session(&begins.hash), session_row(begins)),
            put_new(self, &keys::session_of(&begins.subject, &begins.hash), pointer),
        ];
        match self.transact("begin a session", &begins.hash, actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(crate::Error::Conflict { operation: "begin a session", id: begins.hash.clone() }),
        }
    }

    /// A session by the hash of its id, one whose time is over too: the table deletes it some time after that.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn session(&self, hash: &str) -> Result<Option<ConsoleSession>> {
        let row = self.read("read a session", &keys::session(hash), true).await?;
        Ok(row.as_ref().map(|row| read_session(hash, row)))
    }

    /// Notes that a session is used, and until when it is good now. False where it has ended meanwhile: nothing is written then.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn use_session(&self, hash: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
        let change = Change::of(keys::session(hash))
            .put(session::SEEN_AT, n(millis(now)))
            .put(session::UNTIL, n(millis(until)))
            .put(EXPIRES_AT, n(until.as_second()))
            .when(some_item());
        Ok(matches!(self.write("use a session", change, false).await?, Wrote::Done(_)))
    }

    /// Notes which tenant a session is about from now on. False where it has ended meanwhile.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn choose_in_session(&self, hash: &str, tenant: &str) -> Result<bool> {
        let change = Change::of(keys::session(hash)).put(session::CHOSEN, s(tenant)).when(some_item());
        Ok(matches!(self.write("choose a tenant in a session", change, false).await?, Wrote::Done(_)))
    }

    /// A person's sessions, in no order, those whose time is over and that the table has not deleted too.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn sessions_of(&self, subject: &str) -> Result<Vec<ConsoleSession>> {
        const OP: &str = "read the sessions of a person";
        let (pk, last) = (keys::sessions_of(subject), last_of(SESSIONS));
        let rows = self.range(OP, Range::new(&pk, SESSIONS, &last, SESSIONS_MAX)).await?;
        let hashes: Vec<&str> = rows.iter().filter_map(|row| text(row, SK)?.strip_prefix(SESSIONS)).collect();
        let wanted: Vec<keys::Key> = hashes.iter().map(|hash| keys::session(hash)).collect();
        let found = self.read_many(OP, &wanted, true).await?;
        let read = |hash: &&str| Some(read_session(hash, found.get(&keys::session(hash))?));
        Ok(hashes.iter().filter_map(read).collect())
    }

    /// Ends sessions of a person: from then on their ids open nothing.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_sessions(&self, subject: &str, hashes: &[String]) -> Result<()> {
        for some in hashes.chunks(40) {
            let both = some.iter().flat_map(|hash| [keys::session(hash), keys::session_of(subject, hash)]);
            let actions = both.map(|key| Change::of(key).delete(self)).collect();
            self.transact("end sessions of a person", subject, actions).await?;
        }
        Ok(())
    }
}
