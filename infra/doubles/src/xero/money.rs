//! Money in the books: what pays and credits invoices, and what undoes it.

use jiff::civil::Date;

use super::ledger::{Allocation, Ledger, PaymentRow, Status};
use crate::money;

impl Ledger {
    pub fn pay(&mut self, invoice: &str, amount: &str, paid_on: Date) -> String {
        let (id, updated) = (self.next_id("payment"), self.now);
        let row = self.invoice(invoice);
        let amount = money::booked(amount, &row.currency);
        row.payments.push((id.clone(), amount));
        let (account, reference) = ("970".to_owned(), String::new());
        let payment = PaymentRow { updated, invoice: invoice.to_owned(), paid_on, amount, deleted: false, account, reference };
        self.payments.insert(id.clone(), payment);
        self.settle(invoice, paid_on);
        id
    }

    pub fn delete_payment(&mut self, id: &str) {
        let now = self.now;
        let row = self.payment(id);
        assert!(!row.deleted, "payment {id} is deleted already");
        (row.deleted, row.updated) = (true, now);
        let (invoice, on) = (row.invoice.clone(), row.paid_on);
        self.invoice(&invoice).payments.retain(|(payment, _)| payment != id);
        self.settle(&invoice, on);
    }

    pub fn allocate(&mut self, credit: &str, invoice: &str, amount: &str, on: Date) {
        let id = self.next_id("allocation");
        let currency = self.invoice(invoice).currency.clone();
        let row = self.credit(credit);
        assert!(row.status == Status::Authorised, "credit {credit} is {}", row.status.name());
        assert!(row.currency == currency, "credit {credit} is in another currency than invoice {invoice}");
        let amount = money::booked(amount, &currency);
        row.allocations.push(Allocation { id, invoice: invoice.to_owned(), amount, on });
        assert!(row.left() >= 0, "more of credit {credit} is allocated than is left");
        self.invoice(invoice).credits.push((credit.to_owned(), amount));
        self.touch_credit(credit);
        self.settle(invoice, on);
    }

    /// Takes back what of a credit is allocated to an invoice.
    pub fn remove_allocation(&mut self, credit: &str, invoice: &str, on: Date) {
        self.credit(credit).allocations.retain(|allocation| allocation.invoice != invoice);
        self.invoice(invoice).credits.retain(|(of, _)| of != credit);
        self.touch_credit(credit);
        self.settle(invoice, on);
    }

    /// Voids an invoice, or deletes one that is a draft. The vendor refuses while money is on it.
    pub fn withdraw_invoice(&mut self, id: &str) {
        let row = self.invoice(id);
        assert!(row.payments.is_empty() && row.credits.is_empty(), "money is on invoice {id}; take it off first");
        row.status = if row.status == Status::Draft { Status::Deleted } else { Status::Voided };
        self.touch_invoice(id);
    }

    /// Voids a credit. The vendor refuses while it is allocated.
    pub fn void_credit(&mut self, id: &str) {
        let row = self.credit(id);
        assert!(row.allocations.is_empty(), "credit {id} is allocated; take it off first");
        row.status = Status::Voided;
        self.touch_credit(id);
    }
}
