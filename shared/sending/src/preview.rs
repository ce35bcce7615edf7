//! A message as its sender would make it now, for people to look at: the same facts, text and guard, but links that open nothing. Nothing is
//! claimed, written or sent.

use std::sync::Arc;

use channels::{Brand, LogoPlace, Rendered};
use domain::{
    Action, Case, CaseId, CaseKey, CaseState, Channel, CompiledWorkflow, Contact, Covered, DueItemKey, Facts, MessageId,
    Occurrence, Pending, PendingStatus, Policy, RuleTrace, Settings, Standing, StatedPeriods, Step, TenantId,
    dates::add_days,
    decide::{Situation, assess, case_by_item, guard_said, promised_rows},
    guard::Verdict,
    receivables::DueItem,
    workflow::Send,
};
use jiff::Timestamp;
use store::{Error, Store};

use crate::{
    pay_link,
    render::{self, Beside},
    signing::{Signer, signer},
};

/// Where the links of a preview lead: a name that nobody can own.
pub(crate) const NOWHERE: &str = "https://preview.invalid";

/// What is to be shown.
#[derive(Clone, Debug)]
pub struct PreviewAsked<'a> {
    /// The plan that the step is of: a published version, or a draft.
    pub workflow: &'a CompiledWorkflow,
    /// The step's id.
    pub step: &'a str,
    /// By which channel; the first of the step's by which the person can be reached when left out.
    pub channel: Option<Channel>,
    /// In which language; the one that the customer would get when left out.
    pub language: Option<&'a str>,
    /// To whom; whom the step would try first when left out.
    pub contact: Option<&'a str>,
}

/// A message as its sender would make it.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The channel.
    pub channel: Channel,
    /// The contact's id at the source.
    pub contact: String,
    /// The template.
    pub template: String,
    /// The version of its text.
    pub template_version: u32,
    /// The language of its text.
    pub language: String,
    /// What it says.
    pub rendered: Rendered,
    /// The due items that it is about.
    pub items: Vec<DueItemKey>,
    /// Who it would come from; empty where the settings name nobody.
    pub from: String,
    /// What the guard says of it now: `allow`, or how it keeps it back.
    pub guard: String,
    /// The rules that did not allow it.
    pub rules: Vec<RuleTrace>,
}

/// Makes a message of a step for a customer. The second result says why there is none, and how to get one.
///
/// # Errors
///
/// Those of reading.
pub async fn preview(
    store: &Store,
    tenant: &TenantId,
    facts: &Facts,
    policy: &Policy,
    asked: &PreviewAsked<'_>,
    now: Timestamp,
) -> Result<Result<Preview, String>, Error> {
    let Some((at, send, pay_by)) = step_of(asked) else {
        return Ok(Err(format!("workflow '{}' has no step '{}' that sends a message", asked.workflow.id, asked.step)));
    };
    let (facts, policy, key) = as_if(facts, policy, asked, now);
    let situation = assess(&facts, &policy, now);
    let (id, contact, channel) = match route(&situation, send, asked) {
        Ok(way) => way,
        Err(why) => return Ok(Err(why)),
    };
    let rows = rows(&situation, &key, asked, at);
    if rows.is_empty() {
        return Ok(Err("nothing of the customer is due now that the message could be about".to_owned()));
    }
    let texts = store.template(tenant, &send.template, channel).await?;
    let own = asked.language.or(facts.customer.language.as_deref());
    let text = match asked.language {
        Some(language) => texts.iter().find(|text| text.language == language),
        None => render::choose(&texts, own, policy.settings.language.as_deref()),
    };
    let Some(text) = text else {
        let said = asked.language.map_or_else(String::new, |language| format!(" in '{language}'"));
        return Ok(Err(format!("template '{}' has no text{said} for {}", send.template, channel.as_str())));
    };
    let pending = Pending {
        id: MessageId::derive(&["preview", tenant.as_str(), facts.customer.id.as_str(), asked.step]),
        number: facts.decision + 1,
        position: 0,
        status: PendingStatus::Queued,
        decided_at: now,
        mode: policy.settings.mode,
        case: key,
        channel,
        contact: id.clone(),
        person: contact.person_digest(),
        template: send.template.clone(),
        template_version: text.version,
        pay_by: pay_by.map(|days| add_days(situation.today, days)),
        rows: rows.clone(),
        copy_of: None,
        receipt_within: None,
    };
    let mut links = render::links(NOWHERE, "preview", "preview", channel, &text.language);
    let connected = pay_link::connected(store, tenant, text).await?;
    links.pay = pay_link::pay_link(&situation, &policy, &rows, &connected, &links.portal);
    let entity = pending.case.balance.legal_entity.as_str();
    let shown = Brand::of(&policy.settings, entity, LogoPlace::InPage);
    let signer = if channel == Channel::Email { signer(store, tenant, &facts, &policy.settings).await? } else { None };
    let brand = match &signer {
        Some(signer) => signer.signing(shown),
        None => shown,
    };
    let beside = Beside { links, codes: None, brand: &brand, carried: Vec::new() };
    let rendered = match render::render(&situation, &policy, &pending, &rows, contact, text, beside) {
        Ok(made) => made.rendered,
        Err(error) => return Ok(Err(format!("template '{}' does not render: {error}", send.template))),
    };
    let (verdict, rules) = guard_said(&situation, asked.workflow, channel, (id.as_str(), contact));
    Ok(Ok(Preview {
        channel,
        contact: id,
        template: send.template.clone(),
        template_version: text.version,
        language: text.language.clone(),
        rendered,
        items: rows.into_iter().map(|row| row.item).collect(),
        from: from(&policy.settings, entity, channel, signer.as_ref()),
        guard: if verdict == Verdict::Allow { "allow".to_owned() } else { verdict.to_string() },
        rules,
    }))
}

/// Who a message would come from.
fn from(settings: &Settings, entity: &str, channel: Channel, signer: Option<&Signer>) -> String {
    let set = settings.sender_of(entity, channel).unwrap_or_default();
    signer.map_or_else(|| set.to_owned(), |signer| signer.mailbox(set, settings.name_of(entity)))
}

/// The step's place, its message, and within how many days it asks to be paid.
fn step_of<'a>(asked: &PreviewAsked<'a>) -> Option<(usize, &'a Send, Option<i64>)> {
    let at = asked.workflow.position(asked.step)?;
    let workflow: &'a CompiledWorkflow = asked.workflow;
    let step = workflow.steps.get(at)?;
    match &step.action {
        Action::Send(send) => Some((at, send, step.pay_by.map(|pay_by| i64::from(pay_by.days)))),
        Action::Task(_)
        | Action::Notify(_)
        | Action::Escalate(_)
        | Action::CreditHold(_)
        | Action::ChangeTerms(_)
        | Action::HandOff(_)
        | Action::Fee(_) => None,
    }
}

/// The facts and the policy as if the customer's case went by the workflow that is looked at, and the case. It is the one of that workflow,
/// else the first that there is.
fn as_if(facts: &Facts, policy: &Policy, asked: &PreviewAsked<'_>, now: Timestamp) -> (Facts, Policy, CaseKey) {
    let workflow = asked.workflow;
    let situation = assess(facts, policy, now);
    let joined = case_by_item(&situation);
    let keys: Vec<&CaseKey> = (0..situation.receivables.items.len()).filter_map(|at| joined.case_of(at)).collect();
    let own = keys.iter().find(|key| key.workflow == workflow.id.as_str()).or_else(|| keys.first()).map(|key| (*key).clone());
    let of_item = || situation.receivables.items.first().map(|item| CaseKey::new(item.balance(), &workflow.id));
    let key = own.or_else(of_item).unwrap_or_else(|| CaseKey::new(domain::BalanceKey::of(domain::Currency::EUR), &workflow.id));
    let known = facts.cases.get(&key);
    let case = Case {
        id: known.map_or_else(|| CaseId::derive(&["preview", facts.customer.id.as_str()]), |case| case.id.clone()),
        workflow: workflow.id.clone(),
        version: workflow.version,
        opened_at: known.map_or(now, |case| case.opened_at),
        state: CaseState::Open,
        by_hand: true,
        stated: StatedPeriods::default(),
    };
    let (mut facts, mut policy) = (facts.clone(), policy.clone());
    policy.rollouts.clear();
    policy.workflows.retain(|other| other.id != workflow.id || other.version != workflow.version);
    policy.workflows.push(Arc::new(workflow.clone()));
    facts.cases.insert(key.clone(), case);
    (facts, policy, key)
}

/// Whom the message goes to and how: who is named, else the first of the step's roles who has an address for one of its channels.
fn route<'s>(
    situation: &'s Situation<'_>,
    send: &Send,
    asked: &PreviewAsked<'_>,
) -> Result<(String, &'s Contact, Channel), String> {
    let channels: Vec<Channel> = match asked.channel {
        Some(channel) => vec![channel],
        None => send.channels.iter().copied().filter(|channel| channel.facts().has_sender).collect(),
    };
    let by = |contact: &Contact| channels.iter().copied().find(|channel| contact.address(*channel).is_some());
    if let Some(id) = asked.contact {
        let contact = situation.people.contact(id).ok_or_else(|| format!("the customer has no contact '{id}'"))?;
        let channel = by(contact).ok_or_else(|| format!("contact '{id}' has no address for the channel"))?;
        return Ok((id.to_owned(), contact, channel));
    }
    let contacts = &situation.facts.customer.contacts;
    let in_role = send.to.iter().flat_map(|role| contacts.iter().filter(move |contact| contact.roles.contains(role)));
    let found = in_role.chain(contacts).find_map(|contact| Some((contact, by(contact)?)));
    let (contact, channel) = found.ok_or("the customer has nobody with an address for the channels of the step")?;
    Ok((contact.external_id.clone(), contact, channel))
}

/// The due items that the message is about: those of the case that stand to their due date as the step's do; else those that are there.
fn rows(situation: &Situation<'_>, key: &CaseKey, asked: &PreviewAsked<'_>, at: usize) -> Vec<Covered> {
    let step = asked.workflow.steps.get(at);
    if let (true, Some(case)) = (step.is_some_and(Step::reminds_of_promise), situation.facts.cases.get(key)) {
        let items = case_by_item(situation).items(key);
        return promised_rows(situation, asked.workflow, case, &items, asked.step);
    }
    let ahead = step.is_some_and(|step| step.at.offset.is_negative());
    let today = situation.receivables.today;
    let joined = case_by_item(situation);
    let mut items: Vec<&DueItem<'_>> = joined
        .items(key)
        .into_iter()
        .filter_map(|at| situation.receivables.items.get(at))
        .filter(|item| item.due_now_minor > 0)
        .collect();
    let wanted = |item: &DueItem<'_>| (item.standing(today) == Standing::Ahead) == ahead;
    if items.iter().any(|item| wanted(item)) {
        items.retain(|item| wanted(item));
    }
    // What is past due and what is not are never in one message.
    let standing = items.first().map(|item| item.standing(today));
    items.retain(|item| Some(item.standing(today)) == standing);
    let covered = |item: &DueItem<'_>| Covered {
        item: item.key.clone(),
        step: asked.step.to_owned(),
        occurrence: Occurrence::default(),
        due_now_minor: item.due_now_minor,
    };
    items.into_iter().map(covered).collect()
}
