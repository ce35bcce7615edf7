//! What a transfer should name where the numbers of all invoices are more than it carries, by language.

/// Stands in the place of the numbers. English comes first: it is taken where a language has no words.
const NUMBERS: [(&str, &str); 8] = [
    ("en", "the numbers of the invoices that you pay. If they do not all fit, please reply to this email with the list."),
    (
        "de",
        "die Nummern der Rechnungen, die Sie bezahlen. Wenn nicht alle hineinpassen, antworten Sie bitte mit der Liste auf diese E-Mail.",
    ),
    (
        "fr",
        "les numéros des factures que vous réglez. S’ils n’y tiennent pas tous, merci d’en envoyer la liste en réponse à cet e-mail.",
    ),
    ("es", "los números de las facturas que paga. Si no caben todos, responda a este correo con la lista."),
    ("it", "i numeri delle fatture che paga. Se non c’è spazio per tutti, risponda a questa e-mail con l’elenco."),
    ("nl", "de nummers van de facturen die u betaalt. Passen ze er niet allemaal in, antwoord dan op deze e-mail met de lijst."),
    ("pt", "os números das faturas que paga. Se não couberem todos, responda a este e-mail com a lista."),
    ("ja", "お支払いになる請求書の番号。すべて記入できない場合は、本メールへの返信で一覧をお送りください。"),
];

/// What to name instead of numbers that are too many.
pub fn numbers_that_are_paid(language: &str) -> &'static str {
    let primary = language.split('-').next().unwrap_or_default();
    let (_, words) = NUMBERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(primary)).unwrap_or(&NUMBERS[0]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_says_it() {
        assert!(numbers_that_are_paid("de-at").starts_with("die Nummern der Rechnungen"));
        assert!(numbers_that_are_paid("sv").starts_with("the numbers of the invoices"));
        for language in domain::language::CUSTOMER_LANGUAGES {
            assert!(NUMBERS.iter().any(|(known, _)| *known == language), "{language}");
        }
    }
}
