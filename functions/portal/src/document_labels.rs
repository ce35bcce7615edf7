//! What pages say of documents, by language.

/// What is said in one language.
#[derive(Debug)]
pub(crate) struct DocumentLabels {
    language: &'static str,
    /// Leads to the statement.
    pub(crate) statement: &'static str,
    /// Leads to the copy of an invoice.
    pub(crate) invoice_copy: &'static str,
    /// Leads to the receipt of a payment.
    pub(crate) receipt: &'static str,
    /// Said where a document cannot be had now.
    pub(crate) later: &'static str,
}

impl DocumentLabels {
    /// The words of a language; English where there are none.
    pub(crate) fn of(language: &str) -> &'static Self {
        ALL.iter().find(|words| words.language == language).unwrap_or(&ALL[0])
    }
}

const ALL: [DocumentLabels; 2] = [
    DocumentLabels {
        language: "en",
        statement: "Download the statement as PDF",
        invoice_copy: "Download a copy of this invoice as PDF",
        receipt: "Download the receipt as PDF",
        later: "The document cannot be made at the moment. Please try again in a minute.",
    },
    DocumentLabels {
        language: "de",
        statement: "Kontoübersicht als PDF herunterladen",
        invoice_copy: "Kopie dieser Rechnung als PDF herunterladen",
        receipt: "Zahlungsbestätigung als PDF herunterladen",
        later: "Das Dokument kann gerade nicht erstellt werden. Bitte versuchen Sie es in einer Minute noch einmal.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::PageLabels;

    #[test]
    fn every_language_of_the_portal_has_its_own_words() {
        for words in PageLabels::all() {
            assert_eq!(DocumentLabels::of(words.language).language, words.language);
        }
        assert_ne!(DocumentLabels::of("en").later, DocumentLabels::of("de").later);
    }
}
