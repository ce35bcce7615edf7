//! The words of the form by which somebody says that they paid, by language, beside [`crate::form_labels`].

use serde::Serialize;

use crate::labels::PageLabels;

/// What the form says in one language; `{}` and names in braces stand for an amount or a day.
#[derive(Debug, Serialize)]
pub(crate) struct PaidAlreadyLabels {
    pub(crate) language: &'static str,
    pub(crate) title: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) how_much_hint: &'static str,
    pub(crate) sent_on: &'static str,
    pub(crate) sent_on_hint: &'static str,
    pub(crate) how: &'static str,
    pub(crate) wrong_day: &'static str,
    pub(crate) wrong_way: &'static str,
    pub(crate) wrong_lines: &'static str,
    pub(crate) made: &'static str,
    pub(crate) says: &'static str,
    pub(crate) waits: &'static str,
    pub(crate) otherwise: &'static str,
    pub(crate) arrived: &'static str,
    pub(crate) failed: &'static str,
}

impl PaidAlreadyLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        ALL.iter().find(|own| own.language == words.language).unwrap_or(&ALL[0])
    }
}

static ALL: [PaidAlreadyLabels; 2] = [
    PaidAlreadyLabels {
        language: "en",
        title: "I have paid already",
        intro: "Tell us what you sent, and when. We look for it instead of reminding you.",
        nothing: "There is no open invoice here that could have been paid.",
        how_much_hint: "Leave it empty if you paid all that is open of these invoices.",
        sent_on: "On which day did you pay?",
        sent_on_hint: "Today, or one of the last days.",
        how: "How did you pay?",
        wrong_day: "Choose today or one of the last days. What was sent longer ago should be with us by now: please look whether it left your account, and write to us. For a day to come, promise a payment.",
        wrong_way: "Choose how you paid.",
        wrong_lines: "Choose invoices of one currency and one company, each of which you have not told us of before. If you told us before and it did not come, or one of them is not open any more, write to us.",
        made: "Thank you, we note it",
        says: "On {day} you told us that {amount} is on its way to us.",
        waits: "We look for it until {}. Until then we do not ask for it.",
        otherwise: "If it is not in our books by then, we ask for it again.",
        arrived: "It arrived. Thank you.",
        failed: "It is not in our books. What is still open of it is asked for again.",
    },
    PaidAlreadyLabels {
        language: "de",
        title: "Ich habe schon gezahlt",
        intro: "Sagen Sie uns, was Sie wann gezahlt haben. Wir warten darauf, statt Sie zu erinnern.",
        nothing: "Hier ist keine offene Rechnung, die bezahlt sein könnte.",
        how_much_hint: "Lassen Sie das Feld leer, wenn Sie alles gezahlt haben, was von diesen Rechnungen offen ist.",
        sent_on: "An welchem Tag haben Sie gezahlt?",
        sent_on_hint: "Heute oder an einem der letzten Tage.",
        how: "Wie haben Sie gezahlt?",
        wrong_day: "Wählen Sie heute oder einen der letzten Tage. Was länger her ist, müsste schon bei uns sein: Bitte sehen Sie nach, ob es von Ihrem Konto abging, und schreiben Sie uns. Für einen künftigen Tag sagen Sie eine Zahlung zu.",
        wrong_way: "Wählen Sie, wie Sie gezahlt haben.",
        wrong_lines: "Wählen Sie Rechnungen in einer Währung und von einem Unternehmen, für die Sie uns noch keine Zahlung gemeldet haben. Wenn eine gemeldete Zahlung nicht ankam oder eine Rechnung nicht mehr offen ist, schreiben Sie uns.",
        made: "Danke, wir haben es vermerkt",
        says: "Sie haben uns am {day} gemeldet, dass {amount} an uns unterwegs sind.",
        waits: "Wir warten darauf bis zum {}. Solange fordern wir es nicht.",
        otherwise: "Ist es bis dahin nicht bei uns gebucht, fordern wir es wieder.",
        arrived: "Es ist angekommen. Vielen Dank.",
        failed: "Es ist nicht bei uns gebucht. Was davon noch offen ist, fordern wir wieder.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_says_it_with_the_same_places_open() {
        for words in PageLabels::all() {
            let own = PaidAlreadyLabels::of(words);
            assert_eq!(own.language, words.language);
            for (text, places) in [(own.says, ["{day}", "{amount}"].as_slice()), (own.waits, &["{}"])] {
                assert!(places.iter().all(|place| text.matches(place).count() == 1), "{text}");
            }
        }
    }
}
