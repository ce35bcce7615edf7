//! One search over customers and open invoices, by the beginnings of words.

use store::{Line, Searched, WordLine};

use super::{ListReading, ListedPage, Listing, PageAsked, looked_for, no_cursor};
use crate::{Actor, Done, NotDone, Operation};

/// What is found of customers comes before what is found of invoices: each part of a cursor begins with its letter.
const PARTS: [(char, Searched); 2] = [('c', Searched::Customers), ('i', Searched::Invoices)];

/// What is found by all words of `q`, each by its beginning: customers by their names, their people's, mail addresses and the source's id;
/// then invoices by number, the source's id and purchase order.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn search(reading: ListReading<'_>, actor: &Actor, q: &str, page: &PageAsked) -> Done<ListedPage<WordLine>> {
    let tenant = actor.may(Operation::Search)?;
    let listing = Listing::open(reading, tenant, "search", &q, page).await?;
    let words = looked_for(q)?;
    let (first, mut after) = match listing.after() {
        None => ('c', None),
        Some(text) => {
            let mut letters = text.chars();
            let first = letters.next().ok_or(NotDone::Cursor)?;
            (first, Some(letters.as_str().to_owned()).filter(|rest| !rest.is_empty()))
        }
    };
    let limit = listing.limit() as usize;
    let mut rows: Vec<WordLine> = Vec::new();
    for (letter, part) in PARTS.into_iter().filter(|(letter, _)| *letter >= first) {
        let left = u32::try_from(limit.saturating_sub(rows.len())).unwrap_or(0);
        if left == 0 {
            return listing.page(rows, Some(letter.to_string())).await;
        }
        let found = reading.store.search(tenant, part, words, left, after.take().as_deref()).await.map_err(no_cursor)?;
        rows.extend(found.lines.into_iter().filter_map(|line| if let Line::Word(line) = line { Some(line) } else { None }));
        if let Some(rest) = found.after {
            return listing.page(rows, Some(format!("{letter}{rest}"))).await;
        }
    }
    listing.page(rows, None).await
}
