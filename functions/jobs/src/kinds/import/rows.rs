//! Lines as canonical documents: the same form, and so the same rules, as those of webhooks.

use std::collections::{BTreeMap, HashMap};

use domain::{Currency, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use service::jobs::asked::{DateOrder, FileOf, ImportAsked};

use super::{
    columns::Columns,
    table::{FileTable, TableLine},
    values::{AmountWritten, FORMULA, Written, amount_written, decimal_of, order_of, written},
};

/// The source that imported objects have.
pub const SOURCE: &str = "import";

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongLine {
    /// The line in the file.
    pub line: u32,
    /// The heading of the column; empty where it is about the line.
    pub column: String,
    /// What is wrong, and how to mend it.
    pub detail: String,
}

/// Something that the file alone does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Needed {
    /// What to say, as a field of the job: `dates`, `decimal`, `columns`.
    pub field: String,
    /// Why, and which values there are.
    pub why: String,
    /// Values that could be read in two ways.
    pub examples: Vec<String>,
}

/// A document, and the line that it begins in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyDocument {
    /// The line.
    pub line: u32,
    /// The document in its canonical form.
    pub document: Value,
}

/// What a file comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prepared {
    /// What can be taken.
    pub documents: Vec<ReadyDocument>,
    /// What cannot.
    pub wrong: Vec<WrongLine>,
    /// Lines that say again what an earlier one said.
    pub duplicates: usize,
    /// What a person has to say first.
    pub needed: Vec<Needed>,
    /// How dates and amounts were read.
    pub dates: Option<DateOrder>,
    /// See `dates`.
    pub decimal: Option<char>,
}

const DATES: [&str; 3] = ["issued_on", "due_on", "received_on"];
const AMOUNTS: [&str; 6] = ["total", "paid", "credited", "open", "amount", "allocated"];

/// What lines are read with.
struct Reading<'a> {
    table: &'a FileTable,
    columns: &'a Columns,
    asked: &'a ImportAsked,
    /// The version of everything that names none.
    version: String,
    dates: Option<DateOrder>,
    decimal: Option<char>,
}

/// Makes documents of a file. What names no version of its own gets the instant at which the file was sent.
pub fn prepare(
    table: &FileTable,
    columns: &Columns,
    asked: &ImportAsked,
    tenant: &TenantId,
    sent_at: Timestamp,
    now: Timestamp,
) -> Prepared {
    let mut reading = Reading { table, columns, asked, version: sent_at.to_string(), dates: asked.dates, decimal: asked.decimal };
    let mut prepared = Prepared::default();
    reading.settle_dates(&mut prepared.needed);
    reading.settle_decimals(&mut prepared.needed);
    (prepared.dates, prepared.decimal) = (reading.dates, reading.decimal);
    if !prepared.needed.is_empty() {
        return prepared;
    }
    for lines in reading.groups() {
        let (lines, duplicates) = without_repeats(lines);
        prepared.duplicates += duplicates;
        let Some(first) = lines.first() else { continue };
        let formulas: Vec<WrongLine> = lines.iter().flat_map(|line| reading.formulas(line)).collect();
        if !formulas.is_empty() {
            prepared.wrong.extend(formulas);
            continue;
        }
        match reading.document(&lines) {
            Ok(document) => match connectors::canonical::read_as(tenant, SOURCE, document.to_string().as_bytes(), now) {
                Ok(_) => prepared.documents.push(ReadyDocument { line: first.number, document }),
                Err(rejected) => {
                    prepared
                        .wrong
                        .extend(rejected.errors.into_iter().map(|flaw| reading.wrong(&lines, &flaw.pointer, &flaw.detail)));
                }
            },
            Err(wrong) => prepared.wrong.extend(wrong),
        }
    }
    prepared.wrong.sort_by_key(|wrong| wrong.line);
    prepared
}

/// Lines that differ; those that say the same again are counted.
fn without_repeats(lines: Vec<&TableLine>) -> (Vec<&TableLine>, usize) {
    let mut kept: Vec<&TableLine> = Vec::new();
    let all = lines.len();
    for line in lines {
        if !kept.iter().any(|known| known.cells == line.cells) {
            kept.push(line);
        }
    }
    let repeats = all - kept.len();
    (kept, repeats)
}

impl Reading<'_> {
    /// What a line says in a field's column; nothing where that is empty.
    fn cell<'a>(&self, line: &'a TableLine, name: &str) -> Option<&'a str> {
        let cell = line.cells.get(*self.columns.of.get(name)?)?.as_str();
        (!cell.is_empty()).then_some(cell)
    }

    /// The values of some fields in the whole file that read.
    fn all<T>(&self, names: &[&str], read: impl Fn(&str) -> Result<T, String>) -> Vec<(String, T)> {
        let lines = self.table.lines.iter();
        let cells = lines.flat_map(|line| names.iter().filter_map(move |name| self.cell(line, name)));
        cells.filter_map(|cell| Some((cell.to_owned(), read(cell).ok()?))).collect()
    }

    fn settle_dates(&mut self, needed: &mut Vec<Needed>) {
        if self.dates.is_some() {
            return;
        }
        let all: Vec<(String, Written)> = self.all(&DATES, written);
        self.dates = order_of(all.iter().map(|(_, written)| *written));
        let unclear: Vec<String> =
            all.into_iter().filter(|(_, written)| matches!(written, Written::Either(..))).map(|(text, _)| text).take(5).collect();
        if self.dates.is_none() && !unclear.is_empty() {
            needed.push(Needed {
                field: "dates".to_owned(),
                why:
                    "dates of the file could begin with the day or with the month, and no other date shows which; say dmy or mdy"
                        .to_owned(),
                examples: unclear,
            });
        }
    }

    fn settle_decimals(&mut self, needed: &mut Vec<Needed>) {
        if self.decimal.is_some() {
            return;
        }
        let all: Vec<(String, AmountWritten)> = self.all(&AMOUNTS, amount_written);
        self.decimal = decimal_of(all.iter().map(|(_, amount)| amount));
        let unclear: Vec<String> =
            all.into_iter().filter(|(_, amount)| amount.is_unclear()).map(|(text, _)| text).take(5).collect();
        if self.decimal.is_none() && !unclear.is_empty() {
            needed.push(Needed {
                field: "decimal".to_owned(),
                why: "amounts of the file could have decimals or thousands behind their mark, and no other amount shows which; say '.' or ','".to_owned(),
                examples: unclear,
            });
        }
    }

    /// Lines by the object that they are about, in the order of the file.
    fn groups(&self) -> Vec<Vec<&TableLine>> {
        let by = if self.asked.of == FileOf::Contacts { "customer_external_id" } else { "external_id" };
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<Vec<&TableLine>> = Vec::new();
        for line in &self.table.lines {
            // A line that names no object stands alone: what it lacks is said.
            let Some(id) = self.cell(line, by) else {
                groups.push(vec![line]);
                continue;
            };
            let place = *places.entry(id).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.push(line),
                None => groups.push(vec![line]),
            }
        }
        groups
    }

    fn at(&self, line: &TableLine, name: &str, detail: impl Into<String>) -> WrongLine {
        WrongLine { line: line.number, column: self.columns.heading(self.table, name).to_owned(), detail: detail.into() }
    }

    /// Formulas where a text is needed. Those in place of a date or an amount are told where it is read.
    fn formulas(&self, line: &TableLine) -> Vec<WrongLine> {
        let texts = self.columns.formulas(line).into_iter().filter(|name| !DATES.contains(name) && !AMOUNTS.contains(name));
        texts.map(|name| self.at(line, name, FORMULA)).collect()
    }

    /// A flaw of a document as one of a line.
    fn wrong(&self, lines: &[&TableLine], pointer: &str, detail: &str) -> WrongLine {
        let parts: Vec<&str> = pointer.split('/').filter(|part| !part.is_empty()).collect();
        let number = parts.iter().find_map(|part| part.parse::<usize>().ok());
        let words: Vec<&str> = parts.iter().copied().filter(|part| part.parse::<usize>().is_err()).collect();
        let of_customers = matches!(self.asked.of, FileOf::Customers);
        let name = match words.as_slice() {
            ["customer", "contacts", "external_id", ..] => "contact_external_id",
            ["customer", "contacts", "name", ..] => "contact_name",
            ["customer", "contacts", "roles", ..] => "contact_role",
            ["customer", "contacts", field, ..] => *field,
            ["customer", "external_id"] if of_customers => "external_id",
            ["customer", "external_id"] => "customer_external_id",
            ["customer", "name"] if !of_customers => "customer_name",
            [_, "allocations", "invoice_external_id"] => "invoice_external_id",
            [_, "allocations", ..] => "allocated",
            [_, field, ..] => field.strip_suffix("_minor").unwrap_or(*field),
            _ => "",
        };
        let line = number.and_then(|at| lines.get(at)).or_else(|| lines.first());
        WrongLine {
            line: line.map_or(0, |line| line.number),
            column: self.columns.heading(self.table, name).to_owned(),
            detail: detail.to_owned(),
        }
    }

    fn version(&self, line: &TableLine) -> Value {
        match self.cell(line, "source_version") {
            None => json!(self.version),
            Some(text) => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
        }
    }

    /// The document of an object's lines.
    fn document(&self, lines: &[&TableLine]) -> Result<Value, Vec<WrongLine>> {
        match self.asked.of {
            FileOf::Customers | FileOf::Contacts => self.customer(lines),
            FileOf::Invoices => self.invoice(lines),
            FileOf::Payments => self.payment(lines),
        }
    }

    /// Puts what a line says in columns of plain texts into an object.
    fn put_texts(&self, object: &mut Map<String, Value>, line: &TableLine, names: &[&str]) {
        for name in names {
            if let Some(text) = self.cell(line, name) {
                object.insert((*name).to_owned(), json!(text));
            }
        }
    }

    /// A customer; its lines are its people. Of a file of people the name is not known, and is not taken.
    fn customer(&self, lines: &[&TableLine]) -> Result<Value, Vec<WrongLine>> {
        const OWN: [&str; 10] = [
            "external_id",
            "name",
            "kind",
            "segment",
            "language",
            "country",
            "region",
            "time_zone",
            "debt_purpose",
            "legal_entity",
        ];
        let Some(first) = lines.first() else { return Err(Vec::new()) };
        let mut customer = Map::new();
        if self.asked.of == FileOf::Customers {
            let differs = |line: &&&TableLine| OWN.iter().find(|name| self.cell(line, name) != self.cell(first, name)).copied();
            let wrong: Vec<WrongLine> = lines
                .iter()
                .filter_map(|line| {
                    let name = differs(&line)?;
                    Some(self.at(line, name, format!("says otherwise than line {} of the same customer", first.number)))
                })
                .collect();
            if !wrong.is_empty() {
                return Err(wrong);
            }
            self.put_texts(&mut customer, first, &OWN);
        } else {
            customer.insert("name".to_owned(), json!("-"));
            if let Some(id) = self.cell(first, "customer_external_id") {
                customer.insert("external_id".to_owned(), json!(id));
            }
        }
        customer.insert("source_version".to_owned(), self.version(first));
        let contacts: Vec<Value> = lines.iter().filter_map(|line| self.contact(line)).collect();
        if !contacts.is_empty() {
            customer.insert("contacts".to_owned(), json!(contacts));
        }
        Ok(json!({ "type": "customer.upserted", "customer": customer }))
    }

    fn contact(&self, line: &TableLine) -> Option<Value> {
        let mut contact = Map::new();
        self.put_texts(&mut contact, line, &["email", "phone"]);
        for (name, field) in [("contact_external_id", "external_id"), ("contact_name", "name")] {
            if let Some(text) = self.cell(line, name) {
                contact.insert(field.to_owned(), json!(text));
            }
        }
        let words = |name: &str| -> Vec<String> {
            let text = self.cell(line, name).unwrap_or_default();
            text.split([',', ';', ' ', '|']).map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
        };
        if contact.is_empty() {
            return None;
        }
        contact.insert("roles".to_owned(), json!(words("contact_role")));
        contact.insert("consents".to_owned(), json!(words("consents")));
        Some(Value::Object(contact))
    }

    fn currency(&self, line: &TableLine) -> Result<Currency, WrongLine> {
        match self.cell(line, "currency") {
            Some(text) => {
                Currency::parse(&text.to_uppercase()).map_err(|_| self.at(line, "currency", "is no currency such as EUR"))
            }
            None => self
                .asked
                .currency
                .ok_or_else(|| self.at(line, "currency", "is missing; say the currency of the file in the job's field currency")),
        }
    }

    fn date(&self, line: &TableLine, name: &str, wrong: &mut Vec<WrongLine>) -> Option<Value> {
        let text = self.cell(line, name)?;
        match written(text).and_then(|written| written.date(self.dates)) {
            Ok(Some(date)) => return Some(json!(date.to_string())),
            Ok(None) => wrong.push(self.at(line, name, "could begin with the day or with the month; say which in dates")),
            Err(detail) => wrong.push(self.at(line, name, detail)),
        }
        None
    }

    fn amount(&self, line: &TableLine, name: &str, currency: Option<Currency>, wrong: &mut Vec<WrongLine>) -> Option<i64> {
        let (text, currency) = (self.cell(line, name)?, currency?);
        match amount_written(text).and_then(|amount| amount.minor(currency, self.decimal)) {
            Ok(Some(minor)) => return Some(minor),
            Ok(None) => wrong.push(self.at(line, name, "could be read in two ways; say what stands before decimals in decimal")),
            Err(detail) => wrong.push(self.at(line, name, detail)),
        }
        None
    }

    fn invoice(&self, lines: &[&TableLine]) -> Result<Value, Vec<WrongLine>> {
        let Some(line) = lines.first() else { return Err(Vec::new()) };
        if let Some(other) = lines.get(1) {
            return Err(vec![self.at(
                other,
                "external_id",
                format!("is the invoice of line {}, which says otherwise", line.number),
            )]);
        }
        let mut wrong = Vec::new();
        let currency = self.currency(line).map_err(|flaw| wrong.push(flaw)).ok();
        let total = self.amount(line, "total", currency, &mut wrong);
        let credited = self.amount(line, "credited", currency, &mut wrong).unwrap_or(0);
        let mut paid = self.amount(line, "paid", currency, &mut wrong);
        let open = self.amount(line, "open", currency, &mut wrong);
        if total.is_some_and(|total| total < 0) {
            wrong.push(self.at(line, "total", "is below zero; take credit notes as payments of the kind credit_note"));
        }
        if let (None, Some(total), Some(open)) = (paid, total, open) {
            paid = Some(total.saturating_sub(credited).saturating_sub(open));
        }
        let status = match self.cell(line, "status").map(str::to_lowercase).as_deref() {
            None => "open",
            Some(
                "open" | "unpaid" | "overdue" | "sent" | "issued" | "authorised" | "partially paid" | "partially_paid" | "offen",
            ) => "open",
            Some("paid" | "closed" | "settled" | "bezahlt" | "ausgeglichen") => {
                paid = total.map(|total| total.saturating_sub(credited)).or(paid);
                "open"
            }
            Some("draft" | "entwurf") => "draft",
            Some("void" | "voided" | "cancelled" | "canceled" | "storniert") => "void",
            Some("written off" | "written_off" | "written-off" | "bad debt" | "ausgebucht") => "written_off",
            Some(_) => {
                wrong.push(self.at(line, "status", "is none of open, paid, draft, void, written off"));
                "open"
            }
        };
        let mut invoice = Map::new();
        self.put_texts(&mut invoice, line, &["external_id", "number", "purchase_order", "url", "legal_entity"]);
        invoice.insert("source_version".to_owned(), self.version(line));
        invoice.insert("status".to_owned(), json!(status));
        for name in ["issued_on", "due_on"] {
            if let Some(date) = self.date(line, name, &mut wrong) {
                invoice.insert(name.to_owned(), date);
            }
        }
        if let Some(currency) = currency {
            invoice.insert("currency".to_owned(), json!(currency.code()));
        }
        for (name, amount) in [("total_minor", total), ("paid_minor", paid), ("credited_minor", Some(credited))] {
            if let Some(amount) = amount {
                invoice.insert(name.to_owned(), json!(amount));
            }
        }
        let mut customer = Map::new();
        if let Some(id) = self.cell(line, "customer_external_id") {
            customer.insert("external_id".to_owned(), json!(id));
        }
        // A name without a version creates a customer who is not known yet, and changes none.
        if let Some(name) = self.cell(line, "customer_name") {
            customer.insert("name".to_owned(), json!(name));
        }
        let document = json!({ "type": "invoice.upserted", "customer": customer, "invoice": invoice });
        if wrong.is_empty() { Ok(document) } else { Err(wrong) }
    }

    fn payment(&self, lines: &[&TableLine]) -> Result<Value, Vec<WrongLine>> {
        let Some(first) = lines.first() else { return Err(Vec::new()) };
        let mut wrong = Vec::new();
        for line in lines.iter().skip(1) {
            for name in ["customer_external_id", "amount", "currency", "received_on", "status", "payment_kind"] {
                if self.cell(line, name) != self.cell(first, name) {
                    wrong.push(self.at(line, name, format!("says otherwise than line {} of the same payment", first.number)));
                }
            }
        }
        let currency = self.currency(first).map_err(|flaw| wrong.push(flaw)).ok();
        let amount = self.amount(first, "amount", currency, &mut wrong);
        let mut allocations = Vec::new();
        for line in lines {
            let Some(invoice) = self.cell(line, "invoice_external_id") else { continue };
            // A payment of one line is for its invoice in full, where nothing else is said.
            let allocated = self.amount(line, "allocated", currency, &mut wrong).or(amount.filter(|_| lines.len() == 1));
            match allocated {
                Some(allocated) => allocations.push(json!({ "invoice_external_id": invoice, "amount_minor": allocated })),
                None => wrong.push(self.at(
                    line,
                    "allocated",
                    "is missing: a payment of several lines says how much is for each invoice",
                )),
            }
        }
        let word = |name: &str| self.cell(first, name).map(str::to_lowercase);
        let (kind, object) = match word("payment_kind").as_deref() {
            None | Some("payment" | "zahlung") => ("payment.upserted", "payment"),
            Some("credit_note" | "credit note" | "creditnote" | "credit" | "gutschrift") => {
                ("credit_note.upserted", "credit_note")
            }
            Some(_) => {
                wrong.push(self.at(first, "payment_kind", "is none of payment, credit note"));
                ("payment.upserted", "payment")
            }
        };
        let status = match word("status").as_deref() {
            None | Some("received" | "paid" | "cleared" | "completed" | "succeeded" | "erhalten") => "received",
            Some("pending" | "processing") => "pending",
            Some("reversed" | "bounced" | "returned" | "failed" | "chargeback") => "reversed",
            Some("refunded" | "refund") => "refunded",
            Some(_) => {
                wrong.push(self.at(first, "status", "is none of received, pending, reversed, refunded"));
                "received"
            }
        };
        let mut payment = Map::new();
        self.put_texts(&mut payment, first, &["external_id", "legal_entity"]);
        payment.insert("source_version".to_owned(), self.version(first));
        payment.insert("status".to_owned(), json!(status));
        payment.insert("allocations".to_owned(), json!(allocations));
        if let Some(date) = self.date(first, "received_on", &mut wrong) {
            payment.insert("received_on".to_owned(), date);
        }
        if let Some(currency) = currency {
            payment.insert("currency".to_owned(), json!(currency.code()));
        }
        if let Some(amount) = amount {
            payment.insert("amount_minor".to_owned(), json!(amount));
        }
        let mut customer = Map::new();
        if let Some(id) = self.cell(first, "customer_external_id") {
            customer.insert("external_id".to_owned(), json!(id));
        }
        let mut document: BTreeMap<&str, Value> = BTreeMap::new();
        document.insert("type", json!(kind));
        document.insert("customer", Value::Object(customer));
        document.insert(object, Value::Object(payment));
        if wrong.is_empty() { Ok(json!(document)) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            columns::{fields, find},
            file,
        },
        *,
    };

    fn asked(of: &str, more: Value) -> ImportAsked {
        let mut all = json!({"of": of, "upload": "upl_0123456789abcdef01234567"});
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(all).expect("it reads")
    }

    fn prepared(of: &str, more: Value, text: &str) -> Prepared {
        let asked = asked(of, more);
        let table = file::read(text.as_bytes(), None).expect("a table");
        let columns = find(&table, &fields(asked.of), &asked.columns).expect("its columns");
        let acme = TenantId::parse("acme").expect("a tenant");
        let now: Timestamp = "2026-02-10T10:00:00Z".parse().expect("an instant");
        prepare(&table, &columns, &asked, &acme, now, now)
    }

    fn wrong(prepared: &Prepared) -> Vec<(u32, &str)> {
        prepared.wrong.iter().map(|wrong| (wrong.line, wrong.column.as_str())).collect()
    }

    #[test]
    fn invoices_closed_ones_too() {
        let text = "Invoice No,Customer ID,Date,Due date,Amount,Balance,Currency,Status\n\
                    F-1,C-1,2026-01-05,2026-02-04,1250.00,250.00,EUR,open\n\
                    F-2,C-1,2026-01-05,2026-02-04,99.50,,EUR,paid\n\
                    F-2,C-1,2026-01-05,2026-02-04,99.50,,EUR,paid\n";
        let found = prepared("invoices", json!({}), text);
        assert_eq!((found.documents.len(), found.duplicates, &found.wrong), (2, 1, &vec![]));
        let first = &found.documents[0].document["invoice"];
        assert_eq!((&first["total_minor"], &first["paid_minor"]), (&json!(125_000), &json!(100_000)));
        assert_eq!(first["source_version"], "2026-02-10T10:00:00Z");
        assert_eq!(found.documents[1].document["invoice"]["paid_minor"], 9_950);
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let text = "Invoice No,Customer ID,Date,Due date,Amount,Currency\n\
                    F-1,C-1,2026-01-05,2026-02-30,1250.00,EUR\n\
                    F-2,,2026-01-05,2026-02-04,many,XXQ\n\
                    F-3,C-1,2026-03-05,2026-02-04,10.00,EUR\n\
                    F-4,C-1,2026-01-05,2026-02-04,=A1,EUR\n\
                    F-5,C-1,2026-01-05,2026-02-04,10.00,EUR\n\
                    F-5,C-1,2026-01-05,2026-02-04,11.00,EUR\n\
                    =F6,C-1,2026-01-05,2026-02-04,11.00,EUR\nF-6,=,2026-01-05,2026-02-04,11.00,EUR\n";
        let found = prepared("invoices", json!({}), text);
        let before = [(2, "Due date"), (3, "Currency"), (4, "Due date"), (5, "Amount"), (7, "Invoice No")];
        assert_eq!(wrong(&found), [&before[..], &[(8, "Invoice No"), (9, "Customer ID")]].concat());
        assert!(found.documents.is_empty());
    }

    #[test]
    fn dates_that_could_be_two_days_are_asked() {
        let text = "Invoice No;Customer ID;Date;Due date;Amount;Currency\nF-1;C-1;03/04/2026;05/06/2026;10,50;EUR\n";
        let found = prepared("invoices", json!({}), text);
        assert_eq!(found.needed.iter().map(|needed| needed.field.as_str()).collect::<Vec<_>>(), ["dates"]);
        assert!(found.documents.is_empty());
        let found = prepared("invoices", json!({"dates": "mdy"}), text);
        assert_eq!(found.documents[0].document["invoice"]["due_on"], "2026-05-06");
        let text = "Invoice No;Customer ID;Date;Due date;Amount;Currency\nF-1;C-1;2026-01-01;2026-02-02;1.250;EUR\n";
        assert_eq!(prepared("invoices", json!({}), text).needed[0].field, "decimal");
    }

    #[test]
    fn customers_have_their_people_in_lines() {
        let text = "id,name,country,email,contact role,consents\nC-1,Acme,DE,ap@acme.example,billing,sms\n\
                    C-1,Acme,DE,cfo@acme.example,executive,\nC-2,Bolt,DE,no address,,\nC-3,Cog,DE,,,\nC-3,Coq,DE,,,\n";
        let found = prepared("customers", json!({}), text);
        let contacts = found.documents[0].document["customer"]["contacts"].as_array().expect("people");
        assert_eq!(contacts.len(), 2);
        assert_eq!(wrong(&found), [(4, "email"), (6, "name")]);
    }

    #[test]
    fn payments_are_for_invoices() {
        let text = "payment id,customer id,amount,currency,date,invoice,allocated,type\n\
                    P-1,C-1,30.00,EUR,2026-02-01,F-1,10.00,\nP-1,C-1,30.00,EUR,2026-02-01,F-2,20.00,\n\
                    P-2,C-1,5.00,EUR,2026-02-01,F-3,,\nG-1,C-1,5.00,EUR,2026-02-01,F-3,,credit note\n";
        let found = prepared("payments", json!({}), text);
        assert_eq!((found.documents.len(), &found.wrong), (3, &vec![]));
        assert_eq!(found.documents[0].document["payment"]["allocations"].as_array().map(Vec::len), Some(2));
        assert_eq!(found.documents[1].document["payment"]["allocations"][0]["amount_minor"], 500);
        assert_eq!(found.documents[2].document["type"], "credit_note.upserted");
    }
}
