//! Pages: HTML from templates that escape every value, and the few other forms, under headers that let nothing in or out.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::BrandSettings;
use kit::Problem;
use minijinja::{AutoEscape, Environment, context, value::Serde};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{how_to_pay::lines, labels::PageLabels};

const STYLE: &str = include_str!("pages/style.css");
/// Each is named as its file.
const TEMPLATES: [(&str, &str); 40] = [
    ("layout", include_str!("pages/layout.html")),
    ("back", include_str!("pages/back.html")),
    ("heading", include_str!("pages/heading.html")),
    ("statement", include_str!("pages/statement.html")),
    ("pay", include_str!("pages/pay.html")),
    ("pay_form", include_str!("pages/pay_form.html")),
    ("paid", include_str!("pages/paid.html")),
    ("invoice", include_str!("pages/invoice.html")),
    ("question", include_str!("pages/question.html")),
    ("plain", include_str!("pages/plain.html")),
    ("can_do", include_str!("pages/can_do.html")),
    ("wrong", include_str!("pages/wrong.html")),
    ("choices", include_str!("pages/choices.html")),
    ("amount_field", include_str!("pages/amount_field.html")),
    ("day_field", include_str!("pages/day_field.html")),
    ("select_field", include_str!("pages/select_field.html")),
    ("promise", include_str!("pages/promise.html")),
    ("paid_already", include_str!("pages/paid_already.html")),
    ("dispute", include_str!("pages/dispute.html")),
    ("write", include_str!("pages/write.html")),
    ("said", include_str!("pages/said.html")),
    ("answers", include_str!("pages/answers.html")),
    ("rate", include_str!("pages/rate.html")),
    ("rate_fields", include_str!("pages/rate_fields.html")),
    ("rate_section", include_str!("pages/rate_section.html")),
    ("files", include_str!("pages/files.html")),
    ("file_sent", include_str!("pages/file_sent.html")),
    ("code", include_str!("pages/code.html")),
    ("send_code", include_str!("pages/send_code.html")),
    ("code_enter", include_str!("pages/code_enter.html")),
    ("expired", include_str!("pages/expired.html")),
    ("named", include_str!("pages/named.html")),
    ("not_for_me", include_str!("pages/not_for_me.html")),
    ("preferences", include_str!("pages/preferences.html")),
    ("contacts", include_str!("pages/contacts.html")),
    ("others", include_str!("pages/others.html")),
    ("parts", include_str!("pages/parts.html")),
    ("plans", include_str!("pages/plans.html")),
    ("plan", include_str!("pages/plan.html")),
    ("offer", include_str!("pages/offer.html")),
];
/// What a problem document is.
const PROBLEM: &str = "application/problem+json";
/// The policy of what is no page.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// Longer than this, in bytes, what was made is held by itself.
const LARGE: usize = 256 * 1024;

/// What a visitor gets.
#[derive(Clone, Debug)]
pub enum PortalPage {
    /// A page from a template.
    Filled { status: u16, template: &'static str, words: &'static PageLabels, look: Look, values: minijinja::Value },
    /// Something that is no page.
    Data { content_type: &'static str, file: Option<String>, language: &'static str, body: String },
    /// Where the page is that says what became of a form: a browser that loads it anew sends nothing twice. Or where a document lies.
    See(String),
    /// The same for whoever entered a code, with the cookie that says so.
    Confirmed { location: String, cookie: String },
    /// Why a call of a program was not carried out, and after how many seconds it may be made again.
    NotTaken { problem: Box<Problem>, retry_after_s: Option<i64> },
    /// A status in words, for whoever has no valid link.
    Plain(u16, &'static PageLabels),
}

impl PortalPage {
    /// Whether it says what is so, and not that something failed.
    pub(crate) fn may_be_held(&self) -> bool {
        match self {
            Self::Filled { status, .. } | Self::Plain(status, _) => *status < 500,
            Self::NotTaken { problem, .. } => problem.status < 500,
            Self::Data { .. } | Self::See(_) => true,
            Self::Confirmed { .. } => false,
        }
    }

    /// Whether it is too large to be held with others.
    pub(crate) fn is_large(&self) -> bool {
        match self {
            Self::Data { body, .. } => body.len() > LARGE,
            Self::Filled { .. } | Self::See(_) | Self::Confirmed { .. } | Self::NotTaken { .. } | Self::Plain(..) => false,
        }
    }
}

/// How a tenant's pages look; nothing of it where a page is for whoever comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Look {
    colour: Option<String>,
    logo: Option<String>,
    particulars: Vec<String>,
    /// Where forms of the page may lead to beside its own place, as a policy names it.
    #[serde(skip)]
    leads_to: Vec<String>,
    /// After how many seconds a browser asks for which address.
    #[serde(skip)]
    asks_again: Option<(u32, String)>,
}

impl Look {
    /// As the settings say it.
    pub(crate) fn of(brand: &BrandSettings) -> Self {
        // It becomes part of a style sheet, where nothing is escaped.
        let is_colour = |text: &String| {
            text.len() == 7 && text.strip_prefix('#').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        Self {
            colour: brand.colour.clone().filter(is_colour),
            logo: brand.logo.clone(),
            particulars: brand.particulars.as_deref().map(lines).unwrap_or_default(),
            leads_to: vec![],
            asks_again: None,
        }
    }

    /// Whose forms lead elsewhere too: each place as a policy names it.
    pub(crate) fn leading_to(self, places: Vec<String>) -> Self {
        Self { leads_to: places, ..self }
    }

    /// That a browser asks for an address after so many seconds.
    pub(crate) fn asking_again(self, seconds: u32, address: String) -> Self {
        Self { asks_again: Some((seconds, address)), ..self }
    }

    fn style(&self) -> String {
        self.colour.as_ref().map_or_else(|| STYLE.to_owned(), |colour| format!("{STYLE}:root{{--brand:{colour}}}\n"))
    }
}

/// The templates, compiled once.
#[derive(Clone, Debug)]
pub struct Pages {
    templates: Environment<'static>,
}

impl Pages {
    pub fn new() -> Result<Self, minijinja::Error> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, source) in TEMPLATES {
            templates.add_template(name, source)?;
        }
        Ok(Self { templates })
    }

    /// The answer for a page; where a program asks, a status is a problem document.
    pub fn answer(&self, page: PortalPage, to_a_program: bool) -> Value {
        match page {
            PortalPage::Plain(status, words) if to_a_program => problem(status, words),
            PortalPage::Plain(status, words) => self.plain(status, words),
            PortalPage::Filled { status, template, words, look, values } => match self.fill(template, words, &look, values) {
                Ok(html) => self.html(status, &html, &look),
                Err(error) => {
                    tracing::error!(error = kit::causes(&error), "a page does not render");
                    self.plain(500, words)
                }
            },
            PortalPage::See(location) => see(&location),
            PortalPage::Confirmed { location, cookie } => {
                let mut answer = see(&location);
                answer["cookies"] = json!([cookie]);
                answer
            }
            PortalPage::NotTaken { problem, retry_after_s } => {
                let mut headers = headers(PROBLEM, NOTHING);
                if let Some(seconds) = retry_after_s {
                    headers["retry-after"] = json!(seconds.to_string());
                }
                answer(problem.status, headers, &serde_json::to_string(&*problem).unwrap_or_default())
            }
            PortalPage::Data { content_type, file, language, body } => {
                let mut headers = headers(content_type, NOTHING);
                headers["content-language"] = json!(language);
                if let Some(file) = file {
                    headers["content-disposition"] = json!(format!("attachment; filename=\"{file}\""));
                }
                answer(200, headers, &body)
            }
        }
    }

    /// A status in words.
    pub fn plain(&self, status: u16, words: &'static PageLabels) -> Value {
        let (title, text) = in_words(status, words);
        let look = Look::default();
        let html = self
            .fill("plain", words, &look, context! { title, text })
            .unwrap_or_else(|_| "<!doctype html><title>Error</title>".to_owned());
        self.html(status, &html, &look)
    }

    fn fill(
        &self,
        template: &str,
        words: &'static PageLabels,
        look: &Look,
        values: minijinja::Value,
    ) -> Result<String, minijinja::Error> {
        let style = minijinja::Value::from_safe_string(look.style());
        let (w, look) = (minijinja::Value::from(Serde(words)), minijinja::Value::from(Serde(look)));
        self.templates.get_template(template)?.render(context! { w, style, look, ..values })
    }

    fn html(&self, status: u16, html: &str, look: &Look) -> Value {
        let hash = STANDARD.encode(Sha256::digest(look.style().as_bytes()));
        let pictures = if look.logo.is_some() { "; img-src data:" } else { "" };
        // Browsers hold the answer to a form to this too, where it leads elsewhere.
        let forms = std::iter::once("'self'").chain(look.leads_to.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'{pictures}; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
        );
        let mut headers = headers("text/html; charset=utf-8", &policy);
        if let Some((seconds, address)) = &look.asks_again {
            headers["refresh"] = json!(format!("{seconds}; url={address}"));
        }
        answer(status, headers, html)
    }
}

/// That the page is elsewhere.
fn see(location: &str) -> Value {
    let mut headers = headers("text/plain; charset=utf-8", "default-src 'none'; frame-ancestors 'none'");
    headers["location"] = json!(location);
    answer(303, headers, "")
}

/// A status in words: a title and a sentence.
fn in_words(status: u16, words: &'static PageLabels) -> (&'static str, &'static str) {
    match status {
        404 => (words.not_found, words.not_found_text),
        410 => (words.gone, words.gone_text),
        500..=599 => (words.busy, words.busy_text),
        _ => (words.wrong, words.wrong_text),
    }
}

/// The same for a program.
fn problem(status: u16, words: &'static PageLabels) -> Value {
    let (title, text) = in_words(status, words);
    let problem = match status {
        403 => Problem::new(403, "forbidden", title, text),
        405 => Problem::new(405, "bad-request", "Bad request", "this address takes another method"),
        413 => Problem::new(413, "body-too-large", "Body too large", "a body has at most 128 KiB; send it in parts"),
        415 => Problem::new(
            415,
            "unsupported-media-type",
            "Unsupported media type",
            "a call has a body of application/json, and a form one of application/x-www-form-urlencoded",
        ),
        404 => Problem::new(404, "not-found", title, text),
        410 => Problem::new(410, "link-gone", title, text),
        500 => Problem::new(500, "internal", title, text),
        503 => Problem::new(503, "busy", title, text),
        _ => Problem::new(status, "bad-request", title, text),
    };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    answer(status, headers(PROBLEM, NOTHING), &body)
}

fn headers(content_type: &str, policy: &str) -> Value {
    json!({
        "content-type": content_type,
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex, nofollow",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cache-control": "no-store",
        "strict-transport-security": "max-age=31536000",
        "vary": "accept, accept-language",
    })
}

fn answer(status: u16, mut headers: Value, body: &str) -> Value {
    if status == 405 {
        headers["allow"] = json!("GET, HEAD, POST");
    }
    json!({"statusCode": status, "headers": headers, "cookies": [], "body": body, "isBase64Encoded": false})
}
