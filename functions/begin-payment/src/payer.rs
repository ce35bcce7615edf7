//! For whom an errand is.

use domain::Settings;
use jiff::Timestamp;
use reading::Web;
use store::{BasketOwner, Store, Vault};

/// For whom an errand is, and what everything of it is done with.
pub(crate) struct Payer<'p> {
    pub(crate) store: &'p Store,
    pub(crate) vault: &'p Vault,
    pub(crate) web: &'p Web,
    pub(crate) owner: BasketOwner,
    pub(crate) settings: Settings,
    pub(crate) now: Timestamp,
}
