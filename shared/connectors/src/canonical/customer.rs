//! `customer` of a canonical document.

use std::collections::HashSet;

use domain::document::CustomerRef;
use domain::{Consent, Contact, Customer, CustomerId, CustomerKind, DebtPurpose, INVOICE_CONTACT, PostalAddress, Role};
use serde_json::Value;

use crate::{
    canonical::names::SourceOf,
    form,
    json::{Flaws, Object},
};

/// Most contacts that a customer may have.
pub const CONTACTS_MAX: usize = 100;
/// Most roles or consents that a contact may list.
const WORDS_MAX: usize = 20;

const KINDS: &[(&str, CustomerKind)] =
    &[("company", CustomerKind::Company), ("sole_trader", CustomerKind::SoleTrader), ("person", CustomerKind::Person)];
const PURPOSES: &[(&str, DebtPurpose)] = &[("business", DebtPurpose::Business), ("personal", DebtPurpose::Personal)];
const ROLES: &[(&str, Role)] =
    &[("billing", Role::Billing), ("approver", Role::Approver), ("executive", Role::Executive), ("site", Role::Site)];

/// The id of a customer of this source.
pub fn customer_id(of: SourceOf<'_>, external_id: &str) -> CustomerId {
    CustomerId::derive(&[of.tenant.as_str(), of.source, external_id])
}

/// A customer who is only named.
pub fn called(of: SourceOf<'_>, external_id: String) -> CustomerRef {
    CustomerRef::Called { id: customer_id(of, &external_id), external_id }
}

/// A customer who is described, or only named by `external_id`.
pub fn read_ref(flaws: &mut Flaws, of: SourceOf<'_>, object: &Object<'_>) -> Option<CustomerRef> {
    const DESCRIBING: [&str; 15] = [
        "name",
        "source_version",
        "kind",
        "segment",
        "language",
        "country",
        "region",
        "time_zone",
        "debt_purpose",
        "legal_entity",
        "parent_external_id",
        "bill_with_parent",
        "contacts",
        "postal_address",
        "consents",
    ];
    if DESCRIBING.iter().any(|name| object.field(name).is_some()) {
        return read(flaws, of, object).map(|customer| CustomerRef::Full(Box::new(customer)));
    }
    let external_id = object.required(flaws, "external_id", form::id)?;
    Some(called(of, external_id))
}

/// A customer who is described.
pub fn read(flaws: &mut Flaws, of: SourceOf<'_>, object: &Object<'_>) -> Option<Customer> {
    let external_id = object.required(flaws, "external_id", form::id);
    let name = object.required(flaws, "name", form::filled_text);
    let source_version = object.optional(flaws, "source_version", form::source_version);
    let kind = object.optional(flaws, "kind", form::one_of(KINDS));
    let segment = object.optional(flaws, "segment", form::text);
    let language = object.optional(flaws, "language", form::language);
    let country = object.optional(flaws, "country", form::country);
    let region = object.optional(flaws, "region", form::region);
    let written = object.field("region").and_then(Value::as_str).filter(|_| region.is_some());
    if let (Some(country), Some((named, _))) = (&country, written.and_then(|text| text.split_once('-')))
        && named != country
    {
        flaws.add(
            object.pointer("region"),
            format!("is a subdivision of {named}, and country is {country}; send those of one place"),
        );
    }
    let time_zone = object.optional(flaws, "time_zone", form::zone);
    let debt_purpose = object.optional(flaws, "debt_purpose", form::one_of(PURPOSES));
    let legal_entity = object.optional(flaws, "legal_entity", form::word);
    let parent_external_id = object.optional(flaws, "parent_external_id", form::id);
    let bill_with_parent = object.optional(flaws, "bill_with_parent", form::truth).unwrap_or(false);
    if bill_with_parent && object.field("parent_external_id").is_none() {
        flaws.add(object.pointer("parent_external_id"), "is missing; bill_with_parent needs to know whose people are written to");
    }
    let contacts = object.list(flaws, "contacts", CONTACTS_MAX, |flaws, value, index, at| {
        let object = Object::of(flaws, value, at)?;
        Some(contact(flaws, &object, format!("#{index}")))
    });
    let mut seen = HashSet::new();
    for (index, contact) in contacts.iter().enumerate() {
        if !seen.insert(contact.external_id.as_str()) {
            flaws.add(
                format!("{}/{index}/external_id", object.pointer("contacts")),
                "is another contact's too; give each its own",
            );
        }
    }
    let postal_address = object.optional_object(flaws, "postal_address").and_then(|address| postal_address(flaws, &address));
    let external_id = external_id?;
    let contacts_of = parent_external_id.as_deref().filter(|_| bill_with_parent).map(|parent| customer_id(of, parent));
    Some(Customer {
        id: customer_id(of, &external_id),
        source: of.source.to_owned(),
        external_id,
        source_version,
        name: name?,
        kind,
        segment,
        language,
        country,
        region,
        time_zone,
        debt_purpose,
        legal_entity,
        parent_external_id,
        contacts_of,
        contacts,
        postal_address,
    })
}

/// The person whom an invoice names.
pub fn contact_of_invoice(flaws: &mut Flaws, object: &Object<'_>) -> Option<Contact> {
    if ["email", "phone"].iter().all(|name| object.field(name).is_none()) {
        flaws.add(object.pointer("email"), "is missing, and phone too; a contact of an invoice has one of them");
        return None;
    }
    Some(contact(flaws, object, INVOICE_CONTACT.to_owned()))
}

/// A person; `unnamed` is the id where the document gives none.
fn contact(flaws: &mut Flaws, object: &Object<'_>, unnamed: String) -> Contact {
    let external_id = object.optional(flaws, "external_id", form::id);
    let name = object.optional(flaws, "name", form::text);
    let mut roles = object.list(flaws, "roles", WORDS_MAX, |flaws, value, _, at| {
        form::one_of(ROLES)(value).map_err(|detail| flaws.add(at, detail)).ok()
    });
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() {
        roles.push(Role::Billing);
    }
    let email = object.optional(flaws, "email", form::email);
    let phone = object.optional(flaws, "phone", form::phone);
    let consents = object.list(flaws, "consents", WORDS_MAX, consent);
    Contact {
        external_id: external_id.unwrap_or(unnamed),
        name: name.unwrap_or_default(),
        roles,
        email,
        phone,
        consents,
        unusable: Vec::new(),
    }
}

fn consent(flaws: &mut Flaws, value: &Value, _index: usize, at: String) -> Option<Consent> {
    if value.is_string() {
        let channel = form::channel(value).map_err(|detail| flaws.add(at, detail)).ok()?;
        return Some(Consent { channel, given_at: None, wording: None });
    }
    let object = Object::of(flaws, value, at)?;
    let channel = object.required(flaws, "channel", form::channel);
    let given_at = object.optional(flaws, "given_at", form::instant);
    let wording = object.optional(flaws, "wording", form::text);
    Some(Consent { channel: channel?, given_at, wording })
}

fn postal_address(flaws: &mut Flaws, object: &Object<'_>) -> Option<PostalAddress> {
    let line1 = object.required(flaws, "line1", form::filled_text);
    let line2 = object.optional(flaws, "line2", form::text);
    let postal_code = object.optional(flaws, "postal_code", form::text);
    let city = object.required(flaws, "city", form::filled_text);
    let country = object.required(flaws, "country", form::country);
    Some(PostalAddress { line1: line1?, line2, postal_code, city: city?, country: country? })
}
