//! Pages: HTML from templates that escape every value, under headers that let nothing in or out.

use base64::{Engine, engine::general_purpose::STANDARD};
use minijinja::{AutoEscape, Environment, context, value::Serde};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::labels::PageLabels;

const STYLE: &str = include_str!("pages/style.css");
const TEMPLATES: [(&str, &str); 4] = [
    ("layout", include_str!("pages/layout.html")),
    ("statement", include_str!("pages/statement.html")),
    ("question", include_str!("pages/question.html")),
    ("plain", include_str!("pages/plain.html")),
];

/// What a visitor gets.
#[derive(Clone, Debug)]
pub enum PortalPage {
    /// A page from a template.
    Filled { status: u16, template: &'static str, words: &'static PageLabels, values: minijinja::Value },
    /// A status in words, for whoever has no valid link.
    Plain(u16, &'static PageLabels),
}

/// The templates, compiled once.
#[derive(Clone, Debug)]
pub struct Pages {
    templates: Environment<'static>,
    policy: String,
}

impl Pages {
    pub fn new() -> Result<Self, minijinja::Error> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, source) in TEMPLATES {
            templates.add_template(name, source)?;
        }
        let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy =
            format!("default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
        Ok(Self { templates, policy })
    }

    /// The answer for a page.
    pub fn answer(&self, page: PortalPage) -> Value {
        match page {
            PortalPage::Plain(status, words) => self.plain(status, words),
            PortalPage::Filled { status, template, words, values } => match self.fill(template, words, values) {
                Ok(html) => self.html(status, &html),
                Err(error) => {
                    tracing::error!(error = kit::causes(&error), "a page does not render");
                    self.plain(500, words)
                }
            },
        }
    }

    /// A status in words.
    pub fn plain(&self, status: u16, words: &'static PageLabels) -> Value {
        let (title, text) = match status {
            404 => (words.not_found, words.not_found_text),
            410 => (words.gone, words.gone_text),
            500..=599 => (words.busy, words.busy_text),
            _ => (words.wrong, words.wrong_text),
        };
        let html = self
            .fill("plain", words, context! { title, text })
            .unwrap_or_else(|_| "<!doctype html><title>Error</title>".to_owned());
        self.html(status, &html)
    }

    fn fill(&self, template: &str, words: &'static PageLabels, values: minijinja::Value) -> Result<String, minijinja::Error> {
        let style = minijinja::Value::from_safe_string(STYLE.to_owned());
        self.templates.get_template(template)?.render(context! { w => minijinja::Value::from(Serde(words)), style, ..values })
    }

    fn html(&self, status: u16, html: &str) -> Value {
        let mut headers = json!({
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": self.policy,
            "referrer-policy": "no-referrer",
            "x-robots-tag": "noindex, nofollow",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "cache-control": "no-store",
            "strict-transport-security": "max-age=31536000",
        });
        if status == 405 {
            headers["allow"] = json!("GET, HEAD, POST");
        }
        json!({"statusCode": status, "headers": headers, "cookies": [], "body": html, "isBase64Encoded": false})
    }
}
