//! Contacts.

use domain::{Contact, Customer, CustomerKind, Document, PostalAddress, Unusable};
use jiff::Timestamp;

use crate::{
    accounting_api::Reader,
    address::{self, PEOPLE_MAX},
    form,
    json::Flaws,
    places,
    raw::Fields,
};

use super::names::SOURCE;

/// Phones in the order in which they are preferred; a fax reaches nobody.
const PHONES: [&str; 3] = ["MOBILE", "DEFAULT", "DDI"];

/// A contact: the company, its main person, and those whom the books include in emails.
pub fn read(flaws: &mut Flaws, reader: &Reader<'_>, object: &Fields<'_>, id: &str, updated: Timestamp) -> Option<Document> {
    let name = object.required(flaws, "Name", form::filled_text);
    let addresses = object.objects("Addresses");
    let of = |kind: &str| addresses.iter().find(|address| is(address, "AddressType", kind) && filled(address, "City").is_some());
    // Invoices go to the postal address.
    let address = of("POBOX").or_else(|| of("STREET"));
    let text = |name: &str| address.and_then(|address| filled(address, name));
    let country = text("Country").and_then(|written| places::country(&written)).or(reader.site.company.country.clone());
    // The person asked to be forgotten: the books keep the debt, nobody is contacted.
    let forgotten = is(object, "ContactStatus", "GDPRREQUEST");
    let postal = text("AddressLine1").zip(text("City")).zip(country.clone()).filter(|_| !forgotten);
    let customer = Customer {
        id: reader.customer_id(id),
        source: SOURCE.to_owned(),
        external_id: id.to_owned(),
        source_version: Some(reader.version(updated)),
        name: name?,
        kind: filled(object, "CompanyNumber").map(|_| CustomerKind::Company),
        segment: None,
        language: None,
        region: text("Region").filter(|code| places::is_region(code)),
        time_zone: None,
        debt_purpose: None,
        legal_entity: None,
        parent_external_id: None,
        contacts_of: None,
        contacts: if forgotten { Vec::new() } else { contacts(object, country.as_deref()) },
        postal_address: postal.map(|((line1, city), country)| PostalAddress {
            line1,
            line2: text("AddressLine2"),
            postal_code: text("PostalCode"),
            city,
            country,
        }),
        country,
    };
    Some(Document::Customer(customer))
}

fn is(object: &Fields<'_>, name: &str, wanted: &str) -> bool {
    object.string(name).is_some_and(|said| said == wanted)
}

fn filled(object: &Fields<'_>, name: &str) -> Option<String> {
    object.usable(name, form::filled_text)
}

fn full_name(object: &Fields<'_>) -> String {
    ["FirstName", "LastName"].into_iter().filter_map(|name| filled(object, name)).collect::<Vec<_>>().join(" ")
}

/// The main person, whose address field may list several people, then those whom the books include in emails.
fn contacts(object: &Fields<'_>, country: Option<&str>) -> Vec<Contact> {
    let emails = |of: &Fields<'_>| address::emails(&of.string("EmailAddress").unwrap_or_default());
    let mut people = address::people(&full_name(object), emails(object), phone_of(object, country));
    let others = object.objects("ContactPersons");
    let included = others.iter().filter(|person| person.is_true("IncludeInEmails")).take(PEOPLE_MAX - 1);
    for (index, of) in included.enumerate() {
        for (at, mut person) in address::people(&full_name(of), emails(of), Ok(None)).into_iter().enumerate() {
            let id = index + 1;
            person.external_id = if at == 0 { format!("person-{id}") } else { format!("person-{id}-{}", at + 1) };
            people.push(person);
        }
    }
    people.truncate(PEOPLE_MAX);
    people
}

/// The three fields of a phone, put together as people would dial it: the first that can be called, else what is wrong with the first.
fn phone_of(object: &Fields<'_>, country: Option<&str>) -> Result<Option<String>, Unusable> {
    let phones = object.objects("Phones");
    let mut spoilt = None;
    for kind in PHONES {
        let Some(phone) = phones.iter().find(|phone| is(phone, "PhoneType", kind)) else { continue };
        let Some(number) = filled(phone, "PhoneNumber") else { continue };
        let area = filled(phone, "PhoneAreaCode").unwrap_or_default();
        let written = match filled(phone, "PhoneCountryCode") {
            Some(code) => format!("+{} {area} {number}", code.trim_start_matches(['+', '0'])),
            None => format!("{area} {number}"),
        };
        match address::phone(&written, country) {
            Ok(Some(number)) => return Ok(Some(number)),
            Ok(None) => {}
            Err(what) => spoilt = spoilt.or(Some(what)),
        }
    }
    spoilt.map_or(Ok(None), Err)
}
