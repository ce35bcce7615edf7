//! Documents to look at: every language, few and many rows.

use documents::{
    Addressee, BrandColour, CreditLine, DocumentHead, InvoiceCopy, InvoicePart, Letterhead, Logo, PaidInvoice, PaidLine, Paper,
    PaymentReceipt, Statement, StatementAccount, StatementLine, WaysToPay, Writing,
};
use domain::{Currency, Money};
use jiff::civil::{Date, date};

/// How a language writes.
#[derive(Clone, Copy)]
pub struct Hand(pub &'static str);

impl Writing for Hand {
    fn language(&self) -> &str {
        self.0
    }

    fn money(&self, money: Money) -> String {
        let digits = usize::from(money.currency().minor_digits());
        let padded = format!("{:0width$}", money.minor().unsigned_abs(), width = digits + 1);
        let (whole, fraction) = padded.split_at(padded.len() - digits);
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push_str(if self.0 == "en" {
                    ","
                } else if ["de", "es", "it", "nl"].contains(&self.0) {
                    "."
                } else {
                    "\u{202f}"
                });
            }
            grouped.push(digit);
        }
        let sign = if money.minor() < 0 { "-" } else { "" };
        let number = if digits == 0 { grouped } else { format!("{grouped}{}{fraction}", if self.0 == "en" { "." } else { "," }) };
        match self.0 {
            "en" => format!("{sign}€{number}"),
            "nl" => format!("€\u{a0}{sign}{number}"),
            _ => format!("{sign}{number}\u{a0}€"),
        }
    }

    fn date(&self, date: Date) -> String {
        match self.0 {
            "de" => date.strftime("%-d.%-m.%Y").to_string(),
            "fr" | "es" | "it" | "pt" => date.strftime("%d/%m/%Y").to_string(),
            "ja" => date.strftime("%Y年%-m月%-d日").to_string(),
            "nl" => date.strftime("%-d-%-m-%Y").to_string(),
            _ => date.strftime("%-d %b %Y").to_string(),
        }
    }
}

pub fn letterhead() -> Letterhead {
    Letterhead {
        name: "Nordwind Werkzeuge GmbH".to_owned(),
        particulars: [
            "Hafenstraße 12, 20457 Hamburg",
            "Amtsgericht Hamburg, HRB 123456",
            "USt-IdNr. DE123456789",
            "ar@nordwind.example",
        ]
        .map(str::to_owned)
        .into(),
        colour: BrandColour::parse("#0b6e5f"),
        logo: None,
    }
}

/// A logo of so many pixels: a square in a frame.
pub fn logo((width, height): (u32, u32)) -> Option<Logo> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let is_inside = x > height / 4 && x < height * 3 / 4 && y > height / 4 && y < height * 3 / 4;
            pixels.extend(if is_inside { [11, 110, 95, 255] } else { [210, 235, 228, 255] });
        }
    }
    encoder.write_header().expect("a header").write_image_data(&pixels).expect("pixels");
    Logo::of(bytes)
}

pub fn customer(name: &str) -> Addressee {
    Addressee { name: name.to_owned(), lines: ["Rue des Écoles 7", "1050 Bruxelles", "BE"].map(str::to_owned).into() }
}

fn head(name: &str, paper: Paper) -> DocumentHead {
    DocumentHead { letterhead: letterhead(), customer: customer(name), paper, as_of: date(2026, 11, 27) }
}

fn line(at: usize) -> StatementLine {
    let day = i64::try_from(at % 300).expect("small");
    let issued_on = date(2026, 1, 2).saturating_add(jiff::Span::new().days(day));
    let amount_minor = 10_001 + i64::try_from(at).expect("small") * 7_919;
    let paid_minor = if at.is_multiple_of(4) { amount_minor / 3 } else { 0 };
    StatementLine {
        number: format!("RE-2026-{at:05}"),
        instalment: at.is_multiple_of(7).then_some((2, 3)),
        purchase_order: at.is_multiple_of(5).then(|| format!("PO {at}")),
        issued_on,
        due_on: issued_on.saturating_add(jiff::Span::new().days(30)),
        amount_minor,
        paid_minor,
        credited_minor: 0,
        open_minor: amount_minor - paid_minor,
    }
}

/// A statement of so many invoices, a third of them not yet due.
pub fn statement(count: usize) -> Statement {
    let (not_yet_due, overdue) = (0..count).map(line).partition(|line| line.number.ends_with(['1', '4', '7']));
    Statement {
        head: head("Ateliers Bérénice Løvenskiold & Сыновья S.A.", Paper::A4),
        accounts: vec![StatementAccount {
            currency: Currency::EUR,
            overdue,
            not_yet_due,
            credits: vec![CreditLine {
                reference: "GS-77".to_owned(),
                given_on: date(2026, 10, 1),
                amount_minor: 50_000,
                left_minor: 12_345,
            }],
            payments: vec![
                PaidLine { reference: "pi_3Nabc".to_owned(), received_on: date(2026, 11, 2), amount_minor: 222_222 },
                PaidLine { reference: "SEPA 4471".to_owned(), received_on: date(2026, 10, 2), amount_minor: 9_900 },
            ],
            payments_not_listed: 3,
        }],
        ways_to_pay: vec![WaysToPay {
            to: String::new(),
            lines: vec!["IBAN DE02 1203 0000 0000 2020 51".to_owned(), "Please name the invoice number.".to_owned()],
        }],
    }
}

pub fn receipt() -> PaymentReceipt {
    PaymentReceipt {
        head: head("Ateliers Bérénice S.A.", Paper::A4),
        reference: "pay_7f3k2m9q4r8s1t0v".to_owned(),
        received_on: date(2026, 11, 26),
        currency: Currency::EUR,
        amount_minor: 123_456,
        paid: vec![
            PaidInvoice { number: "RE-2026-00012".to_owned(), amount_minor: 100_000, open_minor: Some(0) },
            PaidInvoice { number: "RE-2026-00019".to_owned(), amount_minor: 20_000, open_minor: Some(31_415) },
        ],
    }
}

pub fn copy() -> InvoiceCopy {
    InvoiceCopy {
        head: head("Ateliers Bérénice S.A.", Paper::Letter),
        number: "RE-2026-00012".to_owned(),
        purchase_order: Some("PO 4500".to_owned()),
        issued_on: date(2026, 9, 1),
        due_on: date(2026, 12, 1),
        currency: Currency::EUR,
        total_minor: 300_000,
        credited_minor: Some(10_000),
        paid_minor: Some(90_000),
        open_minor: 200_000,
        instalments: [date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)]
            .map(|due_on| InvoicePart { due_on, amount_minor: 100_000 })
            .into(),
        ways_to_pay: vec![WaysToPay { to: String::new(), lines: vec!["IBAN DE02 1203 0000 0000 2020 51".to_owned()] }],
    }
}
