//! What whoever came by a portal link has sent to the link's own address: codes, and of an expired link the one that is good now. How often is
//! bounded by address and by customer ([`domain::portal_code`]). What is asked for, what counts it and the service mail are one transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    AskedLately, CodeGuess, CodeRequest, CodeRequestId, CustomerId, LinkAsk, LinkId, PortalCode, ServiceMail, ServiceMailKind,
    TenantId,
    portal_code::{AskingLimit, OF_ADDRESS, OF_CHANGES, OF_CUSTOMER},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    AuditEntry, Error, FoundLink, Result, Store, Vault,
    customer::service_mails::requested,
    table::{
        attributes::{
            every::{EXPIRES_AT, PK},
            portal_code::{ASKED_AT, DIGEST, ENTERED_AT, LATELY, REQUEST, TRIES},
        },
        change::{Change, is, no_item},
        db::{Row, Transacted, Wrote, instant, json, millis, n, number, s, text, to_json},
        keys::{self, Key},
        retry::{ATTEMPTS, Tries},
    },
    tenant::portal_codes::is_same_code,
};

/// How long a code is kept after it was asked for, so that whoever enters it late is told that it is over.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What came of asking for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkMailAsked {
    /// It is asked for, and its sender is told.
    Done,
    /// The same was asked for just now.
    Before,
    /// It was asked for as often as may be; from then on there is room again.
    TooOften(Timestamp),
}

/// What may be asked for: the writes beside what counts it.
struct Wanted {
    actions: Vec<TransactWriteItem>,
    mail: ServiceMail,
}

impl Store {
    /// The last code that was asked for by a link; `None` where none was, or long ago.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn code_request(&self, tenant: &TenantId, customer: &CustomerId, link: &LinkId) -> Result<Option<CodeRequest>> {
        let row = self.read("read the last code of", &keys::code_of_link(tenant, customer, link), true).await?;
        row.as_ref().map(|row| read_request(row).map(|(request, _)| request)).transpose()
    }

    /// Has the link that is good now sent to the address of one that expired. Once an hour the same is asked for once.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other writers kept coming between; those of reading and writing.
    pub async fn ask_new_link(&self, found: &FoundLink, now: Timestamp) -> Result<LinkMailAsked> {
        const OP: &str = "ask for a new link of";
        let mut tries = Tries::new(ATTEMPTS, OP, found.link.id.as_str());
        loop {
            tries.again()?;
            let counted = self.counted(OP, found, LinkAsk::NewLink, &[]).await?;
            let mail = ServiceMail::of(ServiceMailKind::NewLink, &found.link.id, None, now);
            let wanted = Wanted { actions: vec![], mail };
            match self.ask(OP, found, LinkAsk::NewLink, (&counted, wanted), now).await? {
                Asking::Over(asked) => return Ok(asked),
                // The same of this hour is there already.
                Asking::Refused(at) if at.contains(&0) => return Ok(LinkMailAsked::Before),
                Asking::Refused(_) => {}
            }
        }
    }

    /// Counts that a customer's link changes how its people are written to. When there is room again, and nothing is counted, where it was changed as
    /// often as may be.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other writers kept coming between; those of reading and writing.
    pub async fn count_link_change(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Timestamp>> {
        const OP: &str = "count a change by a link of";
        let key = keys::asked_for_customer(tenant, customer, LinkAsk::Change);
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            let row = self.read(OP, &key, true).await?;
            let change = match one_more(&key, row.as_ref(), OF_CHANGES, now)? {
                Ok(change) => change,
                Err(again_at) => return Ok(Err(again_at)),
            };
            match self.write(OP, change, false).await? {
                Wrote::Done(_) => return Ok(Ok(())),
                // Another change was counted meanwhile.
                Wrote::Not(_) => {}
            }
        }
    }

    /// What counts how often something was asked for, with items of these other keys.
    async fn counted(
        &self,
        operation: &'static str,
        found: &FoundLink,
        what: LinkAsk,
        others: &[Key],
    ) -> Result<HashMap<Key, Row>> {
        let FoundLink { tenant, customer, link } = found;
        let mut wanted = others.to_vec();
        wanted.push(keys::asked_for_address(tenant, link.address.digest(), what));
        wanted.push(keys::asked_for_customer(tenant, customer, what));
        self.read_many(operation, &wanted, true).await
    }

    /// Writes what is wanted, its service mail and what counts it, where there is room.
    async fn ask(
        &self,
        operation: &'static str,
        found: &FoundLink,
        what: LinkAsk,
        (counted, wanted): (&HashMap<Key, Row>, Wanted),
        now: Timestamp,
    ) -> Result<Asking> {
        let FoundLink { tenant, customer, link } = found;
        let of_address = keys::asked_for_address(tenant, link.address.digest(), what);
        let of_customer = keys::asked_for_customer(tenant, customer, what);
        let mut actions = vec![requested(tenant, customer, &wanted.mail).when(no_item()).update(self)];
        for (key, limit) in [(of_address, OF_ADDRESS), (of_customer, OF_CUSTOMER)] {
            match one_more(&key, counted.get(&key), limit, now)? {
                Ok(change) => actions.push(change.update(self)),
                Err(again_at) => return Ok(Asking::Over(LinkMailAsked::TooOften(again_at))),
            }
        }
        actions.extend(wanted.actions);
        Ok(match self.transact(operation, link.id.as_str(), actions).await? {
            Transacted::Done => Asking::Over(LinkMailAsked::Done),
            Transacted::Not(at) => Asking::Refused(at),
        })
    }
}

/// What came of one try to ask.
enum Asking {
    /// It is known.
    Over(LinkMailAsked),
    /// The conditions of the actions at these places did not hold: look again.
    Refused(Vec<usize>),
}

impl Vault {
    /// Has a code sent to the address of a link. It takes the place of the one before. Where that one was asked for just now, no other is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other writers kept coming between; those of KMS, of reading and of writing.
    pub async fn ask_code(&self, found: &FoundLink, now: Timestamp) -> Result<LinkMailAsked> {
        const OP: &str = "ask for a code of";
        let FoundLink { tenant, customer, link } = found;
        let key = keys::code_of_link(tenant, customer, &link.id);
        let mut tries = Tries::new(ATTEMPTS, OP, link.id.as_str());
        loop {
            tries.again()?;
            let counted = self.store.counted(OP, found, LinkAsk::Code, std::slice::from_ref(&key)).await?;
            let before = counted.get(&key).map(read_request).transpose()?.map(|(before, _)| before);
            if before.as_ref().is_some_and(|before| before.is_just_asked(now)) {
                return Ok(LinkMailAsked::Before);
            }
            let moment = now.as_millisecond().to_string();
            // One that was entered within the same moment is another one.
            let last = before.as_ref().map_or("", |before| before.id.as_str());
            let id = CodeRequestId::derive(&[tenant.as_str(), customer.as_str(), link.id.as_str(), &moment, last]);
            let code = self.code_for(tenant, &id).await?;
            let kept = self.code_kept(tenant, &id, &code).await?;
            let expires_at = now.checked_add(KEPT_FOR).unwrap_or(Timestamp::MAX).as_second();
            let change = Change::of(key.clone())
                .put(REQUEST, s(id.as_str()))
                .put(DIGEST, s(kept))
                .put(ASKED_AT, n(millis(now)))
                .put(TRIES, n(0))
                .put(EXPIRES_AT, n(expires_at))
                .drop(ENTERED_AT);
            let change = match &before {
                None => change.when(no_item()),
                Some(before) => change.when(is(REQUEST, s(before.id.as_str()))),
            };
            let mail = ServiceMail::of(ServiceMailKind::Code, &link.id, Some(id.as_str()), now);
            let wanted = Wanted { actions: vec![change.update(&self.store)], mail };
            match self.store.ask(OP, found, LinkAsk::Code, (&counted, wanted), now).await? {
                Asking::Over(asked) => return Ok(asked),
                Asking::Refused(_) => {}
            }
        }
    }

    /// Tries a code. The try is counted by the same write that says whether it may be made, whatever was typed: of any that come at once no more
    /// than five count, and one is right. That one is noted by `entry`; of the others there may be many, and they are counted alone.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other tries kept coming between; those of KMS, of reading and of writing.
    pub async fn enter_code(
        &self,
        found: &FoundLink,
        typed: &PortalCode,
        entry: AuditEntry,
        now: Timestamp,
    ) -> Result<CodeGuess> {
        const OP: &str = "try a code of";
        let FoundLink { tenant, customer, link } = found;
        let key = keys::code_of_link(tenant, customer, &link.id);
        let mut tries = Tries::new(ATTEMPTS, OP, link.id.as_str());
        loop {
            tries.again()?;
            let Some(row) = self.store.read(OP, &key, true).await? else { return Ok(CodeGuess::NoneAsked) };
            let (before, kept) = read_request(&row)?;
            let is_right = is_same_code(&kept, &self.code_kept(tenant, &before.id, typed).await?);
            let (after, guess) = before.clone().tried(is_right, now);
            let has_changed = match guess {
                CodeGuess::Right | CodeGuess::Wrong(_) => true,
                CodeGuess::Over(_) | CodeGuess::NoneAsked => false,
            };
            if !has_changed {
                return Ok(guess);
            }
            // Each try changes their number, the right one too.
            let change = Change::of(key.clone())
                .put(TRIES, n(after.tries))
                .when(is(REQUEST, s(before.id.as_str())))
                .when(is(TRIES, n(before.tries)));
            let wrote = match after.entered_at {
                Some(at) => {
                    let change = change.put(ENTERED_AT, n(millis(at)));
                    self.store.acting(entry.clone()).write(OP, change, false).await?
                }
                None => self.store.write(OP, change, false).await?,
            };
            match wrote {
                Wrote::Done(_) => return Ok(guess),
                // Another try came between: this one counts behind it.
                Wrote::Not(_) => {}
            }
        }
    }
}

fn read_request(row: &Row) -> Result<(CodeRequest, String)> {
    let read = || {
        let request = CodeRequest {
            id: CodeRequestId::parse(text(row, REQUEST)?)?,
            asked_at: number(row, ASKED_AT).map(instant)?,
            tries: number(row, TRIES)?,
            entered_at: number(row, ENTERED_AT).map(instant),
        };
        Some((request, text(row, DIGEST)?.to_owned()))
    };
    read().ok_or_else(|| {
        let key = text(row, PK).unwrap_or("?").to_owned();
        Error::Corrupt { key, detail: "the last code of a portal link does not read".to_owned() }
    })
}

/// The write that counts one more, where there is room; else when there is.
pub(crate) fn one_more(
    key: &Key,
    row: Option<&Row>,
    limit: AskingLimit,
    now: Timestamp,
) -> Result<std::result::Result<Change, Timestamp>> {
    let before: AskedLately = row.map(|row| json(row, LATELY)).transpose()?.unwrap_or_default();
    let after = match before.and_now(limit, now) {
        Ok(after) => after,
        Err(again_at) => return Ok(Err(again_at)),
    };
    let expires_at = now.checked_add(limit.within).unwrap_or(Timestamp::MAX).as_second();
    let change = Change::of(key.clone()).put(LATELY, s(to_json(&after))).put(EXPIRES_AT, n(expires_at));
    Ok(Ok(match row.and_then(|row| text(row, LATELY)) {
        Some(before) => change.when(is(LATELY, s(before))),
        None => change.when(no_item()),
    }))
}
