//! What a handler gives: a page, where the next one is, a file, or why there is none.

use minijinja::Value;
use service::NotDone;

use crate::sections::Section;

/// What a handler answers.
#[derive(Debug)]
pub enum ConsoleReply {
    /// A page.
    Page(ConsolePage),
    /// The page that says what came of a form: a browser that loads it anew posts nothing twice. `said` is shown there once.
    See { to: String, said: Option<String> },
    /// What a browser keeps as a file.
    File { content_type: &'static str, name: String, body: String },
    /// A document that somebody else wrote, such as a mail as it was sent: shown in a frame of ours, where nothing of it runs or is loaded.
    Document { html: String },
    /// What a browser keeps as a file of bytes that are no text.
    Binary { content_type: &'static str, name: String, body: Vec<u8> },
}

impl ConsoleReply {
    /// Leads on to a page of ours, or to an address that a function of ours signed.
    pub fn see(to: impl Into<String>) -> Self {
        Self::See { to: to.into(), said: None }
    }

    /// Leads on, and says there what was done: one sentence.
    pub fn done(to: impl Into<String>, said: impl Into<String>) -> Self {
        Self::See { to: to.into(), said: Some(said.into()) }
    }
}

/// A page: its title, where it belongs, and what its template is filled with.
#[derive(Clone, Debug)]
pub struct ConsolePage {
    pub status: u16,
    pub title: String,
    pub section: Section,
    pub template: &'static str,
    pub values: Value,
}

impl ConsolePage {
    pub fn new(section: Section, title: impl Into<String>, template: &'static str, values: Value) -> Self {
        Self { status: 200, title: title.into(), section, template, values }
    }

    /// The same under another status: 422 for a form that is shown again with what is wrong.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

impl From<ConsolePage> for ConsoleReply {
    fn from(page: ConsolePage) -> Self {
        Self::Page(page)
    }
}

/// Why there is no page.
#[derive(Debug)]
pub enum ConsoleTrouble {
    /// There is no such page.
    NoPage,
    /// The form that was posted is no form of this session, or of this page: why, and what to do.
    NoForm(String),
    /// Something was not done.
    NotDone(NotDone),
}

impl From<NotDone> for ConsoleTrouble {
    fn from(not_done: NotDone) -> Self {
        Self::NotDone(not_done)
    }
}

impl From<store::Error> for ConsoleTrouble {
    fn from(error: store::Error) -> Self {
        Self::NotDone(error.into())
    }
}

/// What a handler gives.
pub type PageResult = Result<ConsoleReply, ConsoleTrouble>;
