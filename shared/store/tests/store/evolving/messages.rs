//! Steps of a message's way, as sweep, senders and feedback take them.

use domain::{decide::Refusal, *};
use jiff::SignedDuration;
use store::{Attempt, Claim, MessageResult, Release, Settlement};

use super::{
    Step,
    world::{Held, Sent, WHO, World},
};
use crate::common::sent as sent_at;

const HEARD: [DeliveryEvent; 8] = [
    DeliveryEvent::Delivered,
    DeliveryEvent::Bounced,
    DeliveryEvent::Sent,
    DeliveryEvent::BouncedForNow,
    DeliveryEvent::Rejected,
    DeliveryEvent::Complained,
    DeliveryEvent::NotSent,
    DeliveryEvent::Dropped,
];

fn proves_loss(heard: DeliveryEvent) -> bool {
    matches!(heard, DeliveryEvent::Bounced | DeliveryEvent::Rejected | DeliveryEvent::RenderingFailed)
}

/// What a word makes of a message that came to this; none where it changes nothing.
fn becomes(heard: DeliveryEvent, before: Outcome) -> Option<Outcome> {
    match (heard, before) {
        (DeliveryEvent::NotSent, Outcome::Unknown) => Some(Outcome::NotSent),
        (DeliveryEvent::Dropped, Outcome::Unknown) => Some(Outcome::Skipped),
        (DeliveryEvent::NotSent | DeliveryEvent::Dropped, _) => None,
        (heard, Outcome::Sent | Outcome::Unknown | Outcome::NotSent) if proves_loss(heard) => Some(Outcome::Undelivered),
        (heard, Outcome::Unknown | Outcome::NotSent | Outcome::Skipped) if !proves_loss(heard) => Some(Outcome::Sent),
        _ => None,
    }
}

impl World {
    /// Whom a message was for, of those who are there now.
    fn person(&self, who: usize, contact: &str, person: Option<&PersonDigest>) -> Option<String> {
        People::of(&self.models[who]).addressee(contact, person).and_then(Contact::person)
    }

    /// Whom the contact of a message names now, where it is still the person whom it is for.
    fn still_for(&self, who: usize, pending: &Pending) -> Option<String> {
        let people = People::of(&self.models[who]);
        people.contact(&pending.contact).filter(|contact| contact.person_digest() == pending.person).and_then(Contact::person)
    }

    /// One or more stations of a message's way.
    pub async fn message(&mut self, step: Step) {
        for more in 0..=step.which % 4 {
            self.station(Step { how: step.how + 5 * more, which: step.which / 4 + more, ..step }).await;
        }
    }

    async fn station(&mut self, step: Step) {
        let pending = |who: &usize| !self.models[*who].pending.is_empty();
        let Some(who) = (0..3).map(|more| (step.who + more) % 3).find(pending) else { return };
        let all = &self.models[who].pending;
        let pending = all[step.which % all.len()].clone();
        match pending.status {
            PendingStatus::Queued | PendingStatus::Retrying => self.waiting(who, &pending, step).await,
            PendingStatus::Calling => self.calling(who, &pending, step).await,
            PendingStatus::Unknown | PendingStatus::Later(_) => self.unknown(who, &pending, step).await,
        }
    }

    async fn waiting(&mut self, who: usize, pending: &Pending, step: Step) {
        let (id, message) = (self.id(who), &pending.id);
        let (store, tenant) = (self.table.store.clone(), self.table.tenant.clone());
        match step.how % 10 {
            0 => {
                assert!(store.withdraw(&tenant, &id, message, "paid", self.now).await.unwrap());
                self.ended(who, pending, &pending.rows, None);
            }
            1 => {
                let refusal = Refusal { rules: vec![] };
                assert!(store.block(&tenant, &id, message, &refusal, self.now).await.unwrap());
                self.ended(who, pending, &pending.rows, None);
            }
            2 => {
                let until = self.now + SignedDuration::from_hours(3);
                assert!(store.release(&tenant, &id, message, None, Release::Deferred { until }).await.unwrap());
                self.tell(who, &Event::Queued(message.clone()));
            }
            3 => {
                let head = self.table.head_of(WHO[who]).await;
                assert!(store.touch(&tenant, &head, message, self.now).await.unwrap());
                self.tell(who, &Event::Queued(message.clone()));
            }
            _ => self.claim(who, pending).await,
        }
    }

    async fn claim(&mut self, who: usize, pending: &Pending) {
        // Without the person the sender leaves the message alone.
        let Some(person) = self.still_for(who, pending) else { return };
        let case = self.models[who].cases.get(&pending.case).map(|case| case.id.clone());
        let attempt = ContactAttempt {
            at: self.now,
            channel: pending.channel,
            message: pending.id.clone(),
            case,
            customer: self.id(who),
            mode: pending.mode,
        };
        self.log(&person, &attempt).await;
        let head = self.table.head_of(WHO[who]).await;
        let attempt = Attempt { id: format!("a{}", self.fresh()), lease_until: self.now + SignedDuration::from_mins(5) };
        let claim = self.table.store.claim(&self.table.tenant, &self.id(who), head.version, &pending.id, &attempt).await.unwrap();
        let Claim::Held(head) = claim else { panic!("not held: {claim:?}") };
        self.held.insert(pending.id.clone(), Held { head: *head, attempt, note: None });
        self.tell(who, &Event::Claimed(pending.id.clone()));
    }

    async fn calling(&mut self, who: usize, pending: &Pending, step: Step) {
        let id = self.id(who);
        let (store, tenant) = (self.table.store.clone(), self.table.tenant.clone());
        if step.how.is_multiple_of(6) && self.held[&pending.id].note.is_none() {
            let heard = HEARD[step.which % HEARD.len()];
            assert!(store.receipt(&tenant, &id, pending.number, &pending.id, heard, self.now, None, self.now).await.unwrap());
            self.held.get_mut(&pending.id).unwrap().note = Some((heard, self.now));
            return;
        }
        let Held { head, attempt, note } = self.held.remove(&pending.id).unwrap();
        let status = match step.how % 12 {
            1 => {
                let how = Release::Retry { at: self.now + SignedDuration::from_hours(1) };
                assert!(store.release(&tenant, &id, &pending.id, Some(&attempt), how).await.unwrap());
                self.tell(who, &Event::Retrying(pending.id.clone()));
                self.take_back(who, pending).await;
                return;
            }
            2 | 8 => MessageResult::Unknown,
            3 => {
                let now = self.now + SignedDuration::from_mins(6);
                self.now = now;
                let head = self.table.head_of(WHO[who]).await;
                assert!(store.mark_unknown(&tenant, &head, &pending.id, now, now).await.unwrap());
                return self.became_unknown(who, pending, note);
            }
            4 => MessageResult::Failed,
            5 => MessageResult::Superseded,
            7 => MessageResult::Blocked,
            _ if pending.mode == Mode::Shadow => MessageResult::Shadow,
            _ => MessageResult::Sent,
        };
        // What it covers may have become less, or other amounts.
        let mut rows = pending.rows.clone();
        if step.which.is_multiple_of(3) && rows.len() > 1 {
            rows.pop();
        }
        let settlement = Settlement { status, at: self.now, ..sent_at(0, rows.clone()) };
        let next = Next::At(self.now);
        assert!(store.settle(&tenant, &head, &pending.id, &attempt, &settlement, next).await.unwrap());
        let lost = note.is_some_and(|(heard, _)| proves_loss(heard));
        let outcome = match status {
            MessageResult::Unknown => return self.became_unknown(who, pending, note),
            MessageResult::Sent | MessageResult::Shadow if lost => Some(Outcome::Undelivered),
            MessageResult::Sent | MessageResult::Shadow => Some(Outcome::Sent),
            MessageResult::Failed => Some(Outcome::Undelivered),
            MessageResult::Superseded | MessageResult::Blocked => None,
        };
        if matches!(status, MessageResult::Failed | MessageResult::Superseded | MessageResult::Blocked) {
            self.take_back(who, pending).await;
        }
        self.ended(who, pending, &rows, outcome);
        if let Some((heard, _)) = note {
            self.heard(who, &pending.id, heard);
        }
    }

    /// Its provider spoke of it before, or nobody knows.
    fn became_unknown(&mut self, who: usize, pending: &Pending, note: Option<(DeliveryEvent, jiff::Timestamp)>) {
        match note {
            None => self.tell(who, &Event::BecameUnknown(pending.id.clone())),
            Some((heard, at)) => {
                self.ended_at(who, pending, &pending.rows, becomes(heard, Outcome::Unknown), at);
                self.heard(who, &pending.id, heard);
            }
        }
    }

    async fn unknown(&mut self, who: usize, pending: &Pending, step: Step) {
        let (id, message) = (self.id(who), &pending.id);
        let (store, tenant) = (self.table.store.clone(), self.table.tenant.clone());
        if step.how.is_multiple_of(3) {
            let head = self.table.head_of(WHO[who]).await;
            let contacted_at = head.pending[message].dispatched_at;
            assert!(store.give_up(&tenant, &id, message, self.now).await.unwrap());
            self.ended_at(who, pending, &pending.rows, Some(Outcome::Unknown), contacted_at);
            return;
        }
        let heard = HEARD[step.which % HEARD.len()];
        assert!(store.receipt(&tenant, &id, pending.number, message, heard, self.now, None, self.now).await.unwrap());
        self.ended(who, pending, &pending.rows, becomes(heard, Outcome::Unknown));
        self.heard(who, &pending.id, heard);
    }

    /// Word that a message arrived ends the waiting for it.
    fn heard(&mut self, who: usize, message: &MessageId, heard: DeliveryEvent) {
        if matches!(heard, DeliveryEvent::Delivered | DeliveryEvent::Complained) {
            self.tell(who, &Event::Arrived(message.clone()));
        }
    }

    fn ended(&mut self, who: usize, pending: &Pending, rows: &[Covered], outcome: Option<Outcome>) {
        self.ended_at(who, pending, rows, outcome, self.now);
    }

    fn ended_at(
        &mut self,
        who: usize,
        pending: &Pending,
        rows: &[Covered],
        outcome: Option<Outcome>,
        contacted_at: jiff::Timestamp,
    ) {
        let message = pending.id.clone();
        if outcome.is_some_and(|outcome| !outcome.is_contact()) {
            self.not_contacted(who, &pending.contact, pending.person.as_ref(), &message);
        }
        let (at, rows) = (self.now, rows.to_vec());
        self.tell(who, &Event::Settled { message: message.clone(), rows, outcome, at, contacted_at });
        if let Some(outcome) = outcome {
            let (contact, person) = (pending.contact.clone(), pending.person.clone());
            let (number, channel, mode) = (pending.number, pending.channel, pending.mode);
            self.sent[who].push(Sent { message, contact, person, number, channel, at, mode, outcome });
        }
    }

    /// What its sender does where nothing was sent.
    async fn take_back(&mut self, who: usize, pending: &Pending) {
        if let Some(person) = self.person(who, &pending.contact, pending.person.as_ref()) {
            self.table.store.take_contact_back(&self.table.tenant, &person, &pending.id).await.unwrap();
            self.not_contacted(who, &pending.contact, pending.person.as_ref(), &pending.id);
        }
    }

    fn not_contacted(&mut self, who: usize, contact: &str, person: Option<&PersonDigest>, message: &MessageId) {
        if let Some(person) = self.person(who, contact, person) {
            self.tell_all(&Event::NotContacted { person, message: message.clone() });
        }
    }

    /// Something is heard of a message that was settled before.
    pub async fn receipt(&mut self, step: Step) {
        let Some(who) = (0..3).map(|more| (step.who + more) % 3).find(|who| !self.sent[*who].is_empty()) else { return };
        let place = step.which % self.sent[who].len();
        let Sent { message, contact, person, number, channel, at, mode, outcome } = self.sent[who][place].clone();
        let (heard, read) = (HEARD[step.how % HEARD.len()], self.facts(who).await);
        let (tenant, id) = (&self.table.tenant, self.id(who));
        let known = self.table.store.receipt(tenant, &id, number, &message, heard, self.now, Some("ses-1"), self.now).await;
        assert!(known.unwrap());
        self.heard(who, &message, heard);
        let Some(now) = becomes(heard, outcome) else { return };
        self.sent[who][place].outcome = now;
        if now != Outcome::Sent {
            let last_contact =
                LastContact { live: self.last(who, &read, Mode::Live), shadow: self.last(who, &read, Mode::Shadow) };
            self.not_contacted(who, &contact, person.as_ref(), &message);
            self.tell(who, &Event::NotDelivered { message, outcome: now, last_contact });
        } else if outcome == Outcome::Unknown {
            self.tell(who, &Event::ProvedSent { message, contact: None });
        } else {
            // A person had said that it never left: it is a contact again.
            if let Some(person) = self.person(who, &contact, person.as_ref()) {
                let (message, customer) = (message.clone(), self.id(who));
                let attempt = ContactAttempt { at, channel, message, case: None, customer, mode };
                self.tell_all(&Event::Contacted { person, attempt });
            }
            self.tell(who, &Event::ProvedSent { message, contact: Some((mode, at)) });
        }
    }

    /// The last contact that somebody got: of the customer's own messages, and of those that came along with invoices.
    fn last(&self, who: usize, read: &Facts, mode: Mode) -> Option<jiff::Timestamp> {
        let got = |sent: &&Sent| sent.outcome.is_contact() && sent.mode == mode;
        let own = self.sent[who].iter().filter(got).map(|sent| sent.at);
        let is_own = |mark: &&Coverage| self.sent[who].iter().any(|sent| mark.message.as_ref() == Some(&sent.message));
        // Those that came along are as they were then, and marks of the customer's own say what is known of them.
        let came = read.invoices.iter().flat_map(|fact| &fact.folded).filter(|mark| mark.message.is_some() && !is_own(mark));
        own.chain(came.filter(|mark| mark.outcome.is_contact() && mark.mode == mode).map(|mark| mark.at)).max()
    }
}
