//! Customers.

use domain::{Contact, Customer, CustomerKind, Document, PostalAddress};
use jiff::Timestamp;

use crate::{accounting_api::Reader, address, form, json::Flaws, places, raw::Fields};

use super::names::SOURCE;

/// A customer with the people that its addresses name.
pub fn read(flaws: &mut Flaws, reader: &Reader<'_>, object: &Fields<'_>, id: &str, updated: Timestamp) -> Option<Document> {
    let name = object.required(flaws, "DisplayName", form::filled_text);
    let address = object.object("BillAddr");
    let text = |name: &str| address.as_ref().and_then(|address| address.usable(name, form::filled_text));
    let country = text("Country").and_then(|written| places::country(&written)).or(reader.site.company.country.clone());
    let city = text("City");
    let parent = object.object("ParentRef").and_then(|parent| parent.usable("value", form::id));
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
        parent_external_id: parent.clone(),
        contacts_of: parent.as_deref().filter(|_| object.is_true("BillWithParent")).map(|parent| reader.customer_id(parent)),
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

/// One person an email address, as the field may list several; the first also has name and phone.
fn contacts(object: &Fields<'_>, country: Option<&str>) -> Vec<Contact> {
    let part = |name: &str| object.usable(name, form::text).filter(|text| !text.is_empty());
    let name = [part("GivenName"), part("FamilyName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let listed = object.object("PrimaryEmailAddr").and_then(|address| address.string("Address")).unwrap_or_default();
    let number = |name: &str| Some(address::phone(&object.object(name)?.string("FreeFormNumber")?, country));
    // What can be called counts before what stands first.
    let phones: Vec<_> = ["Mobile", "PrimaryPhone"].into_iter().filter_map(number).collect();
    let usable = phones.iter().position(|phone| matches!(phone, Ok(Some(_)))).unwrap_or(0);
    let phone = phones.into_iter().nth(usable).unwrap_or(Ok(None));
    address::people(&name, address::emails(&listed), phone)
}
