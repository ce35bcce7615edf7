//! What a file of a customer is, by its content: the rules are in [`domain::customer_file`], and here a package is opened for them.

use std::io::{Cursor, Read};

use domain::customer_file::{CustomerFileKind, FileFlaw, FileShape, PARTS_MAX, PackageParts};
use zip::ZipArchive;

/// The part that says what each part of a package is.
const CONTENT_TYPES: &str = "[Content_Types].xml";
/// Most bytes that it may unfold to.
const CONTENT_TYPES_MAX: u64 = 1024 * 1024;

/// What a file is.
///
/// # Errors
///
/// Why it is refused.
pub(crate) fn judged(content: &[u8]) -> Result<CustomerFileKind, FileFlaw> {
    match FileShape::of(content) {
        FileShape::Of(kind) => Ok(kind),
        FileShape::Compound => Err(FileFlaw::OldOffice),
        FileShape::Unknown => Err(FileFlaw::Unknown),
        FileShape::Package => parts_of(content).ok_or(FileFlaw::Unknown)?.judged(),
    }
}

/// The parts of a package; `None` where it does not read.
fn parts_of(content: &[u8]) -> Option<PackageParts> {
    let mut archive = ZipArchive::new(Cursor::new(content)).ok()?;
    if archive.len() > PARTS_MAX {
        return None;
    }
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let mut types = Vec::new();
    let part = archive.by_name(CONTENT_TYPES).ok()?;
    part.take(CONTENT_TYPES_MAX + 1).read_to_end(&mut types).ok()?;
    if types.len() as u64 > CONTENT_TYPES_MAX {
        return None;
    }
    // What is no UTF-8 is in a form in which nothing is found, and no document of today's Office.
    Some(PackageParts { names, content_types: String::from_utf8(types).ok()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

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
            assert_eq!(judged(content), expected, "{:?}", &content[..content.len().min(8)]);
        }
    }
}
