//! What tests say when they keep books.

use jiff::civil::Date;

/// A company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Its id: digits.
    pub realm: String,
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// ISO 4217; what invoices are in that name no other.
    pub currency: String,
    /// The IANA name of the zone in which its times are written.
    pub zone: String,
}

impl Company {
    /// An American company on Pacific time.
    pub fn new(realm: &str, name: &str) -> Self {
        let text = str::to_owned;
        Self {
            realm: text(realm),
            name: text(name),
            country: text("US"),
            currency: text("USD"),
            zone: text("America/Los_Angeles"),
        }
    }
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Street.
    pub line1: String,
    /// City.
    pub city: String,
    /// Code of the subdivision.
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// Country, as people write it.
    pub country: String,
}

/// A customer as its form in the books is filled in; empty fields are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// What it is called in lists; unique.
    pub name: String,
    /// The company's name.
    pub company_name: String,
    /// First name of the person.
    pub given_name: String,
    /// Last name of the person.
    pub family_name: String,
    /// One address, or several after commas.
    pub email: String,
    /// As people write it.
    pub phone: String,
    /// As people write it.
    pub mobile: String,
    /// Where bills go.
    pub address: Option<Address>,
    /// The customer that it belongs to.
    pub parent: Option<String>,
    /// Whether its bills go to the parent.
    pub bill_with_parent: bool,
}

impl Customer {
    /// A customer with an email address.
    pub fn new(name: &str, email: &str) -> Self {
        Self { name: name.to_owned(), email: email.to_owned(), ..Self::default() }
    }
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// The customer's id.
    pub customer: String,
    /// The number that people see; `None` counts on from 1001.
    pub number: Option<String>,
    /// What it comes to: `1250.00`.
    pub total: String,
    /// ISO 4217; `None` for the company's own.
    pub currency: Option<String>,
    /// Its date.
    pub issued_on: Date,
    /// When it is due.
    pub due_on: Option<Date>,
    /// Where it goes; `None` is the customer's own address.
    pub bill_email: Option<String>,
    /// Whether it was sent by email.
    pub sent: bool,
}

impl Invoice {
    /// An invoice in the company's own currency.
    pub fn new(customer: &str, total: &str, issued_on: Date, due_on: Date) -> Self {
        let (customer, total) = (customer.to_owned(), total.to_owned());
        Self { customer, number: None, total, currency: None, issued_on, due_on: Some(due_on), bill_email: None, sent: true }
    }
}

/// What an app said of a payment that it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPayment {
    /// What it is known by; at most 21 characters.
    pub reference: String,
    /// The account that it is deposited to.
    pub account: String,
    /// What nobody but the company's own people see.
    pub note: String,
}

/// Money that came in, and what it is applied to. What is left of it is unapplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The customer's id.
    pub customer: String,
    /// What came in; zero for one that only applies credit memos.
    pub total: String,
    /// ISO 4217; `None` for the company's own.
    pub currency: Option<String>,
    /// When.
    pub received_on: Date,
    /// Ids of invoices, and how much of each is paid.
    pub invoices: Vec<(String, String)>,
    /// Ids of credit memos, and how much of each is used.
    pub credit_memos: Vec<(String, String)>,
}

impl Payment {
    /// Money that is applied to nothing yet, in the company's own currency.
    pub fn unapplied(customer: &str, total: &str, received_on: Date) -> Self {
        let (customer, total) = (customer.to_owned(), total.to_owned());
        Self { customer, total, currency: None, received_on, invoices: Vec::new(), credit_memos: Vec::new() }
    }

    /// The same, with so much of it applied to an invoice.
    #[must_use]
    pub fn to(mut self, invoice: &str, amount: &str) -> Self {
        self.invoices.push((invoice.to_owned(), amount.to_owned()));
        self
    }
}
