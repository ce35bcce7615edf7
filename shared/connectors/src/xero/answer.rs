//! The answers.

use bytes::Bytes;
use domain::document::ObjectId;
use http::Response;

use crate::{
    Company, Page, Realm, Site, Trouble, VendorRequest,
    accounting_api::{self, Reader},
    form,
    json::Flaws,
    raw::Fields,
};

use super::{
    contact, money,
    names::{KINDS, SOURCE},
    payment_body,
    requests::{OPEN, PAGE_SIZE, PAST, PAYMENTS, XeroPart},
    time,
};

/// Reads the answer to `ask`.
pub fn read(site: &Site<'_>, ask: &VendorRequest, answer: &Response<Bytes>) -> Result<Page, Trouble> {
    accounting_api::status(answer)?;
    let mut reader = Reader { site, source: SOURCE, as_of: None, page: Page::default() };
    if answer.status().as_u16() == 404 {
        return match ask {
            // The body of a 404 is plain text; the answer's own date is the vendor's clock.
            VendorRequest::One { kind, id } => {
                reader.as_of = date(answer);
                if let Some(object) = object_id(&reader, kind, id) {
                    reader.deleted(object, None);
                }
                Ok(reader.page)
            }
            _ => Err(Trouble::Refused("status 404: the organisation or the address is unknown".to_owned())),
        };
    }
    let text = std::str::from_utf8(answer.body()).unwrap_or_default();
    let root = Fields::parse(text).ok_or_else(|| Trouble::Garbled("it is no JSON object, or not all of one".to_owned()))?;
    if answer.status().as_u16() >= 400 {
        let said = if matches!(ask, VendorRequest::WritePayment { .. }) { payment_body::refusal(&root) } else { None };
        let message = said.or_else(|| root.usable("Message", form::text)).unwrap_or_default();
        return Err(Trouble::Refused(message.chars().take(200).collect()));
    }
    reader.as_of = root.string("DateTimeUTC").and_then(|text| time::instant(&text));
    if reader.as_of.is_none() {
        return Err(Trouble::Garbled("it does not say its DateTimeUTC".to_owned()));
    }
    match ask {
        VendorRequest::Company { .. } => reader.page.company = Some(company(&root)?),
        VendorRequest::One { kind, .. } => {
            let found = listed(&root, kind)?;
            found.iter().for_each(|object| take(&mut reader, kind, object));
        }
        VendorRequest::Objects { kind, ids } => {
            let found = listed(&root, kind)?;
            let field = id_field(kind);
            let known: Vec<String> = found.iter().filter_map(|object| object.string(&field)).collect();
            found.iter().for_each(|object| take(&mut reader, kind, object));
            reader.page.missing =
                ids.iter().filter(|id| !known.iter().any(|one| one.eq_ignore_ascii_case(id))).cloned().collect();
        }
        VendorRequest::Changes { page, .. } | VendorRequest::Past { page, .. } => {
            let first = if matches!(ask, VendorRequest::Past { .. }) { PAST } else { 0 };
            let part = XeroPart::parse(page.as_deref(), first);
            let full = whole_page(&mut reader, &root, part)?;
            let next = if full { XeroPart { page: part.page + 1, ..part } } else { XeroPart { kind: part.kind + 1, page: 1 } };
            reader.page.next = next.name();
        }
        VendorRequest::Open { money_since, page } => {
            let part = XeroPart::parse(page.as_deref(), OPEN[0]);
            let full = whole_page(&mut reader, &root, part)?;
            let place = OPEN.iter().position(|kind| *kind == part.kind).unwrap_or(0);
            reader.page.next = match OPEN.get(place + 1) {
                _ if full => XeroPart { page: part.page + 1, ..part }.name(),
                Some(kind) if money_since.is_some() => XeroPart { kind: *kind, page: 1 }.name(),
                Some(_) | None => None,
            };
        }
        VendorRequest::FindPayment { page, .. } => {
            let part = XeroPart::parse(page.as_deref(), PAYMENTS);
            let full = whole_page(&mut reader, &root, part)?;
            reader.page.next = if full { XeroPart { page: part.page + 1, ..part }.name() } else { None };
        }
        VendorRequest::WritePayment { .. } => {
            // The vendor may say with a 200 that it wrote nothing.
            if let Some(message) = payment_body::refusal(&root) {
                return Err(Trouble::Refused(message));
            }
            listed(&root, KINDS[PAYMENTS])?.iter().for_each(|object| take(&mut reader, KINDS[PAYMENTS], object));
        }
    }
    Ok(Page { as_of: reader.as_of, ..reader.page })
}

/// Where a customer can see an invoice.
pub fn link(answer: &Response<Bytes>) -> Option<String> {
    let root = Fields::parse(std::str::from_utf8(answer.body()).ok().filter(|_| answer.status().is_success())?)?;
    root.objects("OnlineInvoices").first()?.usable("OnlineInvoiceUrl", form::url)
}

/// The organisations that were agreed to; a list, of which each has its id and mostly a name.
pub fn realms(answer: &Response<Bytes>) -> Option<Vec<Realm>> {
    let list: Vec<serde_json::Value> = serde_json::from_slice(answer.body()).ok()?;
    let text = |item: &serde_json::Value, name: &str| item.get(name).and_then(|text| text.as_str()).map(str::to_owned);
    list.iter().map(|item| Some(Realm { id: text(item, "tenantId")?, name: text(item, "tenantName") })).collect()
}

fn date(answer: &Response<Bytes>) -> Option<jiff::Timestamp> {
    let text = answer.headers().get(http::header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

fn company(root: &Fields<'_>) -> Result<Company, Trouble> {
    let found = root.objects("Organisations");
    let organisation = found.first().ok_or_else(|| Trouble::Garbled("it has no Organisations".to_owned()))?;
    Ok(Company {
        name: organisation.usable("Name", form::filled_text),
        country: organisation.usable("CountryCode", form::country),
        currency: organisation.usable("BaseCurrency", form::currency),
    })
}

fn listed<'a>(root: &Fields<'a>, kind: &str) -> Result<Vec<Fields<'a>>, Trouble> {
    if root.is_list(kind) { Ok(root.objects(kind)) } else { Err(Trouble::Garbled(format!("it has no list of {kind}"))) }
}

/// Takes a page; answers whether another follows.
fn whole_page(reader: &mut Reader<'_>, root: &Fields<'_>, part: XeroPart) -> Result<bool, Trouble> {
    let found = listed(root, KINDS[part.kind])?;
    found.iter().for_each(|object| take(reader, KINDS[part.kind], object));
    let pages = root.object("pagination").and_then(|pages| pages.value("pageCount")).and_then(|count| count.as_u64());
    Ok(pages.map_or(found.len() >= PAGE_SIZE, |pages| u64::try_from(part.page).is_ok_and(|page| page < pages)))
}

fn id_field(kind: &str) -> String {
    format!("{}ID", kind.trim_end_matches('s'))
}

/// The id of an object that can be withdrawn; contacts are archived, not deleted.
fn object_id(reader: &Reader<'_>, kind: &str, id: &str) -> Option<ObjectId> {
    match kind {
        "Invoices" => Some(ObjectId::Invoice(reader.invoice_id(id))),
        "CreditNotes" | "Payments" | "Overpayments" | "Prepayments" => {
            Some(ObjectId::Payment(reader.payment_id(KINDS.into_iter().find(|known| *known == kind)?, id)))
        }
        _ => None,
    }
}

fn take(reader: &mut Reader<'_>, kind: &str, object: &Fields<'_>) {
    let Some(kind) = KINDS.into_iter().find(|known| *known == kind) else { return };
    if !money::is_ours(kind, object) {
        return;
    }
    let mut flaws = Flaws::default();
    let id = object.required(&mut flaws, &id_field(kind), form::id);
    let updated = time::updated(object);
    if updated.is_none() {
        flaws.add(object.pointer("UpdatedDateUTC"), "is missing or no instant");
    }
    let withdraw = id.as_deref().and_then(|id| object_id(reader, kind, id));
    let read = id.as_deref().zip(updated).and_then(|(id, updated)| match kind {
        "Contacts" => contact::read(&mut flaws, reader, object, id, updated),
        "Invoices" => money::invoice(&mut flaws, reader, object, id, updated),
        "Payments" => money::payment(&mut flaws, reader, object, id, updated),
        _ => money::credit(&mut flaws, reader, kind, object, id, updated),
    });
    reader.take(kind, id, read, flaws, withdraw.filter(|_| kind == "Invoices").map(|object| (object, updated)));
}
