//! The answers.

use bytes::Bytes;
use domain::document::ObjectId;
use http::Response;
use jiff::Timestamp;

use crate::{
    Company, Page, Site, Trouble, Unreadable, VendorRequest,
    accounting_api::{self, Reader},
    form,
    json::Flaws,
    raw::Fields,
};

use super::{
    customer, money,
    names::{KINDS, SOURCE},
    requests::{OPEN, OPEN_MAX, QUERY_MAX, QuickBooksPart, Slice},
};

/// What change data capture lists at most, all kinds together.
const CAPTURED_MAX: usize = 1_000;
/// The vendor's error for what was deleted or never was.
const NOT_FOUND: &str = "610";
/// The vendor's error for a query in whose range an object is that it cannot show.
const SPOILT: &str = "4002";
/// The vendor's error for too many requests, which it may say with 403 or 429.
const THROTTLED: [&str; 2] = ["3001", "003001"];

/// Reads the answer to `ask`.
pub fn read(site: &Site<'_>, ask: &VendorRequest, answer: &Response<Bytes>) -> Result<Page, Trouble> {
    let text = std::str::from_utf8(answer.body()).unwrap_or_default();
    let root = Fields::parse(text);
    let fault = root.as_ref().and_then(fault);
    if fault.as_ref().is_some_and(|fault| THROTTLED.contains(&fault.code.as_str())) {
        return Err(Trouble::Limited(accounting_api::retry_after(answer.headers())));
    }
    accounting_api::status(answer)?;
    let root = root.ok_or_else(|| Trouble::Garbled("it is no JSON object, or not all of one".to_owned()))?;
    let as_of = root.usable("time", form::instant);
    let mut reader = Reader { site, source: SOURCE, as_of, page: Page::default() };
    if let Some(fault) = fault {
        return match ask {
            VendorRequest::One { kind, id } if fault.code == NOT_FOUND => {
                if let Some(object) = object_id(&reader, kind, id) {
                    reader.deleted(object, None);
                }
                Ok(reader.page)
            }
            VendorRequest::Changes { page, .. } if is_spoilt(&fault, page) => {
                Ok(spoilt(reader, QuickBooksPart::parse(page.as_deref()), QUERY_MAX))
            }
            VendorRequest::Open { page, .. } | VendorRequest::Past { page, .. } if is_spoilt(&fault, page) => {
                Ok(spoilt(reader, QuickBooksPart::parse(page.as_deref()), OPEN_MAX))
            }
            VendorRequest::WritePayment { .. } if !fault.detail.is_empty() => {
                Err(Trouble::Refused(format!("error {}: {}: {}", fault.code, fault.message, fault.detail)))
            }
            _ => Err(Trouble::Refused(format!("error {}: {}", fault.code, fault.message))),
        };
    }
    if answer.status().as_u16() >= 400 {
        return Err(Trouble::Refused(format!("status {} without the vendor's reason", answer.status().as_u16())));
    }
    if as_of.is_none() {
        return Err(Trouble::Garbled("it does not say its time".to_owned()));
    }
    match ask {
        VendorRequest::Company { page } => company(&mut reader, &root, page.is_none())?,
        VendorRequest::One { kind, .. } => {
            let object = root.object(kind).ok_or_else(|| Trouble::Garbled(format!("it has no {kind}")))?;
            take(&mut reader, kind, &object);
        }
        VendorRequest::Objects { kind, ids } => {
            let found = listed(&root, kind)?;
            let known: Vec<String> = found.iter().filter_map(|object| object.string("Id")).collect();
            found.iter().for_each(|object| take(&mut reader, kind, object));
            reader.page.missing = ids.iter().filter(|id| !known.contains(id)).cloned().collect();
        }
        VendorRequest::Changes { page, .. } => changes(&mut reader, &root, QuickBooksPart::parse(page.as_deref()))?,
        VendorRequest::Open { money_since, page } => {
            let money = if money_since.is_some() { Listed::Unapplied } else { Listed::Invoices };
            open(&mut reader, &root, QuickBooksPart::parse(page.as_deref()), money)?
        }
        VendorRequest::Past { page, .. } => open(&mut reader, &root, QuickBooksPart::parse(page.as_deref()), Listed::All)?,
        VendorRequest::FindPayment { .. } => {
            listed(&root, "Payment")?.iter().for_each(|object| take(&mut reader, "Payment", object))
        }
        VendorRequest::WritePayment { .. } => {
            let object = root.object("Payment").ok_or_else(|| Trouble::Garbled("it has no Payment".to_owned()))?;
            take(&mut reader, "Payment", &object);
        }
    }
    Ok(Page { as_of, ..reader.page })
}

/// The vendor's own word for why it did not answer.
struct Fault {
    code: String,
    message: String,
    /// Why, where the message only says that it was refused.
    detail: String,
}

fn fault(root: &Fields<'_>) -> Option<Fault> {
    let fault = root.object("Fault").or_else(|| root.object("fault"))?;
    // Refusals of the gateway before the API spell their names in lower case.
    let errors = ["Error", "error"].map(|name| fault.objects(name));
    let first = errors.iter().flatten().next();
    let text = |name: &str| first.and_then(|error| error.string(name));
    let short = |text: Option<String>| -> String { form::one_line(&text.unwrap_or_default()).chars().take(200).collect() };
    let message = short(text("Message").or_else(|| text("message")));
    let detail = short(text("Detail").or_else(|| text("detail")));
    Some(Fault { code: text("code").unwrap_or_default(), message, detail })
}

/// The objects of a query's answer. One that found nothing has no list of them.
fn listed<'a>(root: &Fields<'a>, kind: &str) -> Result<Vec<Fields<'a>>, Trouble> {
    let response = root.object("QueryResponse").ok_or_else(|| Trouble::Garbled("it has no QueryResponse".to_owned()))?;
    Ok(response.objects(kind))
}

fn company(reader: &mut Reader<'_>, root: &Fields<'_>, first: bool) -> Result<(), Trouble> {
    let mut said = Company::default();
    if first {
        let info = root.object("CompanyInfo").ok_or_else(|| Trouble::Garbled("it has no CompanyInfo".to_owned()))?;
        said.name = info.usable("CompanyName", form::filled_text);
        said.country = info.string("Country").and_then(|name| crate::places::country(&name));
        reader.page.next = Some("preferences".to_owned());
    } else {
        let preferences = listed(root, "Preferences")?;
        let home = preferences.first().and_then(|preferences| preferences.object("CurrencyPrefs")?.object("HomeCurrency"));
        said.currency = home.and_then(|home| home.usable("value", form::currency));
    }
    reader.page.company = Some(said);
    Ok(())
}

fn changes(reader: &mut Reader<'_>, root: &Fields<'_>, part: QuickBooksPart) -> Result<(), Trouble> {
    let after = |kind: usize| if kind + 1 < KINDS.len() { QuickBooksPart::Captured(kind + 1).name() } else { None };
    match part {
        QuickBooksPart::All => {
            if captured(reader, root)? >= CAPTURED_MAX {
                reader.page.next = QuickBooksPart::Captured(0).name();
            }
        }
        QuickBooksPart::Captured(kind) => {
            let full = captured(reader, root)? >= CAPTURED_MAX;
            // The query pages, but does not know what was deleted: only comparing the books finds that.
            reader.page.incomplete = full;
            reader.page.next = if full { QuickBooksPart::Queried(Slice::first(kind)).name() } else { after(kind) };
        }
        QuickBooksPart::Queried(of) => {
            let objects = listed(root, KINDS[of.kind])?;
            objects.iter().for_each(|object| take(reader, KINDS[of.kind], object));
            let full = objects.len() >= of.size.unwrap_or(QUERY_MAX);
            reader.page.next = if full { QuickBooksPart::Queried(of.after(QUERY_MAX)).name() } else { after(of.kind) };
        }
        QuickBooksPart::Named(of) => named(reader, root, of, QUERY_MAX)?,
    }
    Ok(())
}

/// Whether a refusal is about one object in the range. Where its id alone was asked for, any refusal is: the others wait for no name.
fn is_spoilt(fault: &Fault, page: &Option<String>) -> bool {
    fault.code == SPOILT || matches!(QuickBooksPart::parse(page.as_deref()), QuickBooksPart::Named(_))
}

/// What is asked for next where one object spoils the answer: each half alone, and in the end the id of that one object.
fn spoilt(reader: Reader<'_>, part: QuickBooksPart, max: usize) -> Page {
    let Reader { as_of, mut page, .. } = reader;
    page.as_of = as_of;
    let next = match part {
        // Kind by kind, then by query, which can be halved, but does not know what was deleted.
        QuickBooksPart::All if max == QUERY_MAX => QuickBooksPart::Captured(0),
        QuickBooksPart::Captured(kind) => {
            page.incomplete = true;
            QuickBooksPart::Queried(Slice::first(kind))
        }
        QuickBooksPart::All => QuickBooksPart::Queried(Slice::first(OPEN[0]).half(max).unwrap_or(Slice::first(OPEN[0]))),
        QuickBooksPart::Queried(of) => of.half(max).map_or(QuickBooksPart::Named(of), QuickBooksPart::Queried),
        QuickBooksPart::Named(of) => {
            page.unreadable.push(sick(of, String::new()));
            QuickBooksPart::Queried(of.after(max))
        }
    };
    page.next = next.name();
    page
}

/// Names the one object of a slice, and goes on behind it.
fn named(reader: &mut Reader<'_>, root: &Fields<'_>, of: Slice, max: usize) -> Result<(), Trouble> {
    let id = listed(root, KINDS[of.kind])?.first().and_then(|object| object.usable("Id", form::id));
    reader.page.unreadable.push(sick(of, id.unwrap_or_default()));
    reader.page.next = QuickBooksPart::Queried(of.after(max)).name();
    Ok(())
}

fn sick(of: Slice, id: String) -> Unreadable {
    let place = if id.is_empty() { format!(" at position {}", of.from) } else { String::new() };
    let detail = format!(
        "the vendor cannot show the object{place} and refuses each query with it (error {SPOILT}); save it anew in the books"
    );
    Unreadable { kind: KINDS[of.kind], id, detail, withdrawn: false }
}

/// Takes what change data capture lists; answers how many objects.
fn captured(reader: &mut Reader<'_>, root: &Fields<'_>) -> Result<usize, Trouble> {
    if !root.is_list("CDCResponse") {
        return Err(Trouble::Garbled("it has no CDCResponse".to_owned()));
    }
    let mut count = 0;
    for response in root.objects("CDCResponse") {
        if let Some(fault) = fault(&response) {
            return Err(Trouble::Refused(format!("error {}: {}", fault.code, fault.message)));
        }
        for found in response.objects("QueryResponse") {
            for kind in KINDS {
                let objects = found.objects(kind);
                count += objects.len();
                objects.iter().for_each(|object| take(reader, kind, object));
            }
        }
    }
    Ok(count)
}

/// What is listed kind by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    /// Invoices alone.
    Invoices,
    /// Invoices, credit memos, and payments that are not linked to any.
    Unapplied,
    /// Invoices, credit memos and payments.
    All,
}

fn open(reader: &mut Reader<'_>, root: &Fields<'_>, part: QuickBooksPart, money: Listed) -> Result<(), Trouble> {
    let of = match part {
        QuickBooksPart::Queried(of) => of,
        QuickBooksPart::Named(of) => return named(reader, root, of, OPEN_MAX),
        QuickBooksPart::All | QuickBooksPart::Captured(_) => Slice::first(OPEN[0]),
    };
    let kind = KINDS[of.kind];
    let objects = listed(root, kind)?;
    for object in &objects {
        // Money that is linked to invoices is in their balances already.
        let applied = money != Listed::All && kind == "Payment" && money::is_applied(object);
        if !applied {
            take(reader, kind, object);
        }
    }
    let place = OPEN.iter().position(|open| *open == of.kind).unwrap_or(0);
    reader.page.next = if objects.len() >= of.size.unwrap_or(OPEN_MAX) {
        QuickBooksPart::Queried(of.after(OPEN_MAX)).name()
    } else if money != Listed::Invoices && place + 1 < OPEN.len() {
        QuickBooksPart::Queried(Slice::first(OPEN[place + 1])).name()
    } else {
        None
    };
    Ok(())
}

/// The id of an object that can be withdrawn; customers are never deleted, only made inactive.
fn object_id(reader: &Reader<'_>, kind: &str, id: &str) -> Option<ObjectId> {
    match kind {
        "Invoice" => Some(ObjectId::Invoice(reader.invoice_id(id))),
        "Payment" | "CreditMemo" => Some(ObjectId::Payment(reader.payment_id(kind, id))),
        _ => None,
    }
}

fn take(reader: &mut Reader<'_>, kind: &str, object: &Fields<'_>) {
    let Some(kind) = KINDS.into_iter().find(|known| *known == kind) else { return };
    let mut flaws = Flaws::default();
    let id = object.required(&mut flaws, "Id", form::id);
    let updated = object.object("MetaData").and_then(|data| data.required(&mut flaws, "LastUpdatedTime", form::instant));
    let withdraw = id.as_deref().and_then(|id| object_id(reader, kind, id));
    if object.string("status").is_some_and(|status| status == "Deleted") {
        if let Some(object) = withdraw {
            reader.deleted(object, updated);
        }
        return;
    }
    if updated.is_none() && flaws.count() == 0 {
        flaws.add("/MetaData", "is missing");
    }
    let read = id.as_deref().zip(updated).and_then(|(id, updated): (&str, Timestamp)| match kind {
        "Customer" => customer::read(&mut flaws, reader, object, id, updated),
        "Invoice" => money::invoice(&mut flaws, reader, object, id, updated),
        "Payment" => money::payment(&mut flaws, reader, object, id, updated),
        _ => money::credit_memo(&mut flaws, reader, object, id, updated),
    });
    reader.take(kind, id, read, flaws, withdraw.filter(|_| kind == "Invoice").map(|object| (object, updated)));
}
