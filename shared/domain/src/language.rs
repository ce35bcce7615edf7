//! Languages of people and of texts: which text somebody reads.

/// The languages in which there is everything that a customer reads: the built-in texts, the pages behind a customer's link, and the documents.
/// Templates may be in any other too. English comes first: it stands in where a text of the wanted language is missing.
pub const CUSTOMER_LANGUAGES: [&str; 8] = ["en", "de", "fr", "es", "it", "ja", "nl", "pt"];

/// Which of several texts a person reads, by the texts' languages: one in the person's language, else in English, else in the
/// tenant's, else the first. Where the person's language is not known, the tenant's comes before English.
///
/// A text of another region is one in the same language: `de-at` reads `de`, and `de` reads `de-at`.
pub fn choose(texts: &[&str], person: Option<&str>, tenant: Option<&str>) -> Option<usize> {
    let wanted = match person {
        Some(person) => [Some(person), Some("en"), tenant],
        None => [tenant, Some("en"), None],
    };
    let first = (!texts.is_empty()).then_some(0);
    wanted.into_iter().flatten().find_map(|wanted| of(texts, wanted)).or(first)
}

/// The text in a language: of its region, else of another.
fn of(texts: &[&str], wanted: &str) -> Option<usize> {
    let exact = texts.iter().position(|text| text.eq_ignore_ascii_case(wanted));
    exact.or_else(|| texts.iter().position(|text| primary(text) == primary(wanted)))
}

/// A language without its region, in lower case.
pub fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_comes_before_a_language_that_is_foreign_to_the_person() {
        for (texts, person, tenant, chosen) in [
            (&CUSTOMER_LANGUAGES[..], Some("fr"), Some("de"), Some("fr")),
            (&CUSTOMER_LANGUAGES[..], Some("fr-CA"), None, Some("fr")),
            (&CUSTOMER_LANGUAGES[..], Some("es-MX"), Some("de"), Some("es")),
            (&CUSTOMER_LANGUAGES[..], Some("it"), Some("de"), Some("it")),
            (&CUSTOMER_LANGUAGES[..], Some("pl"), Some("de"), Some("en")),
            (&CUSTOMER_LANGUAGES[..], None, Some("fr-BE"), Some("fr")),
            (&CUSTOMER_LANGUAGES[..], Some("pt-BR"), Some("de"), Some("pt")),
            (&["de", "en"][..], Some("de"), None, Some("de")),
            (&["de", "en"][..], Some("de-AT"), Some("en"), Some("de")),
            (&["de", "de-at", "en"][..], Some("de-AT"), None, Some("de-at")),
            (&["pt-br", "en"][..], Some("pt"), None, Some("pt-br")),
            (&["de", "en"][..], Some("fr"), Some("de"), Some("en")),
            (&["de", "en-gb"][..], Some("ja"), Some("de"), Some("en-gb")),
            (&["de", "it"][..], Some("fr"), Some("it"), Some("it")),
            (&["de", "it"][..], Some("fr"), Some("ko"), Some("de")),
            (&["de", "en"][..], None, Some("de"), Some("de")),
            (&["de", "en"][..], None, Some("fr"), Some("en")),
            (&["de", "en"][..], None, None, Some("en")),
            (&[][..], Some("de"), Some("de"), None),
        ] {
            assert_eq!(choose(texts, person, tenant).map(|at| texts[at]), chosen, "{texts:?} {person:?} {tenant:?}");
        }
    }
}
