//! Days, amounts, numbers and addresses that answers name, seen from Saturday, 28 November 2026.

use answers::{AnswerClass, AnswerText, Classified, classify};
use domain::{Channel, Currency};
use jiff::civil::{Date, date};

fn read(text: &str, region: Option<&str>, currency: Option<Currency>) -> Classified {
    classify(&AnswerText { text, subject: None, channel: Channel::Email, today: date(2026, 11, 28), region, currency })
}

#[test]
fn the_day_of_a_promise_is_reckoned_from_today() {
    let day = |text: &str| text.parse::<Date>().ok();
    for (text, region, promised) in [
        ("We will pay on Friday.", None, day("2026-12-04")),
        ("We will pay tomorrow", None, day("2026-11-29")),
        ("Payment will be sent on 12/15.", Some("US"), day("2026-12-15")),
        ("Payment will be sent on 15/12.", Some("GB"), day("2026-12-15")),
        ("We will pay by the end of the month", None, day("2026-11-30")),
        ("We will pay in two weeks", None, day("2026-12-12")),
        ("We will pay on 4 December or on 11 December", None, None),
        ("Wir überweisen am 2. Dezember.", None, day("2026-12-02")),
        ("Wir zahlen bis 15.12.", None, day("2026-12-15")),
        ("Le paiement sera effectué le 15 décembre.", None, day("2026-12-15")),
        ("Nous paierons vendredi prochain.", None, day("2026-12-04")),
        ("Realizaremos el pago el 15 de diciembre.", None, day("2026-12-15")),
        ("Pagaremos mañana.", None, day("2026-11-29")),
        ("Provvederemo al pagamento entro il 15 dicembre.", None, day("2026-12-15")),
        ("Pagheremo entro fine mese.", None, day("2026-11-30")),
        ("Wij betalen uiterlijk 15 december.", None, day("2026-12-15")),
        ("We betalen volgende week.", None, day("2026-12-04")),
        ("Efetuaremos o pagamento até 15 de dezembro.", None, day("2026-12-15")),
        ("12月15日までにお支払いいたします。", None, day("2026-12-15")),
        ("来月末に振り込みます。", None, day("2026-12-31")),
        ("明日送金します。", None, day("2026-11-29")),
        ("金曜日に払います", None, day("2026-12-04")),
    ] {
        let answer = read(text, region, None);
        assert!(answer.certainty_of(AnswerClass::Promise).is_some(), "{text}: {:?}", answer.rules);
        assert_eq!(answer.found.promised_on, promised, "{text}");
    }
}

#[test]
fn the_day_of_a_payment_lies_behind() {
    for (text, paid) in [
        ("This was paid on 20 November by ACH.", date(2026, 11, 20)),
        ("Am 18.11. haben wir das überwiesen.", date(2026, 11, 18)),
        ("La facture a été réglée le 18 novembre.", date(2026, 11, 18)),
        ("Hicimos la transferencia el 18 de noviembre.", date(2026, 11, 18)),
        ("La fattura è stata pagata il 18 novembre.", date(2026, 11, 18)),
        ("Deze factuur is op 18 november al betaald.", date(2026, 11, 18)),
        ("A fatura foi paga no dia 18 de novembro.", date(2026, 11, 18)),
        ("11月18日に振込済みです。", date(2026, 11, 18)),
    ] {
        let answer = read(text, None, None);
        assert_eq!((answer.class, answer.found.paid_on), (AnswerClass::ClaimedPaid, Some(paid)), "{text}: {:?}", answer.rules);
    }
}

#[test]
fn who_is_away_is_back_on_a_day_and_names_another() {
    for (text, back) in [
        ("I am out of the office until December 7. Please contact Lee, Lee.Chan@contoso.example.", date(2026, 12, 8)),
        ("Ich bin ab dem 7. Dezember wieder erreichbar. Vertretung: lee.chan@contoso.example", date(2026, 12, 7)),
        ("Je suis absent jusqu'au 4 décembre inclus. Contact : lee.chan@contoso.example", date(2026, 12, 5)),
        ("Estoy de vacaciones y volveré el 14 de diciembre. lee.chan@contoso.example", date(2026, 12, 14)),
        ("Sono in ferie e rientrerò il 14 dicembre. lee.chan@contoso.example", date(2026, 12, 14)),
        ("Ik ben afwezig tot en met 4 december. lee.chan@contoso.example", date(2026, 12, 5)),
        ("Estou de férias e regresso no dia 14 de dezembro. lee.chan@contoso.example", date(2026, 12, 14)),
        ("12月4日まで不在にしております。lee.chan@contoso.example", date(2026, 12, 5)),
    ] {
        let answer = read(text, None, None);
        assert_eq!((answer.class, answer.found.back_on), (AnswerClass::OutOfOffice, Some(back)), "{text}: {:?}", answer.rules);
        assert_eq!(answer.found.deputy.as_deref(), Some("lee.chan@contoso.example"), "{text}");
    }
}

#[test]
fn amounts_and_numbers_are_as_written() {
    let answer = read(
        "Remittance advice: $12,870.00 covering INV-2101, INV-2102 and invoice 77110. PO 4500129981.",
        None,
        Some(Currency::USD),
    );
    assert_eq!(answer.class, AnswerClass::Remittance);
    assert_eq!(answer.found.amounts.iter().map(ToString::to_string).collect::<Vec<_>>(), ["12870.00 USD"]);
    assert_eq!(answer.found.invoice_numbers, ["INV-2101", "INV-2102", "77110"]);
    assert_eq!(answer.found.order_number.as_deref(), Some("4500129981"));
    assert!(read("We paid $12.00", None, None).found.amounts.is_empty(), "whose dollar it is, nobody said");
}
