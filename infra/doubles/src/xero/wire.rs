//! Objects as the vendor writes them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    filter::{invoice_kind, payment_kind, payment_status},
    ledger::{ContactRow, CreditRow, InvoiceRow, Ledger, PaymentRow, Status},
    story::{Address, CreditKind, Side},
};
use crate::money;

/// How much of an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// As in a list without pages: no lines.
    Listed,
    /// As in a page of a list: with lines, and with a contact that is but a name.
    Paged,
    /// As by itself: with all of its contact.
    Whole,
}

/// The object of a list with that id.
pub fn object(ledger: &Ledger, list: &str, id: &str, depth: Depth) -> Option<Value> {
    match list {
        "Contacts" => Some(contact(ledger, id, ledger.contacts.get(id)?, depth)),
        "Invoices" => Some(invoice(ledger, id, ledger.invoices.get(id)?, depth)),
        "Payments" => payment(ledger, id, ledger.payments.get(id)?),
        "CreditNotes" | "Overpayments" | "Prepayments" => {
            let row = ledger.credits.get(id).filter(|row| list_of(row.kind) == list)?;
            Some(credit(ledger, id, row, depth))
        }
        _ => None,
    }
}

fn list_of(kind: CreditKind) -> &'static str {
    match kind {
        CreditKind::Note => "CreditNotes",
        CreditKind::Overpayment => "Overpayments",
        CreditKind::Prepayment => "Prepayments",
    }
}

/// `/Date(1551981568133+0000)/`.
pub fn instant(at: Timestamp) -> Value {
    json!(format!("/Date({}+0000)/", at.as_millisecond()))
}

fn instant_text(at: Timestamp) -> Value {
    json!(at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())
}

/// A date as the instant at which it begins in UTC.
fn date(on: Date) -> Value {
    on.to_zoned(TimeZone::UTC).map_or(Value::Null, |zoned| instant(zoned.timestamp()))
}

fn date_text(on: Date) -> Value {
    json!(format!("{on}T00:00:00"))
}

/// A contact that is but a name.
fn named(ledger: &Ledger, id: &str) -> Value {
    json!({
        "ContactID": id,
        "Name": ledger.contacts.get(id).map(|row| row.form.name.as_str()),
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": false,
    })
}

fn contact_of(ledger: &Ledger, id: &str, depth: Depth) -> Value {
    match ledger.contacts.get(id).filter(|_| depth == Depth::Whole) {
        Some(row) => contact(ledger, id, row, depth),
        None => named(ledger, id),
    }
}

fn contact(ledger: &Ledger, id: &str, row: &ContactRow, depth: Depth) -> Value {
    let form = &row.form;
    let phones = ["DDI", "DEFAULT", "FAX", "MOBILE"].map(|kind| {
        let phone = form.phones.iter().find(|phone| phone.kind == kind).cloned().unwrap_or_default();
        json!({ "PhoneType": kind, "PhoneNumber": phone.number, "PhoneAreaCode": phone.area, "PhoneCountryCode": phone.country })
    });
    let address = |kind: &str, of: &Address| {
        json!({ "AddressType": kind, "AddressLine1": of.line1, "City": of.city, "Region": of.region,
                "PostalCode": of.postal_code, "Country": of.country })
    };
    let empty = json!({ "AddressType": "STREET", "City": "", "Region": "", "PostalCode": "", "Country": "" });
    let postal = address("POBOX", form.address.as_ref().unwrap_or(&Address::default()));
    let people = form.persons.iter().filter(|_| depth != Depth::Listed).map(|person| {
        json!({ "FirstName": person.first_name, "LastName": person.last_name, "EmailAddress": person.email,
                "IncludeInEmails": person.include_in_emails })
    });
    let (outstanding, owed) = (balance(ledger, id, Side::Sales), balance(ledger, id, Side::Purchases));
    let mut written = json!({
        "ContactID": id,
        "ContactStatus": row.status,
        "Name": form.name,
        "FirstName": form.first_name,
        "LastName": form.last_name,
        "EmailAddress": form.email,
        "BankAccountDetails": "",
        "TaxNumber": "",
        "Addresses": [empty, postal],
        "Phones": phones,
        "UpdatedDateUTC": instant(row.updated),
        "ContactGroups": [],
        "IsSupplier": has(ledger, id, Side::Purchases),
        "IsCustomer": has(ledger, id, Side::Sales),
        "SalesDefaultLineAmountType": "INCLUSIVE",
        "PurchasesDefaultLineAmountType": "INCLUSIVE",
        "Balances": { "AccountsReceivable": { "Outstanding": outstanding, "Overdue": 0.0 },
                      "AccountsPayable": { "Outstanding": owed, "Overdue": 0.0 } },
        "ContactPersons": people.collect::<Vec<_>>(),
        "HasAttachments": false,
        "HasValidationErrors": false,
    });
    if !form.company_number.is_empty() {
        written["CompanyNumber"] = json!(form.company_number);
    }
    written
}

fn has(ledger: &Ledger, contact: &str, side: Side) -> bool {
    ledger.invoices.values().any(|row| row.contact == contact && row.side == side)
}

fn balance(ledger: &Ledger, contact: &str, side: Side) -> Value {
    let own = &ledger.organisation.currency;
    let owed = ledger.invoices.values().filter(|row| row.contact == contact && row.side == side && row.currency == *own);
    let owed = owed.filter(|row| row.status == Status::Authorised).map(InvoiceRow::due).sum();
    money::number(owed, own)
}

fn lines(total: &Value, depth: Depth) -> Value {
    if depth == Depth::Listed {
        return json!([]);
    }
    json!([{ "Description": "Services", "UnitAmount": total, "TaxType": "NONE", "TaxAmount": 0.0, "LineAmount": total,
             "AccountCode": "200", "Tracking": [], "Quantity": 1.0 }])
}

fn invoice(ledger: &Ledger, id: &str, row: &InvoiceRow, depth: Depth) -> Value {
    let amount = |minor: i64| money::number(minor, &row.currency);
    let payments = row.payments.iter().filter_map(|(id, minor)| {
        let payment = ledger.payments.get(id)?;
        Some(json!({ "PaymentID": id, "Date": date(payment.paid_on), "Amount": amount(*minor), "CurrencyRate": 1.0,
                     "HasAccount": false, "HasValidationErrors": false }))
    });
    let credits = |wanted: CreditKind, id_name: &str| -> Vec<Value> {
        let of = |id: &String| ledger.credits.get(id).filter(|credit| credit.kind == wanted);
        let ours = row.credits.iter().filter_map(|(id, minor)| of(id).map(|credit| (id, minor, credit)));
        let each = ours.map(|(id, minor, credit)| {
            let total = amount(credit.total);
            json!({ id_name: id, "ID": id, "AppliedAmount": amount(*minor), "Date": date(credit.issued_on), "Total": total })
        });
        each.collect()
    };
    let mut written = json!({
        "Type": invoice_kind(row.side),
        "InvoiceID": id,
        "InvoiceNumber": row.number,
        "Reference": row.reference,
        "Payments": payments.collect::<Vec<_>>(),
        "CreditNotes": credits(CreditKind::Note, "CreditNoteID"),
        "Prepayments": credits(CreditKind::Prepayment, "PrepaymentID"),
        "Overpayments": credits(CreditKind::Overpayment, "OverpaymentID"),
        "AmountDue": amount(row.due()),
        "AmountPaid": amount(row.paid()),
        "AmountCredited": amount(row.credited()),
        "SentToContact": true,
        "CurrencyRate": 1.0,
        "HasErrors": false,
        "IsDiscounted": false,
        "HasAttachments": false,
        "Contact": contact_of(ledger, &row.contact, depth),
        "DateString": date_text(row.issued_on),
        "Date": date(row.issued_on),
        "DueDateString": date_text(row.due_on),
        "DueDate": date(row.due_on),
        "Status": row.status.name(),
        "LineAmountTypes": "Exclusive",
        "LineItems": lines(&amount(row.total), depth),
        "SubTotal": amount(row.total),
        "TotalTax": amount(0),
        "Total": amount(row.total),
        "UpdatedDateUTC": instant(row.updated),
        "UpdatedDateUTCString": instant_text(row.updated),
        "CurrencyCode": row.currency,
    });
    if let Some(on) = row.fully_paid_on {
        written["FullyPaidOnDate"] = date(on);
    }
    written
}

fn payment(ledger: &Ledger, id: &str, row: &PaymentRow) -> Option<Value> {
    let invoice = ledger.invoices.get(&row.invoice)?;
    let amount = money::number(row.amount, &invoice.currency);
    Some(json!({
        "PaymentID": id,
        "Date": date(row.paid_on),
        "BankAmount": amount,
        "Amount": amount,
        "Reference": row.reference,
        "CurrencyRate": 1.0,
        "PaymentType": payment_kind(invoice.side),
        "Status": payment_status(row.deleted),
        "UpdatedDateUTC": instant(row.updated),
        "UpdatedDateUTCString": instant_text(row.updated),
        "HasAccount": true,
        "IsReconciled": false,
        "Account": { "AccountID": "5690f1e8-1d02-4893-90c2-ee1a69eff942", "Code": row.account },
        "Invoice": {
            "Type": invoice_kind(invoice.side),
            "InvoiceID": row.invoice,
            "InvoiceNumber": invoice.number,
            "Payments": [],
            "CreditNotes": [],
            "Prepayments": [],
            "Overpayments": [],
            "HasErrors": false,
            "IsDiscounted": false,
            "Contact": named(ledger, &invoice.contact),
            "LineItems": [],
            "CurrencyCode": invoice.currency,
        },
        "HasValidationErrors": false,
    }))
}

fn credit(ledger: &Ledger, id: &str, row: &CreditRow, depth: Depth) -> Value {
    let amount = |minor: i64| money::number(minor, &row.currency);
    let allocations = row.allocations.iter().map(|allocation| {
        let invoice = ledger.invoices.get(&allocation.invoice).map(|invoice| invoice.number.as_str());
        json!({ "AllocationID": allocation.id, "Amount": amount(allocation.amount), "Date": date(allocation.on),
                "Invoice": { "InvoiceID": allocation.invoice, "InvoiceNumber": invoice }, "IsDeleted": false })
    });
    let mut written = json!({
        "ID": id,
        "Payments": [],
        "CurrencyRate": 1.0,
        "Type": row.kind_name(),
        "Reference": "",
        "RemainingCredit": amount(row.left()),
        "Allocations": allocations.collect::<Vec<_>>(),
        "HasAttachments": false,
        "Contact": contact_of(ledger, &row.contact, depth),
        "DateString": date_text(row.issued_on),
        "Date": date(row.issued_on),
        "Status": row.status.name(),
        "LineAmountTypes": "Exclusive",
        "LineItems": lines(&amount(row.total), depth),
        "SubTotal": amount(row.total),
        "TotalTax": amount(0),
        "Total": amount(row.total),
        "UpdatedDateUTC": instant(row.updated),
        "UpdatedDateUTCString": instant_text(row.updated),
        "CurrencyCode": row.currency,
    });
    match row.kind {
        CreditKind::Note => {
            written["CreditNoteID"] = json!(id);
            written["CreditNoteNumber"] = json!(row.number);
        }
        CreditKind::Overpayment => written["OverpaymentID"] = json!(id),
        CreditKind::Prepayment => written["PrepaymentID"] = json!(id),
    }
    written
}

pub fn organisation(ledger: &Ledger) -> Value {
    let of = &ledger.organisation;
    json!({
        "Name": of.name,
        "LegalName": of.name,
        "PaysTax": true,
        "Version": of.country,
        "OrganisationType": "COMPANY",
        "BaseCurrency": of.currency,
        "CountryCode": of.country,
        "IsDemoCompany": false,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 3,
        "CreatedDateUTC": format!("/Date({})/", ledger.connected.as_millisecond()),
        "OrganisationEntityType": "COMPANY",
        "Timezone": "NEWZEALANDSTANDARDTIME",
        "ShortCode": "!mBdtL",
        "OrganisationID": of.tenant,
        "Edition": "BUSINESS",
        "Class": "PREMIUM",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    })
}
