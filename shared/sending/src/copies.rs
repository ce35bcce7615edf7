//! The copies of invoices that go along with the answer to who asked for them.

use channels::Attachment;
use domain::{CustomerId, InvoiceId, TenantId};
use futures::future::join_all;

use crate::{Sender, told::Told};

/// Most bytes of all copies of one mail: a mail of SES has 10 MB with everything in it, and what goes along grows by a third.
const ALL_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Longest name of a file, in characters.
const NAME_MAX: usize = 60;

impl Sender {
    /// The copies of the invoices that a mail is to bring, each with its number. One that cannot be had in time, or for which there is no room, stays on the page.
    pub(crate) async fn copies(
        &self,
        (tenant, customer): (&TenantId, &CustomerId),
        told: &Told,
        language: &str,
    ) -> Vec<(String, Attachment)> {
        let Some(make) = self.documents.as_ref() else { return Vec::new() };
        let wanted: &[(InvoiceId, String)] = told.copies();
        let made =
            join_all(wanted.iter().map(|(id, _)| make(tenant.clone(), customer.clone(), Some(id.clone()), language.to_owned())))
                .await;
        let mut room = ALL_BYTES_MAX;
        let mut all = Vec::new();
        for ((id, number), bytes) in wanted.iter().zip(made) {
            let Some(bytes) = bytes.filter(|bytes| bytes.len() <= room) else { continue };
            room = room.saturating_sub(bytes.len());
            let name = format!("{}.pdf", file_name(number, id));
            all.push((number.clone(), Attachment { name, content_type: "application/pdf".to_owned(), bytes, shown_as: None }));
        }
        all
    }
}

/// A file's name of an invoice's number; of one that has no letter or digit, of its id.
fn file_name(number: &str, id: &InvoiceId) -> String {
    let plain: String = number.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' }).take(NAME_MAX).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { id.to_string() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_as_its_invoice() {
        let id = InvoiceId::derive(&["1"]);
        for (number, expected) in [("F-1001", "F-1001"), ("2026/12", "2026-12"), ("../../x", "x")] {
            assert_eq!(file_name(number, &id), expected);
        }
        assert_eq!(file_name("№", &id), id.to_string());
    }
}
