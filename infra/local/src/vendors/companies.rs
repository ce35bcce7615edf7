//! The stand-ins and what happens in their books.

use std::sync::Arc;

use anyhow::Context;
use doubles::{Double, InvoiceTruth, QuickBooks, Xero};
use jiff::civil::Date;

use super::{
    opening,
    realms::{COASTAL, WATTLE},
};

/// The stand-ins.
pub struct Vendors {
    /// QuickBooks Online with the company [`COASTAL`].
    pub quickbooks: QuickBooks,
    /// Xero with the organisation [`WATTLE`].
    pub xero: Xero,
}

/// One of them.
#[derive(Clone, Copy)]
pub struct Vendor<'a> {
    /// The connector that reads it.
    pub source: &'static str,
    /// The stand-in.
    pub double: &'a dyn Double,
    /// Its company.
    pub realm: &'static str,
}

impl Vendors {
    /// Starts both on free ports, with books as they are on a day: some bills overdue, some not due yet. Whoever signs in agrees.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(clock: kit::Clock, today: Date) -> std::io::Result<Self> {
        let clock: doubles::Clock = Arc::new(move || clock.now());
        let own = Self { quickbooks: QuickBooks::start(Arc::clone(&clock)).await?, xero: Xero::start(clock).await? };
        opening::coastal(&own.quickbooks, today);
        opening::wattle(&own.xero, today);
        for vendor in own.all() {
            vendor.double.consent(&[vendor.realm]);
            // Nobody is connected who could hear of how the books began.
            vendor.double.notifications();
        }
        Ok(own)
    }

    /// Both.
    pub fn all(&self) -> [Vendor<'_>; 2] {
        let (quickbooks, xero): (&dyn Double, &dyn Double) = (&self.quickbooks, &self.xero);
        [
            Vendor { source: "quickbooks", double: quickbooks, realm: COASTAL },
            Vendor { source: "xero", double: xero, realm: WATTLE },
        ]
    }

    /// The one that a connector reads.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn of(&self, source: &str) -> anyhow::Result<Vendor<'_>> {
        self.all()
            .into_iter()
            .find(|vendor| vendor.source == source)
            .with_context(|| format!("no stand-in of {source} runs here"))
    }

    /// The invoice of a number, with the vendor's id of it.
    pub fn invoice(&self, vendor: Vendor<'_>, number: &str) -> Option<(String, InvoiceTruth)> {
        let customers = vendor.double.truth(vendor.realm).customers.into_values();
        customers.flat_map(|customer| customer.invoices).find(|(_, invoice)| invoice.number == number)
    }

    /// Pays so much of an invoice, by its number.
    pub fn pay(&self, vendor: Vendor<'_>, number: &str, minor: i64, on: Date) -> Result<(), String> {
        let (id, invoice) = self.invoice(vendor, number).ok_or_else(|| format!("the books have no invoice {number}"))?;
        if !(1..=invoice.open_minor).contains(&minor) {
            return Err(format!("{} minor units are open of invoice {number}: pay 1 to as many", invoice.open_minor));
        }
        // Both companies' currencies have two digits.
        let amount = format!("{}.{:02}", minor / 100, minor % 100);
        match vendor.source {
            "xero" => self.xero.pay(vendor.realm, &id, &amount, on),
            _ => self.quickbooks.pay(vendor.realm, &id, &amount, on),
        };
        Ok(())
    }
}
