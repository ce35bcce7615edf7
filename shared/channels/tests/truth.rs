//! The built-in texts against the rows that they are about: sums, dates, counts and words say nothing that the rows do not.

use std::collections::BTreeSet;

use channels::{Brand, InvoiceRow, Links, RenderInput, Rendered, RowKind, builtin, locale::Locale, render};
use domain::{Action, Channel, Currency, Money, Step, language::CUSTOMER_LANGUAGES};
use jiff::civil::{Date, date};

/// One message: how many rows, of which the text's own step has the first `own`, and how often the least reminded was reminded.
#[derive(Clone, Copy, Debug)]
struct Shape {
    count: usize,
    own: usize,
    reminded: u32,
    currency: Currency,
}

const PAY_BY: Date = date(2026, 3, 16);
/// In a month that every language writes in the alphabet of text messages: French leaves it in August, Portuguese in March.
const PROMISED_ON: Date = date(2026, 2, 25);
const ISSUED_ON: Date = date(2025, 12, 24);

/// What it is in a language, of one for each of the customers' languages in their order.
fn of_language<'w>(language: &str, words: [&'w str; CUSTOMER_LANGUAGES.len()]) -> &'w str {
    let at = CUSTOMER_LANGUAGES.iter().position(|known| *known == language);
    words[at.unwrap_or_else(|| panic!("{language} is none of the customers' languages"))]
}

/// The first invoice by its name, or so many counted.
fn invoices(language: &str, count: usize) -> String {
    let one = [
        "invoice N-100",
        "Rechnung N-100",
        "facture N-100",
        "factura N-100",
        "fattura N-100",
        "請求書 N-100",
        "factuur N-100",
        "fatura N-100",
    ];
    let several =
        ["{} invoices", "{} Rechnungen", "{} factures", "{} facturas", "{} fatture", "請求書{}件", "{} facturen", "{} faturas"];
    if count == 1 {
        of_language(language, one).to_owned()
    } else {
        of_language(language, several).replace("{}", &count.to_string())
    }
}

/// Whether it stands between words of Japanese, or is a part of one: those have no spaces between them.
fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff60}')
}

fn row(shape: Shape, at: usize, ahead: bool) -> InvoiceRow {
    let minor = i64::try_from(at).expect("few");
    let money = |minor| Money::from_minor(minor, shape.currency);
    let amount = 100_007 + minor * 1_013;
    InvoiceRow {
        kind: RowKind::Invoice,
        number: format!("N-{:03}", 100 + at),
        instalment: None,
        purchase_order: Some(format!("PO-{}", 700 + at)),
        total: money(amount),
        amount: money(amount),
        paid: money(if at == 1 { 700 } else { 0 }),
        open: money(if at == 1 { amount - 700 } else { amount }),
        due_now: money(if at == 1 { amount - 700 } else { amount }),
        issued_on: ISSUED_ON,
        due_on: date(2026, 2, 1 + i8::try_from(at % 20).expect("few")),
        days_past_due: if ahead { -5 } else { 30 },
        url: None,
        is_own: at < shape.own,
        reminded: if at + 1 == shape.count { shape.reminded } else { 2 },
    }
}

fn input(shape: Shape, language: &str, ahead: bool, pay_by: Option<Date>, details: bool) -> RenderInput {
    let rows: Vec<InvoiceRow> = (0..shape.count).map(|at| row(shape, at, ahead)).collect();
    let sum = Money::from_minor(rows.iter().map(|row| row.due_now.minor()).sum(), shape.currency);
    RenderInput {
        language: language.into(),
        country: Some(of_language(language, ["US", "DE", "FR", "ES", "IT", "JP", "NL", "PT"]).into()),
        customer_name: "Acme".into(),
        contact_name: "Anna Weber".into(),
        case_id: "case_1".into(),
        invoices: rows,
        more: 0,
        covered_due_now: sum,
        upcoming: Vec::new(),
        exposure_total: Money::from_minor(9_999_999, shape.currency),
        exposure_overdue: Money::from_minor(8_888_888, shape.currency),
        pay_by,
        payment_details: details.then(|| "Example Bank\r\nIBAN: DE00 <1234>".into()),
        bank: None,
        promised_on: None,
        has_code: false,
        several_currencies: false,
        broken_plans: vec![],
        carried: Vec::new(),
        links: Links { portal: "https://p.example/p/t".into(), opt_out: "https://p.example/p/s".into(), pay: None },
    }
}

/// How the steps of the built-in ladder and of the ready workflows use each template: for what is to come or not, with a date to pay by or
/// not.
fn uses() -> BTreeSet<(String, bool, bool)> {
    let ready = builtin::ready().into_iter().map(|ready| ready.workflow);
    let steps = builtin::workflows().into_iter().chain(ready).flat_map(|workflow| workflow.steps);
    let of = |step: Step| {
        let (ahead, asks) = (step.at.offset.is_negative(), step.pay_by.is_some());
        if let Action::Send(send) = step.action { Some((send.template, ahead, asks)) } else { None }
    };
    // A statement lists what is past due and what is to come.
    let stated = [false, true].map(|ahead| (builtin::STATEMENT.to_owned(), ahead, false));
    steps.filter_map(of).chain(stated).collect()
}

/// Every message of the built-in ladder and the ready workflows in every language, of one, three and thirty rows in two currencies.
fn every(check: impl Fn(&str, &str, Channel, Shape, &RenderInput, &Rendered)) {
    let uses = uses();
    for template in builtin::templates() {
        let own: Vec<(bool, bool)> =
            uses.iter().filter(|(id, ..)| *id == template.id).map(|(_, ahead, asks)| (*ahead, *asks)).collect();
        assert!(!own.is_empty(), "{} is used by no workflow", template.id);
        for (ahead, asks) in own {
            for currency in [Currency::EUR, Currency::parse("JPY").expect("known")] {
                for (count, own) in [(1, 1), (3, 3), (3, 1), (3, 2), (30, 30), (30, 4)] {
                    for reminded in [0, 1, 2] {
                        let shape = Shape { count, own, reminded, currency };
                        let details = count != 3;
                        let mut input = input(shape, &template.language, ahead, asks.then_some(PAY_BY), details);
                        input.promised_on = (template.id == "promise-reminder").then_some(PROMISED_ON);
                        let brand = Brand::named("Northwind");
                        let rendered = render(&template, &input, &brand).expect("a built-in text renders");
                        check(&template.id, &template.language, template.channel, shape, &input, &rendered);
                    }
                }
            }
        }
    }
}

/// The HTML as its reader sees it: what is written, tags and styles apart.
fn seen(html: &str) -> String {
    let body = &html[html.find("<body").expect("a body")..];
    let mut out = String::new();
    for piece in body.split('<') {
        let text = piece.split_once('>').map_or(piece, |(_, text)| text);
        out.push_str(text);
        out.push(' ');
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&amp;", "&")
}

/// The amounts in a text: every word that has the currency's sign beside digits.
fn amounts(text: &str, currency: Currency) -> BTreeSet<String> {
    let signs = if currency == Currency::EUR { ["€", "EUR"] } else { ["¥", "￥"] };
    let mut found = BTreeSet::new();
    for word in text.split(|c: char| " \n|\t".contains(c) || is_japanese(c)) {
        let word = word.trim_matches(|character: char| !character.is_alphanumeric() && !"€¥￥".contains(character));
        if signs.iter().any(|sign| word.contains(sign)) {
            found.insert(word.to_owned());
        }
    }
    found
}

#[test]
fn every_amount_is_one_of_the_rows_or_their_sum() {
    every(|id, language, channel, shape, input, rendered| {
        let locale = Locale::of(language, input.country.as_deref());
        let mut known: BTreeSet<String> = BTreeSet::from([locale.money(input.covered_due_now)]);
        if channel == Channel::Email {
            let of_row = |row: &InvoiceRow| [row.due_now, row.amount, row.paid].map(|money| locale.money(money));
            known.extend(input.invoices.iter().flat_map(of_row));
        }
        let bodies = std::iter::once(rendered.text.clone()).chain(rendered.html.as_deref().map(seen));
        for body in bodies {
            let plain = |text: &str| text.replace(['\u{a0}', '\u{202f}'], " ");
            let found = if channel == Channel::Sms { BTreeSet::new() } else { amounts(&body, shape.currency) };
            let wrong: Vec<_> = found.difference(&known).collect();
            assert!(wrong.is_empty(), "{id} {language} {shape:?}: {wrong:?} are no amounts of {known:?}");
            assert!(plain(&body).contains(&plain(&locale.money(input.covered_due_now))), "{id} {language} {shape:?}: {body}");
        }
    });
}

#[test]
fn every_row_is_listed_once_with_its_amount_and_its_date() {
    every(|id, language, channel, shape, input, rendered| {
        if channel != Channel::Email {
            return;
        }
        let locale = Locale::of(language, input.country.as_deref());
        for row in &input.invoices {
            let line = rendered.text.lines().find(|line| line.starts_with(&row.number));
            let line = line.unwrap_or_else(|| panic!("{id} {language} {shape:?}: no row {}", row.number));
            for part in [locale.money(row.due_now), locale.date(row.due_on), row.purchase_order.clone().expect("one")] {
                assert!(line.contains(&part), "{id} {language} {shape:?}: no {part} in {line}");
            }
        }
        let listed = rendered.text.lines().filter(|line| line.starts_with("N-")).count();
        assert_eq!(listed, shape.count, "{id} {language} {shape:?}");
        let html = seen(rendered.html.as_deref().expect("an email"));
        assert!(input.invoices.iter().all(|row| html.contains(&format!(" {} ", row.number))), "{id} {language} {shape:?}");
    });
}

#[test]
fn every_date_is_one_of_the_rows_or_the_day_to_pay_by_or_promised() {
    let days =
        |from: Date| std::iter::successors(Some(from), |day| day.tomorrow().ok()).take_while(|day| *day < date(2026, 4, 1));
    every(|id, language, channel, shape, input, rendered| {
        let locale = Locale::of(language, input.country.as_deref());
        let asked = [input.pay_by, input.promised_on];
        let known: BTreeSet<Date> = input.invoices.iter().map(|row| row.due_on).chain(asked.into_iter().flatten()).collect();
        // The first of a month stands in the eleventh too.
        let words = |body: &str, day: Date| {
            let written = locale.date(day);
            body.match_indices(&written).any(|(at, _)| !body[..at].ends_with(|before: char| before.is_ascii_digit()))
        };
        let html = rendered.html.as_deref().map(seen).unwrap_or_default();
        for body in [rendered.text.as_str(), &html] {
            for day in days(ISSUED_ON).filter(|day| !known.contains(day)) {
                assert!(!words(body, day), "{id} {language} {shape:?}: {day} in {body}");
            }
        }
        if let (Channel::Email, Some(pay_by)) = (channel, input.pay_by) {
            assert!(words(&rendered.text, pay_by) && words(&html, pay_by), "{id} {language} {shape:?}");
        }
        if let Some(promised_on) = input.promised_on {
            let in_html = channel == Channel::Sms || words(&html, promised_on);
            assert!(words(&rendered.text, promised_on) && in_html, "{id} {language} {shape:?}");
        }
    });
}

#[test]
fn what_is_said_of_earlier_messages_is_true_of_every_row() {
    every(|id, language, _, shape, input, rendered| {
        let least = input.invoices.iter().map(|row| row.reminded).min().expect("one");
        let text = rendered.text.to_lowercase();
        let said = |words| text.contains(of_language(language, words));
        let several = said([
            "despite our reminders",
            "trotz unserer erinnerungen",
            "malgré nos relances",
            "a pesar de nuestros recordatorios",
            "nonostante i nostri solleciti",
            "これまで数度のご案内にもかかわらず",
            "ondanks onze herinneringen",
            "apesar dos nossos lembretes",
        ]);
        let one = said([
            "despite our reminder,",
            "trotz unserer erinnerung ",
            "malgré notre relance,",
            "a pesar de nuestro recordatorio,",
            "nonostante il nostro sollecito,",
            "先のご案内にもかかわらず",
            "ondanks onze herinnering ",
            "apesar do nosso lembrete,",
        ]);
        let is_notice = id == "formal-notice";
        assert_eq!((several, one), (is_notice && least > 1, is_notice && least == 1), "{id} {language} {shape:?}: {text}");
    });
}

#[test]
fn the_last_message_says_of_which_rows_it_is_the_last() {
    every(|id, language, channel, shape, input, rendered| {
        let text = rendered.text.replace('\n', " ");
        let last = [
            "last automatic reminder",
            "letzte automatische Erinnerung",
            "dernier rappel automatique",
            "último recordatorio automático",
            "ultimo sollecito automatico",
            "自動送信による最後のご案内",
            "laatste automatische herinnering",
            "último lembrete automático",
        ];
        let Some((_, of_what)) = text.split_once(of_language(language, last)) else {
            return assert!(id != "final-notice" || channel == Channel::Sms, "{id} {language}: {text}");
        };
        assert_eq!(id, "final-notice", "{language}: nothing else is the last");
        let sentence = of_what.split_once(['.', '。']).map_or(of_what, |(sentence, _)| sentence);
        for row in &input.invoices {
            let named = sentence.contains(&row.number);
            assert_eq!(named, row.is_own && shape.own < shape.count, "{language} {shape:?}: {} in {sentence}", row.number);
        }
        let subject = rendered.subject.as_deref().expect("an email");
        let expected = invoices(language, shape.own);
        let colon = of_language(language, [": ", ": ", ": ", ": ", ": ", "：", ": ", ": "]);
        assert!(subject.ends_with(&format!("{colon}{expected}")), "{subject}");
    });
}

#[test]
fn what_is_counted_is_what_is_listed() {
    every(|id, language, channel, shape, _, rendered| {
        let named = invoices(language, shape.count);
        let is_last = id == "final-notice" && channel == Channel::Sms;
        assert!(is_last || rendered.text.contains(&named), "{id} {language} {shape:?}: no {named} in {}", rendered.text);
    });
}

/// What built-in mails call the page on which is paid.
const PAYMENT_PAGE: [&str; CUSTOMER_LANGUAGES.len()] = [
    "our payment page",
    "unserer Zahlungsseite",
    "notre page de paiement",
    "nuestra página de pago",
    "nostra pagina di pagamento",
    "お支払いページ",
    "onze betaalpagina",
    "nossa página de pagamento",
];

#[test]
fn every_mail_leads_to_the_page_on_which_is_paid_where_there_is_one() {
    let shape = Shape { count: 3, own: 3, reminded: 1, currency: Currency::EUR };
    let pay = "https://p.example/p/t/pay";
    let mut seen_mails = 0;
    for template in builtin::templates().into_iter().filter(|template| template.channel == Channel::Email) {
        let mut input = input(shape, &template.language, template.id == "heads-up", None, false);
        input.links.pay = Some(pay.to_owned());
        let rendered = render(&template, &input, &Brand::named("Northwind")).expect("a built-in text renders");
        let html = rendered.html.as_deref().expect("a mail");
        let words = of_language(&template.language, PAYMENT_PAGE);
        let button = of_language(
            &template.language,
            [
                "View and pay",
                "Ansehen und bezahlen",
                "Consulter et payer",
                "Ver y pagar",
                "Vedi e paga",
                "確認して支払う",
                "Bekijken en betalen",
                "Ver e pagar",
            ],
        );
        let (id, language) = (&template.id, &template.language);
        assert!(html.contains(&format!("href=\"{pay}\"")) && seen(html).contains(words), "{id} {language}: {html}");
        let text = rendered.text.replace('\n', " ");
        assert!(text.contains(pay) && text.contains(words), "{id} {language}: {text}");
        assert!(seen(html).contains(button) && text.contains(button), "{id} {language}");
        seen_mails += 1;
    }
    assert!(seen_mails >= 5 * CUSTOMER_LANGUAGES.len(), "{seen_mails}");
}

#[test]
fn ways_to_pay_are_promised_only_where_there_are_some() {
    every(|id, language, channel, shape, input, rendered| {
        let html = rendered.html.as_deref().map(seen).unwrap_or_default();
        for body in [&rendered.text, &html] {
            let body = body.replace('\n', " ");
            assert!(!body.contains(of_language(language, PAYMENT_PAGE)), "{id} {language}");
            let promised = body.contains(of_language(
                language,
                [
                    "payment details",
                    "Zahlungsangaben",
                    "coordonnées de paiement",
                    "datos de pago",
                    "dati per il pagamento",
                    "お支払い先の情報",
                    "betaalgegevens",
                    "dados de pagamento",
                ],
            ));
            let shown = body.contains("IBAN: DE00 <1234>") && body.contains("Example Bank");
            let there = input.payment_details.is_some() && channel == Channel::Email && !body.is_empty();
            assert_eq!((promised, shown), (there, there), "{id} {language} {shape:?}: {body}");
            let words = [
                "Reference: N-100",
                "Verwendungszweck: N-100",
                "Référence\u{a0}: N-100",
                "Concepto: N-100",
                "Causale: N-100",
                "照会番号：N-100",
                "Kenmerk: N-100",
                "Referência: N-100",
            ];
            let reference = body.contains(of_language(language, words));
            // The numbers of thirty are more than a transfer carries.
            assert_eq!(reference, there && shape.count <= 3, "{id} {language} {shape:?}: {body}");
        }
    });
}

#[test]
fn the_signature_stands_below_the_table() {
    every(|id, language, channel, shape, _, rendered| {
        if channel == Channel::Email {
            let place =
                |words: &str| rendered.text.find(words).unwrap_or_else(|| panic!("{id} {language} {shape:?}: no {words}"));
            let greeting = place(of_language(
                language,
                [
                    "Kind regards",
                    "Freundliche Grüße",
                    "Cordialement,",
                    "Un cordial saludo,",
                    "Cordiali saluti",
                    "何卒よろしくお願い申し上げます。",
                    "Met vriendelijke groet,",
                    "Com os melhores cumprimentos,",
                ],
            ));
            assert!(place("\nN-100") < greeting, "{id} {language}");
        }
    });
}

#[test]
fn a_text_message_is_short_and_has_the_way_to_the_statement_once() {
    every(|id, language, channel, shape, _, rendered| {
        if channel == Channel::Sms {
            let words = rendered.text.replace("https://p.example/p/t", "").replace("https://p.example/p/s", "");
            assert!(words.chars().count() <= 190, "{id} {language} {shape:?}: {}: {words}", words.chars().count());
            assert_eq!(rendered.text.matches("https://p.example/p/t").count(), 1, "{id} {language}");
        }
    });
}

#[test]
fn no_text_message_offers_a_reply_that_nobody_reads() {
    every(|id, language, channel, _, _, rendered| {
        if channel == Channel::Sms {
            let text = &rendered.text;
            let offers = text.contains("STOP")
                || ["reply", "antwort", "répon", "respon", "rispo", "antwoord", "返信"]
                    .iter()
                    .any(|word| text.to_lowercase().contains(word));
            assert!(!offers, "{id} {language}: {text}");
        }
    });
}

#[test]
fn an_amount_paid_is_acknowledged() {
    let shape = Shape { count: 1, own: 1, reminded: 1, currency: Currency::EUR };
    for template in builtin::templates().iter().filter(|template| template.channel == Channel::Email) {
        let mut input = input(shape, &template.language, template.id == "heads-up", None, false);
        let row = &mut input.invoices[0];
        (row.amount, row.paid) = (Money::from_minor(125_000, Currency::EUR), Money::from_minor(62_500, Currency::EUR));
        (row.open, row.due_now) = (row.paid, row.paid);
        input.covered_due_now = row.due_now;
        let text = render(template, &input, &Brand::named("Northwind")).expect("renders").text;
        let thanks = [
            "Thank you for the €625.00",
            "Vielen Dank für die 625,00\u{a0}€",
            "Nous avons déjà reçu 625,00\u{a0}€, merci.",
            "Ya hemos recibido 625,00\u{a0}€, gracias.",
            "Abbiamo già ricevuto 625,00\u{a0}€, grazie.",
            "なお、€625.00のご入金はすでに確認しております。",
            "Wij hebben al €\u{a0}625,00 ontvangen",
            "Já recebemos 625,00\u{a0}€",
        ];
        let of = [
            "€625.00 of €1,250.00 paid",
            "625,00\u{a0}€ von 1.250,00\u{a0}€ bezahlt",
            "625,00\u{a0}€ payés sur 1\u{202f}250,00\u{a0}€",
            "625,00\u{a0}€ de 1250,00\u{a0}€ pagados",
            "625,00\u{a0}€ di 1250,00\u{a0}€ pagati",
            "€1,250.00のうち€625.00入金済み",
            "€\u{a0}625,00 van €\u{a0}1.250,00 betaald",
            "625,00\u{a0}€ de 1250,00\u{a0}€ pagos",
        ];
        for said in [thanks, of] {
            assert!(text.contains(of_language(&template.language, said)), "{} {}: {text}", template.id, template.language);
        }
    }
}

#[test]
fn one_of_several_currencies_is_named_in_the_subject() {
    let shape = Shape { count: 3, own: 3, reminded: 1, currency: Currency::EUR };
    for template in builtin::templates().iter().filter(|template| template.channel == Channel::Email) {
        for several in [false, true] {
            let mut input = input(shape, &template.language, template.id == "heads-up", None, false);
            input.several_currencies = several;
            let rendered = render(template, &input, &Brand::named("Northwind")).expect("renders");
            let subject = rendered.subject.expect("an email");
            assert_eq!(subject.ends_with(" (EUR)"), several, "{subject}");
        }
    }
}

/// The name of one month in French is outside the alphabet of text messages, and each character then takes more.
#[test]
fn a_text_fits_in_every_month() {
    let shape = Shape { count: 1, own: 1, reminded: 1, currency: Currency::EUR };
    let host = "https://abcdefghij.execute-api.eu-central-1.amazonaws.com";
    let code = "k".repeat(14);
    for template in builtin::templates().into_iter().filter(|template| template.channel == Channel::Sms) {
        for month in 1..=12 {
            let mut input = input(shape, &template.language, false, Some(PAY_BY), false);
            input.invoices[0].due_on = date(2026, month, 28);
            input.links = Links { portal: format!("{host}/s/{code}"), opt_out: format!("{host}/s/{code}/stop"), pay: None };
            let rendered = render(&template, &input, &Brand::named("Northwind Trading"));
            assert!(rendered.is_ok(), "{} {} {month}: {rendered:?}", template.id, template.language);
        }
    }
}

/// Languages whose built-in text messages keep to the alphabet of short messages: one letter outside of it, and each takes more.
const GSM_LANGUAGES: [&str; 7] = ["en", "de", "fr", "es", "it", "nl", "pt"];

/// A text message holds two links, each as long as real ones are: both name a code of 14 characters.
#[test]
fn a_text_with_both_links_fits() {
    let shape = Shape { count: 1, own: 1, reminded: 1, currency: Currency::EUR };
    let code = "k".repeat(14);
    let hosts = [("https://pay.northwind.example", 2), ("https://abcdefghij.execute-api.eu-central-1.amazonaws.com", 3)];
    let mut seen = 0;
    for template in builtin::templates().into_iter().filter(|template| template.channel == Channel::Sms) {
        for (host, most) in hosts {
            let mut input = input(shape, &template.language, false, Some(PAY_BY), false);
            input.promised_on = (template.id == "promise-reminder").then_some(PROMISED_ON);
            let links = Links { portal: format!("{host}/s/{code}"), opt_out: format!("{host}/s/{code}/stop"), pay: None };
            input.links = links.clone();
            let brand = Brand::named("Northwind Trading");
            let text = render(&template, &input, &brand).expect("it renders").text;
            let (encoding, segments) = channels::sms::segments(&text);
            // A segment has 67 characters of Japanese and 153 of the others, and the links alone have 95 and 151.
            let most = if template.language == "ja" { most + 1 } else { most };
            assert!(segments <= most, "{segments} segments of {text}");
            let is_gsm = encoding == channels::sms::Encoding::Gsm7;
            assert!(is_gsm || !GSM_LANGUAGES.contains(&template.language.as_str()), "a letter outside the alphabet: {text}");
            // Each link once, whole, and with nothing behind it that a phone would take for a part of it.
            for link in [&links.portal, &links.opt_out] {
                assert_eq!(text.split_whitespace().filter(|word| word == link).count(), 1, "{text}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 4 * CUSTOMER_LANGUAGES.len() * hosts.len(), "four texts in each language, at two hosts");
}
