//! Money in the books: what links payments, invoices and credit memos, and what undoes it.

use jiff::civil::Date;

use super::{
    ledger::{CreditMemoRow, Gone, Ledger, Link, PaymentRow, Stamp, invoice_truth, number},
    story::Payment,
};
use crate::{Change, InvoiceState, money};

impl Ledger {
    fn touch(&self, stamp: Stamp) -> Stamp {
        Stamp { updated: self.now, token: stamp.token + 1, ..stamp }
    }

    pub fn touch_customer(&mut self, id: u64, change: Change) {
        let stamp = self.customer(id).stamp;
        self.customer(id).stamp = self.touch(stamp);
        self.tell("Customer", id, change);
    }

    pub fn touch_invoice(&mut self, id: u64, change: Change) {
        let stamp = self.invoice(id).stamp;
        self.invoice(id).stamp = self.touch(stamp);
        self.tell("Invoice", id, change);
    }

    pub fn touch_payment(&mut self, id: u64, change: Change) {
        let stamp = self.payment(id).stamp;
        self.payment(id).stamp = self.touch(stamp);
        self.tell("Payment", id, change);
    }

    pub fn touch_credit_memo(&mut self, id: u64, change: Change) {
        let stamp = self.credit_memo(id).stamp;
        self.credit_memo(id).stamp = self.touch(stamp);
        self.tell("CreditMemo", id, change);
    }

    pub fn receive(&mut self, payment: &Payment) -> u64 {
        let customer = number(&payment.customer);
        self.customer(customer);
        let (id, stamp) = (self.next_transaction(), self.stamp());
        let currency = self.currency(payment.currency.as_ref());
        let of = |amount: &str| money::booked(amount, &currency);
        let invoices = payment.invoices.iter().map(|(id, amount)| (Link::Invoice(number(id)), of(amount)));
        let memos = payment.credit_memos.iter().map(|(id, amount)| (Link::CreditMemo(number(id)), of(amount)));
        let lines: Vec<(Link, i64)> = invoices.chain(memos).collect();
        let (total, received_on) = (of(&payment.total), payment.received_on);
        let row = PaymentRow {
            stamp,
            customer,
            currency: currency.clone(),
            received_on,
            total,
            lines: Vec::new(),
            voided: false,
            written: None,
        };
        self.payments.insert(id, row);
        self.tell("Payment", id, Change::Created);
        for (link, amount) in lines {
            self.attach(id, link, amount);
        }
        self.check(id);
        id
    }

    /// Applies more of a payment to an invoice.
    pub fn apply(&mut self, payment: u64, invoice: u64, amount: &str) {
        let amount = money::booked(amount, &self.payment(payment).currency.clone());
        self.touch_payment(payment, Change::Updated);
        self.attach(payment, Link::Invoice(invoice), amount);
        self.check(payment);
    }

    /// A payment of nothing that uses a credit memo for an invoice: how the vendor books it.
    pub fn apply_credit_memo(&mut self, memo: u64, invoice: u64, amount: &str, on: Date) -> u64 {
        let (customer, currency) = (self.credit_memo(memo).customer, self.credit_memo(memo).currency.clone());
        self.receive(&Payment {
            currency: Some(currency),
            credit_memos: vec![(memo.to_string(), amount.to_owned())],
            ..Payment::unapplied(&customer.to_string(), "0", on).to(&invoice.to_string(), amount)
        })
    }

    pub fn credit(&mut self, customer: u64, total: &str, currency: Option<&String>, issued_on: Date) -> u64 {
        self.customer(customer);
        let (id, stamp, currency) = (self.next_transaction(), self.stamp(), self.currency(currency));
        let (number, total) = ((1000 + id).to_string(), money::booked(total, &currency));
        let row = CreditMemoRow { stamp, customer, number, currency, issued_on, total, linked: Vec::new() };
        self.credit_memos.insert(id, row);
        self.tell("CreditMemo", id, Change::Created);
        id
    }

    fn attach(&mut self, payment: u64, link: Link, amount: i64) {
        self.payment(payment).lines.push((link, amount));
        match link {
            Link::Invoice(id) => {
                self.invoice(id).linked.push((payment, amount));
                assert!(self.invoice(id).balance() >= 0, "more is applied to invoice {id} than is open");
                self.touch_invoice(id, Change::Updated);
            }
            Link::CreditMemo(id) => {
                self.credit_memo(id).linked.push((payment, amount));
                assert!(self.credit_memo(id).left() >= 0, "more of credit memo {id} is used than is left");
                self.touch_credit_memo(id, Change::Updated);
            }
        }
    }

    fn check(&mut self, payment: u64) {
        assert!(self.payment(payment).unapplied() >= 0, "payment {payment} is applied further than it goes");
    }

    /// Takes a payment off everything that it was applied to.
    fn detach(&mut self, payment: u64) {
        for (link, _) in std::mem::take(&mut self.payment(payment).lines) {
            match link {
                Link::Invoice(id) => {
                    self.invoice(id).linked.retain(|(linked, _)| *linked != payment);
                    self.touch_invoice(id, Change::Updated);
                }
                Link::CreditMemo(id) => {
                    self.credit_memo(id).linked.retain(|(linked, _)| *linked != payment);
                    self.touch_credit_memo(id, Change::Updated);
                }
            }
        }
    }

    pub fn delete_payment(&mut self, id: u64) {
        self.detach(id);
        self.payments.remove(&id);
        self.gone.push(Gone { kind: "Payment", id, at: self.now, invoice: None });
        self.tell("Payment", id, Change::Deleted);
    }

    pub fn void_payment(&mut self, id: u64) {
        self.detach(id);
        let row = self.payment(id);
        (row.total, row.voided) = (0, true);
        self.touch_payment(id, Change::Voided);
    }

    /// Takes all payments off an invoice; what they paid is unapplied then.
    fn release(&mut self, invoice: u64) {
        for (payment, _) in std::mem::take(&mut self.invoice(invoice).linked) {
            let row = self.payment(payment);
            row.lines.retain(|(link, _)| *link != Link::Invoice(invoice));
            self.touch_payment(payment, Change::Updated);
        }
    }

    pub fn void_invoice(&mut self, id: u64) {
        self.release(id);
        let row = self.invoice(id);
        row.voided.get_or_insert(row.total);
        (row.total, row.deposit) = (0, 0);
        self.touch_invoice(id, Change::Voided);
    }

    pub fn delete_invoice(&mut self, id: u64) {
        self.release(id);
        let row = self.invoice(id);
        let mut truth = invoice_truth(row);
        (truth.state, truth.open_minor) = (InvoiceState::Deleted, 0);
        let invoice = Some((row.customer, truth));
        self.invoices.remove(&id);
        self.gone.push(Gone { kind: "Invoice", id, at: self.now, invoice });
        self.tell("Invoice", id, Change::Deleted);
    }

    /// Deletes a credit memo, with the payments of nothing that used it.
    pub fn delete_credit_memo(&mut self, id: u64) {
        for (payment, _) in self.credit_memo(id).linked.clone() {
            self.delete_payment(payment);
        }
        self.credit_memos.remove(&id);
        self.gone.push(Gone { kind: "CreditMemo", id, at: self.now, invoice: None });
        self.tell("CreditMemo", id, Change::Deleted);
    }

    /// Everything of `from` becomes `into`'s; `from` stays as an inactive name.
    pub fn merge_customers(&mut self, from: u64, into: u64) {
        self.customer(into);
        let moved = |customer: u64| customer == from;
        let invoices: Vec<u64> = self.invoices.iter().filter(|(_, row)| moved(row.customer)).map(|(id, _)| *id).collect();
        let payments: Vec<u64> = self.payments.iter().filter(|(_, row)| moved(row.customer)).map(|(id, _)| *id).collect();
        let memos: Vec<u64> = self.credit_memos.iter().filter(|(_, row)| moved(row.customer)).map(|(id, _)| *id).collect();
        for id in invoices {
            self.invoice(id).customer = into;
            self.touch_invoice(id, Change::Updated);
        }
        for id in payments {
            self.payment(id).customer = into;
            self.touch_payment(id, Change::Updated);
        }
        for id in memos {
            self.credit_memo(id).customer = into;
            self.touch_credit_memo(id, Change::Updated);
        }
        for gone in self.gone.iter_mut().filter_map(|gone| gone.invoice.as_mut()).filter(|(customer, _)| moved(*customer)) {
            gone.0 = into;
        }
        let row = self.customer(from);
        (row.active, row.merged_into) = (false, Some(into));
        let stamp = row.stamp;
        self.customer(from).stamp = self.touch(stamp);
        self.touch_customer(into, Change::Merged);
    }
}
