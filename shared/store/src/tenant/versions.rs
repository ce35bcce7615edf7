//! Versions of workflows: published for all cases or a share of them, taken back, and which running cases move.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{
    Case, CaseKey, CompiledWorkflow, Rollout, TenantId, Workflow,
    rollout::SHARE_WHOLE,
    workflow::{Migration, carried_back, carried_on},
};
use jiff::Timestamp;

use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            document::{self, DOC},
            fact, pointer, workflow_text,
        },
        change::{Change, absent, is, no_item, put_new},
        db::{Range, Row, Transacted, instant, json, last_of, millis, n, number, s, text, to_json},
        keys,
    },
};

/// Most moves that a workflow remembers: running cases of versions before them stay.
const MOVES_MAX: usize = 200;
/// Most versions that are listed.
const VERSIONS_MAX: usize = 200;

/// How a workflow stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowState {
    /// The newest version.
    pub version: u32,
    /// Whether new cases begin on it.
    pub is_published: bool,
    /// Of a hundred cases, how many take the newest version.
    pub share: u8,
    /// The version that the others take, while it is not all of them.
    pub before: Option<u32>,
    /// Which running cases move: those at the first version go on at the second.
    pub moves: Vec<(u32, u32)>,
    /// The last version whose open cases were ended.
    pub withdrawn_to: Option<u32>,
}

impl WorkflowState {
    pub(crate) fn read(row: &Row) -> Self {
        Self {
            version: number(row, pointer::VERSION).unwrap_or(0),
            is_published: number::<u8>(row, pointer::PUBLISHED) == Some(1),
            share: number(row, pointer::SHARE).unwrap_or(SHARE_WHOLE),
            before: number(row, pointer::BEFORE),
            moves: text(row, pointer::MOVES).and_then(|moves| serde_json::from_str(moves).ok()).unwrap_or_default(),
            withdrawn_to: number(row, pointer::WITHDRAWN_TO),
        }
    }

    /// Whether a share of cases takes the newest version before the others.
    pub fn is_shared(&self) -> bool {
        self.before.is_some() && self.share < SHARE_WHOLE
    }

    /// The version by which due items join cases: while a share of cases takes the newest, the one before.
    pub fn joined_by(&self) -> u32 {
        self.before.filter(|_| self.is_shared()).unwrap_or(self.version)
    }

    /// The versions that new cases open at.
    pub(crate) fn versions(&self) -> Vec<u32> {
        let before = self.before.filter(|_| self.is_shared());
        before.into_iter().chain([self.version]).collect()
    }

    /// How the newest version is given out, where that is more than to all new cases.
    pub(crate) fn rollout(&self) -> Option<Rollout> {
        let says_more = self.is_shared() || !self.moves.is_empty();
        says_more.then(|| Rollout { version: self.version, share: self.share, moves: self.moves.clone() })
    }
}

/// A version to be published.
#[derive(Clone, Copy, Debug)]
pub struct Publishing<'a> {
    /// The workflow; its version is not looked at.
    pub workflow: &'a Workflow,
    /// The version that it follows: 0 for none.
    pub base: u32,
    /// Of a hundred cases, how many take it first.
    pub share: u8,
    /// What becomes of the steps of running cases, which move then; they stay without one.
    pub migration: Option<&'a Migration>,
    /// The revision of the draft that it is, which is deleted with it.
    pub draft: Option<u64>,
    /// Who asked for it, where that takes two people.
    pub asked_by: Option<&'a str>,
}

/// A published version.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedVersion {
    /// The workflow as it was published.
    pub workflow: Workflow,
    /// What its publishing said becomes of the steps of running cases; `None` where they stayed.
    pub migration: Option<Migration>,
    /// The version that it is again, where it was rolled back to.
    pub again: Option<u32>,
    /// When it was published; `None` of versions of a release before that noted it.
    pub published_at: Option<Timestamp>,
    /// By whom; empty where nobody was named.
    pub published_by: String,
    /// Who asked for its publishing, where that takes two people.
    pub asked_by: Option<String>,
}

impl Store {
    /// How a workflow stands; `None` where there never was one of that id.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn workflow_state(&self, tenant: &TenantId, id: &str) -> Result<Option<WorkflowState>> {
        let row = self.read("read how a workflow stands of", &keys::workflow(tenant, id), true).await?;
        Ok(row.map(|row| WorkflowState::read(&row)))
    }

    /// A version of a workflow, ready to be asked.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn compiled_workflow(&self, tenant: &TenantId, id: &str, version: u32) -> Result<Option<Arc<CompiledWorkflow>>> {
        self.body(tenant, id, version).await
    }

    /// The versions of a workflow, the newest first, at most 200.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn workflow_versions(&self, tenant: &TenantId, id: &str) -> Result<Vec<PublishedVersion>> {
        let (pk, from) = (keys::tenant(tenant), keys::workflow_bodies(id));
        let to = last_of(&from);
        let range = Range { newest_first: true, ..Range::new(&pk, &from, &to, VERSIONS_MAX) };
        let rows = self.range("list the versions of a workflow of", range).await?;
        let read = |row: &Row| -> Result<PublishedVersion> {
            let migration = row.contains_key(workflow_text::MIGRATION).then(|| json(row, workflow_text::MIGRATION));
            Ok(PublishedVersion {
                workflow: json(row, DOC)?,
                migration: migration.transpose()?,
                again: number(row, workflow_text::AGAIN),
                published_at: number(row, workflow_text::PUBLISHED_AT).map(instant),
                published_by: text(row, fact::BY).unwrap_or_default().to_owned(),
                asked_by: text(row, workflow_text::ASKED_BY).map(str::to_owned),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Publishes a version, and wakes every customer. `None`, and nothing is written, when the workflow or the draft is at another version
    /// than it says.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] while a share of cases takes the current version first, and when a first version is to go to a share; those of
    /// writing.
    pub async fn publish_version(&self, tenant: &TenantId, publishing: &Publishing<'_>, now: Timestamp) -> Result<Option<u32>> {
        const OP: &str = "publish a workflow of";
        let Publishing { workflow, base, share, migration, draft, asked_by } = *publishing;
        let id = workflow.id.as_str();
        let refused = |why: String| Error::Refused { operation: OP, id: id.to_owned(), why };
        let state = self.workflow_state(tenant, id).await?;
        if state.as_ref().map_or(0, |state| state.version) != base {
            return Ok(None);
        }
        if let Some(state) = state.as_ref().filter(|state| state.is_shared()) {
            return Err(refused(format!(
                "version {base} is out for {} of 100 cases; publish it to all of them, or roll it back, and then publish the next one",
                state.share
            )));
        }
        let is_first = state.as_ref().is_none_or(|state| !state.is_published);
        if is_first && share < SHARE_WHOLE {
            return Err(refused("there is no version that the other cases could take; publish it to all".to_owned()));
        }
        let current = if base == 0 { None } else { self.body(tenant, id, base).await? };
        let next = Workflow { version: base + 1, ..workflow.clone() };
        let before = current.as_ref().map(|current| current.carried()).unwrap_or_default();
        let carried = carried_on(before, &next, migration.unwrap_or(&Migration::new()));
        let moved = migration.filter(|_| base > 0).map(|_| (base, base + 1));
        let moves = state.map(|state| state.moves).unwrap_or_default().into_iter().chain(moved).collect();
        let mut body = vec![(DOC, s(to_json(&next))), (workflow_text::PUBLISHED_AT, n(millis(now)))];
        body.extend((!carried.is_empty()).then(|| (workflow_text::CARRIED, s(to_json(&carried)))));
        body.extend(migration.map(|migration| (workflow_text::MIGRATION, s(to_json(migration)))));
        body.extend(asked_by.map(|by| (workflow_text::ASKED_BY, s(by))));
        let change = self.next_version(tenant, id, base, moves, now);
        let change = if share < SHARE_WHOLE {
            change.put(pointer::SHARE, n(share)).put(pointer::BEFORE, n(base))
        } else {
            change.drop(pointer::SHARE).drop(pointer::BEFORE)
        };
        let mut actions = vec![change.update(self), self.new_body(tenant, id, base + 1, body)];
        if let Some(rev) = draft {
            actions.push(Change::of(keys::draft(tenant, id)).when(is(document::REVISION, n(rev))).delete(self));
        }
        actions.extend(self.policy_changed(tenant, Some(now)));
        match self.transact(OP, id, actions).await? {
            Transacted::Done => Ok(Some(base + 1)),
            Transacted::Not(_) => Ok(None),
        }
    }

    /// Gives the newest version out to more cases, and wakes every customer. `None`, and nothing is written, when the workflow is at
    /// another version or share.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn widen_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
        seen: &WorkflowState,
        share: u8,
        now: Timestamp,
    ) -> Result<Option<u32>> {
        let change = Change::of(keys::workflow(tenant, id))
            .put(fact::SEEN_AT, n(millis(now)))
            .when(is(pointer::VERSION, n(seen.version)))
            .when(is(pointer::SHARE, n(seen.share)));
        let change = if share < SHARE_WHOLE {
            change.put(pointer::SHARE, n(share))
        } else {
            change.drop(pointer::SHARE).drop(pointer::BEFORE)
        };
        let mut actions = vec![self.by_whom(change).update(self)];
        actions.extend(self.policy_changed(tenant, Some(now)));
        match self.transact("give out a workflow of", id, actions).await? {
            Transacted::Done => Ok(Some(seen.version)),
            Transacted::Not(_) => Ok(None),
        }
    }

    /// Publishes an earlier version again as the next one, for all cases; running cases of the newest version move to it, and what they
    /// have behind them stays behind them. `None`, and nothing is written, when the workflow is at another version.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such earlier version; those of writing.
    pub async fn roll_back_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
        seen: &WorkflowState,
        to: u32,
        now: Timestamp,
    ) -> Result<Option<u32>> {
        const OP: &str = "roll back a workflow of";
        let none = || Error::Refused { operation: OP, id: id.to_owned(), why: format!("it has no version {to} to go back to") };
        let newest = self.body(tenant, id, seen.version).await?.ok_or_else(none)?;
        let then = self.body(tenant, id, to).await?.ok_or_else(none)?;
        let number = seen.version + 1;
        let next = Workflow { version: number, ..then.workflow().clone() };
        let carried = carried_back(newest.carried(), then.carried(), &next);
        // Cases that were to move to what is taken back, and did not yet, stay where they are.
        let stays = |moved: &(u32, u32)| !(seen.is_shared() && moved.1 == seen.version);
        let moves = seen.moves.iter().copied().filter(stays).chain([(seen.version, number)]).collect();
        let mut body =
            vec![(DOC, s(to_json(&next))), (workflow_text::PUBLISHED_AT, n(millis(now))), (workflow_text::AGAIN, n(to))];
        body.extend((!carried.is_empty()).then(|| (workflow_text::CARRIED, s(to_json(&carried)))));
        let change = self.next_version(tenant, id, seen.version, moves, now);
        let change = change.drop(pointer::SHARE).drop(pointer::BEFORE);
        let change =
            if seen.is_shared() { change.when(is(pointer::SHARE, n(seen.share))) } else { change.when(absent(pointer::SHARE)) };
        let mut actions = vec![change.update(self), self.new_body(tenant, id, number, body)];
        actions.extend(self.policy_changed(tenant, Some(now)));
        match self.transact(OP, id, actions).await? {
            Transacted::Done => Ok(Some(number)),
            Transacted::Not(_) => Ok(None),
        }
    }

    /// The workflow at the version behind `base`, where it is at that.
    fn next_version(&self, tenant: &TenantId, id: &str, base: u32, moves: Vec<(u32, u32)>, now: Timestamp) -> Change {
        let change = Change::of(keys::workflow(tenant, id))
            .put(pointer::VERSION, n(base + 1))
            .put(pointer::PUBLISHED, n(1))
            .put(fact::SEEN_AT, n(millis(now)));
        let kept = moves.len().saturating_sub(MOVES_MAX);
        let moves: Vec<(u32, u32)> = moves.into_iter().skip(kept).collect();
        let change = if moves.is_empty() { change.drop(pointer::MOVES) } else { change.put(pointer::MOVES, s(to_json(&moves))) };
        let change = self.by_whom(change);
        if base == 0 { change.when(no_item()) } else { change.when(is(pointer::VERSION, n(base))) }
    }

    fn new_body(
        &self,
        tenant: &TenantId,
        id: &str,
        version: u32,
        body: Vec<(&'static str, AttributeValue)>,
    ) -> TransactWriteItem {
        let by = self.acting.as_ref().map(|entry| (fact::BY, s(entry.by.clone())));
        let row: Row = body.into_iter().chain(by).map(|(name, value)| (name.to_owned(), value)).collect();
        put_new(self, &keys::workflow_body(tenant, id, version), row)
    }

    /// Adds the versions at which running cases go on.
    pub(crate) async fn with_targets(
        &self,
        tenant: &TenantId,
        cases: &BTreeMap<CaseKey, Case>,
        rollouts: &BTreeMap<String, Rollout>,
        workflows: &mut Vec<Arc<CompiledWorkflow>>,
    ) -> Result<()> {
        for case in cases.values() {
            let Some(rollout) = rollouts.get(&case.workflow) else { continue };
            let target = rollout.target(&case.id, case.version);
            if !workflows.iter().any(|known| known.id == case.workflow && known.version == target) {
                workflows.extend(self.body(tenant, &case.workflow, target).await?);
            }
        }
        Ok(())
    }
}
