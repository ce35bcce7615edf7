//! Service mails in words: built in, in the layout of all mails, so that no tenant's template can break a code or a receipt.

use domain::{Money, language};
use jiff::{Timestamp, civil::Date};

use crate::calendar_file::{CalendarDay, calendar_of};
use crate::channel::Attachment;
use crate::labels::MailLabels;
use crate::layout::{filled, foot, glance, table_of};
use crate::locale::Locale;
use crate::mail_brand::Brand;
use crate::notice_words::NoticeWords;
use crate::plain::{html, link, plain, unlinked};
use crate::render::{RenderError, Rendered};

/// Invoices that one sentence names; the others are counted.
const NAMED_MAX: usize = 10;
/// Invoices that a receipt lists.
const LISTED_MAX: usize = 50;

/// What a service mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Six digits.
    Code {
        /// The digits.
        code: String,
        /// How long they work, in minutes.
        minutes: i64,
    },
    /// A link that works: the button's.
    NewLink {
        /// For how long, in days.
        days: i64,
    },
    /// A payment came.
    Receipt {
        /// What came.
        received: Money,
        /// The day, in the tenant's zone.
        on: Date,
        /// What it pays.
        lines: Vec<ReceiptLine>,
        /// Our id of it.
        reference: String,
        /// Whether a document goes along.
        has_document: bool,
    },
    /// A promise was made.
    PromiseMade {
        /// How much; `None` where that is in several currencies.
        amount: Option<Money>,
        /// For which invoices.
        numbers: Vec<String>,
        /// By which day.
        pays_on: Date,
        /// The last day on which it is waited for.
        waits_until: Date,
    },
    /// Something is contested.
    DisputeOpened {
        /// How much; `None` where that is in several currencies.
        amount: Option<Money>,
        /// Of which invoices.
        numbers: Vec<String>,
        /// By when somebody decides.
        decided_by: Date,
        /// Whether it is a part, and the rest stays due.
        is_part: bool,
    },
    /// What was contested is decided.
    DisputeDecided {
        /// Of which invoices.
        numbers: Vec<String>,
        /// How.
        how: Decided,
        /// What is due of these invoices now, each currency once.
        due: Vec<Money>,
    },
    /// How what was contested was decided is taken back.
    DecisionUndone {
        /// Of which invoices.
        numbers: Vec<String>,
    },
    /// Instalments are agreed.
    PlanAgreed {
        /// Of which invoices.
        numbers: Vec<String>,
        /// What they come to.
        total: Money,
        /// Each with its day, in order.
        parts: Vec<(Money, Date)>,
    },
    /// A plan is offered.
    PlanOffered {
        /// The offer's id, which its page has in its address.
        id: String,
        /// Of which invoices.
        numbers: Vec<String>,
        /// What its parts come to.
        total: Money,
        /// Each with its day, in order.
        parts: Vec<(Money, Date)>,
        /// The last day on which it can be agreed to.
        valid_until: Date,
    },
    /// What was written was answered.
    Answered,
    /// Copies that were asked for.
    CopySent {
        /// Of the invoices whose copies go along.
        numbers: Vec<String>,
        /// Of those whose copies are on the page alone.
        on_page: Vec<String>,
    },
}

impl Notice {
    /// The page that it leads to, below the customer's.
    pub fn page(&self) -> String {
        match self {
            Self::Answered => "/write".to_owned(),
            Self::PlanOffered { id, .. } => format!("/plan/{id}"),
            // Where whoever entered it comes to is the statement: the mail does not know what they wanted.
            Self::Code { .. } => "/code/enter?to=statement".to_owned(),
            Self::NewLink { .. }
            | Self::Receipt { .. }
            | Self::PromiseMade { .. }
            | Self::DisputeOpened { .. }
            | Self::DisputeDecided { .. }
            | Self::DecisionUndone { .. }
            | Self::PlanAgreed { .. }
            | Self::CopySent { .. } => String::new(),
        }
    }
}

/// How a dispute was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The customer is right.
    Upheld,
    /// The customer is right about a part of it; `None` where its currency is not known.
    Partly(Option<Money>),
    /// The customer is wrong.
    Rejected,
}

/// What a payment pays of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptLine {
    /// What people call the invoice.
    pub number: String,
    /// What was paid of it.
    pub paid: Money,
    /// What is open of it afterwards.
    pub open: Money,
}

/// What a service mail is made from.
#[derive(Clone, Copy, Debug)]
pub struct NoticeInput<'a> {
    /// What it says.
    pub notice: &'a Notice,
    /// The person's language, BCP 47.
    pub language: Option<&'a str>,
    /// The tenant's.
    pub tenant_language: Option<&'a str>,
    /// Where the person is, ISO 3166-1 alpha-2.
    pub country: Option<&'a str>,
    /// The person's name as the source has it; may be empty.
    pub contact_name: &'a str,
    /// The tenant as its customers see it.
    pub brand: &'a Brand,
    /// The customer's page, or the one below it that the notice leads to.
    pub portal: &'a str,
    /// Where reminders are stopped.
    pub opt_out: &'a str,
}

/// A service mail in words, before it is laid out.
struct Said {
    subject: String,
    hero: Option<Hero>,
    says: Vec<String>,
    /// Three columns, the first row their heads; nothing where there are none.
    rows: Vec<[String; 3]>,
    /// What follows the rows.
    after: Vec<String>,
}

/// What it is about, at a glance.
struct Hero {
    label: String,
    big: String,
    below: String,
}

/// How it speaks.
struct Tongue {
    words: &'static NoticeWords,
    labels: &'static MailLabels,
    locale: &'static Locale,
}

impl Tongue {
    fn of(input: &NoticeInput<'_>) -> Self {
        let at = language::choose(&NoticeWords::LANGUAGES, input.language, input.tenant_language).unwrap_or(0);
        let chosen = NoticeWords::LANGUAGES.get(at).copied().unwrap_or("en");
        // The region of the person's own language says how amounts and dates are written.
        let own = input.language.filter(|own| language::primary(own) == chosen).unwrap_or(chosen);
        Self { words: NoticeWords::of(chosen), labels: MailLabels::of(chosen), locale: Locale::of(own, input.country) }
    }

    /// `invoice F-1`, `invoices F-1 and F-2`.
    fn invoices(&self, numbers: &[String]) -> String {
        let names: Vec<String> = numbers.iter().take(NAMED_MAX).map(|number| unlinked(number)).collect();
        match names.as_slice() {
            [only] => self.labels.invoice_name.replace("{number}", only),
            several => {
                let listed = self.labels.listed(several, numbers.len().saturating_sub(NAMED_MAX));
                fill(self.words.invoices, &[("numbers", &listed)])
            }
        }
    }

    /// Instalments, under their heads.
    fn parts(&self, parts: &[(Money, Date)]) -> Vec<[String; 3]> {
        let Self { words, locale, .. } = self;
        let head = [words.column_part, words.column_day, words.column_amount].map(str::to_owned);
        let part = |(at, (money, on)): (usize, &(Money, Date))| [(at + 1).to_string(), locale.date(*on), locale.money(*money)];
        std::iter::once(head).chain(parts.iter().enumerate().map(part)).collect()
    }

    fn monies(&self, all: &[Money]) -> String {
        let all: Vec<String> = all.iter().map(|money| self.locale.money(*money)).collect();
        self.labels.listed(&all, 0)
    }
}

/// A text with its values. A value is never looked through for names.
fn fill(form: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(form.len() + 32);
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { break };
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        out.push_str(value);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Makes a service mail.
///
/// # Errors
///
/// [`RenderError`] where a link leads nowhere, or the layout is broken.
pub fn render_notice(input: &NoticeInput<'_>) -> Result<Rendered, RenderError> {
    let tongue = Tongue::of(input);
    let portal = link(input.portal, false).ok_or(RenderError::Link { name: "links.portal" })?;
    let opt_out = link(input.opt_out, false).ok_or(RenderError::Link { name: "links.opt_out" })?;
    let said = said(input.notice, &tongue);
    let subject = plain(&said.subject);
    let page = Page { said: &said, subject: &subject, tongue: &tongue, input, portal: &portal, opt_out: &opt_out };
    let html = page.html().map_err(RenderError::Layout)?;
    Ok(Rendered::new(Some(subject.clone()), page.text(), Some(html)))
}

/// The calendar file that goes along with a service mail, where it speaks of days; `id` is that of what it tells of.
pub fn notice_calendar(input: &NoticeInput<'_>, id: &str, made_at: Timestamp) -> Option<Attachment> {
    let tongue = Tongue::of(input);
    let tenant = unlinked(&input.brand.name);
    let title = |amount: Option<Money>| match amount {
        Some(money) => fill(tongue.words.calendar_pay, &[("amount", &tongue.locale.money(money)), ("tenant", &tenant)]),
        None => fill(tongue.words.calendar_pay_all, &[("tenant", &tenant)]),
    };
    let days: Vec<CalendarDay> = match input.notice {
        Notice::PromiseMade { amount, pays_on, .. } => {
            vec![CalendarDay { id: format!("{id}@dunlin"), on: *pays_on, title: title(*amount) }]
        }
        Notice::PlanAgreed { parts, .. } => {
            let day = |(at, (money, on)): (usize, &(Money, Date))| CalendarDay {
                id: format!("{id}.{}@dunlin", at + 1),
                on: *on,
                title: title(Some(*money)),
            };
            parts.iter().enumerate().map(day).collect()
        }
        Notice::Code { .. }
        | Notice::NewLink { .. }
        | Notice::Receipt { .. }
        | Notice::DisputeOpened { .. }
        | Notice::DisputeDecided { .. }
        | Notice::DecisionUndone { .. }
        // What is not agreed to is in nobody's calendar.
        | Notice::PlanOffered { .. }
        | Notice::Answered
        | Notice::CopySent { .. } => Vec::new(),
    };
    (!days.is_empty()).then(|| calendar_of("payment.ics", &days, made_at))
}

fn said(notice: &Notice, tongue: &Tongue) -> Said {
    let Tongue { words, locale, .. } = tongue;
    let text = |text: &str| text.to_owned();
    let hero = |label: &str, big: String, below: String| Some(Hero { label: label.to_owned(), big, below });
    let plainly = |subject: String, hero: Option<Hero>, says: Vec<String>| Said {
        subject,
        hero,
        says,
        rows: Vec::new(),
        after: Vec::new(),
    };
    match notice {
        Notice::Code { code, minutes } => {
            let minutes = minutes.to_string();
            let below = fill(words.code_lives, &[("minutes", &minutes)]);
            plainly(
                fill(words.code_subject, &[("code", code)]),
                hero(words.code_label, code.clone(), below),
                vec![text(words.code_says), text(words.code_not_you)],
            )
        }
        Notice::NewLink { days } => {
            let says = fill(words.link_says, &[("days", &days.to_string())]);
            plainly(text(words.link_subject), None, vec![says, text(words.link_not_you)])
        }
        Notice::Receipt { received, on, lines, reference, has_document } => {
            receipt(tongue, (*received, *on), lines, reference, *has_document)
        }
        Notice::PromiseMade { amount, numbers, pays_on, waits_until } => {
            let (day, until) = (locale.date(*pays_on), locale.date(*waits_until));
            let amount = amount.map(|money| locale.money(money));
            let invoices = tongue.invoices(numbers);
            let subject = match &amount {
                Some(amount) => fill(words.promise_subject, &[("amount", amount), ("day", &day)]),
                None => fill(words.promise_subject_all, &[("day", &day)]),
            };
            let on = fill(words.promise_on, &[("day", &day)]);
            let says = fill(words.promise_says, &[("invoices", &invoices), ("day", &day)]);
            let waits = fill(words.promise_waits, &[("day", &until)]);
            let hero = amount.and_then(|amount| hero(words.promise_label, amount, on));
            plainly(subject, hero, vec![says, waits, text(words.promise_else), text(words.calendar_attached)])
        }
        Notice::DisputeOpened { amount, numbers, decided_by, is_part } => {
            let (amount, invoices) = (amount.map(|money| locale.money(money)), tongue.invoices(numbers));
            let subject = fill(words.dispute_subject, &[("invoices", &invoices)]);
            let says = amount.as_ref().map(|amount| fill(words.dispute_says, &[("amount", amount), ("invoices", &invoices)]));
            let waits = fill(words.dispute_waits, &[("day", &locale.date(*decided_by))]);
            let rest = is_part.then(|| text(words.dispute_rest));
            let hero = amount.and_then(|amount| hero(words.dispute_label, amount, invoices.clone()));
            plainly(subject, hero, says.into_iter().chain([waits]).chain(rest).collect())
        }
        Notice::DisputeDecided { numbers, how, due } => {
            let invoices = tongue.invoices(numbers);
            let (label, says) = match how {
                Decided::Upheld => (words.upheld_label, fill(words.upheld_says, &[("invoices", &invoices)])),
                Decided::Partly(Some(right)) => {
                    let right = locale.money(*right);
                    (words.partly_label, fill(words.partly_says, &[("right", &right), ("invoices", &invoices)]))
                }
                Decided::Partly(None) => (words.partly_label, fill(words.partly_unsaid, &[("invoices", &invoices)])),
                Decided::Rejected => (words.rejected_label, fill(words.rejected_says, &[("invoices", &invoices)])),
            };
            let due = if due.is_empty() {
                fill(words.decided_nothing_due, &[("invoices", &invoices)])
            } else {
                fill(words.decided_due, &[("invoices", &invoices), ("due", &tongue.monies(due))])
            };
            let subject = fill(words.decided_subject, &[("invoices", &invoices)]);
            plainly(subject, hero(words.decided_label, text(label), invoices.clone()), vec![says, due])
        }
        Notice::DecisionUndone { numbers } => {
            let invoices = tongue.invoices(numbers);
            let says = fill(words.undone_says, &[("invoices", &invoices)]);
            plainly(fill(words.undone_subject, &[("invoices", &invoices)]), None, vec![says, text(words.undone_waits)])
        }
        Notice::PlanAgreed { numbers, total, parts } => {
            let (total, count) = (locale.money(*total), parts.len().to_string());
            let invoices = tongue.invoices(numbers);
            Said {
                subject: fill(words.plan_subject, &[("amount", &total), ("count", &count)]),
                hero: hero(words.plan_label, total, invoices.clone()),
                says: vec![fill(words.plan_says, &[("invoices", &invoices)])],
                rows: tongue.parts(parts),
                after: vec![text(words.calendar_attached)],
            }
        }
        Notice::PlanOffered { id: _, numbers, total, parts, valid_until } => {
            let (total, count) = (locale.money(*total), parts.len().to_string());
            let (invoices, day) = (tongue.invoices(numbers), locale.date(*valid_until));
            Said {
                subject: fill(words.offer_subject, &[("amount", &total), ("count", &count)]),
                hero: hero(words.offer_label, total, invoices.clone()),
                says: vec![fill(words.offer_says, &[("invoices", &invoices)])],
                rows: tongue.parts(parts),
                after: vec![fill(words.offer_until, &[("day", &day)])],
            }
        }
        Notice::Answered => plainly(text(words.answered_subject), None, vec![text(words.answered_says)]),
        Notice::CopySent { numbers, on_page } => {
            let says = |pattern: &str, numbers: &[String]| {
                (!numbers.is_empty()).then(|| fill(pattern, &[("invoices", &tongue.invoices(numbers))]))
            };
            let said = [says(words.copies_says, numbers), says(words.copies_page, on_page)];
            plainly(text(words.copies_subject), None, said.into_iter().flatten().collect())
        }
    }
}

fn receipt(tongue: &Tongue, (received, on): (Money, Date), lines: &[ReceiptLine], reference: &str, has_document: bool) -> Said {
    let Tongue { words, labels, locale } = tongue;
    let amount = locale.money(received);
    let head = [words.column_invoice, words.column_paid, words.column_open].map(str::to_owned);
    let row = |line: &ReceiptLine| [unlinked(&line.number), locale.money(line.paid), locale.money(line.open)];
    let more = lines.len().saturating_sub(LISTED_MAX);
    let more = (more > 0).then(|| [format!("… {}", labels.more(more)), String::new(), String::new()]);
    // Lines of a basket are of one currency.
    let rest = lines.iter().map(|line| line.open.minor()).fold(0, i64::saturating_add);
    let rest = if rest > 0 {
        fill(words.receipt_rest, &[("rest", &locale.money(Money::from_minor(rest, received.currency())))])
    } else {
        words.receipt_no_rest.to_owned()
    };
    let reference = fill(words.receipt_reference, &[("reference", reference)]);
    let document = has_document.then(|| words.receipt_attached.to_owned());
    Said {
        subject: fill(words.receipt_subject, &[("amount", &amount)]),
        hero: Some(Hero {
            label: words.receipt_label.to_owned(),
            big: amount,
            below: fill(words.receipt_on, &[("day", &locale.date(on))]),
        }),
        says: vec![words.receipt_says.to_owned()],
        rows: std::iter::once(head).chain(lines.iter().take(LISTED_MAX).map(row)).chain(more).collect(),
        after: [rest, reference].into_iter().chain(document).collect(),
    }
}

/// A service mail that is laid out.
struct Page<'a> {
    said: &'a Said,
    subject: &'a str,
    tongue: &'a Tongue,
    input: &'a NoticeInput<'a>,
    portal: &'a str,
    opt_out: &'a str,
}

impl Page<'_> {
    fn hello(&self) -> String {
        let name = unlinked(self.input.contact_name);
        let words = self.tongue.words;
        if name.is_empty() { words.hello.to_owned() } else { fill(words.hello_name, &[("name", &name)]) }
    }

    fn tenant(&self) -> String {
        self.input.brand.plain_name()
    }

    fn sent_by(&self) -> String {
        self.tongue.labels.sent_by(&self.tenant())
    }

    fn html(&self) -> Result<String, String> {
        let paragraph = |text: &str| format!("<p style=\"margin:0 0 16px\">{}</p>", html(text));
        filled(|name| {
            Some(match name {
                "language" => html(self.tongue.words.language),
                "title" => html(self.subject),
                "preview" => html(self.said.says.first().map_or("", String::as_str)),
                "tenant" => self.input.brand.head(),
                "colour" => html(self.input.brand.button_colour()),
                "hero" => self.said.hero.as_ref().map(Hero::html).unwrap_or_default(),
                "body" => {
                    let rows = if self.said.rows.is_empty() { String::new() } else { table_of(&self.said.rows) };
                    let before: String =
                        std::iter::once(&self.hello()).chain(&self.said.says).map(|text| paragraph(text)).collect();
                    let after: String = self.said.after.iter().map(|text| paragraph(text)).collect();
                    let bye = format!("{}<br>{}", html(self.tongue.words.bye), html(&self.tenant()));
                    format!("{before}{rows}{after}<p style=\"margin:0 0 16px\">{bye}</p>")
                }
                "button_url" => html(self.portal),
                "button" => html(self.button()),
                "foot" => self.html_foot(),
                _ => return None,
            })
        })
    }

    /// What leads to the page.
    fn button(&self) -> &'static str {
        let Tongue { words, labels, .. } = self.tongue;
        match self.input.notice {
            Notice::Answered => words.answered_button,
            Notice::PlanOffered { .. } => words.offer_button,
            Notice::Code { .. } => words.code_button,
            Notice::NewLink { .. }
            | Notice::Receipt { .. }
            | Notice::PromiseMade { .. }
            | Notice::DisputeOpened { .. }
            | Notice::DisputeDecided { .. }
            | Notice::DecisionUndone { .. }
            | Notice::PlanAgreed { .. }
            | Notice::CopySent { .. } => labels.view,
        }
    }

    fn html_foot(&self) -> String {
        let Tongue { words, labels, .. } = self.tongue;
        let sent_by = format!("{} {}", html(&self.sent_by()), html(words.no_reminder));
        let way_out = format!(
            "{} <a href=\"{}\" style=\"color:#5b6672;text-decoration:underline\">{}</a>",
            html(labels.opt_out),
            html(self.opt_out),
            html(words.stop_reminders),
        );
        foot(&sent_by, self.input.brand, &way_out)
    }

    fn text(&self) -> String {
        let Tongue { words, labels, .. } = self.tongue;
        let mut blocks = vec![self.hello()];
        blocks.extend(self.said.hero.as_ref().map(|hero| hero.text(labels.colon)));
        blocks.extend(self.said.says.iter().cloned());
        blocks.extend((!self.said.rows.is_empty()).then(|| text_rows(&self.said.rows)));
        blocks.extend(self.said.after.iter().cloned());
        blocks.push(format!("{}{}\n{}", self.button(), labels.colon, self.portal));
        blocks.push(format!("{}\n{}", words.bye, self.tenant()));
        let particulars: String = self.input.brand.particulars().iter().map(|line| format!("{line}\n")).collect();
        format!(
            "{}\n\n-- \n{} {}\n{particulars}{} {}{} {}\n",
            blocks.join("\n\n"),
            self.sent_by(),
            words.no_reminder,
            labels.opt_out,
            words.stop_reminders,
            labels.colon,
            self.opt_out
        )
    }
}

impl Hero {
    fn html(&self) -> String {
        glance(&self.label, &self.big, &self.below)
    }

    fn text(&self, colon: &str) -> String {
        format!("{}{colon} {}\n{}", self.label, self.big, self.below)
    }
}

/// Rows as plain text, their columns one below the other.
fn text_rows(rows: &[[String; 3]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).min(40);
    let [first, second, third] = [width(0), width(1), width(2)];
    let line = |[one, two, three]: &[String; 3]| format!("{one:<first$}  {two:>second$}  {three:>third$}").trim_end().to_owned();
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
