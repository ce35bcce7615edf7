//! Templates: the texts of messages by id, language and channel. What is wrong with a text, whoever renders it says.

use domain::{Action, Cause, Channel, Step, TenantId, workflow::StatementPlan};
use jiff::Timestamp;
use serde_json::json;
use store::{Read, Store, StoredTemplate};

use crate::{Actor, Done, NotDone, Operation, tenant_limits::TenantLimit};

/// Which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextNamed<'a> {
    /// What workflows name it by.
    pub id: &'a str,
    /// BCP 47, lower case.
    pub language: &'a str,
    /// The channel.
    pub channel: Channel,
}

impl TextNamed<'_> {
    /// As the audit and addresses name it: `reminder/en/email`.
    fn path(&self) -> String {
        format!("{}/{}/{}", self.id, self.language, self.channel)
    }
}

/// What is wrong with a text, as whoever renders it says: a JSON pointer and a sentence each.
pub type TextCheck = fn(&StoredTemplate) -> Vec<(String, String)>;

fn none() -> NotDone {
    NotDone::NotFound("there is no such template; GET /v1/templates lists those there are".to_owned())
}

async fn current(store: &Store, tenant: &TenantId, named: TextNamed<'_>) -> Done<Option<StoredTemplate>> {
    let all = store.template(tenant, named.id, named.channel).await?;
    Ok(all.into_iter().find(|known| known.language == named.language))
}

/// Every template at its current version.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn list(store: &Store, actor: &Actor) -> Done<Vec<StoredTemplate>> {
    Ok(store.templates(actor.may(Operation::ListTemplates)?).await?)
}

/// One template at its current version.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, named: TextNamed<'_>) -> Done<StoredTemplate> {
    let tenant = actor.may(Operation::ShowTemplate)?;
    current(store, tenant, named).await?.ok_or_else(none)
}

/// The versions of a template of one language, the newest first, those of one that was put away too.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn versions(store: &Store, actor: &Actor, named: TextNamed<'_>) -> Done<Vec<StoredTemplate>> {
    let tenant = actor.may(Operation::ListTemplateVersions)?;
    let mut known = store.template_versions(tenant, named.id, named.channel, named.language).await?;
    if known.is_empty() {
        let why = "there never was such a template; GET /v1/templates lists those there are";
        return Err(NotDone::NotFound(why.to_owned()));
    }
    known.reverse();
    Ok(known)
}

/// Stores a text as its next version in place of the one at `seen`, 0 for none; storing what is current changes nothing. The text as it is
/// then.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`] for what `check` finds, [`NotDone::Stale`] where it is at another version,
/// [`NotDone::Conflict`] where there are too many, and those of the table.
pub async fn put(
    store: &Store,
    actor: &Actor,
    given: StoredTemplate,
    seen: u32,
    check: TextCheck,
    now: Timestamp,
) -> Done<StoredTemplate> {
    let tenant = actor.may(Operation::PutTemplate)?;
    let flaws = check(&given);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let known = store.template(tenant, &given.id, given.channel).await?;
    let before = known.iter().find(|known| known.language == given.language).map_or(0, |known| known.version);
    if before != seen {
        return Err(NotDone::Stale(u64::from(before)));
    }
    let versions = known.iter().map(|known| known.version).max().unwrap_or(0);
    TenantLimit::TemplateVersions.unless_full(usize::try_from(versions).unwrap_or(usize::MAX))?;
    if before == 0 {
        TenantLimit::Templates.unless_full(store.templates(tenant).await?.len())?;
    }
    let named = TextNamed { id: &given.id, language: &given.language, channel: given.channel };
    let acting = store.acting(actor.entry(Operation::PutTemplate, now).of(named.path()).with(json!({ "from_version": before })));
    let version = acting.put_template(tenant, &given).await?;
    if version != before {
        let cause = Cause::NoText { template: given.id.clone(), channel: given.channel };
        acting.end_cause(tenant, &cause, "the template was published again", now).await?;
    }
    Ok(StoredTemplate { version, ..given })
}

/// Puts a text at the version `seen` away: no message is made of it any more. Its versions stay. The text as it was.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Stale`] where it is at another version, [`NotDone::Conflict`] where a published
/// workflow needs it, and those of the table.
pub async fn archive(store: &Store, actor: &Actor, named: TextNamed<'_>, seen: u32, now: Timestamp) -> Done<StoredTemplate> {
    let tenant = actor.may(Operation::ArchiveTemplate)?;
    let found = current(store, tenant, named).await?.ok_or_else(none)?;
    if found.version != seen {
        return Err(NotDone::Stale(u64::from(found.version)));
    }
    unless_needed(store, tenant, named).await?;
    let entry = actor.entry(Operation::ArchiveTemplate, now).of(named.path()).with(json!({ "version": seen }));
    let gone = store.acting(entry).archive_template(tenant, named.id, named.channel, named.language, Some(seen)).await?;
    gone.ok_or_else(none)
}

/// Refuses to put away the last text that a published workflow sends.
async fn unless_needed(store: &Store, tenant: &TenantId, named: TextNamed<'_>) -> Done<()> {
    let others = store.template(tenant, named.id, named.channel).await?;
    if others.iter().any(|other| other.language != named.language) {
        return Ok(());
    }
    let policy = store.policy(tenant, &Default::default(), Read::Fresh).await?;
    let sends = |step: &Step| matches!(&step.action, Action::Send(send) if send.template == named.id && send.channels.contains(&named.channel));
    let states = |plan: &StatementPlan| plan.template == named.id && plan.channels.contains(&named.channel);
    let published = policy.workflows.iter().filter(|known| policy.published.contains(&(known.id.clone(), known.version)));
    let mut sending = published.filter(|known| known.steps.iter().any(sends) || known.statement.as_ref().is_some_and(states));
    match sending.next() {
        Some(workflow) => Err(NotDone::Conflict(format!(
            "the published workflow '{}' sends it by {}, and it is the last text there; change the workflow first",
            workflow.id, named.channel
        ))),
        None => Ok(()),
    }
}
