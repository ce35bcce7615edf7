//! Applies a page: the customers that it names and nobody knows yet first, then its documents, and what does not read becomes
//! work for a person.

use std::collections::BTreeSet;

use connectors::{Page, Unreadable};
use domain::{
    Customer, CustomerId, Document, Invoice, InvoiceStatus, NewTask, TaskKind,
    remark::{ahead, remarks},
};

use crate::{
    objects,
    session::{Stopped, SyncSession},
};

/// Documents that one call of the table takes; it splits them into transactions itself.
const DOCUMENTS_MAX: usize = 200;
/// Parents above one another that are read at most; vendors allow five.
const GENERATIONS_MAX: usize = 6;
/// Links that one page may ask for one by one.
const LINKS_MAX: usize = 10;

/// How much care a page gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Links of new invoices are asked for.
    Links,
    /// They are kept where they are known, and not asked for: there are too many.
    Plain,
}

/// Applies a page; answers how many documents it had.
pub(crate) async fn take(session: &SyncSession<'_>, mut page: Page, care: Care) -> Result<u64, Stopped> {
    let count = u64::try_from(page.documents.len()).unwrap_or(u64::MAX);
    let mut unreadable = std::mem::take(&mut page.unreadable);
    let mut documents = customers(session, &page, &mut unreadable).await?;
    links(session, &mut page.documents, care).await?;
    documents.append(&mut page.documents);
    let mut doubted = Vec::new();
    documents.retain(|document| match ahead(session.run.source, document, session.run.now()) {
        Some(task) => {
            doubted.push(task);
            false
        }
        None => true,
    });
    // What belongs to one customer goes together: one bump of its head for all of it.
    documents.sort_by_key(|document| owner(document).unwrap_or_default());
    let (tools, tenant) = (session.run.tools, session.run.tenant);
    doubted.extend(documents.iter().flat_map(|document| remarks(session.run.source, document)));
    for task in doubted {
        tools.store.raise(tenant, None, &task, session.run.now()).await?;
    }
    for some in documents.chunks(DOCUMENTS_MAX) {
        tools.vault.honour_erased(tenant, some, session.run.now()).await?;
        tools.store.apply_read(tenant, session.run.source, some, session.run.now()).await?;
    }
    for object in unreadable {
        tools.store.raise(tenant, None, &exception(session.run.source, &object), session.run.now()).await?;
    }
    Ok(count)
}

/// The customers that the page names without describing them and that nobody described before, and the parents of those whose mail goes
/// to their parent.
async fn customers(session: &SyncSession<'_>, page: &Page, unreadable: &mut Vec<Unreadable>) -> Result<Vec<Document>, Stopped> {
    let (run, books) = (session.run, session.books);
    let mut here: BTreeSet<CustomerId> = described(&page.documents).map(|customer| customer.id.clone()).collect();
    let mut named: Vec<(CustomerId, String)> = page.customers.clone();
    named.extend(parents(&page.documents));
    let mut documents = Vec::new();
    for _ in 0..GENERATIONS_MAX {
        named.retain(|(id, _)| here.insert(id.clone()));
        let ids: Vec<_> = named.iter().map(|(id, _)| id.clone()).collect();
        let known = run.tools.store.described(run.tenant, &ids).await?;
        let wanted: Vec<String> = named.drain(..).filter(|(id, _)| !known.contains(id)).map(|(_, vendors)| vendors).collect();
        for ids in wanted.chunks(books.access().limits.ids_max) {
            // Lists leave out who is inactive; who is asked for alone is shown.
            for mut answer in objects::read(session, books.customer_kind(), ids).await?.pages {
                named.extend(parents(&answer.documents));
                documents.append(&mut answer.documents);
                unreadable.append(&mut answer.unreadable);
            }
        }
        if named.is_empty() {
            break;
        }
    }
    Ok(documents)
}

/// The customers that documents describe.
fn described(documents: &[Document]) -> impl Iterator<Item = &Customer> {
    documents.iter().filter_map(|document| if let Document::Customer(customer) = document { Some(customer) } else { None })
}

/// The parents whose people are written to in the place of a customer's own: ours and the vendor's id.
fn parents(documents: &[Document]) -> Vec<(CustomerId, String)> {
    described(documents)
        .filter_map(|customer| Some((customer.contacts_of.clone()?, customer.parent_external_id.clone()?)))
        .collect()
}

/// Gives invoices the address where customers see them, where the vendor must be asked for it by itself: the one that is known,
/// or for a few new ones the vendor's answer.
async fn links(session: &SyncSession<'_>, documents: &mut [Document], care: Care) -> Result<(), Stopped> {
    if !session.books.asks_for_links() {
        return Ok(());
    }
    let mut lacking: Vec<(&domain::CustomerId, &mut Invoice)> = Vec::new();
    for document in documents {
        if let Document::Invoice { customer, invoice } = document
            && let Some(customer) = customer.id()
            && invoice.url.is_none()
            && invoice.status == InvoiceStatus::Open
        {
            lacking.push((customer, invoice));
        }
    }
    let keys: Vec<_> = lacking.iter().map(|(customer, invoice)| ((*customer).clone(), invoice.id.clone())).collect();
    let known = session.run.tools.store.invoice_urls(session.run.tenant, &keys).await?;
    let mut asked = 0;
    for (_, invoice) in lacking {
        invoice.url = known.get(&invoice.id).cloned();
        let open = invoice.total_minor > invoice.paid_minor + invoice.credited_minor;
        if invoice.url.is_none() && open && care == Care::Links && asked < LINKS_MAX && !session.link.is_scarce() {
            asked += 1;
            // A mail without a link is better than none: what goes wrong here is left for the next change.
            invoice.url = session.link.invoice_link(&session.company(), &invoice.external_id).await.unwrap_or_default();
        }
    }
    Ok(())
}

/// What orders documents by customer.
fn owner(document: &Document) -> Option<String> {
    match document {
        Document::Customer(customer) => Some(customer.id.to_string()),
        Document::Invoice { customer, .. } | Document::Payment { customer, .. } => customer.id().map(ToString::to_string),
        Document::Reversal(_) | Document::Withdrawn(_) | Document::Heartbeat(_) => None,
    }
}

fn exception(source: &str, object: &Unreadable) -> NewTask {
    let Unreadable { kind, id, detail, withdrawn } = object;
    let meanwhile = if *withdrawn { "It is not chased as it was before" } else { "It stays as it was read last" };
    NewTask {
        case: None,
        kind: TaskKind::Document,
        // Said once for each state that does not read.
        key: format!("{source}:{kind}:{id}:{}", domain::id::digest(&[detail])),
        title: format!("An object of {source} could not be read"),
        detail: format!("{kind} {id}: {detail}. {meanwhile}; correct it in the books, and the next poll reads it again."),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    }
}
