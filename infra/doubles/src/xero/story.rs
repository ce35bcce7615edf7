//! What tests say when they keep books.

use jiff::civil::Date;

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its tenant id: a UUID.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// ISO 4217; what invoices are in that name no other.
    pub currency: String,
}

impl Organisation {
    /// An organisation in New Zealand.
    pub fn new(tenant: &str, name: &str) -> Self {
        let text = str::to_owned;
        Self { tenant: text(tenant), name: text(name), country: text("NZ"), currency: text("NZD") }
    }
}

/// Whose side a document is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What customers owe.
    Sales,
    /// What is owed to suppliers.
    Purchases,
}

/// A person of a contact besides the main one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Email address.
    pub email: String,
    /// Whether invoices go to this person too.
    pub include_in_emails: bool,
}

/// A phone as its three fields are filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phone {
    /// `DEFAULT`, `MOBILE`, `DDI` or `FAX`.
    pub kind: String,
    /// Country code: `64`.
    pub country: String,
    /// Area code.
    pub area: String,
    /// The rest.
    pub number: String,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Street.
    pub line1: String,
    /// City.
    pub city: String,
    /// Region.
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// Country, as people write it.
    pub country: String,
}

/// A contact as its form in the books is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Its name; unique.
    pub name: String,
    /// First name of the main person.
    pub first_name: String,
    /// Last name of the main person.
    pub last_name: String,
    /// Email address of the main person.
    pub email: String,
    /// Registration number; empty for none.
    pub company_number: String,
    /// Further people.
    pub persons: Vec<Person>,
    /// Phones; the kinds that are left out are empty.
    pub phones: Vec<Phone>,
    /// Where invoices go.
    pub address: Option<Address>,
}

impl Contact {
    /// A contact with an email address.
    pub fn new(name: &str, email: &str) -> Self {
        Self { name: name.to_owned(), email: email.to_owned(), ..Self::default() }
    }
}

/// An invoice or, on the side of purchases, a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// The contact's id.
    pub contact: String,
    /// Sales for an invoice (`ACCREC`), purchases for a bill (`ACCPAY`).
    pub side: Side,
    /// The number that people see; `None` counts on: `INV-0001`.
    pub number: Option<String>,
    /// What the customer calls it, such as an order number.
    pub reference: String,
    /// What it comes to: `1250.00`.
    pub total: String,
    /// ISO 4217; `None` for the organisation's own.
    pub currency: Option<String>,
    /// Its date.
    pub issued_on: Date,
    /// When it is due.
    pub due_on: Date,
    /// Whether it is still a draft.
    pub draft: bool,
}

impl Invoice {
    /// An approved invoice in the organisation's own currency.
    pub fn new(contact: &str, total: &str, issued_on: Date, due_on: Date) -> Self {
        let (contact, total) = (contact.to_owned(), total.to_owned());
        let (side, reference) = (Side::Sales, String::new());
        Self { contact, side, number: None, reference, total, currency: None, issued_on, due_on, draft: false }
    }
}

/// What a credit came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditKind {
    /// A credit note.
    Note,
    /// More was paid than was owed.
    Overpayment,
    /// It was paid before there was an invoice.
    Prepayment,
}

/// A credit note, overpayment or prepayment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// What it came from.
    pub kind: CreditKind,
    /// The contact's id.
    pub contact: String,
    /// Sales for a customer's credit.
    pub side: Side,
    /// What it comes to.
    pub total: String,
    /// ISO 4217; `None` for the organisation's own.
    pub currency: Option<String>,
    /// Its date.
    pub issued_on: Date,
}

impl Credit {
    /// A customer's approved credit in the organisation's own currency.
    pub fn new(kind: CreditKind, contact: &str, total: &str, issued_on: Date) -> Self {
        let (contact, total) = (contact.to_owned(), total.to_owned());
        Self { kind, contact, side: Side::Sales, total, currency: None, issued_on }
    }
}
