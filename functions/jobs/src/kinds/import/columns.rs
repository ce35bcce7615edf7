//! Which column holds what: as it was said, else guessed from its heading.

use std::collections::{BTreeMap, BTreeSet};

use service::jobs::asked::FileOf;

use super::table::{FileTable, TableLine};

/// What a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as the API has it.
    pub name: &'static str,
    /// Whether a file cannot do without it.
    pub needed: bool,
    /// Headings that mean it, in lower case, letters and digits only.
    headings: &'static [&'static str],
}

const fn field(name: &'static str, needed: bool, headings: &'static [&'static str]) -> Field {
    Field { name, needed, headings }
}

const CUSTOMER: Field = field(
    "customer_external_id",
    true,
    &[
        "customerexternalid",
        "customerid",
        "customerno",
        "customernumber",
        "customer",
        "accountnumber",
        "accountno",
        "clientid",
        "debtor",
        "kundennummer",
        "kundennr",
        "kunde",
        "debitor",
        "debitorennummer",
    ],
);
const CURRENCY: Field = field("currency", false, &["currency", "currencycode", "waehrung", "wahrung", "cur", "devise"]);
const ENTITY: Field = field("legal_entity", false, &["legalentity", "entity", "company", "gesellschaft"]);
const VERSION: Field =
    field("source_version", false, &["sourceversion", "version", "updatedat", "lastmodified", "modifiedat", "geaendertam"]);
const EMAIL: Field = field("email", false, &["email", "emailaddress", "mail", "contactemail", "billingemail", "emailadresse"]);
const PHONE: Field = field("phone", false, &["phone", "phonenumber", "telephone", "mobile", "telefon", "mobil", "handy"]);
const CONTACT_NAME: Field =
    field("contact_name", false, &["contactname", "contact", "contactperson", "ansprechpartner", "kontakt"]);
const CONTACT_ROLE: Field = field("contact_role", false, &["contactrole", "role", "rolle"]);
const CONSENTS: Field = field("consents", false, &["consents", "consent", "channelsagreed", "einwilligungen"]);

/// What the columns of a file may hold.
pub fn fields(of: FileOf) -> Vec<Field> {
    match of {
        FileOf::Customers => vec![
            field(
                "external_id",
                true,
                &[
                    "externalid",
                    "customerid",
                    "customerno",
                    "customernumber",
                    "accountnumber",
                    "id",
                    "kundennummer",
                    "kundennr",
                    "debitorennummer",
                ],
            ),
            field("name", true, &["name", "customername", "companyname", "company", "customer", "firma", "kunde", "kundenname"]),
            EMAIL,
            PHONE,
            CONTACT_NAME,
            CONTACT_ROLE,
            CONSENTS,
            field("kind", false, &["kind", "customertype", "type", "art"]),
            field("segment", false, &["segment", "group", "customergroup", "kundengruppe"]),
            field("language", false, &["language", "languagecode", "sprache", "locale"]),
            field("country", false, &["country", "countrycode", "land"]),
            field("region", false, &["region", "state", "province", "bundesland"]),
            field("time_zone", false, &["timezone", "zeitzone"]),
            field("debt_purpose", false, &["debtpurpose", "purpose"]),
            ENTITY,
            VERSION,
        ],
        FileOf::Contacts => vec![
            CUSTOMER,
            field("contact_external_id", false, &["contactexternalid", "contactid", "personid", "id"]),
            field("contact_name", false, &["contactname", "name", "contact", "contactperson", "ansprechpartner"]),
            EMAIL,
            PHONE,
            CONTACT_ROLE,
            CONSENTS,
            VERSION,
        ],
        FileOf::Invoices => vec![
            field(
                "external_id",
                true,
                &[
                    "externalid",
                    "invoiceid",
                    "invoiceno",
                    "invoicenumber",
                    "invoice",
                    "documentnumber",
                    "documentno",
                    "id",
                    "rechnungsnummer",
                    "rechnungsnr",
                    "belegnummer",
                    "belegnr",
                ],
            ),
            field("number", false, &["number", "displaynumber"]),
            CUSTOMER,
            field("customer_name", false, &["customername", "companyname", "kundenname", "firma"]),
            CURRENCY,
            field(
                "total",
                true,
                &[
                    "total",
                    "totalamount",
                    "amount",
                    "invoiceamount",
                    "grossamount",
                    "gross",
                    "betrag",
                    "bruttobetrag",
                    "rechnungsbetrag",
                    "summe",
                ],
            ),
            field(
                "issued_on",
                true,
                &["issuedon", "issuedate", "invoicedate", "date", "documentdate", "rechnungsdatum", "belegdatum", "datum"],
            ),
            field(
                "due_on",
                true,
                &[
                    "dueon",
                    "duedate",
                    "due",
                    "faelligam",
                    "fallingam",
                    "falligkeit",
                    "faelligkeit",
                    "faelligkeitsdatum",
                    "falligkeitsdatum",
                    "falligam",
                ],
            ),
            field("status", false, &["status", "state"]),
            field("paid", false, &["paid", "paidamount", "amountpaid", "bezahlt", "gezahlt"]),
            field("credited", false, &["credited", "creditedamount", "creditamount", "gutschrift"]),
            field(
                "open",
                false,
                &["open", "openamount", "balance", "amountdue", "outstanding", "remaining", "offen", "offenerbetrag", "saldo"],
            ),
            field("purchase_order", false, &["purchaseorder", "po", "ponumber", "ordernumber", "bestellnummer"]),
            field("url", false, &["url", "link"]),
            ENTITY,
            VERSION,
        ],
        FileOf::Payments => vec![
            field(
                "external_id",
                true,
                &[
                    "externalid",
                    "paymentid",
                    "paymentno",
                    "payment",
                    "transactionid",
                    "reference",
                    "id",
                    "zahlungsnummer",
                    "zahlungsnr",
                ],
            ),
            CUSTOMER,
            field("amount", true, &["amount", "paymentamount", "total", "betrag", "zahlbetrag"]),
            CURRENCY,
            field(
                "received_on",
                true,
                &["receivedon", "paymentdate", "date", "receiveddate", "valuedate", "zahlungsdatum", "valuta", "datum"],
            ),
            field("status", false, &["status", "state"]),
            field("payment_kind", false, &["paymentkind", "kind", "type", "art"]),
            field(
                "invoice_external_id",
                false,
                &["invoiceexternalid", "invoiceid", "invoiceno", "invoicenumber", "invoice", "rechnungsnummer", "rechnungsnr"],
            ),
            field("allocated", false, &["allocated", "allocatedamount", "appliedamount", "zugeordnet"]),
            ENTITY,
            VERSION,
        ],
    }
}

/// What the columns of a file to compare with may hold.
pub fn fields_to_compare() -> Vec<Field> {
    vec![
        CUSTOMER,
        CURRENCY,
        field(
            "open",
            true,
            &[
                "open",
                "openamount",
                "balance",
                "amountdue",
                "outstanding",
                "remaining",
                "amount",
                "total",
                "offen",
                "offenerbetrag",
                "saldo",
                "betrag",
            ],
        ),
    ]
}

/// The fields that name something.
const IDS: [&str; 4] = ["external_id", "customer_external_id", "invoice_external_id", "contact_external_id"];

/// Which column holds what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The column of each field that has one.
    pub of: BTreeMap<&'static str, usize>,
    /// The fields of which it was guessed.
    pub guessed: BTreeSet<&'static str>,
}

impl Columns {
    /// The heading of a field's column; empty where it has none.
    pub fn heading<'a>(&self, table: &'a FileTable, name: &str) -> &'a str {
        self.of.get(name).and_then(|at| table.headings.get(*at)).map_or("", String::as_str)
    }

    /// The fields of a line that hold a formula and no value, in the order of the columns. A text of a CSV file may begin with `=`, but no id does.
    pub fn formulas(&self, line: &TableLine) -> Vec<&'static str> {
        let is_formula = |name: &str, at: usize| {
            let cell = line.cells.get(at).map_or("", String::as_str);
            cell == "=" || IDS.contains(&name) && cell.starts_with('=')
        };
        let mut found: Vec<(usize, &'static str)> =
            self.of.iter().map(|(name, at)| (*at, *name)).filter(|(at, name)| is_formula(name, *at)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name).collect()
    }

    /// The headings of columns that nobody reads.
    pub fn unread<'a>(&self, table: &'a FileTable) -> Vec<&'a str> {
        let used: BTreeSet<usize> = self.of.values().copied().collect();
        let unread = table.headings.iter().enumerate().filter(|(at, heading)| !used.contains(at) && !heading.is_empty());
        unread.map(|(_, heading)| heading.as_str()).collect()
    }
}

/// A heading as guesses compare it: letters and digits, small, `ä` as `ae` and as `a` alike.
fn plain(heading: &str) -> [String; 2] {
    let lower = heading.to_lowercase();
    let with = |pairs: [(char, &str); 4]| -> String {
        let mut text = String::new();
        for letter in lower.chars() {
            match pairs.iter().find(|(known, _)| *known == letter) {
                Some((_, as_text)) => text.push_str(as_text),
                None if letter.is_ascii_alphanumeric() => text.push(letter),
                None => {}
            }
        }
        text
    };
    [with([('ä', "ae"), ('ö', "oe"), ('ü', "ue"), ('ß', "ss")]), with([('ä', "a"), ('ö', "o"), ('ü', "u"), ('ß', "ss")])]
}

/// Finds the column of each field: the one that was said, else the first whose heading means it. What is wrong: a field and a sentence each.
pub fn find(table: &FileTable, fields: &[Field], said: &BTreeMap<String, String>) -> Result<Columns, Vec<(String, String)>> {
    let mut columns = Columns::default();
    let mut wrong = Vec::new();
    for (name, heading) in said {
        let field = fields.iter().find(|field| field.name == name);
        let at = table.headings.iter().position(|known| known.trim() == heading.trim());
        match (field, at) {
            (Some(field), Some(at)) => {
                columns.of.insert(field.name, at);
            }
            (None, _) => {
                let all: Vec<&str> = fields.iter().map(|field| field.name).collect();
                wrong.push((
                    name.clone(),
                    format!("is nothing that a column of this file holds; it may hold: {}", all.join(", ")),
                ));
            }
            (Some(_), None) => wrong.push((name.clone(), format!("the file has no column '{heading}'"))),
        }
    }
    let plain: Vec<[String; 2]> = table.headings.iter().map(|heading| plain(heading)).collect();
    // By how early a heading stands in a field's list, so that "Invoice date" is no number though it begins like one.
    for field in fields {
        if columns.of.contains_key(field.name) {
            continue;
        }
        let taken: BTreeSet<usize> = columns.of.values().copied().collect();
        let found = field.headings.iter().find_map(|wanted| {
            plain.iter().enumerate().find(|(at, known)| !taken.contains(at) && known.iter().any(|known| known == wanted))
        });
        if let Some((at, _)) = found {
            columns.of.insert(field.name, at);
            columns.guessed.insert(field.name);
        }
    }
    for field in fields.iter().filter(|field| field.needed && !columns.of.contains_key(field.name)) {
        wrong.push((
            field.name.to_owned(),
            format!("no column could be found that holds it; name its heading in columns: {{\"{}\": \"…\"}}", field.name),
        ));
    }
    if wrong.is_empty() { Ok(columns) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(headings: &[&str]) -> FileTable {
        FileTable { headings: headings.iter().map(|heading| (*heading).to_owned()).collect(), lines: Vec::new() }
    }

    #[test]
    fn columns_are_guessed_from_their_headings() {
        for (of, headings, expected) in [
            (
                FileOf::Invoices,
                &["Invoice No.", "Customer ID", "Invoice Date", "Due Date", "Amount", "Balance", "Currency", "Remark"][..],
                &[
                    ("external_id", 0),
                    ("customer_external_id", 1),
                    ("issued_on", 2),
                    ("due_on", 3),
                    ("total", 4),
                    ("open", 5),
                    ("currency", 6),
                ][..],
            ),
            (
                FileOf::Invoices,
                &["Rechnungsnr.", "Kundennummer", "Rechnungsdatum", "Fälligkeit", "Bruttobetrag", "Währung"],
                &[
                    ("external_id", 0),
                    ("customer_external_id", 1),
                    ("issued_on", 2),
                    ("due_on", 3),
                    ("total", 4),
                    ("currency", 5),
                ],
            ),
            (FileOf::Customers, &["id", "Firma", "E-Mail"], &[("external_id", 0), ("name", 1), ("email", 2)]),
        ] {
            let table = table(headings);
            let found = find(&table, &fields(of), &BTreeMap::new()).expect("all are found");
            assert_eq!(found.of, expected.iter().copied().collect(), "{headings:?}");
            assert_eq!(found.guessed.len(), expected.len());
        }
        let unread = table(&["id", "Firma", "Colour"]);
        assert_eq!(find(&unread, &fields(FileOf::Customers), &BTreeMap::new()).expect("found").unread(&unread), ["Colour"]);
    }

    #[test]
    fn what_is_said_counts_and_what_is_missing_is_asked() {
        let table = table(&["A", "B", "C"]);
        let said =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(name, heading)| ((*name).to_owned(), (*heading).to_owned())).collect();
        let found = find(&table, &fields(FileOf::Customers), &said(&[("external_id", "C"), ("name", "A")])).expect("found");
        assert_eq!((found.of["external_id"], found.of["name"], found.guessed.len()), (2, 0, 0));
        let wrong = find(&table, &fields(FileOf::Customers), &said(&[("external_id", "Z"), ("colour", "B")])).expect_err("wrong");
        let named: Vec<&str> = wrong.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(named, ["colour", "external_id", "external_id", "name"]);
    }
}
