//! How the books begin.

use doubles::{QuickBooks, Xero, quickbooks, xero};
use jiff::{ToSpan, civil::Date};

use super::{COASTAL, WATTLE};

/// A shop on the American coast.
pub fn coastal(books: &QuickBooks, today: Date) {
    books.add_company(quickbooks::Company {
        zone: "America/New_York".to_owned(),
        ..quickbooks::Company::new(COASTAL, "Coastal Supplies")
    });
    let address = |region: &str, city: &str| {
        let [line1, postal_code] = ["1 Harbor Street", ""].map(str::to_owned);
        Some(quickbooks::Address {
            line1,
            city: city.to_owned(),
            region: region.to_owned(),
            postal_code,
            country: "US".to_owned(),
        })
    };
    let buyer = |name: &str, email: &str, region: &str, city: &str| {
        let form = quickbooks::Customer {
            company_name: name.to_owned(),
            address: address(region, city),
            ..quickbooks::Customer::new(name, email)
        };
        books.add_customer(COASTAL, form)
    };
    let bill = |customer: &str, total: &str, due_in: i64| {
        let due_on = today + due_in.days();
        books.add_invoice(COASTAL, quickbooks::Invoice::new(customer, total, due_on - 30.days(), due_on));
    };
    let marina = buyer("Bluewater Marina", "ap@bluewater.example", "FL", "Miami");
    bill(&marina, "1840.00", -10);
    let inn = buyer("Harbor Lights Inn", "accounts@harborlights.example", "ME", "Portland");
    bill(&inn, "620.50", -3);
    let charters = buyer("Pelican Bay Charters", "billing@pelicanbay.example", "SC", "Charleston");
    bill(&charters, "300.00", -20);
    bill(&charters, "450.00", -5);
    let gallery = buyer("Sandpiper Gallery", "owner@sandpiper.example", "NJ", "Cape May");
    bill(&gallery, "975.00", 5);
}

/// A wholesaler in Sydney.
pub fn wattle(books: &Xero, today: Date) {
    let [country, currency] = ["AU", "AUD"].map(str::to_owned);
    books.add_organisation(xero::Organisation { country, currency, ..xero::Organisation::new(WATTLE, "Wattle & Co") });
    let buyer = |name: &str, email: &str, region: &str, city: &str| {
        let [line1, postal_code, country] = ["1 George Street", "2000", "Australia"].map(str::to_owned);
        let address = Some(xero::Address { line1, city: city.to_owned(), region: region.to_owned(), postal_code, country });
        let company_number = "004 085 616".to_owned();
        books.add_contact(WATTLE, xero::Contact { company_number, address, ..xero::Contact::new(name, email) })
    };
    let bill = |contact: &str, total: &str, due_in: i64| {
        let due_on = today + due_in.days();
        books.add_invoice(WATTLE, xero::Invoice::new(contact, total, due_on - 30.days(), due_on))
    };
    let books_shop = buyer("Banksia Books", "accounts@banksia.example", "NSW", "Sydney");
    bill(&books_shop, "410.00", -9);
    let garden = buyer("Lyrebird Landscapes", "pay@lyrebird.example", "VIC", "Melbourne");
    bill(&garden, "2300.00", -2);
    let coffee = buyer("Frogmouth Coffee", "hello@frogmouth.example", "QLD", "Brisbane");
    bill(&coffee, "185.40", 4);
}
