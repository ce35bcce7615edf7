//! How a mail says what it carries, by language.

/// `{}` stands for the names of the files. English comes first: it is taken where a language has no words.
const CARRIED: [(&str, &str); 8] = [
    ("en", "Attached: {}"),
    ("de", "Im Anhang: {}"),
    ("fr", "En pièce jointe\u{a0}: {}"),
    ("es", "Adjunto: {}"),
    ("it", "In allegato: {}"),
    ("nl", "Bijgevoegd: {}"),
    ("pt", "Em anexo: {}"),
    ("ja", "添付ファイル：{}"),
];

/// That files go along, by their names.
pub fn says_carried(language: &str, names: &[String]) -> String {
    let primary = language.split('-').next().unwrap_or_default();
    let (_, form) = CARRIED.iter().find(|(known, _)| known.eq_ignore_ascii_case(primary)).unwrap_or(&CARRIED[0]);
    form.replace("{}", &names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_says_it() {
        let names = ["a.pdf".to_owned(), "b.pdf".to_owned()];
        assert_eq!(says_carried("de-at", &names), "Im Anhang: a.pdf, b.pdf");
        assert_eq!(says_carried("sv", &names), "Attached: a.pdf, b.pdf");
        for language in domain::language::CUSTOMER_LANGUAGES {
            assert!(CARRIED.iter().any(|(known, _)| *known == language), "{language}");
        }
    }
}
