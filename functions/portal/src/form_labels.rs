//! The words of the portal's forms, by language, beside [`crate::labels`].

use domain::{DisputeReason, WayOfPaying};
use serde::Serialize;

use crate::labels::PageLabels;

/// What the forms say in one language; `{}` and other names in braces stand for a number, an amount or a day.
#[derive(Debug, Serialize)]
pub(crate) struct FormLabels {
    pub(crate) language: &'static str,
    pub(crate) promise: &'static str,
    pub(crate) dispute: &'static str,
    pub(crate) write: &'static str,
    pub(crate) ask_copy: &'static str,
    pub(crate) ask_plan: &'static str,
    pub(crate) what_you_can_do: &'static str,
    /// Heads what is wrong with a form.
    pub(crate) wrong_title: &'static str,
    pub(crate) send: &'static str,
    pub(crate) optional: &'static str,
    pub(crate) promise_intro: &'static str,
    pub(crate) which: &'static str,
    pub(crate) other_items: &'static str,
    pub(crate) how_much: &'static str,
    pub(crate) how_much_hint: &'static str,
    pub(crate) by_when: &'static str,
    pub(crate) by_when_hint: &'static str,
    pub(crate) how: &'static str,
    pub(crate) promises_closed: &'static str,
    pub(crate) promises_enough: &'static str,
    pub(crate) nothing_to_promise: &'static str,
    pub(crate) wrong_invoices: &'static str,
    pub(crate) no_invoices: &'static str,
    pub(crate) wrong_amount: &'static str,
    pub(crate) mixed_amount: &'static str,
    pub(crate) wrong_day: &'static str,
    pub(crate) wrong_way: &'static str,
    pub(crate) wrong_reason: &'static str,
    pub(crate) wrong_words: &'static str,
    pub(crate) no_words: &'static str,
    pub(crate) too_often: &'static str,
    pub(crate) wrong_about: &'static str,
    pub(crate) wrong_for: &'static str,
    pub(crate) unknown_field: &'static str,
    pub(crate) not_now: &'static str,
    pub(crate) too_much: &'static str,
    pub(crate) dispute_intro: &'static str,
    pub(crate) what_is_wrong: &'static str,
    pub(crate) please_choose: &'static str,
    pub(crate) how_much_wrong: &'static str,
    pub(crate) how_much_wrong_hint: &'static str,
    pub(crate) in_words: &'static str,
    pub(crate) in_words_hint: &'static str,
    pub(crate) disputed_already: &'static str,
    pub(crate) see_dispute: &'static str,
    pub(crate) nothing_to_dispute: &'static str,
    pub(crate) write_intro: &'static str,
    pub(crate) what_about: &'static str,
    pub(crate) for_message: &'static str,
    pub(crate) for_copy: &'static str,
    pub(crate) for_plan: &'static str,
    pub(crate) which_one: &'static str,
    pub(crate) none_of_them: &'static str,
    pub(crate) plan_hint: &'static str,
    pub(crate) promise_made: &'static str,
    pub(crate) promise_says: &'static str,
    pub(crate) promise_waits: &'static str,
    pub(crate) promise_else: &'static str,
    pub(crate) promise_kept: &'static str,
    pub(crate) promise_partly_kept: &'static str,
    pub(crate) promise_broken: &'static str,
    pub(crate) promise_over: &'static str,
    pub(crate) dispute_made: &'static str,
    pub(crate) dispute_says: &'static str,
    pub(crate) dispute_waits: &'static str,
    pub(crate) dispute_late: &'static str,
    pub(crate) dispute_until: &'static str,
    pub(crate) dispute_rest: &'static str,
    pub(crate) dispute_over: &'static str,
    pub(crate) written: &'static str,
    pub(crate) written_says: &'static str,
    pub(crate) invoices_of: &'static str,
    /// Of a due item.
    pub(crate) disputed_part: &'static str,
    /// Of a due item.
    pub(crate) promise_missed: &'static str,
    #[serde(skip)]
    ways: &'static [(WayOfPaying, &'static str)],
    #[serde(skip)]
    reasons: &'static [(DisputeReason, &'static str)],
}

impl FormLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        ALL.iter().find(|own| own.language == words.language).unwrap_or(&ALL[0])
    }

    /// The ways of paying: word and name.
    pub(crate) fn ways(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.ways.iter().map(|(way, name)| (way.as_str(), *name))
    }

    /// A way of paying in words; that of a later release is another way.
    pub(crate) fn way(&self, way: &WayOfPaying) -> &'static str {
        let named = self.ways.iter().find(|(known, _)| known == way).or(self.ways.last());
        named.map_or("", |(_, name)| name)
    }

    /// The reasons of a dispute: word and name.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.reasons.iter().map(|(reason, name)| (reason.as_str(), *name))
    }

    /// A reason in words; that of a later release is something else.
    pub(crate) fn reason(&self, reason: &DisputeReason) -> &'static str {
        let named = self.reasons.iter().find(|(known, _)| known == reason).or(self.reasons.last());
        named.map_or("", |(_, name)| name)
    }
}

static ALL: [FormLabels; 2] = [
    FormLabels {
        language: "en",
        promise: "Promise a payment",
        dispute: "Something is wrong with this invoice",
        write: "Write to us",
        ask_copy: "Ask for a copy of this invoice",
        ask_plan: "Ask to pay in instalments",
        what_you_can_do: "What else you can do here",
        wrong_title: "Nothing is recorded yet. Please look at:",
        send: "Send",
        optional: "optional",
        promise_intro: "Tell us what you will pay, and when. We wait for it instead of reminding you.",
        which: "Which invoices?",
        other_items: "More invoices",
        how_much: "How much?",
        how_much_hint: "Leave it empty to promise all that is open of these invoices.",
        by_when: "By which day?",
        by_when_hint: "From {first} to {last}.",
        how: "How will you pay?",
        promises_closed: "Promises are agreed with a person here. Please write to us.",
        promises_enough: "As many promises are open as can be made here ({}). Please keep these first, or write to us.",
        nothing_to_promise: "There is no open invoice here that could be promised.",
        wrong_invoices: "Choose at least one of your open invoices. What you chose is no longer open, or is not yours.",
        no_invoices: "Choose at least one invoice.",
        wrong_amount: "Enter an amount above zero and at most {}, such as {example}, or leave it empty.",
        mixed_amount: "An amount can be entered for invoices of one currency and one company only. Choose fewer invoices, or leave it empty.",
        wrong_day: "Choose a day from {first} to {last}. For a later day, ask to pay in instalments or write to us.",
        wrong_way: "Choose how you will pay.",
        wrong_reason: "Choose what is wrong.",
        wrong_words: "Write at most {most} characters and no control characters; these are {count}.",
        no_words: "Write something.",
        too_often: "That is enough for today: {} messages came by this link. Please use the address that our messages come from.",
        wrong_about: "There is no such invoice of yours. Choose another one, or none.",
        wrong_for: "Choose what it is about.",
        unknown_field: "Something was sent that this form does not have, such as a line of an invoice. Please describe it in words.",
        not_now: "Something changed at the same moment. Please send it again.",
        too_much: "Too much is agreed on already. Please write to us.",
        dispute_intro: "Tell us what is wrong. We mean to decide by {}. Until it is decided we do not ask for what you dispute.",
        what_is_wrong: "What is wrong?",
        please_choose: "Please choose",
        how_much_wrong: "How much of it?",
        how_much_wrong_hint: "Leave it empty for all that is open: {}.",
        in_words: "In your words",
        in_words_hint: "At most {} characters. Please no card or account numbers.",
        disputed_already: "This invoice is in dispute already. To add something, write to us.",
        see_dispute: "See the dispute",
        nothing_to_dispute: "Nothing of this invoice is open, so there is nothing to dispute here. If something is wrong, write to us.",
        write_intro: "A person reads it. Nothing changes by itself: what is due stays due.",
        what_about: "What is it about?",
        for_message: "A message",
        for_copy: "A copy of an invoice",
        for_plan: "Paying in instalments",
        which_one: "Which invoice?",
        none_of_them: "None in particular",
        plan_hint: "For instalments: say how much you can pay and when. For a copy you need not write anything.",
        promise_made: "Your promise is recorded",
        promise_says: "You promised to pay {amount} by {day}.",
        promise_waits: "We wait until {}: by then the payment has to be in our books. Until then we do not ask for it.",
        promise_else: "If it is not there by then, we ask for it again.",
        promise_kept: "It was kept. Thank you.",
        promise_partly_kept: "A part of it came in time. We ask again for what is still open of it.",
        promise_broken: "The payment did not come in time. We ask again for what is still open of it.",
        promise_over: "It does not stand any more. Please ask us if you do not know why.",
        dispute_made: "Your dispute is recorded",
        dispute_says: "You dispute {amount} of invoice {number}: {reason}.",
        dispute_waits: "We mean to decide by {}. Until it is decided we do not ask for this amount.",
        dispute_late: "It is not decided yet. Until it is decided we do not ask for this amount.",
        dispute_until: "It is not decided yet. We do not ask for this amount until {}.",
        dispute_rest: "The rest of the invoice stays due.",
        dispute_over: "It is over and keeps nothing back any more.",
        written: "Your message is here",
        written_says: "It came on {}. A person reads it. Nothing changes by itself: what is due stays due.",
        invoices_of: "Invoices: {}",
        disputed_part: "in dispute: {}",
        promise_missed: "the payment promised for {} did not come in full",
        ways: &[
            (WayOfPaying::Card, "Card"),
            (WayOfPaying::Ach, "Bank debit (ACH)"),
            (WayOfPaying::SepaDebit, "SEPA direct debit"),
            (WayOfPaying::Bacs, "Bacs direct debit"),
            (WayOfPaying::Transfer, "Bank transfer"),
            (WayOfPaying::Check, "Cheque"),
            (WayOfPaying::Cash, "Cash"),
            (WayOfPaying::Paypal, "PayPal"),
            (WayOfPaying::Other, "Another way"),
        ],
        reasons: &[
            (DisputeReason::Delivery, "It was not delivered, or late"),
            (DisputeReason::Quantity, "It was less or more than ordered"),
            (DisputeReason::Quality, "What came was faulty"),
            (DisputeReason::Price, "The price is not the one agreed"),
            (DisputeReason::Tax, "The tax is wrong"),
            (DisputeReason::Duplicate, "It is asked for twice"),
            (DisputeReason::AlreadyPaid, "It was paid already"),
            (DisputeReason::PoMissing, "The order number is missing or wrong"),
            (DisputeReason::NotOrdered, "Nobody ordered it"),
            (DisputeReason::WrongParty, "Somebody else owes it"),
            (DisputeReason::Contract, "The contract says otherwise"),
            (DisputeReason::Other, "Something else"),
        ],
    },
    FormLabels {
        language: "de",
        promise: "Zahlung zusagen",
        dispute: "Mit dieser Rechnung stimmt etwas nicht",
        write: "Schreiben Sie uns",
        ask_copy: "Kopie dieser Rechnung anfordern",
        ask_plan: "Um Ratenzahlung bitten",
        what_you_can_do: "Was Sie hier noch tun können",
        wrong_title: "Es ist noch nichts aufgenommen. Bitte prüfen Sie:",
        send: "Absenden",
        optional: "optional",
        promise_intro: "Sagen Sie uns, was Sie wann zahlen. Wir warten darauf, statt Sie zu erinnern.",
        which: "Welche Rechnungen?",
        other_items: "Weitere Rechnungen",
        how_much: "Wie viel?",
        how_much_hint: "Lassen Sie das Feld leer, um alles zuzusagen, was von diesen Rechnungen offen ist.",
        by_when: "Bis zu welchem Tag?",
        by_when_hint: "Vom {first} bis zum {last}.",
        how: "Wie zahlen Sie?",
        promises_closed: "Zahlungszusagen vereinbaren wir hier persönlich. Bitte schreiben Sie uns.",
        promises_enough: "Es sind schon so viele Zusagen offen, wie hier möglich sind ({}). Bitte halten Sie diese zuerst ein, oder schreiben Sie uns.",
        nothing_to_promise: "Hier ist keine offene Rechnung, die Sie zusagen könnten.",
        wrong_invoices: "Wählen Sie mindestens eine Ihrer offenen Rechnungen. Was Sie gewählt haben, ist nicht mehr offen oder nicht Ihre.",
        no_invoices: "Wählen Sie mindestens eine Rechnung.",
        wrong_amount: "Geben Sie einen Betrag über null und höchstens {} an, zum Beispiel {example}, oder lassen Sie das Feld leer.",
        mixed_amount: "Ein Betrag geht nur für Rechnungen in einer Währung und von einem Unternehmen. Wählen Sie weniger Rechnungen, oder lassen Sie das Feld leer.",
        wrong_day: "Wählen Sie einen Tag vom {first} bis zum {last}. Für einen späteren Tag bitten Sie um Ratenzahlung, oder schreiben Sie uns.",
        wrong_way: "Wählen Sie, wie Sie zahlen.",
        wrong_reason: "Wählen Sie, was nicht stimmt.",
        wrong_words: "Schreiben Sie höchstens {most} Zeichen und keine Steuerzeichen; das sind {count}.",
        no_words: "Schreiben Sie etwas.",
        too_often: "Für heute ist es genug: {} Nachrichten kamen über diesen Link. Bitte nutzen Sie die Adresse, von der unsere Nachrichten kommen.",
        wrong_about: "Eine solche Rechnung von Ihnen gibt es nicht. Wählen Sie eine andere oder keine.",
        wrong_for: "Wählen Sie, worum es geht.",
        unknown_field: "Es wurde etwas gesendet, was dieses Formular nicht hat, etwa eine Position der Rechnung. Bitte beschreiben Sie es in Worten.",
        not_now: "Gerade hat sich etwas geändert. Bitte senden Sie es noch einmal ab.",
        too_much: "Es ist schon zu viel vereinbart. Bitte schreiben Sie uns.",
        dispute_intro: "Sagen Sie uns, was nicht stimmt. Wir wollen bis zum {} entscheiden. Bis es entschieden ist, fordern wir nicht, was Sie beanstanden.",
        what_is_wrong: "Was stimmt nicht?",
        please_choose: "Bitte wählen",
        how_much_wrong: "Wie viel davon?",
        how_much_wrong_hint: "Lassen Sie das Feld leer für alles, was offen ist: {}.",
        in_words: "In Ihren Worten",
        in_words_hint: "Höchstens {} Zeichen. Bitte keine Karten- oder Kontonummern.",
        disputed_already: "Diese Rechnung ist schon in Klärung. Um etwas zu ergänzen, schreiben Sie uns.",
        see_dispute: "Zur Reklamation",
        nothing_to_dispute: "Von dieser Rechnung ist nichts offen, also gibt es hier nichts zu beanstanden. Wenn etwas nicht stimmt, schreiben Sie uns.",
        write_intro: "Ein Mensch liest es. Von selbst ändert sich nichts: Was fällig ist, bleibt fällig.",
        what_about: "Worum geht es?",
        for_message: "Eine Nachricht",
        for_copy: "Eine Kopie einer Rechnung",
        for_plan: "Eine Ratenzahlung",
        which_one: "Welche Rechnung?",
        none_of_them: "Keine bestimmte",
        plan_hint: "Für eine Ratenzahlung: Sagen Sie, wie viel Sie wann zahlen können. Für eine Kopie müssen Sie nichts schreiben.",
        promise_made: "Ihre Zusage ist aufgenommen",
        promise_says: "Sie haben zugesagt, bis zum {day} {amount} zu zahlen.",
        promise_waits: "Wir warten bis zum {}: Bis dahin muss die Zahlung bei uns gebucht sein. Solange fordern wir sie nicht.",
        promise_else: "Ist sie bis dahin nicht da, fordern wir sie wieder.",
        promise_kept: "Sie wurde eingehalten. Vielen Dank.",
        promise_partly_kept: "Ein Teil davon kam rechtzeitig. Was davon noch offen ist, fordern wir wieder.",
        promise_broken: "Die Zahlung kam nicht rechtzeitig. Was davon noch offen ist, fordern wir wieder.",
        promise_over: "Sie gilt nicht mehr. Bitte fragen Sie uns, wenn Sie nicht wissen, warum.",
        dispute_made: "Ihre Reklamation ist aufgenommen",
        dispute_says: "Sie beanstanden {amount} der Rechnung {number}: {reason}.",
        dispute_waits: "Wir wollen bis zum {} entscheiden. Bis es entschieden ist, fordern wir diesen Betrag nicht.",
        dispute_late: "Es ist noch nicht entschieden. Bis es entschieden ist, fordern wir diesen Betrag nicht.",
        dispute_until: "Es ist noch nicht entschieden. Bis zum {} fordern wir diesen Betrag nicht.",
        dispute_rest: "Der Rest der Rechnung bleibt fällig.",
        dispute_over: "Sie ist beendet und hält nichts mehr zurück.",
        written: "Ihre Nachricht ist da",
        written_says: "Sie kam am {}. Ein Mensch liest sie. Von selbst ändert sich nichts: Was fällig ist, bleibt fällig.",
        invoices_of: "Rechnungen: {}",
        disputed_part: "in Klärung: {}",
        promise_missed: "die für {} zugesagte Zahlung kam nicht vollständig",
        ways: &[
            (WayOfPaying::Card, "Karte"),
            (WayOfPaying::Ach, "Bankeinzug (ACH)"),
            (WayOfPaying::SepaDebit, "SEPA-Lastschrift"),
            (WayOfPaying::Bacs, "Bacs-Lastschrift"),
            (WayOfPaying::Transfer, "Überweisung"),
            (WayOfPaying::Check, "Scheck"),
            (WayOfPaying::Cash, "Bar"),
            (WayOfPaying::Paypal, "PayPal"),
            (WayOfPaying::Other, "Anderer Weg"),
        ],
        reasons: &[
            (DisputeReason::Delivery, "Nicht oder zu spät geliefert"),
            (DisputeReason::Quantity, "Weniger oder mehr als bestellt"),
            (DisputeReason::Quality, "Was kam, war mangelhaft"),
            (DisputeReason::Price, "Der Preis ist nicht der vereinbarte"),
            (DisputeReason::Tax, "Die Steuer stimmt nicht"),
            (DisputeReason::Duplicate, "Sie ist doppelt berechnet"),
            (DisputeReason::AlreadyPaid, "Sie ist schon bezahlt"),
            (DisputeReason::PoMissing, "Die Bestellnummer fehlt oder ist falsch"),
            (DisputeReason::NotOrdered, "Niemand hat es bestellt"),
            (DisputeReason::WrongParty, "Jemand anders schuldet sie"),
            (DisputeReason::Contract, "Im Vertrag steht es anders"),
            (DisputeReason::Other, "Etwas anderes"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_language_of_the_pages_has_every_word() {
        for words in PageLabels::all() {
            let own = FormLabels::of(words);
            assert_eq!(own.language, words.language);
            assert_eq!(own.ways().map(|(word, _)| word).collect::<Vec<_>>(), WayOfPaying::WORDS);
            assert_eq!(own.reasons().map(|(word, _)| word).collect::<Vec<_>>(), DisputeReason::WORDS);
            let names: BTreeSet<&str> = own.ways().chain(own.reasons()).map(|(_, name)| name).collect();
            assert_eq!(
                names.len(),
                WayOfPaying::WORDS.len() + DisputeReason::WORDS.len(),
                "two are called alike in {}",
                own.language
            );
            assert_eq!(own.reason(&DisputeReason::Later("solar_storm".to_owned())), own.reason(&DisputeReason::Other));
        }
    }

    #[test]
    fn each_language_leaves_the_same_places_open() {
        let places = |labels: &FormLabels| -> Vec<(String, Vec<String>)> {
            let serde_json::Value::Object(texts) = serde_json::to_value(labels).expect("labels are texts") else { return vec![] };
            let open = |text: &str| {
                let mut open: Vec<String> =
                    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect();
                open.sort();
                open
            };
            texts.iter().map(|(name, text)| (name.clone(), open(text.as_str().unwrap_or_default()))).collect()
        };
        let first = places(&ALL[0]);
        assert!(first.len() > 50, "{first:?}");
        for labels in &ALL[1..] {
            assert_eq!(places(labels), first, "{}", labels.language);
        }
    }
}
