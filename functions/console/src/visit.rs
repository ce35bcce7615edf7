//! A request of somebody who is signed in and may act for a tenant: what a handler of a page works with.

use std::sync::Arc;

use domain::{Settings, TenantId};
use jiff::Timestamp;
use service::{
    Actor, Operation,
    lists::{ListReading, PageAsked},
};
use setup::SetupDesk;
use store::{AuditEntry, Store, Vault};

use crate::{document_links::DocumentLinks, formats::Formats, outside::Outside, posted::Posted, request::ConsoleRequest};

/// What every page works with.
#[derive(Clone)]
pub struct ConsoleDesk {
    pub store: Store,
    pub vault: Vault,
    pub clock: kit::Clock,
    /// Who makes documents.
    pub documents: DocumentLinks,
    /// What lies outside of the table.
    pub outside: Outside,
}

/// One request.
pub struct ConsoleVisit {
    /// The table, and what is sealed in it.
    pub desk: Arc<ConsoleDesk>,
    /// Who asks. Of a form, with the mark that has it carried out once: pass it on to `service`.
    pub actor: Actor,
    /// When.
    pub now: Timestamp,
    /// What the address and the form say.
    pub request: ConsoleRequest,
    /// The tenant's settings; `None` before the first.
    pub settings: Option<Settings>,
    /// How amounts, days and moments are written.
    pub formats: Formats,
    /// What stands in the places of the route's path that are in braces.
    pub path_values: Vec<(&'static str, String)>,
}

impl ConsoleVisit {
    /// The tenant that they act for.
    pub fn tenant(&self) -> &TenantId {
        self.actor.tenant()
    }

    /// Whether they may do something: a page shows no button that would be refused.
    pub fn may(&self, operation: Operation) -> bool {
        self.actor.may(operation).is_ok()
    }

    /// The table.
    pub fn store(&self) -> &Store {
        &self.desk.store
    }

    /// What is sealed in it.
    pub fn vault(&self) -> &Vault {
        &self.desk.vault
    }

    /// What settings and connections are set up with.
    pub fn setup(&self) -> SetupDesk<'_> {
        let ConsoleDesk { store, vault, outside, .. } = &*self.desk;
        SetupDesk { store, vault, web: &outside.web, stand_ins: outside.stand_ins, has_answers_model: outside.has_answers_model }
    }

    /// The address of the API as people and vendors reach it, without a slash at its end.
    pub fn public_url(&self) -> &str {
        self.desk.outside.public_url.as_deref().unwrap_or(self.request.host())
    }

    /// The table, as they act: whatever is written has an entry of the audit in its transaction. For operations whose function in `service`
    /// takes a store that acts; most of them make the entry themselves.
    pub fn acting(&self, operation: Operation, entry: impl FnOnce(AuditEntry) -> AuditEntry) -> Store {
        self.desk.store.acting(entry(self.actor.entry(operation, self.now)))
    }

    /// What lists are read with.
    pub fn reading(&self) -> ListReading<'_> {
        ListReading { store: &self.desk.store, vault: &self.desk.vault }
    }

    /// Which page of a list the address asks for.
    pub fn page_asked(&self) -> PageAsked {
        PageAsked { limit: None, cursor: self.query("cursor").map(str::to_owned) }
    }

    /// A value of the address; an empty one counts as none.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.request.query(name)
    }

    /// What stands in the place of `{name}` in the path; empty for a name that the route does not have.
    pub fn path_value(&self, name: &str) -> &str {
        self.path_values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The form that was posted.
    pub fn posted(&self) -> Posted<'_> {
        Posted::of(self.request.form().unwrap_or_default())
    }
}
