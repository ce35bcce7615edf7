//! A package of parts (ZIP) as documents of Office are: the names of its parts, and the content of the few that are looked into.
//!
//! By hand instead of the crate `zip`, because a stranger sends the file, and what counts is that whoever opens it sees no other part than was looked
//! at here. So the one form is read that programs of Office write, and whatever two readers could read in two ways is refused: anything behind
//! the directory or between it and its end, two parts of one name, a part whose own header names another, a name that a field beside it replaces,
//! sizes of 64 bits, a password. The numbers of the file say nothing that it does not bear out: a directory is never larger in memory than it is in the file.

use std::{collections::BTreeSet, io::Read};

use domain::customer_file::PARTS_MAX;
use flate2::read::DeflateDecoder;

/// What ends a package, and how many bytes that has without a comment.
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
/// What begins an entry of the directory, and how many bytes it has before its name.
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_BYTES: usize = 46;
/// What begins a part, and how many bytes that has before its name.
const PART: &[u8] = b"PK\x03\x04";
const PART_BYTES: usize = 30;
/// Bits of an entry that say that its content or its header is locked.
const LOCKED: u16 = 0x0001 | 0x0040 | 0x2000;
/// The methods that are read: as it is, and deflated.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Fields beside an entry that say something else than it does: sizes and places of 64 bits, another name.
const OTHERWISE: [u16; 2] = [0x0001, 0x7075];

/// A package.
pub(crate) struct OfficePackage<'a> {
    parts: Vec<Part<'a>>,
}

/// A part.
struct Part<'a> {
    name: &'a str,
    is_deflated: bool,
    packed: &'a [u8],
}

impl<'a> OfficePackage<'a> {
    /// The package of a content; `None` for what is none, is damaged, or could be read in two ways.
    pub(crate) fn read(content: &'a [u8]) -> Option<Self> {
        let end_at = content.len().checked_sub(END_BYTES)?;
        let end = content.get(end_at..).filter(|end| end.starts_with(END))?;
        let (disk, directory_disk, comment_bytes) = (number(end, 4)?, number(end, 6)?, number(end, 20)?);
        let (count_here, count) = (usize::from(number(end, 8)?), usize::from(number(end, 10)?));
        let (directory_bytes, directory_at) = (place(end, 12)?, place(end, 16)?);
        let is_one = (disk, directory_disk, comment_bytes) == (0, 0, 0) && count_here == count && count <= PARTS_MAX;
        if !is_one || directory_at.checked_add(directory_bytes)? != end_at {
            return None;
        }
        let mut rest = content.get(directory_at..end_at)?;
        let mut parts = Vec::new();
        for _ in 0..count {
            let (part, behind) = Part::read(content, rest)?;
            parts.push(part);
            rest = behind;
        }
        let names: BTreeSet<String> = parts.iter().map(|part| known_as(part.name)).collect();
        // A part may also be cut in pieces, each under a name of its own.
        let is_in_pieces = names.iter().any(|name| name.ends_with(".piece"));
        (rest.is_empty() && names.len() == parts.len() && !is_in_pieces).then_some(Self { parts })
    }

    /// The names of its parts.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.parts.iter().map(|part| part.name)
    }

    /// A part as text, of at most so many bytes; `None` where there is none, it is larger, damaged or no UTF-8.
    pub(crate) fn text(&self, name: &str, bytes_max: usize) -> Option<String> {
        let part = self.parts.iter().find(|part| known_as(part.name) == known_as(name))?;
        let mut content = Vec::new();
        // One byte more than may be says that there is more, however far it would unfold.
        let most = u64::try_from(bytes_max).ok()?.checked_add(1)?;
        if part.is_deflated {
            DeflateDecoder::new(part.packed).take(most).read_to_end(&mut content).ok()?;
        } else {
            part.packed.take(most).read_to_end(&mut content).ok()?;
        }
        if content.len() > bytes_max { None } else { String::from_utf8(content).ok() }
    }
}

impl<'a> Part<'a> {
    /// The part of the entry at the beginning of a directory, and what follows the entry.
    fn read(content: &'a [u8], directory: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let entry = directory.get(..ENTRY_BYTES).filter(|entry| entry.starts_with(ENTRY))?;
        let (flags, method) = (number(entry, 8)?, number(entry, 10)?);
        let (name_bytes, beside_bytes, comment_bytes) = (length(entry, 28)?, length(entry, 30)?, length(entry, 32)?);
        let (disk, packed_bytes, at) = (number(entry, 34)?, place(entry, 20)?, place(entry, 42)?);
        let beside_at = ENTRY_BYTES + name_bytes;
        let comment_at = beside_at + beside_bytes;
        let name = std::str::from_utf8(directory.get(ENTRY_BYTES..beside_at)?).ok()?;
        let says_otherwise = says_otherwise(directory.get(beside_at..comment_at)?);
        let behind = directory.get(comment_at + comment_bytes..)?;
        let is_read = flags & LOCKED == 0 && [STORED, DEFLATED].contains(&method) && disk == 0;
        if !is_read || says_otherwise || name.is_empty() {
            return None;
        }
        let own = content.get(at..).filter(|own| own.starts_with(PART))?;
        let packed_at = PART_BYTES + length(own, 26)? + length(own, 28)?;
        let is_same = own.get(PART_BYTES..PART_BYTES + name_bytes)? == name.as_bytes()
            && length(own, 26)? == name_bytes
            && number(own, 8)? == method;
        let packed = own.get(packed_at..packed_at.checked_add(packed_bytes)?)?;
        is_same.then_some((Self { name, is_deflated: method == DEFLATED, packed }, behind))
    }
}

/// A name as programs tell parts apart: small and capital letters are one, and so are both slashes.
fn known_as(name: &str) -> String {
    name.to_lowercase().replace('\\', "/").trim_start_matches('/').to_owned()
}

/// Whether one of the fields beside an entry says something else than the entry, or they do not read.
fn says_otherwise(mut fields: &[u8]) -> bool {
    while !fields.is_empty() {
        let (Some(kind), Some(bytes)) = (number(fields, 0), length(fields, 2)) else { return true };
        let Some(behind) = fields.get(4 + bytes..) else { return true };
        if OTHERWISE.contains(&kind) {
            return true;
        }
        fields = behind;
    }
    false
}

/// A number of two bytes.
fn number(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

/// The same as a length.
fn length(bytes: &[u8], at: usize) -> Option<usize> {
    number(bytes, at).map(usize::from)
}

/// A number of four bytes, as a length or a place.
fn place(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    const LETTER: &[u8] = include_bytes!("../../../tests/fixtures/files/letter.docx");
    const TYPES: &str = "[Content_Types].xml";

    fn two(number: usize) -> [u8; 2] {
        u16::try_from(number).unwrap().to_le_bytes()
    }

    fn four(number: usize) -> [u8; 4] {
        u32::try_from(number).unwrap().to_le_bytes()
    }

    /// An entry of the directory for a part at a place, with fields beside it.
    fn entry(name: &str, (content, beside): (&[u8], &[u8]), at: usize) -> Vec<u8> {
        let mut entry = [ENTRY, &[20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
        entry.extend([four(content.len()), four(content.len())].concat());
        entry.extend([two(name.len()), two(beside.len()), two(0), two(0), two(0)].concat());
        entry.extend([four(0), four(at)].concat());
        [entry.as_slice(), name.as_bytes(), beside].concat()
    }

    /// A part that is stored as it is.
    fn part(name: &str, content: &[u8]) -> Vec<u8> {
        let mut part = [PART, &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
        part.extend([four(content.len()), four(content.len())].concat());
        part.extend([two(name.len()), two(0)].concat());
        [part.as_slice(), name.as_bytes(), content].concat()
    }

    /// The end of a package of so many parts whose directory is there.
    fn end(count: usize, bytes: usize, at: usize) -> Vec<u8> {
        [END, &[0, 0, 0, 0], &two(count), &two(count), &four(bytes), &four(at), &two(0)].concat()
    }

    /// A package of parts that are stored as they are.
    pub(crate) fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut content, mut directory) = (Vec::new(), Vec::new());
        for (name, bytes) in parts {
            directory.extend(entry(name, (bytes, b""), content.len()));
            content.extend(part(name, bytes));
        }
        let end = end(parts.len(), directory.len(), content.len());
        [content, directory, end].concat()
    }

    fn is_read(content: &[u8]) -> bool {
        OfficePackage::read(content).is_some()
    }

    #[test]
    fn a_package_is_read_as_programs_write_it() {
        let package = OfficePackage::read(LETTER).unwrap();
        assert_eq!(package.names().collect::<Vec<_>>(), [TYPES, "_rels/.rels", "word/document.xml"]);
        assert!(package.text("[content_types].XML", 10_000).unwrap().contains("document.main+xml"), "it is deflated");
        assert_eq!(package.text(TYPES, 100), None, "what is larger than may be is not unfolded to its end");
        assert_eq!(package.text("word/styles.xml", 100), None);
        let own = packed(&[("a", b"one"), ("b/c", b"")]);
        let own = OfficePackage::read(&own).unwrap();
        assert_eq!((own.text("a", 3).as_deref(), own.text("b/c", 3).as_deref()), (Some("one"), Some("")));
        assert!(is_read(&packed(&[])), "without parts it is a package of nothing");
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        let good = packed(&[("a", b"one"), ("b", b"two")]);
        assert!(is_read(&good));
        for bytes in 0..good.len() {
            assert!(!is_read(&good[..bytes]), "cut off after {bytes} bytes");
        }
        assert!(!is_read(&[good.as_slice(), b"x"].concat()), "something follows the end");
        assert!(!is_read(&[good.as_slice(), good.as_slice()].concat()), "two packages in one file");
        for (parts, why) in [
            ([("a", "one"), ("a", "two")], "two parts of one name"),
            ([("word/a", "one"), ("Word\\A", "two")], "the same, as programs tell names apart"),
            ([("a", "one"), ("[Content_Types].xml/[0].piece", "two")], "a part in pieces"),
            ([("a", "one"), ("", "two")], "a part without a name"),
        ] {
            let parts = parts.map(|(name, content)| (name, content.as_bytes()));
            assert!(!is_read(&packed(&parts)), "{why}");
        }
        let named = part("a", b"one");
        for (beside, is_good) in [
            (b"".as_slice(), true),
            (b"\x55\x54\x01\x00\x00".as_slice(), true),
            (b"\x01\x00\x00\x00".as_slice(), false),
            (b"\x75\x70\x01\x00\x00".as_slice(), false),
            (b"\x55\x54\x09\x00\x00".as_slice(), false),
            (b"\x55".as_slice(), false),
        ] {
            let entry = entry("a", (b"one", beside), 0);
            let package = [named.clone(), entry.clone(), end(1, entry.len(), named.len())].concat();
            assert_eq!(is_read(&package), is_good, "{beside:?}");
        }
        let other = entry("b", (b"one", b""), 0);
        assert!(
            !is_read(&[named.clone(), other.clone(), end(1, other.len(), named.len())].concat()),
            "its own header names another"
        );
        let own = entry("a", (b"one", b""), 0);
        for (flaw, at, byte) in [("locked", 8, 1), ("another method", 10, 12), ("another disk", 34, 1), ("elsewhere", 42, 7)] {
            let mut own = own.clone();
            own[at] = byte;
            assert!(!is_read(&[named.clone(), own.clone(), end(1, own.len(), named.len())].concat()), "{flaw}");
        }
        assert!(!is_read(&[named.clone(), own.clone(), end(1, own.len(), 0)].concat()), "a directory that is not there");
        assert!(!is_read(&[named.clone(), own.clone(), b"gap".to_vec(), end(1, own.len(), named.len())].concat()), "a gap");
    }

    #[test]
    fn numbers_that_the_file_does_not_bear_out_cost_nothing() {
        let named = part("a", b"one");
        let own = entry("a", (b"one", b""), 0);
        for count in [0, 2, PARTS_MAX, PARTS_MAX + 1, 0xffff] {
            let package = [named.clone(), own.clone(), end(count, own.len(), named.len())].concat();
            assert!(!is_read(&package), "{count} parts are said to be there");
        }
        // An end that does not read is no reason to look for another one: with a crate that does so, 10 MB of ends were hours of work.
        let ends = end(0xffff, 0, 0).repeat(10_000);
        assert!(!is_read(&ends));
        // What unfolds to much is unfolded as far as it may, and no further.
        let deflated = [0x4b, 0x4c, 0x04, 0x00];
        let mut part = part("a", &deflated);
        part[8] = 8;
        let mut own = entry("a", (&deflated, b""), 0);
        own[10] = 8;
        let package = [part.clone(), own.clone(), end(1, own.len(), part.len())].concat();
        let package = OfficePackage::read(&package).unwrap();
        assert_eq!((package.text("a", 2).as_deref(), package.text("a", 1)), (Some("aa"), None));
    }
}
