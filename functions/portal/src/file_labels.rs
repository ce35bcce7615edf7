//! The words of the pages on which customers send files, by language, beside [`crate::form_labels`].

use domain::customer_file::FileFlaw;
use serde::Serialize;
use service::customer_files::NoRoom;

use crate::labels::PageLabels;

/// What these pages say in one language; `{}` and other names in braces stand for a number, a size or a day.
#[derive(Debug, Serialize)]
pub(crate) struct FileLabels {
    pub(crate) language: &'static str,
    /// Leads here, and heads the page.
    pub(crate) send_files: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) attached: &'static str,
    /// Of a file: its name, its size and the day.
    pub(crate) attached_line: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) upload: &'static str,
    /// Heads the page after S3 took a file.
    pub(crate) one_step_left: &'static str,
    pub(crate) one_step_text: &'static str,
    pub(crate) attach: &'static str,
    pub(crate) another: &'static str,
    pub(crate) nothing_came: &'static str,
    pub(crate) has_macros: &'static str,
    pub(crate) is_old_office: &'static str,
    pub(crate) is_unknown: &'static str,
    pub(crate) is_too_large: &'static str,
    pub(crate) decided: &'static str,
    pub(crate) later: &'static str,
    pub(crate) enough: &'static str,
    pub(crate) enough_today: &'static str,
    pub(crate) not_now: &'static str,
    pub(crate) what_you_wrote: &'static str,
    /// Of a message: the day, and how many files came with it.
    pub(crate) with_files: &'static str,
}

impl FileLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        ALL.iter().find(|own| own.language == words.language).unwrap_or(&ALL[0])
    }

    /// Why a file is refused.
    pub(crate) fn flaw(&self, flaw: FileFlaw) -> &'static str {
        match flaw {
            FileFlaw::Macros => self.has_macros,
            FileFlaw::OldOffice => self.is_old_office,
            FileFlaw::Unknown => self.is_unknown,
        }
    }

    /// Why no more files are taken; `{}` is the most of them, where there is a most.
    pub(crate) fn no_room(&self, why: NoRoom) -> &'static str {
        match why {
            NoRoom::Decided => self.decided,
            NoRoom::Later => self.later,
            NoRoom::Enough => self.enough,
            NoRoom::EnoughToday => self.enough_today,
        }
    }
}

static ALL: [FileLabels; 2] = [
    FileLabels {
        language: "en",
        send_files: "Add photos or documents",
        intro: "Up to {} files. Only the people who work on it see them.",
        attached: "What is attached",
        attached_line: "{name}, {size}, {day}",
        choose: "Choose a file",
        hint: "A photo (JPEG, PNG, HEIC, WebP), a PDF, or a document of Word, Excel or PowerPoint without macros, at most {} MB. A larger file is \
               refused on a page that is not ours: go back then, and choose a smaller one. Choose within a quarter of an hour, or load this page anew.",
        upload: "Send the file",
        one_step_left: "One step is left",
        one_step_text: "Attach the file that you sent. We look at what it is before; until then nobody sees it, and after a day it is deleted.",
        attach: "Attach it",
        another: "Send another file",
        nothing_came: "No file has come, or it was sent more than a day ago. Please send it again.",
        has_macros: "The file holds macros, or something else that runs by itself. We do not take such files, and have deleted it. Please save it as PDF and send that.",
        is_old_office: "The file is a document of an old Office, or is locked by a password. We cannot look into it, and have deleted it. Please save it as PDF and send that.",
        is_unknown: "By its content the file is none of those that we take, whatever its name says, or it is damaged. We have deleted it. Please send a photo or a PDF.",
        is_too_large: "The file is too large. We have deleted it. Please send a smaller one.",
        decided: "This dispute is over, so nothing is added to it. If something is missing, write to us.",
        later: "That was on another day. To add something, write to us again.",
        enough: "That is as many files as fit here ({}). To send more, write to us.",
        enough_today: "That is enough for today: {} files came by this link. Please go on tomorrow.",
        not_now: "Something has just changed. Please attach it once more.",
        what_you_wrote: "What you wrote by this link",
        with_files: "{day}, files: {}",
    },
    FileLabels {
        language: "de",
        send_files: "Fotos oder Unterlagen hinzufügen",
        intro: "Bis zu {} Dateien. Nur wer den Vorgang bearbeitet, sieht sie.",
        attached: "Was beigefügt ist",
        attached_line: "{name}, {size}, {day}",
        choose: "Wählen Sie eine Datei",
        hint: "Ein Foto (JPEG, PNG, HEIC, WebP), ein PDF oder ein Dokument aus Word, Excel oder PowerPoint ohne Makros, höchstens {} MB. Eine größere Datei \
               wird auf einer Seite abgelehnt, die nicht unsere ist: Gehen Sie dann zurück, und wählen Sie eine kleinere. Wählen Sie innerhalb einer \
               Viertelstunde, oder laden Sie diese Seite neu.",
        upload: "Datei senden",
        one_step_left: "Ein Schritt fehlt noch",
        one_step_text: "Fügen Sie die gesendete Datei bei. Wir prüfen vorher, was sie ist; bis dahin sieht sie niemand, und nach einem Tag wird sie gelöscht.",
        attach: "Beifügen",
        another: "Noch eine Datei senden",
        nothing_came: "Es ist keine Datei angekommen, oder sie wurde vor mehr als einem Tag gesendet. Bitte senden Sie sie noch einmal.",
        has_macros: "Die Datei enthält Makros oder anderes, was von selbst läuft. Solche Dateien nehmen wir nicht an; wir haben sie gelöscht. Bitte speichern Sie sie als PDF, und senden Sie das.",
        is_old_office: "Die Datei ist ein Dokument eines alten Office oder mit einem Kennwort gesperrt. Wir können sie nicht prüfen und haben sie gelöscht. Bitte speichern Sie sie als PDF, und senden Sie das.",
        is_unknown: "Ihrem Inhalt nach ist die Datei keine von denen, die wir annehmen, wie auch immer sie heißt, oder sie ist beschädigt. Wir haben sie gelöscht. Bitte senden Sie ein Foto oder ein PDF.",
        is_too_large: "Die Datei ist zu groß. Wir haben sie gelöscht. Bitte senden Sie eine kleinere.",
        decided: "Diese Reklamation ist abgeschlossen, deshalb wird nichts mehr hinzugefügt. Wenn etwas fehlt, schreiben Sie uns.",
        later: "Das war an einem anderen Tag. Um etwas zu ergänzen, schreiben Sie uns noch einmal.",
        enough: "Mehr Dateien passen hier nicht ({}). Um mehr zu senden, schreiben Sie uns.",
        enough_today: "Für heute ist es genug: {} Dateien kamen über diesen Link. Bitte machen Sie morgen weiter.",
        not_now: "Gerade hat sich etwas geändert. Bitte fügen Sie sie noch einmal bei.",
        what_you_wrote: "Was Sie über diesen Link geschrieben haben",
        with_files: "{day}, Dateien: {}",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_of_the_pages_has_every_word_with_the_same_places() {
        for words in PageLabels::all() {
            assert_eq!(FileLabels::of(words).language, words.language);
        }
        let places = |labels: &FileLabels| -> Vec<(String, Vec<String>)> {
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
        assert!(first.iter().filter(|(_, open)| !open.is_empty()).count() > 4, "{first:?}");
        for labels in &ALL[1..] {
            assert_eq!(places(labels), first, "{}", labels.language);
        }
    }
}
