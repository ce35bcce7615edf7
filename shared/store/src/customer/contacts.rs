//! A person's contact log: written before a message is claimed, taken back when nothing was sent.

use domain::{
    CONTACT_DAYS, CaseId, Channel, ContactAttempt, ContactLog, CustomerId, INVOICE_CONTACT, MessageId, Mode, People,
    PersonDigest, TenantId,
};
use jiff::Timestamp;

use crate::{
    Result, Store,
    table::{
        attributes::{
            document::REVISION,
            every::EXPIRES_AT,
            person::{LOG, SHADOW},
        },
        change::{Change, absent, is},
        db::{Row, Wrote, json, n, number, s, to_json},
        keys,
        retry::{ATTEMPTS_DEAR, Tries},
    },
};

/// A contact as it is stored: when (seconds), channel, message, customer, and the case where it is known. Some 100 bytes, so that eight
/// of them cost one write unit.
type Stored = (i64, Channel, MessageId, CustomerId, Option<CaseId>);

/// Whom a message is for: the id of the contact, and the person whom it was when that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeantFor<'a> {
    pub(crate) contact: &'a str,
    pub(crate) person: Option<&'a PersonDigest>,
}

/// What came of writing a contact down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logged {
    /// It stands in the log.
    Written,
    /// The log is another by now: look whether the message may still go, and write again.
    Changed(ContactLog),
}

/// Reads a person's log.
pub(crate) fn log_of(row: &Row) -> Result<ContactLog> {
    let mut attempts = Vec::new();
    for (name, mode) in [(LOG, Mode::Live), (SHADOW, Mode::Shadow)] {
        if !row.contains_key(name) {
            continue;
        }
        let stored: Vec<Stored> = json(row, name)?;
        let attempt = |(at, channel, message, customer, case): Stored| ContactAttempt {
            at: Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH),
            channel,
            message,
            case,
            customer,
            mode,
        };
        attempts.extend(stored.into_iter().map(attempt));
    }
    attempts.sort_by_key(|attempt| attempt.at);
    Ok(ContactLog { revision: number(row, REVISION).unwrap_or(0), attempts })
}

/// Writes a log if nobody wrote it since the one that it was made from. The table deletes it once nothing in it matters.
pub(crate) fn change(tenant: &TenantId, person: &str, log: &ContactLog) -> Change {
    let text = |mode: Mode| {
        let ledger = log.attempts.iter().filter(|attempt| (attempt.mode == Mode::Shadow) == (mode == Mode::Shadow));
        let stored = |attempt: &ContactAttempt| -> Stored {
            let ContactAttempt { at, channel, message, case, customer, mode: _ } = attempt.clone();
            (at.as_second(), channel, message, customer, case)
        };
        let all: Vec<Stored> = ledger.map(stored).collect();
        (!all.is_empty()).then(|| s(to_json(&all)))
    };
    let last = log.attempts.iter().map(|attempt| attempt.at.as_second()).max().unwrap_or(0);
    let mut change = Change::of(keys::person(tenant, person))
        .put(REVISION, n(log.revision))
        .put(EXPIRES_AT, n(last + (CONTACT_DAYS + 1) * 86_400));
    for (name, text) in [(LOG, text(Mode::Live)), (SHADOW, text(Mode::Shadow))] {
        change = match text {
            Some(text) => change.put(name, text),
            None => change.drop(name),
        };
    }
    match log.revision {
        0 | 1 => change.when(absent(REVISION)),
        revision => change.when(is(REVISION, n(revision - 1))),
    }
}

impl Store {
    /// Writes down that a person, by [`domain::Contact::person`], is about to be contacted, if their log is still as it was `seen`: two
    /// senders never both find room for the last contact of a cap.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn log_contact(
        &self,
        tenant: &TenantId,
        person: &str,
        attempt: &ContactAttempt,
        seen: &ContactLog,
    ) -> Result<Logged> {
        match self.write("log a contact for", change(tenant, person, &seen.with(attempt)), false).await? {
            Wrote::Done(_) => Ok(Logged::Written),
            Wrote::Not(found) => Ok(Logged::Changed(found.as_ref().map(log_of).transpose()?.unwrap_or_default())),
        }
    }

    /// Takes back the contact of a message that reached nobody. Where the log does not name it, nothing is written.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn take_contact_back(&self, tenant: &TenantId, person: &str, message: &MessageId) -> Result<()> {
        const OP: &str = "take a contact back for";
        let mut tries = Tries::new(ATTEMPTS_DEAR, OP, message.as_str());
        loop {
            tries.again()?;
            let Some(row) = self.read(OP, &keys::person(tenant, person), true).await? else { return Ok(()) };
            let log = log_of(&row)?;
            let without = log.without(message);
            if without.attempts.len() == log.attempts.len() {
                return Ok(());
            }
            if let Wrote::Done(_) = self.write(OP, change(tenant, person, &without), false).await? {
                return Ok(());
            }
        }
    }

    /// The same for a message that is proved not to have arrived: of the person whom it was for.
    pub(crate) async fn contact_was_lost(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        whom: MeantFor<'_>,
        message: &MessageId,
    ) -> Result<()> {
        match self.whom_it_was_for(tenant, customer, whom).await? {
            Some(person) => self.take_contact_back(tenant, &person, message).await,
            None => Ok(()),
        }
    }

    /// Writes the contact of a message down again that a person said never left, and of which its provider says that it did.
    pub(crate) async fn contact_was_had(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        whom: MeantFor<'_>,
        attempt: &ContactAttempt,
    ) -> Result<()> {
        const OP: &str = "log a contact again for";
        let Some(person) = self.whom_it_was_for(tenant, customer, whom).await? else { return Ok(()) };
        let row = self.read(OP, &keys::person(tenant, &person), true).await?;
        let mut seen = row.as_ref().map(log_of).transpose()?.unwrap_or_default();
        let mut tries = Tries::new(ATTEMPTS_DEAR, OP, attempt.message.as_str());
        loop {
            tries.again()?;
            match self.log_contact(tenant, &person, attempt, &seen).await? {
                Logged::Written => return Ok(()),
                Logged::Changed(fresh) => seen = fresh,
            }
        }
    }

    /// The person whom a message was for, by [`domain::Contact::person`]: of those who are contacts of the customer now.
    async fn whom_it_was_for(&self, tenant: &TenantId, customer: &CustomerId, whom: MeantFor<'_>) -> Result<Option<String>> {
        const OP: &str = "find whom a message was for at";
        let Some((described, by_hand)) = self.described_and_by_hand(OP, tenant, customer).await? else { return Ok(None) };
        let known = by_hand.over(&self.with_people(tenant, described).await?.0);
        let own = known.contacts.iter().find(|known| match whom.person {
            Some(person) => known.person_digest().as_ref() == Some(person),
            None => known.external_id == whom.contact,
        });
        Ok(match own {
            Some(own) => own.person(),
            // Whom only invoices name is looked for among them.
            None if whom.person.is_some() || whom.contact.starts_with(INVOICE_CONTACT) => {
                let Some(head) = self.head(tenant, customer).await? else { return Ok(None) };
                let facts = self.facts(tenant, &head).await?;
                People::of(&facts).addressee(whom.contact, whom.person).and_then(domain::Contact::person)
            }
            None => None,
        })
    }
}
