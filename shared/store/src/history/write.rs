//! Versions as the stream tells of changes.

use domain::Customer;
use jiff::Timestamp;

use super::said;
use crate::{
    Followed, Result, Store,
    table::{
        attributes::{
            every::{PK, SK},
            fact, version,
        },
        db::{Row, instant, json, millis, n, number, row_of, s, text},
        keys::{self, Key},
    },
};

/// When and where in the stream a change was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, as the stream has it: to the second.
    pub at: Timestamp,
    /// Its place in the stream.
    pub sequence: String,
}

/// A version to be written.
#[derive(Clone, Debug)]
pub struct NewVersion {
    pub(super) key: Key,
    pub(super) row: Row,
    /// The fact that it is of.
    pub(super) of: Key,
    /// When the fact was written, and where in the stream that was told.
    pub seen: Seen,
}

impl Store {
    /// The version that a change makes; `None` when nothing that is a fact changed. A fact that is gone has a last version that says so.
    pub fn version_of(change: &Followed, seen: &Seen) -> Option<NewVersion> {
        let [old, new] = [&change.old, &change.new].map(|image| image.clone().map(Row::from));
        let item = new.as_ref().or(old.as_ref())?;
        let (pk, sk) = (text(item, PK)?, text(item, SK)?);
        let before = old.as_ref().and_then(|old| said(sk, old));
        let now = match &new {
            Some(new) => said(sk, new)?,
            None => said(sk, item).map(|_| Row::new())?,
        };
        // An address of which nothing is said is none yet.
        if before.clone().unwrap_or_default() == now && (before.is_some() || now.is_empty()) {
            return None;
        }
        let at = new.as_ref().and_then(|new| number::<i64>(new, fact::SEEN_AT)).map_or(seen.at, instant);
        let by = new.as_ref().and_then(|new| by(sk, new)).unwrap_or_default();
        let mut row = now;
        row.extend(row_of([(version::AT, n(millis(at))), (version::BY, s(by))]));
        if new.is_none() {
            row.insert(version::GONE.to_owned(), n(1));
        }
        let of = Key { pk: pk.to_owned(), sk: sk.to_owned() };
        let seen = Seen { at, sequence: seen.sequence.clone() };
        Some(NewVersion { key: keys::version(pk, sk, &seen.sequence), row, of, seen })
    }

    /// Notes that a batch of the stream was given up, or some of it was not kept, so that versions may be missing of what changed meanwhile,
    /// whoever's.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn put_gap(&self, from: Timestamp, to: Timestamp, sequence: &str, count: u64) -> Result<()> {
        let row = row_of([(version::AT, n(millis(from))), (version::UNTIL, n(millis(to))), (version::COUNT, n(count))]);
        self.create("note a gap at", &keys::gap(from, sequence), row).await.map(|_| ())
    }
}

/// Who wrote an item: as the item says, else its source.
fn by(sk: &str, item: &Row) -> Option<String> {
    let written = text(item, fact::BY).map(str::to_owned);
    written.or_else(|| match sk.split_once('#') {
        Some(("HEARD", source)) => Some(source.to_owned()),
        Some(_) => None,
        None if sk == "PROFILE" => json::<Customer>(item, crate::table::attributes::document::DOC).ok().map(|it| it.source),
        None => None,
    })
}
