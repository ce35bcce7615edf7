//! What a store instance remembers: things that never change, and policies by the revision that they were read at.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Channel, CompiledWorkflow, Identities, Rollout, Settings, TenantId};
use jiff::civil::Date;

use crate::tenant::template::StoredTemplate;

/// Published workflow bodies that are kept before the cache starts afresh.
const WORKFLOWS_MAX: usize = 2_000;
/// Templates that are kept before the cache starts afresh.
const TEMPLATES_MAX: usize = 2_000;

/// A tenant's policy without the versions that cases are pinned to.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) rev: u64,
    pub(crate) settings: Settings,
    pub(crate) breaker_open: bool,
    pub(crate) identities: Option<Identities>,
    pub(crate) workflows: Vec<Arc<CompiledWorkflow>>,
    pub(crate) published: BTreeSet<(String, u32)>,
    pub(crate) rollouts: BTreeMap<String, Rollout>,
    pub(crate) withdrawn: BTreeMap<String, u32>,
    pub(crate) templates: BTreeMap<(String, Channel), u32>,
}

/// A template in every language, and the highest of its versions.
type Texts = (u32, Arc<[StoredTemplate]>);

#[derive(Debug, Default)]
struct Kept {
    shards: HashMap<TenantId, u8>,
    policies: HashMap<TenantId, Base>,
    workflows: HashMap<(TenantId, String, u32), Arc<CompiledWorkflow>>,
    medians: HashMap<TenantId, (Date, u32)>,
    templates: HashMap<(TenantId, String, Channel), Texts>,
}

#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Kept>);

impl Cache {
    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
    pub(crate) fn shards(&self, tenant: &TenantId) -> Option<u8> {
        self.with(|kept| kept.shards.get(tenant).copied())
    }
    pub(crate) fn keep_shards(&self, tenant: &TenantId, shards: u8) {
        self.with(|kept| kept.shards.insert(tenant.clone(), shards));
    }
    /// The median of the 28 days before a day.
    pub(crate) fn median(&self, tenant: &TenantId, on: Date) -> Option<u32> {
        self.with(|kept| kept.medians.get(tenant).filter(|(day, _)| *day == on).map(|(_, median)| *median))
    }
    pub(crate) fn keep_median(&self, tenant: &TenantId, on: Date, median: u32) {
        self.with(|kept| kept.medians.insert(tenant.clone(), (on, median)));
    }
    pub(crate) fn policy(&self, tenant: &TenantId, rev: u64) -> Option<Base> {
        self.with(|kept| kept.policies.get(tenant).filter(|base| base.rev == rev).cloned())
    }
    /// What the tenant demands of a source's freshness, by whatever was read last; `None` before anything was.
    pub(crate) fn demands_freshness(&self, tenant: &TenantId, source: &str) -> Option<bool> {
        self.with(|kept| kept.policies.get(tenant).map(|base| base.settings.freshness.contains_key(source)))
    }
    pub(crate) fn keep_policy(&self, tenant: &TenantId, base: Base) {
        self.with(|kept| kept.policies.insert(tenant.clone(), base));
    }
    /// A template's texts in every language, if its highest version is `version`.
    pub(crate) fn template(&self, tenant: &TenantId, id: &str, channel: Channel, version: u32) -> Option<Arc<[StoredTemplate]>> {
        let key = (tenant.clone(), id.to_owned(), channel);
        self.with(|kept| kept.templates.get(&key).filter(|(known, _)| *known == version).map(|(_, texts)| Arc::clone(texts)))
    }
    pub(crate) fn keep_template(
        &self,
        tenant: &TenantId,
        id: &str,
        channel: Channel,
        version: u32,
        texts: &Arc<[StoredTemplate]>,
    ) {
        self.with(|kept| {
            if kept.templates.len() >= TEMPLATES_MAX {
                kept.templates.clear();
            }
            kept.templates.insert((tenant.clone(), id.to_owned(), channel), (version, Arc::clone(texts)));
        });
    }
    pub(crate) fn workflow(&self, tenant: &TenantId, id: &str, version: u32) -> Option<Arc<CompiledWorkflow>> {
        self.with(|kept| kept.workflows.get(&(tenant.clone(), id.to_owned(), version)).cloned())
    }
    pub(crate) fn keep_workflow(&self, tenant: &TenantId, workflow: &Arc<CompiledWorkflow>) {
        self.with(|kept| {
            if kept.workflows.len() >= WORKFLOWS_MAX {
                kept.workflows.clear();
            }
            kept.workflows.insert((tenant.clone(), workflow.id.clone(), workflow.version), Arc::clone(workflow));
        });
    }
}
