//! The mail around the prose: ours, fixed, made before anything is built; a tenant's words enter as finished, escaped pieces.

use domain::Money;

use crate::carried_words::says_carried;
use crate::input::{CODE_IMAGE, INVOICES_LISTED_MAX, InvoiceRow, RenderInput, UPCOMING_LISTED_MAX};
use crate::labels::MailLabels;
use crate::locale::Locale;
use crate::mail_brand::Brand;
use crate::plain::{html, link, plain, unlinked};
use crate::prose::Prose;

/// Characters of the preview that mail clients show beside the subject.
const PREVIEW_CHARS_MAX: usize = 110;

/// What one mail is laid out from.
pub struct Sheet<'a> {
    pub subject: &'a str,
    pub prose: &'a Prose,
    /// Whether the layout lists the invoices.
    pub table: bool,
    /// Whether the words say where they are signed.
    pub is_signed: bool,
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

/// The layout with what belongs to each of its names, as HTML.
///
/// # Errors
///
/// Which name of it nothing belongs to.
pub fn filled(piece: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(2 * LAYOUT.len());
    for (at, part) in LAYOUT.split("@@").enumerate() {
        if at % 2 == 0 {
            out.push_str(part);
        } else {
            out.push_str(&piece(part).ok_or_else(|| format!("the layout names '{part}', which is unknown"))?);
        }
    }
    Ok(out)
}

/// What a mail is about at a glance: in large letters, with a line above and a line below.
pub fn glance(above: &str, large: &str, below: &str) -> String {
    let soft = |text: &str, size: &str| {
        format!("<div class=\"soft\" style=\"font-size:{size};line-height:22px;color:#5b6672\">{}</div>", html(text))
    };
    format!(
        "{}<div class=\"sum\" style=\"font-size:34px;line-height:44px;font-weight:600;letter-spacing:-0.01em\">{}</div>{}",
        soft(above, "14px"),
        html(large),
        soft(below, "15px"),
    )
}

/// The foot of a mail: whose it is, who that is, and the way out; all but the particulars are HTML.
pub fn foot(sent_by: &str, brand: &Brand, way_out: &str) -> String {
    let lines: Vec<String> = brand.particulars().iter().map(|line| html(line)).collect();
    if lines.is_empty() {
        return format!("{sent_by}<br>{way_out}");
    }
    format!("{sent_by}<div style=\"margin:8px 0\">{}</div>{way_out}", lines.join("<br>"))
}

/// Rows of three columns, the first their heads, as a table of the layout; amounts are right.
pub fn table_of(rows: &[[String; 3]]) -> String {
    let cell = |tag: &str, class: &str, text: &str, style: &str, align: &str| {
        format!("<{tag} class=\"{class}\" align=\"{align}\" style=\"{CELL};{style};text-align:{align}\">{}</{tag}>", html(text))
    };
    let row = |(at, [first, second, third]): (usize, &[String; 3])| {
        let is_head = at == 0;
        let (tag, style) =
            if is_head { ("th", "font-size:13px;font-weight:400;color:#5b6672;white-space:normal") } else { ("td", "") };
        let class = |place: &str| if is_head { format!("{place} soft") } else { place.to_owned() };
        let cells = [
            cell(tag, &class("number"), first, &format!("overflow-wrap:anywhere;{style}"), "left"),
            cell(tag, &class("date"), second, &format!("{DATE};{style}"), "right"),
            cell(tag, &class("amount"), third, &format!("{AMOUNT};{style}"), "right"),
        ];
        format!("<tr>{}</tr>", cells.concat())
    };
    table(&rows.iter().enumerate().map(row).collect::<String>())
}

impl Sheet<'_> {
    /// The mail as HTML.
    pub fn html(&self) -> Result<String, String> {
        let table = if self.table { self.html_table() } else { String::new() };
        let below = self.html_broken() + &table + &self.html_payment() + &self.html_carried();
        let body = self.prose.html(&below) + &self.html_signature();
        filled(|name| {
            Some(match name {
                "language" => html(self.language),
                "title" => html(self.subject),
                "preview" => html(&self.prose.preview(PREVIEW_CHARS_MAX)),
                "tenant" => self.brand.head(),
                "colour" => html(self.brand.button_colour()),
                "hero" => self.html_hero(),
                "body" => body.clone(),
                "button_url" => html(self.portal),
                "button" => html(self.button()),
                "foot" => self.html_foot(),
                _ => return None,
            })
        })
    }

    /// The mail as plain text.
    pub fn text(&self) -> String {
        let table = self.table.then(|| self.text_table());
        let below = self.broken().into_iter().chain(table).chain(self.text_payment()).chain(self.carried_line());
        let mut out = self.prose.text(&below.collect::<Vec<_>>().join("\n\n"));
        for (at, line) in self.signature().iter().enumerate() {
            out.push_str(if at == 0 { "\n\n" } else { "\n" });
            out.push_str(line);
        }
        out.push_str(&format!("\n\n{}{}\n{}\n\n-- \n", self.button(), self.words.colon, self.portal));
        out.push_str(&self.sent_by());
        for line in self.brand.particulars() {
            out.push('\n');
            out.push_str(&line);
        }
        out.push_str(&format!("\n{} {}{} {}\n", self.words.opt_out, self.words.opt_out_link, self.words.colon, self.opt_out));
        out
    }

    fn button(&self) -> &'static str {
        if self.input.links.pay.is_some() { self.words.view_and_pay } else { self.words.view }
    }

    fn sent_by(&self) -> String {
        self.words.sent_by(&self.brand.plain_name())
    }

    fn html_foot(&self) -> String {
        let way_out = format!(
            "{} <a href=\"{}\" style=\"color:#5b6672;text-decoration:underline\">{}</a>",
            html(self.words.opt_out),
            html(self.opt_out),
            html(self.words.opt_out_link),
        );
        foot(&html(&self.sent_by()), self.brand, &way_out)
    }

    /// The signature, where the words do not say where they are signed and there is one beside the name.
    fn signature(&self) -> Vec<String> {
        if self.is_signed { Vec::new() } else { self.brand.own_signature() }
    }

    fn html_signature(&self) -> String {
        let lines: Vec<String> = self.signature().iter().map(|line| html(line)).collect();
        if lines.is_empty() { String::new() } else { format!("<p style=\"margin:0 0 16px\">{}</p>", lines.join("<br>")) }
    }

    /// What the mail carries.
    fn carried_line(&self) -> Option<String> {
        (!self.input.carried.is_empty()).then(|| says_carried(self.language, &self.input.carried))
    }

    fn html_carried(&self) -> String {
        let text = |text: String| {
            let style = "margin:0 0 20px;font-size:15px;line-height:22px;color:#5b6672;overflow-wrap:anywhere";
            format!("<p class=\"soft\" style=\"{style}\">{}</p>", html(&text))
        };
        self.carried_line().map(text).unwrap_or_default()
    }

    /// What it is about, at a glance: the sum, of what, due when, and by when it is asked for.
    fn html_hero(&self) -> String {
        let words = self.words;
        // A person's own words may be about nothing that is due.
        if self.input.invoices.is_empty() {
            return String::new();
        }
        let what = capitalised(&unlinked(&words.named(self.input.invoices.iter(), self.input.more)));
        let line: Vec<String> = std::iter::once(what).chain(self.due()).collect();
        let pay_by = self.input.pay_by.map_or(String::new(), |day| {
            let day = format!("<strong>{}</strong>", html(&self.locale.date(day)));
            format!("<div style=\"margin-top:10px\">{}</div>", html(words.pay_by).replace("{}", &day))
        });
        glance(words.amount, &self.locale.money(self.input.covered_due_now), &line.join(" · ")) + &pay_by
    }

    /// When the covered items fall or fell due: they stand alike to their due dates. Of what was promised, for when.
    fn due(&self) -> Vec<String> {
        let words = self.words;
        if let Some(day) = self.input.promised_on {
            return vec![words.promised_for.replace("{}", &self.locale.date(day))];
        }
        let rows = &self.input.invoices;
        let Some(first) = rows.iter().min_by_key(|row| row.due_on) else { return Vec::new() };
        let is_one = rows.len() + self.input.more == 1;
        let form = match first.days_past_due {
            0 => return vec![words.due_today.to_owned()],
            _ if is_one => words.due,
            1.. => words.oldest_due,
            _ => words.first_due,
        };
        let late = words.late(first.days_past_due).filter(|_| is_one);
        std::iter::once(form.replace("{}", &self.locale.date(first.due_on))).chain(late).collect()
    }

    /// How to pay, line by line, and what to name.
    fn payment(&self) -> Vec<String> {
        let details = self.input.payment_details.as_deref().unwrap_or_default();
        let lines: Vec<String> = details.lines().map(plain).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return lines;
        }
        let reference = self.input.reference().map(|numbers| self.words.reference.replace("{}", &unlinked(&numbers)));
        lines.into_iter().chain(reference).collect()
    }

    /// What plans were broken, a sentence each.
    fn broken(&self) -> Vec<String> {
        self.input.broken_plans.iter().map(|name| self.words.plan_broken.replace("{}", &unlinked(name))).collect()
    }

    fn html_broken(&self) -> String {
        self.broken().iter().map(|text| format!("<p style=\"margin:0 0 20px\">{}</p>", html(text))).collect()
    }

    fn html_payment(&self) -> String {
        let lines = self.payment();
        if lines.is_empty() {
            return String::new();
        }
        let lines: Vec<String> = lines.iter().map(|line| html(line)).collect();
        let code = if self.input.has_code { self.html_code() } else { String::new() };
        format!(
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"width:100%;margin:0 0 20px\"><tr>\
             <td class=\"box\" style=\"background-color:#f2f4f7;border-radius:6px;padding:14px 16px;font-size:15px;line-height:22px\">\
             <strong>{}</strong><br>{}{code}</td></tr></table>",
            html(self.words.how_to_pay),
            lines.join("<br>"),
        )
    }

    /// The code of the transfer, which goes along with the mail: no program loads it from elsewhere. Dark on light wherever it is shown.
    fn html_code(&self) -> String {
        format!(
            "<br><img src=\"cid:{CODE_IMAGE}\" width=\"180\" alt=\"{}\" style=\"display:block;width:180px;height:auto;\
             background-color:#ffffff;margin:12px 0 6px\"><span class=\"soft\" style=\"font-size:13px;color:#5b6672\">{}</span>",
            html(self.words.code_image),
            html(self.words.code),
        )
    }

    fn text_payment(&self) -> Option<String> {
        let lines = self.payment();
        (!lines.is_empty()).then(|| format!("{}{}\n{}", self.words.how_to_pay, self.words.colon, lines.join("\n")))
    }

    fn listed(&self) -> &[InvoiceRow] {
        let rows = &self.input.invoices;
        &rows[..rows.len().min(INVOICES_LISTED_MAX)]
    }

    fn coming(&self) -> &[InvoiceRow] {
        let rows = &self.input.upcoming;
        &rows[..rows.len().min(UPCOMING_LISTED_MAX)]
    }

    fn more(&self) -> usize {
        self.input.more + self.input.invoices.len() - self.listed().len()
    }

    /// What all covered items come to, where that is more than one row.
    fn total(&self) -> Option<Money> {
        (self.listed().len() + self.more() > 1).then_some(self.input.covered_due_now)
    }

    /// `instalment 2 of 3`.
    fn instalment(&self, row: &InvoiceRow) -> Option<String> {
        row.instalment.map(|(at, of)| format!("{} {}", self.words.instalment, self.words.instalment_of(at, of)))
    }

    /// How late an item is. Who is reminded of a promise is not told so: they have until the promised day.
    fn late(&self, row: &InvoiceRow) -> Option<String> {
        self.words.late(row.days_past_due).filter(|_| self.input.promised_on.is_none())
    }

    fn order(&self, row: &InvoiceRow) -> Option<String> {
        let order = row.purchase_order.as_deref().map(unlinked).filter(|order| !order.is_empty())?;
        Some(self.words.order.replace("{}", &order))
    }

    /// `50.00 of 200.00 paid`.
    fn paid(&self, row: &InvoiceRow) -> Option<String> {
        let [paid, amount] = [row.paid, row.amount].map(|money| self.locale.money(money));
        (!row.paid.is_zero()).then(|| self.words.paid.replace("{paid}", &paid).replace("{amount}", &amount))
    }

    /// `20.00 credited`: what of an item is neither paid nor open. Of an instalment that credit notes share in it is not known what was paid, so
    /// nothing is said of it.
    fn credited(&self, row: &InvoiceRow) -> Option<String> {
        let minor = row.amount.minor().saturating_sub(row.paid.minor()).saturating_sub(row.open.minor());
        let credited = || self.locale.money(Money::from_minor(minor, row.amount.currency()));
        (minor > 0 && row.instalment.is_none()).then(|| self.words.credited.replace("{}", &credited()))
    }

    /// `of 200.00 open`, where less than all of it is due.
    fn part_of(&self, row: &InvoiceRow) -> Option<String> {
        (row.open != row.due_now).then(|| self.words.open.replace("{}", &self.locale.money(row.open)))
    }

    fn html_table(&self) -> String {
        let words = self.words;
        let head = |text: &str, place: &str, style: &str, align: &str| {
            format!(
                "<th class=\"{place} soft\" align=\"{align}\" style=\"{CELL};{style};font-size:13px;font-weight:400;color:#5b6672;white-space:normal;text-align:{align}\">{}</th>",
                html(text)
            )
        };
        let mut rows = format!(
            "<tr>{}{}{}</tr>",
            head(words.invoice, "number", "", "left"),
            head(words.due_on, "date", DATE, "left"),
            head(words.amount, "amount", AMOUNT, "right")
        );
        rows.extend(self.listed().iter().map(|row| self.html_row(row)));
        if self.more() > 0 {
            rows.push_str(&format!(
                "<tr><td class=\"soft\" colspan=\"3\" style=\"{CELL};color:#5b6672\">… {}</td></tr>",
                html(&words.more(self.more()))
            ));
        }
        if let Some(total) = self.total() {
            rows.push_str(&format!(
                "<tr><td class=\"date\" colspan=\"2\" style=\"{CELL};font-weight:600\">{}</td><td class=\"amount\" align=\"right\" style=\"{CELL};{AMOUNT};font-weight:600\">{}</td></tr>",
                html(words.total),
                html(&self.locale.money(total))
            ));
        }
        let mut out = table(&rows);
        if !self.coming().is_empty() {
            let rows: String = self.coming().iter().map(|row| self.html_row(row)).collect();
            let heading = "margin:0 0 2px;font-size:15px;font-weight:600;line-height:20px";
            out.push_str(&format!("<p style=\"{heading}\">{}</p>{}", html(words.upcoming), table(&rows)));
        }
        out
    }

    fn html_row(&self, row: &InvoiceRow) -> String {
        let soft = |text: &str| {
            format!("<br><span class=\"soft\" style=\"font-size:13px;color:#5b6672;white-space:normal\">{}</span>", html(text))
        };
        let notes = |texts: &[Option<String>]| texts.iter().flatten().map(|text| soft(text)).collect::<String>();
        let number = html(&unlinked(&row.number));
        let number = match row.url.as_deref().and_then(|url| link(url, false)) {
            Some(url) => format!("<a href=\"{}\" class=\"ink\" style=\"color:#1f2933\">{number}</a>", html(&url)),
            None => number,
        };
        format!(
            "<tr><td class=\"number\" style=\"{CELL};overflow-wrap:anywhere\">{number}{}</td><td class=\"date\" style=\"{CELL};{DATE}\">{}{}</td>\
             <td class=\"amount\" align=\"right\" style=\"{CELL};{AMOUNT}\">{}{}</td></tr>",
            notes(&[self.instalment(row), self.order(row)]),
            html(&self.locale.date(row.due_on)),
            notes(&[self.late(row)]),
            html(&self.locale.money(row.due_now)),
            notes(&[self.part_of(row), self.paid(row), self.credited(row)]),
        )
    }

    fn text_table(&self) -> String {
        let words = self.words;
        let row_of = |row: &InvoiceRow| {
            let number = unlinked(&row.number);
            let number = self.instalment(row).map_or(number.clone(), |instalment| format!("{number} ({instalment})"));
            let notes = [self.late(row), self.order(row), self.part_of(row), self.paid(row), self.credited(row)];
            let notes: Vec<String> = notes.into_iter().flatten().collect();
            let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join("; ")) };
            [number, self.locale.date(row.due_on), self.locale.money(row.due_now), notes]
        };
        let head = [words.invoice.to_owned(), words.due_on.to_owned(), words.amount.to_owned(), String::new()];
        let mut rows: Vec<[String; 4]> = vec![head];
        rows.extend(self.listed().iter().map(row_of));
        let total_row =
            self.total().map(|total| [words.total.to_owned(), String::new(), self.locale.money(total), String::new()]);
        let upcoming: Vec<_> = self.coming().iter().map(row_of).collect();
        let all = || rows.iter().chain(&total_row).chain(&upcoming);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0).min(40);
        let widths = [width(0), width(1), width(2)];
        let line = |[number, date, money, notes]: &[String; 4]| {
            let [first, second, third] = widths;
            format!("{number:<first$}  {date:<second$}  {money:>third$}{notes}")
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        if self.more() > 0 {
            lines.push(format!("… {}", words.more(self.more())));
        }
        lines.extend(total_row.iter().map(line));
        if !upcoming.is_empty() {
            lines.push(format!("\n{}{}", words.upcoming, words.colon));
            lines.extend(upcoming.iter().map(line));
        }
        lines.join("\n")
    }
}

const CELL: &str = "padding:10px 0;border-bottom:1px solid #d9dee4;vertical-align:top";
// No amount and no word of a date is broken on a narrow screen, where date and amount stand below the number.
const DATE: &str = "width:31%;overflow-wrap:normal;word-break:normal;white-space:nowrap;padding-left:12px";
const AMOUNT: &str = "width:33%;text-align:right;overflow-wrap:normal;word-break:normal;white-space:nowrap;padding-left:12px";

fn table(rows: &str) -> String {
    format!(
        "<table class=\"rows\" role=\"table\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"width:100%;border-collapse:collapse;\
         font-size:15px;line-height:20px;margin:0 0 20px\">{rows}</table>"
    )
}

/// A text with its first letter as at the beginning of a sentence.
fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}
