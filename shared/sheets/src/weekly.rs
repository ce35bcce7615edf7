//! The weekly mail with reports: text, and HTML whose bars are cells of tables. No images, no styles, no scripts: mail clients show it without
//! asking, on light and on dark, and so does a page with a strict policy.

use std::fmt::Write;

use domain::Currency;
use figures::report::{ReportName, ReportUnit};
use jiff::civil::Date;
use service::reports::{AnsweredReport, ReportLine};

use crate::{
    cells::{ShownValue, scaled, shown},
    weekly_words::{WeeklyWords, filled},
    words::charted,
};

/// The colour of bars: it is seen on white and on black.
const BAR: &str = "#4a86c5";
/// Currencies that are told, at most.
const CURRENCIES_MAX: usize = 12;

/// The reports that the mail tells: of the tenant as a whole, as of the same day.
#[derive(Clone, Debug)]
pub struct WeeklyReports {
    /// What is open, by age.
    pub aging: AnsweredReport,
    /// Days sales outstanding.
    pub dso: AnsweredReport,
    /// What was collected.
    pub collected: AnsweredReport,
    /// Promises.
    pub promises: AnsweredReport,
}

impl WeeklyReports {
    /// The reports that are asked for, in the order of the fields.
    pub const NAMES: [ReportName; 4] = [ReportName::Aging, ReportName::Dso, ReportName::Collected, ReportName::Promises];

    /// From answers in the order of [`Self::NAMES`].
    pub fn of([aging, dso, collected, promises]: [AnsweredReport; 4]) -> Self {
        Self { aging, dso, collected, promises }
    }
}

/// Who reads the mail, and how amounts and days are written for them.
pub struct WeeklyReader<'a> {
    /// The words.
    pub words: &'static WeeklyWords,
    /// What the tenant is called.
    pub tenant_name: &'a str,
    /// An amount of minor units.
    pub amount: &'a dyn Fn(i64, Currency) -> String,
    /// A day.
    pub date: &'a dyn Fn(Date) -> String,
    /// Where the reports are; `None` where there is no such page.
    pub link: Option<&'a str>,
}

/// The mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeeklyMail {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// What stands in the body of its HTML.
    pub html: String,
}

/// One currency: its bars, and its figures.
struct CurrencyPart {
    title: String,
    bars: Vec<(&'static str, String, i128)>,
    figures: Vec<(&'static str, String)>,
}

/// The mail.
pub fn weekly_mail(reports: &WeeklyReports, reader: &WeeklyReader<'_>) -> WeeklyMail {
    let words = reader.words;
    let subject = filled(words.subject, &[&(reader.date)(reports.aging.as_of)]);
    let parts: Vec<CurrencyPart> =
        reports.aging.rows.iter().take(CURRENCIES_MAX).filter_map(|row| part(reports, row, reader)).collect();
    let period = reports.collected.period.map(|(from, to)| filled(words.period, &[&(reader.date)(from), &(reader.date)(to)]));
    let cut = reports.collected.data_from.filter(|_| reports.collected.begins_before_data);
    let cut = cut.map(|from| filled(words.cut, &[&(reader.date)(from)]));
    let why = filled(words.why, &[reader.tenant_name]);
    let text = text(&subject, &parts, [period.as_deref(), cut.as_deref()], &why, reader);
    let html = html(&subject, &parts, [period.as_deref(), cut.as_deref()], &why, reader);
    WeeklyMail { subject, text, html }
}

fn part(reports: &WeeklyReports, row: &ReportLine, reader: &WeeklyReader<'_>) -> Option<CurrencyPart> {
    let (words, currency) = (reader.words, row.currency?);
    let bars = charted(ReportName::Aging).iter().zip(words.ages).map(|(name, label)| {
        let value = row.cells.iter().find(|cell| cell.name == *name).and_then(|cell| scaled(cell, Some(currency)));
        (label, said(row, name, reader), value.unwrap_or_default())
    });
    let of = |report: &AnsweredReport, name: &str| {
        let row = report.rows.iter().find(|row| row.currency == Some(currency) && row.part.is_empty());
        row.map_or_else(|| words.not_defined.to_owned(), |row| said(row, name, reader))
    };
    let figures = vec![
        (words.past_due, said(row, "past_due", reader)),
        (words.dso, of(&reports.dso, "dso")),
        (words.collected, of(&reports.collected, "collected_net")),
        (words.promises, of(&reports.promises, "kept_by_amount")),
    ];
    Some(CurrencyPart { title: filled(words.open, &[currency.code()]), bars: bars.collect(), figures })
}

/// A value of a row in words.
fn said(row: &ReportLine, name: &str, reader: &WeeklyReader<'_>) -> String {
    let words = reader.words;
    let Some(cell) = row.cells.iter().find(|cell| cell.name == name) else { return words.not_defined.to_owned() };
    match shown(cell, row.currency) {
        ShownValue::Undefined(_) => words.not_defined.to_owned(),
        ShownValue::Number(digits) => match (cell.unit, row.currency, scaled(cell, row.currency).map(i64::try_from)) {
            (ReportUnit::Minor, Some(currency), Some(Ok(minor))) => (reader.amount)(minor, currency),
            (ReportUnit::Days, _, _) => filled(words.days, &[&digits]),
            (ReportUnit::Percent, _, _) => format!("{digits} %"),
            (ReportUnit::Minor | ReportUnit::Count | ReportUnit::PerUnit | ReportUnit::Each, _, _) => digits,
        },
    }
}

fn text(title: &str, parts: &[CurrencyPart], notes: [Option<&str>; 2], why: &str, reader: &WeeklyReader<'_>) -> String {
    let mut out = format!("{title}\n");
    if parts.is_empty() {
        let _ = write!(out, "\n{}\n", reader.words.nothing);
    }
    for part in parts {
        let _ = write!(out, "\n{}\n", part.title);
        for (label, amount, _) in &part.bars {
            let _ = writeln!(out, "  {label}: {amount}");
        }
        for (label, value) in &part.figures {
            let _ = writeln!(out, "{label}: {value}");
        }
    }
    for note in notes.into_iter().flatten() {
        let _ = write!(out, "\n{note}\n");
    }
    if let Some(link) = reader.link {
        let _ = write!(out, "\n{}{link}\n", reader.words.more);
    }
    let _ = write!(out, "\n{why}\n");
    out
}

fn html(title: &str, parts: &[CurrencyPart], notes: [Option<&str>; 2], why: &str, reader: &WeeklyReader<'_>) -> String {
    let mut out = format!("<h2>{}</h2>", escaped(title));
    if parts.is_empty() {
        let _ = write!(out, "<p>{}</p>", escaped(reader.words.nothing));
    }
    for part in parts {
        let most = part.bars.iter().map(|(_, _, value)| *value).max().unwrap_or_default().max(1);
        let _ = write!(
            out,
            "<h3>{}</h3><table width=\"100%\" cellpadding=\"4\" cellspacing=\"0\" border=\"0\">",
            escaped(&part.title)
        );
        for (label, amount, value) in &part.bars {
            let width = value.max(&0).saturating_mul(100) / most;
            let _ = write!(
                out,
                "<tr><th scope=\"row\" align=\"left\" width=\"24%\">{}</th><td width=\"50%\">{}</td><td align=\"right\">{}</td></tr>",
                escaped(label),
                bar(width),
                escaped(amount)
            );
        }
        out.push_str("</table><table width=\"100%\" cellpadding=\"4\" cellspacing=\"0\" border=\"0\">");
        for (label, value) in &part.figures {
            let _ = write!(
                out,
                "<tr><th scope=\"row\" align=\"left\">{}</th><td align=\"right\">{}</td></tr>",
                escaped(label),
                escaped(value)
            );
        }
        out.push_str("</table>");
    }
    for note in notes.into_iter().flatten() {
        let _ = write!(out, "<p>{}</p>", escaped(note));
    }
    if let Some(link) = reader.link {
        let link = escaped(link);
        let _ = write!(out, "<p>{}<a href=\"{link}\">{link}</a></p>", escaped(reader.words.more));
    }
    let _ = write!(out, "<p><small>{}</small></p>", escaped(why));
    out
}

/// A bar of so many hundredths: a coloured cell and an empty one. The number stands beside it, so that nothing is told by it alone.
fn bar(width: i128) -> String {
    let rest = 100 - width;
    let full = if width > 0 { format!("<td width=\"{width}%\" bgcolor=\"{BAR}\" height=\"14\"></td>") } else { String::new() };
    let empty = if rest > 0 { format!("<td width=\"{rest}%\" height=\"14\"></td>") } else { String::new() };
    format!(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr>{full}{empty}</tr></table>"
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
