//! A notice as a workflow of Microsoft Teams takes it: an Adaptive Card of version 1.4. An answer of 202 says that it is queued there.

use serde_json::{Value, json};

use crate::wording::{Matter, Worded};

/// Most bytes of a card; Teams takes some 28 KB.
const BYTES_MAX: usize = 26 * 1024;

/// The body of the request. Names and titles are runs of text, which are no markup.
pub(crate) fn body(worded: &Worded) -> Value {
    let mut shown = worded.matters.len();
    loop {
        let body = with(worded, shown);
        if shown <= 1 || body.to_string().len() <= BYTES_MAX {
            return body;
        }
        shown -= 1;
    }
}

fn with(worded: &Worded, shown: usize) -> Value {
    let run = |text: &str, is_bold: bool| {
        let weight = if is_bold { "Bolder" } else { "Default" };
        json!({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, "weight": weight}]})
    };
    let mut parts = vec![json!({
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": worded.subject, "weight": "Bolder", "size": "Medium"}],
    })];
    for matter in worded.matters.iter().take(shown) {
        let Matter { title, lines, link } = matter;
        let mut items = vec![run(title, true)];
        items.extend(lines.iter().map(|line| run(line, false)));
        items.extend(
            link.iter()
                .map(|link| json!({"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": link}]})),
        );
        parts.push(json!({"type": "Container", "separator": true, "items": items}));
    }
    let more = worded.matters.len().saturating_sub(shown);
    if more > 0 {
        parts.push(run(&format!("and {more} more"), false));
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": {"width": "Full"},
                "fallbackText": worded.subject,
                "body": parts,
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_fits_however_much_there_is() {
        let matter = Matter { title: "x".repeat(300), lines: vec!["[a](https://evil.example)".repeat(12); 8], link: None };
        let body = body(&Worded { subject: "N: 50 tasks".to_owned(), matters: vec![matter; 50] });
        assert!(body.to_string().len() <= BYTES_MAX);
        let parts = body["attachments"][0]["content"]["body"].as_array().expect("a body");
        let last = parts.last().expect("a part")["inlines"][0]["text"].as_str().expect("a text");
        assert!(last.starts_with("and ") && last.ends_with(" more"), "{last}");
        assert_eq!(parts[1]["items"][1]["type"], "RichTextBlock", "no markup is read in it");
    }
}
