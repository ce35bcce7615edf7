//! What a file of a customer is, by its content: the rules are in [`domain::customer_file`], and here a package is opened for them.

use domain::customer_file::{CustomerFileKind, FileFlaw, FileShape, PackageParts};

use crate::office_package::OfficePackage;

/// The part that says what each part of a package is.
const CONTENT_TYPES: &str = "[Content_Types].xml";
/// What names of parts end in that say what others draw on.
const RELATIONS: &str = ".rels";
/// Most bytes that the one part, and all the others together, may unfold to.
const LOOKED_INTO_MAX: usize = 1024 * 1024;

/// What a file of a customer is.
///
/// # Errors
///
/// Why it is refused.
pub fn judged_file(content: &[u8]) -> Result<CustomerFileKind, FileFlaw> {
    match FileShape::of(content) {
        FileShape::Of(kind) => Ok(kind),
        FileShape::Compound => Err(FileFlaw::OldOffice),
        FileShape::Unknown => Err(FileFlaw::Unknown),
        FileShape::Package => parts_of(content).ok_or(FileFlaw::Unknown)?.judged(),
    }
}

/// The parts of a package; `None` where it does not read.
fn parts_of(content: &[u8]) -> Option<PackageParts> {
    let package = OfficePackage::read(content)?;
    let content_types = package.text(CONTENT_TYPES, LOOKED_INTO_MAX)?;
    let mut left = LOOKED_INTO_MAX;
    let mut relations = Vec::new();
    for name in package.names().filter(|name| name.to_lowercase().ends_with(RELATIONS)) {
        let text = package.text(name, left)?;
        left -= text.len();
        relations.push(text);
    }
    Some(PackageParts { names: package.names().map(str::to_owned).collect(), content_types, relations })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;
    use crate::office_package::tests::packed;

    const MACROS: &[u8] = include_bytes!("../../../tests/fixtures/files/macros.docm");
    const LETTER: &[u8] = include_bytes!("../../../tests/fixtures/files/letter.docx");
    const PHOTO: &[u8] = include_bytes!("../../../tests/fixtures/files/photo.jpg");

    #[test]
    fn files_are_judged_by_what_is_in_them() {
        let half = &LETTER[..LETTER.len() / 2];
        // A disguise: what a viewer of archives unpacks behind what an image begins with is an image to whoever opens it.
        let behind = [PHOTO, MACROS].concat();
        for (content, expected) in [
            (PHOTO, Ok(CustomerFileKind::Jpeg)),
            (behind.as_slice(), Ok(CustomerFileKind::Jpeg)),
            (LETTER, Ok(CustomerFileKind::Docx)),
            (MACROS, Err(FileFlaw::Macros)),
            (half, Err(FileFlaw::Unknown)),
            (b"PK\x03\x04".as_slice(), Err(FileFlaw::Unknown)),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), Err(FileFlaw::OldOffice)),
            (b"MZ\x90\0".as_slice(), Err(FileFlaw::Unknown)),
            (b"".as_slice(), Err(FileFlaw::Unknown)),
        ] {
            assert_eq!(judged_file(content), expected, "{:?}", &content[..content.len().min(8)]);
        }
    }

    /// A text document of these types and relationships.
    fn document(content_types: &[u8], relations: &[u8]) -> Vec<u8> {
        packed(&[
            (CONTENT_TYPES, content_types),
            ("word/document.xml", b"<w:document/>"),
            ("word/_rels/settings.xml.rels", relations),
        ])
    }

    #[test]
    fn documents_are_judged_by_what_they_draw_on_too() {
        let types = letters_types();
        let relation = |kind: &str, more: &str| {
            format!(r#"<Relationships><Relationship Id="rId1" Type="http://x/{kind}" Target="y"{more}/></Relationships>"#)
                .into_bytes()
        };
        let external = " TargetMode=\"External\"";
        for (relations, expected) in [
            (relation("styles", ""), Ok(CustomerFileKind::Docx)),
            (relation("hyperlink", external), Ok(CustomerFileKind::Docx)),
            (relation("attachedTemplate", external), Err(FileFlaw::Outside)),
            (relation("aFChunk", ""), Err(FileFlaw::Macros)),
            (b"\xff\xfe<".to_vec(), Err(FileFlaw::Unknown)),
            (vec![b' '; LOOKED_INTO_MAX + 1], Err(FileFlaw::Unknown)),
        ] {
            let content = document(types.as_bytes(), &relations);
            assert_eq!(judged_file(&content), expected, "{}", String::from_utf8_lossy(&relations[..relations.len().min(120)]));
        }
        // The types in another encoding, in which no search finds macros, with bytes in it that look like those of a document without.
        let hidden: Vec<u8> = "<Types a='".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hidden = [hidden, types.clone().into_bytes()].concat();
        assert_eq!(judged_file(&document(&hidden, b"")), Err(FileFlaw::Unknown));
        // Of two parts that say what the others are, another program may take the other one.
        let twice = packed(&[(CONTENT_TYPES, types.as_bytes()), ("[CONTENT_TYPES].xml", b"<Types/>")]);
        assert_eq!(judged_file(&twice), Err(FileFlaw::Unknown));
    }

    /// The types of the fixture, which is a document without macros.
    fn letters_types() -> String {
        OfficePackage::read(LETTER).unwrap().text(CONTENT_TYPES, LOOKED_INTO_MAX).unwrap()
    }
}
