//! A finished message from a template and the facts.

use sha2::{Digest, Sha256};

use crate::engine::{self, Marked};
use crate::input::RenderInput;
use crate::labels::MailLabels;
use crate::layout::Sheet;
use crate::locale::Locale;
use crate::mail_brand::Brand;
use crate::message_template::Template;
use crate::plain::{link, plain, unlinked};
use crate::{prose, scan, sms, values};
use domain::channel::ChannelFacts;

/// The version of the layout and of everything here that shapes a message; records name it beside the template's.
pub const LAYOUT_VERSION: u32 = 5;

/// A message as it goes to the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// On one line; email only.
    pub subject: Option<String>,
    /// The whole message as plain text.
    pub text: String,
    /// The same as HTML; email only.
    pub html: Option<String>,
    /// Over subject, text and HTML, 64 hexadecimal digits.
    pub sha256: String,
}

/// Why a message could not be made; a person has to mend the template or the settings. Holds no value from the facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The template did not render.
    #[error("template {pointer}: {detail}")]
    Template {
        /// JSON pointer into the template.
        pointer: &'static str,
        /// What, and on which line.
        detail: String,
    },
    /// The text message takes more segments than allowed.
    #[error("the text message takes {segments} segments, more than {segments_max} allowed")]
    TooLong {
        /// How many it would take.
        segments: usize,
        /// How many its channel allows.
        segments_max: usize,
    },
    /// A link of the message leads nowhere.
    #[error("'{name}' is no link to the web")]
    Link {
        /// Which: `links.portal`.
        name: &'static str,
    },
    /// There is no text form for the channel.
    #[error("messages for '{0}' are not rendered here")]
    Channel(String),
    /// Our layout is broken.
    #[error("the mail layout is broken: {0}")]
    Layout(String),
}

impl RenderError {
    /// Where in the template, as a JSON pointer.
    pub fn pointer(&self) -> &'static str {
        match self {
            Self::Template { pointer, .. } => pointer,
            Self::TooLong { .. } | Self::Link { .. } | Self::Layout(_) => "/body",
            Self::Channel(_) => "/channel",
        }
    }

    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Template { detail, .. } => detail.clone(),
            Self::TooLong { .. } | Self::Link { .. } | Self::Layout(_) | Self::Channel(_) => self.to_string(),
        }
    }
}

/// Makes the message.
///
/// Pure: the same template, facts and [`LAYOUT_VERSION`] always give the same bytes.
///
/// # Errors
///
/// [`RenderError`]; nothing may be sent then.
pub fn render(template: &Template, input: &RenderInput, brand: &Brand) -> Result<Rendered, RenderError> {
    let words = MailLabels::of(&template.language);
    let locale = locale(template, input);
    let context = values::context(input, brand, words);
    let run =
        |pointer, source: &str| engine::run(source, &context, locale).map_err(|detail| RenderError::Template { pointer, detail });
    let empty = |pointer| RenderError::Template { pointer, detail: "is empty when rendered".to_owned() };
    let opt_out = link(&input.links.opt_out, false).ok_or(RenderError::Link { name: "links.opt_out" })?;
    let portal = link(&input.links.portal, false).ok_or(RenderError::Link { name: "links.portal" })?;
    let channel = template.channel.facts();
    if !channel.has_sender {
        return Err(RenderError::Channel(template.channel.to_string()));
    }
    match channel.has_subject {
        true => {
            let source = template.subject.as_deref().ok_or_else(|| empty("/subject"))?;
            let marked = without_places("/subject", run("/subject", source)?)?;
            let subject = Some(plain(&marked.filled(&marked.text))).filter(|subject| !subject.is_empty());
            let subject = subject.ok_or_else(|| empty("/subject"))?;
            let marked = run("/body", &template.body)?;
            let prose = prose::read(&marked);
            if prose.is_empty() {
                return Err(empty("/body"));
            }
            let table = !input.invoices.is_empty() && (marked.has_table() || !scan::lists_invoices(&template.body));
            let language = &template.language;
            let sheet = Sheet {
                subject: &subject,
                prose: &prose,
                table,
                is_signed: marked.is_signed(),
                input,
                brand,
                words,
                locale,
                language,
                portal: &portal,
                opt_out: &opt_out,
            };
            let html = sheet.html().map_err(RenderError::Layout)?;
            let text = sheet.text();
            Ok(Rendered::new(Some(subject), text, Some(html)))
        }
        false => {
            let marked = without_places("/body", run("/body", &template.body)?)?;
            let bare = sms_text(&marked, words, &opt_out, "").ok_or_else(|| empty("/body"))?;
            let told: Vec<String> =
                input.broken_plans.iter().map(|name| words.plan_broken_short.replace("{}", &unlinked(name))).collect();
            let too_long = |text: &str| {
                let (segments, segments_max) = (sms::segments(text).1, segments_max(channel, brand, text)?);
                (segments > segments_max).then_some(RenderError::TooLong { segments, segments_max })
            };
            let fits = |text: &String| too_long(text).is_none();
            // Where there is no room for it, the message leaves without it.
            let whole = sms_text(&marked, words, &opt_out, &told.join(" ")).filter(|_| !told.is_empty()).filter(fits);
            let text = whole.unwrap_or(bare);
            match too_long(&text) {
                Some(error) => Err(error),
                None => Ok(Rendered::new(None, text, None)),
            }
        }
    }
}

/// Most segments that a text message may take; `None` where its channel has none. Each is paid for, so that a tenant may say that fewer are sent than
/// the channel takes: it means those of the alphabet. Outside of it each holds less than half as much, and twice as many are sent.
fn segments_max(channel: ChannelFacts, brand: &Brand, text: &str) -> Option<usize> {
    let most = channel.segments_max?;
    let times = match sms::segments(text).0 {
        sms::Encoding::Gsm7 => 1,
        sms::Encoding::Ucs2 => 2,
    };
    Some(brand.segments_max.map_or(most, |own| own.saturating_mul(times).min(most)))
}

/// A text that is no email's body, and so has no place for a table or a signature.
fn without_places(pointer: &'static str, marked: Marked) -> Result<Marked, RenderError> {
    let places = [("table", marked.has_table()), ("signature", marked.is_signed())];
    match places.into_iter().find(|(_, is_there)| *is_there) {
        Some((name, _)) => {
            let detail = format!("'{name}' has a place in the body of an email only");
            Err(RenderError::Template { pointer, detail })
        }
        None => Ok(marked),
    }
}

/// The form of amounts and dates: the person's, where the template is in the person's language.
fn locale(template: &Template, input: &RenderInput) -> &'static Locale {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let same = primary(&template.language) == primary(&input.language);
    let more_exact = same && input.language.contains('-') && !template.language.contains('-');
    Locale::of(if more_exact { &input.language } else { &template.language }, input.country.as_deref())
}

/// A text message with what is `told` beneath its words, where something is.
fn sms_text(marked: &Marked, words: &MailLabels, opt_out: &str, told: &str) -> Option<String> {
    let body = sms::tidy(&marked.filled(&marked.text));
    if body.is_empty() {
        return None;
    }
    let body = if told.is_empty() { body } else { format!("{body}\n{told}") };
    let whole = if body.contains(opt_out) { body } else { format!("{body}\n{}", words.sms_link.replace("{}", opt_out)) };
    Some(sms::folded(&whole))
}

impl Rendered {
    pub(crate) fn new(subject: Option<String>, text: String, html: Option<String>) -> Self {
        let mut hasher = Sha256::new();
        for part in [subject.as_deref(), Some(&*text), html.as_deref()] {
            let part = part.unwrap_or_default();
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let sha256 = hex::encode(hasher.finalize());
        Self { subject, text, html, sha256 }
    }
}
