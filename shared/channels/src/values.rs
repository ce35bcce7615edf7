//! What a template sees: the documented variables and nothing else.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use domain::Money;
use jiff::civil::Date;
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use crate::input::{AccountInMail, INVOICES_LISTED_MAX, InvoiceRow, RenderInput};
use crate::labels::MailLabels;
use crate::locale::Locale;
use crate::mail_brand::Brand;
use crate::plain::link;

/// Most characters of names in one sentence: with the count of the others they stay below what a value may have, so that none is cut.
const NAMES_CHARS_MAX: usize = 200;

/// An amount; true when it is not zero.
#[derive(Debug)]
pub struct Amount(pub Money);

/// A date.
#[derive(Debug)]
pub struct Day(pub Date);

/// An address on the web.
#[derive(Debug)]
pub struct Url(pub String);

/// The place of the table of invoices in an email.
#[derive(Debug)]
pub struct TablePlace;

/// How an email is signed, line by line.
#[derive(Debug)]
pub struct SignaturePlace(pub Vec<String>);

/// The listed invoices, and how many there are in all.
#[derive(Debug)]
pub struct Rows {
    rows: Vec<Value>,
    /// Listed or not.
    pub count: usize,
}

impl Object for Amount {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn is_true(self: &Arc<Self>) -> bool {
        !self.0.is_zero()
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Object for Day {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Object for Url {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Object for TablePlace {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn render(self: &Arc<Self>, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl Object for SignaturePlace {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn render(self: &Arc<Self>, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl Object for Rows {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.rows.get(key.as_usize()?).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.rows.len())
    }
}

/// An amount or a date as it is shown where no filter names a form.
pub fn shown(value: &Value, locale: &'static Locale) -> Option<String> {
    let amount = value.downcast_object_ref::<Amount>().map(|amount| locale.money(amount.0));
    amount.or_else(|| value.downcast_object_ref::<Day>().map(|day| locale.date(day.0)))
}

/// The variables for one message, in these words.
pub fn context(input: &RenderInput, brand: &Brand, words: &MailLabels) -> Value {
    let rows: Vec<Value> = input.invoices.iter().take(INVOICES_LISTED_MAX).map(|row| row_value(row, words)).collect();
    let count = input.invoices.len() + input.more;
    let url = |url: &str| link(url, false).map_or_else(|| Value::from(""), |url| Value::from_object(Url(url)));
    let map = |entries: Vec<(&'static str, Value)>| Value::from(entries.into_iter().collect::<BTreeMap<_, _>>());
    map(vec![
        ("tenant", map(vec![("name", brand.name.as_str().into())])),
        ("customer", map(vec![("name", input.customer_name.as_str().into())])),
        ("contact", map(vec![("name", input.contact_name.as_str().into())])),
        ("case", map(vec![("id", input.case_id.as_str().into())])),
        ("invoices", Value::from_object(Rows { rows, count })),
        ("covered", map(covered(input, words))),
        ("exposure", map(vec![("total", amount(input.exposure_total)), ("overdue", amount(input.exposure_overdue))])),
        ("pay_by", input.pay_by.map_or(Value::from(()), |day| Value::from_object(Day(day)))),
        ("promised_on", input.promised_on.map_or(Value::from(()), |day| Value::from_object(Day(day)))),
        ("currency", if input.several_currencies { input.covered_due_now.currency().code().into() } else { "".into() }),
        ("bank", map(bank(input))),
        ("payment_details", input.payment_details.as_deref().unwrap_or_default().into()),
        ("table", Value::from_object(TablePlace)),
        ("signature", Value::from_object(SignaturePlace(brand.signature()))),
        (
            "links",
            map(vec![
                ("portal", url(&input.links.portal)),
                ("opt_out", url(&input.links.opt_out)),
                ("pay", input.links.pay.as_deref().map_or(Value::from(()), url)),
            ]),
        ),
    ])
}

/// Where to transfer to, and what to name.
fn bank(input: &RenderInput) -> Vec<(&'static str, Value)> {
    let of = |part: fn(&AccountInMail) -> &String| Value::from(input.bank.as_ref().map(part).cloned().unwrap_or_default());
    vec![
        ("holder", of(|bank| &bank.holder)),
        ("name", of(|bank| &bank.name)),
        ("iban", of(|bank| &bank.iban)),
        ("bic", of(|bank| &bank.bic)),
        ("account", of(|bank| &bank.account)),
        ("routing", of(|bank| &bank.routing)),
        ("reference", input.bank.as_ref().and_then(|_| input.reference()).unwrap_or_default().into()),
    ]
}

fn amount(money: Money) -> Value {
    Value::from_object(Amount(money))
}

/// What is said of all covered items together.
fn covered(input: &RenderInput, words: &MailLabels) -> Vec<(&'static str, Value)> {
    let rows = &input.invoices;
    let own: Vec<&InvoiceRow> = rows.iter().filter(|row| row.is_own).collect();
    // What is not listed counts as what the listed ones are.
    let own_count = if own.len() == rows.len() { rows.len() + input.more } else { own.len() };
    let names: Vec<String> = own.iter().take(INVOICES_LISTED_MAX).map(|row| words.name(row)).collect();
    let names = fitting(&names);
    vec![
        ("due_now", amount(input.covered_due_now)),
        ("named", words.named(rows.iter(), input.more).into()),
        ("counted", words.counted(rows.iter(), input.more).into()),
        ("reminded", rows.iter().map(|row| row.reminded).min().unwrap_or(0).into()),
        ("own", own_count.into()),
        ("own_named", words.named(own.iter().copied(), own_count - own.len()).into()),
        ("own_names", words.listed(names, own_count - names.len()).into()),
    ]
}

/// The first names that fit into one sentence; one at least.
fn fitting(names: &[String]) -> &[String] {
    let mut characters = 0;
    let fits = |name: &&String| {
        characters += name.chars().count() + 2;
        characters <= NAMES_CHARS_MAX
    };
    let count = names.iter().take_while(fits).count();
    names.get(..count.max(1)).unwrap_or(names)
}

fn row_value(row: &InvoiceRow, words: &MailLabels) -> Value {
    let url = row.url.as_deref().and_then(|url| link(url, false));
    let instalment = row.instalment.map(|(number, of)| words.instalment_of(number, of)).unwrap_or_default();
    let entries: [(&str, Value); 14] = [
        ("number", row.number.as_str().into()),
        ("name", words.name(row).into()),
        ("purchase_order", row.purchase_order.as_deref().unwrap_or_default().into()),
        ("amount", amount(row.amount)),
        ("paid", amount(row.paid)),
        ("instalment", instalment.into()),
        ("currency", row.due_now.currency().code().into()),
        ("total", amount(row.total)),
        ("open", amount(row.open)),
        ("due_now", amount(row.due_now)),
        ("issued_on", Value::from_object(Day(row.issued_on))),
        ("due_on", Value::from_object(Day(row.due_on))),
        ("days_past_due", row.days_past_due.into()),
        ("url", url.map_or_else(|| Value::from(""), |url| Value::from_object(Url(url)))),
    ];
    Value::from(entries.into_iter().collect::<BTreeMap<_, _>>())
}
