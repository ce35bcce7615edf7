//! What versions say of people, sealed under a key of each person.
//!
//! A person is the customer itself, a contact by the source's id, or by mailbox or number whom an invoice names for itself and whom the source
//! gives no id: positions in a list come to be somebody else's. Who has neither counts as the customer itself. The key is drawn
//! with the first version that says something of the person, lies in the customer's partition, sealed under the tenant's data key of people,
//! and is read for each version anew: once it is deleted, what was sealed under it is gone, whoever has the table or a copy of it from later.
//! A version that comes afterwards begins a new key.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::rand;
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Contact, CustomerId, TenantId, id::digest};
use serde_json::{Map, Value};

use super::{NewVersion, as_of::Version};
use crate::{
    Error, Result, Store, Vault,
    table::{
        attributes::{data_key, document::DOC, every::SK, version},
        change::Change,
        db::{Range, Row, json, last_of, row_of, s, text, to_json},
        keys,
    },
    tenant::vault::{Purpose, open_under, seal_under},
};

/// Whose the fields of the customer itself are.
const CUSTOMER: &str = "customer";
/// Most people of one customer whose keys are looked through.
const PEOPLE_MAX: usize = 20_000;

/// Fields by their JSON pointer.
type Fields = Map<String, Value>;

/// Whose personal fields at a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// The customer's own: its name and postal address, what its invoices say in free words, and people who have neither an id nor an address.
    Customer,
    /// Those of a contact, by the source's id.
    Contact(&'a str),
    /// Those of somebody whom only an invoice names, or whose id only says where in a list the person stands (`#0`), by
    /// [`domain::Contact::person`]; each that the person had.
    Named(&'a str),
}

/// What a version was kept as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is in the table.
    Whole,
    /// It is not, because this tenant has no key yet to seal it with: saving the tenant's settings makes one.
    Not(TenantId),
}

impl Whose<'_> {
    /// Where the key is.
    pub(crate) fn key(self, tenant: &TenantId, customer: &CustomerId) -> keys::Key {
        keys::person_key(tenant, customer, &self.text())
    }

    fn text(self) -> String {
        match self {
            Self::Customer => CUSTOMER.to_owned(),
            Self::Contact(id) => format!("contact:{id}"),
            Self::Named(person) => format!("person:{person}"),
        }
    }
}

/// Takes the personal fields out of a document, by whose they are.
fn take_personal(sk: &str, doc: &mut Value) -> BTreeMap<String, Fields> {
    let mut all: BTreeMap<String, Fields> = BTreeMap::new();
    let contacts = |doc: &Value| doc["contacts"].as_array().map_or(0, Vec::len);
    if sk == "PROFILE" {
        take(doc, "", &["name", "postal_address"], all.entry(CUSTOMER.to_owned()).or_default());
        for at in 0..contacts(doc) {
            take_contact(doc, &format!("/contacts/{at}"), &mut all);
        }
    } else if sk == keys::BY_HAND {
        take(doc, "", &["postal_address"], all.entry(CUSTOMER.to_owned()).or_default());
        for at in 0..contacts(doc) {
            let place = format!("/contacts/{at}");
            let whose = whose_by_hand(doc, &place);
            take(doc, &place, &["name", "person", "email", "phone", "statements"], all.entry(whose).or_default());
        }
    } else if sk.starts_with("INV#") {
        take(doc, "", &["for_name", "purchase_order"], all.entry(CUSTOMER.to_owned()).or_default());
        take_contact(doc, "/contact", &mut all);
    }
    all.retain(|_, fields| !fields.is_empty());
    all
}

fn take_contact(doc: &mut Value, place: &str, all: &mut BTreeMap<String, Fields>) {
    let Some(known) = doc.pointer(place).and_then(Value::as_object) else { return };
    match serde_json::from_value::<Contact>(Value::Object(known.clone())) {
        Ok(contact) => {
            let fields = all.entry(whose_contact(&contact)).or_default();
            take(doc, place, &["name", "email", "phone", "consents", "unusable"], fields);
        }
        // Of one that does not read as a contact nobody knows who it is, nor which of its fields say so.
        Err(_) => {
            let said: Vec<String> =
                known.keys().filter(|name| !["external_id", "roles"].contains(&name.as_str())).cloned().collect();
            let names: Vec<&str> = said.iter().map(String::as_str).collect();
            take(doc, place, &names, all.entry(CUSTOMER.to_owned()).or_default());
        }
    }
}

/// Whose the fields of a contact are. Ids that begin with `#` are not the source's: who stands there now may be another person later.
fn whose_contact(contact: &Contact) -> String {
    if !contact.external_id.starts_with('#') {
        return Whose::Contact(&contact.external_id).text();
    }
    contact.person().map_or_else(|| Whose::Customer.text(), |person| Whose::Named(&person).text())
}

/// Whose the fields are that people entered of a contact: as those of the contact itself.
fn whose_by_hand(doc: &Value, place: &str) -> String {
    let of = |name: &str| doc.pointer(&format!("{place}/{name}")).and_then(Value::as_str);
    match (of("id").filter(|id| !id.starts_with('#')), of("person")) {
        (Some(id), _) => Whose::Contact(id).text(),
        (None, Some(person)) => Whose::Named(person).text(),
        (None, None) => Whose::Customer.text(),
    }
}

fn take(doc: &mut Value, place: &str, names: &[&str], fields: &mut Fields) {
    let Some(object) = doc.pointer_mut(place).and_then(Value::as_object_mut) else { return };
    for name in names {
        fields.extend(object.remove(*name).map(|value| (format!("{place}/{name}"), value)));
    }
}

fn put_back(doc: &mut Value, fields: Fields) {
    for (pointer, value) in fields {
        let Some((place, name)) = pointer.rsplit_once('/') else { continue };
        if let Some(object) = doc.pointer_mut(place).and_then(Value::as_object_mut) {
            object.insert(name.to_owned(), value);
        }
    }
}

/// What a key or what is sealed under it is for.
fn for_what(tenant: &TenantId, customer: &CustomerId, hash: &str, what: &str) -> Vec<u8> {
    format!("dunlin:{tenant}:person:{customer}:{hash}:{what}").into_bytes()
}

fn corrupt(tenant: &TenantId, customer: &CustomerId, detail: &str) -> Error {
    Error::Corrupt { key: format!("{}|{}", keys::customer(tenant, customer), keys::PERSON_KEYS), detail: detail.to_owned() }
}

impl Vault {
    /// Writes a version, unless it is there, with what it says of people sealed.
    ///
    /// # Errors
    ///
    /// Those of KMS, of reading and of writing. That a tenant has no key to seal it with is none of them.
    pub async fn put_version(&self, version: &NewVersion) -> Result<Kept> {
        let row = match self.seal_version(version).await {
            Ok(row) => row,
            Err(error @ Error::Refused { .. }) => {
                let Some((tenant, _)) = keys::parse_customer(&version.of.pk) else { return Err(error) };
                let has_key = self.has_key(&tenant, Purpose::People).await?;
                return if has_key { Err(error) } else { Ok(Kept::Not(tenant)) };
            }
            Err(error) => return Err(error),
        };
        self.store.create("keep a version of", &version.key, row).await.map(|_| Kept::Whole)
    }

    async fn seal_version(&self, version: &NewVersion) -> Result<Row> {
        let mut row = version.row.clone();
        let (Some((tenant, customer)), Some(doc)) = (keys::parse_customer(&version.of.pk), text(&row, DOC)) else {
            return Ok(row);
        };
        let mut doc: Value = serde_json::from_str(doc).map_err(|_| corrupt(&tenant, &customer, "a fact is no JSON"))?;
        let personal = take_personal(&version.of.sk, &mut doc);
        if personal.is_empty() {
            return Ok(row);
        }
        let mut sealed: BTreeMap<String, String> = BTreeMap::new();
        let keys = self.keys_of(&tenant, &customer, personal.keys()).await?;
        for (whose, fields) in &personal {
            let (hash, key) = keys.get(whose).ok_or_else(|| corrupt(&tenant, &customer, "a person has no key"))?;
            let bytes = seal_under(key, for_what(&tenant, &customer, hash, "fields"), to_json(fields).as_bytes());
            let bytes = bytes.ok_or_else(|| corrupt(&tenant, &customer, "there is no randomness"))?;
            sealed.insert(name_of(hash, key), STANDARD.encode(bytes));
        }
        row.insert(DOC.to_owned(), s(to_json(&doc)));
        row.insert(version::SEALED.to_owned(), s(to_json(&sealed)));
        Ok(row)
    }

    /// The keys of people with their hashes, by whose they are; those that are not there are made. Never from memory: a key may have been
    /// deleted since.
    async fn keys_of(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        people: impl Iterator<Item = &String>,
    ) -> Result<BTreeMap<String, (String, [u8; 32])>> {
        const OP: &str = "read the keys of people at";
        let of_people = self.data_key(tenant, Purpose::People).await?;
        let items: BTreeMap<&String, keys::Key> =
            people.map(|whose| (whose, keys::person_key(tenant, customer, whose))).collect();
        let wanted: Vec<keys::Key> = items.values().cloned().collect();
        let mut found = self.store.read_many(OP, &wanted, true).await?;
        let missing: Vec<keys::Key> = wanted.iter().filter(|key| !found.contains_key(key)).cloned().collect();
        for key in &missing {
            let mut fresh = [0_u8; 32];
            rand::fill(&mut fresh).map_err(|_| corrupt(tenant, customer, "there is no randomness"))?;
            let wrapped = seal_under(&of_people, for_what(tenant, customer, hash_of(&key.sk), "key"), &fresh);
            let wrapped = wrapped.ok_or_else(|| corrupt(tenant, customer, "there is no randomness"))?;
            self.store.create(OP, key, row_of([(data_key::WRAPPED, AttributeValue::B(Blob::new(wrapped)))])).await?;
        }
        if !missing.is_empty() {
            // Another may have been first; what is in the table is the key.
            found.extend(self.store.read_many(OP, &missing, true).await?);
        }
        let opened = |(whose, key): (&String, keys::Key)| {
            let opened = open_key(&of_people, tenant, customer, found.get(&key)?)?;
            Some((whose.clone(), opened))
        };
        Ok(items.into_iter().filter_map(opened).collect())
    }

    /// Puts back what versions of a customer say of people, as far as their keys are there; of the others it is noted that it was erased.
    pub(super) async fn open_versions(&self, tenant: &TenantId, customer: &CustomerId, versions: &mut [Version]) -> Result<()> {
        if versions.iter().all(|version| !version.row.contains_key(version::SEALED)) {
            return Ok(());
        }
        let of_people = self.data_key(tenant, Purpose::People).await?;
        let pk = keys::customer(tenant, customer);
        let last = last_of(keys::PERSON_KEYS);
        let range = Range::new(&pk, keys::PERSON_KEYS, &last, PEOPLE_MAX);
        let rows = self.store.range("read the keys of people at", range).await?;
        let keys: BTreeMap<String, [u8; 32]> = rows
            .iter()
            .filter_map(|row| open_key(&of_people, tenant, customer, row))
            .map(|(hash, key)| (name_of(&hash, &key), key))
            .collect();
        for version in versions.iter_mut().filter(|version| version.row.contains_key(version::SEALED)) {
            let sealed: BTreeMap<String, String> = json(&version.row, version::SEALED)?;
            let mut doc: Value = json(&version.row, DOC)?;
            for (name, bytes) in sealed {
                // That of a key which is gone, or in whose place there is a later one.
                let Some(key) = keys.get(&name) else {
                    version.erased = true;
                    continue;
                };
                let wrong = || corrupt(tenant, customer, "what a version says of a person does not open");
                let bytes = STANDARD.decode(bytes).map_err(|_| wrong())?;
                let plain =
                    open_under(key, for_what(tenant, customer, name.split('.').next().unwrap_or_default(), "fields"), &bytes)
                        .ok_or_else(wrong)?;
                put_back(&mut doc, serde_json::from_slice(&plain).map_err(|_| wrong())?);
            }
            if version.sk == "PROFILE" && doc.get("name").is_none() {
                doc["name"] = Value::String(String::new());
            }
            version.row.insert(DOC.to_owned(), s(to_json(&doc)));
        }
        Ok(())
    }
}

fn hash_of(sk: &str) -> &str {
    sk.strip_prefix(keys::PERSON_KEYS).unwrap_or_default()
}

/// What versions call a key: the hash of whose it is, and enough of its own to tell it from one that takes its place.
fn name_of(hash: &str, key: &[u8; 32]) -> String {
    let own = digest(&[&STANDARD.encode(key)]);
    format!("{hash}.{}", own.get(..8).unwrap_or(&own))
}

/// The hash of whose a key is, and the key.
fn open_key(of_people: &[u8; 32], tenant: &TenantId, customer: &CustomerId, row: &Row) -> Option<(String, [u8; 32])> {
    let hash = hash_of(text(row, SK)?).to_owned();
    let wrapped = row.get(data_key::WRAPPED)?.as_b().ok()?;
    let plain = open_under(of_people, for_what(tenant, customer, &hash, "key"), wrapped.as_ref())?;
    Some((hash, plain.as_slice().try_into().ok()?))
}

impl Store {
    /// Deletes the keys of people at a customer: what history says of them is gone for good. What is in the facts themselves is not touched.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn forget(&self, tenant: &TenantId, customer: &CustomerId, people: &[Whose<'_>]) -> Result<()> {
        let keys = people.iter().map(|whose| whose.key(tenant, customer).sk).collect();
        self.forget_keys(tenant, customer, &keys).await
    }

    /// Deletes keys of people at a customer by their sort keys.
    pub(crate) async fn forget_keys(&self, tenant: &TenantId, customer: &CustomerId, keys: &BTreeSet<String>) -> Result<()> {
        for sk in keys {
            let key = keys::Key { pk: keys::customer(tenant, customer), sk: sk.clone() };
            let gone = Change::of(key).delete(self);
            self.transact("forget people of", customer.as_str(), vec![gone]).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_read_as_a_contact_is_the_customers_own() {
        let whole =
            json!({ "contact": { "external_id": "p1", "roles": 7, "name": "Ann", "fax": "+49301234567" }, "number": "1" });
        let mut doc = whole.clone();
        let all = take_personal("INV#1", &mut doc);
        assert_eq!(doc, json!({ "contact": { "external_id": "p1", "roles": 7 }, "number": "1" }));
        assert_eq!(all.keys().collect::<Vec<_>>(), [CUSTOMER]);
        for fields in all.into_values() {
            put_back(&mut doc, fields);
        }
        assert_eq!(doc, whole);
        let mut none = json!({ "contact": null, "number": "1" });
        assert!(take_personal("INV#1", &mut none).is_empty());
    }

    #[test]
    fn what_people_entered_of_a_contact_is_the_contacts() {
        let whole = json!({
            "contacts": [
                { "id": "con_1", "own": true, "name": "Ann", "email": "ann@x.example", "channel": "sms" },
                { "id": "#0", "person": "bob@x.example", "phone": "+493012345678", "statements": [{ "channel": "sms" }] },
            ],
            "postal_address": { "line1": "Street 1" }, "language": "de",
        });
        let mut doc = whole.clone();
        let all = take_personal(keys::BY_HAND, &mut doc);
        let left = json!({ "contacts": [{ "id": "con_1", "own": true, "channel": "sms" }, { "id": "#0" }], "language": "de" });
        assert_eq!(doc, left);
        let mut whose = vec![Whose::Contact("con_1").text(), CUSTOMER.to_owned(), Whose::Named("bob@x.example").text()];
        whose.sort();
        assert_eq!(all.keys().cloned().collect::<Vec<_>>(), whose);
        for fields in all.into_values() {
            put_back(&mut doc, fields);
        }
        assert_eq!(doc, whole);
    }

    #[test]
    fn who_stands_at_a_position_is_told_by_the_address() {
        let whose = |contact: Value| {
            let mut doc = json!({ "contacts": [contact] });
            take_personal("PROFILE", &mut doc).into_keys().collect::<Vec<_>>()
        };
        let at = |id: &str| json!({ "external_id": id, "roles": [], "name": "Ann", "email": "Ann@X.example" });
        assert_eq!(whose(at("#0")), [Whose::Named("ann@x.example").text()]);
        assert_eq!(whose(at("p1")), [Whose::Contact("p1").text()]);
        assert_eq!(whose(json!({ "external_id": "#0", "roles": [], "name": "Ann" })), [CUSTOMER]);
    }
}
