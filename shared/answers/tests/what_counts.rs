//! What of a text counts, and what closes a channel: quoted footers never do, in any language; keywords do, as whole messages.

use answers::{AnswerClass, AnswerText, Certainty, Classified, classify, own_words};
use domain::Channel;
use jiff::civil::date;
use proptest::prelude::*;

fn read(channel: Channel, subject: Option<&str>, text: &str) -> Classified {
    classify(&AnswerText { text, subject, channel, today: date(2026, 11, 28), region: None, currency: None })
}

/// What stands below a mail of ours in eight languages, and a word of thanks.
const FOOTERS: [(&str, &str, &str); 8] = [
    (
        "Thanks a lot",
        "On Thu, Nov 26, 2026 at 10:00 AM Northwind <billing@northwind.example> wrote:",
        "To unsubscribe click here",
    ),
    ("Vielen Dank", "Am 26.11.2026 um 08:00 schrieb Nordwind <rechnung@nordwind.example>:", "Hier vom Newsletter abmelden"),
    ("Merci beaucoup", "Le jeu. 26 nov. 2026 à 08:00, Nordwind <facturation@nordwind.example> a écrit :", "Se désabonner"),
    ("Muchas gracias", "El jue, 26 nov 2026 a las 8:00, Nordwind (<facturas@nordwind.example>) escribió:", "Darse de baja"),
    (
        "Grazie mille",
        "Il giorno gio 26 nov 2026 alle ore 08:00 Nordwind <fatture@nordwind.example> ha scritto:",
        "Annulla iscrizione",
    ),
    ("Hartelijk dank", "Op do 26 nov 2026 om 08:00 schreef Nordwind <facturen@nordwind.example>:", "Uitschrijven"),
    (
        "Muito obrigado",
        "Em qui., 26 de nov. de 2026 às 08:00, Nordwind <faturas@nordwind.example> escreveu:",
        "Cancelar subscrição",
    ),
    ("ありがとうございます。", "2026年11月26日(木) 8:00 ノルドウィンド <billing@nordwind.example>:", "配信停止"),
];

#[test]
fn a_quoted_footer_is_never_an_opt_out() {
    for (own, introduction, footer) in FOOTERS {
        for text in [
            format!("{own}\n\n{introduction}\n> INV-1 over 100.00 EUR is overdue.\n> {footer}"),
            format!("{own}\r\n\r\n{introduction}\r\n\r\n> {footer}\r\n"),
            format!("{own}\n\n-----Original Message-----\nFrom: Northwind\nSent: Thursday\nTo: us\nSubject: x\n\n{footer}"),
            format!("{own}\n> {footer}"),
            format!("{own}\n-- \n{footer}"),
        ] {
            let answer = read(Channel::Email, Some("Re: INV-1"), &text);
            assert_eq!((answer.class, answer.stops_the_channel()), (AnswerClass::Thanks, false), "{text}");
            assert_eq!(own_words(&text), own, "{text}");
        }
        let without = read(Channel::Email, None, footer);
        assert!(without.class == AnswerClass::OptOut || footer.contains("click") || footer.contains("Hier"), "{footer}");
    }
}

#[test]
fn who_sent_a_quoted_mail_and_its_subject_in_the_next_line_are_enough() {
    let heads = [
        ("From: Northwind", "Subject: x"),
        ("Von: Nordwind", "Betreff: x"),
        ("De : Nordwind", "Objet : x"),
        ("De: Nordwind", "Asunto: x"),
        ("Da: Nordwind", "Oggetto: x"),
        ("Van: Nordwind", "Onderwerp: x"),
        ("De: Nordwind", "Assunto: x"),
        ("差出人: ノルドウィンド", "件名: x"),
    ];
    for ((own, _, footer), (from, subject)) in FOOTERS.into_iter().zip(heads) {
        let text = format!("{own}\n\n{from}\n{subject}\nINV-1 over 100.00 EUR is overdue.\n{footer}");
        assert_eq!(own_words(&text), own, "{text}");
        assert!(!read(Channel::Email, Some("Re: INV-1"), &text).stops_the_channel(), "{text}");
        // One of them alone, or with words between them, is somebody's own.
        for text in [format!("{own}\n{from}\nx"), format!("{own}\n{subject}\nx"), format!("{own}\n{from}\nx\n{subject}\nx")] {
            assert_eq!(own_words(&text), text, "{text}");
        }
    }
}

#[test]
fn headers_of_a_quoted_mail_are_known_in_eight_languages() {
    for head in [
        "From: Northwind\nSent: Thursday\nTo: AP\nSubject: x",
        "Von: Nordwind\nGesendet: Donnerstag\nAn: Einkauf\nBetreff: x",
        "De : Nordwind\nEnvoyé : jeudi\nÀ : Compta\nObjet : x",
        "De: Nordwind\nEnviado: jueves\nPara: Administración\nAsunto: x",
        "Da: Nordwind\nInviato: giovedì\nA: Amministrazione\nOggetto: x",
        "Van: Nordwind\nVerzonden: donderdag\nAan: Administratie\nOnderwerp: x",
        "De: Nordwind\nEnviada: quinta-feira\nPara: Contabilidade\nAssunto: x",
        "差出人: ノルドウィンド\n送信日時: 2026年11月26日\n宛先: 経理部\n件名: x",
    ] {
        assert_eq!(own_words(&format!("mine\n\n{head}\n\nSTOP")), "mine", "{head}");
    }
    assert_eq!(own_words("Sent from my phone\nmine\nVon meinem iPhone gesendet"), "mine");
}

#[test]
fn an_answer_between_quoted_lines_is_read() {
    let text = "On Thu, Nov 26, 2026 Northwind <b@northwind.example> wrote:\n> When will you pay?\n\nOn Friday we will pay.\n\n> To unsubscribe click";
    let answer = read(Channel::Email, Some("Re: x"), text);
    assert_eq!((answer.class, answer.stops_the_channel()), (AnswerClass::Promise, false), "{:?}", answer.rules);
}

#[test]
fn keywords_stop_and_start_as_whole_messages() {
    for text in ["STOP", "stop", "Stopp", "ARRET", "BAJA", "SAIR", "PARAR", "停止", "STOPALL", "unsubscribe", "Stop."] {
        let answer = read(Channel::Sms, None, text);
        assert_eq!(answer.certainty_of(AnswerClass::OptOut), Some(Certainty::Certain), "{text}");
        assert!(!answer.opt_in, "{text}");
    }
    for text in ["START", "Unstop", " start. "] {
        let answer = read(Channel::Sms, None, text);
        assert!(answer.opt_in && !answer.stops_the_channel(), "{text}");
        assert!(!read(Channel::Email, None, text).opt_in, "{text} by mail is no order");
    }
    for text in ["the bus stop is outside", "stop by our office on Friday", "we start on Monday", "Endbetrag stimmt"] {
        let answer = read(Channel::Sms, None, text);
        assert!(!answer.opt_in && !answer.stops_the_channel(), "{text}: {:?}", answer.rules);
    }
}

#[test]
fn what_is_denied_or_asked_is_not_said() {
    for (text, not) in [
        ("We have not paid this yet.", AnswerClass::ClaimedPaid),
        ("Wir haben die Rechnung noch nicht bezahlt.", AnswerClass::ClaimedPaid),
        ("Nous n'avons pas encore payé cette facture.", AnswerClass::ClaimedPaid),
        ("Todavía no hemos pagado la factura.", AnswerClass::ClaimedPaid),
        ("Non abbiamo ancora pagato la fattura.", AnswerClass::ClaimedPaid),
        ("Wij hebben de factuur nog niet betaald.", AnswerClass::ClaimedPaid),
        ("Ainda não foi pago.", AnswerClass::ClaimedPaid),
        ("まだ振込しておりません。", AnswerClass::ClaimedPaid),
        ("We do not dispute the amount of course, but please do not unsubscribe us.", AnswerClass::OptOut),
    ] {
        let answer = read(Channel::Email, None, text);
        assert!(answer.certainty_of(not).is_none_or(|certainty| certainty < Certainty::Likely), "{text}: {:?}", answer.rules);
    }
}

#[test]
fn a_wish_for_no_more_reminders_of_what_was_paid_does_not_close_the_channel() {
    let answer = read(Channel::Email, None, "This was paid on 20 November. Please stop sending reminders for it.");
    assert_eq!((answer.class, answer.stops_the_channel()), (AnswerClass::ClaimedPaid, false), "{:?}", answer.rules);
}

#[test]
fn a_subject_of_an_automatic_answer_says_that_somebody_is_away() {
    for subject in [
        "Automatic reply: Invoice",
        "Abwesenheitsnotiz: Rechnung",
        "Réponse automatique : Facture",
        "Respuesta automática: Factura",
        "Risposta automatica: Fattura",
        "Automatisch antwoord: Factuur",
        "Resposta automática: Fatura",
        "自動応答: 請求書",
    ] {
        assert_eq!(read(Channel::Email, Some(subject), "x").class, AnswerClass::OutOfOffice, "{subject}");
    }
}

#[test]
fn several_classes_come_strongest_first_and_once() {
    let answer = read(
        Channel::Email,
        None,
        "We will pay half on Friday. The rest is disputed: two boxes were damaged. Please resend the invoice.",
    );
    let classes: Vec<AnswerClass> = answer.classes.iter().map(|(class, _)| *class).collect();
    assert_eq!(classes, [AnswerClass::Dispute, AnswerClass::Promise, AnswerClass::CopyRequest], "{:?}", answer.rules);
    assert!(answer.classes.windows(2).all(|two| two[0].1 >= two[1].1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_text_is_read(text in "\\PC{0,300}", subject in "\\PC{0,60}") {
        for channel in [Channel::Email, Channel::Sms] {
            let answer = read(channel, Some(&subject), &text);
            prop_assert_eq!(answer.classes.first().map_or(AnswerClass::Other, |(class, _)| *class), answer.class);
        }
    }

    #[test]
    fn what_is_quoted_changes_nothing(lines in proptest::collection::vec("[a-zA-Z .!?]{0,60}", 0..8)) {
        let quoted: String = lines.iter().map(|line| format!("> {line}\n")).collect();
        let own = "We will pay on Friday.";
        prop_assert_eq!(read(Channel::Email, None, own), read(Channel::Email, None, &format!("{own}\n\n{quoted}")));
    }
}
