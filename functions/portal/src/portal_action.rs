//! What a form is that is whole in its own files: its address, its page, its words, where pages lead to it, and what it does.

use std::{future::Future, pin::Pin};

use domain::{InvoiceId, language::CUSTOMER_LANGUAGES};
use minijinja::Value;
use store::Result;

use crate::{form_visit::FormVisit, page::PortalPage, visit::Visit};

/// A page that is made; `None` where the link's address is none of the customer's any more.
pub(crate) type Answered<'a> = Pin<Box<dyn Future<Output = Result<Option<PortalPage>>> + Send + 'a>>;

/// A form of the customer's.
pub(crate) struct PortalAction {
    /// What follows the link in its address.
    pub(crate) path: &'static str,
    /// Its page: the template's name, and the template.
    pub(crate) page: (&'static str, &'static str),
    /// What it says in a language; `own` in its pages.
    pub(crate) words: fn(&str) -> Value,
    /// Where the statement leads to it, or an invoice of which something is open or not, and by which words.
    pub(crate) link: LinkOfAction,
    /// The form, what was sent with it, or what became of it.
    pub(crate) answer: for<'a> fn(&'a FormVisit<'a>) -> Answered<'a>,
}

/// Where a page leads to an action, and by which words: for the statement or an invoice, of which something is open or not.
type LinkOfAction = fn(&Visit, Option<&InvoiceId>, bool) -> Option<(String, &'static str)>;

/// Something in each language of customers, in their order. One that is missing does not compile.
pub(crate) type EachLanguage<T> = [T; CUSTOMER_LANGUAGES.len()];

/// What is said in a language; English where there is none.
pub(crate) fn in_language<T>(all: &'static EachLanguage<T>, language: &str) -> &'static T {
    let at = CUSTOMER_LANGUAGES.iter().position(|known| *known == language);
    at.and_then(|at| all.get(at)).unwrap_or(&all[0])
}
