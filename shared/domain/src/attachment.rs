//! Files that go along with a message that a person writes: how many and how large, what they may be, and what they may be called.

use sha2::{Digest, Sha256};

/// Most files of a message.
pub const ATTACHMENTS_MAX: usize = 3;
/// Most bytes of a message's files together, before a mail encodes them.
pub const ATTACHED_BYTES_MAX: u64 = 5 * 1024 * 1024;
/// Longest name of a file, in characters.
const NAME_MAX: usize = 120;

/// What a file is, by what it begins with. A name or a header of a request says nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentKind {
    /// A PDF document.
    Pdf,
    /// An image, as PNG.
    Png,
    /// An image, as JPEG.
    Jpeg,
}

impl AttachmentKind {
    /// All that a message takes.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Png, Self::Jpeg];

    /// What a content is; `None` where it is none of these.
    pub fn of(content: &[u8]) -> Option<Self> {
        let begins: [(&[u8], Self); 3] =
            [(b"%PDF-", Self::Pdf), (b"\x89PNG\r\n\x1a\n", Self::Png), (b"\xff\xd8\xff", Self::Jpeg)];
        begins.into_iter().find(|(first, _)| content.starts_with(first)).map(|(_, kind)| kind)
    }

    /// What a content type names.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.content_type() == content_type)
    }

    /// Its content type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// What its name ends in; the first is the usual one.
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &[".pdf"],
            Self::Png => &[".png"],
            Self::Jpeg => &[".jpg", ".jpeg"],
        }
    }
}

/// What is wrong with the name that a file of a kind is to have; `None` where it is good.
pub fn name_flaw(name: &str, kind: AttachmentKind) -> Option<String> {
    if name.trim() != name || name.is_empty() || name.chars().count() > NAME_MAX {
        return Some(format!("a file's name has 1 to {NAME_MAX} characters, and no space before or after it"));
    }
    if name.starts_with('.') || name.chars().any(misleads) {
        let detail = r#"a file's name does not begin with a dot, and has no invisible character and none of / \ : * ? " < > |"#;
        return Some(detail.to_owned());
    }
    let small = name.to_lowercase();
    let ends = kind.endings().iter().any(|ending| small.strip_suffix(ending).is_some_and(|stem| !stem.is_empty()));
    (!ends).then(|| {
        format!(
            "the content of the file is {}, and its name does not end in {}",
            kind.content_type(),
            kind.endings().join(" or ")
        )
    })
}

/// Whether a character of a name could lead somewhere else, or show another name than there is.
fn misleads(character: char) -> bool {
    let is_mark = matches!(
        character,
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    is_mark || character.is_control()
}

/// What names a content and no other: its SHA-256, in hexadecimal.
pub fn sha256_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with() {
        let known: [(&[u8], Option<AttachmentKind>); 9] = [
            (b"%PDF-1.7\n...", Some(AttachmentKind::Pdf)),
            (b"\x89PNG\r\n\x1a\n\0\0", Some(AttachmentKind::Png)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some(AttachmentKind::Jpeg)),
            (b"", None),
            (b"%PDF", None),
            (b" %PDF-1.7", None),
            (b"MZ\x90\0", None),
            (b"PK\x03\x04", None),
            (b"<html>", None),
        ];
        for (content, kind) in known {
            assert_eq!(AttachmentKind::of(content), kind, "{content:?}");
        }
        for kind in AttachmentKind::ALL {
            assert_eq!(AttachmentKind::of_content_type(kind.content_type()), Some(kind));
        }
        assert_eq!(AttachmentKind::of_content_type("text/csv"), None);
    }

    #[test]
    fn a_name_says_what_the_file_is_and_nothing_else() {
        for (name, kind, is_good) in [
            ("Rechnung 1001.pdf", AttachmentKind::Pdf, true),
            ("Zahlungsübersicht.PDF", AttachmentKind::Pdf, true),
            ("foto.jpeg", AttachmentKind::Jpeg, true),
            ("foto.jpg", AttachmentKind::Png, false),
            ("foto.pdf.exe", AttachmentKind::Pdf, false),
            (".pdf", AttachmentKind::Pdf, false),
            ("", AttachmentKind::Pdf, false),
            (" a.pdf", AttachmentKind::Pdf, false),
            ("../a.pdf", AttachmentKind::Pdf, false),
            ("a\"b.pdf", AttachmentKind::Pdf, false),
            ("a\r\nB: c.pdf", AttachmentKind::Pdf, false),
            ("exe\u{202e}fdp.pdf", AttachmentKind::Pdf, false),
        ] {
            assert_eq!(name_flaw(name, kind).is_none(), is_good, "{name:?}");
        }
        let long = |count: usize| format!("{}.pdf", "a".repeat(count - 4));
        let flaws = [NAME_MAX, NAME_MAX + 1].map(|count| name_flaw(&long(count), AttachmentKind::Pdf).is_some());
        assert_eq!(flaws, [false, true]);
    }

    #[test]
    fn a_content_has_a_name_of_its_own() {
        assert_eq!(sha256_of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
