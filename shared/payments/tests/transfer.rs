//! Bank transfer: published references and codes, and each changed digit refused.

mod common;

use std::collections::BTreeSet;

use common::{access, asked, basket, lines, words};
use domain::{BankAccount, Currency, HolderAddress, Money, PaymentId, WayOfPaying};
use payments::{
    CannotBegin, NextCall, PaymentProvider, ProviderSecret,
    transfer::{
        BankTransfer, CodeFlaw, PayeeAccount, PostalPlace, ReferenceFlaw, ReferenceForm, TransferCode, TransferReference,
        mail_code,
    },
};

fn account(iban: &str) -> PayeeAccount {
    let place = PostalPlace {
        street: "Rue du Lac".to_owned(),
        building: "1268".to_owned(),
        postal_code: "2501".to_owned(),
        town: "Biel".to_owned(),
        country: "CH".to_owned(),
    };
    PayeeAccount { name: "Robert Schneider AG".to_owned(), iban: iban.to_owned(), bic: None, place: Some(place) }
}

const QR_IBAN: &str = "CH44 3199 9123 0008 8901 2";
const BELGIAN: &str = "BE68 5390 0754 7034";
const FINNISH: &str = "FI21 1234 5600 0007 85";
const GERMAN: &str = "DE89 3704 0044 0532 0130 00";
const SWISS: &str = "CH93 0076 2011 6238 5295 7";

#[test]
fn published_references_hold() {
    for (form, text, electronic) in [
        (ReferenceForm::CreditorReference, "RF18 5390 0754 7034", "RF18539007547034"),
        (ReferenceForm::CreditorReference, "rf18000000000539007547034", "RF18000000000539007547034"),
        (ReferenceForm::SwissQr, "21 00000 00003 13947 14300 09017", "210000000003139471430009017"),
        (ReferenceForm::Belgian, "+++090/9337/55493+++", "090933755493"),
        (ReferenceForm::Belgian, "***090/9337/55493***", "090933755493"),
        (ReferenceForm::Finnish, "123 4561", "1234561"),
        (ReferenceForm::Finnish, "00000000000001234561", "1234561"),
    ] {
        let read = TransferReference::parse(form, text);
        assert_eq!(read.as_ref().map(TransferReference::electronic), Ok(electronic), "{text}");
        let read = read.expect("read");
        assert_eq!(TransferReference::parse(form, &read.shown()), Ok(read), "{text}: what is shown reads back");
    }
    let finnish = TransferReference::parse(ReferenceForm::Finnish, "1234561").expect("published");
    assert_eq!(finnish.international().as_deref(), Some("RF341234561"), "as published by Finance Finland");
    assert_eq!(finnish.shown(), "12 34561");
}

#[test]
fn what_has_another_form_is_none() {
    for (form, text) in [
        (ReferenceForm::CreditorReference, "RF18"),
        (ReferenceForm::CreditorReference, "XX18539007547034"),
        (ReferenceForm::CreditorReference, "RFAA539007547034"),
        (ReferenceForm::CreditorReference, "RF18-539007547034"),
        (ReferenceForm::CreditorReference, "RF18539007547034539007547034"),
        (ReferenceForm::SwissQr, "000000000000000000000000000"),
        (ReferenceForm::SwissQr, "21000000000313947143000901"),
        (ReferenceForm::Belgian, "+++090/9337/5549+++"),
        (ReferenceForm::Finnish, "100"),
        (ReferenceForm::Finnish, "123456789012345678901"),
        (ReferenceForm::Finnish, "+1234561"),
        (ReferenceForm::Finnish, ""),
        (ReferenceForm::CreditorReference, "RF१८539007547034"),
    ] {
        assert_eq!(TransferReference::parse(form, text), Err(ReferenceFlaw::Shape(form)), "{text}");
    }
}

#[test]
fn each_changed_digit_is_refused() {
    for form in ReferenceForm::ALL {
        for number in 0..50 {
            let basket = PaymentId::derive(&["a tenant", &number.to_string()]);
            let reference = TransferReference::of_basket(form, &basket);
            assert_eq!(TransferReference::parse(form, reference.electronic()), Ok(reference.clone()), "{reference:?}");
            assert_eq!(TransferReference::parse(form, &reference.shown()), Ok(reference.clone()), "{}", reference.shown());
            assert_eq!(reference.form(), form);
            let text = reference.electronic().as_bytes();
            for at in 0..text.len() {
                for digit in b'0'..=b'9' {
                    let mut bent = text.to_vec();
                    if bent[at] == digit || !bent[at].is_ascii_digit() {
                        continue;
                    }
                    bent[at] = digit;
                    let bent = String::from_utf8(bent).expect("ASCII");
                    assert!(TransferReference::parse(form, &bent).is_err(), "{bent} of {reference:?}");
                }
            }
        }
    }
}

#[test]
fn a_reference_is_derived_and_differs() {
    for form in ReferenceForm::ALL {
        let of = |n: u32| TransferReference::of_basket(form, &PaymentId::derive(&[&n.to_string()]));
        assert_eq!(of(1), of(1), "it stays the same");
        let many: BTreeSet<TransferReference> = (0..2000).map(of).collect();
        assert_eq!(many.len(), 2000, "{form:?}");
    }
}

#[test]
fn the_account_says_which_form_and_which_code() {
    let francs = Currency::parse("CHF").expect("a currency");
    for (iban, form, euro, franc) in [
        (QR_IBAN, ReferenceForm::SwissQr, Some(TransferCode::Swiss), Some(TransferCode::Swiss)),
        (SWISS, ReferenceForm::CreditorReference, Some(TransferCode::Swiss), Some(TransferCode::Swiss)),
        (BELGIAN, ReferenceForm::Belgian, Some(TransferCode::Epc), None),
        (FINNISH, ReferenceForm::Finnish, Some(TransferCode::Epc), None),
        (GERMAN, ReferenceForm::CreditorReference, Some(TransferCode::Epc), None),
    ] {
        let account = account(iban);
        assert_eq!(account.reference_form(), Ok(form), "{iban}");
        assert_eq!(TransferCode::of(&account, Currency::EUR), euro, "{iban}");
        assert_eq!(TransferCode::of(&account, francs), franc, "{iban}");
        assert_eq!(TransferCode::of(&account, Currency::JPY), None, "{iban}");
    }
    for wrong in ["", "DE89370400440532013001", "DE8937040044053201300", "XX89370400440532013000", "é"] {
        assert!(account(wrong).reference_form().is_err(), "{wrong}");
        assert_eq!(TransferCode::of(&account(wrong), Currency::EUR), None, "{wrong}");
    }
}

#[test]
fn a_transfer_is_begun_under_its_reference() {
    let (basket, lines, words, key) = (basket(), lines(&[1250]), words(), ProviderSecret::new("none"));
    let belgian = account(BELGIAN);
    let broken = account("BE00");
    let mut asked = asked(&basket, &lines, &WayOfPaying::Transfer, Currency::EUR, &words);
    for (account, form) in [(None, ReferenceForm::CreditorReference), (Some(&belgian), ReferenceForm::Belgian)] {
        asked.account = account;
        let NextCall::Begun(begun) = BankTransfer.begin(&access(&key), &asked).expect("begun") else {
            panic!("nobody is called")
        };
        assert_eq!(begun.provider_id, TransferReference::of_basket(form, &basket).electronic());
        assert_eq!(begun.pay_url, None);
    }
    asked.account = Some(&broken);
    assert!(matches!(BankTransfer.begin(&access(&key), &asked), Err(CannotBegin::Account(_))));
}

#[test]
fn the_swiss_text_is_that_of_the_guidelines() {
    let reference = TransferReference::parse(ReferenceForm::SwissQr, "210000000003139471430009017").expect("published");
    let francs = Money::from_minor(194_975, Currency::parse("CHF").expect("a currency"));
    let text = TransferCode::Swiss.text(&account(QR_IBAN), francs, &reference).expect("a text");
    let expected = "SPC\n0200\n1\nCH4431999123000889012\nS\nRobert Schneider AG\nRue du Lac\n1268\n2501\nBiel\nCH\n\n\n\n\n\n\n\n1949.75\nCHF\n\
                    \n\n\n\n\n\n\nQRR\n210000000003139471430009017\n\nEPD";
    assert_eq!(text, expected);
    let creditor = TransferReference::of_basket(ReferenceForm::CreditorReference, &basket());
    let scor = TransferCode::Swiss.text(&account(SWISS), francs, &creditor).expect("a text");
    assert!(scor.contains(&format!("SCOR\n{}", creditor.electronic())));
    // A QR-IBAN takes a QR reference, no other account does, and no account takes a reference of another country.
    for (iban, reference) in [(QR_IBAN, &creditor), (SWISS, &reference)] {
        assert!(matches!(TransferCode::Swiss.text(&account(iban), francs, reference), Err(CodeFlaw::Account(_))), "{iban}");
    }
    let finnish = TransferReference::of_basket(ReferenceForm::Finnish, &basket());
    assert!(TransferCode::Swiss.text(&account(SWISS), francs, &finnish).is_err());
    let homeless = PayeeAccount { place: None, ..account(SWISS) };
    assert!(TransferCode::Swiss.text(&homeless, francs, &creditor).is_err());
    assert!(TransferCode::Swiss.text(&account(GERMAN), francs, &creditor).is_err());
}

#[test]
fn the_epc_text_is_that_of_the_guidelines() {
    let money = Money::from_minor(1_250, Currency::EUR);
    let text = |iban: &str, form| {
        let payee = PayeeAccount { bic: Some("COBADEFFXXX".to_owned()), ..account(iban) };
        TransferCode::Epc.text(&payee, money, &TransferReference::of_basket(form, &basket())).expect("a text")
    };
    let reference = |form| TransferReference::of_basket(form, &basket());
    let creditor = reference(ReferenceForm::CreditorReference);
    assert_eq!(
        text(GERMAN, ReferenceForm::CreditorReference),
        format!(
            "BCD\n002\n1\nSCT\nCOBADEFFXXX\nRobert Schneider AG\nDE89370400440532013000\nEUR12.50\n\n{}",
            creditor.electronic()
        )
    );
    // A Finnish number goes as the creditor reference that stands for it, a Belgian one as text.
    let finnish = text(FINNISH, ReferenceForm::Finnish);
    assert!(
        finnish.ends_with(&format!("EUR12.50\n\n{}", reference(ReferenceForm::Finnish).international().expect("it has one")))
    );
    let belgian = text(BELGIAN, ReferenceForm::Belgian);
    assert!(belgian.ends_with(&format!("EUR12.50\n\n\n{}", reference(ReferenceForm::Belgian).shown())), "{belgian}");
    for wrong in [0, -1, 100_000_000_000] {
        let flaw = TransferCode::Epc.text(&account(GERMAN), Money::from_minor(wrong, Currency::EUR), &creditor);
        assert!(matches!(flaw, Err(CodeFlaw::Amount(_))), "{wrong}");
    }
    let dollars = Money::from_minor(1, Currency::USD);
    assert!(matches!(TransferCode::Epc.text(&account(GERMAN), dollars, &creditor), Err(CodeFlaw::Account(_))));
    // Names on several lines would push the rest into other fields.
    let bent = PayeeAccount { name: "A\nB\rC".to_owned(), ..account(GERMAN) };
    let text = TransferCode::Epc.text(&bent, money, &creditor).expect("a text");
    assert_eq!(text.lines().nth(5), Some("A B C"));
    // Seventy characters of four bytes are the longest name there is: more than fit beside the rest.
    let long = PayeeAccount { name: "𝔸".repeat(80), ..account(GERMAN) };
    assert!(matches!(TransferCode::Epc.text(&long, money, &creditor), Err(CodeFlaw::TooLong(bytes)) if bytes > 331));
}

/// The rectangles of an SVG, in the order in which they are painted.
fn rectangles(svg: &str) -> Vec<(bool, [u32; 4])> {
    let mut out = Vec::new();
    for path in svg.split("<path").skip(1) {
        let is_dark = !path.contains("fill=\"#fff\"");
        let drawn = path.split(" d=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a path is drawn");
        for part in drawn.split('M').skip(1) {
            let numbers: Vec<u32> = part.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
            out.push((is_dark, [numbers[0], numbers[1], numbers[2], numbers[3]]));
        }
    }
    out
}

/// What a reader sees in an SVG: four pixels for each module.
fn scanned(svg: &str) -> String {
    const PIXEL: u32 = 23;
    let side = svg.split("width=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a width");
    let side = side.parse::<u32>().expect("a number") / PIXEL;
    let mut pixels = vec![255_u8; (side * side) as usize];
    for (is_dark, [x, y, width, height]) in rectangles(svg) {
        for (row, column) in
            (y / PIXEL..(y + height) / PIXEL).flat_map(|row| (x / PIXEL..(x + width) / PIXEL).map(move |c| (row, c)))
        {
            pixels[(row * side + column) as usize] = if is_dark { 0 } else { 255 };
        }
    }
    let size = side as usize;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(size, size, |x, y| pixels[y * size + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code is found");
    grids[0].decode().expect("it reads").1
}

#[test]
fn a_reader_reads_what_was_written() {
    for (kind, iban) in [(TransferCode::Epc, GERMAN), (TransferCode::Swiss, QR_IBAN), (TransferCode::Epc, BELGIAN)] {
        for name in ["Ä", "Robert Schneider AG", "Grüne Wüste Büromöbel- und Lagertechnik Gesellschaft mbH & Co. KG"] {
            let account = PayeeAccount { name: name.to_owned(), ..account(iban) };
            let form = account.reference_form().expect("an account");
            let reference = TransferReference::of_basket(form, &basket());
            let text = kind.text(&account, Money::from_minor(1_250, Currency::EUR), &reference).expect("a text");
            let svg = kind.svg(&text).expect("a code");
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"), "it goes into a page");
            assert_eq!(scanned(&svg), text);
            assert_eq!(svg.contains("fill=\"#fff\" d="), kind == TransferCode::Swiss, "the Swiss one alone has a cross");
        }
    }
    assert!(matches!(TransferCode::Epc.svg(&"x".repeat(5000)), Err(CodeFlaw::TooLong(5000))));
}

/// What a reader sees in a PNG.
fn scanned_png(bytes: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("an image");
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
    let line = reader.next_frame(&mut pixels).expect("pixels").line_size;
    let white = |x: usize, y: usize| (pixels[y * line + x / 8] >> (7 - x % 8)) & 1 == 1;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| if white(x, y) { 255 } else { 0 });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code is found");
    grids[0].decode().expect("it reads").1
}

#[test]
fn the_code_of_a_mail_names_invoices() {
    let of = |iban: &str, address: bool| BankAccount {
        holder: "Grüne Wüste GmbH".to_owned(),
        iban: Some(iban.to_owned()),
        bic: Some("COBADEFFXXX".to_owned()),
        address: address.then(|| HolderAddress {
            postal_code: "2501".to_owned(),
            town: "Biel".to_owned(),
            country: "CH".to_owned(),
            ..HolderAddress::default()
        }),
        ..BankAccount::default()
    };
    let (euros, francs) =
        (Money::from_minor(125_050, Currency::EUR), Money::from_minor(125_050, Currency::parse("CHF").expect("known")));
    let epc = mail_code(&of(GERMAN, false), euros, "F-1, F-2").expect("a code");
    let bic = "COBADEFFXXX";
    let said = format!("BCD\n002\n1\nSCT\n{bic}\nGrüne Wüste GmbH\nDE89370400440532013000\nEUR1250.50\n\n\nF-1, F-2");
    assert_eq!(scanned_png(&epc), said);
    assert!(epc.len() < 8_000, "{} bytes go along with each mail", epc.len());
    let swiss = scanned_png(&mail_code(&of(SWISS, true), francs, "F-1").expect("a code"));
    assert!(swiss.starts_with("SPC\n0200\n1\nCH9300762011623852957\nS\nGrüne Wüste GmbH\n"), "{swiss}");
    assert!(swiss.ends_with("\nNON\n\nF-1\nEPD") && swiss.contains("\n1250.50\nCHF\n"), "{swiss}");
    for (account, money, words) in [
        (of(GERMAN, false), francs, "F-1"),
        (of(SWISS, false), francs, "F-1"),
        (of(QR_IBAN, true), francs, "F-1"),
        (BankAccount { iban: None, qr_iban: Some(QR_IBAN.to_owned()), ..of(GERMAN, true) }, francs, "F-1"),
        (of(GERMAN, false), euros, "N".repeat(141).as_str()),
        (of(GERMAN, false), Money::from_minor(0, Currency::EUR), "F-1"),
    ] {
        assert_eq!(mail_code(&account, money, words), None, "{account:?} {money:?} {words}");
    }
}
