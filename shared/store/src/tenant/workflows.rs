//! Workflows and templates: a current pointer each, and immutable versions; and the policy that a decision is made by.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{Case, CaseKey, Channel, CompiledWorkflow, Policy, Settings, TenantId, Workflow, rollout::SHARE_WHOLE};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    Error, Result, Store,
    table::{
        attributes::{breaker, document::DOC, every::SK, fact, pointer, settings, workflow_text},
        change::{Change, is, no_item, put_new},
        db::{Range, Row, Transacted, json, last_of, millis, n, number, row_of, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
    tenant::{
        cache::Base,
        template::StoredTemplate,
        versions::{Publishing, WorkflowState},
    },
};

/// Most workflows, and most templates, of a tenant.
const EACH_MAX: usize = 2_000;

const POLICY: &str = "read the policy of";

/// How fresh a policy must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// What this store read before for that revision of the tenant's registry row, else a strong read.
    Cached(u64),
    /// As it is in the table now.
    Fresh,
}

/// What becomes of the open cases of a workflow that is taken out of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenCases {
    /// They go on.
    RunOn,
    /// They end, and a task says so.
    End,
}

impl Store {
    /// What the tenant decides by: settings, breaker, the published workflows and those that `cases` are pinned to, and the
    /// current version of each template by channel (the highest over its languages).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such tenant; those of reading.
    pub async fn policy(&self, tenant: &TenantId, cases: &BTreeMap<CaseKey, Case>, read: Read) -> Result<Policy> {
        let base = self.base(tenant, read).await?;
        self.with_pinned(tenant, cases, base).await
    }

    /// What the tenant decides by, where its settings were just read.
    pub(crate) async fn policy_by(
        &self,
        tenant: &TenantId,
        cases: &BTreeMap<CaseKey, Case>,
        settings: Option<Row>,
    ) -> Result<Policy> {
        let base = self.base_by(tenant, settings).await?;
        self.with_pinned(tenant, cases, base).await
    }

    async fn with_pinned(&self, tenant: &TenantId, cases: &BTreeMap<CaseKey, Case>, base: Base) -> Result<Policy> {
        let mut workflows = base.workflows;
        for case in cases.values() {
            if workflows.iter().any(|known| known.id == case.workflow && known.version == case.version) {
                continue;
            }
            if let Some(pinned) = self.body(tenant, &case.workflow, case.version).await? {
                workflows.push(pinned);
            }
        }
        self.with_targets(tenant, cases, &base.rollouts, &mut workflows).await?;
        Ok(Policy {
            settings: base.settings,
            breaker_open: base.breaker_open,
            workflows,
            published: base.published,
            rollouts: base.rollouts,
            withdrawn: base.withdrawn,
            senders: domain::Channel::with_sender().collect(),
            identities: base.identities,
            templates: base.templates,
        })
    }

    async fn base(&self, tenant: &TenantId, read: Read) -> Result<Base> {
        if let Read::Cached(rev) = read
            && let Some(base) = self.cache.policy(tenant, rev)
        {
            return Ok(base);
        }
        let settings = self.read(POLICY, &keys::settings(tenant), true).await?;
        self.base_by(tenant, settings).await
    }

    async fn base_by(&self, tenant: &TenantId, mut settings: Option<Row>) -> Result<Base> {
        const OP: &str = POLICY;
        let mut tries = Tries::new(ATTEMPTS, OP, tenant.as_str());
        loop {
            tries.again()?;
            let row = settings.ok_or_else(|| Error::Refused {
                operation: OP,
                id: tenant.to_string(),
                why: "there is no such tenant".into(),
            })?;
            let rev = number(&row, settings::POLICY_REVISION).unwrap_or(0);
            if let Some(base) = self.cache.policy(tenant, rev) {
                return Ok(base);
            }
            let read: Settings = json(&row, DOC)?;
            let breaker = self.read(OP, &keys::breaker(tenant), true).await?;
            let breaker_open = breaker.is_some_and(|row| number::<u8>(&row, breaker::OPEN) == Some(1));
            let identities = self.identities(tenant).await?.map(|listed| listed.value);
            let pk = keys::tenant(tenant);
            let mut workflows = Vec::new();
            let (mut published, mut rollouts, mut withdrawn) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
            for row in self.range(OP, Range::new(&pk, "WF#", &last_of("WF#"), EACH_MAX)).await? {
                let id = text(&row, SK).and_then(|sk| sk.strip_prefix("WF#")).unwrap_or_default().to_owned();
                let state = WorkflowState::read(&row);
                withdrawn.extend(state.withdrawn_to.map(|version| (id.clone(), version)));
                if !state.is_published {
                    continue;
                }
                for version in state.versions() {
                    workflows.extend(self.body(tenant, &id, version).await?);
                }
                rollouts.extend(state.rollout().map(|rollout| (id.clone(), rollout)));
                published.insert((id, state.joined_by()));
            }
            let mut templates: BTreeMap<(String, Channel), u32> = BTreeMap::new();
            for row in self.range(OP, Range::new(&pk, "TPL#", &last_of("TPL#"), EACH_MAX)).await? {
                let template: StoredTemplate = json(&row, DOC)?;
                let version = templates.entry((template.id, template.channel)).or_default();
                *version = template.version.max(*version);
            }
            // Read again: what was read between two equal revisions belongs together.
            settings = self.read(OP, &keys::settings(tenant), true).await?;
            let after = settings.as_ref().and_then(|row| number(row, settings::POLICY_REVISION));
            if after == Some(rev) || after.is_none() && rev == 0 {
                let base =
                    Base { rev, settings: read, breaker_open, identities, workflows, published, rollouts, withdrawn, templates };
                self.cache.keep_policy(tenant, base.clone());
                return Ok(base);
            }
        }
    }

    pub(crate) async fn body(&self, tenant: &TenantId, id: &str, version: u32) -> Result<Option<Arc<CompiledWorkflow>>> {
        if let Some(workflow) = self.cache.workflow(tenant, id, version) {
            return Ok(Some(workflow));
        }
        let row = self.read("read a workflow of", &keys::workflow_body(tenant, id, version), true).await?;
        let Some(row) = row else { return Ok(None) };
        let carried = if row.contains_key(workflow_text::CARRIED) { json(&row, workflow_text::CARRIED)? } else { Vec::new() };
        let workflow = Arc::new(CompiledWorkflow::compile(json::<Workflow>(&row, DOC)?).carrying(carried));
        self.cache.keep_workflow(tenant, &workflow);
        Ok(Some(workflow))
    }

    /// Publishes a workflow as its next version, at once and for every new case, and wakes every customer. Running cases stay. Publishing what
    /// is current changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when others kept publishing; [`Error::Refused`] when there is no such tenant, and while a share of cases takes
    /// the current version first.
    pub async fn publish_workflow(&self, tenant: &TenantId, workflow: &Workflow, now: Timestamp) -> Result<u32> {
        const OP: &str = "publish a workflow of";
        self.must_tenant(tenant).await?;
        let mut tries = Tries::new(ATTEMPTS, OP, &workflow.id);
        loop {
            tries.again()?;
            let state = self.workflow_state(tenant, &workflow.id).await?;
            if let Some(state) = state.as_ref().filter(|state| state.is_published && !state.is_shared())
                && let Some(current) = self.body(tenant, &workflow.id, state.version).await?
                && (Workflow { version: state.version, ..workflow.clone() }) == *current.workflow()
            {
                return Ok(state.version);
            }
            let publishing = Publishing {
                workflow,
                base: state.map_or(0, |state| state.version),
                share: SHARE_WHOLE,
                migration: None,
                draft: None,
                asked_by: None,
            };
            if let Some(version) = self.publish_version(tenant, &publishing, now).await? {
                return Ok(version);
            }
        }
    }

    /// Publishes the workflows that a tenant begins with, as their first versions, all or none. False, and nothing changes,
    /// when the tenant has ever had one of them.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such tenant; those of writing.
    pub async fn publish_first(&self, tenant: &TenantId, workflows: &[Workflow], now: Timestamp) -> Result<bool> {
        self.must_tenant(tenant).await?;
        let mut actions = Vec::new();
        for workflow in workflows {
            let first = Workflow { version: 1, ..workflow.clone() };
            let pointer = row_of([(pointer::VERSION, n(1)), (pointer::PUBLISHED, n(1)), (fact::SEEN_AT, n(millis(now)))]);
            let body = row_of([(DOC, s(to_json(&first)))]);
            let rows = [(keys::workflow(tenant, &first.id), pointer), (keys::workflow_body(tenant, &first.id, 1), body)];
            actions.extend(rows.map(|(key, row)| put_new(self, &key, row)));
        }
        actions.extend(self.policy_changed(tenant, Some(now)));
        Ok(matches!(self.transact("publish the first workflows of", tenant.as_str(), actions).await?, Transacted::Done))
    }

    /// Takes a workflow out of use for new cases, and says what becomes of those pinned to it so far; `None` leaves that as it
    /// was said before, and lets them run on where nothing was. False when there is no such workflow.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when others kept publishing; those of writing.
    pub async fn unpublish_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
        open_cases: Option<OpenCases>,
        now: Timestamp,
    ) -> Result<bool> {
        const OP: &str = "unpublish a workflow of";
        let mut tries = Tries::new(ATTEMPTS, OP, id);
        loop {
            tries.again()?;
            let key = keys::workflow(tenant, id);
            let Some(row) = self.read(OP, &key, true).await? else { return Ok(false) };
            let version = number::<u32>(&row, pointer::VERSION).unwrap_or(0);
            let change = Change::of(key)
                .put(pointer::PUBLISHED, n(0))
                .drop(pointer::SHARE)
                .drop(pointer::BEFORE)
                .put(fact::SEEN_AT, n(millis(now)))
                .when(is(pointer::VERSION, n(version)));
            let change = match open_cases {
                None => change,
                Some(OpenCases::RunOn) => change.drop(pointer::WITHDRAWN_TO),
                Some(OpenCases::End) => change.put(pointer::WITHDRAWN_TO, n(version)),
            };
            let mut actions = vec![self.by_whom(change).update(self)];
            actions.extend(self.policy_changed(tenant, Some(now)));
            if let Transacted::Done = self.transact(OP, id, actions).await? {
                return Ok(true);
            }
        }
    }

    /// The published workflows; while a share of cases takes a newer version first, at the version that the others have.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn workflows(&self, tenant: &TenantId) -> Result<Vec<Workflow>> {
        let base = self.base(tenant, Read::Fresh).await?;
        let is_published = |workflow: &&Arc<CompiledWorkflow>| base.published.contains(&(workflow.id.clone(), workflow.version));
        Ok(base.workflows.iter().filter(is_published).map(|workflow| workflow.workflow().clone()).collect())
    }

    /// Whether the tenant ever published a workflow.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn has_workflows(&self, tenant: &TenantId) -> Result<bool> {
        let pk = keys::tenant(tenant);
        Ok(!self.range("look for workflows of", Range::new(&pk, "WF#", &last_of("WF#"), 1)).await?.is_empty())
    }

    /// How many workflows the tenant ever published, at most 2,000.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn workflow_count(&self, tenant: &TenantId) -> Result<usize> {
        let pk = keys::tenant(tenant);
        Ok(self.range("count the workflows of", Range::new(&pk, "WF#", &last_of("WF#"), EACH_MAX)).await?.len())
    }

    /// A workflow at a version, or at its current one, published or not.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn workflow(&self, tenant: &TenantId, id: &str, version: Option<u32>) -> Result<Option<Workflow>> {
        let version = match version {
            Some(version) => version,
            None => {
                let row = self.read("read a workflow of", &keys::workflow(tenant, id), true).await?;
                match row.and_then(|row| number(&row, pointer::VERSION)) {
                    Some(version) => version,
                    None => return Ok(None),
                }
            }
        };
        Ok(self.body(tenant, id, version).await?.map(|workflow| workflow.workflow().clone()))
    }

    pub(crate) async fn must_tenant(&self, tenant: &TenantId) -> Result<()> {
        match self.read("read the settings of", &keys::settings(tenant), true).await? {
            Some(_) => Ok(()),
            None => Err(Error::Refused {
                operation: "read the settings of",
                id: tenant.to_string(),
                why: "there is no such tenant; store its settings first".into(),
            }),
        }
    }

    /// Stores a template as its next version. Storing what is current changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when others kept storing; [`Error::Refused`] when there is no such tenant.
    pub async fn put_template(&self, tenant: &TenantId, template: &StoredTemplate) -> Result<u32> {
        const OP: &str = "store a template of";
        self.must_tenant(tenant).await?;
        let mut tries = Tries::new(ATTEMPTS, OP, &template.id);
        loop {
            tries.again()?;
            let all = self.template(tenant, &template.id, template.channel).await?;
            let own = all.iter().find(|known| known.language == template.language);
            if let Some(own) = own
                && (StoredTemplate { version: own.version, ..template.clone() }) == *own
            {
                return Ok(own.version);
            }
            let mut last = all.iter().map(|known| known.version).max().unwrap_or(0);
            if own.is_none() {
                // Also behind what was put away: whoever keeps texts in memory knows them by their highest version.
                let (pk, from) = (keys::tenant(tenant), keys::template_versions(&template.id, template.channel));
                for row in self.range(OP, Range::new(&pk, &from, &last_of(&from), EACH_MAX)).await? {
                    last = json::<StoredTemplate>(&row, DOC)?.version.max(last);
                }
            }
            let version = last + 1;
            let next = StoredTemplate { version, ..template.clone() };
            let key = keys::template(tenant, &next.id, next.channel, &next.language);
            let mut change = self.by_whom(Change::of(key).put(DOC, s(to_json(&next))).put(pointer::VERSION, n(version)));
            change = match own {
                Some(own) => change.when(is(pointer::VERSION, n(own.version))),
                None => change.when(no_item()),
            };
            let body = row_of([(DOC, s(to_json(&next)))]);
            let body_key = keys::template_body(tenant, &next.id, next.channel, &next.language, version);
            let mut actions = vec![change.update(self), put_new(self, &body_key, body)];
            actions.extend(self.policy_changed(tenant, None));
            if let Transacted::Done = self.transact(OP, &template.id, actions).await? {
                return Ok(version);
            }
        }
    }

    /// Puts a template of one language away: it has no current version any more, and its versions stay. What it was; `None` where there is
    /// none.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it was stored anew meanwhile; those of writing.
    pub async fn archive_template(
        &self,
        tenant: &TenantId,
        id: &str,
        channel: Channel,
        language: &str,
        seen: Option<u32>,
    ) -> Result<Option<StoredTemplate>> {
        const OP: &str = "put away a template of";
        let all = self.template(tenant, id, channel).await?;
        let Some(known) = all.iter().find(|known| known.language == language).cloned() else { return Ok(None) };
        if seen.is_some_and(|seen| seen != known.version) {
            return Err(Error::Conflict { operation: OP, id: id.to_owned() });
        }
        let key = keys::template(tenant, id, channel, language);
        let gone = Change::of(key).when(is(pointer::VERSION, n(known.version)));
        let mut actions = vec![gone.delete(self)];
        let highest = all.iter().map(|known| known.version).max().unwrap_or(0);
        if let Some(left) = all.iter().filter(|left| left.language != language).max_by_key(|left| left.version) {
            // Whoever keeps texts in memory knows them by their highest version: the texts that are left get a new one.
            let next = StoredTemplate { version: highest + 1, ..left.clone() };
            let key = keys::template(tenant, id, channel, &next.language);
            let body_key = keys::template_body(tenant, id, channel, &next.language, next.version);
            let change = self.by_whom(Change::of(key).put(DOC, s(to_json(&next))).put(pointer::VERSION, n(next.version)));
            actions.push(change.when(is(pointer::VERSION, n(left.version))).update(self));
            actions.push(put_new(self, &body_key, row_of([(DOC, s(to_json(&next)))])));
        }
        actions.extend(self.policy_changed(tenant, None));
        match self.transact(OP, id, actions).await? {
            Transacted::Done => Ok(Some(known)),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: id.to_owned() }),
        }
    }

    /// The versions of a template of one language, those of one that was put away too, in their order.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn template_versions(
        &self,
        tenant: &TenantId,
        id: &str,
        channel: Channel,
        language: &str,
    ) -> Result<Vec<StoredTemplate>> {
        let (pk, from) = (keys::tenant(tenant), keys::template_bodies(id, channel, language));
        let rows = self.range("list the versions of a template of", Range::new(&pk, &from, &last_of(&from), EACH_MAX)).await?;
        rows.iter().map(|row| json(row, DOC)).collect()
    }

    /// Every current template.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn templates(&self, tenant: &TenantId) -> Result<Vec<StoredTemplate>> {
        let pk = keys::tenant(tenant);
        let rows = self.range("list the templates of", Range::new(&pk, "TPL#", &last_of("TPL#"), EACH_MAX)).await?;
        rows.iter().map(|row| json(row, DOC)).collect()
    }

    /// One template on one channel in every language, current versions.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn template(&self, tenant: &TenantId, id: &str, channel: Channel) -> Result<Vec<StoredTemplate>> {
        let pk = keys::tenant(tenant);
        let prefix = keys::template_prefix(id, channel);
        let rows = self.range("read a template of", Range::new(&pk, &prefix, &last_of(&prefix), EACH_MAX)).await?;
        rows.iter().map(|row| json(row, DOC)).collect()
    }

    /// One template on one channel in every language, as `policy` has it: what it was read for at that version before is not
    /// read again.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn template_of(
        &self,
        tenant: &TenantId,
        policy: &Policy,
        id: &str,
        channel: Channel,
    ) -> Result<Arc<[StoredTemplate]>> {
        let version = policy.templates.get(&(id.to_owned(), channel)).copied();
        if let Some(version) = version
            && let Some(texts) = self.cache.template(tenant, id, channel, version)
        {
            return Ok(texts);
        }
        let texts: Arc<[StoredTemplate]> = self.template(tenant, id, channel).await?.into();
        // Every text that is stored raises the highest version, so that it says which texts there are.
        if let Some(version) = texts.iter().map(|text| text.version).max() {
            self.cache.keep_template(tenant, id, channel, version, &texts);
        }
        Ok(texts)
    }
}
