//! What was sent to whom, as it looks, and why; and what a shadow tenant would have sent.

use std::fmt::Write;

use domain::MessageStatus;
use jiff::{Timestamp, tz::TimeZone};

use super::{escape, why};
use crate::{
    outbox::Sent,
    overview::{Message, Overview},
};

/// Most messages on one page; older ones are in `/_local/outbox`.
const MESSAGES_MAX: usize = 300;

/// One row of the list: what left, or what a shadow tenant would have sent.
pub(super) struct Entry<'a> {
    /// Names it within the page.
    key: String,
    at: Timestamp,
    zone: TimeZone,
    sent: Option<&'a Sent>,
    message: Option<&'a Message>,
}

impl Entry<'_> {
    fn subject(&self) -> Option<&str> {
        let rendered = || self.message?.rendered.as_ref()?.subject.as_deref();
        self.sent.map_or_else(rendered, |sent| sent.subject.as_deref())
    }

    fn text(&self) -> Option<&str> {
        let rendered = || Some(self.message?.rendered.as_ref()?.text.as_str());
        self.sent.map_or_else(rendered, |sent| sent.text.as_deref())
    }

    fn html(&self) -> Option<&str> {
        let rendered = || self.message?.rendered.as_ref()?.html.as_deref();
        self.sent.map_or_else(rendered, |sent| sent.html.as_deref())
    }

    fn to(&self) -> &str {
        self.sent.map(|sent| sent.to.as_str()).or(self.message.map(|message| message.to.as_str())).unwrap_or_default()
    }

    pub(super) fn tenant(&self) -> &str {
        let recorded = self.message.map(|message| message.tenant.as_str());
        self.sent.and_then(|sent| sent.tenant.as_deref()).or(recorded).unwrap_or("—")
    }

    fn channel(&self) -> &str {
        self.sent.map(|sent| sent.channel.as_str()).or(self.message.map(|message| message.channel.as_str())).unwrap_or_default()
    }
}

/// What is shown, newest first.
pub(super) fn entries<'a>(sent: &'a [Sent], overview: &'a Overview) -> Vec<Entry<'a>> {
    let left = sent.iter().map(|sent| Entry {
        key: sent.seq.to_string(),
        at: sent.at,
        zone: overview.zone(sent.tenant.as_deref().unwrap_or_default()),
        message: overview.of(sent),
        sent: Some(sent),
    });
    let shadow = overview.messages.values().filter(|message| message.is_shadow && message.status == MessageStatus::Shadow).map(
        |message| Entry {
            key: message.id.clone(),
            at: message.at,
            zone: overview.zone(&message.tenant),
            message: Some(message),
            sent: None,
        },
    );
    let mut all: Vec<Entry<'_>> = left.chain(shadow).collect();
    all.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.sent.map(|sent| sent.seq))));
    all
}

/// The section: what stands above, a list, and what is chosen of it.
pub(super) fn messages(above: &str, shown: &[Entry<'_>]) -> String {
    let mut out = format!("<section id=messages aria-label=Outbox>{above}<div class=split><div class=list>");
    if shown.is_empty() {
        out.push_str("<p class=empty>Nothing was sent yet. Move the clock, or send an invoice to a webhook.</p>");
    }
    let mut day = String::new();
    for entry in shown.iter().take(MESSAGES_MAX) {
        let at = entry.at.to_zoned(entry.zone.clone());
        let own = at.strftime("%A, %-d %B %Y").to_string();
        if own != day {
            let _ = write!(out, "<h2>{own}</h2>");
            day = own;
        }
        let fallback = entry.message.map(|message| message.template.0.as_str()).unwrap_or_default();
        let title = entry.subject().or(entry.text()).unwrap_or(fallback);
        let _ = write!(
            out,
            "<button type=button class='row{}' data-seq={}><i class='dot {}'></i><span class=what>{}</span><time>{}</time>\
             <span class=who>{}</span><span class=tenant>{}</span></button>",
            if entry.sent.is_none() { " shadow" } else { "" },
            escape(&entry.key),
            escape(entry.channel()),
            escape(&shortened(title)),
            at.strftime("%H:%M %Z"),
            escape(entry.to()),
            if entry.sent.is_none() { "shadow, not sent".to_owned() } else { escape(entry.tenant()) },
        );
    }
    if shown.len() > MESSAGES_MAX {
        let _ = write!(
            out,
            "<p class=empty>{} older messages are in <a href=/_local/outbox>the outbox</a>.</p>",
            shown.len() - MESSAGES_MAX
        );
    }
    out.push_str("</div><div class=reader aria-live=polite><p class=empty>Choose a message to read it.</p></div></div>");
    for entry in shown.iter().take(MESSAGES_MAX) {
        out.push_str(&message(entry));
    }
    out.push_str("</section>");
    out
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 90 { line.to_owned() } else { format!("{}…", line.chars().take(89).collect::<String>()) }
}

/// One message, inert until it is chosen.
fn message(entry: &Entry<'_>) -> String {
    let title = entry.subject().unwrap_or("Message without a subject");
    let mut out = format!("<template id='m{}'><article{}><h2>{}</h2>", escape(&entry.key), answerable(entry), escape(title));
    if entry.sent.is_none() {
        out.push_str(
            "<p class=banner><b>Shadow: nothing left.</b> This is what would have been sent, rendered again from its record: \
             template, amounts and dates of that day, names of today, links made up.</p>",
        );
    }
    out.push_str("<dl>");
    let mut line = |name: &str, value: &str| {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", escape(value));
    };
    line("To", entry.to());
    if let Some(sent) = entry.sent {
        if let Some(from) = sent.raw.get("FromEmailAddress").and_then(|from| from.as_str()) {
            line("From", from);
        }
        line("Sent", &format!("{} by {}", why::moment(entry.at, &entry.zone), sent.provider));
        let name = |attached: &serde_json::Value| attached.get("name").and_then(serde_json::Value::as_str).map(str::to_owned);
        let attached: Vec<String> = sent.attachments.iter().filter_map(name).collect();
        if !attached.is_empty() {
            line("Attached", &attached.join(", "));
        }
    }
    out.push_str("</dl>");
    if !answerable(entry).is_empty() {
        out.push_str("<p><button type=button class=plain data-answer>Answer it as the customer</button></p>");
    }
    if let Some(message) = entry.message {
        out.push_str(&why::section(message, &entry.zone));
    } else if entry.sent.is_some_and(|sent| sent.service_mail.is_some()) {
        out.push_str(why::NOTICE);
    }
    match (entry.html(), entry.text()) {
        (Some(html), text) => {
            let _ = write!(
                out,
                "<div class=views role=group aria-label='How to look at it'><button type=button class=plain data-view=html aria-pressed=true>As it looks</button>\
                 <button type=button class=plain data-view=text aria-pressed=false>Plain text</button>\
                 <button type=button class=plain data-view=narrow aria-pressed=false>On a phone</button></div>\
                 <iframe sandbox=allow-same-origin srcdoc=\"{}\" title='The message'></iframe><pre hidden>{}</pre>",
                escape(&entry.sent.map_or_else(|| html.to_owned(), |sent| with_images(html, &sent.raw))),
                escape(text.unwrap_or("There is no plain text."))
            );
        }
        (None, Some(text)) => {
            let _ = write!(out, "<div class=bubble>{}</div>", escape(text));
        }
        (None, None) => out.push_str("<p class=empty>Its text cannot be rendered again: the template or an invoice is gone.</p>"),
    }
    out.push_str("</article></template>");
    out
}

/// What an answer to it needs, where a customer can answer it.
fn answerable(entry: &Entry<'_>) -> String {
    let Some(sent) = entry.sent.filter(|sent| ["email", "sms"].contains(&sent.channel.as_str())) else { return String::new() };
    format!(
        " data-channel='{}' data-from='{}' data-tenant='{}' data-message-id='{}'",
        escape(&sent.channel),
        escape(&sent.to),
        escape(sent.tenant.as_deref().unwrap_or_default()),
        escape(&sent.message_id),
    )
}

/// A mail with the images that go along with it in the places where it shows them.
fn with_images(html: &str, raw: &serde_json::Value) -> String {
    let along = raw.pointer("/Content/Simple/Attachments").and_then(serde_json::Value::as_array);
    along.into_iter().flatten().fold(html.to_owned(), |html, image| {
        let text = |name: &str| image.get(name).and_then(serde_json::Value::as_str);
        match (text("ContentId"), text("ContentType"), text("RawContent")) {
            (Some(id), Some(kind), Some(bytes)) => html.replace(&format!("cid:{id}"), &format!("data:{kind};base64,{bytes}")),
            (None, ..) | (_, None, _) | (.., None) => html,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_cannot_break_out() {
        let hostile = "\"><script>alert(1)</script>'";
        let entry = Sent {
            seq: 1,
            at: Timestamp::UNIX_EPOCH,
            tenant: Some(hostile.to_owned()),
            message: Some(hostile.to_owned()),
            service_mail: None,
            channel: "email".to_owned(),
            provider: hostile.to_owned(),
            to: hostile.to_owned(),
            subject: Some(hostile.to_owned()),
            text: Some(hostile.to_owned()),
            html: Some(hostile.to_owned()),
            attachments: Vec::new(),
            message_id: hostile.to_owned(),
            raw: serde_json::json!({"FromEmailAddress": hostile}),
        };
        let sent = [entry];
        let text = messages("", &entries(&sent, &Overview::default()));
        assert!(!text.contains("<script>") && !text.contains("alert(1)</script>"), "{text}");
        assert_eq!(text.matches("sandbox=allow-same-origin srcdoc=").count(), 1);
    }
}
