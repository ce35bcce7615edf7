//! The documents' own words, by language.
//!
//! By hand, as in the portal: a language that lacks a text does not compile.

use domain::language::CUSTOMER_LANGUAGES;

/// What documents say in one language; `{}` stands for a name, a number or a date.
pub(crate) struct DocumentWords {
    /// BCP 47 primary language.
    pub(crate) language: &'static str,
    pub(crate) statement: &'static str,
    pub(crate) as_of: &'static str,
    pub(crate) overdue: &'static str,
    pub(crate) not_yet_due: &'static str,
    pub(crate) credits: &'static str,
    pub(crate) payments: &'static str,
    pub(crate) balance: &'static str,
    pub(crate) sum: &'static str,
    pub(crate) invoice: &'static str,
    pub(crate) issued_on: &'static str,
    pub(crate) due_on: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) paid: &'static str,
    pub(crate) open: &'static str,
    pub(crate) reference: &'static str,
    pub(crate) date: &'static str,
    pub(crate) available: &'static str,
    pub(crate) nothing_open: &'static str,
    pub(crate) how_to_pay: &'static str,
    pub(crate) how_to_pay_to: &'static str,
    pub(crate) in_currency: &'static str,
    pub(crate) not_listed: &'static str,
    pub(crate) page_of: &'static str,
    pub(crate) copy_of_invoice: &'static str,
    pub(crate) copy_notice: &'static str,
    pub(crate) invoice_number: &'static str,
    pub(crate) order_number: &'static str,
    pub(crate) total: &'static str,
    pub(crate) credited: &'static str,
    pub(crate) instalments: &'static str,
    pub(crate) instalment: &'static str,
    pub(crate) receipt: &'static str,
    pub(crate) received_on: &'static str,
    pub(crate) received: &'static str,
    pub(crate) for_invoices: &'static str,
    pub(crate) still_open: &'static str,
    pub(crate) not_allocated: &'static str,
    pub(crate) receipt_thanks: &'static str,
}

/// The language that a document is written in where this one is wanted: the same with its region, or English.
pub fn written_in(wanted: &str) -> String {
    DocumentWords::of(wanted).tag(wanted)
}

impl DocumentWords {
    /// Those of a language, with or without a region; English where there are none.
    pub(crate) fn of(language: &str) -> &'static Self {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        WORDS.iter().find(|words| words.language == primary).unwrap_or(&WORDS[0])
    }

    /// The tag for a document in these words: the wanted one where it is of this language.
    pub(crate) fn tag(&self, wanted: &str) -> String {
        let is_own = wanted.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(self.language));
        let is_tag = wanted.len() <= 35 && wanted.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if is_own && is_tag { wanted.to_owned() } else { self.language.to_owned() }
    }
}

static WORDS: [DocumentWords; CUSTOMER_LANGUAGES.len()] = [
    DocumentWords {
        language: "en",
        statement: "Statement of account",
        as_of: "As of",
        overdue: "Overdue",
        not_yet_due: "Not yet due",
        credits: "Credits",
        payments: "Payments received",
        balance: "Balance",
        sum: "Sum",
        invoice: "Invoice",
        issued_on: "Issued",
        due_on: "Due",
        amount: "Amount",
        paid: "Paid",
        open: "Open",
        reference: "Reference",
        date: "Date",
        available: "Available",
        nothing_open: "Nothing is open. Thank you.",
        how_to_pay: "How to pay",
        how_to_pay_to: "How to pay {}",
        in_currency: "In {}",
        not_listed: "{} earlier payments are not listed.",
        page_of: "Page {page} of {pages}",
        copy_of_invoice: "Copy of invoice {}",
        copy_notice: "This is a copy made from what is known of the invoice. It is not a tax document and does not replace the original.",
        invoice_number: "Invoice number",
        order_number: "Your order number",
        total: "Total",
        credited: "Credited",
        instalments: "Instalments",
        instalment: "Instalment {}",
        receipt: "Receipt",
        received_on: "Received",
        received: "Amount received",
        for_invoices: "What it was for",
        still_open: "Still open",
        not_allocated: "Not for an invoice yet",
        receipt_thanks: "We received your payment. Thank you.",
    },
    DocumentWords {
        language: "de",
        statement: "Kontoübersicht",
        as_of: "Stand",
        overdue: "Überfällig",
        not_yet_due: "Noch nicht fällig",
        credits: "Guthaben",
        payments: "Eingegangene Zahlungen",
        balance: "Saldo",
        sum: "Summe",
        invoice: "Rechnung",
        issued_on: "Ausgestellt",
        due_on: "Fällig",
        amount: "Betrag",
        paid: "Bezahlt",
        open: "Offen",
        reference: "Referenz",
        date: "Datum",
        available: "Verfügbar",
        nothing_open: "Es ist nichts offen. Vielen Dank.",
        how_to_pay: "So können Sie zahlen",
        how_to_pay_to: "So können Sie an {} zahlen",
        in_currency: "In {}",
        not_listed: "{} frühere Zahlungen sind nicht aufgeführt.",
        page_of: "Seite {page} von {pages}",
        copy_of_invoice: "Kopie der Rechnung {}",
        copy_notice: "Diese Kopie wurde aus dem erstellt, was über die Rechnung bekannt ist. Sie ist kein Steuerbeleg und ersetzt das Original nicht.",
        invoice_number: "Rechnungsnummer",
        order_number: "Ihre Bestellnummer",
        total: "Gesamtbetrag",
        credited: "Gutgeschrieben",
        instalments: "Raten",
        instalment: "Rate {}",
        receipt: "Zahlungsbestätigung",
        received_on: "Eingegangen",
        received: "Erhaltener Betrag",
        for_invoices: "Wofür gezahlt wurde",
        still_open: "Noch offen",
        not_allocated: "Noch keiner Rechnung zugeordnet",
        receipt_thanks: "Wir haben Ihre Zahlung erhalten. Vielen Dank.",
    },
    DocumentWords {
        language: "fr",
        statement: "Relevé de compte",
        as_of: "Au",
        overdue: "En retard",
        not_yet_due: "À échoir",
        credits: "Avoirs",
        payments: "Paiements reçus",
        balance: "Solde",
        sum: "Somme",
        invoice: "Facture",
        issued_on: "Émise le",
        due_on: "Échéance",
        amount: "Montant",
        paid: "Payé",
        open: "Reste dû",
        reference: "Référence",
        date: "Date",
        available: "Disponible",
        nothing_open: "Rien n’est dû. Merci.",
        how_to_pay: "Comment payer",
        how_to_pay_to: "Comment payer {}",
        in_currency: "En {}",
        not_listed: "{} paiements antérieurs ne figurent pas ici.",
        page_of: "Page {page} sur {pages}",
        copy_of_invoice: "Copie de la facture {}",
        copy_notice: "Cette copie a été établie d’après ce qui est connu de la facture. Elle n’est pas un document fiscal et ne remplace pas l’original.",
        invoice_number: "Numéro de facture",
        order_number: "Votre numéro de commande",
        total: "Total",
        credited: "Crédité",
        instalments: "Échéances",
        instalment: "Échéance {}",
        receipt: "Reçu",
        received_on: "Reçu le",
        received: "Montant reçu",
        for_invoices: "Objet du paiement",
        still_open: "Reste dû",
        not_allocated: "Pas encore affecté à une facture",
        receipt_thanks: "Nous avons bien reçu votre paiement. Merci.",
    },
    DocumentWords {
        language: "nl",
        statement: "Rekeningoverzicht",
        as_of: "Per",
        overdue: "Vervallen",
        not_yet_due: "Nog niet vervallen",
        credits: "Tegoeden",
        payments: "Ontvangen betalingen",
        balance: "Saldo",
        sum: "Som",
        invoice: "Factuur",
        issued_on: "Factuurdatum",
        due_on: "Vervaldatum",
        amount: "Bedrag",
        paid: "Betaald",
        open: "Openstaand",
        reference: "Kenmerk",
        date: "Datum",
        available: "Beschikbaar",
        nothing_open: "Er staat niets open. Dank u wel.",
        how_to_pay: "Zo kunt u betalen",
        how_to_pay_to: "Zo kunt u aan {} betalen",
        in_currency: "In {}",
        not_listed: "{} eerdere betalingen zijn niet vermeld.",
        page_of: "Pagina {page} van {pages}",
        copy_of_invoice: "Kopie van factuur {}",
        copy_notice: "Deze kopie is gemaakt op basis van wat over de factuur bekend is. Zij is geen fiscaal document en vervangt het origineel niet.",
        invoice_number: "Factuurnummer",
        order_number: "Uw inkoopordernummer",
        total: "Totaal",
        credited: "Gecrediteerd",
        instalments: "Termijnen",
        instalment: "Termijn {}",
        receipt: "Ontvangstbewijs",
        received_on: "Ontvangen op",
        received: "Ontvangen bedrag",
        for_invoices: "Waarvoor betaald is",
        still_open: "Nog openstaand",
        not_allocated: "Nog niet aan een factuur toegewezen",
        receipt_thanks: "Wij hebben uw betaling ontvangen. Dank u wel.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customer_language_has_its_own_words() {
        assert_eq!(WORDS.each_ref().map(|words| words.language), CUSTOMER_LANGUAGES);
    }

    #[test]
    fn languages_and_tags() {
        for (wanted, language, tag) in [
            ("de-at", "de", "de-at"),
            ("DE", "de", "DE"),
            ("fr", "fr", "fr"),
            ("pt-br", "en", "en"),
            ("", "en", "en"),
            ("de_x", "en", "en"),
            ("en-\u{7}", "en", "en"),
        ] {
            let words = DocumentWords::of(wanted);
            assert_eq!((words.language, words.tag(wanted).as_str()), (language, tag), "{wanted:?}");
        }
    }
}
