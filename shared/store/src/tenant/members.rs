//! A tenant's people, and invitations that nobody has accepted yet.
//!
//! A member that was removed stays as an item that refuses. How many members are admins is counted in an item of its own, so that of two
//! admins who remove each other at once one is left.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            access::{admins, invitation, member, membership},
            document::REVISION,
            every::SK,
        },
        change::{Change, absent, at_least, at_most, is, no_item, present},
        db::{Range, Row, Transacted, instant, last_of, millis, n, number, row_of, s, text},
        keys::{self, INVITATIONS, MEMBERS},
    },
};

/// Most members, and most invitations, that a tenant has.
pub const MEMBERS_MAX: usize = 1_000;
/// Most tenants of one person that are listed.
const MEMBERSHIPS_MAX: usize = 100;
/// How long a member counts as seen.
const SEEN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// One of a tenant's people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who: the subject of their sign-in.
    pub subject: String,
    /// Their address, where it is known.
    pub email: Option<String>,
    /// Whether the address is theirs: they came by an invitation to it.
    pub email_verified: bool,
    /// What they are called, where it is known.
    pub name: Option<String>,
    /// How mails in their name are signed, line by line; with the name where nothing is said.
    pub signature: Option<String>,
    /// The word of their role.
    pub role: String,
    /// When they became a member.
    pub added_at: Timestamp,
    /// Who made them one.
    pub added_by: String,
    /// Since when they are refused.
    pub removed_at: Option<Timestamp>,
    /// When they last called, to the day.
    pub seen_at: Option<Timestamp>,
    /// Counts the changes, from 1; 0 of one that is not stored yet.
    pub rev: u64,
}

/// An invitation that nobody has accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Whom: their address in lower case.
    pub email: String,
    /// What they are called, where it is known.
    pub name: Option<String>,
    /// The word of the role that they get.
    pub role: String,
    /// When.
    pub at: Timestamp,
    /// Who invited them.
    pub by: String,
    /// Until when it can be accepted.
    pub until: Timestamp,
}

/// A tenant that somebody is a member of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The tenant.
    pub tenant: TenantId,
    /// The word of their role there.
    pub role: String,
}

/// What a change does to the number of a tenant's members who are admins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admins {
    /// One more.
    More,
    /// As many as before.
    Same,
    /// One less, and one must be left.
    Less,
}

fn put(row: &mut Row, name: &str, value: Option<&String>) {
    row.extend(value.map(|value| (name.to_owned(), s(value.clone()))));
}

fn moment(row: &Row, name: &str) -> Option<Timestamp> {
    number(row, name).map(instant)
}

fn of(row: &Row, name: &str) -> String {
    text(row, name).unwrap_or_default().to_owned()
}

fn member_row(known: &Member, rev: u64) -> Row {
    let mut row = row_of([
        (member::SUBJECT, s(known.subject.clone())),
        (member::ROLE, s(known.role.clone())),
        (member::ADDED_AT, n(millis(known.added_at))),
        (member::ADDED_BY, s(known.added_by.clone())),
        (REVISION, n(rev)),
    ]);
    put(&mut row, member::EMAIL, known.email.as_ref());
    row.extend(known.email_verified.then(|| (member::EMAIL_VERIFIED.to_owned(), n(1))));
    put(&mut row, member::CALLED, known.name.as_ref());
    put(&mut row, member::SIGNATURE, known.signature.as_ref());
    row.extend(known.removed_at.map(|at| (member::REMOVED_AT.to_owned(), n(millis(at)))));
    row.extend(known.seen_at.map(|at| (member::SEEN_AT.to_owned(), n(millis(at)))));
    row
}

fn read_member(row: &Row) -> Member {
    Member {
        subject: of(row, member::SUBJECT),
        email: text(row, member::EMAIL).map(str::to_owned),
        email_verified: number::<u8>(row, member::EMAIL_VERIFIED) == Some(1),
        name: text(row, member::CALLED).map(str::to_owned),
        signature: text(row, member::SIGNATURE).map(str::to_owned),
        role: of(row, member::ROLE),
        added_at: moment(row, member::ADDED_AT).unwrap_or_default(),
        added_by: of(row, member::ADDED_BY),
        removed_at: moment(row, member::REMOVED_AT),
        seen_at: moment(row, member::SEEN_AT),
        rev: number(row, REVISION).unwrap_or(0),
    }
}

fn read_invitation(row: &Row) -> Invitation {
    Invitation {
        email: of(row, invitation::EMAIL),
        name: text(row, invitation::CALLED).map(str::to_owned),
        role: of(row, invitation::ROLE),
        at: moment(row, invitation::INVITED_AT).unwrap_or_default(),
        by: of(row, invitation::INVITED_BY),
        until: moment(row, invitation::UNTIL).unwrap_or_default(),
    }
}

impl Store {
    /// Somebody's item as a member, one that was removed too, and with an address the invitation that is open for it.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn member(
        &self,
        tenant: &TenantId,
        subject: &str,
        email: Option<&str>,
    ) -> Result<(Option<Member>, Option<Invitation>)> {
        const OP: &str = "read a member of";
        let own = keys::member(tenant, subject);
        let Some(email) = email else {
            return Ok((self.read(OP, &own, true).await?.as_ref().map(read_member), None));
        };
        let invited = keys::invitation(tenant, email);
        let found = self.read_many(OP, &[own.clone(), invited.clone()], true).await?;
        Ok((found.get(&own).map(read_member), found.get(&invited).map(read_invitation)))
    }

    /// A tenant's members, those that were removed too.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn members(&self, tenant: &TenantId) -> Result<Vec<Member>> {
        let (pk, last) = (keys::members(tenant), last_of(MEMBERS));
        let rows = self.range("read the members of", Range::new(&pk, MEMBERS, &last, MEMBERS_MAX)).await?;
        Ok(rows.iter().map(read_member).collect())
    }

    /// The tenants that somebody is a member of.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn memberships(&self, subject: &str) -> Result<Vec<Membership>> {
        let (pk, last) = (keys::memberships(subject), last_of(""));
        let rows = self.range("read the tenants of", Range::new(&pk, "0", &last, MEMBERSHIPS_MAX)).await?;
        let read = |row: &Row| {
            let tenant = TenantId::parse(text(row, SK)?).ok()?;
            Some(Membership { tenant, role: of(row, membership::ROLE) })
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// Stores a member over the revision that it names, and how many admins there are with it. `accepted` is the invitation that made them
    /// one.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when no admin would be left, [`Error::Conflict`] when the member or the invitation changed meanwhile; those of writing.
    pub async fn put_member(
        &self,
        tenant: &TenantId,
        known: &Member,
        admins: Admins,
        accepted: Option<&Invitation>,
    ) -> Result<Member> {
        const OP: &str = "store a member of";
        let change = Change::of(keys::member(tenant, &known.subject));
        let change = if known.rev == 0 { change.when(no_item()) } else { change.when(is(REVISION, n(known.rev))) };
        let stored = Member { rev: known.rev + 1, ..known.clone() };
        let pointer = Change::of(keys::membership(tenant, &known.subject));
        let pointer = if known.removed_at.is_some() {
            pointer.delete(self)
        } else {
            pointer.replace(self, row_of([(membership::ROLE, s(known.role.clone()))]))
        };
        let mut actions = vec![change.replace(self, member_row(&stored, stored.rev)), pointer];
        let counted_at = actions.len();
        actions.extend(self.count_admins(tenant, admins));
        actions.extend(accepted.map(|accepted| {
            let unchanged = is(invitation::INVITED_AT, n(millis(accepted.at)));
            Change::of(keys::invitation(tenant, &accepted.email)).when(unchanged).delete(self)
        }));
        match self.transact(OP, tenant.as_str(), actions).await? {
            Transacted::Done => Ok(stored),
            Transacted::Not(at) if admins == Admins::Less && at.contains(&counted_at) => Err(Error::Refused {
                operation: OP,
                id: tenant.to_string(),
                why: "they are the last admin; make somebody else an admin first".into(),
            }),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: tenant.to_string() }),
        }
    }

    fn count_admins(&self, tenant: &TenantId, change: Admins) -> Option<TransactWriteItem> {
        let count = Change::of(keys::admins(tenant));
        match change {
            Admins::More => Some(count.add(admins::COUNT, n(1)).update(self)),
            Admins::Same => None,
            Admins::Less => Some(count.add(admins::COUNT, n(-1)).when(at_least(admins::COUNT, n(2))).update(self)),
        }
    }

    /// Notes that a member called, once a day.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn seen(&self, tenant: &TenantId, known: &Member, now: Timestamp) -> Result<()> {
        if known.seen_at.is_some_and(|at| now.duration_since(at) < SEEN_FOR) {
            return Ok(());
        }
        let before = absent(member::SEEN_AT).or(at_most(member::SEEN_AT, n(millis(now - SEEN_FOR))));
        let same = is(REVISION, n(known.rev));
        let change = Change::of(keys::member(tenant, &known.subject)).put(member::SEEN_AT, n(millis(now)));
        // Whoever noted it meanwhile, or changed the member, needs no second note.
        self.write("note a call of", change.when(same).when(before), false).await.map(|_| ())
    }

    /// A tenant's open invitations, those that are too old too.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn invitations(&self, tenant: &TenantId) -> Result<Vec<Invitation>> {
        let (pk, last) = (keys::members(tenant), last_of(INVITATIONS));
        let rows = self.range("read the invitations of", Range::new(&pk, INVITATIONS, &last, MEMBERS_MAX)).await?;
        Ok(rows.iter().map(read_invitation).collect())
    }

    /// Stores an invitation in place of one for the same address.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn put_invitation(&self, tenant: &TenantId, invited: &Invitation) -> Result<()> {
        let mut row = row_of([
            (invitation::EMAIL, s(invited.email.clone())),
            (invitation::ROLE, s(invited.role.clone())),
            (invitation::INVITED_AT, n(millis(invited.at))),
            (invitation::INVITED_BY, s(invited.by.clone())),
            (invitation::UNTIL, n(millis(invited.until))),
        ]);
        put(&mut row, invitation::CALLED, invited.name.as_ref());
        let action = Change::of(keys::invitation(tenant, &invited.email)).replace(self, row);
        self.transact("store an invitation of", tenant.as_str(), vec![action]).await.map(|_| ())
    }

    /// Takes an invitation back. False where there is none.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn withdraw_invitation(&self, tenant: &TenantId, email: &str) -> Result<bool> {
        let action = Change::of(keys::invitation(tenant, email)).when(present(invitation::EMAIL)).delete(self);
        let done = self.transact("withdraw an invitation of", tenant.as_str(), vec![action]).await?;
        Ok(matches!(done, Transacted::Done))
    }
}
