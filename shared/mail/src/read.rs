//! A mail as it is read: its head, what it says, and what came along.

use mail_parser::decoders::{base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode};

use crate::{
    head::MailHead,
    html::text_of,
    pieces::{head_and_body, pieces},
    report::DeliveryReport,
};

/// Most bytes of a mail: what SES takes in.
pub const MAIL_BYTES_MAX: u64 = 40 * 1024 * 1024;
/// Most bytes of a head that are read, of the mail's and of each part's.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How deep parts within parts are followed.
pub const DEPTH_MAX: usize = 8;
/// Most parts that are read.
pub const PARTS_MAX: usize = 200;
/// Most bytes that all parts together may come to, decoded.
pub const DECODED_BYTES_MAX: usize = 40 * 1024 * 1024;
/// Most bytes of one part's text that are read as such.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Most bytes of all parts' texts together that are read as such: in another character set or as lines a text may take several times its bytes, and
/// whoever reads mails has little memory.
const TEXTS_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;
/// Most bytes of text in which marks of ours are looked for.
const SEARCHED_BYTES_MAX: usize = 1024 * 1024;
/// An image that the text shows, and that is smaller, is a part of the text: the logo of a signature.
const DECORATION_BYTES_MAX: usize = 64 * 1024;

/// A mail as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadMail {
    /// Its head.
    pub head: MailHead,
    /// What it says, in plain text: of two forms of the same words the plain one, else the other one as text.
    pub text: String,
    /// All its words in every form, with those of mails that came along: links stand here that a reader does not see.
    pub searched: String,
    /// The files that came along, those of mails that came along too.
    pub files: Vec<MailFile>,
    /// What it reports of the delivery of another mail, where it is such a report.
    pub report: Option<DeliveryReport>,
    /// Whether all of it was read: nothing was damaged or beyond a limit.
    pub is_whole: bool,
}

/// A file that came along with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFile {
    /// What it is called there, in one line; anything may stand in it.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
}

impl ReadMail {
    /// Reads a mail. Whatever the bytes are, something comes of it.
    pub fn of(bytes: &[u8]) -> Self {
        let (head, body) = head_and_body(bytes, HEAD_BYTES_MAX);
        let mut walk = Walk { mail: Self { head: MailHead::read(head), is_whole: true, ..Self::default() }, ..Walk::default() };
        let head = walk.mail.head.clone();
        let words = walk.part(&head, body, 0);
        let shown: Vec<bool> =
            walk.images.iter().map(|image| walk.mail.searched.contains(&format!("cid:{}", image.id))).collect();
        let mut mail = walk.mail;
        mail.text = words.text;
        // Last first, so that the places of the others stay.
        for (image, _) in walk.images.iter().zip(shown).rev().filter(|(_, is_shown)| *is_shown) {
            mail.files.remove(image.file);
        }
        mail
    }
}

/// Words of a part.
#[derive(Default)]
struct Words {
    text: String,
    is_plain: bool,
}

impl Words {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// A small image that the text may show.
struct Image {
    /// Its place among the files.
    file: usize,
    id: String,
}

#[derive(Default)]
struct Walk {
    mail: ReadMail,
    parts: usize,
    decoded: usize,
    /// Bytes that were read as text.
    texts: usize,
    images: Vec<Image>,
}

impl Walk {
    /// Reads a part; what it says.
    fn part(&mut self, head: &MailHead, body: &[u8], depth: usize) -> Words {
        if self.parts == PARTS_MAX || depth > DEPTH_MAX {
            self.mail.is_whole = false;
            return Words::default();
        }
        self.parts += 1;
        let (kind, subtype) = head.kind.split_once('/').unwrap_or((head.kind.as_str(), ""));
        match (kind, subtype) {
            ("multipart", _) => self.multipart(head, body, depth),
            ("message", "rfc822" | "global") => self.inner_mail(head, body, depth),
            ("message", "delivery-status") | ("text", "rfc822-headers") => self.of_report(head, body),
            // What a mail program says to others, and signatures of whole mails.
            ("message", _) | ("application", "pgp-signature" | "pkcs7-signature" | "x-pkcs7-signature") => Words::default(),
            ("text", "calendar") if !head.is_attachment => Words::default(),
            ("text", _) if !head.is_attachment => self.words(head, body, subtype == "html"),
            _ => self.file(head, body),
        }
    }

    fn multipart(&mut self, head: &MailHead, body: &[u8], depth: usize) -> Words {
        let left = PARTS_MAX.saturating_sub(self.parts);
        let found = head.boundary.as_deref().map(|boundary| pieces(body, boundary, left + 1)).unwrap_or_default();
        if found.is_empty() {
            // It says that it is in parts and is not: what is there is read as words.
            self.mail.is_whole = false;
            return self.words(&MailHead::read(b""), body, false);
        }
        if head.is_report("delivery-status") && self.mail.report.is_none() {
            self.mail.report = Some(DeliveryReport::default());
        }
        let mut said = Vec::new();
        for piece in found {
            let (inner, content) = head_and_body(piece, HEAD_BYTES_MAX);
            said.push(self.part(&MailHead::read(inner), content, depth + 1));
        }
        if head.kind == "multipart/alternative" {
            let plain = said.iter().position(|words| words.is_plain && !words.is_blank());
            let any = plain.or_else(|| said.iter().position(|words| !words.is_blank()));
            return any.map(|at| said.swap_remove(at)).unwrap_or_default();
        }
        said.retain(|words| !words.is_blank());
        let is_plain = said.iter().all(|words| words.is_plain);
        let texts: Vec<String> = said.into_iter().map(|words| words.text).collect();
        Words { text: texts.join("\n"), is_plain }
    }

    /// A mail within the mail: its files came along too, its words are somebody else's.
    fn inner_mail(&mut self, head: &MailHead, body: &[u8], depth: usize) -> Words {
        let Some(body) = self.decoded(head, body) else { return Words::default() };
        let (inner, content) = head_and_body(&body, HEAD_BYTES_MAX);
        let inner = MailHead::read(inner);
        if let Some(report) = self.mail.report.as_mut() {
            report.original.get_or_insert_with(|| inner.clone());
        }
        self.part(&inner, content, depth + 1);
        Words::default()
    }

    fn of_report(&mut self, head: &MailHead, body: &[u8]) -> Words {
        if let Some(body) = self.decoded(head, body)
            && let Some(report) = self.mail.report.as_mut()
        {
            if head.kind == "text/rfc822-headers" {
                let (inner, _) = head_and_body(&body, HEAD_BYTES_MAX);
                report.original.get_or_insert_with(|| MailHead::read(inner));
            } else {
                report.read(&body);
            }
        }
        Words::default()
    }

    fn words(&mut self, head: &MailHead, body: &[u8], is_html: bool) -> Words {
        let Some(content) = self.decoded(head, body) else { return Words::default() };
        let left = TEXTS_BYTES_MAX - self.texts;
        if left == 0 && !content.is_empty() {
            self.mail.is_whole = false;
            return Words::default();
        }
        let content = &content[..content.len().min(TEXT_BYTES_MAX).min(left)];
        self.texts += content.len();
        let text = in_charset(head.charset.as_deref(), content);
        let room = SEARCHED_BYTES_MAX.saturating_sub(self.mail.searched.len());
        self.mail.searched.push_str(cut(&text, room));
        self.mail.searched.push('\n');
        Words { text: if is_html { text_of(&text) } else { text.replace("\r\n", "\n") }, is_plain: !is_html }
    }

    fn file(&mut self, head: &MailHead, body: &[u8]) -> Words {
        if let Some(content) = self.decoded(head, body) {
            let is_small_image = head.kind.starts_with("image/") && !head.is_attachment && content.len() < DECORATION_BYTES_MAX;
            if let Some(id) = head.content_id.clone().filter(|_| is_small_image) {
                self.images.push(Image { file: self.mail.files.len(), id });
            }
            let name = head.file_name.clone().unwrap_or_else(|| "without a name".to_owned());
            self.mail.files.push(MailFile { name, content });
        }
        Words::default()
    }

    /// A body decoded; `None` beyond the limit of all parts. One that is damaged stays as it is.
    fn decoded(&mut self, head: &MailHead, body: &[u8]) -> Option<Vec<u8>> {
        let decoded = match head.encoding.as_deref() {
            Some("base64") => base64_decode(body),
            Some("quoted-printable") => quoted_printable_decode(body),
            Some(_) | None => Some(body.to_vec()),
        };
        self.mail.is_whole &= decoded.is_some();
        let decoded = decoded.unwrap_or_else(|| body.to_vec());
        if decoded.len() > DECODED_BYTES_MAX - self.decoded {
            self.mail.is_whole = false;
            return None;
        }
        self.decoded += decoded.len();
        Some(decoded)
    }
}

/// Bytes as text in a character set; in UTF-8 or Windows-1252 where it is none that is known.
fn in_charset(charset: Option<&str>, bytes: &[u8]) -> String {
    let is_utf8 = charset.is_none_or(|name| ["utf-8", "utf8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)));
    let decoder = charset.filter(|_| !is_utf8).and_then(|name| charset_decoder(name.as_bytes()));
    if let Some(decoder) = decoder {
        return decoder(bytes);
    }
    match (std::str::from_utf8(bytes), charset_decoder(b"windows-1252")) {
        (Ok(text), _) => text.to_owned(),
        // Where the last character was cut in half, the rest reads.
        (Err(error), _) if error.error_len().is_none() => String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned(),
        (Err(_), Some(decoder)) => decoder(bytes),
        (Err(_), None) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The beginning of a text of at most so many bytes.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut at = bytes_max.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    &text[..at]
}
