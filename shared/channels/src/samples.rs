//! Made-up facts of every shape that real ones have, for trying a template before it is published.

use domain::{Currency, Money};
use jiff::civil::date;

use crate::input::{INVOICES_LISTED_MAX, InvoiceRow, Links, RenderInput, RowKind};
use crate::mail_brand::Brand;

/// A made-up tenant.
pub fn brand() -> Brand {
    Brand::named("Northwind Trading")
}

/// One of each shape.
pub fn all(language: &str) -> Vec<RenderInput> {
    let mut samples = Vec::new();
    for (count, more) in [(1, 0), (3, 0), (INVOICES_LISTED_MAX, 1_950)] {
        for pay in [None, Some("https://pay.dunlin.example/p/sample/pay".to_owned())] {
            for country in [None, Some("US".to_owned()), Some("DE".to_owned())] {
                let mut sample = one(language, count);
                sample.more = more;
                sample.links.pay.clone_from(&pay);
                sample.pay_by = country.is_some().then_some(date(2026, 2, 23));
                sample.promised_on = sample.pay_by;
                sample.payment_details = country.is_some().then(|| "Example Bank\nIBAN: DE00 1234".to_owned());
                sample.several_currencies = pay.is_some();
                sample.broken_plans = pay.iter().map(|_| "1001, 1002".to_owned()).collect();
                sample.country = country;
                samples.push(sample);
            }
        }
    }
    let mut bare = one(language, 1);
    bare.contact_name = String::new();
    bare.invoices[0].days_past_due = -5;
    bare.invoices[0].reminded = 0;
    bare.exposure_overdue = Money::from_minor(0, Currency::EUR);
    samples.push(bare);
    samples
}

/// Facts with `count` invoices.
pub fn one(language: &str, count: usize) -> RenderInput {
    let euros = |minor| Money::from_minor(minor, Currency::EUR);
    let row = |at: usize| InvoiceRow {
        kind: if at % 2 == 1 { RowKind::Instalment } else { RowKind::Invoice },
        number: format!("{}", 1001 + at),
        instalment: (at % 2 == 1).then_some((1, 3)),
        purchase_order: at.is_multiple_of(2).then(|| "PO-7".to_owned()),
        total: euros(125_000),
        amount: euros(125_000),
        paid: euros(0),
        open: euros(125_000),
        due_now: euros(if at % 3 == 2 { 60_000 } else { 125_000 }),
        issued_on: date(2026, 1, 5),
        due_on: date(2026, 2, 4),
        days_past_due: 9,
        url: at.is_multiple_of(2).then(|| format!("https://northwind.example/i/{}", 1001 + at)),
        is_own: at.is_multiple_of(2),
        reminded: 2,
    };
    RenderInput {
        language: language.to_owned(),
        country: None,
        customer_name: "Acme GmbH".to_owned(),
        contact_name: "Anna Weber".to_owned(),
        case_id: "case_sample".to_owned(),
        invoices: (0..count).map(row).collect(),
        more: 0,
        covered_due_now: (0..count).map(row).fold(euros(0), |sum, row| sum.checked_add(row.due_now).unwrap_or(sum)),
        upcoming: Vec::new(),
        exposure_total: euros(375_000),
        exposure_overdue: euros(250_000),
        pay_by: None,
        payment_details: None,
        bank: None,
        promised_on: None,
        has_code: false,
        several_currencies: false,
        broken_plans: vec![],
        carried: Vec::new(),
        links: Links {
            portal: "https://pay.dunlin.example/p/sample".to_owned(),
            opt_out: "https://pay.dunlin.example/p/sample/stop".to_owned(),
            pay: None,
        },
    }
}
