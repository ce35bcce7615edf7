//! One folder per outside system, behind one trait and one registry.
//!
//! A connector verifies what arrives over its raw bytes and maps it to [`domain::Document`]s; it does no I/O, reads no
//! clock and keeps nothing. Where webhooks carry ids only it also says what to ask the vendor for and reads the answers
//! ([`AccountingApi`]): requests go out as data, answers come in as data, and `shared/reading` carries them. Adding one is a folder
//! that implements [`Connector`] and a line in the list below; the contract suite in `tests/` then covers it.
//!
//! | module | system | webhooks carry |
//! |---|---|---|
//! | [`canonical`] | any system without a connector of its own | full objects |
//! | [`stripe`] | Stripe | full objects, as snapshot events |
//! | [`quickbooks`] | QuickBooks Online | ids |
//! | [`xero`] | Xero | ids |

mod accounting_api;
mod address;
pub mod canonical;
mod connector;
mod form;
mod incoming;
mod json;
mod payment_writing;
mod phone;
mod places;
pub mod quickbooks;
mod raw;
mod signature;
pub mod stripe;
pub mod xero;

pub use accounting_api::{
    Access, AccountingApi, Company, Limits, Pace, Page, Realm, Site, Trouble, Unreadable, VendorRequest, customer_id, invoice_id,
    place,
};
pub use connector::{
    Bodies, Capabilities, Connector, Doubted, FieldFlaw, Hint, Hinted, Hints, Objects, Parked, Reading, Refused, Rejected,
    TestEvent, Unnamed, WebhookScope,
};
pub use incoming::{Headers, Incoming, Secret};
pub use payment_writing::{PaymentEntries, PaymentWriting};

/// Lists the connectors. Those whose books are read back are in a second list of their own, so that a function that only takes
/// webhooks does not carry the code that reads books.
macro_rules! connectors {
    ($($connector:path $(, $books:ident)?;)*) => {
        /// Every connector.
        pub fn registry() -> &'static [&'static dyn Connector] {
            &[$(&$connector),*]
        }

        /// The connector of a source whose books are read back.
        pub fn accounting_api_of(source: &str) -> Option<&'static dyn AccountingApi> {
            let all: &'static [(&'static dyn Connector, Option<&'static dyn AccountingApi>)] =
                &[$((&$connector, connectors!(@books $connector $(, $books)?))),*];
            all.iter().find(|(connector, _)| connector.source() == source).and_then(|(_, books)| *books)
        }
    };
    (@books $connector:path) => { None };
    (@books $connector:path, books) => { Some(&$connector) };
}

// One line each.
connectors! {
    canonical::Canonical;
    stripe::Stripe;
    quickbooks::QuickBooks, books;
    xero::Xero, books;
}

/// The connector of a source, as the last part of a webhook's path names it.
pub fn by_source(source: &str) -> Option<&'static dyn Connector> {
    registry().iter().copied().find(|connector| connector.source() == source)
}
