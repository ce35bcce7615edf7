//! Keys of rows of lists, and what each costs.
//!
//! Rows of lists. `L` stands for `T#{tenant}#L`; a row costs 1 W when it is new, changes in place or goes, and 2 W when it moves. What is
//! tenant-wide lies in [`LIST_SHARDS`] partitions, by the id of what a row stands for; a page asks each of them. `read-model` writes them
//! all from the stream, the tool `tenant rebuild` anew.
//!
//! | list | pk | sk | moves when | a page |
//! |---|---|---|---|---|
//! | customers by name | `L#customers#name#{shard}` | `L#{name}#{customer}` | the name changes | a query a shard |
//! | customers by next moment | `L#customers#next#{shard}` | `L#{instant}#{customer}` | the due moment moves; none while nothing is owed | a query a shard |
//! | customers by language | `L#customers#language#{shard}` | `L#{language}#{customer}` | the language changes; none where it is not known; one more, `…#entered`, of the language that was entered | a query a shard; the languages alone: a query a shard and language |
//! | customers by country of texts | `L#customers#texts#{shard}` | `L#{country}#{customer}` | numbers, or who agreed to text messages, change; one a country; `…#entered` of consents that were entered | a query a shard; the countries alone: a query a shard and country |
//! | customers by what is past due | `L#customers#overdue#{shard}` | `L#{0 for the reporting currency, 1}{currency}:{largest first}#{customer}` | the head says another sum past due; none while nothing is | a query a shard |
//! | customers by net exposure | `L#customers#stake#{shard}` | the same | the head says another net exposure; none while it is nothing | a query a shard |
//! | customers by the oldest | `L#customers#oldest#{shard}` | `L#{date}#{customer}` | the head says another oldest day; none while nothing is owed | a query a shard |
//! | customers by owner | `L#customers#owner#{shard}` | `L#{owner}#{digest of the owner}#{customer}` | a person gives it to another; none while nobody did | a query a shard |
//! | cases | `L#cases#state#{shard}` | `L#{state}#{instant}#{case}` | the state changes; gone when the head forgets it | a query a shard |
//! | invoices by standing and due date | `L#invoices#due#{shard}` | `L#{standing}#{date}#{invoice}` | either changes | a query a shard |
//! | a customer's invoices | `L#invoices#of#{customer}` | the same | the same | a query |
//! | payments, credit notes by day | `L#payments#day#{shard}`, `L#credit_notes#day#{shard}` | `L#{date}#{payment}` | the day changes | a query a shard |
//! | a customer's payments, credit notes | `L#payments#of#{customer}`, `L#credit_notes#of#{customer}` | the same | the same | a query |
//! | agreements of a kind | `L#agreements#{kind}#{shard}` | `L#{status}#{day promised, or instant}#{agreement}` | the status or the day changes | a query a shard |
//! | messages of a day | `L#messages#day#{date}.{shard}` | `L#{instant}#{message}` | never: the day (UTC) and moment of the decision | a query a shard |
//! | whose a message or case is | `L#places#of#{id}` | `L##{id}` | never, and it stays | by key |
//! | open tasks by money at stake | `L#tasks#stake#{shard}` | `L#{0 after a broken promise, 1}{as customers by net exposure, 2 for none}#{instant}#{task}` | the task's stake changes; gone when it is done | a query a shard |
//! | addresses that must not be used | `L#addresses#stopped#{shard}` | `L#{instant}#{digest}` | never, but for a stricter reason; gone when a person lifts it | a query a shard |
//! | words | `L#words#{kind}#{first two letters}` | `L#{word}#{id}`, with `#entered` of what people entered | the text changes | a query of a beginning |
//! | people by who they are, with the customers at which they are | `L#people#at#{digest of the person}` | `L#{customer}#{hash of the contact's id}`, one more of what people entered of it; `L#{customer}#{invoice}` of whom an invoice names | never; gone when the customer has no such contact any more | a query, and one more for each 1,000 rows |
//! | people by a number that they have beside a mailbox, with the customers at which they are | `L#people#number#{digest of the number}` | the same | the same | the same |

use domain::TenantId;

use super::Key;

/// Shards of what is listed tenant-wide. Raising it needs every list rebuilt.
pub(crate) const LIST_SHARDS: u8 = 4;
/// What the sort keys of rows begin with. No filter of the stream passes them, so that rows make no more work.
pub(crate) const ROW: &str = "L#";

/// A partition of a list.
pub(crate) fn list(t: &TenantId, kind: &str, order: &str, shard: &str) -> String {
    format!("T#{t}#L#{kind}#{order}#{shard}")
}
/// The shard that a row of a tenant-wide list lies in, by the id of what it stands for.
pub(crate) fn list_shard(id: &str) -> u8 {
    // Ids end in the text of a digest.
    id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % LIST_SHARDS
}
/// A row of a list: its place in the order, and the id of what it stands for.
pub(crate) fn list_row(pk: String, place: &str, id: &str) -> Key {
    Key::new(pk, format!("{ROW}{place}#{id}"))
}
/// The partition of the customers at which somebody is a contact, by the digest of [`domain::Contact::person`].
pub(crate) fn person_at(t: &TenantId, digest_of_person: &str) -> String {
    list(t, "people", "at", digest_of_person)
}
/// The partition of the customers at which somebody who is known by a mailbox has a number, by the digest of the number.
pub(crate) fn number_at(t: &TenantId, digest_of_number: &str) -> String {
    list(t, "people", "number", digest_of_number)
}
/// The place of a row, of a list whose places have no `#`.
pub(crate) fn place_of(sk: &str) -> Option<&str> {
    sk.strip_prefix(ROW)?.split_once('#').map(|(place, _)| place)
}
/// Where the rows begin that come after those of a place.
pub(crate) fn behind_place(place: &str) -> String {
    format!("{ROW}{place}#\u{10FFFF}")
}
/// Whether a partition holds rows of lists.
pub(crate) fn is_list(pk: &str) -> bool {
    pk.strip_prefix("T#").and_then(|rest| rest.split_once('#')).is_some_and(|(_, rest)| rest.starts_with(ROW))
}
/// Amounts in the order of their size, largest first.
pub(crate) fn largest_first(amount_minor: i64) -> String {
    format!("{:019}", i64::MAX - amount_minor.max(0))
}
