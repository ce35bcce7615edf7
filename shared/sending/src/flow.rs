use std::sync::Arc;

use channels::Provider;
use domain::{
    Cause, Channel, Contact, ContactAttempt, Event, Facts, Mode, Next, Pending, PendingStatus, People, SuppressionReason,
    calendar::Locality,
    decide::{self, Recheck, UNKNOWN_HOURS_MAX},
    evolve,
    own_message::is_own_message,
};
use jiff::{Timestamp, ToSpan};
use kit::{Clock, Env};
use serde_json::{Value, json};
use store::{Attempt, Claim, Error, Head, KnownPeople, Logged, MessageResult, Release, Settlement, Store, Vault};

use crate::{
    attached::{AttachedFiles, MakeDocument, MakeReceipt, MakeTransferCode},
    carried_in_record::recorded,
    checked::{Call, Checked, Claiming, Held, Loaded, Meanwhile, Written, address_of, is_held, link_to, outgoing},
    outcome::{Meaning, Then, meaning},
    queued::QueuedMessage,
    render,
    send_outcome::SendOutcome,
};

/// How long a claim is good for: several times what a sender's run may take.
const LEASE_MINUTES: i64 = 5;
/// How often a sender looks again after a lost claim before it gives the message back to the sweep.
pub(crate) const CLAIMS_MAX: usize = 6;
/// When a message is tried again whose sender was taken off the tenant's list while it was claimed, in seconds.
const UNLISTED_AGAIN_S: i64 = 3_600;

/// Sends what is queued for one channel.
pub struct Sender {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    /// The channel whose messages it takes.
    pub(crate) serves: Channel,
    /// What records name as its provider.
    pub(crate) provider: &'static str,
    pub(crate) channel: Arc<dyn channels::ChannelClient>,
    pub(crate) portal_url: String,
    pub(crate) clock: Clock,
    pub(crate) files: AttachedFiles,
    pub(crate) receipts: Option<MakeReceipt>,
    pub(crate) documents: Option<MakeDocument>,
    pub(crate) codes: Option<MakeTransferCode>,
    /// The domain at which answers to mails are taken in.
    pub(crate) inbound_domain: Option<String>,
}

impl Sender {
    /// A sender by one provider, whose links lead to the portal's address; reads `TABLE_NAME` and what the provider asks for.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(
        env: &Env,
        clients: &kit::Clients,
        clock: Clock,
        provider: &'static Provider,
        portal_url: &str,
    ) -> anyhow::Result<Self> {
        let channel = (provider.connect)(&clients.sdk, &env.lookup());
        Self::through(env, clients, clock, provider, channel, portal_url)
    }

    /// The same, with what calls the provider given.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn through(
        env: &Env,
        clients: &kit::Clients,
        clock: Clock,
        provider: &'static Provider,
        channel: Arc<dyn channels::ChannelClient>,
        portal_url: &str,
    ) -> anyhow::Result<Self> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None);
        let portal_url = portal_url.trim_end_matches('/').to_owned();
        let sender = Self::of(store, vault, (provider.channel, provider.name, channel), portal_url, clock);
        let inbound_domain = env.get("INBOUND_DOMAIN").map(str::to_owned);
        Ok(Self { files: AttachedFiles::None, inbound_domain, ..sender })
    }

    /// A sender of what is given, which leaves files to others: it names no provider, so that whoever makes one carries no provider's client.
    pub(crate) fn of(
        store: Store,
        vault: Vault,
        (serves, provider, channel): (Channel, &'static str, Arc<dyn channels::ChannelClient>),
        portal_url: String,
        clock: Clock,
    ) -> Self {
        let files = AttachedFiles::Named;
        let (receipts, documents, codes, inbound_domain) = (None, None, None, None);
        Self { store, vault, serves, provider, channel, portal_url, clock, files, receipts, documents, codes, inbound_domain }
    }

    /// Handles one queued message. Doing it twice, at once or later, sends once.
    ///
    /// # Errors
    ///
    /// The table's, where nothing was sent, and [`Error::Conflict`] while its person can take the message back: the queue delivers it again.
    pub async fn send(&self, queued: &QueuedMessage) -> Result<SendOutcome, Error> {
        for round in 0..CLAIMS_MAX {
            let checked = match self.load(queued).await? {
                Loaded::Mine(checked) => *checked,
                Loaded::NotMine => return Ok(SendOutcome::NotMine),
                // The sweep dispatches it too.
                Loaded::Held => {
                    return Err(Error::Conflict {
                        operation: "send what can still be taken back",
                        id: queued.message.to_string(),
                    });
                }
            };
            match self.check_claim_and_call(queued, checked, round).await? {
                Some(ended) => {
                    kit::metrics::emit(
                        self.clock.now(),
                        &[("channel", self.serves.as_str()), ("ended", ended.as_str())],
                        &[("messages", 1)],
                    );
                    return Ok(ended);
                }
                None => tracing::debug!(message.id = %queued.message, "claim lost, looking again"),
            }
        }
        // The customer stays due; the sweep dispatches the message again under the same id.
        Ok(SendOutcome::NotMine)
    }

    /// Fresh facts of a message that this sender may try now.
    pub(crate) async fn load_pending(&self, queued: &QueuedMessage) -> Result<Option<Checked>, Error> {
        Ok(match self.load(queued).await? {
            Loaded::Mine(checked) => Some(*checked),
            Loaded::Held | Loaded::NotMine => None,
        })
    }

    async fn load(&self, queued: &QueuedMessage) -> Result<Loaded, Error> {
        let Some(head) = self.store.head(&queued.tenant, &queued.customer).await? else { return Ok(Loaded::NotMine) };
        let Some(entry) = head.pending.get(&queued.message) else { return Ok(Loaded::NotMine) };
        let now = self.clock.now();
        if entry.message.channel == self.serves && is_held(entry, now) {
            return Ok(Loaded::Held);
        }
        let mine = match entry.message.status {
            PendingStatus::Queued => entry.retry_at.is_none_or(|at| at <= now),
            PendingStatus::Retrying => entry.retry_at.is_some_and(|at| at <= now),
            PendingStatus::Calling | PendingStatus::Unknown | PendingStatus::Later(_) => false,
        };
        if !mine || entry.message.channel != self.serves {
            return Ok(Loaded::NotMine);
        }
        let (facts, policy, links) = self.store.facts_policy_and_links(&queued.tenant, &head).await?;
        let pending = facts.pending.iter().find(|pending| pending.id == queued.message).cloned();
        let Some(pending) = pending else { return Ok(Loaded::NotMine) };
        Ok(Loaded::Mine(Box::new(Checked { head, facts, policy, links, pending })))
    }

    /// One try; `None` when the claim was lost and it is worth looking again.
    async fn check_claim_and_call(
        &self,
        queued: &QueuedMessage,
        checked: Checked,
        round: usize,
    ) -> Result<Option<SendOutcome>, Error> {
        let held = match self.check_and_claim(queued, &checked, round, LEASE_MINUTES).await? {
            Claiming::Ended(ended) => return Ok(ended),
            Claiming::Held(held) => *held,
        };
        let Held { claimed, attempt, mut call, written } = held;
        let Some(contact) = People::of(&checked.facts).contact(&checked.pending.contact) else {
            return Ok(Some(SendOutcome::NotMine));
        };
        let meaning = self.call(queued, &checked, contact, &written).await?;
        (call.provider_id, call.reason) = (meaning.provider_id, meaning.reason);
        match meaning.then {
            Then::Settle(settled) => call.sent = settled,
            Then::TryAgain { seconds } => {
                let ended = self.try_again(queued, &attempt, seconds, &call.reason).await?;
                return self.unless_lost(queued, &checked, Some(ended)).await;
            }
        }
        let ended = self.settle(queued, &claimed, &attempt, &checked, call, self.provider).await?;
        self.unless_lost(queued, &checked, Some(ended)).await
    }

    /// Checks a message, renders it and claims it, up to where a provider would be called. Where that is not to be, it says how it ended:
    /// `None` when the claim was lost and it is worth looking again.
    pub(crate) async fn check_and_claim(
        &self,
        queued: &QueuedMessage,
        checked: &Checked,
        round: usize,
        lease_minutes: i64,
    ) -> Result<Claiming, Error> {
        let Checked { head, facts, policy, pending, .. } = checked;
        let now = self.clock.now();
        let rows = match decide::recheck(facts, policy, pending, now) {
            Recheck::Send { rows } => rows,
            Recheck::Supersede(reason) => {
                tracing::info!(message.id = %queued.message, reason, "message superseded");
                let done = self.store.withdraw(&queued.tenant, &queued.customer, &queued.message, &reason, now).await?;
                let ended = self.unless_logged(queued, checked, done.then_some(SendOutcome::Superseded)).await?;
                return Ok(Claiming::Ended(ended));
            }
            Recheck::Block(refusal) => {
                tracing::info!(message.id = %queued.message, reason = %refusal, "message blocked");
                let done = self.store.block(&queued.tenant, &queued.customer, &queued.message, &refusal, now).await?;
                let ended = self.unless_logged(queued, checked, done.then_some(SendOutcome::Blocked)).await?;
                return Ok(Claiming::Ended(ended));
            }
            Recheck::Defer(until, refusal) => {
                tracing::info!(message.id = %queued.message, reason = %refusal, until = %until, "message deferred");
                let how = Release::Deferred { until };
                let done = self.store.release(&queued.tenant, &queued.customer, &queued.message, None, how).await?;
                let ended = self.unless_logged(queued, checked, done.then_some(SendOutcome::Deferred)).await?;
                return Ok(Claiming::Ended(ended));
            }
        };
        let Some(contact) = People::of(facts).contact(&pending.contact) else {
            return Ok(Claiming::Ended(Some(SendOutcome::NotMine)));
        };
        let entity = pending.case.balance.legal_entity.as_str();
        if pending.channel.facts().needs_sender && policy.settings.sender_of(entity, pending.channel).is_none() {
            let cause = Cause::NoSender { channel: pending.channel, legal_entity: entity.to_owned() };
            return self.defer_with_cause(queued, &cause, "").await.map(|ended| Claiming::Ended(Some(ended)));
        }
        let identities = policy.identities.as_ref();
        if let Some(unlisted) = identities.and_then(|listed| listed.missing(&policy.settings, entity, pending.channel)) {
            let cause = Cause::UnlistedSender { channel: pending.channel, legal_entity: entity.to_owned() };
            return self.defer_with_cause(queued, &cause, unlisted).await.map(|ended| Claiming::Ended(Some(ended)));
        }
        let written = match self.put_in_words(queued, checked, &rows, contact).await? {
            Ok(written) => written,
            // Nobody can mend the words of a person's message: who wrote it reads why in its record.
            Err(detail) if is_own_message(&pending.template) => {
                let reason = format!("it cannot be made: {detail}");
                let done = self.store.withdraw(&queued.tenant, &queued.customer, &queued.message, &reason, now).await?;
                let ended = self.unless_logged(queued, checked, done.then_some(SendOutcome::Superseded)).await?;
                return Ok(Claiming::Ended(ended));
            }
            Err(detail) => {
                let cause = Cause::NoText { template: pending.template.clone(), channel: pending.channel };
                return self.defer_with_cause(queued, &cause, &detail).await.map(|ended| Claiming::Ended(Some(ended)));
            }
        };
        if !self.keep_link(queued, checked, &written).await? || !self.log_contact(queued, checked, contact, now).await? {
            return Ok(Claiming::Ended(None));
        }
        let attempt = Attempt {
            id: render::attempt_id(
                &queued.tenant,
                &queued.customer,
                queued.message.as_str(),
                &format!("{now}/{round}/{}", head.version),
            ),
            lease_until: now.checked_add(lease_minutes.minutes()).unwrap_or(Timestamp::MAX),
        };
        let claimed = match self.store.claim(&queued.tenant, &queued.customer, head.version, &queued.message, &attempt).await? {
            Claim::Held(claimed) => claimed,
            Claim::Changed(_) => return Ok(Claiming::Ended(None)),
            Claim::Gone => return Ok(Claiming::Ended(Some(SendOutcome::NotMine))),
        };
        let mut call = Call {
            rows,
            asked_for: written.asked_for.clone(),
            rendered_sha256: written.rendered.sha256.clone(),
            template_version: written.template_version,
            sent: MessageResult::Shadow,
            provider_id: None,
            reason: String::new(),
            guard: json!("allow"),
            carried: recorded(&written.documents),
        };
        let stopped = match self.recheck_after_claim(queued, checked).await {
            Ok(stopped) => stopped,
            Err(error) => return Err(self.give_back(queued, &attempt, error).await),
        };
        if let Some(Meanwhile::Later(reason)) = &stopped {
            let ended = self.try_again(queued, &attempt, UNLISTED_AGAIN_S, reason).await?;
            return self.unless_lost(queued, checked, Some(ended)).await.map(Claiming::Ended);
        }
        if let Some(Meanwhile::Over(sent, reason, guard)) = stopped {
            (call.sent, call.reason, call.guard) = (sent, reason, guard);
        } else if pending.mode == Mode::Live {
            return Ok(Claiming::Held(Box::new(Held { claimed: *claimed, attempt, call, written })));
        }
        let ended = self.settle(queued, &claimed, &attempt, checked, call, self.provider).await?;
        self.unless_lost(queued, checked, Some(ended)).await.map(Claiming::Ended)
    }

    /// Writes down that the person is about to be contacted; false when somebody else contacted them meanwhile and the message may not
    /// go any more. A sender that comes back to its own entry on the same day writes nothing.
    async fn log_contact(
        &self,
        queued: &QueuedMessage,
        checked: &Checked,
        contact: &Contact,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Checked { facts, policy, pending, .. } = checked;
        let Some(person) = contact.person() else { return Ok(true) };
        let place = Locality::of_customer(&facts.customer, &policy.settings);
        let attempt = ContactAttempt {
            at: now,
            channel: pending.channel,
            message: pending.id.clone(),
            case: facts.cases.get(&pending.case).map(|case| case.id.clone()),
            customer: queued.customer.clone(),
            mode: pending.mode,
        };
        let mut seen = facts.contact_log.get(&person).cloned().unwrap_or_default();
        for _ in 0..CLAIMS_MAX {
            if seen.has(&pending.id, place.date_of(now), &place) {
                return Ok(true);
            }
            seen = match self.store.log_contact(&queued.tenant, &person, &attempt, &seen).await? {
                Logged::Written => return Ok(true),
                Logged::Changed(log) => log,
            };
            let mut facts = facts.clone();
            facts.contact_log.insert(person.clone(), seen.clone());
            if !matches!(decide::recheck(&facts, policy, pending, now), Recheck::Send { .. }) {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// How a message ended before it was claimed; a sender that died had perhaps written its contact down.
    async fn unless_logged(
        &self,
        queued: &QueuedMessage,
        checked: &Checked,
        ended: Option<SendOutcome>,
    ) -> Result<Option<SendOutcome>, Error> {
        let mut logged = checked.facts.contact_log.values().flat_map(|log| &log.attempts);
        if logged.any(|attempt| attempt.message == queued.message) {
            self.unless_lost(queued, checked, ended).await
        } else {
            Ok(ended)
        }
    }

    /// How a message ended; where nothing was sent, the person was not contacted.
    pub(crate) async fn unless_lost(
        &self,
        queued: &QueuedMessage,
        checked: &Checked,
        ended: Option<SendOutcome>,
    ) -> Result<Option<SendOutcome>, Error> {
        match ended {
            Some(
                SendOutcome::Superseded
                | SendOutcome::Blocked
                | SendOutcome::Deferred
                | SendOutcome::Retrying
                | SendOutcome::Failed,
            ) => {}
            Some(SendOutcome::NotMine | SendOutcome::Sent | SendOutcome::Shadow | SendOutcome::Unknown) | None => {
                return Ok(ended);
            }
        }
        let contact = People::of(&checked.facts).addressee(&checked.pending.contact, checked.pending.person.as_ref());
        if let Some(person) = contact.and_then(Contact::person) {
            self.store.take_contact_back(&queued.tenant, &person, &queued.message).await?;
        }
        Ok(ended)
    }

    /// Keeps the portal link that a message has which leaves: with the first one to an address, and with one that finds half of its time
    /// over or the link before void. A mail has it where answers go to an address that names it, too. False when somebody else wrote it meanwhile.
    async fn keep_link(&self, queued: &QueuedMessage, checked: &Checked, written: &Written) -> Result<bool, Error> {
        let known = link_to(checked, &written.portal.address);
        let names_it = written.rendered.text.contains(&written.links.portal) || written.answers.has_a_mark();
        let leaves = checked.pending.mode == Mode::Live && names_it;
        if !leaves || known == Some(&written.portal) {
            return Ok(true);
        }
        self.store.keep_link(&queued.tenant, &queued.customer, known, &written.portal).await
    }

    /// What is not in the customer's own items and may have changed before the claim: the tenant's switches, what is known of the people, and,
    /// where another customer is written to, who they are. Read after the claim, so that whatever was committed before it is honoured.
    async fn recheck_after_claim(&self, queued: &QueuedMessage, checked: &Checked) -> Result<Option<Meanwhile>, Error> {
        let facts = self.store.people_now(&queued.tenant, checked.facts.clone()).await?;
        let (policy, people) = self.store.outside_now(&queued.tenant, &checked.head, &facts).await?;
        let KnownPeople { addresses, contact_log } = people;
        let facts = Facts { addresses, contact_log, ..facts };
        let Pending { contact, channel, .. } = &checked.pending;
        let is_other = address_of(&facts, contact, *channel) != address_of(&checked.facts, contact, *channel);
        Ok(match decide::recheck(&facts, &policy, &checked.pending, self.clock.now()) {
            Recheck::Send { .. } if is_other => {
                let reason = "the address of the person changed meanwhile".to_owned();
                Some(Meanwhile::Over(MessageResult::Superseded, reason, Value::Null))
            }
            Recheck::Send { .. } => {
                let entity = checked.pending.case.balance.legal_entity.as_str();
                let identities = policy.identities.as_ref();
                // What it would be sent from was read before the claim.
                let missing =
                    identities.and_then(|listed| listed.missing(&checked.policy.settings, entity, checked.pending.channel));
                missing.map(|_| Meanwhile::Later("its sender was taken off the tenant's list".to_owned()))
            }
            Recheck::Supersede(reason) => Some(Meanwhile::Over(MessageResult::Superseded, reason, Value::Null)),
            Recheck::Block(refusal) | Recheck::Defer(_, refusal) => {
                Some(Meanwhile::Over(MessageResult::Blocked, refusal.to_string(), json!(refusal.rules)))
            }
        })
    }

    /// Gives a claimed message back as it was, because what is to be read before the call could not be: the queue delivers it again. Where
    /// that fails too the claim ends with its lease, and the message is in doubt.
    pub(crate) async fn give_back(&self, queued: &QueuedMessage, attempt: &Attempt, error: Error) -> Error {
        let back = self.store.release(&queued.tenant, &queued.customer, &queued.message, Some(attempt), Release::Queue).await;
        if let Err(again) = back {
            tracing::warn!(message.id = %queued.message, error = %again, "a claim could not be given back; the message will be in doubt");
        }
        error
    }

    /// Calls the provider, and says what its answer means.
    async fn call(
        &self,
        queued: &QueuedMessage,
        checked: &Checked,
        contact: &Contact,
        written: &Written,
    ) -> Result<Meaning, Error> {
        let outgoing = outgoing(queued, checked, contact, written);
        let dispatches = checked.head.pending.get(&queued.message).map_or(0, |entry| entry.dispatches);
        let meaning = self.tell_of_set_up(queued, checked, meaning(self.channel.send(&outgoing).await, dispatches)).await;
        if meaning.suppress {
            self.suppress(queued, checked.pending.channel, &outgoing.to).await?;
        }
        Ok(meaning)
    }

    /// An address of which its provider says that it takes nothing.
    pub(crate) async fn suppress(&self, queued: &QueuedMessage, channel: Channel, address: &str) -> Result<(), Error> {
        let (reason, at) = (SuppressionReason::Bounce, self.clock.now());
        self.store.suppress(&queued.tenant, channel, address, reason, at, Some(&queued.customer)).await?;
        Ok(())
    }

    /// Gives the message back for a later try.
    pub(crate) async fn try_again(
        &self,
        queued: &QueuedMessage,
        attempt: &Attempt,
        seconds: i64,
        reason: &str,
    ) -> Result<SendOutcome, Error> {
        let at = self.clock.now().checked_add(seconds.seconds()).unwrap_or(Timestamp::MAX);
        tracing::info!(message.id = %queued.message, retry_at = %at, reason, "provider refused for now");
        self.store.release(&queued.tenant, &queued.customer, &queued.message, Some(attempt), Release::Retry { at }).await?;
        Ok(SendOutcome::Retrying)
    }

    pub(crate) async fn settle(
        &self,
        queued: &QueuedMessage,
        claimed: &Head,
        attempt: &Attempt,
        checked: &Checked,
        call: Call,
        provider: &str,
    ) -> Result<SendOutcome, Error> {
        let now = self.clock.now();
        let ended = SendOutcome::of(call.sent);
        let next = if call.sent == MessageResult::Unknown {
            Next::At(now.checked_add(UNKNOWN_HOURS_MAX.hours()).unwrap_or(Timestamp::MAX))
        } else {
            let settled = Event::Settled {
                message: queued.message.clone(),
                rows: call.rows.clone(),
                outcome: call.sent.outcome(),
                at: now,
                contacted_at: now,
            };
            let facts = evolve(&checked.facts, &settled);
            decide::decide(&facts, &checked.policy, now).due_again(now)
        };
        let settlement = Settlement {
            status: call.sent,
            at: now,
            reason: call.reason,
            provider_id: call.provider_id,
            fact_versions: store::fact_versions(&checked.facts, call.asked_for.as_ref().map_or(&call.rows, |asked| &asked.rows)),
            rows: call.rows,
            asked_for: call.asked_for,
            rendered_sha256: Some(call.rendered_sha256),
            template_version: call.template_version,
            layout_version: channels::LAYOUT_VERSION,
            trace: trace(provider, call.guard, call.carried),
        };
        self.store.settle(&queued.tenant, claimed, &queued.message, attempt, &settlement, next).await?;
        Ok(ended)
    }
}

/// What a record says of how a message was sent.
fn trace(provider: &str, guard: Value, carried: Value) -> Value {
    let mut trace = json!({ "provider": provider, "guard": guard });
    if !carried.is_null() {
        trace["carried"] = carried;
    }
    trace
}
