//! Service mails in words: every kind in every language, whole and without a gap, whatever a source calls things.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use std::sync::LazyLock;

use channels::{Brand, Decided, Notice, NoticeInput, ReceiptLine, Rendered, notice_calendar, render_notice};
use domain::{Currency, Money, language::CUSTOMER_LANGUAGES};
use jiff::civil::date;

static ACME: LazyLock<Brand> = LazyLock::new(|| Brand::named("Acme & Sons"));

fn euros(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

fn all(number: &str) -> Vec<Notice> {
    let numbers = vec![number.to_owned()];
    let line = |open| ReceiptLine { number: number.to_owned(), paid: euros(50_000), open: euros(open) };
    let receipt = |open, has_document| Notice::Receipt {
        received: euros(50_000),
        on: date(2026, 2, 5),
        lines: vec![line(open)],
        reference: "pay_0123456789abcdef".to_owned(),
        has_document,
    };
    let decided = |how, due: &[i64]| Notice::DisputeDecided {
        numbers: numbers.clone(),
        how,
        due: due.iter().map(|minor| euros(*minor)).collect(),
    };
    let promise = |amount| Notice::PromiseMade {
        amount,
        numbers: numbers.clone(),
        pays_on: date(2026, 2, 13),
        waits_until: date(2026, 2, 17),
    };
    let dispute =
        |amount, is_part| Notice::DisputeOpened { amount, numbers: numbers.clone(), decided_by: date(2026, 2, 11), is_part };
    vec![
        Notice::Code { code: "042137".to_owned(), minutes: 10 },
        Notice::NewLink { days: 120 },
        receipt(0, true),
        receipt(75_000, false),
        promise(Some(euros(125_000))),
        promise(None),
        dispute(Some(euros(62_500)), true),
        dispute(None, false),
        decided(Decided::Upheld, &[]),
        decided(Decided::Partly(Some(euros(10_000))), &[52_500]),
        decided(Decided::Partly(None), &[52_500]),
        decided(Decided::Rejected, &[125_000]),
        Notice::PlanAgreed {
            numbers: vec![number.to_owned(), "F-2".to_owned()],
            total: euros(100_000),
            parts: vec![(euros(50_000), date(2026, 3, 1)), (euros(50_000), date(2026, 4, 1))],
        },
        Notice::Answered,
        Notice::DecisionUndone { numbers: numbers.clone() },
        Notice::PlanOffered {
            id: "off_1".to_owned(),
            numbers: vec![number.to_owned()],
            total: euros(100_000),
            parts: vec![(euros(50_000), date(2026, 3, 1)), (euros(50_000), date(2026, 4, 1))],
            valid_until: date(2026, 2, 20),
        },
        Notice::CopySent { numbers, on_page: vec!["F-2".to_owned()] },
    ]
}

fn input<'a>(notice: &'a Notice, language: &'a str, name: &'a str) -> NoticeInput<'a> {
    NoticeInput {
        notice,
        language: Some(language),
        tenant_language: None,
        country: Some("DE"),
        contact_name: name,
        brand: &ACME,
        portal: "https://pay.example/p/0000000000000000000000",
        opt_out: "https://pay.example/p/stop/opt-out?l=de",
    }
}

fn made(notice: &Notice, language: &str) -> Rendered {
    render_notice(&input(notice, language, "Anna Weber")).unwrap()
}

#[test]
fn every_notice_says_whose_it_is_where_it_leads_and_how_to_stop_reminders() {
    for language in CUSTOMER_LANGUAGES {
        for notice in all("F-1") {
            let Rendered { subject, text, html, .. } = made(&notice, language);
            let (subject, html) = (subject.unwrap(), html.unwrap());
            assert!(!subject.is_empty() && !subject.contains(['{', '}']), "{subject}");
            for part in [&text, &html] {
                assert!(part.contains("https://pay.example/p/0000000000000000000000"), "{part}");
                assert!(part.contains("/opt-out?l=de"), "{part}");
                assert!(part.contains("Anna Weber"), "{part}");
            }
            // No name of a value is left, and no value is empty.
            assert!(!text.contains(['{', '}']) && !text.contains("  .") && !text.contains("@@"), "{text}");
            assert!(!html.contains("@@"), "{html}");
            assert!(text.contains("Acme & Sons") && html.contains("Acme &amp; Sons"), "{text}");
        }
    }
}

#[test]
fn what_they_say() {
    let text = |at: usize, language: &str| made(&all("F-1")[at], language).text;
    for (at, language, parts) in [
        (0, "en", vec!["Your code: 042137", "10 minutes", "Tell it to nobody"]),
        (0, "de", vec!["Ihr Code: 042137", "10 Minuten", "auch uns nicht"]),
        (1, "de", vec!["gilt 120 Tage"]),
        (2, "en", vec!["Received: €500.00", "on 5 February 2026", "Nothing is left open", "attached as a PDF"]),
        (3, "de", vec!["Eingegangen: 500,00\u{a0}€", "noch 750,00\u{a0}€ offen", "pay_0123456789abcdef"]),
        (4, "de", vec!["Rechnung F-1 bis zum 13. Februar 2026", "Wir warten bis zum 17. Februar 2026", "Kalender"]),
        (
            6,
            "en",
            vec!["you dispute €625.00 of invoice F-1", "by 11 February 2026", "The rest of the invoice is still to be paid."],
        ),
        (8, "en", vec!["you are right", "Nothing of invoice F-1 is to be paid now."]),
        (9, "de", vec!["Bei 100,00\u{a0}€ haben Sie recht", "525,00\u{a0}€"]),
        (11, "en", vec!["we see it otherwise", "€1,250.00"]),
        (13, "en", vec!["Read the answer:"]),
        (13, "de", vec!["Antwort lesen:"]),
        (0, "fr", vec!["Votre code\u{a0}: 042137", "10 minutes"]),
        (9, "fr", vec!["vous avez raison pour 100,00", "À payer maintenant"]),
        (13, "fr", vec!["Lire la réponse\u{a0}:"]),
        (0, "es", vec!["Su código: 042137", "10 minutos", "tampoco a nosotros"]),
        (6, "es", vec!["no está conforme con 625,00\u{a0}€ (factura F-1)", "11 de febrero de 2026"]),
        (9, "es", vec!["tiene usted razón en cuanto a 100,00\u{a0}€", "A pagar ahora (factura F-1): 525,00\u{a0}€."]),
        (12, "es", vec!["facturas F-1 y F-2", "1 de marzo de 2026"]),
        (13, "es", vec!["Leer la respuesta:"]),
        (15, "es", vec!["sigue pendiente hasta que usted la acepte", "Ver la oferta:"]),
        (0, "it", vec!["Il suo codice: 042137", "10 minuti", "nemmeno a noi"]),
        (4, "it", vec!["entro il giorno 13 febbraio 2026 (fattura F-1)", "fino al giorno 17 febbraio 2026"]),
        (9, "it", vec!["ha ragione per 100,00\u{a0}€", "Da pagare ora (fattura F-1): 525,00\u{a0}€."]),
        (12, "it", vec!["fatture F-1 e F-2", "1 marzo 2026"]),
        (13, "it", vec!["Leggi la risposta:"]),
        (15, "it", vec!["resta da pagare finché non la accetta", "Vedi l’offerta:"]),
        (0, "ja", vec!["Anna Weber 様", "お客様のコード： 042137", "10分間", "どなたにもお伝えにならないでください"]),
        (9, "ja", vec!["€100.00についてはお申し出どおり", "請求書 F-1について現在お支払いいただく金額：€525.00。"]),
        (13, "ja", vec!["回答を見る："]),
        (15, "ja", vec!["同意いただくまで、お支払いいただく金額はそのままです", "ご提案を見る："]),
        (0, "nl", vec!["Uw code: 042137", "10 minuten", "ook niet aan ons"]),
        (9, "nl", vec!["u hebt gelijk voor €\u{a0}100,00", "Nu te betalen van factuur F-1: €\u{a0}525,00."]),
        (13, "nl", vec!["Het antwoord lezen:"]),
        (15, "nl", vec!["blijft te betalen tot u akkoord gaat", "Het aanbod bekijken:"]),
        (0, "pt", vec!["O seu código: 042137", "10 minutos", "nem mesmo a nós"]),
        (9, "pt", vec!["tem razão quanto a 100,00\u{a0}€", "A pagar agora (fatura F-1): 525,00\u{a0}€."]),
        (13, "pt", vec!["Ler a resposta:"]),
        (15, "pt", vec!["até que a aceite", "Ver a proposta:"]),
        (14, "de", vec!["Reklamation zu Rechnung F-1", "Wir prüfen sie noch einmal."]),
        (15, "de", vec!["Angeboten: 1.000,00\u{a0}€", "bis zum 20. Februar 2026 zustimmen", "1. April 2026", "Angebot ansehen:"]),
        (15, "en", vec!["what is due stays due until you agree"]),
        (0, "de", vec!["Code eingeben:"]),
        (16, "de", vec!["sind Kopien angehängt: Rechnung F-1.", "Auf Ihrer Seite"]),
        (12, "de", vec!["1.000,00\u{a0}€", "Rechnungen F-1 und F-2", "1. März 2026"]),
    ] {
        let said = text(at, language);
        for part in parts {
            assert!(said.contains(part), "no '{part}' in {said}");
        }
    }
    let receipt = made(&all("F-1")[2], "fr").subject.unwrap();
    assert!(receipt.starts_with("Reçu\u{a0}: paiement de 500,00") && receipt.ends_with(" bien arrivé"), "{receipt}");
    assert!(!text(3, "en").contains("PDF"), "nothing goes along");
    assert!(!text(7, "en").contains("The rest of the invoice"), "all of it is disputed");
}

#[test]
fn no_value_becomes_a_link_a_tag_or_a_name_of_another_value() {
    let hostile = "{day}<script>https://evil.example/pay</script>";
    for notice in all(hostile) {
        let rendered = render_notice(&input(&notice, "en", "{code}<b>www.evil.example</b>\r\nBcc: x@y.example")).unwrap();
        let html = rendered.html.unwrap();
        assert!(!html.contains("<script>") && !html.contains("<b>") && !html.contains("https://evil"), "{html}");
        assert!(!rendered.text.contains("https://evil") && !rendered.text.contains("\nBcc"), "{}", rendered.text);
        assert!(!rendered.subject.unwrap().contains(['\r', '\n']));
    }
}

#[test]
fn days_go_along_for_a_calendar() {
    let at = "2026-02-03T10:00:00Z".parse().unwrap();
    let days = |notice: &Notice| {
        let file = notice_calendar(&input(notice, "en", ""), "agr_1", at)?;
        let text = String::from_utf8(file.bytes).unwrap();
        let uids: Vec<String> = text.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect();
        Some((text.matches("DTSTART").count(), uids))
    };
    let all = all("F-1");
    let counts: Vec<usize> = all.iter().map(|notice| days(notice).map_or(0, |(count, _)| count)).collect();
    assert_eq!(counts, [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(days(&all[12]).unwrap().1, ["UID:agr_1.1@dunlin", "UID:agr_1.2@dunlin"]);
}

#[test]
fn a_mail_without_a_place_to_lead_to_is_not_made() {
    let notice = Notice::Answered;
    let nowhere = NoticeInput { portal: "", ..input(&notice, "en", "") };
    assert!(render_notice(&nowhere).is_err());
}
