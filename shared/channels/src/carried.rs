//! The files that a mail carries by itself: the mark that it shows, and what the documents are called that go along.

use crate::channel::Attachment;
use crate::mail_brand::Brand;

/// Most characters of a number in the name of a file.
const NUMBER_CHARS_MAX: usize = 60;

/// A document that a mail carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarriedDocument {
    /// The customer's statement.
    Statement,
    /// A copy of an invoice.
    InvoiceCopy {
        /// What people call the invoice.
        number: String,
    },
}

/// What documents are called in one language, in ASCII: every mail program keeps that as it is.
struct FileNames {
    language: &'static str,
    statement: &'static str,
    copy: &'static str,
}

const NAMES: [FileNames; 7] = [
    FileNames { language: "en", statement: "statement", copy: "invoice-{}-copy" },
    FileNames { language: "de", statement: "Kontouebersicht", copy: "Rechnung-{}-Kopie" },
    FileNames { language: "fr", statement: "releve-de-compte", copy: "facture-{}-copie" },
    FileNames { language: "es", statement: "extracto", copy: "factura-{}-copia" },
    FileNames { language: "it", statement: "estratto-conto", copy: "fattura-{}-copia" },
    FileNames { language: "nl", statement: "rekeningoverzicht", copy: "factuur-{}-kopie" },
    FileNames { language: "pt", statement: "extrato", copy: "fatura-{}-copia" },
];

impl CarriedDocument {
    /// What its file is called in a language, BCP 47; in English where there is no word for it.
    pub fn file_name(&self, language: &str) -> String {
        let primary = language.split('-').next().unwrap_or_default();
        let names = NAMES.iter().find(|names| names.language.eq_ignore_ascii_case(primary)).unwrap_or(&NAMES[0]);
        let name = match self {
            Self::Statement => names.statement.to_owned(),
            Self::InvoiceCopy { number } => names.copy.replace("{}", &in_a_name(number)),
        };
        format!("{name}.pdf")
    }
}

/// A number as part of a file's name: whatever else it has becomes a dash.
fn in_a_name(number: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let words: Vec<&str> = number.split(|character| !fits(character)).filter(|word| !word.is_empty()).collect();
    words.join("-").chars().take(NUMBER_CHARS_MAX).collect()
}

/// The file that a mail carries to show the tenant's mark; nothing where it shows none, or the mark is part of the page.
pub fn logo_file(brand: &Brand) -> Option<Attachment> {
    let (shown_as, content_type, bytes) = brand.logo.as_ref()?.file()?;
    let ending = if content_type == "image/jpeg" { "jpg" } else { "png" };
    Some(Attachment {
        name: format!("{shown_as}.{ending}"),
        content_type: content_type.to_owned(),
        bytes: bytes.to_vec(),
        shown_as: Some(shown_as.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_what_they_are() {
        let copy = |number: &str| CarriedDocument::InvoiceCopy { number: number.to_owned() };
        for (document, language, expected) in [
            (CarriedDocument::Statement, "en", "statement.pdf"),
            (CarriedDocument::Statement, "de-at", "Kontouebersicht.pdf"),
            (CarriedDocument::Statement, "ja", "statement.pdf"),
            (copy("1001"), "fr", "facture-1001-copie.pdf"),
            (copy("INV-2026/0042"), "en", "invoice-INV-2026-0042-copy.pdf"),
            (copy("../../a b\r\nBcc: x"), "en", "invoice-a-b-Bcc-x-copy.pdf"),
            (copy("請求書7"), "pt-br", "fatura-7-copia.pdf"),
        ] {
            assert_eq!(document.file_name(language), expected);
        }
        assert!(copy(&"9".repeat(500)).file_name("en").len() < 100);
    }

    #[test]
    fn a_mail_without_a_mark_carries_none() {
        assert!(logo_file(&Brand::named("Acme")).is_none());
    }
}
