//! Files that customers send with a dispute or a message: how many and how large, what they may be, and what is refused.
//!
//! A file is what its content says; its name and the type that a browser gives it say nothing. What may run by itself where somebody opens it is
//! refused: macros, controls and other programs' objects in documents of Office, every document of the Office before 2007, which cannot be told
//! from one with macros here, and whatever is none of the known kinds. So is a document that draws on something outside of itself as it opens: a
//! template elsewhere brings macros, and a picture elsewhere tells who looks at it. A PDF may hold scripts and files; it is accepted, and like every
//! file of a customer it is only ever handed out to be saved, never shown in a page.

use crate::attachment::AttachmentKind;

/// Most files of one dispute or message.
pub const FILES_MAX: usize = 5;
/// Most files that one portal link sends a day, in UTC.
pub const FILES_A_DAY_MAX: usize = 20;
/// Most bytes of a file.
pub const FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Most parts of a document of Office that is looked through.
pub const PARTS_MAX: usize = 10_000;

/// What a file of a customer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerFileKind {
    /// A PDF document.
    Pdf,
    /// An image, as PNG.
    Png,
    /// An image, as JPEG.
    Jpeg,
    /// An image, as HEIC: what telephones of Apple take.
    Heic,
    /// An image, as WebP.
    Webp,
    /// A text document of Office, without macros.
    Docx,
    /// A spreadsheet of Office, without macros.
    Xlsx,
    /// A presentation of Office, without macros.
    Pptx,
}

impl CustomerFileKind {
    /// All that is taken.
    pub const ALL: [Self; 8] = [Self::Pdf, Self::Png, Self::Jpeg, Self::Heic, Self::Webp, Self::Docx, Self::Xlsx, Self::Pptx];

    /// Its content type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Heic => "image/heic",
            Self::Webp => "image/webp",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        }
    }

    /// What its name ends in.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => ".pdf",
            Self::Png => ".png",
            Self::Jpeg => ".jpg",
            Self::Heic => ".heic",
            Self::Webp => ".webp",
            Self::Docx => ".docx",
            Self::Xlsx => ".xlsx",
            Self::Pptx => ".pptx",
        }
    }
}

/// Why a file of a customer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFlaw {
    /// It holds macros, controls, another program's object or a document of another form, which run or open by themselves.
    Macros,
    /// It draws on something outside of itself as it opens: a template, a picture, another document.
    Outside,
    /// It is a document of the Office before 2007, or one that is locked by a password: nobody here can tell whether it holds macros.
    OldOffice,
    /// By its content it is none of the kinds that are taken, or it is damaged.
    Unknown,
}

/// What the first bytes of a file say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileShape {
    /// A file of a kind.
    Of(CustomerFileKind),
    /// A package of parts (ZIP): a document of Office is one, and much else.
    Package,
    /// A compound file (OLE): a document of the Office before 2007, or one that is locked.
    Compound,
    /// None of these.
    Unknown,
}

/// Brands of an ISO media file that are images as HEIC.
const HEIC_BRANDS: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

impl FileShape {
    /// What a content begins with.
    pub fn of(content: &[u8]) -> Self {
        if let Some(kind) = AttachmentKind::of(content) {
            return Self::Of(match kind {
                AttachmentKind::Pdf => CustomerFileKind::Pdf,
                AttachmentKind::Png => CustomerFileKind::Png,
                AttachmentKind::Jpeg => CustomerFileKind::Jpeg,
            });
        }
        let at = |from: usize, to: usize| content.get(from..to).unwrap_or_default();
        if at(0, 4) == b"RIFF" && at(8, 12) == b"WEBP" {
            return Self::Of(CustomerFileKind::Webp);
        }
        if at(4, 8) == b"ftyp" && HEIC_BRANDS.contains(&at(8, 12)) {
            return Self::Of(CustomerFileKind::Heic);
        }
        if content.starts_with(b"PK\x03\x04") {
            return Self::Package;
        }
        if content.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") { Self::Compound } else { Self::Unknown }
    }
}

/// What is looked at of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageParts {
    /// The names of its parts.
    pub names: Vec<String>,
    /// Its `[Content_Types].xml`, which says what each part is.
    pub content_types: String,
    /// Its parts whose names end in `.rels`, which say what others draw on.
    pub relations: Vec<String>,
}

/// Types of the main part of a document of Office, and what it is then.
const MAIN_PARTS: [(&str, CustomerFileKind); 3] = [
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", CustomerFileKind::Docx),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", CustomerFileKind::Xlsx),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml", CustomerFileKind::Pptx),
];
/// What types of parts hold, in small letters, that run or open by themselves: macros of both kinds, controls, objects of other programs.
const ACTIVE_TYPES: [&str; 5] = ["macroenabled", "vbaproject", "macrosheet", "activex", "oleobject"];
/// The same in names of parts.
const ACTIVE_NAMES: [&str; 4] = ["vbaproject", "vbadata", "macrosheets/", "activex/"];
/// The same in what types of relationships end in: a document of another form that is taken in as it opens may hold what is refused of others.
const ACTIVE_RELATIONS: [&str; 5] = ["afchunk", "oleobject", "vbaproject", "control", "xlmacrosheet"];
/// What may lie outside of a document: where a link leads that somebody presses, and the workbooks of which Excel asks before it follows.
const OUTSIDE: [&str; 6] = ["hyperlink", "externallinkpath", "xlpathmissing", "xlstartup", "xlalternatestartup", "xllibrary"];

impl PackageParts {
    /// What the package is.
    ///
    /// # Errors
    ///
    /// [`FileFlaw::Macros`] where a part of it is active, [`FileFlaw::Outside`] where it draws on something elsewhere, [`FileFlaw::Unknown`] where it
    /// is no document of Office, or says what its parts are in a way that could hide one.
    pub fn judged(&self) -> Result<CustomerFileKind, FileFlaw> {
        let is_active = |name: &String| {
            let small = name.to_lowercase();
            // The settings of a printer are the one part in bytes that a plain spreadsheet has.
            let is_bytes = small.ends_with(".bin") && !small.contains("printersettings");
            is_bytes || ACTIVE_NAMES.iter().any(|active| small.contains(active))
        };
        let types = self.content_types.to_lowercase();
        if self.names.iter().any(is_active) || ACTIVE_TYPES.iter().any(|active| types.contains(active)) {
            return Err(FileFlaw::Macros);
        }
        // An entity, a comment, a section or another encoding could spell a type in a way that is not found above.
        if types.contains('&') || types.contains("<!") || !is_plain_xml(&self.content_types) || self.names.len() > PARTS_MAX {
            return Err(FileFlaw::Unknown);
        }
        self.relations.iter().try_for_each(|relations| relations_judged(relations))?;
        let main = |(word, kind): &(&str, CustomerFileKind)| types.contains(&format!("\"{word}\"")).then_some(*kind);
        MAIN_PARTS.iter().find_map(main).ok_or(FileFlaw::Unknown)
    }
}

/// Whether a part is XML in UTF-8 and in no other encoding: what looks like one text here would be another one there.
fn is_plain_xml(text: &str) -> bool {
    let declared = text.trim_start_matches('\u{feff}').strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    let small = declared.map(|(declared, _)| declared.to_lowercase()).unwrap_or_default();
    let is_utf8 = small.split_once("encoding").is_none_or(|(_, named)| {
        let named = named.trim_start().strip_prefix('=').unwrap_or_default().trim_start();
        ["\"utf-8\"", "'utf-8'"].iter().any(|utf8| named.starts_with(utf8))
    });
    is_utf8 && !text.contains('\0')
}

/// Judges what the parts of a document draw on.
fn relations_judged(text: &str) -> Result<(), FileFlaw> {
    // An address may hold an ampersand, and no more than that.
    if text.contains("&#") || text.contains("<!") || !is_plain_xml(text) {
        return Err(FileFlaw::Unknown);
    }
    for element in text.split('<').skip(1).filter(|element| !element.starts_with(['?', '/'])) {
        let attributes = attributes_of(element).ok_or(FileFlaw::Unknown)?;
        let of = |name: &str| attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        let kind = of("Type").and_then(|kind| kind.trim().rsplit('/').next()).unwrap_or_default().to_lowercase();
        if ACTIVE_RELATIONS.contains(&kind.as_str()) {
            return Err(FileFlaw::Macros);
        }
        let is_outside = of("TargetMode").is_some_and(|mode| !mode.trim().eq_ignore_ascii_case("internal"));
        if is_outside && !OUTSIDE.contains(&kind.as_str()) {
            return Err(FileFlaw::Outside);
        }
    }
    Ok(())
}

/// The attributes of an element, of what stands behind its `<`; `None` where they do not read, or one is there twice.
fn attributes_of(element: &str) -> Option<Vec<(&str, &str)>> {
    let name_ends = element.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(element.len());
    let mut rest = element.get(name_ends..)?;
    let mut attributes: Vec<(&str, &str)> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.starts_with('>') || rest.starts_with("/>") {
            return Some(attributes);
        }
        let (name, behind) = rest.split_once('=')?;
        let (name, behind) = (name.trim_end(), behind.trim_start());
        let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = behind.get(1..)?.split_once(quote)?;
        let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | '/'));
        if !is_name || attributes.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return None;
        }
        attributes.push((name, value));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_content_says() {
        let known: [(&[u8], FileShape); 17] = [
            (b"%PDF-1.7\n", FileShape::Of(CustomerFileKind::Pdf)),
            (b"\x89PNG\r\n\x1a\n\0\0", FileShape::Of(CustomerFileKind::Png)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", FileShape::Of(CustomerFileKind::Jpeg)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", FileShape::Of(CustomerFileKind::Webp)),
            (b"\0\0\0\x18ftypheic\0\0\0\0", FileShape::Of(CustomerFileKind::Heic)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0", FileShape::Of(CustomerFileKind::Heic)),
            (b"\0\0\0\x18ftypisom\0\0\0\0", FileShape::Unknown),
            (b"RIFF\x10\0\0\0WAVEfmt ", FileShape::Unknown),
            (b"RIFF", FileShape::Unknown),
            (b"PK\x03\x04\x14\0", FileShape::Package),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", FileShape::Compound),
            (b"MZ\x90\0\x03", FileShape::Unknown),
            (b"<html><script>", FileShape::Unknown),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", FileShape::Unknown),
            (b"#!/bin/sh", FileShape::Unknown),
            (b"{\\rtf1", FileShape::Unknown),
            (b"", FileShape::Unknown),
        ];
        for (content, shape) in known {
            assert_eq!(FileShape::of(content), shape, "{content:?}");
        }
    }

    #[test]
    fn each_kind_has_a_type_and_an_ending_of_its_own() {
        for kind in CustomerFileKind::ALL {
            let same = |other: &&CustomerFileKind| other.content_type() == kind.content_type() || other.ending() == kind.ending();
            assert_eq!(CustomerFileKind::ALL.iter().filter(same).count(), 1, "{kind:?}");
        }
        for kind in AttachmentKind::ALL {
            let same = |other: &&CustomerFileKind| other.content_type() == kind.content_type();
            let own = CustomerFileKind::ALL.iter().find(same).expect("what people send, customers may send");
            assert!(kind.endings().contains(&own.ending()), "{kind:?}");
        }
    }

    /// The types of a package whose main part is of a type, and whose other parts are of these.
    fn types(main: &str, others: &[&str]) -> String {
        let other = |kind: &&str| format!("<Default Extension=\"x\" ContentType=\"{kind}\"/>");
        let others: String = others.iter().map(other).collect();
        format!("<?xml version=\"1.0\"?><Types>{others}<Override PartName=\"/x.xml\" ContentType=\"{main}\"/></Types>")
    }

    #[test]
    fn a_document_of_office_is_taken_without_macros_and_nothing_else_of_its_form_is() {
        const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
        const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
        const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml";
        const XML: &str = "application/xml";
        let hidden = format!("{}<!-- -->", types(WORD, &[]));
        let spelled = types("application/vnd.ms-word.document.macro&#69;nabled.main+xml", &[WORD]);
        for (names, content_types, expected) in [
            (vec!["word/document.xml"], types(WORD, &[XML]), Ok(CustomerFileKind::Docx)),
            (vec!["xl/workbook.xml", "xl/printerSettings/printerSettings1.bin"], types(SHEET, &[]), Ok(CustomerFileKind::Xlsx)),
            (vec!["ppt/presentation.xml"], types(SLIDES, &[]), Ok(CustomerFileKind::Pptx)),
            (vec!["word/document.xml", "word/embeddings/sheet.xlsx"], types(WORD, &[]), Ok(CustomerFileKind::Docx)),
            (vec!["word/vbaProject.bin"], types(WORD, &[]), Err(FileFlaw::Macros)),
            (vec!["word/VBAPROJECT.BIN"], types(WORD, &[]), Err(FileFlaw::Macros)),
            (vec!["word/other.bin"], types(WORD, &[]), Err(FileFlaw::Macros)),
            (vec!["word/other.xml"], types(WORD, &["application/vnd.ms-office.vbaProject"]), Err(FileFlaw::Macros)),
            (vec!["word/a.xml"], types("application/vnd.ms-word.document.macroEnabled.main+xml", &[]), Err(FileFlaw::Macros)),
            (vec!["xl/a"], types("application/vnd.ms-excel.sheet.binary.macroEnabled.main", &[]), Err(FileFlaw::Macros)),
            (vec!["xl/macrosheets/sheet1.xml"], types(SHEET, &[]), Err(FileFlaw::Macros)),
            (vec!["word/activeX/activeX1.xml"], types(WORD, &[]), Err(FileFlaw::Macros)),
            (vec!["word/embeddings/oleObject1.bin"], types(WORD, &[]), Err(FileFlaw::Macros)),
            (vec!["word/a"], types(WORD, &["application/vnd.openxmlformats-officedocument.oleObject"]), Err(FileFlaw::Macros)),
            (vec!["word/a"], spelled, Err(FileFlaw::Unknown)),
            (vec!["word/a"], hidden, Err(FileFlaw::Unknown)),
            (vec!["word/a"], types(WORD, &[]).replace("?>", " encoding=\"UTF-8\"?>"), Ok(CustomerFileKind::Docx)),
            (vec!["word/a"], types(WORD, &[]).replace("?>", " encoding = 'utf-8' ?>"), Ok(CustomerFileKind::Docx)),
            (vec!["word/a"], types(WORD, &[]).replace("?>", " encoding=\"UTF-7\"?>"), Err(FileFlaw::Unknown)),
            (vec!["word/a"], types(WORD, &[]).replace("?>", " encoding=\"UTF-16\" a=\"utf-8\"?>"), Err(FileFlaw::Unknown)),
            (vec!["word/a"], types(WORD, &["m\0a\0c\0r\0o\0E\0n\0a\0b\0l\0e\0d\0"]), Err(FileFlaw::Unknown)),
            (vec!["setup.exe"], String::new(), Err(FileFlaw::Unknown)),
            (vec!["word/a"], types(XML, &[]), Err(FileFlaw::Unknown)),
        ] {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            let parts = PackageParts { names, content_types, relations: vec![] };
            assert_eq!(parts.judged(), expected, "{parts:?}");
        }
        let names = vec!["x".to_owned(); PARTS_MAX + 1];
        let many = PackageParts { names, content_types: types(WORD, &[]), relations: vec![] };
        assert_eq!(many.judged(), Err(FileFlaw::Unknown));
    }

    #[test]
    fn a_document_draws_on_nothing_outside_of_itself_as_it_opens() {
        const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
        const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let judged = |relations: &str| {
            let names = vec!["word/document.xml".to_owned()];
            PackageParts { names, content_types: types(WORD, &[]), relations: vec![relations.to_owned()] }.judged()
        };
        let of = |attributes: &str| {
            format!("<?xml version=\"1.0\"?><Relationships xmlns=\"x\"><Relationship {attributes}/></Relationships>")
        };
        let good = Ok(CustomerFileKind::Docx);
        for (attributes, expected) in [
            (format!("Id=\"rId1\" Type=\"{KINDS}/styles\" Target=\"styles.xml\""), good),
            (format!("Id='rId1' Type='{KINDS}/image' Target='media/image1.png' TargetMode='Internal'"), good),
            (format!("Type=\"{KINDS}/hyperlink\" Target=\"https://a.example/?a=1&amp;b=2\" TargetMode=\"External\""), good),
            (format!("Type=\"{KINDS}/externalLink\" Target=\"externalLinks/externalLink1.xml\""), good),
            (format!("Type=\"{KINDS}/externalLinkPath\" Target=\"b.xlsx\" TargetMode=\"External\""), good),
            (
                format!("Type=\"{KINDS}/attachedTemplate\" Target=\"https://evil.example/t.dotm\" TargetMode=\"External\""),
                Err(FileFlaw::Outside),
            ),
            (format!("TargetMode = 'External'\n Target='\\\\evil.example\\x.png' Type='{KINDS}/image'"), Err(FileFlaw::Outside)),
            (format!("Type=\"{KINDS}/frame\" Target=\"https://evil.example\" TargetMode=\"External\""), Err(FileFlaw::Outside)),
            // Words of one attribute are none of another.
            (
                format!(
                    "Id=\"TargetMode='Internal' hyperlink\" Type=\"{KINDS}/subDocument\" TargetMode=\"External\" Target=\"/hyperlink\""
                ),
                Err(FileFlaw::Outside),
            ),
            (format!("Id=\">\" Type=\"{KINDS}/image\" TargetMode=\"External\" Target=\"x\""), Err(FileFlaw::Outside)),
            (format!("Type=\"{KINDS}/aFChunk\" Target=\"afchunk.rtf\""), Err(FileFlaw::Macros)),
            (
                format!("Type=\"{KINDS}/oleObject\" Target=\"https://evil.example\" TargetMode=\"External\""),
                Err(FileFlaw::Macros),
            ),
            (format!("Type=\"{KINDS}/image\" TargetMode=\"&#69;xternal\" Target=\"x\""), Err(FileFlaw::Unknown)),
            ("Type=\"a/hyperlink\" type=\"a/image\" TargetMode=\"External\"".to_owned(), Err(FileFlaw::Unknown)),
            ("Type=\"a/image".to_owned(), Err(FileFlaw::Unknown)),
            ("Type=image".to_owned(), Err(FileFlaw::Unknown)),
        ] {
            assert_eq!(judged(&of(&attributes)), expected, "{attributes}");
        }
        assert_eq!(judged(""), good);
        for hidden in ["<!-- -->", "<!DOCTYPE x>", "<a\0/>", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>"] {
            assert_eq!(judged(hidden), Err(FileFlaw::Unknown), "{hidden}");
        }
    }
}
