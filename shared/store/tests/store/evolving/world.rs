//! A table and the models that are held against it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{evolve::normal, *};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{Attempt, Head};

use super::{Kind, Step};
use crate::common::{Table, at, contacted, customer_of, table};

/// The customers; the first two share a mailbox.
pub const WHO: [&str; 3] = ["A", "B", "C"];

/// A message that was settled, as far as the records say.
#[derive(Clone, Debug)]
pub struct Sent {
    pub message: MessageId,
    pub contact: String,
    pub person: Option<PersonDigest>,
    pub number: u64,
    pub channel: Channel,
    pub at: Timestamp,
    pub mode: Mode,
    pub outcome: Outcome,
}

/// What a sender holds of a message that it claimed.
pub struct Held {
    pub head: Head,
    pub attempt: Attempt,
    /// What was heard of it meanwhile, and when.
    pub note: Option<(DeliveryEvent, Timestamp)>,
}

pub struct World {
    pub table: Table,
    pub policy: Policy,
    pub now: Timestamp,
    /// Whether everything happens on whole seconds. Else what is decided may differ by what the table keeps of instants.
    pub on_seconds: bool,
    pub models: Vec<Facts>,
    pub sent: Vec<Vec<Sent>>,
    pub held: BTreeMap<MessageId, Held>,
    /// Whose the payment is of which a customer has an item.
    pub shared_of: BTreeMap<(usize, PaymentId), usize>,
    /// The kind of the step that is taken; none while the customers are described first.
    pub doing: Option<Kind>,
    /// Every event so far, by name.
    pub told: BTreeSet<&'static str>,
    pub story: Vec<String>,
    pub count: u64,
}

/// A ladder with everything that a step can ask for.
fn workflow() -> Workflow {
    let send = |id: &str, offset: &str, further: serde_json::Value| {
        let mut send = json!({"channels": ["email", "sms"], "template": id, "to": ["billing", "approver"]});
        send.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "action": {"send": send}})
    };
    let mut workflow: Workflow = serde_json::from_value(json!({
        "id": "all", "name": "All", "scope": "customer", "min_gap": "P1D",
        "statement": {"every": "week", "on": "monday", "channels": ["email", "sms"]},
        "steps": [
            send("heads-up", "-P5D", json!({"after": "PT4H"})),
            send("reminder", "P1D", json!({"copies": 1})),
            {"id": "fee", "at": {"anchor": "due_date", "offset": "P2D"}, "action": {"fee": {"kind": "fixed", "amount_minor": 500}}},
            send("nudge", "P4D", json!({"after": "P1D"})),
            {"id": "promised", "at": {"anchor": "promise_date", "offset": "P1D"},
             "action": {"send": {"channels": ["email"], "template": "nudge", "to": ["billing"]}}},
            {"id": "hold", "at": {"anchor": "due_date", "offset": "P6D"}, "approval": "required", "action": {"credit_hold": {}}},
            send("final", "P8D", json!({})),
            {"id": "person", "at": {"anchor": "due_date", "offset": "P12D"}, "action": {"task": {"title": "Call"}}},
        ],
    }))
    .unwrap();
    workflow.version = 1;
    workflow
}

fn policy(settings: Settings) -> Policy {
    let workflow = workflow();
    // What is tagged so goes its own way, in a case of its own.
    let mut other =
        Workflow { id: "other".into(), priority: 200, applies_when: Some("'own' in invoice.tags".into()), ..workflow.clone() };
    other.steps.retain(|step| step.id != "nudge");
    let texts = ["heads-up", "reminder", "nudge", "final", "statement"];
    let template = |id: &str| [Channel::Email, Channel::Sms].map(|channel| ((id.to_owned(), channel), 1));
    Policy {
        settings,
        breaker_open: false,
        withdrawn: BTreeMap::new(),
        published: [&workflow, &other].map(|workflow| (workflow.id.clone(), 1)).into(),
        rollouts: BTreeMap::new(),
        workflows: [workflow, other].map(|workflow| Arc::new(CompiledWorkflow::compile(workflow))).into(),
        senders: BTreeSet::from([Channel::Email, Channel::Sms]),
        identities: None,
        templates: texts.into_iter().flat_map(template).collect(),
    }
}

impl World {
    pub async fn begin(seed: u64) -> Self {
        let (table, on_seconds) = (table().await, !seed.is_multiple_of(3));
        let mut settings = Settings::named("Acme");
        settings.country = "DE".to_owned();
        settings.mode = if seed.is_multiple_of(4) { Mode::Shadow } else { Mode::Live };
        settings.freshness.insert("stripe".to_owned(), "P60D".to_owned());
        table.store.put_settings(&table.tenant, &settings, None, at(0)).await.unwrap();
        let mut world = Self {
            table,
            policy: policy(settings),
            now: at(0) + SignedDuration::from_nanos(if on_seconds { 0 } else { 123_456_789 }),
            on_seconds,
            models: Vec::new(),
            sent: vec![Vec::new(); WHO.len()],
            held: BTreeMap::new(),
            shared_of: BTreeMap::new(),
            doing: None,
            told: BTreeSet::new(),
            story: Vec::new(),
            count: 0,
        };
        world.begin_customers().await;
        world
    }

    /// Takes a step and holds the store against the models.
    pub async fn play(&mut self, step: Step) {
        self.act(step).await;
        self.check().await;
    }

    pub async fn act(&mut self, step: Step) {
        self.now += SignedDuration::from_mins(step.minutes.into());
        self.now += SignedDuration::from_nanos(if self.on_seconds { 0 } else { 1_001_001 });
        self.story.push(format!("{} {step:?}", self.now));
        self.doing = Some(step.kind);
        match step.kind {
            Kind::Customer => self.customer(step).await,
            Kind::Invoice => self.invoice(step).await,
            Kind::Payment => self.payment(step).await,
            Kind::Reversal => self.reversal(step).await,
            Kind::Heartbeat => self.heartbeat().await,
            Kind::Agreement => self.agreement(step).await,
            Kind::Charge => self.charge(step).await,
            Kind::Order => self.order(step).await,
            Kind::EndTask => self.end_task(step).await,
            Kind::Decide => self.decide(step).await,
            Kind::Message => self.message(step).await,
            Kind::Receipt => self.receipt(step).await,
            Kind::Elsewhere => self.elsewhere(step).await,
            Kind::Reply => self.reply(step).await,
            Kind::Suppress => self.suppress(step).await,
            Kind::ResetVersion => self.reset_version(step).await,
            Kind::ByHand => self.by_hand(step).await,
        }
    }

    pub async fn facts(&self, who: usize) -> Facts {
        self.table.facts_of(WHO[who]).await
    }

    pub fn id(&self, who: usize) -> CustomerId {
        customer_of(WHO[who])
    }

    /// A number that was not drawn before.
    pub fn fresh(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Tells a customer's model.
    pub fn tell(&mut self, who: usize, event: &Event) {
        let (name, steps) = super::told_by(event);
        assert!(self.doing.is_none_or(|kind| steps.contains(&kind)), "{:?} tells {name}", self.doing);
        self.told.insert(name);
        self.story.push(format!("    {} is told {}", WHO[who], format!("{event:?}").chars().take(700).collect::<String>()));
        self.models[who] = evolve(&self.models[who], event);
    }

    /// Tells every model: what is known of people is known across customers.
    pub fn tell_all(&mut self, event: &Event) {
        for who in 0..WHO.len() {
            self.tell(who, event);
        }
    }

    /// A person's log as the table has it, as far as anybody's facts show it.
    pub fn contact_elsewhere(&mut self, channel: Channel) -> ContactAttempt {
        let n = i64::try_from(self.fresh()).unwrap();
        ContactAttempt { at: self.now, channel, mode: self.policy.settings.mode, ..contacted("elsewhere", n, 0) }
    }

    async fn check(&self) {
        for (who, model) in self.models.iter().enumerate() {
            let read = self.facts(who).await;
            self.same("what is read back", who, &format!("{:#?}", normal(&read)), &format!("{:#?}", normal(model)));
            let set_aside = model.invoices.iter().any(|fact| fact.archived || fact.invoice.status == InvoiceStatus::Draft)
                || model.payments.iter().chain(&model.shared).any(|fact| fact.archived);
            let moments: &[i64] = if self.on_seconds { &[0, 1, 25, 130, 500, 1_500] } else { &[] };
            for hours in moments {
                let later = self.now + SignedDuration::from_hours(*hours);
                let bare = |facts: &Facts| {
                    let decision = in_order(decide(facts, &self.policy, later));
                    if set_aside { without_set_aside(model, decision) } else { decision }
                };
                let what = format!("what is decided {hours} hours later");
                self.same(&what, who, &format!("{:#?}", bare(&read)), &format!("{:#?}", bare(model)));
            }
        }
    }

    /// Fails with the story and the first lines that differ.
    fn same(&self, what: &str, who: usize, read: &str, said: &str) {
        if read == said {
            return;
        }
        let (read, said): (Vec<&str>, Vec<&str>) = (read.lines().collect(), said.lines().collect());
        let begins = read.iter().zip(&said).take_while(|(read, said)| read == said).count();
        let some = |lines: &[&str]| lines[begins.saturating_sub(12).min(lines.len())..(begins + 12).min(lines.len())].join("\n");
        panic!(
            "{what} of {} is not what evolve says\n{}\n--- the store:\n{}\n--- evolve:\n{}",
            WHO[who],
            self.story.join("\n"),
            some(&read),
            some(&said)
        );
    }
}

/// A decision without what depends on whether facts that are set aside are read: what else is to be set aside, and work about money that
/// does not add up, which is withdrawn once its invoice is set aside.
fn without_set_aside(model: &Facts, decision: Decision) -> Decision {
    let is_money = |kind: TaskKind| {
        matches!(kind, TaskKind::MoneyInFlight | TaskKind::Overpaid | TaskKind::OtherCurrency | TaskKind::TakenBack)
    };
    let of_money = |task: &TaskId| model.work.iter().any(|work| work.task == *task && is_money(work.kind));
    Decision {
        archiving: Archiving::default(),
        tasks: decision.tasks.into_iter().filter(|task| !is_money(task.kind)).collect(),
        work: decision.work.into_iter().filter(|work| !is_money(work.kind)).collect(),
        withdrawn: decision.withdrawn.into_iter().filter(|withdrawal| !of_money(&withdrawal.task)).collect(),
        ..decision
    }
}

/// A decision with what it files in order: lists of facts have none.
fn in_order(mut decision: Decision) -> Decision {
    let Archiving { archive_invoices, fold_invoices, restore_invoices, archive_payments, archive_shared, .. } =
        &mut decision.archiving;
    for (_, marks) in archive_invoices.iter_mut().chain(fold_invoices.iter_mut()) {
        marks.sort_by_key(|mark| format!("{mark:?}"));
    }
    archive_invoices.sort_by(|a, b| a.0.cmp(&b.0));
    fold_invoices.sort_by(|a, b| a.0.cmp(&b.0));
    restore_invoices.sort();
    archive_payments.sort();
    archive_shared.sort();
    decision
}
