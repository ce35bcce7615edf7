//! Steps of people, and what is heard of people.

use domain::{
    proposal::{Proposal, Proposer, propose},
    *,
};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::json;
use store::{Ending, KeptBeside, KeptReply, Logged, ReplyKept, TaskEnded};

use super::{Step, documents::MAILS, world::World};
use crate::{
    common::invoice_id,
    replies::{pause, reply},
};

impl World {
    fn day(&self, days: usize) -> Date {
        let today = self.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        today.checked_add(i64::try_from(days).unwrap().days()).unwrap()
    }

    pub async fn agreement(&mut self, step: Step) {
        let who = step.who;
        let known = self.models[who].agreements.clone();
        if let Some(before) = known.get(step.which % 4) {
            let after = before.clone().lifted(self.now);
            let (tenant, id) = (&self.table.tenant, self.id(who));
            self.table.store.put_agreement(tenant, &id, Some(before), &after, self.now).await.unwrap();
            self.tell(who, &Event::AgreementPut(after));
            return;
        }
        let number = format!("I{}", step.which % 5);
        let scope = match step.how % 4 {
            0 => json!("customer"),
            1 => json!({"case": "EUR"}),
            2 => json!({"invoices": [number, "I0"]}),
            _ => json!({"invoices": [number]}),
        };
        let (soon, later) = (self.day(step.how % 9).to_string(), self.day(9 + step.how % 9).to_string());
        let body = match step.which % 6 {
            0 => json!({"kind": "promise", "pays_on": soon, "scope": scope}),
            1 => json!({"kind": "dispute", "reason": "price", "scope": scope}),
            2 => json!({"kind": "money", "scope": scope}),
            3 => json!({"kind": "pause", "until_on": later, "scope": scope}),
            4 => json!({"kind": "pause", "scope": scope, "ends_with": "replied"}),
            _ => {
                let scope = json!({"invoices": ["I0"]});
                let part = |amount_minor: i64, due_on: &str| json!({"amount_minor": amount_minor, "due_on": due_on});
                json!({"kind": "plan", "scope": scope, "amount_minor": 100_000, "parts": [part(40_000, &soon), part(60_000, &later)]})
            }
        };
        let proposal: Proposal = serde_json::from_value(body).unwrap();
        let id = AgreementId::derive(&["agreed", &self.fresh().to_string()]);
        let facts = self.facts(who).await;
        let proposer = Proposer { id: &id, by: "ann", now: self.now };
        if let Ok(agreement) = propose(&proposal, &facts, &self.policy.settings, proposer) {
            self.table.store.put_agreement(&self.table.tenant, &self.id(who), None, &agreement, self.now).await.unwrap();
            self.tell(who, &Event::AgreementPut(agreement));
        }
    }

    pub async fn charge(&mut self, step: Step) {
        let charged = |who: &usize| !self.models[*who].charges.is_empty();
        let Some(who) = (0..3).map(|more| (step.who + more) % 3).find(charged) else { return };
        let charges = &self.models[who].charges;
        let before = charges[step.which % charges.len()].clone();
        let status = if step.how.is_multiple_of(3) { ChargeStatus::Waived } else { ChargeStatus::Confirmed };
        let due_on = Some(self.day(step.how % 5));
        let after = Charge { amount_minor: Some(700), due_on, status, status_at: self.now, by: "ann".into(), ..before.clone() };
        self.table.store.put_charge(&self.table.tenant, &self.id(who), &before, &after, self.now).await.unwrap();
        self.tell(who, &Event::ChargePut(after));
    }

    pub async fn order(&mut self, step: Step) {
        let kind = match step.how % 6 {
            0 => OrderKind::Skip,
            1 => OrderKind::BringForward,
            2 => OrderKind::SendNow,
            3 => OrderKind::LiftCapOnce,
            4 => OrderKind::Approve,
            _ => OrderKind::Refuse,
        };
        let names = ["heads-up", "reminder", "fee", "nudge", "hold", "final"];
        let invoice = invoice_id(&format!("I{}", step.which % 4));
        let is_there = self.owner_of_invoice(&invoice) == Some(step.who);
        if kind != OrderKind::LiftCapOnce && !is_there {
            return;
        }
        let item = DueItemKey::whole(invoice);
        let ordered = OrderedStep { item, step: names[step.which % 6].into(), occurrence: None };
        let id = OrderId::derive(&["order", &(step.which % 3).to_string()]);
        if step.how % 7 == 6 {
            let was_there = self.models[step.who].orders.iter().any(|known| known.id == id);
            let taken = self.table.store.withdraw_order(&self.table.tenant, &self.id(step.who), &id, self.now).await.unwrap();
            assert_eq!(taken, was_there);
            return self.tell(step.who, &Event::OrderWithdrawn(id));
        }
        let order = Order {
            case: None,
            id,
            steps: if kind == OrderKind::LiftCapOnce { vec![] } else { vec![ordered] },
            kind,
            currency: Currency::EUR,
            workflow: None,
            by: "ann".into(),
            given_at: self.now,
            until: step.how.is_multiple_of(5).then(|| self.now + jiff::SignedDuration::from_hours(30)),
        };
        self.table.store.put_order(&self.table.tenant, &self.id(step.who), &order, self.now).await.unwrap();
        self.tell(step.who, &Event::OrderGiven(order));
    }

    pub async fn end_task(&mut self, step: Step) {
        let open = |who: &usize| self.models[*who].work.iter().any(|work| !work.done);
        let Some(who) = (0..3).map(|more| (step.who + more) % 3).find(open) else { return };
        let open: Vec<OpenWork> = self.models[who].work.iter().filter(|work| !work.done).cloned().collect();
        let work = open[step.which % open.len()].clone();
        let result = match (work.kind, step.how % 2) {
            (TaskKind::Approval, 0) => TaskResult::Approve,
            (TaskKind::Approval, _) => TaskResult::Refuse,
            (_, 0) => TaskResult::Done,
            (_, _) => TaskResult::Failed,
        };
        let ending = Ending { result, note: Some("as agreed".into()), by: Some("ann".into()) };
        let ended = self.table.store.end_task(&self.table.tenant, &work.task, &ending, self.now).await.unwrap();
        assert!(matches!(ended, TaskEnded::Done(_)), "{ended:?} of {work:?}");
        self.tell(who, &Event::TaskEnded { task: work.task.clone(), result });
        if let Some(order) = self.answer(who, &work, result) {
            self.tell(who, &Event::OrderGiven(order));
        }
    }

    /// The order that an answer to a request for approval is.
    fn answer(&self, who: usize, work: &OpenWork, result: TaskResult) -> Option<Order> {
        let kind = match result {
            TaskResult::Approve => OrderKind::Approve,
            TaskResult::Refuse => OrderKind::Refuse,
            TaskResult::Done | TaskResult::Failed | TaskResult::Later(_) => return None,
        };
        let step = work.step.clone()?;
        let ordered =
            |row: &WorkRow| OrderedStep { item: row.item.clone(), step: step.clone(), occurrence: Some(row.occurrence.clone()) };
        Some(Order {
            case: work.case.clone(),
            id: OrderId::derive(&[self.table.tenant.as_str(), self.id(who).as_str(), work.task.as_str()]),
            kind,
            currency: work.currency?,
            steps: work.rows.iter().map(ordered).collect(),
            workflow: None,
            by: "ann".into(),
            given_at: self.now,
            until: None,
        })
    }

    pub async fn decide(&mut self, step: Step) {
        let who = step.who;
        let mut facts = self.facts(who).await;
        // While something is pending the sweep only looks after that.
        if !facts.pending.is_empty() {
            return;
        }
        let next = decide(&facts, &self.policy, self.now);
        let idle = next.messages.is_empty() && next.tasks.is_empty();
        if let (true, Next::At(at)) = (idle && !step.how.is_multiple_of(4), next.next)
            && at > self.now
            && at < self.now + jiff::SignedDuration::from_hours(24 * 9)
        {
            self.now = at + jiff::SignedDuration::from_nanos(if self.on_seconds { 0 } else { 987_654_321 });
        }
        let head = self.table.head_of(["A", "B", "C"][who]).await;
        facts = self.facts(who).await;
        let decision = decide(&facts, &self.policy, self.now);
        let committed = self.table.store.commit(&self.table.tenant, &head, &facts, &decision, self.now).await.unwrap();
        // A look that changes nothing is not recorded.
        if committed.number != head.decision {
            self.tell(who, &Event::Decided { decision, at: self.now });
        }
    }

    pub async fn elsewhere(&mut self, step: Step) {
        let attempt = self.contact_elsewhere(Channel::Email);
        let person = customer_person(MAILS[step.which % 4]);
        self.log(&person, &attempt).await;
    }

    /// Writes a contact down as senders do, and tells everybody.
    pub async fn log(&mut self, person: &str, attempt: &ContactAttempt) {
        let mut seen = ContactLog::default();
        loop {
            match self.table.store.log_contact(&self.table.tenant, person, attempt, &seen).await.unwrap() {
                Logged::Written => break,
                Logged::Changed(log) => seen = log,
            }
        }
        self.tell_all(&Event::Contacted { person: person.to_owned(), attempt: attempt.clone() });
    }

    pub async fn reply(&mut self, step: Step) {
        let (id, now) = (self.id(step.who), self.now);
        let known = KeptReply { id: ReplyId::derive(&[id.as_str(), &now.to_string()]), received_at: now, ..reply(0) };
        let pause = Agreement { made_at: now, from_at: now, status_at: now, until_on: Some(self.day(5)), ..pause(&known) };
        let pause = Some(pause).filter(|_| step.which.is_multiple_of(2));
        let beside = KeptBeside { pause: pause.as_ref(), is_of_person: true, ..KeptBeside::default() };
        if self.table.store.keep_reply(&self.table.tenant, &id, &known, beside, now).await.unwrap() == ReplyKept::Done {
            self.tell(step.who, &Event::Replied(now));
            if let Some(pause) = pause {
                self.tell(step.who, &Event::AgreementPut(pause));
            }
        }
    }

    /// Of the customer's own description: what is known of others at the places that they moved from stays as it was.
    pub async fn reset_version(&mut self, step: Step) {
        let (of, id) = (domain::VersionOf::Customer, self.id(step.who));
        if self.table.store.reset_version(&self.table.tenant, &id, &of, self.now).await.unwrap().is_some() {
            self.tell(step.who, &Event::VersionReset(of));
        }
    }

    /// Something is entered of a customer beside what is there, or all of it is taken back.
    pub async fn by_hand(&mut self, step: Step) {
        let (id, now) = (self.id(step.who), self.now);
        let mut stored = self.table.store.by_hand(&self.table.tenant, &id).await.unwrap();
        let mail = Some(MAILS[step.which % 4].to_owned());
        let of_source = |id: &str| ContactByHand { id: id.into(), ..ContactByHand::default() };
        let said = ConsentStatement {
            channel: Channel::Sms,
            address: "+493012345678".into(),
            withdrawn: step.which.is_multiple_of(2),
            said_at: now,
            wording: None,
            entered_at: now,
            by: "ann".into(),
        };
        let entry = match step.how % 6 {
            0 => None,
            1 => Some(ContactByHand { id: "con_1".into(), own: true, email: mail, ..ContactByHand::default() }),
            2 => Some(ContactByHand { email: mail, ..of_source("p1") }),
            3 => Some(ContactByHand { phone: Some("+493012345678".into()), statements: vec![said], ..of_source("p1") }),
            4 => Some(ContactByHand { channel: Some(Channel::Sms), ..of_source("p2") }),
            _ => Some(ContactByHand { unused: true, ..of_source("p2") }),
        };
        match entry {
            Some(entry) => {
                stored.by_hand.contacts.retain(|known| known.id != entry.id);
                stored.by_hand.contacts.push(entry);
            }
            None => stored.by_hand = ByHand::default(),
        }
        if step.which.is_multiple_of(3) {
            let [from, to] = [10, 12].map(|hour| jiff::civil::Time::constant(hour, 0, 0, 0));
            stored.by_hand.hours = Some(ContactHours { from, to });
            stored.by_hand.language = Some("de".into());
        }
        self.table.store.put_by_hand(&self.table.tenant, &id, &stored, now).await.unwrap();
        self.tell(step.who, &Event::CustomerEnteredByHand(stored.by_hand));
    }

    pub async fn suppress(&mut self, step: Step) {
        use SuppressionReason::{Bounce, Cease, Complaint, OptOut};
        let (mail, reason) = (MAILS[step.which % 4], [OptOut, Bounce, Complaint, Cease][step.how % 4]);
        let at: Timestamp = self.now;
        let woken = self.id(step.who);
        let woken = step.how.is_multiple_of(2).then_some(&woken);
        if step.how % 7 == 6 {
            let address = store::AddressId::of(Channel::Email, mail);
            if let Some(stands) = self.table.store.stopped(&self.table.tenant, &address).await.unwrap() {
                let entry = stands.suppression.entry();
                self.table.store.lift(&self.table.tenant, &address, &entry, at, woken).await.unwrap();
            }
            return self.tell_all(&Event::SuppressionLifted(address_key(Channel::Email, mail)));
        }
        self.table.store.suppress(&self.table.tenant, Channel::Email, mail, reason, at, woken).await.unwrap();
        let address = address_key(Channel::Email, mail);
        self.tell_all(&Event::Suppressed { address, suppression: Suppression { reason, at } });
    }
}

fn customer_person(mail: &str) -> String {
    domain::customer::mailbox_of(mail)
}
