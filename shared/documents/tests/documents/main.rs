//! Documents as whoever gets them sees them: the PDF is read back.

mod samples;

use documents::{BrandColour, DocumentSheet, Letterhead, Logo, PaidInvoice, Paper, PaymentReceipt, StatementAccount, Writing};
use domain::{Currency, Money, language::CUSTOMER_LANGUAGES};
use lopdf::{Document, Object};
use samples::{Hand, copy, logo, receipt, statement};

const HANDS: [Hand; CUSTOMER_LANGUAGES.len()] =
    [Hand("en"), Hand("de"), Hand("fr"), Hand("es"), Hand("it"), Hand("ja"), Hand("nl"), Hand("pt")];

/// The PDF, and the text of each of its pages, blanks alike.
fn read(sheet: &DocumentSheet) -> (Document, Vec<String>) {
    let pdf = sheet.pdf().expect("it is written");
    // Long ones take their time: one of them is written twice elsewhere.
    if pdf.len() < 200_000 {
        assert_eq!(pdf, sheet.pdf().expect("it is written again"), "the same sheet gives the same bytes");
    }
    let document = Document::load_mem(&pdf).expect("it is a PDF");
    let pages = document.get_pages();
    let texts = pages.keys().map(|at| document.extract_text(&[*at]).expect("it has text").replace(['\u{a0}', '\n'], " "));
    let texts = texts.collect();
    (document, texts)
}

/// Without blanks, which readers put where lines and columns end.
fn packed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn catalog(document: &Document) -> &lopdf::Dictionary {
    document.catalog().expect("a catalog")
}

#[test]
fn a_statement_has_every_number_in_every_language() {
    for hand in HANDS {
        for count in [1, 30, 2_000] {
            let statement = statement(count);
            let (document, pages) = read(&statement.sheet(&hand));
            let all = packed(&pages.concat());
            let account = &statement.accounts[0];
            let money = |minor| packed(&hand.money(Money::from_minor(minor, Currency::EUR)));
            // Rows are read from the first to the last, and each from left to right.
            let mut rest = all.as_str();
            for line in account.overdue.iter().chain(&account.not_yet_due) {
                let days = [line.issued_on, line.due_on].map(|day| packed(&hand.date(day)));
                let cells = [line.number.clone()].into_iter().chain(days).chain([line.amount_minor, line.open_minor].map(money));
                for cell in cells {
                    let found = rest.split_once(&cell);
                    rest = found.unwrap_or_else(|| panic!("{cell} of {} of {count} in {}", line.number, hand.0)).1;
                }
            }
            let open: i64 = account.overdue.iter().chain(&account.not_yet_due).map(|line| line.open_minor).sum();
            for minor in [open - 12_345, 12_345, 222_222, 9_900] {
                assert!(
                    all.contains(&packed(&hand.money(Money::from_minor(minor, Currency::EUR)))),
                    "{minor} of {count} in {}",
                    hand.0
                );
            }
            for text in
                ["NordwindWerkzeugeGmbH", "AteliersBéréniceLøvenskiold&СыновьяS.A.", "DE02120300000000202051", "HRB123456"]
            {
                assert!(all.contains(text), "{text}");
            }
            assert_eq!(catalog(&document).get(b"Lang").and_then(Object::as_str).expect("a language"), hand.0.as_bytes());
            assert!(pages.len() >= count / 60 && pages.len() <= count / 20 + 2, "{} pages of {count}", pages.len());
            let last = pages.len();
            for (at, page) in pages.iter().enumerate() {
                let place = match hand.0 {
                    "de" => format!("Seite {} von {last}", at + 1),
                    "fr" => format!("Page {} sur {last}", at + 1),
                    "es" | "pt" => format!("Página {} de {last}", at + 1),
                    "it" => format!("Pagina {} di {last}", at + 1),
                    "ja" => format!("{} / {last} ページ", at + 1),
                    "nl" => format!("Pagina {} van {last}", at + 1),
                    _ => format!("Page {} of {last}", at + 1),
                };
                assert!(packed(page).contains(&packed(&place)), "page {at}: {page}");
            }
        }
    }
}

#[test]
fn the_same_long_statement_gives_the_same_bytes() {
    let sheet = statement(1_000).sheet(&Hand("de"));
    assert!(sheet.pdf().expect("it is written") == sheet.pdf().expect("it is written again"));
}

#[test]
fn documents_are_tagged_and_embed_what_they_use_of_the_faces() {
    for sheet in [statement(30).sheet(&Hand("en")), receipt().sheet(&Hand("de")), copy().sheet(&Hand("fr"))] {
        let pdf = sheet.pdf().expect("it is written");
        assert!(pdf.len() < 80_000, "{} bytes", pdf.len());
        let document = Document::load_mem(&pdf).expect("it is a PDF");
        let marks = catalog(&document).get(b"MarkInfo").and_then(Object::as_dict).expect("it is marked");
        assert!(marks.get(b"Marked").and_then(Object::as_bool).expect("a word"));
        let roles = |role: &[u8]| {
            let is_of = |object: &&Object| {
                object.as_dict().is_ok_and(|found| found.get(b"S").and_then(Object::as_name).is_ok_and(|name| name == role))
            };
            document.objects.values().filter(is_of).count()
        };
        assert_eq!(roles(b"H1"), 1);
        assert!(roles(b"Table") >= 1 && roles(b"TH") > roles(b"Table") && roles(b"TD") >= 2);
        let fonts: Vec<String> = document
            .objects
            .values()
            .filter_map(|object| object.as_dict().ok())
            .filter(|found| found.has(b"FontFile2") || found.has(b"FontFile3"))
            .map(|found| String::from_utf8_lossy(found.get(b"FontName").and_then(Object::as_name).expect("a name")).into_owned())
            .collect();
        assert_eq!(fonts.len(), 2, "{fonts:?}");
        assert!(fonts.iter().all(|name| name.as_bytes().get(6) == Some(&b'+')), "subsets: {fonts:?}");
    }
}

#[test]
fn a_row_says_what_was_credited() {
    let mut one = statement(3);
    assert!(!packed(&read(&one.sheet(&Hand("de"))).1.concat()).contains("Gutgeschrieben"));
    let line = &mut one.accounts[0].overdue[0];
    (line.credited_minor, line.open_minor) = (3_456, line.open_minor - 3_456);
    let all = packed(&read(&one.sheet(&Hand("de"))).1.concat());
    assert!(all.contains("Gutgeschrieben:34,56€"), "{all}");
}

#[test]
fn a_receipt_says_what_was_paid_and_what_is_left() {
    let (_, pages) = read(&receipt().sheet(&Hand("de")));
    let all = packed(&pages.concat());
    for text in [
        "Zahlungsbestätigung",
        "1.234,56€",
        "1.000,00€",
        "200,00€",
        "34,56€",
        "314,15€",
        "pay_7f3k2m9q4r8s1t0v",
        "RE-2026-00019",
        "26.11.2026",
    ] {
        assert!(all.contains(text), "{text}: {all}");
    }
    assert!(all.contains("NochkeinerRechnungzugeordnet"));
    let whole = PaymentReceipt {
        paid: vec![PaidInvoice { number: "1".to_owned(), amount_minor: 123_456, open_minor: None }],
        ..receipt()
    };
    assert!(!packed(&read(&whole.sheet(&Hand("de"))).1.concat()).contains("NochkeinerRechnung"));
}

#[test]
fn an_invoice_copy_says_that_it_is_one() {
    let (_, pages) = read(&copy().sheet(&Hand("en")));
    let all = packed(&pages.concat());
    for text in [
        "CopyofinvoiceRE-2026-00012",
        "notataxdocument",
        "€3,000.00",
        "€900.00",
        "€100.00",
        "€2,000.00",
        "Instalment3/3",
        "PO4500",
    ] {
        assert!(all.contains(text), "{text}: {all}");
    }
    let closed = documents::InvoiceCopy { open_minor: 0, credited_minor: None, paid_minor: None, ..copy() };
    let all = packed(&read(&closed.sheet(&Hand("en"))).1.concat());
    assert!(!all.contains("IBAN"), "who owes nothing is not told how to pay");
    assert!(!all.contains("Credited") && !all.contains("Paid"), "what is not known is not said: {all}");
}

#[test]
fn no_name_breaks_a_document() {
    let names = [
        String::new(),
        "محمد عبد الله للتجارة".to_owned(),
        "\u{202e}evil\u{202c} שלום".to_owned(),
        "👩‍👩‍👧‍👦🚀 Rocket 💸".to_owned(),
        "株式会社ダンリン".to_owned(),
        "a\u{301}".repeat(5_000),
        "W".repeat(10_000),
        "word ".repeat(2_000),
        "\u{0}\u{1}\u{feff}\u{fffe}\u{e000}\u{10ffff}".to_owned(),
        "<b>(\\)&amp;%!</b>".to_owned(),
    ];
    for name in names {
        let mut one = statement(3);
        one.head.customer.name.clone_from(&name);
        one.head.customer.lines = vec![name.clone(); 20];
        one.head.letterhead = Letterhead { name: name.clone(), particulars: vec![name.clone(); 20], ..one.head.letterhead };
        one.accounts[0].overdue[0].number.clone_from(&name);
        one.accounts[0].overdue[0].purchase_order = Some(name.clone());
        one.accounts[0].overdue[0].open_minor = i64::MAX;
        one.ways_to_pay[0].lines = vec![name.clone(); 70];
        let (_, pages) = read(&one.sheet(&Hand("en")));
        assert!(pages.len() < 30, "{} pages for {name:.20}", pages.len());
        assert!(packed(&pages.concat()).contains("€92,233,720,368,547,758.07"), "amounts are never cut");
        let (_, pages) = read(&documents::InvoiceCopy { number: name.clone(), ..copy() }.sheet(&Hand("fr")));
        assert!(packed(&pages.concat()).contains("document"));
    }
}

/// The face of the other languages has no Japanese, and that of Japanese goes along where there is some.
#[test]
fn a_japanese_document_can_be_read() {
    let mut one = statement(3);
    one.head.customer.name = "株式会社ダンリン　濵﨑".to_owned();
    let (document, pages) = read(&one.sheet(&Hand("ja")));
    let all = packed(&pages.concat());
    for text in ["残高明細書", "支払期日", "株式会社ダンリン濵﨑", "お支払い方法", "期日超過", "2026年11月27日"]
    {
        assert!(all.contains(text), "{text}: {all}");
    }
    assert!(!all.contains('\u{fffd}'), "{all}");
    let faces = |document: &Document| {
        let of = |object: &&Object| object.as_dict().is_ok_and(|found| found.has(b"FontFile2") || found.has(b"FontFile3"));
        document.objects.values().filter(of).count()
    };
    assert_eq!((faces(&document), faces(&read(&statement(3).sheet(&Hand("de"))).0)), (3, 2));
    let notice = packed(&read(&copy().sheet(&Hand("ja"))).1.concat());
    assert!(notice.contains("原本に代わるものではありません。"), "what has no spaces is cut into lines: {notice}");
}

#[test]
fn a_logo_stands_for_the_name_where_it_can_be_drawn() {
    let with = |logo: Option<Logo>| {
        let mut one = receipt();
        one.head.letterhead.logo = logo;
        one.sheet(&Hand("en"))
    };
    let images = |sheet: &DocumentSheet| {
        let document = read(sheet).0;
        let is_image = |object: &&Object| {
            object
                .as_stream()
                .is_ok_and(|found| found.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|name| name == b"Image"))
        };
        document.objects.values().filter(is_image).count()
    };
    assert!(images(&with(logo((400, 100)))) > 0);
    assert_ne!(with(logo((400, 100))).fingerprint(), with(logo((400, 101))).fingerprint());
    // Broken ones, and one of more pixels than a logo has.
    let broken = Logo::of(b"\x89PNG\r\n\x1a\nnothing".to_vec());
    let cut = logo((60, 60)).map(|_| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 60, 60);
        encoder.set_color(png::ColorType::Grayscale);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&[7; 3_600]).expect("pixels");
        drop(writer);
        bytes.truncate(bytes.len() / 2);
        bytes
    });
    for logo in [broken, cut.and_then(Logo::of), logo((3_000, 2_000))] {
        let sheet = with(Some(logo.expect("it begins like a picture")));
        assert_eq!(images(&sheet), 0);
        assert!(packed(&read(&sheet).1.concat()).starts_with("NordwindWerkzeuge"), "the name is there instead");
    }
}

#[test]
fn a_sheet_is_known_by_all_that_it_says() {
    let first = statement(3);
    let of = |statement: &documents::Statement, hand| statement.sheet(&Hand(hand)).fingerprint();
    assert_eq!(of(&first, "en"), of(&first, "en"));
    assert_eq!(of(&first, "en").len(), 64);
    let mut changed = vec![of(&first, "en"), of(&first, "de")];
    let mut change = |with: fn(&mut documents::Statement)| {
        let mut other = first.clone();
        with(&mut other);
        changed.push(of(&other, "en"));
    };
    change(|other| other.head.as_of = other.head.as_of.tomorrow().expect("a day"));
    change(|other| other.accounts[0].overdue[0].open_minor += 1);
    change(|other| other.head.letterhead.colour = BrandColour::parse("#000000"));
    change(|other| other.head.paper = Paper::Letter);
    change(|other| other.head.customer.lines.clear());
    let all = changed.len();
    changed.sort();
    changed.dedup();
    assert_eq!(changed.len(), all);
}

#[test]
fn nothing_open_is_said_and_currencies_are_apart() {
    let mut none = statement(1);
    none.accounts.clear();
    let (_, pages) = read(&none.sheet(&Hand("en")));
    let all = packed(&pages.concat());
    assert!(all.contains("Nothingisopen") && !all.contains("IBAN"), "{all}");
    let mut two = statement(6);
    let dollars = StatementAccount { currency: Currency::USD, ..two.accounts[0].clone() };
    two.accounts.push(dollars);
    let (_, pages) = read(&two.sheet(&Hand("en")));
    let all = packed(&pages.concat());
    assert!(all.contains("InEUR") && all.contains("InUSD"), "{all}");
}
