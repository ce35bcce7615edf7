//! Stripe customers: as objects of their own, and as an invoice shows them.

use domain::{Channel, Customer, PostalAddress};
use serde_json::Value;

use crate::{
    Parked, address, form,
    json::{Flaws, Object},
    phone, places,
    stripe::{
        event::{Rank, StripeEvent, expandable_id},
        names::SOURCE,
    },
};

/// Why a phone number is left out.
const NO_CODE: &str = "is not an E.164 phone number, such as +493012345678";

/// The customer of a `customer.*` event.
pub fn read(flaws: &mut Flaws, notes: &mut Vec<Parked>, event: &StripeEvent<'_>) -> Option<Customer> {
    let external_id = event.object.required(flaws, "id", form::id)?;
    let mut customer = describe(notes, &event.object, event, external_id, "");
    let locales = event.object.field("preferred_locales").and_then(Value::as_array);
    customer.language = locales.and_then(|locales| locales.iter().find_map(|locale| form::language(locale).ok()));
    let stage = if event.kind == "customer.created" { 0 } else { 1 };
    customer.source_version = Some(event.version(Rank::stage(stage), &customer));
    Some(customer)
}

/// The customer as the invoice shows it: without a version, so that it only creates.
pub fn of_invoice(flaws: &mut Flaws, notes: &mut Vec<Parked>, event: &StripeEvent<'_>) -> Option<Customer> {
    let field = if event.object.field("customer").is_some() { "customer" } else { "customer_account" };
    if event.object.field(field).is_none() {
        flaws.add(event.object.pointer("customer"), "is missing; assign the invoice to a customer in Stripe");
        return None;
    }
    let external_id = event.object.required(flaws, field, expandable_id)?;
    let mut unsure = Vec::new();
    let customer = describe(&mut unsure, &event.object, event, external_id, "customer_");
    // Said once, when the invoice is issued, rather than with every event about it.
    if matches!(event.kind, "invoice.created" | "invoice.finalized") {
        notes.append(&mut unsure);
    }
    Some(customer)
}

/// What `object` says in the fields that begin with `prefix`. What cannot be used is left out with a note.
fn describe(
    notes: &mut Vec<Parked>,
    object: &Object<'_>,
    event: &StripeEvent<'_>,
    external_id: String,
    prefix: &str,
) -> Customer {
    let field = |name: &str| format!("{prefix}{name}");
    let mut note = |name: &str, detail: String| {
        notes.push(Parked { pointer: object.pointer(name), detail: format!("{detail}; it was left out: mend it in Stripe") });
    };
    let mut usable = |name: String, read: &dyn Fn(&Value) -> Result<String, String>| {
        let value = object.field(&name).filter(|value| value.as_str().is_none_or(|text| !text.trim().is_empty()))?;
        read(value).map_err(|detail| note(&name, detail)).ok()
    };
    let name = usable(field("name"), &form::text);
    let text = |name: String| object.field(&name).and_then(Value::as_str).map(form::one_line).unwrap_or_default();
    let emails = address::emails(&text(field("email")));
    for what in &emails.unusable {
        note(&field("email"), format!("{} (or a part of it)", what.why));
    }
    let written = text(field("phone"));
    let phone = match phone::with_code(&written) {
        None if !written.is_empty() => {
            note(&field("phone"), NO_CODE.to_owned());
            Err(address::unusable(Channel::Sms, &written, NO_CODE))
        }
        number => Ok(number),
    };
    let address = object.field(&field("address")).and_then(Value::as_object).map(Address);
    let country = address.and_then(|address| address.text("country")).filter(|code| places::is_country(code));
    let region = address.and_then(|address| address.text("state")).filter(|code| places::is_region(code));
    let contacts = address::people("", emails, phone);
    let email = contacts.first().and_then(|first| first.email.clone());
    Customer {
        id: event.customer_id(&external_id),
        source: SOURCE.to_owned(),
        source_version: None,
        name: name.or(email).unwrap_or_else(|| external_id.clone()),
        external_id,
        kind: None,
        segment: None,
        language: None,
        postal_address: address.zip(country.clone()).and_then(|(address, country)| address.postal(country)),
        country,
        region,
        time_zone: None,
        debt_purpose: None,
        legal_entity: None,
        parent_external_id: None,
        contacts_of: None,
        contacts,
    }
}

/// An address object, of which every field may be missing.
#[derive(Clone, Copy)]
struct Address<'a>(&'a serde_json::Map<String, Value>);

impl Address<'_> {
    fn text(&self, name: &str) -> Option<String> {
        form::filled_text(self.0.get(name)?).ok()
    }

    fn postal(&self, country: String) -> Option<PostalAddress> {
        Some(PostalAddress {
            line1: self.text("line1")?,
            line2: self.text("line2"),
            postal_code: self.text("postal_code"),
            city: self.text("city")?,
            country,
        })
    }
}
