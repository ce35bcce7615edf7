//! Why a message was, or was not, sent: for an invoice, a case or a message, now, at an instant that is past, or at one to come.
//!
//! Now and the past are decided by the code that decides. The past comes from history and says how it relates to what was recorded; before
//! history begins nothing is guessed. An instant to come is decided over the facts of now, and the answer says what that assumes.

mod undecided;

use domain::{
    CONTACT_DAYS, CaseId, CaseTrace, CustomerId, DeliveryEvent, Facts, InvoiceId, MessageId, MessageStatus, Money, Policy,
    calendar::Locality,
    decide::{self, Recheck},
    explain::{self, DecisionInWords, Part, RecheckInWords, Told, moment},
    own_message::{CALL, LETTER, OWN_WORDS},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use store::{AsOf, Basis, Gap, IdOf, KnownInvoice, MessageAsOf, Read, Record, RecordedMessage, Store, Vault};

use crate::{Actor, Done, NotDone, Operation};

/// What an explanation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainBasis {
    /// The facts of now.
    Now,
    /// A decision was recorded at that instant, and was made from exactly this.
    Recorded,
    /// Nothing was recorded at that instant: this is what is decided by what was known.
    Recomputed,
    /// The record of that instant was made from something else.
    Differs,
    /// It cannot be compared with the record, because personal fields were erased since.
    Erased,
    /// History begins later.
    UnknownBefore,
    /// The facts of now, looked at from an instant to come.
    Assumed,
}

impl ExplainBasis {
    /// What is recomputed of the past rests on; where that differs from the record, the engine that decided and the gaps of history.
    pub fn of(basis: Basis) -> (Self, Option<u32>, Vec<Gap>) {
        match basis {
            Basis::Recorded => (Self::Recorded, None, vec![]),
            Basis::Recomputed => (Self::Recomputed, None, vec![]),
            Basis::Erased { engine } => (Self::Erased, engine, vec![]),
            Basis::Differs { engine, gaps } => (Self::Differs, engine, gaps),
        }
    }

    /// The text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Recorded => "recorded",
            Self::Recomputed => "recomputed",
            Self::Differs => "differs",
            Self::Erased => "erased",
            Self::UnknownBefore => "unknown_before",
            Self::Assumed => "assumed",
        }
    }
}

/// What a record says that a case came to, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedInWords {
    /// The recorded trace.
    pub trace: CaseTrace,
    /// Its words.
    pub outcome: Vec<String>,
}

/// A message and how it was settled, explained.
#[derive(Clone, Debug)]
pub struct MessageExplained {
    /// The record; `None` while the message is not settled.
    pub record: Option<Record>,
    /// The message itself as its sender had it, where that is known.
    pub pending: Option<domain::Pending>,
    /// What the decision came to.
    pub decided: Vec<RecordedInWords>,
    /// What its sender found, recomputed; what one would find now while the message is not settled.
    pub recheck: Option<RecheckInWords>,
    /// Whether that is what the record says; `None` where it cannot be compared.
    pub agrees: Option<bool>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct ExplainAnswer {
    /// Whose matter it is.
    pub customer: CustomerId,
    /// The instant that is explained.
    pub at: Timestamp,
    /// What it rests on.
    pub basis: ExplainBasis,
    /// What is assumed, where something is.
    pub assumption: Option<String>,
    /// When history begins, where it begins later.
    pub begins: Option<Timestamp>,
    /// Where it differs: the engine that decided.
    pub engine: Option<u32>,
    /// Where it differs: spans of which changes of facts were lost.
    pub gaps: Vec<Gap>,
    /// What of an instant that is past is not put together again as it was then, a sentence each.
    pub not_rebuilt: Vec<String>,
    /// Whether personal fields of what was known then were erased since.
    pub erased: bool,
    /// The number of the decision that was recorded at that instant.
    pub number: Option<u64>,
    /// What it comes to, a sentence a fact.
    pub outcome: Vec<String>,
    /// What would change it, where that is of no single case: while the tenant is switched off.
    pub changes: Vec<String>,
    /// The decision by what was known, explained.
    pub decided: Option<DecisionInWords>,
    /// What the record of that instant says, where it has other inputs.
    pub recorded: Vec<RecordedInWords>,
    /// The customer's last messages as they stood then, newest first.
    pub messages: Vec<MessageAsOf>,
    /// The message, where one is explained.
    pub message: Option<MessageExplained>,
}

/// What is asked about.
struct Asked<'a> {
    store: &'a Store,
    vault: &'a Vault,
    tenant: &'a domain::TenantId,
    customer: CustomerId,
    now: Timestamp,
}

/// Explains an invoice, a case or a message at an instant; now where none is named.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn explain(
    (store, vault): (&Store, &Vault),
    actor: &Actor,
    id: &IdOf,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Done<ExplainAnswer> {
    let (operation, none) = match id {
        IdOf::Invoice(_) => (Operation::ExplainInvoice, "there is no such invoice"),
        IdOf::Case(_) => (Operation::ExplainCase, "there is no such case; a new one is found some moments after it opened"),
        IdOf::Message(_) => {
            (Operation::ExplainMessage, "there is no such message; a new one is found some moments after it was decided")
        }
    };
    let none = || NotDone::NotFound(none.to_owned());
    let tenant = actor.may(operation)?;
    let found = store.find_id(tenant, id).await?.ok_or_else(none)?;
    let asked = Asked { store, vault, tenant, customer: found.customer, now };
    let answer = match id {
        IdOf::Message(message) => asked.message(message, found.number, at.unwrap_or(now)).await?,
        IdOf::Invoice(invoice) => asked.matter(&Of::Invoice(invoice.clone()), at).await?,
        IdOf::Case(case) => asked.matter(&Of::Case(case.clone()), at).await?,
    };
    answer.ok_or_else(none)
}

/// What of a customer's matter is asked about.
enum Of {
    Invoice(InvoiceId),
    Case(CaseId),
}

impl Of {
    fn part(&self) -> Part<'_> {
        match self {
            Self::Invoice(invoice) => Part::Invoice(invoice),
            Self::Case(case) => Part::Case(case),
        }
    }
}

impl Asked<'_> {
    fn answer(&self, at: Timestamp, basis: ExplainBasis) -> ExplainAnswer {
        ExplainAnswer {
            customer: self.customer.clone(),
            at,
            basis,
            assumption: None,
            begins: None,
            engine: None,
            gaps: vec![],
            not_rebuilt: vec![],
            erased: false,
            number: None,
            outcome: vec![],
            changes: vec![],
            decided: None,
            recorded: vec![],
            messages: vec![],
            message: None,
        }
    }

    async fn matter(&self, of: &Of, at: Option<Timestamp>) -> Done<Option<ExplainAnswer>> {
        match at {
            Some(at) if at < self.now => self.past(of, at).await.map(Some),
            at => self.of_the_future(of, at.unwrap_or(self.now)).await,
        }
    }

    /// Now, or at an instant to come over the facts of now.
    async fn of_the_future(&self, of: &Of, at: Timestamp) -> Done<Option<ExplainAnswer>> {
        let Some(head) = self.store.head(self.tenant, &self.customer).await? else { return Ok(None) };
        let facts = self.store.facts(self.tenant, &head).await?;
        let policy = self.store.policy(self.tenant, &head.cases, Read::Fresh).await?;
        let decision = decide::decide(&facts, &policy, at);
        let words = explain::decision(&facts, &policy, at, &decision, of.part());
        let is_ahead = at > self.now;
        let mut answer = self.answer(at, if is_ahead { ExplainBasis::Assumed } else { ExplainBasis::Now });
        if is_ahead {
            let next = decide::decide(&facts, &policy, self.now).next.at();
            let next = next.map_or_else(
                || "no moment is known at which it is decided before".to_owned(),
                |next| format!("it is decided on {} at the earliest", moment(next, &words.zone)),
            );
            answer.assumption = Some(format!(
                "This assumes that nothing changes until then: no document, payment, reply, agreement, order or setting, and that no \
                 message leaves before; {next}."
            ));
        }
        let closed = self.closed(of, &words).await?;
        answer.outcome = outcome(of, (&facts, closed.as_ref()), &words, at);
        answer.changes = changes(&words);
        answer.decided = Some(words);
        Ok(Some(answer))
    }

    /// The invoice as it is stored, where nothing of it is among what is decided: facts leave out what is closed.
    async fn closed(&self, of: &Of, words: &DecisionInWords) -> Done<Option<KnownInvoice>> {
        match of {
            Of::Invoice(invoice) if words.items.is_empty() => Ok(self.store.known_invoice(self.tenant, invoice).await?),
            Of::Invoice(_) | Of::Case(_) => Ok(None),
        }
    }

    async fn past(&self, of: &Of, at: Timestamp) -> Done<ExplainAnswer> {
        let Some(as_of) = self.vault.as_of(self.tenant, &self.customer, at).await? else {
            return self.unknown_before(at).await;
        };
        let not_rebuilt = not_rebuilt(&as_of, self.now);
        let AsOf { facts, policy, decision, basis, number, erased, recorded, messages, .. } = as_of;
        let words = explain::decision(&facts, &policy, at, &decision, of.part());
        let (basis, engine, gaps) = ExplainBasis::of(basis);
        let is_record = matches!(basis, ExplainBasis::Differs | ExplainBasis::Erased);
        let is_asked = |trace: &CaseTrace| match of {
            Of::Case(case) => trace.case.as_ref() == Some(case),
            Of::Invoice(_) => words.cases.is_empty() || words.cases.iter().any(|case| case.trace.case == trace.case),
        };
        let told = Told { holds: &[], zone: &words.zone };
        let recorded: Vec<RecordedInWords> =
            recorded.into_iter().filter(|trace| is_record && is_asked(trace)).map(|trace| in_words(trace, told)).collect();
        let mut said: Vec<String> = messages
            .iter()
            .filter(|message| message.settled.is_none())
            .map(|message| {
                format!(
                    "Message {} was decided on {}, and its result was not known yet.",
                    message.id,
                    moment(message.decided_at, &words.zone)
                )
            })
            .collect();
        if recorded.is_empty() {
            said.extend(outcome(of, (&facts, None), &words, at));
        } else {
            said.extend(recorded.iter().flat_map(|one| one.outcome.clone()));
        }
        let answer = self.answer(at, basis);
        Ok(ExplainAnswer {
            engine,
            gaps,
            not_rebuilt,
            erased,
            number,
            outcome: said,
            changes: changes(&words),
            decided: Some(words),
            recorded,
            messages,
            ..answer
        })
    }

    async fn unknown_before(&self, at: Timestamp) -> Done<ExplainAnswer> {
        let begins = self.store.history_begins(self.tenant, &self.customer).await?;
        let said = match begins {
            Some(begins) => format!(
                "What was known then is not known: the history of this customer begins on {}.",
                moment(begins, &TimeZone::UTC)
            ),
            None => "What was known then is not known: there is no history of this customer yet.".to_owned(),
        };
        Ok(ExplainAnswer { begins, outcome: vec![said], ..self.answer(at, ExplainBasis::UnknownBefore) })
    }

    async fn message(&self, id: &MessageId, number: Option<u64>, at: Timestamp) -> Done<Option<ExplainAnswer>> {
        let record = match number {
            Some(number) => self.store.record_of_message(self.tenant, &self.customer, number, id).await?,
            None => None,
        };
        match record {
            Some(record) => self.settled(record, at).await.map(Some),
            None => self.unsettled(id, at).await,
        }
    }

    /// A message that waits for its sender or its result: what a sender would find now.
    async fn unsettled(&self, id: &MessageId, at: Timestamp) -> Done<Option<ExplainAnswer>> {
        let Some(head) = self.store.head(self.tenant, &self.customer).await? else { return Ok(None) };
        let facts = self.store.facts(self.tenant, &head).await?;
        let Some(pending) = facts.pending.iter().find(|pending| pending.id == *id).cloned() else { return Ok(None) };
        let policy = self.store.policy(self.tenant, &head.cases, Read::Fresh).await?;
        let recheck = explain::recheck(&without_own(&facts, id), &policy, &pending, self.now);
        let mut outcome = vec![
            format!("The message was decided on {}.", moment(pending.decided_at, &recheck.zone)),
            "Its result is not known yet.".to_owned(),
        ];
        outcome.extend(recheck.said.clone());
        let message =
            MessageExplained { record: None, pending: Some(pending), decided: vec![], recheck: Some(recheck), agrees: None };
        Ok(Some(ExplainAnswer { outcome, message: Some(message), ..self.answer(at, ExplainBasis::Now) }))
    }

    /// A message from its record: why it was decided, what its sender found, and what became of it.
    async fn settled(&self, record: Record, at: Timestamp) -> Done<ExplainAnswer> {
        let mut cases = record.cases.clone();
        if cases.is_empty() {
            cases = self.store.cases_decided(self.tenant, &self.customer, record.number).await?;
        }
        let pending = record.as_pending(&cases);
        let settled = settled_as(&record);
        let mut found: Option<(Facts, Policy, bool)> = None;
        if let (Some(pending), Some(settled)) = (&pending, settled) {
            let agrees = |facts: &Facts, policy: &Policy| {
                let facts = without_own(facts, &pending.id);
                is_as_settled(&decide::recheck(&facts, policy, pending, record.at), settled)
            };
            let when = (record.number, record.at);
            found = self.vault.after_decision(self.tenant, &self.customer, when, &agrees).await?;
        }
        let zone = match &found {
            Some((facts, policy, _)) => Locality::of_customer(&facts.customer, &policy.settings).zone().clone(),
            None => TimeZone::UTC,
        };
        let told = Told { holds: &[], zone: &zone };
        let decided: Vec<RecordedInWords> = cases.into_iter().map(|trace| in_words(trace, told)).collect();
        let recheck = found
            .as_ref()
            .zip(pending.as_ref())
            .map(|((facts, policy, _), pending)| explain::recheck(&without_own(facts, &pending.id), policy, pending, record.at));
        let agrees = found.as_ref().map(|(_, _, agrees)| *agrees);
        let outcome = said_of(&record, at, &zone);
        let basis = match agrees {
            Some(true) => ExplainBasis::Recorded,
            Some(false) => ExplainBasis::Differs,
            None => ExplainBasis::Recomputed,
        };
        let number = Some(record.number);
        let message = Some(MessageExplained { record: Some(record), pending, decided, recheck, agrees });
        let not_rebuilt = match agrees {
            Some(false) => vec![
                "Other messages that were under way when the sender looked are not rebuilt as under way, nor is whether the customer had replied \
                 before its last reply, nor which senders an operator had listed."
                    .to_owned(),
            ],
            Some(true) | None => vec![],
        };
        Ok(ExplainAnswer { number, outcome, message, not_rebuilt, ..self.answer(at, basis) })
    }
}

fn in_words(trace: CaseTrace, told: Told<'_>) -> RecordedInWords {
    RecordedInWords { outcome: explain::outcome(&trace, told), trace }
}

/// What of an instant that is past is not put together again as it was then, a sentence each.
fn not_rebuilt(known: &AsOf, now: Timestamp) -> Vec<String> {
    let mut said = Vec::new();
    let under_way = known.messages.iter().filter(|message| message.settled.is_none());
    let under_way: Vec<String> = under_way.map(|message| message.id.to_string()).collect();
    if !under_way.is_empty() {
        said.push(format!(
            "Messages that were under way then ({}) are not rebuilt as under way: one that was settled since counts with its result, and one \
             that is not counts as not decided.",
            under_way.join(", ")
        ));
    }
    if known.replied_later {
        said.push("The customer replied later. Only its last reply is kept, so that an earlier one does not count.".to_owned());
    }
    if let Some(cap) = &known.policy.settings.caps.per_person {
        let kept = SignedDuration::from_hours((CONTACT_DAYS - i64::from(cap.days)) * 24);
        if now.duration_since(known.at) > kept {
            said.push(format!(
                "When people were contacted is kept for {CONTACT_DAYS} days: what counts against caps.per_person of that instant may be missing."
            ));
        }
    }
    said
}

/// The facts as the sender of a message read them: without what was written down of the message itself.
fn without_own(facts: &Facts, message: &MessageId) -> Facts {
    let mut facts = facts.clone();
    for log in facts.contact_log.values_mut() {
        log.attempts.retain(|attempt| attempt.message != *message);
    }
    facts
}

/// How a message was settled, before its provider said more.
fn settled_as(record: &Record) -> Option<MessageStatus> {
    use domain::word::Word;
    record.body["status"].as_str().and_then(MessageStatus::read)
}

/// Whether what a sender finds leads to how the message was settled.
fn is_as_settled(found: &Recheck, settled: MessageStatus) -> bool {
    match settled {
        MessageStatus::Superseded => matches!(found, Recheck::Supersede(_)),
        MessageStatus::Blocked => matches!(found, Recheck::Block(_) | Recheck::Defer(..)),
        MessageStatus::Queued
        | MessageStatus::Unknown
        | MessageStatus::Sent
        | MessageStatus::Shadow
        | MessageStatus::InDoubt
        | MessageStatus::NotSent
        | MessageStatus::Dropped
        | MessageStatus::Failed
        | MessageStatus::BouncedForNow
        | MessageStatus::Delivered
        | MessageStatus::Bounced
        | MessageStatus::Rejected
        | MessageStatus::RenderingFailed
        | MessageStatus::Complained
        | MessageStatus::Later(_) => matches!(found, Recheck::Send { .. }),
    }
}

/// What a message came to by an instant.
fn said_of(record: &Record, at: Timestamp, zone: &TimeZone) -> Vec<String> {
    let Some(message) = &record.message else { return vec![] };
    let decided = moment(message.decided_at, zone);
    if at < message.decided_at {
        return vec![format!("The message was not decided yet: that was on {decided}.")];
    }
    let (by, to) = (message.channel.as_str(), message.contact.as_str());
    let own = match message.template.as_str() {
        CALL => return said_of_contact("call", message, record, at, zone),
        LETTER => return said_of_contact("letter", message, record, at, zone),
        template => template == OWN_WORDS,
    };
    let mut said = if own {
        vec![
            format!("A person wrote the message on {decided}."),
            format!("It was to go by {by} to contact {to}, in words of their own."),
        ]
    } else {
        let (version, template) = (message.template_version, message.template.as_str());
        vec![
            format!("The message was decided on {decided}."),
            format!("It was to go by {by} to contact {to}, with version {version} of template {template}."),
        ]
    };
    if at < record.at {
        said.push("Its result was not known yet.".to_owned());
        return said;
    }
    let (settled, reason) = (moment(record.at, zone), message.reason.as_str());
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    said.extend(settled_as(record).map(|status| match status {
        MessageStatus::Sent => format!("It was sent on {settled}."),
        MessageStatus::Shadow => format!("It was rendered on {settled} and not sent, because the tenant was in shadow mode."),
        MessageStatus::Superseded => format!("It was not sent, because on {settled} it was no longer right{why}."),
        MessageStatus::Blocked => format!("It was not sent, because on {settled} a rule forbade it{why}."),
        MessageStatus::Failed => format!("It was not sent, because on {settled} its provider refused it{why}."),
        MessageStatus::Unknown | MessageStatus::InDoubt => format!("Since {settled} it is not known whether it was sent{why}."),
        MessageStatus::Queued
        | MessageStatus::NotSent
        | MessageStatus::Dropped
        | MessageStatus::BouncedForNow
        | MessageStatus::Delivered
        | MessageStatus::Bounced
        | MessageStatus::Rejected
        | MessageStatus::RenderingFailed
        | MessageStatus::Complained
        | MessageStatus::Later(_) => format!("On {settled} it was settled as {}{why}.", status.as_str()),
    }));
    said.extend(message.asked_for.as_ref().map(|asked| {
        let due = Money::from_minor(asked.due_now_minor, asked.currency);
        format!("Beside the words it asked for {due}, for {} due item(s).", asked.rows.len())
    }));
    let heard = record.heard.iter().filter(|(_, heard)| **heard <= at);
    said.extend(heard.map(|(event, heard)| heard_in_words(*event, &moment(*heard, zone))));
    said
}

/// A word that was said of a message, with who said it.
fn heard_in_words(event: DeliveryEvent, on: &str) -> String {
    match event {
        DeliveryEvent::NotSent => {
            format!("A person found out that it never left, and said so on {on}: its steps are open again.")
        }
        DeliveryEvent::Dropped => format!("A person found out that it never left, and dropped it on {on}."),
        DeliveryEvent::Sent
        | DeliveryEvent::Delivered
        | DeliveryEvent::BouncedForNow
        | DeliveryEvent::Bounced
        | DeliveryEvent::Complained
        | DeliveryEvent::Rejected
        | DeliveryEvent::RenderingFailed
        | DeliveryEvent::Later(_) => format!("Its provider said {} on {on}.", event.as_str()),
    }
}

/// What a call or letter came to by an instant that a person wrote down.
fn said_of_contact(what: &str, message: &RecordedMessage, record: &Record, at: Timestamp, zone: &TimeZone) -> Vec<String> {
    let whom = if message.contact.is_empty() { String::new() } else { format!(" to contact {}", message.contact) };
    let mut said = vec![
        format!("A person wrote down a {what}{whom} on {}.", moment(message.decided_at, zone)),
        format!("What came of it, in a word: {}.", message.reason),
    ];
    let heard = record.heard.get(&DeliveryEvent::Rejected).filter(|heard| **heard <= at);
    said.extend(heard.map(|heard| format!("A person took it back on {}.", moment(*heard, zone))));
    said
}

/// What a decision came to for what was asked about.
fn outcome(of: &Of, (facts, closed): (&Facts, Option<&KnownInvoice>), words: &DecisionInWords, at: Timestamp) -> Vec<String> {
    let mut said = words.switched_off.as_ref().map_or_else(Vec::new, |off| off.said.clone());
    said.extend(match of {
        Of::Invoice(invoice) if words.items.is_empty() => {
            vec![undecided::why_nothing_is_due((facts, closed), invoice, at, &words.zone)]
        }
        Of::Invoice(_) => words.items.iter().flat_map(|item| item.said.clone()).collect(),
        Of::Case(case) if words.cases.is_empty() => vec![undecided::why_no_decision(facts, case)],
        Of::Case(_) => vec![],
    });
    match of {
        Of::Invoice(_) => said.extend((0..words.cases.len()).flat_map(|at| words.beside_items(at))),
        Of::Case(_) => said.extend(words.cases.iter().flat_map(|case| case.outcome.clone())),
    }
    said
}

/// What would change what is said of no single case.
fn changes(words: &DecisionInWords) -> Vec<String> {
    words.switched_off.iter().map(|off| off.changes.clone()).collect()
}
