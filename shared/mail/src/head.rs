//! The head of a mail or of one of its parts.

use mail_parser::{Message, MessageParser, MimeHeaders};

/// Most fields that are looked at.
const FIELDS_MAX: usize = 500;

/// The fields of a head, and what they say of the body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailHead {
    /// Names in lower case, with values in one line, as they came.
    fields: Vec<(String, String)>,
    /// The senders, in lower case, as the field `From` has them.
    from: Vec<String>,
    subject: Option<String>,
    pub(crate) kind: String,
    pub(crate) boundary: Option<String>,
    pub(crate) charset: Option<String>,
    pub(crate) report_type: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) file_name: Option<String>,
    pub(crate) is_attachment: bool,
    pub(crate) content_id: Option<String>,
}

/// What a body is where its head does not say.
const PLAIN: &str = "text/plain";

impl MailHead {
    /// Reads a head; what does not read is as if it were not there.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse_headers(bytes) else {
            return Self { kind: PLAIN.to_owned(), ..Self::default() };
        };
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = message.headers_raw().take(FIELDS_MAX);
        let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), one_line(value))).collect();
        let content = message.content_type();
        let attribute = |name: &str| content.and_then(|content| content.attribute(name)).map(str::to_owned);
        let kind = content.map_or_else(
            || PLAIN.to_owned(),
            |content| format!("{}/{}", content.ctype(), content.subtype().unwrap_or_default()).to_ascii_lowercase(),
        );
        Self {
            fields,
            from: senders(&message),
            subject: message.subject().map(one_line).filter(|subject| !subject.is_empty()),
            kind,
            boundary: attribute("boundary").filter(|boundary| !boundary.is_empty()),
            charset: attribute("charset"),
            report_type: attribute("report-type").map(|kind| kind.to_ascii_lowercase()),
            encoding: message.content_transfer_encoding().map(|word| word.trim().to_ascii_lowercase()),
            file_name: message.attachment_name().map(one_line).filter(|name| !name.is_empty()),
            is_attachment: message.content_disposition().is_some_and(mail_parser::ContentType::is_attachment),
            content_id: message.content_id().map(|id| id.trim_matches(['<', '>']).to_owned()),
        }
    }

    /// The first value of a field, in one line; its name in lower case.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a field, from the top.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The mailboxes of its senders, in lower case.
    pub fn from(&self) -> &[String] {
        &self.from
    }

    /// Its subject, decoded.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whether this is the head of a part of a report of a kind.
    pub(crate) fn is_report(&self, kind: &str) -> bool {
        self.kind == "multipart/report" && self.report_type.as_deref() == Some(kind)
    }
}

/// Who sent a mail, by its head.
fn senders(message: &Message<'_>) -> Vec<String> {
    let listed = message.from().into_iter().flat_map(|from| from.iter());
    let plain = listed.filter_map(|one| one.address()).map(|address| address.trim().to_lowercase());
    plain.filter(|address| address.contains('@')).take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_programs_write_it() {
        let head = MailHead::read(
            b"From: =?utf-8?Q?M=C3=BCller,_Anna?= <AP@Acme.Example>\r\nSubject: =?iso-8859-1?Q?Zahlung_f=FCr?=\r\n =?utf-8?B?4oKs?=\r\n\
              Content-Type: Multipart/Report; report-type=Delivery-Status;\r\n boundary=\"a b\"\r\nX-Two: one\r\nX-Two: two\r\n\r\n",
        );
        assert_eq!(head.from(), ["ap@acme.example"]);
        assert_eq!(head.subject(), Some("Zahlung f\u{fc}r\u{20ac}"));
        assert!(head.is_report("delivery-status"));
        assert_eq!(head.boundary.as_deref(), Some("a b"));
        assert_eq!(head.values("x-two").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(head.value("x-three"), None);
    }

    #[test]
    fn what_is_no_head_says_nothing() {
        for bytes in [b"".as_slice(), b"\r\n\r\n", b"no colon at all", b"\xff\xfe\x00", b": no name\r\n"] {
            let head = MailHead::read(bytes);
            assert_eq!((head.from().len(), head.subject(), head.kind.as_str()), (0, None, PLAIN), "{bytes:?}");
        }
    }
}
