//! A mail as a mail program writes it, one that answers a mail of the outbox too.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::Value;

use crate::outbox::Sent;

/// What divides the parts of a mail with files.
const BOUNDARY: &str = "=_local_part";

/// A mail to be written.
pub(crate) struct MimeMail<'a> {
    pub(crate) id: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a [String],
    pub(crate) subject: &'a str,
    pub(crate) text: &'a str,
    pub(crate) answered: Option<&'a AnsweredSent>,
    pub(crate) files: &'a [MimeFile],
    pub(crate) at: Timestamp,
}

/// A file of a mail.
pub(crate) struct MimeFile {
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) content: Vec<u8>,
}

/// What a mail program knows of the mail that it answers.
pub(crate) struct AnsweredSent {
    /// Where the answer goes.
    pub(crate) reply_to: Vec<String>,
    /// The answer's subject.
    pub(crate) subject: String,
    message_id: String,
    references: Option<String>,
    from: String,
    text: String,
    at: Timestamp,
}

impl AnsweredSent {
    /// Of a mail that left.
    pub(crate) fn of(sent: &Sent) -> Self {
        let strings = |path: &str| -> Vec<String> {
            let listed = sent.raw.pointer(path).and_then(Value::as_array);
            listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let from = sent.raw["FromEmailAddress"].as_str().unwrap_or_default().to_owned();
        let reply_to = Some(strings("/ReplyToAddresses")).filter(|to| !to.is_empty()).unwrap_or_else(|| vec![from.clone()]);
        let headers = sent.raw.pointer("/Content/Simple/Headers").and_then(Value::as_array);
        let references = headers.into_iter().flatten().find(|header| header["Name"] == "References");
        let subject = sent.subject.as_deref().unwrap_or_default();
        Self {
            reply_to,
            subject: if subject.starts_with("Re: ") { subject.to_owned() } else { format!("Re: {subject}") },
            // SES writes it so, and puts it into each mail.
            message_id: format!("<{}@email.amazonses.com>", sent.message_id),
            references: references.and_then(|header| header["Value"].as_str()).map(str::to_owned),
            from,
            text: sent.text.clone().unwrap_or_default(),
            at: sent.at,
        }
    }

    fn quoted(&self) -> String {
        let at = self.at.strftime("%a, %d %b %Y at %H:%M");
        let lines: String = self.text.lines().map(|line| format!("> {line}\n")).collect();
        format!("\n\nOn {at}, {} wrote:\n{lines}", bare(&self.from))
    }
}

/// The mail's bytes.
pub(crate) fn composed(mail: &MimeMail<'_>) -> Vec<u8> {
    let domain = bare(mail.from).rsplit('@').next().unwrap_or("local");
    let mut head = vec![
        format!("From: {}", mail.from),
        format!("To: {}", mail.to.join(", ")),
        format!("Subject: {}", encoded(mail.subject)),
        format!("Date: {}", mail.at.strftime("%a, %d %b %Y %H:%M:%S +0000")),
        format!("Message-ID: <{}@{domain}>", mail.id),
        "MIME-Version: 1.0".to_owned(),
    ];
    let mut text = mail.text.to_owned();
    if let Some(answered) = mail.answered {
        head.push(format!("In-Reply-To: {}", answered.message_id));
        let references: Vec<&str> =
            answered.references.iter().map(String::as_str).chain([answered.message_id.as_str()]).collect();
        head.push(format!("References: {}", references.join("\r\n ")));
        text.push_str(&answered.quoted());
    }
    let words = format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        wrapped(text.as_bytes())
    );
    let body = if mail.files.is_empty() {
        words
    } else {
        let files: String = mail.files.iter().map(part_of).collect();
        format!("Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\r\n\r\n--{BOUNDARY}\r\n{words}{files}--{BOUNDARY}--\r\n")
    };
    format!("{}\r\n{body}", head.join("\r\n")).into_bytes()
}

fn part_of(file: &MimeFile) -> String {
    let name = file.name.replace(['"', '\r', '\n'], "_");
    format!(
        "--{BOUNDARY}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{}\r\n",
        file.content_type,
        wrapped(&file.content),
    )
}

/// Base 64 in lines as mails have them.
fn wrapped(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines: Vec<&str> = text.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    lines.join("\r\n")
}

/// A header's value, encoded where it is not plain.
fn encoded(text: &str) -> String {
    let line: String = text.chars().filter(|c| !c.is_control()).collect();
    if line.is_ascii() { line } else { format!("=?utf-8?B?{}?=", STANDARD.encode(line)) }
}

/// The address of `Name <address>`.
pub(crate) fn bare(address: &str) -> &str {
    match (address.rfind('<'), address.rfind('>')) {
        (Some(start), Some(end)) if start < end => &address[start + 1..end],
        _ => address.trim(),
    }
}
