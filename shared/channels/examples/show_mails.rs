//! Writes the built-in mails as HTML and text files into a folder, to look at: `cargo run -p channels --example show_mails DIR`.

use std::path::PathBuf;

use channels::{Brand, InvoiceRow, Links, RenderInput, RowKind, builtin, render};
use domain::{Currency, Money};
use jiff::civil::date;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/mails".to_owned()));
    std::fs::create_dir_all(&folder)?;
    let brand = Brand::named("Northwind Trading");
    for template in builtin::templates() {
        for shape in ["one", "part", "three", "mixed", "many"] {
            let input = input(&template.id, &template.language, shape);
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

/// One invoice; one that is paid in part; three; three of which one is of the message's step, with what is to come; and more than fit.
fn input(template: &str, language: &str, shape: &str) -> RenderInput {
    let euros = |minor| Money::from_minor(minor, Currency::EUR);
    let is_ahead = template == "heads-up";
    let count = match shape {
        "one" | "part" => 1,
        "three" | "mixed" => 3,
        _ => 50,
    };
    let row = |at: i64| {
        let amount = 125_000 + at * 9_990;
        let paid = if shape == "part" { 62_500 } else { 0 };
        let instalment = (shape == "mixed" && at == 1).then_some((2, 3));
        InvoiceRow {
            kind: if instalment.is_some() { RowKind::Instalment } else { RowKind::Invoice },
            number: format!("INV-2026-{:05}", 1001 + at),
            instalment,
            purchase_order: (at % 3 == 0).then(|| format!("45000{}", 71_200 + at)),
            total: euros(amount),
            amount: euros(amount),
            paid: euros(paid),
            open: euros(amount - paid),
            due_now: euros(if at == 2 { 60_000 } else { amount - paid }),
            issued_on: date(2026, 1, 5),
            due_on: date(2026, 2, if at == 0 { 4 } else { 9 }),
            days_past_due: match (is_ahead, at) {
                (true, _) => -5,
                (false, 0) => 33,
                (false, _) => 28,
            },
            url: (at % 2 == 0).then(|| format!("https://northwind.example/i/{at}")),
            is_own: shape != "mixed" || at == 0,
            reminded: if shape == "mixed" && at > 0 { 0 } else { 2 },
        }
    };
    let coming = |at: i64| InvoiceRow { due_on: date(2026, 3, 24), days_past_due: -15, due_now: euros(48_000), ..row(at) };
    let more = if shape == "many" { 12 } else { 0 };
    let rows: Vec<InvoiceRow> = (0..count).map(row).collect();
    RenderInput {
        language: language.to_owned(),
        country: Some(if language == "en" { "GB".to_owned() } else { language.to_uppercase() }),
        customer_name: "Acme GmbH".to_owned(),
        contact_name: "Anna Weber".to_owned(),
        case_id: "case_1".to_owned(),
        more,
        covered_due_now: euros(rows.iter().map(|row| row.due_now.minor()).sum()),
        invoices: rows,
        upcoming: if shape == "mixed" && !is_ahead { vec![coming(60), coming(63)] } else { Vec::new() },
        exposure_total: euros(1_375_000),
        exposure_overdue: euros(1_250_000),
        pay_by: matches!(template, "formal-notice" | "final-notice").then_some(date(2026, 3, 16)),
        payment_details: (shape != "three")
            .then(|| "Northwind Trading Ltd\nExample Bank, IBAN DE00 1234 5678 9012 3456 78\nBIC EXAMDEFF".to_owned()),
        bank: None,
        promised_on: None,
        has_code: false,
        several_currencies: shape == "mixed",
        broken_plans: vec![],
        carried: Vec::new(),
        links: Links {
            portal: "https://pay.northwind.example/p/x7Kq2".to_owned(),
            opt_out: "https://pay.northwind.example/p/x7Kq2/stop".to_owned(),
            pay: (shape == "mixed").then(|| "https://pay.northwind.example/p/x7Kq2/pay".to_owned()),
        },
    }
}
