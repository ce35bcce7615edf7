//! Service mails: an item for each in its customer's partition, written with what it tells of. Its sender takes it once, and what became of it
//! is kept with it. It holds ids, and neither an address nor a word of what it says.

use domain::{CustomerId, MessageStatus, ServiceMail, ServiceMailId, TenantId, service_mail::SERVICE_MAIL_DAYS, word::Word};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::{
    Error, Result, Store,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT, service_mail},
        change::{Change, absent, is, no_item, some_item},
        db::{Range, Row, Transacted, Wrote, instant, json, last_of, millis, n, number, s, text, to_json},
        keys,
        retry::{ATTEMPTS_DEAR, Tries},
    },
};

/// How long a sender may be at it: longer than its function runs.
const UNDER_WAY_FOR: SignedDuration = SignedDuration::from_secs(90);

/// A service mail, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownServiceMail {
    /// What was asked for.
    pub mail: ServiceMail,
    /// `queued` until its sender knows; then `sent`, `failed`, `blocked` or `unknown`, and what its provider says later.
    pub status: MessageStatus,
    /// Since when, where that is known.
    pub status_at: Option<Timestamp>,
    /// Why it did not leave, or why nobody knows; never an address.
    pub why: Option<String>,
    /// When its sender took it last.
    pub taken_at: Option<Timestamp>,
}

/// A service mail that its sender holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenServiceMail {
    /// When it was taken: tells this hold from another one.
    pub taken_at: Timestamp,
    /// How often it was taken, this time included.
    pub tries: u32,
}

/// What became of a service mail.
#[derive(Clone, Copy, Debug)]
pub struct ServiceMailResult<'a> {
    /// How it stands.
    pub status: MessageStatus,
    /// Why it did not leave, or why nobody knows; never an address.
    pub why: Option<&'a str>,
    /// The provider's id of it.
    pub provider_id: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// A page of a customer's service mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceMailPage {
    /// The mails, by nothing that means anything.
    pub mails: Vec<KnownServiceMail>,
    /// The id to go on after; `None` at the end.
    pub after: Option<ServiceMailId>,
}

/// The write of a service mail that is asked for: of one that was asked for before it changes nothing, so that it never keeps what it tells of
/// from being written.
pub(crate) fn requested(tenant: &TenantId, customer: &CustomerId, mail: &ServiceMail) -> Change {
    let expires_at = mail.requested_at.checked_add((SERVICE_MAIL_DAYS * 24).hours()).unwrap_or(Timestamp::MAX).as_second();
    Change::of(keys::service_mail(tenant, customer, &mail.id)).put_once(DOC, s(to_json(mail))).put_once(EXPIRES_AT, n(expires_at))
}

impl KnownServiceMail {
    fn read(row: &Row, now: Timestamp) -> Result<Self> {
        let mail: ServiceMail = json(row, DOC)?;
        let taken_at = number(row, service_mail::TAKEN_AT).map(instant);
        let noted = noted(row);
        let died = noted.is_none() && taken_at.is_some_and(|at| now.duration_since(at) > UNDER_WAY_FOR);
        let status = noted.unwrap_or(if died { MessageStatus::Unknown } else { MessageStatus::Queued });
        let why = text(row, service_mail::BECAUSE).map(str::to_owned);
        let why = why.or_else(|| died.then(|| "its sender ended before it knew".to_owned()));
        Ok(Self { mail, status, status_at: number(row, service_mail::STATUS_AT).map(instant), why, taken_at })
    }
}

/// What is noted of it.
fn noted(row: &Row) -> Option<MessageStatus> {
    text(row, service_mail::STATUS).map(|word| MessageStatus::read(word).unwrap_or(MessageStatus::Unknown))
}

impl Store {
    /// Asks for a service mail by itself; its sender hears of it by the stream. False, and nothing is written, where it was asked for before.
    /// One that tells of an agreement or a payment is written together with that.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when it does not name what it tells of; those of writing.
    pub async fn request_service_mail(&self, tenant: &TenantId, customer: &CustomerId, mail: &ServiceMail) -> Result<bool> {
        const OP: &str = "ask for a service mail to";
        if !mail.is_whole() {
            let why = format!("a service mail of kind {} does not name what it tells of", mail.kind);
            return Err(Error::Refused { operation: OP, id: mail.id.to_string(), why });
        }
        let actions = vec![requested(tenant, customer, mail).when(no_item()).update(self)];
        Ok(matches!(self.transact(OP, mail.id.as_str(), actions).await?, Transacted::Done))
    }

    /// A service mail, and what became of it as far as is known at `now`.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn service_mail(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        id: &ServiceMailId,
        now: Timestamp,
    ) -> Result<Option<KnownServiceMail>> {
        let row = self.read("read a service mail to", &keys::service_mail(tenant, customer, id), true).await?;
        row.map(|row| KnownServiceMail::read(&row, now)).transpose()
    }

    /// The service mails of a customer of the last 90 days, at most `most` of them, those behind one.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn service_mails(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        most: usize,
        after: Option<&ServiceMailId>,
        now: Timestamp,
    ) -> Result<ServiceMailPage> {
        let pk = keys::customer(tenant, customer);
        // What follows an id, before every longer one: ids have no such character.
        let from = after.map_or_else(|| keys::SERVICE_MAILS.to_owned(), |after| format!("{}{after}!", keys::SERVICE_MAILS));
        let until = last_of(keys::SERVICE_MAILS);
        let range = Range::new(&pk, &from, &until, most.saturating_add(1));
        let rows = self.range("read the service mails to", range).await?;
        let mut mails = rows.iter().map(|row| KnownServiceMail::read(row, now)).collect::<Result<Vec<_>>>()?;
        let more = mails.len() > most;
        mails.truncate(most);
        let after = mails.last().filter(|_| more).map(|known| known.mail.id.clone());
        Ok(ServiceMailPage { mails, after })
    }

    /// Takes a service mail to send it; `None` when there is none, another sender took it, or it is over.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn take_service_mail(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        id: &ServiceMailId,
        now: Timestamp,
    ) -> Result<Option<TakenServiceMail>> {
        let change = Change::of(keys::service_mail(tenant, customer, id))
            .put(service_mail::TAKEN_AT, n(millis(now)))
            .add(service_mail::TRIES, n(1))
            .when(some_item())
            .when(absent(service_mail::TAKEN_AT))
            .when(absent(service_mail::STATUS));
        Ok(match self.write("take a service mail to", change, true).await? {
            Wrote::Done(before) => {
                let tries = before.as_ref().and_then(|row| number::<u32>(row, service_mail::TRIES)).unwrap_or(0);
                Some(TakenServiceMail { taken_at: now, tries: tries.saturating_add(1) })
            }
            Wrote::Not(_) => None,
        })
    }

    /// Gives a service mail back that was taken and that its provider did not take for now: it may be taken again.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn give_service_mail_back(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        id: &ServiceMailId,
        taken: &TakenServiceMail,
    ) -> Result<()> {
        let change = Change::of(keys::service_mail(tenant, customer, id))
            .drop(service_mail::TAKEN_AT)
            .when(is(service_mail::TAKEN_AT, n(millis(taken.taken_at))))
            .when(absent(service_mail::STATUS));
        self.write("give back a service mail to", change, false).await.map(|_| ())
    }

    /// Notes what became of a service mail. The loudest word stands, whatever the order in which its sender and its provider say theirs; of words
    /// that are as loud, the first. False where nothing changed, or there is no such mail.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn end_service_mail(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        id: &ServiceMailId,
        result: ServiceMailResult<'_>,
    ) -> Result<bool> {
        const OP: &str = "note what became of a service mail to";
        let key = keys::service_mail(tenant, customer, id);
        let mut tries = Tries::new(ATTEMPTS_DEAR, OP, id.as_str());
        loop {
            tries.again()?;
            let Some(row) = self.read(OP, &key, true).await? else { return Ok(false) };
            let known = noted(&row);
            if known.is_some_and(|known| result.status.rank() <= known.rank()) {
                return Ok(false);
            }
            let change = Change::of(key.clone())
                .put(service_mail::STATUS, s(result.status.as_str()))
                .put(service_mail::STATUS_AT, n(millis(result.at)))
                .when(some_item());
            let change = match result.why {
                Some(why) => change.put(service_mail::BECAUSE, s(why)),
                None => change.drop(service_mail::BECAUSE),
            };
            let change = match result.provider_id {
                Some(id) => change.put(service_mail::PROVIDER_ID, s(id)),
                None => change,
            };
            let change = match text(&row, service_mail::STATUS) {
                Some(word) => change.when(is(service_mail::STATUS, s(word))),
                None => change.when(absent(service_mail::STATUS)),
            };
            if let Wrote::Done(_) = self.write(OP, change, false).await? {
                return Ok(true);
            }
        }
    }
}
