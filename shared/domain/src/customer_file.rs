//! Files that customers send with a dispute or a message: how many and how large, what they may be, and what is refused.
//!
//! A file is what its content says; its name and the type that a browser gives it say nothing. What may run by itself where somebody opens it is
//! refused: macros, controls and other programs' objects in documents of Office, every document of the Office before 2007, which cannot be told
//! from one with macros here, and whatever is none of the known kinds. A PDF may hold scripts and files; it is accepted, and like every file of a
//! customer it is only ever handed out to be saved, never shown in a page.

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
    /// It holds macros, controls or another program's object, which run or open by themselves.
    Macros,
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

impl PackageParts {
    /// What the package is.
    ///
    /// # Errors
    ///
    /// [`FileFlaw::Macros`] where a part of it is active, [`FileFlaw::Unknown`] where it is no document of Office, or says what its parts are in a
    /// way that could hide one.
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
        // An entity, a comment or a section could spell a type in a way that is not found above.
        if types.contains('&') || types.contains("<!") || self.names.len() > PARTS_MAX {
            return Err(FileFlaw::Unknown);
        }
        let main = |(word, kind): &(&str, CustomerFileKind)| types.contains(&format!("\"{word}\"")).then_some(*kind);
        MAIN_PARTS.iter().find_map(main).ok_or(FileFlaw::Unknown)
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
            (vec!["setup.exe"], String::new(), Err(FileFlaw::Unknown)),
            (vec!["word/a"], types(XML, &[]), Err(FileFlaw::Unknown)),
        ] {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            let parts = PackageParts { names, content_types };
            assert_eq!(parts.judged(), expected, "{parts:?}");
        }
        let many = PackageParts { names: vec!["x".to_owned(); PARTS_MAX + 1], content_types: types(WORD, &[]) };
        assert_eq!(many.judged(), Err(FileFlaw::Unknown));
    }
}
