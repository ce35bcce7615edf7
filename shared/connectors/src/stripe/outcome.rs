//! What an event comes to.

use domain::Document;

use crate::Unnamed;

/// What an event comes to.
pub(super) enum Outcome {
    /// These documents, unless a flaw was found too.
    Documents(Vec<Document>),
    /// A payment that does not say for which invoice it is.
    Unnamed(Box<Unnamed>),
    /// Nothing, and why.
    Ignored(String),
}
