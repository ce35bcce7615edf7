//! Messages that people write: whom, in which words, under the same guard as every other; and taking one back while it can be.

use domain::{
    BalanceKey, Case, CaseKey, CaseState, Channel, Contact, Currency, CustomerId, Facts, MessageId, MessageStatus, Pending,
    People, Planned, Policy,
    decide::{Recheck, recheck},
    language,
    own_message::{self, OWN_WORDS},
    word::Word,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{Head, MessageFound, OwnText, Store};

use crate::{
    Actor, Done, NotDone, Operation,
    actor::noted_contact,
    attachments::{self, AttachmentAsked},
    customers::{no_customer, reason_of},
    matter,
};

/// Longest subject, in characters.
const SUBJECT_MAX: usize = 250;
/// Longest words, in characters.
const BODY_MAX: usize = 10_000;
/// Most messages of a customer that wait for their sender when one more is written.
const PENDING_MAX: usize = 10;
/// How long a message may have to wait for the guard.
const WAITS_MAX: SignedDuration = SignedDuration::from_hours(72);
/// How often a message that others come between is decided anew.
const TRIES: usize = 4;

/// A message as a person writes it.
#[derive(Clone, Debug, Default)]
pub struct MessageAsked {
    /// The customer.
    pub customer: String,
    /// The contact, by its id; the customer's first with an address on the channel when left out.
    pub contact: Option<String>,
    /// A channel that this deployment has a sender for; email when left out.
    pub channel: Option<String>,
    /// The case that it is about; the first that is not closed when left out.
    pub case: Option<String>,
    /// The template whose words it has.
    pub template: Option<String>,
    /// The subject, in one's own words.
    pub subject: Option<String>,
    /// The words.
    pub body: Option<String>,
    /// The language of the words; the customer's when left out.
    pub language: Option<String>,
    /// The message that it answers.
    pub in_reply_to: Option<String>,
    /// The files that go along.
    pub attachments: Vec<AttachmentAsked>,
}

/// A message that is written and not stored: what it was made from, and what the guard says of it now.
#[derive(Debug)]
pub struct MessagePlan {
    /// The customer.
    pub customer: CustomerId,
    /// The head that the facts belong to.
    pub head: Head,
    /// The facts.
    pub facts: Facts,
    /// What the tenant decides by.
    pub policy: Policy,
    /// The message as it would wait for its sender.
    pub pending: Pending,
    /// Its words.
    pub text: OwnText,
    /// What the guard says of it.
    pub guard: Recheck,
}

/// Works out a message of a person and asks the guard. Nothing is stored.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], and those of reading.
pub async fn plan(store: &Store, actor: &Actor, asked: &MessageAsked, now: Timestamp) -> Done<MessagePlan> {
    let tenant = actor.may(Operation::WriteMessage)?;
    let customer = CustomerId::parse(&asked.customer).ok_or_else(no_customer)?;
    let head = store.head(tenant, &customer).await?.ok_or_else(no_customer)?;
    let (facts, policy, _) = store.facts_policy_and_links(tenant, &head).await?;
    let mut flaws = Vec::new();
    let channel = channel(asked.channel.as_deref(), &policy, &mut flaws);
    let contact = contact(asked.contact.as_deref(), &facts, channel, &mut flaws);
    let case = case(asked.case.as_deref(), &facts, &mut flaws);
    let text = words(store, actor, asked, &facts, &policy, channel, &mut flaws).await?;
    if asked.in_reply_to.as_deref().is_some_and(|id| MessageId::parse(id).is_none()) {
        flaws.push(("/in_reply_to".to_owned(), "a message's id is `msg_…`".to_owned()));
    }
    let attachments = attachments::checked(tenant, &asked.attachments, channel, now, &mut flaws);
    let (Some(channel), Some(contact), Some(case), Some(text), true) = (channel, contact, case, text, flaws.is_empty()) else {
        return Err(NotDone::Fields(flaws));
    };
    let text = OwnText { attachments, ..text };
    let planned = Planned {
        position: 0,
        mode: policy.settings.mode,
        case,
        channel,
        person: People::of(&facts).contact(&contact).and_then(Contact::person_digest),
        contact,
        template: OWN_WORDS.to_owned(),
        template_version: 0,
        pay_by: None,
        rows: Vec::new(),
        copy_of: None,
        receipt_within: None,
    };
    let number = head.decision + 1;
    let pending = Pending::of(&planned, MessageId::of_decision(tenant, &customer, number, 0), number, now);
    let guard = recheck(&facts, &policy, &pending, now);
    Ok(MessagePlan { customer, head, facts, policy, pending, text, guard })
}

/// Stores a message of a person: it leaves once it can no longer be taken back, where the guard still allows it then.
///
/// # Errors
///
/// Those of [`plan`]; [`NotDone::Conflict`] where the guard forbids it or keeps it back for days, or too much waits already; those of the table.
pub async fn write(store: &Store, actor: &Actor, asked: &MessageAsked, now: Timestamp) -> Done<MessagePlan> {
    let tenant = actor.may(Operation::WriteMessage)?;
    for tries_left in (0..TRIES).rev() {
        let plan = plan(store, actor, asked, now).await?;
        match &plan.guard {
            Recheck::Send { .. } => {}
            Recheck::Defer(until, _) if until.duration_since(now) <= WAITS_MAX => {}
            Recheck::Defer(until, refusal) => {
                return Err(NotDone::Conflict(format!("it could not leave before {until}: {refusal}; write it then")));
            }
            Recheck::Block(refusal) => return Err(NotDone::Conflict(format!("the guard forbids it: {refusal}"))),
            Recheck::Supersede(why) => return Err(NotDone::Conflict(why.clone())),
        }
        if plan.head.pending.len() >= PENDING_MAX {
            return Err(NotDone::Conflict(format!("{PENDING_MAX} messages to this customer wait for their senders already")));
        }
        let planned = planned_of(&plan.pending);
        let decision = own_message::decision(&plan.facts, plan.head.owed.clone(), planned, now);
        let contact = noted_contact(&plan.pending.contact);
        let (template, attachments) = (&plan.text.template, plan.text.attachments.len());
        let what =
            json!({ "channel": plan.pending.channel, "contact": contact, "template": template, "attachments": attachments });
        let entry = actor.entry(Operation::WriteMessage, now).of(plan.pending.id.as_str()).about(&plan.customer).with(what);
        let acting = store.acting(entry);
        match acting.commit_own_message(tenant, &plan.head, &plan.facts, &decision, &plan.text, now).await {
            Ok(_) => return Ok(plan),
            Err(store::Error::Conflict { .. }) if tries_left > 0 => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(NotDone::Changed("the customer kept changing; send it again".to_owned()))
}

/// What a person wrote, or said of a call or letter of theirs.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn words_of(store: &Store, actor: &Actor, id: &str) -> Done<(CustomerId, OwnText)> {
    let tenant = actor.may(Operation::ShowMessageWords)?;
    let none = || NotDone::NotFound("there is no such message of a person".to_owned());
    let id = MessageId::parse(id).ok_or_else(none)?;
    let customer = store.whose(tenant, id.as_str()).await?.ok_or_else(none)?;
    let text = store.own_text(tenant, &customer, &id).await?.ok_or_else(none)?;
    Ok((customer, text))
}

/// Takes back a message that a person wrote and no sender has yet, or a call or letter that was written down by mistake. Doing it again
/// changes nothing. The customer, and how its record says that it stands.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where it left or a sender has it; those of the table.
pub async fn undo(
    store: &Store,
    actor: &Actor,
    id: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<(CustomerId, MessageStatus)> {
    let tenant = actor.may(Operation::UndoMessage)?;
    let reason = reason_of(reason)?;
    let none = || {
        NotDone::NotFound("there is no such message of a person; what workflows send is stopped by a hold or an order".to_owned())
    };
    let id = MessageId::parse(id).ok_or_else(none)?;
    let customer = store.whose(tenant, id.as_str()).await?.ok_or_else(none)?;
    let text = store.own_text(tenant, &customer, &id).await?.ok_or_else(none)?;
    let entry = actor.entry(Operation::UndoMessage, now).of(id.as_str()).about(&customer).noting(reason);
    let acting = store.acting(entry);
    match store.message_of(tenant, &customer, Some(text.number), &id).await?.ok_or_else(none)? {
        MessageFound::Pending(..) => {
            if acting.withdraw(tenant, &customer, &id, "a person took it back", now).await? {
                Ok((customer, MessageStatus::Superseded))
            } else {
                Err(NotDone::Conflict("its sender has it already".to_owned()))
            }
        }
        MessageFound::Settled(record) => {
            let template = record.message.as_ref().map(|message| message.template.as_str()).unwrap_or_default();
            let status = record.status.message();
            if template != OWN_WORDS {
                acting.take_back_own_message(tenant, &customer, text.number, &id, now).await?;
                return Ok((customer, MessageStatus::Rejected));
            }
            if status == Some(MessageStatus::Superseded) {
                return Ok((customer, MessageStatus::Superseded));
            }
            let status = status.map(|status| status.as_str().to_owned()).unwrap_or_default();
            Err(NotDone::Conflict(format!("it is {status} since {}", record.at)))
        }
    }
}

/// A message that waits, as it was planned.
fn planned_of(pending: &Pending) -> Planned {
    Planned {
        position: pending.position,
        mode: pending.mode,
        case: pending.case.clone(),
        channel: pending.channel,
        contact: pending.contact.clone(),
        person: pending.person.clone(),
        template: pending.template.clone(),
        template_version: pending.template_version,
        pay_by: pending.pay_by,
        rows: pending.rows.clone(),
        copy_of: pending.copy_of,
        receipt_within: pending.receipt_within,
    }
}

type Flaws = Vec<(String, String)>;

fn channel(asked: Option<&str>, policy: &Policy, flaws: &mut Flaws) -> Option<Channel> {
    let Some(text) = asked else { return Some(Channel::Email) };
    let known = Channel::of_this_release(text).filter(|channel| policy.senders.contains(channel));
    if known.is_none() {
        let all: Vec<String> = policy.senders.iter().map(|channel| channel.as_str().to_owned()).collect();
        flaws.push(("/channel".to_owned(), format!("this deployment has senders for {}", all.join(", "))));
    }
    known
}

/// Whom it goes to: who is named, else the first of the customer's people with an address on the channel.
fn contact(asked: Option<&str>, facts: &Facts, channel: Option<Channel>, flaws: &mut Flaws) -> Option<String> {
    let channel = channel?;
    let people = People::of(facts);
    let found = match asked {
        Some(id) => people.contact(id).filter(|contact| contact.address(channel).is_some()).map(|_| id.to_owned()),
        None => people.all().find(|(_, contact)| contact.address(channel).is_some()).map(|(id, _)| id.to_owned()),
    };
    if found.is_none() {
        let detail = format!("name one of the customer's contacts, by its id, who has an address for {}", channel.as_str());
        flaws.push(("/contact".to_owned(), detail));
    }
    found
}

/// The case that something of a person is about: the one that is named, else the first that is not closed. Who owes nothing has none, and it
/// is of the balance that the customer's invoices are of.
pub(crate) fn case(asked: Option<&str>, facts: &Facts, flaws: &mut Flaws) -> Option<CaseKey> {
    if let Some(id) = asked {
        let known = facts.cases.iter().find(|(_, case)| case.id.as_str() == id).map(|(key, _)| key.clone());
        if known.is_none() {
            flaws.push(("/case".to_owned(), "the customer has no case of this id".to_owned()));
        }
        return known;
    }
    let is_open = |(_, case): &(&CaseKey, &Case)| case.state != CaseState::Closed;
    let open = facts.cases.iter().find(is_open).or_else(|| facts.cases.iter().next());
    if let Some((key, _)) = open {
        return Some(key.clone());
    }
    let currency = facts.invoices.first().map_or(Currency::EUR, |fact| fact.invoice.currency);
    let entity = facts.customer.legal_entity.as_deref().unwrap_or_default();
    Some(CaseKey::new(BalanceKey::with(currency, entity), ""))
}

/// The words: those of a template, or one's own.
async fn words(
    store: &Store,
    actor: &Actor,
    asked: &MessageAsked,
    facts: &Facts,
    policy: &Policy,
    channel: Option<Channel>,
    flaws: &mut Flaws,
) -> Done<Option<OwnText>> {
    let Some(channel) = channel else { return Ok(None) };
    let own_language = facts.customer.language.as_deref();
    let said = OwnText { by: actor.by().to_owned(), in_reply_to: asked.in_reply_to.clone(), ..OwnText::default() };
    if let Some(id) = asked.template.as_deref() {
        if asked.subject.is_some() || asked.body.is_some() {
            flaws.push(("/template".to_owned(), "a message has the words of a template or one's own, not both".to_owned()));
            return Ok(None);
        }
        let texts = store.template(actor.tenant(), id, channel).await?;
        let languages: Vec<&str> = texts.iter().map(|text| text.language.as_str()).collect();
        let wanted = asked.language.as_deref().or(own_language);
        let at = language::choose(&languages, wanted, policy.settings.language.as_deref());
        let Some(text) = at.and_then(|at| texts.get(at)) else {
            let detail =
                format!("there is no template of this id for {}; GET /v1/templates lists those there are", channel.as_str());
            flaws.push(("/template".to_owned(), detail));
            return Ok(None);
        };
        return Ok(Some(OwnText {
            subject: text.subject.clone(),
            body: text.body.clone(),
            language: text.language.clone(),
            template: Some(format!("{id}@{}", text.version)),
            ..said
        }));
    }
    let before = flaws.len();
    let body = matter::text("/body", asked.body.as_deref(), BODY_MAX, flaws);
    if body.is_none() && before == flaws.len() {
        flaws.push(("/body".to_owned(), "it needs words: a body, or a template".to_owned()));
    }
    let subject = matter::text("/subject", asked.subject.as_deref(), SUBJECT_MAX, flaws);
    let mut lacks = |pointer: &str, detail: &str| flaws.push((pointer.to_owned(), detail.to_owned()));
    match (channel.facts().has_subject, &asked.subject) {
        (true, None) => lacks("/subject", "an email has a subject"),
        (false, Some(_)) => lacks("/subject", "only an email has a subject; leave it out"),
        (true, Some(_)) | (false, None) => {}
    }
    let language = asked.language.as_deref().or(own_language).or(policy.settings.language.as_deref()).unwrap_or("en");
    Ok(body.map(|body| OwnText { subject, body, language: language.to_ascii_lowercase(), ..said }))
}
