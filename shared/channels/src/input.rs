//! What a message is rendered from: facts that the caller has read, and nothing that is looked up.

use domain::{BankAccount, Money, bank_account::iban_in_groups};
use jiff::civil::Date;

/// How many invoices a message lists; the rest stand behind the statement link.
pub const INVOICES_LISTED_MAX: usize = 50;

/// Most characters of what a transfer names: those that a credit transfer carries.
const REFERENCE_CHARS_MAX: usize = 140;

/// The name by which a mail shows the code of a transfer.
pub const CODE_IMAGE: &str = "transfer-code";

/// How many due items that fall due later a message shows.
pub const UPCOMING_LISTED_MAX: usize = 10;

/// Everything that a template can say about one message.
#[derive(Clone, Debug)]
pub struct RenderInput {
    /// The person's language, BCP 47: `de`, `fr-ca`. The words are the template's; this and the country choose how amounts
    /// and dates are written when it is the template's language too.
    pub language: String,
    /// Where the person is, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The customer's name as the source has it; may hold anything.
    pub customer_name: String,
    /// The person's name as the source has it; may be empty.
    pub contact_name: String,
    /// The case.
    pub case_id: String,
    /// One row for each covered due item, oldest first. Rows beyond [`INVOICES_LISTED_MAX`] are not listed but counted.
    pub invoices: Vec<InvoiceRow>,
    /// How many covered due items are not in `invoices`.
    pub more: usize,
    /// What all covered due items come to, listed or not: the sum of their due now.
    pub covered_due_now: Money,
    /// Due items that fall due later, shown below the others: neither covered nor part of their sum.
    pub upcoming: Vec<InvoiceRow>,
    /// Net exposure of the case.
    pub exposure_total: Money,
    /// The part of it that is past due.
    pub exposure_overdue: Money,
    /// By when the message asks to be paid, where it does.
    pub pay_by: Option<Date>,
    /// The day promised, of a reminder of a promise: what it asks for is what was promised.
    pub promised_on: Option<Date>,
    /// How to pay, in the tenant's words or as the account in lines, line by line.
    pub payment_details: Option<String>,
    /// The account that is transferred to, where the settings name one for the currency.
    pub bank: Option<AccountInMail>,
    /// Whether the mail has an image of a code by which a banking app fills in the transfer: [`CODE_IMAGE`].
    pub has_code: bool,
    /// Whether the customer owes in other currencies too.
    pub several_currencies: bool,
    /// Payment plans that were broken, by what they are called, of which no message has told yet: the layout of a mail says so, and a text message beneath its words.
    pub broken_plans: Vec<String>,
    /// What the documents are called that the mail carries.
    pub carried: Vec<String>,
    /// Where the person can go.
    pub links: Links,
}

/// What a due item is, for the words that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A whole invoice.
    Invoice,
    /// An instalment of an invoice.
    Instalment,
    /// A part of a payment plan; `number` is what the plan is called.
    PlanPart,
    /// A charge; `number` is what it is called.
    Charge,
}

/// An account as a message names it; what it has not is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountInMail {
    /// Its holder.
    pub holder: String,
    /// Its bank's name.
    pub name: String,
    /// Its IBAN, in groups of four.
    pub iban: String,
    /// Its bank's BIC.
    pub bic: String,
    /// Its number, where it has no IBAN.
    pub account: String,
    /// What tells its bank, where it has no IBAN.
    pub routing: String,
}

impl AccountInMail {
    /// The account as a message names it. Whoever writes a message knows no reference that only a basket has: the plain IBAN
    /// comes first, which takes every text.
    pub fn of(account: &BankAccount) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let local = account.local.as_ref();
        Self {
            holder: account.holder.clone(),
            name: text(&account.bank),
            iban: account.iban.as_deref().map(iban_in_groups).unwrap_or_default(),
            bic: text(&account.bic),
            account: local.map(|local| local.number.clone()).unwrap_or_default(),
            routing: local.and_then(|local| local.routing.clone()).unwrap_or_default(),
        }
    }
}

impl RenderInput {
    /// What a transfer of all that the message asks for names: the numbers of its invoices. `None` where not all are listed, one is a charge, or they
    /// are more than a transfer carries.
    pub fn reference(&self) -> Option<String> {
        let is_named = self.more == 0 && self.invoices.iter().all(|row| row.kind != RowKind::Charge);
        let mut numbers: Vec<&str> = Vec::new();
        for row in self.invoices.iter().filter(|_| is_named) {
            if !numbers.contains(&row.number.as_str()) {
                numbers.push(&row.number);
            }
            // 140 characters hold no more.
            if numbers.len() > REFERENCE_CHARS_MAX {
                return None;
            }
        }
        let text = numbers.join(", ");
        (!text.is_empty() && text.chars().count() <= REFERENCE_CHARS_MAX).then_some(text)
    }
}

/// One due item.
#[derive(Clone, Debug)]
pub struct InvoiceRow {
    /// What it is.
    pub kind: RowKind,
    /// The invoice's number, or its external id where it has none; what a plan or charge is called.
    pub number: String,
    /// Which instalment or part of how many, from 1; `None` for a whole invoice and a charge.
    pub instalment: Option<(u32, u32)>,
    /// The customer's order number.
    pub purchase_order: Option<String>,
    /// The invoice's total.
    pub total: Money,
    /// What the due item itself came to.
    pub amount: Money,
    /// What of it was paid; zero where that is not known.
    pub paid: Money,
    /// The due item's open amount.
    pub open: Money,
    /// The due item's due now.
    pub due_now: Money,
    /// The invoice's issue date.
    pub issued_on: Date,
    /// The due item's due date.
    pub due_on: Date,
    /// In the tenant's zone; negative before the due date.
    pub days_past_due: i32,
    /// Where the invoice can be seen.
    pub url: Option<String>,
    /// Whether the message's text is that of the item's own step; false for an item that comes along with others that are further on.
    pub is_own: bool,
    /// How many messages about it left after it fell due, this one not counted.
    pub reminded: u32,
}

/// Where the person can go.
#[derive(Clone, Debug)]
pub struct Links {
    /// The statement.
    pub portal: String,
    /// The page that stops these messages.
    pub opt_out: String,
    /// The form of paying, where all that the message asks for can be paid by it.
    pub pay: Option<String>,
}
