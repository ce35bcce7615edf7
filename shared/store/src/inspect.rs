//! Items as they are stored, for what reads past the store: the local page, the judges of scenarios, backups, checks.
//!
//! Nothing that is deployed uses this. What an item holds is said here once; which attribute holds what, in [`KINDS`].

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Customer, CustomerId, Invoice, Settings, TenantId};
use serde_json::Value;

use crate::{
    Head, Record, Result, StoredTemplate, Task,
    customer::{facts::invoice_of, head::read_head},
    message::record,
    table::{
        attributes::{
            basket, company,
            document::DOC,
            every::{PK, SK},
            fact, link, registry,
        },
        db::{Row, json, n, s, text},
        keys,
    },
    tasks,
};

pub use crate::table::attributes;
pub use attributes::{Attribute, Form, ItemKind, KINDS};

/// An item of the table, or an image of one in its stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Item(Row);

/// What an item holds, as far as anybody asks.
#[derive(Clone, Debug)]
pub enum Stored {
    /// A tenant's settings.
    Settings(Box<Settings>),
    /// A version of a template.
    Template(Box<StoredTemplate>),
    /// A customer's profile.
    Profile(Box<Customer>),
    /// An invoice. Tombstones are [`Stored::Other`].
    Invoice(Box<Invoice>),
    /// A customer's head; rows that are in chunks of their own are missing.
    Head(Box<Head>),
    /// A record of a message or decision; rows that are in chunks of their own are missing.
    Record(Box<Record>),
    /// A task or exception.
    Task(Box<Task>),
    /// A webhook pointed at an object.
    Hint,
    /// Anything else.
    Other,
}

/// Which part of a tenant an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantPart {
    /// Its entry in the list of tenants: without it the sweep passes the tenant over.
    Registry,
    /// That a company of an accounting system is the tenant's.
    Company,
    /// Anything in partitions of its own, and who is a member of it.
    Own,
}

impl Item {
    /// An item in DynamoDB's own JSON, as streams, exports and scans have it; `None` when it is none.
    pub fn from_json(item: &Value) -> Option<Self> {
        let item: serde_dynamo::Item = serde_json::from_value(item.clone()).ok()?;
        Some(Self(item.into()))
    }

    /// The item in DynamoDB's own JSON, its attributes in order.
    pub fn to_json(&self) -> Value {
        let item: serde_dynamo::Item = self.0.clone().into();
        // A map of JSON sorts its names.
        serde_json::to_value(&item).unwrap_or_default()
    }

    /// Its attributes, as a client of the table takes them.
    pub fn attributes(&self) -> &HashMap<String, AttributeValue> {
        &self.0
    }

    /// Its key, as a client of the table takes it.
    pub fn key(&self) -> HashMap<String, AttributeValue> {
        key(self.pk(), self.sk())
    }

    /// Its partition key.
    pub fn pk(&self) -> &str {
        text(&self.0, PK).unwrap_or_default()
    }

    /// Its sort key.
    pub fn sk(&self) -> &str {
        text(&self.0, SK).unwrap_or_default()
    }

    /// Whether it is a row of a list: made from other items, and made anew from them where it is lost.
    pub fn is_row(&self) -> bool {
        keys::is_list(self.pk())
    }

    /// Whether it is a version of a fact.
    pub fn is_version(&self) -> bool {
        self.sk().starts_with(keys::VERSION)
    }

    /// The tenant that it belongs to, where its partition says so.
    pub fn tenant(&self) -> Option<TenantId> {
        keys::parse_tenant(self.pk())
    }

    /// The customer that it belongs to.
    pub fn customer(&self) -> Option<CustomerId> {
        keys::parse_customer(self.pk()).map(|(_, customer)| customer)
    }

    /// Which part of `tenant` it is; `None` when it is none.
    pub fn part_of(&self, tenant: &TenantId) -> Option<TenantPart> {
        let membership = keys::is_memberships(self.pk()) && self.sk() == tenant.as_str();
        if self.tenant().as_ref() == Some(tenant) || membership {
            Some(TenantPart::Own)
        } else if self.pk() == keys::tenants() {
            (self.sk() == tenant.as_str()).then_some(TenantPart::Registry)
        } else if keys::is_company(self.pk()) {
            (text(&self.0, company::TENANT) == Some(tenant.as_str())).then_some(TenantPart::Company)
        } else if keys::is_link_owner(self.pk()) {
            (text(&self.0, link::TENANT) == Some(tenant.as_str())).then_some(TenantPart::Own)
        } else if keys::is_basket_owner(self.pk()) {
            (text(&self.0, basket::TENANT) == Some(tenant.as_str())).then_some(TenantPart::Own)
        } else {
            None
        }
    }

    /// The item with its tenant's kill switch on, in the settings and where the sweep looks first; any other item as it is.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Corrupt`] when the settings do not read.
    pub fn paused(mut self) -> Result<Self> {
        if self.pk() == keys::tenants() {
            self.0.insert(registry::PAUSED.to_owned(), n(1));
        } else if let keys::Sort::Settings = keys::Sort::of(self.sk()) {
            let mut settings: Value = json(&self.0, DOC)?;
            settings["paused"] = true.into();
            self.0.insert(DOC.to_owned(), s(settings.to_string()));
        }
        Ok(self)
    }

    /// What it holds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Corrupt`] when it does not read as what its key says.
    pub fn read(&self) -> Result<Stored> {
        let row = &self.0;
        Ok(match keys::Sort::of(self.sk()) {
            keys::Sort::Settings => Stored::Settings(Box::new(json(row, DOC)?)),
            keys::Sort::TemplateBody => Stored::Template(Box::new(json(row, DOC)?)),
            keys::Sort::Profile => Stored::Profile(Box::new(json(row, DOC)?)),
            keys::Sort::Invoice if row.contains_key(DOC) => {
                Stored::Invoice(Box::new(invoice_of(row, row.contains_key(fact::ARCHIVED))?.invoice))
            }
            keys::Sort::Head => Stored::Head(Box::new(read_head(row.clone())?)),
            keys::Sort::Record => Stored::Record(Box::new(record::without_chunks(record::read(row)?)?)),
            keys::Sort::Task => Stored::Task(Box::new(tasks::read(row)?)),
            keys::Sort::Hint => Stored::Hint,
            keys::Sort::ByHand
            | keys::Sort::Invoice
            | keys::Sort::Payment
            | keys::Sort::Agreement
            | keys::Sort::Owner
            | keys::Sort::Address
            | keys::Sort::Other => Stored::Other,
        })
    }
}

/// The key of an item, as a client of the table takes it.
pub fn key(pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
    keys::Key { pk: pk.to_owned(), sk: sk.to_owned() }.attributes()
}

impl From<Row> for Item {
    fn from(row: Row) -> Self {
        Self(row)
    }
}
