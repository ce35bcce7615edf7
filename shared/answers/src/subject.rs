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
        let patterns = all_packs().iter().flat_map(|pack| &pack.auto_subject);
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
}
