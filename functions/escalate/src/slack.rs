//! A notice as an incoming webhook of Slack takes it, and what its answers mean.

use serde_json::{Value, json};

use crate::{outcome::Outcome, wording::Worded};

/// Most blocks of a message.
const BLOCKS_MAX: usize = 50;
/// Longest text of a header, and of a section, in characters.
const HEADER_MAX: usize = 150;
const SECTION_MAX: usize = 3_000;

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

/// What Slack reads as markup, as plain text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The body of the request. Names and titles are plain text, which mentions nobody and links nowhere.
pub(crate) fn body(worded: &Worded) -> Value {
    let plain = |text: String| json!({"type": "plain_text", "text": text, "emoji": false});
    let mut blocks = vec![json!({"type": "header", "text": plain(cut(&worded.subject, HEADER_MAX))})];
    // A header, two blocks for each matter, and one that says how many there are besides.
    let shown = worded.matters.iter().take((BLOCKS_MAX - 2) / 2);
    for matter in shown.clone() {
        let text = std::iter::once(&matter.title).chain(&matter.lines).map(String::as_str).collect::<Vec<_>>().join("\n");
        blocks.push(json!({"type": "section", "text": plain(cut(&text, SECTION_MAX))}));
        if let Some(link) = &matter.link {
            blocks
                .push(json!({"type": "context", "elements": [{"type": "mrkdwn", "text": format!("<{}|Open>", escaped(link))}]}));
        }
    }
    let more = worded.matters.len() - shown.len();
    if more > 0 {
        blocks.push(json!({"type": "section", "text": plain(format!("and {more} more"))}));
    }
    json!({"text": cut(&escaped(&worded.subject), SECTION_MAX), "blocks": blocks})
}

/// What an answer means: it took the message, is to be asked later, refuses it, or nobody knows.
pub(crate) fn outcome(status: u16, retry_after: Option<u64>) -> Outcome {
    match status {
        200..=299 => Outcome::Took,
        429 => Outcome::Later { after_s: retry_after, why: "the channel asks to wait".to_owned() },
        503 => Outcome::Later { after_s: retry_after, why: "the channel is not available".to_owned() },
        // `invalid_payload`, `action_prohibited`, `channel_not_found`, `no_service`, `channel_is_archived`; a redirect leads nowhere.
        300..=499 => Outcome::Refused { why: format!("the channel answered {status}") },
        _ => Outcome::Unknown { why: format!("the channel answered {status}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Matter;

    #[test]
    fn names_are_plain_text_and_many_matters_fit() {
        let matter = |link: bool| Matter {
            title: "Escalated <!channel>".to_owned(),
            lines: vec!["Customer: <https://evil.example|Acme> & Co".to_owned()],
            link: link.then(|| "https://c.example/tasks/tsk_1".to_owned()),
        };
        let one = body(&Worded { subject: "N: <!channel> & Co".to_owned(), matters: vec![matter(true)] });
        assert_eq!(one["text"], "N: &lt;!channel&gt; &amp; Co");
        assert_eq!(one["blocks"][1]["text"]["type"], "plain_text");
        assert_eq!(one["blocks"][2]["elements"][0]["text"], "<https://c.example/tasks/tsk_1|Open>");
        let many = body(&Worded { subject: "N: 60 tasks".to_owned(), matters: vec![matter(true); 60] });
        let blocks = many["blocks"].as_array().expect("blocks");
        assert!(blocks.len() <= BLOCKS_MAX);
        assert_eq!(blocks.last().expect("a block")["text"]["text"], "and 36 more");
    }

    #[test]
    fn answers_are_told_apart() {
        for (status, expected) in [
            (200, "took"),
            (429, "later"),
            (503, "later"),
            (302, "refused"),
            (400, "refused"),
            (404, "refused"),
            (410, "refused"),
            (500, "unknown"),
        ] {
            let said = match outcome(status, Some(7)) {
                Outcome::Took => "took",
                Outcome::Later { after_s, .. } => {
                    assert_eq!(after_s, Some(7));
                    "later"
                }
                Outcome::Refused { .. } => "refused",
                Outcome::Unknown { .. } => "unknown",
                Outcome::Never { .. } => "never",
            };
            assert_eq!(said, expected, "{status}");
        }
    }
}
