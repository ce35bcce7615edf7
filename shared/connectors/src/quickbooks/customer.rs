//! Customers.

use domain::{Contact, Customer, CustomerKind, Document, PostalAddress, Role};
use jiff::Timestamp;

use crate::{books::Reader, form, json::Flaws, phone, places, raw::Fields};

use super::SOURCE;

/// People of one customer that are taken at most.
const CONTACTS_MAX: usize = 20;

/// A customer with the people that its addresses name.
pub fn read(flaws: &mut Flaws, reader: &Reader<'_>, object: &Fields<'_>, id: &str, updated: Timestamp) -> Option<Document> {
    let name = object.required(flaws, "DisplayName", form::filled_text);
    let address = object.object("BillAddr");
    let text = |name: &str| address.as_ref().and_then(|address| address.usable(name, form::filled_text));
    let country = text("Country").and_then(|written| places::country(&written)).or(reader.site.company.country.clone());
    let city = text("City");
    let customer = Customer {
        id: reader.customer_id(id),
        source: SOURCE.to_owned(),
        external_id: id.to_owned(),
        source_version: Some(reader.version(updated)),
        name: name?,
        kind: object.usable("CompanyName", form::filled_text).map(|_| CustomerKind::Company),
        segment: None,
        language: None,
        region: text("CountrySubDivisionCode").filter(|code| places::is_region(code)),
        time_zone: None,
        debt_purpose: None,
        legal_entity: None,
        parent_external_id: object.object("ParentRef").and_then(|parent| parent.usable("value", form::id)),
        bill_with_parent: false,
        contacts: contacts(object, country.as_deref()),
        postal_address: text("Line1").zip(city).zip(country.clone()).map(|((line1, city), country)| PostalAddress {
            line1,
            line2: text("Line2"),
            postal_code: text("PostalCode"),
            city,
            country,
        }),
        country,
    };
    Some(Document::Customer(customer))
}

/// One person an email address, as the field may list several; the first also has the phone.
fn contacts(object: &Fields<'_>, country: Option<&str>) -> Vec<Contact> {
    let part = |name: &str| object.usable(name, form::text).filter(|text| !text.is_empty());
    let name = [part("GivenName"), part("FamilyName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let listed = object.object("PrimaryEmailAddr").and_then(|address| address.string("Address")).unwrap_or_default();
    let emails = listed.split([',', ';']).filter_map(|one| form::email(&one.trim().into()).ok()).take(CONTACTS_MAX);
    let number = |name: &str| object.object(name)?.string("FreeFormNumber").and_then(|written| phone::e164(&written, country));
    let phone = number("Mobile").or_else(|| number("PrimaryPhone"));
    let person = |index: usize, email: Option<String>, phone: Option<String>| Contact {
        external_id: if index == 0 { "billing".to_owned() } else { format!("billing-{}", index + 1) },
        name: if index == 0 { name.clone() } else { String::new() },
        roles: vec![Role::Billing],
        email,
        phone,
        consents: Vec::new(),
        unusable: Vec::new(),
    };
    let mut people: Vec<Contact> =
        emails.enumerate().map(|(index, email)| person(index, Some(email), phone.clone().filter(|_| index == 0))).collect();
    if people.is_empty() && phone.is_some() {
        people.push(person(0, None, phone));
    }
    people
}
