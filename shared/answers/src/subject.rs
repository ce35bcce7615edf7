//! Subjects: whether one is ours that comes back, an automatic answer's, or the sender's own words.

use crate::{
    history::is_reply_prefix,
    packs::all_packs,
    words::{Sentence, sentences},
};

/// What a subject is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Ours, that came back, or none.
    Nothing,
    /// That of an answer that a machine wrote.
    Automatic,
    /// The sender's own words.
    Own(Vec<Sentence>),
}

/// Reads a subject.
pub(crate) fn read_subject(subject: &str) -> Subject {
    let words = sentences(subject);
    let is_automatic = words.iter().take(1).any(|sentence| {
        let patterns = all_packs().iter().flat_map(|pack| pack.auto_subject.iter().chain(&pack.away_subject));
        patterns
            .into_iter()
            .any(|pattern| (0..sentence.words.len()).any(|at| pattern.match_at(sentence, at, &|_, _| None).is_some()))
    });
    if is_automatic {
        Subject::Automatic
    } else if subject.split([':', '：']).next().is_some_and(|prefix| prefix.len() < subject.len() && is_reply_prefix(prefix))
        || words.is_empty()
    {
        Subject::Nothing
    } else {
        Subject::Own(words)
    }
}

/// Whether a mail's subject begins as those of automatic answers do, in eight languages. It is the one list of such subjects: whoever asks whether a machine
/// wrote a mail asks it.
pub fn is_automatic_subject(subject: &str) -> bool {
    let words = sentences(subject);
    let Some(first) = words.first() else { return false };
    let mut patterns = all_packs().iter().flat_map(|pack| &pack.auto_subject);
    patterns.any(|pattern| pattern.match_at(first, 0, &|_, _| None).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_told_apart() {
        for (subject, automatic, own) in [
            ("Automatic reply: Invoice 1", true, false),
            ("Re: Automatic reply: Invoice 1", true, false),
            ("Abwesenheitsnotiz: Rechnung", true, false),
            ("Réponse automatique : x", true, false),
            ("Risposta automatica: x", true, false),
            ("Automatisch antwoord: x", true, false),
            ("Respuesta automática: x", true, false),
            ("Resposta automática: x", true, false),
            ("自動応答: x", true, false),
            ("Re: Invoice overdue", false, false),
            ("AW: Rechnung", false, false),
            ("RE : Facture", false, false),
            ("", false, false),
            ("Unsubscribe", false, true),
            ("Invoice: a copy please", false, true),
        ] {
            let read = read_subject(subject);
            assert_eq!((read == Subject::Automatic, matches!(read, Subject::Own(_))), (automatic, own), "{subject}");
        }
    }

    #[test]
    fn a_subject_shows_a_machine_only_where_it_begins_so() {
        for (subject, expected) in [
            ("Automatic reply: INV-1", true),
            ("AUTO-REPLY: INV-1", true),
            ("autoreply: INV-1", true),
            ("Out of Office until Monday", true),
            ("Automatische Antwort: Rechnung", true),
            ("Abwesenheitsnotiz", true),
            ("Réponse automatique : x", true),
            ("Absence du bureau", true),
            ("Respuesta automática: x", true),
            ("Risposta automatica: x", true),
            ("Fuori sede", true),
            ("Ausência do escritório", true),
            ("Afwezig: x", true),
            ("自動応答: x", true),
            ("不在のお知らせ", true),
            // Ours that comes back, and what people write who are away or speak of it.
            ("Re: Automatic reply: INV-1", false),
            ("Absence de commande", false),
            ("En congé, merci de ne plus m'écrire", false),
            ("Férias", false),
            ("Invoice: out of office supplies", false),
            ("", false),
        ] {
            assert_eq!(is_automatic_subject(subject), expected, "{subject}");
        }
    }
}
