//! How documents came.

/// What a sender's event is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The connection that it came by.
    pub source: String,
    /// The sender's own id of the event.
    pub event_id: String,
}

/// How documents came.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    /// By an event, which may be delivered again.
    Event(&'a Receipt),
    /// They were read back from this source.
    Read(&'a str),
}

impl<'a> Origin<'a> {
    pub(crate) fn source(self) -> &'a str {
        match self {
            Self::Event(receipt) => &receipt.source,
            Self::Read(source) => source,
        }
    }
}
