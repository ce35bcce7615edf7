//! A text as somebody would see it, with made-up facts of a shape: the document of a frame, and what is to be said of it.

use channels::{Brand, LogoPlace, Rendered, shapes::DataShape, sms};
use domain::Settings;
use minijinja::HtmlEscape;
use store::StoredTemplate;

use crate::text_prover::rendered;

/// Renders a text with made-up facts, or says why it cannot be.
///
/// # Errors
///
/// The place, as a JSON pointer, and the sentence.
pub(crate) fn made(text: &StoredTemplate, shape: DataShape, settings: Option<&Settings>) -> Result<Rendered, (String, String)> {
    let brand = match settings {
        Some(settings) => Brand::of(settings, "", LogoPlace::InPage),
        None => Brand::named("Your company"),
    };
    let mut facts = shape.facts(&text.language);
    facts.country = settings.map(|settings| settings.country.clone()).filter(|country| !country.is_empty());
    channels::render(&rendered(text), &facts, &brand).map_err(|error| (error.pointer().to_owned(), error.to_string()))
}

/// The document of a frame that shows a text, or why there is none.
pub(crate) fn document(text: &StoredTemplate, shape: DataShape, settings: Option<&Settings>) -> String {
    match made(text, shape, settings) {
        Ok(made) => match made.html {
            Some(html) => html,
            None => plain(&text.language, &measure(&made.text), &made.text),
        },
        Err((pointer, why)) => plain("en", &format!("It cannot be shown: {pointer}"), &why),
    }
}

/// How a text message is carried: its encoding, and in how many parts.
fn measure(text: &str) -> String {
    let (encoding, segments) = sms::segments(text);
    let alphabet = match encoding {
        sms::Encoding::Gsm7 => "GSM-7",
        sms::Encoding::Ucs2 => "UCS-2",
    };
    let plural = if segments == 1 { "segment" } else { "segments" };
    format!("{segments} {plural}, {} characters, {alphabet}", text.chars().count())
}

fn plain(language: &str, head: &str, text: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><title>Preview</title><style>body{{font:16px/1.5 system-ui,sans-serif;\
         margin:16px;color:#1c1d1f;background:#fff}}h1{{font-size:13px;color:#5b5e63;margin:0 0 12px}}p{{white-space:pre-wrap;\
         overflow-wrap:anywhere;background:#e9eef5;border-radius:12px;padding:12px;margin:0;max-width:28rem}}</style>\
         <h1>{}</h1><p dir=\"auto\">{}</p></html>",
        HtmlEscape(language),
        HtmlEscape(head),
        HtmlEscape(text)
    )
}

/// What each shape comes to, for a list beside the text: its name, and how it is carried or why it is not.
pub(crate) fn each_shape(text: &StoredTemplate, settings: Option<&Settings>) -> Vec<(&'static str, bool, String)> {
    let of = |shape: DataShape| match made(text, shape, settings) {
        Ok(made) if made.html.is_some() => {
            let subject = made.subject.unwrap_or_default();
            (
                shape.label(),
                true,
                format!("{} characters in the subject, {} in the text", subject.chars().count(), made.text.chars().count()),
            )
        }
        Ok(made) => (shape.label(), true, measure(&made.text)),
        Err((_, why)) => (shape.label(), false, why),
    };
    DataShape::ALL.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use domain::Channel;

    use super::*;

    fn text(channel: Channel, body: &str) -> StoredTemplate {
        let subject = (channel == Channel::Email).then(|| "Reminder".to_owned());
        StoredTemplate { id: "t".to_owned(), channel, language: "en".to_owned(), version: 1, subject, body: body.to_owned() }
    }

    #[test]
    fn a_text_message_is_measured_and_markup_in_it_is_text() {
        let shown =
            document(&text(Channel::Sms, "Please pay <b>{{ customer.name }}</b> {{ links.portal }}"), DataShape::One, None);
        assert!(shown.contains("segment") && shown.contains("&lt;b&gt;") && !shown.contains("<b>"), "{shown}");
    }

    #[test]
    fn what_cannot_be_shown_says_why() {
        let shown = document(&text(Channel::Email, ""), DataShape::One, None);
        assert!(shown.contains("It cannot be shown: &#x2f;body"), "{shown}");
        assert!(each_shape(&text(Channel::Email, ""), None).iter().all(|(_, fits, _)| !fits));
    }
}
