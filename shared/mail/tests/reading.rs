//! Mails as programs write them, and as nobody should, read.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use domain::MachineWritten;
use mail::{DEPTH_MAX, MailFile, PARTS_MAX, ReadMail, ReportedAction, link_codes, machine_of, references_at};

/// A mail of the folder beside this file, with the line ends that mails have on the wire.
fn fixture(name: &str) -> ReadMail {
    let path = format!("{}/tests/mails/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap().replace('\n', "\r\n");
    ReadMail::of(text.as_bytes())
}

fn named(mail: &ReadMail) -> Vec<&str> {
    mail.files.iter().map(|file| file.name.as_str()).collect()
}

#[test]
fn a_plain_answer_says_what_it_says() {
    let mail = fixture("plain");
    assert_eq!(mail.head.from(), ["ap@acme.example"]);
    assert_eq!(mail.head.subject(), Some("Re: Your invoices: a reminder"));
    assert!(mail.text.starts_with("Hello,\n\nwe pay INV-100 on Friday.\n"), "{}", mail.text);
    assert!(mail.text.contains("> Please pay"), "quoted words stay, and whoever reads them tells them apart");
    assert_eq!(references_at(&mail.head, "answers.dunlin.example"), ["mabc.ldef.ghi", "case_1"]);
    assert_eq!(machine_of(&mail, "ap@acme.example"), None);
    assert!(mail.is_whole && mail.files.is_empty());
}

#[test]
fn of_two_forms_of_the_same_words_the_plain_one_is_read_and_links_are_found_in_both() {
    let mail = fixture("alternative");
    assert_eq!(mail.text.trim(), "Wir zahlen am 5. M\u{e4}rz \u{fc}ber 1.200,00 \u{20ac}.");
    assert_eq!(link_codes(&mail.searched), ["AbCdEfGhIjKlMnOpQrStUv"]);
    // The logo that the signature shows is a part of the words; the photo and the file are not.
    assert_eq!(named(&mail), ["photo.png", "Zahlungsavis \u{fc}.pdf"]);
    assert!(mail.files[1].content.starts_with(b"%PDF-1.4"));
}

#[test]
fn words_in_html_alone_are_read_as_lines() {
    let mail = fixture("html_only");
    assert_eq!(
        mail.text,
        "Hi Anna,\nThe amount is wrong: 3 of 5 crates came.\n\nFrom: Northwind\nSent: Monday\nPlease pay INV-100 & INV-101"
    );
}

#[test]
fn a_report_names_whom_a_mail_did_not_reach() {
    let mail = fixture("bounced");
    let report = mail.report.as_ref().unwrap();
    assert_eq!(report.recipients.len(), 1);
    assert_eq!(report.recipients[0].addresses, ["ap@acme.example"]);
    assert_eq!((report.recipients[0].action, report.recipients[0].is_permanent()), (ReportedAction::Failed, true));
    let original = report.original.as_ref().unwrap();
    assert_eq!(references_at(original, "answers.dunlin.example"), ["mabc.ldef.ghi"]);
    assert_eq!(machine_of(&mail, ""), Some(MachineWritten::Bounce));
    assert!(mail.text.contains("could not be delivered"));
}

#[test]
fn what_no_person_wrote_is_told_apart() {
    for (name, envelope_from, class) in [
        ("out_of_office", "ap@acme.example", MachineWritten::AutoReply),
        ("read_receipt", "ap@acme.example", MachineWritten::ReadReceipt),
        ("portal", "do_not_reply@acme.coupahost.com", MachineWritten::Robot),
    ] {
        assert_eq!(machine_of(&fixture(name), envelope_from), Some(class), "{name}");
    }
}

#[test]
fn a_forwarded_mail_has_its_files_and_its_links_but_not_its_words() {
    let mail = fixture("forwarded");
    assert_eq!(mail.text.trim(), "Please see below, this is yours.");
    assert_eq!(named(&mail), ["note.pdf"]);
    assert_eq!(link_codes(&mail.searched), ["AbCdEfGhIjKlMnOpQrStUv"]);
}

/// A mail of parts within parts.
fn nested(depth: usize) -> String {
    let mut body = "Content-Type: text/plain\r\n\r\ndeepest".to_owned();
    for at in (0..depth).rev() {
        body = format!("Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n{body}\r\n--b{at}--\r\n");
    }
    format!("From: a@b.example\r\n{body}")
}

#[test]
fn limits_hold_and_what_is_within_them_is_read() {
    let shallow = ReadMail::of(nested(DEPTH_MAX).as_bytes());
    assert_eq!((shallow.text.as_str(), shallow.is_whole), ("deepest", true));
    let deep = ReadMail::of(nested(DEPTH_MAX + 1).as_bytes());
    assert_eq!((deep.text.as_str(), deep.is_whole, deep.head.from().len()), ("", false, 1));
    // Mails within mails without end need neither stack nor time.
    let endless = ReadMail::of("Content-Type: message/rfc822\r\n\r\n".repeat(200_000).as_bytes());
    assert!(!endless.is_whole);
    let one = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
    let many = ReadMail::of(format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", one.repeat(20_000)).as_bytes());
    assert_eq!((many.text.matches('x').count(), many.is_whole), (PARTS_MAX - 1, false));
    let long_head =
        ReadMail::of(format!("From: a@b.example\r\nX-Long: {}\r\nSubject: late\r\n\r\nbody", "x".repeat(100_000)).as_bytes());
    assert_eq!((long_head.head.from().len(), long_head.head.subject(), long_head.text.as_str()), (1, None, "body"));
}

#[test]
fn words_without_end_take_no_memory_without_end() {
    // Each of these bytes is three in UTF-8.
    let part =
        [b"--b\r\nContent-Type: text/plain; charset=windows-1252\r\n\r\n".as_slice(), &vec![0x80_u8; 1024 * 1024], b"\r\n"]
            .concat();
    let mail = [b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".as_slice(), &part.repeat(8)].concat();
    let read = ReadMail::of(&mail);
    assert!(!read.is_whole);
    let signs = read.text.chars().filter(|sign| *sign == '\u{20ac}').count();
    assert_eq!(signs, 4 * 1024 * 1024, "the first parts are read");
}

#[test]
fn what_is_broken_is_read_as_far_as_it_goes() {
    for (what, mail, text, is_whole) in [
        ("parts without a boundary", "Content-Type: multipart/mixed\r\n\r\nwords", "words", false),
        ("parts that never come", "Content-Type: multipart/mixed; boundary=b\r\n\r\nwords", "words", false),
        ("an end that never comes", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords", "words", true),
        ("an empty mail", "", "", true),
        ("no head", "\r\nwords", "words", true),
        ("an encoding that is not", "Content-Transfer-Encoding: base64\r\n\r\n!not base 64!", "!not base 64!", false),
        ("an unknown encoding", "Content-Transfer-Encoding: rot13\r\n\r\nwords", "words", true),
        ("an unknown character set", "Content-Type: text/plain; charset=klingon\r\n\r\nwords", "words", true),
        ("a part that is its own boundary", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n--b--", "", true),
    ] {
        let read = ReadMail::of(mail.as_bytes());
        assert_eq!((read.text.trim(), read.is_whole), (text, is_whole), "{what}");
    }
    let latin = ReadMail::of(b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nf\xfcr");
    assert_eq!(latin.text, "f\u{fc}r");
    let unsaid = ReadMail::of(b"Content-Type: text/plain\r\n\r\nf\xfcr \x80");
    assert_eq!(unsaid.text, "f\u{fc}r \u{20ac}");
    let japanese = ReadMail::of(b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B;YJ'\x1b(B");
    assert_eq!(japanese.text, "\u{652f}\u{6255}");
}

#[test]
fn a_file_is_there_whatever_its_head_calls_it() {
    let mail = ReadMail::of(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; name=\"a.txt\"\r\nContent-Disposition: attachment\r\n\r\nMZ\r\n--b\r\n\
          Content-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n",
    );
    let file = |name: &str, content: &[u8]| MailFile { name: name.to_owned(), content: content.to_vec() };
    assert_eq!(mail.files, [file("a.txt", b"MZ"), file("without a name", b"x")]);
    assert_eq!(mail.text, "");
}

#[test]
fn whatever_is_cut_off_or_changed_something_comes_of_it() {
    let folder = format!("{}/tests/mails", env!("CARGO_MANIFEST_DIR"));
    // As good as chance, and the same each time.
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for entry in std::fs::read_dir(folder).unwrap() {
        let whole = std::fs::read(entry.unwrap().path()).unwrap();
        for _ in 0..400 {
            let mut mail = whole[..next(whole.len()) + 1].to_vec();
            for _ in 0..next(8) {
                let (at, byte) = (next(mail.len()), u8::try_from(next(256)).unwrap());
                mail[at] = byte;
            }
            let read = ReadMail::of(&mail);
            let _class = machine_of(&read, "");
            assert!(read.files.len() <= PARTS_MAX && link_codes(&read.searched).len() <= 20);
        }
    }
}
