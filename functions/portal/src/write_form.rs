//! A customer asks for something, or writes: a copy of an invoice, to pay in parts, or whatever its words say. Somebody reads it.

use std::collections::BTreeSet;

use domain::{InvoiceFact, InvoiceId, InvoiceStatus, NoteId, calendar::tenant_zone};
use minijinja::context;
use service::link_holder::{ASKED_A_DAY_MAX, ASKED_ENOUGH, AskedByLink, WORDS_MAX};
use store::Result;

use crate::{
    conversation::{answers, day_of, lately},
    dispute_form::{to_files, wrong_words},
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, form_page},
    page::PortalPage,
    reading::{InvoiceRead, read_invoice},
    talk_labels::TalkLabels,
    typed::{TypedFields, shown_again},
    visit::Visit,
};

/// The fields of the form.
const FIELDS: [&str; 3] = ["for", "invoice", "words"];

/// The form, what was sent with it, or that it came; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn write(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    if let Some(made) = form.request.query("made").filter(|_| !form.is_sent()) {
        return said(form, made).await;
    }
    let typed = TypedFields::of(form.request);
    let about = if form.is_sent() { typed.one("invoice") } else { form.request.query("invoice").unwrap_or_default() };
    let Some((visit, choices)) = invoices(form, about).await? else { return Ok(None) };
    let labels = FormLabels::of(visit.words);
    let mut wrong = WrongFields::default();
    if form.is_sent()
        && let Some((what, invoice)) = read(labels, typed, &mut wrong)
    {
        let words = typed.one("words");
        match Taken::of(form.holder.ask(form.store, what, invoice.as_ref(), words, form.now).await)? {
            Taken::Done(made) => return Ok(Some(PortalPage::See(format!("{}/write?made={made}", visit.path)))),
            Taken::Wrong(pointers) => pointers.iter().for_each(|at| name(labels, at, words, &mut wrong)),
            Taken::Again => wrong.add("form", labels.not_now),
            Taken::Gone => return Ok(None),
        }
    }
    let asked = if form.is_sent() { typed.one("for") } else { form.request.query("for").unwrap_or_default() };
    let chosen = AskedByLink::read(asked).unwrap_or(AskedByLink::Message);
    let kinds = AskedByLink::ALL
        .map(|kind| context! { word => kind.as_str(), name => kind_in_words(labels, kind), chosen => kind == chosen });
    let options = choices
        .iter()
        .map(|(id, number)| context! { id => id.as_str(), number => number.as_str(), chosen => id.as_str() == about });
    let came = lately(form, &visit).await?;
    let values = context! {
        action => format!("{}/write", visit.path),
        kinds => kinds.to_vec(),
        invoices => options.collect::<Vec<_>>(),
        words => shown_again(typed.one("words")),
        words_hint => labels.in_words_hint.replace("{}", &WORDS_MAX.to_string()),
        wrote_title => came.title,
        wrote => came.messages,
    };
    Ok(Some(form_page(&visit, "write", labels.write, &wrong, values)))
}

fn kind_in_words(labels: &FormLabels, kind: AskedByLink) -> &'static str {
    match kind {
        AskedByLink::Copy => labels.for_copy,
        AskedByLink::Plan => labels.for_plan,
        AskedByLink::Message => labels.for_message,
    }
}

/// How the customer is spoken to, and the invoices that can be chosen: the one that is asked about, closed ones too, else those of the
/// statement's first page. `None` where the link opens nothing.
async fn invoices(form: &FormVisit<'_>, about: &str) -> Result<Option<(Visit, Vec<(InvoiceId, String)>)>> {
    if let Some(id) = InvoiceId::parse(about)
        && let Some(InvoiceRead { facts, visit, addresses }) = read_invoice(form.store, form.opened, &id).await?
    {
        let today = form.now.to_zoned(tenant_zone(&visit.settings)).date();
        let was_sent = |fact: &InvoiceFact| fact.invoice.status != InvoiceStatus::Draft && fact.invoice.issued_on <= today;
        let own = facts.invoices.iter().filter(|fact| was_sent(fact));
        let own = own.map(|fact| (fact.invoice.id.clone(), fact.invoice.number.clone())).collect();
        return Ok(addresses.contains(form.opened.address).then_some((visit, own)));
    }
    let Some((statement, visit)) = form.account().await? else { return Ok(None) };
    let mut seen = BTreeSet::new();
    let open = statement.items.into_iter().filter_map(|item| Some((item.invoice?, item.number)));
    let open = open.filter(|(id, _)| seen.insert(id.clone())).collect();
    Ok(Some((visit, open)))
}

/// What is asked for, and of which invoice, as far as it reads.
fn read(labels: &FormLabels, typed: TypedFields<'_>, wrong: &mut WrongFields) -> Option<(AskedByLink, Option<InvoiceId>)> {
    if typed.has_others(&FIELDS) {
        wrong.add("form", labels.unknown_field);
    }
    let what = AskedByLink::read(typed.one("for"));
    if what.is_none() {
        wrong.add("for", labels.wrong_for);
    }
    let invoice = match typed.one("invoice") {
        "" => None,
        text => {
            let invoice = InvoiceId::parse(text);
            if invoice.is_none() {
                wrong.add("invoice", labels.wrong_about);
            }
            invoice
        }
    };
    // A copy of no invoice is of none.
    if what == Some(AskedByLink::Copy) && invoice.is_none() {
        wrong.add("invoice", labels.wrong_about);
    }
    what.filter(|_| wrong.is_empty()).map(|what| (what, invoice))
}

/// Says in the customer's language what is wrong at a pointer.
fn name(labels: &FormLabels, pointer: &str, words: &str, wrong: &mut WrongFields) {
    match pointer {
        "/words" if words.is_empty() => wrong.add("words", labels.no_words),
        "/words" => wrong.add("words", wrong_words(labels, words)),
        "/invoice" => wrong.add("invoice", labels.wrong_about),
        ASKED_ENOUGH => wrong.add("form", labels.too_often.replace("{}", &ASKED_A_DAY_MAX.to_string())),
        _ => wrong.add("form", labels.not_now),
    }
}

/// That what somebody wrote by this link came, and what was answered.
async fn said(form: &FormVisit<'_>, made: &str) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let note = match NoteId::parse(made) {
        Some(id) => form.store.note(form.opened.tenant, &form.opened.head.customer, &id).await?,
        None => None,
    };
    let Some(note) = note.filter(|note| note.deleted.is_none() && form.holder.is_own(&note.by)) else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let labels = FormLabels::of(visit.words);
    let came = if note.answers.is_empty() { labels.written_says } else { TalkLabels::of(visit.words).came };
    let lines = vec![came.replace("{}", &day_of(&visit, note.at))];
    let is_of_today = note.at.strftime("%F").to_string() == form.now.strftime("%F").to_string();
    // Files come by the link that the message came by.
    let takes_files = is_of_today && note.by == form.link.as_str();
    let answers = answers(&visit, &note);
    let values = context! { lines, answers, more => takes_files.then(|| to_files(&visit, note.id.as_str())) };
    Ok(Some(form_page(&visit, "said", labels.written, &WrongFields::default(), values)))
}
