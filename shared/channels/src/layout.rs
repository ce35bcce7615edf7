//! The mail around the prose: ours, fixed, made before anything is built; a tenant's words enter as finished, escaped pieces.

use domain::Money;

use crate::input::{Brand, INVOICES_LISTED_MAX, InvoiceRow, RenderInput, UPCOMING_LISTED_MAX};
use crate::labels::MailLabels;
use crate::locale::Locale;
use crate::plain::{html, link, plain};
use crate::prose::Prose;

/// Characters of the preview that mail clients show beside the subject.
const PREVIEW_CHARS_MAX: usize = 110;

/// What one mail is laid out from.
pub struct Sheet<'a> {
    pub subject: &'a str,
    pub prose: &'a Prose,
    /// Whether the layout lists the invoices.
    pub table: bool,
    pub input: &'a RenderInput,
    pub brand: &'a Brand,
    pub words: &'static MailLabels,
    pub locale: &'static Locale,
    /// BCP 47, of the words.
    pub language: &'a str,
    pub portal: &'a str,
    pub opt_out: &'a str,
}

/// HTML with `@@names@@` in it, made of `layout.mjml` beside it; a test holds the two together.
const LAYOUT: &str = include_str!("layout.html");

impl Sheet<'_> {
    /// The mail as HTML.
    pub fn html(&self) -> Result<String, String> {
        let body = self.prose.html() + &if self.table { self.html_table() } else { String::new() };
        let mut out = String::with_capacity(LAYOUT.len() + body.len() + 512);
        for (at, piece) in LAYOUT.split("@@").enumerate() {
            if at % 2 == 0 {
                out.push_str(piece);
                continue;
            }
            match piece {
                "language" => out.push_str(&html(self.language)),
                "title" => out.push_str(&html(self.subject)),
                "preview" => out.push_str(&html(&self.prose.preview(PREVIEW_CHARS_MAX))),
                "tenant" => out.push_str(&html(&plain(&self.brand.name))),
                "body" => out.push_str(&body),
                "button_url" => out.push_str(&html(self.portal)),
                "button" => out.push_str(&html(self.button())),
                "foot" => out.push_str(&self.html_foot()),
                other => return Err(format!("the layout names '{other}', which is unknown")),
            }
        }
        Ok(out)
    }

    /// The mail as plain text.
    pub fn text(&self) -> String {
        let mut out = self.prose.text();
        if self.table {
            out.push_str(&self.text_table());
        }
        out.push_str(&format!("\n\n{}:\n{}\n\n-- \n", self.button(), self.portal));
        out.push_str(&self.sent_by());
        out.push_str(&format!("\n{} {}: {}\n", self.words.opt_out, self.words.opt_out_link, self.opt_out));
        out
    }

    fn button(&self) -> &'static str {
        if self.input.links.pay.is_some() { self.words.view_and_pay } else { self.words.view }
    }

    fn sent_by(&self) -> String {
        self.words.sent_by.replace("{}", &plain(&self.brand.name))
    }

    fn html_foot(&self) -> String {
        format!(
            "{}<br>{} <a href=\"{}\" style=\"color:#5b6672;text-decoration:underline\">{}</a>.",
            html(&self.sent_by()),
            html(self.words.opt_out),
            html(self.opt_out),
            html(self.words.opt_out_link),
        )
    }

    fn listed(&self) -> &[InvoiceRow] {
        let rows = &self.input.invoices;
        &rows[..rows.len().min(INVOICES_LISTED_MAX)]
    }

    fn more(&self) -> usize {
        self.input.more + self.input.invoices.len() - self.listed().len()
    }

    /// What all covered items come to, where that is more than one row.
    fn total(&self) -> Option<Money> {
        (self.listed().len() + self.more() > 1).then_some(self.input.covered_due_now)
    }

    fn number(&self, row: &InvoiceRow) -> String {
        let number = plain(&row.number);
        self.instalment(row).map_or(number.clone(), |instalment| format!("{number} ({instalment})"))
    }

    /// `instalment 2 of 3`.
    fn instalment(&self, row: &InvoiceRow) -> Option<String> {
        row.instalment.map(|(at, of)| format!("{} {}", self.words.instalment, self.words.instalment_of(at, of)))
    }

    /// `of 200.00 open`, where less than all of it is due.
    fn part_of(&self, row: &InvoiceRow) -> Option<String> {
        (row.open != row.due_now).then(|| self.words.open.replace("{}", &self.locale.money(row.open)))
    }

    fn html_table(&self) -> String {
        const CELL: &str = "padding:10px 0;border-bottom:1px solid #d9dee4;vertical-align:top";
        const WHOLE: &str = "overflow-wrap:normal;padding-left:12px";
        const RIGHT: &str = "text-align:right;overflow-wrap:normal;padding-left:12px";
        const HEAD: &str = "font-size:13px;font-weight:400;color:#5b6672";
        let words = self.words;
        let mut out = String::from(
            "<table role=\"table\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"width:100%;border-collapse:collapse;\
             font-size:15px;line-height:20px;margin:4px 0 20px\">",
        );
        out.push_str(&format!(
            "<tr><th class=\"soft\" align=\"left\" style=\"{CELL};{HEAD};overflow-wrap:normal;text-align:left\">{}</th>\
             <th class=\"soft\" align=\"left\" style=\"{CELL};{HEAD};{WHOLE};text-align:left\">{}</th>\
             <th class=\"soft\" align=\"right\" style=\"{CELL};{HEAD};{RIGHT}\">{}</th></tr>",
            html(words.invoice),
            html(words.due_on),
            html(words.amount)
        ));
        let mut add = |row: &InvoiceRow| {
            let number = html(&plain(&row.number));
            let number = match row.url.as_deref().and_then(|url| link(url, false)) {
                Some(url) => format!("<a href=\"{}\" class=\"link\" style=\"color:#1a56b0\">{number}</a>", html(&url)),
                None => number,
            };
            let soft =
                |text: &str| format!("<br><span class=\"soft\" style=\"font-size:13px;color:#5b6672\">{}</span>", html(text));
            let instalment = self.instalment(row).map_or(String::new(), |text| soft(&text));
            let part = self.part_of(row).map_or(String::new(), |text| soft(&text));
            out.push_str(&format!(
                "<tr><td style=\"{CELL};overflow-wrap:anywhere\">{number}{instalment}</td><td style=\"{CELL};{WHOLE}\">{}</td>\
                 <td align=\"right\" style=\"{CELL};{RIGHT}\">{}{part}</td></tr>",
                html(&self.locale.date(row.due_on)),
                html(&self.locale.money(row.due_now)),
            ));
        };
        self.listed().iter().for_each(&mut add);
        let span = |out: &mut String, text: &str| {
            out.push_str(&format!(
                "<tr><td class=\"soft\" colspan=\"3\" style=\"{CELL};color:#5b6672\">{}</td></tr>",
                html(text)
            ));
        };
        if self.more() > 0 {
            span(&mut out, &format!("… {}", words.more(self.more())));
        }
        if let Some(total) = self.total() {
            out.push_str(&format!(
                "<tr><td colspan=\"2\" style=\"{CELL};font-weight:600\">{}</td><td align=\"right\" style=\"{CELL};{RIGHT};font-weight:600\">{}</td></tr>",
                html(words.total),
                html(&self.locale.money(total))
            ));
        }
        if !self.input.upcoming.is_empty() {
            span(&mut out, words.upcoming);
            for row in self.input.upcoming.iter().take(UPCOMING_LISTED_MAX) {
                out.push_str(&format!(
                    "<tr><td class=\"soft\" style=\"{CELL};color:#5b6672\">{}</td><td class=\"soft\" style=\"{CELL};{WHOLE};color:#5b6672\">{}</td>\
                     <td class=\"soft\" align=\"right\" style=\"{CELL};{RIGHT};color:#5b6672\">{}</td></tr>",
                    html(&self.number(row)),
                    html(&self.locale.date(row.due_on)),
                    html(&self.locale.money(row.due_now)),
                ));
            }
        }
        out.push_str("</table>");
        out
    }

    fn text_table(&self) -> String {
        let words = self.words;
        let row_of = |row: &InvoiceRow| {
            let part = self.part_of(row).map_or(String::new(), |part| format!(" ({part})"));
            [self.number(row), self.locale.date(row.due_on), self.locale.money(row.due_now), part]
        };
        let head = [words.invoice.to_owned(), words.due_on.to_owned(), words.amount.to_owned(), String::new()];
        let mut rows: Vec<[String; 4]> = vec![head];
        rows.extend(self.listed().iter().map(row_of));
        let total_row =
            self.total().map(|total| [words.total.to_owned(), String::new(), self.locale.money(total), String::new()]);
        let upcoming: Vec<_> = self.input.upcoming.iter().take(UPCOMING_LISTED_MAX).map(row_of).collect();
        let all = || rows.iter().chain(&total_row).chain(&upcoming);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0).min(40);
        let widths = [width(0), width(1), width(2)];
        let line = |[number, date, money, part]: &[String; 4]| {
            let [first, second, third] = widths;
            format!("\n{number:<first$}  {date:<second$}  {money:>third$}{part}")
        };
        let mut out = String::from("\n");
        rows.iter().for_each(|row| out.push_str(&line(row)));
        if self.more() > 0 {
            out.push_str(&format!("\n… {}", words.more(self.more())));
        }
        total_row.iter().for_each(|row| out.push_str(&line(row)));
        if !upcoming.is_empty() {
            out.push_str(&format!("\n\n{}:", words.upcoming));
            upcoming.iter().for_each(|row| out.push_str(&line(row)));
        }
        out
    }
}
