//! Contacts.

use domain::{Contact, Customer, CustomerKind, Document, PostalAddress, Role};
use jiff::Timestamp;

use crate::{books::Reader, form, json::Flaws, phone, places, raw::Fields};

use super::SOURCE;

/// People of one customer that are taken at most.
const CONTACTS_MAX: usize = 20;
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
        bill_with_parent: false,
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

fn contacts(object: &Fields<'_>, country: Option<&str>) -> Vec<Contact> {
    let person = |id: String, of: &Fields<'_>, phone: Option<String>| Contact {
        external_id: id,
        name: full_name(of),
        roles: vec![Role::Billing],
        email: of.usable("EmailAddress", form::email),
        phone,
        consents: Vec::new(),
        unusable: Vec::new(),
    };
    let main = person("billing".to_owned(), object, phone_of(object, country));
    let others = object.objects("ContactPersons");
    let included = others.iter().filter(|person| person.is_true("IncludeInEmails")).take(CONTACTS_MAX - 1);
    let included = included.enumerate().map(|(index, of)| person(format!("person-{}", index + 1), of, None));
    let reachable = |contact: &Contact| contact.email.is_some() || contact.phone.is_some();
    std::iter::once(main).chain(included).filter(reachable).collect()
}

/// The three fields of a phone, put together as people would dial it.
fn phone_of(object: &Fields<'_>, country: Option<&str>) -> Option<String> {
    let phones = object.objects("Phones");
    PHONES.into_iter().find_map(|kind| {
        let phone = phones.iter().find(|phone| is(phone, "PhoneType", kind))?;
        let number = filled(phone, "PhoneNumber")?;
        let area = filled(phone, "PhoneAreaCode").unwrap_or_default();
        match filled(phone, "PhoneCountryCode") {
            Some(code) => phone::e164(&format!("+{} {area} {number}", code.trim_start_matches(['+', '0'])), country),
            None => phone::e164(&format!("{area} {number}"), country),
        }
    })
}
