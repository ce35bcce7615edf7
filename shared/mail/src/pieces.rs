//! A body in pieces, as a boundary divides it, and a mail in its head and body.

/// A mail or part as its head, of at most so many bytes, and its body. Where no empty line ends the head, all of it is head.
pub(crate) fn head_and_body(bytes: &[u8], head_bytes_max: usize) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line == b"\n" || line == b"\r\n" {
            return (&bytes[..at.min(head_bytes_max)], &bytes[at + line.len()..]);
        }
        at += line.len();
    }
    (&bytes[..bytes.len().min(head_bytes_max)], b"")
}

/// The pieces of a body, without what stands before the first and behind the last. The last ends with the body where nothing ends it. At most `most`.
pub(crate) fn pieces<'a>(body: &'a [u8], boundary: &str, most: usize) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let (mut begins, mut at) = (None::<usize>, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let divides = divides(line, boundary);
        if let (Some(_), Some(from)) = (&divides, begins) {
            pieces.push(without_line_end(&body[from..at]));
        }
        at += line.len();
        match divides {
            Some(Divides::Last) => return pieces,
            Some(Divides::Next) if pieces.len() == most => return pieces,
            Some(Divides::Next) => begins = Some(at),
            None => {}
        }
    }
    if let Some(from) = begins {
        pieces.push(&body[from..]);
    }
    pieces
}

enum Divides {
    Next,
    Last,
}

/// What a line divides, where it does.
fn divides(line: &[u8], boundary: &str) -> Option<Divides> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
    match rest.trim_ascii() {
        b"" => Some(Divides::Next),
        b"--" => Some(Divides::Last),
        _ => None,
    }
}

/// A line's end before a boundary belongs to the boundary.
fn without_line_end(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_divides_lines_that_are_it_and_no_others() {
        let body = b"before\r\n--b\r\nA: 1\r\n\r\none\r\n--bb\r\n--b \t\r\n\r\ntwo\r\n--b--\r\nbehind\r\n--b\r\n";
        assert_eq!(pieces(body, "b", 9), [b"A: 1\r\n\r\none\r\n--bb".as_slice(), b"\r\ntwo"]);
        assert_eq!(pieces(b"--b\none\n--b\ntwo", "b", 9), [b"one".as_slice(), b"two"], "nothing ends the last");
        assert_eq!(pieces(b"--b\n--b\n--b--", "b", 9), [b"".as_slice(), b""]);
        assert_eq!(pieces(b"nothing divides it", "b", 9), Vec::<&[u8]>::new());
        assert_eq!(pieces(b"--b\n1\n--b\n2\n--b\n3\n", "b", 2).len(), 2);
    }

    #[test]
    fn an_empty_line_ends_the_head() {
        assert_eq!(
            head_and_body(b"A: 1\r\nB: 2\r\n\r\nbody\r\n\r\n", 99),
            (b"A: 1\r\nB: 2\r\n".as_slice(), b"body\r\n\r\n".as_slice())
        );
        assert_eq!(head_and_body(b"A: 1\n\nbody", 99), (b"A: 1\n".as_slice(), b"body".as_slice()));
        assert_eq!(head_and_body(b"\nbody", 99), (b"".as_slice(), b"body".as_slice()));
        assert_eq!(head_and_body(b"A: 1", 99), (b"A: 1".as_slice(), b"".as_slice()));
        assert_eq!(head_and_body(b"A: 1\n\nbody", 2), (b"A:".as_slice(), b"body".as_slice()), "a head that is too long is cut");
    }
}
