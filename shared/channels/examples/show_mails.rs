//! Writes the built-in mails as HTML and text files into a folder, to look at: `cargo run -p channels --example show_mails DIR`.

use std::path::PathBuf;

use channels::{Brand, InvoiceRow, Links, RenderInput, builtin, render};
use domain::{Currency, Money};
use jiff::civil::date;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/mails".to_owned()));
    std::fs::create_dir_all(&folder)?;
    let brand = Brand { name: "Northwind Trading".to_owned(), two_way_sms: false };
    for template in builtin::templates() {
        for (shape, count, more) in [("one", 1, 0), ("three", 3, 0), ("many", 50, 12)] {
            let input = input(&template.language, count, more);
            let rendered = render(&template, &input, &brand).map_err(std::io::Error::other)?;
            let name = format!("{}.{}.{}.{shape}", template.id, template.language, template.channel.as_str());
            if let Some(html) = &rendered.html {
                std::fs::write(folder.join(format!("{name}.html")), html)?;
            }
            let subject = rendered.subject.unwrap_or_default();
            std::fs::write(folder.join(format!("{name}.txt")), format!("{subject}\n\n{}", rendered.text))?;
        }
    }
    Ok(())
}

fn input(language: &str, count: i64, more: usize) -> RenderInput {
    let euros = |minor| Money::from_minor(minor, Currency::EUR);
    let row = |at: i64| InvoiceRow {
        number: format!("INV-2026-{:05}", 1001 + at),
        instalment: (at == 1).then_some((2, 3)),
        total: euros(125_000 + at * 9_990),
        open: euros(125_000 + at * 9_990),
        due_now: euros(if at == 2 { 60_000 } else { 125_000 + at * 9_990 }),
        issued_on: date(2026, 1, 5),
        due_on: date(2026, 2, 4),
        days_past_due: 9,
        url: (at % 2 == 0).then(|| format!("https://northwind.example/i/{at}")),
    };
    let mut upcoming = row(60);
    upcoming.due_on = date(2026, 3, 4);
    RenderInput {
        language: language.to_owned(),
        country: Some(if language == "de" { "DE" } else { "GB" }.to_owned()),
        customer_name: "Acme GmbH".to_owned(),
        contact_name: "Anna Weber".to_owned(),
        case_id: "case_1".to_owned(),
        invoices: (0..count).map(row).collect(),
        more,
        covered_due_now: euros((0..count).map(|at| row(at).due_now.minor()).sum()),
        upcoming: if count == 3 { vec![upcoming] } else { Vec::new() },
        exposure_total: euros(1_375_000),
        exposure_overdue: euros(1_250_000),
        pay_by: None,
        links: Links {
            portal: "https://pay.northwind.example/p/x7Kq2".to_owned(),
            opt_out: "https://pay.northwind.example/p/x7Kq2/stop".to_owned(),
            pay: (count == 1).then(|| "https://pay.northwind.example/p/x7Kq2/pay".to_owned()),
        },
    }
}
